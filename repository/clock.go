package repository

import "time"

// Clock is what is known of one of an incident's two clocks. Its zero value is that of a clock that nothing has started,
// and nobody has touched.
type Clock struct {
	// Policy is the one that Until and the times hold under; its zero value while the clock has not started.
	Policy ClockPolicy `json:"policy,omitempty,omitzero"`
	// MetTime is when what the clock runs for was done, MetReason what that was.
	MetTime   time.Time `json:"met_time,omitempty,omitzero"`
	MetReason string    `json:"met_reason,omitempty"`
	// Pauses and Waivers are those since the last reset, at most MaxClockHolds of each.
	Pauses  []ClockHold `json:"pauses,omitempty"`
	Waivers []ClockHold `json:"waivers,omitempty"`
	// ToldTime is up to when all its changes were told.
	ToldTime time.Time `json:"told_time,omitempty,omitzero"`
	// AtRiskTime and DueTime are when little time is left, and none.
	AtRiskTime time.Time `json:"at_risk_time,omitempty,omitzero"`
	DueTime    time.Time `json:"due_time,omitempty,omitzero"`
	// Until says what it shows, and for how long, if nobody touches it.
	Until ClockUntil `json:"until,omitempty,omitzero"`
}

// MaxClockHolds bounds Clock.Pauses and Clock.Waivers.
const MaxClockHolds = 50

// ClockPolicy is how a clock runs.
type ClockPolicy struct {
	Length time.Duration `json:"length,omitempty"`
	// Anchor is RESOLVED or DETECTED.
	Anchor string `json:"anchor,omitempty"`
	// AtRisk is the share of Length that is left when little is left, in billionths.
	AtRisk int64 `json:"at_risk,omitempty"`
}

// ClockHold is a pause or a waiver. Until is when it is, or was, over; zero: it lasts until somebody ends it.
type ClockHold struct {
	From   time.Time `json:"from"`
	Until  time.Time `json:"until,omitempty,omitzero"`
	Reason string    `json:"reason"`
	Actor  string    `json:"actor,omitempty"`
}

// ClockUntil has, for each state that a clock shows now or later, the time at which that ends. Those that are set follow
// upon each other in the order of the fields: the state is the first that is not over. Where none is left, the clock has
// not started.
type ClockUntil struct {
	Waived     time.Time `json:"waived,omitempty,omitzero"`
	NotStarted time.Time `json:"not_started,omitempty,omitzero"`
	Paused     time.Time `json:"paused,omitempty,omitzero"`
	Running    time.Time `json:"running,omitempty,omitzero"`
	AtRisk     time.Time `json:"at_risk,omitempty,omitzero"`
	Breached   time.Time `json:"breached,omitempty,omitzero"`
	Met        time.Time `json:"met,omitempty,omitzero"`
}

// ClockStates are the states of a clock, in the order of the fields of ClockUntil. That a clock is in one of them until a
// time is in the field CLOCK.until.STATE of IncidentSchema, such as review_clock.until.at_risk.
var ClockStates = []string{"waived", "not_started", "paused", "running", "at_risk", "breached", "met"}

// Of is the field for the state; nil: there is no such state.
func (u *ClockUntil) Of(state string) *time.Time {
	switch state {
	case "waived":
		return &u.Waived
	case "not_started":
		return &u.NotStarted
	case "paused":
		return &u.Paused
	case "running":
		return &u.Running
	case "at_risk":
		return &u.AtRisk
	case "breached":
		return &u.Breached
	case "met":
		return &u.Met
	default:
		return nil
	}
}

// ClockRecord is what a clock had shown when a reopening set it back.
type ClockRecord struct {
	// Clock is REVIEW or FOLLOW_UP.
	Clock      string        `json:"clock"`
	State      string        `json:"state"`
	AnchorTime time.Time     `json:"anchor_time,omitempty,omitzero"`
	DueTime    time.Time     `json:"due_time,omitempty,omitzero"`
	AtRiskTime time.Time     `json:"at_risk_time,omitempty,omitzero"`
	Remaining  time.Duration `json:"remaining,omitempty"`
	MetTime    time.Time     `json:"met_time,omitempty,omitzero"`
	Late       time.Duration `json:"late,omitempty"`
	Reason     string        `json:"reason,omitempty"`
	UntilTime  time.Time     `json:"until_time,omitempty,omitzero"`
	ResetTime  time.Time     `json:"reset_time"`
}

// MaxClockHistory bounds Incident.ClockHistory.
const MaxClockHistory = 50

// clockFields are the fields by which the clocks of incidents are found.
func clockFields() []Field[Incident] {
	fields := []Field[Incident]{{
		Name: "next_clock_change", Type: Time, Ordered: true, Hidden: true,
		Number: milliseconds(func(i *Incident) time.Time { return i.NextClockChange }),
	}, {
		Name: "clock_policies", Type: Integer, Hidden: true,
		Number: func(i *Incident) (int64, bool) { return i.ClockPolicies, i.ClockPolicies != 0 },
	}}
	for _, named := range []struct {
		name  string
		clock func(*Incident) *Clock
	}{
		{"review_clock", func(i *Incident) *Clock { return &i.ReviewClock }},
		{"follow_up_clock", func(i *Incident) *Clock { return &i.FollowUpClock }},
	} {
		name, clock := named.name, named.clock
		fields = append(fields,
			Field[Incident]{Name: name + ".due_time", Type: Time, Ordered: true, Number: milliseconds(func(i *Incident) time.Time { return clock(i).DueTime })},
			Field[Incident]{Name: name + ".at_risk_time", Type: Time, Number: milliseconds(func(i *Incident) time.Time { return clock(i).AtRiskTime })})
		for _, state := range ClockStates {
			fields = append(fields, Field[Incident]{
				Name: name + ".until." + state, Type: Time, Hidden: true,
				Number: milliseconds(func(i *Incident) time.Time { return *clock(i).Until.Of(state) }),
			})
		}
	}
	return fields
}
