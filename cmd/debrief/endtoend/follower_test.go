package endtoend_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// follower reads the feed from a server as it grows. Where the stream breaks it asks for what comes after the last event that it has.
type follower struct {
	mutex  sync.Mutex
	events []*debriefv1.Event
	// streams is how many it took, and fault what none should end with.
	streams int
	fault   error
}

// newFollower follows until the test ends.
func newFollower(t *testing.T, d *debrief) *follower {
	t.Helper()
	f := &follower{}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = poll(ctx, func() bool { return f.read(ctx, d) }) // It ends with the context.
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return f
}

// read reads a stream to its end, and says whether there is nothing to be read any more.
func (f *follower) read(ctx context.Context, d *debrief) (over bool) {
	f.mutex.Lock()
	f.streams++
	after := int64(len(f.events))
	f.mutex.Unlock()
	stream, err := d.feed.WatchEvents(ctx, &debriefv1.WatchEventsRequest{AfterSequence: after})
	for err == nil {
		var message *debriefv1.WatchEventsResponse
		if message, err = stream.Recv(); message.GetEvent() != nil {
			f.mutex.Lock()
			f.events = append(f.events, message.GetEvent())
			f.mutex.Unlock()
		}
	}
	switch status.Code(err) {
	case codes.Unavailable, codes.DeadlineExceeded, codes.Canceled:
		return false
	default:
		f.mutex.Lock()
		defer f.mutex.Unlock()
		f.fault = err
		return true
	}
}

// check waits until it has the whole feed, and wants it to have each event once, in their order.
func (f *follower) check(t *testing.T, feed []*debriefv1.Event) {
	t.Helper()
	var events []*debriefv1.Event
	var streams int
	var fault error
	eventually(t, fmt.Sprintf("a follower has %d events", len(feed)), func() bool {
		f.mutex.Lock()
		defer f.mutex.Unlock()
		events, streams, fault = f.events[:min(len(f.events), len(feed))], f.streams, f.fault
		return len(events) == len(feed) || fault != nil
	})
	if fault != nil {
		t.Errorf("the stream ends with %v", fault)
	}
	if diff := cmp.Diff(feed, events, protocmp.Transform()); diff != "" {
		t.Errorf("what a follower has, by %d streams (-feed +got):\n%s", streams, diff)
	}
}
