package service

import (
	"cmp"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/export"
	"github.com/debriefhq/debrief/service/importer"
	"github.com/debriefhq/debrief/service/lifecycle"
)

// importedAsLabel is the label that says how far a document had come where it was imported from: here it begins as a draft.
const importedAsLabel = "imported_as"

func (f *importFitter) postMortem() repository.PostMortem {
	f.comesAs()
	d, lines := f.document, f.document.Lines
	p := repository.PostMortem{
		State: lifecycle.PostMortem.Initial, Title: f.name(lines["title"], "Title", d.Title, maxTitle),
		Summary: f.field("summary", "Summary", d.Summary), Impact: f.field("impact", "Impact", d.Impact),
		WhatWentWell:     f.field("what_went_well", "What went well", d.WhatWentWell),
		WhereWeWereLucky: f.field("where_we_were_lucky", "Where we were lucky", d.WhereWeWereLucky),
		WhatSurprisedUs:  f.field("what_surprised_us", "What surprised us", d.WhatSurprisedUs),
		OpenQuestions:    f.field("open_questions", "Open questions", d.OpenQuestions),
		Facilitator:      f.name(lines["facilitator"], "Facilitator", d.Facilitator, maxPerson), Scribe: f.name(lines["scribe"], "Scribe", d.Scribe, maxPerson),
		GroundRuleSet: defaultGroundRuleSet, Template: defaultTemplate,
		Beliefs: f.beliefs(), ContributingFactors: f.factors(),
		Participants: f.people("Participant", d.Participants), Stakeholders: f.people("Stakeholder", d.Stakeholders),
		ReviewTime: f.moment("Review", d.ReviewTime, time.Time{}),
	}
	if p.Facilitator != "" {
		p.FacilitatorOverrideReason = "So it is in the imported document."
	}
	p.RulesReading.ReadTime = f.moment("Ground rules read", d.RulesReadTime, f.now)
	if p.ReviewEndTime = f.moment("Review ended", d.ReviewEndTime, f.now); d.Conclusion != "" {
		p.Conclusion, p.ConclusionNote = d.Conclusion, f.name(lines["conclusion"], "Conclusion", d.ConclusionNote, maxConclusionNote)
	}
	p.Labels = f.fittedLabels(d.Labels, func(key string) int { return lines["labels."+key] })
	f.keep(lines["authors"], "Authors", strings.Join(d.Authors, ", "))
	f.keep(lines["status"], "Status", d.Status)
	if !d.Date.IsZero() {
		f.said(d.Date.Line, "Date", d.Date.Said, f.shownTimes...)
	}
	p.Sections = f.sections()
	return p
}

// maxConclusionNote bounds the note on a conclusion, in characters.
const maxConclusionNote = 1000

// moment fits a time that is known to the minute and not after the latest, which is zero where it may be any. Another one is
// kept as a text.
func (f *importFitter) moment(what string, moment importer.Moment, latest time.Time) time.Time {
	switch {
	case moment.IsZero():
		return time.Time{}
	case moment.Time.Before(earliestTime) || moment.Precision > 0 || !latest.IsZero() && moment.Time.After(latest.Add(maxClockSkew)):
		f.keep(moment.Line, what, cmp.Or(moment.Said, moment.Time.Format(time.RFC3339)))
		return time.Time{}
	}
	f.said(moment.Line, what, moment.Said, f.shownTime(moment.Time))
	return stored(moment.Time)
}

// comesAs says in a label which state a document had where it comes from, and when it was published there.
func (f *importFitter) comesAs() {
	d := f.document
	var said []string
	if d.State != "" && d.State != lifecycle.PostMortem.Initial {
		said = append(said, "State "+strings.ToLower(strings.ReplaceAll(d.State, "_", " ")))
	}
	if d.Revision > 0 {
		said = append(said, fmt.Sprintf("Revision %d", d.Revision))
	}
	if !d.PublishTime.IsZero() {
		said = append(said, "Published "+cmp.Or(d.PublishTime.Said, d.PublishTime.Time.Format(time.RFC3339)))
	}
	if len(said) == 0 {
		return
	}
	if before := d.Labels[importedAsLabel]; before != "" {
		said = append(said, before)
	}
	if d.Labels == nil {
		d.Labels = map[string]string{}
	}
	d.Labels[importedAsLabel] = strings.Join(said, ", ")
	f.document.Labels = d.Labels
	line := cmp.Or(d.Lines["status"], d.Lines["revision"], d.PublishTime.Line)
	if d.Lines == nil {
		f.document.Lines = map[string]int{}
	}
	f.document.Lines["labels."+importedAsLabel] = line
	f.warn(line, "here the post-mortem is a draft: where the document comes from it was %q, which the label %s says", strings.Join(said, ", "), importedAsLabel)
}

// sections are the free ones of the document, and at the end what found no room elsewhere. Where they are more than there is
// room for, the last ones are folded into one. Each gets an id after its place, except the one that has a place of its own.
func (f *importFitter) sections() []repository.FreeSection {
	kept := min(len(f.document.Sections), maxFreeSections)
	made := f.sectionsUpTo(kept)
	for len(made) > maxFreeSections && kept > 0 {
		kept--
		made = f.sectionsUpTo(kept)
	}
	if kept < len(f.document.Sections) {
		first := f.document.Sections[kept]
		f.warn(first.Line, "the document has %d free sections, and there is room for %d: those from %q on were folded into the last section, “%s”",
			len(f.document.Sections), maxFreeSections, first.Heading, furtherText)
	}
	for i := range made {
		made[i].ID = fmt.Sprintf("imported_%d", i+1)
	}
	for i := range made {
		if f.document.Own && made[i].Title == modelsTitle {
			made[i].ID = export.ModelsID
			break
		}
	}
	f.placeWritten(made)
	return made
}

// modelsTitle is the heading under which a document shows mental models.
const modelsTitle = "Mental models"

// sectionsUpTo keeps the given number of sections of the document, and folds the others into the last one.
func (f *importFitter) sectionsUpTo(kept int) []repository.FreeSection {
	var made []repository.FreeSection
	add := func(title, text string) {
		for first := true; first || text != ""; first = false {
			var head string
			head, text = cutText(text, maxSection)
			made = append(made, repository.FreeSection{Title: title, Text: head})
		}
	}
	var folded []string
	for i, section := range f.document.Sections {
		if i >= kept || utf8.RuneCountInString(section.Heading) > maxTitle {
			folded = append(folded, "## "+section.Heading+"\n\n"+section.Markdown)
			continue
		}
		add(section.Heading, section.Markdown)
	}
	if len(f.written) > 0 {
		add(asWritten, strings.Join(f.written, "\n"))
	}
	if rest := append(folded, f.rest...); len(rest) > 0 {
		add(furtherText, strings.Join(rest, "\n\n"))
	}
	return made
}

// placeWritten tells in the report in which section that is which was kept as it was written.
func (f *importFitter) placeWritten(made []repository.FreeSection) {
	for i, section := range made {
		if section.Title != asWritten {
			continue
		}
		for j := range f.parts {
			f.parts[j].To = []string{fmt.Sprintf("sections[%d]", i)}
		}
	}
}
