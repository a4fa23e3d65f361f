package main

import (
	"fmt"

	"github.com/spf13/cobra"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

func (a *application) newIncidentShowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show INCIDENT", Short: "Show all of an incident", Args: takes, ValidArgsFunction: a.completeFirst(suggestIncidents),
		RunE: a.onServer(func(command *cobra.Command, server *connection, arguments []string) error {
			name, err := incidentNames.parse(arguments[0])
			if err != nil {
				return usagef("%w", err)
			}
			incident, err := server.incidents.GetIncident(command.Context(), &debriefv1.GetIncidentRequest{Name: name})
			if err != nil {
				return err
			}
			return a.show(incident, func() error { return a.incidentSheet(incident) })
		}),
	}
}

func (a *application) incidentSheet(incident *debriefv1.Incident) error {
	s := a.newSheet(incident.GetTitle(), incident.GetName())
	s.styled("State", enumText(incident.GetState()), incidentStyle(incident.GetState()))
	s.styled("Severity", orDash(enumText(incident.GetSeverity())), severityStyle(incident.GetSeverity()))
	s.field("Kind", enumText(incident.GetKind()))
	a.addMilestones(s, incident.GetMilestones())
	s.styled("Review clock", a.clockText(incident.GetReviewClock()), clockStyle(incident.GetReviewClock().GetState()))
	s.styled("Follow-up clock", a.clockText(incident.GetFollowUpClock()), clockStyle(incident.GetFollowUpClock().GetState()))
	s.field("Lead", incident.GetLead())
	s.field("Merged into", incident.GetMergedInto())
	s.field("Waiver", incident.GetWaiverReason())
	s.field("Restricted to", restrictionText(incident.GetRestriction()))
	s.field("Services", joined(", ", incident.GetImpact().GetServices()...))
	if impact := incident.GetImpact(); impact != nil && impact.CustomersAffected != nil {
		s.field("Customers", fmt.Sprintf("%d affected", impact.GetCustomersAffected()))
	}
	s.field("Labels", labelText(incident.GetLabels()))
	s.field("Opened by", incident.GetOrigin().GetActor())
	s.field("Opened", a.exactMoment(incident.GetCreateTime()))
	s.field("Deleted", a.exactMoment(incident.GetDeleteTime()))
	s.field("Purged", a.exactMoment(incident.GetPurgeTime()))
	s.field("Etag", incident.GetEtag())
	s.section("Summary", incident.GetSummary())
	s.section("Impact", incident.GetImpact().GetSummary())
	s.list("Responders", texts(incident.GetResponders(), func(r *debriefv1.Responder) string { return qualified(r.GetPerson(), r.GetRole()) }))
	s.list("Links", texts(incident.GetLinks(), func(l *debriefv1.Link) string { return joined(" ", l.GetTitle(), l.GetUri()) }))
	s.list("Alerts", texts(incident.GetOrigin().GetAlerts(), a.alertLine))
	s.list("Earlier clocks", texts(incident.GetClockHistory(), a.clockRecordLine))
	s.list("Corrections", texts(incident.GetMilestoneChanges(), a.correctionLine))
	return s.show()
}

func (a *application) addMilestones(s *sheet, milestones *debriefv1.Milestones) {
	s.field("Started", a.exactMoment(milestones.GetStartTime()))
	s.field("Detected", a.exactMoment(milestones.GetDetectTime()))
	s.field("Acknowledged", a.exactMoment(milestones.GetAcknowledgeTime()))
	s.field("Mitigated", a.exactMoment(milestones.GetMitigateTime()))
	s.field("Resolved", a.exactMoment(milestones.GetResolveTime()))
	s.field("Closed", a.exactMoment(milestones.GetCloseTime()))
}

func (a *application) alertLine(alert *debriefv1.Alert) string {
	return fmt.Sprintf("%s %s, since %s, %d notifications",
		enumText(alert.GetStatus()), labelText(alert.GetLabels()), a.moment(alert.GetStartTime()), alert.GetNotificationCount())
}

func (a *application) correctionLine(change *debriefv1.MilestoneChange) string {
	return fmt.Sprintf("%s: from %s to %s, by %s, %s: %s",
		enumText(change.GetMilestone()), orDash(a.moment(change.GetPreviousTime())), orDash(a.moment(change.GetNewTime())),
		orDash(change.GetActor()), a.moment(change.GetChangeTime()), change.GetReason())
}
