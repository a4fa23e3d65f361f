package service

import (
	"cmp"
	"context"
	"time"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/lifecycle"
)

// StartActionItem says that somebody has begun.
func (s *ActionItems) StartActionItem(ctx context.Context, request *debriefv1.StartActionItemRequest) (*debriefv1.ActionItem, error) {
	return s.take(ctx, request, lifecycle.Start, "ACTION_ITEM_STARTED", func(item *repository.ActionItem, now time.Time) error {
		started, err := happened("time", request.GetTime(), now, now)
		if err != nil {
			return err
		}
		item.StartTime = started
		item.Owner = cmp.Or(request.GetOwner(), item.Owner)
		item.FirstStep = cmp.Or(request.GetFirstStep(), item.FirstStep)
		if item.Owner == "" || item.FirstStep == "" {
			return failedPrecondition("OWNER_AND_FIRST_STEP_REQUIRED", "%s needs an owner and a first step before it starts: give both", request.GetName())
		}
		return nil
	})
}

// CompleteActionItem says that the work is done.
func (s *ActionItems) CompleteActionItem(ctx context.Context, request *debriefv1.CompleteActionItemRequest) (*debriefv1.ActionItem, error) {
	// The factor may have been judged anew since the action item was created.
	concerned, err := get(ctx, s.repository.ActionItems(), request.GetName())
	if err != nil {
		return nil, err
	}
	if err := s.concern(ctx, &concerned); err != nil {
		return nil, err
	}
	return s.take(ctx, request, lifecycle.Complete, "ACTION_ITEM_COMPLETED", func(item *repository.ActionItem, now time.Time) error {
		completed, err := happened("time", request.GetTime(), now, now)
		if err == nil && request.GetTime() != nil && completed.Before(item.StartTime) {
			err = invalid("time", "%s is before the action item was started, at %s", completed.Format(time.RFC3339Nano), item.StartTime.Format(time.RFC3339Nano))
		}
		item.CompleteTime = completed
		item.Systems, item.FactorCategory = concerned.Systems, concerned.FactorCategory
		if item.LookBackTime.Before(completed) {
			item.LookBackTime = completed.Add(s.lookBack)
		}
		return err
	})
}

// DropActionItem says that it will not be done.
func (s *ActionItems) DropActionItem(ctx context.Context, request *debriefv1.DropActionItemRequest) (*debriefv1.ActionItem, error) {
	return s.take(ctx, request, lifecycle.Drop, "ACTION_ITEM_DROPPED", func(item *repository.ActionItem, _ time.Time) error {
		item.DropReason = request.GetReason()
		return nil
	})
}

// ReopenActionItem leads back to OPEN. The reason is told by the event.
func (s *ActionItems) ReopenActionItem(ctx context.Context, request *debriefv1.ReopenActionItemRequest) (*debriefv1.ActionItem, error) {
	item, err := apply(ctx, s.base, repository.ActionItemSchema, s.repository.ActionItems(), asked(request),
		func(item *repository.ActionItem, now time.Time) (repository.Effects, error) {
			effects, err := s.step(ctx, item, lifecycle.Reopen, "ACTION_ITEM_REOPENED", now, func(item *repository.ActionItem, _ time.Time) error {
				item.StartTime, item.CompleteTime, item.VerifyTime = time.Time{}, time.Time{}, time.Time{}
				item.OutcomeNote, item.DropReason, item.LookBackTime = "", "", time.Time{}
				return nil
			})
			if err == nil && request.GetReason() != "" {
				effects.Events[0].Changes = append(effects.Events[0].Changes, repository.FieldChange{Field: "reason", After: request.GetReason()})
			}
			return effects, err
		})
	if err != nil {
		return nil, err
	}
	return s.shown(item), nil
}

// VerifyActionItem says whether it helped. If not, a successor is opened in the same atomic step.
func (s *ActionItems) VerifyActionItem(ctx context.Context, request *debriefv1.VerifyActionItemRequest) (*debriefv1.ActionItem, error) {
	verb, eventType := lifecycle.Verify, "ACTION_ITEM_VERIFIED"
	if request.GetOutcome() == debriefv1.VerificationOutcome_VERIFICATION_OUTCOME_INEFFECTIVE {
		verb, eventType = lifecycle.Refute, "ACTION_ITEM_INEFFECTIVE"
	}
	item, err := apply(ctx, s.base, repository.ActionItemSchema, s.repository.ActionItems(), asked(request),
		func(item *repository.ActionItem, now time.Time) (repository.Effects, error) {
			var effects repository.Effects
			told, err := s.step(ctx, item, verb, eventType, now, func(item *repository.ActionItem, now time.Time) error {
				if verb == lifecycle.Refute {
					effects = s.succeed(ctx, item, request.GetSuccessorTitle(), now)
				}
				verified, err := happened("time", request.GetTime(), now, now)
				item.VerifyTime, item.OutcomeNote = verified, request.GetNote()
				return err
			})
			effects.Events = append(told.Events, effects.Events...)
			return effects, err
		})
	if err != nil {
		return nil, err
	}
	return s.shown(item), nil
}

// succeed opens the successor of an action item that did not help: it is to reach the same, in another way.
func (s *ActionItems) succeed(ctx context.Context, item *repository.ActionItem, title string, now time.Time) repository.Effects {
	successor := repository.ActionItem{
		Header:             repository.Header{ID: s.newID(now), Revision: 1, CreateTime: now, UpdateTime: now},
		Title:              cmp.Or(title, item.Title),
		State:              lifecycle.ActionItem.Initial,
		Owner:              item.Owner,
		Priority:           item.Priority,
		PostMortem:         item.PostMortem,
		ContributingFactor: item.ContributingFactor,
		Incident:           item.Incident,
		Labels:             item.Labels,
		Predecessor:        actionItemName(item.ID),
		ModelGap:           item.ModelGap,
		Systems:            item.Systems,
		FactorCategory:     item.FactorCategory,
	}
	item.Successor = actionItemName(successor.ID)
	return repository.Effects{
		ActionItems: []repository.ActionItem{successor},
		Events:      []repository.Event{s.event(ctx, "ACTION_ITEM_CREATED", item.Successor, item.Incident, 1, now, nil)},
	}
}

// take makes the step of a verb.
func (s *ActionItems) take(ctx context.Context, request verbRequest, verb, eventType string, more func(*repository.ActionItem, time.Time) error) (*debriefv1.ActionItem, error) {
	herald := s.newHerald()
	item, err := heralded(ctx, herald, func() (repository.ActionItem, error) {
		about, err := s.aboutToStart(ctx, request.GetName(), verb)
		if err != nil {
			return repository.ActionItem{}, err
		}
		return apply(ctx, s.base, repository.ActionItemSchema, s.repository.ActionItems(), asked(request),
			func(item *repository.ActionItem, now time.Time) (repository.Effects, error) {
				started := item.StartTime
				effects, err := s.step(ctx, item, verb, eventType, now, more)
				if err == nil && !item.StartTime.IsZero() && !item.StartTime.Equal(started) {
					err = herald.ask(about, item.StartTime, now)
				}
				return effects, err
			})
	})
	if err != nil {
		return nil, err
	}
	if err := s.foundToDo(ctx, item.PostMortem); err != nil {
		return nil, err
	}
	return s.shown(item), herald.done(ctx, s.settleStarted(ctx, item))
}

// aboutToStart are the incidents whose clocks a verb may meet.
func (s *ActionItems) aboutToStart(ctx context.Context, name, verb string) ([]string, error) {
	if verb != lifecycle.Start {
		return nil, nil
	}
	read, err := get(ctx, s.repository.ActionItems(), name)
	if err != nil {
		return nil, err
	}
	return s.incidentsAbout(ctx, read)
}

func (s *ActionItems) step(ctx context.Context, item *repository.ActionItem, verb, eventType string, now time.Time, more func(*repository.ActionItem, time.Time) error) (repository.Effects, error) {
	before := s.actionItemToProto(*item)
	state, err := lifecycle.ActionItem.Step(verb, item.State)
	if err != nil {
		return repository.Effects{}, err
	}
	item.State = state
	if err := more(item, now); err != nil {
		return repository.Effects{}, err
	}
	event := s.event(ctx, eventType, actionItemName(item.ID), item.Incident, item.Revision+1, now, changesBetween(before, s.actionItemToProto(*item)))
	return repository.Effects{Events: []repository.Event{event}}, nil
}
