// Package mentalmodel tells what people believe about a system apart from what is true of it. Both are a Graph; Compare
// lays one over the other and names each gap. Its sub-packages read graphs from files that people have already, and draw
// the comparison.
package mentalmodel

import "slices"

// Graph is a system as it is, or as somebody believes it to be.
type Graph struct {
	Components []Component
	Links      []Link
	Facts      []Fact
}

// Component is a part of a system: a service, a database, a team's tool, a tank.
type Component struct {
	// Name tells it from all others of its graph, also where case and punctuation are not minded.
	Name string
	// Kind is what it is, in a word of the users' own choice: database, queue. It may be empty.
	Kind string
	// Aliases are other names that people have for it.
	Aliases []string
	// Description is Markdown for readers; nothing is computed from it.
	Description string
}

// Link leads from one component to another.
type Link struct {
	// From and To are names of components.
	From, To string
	Kind     LinkKind
}

// LinkKind is what a component does to another.
type LinkKind string

// The kinds of links.
const (
	Calls     LinkKind = "calls"
	Reads     LinkKind = "reads"
	Writes    LinkKind = "writes"
	Deploys   LinkKind = "deploys"
	DependsOn LinkKind = "depends on"
	Protects  LinkKind = "protects"
	Alerts    LinkKind = "alerts"
)

// LinkKinds are all kinds of links, in the order in which people are shown them.
func LinkKinds() []LinkKind {
	return []LinkKind{Calls, Reads, Writes, Deploys, DependsOn, Protects, Alerts}
}

// IsLinkKind is true of the kinds that links may have.
func IsLinkKind(kind LinkKind) bool { return slices.Contains(LinkKinds(), kind) }

// Fact is something that can be looked up: fuel tank / capacity / 15 gal.
type Fact struct {
	// Component is the name of the component that it is about; empty where it is about the whole system.
	Component string
	// Key is what is stated, once for each component.
	Key string
	// Value is a number or a text. A number may bring its unit with it: "15 gal".
	Value string
	// Unit is the unit of the value, if it does not stand in the value.
	Unit string
}
