package main

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// sectionTitles is a pattern that matches the title of every section.
const sectionTitles = "Summary|Impact|What we believed and what was true|Contributing factors|What went well|" +
	"Where we were lucky|What surprised us|Open questions"

// section is a part of a post-mortem: a heading of its document, and a field.
type section struct {
	title string
	// flag begins the names of the flags for it; empty where there are none.
	flag string
	// path is the field.
	path string
	// hint tells a writer what belongs here.
	hint string
	// text is the field of a section that is one text; nil where it is a list.
	text func(*debriefv1.PostMortem) *string
	// tell shows a section that is a list to eyes; render and parse turn it into a document, and back.
	tell   func(*debriefv1.PostMortem) string
	render func(*debriefv1.PostMortem) string
	parse  func(lines []documentLine, present, written *debriefv1.PostMortem) error
}

// sections are the parts of a post-mortem that people write, in their order.
var sections = []section{
	{
		title: "Summary", flag: "summary", path: "summary", hint: "What happened, for somebody who was not there.",
		text: func(p *debriefv1.PostMortem) *string { return &p.Summary },
	},
	{
		title: "Impact", flag: "impact", path: "impact", hint: "What it did, and to whom.",
		text: func(p *debriefv1.PostMortem) *string { return &p.Impact },
	},
	{
		title: "What we believed and what was true", path: "beliefs", tell: tellBeliefs, render: renderBeliefs, parse: parseBeliefs,
		hint: `Each begins "### Belief: WHO", a role or a team and no name, then what they believed, then "#### What was true".`,
	},
	{
		title: "Contributing factors", path: "contributing_factors", tell: tellFactors, render: renderFactors, parse: parseFactors,
		hint: `Each begins "### Factor: CATEGORY". Categories: ` + strings.Join(enumNames(debriefv1.ContributingFactor_CATEGORY_UNSPECIFIED.Descriptor()), ", ") + ".",
	},
	{
		title: "What went well", flag: "went-well", path: "what_went_well", hint: "What helped, and is worth keeping.",
		text: func(p *debriefv1.PostMortem) *string { return &p.WhatWentWell },
	},
	{
		title: "Where we were lucky", flag: "lucky", path: "where_we_were_lucky", hint: "What could as well have gone otherwise.",
		text: func(p *debriefv1.PostMortem) *string { return &p.WhereWeWereLucky },
	},
	{
		title: "What surprised us", flag: "surprises", path: "what_surprised_us", hint: "And why it did.",
		text: func(p *debriefv1.PostMortem) *string { return &p.WhatSurprisedUs },
	},
	{
		title: "Open questions", flag: "open-questions", path: "open_questions", hint: "What we still do not know.",
		text: func(p *debriefv1.PostMortem) *string { return &p.OpenQuestions },
	},
}

// show is what a section says in a document, but for the backslashes before what looks like a marker in a text.
func (s section) show(postMortem *debriefv1.PostMortem) string {
	if s.text != nil {
		return *s.text(postMortem)
	}
	return s.render(postMortem)
}

const actualHeading = "#### What was true"

func renderBeliefs(postMortem *debriefv1.PostMortem) string {
	var text strings.Builder
	for i, belief := range postMortem.GetBeliefs() {
		fmt.Fprintf(&text, "### Belief %d: %s\n", i+1, line(belief.GetHeldBy()))
		fmt.Fprintf(&text, "%s%s\n\n%s\n%s\n\n", evidenceNote(belief.GetEvidence()), escapeMarkers(belief.GetBelieved()), actualHeading, escapeMarkers(belief.GetActual()))
	}
	return text.String()
}

func renderFactors(postMortem *debriefv1.PostMortem) string {
	var text strings.Builder
	for _, factor := range postMortem.GetContributingFactors() {
		fmt.Fprintf(&text, "### %s: %s\n", joined(" ", "Factor", factor.GetId()), enumText(factor.GetCategory()))
		fmt.Fprintf(&text, "%s%s\n\n", evidenceNote(factor.GetEvidence()), escapeMarkers(factor.GetDescription()))
	}
	return text.String()
}

// evidenceNote says that evidence stays with what it shows, which can't be edited here.
func evidenceNote(evidence []*debriefv1.Evidence) string {
	if len(evidence) == 0 {
		return ""
	}
	return comment(fmt.Sprintf("its evidence (%d) stays with it", len(evidence))) + "\n"
}

// parseBeliefs reads "### Belief N: WHO", the number that of a belief that is there; without one it is new.
func parseBeliefs(lines []documentLine, present, written *debriefv1.PostMortem) error {
	items, err := splitItems(lines, beliefHeading)
	if err != nil {
		return err
	}
	written.Beliefs = nil
	for _, item := range items {
		believed, actual, found := cutLines(item.lines, actualHeading)
		if !found {
			return fmt.Errorf("line %d: %q is missing below this belief", item.number, actualHeading)
		}
		belief, err := presentBelief(present, item)
		if err != nil {
			return err
		}
		if line(belief.GetHeldBy()) != item.text {
			belief.HeldBy = item.text
		}
		belief.Believed, belief.Actual = kept(belief.GetBelieved(), textOf(believed)), kept(belief.GetActual(), textOf(actual))
		if belief.GetBelieved() == "" || belief.GetActual() == "" {
			return fmt.Errorf("line %d: a belief needs what was believed, and what was true", item.number)
		}
		written.Beliefs = append(written.Beliefs, belief)
	}
	return nil
}

// presentBelief is a copy of the belief that an item names, or a new one.
func presentBelief(present *debriefv1.PostMortem, item documentItem) (*debriefv1.Belief, error) {
	if item.id == "" {
		return &debriefv1.Belief{}, nil
	}
	for i, belief := range present.GetBeliefs() {
		if fmt.Sprint(i+1) == item.id {
			return proto.CloneOf(belief), nil
		}
	}
	return nil, fmt.Errorf("line %d: there is no belief %s: leave the number of a new one out", item.number, item.id)
}

// parseFactors reads "### Factor ID: CATEGORY", the id that of a factor that is there; without one it is new.
func parseFactors(lines []documentLine, present, written *debriefv1.PostMortem) error {
	items, err := splitItems(lines, factorHeading)
	if err != nil {
		return err
	}
	written.ContributingFactors = nil
	for _, item := range items {
		factor := presentFactor(present, item)
		if item.text != enumText(factor.GetCategory()) {
			if factor.Category, err = parseEnum[debriefv1.ContributingFactor_Category](item.text); err != nil {
				return fmt.Errorf("line %d: %w", item.number, err)
			}
		}
		if factor.Description = kept(factor.GetDescription(), textOf(item.lines)); factor.GetDescription() == "" {
			return fmt.Errorf("line %d: a contributing factor needs a description", item.number)
		}
		written.ContributingFactors = append(written.ContributingFactors, factor)
	}
	return nil
}

// presentFactor is a copy of the contributing factor that an item names, or a new one, to which the server gives an id
// where it has none.
func presentFactor(present *debriefv1.PostMortem, item documentItem) *debriefv1.ContributingFactor {
	for _, factor := range present.GetContributingFactors() {
		if item.id != "" && factor.GetId() == item.id {
			return proto.CloneOf(factor)
		}
	}
	return &debriefv1.ContributingFactor{Id: item.id}
}
