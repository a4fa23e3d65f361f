package repository

import "math"

// Query says which resources to list, and in which order. The zero Query lists all that are live, the oldest first.
type Query struct {
	// Parent limits it to the children of one resource. Collections whose Schema is Scoped are listed by parent only.
	Parent string
	// Where limits it to the resources for which the condition holds; nil: all.
	Where Condition
	// Visible is the most hidden visibility to list.
	Visible Visibility
	// OrderBy names the ordered field to sort by; empty: by id. The id breaks ties, in the same direction.
	OrderBy string
	// Descending turns the order around.
	Descending bool
	// After is the position behind which to begin; nil: at the beginning.
	After *Position
	// Limit is the most resources to list or count; it must be positive.
	Limit int
}

// Position is a place in an order.
type Position struct {
	// Number is the number of the field sorted by; unused when sorting by id.
	Number int64
	// ID is the id of the resource at the place.
	ID string
}

// Unset stands for the number of an ordered field that is not set: it sorts before all others.
const Unset = math.MinInt64

// Condition is And, Or, Not, TermIn, TermRange, NumberRange, NumberUnset or IDRange.
type Condition interface{ condition() }

// And holds where each of its conditions does; an empty And always holds.
type And []Condition

// Or holds where one of its conditions does; an empty Or never holds.
type Or []Condition

// Not holds where its condition does not.
type Not struct{ Condition Condition }

// TermIn holds where the resource has one of the terms.
type TermIn []string

// TermRange holds where the resource has a term that is at least From and less than Before, byte by byte.
type TermRange struct{ From, Before string }

// NumberRange holds where the field is set, and its number is at least Min and at most Max.
type NumberRange struct {
	Field    string
	Min, Max int64
}

// NumberUnset holds where the field is not set. The field is one that all resources can be ordered by: by that order
// a store finds them.
type NumberUnset struct{ Field string }

// IDRange holds where the id is at least From, and less than Before unless that is empty.
type IDRange struct{ From, Before string }

func (And) condition()         {}
func (Or) condition()          {}
func (Not) condition()         {}
func (TermIn) condition()      {}
func (TermRange) condition()   {}
func (NumberRange) condition() {}
func (NumberUnset) condition() {}
func (IDRange) condition()     {}
