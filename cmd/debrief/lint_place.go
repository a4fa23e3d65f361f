package main

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// place is where a byte of a text stands.
type place struct {
	// line counts from 1, column from 1 in characters.
	line, column int
	// offset is how many characters of the text are before it.
	offset int
}

// placesOf finds the places of bytes, in whatever order they are, in one pass. A byte within a character counts as the next
// character.
func placesOf(text string, wanted []int) map[int]place {
	wanted = slices.Clone(wanted)
	slices.Sort(wanted)
	places := make(map[int]place, len(wanted))
	current, at := place{line: 1, column: 1}, 0
	for _, want := range wanted {
		for at < want && at < len(text) {
			r, width := utf8.DecodeRuneInString(text[at:])
			at += width
			current.offset++
			current.column++
			if r == '\n' {
				current.line++
				current.column = 1
			}
		}
		places[want] = current
	}
	return places
}

// shownLine is a line of a text, or what fits of it, of which a part is to be marked.
type shownLine struct {
	number                int
	before, marked, after string
}

const (
	// shownAround is how many characters are shown at either side of a finding.
	shownAround = 80
	// shownMarked is how many characters of a finding are shown.
	shownMarked = 200
	// shownLines is how many of its lines are.
	shownLines = 3
)

// showLines are the lines in which a part of a text stands. Their numbers count from 0, the first one of them.
func showLines(text string, start, end int) []shownLine {
	end = max(start, min(end, len(text)))
	var shown []shownLine
	before := tail(text[:start])
	for rest := text[start:end]; len(shown) < shownLines; {
		marked, further, more := strings.Cut(rest, "\n")
		current := shownLine{number: len(shown), before: before, marked: trimReturn(head(marked, shownMarked))}
		if !more {
			current.after = trimReturn(head(untilBreak(text[end:]), shownAround))
			return append(shown, current)
		}
		shown = append(shown, current)
		rest = strings.TrimLeft(further, " \t")
		before = further[:len(further)-len(rest)]
	}
	return shown
}

// head is the beginning of a text.
func head(text string, characters int) string {
	count := 0
	for at := range text {
		if count++; count > characters {
			return text[:at] + "…"
		}
	}
	return text
}

// tail is the end of a text: of its last line as much as is shown.
func tail(text string) string {
	at := len(text)
	for count := 0; at > 0 && text[at-1] != '\n'; count++ {
		if count == shownAround {
			return "…" + text[at:]
		}
		_, width := utf8.DecodeLastRuneInString(text[:at])
		at -= width
	}
	return text[at:]
}

// untilBreak is the rest of a line, as far as it could be shown.
func untilBreak(text string) string {
	text = text[:min(len(text), (shownAround+1)*utf8.UTFMax)]
	before, _, _ := strings.Cut(text, "\n")
	return before
}

func trimReturn(text string) string { return strings.TrimSuffix(text, "\r") }

// tabWidth is how far apart the stops of tabs are, in columns.
const tabWidth = 4

// layOut makes a line fit to be shown in a terminal, where a tab is as many spaces as it takes to the next stop.
func layOut(shown shownLine) (before, marked, after string) {
	before = expand(lines(shown.before), 0)
	start := display.StringWidth(before)
	marked = expand(lines(shown.marked), start)
	after = expand(lines(shown.after), start+display.StringWidth(marked))
	return before, marked, after
}

// expand replaces tabs by spaces up to the next stop. The text begins in a column, from 0.
func expand(text string, column int) string {
	if !strings.Contains(text, "\t") {
		return text
	}
	var expanded strings.Builder
	for i, part := range strings.Split(text, "\t") {
		if i > 0 {
			spaces := tabWidth - column%tabWidth
			expanded.WriteString(strings.Repeat(" ", spaces))
			column += spaces
		}
		expanded.WriteString(part)
		column += display.StringWidth(part)
	}
	return expanded.String()
}
