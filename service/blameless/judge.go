package blameless

import "bytes"

// judge says what a phrase stands for whose words from first on end with a noun.
func (s *sentence) judge(first, head int) (kind, bool) {
	// After a possessor the rest counts alone: "the engineer's laptop".
	for i := head; i > first; i-- {
		if s.is(i, "'s") {
			first = i + 1
			break
		}
	}
	c := s.tokens[head].class
	switch {
	case c&classHandle != 0:
		return person, !s.roleHandle(head)
	case c&(classOpaque|classSystem) != 0 && !s.surnamed(first, head):
		return thing, false
	case s.named(first, head):
		return person, true
	case c&(classNumber|classTime|classCalendar) != 0:
		return s.numbered(first, head), false
	case s.is(head, "manager") && head > first && s.inList("managed", head-1):
		return thing, false
	case c&classPerson != 0:
		return person, false
	case c&classRelational != 0 && c&(classMaybePerson|classMaybeThing|classThing) == 0:
		return unclear, false
	case c&classMaybePerson != 0:
		return s.maybePerson(first, head), false
	case c&classMaybeThing != 0:
		return s.maybeThing(first, head), false
	case c&(classThing|classTechnical|classVerb) != 0 && c&className == 0:
		return thing, false
	case c&classCapital != 0:
		return proper, false
	default:
		return unclear, false
	}
}

// roleHandle is true of a handle that a role, a team or everybody has: @oncall-db, @here.
func (s *sentence) roleHandle(i int) bool {
	t := s.tokens[i]
	id, class := s.words.look(s.text[t.start+1 : t.end])
	return class&(classPerson|classMaybePerson) != 0 || s.words.in("audience", id) ||
		bytes.HasPrefix(bytes.ToLower(s.text[t.start+1:t.end]), []byte("oncall"))
}

// numbered judges "on-call 2" by what is numbered.
func (s *sentence) numbered(first, head int) kind {
	if head > first && s.has(head-1, classPerson) {
		return person
	}
	return thing
}

// named is true of the name of a person: a first name, alone or before others, or a title and a name.
func (s *sentence) named(first, head int) bool {
	c := s.tokens[head].class
	if c&className != 0 && c&(classThing|classSystem) == 0 && (c&classCapital != 0 || c&classOrdinary == 0 && head == first) {
		return !s.words.in("saint", s.tokens[max(0, head-1)].id)
	}
	if c&classMaybeName != 0 && c&classCapital != 0 && first == head {
		return s.nameInContext(head)
	}
	return s.surnamed(first, head)
}

// surnamed is true of a last name: a word with a capital that is no other word, after a first name, an initial or a title.
func (s *sentence) surnamed(first, head int) bool {
	if head == first || !s.has(head, classCapital) {
		return false
	}
	if s.has(head, classThing|classPerson|classMaybePerson|classMaybeThing) && !s.has(head, classMaybeName) {
		return false
	}
	before := s.tokens[head-1].class
	if before&classTitle != 0 {
		return true
	}
	if before&classCapital == 0 {
		return false
	}
	return before&(className|classMaybeName) != 0 && before&classSystem == 0 && !s.has(head, classSystem) || s.surnamed(first, head-1)
}

// nameInContext tells Frank and Will from frank and will: with a capital within a sentence, or before a verb.
func (s *sentence) nameInContext(i int) bool {
	if s.has(i, classThing|classSystem) && !s.has(i+1, classCapital) {
		return false
	}
	if s.has(i, classCalendar) && (s.has(i-1, classPreposition|classSubordinator) || s.has(i+1, classNumber)) || s.is(i-1, "'s") {
		return false
	}
	if s.words.in("place", s.tokens[i].id) && (!s.has(i+1, classPast|classPresent|classModal) || s.toldOfSite(i+1)) {
		return false
	}
	if i > 0 && !s.has(i-1, classTime|classPunctuation) {
		return true
	}
	return s.has(i+1, classPast|classPresent|classModal|classBe|classHave|classDo) && !s.has(i+1, classNoun) || s.has(i+1, className)
}

// toldOfSite is true of a verb that says what a site does: "was down", "has lost power".
func (s *sentence) toldOfSite(i int) bool {
	for s.has(i, classBe|classHave|classModal|classNegation|classAdverb) && !s.inList("site-state", i) {
		i++
	}
	return s.inList("site-state", i) || s.is(i, "lost") && s.inList("site-loss", i+1)
}

// inList is true of a token whose word stands in a list.
func (s *sentence) inList(list string, i int) bool {
	return i < len(s.tokens) && s.words.in(list, s.tokens[i].id)
}

func (s *sentence) maybePerson(first, head int) kind {
	if head == first {
		return person
	}
	before := s.tokens[head-1]
	switch {
	case s.words.in("role-word", before.id), before.class&classPerson != 0:
		return person
	case before.class&(classSystem|classTechnical|classThing|classOpaque|classMaybeThing) != 0:
		return thing
	case before.class&classUnknown != 0:
		return unclear
	default:
		return person
	}
}

func (s *sentence) maybeThing(first, head int) kind {
	if head == first {
		return thing
	}
	before := s.tokens[head-1]
	if s.words.in("role-word", before.id) || before.class&classPerson != 0 || s.is(head-1, "human") {
		return person
	}
	return thing
}
