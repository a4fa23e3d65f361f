package mongodb

import (
	"context"
	"sync"

	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/semaphore"
)

// combiner has the work of concurrent callers done together, with few commands. Nobody waits for others to come: a group
// is what queued while the groups before it were running.
type combiner[W any] struct {
	// do does a group's work. It puts the results in there, and returns an error where nothing is known of any.
	do func(ctx context.Context, work []W) error
	// groups are the goroutines that do it.
	groups *sync.WaitGroup
	limits limits
	room   *semaphore.Weighted

	lock    sync.Mutex
	queue   []*share[W]
	running int
	closed  bool
}

// limits bound a combiner.
type limits struct {
	// running is how many groups are being done at the same time.
	running int
	// count and weight bound a group, unless one caller alone has more.
	count  int
	weight int64
	// waiting bounds the weight of everything that is queued or being done.
	waiting int64
}

// share is what one caller has in a group.
type share[W any] struct {
	work   []W
	weight int64
	span   trace.SpanContext
	// withdrawn says that the caller is gone.
	withdrawn bool
	err       error
	done      chan struct{}
}

func newCombiner[W any](limits limits, groups *sync.WaitGroup, do func(context.Context, []W) error) *combiner[W] {
	return &combiner[W]{do: do, groups: groups, limits: limits, room: semaphore.NewWeighted(limits.waiting)}
}

// submit has the caller's work done, in one group. When the context ends before, it may or may not be done.
func (c *combiner[W]) submit(ctx context.Context, weight int64, work ...W) error {
	weight = min(weight, c.limits.waiting)
	if err := c.room.Acquire(ctx, weight); err != nil {
		return err
	}
	defer c.room.Release(weight)
	mine := &share[W]{work: work, weight: weight, span: trace.SpanContextFromContext(ctx), done: make(chan struct{})}
	if err := c.enqueue(ctx, mine); err != nil {
		return err
	}
	select {
	case <-mine.done:
		return mine.err
	case <-ctx.Done():
		c.withdraw(mine)
		return ctx.Err()
	}
}

func (c *combiner[W]) enqueue(ctx context.Context, mine *share[W]) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.closed {
		return errClosed
	}
	c.queue = append(c.queue, mine)
	if c.running < c.limits.running {
		c.running++
		c.groups.Go(c.run)
	}
	return nil
}

// close refuses what comes from now on.
func (c *combiner[W]) close() {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.closed = true
}

func (c *combiner[W]) withdraw(mine *share[W]) {
	c.lock.Lock()
	defer c.lock.Unlock()
	mine.withdrawn = true
}

// run does group after group until nothing is queued. It does not end with any caller; its commands are traced below the
// first one's span.
func (c *combiner[W]) run() {
	for {
		group := c.take()
		if len(group) == 0 {
			return
		}
		var work []W
		for _, share := range group {
			work = append(work, share.work...)
		}
		err := c.do(trace.ContextWithSpanContext(context.Background(), group[0].span), work)
		for _, share := range group {
			share.err = err
			close(share.done)
		}
	}
}

// take takes the next group from the queue.
func (c *combiner[W]) take() []*share[W] {
	c.lock.Lock()
	defer c.lock.Unlock()
	var (
		group  []*share[W]
		count  int
		weight int64
	)
	for len(c.queue) > 0 {
		next := c.queue[0]
		if !next.withdrawn {
			count, weight = count+len(next.work), weight+next.weight
			if len(group) > 0 && (count > c.limits.count || weight > c.limits.weight) {
				break
			}
			group = append(group, next)
		}
		c.queue[0], c.queue = nil, c.queue[1:]
	}
	if len(group) == 0 {
		c.running--
		c.queue = nil
	}
	return group
}
