package repositorytest

import (
	"reflect"
	"testing"
	"time"

	"github.com/debriefhq/debrief/repository"
)

func testRoundTrip(t *testing.T, newRepository func(t *testing.T) repository.Repository) {
	t.Helper()
	runScenarios(t, newRepository, []scenario{
		{"every field of every resource", func(t *testing.T, store repository.Repository) {
			t.Run("incident", func(t *testing.T) { roundTrip(t, repository.IncidentSchema, store.Incidents(), "") })
			t.Run("timeline entry", func(t *testing.T) {
				roundTrip(t, repository.TimelineEntrySchema, store.TimelineEntries(), newID(900))
			})
			t.Run("post-mortem", func(t *testing.T) { roundTrip(t, repository.PostMortemSchema, store.PostMortems(), "") })
			t.Run("action item", func(t *testing.T) { roundTrip(t, repository.ActionItemSchema, store.ActionItems(), "") })
			t.Run("participant statement", func(t *testing.T) {
				roundTrip(t, repository.ParticipantStatementSchema, store.ParticipantStatements(), newID(900))
			})
			t.Run("ground rules", func(t *testing.T) { roundTrip(t, repository.GroundRulesSchema, store.GroundRules(), "") })
			t.Run("template", func(t *testing.T) {
				roundTrip(t, repository.PostMortemTemplateSchema, store.PostMortemTemplates(), "")
			})
			t.Run("system", func(t *testing.T) { roundTrip(t, repository.SystemSchema, store.Systems(), "") })
			t.Run("mental model", func(t *testing.T) {
				roundTrip(t, repository.MentalModelSchema, store.MentalModels(), newID(900))
			})
			t.Run("rejected delivery", func(t *testing.T) {
				roundTrip(t, repository.RejectedDeliverySchema, store.RejectedDeliveries(), "")
			})
			t.Run("integration", func(t *testing.T) { roundTrip(t, repository.IntegrationSchema, store.Integrations(), "") })
			t.Run("alert", func(t *testing.T) { roundTrip(t, repository.AlertSchema, store.Alerts(), "") })
			t.Run("alert series", func(t *testing.T) { roundTrip(t, repository.AlertSeriesSchema, store.AlertSeries(), newID(900)) })
			t.Run("alert group", func(t *testing.T) { roundTrip(t, repository.AlertGroupSchema, store.AlertGroups(), newID(900)) })
			t.Run("delivery", func(t *testing.T) { roundTrip(t, repository.DeliverySchema, store.Deliveries(), "") })
			t.Run("subscription", func(t *testing.T) { roundTrip(t, repository.SubscriptionSchema, store.Subscriptions(), "") })
			t.Run("API key", func(t *testing.T) { roundTrip(t, repository.APIKeySchema, store.APIKeys(), "") })
			t.Run("audit page", func(t *testing.T) { roundTrip(t, repository.AuditPageSchema, store.AuditPages(), "") })
			t.Run("event delivery", func(t *testing.T) { roundTrip(t, repository.EventDeliverySchema, store.EventDeliveries(), newID(900)) })
		}},
		{"every field of every effect", roundTripOfEffects},
		{"nothing but an id", func(t *testing.T, store repository.Repository) {
			want := repository.Incident{Header: repository.Header{ID: newID(1), Revision: 1}}
			check(t, "created", create(t, store.Incidents(), want, repository.Effects{}), want)
			check(t, "read", get(t, store.Incidents(), newID(1)), want)
		}},
	})
}

// roundTrip creates a resource with all its fields, updates it to one with other values in all its fields, and expects
// that each is answered, read and listed as it was given.
func roundTrip[T any](t *testing.T, schema repository.Schema[T], collection repository.Collection[T], parent string) {
	t.Helper()
	want := completeResource(schema, 1)
	schema.Header(&want).Parent = parent
	check(t, "created", create(t, collection, want, repository.Effects{}), want)
	check(t, "read", get(t, collection, newID(1)), want)

	key := schema.Header(&want).CreationKey
	want = completeResource(schema, 2)
	header := schema.Header(&want)
	header.ID, header.Parent, header.CreationKey, header.Revision = newID(1), parent, key, 2
	updated := update(t, collection, newID(1), func(resource *T) (repository.Effects, error) {
		*resource = want
		return repository.Effects{}, nil
	})
	check(t, "updated", updated, want)
	got := get(t, collection, newID(1))
	check(t, "read after the update", got, want)
	checkUTC(t, reflect.ValueOf(got))
	check(t, "listed", list(t, collection, repository.Query{Parent: parent, Limit: 2}), []T{want})
}

func roundTripOfEffects(t *testing.T, store repository.Repository) {
	entry := completeResource(repository.TimelineEntrySchema, 11)
	entry.Parent = newID(1)
	item := completeResource(repository.ActionItemSchema, 12)
	revision := completeResource(repository.PostMortemRevisionSchema, 13)
	revision.ID, revision.Parent = repository.RevisionID(newID(2), 1), newID(2)
	known := completeResource(repository.SystemRevisionSchema, 15)
	known.ID, known.Parent = repository.RevisionID("checkout", 1), "checkout"
	event := completeResource(repository.EventSchema, 14)
	effects := repository.Effects{
		Events:              []repository.Event{event},
		TimelineEntries:     []repository.TimelineEntry{entry},
		ActionItems:         []repository.ActionItem{item},
		PostMortemRevisions: []repository.PostMortemRevision{revision},
		SystemRevisions:     []repository.SystemRevision{known},
	}
	create(t, store.Incidents(), newIncident(1), effects)

	event.ID = repository.EventID(1)
	check(t, "event", list(t, store.Events(), repository.Query{Limit: 2}), []repository.Event{event})
	check(t, "timeline entry", get(t, store.TimelineEntries(), entry.ID), entry)
	check(t, "action item", get(t, store.ActionItems(), item.ID), item)
	got := get(t, store.PostMortemRevisions(), revision.ID)
	check(t, "post-mortem revision", got, revision)
	check(t, "system revision", get(t, store.SystemRevisions(), known.ID), known)
	checkUTC(t, reflect.ValueOf(got))
}

// checkUTC sees to it that every time is in UTC, which is more than that it is the same instant.
func checkUTC(t *testing.T, value reflect.Value) {
	t.Helper()
	switch value.Kind() {
	case reflect.Struct:
		if at, ok := reflect.TypeAssert[time.Time](value); ok {
			if at.Location() != time.UTC {
				t.Errorf("a time is in %s, want UTC", at.Location())
			}
			return
		}
		for _, field := range value.Fields() {
			checkUTC(t, field)
		}
	case reflect.Slice:
		for i := range value.Len() {
			checkUTC(t, value.Index(i))
		}
	case reflect.Pointer:
		if !value.IsNil() {
			checkUTC(t, value.Elem())
		}
	default:
	}
}
