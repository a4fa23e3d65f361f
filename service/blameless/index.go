package blameless

import "math/bits"

// index says which patterns can begin at a word, so that the others are not tried, and which words a sentence must have
// for a pattern to match at all.
type index struct {
	// byWord are the patterns by the word that they can begin with, byClass those that can begin with a word of a class.
	byWord  [][]*candidate
	byClass []*candidate
	// byPhrase are those that can begin with a phrase, and with anything.
	byPhrase, anywhere []*candidate
	// wakes are the patterns that need one of some words, by each of these.
	wakes [][]*candidate
	count int
}

// candidate is a pattern that may match.
type candidate struct {
	rule    *compiledRule
	pattern *pattern
	class   class
	// number is its own. light is true if it needs no word.
	number int
	light  bool
}

func (c *Checker) newIndex() index {
	x := index{byWord: make([][]*candidate, len(c.words.words)), wakes: make([][]*candidate, len(c.words.words))}
	for _, rule := range c.rules {
		for _, p := range rule.patterns {
			x.add(&candidate{rule: rule, pattern: p, number: x.count})
		}
	}
	return x
}

func (x *index) add(c *candidate) {
	x.count++
	c.light = c.pattern.needs == nil
	for id := range c.pattern.needs.all() {
		x.wakes[id] = append(x.wakes[id], c)
	}
	first := &c.pattern.begins
	switch {
	case first.anything:
		x.anywhere = append(x.anywhere, c)
		return
	case first.phrase:
		x.byPhrase = append(x.byPhrase, c)
	}
	if first.class != 0 {
		c.class = first.class
		x.byClass = append(x.byClass, c)
	}
	for id := range first.ids.all() {
		x.byWord[id] = append(x.byWord[id], c)
	}
}

// beginning is what the first word of a match can be.
type beginning struct {
	ids              set
	class            class
	phrase, anything bool
}

// at is true where a match can begin.
func (b *beginning) at(s *sentence, i int) bool {
	t := s.tokens[i]
	return b.anything || b.phrase && s.at[i] >= 0 || t.class&b.class != 0 || t.id >= 0 && b.ids.has(t.id)
}

func (p *pattern) first() beginning {
	var b beginning
	p.walk(-1, func(step *instruction) bool {
		switch step.op {
		case opWord:
			b.class |= step.words.class
			b.ids.join(step.words.ids)
		case opPhrase:
			b.phrase = true
		case opGap, opMatch:
			b.anything = true
		default:
			return true
		}
		return false
	})
	return b
}

// needed is the smallest set of words of which each match has one; nil if there is none.
func (p *pattern) needed() set {
	var best set
	for at, step := range p.program {
		if step.op != opWord || step.words.class != 0 || best != nil && best.size() <= step.words.ids.size() || !p.unavoidable(at) {
			continue
		}
		best = step.words.ids
	}
	return best
}

// unavoidable is true of an instruction that no match can go around.
func (p *pattern) unavoidable(at int) bool {
	around := false
	p.walk(at, func(step *instruction) bool {
		around = around || step.op == opMatch
		return step.op != opMatch
	})
	return !around
}

// walk visits the instructions that can be reached without one of them, as far as visit says so.
func (p *pattern) walk(without int, visit func(*instruction) bool) {
	seen := make([]bool, len(p.program))
	open := []int{0}
	for len(open) > 0 {
		at := open[len(open)-1]
		open = open[:len(open)-1]
		if at == without || seen[at] {
			continue
		}
		seen[at] = true
		step := &p.program[at]
		if !visit(step) {
			continue
		}
		switch step.op {
		case opJump:
			open = append(open, step.next)
		case opSplit:
			open = append(open, step.next, step.other)
		default:
			open = append(open, at+1)
		}
	}
}

// set is a set of words, by their ids.
type set []uint64

func (s set) has(id int32) bool { return int(id>>6) < len(s) && s[id>>6]&(1<<(id&63)) != 0 }

func (s *set) add(id int32) {
	for int(id>>6) >= len(*s) {
		*s = append(*s, 0)
	}
	(*s)[id>>6] |= 1 << (id & 63)
}

func (s *set) join(with set) {
	for len(*s) < len(with) {
		*s = append(*s, 0)
	}
	for i, more := range with {
		(*s)[i] |= more
	}
}

func (s set) meets(with set) bool {
	for i := range min(len(s), len(with)) {
		if s[i]&with[i] != 0 {
			return true
		}
	}
	return false
}

func (s set) size() int {
	size := 0
	for _, word := range s {
		size += bits.OnesCount64(word)
	}
	return size
}

// all yields the words, in order.
func (s set) all() func(func(int32) bool) {
	return func(yield func(int32) bool) {
		for i, word := range s {
			for ; word != 0; word &= word - 1 {
				if !yield(int32(i*64 + bits.TrailingZeros64(word))) {
					return
				}
			}
		}
	}
}
