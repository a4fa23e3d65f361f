package strength

import (
	"cmp"
	"slices"
	"strings"

	"github.com/debriefhq/debrief/service/plaintext"
)

// evidence is what a rule read in a clause.
type evidence struct {
	rule   *rule
	clause *clause
	spans  []span
	// weight is the rule's, times that of the place where it was read.
	weight float64
}

// verdict is what a clause comes to.
type verdict struct {
	strength   Strength
	confidence float64
	// governed says that a rule decided it which governs.
	governed bool
	// vague says that only fallbacks led to it.
	vague    bool
	evidence []evidence
}

// strongEnough is the least that has to speak for STRONGER; below it the lower strength is suggested.
const strongEnough = 0.5

// guess is the confidence of a suggestion for a text that reads like English and that no rule knows. The middle of the
// hierarchy is never far off.
const guess = 0.1

// reading is what the rules make of a text.
type reading struct {
	suggester  *Suggester
	text       string
	words      []word
	clauses    []clause
	suggestion Suggestion
	// best is the verdict that the suggestion comes from.
	best verdict
}

// Suggest says what the text of an action item tells of its strength. The rules read it, and the learned model weighs what
// they have found together with the words that no rule knows.
func (s *Suggester) Suggest(text string) Suggestion {
	r := s.read(text)
	if s.model == nil || r.best.own() || !r.isKnown() {
		return r.suggestion
	}
	return r.learned()
}

// read reads a text by the rules. Of several things to do the strongest decides, unless it is only studied, written down or
// asked of people.
func (s *Suggester) read(text string) reading {
	r := reading{suggester: s, text: plaintext.Cut(text, MaxText)}
	r.words = split(r.text)
	r.clauses = s.grammar.parse(r.words)
	verdicts := s.judge(r.clauses)
	for _, v := range verdicts {
		if v.over(r.best) {
			r.best = v
		}
	}
	if r.best.strength == Unknown && s.grammar.isSentence(r.words) {
		r.suggestion = Suggestion{Strength: Intermediate, Confidence: guess}
		return r
	}
	r.suggestion = Suggestion{Strength: r.best.strength, Confidence: r.best.confidence}
	var words []Word
	for _, v := range verdicts {
		words = appendWords(words, r.text, v.evidence)
	}
	r.suggestion.Words = inOrder(words)
	return r
}

// inOrder sorts words by their place, and leaves out what is there twice or too much.
func inOrder(words []Word) []Word {
	slices.SortStableFunc(words, func(a, b Word) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End), -cmp.Compare(a.For, b.For))
	})
	words = slices.CompactFunc(words, func(a, b Word) bool { return a.Start == b.Start && a.End == b.End })
	return words[:min(len(words), MaxWords)]
}

// own says whether a rule that was handed in led to a verdict: that is the last word.
func (v verdict) own() bool {
	return slices.ContainsFunc(v.evidence, func(e evidence) bool { return e.rule.own && e.rule.strength == v.strength })
}

// over says whether a verdict counts more than another one: where it says more than that something is changed, and then
// where it is stronger.
func (v verdict) over(other verdict) bool {
	switch {
	case other.strength == Unknown || v.strength == Unknown:
		return other.strength == Unknown
	case v.vague != other.vague:
		return other.vague
	case v.strength != other.strength:
		return v.strength > other.strength
	}
	return v.confidence > other.confidence
}

// judge says what each clause comes to.
func (s *Suggester) judge(clauses []clause) []verdict {
	var verdicts []verdict
	governed, topic := false, false
	for i := range clauses {
		c := &clauses[i]
		if governed && (topic || c.goesOn || !c.verb || len(c.words) == 1) {
			continue // It belongs to what is only studied, written down or asked of people.
		}
		if c.asks {
			continue
		}
		v := weigh(s.find(c))
		if (c.means && !v.vague || topic && v.governed) && len(verdicts) > 0 {
			verdicts = verdicts[:len(verdicts)-1] // The means says more than the aim, and what is said more than its topic.
		}
		if topic && v.strength == Stronger && verdicts[len(verdicts)-1].strength == Intermediate {
			continue // "Chaos test: kill the leader" is a test.
		}
		governed, topic = v.governed, c.topic
		verdicts = append(verdicts, v)
	}
	return verdicts
}

// find finds what the rules have to say on a clause: of each rule what counts most.
func (s *Suggester) find(c *clause) []evidence {
	best := map[int]evidence{}
	for at := range c.words {
		w := &c.words[at]
		for _, key := range [2]string{w.stem, w.form} {
			for _, ref := range s.index[key] {
				found, ok := s.try(ref, c, at)
				if ok && found.weight > best[ref.rule].weight {
					best[ref.rule] = found
				}
			}
		}
	}
	var all []evidence
	for i, found := range best {
		if !found.rule.excepted(c) {
			all = append(all, best[i])
		}
	}
	slices.SortFunc(all, func(a, b evidence) int {
		return cmp.Or(-cmp.Compare(a.weight, b.weight), strings.Compare(a.rule.id, b.rule.id))
	})
	return all
}

// try matches a pattern at a word.
func (s *Suggester) try(ref reference, c *clause, at int) (evidence, bool) {
	r := &s.rules[ref.rule]
	p := &r.patterns[ref.pattern]
	if !p.mayBegin(c, at) {
		return evidence{}, false
	}
	spans := p.match(c.words, at)
	if spans == nil {
		return evidence{}, false
	}
	weight := 1.0
	for _, found := range spans {
		for _, w := range c.words[found.from:found.to] {
			if r.aside && w.weight == inSubordinate {
				continue
			}
			if w.weight != inReplaced || p.anchor != atHead { // From its verb on, a pattern means the old thing.
				weight = min(weight, w.weight)
			}
		}
		if r.governs && found.to < len(c.words) && c.words[found.to].before == hyphen {
			weight = min(weight, inSubordinate) // "training-free" is no training.
		}
	}
	return evidence{rule: r, clause: c, spans: spans, weight: weight * r.weight}, weight > 0
}

func (r *rule) excepted(c *clause) bool {
	return slices.ContainsFunc(r.unless, func(p pattern) bool { return p.occurs(c) })
}

// weigh says what evidence comes to. What governs decides alone; else pieces of evidence for one strength add up as
// independent ones would, the most likely strength wins, and of two that are as likely the lower.
func weigh(all []evidence) verdict {
	all = telling(all)
	against := map[Strength]float64{Weaker: 1, Intermediate: 1, Stronger: 1}
	if v := govern(all); v.governed {
		return v
	}
	for _, e := range all {
		against[e.rule.strength] *= 1 - e.weight
	}
	v := verdict{evidence: all, vague: !slices.ContainsFunc(all, func(e evidence) bool { return !e.rule.fallback })}
	most, others := 0.0, 1.0
	for _, strength := range []Strength{Weaker, Intermediate, Stronger} {
		speaks := 1 - against[strength]
		if speaks > most && (strength != Stronger || speaks >= strongEnough) {
			v.strength, most = strength, speaks
		}
	}
	for strength, left := range against {
		if strength != v.strength {
			others = min(others, left)
		}
	}
	if v.strength == Unknown && against[Stronger] < 1 {
		v.strength, most, others = Intermediate, 1-against[Stronger], 0.5
	}
	v.confidence = most * (1 + others) / 2
	return v
}

// govern is the verdict of the rules that govern a clause, if any does.
func govern(all []evidence) verdict {
	v := verdict{strength: Weaker}
	for _, e := range all {
		if e.rule.governs && e.weight >= e.rule.weight*inPhrase {
			v.governed, v.confidence = true, max(v.confidence, e.weight)
			v.evidence = append(v.evidence, e)
		}
	}
	return v
}

func appendWords(words []Word, text string, all []evidence) []Word {
	for _, e := range all {
		for _, found := range e.spans {
			from, to := e.clause.words[found.from], e.clause.words[found.to-1]
			words = append(words, Word{
				Start: from.start, End: to.end, Text: text[from.start:to.end],
				For: e.rule.strength, Rule: e.rule.id, Why: e.rule.why,
			})
		}
	}
	return words
}

// telling leaves out the fallbacks where there is anything else, and what reads a part only of the words that another rule
// reads as a whole: the "failover" of "automatic failover".
func telling(all []evidence) []evidence {
	if slices.ContainsFunc(all, func(e evidence) bool { return !e.rule.fallback }) {
		all = slices.DeleteFunc(all, func(e evidence) bool { return e.rule.fallback })
	}
	return slices.DeleteFunc(slices.Clone(all), func(e evidence) bool {
		return !e.rule.governs && slices.ContainsFunc(all, func(other evidence) bool { return other.weight >= e.weight && e.within(other) })
	})
}

// size is how many words were read.
func (e evidence) size() int {
	size := 0
	for _, s := range e.spans {
		size += s.to - s.from
	}
	return size
}

// within says whether another piece of evidence reads all the words of this one, and more.
func (e evidence) within(other evidence) bool {
	return e.size() < other.size() && !slices.ContainsFunc(e.spans, func(mine span) bool {
		return !slices.ContainsFunc(other.spans, func(s span) bool { return s.from <= mine.from && mine.to <= s.to })
	})
}
