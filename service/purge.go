package service

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/debriefhq/debrief/repository"
)

const (
	// purgeAtOnce is how many resources are purged between two looks at the context.
	purgeAtOnce = 200
	// purgesAtOnce is how many of them are worked on at the same time.
	purgesAtOnce = 8
)

// Purge takes for good what was deleted longer ago than the retention, and rejected deliveries that are older. It may
// run on any number of replicas, and be interrupted anywhere: what is left over is done by the next run.
func (s *Services) Purge(ctx context.Context) error {
	b := s.base
	expired := b.present().Add(-b.retention).UnixMilli()
	deleted := repository.NumberRange{Field: "delete_time", Min: repository.Unset + 1, Max: expired}
	incidents := purge[repository.Incident]{
		base: b, schema: repository.IncidentSchema, collection: b.repository.Incidents(), which: deleted,
		event: "INCIDENT_PURGED", name: incidentName, children: b.purgeTimeline,
	}
	postMortems := purge[repository.PostMortem]{
		base: b, schema: repository.PostMortemSchema, collection: b.repository.PostMortems(), which: deleted,
		event: "POST_MORTEM_PURGED", name: postMortemName,
	}
	actionItems := purge[repository.ActionItem]{
		base: b, schema: repository.ActionItemSchema, collection: b.repository.ActionItems(), which: deleted,
		event: "ACTION_ITEM_PURGED", name: actionItemName,
	}
	rejected := purge[repository.RejectedDelivery]{
		base: b, schema: repository.RejectedDeliverySchema, collection: b.repository.RejectedDeliveries(),
		which: repository.IDRange{Before: lowestID(expired)},
	}
	return errors.Join(incidents.run(ctx), postMortems.run(ctx), actionItems.run(ctx), rejected.run(ctx))
}

// purgeTimeline purges the entries of a purged incident.
func (b *base) purgeTimeline(ctx context.Context, incident string) error {
	return purge[repository.TimelineEntry]{
		base: b, schema: repository.TimelineEntrySchema, collection: b.repository.TimelineEntries(), parent: incident,
	}.run(ctx)
}

// purge is the purging of resources of one type.
type purge[T any] struct {
	*base

	schema     repository.Schema[T]
	collection repository.Collection[T]
	// parent and which say what is to be purged.
	parent string
	which  repository.Condition
	// event is the type of the event that tells of it; empty: nothing is told.
	event string
	// name makes the resource's name from its id.
	name func(string) string
	// children purges what belongs to a resource; nil: nothing does.
	children func(ctx context.Context, id string) error
}

func (p purge[T]) run(ctx context.Context) error {
	query := repository.Query{Parent: p.parent, Where: p.which, Visible: repository.Purged, Limit: purgeAtOnce}
	for {
		found, err := p.collection.List(ctx, query)
		if err != nil {
			return fmt.Errorf("purge %s: %w", p.schema.Name, err)
		}
		group, groupCtx := errgroup.WithContext(ctx)
		group.SetLimit(purgesAtOnce)
		for i := range found {
			group.Go(func() error { return p.one(groupCtx, *p.schema.Header(&found[i])) })
		}
		if err := group.Wait(); err != nil {
			return fmt.Errorf("purge %s: %w", p.schema.Name, err)
		}
		if len(found) < purgeAtOnce {
			return nil
		}
		query.After = &repository.Position{ID: p.schema.Header(&found[len(found)-1]).ID}
	}
}

// one marks a resource as purged, which is told once and can't be undone, and then removes what belongs to it, and it.
// What can't be removed yet is left to the next run.
func (p purge[T]) one(ctx context.Context, found repository.Header) error {
	if found.Visibility != repository.Purged {
		if err := p.mark(ctx, found); errors.Is(err, repository.ErrNotFound) || errors.Is(err, errChanged) {
			return nil
		} else if err != nil {
			return err
		}
	}
	if p.children != nil {
		if err := p.children(ctx, found.ID); err != nil {
			return err
		}
	}
	if err := p.collection.Remove(ctx, found.ID); err != nil && !errors.Is(err, repository.ErrConflict) {
		return err
	}
	return nil
}

// errChanged says that a resource is not any more what it was when it was found: it may have been undeleted.
var errChanged = errors.New("changed since it was found")

func (p purge[T]) mark(ctx context.Context, found repository.Header) error {
	_, err := p.collection.Update(ctx, found.ID, func(resource *T) (repository.Effects, error) {
		header := p.schema.Header(resource)
		if header.Revision != found.Revision {
			return repository.Effects{}, errChanged
		}
		header.Visibility = repository.Purged
		if p.event == "" {
			return repository.Effects{}, nil
		}
		incident := ""
		if p.children != nil {
			incident = p.name(found.ID)
		}
		event := p.base.event(ctx, p.event, p.name(found.ID), incident, found.Revision+1, p.present(), nil)
		return repository.Effects{Events: []repository.Event{event}}, nil
	})
	return err
}
