package main

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestCaretsStandUnderWhatIsMarked(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, text, marked, line, carets string }{
		{"plain", "The dog barked.", "dog", "The dog barked.", "    ^^^"},
		{"a tab before", "a\tdog", "dog", "a   dog", "    ^^^"},
		{"two tabs", "\t\tdog", "dog", "        dog", "        ^^^"},
		{"a tab within", "a dog\tor two.", "dog\tor", "a dog   or two.", "  ^^^^^^^^"},
		{"wide characters before", "東京 dog", "dog", "東京 dog", "     ^^^"},
		{"wide characters within", "a 東京 b", "東京", "a 東京 b", "  ^^^^"},
		{"combining characters", "cafe\u0301 dog", "dog", "cafe\u0301 dog", "     ^^^"},
		{"an emoji of several", "👩‍🚒 dog", "dog", "👩‍🚒 dog", "   ^^^"},
		{"control characters", "\x1b[31mred\x1b[0m dog\x07", "dog", "red dog", "    ^^^"},
		{"a return at the end", "a dog\r", "dog", "a dog", "  ^^^"},
		{
			"a long line", strings.Repeat("é", 100) + "dog" + strings.Repeat("é", 100), "dog",
			"…" + strings.Repeat("é", 80) + "dog" + strings.Repeat("é", 80) + "…", strings.Repeat(" ", 81) + "^^^",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			start := strings.Index(test.text, test.marked)
			shown := showLines("above\n"+test.text+"\nbelow", 6+start, 6+start+len(test.marked))
			if len(shown) != 1 {
				t.Fatalf("%d lines", len(shown))
			}
			before, marked, after := layOut(shown[0])
			carets := strings.Repeat(" ", display.StringWidth(before)) + strings.Repeat("^", display.StringWidth(marked))
			if diff := cmp.Diff([]string{test.line, test.carets}, []string{before + marked + after, carets}); diff != "" {
				t.Errorf("line and carets (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLongFindingsAreShownInPart(t *testing.T) {
	t.Parallel()
	text := "one\ntwo\nthree\nfour\nfive"
	var got []string
	for _, shown := range showLines(text, 1, len(text)) {
		got = append(got, shown.before+"["+shown.marked+"]"+shown.after)
	}
	if diff := cmp.Diff([]string{"o[ne]", "[two]", "[three]"}, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	if shown := showLines(strings.Repeat("a", 1000), 0, 1000); utf8.RuneCountInString(shown[0].marked) != shownMarked+1 {
		t.Errorf("%q", shown[0].marked)
	}
}

func FuzzPlaces(f *testing.F) {
	f.Add("one\ntwo\r\n東京\t\xff", 2, 9)
	f.Add("", 0, 0)
	f.Add("\n\n\ne\u0301x", 4, 2)
	f.Fuzz(func(t *testing.T, text string, first, second int) {
		if first < 0 || second < 0 || first > len(text) || second > len(text) {
			return
		}
		places := placesOf(text, []int{first, second})
		for _, at := range []int{first, second} {
			if at < len(text) && !utf8.RuneStart(text[at]) {
				continue // Within a character.
			}
			before := text[:at]
			begins := strings.LastIndexByte(before, '\n') + 1
			want := place{1 + strings.Count(before, "\n"), 1 + utf8.RuneCountInString(before[begins:]), utf8.RuneCountInString(before)}
			if utf8.ValidString(text) && places[at] != want {
				t.Fatalf("byte %d is at %+v, want %+v", at, places[at], want)
			}
		}
		for _, shown := range showLines(text, min(first, second), max(first, second)) {
			before, marked, after := layOut(shown)
			if strings.ContainsAny(before+marked+after, "\t\n\r\x1b") {
				t.Fatalf("%q is not fit for a terminal", before+marked+after)
			}
			if long := display.StringWidth(before); utf8.RuneCountInString(shown.before) > shownAround+1 || tabWidth*(shownAround+2) < long {
				t.Fatalf("%q is %d columns wide", before, long)
			}
		}
	})
}
