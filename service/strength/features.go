package strength

import (
	"maps"
	"slices"
	"strings"
)

// Feature is something about a text that the learned model may have a weight for.
type Feature struct {
	// Name says what was found: a letter for its kind, a colon, and the word, the list or the rule.
	Name string
	// Value is how much of it was found, above 0.
	Value float64
	// Start and End are where it was found first, in bytes; both are 0 where it has no place.
	Start, End int
}

// Kinds of features. A text that writes another kind of name than the weights were learned for is not understood: after a
// change the weights are to be learned anew.
const (
	featureWord   = "w:" // the stem of a word
	featureForm   = "f:" // a word as it is written
	featurePair   = "b:" // two stems in a row, or one at the beginning or the end of a part of a sentence
	featureSkip   = "s:" // two stems with one between
	featurePrefix = "c:" // the first letters of a word
	featureSuffix = "e:" // the last letters of a word
	featureMain   = "l:" // a word of a list of the rules, in the main part of a clause
	featureAside  = "a:" // the same in what tells when, why or of what
	featureHead   = "h:" // the same where the verb of a clause stands
	featureRule   = "r:" // what a rule has found
	featureRules  = "v:" // what the rules suggest
	featureMark   = "p:" // punctuation, and how long the text is
)

// featureBias is the same for each text.
const featureBias = "bias"

const (
	numberStem = "<number>"
	codeStem   = "<code>"
	partStem   = "/"
	edgeStem   = "^"
)

// featureSet collects features, each name once.
type featureSet struct {
	found []Feature
	index map[string]int
}

func (f *featureSet) add(name string, value float64, start, end int) {
	if i, known := f.index[name]; known {
		f.found[i].Value = max(f.found[i].Value, value)
		return
	}
	f.index[name] = len(f.found)
	f.found = append(f.found, Feature{name, value, start, end})
}

// Features are what the learned model reads in a text, each name once and in a fixed order.
func (s *Suggester) Features(text string) []Feature { return s.read(text).features() }

// features are those of a text that was read by the rules.
func (r reading) features() []Feature {
	f := &featureSet{index: map[string]int{}}
	f.add(featureBias, 1, 0, 0)
	f.addWords(r.words)
	f.addMarks(r)
	for i := range r.clauses {
		r.suggester.addLists(f, &r.clauses[i])
		for _, e := range r.suggester.find(&r.clauses[i]) {
			f.add(featureRule+e.rule.id, e.weight, 0, 0)
		}
	}
	if r.suggestion.Strength != Unknown {
		f.add(featureRules+r.suggestion.Strength.String(), r.suggestion.Confidence, 0, 0)
	}
	return f.found
}

// addWords adds the words and their neighbours.
func (f *featureSet) addWords(words []word) {
	before, last := word{}, edgeStem
	previous := ""
	for i, w := range words {
		stem := featureStem(w)
		if i > 0 && w.before >= comma {
			mark := partStem
			if w.before >= colon {
				mark = edgeStem
			}
			f.add(featurePair+last+" "+mark, 1, before.start, before.end)
			previous, last = last, mark
		}
		start := w.start
		if last == featureStem(before) {
			start = before.start
		}
		f.add(featureWord+stem, 1, w.start, w.end)
		f.add(featurePair+last+" "+stem, 1, start, w.end)
		if previous != "" {
			f.add(featureSkip+previous+" "+stem, 1, w.start, w.end)
		}
		f.addLetters(w, stem)
		previous, last, before = last, stem, w
	}
	if len(words) > 0 {
		f.add(featurePair+last+" $", 1, before.start, before.end)
	}
}

// addLetters adds the word as it is written, and how it begins and ends.
func (f *featureSet) addLetters(w word, stem string) {
	const short, beginning, ending = 5, 4, 3
	text := w.text()
	if stem == numberStem || stem == codeStem || len(text) > longest {
		return
	}
	f.add(featureForm+text, 1, w.start, w.end)
	if letters := []rune(text); len(letters) >= short {
		f.add(featurePrefix+string(letters[:beginning]), 1, w.start, w.end)
		f.add(featureSuffix+string(letters[len(letters)-ending:]), 1, w.start, w.end)
	}
}

// featureStem is the stem of a word; numbers have one in common, and so have pieces of code.
func featureStem(w word) string {
	switch {
	case strings.ContainsAny(w.text(), "0123456789"):
		return numberStem
	case w.stem == "" || len(w.stem) > longest:
		return codeStem
	}
	return w.stem
}

func (f *featureSet) addMarks(r reading) {
	for _, mark := range []string{"?", ":", ";"} {
		if strings.Contains(r.text, mark) {
			f.add(featureMark+mark, 1, 0, 0)
		}
	}
	const usual, most = 20, 1.5
	f.add(featureMark+"length", min(float64(len(r.words))/usual, most), 0, 0)
}

// addLists adds the lists of the rules that a clause has a word of.
func (s *Suggester) addLists(f *featureSet, c *clause) {
	for at := range c.words {
		w := &c.words[at]
		for _, key := range [2]string{w.stem, w.form} {
			for _, entry := range s.entries[key] {
				if key == "" || !startsWith(c.words[at:], entry.phrase) {
					continue
				}
				start, end := w.start, c.words[at+len(entry.phrase)-1].end
				if w.weight >= inPhrase {
					f.add(featureMain+entry.list, 1, start, end)
				} else {
					f.add(featureAside+entry.list, 1, start, end)
				}
				if at == c.head {
					f.add(featureHead+entry.list, 1, start, end)
				}
			}
		}
	}
}

// listEntry is a phrase of a list.
type listEntry struct {
	list   string
	phrase []string
}

// indexLists leads from the key of a word to the phrases of lists that begin with it.
func indexLists(lists lexicon) map[string][]listEntry {
	index := map[string][]listEntry{}
	for _, name := range slices.Sorted(maps.Keys(lists)) {
		for key, found := range lists[name] {
			for _, phrase := range found {
				index[key] = append(index[key], listEntry{name, phrase})
			}
		}
	}
	return index
}
