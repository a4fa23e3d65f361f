package export

import (
	"cmp"
	"slices"
	"strings"
)

// Part is a section of a document that was rendered. Its text is Markdown.
type Part struct {
	Heading

	Text string
}

// The parts of a document that no [Heading] of its layout stands for.
var (
	incidentsPart = Heading{ID: "incidents", Title: "Incidents"}
	answersPart   = Heading{ID: "questions", Title: "Questions of the review"}
)

// Split takes what [Markdown] rendered apart again, at the headings of its sections. What stands before the first is the
// part without an id. Headings say which ids the sections have, the first of those with the same title first; a section
// that they do not tell of has its title as its id.
func Split(markdown string, headings []Heading) []Part {
	left := append(slices.Clone(headings), incidentsPart, answersPart)
	parts := []Part{{}}
	var text []string
	fence := ""
	end := func() { parts[len(parts)-1].Text = strings.Trim(strings.Join(text, "\n"), "\n") }
	for line := range strings.SplitSeq(markdown, "\n") {
		title, isHeading := strings.CutPrefix(line, "## ")
		if fence == "" && isHeading {
			end()
			text, parts = nil, append(parts, Part{Heading: identify(&left, title)})
			continue
		}
		text, fence = append(text, line), fenceAfter(fence, line)
	}
	end()
	return parts
}

// identify takes the heading under which a title was written out of those that are left.
func identify(left *[]Heading, title string) Heading {
	at := slices.IndexFunc(*left, func(h Heading) bool { return line(cmp.Or(h.Title, h.ID)) == title })
	if at < 0 {
		return Heading{ID: title, Title: title}
	}
	found := (*left)[at]
	*left = slices.Delete(*left, at, at+1)
	found.Title = cmp.Or(found.Title, found.ID)
	return found
}

// fenceAfter is the fence of the block of code that is open after a line, as the exporter writes them.
func fenceAfter(fence, line string) string {
	marks := line[:len(line)-len(strings.TrimLeft(line, "`"))]
	switch {
	case fence == "" && len(marks) >= 3:
		return marks
	case line == fence:
		return ""
	default:
		return fence
	}
}
