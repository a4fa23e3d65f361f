package strength

import (
	"cmp"
	"slices"
)

// Learned is the rule of words that the learned model has found.
const Learned = "learned"

// whyLearned says why a word counts that no rule knows.
var whyLearned = map[Strength]string{
	Weaker:       "In labelled items such words go with what relies on people.",
	Intermediate: "In labelled items such words go with what helps people to notice or to recover.",
	Stronger:     "In labelled items such words go with what makes a failure impossible or harmless.",
}

// How likely STRONGER has to be, as to be told that a weaker action is a stronger one is the mistake that does harm: surely,
// and despite a rule that says that it is left to people.
const (
	surely  = 0.7
	despite = 0.97
)

// isKnown says whether the model can say anything on a text: a rule has found something, or at least half of the words with a
// meaning of their own were seen before.
func (r reading) isKnown() bool {
	if r.best.strength != Unknown {
		return true
	}
	known, all := 0, 0
	for _, w := range r.words {
		if r.suggester.grammar.holdsTogether(w) {
			continue
		}
		all++
		if r.suggester.model.knows(w) {
			known++
		}
	}
	return known > 0 && 2*known >= all
}

// learned is what the model makes of a reading.
func (r reading) learned() Suggestion {
	features := r.features()
	likely := r.suggester.model.probabilities(features)
	class := r.choose(likely)
	suggestion := Suggestion{Strength: classes[class], Confidence: max(likely[class], guess), Words: r.suggestion.Words}
	speaks := func(w Word) bool { return w.For == suggestion.Strength }
	if !slices.ContainsFunc(suggestion.Words, speaks) {
		suggestion.Words = inOrder(append(suggestion.Words, r.learnedWords(features, class)...))
	}
	return suggestion
}

// choose takes the likeliest class; what is likely STRONGER and not surely so is INTERMEDIATE.
func (r reading) choose(likely [3]float64) int {
	const weaker, intermediate, stronger = 0, 1, 2
	last := weaker
	if likely[intermediate] >= likely[weaker] {
		last = intermediate
	}
	if likely[stronger] <= likely[last] {
		return last
	}
	least := surely
	if r.best.governed && r.best.strength == Weaker {
		least = despite
	}
	if likely[stronger] >= least {
		return stronger
	}
	return intermediate
}

// learnedWords are the words that speak most for a class.
func (r reading) learnedWords(features []Feature, class int) []Word {
	const most = 3
	model := r.suggester.model
	features = slices.DeleteFunc(features, func(f Feature) bool { return f.End == 0 || model.speaks(f, class) <= 0 })
	slices.SortStableFunc(features, func(a, b Feature) int {
		return -cmp.Compare(model.speaks(a, class), model.speaks(b, class))
	})
	var words []Word
	for _, f := range features {
		overlaps := func(w Word) bool { return f.Start < w.End && w.Start < f.End }
		if len(words) == most || slices.ContainsFunc(words, overlaps) || slices.ContainsFunc(r.suggestion.Words, overlaps) {
			continue
		}
		words = append(words, Word{
			Start: f.Start, End: f.End, Text: r.text[f.Start:f.End], For: classes[class], Rule: Learned, Why: whyLearned[classes[class]],
		})
	}
	return words
}
