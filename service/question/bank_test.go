package question

import (
	"regexp"
	"strings"
	"testing"
)

// blameful are words by which a question would itself judge, or look back from the end.
var blameful = regexp.MustCompile(`(?i)\b(blame|fault of|mistakes?|careless\w*|sloppy|negligen\w+|incompeten\w+|lazy|stupid|` +
	`should(n't)? have|could(n't)? have|ought to|supposed to have|failed to|failing to|forg[eo]t\w*|neglect\w*|ignor\w+|` +
	`overlook\w*|obvious\w*|clearly|of course|human error|operator error|if only|be (more )?careful|pay attention|` +
	`root cause|responsible for|guilty|culprit|didn't|did not)\b`)

// asking are the words by which a question opens a story.
var asking = regexp.MustCompile(`(?i)\b(how|what)\b`)

func allQuestions(t *testing.T) []question {
	t.Helper()
	var all []question
	for _, g := range Default().groups {
		all = append(all, g.Questions...)
	}
	return all
}

// TestTheBankCoversEverySource needs no list of its own: a bank in which a source has fewer than four questions, or in which
// two questions are nearly the same, can't be read. TestABadBankIsRefused shows that.
func TestTheBankIsLargeAndReadable(t *testing.T) {
	if got := len(allQuestions(t)); got < 250 {
		t.Errorf("the bank has %d questions", got)
	}
	for kind, keys := range sources() {
		for _, key := range keys {
			if got := len(Default().groups[groupKey{kind, key}].Questions); got < minPerSource {
				t.Errorf("%s %s has %d questions", kind, key, got)
			}
		}
	}
}

func TestQuestionsAskHowAndWhat(t *testing.T) {
	all := allQuestions(t)
	open, first, why := 0, 0, 0
	for _, q := range all {
		lower := strings.ToLower(q.Text)
		if asking.MatchString(q.Text) {
			open++
		}
		if strings.HasPrefix(lower, "how ") || strings.HasPrefix(lower, "what ") {
			first++
		}
		if regexp.MustCompile(`\bwhy\b`).MatchString(lower) {
			why++
		}
		if person.MatchString(q.Text) {
			t.Errorf("%s asks for a person: %s", q.ID, q.Text)
		}
		if !strings.HasSuffix(q.Text, "?") {
			t.Errorf("%s does not end as a question: %s", q.ID, q.Text)
		}
	}
	if open != len(all) || first*100 < len(all)*95 || why > 3 {
		t.Errorf("of %d questions %d ask how or what, %d begin so, %d ask why", len(all), open, first, why)
	}
}

func TestNothingInTheBankIsItselfBlameful(t *testing.T) {
	for key, g := range Default().groups {
		if found := blameful.FindString(g.Reason); found != "" {
			t.Errorf("the reason of %s %s says %q", key.kind, key.key, found)
		}
		for _, q := range g.Questions {
			if found := blameful.FindString(q.Text); found != "" {
				t.Errorf("%s says %q: %s", q.ID, found, q.Text)
			}
		}
	}
}

// Where a question is read aloud, the words of a finding are not.
func TestQuestionsAboutFindingsDoNotQuoteThem(t *testing.T) {
	for _, key := range sources()[FromFinding] {
		for _, q := range Default().groups[groupKey{FromFinding, key}].Questions {
			if strings.Contains(q.Text, "{") {
				t.Errorf("%s quotes the finding: %s", q.ID, q.Text)
			}
		}
	}
	if reason := Default().groups[groupKey{FromFinding, "named-person"}].Reason; strings.Contains(reason, "{") {
		t.Errorf("the reason of named-person repeats the name: %s", reason)
	}
}

func TestABadBankIsRefused(t *testing.T) {
	group := func(fields, questions string) string {
		return "- kind: finding\n  key: judgment\n  part: factors\n" + fields + "  questions:\n" + questions
	}
	q := func(id, text string) string {
		return "    - {id: " + id + ", weight: 50, text: \"" + text + "\"}\n"
	}
	const reason = "  reason: A reason.\n"
	tests := []struct{ name, bank, want string }{
		{"that is none", "kind: finding", "read the bank of questions"},
		{"with an unknown field", "- color: red", "field color not found"},
		{"with an unknown source", strings.Replace(group(reason, q("a", "What?")), "judgment", "gossip", 1), "finding gossip: nothing leads to it"},
		{"without a source", group(reason, q("a", "What?")), "gap PHANTOM_LINK: has no questions"},
		{"with a source twice", group(reason, q("a", "What?")) + group(reason, q("b", "What?")), "finding judgment: stands twice"},
		{"with too few for a source", group(reason, q("a", "What?")), "has 1 questions; it needs 4"},
		{"with an unknown part", strings.Replace(group(reason, q("a", "What?")), "factors", "lunch", 1), `"lunch" is no part`},
		{"without a reason", group("", q("a", "What?")), "the reason must be a sentence"},
		{"that gives one source more than there are", group("  each: 9\n"+reason, q("a", "What?")), "each is 9 of 1"},
		{"with an id that is no id", group(reason, q("Big Id", "What?")), `question "Big Id": an id has`},
		{"with an id twice", group(reason, q("a", "What?")+q("a", "How?")), "question a: another one has the same id"},
		{"with a weight out of bounds", group(reason, "    - {id: a, weight: 101, text: \"What?\"}\n"), "its weight is 101"},
		{"with a statement", group(reason, q("a", "What a day.")), "question a: it must be one question"},
		{"that asks for a person", group(reason, q("a", "Who did it?")), "question a: it asks for a person"},
		{"with an unknown placeholder", group(reason, q("a", "What is {factor}?")), "{factor} cannot be filled in for a finding judgment"},
		{"with a placeholder that does not end", group(reason, q("a", "What is {excerpt?")), "question a: {excerpt? cannot"},
		{"with an empty placeholder", group(reason, q("a", "What is {}?")), "question a: {} cannot"},
		{"with a text over two lines", group(reason, q("a", `What\nnow?`)), "question a: must be one line"},
		{
			"with near-repeats",
			group(reason, q("a", "What did the old tool report back?")+q("b", "What had the old tool reported, what did it report back?")),
			"questions a and b: say nearly the same",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse([]byte(test.bank))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Parse() = %v, want an error that says %q", err, test.want)
			}
		})
	}
	if _, err := Parse(make([]byte, MaxBankBytes+1)); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("Parse() of a huge bank = %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("- kind: hole\n  key: silence\n  questions: [{id: a, weight: 1, text: \"What {from}?\"}]\n"))
	f.Add([]byte("- &a {kind: gap}\n- *a\n"))
	f.Fuzz(func(_ *testing.T, source []byte) {
		if bank, err := Parse(source); err == nil {
			bank.Suggest(Review{}, nil)
		}
	})
}
