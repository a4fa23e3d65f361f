package question

import (
	"slices"
	"strings"
	"unicode"
)

// shape is what a question says, without the order of its words.
type shape struct {
	id    string
	words []string
}

// fillers carry no meaning of their own: two questions that share only these have nothing in common.
var fillers = strings.Fields(`a about after all an and any anybody are as at be been before by can could did do does else
	for from had has have how if in into is it its no not of on one or other others our out over so some than that the
	their them there these they thing things this those time to today up was we were what when where which while will
	with without would you`)

func shapeOf(id, text string) shape {
	text = placeholder.ReplaceAllString(strings.ToLower(text), " ")
	words := strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' })
	words = slices.DeleteFunc(words, func(word string) bool { return slices.Contains(fillers, word) })
	slices.Sort(words)
	return shape{id: id, words: slices.Compact(words)}
}

// similarity is the share of the words of either that both have, from 0 to 1 (Jaccard's index).
func similarity(a, b shape) float64 {
	shared, i, j := 0, 0, 0
	for i < len(a.words) && j < len(b.words) {
		switch strings.Compare(a.words[i], b.words[j]) {
		case -1:
			i++
		case 1:
			j++
		default:
			shared, i, j = shared+1, i+1, j+1
		}
	}
	either := len(a.words) + len(b.words) - shared
	if either == 0 {
		return 1
	}
	return float64(shared) / float64(either)
}
