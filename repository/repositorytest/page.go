package repositorytest

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/debriefhq/debrief/repository"
)

// testPage stops and resumes a list at every place.
func testPage(t *testing.T, newRepository func(t *testing.T) repository.Repository) {
	t.Helper()
	const parent = 5000
	runScenarios(t, newRepository, []scenario{
		{"incidents", func(t *testing.T, store repository.Repository) {
			createAll(t, store.Incidents(), randomResources(newRandom(11), repository.IncidentSchema, 40, 0))
			paged(t, repository.IncidentSchema, store.Incidents(), repository.Query{
				Where: repository.Not{Condition: repository.TermIn{repository.Term("kind", "NEAR_MISS")}},
			})
		}},
		{"timeline entries", func(t *testing.T, store repository.Repository) {
			createAll(t, store.TimelineEntries(), randomResources(newRandom(12), repository.TimelineEntrySchema, 30, parent))
			paged(t, repository.TimelineEntrySchema, store.TimelineEntries(), repository.Query{Parent: newID(parent)})
		}},
		{"action items", func(t *testing.T, store repository.Repository) {
			createAll(t, store.ActionItems(), randomResources(newRandom(13), repository.ActionItemSchema, 20, 0))
			paged(t, repository.ActionItemSchema, store.ActionItems(), repository.Query{
				Where: repository.TermIn{repository.Term("state", "ACTIVE"), repository.Term("state", "CLOSED")},
			})
		}},
		{"ids that differ only at their end", pageCloseIDs},
		{"something is created and something removed between two pages", pageWhileWriting},
	})
}

// paged tries each order, both ways.
func paged[T any](t *testing.T, schema repository.Schema[T], reader repository.Reader[T], query repository.Query) {
	t.Helper()
	query.Visible = repository.Deleted
	for _, field := range append(schema.Fields, repository.Field[T]{Ordered: true}) {
		if !field.Ordered {
			continue
		}
		for _, descending := range []bool{false, true} {
			query.OrderBy, query.Descending = field.Name, descending
			t.Run(fmt.Sprintf("by %q descending %t", field.Name, descending), func(t *testing.T) {
				cut(t, schema, reader, query)
			})
		}
	}
}

// cut expects that a list that stops anywhere goes on with just what would have come next.
func cut[T any](t *testing.T, schema repository.Schema[T], reader repository.Reader[T], query repository.Query) {
	t.Helper()
	query.Limit = 100
	whole := list(t, reader, query)
	if len(whole) < 8 {
		t.Fatalf("%d resources are too few to cut", len(whole))
	}
	for i := range whole {
		position := schema.Position(query, &whole[i])
		rest := query
		rest.After = &position
		check(t, fmt.Sprintf("after %d", i+1), ids(schema, list(t, reader, rest)), ids(schema, whole[i+1:]))
		rest.Limit = 3
		check(t, fmt.Sprintf("the next 3 after %d", i+1),
			ids(schema, list(t, reader, rest)), ids(schema, whole[i+1:min(i+4, len(whole))]))
	}
}

// pageCloseIDs expects the order of ids whatever they have in common and in whichever order they come, and that it
// stays so when some of them change or go, and others come between them.
func pageCloseIDs(t *testing.T, store repository.Repository) {
	chaos := newRandom(14)
	want := map[string]bool{}
	for round := range 4 {
		for range 10 {
			incident := newIncident(1)
			incident.ID = fmt.Sprintf("%s%c%03d", newID(1)[:22], pick(chaos, []rune("0AZaz~é")), chaos.IntN(1000))
			if !want[incident.ID] {
				create(t, store.Incidents(), incident, repository.Effects{})
			}
			want[incident.ID] = true
		}
		for _, id := range slices.Sorted(maps.Keys(want)) {
			if chaos.IntN(6) == 0 {
				purge(t, store, id)
				removeSettled(t, store.Incidents(), id)
				delete(want, id)
			}
		}
		query := repository.Query{Where: repository.TermIn{repository.Term("state", "ACTIVE")}, Limit: 100, Descending: round%2 == 0}
		cut(t, repository.IncidentSchema, store.Incidents(), query)
		got := ids(repository.IncidentSchema, list(t, store.Incidents(), query))
		if query.Descending {
			slices.Reverse(got)
		}
		check(t, "ids", got, slices.Sorted(maps.Keys(want)))
		query.OrderBy = "severity"
		cut(t, repository.IncidentSchema, store.Incidents(), query)
	}
}

// pageWhileWriting expects that a page begins behind its position even when what stood there is gone, and neither
// repeats nor misses what was there all the time.
func pageWhileWriting(t *testing.T, store repository.Repository) {
	incidents := make([]repository.Incident, 10)
	for n := range incidents {
		incidents[n] = newIncident(n * 10)
	}
	createAll(t, store.Incidents(), incidents)
	query := repository.Query{OrderBy: "severity", Descending: true, Limit: 4}
	first := list(t, store.Incidents(), query)
	check(t, "first page", ids(repository.IncidentSchema, first), []string{newID(90), newID(80), newID(70), newID(60)})

	create(t, store.Incidents(), newIncident(95), repository.Effects{})
	create(t, store.Incidents(), newIncident(55), repository.Effects{})
	purge(t, store, newID(60))
	if err := store.Incidents().Remove(t.Context(), newID(60)); err != nil {
		t.Fatalf("Remove: %v", err)
	}
	position := repository.IncidentSchema.Position(query, &first[3])
	query.After = &position
	second := list(t, store.Incidents(), query)
	check(t, "second page", ids(repository.IncidentSchema, second), []string{newID(55), newID(50), newID(40), newID(30)})
}
