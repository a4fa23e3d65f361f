package intake_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/intake"
)

const errorRateLabels = "cluster=eu-1 instance=10.0.3.17:8080 service=checkout severity=critical"

// sent is what testdata/alertmanager-*-firing.json hold, as captured from an Alertmanager with max_alerts: 2.
func sent(truncated int) intake.Delivery {
	const external = "http://alertmanager.example.com:9093"
	return intake.Delivery{
		Source:    "alertmanager",
		Truncated: truncated,
		Alerts: []intake.Alert{{
			EpisodeKey:  "alertmanager/ea5f23c14a018c12/2026-03-04T08:10:11.123456789Z",
			Fingerprint: "ea5f23c14a018c12",
			Status:      intake.Firing,
			Title:       "Checkout answers 7.4 % of requests with 5xx",
			Summary:     "More than 5 % for 10 minutes.\n\nLook at the **payments** dashboard first.",
			Labels:      pairs("alertname=HighErrorRate " + errorRateLabels),
			Annotations: map[string]string{
				"summary":     "Checkout answers 7.4 % of requests with 5xx",
				"description": "More than 5 % for 10 minutes.\n\nLook at the **payments** dashboard first.",
				"runbook_url": "https://runbooks.example.com/checkout/errors",
			},
			StartTime:    time.Date(2026, 3, 4, 8, 10, 11, 123e6, time.UTC),
			GeneratorURL: "http://prometheus.example.com:9090/graph?g0.expr=job%3Aerrors%3Arate5m+%3E+0.05&g0.tab=1",
			ExternalURL:  external,
		}, {
			EpisodeKey:  "alertmanager/0138124b64a893b8/2026-03-04T08:10:11Z",
			Fingerprint: "0138124b64a893b8",
			Status:      intake.Firing,
			Title:       "HighErrorRate (checkout, 10.0.3.18:8080)",
			Summary:     "Zwei Knoten — größer als 5 %",
			Labels: pairs("alertname=HighErrorRate cluster=eu-1 instance=10.0.3.18:8080 service=checkout " +
				"severity=warning"),
			Annotations: map[string]string{"description": "Zwei Knoten — größer als 5 %"},
			StartTime:   time.Date(2026, 3, 4, 8, 10, 11, 0, time.UTC),
			ExternalURL: external,
		}},
	}
}

func TestParseAlertmanagerReadsWhatEachVersionSends(t *testing.T) {
	resolved := sent(1)
	for i := range resolved.Alerts {
		resolved.Alerts[i].Status = intake.Resolved
		resolved.Alerts[i].EndTime = time.Date(2026, 3, 4, 8, 40, 0, 0, time.UTC)
	}
	for _, test := range []struct {
		file string
		want intake.Delivery
	}{
		{"alertmanager-0.15-firing.json", sent(0)}, // sends no fingerprint
		{"alertmanager-0.25-firing.json", sent(1)},
		{"alertmanager-0.25-resolved.json", resolved},
		{"alertmanager-0.34-firing.json", sent(0)}, // sends routeLabels and notification_reason
	} {
		t.Run(test.file, func(t *testing.T) {
			got, err := intake.ParseAlertmanager(payload(t, test.file))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("ParseAlertmanager (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseAlertmanagerRefuses(t *testing.T) {
	alert := func(fields string) string { return `{"version":"4","alerts":[` + good + `,{` + fields + `}]}` }
	for _, test := range []struct {
		name, body, field, problem string
	}{
		{"nothing", ``, "", "is empty"},
		{"what is not JSON", `alerts=1`, "", "is not JSON: at byte 0"},
		{"half a body", `{"version":"4","alerts":[`, "", "ends after 25 bytes"},
		{"two bodies", `{"version":"4"}{}`, "", "is not JSON: at byte 15"},
		{"another kind of JSON", `[]`, "", "is an array; it must be an object"},
		{"a name given twice", `{"version":"4","version":"4"}`, "version", "is given twice"},
		{"no version", `{"alerts":[` + good + `]}`, "version", `is missing; Alertmanager's webhook says "4"`},
		{"Grafana's version", `{"version":"1","alerts":[` + good + `]}`, "version", `is "1"; it must be "4"`},
		{"a number as version", `{"version":4}`, "version", "is a number; it must be a string"},
		{"no alerts", `{"version":"4"}`, "alerts", "is empty"},
		{"zero alerts", `{"version":"4","alerts":[]}`, "alerts", "is empty"},
		{"too many alerts", `{"version":"4","alerts":[{}` + strings.Repeat(`,{}`, intake.MaxAlerts) + `]}`, "alerts", "has 10001 elements"},
		{"an alert that is none", `{"version":"4","alerts":[null]}`, "alerts[0].status", "is missing"},
		{"alerts of another kind", `{"version":"4","alerts":{}}`, "alerts", "is an object; it must be an array"},
		{"a negative count", `{"version":"4","truncatedAlerts":-1}`, "truncatedAlerts", "is a number; it must be a whole number from 0"},
		{"no status", alert(`"fingerprint":"a","startsAt":"2026-03-04T08:10:11Z"`), "alerts[1].status", `is missing; it must be "firing" or "resolved"`},
		{"another status", alert(`"status":"pending"`), "alerts[1].status", `must be "firing" or "resolved"`},
		{"no start", alert(`"status":"firing","fingerprint":"a"`), "alerts[1].startsAt", "is missing or out of range"},
		{"a start that is unset", alert(`"status":"firing","fingerprint":"a","startsAt":"0001-01-01T00:00:00Z"`), "alerts[1].startsAt", "is missing or out of range"},
		{"a start past the last year", alert(`"status":"firing","fingerprint":"a","startsAt":"9999-12-31T23:30:00-01:00"`), "alerts[1].startsAt", "is missing or out of range"},
		{"a start that is no time", alert(`"startsAt":"yesterday"`), "alerts[1].startsAt", "must be a time after RFC 3339"},
		{"a start in seconds", alert(`"startsAt":1772611811`), "alerts[1].startsAt", "is a number; it must be a string with a time"},
		{"an end before all years", alert(`"status":"resolved","fingerprint":"a","startsAt":"2026-03-04T08:10:11Z","endsAt":"0001-01-01T00:00:00+09:00"`), "alerts[1].endsAt", "is out of range"},
		{"a label of another kind", alert(`"labels":{"pod":7}`), "alerts[1].labels.pod", "is a number; it must be a string"},
		{"a label with an odd name", alert(`"labels":{"http.status":[]}`), `alerts[1].labels["http.status"]`, "is an array; it must be a string"},
		{"nothing to know it by", alert(`"status":"firing","startsAt":"2026-03-04T08:10:11Z"`), "alerts[1].fingerprint", "is missing and there are no labels"},
		{"a fingerprint with spaces", alert(`"status":"firing","fingerprint":"a b"`), "alerts[1].fingerprint", "must be 1 to 128 printable ASCII"},
		{"an endless fingerprint", alert(`"status":"firing","fingerprint":"` + strings.Repeat("f", 129) + `"`), "alerts[1].fingerprint", "must be 1 to 128 printable ASCII"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := intake.ParseAlertmanager([]byte(test.body))
			invalid, ok := errors.AsType[*intake.InvalidError](err)
			if !ok {
				t.Fatalf("error %v, want an InvalidError", err)
			}
			if invalid.Field != test.field || !strings.HasPrefix(invalid.Problem, test.problem) {
				t.Errorf("refused for %q: %q, want %q: %q…", invalid.Field, invalid.Problem, test.field, test.problem)
			}
			if diff := cmp.Diff(intake.Delivery{}, got); diff != "" {
				t.Errorf("half a delivery (-want +got):\n%s", diff)
			}
		})
	}
}

func TestInvalidErrorIsASentence(t *testing.T) {
	for want, err := range map[string]error{
		"the delivery is empty":           &intake.InvalidError{Problem: "is empty"},
		"alerts[2].startsAt is no number": &intake.InvalidError{Field: "alerts[2].startsAt", Problem: "is no number"},
	} {
		if err.Error() != want {
			t.Errorf("Error() = %q, want %q", err, want)
		}
	}
}

func TestParseAlertmanagerNamesTheEpisode(t *testing.T) {
	const plain = "alertmanager/f1/2026-03-04T08:10:11.5Z"
	for _, test := range []struct{ name, start, want string }{
		{"by the instant", "2026-03-04T08:10:11.5Z", plain},
		{"in any time zone", "2026-03-04T19:40:11.5+11:30", plain},
		{"however many digits are sent", "2026-03-04T08:10:11.500000000Z", plain},
		{"to the nanosecond", "2026-03-04T08:10:11.500000001Z", "alertmanager/f1/2026-03-04T08:10:11.500000001Z"},
	} {
		t.Run(test.name, func(t *testing.T) {
			alert := parseOne(t, fmt.Sprintf(`{"status":"firing","fingerprint":"f1","startsAt":%q}`, test.start))
			if alert.EpisodeKey != test.want {
				t.Errorf("EpisodeKey %q, want %q", alert.EpisodeKey, test.want)
			}
			if want := time.Date(2026, 3, 4, 8, 10, 11, 500e6, time.UTC); alert.StartTime != want {
				t.Errorf("StartTime %v, want %v", alert.StartTime, want)
			}
		})
	}
}

func TestParseAlertmanagerReadsTheEnd(t *testing.T) {
	for _, test := range []struct {
		name, status, end string
		want              time.Time
		alterations       []string
	}{
		{"of a firing alert never", "firing", "2026-03-04T09:00:00Z", time.Time{}, nil},
		{"of a resolved alert", "resolved", "2026-03-04T09:00:00.1234+00:00", time.Date(2026, 3, 4, 9, 0, 0, 123e6, time.UTC), nil},
		{"where it was not said", "resolved", "0001-01-01T00:00:00Z", time.Time{}, nil},
		{
			"never before the start", "resolved", "2026-03-04T08:00:00Z", time.Date(2026, 3, 4, 8, 10, 11, 0, time.UTC),
			[]string{"endsAt 2026-03-04T08:00:00Z is before startsAt; startsAt was taken instead"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			alert := parseOne(t, fmt.Sprintf(`{"status":%q,"fingerprint":"f1","startsAt":"2026-03-04T08:10:11Z","endsAt":%q}`, test.status, test.end))
			if alert.EndTime != test.want {
				t.Errorf("EndTime %v, want %v", alert.EndTime, test.want)
			}
			if diff := cmp.Diff(test.alterations, alert.Alterations); diff != "" {
				t.Errorf("Alterations (-want +got):\n%s", diff)
			}
		})
	}
}

const good = `{"status":"firing","fingerprint":"f1","startsAt":"2026-03-04T08:10:11Z"}`

func parseOne(t *testing.T, alert string) intake.Alert {
	t.Helper()
	delivery, err := intake.ParseAlertmanager([]byte(`{"version":"4","alerts":[` + alert + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	return delivery.Alerts[0]
}

func payload(t *testing.T, file string) []byte {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func pairs(text string) map[string]string {
	labels := map[string]string{}
	for pair := range strings.FieldsSeq(text) {
		name, value, _ := strings.Cut(pair, "=")
		labels[name] = value
	}
	return labels
}
