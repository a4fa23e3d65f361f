package service

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/clock"
	"github.com/debriefhq/debrief/service/email"
	"github.com/debriefhq/debrief/service/lifecycle"
	"github.com/debriefhq/debrief/service/webhook"
)

// reminders are the types of the events that are written where a subscription to e-mail does not say which.
var reminders = []string{"CLOCK_STARTED", "CLOCK_RESUMED", "CLOCK_AT_RISK", "CLOCK_BREACHED", "POST_MORTEM_SCHEDULED", actionItemDue, actionItemOverdue}

func isReminder(eventType string) bool { return slices.Contains(reminders, eventType) }

// minuteLayout is a time as a message tells it.
const minuteLayout = "2006-01-02 15:04 MST"

// emailItem is what a message says of an event. It is moot where that does not matter any more: because it was done
// meanwhile, or a later event says more.
func (b *base) emailItem(ctx context.Context, event repository.Event) (item email.Item, moot bool, err error) {
	item = email.Item{What: webhook.What(event.Type), Link: b.address(event.Resource)}
	switch {
	case strings.HasPrefix(event.Type, "CLOCK_") && isReminder(event.Type) && len(event.Changes) > 0:
		item.What, item.Title, err = b.clockReminder(ctx, event)
	case event.Type == actionItemDue || event.Type == actionItemOverdue:
		item.What, item.Title, err = b.actionReminder(ctx, event)
	case event.Type == "POST_MORTEM_SCHEDULED":
		item.What, item.Title, err = b.meetingReminder(ctx, event)
	default:
		item.Title, err = b.titleOf(ctx, event)
	}
	if errors.Is(err, repository.ErrNotFound) {
		return item, true, nil
	}
	return item, item.What == "", err
}

// clockReminder says what is due of an incident, and what that is called; nothing where it does not matter any more.
func (b *base) clockReminder(ctx context.Context, event repository.Event) (what, title string, err error) {
	incident, err := b.repository.Incidents().Get(ctx, lastID(event.Incident))
	if err != nil || incident.Visibility != repository.Live {
		return "", "", err
	}
	kind, about := clock.Review, "Review"
	if strings.HasPrefix(event.Changes[0].Field, clockField(clock.FollowUp)) {
		kind, about = clock.FollowUp, "First step of an action item"
	}
	status := b.statusOf(&incident, kind, b.present())
	due := status.DueTime.UTC().Format(minuteLayout)
	if event.Changes[0].After != status.State.String() {
		return "", "", nil // Something has come of it since, and was told, or need not be.
	}
	switch status.State {
	case clock.Breached:
		what = about + " overdue since " + due
	case clock.AtRisk:
		what = about + " due soon, " + due
	case clock.Running:
		what = about + " due " + due
	case clock.NotStarted, clock.Paused, clock.Waived, clock.Met:
	}
	return what, incident.Title, nil
}

// actionReminder says that an action item is due; nothing where it is done.
func (b *base) actionReminder(ctx context.Context, event repository.Event) (what, title string, err error) {
	item, err := b.repository.ActionItems().Get(ctx, lastID(event.Resource))
	if err != nil || !isOwed(&item) || len(event.Changes) > 0 && event.Changes[0].After != item.DueTime.Format(time.RFC3339) {
		return "", "", err // It is done, or due at another time by now.
	}
	title = item.Title
	if item.Owner != "" {
		title += " (" + item.Owner + ")"
	}
	due := item.DueTime.UTC().Format(minuteLayout)
	overdue := !item.DueTime.After(b.present())
	switch {
	case overdue && event.Type == actionItemOverdue:
		what = "Action item overdue since " + due
	case !overdue && event.Type == actionItemDue:
		what = "Action item due " + due
	}
	return what, title, nil
}

// meetingReminder says when a review is held; nothing where it is not to come any more.
func (b *base) meetingReminder(ctx context.Context, event repository.Event) (what, title string, err error) {
	p, err := b.repository.PostMortems().Get(ctx, lastID(event.Resource))
	if err != nil || p.Visibility != repository.Live || p.State != lifecycle.Scheduled || p.ReviewTime.Before(b.present()) {
		return "", "", err
	}
	return "Review to be held " + p.ReviewTime.UTC().Format(minuteLayout), p.Title, nil
}
