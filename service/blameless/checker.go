package blameless

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/yuin/goldmark/parser"
)

// Checker reads texts. It is safe for concurrent use.
type Checker struct {
	words      *lexicon
	markdown   parser.Parser
	rules      []*compiledRule
	exceptions []*pattern
	clears     []*pattern
	allowed    []*pattern
	index      index
}

// New makes a checker of the built-in rules and of a team's own. Its error names the rule and the field that is wrong.
func New(options Options) (*Checker, error) {
	c, b, err := blank()
	if err != nil {
		return nil, err
	}
	if err := c.learn(options); err != nil {
		return nil, err
	}
	rules, err := merge(b.Rules, options)
	if err != nil {
		return nil, err
	}
	for _, rule := range rules {
		compiled, err := c.compileRule(rule, b.Macros)
		if err != nil {
			return nil, err
		}
		c.rules = append(c.rules, compiled)
	}
	var errs [2]error
	c.exceptions, errs[0] = c.compileAll("", "exceptions", b.Exceptions, b.Macros)
	c.clears, errs[1] = c.compileAll("", "clears", b.Clears, b.Macros)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	c.index = c.newIndex()
	return c, nil
}

// blank is a checker without rules, and what is built in.
func blank() (*Checker, *book, error) {
	b, err := builtIn()
	if err != nil {
		return nil, nil, err
	}
	words, err := newLexicon()
	if err != nil {
		return nil, nil, err
	}
	return &Checker{words: words, markdown: newMarkdown()}, b, nil
}

// Rules describes the rules that it applies, a team's own included, in their order.
func (c *Checker) Rules() []RuleDescription {
	descriptions := make([]RuleDescription, len(c.rules))
	for i, rule := range c.rules {
		descriptions[i] = rule.describe()
	}
	return descriptions
}

// learn takes a team's own words.
func (c *Checker) learn(options Options) error {
	for i, phrase := range options.Allow {
		p, err := c.literal(phrase)
		if err != nil {
			return fmt.Errorf("allow[%d]: %w", i, err)
		}
		c.allowed = append(c.allowed, p)
	}
	for i, name := range options.People {
		if err := c.name(name, className); err != nil {
			return fmt.Errorf("people[%d]: %w", i, err)
		}
	}
	for i, name := range options.Systems {
		if err := c.name(name, classSystem); err != nil {
			return fmt.Errorf("systems[%d]: %w", i, err)
		}
	}
	return nil
}

// name makes each word of a name one of a class, and of no other that contradicts it.
func (c *Checker) name(name string, as class) error {
	fields := strings.Fields(strings.ToLower(name))
	if len(fields) == 0 {
		return errors.New("is empty")
	}
	for _, field := range fields {
		id := c.words.id(field)
		if as == classSystem {
			c.words.classes[id] &^= className | classMaybeName | classPerson | classMaybePerson
		} else {
			c.words.classes[id] &^= classSystem | classThing | classMaybeThing
		}
		c.words.classes[id] |= as
	}
	return nil
}

// literal is a pattern of the words of a phrase as they stand.
func (c *Checker) literal(phrase string) (*pattern, error) {
	var program []instruction
	c.words.split([]byte(phrase), func(tokens []token) {
		for _, t := range tokens {
			a := &atom{}
			a.ids.add(c.words.id(strings.ToLower(phrase[t.start:t.end])))
			program = append(program, instruction{op: opWord, words: a})
		}
	})
	if len(program) == 0 || len(program) >= window {
		return nil, fmt.Errorf("%q: want one to %d words", phrase, window-1)
	}
	return newPattern(append(program, instruction{op: opMatch}), phrase), nil
}

// merge is the rules to apply, with the severities to give them.
func merge(rules []Rule, options Options) ([]Rule, error) {
	merged := slices.Clone(rules)
	for _, rule := range options.Rules {
		if err := rule.check(); err != nil {
			return nil, err
		}
		if i := position(merged, rule.ID); i >= 0 {
			merged[i] = rule
		} else {
			merged = append(merged, rule)
		}
	}
	for id, severity := range options.Severities {
		i := position(merged, id)
		switch {
		case i < 0:
			return nil, fmt.Errorf("severities: there is no rule %q", id)
		case severity < Note || severity > Blame:
			return nil, fmt.Errorf("rule %q: severity: want NOTE, CAUTION or BLAME", id)
		}
		merged[i].Severity = severity
	}
	for _, id := range options.Off {
		if position(merged, id) < 0 {
			return nil, fmt.Errorf("off: there is no rule %q", id)
		}
	}
	return slices.DeleteFunc(merged, func(r Rule) bool { return slices.Contains(options.Off, r.ID) }), nil
}

func position(rules []Rule, id string) int {
	return slices.IndexFunc(rules, func(r Rule) bool { return r.ID == id })
}

// Check reads a Markdown document. What its author does not say, such as code, quotations, links and front matter, is not
// read. The findings are in the order of where they start; there are at most MaxFindings.
func (c *Checker) Check(markdown string) []Finding {
	findings, _ := c.CheckAll(markdown)
	return findings
}

// CheckAll is Check, and says how many more findings there are than MaxFindings.
func (c *Checker) CheckAll(markdown string) (findings []Finding, further int) {
	return c.check(readMarkdown(c.markdown, markdown))
}

// CheckPlain reads a text that is no Markdown, such as a title.
func (c *Checker) CheckPlain(text string) []Finding {
	findings, _ := c.CheckPlainAll(text)
	return findings
}

// CheckPlainAll is CheckPlain, and says how many more findings there are than MaxFindings.
func (c *Checker) CheckPlainAll(text string) (findings []Finding, further int) {
	return c.check(readPlain(text))
}

// waitingFinding is a finding and the rule that has made it.
type waitingFinding struct {
	Finding

	rule *compiledRule
}

func (c *Checker) check(r *reading) (findings []Finding, further int) {
	s := &sentence{words: c.words, text: r.text}
	f := &finder{checker: c, s: s}
	// What a sentence is found to say waits for the next one, which may explain it.
	var waiting []waitingFinding
	end := 0
	settle := func() {
		for _, w := range waiting {
			if len(findings) == MaxFindings {
				further++
				continue
			}
			findings = append(findings, w.Finding)
		}
		waiting = waiting[:0]
	}
	c.words.split(r.text, func(tokens []token) {
		s.analyse(tokens)
		if len(waiting) > 0 && follows(r.text, end, tokens[0].start) {
			waiting = slices.DeleteFunc(waiting, func(w waitingFinding) bool { return f.explains(w.rule) })
		}
		settle()
		for _, found := range f.find() {
			waiting = append(waiting, waitingFinding{c.finding(r, s, found), found.rule})
		}
		end = tokens[len(tokens)-1].end
	})
	settle()
	slices.SortStableFunc(findings, func(a, b Finding) int { return a.Start - b.Start })
	locate(r.source, findings)
	return findings, further
}
