package clock

import (
	"slices"
	"time"
)

// Window is the stretch of time in which a clock is in a state.
type Window struct {
	State State
	// From is when it begins; zero: it has begun.
	From time.Time
	// Until is when it is over; [Forever]: not by itself.
	Until time.Time
}

// Forever is the end of what does not end by itself. A store that keeps numbers can compare with it.
var Forever = time.Date(9999, time.December, 31, 23, 59, 59, 0, time.UTC)

// Windows are what a store keeps to find clocks by their state with an index: "in state S at time now" is "S.From <= now
// and now < S.Until". They are in order and without a gap, and hold from the write at the given time until the next one.
// In them each state occurs at most once, so that two instants a state are enough. That is so because who writes knows all
// pauses and waivers: none can begin later, so each of them only ends, and beneath them a clock only goes forward.
//
// The first window has no beginning, so that a reader whose clock is behind the writer's finds the clock in one state, too.
func Windows(facts Facts, policy Policy, at time.Time) []Window {
	phases := Timeline(facts, policy)
	first := max(0, after(phases, later(at, facts.held()))-1)
	ahead := slices.Clone(phases[first:])
	ahead[0].From = time.Time{}
	windows := make([]Window, len(ahead))
	for i, phase := range ahead {
		until := Forever
		if i+1 < len(ahead) {
			until = ahead[i+1].From
		}
		windows[i] = Window{State: phase.State, From: phase.From, Until: until}
	}
	return windows
}
