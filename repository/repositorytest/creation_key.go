package repositorytest

import (
	"slices"
	"sync"
	"testing"

	"github.com/debriefhq/debrief/repository"
)

func testCreationKey(t *testing.T, newRepository func(t *testing.T) repository.Repository) {
	t.Helper()
	runScenarios(t, newRepository, []scenario{
		{"the second time", creationKeyTwice},
		{"of what is purged", creationKeyOfPurged},
		{"is found by", creationKeyFinds},
		{"in one call", creationKeyInOneCall},
		{"many at once", creationKeyConcurrently},
		{"many batches at once", creationKeyInConcurrentBatches},
		{"each collection has its own", func(t *testing.T, store repository.Repository) {
			create(t, store.Incidents(), keyed(1, "key"), repository.Effects{})
			item := newActionItem(2)
			item.CreationKey = "key"
			create(t, store.ActionItems(), item, repository.Effects{})
		}},
	})
}

func keyed(n int, key string) repository.Incident {
	incident := newIncident(n)
	incident.CreationKey = key
	return incident
}

// creationKeyTwice expects the first resource again as it is now, also under the same id, and no effect of the others.
func creationKeyTwice(t *testing.T, store repository.Repository) {
	create(t, store.Incidents(), keyed(1, "key"), withEvents(newEvent(1, 1)))
	changed := update(t, store.Incidents(), newID(1), func(incident *repository.Incident) (repository.Effects, error) {
		incident.Title = "Changed meanwhile"
		return repository.Effects{}, nil
	})
	for _, n := range []int{2, 1} {
		effects := withEvents(newEvent(n, 9))
		effects.ActionItems = []repository.ActionItem{newActionItem(70 + n)}
		created, err := store.Incidents().Create(t.Context(),
			repository.Creation[repository.Incident]{Resource: keyed(n, "key"), Effects: effects})
		if err != nil {
			t.Fatal(err)
		}
		check(t, "created", created, []repository.Created[repository.Incident]{{Resource: changed, Existed: true}})
	}
	check(t, "events", eventKeys(t, store), []string{eventKey(1, 1)})
	check(t, "incidents", list(t, store.Incidents(), repository.Query{Limit: 5}), []repository.Incident{changed})
	check(t, "action items", list(t, store.ActionItems(), repository.Query{Limit: 5}), nil)
}

// creationKeyOfPurged expects that a key stays taken until its resource is removed.
func creationKeyOfPurged(t *testing.T, store repository.Repository) {
	create(t, store.Incidents(), keyed(1, "key"), repository.Effects{})
	purged := setVisibility(t, store, newID(1), repository.Purged)
	created, err := store.Incidents().Create(t.Context(), repository.Creation[repository.Incident]{Resource: keyed(2, "key")})
	if err != nil {
		t.Fatal(err)
	}
	check(t, "created", created, []repository.Created[repository.Incident]{{Resource: purged, Existed: true}})
}

// creationKeyFinds expects what has the keys, as it is now, and nothing of what is purged, has no key, or is not there.
func creationKeyFinds(t *testing.T, store repository.Repository) {
	for n, key := range []string{"", "a", "b", "c", "d"} {
		create(t, store.Incidents(), keyed(n+1, key), repository.Effects{})
	}
	changed := update(t, store.Incidents(), newID(2), func(incident *repository.Incident) (repository.Effects, error) {
		incident.Title = "Changed meanwhile"
		return repository.Effects{}, nil
	})
	deleted := setVisibility(t, store, newID(3), repository.Deleted)
	setVisibility(t, store, newID(4), repository.Purged)
	found, err := store.Incidents().Find(t.Context(), "a", "b", "c", "nowhere", "a")
	if err != nil {
		t.Fatal(err)
	}
	check(t, "found", found, map[string]repository.Incident{"a": changed, "b": deleted})
	if found, err = store.Incidents().Find(t.Context()); err != nil || len(found) > 0 {
		t.Errorf("by no key: %v, %v", found, err)
	}
}

func creationKeyInOneCall(t *testing.T, store repository.Repository) {
	create(t, store.Incidents(), keyed(1, "old"), repository.Effects{})
	creations := []repository.Creation[repository.Incident]{
		{Resource: keyed(2, "new"), Effects: withEvents(newEvent(2, 1))},
		{Resource: keyed(3, "old"), Effects: withEvents(newEvent(3, 1))},
		{Resource: keyed(4, "new"), Effects: withEvents(newEvent(4, 1))},
		{Resource: newIncident(5), Effects: withEvents(newEvent(5, 1))},
	}
	created, err := store.Incidents().Create(t.Context(), creations...)
	if err != nil {
		t.Fatal(err)
	}
	check(t, "created", created, []repository.Created[repository.Incident]{
		{Resource: keyed(2, "new")},
		{Resource: keyed(1, "old"), Existed: true},
		{Resource: keyed(2, "new"), Existed: true},
		{Resource: newIncident(5)},
	})
	keys := eventKeys(t, store)
	slices.Sort(keys)
	check(t, "events", keys, []string{eventKey(2, 1), eventKey(5, 1)})
}

// creationKeyConcurrently expects that of many creations with one key exactly one creates, and all get the same.
func creationKeyConcurrently(t *testing.T, store repository.Repository) {
	const callers = 16
	results := make([]repository.Created[repository.Incident], callers)
	var all sync.WaitGroup
	for n := range callers {
		all.Go(func() {
			created, err := store.Incidents().Create(t.Context(),
				repository.Creation[repository.Incident]{Resource: keyed(n, "key"), Effects: withEvents(newEvent(n, 1))})
			if err != nil {
				t.Errorf("Create: %v", err)
				return
			}
			results[n] = created[0]
		})
	}
	all.Wait()
	stored := list(t, store.Incidents(), repository.Query{Limit: callers})
	if len(stored) != 1 {
		t.Fatalf("%d incidents are stored, want 1", len(stored))
	}
	fresh := 0
	for _, result := range results {
		check(t, "result", result.Resource, stored[0])
		if !result.Existed {
			fresh++
		}
	}
	check(t, "callers that are told that theirs is new", fresh, 1)
	check(t, "events", len(allEvents(t, store)), 1)
}

// creationKeyInConcurrentBatches expects the same of batches that hold the same keys in different orders.
func creationKeyInConcurrentBatches(t *testing.T, store repository.Repository) {
	const callers, keys = 8, 40
	var all sync.WaitGroup
	for caller := range callers {
		all.Go(func() {
			creations := make([]repository.Creation[repository.Incident], keys)
			for i := range creations {
				key := (i + caller*7) % keys
				n := caller*1000 + key
				creations[i] = repository.Creation[repository.Incident]{
					Resource: keyed(n, newID(key)), Effects: withEvents(newEvent(n, 1)),
				}
			}
			created, err := store.Incidents().Create(t.Context(), creations...)
			if err != nil {
				t.Errorf("Create: %v", err)
				return
			}
			for i, result := range created {
				check(t, "key", result.Resource.CreationKey, creations[i].Resource.CreationKey)
			}
		})
	}
	all.Wait()
	check(t, "incidents", len(list(t, store.Incidents(), repository.Query{Limit: 1000})), keys)
	check(t, "events", len(allEvents(t, store)), keys)
}
