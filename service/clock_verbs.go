package service

import (
	"context"
	"errors"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/clock"
)

// PauseIncidentClock stops a clock for a while.
func (s *Incidents) PauseIncidentClock(ctx context.Context, request *debriefv1.PauseIncidentClockRequest) (*debriefv1.Incident, error) {
	until, err := readEnd(request.GetUntilTime())
	if err != nil {
		return nil, err
	}
	return s.turnClock(ctx, request, kindOf(request.GetClockType()), func(facts clock.Facts, policy clock.Policy, now time.Time) (clock.Facts, error) {
		if len(facts.Pauses) >= repository.MaxClockHolds {
			return facts, tooManyHolds(request.GetName(), "pauses")
		}
		return facts.Pause(policy, clock.Pause{From: now, Until: until, Reason: request.GetReason(), Actor: actor(ctx)})
	})
}

// WaiveIncidentClock says that what a clock runs for need not be done.
func (s *Incidents) WaiveIncidentClock(ctx context.Context, request *debriefv1.WaiveIncidentClockRequest) (*debriefv1.Incident, error) {
	until, err := readEnd(request.GetUntilTime())
	if err != nil {
		return nil, err
	}
	return s.turnClock(ctx, request, kindOf(request.GetClockType()), func(facts clock.Facts, policy clock.Policy, now time.Time) (clock.Facts, error) {
		if len(facts.Waivers) >= repository.MaxClockHolds {
			return facts, tooManyHolds(request.GetName(), "waivers")
		}
		return facts.Waive(policy, clock.Waiver{From: now, Until: until, Reason: request.GetReason(), Actor: actor(ctx)})
	})
}

// ResumeIncidentClock ends a pause or a waiver before its time.
func (s *Incidents) ResumeIncidentClock(ctx context.Context, request *debriefv1.ResumeIncidentClockRequest) (*debriefv1.Incident, error) {
	return s.turnClock(ctx, request, kindOf(request.GetClockType()), func(facts clock.Facts, policy clock.Policy, now time.Time) (clock.Facts, error) {
		return facts.Resume(policy, now)
	})
}

// turnClock changes the facts of a clock. What follows from them is told as every change of a clock is.
func (s *Incidents) turnClock(ctx context.Context, request verbRequest, kind clock.Kind, turn func(clock.Facts, clock.Policy, time.Time) (clock.Facts, error)) (*debriefv1.Incident, error) {
	incident, err := apply(ctx, s.base, repository.IncidentSchema, s.repository.Incidents(), asked(request),
		func(incident *repository.Incident, now time.Time) (repository.Effects, error) {
			policy := s.policies.For(kind, incident.Severity)
			facts, err := turn(factsOf(incident, kind), policy, now)
			if err != nil {
				return repository.Effects{}, clockProblem(request.GetName(), kind, now, err)
			}
			keepFacts(clockOf(incident, kind), facts)
			return repository.Effects{}, nil
		})
	if err != nil {
		return nil, err
	}
	return s.incidentToProto(incident), nil
}

// readEnd reads until when a clock is to be held; unset: without an end.
func readEnd(given *timestamppb.Timestamp) (time.Time, error) { return readTime("until_time", given) }

func tooManyHolds(name, what string) error {
	return failedPrecondition("TOO_MANY_CHANGES", "the clock of %s has kept %d %s since it was last reset: more are not possible",
		name, repository.MaxClockHolds, what)
}

// clockProblem is why a clock can't be turned, as callers are told.
func clockProblem(name string, kind clock.Kind, now time.Time, err error) error {
	var state *clock.StateError
	switch {
	case errors.As(err, &state):
		legal := strings.Join(each(state.Legal, clock.State.String), ",")
		return &stateError{
			Code: codes.FailedPrecondition, Reason: "ILLEGAL_CLOCK_STATE", Message: name + ": " + state.Error(),
			Metadata: map[string]string{"clock": kind.String(), "state": state.State.String(), "verb": state.Verb, "legal_states": legal},
		}
	case errors.Is(err, clock.ErrEnd):
		return invalid("until_time", "must be later than now, %s", now.Format(time.RFC3339Nano))
	case errors.Is(err, clock.ErrOff):
		return failedPrecondition("CLOCK_OFF", "%s: %s", name, err)
	case errors.Is(err, clock.ErrVoid):
		return failedPrecondition("INCIDENT_OVER", "%s: %s", name, err)
	}
	return err
}

// resetClocks sets the clocks of an incident back that was reopened at a time, and keeps what they had shown.
func (b *base) resetClocks(incident *repository.Incident, at, now time.Time) {
	history := append([]repository.ClockRecord{}, incident.ClockHistory...)
	for _, kind := range clockKinds {
		if record := b.newClockRecord(incident, kind, now); record.State != clock.NotStarted.String() {
			history = append(history, record)
		}
	}
	incident.ClockHistory = history[max(0, len(history)-repository.MaxClockHistory):]
	for _, kind := range clockKinds {
		kept := clockOf(incident, kind)
		*kept = repository.Clock{ToldTime: kept.ToldTime}
	}
	incident.ClockResetTime = at
}
