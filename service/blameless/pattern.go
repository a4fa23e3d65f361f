package blameless

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// operation is what an instruction of a compiled pattern does.
type operation uint8

const (
	opWord    operation = iota // one word of a set
	opPhrase                   // a phrase of a kind
	opSubject                  // the verb here speaks about a phrase of a kind
	opNot                      // the next word is not of a set
	opGap                      // up to a number of words
	opBegin                    // a clause begins
	opEnd                      // a sentence ends
	opMark                     // what follows is told in the rewrite
	opSplit                    // go on at next, or else at other
	opJump
	opMatch
)

type instruction struct {
	op          operation
	words       *atom
	kinds       kindSet
	count       int
	next, other int
}

// kindSet is a set of kinds, and whether the phrase has to be a name.
type kindSet struct {
	kinds uint8
	named bool
}

func (k kindSet) has(of kind) bool { return k.kinds&(1<<of) != 0 }

// atom is what one word of a pattern stands for.
type atom struct {
	ids   set
	class class
}

func (a *atom) matches(t token) bool {
	return t.class&a.class != 0 || t.id >= 0 && a.ids.has(t.id)
}

// pattern is a compiled one.
type pattern struct {
	program []instruction
	source  string
	// begins is what a match begins with, needs a set of words of which each match has one, or nil.
	begins beginning
	needs  set
}

// newPattern takes a program that is complete.
func newPattern(program []instruction, source string) *pattern {
	p := &pattern{program: program, source: source}
	p.begins, p.needs = p.first(), p.needed()
	return p
}

// compiler makes programs of patterns.
type compiler struct {
	words   *lexicon
	macros  map[string]string
	program []instruction
	fields  []string
	depth   int
}

// maxPattern is the longest program: its time is part of the time for each word.
const maxPattern = 1_000

func compile(words *lexicon, macros map[string]string, source string) (*pattern, error) {
	c := &compiler{words: words, macros: macros}
	if strings.TrimSpace(source) == "" {
		return nil, errors.New("a pattern is empty")
	}
	if err := c.text(source); err != nil {
		return nil, err
	}
	c.emit(instruction{op: opMatch})
	if len(c.program) > maxPattern {
		return nil, fmt.Errorf("pattern %q is too large", source)
	}
	return newPattern(c.program, source), nil
}

func (c *compiler) text(source string) error {
	outer := c.fields
	c.fields = strings.Fields(source)
	if err := c.alternatives(false); err != nil {
		return err
	}
	if len(c.fields) > 0 {
		return fmt.Errorf("pattern %q: %q without its opening", source, c.fields[0])
	}
	c.fields = outer
	return nil
}

func (c *compiler) emit(i instruction) int {
	c.program = append(c.program, i)
	return len(c.program) - 1
}

// alternatives reads sequences between bars, until the closing bracket of a group.
func (c *compiler) alternatives(group bool) error {
	var ends []int
	for {
		split := c.emit(instruction{op: opSplit, next: len(c.program) + 1})
		if err := c.sequence(); err != nil {
			return err
		}
		if len(c.fields) == 0 || c.fields[0] != "|" {
			c.program[split].other = split + 1
			break
		}
		c.fields = c.fields[1:]
		ends = append(ends, c.emit(instruction{op: opJump}))
		c.program[split].other = len(c.program)
	}
	for _, end := range ends {
		c.program[end].next = len(c.program)
	}
	if !group {
		return nil
	}
	if len(c.fields) == 0 {
		return errors.New("a group is not closed")
	}
	return nil
}

func (c *compiler) sequence() error {
	for len(c.fields) > 0 && c.fields[0] != "|" && c.fields[0] != ")" && c.fields[0] != ")?" {
		field := c.fields[0]
		c.fields = c.fields[1:]
		element, optional := strings.CutSuffix(field, "?")
		optional = optional && element != ""
		split := c.emit(instruction{op: opSplit, next: len(c.program) + 1})
		if err := c.element(field, element, &optional); err != nil {
			return err
		}
		c.program[split].other = split + 1
		if optional {
			c.program[split].other = len(c.program)
		}
	}
	return nil
}

func (c *compiler) element(field, element string, optional *bool) error {
	switch {
	case field == "(":
		if err := c.alternatives(true); err != nil {
			return err
		}
		*optional = c.fields[0] == ")?"
		c.fields = c.fields[1:]
		return nil
	case element == "^":
		c.emit(instruction{op: opBegin})
	case element == "$":
		c.emit(instruction{op: opEnd})
	case element == "@":
		c.emit(instruction{op: opMark})
	case strings.Contains(element, "_") && strings.Trim(element, "_") != "":
		return c.phrases(element)
	case strings.HasPrefix(element, ".."):
		return c.gap(element)
	case strings.HasPrefix(element, "{"):
		return c.macro(strings.Trim(element, "{}"))
	case strings.HasPrefix(element, "["):
		return c.kinds(opSubject, strings.Trim(element, "[]"))
	case isPhrase(element):
		return c.kinds(opPhrase, strings.Trim(element, "<>"))
	case len(element) > 1 && strings.ContainsAny(element, "()"):
		return fmt.Errorf("%q: brackets stand alone, between spaces", field)
	default:
		not := strings.HasPrefix(element, "!") && len(element) > 1
		words, err := c.atom(strings.TrimPrefix(element, "!"))
		if err != nil {
			return err
		}
		op := opWord
		if not {
			op = opNot
		}
		c.emit(instruction{op: op, words: words})
	}
	return nil
}

func (c *compiler) gap(element string) error {
	count, err := strconv.Atoi(strings.TrimLeft(element, "."))
	if err != nil || count < 1 || count > maxGap {
		return fmt.Errorf("%q is no gap: want ..1 to ..%d", element, maxGap)
	}
	within := strings.HasPrefix(element, "...")
	i := instruction{op: opGap, count: count}
	i.kinds.named = within
	c.emit(i)
	return nil
}

// phrases reads alternatives of several words: "because_of|due_to".
func (c *compiler) phrases(element string) error {
	var ends []int
	names := strings.Split(element, "|")
	for i, name := range names {
		split := c.emit(instruction{op: opSplit, next: len(c.program) + 1, other: len(c.program) + 1})
		for word := range strings.SplitSeq(name, "_") {
			words, err := c.atom(word)
			if err != nil {
				return err
			}
			c.emit(instruction{op: opWord, words: words})
		}
		if i < len(names)-1 {
			ends = append(ends, c.emit(instruction{op: opJump}))
			c.program[split].other = len(c.program)
		}
	}
	for _, end := range ends {
		c.program[end].next = len(c.program)
	}
	return nil
}

// formed takes the words of a section that are of a form: <attend:gerund>.
func (c *compiler) formed(a *atom, section, form string) error {
	filter, ok := classNames[form]
	if !ok {
		return fmt.Errorf("%q is no form of a word", form)
	}
	members, ok := c.words.members[section]
	if !ok {
		return fmt.Errorf("there is no list of words %q", section)
	}
	for id := range members.all() {
		if c.words.classes[id]&filter != 0 {
			a.ids.add(id)
		}
	}
	return nil
}

// maxGap is the widest gap, in words.
const maxGap = 20

// maxDepth is how deep macros may use others.
const maxDepth = 8

func (c *compiler) macro(name string) error {
	source, ok := c.macros[name]
	if !ok {
		return fmt.Errorf("there is no macro {%s}", name)
	}
	if c.depth++; c.depth > maxDepth {
		return fmt.Errorf("macro {%s} uses itself", name)
	}
	defer func() { c.depth-- }()
	return c.text(source)
}

func isPhrase(element string) bool {
	name, ok := strings.CutPrefix(element, "<")
	name, _, _ = strings.Cut(strings.TrimSuffix(name, ">"), "|")
	_, known := kindNames[name]
	return ok && strings.HasSuffix(element, ">") && (known || name == "named" || name == "any")
}

func (c *compiler) kinds(op operation, names string) error {
	var kinds kindSet
	for name := range strings.SplitSeq(names, "|") {
		k, ok := kindNames[name]
		switch {
		case name == "named":
			kinds.named = names == name
			kinds.kinds |= 1 << person
		case name == "any":
			kinds.kinds |= 1<<person | 1<<thing | 1<<proper | 1<<unclear
		case !ok:
			return fmt.Errorf("%q is no kind of phrase: want person, thing, proper, unclear, none, named or any", name)
		default:
			kinds.kinds |= 1 << k
		}
	}
	c.emit(instruction{op: op, kinds: kinds})
	return nil
}

// atom reads "a|b~|<class>" and "<section:form>".
func (c *compiler) atom(element string) (*atom, error) {
	a := &atom{}
	within := false
	for name := range strings.SplitSeq(element, "|") {
		inner, opens := strings.CutPrefix(name, "<")
		inner, closes := strings.CutSuffix(inner, ">")
		within = within || opens && inner != ""
		if !within {
			c.word(a, name)
			continue
		}
		if err := c.class(a, inner); err != nil {
			return nil, err
		}
		within = !closes
	}
	return a, nil
}

func (c *compiler) word(a *atom, name string) {
	if name == "" {
		name = "|"
	}
	lemma, inflected := strings.CutSuffix(strings.ToLower(name), "~")
	if !inflected || lemma == "" {
		a.ids.add(c.words.id(strings.ToLower(name)))
		return
	}
	for _, id := range c.words.inflections(lemma) {
		a.ids.add(id)
	}
}

func (c *compiler) class(a *atom, name string) error {
	section, form, formed := strings.Cut(name, ":")
	if formed {
		return c.formed(a, section, form)
	}
	members, known := c.words.members[section]
	a.ids.join(members)
	mask, ok := classNames[section]
	if !ok && known {
		return nil
	}
	if !ok {
		return fmt.Errorf("there is no class <%s>", section)
	}
	a.class |= mask
	return nil
}
