package clock_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/clock"
)

// One set of facts for each state at hour 1.
var inState = map[clock.State]clock.Facts{
	clock.NotStarted: {},
	clock.Running:    {ResolveTime: at(0)},
	clock.AtRisk:     {ResolveTime: at(-20)},
	clock.Met:        {ResolveTime: at(0), MetTime: at(0.5)},
	clock.Breached:   {ResolveTime: at(-30)},
	clock.Paused:     {ResolveTime: at(0), Pauses: []clock.Pause{{From: at(0.5)}, {From: at(0.6), Until: at(9)}}},
	clock.Waived:     {ResolveTime: at(0), Waivers: []clock.Waiver{{From: at(0.5)}, {From: at(0.6), Until: at(9)}}},
}

// TestEveryVerbInEveryState spells out what is possible: what is not listed is refused.
func TestEveryVerbInEveryState(t *testing.T) {
	daily := clock.DefaultPolicy()
	verbs := map[string]func(clock.Facts) (clock.Facts, error){
		"pause":  func(f clock.Facts) (clock.Facts, error) { return f.Pause(daily, clock.Pause{From: at(1)}) },
		"waive":  func(f clock.Facts) (clock.Facts, error) { return f.Waive(daily, clock.Waiver{From: at(1)}) },
		"resume": func(f clock.Facts) (clock.Facts, error) { return f.Resume(daily, at(1)) },
	}
	want := map[string]string{
		"pause NOT_STARTED": "NOT_STARTED", "pause RUNNING": "PAUSED", "pause AT_RISK": "PAUSED",
		"waive NOT_STARTED": "WAIVED", "waive RUNNING": "WAIVED", "waive AT_RISK": "WAIVED",
		"waive BREACHED": "WAIVED", "waive PAUSED": "WAIVED",
		"resume PAUSED": "RUNNING", "resume WAIVED": "RUNNING",
	}
	got := map[string]string{}
	for name, verb := range verbs {
		for state, facts := range inState {
			if is := clock.Evaluate(facts, daily, at(1)).State; is != state {
				t.Fatalf("the facts for %v show %v", state, is)
			}
			before := clock.Timeline(facts, daily)
			next, err := verb(facts)
			if diff := cmp.Diff(before, clock.Timeline(facts, daily)); diff != "" {
				t.Errorf("%s in %v changed the facts that it was given:\n%s", name, state, diff)
			}
			var refused *clock.StateError
			switch {
			case err == nil:
				got[name+" "+state.String()] = clock.Evaluate(next, daily, at(1)).State.String()
			case !errors.As(err, &refused) || refused.State != state || refused.Verb != name || len(refused.Legal) == 0:
				t.Errorf("%s in %v: %v does not say what would be possible", name, state, err)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what is possible (-want +got):\n%s", diff)
	}
}

func TestVerbsAreRefusedWhereTheyHaveNoEffect(t *testing.T) {
	daily, off := clock.DefaultPolicy(), clock.Policy{Off: true}
	running := inState[clock.Running]
	tests := []struct {
		name string
		verb func() (clock.Facts, error)
		want error
	}{
		{"a pause that is over before it begins", func() (clock.Facts, error) {
			return running.Pause(daily, clock.Pause{From: at(1), Until: at(1)})
		}, clock.ErrEnd},
		{"a waiver that is over before it begins", func() (clock.Facts, error) {
			return running.Waive(daily, clock.Waiver{From: at(1), Until: at(0)})
		}, clock.ErrEnd},
		{"a pause without a clock", func() (clock.Facts, error) { return running.Pause(off, clock.Pause{From: at(1)}) }, clock.ErrOff},
		{"to resume what was canceled", func() (clock.Facts, error) {
			return clock.Facts{Void: &clock.Void{Time: at(0), Reason: clock.Canceled}}.Resume(daily, at(1))
		}, clock.ErrVoid},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, err := test.verb(); !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
		})
	}
}

func TestResumeLeavesEarlierRoundsAsTheyWere(t *testing.T) {
	daily := clock.DefaultPolicy()
	facts := clock.Facts{
		ResolveTime: at(10), ResetTime: at(5),
		Pauses: []clock.Pause{{From: at(1), Reason: "of the first round"}, {From: at(11)}},
	}
	resumed, err := facts.Resume(daily, at(12))
	if err != nil {
		t.Fatal(err)
	}
	want := []clock.Pause{{From: at(1), Reason: "of the first round"}, {From: at(11), Until: at(12)}}
	if diff := cmp.Diff(want, resumed.Pauses); diff != "" {
		t.Errorf("pauses (-want +got):\n%s", diff)
	}
}

func TestAStateErrorReadsAsASentence(t *testing.T) {
	_, err := inState[clock.Met].Pause(clock.DefaultPolicy(), clock.Pause{From: at(1), Until: at(1).Add(time.Hour)})
	if want := "the clock is MET: pause is possible in NOT_STARTED, RUNNING, AT_RISK only"; err == nil || err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
}
