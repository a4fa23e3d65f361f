package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/audit"
)

const (
	// overdueAge is how long what is to be done may wait beyond its time.
	overdueAge = 15 * time.Minute
	// trailPages is how many of the latest pages of the audit trail are verified.
	trailPages = 50
)

// examineContents looks at what is in a store, which it opens for reading alone.
func (e *examiner) examineContents(ctx context.Context, open func(context.Context) (repository.Repository, error)) {
	store, err := open(ctx)
	if err != nil {
		e.fail("contents", "look at the store", "%s", oneLine(err))
		return
	}
	err = errors.Join(
		e.examineTrail(ctx, store.AuditPages()), e.examineEvents(ctx, store.Events()),
		examineQueue(ctx, e, "alert deliveries", "debrief delivery list, and replay", store.Deliveries()),
		examineQueue(ctx, e, "event deliveries", "debrief subscription deliveries, and replay", store.EventDeliveries()),
		e.examineSubscriptions(ctx, store.Subscriptions()),
		store.Close(context.WithoutCancel(ctx)),
	)
	if err != nil {
		e.fail("contents", "look at the store", "not all of it could be looked at: %s", oneLine(err))
	}
}

// examineTrail follows the end of the audit trail.
func (e *examiner) examineTrail(ctx context.Context, pages repository.Reader[repository.AuditPage]) error {
	latest, err := pages.List(ctx, repository.Query{Descending: true, Limit: trailPages})
	if err != nil {
		return fmt.Errorf("the audit trail: %w", err)
	}
	slices.Reverse(latest)
	last, err := followPages(latest)
	switch {
	case err != nil:
		e.fail("audit trail", "somebody has changed it: ask debrief audit verify, and compare with what you kept of it", "%v", err)
	case last.Sequence == 0:
		e.ok("audit trail", "there is nothing in it")
	default:
		e.ok("audit trail", "its end holds together, through %d:%s", last.Sequence, last.Hash)
	}
	return nil
}

// followPages answers the last record of pages that follow one another, whatever is before them.
func followPages(pages []repository.AuditPage) (audit.Record, error) {
	var chain audit.Chain
	for _, page := range pages {
		for _, record := range page.Records {
			if err := chain.Follow(audit.Record(record)); err != nil {
				return chain.Last, err
			}
		}
	}
	return chain.Last, nil
}

// examineEvents looks whether the newest event is of a time that has not come.
func (e *examiner) examineEvents(ctx context.Context, events repository.Reader[repository.Event]) error {
	newest, err := events.List(ctx, repository.Query{Descending: true, Limit: 1})
	if err != nil {
		return fmt.Errorf("the feed: %w", err)
	}
	if len(newest) == 0 {
		return nil
	}
	if ahead := newest[0].CreateTime.Sub(e.now()); ahead > slightSkew {
		e.warn("events", "have this machine and all that run Debrief set their clocks by NTP",
			"the newest is %v ahead of this machine's clock", ahead.Round(time.Second))
		return nil
	}
	e.ok("events", "the newest is %d", newest[0].Sequence())
	return nil
}

// examineQueue looks at what waits to be done, and at what was given up.
func examineQueue[T any](ctx context.Context, e *examiner, name, command string, queue repository.Reader[T]) error {
	overdue, err := queue.Count(ctx, repository.Query{
		Where: repository.And{
			repository.TermIn{repository.Term("state", "PENDING")},
			repository.NumberRange{Field: "next_attempt_time", Min: repository.Unset + 1, Max: e.now().Add(-overdueAge).UnixMilli()},
		},
		Limit: gaugeLimit,
	})
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	failed, err := stateOf(queue)("FAILED")(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if overdue > 0 {
		e.warn(name, "start a server, or look into the log of those that run", "%s have been due for %v, and nobody has worked them off", many(overdue), overdueAge)
	}
	if failed > 0 {
		e.warn(name, "look at them with "+command+" what is to come through", "%s were given up", many(failed))
	}
	if overdue == 0 && failed == 0 {
		e.ok(name, "none is overdue, and none was given up")
	}
	return nil
}

// many is a count that was not carried on beyond a limit.
func many(count int) string {
	if count >= gaugeLimit {
		return fmt.Sprintf("%d or more", count)
	}
	return fmt.Sprint(count)
}

func (e *examiner) examineSubscriptions(ctx context.Context, subscriptions repository.Reader[repository.Subscription]) error {
	healthy := true
	for _, bad := range []struct{ state, advice string }{
		{"FAILING", "see why with debrief subscription show"},
		{"DISABLED", "put right what debrief subscription show says, then debrief subscription enable; or delete it"},
	} {
		count, err := stateOf(subscriptions)(bad.state)(ctx)
		if err != nil {
			return fmt.Errorf("subscriptions: %w", err)
		}
		if count > 0 {
			healthy = false
			e.warn("subscriptions", bad.advice, "%s are %s", many(count), bad.state)
		}
	}
	if healthy {
		e.ok("subscriptions", "none is failing or disabled")
	}
	return nil
}
