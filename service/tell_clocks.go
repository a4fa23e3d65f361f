package service

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/clock"
)

// clockTeller tells how the clocks of incidents have changed.
func (b *base) clockTeller() teller[repository.Incident] {
	return teller[repository.Incident]{
		schema: repository.IncidentSchema, reader: b.bare.Incidents(), field: "next_clock_change",
		next: func(incident *repository.Incident) time.Time { return incident.NextClockChange },
		tell: b.tellClock, name: incidentName,
	}
}

// tellClock tells an incident's next change. Before it says that time is short, or over, it looks whether the incident was only
// not told of what has met its clock.
func (b *base) tellClock(ctx context.Context, incident repository.Incident, horizon time.Time) (repository.Incident, error) {
	found := doings{}
	looks := isPressing(&incident)
	if looks {
		var err error
		if found, err = b.lookForDoings(ctx, incident); err != nil {
			return incident, err
		}
	}
	var told []clockChange
	changed, err := b.bare.Incidents().Update(ctx, incident.ID, func(incident *repository.Incident) (repository.Effects, error) {
		if incident.Visibility != repository.Live {
			return repository.Effects{}, repository.ErrUnchanged
		}
		if err := keepFirstAnswer(&incident.Header, incident); err != nil {
			return repository.Effects{}, err
		}
		looked := looks && takeLook(incident, horizon)
		told = b.dueChanges(incident, found, horizon)
		if len(told) == 0 && !looked {
			return repository.Effects{}, repository.ErrUnchanged
		}
		return repository.Effects{Events: b.clockEvents(WithActor(ctx, ""), *incident, incident.Revision+1, told)}, nil
	})
	if errors.Is(err, repository.ErrNotFound) {
		return repository.Incident{}, nil
	}
	if err == nil {
		b.counts.clocksChanged(ctx, changed, told)
	}
	return changed, err
}

// dueChanges makes an incident one of which everything is told up to its next change, and answers what there is to tell.
func (b *base) dueChanges(incident *repository.Incident, found doings, horizon time.Time) []clockChange {
	upTo := incident.NextClockChange
	if upTo.IsZero() || upTo.After(horizon) {
		return nil // Somebody else was faster.
	}
	var changes []clockChange
	for _, kind := range clockKinds {
		if done, ok := found[kind]; ok {
			before := *incident
			if meet(incident, kind, done) {
				changes = append(changes, b.rewindOne(&before, incident, kind, done.time)...)
				continue
			}
		}
		kept := clockOf(incident, kind)
		for _, change := range clock.Due(phasesOf(incident, kind), kept.ToldTime, upTo) {
			changes = append(changes, clockChange{Change: change, kind: kind, byTime: true})
			kept.ToldTime = change.Time
		}
	}
	return finish(incident, changes)
}

// takeLook takes away that an incident is to be looked after, where that is due.
func takeLook(incident *repository.Incident, horizon time.Time) bool {
	look := incident.ClockLookTime
	if look.IsZero() || look.After(incident.NextClockChange) || look.After(horizon) {
		return false
	}
	incident.ClockLookTime = time.Time{}
	return true
}

// isPressing says that an incident is to be looked after: because the next change of its clocks is that there is little time
// left, or none, or because something was announced that may have met them.
func isPressing(incident *repository.Incident) bool {
	if look := incident.ClockLookTime; !look.IsZero() && !look.After(incident.NextClockChange) {
		return true
	}
	return slices.ContainsFunc(clockKinds[:], func(kind clock.Kind) bool {
		phases := phasesOf(incident, kind)
		return slices.ContainsFunc(clock.Due(phases, clockOf(incident, kind).ToldTime, incident.NextClockChange), isShort)
	})
}
