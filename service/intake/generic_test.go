package intake_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/intake"
)

func TestGenericReadsItsOwnForm(t *testing.T) {
	got := parse(t, intake.Generic(), request(payload(t, "generic.json")), intake.Options{})
	want := intake.Delivery{Source: "generic", Alerts: []intake.Alert{{
		EpisodeKey: "disk/db-1/4711", Fingerprint: "disk/db-1", Status: intake.Firing, Severity: "critical",
		Title: "The disk fills", Summary: "Less than **5 %** is left.",
		Labels: map[string]string{"service": "orders", "instance": "1"}, Annotations: map[string]string{"runbook": "https://runbooks.example.com/disk"},
		StartTime: at("2026-03-04T08:10:11.123Z"), GeneratorURL: "https://monitoring.example.com/alerts/4711",
		Links:       []intake.Link{{URI: "https://monitoring.example.com/d/1", Title: "Dashboard"}},
		Images:      []intake.Image{{URI: "https://monitoring.example.com/i/1.png", Link: "https://monitoring.example.com/d/1", Alternative: "Free space"}},
		Alterations: []string{"1 of 2 links were left out: only http and https URLs of at most 8192 bytes are kept, and of them the first"},
	}, {
		Fingerprint: "disk/db-2", Status: intake.Resolved, Title: "disk/db-2", Labels: map[string]string{}, Annotations: map[string]string{},
		StartTime: at("2026-03-04T08:10:11Z"), EndTime: at("2026-03-04T08:10:11Z"),
		Alterations: []string{"the end 2026-03-04T08:10:10Z is before the start; the start was taken instead"},
	}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Parse (-want +got):\n%s", diff)
	}
	one := parse(t, intake.Generic(), request([]byte(`{"key":7,"status":"acknowledged"}`)), intake.Options{})
	if diff := cmp.Diff([]string{"ACKNOWLEDGED|7|||7"}, summaryOf(one)); diff != "" {
		t.Errorf("Parse (-want +got):\n%s", diff)
	}
}

func TestGenericRefuses(t *testing.T) {
	for _, test := range []struct{ name, body, field, problem string }{
		{"nothing", ``, "", "is empty"},
		{"a list", `[]`, "", "is an array"},
		{"no alerts", `{"alerts":[]}`, "alerts", "is empty"},
		{"alerts that are none", `{"alerts":7}`, "alerts", "must be an array"},
		{"no key", `{"status":"firing"}`, "key", "is missing"},
		{"a blank key", `{"alerts":[{"key":"a","status":"firing"},{"key":" ","status":"firing"}]}`, "alerts[1].key", "is missing"},
		{"no status", `{"key":"a"}`, "status", `must be "firing"`},
		{"a time in words", `{"key":"a","status":"firing","startTime":"today"}`, "startTime", "RFC 3339"},
		{"too many", `{"alerts":[{}` + strings.Repeat(",{}", intake.MaxAlerts) + `]}`, "alerts", "has 10001 elements"},
		{"labels of another kind", `{"key":"a","status":"firing","labels":[]}`, "labels", "is an array"},
	} {
		t.Run(test.name, func(t *testing.T) {
			checkRefused(t, intake.Generic(), request([]byte(test.body)), intake.Options{}, test.field, test.problem)
		})
	}
}

func FuzzGeneric(f *testing.F) {
	addPayloads(f, "generic.json")
	f.Add([]byte(`{"key":"\u0000","status":"firing","title":"\u2028","images":[{"uri":"https://\u0085"}],"startTime":99999999999999}`))
	f.Fuzz(func(t *testing.T, body []byte) { fuzzAdapter(t, intake.Generic(), request(body), intake.Options{}) })
}
