package main

import (
	"context"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// incidentFilter are the flags that say which incidents are meant.
type incidentFilter struct {
	states       []debriefv1.Incident_State
	severities   []debriefv1.Severity
	kinds        []debriefv1.Incident_Kind
	open         bool
	labels       []string
	service      string
	lead         string
	responder    string
	title        string
	since, until *timestamppb.Timestamp
	clocks       clockFlag
}

func (f *incidentFilter) add(a *application, command *cobra.Command) {
	flags := command.Flags()
	addEnums(command, &f.states, "state", "only in these states")
	addEnums(command, &f.severities, "severity", "only of these severities")
	addEnums(command, &f.kinds, "kind", "only of these kinds")
	flags.BoolVar(&f.open, "open", false, "only those that somebody has to work on: TRIAGE, ACTIVE, MITIGATED")
	flags.StringArrayVar(&f.labels, "label", nil, "only with this label, `KEY` or KEY=VALUE; can be repeated")
	flags.StringVar(&f.service, "service", "", "only those that hit this service, by `name`")
	flags.StringVar(&f.lead, "lead", "", "only those that this `person` leads")
	flags.StringVar(&f.responder, "responder", "", "only those that this `person` responds to")
	flags.StringVar(&f.title, "title", "", "only those whose title has these `words`")
	flags.Var(timeFlag{&f.since, a.environment.now}, "since", "only those opened at this time or later")
	flags.Var(timeFlag{&f.until, a.environment.now}, "until", "only those opened before this time")
	f.clocks.states = map[debriefv1.ClockType][]debriefv1.Clock_State{}
	flags.Var(f.clocks, "clock", "only those with a clock in this state, such as review=breached; can be repeated")
	command.MarkFlagsMutuallyExclusive("state", "open")
}

func (f *incidentFilter) expression(custom string) string {
	if f.open {
		f.states = []debriefv1.Incident_State{
			debriefv1.Incident_STATE_TRIAGE, debriefv1.Incident_STATE_ACTIVE, debriefv1.Incident_STATE_MITIGATED,
		}
	}
	var all filter
	all.custom(custom)
	among(&all, "state", f.states)
	among(&all, "severity", f.severities)
	among(&all, "kind", f.kinds)
	all.labels(f.labels)
	all.has("impact.services", f.service)
	all.equal("lead", f.lead)
	all.has("responders.person", f.responder)
	all.has("title", f.title)
	all.within("create_time", f.since, f.until)
	for _, clock := range clockTypes {
		among(&all, clockField(clock)+".state", f.clocks.states[clock])
	}
	return all.String()
}

func (a *application) newIncidentListCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "list", Short: "List incidents, the newest first", Args: takes,
		Example: `  debrief incident list --open --severity sev1,sev2
  debrief incident list --filter 'labels.team = "payments" AND NOT state = CLOSED' --order-by "severity, create_time desc" --all`,
	}
	var (
		flags   listFlags
		meaning incidentFilter
	)
	flags.add(command, 50)
	flags.addFilter(command, "fields: kind, severity, state, title, lead, labels.KEY, impact.services, milestones.start_time, review_clock.state, …")
	flags.addOrder(command, "create_time desc (default), update_time, milestones.start_time, milestones.detect_time, milestones.resolve_time, severity, review_clock.due_time, follow_up_clock.due_time")
	flags.addShowDeleted(command)
	meaning.add(a, command)
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, _ []string) error {
		flags.filter = meaning.expression(flags.filter)
		return a.incidentListing(server, &flags).show(command.Context(), a, &flags)
	})
	return command
}

func (a *application) incidentListing(server *connection, flags *listFlags) listing[*debriefv1.Incident] {
	return listing[*debriefv1.Incident]{
		field:    "incidents",
		headings: []heading{{text: "ID"}, {text: "STATE"}, {text: "SEV"}, {text: "STARTED"}, {text: "TITLE", flexible: true}},
		row:      a.incidentRow,
		page: func(ctx context.Context, size int32, token string) ([]*debriefv1.Incident, string, error) {
			answer, err := server.incidents.ListIncidents(ctx, &debriefv1.ListIncidentsRequest{
				PageSize: size, PageToken: token, Filter: flags.filter, OrderBy: flags.orderBy, ShowDeleted: flags.showDeleted,
			})
			return answer.GetIncidents(), answer.GetNextPageToken(), err
		},
	}
}

func (a *application) incidentRow(incident *debriefv1.Incident) []cell {
	title := incident.GetTitle()
	if incident.GetDeleteTime() != nil {
		title = "(deleted) " + title
	}
	return []cell{
		{idOf(incident.GetName()), plain},
		{enumText(incident.GetState()), incidentStyle(incident.GetState())},
		{orDash(enumText(incident.GetSeverity())), severityStyle(incident.GetSeverity())},
		{a.moment(incident.GetMilestones().GetStartTime()), plain},
		{title, plain},
	}
}

// orDash stands for what is not known.
func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
