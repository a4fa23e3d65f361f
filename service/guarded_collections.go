package service

import (
	"context"
	"errors"
	"slices"

	"github.com/debriefhq/debrief/repository"
)

// guard is a repository whose collections are guarded, as far as anything in them can be restricted.
type guard struct {
	repository.Repository

	base *base
}

// Incidents are those of which the caller may know.
func (g guard) Incidents() repository.Collection[repository.Incident] {
	return guardCollection(g.base, repository.IncidentSchema, g.Repository.Incidents(), seclusion[repository.Incident]{
		hides: func(ctx context.Context, _ *base, incident *repository.Incident) (bool, error) {
			return isRestrictedToOthers(ctx, incident.Restriction), nil
		},
		where: func(hidden *concealed) repository.Condition { return hidden.restricted },
	})
}

// TimelineEntries are those of such incidents.
func (g guard) TimelineEntries() repository.Collection[repository.TimelineEntry] {
	return guardCollection(g.base, repository.TimelineEntrySchema, g.Repository.TimelineEntries(), secluded(
		func(hidden *concealed, entry *repository.TimelineEntry) bool {
			return hidden.incidents[incidentName(entry.Parent)]
		}, nil,
	))
}

// PostMortems are those of which the caller may know.
func (g guard) PostMortems() repository.Collection[repository.PostMortem] {
	return guardCollection(g.base, repository.PostMortemSchema, g.Repository.PostMortems(), seclusion[repository.PostMortem]{
		hides: func(ctx context.Context, b *base, p *repository.PostMortem) (bool, error) {
			if isRestrictedToOthers(ctx, p.Restriction) {
				return true, nil
			}
			hidden, err := b.concealedFrom(ctx)
			return hidden != nil && slices.ContainsFunc(p.Incidents, func(name string) bool { return hidden.incidents[name] }), err
		},
		where: func(hidden *concealed) repository.Condition {
			return repository.Or{hidden.restricted, termsOf("incidents", hidden.incidents)}
		},
	})
}

// PostMortemRevisions are those of such post-mortems.
func (g guard) PostMortemRevisions() repository.Reader[repository.PostMortemRevision] {
	return guardReader(g.base, repository.PostMortemRevisionSchema, g.Repository.PostMortemRevisions(), secluded(
		func(hidden *concealed, revision *repository.PostMortemRevision) bool {
			return hidden.postMortems[postMortemName(revision.Parent)]
		}, nil,
	))
}

// ParticipantStatements are those for such post-mortems.
func (g guard) ParticipantStatements() repository.Collection[repository.ParticipantStatement] {
	return guardCollection(g.base, repository.ParticipantStatementSchema, g.Repository.ParticipantStatements(), secluded(
		func(hidden *concealed, statement *repository.ParticipantStatement) bool {
			return hidden.postMortems[postMortemName(statement.Parent)]
		}, nil,
	))
}

// MentalModels are those of such post-mortems.
func (g guard) MentalModels() repository.Collection[repository.MentalModel] {
	return guardCollection(g.base, repository.MentalModelSchema, g.Repository.MentalModels(), secluded(
		func(hidden *concealed, model *repository.MentalModel) bool {
			return hidden.postMortems[postMortemName(model.Parent)]
		},
		func(hidden *concealed) repository.Condition {
			terms := repository.TermIn{}
			for name := range hidden.postMortems {
				terms = append(terms, repository.Term("post_mortem", lastID(name)))
			}
			return terms
		},
	))
}

// ActionItems are those of which the caller may know: they belong to nothing that is concealed.
func (g guard) ActionItems() repository.Collection[repository.ActionItem] {
	return guardCollection(g.base, repository.ActionItemSchema, g.Repository.ActionItems(), secluded(
		func(hidden *concealed, item *repository.ActionItem) bool {
			return hidden.incidents[item.Incident] || hidden.postMortems[item.PostMortem]
		},
		func(hidden *concealed) repository.Condition {
			return append(termsOf("incident", hidden.incidents), termsOf("post_mortem", hidden.postMortems)...)
		},
	))
}

// Alerts are those that are part of no concealed incident.
func (g guard) Alerts() repository.Collection[repository.Alert] {
	return guardCollection(g.base, repository.AlertSchema, g.Repository.Alerts(), secluded(
		func(hidden *concealed, alert *repository.Alert) bool { return hidden.incidents[alert.Incident] },
		func(hidden *concealed) repository.Condition { return termsOf("incident", hidden.incidents) },
	))
}

// Deliveries are those whose alerts the caller may know, all of them.
func (g guard) Deliveries() repository.Collection[repository.Delivery] {
	return guardCollection(g.base, repository.DeliverySchema, g.Repository.Deliveries(), seclusion[repository.Delivery]{hides: hasConcealedAlerts})
}

// hasConcealedAlerts says whether any alert of a delivery is concealed. Of one with more alerts than it names that can't be told: it
// is taken to have one, where anything is concealed at all.
func hasConcealedAlerts(ctx context.Context, b *base, delivery *repository.Delivery) (bool, error) {
	hidden, err := b.concealedFrom(ctx)
	if err != nil || hidden == nil {
		return false, err
	}
	if int(delivery.AlertCount) > len(delivery.Alerts) {
		return true, nil
	}
	for _, id := range delivery.Alerts {
		alert, err := b.bare.Alerts().Get(ctx, id)
		if err != nil && !errors.Is(err, repository.ErrNotFound) {
			return false, err
		}
		if hidden.incidents[alert.Incident] {
			return true, nil
		}
	}
	return false, nil
}

// Events are those of what the caller may know of.
func (g guard) Events() repository.Reader[repository.Event] {
	return guardReader(g.base, repository.EventSchema, g.Repository.Events(), secluded(
		func(hidden *concealed, event *repository.Event) bool {
			return hidden.incidents[event.Incident] || hidden.of(event.Resource)
		},
		func(hidden *concealed) repository.Condition {
			return repository.Or{termsOf("incident", hidden.incidents), hidden.belonging("resource")}
		},
	))
}

// EventDeliveries are those of such events, and of events that are told of before anything was restricted.
func (g guard) EventDeliveries() repository.Collection[repository.EventDelivery] {
	return guardCollection(g.base, repository.EventDeliverySchema, g.Repository.EventDeliveries(), secluded(
		func(hidden *concealed, delivery *repository.EventDelivery) bool { return hidden.of(delivery.Resource) },
		func(hidden *concealed) repository.Condition { return hidden.belonging("resource") },
	))
}
