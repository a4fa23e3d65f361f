package service

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/lifecycle"
)

// incidentVerb is a verb that changes the state of an incident.
type incidentVerb struct {
	// verb is its name in the lifecycle.
	verb string
	// event is the type of its event.
	event string
	// text is what the timeline says about it.
	text string
	// milestone is the one that is reached by it; none if negative.
	milestone lifecycle.Milestone
}

const noMilestone lifecycle.Milestone = -1

var (
	acknowledgeIncident = incidentVerb{lifecycle.Acknowledge, "INCIDENT_ACKNOWLEDGED", "Acknowledged: somebody is on it.", lifecycle.Acknowledged}
	mitigateIncident    = incidentVerb{lifecycle.Mitigate, "INCIDENT_MITIGATED", "Mitigated: the impact is over.", lifecycle.MitigatedAt}
	resolveIncident     = incidentVerb{lifecycle.Resolve, "INCIDENT_RESOLVED", "Resolved: the system is as it should be.", lifecycle.ResolvedAt}
	reopenIncident      = incidentVerb{lifecycle.Reopen, "INCIDENT_REOPENED", "Reopened: it is not over.", noMilestone}
	cancelIncident      = incidentVerb{lifecycle.Cancel, "INCIDENT_CANCELED", "Canceled: it was none.", noMilestone}
	closeIncident       = incidentVerb{lifecycle.Close, "INCIDENT_CLOSED", "Closed.", lifecycle.ClosedAt}
	mergeIncident       = incidentVerb{lifecycle.Merge, "INCIDENT_MERGED", "Merged: it is part of another incident.", noMilestone}
)

// verbRequest is what the requests of all verbs have.
type verbRequest interface {
	GetName() string
	GetEtag() string
	GetRequestId() string
}

// timedRequest is what the requests of the verbs of incidents have.
type timedRequest interface {
	verbRequest
	GetTime() *timestamppb.Timestamp
	GetNote() string
}

func asked(request verbRequest) update {
	return update{name: request.GetName(), etag: request.GetEtag(), requestID: request.GetRequestId()}
}

// AcknowledgeIncident says that somebody is on it.
func (s *Incidents) AcknowledgeIncident(ctx context.Context, request *debriefv1.AcknowledgeIncidentRequest) (*debriefv1.Incident, error) {
	return s.take(ctx, request, acknowledgeIncident, nil)
}

// MitigateIncident says that the impact is over.
func (s *Incidents) MitigateIncident(ctx context.Context, request *debriefv1.MitigateIncidentRequest) (*debriefv1.Incident, error) {
	return s.take(ctx, request, mitigateIncident, nil)
}

// ResolveIncident says that the system is as it should be.
func (s *Incidents) ResolveIncident(ctx context.Context, request *debriefv1.ResolveIncidentRequest) (*debriefv1.Incident, error) {
	return s.take(ctx, request, resolveIncident, nil)
}

// CancelIncident says that it was none.
func (s *Incidents) CancelIncident(ctx context.Context, request *debriefv1.CancelIncidentRequest) (*debriefv1.Incident, error) {
	return s.take(ctx, request, cancelIncident, nil)
}

// ReopenIncident leads back to ACTIVE, and clears the milestones that no longer hold.
func (s *Incidents) ReopenIncident(ctx context.Context, request *debriefv1.ReopenIncidentRequest) (*debriefv1.Incident, error) {
	return s.take(ctx, request, reopenIncident, func(incident *repository.Incident, now time.Time) error {
		reopened, err := happened("time", request.GetTime(), now, now)
		if err != nil {
			return err
		}
		s.resetClocks(incident, reopened, now)
		milestones := milestoneTimes(incident.Milestones)
		for _, milestone := range []lifecycle.Milestone{lifecycle.MitigatedAt, lifecycle.ResolvedAt, lifecycle.ClosedAt} {
			if milestones[milestone].IsZero() {
				continue
			}
			change := repository.MilestoneChange{
				Milestone: milestone.String(), PreviousTime: milestones[milestone], Actor: actor(ctx), ChangeTime: now, Reason: "reopened",
			}
			if err := addMilestoneChange(incident, change); err != nil {
				return err
			}
			milestones[milestone] = time.Time{}
		}
		incident.Milestones = storedMilestones(milestones)
		incident.WaiverReason = ""
		return nil
	})
}

// CloseIncident ends the work on an incident, provided that something was learned, or somebody says why not.
func (s *Incidents) CloseIncident(ctx context.Context, request *debriefv1.CloseIncidentRequest) (*debriefv1.Incident, error) {
	if request.GetWaiverReason() == "" {
		if err := s.checkReviewed(ctx, request.GetName()); err != nil {
			return nil, err
		}
	}
	return s.take(ctx, request, closeIncident, func(incident *repository.Incident, _ time.Time) error {
		incident.WaiverReason = request.GetWaiverReason()
		return nil
	})
}

// checkReviewed answers nil where a published post-mortem covers the incident. What was once published stays so.
func (s *Incidents) checkReviewed(ctx context.Context, name string) error {
	incident, err := get(ctx, s.repository.Incidents(), name)
	if err != nil {
		return err
	}
	if _, err := lifecycle.Incident.Step(lifecycle.Close, incident.State); err != nil {
		return nil //nolint:nilerr // The step itself is refused later, in the right order of checks.
	}
	published, err := s.repository.PostMortems().Count(ctx, repository.Query{
		Where: repository.And{
			repository.TermIn{repository.Term("incidents", name)},
			repository.NumberRange{Field: "latest_revision", Min: 1, Max: 1 << 31},
		},
		Limit: 1,
	})
	if err == nil && published == 0 {
		err = failedPrecondition("POST_MORTEM_REQUIRED",
			"%s has no published post-mortem: publish one that covers it, or give a waiver_reason", name)
	}
	return err
}

// take makes the step of a verb: the state, the milestone, what else the verb does, the event and the timeline entry.
func (s *Incidents) take(ctx context.Context, request timedRequest, verb incidentVerb, more func(*repository.Incident, time.Time) error) (*debriefv1.Incident, error) {
	stepped := false
	incident, err := apply(ctx, s.base, repository.IncidentSchema, s.repository.Incidents(), asked(request),
		func(incident *repository.Incident, now time.Time) (repository.Effects, error) {
			stepped = true
			occurred, err := happened("time", request.GetTime(), now, latest(now, *incident))
			if err != nil {
				return repository.Effects{}, err
			}
			return s.step(ctx, incident, verb, occurred, now, request.GetNote(), more)
		})
	if err != nil {
		return nil, err
	}
	if stepped {
		s.counts.changed(ctx, verb.event, incident)
	}
	return s.incidentToProto(incident), nil
}

// latest is now, or the latest milestone where another replica's clock is ahead of ours.
func latest(now time.Time, incident repository.Incident) time.Time {
	if last := milestoneTimes(incident.Milestones).Latest(); last.After(now) {
		return last
	}
	return now
}

// step changes an incident as the verb says.
func (b *base) step(ctx context.Context, incident *repository.Incident, verb incidentVerb, occurred, now time.Time, note string, more func(*repository.Incident, time.Time) error) (repository.Effects, error) {
	before := b.incidentToProto(*incident)
	state, err := lifecycle.Incident.Step(verb.verb, incident.State)
	if err != nil {
		return repository.Effects{}, err
	}
	incident.State = state
	if verb.milestone != noMilestone {
		milestones := milestoneTimes(incident.Milestones)
		milestones[verb.milestone] = occurred
		if err := milestones.Check(); err != nil {
			return repository.Effects{}, err
		}
		incident.Milestones = storedMilestones(milestones)
	}
	if more != nil {
		if err := more(incident, now); err != nil {
			return repository.Effects{}, err
		}
	}
	name := incidentName(incident.ID)
	entries := []repository.TimelineEntry{b.changeEntry(ctx, incident.ID, "KEY_MOMENT", occurred, now, verb.text, note)}
	if incident.MergedInto != "" {
		entries = append(entries, b.mergedEntry(ctx, *incident, incident.MergedInto, occurred, now))
	}
	return repository.Effects{
		Events:          []repository.Event{b.event(ctx, verb.event, name, name, incident.Revision+1, now, changesBetween(before, b.incidentToProto(*incident)))},
		TimelineEntries: entries,
	}, nil
}
