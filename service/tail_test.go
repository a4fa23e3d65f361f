package service

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/metadata"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/access"
)

// growing is a feed of which only the end is asked for.
type growing struct {
	repository.Feed

	mutex  sync.Mutex
	events []repository.Event
	looks  int
	err    error
}

func (g *growing) List(_ context.Context, query repository.Query) ([]repository.Event, error) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if g.err != nil {
		return nil, g.err
	}
	if query.Descending {
		g.looks++
		return g.events[max(0, len(g.events)-1):], nil
	}
	return nil, nil // Whatever there is, a filter that nothing matches is asked for.
}

func (g *growing) grow() {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	g.err = nil
	g.events = append(g.events, repository.Event{Header: repository.Header{ID: repository.EventID(int64(len(g.events) + 1))}})
}

func (g *growing) Events() repository.Feed { return g }

// feedOf is a repository of which only the feed is asked for.
type feedOf struct {
	repository.Repository
	*growing
}

func (f feedOf) Events() repository.Feed { return f.growing }

func TestTail(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		feed := &growing{}
		end := newTail(feed)
		end.join()
		end.join()
		beyond := end.beyond(0)
		synctest.Wait()
		feed.grow()
		<-beyond
		if end.end() != 1 {
			t.Errorf("the end is %d, want 1", end.end())
		}
		select {
		case <-end.beyond(1):
			t.Error("the feed is said to have grown beyond its end")
		case <-end.beyond(0):
		}
		end.leave()
		end.leave()
		looks := feed.looks
		time.Sleep(10 * tailInterval) //nolint:forbidigo // The time is the test's own.
		if feed.looks != looks {
			t.Errorf("the feed was looked at %d times after everybody left", feed.looks-looks)
		}
	})
}

func TestTailWhileStoreIsAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(*testing.T) {
		feed := &growing{err: errors.New("away")}
		end := newTail(feed)
		end.join()
		defer end.leave()
		beyond := end.beyond(0)
		time.Sleep(3 * tailInterval) //nolint:forbidigo // The time is the test's own.
		feed.grow()
		<-beyond
	})
}

// TestHeartbeat has events that nobody asked for: they are no reason to keep still, and the heartbeat tells how far the feed
// was looked at.
func TestHeartbeat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		feed := &growing{}
		events := newEvents(&base{repository: feedOf{growing: feed}, now: time.Now, stopping: make(chan struct{})})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var got []int64
		w := watcher{Events: events, heartbeat: 10 * time.Second, send: func(message *debriefv1.WatchEventsResponse) error {
			got = append(got, message.GetSequence())
			return nil
		}}
		events.tail.join()
		done := make(chan error)
		go func() { done <- w.run(ctx) }()
		for range 4 {
			time.Sleep(6 * time.Second) //nolint:forbidigo // The time is the test's own.
			feed.grow()
		}
		time.Sleep(7 * time.Second) //nolint:forbidigo // As above.
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("run = %v, want context.Canceled", err)
		}
		events.tail.leave()
		if diff := cmp.Diff([]int64{0, 1, 3, 5 - 1}, got); diff != "" {
			t.Errorf("heartbeats: -want +got\n%s", diff)
		}
	})
}

// passing knows one token, until it does not any more.
type passing struct {
	until time.Time
	err   error
}

func (p *passing) Authenticate(context.Context, string) (access.Principal, error) {
	if time.Now().Before(p.until) {
		return access.Principal{Name: "ana@example.com", Role: access.Viewer, By: access.ByToken}, nil
	}
	return access.Principal{}, p.err
}

// TestAWatchEndsThoughNothingHappens has somebody watch who is let go, or of whom it can't be told any more who they are.
func TestAWatchEndsThoughNothingHappens(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err  error
		want time.Duration
	}{
		"they were let go":                  {&access.CredentialsError{Problem: "it has expired"}, 10 * time.Second},
		"whose it is can't be told for now": {errors.New("the issuer is away"), time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				tokens := &passing{until: began.Add(9*time.Second + 500*time.Millisecond), err: test.err}
				events := newEvents(&base{
					repository: feedOf{growing: &growing{}}, now: time.Now, stopping: make(chan struct{}), logger: slog.New(slog.DiscardHandler),
					access: AccessOptions{Required: true, Tokens: tokens},
				})
				ctx, cancel := context.WithTimeout(metadata.NewIncomingContext(t.Context(), metadata.Pairs(AuthorizationHeader, "Bearer x.y.z")), time.Hour)
				defer cancel()
				w := watcher{Events: events, heartbeat: time.Minute, send: func(*debriefv1.WatchEventsResponse) error { return nil }}
				events.tail.join()
				defer events.tail.leave()
				if err := w.run(ctx); isRefusal(err) != (test.want < time.Hour) {
					t.Errorf("run = %v", err)
				}
				if took := time.Since(began); took != test.want {
					t.Errorf("it ends after %v, want %v", took, test.want)
				}
			})
		})
	}
}
