package service_test

import (
	"fmt"
	"strings"
	"testing"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// TestABacklogIsWorkedOffWhole has more wait than is held of what was read: the rest is read again from what was sent.
func TestABacklogIsWorkedOffWhole(t *testing.T) {
	t.Parallel()
	const deliveries = 10
	padding := fmt.Sprintf(`"routing_key":"x","padding":%q`, strings.Repeat("x", 500_000))
	onEachStore(t, func(t *testing.T, d *debrief) {
		key := d.integrate(t, "pager", grouping())
		for i := range deliveries {
			body := strings.Replace(pagerDuty("trigger", fmt.Sprint("k", i), at(-30)), `"routing_key":"x"`, padding, 1)
			if _, err := receive(t, d.services, "pagerduty", "v2/enqueue", body, key); err != nil {
				t.Fatal(err)
			}
		}
		d.services.Intake.WorkOffWaiting(t.Context())
		incidents := map[string]bool{}
		alerts := d.listAlerts(t, "")
		for _, alert := range alerts {
			incidents[alert.GetIncident()] = true
		}
		if len(alerts) != deliveries || len(incidents) != 1 {
			t.Errorf("%d alerts in %d incidents, want %d in one", len(alerts), len(incidents), deliveries)
		}
		page := must[*debriefv1.ListDeliveriesResponse](t)(d.intake.ListDeliveries(t.Context(), &debriefv1.ListDeliveriesRequest{Filter: "state = DONE"}))
		if done := len(page.GetDeliveries()); done != deliveries {
			t.Errorf("%d deliveries are done, want %d", done, deliveries)
		}
	})
}
