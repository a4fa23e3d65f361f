package intake_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/intake"
)

const enqueue = "v2/enqueue"

func TestPagerDutyReadsWhatSendersSend(t *testing.T) {
	triggered := time.Date(2026, 3, 4, 8, 42, 58, 315e6, time.UTC)
	resolved := time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC)
	const hashed = "4b1f5a8a2f0c6b47fd0bbd5ea2b64ba3d3b9d7d4f23d3bdbc2a2c1f35f3f7a11"
	for _, test := range []struct {
		file string
		want intake.Alert
	}{
		{"pagerduty-trigger.json", intake.Alert{
			Fingerprint: "srv01/HTTP", Status: intake.Firing, Severity: "error", Title: "Example alert on host1.example.com",
			Time: triggered, StartTime: triggered,
			Labels: map[string]string{
				"source": "monitoring:central-1:cluster/api-stats-prod-003", "component": "postgres", "group": "prod-datapipe",
				"class": "deploy", "client": "Sample Monitoring Service", "dedup_key": "srv01/HTTP",
			},
			Annotations: map[string]string{"ping time": "1500ms", "load avg": "0.75", "tags": `["a","b"]`},
			ExternalURL: "https://monitoring.example.com",
			Links:       []intake.Link{{URI: "https://example.com/", Title: "Runbook"}},
			Images:      []intake.Image{{URI: "https://status.example.com/graph.png", Link: "https://example.com/", Alternative: "The load"}},
			Alterations: []string{"1 of 2 links were left out: only http and https URLs of at most 8192 bytes are kept, and of them the first"},
		}},
		{"pagerduty-alertmanager-trigger.json", intake.Alert{
			Fingerprint: hashed, Status: intake.Firing, Severity: "critical", Title: "[FIRING:1] HighErrorRate checkout (critical)",
			Labels:      map[string]string{"source": "Alertmanager", "client": "Alertmanager", "dedup_key": hashed},
			Annotations: map[string]string{"firing": "Labels:\n - alertname = HighErrorRate\n", "num_firing": "1", "num_resolved": "0"},
			ExternalURL: "http://alertmanager.example.com:9093/#/alerts?receiver=pager",
		}},
		{"pagerduty-trigger-without-key.json", intake.Alert{
			Fingerprint: requestID, Status: intake.Firing, Severity: "warning", Title: "The backup failed",
			Labels:      map[string]string{"source": "backup-1.example.com"},
			Annotations: map[string]string{"custom_details": "exit status 3"},
		}},
		{"pagerduty-acknowledge.json", intake.Alert{
			Fingerprint: "sha256:42415c3dfa5b22772ae342ffa49e81edd43140f7d77ee8a40144030ac1621f36", Status: intake.Acknowledged,
			Title: "disk full: /var", Labels: map[string]string{"dedup_key": "disk full: /var"}, Annotations: map[string]string{},
		}},
		{"pagerduty-resolve.json", intake.Alert{
			Fingerprint: "srv01/HTTP", Status: intake.Resolved, Severity: "info", Title: "back again", Time: resolved, EndTime: resolved,
			Labels: map[string]string{"source": "x", "dedup_key": "srv01/HTTP"}, Annotations: map[string]string{},
		}},
	} {
		t.Run(test.file, func(t *testing.T) {
			want := intake.Delivery{Source: "pagerduty", Alerts: []intake.Alert{test.want}}
			got := parsed(t, intake.PagerDuty(), posted(enqueue, string(payload(t, test.file))))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("Parse (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPagerDutyRefuses(t *testing.T) {
	trigger := func(fields string) string {
		return `{"event_action":"trigger","payload":{"summary":"a"},` + fields + `}`
	}
	checkRefusals(t, intake.PagerDuty(), []refusal{
		{"a change event", "v2/change/enqueue", `{"payload":{"summary":"deployed"}}`, "", "is a change event; only alert events"},
		{"an older change event", "x-change-events", `{}`, "", "is a change event; only alert events"},
		{"the first version", "generic/2010-04-15/create_event.json", `{}`, "", "is of the Events API v1; only v2"},
		{"another path", "v2", `{}`, "", "was sent to an unknown path"},
		{"nothing", enqueue, ``, "", "is empty"},
		{"more than PagerDuty takes", enqueue, `{"x":"` + strings.Repeat("a", 512<<10) + `"}`, "", "has 524296 bytes; an event has at most 524288"},
		{"another kind of JSON", enqueue, `[]`, "", "is an array; it must be an object"},
		{"a name given twice", enqueue, trigger(`"dedup_key":"a","dedup_key":"b"`), "dedup_key", "is given twice"},
		{"no action", enqueue, `{"payload":{"summary":"a"}}`, "event_action", "is missing"},
		{"an action that is none", enqueue, `{"event_action":{"a":1}}`, "event_action", "is missing"},
		{"another action", enqueue, `{"event_action":"snooze"}`, "event_action", `is "snooze"; it must be "trigger", "acknowledge" or "resolve"`},
		{"an acknowledgement of nothing", enqueue, `{"event_action":"acknowledge"}`, "dedup_key", "is missing"},
		{"a resolution of nothing", enqueue, `{"event_action":"resolve","dedup_key":""}`, "dedup_key", "is missing"},
		{"an endless key", enqueue, trigger(`"dedup_key":"` + strings.Repeat("ü", 256) + `"`), "dedup_key", "has more than 255 characters"},
		{"no summary", enqueue, `{"event_action":"trigger","payload":{"summary":" \n "}}`, "payload.summary", "is missing"},
		{"no payload", enqueue, `{"event_action":"trigger","payload":null}`, "payload.summary", "is missing"},
		{"a payload that is none", enqueue, `{"event_action":"trigger","payload":"a"}`, "payload", "is a string; it must be an object"},
		{"links that are none", enqueue, trigger(`"links":{}`), "links", "is an object; it must be an array"},
	})
}

func TestPagerDutyTakesWhatIsOddButHarmless(t *testing.T) {
	long := strings.Repeat("word ", 80)
	body := `{"event_action":"trigger","dedup_key":"` + strings.Repeat("ü", 255) + `","payload":{"summary":"` + long + `","severity":"BAD\u0007",` +
		`"source":7,"timestamp":"yesterday","custom_details":[1, {"a" :null}]},"client_url":true}`
	alert := parsed(t, intake.PagerDuty(), posted(enqueue, body)).Alerts[0]
	want := intake.Alert{
		Fingerprint: "ü", Status: intake.Firing, Severity: "bad\ufffd",
		Title:       strings.TrimSpace(long[:295]) + "…",
		Summary:     strings.TrimSpace(long),
		Labels:      map[string]string{"source": "7", "dedup_key": strings.Repeat("ü", 255)},
		Annotations: map[string]string{"custom_details": `[1,{"a":null}]`},
		ExternalURL: "true",
		Alterations: []string{"payload.timestamp was left out: yesterday is no time"},
	}
	want.Fingerprint = alert.Fingerprint
	if diff := cmp.Diff(want, alert); diff != "" {
		t.Errorf("Parse (-want +got):\n%s", diff)
	}
	if !strings.HasPrefix(alert.Fingerprint, "sha256:") {
		t.Errorf("Fingerprint %q, want a hash", alert.Fingerprint)
	}
}

func TestPagerDutyReadsTimes(t *testing.T) {
	const plain = "2026-03-04T08:42:58.315Z"
	for _, sent := range []string{
		`"2026-03-04T08:42:58.315Z"`, `"2026-03-04T09:42:58.315+01:00"`, `"2026-03-04T08:42:58.315+0000"`, `"2026-03-04T08:42:58.315"`,
		`"2026-03-04 08:42:58.315"`, `"2026-03-04 08:42:58.315Z"`, `1772613778315`, `"1772613778.315"`,
	} {
		body := `{"event_action":"trigger","payload":{"summary":"a","timestamp":` + sent + `}}`
		alert := parsed(t, intake.PagerDuty(), posted(enqueue, body)).Alerts[0]
		if got := alert.StartTime.Format(time.RFC3339Nano); got != plain {
			t.Errorf("timestamp %s is read as %s", sent, got)
		}
	}
}

func TestPagerDutyReadsTheKey(t *testing.T) {
	for body, want := range map[string]string{
		`{"routing_key":"abc","payload":7}`: "abc",
		`{"routing_key":12}`:                "12",
		`{"routing_key":null}`:              "",
		`{"routing_key":"abc"`:              "",
		``:                                  "",
		`{"routing_key":"abc","x":"` + strings.Repeat("a", 512<<10) + `"}`: "",
	} {
		if got := intake.PagerDuty().Key(posted(enqueue, body)); got != want {
			t.Errorf("Key of %.40q is %q, want %q", body, got, want)
		}
	}
}

func TestPagerDutyAnswers(t *testing.T) {
	adapter := intake.PagerDuty()
	answer := func(body string) intake.Answer {
		request := posted(enqueue, body)
		return adapter.Answer(request, parsed(t, adapter, request))
	}
	for _, test := range []struct {
		name   string
		answer intake.Answer
		status int
		want   string
	}{
		{"a key that was sent", answer(`{"event_action":"resolve","dedup_key":"disk full"}`), http.StatusAccepted, `{"status":"success","message":"Event processed","dedup_key":"disk full"}`},
		{"a key that was made", answer(`{"event_action":"trigger","payload":{"summary":"a"}}`), http.StatusAccepted, `{"status":"success","message":"Event processed","dedup_key":"` + requestID + `"}`},
		{"a refusal", adapter.Refuse(http.StatusBadRequest, "event_action is missing"), http.StatusBadRequest, `{"status":"invalid event","message":"Event object is invalid","errors":["event_action is missing"]}`},
		{"a delay", adapter.Refuse(http.StatusTooManyRequests, "too many"), http.StatusTooManyRequests, `{"status":"not accepted","message":"Event could not be taken; try again later","errors":["too many"]}`},
		{"an outage", adapter.Refuse(http.StatusServiceUnavailable, "the store is away"), http.StatusServiceUnavailable, `{"status":"not accepted","message":"Event could not be taken; try again later","errors":["the store is away"]}`},
	} {
		t.Run(test.name, func(t *testing.T) { checkAnswer(t, test.answer, test.status, test.want) })
	}
}

// checkAnswer compares an answer as the sender sees it.
func checkAnswer(t *testing.T, answer intake.Answer, status int, want string) {
	t.Helper()
	got, err := json.Marshal(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if answer.Status != status {
		t.Errorf("status %d, want %d", answer.Status, status)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
}

func FuzzPagerDuty(f *testing.F) {
	seed(f, "pagerduty", func(body []byte) { f.Add("v2/enqueue", body) })
	f.Add("v2/change/enqueue", []byte(`{}`))
	f.Add("v2/enqueue", []byte(`{"event_action":"trigger","dedup_key":"\u0000\ud800","payload":{"summary":"\u0085","timestamp":"1e13","custom_details":{"\u0000":1e999}},"images":[{"src":"http://a\u0001"}]}`))
	f.Fuzz(func(t *testing.T, path string, body []byte) {
		adapter, request := intake.PagerDuty(), posted(path, string(body))
		fuzzAdapter(t, adapter, request, intake.Options{})
		adapter.Key(request)
		delivery, err := adapter.Parse(request, intake.Options{})
		if err != nil {
			return
		}
		if _, err := json.Marshal(adapter.Answer(request, delivery).Body); err != nil {
			t.Error(err)
		}
	})
}
