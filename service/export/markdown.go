package export

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/debriefhq/debrief/service/plaintext"
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
	w.sections(document)
	w.answers(document)
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
	title := cmp.Or(line(document.Title), "Untitled post-mortem")
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
	add("Stakeholders", people(document.Stakeholders))
	add("Ground rules read", minute(document.RulesReadTime))
	add("Review ended", minute(document.ReviewEndTime))
	add("Conclusion", document.conclusion())
	add("Labels", labels(document.Labels))
	if len(facts) > 0 {
		w.block("%s", strings.Join(facts, "\n"))
	}
}

// conclusion is what came of the review, with what was said to that.
func (d Document) conclusion() string {
	conclusion := words(d.Conclusion)
	if note := line(d.ConclusionNote); note != "" && conclusion != "" {
		conclusion += ": " + note
	}
	return conclusion
}

// labels are keys and values in the order of the keys.
func labels(of map[string]string) string {
	pairs := make([]string, 0, len(of))
	for _, key := range slices.Sorted(maps.Keys(of)) {
		pairs = append(pairs, nameLine(key+"="+of[key]))
	}
	return strings.Join(pairs, ", ")
}

func people(participants []Person) string {
	names := make([]string, 0, len(participants))
	for _, person := range participants {
		if name := personName(person.Name, person.Role); name != "" {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// names are names one after the other.
func names(of []string) string {
	var shown []string
	for _, name := range of {
		if name = nameLine(name); name != "" {
			shown = append(shown, name)
		}
	}
	return strings.Join(shown, ", ")
}

func personName(name, role string) string {
	name, role = nameLine(name), nameLine(role)
	if role == "" {
		return name
	}
	return strings.TrimLeft(name+" ("+role+")", " ")
}

func (w *writer) incidents(incidents []Incident) {
	if len(incidents) == 0 {
		return
	}
	w.section(incidentsPart.Title)
	omitted := w.blocks(len(incidents), w.room(), func(i int) string { return incident(incidents[i]) })
	w.leftOut(omitted, "incident", "incidents")
}

func incident(incident Incident) string {
	w := &writer{}
	title := cmp.Or(line(incident.Title), "Untitled incident")
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
	if services := names(incident.Services); services != "" {
		w.block("Services: %s", services)
	}
	w.milestones(incident.Milestones)
	return strings.TrimSuffix(w.String(), "\n")
}

// name shows a resource name as code.
func name(resource string) string {
	if resource == "" {
		return ""
	}
	return codeSpan(plaintext.Line(clean(resource)), false)
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

func (w *writer) actions(title string, document Document) {
	w.section(title)
	if len(document.Actions)+document.FurtherActions == 0 {
		w.block("None recorded.")
		return
	}
	room := w.room()
	columns := actionColumns(document.Actions)
	heading, rule := make([]string, len(columns)), make([]string, len(columns))
	for i, column := range columns {
		heading[i], rule[i] = column.title, "---"
	}
	var table strings.Builder
	writeRow(&table, heading)
	writeRow(&table, rule)
	shown := document.Actions
	for i, action := range document.Actions {
		if w.Len()+table.Len() > room.end {
			shown = shown[:i]
			break
		}
		writeRow(&table, action.cells(columns))
	}
	w.block("%s", strings.TrimSuffix(table.String(), "\n"))
	w.leftOut(document.FurtherActions+len(document.Actions)-len(shown), "action item", "action items")
	if advice := line(document.ActionAdvice); advice != "" {
		w.block("> **Advice:** %s", advice)
	}
	w.descriptions(shown, room)
}

// descriptions tell more of action items, each under its title.
func (w *writer) descriptions(actions []Action, room room) {
	described := slices.DeleteFunc(slices.Clone(actions), func(a Action) bool { return embed(a.Description, subsectionLevel) == "" })
	omitted := w.blocks(len(described), room, func(i int) string {
		return "### " + cmp.Or(line(described[i].Title), "Untitled action item") + "\n\n" + embed(described[i].Description, subsectionLevel)
	})
	w.leftOut(omitted, "description", "descriptions")
}

// actionColumn is a column of the table of action items.
type actionColumn struct {
	title string
	cell  func(Action) string
}

// actionColumns are the columns that are always there, and those in which an action item has something to say.
func actionColumns(actions []Action) []actionColumn {
	columns := []actionColumn{
		{"Action", func(a Action) string { return line(a.Title) }},
		{"Owner", func(a Action) string { return line(a.Owner) }},
		{"State", func(a Action) string { return words(a.State) }},
		{"Strength", func(a Action) string { return words(a.Strength) }},
		{"Due", Action.due},
		{"Tracker", func(a Action) string { return tracker(a.TrackerURI) }},
	}
	for _, more := range []actionColumn{
		{"Priority", func(a Action) string { return line(a.Priority) }},
		{"Labels", func(a Action) string { return labels(a.Labels) }},
	} {
		if slices.ContainsFunc(actions, func(a Action) bool { return more.cell(a) != "" }) {
			columns = append(columns, more)
		}
	}
	return columns
}

func (a Action) cells(columns []actionColumn) []string {
	cells := make([]string, len(columns))
	for i, column := range columns {
		cells[i] = column.cell(a)
	}
	return cells
}

func (a Action) due() string {
	if a.DueTime.IsZero() {
		return ""
	}
	return a.DueTime.UTC().Format(time.DateOnly)
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
