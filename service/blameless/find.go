package blameless

import (
	"cmp"
	"slices"
)

// found is a match of a rule.
type found struct {
	match
	rule *compiledRule
	// mild is true of what a rule finds and takes for less than its severity.
	mild bool
}

func (f found) severity() Severity {
	if f.mild {
		return Note
	}
	return f.rule.Severity
}

// finder finds the matches in sentence after sentence.
type finder struct {
	checker *Checker
	s       *sentence
	m       matcher
	found   []found
	// awake has the number of the sentence that last had a word that a pattern needs, for each pattern.
	awake    []int
	sentence int
	// present are the words of the sentence, once something is found in it.
	present set
}

func (f *finder) find() []found {
	f.found = f.found[:0]
	f.wake()
	for i := range f.s.tokens {
		f.at(i)
	}
	if len(f.found) == 0 {
		return nil
	}
	f.except()
	f.soften()
	f.choose()
	return f.found
}

// soften marks the matches that their rule takes for less.
func (f *finder) soften() {
	for _, rule := range f.rules() {
		for _, p := range rule.milder {
			f.places(p, func(milder match) bool {
				for i := range f.found {
					m := &f.found[i]
					m.mild = m.mild || m.rule == rule && m.core < milder.end && milder.core < m.end
				}
				return true
			})
		}
	}
}

// explains is true of a sentence that begins with what explains the finding of a rule in the sentence before it.
func (f *finder) explains(rule *compiledRule) bool {
	return slices.ContainsFunc(rule.explains, func(p *pattern) bool {
		if len(f.s.tokens) == 0 || !p.begins.at(f.s, 0) {
			return false
		}
		_, ok := f.m.at(f.s, p, 0)
		return ok
	})
}

// wake notes which patterns have a word in the sentence that they need.
func (f *finder) wake() {
	x := &f.checker.index
	if f.awake == nil {
		f.awake = make([]int, x.count)
	}
	f.sentence++
	for _, t := range f.s.tokens {
		if t.id < 0 {
			continue
		}
		for _, c := range x.wakes[t.id] {
			f.awake[c.number] = f.sentence
		}
	}
}

func (f *finder) at(i int) {
	x := &f.checker.index
	t := f.s.tokens[i]
	if t.id >= 0 {
		f.try(x.byWord[t.id], i)
	}
	for _, c := range x.byClass {
		if t.class&c.class != 0 {
			f.tryOne(c, i)
		}
	}
	if f.s.at[i] >= 0 {
		f.try(x.byPhrase, i)
	}
	f.try(x.anywhere, i)
}

func (f *finder) try(candidates []*candidate, i int) {
	for _, c := range candidates {
		f.tryOne(c, i)
	}
}

func (f *finder) tryOne(c *candidate, i int) {
	if !c.light && f.awake[c.number] != f.sentence {
		return
	}
	if m, ok := f.m.at(f.s, c.pattern, i); ok {
		f.found = append(f.found, found{match: m, rule: c.rule})
	}
}

// except drops what an exception covers.
func (f *finder) except() {
	clear(f.present)
	for _, t := range f.s.tokens {
		if t.id >= 0 {
			f.present.add(t.id)
		}
	}
	if f.anyMatch(f.checker.clears) {
		f.found = f.found[:0]
		return
	}
	var cleared []*compiledRule
	for _, rule := range f.rules() {
		if f.anyMatch(rule.clears) {
			cleared = append(cleared, rule)
		}
	}
	f.found = slices.DeleteFunc(f.found, func(m found) bool { return slices.Contains(cleared, m.rule) })
	f.drop(f.checker.exceptions, nil)
	f.drop(f.checker.allowed, nil)
	for _, rule := range f.rules() {
		f.drop(rule.exceptions, rule)
	}
}

// rules are those that have found something.
func (f *finder) rules() []*compiledRule {
	var rules []*compiledRule
	for _, m := range f.found {
		if !slices.Contains(rules, m.rule) {
			rules = append(rules, m.rule)
		}
	}
	return rules
}

func (f *finder) anyMatch(patterns []*pattern) bool {
	for _, p := range patterns {
		if f.places(p, func(match) bool { return false }) {
			return true
		}
	}
	return false
}

// drop removes the matches of a rule, or of all if it is nil, that overlap one of a pattern.
func (f *finder) drop(patterns []*pattern, rule *compiledRule) {
	for _, p := range patterns {
		f.places(p, func(exception match) bool {
			f.found = slices.DeleteFunc(f.found, func(m found) bool {
				return (rule == nil || m.rule == rule) && m.core < exception.end && exception.core < m.end
			})
			return len(f.found) > 0
		})
	}
}

// places calls visit with each match of a pattern, until that is false, and is true if there was one.
func (f *finder) places(p *pattern, visit func(match) bool) bool {
	if p.needs != nil && !p.needs.meets(f.present) {
		return false
	}
	matched := false
	for i := range f.s.tokens {
		if !p.begins.at(f.s, i) {
			continue
		}
		if m, ok := f.m.at(f.s, p, i); ok {
			matched = true
			if !visit(m) {
				break
			}
		}
	}
	return matched
}

// choose keeps one finding for each place: of two that overlap the more severe, then the longer, then the first. What a
// name adds is another matter and stays beside it.
func (f *finder) choose() {
	slices.SortStableFunc(f.found, func(a, b found) int {
		if a.rule.Severity != b.rule.Severity {
			return int(b.rule.Severity - a.rule.Severity)
		}
		if a.mild != b.mild {
			return cmp.Compare(b.severity(), a.severity())
		}
		if long, longer := a.end-a.core, b.end-b.core; long != longer {
			return longer - long
		}
		if a.rule.order != b.rule.order {
			return a.rule.order - b.rule.order
		}
		return a.core - b.core
	})
	kept := f.found[:0]
	for _, m := range f.found {
		if !slices.ContainsFunc(kept, func(k found) bool { return k.covers(m) }) {
			kept = append(kept, m)
		}
	}
	slices.SortStableFunc(kept, func(a, b found) int { return a.start - b.start })
	f.found = kept
}

func (f found) covers(other found) bool {
	if f.rule != other.rule && (other.rule.Severity == Note) != (f.rule.Severity == Note) {
		return false
	}
	return f.core < other.end && other.core < f.end
}
