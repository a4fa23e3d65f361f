package service

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/email"
)

// digestQueue is the queue of a subscription to e-mail: all that waits goes into one message.
const digestQueue = ""

// queueOf names the queue in which a delivery waits.
func (p *deliveryPlan) queueOf(delivery repository.EventDelivery) string {
	if p.subscription.Email != nil {
		return digestQueue
	}
	return delivery.Resource
}

// digest has new events wait for a message, or writes the one that is due, and says whether there was anything.
//
// A message is due as well when no more may wait. Whoever is interrupted after one was taken and before that is kept with all
// that it told writes the rest of it once more.
func (r *run) digest(ctx context.Context, events []repository.Event, upTo int64) (bool, error) {
	var went tally
	if len(events) > 0 {
		r.gather(events, &went)
		if err := r.keep(ctx, &went); err != nil {
			r.outdated.Store(true)
			return false, err
		}
		return true, r.pass(ctx, upTo, &went)
	}
	queue := r.queues[digestQueue]
	if len(queue) == 0 || !r.due(queue[0]) && r.hasRoom() {
		return r.skip(upTo), nil
	}
	queue = queue[:min(len(queue), maxWaiting)]
	if open := stored(r.plan.quiet.Next(r.present())); open.After(r.now()) {
		queue[0].next = open
		return r.skip(upTo), nil
	}
	if err := r.write(ctx, queue, &went); err != nil {
		r.outdated.Store(true)
		return false, err
	}
	return true, r.pass(ctx, upTo, &went)
}

// pass keeps what a round has come to, and goes on in the feed.
func (r *run) pass(ctx context.Context, upTo int64, went *tally) error {
	if err := r.settle(ctx, upTo, went); err != nil {
		return err
	}
	r.skip(upTo)
	return nil
}

// gather makes deliveries of events that wait until the message is due.
func (r *run) gather(events []repository.Event, went *tally) {
	due := stored(r.plan.quiet.Next(r.present().Add(r.plan.subscription.Email.DigestInterval)))
	if queue := r.queues[digestQueue]; len(queue) > 0 {
		due = queue[0].next
	}
	for _, event := range events {
		delivery := r.newDelivery(event)
		delivery.NextAttemptTime = due
		went.keep(delivery)
	}
}

// digestEntry is one event on its way into a message.
type digestEntry struct {
	// delivery is nil where it is not under way any more.
	delivery *repository.EventDelivery
	// event is nil where it was purged, or restricted.
	event *repository.Event
	item  email.Item
	// moot says that there is nothing to be told of it any more.
	moot bool
}

// write sends one message of what waits, and keeps how that went with each delivery.
func (r *run) write(ctx context.Context, queue []waiting, went *tally) error {
	entries, err := r.entries(ctx, queue)
	if err != nil {
		return err
	}
	var items []email.Item
	var ids []string
	for _, one := range entries {
		if one.delivery != nil && one.event != nil && !one.moot {
			items, ids = append(items, one.item), append(ids, one.delivery.WebhookID)
		}
	}
	result := tried{delivered: true}
	if len(items) > 0 {
		if !r.holds() {
			return errNotOurs
		}
		if _, err := r.ours(ctx); err != nil { // Who unsubscribed since is not written to.
			return err
		}
		if result, err = r.sendDigest(ctx, r.plan, ids, items); err != nil {
			return err
		}
		went.count(result)
	}
	return r.tellEach(ctx, queue, entries, result)
}

// entries reads what waits. Of what is restricted while the rest is read nothing is left.
func (r *run) entries(ctx context.Context, queue []waiting) ([]digestEntry, error) {
	entries := make([]digestEntry, len(queue))
	group, reading := errgroup.WithContext(ctx)
	group.SetLimit(sentAtOnce)
	for i, one := range queue {
		group.Go(func() (err error) {
			entries[i], err = r.entry(reading, one)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	hidden, err := r.concealedFrom(asOutsider(ctx))
	for i, one := range entries {
		if hidden != nil && one.event != nil && hidden.hasEvent(one.event) {
			entries[i] = digestEntry{delivery: one.delivery}
		}
	}
	return entries, err
}

func (r *run) entry(ctx context.Context, one waiting) (entry digestEntry, err error) {
	if entry.delivery, err = r.stillPending(ctx, one); err != nil || entry.delivery == nil {
		return entry, err
	}
	if entry.event, err = r.openEvent(ctx, one.sequence); err != nil || entry.event == nil {
		return entry, err
	}
	entry.item, entry.moot, err = r.emailItem(asOutsider(ctx), *entry.event)
	return entry, err
}

// tellEach keeps with each delivery what has come of it.
func (r *run) tellEach(ctx context.Context, queue []waiting, entries []digestEntry, result tried) error {
	left := make([]waiting, len(queue))
	var group errgroup.Group // One that fails breaks off no other: what was written is to be kept.
	group.SetLimit(sentAtOnce)
	for i, one := range entries {
		if one.delivery == nil {
			continue
		}
		group.Go(func() error {
			said := result
			request := one.item.Line()
			switch {
			case one.event == nil:
				said, request = unsent(r.present(), eventGone), ""
			case one.moot:
				said = tried{delivered: true, attempt: repository.DeliveryAttempt{Time: r.present(), Response: "left out of the message: it did not matter any more"}}
			}
			var changed repository.EventDelivery
			err := r.debts.settle(ctx, func(ctx context.Context) (err error) {
				changed, err = r.tell(ctx, one.delivery.ID, request, said)
				return err
			})
			if changed.State == eventPending {
				left[i] = r.waiting(changed)
			}
			return err
		})
	}
	err := group.Wait()
	left = slices.DeleteFunc(left, func(one waiting) bool { return one.id == "" })
	r.setQueue(digestQueue, slices.Concat(left, r.queues[digestQueue][len(queue):]))
	return err
}
