package service

import (
	"context"
	"fmt"
	"time"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/lifecycle"
)

// maxMilestoneChanges bounds how many changes of its milestones an incident keeps.
const maxMilestoneChanges = 200

// CorrectMilestone changes the time of a milestone that was reached.
func (s *Incidents) CorrectMilestone(ctx context.Context, request *debriefv1.CorrectMilestoneRequest) (*debriefv1.Incident, error) {
	incident, err := apply(ctx, s.base, repository.IncidentSchema, s.repository.Incidents(), asked(request),
		func(incident *repository.Incident, now time.Time) (repository.Effects, error) {
			corrected, err := happened("time", request.GetTime(), now, now)
			if err != nil {
				return repository.Effects{}, err
			}
			return s.correct(ctx, incident, request, corrected, now)
		})
	if err != nil {
		return nil, err
	}
	return s.incidentToProto(incident), nil
}

func (s *Incidents) correct(ctx context.Context, incident *repository.Incident, request *debriefv1.CorrectMilestoneRequest, corrected, now time.Time) (repository.Effects, error) {
	// The numbers of the API's enum are those of the lifecycle, after the unspecified one.
	milestone := lifecycle.Milestone(request.GetMilestone() - debriefv1.Milestone_MILESTONE_STARTED)
	before := s.incidentToProto(*incident)
	milestones := milestoneTimes(incident.Milestones)
	previous := milestones[milestone]
	if previous.IsZero() {
		return repository.Effects{}, failedPrecondition("MILESTONE_NOT_REACHED", "%s has not reached %s: there is nothing to correct", request.GetName(), milestone)
	}
	if previous.Equal(corrected) {
		return repository.Effects{}, repository.ErrUnchanged
	}
	milestones[milestone] = corrected
	if err := milestones.Check(); err != nil {
		return repository.Effects{}, err
	}
	incident.Milestones = storedMilestones(milestones)
	err := addMilestoneChange(incident, repository.MilestoneChange{
		Milestone: milestone.String(), PreviousTime: previous, NewTime: corrected, Actor: actor(ctx), ChangeTime: now, Reason: request.GetReason(),
	})
	if err != nil {
		return repository.Effects{}, err
	}
	text := fmt.Sprintf("The time of %s was corrected from %s to %s.", milestone, previous.Format(time.RFC3339Nano), corrected.Format(time.RFC3339Nano))
	return repository.Effects{
		Events:          []repository.Event{s.event(ctx, "INCIDENT_MILESTONE_CORRECTED", request.GetName(), request.GetName(), incident.Revision+1, now, changesBetween(before, s.incidentToProto(*incident)))},
		TimelineEntries: []repository.TimelineEntry{s.changeEntry(ctx, incident.ID, "NOTE", now, now, text, request.GetReason())},
	}, nil
}

func addMilestoneChange(incident *repository.Incident, change repository.MilestoneChange) error {
	if len(incident.MilestoneChanges) >= maxMilestoneChanges {
		return failedPrecondition("TOO_MANY_CHANGES", "%s has kept %d changes of its milestones: more are not possible",
			incidentName(incident.ID), maxMilestoneChanges)
	}
	incident.MilestoneChanges = append(incident.MilestoneChanges, change)
	return nil
}
