package service

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/clock"
	"github.com/debriefhq/debrief/service/lifecycle"
)

// timeKeeping is a repository in which what time brings is always what follows from a resource: whatever changes an incident
// winds its clocks anew and tells of it, in the same atomic step, and whatever changes an action item sets when to remind of it.
type timeKeeping struct {
	repository.Repository
	base *base
}

// Incidents are the incidents with clocks that are kept.
func (k timeKeeping) Incidents() repository.Collection[repository.Incident] {
	return keptIncidents{Collection: k.Repository.Incidents(), base: k.base}
}

type keptIncidents struct {
	repository.Collection[repository.Incident]
	base *base
}

// Create winds the clocks of new incidents.
func (k keptIncidents) Create(ctx context.Context, creations ...repository.Creation[repository.Incident]) ([]repository.Created[repository.Incident], error) {
	wound := slices.Clone(creations)
	told := make([][]clockChange, len(wound))
	for i := range wound {
		before := repository.Incident{}
		// The result of a creation is revision 1.
		told[i] = k.base.rewind(&before, &wound[i].Resource, wound[i].Resource.CreateTime)
		events := k.base.clockEvents(ctx, wound[i].Resource, 1, told[i])
		wound[i].Effects.Events = slices.Concat(wound[i].Effects.Events, events)
	}
	created, err := k.Collection.Create(ctx, wound...)
	for i := range created {
		if !created[i].Existed {
			k.base.counts.clocksChanged(ctx, created[i].Resource, told[i])
		}
	}
	return created, err
}

// Update winds the clocks of an incident after the change.
func (k keptIncidents) Update(ctx context.Context, id string, change func(*repository.Incident) (repository.Effects, error)) (repository.Incident, error) {
	now := k.base.present()
	var told []clockChange
	incident, err := k.Collection.Update(ctx, id, func(incident *repository.Incident) (repository.Effects, error) {
		told = nil
		before := *incident
		effects, err := change(incident)
		if err != nil || incident.Visibility == repository.Purged {
			return effects, err
		}
		told = k.base.rewind(&before, incident, now)
		effects.Events = slices.Concat(effects.Events, k.base.clockEvents(ctx, *incident, incident.Revision+1, told))
		return effects, nil
	})
	if err == nil {
		k.base.counts.clocksChanged(ctx, incident, told)
	}
	return incident, err
}

// clockChange is a change of one clock, and what else changed with it.
type clockChange struct {
	clock.Change
	kind clock.Kind
	// byTime says that nobody made it.
	byTime bool
	// fields are what a person has changed beside the state.
	fields []repository.FieldChange
}

// rewind makes the clocks what follows from an incident that was changed, and answers what there is to tell. The policies
// are those of now.
func (b *base) rewind(before, after *repository.Incident, at time.Time) []clockChange {
	void := after.State == lifecycle.Canceled || after.State == lifecycle.Merged
	if void && after.ClockVoidTime.IsZero() {
		after.ClockVoidTime = at
	}
	var changes []clockChange
	for _, kind := range clockKinds {
		changes = append(changes, b.rewindOne(before, after, kind, at)...)
	}
	after.ClockPolicies = b.policies.Key(after.Severity)
	return finish(after, changes)
}

// rewindOne is rewind for one clock.
func (b *base) rewindOne(before, after *repository.Incident, kind clock.Kind, at time.Time) []clockChange {
	kept := clockOf(after, kind)
	policy := b.policies.For(kind, after.Severity)
	windUp(after, kind, policy, at)
	was, is := phasesOf(before, kind), phasesOf(after, kind)
	told := kept.ToldTime
	if isUntouched(was) && isUntouched(is) {
		return nil
	}
	byTime := len(clock.Due(was, told, at))
	var changes []clockChange
	for i, change := range clock.Rewritten(was, is, told, at) {
		changed := clockChange{Change: change, kind: kind, byTime: i < byTime}
		if !changed.byTime {
			changed.fields = b.clockDifferences(before, after, kind, at)
		}
		changes = append(changes, changed)
	}
	kept.ToldTime = at
	if told.After(at) {
		kept.ToldTime = told
	}
	return changes
}

// finish sets when there is something to do about the clocks, and puts the changes of both in order.
func finish(incident *repository.Incident, changes []clockChange) []clockChange {
	if !slices.ContainsFunc(clockKinds[:], func(kind clock.Kind) bool { return runs(incident, kind) }) {
		incident.ClockPolicies = 0
	}
	incident.NextClockChange = time.Time{}
	if incident.Visibility == repository.Live {
		incident.NextClockChange = incident.ClockLookTime
		for _, kind := range clockKinds {
			next := clock.Next(phasesOf(incident, kind), clockOf(incident, kind).ToldTime)
			incident.NextClockChange = sooner(incident.NextClockChange, next)
		}
	}
	slices.SortStableFunc(changes, func(a, b clockChange) int { return a.Time.Compare(b.Time) })
	return changes
}

// runs says that a clock has started, and that nothing has met it, so that its policy matters.
func runs(incident *repository.Incident, kind clock.Kind) bool {
	kept := clockOf(incident, kind)
	_, started := policyOf(kept)
	return started && kept.MetTime.IsZero() && incident.ClockVoidTime.IsZero()
}

// clockDifferences are the fields of a clock that a person has changed, without its state and what time changes.
func (b *base) clockDifferences(before, after *repository.Incident, kind clock.Kind, at time.Time) []repository.FieldChange {
	was, is := b.clockToProto(before, kind, at), b.clockToProto(after, kind, at)
	return slices.DeleteFunc(fieldChanges(was.ProtoReflect(), is.ProtoReflect(), clockField(kind)), func(change repository.FieldChange) bool {
		name := strings.TrimPrefix(change.Field, clockField(kind)+".")
		return name == "state" || name == "remaining" || name == "reason" && change.After == ""
	})
}

// clockEvents tell of changes of an incident's clocks.
func (b *base) clockEvents(ctx context.Context, incident repository.Incident, revision int64, changes []clockChange) []repository.Event {
	now := b.present()
	name := incidentName(incident.ID)
	events := make([]repository.Event, len(changes))
	for i, change := range changes {
		from := ctx
		if change.byTime {
			from = WithActor(ctx, "")
		}
		events[i] = b.event(from, change.eventType(), name, name, revision, now, append([]repository.FieldChange{{
			Field: clockField(change.kind) + ".state", Before: change.Previous.String(), After: change.State.String(),
		}}, change.fields...))
		events[i].Time = change.Time
	}
	return events
}

// eventType is the type of the event that tells of the change.
func (c clockChange) eventType() string {
	switch c.State {
	case clock.NotStarted:
		return "CLOCK_RESET"
	case clock.Running, clock.AtRisk:
		if c.Previous == clock.Paused || c.Previous == clock.Waived {
			return "CLOCK_RESUMED"
		}
		if c.State == clock.Running {
			return "CLOCK_STARTED"
		}
	case clock.Met, clock.Breached, clock.Paused, clock.Waived:
	}
	return "CLOCK_" + c.State.String()
}
