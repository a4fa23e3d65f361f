package repositorytest

import (
	"errors"
	"testing"
	"time"

	"github.com/debriefhq/debrief/repository"
)

func testUpdate(t *testing.T, newRepository func(t *testing.T) repository.Repository) {
	t.Helper()
	runScenarios(t, newRepository, []scenario{
		{"the next revision", updateTwice},
		{"nothing there", func(t *testing.T, store repository.Repository) {
			_, err := store.Incidents().Update(t.Context(), newID(1), func(*repository.Incident) (repository.Effects, error) {
				t.Error("the change was asked for")
				return repository.Effects{}, nil
			})
			if !errors.Is(err, repository.ErrNotFound) {
				t.Errorf("Update = %v, want ErrNotFound", err)
			}
		}},
		{"unchanged, or refused", updateStoresNothing},
		{"what it is found by changes with it", updateIsFound},
		{"an update inside an update", updateInsideUpdate},
	})
}

func updateTwice(t *testing.T, store repository.Repository) {
	create(t, store.Incidents(), newIncident(1), repository.Effects{})
	want := newIncident(1)
	for revision := int64(2); revision <= 3; revision++ {
		want.Revision, want.Summary = revision, newID(int(revision))
		got := update(t, store.Incidents(), newID(1), func(incident *repository.Incident) (repository.Effects, error) {
			check(t, "revision that the change sees", incident.Revision, revision-1)
			incident.Summary, incident.Revision = newID(int(revision)), 99
			return withEvents(newEvent(1, int(revision))), nil
		})
		check(t, "updated", got, want)
		check(t, "read", get(t, store.Incidents(), newID(1)), want)
	}
	check(t, "events", eventKeys(t, store), []string{eventKey(1, 2), eventKey(1, 3)})
}

func updateStoresNothing(t *testing.T, store repository.Repository) {
	create(t, store.Incidents(), newIncident(1), repository.Effects{})
	refused := errors.New("refused")
	for _, reason := range []error{repository.ErrUnchanged, refused} {
		got, err := store.Incidents().Update(t.Context(), newID(1), func(incident *repository.Incident) (repository.Effects, error) {
			incident.Title = "Never stored"
			return withEvents(newEvent(1, 2)), reason
		})
		if reason == repository.ErrUnchanged { //nolint:errorlint // It is the value itself that is returned.
			if err != nil {
				t.Errorf("Update = %v, want none", err)
			}
			check(t, "answer", got, newIncident(1))
		} else if err != reason { //nolint:errorlint // The error is to be returned as it is.
			t.Errorf("Update = %v, want the very error of the change", err)
		}
	}
	check(t, "read", get(t, store.Incidents(), newID(1)), newIncident(1))
	check(t, "events", allEvents(t, store), nil)
}

// updateIsFound expects that after an update a resource is found by its new values, and no longer by its old ones.
func updateIsFound(t *testing.T, store repository.Repository) {
	customers := int64(3)
	before := newIncident(1)
	before.Impact.CustomersAffected = &customers
	create(t, store.Incidents(), before, repository.Effects{})
	start := epoch.Add(time.Hour)
	update(t, store.Incidents(), newID(1), func(incident *repository.Incident) (repository.Effects, error) {
		incident.Title = "Search answers nothing"
		incident.Severity = "SEV1"
		incident.Labels = map[string]string{"service": "search", "region": "eu"}
		incident.Impact.CustomersAffected = nil
		incident.Milestones.StartTime = start
		return repository.Effects{}, nil
	})
	for _, test := range []struct {
		name  string
		where repository.Condition
		found int
	}{
		{"old word", repository.TermIn{repository.Term(repository.WordField("title"), "checkout")}, 0},
		{"kept word", repository.TermIn{repository.Term(repository.WordField("title"), "answers")}, 1},
		{"new word", repository.TermIn{repository.Term(repository.WordField("title"), "search")}, 1},
		{"old label", repository.TermIn{repository.Term("labels.service", "checkout")}, 0},
		{"new label", repository.TermIn{repository.Term("labels.region", "eu")}, 1},
		{"old severity", repository.TermIn{repository.Term("severity", "SEV2")}, 0},
		{"new severity", repository.NumberRange{Field: "severity", Min: 1, Max: 1}, 1},
		{"number that is gone", repository.NumberRange{Field: "impact.customers_affected", Min: 0, Max: 9}, 0},
		{"number that came", repository.NumberRange{Field: "milestones.start_time", Min: start.UnixMilli(), Max: start.UnixMilli()}, 1},
	} {
		check(t, test.name, len(list(t, store.Incidents(), repository.Query{Where: test.where, Limit: 2})), test.found)
	}
}

// updateInsideUpdate loses a race without any goroutine: the outer update must see what the inner one has stored, and
// of the outer one's lost attempt nothing may be seen.
func updateInsideUpdate(t *testing.T, store repository.Repository) {
	create(t, store.Incidents(), newIncident(1), repository.Effects{})
	attempts := 0
	got := update(t, store.Incidents(), newID(1), func(incident *repository.Incident) (repository.Effects, error) {
		attempts++
		if attempts == 1 {
			update(t, store.Incidents(), newID(1), func(incident *repository.Incident) (repository.Effects, error) {
				incident.Summary = "inner"
				return withEvents(newEvent(1, 2)), nil
			})
		}
		incident.Summary += " outer"
		incident.Labels[newID(attempts)] = "yes"
		effects := withEvents(newEvent(1, int(incident.Revision)+1))
		effects.TimelineEntries = []repository.TimelineEntry{newTimelineEntry(80+attempts, 1)}
		return effects, nil
	})
	if attempts < 2 {
		t.Errorf("the change was asked for %d times, want again after it was outrun", attempts)
	}
	check(t, "revision", got.Revision, int64(3))
	check(t, "summary", got.Summary, "inner outer")
	check(t, "labels", got.Labels, map[string]string{"service": "checkout", newID(attempts): "yes"})
	check(t, "read", get(t, store.Incidents(), newID(1)), got)
	check(t, "events", eventKeys(t, store), []string{eventKey(1, 2), eventKey(1, 3)})
	entries := list(t, store.TimelineEntries(), repository.Query{Parent: newID(1), Limit: 5})
	check(t, "timeline entries", ids(repository.TimelineEntrySchema, entries), []string{newID(80 + attempts)})
}
