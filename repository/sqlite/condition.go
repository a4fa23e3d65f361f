package sqlite

import (
	"database/sql/driver"
	"fmt"
	"strings"

	"github.com/debriefhq/debrief/repository"
)

// fragment is a piece of SQL with the values of its parameters, in their order. No value is ever part of the text.
type fragment struct {
	text   string
	values []driver.Value
}

// join puts fragments together.
func join(fragments []fragment, separator string) fragment {
	texts := make([]string, len(fragments))
	var values []driver.Value
	for i, part := range fragments {
		texts[i] = part.text
		values = append(values, part.values...)
	}
	return fragment{strings.Join(texts, separator), values}
}

func (f fragment) surround(before, after string) fragment {
	return fragment{before + f.text + after, f.values}
}

// filter translates a condition on numbers and ids into an expression over the row t, which is never NULL: so NOT is
// exact. It says false where there is anything else in the condition.
func (t *table) filter(condition repository.Condition) (fragment, bool) {
	switch condition := condition.(type) {
	case repository.And:
		return t.filters(condition, " AND ", "1")
	case repository.Or:
		return t.filters(condition, " OR ", "0")
	case repository.Not:
		inner, ok := t.filter(condition.Condition)
		return inner.surround("NOT (", ")"), ok
	case repository.NumberRange:
		return t.filterNumber(condition)
	case repository.NumberUnset:
		return fragment{
			fmt.Sprintf("t.%s = %d", quote(condition.Field), int64(repository.Unset)), nil,
		}, t.hasNumber(condition.Field)
	case repository.IDRange:
		if condition.Before == "" {
			return fragment{"t.id >= ?", []driver.Value{condition.From}}, true
		}
		return fragment{"(t.id >= ? AND t.id < ?)", []driver.Value{condition.From, condition.Before}}, true
	default:
		return fragment{}, false
	}
}

func (t *table) filters(conditions []repository.Condition, operator, none string) (fragment, bool) {
	if len(conditions) == 0 {
		return fragment{text: none}, true
	}
	parts := make([]fragment, len(conditions))
	for i, condition := range conditions {
		var ok bool
		if parts[i], ok = t.filter(condition); !ok {
			return fragment{}, false
		}
	}
	return join(parts, operator).surround("(", ")"), true
}

func (t *table) filterNumber(condition repository.NumberRange) (fragment, bool) {
	name := "t." + quote(condition.Field)
	return fragment{
		fmt.Sprintf("(%s IS NOT NULL AND %s >= ? AND %s <= ?)", name, name, name),
		[]driver.Value{max(condition.Min, repository.Unset+1), condition.Max},
	}, t.hasNumber(condition.Field)
}

const (
	// Conditions that are deeper, or that are made of more, are not translated: SQLite's parsers have their bounds.
	maxDepth, maxParts = 20, 200
)

// isHuge says that a condition is checked row by row only.
func isHuge(condition repository.Condition) bool {
	depth, parts := measure(condition)
	return depth > maxDepth || parts > maxParts
}

func measure(condition repository.Condition) (depth, parts int) {
	var inner []repository.Condition
	switch condition := condition.(type) {
	case repository.And:
		inner = condition
	case repository.Or:
		inner = condition
	case repository.Not:
		inner = []repository.Condition{condition.Condition}
	default:
	}
	for _, each := range inner {
		below, more := measure(each)
		depth, parts = max(depth, below), parts+more
	}
	return depth + 1, parts + 1
}

// conjuncts are the conditions that must all hold for the condition to hold.
func conjuncts(condition repository.Condition) []repository.Condition {
	and, ok := condition.(repository.And)
	if !ok {
		if condition == nil {
			return nil
		}
		return []repository.Condition{condition}
	}
	var all []repository.Condition
	for _, each := range and {
		all = append(all, conjuncts(each)...)
	}
	return all
}
