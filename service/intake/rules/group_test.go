package rules_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/debriefhq/debrief/service/intake/rules"
)

func minute(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }

// occurs is the alert of a name, at a minute.
func occurs(alert string, at int) rules.Occurrence {
	return rules.Occurrence{AlertID: alert, SignalID: "signal " + alert, IncidentID: "incident of " + alert, Time: minute(at)}
}

func grouping(window int) rules.Decision {
	return rules.Decision{Outcome: rules.OutcomeGroup, Window: time.Duration(window) * time.Minute}
}

func after(count, window int) rules.Decision {
	return rules.Decision{Outcome: rules.OutcomeOpenAfter, Count: count, Window: time.Duration(window) * time.Minute}
}

// never is a now that no alert is after.
var never = minute(1 << 20)

func joined(decision rules.Decision, occurrences ...rules.Occurrence) (rules.Group, []rules.Placement) {
	var group rules.Group
	var placements []rules.Placement
	for _, occurrence := range occurrences {
		var placement rules.Placement
		group, placement = rules.Join(group, occurrence, decision, never)
		placements = append(placements, placement)
	}
	return group, placements
}

func opens(generation int64, alert string, also ...string) rules.Placement {
	return rules.Placement{Kind: rules.Opens, Generation: generation, IncidentID: "incident of " + alert, Also: also}
}

func joins(generation int64, alert string) rules.Placement {
	return rules.Placement{Kind: rules.Joins, Generation: generation, IncidentID: "incident of " + alert}
}

func TestJoin(t *testing.T) {
	t.Parallel()
	notYet := rules.Placement{Kind: rules.NotYet}
	repeated := occurs("a", 8)
	repeated.SignalID = "another signal"
	for name, test := range map[string]struct {
		decision    rules.Decision
		occurrences []rules.Occurrence
		want        []rules.Placement
	}{
		"the window is counted from the last alert": {
			decision:    grouping(10),
			occurrences: []rules.Occurrence{occurs("a", 0), occurs("b", 10), occurs("c", 20), occurs("d", 31), occurs("e", 41)},
			want:        []rules.Placement{opens(1, "a"), joins(1, "a"), joins(1, "a"), opens(2, "d"), joins(2, "d")},
		},
		"what comes late belongs to what is there": {
			decision:    grouping(10),
			occurrences: []rules.Occurrence{occurs("a", 30), occurs("b", 0), occurs("c", 40)},
			want:        []rules.Placement{opens(1, "a"), joins(1, "a"), joins(1, "a")},
		},
		"enough": {
			decision:    after(3, 10),
			occurrences: []rules.Occurrence{occurs("a", 0), occurs("b", 5), occurs("c", 10), occurs("d", 20), occurs("e", 31)},
			want:        []rules.Placement{notYet, notYet, opens(1, "c", "a", "b"), joins(1, "c"), notYet},
		},
		"not enough in one window": {
			decision:    after(3, 10),
			occurrences: []rules.Occurrence{occurs("a", 0), occurs("b", 5), occurs("c", 11), occurs("d", 15)},
			want:        []rules.Placement{notYet, notYet, notYet, opens(1, "d", "b", "c")},
		},
		"an alert counts once": {
			decision:    after(2, 10),
			occurrences: []rules.Occurrence{occurs("a", 0), repeated, occurs("b", 15)},
			want:        []rules.Placement{notYet, notYet, opens(1, "b", "a")},
		},
		"a signal comes again": {
			decision:    after(2, 10),
			occurrences: []rules.Occurrence{occurs("a", 0), occurs("a", 0), occurs("b", 1), occurs("b", 1), occurs("a", 0)},
			want:        []rules.Placement{notYet, notYet, opens(1, "b", "a"), opens(1, "b", "a"), notYet},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, got := joined(test.decision, test.occurrences...)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLeaveStartsTheNextGeneration(t *testing.T) {
	t.Parallel()
	group, _ := joined(grouping(10), occurs("a", 0))
	if other := rules.Leave(group, "incident of b"); other.Left {
		t.Error("it was left for another incident")
	}
	group = rules.Leave(group, "incident of a")
	group, placement := rules.Join(group, occurs("b", 1), grouping(10), never)
	if diff := cmp.Diff(opens(2, "b"), placement); diff != "" {
		t.Error(diff)
	}
	again := rules.Leave(group, "incident of a")
	if diff := cmp.Diff(group, again); diff != "" {
		t.Errorf("leaving what was left already:\n%s", diff)
	}
	if left := rules.Leave(rules.Group{}, ""); left.Left {
		t.Error("a group without an incident was left")
	}
}

func TestJoinDoesNotBelieveTheFuture(t *testing.T) {
	t.Parallel()
	group, _ := rules.Join(rules.Group{}, occurs("a", 1000), grouping(10), minute(0))
	if !group.LastTime.Equal(minute(0)) || !group.OpenTime.Equal(minute(0)) {
		t.Errorf("opened %v, last %v", group.OpenTime, group.LastTime)
	}
}

func occurrences(most int) *rapid.Generator[[]rules.Occurrence] {
	return rapid.Custom(func(t *rapid.T) []rules.Occurrence {
		var drawn []rules.Occurrence
		for i := range rapid.IntRange(1, most).Draw(t, "count") {
			drawn = append(drawn, occurs(fmt.Sprint(i), rapid.IntRange(0, 100).Draw(t, "minute")))
		}
		return drawn
	})
}

var decision = rapid.Custom(func(t *rapid.T) rules.Decision {
	window := rapid.IntRange(1, 50).Draw(t, "window")
	if rapid.Bool().Draw(t, "group") {
		return grouping(window)
	}
	return after(rapid.IntRange(2, 5).Draw(t, "count"), window)
})

// members are the alerts of each incident, in order.
func members(occurrences []rules.Occurrence, placements []rules.Placement) map[string][]string {
	incidents := map[string][]string{}
	for i, placement := range placements {
		if placement.Kind == rules.NotYet {
			continue
		}
		incidents[placement.IncidentID] = append(incidents[placement.IncidentID], append(placement.Also, occurrences[i].AlertID)...)
	}
	for _, alerts := range incidents {
		slices.Sort(alerts)
	}
	return incidents
}

// Whatever comes: an alert is in one incident at most, each incident is opened once, generations count up, and what was
// done once is done.
func TestEveryAlertHasOnePlace(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		decision, came := decision.Draw(t, "decision"), occurrences(40).Draw(t, "occurrences")
		group, placements := joined(decision, came...)
		seen, generation := map[string]bool{}, int64(0)
		for _, alerts := range members(came, placements) {
			for _, alert := range alerts {
				if seen[alert] {
					t.Errorf("alert %s has two places in %+v", alert, placements)
				}
				seen[alert] = true
			}
		}
		for _, placement := range placements {
			if placement.Kind == rules.Opens {
				generation++
			}
			if placement.Kind != rules.NotYet && placement.Generation != generation {
				t.Errorf("generation %d, not %d: %+v", placement.Generation, generation, placements)
			}
		}
		again := group
		for i, occurrence := range came {
			var placement rules.Placement
			again, placement = rules.Join(again, occurrence, decision, never)
			if diff := cmp.Diff(placements[i], placement); diff != "" {
				t.Errorf("placed again:\n%s", diff)
			}
		}
		if diff := cmp.Diff(group, again); diff != "" {
			t.Errorf("the group changed:\n%s", diff)
		}
	})
}

// Within one window the order does not matter.
func TestOrderWithinAWindowDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		decision, came := decision.Draw(t, "decision"), occurrences(12).Draw(t, "occurrences")
		decision.Window = 100 * time.Minute
		came = rapid.Permutation(came).Draw(t, "order")
		_, placements := joined(decision, came...)
		want := 1
		if decision.Outcome == rules.OutcomeOpenAfter && len(came) < decision.Count {
			want = 0
		}
		incidents := members(came, placements)
		if len(incidents) != want {
			t.Fatalf("%d incidents of %d alerts: %+v", len(incidents), len(came), placements)
		}
		for _, alerts := range incidents {
			if len(alerts) != len(came) {
				t.Errorf("the incident has %v", alerts)
			}
		}
	})
}

// In order of time, an incident opens exactly where enough alerts lie in one window, and lasts while they keep coming.
func TestJoinAgreesWithWhatOneSeesLookingBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		decision, came := decision.Draw(t, "decision"), occurrences(40).Draw(t, "occurrences")
		slices.SortStableFunc(came, func(a, b rules.Occurrence) int { return a.Time.Compare(b.Time) })
		_, placements := joined(decision, came...)
		count := max(1, decision.Count)
		loose := 0 // The first alert that is in no incident.
		for i, placement := range placements {
			want := rules.NotYet
			switch {
			case i > 0 && placements[i-1].Kind != rules.NotYet && came[i].Time.Sub(came[i-1].Time) <= decision.Window:
				want = rules.Joins
			case i-loose+1 >= count && came[i].Time.Sub(came[i-count+1].Time) <= decision.Window:
				want = rules.Opens
			}
			if want != rules.NotYet {
				loose = i + 1
			}
			if placement.Kind != want {
				t.Fatalf("alert %d is %s and should be %s: %+v", i, placement.Kind, want, placements)
			}
		}
	})
}

func TestGroupIsBoundedAndLeavesWhatItWasGiven(t *testing.T) {
	t.Parallel()
	for _, count := range []int{2, rules.MaxCount} {
		var group rules.Group
		for i := range 3*rules.MaxCount + 10 {
			before := group
			waiting, placed := slices.Clone(group.Waiting), slices.Clone(group.Placed)
			if i%rules.MaxCount == 0 {
				group = rules.Leave(group, group.IncidentID)
			}
			group, _ = rules.Join(group, occurs(fmt.Sprint(i), i%7), after(count, 10), never)
			if i%97 == 0 && (!cmp.Equal(before.Waiting, waiting) || !cmp.Equal(before.Placed, placed)) {
				t.Fatal("the group that was given was changed")
			}
			also := 0
			for _, placed := range group.Placed {
				also += len(placed.Placement.Also)
			}
			if len(group.Waiting) >= count || len(group.Placed) > rules.MaxPlaced || also > 2*rules.MaxCount {
				t.Fatalf("%d wait, %d are placed with %d", len(group.Waiting), len(group.Placed), also)
			}
		}
		if group.Generation < 2 {
			t.Errorf("%d generations for a count of %d", group.Generation, count)
		}
	}
}
