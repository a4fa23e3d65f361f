package service

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/debriefhq/debrief/repository"
)

const (
	// leaseFor is for how long a process has the right to deliver a subscription, and leaseRenewal how often it renews it.
	leaseFor     = 30 * time.Second
	leaseRenewal = 10 * time.Second
	// lookInterval lies between two looks at the subscriptions.
	lookInterval = time.Second
	// lastWords is how long may be taken, when all is to end, for keeping what was done.
	lastWords = 5 * time.Second
)

// DispatchOptions say how events are delivered.
type DispatchOptions struct {
	// Holder names this process among all that deliver from one store. Default: an id of its own.
	Holder string
	// After sends when the time is over. Default: that of the system.
	After func(time.Duration) <-chan time.Time
	// Chance is a random number from 0 to 1. Default: that of the system.
	Chance func() float64
}

// Dispatch delivers events to the subscriptions until the context ends. It may run on any number of replicas at once: each
// subscription is delivered by the one that holds its lease, and by another soon after that one is gone.
func (s *Services) Dispatch(ctx context.Context, options DispatchOptions) {
	d := &dispatcher{Subscriptions: s.Subscriptions, options: options, runs: map[string]*run{}}
	if d.options.Holder == "" {
		d.options.Holder = d.newID(d.present())
	}
	if d.options.After == nil {
		d.options.After = time.After
	}
	if d.options.Chance == nil {
		d.options.Chance = rand.Float64
	}
	defer d.sender.client.CloseIdleConnections()
	defer d.running.Wait()
	for {
		if err := d.look(ctx); err != nil && ctx.Err() == nil {
			d.logger.WarnContext(ctx, "look at the subscriptions: will be tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-d.nudged:
		case <-d.options.After(lookInterval):
		}
	}
}

// dispatcher delivers, in this process.
type dispatcher struct {
	*Subscriptions

	options DispatchOptions
	running sync.WaitGroup

	mutex sync.Mutex
	// runs are those that are under way here, by the ids of their subscriptions.
	runs map[string]*run
}

// look begins what is to be delivered and nobody delivers, ends what is not to be delivered any more, and has those notice
// whose subscription has changed.
func (d *dispatcher) look(ctx context.Context) error {
	found := map[string]bool{}
	query := repository.Query{
		Where: repository.TermIn{repository.Term("state", subscriptionActive), repository.Term("state", subscriptionFailing)}, Limit: purgeAtOnce,
	}
	for page, err := range everyPage(ctx, repository.SubscriptionSchema, d.repository.Subscriptions(), query) {
		if err != nil {
			return fmt.Errorf("list the subscriptions: %w", err)
		}
		for _, subscription := range page {
			found[subscription.ID] = true
			d.see(ctx, subscription)
		}
	}
	d.mutex.Lock()
	defer d.mutex.Unlock()
	for id, run := range d.runs {
		if !found[id] {
			run.stop(errNotOurs)
		}
	}
	return nil
}

// see looks at a subscription that is to be delivered.
func (d *dispatcher) see(ctx context.Context, subscription repository.Subscription) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if known, running := d.runs[subscription.ID]; running {
		known.see(subscription.Revision)
		return
	}
	if !d.free(subscription) {
		return
	}
	running, stop := context.WithCancelCause(ctx)
	begun := &run{dispatcher: d, id: subscription.ID, stop: stop, woken: make(chan struct{}, 1)}
	d.runs[subscription.ID] = begun
	d.running.Go(func() {
		defer stop(nil)
		held := begun.run(running)
		d.mutex.Lock()
		defer d.mutex.Unlock()
		delete(d.runs, subscription.ID)
		if held {
			d.nudge() // There may be more to deliver: the lease may just have been renewed too late.
		}
	})
}

// free says whether this process may take the lease of a subscription.
func (d *dispatcher) free(subscription repository.Subscription) bool {
	lease := subscription.Lease
	return lease.Holder == "" || lease.Holder == d.options.Holder || !lease.ExpireTime.After(d.now())
}

// errNotOurs says that a subscription is not delivered by this process any more.
var errNotOurs = errors.New("the subscription is delivered by somebody else, or not at all")

// take takes the lease.
func (d *dispatcher) take(ctx context.Context, id string) (repository.Subscription, error) {
	return d.repository.Subscriptions().Update(ctx, id, func(subscription *repository.Subscription) (repository.Effects, error) {
		if !deliverable(*subscription) || !d.free(*subscription) {
			return repository.Effects{}, errNotOurs
		}
		if err := keepFirstAnswer(&subscription.Header, subscription); err != nil {
			return repository.Effects{}, err
		}
		subscription.Lease = repository.Lease{Holder: d.options.Holder, ExpireTime: stored(d.now().Add(leaseFor))}
		return repository.Effects{}, nil
	})
}

func deliverable(subscription repository.Subscription) bool {
	return subscription.Visibility == repository.Live && subscription.State != subscriptionDisabled
}
