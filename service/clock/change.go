package clock

import "time"

// Change is a step of a clock from one state to another, to be told once.
type Change struct {
	Previous, State State
	// Time is when it came to be: for a step that time made, the instant itself, however late it is told; for a step that
	// somebody made, when they made it. The changes of a clock are told in this order.
	Time time.Time
	// Since is from when on the facts say so: before Time where something was recorded later than it happened.
	Since time.Time
}

// Due are the changes that time has made by now and that were not told, in order. Told is up to when everything was told;
// zero: nothing was. Afterwards it is the last change's Time: not now, so that it does not matter whose clock is ahead.
func Due(phases []Phase, told, now time.Time) []Change {
	var changes []Change
	for i := max(1, after(phases, told)); i < len(phases) && !phases[i].From.After(now); i++ {
		changes = append(changes, Change{
			Previous: phases[i-1].State, State: phases[i].State,
			Time: phases[i].From, Since: phases[i].From,
		})
	}
	return changes
}

// Rewritten are the changes to tell when somebody changes the facts (or the policy) at a time: those that time had made
// before, and the step from the timeline before to the timeline after, if it shows something else. What the timeline after
// says about the past was never so, and is not told. Afterwards everything is told up to at or told, whichever is later;
// that is also when the step came to be, so that a writer whose clock is behind does not tell a change before the last one.
func Rewritten(before, after []Phase, told, at time.Time) []Change {
	at = later(told, at)
	changes := Due(before, told, at)
	previous, next := At(before, at), At(after, at)
	if previous.State != next.State {
		changes = append(changes, Change{Previous: previous.State, State: next.State, Time: at, Since: next.From})
	}
	return changes
}
