package repository_test

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/repository"
)

var epoch = time.Date(2026, time.March, 14, 9, 26, 53, 589_000_000, time.UTC)

func TestSplitWords(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       []string
	}{
		{"none", "", nil},
		{"no letters", " -- !? … ", nil},
		{"sorted, without repeats", "the cat and the Dog", []string{"and", "cat", "dog", "the"}},
		{"digits", "p99 > 2s on eu-1", []string{"1", "2s", "eu", "on", "p99"}},
		{"any script", "Größe ÜBER 日本語 Ёлка", []string{"größe", "über", "ёлка", "日本語"}},
		{"what separates", "a_b.c/d\x1fe\tf", []string{"a", "b", "c", "d", "e", "f"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, repository.SplitWords(test.text)); diff != "" && len(test.want)+len(repository.SplitWords(test.text)) > 0 {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
	if words := repository.SplitWords(strings.Repeat("x ", 10) + manyWords(500)); len(words) != 64 {
		t.Errorf("%d words, want no more than 64", len(words))
	}
}

func manyWords(n int) string {
	var text strings.Builder
	for i := range n {
		text.WriteString(" w" + strings.Repeat("x", i))
	}
	return text.String()
}

func TestTerm(t *testing.T) {
	if got := repository.Term("lead", "ana"); got != "lead\x1fana" {
		t.Errorf("Term = %q", got)
	}
	short, long, longer := strings.Repeat("a", 200), strings.Repeat("ä", 101), strings.Repeat("ä", 102)
	if got := repository.Term("lead", short); got != "lead\x1f"+short {
		t.Errorf("a value of 200 bytes became %q", got)
	}
	terms := []string{repository.Term("lead", long), repository.Term("lead", longer), repository.Term("lead", long[:200])}
	for _, term := range terms {
		if len(term) > 240 || !utf8.ValidString(term) {
			t.Errorf("Term = %q, want it short, and valid", term)
		}
	}
	if slices.Sort(terms); len(slices.Compact(terms)) != 3 {
		t.Errorf("long values that differ became %q", terms)
	}
}

// TestRangesOfTerms expects that ranges of one field's terms hold no other field's, and the right ones of its own.
func TestRangesOfTerms(t *testing.T) {
	terms := []string{
		repository.Term("lead", ""), repository.Term("lead", "ana"), repository.Term("lead", "bo"), repository.Term("lead", "\U0010FFFF"),
		repository.Term("leads", "ana"), repository.Term("lea", "ana"), repository.Term("lead:", "ana"), repository.Term("lead.a", "ana"),
	}
	for _, test := range []struct {
		name      string
		condition repository.Condition
		want      []string
	}{
		{"any", repository.AnyTerm("lead"), terms[1:4]},
		{"from", repository.TermsBetween("lead", "b", ""), terms[2:4]},
		{"before", repository.TermsBetween("lead", "", "bo"), terms[0:2]},
		{"between", repository.TermsBetween("lead", "ana", "bo"), terms[1:2]},
		{"none", repository.TermsBetween("lead", "bo", "ana"), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			between, ok := test.condition.(repository.TermRange)
			if !ok {
				t.Fatalf("it is a %T", test.condition)
			}
			var got []string
			for _, term := range terms {
				if term >= between.From && term < between.Before {
					got = append(got, term)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestTermsOfIncident(t *testing.T) {
	incident := repository.Incident{
		Title: "Checkout is slow, checkout!", State: "ACTIVE", Labels: map[string]string{"team": "web", "kubernetes.io/name": "a.b", "empty": ""},
		Responders: []repository.Responder{{Person: "ana"}, {Person: "bo"}, {Person: "ana"}},
	}
	want := []string{
		"kind\x1f", "labels.empty\x1f", "labels.kubernetes.io/name\x1fa.b", "labels.team\x1fweb",
		"responders.person\x1fana", "responders.person\x1fbo", "severity\x1f", "state\x1fACTIVE",
		"title:\x1fcheckout", "title:\x1fis", "title:\x1fslow", "title\x1fCheckout is slow, checkout!",
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, repository.IncidentSchema.Terms(&incident)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestNumbersOfIncident(t *testing.T) {
	none := int64(0)
	incident := repository.Incident{
		Severity: "SEV3", Impact: repository.Impact{CustomersAffected: &none},
		Milestones: repository.Milestones{StartTime: epoch, ResolveTime: time.UnixMilli(0).UTC()},
	}
	got := map[string]int64{}
	for _, field := range repository.IncidentSchema.Numbers() {
		if number, ok := field.Number(&incident); ok {
			got[field.Name] = number
		}
	}
	want := map[string]int64{
		"severity": 3, "impact.customers_affected": 0, "milestones.start_time": epoch.UnixMilli(), "milestones.resolve_time": 0,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestPosition(t *testing.T) {
	incident := repository.Incident{Header: repository.Header{ID: "01J"}, Severity: "SEV2"}
	for order, want := range map[string]repository.Position{
		"":                      {ID: "01J"},
		"severity":              {ID: "01J", Number: 2},
		"milestones.start_time": {ID: "01J", Number: math.MinInt64},
	} {
		got := repository.IncidentSchema.Position(repository.Query{OrderBy: order}, &incident)
		if got != want {
			t.Errorf("position in the order %q = %v, want %v", order, got, want)
		}
	}
}

func TestEventIDsSortAsSequencesDo(t *testing.T) {
	last := ""
	for _, sequence := range []int64{0, 1, 9, 10, 99, 1_000_000, math.MaxInt64} {
		id := repository.EventID(sequence)
		if id <= last {
			t.Errorf("EventID(%d) = %q does not sort behind %q", sequence, id, last)
		}
		event := repository.Event{Header: repository.Header{ID: id}}
		if event.Sequence() != sequence {
			t.Errorf("Sequence of %q = %d", id, event.Sequence())
		}
		last = id
	}
	if got := (repository.Event{}).Sequence(); got != 0 {
		t.Errorf("Sequence of an event that has none = %d", got)
	}
}

// TestSchemas expects of each schema what the stores rely on.
func TestSchemas(t *testing.T) {
	checkSchema(t, repository.IncidentSchema)
	checkSchema(t, repository.TimelineEntrySchema)
	checkSchema(t, repository.PostMortemSchema)
	checkSchema(t, repository.PostMortemRevisionSchema)
	checkSchema(t, repository.ActionItemSchema)
	checkSchema(t, repository.EventSchema)
	checkSchema(t, repository.RejectedDeliverySchema)
}

func checkSchema[T any](t *testing.T, schema repository.Schema[T]) {
	t.Run(schema.Name, func(t *testing.T) {
		var resource T
		schema.Header(&resource).ID = "id"
		if got := schema.Position(repository.Query{}, &resource).ID; got != "id" {
			t.Errorf("the header is another's: its id is %q", got)
		}
		seen := map[string]bool{}
		for _, field := range schema.Fields {
			if seen[field.Name] {
				t.Errorf("%s is there twice", field.Name)
			}
			seen[field.Name] = true
			checkField(t, field)
			if !isInDocument(reflect.TypeFor[T](), strings.Split(field.Name, ".")) &&
				field.Type != repository.IDTime && field.Type != repository.IDSequence {
				t.Errorf("there is no %s in the document", field.Name)
			}
		}
		if terms := schema.Terms(&resource); !slices.IsSorted(terms) {
			t.Errorf("terms are not sorted: %q", terms)
		}
	})
}

func checkField[T any](t *testing.T, field repository.Field[T]) {
	t.Helper()
	var values, keys, number bool
	switch field.Type {
	case repository.Keyword, repository.Enumeration, repository.Boolean, repository.Words:
		values, number = true, field.Ordered
	case repository.Map:
		keys = true
	case repository.Time, repository.Integer:
		number = true
	case repository.IDTime, repository.IDSequence:
	}
	if (field.Values != nil) != values || (field.Map != nil) != keys || (field.Number != nil) != number {
		t.Errorf("%s, of type %d, has values: %t, a map: %t, a number: %t",
			field.Name, field.Type, field.Values != nil, field.Map != nil, field.Number != nil)
	}
}

// isInDocument follows a path of JSON names through a type, and through the elements of lists.
func isInDocument(of reflect.Type, path []string) bool {
	for of.Kind() == reflect.Slice || of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	if len(path) == 0 {
		return true
	}
	if of.Kind() != reflect.Struct {
		return false
	}
	for field := range of.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == path[0] && isInDocument(field.Type, path[1:]) || field.Anonymous && isInDocument(field.Type, path) {
			return true
		}
	}
	return false
}
