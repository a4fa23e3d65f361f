package rules_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/intake/rules"
)

func sample(id string, at int, labels map[string]string) rules.Sample {
	return rules.Sample{ID: id, Time: minute(at), Alert: rules.Alert{Title: id, Labels: labels}}
}

func TestDryRun(t *testing.T) {
	t.Parallel()
	e := engine(t, rules.Set{
		Rules: []rules.Rule{
			{Name: "severity", Condition: `alert.labels.env == "prod"`, Severity: "SEV2"},
			{Name: "noise", Condition: `has(alert.labels.noise)`, Outcome: rules.OutcomeDrop},
			{Name: "flaps", Condition: `has(alert.labels.flaps)`, Outcome: rules.OutcomeOpenAfter, Count: 2, Window: 10 * time.Minute},
			{Name: "service", Condition: `has(alert.labels.service)`, Outcome: rules.OutcomeGroup, Window: time.Hour, GroupBy: []string{`alert.labels.service`}},
			{Name: "quiet", Condition: `has(alert.labels.quiet)`, Outcome: rules.OutcomeKeep},
		},
		Maintenance: []rules.MaintenanceWindow{{StartTime: minute(90), EndTime: minute(100), Reason: "move"}},
	})
	is := func(label string) map[string]string { return map[string]string{"env": "prod", label: "x"} }
	report, err := e.DryRun(t.Context(), []rules.Sample{
		sample("maintained", 95, is("noise")),
		sample("noise", 0, is("noise")),
		sample("flap 1", 1, is("flaps")),
		sample("service 1", 2, is("service")),
		sample("flap 2", 3, is("flaps")),
		sample("service 2", 4, map[string]string{"service": "x"}),
		sample("service 3", 5, map[string]string{"service": "y"}),
		sample("other", 6, is("other")),
		sample("quiet", 7, is("quiet")),
		sample("flap 3", 50, is("flaps")),
		sample("service 4", 120, is("service")),
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, result := range report.Results {
		got = append(got, fmt.Sprintf("%s: %s %d %v", result.ID, result.Decision.Outcome, result.Incident, result.Opens))
	}
	want := []string{
		"noise: DROP 0 false", "flap 1: OPEN_AFTER 2 false", "service 1: GROUP 1 true", "flap 2: OPEN_AFTER 2 true",
		"service 2: GROUP 1 false", "service 3: GROUP 3 true", "other: OPEN 4 true", "quiet: KEEP 0 false",
		"flap 3: OPEN_AFTER 0 false", "maintained: KEEP 0 false", "service 4: GROUP 5 true",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("results:\n%s", diff)
	}
	report.Results = nil
	if diff := cmp.Diff(rules.Report{
		Rules: []rules.Summary{
			{Matched: 8, Failed: 2},
			{Dropped: 1, Matched: 1},
			{Waiting: 1, Opened: 1, Grouped: 1, Matched: 3},
			{Opened: 3, Grouped: 1, Matched: 4},
			{Kept: 1, Matched: 1},
		},
		Maintenance: rules.Summary{Kept: 1},
		Default:     rules.Summary{Opened: 1},
		Total:       rules.Summary{Dropped: 1, Kept: 2, Waiting: 1, Opened: 5, Grouped: 2},
	}, report); diff != "" {
		t.Errorf("report:\n%s", diff)
	}
}

func TestDryRunIsBounded(t *testing.T) {
	t.Parallel()
	e := engine(t, rules.Set{})
	if _, err := e.DryRun(t.Context(), make([]rules.Sample, rules.MaxSamples+1)); !errors.Is(err, rules.ErrTooManySamples) {
		t.Errorf("the error of too many samples is %v", err)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.DryRun(canceled, make([]rules.Sample, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("the error of a canceled run is %v", err)
	}
}
