package sqlite

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/repository"
)

func TestFieldsOfTerm(t *testing.T) {
	for term, want := range map[string][]string{
		"lead\x1fana":               {"lead"},
		"severity\x1f":              nil,
		"labels.a\x1fb\x1fvalue":    {"labels.a", "labels.a\x1fb"},
		"lead\x1flong text\x1fhash": {"lead", "lead\x1flong text"},
		"labels.\x1f\x1f":           {"labels."},
	} {
		if diff := cmp.Diff(want, fields(term)); diff != "" {
			t.Errorf("fields(%q): -want +got\n%s", term, diff)
		}
	}
}

func TestMatching(t *testing.T) {
	state, lead := repository.TermIn{repository.Term("state", "ACTIVE")}, repository.AnyTerm("lead")
	number := repository.NumberRange{Field: "severity", Min: 1, Max: 2}
	names := strings.NewReplacer(
		token(repository.Term("state", "ACTIVE")), "active", token(repository.Term("state", "CLOSED")), "closed",
		token("lead"+presence), "lead")
	for _, test := range []struct {
		name      string
		condition repository.Condition
		text      string
		exact     bool
	}{
		{"term", state, "(active)", true},
		{"terms", repository.TermIn{repository.Term("state", "CLOSED"), repository.Term("state", "ACTIVE"), repository.Term("state", "CLOSED")}, "(active OR closed)", true},
		{"no term", repository.TermIn{}, "(all NOT all)", true},
		{"presence", lead, "lead", true},
		{"absence", repository.Not{Condition: lead}, "(all NOT lead)", true},
		{"range", repository.TermsBetween("lead", "a", "b"), "lead", false},
		{"open range", repository.TermsBetween("lead", "a", ""), "lead", false},
		{"range from the empty value", repository.TermsBetween("lead", "", "b"), "", false},
		{"not in a range", repository.Not{Condition: repository.TermsBetween("lead", "a", "b")}, "", false},
		{"number", number, "", false},
		{"both", repository.And{state, lead}, "((active) AND lead)", true},
		{"both, one of which is a number", repository.And{state, number}, "((active))", false},
		{"not both, one of which is a number", repository.Not{Condition: repository.And{state, number}}, "", false},
		{"either", repository.Or{state, lead}, "((active) OR lead)", true},
		{"either, one of which is a number", repository.Or{state, number}, "", false},
		{"everything", repository.And{}, "(all)", true},
		{"one without another", repository.And{repository.Not{Condition: lead}, state}, "(((active)) NOT (lead))", true},
		{"neither", repository.And{repository.Not{Condition: lead}, repository.Not{Condition: state}}, "((all) NOT (lead OR (active)))", true},
		{"without what is not exact", repository.And{state, repository.Not{Condition: number}}, "((active))", false},
		{"nothing", repository.Or{}, "(all NOT all)", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := matching(test.condition)
			if text := names.Replace(got.text); sorted(text) != test.text || got.exact != test.exact {
				t.Errorf("matching = %q, exact %t, want %q, exact %t", text, got.exact, test.text, test.exact)
			}
		})
	}
}

// sorted makes the order of what is joined by OR, which is that of hashes, not matter.
func sorted(text string) string {
	if text == "(closed OR active)" {
		return "(active OR closed)"
	}
	return text
}
