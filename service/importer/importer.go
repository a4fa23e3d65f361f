package importer

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/debriefhq/debrief/service/export"
)

// MaxBytes bounds the text of a document.
const MaxBytes = 1 << 20

// ErrTooLarge is returned for a text of more than [MaxBytes].
var ErrTooLarge = errors.New("the document is too large")

// Options say what a text itself may not.
type Options struct {
	// Day is that of a text that tells none, at midnight UTC: of a file's name, for instance. The zero time is none.
	Day time.Time
}

// Result is what was read from a text.
type Result struct {
	Document Document `json:"document"`
	Report   Report   `json:"report"`
	Identity Identity `json:"identity"`
}

// Parse reads a post-mortem. Whatever the text, its result holds each of its words: in a field, in a free section, or as a
// heading or label in the report. The only error is [ErrTooLarge].
func Parse(text []byte, options Options) (Result, error) {
	if len(text) > MaxBytes {
		return Result{}, fmt.Errorf("%w: %d bytes of at most %d", ErrTooLarge, len(text), MaxBytes)
	}
	normal := normalize(string(text))
	matter, body, firstLine := splitFrontMatter(normal)
	r := &reader{source: &source{firstLine: firstLine}, day: options.Day, lines: strings.Split(normal, "\n"), texts: map[field][]string{}}
	if export.TooCostly([]byte(body)) {
		r.keepWhole(body, firstLine)
	} else {
		r.source = parseSource([]byte(body), firstLine)
		r.own = matter == "" && r.isOwn()
		r.document.Own = r.own
		r.frontMatter(matter)
		r.read()
	}
	r.settle()
	return Result{Document: r.document, Report: r.report(), Identity: r.identity(normal)}, nil
}

// reader reads one text.
type reader struct {
	*source
	document Document
	// own is true of a document that Debrief exported.
	own      bool
	day      time.Time
	calendar calendar
	warnings warnings
	parts    []*part
	// id is what the front matter calls the document.
	id string
	// lines are those of the whole file. texts are what goes to the fields of texts, in pieces.
	lines []string
	texts map[field][]string
}

// part is a part of a text on its way to the report.
type part struct {
	Part
	field field
	// level is that of its heading; position and end are where it is written.
	level         int
	position, end int
	blocks        []block
	// rest is what of it has no field; whole is true where that is all of it.
	rest  []string
	whole bool
	// labelled is true where the rest holds labels with values. marks are the numbers of the
	// items and the conjunctions that were read.
	labelled bool
	marks    []string
}

func (r *reader) keepWhole(body string, firstLine int) {
	p := &part{Part: Part{FirstLine: firstLine, LastLine: firstLine + strings.Count(body, "\n")}}
	p.rest = []string{trimBlankLines(body)}
	r.parts = append(r.parts, p)
	r.warnings.add(firstLine, "the text is built so that it would take long to read, and was kept as it is")
}

// read reads what tells of the document before what is told in it, as times there may need the day.
func (r *reader) read() {
	r.split()
	for _, p := range r.parts {
		if p.field == metadata && p.blocks != nil {
			r.metadata(p)
		}
	}
	r.settleDay()
	for _, p := range r.parts {
		r.part(p)
	}
	if r.calendar.assumed {
		r.warnings.add(r.firstLine, "no time zone is told: times without one were read as UTC")
	}
}

func (r *reader) part(p *part) {
	switch p.field {
	case metadata:
	case free:
		r.keep(p, p.blocks...)
	case group:
		r.keep(p, p.blocks...)
	case timeline:
		r.timeline(p)
	case actions:
		r.actions(p)
	case factors:
		r.factors(p)
	case beliefs:
		r.beliefs(p)
	case incidents:
		r.incidents(p)
	case participants:
		r.participants(p)
	default:
		r.text(p)
	}
}

// keep leaves blocks as they are written, as a free section.
func (r *reader) keep(p *part, blocks ...block) {
	for _, b := range blocks {
		if markdown := r.markdown(b.start, b.end); strings.TrimSpace(markdown) != "" {
			p.rest = append(p.rest, markdown)
		}
	}
}

// text is a part that goes to a field as it is written.
func (r *reader) text(p *part) {
	p.goTo(string(p.field))
	if len(p.blocks) > 0 {
		r.addText(p.field, r.markdown(p.blocks[0].start, p.blocks[len(p.blocks)-1].end), r.line(p.blocks[0].start))
	}
}

// addText puts Markdown in the field of a text, below what is there.
func (r *reader) addText(to field, markdown string, line int) {
	if strings.TrimSpace(markdown) != "" {
		r.document.foundAt(string(to), line)
		r.texts[to] = append(r.texts[to], markdown)
	}
}

func (r *reader) settleTexts() {
	for to, target := range map[field]*string{
		summary: &r.document.Summary, impact: &r.document.Impact, whatWentWell: &r.document.WhatWentWell,
		whereWeWereLucky: &r.document.WhereWeWereLucky, whatSurprisedUs: &r.document.WhatSurprisedUs, openQuestions: &r.document.OpenQuestions,
	} {
		*target = strings.Join(r.texts[to], "\n\n")
	}
}

// settle gives what has no field its place in the order of the text, and makes sure that no word is lost.
func (r *reader) settle() {
	r.settleTexts()
	r.settleSummary()
	r.recover()
	for _, p := range r.parts {
		heading := p.Heading
		if len(p.rest) == 0 && (p.field != free || heading == "") {
			continue
		}
		p.goTo(fmt.Sprintf("sections[%d]", len(r.document.Sections)))
		r.document.Sections = append(r.document.Sections, Section{Heading: heading, Markdown: strings.Join(p.rest, "\n\n"), Line: p.FirstLine})
	}
}

// settleSummary takes what stands between the title and the first heading for a summary, if there is no other.
func (r *reader) settleSummary() {
	for _, p := range r.parts {
		if p.field == metadata && p.level <= 1 && len(p.rest) > 0 && !p.labelled && r.document.Summary == "" && len(r.parts) > 1 {
			r.document.Summary = strings.Join(p.rest, "\n\n")
			r.document.foundAt(string(summary), p.FirstLine)
			p.goTo(string(summary))
			p.rest = nil
			return
		}
	}
}

// called is how a warning names a part.
func (p *part) called() string {
	if p.Heading == "" {
		return fmt.Sprintf("lines %d to %d", p.FirstLine, p.LastLine)
	}
	return quoted(p.Heading)
}

// wholeOf is all that is written in a part, with its heading only where that is more than its plain text.
func (r *reader) wholeOf(p *part) string {
	below := p.LastLine + 1
	if p.Heading != "" && len(p.blocks) > 0 {
		below = max(p.FirstLine, r.line(p.blocks[0].start))
	}
	heading := strings.Join(r.lines[p.FirstLine-1:min(below, len(r.lines)+1)-1], "\n")
	if p.Heading != "" && slices.Equal(slices.Collect(words(heading)), slices.Collect(words(p.Heading))) {
		heading = ""
	}
	rest := ""
	if below <= p.LastLine {
		rest = strings.Join(r.lines[below-1:min(p.LastLine, len(r.lines))], "\n")
	}
	return trimBlankLines(heading + "\n" + rest)
}

func (r *reader) report() Report {
	report := Report{Warnings: r.warnings.all()}
	for _, p := range r.parts {
		shown := p.Part
		shown.Names = once(shown.Names)
		report.Parts = append(report.Parts, shown)
	}
	return report
}
