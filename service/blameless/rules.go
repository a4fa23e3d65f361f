package blameless

import (
	"bytes"
	_ "embed" // rules.yaml
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

//go:embed rules.yaml
var ruleFile []byte

// Rule is what to look for and what to say about it. The language of patterns is told at the head of rules.yaml.
type Rule struct {
	// ID names the rule: small letters, digits and dashes.
	ID       string   `yaml:"id"`
	Severity Severity `yaml:"severity"`
	// Patterns are what to find.
	Patterns []string `yaml:"patterns"`
	// Exceptions are patterns too: what one of them matches is never part of a finding of this rule.
	Exceptions []string `yaml:"exceptions"`
	// Clears are patterns that make a whole sentence clean of this rule.
	Clears []string `yaml:"clears"`
	// Explains are patterns too: a sentence that begins with one of them makes the sentence before it clean of this rule.
	Explains []string `yaml:"explains"`
	// Milder are patterns too: a finding that shares a word with a match of one of them is a NOTE.
	Milder []string `yaml:"milder"`
	Why    string   `yaml:"why"`
	// Rewrites are ways to say it about the system; the first one whose fields are known is used. A field stands for what
	// follows the mark @ of the pattern: {told} for what begins with a verb, {object} for what names a thing.
	Rewrites []string `yaml:"rewrites"`
	Question string   `yaml:"question"`
	// Match are examples in which the rule finds something, Clean are some in which it must not, and Mild are some in which
	// all that it finds is a NOTE.
	Match []string `yaml:"match"`
	Clean []string `yaml:"clean"`
	Mild  []string `yaml:"mild"`
}

// book is the file of rules.
type book struct {
	// Macros are parts of patterns, by name.
	Macros map[string]string `yaml:"macros"`
	// Exceptions and Clears hold for all rules.
	Exceptions []string `yaml:"exceptions"`
	Clears     []string `yaml:"clears"`
	Rules      []Rule   `yaml:"rules"`
}

// UnmarshalText reads a severity's name.
func (s *Severity) UnmarshalText(text []byte) error {
	parsed, err := ParseSeverity(string(text))
	if err != nil {
		return err
	}
	*s = parsed
	return nil
}

// UnmarshalYAML is UnmarshalText, whose errors say the line.
func (s *Severity) UnmarshalYAML(node *yaml.Node) error {
	if err := s.UnmarshalText([]byte(node.Value)); err != nil {
		return fmt.Errorf("line %d: %w", node.Line, err)
	}
	return nil
}

// MarshalText writes a severity's name.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

var builtIn = sync.OnceValues(func() (*book, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(ruleFile))
	decoder.KnownFields(true)
	b := &book{}
	if err := decoder.Decode(b); err != nil {
		return nil, fmt.Errorf("rules.yaml: %w", err)
	}
	return b, nil
})

// Rules describes the built-in rules, in the order of rules.yaml.
func Rules() []RuleDescription {
	b, err := builtIn()
	if err != nil {
		return nil
	}
	var descriptions []RuleDescription
	for _, rule := range b.Rules {
		descriptions = append(descriptions, rule.describe())
	}
	return descriptions
}

func (r *Rule) describe() RuleDescription {
	described := RuleDescription{ID: r.ID, Severity: r.Severity, Why: r.Why}
	if len(r.Match) > 0 {
		described.Example = r.Match[0]
	}
	return described
}

var ruleID = regexp.MustCompile(`^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$`)

// check says which field of a rule is wrong.
func (r *Rule) check() error {
	switch {
	case !ruleID.MatchString(r.ID):
		return fmt.Errorf("rule %q: id: want small letters, digits and dashes", r.ID)
	case r.Severity < Note || r.Severity > Blame:
		return fmt.Errorf("rule %q: severity: want NOTE, CAUTION or BLAME", r.ID)
	case len(r.Patterns) == 0:
		return fmt.Errorf("rule %q: patterns: want at least one", r.ID)
	case strings.TrimSpace(r.Why) == "":
		return fmt.Errorf("rule %q: why: is empty", r.ID)
	default:
		return nil
	}
}

// compiledRule is a rule that can be looked for.
type compiledRule struct {
	Rule
	order                        int
	patterns, exceptions, clears []*pattern
	explains, milder             []*pattern
}

func (c *Checker) compileRule(r Rule, macros map[string]string) (*compiledRule, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	compiled := &compiledRule{Rule: r, order: len(c.rules)}
	var errs [5]error
	compiled.patterns, errs[0] = c.compileAll(r.ID, "patterns", r.Patterns, macros)
	compiled.exceptions, errs[1] = c.compileAll(r.ID, "exceptions", r.Exceptions, macros)
	compiled.clears, errs[2] = c.compileAll(r.ID, "clears", r.Clears, macros)
	compiled.explains, errs[3] = c.compileAll(r.ID, "explains", r.Explains, macros)
	compiled.milder, errs[4] = c.compileAll(r.ID, "milder", r.Milder, macros)
	return compiled, errors.Join(errs[:]...)
}

func (c *Checker) compileAll(rule, field string, sources []string, macros map[string]string) ([]*pattern, error) {
	var patterns []*pattern
	for i, source := range sources {
		p, err := compile(c.words, macros, source)
		if err != nil {
			return nil, fmt.Errorf("rule %q: %s[%d]: %w", rule, field, i, err)
		}
		patterns = append(patterns, p)
	}
	return patterns, nil
}

// BuiltIn gives the built-in rules as they stand in rules.yaml, for who wants to change one.
func BuiltIn() ([]Rule, error) {
	b, err := builtIn()
	if err != nil {
		return nil, err
	}
	return slices.Clone(b.Rules), nil
}
