package main

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"
)

// FuzzTerminal holds that no text from elsewhere has a terminal do anything, or show another order than that of its characters.
func FuzzTerminal(f *testing.F) {
	for _, seed := range []string{
		"", "plain\ntext\tx", "\x1b[31mred\x1b[0m", "\x1b]0;title\a", "\x1b]8;;https://example.com\x1b\\x\x1b]8;;\x1b\\", "\x9b31m", "\u009b31m", "\x1bP1$r\x1b\\", "\x1b\x1b[31m",
		"\x1b[\x1b[31m31m", "a\r\nb\rc", "\r\r\n", "\u202ea\u2066b\u2069", "\u2028\u2029\u0085", "\xff\xfe", "\x00\b\x7f", "\x1b", "\x1b]", "\x1b(0", "\u061c\u200e",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		shown := lines(text)
		if !utf8.ValidString(shown) || strings.ContainsFunc(shown, hidden) || lines(shown) != shown {
			t.Errorf("%q is shown as %q", text, shown)
		}
		if one := line(text); strings.ContainsAny(one, "\n\t") || strings.ContainsFunc(one, hidden) || line(one) != one {
			t.Errorf("%q is one line in %q", text, one)
		}
	})
}

// FuzzTime holds that a time is refused, or is one that is read as the same again when it is written in full.
func FuzzTime(f *testing.F) {
	for _, seed := range []string{
		"", "now", "today", "tomorrow", "yesterday", "10:02", "10:02:30", "2026-11-23", "2026-11-23 10:02", "2026-11-23T10:02:00Z", "2026-11-23t10:02:00.5+02:00", "-10m", "10m ago", "in 3d", "+2w",
		"in 3d ago", "99999999999w", "1.5d", "-0s", "1h1h", "25:00", "2026-02-30", "٣d", "\xff", "in 1e9h", "0000-01-01", "-3000000h",
	} {
		f.Add(seed)
	}
	now := time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		read, err := parseTime(text, now)
		if err != nil || read.Year() < 0 || read.Year() > 9999 {
			return
		}
		if again, err := parseTime(read.Format(time.RFC3339Nano), now); err != nil || !again.Equal(read) {
			t.Errorf("%q is %v, and that %v, %v", text, read, again, err)
		}
	})
}

// FuzzDocument holds that a document is refused, or changes a post-mortem so that its document says the same again.
func FuzzDocument(f *testing.F) {
	whole := renderDocument(testDocument())
	for _, seed := range []string{
		"", "#", whole, strings.ReplaceAll(whole, "\n", "\r\n"), strings.Replace(whole, "# Checkout", "# \x1b[31m", 1), strings.Replace(whole, "payments team", "", 1), whole + "\n## Summary\n",
		strings.Replace(whole, "The queue grew.", "\\## Impact\n<!-- x -->\n    code", 1), strings.Replace(whole, "OBSERVABILITY", "NONE", 1), strings.Replace(whole, "cy", "cy (a) (b)", 1),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		read, err := readDocument(text)
		if err != nil {
			return
		}
		written, _, err := read.apply(testDocument())
		if err != nil || !utf8.ValidString(text) {
			return
		}
		again, err := readDocument(renderDocument(written))
		if err != nil {
			t.Fatalf("what came of %q can't be read: %v", text, err)
		}
		rewritten, paths, err := again.apply(written)
		if err != nil || len(paths) > 0 || !proto.Equal(written, rewritten) {
			t.Fatalf("%q makes\n%v\nand the document of that changes %v, %v:\n%v", text, written, paths, err, rewritten)
		}
	})
}

// FuzzGraphYAML holds that a graph is refused, or has what was written and no empty part beside it.
func FuzzGraphYAML(f *testing.F) {
	for _, seed := range []string{
		"", "{}", "components: [web, {name: db, kind: database, aliases: [x]}]\nlinks: [web -> db, 'web -> db: reads', {from: a, to: b}]\nfacts: ['db / size: 2 TB', 'zone: UTC']\n",
		"links: [web]", "links: [web -> db: eats]", "facts: [x]", "nothing: 1", "components: 7", "components: [[a]]", "a: &a [*a]", "a: &a [x,x]\nb: [*a,*a]", "? {a: b}\n: c", "\x00", "components:\n- !!binary aGk=",
		"links: [->]", "links: [' -> ']", "facts: [/: x]", "---\n---\n", "components: [~]", "<<: {components: [x]}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		graph, err := parseGraphYAML(text)
		if (graph == nil) == (err == nil) {
			t.Errorf("%q is %v, %v", text, graph, err)
		}
	})
}
