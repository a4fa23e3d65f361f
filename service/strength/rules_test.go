package strength

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRulesReadTheirExamples holds each rule against the examples that stand beside it.
func TestRulesReadTheirExamples(t *testing.T) {
	t.Parallel()
	book, err := readRulebook(builtin)
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range book.Rules {
		t.Run(rule.ID, func(t *testing.T) {
			t.Parallel()
			if len(rule.Match) == 0 {
				t.Error("it has no example")
			}
			for _, text := range rule.Match {
				if !reads(Default(), rule.ID, text) {
					t.Errorf("it does not read %q", text)
				}
				if got := Suggest(text); got.Strength.String() != rule.Strength {
					t.Errorf("%q is suggested to be %s, not %s: %+v", text, got.Strength, rule.Strength, got.Words)
				}
			}
			for _, text := range rule.NoMatch {
				if reads(Default(), rule.ID, text) {
					t.Errorf("it reads %q", text)
				}
			}
		})
	}
}

// reads says whether a rule finds anything in a text, whatever comes of it.
func reads(s *Suggester, rule, text string) bool {
	clauses := s.grammar.parse(split(text))
	for i := range clauses {
		for _, e := range s.find(&clauses[i]) {
			if e.rule.id == rule {
				return true
			}
		}
	}
	return false
}

func TestTeamsExtendTheRules(t *testing.T) {
	t.Parallel()
	s, err := New(Options{Rules: []byte(`
lists:
  detector: [gizmo]
rules:
  - id: chant
    strength: WEAKER
    weight: 0.9
    governs: true
    patterns: ["^ chant"]
    why: A chant fades.
  - id: pinned
    strength: INTERMEDIATE
    weight: 0.9
    patterns: ["^ pin"]
    why: With us a pin is loose.
`)})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]Strength{"Add a gizmo": Intermediate, "Chant that it is impossible": Weaker, "Pin the image by digest": Intermediate}
	got := map[string]Strength{}
	for text := range want {
		got[text] = s.Suggest(text).Strength
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("suggestions (-want +got):\n%s", diff)
	}
	if got := Suggest("Pin the image by digest").Strength; got != Stronger {
		t.Errorf("the built-in rules suggest %s, as if they were extended", got)
	}
}

func TestRulesThatAreNotRightAreNamed(t *testing.T) {
	t.Parallel()
	rule := func(lines string) string {
		return "rules:\n  - id: mine\n    strength: WEAKER\n    weight: 0.5\n    why: So.\n" + lines
	}
	tests := map[string]struct{ rules, want string }{
		"no YAML":                    {"rules: [", "rules: "},
		"unknown key":                {rule("    patterns: [a]\n    weigth: 1\n"), "weigth"},
		"no pattern":                 {rule(""), `rule "mine": it needs an id, patterns and a why`},
		"unknown list":               {rule("    patterns: ['{nowhere}']\n"), "there is no list {nowhere}"},
		"optional first word":        {rule("    patterns: ['?a b']\n"), `pattern "?a b"`},
		"gap at the end":             {rule("    patterns: ['a ..']\n"), `pattern "a .."`},
		"gap too wide":               {rule("    patterns: ['a ..9 b']\n"), `"..9" is no gap`},
		"too many words":             {rule("    patterns: ['a b c d e f g h i']\n"), "1 to 8 words"},
		"unknown strength":           {"rules:\n  - {id: mine, strength: MIGHTY, weight: 1, why: So., patterns: [a]}\n", `"MIGHTY" is no strength`},
		"no strength":                {"rules:\n  - {id: mine, strength: UNKNOWN, weight: 1, why: So., patterns: [a]}\n", "its strength is to be"},
		"weight out of range":        {"rules:\n  - {id: mine, strength: WEAKER, weight: 2, why: So., patterns: [a]}\n", "its weight 2"},
		"governing strength":         {"rules:\n  - {id: mine, strength: STRONGER, governs: true, weight: 1, why: So., patterns: [a]}\n", "only a WEAKER rule"},
		"list that holds itself":     {"lists: {mine: ['{mine}']}\n", "list {mine} holds itself"},
		"list that holds an unknown": {"lists: {mine: ['{nowhere}']}\n", "there is no list {nowhere}"},
		"unknown part of grammar":    {"grammar: {nouns2: [a]}\n", "grammar nouns2"},
		"unknown list in grammar":    {"grammar: {verbs: ['{nowhere}']}\n", "there is no list {nowhere}"},
		"empty word":                 {"lists: {mine: ['']}\n", "is no word"},
		"too long":                   {strings.Repeat("#", maxRulebook+1), "bytes are more than"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := New(Options{Rules: []byte(test.rules)})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, without %q", err, test.want)
			}
		})
	}
}

func TestWordsAreFoundWhereTheyStand(t *testing.T) {
	t.Parallel()
	const text = "Add `kubectl drain` – sign-off, --force (max_size) at https://a.example/b it’s 10.5:\nnext"
	type found struct {
		Text, Stem string
		Before     gap
		Joined     bool
	}
	want := []found{
		{"Add", "add", stop, false},
		{"`kubectl drain`", "", space, false},
		{"sign", "sign", stop, true},
		{"off", "off", hyphen, true},
		{"force", "forc", comma, false},
		{"max_size", "", opening, false},
		{"at", "at", closing, false},
		{"https://a.example/b", "", space, false},
		{"it’s", "it", space, false},
		{"10", "10", space, false},
		{"5", "5", space, false},
		{"next", "next", colon, false},
	}
	var got []found
	for _, w := range split(text) {
		got = append(got, found{text[w.start:w.end], w.stem, w.before, w.joined})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("words (-want +got):\n%s", diff)
	}
}
