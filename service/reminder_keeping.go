package service

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/lifecycle"
)

// dueAhead is how long before an action item is due one is reminded of it.
const dueAhead = 24 * time.Hour

// ActionItems are the action items, each with the time at which there is something to tell of it.
func (k timeKeeping) ActionItems() repository.Collection[repository.ActionItem] {
	return keptActionItems{k.Repository.ActionItems()}
}

type keptActionItems struct {
	repository.Collection[repository.ActionItem]
}

// Create sets when there is something to tell of new action items.
func (k keptActionItems) Create(ctx context.Context, creations ...repository.Creation[repository.ActionItem]) ([]repository.Created[repository.ActionItem], error) {
	kept := slices.Clone(creations)
	for i := range kept {
		kept[i].Resource.NextReminderTime = nextReminder(&kept[i].Resource)
	}
	return k.Collection.Create(ctx, kept...)
}

// Update sets when there is something to tell of an action item after the change.
func (k keptActionItems) Update(ctx context.Context, id string, change func(*repository.ActionItem) (repository.Effects, error)) (repository.ActionItem, error) {
	return k.Collection.Update(ctx, id, func(item *repository.ActionItem) (repository.Effects, error) {
		effects, err := change(item)
		item.NextReminderTime = nextReminder(item)
		return effects, err
	})
}

// ScheduleReminders sets when there is something to tell of those action items that were written before there were reminders. It
// is safe to repeat, and to interrupt.
func (s *Services) ScheduleReminders(ctx context.Context) error {
	query := repository.Query{
		Where: owed(math.MaxInt64), OrderBy: "due_time", Limit: tellAtOnce,
	}
	for page, err := range everyPage(ctx, repository.ActionItemSchema, s.base.repository.ActionItems(), query) {
		if err != nil {
			return fmt.Errorf("find action items without reminders: %w", err)
		}
		for _, item := range page {
			if item.NextReminderTime.Equal(nextReminder(&item)) {
				continue
			}
			_, err := s.base.repository.ActionItems().Update(ctx, item.ID, func(item *repository.ActionItem) (repository.Effects, error) {
				return repository.Effects{}, keepFirstAnswer(&item.Header, item)
			})
			if err != nil && !errors.Is(err, repository.ErrNotFound) {
				return fmt.Errorf("schedule the reminders of %s: %w", actionItemName(item.ID), err)
			}
		}
	}
	return nil
}

// nextReminder is when there is something to tell of an action item's due time; the zero time: never, as it is now.
func nextReminder(item *repository.ActionItem) time.Time {
	switch {
	case !isOwed(item):
		return time.Time{}
	case item.RemindedFor.Equal(item.DueTime) && item.RemindedOverdue:
		return time.Time{}
	case item.RemindedFor.Equal(item.DueTime), !item.DueTime.After(item.UpdateTime): // What is over when it is given is not near.
		return item.DueTime
	default:
		return item.DueTime.Add(-dueAhead)
	}
}

// isOwed says that an action item has a due time, and is not done yet.
func isOwed(item *repository.ActionItem) bool {
	return item.Visibility == repository.Live && !item.DueTime.IsZero() && (item.State == lifecycle.Open || item.State == lifecycle.InProgress)
}

// owed holds for the action items for which isOwed does and whose due time is no later than one in Unix milliseconds.
func owed(latest int64) repository.Condition {
	return repository.And{
		repository.TermIn{repository.Term("state", lifecycle.Open), repository.Term("state", lifecycle.InProgress)},
		repository.NumberRange{Field: "due_time", Min: repository.Unset + 1, Max: latest},
	}
}

// IsOverdue holds for the action items that are not done though their due time has come.
func IsOverdue(at time.Time) repository.Condition { return owed(at.UnixMilli()) }
