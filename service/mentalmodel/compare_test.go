package mentalmodel_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/debriefhq/debrief/service/mentalmodel"
)

// components are components with these names; "orders: queue" has a kind, "orders = intake" an alias.
func components(names ...string) []mentalmodel.Component {
	var made []mentalmodel.Component
	for _, name := range names {
		name, alias, _ := strings.Cut(name, " = ")
		name, kind, _ := strings.Cut(name, ": ")
		component := mentalmodel.Component{Name: name, Kind: kind}
		if alias != "" {
			component.Aliases = []string{alias}
		}
		made = append(made, component)
	}
	return made
}

func TestNamesThatDifferALittleAreMatched(t *testing.T) {
	tests := []struct {
		name           string
		reality, model string
		// confidence is 0 where they must not match.
		confidence float64
	}{
		{"the same name", "Orders DB", "Orders DB", 1},
		{"case and punctuation", "Orders DB", "orders-db", 0.98},
		{"words run together", "ordersDb", "orders_db", 0.98},
		{"an alias in reality", "ledger = orders db", "Orders-DB", 0.95},
		{"an alias in the model", "Orders DB", "ledger = orders db", 0.95},
		{"a plural", "order queue", "orders queue", 0.9},
		{"a short form", "orders database", "orders db", 0.9},
		{"another order of words", "database of orders", "orders of database", 0.85},
		{"an alias in another order", "ledger = orders database", "db order", 0.82},
		{"a generic word", "orders", "the orders service", 0.75},
		{"one letter of a word", "payments gateway", "paymets gateway", 0.8 - 0.8/6},
		{"two letters turned in a long word", "notifications", "notifiactions", 0.8 - 0.8/12},
		{"letters in another alphabet", "Заказы", "заказы", 0.98},
		{"digits are never a typo", "orders db 1", "orders db 2", 0},
		{"short words are never a typo", "orders east", "orders west", 0},
		{"opposites are no typo", "ingress", "egress", 0},
		{"inbound and outbound", "inbound queue", "outbound queue", 0},
		{"primary and replica", "orders primary", "orders replica", 0},
		{"a part of the name", "orders database", "database", 0},
		{"typos in two words", "paymnts gatway", "payments gateway", 0},
		{"a typo of another kind", "reader: queue", "header: proxy", 0},
		{"names of punctuation only", "***", "---", 0},
		{"the same punctuation", "***", "***", 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := mentalmodel.Compare(
				mentalmodel.Graph{Components: components(test.reality)}, mentalmodel.Graph{Components: components(test.model)}, mentalmodel.Options{})
			confidence := 0.0
			if len(got.Matches) > 0 {
				confidence = got.Matches[0].Confidence
			}
			if !cmp.Equal(confidence, test.confidence, aboutEqual) {
				t.Errorf("confidence %v, want %v: %+v", confidence, test.confidence, got.Matches)
			}
		})
	}
}

func TestTheSurerMatchComesFirst(t *testing.T) {
	tests := []struct {
		name           string
		reality, model []string
		options        mentalmodel.Options
		want           []mentalmodel.Match
		unused         []mentalmodel.Pair
	}{
		{
			"an equal name takes the component from one that is only like it",
			[]string{"orders service", "orders"},
			[]string{"orders"},
			mentalmodel.Options{},
			[]mentalmodel.Match{{"orders", "orders", 1, "same name"}},
			nil,
		},
		{
			"where several fit as well it is less sure",
			[]string{"orders service", "orders server"},
			[]string{"orders"},
			mentalmodel.Options{},
			[]mentalmodel.Match{{"orders server", "orders", 0.45, "same name but for words like service and server; others fit as well"}},
			nil,
		},
		{
			"the same kind decides between equals",
			[]string{"orders service: queue", "orders server: database"},
			[]string{"orders: queue"},
			mentalmodel.Options{},
			[]mentalmodel.Match{{"orders service", "orders", 0.75, "same name but for words like service and server"}},
			nil,
		},
		{
			"a person decides",
			[]string{"ledger", "orders"},
			[]string{"orders", "books"},
			mentalmodel.Options{Same: []mentalmodel.Pair{{"ledger", "books"}}, Different: []mentalmodel.Pair{{"orders", "orders"}}},
			[]mentalmodel.Match{{"ledger", "books", 1, "matched by a person"}},
			nil,
		},
		{
			"what a person said of a component that is gone is told",
			[]string{"ledger"},
			[]string{"books"},
			mentalmodel.Options{
				Same:      []mentalmodel.Pair{{"ledger", "books"}, {"ledger", "books"}, {"gone", "books"}},
				Different: []mentalmodel.Pair{{"ledger", "gone"}},
			},
			[]mentalmodel.Match{{"ledger", "books", 1, "matched by a person"}},
			[]mentalmodel.Pair{{"ledger", "gone"}, {"ledger", "books"}, {"gone", "books"}},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := mentalmodel.Compare(
				mentalmodel.Graph{Components: components(test.reality...)}, mentalmodel.Graph{Components: components(test.model...)}, test.options)
			if diff := cmp.Diff(test.want, got.Matches, aboutEqual); diff != "" {
				t.Errorf("matches (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.unused, got.UnusedPins); diff != "" {
				t.Errorf("unused pins (-want +got):\n%s", diff)
			}
		})
	}
}

// aboutEqual forgives what gets lost in multiplying.
var aboutEqual = cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-9 })

func link(from string, kind mentalmodel.LinkKind, to string) mentalmodel.Link {
	return mentalmodel.Link{From: from, To: to, Kind: kind}
}

// boat is a system and what a crew believed it to be.
func boat() (reality, model mentalmodel.Graph) {
	reality = mentalmodel.Graph{
		Components: components("engine: motor", "fuel tank: tank", "pump", "alarm", "replica"),
		Links: []mentalmodel.Link{
			link("pump", mentalmodel.Reads, "fuel tank"), link("engine", mentalmodel.DependsOn, "pump"), link("alarm", mentalmodel.Protects, "engine"),
			link("pump", mentalmodel.Calls, "alarm"), link("replica", mentalmodel.Reads, "fuel tank"), link("engine", mentalmodel.Calls, "alarm"),
		},
		Facts: []mentalmodel.Fact{
			{Component: "fuel tank", Key: "capacity", Value: "15", Unit: "gal"},
			{Component: "pump", Key: "timeout", Value: "30 s"},
			{Component: "pump", Key: "maker", Value: "Acme"},
			{Component: "replica", Key: "lag", Value: "2 s"},
			{Key: "crew", Value: "4"},
		},
	}
	model = mentalmodel.Graph{
		Components: components("Engine: turbine", "fuel tanks", "pump", "alarm", "spare pump"),
		Links: []mentalmodel.Link{
			link("pump", mentalmodel.Writes, "fuel tanks"), link("pump", mentalmodel.DependsOn, "Engine"), link("alarm", mentalmodel.Protects, "Engine"),
			link("alarm", mentalmodel.Alerts, "pump"), link("spare pump", mentalmodel.Reads, "fuel tanks"),
		},
		Facts: []mentalmodel.Fact{
			{Component: "fuel tanks", Key: "Capacity", Value: "20.0 gal"},
			{Component: "pump", Key: "timeout", Value: "30000 ms"},
			{Component: "alarm", Key: "volume", Value: "90", Unit: "dB"},
			{Key: "crew", Value: "four"},
		},
	}
	return reality, model
}

func TestEachKindOfGapIsNamed(t *testing.T) {
	got := mentalmodel.Compare(uncorrected(boat()))
	var lines []string
	for _, gap := range got.Gaps {
		line := fmt.Sprintf("%s %.2f %s", gap.Kind, gap.Confidence, gap.Summary)
		if gap.ImpliedBy != "" {
			line += " (implied)"
		}
		lines = append(lines, line)
	}
	want := []string{
		"OTHER_COMPONENT_KIND 0.98 engine is a motor, believed to be a turbine.",
		"MISSING_COMPONENT 1.00 replica is there; the model does not have it.",
		"PHANTOM_COMPONENT 1.00 spare pump is believed to be there, and is not.",
		`OTHER_LINK_KIND 0.90 pump reads fuel tank; "writes" is believed.`,
		"REVERSED_LINK 0.98 engine depends on pump; it is believed to be the other way round.",
		"MISSING_LINK 1.00 pump calls alarm; the model does not have that.",
		"MISSING_LINK 0.90 replica reads fuel tank; the model does not have that. (implied)",
		"MISSING_LINK 0.98 engine calls alarm; the model does not have that.",
		"PHANTOM_LINK 1.00 alarm alerts pump is believed, and is not so.",
		"PHANTOM_LINK 0.90 spare pump reads fuel tank is believed, and is not so. (implied)",
		"OTHER_FACT_VALUE 0.90 The capacity of fuel tank is 15 gal, believed to be 20.0 gal: the value is another.",
		"MISSING_FACT 1.00 The maker of pump is Acme; the model does not say.",
		"MISSING_FACT 1.00 The lag of replica is 2 s; the model does not say. (implied)",
		"OTHER_FACT_VALUE 1.00 The crew is 4, believed to be four: the value is another.",
		"PHANTOM_FACT 1.00 The volume of alarm is believed to be 90 dB; there is no such fact.",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("gaps (-want +got):\n%s", diff)
	}
}

func uncorrected(reality, model mentalmodel.Graph) (mentalmodel.Graph, mentalmodel.Graph, mentalmodel.Options) {
	return reality, model, mentalmodel.Options{}
}

func ids(comparison mentalmodel.Comparison) map[string]string {
	found := make(map[string]string)
	for _, gap := range comparison.Gaps {
		found[gap.ID] = gap.Summary
	}
	return found
}

func TestIDsOfGapsOutliveWhatIsUnrelated(t *testing.T) {
	reality, model := boat()
	before := ids(mentalmodel.Compare(reality, model, mentalmodel.Options{}))
	for _, c := range []struct {
		name   string
		change func()
	}{
		{"order", func() { slices.Reverse(reality.Components); slices.Reverse(model.Links); slices.Reverse(reality.Facts) }},
		{"other components", func() {
			reality.Components = append(reality.Components, components("mast", "sail")...)
			model.Components = append(model.Components, components("mast", "sail")...)
		}},
		{"case and punctuation", func() { reality.Components[0].Description = "x"; model.Facts[0].Key = "CAPACITY" }},
		{"another wrong value", func() { model.Facts[0].Value = "21 gal" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.change()
			after := ids(mentalmodel.Compare(reality, model, mentalmodel.Options{}))
			for id, summary := range before {
				if after[id] == "" {
					t.Errorf("the gap %s is gone: %s", id, summary)
				}
			}
			if len(after) != len(before) {
				t.Errorf("%d gaps, there were %d", len(after), len(before))
			}
		})
	}
}

func TestFactsAreComparedAsNumbersWhereTheyAre(t *testing.T) {
	fact := func(value, unit string) mentalmodel.Fact { return mentalmodel.Fact{Key: "x", Value: value, Unit: unit} }
	tests := []struct {
		reality, model mentalmodel.Fact
		// difference is empty where they state the same.
		difference string
	}{
		{fact("15", "gal"), fact("15.0 gal", ""), ""},
		{fact("15", "gal"), fact("16", "gal"), "the value is another"},
		{fact("15", "gal"), fact("15", "l"), "the unit is another"},
		{fact("15", "gal"), fact("15", ""), "the unit is told on one side only"},
		{fact("15", "gal"), fact("57", "l"), "the value and the unit are others"},
		{fact("30 s", ""), fact("30000", "ms"), ""},
		{fact("1 GiB", ""), fact("1 GB", ""), "the value is another, also where the units are converted"},
		{fact("1.5 hours", ""), fact("90 minutes", ""), ""},
		{fact("1,000", ""), fact("1e3", ""), ""},
		{fact("-3", ""), fact("3", ""), "the value is another"},
		{fact("by  hand", ""), fact("By hand", ""), ""},
		{fact("by hand", ""), fact("automatic", ""), "the value is another"},
		{fact("v1.2", ""), fact("v1.20", ""), "the value is another"},
		{fact("10.0.0.1", ""), fact("10.0.0.10", ""), "the value is another"},
		{fact("1e400", ""), fact("1e400", ""), ""},
		{fact("15 gal", "l"), fact("15 gal", "l"), ""},
	}
	for _, test := range tests {
		got := mentalmodel.Compare(mentalmodel.Graph{Facts: []mentalmodel.Fact{test.reality}}, mentalmodel.Graph{Facts: []mentalmodel.Fact{test.model}}, mentalmodel.Options{})
		if got.Facts[0].Difference != test.difference {
			t.Errorf("%v and %v: %q, want %q", test.reality, test.model, got.Facts[0].Difference, test.difference)
		}
	}
}

// graphs draws small graphs whose names are much like each other.
func graphs() *rapid.Generator[mentalmodel.Graph] {
	return rapid.Custom(func(t *rapid.T) mentalmodel.Graph {
		names := rapid.SliceOfNDistinct(rapid.StringMatching(`(orders|order|Orders|payments|paymets) ?(db|database|service)? ?[12]?`), 1, 12, mentalmodel.Identity).Draw(t, "names")
		var graph mentalmodel.Graph
		for _, name := range names {
			graph.Components = append(graph.Components, mentalmodel.Component{Name: strings.TrimSpace(name)})
		}
		name := rapid.Custom(func(t *rapid.T) string { return rapid.SampledFrom(graph.Components).Draw(t, "component").Name })
		graph.Links = rapid.SliceOfDistinct(rapid.Custom(func(t *rapid.T) mentalmodel.Link {
			return link(name.Draw(t, "from"), rapid.SampledFrom(mentalmodel.LinkKinds()).Draw(t, "kind"), name.Draw(t, "to"))
		}), func(l mentalmodel.Link) mentalmodel.Link { return l }).Draw(t, "links")
		return graph
	})
}

func TestEveryComparisonKeepsItsPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		reality, model := graphs().Draw(t, "reality"), graphs().Draw(t, "model")
		if violations := mentalmodel.Check(reality); violations != nil {
			t.Fatalf("the generator makes an unsound graph: %v", violations)
		}
		got := mentalmodel.Compare(reality, model, mentalmodel.Options{})
		if diff := cmp.Diff(got, mentalmodel.Compare(reality, model, mentalmodel.Options{})); diff != "" {
			t.Errorf("the second comparison differs:\n%s", diff)
		}
		if len(ids(got)) != len(got.Gaps) {
			t.Errorf("two gaps have the same id: %v", got.Gaps)
		}
		if none := mentalmodel.Compare(reality, reality, mentalmodel.Options{}); len(none.Gaps) > 0 {
			t.Errorf("a graph differs from itself: %v", none.Gaps)
		}
		if want := len(reality.Components) + len(model.Components) - len(got.Matches); len(got.Components) != want {
			t.Errorf("%d components, want %d", len(got.Components), want)
		}
		stable(t, reality, model, got)
	})
}

// stable fails if two components have the same name and are not matched with each other.
func stable(t *rapid.T, reality, model mentalmodel.Graph, got mentalmodel.Comparison) {
	for _, a := range reality.Components {
		for _, b := range model.Components {
			if a.Name == b.Name && !slices.ContainsFunc(got.Matches, func(m mentalmodel.Match) bool { return m.Reality == a.Name && m.Model == b.Name }) {
				t.Errorf("%q is not matched with itself: %v", a.Name, got.Matches)
			}
		}
	}
}

func BenchmarkCompareOfGraphsAtTheirBounds(b *testing.B) {
	for name, graphs := range map[string][2]mentalmodel.Graph{
		"equal":      {large("service number", 0), large("service number", 1)},
		"with typos": {large("backend queue", 0), large("bakcend queue", 1)},
		"long words": {large(longWords, 0), large("x"+longWords, 1)},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				mentalmodel.Compare(graphs[0], graphs[1], mentalmodel.Options{})
			}
		})
	}
}

const longWords = "abcdefghijklmnopqrst bcdefghijklmnopqrstu cdefghijklmnopqrstuv defghijklmnopqrstuvw efghijklmnopqrstuvwx"

// large is a graph at its bounds. All names are a few letters apart.
func large(name string, shift int) mentalmodel.Graph {
	var graph mentalmodel.Graph
	for i := range mentalmodel.MaxComponents {
		word := ""
		for n := i + 1; n > 0; n /= 20 {
			word += string(rune('a'+n%20)) + "x"
		}
		graph.Components = append(graph.Components, mentalmodel.Component{Name: fmt.Sprintf("%s %squeue", name, word)})
	}
	for i := range mentalmodel.MaxLinks {
		from, to := i%mentalmodel.MaxComponents, (i*7+i/mentalmodel.MaxComponents+shift)%mentalmodel.MaxComponents
		graph.Links = append(graph.Links, link(graph.Components[from].Name, mentalmodel.Calls, graph.Components[to].Name))
	}
	return graph
}
