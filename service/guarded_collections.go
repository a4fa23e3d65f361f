package service

import (
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
		hides: func(hidden *concealed, incident *repository.Incident) bool {
			return hidden.keepsOut(incident.Restriction)
		},
		where: (*concealed).restricted,
		alone: true,
	})
}

// TimelineEntries are those of such incidents.
func (g guard) TimelineEntries() repository.Collection[repository.TimelineEntry] {
	return guardCollection(g.base, repository.TimelineEntrySchema, g.Repository.TimelineEntries(), seclusion[repository.TimelineEntry]{
		hides: func(hidden *concealed, entry *repository.TimelineEntry) bool {
			return hidden.incidents[incidentName(entry.Parent)]
		},
	})
}

// PostMortems are those of which the caller may know.
func (g guard) PostMortems() repository.Collection[repository.PostMortem] {
	return guardCollection(g.base, repository.PostMortemSchema, g.Repository.PostMortems(), seclusion[repository.PostMortem]{
		hides: func(hidden *concealed, p *repository.PostMortem) bool {
			return hidden.keepsOut(p.Restriction) || hidden.hasIncident(p.Incidents)
		},
		where: (*concealed).reviews,
	})
}

// PostMortemRevisions are those of such post-mortems, unless they cover an incident that is concealed.
func (g guard) PostMortemRevisions() repository.Archive[repository.PostMortemRevision] {
	return guardArchive(g.base, repository.PostMortemRevisionSchema, g.Repository.PostMortemRevisions(), seclusion[repository.PostMortemRevision]{
		hides: func(hidden *concealed, revision *repository.PostMortemRevision) bool {
			return hidden.postMortems[postMortemName(revision.Parent)] || hidden.hasIncident(revision.PostMortem.Incidents)
		},
	})
}

// ParticipantStatements are those for such post-mortems.
func (g guard) ParticipantStatements() repository.Collection[repository.ParticipantStatement] {
	return guardCollection(g.base, repository.ParticipantStatementSchema, g.Repository.ParticipantStatements(), seclusion[repository.ParticipantStatement]{
		hides: func(hidden *concealed, statement *repository.ParticipantStatement) bool {
			return hidden.postMortems[postMortemName(statement.Parent)]
		},
	})
}

// MentalModels are those of such post-mortems.
func (g guard) MentalModels() repository.Collection[repository.MentalModel] {
	return guardCollection(g.base, repository.MentalModelSchema, g.Repository.MentalModels(), seclusion[repository.MentalModel]{
		hides: func(hidden *concealed, model *repository.MentalModel) bool {
			return hidden.postMortems[postMortemName(model.Parent)]
		},
		where: func(hidden *concealed) repository.Condition {
			terms := repository.TermIn{}
			for name := range hidden.postMortems {
				terms = append(terms, repository.Term("post_mortem", lastID(name)))
			}
			return terms
		},
	})
}

// ActionItems are those of which the caller may know: they belong to nothing that is concealed.
func (g guard) ActionItems() repository.Collection[repository.ActionItem] {
	return guardCollection(g.base, repository.ActionItemSchema, g.Repository.ActionItems(), seclusion[repository.ActionItem]{
		hides: func(hidden *concealed, item *repository.ActionItem) bool {
			return hidden.incidents[item.Incident] || hidden.postMortems[item.PostMortem]
		},
		where: (*concealed).items,
	})
}

// Alerts are those that are part of no concealed incident.
func (g guard) Alerts() repository.Collection[repository.Alert] {
	return guardCollection(g.base, repository.AlertSchema, g.Repository.Alerts(), seclusion[repository.Alert]{
		hides: func(hidden *concealed, alert *repository.Alert) bool { return hidden.incidents[alert.Incident] },
		where: func(hidden *concealed) repository.Condition { return termsOf("incident", hidden.incidents) },
	})
}

// Deliveries are those whose alerts the caller may know, all of them.
func (g guard) Deliveries() repository.Collection[repository.Delivery] {
	return guardedDeliveries{g.Repository.Deliveries(), g.base}
}

// Events are those of what the caller may know of.
func (g guard) Events() repository.Feed {
	feed := g.Repository.Events()
	return guardedFeed{guardArchive(g.base, repository.EventSchema, feed, seclusion[repository.Event]{
		hides: (*concealed).hasEvent,
		where: func(hidden *concealed) repository.Condition {
			return repository.Or{termsOf("incident", hidden.incidents), hidden.belonging("resource")}
		},
	}), feed}
}

// EventDeliveries are those of such events.
func (g guard) EventDeliveries() repository.Collection[repository.EventDelivery] {
	return guardCollection(g.base, repository.EventDeliverySchema, g.Repository.EventDeliveries(), seclusion[repository.EventDelivery]{
		hides: func(hidden *concealed, delivery *repository.EventDelivery) bool {
			return hidden.incidents[delivery.Incident] || hidden.of(delivery.Resource)
		},
		where: func(hidden *concealed) repository.Condition {
			return repository.Or{termsOf("incident", hidden.incidents), hidden.belonging("resource")}
		},
	})
}
