package mentalmodel

import (
	"cmp"
	"slices"
	"strings"
)

// Match says that a component of reality and one of the model are the same, and why.
type Match struct {
	// Reality and Model are the names on both sides.
	Reality, Model string
	// Confidence is how sure that is, from 0 to 1.
	Confidence float64
	// Reason is why, for people: "same name".
	Reason string
}

// Pair is a component of reality and one of the model, by their names, about which a person knows better.
type Pair struct{ Reality, Model string }

// evidence is one way in which two names can be the same.
type evidence struct {
	confidence float64
	reason     string
}

// How sure each way is. The order matters more than the figures: what is surer is matched first.
var (
	byPerson     = evidence{1, "matched by a person"}
	byName       = evidence{1, "same name"}
	byIdentity   = evidence{0.98, "same name but for case and punctuation"}
	byAlias      = evidence{0.95, "an alias"}
	byPlainWords = evidence{0.9, "same name but for plural and short forms"}
	byWordOrder  = evidence{0.85, "same words in another order"}
	byAliasWords = evidence{0.82, "an alias but for plural, short forms and the order of words"}
	bySpecific   = evidence{0.75, "same name but for words like service and server"}
)

// ambiguous is by how much the confidence falls where another component would have fit as well.
const ambiguous = 0.6

// candidate is a possible match, by the numbers of the components.
type candidate struct {
	reality, model int
	evidence
	// likeness orders candidates that are equally sure: the same kind speaks for a match.
	likeness int
}

// matcher finds which components are the same.
type matcher struct {
	reality, model []Component
	// toModel and toReality hold the number of the other side's component, or -1.
	toModel, toReality []int
	different          map[[2]int]bool
	matches            []Match
	candidates         []candidate
}

// match pairs components. It is a stable matching: surer candidates come first, so that no two components are left that
// would both have fitted better with each other. Ties go to the same kind, then to the earlier name.
func match(reality, model []Component, options Options) (m *matcher, unused []Pair) {
	m = &matcher{
		reality: reality, model: model,
		toModel: slices.Repeat([]int{-1}, len(reality)), toReality: slices.Repeat([]int{-1}, len(model)),
		different: make(map[[2]int]bool, len(options.Different)),
	}
	unused = m.pin(options)
	for _, stage := range []struct {
		evidence
		keys func(Component) []string
	}{
		{byName, func(c Component) []string { return []string{c.Name} }},
		{byIdentity, func(c Component) []string { return []string{Identity(c.Name)} }},
		{byAlias, func(c Component) []string { return eachName(c, Identity) }},
		{byPlainWords, func(c Component) []string { return []string{plainKey(c.Name)} }},
		{byWordOrder, func(c Component) []string { return []string{sortedKey(c.Name)} }},
		{byAliasWords, func(c Component) []string { return eachName(c, sortedKey) }},
		{bySpecific, func(c Component) []string { return []string{specificKey(c.Name)} }},
	} {
		m.propose(stage.evidence, stage.keys)
		m.settle()
	}
	m.proposeTypos()
	m.settle()
	slices.SortFunc(m.matches, func(a, b Match) int { return cmp.Compare(a.Reality, b.Reality) })
	return m, unused
}

func eachName(c Component, key func(string) string) []string {
	keys := []string{key(c.Name)}
	for _, alias := range c.Aliases {
		keys = append(keys, key(alias))
	}
	return keys
}

func plainKey(name string) string { return keyOf(plain(words(name)), name) }

func sortedKey(name string) string {
	return keyOf(slices.Sorted(slices.Values(plain(words(name)))), name)
}

func specificKey(name string) string { return keyOf(specific(plain(words(name))), name) }

func keyOf(words []string, name string) string {
	if len(words) == 0 {
		return Identity(name)
	}
	return strings.Join(words, " ")
}

// nothing stands for the component of reality where a component of the model is known to be none.
const nothing = -1

// pin takes what people said over what names say. It returns what they said of components that are not there, or that
// others of their pairs have taken.
func (m *matcher) pin(options Options) (unused []Pair) {
	inReality, inModel := byNames(m.reality), byNames(m.model)
	for _, pair := range options.Different {
		r, inR := inReality[pair.Reality]
		o, inM := inModel[pair.Model]
		if pair.Reality == "" {
			r, inR = nothing, true
		}
		if !inR || !inM {
			unused = append(unused, pair)
			continue
		}
		m.different[[2]int{r, o}] = true
	}
	for _, pair := range options.Same {
		r, inR := inReality[pair.Reality]
		o, inM := inModel[pair.Model]
		if !inR || !inM || m.toModel[r] >= 0 || m.toReality[o] >= 0 {
			unused = append(unused, pair)
			continue
		}
		m.take(candidate{reality: r, model: o, evidence: byPerson}, byPerson.confidence)
	}
	return unused
}

func byNames(components []Component) map[string]int {
	numbers := make(map[string]int, len(components))
	for i, component := range components {
		if _, taken := numbers[component.Name]; !taken {
			numbers[component.Name] = i
		}
	}
	return numbers
}

func (m *matcher) take(c candidate, confidence float64) {
	m.toModel[c.reality], m.toReality[c.model] = c.model, c.reality
	m.matches = append(m.matches, Match{
		Reality: m.reality[c.reality].Name, Model: m.model[c.model].Name, Confidence: confidence, Reason: c.reason,
	})
}

// crowd is how many components of the model may share a key: one that fits more of them says nothing about any.
const crowd = 16

// propose adds a candidate for each two free components that share a key.
func (m *matcher) propose(why evidence, keys func(Component) []string) {
	index := make(index[string])
	for o, component := range m.model {
		if m.toReality[o] < 0 {
			for _, key := range keys(component) {
				index.add(key, o)
			}
		}
	}
	for r, component := range m.reality {
		if m.toModel[r] < 0 {
			for _, key := range keys(component) {
				for _, o := range index.sharing(key) {
					m.candidate(r, o, why)
				}
			}
		}
	}
}

// index holds the components of the model that have a key, by their numbers.
type index[K comparable] map[K][]int

func (x index[K]) add(key K, number int) {
	if numbers := x[key]; len(numbers) <= crowd && !slices.Contains(numbers, number) {
		x[key] = append(numbers, number)
	}
}

// sharing are the components that have the key, unless they are a crowd.
func (x index[K]) sharing(key K) []int {
	if numbers := x[key]; len(numbers) <= crowd {
		return numbers
	}
	return nil
}

func (m *matcher) candidate(r, o int, why evidence) {
	if m.different[[2]int{r, o}] || m.different[[2]int{nothing, o}] {
		return
	}
	likeness := 0
	if a, b := Identity(m.reality[r].Kind), Identity(m.model[o].Kind); a != "" && b != "" {
		likeness = -1
		if a == b {
			likeness = 1
		}
	}
	m.candidates = append(m.candidates, candidate{reality: r, model: o, evidence: why, likeness: likeness})
}

// settle takes the candidates, the surest first, as long as both sides are free.
func (m *matcher) settle() {
	slices.SortFunc(m.candidates, func(a, b candidate) int {
		return cmp.Or(
			cmp.Compare(b.confidence, a.confidence), cmp.Compare(b.likeness, a.likeness),
			cmp.Compare(m.reality[a.reality].Name, m.reality[b.reality].Name), cmp.Compare(m.model[a.model].Name, m.model[b.model].Name),
		)
	})
	m.candidates = slices.CompactFunc(m.candidates, func(a, b candidate) bool {
		return a.reality == b.reality && a.model == b.model && a.confidence == b.confidence
	})
	rivals := m.rivals()
	for i, c := range m.candidates {
		if m.toModel[c.reality] >= 0 || m.toReality[c.model] >= 0 {
			continue
		}
		confidence := c.confidence
		if rivals[i] {
			confidence *= ambiguous
			c.reason += "; others fit as well"
		}
		m.take(c, confidence)
	}
	m.candidates = m.candidates[:0]
}

// rivals says of each candidate whether another one of the same worth shares one of its ends.
func (m *matcher) rivals() []bool {
	type end struct {
		model    bool
		number   int
		worth    float64
		likeness int
	}
	seen := make(map[end]int, 2*len(m.candidates))
	ends := func(c candidate) [2]end {
		return [2]end{{false, c.reality, c.confidence, c.likeness}, {true, c.model, c.confidence, c.likeness}}
	}
	for _, c := range m.candidates {
		for _, e := range ends(c) {
			seen[e]++
		}
	}
	shared := make([]bool, len(m.candidates))
	for i, c := range m.candidates {
		e := ends(c)
		shared[i] = seen[e[0]] > 1 || seen[e[1]] > 1
	}
	return shared
}
