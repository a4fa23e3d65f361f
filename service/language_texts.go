package service

import (
	"fmt"
	"strings"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/service/blameless"
)

// writtenText is one of the texts that people write in a resource. Excerpts of logs, names and links are none.
type writtenText struct {
	// field is its path in the resource.
	field, value string
	// plain says that it is no Markdown.
	plain bool
}

// findings are what the blameless check finds in the texts of a resource, in their order: at most blameless.MaxFindings.
func (l language) findings(texts []writtenText) []*debriefv1.LanguageFinding {
	var findings []*debriefv1.LanguageFinding
	for _, text := range texts {
		if strings.TrimSpace(text.value) == "" {
			continue
		}
		read := l.checker.Check
		if text.plain {
			read = l.checker.CheckPlain
		}
		for _, found := range read(text.value) {
			if len(findings) == blameless.MaxFindings {
				return findings
			}
			findings = append(findings, findingToProto(text.field, found))
		}
	}
	return findings
}

func postMortemTexts(p *debriefv1.PostMortem) []writtenText {
	texts := []writtenText{
		{field: "title", value: p.GetTitle(), plain: true},
		{field: "summary", value: p.GetSummary()},
		{field: "impact", value: p.GetImpact()},
	}
	add := func(value, format string, arguments ...any) {
		texts = append(texts, writtenText{field: fmt.Sprintf(format, arguments...), value: value})
	}
	for i, belief := range p.GetBeliefs() {
		add(belief.GetBelieved(), "beliefs[%d].believed", i)
		add(belief.GetActual(), "beliefs[%d].actual", i)
	}
	for i, factor := range p.GetContributingFactors() {
		add(factor.GetDescription(), "contributing_factors[%d].description", i)
	}
	add(p.GetWhatWentWell(), "what_went_well")
	add(p.GetWhereWeWereLucky(), "where_we_were_lucky")
	add(p.GetWhatSurprisedUs(), "what_surprised_us")
	add(p.GetOpenQuestions(), "open_questions")
	for i, section := range p.GetSections() {
		texts = append(texts, writtenText{field: fmt.Sprintf("sections[%d].title", i), value: section.GetTitle(), plain: true})
		add(section.GetText(), "sections[%d].text", i)
	}
	for i, answered := range p.GetQuestionAnswers() {
		add(answered.GetAnswer(), "question_answers[%d].answer", i)
	}
	add(p.GetConclusionNote(), "conclusion_note")
	return texts
}

func actionItemTexts(item *debriefv1.ActionItem) []writtenText {
	return []writtenText{
		{field: "title", value: item.GetTitle(), plain: true},
		{field: "description", value: item.GetDescription()},
		{field: "first_step", value: item.GetFirstStep(), plain: true},
		{field: "outcome_note", value: item.GetOutcomeNote()},
		{field: "drop_reason", value: item.GetDropReason()},
	}
}

// postMortem is a post-mortem with what the blameless check finds in it.
func (l language) postMortem(p *debriefv1.PostMortem) *debriefv1.PostMortem {
	p.LanguageFindings = l.findings(postMortemTexts(p))
	return p
}

// actionItem is an action item with what the blameless check finds in it.
func (l language) actionItem(item *debriefv1.ActionItem) *debriefv1.ActionItem {
	item.LanguageFindings = l.findings(actionItemTexts(item))
	return item
}

// timelineEntry is a timeline entry with what the blameless check finds in it.
func (l language) timelineEntry(entry *debriefv1.TimelineEntry) *debriefv1.TimelineEntry {
	entry.LanguageFindings = l.findings([]writtenText{{field: "text", value: entry.GetText()}})
	return entry
}

// statement is a statement with what the blameless check finds in it.
func (l language) statement(statement *debriefv1.Statement) *debriefv1.Statement {
	statement.LanguageFindings = l.findings([]writtenText{{field: "text", value: statement.GetText()}})
	return statement
}

// inView is an answer as it is asked for: with findings, or as it is.
func inView[R any](view debriefv1.View, answer R, withFindings func(R) R) R {
	if view == debriefv1.View_VIEW_LANGUAGE {
		return withFindings(answer)
	}
	return answer
}
