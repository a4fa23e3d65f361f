// Package revision compares revisions of a document: section by section, line by line, and word by word within lines that
// changed. The same texts always give the same difference, in time and memory in proportion to the texts: the search is
// cut off where they have little in common, and what lies between is shown as replaced.
package revision

import (
	"slices"
	"strconv"
	"strings"
)

// Section is a section of a document. Key tells it from the others of the document, whatever its heading is; if it is
// empty, the heading does.
type Section struct {
	Key     string
	Heading string
	// Text is Markdown.
	Text string
}

// Status says what became of a section.
type Status string

// What may become of a section.
const (
	Unchanged Status = "UNCHANGED"
	Added     Status = "ADDED"
	Removed   Status = "REMOVED"
	Changed   Status = "CHANGED"
)

// SectionDiff is the difference of one section.
type SectionDiff struct {
	Key string
	// Heading is the one after; HeadingBefore is set where it was another one.
	Heading       string
	HeadingBefore string
	Status        Status
	// Hunks are the places where the text changed, in its order.
	Hunks []Hunk
}

// Hunk is a stretch of lines with changes in it, and up to [ContextLines] equal ones before and after.
type Hunk struct {
	// BeforeLine and AfterLine are the numbers of its first line in the texts before and after, counted from 1. Where a
	// text has no line in it, the number is that of the line before it.
	BeforeLine, AfterLine int
	Lines                 []Line
}

// ContextLines is how many equal lines a hunk shows around a change.
const ContextLines = 3

// Kind says what happened to a text.
type Kind string

// What may happen to a text.
const (
	Equal  Kind = "EQUAL"
	Delete Kind = "DELETE"
	Insert Kind = "INSERT"
)

// Line is a line of a hunk. Its runs put together are its text. In a line that took the place of another one, or was
// replaced by one, they are equal or of the line's kind; any other line is one run.
type Line struct {
	Kind Kind
	// Runs are empty in an empty line.
	Runs []Run
}

// Run is a stretch of a line.
type Run struct {
	Kind Kind
	Text string
}

// Text is the line without its line break.
func (l Line) Text() string {
	var b strings.Builder
	for _, run := range l.Runs {
		b.WriteString(run.Text)
	}
	return b.String()
}

// Diff compares the sections of two documents. The order is that of the document after; a section that is gone stands
// where it was. A section that only moved is unchanged. Of sections with the same key, the first is compared with the
// first, the second with the second. A line break at the end of a text does not count.
func Diff(before, after []Section) []SectionDiff {
	was, is := keys(before), keys(after)
	at := make(map[string]int, len(was))
	for i, key := range was {
		at[key] = i
	}
	stays := make(map[string]bool, len(is))
	for _, key := range is {
		stays[key] = true
	}
	diffs := make([]SectionDiff, 0, len(after))
	next := 0
	goneBefore := func(end int) {
		for ; next < end; next++ {
			if !stays[was[next]] {
				diffs = append(diffs, removed(before[next]))
			}
		}
	}
	for i, section := range after {
		found, ok := at[is[i]]
		if !ok {
			diffs = append(diffs, added(section))
			continue
		}
		goneBefore(found)
		diffs = append(diffs, compared(before[found], section))
	}
	goneBefore(len(before))
	return diffs
}

// keys tell sections apart, also those that share a key.
func keys(sections []Section) []string {
	seen := map[string]int{}
	names := make([]string, 0, len(sections))
	for _, section := range sections {
		key := section.Key
		if key == "" {
			key = "\x00" + section.Heading
		}
		seen[key]++
		names = append(names, key+"\x00"+strconv.Itoa(seen[key]))
	}
	return names
}

func added(section Section) SectionDiff {
	return SectionDiff{Key: section.Key, Heading: section.Heading, Status: Added, Hunks: hunks(nil, lines(section.Text))}
}

func removed(section Section) SectionDiff {
	return SectionDiff{Key: section.Key, Heading: section.Heading, Status: Removed, Hunks: hunks(lines(section.Text), nil)}
}

func compared(before, after Section) SectionDiff {
	diff := SectionDiff{Key: after.Key, Heading: after.Heading, Status: Unchanged}
	if before.Heading != after.Heading {
		diff.HeadingBefore, diff.Status = before.Heading, Changed
	}
	was, is := lines(before.Text), lines(after.Text)
	if !slices.Equal(was, is) {
		diff.Hunks, diff.Status = hunks(was, is), Changed
	}
	return diff
}

// lines are the lines of a text, none for an empty one.
func lines(text string) []string {
	text = strings.TrimRight(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}
