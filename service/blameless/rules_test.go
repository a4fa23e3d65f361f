package blameless_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/blameless"
	"github.com/debriefhq/debrief/service/blameless/corpus"
)

func newChecker(tb testing.TB, options blameless.Options) *blameless.Checker {
	tb.Helper()
	checker, err := blameless.New(options)
	if err != nil {
		tb.Fatalf("New: %v", err)
	}
	return checker
}

// rulesOf are the ids of the rules that found something, without repeats.
func rulesOf(findings []blameless.Finding) []string {
	var rules []string
	for _, f := range findings {
		rules = append(rules, f.Rule)
	}
	slices.Sort(rules)
	return slices.Compact(rules)
}

// What somebody who adds a rule has promised of it holds.
func TestEachRuleKeepsItsExamples(t *testing.T) {
	rules, err := blameless.BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	checker := newChecker(t, blameless.Options{})
	for _, rule := range rules {
		t.Run(rule.ID, func(t *testing.T) {
			if len(rule.Match) == 0 || len(rule.Clean) == 0 || rule.Question == "" || len(rule.Rewrites) == 0 {
				t.Errorf("wants examples of both kinds, a question and a rewrite")
			}
			for _, text := range rule.Match {
				if !slices.Contains(rulesOf(checker.Check(text)), rule.ID) {
					t.Errorf("finds nothing in %q", text)
				}
			}
			for _, text := range rule.Clean {
				for _, f := range checker.Check(text) {
					if f.Rule == rule.ID {
						t.Errorf("finds %q in %q", f.Excerpt, text)
					}
				}
			}
			for _, text := range rule.Mild {
				findings := checker.Check(text)
				if len(findings) == 0 || findings[0].Rule != rule.ID {
					t.Errorf("finds nothing in %q", text)
				}
				for _, f := range findings {
					if f.Severity != blameless.Note {
						t.Errorf("finds %s in %q, want NOTE", f.Severity, text)
					}
				}
			}
		})
	}
}

func TestRulesAreDescribed(t *testing.T) {
	var ids []string
	for _, rule := range blameless.Rules() {
		ids = append(ids, rule.ID+" "+rule.Severity.String())
		if rule.Why == "" || rule.Example == "" {
			t.Errorf("%s: wants a reason and an example", rule.ID)
		}
	}
	want := []string{
		"person-as-cause BLAME", "judgment BLAME", "punishment BLAME", "omission CAUTION", "counterfactual CAUTION", "hindsight CAUTION",
		"human-error CAUTION", "exhortation CAUTION", "single-cause NOTE", "named-person NOTE",
	}
	if diff := cmp.Diff(want, ids); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
}

// The figures of the labelled texts do not get worse.
func TestTheCorpusIsReadAsLabelled(t *testing.T) {
	items, err := corpus.Items()
	if err != nil {
		t.Fatal(err)
	}
	evaluation := newChecker(t, blameless.Options{}).Evaluate(items)
	if got := evaluation.Sentences.Precision(); got < 0.97 {
		t.Errorf("a precision of %.3f, want 0.97", got)
	}
	if got := evaluation.Sentences.Recall(); got < 0.96 {
		t.Errorf("a recall of %.3f, want 0.96", got)
	}
	for _, rule := range blameless.Rules() {
		count := evaluation.Rules[rule.ID]
		if count.Precision() < 0.8 || count.Recall() < 0.7 {
			t.Errorf("%s: precision %.3f, recall %.3f", rule.ID, count.Precision(), count.Recall())
		}
	}
}

// A text that is published as blameless is left alone.
func TestGoodPostMortemsAreLeftAlone(t *testing.T) {
	items, err := corpus.Items()
	if err != nil {
		t.Fatal(err)
	}
	checker := newChecker(t, blameless.Options{})
	words, findings := 0, 0
	for _, item := range items {
		if item.Kind != "published" {
			continue
		}
		for _, sentence := range item.Sentences {
			words += len(strings.Fields(sentence.Text))
			for _, f := range checker.Check(sentence.Text) {
				if f.Severity > blameless.Note {
					findings++
				}
			}
		}
	}
	if words == 0 || float64(findings) > 2*float64(words)/1000 {
		t.Errorf("%d findings in %d words, want at most 2 in 1,000", findings, words)
	}
}
