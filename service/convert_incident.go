package service

import (
	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/clock"
	"github.com/debriefhq/debrief/service/lifecycle"
)

func (b *base) incidentToProto(incident repository.Incident) *debriefv1.Incident {
	now := b.present()
	return &debriefv1.Incident{
		Name:             incidentName(incident.ID),
		Title:            incident.Title,
		Summary:          incident.Summary,
		Kind:             valueOf[debriefv1.Incident_Kind](incident.Kind),
		Severity:         valueOf[debriefv1.Severity](incident.Severity),
		State:            valueOf[debriefv1.Incident_State](incident.State),
		Impact:           impactToProto(incident.Impact),
		Labels:           incident.Labels,
		Milestones:       milestonesToProto(incident.Milestones),
		MilestoneChanges: each(incident.MilestoneChanges, milestoneChangeToProto),
		Lead:             incident.Lead,
		Responders:       each(incident.Responders, responderToProto),
		Origin:           originToProto(incident.Origin),
		MergedInto:       incident.MergedInto,
		Links:            each(incident.Links, linkToProto),
		WaiverReason:     incident.WaiverReason,
		Restriction:      restrictionToProto(incident.Restriction),
		ReviewClock:      b.clockToProto(&incident, clock.Review, now),
		FollowUpClock:    b.clockToProto(&incident, clock.FollowUp, now),
		ClockHistory:     each(incident.ClockHistory, clockRecordToProto),
		Etag:             etag(incident.Header),
		CreateTime:       timeToProto(incident.CreateTime),
		UpdateTime:       timeToProto(incident.UpdateTime),
		DeleteTime:       timeToProto(incident.DeleteTime),
		PurgeTime:        timeToProto(b.purgeTime(incident.Header)),
	}
}

// writeIncident writes the fields that callers may change.
func writeIncident(incident *repository.Incident, from *debriefv1.Incident) {
	incident.Title = from.GetTitle()
	incident.Summary = from.GetSummary()
	incident.Kind = nameOr(from.GetKind(), "INCIDENT")
	incident.Severity = nameOf(from.GetSeverity())
	incident.Impact = repository.Impact{
		Summary:  from.GetImpact().GetSummary(),
		Services: from.GetImpact().GetServices(),
	}
	if from.GetImpact() != nil {
		incident.Impact.CustomersAffected = from.GetImpact().CustomersAffected
	}
	incident.Labels = from.GetLabels()
	incident.Lead = from.GetLead()
	incident.Responders = each(from.GetResponders(), func(r *debriefv1.Responder) repository.Responder {
		return repository.Responder{Person: r.GetPerson(), Role: r.GetRole()}
	})
	incident.Links = each(from.GetLinks(), linkFromProto)
	incident.Restriction = restrictionFromProto(from.GetRestriction())
}

func impactToProto(impact repository.Impact) *debriefv1.Impact {
	if impact.Summary == "" && len(impact.Services) == 0 && impact.CustomersAffected == nil {
		return nil
	}
	return &debriefv1.Impact{Summary: impact.Summary, Services: impact.Services, CustomersAffected: impact.CustomersAffected}
}

func milestonesToProto(m repository.Milestones) *debriefv1.Milestones {
	return &debriefv1.Milestones{
		StartTime:       timeToProto(m.StartTime),
		DetectTime:      timeToProto(m.DetectTime),
		AcknowledgeTime: timeToProto(m.AcknowledgeTime),
		MitigateTime:    timeToProto(m.MitigateTime),
		ResolveTime:     timeToProto(m.ResolveTime),
		CloseTime:       timeToProto(m.CloseTime),
	}
}

func milestoneChangeToProto(change repository.MilestoneChange) *debriefv1.MilestoneChange {
	return &debriefv1.MilestoneChange{
		Milestone:    valueOf[debriefv1.Milestone](change.Milestone),
		PreviousTime: timeToProto(change.PreviousTime),
		NewTime:      timeToProto(change.NewTime),
		Actor:        change.Actor,
		ChangeTime:   timeToProto(change.ChangeTime),
		Reason:       change.Reason,
	}
}

func responderToProto(responder repository.Responder) *debriefv1.Responder {
	return &debriefv1.Responder{Person: responder.Person, Role: responder.Role}
}

func originToProto(origin repository.Origin) *debriefv1.Origin {
	return &debriefv1.Origin{Actor: origin.Actor, Alerts: each(origin.Alerts, alertToProto)}
}

func alertToProto(alert repository.IncidentAlert) *debriefv1.Alert {
	return &debriefv1.Alert{
		Fingerprint:          alert.Fingerprint,
		Status:               valueOf[debriefv1.Alert_Status](alert.Status),
		Labels:               alert.Labels,
		Annotations:          alert.Annotations,
		StartTime:            timeToProto(alert.StartTime),
		EndTime:              timeToProto(alert.EndTime),
		GeneratorUrl:         alert.GeneratorURL,
		ExternalUrl:          alert.ExternalURL,
		NotificationCount:    alert.NotificationCount,
		LastNotificationTime: timeToProto(alert.LastNotificationTime),
	}
}

// milestoneTimes are the milestones by their number, as the rules want them.
func milestoneTimes(m repository.Milestones) lifecycle.Milestones {
	return lifecycle.Milestones{m.StartTime, m.DetectTime, m.AcknowledgeTime, m.MitigateTime, m.ResolveTime, m.CloseTime}
}

func storedMilestones(m lifecycle.Milestones) repository.Milestones {
	return repository.Milestones{
		StartTime: m[lifecycle.Started], DetectTime: m[lifecycle.Detected], AcknowledgeTime: m[lifecycle.Acknowledged],
		MitigateTime: m[lifecycle.MitigatedAt], ResolveTime: m[lifecycle.ResolvedAt], CloseTime: m[lifecycle.ClosedAt],
	}
}
