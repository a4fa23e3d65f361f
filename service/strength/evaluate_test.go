package strength_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/strength"
	"github.com/debriefhq/debrief/service/strength/corpus"
)

// TestTheCorpusIsReadAsItIsLabelled holds the figures that the documentation tells.
func TestTheCorpusIsReadAsItIsLabelled(t *testing.T) {
	t.Parallel()
	items, err := corpus.Items()
	if err != nil {
		t.Fatal(err)
	}
	const fewest = 200
	if len(items) < fewest {
		t.Errorf("only %d items", len(items))
	}
	evaluation := strength.Default().Evaluate(items)
	const least = 0.92
	if got := evaluation.Agreement(); got < least {
		t.Errorf("agreement is %.3f, below %.2f", got, least)
	}
	if got := evaluation.WeakerCalledStronger(); got > 0 {
		t.Errorf("%d weaker items are called stronger", got)
	}
	for label, suggested := range evaluation.Counts {
		if suggested[strength.Unknown] > 0 {
			t.Errorf("%d items that are %s are called unknown", suggested[strength.Unknown], label)
		}
	}
}

func TestAnEvaluationCountsByLabelAndSuggestion(t *testing.T) {
	t.Parallel()
	items := []strength.Item{
		{Text: "Update the runbook", Strength: strength.Weaker},
		{Text: "Remove the flag", Strength: strength.Weaker},
		{Text: "Remove the flag", Strength: strength.Stronger},
		{Text: "?", Strength: strength.Intermediate},
	}
	got := strength.Default().Evaluate(items)
	want := map[strength.Strength]map[strength.Strength]int{
		strength.Stronger:     {strength.Stronger: 1},
		strength.Intermediate: {strength.Unknown: 1},
		strength.Weaker:       {strength.Weaker: 1, strength.Stronger: 1},
	}
	if diff := cmp.Diff(want, got.Counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	if got.Agreement() != 0.5 || got.WeakerCalledStronger() != 1 || got.Total() != 4 || len(got.Mistakes) != 2 {
		t.Errorf("%+v", got)
	}
	if got := (strength.Evaluation{}).Agreement(); got != 0 {
		t.Errorf("without items the agreement is %g", got)
	}
}

func TestItemsAreReadFromLines(t *testing.T) {
	t.Parallel()
	got, err := strength.ReadItems(strings.NewReader(`{"text":"a","strength":"WEAKER","note":1}` + "\n\n" + `{"text":"b","strength":"STRONGER"}`))
	want := []strength.Item{{Text: "a", Strength: strength.Weaker}, {Text: "b", Strength: strength.Stronger}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, items (-want +got):\n%s", err, diff)
	}
	for _, text := range []string{"\n{", `{"text":"a","strength":"weak"}`, strings.Repeat("x", 2<<20)} {
		if _, err := strength.ReadItems(strings.NewReader(text)); err == nil {
			t.Errorf("%.20q is read", text)
		}
	}
}

// TestVoicesAreLabelledEvenly holds that each voice says as much about each strength, and that no text is there twice.
func TestVoicesAreLabelledEvenly(t *testing.T) {
	t.Parallel()
	voices, err := corpus.Voices()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for _, voice := range voices {
		counts := map[strength.Strength]int{}
		for _, item := range voice.Items {
			counts[item.Strength]++
			if other, twice := seen[item.Text]; twice {
				t.Errorf("%q is in %s and in %s", item.Text, other, voice.Name)
			}
			seen[item.Text] = voice.Name
		}
		third := len(voice.Items) / 3
		for _, label := range []strength.Strength{strength.Weaker, strength.Intermediate, strength.Stronger} {
			if counts[label] < third-1 || counts[label] > third+2 {
				t.Errorf("%s holds %d items that are %s, of %d", voice.Name, counts[label], label, len(voice.Items))
			}
		}
	}
	const fewest = 1200
	if len(seen) < fewest {
		t.Errorf("only %d items", len(seen))
	}
}
