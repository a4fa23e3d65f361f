package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/durationpb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

func (a *application) newIntegrationListCommand() *cobra.Command {
	command := &cobra.Command{Use: "list", Short: "List integrations by their ids", Args: takes}
	var (
		flags listFlags
		kinds []debriefv1.Integration_Kind
	)
	flags.add(command, 50)
	flags.addFilter(command, "fields: kind, title, disabled")
	flags.addShowDeleted(command)
	addEnums(command, &kinds, "kind", "only of these kinds")
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, _ []string) error {
		var all filter
		all.custom(flags.filter)
		among(&all, "kind", kinds)
		flags.filter = all.String()
		return a.integrationListing(server, &flags).show(command.Context(), a, &flags)
	})
	return command
}

func (a *application) integrationListing(server *connection, flags *listFlags) listing[*debriefv1.Integration] {
	return listing[*debriefv1.Integration]{
		field:    "integrations",
		headings: []heading{{text: "ID"}, {text: "KIND"}, {text: "RULES"}, {text: "CHANGED"}, {text: "TITLE", flexible: true}},
		row: func(integration *debriefv1.Integration) []cell {
			title := integration.GetTitle()
			switch {
			case integration.GetDeleteTime() != nil:
				title = "(deleted) " + title
			case integration.GetDisabled():
				title = "(disabled) " + title
			}
			return []cell{
				{idOf(integration.GetName()), plain},
				{enumText(integration.GetKind()), plain},
				{strconv.Itoa(len(integration.GetRules())), plain},
				{a.moment(integration.GetUpdateTime()), plain},
				{title, plain},
			}
		},
		page: func(ctx context.Context, size int32, token string) ([]*debriefv1.Integration, string, error) {
			answer, err := server.integrations.ListIntegrations(ctx, &debriefv1.ListIntegrationsRequest{
				PageSize: size, PageToken: token, Filter: flags.filter, ShowDeleted: flags.showDeleted,
			})
			return answer.GetIntegrations(), answer.GetNextPageToken(), err
		},
	}
}

func (a *application) newIntegrationShowCommand() *cobra.Command {
	return a.integrationCommand("show", "Show who may deliver, and what becomes of it", func(ctx context.Context, server *connection, name string) error {
		integration, err := server.integrations.GetIntegration(ctx, &debriefv1.GetIntegrationRequest{Name: name})
		if err != nil {
			return err
		}
		return a.show(integration, func() error { return a.integrationSheet(integration) })
	})
}

func (a *application) integrationSheet(integration *debriefv1.Integration) error {
	s := a.newSheet(integration.GetTitle(), integration.GetName())
	s.field("Kind", enumText(integration.GetKind()))
	s.field("Send to", senders[integration.GetKind()].path)
	s.field("Disabled", yes(integration.GetDisabled()))
	s.field("Signing secret", yes(integration.GetHasSigningSecret()))
	s.field("Keep open", yes(integration.GetKeepOpen()))
	s.field("Labels", labelText(integration.GetLabels()))
	s.field("Severities", severityText(integration.GetSeverities()))
	s.field("Created", a.exactMoment(integration.GetCreateTime()))
	s.field("Changed", a.exactMoment(integration.GetUpdateTime()))
	s.field("Deleted", a.exactMoment(integration.GetDeleteTime()))
	s.field("Etag", integration.GetEtag())
	s.list("Keys", texts(integration.GetKeys(), a.keyLine))
	s.list("Rules", texts(integration.GetRules(), ruleLine))
	s.list("Maintenance windows", texts(integration.GetMaintenanceWindows(), a.windowLine))
	s.list("Mapping", mappingLines(integration.GetMapping()))
	return s.show()
}

// yes is empty where something is not so, and left out of a sheet then.
func yes(is bool) string {
	if is {
		return "yes"
	}
	return ""
}

func severityText(severities map[string]debriefv1.Severity) string {
	shown := make([]string, 0, len(severities))
	for _, word := range slices.Sorted(maps.Keys(severities)) {
		shown = append(shown, word+"="+enumText(severities[word]))
	}
	return strings.Join(shown, ", ")
}

func (a *application) keyLine(key *debriefv1.IntegrationKey) string {
	if key.GetExpireTime() == nil {
		return fmt.Sprintf("%s…, made %s", key.GetPrefix(), a.moment(key.GetCreateTime()))
	}
	return fmt.Sprintf("%s…, made %s, refused from %s on", key.GetPrefix(), a.moment(key.GetCreateTime()), a.moment(key.GetExpireTime()))
}

func ruleLine(rule *debriefv1.AlertRule) string {
	condition := cmp.Or(rule.GetCondition(), "always")
	return rule.GetTitle() + ": " + condition + " -> " + joined(", ", enumText(rule.GetSeverity()), labelText(rule.GetLabels()), outcomeText(rule))
}

// outcomeText is what becomes of the alerts of a rule.
func outcomeText(rule *debriefv1.AlertRule) string {
	text := enumText(rule.GetOutcome())
	if rule.GetCount() > 0 {
		text += fmt.Sprintf(" %d", rule.GetCount())
	}
	if rule.GetWindow() != nil {
		text += " within " + shortDuration(rule.GetWindow().AsDuration())
	}
	if len(rule.GetGroupBy()) > 0 {
		text += " by " + strings.Join(rule.GetGroupBy(), ", ")
	}
	return text
}

func (a *application) windowLine(window *debriefv1.MaintenanceWindow) string {
	text := fmt.Sprintf("%s: from %s to %s", window.GetReason(), a.moment(window.GetStartTime()), a.moment(window.GetEndTime()))
	if window.GetCondition() != "" {
		text += ", where " + window.GetCondition()
	}
	return text
}

func mappingLines(mapping *debriefv1.AlertMapping) []string {
	var shown []string
	for _, field := range [][2]string{
		{"alerts", mapping.GetAlerts()},
		{"key", mapping.GetKey()},
		{"episode", mapping.GetEpisode()},
		{"status", mapping.GetStatus()},
		{"title", mapping.GetTitle()},
		{"summary", mapping.GetSummary()},
		{"severity", mapping.GetSeverity()},
		{"labels", mapping.GetLabels()},
		{"annotations", mapping.GetAnnotations()},
		{"time", mapping.GetTime()},
		{"link", mapping.GetLink()},
	} {
		if field[1] != "" {
			shown = append(shown, field[0]+": "+field[1])
		}
	}
	return shown
}

func (a *application) newTestRulesCommand() *cobra.Command {
	var (
		file   string
		period = 7 * 24 * time.Hour
	)
	command := a.integrationCommand("test-rules", "Say what rules would have made of the alerts of the last days", func(ctx context.Context, server *connection, name string) error {
		integration := &debriefv1.Integration{}
		if _, err := a.readIntegration(file, integration); err != nil {
			return err
		}
		if file != "" && len(integration.GetRules()) == 0 {
			return usagef("--file %s: it has no rules", file)
		}
		answer, err := server.integrations.TestAlertRules(ctx, &debriefv1.TestAlertRulesRequest{
			Name: name, Rules: integration.GetRules(), Period: durationpb.New(period),
		})
		if err != nil {
			return err
		}
		return a.show(answer, func() error { return a.testedRules(answer) })
	})
	command.Long = "Test-rules changes nothing."
	command.Flags().StringVar(&file, "file", "", "try the rules of this `file`, as 'update --file' takes it; default: those that it has")
	completeFile(command, "file")
	command.Flags().Var(durationFlag{&period}, "period", "how far back alerts are taken, 1m to 30d")
	return command
}

func (a *application) testedRules(answer *debriefv1.TestAlertRulesResponse) error {
	headings := []heading{{text: "OUTCOME"}, {text: "ALERTS"}, {text: "INCIDENTS"}, {text: "SUCH AS"}, {text: "RULE", flexible: true}}
	rows := make([][]cell, len(answer.GetEffects()))
	for i, effect := range answer.GetEffects() {
		example := ""
		if len(effect.GetExamples()) > 0 {
			example = idOf(effect.GetExamples()[0])
		}
		rule := cmp.Or(effect.GetRule(), "(no rule)")
		rows[i] = []cell{
			{enumText(effect.GetOutcome()), plain},
			{strconv.Itoa(int(effect.GetAlertCount())), plain},
			{strconv.Itoa(int(effect.GetIncidentCount())), plain},
			{example, plain},
			{rule, plain},
		}
	}
	if err := a.writeTable(headings, rows); err != nil {
		return err
	}
	_, err := fmt.Fprintf(a.out, "\n%d alerts would have opened %d incidents; they did open %d.\n",
		answer.GetAlertCount(), answer.GetIncidentCount(), answer.GetActualIncidentCount())
	if answer.GetTruncated() && err == nil {
		_, err = fmt.Fprintln(a.out, "There were more alerts: only the newest were looked at.")
	}
	return err
}
