package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/intake/rules"
)

const (
	// purgeAtOnce is how many resources are purged between two looks at the context.
	purgeAtOnce = 200
	// purgesAtOnce is how many of them are worked on at the same time.
	purgesAtOnce = 8
)

// Purge takes for good what was deleted longer ago than the retention and is not restricted, rejected deliveries that are older, and
// what is older than the retention of its kind. It may
// run on any number of replicas, and be interrupted anywhere: what is left over is done by the next run.
func (s *Services) Purge(ctx context.Context) error {
	b := s.base
	expired := b.present().Add(-b.retention).UnixMilli()
	deleted := repository.NumberRange{Field: "delete_time", Min: repository.Unset + 1, Max: expired}
	incidents := purge[repository.Incident]{
		base: b, schema: repository.IncidentSchema, collection: b.repository.Incidents(), which: deleted,
		event: "INCIDENT_PURGED", name: incidentName, incident: true, children: b.purgeIncidentParts,
	}
	postMortems := purge[repository.PostMortem]{
		base: b, schema: repository.PostMortemSchema, collection: b.repository.PostMortems(), which: deleted,
		event: "POST_MORTEM_PURGED", name: postMortemName, children: b.purgeAccounts,
	}
	actionItems := purge[repository.ActionItem]{
		base: b, schema: repository.ActionItemSchema, collection: b.repository.ActionItems(), which: deleted,
		event: "ACTION_ITEM_PURGED", name: actionItemName,
	}
	systems := purge[repository.System]{
		base: b, schema: repository.SystemSchema, collection: b.repository.Systems(), which: deleted,
		event: "SYSTEM_PURGED", name: systemName,
	}
	rejected := purge[repository.RejectedDelivery]{
		base: b, schema: repository.RejectedDeliverySchema, collection: b.repository.RejectedDeliveries(), atOnce: sweptAtOnce,
		which: repository.IDRange{Before: lowestID(expired)},
	}
	groundRules := purge[repository.GroundRules]{
		base: b, schema: repository.GroundRulesSchema, collection: b.repository.GroundRules(), which: deleted,
	}
	templates := purge[repository.PostMortemTemplate]{
		base: b, schema: repository.PostMortemTemplateSchema, collection: b.repository.PostMortemTemplates(), which: deleted,
	}
	deliveries := purge[repository.Delivery]{
		base: b, schema: repository.DeliverySchema, collection: b.repository.Deliveries(), atOnce: sweptAtOnce, which: repository.And{
			repository.IDRange{Before: lowestID(b.present().Add(-s.Intake.options.DeliveryRetention).UnixMilli())},
			repository.TermIn{repository.Term("state", deliveryDone), repository.Term("state", deliveryFailed)},
		},
	}
	integrations := purge[repository.Integration]{
		base: b, schema: repository.IntegrationSchema, collection: b.repository.Integrations(), which: deleted,
		children: func(ctx context.Context, integration string) error { return b.purgeIdle(ctx, integration, nil) },
	}
	subscriptions := purge[repository.Subscription]{
		base: b, schema: repository.SubscriptionSchema, collection: b.repository.Subscriptions(), which: deleted, children: b.purgeEventDeliveries,
	}
	delivered := purge[repository.EventDelivery]{
		base: b, schema: repository.EventDeliverySchema, collection: b.repository.EventDeliveries(), which: b.endedDeliveries(),
	}
	// What is restricted stays, deleted, until the restriction is lifted: what is left of it when it is purged would be open to all.
	open := asOutsider(ctx)
	return errors.Join(incidents.run(open), postMortems.run(open), actionItems.run(open), systems.run(ctx), rejected.run(ctx),
		groundRules.run(ctx), templates.run(ctx), deliveries.run(ctx), integrations.run(ctx), subscriptions.run(ctx), delivered.run(ctx), s.purgeIdle(ctx), s.purgeAlerts(ctx), b.purgeFront(ctx))
}

// idleFor is how long nothing must have come of an alert before what was known of its episodes and groups is purged: longer than
// the window of any rule. It is longer than deliveries are kept as well, which can be replayed until then.
const idleFor = 14 * 24 * time.Hour

// purgeAlerts purges those that are part of no incident, and of which nothing came for long. Those that are part of one go with it.
func (s *Services) purgeAlerts(ctx context.Context) error {
	b := s.base
	if b.retentions.Alerts == 0 {
		return nil
	}
	expired := b.present().Add(-max(b.retentions.Alerts, 2*s.Intake.options.DeliveryRetention))
	return purge[repository.Alert]{
		base: b, schema: repository.AlertSchema, collection: b.repository.Alerts(), which: repository.And{
			repository.IDRange{Before: lowestID(expired.UnixMilli())},
			repository.TermIn{repository.Term("outcome", string(rules.OutcomeKeep)), repository.Term("outcome", string(rules.OutcomeOpenAfter))},
			repository.Not{Condition: repository.AnyTerm("incident")},
			repository.NumberRange{Field: "update_time", Min: repository.Unset + 1, Max: expired.UnixMilli()},
		},
	}.run(ctx)
}

// purgeIdle purges what is known of alerts of which nothing came for long.
func (s *Services) purgeIdle(ctx context.Context) error {
	expired := s.base.present().Add(-max(idleFor, 2*s.Intake.options.DeliveryRetention)).UnixMilli()
	idle := repository.NumberRange{Field: "idle_time", Min: repository.Unset + 1, Max: expired}
	errs := []error{s.base.purgeIdle(ctx, withoutIntegration, idle)}
	query := repository.Query{Visible: repository.Deleted, Limit: purgeAtOnce}
	for page, err := range everyPage(ctx, repository.IntegrationSchema, s.base.repository.Integrations(), query) {
		if err != nil {
			return errors.Join(append(errs, fmt.Errorf("list the integrations: %w", err))...)
		}
		for _, integration := range page {
			errs = append(errs, s.base.purgeIdle(ctx, integration.ID, idle))
		}
	}
	return errors.Join(errs...)
}

// purgeIdle purges those series and groups of an integration's alerts for which the condition holds; nil: all of them.
func (b *base) purgeIdle(ctx context.Context, scope string, which repository.Condition) error {
	order := ""
	if which != nil {
		order = "idle_time"
	}
	series := purge[repository.AlertSeries]{
		base: b, schema: repository.AlertSeriesSchema, collection: b.repository.AlertSeries(), parent: scope, which: which, order: order,
	}
	groups := purge[repository.AlertGroup]{
		base: b, schema: repository.AlertGroupSchema, collection: b.repository.AlertGroups(), parent: scope, which: which, order: order,
	}
	return errors.Join(series.run(ctx), groups.run(ctx))
}

// purgeIncidentParts purges what belongs to a purged incident: its timeline and its alerts.
func (b *base) purgeIncidentParts(ctx context.Context, incident string) error {
	alerts := purge[repository.Alert]{
		base: b, schema: repository.AlertSchema, collection: b.repository.Alerts(),
		which: repository.TermIn{repository.Term("incident", incidentName(incident))},
	}
	return errors.Join(b.purgeTimeline(ctx, incident), alerts.run(ctx))
}

// endedDeliveries holds for deliveries of events that came up long ago and have come to an end.
func (b *base) endedDeliveries() repository.Condition {
	return repository.And{
		repository.IDRange{Before: lowestID(b.present().Add(-deliveryRetention).UnixMilli())},
		repository.TermIn{repository.Term("state", eventDelivered), repository.Term("state", eventFailed)},
	}
}

// purgeEventDeliveries purges the deliveries of a purged subscription.
func (b *base) purgeEventDeliveries(ctx context.Context, subscription string) error {
	return purge[repository.EventDelivery]{
		base: b, schema: repository.EventDeliverySchema, collection: b.repository.EventDeliveries(), which: deliveriesOf(subscription),
	}.run(ctx)
}

// purgeTimeline purges the entries of a purged incident.
func (b *base) purgeTimeline(ctx context.Context, incident string) error {
	return purge[repository.TimelineEntry]{
		base: b, schema: repository.TimelineEntrySchema, collection: b.repository.TimelineEntries(), parent: incident,
	}.run(ctx)
}

// purgeAccounts purges what people told in a purged post-mortem, and what they believed.
func (b *base) purgeAccounts(ctx context.Context, postMortem string) error {
	return errors.Join(b.purgeStatements(ctx, postMortem), b.purgeMentalModels(ctx, postMortem))
}

// purgeMentalModels purges the mental models of a purged post-mortem.
func (b *base) purgeMentalModels(ctx context.Context, postMortem string) error {
	return purge[repository.MentalModel]{
		base: b, schema: repository.MentalModelSchema, collection: b.repository.MentalModels(), which: modelsOf(postMortem),
	}.run(ctx)
}

// purgeStatements purges the statements of a purged post-mortem.
func (b *base) purgeStatements(ctx context.Context, postMortem string) error {
	return purge[repository.ParticipantStatement]{
		base: b, schema: repository.ParticipantStatementSchema, collection: b.repository.ParticipantStatements(), parent: postMortem,
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
	// order is the field by which those are found; empty: their ids.
	order string
	// atOnce is how many are read at once; 0: purgeAtOnce. Those that may be large are few.
	atOnce int
	// event is the type of the event that tells of it; empty: nothing is told.
	event string
	// name makes the resource's name from its id.
	name func(string) string
	// incident says that the resource is an incident, which its event belongs to.
	incident bool
	// children purges what belongs to a resource; nil: nothing does.
	children func(ctx context.Context, id string) error
}

func (p purge[T]) run(ctx context.Context) error {
	query := repository.Query{Parent: p.parent, Where: p.which, Visible: repository.Purged, OrderBy: p.order, Limit: cmp.Or(p.atOnce, purgeAtOnce)}
	for found, err := range everyPage(ctx, p.schema, p.collection, query) {
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
	}
	return nil
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
		if p.incident {
			incident = p.name(found.ID)
		}
		event := p.base.event(ctx, p.event, p.name(found.ID), incident, found.Revision+1, p.present(), nil)
		return repository.Effects{Events: []repository.Event{event}}, nil
	})
	return err
}
