package strength

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kljensen/snowball/english"
)

// gap is what stands between a word and the one before it.
type gap int

const (
	space gap = iota
	hyphen
	comma
	opening
	closing
	colon
	stop
)

// word is a word of a text: a run of letters and digits, or a piece of code or an address, which is not read.
type word struct {
	start, end int
	// form is "=" and the word in lower case, as it is written: how a pattern names this form only.
	form string
	// stem is the same for all forms of a word; empty for what is not read.
	stem string
	// before is the strongest of what stands between it and the word before it.
	before gap
	// joined says that a hyphen ties it to a neighbour: the "on" of "on-call" is no preposition.
	joined bool
	// asked says that a question mark follows.
	asked bool
}

// text is the word in lower case; empty for what is not read.
func (w *word) text() string { return strings.TrimPrefix(w.form, "=") }

// longest is the longest run of letters that is taken for a word, in bytes.
const longest = 64

// stemOf is what the forms of a word have in common, by the Porter2 algorithm.
func stemOf(text string) string {
	if len(text) > longest {
		return text
	}
	return english.Stem(strings.TrimSuffix(text, "'s"), true)
}

// split finds the words of a text. Code spans and addresses count as one word that is not read.
func split(text string) []word {
	var words []word
	before, at := stop, 0
	for at < len(text) {
		if opaque := opaqueLength(text, at); opaque > 0 {
			words = append(words, word{start: at, end: at + opaque, before: before})
			at, before = at+opaque, space
			continue
		}
		length := wordLength(text[at:])
		if length == 0 {
			r, size := utf8.DecodeRuneInString(text[at:])
			before = max(before, gapOf(text, at, r))
			if r == '?' && len(words) > 0 {
				words[len(words)-1].asked = true
			}
			at += size
			continue
		}
		words = append(words, newWord(text, at, at+length, before))
		at, before = at+length, space
	}
	joinHyphenated(words)
	return words
}

func newWord(text string, start, end int, before gap) word {
	written := strings.ReplaceAll(strings.ToLower(text[start:end]), "’", "'")
	w := word{start: start, end: end, form: "=" + written, before: before}
	if !strings.Contains(written, "_") {
		w.stem = stemOf(written)
	}
	return w
}

func joinHyphenated(words []word) {
	for i := range words {
		if i > 0 && words[i].before == hyphen {
			words[i].joined, words[i-1].joined = true, true
		}
	}
}

// startsWord says whether what stands at an offset follows a space or an opening bracket.
func startsWord(text string, at int) bool {
	r, _ := utf8.DecodeLastRuneInString(text[:at])
	return at == 0 || unicode.IsSpace(r) || strings.ContainsRune("([{\"'*_", r)
}

// ticket is the name of an issue in a tracker, such as "OPS-123".
var ticket = regexp.MustCompile(`^(?:[A-Z][A-Z0-9]{1,15}-|#)[0-9]{1,9}\b`)

// opaqueLength is the length of the code span, address or ticket that begins at an offset, or 0.
func opaqueLength(text string, at int) int {
	if !startsWord(text, at) {
		return 0
	}
	text = text[at:]
	if text[0] == '`' {
		fence := len(text) - len(strings.TrimLeft(text, "`"))
		line, _, _ := strings.Cut(text[fence:], "\n")
		if end := strings.Index(line, text[:fence]); end > 0 {
			return fence + end + fence
		}
		return 0
	}
	if strings.HasPrefix(text, "http://") || strings.HasPrefix(text, "https://") {
		end := strings.IndexFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r == ')' || r == '>' })
		if end < 0 {
			return len(text)
		}
		return end
	}
	return len(ticket.FindString(text[:min(len(text), longest)]))
}

// wordLength is the length of the word that a text begins with, or 0.
func wordLength(text string) int {
	length := 0
	for length < len(text) {
		r, size := utf8.DecodeRuneInString(text[length:])
		letter := unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
		inner := length > 0 && (r == '\'' || r == '’') && startsLetter(text[length+size:])
		if !letter && !inner && r != '_' {
			break
		}
		length += size
	}
	return length
}

func startsLetter(text string) bool {
	r, _ := utf8.DecodeRuneInString(text)
	return unicode.IsLetter(r)
}

// gapOf says what a character outside words does to the sentence around it.
func gapOf(text string, at int, r rune) gap {
	switch r {
	case '-', '\u2010', '\u2011':
		return dash(text, at, text[at+utf8.RuneLen(r):])
	case '.':
		if startsAlphanumeric(text[at+1:]) {
			return space
		}
		return stop
	case ':':
		if startsAlphanumeric(text[at+1:]) {
			return space
		}
		return colon
	case '\n':
		if r, _ := utf8.DecodeRuneInString(text[at+1:]); unicode.IsLower(r) {
			return space // The sentence goes on in the next line.
		}
		return stop
	case ';', '!', '?', '–', '—', '•', '→', '|', '…':
		return stop
	case ',':
		return comma
	case '(', '[', '{':
		return opening
	case ')', ']', '}':
		return closing
	}
	return space
}

func startsAlphanumeric(text string) bool {
	r, _ := utf8.DecodeRuneInString(text)
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}

// dash tells the hyphen in "sign-off" from the one in "--force", and both from a dash.
func dash(text string, at int, rest string) gap {
	switch {
	case startsAlphanumeric(rest) && at > 0 && !startsWord(text, at) && text[at-1] != '-':
		return hyphen
	case startsAlphanumeric(rest) || strings.HasPrefix(rest, "-"):
		return space
	}
	return stop
}
