// Package lifecycle says which states incidents, post-mortems and action items have, which verb leads from where to where,
// and in which order an incident's milestones are.
package lifecycle

import (
	"fmt"
	"slices"
	"strings"
)

// Machine says what each verb does to a state.
type Machine struct {
	// Resource is what has the states, in words.
	Resource string
	// Initial is the state in which it begins.
	Initial string
	// Verbs are the transitions by the name of their verb.
	Verbs map[string]Transition
}

// Transition leads from any of some states to one.
type Transition struct {
	From []string
	// To is empty where the verb leaves the state as it is.
	To string
}

// TransitionError says that a verb does not lead anywhere from a state.
type TransitionError struct {
	Resource, Verb, State string
	// Legal are the states from which the verb leads somewhere.
	Legal []string
}

// Error says what can't be done, and from where it could.
func (e *TransitionError) Error() string {
	return fmt.Sprintf("%s is %s: %s is possible from %s only", e.Resource, e.State, e.Verb, strings.Join(e.Legal, ", "))
}

// Step is the state to which the verb leads from the given one; a *TransitionError where it leads nowhere.
func (m Machine) Step(verb, state string) (string, error) {
	transition := m.Verbs[verb]
	if !slices.Contains(transition.From, state) {
		return "", &TransitionError{Resource: m.Resource, Verb: verb, State: state, Legal: transition.From}
	}
	if transition.To == "" {
		return state, nil
	}
	return transition.To, nil
}
