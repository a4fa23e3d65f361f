package repositorytest

import (
	"errors"
	"testing"

	"github.com/debriefhq/debrief/repository"
)

func testRemove(t *testing.T, newRepository func(t *testing.T) repository.Repository) {
	t.Helper()
	runScenarios(t, newRepository, []scenario{
		{"only what is purged", removeOnlyPurged},
		{"nothing of it stays but its events", removeLeavesEvents},
	})
}

func removeOnlyPurged(t *testing.T, store repository.Repository) {
	createAll(t, store.Incidents(), []repository.Incident{newIncident(1), newIncident(2), newIncident(3), newIncident(4)})
	setVisibility(t, store, newID(2), repository.Deleted)
	purge(t, store, newID(3))
	purge(t, store, newID(4))
	for range 2 { // What is not there is passed over.
		removeSettled(t, store.Incidents(), newID(1), newID(2), newID(3), newID(77))
		left := list(t, store.Incidents(), repository.Query{Visible: repository.Purged, Limit: 9})
		check(t, "left", ids(repository.IncidentSchema, left), []string{newID(1), newID(2), newID(4)})
	}
	if err := store.Incidents().Remove(t.Context()); err != nil {
		t.Errorf("Remove of nothing = %v", err)
	}
}

// removeSettled removes, and waits for effects that are still on their way.
func removeSettled[T any](t *testing.T, writer repository.Writer[T], ids ...string) {
	t.Helper()
	for {
		err := writer.Remove(t.Context(), ids...)
		if err == nil {
			return
		}
		if !errors.Is(err, repository.ErrConflict) {
			t.Fatalf("Remove = %v", err)
		}
	}
}

// removeLeavesEvents expects that id and creation key are free again, that no filter finds it, and that its history
// is told to the end.
func removeLeavesEvents(t *testing.T, store repository.Repository) {
	create(t, store.Incidents(), keyed(1, "key"), withEvents(newEvent(1, 1)))
	update(t, store.Incidents(), newID(1), func(incident *repository.Incident) (repository.Effects, error) {
		incident.Visibility = repository.Purged
		return withEvents(newEvent(1, 2)), nil
	})
	removeSettled(t, store.Incidents(), newID(1))
	check(t, "events", eventKeys(t, store), []string{eventKey(1, 1), eventKey(1, 2)})
	query := repository.Query{Where: repository.TermIn{repository.Term("state", "ACTIVE")}, Visible: repository.Purged, Limit: 2}
	check(t, "found", list(t, store.Incidents(), query), nil)

	again := keyed(1, "key")
	again.State = "RESOLVED"
	create(t, store.Incidents(), again, repository.Effects{})
	check(t, "found by what only the removed one was", list(t, store.Incidents(), query), nil)
	check(t, "read", get(t, store.Incidents(), newID(1)), again)
}
