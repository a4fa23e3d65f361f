package service

import (
	"context"
	"sync"
	"time"

	"github.com/debriefhq/debrief/repository"
)

// tailInterval lies between two looks at the end of the feed, while anybody waits for it to grow.
const tailInterval = 100 * time.Millisecond

// tail looks at the end of the feed on behalf of all who wait for it to grow: one look serves them all, and there is none
// while nobody waits.
type tail struct {
	// last reads the sequence of the newest event; 0 where there is none.
	last func(context.Context) (int64, error)
	// pause waits between two looks; false when the context has ended.
	pause func(context.Context) bool

	mutex   sync.Mutex
	waiting int
	// stop ends the looking of those who wait now, and waits for its end.
	stop func()
	// grown is closed, and made anew, whenever the feed is seen to have grown beyond seen.
	grown chan struct{}
	seen  int64
}

func newTail(events repository.Reader[repository.Event]) *tail {
	return &tail{
		last: func(ctx context.Context) (int64, error) { return lastSequence(ctx, events) },
		pause: func(ctx context.Context) bool {
			timer := time.NewTimer(tailInterval)
			defer timer.Stop()
			select {
			case <-ctx.Done():
				return false
			case <-timer.C:
				return true
			}
		},
		grown: make(chan struct{}),
	}
}

// lastSequence is the sequence of the newest event; 0 where there is none.
func lastSequence(ctx context.Context, events repository.Reader[repository.Event]) (int64, error) {
	newest, err := events.List(ctx, repository.Query{Descending: true, Limit: 1})
	if err != nil || len(newest) == 0 {
		return 0, err
	}
	return newest[0].Sequence(), nil
}

// join has the tail look, until leave is called as often as join was.
func (t *tail) join() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.waiting++
	if t.waiting > 1 {
		return
	}
	looking, cancel := context.WithCancel(context.Background()) // It is for all who wait, not for the one who came first.
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		t.look(looking)
	}()
	t.stop = func() {
		cancel()
		<-ended
	}
}

// leave ends what join began. It returns when nothing is under way on behalf of the last who left.
func (t *tail) leave() {
	t.mutex.Lock()
	t.waiting--
	stop := t.stop
	last := t.waiting == 0
	t.mutex.Unlock()
	if last {
		stop()
	}
}

func (t *tail) look(ctx context.Context) {
	for {
		// Where the store can't be reached, those who wait learn it from what they read themselves.
		if last, err := t.last(ctx); err == nil {
			t.saw(last)
		}
		if !t.pause(ctx) {
			return
		}
	}
}

func (t *tail) saw(last int64) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if last <= t.seen {
		return
	}
	t.seen = last
	close(t.grown)
	t.grown = make(chan struct{})
}

// end is the sequence of the newest event that was seen.
func (t *tail) end() int64 {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return t.seen
}

// beyond is closed as soon as the feed is seen to have an event after the sequence.
func (t *tail) beyond(sequence int64) <-chan struct{} {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.seen > sequence {
		return closed
	}
	return t.grown
}

var closed = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()
