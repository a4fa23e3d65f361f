package intake

import (
	"fmt"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/debriefhq/debrief/service/expression"
)

// MaxExpression is how long one expression of a Mapping may be, in bytes.
const MaxExpression = 4096

// MappingSource is how alerts are made of what has no form of its own: expressions in CEL (https://cel.dev) over
//
//	body   what was sent
//	query  the parameters of the URL, the first of each name
//	alert  the element of Alerts that the alert is made of; body where there is no Alerts
//
// Beside CEL's own functions and optional values (`body.?host.orValue("unknown")`) there are the string functions
// lowerAscii, upperAscii and trim. Expressions that are left out leave their fields empty; Key and Status are needed.
type MappingSource struct {
	// Alerts gives a list with an element for each alert.
	Alerts string
	// Key, Episode, Title, Summary, Severity and URL give a string, number or boolean.
	Key      string
	Episode  string
	Title    string
	Summary  string
	Severity string
	URL      string
	// Status gives the string "firing", "acknowledged" or "resolved", in any case of letters, or "" for what is no alert and is
	// passed over.
	Status string
	// Time gives a timestamp, a string after RFC 3339, or seconds since 1970; 0 and "" are no time.
	Time string
	// Labels and Annotations give a map; of its values, strings, numbers and booleans are kept.
	Labels      string
	Annotations string
}

// Mapping makes alerts of any JSON by expressions in CEL. It is safe for use by several goroutines.
type Mapping struct {
	list   *expression.Program
	fields []mappingField
}

// mappingField is a field of an alert, in the order of mappingFields.
type mappingField struct {
	name    string
	program *expression.Program
}

// MappingError says what is wrong with a mapping.
type MappingError struct {
	// Field is which of the expressions: "severity".
	Field string
	// Line and Column are where in it, from 1; 0 where it is the expression as a whole.
	Line, Column int
	// Problem is what is wrong.
	Problem string
}

// Error is all of it in one sentence.
func (e *MappingError) Error() string {
	if e.Line == 0 {
		return e.Field + " " + e.Problem
	}
	return fmt.Sprintf("%s is wrong at %d:%d: %s", e.Field, e.Line, e.Column, e.Problem)
}

// NewMapping compiles a mapping. Its error is a [*MappingError].
func NewMapping(source MappingSource) (*Mapping, error) {
	environment, err := mappingEnvironment()
	if err != nil {
		return nil, err
	}
	mapping := &Mapping{}
	if source.Alerts != "" {
		if mapping.list, err = compile(environment, "alerts", source.Alerts, []cel.Kind{cel.ListKind}); err != nil {
			return nil, err
		}
	}
	for _, field := range source.fields() {
		if field.expression == "" {
			if field.needed {
				return nil, &MappingError{Field: field.name, Problem: "is missing; it must be an expression"}
			}
			continue
		}
		program, err := compile(environment, field.name, field.expression, field.kinds)
		if err != nil {
			return nil, err
		}
		mapping.fields = append(mapping.fields, mappingField{field.name, program})
	}
	return mapping, nil
}

type sourceField struct {
	name, expression string
	needed           bool
	kinds            []cel.Kind
}

var (
	textKinds = []cel.Kind{cel.StringKind, cel.IntKind, cel.UintKind, cel.DoubleKind, cel.BoolKind, cel.NullTypeKind}
	timeKinds = []cel.Kind{cel.TimestampKind, cel.StringKind, cel.IntKind, cel.UintKind, cel.DoubleKind, cel.NullTypeKind}
	mapKinds  = []cel.Kind{cel.MapKind, cel.NullTypeKind}
)

func (s *MappingSource) fields() []sourceField {
	return []sourceField{
		{"status", s.Status, true, []cel.Kind{cel.StringKind}},
		{"key", s.Key, true, textKinds},
		{"episode", s.Episode, false, textKinds},
		{"title", s.Title, false, textKinds},
		{"summary", s.Summary, false, textKinds},
		{"severity", s.Severity, false, textKinds},
		{"url", s.URL, false, textKinds},
		{"time", s.Time, false, timeKinds},
		{"labels", s.Labels, false, mapKinds},
		{"annotations", s.Annotations, false, mapKinds},
	}
}

// maxNesting is how deep a mapping may go into lists in lists.
const maxNesting = 3

// mappingEnvironment has no string functions whose results can be much longer than what they are given: their cost would be
// counted only when the memory is gone.
var mappingEnvironment = sync.OnceValues(func() (*expression.Environment, error) {
	return expression.New(expression.Language{
		Subject: "what was sent",
		Variables: []expression.Variable{
			{Name: "body", Type: cel.DynType},
			{Name: "alert", Type: cel.DynType},
			{Name: "query", Type: cel.MapType(cel.StringType, cel.StringType)},
		},
		Functions: []cel.EnvOption{
			stringFunction("lowerAscii", mapASCII('A', 'Z', 'a'-'A')),
			stringFunction("upperAscii", mapASCII('a', 'z', 'A'-'a')),
			stringFunction("trim", strings.TrimSpace),
		},
		MaxBytes: MaxExpression, MaxNesting: maxNesting, MaxCost: maxExpressionCost, Costs: costs{},
	})
})

func mapASCII(from, to, distance rune) func(string) string {
	return func(text string) string {
		return strings.Map(func(r rune) rune {
			if r >= from && r <= to {
				return r + distance
			}
			return r
		}, text)
	}
}

func stringFunction(name string, apply func(string) string) cel.EnvOption {
	return cel.Function(name, cel.MemberOverload("string_"+name, []*cel.Type{cel.StringType}, cel.StringType,
		cel.UnaryBinding(func(value ref.Val) ref.Val {
			text, ok := value.Value().(string)
			if !ok {
				return types.MaybeNoSuchOverloadErr(value)
			}
			return types.String(apply(text))
		})))
}

// compile checks an expression, and that what it gives may be one of the kinds: of a body it is seldom known before.
func compile(environment *expression.Environment, field, source string, kinds []cel.Kind) (*expression.Program, error) {
	program, problems := environment.Compile(source, append([]cel.Kind{cel.DynKind, cel.OpaqueKind}, kinds...)...)
	if len(problems) > 0 {
		first := problems[0]
		return nil, &MappingError{Field: field, Line: first.Line, Column: first.Column, Problem: first.Message}
	}
	return program, nil
}

const maxProblem = 300
