// Package groundrules has the rules that are read out before a review, so that everybody can tell what they saw without
// fear. The built-in ones are data; a team may have its own.
package groundrules

import (
	"bytes"
	_ "embed" // for the built-in rules
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Bounds of a set of rules.
const (
	MaxRules      = 20
	MaxTitleRunes = 120
	MaxTextRunes  = 1000
	// MaxBytes bounds the file of a set of rules.
	MaxBytes = 1 << 17
)

const maxIDBytes = 63

var ruleID = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// Rule is a ground rule.
type Rule struct {
	// ID is what a breach is recorded by: lower case letters, digits and hyphens, up to 63, and unique in its set.
	ID string `yaml:"id"`
	// Title is the rule in short, on one line of 1 to MaxTitleRunes characters.
	Title string `yaml:"title"`
	// Text is read aloud: plain text of 1 to MaxTextRunes characters.
	Text string `yaml:"text"`
}

//go:embed groundrules.yaml
var source []byte

var builtIn = sync.OnceValue(func() []Rule {
	rules, err := Parse(source)
	if err != nil {
		panic("groundrules: the built-in rules: " + err.Error())
	}
	return rules
})

// Default are the built-in rules. They are the caller's to change.
func Default() []Rule { return slices.Clone(builtIn()) }

// Parse reads rules from YAML as in groundrules.yaml, and checks them; see [Validate].
func Parse(file []byte) ([]Rule, error) {
	if len(file) > MaxBytes {
		return nil, fmt.Errorf("the ground rules have %d bytes; at most %d are read", len(file), MaxBytes)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(file))
	decoder.KnownFields(true)
	var rules []Rule
	if err := decoder.Decode(&rules); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the ground rules: %w", err)
	}
	for i := range rules {
		rules[i].Text = strings.TrimSpace(rules[i].Text)
	}
	if err := Validate(rules); err != nil {
		return nil, err
	}
	return rules, nil
}

// InvalidError says what is wrong with a set of rules.
type InvalidError struct{ Problems []Problem }

// Problem is one thing that is wrong.
type Problem struct {
	// Field leads to it, such as "rules[2].id".
	Field string
	// Text says what it must be.
	Text string
}

// Error names everything that is wrong.
func (e *InvalidError) Error() string {
	texts := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		texts[i] = p.Field + ": " + p.Text
	}
	return "the ground rules are not valid: " + strings.Join(texts, "; ")
}

func (e *InvalidError) add(field, format string, arguments ...any) {
	e.Problems = append(e.Problems, Problem{Field: field, Text: fmt.Sprintf(format, arguments...)})
}

// Validate answers an *[InvalidError] with all that is wrong: there must be 1 to MaxRules rules, each as [Rule] says.
func Validate(rules []Rule) error {
	found := &InvalidError{}
	switch {
	case len(rules) == 0:
		found.add("rules", "must have at least one rule")
	case len(rules) > MaxRules:
		found.add("rules", "has %d rules; at most %d are possible", len(rules), MaxRules)
		return found
	}
	first := map[string]int{}
	for i, rule := range rules {
		field := fmt.Sprintf("rules[%d]", i)
		if len(rule.ID) > maxIDBytes || !ruleID.MatchString(rule.ID) {
			found.add(field+".id", "must be lower case letters, digits and hyphens, up to %d", maxIDBytes)
		} else if earlier, taken := first[rule.ID]; taken {
			found.add(field+".id", "%s is the id of rules[%d] already", rule.ID, earlier)
		} else {
			first[rule.ID] = i
		}
		if !isText(rule.Title, MaxTitleRunes) || strings.ContainsAny(rule.Title, "\n\t") {
			found.add(field+".title", "must be one line of 1 to %d characters, without space around it", MaxTitleRunes)
		}
		if !isText(rule.Text, MaxTextRunes) {
			found.add(field+".text", "must be text of 1 to %d characters, without space around it", MaxTextRunes)
		}
	}
	if len(found.Problems) > 0 {
		return found
	}
	return nil
}

// isText is true of 1 to limit characters without space around them and without control characters, line breaks and tabs
// excepted.
func isText(text string, limit int) bool {
	return text != "" && strings.TrimSpace(text) == text && utf8.ValidString(text) &&
		utf8.RuneCountInString(text) <= limit && !strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' && r != '\t'
	})
}
