package repositorytest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/debriefhq/debrief/repository"
)

func testEvents(t *testing.T, newRepository func(t *testing.T) repository.Repository) {
	t.Helper()
	runScenarios(t, newRepository, []scenario{
		{"one feed of all resources", eventsOfAllResources},
		{"many writers and a reader", eventsOfManyWriters},
	})
}

func eventsOfAllResources(t *testing.T, store repository.Repository) {
	check(t, "feed of an empty store", allEvents(t, store), nil)
	create(t, store.Incidents(), newIncident(1), withEvents(newEvent(1, 1)))
	create(t, store.PostMortems(), repository.PostMortem{Header: newHeader(2)}, withEvents(newEvent(2, 1)))
	create(t, store.ActionItems(), newActionItem(3), withEvents(newEvent(3, 1), newEvent(4, 1)))
	create(t, store.TimelineEntries(), newTimelineEntry(5, 1), withEvents(newEvent(5, 1)))
	var want []repository.Event
	for i, n := range []int{1, 2, 3, 4, 5} {
		event := newEvent(n, 1)
		event.ID, event.Revision = repository.EventID(int64(i+1)), 1
		want = append(want, event)
	}
	check(t, "feed", allEvents(t, store), want)
	check(t, "event that is read", get(t, store.Events(), repository.EventID(4)), want[3])
	check(t, "newest event", list(t, store.Events(), repository.Query{Descending: true, Limit: 1}), want[4:])
	resource := repository.TermIn{repository.Term("resource", incidentNamed(2))}
	check(t, "events of one resource", list(t, store.Events(), repository.Query{Where: resource, Limit: 9}), want[1:2])
	if _, err := store.Events().Get(t.Context(), repository.EventID(6)); !errors.Is(err, repository.ErrNotFound) {
		t.Errorf("Get of an event that is none yet = %v, want ErrNotFound", err)
	}
}

// eventsOfManyWriters expects that the feed has no gap at any time, keeps each resource's order, and in the end tells of
// each change once.
func eventsOfManyWriters(t *testing.T, store repository.Repository) {
	const writers, resources, updates = 6, 4, 3
	reading, stop := context.WithCancel(t.Context())
	var reader, all sync.WaitGroup
	reader.Go(func() { followEvents(reading, t, store) })
	var want []string
	for writer := range writers {
		for n := range resources {
			for revision := 1; revision <= updates+1; revision++ {
				want = append(want, eventKey(writer*10+n, revision))
			}
		}
		all.Go(func() {
			for n := range resources {
				writeHistory(t, store, writer*10+n, updates)
			}
		})
	}
	all.Wait()
	stop()
	reader.Wait()

	events := allEvents(t, store)
	latest := map[string]int64{}
	var keys []string
	for i, event := range events {
		check(t, "sequence", event.Sequence(), int64(i+1))
		check(t, "revision after the one before", event.ResourceRevision, latest[event.Resource]+1)
		latest[event.Resource] = event.ResourceRevision
		keys = append(keys, event.CreationKey)
	}
	slices.Sort(keys)
	check(t, "events", keys, want)
}

func writeHistory(t *testing.T, store repository.Repository, n, updates int) {
	t.Helper()
	creation := repository.Creation[repository.Incident]{Resource: newIncident(n), Effects: withEvents(newEvent(n, 1))}
	if _, err := store.Incidents().Create(t.Context(), creation); err != nil {
		t.Errorf("Create: %v", err)
	}
	for range updates {
		_, err := store.Incidents().Update(t.Context(), newID(n), func(incident *repository.Incident) (repository.Effects, error) {
			incident.Summary += "."
			return withEvents(newEvent(n, int(incident.Revision)+1)), nil
		})
		if err != nil {
			t.Errorf("Update: %v", err)
		}
	}
}

// followEvents reads the feed as a consumer does, from where it stopped, until the context ends.
func followEvents(ctx context.Context, t *testing.T, store repository.Repository) {
	t.Helper()
	var last int64
	for ctx.Err() == nil {
		page, err := store.Events().List(ctx, repository.Query{After: &repository.Position{ID: repository.EventID(last)}, Limit: 7})
		if errors.Is(err, context.Canceled) {
			return
		}
		if err != nil {
			t.Errorf("List: %v", err)
			return
		}
		for _, event := range page {
			if event.Sequence() != last+1 {
				t.Errorf("event %d follows event %d", event.Sequence(), last)
				return
			}
			last = event.Sequence()
		}
	}
}
