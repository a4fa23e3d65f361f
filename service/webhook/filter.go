package webhook

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/debriefhq/debrief/service/expression"
)

// Bounds of a filter.
const (
	// MaxFilter is in bytes.
	MaxFilter = 4096
	// maxCost is the most steps that deciding about one event takes.
	maxCost          = 100_000
	maxComprehension = 1
)

// environment is what every filter is compiled in.
var environment = sync.OnceValues(func() (*expression.Environment, error) {
	return expression.New(expression.Language{
		Subject: "an event",
		Variables: []expression.Variable{
			{Name: "event.type", Type: cel.StringType},
			{Name: "event.resource", Type: cel.StringType},
			{Name: "event.resource_revision", Type: cel.IntType},
			{Name: "event.incident", Type: cel.StringType},
			{Name: "event.actor", Type: cel.StringType},
			{Name: "event.time", Type: cel.TimestampType},
			{Name: "event.changes", Type: cel.ListType(cel.MapType(cel.StringType, cel.StringType))},
		},
		MaxBytes: MaxFilter, MaxNesting: maxComprehension, MaxCost: maxCost,
	})
})

// Filter says which events are wanted. Any number of goroutines may share it.
type Filter struct{ program *expression.Program }

// FilterError says what is wrong with a filter, and where.
type FilterError struct{ expression.Problem }

// Error is what is wrong, and where.
func (e *FilterError) Error() string { return e.String() }

// NewFilter reads a filter, or says with a *FilterError what is wrong with it. An empty one wants every event.
func NewFilter(source string) (*Filter, error) {
	if strings.TrimSpace(source) == "" {
		return &Filter{}, nil
	}
	compiler, err := environment()
	if err != nil {
		return nil, err
	}
	program, problems := compiler.Compile(source, cel.BoolKind)
	if len(problems) > 0 {
		return nil, &FilterError{problems[0]}
	}
	return &Filter{program: program}, nil
}

// Wants says whether the event is wanted. An error says that the filter can't tell.
func (f *Filter) Wants(event Event) (bool, error) {
	if f.program == nil {
		return true, nil
	}
	value, _, err := f.program.Evaluate(view{event})
	if err != nil {
		return false, fmt.Errorf("evaluate a filter: %w", err)
	}
	wanted, ok := value.Value().(bool)
	if !ok {
		return false, errNotBool
	}
	return wanted, nil
}

// errNotBool is what a filter ends with that gives null, which CEL lets pass for a bool that is not set.
var errNotBool = errors.New("evaluate a filter: it gives neither true nor false")

// view is an event as a filter sees it.
type view struct{ event Event }

// ResolveName is the value of a variable.
func (v view) ResolveName(name string) (any, bool) {
	switch name {
	case "event.type":
		return types.String(v.event.Type), true
	case "event.resource":
		return types.String(v.event.Resource), true
	case "event.resource_revision":
		return types.Int(v.event.Revision), true
	case "event.incident":
		return types.String(v.event.Incident), true
	case "event.actor":
		return types.String(v.event.Actor), true
	case "event.time":
		return types.Timestamp{Time: v.event.Time.UTC()}, true
	case "event.changes":
		changes := make([]ref.Val, len(v.event.Changes))
		for i, change := range v.event.Changes {
			changes[i] = types.NewStringStringMap(types.DefaultTypeAdapter, map[string]string{
				"field": change.Field, "before": change.Before, "after": change.After,
			})
		}
		return types.NewRefValList(types.DefaultTypeAdapter, changes), true
	default:
		return nil, false
	}
}

// Parent is none.
func (view) Parent() cel.Activation { return nil }
