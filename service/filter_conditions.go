package service

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
	"go.einride.tech/aip/filtering"
	expr "google.golang.org/genproto/googleapis/api/expr/v1alpha1"

	"github.com/debriefhq/debrief/repository"
)

// enumerated compares enum values: the order is that of their numbers, and no order holds for an unspecified value.
func (c filterCompiler) enumerated(at *expr.Expr, field filterField, operator, value string) (repository.Condition, error) {
	values := field.values
	if field.kind == repository.Boolean {
		values = enumeration{names: []string{"false", "true"}}
	}
	if operator == filtering.FunctionHas {
		return judged(field, values.known()), nil
	}
	index := values.index(value)
	if index < 0 {
		return nil, c.problem(at, "%s has no value %q: its values are %s", field.name, value, strings.Join(values.known(), ", "))
	}
	terms, computed := repository.TermIn{}, repository.Or{}
	for i, name := range values.names {
		ordered := i == index || (name != "" && values.names[index] != "")
		if !ordered || !holds(operator, i, index) {
			continue
		}
		terms = append(terms, repository.Term(field.name, name))
		if field.computed != nil && name != "" {
			computed = append(computed, field.computed(name, c.now))
		}
	}
	if field.computed != nil {
		return oneOf(computed), nil
	}
	return terms, nil
}

// judged holds where an enum has any value but the unspecified one.
func judged(field filterField, values []string) repository.Condition {
	if field.computed != nil {
		return repository.And{} // It always has a value.
	}
	return repository.TermIn(each(values, func(value string) string { return repository.Term(field.name, value) }))
}

// oneOf holds where one of the conditions does.
func oneOf(conditions repository.Or) repository.Condition {
	if len(conditions) == 1 {
		return conditions[0]
	}
	return conditions
}

func holds(operator string, left, right int) bool {
	switch operator {
	case filtering.FunctionLessThan:
		return left < right
	case filtering.FunctionLessEquals:
		return left <= right
	case filtering.FunctionGreaterThan:
		return left > right
	case filtering.FunctionGreaterEquals:
		return left >= right
	}
	return left == right
}

// index finds a value by its name, with or without the enum's prefix, in any case of letters.
func (e enumeration) index(value string) int {
	return slices.IndexFunc(e.names, func(name string) bool {
		if name == "" {
			return strings.EqualFold(value, e.prefix+"UNSPECIFIED")
		}
		return strings.EqualFold(value, name) || strings.EqualFold(value, e.prefix+name)
	})
}

func (e enumeration) known() []string {
	return slices.DeleteFunc(slices.Clone(e.names), func(name string) bool { return name == "" })
}

func (c filterCompiler) timed(at *expr.Expr, field filterField, operator, value string) (repository.Condition, error) {
	if value == "*" && operator == filtering.FunctionHas {
		return repository.NumberRange{Field: field.name, Min: repository.Unset + 1, Max: math.MaxInt64}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, value)
	if err != nil {
		return nil, c.problem(at, "%s is compared with a time after RFC 3339, such as \"2026-01-31T09:30:00Z\"", field.name)
	}
	low, high := numberRange(operator, t.UnixMilli(), t.Truncate(time.Millisecond).Equal(t))
	if field.kind == repository.IDTime {
		return repository.IDRange{From: lowestID(low), Before: lowestIDAfter(high)}, nil
	}
	return repository.NumberRange{Field: field.name, Min: low, Max: high}, nil
}

func (c filterCompiler) counted(at *expr.Expr, field filterField, operator, value string) (repository.Condition, error) {
	if value == "*" && operator == filtering.FunctionHas {
		return repository.NumberRange{Field: field.name, Min: repository.Unset + 1, Max: math.MaxInt64}, nil
	}
	var number int64
	if _, err := fmt.Sscanf(value+"\n", "%d\n", &number); err != nil {
		return nil, c.problem(at, "%s is compared with a whole number", field.name)
	}
	low, high := numberRange(operator, number, true)
	if field.kind == repository.IDSequence {
		before := ""
		if high < math.MaxInt64 {
			before = repository.EventID(max(high+1, 0))
		}
		return repository.IDRange{From: repository.EventID(max(low, 0)), Before: before}, nil
	}
	return repository.NumberRange{Field: field.name, Min: low, Max: high}, nil
}

// numberRange is the range of whole numbers for which the comparison holds; it is empty where low is above high. A number
// that is not exact lies a little above the one given.
func numberRange(operator string, number int64, exact bool) (low, high int64) {
	low, high = repository.Unset+1, math.MaxInt64
	switch {
	case operator == filtering.FunctionLessEquals, operator == filtering.FunctionLessThan && !exact:
		return low, number
	case operator == filtering.FunctionGreaterEquals && exact:
		return number, high
	case operator == filtering.FunctionLessThan && number > low:
		return low, number - 1
	case (operator == filtering.FunctionGreaterThan || operator == filtering.FunctionGreaterEquals) && number < high:
		return number + 1, high
	case (operator == filtering.FunctionEquals || operator == filtering.FunctionHas) && exact:
		return number, number
	}
	return 1, 0
}

// lowestID is the least ULID of a millisecond.
func lowestID(millisecond int64) string {
	var id ulid.ULID
	if err := id.SetTime(uint64(min(max(millisecond, 0), int64(ulid.MaxTime())))); err != nil {
		return ""
	}
	return id.String()
}

func lowestIDAfter(millisecond int64) string {
	if millisecond >= int64(ulid.MaxTime()) {
		return ""
	}
	return lowestID(millisecond + 1)
}

// next makes a text the least one that is greater.
const next = "\x00"

// text compares texts byte by byte. `:` finds a word of a Words field, an element of a repeated one, or with * any value.
func text(field filterField, operator, value string) repository.Condition {
	switch operator {
	case filtering.FunctionHas:
		return contains(field, value)
	case filtering.FunctionLessThan:
		return repository.TermRange{From: repository.Term(field.name, ""), Before: repository.Term(field.name, value)}
	case filtering.FunctionLessEquals:
		return repository.TermRange{From: repository.Term(field.name, ""), Before: repository.Term(field.name, value+next)}
	case filtering.FunctionGreaterEquals:
		return repository.TermsBetween(field.name, value, "")
	case filtering.FunctionGreaterThan:
		return repository.TermsBetween(field.name, value+next, "")
	}
	if value == "" {
		return repository.Not{Condition: repository.AnyTerm(field.name)}
	}
	return repository.TermIn{repository.Term(field.name, value)}
}

func contains(field filterField, value string) repository.Condition {
	if value == "*" {
		return repository.AnyTerm(field.name)
	}
	if field.kind != repository.Words {
		return repository.TermIn{repository.Term(field.name, value)}
	}
	conditions := repository.And{}
	for _, word := range repository.SplitWords(value) {
		conditions = append(conditions, repository.TermIn{repository.Term(repository.WordField(field.name), word)})
	}
	if len(conditions) == 0 {
		return repository.Or{}
	}
	return conditions
}

// mapCondition is labels:key, which holds where there is such a label.
func mapCondition(c filterCompiler, at *expr.Expr, field filterField, operator, key string) (repository.Condition, error) {
	if operator != filtering.FunctionHas {
		return nil, c.problem(at, "%s is compared by its keys: %s.KEY = \"value\", or %s:KEY", field.name, field.name, field.name)
	}
	return repository.TermRange{
		From:   repository.Term(field.name+"."+key, ""),
		Before: field.name + "." + key + "\x20",
	}, nil
}
