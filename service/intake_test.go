package service_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service"
	"github.com/debriefhq/debrief/service/intake"
)

// integrate adds an integration and answers its key.
func (d *debrief) integrate(t *testing.T, id string, integration *debriefv1.Integration) string {
	t.Helper()
	if integration.GetTitle() == "" {
		integration.Title = id
	}
	made := must[*debriefv1.IntegrationWithKey](t)(d.integrations.CreateIntegration(t.Context(), &debriefv1.CreateIntegrationRequest{
		IntegrationId: id, Integration: integration,
	}))
	return made.GetKey()
}

// pagerDuty is an event as PagerDuty takes it.
func pagerDuty(action, key, at string) string {
	return fmt.Sprintf(`{"routing_key":"x","event_action":%q,"dedup_key":%q,"payload":{"summary":"Disk full on %s","source":"db-1","severity":"critical","timestamp":%q}}`,
		action, key, key, at)
}

// receive takes what a sender sends.
func receive(t *testing.T, services *service.Services, source, path, body, key string) (service.Receipt, error) {
	t.Helper()
	adapters := services.Intake.Adapters()
	at := slices.IndexFunc(adapters, func(adapter intake.Adapter) bool { return adapter.Source == source })
	if at < 0 {
		t.Fatalf("there is no adapter for %s", source)
	}
	mediaType := "application/json"
	if source == "cloudevents" {
		mediaType = "application/cloudevents+json"
	}
	request := intake.Request{Method: http.MethodPost, Header: http.Header{"Content-Type": {mediaType}}, Body: []byte(body)}
	if path != "" {
		request.Path = strings.Split(path, "/")
	}
	return services.Intake.Receive(t.Context(), adapters[at], request, key)
}

// send takes an event of PagerDuty, and works it off.
func (d *debrief) send(t *testing.T, key, body string) {
	t.Helper()
	if _, err := receive(t, d.services, "pagerduty", "v2/enqueue", body, key); err != nil {
		t.Fatal(err)
	}
	d.services.Intake.WorkOffWaiting(t.Context())
}

func (d *debrief) listAlerts(t *testing.T, filter string) []*debriefv1.Alert {
	t.Helper()
	page := must[*debriefv1.ListAlertsResponse](t)(d.alerts.ListAlerts(t.Context(), &debriefv1.ListAlertsRequest{PageSize: 500, Filter: filter, OrderBy: "create_time"}))
	return page.GetAlerts()
}

// TestWhoAcknowledgesOrResolvesTakesNothingAway has an alert keep its details when somebody tells a note.
func TestWhoAcknowledgesOrResolvesTakesNothingAway(t *testing.T) {
	t.Parallel()
	many := map[string]string{"free": "4 %"}
	for i := range intake.MaxAnnotations {
		many[fmt.Sprintf("n%03d", i)] = "x"
	}
	details := string(must[[]byte](t)(json.Marshal(many)))
	onEachStore(t, func(t *testing.T, d *debrief) {
		key := d.integrate(t, "ops", &debriefv1.Integration{Kind: debriefv1.Integration_KIND_OPSGENIE})
		for _, test := range []struct {
			path, body string
			want       map[string]string
			count      int
		}{
			{"", `{"message":"Disk full","alias":"disk","details":{"free":"9 %"}}`, map[string]string{"free": "9 %"}, 1},
			{"", `{"message":"Disk full","alias":"disk","details":{"free":"5 %","used":"95 %"}}`, map[string]string{"free": "5 %", "used": "95 %"}, 2},
			{"/disk/acknowledge", `{"note":"Looking"}`, map[string]string{"free": "5 %", "used": "95 %", "note": "Looking"}, 3},
			{"/disk/acknowledge", `{"details":` + details + `}`, map[string]string{"free": "4 %", "used": "95 %", "note": "Looking", "n000": "x"}, intake.MaxAnnotations},
			{"/disk/close", `{"note":"Freed"}`, map[string]string{"free": "4 %", "used": "95 %", "note": "Freed", "n000": "x"}, intake.MaxAnnotations},
		} {
			if _, err := receive(t, d.services, "opsgenie", "v2/alerts"+test.path, test.body, key); err != nil {
				t.Fatal(err)
			}
			d.services.Intake.WorkOffWaiting(t.Context())
			got := d.listAlerts(t, "")[0].GetAnnotations()
			missing := maps.Clone(test.want)
			maps.DeleteFunc(missing, func(name, value string) bool { return got[name] == value })
			if len(missing) > 0 || len(got) != test.count {
				t.Errorf("after %s %.40s there are %d annotations without %v", test.path, test.body, len(got), missing)
			}
		}
	})
}

func at(minutes int) string {
	return start.Add(time.Duration(minutes) * time.Minute).Format(time.RFC3339)
}

func TestEpisodesOfASenderThatNamesAlertsOnly(t *testing.T) {
	t.Parallel()
	trigger, resolve := "trigger", "resolve"
	type event struct {
		action string
		minute int
	}
	tests := []struct {
		name   string
		events []event
		want   []string
	}{
		{"one", []event{{trigger, -50}}, []string{"FIRING"}},
		{"repeated", []event{{trigger, -50}, {trigger, -40}}, []string{"FIRING"}},
		{"ended", []event{{trigger, -50}, {resolve, -40}}, []string{"RESOLVED"}},
		{"again", []event{{trigger, -50}, {resolve, -40}, {trigger, -30}}, []string{"RESOLVED", "FIRING"}},
		{"ended before it began", []event{{resolve, -40}, {trigger, -50}}, []string{"RESOLVED"}},
		{"ended and never began", []event{{resolve, -40}}, nil},
	}
	onEachStore(t, func(t *testing.T, d *debrief) {
		key := d.integrate(t, "pager", &debriefv1.Integration{Kind: debriefv1.Integration_KIND_PAGERDUTY})
		for i, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				dedup := fmt.Sprint("disk-", i)
				for _, event := range test.events {
					d.send(t, key, pagerDuty(event.action, dedup, at(event.minute)))
				}
				var got []string
				for _, alert := range d.listAlerts(t, fmt.Sprintf("fingerprint = %q", dedup)) {
					got = append(got, strings.TrimPrefix(alert.GetStatus().String(), "STATUS_"))
					incident := must[*debriefv1.Incident](t)(d.incidents.GetIncident(t.Context(), &debriefv1.GetIncidentRequest{Name: alert.GetIncident()}))
					resolved := incident.GetState() == debriefv1.Incident_STATE_RESOLVED
					if resolved != (alert.GetStatus() == debriefv1.Alert_STATUS_RESOLVED) {
						t.Errorf("alert %v and incident %v", alert.GetStatus(), incident.GetState())
					}
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("episodes (-want +got):\n%s", diff)
				}
			})
		}
	})
}

func TestOnlyKeysThatHoldAreTaken(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		old := d.integrate(t, "pager", &debriefv1.Integration{Kind: debriefv1.Integration_KIND_PAGERDUTY})
		body := pagerDuty("trigger", "k", at(-5))
		refusal := func(source, key string) string {
			path := ""
			if source == "pagerduty" {
				path = "v2/enqueue"
			}
			_, err := receive(t, d.services, source, path, body, key)
			if err == nil {
				return "taken"
			}
			return status.Code(d.services.ToStatus(t.Context(), err)).String()
		}
		check := func(what, want, got string) {
			t.Helper()
			if want != got {
				t.Errorf("%s: %s, want %s", what, got, want)
			}
		}
		check("the key", "taken", refusal("pagerduty", old))
		check("an unknown key", codes.Unauthenticated.String(), refusal("pagerduty", "dbk_"+strings.Repeat("a", 43)))
		check("a key of another kind", codes.PermissionDenied.String(), refusal("grafana", old))
		rotated := must[*debriefv1.IntegrationWithKey](t)(d.integrations.RotateIntegrationKey(t.Context(), &debriefv1.RotateIntegrationKeyRequest{Name: "integrations/pager", Overlap: durationpb.New(time.Minute)}))
		d.advance(2 * time.Second)
		check("the old key while both are taken", "taken", refusal("pagerduty", old))
		check("the new key", "taken", refusal("pagerduty", rotated.GetKey()))
		d.advance(time.Minute)
		check("the old key after that", codes.Unauthenticated.String(), refusal("pagerduty", old))
		must[*debriefv1.Integration](t)(d.integrations.UpdateIntegration(t.Context(), &debriefv1.UpdateIntegrationRequest{
			Integration: &debriefv1.Integration{Name: "integrations/pager", Disabled: true}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"disabled"}},
		}))
		d.advance(2 * time.Second)
		check("while it is disabled", codes.PermissionDenied.String(), refusal("pagerduty", rotated.GetKey()))
		must[*debriefv1.Integration](t)(d.integrations.DeleteIntegration(t.Context(), &debriefv1.DeleteIntegrationRequest{Name: "integrations/pager"}))
		d.advance(2 * time.Second)
		check("after it was deleted", codes.Unauthenticated.String(), refusal("pagerduty", rotated.GetKey()))
		check("without a key", "taken", refusal("pagerduty", ""))
	})
	onEachStoreWith(t, service.Options{Alerts: service.AlertOptions{RequireKeys: true}}, func(t *testing.T, d *debrief) {
		_, err := receive(t, d.services, "pagerduty", "v2/enqueue", pagerDuty("trigger", "k", at(-5)), "")
		if code := status.Code(d.services.ToStatus(t.Context(), err)); code != codes.Unauthenticated {
			t.Errorf("without a key that is required: %v", code)
		}
	})
}

// TestNoKeyIsKept sends the key in the body, where PagerDuty's senders have it.
func TestNoKeyIsKept(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		key := d.integrate(t, "pager", &debriefv1.Integration{Kind: debriefv1.Integration_KIND_PAGERDUTY})
		d.send(t, "", strings.Replace(pagerDuty("trigger", "k", at(-5)), `"routing_key":"x"`, fmt.Sprintf(`"routing_key":%q`, key), 1))
		page := must[*debriefv1.ListDeliveriesResponse](t)(d.intake.ListDeliveries(t.Context(), &debriefv1.ListDeliveriesRequest{}))
		got := must[*debriefv1.Delivery](t)(d.intake.GetDelivery(t.Context(), &debriefv1.GetDeliveryRequest{Name: page.GetDeliveries()[0].GetName()}))
		if got.GetIntegration() != "integrations/pager" || got.GetState() != debriefv1.Delivery_STATE_DONE || len(got.GetAlerts()) != 1 {
			t.Errorf("delivery: %v", got)
		}
		if strings.Contains(string(got.GetBody()), key) {
			t.Error("the key is kept")
		}
	})
}

func grouping() *debriefv1.Integration {
	return &debriefv1.Integration{Kind: debriefv1.Integration_KIND_PAGERDUTY, Rules: []*debriefv1.AlertRule{{
		Title: "By source", Outcome: debriefv1.AlertRule_OUTCOME_GROUP, Window: durationpb.New(time.Hour),
	}}}
}

func TestAlertsOfAGroupJoinOneIncident(t *testing.T) {
	t.Parallel()
	const alerts = 25
	onEachStore(t, func(t *testing.T, d *debrief) {
		key := d.integrate(t, "pager", grouping())
		for i := range alerts {
			if _, err := receive(t, d.services, "pagerduty", "v2/enqueue", pagerDuty("trigger", fmt.Sprint("k", i), at(-30)), key); err != nil {
				t.Fatal(err)
			}
		}
		d.services.Intake.WorkOffWaiting(t.Context())
		incidents := d.all(t)
		if len(incidents) != 1 || len(incidents[0].GetOrigin().GetAlerts()) != repository.MaxIncidentAlerts {
			t.Fatalf("%d incidents", len(incidents))
		}
		if all := d.listAlerts(t, fmt.Sprintf("incident = %q", incidents[0].GetName())); len(all) != alerts {
			t.Errorf("%d alerts are part of it, want %d", len(all), alerts)
		}
		if joined := d.feed(t, "type = INCIDENT_ALERT_JOINED"); len(joined) != alerts-1 {
			t.Errorf("%d joined, want %d", len(joined), alerts-1)
		}
		for i := range alerts {
			if state := d.all(t)[0].GetState(); state != debriefv1.Incident_STATE_TRIAGE {
				t.Fatalf("after %d alerts stopped: %v", i, state)
			}
			d.send(t, key, pagerDuty("resolve", fmt.Sprint("k", alerts-1-i), at(-20)))
		}
		if state := d.all(t)[0].GetState(); state != debriefv1.Incident_STATE_RESOLVED {
			t.Errorf("after the last stopped: %v", state)
		}
		d.send(t, key, pagerDuty("trigger", "later", at(-1)))
		if incidents := d.all(t); len(incidents) != 2 {
			t.Errorf("%d incidents after the first was resolved, want 2", len(incidents))
		}
	})
}

func TestAnIncidentOpensAfterSoManyAlerts(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		rule := &debriefv1.AlertRule{Title: "Three", Outcome: debriefv1.AlertRule_OUTCOME_OPEN_AFTER, Window: durationpb.New(time.Hour), Count: 3}
		key := d.integrate(t, "pager", &debriefv1.Integration{Kind: debriefv1.Integration_KIND_PAGERDUTY, Rules: []*debriefv1.AlertRule{rule}})
		for i, want := range []int{0, 0, 1, 1} {
			d.send(t, key, pagerDuty("trigger", fmt.Sprint("k", i), at(-30)))
			if got := len(d.all(t)); got != want {
				t.Errorf("%d incidents after %d alerts, want %d", got, i+1, want)
			}
		}
		if all := d.listAlerts(t, fmt.Sprintf("incident = %q", d.all(t)[0].GetName())); len(all) != 4 {
			t.Errorf("%d alerts are part of it, want 4", len(all))
		}
	})
}

func TestReplayChangesNothingTwice(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		key := d.integrate(t, "pager", grouping())
		for i := range 3 {
			d.send(t, key, pagerDuty("trigger", fmt.Sprint("k", i), at(-30)))
		}
		d.send(t, key, pagerDuty("resolve", "k0", at(-20)))
		before := d.endState(t)
		page := must[*debriefv1.ListDeliveriesResponse](t)(d.intake.ListDeliveries(t.Context(), &debriefv1.ListDeliveriesRequest{Filter: "state = DONE"}))
		for _, delivery := range page.GetDeliveries() {
			again := must[*debriefv1.Delivery](t)(d.intake.ReplayDelivery(t.Context(), &debriefv1.ReplayDeliveryRequest{Name: delivery.GetName(), RequestId: "r1"}))
			must[*debriefv1.Delivery](t)(d.intake.ReplayDelivery(t.Context(), &debriefv1.ReplayDeliveryRequest{Name: delivery.GetName(), RequestId: "r1"}))
			if again.GetState() != debriefv1.Delivery_STATE_DONE || again.GetReplayCount() != 1 {
				t.Errorf("replayed: %v", again)
			}
		}
		if diff := cmp.Diff(before, d.endState(t)); diff != "" {
			t.Errorf("(-before +after):\n%s", diff)
		}
	})
}
