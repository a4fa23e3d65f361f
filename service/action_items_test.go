package service_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

func (d *debrief) act(t *testing.T, item *debriefv1.ActionItem) *debriefv1.ActionItem {
	t.Helper()
	return must[*debriefv1.ActionItem](t)(d.actionItems.CreateActionItem(t.Context(), &debriefv1.CreateActionItemRequest{ActionItem: item}))
}

func TestAnActionItemStartsWithAnOwnerAndAFirstStep(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		item := d.act(t, &debriefv1.ActionItem{Title: "Ask before deleting"})
		_, err := d.actionItems.StartActionItem(t.Context(), &debriefv1.StartActionItemRequest{Name: item.GetName(), Owner: "team-storage"})
		if got, _ := refused(t, err); got.Reason != "OWNER_AND_FIRST_STEP_REQUIRED" || got.Code != codes.FailedPrecondition {
			t.Errorf("starting without a first step: %v", err)
		}
		d.advance(time.Hour)
		started := must[*debriefv1.ActionItem](t)(d.actionItems.StartActionItem(t.Context(), &debriefv1.StartActionItemRequest{Name: item.GetName(), Owner: "team-storage", FirstStep: "Find all callers."}))
		want := &debriefv1.ActionItem{
			Name: item.GetName(), Title: "Ask before deleting", State: debriefv1.ActionItem_STATE_IN_PROGRESS, Owner: "team-storage", FirstStep: "Find all callers.",
			StartTime: timestamppb.New(start.Add(time.Hour)), CreateTime: timestamppb.New(start), UpdateTime: timestamppb.New(start.Add(time.Hour)),
		}
		if diff := cmp.Diff(want, started, protocmp.Transform(), protocmp.IgnoreFields(&debriefv1.ActionItem{}, "etag", "suggested_strength")); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestWhatDidNotHelpHasASuccessor(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		published := d.publish(t, d.open(t, "x").GetName())
		factor := published.GetContributingFactors()[0].GetId()
		item := d.act(t, &debriefv1.ActionItem{Title: "Write it down", Owner: "team-storage", PostMortem: published.GetName(), ContributingFactor: factor})
		must[*debriefv1.ActionItem](t)(d.actionItems.CompleteActionItem(t.Context(), &debriefv1.CompleteActionItemRequest{Name: item.GetName()}))
		request := &debriefv1.VerifyActionItemRequest{
			Name: item.GetName(), Outcome: debriefv1.VerificationOutcome_VERIFICATION_OUTCOME_INEFFECTIVE,
			Note: "Nobody reads it.", SuccessorTitle: "Make it impossible", RequestId: "verify-1",
		}
		verified := must[*debriefv1.ActionItem](t)(d.actionItems.VerifyActionItem(t.Context(), request))
		if verified.GetState() != debriefv1.ActionItem_STATE_INEFFECTIVE || verified.GetOutcomeNote() != "Nobody reads it." {
			t.Errorf("verified: %v", verified)
		}
		again := must[*debriefv1.ActionItem](t)(d.actionItems.VerifyActionItem(t.Context(), request))
		if diff := cmp.Diff(verified, again, protocmp.Transform()); diff != "" {
			t.Errorf("the repetition (-first +second):\n%s", diff)
		}
		successor := must[*debriefv1.ActionItem](t)(d.actionItems.GetActionItem(t.Context(), &debriefv1.GetActionItemRequest{Name: verified.GetSuccessor()}))
		want := &debriefv1.ActionItem{
			Title: "Make it impossible", State: debriefv1.ActionItem_STATE_OPEN, Owner: "team-storage", PostMortem: published.GetName(), ContributingFactor: factor,
			Predecessor: item.GetName(), CreateTime: timestamppb.New(start), UpdateTime: timestamppb.New(start),
			FactorCategory: published.GetContributingFactors()[0].GetCategory(),
		}
		if diff := cmp.Diff(want, successor, protocmp.Transform(), protocmp.IgnoreFields(&debriefv1.ActionItem{}, "name", "etag", "suggested_strength")); diff != "" {
			t.Errorf("successor (-want +got):\n%s", diff)
		}
		if created := d.feed(t, "type = ACTION_ITEM_CREATED"); len(created) != 2 {
			t.Errorf("%d action items were created", len(created))
		}
	})
}

func TestDroppedActionItemsSayWhyAndCanComeBack(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		item := d.act(t, &debriefv1.ActionItem{Title: "x"})
		_, err := d.actionItems.DropActionItem(t.Context(), &debriefv1.DropActionItemRequest{Name: item.GetName()})
		if diff := cmp.Diff(refusal{codes.InvalidArgument, "INVALID_ARGUMENT", []string{"reason"}}, first1(refused(t, err))); diff != "" {
			t.Errorf("dropping without a reason (-want +got):\n%s", diff)
		}
		dropped := must[*debriefv1.ActionItem](t)(d.actionItems.DropActionItem(t.Context(), &debriefv1.DropActionItemRequest{Name: item.GetName(), Reason: "The service is gone."}))
		if dropped.GetState() != debriefv1.ActionItem_STATE_DROPPED || dropped.GetDropReason() != "The service is gone." {
			t.Errorf("dropped: %v", dropped)
		}
		reopened := must[*debriefv1.ActionItem](t)(d.actionItems.ReopenActionItem(t.Context(), &debriefv1.ReopenActionItemRequest{Name: item.GetName(), Reason: "It is back."}))
		if reopened.GetState() != debriefv1.ActionItem_STATE_OPEN || reopened.GetDropReason() != "" {
			t.Errorf("reopened: %v", reopened)
		}
		changes := d.feed(t, "type = ACTION_ITEM_REOPENED")[0].GetChanges()
		if last := changes[len(changes)-1]; last.GetField() != "reason" || last.GetAfter() != "It is back." {
			t.Errorf("the event does not say why: %v", changes)
		}
	})
}

func TestActionItemsReferToWhatExists(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		published := d.publish(t, d.open(t, "x").GetName())
		const unknown = "01JGQ0000000000000000000AA"
		tests := []struct {
			name string
			item *debriefv1.ActionItem
			want refusal
		}{
			{"an unknown incident", &debriefv1.ActionItem{Title: "x", Incident: "incidents/" + unknown}, refusal{Code: codes.NotFound, Reason: "RESOURCE_NOT_FOUND"}},
			{"an unknown post-mortem", &debriefv1.ActionItem{Title: "x", PostMortem: "postMortems/" + unknown}, refusal{Code: codes.NotFound, Reason: "RESOURCE_NOT_FOUND"}},
			{
				"an unknown factor", &debriefv1.ActionItem{Title: "x", PostMortem: published.GetName(), ContributingFactor: "nope"},
				refusal{codes.InvalidArgument, "INVALID_ARGUMENT", []string{"action_item.contributing_factor"}},
			},
			{
				"a factor of nothing", &debriefv1.ActionItem{Title: "x", ContributingFactor: "nope"},
				refusal{codes.InvalidArgument, "INVALID_ARGUMENT", []string{"action_item.contributing_factor"}},
			},
		}
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				_, err := d.actionItems.CreateActionItem(t.Context(), &debriefv1.CreateActionItemRequest{ActionItem: test.item})
				if diff := cmp.Diff(test.want, first1(refused(t, err))); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		}
	})
}

func TestOverdueActionItemsAreFound(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		due := timestamppb.New(start.Add(time.Hour))
		late := d.act(t, &debriefv1.ActionItem{Title: "late", DueTime: due})
		done := d.act(t, &debriefv1.ActionItem{Title: "done", DueTime: due})
		must[*debriefv1.ActionItem](t)(d.actionItems.CompleteActionItem(t.Context(), &debriefv1.CompleteActionItemRequest{Name: done.GetName()}))
		d.act(t, &debriefv1.ActionItem{Title: "whenever"})
		page := must[*debriefv1.ListActionItemsResponse](t)(d.actionItems.ListActionItems(t.Context(), &debriefv1.ListActionItemsRequest{
			Filter: `(state = OPEN OR state = IN_PROGRESS) AND due_time < "` + start.Add(2*time.Hour).Format(time.RFC3339) + `"`, OrderBy: "due_time",
		}))
		if items := page.GetActionItems(); len(items) != 1 || items[0].GetName() != late.GetName() {
			t.Errorf("overdue: %v", page)
		}
	})
}
