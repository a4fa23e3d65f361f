package importer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/debriefhq/debrief/service/plaintext"
)

// Report says where each part of a text went.
type Report struct {
	// Parts are in the order of the text and leave out no line that holds a word.
	Parts    []Part    `json:"parts,omitempty"`
	Warnings []Warning `json:"warnings,omitempty"`
}

// Part is a stretch of lines that went to one place, or to a few.
type Part struct {
	// FirstLine and LastLine are counted from 1.
	FirstLine int `json:"first_line"`
	LastLine  int `json:"last_line"`
	// Heading is the heading or the label above or before the text, in plain text.
	Heading string `json:"heading,omitempty"`
	// To names the fields of [Document] that it went to, such as "summary", "timeline" or "sections[2]".
	To []string `json:"to"`
	// Names are the words that told what was meant and are in no field: labels, headings of columns, boilerplate.
	Names []string `json:"names,omitempty"`
}

// Warning is something that the importer could not read, or read in one of several ways.
type Warning struct {
	// Line is counted from 1.
	Line    int    `json:"line"`
	Message string `json:"message"`
}

// MaxWarnings bounds a report: the last one says how many more there were.
const MaxWarnings = 200

// goTo notes where something went, once.
func (p *Part) goTo(field string) {
	if !slices.Contains(p.To, field) {
		p.To = append(p.To, field)
	}
}

// name notes words that told what was meant.
func (p *Part) name(said string) {
	if said = plaintext.Line(said); said != "" {
		p.Names = append(p.Names, said)
	}
}

// once leaves out names that were said before.
func once(names []string) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(names, func(name string) bool {
		before := seen[name]
		seen[name] = true
		return before || name == ""
	})
}

// warnings gathers warnings, at most [MaxWarnings].
type warnings struct {
	list    []Warning
	further int
}

func (w *warnings) add(line int, format string, arguments ...any) {
	if len(w.list) >= MaxWarnings-1 {
		w.further++
		return
	}
	w.list = append(w.list, Warning{Line: line, Message: fmt.Sprintf(format, arguments...)})
}

// all is what was gathered, in the order of the lines.
func (w *warnings) all() []Warning {
	slices.SortStableFunc(w.list, func(a, b Warning) int { return a.Line - b.Line })
	if w.further > 0 {
		w.list = append(w.list, Warning{Line: w.list[len(w.list)-1].Line, Message: fmt.Sprintf("%d further warnings", w.further)})
	}
	return w.list
}

// quoted shows the beginning of what could not be read.
func quoted(text string) string {
	const limit = 80
	text = plaintext.Line(text)
	if characters := []rune(text); len(characters) > limit {
		text = string(characters[:limit-1]) + "…"
	}
	return "“" + strings.TrimSpace(text) + "”"
}
