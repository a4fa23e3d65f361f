package revision

import (
	"fmt"
	"strings"
)

// Unified renders differences in the unified format of diff, one file a section, as tools for patches read it. Unchanged
// sections are left out. It is empty where nothing changed.
func Unified(diffs []SectionDiff) string {
	var b strings.Builder
	for _, diff := range diffs {
		if diff.Status == Unchanged {
			continue
		}
		before, after := diff.Heading, diff.Heading
		if diff.HeadingBefore != "" {
			before = diff.HeadingBefore
		}
		if diff.Status == Added {
			before = "/dev/null"
		}
		if diff.Status == Removed {
			after = "/dev/null"
		}
		fmt.Fprintf(&b, "--- %s\n+++ %s\n", oneLine(before), oneLine(after))
		for _, hunk := range diff.Hunks {
			hunk.unified(&b)
		}
	}
	return b.String()
}

func oneLine(heading string) string { return strings.Join(strings.Fields(heading), " ") }

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

// Markdown renders differences for readers: a heading for each section that changed, and its hunks as blocks of code in the
// language "diff", which many viewers show in colours. It says so where nothing changed.
func Markdown(diffs []SectionDiff) string {
	var b strings.Builder
	for _, diff := range diffs {
		if diff.Status == Unchanged {
			continue
		}
		fmt.Fprintf(&b, "## %s\n\n%s\n\n", inline(diff.Heading), diff.sentence())
		for _, hunk := range diff.Hunks {
			var text strings.Builder
			hunk.unified(&text)
			fence := strings.Repeat("`", max(3, longestRun(text.String(), '`')+1))
			fmt.Fprintf(&b, "%sdiff\n%s%s\n\n", fence, text.String(), fence)
		}
	}
	if b.Len() == 0 {
		return "Nothing changed.\n"
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func (d SectionDiff) sentence() string {
	deleted, inserted := 0, 0
	for _, hunk := range d.Hunks {
		for _, line := range hunk.Lines {
			switch line.Kind {
			case Delete:
				deleted++
			case Insert:
				inserted++
			case Equal:
			}
		}
	}
	verb := map[Status]string{Added: "Added", Removed: "Removed", Changed: "Changed", Unchanged: "Unchanged"}[d.Status]
	sentence := fmt.Sprintf("*%s: %s out, %s in.*", verb, counted(deleted), counted(inserted))
	if d.HeadingBefore != "" {
		sentence += fmt.Sprintf(" It was called “%s”.", inline(d.HeadingBefore))
	}
	return sentence
}

func counted(lines int) string {
	if lines == 1 {
		return "1 line"
	}
	return fmt.Sprintf("%d lines", lines)
}

// inline escapes what could mean something in a heading.
func inline(text string) string {
	var b strings.Builder
	for _, r := range oneLine(text) {
		if strings.ContainsRune("\\`*_[]<>|~#&!", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func longestRun(text string, c byte) int {
	longest, run := 0, 0
	for i := range len(text) {
		if text[i] != c {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}
