package service_test

import (
	"context"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/durationpb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/service/email/emailtest"
)

// mine restricts to who has the key that firstKey makes of a responder.
func mine() *debriefv1.Restriction {
	return &debriefv1.Restriction{People: []string{"apiKeys/first-responder"}}
}

// seal restricts an incident to who has that key.
func (d *debrief) seal(t *testing.T, key, name string) error {
	t.Helper()
	_, err := restrict(t, d, key, &debriefv1.Incident{Name: name, Restriction: mine()})
	return err
}

// givenUp are the resources whose events a subscription was not told of.
func (d *debrief) givenUp(t *testing.T, subscription string) []string {
	t.Helper()
	page := must[*debriefv1.ListEventDeliveriesResponse](t)(d.subscriptions.ListEventDeliveries(t.Context(), &debriefv1.ListEventDeliveriesRequest{
		Parent: "subscriptions/" + subscription, Filter: "state = FAILED",
	}))
	var resources []string
	for _, delivery := range page.GetEventDeliveries() {
		resources = append(resources, delivery.GetResource())
	}
	return resources
}

// TestWhatIsRestrictedInTheMidstOfARoundIsNotTold has a receiver take its time with the first of two events that were read together, and
// the incident be restricted meanwhile.
func TestWhatIsRestrictedInTheMidstOfARoundIsNotTold(t *testing.T) {
	t.Parallel()
	onEachStoreWith(t, toLoopback, func(t *testing.T, d *debrief) {
		ana := d.firstKey(t, debriefv1.Role_ROLE_RESPONDER)
		var incident string
		var failed error
		r := newReceiver(t, func(message, *http.Request) int {
			failed = d.seal(t, ana, incident)
			return http.StatusOK
		})
		d.subscribe(t, "chat", r.URL)
		incident = d.open(t, "Somebody was here").GetName()
		must[*debriefv1.Incident](t)(d.incidents.AcknowledgeIncident(t.Context(), &debriefv1.AcknowledgeIncidentRequest{Name: incident}))
		timers := newTimers(d)
		dispatch(t, d.services, timers, "a")
		d.settle(t, timers, 2)
		if _, taken := r.all(); len(taken) != 1 || failed != nil {
			t.Errorf("%d events were told, want the one that was told before it was restricted: %v", len(taken), failed)
		}
		if diff := cmp.Diff([]string{incident}, d.givenUp(t, "chat")); diff != "" {
			t.Errorf("given up (-want +got):\n%s", diff)
		}
	})
}

// TestEmailDoesNotTellOfWhatIsRestricted restricts one incident from the start, and another while it waits for its message.
func TestEmailDoesNotTellOfWhatIsRestricted(t *testing.T) {
	t.Parallel()
	onEachStoreWriting(t, func(t *testing.T, d *debrief, mail *emailtest.Server, _ *atomic.Int32) {
		timers := newTimers(d)
		ana := d.firstKey(t, debriefv1.Role_ROLE_RESPONDER)
		d.write(t, `event.type == "INCIDENT_OPENED"`, &debriefv1.Email{DigestInterval: durationpb.New(time.Hour)})
		dispatch(t, d.services, timers, "a")
		must[*debriefv1.Incident](t)(d.locked(t).incidents.CreateIncident(showing(t, ana), &debriefv1.CreateIncidentRequest{Incident: &debriefv1.Incident{
			Title: "Somebody was here", Restriction: mine(),
		}}))
		later := d.open(t, "A key was lost").GetName()
		d.open(t, "It is slow")
		await(t, timers, func() bool { return len(d.pending(t)) == 2 })
		if err := d.seal(t, ana, later); err != nil {
			t.Fatal(err)
		}
		d.settle(t, timers, 2)
		messages := mail.Messages()
		if len(messages) != 1 || !slices.Equal(told(messages[0]), []string{"Incident opened: It is slow"}) {
			t.Errorf("the messages are %v", messages)
		}
		if diff := cmp.Diff([]string{later}, d.givenUp(t, "kim")); diff != "" {
			t.Errorf("given up (-want +got):\n%s", diff)
		}
	})
}

// slowStream is a watcher who does not take the next event before they have done something.
type slowStream struct {
	grpc.ServerStream

	context func() context.Context
	send    func(*debriefv1.WatchEventsResponse) error
}

func (s slowStream) Context() context.Context                          { return s.context() }
func (s slowStream) Send(message *debriefv1.WatchEventsResponse) error { return s.send(message) }

// TestASlowWatcherIsNotShownWhatIsRestrictedMeanwhile has the events of two incidents be read in one go, and the first incident be
// restricted, or the watcher's key be revoked, before the first event is taken.
func TestASlowWatcherIsNotShownWhatIsRestrictedMeanwhile(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		ana := d.firstKey(t, debriefv1.Role_ROLE_RESPONDER)
		ben, cem := d.firstKey(t, debriefv1.Role_ROLE_VIEWER), d.firstKey(t, debriefv1.Role_ROLE_FACILITATOR)
		first := d.open(t, "A key was lost").GetName()
		must[*debriefv1.Incident](t)(d.incidents.AcknowledgeIncident(t.Context(), &debriefv1.AcknowledgeIncidentRequest{Name: first}))
		last := d.open(t, "It is slow").GetName()
		watch := func(key string, meanwhile func() error) (shown []string, err error) {
			ctx, cancel := context.WithCancel(metadata.NewIncomingContext(t.Context(), metadata.Pairs("authorization", "Bearer "+key)))
			defer cancel()
			err = d.locked(t).services.Events.WatchEvents(&debriefv1.WatchEventsRequest{}, slowStream{context: func() context.Context { return ctx }, send: func(message *debriefv1.WatchEventsResponse) error {
				if message.GetEvent() == nil {
					return nil
				}
				shown = append(shown, message.GetEvent().GetResource())
				if len(shown) == 1 {
					d.advance(time.Minute)
					return meanwhile()
				}
				if message.GetEvent().GetResource() == last {
					cancel()
				}
				return nil
			}})
			return shown, err
		}
		shown, err := watch(ben, func() error {
			_, err := d.services.Access.RevokeApiKey(t.Context(), &debriefv1.RevokeApiKeyRequest{Name: "apiKeys/first-viewer"})
			return err
		})
		if diff := cmp.Diff([]string{first}, shown); diff != "" || d.codeOf(t.Context(), err) != codes.Unauthenticated {
			t.Errorf("without a key the watch ended with %v after events of (-want +got):\n%s", err, diff)
		}
		shown, _ = watch(cem, func() error { return d.seal(t, ana, first) })
		if diff := cmp.Diff([]string{first, last}, shown); diff != "" {
			t.Errorf("events of (-want +got):\n%s", diff)
		}
	})
}
