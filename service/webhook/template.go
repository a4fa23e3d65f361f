package webhook

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"text/template"
	"text/template/parse"
	"time"
)

// Bounds of a template.
const (
	MaxTemplate = 4096
	// MaxText is the most bytes that a template makes; what is beyond is cut off.
	MaxText = 8 << 10
	// maxTemplateNodes bounds how much there is to execute.
	maxTemplateNodes = 500
	// maxTemplateChanges is how many changes a template sees.
	maxTemplateChanges = 20
)

// defaultTemplate says what happened, in a line.
const defaultTemplate = `{{.What}}: {{if .Title}}{{.Title}} ({{.Resource}}){{else}}{{.Resource}}{{end}}{{if .Actor}}, by {{.Actor}}{{end}}{{if .Link}} {{.Link}}{{end}}`

// plainLine is the default template.
var plainLine = sync.OnceValue(func() *Template {
	return &Template{parsed: template.Must(template.New(templateName).Parse(defaultTemplate))}
})

// Template makes the text of a message. Any number of goroutines may share it.
type Template struct{ parsed *template.Template }

// TemplateError says what is wrong with a template.
type TemplateError struct{ Message string }

// Error is what is wrong, and what would be right.
func (e *TemplateError) Error() string { return e.Message }

// fields are what a template may speak of. They are texts and no more: nothing can be called.
type fields struct {
	ID, Type, What, Resource, Incident, Title, Link, Actor, Time string
	Sequence, Revision                                           int64
	Changes                                                      []Change
}

var fieldNames = []string{
	"ID", "Type", "What", "Resource", "Incident", "Title", "Link", "Actor", "Time", "Sequence", "Revision", "Changes", "Field", "Before", "After",
}

// templateFunctions are the functions that a template may call: none makes much of little.
var templateFunctions = []string{"and", "or", "not", "eq", "ne", "len"}

// ParseTemplate reads a template, or says with a *TemplateError what is wrong with it. Only such templates are taken as come
// to an end soon, whatever the event: they show fields, decide with if, and list the changes with range.
func ParseTemplate(source string) (*Template, error) {
	if len(source) > MaxTemplate {
		return nil, &TemplateError{fmt.Sprintf("has %d bytes; at most %d may be given", len(source), MaxTemplate)}
	}
	parsed, err := template.New(templateName).Option("missingkey=error").Parse(source)
	if err != nil {
		return nil, &TemplateError{"is no template: " + withoutName(err)}
	}
	if len(parsed.Templates()) > 1 || parsed.Tree == nil {
		return nil, &TemplateError{"must not define templates"}
	}
	check := templateCheck{tree: parsed.Tree}
	if check.list(parsed.Root, false); check.problem != "" {
		return nil, &TemplateError{check.problem}
	}
	made := &Template{parsed: parsed}
	if _, err := made.Execute(exampleForTemplate); err != nil {
		return nil, &TemplateError{"can't be executed: " + withoutName(err)}
	}
	return made, nil
}

// templateName is what the library calls a template; people do not call it anything.
const templateName = "text"

// withoutName is an error of the library without what it calls the template.
func withoutName(err error) string {
	return strings.TrimPrefix(err.Error(), "template: "+templateName+":")
}

// exampleForTemplate has something in every field, so that a template is seen to work when it is written.
var exampleForTemplate = Event{
	ID: "01ARZ3NDEKTSV4RRFFQ69G5FAV", Sequence: 1, Type: "INCIDENT_OPENED", Resource: "incidents/01ARZ3NDEKTSV4RRFFQ69G5FAV", Revision: 1,
	Incident: "incidents/01ARZ3NDEKTSV4RRFFQ69G5FAV", Title: "Title", Actor: "actor", Changes: []Change{{Field: "title", Before: "a", After: "b"}},
}

// Execute makes the text for an event.
func (t *Template) Execute(event Event) (string, error) {
	var text bounded
	err := t.parsed.Execute(&text, fields{
		ID: event.ID, Type: event.Type, What: What(event.Type), Resource: event.Resource, Incident: event.Incident, Title: event.Title,
		Link: event.Link, Actor: event.Actor, Time: event.Time.UTC().Format(time.RFC3339), Sequence: event.Sequence, Revision: event.Revision,
		Changes: event.Changes[:min(len(event.Changes), maxTemplateChanges)],
	})
	if err != nil && !errors.Is(err, errFull) {
		return "", fmt.Errorf("execute a template: %w", err)
	}
	return strings.ToValidUTF8(text.String(), ""), nil
}

// What is the type of an event in words: "Incident opened".
func What(name string) string {
	words := strings.ToLower(strings.ReplaceAll(name, "_", " "))
	if words == "" {
		return "Something happened"
	}
	return strings.ToUpper(words[:1]) + words[1:]
}

// bounded keeps the first MaxText bytes that are written to it, and ends the execution then.
type bounded struct{ strings.Builder }

var errFull = errors.New("the text is long enough")

func (b *bounded) Write(data []byte) (int, error) {
	room := MaxText - b.Len()
	if len(data) > room {
		_, _ = b.Builder.Write(data[:room])
		return room, errFull
	}
	return b.Builder.Write(data)
}

// templateCheck looks for what a template must not have.
type templateCheck struct {
	tree    *parse.Tree
	nodes   int
	problem string
}

func (c *templateCheck) refuse(at parse.Node, format string, arguments ...any) {
	if c.problem != "" {
		return
	}
	location, _ := c.tree.ErrorContext(at)
	_, position, _ := strings.Cut(location, ":")
	c.problem = fmt.Sprintf("%s: %s", position, fmt.Sprintf(format, arguments...))
}

func (c *templateCheck) list(list *parse.ListNode, within bool) {
	if list == nil {
		return
	}
	for _, node := range list.Nodes {
		c.node(node, within)
	}
}

// node checks a node; within says that it is within a range.
func (c *templateCheck) node(node parse.Node, within bool) {
	if c.nodes++; c.nodes > maxTemplateNodes {
		c.refuse(node, "there is too much in it: at most %d parts", maxTemplateNodes)
		return
	}
	switch node := node.(type) {
	case *parse.TextNode, *parse.CommentNode:
	case *parse.ActionNode:
		c.pipe(node.Pipe)
	case *parse.IfNode:
		c.branch(&node.BranchNode, within)
	case *parse.WithNode:
		c.branch(&node.BranchNode, within)
	case *parse.RangeNode:
		if subject := node.Pipe.String(); within || subject != ".Changes" && subject != "$.Changes" {
			c.refuse(node, "range takes .Changes only, and not within another range")
			return
		}
		c.branch(&node.BranchNode, true)
	default:
		c.refuse(node, "%s is not available here", node)
	}
}

func (c *templateCheck) branch(branch *parse.BranchNode, within bool) {
	c.pipe(branch.Pipe)
	c.list(branch.List, within)
	c.list(branch.ElseList, within)
}

func (c *templateCheck) pipe(pipe *parse.PipeNode) {
	if len(pipe.Decl) > 0 {
		c.refuse(pipe, "variables are not available here")
	}
	for _, command := range pipe.Cmds {
		for _, argument := range command.Args {
			c.argument(argument)
		}
	}
}

func (c *templateCheck) argument(node parse.Node) {
	switch node := node.(type) {
	case *parse.PipeNode:
		c.nodes++
		c.pipe(node)
	case *parse.FieldNode:
		c.names(node, node.Ident)
	case *parse.VariableNode: // $ alone is the whole.
		c.names(node, node.Ident[1:])
	case *parse.IdentifierNode:
		if !slices.Contains(templateFunctions, node.Ident) {
			c.refuse(node, "there is no function %s: there are %s", node.Ident, strings.Join(templateFunctions, ", "))
		}
	case *parse.StringNode, *parse.NumberNode, *parse.BoolNode, *parse.DotNode:
	default:
		c.refuse(node, "%s is not available here", node)
	}
}

func (c *templateCheck) names(node parse.Node, names []string) {
	for _, name := range names {
		if !slices.Contains(fieldNames, name) {
			c.refuse(node, "there is no field %s: there are %s, and in a change Field, Before, After", name, strings.Join(fieldNames[:12], ", "))
		}
	}
}
