package repositorytest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"time"

	"github.com/debriefhq/debrief/repository"
)

// random is a chooser that chooses from little, so that there are many ties and many that are alike. Its seed is fixed:
// each run makes the same.
type random struct{ *rand.Rand }

func newRandom(seed uint64) random {
	return random{rand.New(rand.NewPCG(seed, 20260314))} //nolint:gosec // The same numbers each time are what is wanted.
}

// texts are chosen from where the field says nothing else. Some mean something to a store's own language.
var texts = []string{
	"", "payments", "pay", "payments gateway", "Zürich", "日本語", "$where", "$", ".", "a.b", "a.b.c", "'; DROP TABLE incidents; --",
	`"quoted"`, "percent % and _", "👩🏽‍🚒 fire", "\u202egnp.exe", "line\nbreak", "{\"$ne\": null}", "%00", "null", "0",
}

var textsOfField = map[string][]string{
	"Severity":      {"", "SEV1", "SEV2", "SEV3", "SEV4", "SEV5"},
	"Priority":      {"", "P1", "P2", "P3", "P4"},
	"State":         {"ACTIVE", "RESOLVED", "CLOSED"},
	"Kind":          {"", "INCIDENT", "NEAR_MISS"},
	"MapKey":        {"kubernetes.io/name", "$where", "a", "a.b", `it's "it"`, "team", "ключ", ".", "a b"},
	"Title":         {"Checkout answers slowly", "checkout is down", "Größe: 5 TiB, not 3!", "x y z", "$where title", "ıİ ǅ"},
	"RequestHash":   {""},
	"CreationKey":   {""},
	"FirstAnswer":   {""},
	"GeneratorURL":  {""},
	"WaiverReason":  {""},
	"OpenQuestions": {""},
}

func (r random) text(field string) string {
	if own, ok := textsOfField[field]; ok {
		return pick(r, own)
	}
	return pick(r, texts)
}

func (r random) number() int64 { return r.Int64N(6) }
func (r random) length() int   { return r.IntN(3) }

func (r random) instant() time.Time {
	if r.IntN(4) == 0 {
		return time.Time{}
	}
	return epoch.Add(time.Duration(r.IntN(8)-2) * time.Hour)
}

func pick[T any](r random, values []T) T { return values[r.IntN(len(values))] }

// header makes the header of the nth resource, of any visibility; with a parent it belongs to that or to the next.
func (r random) header(header *repository.Header, n, parent int) {
	id := newID(n)
	*header = repository.Header{
		ID: id, Revision: 1, Visibility: repository.Visibility(max(0, r.IntN(8)-5)),
		CreateTime: header.CreateTime, UpdateTime: header.UpdateTime, DeleteTime: header.DeleteTime,
	}
	if parent > 0 {
		header.Parent = newID(parent + r.IntN(2))
	}
}

// randomResources makes so many resources, in no order.
func randomResources[T any](r random, schema repository.Schema[T], count, parent int) []T {
	resources := make([]T, count)
	for i, n := range r.Perm(count) {
		fill(reflect.ValueOf(&resources[i]).Elem(), "", r)
		r.header(schema.Header(&resources[i]), n, parent)
	}
	return resources
}

// querier makes random queries that some of the resources answer.
type querier[T any] struct {
	random
	schema    repository.Schema[T]
	resources []T
}

func (q querier[T]) query() repository.Query {
	query := repository.Query{
		Visible:    repository.Visibility(q.IntN(3)),
		Descending: q.IntN(2) == 0,
		Limit:      1 + q.IntN(len(q.resources)+10),
	}
	if q.IntN(5) > 0 {
		query.Where = q.condition(3)
	}
	if field := pick(q.random, append(q.schema.Fields, repository.Field[T]{})); field.Ordered {
		query.OrderBy = field.Name
	}
	resource := pick(q.random, q.resources)
	if parent := q.schema.Header(&resource).Parent; q.schema.Scoped || q.IntN(4) == 0 {
		query.Parent = parent
	}
	if q.IntN(3) == 0 {
		position := q.schema.Position(query, &resource)
		query.After = &position
	}
	return query
}

func (q querier[T]) condition(depth int) repository.Condition {
	if depth == 0 || q.IntN(3) > 0 {
		return q.comparison()
	}
	conditions := make([]repository.Condition, q.IntN(4))
	for i := range conditions {
		conditions[i] = q.condition(depth - 1)
	}
	switch q.IntN(3) {
	case 0:
		return repository.And(conditions)
	case 1:
		return repository.Or(conditions)
	default:
		return repository.Not{Condition: q.condition(depth - 1)}
	}
}

func (q querier[T]) comparison() repository.Condition {
	resource := pick(q.random, q.resources)
	if len(q.schema.Fields) == 0 {
		return q.idRange(&resource)
	}
	field := pick(q.random, q.schema.Fields)
	switch {
	case field.Ordered && q.IntN(4) == 0:
		return repository.NumberUnset{Field: field.Name}
	case field.Number != nil && q.IntN(2) == 0:
		return q.numberRange(field, &resource)
	case field.Values != nil:
		return q.values(field.Name, append(field.Values(&resource), pick(q.random, texts)))
	case field.Map != nil:
		for key, value := range field.Map(&resource) {
			return q.values(field.Name+"."+key, []string{value})
		}
		return repository.AnyTerm(field.Name + ".a")
	case field.Number != nil:
		return q.numberRange(field, &resource)
	default:
		return q.idRange(&resource)
	}
}

func (q querier[T]) values(field string, values []string) repository.Condition {
	value := pick(q.random, values)
	switch q.IntN(5) {
	case 0:
		return repository.AnyTerm(field)
	case 1:
		return repository.TermsBetween(field, value, "")
	case 2:
		return repository.TermsBetween(field, "", value)
	case 3:
		return repository.TermIn{repository.Term(field, value), repository.Term(field, pick(q.random, texts))}
	default:
		return repository.TermIn{repository.Term(field, value)}
	}
}

func (q querier[T]) numberRange(field repository.Field[T], resource *T) repository.Condition {
	number := field.NumberOrUnset(resource)
	switch q.IntN(4) {
	case 0:
		return repository.NumberRange{Field: field.Name, Min: math.MinInt64, Max: math.MaxInt64}
	case 1:
		return repository.NumberRange{Field: field.Name, Min: number, Max: math.MaxInt64}
	case 2:
		return repository.NumberRange{Field: field.Name, Min: math.MinInt64, Max: number}
	default:
		return repository.NumberRange{Field: field.Name, Min: number, Max: number}
	}
}

func (q querier[T]) idRange(resource *T) repository.Condition {
	from, before := q.schema.Header(resource).ID, q.schema.Header(&q.resources[0]).ID
	return pick(q.random, []repository.Condition{
		repository.IDRange{From: from},
		repository.IDRange{Before: from},
		repository.IDRange{From: min(from, before), Before: max(from, before)},
		repository.IDRange{},
	})
}

// describe writes a query so that a reader can see what it asks.
func describe(query repository.Query) string {
	after := "the beginning"
	if query.After != nil {
		after = fmt.Sprintf("%+v", *query.After)
	}
	return fmt.Sprintf("parent %q, where %#v, visible %d, order by %q, descending %t, after %s, limit %d",
		query.Parent, query.Where, query.Visible, query.OrderBy, query.Descending, after, query.Limit)
}
