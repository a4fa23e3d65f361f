package senders

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/PagerDuty/go-pagerduty"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// pager sends events with PagerDuty's own client.
type pager struct {
	client *pagerduty.Client
	key    string
}

func newPager(d *debrief, key string) pager {
	return pager{pagerduty.NewClient("", pagerduty.WithV2EventsAPIEndpoint(d.address+"/intake/pagerduty")), key}
}

// manage sends an event that is to be taken, and answers its key.
func (p pager) manage(t *testing.T, event pagerduty.V2Event) string {
	t.Helper()
	event.RoutingKey = p.key
	answer, err := p.client.ManageEventWithContext(t.Context(), &event)
	if err != nil {
		t.Fatalf("%s: %v", event.Action, err)
	}
	want := &pagerduty.V2EventResponse{Status: "success", Message: "Event processed", DedupKey: event.DedupKey}
	if event.DedupKey == "" {
		want.DedupKey = answer.DedupKey
	}
	if diff := cmp.Diff(want, answer); diff != "" || answer.DedupKey == "" {
		t.Errorf("%s is answered with the key %q (-want +got):\n%s", event.Action, answer.DedupKey, diff)
	}
	return answer.DedupKey
}

func TestPagerDutyClientManagesAnAlert(t *testing.T) {
	onEachStore(t, func(t *testing.T, d *debrief) {
		p := newPager(d, d.integrate(t, "KIND_PAGERDUTY"))
		trigger := pagerduty.V2Event{
			Action: "trigger", DedupKey: "disk/db-1", Client: "Monitoring", ClientURL: "https://monitoring.example.com/1",
			Links:  []any{map[string]string{"href": "https://runbooks.example.com/disk", "text": "Runbook"}},
			Images: []any{map[string]string{"src": "https://monitoring.example.com/1.png", "alt": "Free space"}},
			Payload: &pagerduty.V2Payload{
				Summary: "The disk fills", Source: "db-1", Severity: "critical", Timestamp: "2026-03-04T08:10:11.000+0000",
				Component: "postgres", Group: "shop", Class: "disk", Details: map[string]any{"free": "5 %", "mounts": []string{"/", "/data"}},
			},
		}
		p.manage(t, trigger)
		p.manage(t, trigger)
		got := d.alerts(t, "FIRING")[0]
		want := alert{
			Integration: "integrations/tested", Fingerprint: "disk/db-1", Status: "STATUS_FIRING", Title: "The disk fills",
			Severity: "SEVERITY_SEV2", NotificationCount: "2", StartTime: "2026-03-04T08:10:11Z",
			Labels: map[string]string{
				"source": "db-1", "component": "postgres", "group": "shop", "class": "disk", "client": "Monitoring", "dedup_key": "disk/db-1",
			},
			Annotations: map[string]string{"free": "5 %", "mounts": `["/","/data"]`},
			Links:       []link{{"https://runbooks.example.com/disk", "Runbook"}},
			Images:      []image{{"https://monitoring.example.com/1.png", "Free space"}},
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(alert{}, "Incident")); diff != "" {
			t.Errorf("the alert (-want +got):\n%s", diff)
		}
		opened := incident{Title: "The disk fills", State: "STATE_TRIAGE", Severity: "SEVERITY_SEV2"}
		if diff := cmp.Diff(opened, d.incidentOf(t, got)); diff != "" {
			t.Errorf("the incident (-want +got):\n%s", diff)
		}

		p.manage(t, pagerduty.V2Event{Action: "acknowledge", DedupKey: "disk/db-1"})
		d.alerts(t, "ACKNOWLEDGED")
		p.manage(t, pagerduty.V2Event{Action: "resolve", DedupKey: "disk/db-1"})
		got = d.alerts(t, "RESOLVED")[0]
		if state := d.incidentOf(t, got).State; state != "STATE_RESOLVED" || got.Annotations["free"] != "5 %" {
			t.Errorf("after the resolution the incident is %s, the alert %v", state, got)
		}
	})
}

func TestPagerDutyClientIsToldTheKeyOfAnAlert(t *testing.T) {
	onEachStore(t, func(t *testing.T, d *debrief) {
		p := newPager(d, d.integrate(t, "KIND_PAGERDUTY"))
		payload := &pagerduty.V2Payload{Summary: "The disk fills", Source: "db-1", Severity: "warning"}
		first := p.manage(t, pagerduty.V2Event{Action: "trigger", Payload: payload})
		second := p.manage(t, pagerduty.V2Event{Action: "trigger", Payload: payload})
		d.alerts(t, "FIRING", "FIRING")
		p.manage(t, pagerduty.V2Event{Action: "resolve", DedupKey: first})
		alerts := d.alerts(t, "RESOLVED", "FIRING")
		if alerts[0].Fingerprint != first || alerts[1].Fingerprint != second || d.incidentOf(t, alerts[1]).State != "STATE_TRIAGE" {
			t.Errorf("the client was told %q and %q; the alerts: %v", first, second, alerts)
		}
	})
}

func TestPagerDutyClientIsToldWhatIsWrong(t *testing.T) {
	onEachStore(t, func(t *testing.T, d *debrief) {
		key := d.integrate(t, "KIND_PAGERDUTY")
		payload := &pagerduty.V2Payload{Summary: "The disk fills", Source: "db-1", Severity: "warning"}
		for _, test := range []struct {
			name   string
			event  pagerduty.V2Event
			status int
		}{
			{"a wrong key", pagerduty.V2Event{RoutingKey: key + "x", Action: "trigger", Payload: payload}, http.StatusUnauthorized},
			{"another action", pagerduty.V2Event{RoutingKey: key, Action: "snooze", Payload: payload}, http.StatusBadRequest},
			{"no alert to resolve", pagerduty.V2Event{RoutingKey: key, Action: "resolve"}, http.StatusBadRequest},
			{"too much", pagerduty.V2Event{RoutingKey: key, Action: "trigger", Payload: &pagerduty.V2Payload{
				Summary: "The disk fills", Source: "db-1", Severity: "warning", Details: strings.Repeat("x", 512<<10),
			}}, http.StatusBadRequest},
		} {
			_, err := newPager(d, key).client.ManageEventWithContext(t.Context(), &test.event)
			// What is not temporary is not sent again.
			var told pagerduty.APIError
			if !errors.As(err, &told) || told.StatusCode != test.status || told.Temporary() {
				t.Errorf("%s: %v, want %d", test.name, err, test.status)
			}
		}
		d.alerts(t)
	})
}
