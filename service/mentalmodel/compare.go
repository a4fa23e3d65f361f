package mentalmodel

import (
	"cmp"
	"slices"
)

// Options correct what Compare would find by names alone.
type Options struct {
	// Same are components that a person knows to be the same.
	Same []Pair
	// Different are components that a person knows not to be the same. Without a name in Reality: the component of the model
	// is none of them.
	Different []Pair
}

// Status says how something stands in the comparison.
type Status string

// The statuses.
const (
	// Agreed is both true and believed.
	Agreed Status = "agreed"
	// Missing is true, and missing from the model.
	Missing Status = "missing"
	// Phantom is believed, and not there.
	Phantom Status = "phantom"
	// Different is there, and believed to be otherwise.
	Different Status = "different"
)

// Comparison is reality with a mental model laid over it.
type Comparison struct {
	// Components, Links and Facts are what either graph holds, what is in both once: those of reality first, each in the
	// order of its graph.
	Components []ComparedComponent
	Links      []ComparedLink
	Facts      []ComparedFact
	// Matches are the components that are the same, by the name in reality.
	Matches []Match
	// Gaps are the differences: of components, then links, then facts.
	Gaps []Gap
	// UnusedPins are the pairs of the options that name a component which is not there, or is taken by an earlier pair.
	UnusedPins []Pair
}

// ComparedComponent is a component of either graph or both.
type ComparedComponent struct {
	// Name is the name in reality; in the model, if reality has no such component.
	Name string
	// Believed is the name in the model; empty where it has no such component.
	Believed string
	// Kind is the kind in reality, or else in the model; BelievedKind is the model's where Status is Different.
	Kind, BelievedKind string
	Status             Status
	// Confidence is how sure the match is, from 0 to 1; 1 where there is none.
	Confidence float64
}

// ComparedLink is a link of either graph or both. Its ends are numbers of Comparison.Components.
type ComparedLink struct {
	From, To int
	// Kind is the kind in reality, or else in the model.
	Kind   LinkKind
	Status Status
	// BelievedKind is the kind in the model where Status is Different.
	BelievedKind LinkKind
	// Reversed is true of a link that is believed to lead the other way.
	Reversed bool
	// Implied is true of a link that is missing or phantom because one of its ends is.
	Implied bool
}

// ComparedFact is a fact of either graph or both.
type ComparedFact struct {
	// Component is the number of the component in Comparison.Components; -1 for the whole system.
	Component int
	Key       string
	// Reality and Model are the values with their units; empty where that side does not state it.
	Reality, Model string
	Status         Status
	// Difference says in words what is different.
	Difference string
	// Implied is true of a fact that is missing or phantom because its component is.
	Implied bool
}

// Compare lays a mental model over reality. Both should have passed Check; what Check would refuse is compared as well as
// may be. The same input leads to the same output. It takes time and memory nearly in proportion to the graphs' size.
func Compare(reality, model Graph, options Options) Comparison {
	matched, unused := match(reality.Components, model.Components, options)
	c := comparer{matcher: matched, fromReality: make(map[string]int), fromModel: make(map[string]int)}
	c.Matches, c.UnusedPins = matched.matches, unused
	c.components()
	c.links(c.resolve(reality.Links, c.fromReality), c.resolve(model.Links, c.fromModel))
	c.facts(reality.Facts, model.Facts)
	c.gaps()
	return c.Comparison
}

type comparer struct {
	Comparison
	*matcher
	// fromReality and fromModel are the numbers of compared components by their names on each side.
	fromReality, fromModel map[string]int
}

func (c *comparer) components() {
	confidence := make(map[string]float64, len(c.Matches))
	for _, found := range c.Matches {
		confidence[found.Reality] = found.Confidence
	}
	for r, actual := range c.reality {
		compared := ComparedComponent{Name: actual.Name, Kind: actual.Kind, Status: Missing, Confidence: 1}
		if o := c.toModel[r]; o >= 0 {
			believed := c.model[o]
			compared.Believed, compared.Status, compared.Confidence = believed.Name, Agreed, confidence[actual.Name]
			compared.Kind = cmp.Or(actual.Kind, believed.Kind)
			if kindsDiffer(actual.Kind, believed.Kind) {
				compared.Status, compared.BelievedKind = Different, believed.Kind
			}
			c.fromModel[believed.Name] = len(c.Components)
		}
		c.fromReality[actual.Name] = len(c.Components)
		c.Components = append(c.Components, compared)
	}
	for o, believed := range c.model {
		if c.toReality[o] < 0 {
			c.fromModel[believed.Name] = len(c.Components)
			c.Components = append(c.Components, ComparedComponent{
				Name: believed.Name, Believed: believed.Name, Kind: believed.Kind, Status: Phantom, Confidence: 1,
			})
		}
	}
}

// arrow is a link between compared components.
type arrow struct {
	from, to int
	kind     LinkKind
}

// resolve leaves out links that lead nowhere, and repeats.
func (c *comparer) resolve(links []Link, numbers map[string]int) []arrow {
	arrows := make([]arrow, 0, len(links))
	seen := make(map[arrow]bool, len(links))
	for _, link := range links {
		from, fromKnown := numbers[link.From]
		to, toKnown := numbers[link.To]
		if a := (arrow{from, to, link.Kind}); fromKnown && toKnown && !seen[a] {
			seen[a] = true
			arrows = append(arrows, a)
		}
	}
	return arrows
}

// links pairs the links of both sides: first those that are the same, then those that lead the other way, then those
// between the same components that are of another kind. What is left is missing or phantom.
func (c *comparer) links(reality, model []arrow) {
	free := make(map[arrow]bool, len(model))
	between := make(map[[2]int][]LinkKind)
	for _, a := range model {
		free[a] = true
	}
	compared := make([]ComparedLink, 0, len(reality)+len(model))
	for _, a := range reality {
		link := ComparedLink{From: a.from, To: a.to, Kind: a.kind, Status: Missing}
		if free[a] {
			delete(free, a)
			link.Status = Agreed
		}
		compared = append(compared, link)
	}
	for i, a := range reality {
		if back := (arrow{a.to, a.from, a.kind}); compared[i].Status == Missing && free[back] {
			delete(free, back)
			compared[i].Status, compared[i].BelievedKind, compared[i].Reversed = Different, a.kind, true
		}
	}
	for _, a := range model {
		if free[a] {
			ends := [2]int{a.from, a.to}
			between[ends] = append(between[ends], a.kind)
		}
	}
	for i, a := range reality {
		ends := [2]int{a.from, a.to}
		if kinds := between[ends]; compared[i].Status == Missing && len(kinds) > 0 {
			delete(free, arrow{a.from, a.to, kinds[0]})
			compared[i].Status, compared[i].BelievedKind = Different, kinds[0]
			between[ends] = kinds[1:]
		}
	}
	for _, a := range model {
		if free[a] {
			compared = append(compared, ComparedLink{From: a.from, To: a.to, Kind: a.kind, Status: Phantom})
		}
	}
	for i, link := range compared {
		compared[i].Implied = c.implies(link.Status, link.From) || c.implies(link.Status, link.To)
	}
	c.Links = compared
}

// implies is true if a missing or phantom component explains that something about it is so too.
func (c *comparer) implies(status Status, component int) bool {
	return component >= 0 && status != Agreed && c.Components[component].Status == status && status != Different
}

// subject is what a fact is about, and what it states.
type subject struct {
	component int
	key       string
}

func (c *comparer) facts(reality, model []Fact) {
	numbers := make(map[subject]int, len(reality))
	for _, fact := range reality {
		about, known := subjectOf(fact, c.fromReality)
		if _, repeated := numbers[about]; !known || repeated {
			continue
		}
		numbers[about] = len(c.Facts)
		c.Facts = append(c.Facts, ComparedFact{
			Component: about.component, Key: fact.Key, Reality: told(fact), Status: Missing, Implied: c.implies(Missing, about.component),
		})
	}
	stated := make(map[subject]Fact, len(reality))
	for _, fact := range slices.Backward(reality) {
		about, _ := subjectOf(fact, c.fromReality)
		stated[about] = fact
	}
	believed := make(map[subject]bool, len(model))
	for _, fact := range model {
		about, known := subjectOf(fact, c.fromModel)
		if !known || believed[about] {
			continue
		}
		believed[about] = true
		if i, ok := numbers[about]; ok {
			c.Facts[i].stateOtherwise(stated[about], fact)
			continue
		}
		c.Facts = append(c.Facts, ComparedFact{
			Component: about.component, Key: fact.Key, Model: told(fact), Status: Phantom, Implied: c.implies(Phantom, about.component),
		})
	}
}

func subjectOf(fact Fact, numbers map[string]int) (about subject, known bool) {
	if fact.Component == "" {
		return subject{-1, Identity(fact.Key)}, true
	}
	number, known := numbers[fact.Component]
	return subject{number, Identity(fact.Key)}, known
}

// stateOtherwise sets what the model states of a fact that reality states too.
func (f *ComparedFact) stateOtherwise(reality, model Fact) {
	f.Model, f.Status, f.Implied = told(model), Agreed, false
	if same, difference := sameValue(reality, model); !same {
		f.Status, f.Difference = Different, difference
	}
}
