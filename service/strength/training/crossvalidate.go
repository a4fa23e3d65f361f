package training

import (
	"golang.org/x/sync/errgroup"

	"github.com/debriefhq/debrief/service/strength"
	"github.com/debriefhq/debrief/service/strength/corpus"
)

// Fold is how well one voice is read by a model that has not seen it.
type Fold struct {
	Voice corpus.Voice
	// Evaluation is that of the suggestions, Rules that of the rules alone.
	Evaluation, Rules strength.Evaluation
}

// CrossValidate leaves out one voice after the other: a model is learned from the other voices and the items beside them,
// and measured on the voice that was left out.
func CrossValidate(voices []corpus.Voice) ([]Fold, error) {
	further, err := furtherItems()
	if err != nil {
		return nil, err
	}
	rules, err := strength.New(strength.Options{RulesOnly: true})
	if err != nil {
		return nil, err
	}
	folds := make([]Fold, len(voices))
	var group errgroup.Group
	const atOnce = 2
	group.SetLimit(atOnce)
	for i := range voices {
		group.Go(func() error {
			suggester, err := without(voices, i, further)
			if err != nil {
				return err
			}
			items := voices[i].Items
			folds[i] = Fold{Voice: voices[i], Evaluation: suggester.Evaluate(items), Rules: rules.Evaluate(items)}
			return nil
		})
	}
	return folds, group.Wait()
}

// without is a suggester that has not seen a voice.
func without(voices []corpus.Voice, left int, further []strength.Item) (*strength.Suggester, error) {
	var items []strength.Item
	for i, voice := range voices {
		if i != left {
			items = append(items, voice.Items...)
		}
	}
	model, err := Train(append(items, further...))
	if err != nil {
		return nil, err
	}
	return strength.New(strength.Options{Model: model})
}

// furtherItems are the labelled items beside the voices: those that the rules were made on, and the rules' own examples.
func furtherItems() ([]strength.Item, error) {
	items, err := corpus.Items()
	if err != nil {
		return nil, err
	}
	examples, err := strength.Examples()
	return append(items, examples...), err
}

// TrainBuiltin learns the model that suggestions go by, from all labelled items of package corpus.
func TrainBuiltin() (*strength.Model, error) {
	voices, err := corpus.Voices()
	if err != nil {
		return nil, err
	}
	items, err := furtherItems()
	if err != nil {
		return nil, err
	}
	for _, voice := range voices {
		items = append(items, voice.Items...)
	}
	return Train(items)
}
