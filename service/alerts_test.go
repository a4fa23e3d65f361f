package service_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/service"
	"github.com/debriefhq/debrief/service/intake"
)

// anAlert is an alert that began to fire ten minutes ago.
func anAlert(fingerprint string, status intake.Status) intake.Alert {
	alert := intake.Alert{
		EpisodeKey: "alertmanager/" + fingerprint + "/1", Fingerprint: fingerprint, Status: status, Title: "Disk full",
		Summary: "The disk of `db-1` is full.", Labels: map[string]string{"alertname": "DiskFull", "severity": "critical", "service": "db"},
		Annotations: map[string]string{"summary": "Disk full"}, StartTime: start.Add(-10 * time.Minute),
		GeneratorURL: "http://prometheus.example.com/graph", ExternalURL: "javascript:alert(1)",
	}
	if status == intake.Resolved {
		alert.EndTime = start.Add(-time.Minute)
	}
	return alert
}

func (d *debrief) deliver(t *testing.T, alerts ...intake.Alert) {
	t.Helper()
	if err := d.services.Intake.DeliverAlerts(t.Context(), intake.Delivery{Source: "alertmanager", Alerts: alerts}); err != nil {
		t.Fatal(err)
	}
}

func (d *debrief) all(t *testing.T) []*debriefv1.Incident {
	t.Helper()
	return must[*debriefv1.ListIncidentsResponse](t)(d.incidents.ListIncidents(t.Context(), &debriefv1.ListIncidentsRequest{PageSize: 500, OrderBy: "create_time"})).GetIncidents()
}

func TestAFiringAlertOpensAnIncident(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		d.deliver(t, anAlert("f1", intake.Firing))
		incidents := d.all(t)
		if len(incidents) != 1 {
			t.Fatalf("%d incidents", len(incidents))
		}
		began := timestamppb.New(start.Add(-10 * time.Minute))
		labels := map[string]string{"alertname": "DiskFull", "severity": "critical", "service": "db"}
		want := &debriefv1.Incident{
			Title: "Disk full", Summary: "The disk of `db-1` is full.", Kind: debriefv1.Incident_KIND_INCIDENT, Severity: debriefv1.Severity_SEVERITY_SEV2,
			State: debriefv1.Incident_STATE_TRIAGE, Labels: labels, Impact: &debriefv1.Impact{Services: []string{"db"}},
			Milestones: &debriefv1.Milestones{StartTime: began, DetectTime: began},
			Links:      []*debriefv1.Link{{Uri: "http://prometheus.example.com/graph", Title: "Alert rule"}},
			Origin: &debriefv1.Origin{Actor: "intake/alertmanager", Alerts: []*debriefv1.Alert{{
				Fingerprint: "f1", Status: debriefv1.Alert_STATUS_FIRING, Labels: labels, Annotations: map[string]string{"summary": "Disk full"}, StartTime: began,
				GeneratorUrl: "http://prometheus.example.com/graph", ExternalUrl: "javascript:alert(1)", NotificationCount: 1, LastNotificationTime: timestamppb.New(start),
			}}},
			CreateTime: timestamppb.New(start), UpdateTime: timestamppb.New(start),
		}
		if diff := cmp.Diff(want, incidents[0], protocmp.Transform(), protocmp.IgnoreFields(&debriefv1.Incident{}, "name", "etag", "review_clock", "follow_up_clock")); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestOneEpisodeIsOneIncident(t *testing.T) {
	t.Parallel()
	firing, resolved := anAlert("f1", intake.Firing), anAlert("f1", intake.Resolved)
	tests := []struct {
		name       string
		deliveries [][]intake.Alert
		state      debriefv1.Incident_State
		events     []string
	}{
		{"delivered twice", [][]intake.Alert{{firing}, {firing}}, debriefv1.Incident_STATE_TRIAGE, []string{"INCIDENT_OPENED", "INCIDENT_ALERT_NOTIFIED"}},
		{"twice in a delivery", [][]intake.Alert{{firing, firing}}, debriefv1.Incident_STATE_TRIAGE, []string{"INCIDENT_OPENED", "INCIDENT_ALERT_NOTIFIED"}},
		{"fired and resolved", [][]intake.Alert{{firing}, {resolved}}, debriefv1.Incident_STATE_RESOLVED, []string{"INCIDENT_OPENED", "INCIDENT_ALERT_RESOLVED", "INCIDENT_RESOLVED", "CLOCK_STARTED", "CLOCK_STARTED"}},
		{"resolved twice", [][]intake.Alert{{firing}, {resolved}, {resolved}}, debriefv1.Incident_STATE_RESOLVED, []string{"INCIDENT_OPENED", "INCIDENT_ALERT_RESOLVED", "INCIDENT_RESOLVED", "CLOCK_STARTED", "CLOCK_STARTED"}},
		{"resolved before it fired", [][]intake.Alert{{resolved}, {firing}}, debriefv1.Incident_STATE_RESOLVED, []string{"INCIDENT_OPENED", "INCIDENT_ALERT_RESOLVED", "INCIDENT_RESOLVED", "CLOCK_STARTED", "CLOCK_STARTED"}},
	}
	onEachStore(t, func(t *testing.T, d *debrief) {
		for i, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				for _, delivery := range test.deliveries {
					delivery = slices.Clone(delivery)
					for j := range delivery {
						delivery[j].Fingerprint = fmt.Sprint("f", i)
						delivery[j].EpisodeKey = fmt.Sprint("alertmanager/f", i, "/1")
					}
					d.deliver(t, delivery...)
				}
				found := must[*debriefv1.ListIncidentsResponse](t)(d.incidents.ListIncidents(t.Context(), &debriefv1.ListIncidentsRequest{Filter: fmt.Sprintf(`origin.alerts.fingerprint = "f%d"`, i)})).GetIncidents()
				if len(found) != 1 || found[0].GetState() != test.state {
					t.Fatalf("incidents: %v", found)
				}
				if diff := cmp.Diff(test.events, types(d.feed(t, fmt.Sprintf("incident = %q", found[0].GetName())))); diff != "" {
					t.Errorf("events (-want +got):\n%s", diff)
				}
			})
		}
	})
}

func TestAResolvedAlertLeavesWhatPeopleDecided(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		d.deliver(t, anAlert("f1", intake.Firing))
		name := d.all(t)[0].GetName()
		must[*debriefv1.Incident](t)(d.incidents.CancelIncident(t.Context(), &debriefv1.CancelIncidentRequest{Name: name}))
		d.deliver(t, anAlert("f1", intake.Resolved))
		incident := d.all(t)[0]
		if incident.GetState() != debriefv1.Incident_STATE_CANCELED || incident.GetOrigin().GetAlerts()[0].GetStatus() != debriefv1.Alert_STATUS_RESOLVED {
			t.Errorf("incident: %v", incident)
		}
	})
	onEachStoreWith(t, service.Options{Alerts: service.AlertOptions{KeepOpen: true}}, func(t *testing.T, d *debrief) {
		d.deliver(t, anAlert("f1", intake.Firing))
		d.deliver(t, anAlert("f1", intake.Resolved))
		if incident := d.all(t)[0]; incident.GetState() != debriefv1.Incident_STATE_TRIAGE {
			t.Errorf("incident: %v", incident)
		}
	})
}

func TestAnAlertThatGoesOnIsCounted(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		for range 12 {
			d.deliver(t, anAlert("f1", intake.Firing))
		}
		incident := d.all(t)[0]
		if count := incident.GetOrigin().GetAlerts()[0].GetNotificationCount(); count != 12 {
			t.Errorf("counted %d notifications", count)
		}
		want := []string{
			"The alert began to fire: Disk full",
			"The alert still fires: notified 2 times by now. Disk full",
			"The alert still fires: notified 10 times by now. Disk full",
		}
		if diff := cmp.Diff(want, d.entries(t, incident.GetName())); diff != "" {
			t.Errorf("timeline (-want +got):\n%s", diff)
		}
	})
}

// TestConcurrentDeliveriesOpenEachIncidentOnce delivers the same alerts from many senders at once.
func TestConcurrentDeliveriesOpenEachIncidentOnce(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		const senders, episodes = 8, 50
		var alerts []intake.Alert
		for i := range episodes {
			alert := anAlert(fmt.Sprint("f", i), intake.Firing)
			alerts = append(alerts, alert)
		}
		var group sync.WaitGroup
		for range senders {
			group.Go(func() {
				if err := d.services.Intake.DeliverAlerts(t.Context(), intake.Delivery{Source: "alertmanager", Alerts: alerts}); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		incidents := d.all(t)
		if len(incidents) != episodes {
			t.Errorf("%d incidents, want %d", len(incidents), episodes)
		}
		for _, incident := range incidents {
			if count := incident.GetOrigin().GetAlerts()[0].GetNotificationCount(); count != senders {
				t.Errorf("%s counted %d notifications, want %d", incident.GetName(), count, senders)
			}
		}
	})
}

func TestWhatWasCutOfAnAlertIsTold(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		alert := anAlert("f1", intake.Firing)
		alert.Alterations = []string{"label pod: 900 bytes were cut off"}
		d.deliver(t, alert)
		want := []string{"The alert began to fire: Disk full\n\nNot all was kept as it was sent:\n\n- label pod: 900 bytes were cut off"}
		if diff := cmp.Diff(want, d.entries(t, d.all(t)[0].GetName())); diff != "" {
			t.Errorf("timeline (-want +got):\n%s", diff)
		}
	})
}

func TestRejectedDeliveriesAreKept(t *testing.T) {
	t.Parallel()
	onEachStoreWith(t, service.Options{Retention: time.Hour}, func(t *testing.T, d *debrief) {
		large := make([]byte, 100<<10)
		if err := d.services.Intake.Reject(t.Context(), service.RejectedDelivery{Source: "alertmanager", ContentType: "text/plain", Body: large, Size: int64(len(large)), Reason: "version is missing"}); err != nil {
			t.Fatal(err)
		}
		page := must[*debriefv1.ListRejectedDeliveriesResponse](t)(d.intake.ListRejectedDeliveries(t.Context(), &debriefv1.ListRejectedDeliveriesRequest{Filter: `source = "alertmanager"`}))
		got := must[*debriefv1.RejectedDelivery](t)(d.intake.GetRejectedDelivery(t.Context(), &debriefv1.GetRejectedDeliveryRequest{Name: page.GetRejectedDeliveries()[0].GetName()}))
		want := &debriefv1.RejectedDelivery{Source: "alertmanager", ContentType: "text/plain", Body: large[:64<<10], SizeBytes: 100 << 10, Reason: "version is missing", CreateTime: timestamppb.New(start)}
		if diff := cmp.Diff(want, got, protocmp.Transform(), protocmp.IgnoreFields(&debriefv1.RejectedDelivery{}, "name")); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		d.advance(2 * time.Hour)
		d.purge(t)
		if page := must[*debriefv1.ListRejectedDeliveriesResponse](t)(d.intake.ListRejectedDeliveries(t.Context(), &debriefv1.ListRejectedDeliveriesRequest{})); len(page.GetRejectedDeliveries()) != 0 {
			t.Errorf("still kept: %v", page)
		}
	})
}
