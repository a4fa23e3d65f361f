package repositorytest

import (
	"errors"
	"testing"

	"github.com/debriefhq/debrief/repository"
)

func testCreate(t *testing.T, newRepository func(t *testing.T) repository.Repository) {
	t.Helper()
	runScenarios(t, newRepository, []scenario{
		{"the results are in the order of the creations", func(t *testing.T, store repository.Repository) {
			var creations []repository.Creation[repository.Incident]
			for _, n := range []int{3, 1, 2} {
				creations = append(creations, repository.Creation[repository.Incident]{
					Resource: newIncident(n), Effects: withEvents(newEvent(n, 1)),
				})
			}
			created, err := store.Incidents().Create(t.Context(), creations...)
			if err != nil {
				t.Fatal(err)
			}
			for i, n := range []int{3, 1, 2} {
				check(t, "created", created[i], repository.Created[repository.Incident]{Resource: newIncident(n)})
			}
			check(t, "events", len(allEvents(t, store)), 3)
		}},
		{"the store sets the revision", func(t *testing.T, store repository.Repository) {
			incident := newIncident(1)
			incident.Revision = 7
			check(t, "created", create(t, store.Incidents(), incident, repository.Effects{}), newIncident(1))
			check(t, "read", get(t, store.Incidents(), newID(1)), newIncident(1))
		}},
		{"nothing to create", func(t *testing.T, store repository.Repository) {
			created, err := store.Incidents().Create(t.Context())
			if err != nil || len(created) != 0 {
				t.Errorf("Create() = %v, %v, want nothing", created, err)
			}
		}},
		{"an id that is taken", createTakenID},
		{"many in one call", func(t *testing.T, store repository.Repository) {
			incidents := make([]repository.Incident, 1200)
			for n := range incidents {
				incidents[n] = newIncident(n)
			}
			createAll(t, store.Incidents(), incidents)
			count, err := store.Incidents().Count(t.Context(), repository.Query{Limit: 2000})
			if err != nil || count != len(incidents) {
				t.Errorf("Count = %d, %v, want %d", count, err, len(incidents))
			}
		}},
	})
}

// createTakenID expects that a resource is not replaced by another with its id, that nothing of the other's effects
// is seen, and that it does not keep others from being created.
func createTakenID(t *testing.T, store repository.Repository) {
	first := create(t, store.Incidents(), newIncident(1), withEvents(newEvent(1, 1)))
	second := newIncident(1)
	second.Title = "Another one"
	effects := withEvents(newEvent(1, 2))
	effects.TimelineEntries = []repository.TimelineEntry{newTimelineEntry(50, 1)}
	_, err := store.Incidents().Create(t.Context(), repository.Creation[repository.Incident]{Resource: second, Effects: effects})
	if !errors.Is(err, repository.ErrAlreadyExists) {
		t.Errorf("Create = %v, want ErrAlreadyExists", err)
	}
	check(t, "the first", get(t, store.Incidents(), newID(1)), first)
	check(t, "events", eventKeys(t, store), []string{eventKey(1, 1)})
	if _, err := store.TimelineEntries().Get(t.Context(), newID(50)); !errors.Is(err, repository.ErrNotFound) {
		t.Errorf("Get of the effect of what was not created = %v, want ErrNotFound", err)
	}
	create(t, store.Incidents(), newIncident(2), repository.Effects{})
}
