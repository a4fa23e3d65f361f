package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/intake"
	"github.com/debriefhq/debrief/service/intake/rules"
)

// follow does what follows from alerts: it opens incidents, has alerts join them, and tells them how their alerts stand.
func (l *lot) follow(ctx context.Context, alerts []touched) error {
	var opening []touched
	groups := map[string][]touched{}
	telling := map[string][]touched{}
	for _, one := range alerts {
		grouped := one.Outcome == string(rules.OutcomeGroup) || one.Outcome == string(rules.OutcomeOpenAfter)
		switch {
		case grouped && one.Incident == "":
			groups[one.GroupKey] = append(groups[one.GroupKey], one)
		case one.Incident == "":
		case !grouped && one.firsts:
			opening = append(opening, one)
		default:
			telling[one.Incident] = append(telling[one.Incident], one)
		}
	}
	if err := l.open(ctx, opening, telling); err != nil {
		return err
	}
	if err := l.tellIncidents(ctx, telling); err != nil {
		return err
	}
	return l.joinGroups(ctx, groups)
}

// open opens the incidents of alerts that open one each. Those that are open already are to be told.
func (l *lot) open(ctx context.Context, alerts []touched, telling map[string][]touched) error {
	now := l.present()
	creations := make([]repository.Creation[repository.Incident], len(alerts))
	for i, one := range alerts {
		creations[i] = l.newIncident(ctx, lastID(one.Incident), one.CreationKey, []repository.Alert{one.Alert}, now)
	}
	created, err := l.repository.Incidents().Create(ctx, creations...)
	if err != nil {
		return fmt.Errorf("open incidents: %w", err)
	}
	for i, result := range created {
		if !result.Existed {
			l.countOpened(ctx, result.Resource)
			continue
		}
		name := incidentName(result.Resource.ID)
		if alerts[i].Incident != name {
			if alerts[i], err = l.adopt(ctx, alerts[i], result.Resource); err != nil {
				return err
			}
		}
		telling[name] = append(telling[name], alerts[i])
	}
	return nil
}

// adopt has an alert be that of an incident that was opened before alerts were kept by themselves.
func (l *lot) adopt(ctx context.Context, one touched, incident repository.Incident) (touched, error) {
	name := incidentName(incident.ID)
	var known repository.IncidentAlert
	if i := indexOf(incident.Origin.Alerts, one.Alert); i >= 0 {
		known = incident.Origin.Alerts[i]
	}
	alert, err := l.repository.Alerts().Update(ctx, one.ID, func(alert *repository.Alert) (repository.Effects, error) {
		if alert.Incident == name {
			return repository.Effects{}, repository.ErrUnchanged
		}
		alert.Incident = name
		alert.NotificationCount += known.NotificationCount
		if known.Status == string(intake.Resolved) {
			alert.Status, alert.EndTime = known.Status, known.EndTime
		}
		return repository.Effects{}, nil
	})
	one.Alert = alert
	if err != nil {
		return one, fmt.Errorf("notify %s: %w", alertName(one.ID), err)
	}
	return one, nil
}

func (l *lot) countOpened(ctx context.Context, incident repository.Incident) {
	l.counts.opened(ctx, incident)
	if !incident.Milestones.ResolveTime.IsZero() {
		l.counts.changed(ctx, resolveIncident.event, incident)
	}
}

// tellIncidents tells incidents how alerts of theirs stand, one update each.
func (l *lot) tellIncidents(ctx context.Context, telling map[string][]touched) error {
	names := make([]string, 0, len(telling))
	for name := range telling {
		names = append(names, name)
	}
	slices.Sort(names)
	_, err := concurrently(ctx, names, func(ctx context.Context, name string) (struct{}, error) {
		err := l.tellIncident(ctx, name, telling[name])
		if errors.Is(err, repository.ErrNotFound) {
			err = l.openMissing(ctx, telling[name])
		}
		return struct{}{}, err
	})
	return err
}

// openMissing opens an incident that another replica was about to open. One that was purged is not opened again: its episode
// is long over.
func (l *lot) openMissing(ctx context.Context, alerts []touched) error {
	young := slices.ContainsFunc(alerts, func(one touched) bool {
		return one.Outcome == string(rules.OutcomeOpen) && l.present().Sub(one.CreateTime) < youngAlert
	})
	if !young {
		return nil
	}
	again := map[string][]touched{}
	if err := l.open(ctx, alerts[:1], again); err != nil {
		return err
	}
	for name, rest := range again {
		if err := l.tellIncident(ctx, name, rest); err != nil && !errors.Is(err, repository.ErrNotFound) {
			return err
		}
	}
	return nil
}

// indexOf finds what an incident keeps of an alert; what it kept before alerts had ids is known by what it was called.
func indexOf(kept []repository.IncidentAlert, alert repository.Alert) int {
	return slices.IndexFunc(kept, func(one repository.IncidentAlert) bool {
		return cmp.Or(one.ID, alert.ID) == alert.ID && (one.ID != "" || one.Fingerprint == alert.Fingerprint && one.StartTime.Equal(alert.StartTime))
	})
}
