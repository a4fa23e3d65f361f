package revision

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/debriefhq/debrief/service/plaintext"
)

// Unified renders differences in the unified format of diff, one file a section, as tools for patches read it. Unchanged
// sections are left out. It is empty where nothing changed.
func Unified(diffs []SectionDiff) string {
	var b strings.Builder
	for _, diff := range diffs {
		if diff.Status == Unchanged {
			continue
		}
		before, after := cmp.Or(diff.HeadingBefore, diff.Heading), diff.Heading
		if diff.Status == Added {
			before = "/dev/null"
		}
		if diff.Status == Removed {
			after = "/dev/null"
		}
		fmt.Fprintf(&b, "--- %s\n+++ %s\n", plaintext.Line(before), plaintext.Line(after))
		for _, hunk := range diff.Hunks {
			hunk.unified(&b)
		}
	}
	return b.String()
}

func (h Hunk) unified(b *strings.Builder) {
	deleted, inserted, equal := 0, 0, 0
	for _, line := range h.Lines {
		switch line.Kind {
		case Delete:
			deleted++
		case Insert:
			inserted++
		case Equal:
			equal++
		}
	}
	fmt.Fprintf(b, "@@ -%s +%s @@\n", span(h.BeforeLine, deleted+equal), span(h.AfterLine, inserted+equal))
	for _, line := range h.Lines {
		fmt.Fprintf(b, "%s%s\n", map[Kind]string{Equal: " ", Delete: "-", Insert: "+"}[line.Kind], line.Text())
	}
}

// span is a line number with how many lines there are, which is left out where it is one.
func span(first, count int) string {
	if count == 1 {
		return fmt.Sprint(first)
	}
	return fmt.Sprintf("%d,%d", first, count)
}
