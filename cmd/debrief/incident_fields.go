package main

import (
	"context"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/proto"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// incidentFields are the flags for the fields of an incident that people set.
type incidentFields struct {
	command         *cobra.Command
	summary, impact *longText
	title, lead     string
	kind            debriefv1.Incident_Kind
	severity        debriefv1.Severity
	customers       *int64

	services, labels, responders, links                             []string
	removedServices, removedLabels, removedResponders, removedLinks []string
	restrictedTo                                                    []string
}

func (a *application) addIncidentFields(command *cobra.Command) *incidentFields {
	f := &incidentFields{command: command}
	flags := command.Flags()
	addEnum(command, &f.severity, "severity", "how bad it is")
	addEnum(command, &f.kind, "kind", "whether it hurt, could have, or was a drill")
	f.summary = a.addEditableText(command, "summary", "what happened, in Markdown")
	f.impact = a.addLongText(command, "impact", "what it did, and to whom, in Markdown")
	flags.StringArrayVar(&f.services, "service", nil, "a service that was hit, by `name`; can be repeated")
	flags.Var(countFlag{&f.customers}, "customers-affected", "how many customers were affected")
	flags.StringArrayVar(&f.labels, "label", nil, "a label, `KEY=VALUE`; can be repeated")
	flags.StringVar(&f.lead, "lead", "", "who leads the response: a `name` or handle")
	flags.StringArrayVar(&f.responders, "responder", nil, "who responds, and in which role, `PERSON=ROLE`; can be repeated")
	addRestriction(command, &f.restrictedTo)
	flags.StringArrayVar(&f.links, "link", nil, "where to read on, `\"TITLE URL\"`; can be repeated")
	return f
}

// addRemovals adds the flags that take elements of lists away.
func (f *incidentFields) addRemovals() {
	flags := f.command.Flags()
	flags.StringArrayVar(&f.removedServices, "remove-service", nil, "a service that was not hit, by `name`; can be repeated")
	flags.StringArrayVar(&f.removedLabels, "remove-label", nil, "a label to remove, by `KEY`; can be repeated")
	flags.StringArrayVar(&f.removedResponders, "remove-responder", nil, "a `PERSON` who does not respond; can be repeated")
	flags.StringArrayVar(&f.removedLinks, "remove-link", nil, "a link to remove, by `URL`; can be repeated")
}

// changed says whether one of some flags was given.
func changed(command *cobra.Command, names ...string) bool {
	for _, name := range names {
		if command.Flags().Changed(name) {
			return true
		}
	}
	return false
}

// adding says whether lists are changed, for which one has to know what they are.
func (f *incidentFields) adding() bool {
	return changed(f.command, "service", "label", "responder", "link",
		"remove-service", "remove-label", "remove-responder", "remove-link")
}

// apply sets the fields that were given, and answers their paths.
func (f *incidentFields) apply(ctx context.Context, incident *debriefv1.Incident) ([]string, error) {
	if incident.GetImpact() == nil {
		incident.Impact = &debriefv1.Impact{}
	}
	paths := f.applyScalars(incident)
	texts, err := f.applyTexts(ctx, incident)
	if err != nil {
		return nil, err
	}
	lists, err := f.applyLists(incident)
	if proto.Size(incident.GetImpact()) == 0 {
		incident.Impact = nil
	}
	return append(append(paths, texts...), lists...), err
}

func (f *incidentFields) applyScalars(incident *debriefv1.Incident) []string {
	return assign(f.command, []assignment{
		{"title", "title", func() { incident.Title = f.title }},
		{"severity", "severity", func() { incident.Severity = f.severity }},
		{"kind", "kind", func() { incident.Kind = f.kind }},
		{"lead", "lead", func() { incident.Lead = f.lead }},
		{restrictionFlag, "restriction", func() { incident.Restriction = readRestriction(f.restrictedTo) }},
		{"customers-affected", "impact.customers_affected", func() { incident.Impact.CustomersAffected = f.customers }},
	})
}

// assignment sets a field from a flag.
type assignment struct {
	flag, path string
	set        func()
}

// assign sets the fields whose flags were given, and answers their paths.
func assign(command *cobra.Command, assignments []assignment) []string {
	var paths []string
	for _, assignment := range assignments {
		if changed(command, assignment.flag) {
			assignment.set()
			paths = append(paths, assignment.path)
		}
	}
	return paths
}

func (f *incidentFields) applyTexts(ctx context.Context, incident *debriefv1.Incident) (paths []string, err error) {
	if f.summary.given() {
		if incident.Summary, err = f.summary.read(ctx, incident.GetSummary()); err != nil {
			return nil, err
		}
		paths = append(paths, "summary")
	}
	if f.impact.given() {
		if incident.Impact.Summary, err = f.impact.read(ctx, ""); err != nil {
			return nil, err
		}
		paths = append(paths, "impact.summary")
	}
	return paths, nil
}

func (f *incidentFields) applyLists(incident *debriefv1.Incident) (paths []string, err error) {
	if changed(f.command, "service", "remove-service") {
		incident.Impact.Services = replaced(incident.GetImpact().GetServices(), f.services, f.removedServices, func(s string) string { return s })
		paths = append(paths, "impact.services")
	}
	if changed(f.command, "link", "remove-link") {
		incident.Links = replaced(incident.GetLinks(), readLinks(f.links), f.removedLinks, (*debriefv1.Link).GetUri)
		paths = append(paths, "links")
	}
	if changed(f.command, "label", "remove-label") {
		set, err := readLabels(f.labels)
		if err != nil {
			return nil, err
		}
		incident.Labels = mergeLabels(incident.GetLabels(), set, f.removedLabels)
		paths = append(paths, "labels")
	}
	if changed(f.command, "responder", "remove-responder") {
		added, err := readResponders(f.responders)
		if err != nil {
			return nil, err
		}
		incident.Responders = replaced(incident.GetResponders(), added, f.removedResponders, (*debriefv1.Responder).GetPerson)
		paths = append(paths, "responders")
	}
	return paths, nil
}

func readResponders(given []string) ([]*debriefv1.Responder, error) {
	responders := make([]*debriefv1.Responder, len(given))
	for i, text := range given {
		person, role, err := readPerson("responder", text)
		if err != nil {
			return nil, err
		}
		responders[i] = &debriefv1.Responder{Person: person, Role: role}
	}
	return responders, nil
}
