package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/debriefhq/debrief/repository"
)

// tally is what a round has come to.
type tally struct {
	mutex             sync.Mutex
	delivered, failed int
	gone              bool
	// reason says what went wrong last.
	reason string
	// made are the deliveries of new events, to be kept.
	made []repository.EventDelivery
}

func (t *tally) count(result tried) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if result.unsent {
		return
	}
	if result.delivered {
		t.delivered++
		return
	}
	t.failed++
	t.gone = t.gone || result.gone
	t.reason = result.attempt.Error
}

func (t *tally) keep(delivery repository.EventDelivery) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.made = append(t.made, delivery)
}

// job is what there is to tell of one resource, in order: first what waits, then what is new.
type eventJob struct {
	*run

	resource string
	waiting  []waiting
	// left is what still waits, when the job is done.
	left   []waiting
	events []repository.Event
	// blocked says that what follows has to wait.
	blocked bool
}

// round delivers what is due and what is new, once, and says whether there was anything.
//
// Before the subscription's sequence goes beyond an event, its delivery is kept: as one that was delivered, or as one that is
// to be tried again. Whoever is interrupted in between has done what is done again under the same webhook-id.
func (r *run) round(ctx context.Context) (bool, error) {
	if err := r.debts.pay(ctx); err != nil {
		return false, err
	}
	if r.outdated.Load() {
		if err := r.load(ctx); err != nil {
			return false, err
		}
	}
	events, upTo, err := r.read(ctx)
	if err != nil {
		return false, err
	}
	if r.plan.subscription.Email != nil {
		return r.digest(ctx, events, upTo)
	}
	jobs := r.jobs(events)
	if len(jobs) == 0 {
		return r.skip(upTo), nil
	}
	var went tally
	var group errgroup.Group // One that fails breaks off no other: what is sent is to be kept.
	group.SetLimit(sentAtOnce)
	for _, one := range jobs {
		group.Go(func() error { return one.work(ctx, &went) })
	}
	err = group.Wait()
	for _, one := range jobs {
		r.setQueue(one.resource, append(one.left, r.queues[one.resource][len(one.waiting):]...))
	}
	// What was delivered is kept also where the round was broken off: else it would be delivered again.
	keeping, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer cancel()
	kept := r.debts.settle(keeping, func(ctx context.Context) error { return r.keep(ctx, &went) })
	if kept != nil || err != nil {
		r.outdated.Store(true)
		return false, errors.Join(err, kept)
	}
	if err := r.settle(ctx, upTo, &went); err != nil {
		return false, err
	}
	return r.skip(upTo), nil
}

// skip goes on in the feed, and says that something was done.
func (r *run) skip(upTo int64) bool {
	moved := upTo > r.recorded.Load()
	r.recorded.Store(max(upTo, r.recorded.Load()))
	for sequence := range r.known {
		if sequence <= upTo {
			delete(r.known, sequence)
		}
	}
	return moved
}

// setQueue replaces what waits for a resource.
func (r *run) setQueue(resource string, queue []waiting) {
	r.count += len(queue) - len(r.queues[resource])
	if len(queue) == 0 {
		delete(r.queues, resource)
		return
	}
	r.queues[resource] = queue
}

// jobs parts the work by resource. What is new of a resource waits behind what waits already.
func (r *run) jobs(events []repository.Event) []*eventJob {
	var jobs []*eventJob
	byResource := map[string]*eventJob{}
	of := func(resource string) *eventJob {
		if byResource[resource] == nil {
			byResource[resource] = &eventJob{run: r, resource: resource, blocked: len(r.queues[resource]) > 0}
			jobs = append(jobs, byResource[resource])
		}
		return byResource[resource]
	}
	for resource, queue := range r.queues {
		if r.due(queue[0]) {
			due := of(resource)
			due.waiting = queue[:min(len(queue), roundSize)]
			due.blocked = len(queue) > roundSize
		}
	}
	for _, event := range events {
		one := of(event.Resource)
		one.events = append(one.events, event)
	}
	return jobs
}

// work tells of the resource. It stops where something can't be delivered: what follows waits.
func (j *eventJob) work(ctx context.Context, went *tally) error {
	j.left = slices.Clone(j.waiting)
	for len(j.left) > 0 {
		if j.outdated.Load() {
			j.blocked = true
			break
		}
		next, done, err := j.again(ctx, j.left[0], went)
		if err != nil {
			return err
		}
		if !done {
			j.left[0], j.blocked = next, true
			break
		}
		j.left = j.left[1:]
	}
	for _, event := range j.events {
		if err := j.first(ctx, event, went); err != nil {
			return err
		}
	}
	return nil
}

// first tells of a new event, or has it wait.
func (j *eventJob) first(ctx context.Context, event repository.Event, went *tally) error {
	delivery := j.newDelivery(event)
	if !j.blocked && !j.outdated.Load() {
		result, err := j.attempt(ctx, &delivery, went)
		if err != nil {
			return err
		}
		conclude(&delivery, result, j.present(), j.options.Chance())
	}
	j.blocked = j.blocked || delivery.State == eventPending
	went.keep(delivery)
	return nil
}

// newDelivery begins the delivery of an event. However often that is done there is one.
func (r *run) newDelivery(event repository.Event) repository.EventDelivery {
	now := r.present()
	delivery := newDelivery(r.id, r.newID(now), event, now)
	delivery.CreationKey = "event/" + r.id + "/" + event.CreationKey
	return delivery
}

// attempt sends an event, while the lease is held. One that was restricted since it was read, or purged, is given up: a round may be long.
func (j *eventJob) attempt(ctx context.Context, delivery *repository.EventDelivery, went *tally) (tried, error) {
	event, err := j.openEvent(ctx, delivery.Sequence)
	switch {
	case err != nil:
		return tried{}, err
	case event == nil:
		return unsent(j.present(), eventGone), nil
	case !j.holds():
		return tried{}, errNotOurs
	}
	result, err := j.try(ctx, j.plan, delivery, *event)
	if err == nil {
		went.count(result)
	}
	return result, err
}

// eventGone is why a delivery is given up whose event was purged, or restricted.
const eventGone = "the event is not kept any more, or was restricted since"

// openEvent reads an event of which everybody may know; nil where it was purged, or restricted.
func (r *run) openEvent(ctx context.Context, sequence int64) (*repository.Event, error) {
	event, err := r.repository.Events().Get(asOutsider(ctx), repository.EventID(sequence))
	if errors.Is(err, repository.ErrNotFound) {
		return nil, nil //nolint:nilnil // It is gone, which is no failure and ends no round.
	}
	if err != nil {
		return nil, fmt.Errorf("read an event: %w", err)
	}
	return &event, nil
}

// stillPending reads what waits; nil where it does not any more.
func (r *run) stillPending(ctx context.Context, one waiting) (*repository.EventDelivery, error) {
	delivery, err := r.repository.EventDeliveries().Get(ctx, one.id)
	if errors.Is(err, repository.ErrNotFound) || err == nil && delivery.State != eventPending {
		return nil, nil //nolint:nilnil // It is gone, which is no failure and ends no round.
	}
	if err != nil {
		return nil, fmt.Errorf("read a delivery: %w", err)
	}
	return &delivery, nil
}

// again tries what waits, and says whether it has come to an end.
func (j *eventJob) again(ctx context.Context, one waiting, went *tally) (waiting, bool, error) {
	delivery, err := j.stillPending(ctx, one)
	if err != nil || delivery == nil {
		return one, err == nil, err
	}
	result, err := j.attempt(ctx, delivery, went)
	if err != nil {
		return one, false, err
	}
	var changed repository.EventDelivery
	err = j.debts.settle(ctx, func(ctx context.Context) (err error) {
		changed, err = j.tell(ctx, delivery.ID, delivery.Request, result)
		return err
	})
	one.next = changed.NextAttemptTime
	return one, changed.State != eventPending, err
}

// tell keeps how a try went. What it has come to must be kept, also where all is to end.
func (r *run) tell(ctx context.Context, id, request string, result tried) (repository.EventDelivery, error) {
	keeping, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer cancel()
	chance, now := r.options.Chance(), r.present()
	changed, err := r.repository.EventDeliveries().Update(keeping, id, func(delivery *repository.EventDelivery) (repository.Effects, error) {
		if delivery.State != eventPending {
			return repository.Effects{}, repository.ErrUnchanged
		}
		delivery.Request = request
		conclude(delivery, result, now, chance)
		if !delivery.NextAttemptTime.IsZero() {
			delivery.NextAttemptTime = stored(r.plan.quiet.Next(delivery.NextAttemptTime))
		}
		return repository.Effects{}, nil
	})
	if err != nil {
		return changed, fmt.Errorf("keep how a delivery went: %w", err)
	}
	return changed, nil
}

// keep keeps the deliveries of new events.
func (r *run) keep(ctx context.Context, went *tally) error {
	if len(went.made) == 0 {
		return nil
	}
	slices.SortFunc(went.made, func(a, b repository.EventDelivery) int { return int(a.Sequence - b.Sequence) })
	creations := make([]repository.Creation[repository.EventDelivery], len(went.made))
	for i, delivery := range went.made {
		creations[i].Resource = delivery
	}
	created, err := r.repository.EventDeliveries().Create(ctx, creations...)
	if err != nil {
		return fmt.Errorf("keep deliveries: %w", err)
	}
	for i, result := range created {
		if err := r.kept(ctx, went.made[i], result); err != nil {
			return err
		}
	}
	return nil
}

// kept has a delivery wait that is to be tried again. Where somebody else, who had the lease before, has kept the event as
// one that waits, and it was delivered here, it waits no longer.
func (r *run) kept(ctx context.Context, made repository.EventDelivery, result repository.Created[repository.EventDelivery]) error {
	stored := result.Resource
	if result.Existed && made.State == eventDelivered && stored.State == eventPending {
		_, err := r.repository.EventDeliveries().Update(ctx, stored.ID, func(delivery *repository.EventDelivery) (repository.Effects, error) {
			if delivery.State != eventPending {
				return repository.Effects{}, repository.ErrUnchanged
			}
			delivery.State, delivery.NextAttemptTime = eventDelivered, made.NextAttemptTime
			delivery.Attempts, delivery.AttemptCount, delivery.Request = made.Attempts, made.AttemptCount, made.Request
			return repository.Effects{}, nil
		})
		if err != nil {
			return fmt.Errorf("keep that an event was delivered: %w", err)
		}
		return nil
	}
	if stored.State == eventPending {
		name := r.plan.queueOf(stored)
		queue := append(slices.Clone(r.queues[name]), r.waiting(stored))
		sortQueue(queue)
		r.setQueue(name, queue)
	}
	return nil
}
