package service

import (
	"context"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
)

// Events implements EventService.
type Events struct {
	debriefv1.UnimplementedEventServiceServer
	*base

	tail *tail
	// watchers has room for those who watch.
	watchers chan struct{}
	// after sends when the time is over; tests send when they like.
	after func(time.Duration) <-chan time.Time
}

func newEvents(shared *base) *Events {
	return &Events{
		base: shared, tail: newTail(shared.repository.Events()), watchers: make(chan struct{}, maxWatchers), after: time.After,
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
	return &debriefv1.ListEventsResponse{Events: each(events, eventToProto), NextPageToken: token}, nil
}
