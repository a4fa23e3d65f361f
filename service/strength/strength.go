// Package strength suggests how strong an action item is, from its text: how far the fix that it tells of is from relying
// on people to remember.
//
// The hierarchy is that of RCA² ("RCA²: Improving Root Cause Analyses and Actions to Prevent Harm", National Patient Safety
// Foundation, 2015). What the words of an action item say of it stands in rules.yaml, which is written to be extended by
// people who do not write Go. The suggestion is deterministic, needs no network and takes time linear in the text. It is a
// suggestion: people's word wins.
package strength

import (
	_ "embed"
	"fmt"
	"sync"
)

// Strength is a rung of the action hierarchy. A higher value is a stronger action.
type Strength int

const (
	// Unknown is the strength of a text that holds no words to go by.
	Unknown Strength = iota
	// Weaker actions rely on people to remember: training, documentation, an approval, a policy, more study.
	Weaker
	// Intermediate actions have the system help people to notice or to recover: alerts, tests, checklists, rollbacks.
	Intermediate
	// Stronger actions have the system make the failure impossible or harmless: interlocks, safe defaults, a dangerous path
	// that is gone.
	Stronger
)

var names = map[Strength]string{Unknown: "UNKNOWN", Weaker: "WEAKER", Intermediate: "INTERMEDIATE", Stronger: "STRONGER"}

// String is the strength's name in capitals, such as "STRONGER".
func (s Strength) String() string {
	if name, ok := names[s]; ok {
		return name
	}
	return fmt.Sprintf("Strength(%d)", int(s))
}

// Parse reads a strength by its name in capitals; it is the inverse of [Strength.String].
func Parse(name string) (Strength, error) {
	for strength, known := range names {
		if known == name {
			return strength, nil
		}
	}
	return Unknown, fmt.Errorf("%q is no strength: WEAKER, INTERMEDIATE and STRONGER are", name)
}

// Word is a stretch of the text that spoke for a strength.
type Word struct {
	// Start and End are where it stands in the text, in bytes: text[Start:End].
	Start, End int
	// Text is what stands there.
	Text string
	// For is what it spoke for.
	For Strength
	// Rule is the id of the rule that read it, or [Learned] where none did.
	Rule string
	// Why says why such words speak for that strength, in a sentence.
	Why string
}

// Suggestion is what a text says of an action's strength.
type Suggestion struct {
	// Strength is what the action seems to be.
	Strength Strength
	// Words led to it, in the order of the text and at most [MaxWords] of them. Some may speak for another strength: they
	// were outweighed.
	Words []Word
	// Confidence is how sure the suggestion is, from 0 (a guess) to 1: about the share of such suggestions that people agree
	// with.
	Confidence float64
}

const (
	// MaxText is how much of a text is read, in bytes. Of a longer one only the beginning is.
	MaxText = 64 << 10
	// MaxWords bounds [Suggestion.Words].
	MaxWords = 32
)

//go:embed rules.yaml
var builtin []byte

// Options say what a [Suggester] goes by. The zero value is the built-in rules.
type Options struct {
	// Rules are further rules, in YAML as the built-in rules.yaml describes it. A word list of the same name is added to, a
	// rule of the same id is replaced.
	Rules []byte
	// RulesOnly leaves the learned model out.
	RulesOnly bool
	// Model is to take the place of the built-in one, if there is any.
	Model *Model
}

// Suggester reads action items. It may be used by several goroutines at once.
type Suggester struct {
	grammar grammar
	rules   []rule
	// index leads from the key of a word to the patterns that may begin with it.
	index map[string][]reference
	// entries leads from the key of a word to the phrases of lists that begin with it.
	entries map[string][]listEntry
	// model is nil where the rules alone are to be gone by.
	model *Model
}

// New makes a suggester. The error names the rule in Options.Rules that is not right, and says why.
func New(options Options) (*Suggester, error) {
	book, err := readRulebook(builtin)
	if err != nil {
		return nil, fmt.Errorf("built-in rules: %w", err)
	}
	if len(options.Rules) > 0 {
		further, err := readRulebook(options.Rules)
		if err != nil {
			return nil, err
		}
		book.add(further)
	}
	suggester, err := book.compile()
	if err != nil || options.RulesOnly {
		return suggester, err
	}
	if suggester.model = options.Model; suggester.model == nil {
		if suggester.model, err = BuiltinModel(); err != nil {
			return nil, fmt.Errorf("built-in model: %w", err)
		}
	}
	return suggester, nil
}

var defaultSuggester = sync.OnceValue(func() *Suggester {
	suggester, err := New(Options{})
	if err != nil {
		panic(err) // A test compiles the built-in rules.
	}
	return suggester
})

// Default is the suggester that goes by the built-in rules alone.
func Default() *Suggester { return defaultSuggester() }

// Suggest says what the text of an action item tells of its strength, by the built-in rules.
func Suggest(text string) Suggestion { return Default().Suggest(text) }
