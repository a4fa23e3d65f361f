package picture

import (
	"fmt"
	"strings"

	"github.com/debriefhq/debrief/service/mentalmodel"
)

// DOT writes the comparison in the language of Graphviz. It shows what SVG shows.
func DOT(comparison mentalmodel.Comparison, options Options) string {
	s := show(comparison, options)
	var b strings.Builder
	fmt.Fprintf(&b, "digraph {\n  rankdir=LR;\n  label=%s;\n  labelloc=t;\n  fontname=\"Helvetica\";\n", dotText([]string{s.title, s.summary()}, "n"))
	b.WriteString("  node [shape=box, fontname=\"Helvetica\", fontcolor=\"#1b1f26\"];\n  edge [fontname=\"Helvetica\", fontsize=11];\n")
	for i, box := range s.boxes {
		style := styleOf(box.status)
		fmt.Fprintf(&b, "  n%d [label=%s, style=\"filled,%s\", color=%q, fillcolor=%q, penwidth=%s];\n",
			i, dotText(box.lines(), "l"), style.dot, style.stroke, style.fill, number(style.width))
	}
	for i, lines := range s.asides() {
		fmt.Fprintf(&b, "  note%d [label=%s, shape=plaintext, fontcolor=\"#4a5260\"];\n", i, dotText(lines, "l"))
	}
	for _, l := range s.lines {
		style := styleOf(l.status)
		fmt.Fprintf(&b, "  n%d -> n%d [label=%s, style=%s, color=%q, fontcolor=%q, penwidth=%s];\n",
			l.from, l.to, dotText([]string{l.label}, "n"), style.dot, style.stroke, style.stroke, number(style.width))
	}
	b.WriteString("}\n")
	return b.String()
}

// dotText is a quoted string; a backslash in it means itself, and lines are ended by \n (centred) or \l (to the left).
// Character references would be read in labels: the ampersand is written as one.
func dotText(lines []string, ending string) string {
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "&", "&amp;")
	var b strings.Builder
	b.WriteString(`"`)
	for i, line := range lines {
		if i > 0 {
			b.WriteString(`\` + ending)
		}
		b.WriteString(escape.Replace(line))
	}
	if ending == "l" {
		b.WriteString(`\l`)
	}
	return b.String() + `"`
}
