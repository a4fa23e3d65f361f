package service

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/debriefhq/debrief/repository"
)

const (
	// rewindAtOnce is how many incidents are asked for at once whose clocks are to be wound anew.
	rewindAtOnce = 100
	// maxRewindFailures is how many of them may fail before a run comes to an end.
	maxRewindFailures = 20
)

// RewindClocks winds the clocks anew that run under other policies than those that hold now, and tells what changes by
// that. It may run on any number of replicas at once, and be interrupted anywhere: each incident is one step, and what is
// left over is found by the next run.
func (s *Services) RewindClocks(ctx context.Context) error {
	query := repository.Query{Where: s.base.otherPolicies(), Limit: rewindAtOnce}
	var errs []error
	for found, err := range everyPage(ctx, repository.IncidentSchema, s.base.bare.Incidents(), query) {
		if err != nil {
			return errors.Join(append(errs, fmt.Errorf("find the clocks of other policies: %w", err))...)
		}
		for _, incident := range found {
			err := s.base.rewindUnderNew(WithActor(ctx, ""), incident)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				errs = append(errs, fmt.Errorf("wind the clocks of %s: %w", incidentName(incident.ID), err))
			}
		}
		if len(errs) >= maxRewindFailures {
			break
		}
	}
	return errors.Join(errs...)
}

// otherPolicies holds for the incidents whose clocks run, and were wound under policies that hold for no severity now.
func (b *base) otherPolicies() repository.Condition {
	present := make([]int64, len(severities))
	for i, severity := range severities {
		present[i] = b.policies.Key(nameOf(severity))
	}
	slices.Sort(present)
	between, least := repository.Or{}, int64(0)
	for _, key := range slices.Compact(present) {
		between = append(between, repository.NumberRange{Field: "clock_policies", Min: least, Max: key - 1})
		least = key + 1
	}
	return append(between, repository.NumberRange{Field: "clock_policies", Min: least, Max: math.MaxInt64})
}

// rewindUnderNew winds the clocks of an incident anew. As when time has made them short, it looks first whether the incident
// was only not told of what has met them.
func (b *base) rewindUnderNew(ctx context.Context, incident repository.Incident) error {
	found, err := b.lookForDoings(ctx, incident)
	if err != nil {
		return err
	}
	_, err = b.repository.Incidents().Update(ctx, incident.ID, func(incident *repository.Incident) (repository.Effects, error) {
		if incident.Visibility != repository.Live || incident.ClockPolicies == b.policies.Key(incident.Severity) {
			return repository.Effects{}, repository.ErrUnchanged
		}
		if err := keepFirstAnswer(&incident.Header, incident); err != nil {
			return repository.Effects{}, err
		}
		for kind, done := range found {
			meet(incident, kind, done)
		}
		return repository.Effects{}, nil
	})
	if errors.Is(err, repository.ErrNotFound) {
		return nil
	}
	return err
}
