package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/service/mentalmodel"
	"github.com/debriefhq/debrief/service/mentalmodel/importer"
)

// graphFile is a graph that the flag --file names.
type graphFile struct {
	app    *application
	path   string
	format choice
}

// graphFormats are the ways in which a file can hold a graph.
var graphFormats = []string{"yaml", "mermaid", "dot", "compose"}

func (a *application) addGraphFile(command *cobra.Command, usage string) *graphFile {
	file := &graphFile{app: a, format: choice{of: graphFormats}}
	command.Flags().StringVar(&file.path, "file", "", usage)
	completeFile(command, "file")
	command.Flags().Var(&file.format, "format", "how the file is written; default: by its name (.mmd: mermaid, .dot and .gv: dot, else yaml)")
	completeChoice(command, "format", graphFormats)
	return file
}

// read is the graph; nil where no file is named. What an import did not understand is told on stderr.
func (f *graphFile) read() (*debriefv1.SystemGraph, error) {
	if f.path == "" {
		return nil, nil //nolint:nilnil // No file is no graph.
	}
	text, err := f.app.readFile("--file", f.path)
	if err != nil {
		return nil, err
	}
	graph, notes, err := parseGraph(formatOf(f.format.value, f.path), text)
	if err != nil {
		return nil, usagef("--file %s: %w", f.path, err)
	}
	for _, note := range notes {
		f.app.note("%s", noticeText(note.Line, note.Message))
	}
	return graph, nil
}

// noticeText is something that an import has to tell.
func noticeText(number int, message string) string {
	if number == 0 {
		return line(message)
	}
	return fmt.Sprintf("line %d: %s", number, line(message))
}

// formatOf is the format that was asked for, or that a file's name tells.
func formatOf(asked, path string) string {
	if asked != "" {
		return asked
	}
	switch strings.ToLower(filepath.Ext(path)) {
	case ".mmd", ".mermaid":
		return "mermaid"
	case ".dot", ".gv":
		return "dot"
	}
	return "yaml"
}

func parseGraph(format, text string) (*debriefv1.SystemGraph, []importer.Note, error) {
	read := map[string]func([]byte) (importer.Result, error){"mermaid": importer.Mermaid, "dot": importer.DOT, "compose": importer.Compose}[format]
	if read == nil {
		graph, err := parseGraphYAML(text)
		return graph, nil, err
	}
	result, err := read([]byte(text))
	if err != nil {
		return nil, nil, err
	}
	return graphMessage(result.Graph), result.Notes, nil
}

func graphMessage(graph mentalmodel.Graph) *debriefv1.SystemGraph {
	message := &debriefv1.SystemGraph{}
	for _, c := range graph.Components {
		message.Components = append(message.Components, &debriefv1.SystemComponent{Name: c.Name, Kind: c.Kind, Aliases: c.Aliases, Description: c.Description})
	}
	for _, l := range graph.Links {
		kind, err := parseLinkKind(string(l.Kind))
		if err != nil {
			kind = debriefv1.SystemLink_KIND_DEPENDS_ON
		}
		message.Links = append(message.Links, &debriefv1.SystemLink{From: l.From, To: l.To, Kind: kind})
	}
	for _, f := range graph.Facts {
		message.Facts = append(message.Facts, &debriefv1.SystemFact{Component: f.Component, Key: f.Key, Value: f.Value, Unit: f.Unit})
	}
	return message
}

// parseLinkKind reads the kind of a link as people write it: "depends on".
func parseLinkKind(text string) (debriefv1.SystemLink_Kind, error) {
	return parseEnum[debriefv1.SystemLink_Kind](strings.Join(strings.Fields(text), "_"))
}

// graphYAML is a graph as people write it: see docs/mental-models.md.
type graphYAML struct {
	Components []componentYAML
	Links      []linkYAML
	Facts      []factYAML
}

// The parts of a graph. Each can be written in one line as well.
type (
	componentYAML struct {
		Name, Kind, Description string
		Aliases                 []string
	}
	linkYAML struct{ From, To, Kind string }
	factYAML struct{ Component, Key, Value, Unit string }
)

const (
	arrowMark = "->"
	factMark  = "/"
)

func parseGraphYAML(text string) (*debriefv1.SystemGraph, error) {
	var graph graphYAML
	decoder := yaml.NewDecoder(strings.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&graph); err != nil {
		return nil, fmt.Errorf("it is no graph in YAML: %w", err)
	}
	message := &debriefv1.SystemGraph{}
	for _, c := range graph.Components {
		message.Components = append(message.Components, &debriefv1.SystemComponent{Name: c.Name, Kind: c.Kind, Aliases: c.Aliases, Description: c.Description})
	}
	for _, l := range graph.Links {
		told := &debriefv1.SystemLink{From: l.From, To: l.To}
		if l.Kind != "" {
			kind, err := parseLinkKind(l.Kind)
			if err != nil {
				return nil, fmt.Errorf("the link %s %s %s: %w", l.From, arrowMark, l.To, err)
			}
			told.Kind = kind
		}
		message.Links = append(message.Links, told)
	}
	for _, f := range graph.Facts {
		message.Facts = append(message.Facts, &debriefv1.SystemFact{Component: f.Component, Key: f.Key, Value: f.Value, Unit: f.Unit})
	}
	return message, nil
}

// UnmarshalYAML reads a component, or its name alone.
func (c *componentYAML) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		c.Name = node.Value
		return nil
	}
	type plain componentYAML
	return node.Decode((*plain)(c))
}

// UnmarshalYAML reads a link, or one line: "web -> orders" or "web -> orders: calls".
func (l *linkYAML) UnmarshalYAML(node *yaml.Node) error {
	key, value, ok := shorthand(node)
	if !ok {
		type plain linkYAML
		return node.Decode((*plain)(l))
	}
	from, to, found := strings.Cut(key, arrowMark)
	if !found {
		return fmt.Errorf("line %d: %q is no link: write FROM -> TO, or FROM -> TO: KIND", node.Line, key)
	}
	l.From, l.To, l.Kind = strings.TrimSpace(from), strings.TrimSpace(to), value
	return nil
}

// UnmarshalYAML reads a fact, or one line: "orders / replicas: 3", or "time zone: UTC" for the whole system.
func (f *factYAML) UnmarshalYAML(node *yaml.Node) error {
	key, value, ok := shorthand(node)
	if !ok {
		type plain factYAML
		return node.Decode((*plain)(f))
	}
	if value == "" {
		return fmt.Errorf("line %d: %q is no fact: write COMPONENT / KEY: VALUE", node.Line, key)
	}
	component, rest, found := strings.Cut(key, factMark)
	if !found {
		component, rest = "", key
	}
	f.Component, f.Key, f.Value = strings.TrimSpace(component), strings.TrimSpace(rest), value
	return nil
}

// shorthand is a text, or a key with a value that is no word of the long form.
func shorthand(node *yaml.Node) (key, value string, ok bool) {
	switch {
	case node.Kind == yaml.ScalarNode:
		if at := strings.LastIndex(node.Value, ": "); at >= 0 { // in quotes
			return node.Value[:at], strings.TrimSpace(node.Value[at+1:]), true
		}
		return node.Value, "", true
	case node.Kind == yaml.MappingNode && len(node.Content) == 2 && node.Content[1].Kind == yaml.ScalarNode:
		return node.Content[0].Value, node.Content[1].Value, true
	}
	return "", "", false
}

// errNoGraph says that a command changes nothing.
var errNoGraph = errors.New("nothing is to be changed: give --file, or another flag")
