package intake_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/intake"
)

func TestDatadogReadsWhatItSends(t *testing.T) {
	began := time.Date(2026, 3, 4, 8, 10, 11, 123e6, time.UTC)
	ended := time.Date(2026, 3, 4, 8, 40, 11, 0, time.UTC)
	silent := time.Date(2026, 3, 4, 8, 10, 11, 0, time.UTC)
	const page = "https://app.datadoghq.example/event/event?id=7408349282378512384"
	for _, test := range []struct {
		file string
		want intake.Delivery
	}{
		{"datadog-triggered.json", intake.Delivery{ID: "7408349282378512384/1772611811123/Triggered", Alerts: []intake.Alert{{
			EpisodeKey: "datadog/16409730523", Fingerprint: "9bd4ac313a4d1e8fae2482df7b77628", Status: intake.Firing,
			Time: began, StartTime: began, Severity: "p2", Title: "Load is high",
			Summary: "The load is above 8.\n\nLook at the deploys.",
			Labels: map[string]string{
				"monitor_id": "1234", "alert_type": "error", "priority": "P2", "scope": "host:web-1.example.com, role:computing-node",
				"metric": "system.load.1", "host": "web-1.example.com", "org": "Example", "role": "computing-node", "env": "prod",
				"service": "checkout", "tags": "host:web-1.example.com,role:computing-node,env:prod,monitor,service:checkout",
			},
			Annotations: map[string]string{
				"transition": "Triggered", "event_title": "[P2] [Triggered on {host:web-1.example.com}] Load is high",
				"status": "system.load.1 over host:web-1.example.com was > 8 at least once during the last 1m",
				"query":  "max(last_1m):avg:system.load.1{*} by {host} > 8",
			},
			GeneratorURL: page,
			Links:        []intake.Link{{URI: page, Title: "Datadog"}},
			Images:       []intake.Image{{URI: "https://p.datadoghq.example/snapshot/view/1.png", Link: page, Alternative: "Load is high"}},
		}}}},
		{"datadog-recovered.json", intake.Delivery{ID: "7408349282378512999/1772613611000/Recovered", Alerts: []intake.Alert{{
			EpisodeKey: "datadog/16409730523", Fingerprint: "9bd4ac313a4d1e8fae2482df7b77628", Status: intake.Resolved,
			Time: ended, EndTime: ended, Severity: "p2", Title: "Load is high",
			Labels: map[string]string{
				"monitor_id": "1234", "alert_type": "success", "priority": "P2", "scope": "host:web-1.example.com",
				"host": "web-1.example.com", "env": "prod", "tags": "host:web-1.example.com,env:prod",
			},
			Annotations: map[string]string{"transition": "Recovered"},
		}}}},
		{"datadog-no-data.json", intake.Delivery{ID: "7408349282378513000/1772611811000/No-Data", Alerts: []intake.Alert{{
			Fingerprint: "77/*", Status: intake.Firing, Time: silent, StartTime: silent, Severity: "error", Title: "Heartbeat",
			Labels:      map[string]string{"monitor_id": "77", "alert_type": "error", "scope": "*", "tags": "*,monitor"},
			Annotations: map[string]string{"transition": "No Data"},
		}}}},
	} {
		t.Run(test.file, func(t *testing.T) {
			test.want.Source = "datadog"
			got := parsed(t, intake.Datadog(), posted("", string(payload(t, test.file))))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("Parse (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDatadogReadsTransitions(t *testing.T) {
	date := time.Date(2026, 3, 4, 8, 10, 11, 0, time.UTC)
	for _, test := range []struct {
		transition, kind string
		status           intake.Status
		begins           bool
	}{
		{"Triggered", "error", intake.Firing, true},
		{"Warn", "warning", intake.Firing, true},
		{"No Data", "error", intake.Firing, true},
		{"Re-Triggered", "error", intake.Firing, false},
		{"Re-Warn", "warning", intake.Firing, false},
		{"Re-No Data", "error", intake.Firing, false},
		{"Renotify", "error", intake.Firing, false},
		{"recovered", "success", intake.Resolved, false},
		{"Warn Recovered", "success", intake.Resolved, false},
		{"$ALERT_TRANSITION", "error", intake.Firing, true},
		{"Null", "warning", intake.Firing, true},
		{"", "success", intake.Resolved, false},
	} {
		t.Run(test.transition+"/"+test.kind, func(t *testing.T) {
			body, err := json.Marshal(map[string]string{
				"alert_transition": test.transition, "alert_type": test.kind, "aggreg_key": "k", "date": "1772611811000",
			})
			if err != nil {
				t.Fatal(err)
			}
			alert := parsed(t, intake.Datadog(), posted("", string(body))).Alerts[0]
			if alert.Status != test.status || alert.StartTime.Equal(date) != test.begins || alert.Time != date {
				t.Errorf("%s at %v since %v", alert.Status, alert.Time, alert.StartTime)
			}
			if alert.EndTime.Equal(date) != (test.status == intake.Resolved) {
				t.Errorf("EndTime %v", alert.EndTime)
			}
		})
	}
}

func TestDatadogNamesAnAlert(t *testing.T) {
	for body, want := range map[string][2]string{
		`"alert_cycle_key":"c","aggreg_key":"a","alert_id":"1","alert_scope":"s"`: {"a", "datadog/c"},
		`"alert_cycle_key":"c","alert_id":"1","alert_scope":"host:a"`:             {"1/host:a", "datadog/c"},
		`"alert_id":1`:                          {"1", ""},
		`"alert_cycle_key":"c"`:                 {"c", "datadog/c"},
		`"alert_cycle_key":"c","aggreg_key":""`: {"c", "datadog/c"},
	} {
		alert := parsed(t, intake.Datadog(), posted("", `{"alert_transition":"Triggered",`+body+`}`)).Alerts[0]
		if got := [2]string{alert.Fingerprint, alert.EpisodeKey}; got != want {
			t.Errorf("%s is named %q, want %q", body, got, want)
		}
	}
}

func TestDatadogShortensTitles(t *testing.T) {
	for sent, want := range map[string]string{
		"[Triggered on {host:ip-012345}] Host is Down":  "Host is Down",
		"[P1] [Re-Triggered] Host is Down":              "Host is Down",
		"[Warn Recovered on {host:a,b:c}] Host is Down": "Host is Down",
		"[No Data] [checkout] is silent":                "[checkout] is silent",
		"[checkout] is slow":                            "[checkout] is slow",
		"[Triggered]":                                   "[Triggered]",
		"":                                              "k",
	} {
		body, err := json.Marshal(map[string]string{"alert_transition": "Warn", "aggreg_key": "k", "event_title": sent})
		if err != nil {
			t.Fatal(err)
		}
		if got := parsed(t, intake.Datadog(), posted("", string(body))).Alerts[0].Title; got != want {
			t.Errorf("title %q becomes %q, want %q", sent, got, want)
		}
	}
}

func TestDatadogRefuses(t *testing.T) {
	standard := string(payload(t, "datadog-default.json"))
	checkRefusals(t, intake.Datadog(), []refusal{
		{"its own payload", "", standard, "alert_transition", "is missing; enter Debrief's payload for Datadog"},
		{"a payload that was not filled in", "", datadogPayload(t), "alert_transition", "is missing; enter Debrief's payload"},
		{"nothing", "", ``, "", "is empty"},
		{"a form", "", `payload=%7B%7D`, "", "is not JSON"},
		{"a name given twice", "", `{"id":"1","id":"2"}`, "id", "is given twice"},
		{"another transition", "", `{"alert_transition":"Muted","aggreg_key":"k"}`, "alert_transition", `is "Muted"; it must be Triggered`},
		{"no name", "", `{"alert_transition":"Triggered","alert_title":"Host is Down"}`, "alert_cycle_key", "is missing, and so are aggreg_key and alert_id"},
	})
}

func TestDatadogTakesWhatIsOddButHarmless(t *testing.T) {
	body := `{"alert_transition":"Triggered","alert_cycle_key":"a b","aggreg_key":"\u0000","date":"soon","tags":["a"],` +
		`"link":"javascript:alert(1)","alert_priority":{},"text_only_msg":"` + strings.Repeat("x", 20000) + `"}`
	alert := parsed(t, intake.Datadog(), posted("", body)).Alerts[0]
	want := intake.Alert{
		EpisodeKey: alert.EpisodeKey, Fingerprint: alert.Fingerprint, Status: intake.Firing, Title: "\ufffd",
		Summary: strings.Repeat("x", 16381) + "…", Labels: map[string]string{}, Annotations: map[string]string{"transition": "Triggered"},
		GeneratorURL: "javascript:alert(1)",
		Alterations: []string{
			"date was left out: soon is no time",
			"summary was shortened from 20000 bytes to 16384",
			"1 of 1 links were left out: only http and https URLs of at most 8192 bytes are kept, and of them the first",
		},
	}
	if diff := cmp.Diff(want, alert); diff != "" {
		t.Errorf("Parse (-want +got):\n%s", diff)
	}
	if !strings.HasPrefix(alert.EpisodeKey, "sha256:") || !strings.HasPrefix(alert.Fingerprint, "sha256:") {
		t.Errorf("EpisodeKey %q, Fingerprint %q, want hashes", alert.EpisodeKey, alert.Fingerprint)
	}
}

// datadogPayload is what people paste into Payload of Datadog's webhook.
func datadogPayload(tb testing.TB) string {
	tb.Helper()
	return blocks(tb, documented(tb, "## Datadog"), 1)[0]
}

func TestDocumentedDatadogPayloadHasWhatIsRead(t *testing.T) {
	var documented, sent map[string]any
	if err := json.Unmarshal([]byte(datadogPayload(t)), &documented); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(payload(t, "datadog-triggered.json"), &sent); err != nil {
		t.Fatal(err)
	}
	for name, variable := range documented {
		if variable != "$"+strings.ToUpper(name) {
			t.Errorf("%s is filled with %v", name, variable)
		}
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(sent)), slices.Sorted(maps.Keys(documented))); diff != "" {
		t.Errorf("-sent +documented\n%s", diff)
	}
}

func FuzzDatadog(f *testing.F) {
	seed(f, "datadog", func(body []byte) { f.Add(body) })
	f.Add([]byte(datadogPayload(f)))
	f.Add([]byte(`{"alert_transition":"No Data","alert_cycle_key":"\u0000","alert_title":"[P1]\u0085","id":1e999,"date":-1e999,"tags":":,a:,:b,a\u0000:c","snapshot":"http://[::1"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		fuzzAdapter(t, intake.Datadog(), posted("", string(body)), intake.Options{})
	})
}
