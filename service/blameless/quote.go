package blameless

import (
	"unicode"
	"unicode/utf8"
)

// longestQuote is how far apart the marks around quoted speech may be, in bytes.
const longestQuote = 2_000

// quote is a place between two quotation marks, which it includes.
type quote struct{ start, end int }

var closing = map[rune]string{'“': "”\"", '„': "“”", '«': "»", '‘': "’", '"': "\"”", '\'': "'"}

// quotes finds quoted speech, in one pass. An apostrophe is no mark: a mark opens after a space and before a word, and
// closes after a word and not before one.
func quotes(text []byte) []quote {
	var found []quote
	start, mark, before := -1, rune(0), ' '
	for at := 0; at < len(text); {
		r, width := utf8.DecodeRune(text[at:])
		after, _ := utf8.DecodeRune(text[at+width:])
		switch {
		case r == blockEnd || start >= 0 && at-start > longestQuote:
			start = -1
		case start < 0 && closing[r] != "" && opens(before) && !isSpace(after):
			start, mark = at, r
		case start >= 0 && !isSpace(before) && !isWord(after) && containsRune(closing[mark], r):
			found = append(found, quote{start, at + width})
			start = -1
		}
		before = r
		at += width
	}
	return found
}

func opens(before rune) bool { return !isWord(before) && before != '.' && before != ',' }

func isSpace(r rune) bool { return unicode.IsSpace(r) || r == blockEnd }

func isWord(r rune) bool { return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)) }

func containsRune(s string, r rune) bool {
	for _, candidate := range s {
		if candidate == r {
			return true
		}
	}
	return false
}
