package blameless_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/debriefhq/debrief/service/blameless"
)

// Whatever the text, the places are in it and in order, and it reads the same each time.
func FuzzCheck(f *testing.F) {
	for _, seed := range []string{
		"The on-call forgot to check.", "# H\n\n- a\n  > b\n\n| a | b |\n|-|-|\n| ops ignored the page | c |", "“he” 'forgot' \"to\" &amp; \\* `x` <b>",
		"---\na: b\n---\n[a](b \"c\") ![d](e) <https://f.example> <!-- g -->", "he didn't she'd they won’t\r\n\tI’ve", "\xff\xfe he forgot to \x00",
	} {
		f.Add(seed)
	}
	checker := newChecker(f, blameless.Options{})
	f.Fuzz(func(t *testing.T, text string) { inspect(t, checker, text) })
}

func inspect(t rapid.TB, checker *blameless.Checker, text string) {
	t.Helper()
	for _, check := range []func(string) []blameless.Finding{checker.Check, checker.CheckPlain} {
		findings := check(text)
		if diff := cmp.Diff(findings, check(text)); diff != "" {
			t.Errorf("reads otherwise again:\n%s", diff)
		}
		last := 0
		for _, f := range findings {
			if f.Start < last || f.End <= f.Start || f.End > len(text) || f.Line < 1 || f.Column < 1 || f.Severity == 0 || f.Why == "" {
				t.Fatalf("a place that is none: %+v in %q", f, text)
			}
			if utf8.ValidString(text) && (!utf8.RuneStart(text[f.Start]) || f.End < len(text) && !utf8.RuneStart(text[f.End])) {
				t.Errorf("cuts a character: %+v", f)
			}
			if want := 1 + strings.Count(text[:f.Start], "\n"); f.Line != want {
				t.Errorf("line %d, want %d: %+v", f.Line, want, f)
			}
			last = f.Start
		}
	}
}

// pieces are what texts about incidents, and attacks, are made of.
var pieces = []string{
	"the on-call ", "Priya ", "the pod ", "he ", "we ", "@bob ", "forgot to ", "failed to ", "didn't ", "should have ", "check ", "the log", "was ", "careless", "by the DBA ",
	"obviously ", "human error", "because ", "who ", "that ", "and ", ", ", ". ", "? ", ": ", "; ", "\n", "\n\n", "“", "”", "\"", "'", "’s ", "`", "``", "```\n", "> ", "- ",
	"| ", "|-|\n", "[", "](", ")", "![", "<", ">", "<!--", "-->", "*", "_", "~~", "&amp;", "&#39;", "\\", "#", "---\n", "10:02 ", "\u2029", "\uFFFC", "é", "日本", "\r\n", "\t",
}

func TestAnyTextIsReadInOrder(t *testing.T) {
	checker := newChecker(t, blameless.Options{})
	rapid.Check(t, func(t *rapid.T) {
		inspect(t, checker, strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 40).Draw(t, "pieces"), ""))
	})
}

// Text around a paragraph moves its findings and changes nothing else.
func TestFindingsMoveWithTheText(t *testing.T) {
	checker := newChecker(t, blameless.Options{})
	text := "The on-call forgot to check. It was human error."
	want := checker.Check(text)
	rapid.Check(t, func(t *rapid.T) {
		before := strings.Repeat("Traffic é fell.\n\n", rapid.IntRange(0, 20).Draw(t, "paragraphs"))
		got := checker.Check(before + text)
		for i := range got {
			got[i].Start -= len(before)
			got[i].End -= len(before)
			got[i].Line -= strings.Count(before, "\n")
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("after %d bytes (-want +got):\n%s", len(before), diff)
		}
	})
}
