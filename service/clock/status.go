package clock

import "time"

// Status is what a clock shows at a time.
type Status struct {
	State State
	// Since is when the state began; zero: it has always been so.
	Since time.Time
	// AnchorTime is when the clock started or starts; zero: nobody knows yet, or the clock is off.
	AnchorTime time.Time
	// AtRiskTime is when little time is left; zero: there is no such time, or it moves with a pause that has no end.
	AtRiskTime time.Time
	// DueTime is when the time is over; zero: there is no such time, or it moves with a pause that has no end.
	DueTime time.Time
	// Remaining is how much time is left, not counting pauses: all of it before the clock starts, what was left once it is
	// met, negative once it is over, 0 if the clock is off.
	Remaining time.Duration
	// Late is by how much a clock that is met was met after its due time; 0: in time. Such a clock had been breached, and
	// that was told.
	Late time.Duration
	// Reason says why the clock has not started, is paused or waived; "" in the other states.
	Reason string
	// Actor is who paused or waived it; "" in the other states.
	Actor string
	// NextChange is when the state will be another one; zero: not by itself.
	NextChange time.Time
}

// Why a clock has not started.
const (
	ReasonOff         = "the policy has no clock for this severity"
	ReasonNotResolved = "the incident is not resolved"
	ReasonNotDetected = "the incident is not detected"
	ReasonNotYet      = "its start lies ahead"
)

// Evaluate is what the clock shows now: the phase of its [Timeline] with what belongs to it.
func Evaluate(facts Facts, policy Policy, now time.Time) Status {
	facts = facts.sinceReset()
	c := reckon(facts, policy)
	phases := c.timeline()
	phase := At(phases, now)
	status := Status{
		State: phase.State, Since: phase.From,
		AnchorTime: c.anchor, AtRiskTime: c.atRisk, DueTime: c.due,
		Remaining:  c.remaining(now),
		NextChange: Next(phases, now),
	}
	if policy.atRiskLength() == 0 {
		status.AtRiskTime = time.Time{}
	}
	switch phase.State {
	case NotStarted:
		status.Reason = whyNotStarted(c)
	case Paused:
		status.Reason, status.Actor = whyPaused(facts.Pauses, now)
	case Waived:
		status.Reason, status.Actor = whyWaived(facts, now)
	case Met:
		status.Late = max(0, -status.Remaining)
	case Running, AtRisk, Breached:
	}
	return status
}

func whyNotStarted(c course) string {
	switch {
	case c.policy.Off:
		return ReasonOff
	case !c.anchor.IsZero():
		return ReasonNotYet
	case c.policy.Anchor == Detected:
		return ReasonNotDetected
	default:
		return ReasonNotResolved
	}
}

// whyPaused is from the pause that was begun last, of those in force.
func whyPaused(pauses []Pause, now time.Time) (reason, actor string) {
	var last time.Time
	for _, pause := range pauses {
		if (span{pause.From, pause.Until}).holds(now) && !pause.From.Before(last) {
			last, reason, actor = pause.From, pause.Reason, pause.Actor
		}
	}
	return reason, actor
}

// whyWaived is from the void, or from the waiver that was begun last, of those in force.
func whyWaived(facts Facts, now time.Time) (reason, actor string) {
	if facts.Void != nil && !now.Before(facts.Void.Time) {
		return facts.Void.Reason, ""
	}
	var last time.Time
	for _, waiver := range facts.Waivers {
		if (span{waiver.From, waiver.Until}).holds(now) && !waiver.From.Before(last) {
			last, reason, actor = waiver.From, waiver.Reason, waiver.Actor
		}
	}
	return reason, actor
}
