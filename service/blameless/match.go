package blameless

// window is how many words a match can span.
const window = 63

// matcher tries patterns at places of a sentence. Each instruction is tried once at each place of the window, so that the
// time of a pattern is bounded by its length times the window, whatever the text.
type matcher struct {
	s       *sentence
	program []instruction
	start   int
	// tried has a bit for each word of the window, for each instruction.
	tried []uint64
	mark  int
}

// match is where a pattern matches, in tokens.
type match struct {
	// start is with the subject of the verb, core without it.
	start, core, end int
	// mark is where what the rewrite tells begins, or -1.
	mark int
}

// at tries a pattern at a place.
func (m *matcher) at(s *sentence, p *pattern, start int) (match, bool) {
	m.s, m.program, m.start, m.mark = s, p.program, start, -1
	if cap(m.tried) < len(p.program) {
		m.tried = make([]uint64, maxPattern)
	}
	m.tried = m.tried[:len(p.program)]
	clear(m.tried)
	end, ok := m.run(0, start)
	if !ok {
		return match{}, false
	}
	found := match{start: start, core: start, end: end, mark: m.mark}
	if p.speaks() {
		found.start = s.fromSubject(start)
	}
	return found, end > start
}

// speaks is true of a pattern that asks for a subject first.
func (p *pattern) speaks() bool {
	for _, i := range p.program {
		if i.op == opWord || i.op == opPhrase {
			return false
		}
		if i.op == opSubject {
			return true
		}
	}
	return false
}

// fromSubject is where the subject of a verb starts, if it stands right before it.
func (s *sentence) fromSubject(verb int) int {
	number := s.subjects[verb]
	if number < 0 {
		return verb
	}
	p := s.phrases[number]
	if p.end > verb || verb-p.end > 6 {
		return verb
	}
	return p.start
}

// run goes on with an instruction at a word, and gives where the match ends.
func (m *matcher) run(at, i int) (int, bool) {
	for {
		if offset := i - m.start; offset > window || m.tried[at]&(1<<offset) != 0 {
			return 0, false
		}
		m.tried[at] |= 1 << (i - m.start)
		step := &m.program[at]
		switch step.op {
		case opMatch:
			return i, true
		case opJump:
			at = step.next
		case opSplit:
			if step.other != at+1 {
				if end, ok := m.run(step.next, i); ok {
					return end, true
				}
			}
			at = step.other
		case opMark:
			return m.marked(at, i)
		case opGap:
			return m.gap(step, at, i)
		default:
			if end, ok := m.take(step, at, i); ok {
				return end, true
			}
			if !m.passes(step, i) {
				return 0, false
			}
			i++
		}
	}
}

func (m *matcher) marked(at, i int) (int, bool) {
	before := m.mark
	m.mark = i
	end, ok := m.run(at+1, i)
	if !ok {
		m.mark = before
	}
	return end, ok
}

// take goes on after what an instruction takes.
func (m *matcher) take(step *instruction, at, i int) (int, bool) {
	width, ok := m.step(step, i)
	if !ok {
		return 0, false
	}
	return m.run(at+1, i+width)
}

// passes is true of an adverb, which a pattern need not mention, after its first word.
func (m *matcher) passes(step *instruction, i int) bool {
	return i > m.start && step.op != opEnd && step.op != opNot && m.s.has(i, classAdverb) && !m.s.has(i, classNegation|classNumber)
}

// step is how many words an instruction takes, and whether it takes them.
func (m *matcher) step(step *instruction, i int) (int, bool) {
	s := m.s
	switch step.op {
	case opWord:
		return 1, i < len(s.tokens) && step.words.matches(s.tokens[i])
	case opNot:
		return 0, i >= len(s.tokens) || !step.words.matches(s.tokens[i])
	case opBegin:
		return 0, s.begins(i)
	case opEnd:
		return 0, i >= len(s.tokens) || s.has(i, classPunctuation) && !s.is(i, ",")
	case opSubject:
		return 0, i < len(s.tokens) && step.kinds.matchesSubject(s, i)
	case opPhrase:
		if i >= len(s.tokens) || s.at[i] < 0 {
			return 0, false
		}
		p := s.phrases[s.at[i]]
		return p.end - i, step.kinds.has(p.kind) && (p.named || !step.kinds.named)
	default:
		return 0, false
	}
}

func (k kindSet) matchesSubject(s *sentence, i int) bool {
	number := s.subjects[i]
	if number < 0 {
		return k.has(none)
	}
	return k.has(s.phrases[number].kind)
}

// gap goes over as few words as it can, or as many if nothing follows.
func (m *matcher) gap(step *instruction, at, i int) (int, bool) {
	if m.program[at+1].op == opMatch {
		return m.rest(step, i), true
	}
	for n := 0; n <= step.count && i+n <= len(m.s.tokens); n++ {
		if end, ok := m.run(at+1, i+n); ok {
			return end, true
		}
		if i+n < len(m.s.tokens) && !step.kinds.named && m.s.parts(i+n) {
			break
		}
	}
	return 0, false
}

func (m *matcher) rest(step *instruction, i int) int {
	end := min(i+step.count, len(m.s.tokens), m.start+window)
	for i < end && (step.kinds.named || !m.s.parts(i)) {
		i++
	}
	return i
}

// parts is true of a mark or a word between two clauses, over which a plain gap does not reach.
func (s *sentence) parts(i int) bool {
	return s.has(i, classPunctuation) || s.has(i, classSubordinator) && !s.has(i, classPreposition)
}

// begins is true where a clause begins that has no subject, as in an order: at the start, after a time, a colon or a dash.
func (s *sentence) begins(i int) bool {
	for j := i - 1; j >= 0; j-- {
		switch {
		case s.has(j, classTime|classPunctuation) && !s.is(j, ",") && !s.is(j, ")"):
			return true
		case s.has(j, classNumber|classTechnical|classAdverb|classHandle) || s.is(j, "please") || s.is(j, "pls") || s.is(j, ",") && j < 6:
		default:
			return false
		}
	}
	return true
}
