// Package expression compiles and evaluates what people write in CEL (https://cel.dev): the conditions of rules, the
// mappings of what alerting systems send, the filters of webhooks. Whoever writes one is told in plain words what is wrong
// with it and where. However it is written, and whatever it is evaluated on, what it costs is bounded.
package expression

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"

	"github.com/debriefhq/debrief/service/plaintext"
)

// Bounds of every expression, whatever it is for.
const (
	// MaxNodes is how many parts an expression has, with those that all, exists, filter and map are made of.
	MaxNodes = 2000
	// MaxDepth is how deep an expression is nested.
	MaxDepth = 64
	// MaxPattern is how large a regular expression becomes, in steps of the machine that it is compiled to.
	MaxPattern = 2000
)

// Language is what expressions for one purpose are made of, and how much of it they may use.
type Language struct {
	// Subject is what expressions look at, as errors call it: "an alert".
	Subject string
	// Variables are what expressions may name. A variable with a dot in its name is a field of what stands before the dot:
	// that a field does not exist is found when an expression is compiled, and none is copied when it is evaluated.
	Variables []Variable
	// Functions are those beside CEL's own. The functions format and replace are refused where they could make much of
	// little, as is matches with a pattern that is not in quotes.
	Functions []cel.EnvOption
	// MaxBytes is how long an expression may be.
	MaxBytes int
	// MaxNesting is how many of all, exists, filter and map may stand in each other.
	MaxNesting int
	// MaxCost is what one evaluation may cost, in units of CEL: about one for each step, and for each ten bytes of text that
	// are read.
	MaxCost uint64
	// Costs says what calls cost; nil: what CEL takes them for.
	Costs cost.ActualCostEstimator
}

// Variable is what an expression may name.
type Variable struct {
	Name string
	Type *cel.Type
}

// Environment compiles the expressions of a Language. Any number of goroutines may share it.
type Environment struct {
	language Language
	names    names
	env      *cel.Env
}

// New makes the environment of a language. Its error says that the language contradicts itself, or CEL.
func New(language Language) (*Environment, error) {
	options := []cel.EnvOption{
		cel.OptionalTypes(),
		cel.DefaultUTCTimeZone(true),
		cel.CrossTypeNumericComparisons(true),
		cel.ParserExpressionSizeLimit(language.MaxBytes),
		cel.ExpressionNodeLimit(MaxNodes),
		cel.ParserRecursionLimit(MaxDepth),
		cel.RegexProgramSizeLimit(MaxPattern),
		cel.ASTValidators(
			cel.ValidateDurationLiterals(),
			cel.ValidateTimestampLiterals(),
			cel.ValidateRegexLiterals(),
			cel.ValidateComprehensionNestingLimit(language.MaxNesting),
			literals{subject: language.Subject},
		),
	}
	for _, variable := range language.Variables {
		options = append(options, cel.Variable(variable.Name, variable.Type))
	}
	env, err := cel.NewEnv(append(options, language.Functions...)...)
	if err != nil {
		return nil, fmt.Errorf("prepare CEL: %w", err)
	}
	// CEL lists what can be named when the first unknown name is met, and reads that list unguarded while it checks another
	// expression (cel-go v0.33.2, checker.Env.cloneWithDecls): it is to be there before anybody shares the environment.
	env.Compile("_unknown")
	return &Environment{language: language, names: namesOf(language.Variables), env: env}, nil
}

// Compile makes a program of an expression whose value is of one of the kinds, or says all that is wrong with it. Where
// cel.DynKind or cel.OpaqueKind is among the kinds, the value may turn out to be of any kind, or to be optional.
func (e *Environment) Compile(source string, kinds ...cel.Kind) (*Program, []Problem) {
	if len(source) > e.language.MaxBytes || !utf8.ValidString(source) {
		return nil, []Problem{{Message: fmt.Sprintf("must be at most %d bytes of UTF-8, and has %d bytes", e.language.MaxBytes, len(source))}}
	}
	parsed, issues := e.env.Parse(source)
	if issues.Err() != nil {
		return nil, e.problems(nil, issues)
	}
	checked, issues := e.env.Check(parsed)
	if issues.Err() != nil {
		return nil, e.problems(parsed, issues)
	}
	if output := checked.OutputType(); !slices.Contains(kinds, output.Kind()) {
		return nil, []Problem{{1, 1, fmt.Sprintf("must be %s, and is %s", kindNames(kinds), typeName(output.String()))}}
	}
	options := []cel.ProgramOption{cel.EvalOptions(cel.OptOptimize), cel.CostLimit(e.language.MaxCost)}
	if e.language.Costs != nil {
		options = append(options, cel.CostTracking(e.language.Costs))
	}
	program, err := e.env.Program(checked, options...)
	if err != nil {
		return nil, []Problem{{Message: "cannot be evaluated: " + plaintext.Clean(err.Error(), maxQuoted)}}
	}
	return &Program{program}, nil
}

// ErrTooCostly is why an evaluation was ended that costs more than its language allows.
var ErrTooCostly = errors.New("the expression costs too much")

// Program is an expression that can be evaluated. Any number of goroutines may share it.
type Program struct{ program cel.Program }

// Evaluate gives the value of the expression, with variables from a map[string]any or a cel.Activation, and what it has
// cost, also where there is an error. The error is ErrTooCostly or CEL's own, which may quote much of the variables.
func (p *Program) Evaluate(variables any) (ref.Val, uint64, error) {
	value, details, err := p.program.Eval(variables)
	var spent uint64
	if counted := details.ActualCost(); counted != nil {
		spent = *counted
	}
	if canceled, ok := errors.AsType[interpreter.EvalCancelledError](err); ok && canceled.Cause == interpreter.CostLimitExceeded {
		return nil, spent, ErrTooCostly
	}
	if err != nil {
		return nil, spent, err // Callers put it into their own words.
	}
	return value, spent, nil
}

// kindNames are kinds of values as people call them: "a text (string), a number or null".
func kindNames(kinds []cel.Kind) string {
	known := map[cel.Kind]string{
		cel.StringKind: "a text (string)", cel.IntKind: "a number", cel.DoubleKind: "a number", cel.UintKind: "a number",
		cel.BoolKind: "true or false (bool)", cel.NullTypeKind: "null", cel.MapKind: "a map", cel.ListKind: "a list",
		cel.TimestampKind: "a timestamp",
	}
	var said []string
	for _, kind := range kinds {
		if name := known[kind]; name != "" && !slices.Contains(said, name) {
			said = append(said, name)
		}
	}
	return listed(said, "or")
}

// listed is a list in words: "a, b and c".
func listed(words []string, conjunction string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " " + conjunction + " " + words[last]
}
