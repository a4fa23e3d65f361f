// Package blameless reads what people write about an incident and finds the places where a text speaks about somebody's
// failing instead of about the system: a person told as the cause, a judgment, an omission, what somebody should have
// done. Each finding says why that gets in the way of learning, offers another way to say it, and a question that leads
// on. It advises; it never changes a text.
//
// It is deterministic and works without a network. Its time is linear in the length of the text, whatever the text.
//
// A text goes through five steps: read takes from Markdown what a person wrote for people (see markdown.go), split cuts
// that into sentences of words (sentence.go), analyse finds the phrases that stand for people and for things, and which
// of them each verb speaks about (phrase.go, subject.go), match looks for the patterns of the rules (match.go), and
// choose keeps the findings that say most (choose.go). What the rules look for, and all words that are known, are data:
// rules.yaml, which documents the language of the patterns, and the files in words.
package blameless

import "fmt"

// Severity is how much a finding gets in the way of learning.
type Severity int

// The severities, in order.
const (
	// Note is a matter of taste or of who will read the text.
	Note Severity = iota + 1
	// Caution is language that tends to end an explanation too early.
	Caution
	// Blame is language that makes somebody the explanation.
	Blame
)

var severityNames = map[Severity]string{Note: "NOTE", Caution: "CAUTION", Blame: "BLAME"}

// String gives "NOTE", "CAUTION" or "BLAME".
func (s Severity) String() string {
	if name, ok := severityNames[s]; ok {
		return name
	}
	return fmt.Sprintf("Severity(%d)", int(s))
}

// ParseSeverity reads what String writes.
func ParseSeverity(name string) (Severity, error) {
	for severity, known := range severityNames {
		if known == name {
			return severity, nil
		}
	}
	return 0, fmt.Errorf("%q is no severity: want NOTE, CAUTION or BLAME", name)
}

// Finding is one place in a text.
type Finding struct {
	// Rule is the id of the rule, such as "person-as-cause".
	Rule     string
	Severity Severity
	// Start and End are the place, in bytes of the text as it was given.
	Start, End int
	// Line counts from 1.
	Line int
	// Column counts from 1, in characters.
	Column int
	// Excerpt is the place's text, cut after 200 characters.
	Excerpt string
	// Why says how it gets in the way of learning.
	Why string
	// Suggestion is a way to say it about the system.
	Suggestion string
	// Question leads on from what was written.
	Question string
}

// Options are a team's own. The zero value is the built-in rules, as they are.
type Options struct {
	// Rules are added to the built-in ones. One with the id of a built-in rule replaces it.
	Rules []Rule
	// Allow are words and phrases that are never part of a finding, in any case.
	Allow []string
	// Severities replace those of rules, by their id.
	Severities map[string]Severity
	// Off are the ids of rules that are not applied.
	Off []string
	// People are names of people that are not known as such, such as "Ito" or "van Dyk".
	People []string
	// Systems are names of systems that could be taken for people, such as a host called frank.
	Systems []string
}

// RuleDescription says what a rule is for.
type RuleDescription struct {
	ID       string
	Severity Severity
	// Why says how what the rule finds gets in the way of learning.
	Why string
	// Example is a sentence that the rule finds; empty where its rule gives none.
	Example string
}

// MaxFindings is how many findings a text gets at most: the first ones. Nobody reads more.
const MaxFindings = 1_000
