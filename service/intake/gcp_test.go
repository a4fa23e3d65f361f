package intake_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/intake"
)

func TestGoogleCloudReadsWhatIsSent(t *testing.T) {
	const address = "https://console.cloud.example.com/monitoring/alerting/incidents/0.opqiw61fsv7p?project=shop-example"
	open := intake.Alert{
		EpisodeKey:  "gcp/0.opqiw61fsv7p",
		Fingerprint: "gcp/0.opqiw61fsv7p",
		Status:      intake.Firing,
		Time:        at("2026-03-04T08:10:11Z"),
		Severity:    "critical",
		Title:       "[ALERT - Critical] Machines are busy on orders-1",
		Summary:     "CPU utilization for shop-example orders-1 is above the threshold of 0.900 with a value of 0.994.",
		Labels: map[string]string{
			"project_id": "shop-example", "policy_name": "Machines are busy", "condition_name": "CPU above 90 %",
			"resource_type": "gce_instance", "instance_id": "11223344", "zone": "chosen", "service": "orders",
			"metric_type": "compute.googleapis.com/instance/cpu/utilization", "instance_name": "orders-1",
		},
		Annotations: map[string]string{
			"observed_value": "0.994", "threshold_value": "0.9", "documentation": "Look at the **orders** dashboard first.",
		},
		StartTime:    at("2026-03-04T08:10:11Z"),
		GeneratorURL: address,
		Links:        []intake.Link{{URI: "https://runbooks.example.com/cpu", Title: "Runbook"}},
	}
	closed := open
	closed.Status, closed.Severity, closed.Links = intake.Resolved, "", nil
	closed.Title = "Machines are busy (orders-1)"
	closed.Time, closed.EndTime = at("2026-03-04T08:40:11Z"), at("2026-03-04T08:40:11Z")
	closed.Labels = map[string]string{
		"project_id": "shop-example", "policy_name": "Machines are busy", "condition_name": "CPU above 90 %", "zone": "chosen", "service": "orders",
	}
	closed.Annotations = map[string]string{"threshold_value": "0.9"}
	for file, want := range map[string]intake.Alert{"gcp-open.json": open, "gcp-closed.json": closed} {
		t.Run(file, func(t *testing.T) {
			got := parse(t, intake.GoogleCloud(), request(payload(t, file)), intake.Options{})
			if diff := cmp.Diff(intake.Delivery{Source: "gcp", Alerts: []intake.Alert{want}}, got); diff != "" {
				t.Errorf("Parse (-want +got):\n%s", diff)
			}
		})
	}
}

func TestGoogleCloudReadsStates(t *testing.T) {
	for sent, want := range map[string]string{
		`"state":"open","started_at":1772611811,"ended_at":0`:   "FIRING|gcp/7|gcp/7||P",
		`"state":"Open","started_at":"1772611811"`:              "FIRING|gcp/7|gcp/7||P",
		`"state":"acknowledged"`:                                "ACKNOWLEDGED|gcp/7|gcp/7||P",
		`"state":"CLOSED","started_at":1772611811.5`:            "RESOLVED|gcp/7|gcp/7||P",
		`"state":"closed","started_at":null,"severity":"ERROR"`: "RESOLVED|gcp/7|gcp/7|error|P",
	} {
		got := parse(t, intake.GoogleCloud(), request([]byte(`{"incident":{"incident_id":7,"policy_name":"P",`+sent+`}}`)), intake.Options{})
		if diff := cmp.Diff([]string{want}, summaryOf(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", sent, diff)
		}
	}
}

func TestGoogleCloudTakesATest(t *testing.T) {
	got := parse(t, intake.GoogleCloud(), request([]byte(`{"version":"test","incident":{"incident_id":"","summary":"Test"}}`)), intake.Options{})
	if diff := cmp.Diff(intake.Delivery{Source: "gcp"}, got); diff != "" {
		t.Errorf("Parse (-want +got):\n%s", diff)
	}
}

func TestGoogleCloudRefuses(t *testing.T) {
	for _, test := range []struct{ name, body, field, problem string }{
		{"nothing", ``, "", "is empty"},
		{"no incident", `{}`, "incident", "is missing"},
		{"no identity", `{"incident":{"state":"open"}}`, "incident.incident_id", "is missing"},
		{"no state", `{"incident":{"incident_id":"1"}}`, "incident.state", `must be "open"`},
		{"a start in words", `{"incident":{"incident_id":"1","state":"open","started_at":"today"}}`, "incident.started_at", "seconds since 1970"},
		{"an end before all", `{"incident":{"incident_id":"1","state":"open","ended_at":-1}}`, "incident.ended_at", "seconds since 1970"},
		{"a start after all", `{"incident":{"incident_id":"1","state":"open","started_at":1e300}}`, "incident.started_at", "seconds since 1970"},
	} {
		t.Run(test.name, func(t *testing.T) {
			checkRefused(t, intake.GoogleCloud(), request([]byte(test.body)), intake.Options{}, test.field, test.problem)
		})
	}
}

func TestGoogleCloudKeepsToItsBounds(t *testing.T) {
	long := strings.Repeat("ü\u0007", 20_000)
	body := `{"incident":{"incident_id":"` + long + `","state":"open","summary":"` + long + `","policy_name":"` + long +
		`","severity":"` + long + `","url":"` + long + `","policy_user_labels":{"` + long + `":"a","b":"` + long + `"}}}`
	body = strings.ReplaceAll(body, "\u0007", `\u0007`)
	alert := parse(t, intake.GoogleCloud(), request([]byte(body)), intake.Options{}).Alerts[0]
	if !strings.HasPrefix(alert.Fingerprint, "sha256:") || alert.GeneratorURL != "" {
		t.Errorf("Fingerprint %q, GeneratorURL of %d bytes", alert.Fingerprint, len(alert.GeneratorURL))
	}
	if len(alert.Alterations) != 5 {
		t.Errorf("Alterations %q", alert.Alterations)
	}
}

func FuzzGoogleCloud(f *testing.F) {
	addPayloads(f, "gcp-*.json")
	f.Fuzz(func(t *testing.T, body []byte) { fuzzAdapter(t, intake.GoogleCloud(), request(body), intake.Options{}) })
}
