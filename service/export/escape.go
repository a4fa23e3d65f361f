package export

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark/util"

	"github.com/debriefhq/debrief/service/plaintext"
)

// line is a plain text on one line, escaped so that it means nothing but itself wherever Markdown takes inline text: in
// a paragraph, a heading, a table's cell or a link.
func line(text string) string {
	return endHeading(guardLine(escape(plaintext.Line(clean(text)), false)))
}

// nameLine is a line for a name that stands among others: what separates them, and brackets, which enclose roles, are
// written so that they belong to the name, which an importer relies on.
func nameLine(text string) string {
	escaped := escape(plaintext.Line(clean(text)), false)
	return endHeading(guardLine(nameMarks.Replace(escaped)))
}

var nameMarks = strings.NewReplacer(",", `\,`, "(", `\(`, ")", `\)`, "·", "&middot;")

// distinct keeps a name from being read as one of the words that may stand in its place.
func distinct(name string, reserved ...string) string {
	if !slices.Contains(reserved, name) {
		return name
	}
	return fmt.Sprintf("&#%d;", name[0]) + name[1:]
}

// escape puts a backslash before each character that could mean something. A raw text is Markdown already: the escapes
// and the character references in it stay.
func escape(text string, raw bool) string {
	var b strings.Builder
	b.Grow(len(text) + len(text)/8)
	for i := 0; i < len(text); {
		token, meaning := text[i:i+1], text[i:i+1]
		if raw {
			token, meaning = firstToken(text[i:])
		}
		switch {
		case len(token) > 1 && clean(meaning) != meaning:
			b.WriteRune(utf8.RuneError)
		case len(token) == 1 && needsEscape(text, i):
			b.WriteString(`\` + token)
		default:
			b.WriteString(token)
		}
		i += len(token)
	}
	return b.String()
}

// needsEscape is true of what could mean something: to Markdown, and to those who make links of addresses in it, whose
// reading would depend on what stands around them.
func needsEscape(text string, i int) bool {
	before, after := text[:i], text[i+1:]
	switch text[i] {
	case '\\', '`', '*', '[', ']', '<', '|', '~', '@':
		return true
	case '_': // within a word, as in snake_case, it never means emphasis
		return before == "" || after == "" || !isAlphanumeric(before[i-1]) || !isAlphanumeric(after[0])
	case '&':
		return mayBeReference.MatchString(text[i:])
	case ':':
		return strings.HasPrefix(after, "//")
	case '.':
		return strings.HasSuffix(before, "www")
	default:
		return false
	}
}

var (
	reference      = regexp.MustCompile(`^&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});`)
	mayBeReference = regexp.MustCompile(`^&#?[A-Za-z0-9]*(?:;|$)`)
)

// firstToken splits off the first byte of a raw text, or the first escape or character reference as a whole, with what it
// means.
func firstToken(raw string) (token, meaning string) {
	switch {
	case raw[0] == '\\' && len(raw) > 1 && util.IsPunct(raw[1]):
		return raw[:2], raw[1:2]
	case raw[0] == '&':
		if found := reference.FindString(raw); found != "" {
			return found, string(util.ResolveEntityNames(util.ResolveNumericReferences([]byte(found))))
		}
	}
	return raw[:1], raw[:1]
}

// meaning is what a raw text says.
func meaning(raw string) string {
	if !strings.ContainsAny(raw, `\&`) {
		return raw
	}
	var b strings.Builder
	for len(raw) > 0 {
		token, meaning := firstToken(raw)
		b.WriteString(meaning)
		raw = raw[len(token):]
	}
	return b.String()
}

// guardLine keeps the beginning of an escaped line from opening a block: a heading, a list, a quote, a rule, a table.
func guardLine(line string) string {
	if line == "" {
		return line
	}
	if strings.IndexByte("#+->=:", line[0]) >= 0 {
		return `\` + line
	}
	if number := orderedMarker.FindString(line); number != "" {
		return number[:len(number)-1] + `\` + line[len(number)-1:]
	}
	return line
}

var orderedMarker = regexp.MustCompile(`^[0-9]{1,9}[.)]`)

// endHeading keeps the end of a line from closing a heading.
func endHeading(line string) string {
	if !strings.HasSuffix(line, "#") || strings.HasSuffix(line, `\#`) {
		return line
	}
	return line[:len(line)-1] + `\#`
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

// link is a link in Markdown, or the label and the address as text where the address is not safe to link to.
func link(label, address string) string {
	destination, safe := safeURL(clean(address))
	switch {
	case safe:
		return "[" + noCheckbox(line(cmp.Or(label, address))) + "](" + escapeDestination(destination) + ")"
	case label == "":
		return line(address)
	case address == "":
		return line(label)
	default:
		return line(label + " (" + address + ")")
	}
}

// noCheckbox keeps the label of a link at the beginning of a list's item from being read as the box of a task.
func noCheckbox(label string) string {
	if label == "x" || label == "X" {
		return fmt.Sprintf("&#%d;", label[0])
	}
	return label
}

// escapeDestination keeps what looks like a character reference in an address from being read as one.
func escapeDestination(destination string) string {
	var b strings.Builder
	for i := range len(destination) {
		if destination[i] == '&' && reference.MatchString(destination[i:]) {
			b.WriteString("&amp;")
		} else {
			b.WriteByte(destination[i])
		}
	}
	return b.String()
}
