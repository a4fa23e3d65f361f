package repository

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Schema says how the resources of one type are found: which fields lists can be filtered and ordered by. Both stores
// derive their indexes from it, and the API its filters.
type Schema[T any] struct {
	// Name is the collection's name.
	Name string
	// Scoped says that resources are listed by their parent, of which none has more than some ten thousand children: a
	// store need not index the terms of such resources, only the order within the parent.
	Scoped bool
	// Header leads to the header of a resource.
	Header func(*T) *Header
	// Local takes away what has no meaning in another store; nil: everything has.
	Local func(*T)
	// Fields are those that lists can be filtered or ordered by.
	Fields []Field[T]
}

// FieldType says how a field is compared.
type FieldType int

const (
	// Keyword fields are compared as a whole, byte by byte.
	Keyword FieldType = iota
	// Enumeration fields are Keyword fields with a value even when unset: the empty one.
	Enumeration
	// Boolean fields are "true" or "false".
	Boolean
	// Words fields are found by their words, in lower case, and as a whole.
	Words
	// Map fields have keys: each is a Keyword field named FIELD.KEY.
	Map
	// Time fields are numbers: milliseconds since 1970-01-01 UTC.
	Time
	// Integer fields are numbers.
	Integer
	// IDTime fields are times that are known from the id, which is a ULID.
	IDTime
	// IDSequence fields are integers that are known from the id, which is made by EventID.
	IDSequence
)

// Field is one thing that a list can be filtered or ordered by.
type Field[T any] struct {
	// Name is the field's path, in the API and in the stored document.
	Name string
	// Type says how it is compared.
	Type FieldType
	// Many says that a resource can have several values.
	Many bool
	// Ordered says that lists can be ordered by it: by its number.
	Ordered bool
	// Hidden fields are for Debrief's own queries: callers of the API can't name them.
	Hidden bool
	// Values are the values of Keyword, Enumeration, Boolean and Words fields.
	Values func(*T) []string
	// Map are the keys and values of a Map field.
	Map func(*T) map[string]string
	// Number is the number of Time, Integer, and of all ordered fields; false where it is not set.
	Number func(*T) (int64, bool)
}

const (
	termSeparator = "\x1f"
	maxTermValue  = 200
	maxWords      = 64
)

// Term is what a resource whose field has the value is found by. A value of more than 200 bytes is cut and hashed.
func Term(field, value string) string {
	if len(value) > maxTermValue {
		sum := sha256.Sum256([]byte(value))
		value = strings.ToValidUTF8(value[:maxTermValue], "") + termSeparator + hex.EncodeToString(sum[:8])
	}
	return field + termSeparator + value
}

// AnyTerm holds where the field has a value that is not empty.
func AnyTerm(field string) Condition {
	return TermRange{From: field + termSeparator + "\x00", Before: field + string(termSeparator[0]+1)}
}

// TermsBetween holds where the field has a value that is at least from and less than before; before empty: no bound.
func TermsBetween(field, from, before string) Condition {
	condition := TermRange{From: Term(field, from), Before: field + string(termSeparator[0]+1)}
	if before != "" {
		condition.Before = Term(field, before)
	}
	return condition
}

// WordField is the name under which the words of a Words field are found.
func WordField(field string) string { return field + ":" }

// SplitWords splits a text into its words, in lower case, without repeats.
func SplitWords(text string) []string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
	slices.Sort(words)
	words = slices.Compact(words)
	return words[:min(len(words), maxWords)]
}

// Terms are all terms of a resource, sorted, without repeats.
func (s Schema[T]) Terms(resource *T) []string {
	var terms []string
	for _, field := range s.Fields {
		terms = append(terms, field.terms(resource)...)
	}
	slices.Sort(terms)
	return slices.Compact(terms)
}

func (f Field[T]) terms(resource *T) []string {
	var terms []string
	switch f.Type {
	case Keyword, Enumeration, Boolean:
		for _, value := range f.Values(resource) {
			if value != "" || f.Type == Enumeration {
				terms = append(terms, Term(f.Name, value))
			}
		}
	case Words:
		for _, value := range f.Values(resource) {
			terms = append(terms, Term(f.Name, value))
			for _, word := range SplitWords(value) {
				terms = append(terms, Term(WordField(f.Name), word))
			}
		}
	case Map:
		for key, value := range f.Map(resource) {
			terms = append(terms, Term(f.Name+"."+key, value))
		}
	case Time, Integer, IDTime, IDSequence:
	}
	return terms
}

// Field finds a field by its name.
func (s Schema[T]) Field(name string) (Field[T], bool) {
	i := slices.IndexFunc(s.Fields, func(f Field[T]) bool { return f.Name == name })
	if i < 0 {
		return Field[T]{}, false
	}
	return s.Fields[i], true
}

// Numbers are the fields that have numbers, in their order.
func (s Schema[T]) Numbers() []Field[T] {
	return slices.DeleteFunc(slices.Clone(s.Fields), func(f Field[T]) bool { return f.Number == nil })
}

// Position is the place of the resource in the order of the query.
func (s Schema[T]) Position(query Query, resource *T) Position {
	position := Position{ID: s.Header(resource).ID}
	if field, ok := s.Field(query.OrderBy); ok {
		position.Number = field.NumberOrUnset(resource)
	}
	return position
}

// NumberOrUnset is the field's number, or Unset.
func (f Field[T]) NumberOrUnset(resource *T) int64 {
	if number, ok := f.Number(resource); ok {
		return number
	}
	return Unset
}

func one[T any](value func(*T) string) func(*T) []string {
	return func(resource *T) []string { return []string{value(resource)} }
}

func boolean[T any](value func(*T) bool) func(*T) []string {
	return func(resource *T) []string {
		if value(resource) {
			return []string{"true"}
		}
		return []string{"false"}
	}
}

func milliseconds[T any](value func(*T) time.Time) func(*T) (int64, bool) {
	return func(resource *T) (int64, bool) {
		t := value(resource)
		return t.UnixMilli(), !t.IsZero()
	}
}

// rank numbers the values of an enumeration by their place, from 1 on.
func rank[T any](value func(*T) string, values ...string) func(*T) (int64, bool) {
	return func(resource *T) (int64, bool) {
		i := slices.Index(values, value(resource))
		return int64(i + 1), i >= 0
	}
}
