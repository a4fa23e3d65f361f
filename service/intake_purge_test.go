package service_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service"
)

// known counts what is known of the episodes of alerts, and of their groups.
func (d *debrief) known(t *testing.T, scope string) [2]int {
	t.Helper()
	series, err := d.repository.AlertSeries().List(t.Context(), repository.Query{Parent: scope, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	groups, err := d.repository.AlertGroups().List(t.Context(), repository.Query{Parent: scope, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	return [2]int{len(series), len(groups)}
}

// TestWhatIsKnownOfAlertsThatAreOverIsPurged has an alert come again after that: it is another one, and opens an incident.
func TestWhatIsKnownOfAlertsThatAreOverIsPurged(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		key := d.integrate(t, "pager", grouping())
		d.send(t, key, pagerDuty("trigger", "over", at(-50)))
		d.send(t, key, pagerDuty("resolve", "over", at(-40)))
		d.send(t, key, pagerDuty("trigger", "open", at(-30)))
		want := len(d.all(t))
		d.advance(13 * 24 * time.Hour)
		d.purge(t)
		if got := d.known(t, "pager"); got[0] != 2 || got[1] != 1 {
			t.Errorf("after 13 days %d series and %d groups are left", got[0], got[1])
		}
		d.advance(2 * 24 * time.Hour)
		d.purge(t)
		if diff := cmp.Diff([2]int{1, 0}, d.known(t, "pager")); diff != "" {
			t.Errorf("after 15 days (-want +got):\n%s", diff)
		}
		// What is still open ends as it began, and what comes again begins anew.
		d.send(t, key, pagerDuty("resolve", "open", d.now().Format(time.RFC3339)))
		d.send(t, key, pagerDuty("trigger", "over", d.now().Format(time.RFC3339)))
		incidents := d.all(t)
		if len(incidents) != want+1 {
			t.Errorf("there are %d incidents, want %d", len(incidents), want+1)
		}
		var states []string
		for _, alert := range d.listAlerts(t, "") {
			states = append(states, alert.GetFingerprint()+" "+alert.GetStatus().String()[len("STATUS_"):])
		}
		if diff := cmp.Diff([]string{"over RESOLVED", "open RESOLVED", "over FIRING"}, states); diff != "" {
			t.Errorf("alerts (-want +got):\n%s", diff)
		}
		must[*debriefv1.Integration](t)(d.integrations.DeleteIntegration(t.Context(), &debriefv1.DeleteIntegrationRequest{Name: "integrations/pager"}))
		d.advance(service.DefaultRetention + time.Hour)
		d.purge(t)
		if diff := cmp.Diff([2]int{0, 0}, d.known(t, "pager")); diff != "" {
			t.Errorf("after the integration was purged (-want +got):\n%s", diff)
		}
	})
}
