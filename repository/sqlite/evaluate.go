package sqlite

import (
	"slices"

	"github.com/debriefhq/debrief/repository"
)

// subject is a resource that conditions are checked for, of any type.
type subject interface {
	id() string
	number(field string) (int64, bool)
	// terms are sorted.
	terms() []string
}

// holds checks a condition that the database has not checked.
func holds(s subject, condition repository.Condition) bool {
	switch condition := condition.(type) {
	case repository.And:
		return !slices.ContainsFunc(condition, func(c repository.Condition) bool { return !holds(s, c) })
	case repository.Or:
		return slices.ContainsFunc(condition, func(c repository.Condition) bool { return holds(s, c) })
	case repository.Not:
		return !holds(s, condition.Condition)
	case repository.TermIn:
		return slices.ContainsFunc(condition, func(term string) bool {
			_, found := slices.BinarySearch(s.terms(), term)
			return found
		})
	case repository.TermRange:
		at, _ := slices.BinarySearch(s.terms(), condition.From)
		return at < len(s.terms()) && s.terms()[at] < condition.Before
	case repository.NumberRange:
		number, ok := s.number(condition.Field)
		return ok && number >= condition.Min && number <= condition.Max
	case repository.NumberUnset:
		_, ok := s.number(condition.Field)
		return !ok
	case repository.IDRange:
		return s.id() >= condition.From && (condition.Before == "" || s.id() < condition.Before)
	default:
		return false
	}
}

// examined is a resource of a collection as a subject. Its terms are made when they are asked for, once.
type examined[T any] struct {
	codec[T]
	resource *T
	made     []string
}

func (e *examined[T]) id() string { return e.schema.Header(e.resource).ID }

func (e *examined[T]) number(field string) (int64, bool) {
	found, ok := e.schema.Field(field)
	if !ok || found.Number == nil {
		return 0, false
	}
	return found.Number(e.resource)
}

func (e *examined[T]) terms() []string {
	if e.made == nil {
		e.made = e.schema.Terms(e.resource)
	}
	return e.made
}
