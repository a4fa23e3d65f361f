package mentalmodel_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/mentalmodel"
)

func TestCheckNamesTheFieldAndWhatWouldBeRight(t *testing.T) {
	tests := []struct {
		name  string
		graph mentalmodel.Graph
		want  []mentalmodel.Violation
	}{
		{"a sound graph", mentalmodel.Graph{
			Components: components("a: queue = b", "c"), Links: []mentalmodel.Link{link("a", mentalmodel.Calls, "c"), link("c", mentalmodel.Calls, "c")},
			Facts: []mentalmodel.Fact{{Key: "k", Value: "v"}, {Component: "a", Key: "k", Value: "v"}},
		}, nil},
		{"names", mentalmodel.Graph{Components: components("", "orders db", "Orders-DB", "a\nb", " c")}, []mentalmodel.Violation{
			{"components[0].name", "is empty; give it at least one visible character"},
			{"components[2].name", `"Orders-DB" is also components[1].name, apart from case and punctuation; names and aliases must be unique`},
			{"components[3].name", "has a control character; write it in one line of visible characters"},
			{"components[4].name", "begins or ends with a space; leave it out"},
		}},
		{"an alias that is a name", mentalmodel.Graph{Components: components("a = C", "c")}, []mentalmodel.Violation{
			{"components[0].aliases[0]", `"C" is also components[1].name, apart from case and punctuation; names and aliases must be unique`},
		}},
		{"texts that are too long or no text", mentalmodel.Graph{Components: []mentalmodel.Component{
			{Name: strings.Repeat("x", 201), Kind: strings.Repeat("x", 65), Description: strings.Repeat("x", 4001), Aliases: make([]string, 21)}, {Name: "\xff"},
		}}, []mentalmodel.Violation{
			{"components[0].name", "has 201 bytes; at most 200 are allowed"},
			{"components[0].kind", "has 65 bytes; at most 64 are allowed"},
			{"components[0].description", "has 4001 bytes; at most 4000 are allowed"},
			{"components[0].aliases", "are 21; at most 20 are allowed"},
			{"components[1].name", "is not UTF-8; send it as UTF-8"},
		}},
		{"links", mentalmodel.Graph{
			Components: components("a", "b"),
			Links:      []mentalmodel.Link{link("a", mentalmodel.Calls, "b"), link("a", mentalmodel.Calls, "b"), link("a", "eats", "c")},
		}, []mentalmodel.Violation{
			{"links[1]", "is the same as links[0]; leave one of them out"},
			{"links[2].to", `"c" is the name of no component; add the component or name another`},
			{"links[2].kind", `"eats" is no kind of link; use one of calls, reads, writes, deploys, depends on, protects, alerts`},
		}},
		{"facts", mentalmodel.Graph{
			Facts: []mentalmodel.Fact{{Key: "k", Value: "v"}, {Key: "K", Value: "v"}, {Component: "x", Key: "", Value: ""}},
		}, []mentalmodel.Violation{
			{"facts[1].key", `"K" of the same component is also facts[0].key; state each key once`},
			{"facts[2].component", `"x" is the name of no component; add the component or name another`},
			{"facts[2].value", "is empty; give it at least one visible character"},
			{"facts[2].key", "is empty; give it at least one visible character"},
		}},
		{"too many", mentalmodel.Graph{
			Components: make([]mentalmodel.Component, 2001), Links: make([]mentalmodel.Link, 10_001), Facts: make([]mentalmodel.Fact, 10_001),
		}, []mentalmodel.Violation{
			{"components", "are 2001; at most 2000 are allowed"}, {"links", "are 10001; at most 10000 are allowed"}, {"facts", "are 10001; at most 10000 are allowed"},
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := mentalmodel.Check(test.graph)
			slicesOfEmptyAliases := func(v mentalmodel.Violation) bool {
				return strings.HasPrefix(v.Field, "components[0].aliases[") && strings.Contains(v.Description, "empty")
			}
			if diff := cmp.Diff(test.want, without(got, slicesOfEmptyAliases)); diff != "" {
				t.Errorf("violations (-want +got):\n%s", diff)
			}
		})
	}
}

func without(violations []mentalmodel.Violation, drop func(mentalmodel.Violation) bool) []mentalmodel.Violation {
	var kept []mentalmodel.Violation
	for _, v := range violations {
		if !drop(v) {
			kept = append(kept, v)
		}
	}
	return kept
}

func TestViolationsAreBounded(t *testing.T) {
	if got := mentalmodel.Check(mentalmodel.Graph{Components: make([]mentalmodel.Component, 2000)}); len(got) != mentalmodel.MaxViolations {
		t.Errorf("%d violations", len(got))
	}
}
