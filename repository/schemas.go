package repository

import (
	"slices"
	"time"
)

// IncidentSchema says how incidents are found.
var IncidentSchema = Schema[Incident]{
	Name:   "incidents",
	Header: func(i *Incident) *Header { return &i.Header },
	Fields: append([]Field[Incident]{
		{Name: "create_time", Type: IDTime},
		{Name: "update_time", Type: Time, Ordered: true, Number: milliseconds(func(i *Incident) time.Time { return i.UpdateTime })},
		{Name: "delete_time", Type: Time, Number: milliseconds(func(i *Incident) time.Time { return i.DeleteTime })},
		{Name: "kind", Type: Enumeration, Values: one(func(i *Incident) string { return i.Kind })},
		{
			Name: "severity", Type: Enumeration, Ordered: true, Values: one(func(i *Incident) string { return i.Severity }),
			Number: rank(func(i *Incident) string { return i.Severity }, "SEV1", "SEV2", "SEV3", "SEV4", "SEV5"),
		},
		{Name: "state", Type: Enumeration, Values: one(func(i *Incident) string { return i.State })},
		{Name: "title", Type: Words, Values: one(func(i *Incident) string { return i.Title })},
		{Name: "lead", Type: Keyword, Values: one(func(i *Incident) string { return i.Lead })},
		{Name: "merged_into", Type: Keyword, Values: one(func(i *Incident) string { return i.MergedInto })},
		{Name: "labels", Type: Map, Map: func(i *Incident) map[string]string { return i.Labels }},
		{Name: "impact.services", Type: Keyword, Many: true, Values: func(i *Incident) []string { return i.Impact.Services }},
		{Name: "impact.customers_affected", Type: Integer, Number: customersAffected},
		{Name: "responders.person", Type: Keyword, Many: true, Values: responders},
		{Name: "origin.actor", Type: Keyword, Values: one(func(i *Incident) string { return i.Origin.Actor })},
		{Name: "origin.alerts.fingerprint", Type: Keyword, Many: true, Values: fingerprints},
		{Name: "milestones.start_time", Type: Time, Ordered: true, Number: milliseconds(func(i *Incident) time.Time { return i.Milestones.StartTime })},
		{Name: "milestones.detect_time", Type: Time, Ordered: true, Number: milliseconds(func(i *Incident) time.Time { return i.Milestones.DetectTime })},
		{Name: "milestones.acknowledge_time", Type: Time, Number: milliseconds(func(i *Incident) time.Time { return i.Milestones.AcknowledgeTime })},
		{Name: "milestones.mitigate_time", Type: Time, Number: milliseconds(func(i *Incident) time.Time { return i.Milestones.MitigateTime })},
		{Name: "milestones.resolve_time", Type: Time, Ordered: true, Number: milliseconds(func(i *Incident) time.Time { return i.Milestones.ResolveTime })},
		{Name: "milestones.close_time", Type: Time, Number: milliseconds(func(i *Incident) time.Time { return i.Milestones.CloseTime })},
	}, slices.Concat(clockFields(), restrictionFields(func(i *Incident) Restriction { return i.Restriction }))...),
}

// TimelineEntrySchema says how timeline entries are found, within their incident.
var TimelineEntrySchema = Schema[TimelineEntry]{
	Name:   "timeline_entries",
	Scoped: true,
	Header: func(e *TimelineEntry) *Header { return &e.Header },
	Fields: []Field[TimelineEntry]{
		{Name: "record_time", Type: IDTime},
		{Name: "occur_time", Type: Time, Ordered: true, Number: milliseconds(func(e *TimelineEntry) time.Time { return e.OccurTime })},
		{Name: "update_time", Type: Time, Number: milliseconds(func(e *TimelineEntry) time.Time { return e.UpdateTime })},
		{Name: "delete_time", Type: Time, Number: milliseconds(func(e *TimelineEntry) time.Time { return e.DeleteTime })},
		{Name: "kind", Type: Enumeration, Values: one(func(e *TimelineEntry) string { return e.Kind })},
		{Name: "source", Type: Enumeration, Values: one(func(e *TimelineEntry) string { return e.Source })},
		{Name: "author", Type: Keyword, Values: one(func(e *TimelineEntry) string { return e.Author })},
		{Name: "author_role", Type: Keyword, Values: one(func(e *TimelineEntry) string { return e.AuthorRole })},
		{Name: "anonymous", Type: Boolean, Values: boolean(func(e *TimelineEntry) bool { return e.Anonymous })},
	},
}

// PostMortemSchema says how post-mortems are found.
var PostMortemSchema = Schema[PostMortem]{
	Name:   "post_mortems",
	Header: func(p *PostMortem) *Header { return &p.Header },
	Fields: append([]Field[PostMortem]{
		{Name: "create_time", Type: IDTime},
		{Name: "update_time", Type: Time, Ordered: true, Number: milliseconds(func(p *PostMortem) time.Time { return p.UpdateTime })},
		{Name: "delete_time", Type: Time, Number: milliseconds(func(p *PostMortem) time.Time { return p.DeleteTime })},
		{Name: "state", Type: Enumeration, Values: one(func(p *PostMortem) string { return p.State })},
		{Name: "title", Type: Words, Values: one(func(p *PostMortem) string { return p.Title })},
		{Name: "incidents", Type: Keyword, Many: true, Values: func(p *PostMortem) []string { return p.Incidents }},
		{Name: "facilitator", Type: Keyword, Values: one(func(p *PostMortem) string { return p.Facilitator })},
		{Name: "scribe", Type: Keyword, Values: one(func(p *PostMortem) string { return p.Scribe })},
		{Name: "participants.person", Type: Keyword, Many: true, Values: participants},
		{Name: "stakeholders.person", Type: Keyword, Many: true, Values: stakeholders},
		{Name: "template", Type: Keyword, Values: one(func(p *PostMortem) string { return p.Template })},
		{Name: "conclusion", Type: Enumeration, Values: one(func(p *PostMortem) string { return p.Conclusion })},
		{Name: "import_key", Type: Keyword, Values: one(func(p *PostMortem) string { return p.ImportKey })},
		{Name: "labels", Type: Map, Map: func(p *PostMortem) map[string]string { return p.Labels }},
		{Name: "unpublished_changes", Type: Boolean, Values: boolean(func(p *PostMortem) bool { return p.UnpublishedChanges })},
		{Name: "latest_revision", Type: Integer, Number: func(p *PostMortem) (int64, bool) { return int64(p.LatestRevision), true }},
		{Name: "review_time", Type: Time, Ordered: true, Number: milliseconds(func(p *PostMortem) time.Time { return p.ReviewTime })},
		{Name: "review_start_time", Type: Time, Number: milliseconds(func(p *PostMortem) time.Time { return p.ReviewStartTime })},
		{Name: "publish_time", Type: Time, Ordered: true, Number: milliseconds(func(p *PostMortem) time.Time { return p.PublishTime })},
	}, restrictionFields(func(p *PostMortem) Restriction { return p.Restriction })...),
}

// PostMortemRevisionSchema says how published revisions are found, within their post-mortem.
var PostMortemRevisionSchema = Schema[PostMortemRevision]{
	Name:   "post_mortem_revisions",
	Scoped: true,
	Header: func(r *PostMortemRevision) *Header { return &r.Header },
}

// ActionItemSchema says how action items are found.
var ActionItemSchema = Schema[ActionItem]{
	Name:   "action_items",
	Header: func(a *ActionItem) *Header { return &a.Header },
	Fields: []Field[ActionItem]{
		{Name: "create_time", Type: IDTime},
		{Name: "update_time", Type: Time, Ordered: true, Number: milliseconds(func(a *ActionItem) time.Time { return a.UpdateTime })},
		{Name: "delete_time", Type: Time, Number: milliseconds(func(a *ActionItem) time.Time { return a.DeleteTime })},
		{Name: "state", Type: Enumeration, Values: one(func(a *ActionItem) string { return a.State })},
		{Name: "title", Type: Words, Values: one(func(a *ActionItem) string { return a.Title })},
		{Name: "owner", Type: Keyword, Values: one(func(a *ActionItem) string { return a.Owner })},
		{
			Name: "priority", Type: Enumeration, Ordered: true, Values: one(func(a *ActionItem) string { return a.Priority }),
			Number: rank(func(a *ActionItem) string { return a.Priority }, "P1", "P2", "P3", "P4"),
		},
		{Name: "strength", Type: Enumeration, Values: one(func(a *ActionItem) string { return a.Strength })},
		{Name: "tracker_uri", Type: Keyword, Values: one(func(a *ActionItem) string { return a.TrackerURI })},
		{Name: "post_mortem", Type: Keyword, Values: one(func(a *ActionItem) string { return a.PostMortem })},
		{Name: "contributing_factor", Type: Keyword, Values: one(func(a *ActionItem) string { return a.ContributingFactor })},
		{Name: "incident", Type: Keyword, Values: one(func(a *ActionItem) string { return a.Incident })},
		{Name: "labels", Type: Map, Map: func(a *ActionItem) map[string]string { return a.Labels }},
		{Name: "successor", Type: Keyword, Values: one(func(a *ActionItem) string { return a.Successor })},
		{Name: "predecessor", Type: Keyword, Values: one(func(a *ActionItem) string { return a.Predecessor })},
		{Name: "due_time", Type: Time, Ordered: true, Number: milliseconds(func(a *ActionItem) time.Time { return a.DueTime })},
		{Name: "start_time", Type: Time, Number: milliseconds(func(a *ActionItem) time.Time { return a.StartTime })},
		{Name: "complete_time", Type: Time, Number: milliseconds(func(a *ActionItem) time.Time { return a.CompleteTime })},
		{Name: "verify_time", Type: Time, Number: milliseconds(func(a *ActionItem) time.Time { return a.VerifyTime })},
		{Name: "look_back_time", Type: Time, Ordered: true, Number: milliseconds(func(a *ActionItem) time.Time { return a.LookBackTime })},
		{Name: "model_gap", Type: Keyword, Values: one(func(a *ActionItem) string { return a.ModelGap })},
		{Name: "systems", Type: Keyword, Many: true, Values: func(a *ActionItem) []string { return a.Systems }},
		{Name: "factor_category", Type: Enumeration, Values: one(func(a *ActionItem) string { return a.FactorCategory })},
		{Name: "recurrences.incident", Type: Keyword, Many: true, Values: recurrences},
		{
			Name: "next_reminder_time", Type: Time, Ordered: true, Hidden: true,
			Number: milliseconds(func(a *ActionItem) time.Time { return a.NextReminderTime }),
		},
	},
}

// EventSchema says how events are found.
var EventSchema = Schema[Event]{
	Name:   "events",
	Header: func(e *Event) *Header { return &e.Header },
	Fields: []Field[Event]{
		{Name: "sequence", Type: IDSequence},
		{Name: "type", Type: Enumeration, Values: one(func(e *Event) string { return e.Type })},
		{Name: "resource", Type: Keyword, Values: one(func(e *Event) string { return e.Resource })},
		{Name: "incident", Type: Keyword, Values: one(func(e *Event) string { return e.Incident })},
		{Name: "actor", Type: Keyword, Values: one(func(e *Event) string { return e.Actor })},
		{Name: "time", Type: Time, Number: milliseconds(func(e *Event) time.Time { return e.Time })},
	},
}

// RejectedDeliverySchema says how rejected deliveries are found.
var RejectedDeliverySchema = Schema[RejectedDelivery]{
	Name:   "rejected_deliveries",
	Header: func(d *RejectedDelivery) *Header { return &d.Header },
	Fields: []Field[RejectedDelivery]{
		{Name: "create_time", Type: IDTime},
		{Name: "source", Type: Keyword, Values: one(func(d *RejectedDelivery) string { return d.Source })},
	},
}

func customersAffected(i *Incident) (int64, bool) {
	if i.Impact.CustomersAffected == nil {
		return 0, false
	}
	return *i.Impact.CustomersAffected, true
}

func responders(i *Incident) []string {
	people := make([]string, len(i.Responders))
	for n, responder := range i.Responders {
		people[n] = responder.Person
	}
	return people
}

func participants(p *PostMortem) []string { return persons(p.Participants) }

func stakeholders(p *PostMortem) []string { return persons(p.Stakeholders) }

func persons(participants []Participant) []string {
	people := make([]string, len(participants))
	for n, participant := range participants {
		people[n] = participant.Person
	}
	return people
}

func recurrences(a *ActionItem) []string {
	incidents := make([]string, len(a.Recurrences))
	for n, recurrence := range a.Recurrences {
		incidents[n] = recurrence.Incident
	}
	return incidents
}

func fingerprints(i *Incident) []string {
	prints := make([]string, len(i.Origin.Alerts))
	for n, alert := range i.Origin.Alerts {
		prints[n] = alert.Fingerprint
	}
	return prints
}
