package groundrules_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/groundrules"
)

func TestTheBuiltInRulesAreFiveAndCanBeReadAloudInTwoMinutes(t *testing.T) {
	rules := groundrules.Default()
	words := 0
	for _, rule := range rules {
		words += len(strings.Fields(rule.Title)) + len(strings.Fields(rule.Text))
		if regexp.MustCompile(`[*_#<>\x60\n]`).MatchString(rule.Text) {
			t.Errorf("%s is not plain text on one line: %q", rule.ID, rule.Text)
		}
	}
	const aloud = 150 // words a minute
	if len(rules) != 5 || words > 2*aloud {
		t.Errorf("%d rules of %d words", len(rules), words)
	}
	rules[0].Text = "changed"
	if groundrules.Default()[0].Text == "changed" {
		t.Error("a caller can change the built-in rules")
	}
}

func TestATeamsRulesAreRead(t *testing.T) {
	got, err := groundrules.Parse([]byte("- id: kind\n  title: Be kind\n  text: |\n    First line.\n    Second line.\n"))
	want := []groundrules.Rule{{ID: "kind", Title: "Be kind", Text: "First line.\nSecond line."}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("Parse() = %v (-want +got):\n%s", err, diff)
	}
}

func TestRulesThatAreNotValidAreRefusedWithAllThatIsWrong(t *testing.T) {
	long := strings.Repeat("ä", groundrules.MaxTextRunes+1)
	rule := func(id, title, text string) groundrules.Rule {
		return groundrules.Rule{ID: id, Title: title, Text: text}
	}
	tests := []struct {
		name  string
		rules []groundrules.Rule
		want  []string
	}{
		{"none", nil, []string{"rules"}},
		{"too many", make([]groundrules.Rule, groundrules.MaxRules+1), []string{"rules"}},
		{"all empty", []groundrules.Rule{{}}, []string{"rules[0].id", "rules[0].title", "rules[0].text"}},
		{"an id twice", []groundrules.Rule{rule("a", "A", "A."), rule("a", "B", "B.")}, []string{"rules[1].id"}},
		{"an id that is none", []groundrules.Rule{rule("A b", "A", "A."), rule(strings.Repeat("a", 64), "B", "B.")}, []string{"rules[0].id", "rules[1].id"}},
		{"a title of two lines", []groundrules.Rule{rule("a", "A\nB", "A.")}, []string{"rules[0].title"}},
		{"a title too long", []groundrules.Rule{rule("a", long[:2*(groundrules.MaxTitleRunes+1)], "A.")}, []string{"rules[0].title"}},
		{"a text too long", []groundrules.Rule{rule("a", "A", long)}, []string{"rules[0].text"}},
		{"a text with control characters", []groundrules.Rule{rule("a", "A", "A\x1b[2J")}, []string{"rules[0].text"}},
		{"a text that is not UTF-8", []groundrules.Rule{rule("a", "A", "\xff")}, []string{"rules[0].text"}},
		{"the longest possible", []groundrules.Rule{rule(strings.Repeat("a", 63), long[:2*groundrules.MaxTitleRunes], long[:2*groundrules.MaxTextRunes])}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var invalid *groundrules.InvalidError
			var got []string
			if err := groundrules.Validate(test.rules); errors.As(err, &invalid) {
				for _, p := range invalid.Problems {
					got = append(got, p.Field)
					if !strings.Contains(err.Error(), p.Field+": "+p.Text) {
						t.Errorf("%v does not say %q", err, p.Text)
					}
				}
			} else if err != nil {
				t.Fatalf("Validate() = %v, want an *InvalidError", err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("fields (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAFileThatHoldsNoRulesIsRefused(t *testing.T) {
	for name, file := range map[string]string{
		"nothing": "", "no list": "id: a", "an unknown field": "- {id: a, title: A, text: A., color: red}",
		"too much": strings.Repeat("#\n", groundrules.MaxBytes), "one that is not valid": "- {id: a}",
	} {
		if rules, err := groundrules.Parse([]byte(file)); err == nil {
			t.Errorf("%s: Parse() = %v", name, rules)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("- {id: a, title: A, text: A.}\n"))
	f.Add([]byte("- &a {id: a, title: A, text: *a}\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		rules, err := groundrules.Parse(file)
		if err == nil && groundrules.Validate(rules) != nil {
			t.Errorf("Parse() = %v, which is not valid", rules)
		}
	})
}
