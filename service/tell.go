package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/debriefhq/debrief/repository"
)

const (
	// tellAtOnce is how many resources are asked for at once, and tellRounds how often, before telling comes to an end.
	tellAtOnce = 100
	tellRounds = 50
)

// Tell tells what time has brought and nobody has told yet, in the order in which it came to be: how the clocks of incidents
// have changed, and which action items are due. It answers when there is more to tell; the zero time: not before a resource
// changes. It may run on any number of replicas at once, whose clocks may differ, and be interrupted anywhere: each thing is
// told once.
func (s *Services) Tell(ctx context.Context) (next time.Time, err error) {
	clocks, reminders := s.base.clockTeller(), s.base.reminderTeller()
	for range tellRounds {
		now := s.base.present()
		reminder, err := reminders.peek(ctx)
		if err != nil {
			_, also := clocks.run(ctx, now)
			return time.Time{}, errors.Join(err, also)
		}
		change, err := clocks.run(ctx, sooner(now, reminder))
		if err != nil {
			_, also := reminders.run(ctx, now) // What can be told is, though it may be out of order.
			return time.Time{}, errors.Join(err, also)
		}
		if reminder.IsZero() || reminder.After(now) {
			return sooner(change, reminder), nil
		}
		if _, err := reminders.run(ctx, sooner(now, change)); err != nil {
			_, also := clocks.run(ctx, now)
			return time.Time{}, errors.Join(err, also)
		}
	}
	return s.base.present(), nil
}

// sooner is the earlier of two times, of which the zero time is never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// teller tells what time brings to one kind of resource.
type teller[T any] struct {
	schema repository.Schema[T]
	reader repository.Reader[T]
	// field is that of when there is something to tell of one, and next reads it; the zero time: never, as it is now.
	field string
	next  func(*T) time.Time
	// tell tells the next thing of a resource, where that is not after the horizon, and answers how it stands then.
	tell func(ctx context.Context, resource T, horizon time.Time) (T, error)
	name func(id string) string
}

// query finds those of which there will be something to tell, the first first.
func (t teller[T]) query(limit int) repository.Query {
	return repository.Query{
		Where: repository.NumberRange{Field: t.field, Min: repository.Unset + 1, Max: math.MaxInt64}, OrderBy: t.field, Limit: limit,
	}
}

// peek is when there is something to tell; the zero time: never, as it is now.
func (t teller[T]) peek(ctx context.Context) (time.Time, error) {
	found, err := t.reader.List(ctx, t.query(1))
	if err != nil {
		return time.Time{}, fmt.Errorf("find what time brings to %s: %w", t.schema.Name, err)
	}
	if len(found) == 0 {
		return time.Time{}, nil
	}
	return t.next(&found[0]), nil
}

// run tells what is not after a time, and answers when there is more. The errors are of resources of which could not be told.
func (t teller[T]) run(ctx context.Context, until time.Time) (next time.Time, err error) {
	told := telling[T]{teller: t, failed: map[string]bool{}}
	for range tellRounds {
		found, err := t.reader.List(ctx, t.query(tellAtOnce))
		if err != nil {
			return time.Time{}, fmt.Errorf("find what time brings to %s: %w", t.schema.Name, err)
		}
		full := len(found) == tellAtOnce
		found = slices.DeleteFunc(found, func(resource T) bool { return told.failed[t.schema.Header(&resource).ID] })
		if len(found) == 0 {
			return time.Time{}, errors.Join(told.errs...)
		}
		if first := t.next(&found[0]); first.After(until) {
			return first, errors.Join(told.errs...)
		}
		horizon := until
		if last := t.next(&found[len(found)-1]); full && last.Before(until) {
			horizon = last // Behind it there are others.
		}
		if err := told.all(ctx, found, horizon); err != nil {
			return time.Time{}, err
		}
	}
	return until, errors.Join(told.errs...)
}

// telling is one run of a teller.
type telling[T any] struct {
	teller[T]

	// failed are the resources of which could not be told now, for the errors.
	failed map[string]bool
	errs   []error
}

// all tells what is due of the resources up to the horizon, always of the one whose next thing is the first.
func (t *telling[T]) all(ctx context.Context, found []T, horizon time.Time) error {
	found = slices.DeleteFunc(found, func(resource T) bool { return t.next(&resource).After(horizon) })
	for len(found) > 0 {
		i := t.first(found)
		before, id := t.next(&found[i]), t.schema.Header(&found[i]).ID
		told, err := t.tell(ctx, found[i], horizon)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		after := t.next(&told)
		if err == nil && after.Equal(before) {
			err = errors.New("there is nothing to tell of it, although there should be")
		}
		if err != nil {
			t.failed[id] = true
			t.errs = append(t.errs, fmt.Errorf("tell what time brings to %s: %w", t.name(id), err))
		}
		if err != nil || after.IsZero() || after.After(horizon) {
			found = slices.Delete(found, i, i+1)
			continue
		}
		found[i] = told
	}
	return nil
}

// first is the index of the resource whose next thing is the first.
func (t *telling[T]) first(found []T) int {
	least := 0
	for i := range found {
		order := t.next(&found[i]).Compare(t.next(&found[least]))
		if cmp.Or(order, cmp.Compare(t.schema.Header(&found[i]).ID, t.schema.Header(&found[least]).ID)) < 0 {
			least = i
		}
	}
	return least
}
