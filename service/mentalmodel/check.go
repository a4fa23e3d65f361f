package mentalmodel

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of a graph. Sizes of texts are in bytes of UTF-8.
const (
	MaxComponents  = 2_000
	MaxLinks       = 10_000
	MaxFacts       = 10_000
	MaxAliases     = 20
	MaxName        = 200
	MaxKind        = 64
	MaxDescription = 4_000
	MaxKey         = 200
	MaxValue       = 2_000
	MaxUnit        = 32
	// MaxViolations is how many violations Check tells at most.
	MaxViolations = 100
)

// Violation says what is wrong with a field, and what would be right.
type Violation struct {
	// Field is the path of the field in the graph: components[3].name.
	Field string
	// Description is a sentence for people.
	Description string
}

// Check returns what is wrong with a graph, in the order of its fields; nothing where it is sound. Names are unique also
// where case and punctuation are not minded, so that the identity of a gap does not hang on either.
func Check(graph Graph) []Violation {
	c := checker{names: make(map[string]string, len(graph.Components)), exact: make(map[string]bool, len(graph.Components))}
	c.count("components", len(graph.Components), MaxComponents)
	c.count("links", len(graph.Links), MaxLinks)
	c.count("facts", len(graph.Facts), MaxFacts)
	if len(c.violations) > 0 {
		return c.violations
	}
	for i, component := range graph.Components {
		c.component(i, component)
	}
	for i, component := range graph.Components {
		c.aliases(i, component.Aliases)
	}
	c.links(graph.Links)
	c.facts(graph.Facts)
	return c.violations
}

type checker struct {
	violations []Violation
	// names are the fields that have taken a name or an alias, by the folded name.
	names map[string]string
	// exact are the names of components, as they are written.
	exact map[string]bool
}

func (c *checker) add(field, format string, args ...any) {
	if len(c.violations) < MaxViolations {
		c.violations = append(c.violations, Violation{Field: field, Description: fmt.Sprintf(format, args...)})
	}
}

func (c *checker) count(field string, got, limit int) {
	if got > limit {
		c.add(field, "are %d; at most %d are allowed", got, limit)
	}
}

// text says whether a text is one line of sound characters within its bound.
func (c *checker) text(field, text string, limit int, required bool) bool {
	switch {
	case required && strings.TrimSpace(text) == "":
		c.add(field, "is empty; give it at least one visible character")
	case len(text) > limit:
		c.add(field, "has %d bytes; at most %d are allowed", len(text), limit)
	case !utf8.ValidString(text):
		c.add(field, "is not UTF-8; send it as UTF-8")
	case strings.ContainsFunc(text, unicode.IsControl):
		c.add(field, "has a control character; write it in one line of visible characters")
	case text != strings.TrimSpace(text):
		c.add(field, "begins or ends with a space; leave it out")
	default:
		return true
	}
	return false
}

func (c *checker) component(i int, component Component) {
	at := "components[" + strconv.Itoa(i) + "]."
	if c.text(at+"name", component.Name, MaxName, true) {
		c.exact[component.Name] = true
		c.take(at+"name", component.Name)
	}
	c.text(at+"kind", component.Kind, MaxKind, false)
	switch {
	case len(component.Description) > MaxDescription:
		c.add(at+"description", "has %d bytes; at most %d are allowed", len(component.Description), MaxDescription)
	case !utf8.ValidString(component.Description):
		c.add(at+"description", "is not UTF-8; send it as UTF-8")
	}
	c.count(at+"aliases", len(component.Aliases), MaxAliases)
}

// take keeps a name from being given twice.
func (c *checker) take(field, name string) {
	folded := Identity(name)
	if taken, ok := c.names[folded]; ok {
		c.add(field, "%q is also %s, apart from case and punctuation; names and aliases must be unique", name, taken)
		return
	}
	c.names[folded] = field
}

func (c *checker) aliases(i int, aliases []string) {
	for j, alias := range aliases[:min(len(aliases), MaxAliases)] {
		if field := fmt.Sprintf("components[%d].aliases[%d]", i, j); c.text(field, alias, MaxName, true) {
			c.take(field, alias)
		}
	}
}

// end says whether a name is the name of a component.
func (c *checker) end(field, name string) bool {
	if !c.exact[name] {
		c.add(field, "%s is the name of no component; add the component or name another", quoted(name))
	}
	return c.exact[name]
}

func (c *checker) links(links []Link) {
	seen := make(map[Link]int, len(links))
	for i, link := range links {
		at := "links[" + strconv.Itoa(i) + "]"
		from, to := c.end(at+".from", link.From), c.end(at+".to", link.To)
		if !IsLinkKind(link.Kind) {
			c.add(at+".kind", "%s is no kind of link; use one of %s", quoted(string(link.Kind)), joinKinds(LinkKinds()))
		}
		if first, ok := seen[link]; ok && from && to {
			c.add(at, "is the same as links[%d]; leave one of them out", first)
			continue
		}
		seen[link] = i
	}
}

func (c *checker) facts(facts []Fact) {
	type subject struct{ component, key string }
	seen := make(map[subject]int, len(facts))
	for i, fact := range facts {
		at := "facts[" + strconv.Itoa(i) + "]."
		if fact.Component != "" {
			c.end(at+"component", fact.Component)
		}
		c.text(at+"value", fact.Value, MaxValue, true)
		c.text(at+"unit", fact.Unit, MaxUnit, false)
		if !c.text(at+"key", fact.Key, MaxKey, true) {
			continue
		}
		about := subject{fact.Component, Identity(fact.Key)}
		if first, ok := seen[about]; ok {
			c.add(at+"key", "%q of the same component is also facts[%d].key; state each key once", fact.Key, first)
			continue
		}
		seen[about] = i
	}
}

func joinKinds(kinds []LinkKind) string {
	words := make([]string, len(kinds))
	for i, kind := range kinds {
		words[i] = string(kind)
	}
	return strings.Join(words, ", ")
}

// quoted is a text that somebody sent, short enough for a message.
func quoted(text string) string {
	if runes := []rune(text); len(runes) > 80 {
		text = string(runes[:79]) + "…"
	}
	return strconv.Quote(text)
}
