package service

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/importer"
	"github.com/debriefhq/debrief/service/lifecycle"
	"github.com/debriefhq/debrief/service/plaintext"
)

// The bounds of the API that a document has to fit in; lengths of names are in characters, of texts in bytes.
const (
	maxFreeSections = 40
	maxTitle        = 300
	maxPerson       = 128
	maxEntryText    = 16384
	maxBelief       = 4096
	maxFactor       = 8192
	maxExcerpt      = 8192
	maxListed       = 100
	maxEvidence     = 20
	maxCovered      = 50
	maxPrecision    = 30 * 24 * time.Hour
)

// The free sections that an import makes.
const (
	furtherText = "Further text of the document"
	asWritten   = "As it was written"
)

// importFitter makes of a document what the API has room for. What has no room is kept in a free section.
type importFitter struct {
	document importer.Document
	now      time.Time
	// attached is true where the document is about an incident that is there already.
	attached bool
	// rest is Markdown that found no room.
	rest []string
	// written is what became a time or a name of Debrief's that does not say all words that were written, and shownTimes are
	// the times that a reader of the post-mortem sees.
	written    []string
	shownTimes []string
	parts      []importer.Part
	warnings   []importer.Warning
}

func (f *importFitter) warn(line int, format string, arguments ...any) {
	f.warnings = append(f.warnings, importer.Warning{Line: max(line, 1), Message: fmt.Sprintf(format, arguments...)})
}

// keep puts something aside that has no place of its own.
func (f *importFitter) keep(line int, what, text string) {
	if strings.TrimSpace(text) == "" {
		return
	}
	f.rest = append(f.rest, "**"+what+":** "+text)
	f.warn(line, "%s has no room in a field and was kept in the section “%s”", what, furtherText)
}

// said keeps what was written where what is shown of it does not say all of its words.
func (f *importFitter) said(line int, what, text string, shown ...string) {
	if f.document.Own || coversWords(strings.Join(shown, " "), text) {
		return
	}
	f.written = append(f.written, "- **"+what+":** "+text)
	f.parts = append(f.parts, importer.Part{Heading: what, FirstLine: max(line, 1), LastLine: max(line, 1)})
}

// machineTime is where words run together in times as machines write them, such as 2006-01-02T15:04:05Z.
var machineTime = regexp.MustCompile(`([0-9])[TZ]([0-9]|\b)`)

// coversWords says whether a text has all words of another one.
func coversWords(text, of string) bool {
	have := map[string]bool{"utc": true}
	for word := range importer.Words(machineTime.ReplaceAllString(text, "$1 $2")) {
		have[word] = true
	}
	for word := range importer.Words(machineTime.ReplaceAllString(of, "$1 $2")) {
		if !have[word] {
			return false
		}
	}
	return true
}

// shownTime is how a document shows a time.
func (f *importFitter) shownTime(t time.Time) string {
	shown := t.UTC().Format("2006-01-02 15:04:05.999")
	f.shownTimes = append(f.shownTimes, shown)
	return shown
}

// name fits a plain text of at most limit characters.
func (f *importFitter) name(line int, what, text string, limit int) string {
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	f.keep(line, what, text)
	return string([]rune(text)[:limit-1]) + "…"
}

// text fits Markdown of at most limit bytes.
func (f *importFitter) text(line int, what, text string, limit int) string {
	head, tail := cutText(text, limit)
	f.keep(line, what+", continued", tail)
	return head
}

// field fits Markdown that is a field of the document.
func (f *importFitter) field(name, what, text string) string {
	return f.text(f.document.Lines[name], what, text, maxSection)
}

// cutText cuts a text at a limit of bytes, at the end of a line where there is one.
func cutText(text string, limit int) (head, tail string) {
	if len(text) <= limit {
		return text, ""
	}
	end := strings.LastIndexByte(text[:limit], '\n') + 1
	if end == 0 {
		end = len(plaintext.Cut(text, limit))
	}
	return text[:end], text[end:]
}

// incidents are those of the document, and one where it tells of none. Of a document that is said to be about an incident
// that is there, what it tells of incidents is kept as a text.
func (f *importFitter) incidents() []repository.Incident {
	told := f.document.Incidents
	var made []repository.Incident
	for i, incident := range told {
		if f.attached || i >= maxCovered {
			f.keep(f.incidentLine(incident), "What the document tells of the incident", toldOf(incident))
			continue
		}
		made = append(made, f.incident(incident))
	}
	if len(told) == 0 && !f.attached {
		made = append(made, f.incident(importer.Incident{}))
	}
	if len(made) > 1 {
		f.warn(told[0].Line, "the document covers %d incidents: each is made, and gets the entries of the timeline that name it", len(made))
	}
	return made
}

// incidentLine is the first line that tells of an incident.
func (f *importFitter) incidentLine(incident importer.Incident) int {
	line := incident.Line
	lines := each(incident.Milestones, func(m importer.Milestone) int { return m.Line })
	for _, told := range append(lines, f.document.Lines["severity"], f.document.Lines["services"]) {
		if told > 0 && (line == 0 || told < line) && incident.Line == 0 {
			line = told
		}
	}
	return line
}

// toldOf is all that a document tells of an incident, as a text.
func toldOf(incident importer.Incident) string {
	said := []string{incident.Title, cmp.Or(incident.SeveritySaid, incident.Severity), incident.State, strings.Join(incident.Services, ", ")}
	for _, milestone := range incident.Milestones {
		said = append(said, milestone.Name+" "+cmp.Or(milestone.Said, milestone.Time.Format(time.RFC3339)))
	}
	return strings.Join(slices.DeleteFunc(said, func(part string) bool { return part == "" }), ", ")
}

func (f *importFitter) incident(from importer.Incident) repository.Incident {
	made := repository.Incident{
		Title: f.name(cmp.Or(from.Line, f.document.Lines["title"]), "Title of the incident", cmp.Or(from.Title, f.document.Title, "Imported incident"), maxTitle),
		Kind:  "INCIDENT", Severity: from.Severity, Milestones: f.milestones(from),
	}
	severityLine := cmp.Or(from.Line, f.document.Lines["severity"])
	if from.Severity == "" {
		f.keep(severityLine, "Severity", from.SeveritySaid)
	} else {
		f.said(severityLine, "Severity", from.SeveritySaid, from.Severity)
	}
	servicesLine := cmp.Or(from.Line, f.document.Lines["services"])
	for _, service := range from.Services {
		if name := f.name(servicesLine, "Service", service, maxServiceName); name != "" && len(made.Impact.Services) < maxListed && !slices.Contains(made.Impact.Services, name) {
			made.Impact.Services = append(made.Impact.Services, name)
		} else {
			f.keep(servicesLine, "Service", name)
		}
	}
	switch {
	case from.State == lifecycle.Merged: // into which is not told
		f.keep(from.Line, "State of "+made.Title, "Merged")
		made.State = lifecycle.Resolved
	case from.State != "":
		made.State = from.State
	case !made.Milestones.CloseTime.IsZero():
		made.State = lifecycle.Closed
	default:
		made.State = lifecycle.Resolved
	}
	return made
}

// milestones are those of an incident, each that would be out of order left out. An incident without any began with the first
// thing that is known of it.
func (f *importFitter) milestones(from importer.Incident) repository.Milestones {
	var times lifecycle.Milestones
	for _, milestone := range from.Milestones {
		at := -1
		for i := range times {
			if lifecycle.Milestone(i).String() == milestone.Name {
				at = i
			}
		}
		if at < 0 {
			continue
		}
		tried := times
		tried[at] = stored(milestone.Time)
		if !occurredIn(milestone.Time, f.now) || tried.Check() != nil {
			f.keep(milestone.Line, "Milestone "+milestone.Name+", which can't be when it is said", cmp.Or(milestone.Said, milestone.Time.Format(time.RFC3339)))
			continue
		}
		times = tried
		f.said(milestone.Line, "Milestone "+milestone.Name, milestone.Said, f.shownTime(milestone.Time))
	}
	if times == (lifecycle.Milestones{}) {
		first := f.first()
		times[lifecycle.Started], times[lifecycle.Detected] = first, first
		f.warn(f.incidentLine(from), "no milestone is told: the incident starts with %s", first.Format(time.RFC3339))
	}
	return storedMilestones(times)
}

// first is the earliest time that is known.
func (f *importFitter) first() time.Time {
	first := time.Time{}
	for _, entry := range f.document.Timeline {
		if occurredIn(entry.Time, f.now) && (first.IsZero() || entry.Time.Before(first)) {
			first = entry.Time
		}
	}
	if first.IsZero() && occurredIn(f.document.Date.Time, f.now) {
		first = f.document.Date.Time
	}
	if first.IsZero() {
		first = f.now
	}
	return stored(first)
}

// fittedEntry is an entry of the timeline, and which of the incidents it is about.
type fittedEntry struct {
	repository.TimelineEntry

	incident int
}

func (f *importFitter) entries(by string) []fittedEntry {
	var made []fittedEntry
	for _, entry := range f.document.Timeline {
		if !occurredIn(entry.Time, f.now) {
			f.keep(entry.Line, "Timeline at a time that can't be, "+cmp.Or(entry.Said, entry.Time.Format(time.RFC3339)), entry.Text)
			continue
		}
		author, role := f.name(entry.Line, "Author", entry.Author, maxPerson), f.name(entry.Line, "Role", entry.AuthorRole, maxPerson)
		text, shown := entry.Text, f.shownTime(entry.Time)
		if !entry.EndTime.IsZero() {
			text = strings.TrimSpace(text + "\n\nUntil " + entry.EndTime.UTC().Format("2006-01-02 15:04:05") + " UTC.")
		}
		f.said(entry.Line, "Timeline, "+shown+" UTC", entry.Said, shown, text)
		said := by
		if entry.Anonymous {
			author, said = "", ""
		}
		about := slices.IndexFunc(f.document.Incidents, func(i importer.Incident) bool { return i.Title == entry.Incident })
		if entry.Incident != "" && (f.attached || about < 0 || about >= maxCovered) {
			text = strings.TrimSpace(text + "\n\n*" + entry.Incident + "*")
			about = 0
		}
		made = append(made, fittedEntry{
			incident: max(about, 0),
			TimelineEntry: repository.TimelineEntry{
				Statement: repository.Statement{
					Kind: cmp.Or(entry.Kind, "NOTE"), OccurTime: stored(entry.Time), Precision: min(entry.Precision, maxPrecision),
					Text: f.text(entry.Line, "Timeline", text, maxEntryText), Evidence: f.evidence(entry.Line, entry.Evidence), Actor: said, ReviseTime: f.now,
				},
				Author: author, AuthorRole: role, Anonymous: entry.Anonymous, Source: "PERSON", AmendedBefore: entry.Amended,
			},
		})
	}
	return made
}
