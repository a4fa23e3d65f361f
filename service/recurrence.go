package service

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/lifecycle"
)

const (
	// maxSystems bounds what an action item is found by.
	maxSystems = 100
	// maxRecurring is to how many action items a published post-mortem is told at most: those that were done last.
	maxRecurring = 500
)

// concern copies to an action item what it concerns: the services that were hit, and the category of the factor that it
// answers. What was purged since concerns nobody.
func (b *base) concern(ctx context.Context, item *repository.ActionItem) error {
	names := []string{}
	if item.Incident != "" {
		names = append(names, item.Incident)
	}
	item.FactorCategory = ""
	if item.PostMortem != "" {
		p, err := b.repository.PostMortems().Get(ctx, lastID(item.PostMortem))
		if err != nil && !errors.Is(err, repository.ErrNotFound) {
			return err
		}
		names = append(names, p.Incidents...)
		for _, factor := range p.ContributingFactors {
			if factor.ID == item.ContributingFactor {
				item.FactorCategory = factor.Category
			}
		}
	}
	var systems []string
	for _, name := range names {
		incident, err := b.repository.Incidents().Get(ctx, lastID(name))
		if err != nil && !errors.Is(err, repository.ErrNotFound) {
			return err
		}
		systems = append(systems, incident.Impact.Services...)
	}
	slices.Sort(systems)
	systems = slices.Compact(systems)
	item.Systems = systems[:min(len(systems), maxSystems)]
	return nil
}

// noteRecurrences tells the action items that were done before an incident of a published post-mortem began, that
// concern a system that it has hit, and that answer a factor of a category that the post-mortem names: what they were to
// prevent may have come again. It is safe to repeat.
func (s *PostMortems) noteRecurrences(ctx context.Context, p repository.PostMortem) error {
	secret, err := s.isSecret(ctx, postMortemName(p.ID))
	if err != nil || secret {
		return err // The action items would tell of it.
	}
	categories := repository.TermIn{}
	for _, factor := range p.ContributingFactors {
		if factor.Category != "" && factor.Category != "UNKNOWN" {
			categories = append(categories, repository.Term("factor_category", factor.Category))
		}
	}
	if len(categories) == 0 {
		return nil
	}
	for _, name := range p.Incidents {
		incident, err := s.repository.Incidents().Get(ctx, lastID(name))
		if errors.Is(err, repository.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if err := s.noteRecurrence(ctx, p, incident, categories); err != nil {
			return err
		}
	}
	return nil
}

func (s *PostMortems) noteRecurrence(ctx context.Context, p repository.PostMortem, incident repository.Incident, categories repository.TermIn) error {
	if len(incident.Impact.Services) == 0 {
		return nil
	}
	systems := repository.TermIn{}
	for _, service := range incident.Impact.Services {
		systems = append(systems, repository.Term("systems", service))
	}
	items, err := s.repository.ActionItems().List(ctx, repository.Query{
		Where: repository.And{
			systems, categories,
			repository.TermIn{repository.Term("state", lifecycle.Done), repository.Term("state", lifecycle.Verified)},
			repository.NumberRange{Field: "complete_time", Min: repository.Unset + 1, Max: began(incident).UnixMilli() - 1},
		},
		Descending: true, Limit: maxRecurring,
	})
	if err != nil {
		return err
	}
	for _, item := range items {
		if item.Incident == incidentName(incident.ID) || item.PostMortem == postMortemName(p.ID) {
			continue
		}
		if err := s.recur(ctx, p, incident, item); err != nil {
			return err
		}
	}
	return nil
}

// began is when an incident began, as far as anybody knows.
func began(incident repository.Incident) time.Time {
	return cmp.Or(incident.Milestones.StartTime, incident.Milestones.DetectTime, incident.CreateTime)
}

// recur notes on an action item that the incident came, once.
func (s *PostMortems) recur(ctx context.Context, p repository.PostMortem, incident repository.Incident, item repository.ActionItem) error {
	name := incidentName(incident.ID)
	_, err := s.repository.ActionItems().Update(ctx, item.ID, func(item *repository.ActionItem) (repository.Effects, error) {
		known := slices.ContainsFunc(item.Recurrences, func(r repository.Recurrence) bool { return r.Incident == name })
		shared := slices.IndexFunc(incident.Impact.Services, func(service string) bool { return slices.Contains(item.Systems, service) })
		if known || shared < 0 || len(item.Recurrences) >= repository.MaxRecurrences {
			return repository.Effects{}, repository.ErrUnchanged
		}
		now := s.present()
		item.UpdateTime = now
		item.Recurrences = append(item.Recurrences, repository.Recurrence{
			Incident: name, PostMortem: postMortemName(p.ID), System: incident.Impact.Services[shared], Category: item.FactorCategory, Time: now,
		})
		event := s.event(ctx, "ACTION_ITEM_RECURRED", actionItemName(item.ID), name, item.Revision+1, now, []repository.FieldChange{
			{Field: "recurrences", After: name},
		})
		return repository.Effects{Events: []repository.Event{event}}, nil
	})
	if errors.Is(err, repository.ErrNotFound) {
		return nil // It was purged meanwhile.
	}
	return err
}
