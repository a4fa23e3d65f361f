package repositorytest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/debriefhq/debrief/repository"
)

// evaluate answers a query from memory. It is what the stores are compared with.
func evaluate[T any](schema repository.Schema[T], resources []T, query repository.Query) []T {
	var found []T
	for i := range resources {
		header := schema.Header(&resources[i])
		if header.Visibility <= query.Visible &&
			(query.Parent == "" || header.Parent == query.Parent) &&
			(query.Where == nil || holds(schema, &resources[i], query.Where)) &&
			(query.After == nil || compare(query, *query.After, schema.Position(query, &resources[i])) < 0) {
			found = append(found, resources[i])
		}
	}
	slices.SortFunc(found, func(a, b T) int {
		return compare(query, schema.Position(query, &a), schema.Position(query, &b))
	})
	return found[:min(len(found), query.Limit)]
}

func compare(query repository.Query, a, b repository.Position) int {
	order := strings.Compare(a.ID, b.ID)
	if query.OrderBy != "" {
		order = cmp.Or(cmp.Compare(a.Number, b.Number), order)
	}
	if query.Descending {
		return -order
	}
	return order
}

func holds[T any](schema repository.Schema[T], resource *T, condition repository.Condition) bool {
	switch condition := condition.(type) {
	case repository.And:
		return !slices.ContainsFunc(condition, func(c repository.Condition) bool { return !holds(schema, resource, c) })
	case repository.Or:
		return slices.ContainsFunc(condition, func(c repository.Condition) bool { return holds(schema, resource, c) })
	case repository.Not:
		return !holds(schema, resource, condition.Condition)
	case repository.TermIn:
		return slices.ContainsFunc(schema.Terms(resource), func(term string) bool { return slices.Contains(condition, term) })
	case repository.TermRange:
		return slices.ContainsFunc(schema.Terms(resource), func(term string) bool {
			return term >= condition.From && term < condition.Before
		})
	case repository.NumberRange:
		number, ok := number(schema, resource, condition.Field)
		return ok && number >= condition.Min && number <= condition.Max
	case repository.NumberUnset:
		_, ok := number(schema, resource, condition.Field)
		return !ok
	case repository.IDRange:
		id := schema.Header(resource).ID
		return id >= condition.From && (condition.Before == "" || id < condition.Before)
	default:
		panic(fmt.Sprintf("no such condition: %T", condition))
	}
}

// number is the number of a resource's field, and whether it has one.
func number[T any](schema repository.Schema[T], resource *T, name string) (int64, bool) {
	field, ok := schema.Field(name)
	if !ok {
		panic("no such field: " + name)
	}
	return field.Number(resource)
}
