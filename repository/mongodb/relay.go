package mongodb

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.opentelemetry.io/otel/trace"

	"github.com/debriefhq/debrief/repository"
)

// Bounds of the relay. What does not fit in its queue is left to the sweeper.
const (
	maxBatchParcels = 500
	maxBatchBytes   = 16 << 20
	maxQueueParcels = 10_000
	maxQueueBytes   = 64 << 20
	// deliveryAttempts is how often a batch is tried while the engine can't be reached.
	deliveryAttempts = 4
	// patience is how long a reader waits for the effects of what this process wrote before.
	patience = 10 * time.Second
)

// parcel is an outbox to bring away: that of a resource at a revision, whole, so that the order within the resource holds
// whoever brings away how much of it.
type parcel struct {
	from     *mongo.Collection
	id       string
	revision int64
	outbox   []change
	// bytes is how much memory it takes, about.
	bytes int
	// span is that of the write.
	span trace.SpanContext
}

func (c *collection[T]) parcel(ctx context.Context, stored document[T], bytes int) parcel {
	header := c.schema.Header(&stored.Resource)
	return parcel{
		from: c.stored, id: header.ID, revision: header.Revision, outbox: stored.Outbox,
		bytes: bytes, span: trace.SpanContextFromContext(ctx),
	}
}

// relay brings the effects of what this process writes to their places, at once, and in the order of writing. It works
// in two steps, each for a batch of parcels: it delivers the effects, and then clears the outboxes, while the next batch
// is being delivered already. A crash between any two commands leaves effects in outboxes, where a sweeper finds them.
type relay struct {
	delivery *delivery
	logger   *slog.Logger
	toDo     chan struct{}
	toClear  chan batch

	lock     sync.Mutex
	queue    []parcel
	bytes    int
	draining bool
	// added, delivered and cleared count parcels. Those that were given up count as well.
	added, delivered, cleared uint64
	// progress is closed when one of the counts rises.
	progress chan struct{}
}

// batch are parcels on their way.
type batch struct {
	parcels []parcel
	// count is how many they were at first: nothing is left of a batch that was given up.
	count int
}

func newRelay(delivery *delivery, logger *slog.Logger) *relay {
	return &relay{
		delivery: delivery,
		logger:   logger,
		toDo:     make(chan struct{}, 1),
		toClear:  make(chan batch, 4),
		progress: make(chan struct{}),
	}
}

// add takes the parcels on, but for those that hold nothing or for which there is no room.
func (r *relay) add(parcels ...parcel) {
	r.lock.Lock()
	defer r.lock.Unlock()
	for _, parcel := range parcels {
		if len(parcel.outbox) == 0 || len(r.queue) >= maxQueueParcels || r.bytes+parcel.bytes > maxQueueBytes {
			continue
		}
		r.queue = append(r.queue, parcel)
		r.bytes += parcel.bytes
		r.added++
	}
	r.wake()
}

func (r *relay) wake() {
	select {
	case r.toDo <- struct{}{}:
	default:
	}
}

// drain has the relay end when nothing is left to do.
func (r *relay) drain() {
	r.lock.Lock()
	defer r.lock.Unlock()
	r.draining = true
	r.wake()
}

// deliver delivers batch after batch until the relay is drained or the context ends.
func (r *relay) deliver(ctx context.Context) {
	defer close(r.toClear)
	for {
		parcels, ended := r.take()
		if len(parcels) > 0 {
			delivered := batch{count: len(parcels)}
			if r.persist(ctx, parcels) {
				delivered.parcels = parcels
			}
			r.advance(&r.delivered, len(parcels))
			r.toClear <- delivered
			continue
		}
		if ended {
			return
		}
		select {
		case <-r.toDo:
		case <-ctx.Done():
			return
		}
	}
}

// take takes the next batch from the queue. It says whether the queue is empty for good.
func (r *relay) take() ([]parcel, bool) {
	r.lock.Lock()
	defer r.lock.Unlock()
	count, bytes := 0, 0
	for count < min(len(r.queue), maxBatchParcels) && (count == 0 || bytes+r.queue[count].bytes <= maxBatchBytes) {
		bytes += r.queue[count].bytes
		count++
	}
	parcels := r.queue[:count:count]
	r.queue = r.queue[count:]
	r.bytes -= bytes
	if len(r.queue) == 0 {
		r.queue = nil
	}
	return parcels, r.draining && count == 0
}

// persist delivers a batch, and tries again while the engine can't be reached. What it gives up is left to the sweeper.
func (r *relay) persist(ctx context.Context, parcels []parcel) bool {
	ctx = trace.ContextWithSpanContext(ctx, parcels[0].span)
	var err error
	for attempt := range deliveryAttempts {
		err = r.delivery.deliver(ctx, parcels)
		if err == nil || !errors.Is(err, repository.ErrUnavailable) || pause(ctx, attempt+6) != nil {
			break
		}
	}
	if err != nil {
		r.logger.WarnContext(ctx, "effects are left to the sweeper", slog.Int("resources", len(parcels)), slog.Any("error", err))
	}
	return err == nil
}

// clear clears the outboxes of what was delivered, all that is there in one go, until no more comes.
func (r *relay) clear(ctx context.Context) {
	for next := range r.toClear {
		parcels, count := next.parcels, next.count
		for more := true; more; {
			select {
			case next, more = <-r.toClear:
				parcels, count = append(parcels, next.parcels...), count+next.count
			default:
				more = false
			}
		}
		r.empty(ctx, parcels)
		r.advance(&r.cleared, count)
	}
}

func (r *relay) empty(ctx context.Context, parcels []parcel) {
	if len(parcels) == 0 {
		return
	}
	ctx = trace.ContextWithSpanContext(ctx, parcels[0].span)
	if err := r.delivery.clear(ctx, parcels); err != nil {
		r.logger.WarnContext(ctx, "outboxes are left to the sweeper", slog.Int("resources", len(parcels)), slog.Any("error", err))
	}
}

func (r *relay) advance(count *uint64, by int) {
	r.lock.Lock()
	defer r.lock.Unlock()
	*count += uint64(by)
	close(r.progress)
	r.progress = make(chan struct{})
}

// pending says whether anything is on its way.
func (r *relay) pending() bool {
	r.lock.Lock()
	defer r.lock.Unlock()
	return r.delivered < r.added
}

// await waits until the effects of all that was written before are in their places; not for ever, for they get there
// in the end anyway.
func (r *relay) await(ctx context.Context) error { return r.reach(ctx, &r.delivered) }

// awaitCleared waits until the outboxes of all that was written before are cleared; not for ever either.
func (r *relay) awaitCleared(ctx context.Context) error { return r.reach(ctx, &r.cleared) }

func (r *relay) reach(ctx context.Context, count *uint64) error {
	r.lock.Lock()
	goal, reached, progress := r.added, *count, r.progress
	r.lock.Unlock()
	if reached >= goal {
		return nil
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for reached < goal {
		select {
		case <-progress:
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
		r.lock.Lock()
		reached, progress = *count, r.progress
		r.lock.Unlock()
	}
	return nil
}
