package picture

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/debriefhq/debrief/service/mentalmodel"
)

// Mermaid writes the comparison as a flowchart, for Markdown that is shown by what knows Mermaid. It shows what SVG shows.
func Mermaid(comparison mentalmodel.Comparison, options Options) string {
	s := show(comparison, options)
	var b strings.Builder
	fmt.Fprintf(&b, "flowchart LR\n  accTitle: %s\n  accDescr: %s\n", mermaidLine(s.title), mermaidLine(s.summary()))
	for i, box := range s.boxes {
		fmt.Fprintf(&b, "  n%d[\"%s\"]:::%s\n", i, mermaidText(box.lines()), box.status)
	}
	for i, lines := range s.asides() {
		fmt.Fprintf(&b, "  note%d[\"%s\"]:::note\n", i, mermaidText(lines))
	}
	for _, l := range s.lines {
		fmt.Fprintf(&b, "  n%d -->|\"%s\"| n%d\n", l.from, mermaidText([]string{l.label}), l.to)
	}
	for _, style := range statuses {
		dash := ""
		if style.dash != "" {
			dash = ",stroke-dasharray:" + style.dash
		}
		fmt.Fprintf(&b, "  classDef %s fill:%s,stroke:%s,stroke-width:%spx,color:#1b1f26%s\n", style.status, style.fill, style.stroke, number(style.width), dash)
	}
	b.WriteString("  classDef note fill:#ffffff,stroke:#c9ced6,color:#4a5260\n")
	s.linkStyles(&b)
	return b.String()
}

// linkStyles gives the links of each status their style, by their numbers in the chart.
func (s *shown) linkStyles(b *strings.Builder) {
	for _, style := range statuses {
		var numbers []string
		for i, l := range s.lines {
			if l.status == style.status {
				numbers = append(numbers, fmt.Sprint(i))
			}
		}
		if len(numbers) == 0 {
			continue
		}
		fmt.Fprintf(b, "  linkStyle %s stroke:%s,stroke-width:%spx,color:%s", strings.Join(numbers, ","), style.stroke, number(style.width), style.stroke)
		if style.dash != "" {
			fmt.Fprintf(b, ",stroke-dasharray:%s", style.dash)
		}
		b.WriteString("\n")
	}
}

// lines are what a box says.
func (b box) lines() []string {
	style := styleOf(b.status)
	lines := []string{b.name}
	if b.status != mentalmodel.Agreed {
		lines = append(lines, strings.TrimSpace(style.symbol+" "+style.word+" "+b.kind))
	} else if b.kind != "" {
		lines = append(lines, b.kind)
	}
	for _, remark := range b.remarks {
		lines = append(lines, styleOf(remark.status).symbol+" "+remark.text)
	}
	return lines
}

// asides are the legend, facts of the whole system, and what is not drawn.
func (s *shown) asides() [][]string {
	legend := make([]string, len(statuses))
	for i, style := range statuses {
		legend[i] = style.symbol + " " + style.word + ": " + style.meaning
	}
	asides := [][]string{legend}
	var system []string
	for _, n := range s.system {
		system = append(system, styleOf(n.status).symbol+" "+n.text)
	}
	for _, more := range [][]string{system, s.notes} {
		if len(more) > 0 {
			asides = append(asides, more)
		}
	}
	return asides
}

// mermaidText is text in a quoted label: whatever could mean something is written as the number of the character.
func mermaidText(lines []string) string {
	var b strings.Builder
	for i, line := range lines {
		if i > 0 {
			b.WriteString("<br/>")
		}
		for _, r := range line {
			if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" .,:!?()≠…", r) {
				b.WriteRune(r)
				continue
			}
			fmt.Fprintf(&b, "#%d;", r)
		}
	}
	return b.String()
}

// mermaidLine is text of a statement that has no quotes, and that character references mean nothing in.
func mermaidLine(text string) string {
	return oneLine(strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" .,!?-", r) {
			return r
		}
		return ' '
	}, text))
}
