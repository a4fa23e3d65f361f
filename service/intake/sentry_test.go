package intake_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/intake"
)

func sentryRequest(body []byte, resource string) intake.Request {
	return request(body, "Sentry-Hook-Resource", resource, "Request-Id", "7d0b0a3e-0000-4000-8000-000000000001")
}

func TestSentryReadsWhatIsSent(t *testing.T) {
	const id, issue = "7d0b0a3e-0000-4000-8000-000000000001", "https://sentry.example.com/organizations/shop/issues/1170820242/"
	const event = issue + "events/e4874d664c3540c1a32eab185f12c5ab/"
	const metric = "https://sentry.example.com/organizations/shop/alerts/rules/details/7/?alert=6"
	triggered := intake.Alert{
		Fingerprint: "issue/1170820242", Status: intake.Firing, Time: at("2026-03-04T08:10:11.123Z"), Severity: "error",
		Title: "PaymentError: the bank does not answer",
		Labels: map[string]string{
			"environment": "production", "server_name": "orders-1", "release": "orders@1.4.2", "level": "error",
			"platform": "python", "project": "1", "rule": "Payments fail",
		},
		Annotations:  map[string]string{"culprit": "orders.pay in charge", "event_id": "e4874d664c3540c1a32eab185f12c5ab"},
		GeneratorURL: event, Links: []intake.Link{{URI: event, Title: "Event in Sentry"}},
	}
	critical := intake.Alert{
		EpisodeKey: "sentry/metric_alert/6", Fingerprint: "metric_alert/6", Status: intake.Firing, Severity: "critical",
		Title: "Too many errors", Summary: "1000 events in the last 10 minutes\nFilter: level:error",
		Labels: map[string]string{"project": "orders", "rule": "Too many errors", "rule_id": "7"},
		Annotations: map[string]string{
			"description_title": "Critical: Too many errors", "aggregate": "count()", "query": "level:error",
		},
		StartTime: at("2026-03-04T08:10:11Z"), GeneratorURL: metric, Links: []intake.Link{{URI: metric, Title: "Alert in Sentry"}},
	}
	ended := critical
	ended.Status, ended.Severity, ended.Time, ended.EndTime = intake.Resolved, "", at("2026-03-04T08:40:00Z"), at("2026-03-04T08:40:00Z")
	ended.Annotations = map[string]string{"description_title": "Resolved: Too many errors", "aggregate": "count()", "query": "level:error"}
	created := intake.Alert{
		Fingerprint: "issue/1170820242", Status: intake.Firing, Severity: "error", Title: "PaymentError: the bank does not answer",
		Labels:      map[string]string{"issue": "ORDERS-D", "level": "error", "platform": "python", "priority": "high", "project": "orders"},
		Annotations: map[string]string{"culprit": "orders.pay in charge", "substatus": "new"},
		StartTime:   at("2026-03-04T08:10:11.123Z"), GeneratorURL: issue, Links: []intake.Link{{URI: issue, Title: "Issue in Sentry"}},
	}
	resolved := created
	resolved.Status, resolved.StartTime = intake.Resolved, time.Time{}
	for _, test := range []struct {
		file, resource string
		want           intake.Alert
	}{
		{"sentry-event-alert.json", "event_alert", triggered},
		{"sentry-metric-critical.json", "metric_alert", critical},
		{"sentry-metric-resolved.json", "metric_alert", ended},
		{"sentry-issue-created.json", "issue", created},
		{"sentry-issue-resolved.json", "issue", resolved},
	} {
		t.Run(test.file, func(t *testing.T) {
			got := parse(t, intake.Sentry(), sentryRequest(payload(t, test.file), test.resource), intake.Options{})
			want := intake.Delivery{Source: "sentry", ID: id, Alerts: []intake.Alert{test.want}}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("Parse (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSentryPassesOverWhatIsNoAlert(t *testing.T) {
	for body, resource := range map[string]string{
		`{"action":"created","data":{"installation":{}}}`: "installation",
		`{"action":"deleted"}`:                            "installation",
		`{"action":"assigned","data":{"issue":{}}}`:       "issue",
		`{"action":"archived","data":{"issue":{}}}`:       "issue",
		`{"action":"created","data":{"comment":"x"}}`:     "comment",
		`{"action":"created","data":{"error":{}}}`:        "error",
		`{"action":"new one","data":{}}`:                  "metric_alert",
		`{}`:                                              "",
	} {
		got := parse(t, intake.Sentry(), sentryRequest([]byte(body), resource), intake.Options{})
		if diff := cmp.Diff(intake.Delivery{Source: "sentry", ID: "7d0b0a3e-0000-4000-8000-000000000001"}, got); diff != "" {
			t.Errorf("%s of %s (-want +got):\n%s", body, resource, diff)
		}
	}
}

func TestSentryRefuses(t *testing.T) {
	for _, test := range []struct{ name, resource, body, field, problem string }{
		{"what is not JSON", "issue", `issue`, "", "is not JSON"},
		{"no data", "issue", `{"action":"created"}`, "data", "is missing"},
		{"no issue", "issue", `{"action":"created","data":{}}`, "data.issue.id", "is missing"},
		{"an event of no issue", "event_alert", `{"action":"triggered","data":{"event":{}}}`, "data.event.issue_id", "is missing"},
		{"no metric alert", "metric_alert", `{"action":"critical","data":{}}`, "data.metric_alert.id", "is missing"},
		{"tags of another kind", "event_alert", `{"action":"triggered","data":{"event":{"tags":{}}}}`, "data.event.tags", "must be an array"},
	} {
		t.Run(test.name, func(t *testing.T) {
			checkRefused(t, intake.Sentry(), sentryRequest([]byte(test.body), test.resource), intake.Options{}, test.field, test.problem)
		})
	}
}

func TestSentryVerifies(t *testing.T) {
	const secret = "c3VwZXI="
	body := payload(t, "sentry-issue-created.json")
	hash := hmac.New(sha256.New, []byte(secret))
	hash.Write(body)
	signature := hex.EncodeToString(hash.Sum(nil))
	seconds := func(distance time.Duration) string { return strconv.FormatInt(received.Add(distance).Unix(), 10) }
	for _, test := range []struct {
		name, secret, signature, time string
		body                          []byte
		problem                       string
	}{
		{"what fits", secret, signature, seconds(0), body, ""},
		{"capital digits", secret, strings.ToUpper(signature), seconds(0), body, ""},
		{"five minutes ago", secret, signature, seconds(-5 * time.Minute), body, ""},
		{"six minutes ago", secret, signature, seconds(-6 * time.Minute), body, "too far from now"},
		{"in six minutes", secret, signature, seconds(6 * time.Minute), body, "too far from now"},
		{"no time", secret, signature, "", body, "has no time"},
		{"a time in words", secret, signature, "now", body, "has no time"},
		{"another body", secret, signature, seconds(0), append([]byte(" "), body...), "does not fit"},
		{"another secret", "other", signature, seconds(0), body, "does not fit"},
		{"half a signature", secret, signature[:32], seconds(0), body, "does not fit"},
		{"no signature", secret, "", seconds(0), body, "is missing"},
		{"no digits", secret, "xyz", seconds(0), body, "is missing"},
		{"no secret", "", signature, seconds(0), body, "has no secret"},
	} {
		t.Run(test.name, func(t *testing.T) {
			sent := request(test.body, "Sentry-Hook-Signature", test.signature, "Sentry-Hook-Timestamp", test.time)
			checkSignature(t, intake.Sentry().Verify(t.Context(), sent, test.secret), test.problem)
		})
	}
}

func FuzzSentry(f *testing.F) {
	addPayloads(f, "sentry-*.json")
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, resource := range []string{"event_alert", "metric_alert", "issue"} {
			fuzzAdapter(t, intake.Sentry(), sentryRequest(body, resource), intake.Options{})
		}
	})
}
