package repositorytest

import (
	"errors"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/debriefhq/debrief/repository"
)

func testConcurrentUpdates(t *testing.T, newRepository func(t *testing.T) repository.Repository) {
	t.Helper()
	runScenarios(t, newRepository, []scenario{
		{"one resource", concurrentUpdatesOfOne},
		{"one field each", concurrentUpdatesOfFields},
	})
}

// concurrentUpdatesOfOne expects that of any number of concurrent writers exactly one wins each revision, that each sees
// the result of the one before, and that the feed tells of all, in order.
func concurrentUpdatesOfOne(t *testing.T, store repository.Repository) {
	const writers, rounds = 8, 5
	incident := newIncident(1)
	incident.Summary = "0"
	create(t, store.Incidents(), incident, repository.Effects{})
	var (
		all  sync.WaitGroup
		lock sync.Mutex
		won  []int64
	)
	for range writers {
		all.Go(func() {
			for range rounds {
				updated, err := persist(t, store, increment)
				if err != nil {
					t.Errorf("Update: %v", err)
					return
				}
				lock.Lock()
				won = append(won, updated.Revision)
				lock.Unlock()
			}
		})
	}
	all.Wait()
	slices.Sort(won)
	var want []int64
	var keys []string
	for revision := 2; revision <= 1+writers*rounds; revision++ {
		want = append(want, int64(revision))
		keys = append(keys, eventKey(1, revision))
	}
	check(t, "revisions that were won", won, want)
	check(t, "sum", get(t, store.Incidents(), newID(1)).Summary, strconv.Itoa(writers*rounds))
	check(t, "events", eventKeys(t, store), keys)
}

func increment(incident *repository.Incident) (repository.Effects, error) {
	count, err := strconv.Atoi(incident.Summary)
	incident.Summary = strconv.Itoa(count + 1)
	return withEvents(newEvent(1, int(incident.Revision)+1)), err
}

// persist updates the first incident, and goes on when others were faster too many times: that is an answer a store may
// give, and then nothing may be stored.
func persist(
	t *testing.T, store repository.Repository, change func(*repository.Incident) (repository.Effects, error),
) (repository.Incident, error) {
	t.Helper()
	for {
		updated, err := store.Incidents().Update(t.Context(), newID(1), change)
		if !errors.Is(err, repository.ErrConflict) {
			return updated, err
		}
	}
}

func concurrentUpdatesOfFields(t *testing.T, store repository.Repository) {
	const writers = 12
	create(t, store.Incidents(), newIncident(1), repository.Effects{})
	want := map[string]string{"service": "checkout"}
	var all sync.WaitGroup
	for n := range writers {
		want[newID(n)] = "here"
		all.Go(func() {
			_, err := persist(t, store, func(incident *repository.Incident) (repository.Effects, error) {
				incident.Labels[newID(n)] = "here"
				return repository.Effects{}, nil
			})
			if err != nil {
				t.Errorf("Update: %v", err)
			}
		})
	}
	all.Wait()
	got := get(t, store.Incidents(), newID(1))
	check(t, "labels", got.Labels, want)
	check(t, "revision", got.Revision, int64(writers+1))
	for n := range writers {
		where := repository.TermIn{repository.Term("labels."+newID(n), "here")}
		check(t, "found by label", len(list(t, store.Incidents(), repository.Query{Where: where, Limit: 2})), 1)
	}
}
