package service

import (
	"context"
	"errors"
	"slices"

	"google.golang.org/protobuf/proto"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
)

// isAnonymous says whether nobody is to know who makes a request: it writes, changes or deletes what is anonymous.
func (b *base) isAnonymous(ctx context.Context, request proto.Message) (bool, error) {
	switch request := request.(type) {
	case *debriefv1.UpdateTimelineEntryRequest:
		entry, err := b.repository.TimelineEntries().Get(ctx, lastID(request.GetTimelineEntry().GetName()))
		return entry.Anonymous, unlessNotFound(err)
	case *debriefv1.DeleteTimelineEntryRequest:
		entry, err := b.repository.TimelineEntries().Get(ctx, lastID(request.GetName()))
		return entry.Anonymous, unlessNotFound(err)
	case *debriefv1.DeleteStatementRequest:
		statement, err := b.repository.ParticipantStatements().Get(ctx, lastID(request.GetName()))
		return statement.Anonymous, unlessNotFound(err)
	default:
		return writesAnonymously(request), nil
	}
}

// writesAnonymously says whether a request says itself that nobody is to know who makes it: it writes something new, and says so of it.
func writesAnonymously(request proto.Message) bool {
	switch request := request.(type) {
	case *debriefv1.CreateStatementRequest:
		return request.GetStatement().GetAnonymous()
	case *debriefv1.CreateTimelineEntryRequest:
		return request.GetTimelineEntry().GetAnonymous()
	case *debriefv1.BatchCreateTimelineEntriesRequest:
		return slices.ContainsFunc(request.GetRequests(), func(one *debriefv1.CreateTimelineEntryRequest) bool {
			return one.GetTimelineEntry().GetAnonymous()
		})
	default:
		return false
	}
}

// mayBeAnonymous says whether it can be that nobody is to know who makes a request, as far as that can be told without reading what it
// is about: nothing is read for whoever is refused.
func mayBeAnonymous(request proto.Message) bool {
	switch request.(type) {
	case *debriefv1.UpdateTimelineEntryRequest, *debriefv1.DeleteTimelineEntryRequest, *debriefv1.DeleteStatementRequest:
		return true
	default:
		return writesAnonymously(request)
	}
}

// unlessNotFound leaves it to the method to say that there is no such resource.
func unlessNotFound(err error) error {
	if errors.Is(err, repository.ErrNotFound) {
		return nil
	}
	return err
}
