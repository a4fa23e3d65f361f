package blameless

// kind is what a phrase stands for.
type kind uint8

const (
	// none: there is no phrase, as in "Forgot to drain it".
	none kind = iota
	// unclear: a word that is in no list, in lower case.
	unclear
	// proper: a word that is in no list, with a capital: a person or a product.
	proper
	person
	thing
)

var kindNames = map[string]kind{"none": none, "unclear": unclear, "proper": proper, "person": person, "thing": thing}

// phrase is a group of words that stands for somebody or something, such as "the on-call engineer".
type phrase struct {
	// start and end are its tokens.
	start, end int
	kind       kind
	// governed is true after a preposition: in "the alert for the on-call" the phrase that a verb speaks about is another.
	governed bool
	// named is true if it is the name of a person.
	named bool
}

// sentence is one that has been looked at.
type sentence struct {
	words   *lexicon
	text    []byte
	tokens  []token
	phrases []phrase
	// at gives for each token the phrase that starts there, or -1; within the one that it belongs to, or -1.
	at, within []int32
	// subjects gives for each token the phrase that a verb there speaks about, or -1.
	subjects []int32
}

// analyse finds the phrases of a sentence, and its subjects. It uses the memory of the sentence that it is given.
func (s *sentence) analyse(tokens []token) {
	s.tokens = tokens
	s.phrases, s.at, s.within = s.phrases[:0], s.at[:0], s.within[:0]
	for range tokens {
		s.at = append(s.at, -1)
		s.within = append(s.within, -1)
	}
	for i := 0; i < len(tokens); {
		p, ok := s.phrase(i)
		if !ok {
			i++
			continue
		}
		number := int32(len(s.phrases))
		s.phrases = append(s.phrases, p)
		s.at[p.start] = number
		for j := p.start; j < p.end; j++ {
			s.within[j] = number
		}
		i = p.end
	}
	s.findSubjects()
}

func (s *sentence) is(i int, word string) bool {
	return i >= 0 && i < len(s.tokens) && s.tokens[i].id >= 0 && s.words.words[s.tokens[i].id] == word
}

func (s *sentence) has(i int, c class) bool {
	return i >= 0 && i < len(s.tokens) && s.tokens[i].class&c != 0
}

// phrase reads the phrase that starts at a token, if one does.
func (s *sentence) phrase(start int) (phrase, bool) {
	if start > 0 && s.within[start-1] >= 0 && s.has(start, classBase|classPresent) && s.actsAfter(start) {
		return phrase{}, false
	}
	p := phrase{start: start, governed: s.has(start-1, classPreposition)}
	i := start
	determined := false
	for s.has(i, classDeterminer|classPossessive|classRelational) && !s.startsElse(i) && i-start < 4 {
		determined = true
		i++
	}
	if !determined && s.has(i, classPronoun|classThingPronoun|classWho) && !s.possessed(i) {
		return s.pronoun(p, i)
	}
	if s.has(i, classTime) {
		p.end, p.kind = i+1, thing
		return p, true
	}
	head := -1
	first := i
	for ; i < len(s.tokens) && i-start < maxPhrase; i++ {
		switch {
		case s.is(i, "'s") && head >= 0 && s.continues(i+1):
			head = -1
			continue
		case s.modifies(i, first, determined, head >= 0):
			continue
		case s.names(i, first, determined):
			head = i
			continue
		}
		break
	}
	if head < 0 {
		return s.bare(p, first, determined)
	}
	p.end = head + 1
	p.kind, p.named = s.judge(first, head)
	return s.whole(p), true
}

// maxPhrase is the longest phrase, in words.
const maxPhrase = 12

// startsElse is true where a word that could begin a phrase does not: "that" before a clause, "all" before "the".
func (s *sentence) startsElse(i int) bool {
	if s.has(i, classRelational) && !s.has(i, classDeterminer|classPossessive) {
		return !s.is(i, "one") || s.is(i+1, "of") || !s.has(i+1, classNoun|classAdjective)
	}
	return false
}

// possessed is true before "'s" that means possession: somebody's mistake.
func (s *sentence) possessed(i int) bool { return s.is(i+1, "'s") && s.continues(i+2) }

// continues is true where a phrase can go on after "'s", which also means "is" and "has".
func (s *sentence) continues(i int) bool {
	if s.has(i, classNoun) {
		return true
	}
	return s.has(i, classAdjective) && s.has(i+1, classNoun|classAdjective) && !s.has(i+1, classFinite&^classNoun)
}

func (s *sentence) pronoun(p phrase, i int) (phrase, bool) {
	p.end = i + 1
	p.kind = person
	if s.has(i, classThingPronoun) && !s.has(i, classPronoun) {
		p.kind = thing
	}
	if s.is(i+1, "else") {
		p.end++
	}
	return p, true
}

// bare is a phrase without a noun: "these failed", "one of the engineers", "all ignored it".
func (s *sentence) bare(p phrase, first int, determined bool) (phrase, bool) {
	if !determined {
		return p, false
	}
	p.end, p.kind = first, unclear
	if s.is(first, "of") {
		if of, ok := s.phrase(first + 1); ok {
			p.end, p.kind, p.named = of.end, of.kind, of.named
			return p, true
		}
	}
	if s.has(first-1, classPossessive) || s.is(first-1, "the") || s.is(first-1, "a") || s.is(first-1, "an") {
		return p, false
	}
	if s.has(first-1, classThingPronoun) {
		p.kind = thing
	}
	return p, true
}

// whole takes what follows and belongs to a group of people: "members of the platform team".
func (s *sentence) whole(p phrase) phrase {
	if !s.has(p.end-1, classRelational|classNumber) || !s.is(p.end, "of") {
		return p
	}
	if of, ok := s.phrase(p.end + 1); ok && of.kind == person {
		p.end, p.kind = of.end, of.kind
	}
	return p
}

// modifies is true of a word that says more about the noun to come.
func (s *sentence) modifies(i, first int, determined, headed bool) bool {
	t := s.tokens[i]
	switch {
	case t.class&(classPreposition|classConjunction|classModal|classBe|classHave|classDo|classNegation|classPunctuation) != 0:
		return s.is(i, ",") && s.has(i-1, classAdjective) && s.has(i+1, classAdjective) && determined && !headed
	case headed:
		return false
	case t.class&classAdjective != 0:
		return s.leads(i)
	case t.class&(classParticiple|classGerund) != 0 && t.class&classNoun&^classUnknown == 0:
		return (determined && i == first || s.has(i-1, classAdjective)) && s.leads(i)
	case t.class&classAdverb != 0:
		return determined && s.has(i+1, classAdjective|classParticiple) && s.leads(i+1)
	default:
		return false
	}
}

// leads is true before what a phrase can go on with.
func (s *sentence) leads(i int) bool {
	if s.has(i+1, classNoun|classAdjective) && !s.has(i+1, classPunctuation) {
		return true
	}
	return s.has(i+1, classGerund|classParticiple) && s.has(i+2, classNoun) || s.is(i+1, ",") && s.has(i+2, classAdjective) ||
		s.is(i+1, "and") && s.has(i+2, classAdjective)
}

// names is true of a noun.
func (s *sentence) names(i, first int, determined bool) bool {
	t := s.tokens[i]
	switch {
	case t.class&(classPunctuation|classConjunction|classModal|classNegation) != 0 && t.class&(classMaybeName|classNumber|classCalendar) == 0:
		return false
	case t.class&classMaybeName != 0 && t.class&classCapital != 0:
		return true
	case t.class&(classBe|classDo|classSubordinator|classThat|classPronoun|classThingPronoun|classDeterminer|classPossessive) != 0:
		return false
	case t.class&classPreposition != 0 || t.class&classHave != 0:
		return false
	case t.class&classNoun == 0:
		// "backup", "check": a verb that no list has as a noun.
		return determined && i == first && t.class&classBase != 0
	case t.class&classUnknown != 0 && t.class&(classPast|classPresent) != 0 && i == first && !determined && t.class&classCapital == 0:
		return i == 0 || s.within[i-1] < 0
	case t.class&(classPast|classParticiple) != 0 && t.class&classCapital == 0:
		return t.class&classThing != 0 && determined && i == first
	case t.class&(classPresent|classBase) != 0 && i > first:
		return !s.actsAfter(i)
	case t.class&classUnknown != 0 && t.class&(classAdverb|classGerund) != 0 && t.class&classCapital == 0:
		return determined && i == first && t.class&classGerund != 0
	default:
		return true
	}
}

// actsAfter is true of a word that is noun and verb, where it is a verb: "ops skip checks", "the pod crashes".
func (s *sentence) actsAfter(i int) bool {
	before := s.tokens[i-1].class
	known := before&(classPerson|classMaybePerson|className|classHandle) != 0
	if !known && s.tokens[i].class&classUnknown == 0 || s.has(i, classPerson|classMaybePerson) {
		return false
	}
	if known && (s.is(i+1, "wrong") || s.is(i+1, "bad")) {
		return true
	}
	return s.has(i+1, classDeterminer|classPossessive|classPreposition|classOpaque|classSubordinator|classPronoun|classThingPronoun) &&
		!s.is(i+1, "of") && !s.is(i+1, "by") && !s.is(i+1, "for")
}
