package service_test

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/testing/protocmp"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
)

// safeToRepeat is a story that is told by calls which have a request_id, each of which changes something. The name of what is
// answered goes by the name that save gives it.
var safeToRepeat = []struct{ method, request, save string }{
	{"AccessService.CreateApiKey", `api_key_id: "reader" api_key { role: ROLE_VIEWER }`, ""},
	{"IntegrationService.CreateIntegration", `integration_id: "pagers" integration { title: "Pagers" kind: KIND_PAGERDUTY }`, ""},
	{"IntegrationService.RotateIntegrationKey", `name: "integrations/pagers"`, ""},
	{"SystemService.CreateSystem", `system_id: "shop" system { title: "Shop" reality { components { name: "orders" } components { name: "replica" } } }`, ""},
	{"PracticeService.CreateGroundRuleSet", `ground_rule_set_id: "ours" ground_rule_set { title: "Ours" rules { id: "listen" title: "Listen" text: "We do." } }`, ""},
	{"PracticeService.CreatePostMortemTemplate", `post_mortem_template_id: "ours" post_mortem_template { title: "Ours" sections { id: "summary" title: "In short" } }`, ""},
	{"AlertService.MarkAlert", `name: "${alert}" noise: NOISE_LACKING_DETAIL`, ""},
	{"IntakeService.ReplayDelivery", `name: "${delivery}"`, ""},

	{"IncidentService.CreateIncident", `incident { title: "Checkout down" }`, "incident"},
	{"IncidentService.CreateIncident", `incident { title: "Checkout slow" }`, "merged"},
	{"IncidentService.CreateIncident", `incident { title: "Nothing" }`, "canceled"},
	{"IncidentService.MergeIncident", `name: "${merged}" into: "${incident}"`, ""},
	{"IncidentService.CancelIncident", `name: "${canceled}"`, ""},
	{"IncidentService.AcknowledgeIncident", `name: "${incident}"`, ""},
	{"IncidentService.MitigateIncident", `name: "${incident}"`, ""},
	{"IncidentService.ResolveIncident", `name: "${incident}"`, ""},
	{"IncidentService.CorrectMilestone", `name: "${incident}" milestone: MILESTONE_STARTED time { seconds: 1770000000 } reason: "The graphs say so."`, ""},
	{"IncidentService.PauseIncidentClock", `name: "${incident}" clock_type: CLOCK_TYPE_REVIEW reason: "A holiday." until_time { seconds: 1774000000 }`, ""},
	{"IncidentService.ResumeIncidentClock", `name: "${incident}" clock_type: CLOCK_TYPE_REVIEW`, ""},
	{"IncidentService.WaiveIncidentClock", `name: "${incident}" clock_type: CLOCK_TYPE_FOLLOW_UP reason: "It is known." until_time { seconds: 1774000000 }`, ""},
	{"TimelineService.CreateTimelineEntry", `parent: "${incident}" timeline_entry { text: "Restarted." }`, ""},
	{"TimelineService.BatchCreateTimelineEntries", `parent: "${incident}" requests { parent: "${incident}" timeline_entry { text: "Restarted again." } }`, ""},

	{"PostMortemService.CreatePostMortem", `post_mortem { incidents: "${incident}" facilitator: "imke" summary: "It was slow." contributing_factors { description: "There was no limit." } }`, "post_mortem"},
	{"StatementService.CreateStatement", `parent: "${post_mortem}" statement { text: "I took it for live." }`, ""},
	{"MentalModelService.CreateMentalModel", `parent: "${post_mortem}" mental_model { system: "systems/shop" held_by: "on-call" belief { components { name: "orders" } } }`, "model"},
	{"MentalModelService.AnnotateModelGap", `name: "${model}" gap_id: "${gap}" gap { discovery: "It lagged." }`, ""},
	{"PostMortemService.SchedulePostMortem", `name: "${post_mortem}" review_time { seconds: 1774000000 }`, ""},
	{"PostMortemService.ReadGroundRules", `name: "${post_mortem}" reader: "imke"`, ""},
	{"PostMortemService.StartPostMortemReview", `name: "${post_mortem}"`, ""},
	{"PostMortemService.RecordGroundRuleBreach", `name: "${post_mortem}" rule: "it-made-sense"`, ""},
	{"PostMortemService.AnswerQuestion", `name: "${post_mortem}" question_id: "${question}" answer: "Nothing did."`, ""},
	{"PostMortemService.ConcludePostMortemReview", `name: "${post_mortem}" conclusion: CONCLUSION_NOTHING_TO_DO`, ""},
	{"PostMortemService.PublishPostMortem", `name: "${post_mortem}" keep_incidents_open: true language_override_reason: "It is a test."`, ""},
	{"PostMortemService.ArchivePostMortem", `name: "${post_mortem}"`, ""},
	{"IncidentService.CloseIncident", `name: "${incident}"`, ""},
	{"IncidentService.ReopenIncident", `name: "${incident}"`, ""},

	{"ActionItemService.CreateActionItem", `action_item { title: "Add a limit" }`, "item"},
	{"ActionItemService.StartActionItem", `name: "${item}" owner: "kim" first_step: "Ask."`, ""},
	{"ActionItemService.CompleteActionItem", `name: "${item}"`, ""},
	{"ActionItemService.VerifyActionItem", `name: "${item}" outcome: VERIFICATION_OUTCOME_INEFFECTIVE note: "It came again."`, ""},
	{"ActionItemService.CreateActionItem", `action_item { title: "Train people" }`, "dropped"},
	{"ActionItemService.DropActionItem", `name: "${dropped}" reason: "There is a limit now."`, ""},
	{"ActionItemService.ReopenActionItem", `name: "${dropped}" reason: "There is not."`, ""},

	{"SubscriptionService.CreateSubscription", `subscription_id: "chat" subscription { title: "Chat" webhook { uri: "https://chat.example.com/hook" } }`, ""},
	{"SubscriptionService.RotateSubscriptionSecret", `name: "subscriptions/chat"`, ""},
	{"SubscriptionService.ReplayEvents", `name: "subscriptions/chat" first_sequence: 1 last_sequence: 10`, ""},
	{"SubscriptionService.EnableSubscription", `name: "subscriptions/disabled"`, ""},
}

// TestEveryRequestIDIsSafeToRepeat makes each call twice that has a request_id: the second one changes nothing, and is answered as the
// first was.
func TestEveryRequestIDIsSafeToRepeat(t *testing.T) {
	t.Parallel()
	var want, got []string
	everyMethod(t, func(method protoreflect.MethodDescriptor) {
		if method.Input().Fields().ByName("request_id") != nil {
			want = append(want, string(method.Parent().Name()+"."+method.Name()))
		}
	})
	for _, step := range safeToRepeat {
		got = append(got, step.method)
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, slices.Compact(got)); diff != "" {
		t.Errorf("methods (-with a request_id +in the story):\n%s", diff)
	}
	onEachStore(t, func(t *testing.T, d *debrief) {
		names := d.beginStory(t)
		for number, step := range safeToRepeat {
			request := os.Expand(step.request, func(name string) string { return d.named(t, names, name) })
			answer := d.repeat(t, step.method, request, fmt.Sprint("once-", number)).ProtoReflect()
			if step.save != "" {
				names[step.save] = answer.Get(answer.Descriptor().Fields().ByName("name")).String()
			}
		}
	})
}

// beginStory makes what no call with a request_id makes, and answers what it is called in the story.
func (d *debrief) beginStory(t *testing.T) map[string]string {
	t.Helper()
	key := d.integrate(t, "pager", &debriefv1.Integration{Kind: debriefv1.Integration_KIND_PAGERDUTY})
	d.send(t, key, pagerDuty("trigger", "db-1", "2026-03-14T08:00:00Z"))
	d.subscribe(t, "disabled", "https://chat.example.com/hook")
	_, err := d.repository.Subscriptions().Update(t.Context(), "disabled", func(subscription *repository.Subscription) (repository.Effects, error) {
		subscription.State = "DISABLED"
		return repository.Effects{}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{"alert": d.listAlerts(t, "")[0].GetName(), "delivery": d.onlyDelivery(t).GetName()}
}

// named is what something is called in the story; what was not called anything is looked for.
func (d *debrief) named(t *testing.T, names map[string]string, name string) string {
	t.Helper()
	switch name {
	case "gap":
		return must[*debriefv1.MentalModel](t)(d.mentalModels.GetMentalModel(t.Context(), &debriefv1.GetMentalModelRequest{Name: names["model"]})).GetGaps()[0].GetId()
	case "question":
		return d.questions(t, &debriefv1.SuggestQuestionsRequest{Name: names["post_mortem"]})[0].GetId()
	}
	return names[name]
}

// repeat makes a call, and again, and answers what the first one was answered.
func (d *debrief) repeat(t *testing.T, name, text, requestID string) proto.Message {
	t.Helper()
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName("debrief.v1." + name))
	if err != nil {
		t.Fatal(err)
	}
	method, _ := found.(protoreflect.MethodDescriptor)
	request := newMessage(t, method.Input())
	if err := prototext.Unmarshal([]byte(text), request); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	request.ProtoReflect().Set(method.Input().Fields().ByName("request_id"), protoreflect.ValueOfString(requestID))
	call := func() (answer proto.Message, events int) {
		answer = newMessage(t, method.Output())
		if err := d.connection.Invoke(as(t, "imke"), fullName(method), request, answer); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		d.advance(time.Second)
		return answer, len(d.feed(t, ""))
	}
	first, told := call()
	second, toldAgain := call()
	if diff := cmp.Diff(first, second, protocmp.Transform(), differsInRepetitions); diff != "" {
		t.Errorf("%s again is answered differently (-first +second):\n%s", name, diff)
	}
	if told != toldAgain {
		t.Errorf("%s again is told of", name)
	}
	return first
}

// differsInRepetitions is what the second answer need not have as the first had it: secrets are told once, and time goes on.
var differsInRepetitions = cmp.Options{
	protocmp.IgnoreFields(&debriefv1.Clock{}, "remaining"), protocmp.IgnoreFields(&debriefv1.IntegrationWithKey{}, "key"),
	protocmp.IgnoreFields(&debriefv1.SubscriptionWithSecret{}, "secret"), protocmp.IgnoreFields(&debriefv1.ApiKeyWithSecret{}, "secret"),
}

func newMessage(t *testing.T, descriptor protoreflect.MessageDescriptor) proto.Message {
	t.Helper()
	kind, err := protoregistry.GlobalTypes.FindMessageByName(descriptor.FullName())
	if err != nil {
		t.Fatal(err)
	}
	return kind.New().Interface()
}
