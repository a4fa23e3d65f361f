package clock

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// StateError says that a verb is not possible in the state that the clock is in.
type StateError struct {
	Verb  string
	State State
	// Legal are the states in which it is possible.
	Legal []State
}

// Error says what can't be done, and when it could.
func (e *StateError) Error() string {
	names := make([]string, len(e.Legal))
	for i, state := range e.Legal {
		names[i] = state.String()
	}
	return fmt.Sprintf("the clock is %s: %s is possible in %s only", e.State, e.Verb, strings.Join(names, ", "))
}

var (
	// ErrEnd says that a pause or a waiver is over before it begins.
	ErrEnd = errors.New("the end must be later than the beginning")
	// ErrOff says that there is no clock.
	ErrOff = errors.New(ReasonOff)
	// ErrVoid says that a clock can't be resumed, as the incident was canceled or merged.
	ErrVoid = errors.New("the incident owes nothing any more")
)

var (
	pausable  = []State{NotStarted, Running, AtRisk}
	waivable  = []State{NotStarted, Running, AtRisk, Breached, Paused}
	resumable = []State{Paused, Waived}
)

// Pause adds a pause, at the time at which it begins. It answers a *[StateError] if there is nothing to
// hold, [ErrOff], and [ErrEnd].
func (f Facts) Pause(policy Policy, pause Pause) (Facts, error) {
	if !pause.Until.IsZero() && !pause.Until.After(pause.From) {
		return f, ErrEnd
	}
	if err := f.check("pause", policy, pause.From, pausable); err != nil {
		return f, err
	}
	f.Pauses = append(slices.Clone(f.Pauses), pause)
	return f, nil
}

// Waive adds a waiver, at the time at which it begins. It answers a *[StateError] if there is nothing to
// waive, [ErrOff], and [ErrEnd].
func (f Facts) Waive(policy Policy, waiver Waiver) (Facts, error) {
	if !waiver.Until.IsZero() && !waiver.Until.After(waiver.From) {
		return f, ErrEnd
	}
	if err := f.check("waive", policy, waiver.From, waivable); err != nil {
		return f, err
	}
	f.Waivers = append(slices.Clone(f.Waivers), waiver)
	return f, nil
}

// Resume ends each pause and waiver that is in force at the time. It answers a *[StateError] if nothing holds the clock,
// [ErrOff], and [ErrVoid].
func (f Facts) Resume(policy Policy, at time.Time) (Facts, error) {
	if f.Void != nil && !at.Before(f.Void.Time) {
		return f, ErrVoid
	}
	if err := f.check("resume", policy, at, resumable); err != nil {
		return f, err
	}
	f.Pauses, f.Waivers = slices.Clone(f.Pauses), slices.Clone(f.Waivers)
	for i, pause := range f.Pauses {
		if !pause.From.Before(f.ResetTime) && (span{pause.From, pause.Until}).holds(at) {
			f.Pauses[i].Until = at
		}
	}
	for i, waiver := range f.Waivers {
		if !waiver.From.Before(f.ResetTime) && (span{waiver.From, waiver.Until}).holds(at) {
			f.Waivers[i].Until = at
		}
	}
	return f, nil
}

func (f Facts) check(verb string, policy Policy, at time.Time, legal []State) error {
	if policy.Off {
		return ErrOff
	}
	state := At(Timeline(f, policy), at).State
	if !slices.Contains(legal, state) {
		return &StateError{Verb: verb, State: state, Legal: legal}
	}
	return nil
}
