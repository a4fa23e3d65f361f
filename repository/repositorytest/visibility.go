package repositorytest

import (
	"errors"
	"testing"

	"github.com/debriefhq/debrief/repository"
)

func testVisibility(t *testing.T, newRepository func(t *testing.T) repository.Repository) {
	t.Helper()
	runScenarios(t, newRepository, []scenario{
		{"live, deleted, live again, purged", func(t *testing.T, store repository.Repository) {
			create(t, store.Incidents(), newIncident(1), repository.Effects{})
			seen(t, store, true, 1, 1, 1)
			setVisibility(t, store, newID(1), repository.Deleted)
			seen(t, store, true, 0, 1, 1)
			setVisibility(t, store, newID(1), repository.Live)
			seen(t, store, true, 1, 1, 1)
			setVisibility(t, store, newID(1), repository.Deleted)
			purge(t, store, newID(1))
			seen(t, store, false, 0, 0, 1)
		}},
		{"what is purged does not change again", func(t *testing.T, store repository.Repository) {
			create(t, store.Incidents(), newIncident(1), repository.Effects{})
			purge(t, store, newID(1))
			_, err := store.Incidents().Update(t.Context(), newID(1), func(*repository.Incident) (repository.Effects, error) {
				t.Error("the change was asked for")
				return repository.Effects{}, nil
			})
			if !errors.Is(err, repository.ErrNotFound) {
				t.Errorf("Update = %v, want ErrNotFound", err)
			}
		}},
	})
}

// seen expects that Get finds the incident or not, and that so many are listed with each visibility.
func seen(t *testing.T, store repository.Repository, found bool, counts ...int) {
	t.Helper()
	_, err := store.Incidents().Get(t.Context(), newID(1))
	if found && err != nil || !found && !errors.Is(err, repository.ErrNotFound) {
		t.Errorf("Get = %v, want it found: %t", err, found)
	}
	for visible, want := range counts {
		query := repository.Query{Visible: repository.Visibility(visible), Limit: 2}
		check(t, "listed", len(list(t, store.Incidents(), query)), want)
		query.Where = repository.TermIn{repository.Term("state", "ACTIVE")}
		check(t, "listed by a term", len(list(t, store.Incidents(), query)), want)
	}
}

func setVisibility(t *testing.T, store repository.Repository, id string, visibility repository.Visibility) repository.Incident {
	t.Helper()
	return update(t, store.Incidents(), id, func(incident *repository.Incident) (repository.Effects, error) {
		incident.Visibility = visibility
		return repository.Effects{}, nil
	})
}

func purge(t *testing.T, store repository.Repository, id string) {
	t.Helper()
	setVisibility(t, store, id, repository.Purged)
}
