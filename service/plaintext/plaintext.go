// Package plaintext makes texts from outside fit to be kept and shown: no control characters, one line, no longer than
// there is room.
package plaintext

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Mark ends what was shortened.
const Mark = "…"

// Printable replaces control characters, which stores, terminals and logs stumble over, and what is not UTF-8, by U+FFFD.
// Tabs and line breaks stay.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r' {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// Line is a text without line breaks, tabs and repeated spaces.
func Line(text string) string { return strings.Join(strings.Fields(text), " ") }

// Shorten cuts a text to a number of bytes, between characters, the mark included; a limit below the mark's three bytes
// leaves the mark.
func Shorten(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	end := max(0, limit-len(Mark))
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + Mark
}

// Clean is a text that is printable, on one line, and cut to a number of bytes.
func Clean(text string, limit int) string { return Shorten(Printable(Line(text)), limit) }
