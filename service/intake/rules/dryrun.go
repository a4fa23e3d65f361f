package rules

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// MaxSamples is how many alerts a dry run takes.
const MaxSamples = 50_000

// ErrTooManySamples says that a dry run was given more alerts than MaxSamples.
var ErrTooManySamples = errors.New("too many alerts for a dry run")

// Sample is an alert of the past.
type Sample struct {
	// ID names the alert; each has another.
	ID string
	// Time is when it came.
	Time  time.Time
	Alert Alert
}

// Result is what would have become of an alert.
type Result struct {
	// ID is that of the Sample.
	ID string
	// Decision is without its Steps; Decide tells them.
	Decision Decision
	// Incident counts the incidents that would have been opened, from 1: the one that the alert would be in; 0: in none.
	Incident int
	// Opens says that the alert would have opened it.
	Opens bool
}

// Summary counts alerts. An alert is counted once, and in the first five alone.
type Summary struct {
	// Dropped and Kept would have opened nothing.
	Dropped int
	Kept    int
	// Waiting would have been too few for an incident.
	Waiting int
	// Opened would have opened an incident: so many incidents there would have been.
	Opened int
	// Grouped would be in the incident of another alert.
	Grouped int
	// Matched is how many alerts the condition matched, whatever was decided.
	Matched int
	// Failed is on how many alerts the condition or another expression failed.
	Failed int
}

// Report is what a dry run found.
type Report struct {
	// Results are in the order of the alerts' times.
	Results []Result
	// Rules are in the order of the rules.
	Rules []Summary
	// Maintenance is what the maintenance windows decided, Default what nothing did, Total everything. They do not count
	// Matched and Failed.
	Maintenance Summary
	Default     Summary
	Total       Summary
}

// DryRun says what would have become of alerts, decided one after the other, each at its own time. It knows nothing of
// incidents that were closed: a group's incident takes alerts as long as the window lasts. Its error is ErrTooManySamples,
// or that of the context.
func (e *Engine) DryRun(ctx context.Context, samples []Sample) (Report, error) {
	if len(samples) > MaxSamples {
		return Report{}, fmt.Errorf("%w: %d, at most %d are taken", ErrTooManySamples, len(samples), MaxSamples)
	}
	run := newDryRun(e, len(samples))
	ordered := slices.Clone(samples)
	slices.SortStableFunc(ordered, func(a, b Sample) int { return a.Time.Compare(b.Time) })
	for i := range ordered {
		if err := ctx.Err(); err != nil {
			return Report{}, fmt.Errorf("dry run: %w", context.Cause(ctx))
		}
		run.add(e, ordered[i])
	}
	run.summarize()
	return run.report, nil
}

type dryRun struct {
	report Report
	// indexes leads from a rule's name to its place.
	indexes   map[string]int
	groups    map[string]Group
	results   map[string]int
	incidents int
}

func newDryRun(e *Engine, size int) *dryRun {
	run := &dryRun{
		report:  Report{Results: make([]Result, 0, size), Rules: make([]Summary, len(e.rules))},
		indexes: map[string]int{}, groups: map[string]Group{}, results: map[string]int{},
	}
	for i := range e.rules {
		run.indexes[e.rules[i].Name] = i
	}
	return run
}

func (r *dryRun) add(e *Engine, sample Sample) {
	decision := e.Decide(sample.Alert, sample.Time)
	r.count(decision.Steps)
	decision.Steps = nil
	r.results[sample.ID] = len(r.report.Results)
	result := Result{ID: sample.ID, Decision: decision}
	switch decision.Outcome {
	case OutcomeOpen:
		r.incidents++
		result.Incident, result.Opens = r.incidents, true
	case OutcomeOpenAfter, OutcomeGroup:
		r.place(&result, sample)
	default: // It is in no incident.
	}
	r.report.Results = append(r.report.Results, result)
}

// place joins an alert to its group, and gives those that waited for it their incident.
func (r *dryRun) place(result *Result, sample Sample) {
	key := result.Decision.GroupKey
	group, placement := Join(r.groups[key], Occurrence{
		AlertID: sample.ID, IncidentID: strconv.Itoa(r.incidents + 1), Time: sample.Time,
	}, result.Decision, sample.Time)
	r.groups[key] = group
	switch placement.Kind {
	case Opens:
		r.incidents++
		result.Incident, result.Opens = r.incidents, true
		for _, id := range placement.Also {
			r.report.Results[r.results[id]].Incident = r.incidents
		}
	case Joins:
		// The id is a number that was written here.
		result.Incident, _ = strconv.Atoi(placement.IncidentID)
	default: // It waits.
	}
}

// count adds what the steps say of the rules, each rule once.
func (r *dryRun) count(steps []Step) {
	failed := ""
	for _, step := range steps {
		index, isRule := r.indexes[step.Rule]
		if !isRule {
			continue
		}
		if step.Kind == Matched {
			r.report.Rules[index].Matched++
		}
		if step.Kind == Failed && step.Rule != failed {
			failed = step.Rule
			r.report.Rules[index].Failed++
		}
	}
}

func (r *dryRun) summarize() {
	for _, result := range r.report.Results {
		summary := &r.report.Default
		switch {
		case result.Decision.Maintenance != "":
			summary = &r.report.Maintenance
		case result.Decision.Rule != "":
			summary = &r.report.Rules[r.indexes[result.Decision.Rule]]
		}
		for _, counted := range []*Summary{summary, &r.report.Total} {
			counted.add(result)
		}
	}
}

func (s *Summary) add(result Result) {
	switch {
	case result.Opens:
		s.Opened++
	case result.Incident > 0:
		s.Grouped++
	case result.Decision.Outcome == OutcomeDrop:
		s.Dropped++
	case result.Decision.Outcome == OutcomeKeep:
		s.Kept++
	default:
		s.Waiting++
	}
}
