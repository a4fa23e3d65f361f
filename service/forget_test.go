package service

import (
	"context"
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/repository/mongodb"
	"github.com/debriefhq/debrief/repository/mongodb/mongodbtest"
	"github.com/debriefhq/debrief/repository/sqlite"
)

// forgotten is the name that is to be found nowhere.
const forgotten = "marguerite"

// told is what a field says of her.
var told = map[namePlace]string{
	personPlace: forgotten, valuePlace: forgotten, textPlace: "Then Marguerite, and MARGUERITE again.", accountPlace: "By marguerite.",
	addressPlace: forgotten,
}

// tellEverywhere has every field of a value in which a name can stand tell of her.
func tellEverywhere(value reflect.Value) {
	switch value.Kind() {
	case reflect.Pointer:
		value.Set(reflect.New(value.Type().Elem()))
		tellEverywhere(value.Elem())
	case reflect.Slice:
		value.Set(reflect.MakeSlice(value.Type(), 1, 1))
		tellEverywhere(value.Index(0))
	case reflect.Struct:
		for i := range value.NumField() {
			if field := value.Type().Field(i); field.IsExported() && field.Name != "Header" {
				tellField(value.Field(i), places[value.Type().Name()+"."+field.Name])
			}
		}
	default: // It holds no text, or one that is no place.
	}
}

func tellField(field reflect.Value, place namePlace) {
	switch held := field.Addr().Interface().(type) {
	case *string:
		*held = told[place]
	case *[]string:
		*held = []string{told[place]}
	case *map[string]string:
		*held = map[string]string{"about": told[place]}
	case *[]byte:
		*held = []byte(told[place])
	default:
		tellEverywhere(field)
	}
}

// naming is a resource that tells of her wherever one can.
func naming[T any](schema repository.Schema[T], id string) T {
	var resource T
	tellEverywhere(reflect.ValueOf(&resource).Elem())
	*schema.Header(&resource) = repository.Header{ID: id, Parent: "01JD3V2Q6R8T0W2Y4A6C8E0G2J", Revision: 1}
	return resource
}

func keep[T any](t *testing.T, schema repository.Schema[T], writer repository.Writer[T], effects repository.Effects) {
	t.Helper()
	resource := naming(schema, "01JD3V2Q6R8T0W2Y4A6C8E0G2J")
	schema.Header(&resource).Visibility = repository.Deleted
	if _, err := writer.Create(t.Context(), repository.Creation[T]{Resource: resource, Effects: effects}); err != nil {
		t.Fatal(err)
	}
}

// tellAll has a store tell of her in a resource of each kind.
func tellAll(t *testing.T, store repository.Repository) {
	t.Helper()
	event := naming(repository.EventSchema, "")
	event.Header = repository.Header{CreationKey: "01JD3V2Q6R8T0W2Y4A6C8E0G2J"}
	keep(t, repository.IncidentSchema, store.Incidents(), repository.Effects{Events: []repository.Event{event}})
	keep(t, repository.TimelineEntrySchema, store.TimelineEntries(), repository.Effects{})
	keep(t, repository.PostMortemSchema, store.PostMortems(), repository.Effects{
		PostMortemRevisions: []repository.PostMortemRevision{naming(repository.PostMortemRevisionSchema, "01JD3V2Q6R8T0W2Y4A6C8E0G2J-000000001")},
	})
	keep(t, repository.ActionItemSchema, store.ActionItems(), repository.Effects{})
	keep(t, repository.ParticipantStatementSchema, store.ParticipantStatements(), repository.Effects{})
	keep(t, repository.GroundRulesSchema, store.GroundRules(), repository.Effects{})
	keep(t, repository.PostMortemTemplateSchema, store.PostMortemTemplates(), repository.Effects{})
	keep(t, repository.SystemSchema, store.Systems(), repository.Effects{
		SystemRevisions: []repository.SystemRevision{naming(repository.SystemRevisionSchema, "01JD3V2Q6R8T0W2Y4A6C8E0G2J-000000001")},
	})
	keep(t, repository.MentalModelSchema, store.MentalModels(), repository.Effects{})
	keep(t, repository.IntegrationSchema, store.Integrations(), repository.Effects{})
	keep(t, repository.AlertSchema, store.Alerts(), repository.Effects{})
	keep(t, repository.SubscriptionSchema, store.Subscriptions(), repository.Effects{})
	keep(t, repository.APIKeySchema, store.APIKeys(), repository.Effects{})
	keep(t, repository.EventDeliverySchema, store.EventDeliveries(), repository.Effects{})
}

// holding are the kinds of which a document has a word in it.
func holding(t *testing.T, store repository.Repository, word string) (kinds []string) {
	t.Helper()
	for document, err := range store.Dump(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(strings.ToLower(string(document.Content)), word) {
			kinds = append(kinds, document.Kind)
		}
	}
	return kinds
}

// everyKind are the kinds that keep names.
var everyKind = []string{
	"action_items", "alerts", "api_keys", "event_deliveries", "events", "ground_rules", "incidents", "integrations", "mental_models",
	"participant_statements", "post_mortem_revisions", "post_mortem_templates", "post_mortems", "subscriptions", "system_revisions", "systems",
	"timeline_entries",
}

// onEmptyStores runs a test on a store of each kind.
func onEmptyStores(t *testing.T, test func(t *testing.T, store repository.Repository)) {
	t.Helper()
	for name, open := range map[string]func(*testing.T) (repository.Repository, error){
		"sqlite": func(t *testing.T) (repository.Repository, error) {
			t.Helper()
			return sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "debrief.db"), sqlite.Options{})
		},
		"mongodb": func(t *testing.T) (repository.Repository, error) {
			t.Helper()
			return mongodb.Open(t.Context(), mongodbtest.NewDatabase(t), mongodb.Options{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, err := open(t)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := store.Close(context.WithoutCancel(t.Context())); err != nil {
					t.Error(err)
				}
			})
			test(t, store)
		})
	}
}

// forgetAll calls ForgetPerson until there is no more, and answers all that it told.
func forgetAll(t *testing.T, store repository.Repository, request *debriefv1.ForgetPersonRequest) ([]*debriefv1.ForgetPersonResponse_Places, error) {
	t.Helper()
	services, err := New(Options{Repository: store})
	if err != nil {
		t.Fatal(err)
	}
	request = proto.CloneOf(request)
	var all []*debriefv1.ForgetPersonResponse_Places
	for {
		answer, err := services.Access.ForgetPerson(t.Context(), request)
		if err != nil {
			return all, err
		}
		all = append(all, answer.GetPlaces()...)
		request.Replacement = answer.GetReplacement()
		if request.ResumeToken = answer.GetNextResumeToken(); request.GetResumeToken() == "" {
			return all, nil
		}
	}
}

func TestNothingTellsOfWhoWasForgotten(t *testing.T) {
	t.Parallel()
	onEmptyStores(t, func(t *testing.T, store repository.Repository) {
		tellAll(t, store)
		if diff := cmp.Diff(everyKind, holding(t, store, forgotten)); diff != "" {
			t.Fatalf("kinds that tell of her (-want +got):\n%s", diff)
		}
		request := &debriefv1.ForgetPersonRequest{Person: forgotten, Replacement: "former-1", Texts: true, ValidateOnly: true}
		counted, err := forgetAll(t, store, request)
		if err != nil || len(counted) != len(everyKind) {
			t.Errorf("counted = %v, %v", counted, err)
		}
		if diff := cmp.Diff(everyKind, holding(t, store, forgotten)); diff != "" {
			t.Errorf("kinds that tell of her, though nothing was to change (-want +got):\n%s", diff)
		}
		request.ValidateOnly = false
		changed, err := forgetAll(t, store, request)
		if diff := cmp.Diff(counted, changed, protocmp.Transform()); diff != "" || err != nil {
			t.Errorf("places (-counted +changed), %v:\n%s", err, diff)
		}
		if kinds := holding(t, store, forgotten); len(kinds) > 0 {
			t.Errorf("there is something of her in %v", kinds)
		}
		again, err := forgetAll(t, store, request)
		if len(again) > 0 || err != nil {
			t.Errorf("the second time it finds %v, %v", again, err)
		}
		expectForgotten(t, store)
	})
}

// expectForgotten wants one event of it without the name, and a subscription of which nobody is told.
func expectForgotten(t *testing.T, store repository.Repository) {
	t.Helper()
	events, err := store.Events().List(t.Context(), repository.Query{Limit: 9})
	if err != nil || len(events) != 2 || events[1].Type != "PERSON_FORGOTTEN" || events[1].Resource != "people/former-1" {
		t.Errorf("events = %+v, %v", events, err)
	}
	subscription, err := store.Subscriptions().Get(t.Context(), "01JD3V2Q6R8T0W2Y4A6C8E0G2J")
	if err != nil || subscription.State != subscriptionDisabled || subscription.Email.Address != "former-1@forgotten.invalid" {
		t.Errorf("subscription = %+v, %v", subscription, err)
	}
	found, err := store.Incidents().Count(t.Context(), repository.Query{Limit: 9, Visible: repository.Deleted, Where: repository.TermIn{repository.Term("lead", "former-1")}})
	if err != nil || found != 1 {
		t.Errorf("incidents that somebody leads = %d, %v", found, err)
	}
}

// TestTextsStayUnlessTheyAreMeant has what people wrote stay as it was; what Debrief wrote of people in documents does not.
func TestTextsStayUnlessTheyAreMeant(t *testing.T) {
	t.Parallel()
	onEmptyStores(t, func(t *testing.T, store repository.Repository) {
		tellAll(t, store)
		if _, err := forgetAll(t, store, &debriefv1.ForgetPersonRequest{Person: forgotten, Replacement: "former-1"}); err != nil {
			t.Fatal(err)
		}
		revision, err := store.PostMortemRevisions().Get(t.Context(), "01JD3V2Q6R8T0W2Y4A6C8E0G2J-000000001")
		if err != nil {
			t.Fatal(err)
		}
		got := []string{revision.Document, revision.Actor, revision.PostMortem.Facilitator, revision.PostMortem.Participants[0].Person, revision.PostMortem.Summary}
		if diff := cmp.Diff([]string{"By former-1.", "former-1", "former-1", "former-1", told[textPlace]}, got); diff != "" {
			t.Errorf("a published revision (-want +got):\n%s", diff)
		}
	})
}

// breaking is a store that gives one document at a time, and breaks when so many were asked for.
type breaking struct {
	repository.Repository
	left int
}

var errBroken = errors.New("broken")

func (b *breaking) Documents(ctx context.Context, kind, after string) ([]repository.Document, error) {
	if b.left--; b.left < 0 {
		return nil, errBroken
	}
	documents, err := b.Repository.Documents(ctx, kind, after)
	return documents[:min(1, len(documents))], err
}

// TestForgettingIsSafeToRepeat breaks it off ever later, and begins again each time.
func TestForgettingIsSafeToRepeat(t *testing.T) {
	t.Parallel()
	onEmptyStores(t, func(t *testing.T, store repository.Repository) {
		tellAll(t, store)
		request := &debriefv1.ForgetPersonRequest{Person: forgotten, Replacement: "former-1", Texts: true}
		broken := 0
		for left := 0; ; left += 2 {
			_, err := forgetAll(t, &breaking{store, left}, request)
			if err == nil {
				break
			}
			if broken++; !errors.Is(err, errBroken) {
				t.Fatal(err)
			}
		}
		if kinds := holding(t, store, forgotten); len(kinds) > 0 || broken < 10 {
			t.Errorf("after %d times there is something of her in %v", broken, kinds)
		}
	})
}

func TestAFirstAnswerForgets(t *testing.T) {
	t.Parallel()
	onEmptyStores(t, func(t *testing.T, store repository.Repository) {
		incident := repository.Incident{
			Header: repository.Header{ID: "01JD3V2Q6R8T0W2Y4A6C8E0G2J", FirstAnswer: `{"id":"01JD3V2Q6R8T0W2Y4A6C8E0G2J","revision":1,"lead":"marguerite"}`},
			Lead:   "bo",
		}
		if _, err := store.Incidents().Create(t.Context(), repository.Creation[repository.Incident]{Resource: incident}); err != nil {
			t.Fatal(err)
		}
		if _, err := forgetAll(t, store, &debriefv1.ForgetPersonRequest{Person: forgotten}); err != nil {
			t.Fatal(err)
		}
		if kinds := holding(t, store, forgotten); len(kinds) > 0 {
			t.Errorf("there is something of her in %v", kinds)
		}
	})
}

func TestForgettingRefuses(t *testing.T) {
	t.Parallel()
	onEmptyStores(t, func(t *testing.T, store repository.Repository) {
		for field, request := range map[string]*debriefv1.ForgetPersonRequest{
			"replacement":  {Person: forgotten, Replacement: "former-Marguerite"},
			"resume_token": {Person: forgotten, ResumeToken: "recipes//x"},
		} {
			_, err := forgetAll(t, store, request)
			if refused, is := errors.AsType[*invalidError](err); !is || refused.Violations[0].Field != field {
				t.Errorf("%s: %v", field, err)
			}
		}
	})
}
