package intake_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/intake"
)

const (
	structured = "application/cloudevents+json; charset=utf-8"
	batched    = "application/cloudevents-batch+json"
)

func binary(body string, changes ...string) intake.Request {
	return request([]byte(body), append([]string{
		"Content-Type", "application/json", "Ce-Specversion", "1.0", "Ce-Id", "4711", "Ce-Source", "https://monitoring.example.com/checks",
		"Ce-Type", "com.example.disk.full.resolved", "Ce-Subject", "db-1", "Ce-Time", "2026-03-04T08:10:11.123Z", "Ce-Team", "storage", "Ce-Level", "2",
	}, changes...)...)
}

func TestCloudEventsReadsBothModes(t *testing.T) {
	const data = `{"title":"The disk is full","severity":"Critical","description":"Less than 1 % is left.","free":{"percent":1}}`
	want := intake.Delivery{
		Source: "cloudevents", ID: "sha256:", Alerts: []intake.Alert{{
			Fingerprint: "sha256:", Status: intake.Resolved, Time: at("2026-03-04T08:10:11.123Z"), EndTime: at("2026-03-04T08:10:11.123Z"),
			Severity: "critical", Title: "The disk is full", Summary: "Less than 1 % is left.",
			Labels: map[string]string{
				"source": "https://monitoring.example.com/checks", "type": "com.example.disk.full.resolved", "subject": "db-1", "team": "storage", "level": "2",
			},
			Annotations: map[string]string{"data": data},
		}},
	}
	var ids []string
	for name, sent := range map[string]intake.Request{
		"binary": binary(data), "structured": request(payload(t, "cloudevents-structured.json"), "Content-Type", structured),
	} {
		t.Run(name, func(t *testing.T) {
			got := parse(t, intake.CloudEvents(), sent, intake.Options{})
			ids = append(ids, got.ID+got.Alerts[0].Fingerprint)
			got.ID, got.Alerts[0].Fingerprint = got.ID[:7], got.Alerts[0].Fingerprint[:7]
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("Parse (-want +got):\n%s", diff)
			}
		})
	}
	if len(ids) != 2 || ids[0] != ids[1] {
		t.Errorf("one event has two names: %q", ids)
	}
}

func TestCloudEventsReadsTheType(t *testing.T) {
	for kind, want := range map[string]intake.Status{
		"com.example.disk": intake.Firing, "com.example.disk.FIRING": intake.Firing, "disk.acknowledged": intake.Acknowledged,
		"disk.recovered": intake.Resolved, "disk.closed": intake.Resolved, "resolved": intake.Firing, "disk.resolved.v2": intake.Firing,
	} {
		got := parse(t, intake.CloudEvents(), binary(``, "Ce-Type", kind), intake.Options{}).Alerts[0]
		if got.Status != want {
			t.Errorf("%s is %s, want %s", kind, got.Status, want)
		}
	}
	opened := parse(t, intake.CloudEvents(), binary(``, "Ce-Type", "disk.opened"), intake.Options{}).Alerts[0]
	closed := parse(t, intake.CloudEvents(), binary(``, "Ce-Type", "disk.closed"), intake.Options{}).Alerts[0]
	if opened.Fingerprint != closed.Fingerprint || opened.Title != "disk db-1" {
		t.Errorf("%q opens, %q closes; title %q", opened.Fingerprint, closed.Fingerprint, opened.Title)
	}
}

func TestCloudEventsReadsABatch(t *testing.T) {
	body := `[{"specversion":"1.0","id":"1","source":"/a","type":"x.firing"},{"specversion":"1.0","id":"2","source":"/a","type":"y.resolved","data":"text"}]`
	got := parse(t, intake.CloudEvents(), request([]byte(body), "Content-Type", batched), intake.Options{})
	if got.ID != "" || len(got.Alerts) != 2 || got.Alerts[0].Title != "x" || got.Alerts[1].Status != intake.Resolved {
		t.Errorf("Parse: %+v", got)
	}
	if empty := parse(t, intake.CloudEvents(), request([]byte(`[]`), "Content-Type", batched), intake.Options{}); len(empty.Alerts) != 0 {
		t.Errorf("Parse: %+v", empty)
	}
}

func TestCloudEventsMaps(t *testing.T) {
	mapping, err := intake.NewMapping(intake.MappingSource{
		Key: "body.subject + '/' + body.data.check", Status: `body.data.ok ? "resolved" : "firing"`, Time: "body.time", Title: "body.team",
	})
	if err != nil {
		t.Fatal(err)
	}
	got := parse(t, intake.CloudEvents(), binary(`{"check":"disk","ok":false}`), intake.Options{Mapping: mapping})
	if diff := cmp.Diff([]string{"FIRING|db-1/disk|||storage"}, summaryOf(got)); diff != "" || got.Alerts[0].Time != at("2026-03-04T08:10:11.123Z") {
		t.Errorf("Parse (-want +got):\n%s%v", diff, got.Alerts[0].Time)
	}
}

func TestCloudEventsRefuses(t *testing.T) {
	event := func(fields string) intake.Request { return request([]byte(fields), "Content-Type", structured) }
	for _, test := range []struct {
		name           string
		sent           intake.Request
		field, problem string
	}{
		{"nothing", event(``), "", "is empty"},
		{"what is not JSON", event(`x`), "", "is not JSON"},
		{"two events", event(`{}{}`), "", "is not JSON"},
		{"no version", event(`{"id":"1","source":"/","type":"x"}`), "", "is no CloudEvent"},
		{"an old version", event(`{"specversion":"0.3","id":"1","source":"/","type":"x"}`), "specversion", `must be "1.0"`},
		{"no id", event(`{"specversion":"1.0","source":"/","type":"x"}`), "", "id"},
		{"an id twice", event(`{"specversion":"1.0","id":"1","id":"2","source":"/","type":"x"}`), "id", "is given twice"},
		{"no type in a header", binary("", "Ce-Type", ""), "", "type"},
		{"a time in words", binary("", "Ce-Time", "now"), "", "is no CloudEvent"},
		{"a batch that is none", request([]byte(`{}`), "Content-Type", batched), "", "is not a list"},
		{"half a batch", request([]byte(`[{"specversion":"1.0","id":"1","source":"/","type":"x"},{}]`), "Content-Type", batched), "[1]", "is no CloudEvent"},
		{"too many", request([]byte(`[{}`+strings.Repeat(",{}", intake.MaxAlerts)+`]`), "Content-Type", batched), "", "has 10001 events"},
	} {
		t.Run(test.name, func(t *testing.T) {
			checkRefused(t, intake.CloudEvents(), test.sent, intake.Options{}, test.field, test.problem)
		})
	}
	for _, kind := range []string{"application/json", "application/cloudevents+xml", "application/cloudevents-batch+avro", ""} {
		_, err := intake.CloudEvents().Parse(request([]byte(`{}`), "Content-Type", kind), intake.Options{})
		if _, ok := errors.AsType[*intake.UnsupportedError](err); !ok {
			t.Errorf("%q: error %v, want an UnsupportedError", kind, err)
		}
	}
}

func TestCloudEventsAnswers(t *testing.T) {
	adapter := intake.CloudEvents()
	if diff := cmp.Diff(intake.Answer{Status: http.StatusAccepted}, adapter.Answer(intake.Request{}, intake.Delivery{})); diff != "" {
		t.Errorf("Answer (-want +got):\n%s", diff)
	}
	for status, retry := range map[int]string{http.StatusUnsupportedMediaType: "", http.StatusTooManyRequests: "30", http.StatusServiceUnavailable: "30"} {
		got := adapter.Refuse(status, "reason")
		if got.Status != status || got.Header.Get("Retry-After") != retry || !cmp.Equal(got.Body, any(map[string]string{"error": "reason"})) {
			t.Errorf("Refuse(%d): %+v", status, got)
		}
	}
}

func TestCloudEventsValidation(t *testing.T) {
	question := http.Header{}
	question.Set("WebHook-Request-Origin", "events.example.com")
	got, ok := intake.CloudEventsValidation(question)
	if !ok || got.Status != http.StatusOK || got.Header.Get("WebHook-Allowed-Origin") != "events.example.com" || got.Header.Get("WebHook-Allowed-Rate") != "*" {
		t.Errorf("CloudEventsValidation: %v, %+v", ok, got)
	}
	for _, origin := range []string{"", "a b", "a\r\nX: y", strings.Repeat("a", 254)} {
		if _, ok := intake.CloudEventsValidation(http.Header{"Webhook-Request-Origin": {origin}}); ok {
			t.Errorf("%q was taken", origin)
		}
	}
}

func FuzzCloudEvents(f *testing.F) {
	addPayloads(f, "cloudevents-*.json")
	f.Add([]byte(`{"specversion":"1.0","id":"\ud800","source":"/","type":".ok","data_base64":"////","":1,"time":"0001-01-01T00:00:00Z"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		fuzzAdapter(t, intake.CloudEvents(), request(body, "Content-Type", structured), intake.Options{})
		fuzzAdapter(t, intake.CloudEvents(), request(append(append([]byte("["), body...), ']'), "Content-Type", batched), intake.Options{})
		fuzzAdapter(t, intake.CloudEvents(), binary(string(body), "Ce-Subject", string(body), "Ce-Other", string(body)), intake.Options{})
	})
}
