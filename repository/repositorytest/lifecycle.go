package repositorytest

import (
	"errors"
	"testing"

	"github.com/debriefhq/debrief/repository"
)

func testLifecycle(t *testing.T, newRepository func(t *testing.T) repository.Repository) {
	t.Helper()
	runScenarios(t, newRepository, []scenario{
		{"nothing there", func(t *testing.T, store repository.Repository) {
			if err := store.Ping(t.Context()); err != nil {
				t.Errorf("Ping = %v", err)
			}
			for _, id := range []string{"", newID(1), "$ne", "no/id", "\U0010FFFF"} {
				if _, err := store.Incidents().Get(t.Context(), id); !errors.Is(err, repository.ErrNotFound) {
					t.Errorf("Get(%q) = %v, want ErrNotFound", id, err)
				}
			}
			check(t, "incidents", list(t, store.Incidents(), repository.Query{Limit: 1}), nil)
		}},
		{"closed", func(t *testing.T, store repository.Repository) {
			create(t, store.Incidents(), newIncident(1), repository.Effects{})
			for range 2 { // Closing twice does no harm.
				if err := store.Close(t.Context()); err != nil {
					t.Errorf("Close = %v", err)
				}
			}
			creation := repository.Creation[repository.Incident]{Resource: newIncident(2)}
			for _, err := range []error{
				second(store.Incidents().Get(t.Context(), newID(1))),
				second(store.Incidents().List(t.Context(), repository.Query{Limit: 1})),
				second(store.Incidents().Create(t.Context(), creation)),
				second(store.Incidents().Update(t.Context(), newID(1), rename)),
				store.Incidents().Remove(t.Context(), newID(1)),
				store.Ping(t.Context()),
			} {
				if !errors.Is(err, repository.ErrUnavailable) {
					t.Errorf("after Close: %v, want ErrUnavailable", err)
				}
			}
		}},
	})
}
