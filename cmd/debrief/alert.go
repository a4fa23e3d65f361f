package main

import (
	"cmp"
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

func (a *application) newAlertCommand() *cobra.Command {
	group := newGroup("alert", "Look at the alerts that arrived, and say what they were worth",
		a.newAlertListCommand(), a.newAlertShowCommand(), a.newAlertExplainCommand(), a.newAlertMarkCommand(), a.newAlertQualityCommand())
	group.Aliases = []string{"alerts"}
	return group
}

func suggestAlerts(command *cobra.Command, server *connection, _ []string) ([]cobra.Completion, error) {
	answer, err := server.alerts.ListAlerts(command.Context(), &debriefv1.ListAlertsRequest{PageSize: completionPage})
	return texts(answer.GetAlerts(), func(alert *debriefv1.Alert) cobra.Completion {
		return completion(alert.GetName(), alertSummary(alert))
	}), err
}

func alertSummary(alert *debriefv1.Alert) string {
	return joined(", ", enumText(alert.GetStatus()), enumText(alert.GetSeverity()), alert.GetTitle())
}

// alertCommand is a command about one alert.
func (a *application) alertCommand(use, short string, run func(ctx context.Context, server *connection, name string) error) *cobra.Command {
	command := &cobra.Command{Use: use + " ALERT", Short: short, Args: takes, ValidArgsFunction: a.completeFirst(suggestAlerts)}
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) error {
		name, err := alertNames.parse(arguments[0])
		if err != nil {
			return usagef("%w", err)
		}
		return run(command.Context(), server, name)
	})
	return command
}

// alertFilter are the flags that say which alerts are meant.
type alertFilter struct {
	statuses                             []debriefv1.Alert_Status
	severities                           []debriefv1.Severity
	noises                               []debriefv1.Alert_Noise
	outcomes                             []debriefv1.AlertRule_Outcome
	integration, incident, source, title string
	labels                               []string
	since, until                         *timestamppb.Timestamp
}

func (f *alertFilter) add(a *application, command *cobra.Command) {
	flags := command.Flags()
	addEnums(command, &f.statuses, "status", "only those that stand so")
	addEnums(command, &f.severities, "severity", "only of these severities")
	addEnums(command, &f.noises, "noise", "only those that people found to be this")
	addEnums(command, &f.outcomes, "outcome", "only those of which rules made this")
	flags.Var(integrationFlag{&f.integration}, "integration", "only those that came through this one")
	completeFlag(command, "integration", a.complete(suggestIntegrations))
	flags.Var(nameFlag{incidentNames, &f.incident}, "incident", "only those that are part of this one")
	completeFlag(command, "incident", a.complete(suggestIncidents))
	flags.StringVar(&f.source, "source", "", "only from this `intake`, such as alertmanager")
	flags.StringVar(&f.title, "title", "", "only those whose title has these `words`")
	flags.StringArrayVar(&f.labels, "label", nil, "only with this label, `KEY` or KEY=VALUE; can be repeated")
	flags.Var(timeFlag{&f.since, a.environment.now}, "since", "only those that arrived at this time or later")
	flags.Var(timeFlag{&f.until, a.environment.now}, "until", "only those that arrived before this time")
}

func (f *alertFilter) expression(custom string) string {
	var all filter
	all.custom(custom)
	among(&all, "status", f.statuses)
	among(&all, "severity", f.severities)
	among(&all, "noise", f.noises)
	among(&all, "outcome", f.outcomes)
	all.equal("integration", f.integration)
	all.equal("incident", f.incident)
	all.equal("source", f.source)
	all.has("title", f.title)
	all.labels(f.labels)
	all.within("create_time", f.since, f.until)
	return all.String()
}

func (a *application) newAlertListCommand() *cobra.Command {
	command := &cobra.Command{Use: "list", Short: "List alerts, the newest first", Args: takes}
	var (
		flags  listFlags
		wanted alertFilter
	)
	flags.add(command, 50)
	flags.addFilter(command, "fields: incident, integration, source, fingerprint, status, severity, noise, outcome, rule, title, labels, "+
		"create_time, update_time, start_time, end_time")
	flags.addOrder(command, "create_time (default, descending), start_time, update_time, each with or without ' desc'")
	wanted.add(a, command)
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, _ []string) error {
		flags.filter = wanted.expression(flags.filter)
		return a.alertListing(server, &flags).show(command.Context(), a, &flags)
	})
	return command
}

func (a *application) alertListing(server *connection, flags *listFlags) listing[*debriefv1.Alert] {
	return listing[*debriefv1.Alert]{
		field:    "alerts",
		headings: []heading{{text: "ID"}, {text: "STATUS"}, {text: "SEV"}, {text: "STARTED"}, {text: "SOURCE"}, {text: "INCIDENT"}, {text: "TITLE", flexible: true}},
		row: func(alert *debriefv1.Alert) []cell {
			return []cell{
				{idOf(alert.GetName()), plain},
				{enumText(alert.GetStatus()), plain},
				{orDash(enumText(alert.GetSeverity())), plain},
				{a.moment(alert.GetStartTime()), plain},
				{alert.GetSource(), plain},
				{orDash(idOf(alert.GetIncident())), plain},
				{alert.GetTitle(), plain},
			}
		},
		page: func(ctx context.Context, size int32, token string) ([]*debriefv1.Alert, string, error) {
			answer, err := server.alerts.ListAlerts(ctx, &debriefv1.ListAlertsRequest{
				PageSize: size, PageToken: token, Filter: flags.filter, OrderBy: flags.orderBy,
			})
			return answer.GetAlerts(), answer.GetNextPageToken(), err
		},
	}
}

func (a *application) newAlertShowCommand() *cobra.Command {
	return a.alertCommand("show", "Show all of an alert", func(ctx context.Context, server *connection, name string) error {
		alert, err := server.alerts.GetAlert(ctx, &debriefv1.GetAlertRequest{Name: name})
		if err != nil {
			return err
		}
		return a.show(alert, func() error { return a.alertSheet(alert) })
	})
}

func (a *application) alertSheet(alert *debriefv1.Alert) error {
	s := a.newSheet(alert.GetTitle(), alert.GetName())
	s.field("Status", enumText(alert.GetStatus()))
	s.field("Severity", qualified(enumText(alert.GetSeverity()), alert.GetSenderSeverity()))
	s.field("Started", a.exactMoment(alert.GetStartTime()))
	s.field("Ended", a.exactMoment(alert.GetEndTime()))
	s.field("Source", alert.GetSource())
	s.field("Integration", alert.GetIntegration())
	s.field("Incident", alert.GetIncident())
	s.field("Rule", alert.GetRule())
	s.field("Noise", enumText(alert.GetNoise()))
	s.field("Reason", alert.GetNoiseReason())
	s.field("Fingerprint", alert.GetFingerprint())
	s.field("Notifications", fmt.Sprintf("%d, the last %s", alert.GetNotificationCount(), a.moment(alert.GetLastNotificationTime())))
	s.field("First delivery", alert.GetFirstDelivery())
	s.field("Generator", alert.GetGeneratorUrl())
	s.field("Sender", alert.GetExternalUrl())
	s.field("Arrived", a.exactMoment(alert.GetCreateTime()))
	s.section("Summary", alert.GetSummary())
	s.list("Labels", sortedPairs(alert.GetLabels()))
	s.list("Annotations", sortedPairs(alert.GetAnnotations()))
	s.list("Links", texts(alert.GetLinks(), func(l *debriefv1.Link) string { return joined(" ", l.GetTitle(), l.GetUri()) }))
	s.list("Images", texts(alert.GetImages(), func(i *debriefv1.AlertImage) string { return joined(" ", i.GetAlternativeText(), i.GetUri()) }))
	s.list("Altered", alert.GetAlterations())
	return s.show()
}

func (a *application) newAlertExplainCommand() *cobra.Command {
	return a.alertCommand("explain", "Say why an alert went where it went", func(ctx context.Context, server *connection, name string) error {
		explanation, err := server.alerts.ExplainAlert(ctx, &debriefv1.ExplainAlertRequest{Name: name})
		if err != nil {
			return err
		}
		return a.show(explanation, func() error { return a.explanationSheet(explanation) })
	})
}

func (a *application) explanationSheet(explanation *debriefv1.AlertExplanation) error {
	decided := cmp.Or(explanation.GetRule(), "no rule decided")
	s := a.newSheet(enumText(explanation.GetOutcome())+": "+decided, explanation.GetAlert())
	s.field("Integration", explanation.GetIntegration())
	s.field("Group", joined(", ", explanation.GetGroup()...))
	s.field("Incident", explanation.GetIncident())
	s.list("Asked in this order", texts(explanation.GetSteps(), (*debriefv1.AlertExplanation_Step).GetText))
	s.section("In short", explanation.GetText())
	return s.show()
}

func (a *application) newAlertMarkCommand() *cobra.Command {
	request := &debriefv1.MarkAlertRequest{}
	command := a.alertCommand("mark", "Say what an alert was worth, or take that back", func(ctx context.Context, server *connection, name string) error {
		request.Name, request.RequestId = name, a.environment.newRequestID()
		alert, err := server.alerts.MarkAlert(ctx, request)
		if err != nil {
			return err
		}
		if alert.GetNoise() == 0 {
			return a.tell(alert, name+" is not marked any more: "+alertSummary(alert))
		}
		return a.tell(alert, name+" is marked "+enumText(alert.GetNoise())+": "+alertSummary(alert))
	})
	command.Example = "  debrief alert mark 01JD3V2Q6R8T0W2Y4A6C8E0G2J --noise not-actionable --reason \"It heals by itself\""
	addEnum(command, &request.Noise, "noise", "what it was; empty takes back what was said before")
	command.Flags().StringVar(&request.Reason, "reason", "", "why, in a line")
	require(command, "noise")
	return command
}

func (a *application) newAlertQualityCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "quality", Short: "Count the alerts of each source, and how many were noise", Args: takes,
		Long: "Quality counts the last 30 days unless told otherwise, and shows the source with the most noise first.",
	}
	request := &debriefv1.GetAlertQualityRequest{}
	command.Flags().Var(timeFlag{&request.StartTime, a.environment.now}, "since", "count from this time on")
	command.Flags().Var(timeFlag{&request.EndTime, a.environment.now}, "until", "count up to this time; default: now")
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, _ []string) error {
		quality, err := server.alerts.GetAlertQuality(command.Context(), request)
		if err != nil {
			return err
		}
		return a.show(quality, func() error { return a.qualityTable(quality) })
	})
	return command
}

func (a *application) qualityTable(quality *debriefv1.AlertQuality) error {
	if len(quality.GetSources()) == 0 {
		a.note("There are none from %s to %s.", a.point(quality.GetStartTime()), a.point(quality.GetEndTime()))
		return nil
	}
	headings := []heading{
		{text: "INTEGRATION"}, {text: "SOURCE"}, {text: "ALERTS"}, {text: "IN INCIDENTS"}, {text: "FALSE POSITIVE"}, {text: "NOT ACTIONABLE"}, {text: "LACKING DETAIL"},
	}
	rows := make([][]cell, len(quality.GetSources()))
	for i, source := range quality.GetSources() {
		rows[i] = []cell{{orDash(idOf(source.GetIntegration())), plain}, {source.GetSource(), plain}}
		for _, count := range []int64{
			source.GetAlertCount(), source.GetIncidentAlertCount(), source.GetFalsePositiveCount(), source.GetNotActionableCount(), source.GetLackingDetailCount(),
		} {
			rows[i] = append(rows[i], cell{strconv.FormatInt(count, 10), plain})
		}
	}
	if quality.GetCapped() {
		a.note("A count stopped at its bound: there are more.")
	}
	return a.writeTable(headings, rows)
}
