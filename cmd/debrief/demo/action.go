package demo

import (
	"context"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// due is how long the work on an action item may take, by priority.
var due = map[string]time.Duration{"P1": 14 * day, "P2": 30 * day, "P3": 60 * day, "P4": 120 * day}

// lookBack is how long after the work one looks whether it helped.
const lookBack = 30 * day

// task is an action item that is worked on.
type task struct {
	*response
	action

	team, owner string
	created     time.Time
	// item is the action item's name, once it is there.
	item string
	// successor is the name of the next attempt, once there is one.
	successor string
}

// planAction is the way of an action item. It is created for the post-mortem's contributing factor, or for the incident
// where there is no post-mortem.
func (r *response) planAction(told action, at time.Time) {
	t := &task{response: r, action: told, team: told.Owner, created: at}
	if t.team == "" {
		t.team = r.Team
	}
	t.owner = pick(r.random, people[t.team])
	r.add(at, t.create)
	begun := at.Add(r.moments(1200, int(due[told.Priority]/time.Second)/3))
	done := begun.Add(r.moments(3*3600, int(due[told.Priority]/time.Second)))
	switch {
	case told.Drop != "":
		r.add(workday(at.Add(20*day), 11), t.drop)
	case told.Outcome != "" || told.Ineffective != nil:
		r.add(begun, t.start)
		r.add(done, t.complete)
		t.planVerification(done)
	default:
		t.planOpenEnd(begun, done)
	}
}

// planOpenEnd leaves an action item somewhere on its way; some are due long before the year is over.
func (t *task) planOpenEnd(begun, done time.Time) {
	progress := t.random.IntN(4)
	if progress > 0 {
		t.add(begun, t.start)
	}
	if progress > 1 {
		t.add(done, t.complete)
	}
}

// planVerification looks whether it helped. Some work turns out not to have been done after all.
func (t *task) planVerification(done time.Time) {
	if t.Ineffective == nil && t.random.IntN(20) == 0 {
		t.add(done.Add(3*day), t.reopen)
		t.add(done.Add(3*day).Add(t.moments(3600, 50_000)), t.start)
		done = done.Add(6 * day)
		t.add(done, t.complete)
	}
	verified := workday(done.Add(lookBack), 9+t.random.IntN(8))
	t.add(verified, t.verify)
	if t.Ineffective != nil {
		t.add(verified.Add(t.moments(1800, 200_000)), t.describeSuccessor)
		t.add(verified.Add(t.moments(3, 6)*86_400), t.startSuccessor)
	}
}

func (t *task) create(ctx context.Context) error {
	item := &debriefv1.ActionItem{
		Title: t.text(t.Title), Description: t.text(t.Description), FirstStep: t.text(t.First),
		Owner: t.team, DueTime: timestamppb.New(workday(t.created.Add(due[t.Priority]), 17)),
		Priority:   debriefv1.ActionItem_Priority(debriefv1.ActionItem_Priority_value["PRIORITY_"+t.Priority]),
		Strength:   debriefv1.ActionItem_Strength(debriefv1.ActionItem_Strength_value["STRENGTH_"+t.Strength]),
		TrackerUri: link("", "tickets.wrenpost.example/%s-%d", strings.ToUpper(t.team), 100+t.created.Unix()/60%9000).GetUri(),
		Labels:     map[string]string{"team": t.team},
	}
	if t.postMortem != "" {
		item.PostMortem, item.ContributingFactor = t.postMortem, t.factors[t.Answers]
	} else {
		item.Incident = t.name
	}
	created, err := call(ctx, t.year, t.lead, &debriefv1.CreateActionItemRequest{ActionItem: item}, t.services.ActionItems.CreateActionItem)
	t.item = created.GetName()
	return err
}

func (t *task) start(ctx context.Context) error {
	_, err := call(ctx, t.year, t.owner, &debriefv1.StartActionItemRequest{Name: t.item, Owner: t.owner}, t.services.ActionItems.StartActionItem)
	return err
}

func (t *task) complete(ctx context.Context) error {
	_, err := call(ctx, t.year, t.owner, &debriefv1.CompleteActionItemRequest{Name: t.item}, t.services.ActionItems.CompleteActionItem)
	return err
}

func (t *task) drop(ctx context.Context) error {
	_, err := call(ctx, t.year, t.lead, &debriefv1.DropActionItemRequest{Name: t.item, Reason: t.text(t.Drop)}, t.services.ActionItems.DropActionItem)
	return err
}

func (t *task) reopen(ctx context.Context) error {
	_, err := call(ctx, t.year, t.lead, &debriefv1.ReopenActionItemRequest{
		Name: t.item, Reason: "The change was taken back together with the release that carried it.",
	}, t.services.ActionItems.ReopenActionItem)
	return err
}

func (t *task) verify(ctx context.Context) error {
	request := &debriefv1.VerifyActionItemRequest{
		Name: t.item, Outcome: debriefv1.VerificationOutcome_VERIFICATION_OUTCOME_EFFECTIVE, Note: t.text(t.Outcome),
	}
	if t.Ineffective != nil {
		request.Outcome = debriefv1.VerificationOutcome_VERIFICATION_OUTCOME_INEFFECTIVE
		request.Note, request.SuccessorTitle = t.text(t.Ineffective.Note), t.text(t.Ineffective.Successor)
	}
	verified, err := call(ctx, t.year, t.lead, request, t.services.ActionItems.VerifyActionItem)
	t.successor = verified.GetSuccessor()
	return err
}

func (t *task) describeSuccessor(ctx context.Context) error {
	_, err := call(ctx, t.year, t.lead, &debriefv1.UpdateActionItemRequest{
		ActionItem: &debriefv1.ActionItem{
			Name: t.successor, Strength: debriefv1.ActionItem_STRENGTH_INTERMEDIATE, Owner: t.owner,
			DueTime: timestamppb.New(workday(t.present.Add(due["P2"]), 17)), FirstStep: "Look at what the first attempt relied on.",
		},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"strength", "owner", "due_time", "first_step"}},
	}, t.services.ActionItems.UpdateActionItem)
	return err
}

func (t *task) startSuccessor(ctx context.Context) error {
	_, err := call(ctx, t.year, t.owner, &debriefv1.StartActionItemRequest{Name: t.successor}, t.services.ActionItems.StartActionItem)
	return err
}
