package mongodb

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/repository/mongodb/mongodbtest"
)

var errCrash = errors.New("the process was killed")

// newIncident makes the nth incident, and the effects of its creation.
func newIncident(n int) repository.Creation[repository.Incident] {
	id := fmt.Sprintf("01J%023d", n)
	entry := repository.TimelineEntry{Header: repository.Header{ID: fmt.Sprintf("01K%023d", n), Parent: id}}
	return repository.Creation[repository.Incident]{
		Resource: repository.Incident{Header: repository.Header{ID: id}, Title: "Checkout answers slowly", State: "ACTIVE"},
		Effects: repository.Effects{
			Events: []repository.Event{newEvent(n, 1), newEvent(n, 2)}, TimelineEntries: []repository.TimelineEntry{entry},
		},
	}
}

// newEvent makes an event of the nth incident.
func newEvent(n, number int) repository.Event {
	return repository.Event{
		Header:   repository.Header{CreationKey: eventKey(n, number)},
		Resource: fmt.Sprintf("incidents/01J%023d", n), ResourceRevision: int64(number),
	}
}

func eventKey(n, number int) string { return fmt.Sprintf("event %d of %d", number, n) }

func (r *Repository) mustCreate(t *testing.T, creations ...repository.Creation[repository.Incident]) {
	t.Helper()
	if _, err := r.Incidents().Create(t.Context(), creations...); err != nil {
		t.Fatalf("Create: %v", err)
	}
}

// touch updates the nth incident, with an event.
func (r *Repository) touch(ctx context.Context, n, number int) error {
	_, err := r.Incidents().Update(ctx, newIncident(n).Resource.ID, func(incident *repository.Incident) (repository.Effects, error) {
		incident.Summary += "."
		return repository.Effects{Events: []repository.Event{newEvent(n, number)}}, nil
	})
	return err
}

// eventKeys are the creation keys of all events; their sequences must have no gap.
func (r *Repository) eventKeys(t *testing.T) []string {
	t.Helper()
	events, err := r.Events().List(t.Context(), repository.Query{Limit: 10_000})
	if err != nil {
		t.Fatalf("List of events: %v", err)
	}
	keys := make([]string, len(events))
	for i, event := range events {
		if event.Sequence() != int64(i+1) {
			t.Fatalf("event %d is followed by event %d", i, event.Sequence())
		}
		keys[i] = event.CreationKey
	}
	return keys
}

func (r *Repository) outboxes(t *testing.T) int {
	t.Helper()
	count, err := r.incidents.stored.CountDocuments(t.Context(), bson.D{{Key: fieldOutboxTime, Value: bson.D{{Key: "$exists", Value: true}}}})
	if err != nil {
		t.Fatalf("count outboxes: %v", err)
	}
	return int(count)
}

func (r *Repository) mustSettle(t *testing.T) {
	t.Helper()
	if err := r.relay.awaitCleared(t.Context()); err != nil {
		t.Fatalf("await the relay: %v", err)
	}
}

// later is a clock that takes everything in an outbox for left behind.
func later() time.Time { return time.Now().Add(time.Hour) }

// openWithoutRelay opens a repository that behaves as if it were killed before the step, each time.
func openWithoutRelay(t *testing.T, uri, step string) *Repository {
	t.Helper()
	return withoutRelay(open(t, uri, Options{}), step)
}

func withoutRelay(store *Repository, step string) *Repository {
	store.stopWatching()
	store.watching.Wait()
	store.relay.delivery.interrupt = func(next string) error {
		if next == step {
			return errCrash
		}
		return nil
	}
	return store
}

func equal[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: -want +got\n%s", what, diff)
	}
}

// TestCrash kills a process between any two commands of the relay: another one delivers each effect, once.
func TestCrash(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"effects", "events", "clear"} {
		t.Run("before "+step, func(t *testing.T) {
			t.Parallel()
			uri := mongodbtest.NewDatabase(t)
			killed := openWithoutRelay(t, uri, step)
			killed.mustCreate(t, newIncident(1), newIncident(2))
			killed.mustSettle(t)
			if err := killed.touch(t.Context(), 2, 3); err != nil {
				t.Fatalf("Update: %v", err)
			}
			killed.mustSettle(t)
			equal(t, "outboxes that were left behind", killed.outboxes(t), 2)

			other := open(t, uri, Options{Now: later})
			for range 2 { // The second time there is nothing left to do.
				if err := other.sweeper.sweep(t.Context()); err != nil {
					t.Fatalf("sweep: %v", err)
				}
			}
			equal(t, "outboxes", other.outboxes(t), 0)
			keys := other.eventKeys(t)
			equal(t, "events", len(keys), 5)
			equal(t, "events of the one that changed", only(keys, 2), []string{eventKey(2, 1), eventKey(2, 2), eventKey(2, 3)})
			for _, n := range []int{1, 2} {
				entries, err := other.TimelineEntries().List(t.Context(), repository.Query{Parent: newIncident(n).Resource.ID, Limit: 9})
				if err != nil || len(entries) != 1 {
					t.Errorf("timeline entries = %d, %v, want 1", len(entries), err)
				}
			}
		})
	}
}

// only are the keys of the nth incident's events.
func only(keys []string, n int) []string {
	var own []string
	for _, key := range keys {
		for number := range 1000 {
			if key == eventKey(n, number) {
				own = append(own, key)
			}
		}
	}
	return own
}

// TestCrashAmongEvents has some of a change's events in the feed, and others not.
func TestCrashAmongEvents(t *testing.T) {
	t.Parallel()
	uri := mongodbtest.NewDatabase(t)
	killed := openWithoutRelay(t, uri, "effects")
	killed.mustCreate(t, newIncident(1), newIncident(2))
	killed.mustSettle(t)
	if err := killed.relay.delivery.tell(t.Context(), []repository.Event{newEvent(2, 1), newEvent(7, 1)}); err != nil {
		t.Fatalf("tell: %v", err)
	}
	other := open(t, uri, Options{Now: later})
	if err := other.sweeper.sweep(t.Context()); err != nil {
		t.Fatalf("sweep: %v", err)
	}
	keys := other.eventKeys(t)
	equal(t, "events", len(keys), 5)
	equal(t, "told before the crash", keys[:2], []string{eventKey(2, 1), eventKey(7, 1)})
	equal(t, "events of one", only(keys, 1), []string{eventKey(1, 1), eventKey(1, 2)})
	equal(t, "events of the other", only(keys, 2), []string{eventKey(2, 1), eventKey(2, 2)})
}

// TestSeveralReplicas has replicas write to the same and to different resources at the same time.
func TestSeveralReplicas(t *testing.T) {
	t.Parallel()
	const replicas, resources, updates = 3, 12, 6
	uri := mongodbtest.NewDatabase(t)
	stores := make([]*Repository, replicas)
	for i := range stores {
		stores[i] = open(t, uri, Options{Now: later}) // They sweep what the others are about to bring away.
	}
	for n := range resources {
		stores[n%replicas].mustCreate(t, newIncident(n))
	}
	var all sync.WaitGroup
	for i, store := range stores {
		all.Go(func() {
			for number := range updates {
				for n := range resources {
					if err := store.touch(t.Context(), n, 100*(i+1)+number); err != nil {
						t.Errorf("Update: %v", err)
					}
				}
				if err := store.sweeper.sweep(t.Context()); err != nil {
					t.Errorf("sweep: %v", err)
				}
			}
		})
	}
	all.Wait()
	for _, store := range stores {
		store.mustSettle(t)
	}
	if err := stores[0].sweeper.sweep(t.Context()); err != nil {
		t.Errorf("sweep: %v", err)
	}
	keys := stores[0].eventKeys(t)
	equal(t, "events", len(keys), resources*(2+replicas*updates))
	for n := range resources {
		inOrder(t, only(keys, n), n, replicas, updates)
	}
	equal(t, "outboxes", stores[0].outboxes(t), 0)
}

// inOrder expects the events of the creation first, and those of each replica in its order.
func inOrder(t *testing.T, keys []string, n, replicas, updates int) {
	t.Helper()
	equal(t, "events of the creation", keys[:2], []string{eventKey(n, 1), eventKey(n, 2)})
	place := map[string]int{}
	for i, key := range keys {
		place[key] = i
	}
	for replica := range replicas {
		for number := 1; number < updates; number++ {
			before, after := eventKey(n, 100*(replica+1)+number-1), eventKey(n, 100*(replica+1)+number)
			if place[before] >= place[after] {
				t.Errorf("%q does not come before %q", before, after)
			}
		}
	}
}

// TestRacingRelays has several relays bring away the same outboxes at the same time.
func TestRacingRelays(t *testing.T) {
	t.Parallel()
	const incidents, relays = 40, 4
	uri := mongodbtest.NewDatabase(t)
	killed := openWithoutRelay(t, uri, "effects")
	var creations []repository.Creation[repository.Incident]
	for n := range incidents {
		creations = append(creations, newIncident(n))
	}
	killed.mustCreate(t, creations...)
	killed.mustSettle(t)
	parcels, err := killed.sweeper.leftBehind(t.Context(), killed.incidents.settled, killed.sweeper.now().Add(-sweepAge))
	if err != nil {
		t.Fatalf("read what was left behind: %v", err)
	}
	equal(t, "taken for left behind at once", len(parcels), 0)
	killed.sweeper.now = later
	if parcels, err = killed.sweeper.leftBehind(t.Context(), killed.incidents.settled, killed.sweeper.now().Add(-sweepAge)); err != nil || len(parcels) != incidents {
		t.Fatalf("left behind are %d, %v, want %d", len(parcels), err, incidents)
	}
	var all sync.WaitGroup
	for range relays {
		delivery := newDelivery(killed.engine, killed.now)
		all.Go(func() {
			if err := delivery.deliver(t.Context(), parcels); err != nil {
				t.Errorf("deliver: %v", err)
			}
			if err := delivery.clear(t.Context(), parcels); err != nil {
				t.Errorf("clear: %v", err)
			}
		})
	}
	all.Wait()
	equal(t, "events", len(killed.eventKeys(t)), 2*incidents)
	equal(t, "outboxes", killed.outboxes(t), 0)
}

// TestClearedWhileUpdating has the relay clear an outbox between the reading and the writing of an update: what was
// brought away does not come back.
func TestClearedWhileUpdating(t *testing.T) {
	t.Parallel()
	store := open(t, mongodbtest.NewDatabase(t), Options{})
	held := make(chan struct{})
	free := sync.OnceFunc(func() { close(held) })
	t.Cleanup(free)
	store.relay.delivery.interrupt = func(step string) error {
		if step == "clear" {
			<-held
		}
		return nil
	}
	store.mustCreate(t, newIncident(1))
	calls := 0
	_, err := store.Incidents().Update(t.Context(), newIncident(1).Resource.ID, func(incident *repository.Incident) (repository.Effects, error) {
		calls++
		free()
		store.mustSettle(t)
		incident.Summary = "Changed"
		return repository.Effects{}, nil
	})
	if err != nil {
		t.Fatalf("Update: %v", err)
	}
	equal(t, "calls of the change", calls, 1)
	equal(t, "outboxes", store.outboxes(t), 0)
}

// TestOutboxOfBusyResource has a resource change faster than its outbox is cleared: it does not grow for ever.
func TestOutboxOfBusyResource(t *testing.T) {
	t.Parallel()
	const changes = longOutbox + 4
	store := openWithoutRelay(t, mongodbtest.NewDatabase(t), "clear")
	store.mustCreate(t, newIncident(1))
	for number := range changes {
		if err := store.touch(t.Context(), 1, 3+number); err != nil {
			t.Fatalf("Update: %v", err)
		}
	}
	store.mustSettle(t)
	stored, err := store.incidents.current(t.Context(), newIncident(1).Resource.ID)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "changes in the outbox", len(stored.document.Outbox), changes+1)

	store.relay.delivery.interrupt = func(string) error { return nil }
	late := store.incidents.parcel(t.Context(), stored.document, 0)
	late.revision -= 2
	late.outbox = late.outbox[:changes-1]
	if err := store.relay.delivery.clear(t.Context(), []parcel{late}); err != nil {
		t.Fatalf("clear: %v", err)
	}
	if stored, err = store.incidents.current(t.Context(), newIncident(1).Resource.ID); err != nil {
		t.Fatal(err)
	}
	equal(t, "changes in the outbox that was shortened", len(stored.document.Outbox), 2)
	if err := store.touch(t.Context(), 1, 99); err != nil {
		t.Fatalf("Update: %v", err)
	}
	store.mustSettle(t)
	equal(t, "outboxes", store.outboxes(t), 0)
	equal(t, "events", len(store.eventKeys(t)), 2+changes+1)
}

// TestRemoveWaitsForEffects keeps a purged resource until what it has to tell is told.
func TestRemoveWaitsForEffects(t *testing.T) {
	t.Parallel()
	uri := mongodbtest.NewDatabase(t)
	killed := openWithoutRelay(t, uri, "events")
	creation := newIncident(1)
	creation.Resource.Visibility = repository.Purged
	killed.mustCreate(t, creation)
	if err := killed.Incidents().Remove(t.Context(), creation.Resource.ID); !errors.Is(err, repository.ErrConflict) {
		t.Errorf("Remove = %v, want ErrConflict", err)
	}
	other := open(t, uri, Options{Now: later})
	if err := other.sweeper.sweep(t.Context()); err != nil {
		t.Fatalf("sweep: %v", err)
	}
	if err := other.Incidents().Remove(t.Context(), creation.Resource.ID); err != nil {
		t.Errorf("Remove = %v", err)
	}
	equal(t, "events", other.eventKeys(t), []string{eventKey(1, 1), eventKey(1, 2)})
}

// TestUnreadableOutbox has one outbox that can't be read: it is not in the way of the others.
func TestUnreadableOutbox(t *testing.T) {
	t.Parallel()
	store := openWithoutRelay(t, mongodbtest.NewDatabase(t), "effects")
	_, err := store.incidents.stored.InsertOne(t.Context(), bson.D{
		{Key: fieldID, Value: "broken"}, {Key: fieldOutbox, Value: "no array"}, {Key: fieldOutboxTime, Value: time.Unix(0, 0)},
	})
	if err != nil {
		t.Fatal(err)
	}
	store.mustCreate(t, newIncident(1))
	store.mustSettle(t)
	store.relay.delivery.interrupt = func(string) error { return nil }
	store.sweeper.now = later
	if err := store.sweeper.sweep(t.Context()); !errors.Is(err, repository.ErrCorrupt) {
		t.Errorf("sweep = %v, want ErrCorrupt", err)
	}
	equal(t, "events", store.eventKeys(t), []string{eventKey(1, 1), eventKey(1, 2)})
}

// TestFullRelay leaves what its queue has no room for to the sweeper.
func TestFullRelay(t *testing.T) {
	t.Parallel()
	relay := newRelay(nil, nil)
	change := []change{{Revision: 1}}
	relay.add(parcel{id: "large", outbox: change, bytes: maxQueueBytes}, parcel{id: "one too many", outbox: change, bytes: 1})
	equal(t, "parcels", len(relay.queue), 1)
	first, ended := relay.take()
	equal(t, "taken", len(first), 1)
	equal(t, "taken", first[0].id, "large")
	equal(t, "ended", ended, false)
	relay.add(parcel{id: "empty"})
	relay.add(make([]parcel, 3)...)
	equal(t, "parcels with nothing in them", len(relay.queue), 0)
	for range maxQueueParcels + 5 {
		relay.add(parcel{outbox: change})
	}
	equal(t, "parcels", len(relay.queue), maxQueueParcels)
}
