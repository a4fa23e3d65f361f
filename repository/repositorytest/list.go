package repositorytest

import (
	"testing"

	"github.com/debriefhq/debrief/repository"
)

// testList lists with many kinds of queries, and expects what an evaluation in memory gives.
func testList(t *testing.T, newRepository func(t *testing.T) repository.Repository) {
	t.Helper()
	const incident, postMortem = 5000, 6000
	runScenarios(t, newRepository, []scenario{
		{"incidents", func(t *testing.T, store repository.Repository) {
			resources := randomResources(newRandom(1), repository.IncidentSchema, 120, 0)
			createAll(t, store.Incidents(), resources)
			listed(t, repository.IncidentSchema, store.Incidents(), resources)
		}},
		{"timeline entries", func(t *testing.T, store repository.Repository) {
			resources := randomResources(newRandom(2), repository.TimelineEntrySchema, 80, incident)
			createAll(t, store.TimelineEntries(), resources)
			listed(t, repository.TimelineEntrySchema, store.TimelineEntries(), resources)
		}},
		{"post-mortems", func(t *testing.T, store repository.Repository) {
			resources := randomResources(newRandom(3), repository.PostMortemSchema, 80, 0)
			createAll(t, store.PostMortems(), resources)
			listed(t, repository.PostMortemSchema, store.PostMortems(), resources)
		}},
		{"post-mortem revisions", func(t *testing.T, store repository.Repository) {
			resources := randomResources(newRandom(4), repository.PostMortemRevisionSchema, 30, postMortem)
			create(t, store.Incidents(), newIncident(1), repository.Effects{PostMortemRevisions: resources})
			listed(t, repository.PostMortemRevisionSchema, store.PostMortemRevisions(), resources)
		}},
		{"action items", func(t *testing.T, store repository.Repository) {
			resources := randomResources(newRandom(5), repository.ActionItemSchema, 80, 0)
			createAll(t, store.ActionItems(), resources)
			listed(t, repository.ActionItemSchema, store.ActionItems(), resources)
		}},
		{"rejected deliveries", func(t *testing.T, store repository.Repository) {
			resources := randomResources(newRandom(6), repository.RejectedDeliverySchema, 40, 0)
			createAll(t, store.RejectedDeliveries(), resources)
			listed(t, repository.RejectedDeliverySchema, store.RejectedDeliveries(), resources)
		}},
		{"events", func(t *testing.T, store repository.Repository) {
			resources := randomResources(newRandom(7), repository.EventSchema, 80, 0)
			for i := range resources {
				resources[i].ID, resources[i].CreationKey = repository.EventID(int64(i+1)), newID(i)
				resources[i].Visibility = repository.Live
			}
			create(t, store.Incidents(), newIncident(1), withEvents(resources...))
			listed(t, repository.EventSchema, store.Events(), resources)
		}},
	})
}

// listed asks for the resources in many ways.
func listed[T any](t *testing.T, schema repository.Schema[T], reader repository.Reader[T], resources []T) {
	t.Helper()
	const queries = 150
	querier := querier[T]{random: newRandom(uint64(len(resources))), schema: schema, resources: resources}
	found := 0
	for range queries {
		query := querier.query()
		want := evaluate(schema, resources, query)
		found += len(want)
		got, err := reader.List(t.Context(), query)
		if err != nil {
			t.Fatalf("List: %v\n%s", err, describe(query))
		}
		check(t, describe(query), ids(schema, got), ids(schema, want))
		count, err := reader.Count(t.Context(), query)
		if err != nil {
			t.Fatalf("Count: %v\n%s", err, describe(query))
		}
		check(t, "count of "+describe(query), count, len(want))
		if t.Failed() {
			return
		}
	}
	if found < queries {
		t.Errorf("%d queries found %d resources: they say little", queries, found)
	}
	all := repository.Query{Visible: repository.Purged, Limit: 1000}
	if !schema.Scoped {
		check(t, "all", list(t, reader, all), evaluate(schema, resources, all))
	}
}
