package main

import (
	"context"

	"github.com/spf13/cobra"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

var incidentKind = kind[*debriefv1.Incident]{
	names: incidentNames, argument: "INCIDENT", summary: incidentSummary, suggest: suggestIncidents,
}

func (a *application) newIncidentCommand() *cobra.Command {
	group := newGroup("incident", "Open incidents and follow them through their states",
		a.newIncidentOpenCommand(), a.newIncidentListCommand(), a.newIncidentShowCommand(), a.newIncidentUpdateCommand(),
		a.newIncidentCorrectCommand(), a.newIncidentCloseCommand(), a.newIncidentMergeCommand())
	for _, verb := range incidentVerbs {
		group.AddCommand(newVerb(a, incidentKind, verb))
	}
	group.AddCommand(a.newIncidentClockCommands()...)
	group.Aliases = []string{"incidents", "inc"}
	return group
}

// incidentSummary tells of an incident in a few words.
func incidentSummary(incident *debriefv1.Incident) string {
	return joined(", ", enumText(incident.GetState()), enumText(incident.GetSeverity())) + ", " + incident.GetTitle()
}

func suggestIncidents(command *cobra.Command, server *connection, _ []string) ([]cobra.Completion, error) {
	answer, err := server.incidents.ListIncidents(command.Context(), &debriefv1.ListIncidentsRequest{PageSize: completionPage})
	return texts(answer.GetIncidents(), func(incident *debriefv1.Incident) cobra.Completion {
		return completion(incident.GetName(), describedState(enumText(incident.GetState()), incident.GetTitle()))
	}), err
}

// incidentVerbs are the verbs that take nothing but a time and a note.
var incidentVerbs = []verb[*debriefv1.Incident]{
	{
		use: "ack", short: "Say that somebody is on it: TRIAGE becomes ACTIVE", done: "is acknowledged", timed: true, noted: true,
		call: func(ctx context.Context, server *connection, r verbRequest) (*debriefv1.Incident, error) {
			return server.incidents.AcknowledgeIncident(ctx, &debriefv1.AcknowledgeIncidentRequest{
				Name: r.name, Time: r.time, Note: r.note, Etag: r.etag, RequestId: r.requestID,
			})
		},
	},
	{
		use: "mitigate", short: "Say that the impact is over: TRIAGE or ACTIVE becomes MITIGATED", done: "is mitigated", timed: true, noted: true,
		call: func(ctx context.Context, server *connection, r verbRequest) (*debriefv1.Incident, error) {
			return server.incidents.MitigateIncident(ctx, &debriefv1.MitigateIncidentRequest{
				Name: r.name, Time: r.time, Note: r.note, Etag: r.etag, RequestId: r.requestID,
			})
		},
	},
	{
		use: "resolve", short: "Say that the system is as it should be: TRIAGE, ACTIVE or MITIGATED becomes RESOLVED", done: "is resolved", timed: true, noted: true,
		call: func(ctx context.Context, server *connection, r verbRequest) (*debriefv1.Incident, error) {
			return server.incidents.ResolveIncident(ctx, &debriefv1.ResolveIncidentRequest{
				Name: r.name, Time: r.time, Note: r.note, Etag: r.etag, RequestId: r.requestID,
			})
		},
	},
	{
		use: "reopen", short: "Say that it is not over: MITIGATED, RESOLVED or CLOSED becomes ACTIVE", done: "is open again", timed: true, noted: true,
		call: func(ctx context.Context, server *connection, r verbRequest) (*debriefv1.Incident, error) {
			return server.incidents.ReopenIncident(ctx, &debriefv1.ReopenIncidentRequest{
				Name: r.name, Time: r.time, Note: r.note, Etag: r.etag, RequestId: r.requestID,
			})
		},
	},
	{
		use: "cancel", short: "Say that it was none: TRIAGE, ACTIVE, MITIGATED or RESOLVED becomes CANCELED", done: "is canceled", timed: true, noted: true,
		call: func(ctx context.Context, server *connection, r verbRequest) (*debriefv1.Incident, error) {
			return server.incidents.CancelIncident(ctx, &debriefv1.CancelIncidentRequest{
				Name: r.name, Time: r.time, Note: r.note, Etag: r.etag, RequestId: r.requestID,
			})
		},
	},
	{
		use: "delete", short: "Hide it from lists; it can be undeleted until it is purged", done: "is deleted",
		call: func(ctx context.Context, server *connection, r verbRequest) (*debriefv1.Incident, error) {
			return server.incidents.DeleteIncident(ctx, &debriefv1.DeleteIncidentRequest{Name: r.name, Etag: r.etag})
		},
	},
	{
		use: "undelete", short: "Take a deletion back", done: "is back",
		call: func(ctx context.Context, server *connection, r verbRequest) (*debriefv1.Incident, error) {
			return server.incidents.UndeleteIncident(ctx, &debriefv1.UndeleteIncidentRequest{Name: r.name, Etag: r.etag})
		},
	},
}

func (a *application) newIncidentCloseCommand() *cobra.Command {
	var waiver string
	return newVerb(a, incidentKind, verb[*debriefv1.Incident]{
		use: "close", short: "End the work on it, learning included: RESOLVED becomes CLOSED", done: "is closed", timed: true, noted: true,
		long: "Close ends the work on a resolved incident. It needs a published post-mortem that covers the incident, or a waiver.",
		flags: func(command *cobra.Command) {
			command.Flags().StringVar(&waiver, "waiver", "", "why it needs no published post-mortem: the `reason`")
		},
		call: func(ctx context.Context, server *connection, r verbRequest) (*debriefv1.Incident, error) {
			return server.incidents.CloseIncident(ctx, &debriefv1.CloseIncidentRequest{
				Name: r.name, Time: r.time, Note: r.note, Etag: r.etag, RequestId: r.requestID, WaiverReason: waiver,
			})
		},
	})
}

func (a *application) newIncidentMergeCommand() *cobra.Command {
	var into string
	return newVerb(a, incidentKind, verb[*debriefv1.Incident]{
		use: "merge", short: "Say that it is part of another: TRIAGE, ACTIVE, MITIGATED or RESOLVED becomes MERGED", done: "is merged", timed: true, noted: true,
		flags: func(command *cobra.Command) {
			command.Flags().Var(nameFlag{incidentNames, &into}, "into", "the incident that it is part of")
			completeFlag(command, "into", a.complete(suggestIncidents))
			require(command, "into")
		},
		call: func(ctx context.Context, server *connection, r verbRequest) (*debriefv1.Incident, error) {
			return server.incidents.MergeIncident(ctx, &debriefv1.MergeIncidentRequest{
				Name: r.name, Time: r.time, Note: r.note, Etag: r.etag, RequestId: r.requestID, Into: into,
			})
		},
	})
}

func (a *application) newIncidentCorrectCommand() *cobra.Command {
	var (
		milestone debriefv1.Milestone
		reason    string
	)
	return newVerb(a, incidentKind, verb[*debriefv1.Incident]{
		use: "correct", short: "Correct the time of a milestone that was reached", done: "is corrected", timed: true,
		long: "Correct changes when a milestone was reached, and keeps who did so, when and why.",
		flags: func(command *cobra.Command) {
			addEnum(command, &milestone, "milestone", "which one")
			command.Flags().StringVar(&reason, "reason", "", "how that came to be known")
			command.Flags().Lookup("at").Usage = "when it really was"
			require(command, "milestone", "reason", "at")
		},
		call: func(ctx context.Context, server *connection, r verbRequest) (*debriefv1.Incident, error) {
			return server.incidents.CorrectMilestone(ctx, &debriefv1.CorrectMilestoneRequest{
				Name: r.name, Milestone: milestone, Time: r.time, Reason: reason, Etag: r.etag, RequestId: r.requestID,
			})
		},
	})
}
