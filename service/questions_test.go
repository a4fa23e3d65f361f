package service_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
)

// told is a post-mortem of an incident with a timeline, factors, a belief and an action item.
func (d *debrief) told(t *testing.T) *debriefv1.PostMortem {
	t.Helper()
	incident := must[*debriefv1.Incident](t)(d.incidents.CreateIncident(t.Context(), &debriefv1.CreateIncidentRequest{
		Incident:  &debriefv1.Incident{Title: "Checkout answers slowly", Severity: debriefv1.Severity_SEVERITY_SEV2},
		StartTime: timestamppb.New(start.Add(-2 * time.Hour)), DetectTime: timestamppb.New(start.Add(-time.Hour)),
	})).GetName()
	for minute, text := range map[int]string{-50: "Restarted the gateway.", -2: "Rolled the release back."} {
		must[*debriefv1.TimelineEntry](t)(d.timeline.CreateTimelineEntry(as(t, "kim"), &debriefv1.CreateTimelineEntryRequest{
			Parent: incident, TimelineEntry: &debriefv1.TimelineEntry{
				Kind: debriefv1.TimelineEntry_KIND_ACTION, Text: text, OccurTime: timestamppb.New(start.Add(time.Duration(minute) * time.Minute)),
			},
		}))
	}
	p := must[*debriefv1.PostMortem](t)(d.postMortems.CreatePostMortem(t.Context(), &debriefv1.CreatePostMortemRequest{PostMortem: &debriefv1.PostMortem{
		Incidents: []string{incident}, Facilitator: "imke@example.com", Scribe: "tariq",
		Participants:        []*debriefv1.Participant{{Person: "kim@example.com", Role: "on-call"}, {Person: "tariq"}},
		Stakeholders:        []*debriefv1.Participant{{Person: "dana@example.com"}},
		Beliefs:             []*debriefv1.Belief{{HeldBy: "payments team", Believed: "A release ends when it says so.", Actual: "It goes on for minutes."}},
		ContributingFactors: []*debriefv1.ContributingFactor{{Category: debriefv1.ContributingFactor_CATEGORY_TOOLING, Description: "The tool did not ask."}},
	}}))
	must[*debriefv1.ActionItem](t)(d.actionItems.CreateActionItem(t.Context(), &debriefv1.CreateActionItemRequest{
		ActionItem: &debriefv1.ActionItem{Title: "Tell everybody", PostMortem: p.GetName(), Strength: debriefv1.ActionItem_STRENGTH_WEAKER},
	}))
	return p
}

func (d *debrief) questions(t *testing.T, request *debriefv1.SuggestQuestionsRequest) []*debriefv1.Question {
	t.Helper()
	return must[*debriefv1.SuggestQuestionsResponse](t)(d.postMortems.SuggestQuestions(t.Context(), request)).GetQuestions()
}

func TestQuestionsComeFromWhatIsThereAndWhatIsMissing(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		p := d.told(t)
		asked := d.questions(t, &debriefv1.SuggestQuestionsRequest{Name: p.GetName(), MaxQuestions: 200})
		sources, seen, last := map[string]bool{}, map[string]bool{}, debriefv1.AgendaItem_TOPIC_UNSPECIFIED
		for _, q := range asked {
			source, _, _ := strings.Cut(strings.TrimPrefix(q.GetSource(), "hole/"), "/")
			sources[source] = true
			if q.GetText() == "" || q.GetReason() == "" || q.GetTopic() < last || q.GetTopic() == 0 || seen[q.GetId()] || q.GetAnswered() {
				t.Errorf("question %v", q)
			}
			seen[q.GetId()], last = true, q.GetTopic()
		}
		factor := "contributing_factors[" + p.GetContributingFactors()[0].GetId() + "]"
		for _, want := range []string{"incidents", factor, "beliefs", "actionItems", "silence", "action-before-diagnosis", "no-surprise", "weaker-only", "slow-detection"} {
			if !sources[want] {
				t.Errorf("no question from %s: %v", want, sources)
			}
		}
		again := d.questions(t, &debriefv1.SuggestQuestionsRequest{Name: p.GetName(), MaxQuestions: 200})
		if diff := cmp.Diff(asked, again, protocmp.Transform()); diff != "" {
			t.Errorf("asked again (-first +second):\n%s", diff)
		}
		for most, want := range map[int32]int{1: 1, 7: 7, 0: 30} {
			if got := d.questions(t, &debriefv1.SuggestQuestionsRequest{Name: p.GetName(), MaxQuestions: most}); len(got) > want || len(got) == 0 && most == 0 {
				t.Errorf("%d questions where %d are wanted", len(got), want)
			}
		}
	})
}

func TestGapsOfMentalModelsLeadToQuestions(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		p := d.told(t).GetName()
		model := repository.MentalModel{
			Header: repository.Header{ID: "01KKNS5TM00000XAB9D26MQD7R", Parent: strings.TrimPrefix(p, "postMortems/"), Revision: 1, CreateTime: start, UpdateTime: start},
			HeldBy: "on-call", System: "systems/checkout", Gaps: []repository.ModelGap{
				{ID: "g1", Kind: "MISSING_COMPONENT", Components: []string{"orders-replica"}},
				{ID: "g2", Kind: "DIFFERENT_FACT", Components: []string{"pool"}, Believed: "10", Actual: "100"},
				{ID: "g3", Kind: "MISSING_COMPONENT", Components: []string{"cache"}, Resolved: true},
			},
		}
		if _, err := d.repository.MentalModels().Create(t.Context(), repository.Creation[repository.MentalModel]{Resource: model}); err != nil {
			t.Fatal(err)
		}
		got := map[string]bool{}
		for _, q := range d.questions(t, &debriefv1.SuggestQuestionsRequest{Name: p, MaxQuestions: 200}) {
			if _, gap, ok := strings.Cut(q.GetSource(), "/mentalModels/01KKNS5TM00000XAB9D26MQD7R/gaps/"); ok {
				got[gap] = true
			}
		}
		if diff := cmp.Diff(map[string]bool{"g1": true, "g2": true}, got); diff != "" {
			t.Errorf("gaps that are asked about (-want +got):\n%s", diff)
		}
	})
}

func TestAnsweredQuestionsAreKept(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		p := d.told(t).GetName()
		first, second := d.questions(t, &debriefv1.SuggestQuestionsRequest{Name: p})[0], d.questions(t, &debriefv1.SuggestQuestionsRequest{Name: p})[1]
		answer := func(request *debriefv1.AnswerQuestionRequest) []*debriefv1.QuestionAnswer {
			request.Name = p
			return must[*debriefv1.PostMortem](t)(d.postMortems.AnswerQuestion(as(t, "imke"), request)).GetQuestionAnswers()
		}
		answer(&debriefv1.AnswerQuestionRequest{QuestionId: first.GetId(), Answer: "Nothing *did*.", RequestId: "once"})
		answer(&debriefv1.AnswerQuestionRequest{QuestionId: first.GetId(), Answer: "Nothing *did*.", RequestId: "once"})
		got := answer(&debriefv1.AnswerQuestionRequest{QuestionId: second.GetId(), Section: "what_surprised_us"})
		want := []*debriefv1.QuestionAnswer{
			{QuestionId: first.GetId(), Question: first.GetText(), Answer: "Nothing *did*.", AnswerTime: timestamppb.New(start)},
			{QuestionId: second.GetId(), Question: second.GetText(), Section: "what_surprised_us", AnswerTime: timestamppb.New(start)},
		}
		if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		open := d.questions(t, &debriefv1.SuggestQuestionsRequest{Name: p, UnansweredOnly: true})
		all := d.questions(t, &debriefv1.SuggestQuestionsRequest{Name: p})
		if len(open) != len(all)-2 || !all[0].GetAnswered() || open[0].GetAnswered() {
			t.Errorf("%d of %d are open", len(open), len(all))
		}
		document := must[*httpbody.HttpBody](t)(d.postMortems.ExportPostMortem(t.Context(), &debriefv1.ExportPostMortemRequest{Name: p}))
		for _, text := range []string{first.GetText() + "\n\nNothing *did*.", "*See What surprised us.*"} {
			if !strings.Contains(strings.ReplaceAll(string(document.GetData()), `\`, ""), text) {
				t.Errorf("the document lacks %q:\n%s", text, document.GetData())
			}
		}
		if got := answer(&debriefv1.AnswerQuestionRequest{QuestionId: first.GetId(), Unanswered: true}); len(got) != 1 || got[0].GetQuestionId() != second.GetId() {
			t.Errorf("with the mark off: %v", got)
		}
		for field, request := range map[string]*debriefv1.AnswerQuestionRequest{
			"question_id": {Name: p, QuestionId: "nobody-asks"},
			"section":     {Name: p, QuestionId: first.GetId(), Section: "nowhere"},
		} {
			_, err := d.postMortems.AnswerQuestion(t.Context(), request)
			if got, _ := refused(t, err); got.Code != codes.InvalidArgument || !cmp.Equal(got.Fields, []string{field}) {
				t.Errorf("%s: %v", field, err)
			}
		}
	})
}

func TestAnAgendaHasItsMinutes(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		p := d.told(t).GetName()
		for asked, want := range map[time.Duration]time.Duration{0: time.Hour, 90 * time.Minute: 90 * time.Minute} {
			request := &debriefv1.GenerateAgendaRequest{Name: p}
			if asked > 0 {
				request.Duration = durationpb.New(asked)
			}
			made := must[*debriefv1.Agenda](t)(d.postMortems.GenerateAgenda(t.Context(), request))
			var sum time.Duration
			for i, item := range made.GetItems() {
				sum += item.GetDuration().AsDuration()
				if int(item.GetTopic()) != i+1 || item.GetTitle() == "" || item.GetPurpose() == "" {
					t.Errorf("item %d: %v", i, item)
				}
			}
			if sum != want || made.GetDuration().AsDuration() != want || len(made.GetItems()) != 6 || made.GetPostMortem() != p {
				t.Errorf("%v: %v", asked, made)
			}
			if !strings.HasPrefix(made.GetText(), "# Review: Checkout answers slowly\n") {
				t.Errorf("text:\n%s", made.GetText())
			}
		}
		_, err := d.postMortems.GenerateAgenda(t.Context(), &debriefv1.GenerateAgendaRequest{Name: p, Duration: durationpb.New(time.Hour + time.Second)})
		if got, _ := refused(t, err); !cmp.Equal(got.Fields, []string{"duration"}) {
			t.Errorf("an hour and a second: %v", err)
		}
	})
}

func TestAnInvitationGoesToWhoCanBeReached(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		p := d.told(t).GetName()
		_, err := d.postMortems.GetInvitation(t.Context(), &debriefv1.GetInvitationRequest{Name: p})
		if got, _ := refused(t, err); got.Reason != "NOT_SCHEDULED" || got.Code != codes.FailedPrecondition {
			t.Errorf("without a time: %v", err)
		}
		must[*debriefv1.PostMortem](t)(d.postMortems.SchedulePostMortem(t.Context(), &debriefv1.SchedulePostMortemRequest{Name: p, ReviewTime: timestamppb.New(start.Add(24 * time.Hour))}))
		invitation := must[*httpbody.HttpBody](t)(d.postMortems.GetInvitation(t.Context(), &debriefv1.GetInvitationRequest{Name: p, Duration: durationpb.New(45 * time.Minute)}))
		if invitation.GetContentType() != "text/calendar; charset=utf-8; method=REQUEST" {
			t.Errorf("content type %q", invitation.GetContentType())
		}
		text := strings.ReplaceAll(string(invitation.GetData()), "\r\n ", "")
		for _, want := range []string{
			"METHOD:REQUEST\r\n", "DTSTART:20260315T090000Z\r\n", "DTEND:20260315T094500Z\r\n", "SEQUENCE:1\r\n", "mailto:imke@example.com", "mailto:kim@example.com",
			"ROLE=OPT-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:dana@example.com", "Ground rules (", "this invitation does not reach them: tariq (scribe)",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("the invitation lacks %q:\n%s", want, text)
			}
		}
		for _, q := range d.questions(t, &debriefv1.SuggestQuestionsRequest{Name: p}) {
			if strings.Contains(text, q.GetReason()) {
				t.Errorf("the invitation quotes %q", q.GetReason())
			}
		}
	})
}

func TestFindingsOfTheBlamelessCheckLeadToQuestions(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		postMortem := d.withBlame(t)
		asked := func() map[string]string {
			answer := must[*debriefv1.SuggestQuestionsResponse](t)(d.postMortems.SuggestQuestions(t.Context(), &debriefv1.SuggestQuestionsRequest{
				Name: postMortem.GetName(), MaxQuestions: 200,
			}))
			questions := map[string]string{}
			for _, question := range answer.GetQuestions() {
				if question.GetSource() == "summary" {
					questions[question.GetId()] = question.GetText()
				}
			}
			return questions
		}
		before := asked()
		if len(before) == 0 {
			t.Fatal("a judgment in the summary leads to no question")
		}
		postMortem.Summary = "It was late.\n\n" + postMortem.GetSummary()
		postMortem.Etag = ""
		must[*debriefv1.PostMortem](t)(d.postMortems.UpdatePostMortem(t.Context(), &debriefv1.UpdatePostMortemRequest{PostMortem: postMortem}))
		if diff := cmp.Diff(before, asked()); diff != "" {
			t.Errorf("an edit above it changes the questions (-before +after):\n%s", diff)
		}
	})
}
