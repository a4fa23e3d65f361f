package service_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/service"
)

// finish sees an action item done.
func (d *debrief) finish(t *testing.T, item *debriefv1.ActionItem) *debriefv1.ActionItem {
	t.Helper()
	return must[*debriefv1.ActionItem](t)(d.actionItems.CompleteActionItem(t.Context(), &debriefv1.CompleteActionItemRequest{Name: item.GetName()}))
}

func TestStrengthIsSuggestedAndJudgedByPeople(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		asked := must[*debriefv1.StrengthSuggestion](t)(d.actionItems.SuggestStrength(t.Context(), &debriefv1.SuggestStrengthRequest{Text: "Remind everybody to check the dashboard"}))
		if asked.GetStrength() != debriefv1.ActionItem_STRENGTH_WEAKER || len(asked.GetWords()) == 0 || asked.GetWhy() == "" || asked.GetConfidence() <= 0 {
			t.Errorf("asked alone: %v", asked)
		}
		item := d.act(t, &debriefv1.ActionItem{Title: "Remind everybody to check the dashboard"})
		if item.GetStrength() != debriefv1.ActionItem_STRENGTH_UNSPECIFIED || !cmp.Equal(item.GetSuggestedStrength(), asked, protocmp.Transform()) {
			t.Errorf("suggested with %v: %v, want %v", item.GetStrength(), item.GetSuggestedStrength(), asked)
		}
		judged := must[*debriefv1.ActionItem](t)(d.actionItems.UpdateActionItem(t.Context(), &debriefv1.UpdateActionItemRequest{
			ActionItem: &debriefv1.ActionItem{Name: item.GetName(), Strength: debriefv1.ActionItem_STRENGTH_INTERMEDIATE, Title: "Remind everybody to read the dashboard"},
		}))
		read := must[*debriefv1.ActionItem](t)(d.actionItems.GetActionItem(t.Context(), &debriefv1.GetActionItemRequest{Name: item.GetName()}))
		for _, answer := range []*debriefv1.ActionItem{judged, read} {
			if answer.GetStrength() != debriefv1.ActionItem_STRENGTH_INTERMEDIATE || answer.GetSuggestedStrength().GetStrength() != debriefv1.ActionItem_STRENGTH_WEAKER {
				t.Errorf("a person's word does not hold: %v", answer)
			}
		}
		_, err := d.actionItems.SuggestStrength(t.Context(), &debriefv1.SuggestStrengthRequest{})
		if got, _ := refused(t, err); !cmp.Equal(got, refusal{codes.InvalidArgument, "INVALID_ARGUMENT", []string{"text"}}) {
			t.Errorf("without a text: %+v", got)
		}
	})
}

func TestAPlanOfWeakerActionsOnlyIsFlagged(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		name := d.review(t).GetName()
		plan := func() *debriefv1.ActionPlan {
			return must[*debriefv1.PostMortem](t)(d.postMortems.GetPostMortem(t.Context(), &debriefv1.GetPostMortemRequest{Name: name})).GetActionPlan()
		}
		if got := plan(); got.GetWeakerOnly() || got.GetAdvice() != "" {
			t.Errorf("a plan without action items: %v", got)
		}
		d.act(t, &debriefv1.ActionItem{Title: "Remind everybody to check the dashboard", PostMortem: name})
		d.act(t, &debriefv1.ActionItem{Title: "Something", Strength: debriefv1.ActionItem_STRENGTH_WEAKER, PostMortem: name})
		if got := plan(); !got.GetWeakerOnly() || got.GetWeakerCount() != 2 || got.GetAdvice() == "" {
			t.Errorf("a plan of weaker ones only: %v", got)
		}
		stronger := d.act(t, &debriefv1.ActionItem{Title: "Remove the button", Strength: debriefv1.ActionItem_STRENGTH_STRONGER, PostMortem: name})
		if got := plan(); got.GetWeakerOnly() || got.GetStrongerCount() != 1 {
			t.Errorf("a plan with a stronger one: %v", got)
		}
		must[*debriefv1.ActionItem](t)(d.actionItems.DropActionItem(t.Context(), &debriefv1.DropActionItemRequest{Name: stronger.GetName(), Reason: "No time."}))
		if got := plan(); !got.GetWeakerOnly() || got.GetStrongerCount() != 0 {
			t.Errorf("a plan whose stronger one was dropped: %v", got)
		}
	})
}

func TestFinishedActionsAreLookedBackAt(t *testing.T) {
	t.Parallel()
	onEachStoreWith(t, service.Options{LookBack: 30 * 24 * time.Hour}, func(t *testing.T, d *debrief) {
		own := timestamppb.New(start.Add(1000 * time.Hour))
		item := d.finish(t, d.act(t, &debriefv1.ActionItem{Title: "Bound the queue"}))
		given := d.finish(t, d.act(t, &debriefv1.ActionItem{Title: "Drain the queue", LookBackTime: own}))
		if got, want := item.GetLookBackTime().AsTime(), start.Add(30*24*time.Hour); !got.Equal(want) {
			t.Errorf("look back at %v, want %v", got, want)
		}
		if got := given.GetLookBackTime(); !cmp.Equal(got, own, protocmp.Transform()) {
			t.Errorf("look back at %v, want %v as it was given", got, own)
		}
		d.act(t, &debriefv1.ActionItem{Title: "Not done"})
		due := must[*debriefv1.ListActionItemsResponse](t)(d.actionItems.ListActionItems(t.Context(), &debriefv1.ListActionItemsRequest{
			Filter: `state = DONE AND look_back_time:*`, OrderBy: "look_back_time desc",
		}))
		var titles []string
		for _, item := range due.GetActionItems() {
			titles = append(titles, item.GetTitle())
		}
		if want := []string{"Drain the queue", "Bound the queue"}; !cmp.Equal(titles, want) {
			t.Errorf("listed %q, want %q", titles, want)
		}
		open := must[*debriefv1.ActionItem](t)(d.actionItems.ReopenActionItem(t.Context(), &debriefv1.ReopenActionItemRequest{Name: item.GetName()}))
		if open.GetLookBackTime() != nil {
			t.Errorf("open again, and looked back at %v", open.GetLookBackTime())
		}
	})
}

// learnFrom opens an incident of the services, and a post-mortem that names a factor of the category.
func (d *debrief) learnFrom(t *testing.T, category debriefv1.ContributingFactor_Category, services ...string) *debriefv1.PostMortem {
	t.Helper()
	incident := must[*debriefv1.Incident](t)(d.incidents.CreateIncident(t.Context(), &debriefv1.CreateIncidentRequest{
		Incident: &debriefv1.Incident{Title: "Slow", Impact: &debriefv1.Impact{Services: services}},
	}))
	return must[*debriefv1.PostMortem](t)(d.postMortems.CreatePostMortem(t.Context(), &debriefv1.CreatePostMortemRequest{PostMortem: &debriefv1.PostMortem{
		Incidents: []string{incident.GetName()}, Summary: "Slow.", Impact: "Some.",
		ContributingFactors: []*debriefv1.ContributingFactor{{Category: category, Description: "Nothing showed it."}},
	}}))
}

func TestSimilarIncidentsAreTold(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		const observability = debriefv1.ContributingFactor_CATEGORY_OBSERVABILITY
		first := d.learnFrom(t, observability, "checkout", "payments")
		act := func(title string) *debriefv1.ActionItem {
			return d.act(t, &debriefv1.ActionItem{
				Title: title, PostMortem: first.GetName(), ContributingFactor: first.GetContributingFactors()[0].GetId(),
			})
		}
		finished, open := d.finish(t, act("Alert on the age of the queue")), act("Draw the queue")
		if got := finished.GetSystems(); !cmp.Equal(got, []string{"checkout", "payments"}) || finished.GetFactorCategory() != observability {
			t.Errorf("it concerns %v, %v", got, finished.GetFactorCategory())
		}
		d.advance(time.Hour)
		for _, other := range []*debriefv1.PostMortem{
			d.learnFrom(t, debriefv1.ContributingFactor_CATEGORY_PROCESS, "payments"), d.learnFrom(t, observability, "search"),
		} {
			d.release(t, other.GetName())
		}
		if got := d.feed(t, "type = ACTION_ITEM_RECURRED"); len(got) != 0 {
			t.Errorf("another factor or another system is told as the same: %v", got)
		}
		similar := d.learnFrom(t, observability, "payments", "mail")
		d.release(t, similar.GetName())
		events := d.feed(t, "type = ACTION_ITEM_RECURRED")
		if len(events) != 1 || events[0].GetResource() != finished.GetName() || events[0].GetIncident() != similar.GetIncidents()[0] {
			t.Fatalf("told %v, want that %s recurred", events, finished.GetName())
		}
		read := must[*debriefv1.ListActionItemsResponse](t)(d.actionItems.ListActionItems(t.Context(), &debriefv1.ListActionItemsRequest{
			Filter: `recurrences.incident:* AND systems:"payments" AND factor_category = OBSERVABILITY`,
		})).GetActionItems()
		want := []*debriefv1.Recurrence{{
			Incident: similar.GetIncidents()[0], PostMortem: similar.GetName(), System: "payments", Category: observability, Time: events[0].GetTime(),
		}}
		if len(read) != 1 || read[0].GetName() != finished.GetName() || read[0].GetName() == open.GetName() {
			t.Fatalf("found %v", read)
		}
		if diff := cmp.Diff(want, read[0].GetRecurrences(), protocmp.Transform()); diff != "" {
			t.Errorf("recurrences (-want +got):\n%s", diff)
		}
		must[*debriefv1.PostMortem](t)(d.postMortems.UpdatePostMortem(t.Context(), &debriefv1.UpdatePostMortemRequest{
			PostMortem: &debriefv1.PostMortem{Name: similar.GetName(), OpenQuestions: "What else?"},
		}))
		must[*debriefv1.PostMortem](t)(d.postMortems.PublishPostMortem(t.Context(), &debriefv1.PublishPostMortemRequest{Name: similar.GetName()}))
		if got := d.feed(t, "type = ACTION_ITEM_RECURRED"); len(got) != 1 {
			t.Errorf("published anew, it is told again: %v", got)
		}
	})
}

// release holds the review of a post-mortem, and publishes it.
func (d *debrief) release(t *testing.T, name string) {
	t.Helper()
	d.readRules(t, name)
	must[*debriefv1.PostMortem](t)(d.postMortems.StartPostMortemReview(t.Context(), &debriefv1.StartPostMortemReviewRequest{Name: name}))
	must[*debriefv1.PostMortem](t)(d.postMortems.PublishPostMortem(t.Context(), &debriefv1.PublishPostMortemRequest{Name: name}))
}
