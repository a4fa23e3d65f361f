package service_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// readRules says that the ground rules were read out.
func (d *debrief) readRules(t *testing.T, postMortem string) *debriefv1.PostMortem {
	t.Helper()
	return must[*debriefv1.PostMortem](t)(d.postMortems.ReadGroundRules(as(t, "imke"), &debriefv1.ReadGroundRulesRequest{Name: postMortem}))
}

// inReview starts the review of a new incident.
func (d *debrief) inReview(t *testing.T) *debriefv1.PostMortem {
	t.Helper()
	draft := d.review(t)
	d.readRules(t, draft.GetName())
	return must[*debriefv1.PostMortem](t)(d.postMortems.StartPostMortemReview(t.Context(), &debriefv1.StartPostMortemReviewRequest{Name: draft.GetName()}))
}

func TestAReviewStartsOnlyAfterTheRulesWereRead(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		draft := d.review(t).GetName()
		startReview := func() error {
			_, err := d.postMortems.StartPostMortemReview(t.Context(), &debriefv1.StartPostMortemReviewRequest{Name: draft})
			return err
		}
		want := refusal{Code: codes.FailedPrecondition, Reason: "GROUND_RULES_NOT_READ"}
		if got, _ := refused(t, startReview()); !cmp.Equal(got, want) {
			t.Errorf("before the rules were read: %+v", got)
		}
		_, err := d.postMortems.ReadGroundRules(t.Context(), &debriefv1.ReadGroundRulesRequest{Name: draft})
		if got, _ := refused(t, err); got.Code != codes.InvalidArgument || !cmp.Equal(got.Fields, []string{"reader"}) {
			t.Errorf("read by nobody: %+v", got)
		}
		request := &debriefv1.ReadGroundRulesRequest{Name: draft, RequestId: "once", Present: []string{"kim", "sam"}}
		read := must[*debriefv1.PostMortem](t)(d.postMortems.ReadGroundRules(as(t, "imke"), request)).GetRulesReading()
		if read.GetReader() != "imke" || !read.GetReadTime().AsTime().Equal(start) || !cmp.Equal(read.GetPresent(), []string{"kim", "sam"}) ||
			read.GetGroundRuleSet() != "groundRuleSets/default" || len(read.GetRules()) != 5 {
			t.Errorf("on record is %v", read)
		}
		d.advance(24*time.Hour + time.Second)
		again := must[*debriefv1.PostMortem](t)(d.postMortems.ReadGroundRules(as(t, "imke"), request))
		if !again.GetRulesReading().GetReadTime().AsTime().Equal(start) {
			t.Errorf("the same request again was on record at %v", again.GetRulesReading().GetReadTime().AsTime())
		}
		got, more := refused(t, startReview())
		if !cmp.Equal(got, want) || more["read_time"] != "2026-03-14T09:00:00Z" || more["start_time"] != "2026-03-15T09:00:01Z" {
			t.Errorf("more than a day later: %+v %v", got, more)
		}
		d.readRules(t, draft)
		d.advance(24 * time.Hour)
		if err := startReview(); err != nil {
			t.Errorf("a day later: %v", err)
		}
		if got := types(d.feed(t, `type = POST_MORTEM_RULES_READ OR type = POST_MORTEM_REVIEW_STARTED`)); !cmp.Equal(got, []string{"POST_MORTEM_RULES_READ", "POST_MORTEM_RULES_READ", "POST_MORTEM_REVIEW_STARTED"}) {
			t.Errorf("events %v", got)
		}
	})
}

func TestOtherRulesMustBeReadAnew(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		draft := d.review(t).GetName()
		d.readRules(t, draft)
		d.ownRules(t, "payments")
		must[*debriefv1.PostMortem](t)(d.postMortems.UpdatePostMortem(t.Context(), &debriefv1.UpdatePostMortemRequest{
			PostMortem: &debriefv1.PostMortem{Name: draft, GroundRuleSet: "groundRuleSets/payments"},
		}))
		_, err := d.postMortems.StartPostMortemReview(t.Context(), &debriefv1.StartPostMortemReviewRequest{Name: draft})
		if got, _ := refused(t, err); got.Reason != "GROUND_RULES_NOT_READ" {
			t.Errorf("with the rules of others: %v", err)
		}
		read := d.readRules(t, draft).GetRulesReading()
		if read.GetGroundRuleSet() != "groundRuleSets/payments" || read.GetRules()[0].GetId() != "listen" {
			t.Errorf("on record is %v", read)
		}
		_, err = d.postMortems.UpdatePostMortem(t.Context(), &debriefv1.UpdatePostMortemRequest{
			PostMortem: &debriefv1.PostMortem{Name: draft, GroundRuleSet: "groundRuleSets/nobodys"},
		})
		if got, _ := refused(t, err); got.Code != codes.NotFound {
			t.Errorf("rules that there are not: %v", err)
		}
	})
}

func TestWhoRespondedDoesNotFacilitate(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		incident := must[*debriefv1.Incident](t)(d.incidents.CreateIncident(t.Context(), &debriefv1.CreateIncidentRequest{Incident: &debriefv1.Incident{
			Title: "Checkout is slow", Lead: "kim", Responders: []*debriefv1.Responder{{Person: "Sam", Role: "on-call"}},
		}})).GetName()
		want := refusal{Code: codes.FailedPrecondition, Reason: "FACILITATOR_WAS_RESPONDER"}
		for facilitator, role := range map[string]string{"KIM ": "lead", "sam": "on-call"} {
			_, err := d.postMortems.CreatePostMortem(t.Context(), &debriefv1.CreatePostMortemRequest{
				PostMortem: &debriefv1.PostMortem{Incidents: []string{incident}, Facilitator: facilitator},
			})
			got, more := refused(t, err)
			if !cmp.Equal(got, want) || more["role"] != role || more["incident"] != incident || !strings.Contains(err.Error(), role) {
				t.Errorf("%q: %+v %v", facilitator, got, more)
			}
		}
		draft := must[*debriefv1.PostMortem](t)(d.postMortems.CreatePostMortem(t.Context(), &debriefv1.CreatePostMortemRequest{
			PostMortem: &debriefv1.PostMortem{Incidents: []string{incident}, Facilitator: "imke"},
		})).GetName()
		change := func(p *debriefv1.PostMortem, paths ...string) error {
			p.Name = draft
			_, err := d.postMortems.UpdatePostMortem(t.Context(), &debriefv1.UpdatePostMortemRequest{PostMortem: p, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths}})
			return err
		}
		if got, _ := refused(t, change(&debriefv1.PostMortem{Facilitator: "sam"}, "facilitator")); !cmp.Equal(got, want) {
			t.Errorf("by an update: %+v", got)
		}
		if err := change(&debriefv1.PostMortem{Facilitator: "sam", FacilitatorOverrideReason: "Nobody else is here."}, "facilitator", "facilitator_override_reason"); err != nil {
			t.Errorf("with a reason: %v", err)
		}
		events := d.feed(t, `type = POST_MORTEM_UPDATED`)
		if last := events[len(events)-1].GetChanges(); !cmp.Equal(last[len(last)-1].GetAfter(), "Nobody else is here.") {
			t.Errorf("the reason is not on record: %v", last)
		}
		if got, _ := refused(t, change(&debriefv1.PostMortem{}, "facilitator_override_reason")); !cmp.Equal(got, want) {
			t.Errorf("without the reason again: %+v", got)
		}
		if err := change(&debriefv1.PostMortem{Facilitator: "imke"}, "facilitator", "facilitator_override_reason"); err != nil {
			t.Fatal(err)
		}
		must[*debriefv1.Incident](t)(d.incidents.UpdateIncident(t.Context(), &debriefv1.UpdateIncidentRequest{
			Incident: &debriefv1.Incident{Name: incident, Lead: "imke"},
		}))
		if err := change(&debriefv1.PostMortem{Summary: "It was slow."}, "summary"); err != nil {
			t.Errorf("what has nothing to do with it: %v", err)
		}
		d.readRules(t, draft)
		_, err := d.postMortems.StartPostMortemReview(t.Context(), &debriefv1.StartPostMortemReviewRequest{Name: draft})
		if got, _ := refused(t, err); !cmp.Equal(got, want) {
			t.Errorf("at the start of the review: %+v", got)
		}
	})
}

func TestABreachIsAMomentAndARule(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		draft := d.review(t).GetName()
		breach := &debriefv1.RecordGroundRuleBreachRequest{Name: draft, Rule: "it-made-sense", RequestId: "once"}
		_, err := d.postMortems.RecordGroundRuleBreach(t.Context(), breach)
		if got, more := refused(t, err); got.Reason != "ILLEGAL_STATE" || more["legal_states"] != "IN_REVIEW" {
			t.Errorf("before the review: %v", err)
		}
		d.readRules(t, draft)
		must[*debriefv1.PostMortem](t)(d.postMortems.StartPostMortemReview(t.Context(), &debriefv1.StartPostMortemReviewRequest{Name: draft}))
		_, err = d.postMortems.RecordGroundRuleBreach(t.Context(), &debriefv1.RecordGroundRuleBreachRequest{Name: draft, Rule: "be-nice"})
		if got, _ := refused(t, err); got.Code != codes.InvalidArgument || !cmp.Equal(got.Fields, []string{"rule"}) || !strings.Contains(err.Error(), "it-made-sense") {
			t.Errorf("a rule that was not read: %v", err)
		}
		d.advance(10 * time.Minute)
		for range 2 {
			recorded := must[*debriefv1.PostMortem](t)(d.postMortems.RecordGroundRuleBreach(as(t, "imke"), breach))
			want := []*debriefv1.GroundRuleBreach{{Rule: "it-made-sense", Time: timestamppb.New(start.Add(10 * time.Minute))}}
			if diff := cmp.Diff(want, recorded.GetGroundRuleBreaches(), protocmp.Transform()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		}
		earlier := must[*debriefv1.PostMortem](t)(d.postMortems.RecordGroundRuleBreach(as(t, "imke"), &debriefv1.RecordGroundRuleBreachRequest{
			Name: draft, Rule: "it-made-sense", Time: timestamppb.New(start.Add(time.Minute)),
		}))
		if got := earlier.GetGroundRuleBreaches(); len(got) != 2 || !got[0].GetTime().AsTime().Equal(start.Add(time.Minute)) {
			t.Errorf("the oldest is not first: %v", got)
		}
		if got := d.feed(t, `type = POST_MORTEM_RULE_BREACHED`); len(got) != 2 || len(got[0].GetChanges()) != 1 || got[0].GetChanges()[0].GetField() != "ground_rule_breaches" {
			t.Errorf("events %v", got)
		}
	})
}

func TestAReviewConcludesWithWhatIsToBeDoneOrNothing(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		review := d.inReview(t).GetName()
		item := must[*debriefv1.ActionItem](t)(d.actionItems.CreateActionItem(t.Context(), &debriefv1.CreateActionItemRequest{
			ActionItem: &debriefv1.ActionItem{Title: "Ask before deleting", PostMortem: review},
		}))
		nothing := &debriefv1.ConcludePostMortemReviewRequest{Name: review, Conclusion: debriefv1.Conclusion_CONCLUSION_NOTHING_TO_DO, Note: "We learned."}
		_, err := d.postMortems.ConcludePostMortemReview(t.Context(), nothing)
		if got, more := refused(t, err); got.Reason != "SOMETHING_TO_DO" || more["action_item"] != item.GetName() {
			t.Errorf("while something is to be done: %v", err)
		}
		d.advance(time.Hour)
		concluded := must[*debriefv1.PostMortem](t)(d.postMortems.ConcludePostMortemReview(t.Context(), &debriefv1.ConcludePostMortemReviewRequest{
			Name: review, Conclusion: debriefv1.Conclusion_CONCLUSION_ACTION_ITEMS,
		}))
		if concluded.GetConclusion() != debriefv1.Conclusion_CONCLUSION_ACTION_ITEMS || !concluded.GetReviewEndTime().AsTime().Equal(start.Add(time.Hour)) {
			t.Errorf("concluded: %v", concluded)
		}
		must[*debriefv1.ActionItem](t)(d.actionItems.DropActionItem(t.Context(), &debriefv1.DropActionItemRequest{Name: item.GetName(), Reason: "It asks already."}))
		learned := must[*debriefv1.PostMortem](t)(d.postMortems.ConcludePostMortemReview(t.Context(), nothing))
		if learned.GetConclusion() != debriefv1.Conclusion_CONCLUSION_NOTHING_TO_DO || learned.GetConclusionNote() != "We learned." {
			t.Errorf("concluded: %v", learned)
		}
		nothing.Time = timestamppb.New(start.Add(-time.Minute))
		_, err = d.postMortems.ConcludePostMortemReview(t.Context(), nothing)
		if got, _ := refused(t, err); !cmp.Equal(got.Fields, []string{"time"}) {
			t.Errorf("before it began: %v", err)
		}
		found := must[*debriefv1.ListPostMortemsResponse](t)(d.postMortems.ListPostMortems(t.Context(), &debriefv1.ListPostMortemsRequest{Filter: "conclusion = NOTHING_TO_DO"}))
		if len(found.GetPostMortems()) != 1 {
			t.Errorf("found %v", found)
		}
	})
}

func TestPublicationNamesEverySectionThatIsMissing(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		d.ownTemplate(t, "payments")
		draft := must[*debriefv1.PostMortem](t)(d.postMortems.CreatePostMortem(t.Context(), &debriefv1.CreatePostMortemRequest{PostMortem: &debriefv1.PostMortem{
			Incidents: []string{d.open(t, "Checkout is slow").GetName()}, Template: "postMortemTemplates/payments", Summary: " <!-- nothing yet --> ",
		}})).GetName()
		d.readRules(t, draft)
		must[*debriefv1.PostMortem](t)(d.postMortems.StartPostMortemReview(t.Context(), &debriefv1.StartPostMortemReviewRequest{Name: draft}))
		_, err := d.postMortems.PublishPostMortem(t.Context(), &debriefv1.PublishPostMortemRequest{Name: draft})
		got, more := refused(t, err)
		if got.Code != codes.FailedPrecondition || got.Reason != "REQUIRED_SECTIONS_EMPTY" || more["sections"] != "money,summary" || !strings.Contains(err.Error(), "What became of the money") {
			t.Errorf("%v %v", err, more)
		}
		must[*debriefv1.PostMortem](t)(d.postMortems.UpdatePostMortem(t.Context(), &debriefv1.UpdatePostMortemRequest{PostMortem: &debriefv1.PostMortem{
			Name: draft, Summary: "It was slow.", Sections: []*debriefv1.Section{{Id: "money", Text: "It was *refunded*."}},
		}}))
		published := must[*debriefv1.PostMortem](t)(d.postMortems.PublishPostMortem(t.Context(), &debriefv1.PublishPostMortemRequest{Name: draft}))
		revision := must[*debriefv1.PostMortemRevision](t)(d.postMortems.GetPostMortemRevision(t.Context(), &debriefv1.GetPostMortemRevisionRequest{Name: published.GetName() + "/revisions/1"}))
		if !strings.Contains(revision.GetDocument(), "## What became of the money\n\nIt was *refunded*.\n\n## In short\n\nIt was slow.") {
			t.Errorf("the document does not follow its template:\n%s", revision.GetDocument())
		}
	})
}

func TestPublicationClosesWhatIsResolved(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		resolved, active := d.open(t, "Checkout is slow").GetName(), d.open(t, "Cart is slow").GetName()
		must[*debriefv1.Incident](t)(d.incidents.ResolveIncident(t.Context(), &debriefv1.ResolveIncidentRequest{Name: resolved}))
		draft := must[*debriefv1.PostMortem](t)(d.postMortems.CreatePostMortem(t.Context(), &debriefv1.CreatePostMortemRequest{PostMortem: &debriefv1.PostMortem{
			Incidents: []string{resolved, active}, Summary: "It was slow.", ContributingFactors: []*debriefv1.ContributingFactor{{Description: "The tool did not ask."}},
		}})).GetName()
		d.readRules(t, draft)
		must[*debriefv1.PostMortem](t)(d.postMortems.StartPostMortemReview(t.Context(), &debriefv1.StartPostMortemReviewRequest{Name: draft}))
		states := func() []debriefv1.Incident_State {
			var states []debriefv1.Incident_State
			for _, name := range []string{resolved, active} {
				states = append(states, must[*debriefv1.Incident](t)(d.incidents.GetIncident(t.Context(), &debriefv1.GetIncidentRequest{Name: name})).GetState())
			}
			return states
		}
		must[*debriefv1.PostMortem](t)(d.postMortems.PublishPostMortem(t.Context(), &debriefv1.PublishPostMortemRequest{Name: draft, RequestId: "keep", KeepIncidentsOpen: true}))
		if got := states(); got[0] != debriefv1.Incident_STATE_RESOLVED {
			t.Errorf("asked to keep them open: %v", got)
		}
		// The same id stands for a call whose answer was lost, and which was interrupted before it had closed anything.
		for range 2 {
			must[*debriefv1.PostMortem](t)(d.postMortems.PublishPostMortem(as(t, "kim"), &debriefv1.PublishPostMortemRequest{Name: draft, RequestId: "keep"}))
			if got := states(); got[0] != debriefv1.Incident_STATE_CLOSED || got[1] == debriefv1.Incident_STATE_CLOSED {
				t.Errorf("after the repetition: %v", got)
			}
		}
		if got := types(d.feed(t, `type = INCIDENT_CLOSED OR type = POST_MORTEM_PUBLISHED`)); !cmp.Equal(got, []string{"POST_MORTEM_PUBLISHED", "INCIDENT_CLOSED"}) {
			t.Errorf("events %v", got)
		}
	})
}

func TestATemplateIsKeptAsItWasChosen(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		own := d.ownTemplate(t, "payments").GetName()
		draft := must[*debriefv1.PostMortem](t)(d.postMortems.CreatePostMortem(t.Context(), &debriefv1.CreatePostMortemRequest{PostMortem: &debriefv1.PostMortem{
			Incidents: []string{d.open(t, "Checkout is slow").GetName()}, Template: own,
		}}))
		must[*debriefv1.PostMortemTemplate](t)(d.practice.UpdatePostMortemTemplate(t.Context(), &debriefv1.UpdatePostMortemTemplateRequest{
			PostMortemTemplate: &debriefv1.PostMortemTemplate{Name: own, Title: "Payments, all of them"},
		}))
		edit := func(p *debriefv1.PostMortem, paths ...string) *debriefv1.PostMortem {
			p.Name = draft.GetName()
			return must[*debriefv1.PostMortem](t)(d.postMortems.UpdatePostMortem(t.Context(), &debriefv1.UpdatePostMortemRequest{PostMortem: p, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths}}))
		}
		if got := edit(&debriefv1.PostMortem{Summary: "x"}, "summary").GetAppliedTemplate(); got.GetRevision() != 1 || got.GetTemplate() != own {
			t.Errorf("after the template was changed: %v", got)
		}
		if got := edit(&debriefv1.PostMortem{Template: own}, "template").GetAppliedTemplate(); got.GetRevision() != 2 {
			t.Errorf("chosen anew: %v", got)
		}
		must[*debriefv1.PostMortemTemplate](t)(d.practice.DeletePostMortemTemplate(t.Context(), &debriefv1.DeletePostMortemTemplateRequest{Name: own}))
		if got := edit(&debriefv1.PostMortem{Summary: "y"}, "summary").GetAppliedTemplate(); got.GetRevision() != 2 {
			t.Errorf("after the template was deleted: %v", got)
		}
		if got := edit(&debriefv1.PostMortem{}, "template"); got.GetTemplate() != "postMortemTemplates/default" || len(got.GetAppliedTemplate().GetSections()) != 10 {
			t.Errorf("without one of its own: %v", got.GetAppliedTemplate())
		}
		_, err := d.postMortems.UpdatePostMortem(t.Context(), &debriefv1.UpdatePostMortemRequest{PostMortem: &debriefv1.PostMortem{Name: draft.GetName(), Template: own}})
		if got, _ := refused(t, err); got.Reason != "RESOURCE_DELETED" {
			t.Errorf("choosing a deleted one: %v", err)
		}
	})
}

func TestFreeSectionsHaveIDsOfTheirOwn(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		draft := d.review(t).GetName()
		for name, sections := range map[string][]*debriefv1.Section{
			"that of a part":  {{Id: "annex"}, {Id: "summary", Text: "x"}},
			"that of another": {{Id: "annex"}, {Id: "annex"}},
		} {
			_, err := d.postMortems.UpdatePostMortem(t.Context(), &debriefv1.UpdatePostMortemRequest{PostMortem: &debriefv1.PostMortem{Name: draft, Sections: sections}})
			if got, _ := refused(t, err); !cmp.Equal(got.Fields, []string{"post_mortem.sections[1].id"}) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
