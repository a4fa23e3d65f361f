package importer

import (
	"bytes"
	"html"
	"regexp"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/graph/formats/dot"
	"gonum.org/v1/gonum/graph/formats/dot/ast"

	"github.com/debriefhq/debrief/service/mentalmodel"
)

// Bounds of what gonum's parser is given: it walks what is nested by recursion.
const (
	maxBraces = 5_000
	maxArrows = 50_000
)

// DOT reads a file in the language of Graphviz: nodes and edges with their labels, subgraphs as ends of edges. Looks and
// layout mean nothing to a graph and are passed over.
func DOT(text []byte) (result Result, err error) {
	if err := checkText(text); err != nil {
		return Result{}, err
	}
	if bytes.Count(text, []byte("{")) > maxBraces || bytes.Count(text, []byte("->"))+bytes.Count(text, []byte("--")) > maxArrows {
		return Result{}, &SyntaxError{Message: "the text has too many braces or edges"}
	}
	file, err := parseDOT(text)
	if err != nil {
		return Result{}, err
	}
	d := &dotReader{builder: newBuilder(), text: string(text)}
	if len(file.Graphs) > 1 {
		d.note(0, "%d graphs are in the text: taken as one", len(file.Graphs))
	}
	for _, graph := range file.Graphs {
		if !graph.Directed {
			d.note(d.lineOf("graph"), "the graph is undirected: its edges are taken to lead the way they are written")
		}
		d.statements(graph.Stmts)
	}
	return d.result(), nil
}

var dotPosition = regexp.MustCompile(`^(\d+):\d+: `)

// parseDOT turns whatever the parser answers to a broken text into an error that has a line.
func parseDOT(text []byte) (file *ast.File, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			file, err = nil, &SyntaxError{Message: "the text is no DOT"}
		}
	}()
	file, err = dot.ParseBytes(text)
	if err == nil {
		return file, nil
	}
	line := 0
	if found := dotPosition.FindStringSubmatch(err.Error()); found != nil {
		line, _ = strconv.Atoi(found[1]) // A number that is none leaves the line unknown.
	}
	return nil, &SyntaxError{Line: line, Message: "the text is no DOT: " + cut(visible(err.Error()), 300)}
}

type dotReader struct {
	*builder
	text string
}

// lineOf is the line on which a text stands first. The parser does not tell, and notes are few.
func (d *dotReader) lineOf(text string) int {
	if len(d.notes) >= MaxNotes-1 {
		return 0
	}
	at := strings.Index(d.text, text)
	if at < 0 {
		return 0
	}
	return 1 + strings.Count(d.text[:at], "\n")
}

// statements reads a list and returns the nodes that stand in it.
func (d *dotReader) statements(statements []ast.Stmt) []int {
	var nodes []int
	for _, statement := range statements {
		switch s := statement.(type) {
		case *ast.NodeStmt:
			nodes = append(nodes, d.declare(s))
		case *ast.EdgeStmt:
			nodes = append(nodes, d.edges(s)...)
		case *ast.Subgraph:
			if name := unquote(s.ID); strings.HasPrefix(name, "cluster") {
				d.note(d.lineOf(s.ID), "the subgraph %s groups components; groups are no part of a graph", quoted(name))
			}
			nodes = append(nodes, d.statements(s.Stmts)...)
		case *ast.AttrStmt, *ast.Attr: // Looks.
		}
	}
	return nodes
}

func (d *dotReader) declare(statement *ast.NodeStmt) int {
	number := d.vertexNode(statement.Node)
	if number < 0 {
		return number
	}
	for _, attribute := range statement.Attrs {
		switch strings.ToLower(unquote(attribute.Key)) {
		case "label":
			d.nodes[number].label = dotLabel(attribute.Val, unquote(statement.Node.ID))
		case "shape":
			if unquote(attribute.Val) == "cylinder" {
				d.nodes[number].kind = "database"
			}
		}
	}
	return number
}

func (d *dotReader) vertexNode(n *ast.Node) int {
	id := unquote(n.ID)
	if number, known := d.byID[id]; known {
		return number
	}
	line := 0
	if len(d.nodes) < mentalmodel.MaxComponents {
		line = d.lineOf(n.ID)
	}
	return d.node(line, id)
}

func (d *dotReader) vertex(v ast.Vertex) []int {
	switch v := v.(type) {
	case *ast.Node:
		return []int{d.vertexNode(v)}
	case *ast.Subgraph:
		return d.statements(v.Stmts)
	default:
		return nil
	}
}

func (d *dotReader) edges(statement *ast.EdgeStmt) []int {
	link, line := edge{forward: true}, 0
	for _, attribute := range statement.Attrs {
		switch strings.ToLower(unquote(attribute.Key)) {
		case "label", "xlabel":
			link.label, line = dotLabel(attribute.Val, ""), d.lineOf(attribute.Val)
		case "dir":
			direction := unquote(attribute.Val)
			link.forward, link.back = direction != "back", direction == "back" || direction == "both"
		}
	}
	from := d.vertex(statement.From)
	all := from
	for next := statement.To; next != nil; next = next.To {
		to := d.vertex(next.Vertex)
		d.connect(line, from, to, link)
		all = append(all, to...)
		from = to
	}
	return all
}

// unquote is what an id says: its quotes and escapes are taken off.
func unquote(id string) string {
	if len(id) >= 2 && id[0] == '"' && id[len(id)-1] == '"' {
		id = strings.ReplaceAll(strings.ReplaceAll(id[1:len(id)-1], "\\\n", ""), `\"`, `"`)
	}
	return id
}

// dotLabel is what a label says to readers: line breaks are spaces, \N is the node's id, markup is left out.
func dotLabel(value, id string) string {
	if len(value) >= 2 && value[0] == '<' && value[len(value)-1] == '>' {
		value = value[1 : len(value)-1]
		return visible(html.UnescapeString(tags.ReplaceAllString(breaks.ReplaceAllString(value, " "), " ")))
	}
	label := strings.NewReplacer(`\N`, id, `\n`, " ", `\l`, " ", `\r`, " ", `\\`, `\`).Replace(unquote(value))
	return visible(html.UnescapeString(label))
}
