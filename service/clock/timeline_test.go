package clock_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/clock"
)

func TestTimelineTellsAllThatAClockShows(t *testing.T) {
	daily := clock.DefaultPolicy()
	detected := daily
	detected.Anchor = clock.Detected
	tests := []struct {
		name   string
		facts  clock.Facts
		policy clock.Policy
		want   string
	}{
		{"an incident that is not resolved", clock.Facts{DetectTime: at(-2)}, daily, "NOT_STARTED -"},
		{"a resolved incident that nobody reviews", clock.Facts{ResolveTime: at(0)}, daily, "NOT_STARTED -, RUNNING 0h, AT_RISK 18h, BREACHED 24h"},
		{"met in time", clock.Facts{ResolveTime: at(0), MetTime: at(5)}, daily, "NOT_STARTED -, RUNNING 0h, MET 5h"},
		{"met at the last moment", clock.Facts{ResolveTime: at(0), MetTime: at(24)}, daily, "NOT_STARTED -, RUNNING 0h, AT_RISK 18h, MET 24h"},
		{"met late", clock.Facts{ResolveTime: at(0), MetTime: at(30)}, daily, "NOT_STARTED -, RUNNING 0h, AT_RISK 18h, BREACHED 24h, MET 30h"},
		{"met before it started", clock.Facts{ResolveTime: at(0), MetTime: at(-1)}, daily, "NOT_STARTED -, MET 0h"},
		{"met before anybody knows when it starts", clock.Facts{MetTime: at(-1)}, daily, "NOT_STARTED -"},
		{"counted from the detection", clock.Facts{DetectTime: at(-2)}, detected, "NOT_STARTED -, RUNNING -2h, AT_RISK 16h, BREACHED 22h"},
		{"no clock", clock.Facts{ResolveTime: at(0), Void: &clock.Void{Time: at(1)}}, clock.Policy{Off: true}, "NOT_STARTED -"},
		{"never at risk", clock.Facts{ResolveTime: at(0)}, clock.Policy{Length: 8 * time.Hour}, "NOT_STARTED -, RUNNING 0h, BREACHED 8h"},
		{
			"a pause that was ended moves what comes after it",
			clock.Facts{ResolveTime: at(0), Pauses: []clock.Pause{{From: at(2), Until: at(12)}}},
			daily, "NOT_STARTED -, RUNNING 0h, PAUSED 2h, RUNNING 12h, AT_RISK 28h, BREACHED 34h",
		},
		{
			"a pause without an end has nothing behind it",
			clock.Facts{ResolveTime: at(0), Pauses: []clock.Pause{{From: at(19)}}},
			daily, "NOT_STARTED -, RUNNING 0h, AT_RISK 18h, PAUSED 19h",
		},
		{
			"pauses that overlap count once",
			clock.Facts{ResolveTime: at(0), Pauses: []clock.Pause{{From: at(5), Until: at(8)}, {From: at(2), Until: at(6)}}},
			daily, "NOT_STARTED -, RUNNING 0h, PAUSED 2h, RUNNING 8h, AT_RISK 24h, BREACHED 30h",
		},
		{
			"a pause counts from when the clock starts",
			clock.Facts{ResolveTime: at(0), Pauses: []clock.Pause{{From: at(-5), Until: at(3)}}},
			daily, "NOT_STARTED -, PAUSED 0h, RUNNING 3h, AT_RISK 21h, BREACHED 27h",
		},
		{
			"a pause that begins at the moment of risk holds it back",
			clock.Facts{ResolveTime: at(0), Pauses: []clock.Pause{{From: at(18), Until: at(20)}}},
			daily, "NOT_STARTED -, RUNNING 0h, PAUSED 18h, AT_RISK 20h, BREACHED 26h",
		},
		{
			"a pause can't lift a breach",
			clock.Facts{ResolveTime: at(0), Pauses: []clock.Pause{{From: at(24)}}},
			daily, "NOT_STARTED -, RUNNING 0h, AT_RISK 18h, BREACHED 24h",
		},
		{
			"a pause ends when the clock is met",
			clock.Facts{ResolveTime: at(0), MetTime: at(40), Pauses: []clock.Pause{{From: at(2)}}},
			daily, "NOT_STARTED -, RUNNING 0h, PAUSED 2h, MET 40h",
		},
		{
			"a pause that is over before it begins is none",
			clock.Facts{ResolveTime: at(0), Pauses: []clock.Pause{{From: at(2), Until: at(1)}}},
			daily, "NOT_STARTED -, RUNNING 0h, AT_RISK 18h, BREACHED 24h",
		},
		{
			"a waiver covers the clock, which goes on underneath",
			clock.Facts{ResolveTime: at(0), Waivers: []clock.Waiver{{From: at(3), Until: at(20)}}},
			daily, "NOT_STARTED -, RUNNING 0h, WAIVED 3h, AT_RISK 20h, BREACHED 24h",
		},
		{
			"a waiver covers a breach and a pause",
			clock.Facts{
				ResolveTime: at(0),
				Pauses:      []clock.Pause{{From: at(1), Until: at(3)}},
				Waivers:     []clock.Waiver{{From: at(2), Until: at(4)}, {From: at(30)}},
			},
			daily, "NOT_STARTED -, RUNNING 0h, PAUSED 1h, WAIVED 2h, RUNNING 4h, AT_RISK 20h, BREACHED 26h, WAIVED 30h",
		},
		{
			"waived before it started",
			clock.Facts{Waivers: []clock.Waiver{{From: at(-3), Until: at(-1)}}},
			daily, "NOT_STARTED -, WAIVED -3h, NOT_STARTED -1h",
		},
		{
			"met although it was waived",
			clock.Facts{ResolveTime: at(0), MetTime: at(7), Waivers: []clock.Waiver{{From: at(3)}}},
			daily, "NOT_STARTED -, RUNNING 0h, WAIVED 3h, MET 7h",
		},
		{
			"canceled",
			clock.Facts{Void: &clock.Void{Time: at(1), Reason: clock.Canceled}},
			daily, "NOT_STARTED -, WAIVED 1h",
		},
		{
			"merged once it was met",
			clock.Facts{ResolveTime: at(0), MetTime: at(1), Void: &clock.Void{Time: at(2), Reason: clock.Merged}},
			daily, "NOT_STARTED -, RUNNING 0h, MET 1h",
		},
		{
			"reopened",
			clock.Facts{
				DetectTime: at(-2), ResetTime: at(30), MetTime: at(20),
				Pauses: []clock.Pause{{From: at(2)}}, Waivers: []clock.Waiver{{From: at(3)}},
			},
			daily, "NOT_STARTED -",
		},
		{
			"resolved again",
			clock.Facts{ResolveTime: at(40), ResetTime: at(30), MetTime: at(20), Pauses: []clock.Pause{{From: at(2)}}},
			daily, "NOT_STARTED -, RUNNING 40h, AT_RISK 58h, BREACHED 64h",
		},
		{
			"reopened, with a clock that counts from the detection",
			clock.Facts{DetectTime: at(-2), ResetTime: at(30)},
			detected, "NOT_STARTED -, RUNNING 30h, AT_RISK 48h, BREACHED 54h",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, written(clock.Timeline(test.facts, test.policy))); diff != "" {
				t.Errorf("Timeline (-want +got):\n%s", diff)
			}
		})
	}
}

func TestStatusSaysWhatIsLeftAndWhy(t *testing.T) {
	const hour = time.Hour
	daily := clock.DefaultPolicy()
	detected := clock.Policy{Length: 8 * hour, Anchor: clock.Detected}
	paused := clock.Facts{ResolveTime: at(0), Pauses: []clock.Pause{
		{From: at(1), Until: at(9), Reason: "the first", Actor: "ada"}, {From: at(2), Until: at(5), Reason: "a holiday", Actor: "grace"},
	}}
	held := clock.Facts{ResolveTime: at(0), Pauses: []clock.Pause{{From: at(10), Reason: "waits for the vendor", Actor: "ada"}}}
	waived := clock.Facts{ResolveTime: at(0), Waivers: []clock.Waiver{{From: at(1), Until: at(9), Reason: "a known one", Actor: "ada"}}}
	tests := []struct {
		name   string
		facts  clock.Facts
		policy clock.Policy
		now    time.Time
		want   clock.Status
	}{
		{
			"no clock",
			clock.Facts{ResolveTime: at(0)},
			clock.Policy{Off: true, Length: hour},
			at(1),
			clock.Status{State: clock.NotStarted, Reason: clock.ReasonOff},
		},
		{
			"not resolved",
			clock.Facts{DetectTime: at(-1)},
			daily, at(1),
			clock.Status{State: clock.NotStarted, Remaining: 24 * hour, Reason: clock.ReasonNotResolved},
		},
		{
			"not detected",
			clock.Facts{},
			detected, at(1),
			clock.Status{State: clock.NotStarted, Remaining: 8 * hour, Reason: clock.ReasonNotDetected},
		},
		{
			"resolved by a clock that is ahead",
			clock.Facts{ResolveTime: at(0)},
			daily, at(-1),
			clock.Status{
				State: clock.NotStarted, AnchorTime: at(0), AtRiskTime: at(18), DueTime: at(24), Remaining: 24 * hour,
				Reason: clock.ReasonNotYet, NextChange: at(0),
			},
		},
		{
			"running",
			clock.Facts{ResolveTime: at(0)},
			daily, at(1),
			clock.Status{
				State: clock.Running, Since: at(0), AnchorTime: at(0), AtRiskTime: at(18), DueTime: at(24),
				Remaining: 23 * hour, NextChange: at(18),
			},
		},
		{
			"breached",
			clock.Facts{ResolveTime: at(0)},
			daily, at(27),
			clock.Status{
				State: clock.Breached, Since: at(24), AnchorTime: at(0), AtRiskTime: at(18), DueTime: at(24), Remaining: -3 * hour,
			},
		},
		{
			"met in time",
			clock.Facts{ResolveTime: at(0), MetTime: at(5)},
			daily, at(100),
			clock.Status{State: clock.Met, Since: at(5), AnchorTime: at(0), AtRiskTime: at(18), DueTime: at(24), Remaining: 19 * hour},
		},
		{
			"met late",
			clock.Facts{ResolveTime: at(0), MetTime: at(30)},
			daily, at(100),
			clock.Status{
				State: clock.Met, Since: at(30), AnchorTime: at(0), AtRiskTime: at(18), DueTime: at(24),
				Remaining: -6 * hour, Late: 6 * hour,
			},
		},
		{
			"met in a pause, which ends with it",
			clock.Facts{ResolveTime: at(0), MetTime: at(40), Pauses: []clock.Pause{{From: at(2), Until: at(100)}}},
			daily,
			at(200),
			clock.Status{State: clock.Met, Since: at(40), AnchorTime: at(0), AtRiskTime: at(56), DueTime: at(62), Remaining: 22 * hour},
		},
		{
			"never at risk",
			clock.Facts{DetectTime: at(0)},
			detected, at(1),
			clock.Status{State: clock.Running, Since: at(0), AnchorTime: at(0), DueTime: at(8), Remaining: 7 * hour, NextChange: at(8)},
		},
		{
			"paused until an end", paused, daily, at(3),
			clock.Status{
				State: clock.Paused, Since: at(1), AnchorTime: at(0), AtRiskTime: at(26), DueTime: at(32),
				Remaining: 23 * hour, Reason: "a holiday", Actor: "grace", NextChange: at(9),
			},
		},
		{
			"the longer of two pauses", paused, daily, at(6),
			clock.Status{
				State: clock.Paused, Since: at(1), AnchorTime: at(0), AtRiskTime: at(26), DueTime: at(32),
				Remaining: 23 * hour, Reason: "the first", Actor: "ada", NextChange: at(9),
			},
		},
		{
			"paused without an end", held, daily, at(500),
			clock.Status{
				State: clock.Paused, Since: at(10), AnchorTime: at(0), Remaining: 14 * hour, Reason: "waits for the vendor", Actor: "ada",
			},
		},
		{
			"waived", waived, daily, at(3),
			clock.Status{
				State: clock.Waived, Since: at(1), AnchorTime: at(0), AtRiskTime: at(18), DueTime: at(24),
				Remaining: 21 * hour, Reason: "a known one", Actor: "ada", NextChange: at(9),
			},
		},
		{
			"merged",
			clock.Facts{Void: &clock.Void{Time: at(1), Reason: clock.Merged}},
			daily, at(3),
			clock.Status{State: clock.Waived, Since: at(1), Remaining: 24 * hour, Reason: clock.Merged},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, clock.Evaluate(test.facts, test.policy, test.now)); diff != "" {
				t.Errorf("Evaluate (-want +got):\n%s", diff)
			}
		})
	}
}
