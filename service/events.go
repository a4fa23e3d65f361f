package service

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/reflect/protoreflect"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
)

// Events implements EventService.
type Events struct {
	debriefv1.UnimplementedEventServiceServer
	*base

	tail    *tail
	watches watches
	// after sends when the time is over; tests send when they like.
	after func(time.Duration) <-chan time.Time
}

func newEvents(shared *base) *Events {
	return &Events{
		base: shared, tail: newTail(shared.repository.Events()), watches: watches{of: map[string]int{}}, after: time.After,
	}
}

var eventFields = fieldsOf(repository.EventSchema, map[string]protoreflect.EnumDescriptor{
	"type": debriefv1.Event_Type(0).Descriptor(),
})

// ListEvents reads the feed.
func (s *Events) ListEvents(ctx context.Context, request *debriefv1.ListEventsRequest) (*debriefv1.ListEventsResponse, error) {
	list := listing[repository.Event]{
		schema: repository.EventSchema, reader: s.repository.Events(), fields: eventFields,
		orders: []string{"sequence"}, ascending: true, byID: "sequence",
	}
	var after repository.Condition
	if request.GetAfterSequence() > 0 {
		after = repository.IDRange{From: repository.EventID(request.GetAfterSequence()) + "0"}
	}
	events, token, err := list.page(ctx, request, "", after)
	if err != nil {
		return nil, err
	}
	if request.GetAfterSequence() > 0 && (len(events) == 0 || events[0].Sequence() != request.GetAfterSequence()+1) {
		if err := s.requireKept(ctx, request.GetAfterSequence()); err != nil {
			return nil, err
		}
	}
	return &debriefv1.ListEventsResponse{Events: each(events, eventToProto), NextPageToken: token}, nil
}

// requireKept refuses to go on behind an event where others that came after it were purged: who follows the feed would never know that
// they missed some. Whoever begins at the very beginning begins with what is there.
func (s *Events) requireKept(ctx context.Context, after int64) error {
	earliest, err := earliestSequence(seeingAll(ctx), s.repository.Events())
	if err != nil || after+1 >= earliest {
		return err
	}
	return &stateError{
		Code: codes.OutOfRange, Reason: "EVENTS_PURGED",
		Message: fmt.Sprintf("after_sequence: is %d, and the events before %d were purged: read what you follow anew, and go on after %d",
			after, earliest, earliest-1),
		Metadata: map[string]string{"earliest_sequence": strconv.FormatInt(earliest, 10)},
	}
}

// earliestSequence is the sequence of the oldest event that is kept; 0 where there is none.
func earliestSequence(ctx context.Context, events repository.Reader[repository.Event]) (int64, error) {
	oldest, err := events.List(ctx, repository.Query{Limit: 1})
	if err != nil || len(oldest) == 0 {
		return 0, err
	}
	return oldest[0].Sequence(), nil
}
