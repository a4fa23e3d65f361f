package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// postMortemFields are the flags for the fields of a post-mortem that people set.
type postMortemFields struct {
	command                    *cobra.Command
	title, facilitator, scribe string
	overrideReason             string
	rules, template            string
	texts                      map[string]*longText
	factors                    []string
	incidents                  []string
	participants, labels       []string
	stakeholders               []string

	removedIncidents                   []string
	removedParticipants, removedLabels []string
	removedStakeholders                []string
	restrictedTo                       []string
}

func (a *application) addPostMortemFields(command *cobra.Command) *postMortemFields {
	f := &postMortemFields{command: command, texts: map[string]*longText{}}
	flags := command.Flags()
	flags.StringVar(&f.title, "title", "", "what it is about, in a line")
	flags.StringVar(&f.facilitator, "facilitator", "", "who leads the review: a `name` or handle of nobody who responded")
	flags.StringVar(&f.overrideReason, "facilitator-override-reason", "", "why a responder facilitates all the same")
	flags.StringVar(&f.scribe, "scribe", "", "who writes it down: a `name` or handle")
	for _, section := range sections {
		if section.text != nil {
			f.texts[section.path] = a.addLongText(command, section.flag, "the section \""+section.title+"\", in Markdown")
		}
	}
	flags.StringArrayVar(&f.factors, "factor", nil, "a contributing factor to add, `\"CATEGORY: DESCRIPTION\"`; can be repeated")
	flags.StringArrayVar(&f.participants, "participant", nil, "who takes part, and the role that they had, `PERSON=ROLE`; can be repeated")
	flags.StringArrayVar(&f.stakeholders, "stakeholder", nil, "who is to learn of it without taking part, and in which role, `PERSON=ROLE`; can be repeated")
	flags.StringVar(&f.rules, "rules", "", "the `id` of the ground rules that are read; default: default")
	flags.StringVar(&f.template, "template", "", "the `id` of the template that it is written after; default: default")
	addRestriction(command, &f.restrictedTo)
	flags.StringArrayVar(&f.labels, "label", nil, "a label, `KEY=VALUE`; can be repeated")
	return f
}

// addChanges adds the flags that only make sense for a post-mortem that is there.
func (f *postMortemFields) addChanges(a *application) {
	flags := f.command.Flags()
	flags.Var(namesFlag{incidentNames, &f.incidents}, "incident", "an incident that it covers too; can be repeated")
	flags.Var(namesFlag{incidentNames, &f.removedIncidents}, "remove-incident", "an incident that it does not cover; can be repeated")
	flags.StringArrayVar(&f.removedParticipants, "remove-participant", nil, "a `PERSON` who does not take part; can be repeated")
	flags.StringArrayVar(&f.removedStakeholders, "remove-stakeholder", nil, "a `PERSON` who is not concerned; can be repeated")
	flags.StringArrayVar(&f.removedLabels, "remove-label", nil, "a label to remove, by `KEY`; can be repeated")
	completeFlag(f.command, "incident", a.complete(suggestIncidents))
	completeFlag(f.command, "remove-incident", a.complete(suggestIncidents))
}

// given says whether there is something to be changed.
func (f *postMortemFields) given() bool {
	for _, text := range f.texts {
		if text.given() {
			return true
		}
	}
	return f.adding() || changed(f.command, "title", "facilitator", "facilitator-override-reason", "scribe", "rules", "template", restrictionFlag)
}

// adding says whether lists are changed, for which one has to know what they are.
func (f *postMortemFields) adding() bool {
	return changed(f.command, "factor", "participant", "stakeholder", "label", "incident",
		"remove-incident", "remove-participant", "remove-stakeholder", "remove-label")
}

// apply sets the fields that were given, and answers their paths.
func (f *postMortemFields) apply(ctx context.Context, postMortem *debriefv1.PostMortem) ([]string, error) {
	paths := assign(f.command, []assignment{
		{"title", "title", func() { postMortem.Title = f.title }},
		{"facilitator", "facilitator", func() { postMortem.Facilitator = f.facilitator }},
		{"facilitator-override-reason", "facilitator_override_reason", func() { postMortem.FacilitatorOverrideReason = f.overrideReason }},
		{"scribe", "scribe", func() { postMortem.Scribe = f.scribe }},
		{restrictionFlag, "restriction", func() { postMortem.Restriction = readRestriction(f.restrictedTo) }},
	})
	practice, err := f.applyPractice(postMortem)
	if err != nil {
		return nil, err
	}
	paths = append(paths, practice...)
	for _, section := range sections {
		if section.text == nil || !f.texts[section.path].given() {
			continue
		}
		text, err := f.texts[section.path].read(ctx, "")
		if err != nil {
			return nil, err
		}
		section.set(postMortem, text)
		paths = append(paths, section.path)
	}
	lists, err := f.applyLists(postMortem)
	return append(paths, lists...), err
}

// applyPractice sets the ground rules and the template; an empty id stands for those that are built in.
func (f *postMortemFields) applyPractice(postMortem *debriefv1.PostMortem) (paths []string, err error) {
	for _, given := range []struct {
		flag, path, id string
		names          teamCollection
		to             *string
	}{
		{"rules", "ground_rule_set", f.rules, groundRuleSetNames, &postMortem.GroundRuleSet},
		{"template", "template", f.template, templateNames, &postMortem.Template},
	} {
		if !changed(f.command, given.flag) {
			continue
		}
		paths = append(paths, given.path)
		*given.to = ""
		if given.id == "" {
			continue
		}
		if *given.to, err = given.names.parse(given.id); err != nil {
			return nil, usagef("--%s: %w", given.flag, err)
		}
	}
	return paths, nil
}

func (f *postMortemFields) applyLists(postMortem *debriefv1.PostMortem) (paths []string, err error) {
	if changed(f.command, "incident", "remove-incident") {
		postMortem.Incidents = replaced(postMortem.GetIncidents(), f.incidents, f.removedIncidents, func(s string) string { return s })
		paths = append(paths, "incidents")
	}
	if changed(f.command, "factor") {
		factors, err := readFactors(f.factors)
		if err != nil {
			return nil, err
		}
		postMortem.ContributingFactors = append(postMortem.GetContributingFactors(), factors...)
		paths = append(paths, "contributing_factors")
	}
	if changed(f.command, "participant", "remove-participant") {
		added, err := readParticipants(f.participants)
		if err != nil {
			return nil, err
		}
		postMortem.Participants = replaced(postMortem.GetParticipants(), added, f.removedParticipants, (*debriefv1.Participant).GetPerson)
		paths = append(paths, "participants")
	}
	if changed(f.command, "stakeholder", "remove-stakeholder") {
		added, err := readParticipants(f.stakeholders)
		if err != nil {
			return nil, err
		}
		postMortem.Stakeholders = replaced(postMortem.GetStakeholders(), added, f.removedStakeholders, (*debriefv1.Participant).GetPerson)
		paths = append(paths, "stakeholders")
	}
	if changed(f.command, "label", "remove-label") {
		set, err := readLabels(f.labels)
		if err != nil {
			return nil, err
		}
		postMortem.Labels = mergeLabels(postMortem.GetLabels(), set, f.removedLabels)
		paths = append(paths, "labels")
	}
	return paths, nil
}

// readFactors reads "CATEGORY: DESCRIPTION".
func readFactors(given []string) ([]*debriefv1.ContributingFactor, error) {
	factors := make([]*debriefv1.ContributingFactor, len(given))
	for i, text := range given {
		name, description, found := strings.Cut(text, ":")
		if !found || strings.TrimSpace(description) == "" {
			return nil, usagef("--factor %q: write it \"CATEGORY: DESCRIPTION\"", text)
		}
		category, err := parseEnum[debriefv1.ContributingFactor_Category](name)
		if err != nil {
			return nil, usagef("--factor %q: %w", text, err)
		}
		factors[i] = &debriefv1.ContributingFactor{Category: category, Description: strings.TrimSpace(description)}
	}
	return factors, nil
}

func readParticipants(given []string) ([]*debriefv1.Participant, error) {
	participants := make([]*debriefv1.Participant, len(given))
	for i, text := range given {
		person, role, err := readPerson("participant", text)
		if err != nil {
			return nil, err
		}
		participants[i] = &debriefv1.Participant{Person: person, Role: role}
	}
	return participants, nil
}
