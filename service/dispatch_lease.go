package service

import (
	"context"
	"errors"
	"time"

	"github.com/debriefhq/debrief/repository"
)

// hold renews the lease until the context ends, and ends the run when it is lost.
func (r *run) hold(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.options.After(leaseRenewal):
		}
		err := r.amend(ctx, func(subscription *repository.Subscription) repository.Effects {
			subscription.Lease.ExpireTime = stored(r.now().Add(leaseFor))
			subscription.Sequence = max(subscription.Sequence, r.recorded.Load())
			return repository.Effects{}
		})
		if lost(err) || !r.holds() {
			r.stop(errNotOurs)
			return
		}
	}
}

// lost says that there is nothing to be done any more.
func lost(err error) bool {
	return errors.Is(err, errNotOurs) || errors.Is(err, repository.ErrNotFound)
}

// holds says whether the lease is this process's still, as far as it knows.
func (r *run) holds() bool { return r.now().UnixMilli() < r.heldUntil.Load() }

// amend changes the subscription while the lease is held.
func (r *run) amend(ctx context.Context, change func(*repository.Subscription) repository.Effects) error {
	r.changing.Lock()
	defer r.changing.Unlock()
	changed, err := r.repository.Subscriptions().Update(ctx, r.id, func(subscription *repository.Subscription) (repository.Effects, error) {
		if subscription.Lease.Holder != r.options.Holder || !deliverable(*subscription) {
			return repository.Effects{}, errNotOurs
		}
		if err := keepFirstAnswer(&subscription.Header, subscription); err != nil {
			return repository.Effects{}, err
		}
		return change(subscription), nil
	})
	if err != nil {
		return err
	}
	if changed.Revision != r.revision.Load()+1 {
		r.outdated.Store(true) // Somebody else has changed it meanwhile.
	}
	r.revision.Store(changed.Revision)
	r.heldUntil.Store(changed.Lease.ExpireTime.UnixMilli())
	return nil
}

// see has the run read the subscription again where it has changed since.
func (r *run) see(revision int64) {
	if revision <= r.revision.Load() || r.revision.Load() == 0 {
		return
	}
	r.outdated.Store(true)
	select {
	case r.woken <- struct{}{}:
	default:
	}
}

// release lets others take over at once.
func (r *run) release(ctx context.Context) {
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer cancel()
	err := r.amend(ending, func(subscription *repository.Subscription) repository.Effects {
		subscription.Lease = repository.Lease{}
		subscription.Sequence = max(subscription.Sequence, r.recorded.Load())
		return repository.Effects{}
	})
	if err != nil && !lost(err) {
		r.logger.WarnContext(ctx, "give a lease back: it ends by itself", "subscription", r.id, "error", err)
	}
}

// settle keeps what a round has come to. A subscription that failed for too long, or whose receiver is gone, is disabled.
func (r *run) settle(ctx context.Context, sequence int64, went *tally) error {
	disabled := false
	err := r.amend(ctx, func(subscription *repository.Subscription) repository.Effects {
		now := r.present()
		disabled = false
		subscription.Sequence = max(subscription.Sequence, sequence)
		if went.delivered > 0 {
			subscription.State, subscription.StateReason = subscriptionActive, ""
			subscription.FailingSinceTime, subscription.LastSuccessTime = time.Time{}, now
		} else if went.failed > 0 {
			if subscription.FailingSinceTime.IsZero() || now.Sub(subscription.LastFailureTime) >= failGap {
				subscription.FailingSinceTime = now
			}
			subscription.LastFailureTime = now
			subscription.State, subscription.StateReason = subscriptionFailing, went.reason
		}
		failing := subscription.FailingSinceTime
		switch {
		case went.gone:
			subscription.StateReason = "the receiver answered with status 410: it is gone"
		case went.failed > 0 && went.delivered == 0 && now.Sub(failing) >= failFor:
			subscription.StateReason = cut("nothing could be delivered for three days, the last time since: "+went.reason, maxReason)
		default:
			return repository.Effects{}
		}
		disabled = true
		subscription.State, subscription.Lease = subscriptionDisabled, repository.Lease{}
		subscription.UpdateTime = now
		return r.told(WithActor(ctx, ""), "SUBSCRIPTION_DISABLED", subscription, now, nil)
	})
	if err == nil && disabled {
		return errNotOurs
	}
	return err
}

const (
	// failFor is how long nothing may be delivered before a subscription is disabled.
	failFor = 3 * 24 * time.Hour
	// failGap is how long nothing may be tried before what fails then is another failure, and not the same: longer than the
	// hours that a subscription to e-mail gathers and is quiet.
	failGap = 2 * 24 * time.Hour
)
