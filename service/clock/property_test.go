package clock_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/debriefhq/debrief/service/clock"
)

// horizon is how many minutes the stories of these tests have; nothing happens later.
const horizon = 400

func minute(m int) time.Time { return start.Add(time.Duration(m) * time.Minute) }

func anyPolicy(t *rapid.T) clock.Policy {
	return clock.Policy{
		// So that every share of it is a whole minute.
		Length: time.Duration(4*rapid.IntRange(1, 20).Draw(t, "length")) * time.Minute,
		Anchor: rapid.SampledFrom([]clock.Anchor{clock.Resolved, clock.Detected}).Draw(t, "anchor"),
		AtRisk: rapid.SampledFrom([]float64{0, 0.25, 0.5}).Draw(t, "at risk"),
		Off:    rapid.IntRange(0, 9).Draw(t, "off") == 0,
	}
}

// sometimes is an instant up to the given minute, or none.
func sometimes(t *rapid.T, label string, last int) time.Time {
	if rapid.Bool().Draw(t, "no "+label) {
		return time.Time{}
	}
	return minute(rapid.IntRange(0, last).Draw(t, label))
}

// anyFacts are facts of which nothing that holds the clock begins after the minute last; ends may lie ahead.
func anyFacts(t *rapid.T, last int) clock.Facts {
	facts := clock.Facts{
		DetectTime: sometimes(t, "detected", horizon), ResolveTime: sometimes(t, "resolved", horizon),
		MetTime: sometimes(t, "met", horizon), ResetTime: sometimes(t, "reset", last),
	}
	for range rapid.IntRange(0, 4).Draw(t, "pauses") {
		facts.Pauses = append(facts.Pauses, clock.Pause{
			From: minute(rapid.IntRange(0, last).Draw(t, "from")), Until: sometimes(t, "until", horizon),
		})
	}
	for range rapid.IntRange(0, 2).Draw(t, "waivers") {
		facts.Waivers = append(facts.Waivers, clock.Waiver{
			From: minute(rapid.IntRange(0, last).Draw(t, "from")), Until: sometimes(t, "until", horizon),
		})
	}
	if rapid.IntRange(0, 4).Draw(t, "void") == 0 {
		facts.Void = &clock.Void{Time: minute(rapid.IntRange(0, last).Draw(t, "void at"))}
	}
	return facts
}

// stopwatch is the same clock, told as a stopwatch that ticks each minute: the state of each minute of the story.
func stopwatch(facts clock.Facts, policy clock.Policy) []clock.State {
	anchor := facts.ResolveTime
	if policy.Anchor == clock.Detected {
		anchor = facts.DetectTime
	}
	var run time.Duration
	states := make([]clock.State, 0, horizon+1)
	for m := range horizon + 1 {
		now := minute(m)
		began := func(t time.Time) bool { return !t.IsZero() && !t.After(now) }
		current := func(from, until time.Time) bool {
			return !from.Before(facts.ResetTime) && began(from) && (until.IsZero() || until.After(now))
		}
		started := began(anchor) && !facts.ResetTime.After(now)
		met := started && began(facts.MetTime) && !facts.MetTime.Before(facts.ResetTime)
		over := run >= policy.Length
		paused := started && !over && slices.ContainsFunc(facts.Pauses, func(p clock.Pause) bool { return current(p.From, p.Until) })
		waived := facts.Void != nil && began(facts.Void.Time) ||
			slices.ContainsFunc(facts.Waivers, func(w clock.Waiver) bool { return current(w.From, w.Until) })
		state := clock.Running
		switch {
		case policy.Off:
			state = clock.NotStarted
		case met:
			state = clock.Met
		case waived:
			state = clock.Waived
		case !started:
			state = clock.NotStarted
		case over:
			state = clock.Breached
		case paused:
			state = clock.Paused
		case policy.Length-run <= time.Duration(float64(policy.Length)*policy.AtRisk):
			state = clock.AtRisk
		}
		states = append(states, state)
		if started && !paused && !met {
			run += time.Minute
		}
	}
	return states
}

func TestAClockShowsWhatAStopwatchWouldShow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		facts, policy := anyFacts(t, horizon), anyPolicy(t)
		want := stopwatch(facts, policy)
		phases := clock.Timeline(facts, policy)
		for m, state := range want {
			status := clock.Evaluate(facts, policy, minute(m))
			if status.State != state || clock.At(phases, minute(m)).State != state {
				t.Fatalf("minute %d: %v, on the timeline %v, want %v", m, status.State, clock.At(phases, minute(m)).State, state)
			}
		}
	})
}

func TestATimelineIsTotalAndOrdered(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		phases := clock.Timeline(anyFacts(t, horizon), anyPolicy(t))
		if !phases[0].From.IsZero() {
			t.Errorf("the first phase begins at %v", phases[0].From)
		}
		for i := 1; i < len(phases); i++ {
			if !phases[i].From.After(phases[i-1].From) || phases[i].State == phases[i-1].State {
				t.Errorf("phase %d of %s is no step forward", i, written(phases))
			}
		}
	})
}

func TestAStatusFitsItsInstants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		facts, policy := anyFacts(t, horizon), anyPolicy(t)
		now := minute(rapid.IntRange(0, horizon).Draw(t, "now"))
		status := clock.Evaluate(facts, policy, now)
		if status.State == clock.Breached && (status.Remaining > 0 || status.Remaining != status.DueTime.Sub(now)) {
			t.Errorf("breached with %v left, due at %v", status.Remaining, status.DueTime)
		}
		live := status.State == clock.Running || status.State == clock.AtRisk || status.State == clock.Paused
		if live && (status.Remaining <= 0 || status.Remaining > policy.Length) {
			t.Errorf("%v with %v left of %v", status.State, status.Remaining, policy.Length)
		}
		if status.Late > 0 && status.State != clock.Met {
			t.Errorf("%v is late by %v", status.State, status.Late)
		}
		if next := status.NextChange; !next.IsZero() {
			before := clock.Evaluate(facts, policy, next.Add(-1))
			if before.State != status.State || clock.Evaluate(facts, policy, next).State == status.State {
				t.Errorf("the next change from %v is not at %v", status.State, next)
			}
		}
	})
}

// The invariant on which the stores' indexes rest: who holds a clock is known when it is written, so that from then on
// each state is one stretch of time.
func TestFromAWriteOnEachStateOccursOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		written := rapid.IntRange(0, horizon).Draw(t, "written")
		facts, policy := anyFacts(t, written), anyPolicy(t)
		windows := clock.Windows(facts, policy, minute(written))
		seen := map[clock.State]bool{}
		for i, window := range windows {
			if seen[window.State] {
				t.Fatalf("%v occurs twice in %v", window.State, windows)
			}
			seen[window.State] = true
			if i > 0 && !window.From.Equal(windows[i-1].Until) {
				t.Fatalf("gap in %v", windows)
			}
		}
		if !windows[0].From.IsZero() || !windows[len(windows)-1].Until.Equal(clock.Forever) {
			t.Fatalf("%v are not all of time", windows)
		}
		for m := written; m <= horizon; m++ {
			now, want := minute(m), clock.Evaluate(facts, policy, minute(m)).State
			for _, window := range windows {
				found := !window.From.After(now) && window.Until.After(now)
				if found != (window.State == want) {
					t.Fatalf("minute %d is %v, %v is found: %v", m, want, window.State, found)
				}
			}
		}
	})
}

// A clock that is behind by a moment, with a pause that begins in its future.
func TestWindowsHoldWhereAPauseIsAheadOfTheWriter(t *testing.T) {
	facts := clock.Facts{ResolveTime: at(0), Pauses: []clock.Pause{{From: at(3), Until: at(5)}}}
	got := clock.Windows(facts, clock.DefaultPolicy(), at(2.999))
	want := []clock.Window{
		{State: clock.Paused, Until: at(5)},
		{State: clock.Running, From: at(5), Until: at(20)},
		{State: clock.AtRisk, From: at(20), Until: at(26)},
		{State: clock.Breached, From: at(26), Until: clock.Forever},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Windows (-want +got):\n%s", diff)
	}
}

// A pause that is ended gives the clock back what it had, whatever pauses came before.
func TestPauseAndResumeMoveTheDueTimeByThePause(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		policy := clock.Policy{Length: horizon * time.Minute, AtRisk: rapid.SampledFrom([]float64{0, 0.25, 0.5, 0.75}).Draw(t, "at risk")}
		from := rapid.IntRange(0, horizon-1).Draw(t, "from")
		facts := clock.Facts{ResolveTime: minute(0)}
		for range rapid.IntRange(0, 4).Draw(t, "earlier pauses") {
			begin := rapid.IntRange(0, from).Draw(t, "begin")
			facts.Pauses = append(facts.Pauses, clock.Pause{From: minute(begin), Until: minute(rapid.IntRange(begin, from).Draw(t, "end"))})
		}
		length := time.Duration(rapid.IntRange(1, horizon).Draw(t, "length")) * time.Minute
		end := minute(from).Add(length)

		before := clock.Evaluate(facts, policy, minute(from))
		paused, err := facts.Pause(policy, clock.Pause{From: minute(from), Reason: "a reason", Actor: "ada"})
		if err != nil {
			t.Fatal(err)
		}
		resumed, err := paused.Resume(policy, end)
		if err != nil {
			t.Fatal(err)
		}
		held, after := clock.Evaluate(paused, policy, end.Add(-1)), clock.Evaluate(resumed, policy, end)
		if held.State != clock.Paused || held.Remaining != before.Remaining || held.Reason != "a reason" || held.Actor != "ada" {
			t.Errorf("while it is paused: %+v", held)
		}
		if after.State != before.State || after.Remaining != before.Remaining || !after.DueTime.Equal(before.DueTime.Add(length)) {
			t.Errorf("before the pause %+v, after it %+v", before, after)
		}
	})
}

func TestAResetForgetsWhatWasBefore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		reset := rapid.IntRange(1, horizon).Draw(t, "reset")
		facts, policy := anyFacts(t, reset-1), anyPolicy(t)
		facts.MetTime, facts.Void, facts.ResetTime = sometimes(t, "met before", reset-1), nil, minute(reset)
		fresh := clock.Facts{DetectTime: facts.DetectTime, ResolveTime: facts.ResolveTime, ResetTime: facts.ResetTime}
		if diff := cmp.Diff(clock.Timeline(fresh, policy), clock.Timeline(facts, policy)); diff != "" {
			t.Errorf("after the reset (-fresh +got):\n%s", diff)
		}
		if state := clock.Evaluate(facts, policy, minute(reset-1)).State; state != clock.NotStarted {
			t.Errorf("just before the reset: %v", state)
		}
	})
}

// Whoever tells changes, whenever and how often: together they tell the timeline, each step once and in order.
func TestChangesAreToldOnceHoweverTheTellersWake(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		phases := clock.Timeline(anyFacts(t, horizon), anyPolicy(t))
		var told time.Time
		var got []clock.Change
		for range rapid.IntRange(0, 20).Draw(t, "wakings") {
			now := minute(rapid.IntRange(0, horizon).Draw(t, "now"))
			changes := clock.Due(phases, told, now)
			if len(changes) > 0 {
				told = changes[len(changes)-1].Time
			}
			if next := clock.Next(phases, told); !next.IsZero() && len(changes) > 0 && !next.After(now) {
				t.Errorf("at %v the change at %v was left out", now, next)
			}
			got = append(got, changes...)
		}
		got = append(got, clock.Due(phases, told, minute(10*horizon))...)
		if diff := cmp.Diff(clock.Due(phases, time.Time{}, minute(10*horizon)), got); diff != "" {
			t.Errorf("told in pieces (-at once +got):\n%s", diff)
		}
	})
}

// A writer's steps and time's steps make one chain: each begins in the state in which the last one ended.
func TestToldChangesAreAChain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		policy := anyPolicy(t)
		var told time.Time
		var got []clock.Change
		phases := clock.Timeline(clock.Facts{}, policy)
		for range rapid.IntRange(1, 6).Draw(t, "writes") {
			now := minute(rapid.IntRange(0, horizon).Draw(t, "now"))
			next := clock.Timeline(anyFacts(t, horizon), policy)
			got = append(got, clock.Rewritten(phases, next, told, now)...)
			phases = next
			if now.After(told) {
				told = now
			}
		}
		state, last := clock.NotStarted, time.Time{}
		for _, change := range got {
			if change.Previous != state || change.State == state || change.Time.Before(last) || change.Since.After(change.Time) {
				t.Fatalf("%+v does not follow %v at %v", change, state, last)
			}
			state, last = change.State, change.Time
		}
		if end := clock.At(phases, told).State; end != state {
			t.Errorf("told up to %v, the clock shows %v", state, end)
		}
	})
}
