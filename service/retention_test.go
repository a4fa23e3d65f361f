package service_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service"
)

const day = 24 * time.Hour

// sequencesOf are the sequences of events.
func sequencesOf(events []*debriefv1.Event) []int64 {
	var sequences []int64
	for _, event := range events {
		sequences = append(sequences, event.GetSequence())
	}
	return sequences
}

// TestOldEventsArePurged has somebody who follows the feed know when they missed some.
func TestOldEventsArePurged(t *testing.T) {
	t.Parallel()
	onEachStoreWith(t, service.Options{Retentions: service.Retentions{Events: 30 * day}}, func(t *testing.T, d *debrief) {
		d.happen(t, 2, 2)
		d.advance(20 * day)
		kept := sequencesOf(d.happen(t, 1, 2))
		d.advance(11 * day)
		for range 2 {
			d.purge(t)
			if diff := cmp.Diff(kept, sequencesOf(d.feed(t, ""))); diff != "" {
				t.Errorf("sequences (-want +got):\n%s", diff)
			}
		}
		page := must[*debriefv1.ListEventsResponse](t)(d.events.ListEvents(t.Context(), &debriefv1.ListEventsRequest{AfterSequence: kept[0] - 1, PageSize: 500}))
		if diff := cmp.Diff(kept, sequencesOf(page.GetEvents())); diff != "" {
			t.Errorf("behind the last that was purged (-want +got):\n%s", diff)
		}
		for _, filter := range []string{"", "type = INCIDENT_PURGED"} {
			_, err := d.events.ListEvents(t.Context(), &debriefv1.ListEventsRequest{AfterSequence: kept[0] - 2, Filter: filter})
			wantRefusal(t, err, codes.OutOfRange, "EVENTS_PURGED")
			watch := must[grpc.ServerStreamingClient[debriefv1.WatchEventsResponse]](t)(d.events.WatchEvents(t.Context(),
				&debriefv1.WatchEventsRequest{AfterSequence: kept[0] - 2, Filter: filter}))
			_, err = watch.Recv()
			wantRefusal(t, err, codes.OutOfRange, "EVENTS_PURGED")
		}
		whole := d.watch(t, &debriefv1.WatchEventsRequest{})
		if got := must[*debriefv1.WatchEventsResponse](t)(whole.Recv()).GetSequence(); got != kept[0] {
			t.Errorf("a watch from the very beginning begins with %d, want %d", got, kept[0])
		}
		d.advance(60 * day)
		d.purge(t)
		if diff := cmp.Diff(kept[len(kept)-1:], sequencesOf(d.feed(t, ""))); diff != "" {
			t.Errorf("when all are old (-want +got):\n%s", diff)
		}
		d.open(t, "and so on")
		if diff := cmp.Diff([]int64{kept[len(kept)-1], kept[len(kept)-1] + 1}, sequencesOf(d.feed(t, ""))); diff != "" {
			t.Errorf("the feed goes on (-want +got):\n%s", diff)
		}
	})
}

// TestEventsThatASubscriptionIsStillToGetAreKept deletes it in the end.
func TestEventsThatASubscriptionIsStillToGetAreKept(t *testing.T) {
	t.Parallel()
	options := toLoopback
	options.Retentions.Events = 30 * day
	onEachStoreWith(t, options, func(t *testing.T, d *debrief) {
		d.happen(t, 1, 3)
		d.subscribe(t, "slow", "http://127.0.0.1:9/hook")
		kept := sequencesOf(d.feed(t, ""))
		missed := sequencesOf(d.happen(t, 2, 1))
		d.advance(40 * day)
		d.purge(t)
		if got := sequencesOf(d.feed(t, "")); got[0] != missed[0] && got[0] != kept[len(kept)-1] {
			t.Errorf("%v are left, want those from %d on", got, missed[0])
		}
		_, err := d.subscriptions.ReplayEvents(t.Context(), &debriefv1.ReplayEventsRequest{Name: "subscriptions/slow", FirstSequence: 1, LastSequence: 9})
		wantRefusal(t, err, codes.InvalidArgument, "INVALID_ARGUMENT", "first_sequence")
		must[*debriefv1.Subscription](t)(d.subscriptions.DeleteSubscription(t.Context(), &debriefv1.DeleteSubscriptionRequest{Name: "subscriptions/slow"}))
		d.purge(t)
		if got := sequencesOf(d.feed(t, "")); len(got) != 1 {
			t.Errorf("without the subscription %v are left, want the newest", got)
		}
	})
}

// TestOldAuditRecordsArePurged has the trail say so itself; and a replica that wrote nothing meanwhile go on at its end.
func TestOldAuditRecordsArePurged(t *testing.T) {
	t.Parallel()
	options := authenticated()
	options.Retentions.Audit = 30 * day
	onEachStoreWith(t, options, func(t *testing.T, d *debrief) {
		responder := showing(t, d.firstKey(t, debriefv1.Role_ROLE_RESPONDER))
		change := func(on *debrief, count int) {
			for range count {
				must[*debriefv1.Incident](t)(on.incidents.CreateIncident(responder, &debriefv1.CreateIncidentRequest{Incident: &debriefv1.Incident{Title: "x"}}))
			}
		}
		audited := func() []*debriefv1.AuditRecord {
			return d.auditTrail(t, &debriefv1.ListAuditRecordsRequest{Ascending: true, PageSize: 3})
		}
		quiet := front(t, d.repository, options, d.clock)
		change(quiet, 2)
		change(d, 5)
		d.advance(30*day + time.Hour)
		d.purge(t)
		if got := audited(); len(got) != 7 {
			t.Errorf("%d records are left when hardly anything is old, want all 7", len(got))
		}
		d.advance(day)
		for range 2 {
			d.purge(t)
			records := audited()
			if len(records) != 1 || records[0].GetSequence() != 8 || records[0].GetMethod() != "/debrief/PurgeAuditRecords" || records[0].GetPrincipal() != "debrief" {
				t.Fatalf("left are %v, want the 8th, which says so", records)
			}
			followTrail(t, records)
		}
		change(quiet, 2)
		records := audited()
		followTrail(t, records)
		if got := records[len(records)-1].GetSequence(); got != 10 {
			t.Errorf("the trail goes on with %d, want 10", got)
		}
	})
}

// TestAlertsOfNoIncidentArePurged keeps those of which something comes, and those of an incident.
func TestAlertsOfNoIncidentArePurged(t *testing.T) {
	t.Parallel()
	onEachStoreWith(t, service.Options{Retentions: service.Retentions{Alerts: 90 * day}}, func(t *testing.T, d *debrief) {
		key := d.integrate(t, "pager", &debriefv1.Integration{Kind: debriefv1.Integration_KIND_PAGERDUTY, Rules: []*debriefv1.AlertRule{
			{Title: "Known", Condition: `alert.fingerprint.startsWith("known")`, Outcome: debriefv1.AlertRule_OUTCOME_KEEP},
			{
				Title: "In numbers", Condition: `alert.fingerprint.startsWith("many")`, Outcome: debriefv1.AlertRule_OUTCOME_OPEN_AFTER,
				Count: 2, Window: durationpb.New(time.Hour), GroupBy: []string{"alert.fingerprint"},
			},
			{
				Title: "Together", Condition: `alert.fingerprint.startsWith("both")`, Outcome: debriefv1.AlertRule_OUTCOME_OPEN_AFTER,
				Count: 2, Window: durationpb.New(time.Hour),
			},
		}})
		tell := func(keys ...string) {
			for _, one := range keys {
				d.send(t, key, pagerDuty("trigger", one, d.now().Format(time.RFC3339)))
			}
		}
		left := func() []string {
			var fingerprints []string
			for _, alert := range d.listAlerts(t, "") {
				fingerprints = append(fingerprints, alert.GetFingerprint())
			}
			return fingerprints
		}
		all := []string{"known", "known-firing", "many", "both-of-them", "both", "new"}
		tell(all...)
		d.advance(60 * day)
		tell("known-firing")
		d.purge(t)
		if diff := cmp.Diff(all, left()); diff != "" {
			t.Errorf("after 60 days (-want +got):\n%s", diff)
		}
		d.advance(31 * day)
		d.purge(t)
		if diff := cmp.Diff([]string{"known-firing", "both-of-them", "both", "new"}, left()); diff != "" {
			t.Errorf("after 91 days (-want +got):\n%s", diff)
		}
		alerts, err := d.repository.Alerts().List(t.Context(), repository.Query{Visible: repository.Purged, Limit: 10})
		if err != nil || len(alerts) != 4 {
			t.Errorf("the store has %d, %v", len(alerts), err)
		}
	})
}
