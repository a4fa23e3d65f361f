package service

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/intake/rules"
	"github.com/debriefhq/debrief/service/lifecycle"
)

// joinGroups has alerts join their groups, group by group.
func (l *lot) joinGroups(ctx context.Context, groups map[string][]touched) error {
	_, err := concurrently(ctx, slices.Sorted(maps.Keys(groups)), func(ctx context.Context, id string) (struct{}, error) {
		return struct{}{}, l.joinGroup(ctx, id, groups[id])
	})
	return err
}

// joinGroup places alerts in their group, in one step, and then has them join the incidents where their places are.
func (l *lot) joinGroup(ctx context.Context, id string, alerts []touched) error {
	placements, since, err := l.place(ctx, id, alerts)
	if err != nil {
		return err
	}
	members := map[string][]touched{}
	generations := map[string]int64{}
	for i, one := range alerts {
		placement := placements[i]
		if placement.Kind == rules.NotYet {
			continue
		}
		generations[placement.IncidentID] = placement.Generation
		also, err := concurrently(ctx, placement.Also, l.waited)
		if err != nil {
			return err
		}
		also = slices.DeleteFunc(also, func(one touched) bool { return one.ID == "" })
		members[placement.IncidentID] = append(append(members[placement.IncidentID], also...), one)
	}
	for _, incident := range slices.Sorted(maps.Keys(members)) {
		key := "group/" + id + "/" + numbered(since, generations[incident])
		if err := l.joinIncident(ctx, incident, key, members[incident]); err != nil {
			return err
		}
	}
	return nil
}

// waited reads an alert that waited for others; an empty one where it was purged.
func (l *lot) waited(ctx context.Context, id string) (touched, error) {
	alert, err := l.repository.Alerts().Get(ctx, id)
	if errors.Is(err, repository.ErrNotFound) {
		return touched{}, nil
	}
	if err != nil {
		return touched{}, fmt.Errorf("read %s: %w", alertName(id), err)
	}
	return touched{Alert: alert}, nil
}

// place gives alerts their places in a group. It answers as well when the group was begun: another one of the same name, after
// this one was purged, counts its incidents anew.
func (l *lot) place(ctx context.Context, id string, alerts []touched) (placements []rules.Placement, since time.Time, err error) {
	leaving, err := l.leaving(ctx, id)
	if err != nil {
		return nil, since, err
	}
	now := l.present()
	ids := make([]string, len(alerts))
	for i := range ids {
		ids[i] = l.newID(now)
	}
	placements = make([]rules.Placement, len(alerts))
	change := func(group *repository.AlertGroup) (repository.Effects, error) {
		state, err := readGroup(group.State)
		if err != nil {
			return repository.Effects{}, err
		}
		if leaving != "" {
			state = rules.Leave(state, leaving)
		}
		for i, one := range alerts {
			state, placements[i] = rules.Join(state, rules.Occurrence{
				AlertID: one.ID, SignalID: one.ID, IncidentID: ids[i], Time: one.CreateTime,
			}, l.grouping(one), now)
		}
		encoded, err := json.Marshal(state)
		if err != nil || string(encoded) == group.State {
			return repository.Effects{}, cmp.Or(err, repository.ErrUnchanged)
		}
		group.State, group.IdleTime, group.UpdateTime = string(encoded), now, now
		return repository.Effects{}, nil
	}
	group, err := l.repository.AlertGroups().Update(ctx, id, change)
	if errors.Is(err, repository.ErrNotFound) {
		fresh := repository.AlertGroup{
			Header:    repository.Header{ID: id, Parent: l.scope(), Revision: 1, CreationKey: id, CreateTime: now, UpdateTime: now},
			BeginTime: now, IdleTime: now,
		}
		if _, err := l.repository.AlertGroups().Create(ctx, repository.Creation[repository.AlertGroup]{Resource: fresh}); err != nil {
			return nil, since, fmt.Errorf("keep a group of alerts: %w", err)
		}
		group, err = l.repository.AlertGroups().Update(ctx, id, change)
	}
	if err != nil {
		return nil, since, fmt.Errorf("keep a group of alerts: %w", err)
	}
	return placements, group.BeginTime, nil
}

func readGroup(encoded string) (rules.Group, error) {
	var state rules.Group
	if encoded == "" {
		return state, nil
	}
	if err := json.Unmarshal([]byte(encoded), &state); err != nil {
		return state, fmt.Errorf("%w: a group of alerts: %w", repository.ErrCorrupt, err)
	}
	return state, nil
}

// leaving is the id of the group's incident where nobody is to join that any more, as it is over for those who work on it.
func (l *lot) leaving(ctx context.Context, id string) (string, error) {
	group, err := l.repository.AlertGroups().Get(ctx, id)
	if errors.Is(err, repository.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read a group of alerts: %w", err)
	}
	state, err := readGroup(group.State)
	if err != nil || state.IncidentID == "" || state.Left {
		return "", err
	}
	incident, err := l.repository.Incidents().Get(ctx, state.IncidentID)
	switch {
	case errors.Is(err, repository.ErrNotFound):
		if l.present().Sub(state.OpenTime) < youngAlert {
			return "", nil // It is about to be opened.
		}
		return state.IncidentID, nil
	case err != nil:
		return "", fmt.Errorf("read the incident of a group of alerts: %w", err)
	}
	over := incident.Visibility != repository.Live || slices.Contains([]string{lifecycle.Resolved, lifecycle.Closed, lifecycle.Canceled, lifecycle.Merged}, incident.State)
	if over {
		return incident.ID, nil
	}
	return "", nil
}

// grouping is what the rule says of the group of an alert. Where the rules have changed since it began, it is what the rule
// of that name says now; where there is none any more, alerts join what is open and open nothing by their number.
func (l *lot) grouping(one touched) rules.Decision {
	decision := rules.Decision{Rule: one.Rule, Outcome: rules.Outcome(one.Outcome), Window: rules.MinWindow, Count: rules.MinCount}
	if l.integration == nil {
		return decision
	}
	for _, rule := range l.integration.Rules {
		if rule.Title == one.Rule {
			decision.Window = max(rule.Window, rules.MinWindow)
			decision.Count = max(int(rule.Count), rules.MinCount)
		}
	}
	return decision
}

// joinIncident opens the incident where nobody has done so yet, has it keep the first alerts, and then has the alerts know
// that they are part of it, each of which is told once.
func (l *lot) joinIncident(ctx context.Context, id, key string, members []touched) error {
	now := l.present()
	alerts := each(members, func(one touched) repository.Alert { return one.Alert })
	created, err := l.repository.Incidents().Create(ctx, l.newIncident(ctx, id, key, alerts, now))
	if err != nil {
		return fmt.Errorf("open an incident for a group of alerts: %w", err)
	}
	name := incidentName(created[0].Resource.ID)
	if created[0].Existed {
		err = l.tellIncident(ctx, name, members)
	} else {
		l.countOpened(ctx, created[0].Resource)
	}
	if err != nil && !errors.Is(err, repository.ErrNotFound) {
		return err
	}
	// The one that opened the incident did not join it.
	opener := ""
	if kept := created[0].Resource.Origin.Alerts; len(kept) > 0 {
		opener = kept[0].ID
	}
	// Those that waited go first: a repetition goes by the alert that they waited for.
	slices.SortStableFunc(members, func(a, b touched) int { return cmp.Compare(waitedFirst(a), waitedFirst(b)) })
	behind := slices.IndexFunc(members, func(one touched) bool { return one.signal != nil })
	var after []touched
	for _, some := range [][]touched{members[:behind], members[behind:]} {
		changed, err := concurrently(ctx, some, func(ctx context.Context, one touched) (touched, error) {
			return l.join(ctx, one, name, opener)
		})
		if err != nil {
			return err
		}
		after = append(after, changed...)
	}
	return l.afterJoin(ctx, name, members, after, now)
}

// waitedFirst orders alerts that waited before those that were placed.
func waitedFirst(one touched) int {
	if one.signal == nil {
		return 0
	}
	return 1
}

// join has an alert know the incident that it is part of.
func (l *lot) join(ctx context.Context, one touched, incident, opener string) (touched, error) {
	now := l.present()
	alert, err := l.repository.Alerts().Update(ctx, one.ID, func(alert *repository.Alert) (repository.Effects, error) {
		if alert.Incident != "" {
			return repository.Effects{}, repository.ErrUnchanged
		}
		alert.Incident, alert.UpdateTime = incident, now
		if alert.ID == opener {
			return repository.Effects{}, nil
		}
		event := l.event(ctx, "INCIDENT_ALERT_JOINED", alertName(alert.ID), incident, alert.Revision+1, now, nil)
		return repository.Effects{Events: []repository.Event{event}}, nil
	})
	one.Alert = alert
	if err != nil && !errors.Is(err, repository.ErrNotFound) {
		return one, fmt.Errorf("have %s join %s: %w", alertName(one.ID), incident, err)
	}
	return one, nil
}

// afterJoin tells the incident what others said of its alerts before these knew that they are part of it, and how many
// there are where that is remarkable.
func (l *lot) afterJoin(ctx context.Context, name string, before, after []touched, now time.Time) error {
	var changed []touched
	for i, one := range after {
		if one.ID != "" && (one.NotificationCount != before[i].NotificationCount || one.Status != before[i].Status) {
			changed = append(changed, one)
		}
	}
	if len(changed) > 0 {
		if err := l.tellIncident(ctx, name, changed); err != nil && !errors.Is(err, repository.ErrNotFound) {
			return err
		}
	}
	incident, err := l.repository.Incidents().Get(ctx, lastID(name))
	if errors.Is(err, repository.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	if len(incident.Origin.Alerts) < repository.MaxIncidentAlerts {
		return nil
	}
	return l.tellCount(ctx, name, now)
}

// maxJoined bounds how many alerts of an incident are counted.
const maxJoined = 1_000_000

// tellCount has the timeline tell how many alerts an incident has, at 100, 1,000 and so on.
func (l *lot) tellCount(ctx context.Context, name string, now time.Time) error {
	where := repository.TermIn{repository.Term("incident", name)}
	count, err := l.repository.Alerts().Count(ctx, repository.Query{Where: where, Limit: maxJoined})
	if err != nil {
		return fmt.Errorf("count the alerts of %s: %w", name, err)
	}
	reached := remarkable(int64(count))
	_, err = l.repository.Incidents().Update(ctx, lastID(name), func(incident *repository.Incident) (repository.Effects, error) {
		if reached <= repository.MaxIncidentAlerts || reached <= incident.Origin.ToldAlerts {
			return repository.Effects{}, repository.ErrUnchanged
		}
		if err := keepFirstAnswer(&incident.Header, incident); err != nil {
			return repository.Effects{}, err
		}
		incident.Origin.ToldAlerts, incident.UpdateTime = reached, now
		entry := l.changeEntry(ctx, incident.ID, "ALERT", now, now, fmt.Sprintf("%d alerts have joined by now.", reached), "")
		entry.Source = "ALERT"
		return repository.Effects{TimelineEntries: []repository.TimelineEntry{entry}}, nil
	})
	if err != nil && !errors.Is(err, repository.ErrNotFound) {
		return fmt.Errorf("tell of the alerts of %s: %w", name, err)
	}
	return nil
}
