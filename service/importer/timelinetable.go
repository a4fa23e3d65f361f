package importer

import (
	"strings"

	extensionast "github.com/yuin/goldmark/extension/ast"
)

// column is what a column of a table says.
type column string

const (
	unknownColumn  column = ""
	timeColumn     column = "time"
	dayColumn      column = "day"
	endColumn      column = "end_time"
	textColumn     column = "text"
	authorColumn   column = "author"
	kindColumn     column = "kind"
	evidenceColumn column = "evidence"
)

var timelineColumns = map[string]column{
	"time": timeColumn, "when": timeColumn, "timestamp": timeColumn, "at": timeColumn, "start": timeColumn, "start time": timeColumn,
	"utc": timeColumn, "time utc": timeColumn, "date time": timeColumn, "datetime": timeColumn, "date and time": timeColumn, "hour": timeColumn, "t": timeColumn,
	"date": dayColumn, "day": dayColumn,
	"end": endColumn, "end time": endColumn, "until": endColumn,
	"event": textColumn, "events": textColumn, "description": textColumn, "what": textColumn, "what happened": textColumn, "action": textColumn,
	"entry": textColumn, "details": textColumn, "activity": textColumn, "note": textColumn, "notes": textColumn, "text": textColumn, "event description": textColumn,
	"who": authorColumn, "author": authorColumn, "actor": authorColumn, "person": authorColumn, "by": authorColumn, "role": authorColumn,
	"kind": kindColumn, "type": kindColumn, "category": kindColumn, "phase": kindColumn,
	"link": evidenceColumn, "links": evidenceColumn, "evidence": evidenceColumn, "source": evidenceColumn, "reference": evidenceColumn,
}

// timelineTable reads a table with a column of times.
func (r *reader) timelineTable(p *part, b block, node *extensionast.Table) {
	t := r.table(node)
	columns, hasTime := r.timelineHeadings(t.heading)
	if !hasTime {
		r.keep(p, b)
		return
	}
	for i, cell := range t.heading {
		p.name(cell.plain)
		if columns[i] == unknownColumn {
			r.warnings.add(r.line(b.start), "the column %s is not known: its cells were added to the text of the entries", quoted(cell.plain))
		}
	}
	for i, row := range t.rows {
		if !r.timelineRow(t.heading, columns, row, r.line(t.at[i])) {
			r.warnings.add(r.line(t.at[i]), "no time could be read in %s: kept outside the timeline", quoted(strings.Join(plains(row), " ")))
			p.rest = append(p.rest, strings.Join(texts(row), " · "))
		}
	}
}

// timelineHeadings finds what the columns say. A day by itself is a time where there is no column of times, and a second
// column of text is added to the first.
func (r *reader) timelineHeadings(heading []cell) (columns []column, hasTime bool) {
	columns = make([]column, len(heading))
	seen := map[column]bool{}
	for i, cell := range heading {
		columns[i] = timelineColumns[key(cell.plain)]
		if seen[columns[i]] {
			columns[i] = unknownColumn
		}
		seen[columns[i]] = true
		if columns[i] == timeColumn {
			if z, ok := statedZone(cell.plain); ok {
				r.calendar.zone = &z
			}
		}
	}
	return columns, seen[timeColumn] || seen[dayColumn]
}

func (r *reader) timelineRow(heading []cell, columns []column, row []cell, line int) bool {
	var when, until, text string
	entry := Entry{}
	for i, cell := range row {
		switch {
		case cell.text == "":
		case columns[i] == timeColumn, columns[i] == dayColumn:
			when = strings.TrimSpace(when + " " + cell.plain)
		case columns[i] == endColumn:
			until = cell.plain
		case columns[i] == textColumn:
			text = strings.TrimSpace(cell.text + "\n\n" + text)
		case columns[i] == authorColumn:
			person := r.person(cell.text)
			entry.Author, entry.AuthorRole = person.Name, person.Role
		case columns[i] == kindColumn && enum(cell.plain, entryKinds) != "":
			entry.Kind = enum(cell.plain, entryKinds)
		case columns[i] == evidenceColumn && len(readInline(cell.text).links) > 0:
			entry.Evidence = append(entry.Evidence, readInline(cell.text).links...)
		default:
			text = strings.TrimSpace(text + "\n\n**" + heading[i].plain + ":** " + cell.text)
		}
	}
	if until != "" {
		when += " – " + until
	}
	s, rest, ok := scanStamp(when)
	if !ok {
		return false
	}
	timed, ok := r.entryAt(s, when, line)
	if !ok {
		return false
	}
	if rest != "" {
		r.warnings.add(line, "only the beginning of %s was read as a time", quoted(when))
	}
	entry.Moment, entry.EndTime, entry.Text = timed.Moment, timed.EndTime, text
	entry.guess()
	r.milestoneIn(entry)
	r.document.Timeline = append(r.document.Timeline, entry)
	return true
}

func plains(row []cell) []string {
	texts := make([]string, 0, len(row))
	for _, cell := range row {
		texts = append(texts, cell.plain)
	}
	return texts
}

func texts(row []cell) []string {
	texts := make([]string, 0, len(row))
	for _, cell := range row {
		if cell.text != "" {
			texts = append(texts, cell.text)
		}
	}
	return texts
}
