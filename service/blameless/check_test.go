package blameless_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/blameless"
)

// What its author does not say is not read, and a place is one of the original.
func TestMarkdown(t *testing.T) {
	checker := newChecker(t, blameless.Options{Off: []string{"named-person"}})
	for _, test := range []struct {
		name, text string
		want       []string
	}{
		{"a paragraph", "The on-call forgot to check.", []string{"The on-call forgot to"}},
		{"over lines and emphasis", "Then **the\non-call** _forgot_ to check.", []string{"the\non-call** _forgot_ to"}},
		{"a heading", "# The DBA ignored the page {#dba-ignored}", []string{"The DBA ignored"}},
		{"a list", "- 10:02 ops forgot to drain it\n- 10:05 drained", []string{"ops forgot to"}},
		{"a table", "| time | what |\n|---|---|\n| 10:02 | ops forgot to drain it |\n| 10:03 | fine |", []string{"ops forgot to"}},
		{"the text of a link", "[The on-call forgot to](https://example.org/she-forgot-to) check.", []string{"The on-call forgot to"}},
		{"a character reference", "The on&#45;call didn&apos;t check the log.", []string{"The on&#45;call didn&apos;t check"}},
		{"an escape", "The on-call didn\\'t check the log.", []string{"The on-call didn\\'t check"}},
		{"HTML", "<p>The on-call forgot to check.</p>", []string{"The on-call forgot to"}},
		{"CRLF", "Fine.\r\n\r\nThe on-call forgot to check.\r\n", []string{"The on-call forgot to"}},
		{"a code span", "The log says `the on-call forgot to check`.", nil},
		{"a code block", "    the on-call forgot to check\n\n```\nthe DBA ignored it\n```", nil},
		{"a block quote", "> The on-call forgot to check.\n> - The DBA ignored it.", nil},
		{"quoted speech", "The note says “the on-call forgot to check” and \"the DBA ignored it. Twice.\"", nil},
		{"single quotes", "The note says 'the on-call forgot to check the log'.", nil},
		{"an apostrophe is no quote", "The engineers' shift didn't check what they'd been told to.", []string{"The engineers' shift didn't check"}},
		{"the address of a link", "[here](https://example.org/the-on-call-forgot-to) and <https://example.org/human-error>.", nil},
		{"a bare address", "See https://example.org/human-error?x=operator-error for more.", nil},
		{"a comment", "<!-- The on-call forgot to check. -->\n\nFine <!-- human error --> text.", nil},
		{"front matter", "---\nsummary: The on-call forgot to check\n---\n\nFine.", nil},
		{"code is a thing", "`checkout` failed to check the header.", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, f := range checker.Check(test.text) {
				got = append(got, test.text[f.Start:f.End])
				if f.Excerpt != test.text[f.Start:f.End] {
					t.Errorf("the excerpt is %q", f.Excerpt)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPlacesAreLinesAndCharacters(t *testing.T) {
	text := "# Größe\n\nÜber den Fluß: the on-call forgot to check.\nIt was human error."
	type place struct {
		Rule         string
		Line, Column int
	}
	var got []place
	for _, f := range newChecker(t, blameless.Options{}).Check(text) {
		got = append(got, place{f.Rule, f.Line, f.Column})
	}
	if diff := cmp.Diff([]place{{"omission", 3, 16}, {"human-error", 4, 8}}, got); diff != "" {
		t.Errorf("places (-want +got):\n%s", diff)
	}
}

func TestPlainTextIsReadAsItStands(t *testing.T) {
	checker := newChecker(t, blameless.Options{})
	if got := rulesOf(checker.CheckPlain("    The on-call forgot to check")); !cmp.Equal(got, []string{"omission"}) {
		t.Errorf("finds %q", got)
	}
}

// A suggestion speaks of what the sentence is about.
func TestSuggestionsTakeUpTheSentence(t *testing.T) {
	checker := newChecker(t, blameless.Options{})
	findings := checker.Check("The on-call forgot to drain the node before the upgrade.")
	if len(findings) != 1 || !strings.Contains(findings[0].Suggestion, "drain the node") || findings[0].Question == "" || findings[0].Why == "" {
		t.Errorf("findings: %+v", findings)
	}
}

func TestSuggestionsNameTheThingAlone(t *testing.T) {
	checker := newChecker(t, blameless.Options{})
	for text, want := range map[string]string{
		"The engineer who broke the build was quick to mend it.": "reached the build, and",
		"The DBA broke the build that was green.":                "reached the build, and",
		"The DBA broke that build.":                              "reached that build, and",
		"The on-call took the whole cluster down.":               "reached the whole cluster, and",
	} {
		findings := checker.Check(text)
		if len(findings) != 1 || !strings.Contains(findings[0].Suggestion, want) {
			t.Errorf("%s: got %+v, want a suggestion with %q", text, findings, want)
		}
	}
}

// One place is told once, by the rule that says most; what a name adds stands beside it.
func TestAPlaceIsToldOnce(t *testing.T) {
	checker := newChecker(t, blameless.Options{})
	for text, want := range map[string][]string{
		"The outage was caused by the careless DBA.": {"person-as-cause"},
		"Priya forgot to check the lag.":             {"named-person", "omission"},
		"The root cause was human error.":            {"human-error", "single-cause"},
	} {
		if got := rulesOf(checker.Check(text)); !cmp.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestTeamsExtendIt(t *testing.T) {
	own := blameless.Rule{
		ID: "war", Severity: blameless.Caution, Patterns: []string{"war room|rooms", "[person] firefight~"}, Why: "An incident is no war.",
		Rewrites: []string{"Call it a bridge."}, Question: "What did the group need?",
	}
	for _, test := range []struct {
		name    string
		options blameless.Options
		text    string
		want    []string
	}{
		{"an own rule", blameless.Options{Rules: []blameless.Rule{own}}, "We met in the war room while ops firefighted.", []string{"war"}},
		{"a rule replaced", blameless.Options{Rules: []blameless.Rule{{ID: "hindsight", Severity: blameless.Note, Patterns: []string{"tada"}, Why: "x"}}}, "Obviously it broke. Tada.", []string{"hindsight"}},
		{"a phrase allowed", blameless.Options{Allow: []string{"Human Error Day"}}, "We held our human error day.", nil},
		{"a rule switched off", blameless.Options{Off: []string{"human-error"}}, "It was human error.", nil},
		{"a name", blameless.Options{People: []string{"Xqwzy Brrt"}}, "Xqwzy Brrt broke the build.", []string{"named-person", "person-as-cause"}},
		{"a system that has a name", blameless.Options{Systems: []string{"Priya"}}, "Priya ignored the header. Priya forgot to check.", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, rulesOf(newChecker(t, test.options).Check(test.text))); diff != "" {
				t.Errorf("rules (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSeveritiesAreATeamsOwn(t *testing.T) {
	checker := newChecker(t, blameless.Options{Severities: map[string]blameless.Severity{"human-error": blameless.Blame}})
	if got := checker.Check("It was human error."); len(got) != 1 || got[0].Severity != blameless.Blame {
		t.Errorf("findings: %+v", got)
	}
}

// An error says which rule and which field of it are wrong.
func TestBadOptionsAreRefused(t *testing.T) {
	rule := func(change func(*blameless.Rule)) blameless.Options {
		r := blameless.Rule{ID: "own", Severity: blameless.Note, Patterns: []string{"a"}, Why: "w"}
		change(&r)
		return blameless.Options{Rules: []blameless.Rule{r}}
	}
	for _, test := range []struct {
		name    string
		options blameless.Options
		want    string
	}{
		{"id", rule(func(r *blameless.Rule) { r.ID = "Own Rule" }), `rule "Own Rule": id`},
		{"severity", rule(func(r *blameless.Rule) { r.Severity = 7 }), `rule "own": severity`},
		{"no pattern", rule(func(r *blameless.Rule) { r.Patterns = nil }), `rule "own": patterns`},
		{"no reason", rule(func(r *blameless.Rule) { r.Why = " " }), `rule "own": why`},
		{"an open group", rule(func(r *blameless.Rule) { r.Patterns = []string{"a", "( b"} }), `rule "own": patterns[1]: a group is not closed`},
		{"a group closed twice", rule(func(r *blameless.Rule) { r.Exceptions = []string{"b )"} }), `rule "own": exceptions[0]`},
		{"an unknown class", rule(func(r *blameless.Rule) { r.Patterns = []string{"<wizard>"} }), `rule "own": patterns[0]: there is no class <wizard>`},
		{"an unknown kind", rule(func(r *blameless.Rule) { r.Patterns = []string{"[wizard] a"} }), `rule "own": patterns[0]: "wizard" is no kind`},
		{"an unknown macro", rule(func(r *blameless.Rule) { r.Patterns = []string{"{wizard}"} }), `rule "own": patterns[0]: there is no macro {wizard}`},
		{"a wide gap", rule(func(r *blameless.Rule) { r.Patterns = []string{"a ..99 b"} }), `rule "own": patterns[0]: "..99" is no gap`},
		{"brackets in a word", rule(func(r *blameless.Rule) { r.Patterns = []string{"(a b)"} }), `rule "own": patterns[0]`},
		{"an empty pattern", rule(func(r *blameless.Rule) { r.Clears = []string{" "} }), `rule "own": clears[0]`},
		{"severity of no rule", blameless.Options{Severities: map[string]blameless.Severity{"x": blameless.Note}}, `severities: there is no rule "x"`},
		{"no severity", blameless.Options{Severities: map[string]blameless.Severity{"hindsight": 0}}, `rule "hindsight": severity`},
		{"off is no rule", blameless.Options{Off: []string{"x"}}, `off: there is no rule "x"`},
		{"an empty name", blameless.Options{People: []string{"A", " "}}, `people[1]: is empty`},
		{"an empty system", blameless.Options{Systems: []string{""}}, `systems[0]: is empty`},
		{"nothing allowed", blameless.Options{Allow: []string{""}}, `allow[0]`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := blameless.New(test.options); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, want %q", err, test.want)
			}
		})
	}
}
