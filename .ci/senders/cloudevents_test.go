package senders

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/binding"
	"github.com/cloudevents/sdk-go/v2/client"
	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/cloudevents/sdk-go/v2/protocol"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// diskEvent is an event about a disk.
func diskEvent(t *testing.T, id, verb string) event.Event {
	t.Helper()
	e := event.New()
	e.SetID(id)
	e.SetSource("https://checks.example.com/shop")
	e.SetType("com.example.disk.full." + verb)
	e.SetSubject("db-1 · ü")
	e.SetTime(time.Date(2026, time.March, 4, 8, 10, 11, 0, time.UTC))
	e.SetExtension("team", "databases")
	data := map[string]string{"title": "The disk fills", "description": "Less than 5 % is left.", "severity": "critical"}
	if err := e.SetData(event.ApplicationJSON, data); err != nil {
		t.Fatal(err)
	}
	return e
}

// newCloudEvents is the SDK's client over HTTP.
func newCloudEvents(t *testing.T, d *debrief, key string) client.Client {
	t.Helper()
	over, err := cehttp.New(cehttp.WithTarget(d.address+"/intake/cloudevents"), cehttp.WithHeader("Authorization", "Bearer "+key))
	if err != nil {
		t.Fatal(err)
	}
	made, err := client.New(over)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// checkResult wants an answer with the status; one that is 2xx acknowledges.
func checkResult(t *testing.T, what string, result protocol.Result, status int) {
	t.Helper()
	var told *cehttp.Result
	if !errors.As(result, &told) || told.StatusCode != status || protocol.IsACK(result) != (status < 300) {
		t.Errorf("%s: %v, want %d", what, result, status)
	}
}

func TestCloudEventsSDKDelivers(t *testing.T) {
	onEachStore(t, func(t *testing.T, d *debrief) {
		key := d.integrate(t, "KIND_CLOUDEVENTS")
		c := newCloudEvents(t, d, key)
		binary, structured := binding.WithForceBinary(t.Context()), binding.WithForceStructured(t.Context())
		checkResult(t, "binary", c.Send(binary, diskEvent(t, "1", "firing")), http.StatusAccepted)
		checkResult(t, "the same again", c.Send(binary, diskEvent(t, "1", "firing")), http.StatusAccepted)
		got := d.alerts(t, "FIRING")[0]
		want := alert{
			Integration: "integrations/tested", Status: "STATUS_FIRING", Title: "The disk fills", Summary: "Less than 5 % is left.",
			Severity: "SEVERITY_SEV2", NotificationCount: "1", StartTime: "2026-03-04T08:10:11Z",
			Labels: map[string]string{
				"source": "https://checks.example.com/shop", "type": "com.example.disk.full.firing", "subject": "db-1 · ü", "team": "databases",
			},
			Annotations: map[string]string{"data": `{"description":"Less than 5 % is left.","severity":"critical","title":"The disk fills"}`},
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(alert{}, "Fingerprint", "Incident")); diff != "" {
			t.Errorf("the alert (-want +got):\n%s", diff)
		}

		checkResult(t, "structured", c.Send(structured, diskEvent(t, "2", "acknowledged")), http.StatusAccepted)
		if again := d.alerts(t, "ACKNOWLEDGED")[0]; again.Fingerprint != got.Fingerprint || again.NotificationCount != "2" {
			t.Errorf("after it was acknowledged: %v", again)
		}

		other := diskEvent(t, "4", "firing")
		other.SetSubject("db-2")
		if status := d.sendBatch(t, key, diskEvent(t, "3", "resolved"), other); status != http.StatusAccepted {
			t.Errorf("a batch is answered %d", status)
		}
		alerts := d.alerts(t, "RESOLVED", "FIRING")
		states := []string{d.incidentOf(t, alerts[0]).State, d.incidentOf(t, alerts[1]).State}
		if diff := cmp.Diff([]string{"STATE_RESOLVED", "STATE_TRIAGE"}, states); diff != "" {
			t.Errorf("the incidents (-want +got):\n%s", diff)
		}
		checkResult(t, "a wrong key", newCloudEvents(t, d, key+"x").Send(structured, diskEvent(t, "5", "firing")), http.StatusUnauthorized)
	})
}

// sendBatch sends events in one request that the SDK makes; its client sends one event at a time only.
func (d *debrief) sendBatch(t *testing.T, key string, events ...event.Event) int {
	t.Helper()
	request, err := cehttp.NewHTTPRequestFromEvents(t.Context(), d.address+"/intake/cloudevents", events)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+key)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode
}

func TestCloudEventsSDKReadsWebhooks(t *testing.T) {
	onEachStore(t, func(t *testing.T, d *debrief) {
		r := startReceiver(t)
		d.subscribe(t, r, "events", "FORMAT_CLOUD_EVENTS")
		name := d.open(t, "Checkout fails")
		got, err := cehttp.NewEventFromHTTPRequest(r.next(t).request(t))
		if err != nil {
			t.Fatal(err)
		}
		if err := got.Validate(); err != nil {
			t.Fatalf("%v in %v", err, got)
		}
		want := event.New()
		want.SetID(got.ID())
		want.SetTime(got.Time())
		want.SetSource("/debrief")
		want.SetType("dev.debrief.incident.opened")
		want.SetSubject(name)
		want.SetDataContentType(event.ApplicationJSON)
		if diff := cmp.Diff(want.Context, got.Context); diff != "" || got.Time().IsZero() {
			t.Errorf("the event (-want +got):\n%s", diff)
		}
		var data struct{ ID, Type, Resource string }
		if err := got.DataAs(&data); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(fmt.Sprint(got.ID(), " TYPE_INCIDENT_OPENED ", name), fmt.Sprint(data.ID, " ", data.Type, " ", data.Resource)); diff != "" {
			t.Errorf("its data (-want +got):\n%s", diff)
		}
	})
}
