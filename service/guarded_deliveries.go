package service

import (
	"context"
	"errors"
	"fmt"

	"github.com/debriefhq/debrief/repository"
)

// guardedDeliveries are the deliveries all of whose alerts the caller may know. Which incidents these are part of does not stand in a
// delivery, so that no condition tells: what is concealed is passed over.
type guardedDeliveries struct {
	repository.Collection[repository.Delivery]

	base *base
}

// Get implements [repository.Reader].
func (g guardedDeliveries) Get(ctx context.Context, id string) (delivery repository.Delivery, err error) {
	found, err := g.Collection.Get(ctx, id)
	if err != nil {
		return found, err
	}
	return g.unlessHidden(ctx, found)
}

// unlessHidden is what was found, unless that is concealed by now.
func (g guardedDeliveries) unlessHidden(ctx context.Context, found repository.Delivery) (delivery repository.Delivery, err error) {
	hidden, err := g.base.concealedFrom(ctx)
	if err != nil {
		return delivery, err
	}
	concealed, err := g.hides(ctx, hidden, &found)
	if err != nil {
		return delivery, err
	}
	if concealed {
		return delivery, fmt.Errorf("%w: %q of deliveries", repository.ErrNotFound, found.ID)
	}
	return found, nil
}

// List implements [repository.Reader].
func (g guardedDeliveries) List(ctx context.Context, query repository.Query) (left []repository.Delivery, err error) {
	for page, err := range everyPage(ctx, repository.DeliverySchema, g.Collection, query) {
		if err != nil {
			return nil, err
		}
		hidden, err := g.base.concealedFrom(ctx)
		if err != nil {
			return nil, err
		}
		for i := range page {
			concealed, err := g.hides(ctx, hidden, &page[i])
			if err != nil {
				return nil, err
			}
			if !concealed {
				left = append(left, page[i])
			}
			if len(left) == query.Limit {
				return left, nil
			}
		}
	}
	return left, nil
}

// Update implements [repository.Writer].
func (g guardedDeliveries) Update(ctx context.Context, id string, change func(*repository.Delivery) (repository.Effects, error)) (repository.Delivery, error) {
	if _, shown := whoseSight(ctx); shown {
		if delivery, err := g.Get(ctx, id); err != nil {
			return delivery, err
		}
	}
	changed, err := g.Collection.Update(ctx, id, change)
	if err != nil {
		return changed, err
	}
	return g.unlessHidden(ctx, changed)
}

// hides says whether any alert of a delivery is concealed. Of one with more alerts than it names that can't be told: it is taken to
// have one, where anything is concealed at all.
func (g guardedDeliveries) hides(ctx context.Context, hidden *concealed, delivery *repository.Delivery) (bool, error) {
	if hidden == nil {
		return false, nil
	}
	if int(delivery.AlertCount) > len(delivery.Alerts) {
		return true, nil
	}
	for _, id := range delivery.Alerts {
		alert, err := g.base.bare.Alerts().Get(ctx, id)
		if err != nil && !errors.Is(err, repository.ErrNotFound) {
			return false, fmt.Errorf("read an alert of a delivery: %w", err)
		}
		if hidden.incidents[alert.Incident] {
			return true, nil
		}
	}
	return false, nil
}
