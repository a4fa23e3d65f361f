package main

import (
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

func (a *application) newIncidentOpenCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "open TITLE…", Short: "Open an incident", Args: takes,
		Example: `  debrief incident open Checkout answers slowly --severity sev2 --started "10m ago" --service checkout
  debrief incident open "A deploy nearly went to the wrong region" --kind near-miss --edit`,
	}
	request := &debriefv1.CreateIncidentRequest{Incident: &debriefv1.Incident{}}
	fields := a.addIncidentFields(command)
	flags := command.Flags()
	flags.Var(timeFlag{&request.StartTime, a.environment.now}, "started", "when the impact began; default: when it was detected")
	flags.Var(timeFlag{&request.DetectTime, a.environment.now}, "detected", "when it was noticed; default: now")
	note := a.addLongText(command, "note", "a note for the timeline's first entry, in Markdown")
	flags.BoolVar(&request.ValidateOnly, "validate-only", false, "check it and show what would be opened, and open nothing")
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) (err error) {
		request.Incident.Title = strings.Join(arguments, " ")
		if _, err = fields.apply(command.Context(), request.GetIncident()); err != nil {
			return err
		}
		if request.Note, err = note.read(command.Context(), ""); err != nil {
			return err
		}
		request.RequestId = a.environment.newRequestID()
		incident, err := server.incidents.CreateIncident(command.Context(), request)
		if err != nil {
			return err
		}
		return a.tell(incident, done(incident.GetName(), "is open", request.GetValidateOnly())+incidentSummary(incident))
	})
	return command
}

// done begins the sentence that tells of a change, or of one that was only tried.
func done(name, what string, validateOnly bool) string {
	if validateOnly {
		return "This would be accepted: "
	}
	return name + " " + what + ": "
}

func (a *application) newIncidentUpdateCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "update INCIDENT", Short: "Change what an incident says", Args: takes,
		ValidArgsFunction: a.completeFirst(suggestIncidents),
		Long: `Update changes the fields for which there are flags; an empty value clears a field. Services, labels, responders and
links are added to those that are there. The state changes by verbs of its own, such as resolve.`,
	}
	fields := a.addIncidentFields(command)
	fields.addRemovals()
	var (
		validateOnly bool
		etag         string
	)
	command.Flags().StringVar(&fields.title, "title", "", "what happened, in a line")
	note := a.addLongText(command, "note", "a note for the timeline, in Markdown")
	command.Flags().BoolVar(&validateOnly, "validate-only", false, "check it and show what would be stored, and store nothing")
	addEtag(command, &etag)
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) error {
		name, err := incidentNames.parse(arguments[0])
		if err != nil {
			return usagef("%w", err)
		}
		request := &debriefv1.UpdateIncidentRequest{ValidateOnly: validateOnly}
		if request.Note, err = note.read(command.Context(), ""); err != nil {
			return err
		}
		update := incidentUpdate{server: server, fields: fields, name: name, etag: etag, request: request}
		incident, err := update.run(command)
		if err != nil {
			return err
		}
		return a.tell(incident, done(name, "is updated", validateOnly)+incidentSummary(incident))
	})
	return command
}

// incidentUpdate is one change of an incident.
type incidentUpdate struct {
	server     *connection
	fields     *incidentFields
	name, etag string
	request    *debriefv1.UpdateIncidentRequest
}

// run makes the change. Where it adds to lists it starts over when somebody else was faster, unless an etag was given or
// a text was edited: then it is for people to look at what happened.
func (u incidentUpdate) run(command *cobra.Command) (incident *debriefv1.Incident, err error) {
	attempt := func() error {
		incident, err = u.attempt(command)
		return err
	}
	if u.etag == "" && !u.fields.summary.editing && u.fields.adding() {
		return incident, retryConflicts(attempt)
	}
	return incident, attempt()
}

func (u incidentUpdate) attempt(command *cobra.Command) (*debriefv1.Incident, error) {
	incident := &debriefv1.Incident{Name: u.name}
	if u.fields.adding() || u.fields.summary.editing {
		var err error
		if incident, err = u.server.incidents.GetIncident(command.Context(), &debriefv1.GetIncidentRequest{Name: u.name}); err != nil {
			return nil, err
		}
	}
	paths, err := u.fields.apply(command.Context(), incident)
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 && u.request.GetNote() == "" {
		return nil, usagef("nothing is to be changed: %s --help tells of the flags", command.CommandPath())
	}
	if u.etag != "" {
		incident.Etag = u.etag
	}
	u.request.Incident, u.request.UpdateMask = incident, &fieldmaskpb.FieldMask{Paths: paths}
	return u.server.incidents.UpdateIncident(command.Context(), u.request)
}
