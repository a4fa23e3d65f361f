package lifecycle_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/lifecycle"
)

// TestEveryVerbFromEveryState spells out each machine in full: what is not listed is refused.
func TestEveryVerbFromEveryState(t *testing.T) {
	tests := []struct {
		machine lifecycle.Machine
		states  []string
		legal   map[string]string
	}{
		{
			machine: lifecycle.Incident,
			states:  []string{"TRIAGE", "ACTIVE", "MITIGATED", "RESOLVED", "CLOSED", "CANCELED", "MERGED"},
			legal: map[string]string{
				"acknowledge TRIAGE": "ACTIVE",
				"mitigate TRIAGE":    "MITIGATED", "mitigate ACTIVE": "MITIGATED",
				"resolve TRIAGE": "RESOLVED", "resolve ACTIVE": "RESOLVED", "resolve MITIGATED": "RESOLVED",
				"reopen MITIGATED": "ACTIVE", "reopen RESOLVED": "ACTIVE", "reopen CLOSED": "ACTIVE",
				"cancel TRIAGE": "CANCELED", "cancel ACTIVE": "CANCELED", "cancel MITIGATED": "CANCELED", "cancel RESOLVED": "CANCELED",
				"close RESOLVED": "CLOSED",
				"merge TRIAGE":   "MERGED", "merge ACTIVE": "MERGED", "merge MITIGATED": "MERGED", "merge RESOLVED": "MERGED",
			},
		},
		{
			machine: lifecycle.PostMortem,
			states:  []string{"DRAFT", "SCHEDULED", "IN_REVIEW", "PUBLISHED", "ARCHIVED"},
			legal: map[string]string{
				"schedule DRAFT": "SCHEDULED", "schedule SCHEDULED": "SCHEDULED",
				"startReview DRAFT": "IN_REVIEW", "startReview SCHEDULED": "IN_REVIEW",
				"publish IN_REVIEW": "PUBLISHED", "publish PUBLISHED": "PUBLISHED",
				"archive PUBLISHED": "ARCHIVED",
				"readRules DRAFT":   "DRAFT", "readRules SCHEDULED": "SCHEDULED", "readRules IN_REVIEW": "IN_REVIEW",
				"recordBreach IN_REVIEW":   "IN_REVIEW",
				"concludeReview IN_REVIEW": "IN_REVIEW", "concludeReview PUBLISHED": "PUBLISHED",
				"answerQuestion DRAFT": "DRAFT", "answerQuestion SCHEDULED": "SCHEDULED",
				"answerQuestion IN_REVIEW": "IN_REVIEW", "answerQuestion PUBLISHED": "PUBLISHED",
			},
		},
		{
			machine: lifecycle.ActionItem,
			states:  []string{"OPEN", "IN_PROGRESS", "DONE", "VERIFIED", "INEFFECTIVE", "DROPPED"},
			legal: map[string]string{
				"start OPEN":    "IN_PROGRESS",
				"complete OPEN": "DONE", "complete IN_PROGRESS": "DONE",
				"verify DONE":                "VERIFIED",
				"verify as ineffective DONE": "INEFFECTIVE",
				"drop OPEN":                  "DROPPED", "drop IN_PROGRESS": "DROPPED",
				"reopen DONE": "OPEN", "reopen VERIFIED": "OPEN", "reopen DROPPED": "OPEN",
			},
		},
	}
	for _, test := range tests {
		t.Run(test.machine.Resource, func(t *testing.T) {
			got := map[string]string{}
			for verb, transition := range test.machine.Verbs {
				for _, state := range test.states {
					next, err := test.machine.Step(verb, state)
					if err == nil {
						got[verb+" "+state] = next
						continue
					}
					var refused *lifecycle.TransitionError
					if !errors.As(err, &refused) || !slices.Equal(refused.Legal, transition.From) || refused.State != state {
						t.Errorf("%s from %s: error %v does not say what would be legal", verb, state, err)
					}
				}
			}
			if diff := cmp.Diff(test.legal, got); diff != "" {
				t.Errorf("legal steps (-want +got):\n%s", diff)
			}
			if !slices.Contains(test.states, test.machine.Initial) {
				t.Errorf("initial state %q is none of %v", test.machine.Initial, test.states)
			}
		})
	}
}

func TestMilestonesStayInOrder(t *testing.T) {
	at := func(minute int) time.Time { return time.Date(2026, 1, 2, 3, minute, 0, 0, time.UTC) }
	tests := []struct {
		name       string
		milestones lifecycle.Milestones
		want       *lifecycle.OrderError
	}{
		{name: "none reached"},
		{name: "all in order", milestones: lifecycle.Milestones{at(0), at(1), at(2), at(3), at(4), at(5)}},
		{name: "all at once", milestones: lifecycle.Milestones{at(0), at(0), at(0), at(0), at(0), at(0)}},
		{name: "with gaps", milestones: lifecycle.Milestones{at(0), {}, {}, {}, at(4)}},
		{
			name: "neighbours the wrong way round", milestones: lifecycle.Milestones{at(2), at(1)},
			want: &lifecycle.OrderError{Earlier: lifecycle.Started, Later: lifecycle.Detected, EarlierTime: at(2), LaterTime: at(1)},
		},
		{
			name: "wrong across a gap", milestones: lifecycle.Milestones{at(0), at(3), {}, {}, at(2)},
			want: &lifecycle.OrderError{Earlier: lifecycle.Detected, Later: lifecycle.ResolvedAt, EarlierTime: at(3), LaterTime: at(2)},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got *lifecycle.OrderError
			if err := test.milestones.Check(); err != nil && !errors.As(err, &got) {
				t.Fatalf("Check() = %v, want an *OrderError", err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("Check() (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLatestMilestone(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	if got := (lifecycle.Milestones{at, at.Add(time.Hour)}).Latest(); !got.Equal(at.Add(time.Hour)) {
		t.Errorf("Latest() = %v, want the detection", got)
	}
	if got := (lifecycle.Milestones{}).Latest(); !got.IsZero() {
		t.Errorf("Latest() of none = %v, want the zero time", got)
	}
}
