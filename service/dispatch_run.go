package service

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/webhook"
)

const (
	// roundSize is how many events are read at once, and how many deliveries of one resource are tried again at once.
	roundSize = 100
	// sentAtOnce is how many resources are told of at the same time, for one subscription.
	sentAtOnce = 8
	// maxWaiting is how many deliveries may wait before the feed is not followed any further: what comes then stays in it.
	maxWaiting = 1000
	// longestDelay is more than lies between two tries of a webhook, and longestGathering more than an e-mail waits for others, or
	// for the end of the quiet hours.
	longestDelay     = 2 * webhook.LastDelay
	longestGathering = 2 * 24 * time.Hour
	// storePause is waited when the store can't be reached.
	storePause = time.Second
)

// run is the delivery of one subscription by this process.
type run struct {
	*dispatcher

	id    string
	stop  context.CancelCauseFunc
	woken chan struct{}

	// changing is held while the subscription is changed, so that revision is that of the last change.
	changing  sync.Mutex
	revision  atomic.Int64
	heldUntil atomic.Int64
	// recorded is up to where in the feed everything is delivered or kept to be.
	recorded atomic.Int64
	// outdated says that the subscription, or what waits, is to be read again.
	outdated atomic.Bool

	plan *deliveryPlan
	// queues are what waits, by resource, in the order in which it is to be delivered; that of a subscription to e-mail is one.
	queues map[string][]waiting
	count  int
	// known are events after recorded whose deliveries are kept already: somebody was interrupted.
	known map[int64]bool
	debts debts
}

// waiting is a delivery that is to be tried again.
type waiting struct {
	id       string
	sequence int64
	next     time.Time
}

// run delivers until the context ends, or the lease is lost, and says whether there was one.
func (r *run) run(ctx context.Context) (held bool) {
	subscription, err := r.take(ctx, r.id)
	if err != nil {
		if !lost(err) && ctx.Err() == nil {
			r.logger.WarnContext(ctx, "take a lease: will be tried again", "subscription", r.id, "error", err)
		}
		return false
	}
	r.logger.InfoContext(ctx, "deliver a subscription", "subscription", r.id)
	r.revision.Store(subscription.Revision)
	r.heldUntil.Store(subscription.Lease.ExpireTime.UnixMilli())
	r.recorded.Store(subscription.Sequence)
	r.outdated.Store(true)
	r.tail.join() //nolint:contextcheck // The tail looks for all who wait, beyond the context of the one who came first.
	defer r.tail.leave()
	var holding sync.WaitGroup
	defer holding.Wait()
	defer r.stop(nil)
	defer r.release(ctx)
	holding.Go(func() { r.hold(ctx) })
	for ctx.Err() == nil {
		worked, err := r.round(ctx)
		switch {
		case ctx.Err() != nil || lost(err):
			return true
		case err != nil:
			r.logger.WarnContext(ctx, "deliver events: will be tried again", "subscription", r.id, "error", err)
			r.outdated.Store(true)
			r.pause(ctx, storePause)
		case !worked:
			r.idle(ctx)
		}
	}
	return true
}

func (r *run) pause(ctx context.Context, duration time.Duration) {
	select {
	case <-ctx.Done():
	case <-r.options.After(duration):
	}
}

// idle waits until there may be something to do.
func (r *run) idle(ctx context.Context) {
	if r.outdated.Load() {
		return
	}
	var grown <-chan struct{}
	if r.hasRoom() {
		grown = r.tail.beyond(r.recorded.Load())
	}
	var due <-chan time.Time
	if next := r.next(); !next.IsZero() {
		due = r.options.After(max(0, next.Sub(r.now())))
		if !r.now().Before(next) {
			return // The clock went on, or was set, while the timer was.
		}
	}
	select {
	case <-ctx.Done():
	case <-grown:
	case <-due:
	case <-r.woken:
	}
}

func (r *run) hasRoom() bool { return r.count < maxWaiting }

// next is when the next delivery is to be tried again; the zero time where none is.
func (r *run) next() time.Time {
	var next time.Time
	for _, queue := range r.queues {
		if r.due(queue[0]) {
			return r.now()
		}
		next = sooner(next, queue[0].next)
	}
	return next
}

// due says whether a delivery is to be tried now. One that waits for longer than any has to was put off before the clock was set back.
func (r *run) due(one waiting) bool {
	wait, longest := one.next.Sub(r.now()), longestDelay
	if r.plan.subscription.Email != nil {
		longest = longestGathering
	}
	return wait <= 0 || wait > longest
}

// load reads the subscription, what waits, and what is kept already of what lies ahead.
func (r *run) load(ctx context.Context) error {
	if err := r.reread(ctx); err != nil {
		return err
	}
	r.queues, r.count, r.known = map[string][]waiting{}, 0, map[int64]bool{}
	err := r.each(ctx, pendingOf(r.id), func(delivery repository.EventDelivery) {
		name := r.plan.queueOf(delivery)
		r.queues[name] = append(r.queues[name], r.waiting(delivery))
		r.count++
	})
	if err != nil {
		return err
	}
	for _, queue := range r.queues {
		sortQueue(queue)
	}
	ahead := repository.NumberRange{Field: "sequence", Min: r.recorded.Load() + 1, Max: math.MaxInt64}
	return r.each(ctx, repository.And{deliveriesOf(r.id), ahead}, func(delivery repository.EventDelivery) {
		r.known[delivery.Sequence] = true
	})
}

// waiting is a delivery as it waits. One that was not tried yet is due as soon as it is the first of its resource.
func (r *run) waiting(delivery repository.EventDelivery) waiting {
	next := delivery.NextAttemptTime
	if next.IsZero() {
		next = r.present()
	}
	return waiting{delivery.ID, delivery.Sequence, next}
}

// sortQueue puts what waits into the order of the feed.
func sortQueue(queue []waiting) {
	slices.SortFunc(queue, func(a, b waiting) int { return cmp.Or(cmp.Compare(a.sequence, b.sequence), cmp.Compare(a.id, b.id)) })
}

func (r *run) reread(ctx context.Context) error {
	r.changing.Lock()
	defer r.changing.Unlock()
	r.outdated.Store(false)
	subscription, err := r.ours(ctx)
	if err != nil {
		return err
	}
	r.revision.Store(subscription.Revision)
	r.recorded.Store(max(r.recorded.Load(), subscription.Sequence))
	r.plan, err = r.newDeliveryPlan(subscription)
	return err
}

// ours is the subscription as it is now; errNotOurs where it is not for this process to deliver any more.
func (r *run) ours(ctx context.Context) (repository.Subscription, error) {
	subscription, err := r.repository.Subscriptions().Get(ctx, r.id)
	if err != nil {
		return subscription, fmt.Errorf("read the subscription: %w", err)
	}
	if subscription.Lease.Holder != r.options.Holder || !deliverable(subscription) {
		return subscription, errNotOurs
	}
	return subscription, nil
}

// each calls visit for each delivery for which the condition holds.
func (r *run) each(ctx context.Context, where repository.Condition, visit func(repository.EventDelivery)) error {
	query := repository.Query{Where: where, Limit: purgeAtOnce}
	for page, err := range everyPage(ctx, repository.EventDeliverySchema, r.repository.EventDeliveries(), query) {
		if err != nil {
			return fmt.Errorf("list deliveries: %w", err)
		}
		for _, delivery := range page {
			visit(delivery)
		}
	}
	return nil
}

// read reads the next events of the feed, and up to where that is.
func (r *run) read(ctx context.Context) (events []repository.Event, upTo int64, err error) {
	recorded, last := r.recorded.Load(), r.tail.end()
	if !r.hasRoom() || last <= recorded {
		return nil, recorded, nil
	}
	between := repository.IDRange{From: repository.EventID(recorded + 1), Before: repository.EventID(last + 1)}
	events, err = r.repository.Events().List(asOutsider(ctx), repository.Query{Where: between, Limit: roundSize})
	if err != nil {
		return nil, recorded, fmt.Errorf("read the feed: %w", err)
	}
	if len(events) == roundSize {
		last = events[roundSize-1].Sequence()
	}
	return slices.DeleteFunc(events, func(event repository.Event) bool {
		return r.known[event.Sequence()] || !r.plan.wants(event)
	}), last, nil
}
