// Package forgetting puts a pseudonym in the place of a person's name.
package forgetting

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Name is what is to be forgotten, and what takes its place.
type Name struct {
	name, replacement string
	// exact finds the name as it is, folded in small and capital letters.
	exact, folded *regexp.Regexp
}

// New makes one of a name that is not empty.
func New(name, replacement string) Name {
	var pattern strings.Builder
	for _, r := range name {
		// In Markdown a backslash may stand before a character, so that it means nothing.
		pattern.WriteString(`\\?` + regexp.QuoteMeta(string(r)))
	}
	return Name{
		name: name, replacement: replacement,
		exact: regexp.MustCompile(pattern.String()), folded: regexp.MustCompile("(?i)" + pattern.String()),
	}
}

// Replacement is what takes its place.
func (n Name) Replacement() string { return n.replacement }

// Whole replaces a text that is the name and nothing else, and says whether it is.
func (n Name) Whole(text string) (string, bool) {
	if text != n.name {
		return text, false
	}
	return n.replacement, true
}

// Words replaces the name where it stands in a text as words of their own, and says how often it does: as it is, or folded, in small
// and capital letters.
func (n Name) Words(text string, folded bool) (string, int) {
	pattern := n.exact
	if folded {
		pattern = n.folded
	}
	var (
		replaced strings.Builder
		end      int
		count    int
	)
	for _, found := range pattern.FindAllStringIndex(text, -1) {
		if !isBorder(text[:found[0]], text[found[1]:]) {
			continue
		}
		replaced.WriteString(text[end:found[0]] + n.replacement)
		end = found[1]
		count++
	}
	if count == 0 {
		return text, 0
	}
	replaced.WriteString(text[end:])
	return replaced.String(), count
}

// isBorder says that no word goes on from before to after.
func isBorder(before, after string) bool {
	last, _ := utf8.DecodeLastRuneInString(before)
	first, _ := utf8.DecodeRuneInString(after)
	return (before == "" || !isLetter(last)) && (after == "" || !isLetter(first))
}

func isLetter(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || r == '_'
}
