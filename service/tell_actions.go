package service

import (
	"context"
	"errors"
	"time"

	"github.com/debriefhq/debrief/repository"
)

// The events of action items that time brings.
const (
	actionItemDue     = "ACTION_ITEM_DUE"
	actionItemOverdue = "ACTION_ITEM_OVERDUE"
)

// reminderTeller tells that action items are due within a day, and that they are overdue, each once for each due time.
func (b *base) reminderTeller() teller[repository.ActionItem] {
	return teller[repository.ActionItem]{
		schema: repository.ActionItemSchema, reader: b.repository.ActionItems(), field: "next_reminder_time",
		next: func(item *repository.ActionItem) time.Time { return item.NextReminderTime },
		tell: b.remind, name: actionItemName,
	}
}

// remind tells the next thing of an action item's due time.
func (b *base) remind(ctx context.Context, item repository.ActionItem, horizon time.Time) (repository.ActionItem, error) {
	changed, err := b.repository.ActionItems().Update(ctx, item.ID, func(item *repository.ActionItem) (repository.Effects, error) {
		at := nextReminder(item)
		if at.IsZero() || at.After(horizon) {
			return repository.Effects{}, repository.ErrUnchanged // Somebody else was faster.
		}
		if err := keepFirstAnswer(&item.Header, item); err != nil {
			return repository.Effects{}, err
		}
		eventType := actionItemDue
		item.RemindedFor, item.RemindedOverdue = item.DueTime, at.Equal(item.DueTime)
		if item.RemindedOverdue {
			eventType = actionItemOverdue
		}
		event := b.event(WithActor(ctx, ""), eventType, actionItemName(item.ID), item.Incident, item.Revision+1, b.present(), []repository.FieldChange{{
			Field: "due_time", After: item.DueTime.Format(time.RFC3339),
		}})
		if event.Time = at; item.UpdateTime.After(at) {
			event.Time = item.UpdateTime // It was given a due time that was near, or over, already.
		}
		return repository.Effects{Events: []repository.Event{event}}, nil
	})
	if errors.Is(err, repository.ErrNotFound) {
		return repository.ActionItem{}, nil
	}
	return changed, err
}
