package hostile_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"pgregory.net/rapid"
)

// generator draws requests for the routes of a document.
type generator struct {
	document *document
	// names and etags are of what the store has, and answers are objects as the server writes them, by the schema that they have.
	names, etags []string
	answers      map[string][]string
}

// spoiled says what is put into a body to make it one that nobody may take.
type spoiled int

const (
	sound spoiled = iota
	unknownField
	sameFieldTwice
	notUTF8
)

// body draws a JSON value for a schema; spoil has it be one that must be refused, which succeeds only where there is an object.
type body struct {
	*rapid.T

	of     *generator
	spoil  spoiled
	spoilt bool
	out    bytes.Buffer
}

const deepest = 6

func (b *body) value(s schema, name string, depth int) {
	if rarely(b.T, "wrong type", 60) {
		b.out.WriteString(pick(b.T, "instead", wrongValues...))
		return
	}
	if stored := b.of.answers[s.Ref]; len(stored) > 0 && b.spoil == sound && !rarely(b.T, "made up", 3) {
		b.out.WriteString(pick(b.T, "as answered", stored...))
		return
	}
	s = b.of.document.resolve(s)
	switch {
	case len(s.Enum) > 0:
		b.quote(pick(b.T, "enum", append(s.Enum, "0", "NO_SUCH")...))
	case s.Type == "object":
		b.object(s, depth)
	case s.Type == "array":
		b.array(s, name, depth)
	case s.Type == "boolean":
		b.out.WriteString(pick(b.T, "boolean", "true", "false"))
	case s.Type == "integer" || s.Type == "number":
		b.out.WriteString(pick(b.T, "number", "1", "2", "10", "0", "-1", "2147483647", "-2147483648", "1e2", "0.5", "1.0"))
	case s.Format == "byte":
		b.quote(base64.StdEncoding.EncodeToString([]byte(text(b.T))))
	default:
		b.quote(b.of.scalar(b.T, s, name))
	}
}

func (b *body) array(s schema, name string, depth int) {
	count := pick(b.T, "elements", 0, 1, 1, 1, 2, 3)
	if rarely(b.T, "many", 200) {
		count = 1500
	}
	if depth >= deepest || s.Items == nil {
		count = 0
	}
	b.out.WriteByte('[')
	start := b.out.Len()
	for i := range count {
		if i > 0 {
			b.out.WriteByte(',')
		}
		if i >= 3 { // More of the same.
			b.out.Write(bytes.Clone(b.out.Bytes()[start : start+bytes.IndexByte(append(b.out.Bytes()[start:], ','), ',')]))
			continue
		}
		b.value(*s.Items, strings.TrimSuffix(name, "s"), depth+1)
	}
	b.out.WriteByte(']')
}

func (b *body) object(s schema, depth int) {
	b.out.WriteByte('{')
	written := 0
	field := func(name string, value func()) {
		if written++; written > 1 {
			b.out.WriteByte(',')
		}
		b.quote(name)
		b.out.WriteByte(':')
		value()
	}
	if depth < deepest {
		for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
			if pick(b.T, "has "+name, true, true, depth == 0) {
				field(name, func() { b.value(s.Properties[name], name, depth+1) })
			}
		}
		for range pick(b.T, "additional", 0, 1, 2) {
			if s.Additional.schema != nil {
				field(text(b.T), func() { b.value(*s.Additional.schema, "", depth+1) })
			}
		}
	}
	b.spoilObject(s, field)
	b.out.WriteByte('}')
}

// spoilObject adds what makes the object one to refuse, to the first that has fields.
func (b *body) spoilObject(s schema, field func(name string, value func())) {
	if b.spoilt || len(s.Properties) == 0 {
		return
	}
	b.spoilt = true
	first := slices.Sorted(maps.Keys(s.Properties))[0]
	switch b.spoil {
	case sound:
		b.spoilt = false
	case unknownField:
		field(pick(b.T, "unknown", "noSuchField", "", "\x00", "__proto__", "constructor", "@type", first+" ", "$where"), func() { b.out.WriteString("1") })
	case sameFieldTwice:
		for range 2 {
			field(first, func() { b.value(s.Properties[first], first, deepest) })
		}
	case notUTF8:
		field(first, func() { b.out.WriteString("\"\xff\xfe\"") })
	}
}

// quote writes a JSON string. Bytes that are no UTF-8 stay what they are.
func (b *body) quote(value string) {
	b.out.WriteByte('"')
	for i := range len(value) {
		switch c := value[i]; {
		case c == '"' || c == '\\':
			b.out.WriteByte('\\')
			b.out.WriteByte(c)
		case c < ' ':
			fmt.Fprintf(&b.out, `\u%04x`, c)
		default:
			b.out.WriteByte(c)
		}
	}
	b.out.WriteByte('"')
}

// wrongValues are JSON where something else was expected, or nearly JSON.
var wrongValues = []string{
	`null`, `true`, `0`, `-1`, `1.5`, `1e400`, `-0`, `123456789012345678901234567890`, `""`, `"x"`, `[]`, `{}`, `[null]`, `{"":{}}`, `[[[[[[]]]]]]`,
	`"\ud800"`, `"\udc00\ud800"`, `"\u0000"`, "\"\x00\"", "\"\n\"", `'x'`, `NaN`, `Infinity`, `undefined`, `0x10`, `01`, `+1`, `.5`, `1.`, `"\x41"`,
	`{"@type":"type.googleapis.com/debrief.v1.Incident"}`, `{"seconds":1}`, `{"a":1,"a":2}`, `/* */ 1`, `1,`, `"unfinished`, `{`, `]`, "\ufeff1",
	strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000), strings.Repeat(`{"a":`, 11_000) + "1" + strings.Repeat("}", 11_000),
	`"` + strings.Repeat("x", 70_000) + `"`, strings.Repeat("9", 5_000), "[" + strings.Repeat("0,", 20_000) + "0]",
}

// scalar draws a value for a text: one that makes sense by the name of its field, mostly.
func (g *generator) scalar(t *rapid.T, s schema, name string) string {
	if rarely(t, "senseless", 4) {
		return text(t)
	}
	lower := strings.ToLower(name)
	switch {
	case s.Format == "date-time":
		return pick(t, "time", "2026-03-14T09:26:00Z", "2026-11-20T14:00:00.123456789+02:00", "2031-01-01T00:00:00Z", "1970-01-01T00:00:00Z")
	case s.Format == "int64":
		return pick(t, "int64", "0", "1", "7", "-1", "9223372036854775807")
	case s.Format == "int32" || s.Type == "integer":
		return strconv.Itoa(pick(t, "int32", 0, 1, 2, 50, 1000, -1, 2_147_483_647))
	case s.Type == "boolean":
		return pick(t, "boolean", "true", "false")
	case strings.Contains(lower, "etag"):
		return pick(t, "etag", append(g.etags, "", "1")...)
	case strings.HasSuffix(lower, "id"):
		return pick(t, "id", "a", "b", "owner-1", "0f8fad5b-d9cb-469f-a165-70867728950e", "ab-cd")
	case strings.HasSuffix(lower, "mask"):
		return pick(t, "mask", "title", "*", "title,summary", "labels", "name", "etag", "impact.summary", "sections")
	case len(g.beginning(lower+"s/")) > 0:
		return pick(t, "name", g.beginning(lower+"s/")...)
	case strings.Contains("name parent incident incidents into system postmortem postmortems actionitem alert template resource", lower):
		return pick(t, "name", append(g.names, "incidents/01JD3V2Q6R8T0W2Y4A6C8E0G2J")...)
	}
	return text(t)
}

// beginning are the names that begin so.
func (g *generator) beginning(with string) []string {
	var names []string
	for _, name := range g.names {
		if strings.HasPrefix(strings.ToLower(name), with) {
			names = append(names, name)
		}
	}
	return names
}
