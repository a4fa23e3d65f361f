package clock

import (
	"slices"
	"time"
)

// course is where the instants of a clock lie, whatever time it is.
type course struct {
	policy Policy
	// anchor is when the clock starts; zero: nobody knows yet.
	anchor time.Time
	// atRisk and due are when little time is left, and none; zero: never, as long as the last pause has no end.
	atRisk, due time.Time
	// met is when the clock shows that it is met; zero: not yet.
	met     time.Time
	pauses  spans
	waivers spans
}

// reckon expects facts that are since the last reset.
func reckon(facts Facts, policy Policy) course {
	if policy.Off {
		return course{policy: policy}
	}
	c := course{policy: policy, waivers: waiversOf(facts)}
	milestone := facts.ResolveTime
	if policy.Anchor == Detected {
		milestone = facts.DetectTime
	}
	if milestone.IsZero() {
		return c
	}
	c.anchor = later(milestone, facts.ResetTime)
	if !facts.MetTime.IsZero() {
		c.met = later(facts.MetTime, c.anchor)
	}
	c.pauses = c.pausesOf(facts)
	c.atRisk = c.reach(policy.Length - policy.atRiskLength())
	c.due = c.reach(policy.Length)
	return c
}

func waiversOf(facts Facts) spans {
	var all []span
	for _, waiver := range facts.Waivers {
		all = append(all, span{waiver.From, waiver.Until})
	}
	if facts.Void != nil {
		all = append(all, span{from: facts.Void.Time})
	}
	return merge(all)
}

// pausesOf are the pauses as far as they hold the clock: from its start until it is met.
func (c course) pausesOf(facts Facts) spans {
	var all []span
	for _, pause := range facts.Pauses {
		if !pause.Until.IsZero() && !pause.Until.After(pause.From) {
			continue
		}
		part := span{later(pause.From, c.anchor), pause.Until}
		if !c.met.IsZero() && (part.until.IsZero() || part.until.After(c.met)) {
			part.until = c.met
		}
		all = append(all, part)
	}
	return merge(all)
}

// reach is when the clock has run for the given time, not counting pauses; zero: not before the last pause is ended.
func (c course) reach(run time.Duration) time.Time {
	at := c.anchor.Add(run)
	for _, pause := range c.pauses {
		if !pause.from.Before(at) {
			break
		}
		if pause.until.IsZero() {
			return time.Time{}
		}
		at = at.Add(pause.until.Sub(pause.from))
	}
	return at
}

// reached says whether an instant that is known has come.
func reached(instant, t time.Time) bool { return !instant.IsZero() && !t.Before(instant) }

// state is what the clock shows at a time. The order of the cases is the order of what prevails.
func (c course) state(t time.Time) State {
	switch {
	case reached(c.met, t):
		return Met
	case c.waivers.hold(t):
		return Waived
	case !reached(c.anchor, t):
		return NotStarted
	case reached(c.due, t):
		return Breached
	case c.pauses.hold(t):
		return Paused
	case reached(c.atRisk, t):
		return AtRisk
	default:
		return Running
	}
}

// turns are the instants at which the state may change, in order, beginning with the zero time.
func (c course) turns() []time.Time {
	turns := []time.Time{{}, c.anchor, c.atRisk, c.due, c.met}
	for _, span := range slices.Concat(c.pauses, c.waivers) {
		turns = append(turns, span.from, span.until)
	}
	slices.SortFunc(turns, time.Time.Compare)
	return slices.CompactFunc(turns, time.Time.Equal)
}

// remaining is how much time is left at a time; negative: for how long it has been over.
func (c course) remaining(t time.Time) time.Duration {
	if c.policy.Off {
		return 0
	}
	if !reached(c.anchor, t) {
		return c.policy.Length
	}
	if reached(c.met, t) {
		t = c.met
	}
	if reached(c.due, t) {
		return c.due.Sub(t)
	}
	return c.policy.Length - t.Sub(c.anchor) + c.pauses.within(c.anchor, t)
}
