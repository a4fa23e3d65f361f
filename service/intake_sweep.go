package service

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/debriefhq/debrief/repository"
)

const (
	// sweptAtOnce is how many deliveries that were left behind are taken at once, with their bodies; sweepRounds how often.
	sweptAtOnce = 20
	sweepRounds = 500
	// longestWait is more than any delivery waits: what is due even later was written down before the clock was set back.
	longestWait = 2 * maxBackoff
)

// isDue says whether a delivery that waits is to be worked off.
func isDue(delivery *repository.Delivery, now time.Time) bool {
	return delivery.State == deliveryPending && (!delivery.NextAttemptTime.After(now) || delivery.NextAttemptTime.After(now.Add(longestWait)))
}

// WorkDeliveries works off the deliveries that are due: those that were left behind by a process that ended, that are to be
// tried again, or to be replayed. It may run on any number of replicas at once, and be interrupted anywhere.
func (s *Services) WorkDeliveries(ctx context.Context) error {
	now := s.base.present()
	query := repository.Query{Limit: sweptAtOnce, Where: repository.Or{
		repository.NumberRange{Field: "next_attempt_time", Min: repository.Unset + 1, Max: now.UnixMilli()},
		repository.NumberRange{Field: "next_attempt_time", Min: now.Add(longestWait).UnixMilli() + 1, Max: math.MaxInt64},
	}}
	rounds := 0
	for due, err := range everyPage(ctx, repository.DeliverySchema, s.base.repository.Deliveries(), query) {
		if err != nil {
			return fmt.Errorf("find deliveries that were left behind: %w", err)
		}
		if err := s.Intake.takeUp(ctx, due); err != nil {
			return err
		}
		if rounds++; rounds == sweepRounds {
			break
		}
	}
	return nil
}

// takeUp works off deliveries that are due, but for those that wait here for their turn, and those that others have taken.
func (s *Intake) takeUp(ctx context.Context, due []repository.Delivery) error {
	now := s.present()
	due = slices.DeleteFunc(due, func(delivery repository.Delivery) bool { return s.queue.holds(delivery.ID) })
	claimed, err := concurrently(ctx, due, func(ctx context.Context, delivery repository.Delivery) (repository.Delivery, error) {
		return s.claim(ctx, delivery.ID, now)
	})
	if err != nil {
		return err
	}
	var jobs []*job
	for _, delivery := range claimed {
		if delivery.State == deliveryPending {
			jobs = append(jobs, &job{kept: delivery})
		}
	}
	s.workOff(ctx, jobs)
	return ctx.Err()
}

// claim takes a delivery for a while, so that others leave it alone. It answers an empty one where others were faster.
func (s *Intake) claim(ctx context.Context, id string, now time.Time) (repository.Delivery, error) {
	claimed := false
	delivery, err := s.repository.Deliveries().Update(ctx, id, func(delivery *repository.Delivery) (repository.Effects, error) {
		if claimed = isDue(delivery, now); !claimed {
			return repository.Effects{}, repository.ErrUnchanged
		}
		delivery.NextAttemptTime = now.Add(leftBehind)
		return repository.Effects{}, nil
	})
	if errors.Is(err, repository.ErrNotFound) || err == nil && !claimed {
		return repository.Delivery{}, nil
	}
	if err != nil {
		return delivery, fmt.Errorf("take %s: %w", deliveryName(id), err)
	}
	return delivery, nil
}
