package service

import (
	"context"
	"time"

	"google.golang.org/grpc"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/access"
)

const (
	defaultHeartbeat = 15 * time.Second
	// watchedAtOnce is how many events are read for one watcher in one go.
	watchedAtOnce = 200
	// atAGlance is how long what was read for a watcher is theirs: who is slow to take it may not know of it any more.
	atAGlance = 100 * time.Millisecond
	// fromNow is the after_sequence of those who want only what happens from now on.
	fromNow = -1
)

// WatchEvents streams the feed until the caller goes away or the server stops.
func (s *Events) WatchEvents(request *debriefv1.WatchEventsRequest, stream grpc.ServerStreamingServer[debriefv1.WatchEventsResponse]) error {
	ctx := stream.Context()
	principal, _ := access.PrincipalOf(ctx)
	end, err := s.watches.begin(principal.Name)
	if err != nil {
		return err
	}
	defer end()
	condition, err := compileFilter(eventFields, request.GetFilter(), s.present())
	if err != nil {
		return err
	}
	w := watcher{Events: s, condition: condition, send: stream.Send, heartbeat: defaultHeartbeat}
	if request.GetHeartbeatInterval() != nil {
		w.heartbeat = request.GetHeartbeatInterval().AsDuration()
	}
	if w.sequence, err = s.beginning(ctx, request.GetAfterSequence()); err != nil {
		return err
	}
	s.tail.join()
	defer s.tail.leave()
	return w.run(ctx)
}

// beginning is the sequence after which a watch begins.
func (s *Events) beginning(ctx context.Context, after int64) (int64, error) {
	last, err := lastSequence(seeingAll(ctx), s.repository.Events())
	switch {
	case err != nil || after == fromNow:
		return last, err
	case after > last:
		return 0, invalid("after_sequence", "is %d, and the newest event has the sequence %d: give the sequence of the last event that you saw", after, last)
	case after == 0:
		return 0, nil
	default:
		return after, s.requireKept(ctx, after)
	}
}

// watcher is one who watches the feed.
type watcher struct {
	*Events
	condition repository.Condition
	send      func(*debriefv1.WatchEventsResponse) error
	heartbeat time.Duration
	// sequence is up to where the feed was looked at.
	sequence int64
}

// run begins with a heartbeat, so that the caller knows at once that the watch has begun, and where.
func (w *watcher) run(ctx context.Context) error {
	if err := w.beat(); err != nil {
		return err
	}
	silence := w.after(w.heartbeat)
	for {
		select {
		case <-w.stopping:
			return stopping()
		default:
		}
		sent, err := w.look(ctx)
		if err != nil {
			return err
		}
		if sent {
			silence = w.after(w.heartbeat)
			continue
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-w.stopping:
			return stopping()
		case <-w.tail.beyond(w.sequence):
		case <-w.after(keyMemory): // Nothing happens, and they may have been let go.
		case <-silence:
			if err := w.beat(); err != nil {
				return err
			}
			silence = w.after(w.heartbeat)
		}
	}
}

// look sends what there is to tell, if the caller is still admitted. Where that can't be told now, it ends a watch only where there
// may be something to tell.
func (w *watcher) look(ctx context.Context) (bool, error) {
	admitted, err := w.readmit(ctx)
	switch {
	case err == nil:
		return w.catchUp(admitted)
	case !isRefusal(err) && w.tail.end() <= w.sequence:
		return false, nil
	default:
		return false, err
	}
}

// readmit has the caller show again who they are: a key may have been revoked since, a token have expired, and a person have left a team.
func (w *watcher) readmit(ctx context.Context) (context.Context, error) {
	principal, err := w.authenticate(ctx)
	if err == nil && !principal.Role.Includes(access.Viewer) {
		err = roleRequired(principal, debriefv1.EventService_WatchEvents_FullMethodName, access.Viewer)
	}
	return access.WithPrincipal(ctx, principal), err
}

func (w *watcher) beat() error {
	return w.send(&debriefv1.WatchEventsResponse{Sequence: w.sequence})
}

// catchUp sends what is wanted of the next events, and says whether that was anything.
func (w *watcher) catchUp(ctx context.Context) (bool, error) {
	last := w.tail.end()
	if last <= w.sequence {
		return false, nil
	}
	between := repository.IDRange{From: repository.EventID(w.sequence + 1), Before: repository.EventID(last + 1)}
	looked := w.now()
	events, err := w.repository.Events().List(ctx, repository.Query{Where: both(w.condition, between), Limit: watchedAtOnce})
	if err != nil {
		return false, err
	}
	if err := w.tell(ctx, events, looked); err != nil {
		return false, err
	}
	if len(events) < watchedAtOnce {
		w.sequence = last
	}
	return len(events) > 0, nil
}

// tell sends events of which the caller might know when they were looked at. Where that is over, because the caller does not read, it
// is looked again who they are, and what is concealed from them.
func (w *watcher) tell(ctx context.Context, events []repository.Event, looked time.Time) error {
	var hidden *concealed
	for _, event := range events {
		if now := w.now(); now.Sub(looked) >= atAGlance {
			admitted, err := w.readmit(ctx)
			if err != nil {
				return err
			}
			if hidden, err = w.concealedFrom(admitted); err != nil {
				return err
			}
			looked = now
		}
		if hidden == nil || !hidden.hasEvent(&event) {
			if err := w.send(&debriefv1.WatchEventsResponse{Event: eventToProto(event), Sequence: event.Sequence()}); err != nil {
				return err
			}
		}
		w.sequence = event.Sequence()
	}
	return nil
}
