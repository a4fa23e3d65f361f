package service_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service"
)

// TestWhatIsRestrictedDoesNotExist calls every method, in the name of an administrator who is no insider, on all that is restricted, and
// on what never was: there is no difference. What is read without a name says nothing either.
func TestWhatIsRestrictedDoesNotExist(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		v := newVault(t, d)
		seen, others := map[string]bool{}, map[string]codes.Code{}
		everyMethod(t, func(method protoreflect.MethodDescriptor) {
			if method.IsStreamingServer() || method.Name() == "ListAuditRecords" { // The trail has the names of what was changed.
				return
			}
			request, named := v.about(method.Input(), func(name string) string { return name })
			if named {
				stranger, _ := v.about(method.Input(), unknown)
				got, code := v.answer(t, method, request)
				want, _ := v.answer(t, method, stranger)
				if diff := cmp.Diff(anonymized(want), anonymized(got)); diff != "" {
					t.Errorf("%s tells what is restricted from what does not exist (-nothing +restricted):\n%s", method.Name(), diff)
				}
				if code != codes.NotFound {
					others[string(method.Name())] = code
				}
			}
			if service.MethodChanges(fullName(method)) {
				return
			}
			for _, asked := range []*dynamicpb.Message{request, dynamicpb.NewMessage(method.Input())} {
				outside := v.read(t, method, v.outsider, asked)
				if told := v.tells(outside); len(told) > 0 {
					t.Errorf("%s tells the outsider of %s:\n%s", method.Name(), told, prototext.Format(outside))
				}
				if len(v.tells(v.read(t, method, v.insider, asked))) > 0 {
					seen[string(method.Name())] = true
				}
			}
		})
		want := []string{
			"CompareMentalModel", "DiffRevisions", "DrawMentalModel", "ExplainAlert", "ExportPostMortem", "GenerateAgenda", "GetActionItem", "GetAlert",
			"GetCalendar", "GetDelivery", "GetIncident", "GetMentalModel", "GetPostMortem", "GetPostMortemFeed",
			"GetPostMortemRevision", "GetStatement", "GetTimelineEntry", "ListActionItems", "ListAlerts", "ListDeliveries", "ListEvents",
			"ListIncidents", "ListMentalModels", "ListModelGaps", "ListPostMortemRevisions", "ListPostMortems", "ListStatements",
			"ListTimelineEntries", "ListTimelineEntryRevisions", "SuggestQuestions",
		}
		if diff := cmp.Diff(map[string]codes.Code{
			"ForgetPerson":   codes.OK,                                                                                             // Nobody has such a name.
			"CreateIncident": codes.OK,                                                                                             // Whose name it says is passed over.
			"CreateSystem":   codes.InvalidArgument, "UpdateSystem": codes.InvalidArgument, "MergeIncident": codes.InvalidArgument, // Before any is looked for.
		}, others); diff != "" {
			t.Errorf("methods that do not look for what they are asked about (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(seen))); diff != "" {
			t.Errorf("methods that tell the insider (-want +got):\n%s", diff)
		}
	})
}

func restrict(t *testing.T, d *debrief, key string, incident *debriefv1.Incident, mask ...string) (*debriefv1.Incident, error) {
	t.Helper()
	return d.locked(t).incidents.UpdateIncident(showing(t, key), &debriefv1.UpdateIncidentRequest{Incident: incident, UpdateMask: &fieldmaskpb.FieldMask{Paths: mask}})
}

func TestWhoMayRestrict(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		ana := d.key(t, &debriefv1.CreateApiKeyRequest{ApiKeyId: "ana", ApiKey: &debriefv1.ApiKey{Role: debriefv1.Role_ROLE_RESPONDER, Teams: []string{"security"}}})
		ben := d.key(t, &debriefv1.CreateApiKeyRequest{ApiKeyId: "ben", ApiKey: &debriefv1.ApiKey{Role: debriefv1.Role_ROLE_ADMIN}})
		name := d.open(t, "A key was lost").GetName()
		to := func(people, teams []string) *debriefv1.Incident {
			return &debriefv1.Incident{Name: name, Restriction: &debriefv1.Restriction{People: people, Teams: teams}}
		}
		_, err := restrict(t, d, ana, to([]string{"apiKeys/ben"}, []string{"shop"}))
		wantRefusal(t, err, codes.InvalidArgument, "INVALID_ARGUMENT", "incident.restriction")
		_, err = d.locked(t).incidents.CreateIncident(showing(t, ana), &debriefv1.CreateIncidentRequest{Incident: &debriefv1.Incident{
			Title: "Mine", Restriction: &debriefv1.Restriction{People: []string{"apiKeys/ben"}},
		}})
		wantRefusal(t, err, codes.InvalidArgument, "INVALID_ARGUMENT", "incident.restriction")
		_, err = d.incidents.UpdateIncident(showing(t, ana), &debriefv1.UpdateIncidentRequest{Incident: to(nil, []string{"security"})})
		wantRefusal(t, err, codes.FailedPrecondition, "AUTHENTICATION_NOT_REQUIRED")

		restricted := must[*debriefv1.Incident](t)(restrict(t, d, ana, to([]string{"apiKeys/sam", "apiKeys/kim"}, []string{"security"})))
		want := &debriefv1.Restriction{People: []string{"apiKeys/kim", "apiKeys/sam"}, Teams: []string{"security"}}
		if diff := cmp.Diff(want, restricted.GetRestriction(), protocmp.Transform()); diff != "" {
			t.Errorf("restriction (-want +got):\n%s", diff)
		}
		_, err = restrict(t, d, ben, to([]string{"apiKeys/ben"}, nil))
		wantRefusal(t, err, codes.NotFound, "RESOURCE_NOT_FOUND")

		kept := must[*debriefv1.Incident](t)(restrict(t, d, ana, &debriefv1.Incident{Name: name, Title: "A key was found"}, "*"))
		if diff := cmp.Diff(want, kept.GetRestriction(), protocmp.Transform()); diff != "" {
			t.Errorf("who replaces all fields lifts a restriction that they do not name (-want +got):\n%s", diff)
		}
		lifted := must[*debriefv1.Incident](t)(restrict(t, d, ana, &debriefv1.Incident{Name: name}, "restriction"))
		if lifted.GetRestriction() != nil {
			t.Errorf("it is restricted to %v", lifted.GetRestriction())
		}
		must[*debriefv1.Incident](t)(d.incidents.GetIncident(showing(t, ben), &debriefv1.GetIncidentRequest{Name: name}))
	})
}

// TestAPostMortemIsRestrictedOnItsOwn leaves its incident open to all.
func TestAPostMortemIsRestrictedOnItsOwn(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		ana, ben := d.firstKey(t, debriefv1.Role_ROLE_RESPONDER), d.firstKey(t, debriefv1.Role_ROLE_VIEWER)
		incident := d.open(t, "A key was lost")
		published := d.publish(t, incident.GetName())
		item := d.act(t, &debriefv1.ActionItem{Title: "Find it", PostMortem: published.GetName()})
		p := must[*debriefv1.PostMortem](t)(d.locked(t).postMortems.UpdatePostMortem(showing(t, ana), &debriefv1.UpdatePostMortemRequest{
			PostMortem: &debriefv1.PostMortem{Name: published.GetName(), Restriction: &debriefv1.Restriction{People: []string{"apiKeys/first-responder"}}},
		}))
		if p.GetUnpublishedChanges() {
			t.Error("to restrict is a change of the text")
		}
		must[*debriefv1.Incident](t)(d.incidents.GetIncident(showing(t, ben), &debriefv1.GetIncidentRequest{Name: incident.GetName()}))
		_, err := d.postMortems.GetPostMortem(showing(t, ben), &debriefv1.GetPostMortemRequest{Name: p.GetName()})
		wantRefusal(t, err, codes.NotFound, "RESOURCE_NOT_FOUND")
		_, err = d.actionItems.GetActionItem(showing(t, ben), &debriefv1.GetActionItemRequest{Name: item.GetName()})
		wantRefusal(t, err, codes.NotFound, "RESOURCE_NOT_FOUND")
		feed := must[*debriefv1.ListEventsResponse](t)(d.events.ListEvents(showing(t, ben), &debriefv1.ListEventsRequest{Filter: `type = POST_MORTEM_PUBLISHED OR type = ACTION_ITEM_CREATED`}))
		if diff := cmp.Diff([]string(nil), types(feed.GetEvents())); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

// TestMergesKeepToARestriction has neither the one nor the other tell of what it was merged with.
func TestMergesKeepToARestriction(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		ana, ben := d.firstKey(t, debriefv1.Role_ROLE_RESPONDER), d.firstKey(t, debriefv1.Role_ROLE_ADMIN)
		open, closed := d.open(t, "It is slow").GetName(), d.open(t, "Somebody was here").GetName()
		mine := &debriefv1.Restriction{People: []string{"apiKeys/first-responder"}}
		must[*debriefv1.Incident](t)(restrict(t, d, ana, &debriefv1.Incident{Name: closed, Restriction: mine}))
		for _, pair := range [][2]string{{open, closed}, {closed, open}} {
			_, err := d.incidents.MergeIncident(showing(t, ana), &debriefv1.MergeIncidentRequest{Name: pair[0], Into: pair[1]})
			wantRefusal(t, err, codes.FailedPrecondition, "RESTRICTIONS_DIFFER")
			_, err = d.incidents.MergeIncident(showing(t, ben), &debriefv1.MergeIncidentRequest{Name: pair[0], Into: pair[1]})
			wantRefusal(t, err, codes.NotFound, "RESOURCE_NOT_FOUND")
		}
		must[*debriefv1.Incident](t)(restrict(t, d, ana, &debriefv1.Incident{Name: open, Restriction: mine}))
		must[*debriefv1.Incident](t)(d.incidents.MergeIncident(showing(t, ana), &debriefv1.MergeIncidentRequest{Name: open, Into: closed}))
	})
}

func TestWatchersAreNotToldOfWhatIsRestricted(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		ana, ben := d.firstKey(t, debriefv1.Role_ROLE_RESPONDER), d.firstKey(t, debriefv1.Role_ROLE_VIEWER)
		stream, err := d.events.WatchEvents(showing(t, ben), &debriefv1.WatchEventsRequest{AfterSequence: -1})
		if err != nil {
			t.Fatal(err)
		}
		must[*debriefv1.WatchEventsResponse](t)(stream.Recv())
		must[*debriefv1.Incident](t)(d.locked(t).incidents.CreateIncident(showing(t, ana), &debriefv1.CreateIncidentRequest{Incident: &debriefv1.Incident{
			Title: "Somebody was here", Restriction: &debriefv1.Restriction{People: []string{"apiKeys/first-responder"}},
		}}))
		open := d.open(t, "It is slow")
		if got := next(t, stream, 1)[0].GetResource(); got != open.GetName() {
			t.Errorf("the first event is of %s, want that of %s", got, open.GetName())
		}
	})
}

// TestSubscriptionsAreNotToldOfWhatIsRestricted restricts one incident from the start, and another while its events wait to be told.
func TestSubscriptionsAreNotToldOfWhatIsRestricted(t *testing.T) {
	onEachStoreWith(t, toLoopback, func(t *testing.T, d *debrief) {
		ana := d.firstKey(t, debriefv1.Role_ROLE_RESPONDER)
		mine := &debriefv1.Restriction{People: []string{"apiKeys/first-responder"}}
		var away atomic.Bool
		away.Store(true)
		r := newReceiver(t, func(message, *http.Request) int {
			if away.Load() {
				return http.StatusServiceUnavailable
			}
			return http.StatusOK
		})
		d.subscribe(t, "chat", r.URL)
		must[*debriefv1.Incident](t)(d.locked(t).incidents.CreateIncident(showing(t, ana), &debriefv1.CreateIncidentRequest{Incident: &debriefv1.Incident{
			Title: "Somebody was here", Restriction: mine,
		}}))
		later := d.open(t, "A key was lost")
		timers := newTimers(d)
		dispatch(t, d.services, timers, "a")
		await(t, timers, func() bool { return len(d.pending(t)) == 1 })
		must[*debriefv1.Incident](t)(restrict(t, d, ana, &debriefv1.Incident{Name: later.GetName(), Restriction: mine}))
		open := d.open(t, "It is slow")
		away.Store(false)
		want := slices.DeleteFunc(d.feed(t, ""), func(e *debriefv1.Event) bool {
			return e.GetResource() != open.GetName() || e.GetType() != debriefv1.Event_TYPE_INCIDENT_OPENED
		})
		d.drive(t, timers, r, want)
		_, taken := r.all()
		checkAll(t, want, taken)
		if len(taken) != 1 {
			t.Errorf("%d events were told, want that of the open incident alone", len(taken))
		}
		gone := must[*debriefv1.ListEventDeliveriesResponse](t)(d.subscriptions.ListEventDeliveries(t.Context(), &debriefv1.ListEventDeliveriesRequest{
			Parent: "subscriptions/chat", Filter: "state = FAILED",
		}))
		if len(gone.GetEventDeliveries()) != 1 || gone.GetEventDeliveries()[0].GetResource() != later.GetName() {
			t.Errorf("given up are %v", gone.GetEventDeliveries())
		}
	})
}

// TestOnlySoMuchIsRestricted has what a caller reads be held against so much at most.
func TestOnlySoMuchIsRestricted(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		ana := d.firstKey(t, debriefv1.Role_ROLE_RESPONDER)
		creations := make([]repository.Creation[repository.Incident], service.MaxRestricted)
		for i := range creations {
			creations[i].Resource = repository.Incident{
				Header: repository.Header{ID: fmt.Sprintf("%026d", i), CreateTime: start, UpdateTime: start}, Title: "It is slow", State: "TRIAGE", Kind: "INCIDENT",
				Restriction: repository.Restriction{Teams: []string{"security"}},
			}
		}
		if _, err := d.repository.Incidents().Create(t.Context(), creations...); err != nil {
			t.Fatal(err)
		}
		name := d.open(t, "A key was lost").GetName()
		_, err := restrict(t, d, ana, &debriefv1.Incident{Name: name, Restriction: &debriefv1.Restriction{People: []string{"apiKeys/first-responder"}}})
		wantRefusal(t, err, codes.ResourceExhausted, "TOO_MANY_RESTRICTED")
		seen := must[*debriefv1.ListIncidentsResponse](t)(d.incidents.ListIncidents(showing(t, ana), &debriefv1.ListIncidentsRequest{Filter: "state = TRIAGE", OrderBy: "update_time"}))
		if len(seen.GetIncidents()) != 1 || seen.GetNextPageToken() != "" {
			t.Errorf("%d incidents are listed, want that which is not restricted", len(seen.GetIncidents()))
		}
		feed := must[*debriefv1.ListEventsResponse](t)(d.events.ListEvents(showing(t, ana), &debriefv1.ListEventsRequest{}))
		if diff := cmp.Diff([]string{"INCIDENT_OPENED"}, types(feed.GetEvents())); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}
