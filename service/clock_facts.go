package service

import (
	"time"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/clock"
	"github.com/debriefhq/debrief/service/lifecycle"
)

// clockKinds are the clocks of an incident, in the order in which what happens at the same time is told.
var clockKinds = [...]clock.Kind{clock.Review, clock.FollowUp}

// Why a clock shows what it shows, beside what the package clock says.
const (
	reasonNotKept   = "the incident was stored before there was a clock for it: it starts with the incident's next change"
	reasonReviewed  = "a review was held"
	reasonActed     = "an action item was started"
	reasonNothingTo = "the review concluded that there is nothing to do"
)

// clockOf is what is stored of a clock.
func clockOf(incident *repository.Incident, kind clock.Kind) *repository.Clock {
	if kind == clock.FollowUp {
		return &incident.FollowUpClock
	}
	return &incident.ReviewClock
}

// clockField is how the API calls a clock's field.
func clockField(kind clock.Kind) string {
	if kind == clock.FollowUp {
		return "follow_up_clock"
	}
	return "review_clock"
}

// factsOf is what is known of a clock.
func factsOf(incident *repository.Incident, kind clock.Kind) clock.Facts {
	kept := clockOf(incident, kind)
	facts := clock.Facts{
		DetectTime:  incident.Milestones.DetectTime,
		ResolveTime: incident.Milestones.ResolveTime,
		MetTime:     kept.MetTime,
		ResetTime:   incident.ClockResetTime,
		Pauses:      each(kept.Pauses, func(hold repository.ClockHold) clock.Pause { return clock.Pause(hold) }),
		Waivers:     each(kept.Waivers, func(hold repository.ClockHold) clock.Waiver { return clock.Waiver(hold) }),
	}
	if !incident.ClockVoidTime.IsZero() {
		facts.Void = &clock.Void{Time: incident.ClockVoidTime, Reason: clock.Canceled}
		if incident.State == lifecycle.Merged {
			facts.Void.Reason = clock.Merged
		}
	}
	return facts
}

// keepFacts stores what a verb has made of the facts.
func keepFacts(kept *repository.Clock, facts clock.Facts) {
	kept.Pauses = each(facts.Pauses, func(pause clock.Pause) repository.ClockHold { return repository.ClockHold(pause) })
	kept.Waivers = each(facts.Waivers, func(waiver clock.Waiver) repository.ClockHold { return repository.ClockHold(waiver) })
}

// partsPerBillion is what a whole is made of where a share is stored as an integer.
const partsPerBillion = 1_000_000_000

func storedPolicy(policy clock.Policy) repository.ClockPolicy {
	return repository.ClockPolicy{Length: policy.Length, Anchor: policy.Anchor.String(), AtRisk: int64(policy.AtRisk * partsPerBillion)}
}

// policyOf is the policy under which a clock runs; false: it has not started.
func policyOf(kept *repository.Clock) (clock.Policy, bool) {
	policy := clock.Policy{Length: kept.Policy.Length, AtRisk: float64(kept.Policy.AtRisk) / partsPerBillion}
	if kept.Policy.Anchor == clock.Detected.String() {
		policy.Anchor = clock.Detected
	}
	return policy, policy.Length > 0
}

// phasesOf are what a clock shows as it is stored. One that was not started shows just that: what has come to pass
// without anybody having told is not told later.
func phasesOf(incident *repository.Incident, kind clock.Kind) []clock.Phase {
	policy, started := policyOf(clockOf(incident, kind))
	if !started {
		return []clock.Phase{{State: clock.NotStarted}}
	}
	return clock.Timeline(factsOf(incident, kind), policy)
}

// statusOf is what a clock shows.
func (b *base) statusOf(incident *repository.Incident, kind clock.Kind, now time.Time) clock.Status {
	kept := clockOf(incident, kind)
	policy, started := policyOf(kept)
	if started {
		status := clock.Evaluate(factsOf(incident, kind), policy, now)
		if status.State == clock.Met {
			status.Reason = kept.MetReason
		}
		return status
	}
	status := clock.Evaluate(factsOf(incident, kind), b.policies.For(kind, incident.Severity), now)
	if status.State != clock.NotStarted {
		return clock.Status{State: clock.NotStarted, Reason: reasonNotKept}
	}
	return status
}

// isUntouched says that a clock shows and will show nothing but that it has not started.
func isUntouched(phases []clock.Phase) bool {
	return len(phases) == 1 && phases[0].State == clock.NotStarted
}

// windUp stores what follows from the facts of a clock.
func windUp(incident *repository.Incident, kind clock.Kind, policy clock.Policy, at time.Time) {
	kept := clockOf(incident, kind)
	kept.Policy, kept.AtRiskTime, kept.DueTime, kept.Until = repository.ClockPolicy{}, time.Time{}, time.Time{}, repository.ClockUntil{}
	facts := factsOf(incident, kind)
	if isUntouched(clock.Timeline(facts, policy)) {
		return
	}
	kept.Policy = storedPolicy(policy)
	status := clock.Evaluate(facts, policy, at)
	kept.AtRiskTime, kept.DueTime = status.AtRiskTime, status.DueTime
	for _, window := range clock.Windows(facts, policy, at) {
		if window.State == clock.NotStarted && window.Until.Equal(clock.Forever) {
			continue // That is what a clock shows of which nothing is left.
		}
		*kept.Until.Of(stateField(window.State)) = window.Until
	}
}
