package service_test

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service"
)

// secret stands in every text of what is restricted.
const secret = "quagga"

// vault is a world in which all that anybody could want to know of is restricted to the team security.
type vault struct {
	*debrief
	incident, postMortem string
	// names are those of all that is restricted.
	names             []string
	insider, outsider string
}

func newVault(t *testing.T, d *debrief) *vault {
	t.Helper()
	v := &vault{debrief: d}
	v.insider = d.key(t, &debriefv1.CreateApiKeyRequest{ApiKeyId: "insider", ApiKey: &debriefv1.ApiKey{Role: debriefv1.Role_ROLE_ADMIN, Teams: []string{"security"}}})
	v.outsider = d.key(t, &debriefv1.CreateApiKeyRequest{ApiKeyId: "outsider", ApiKey: &debriefv1.ApiKey{Role: debriefv1.Role_ROLE_ADMIN, Teams: []string{"shop"}}})
	d.describe(t, "shop", shop())
	d.subscribe(t, "chat", "https://chat.example.com/hook")
	key := d.integrate(t, "pager", &debriefv1.Integration{Kind: debriefv1.Integration_KIND_PAGERDUTY})
	d.send(t, key, pagerDuty("trigger", secret, "2026-03-14T08:00:00Z"))
	alert := d.listAlerts(t, "")[0]
	v.incident = alert.GetIncident()
	v.postMortem = d.publish(t, v.incident).GetName()
	statement := must[*debriefv1.Statement](t)(d.statements.CreateStatement(t.Context(), &debriefv1.CreateStatementRequest{
		Parent: v.postMortem, Statement: &debriefv1.Statement{Text: "I saw the " + secret + "."},
	}))
	model := d.believe(t, v.postMortem, &debriefv1.MentalModel{HeldBy: secret, System: "systems/shop", Belief: believed()})
	item := d.act(t, &debriefv1.ActionItem{Title: "Move the " + secret, PostMortem: v.postMortem, DueTime: timestamppb.New(start.Add(48 * time.Hour))})
	other := d.act(t, &debriefv1.ActionItem{Title: "Feed the " + secret, Incident: v.incident})
	entry := must[*debriefv1.TimelineEntry](t)(d.timeline.CreateTimelineEntry(t.Context(), &debriefv1.CreateTimelineEntryRequest{
		Parent: v.incident, TimelineEntry: &debriefv1.TimelineEntry{Text: "The " + secret + " is out."},
	}))
	delivery := must[*debriefv1.ListDeliveriesResponse](t)(d.intake.ListDeliveries(t.Context(), &debriefv1.ListDeliveriesRequest{})).GetDeliveries()[0]
	must[*debriefv1.Incident](t)(d.incidents.UpdateIncident(showing(t, v.insider), &debriefv1.UpdateIncidentRequest{
		Incident: &debriefv1.Incident{Name: v.incident, Restriction: &debriefv1.Restriction{Teams: []string{"security"}}},
	}))

	v.names = []string{
		v.incident, v.postMortem, statement.GetName(), model.GetName(), item.GetName(), other.GetName(), entry.GetName(), alert.GetName(),
		delivery.GetName(), v.postMortem + "/revisions/1", fmt.Sprintf("%s/gaps/%s", model.GetName(), model.GetGaps()[0].GetId()),
	}
	return v
}

// tells are what of a message tells of the vault.
func (v *vault) tells(message proto.Message) []string {
	text := prototext.Format(message)
	var found []string
	for _, name := range append(slices.Clone(v.names), secret) {
		if id := name[strings.LastIndexByte(name, '/')+1:]; len(id) > 1 && strings.Contains(text, id) {
			found = append(found, name)
		}
	}
	return found
}

// unknown is the name of something that does not exist, and that is called as if it did.
func unknown(name string) string {
	return regexp.MustCompile(`[0-7][0-9A-HJKMNP-TV-Z]{25}`).ReplaceAllStringFunc(name, func(id string) string { return id[:20] + "ZZZZZZ" })
}

// about is a request of a method that names what is restricted, wherever it can, and says what else it has to.
func (v *vault) about(input protoreflect.MessageDescriptor, as func(string) string) (*dynamicpb.Message, bool) {
	message, named := dynamicpb.NewMessage(input), false
	for i := range input.Fields().Len() {
		field := input.Fields().Get(i)
		value, names := v.value(field, as)
		named = named || names
		switch {
		case !value.IsValid():
		case field.IsList():
			message.Mutable(field).List().Append(value)
		default:
			message.Set(field, value)
		}
	}
	return message, named
}

// value is what a field is to hold, and whether it names what is restricted; nothing where it can be left out.
func (v *vault) value(field protoreflect.FieldDescriptor, as func(string) string) (protoreflect.Value, bool) {
	behaviors, _ := proto.GetExtension(field.Options(), annotations.E_FieldBehavior).([]annotations.FieldBehavior)
	required := slices.Contains(behaviors, annotations.FieldBehavior_REQUIRED)
	switch field.Kind() {
	case protoreflect.StringKind:
		if name := v.named(field); name != "" {
			return protoreflect.ValueOfString(as(name)), true
		}
		if required {
			return protoreflect.ValueOfString("systems/shop"), false
		}
	case protoreflect.EnumKind:
		if required {
			return protoreflect.ValueOfEnum(1), false
		}
	case protoreflect.MessageKind:
		if field.Message().FullName() == "google.protobuf.Timestamp" && required {
			return protoreflect.ValueOfMessage(timestamppb.New(start).ProtoReflect()), false
		}
		if field.IsMap() || field.Message().ParentFile().Package() != "debrief.v1" || field.IsList() && !required {
			break
		}
		inner, names := v.about(field.Message(), as)
		if required || names {
			return protoreflect.ValueOfMessage(inner), names
		}
	default:
	}
	return protoreflect.Value{}, false
}

// named is what is restricted and can stand in a field.
func (v *vault) named(field protoreflect.FieldDescriptor) string {
	rules, _ := proto.GetExtension(field.Options(), validate.E_Field).(*validate.FieldRules)
	pattern := rules.GetString().GetPattern()
	if field.IsList() {
		pattern = rules.GetRepeated().GetItems().GetString().GetPattern()
	}
	if pattern == "" {
		return ""
	}
	at := slices.IndexFunc(v.names, func(name string) bool { return regexp.MustCompile(pattern).MatchString(name) })
	if at < 0 {
		return ""
	}
	return v.names[at]
}

// TestWhatIsRestrictedDoesNotExist calls every method, in the name of an administrator who is no insider, on all that is restricted, and
// on what never was: there is no difference. What is read without a name says nothing either.
func TestWhatIsRestrictedDoesNotExist(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		v := newVault(t, d)
		seen, others := map[string]bool{}, map[string]codes.Code{}
		everyMethod(t, func(method protoreflect.MethodDescriptor) {
			if method.IsStreamingServer() {
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

// answer is what a method answers the outsider, as text: the message, or the error.
func (v *vault) answer(t *testing.T, method protoreflect.MethodDescriptor, request proto.Message) (string, codes.Code) {
	t.Helper()
	answer := dynamicpb.NewMessage(method.Output())
	if err := v.connection.Invoke(showing(t, v.outsider), fullName(method), request, answer); err != nil {
		return prototext.Format(status.Convert(err).Proto()), status.Code(err)
	}
	return prototext.Format(answer), codes.OK
}

// read is what a read answers; nothing where it is refused.
func (v *vault) read(t *testing.T, method protoreflect.MethodDescriptor, key string, request proto.Message) proto.Message {
	t.Helper()
	answer := dynamicpb.NewMessage(method.Output())
	if err := v.connection.Invoke(showing(t, key), fullName(method), request, answer); err != nil {
		return dynamicpb.NewMessage(method.Output()) // It repeats the name that it was asked for.
	}
	return answer
}

// anonymized is a text in which all ids are alike.
func anonymized(text string) string {
	return regexp.MustCompile(`[0-7][0-9A-HJKMNP-TV-Z]{25}`).ReplaceAllString(text, "ID")
}

func restrict(t *testing.T, d *debrief, key string, incident *debriefv1.Incident, mask ...string) (*debriefv1.Incident, error) {
	t.Helper()
	return d.incidents.UpdateIncident(showing(t, key), &debriefv1.UpdateIncidentRequest{Incident: incident, UpdateMask: &fieldmaskpb.FieldMask{Paths: mask}})
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
		_, err = d.incidents.CreateIncident(showing(t, ana), &debriefv1.CreateIncidentRequest{Incident: &debriefv1.Incident{
			Title: "Mine", Restriction: &debriefv1.Restriction{People: []string{"apiKeys/ben"}},
		}})
		wantRefusal(t, err, codes.InvalidArgument, "INVALID_ARGUMENT", "incident.restriction")
		_, err = d.incidents.UpdateIncident(t.Context(), &debriefv1.UpdateIncidentRequest{Incident: to([]string{"sam"}, nil)})
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
		p := must[*debriefv1.PostMortem](t)(d.postMortems.UpdatePostMortem(showing(t, ana), &debriefv1.UpdatePostMortemRequest{
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
		must[*debriefv1.Incident](t)(d.incidents.CreateIncident(showing(t, ana), &debriefv1.CreateIncidentRequest{Incident: &debriefv1.Incident{
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
		must[*debriefv1.Incident](t)(d.incidents.CreateIncident(showing(t, ana), &debriefv1.CreateIncidentRequest{Incident: &debriefv1.Incident{
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
