// Package importer reads a first version of a system's graph from what people have already: a Mermaid flowchart, a DOT
// file, a compose file. It opens no file and reads no environment: all it sees is the text that it is given. What it does
// not understand it says, with the line.
package importer

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/debriefhq/debrief/service/mentalmodel"
	"github.com/debriefhq/debrief/service/plaintext"
)

// MaxSize is how many bytes a text may have.
const MaxSize = 1 << 20

// MaxNotes is how many notes a result has at most; the last one then says how many were left out.
const MaxNotes = 200

// Result is what was read. Its graph passes mentalmodel.Check.
type Result struct {
	Graph mentalmodel.Graph
	// Notes are what was not understood, was left out or was decided on thin grounds, in the order of the text.
	Notes []Note
}

// Note says what became of a line, or what did not.
type Note struct {
	// Line begins at 1. It is 0 where the note is about the whole text.
	Line int
	// Message is a sentence for people.
	Message string
}

// SyntaxError says why a text could not be read at all.
type SyntaxError struct {
	// Line begins at 1, or is 0 where it is not known.
	Line    int
	Message string
}

// Error tells the line, too, if it is known.
func (e *SyntaxError) Error() string {
	if e.Line == 0 {
		return e.Message
	}
	return fmt.Sprintf("line %d: %s", e.Line, e.Message)
}

// checkText refuses what no parser has to see.
func checkText(text []byte) error {
	switch {
	case len(text) > MaxSize:
		return &SyntaxError{Message: fmt.Sprintf("the text has %d bytes; at most %d are read", len(text), MaxSize)}
	case !utf8.Valid(text):
		return &SyntaxError{Message: "the text is not UTF-8"}
	}
	return nil
}

// builder makes a graph of nodes as they come along, keeps it within its bounds, and its names unique.
type builder struct {
	nodes []node
	// byID are the numbers of nodes, by the id that the text gives them.
	byID    map[string]int
	links   []numbered
	seen    map[numbered]bool
	facts   []numberedFact
	stated  map[stated]bool
	notes   []Note
	omitted map[string]int
}

type node struct {
	id, label, kind string
	aliases         []string
	line            int
}

// numbered is a link between nodes.
type numbered struct {
	from, to int
	kind     mentalmodel.LinkKind
}

type numberedFact struct {
	node       int
	key, value string
}

// stated is a key that a node has a fact of, folded.
type stated struct {
	node int
	key  string
}

func newBuilder() *builder {
	return &builder{byID: make(map[string]int), seen: make(map[numbered]bool), stated: make(map[stated]bool), omitted: make(map[string]int)}
}

func (b *builder) note(line int, format string, args ...any) {
	if len(b.notes) >= MaxNotes-1 {
		b.omitted["notes"]++
		return
	}
	b.notes = append(b.notes, Note{Line: line, Message: fmt.Sprintf(format, args...)})
}

// node is the number of the node with the id, which is added if it is new; -1 where there are too many.
func (b *builder) node(line int, id string) int {
	if number, known := b.byID[id]; known {
		return number
	}
	if len(b.nodes) == mentalmodel.MaxComponents {
		b.omitted["components"]++
		return -1
	}
	b.byID[id] = len(b.nodes)
	b.nodes = append(b.nodes, node{id: id, line: line})
	return len(b.nodes) - 1
}

// connect links each node of one group with each of another, by a link of each kind that the label tells.
func (b *builder) connect(line int, from, to []int, link edge) {
	kinds, understood := kindsOf(link.label)
	if !understood && link.label != "" {
		b.note(line, "%s says no kind of link that is known: taken as %q", quoted(link.label), kinds[0])
	}
	from, to = each(from), each(to)
	for _, start := range from {
		for _, end := range to {
			for _, kind := range kinds {
				if link.forward && !b.linkOf(start, end, kind) || link.back && !b.linkOf(end, start, kind) {
					return
				}
			}
		}
	}
}

// each are the nodes of a group, each once, without those for which there was no room.
func each(group []int) []int {
	kept := slices.Compact(slices.Sorted(slices.Values(group)))
	return kept[sort.SearchInts(kept, 0):]
}

// edge is what stands between two groups of nodes.
type edge struct {
	label string
	// forward and back are where it has heads.
	forward, back bool
}

// linkOf adds a link. It is false once there are too many.
func (b *builder) linkOf(from, to int, kind mentalmodel.LinkKind) bool {
	link := numbered{from, to, kind}
	switch {
	case from < 0 || to < 0 || b.seen[link]:
		return true
	case len(b.links) == mentalmodel.MaxLinks:
		b.omitted["links"]++
		return false
	}
	b.seen[link] = true
	b.links = append(b.links, link)
	return true
}

func (b *builder) fact(line, node int, key, value string) {
	key, value = cut(visible(key), mentalmodel.MaxKey), visible(value)
	about := stated{node, fold(key)}
	switch {
	case node < 0 || value == "" || key == "":
	case b.stated[about]:
		b.note(line, "%s is told twice: the first was taken", quoted(key))
	case len(value) > mentalmodel.MaxValue:
		b.note(line, "%s has %d bytes and was left out: at most %d are kept", key, len(value), mentalmodel.MaxValue)
	case len(b.facts) == mentalmodel.MaxFacts:
		b.omitted["facts"]++
	default:
		b.stated[about] = true
		b.facts = append(b.facts, numberedFact{node: node, key: key, value: value})
	}
}

// result is the graph of all that was added.
func (b *builder) result() Result {
	names, taken := b.names()
	var graph mentalmodel.Graph
	for i, n := range b.nodes {
		component := mentalmodel.Component{Name: names[i], Kind: visible(n.kind)}
		for _, alias := range append([]string{n.id}, n.aliases...) {
			alias = visible(alias)
			if folded := fold(alias); utf8.RuneCountInString(folded) >= minAlias && !taken[folded] && len(alias) <= mentalmodel.MaxName {
				taken[folded] = true
				component.Aliases = append(component.Aliases, alias)
			}
		}
		graph.Components = append(graph.Components, component)
	}
	for _, link := range b.links {
		graph.Links = append(graph.Links, mentalmodel.Link{From: names[link.from], To: names[link.to], Kind: link.kind})
	}
	for _, fact := range b.facts {
		graph.Facts = append(graph.Facts, mentalmodel.Fact{Component: names[fact.node], Key: fact.key, Value: fact.value})
	}
	for _, what := range []string{"components", "links", "facts", "notes"} {
		if count := b.omitted[what]; count > 0 {
			b.notes = append(b.notes, Note{Message: fmt.Sprintf("%s were left out %d times: there are too many", what, count)})
		}
	}
	slices.SortStableFunc(b.notes, func(a, b Note) int { return last(a.Line) - last(b.Line) })
	return Result{Graph: graph, Notes: b.notes}
}

// last puts notes about the whole text behind the others.
func last(line int) int {
	return cmp.Or(line, MaxSize+1)
}

// minAlias is the shortest id that is an alias: the A of A[Orders] is no name.
const minAlias = 4

// names are the components' names: the label, or else the id, made unique.
func (b *builder) names() (names []string, taken map[string]bool) {
	taken = make(map[string]bool, len(b.nodes))
	names = make([]string, len(b.nodes))
	counted := make(map[string]int)
	for i, n := range b.nodes {
		name := cmp.Or(visible(n.label), visible(n.id))
		if name == "" {
			name = "unnamed"
		}
		if len(name) > mentalmodel.MaxName {
			b.note(n.line, "the name %s was shortened to %d bytes", quoted(name), mentalmodel.MaxName)
			name = cut(name, mentalmodel.MaxName)
		}
		wanted := name
		for taken[fold(name)] {
			counted[fold(wanted)]++
			suffix := fmt.Sprintf(" (%d)", counted[fold(wanted)]+1)
			name = cut(wanted, mentalmodel.MaxName-len(suffix)) + suffix
		}
		if name != wanted {
			b.note(n.line, "%s is the name of several components: this one is %s", quoted(wanted), quoted(name))
		}
		taken[fold(name)] = true
		names[i] = name
	}
	return names, taken
}

// fold is a name as mentalmodel tells it from others.
func fold(name string) string { return mentalmodel.Identity(name) }

// visible is a text in one line, without characters that can't be seen.
func visible(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
	return strings.Join(strings.Fields(text), " ")
}

// cut shortens a text to a number of bytes, between characters.
func cut(text string, limit int) string {
	return strings.TrimSpace(plaintext.Cut(text, limit))
}

// quoted is a text of the import, short enough for a note.
func quoted(text string) string {
	if text = visible(text); utf8.RuneCountInString(text) > 60 {
		text = string([]rune(text)[:59]) + "…"
	}
	return fmt.Sprintf("%q", text)
}
