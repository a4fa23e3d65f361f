package service

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.einride.tech/aip/filtering"
	expr "google.golang.org/genproto/googleapis/api/expr/v1alpha1"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/debriefhq/debrief/repository"
)

// filterFields are what the filter of one resource type may speak of.
type filterFields map[string]filterField

// filterField is a field without the type of its resource.
type filterField struct {
	name   string
	kind   repository.FieldType
	many   bool
	values enumeration
	// computed makes the condition where no store keeps the field's values, but times that they follow from; nil: one does.
	computed func(value string, now time.Time) repository.Condition
}

// enumeration are the values of an enum without their prefix, in the order of their numbers; the unspecified one is empty.
type enumeration struct {
	prefix string
	names  []string
}

// fieldsOf are the fields of a schema; enums has the values of its Enumeration fields.
func fieldsOf[T any](schema repository.Schema[T], enums map[string]protoreflect.EnumDescriptor) filterFields {
	fields := filterFields{}
	for _, field := range schema.Fields {
		if field.Hidden {
			continue
		}
		known := filterField{name: field.Name, kind: field.Type, many: field.Many}
		if enum, ok := enums[field.Name]; ok {
			known.values = enumerationOf(enum)
		}
		fields[field.Name] = known
	}
	return fields
}

// withoutFields leaves out what callers do not filter by.
func withoutFields(fields filterFields, names ...string) filterFields {
	for _, name := range names {
		delete(fields, name)
	}
	return fields
}

func enumerationOf(enum protoreflect.EnumDescriptor) enumeration {
	values := enumeration{prefix: enumPrefix(enum), names: make([]string, enum.Values().Len())}
	for i := range values.names {
		values.names[i] = enumName(enum, enum.Values().Get(i).Number())
	}
	return values
}

// compileFilter reads a filter after AIP-160. What it says of things that come with time holds now.
func compileFilter(fields filterFields, filter string, now time.Time) (repository.Condition, error) {
	if strings.TrimSpace(filter) == "" {
		return nil, nil //nolint:nilnil // No filter is no condition.
	}
	var parser filtering.Parser
	parser.Init(filter)
	parsed, err := parser.Parse()
	if err != nil {
		return nil, invalid("filter", "%s", syntaxProblem(err))
	}
	compiler := filterCompiler{fields: fields, now: now, positions: parsed.GetSourceInfo().GetPositions()}
	return compiler.compile(parsed.GetExpr())
}

// syntaxProblem is the innermost thing that is wrong, with its position.
func syntaxProblem(err error) string {
	var position int32
	for ; err != nil; err = errors.Unwrap(err) {
		if located, ok := err.(interface{ Position() filtering.Position }); ok {
			position = located.Position().Column
		}
	}
	return fmt.Sprintf("at position %d: it can't be read on from here; a filter is made of comparisons such as state = ACTIVE, "+
		"joined by AND, OR, NOT and parentheses, and texts stand in double quotes", position)
}

type filterCompiler struct {
	fields    filterFields
	now       time.Time
	positions map[int64]int32
}

func (c filterCompiler) problem(at *expr.Expr, format string, args ...any) error {
	return invalid("filter", "at position %d: %s", c.positions[at.GetId()]+1, fmt.Sprintf(format, args...))
}

func (c filterCompiler) compile(e *expr.Expr) (repository.Condition, error) {
	call := e.GetCallExpr()
	if call == nil {
		return nil, c.problem(e, "a comparison is expected, such as state = ACTIVE")
	}
	switch call.GetFunction() {
	case filtering.FunctionAnd, filtering.FunctionFuzzyAnd:
		conditions, err := c.compileAll(call.GetArgs())
		return repository.And(conditions), err
	case filtering.FunctionOr:
		conditions, err := c.compileAll(call.GetArgs())
		return either(conditions), err
	case filtering.FunctionNot:
		conditions, err := c.compileAll(call.GetArgs())
		if err != nil {
			return nil, err
		}
		return repository.Not{Condition: conditions[0]}, nil
	}
	if len(call.GetArgs()) != 2 || !slices.Contains(comparators, call.GetFunction()) {
		return nil, c.problem(e, "there is no function %s", call.GetFunction())
	}
	return c.compare(e, call.GetFunction(), call.GetArgs()[0], call.GetArgs()[1])
}

var comparators = []string{
	filtering.FunctionEquals, filtering.FunctionNotEquals, filtering.FunctionLessThan, filtering.FunctionLessEquals,
	filtering.FunctionGreaterThan, filtering.FunctionGreaterEquals, filtering.FunctionHas,
}

func (c filterCompiler) compileAll(args []*expr.Expr) ([]repository.Condition, error) {
	conditions := make([]repository.Condition, 0, len(args))
	for _, arg := range args {
		condition, err := c.compile(arg)
		if err != nil {
			return nil, err
		}
		conditions = append(conditions, condition)
	}
	return conditions, nil
}

// either is one TermIn where all conditions are: stores are quick with those.
func either(conditions []repository.Condition) repository.Condition {
	var terms repository.TermIn
	for _, condition := range conditions {
		more, ok := condition.(repository.TermIn)
		if !ok {
			return repository.Or(conditions)
		}
		terms = append(terms, more...)
	}
	return terms
}

func (c filterCompiler) compare(e *expr.Expr, operator string, left, right *expr.Expr) (repository.Condition, error) {
	field, err := c.field(left)
	if err != nil {
		return nil, err
	}
	value, err := c.literal(right)
	if err != nil {
		return nil, err
	}
	if operator == filtering.FunctionNotEquals {
		condition, err := c.condition(right, field, filtering.FunctionEquals, value)
		return repository.Not{Condition: condition}, err
	}
	if operator == filtering.FunctionHas && field.kind != repository.Map && field.kind != repository.Words && !field.many {
		if value != "*" {
			return nil, c.problem(e, "%s has a single value: compare it with =", field.name)
		}
	}
	return c.condition(right, field, operator, value)
}

func (c filterCompiler) condition(at *expr.Expr, field filterField, operator, value string) (repository.Condition, error) {
	switch field.kind {
	case repository.Enumeration, repository.Boolean:
		return c.enumerated(at, field, operator, value)
	case repository.Time, repository.IDTime:
		return c.timed(at, field, operator, value)
	case repository.Integer, repository.IDSequence:
		return c.counted(at, field, operator, value)
	case repository.Map:
		return mapCondition(c, at, field, operator, value)
	case repository.Keyword, repository.Words:
	}
	return text(field, operator, value), nil
}

// field finds the field that a member expression names: in snake case or in lower camel case, a label as labels.KEY.
func (c filterCompiler) field(e *expr.Expr) (filterField, error) {
	path, ok := memberPath(e)
	if !ok {
		return filterField{}, c.problem(e, "the left side must be a field")
	}
	snake := make([]string, len(path))
	for i, segment := range path {
		snake[i] = snakeCase(segment)
	}
	if field, ok := c.fields[strings.Join(snake, ".")]; ok {
		return field, nil
	}
	if field, ok := c.fields[snake[0]]; ok && field.kind == repository.Map && len(path) > 1 {
		return filterField{name: field.name + "." + strings.Join(path[1:], "."), kind: repository.Keyword}, nil
	}
	return filterField{}, c.problem(e, "there is no field %q: the fields are %s", strings.Join(path, "."), strings.Join(c.names(), ", "))
}

func (c filterCompiler) names() []string {
	names := make([]string, 0, len(c.fields))
	for name, field := range c.fields {
		if field.kind == repository.Map {
			name += ".KEY"
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func memberPath(e *expr.Expr) ([]string, bool) {
	switch kind := e.GetExprKind().(type) {
	case *expr.Expr_IdentExpr:
		return []string{kind.IdentExpr.GetName()}, true
	case *expr.Expr_SelectExpr:
		path, ok := memberPath(kind.SelectExpr.GetOperand())
		return append(path, kind.SelectExpr.GetField()), ok
	}
	return nil, false
}

var upper = regexp.MustCompile(`[A-Z]`)

func snakeCase(name string) string {
	return upper.ReplaceAllStringFunc(name, func(letter string) string { return "_" + strings.ToLower(letter) })
}

// literal is the text of the right side. A bare word counts as text, as in state = ACTIVE.
func (c filterCompiler) literal(e *expr.Expr) (string, error) {
	if path, ok := memberPath(e); ok {
		return strings.Join(path, "."), nil
	}
	switch kind := e.GetConstExpr().GetConstantKind().(type) {
	case *expr.Constant_StringValue:
		return kind.StringValue, nil
	case *expr.Constant_Int64Value:
		return fmt.Sprint(kind.Int64Value), nil
	case *expr.Constant_DoubleValue:
		return fmt.Sprint(kind.DoubleValue), nil
	case *expr.Constant_BoolValue:
		return fmt.Sprint(kind.BoolValue), nil
	}
	if call := e.GetCallExpr(); call.GetFunction() == filtering.FunctionTimestamp && len(call.GetArgs()) == 1 {
		return c.literal(call.GetArgs()[0])
	}
	return "", c.problem(e, "the right side must be a text, a number, a time or an enum value")
}
