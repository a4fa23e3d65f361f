package clock

import (
	"sort"
	"time"
)

// Phase is a state and when it begins. It ends where the next one begins.
type Phase struct {
	State State
	// From is zero for the first phase: it has always been so.
	From time.Time
}

// Timeline is all that the clock has shown and will show as long as the facts and the policy stay as they are, in order.
// There is always a first phase, neighbours have different states, and of a clock that nobody touches any more at most
// seven phases lie ahead. Earlier rounds, from before the last reset, are not in it.
func Timeline(facts Facts, policy Policy) []Phase {
	return reckon(facts.sinceReset(), policy).timeline()
}

func (c course) timeline() []Phase {
	var phases []Phase
	for _, turn := range c.turns() {
		state := c.state(turn)
		if len(phases) == 0 || phases[len(phases)-1].State != state {
			phases = append(phases, Phase{State: state, From: turn})
		}
	}
	return phases
}

// At is the phase that holds at the time; the first one also before it begins. There must be one.
func At(phases []Phase, t time.Time) Phase { return phases[max(0, after(phases, t)-1)] }

// Next is when the first phase begins after the time; zero: there is none. As an index over this instant finds the clocks
// that have something to tell, a store keeps Next of the time up to which everything was told.
func Next(phases []Phase, t time.Time) time.Time {
	if i := after(phases, t); i < len(phases) {
		return phases[i].From
	}
	return time.Time{}
}

// after is the number of phases that have begun at the time.
func after(phases []Phase, t time.Time) int {
	return sort.Search(len(phases), func(i int) bool { return phases[i].From.After(t) })
}
