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

// Lines is a text that is printable, with line breaks of one kind.
func Lines(text string) string { return Printable(breaks.Replace(strings.ToValidUTF8(text, "\uFFFD"))) }

var breaks = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// Line is a text without line breaks, tabs and repeated spaces.
func Line(text string) string { return strings.Join(strings.Fields(text), " ") }

// The two formatting characters that scripts and emoji need.
const (
	zeroWidthNonJoiner = '\u200c'
	zeroWidthJoiner    = '\u200d'
)

// Visible is a line without control and formatting characters, which could turn it round.
func Visible(text string) string {
	return Line(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) && r != zeroWidthJoiner && r != zeroWidthNonJoiner ||
			unicode.IsControl(r) && !unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text))
}

// Cut cuts a text to a number of bytes, between characters.
func Cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}

// Shorten cuts a text to a number of bytes, between characters, the mark included; a limit below the mark's three bytes
// leaves the mark.
func Shorten(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return Cut(text, max(0, limit-len(Mark))) + Mark
}

// Clean is a text that is printable, on one line, and cut to a number of bytes.
func Clean(text string, limit int) string { return Shorten(Printable(Line(text)), limit) }
