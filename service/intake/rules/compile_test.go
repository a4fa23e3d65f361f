package rules_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/intake/rules"
)

// problemsOf are the problems of a set; none if it compiles.
func problemsOf(t *testing.T, set rules.Set) []rules.Problem {
	t.Helper()
	_, err := rules.New(set)
	if err == nil {
		return nil
	}
	var wrong *rules.CompileError
	if !errors.As(err, &wrong) {
		t.Fatalf("the error is a %T: %v", err, err)
	}
	return wrong.Problems
}

func TestNewTellsWhereAConditionIsWrong(t *testing.T) {
	t.Parallel()
	fields := "source, integration, status, title, summary, severity, labels, annotations, fingerprint, start_time"
	for condition, want := range map[string]string{
		`alert.titel == "x"`:                           `rules[0].condition, line 1, column 1: alert has no field "titel"; it has ` + fields,
		`alert == "x"`:                                 `rules[0].condition, line 1, column 1: alert stands with one of its fields, as in alert.source; it has ` + fields,
		"true &&\n  titel == \"x\"":                    `rules[0].condition, line 2, column 3: "titel" is neither a variable nor a function here; there are alert and now, and texts stand in quotes`,
		`alert.title == 1`:                             `rules[0].condition, line 1, column 13: == cannot be applied to (string, int)`,
		`alert.title in "x"`:                           `rules[0].condition, line 1, column 13: in cannot be applied to (string, string)`,
		`alert.title`:                                  `rules[0].condition, line 1, column 1: must be true or false (bool), and is string`,
		`alert.title.matches("(")`:                     "rules[0].condition, line 1, column 21: invalid matches argument",
		`alert.title.matches(alert.labels.pattern)`:    `rules[0].condition, line 1, column 20: matches takes a regular expression in quotes, not one that is made of an alert`,
		`alert.title.replace("", alert.summary) == ""`: `rules[0].condition, line 1, column 20: replace takes texts in quotes, not ones that are made of an alert`,
		`"%d".format([1]) == "1"`:                      `rules[0].condition, line 1, column 12: format is not available here; join texts with +`,
		`now > timestamp("yesterday")`:                 "rules[0].condition, line 1, column 17: invalid timestamp argument",
		`[1].all(a, [1].all(b, [1].all(c, true)))`:     "rules[0].condition, line 1, column 30: comprehension exceeds nesting limit",
		`alert.title ==`:                               "rules[0].condition, line 1, column 15: is not CEL: mismatched input '<EOF>' expecting",
		strings.Repeat("x", 2001):                      "rules[0].condition must be at most 2000 bytes of UTF-8, and has 2001 bytes",
		"\xff":                                         "rules[0].condition must be at most 2000 bytes of UTF-8, and has 1 bytes",
	} {
		t.Run(condition[:min(len(condition), 40)], func(t *testing.T) {
			t.Parallel()
			problems := problemsOf(t, rules.Set{Rules: []rules.Rule{{Name: "rule", Condition: condition, Outcome: rules.OutcomeDrop}}})
			if len(problems) == 0 {
				t.Fatal("it compiles")
			}
			if got := problems[0].String(); !strings.HasPrefix(got, want) {
				t.Errorf("the problem is\n%s\nnot\n%s", got, want)
			}
		})
	}
}

func TestNewTellsWhatIsWrongWithARule(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, time.November, 24, 0, 0, 0, 0, time.UTC)
	many := func(n int) []string { return slices.Repeat([]string{"a"}, n) }
	for name, test := range map[string]struct {
		set  rules.Set
		want []string
	}{
		"names": {
			set: rules.Set{Rules: []rules.Rule{
				{Outcome: rules.OutcomeDrop},
				{Name: "two\nlines", Outcome: rules.OutcomeDrop},
				{Name: strings.Repeat("é", 101), Outcome: rules.OutcomeDrop},
				{Name: "a", Outcome: rules.OutcomeDrop},
				{Name: "a", Outcome: rules.OutcomeDrop},
			}},
			want: []string{
				"rules[0].name is empty; give it 1 to 100 characters",
				"rules[1].name must be one line of UTF-8, without control characters",
				"rules[2].name has 101 characters; at most 100 may be given",
				"rules[4].name is that of a rule before it; give each rule a name of its own",
			},
		},
		"severity and labels": {
			set: rules.Set{Rules: []rules.Rule{{
				Name: "a", Severity: "SEV6",
				SetLabels: []rules.Label{
					{Name: "no name", Value: "x"},
					{Name: "team", Value: "x"},
					{Name: "long", Value: strings.Repeat("x", 1025)},
				},
				RemoveLabels: []string{"team", ""},
			}, {Name: "b", RemoveLabels: many(17)}, {Name: "c", SetLabels: make([]rules.Label, 17)}}},
			want: []string{
				`rules[0].severity is "SEV6"; it must be SEV1, SEV2, SEV3, SEV4, SEV5, or empty to leave it`,
				`rules[0].set_labels[0].name is "no name"; the name of a label has 1 to 128 bytes and no spaces`,
				"rules[0].set_labels[2].value must be at most 1024 bytes of UTF-8 without control characters",
				`rules[0].remove_labels[0] names "team" again; a rule sets or removes a label once`,
				`rules[0].remove_labels[1] is ""; the name of a label has 1 to 128 bytes and no spaces`,
				"rules[1].remove_labels has 17 labels; at most 16 may be given",
				"rules[2].set_labels has 17 labels; at most 16 may be given",
			},
		},
		"outcomes": {
			set: rules.Set{Rules: []rules.Rule{
				{Name: "a"},
				{Name: "b", Outcome: "drop"},
				{Name: "c", Outcome: rules.OutcomeDrop, Window: time.Minute, Count: 2, GroupBy: []string{"alert.title"}},
				{Name: "d", Outcome: rules.OutcomeGroup, Count: 2},
				{Name: "e", Outcome: rules.OutcomeOpenAfter, Count: 1, Window: 8 * 24 * time.Hour},
				{Name: "f", Outcome: rules.OutcomeGroup, Window: time.Minute, GroupBy: []string{"", "now"}},
				{Name: "g", Outcome: rules.OutcomeGroup, Window: time.Minute, GroupBy: make([]string, 9)},
			}},
			want: []string{
				"rules[0] does nothing; give it an outcome, a severity, or labels to set or remove",
				`rules[1].outcome is "drop"; it must be one of [CONTINUE DROP KEEP OPEN OPEN_AFTER GROUP]`,
				"rules[2].window is only for the outcomes OPEN_AFTER and GROUP",
				"rules[2].group_by is only for the outcomes OPEN_AFTER and GROUP",
				"rules[2].count is only for the outcome OPEN_AFTER",
				"rules[3].window is 0s; for the outcome GROUP it must be from 1s to 168h0m0s, in whole milliseconds",
				"rules[3].count is only for the outcome OPEN_AFTER",
				"rules[4].window is 192h0m0s; for the outcome OPEN_AFTER it must be from 1s to 168h0m0s, in whole milliseconds",
				"rules[4].count is 1; for the outcome OPEN_AFTER it must be from 2 to 1000",
				"rules[5].group_by[0] is empty; it must be an expression, such as alert.labels.service",
				"rules[5].group_by[1], line 1, column 1: must be a text (string), and is timestamp",
				"rules[6].group_by has 9 terms; at most 8 may be given",
			},
		},
		"maintenance": {
			set: rules.Set{Maintenance: []rules.MaintenanceWindow{
				{},
				{StartTime: day, EndTime: day, Condition: "1", Reason: "move"},
				{StartTime: day, EndTime: day.Add(time.Hour), Reason: "move"},
			}},
			want: []string{
				"maintenance[0].end_time must be after start_time, and both must be given",
				"maintenance[0].reason is empty; give it 1 to 500 characters",
				"maintenance[1].end_time must be after start_time, and both must be given",
				"maintenance[1].condition, line 1, column 1: must be true or false (bool), and is int",
			},
		},
		"too many windows": {
			set: rules.Set{Maintenance: slices.Repeat([]rules.MaintenanceWindow{
				{StartTime: day, EndTime: day.Add(time.Hour), Reason: "move"},
			}, 101)},
			want: []string{"maintenance has 101 windows; at most 100 may be given"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, problem := range problemsOf(t, test.set) {
				got = append(got, problem.String())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNewBoundsRulesAndProblems(t *testing.T) {
	t.Parallel()
	var set rules.Set
	for i := range 101 {
		set.Rules = append(set.Rules, rules.Rule{Name: fmt.Sprint(i), Outcome: rules.OutcomeOpen})
	}
	problems := problemsOf(t, set)
	if len(problems) != 1 || problems[0].Path() != "rules" || problems[0].Message != "has 101 rules; at most 100 may be given" {
		t.Errorf("the problems of 101 rules are %v", problems)
	}
	set.Rules = set.Rules[:100]
	if problems := problemsOf(t, set); problems != nil {
		t.Errorf("the problems of 100 rules are %v", problems)
	}
	for i := range set.Rules {
		set.Rules[i].Condition = "oops"
	}
	if problems := problemsOf(t, set); len(problems) != rules.MaxProblems {
		t.Errorf("there are %d problems", len(problems))
	}
}
