package service_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/service"
)

// watch begins to watch, and returns when the watch has begun.
func (d *debrief) watch(t *testing.T, request *debriefv1.WatchEventsRequest) grpc.ServerStreamingClient[debriefv1.WatchEventsResponse] {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	stream, err := d.events.WatchEvents(ctx, request)
	if err != nil {
		t.Fatal(err)
	}
	if first, err := stream.Recv(); err != nil || first.GetEvent() != nil {
		t.Fatalf("the first message is %v, %v, want a heartbeat", first, err)
	}
	return stream
}

// next are the next events that are watched.
func next(t *testing.T, stream grpc.ServerStreamingClient[debriefv1.WatchEventsResponse], count int) []*debriefv1.Event {
	t.Helper()
	var events []*debriefv1.Event
	for len(events) < count {
		message, err := stream.Recv()
		if err != nil {
			t.Fatalf("after %d events: %v", len(events), err)
		}
		if message.GetEvent() == nil {
			continue
		}
		if message.GetSequence() != message.GetEvent().GetSequence() {
			t.Errorf("the sequence is %d, want that of the event, %d", message.GetSequence(), message.GetEvent().GetSequence())
		}
		events = append(events, message.GetEvent())
	}
	return events
}

func TestWatchEvents(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		d.open(t, "before")
		fromNow := d.watch(t, &debriefv1.WatchEventsRequest{AfterSequence: -1})
		filtered := d.watch(t, &debriefv1.WatchEventsRequest{AfterSequence: -1, Filter: "type = INCIDENT_OPENED"})
		d.open(t, "after")
		d.open(t, "later")
		all := d.feed(t, "")

		want := all[1:]
		if diff := cmp.Diff(want, next(t, fromNow, len(want)), protocmp.Transform()); diff != "" {
			t.Errorf("from now on: -want +got\n%s", diff)
		}
		opened := d.feed(t, "type = INCIDENT_OPENED")[1:]
		if diff := cmp.Diff(opened, next(t, filtered, len(opened)), protocmp.Transform()); diff != "" {
			t.Errorf("filtered: -want +got\n%s", diff)
		}
		for cut := range all {
			resumed := d.watch(t, &debriefv1.WatchEventsRequest{AfterSequence: int64(cut)})
			if diff := cmp.Diff(all[cut:], next(t, resumed, len(all)-cut), protocmp.Transform()); diff != "" {
				t.Errorf("after %d: -want +got\n%s", cut, diff)
			}
		}
	})
}

func TestWatchEventsRefuses(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		for name, request := range map[string]*debriefv1.WatchEventsRequest{
			"a filter that is none":        {Filter: "type ="},
			"a field that there is not":    {Filter: "color = red"},
			"a sequence that was not told": {AfterSequence: 99},
			"a sequence below all":         {AfterSequence: -2},
		} {
			stream, err := d.events.WatchEvents(t.Context(), request)
			if err != nil {
				t.Fatal(err)
			}
			if message, err := stream.Recv(); status.Code(err) != codes.InvalidArgument {
				t.Errorf("%s: %v, %v, want INVALID_ARGUMENT", name, message, err)
			}
		}
	})
}

func TestWatchEventsEndsWithTheServer(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		stream := d.watch(t, &debriefv1.WatchEventsRequest{})
		d.services.EndStreams()
		for {
			_, err := stream.Recv()
			if err == nil {
				continue
			}
			if status.Code(err) != codes.Unavailable {
				t.Errorf("the stream ended with %v, want UNAVAILABLE", err)
			}
			return
		}
	})
}

// TestNobodyTakesAllWatches has somebody watch as often as they may: once more is refused, and others watch all the same.
func TestNobodyTakesAllWatches(t *testing.T) {
	t.Parallel()
	onEachStoreWith(t, authenticated(), func(t *testing.T, d *debrief) {
		one, other := d.firstKey(t, debriefv1.Role_ROLE_VIEWER), d.firstKey(t, debriefv1.Role_ROLE_RESPONDER)
		watch := func(key string) (end func(), err error) {
			ctx, cancel := context.WithCancel(showing(t, key))
			stream, err := d.events.WatchEvents(ctx, &debriefv1.WatchEventsRequest{})
			if err == nil {
				_, err = stream.Recv()
			}
			return cancel, err
		}
		var ends []func()
		for range service.MaxWatchesOfOne {
			end, err := watch(one)
			defer end()
			if err != nil {
				t.Fatalf("watch %d: %v", len(ends)+1, err)
			}
			ends = append(ends, end)
		}
		end, err := watch(one)
		defer end()
		wantRefusal(t, err, codes.ResourceExhausted, "TOO_MANY_WATCHERS")
		end, err = watch(other)
		defer end()
		if err != nil {
			t.Errorf("another one: %v", err)
		}
		ends[0]()
		for err = status.Error(codes.ResourceExhausted, ""); status.Code(err) == codes.ResourceExhausted; { // Until the server has seen that it ended.
			end, err = watch(one)
			defer end()
		}
		if err != nil {
			t.Errorf("after one has ended: %v", err)
		}
	})
}
