package service

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/lifecycle"
)

// Incidents implements IncidentService.
type Incidents struct {
	debriefv1.UnimplementedIncidentServiceServer
	*base
}

var incidentFields = withClockStates(fieldsOf(repository.IncidentSchema, map[string]protoreflect.EnumDescriptor{
	"kind":     debriefv1.Incident_Kind(0).Descriptor(),
	"severity": debriefv1.Severity(0).Descriptor(),
	"state":    debriefv1.Incident_State(0).Descriptor(),
}))

// CreateIncident opens an incident.
func (s *Incidents) CreateIncident(ctx context.Context, request *debriefv1.CreateIncidentRequest) (*debriefv1.Incident, error) {
	now := s.present()
	header, err := s.newHeader(now, request.GetRequestId(), request)
	if err != nil {
		return nil, err
	}
	incident := repository.Incident{Header: header, State: lifecycle.Incident.Initial, Origin: repository.Origin{Actor: actor(ctx)}}
	writeIncident(&incident, request.GetIncident())
	if err := s.checkRestriction(ctx, "incident.restriction", repository.Restriction{}, incident.Restriction); err != nil {
		return nil, err
	}
	if err := hasRoomToRestrict(ctx, s.repository.Incidents(), "", restrictionOfIncident, request.GetIncident().GetRestriction()); err != nil {
		return nil, err
	}
	if incident.Milestones, err = firstMilestones(request.GetStartTime(), request.GetDetectTime(), now); err != nil {
		return nil, err
	}
	if request.GetValidateOnly() {
		return s.preview(incident), nil
	}
	entry := s.changeEntry(ctx, incident.ID, "DETECTION", incident.Milestones.DetectTime, now, "Detected; the incident was opened.", request.GetNote())
	incident, existed, err := create(ctx, repository.IncidentSchema, s.repository.Incidents(), incident, repository.Effects{
		Events:          []repository.Event{s.event(ctx, "INCIDENT_OPENED", incidentName(incident.ID), incidentName(incident.ID), 1, now, nil)},
		TimelineEntries: []repository.TimelineEntry{entry},
	})
	if err != nil {
		return nil, err
	}
	if !existed {
		s.counts.opened(ctx, incident)
	}
	return s.incidentToProto(incident), nil
}

// preview is an incident that is not stored: it has no name yet.
func (s *Incidents) preview(incident repository.Incident) *debriefv1.Incident {
	preview := s.incidentToProto(incident)
	preview.Name, preview.Etag = "", ""
	return preview
}

// firstMilestones are those with which an incident opens: detected now unless said otherwise, started when detected.
func firstMilestones(start, detect *timestamppb.Timestamp, now time.Time) (repository.Milestones, error) {
	detected, err := happened("detect_time", detect, now, now)
	if err != nil {
		return repository.Milestones{}, err
	}
	started, err := happened("start_time", start, now, detected)
	if err != nil {
		return repository.Milestones{}, err
	}
	if detect == nil && started.After(detected) {
		detected = started
	}
	milestones := lifecycle.Milestones{started, detected}
	return storedMilestones(milestones), milestones.Check()
}

// changeEntry is the timeline entry that a change of an incident writes by itself.
func (b *base) changeEntry(ctx context.Context, incident, kind string, occurred, now time.Time, text, note string) repository.TimelineEntry {
	if note != "" {
		text += "\n\n" + note
	}
	return repository.TimelineEntry{
		Header:    repository.Header{ID: b.newID(now), Parent: incident, Revision: 1, CreateTime: now, UpdateTime: now},
		Statement: repository.Statement{Kind: kind, OccurTime: occurred, Text: text, Actor: actor(ctx), ReviseTime: now},
		Author:    actor(ctx),
		Source:    "INCIDENT_CHANGE",
	}
}

// GetIncident reads an incident.
func (s *Incidents) GetIncident(ctx context.Context, request *debriefv1.GetIncidentRequest) (*debriefv1.Incident, error) {
	incident, err := get(ctx, s.repository.Incidents(), request.GetName())
	if err != nil {
		return nil, err
	}
	return s.incidentToProto(incident), nil
}

// ListIncidents reads a page of incidents.
func (s *Incidents) ListIncidents(ctx context.Context, request *debriefv1.ListIncidentsRequest) (*debriefv1.ListIncidentsResponse, error) {
	list := listing[repository.Incident]{
		schema: repository.IncidentSchema, reader: s.repository.Incidents(), fields: incidentFields,
		orders: []string{
			"create_time", "update_time", "severity", "milestones.start_time", "milestones.detect_time", "milestones.resolve_time",
			"review_clock.due_time", "follow_up_clock.due_time",
		},
		byID: "create_time", now: s.present(),
	}
	incidents, token, err := list.page(ctx, request, "", nil)
	if err != nil {
		return nil, err
	}
	return &debriefv1.ListIncidentsResponse{Incidents: each(incidents, s.incidentToProto), NextPageToken: token}, nil
}

// UpdateIncident changes the fields that the mask names.
func (s *Incidents) UpdateIncident(ctx context.Context, request *debriefv1.UpdateIncidentRequest) (*debriefv1.Incident, error) {
	asked := update{name: request.GetIncident().GetName(), etag: request.GetIncident().GetEtag()}
	if err := hasRoomToRestrict(ctx, s.repository.Incidents(), asked.name, restrictionOfIncident, request.GetIncident().GetRestriction()); err != nil {
		return nil, err
	}
	changed, err := applyMask(ctx, s.base, repository.IncidentSchema, s.repository.Incidents(), asked, request.GetValidateOnly(),
		func(incident *repository.Incident, now time.Time) (repository.Effects, error) {
			before := s.incidentToProto(*incident)
			after, err := merge(before, request.GetIncident(), request.GetUpdateMask())
			if err != nil {
				return repository.Effects{}, err
			}
			restricted := incident.Restriction
			writeIncident(incident, after)
			if err := s.checkRestriction(ctx, "incident.restriction", restricted, incident.Restriction); err != nil {
				return repository.Effects{}, err
			}
			return s.updateEffects(ctx, *incident, before, now, request.GetNote())
		})
	if err != nil {
		return nil, err
	}
	return s.incidentToProto(changed), nil
}

func (s *Incidents) updateEffects(ctx context.Context, incident repository.Incident, before *debriefv1.Incident, now time.Time, note string) (repository.Effects, error) {
	changes := changesBetween(before, s.incidentToProto(incident))
	if len(changes) == 0 && note == "" {
		return repository.Effects{}, repository.ErrUnchanged
	}
	name := incidentName(incident.ID)
	effects := repository.Effects{Events: []repository.Event{
		s.event(ctx, "INCIDENT_UPDATED", name, name, incident.Revision+1, now, changes),
	}}
	if text := notable(changes); text != "" || note != "" {
		effects.TimelineEntries = []repository.TimelineEntry{s.changeEntry(ctx, incident.ID, "NOTE", now, now, text, note)}
	}
	return effects, nil
}

// notable says in words what a responder would want to find in the timeline.
func notable(changes []repository.FieldChange) string {
	var sentences []string
	for _, change := range changes {
		switch change.Field {
		case "severity", "lead", "kind":
			sentences = append(sentences, fmt.Sprintf("The %s went from %s to %s.", change.Field, cmp.Or(change.Before, "none"), cmp.Or(change.After, "none")))
		}
	}
	return strings.Join(sentences, " ")
}

// DeleteIncident hides an incident.
func (s *Incidents) DeleteIncident(ctx context.Context, request *debriefv1.DeleteIncidentRequest) (*debriefv1.Incident, error) {
	return s.setDeleted(ctx, update{name: request.GetName(), etag: request.GetEtag()}, true)
}

// UndeleteIncident takes a deletion back.
func (s *Incidents) UndeleteIncident(ctx context.Context, request *debriefv1.UndeleteIncidentRequest) (*debriefv1.Incident, error) {
	return s.setDeleted(ctx, update{name: request.GetName(), etag: request.GetEtag()}, false)
}

func (s *Incidents) setDeleted(ctx context.Context, asked update, deleted bool) (*debriefv1.Incident, error) {
	incident, err := setDeleted(ctx, s.base, repository.IncidentSchema, s.repository.Incidents(), asked, deleted, deletion[repository.Incident]{
		prefix: "INCIDENT", incident: func(*repository.Incident) string { return asked.name },
	})
	if err != nil {
		return nil, err
	}
	return s.incidentToProto(incident), nil
}
