package service

import (
	"math"
	"slices"
	"strings"
	"time"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/clock"
)

// withClockStates adds the states of the clocks to the fields of incidents. No store has them: they come with time.
func withClockStates(fields filterFields) filterFields {
	for _, kind := range clockKinds {
		name := clockField(kind) + ".state"
		fields[name] = filterField{
			name: name, kind: repository.Enumeration, values: enumerationOf(debriefv1.Clock_State(0).Descriptor()),
			computed: func(state string, now time.Time) repository.Condition {
				return clockIn(kind, strings.ToLower(state), now)
			},
		}
	}
	return fields
}

// ClockIs holds for the incidents of which a clock is in a state at a time.
func ClockIs(kind clock.Kind, state clock.State, at time.Time) repository.Condition {
	return clockIn(kind, stateField(state), at)
}

// clockIn holds where a clock is in the state, as repository.ClockStates calls it: it is the first of those that are not
// over, and a clock of which none is left has not started.
func clockIn(kind clock.Kind, state string, now time.Time) repository.Condition {
	place := slices.Index(repository.ClockStates, state)
	conditions := repository.And{clockLasts(kind, state, now)}
	for _, earlier := range repository.ClockStates[:place] {
		conditions = append(conditions, repository.Not{Condition: clockLasts(kind, earlier, now)})
	}
	if state != stateField(clock.NotStarted) {
		return conditions
	}
	var others repository.Or
	for _, other := range repository.ClockStates {
		if other != state {
			others = append(others, clockLasts(kind, other, now))
		}
	}
	// Such a clock has no due time either: by that it is found.
	unset := repository.NumberUnset{Field: clockField(kind) + ".due_time"}
	return repository.Or{conditions, repository.And{unset, repository.Not{Condition: others}}}
}

// clockLasts holds where a clock is in the state, or will be.
func clockLasts(kind clock.Kind, state string, now time.Time) repository.NumberRange {
	return repository.NumberRange{Field: clockField(kind) + ".until." + state, Min: now.UnixMilli() + 1, Max: math.MaxInt64}
}
