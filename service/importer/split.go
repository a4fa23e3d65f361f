package importer

import (
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// ownHeadings are those of the sections of a document that Debrief exports, in their order.
var ownHeadings = []string{
	"Summary", "Impact", "Incidents", "Timeline", "What we believed and what was true", "Contributing factors",
	"What went well", "Where we were lucky", "What surprised us", "Action items", "Open questions",
}

// isOwn is true of a document that Debrief exported: its sections are those, in their order, with the three that are always
// there, and free ones among them. In such a document all deeper headings belong to what people wrote in it.
func (r *reader) isOwn() bool {
	last, always := -1, 0
	for i, b := range r.blocks {
		h, ok := b.node.(*ast.Heading)
		switch {
		case ok && (i == 0) != (h.Level == 1), i == 0 && !ok:
			return false
		case !ok || h.Level != 2:
			continue
		}
		name := plainText(h, r.body)
		at := slices.Index(ownHeadings, name)
		if at < 0 {
			continue
		}
		if at <= last {
			return false
		}
		last = at
		if name == "Timeline" || name == "Contributing factors" || name == "Action items" {
			always++
		}
	}
	return always == 3
}

// split divides a text at the headings that lead somewhere.
func (r *reader) split() {
	current := r.begin(&part{field: metadata}, block{})
	titled := false
	for _, b := range r.blocks {
		name, level := r.heading(b)
		switch {
		case level == 0:
			r.extend(current, b)
		case level == 1 && !titled && (r.own || headings[key(name)] == free):
			titled = true
			current = r.begin(&part{field: metadata, level: 1}, b)
			current.name(name)
			r.setTitle(current, name)
		default:
			to, starts := r.leads(current, name, level)
			if !starts {
				r.extend(current, b)
				continue
			}
			current = r.begin(&part{field: to, level: level}, b)
			current.Heading = name
		}
	}
	r.parts = slices.DeleteFunc(r.parts, func(p *part) bool {
		return p.Heading == "" && p.Names == nil && p.blocks == nil && p.To == nil && p.rest == nil
	})
}

// begin begins a part at a heading.
func (r *reader) begin(p *part, heading block) *part {
	p.position, p.end = heading.start, heading.end
	p.FirstLine = r.line(heading.start)
	p.LastLine = r.lastLine(heading)
	r.parts = append(r.parts, p)
	return p
}

func (r *reader) extend(p *part, b block) {
	p.blocks, p.end, p.LastLine = append(p.blocks, b), b.end, r.lastLine(b)
}

// lastLine is the last line of a block that is not blank.
func (r *reader) lastLine(b block) int {
	return r.line(b.start + len(strings.TrimRight(string(r.body[b.start:b.end]), " \t\n")))
}

// heading is the text and the level of a heading. A line of its own that is all strong counts as one of the lowest level
// if it leads somewhere.
func (r *reader) heading(b block) (name string, level int) {
	switch n := b.node.(type) {
	case *ast.Heading:
		return plainText(n, r.body), n.Level
	case *ast.Paragraph:
		strong, ok := n.FirstChild().(*ast.Emphasis)
		if !ok || r.own || strong.Level != 2 || strong.NextSibling() != nil {
			return "", 0
		}
		name = plainText(strong, r.body)
		if to := headings[key(name)]; to != free && to != metadata {
			return name, 6
		}
	}
	return "", 0
}

// leads says whether a heading begins another part, and where that leads.
func (r *reader) leads(current *part, name string, level int) (field, bool) {
	to := headings[key(name)]
	deeper := level > current.level
	switch {
	case r.own && level == 2 && !slices.Contains(ownHeadings, name):
		return free, true
	case r.own:
		return to, level == 2
	case deeper && current.field.keepsHeadings():
		return free, false
	case to == free && deeper && current.field != metadata && current.field != group:
		return free, false
	case to == incidents || to == metadata && deeper && current.field != metadata:
		return free, true
	default:
		return to, true
	}
}

// setTitle keeps the title of the text, unless the front matter gave one.
func (r *reader) setTitle(p *part, name string) {
	if r.document.Title == "" {
		r.document.Title = name
		r.document.foundAt(string(title), p.FirstLine)
		p.goTo(string(title))
	}
}
