package main

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/mattn/go-runewidth"
)

// escapeSequences are the control sequences of terminals, after ECMA-48, in their 7-bit and 8-bit forms.
var escapeSequences = regexp.MustCompile(`(?:\x1b\[|\x{9b})[0-?]*[ -/]*[@-~]|(?:\x1b[\]PX^_]|[\x{90}\x{98}\x{9d}-\x{9f}])[^\x07\x1b\x{9c}]*(?:\x07|\x1b\\|\x{9c})?|\x1b[ -/]*[0-~]`)

// lines makes text from elsewhere safe to show in a terminal, line breaks and tabs kept: without escape sequences, control
// characters, and characters that change the direction of writing.
func lines(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = escapeSequences.ReplaceAllString(strings.ToValidUTF8(text, "\uFFFD"), "")
	return strings.Map(func(r rune) rune {
		if hidden(r) {
			return -1
		}
		return r
	}, text)
}

// line is the same for text that must stay in one line.
func line(text string) string {
	return strings.Join(strings.Fields(lines(text)), " ")
}

// hidden says whether a character would make a terminal do something, or show something other than what is there.
func hidden(r rune) bool {
	switch r {
	case '\n', '\t':
		return false
	case '\u2028', '\u2029':
		return true
	}
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
}

// display measures text as terminals show it, whatever the locale.
var display = &runewidth.Condition{StrictEmojiNeutral: true}

// shorten cuts a text to a number of columns.
func shorten(text string, columns int) string {
	return display.Truncate(text, columns, "…")
}

// indent moves each line that is not empty to the right.
func indent(text string) string {
	indented := strings.Split(text, "\n")
	for i, current := range indented {
		if current != "" {
			indented[i] = "  " + current
		}
	}
	return strings.Join(indented, "\n")
}
