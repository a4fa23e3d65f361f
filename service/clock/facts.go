package clock

import "time"

// Facts are what is known about one clock of one incident; whatever it shows follows from them and a [Policy].
type Facts struct {
	// DetectTime and ResolveTime are the incident's milestones; zero: not reached.
	DetectTime, ResolveTime time.Time
	// MetTime is when what the clock is about happened for the first time since ResetTime; zero: not yet. A clock that
	// starts later, as that of an incident whose first action item was started before it was resolved, is met at once.
	MetTime time.Time
	// ResetTime is when the incident was last reopened; zero: never. The clock does not start before it, and pauses,
	// waivers and a MetTime from before it belong to an earlier round: they no longer count.
	ResetTime time.Time
	// Pauses and Waivers are those in force and those of the past, in any order; they may overlap. None begins later than
	// it was recorded.
	Pauses  []Pause
	Waivers []Waiver
	// Void says that the incident owes nothing any more; nil: it does.
	Void *Void
}

// Pause holds a clock: the due time moves by as long as it lasts. It can't lift a breach: one that begins when the time
// is over has no effect.
type Pause struct {
	From time.Time
	// Until is when it is over by itself, or was ended; zero: it lasts until it is ended. A pause that is not over later
	// than it begins is none.
	Until  time.Time
	Reason string
	Actor  string
}

// Waiver says that nobody owes what the clock is about. The clock goes on underneath, and the due time does not move: when
// the waiver is over, the clock shows what it would show without it. Unlike a pause it covers a breach, too.
type Waiver struct {
	From time.Time
	// Until is when it is over by itself, or was ended; zero: it lasts until it is ended.
	Until  time.Time
	Reason string
	Actor  string
}

// Void is the end of an incident that was none or is part of another one. It waives the clock for good: who would review
// it reviews the other one.
type Void struct {
	Time time.Time
	// Reason is [Canceled], or [Merged].
	Reason string
}

// The reasons of a [Void].
const (
	Canceled = "canceled"
	Merged   = "merged"
)

// sinceReset is without what belongs to an earlier round.
func (f Facts) sinceReset() Facts {
	if f.MetTime.Before(f.ResetTime) {
		f.MetTime = time.Time{}
	}
	var pauses []Pause
	for _, pause := range f.Pauses {
		if !pause.From.Before(f.ResetTime) {
			pauses = append(pauses, pause)
		}
	}
	var waivers []Waiver
	for _, waiver := range f.Waivers {
		if !waiver.From.Before(f.ResetTime) {
			waivers = append(waivers, waiver)
		}
	}
	f.Pauses, f.Waivers = pauses, waivers
	return f
}

// held is the latest time at which something began to hold the clock.
func (f Facts) held() time.Time {
	var last time.Time
	for _, pause := range f.Pauses {
		last = later(last, pause.From)
	}
	for _, waiver := range f.Waivers {
		last = later(last, waiver.From)
	}
	if f.Void != nil {
		last = later(last, f.Void.Time)
	}
	return last
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
