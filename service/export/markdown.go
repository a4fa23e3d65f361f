package export

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"
)

// Levels of the document's own headings.
const (
	sectionLevel    = 2
	subsectionLevel = 3
)

// Markdown renders a document as CommonMark with GitHub's tables. The same document always gives the same text. Whatever
// its fields hold, the document's structure is its own: plain fields are escaped, and Markdown is written anew within its
// place, raw HTML as the text that it is.
func Markdown(document Document) string {
	w := &writer{}
	w.head(document)
	w.text("Summary", document.Summary)
	w.text("Impact", document.Impact)
	w.incidents(document.Incidents)
	w.timeline(document)
	w.beliefs(document.Beliefs)
	w.factors(document.Factors)
	w.text("What went well", document.WhatWentWell)
	w.text("Where we were lucky", document.WhereWeWereLucky)
	w.text("What surprised us", document.WhatSurprisedUs)
	w.actions(document)
	w.text("Open questions", document.OpenQuestions)
	return w.String()
}

// writer writes blocks with a blank line between them.
type writer struct{ strings.Builder }

func (w *writer) block(format string, arguments ...any) {
	if w.Len() > 0 {
		w.WriteByte('\n')
	}
	fmt.Fprintf(w, format, arguments...)
	w.WriteByte('\n')
}

func (w *writer) section(title string) { w.block("## %s", title) }

// text is a section of somebody's Markdown, left out where there is none.
func (w *writer) text(title, markdown string) {
	if text := embed(markdown, sectionLevel); text != "" {
		w.section(title)
		w.block("%s", text)
	}
}

// room is what is left to a section that lists things.
type room struct{ end int }

func (w *writer) room() room { return room{end: w.Len() + MaxSectionBytes} }

// leftOut says how many things a section does not show, if any.
func (w *writer) leftOut(count int, one, many string) {
	switch {
	case count == 1:
		w.block("*One further %s is not shown here.*", one)
	case count > 1:
		w.block("*%d further %s are not shown here.*", count, many)
	}
}

// blocks writes one block for each thing while there is room, and returns how many it left out.
func (w *writer) blocks(count int, room room, block func(i int) string) (omitted int) {
	for i := range count {
		text := block(i)
		if w.Len()+len(text) > room.end {
			return count - i
		}
		w.block("%s", text)
	}
	return 0
}

func (w *writer) head(document Document) {
	title := line(document.Title)
	if title == "" {
		title = "Untitled post-mortem"
	}
	w.block("# %s", title)
	var facts []string
	add := func(name, value string) {
		if value != "" {
			facts = append(facts, fmt.Sprintf("- **%s:** %s", name, value))
		}
	}
	add("State", words(document.State))
	if document.Revision > 0 {
		add("Revision", fmt.Sprint(document.Revision))
	}
	add("Published", minute(document.PublishTime))
	add("Review", minute(document.ReviewTime))
	add("Facilitator", line(document.Facilitator))
	add("Scribe", line(document.Scribe))
	add("Participants", people(document.Participants))
	if len(facts) > 0 {
		w.block("%s", strings.Join(facts, "\n"))
	}
}

func people(participants []Person) string {
	names := make([]string, 0, len(participants))
	for _, person := range participants {
		names = append(names, personName(person.Name, person.Role))
	}
	return strings.Join(names, ", ")
}

func personName(name, role string) string {
	if role = strings.TrimSpace(role); role != "" {
		name += " (" + role + ")"
	}
	return line(name)
}

func (w *writer) incidents(incidents []Incident) {
	if len(incidents) == 0 {
		return
	}
	w.section("Incidents")
	omitted := w.blocks(len(incidents), w.room(), func(i int) string { return incident(incidents[i]) })
	w.leftOut(omitted, "incident", "incidents")
}

func incident(incident Incident) string {
	w := &writer{}
	title := line(incident.Title)
	if title == "" {
		title = "Untitled incident"
	}
	w.block("### %s", title)
	var facts []string
	for _, fact := range []string{line(incident.Severity), words(incident.State), name(incident.Name)} {
		if fact != "" {
			facts = append(facts, fact)
		}
	}
	if len(facts) > 0 {
		w.block("%s", strings.Join(facts, " · "))
	}
	w.milestones(incident.Milestones)
	return strings.TrimSuffix(w.String(), "\n")
}

// name shows a resource name as code.
func name(resource string) string {
	if resource == "" {
		return ""
	}
	return codeSpan(strings.Join(strings.Fields(clean(resource)), " "), false)
}

func (w *writer) milestones(milestones []Milestone) {
	reached := slices.DeleteFunc(slices.Clone(milestones), func(m Milestone) bool { return m.Time.IsZero() })
	if len(reached) == 0 {
		return
	}
	rows := []string{"| Milestone | Time (UTC) | Elapsed |", "| --- | --- | ---: |"}
	for i, milestone := range reached {
		after := ""
		if i > 0 {
			after = elapsed(milestone.Time.Sub(reached[0].Time))
		}
		rows = append(rows, fmt.Sprintf("| %s | %s | %s |", words(milestone.Name), second(milestone.Time), after))
	}
	w.block("%s", strings.Join(rows, "\n"))
}

func (w *writer) actions(document Document) {
	w.section("Action items")
	if len(document.Actions)+document.FurtherActions == 0 {
		w.block("None recorded.")
		return
	}
	room := w.room()
	var table strings.Builder
	writeRow(&table, []string{"Action", "Owner", "State", "Strength", "Due", "Tracker"})
	writeRow(&table, []string{"---", "---", "---", "---", "---", "---"})
	omitted := document.FurtherActions
	for i, action := range document.Actions {
		if w.Len()+table.Len() > room.end {
			omitted += len(document.Actions) - i
			break
		}
		writeRow(&table, action.cells())
	}
	w.block("%s", strings.TrimSuffix(table.String(), "\n"))
	w.leftOut(omitted, "action item", "action items")
}

func (a Action) cells() []string {
	due := ""
	if !a.DueTime.IsZero() {
		due = a.DueTime.UTC().Format(time.DateOnly)
	}
	return []string{line(a.Title), line(a.Owner), words(a.State), words(a.Strength), due, tracker(a.TrackerURI)}
}

// tracker shows the last part of an address, which is what trackers call their things by.
func tracker(address string) string {
	address = strings.TrimSpace(address)
	parsed, err := url.Parse(address)
	if _, safe := safeURL(address); err != nil || !safe {
		return line(address)
	}
	if label := path.Base(parsed.Path); label != "." && label != "/" {
		return link(label, address)
	}
	return link(parsed.Host, address)
}
