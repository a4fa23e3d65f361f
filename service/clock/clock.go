// Package clock reckons the two clocks of an incident: from the moment that it is resolved, its review and its first
// follow-up are due within 24 hours, because memory and energy both fade.
//
// Nothing here ticks. What is known about a clock ([Facts]) and the [Policy] of its severity determine once and for all
// what it shows at which time ([Timeline]), as long as nobody changes the facts. So a state is never written down by a
// job: it is read off the timeline ([Evaluate]), looked for with an index over the stretches of time that [Windows]
// gives, and told when the next point of the timeline has passed ([Due]).
package clock

// Kind is what a clock is about.
type Kind int

const (
	// Review runs until the review of a post-mortem of the incident was held.
	Review Kind = iota
	// FollowUp runs until the first action item was started, or the review found that there is nothing to do.
	FollowUp
)

var kindNames = [...]string{"REVIEW", "FOLLOW_UP"}

// String is "REVIEW" or "FOLLOW_UP".
func (k Kind) String() string { return kindNames[k] }

// State is what a clock shows.
type State int

const (
	// NotStarted is the state until the incident reaches the clock's anchor, and of a clock that is off.
	NotStarted State = iota
	// Running is the state while there is plenty of time left.
	Running
	// AtRisk is the state while little time is left: by default the last quarter.
	AtRisk
	// Met is the state once what the clock is about has happened, in time or late. It is final until the clock is reset.
	Met
	// Breached is the state once the time is over and nothing has happened.
	Breached
	// Paused is the state while somebody holds the clock. The due time moves by as much.
	Paused
	// Waived is the state while nobody owes what the clock is about. The due time does not move.
	Waived
)

var stateNames = [...]string{"NOT_STARTED", "RUNNING", "AT_RISK", "MET", "BREACHED", "PAUSED", "WAIVED"}

// String is the state's name in the API, without its prefix: "NOT_STARTED", "AT_RISK", ….
func (s State) String() string { return stateNames[s] }
