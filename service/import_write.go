package service

import (
	"context"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
)

// writeImport makes what is not there yet: the incident, its timeline, the post-mortem, and then its action items.
func (s *PostMortems) writeImport(ctx context.Context, plan *importPlan, before *repository.PostMortem) (*debriefv1.ImportPostMortemResponse, error) {
	p := before
	if p == nil {
		created, existed, err := s.writeImported(ctx, plan)
		if err != nil {
			return nil, err
		}
		if p = &created; existed {
			before = p
		}
	}
	names, added, err := s.writeImportedActions(ctx, plan, *p)
	if err != nil {
		return nil, err
	}
	answer := s.importAnswer(plan, p)
	answer.ActionItems, answer.Unchanged = names, before != nil && !added
	return answer, nil
}

// writeImported makes everything up to the post-mortem.
func (s *PostMortems) writeImported(ctx context.Context, plan *importPlan) (p repository.PostMortem, existed bool, err error) {
	made, err := s.writeImportedIncidents(ctx, plan)
	if err != nil {
		return p, false, err
	}
	for _, entry := range plan.entries {
		entry.Parent = made[entry.Parent]
		entryContext := ctx
		if entry.Anonymous {
			entryContext = WithActor(ctx, "")
		}
		event := s.event(entryContext, "TIMELINE_ENTRY_CREATED", timelineEntryName(entry.Parent, entry.ID), incidentName(entry.Parent), 1, entry.CreateTime, nil)
		if _, _, err := createImported(ctx, repository.TimelineEntrySchema, s.repository.TimelineEntries(), entry, event); err != nil {
			return p, false, err
		}
	}
	plan.postMortem.Incidents = each(plan.incidents, func(i repository.Incident) string { return incidentName(made[i.ID]) })
	incident := soleIncident(plan.postMortem)
	name, now := postMortemName(plan.postMortem.ID), plan.postMortem.CreateTime
	created, err := s.repository.PostMortems().Create(ctx, repository.Creation[repository.PostMortem]{
		Resource: plan.postMortem,
		Effects: repository.Effects{Events: []repository.Event{
			s.event(ctx, "POST_MORTEM_CREATED", name, incident, 1, now, nil), s.event(ctx, "POST_MORTEM_IMPORTED", name, incident, 1, now, nil),
		}},
	})
	if err != nil {
		return p, false, err
	}
	return created[0].Resource, created[0].Existed, checkSameImport(created[0].Resource, plan.identity)
}

// writeImportedIncidents makes the incidents that are missing, and answers the ids of those that there are now by the planned
// ones.
func (s *PostMortems) writeImportedIncidents(ctx context.Context, plan *importPlan) (map[string]string, error) {
	ids := map[string]string{}
	for _, planned := range plan.incidents {
		ids[planned.ID] = planned.ID
		if plan.attached {
			continue
		}
		name := incidentName(planned.ID)
		made, _, err := createImported(ctx, repository.IncidentSchema, s.repository.Incidents(), planned, s.event(ctx, "INCIDENT_OPENED", name, name, 1, planned.CreateTime, nil))
		if err != nil {
			return nil, err
		}
		ids[planned.ID] = made.ID
	}
	return ids, nil
}

// writeImportedActions makes the action items that are missing, and answers the names of all.
func (s *PostMortems) writeImportedActions(ctx context.Context, plan *importPlan, p repository.PostMortem) (names []string, added bool, err error) {
	for _, item := range plan.actions {
		item.PostMortem, item.Incident = postMortemName(p.ID), soleIncident(p)
		if err := s.concern(ctx, &item); err != nil {
			return nil, false, err
		}
		event := s.event(ctx, "ACTION_ITEM_CREATED", actionItemName(item.ID), item.Incident, 1, item.CreateTime, nil)
		made, existed, err := createImported(ctx, repository.ActionItemSchema, s.repository.ActionItems(), item, event)
		if err != nil {
			return nil, false, err
		}
		names, added = append(names, actionItemName(made.ID)), added || !existed
	}
	return names, added, s.foundToDo(ctx, postMortemName(p.ID))
}

// createImported makes a resource, or finds the one that was made of the same text before.
func createImported[T any](ctx context.Context, schema repository.Schema[T], writer repository.Writer[T], resource T, event repository.Event) (T, bool, error) {
	created, err := writer.Create(ctx, repository.Creation[T]{Resource: resource, Effects: repository.Effects{Events: []repository.Event{event}}})
	if err != nil {
		return resource, false, err
	}
	made := created[0].Resource
	if schema.Header(&made).RequestHash != schema.Header(&resource).RequestHash {
		return made, true, importConflict(event.Incident, "the import of another text of this document was begun and not ended: import that text again first")
	}
	return made, created[0].Existed, nil
}
