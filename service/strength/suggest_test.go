package strength_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/strength"
)

// TestSentencesAreReadByTheirGrammar tells what decides where words for several strengths stand in one text.
func TestSentencesAreReadByTheirGrammar(t *testing.T) {
	t.Parallel()
	const (
		weaker       = strength.Weaker
		intermediate = strength.Intermediate
		stronger     = strength.Stronger
	)
	tests := map[string]map[string]strength.Strength{
		"of several things to do the strongest decides": {
			"Update the runbook and add an alert":                          intermediate,
			"Remind the team of the flag. Remove the flag from the tool.":  stronger,
			"Add an alert for lag; fail over automatically":                stronger,
			"Investigate the leak, and add an alert for memory":            intermediate,
			"Train the on-call, document the tool and delete the old path": stronger,
		},
		"what is only studied, written down or asked of people is weaker": {
			"Investigate automatic failover":                              weaker,
			"Document how to drain the node and remove it from the pool":  weaker,
			"Remind operators to stop the job and remove the lock":        weaker,
			"Consider whether to isolate the tenants by removing the bus": weaker,
			"Engineers must remove the lock afterwards":                   weaker,
			"Update the runbook to make it impossible to miss the step":   weaker,
			"Remove the outdated section of the runbook":                  weaker,
			"Write a policy that makes direct writes impossible":          weaker,
		},
		"the means says more than the aim": {
			"Prevent bad configuration by training engineers":      weaker,
			"Prevent bad pushes with a pre-commit hook":            intermediate,
			"Avoid double runs by making the job idempotent":       stronger,
			"Reduce the risk of outages through better onboarding": weaker,
		},
		"what is to be no more does not count": {
			"Replace the checklist with an interlock":                    stronger,
			"Replace the wiki page with an alert":                        intermediate,
			"Fail over automatically instead of by following a runbook":  stronger,
			"Ask for confirmation rather than relying on the procedure":  intermediate,
			"Replace automatic failover by a procedure for the operator": weaker,
		},
		"what only tells when and of what counts for less": {
			"Add an alert for when the automatic failover fails": intermediate,
			"Automatic failover when the health check fails":     stronger,
			"Dashboard of the runbook automation":                intermediate,
		},
		"words of the trade are not taken for the weak ones": {
			"Isolate the training cluster from serving":  stronger,
			"Cap retries in the retry policy":            intermediate,
			"Move the document store to its own cluster": stronger,
		},
		"who is to do it does not matter": {
			"We should add an alert":                       intermediate,
			"SRE team to add automatic failover":           stronger,
			"TODO: please remove the shared admin account": stronger,
			"P1: add a regression test":                    intermediate,
		},
		"what is only said, asked or left to people's leave is weaker": {
			"Is automatic failover possible at all? Ask the vendor.":                               weaker,
			"The requirement for a safe default has been noted":                                    weaker,
			"Put the isolation drawing on the noticeboard":                                         weaker,
			"The vendor has promised automatic failover for the next release; ask them for a date": weaker,
			"Nobody shall open the cabinet unless the supervisor agrees":                           weaker,
			"Nobody can open the cabinet while it is live, is there more? Add an interlock.":       stronger,
		},
	}
	rules, err := strength.New(strength.Options{RulesOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	for name, texts := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for text, want := range texts {
				if got := rules.Suggest(text); got.Strength != want {
					t.Errorf("%q is suggested to be %s, not %s: %+v", text, got.Strength, want, got.Words)
				}
			}
		})
	}
}

func TestASuggestionNamesItsWords(t *testing.T) {
	t.Parallel()
	type word struct {
		Start, End int
		Text       string
		For        strength.Strength
		Rule       string
	}
	got := strength.Suggest("Überall: set up automatic failover, and page us")
	words := make([]word, 0, len(got.Words))
	for _, w := range got.Words {
		words = append(words, word{w.Start, w.End, w.Text, w.For, w.Rule})
		if w.Why == "" {
			t.Errorf("%q has no why", w.Text)
		}
	}
	want := []word{
		{17, 26, "automatic", strength.Stronger, "automatic-recovery"},
		{27, 35, "failover", strength.Stronger, "automatic-recovery"},
		{41, 45, "page", strength.Intermediate, "notice"},
	}
	if diff := cmp.Diff(want, words); diff != "" {
		t.Errorf("words (-want +got):\n%s", diff)
	}
	if got.Strength != strength.Stronger || got.Confidence < 0.7 || got.Confidence > 1 {
		t.Errorf("%s at %g", got.Strength, got.Confidence)
	}
}

func TestATextWithoutWordsToGoByIsUnknown(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", " \n\t", "…", "12", "`rm -rf`", "lorem ipsum dolor sit amet", "\xff\xfe"} {
		if diff := cmp.Diff(strength.Suggestion{}, strength.Suggest(text)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

func TestATextThatNoRuleKnowsIsAGuess(t *testing.T) {
	t.Parallel()
	want := strength.Suggestion{Strength: strength.Intermediate, Confidence: 0.1}
	if diff := cmp.Diff(want, strength.Suggest("Frobnicate the wibble in the cart")); diff != "" {
		t.Errorf("suggestion (-want +got):\n%s", diff)
	}
}

func TestLongTextsAreReadUpToABound(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("Page the on-call. ", strength.MaxText) + "Remove the path."
	got := strength.Suggest(long)
	if got.Strength != strength.Intermediate || len(got.Words) != strength.MaxWords {
		t.Errorf("%s with %d words", got.Strength, len(got.Words))
	}
	if got.Words[len(got.Words)-1].End > strength.MaxText {
		t.Errorf("it read on to %d", got.Words[len(got.Words)-1].End)
	}
}

func TestStrengthsHaveNames(t *testing.T) {
	t.Parallel()
	for _, s := range []strength.Strength{strength.Unknown, strength.Weaker, strength.Intermediate, strength.Stronger} {
		if got, err := strength.Parse(s.String()); err != nil || got != s {
			t.Errorf("%s is read as %s, %v", s, got, err)
		}
	}
	if got := strength.Strength(7).String(); got != "Strength(7)" {
		t.Errorf("%q", got)
	}
	if _, err := strength.Parse("stronger"); err == nil {
		t.Error("a name in lower case is read")
	}
}

func TestAPlanOfWeakerActionsOnlyIsFlagged(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		actions []strength.Strength
		want    bool
	}{
		"no actions":          {nil, false},
		"weaker only":         {[]strength.Strength{strength.Weaker, strength.Weaker}, true},
		"one is intermediate": {[]strength.Strength{strength.Weaker, strength.Intermediate}, false},
		"one is stronger":     {[]strength.Strength{strength.Stronger, strength.Weaker}, false},
		"one is not known":    {[]strength.Strength{strength.Weaker, strength.Unknown}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := strength.ReviewPlan(test.actions)
			if got.WeakerOnly != test.want || (got.Explanation != "") != test.want {
				t.Errorf("%+v", got)
			}
		})
	}
}

// FuzzSuggest reads any text, and holds what is told about it against the text.
func FuzzSuggest(f *testing.F) {
	for _, seed := range []string{
		"Add an alert", "Remove `x` from y, and – instead of z – (document) it", strings.Repeat("to ", 3) + "and, and; by", "``` ` ``",
		strings.Repeat("replace with ", 2), strings.Repeat("We should to ", 2) + "add", "\xff’s 'a' it''s", "https://", "(a) no, without training",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := strength.Suggest(text)
		if diff := cmp.Diff(got, strength.Suggest(text)); diff != "" {
			t.Errorf("the second time it is another (-first +second):\n%s", diff)
		}
		if got.Confidence < 0 || got.Confidence > 1 || (got.Strength == strength.Unknown) != (got.Confidence == 0) {
			t.Errorf("%s at %g", got.Strength, got.Confidence)
		}
		for _, word := range got.Words {
			if text[word.Start:word.End] != word.Text || word.Text == "" || utf8.ValidString(text) && !utf8.ValidString(word.Text) {
				t.Errorf("%+v is not in the text", word)
			}
		}
	})
}

func BenchmarkSuggest(b *testing.B) {
	text := strings.Repeat("Replace the shared lock with a lease so that two deploys cannot run at once, and alert on expiry; ", 600)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		strength.Suggest(text)
	}
}
