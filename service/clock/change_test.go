package clock_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/clock"
)

func TestWhatFellDueWhileNobodyRanIsToldInOrderWithItsTimes(t *testing.T) {
	phases := clock.Timeline(clock.Facts{ResolveTime: at(0)}, clock.DefaultPolicy())
	want := []clock.Change{
		{Previous: clock.NotStarted, State: clock.Running, Time: at(0), Since: at(0)},
		{Previous: clock.Running, State: clock.AtRisk, Time: at(18), Since: at(18)},
		{Previous: clock.AtRisk, State: clock.Breached, Time: at(24), Since: at(24)},
	}
	if diff := cmp.Diff(want, clock.Due(phases, time.Time{}, at(1000))); diff != "" {
		t.Errorf("nothing told yet (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want[2:], clock.Due(phases, at(18), at(1000))); diff != "" {
		t.Errorf("told up to the risk (-want +got):\n%s", diff)
	}
	if got := clock.Due(phases, at(24), at(1000)); got != nil {
		t.Errorf("everything told, and yet %v", got)
	}
}

func TestAWriteTellsWhatTimeHadDoneAndThenItsOwnStep(t *testing.T) {
	daily := clock.DefaultPolicy()
	open := clock.Timeline(clock.Facts{}, daily)
	resolved := clock.Timeline(clock.Facts{ResolveTime: at(0)}, daily)
	met := clock.Timeline(clock.Facts{ResolveTime: at(0), MetTime: at(20)}, daily)
	reopened := clock.Timeline(clock.Facts{ResetTime: at(30)}, daily)
	step := func(from, to clock.State, at, since time.Time) clock.Change {
		return clock.Change{Previous: from, State: to, Time: at, Since: since}
	}
	tests := []struct {
		name          string
		before, after []clock.Phase
		told, at      time.Time
		want          []clock.Change
	}{
		{"resolved", open, resolved, time.Time{}, at(0), []clock.Change{step(clock.NotStarted, clock.Running, at(0), at(0))}},
		{
			"resolved, as somebody says a day and a half later", open, resolved,
			time.Time{},
			at(36),
			[]clock.Change{step(clock.NotStarted, clock.Breached, at(36), at(24))},
		},
		{
			"reopened after the breach, before that was told", resolved, reopened, at(0), at(30),
			[]clock.Change{
				step(clock.Running, clock.AtRisk, at(18), at(18)), step(clock.AtRisk, clock.Breached, at(24), at(24)),
				step(clock.Breached, clock.NotStarted, at(30), time.Time{}),
			},
		},
		{
			"reviewed in time, as somebody says after the breach was told", resolved, met, at(24), at(26),
			[]clock.Change{step(clock.Breached, clock.Met, at(26), at(20))},
		},
		{
			"met by a writer whose clock is behind the teller's", resolved, met, at(24), at(23.9),
			[]clock.Change{step(clock.Breached, clock.Met, at(24), at(20))},
		},
		{"nothing that shows", resolved, resolved, at(0), at(1), nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, clock.Rewritten(test.before, test.after, test.told, test.at)); diff != "" {
				t.Errorf("Rewritten (-want +got):\n%s", diff)
			}
		})
	}
}
