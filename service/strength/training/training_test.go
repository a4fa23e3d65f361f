package training_test

import (
	"bytes"
	"testing"

	"github.com/debriefhq/debrief/service/strength"
	"github.com/debriefhq/debrief/service/strength/training"
)

func items() []strength.Item {
	return []strength.Item{
		{Text: "The wobble is frobnicated", Strength: strength.Stronger},
		{Text: "Frobnicate the carts", Strength: strength.Stronger},
		{Text: "A hum about the wobble", Strength: strength.Weaker},
		{Text: "Hum to the carts", Strength: strength.Weaker},
		{Text: "Blink at the wobble", Strength: strength.Intermediate},
		{Text: "Carts that blink", Strength: strength.Intermediate},
	}
}

func TestItemsComeToTheSameModelEachTime(t *testing.T) {
	t.Parallel()
	var written [2]bytes.Buffer
	for i := range written {
		model, err := training.Train(items())
		if err != nil {
			t.Fatal(err)
		}
		if err := model.Write(&written[i]); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(written[0].Bytes(), written[1].Bytes()) || written[0].Len() == 0 {
		t.Errorf("the first time:\n%s\nthe second time:\n%s", &written[0], &written[1])
	}
}

func TestWhatIsLearnedIsSuggested(t *testing.T) {
	t.Parallel()
	model, err := training.Train(items())
	if err != nil {
		t.Fatal(err)
	}
	s, err := strength.New(strength.Options{Model: model})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]strength.Strength{"Carts hum": strength.Weaker, "The carts blink": strength.Intermediate} {
		if got := s.Suggest(text); got.Strength != want {
			t.Errorf("%q is suggested to be %s, not %s", text, got.Strength, want)
		}
	}
}

func TestAnItemWithoutStrengthTeachesNothing(t *testing.T) {
	t.Parallel()
	if _, err := training.Train([]strength.Item{{Text: "Hum"}}); err == nil {
		t.Error("it is learned from")
	}
}
