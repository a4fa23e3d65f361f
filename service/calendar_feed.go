package service

import (
	"context"
	"fmt"
	"math"
	"time"

	"google.golang.org/genproto/googleapis/api/httpbody"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/calendar"
	"github.com/debriefhq/debrief/service/clock"
	"github.com/debriefhq/debrief/service/lifecycle"
)

// maxCalendarItems is how many of each kind are in the calendar: those that are to come first, then those that are late.
const maxCalendarItems = 1000

// GetCalendar answers what is due as a calendar to subscribe to.
func (s *Clocks) GetCalendar(ctx context.Context, _ *debriefv1.GetCalendarRequest) (*httpbody.HttpBody, error) {
	now := s.present()
	feed := calendar.Feed{Title: "Debrief", Description: "Reviews and action items: what is planned, and what is due."}
	for _, kind := range clockKinds {
		due, err := nearest(ctx, s.repository.Incidents(), clockOwed(kind, now), clockField(kind)+".due_time", now)
		if err != nil {
			return nil, err
		}
		for _, incident := range due {
			feed.Items = append(feed.Items, clockItem(incident, kind))
		}
	}
	reviews, err := nearest(ctx, s.repository.PostMortems(), repository.TermIn{
		repository.Term("state", lifecycle.Scheduled), repository.Term("state", lifecycle.InReview),
	}, "review_time", now)
	if err != nil {
		return nil, err
	}
	for _, p := range reviews {
		feed.Items = append(feed.Items, newItem(calendar.ReviewMeeting, postMortemName(p.ID), p.Header, p.Title, p.ReviewTime))
	}
	items, err := nearest(ctx, s.repository.ActionItems(), repository.TermIn{
		repository.Term("state", lifecycle.Open), repository.Term("state", lifecycle.InProgress),
	}, "due_time", now)
	if err != nil {
		return nil, err
	}
	for _, item := range items {
		feed.Items = append(feed.Items, actionEntry(item))
	}
	for i := range feed.Items {
		feed.Items[i].URL = s.address(feed.Items[i].Name) // Where it is relative, the calendar leaves it out.
	}
	return &httpbody.HttpBody{ContentType: calendar.MediaType, Data: calendar.Publish(feed)}, nil
}

// clockOwed holds where a clock runs out, unless somebody does what it runs for, and nobody said that it need not be done.
func clockOwed(kind clock.Kind, now time.Time) repository.Condition {
	return repository.And{
		clockLasts(kind, stateField(clock.Breached), now),
		repository.Not{Condition: clockLasts(kind, stateField(clock.Waived), now)},
	}
}

// nearest lists what has a time, the next to come first, and then what is past, the latest first.
func nearest[T any](ctx context.Context, reader repository.Reader[T], where repository.Condition, field string, now time.Time) ([]T, error) {
	coming, err := reader.List(ctx, repository.Query{
		Where:   repository.And{repository.NumberRange{Field: field, Min: now.UnixMilli(), Max: math.MaxInt64}, where},
		OrderBy: field, Limit: maxCalendarItems,
	})
	if err != nil || len(coming) == maxCalendarItems {
		return coming, err
	}
	past, err := reader.List(ctx, repository.Query{
		Where:   repository.And{repository.NumberRange{Field: field, Min: repository.Unset + 1, Max: now.UnixMilli() - 1}, where},
		OrderBy: field, Descending: true, Limit: maxCalendarItems - len(coming),
	})
	return append(coming, past...), err
}

// newItem is an entry of the calendar. Its sequence is the resource's revision, which rises with each change.
func newItem(kind calendar.Kind, name string, header repository.Header, title string, start time.Time) calendar.Item {
	return calendar.Item{
		Kind: kind, Name: name, Sequence: int(header.Revision), CreateTime: header.CreateTime, UpdateTime: header.UpdateTime,
		Title: title, Description: name, Start: start,
	}
}

func clockItem(incident repository.Incident, kind clock.Kind) calendar.Item {
	about := calendar.ReviewDue
	if kind == clock.FollowUp {
		about = calendar.FollowUpDue
	}
	item := newItem(about, incidentName(incident.ID), incident.Header, incident.Title, clockOf(&incident, kind).DueTime)
	if incident.Severity != "" {
		item.Categories = []string{incident.Severity}
	}
	return item
}

func actionEntry(action repository.ActionItem) calendar.Item {
	item := newItem(calendar.ActionDue, actionItemName(action.ID), action.Header, action.Title, action.DueTime)
	if action.Owner != "" {
		item.Description = fmt.Sprintf("Owner: %s\n\n%s", action.Owner, item.Description)
	}
	if action.Priority != "" {
		item.Categories = []string{action.Priority}
	}
	return item
}
