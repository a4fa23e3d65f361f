package blameless

// findSubjects goes through a sentence once and notes for each token which phrase a verb there would speak about. It is
// no parser. It knows that a preposition takes the phrase after it away from the verb, that "who", "that" and a phrase
// right after a phrase begin a clause within the clause, and that "and" lets the next verb share the subject.
func (s *sentence) findSubjects() {
	s.subjects = s.subjects[:0]
	c := clause{head: -1, current: -1}
	for i := 0; i < len(s.tokens); {
		if number := s.at[i]; number >= 0 {
			p := &s.phrases[number]
			s.enter(&c, i, number)
			for range p.end - p.start {
				s.subjects = append(s.subjects, c.before(number))
			}
			i = p.end
			continue
		}
		s.subjects = append(s.subjects, s.step(&c, i))
		i++
	}
	s.lookAhead()
}

// clause is what is known of the sentence so far.
type clause struct {
	// head is the phrase that waits for its verb, current the subject of the last verb; -1 if there is none.
	head, current int32
	// outer are heads of clauses that go on after one within them.
	outer []int32
	// object is true after a verb: the next phrase may be its object. inner is true between a relative pronoun and its verb.
	object, inner bool
	// joined is true after a conjunction.
	joined bool
}

func (c *clause) subject() int32 {
	if c.head >= 0 {
		return c.head
	}
	return c.current
}

// before is what a verb in the place of a phrase would speak about: what seemed to be a noun can be a verb.
func (c *clause) before(number int32) int32 {
	if c.head >= 0 && c.head != number {
		return c.head
	}
	return c.current
}

// enter takes up a phrase.
func (s *sentence) enter(c *clause, i int, number int32) {
	p := &s.phrases[number]
	if s.has(p.start, classTime) && p.end == p.start+1 {
		return
	}
	if p.governed && !s.opensClause(i-1) {
		c.joined = false
		return
	}
	if s.has(i, classThat) && p.end == i+1 {
		if c.head >= 0 {
			c.outer = append(c.outer, c.head)
			c.inner, c.object = true, false
			return
		}
		if c.object && p.end < len(s.at) && s.at[p.end] >= 0 {
			return
		}
	}
	switch {
	case c.inner:
	case s.has(p.start, classWho) && c.head >= 0:
		c.outer = append(c.outer, c.head)
		c.current, c.object = number, false
	case s.has(p.start, classWho):
		c.outer = append(c.outer, number)
	case c.head >= 0 && !c.joined && !s.has(i-1, classPunctuation):
		c.outer = append(c.outer, c.head)
		c.object = false
	}
	c.head = number
	c.joined = false
}

// opensClause is true of a preposition that is also a conjunction: after, before, since.
func (s *sentence) opensClause(i int) bool { return s.has(i, classSubordinator) }

// step goes over a token that belongs to no phrase, and gives its subject.
func (s *sentence) step(c *clause, i int) int32 {
	t := s.tokens[i]
	switch {
	case s.is(i, ";") || s.is(i, "—") || s.is(i, "–") || s.is(i, ":"):
		*c = clause{head: -1, current: -1, outer: c.outer[:0]}
	case t.class&classConjunction != 0 || s.is(i, ",") && s.verbAt(i+1):
		c.joined = true
		if c.object {
			c.head = -1
		}
	case t.class&classSubordinator != 0 && t.class&classPreposition == 0 && !s.is(i, "as"):
		if c.head >= 0 {
			c.current = c.head
		}
		c.head, c.object = -1, false
	case s.verbAt(i):
		return s.verb(c, i)
	}
	if t.class&classPreposition != 0 && c.object && c.current >= 0 {
		return c.current
	}
	return c.subject()
}

// verbAt is true of a word that can be the finite verb of a clause.
func (s *sentence) verbAt(i int) bool {
	return s.has(i, classFinite) || s.has(i, classBase) && (s.has(i-1, classPronoun|classPerson|classModal) || s.is(i-1, "to"))
}

// verb gives a verb its subject.
func (s *sentence) verb(c *clause, i int) int32 {
	switch {
	case c.head >= 0 && c.object && len(c.outer) > 0 && !c.joined && s.follows(i):
		c.current = c.outer[len(c.outer)-1]
		c.outer = c.outer[:len(c.outer)-1]
	case c.head >= 0:
		c.current = c.head
	case len(c.outer) > 0 && !c.joined && !c.inner && !s.groups(i):
		c.current = c.outer[len(c.outer)-1]
		c.outer = c.outer[:len(c.outer)-1]
	}
	c.inner = false
	c.head = -1
	c.object = true
	c.joined = false
	return c.current
}

// follows is true of a verb that ends a clause within: it comes right after a phrase.
func (s *sentence) follows(i int) bool { return i > 0 && s.within[i-1] >= 0 || s.has(i-1, classAdverb) }

// groups is true of a verb that belongs to the one before: has failed, did not check, failed to start.
func (s *sentence) groups(i int) bool {
	for j := i - 1; j >= 0 && i-j <= 4; j-- {
		switch {
		case s.has(j, classModal|classBe|classHave|classDo) || s.is(j, "to"):
			return true
		case s.has(j, classNegation|classAdverb):
		default:
			return false
		}
	}
	return false
}

// lookAhead gives the subject that follows to what comes before it: "Without checking the logs, Bob restarted it."
func (s *sentence) lookAhead() {
	if len(s.tokens) == 0 || s.subjects[0] >= 0 || s.at[0] >= 0 && !s.has(0, classGerund) {
		return
	}
	if !s.has(0, classGerund|classPreposition|classSubordinator) {
		return
	}
	for i := 1; i < len(s.tokens); i++ {
		if !s.is(i, ",") {
			continue
		}
		if i+1 < len(s.tokens) && s.at[i+1] >= 0 {
			for j := 0; j < i && s.subjects[j] < 0; j++ {
				s.subjects[j] = s.at[i+1]
			}
		}
		return
	}
}
