package blameless

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"go.yaml.in/yaml/v3"
)

// MaxConfigBytes bounds the file of a team's own rules, words and names.
const MaxConfigBytes = 1 << 20

// Config is what a file of a team's own says: `.debrief.yaml` of a repository, or the file that a server is given.
type Config struct {
	// Options are how texts are read.
	Options Options
	// Exclude are the patterns of files that are not read, see Excludes. Only a repository has a use for them.
	Exclude []string
	// FailOn is from which severity on a finding makes a run fail. 0: the default of who asks.
	FailOn Threshold
}

// Excludes says whether a file is not to be read. Its path is seen from where the configuration stands, with slashes.
//
// In a pattern * stands for anything but a slash, ** for any number of directories, and {a,b} for either. A pattern without
// a slash is of a name in any directory, another one of a path. What is in an excluded directory is excluded.
func (c *Config) Excludes(path string) bool {
	parts := strings.Split(path, "/")
	for _, pattern := range c.Exclude {
		pattern = strings.TrimSuffix(pattern, "/")
		anchored := strings.Contains(pattern, "/")
		pattern = strings.TrimPrefix(pattern, "/")
		for i := range parts {
			seen := parts[i]
			if anchored {
				seen = strings.Join(parts[:i+1], "/")
			}
			if doublestar.MatchUnvalidated(pattern, seen) {
				return true
			}
		}
	}
	return false
}

// configFile is the file, as it is written.
type configFile struct {
	Rules      []Rule              `yaml:"rules"`
	Allow      []string            `yaml:"allow"`
	Severities map[string]Severity `yaml:"severities"`
	Off        []string            `yaml:"off"`
	People     []string            `yaml:"people"`
	Systems    []string            `yaml:"systems"`
	Exclude    []string            `yaml:"exclude"`
	FailOn     string              `yaml:"fail_on"`
}

// ParseConfig reads a team's own rules, words and names from YAML. What it does not know it refuses, with the line and the
// field; the rules are tried, on their own examples too, so that New takes what it answers. An empty file is the zero Config.
func ParseConfig(data []byte) (Config, error) {
	if len(data) > MaxConfigBytes {
		return Config{}, fmt.Errorf("has %d bytes: at most %d are read", len(data), MaxConfigBytes)
	}
	var file configFile
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil && !errors.Is(err, io.EOF) {
		return Config{}, readable(err)
	}
	if err := decoder.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		return Config{}, errors.New("has more than one document: want one")
	}
	var root yaml.Node
	err := yaml.Unmarshal(data, &root)
	if err != nil {
		return Config{}, readable(err)
	}
	c := Config{
		Options: Options{
			Rules: file.Rules, Allow: file.Allow, Severities: file.Severities, Off: file.Off, People: file.People, Systems: file.Systems,
		},
		Exclude: file.Exclude,
	}
	l := &located{root: &root}
	if file.FailOn != "" {
		c.FailOn, err = ParseThreshold(file.FailOn)
		l.wrong(err, "fail_on")
	}
	if err := file.check(l); err != nil {
		return Config{}, err
	}
	return c, c.tryExamples(l)
}

// wrongKind is how the decoder tells that a value is of another kind than its field wants.
var wrongKind = regexp.MustCompile(`cannot unmarshal .* into (\S+)`)

// readable is an error of the decoder without the names of Go's types.
func readable(err error) error {
	text := wrongKind.ReplaceAllStringFunc(err.Error(), func(told string) string {
		switch wrongKind.FindStringSubmatch(told)[1] {
		case "[]string":
			return "want a list of texts"
		case "string":
			return "want a text"
		case "[]blameless.Rule":
			return "want a list of rules"
		default:
			return "want fields and their values"
		}
	})
	return errors.New(strings.NewReplacer(
		"yaml: unmarshal errors:\n  ", "", "\n  ", "; ", "yaml: ", "",
		" in type blameless.configFile", "", " in type blameless.Rule", " in a rule", " not found", " is not known",
	).Replace(text))
}

// check tries everything that the file says, and answers all that is wrong.
func (f *configFile) check(l *located) error {
	c, b, err := blank()
	if err != nil {
		return err
	}
	for i, phrase := range f.Allow {
		_, err := c.literal(phrase)
		l.wrong(err, "allow", i)
	}
	for i, name := range f.People {
		l.wrong(c.name(name, className), "people", i)
	}
	for i, name := range f.Systems {
		l.wrong(c.name(name, classSystem), "systems", i)
	}
	ids := map[string]bool{}
	for _, rule := range b.Rules {
		ids[rule.ID] = true
	}
	for i, rule := range f.Rules {
		_, err := c.compileRule(rule, b.Macros)
		l.wrong(err, "rules", i)
		if position(f.Rules, rule.ID) < i {
			l.wrong(fmt.Errorf("rule %q: id: there are two of this name", rule.ID), "rules", i, "id")
		}
		ids[rule.ID] = true
	}
	for id := range f.Severities {
		l.wrong(unknownRule(ids, id), "severities", id)
	}
	for i, id := range f.Off {
		l.wrong(unknownRule(ids, id), "off", i)
	}
	for i, pattern := range f.Exclude {
		if pattern == "" || !doublestar.ValidatePattern(pattern) {
			l.wrong(fmt.Errorf("%q is no pattern of paths", pattern), "exclude", i)
		}
	}
	return l.err()
}

// tryExamples holds a team's rules to their own examples, as the built-in ones are held by a test.
func (c *Config) tryExamples(l *located) error {
	if len(c.Options.Rules) == 0 {
		return nil
	}
	checker, err := New(c.Options)
	if err != nil {
		return err
	}
	for i, rule := range c.Options.Rules {
		if slices.Contains(c.Options.Off, rule.ID) {
			continue
		}
		tryRule(l, checker, i, rule)
	}
	return l.err()
}

// tryRule holds one rule to its examples.
func tryRule(l *located, checker *Checker, i int, rule Rule) {
	found := func(text string) []Finding {
		return slices.DeleteFunc(checker.Check(text), func(f Finding) bool { return f.Rule != rule.ID })
	}
	isMild := func(text string) bool {
		all := found(text)
		return len(all) > 0 && !slices.ContainsFunc(all, func(f Finding) bool { return f.Severity != Note })
	}
	for _, kind := range []struct {
		name     string
		examples []string
		holds    func(string) bool
		problem  string
	}{
		{"mild", rule.Mild, isMild, "the rule finds nothing in %q, or more than a NOTE"},
		{"match", rule.Match, func(text string) bool { return len(found(text)) > 0 }, "the rule finds nothing in %q"},
		{"clean", rule.Clean, func(text string) bool { return len(found(text)) == 0 }, "the rule finds something in %q"},
	} {
		for j, text := range kind.examples {
			if !kind.holds(text) {
				l.wrong(fmt.Errorf(kind.problem, text), "rules", i, kind.name, j)
			}
		}
	}
}

func unknownRule(ids map[string]bool, id string) error {
	if ids[id] {
		return nil
	}
	return fmt.Errorf("there is no rule %q", id)
}

// located are the problems of a file, each with its line.
type located struct {
	root     *yaml.Node
	problems []problem
}

type problem struct {
	line int
	text string
}

// wrong notes a problem of the value at a path of names and numbers.
func (l *located) wrong(err error, path ...any) {
	if err == nil {
		return
	}
	node, field := l.root, ""
	if node.Kind == yaml.DocumentNode {
		node = node.Content[0]
	}
	for _, segment := range path {
		switch segment := segment.(type) {
		case string:
			field = strings.TrimPrefix(field+"."+segment, ".")
			node = valueOf(node, segment)
		case int:
			field += "[" + strconv.Itoa(segment) + "]"
			node = elementOf(node, segment)
		}
	}
	l.problems = append(l.problems, problem{node.Line, fmt.Sprintf("line %d: %s: %v", node.Line, field, err)})
}

// err is all problems in the order of the file.
func (l *located) err() error {
	slices.SortStableFunc(l.problems, func(a, b problem) int { return a.line - b.line })
	errs := make([]error, len(l.problems))
	for i, p := range l.problems {
		errs[i] = errors.New(p.text)
	}
	return errors.Join(errs...)
}

// valueOf is the value of a name in a mapping; the node itself where it can't be told.
func valueOf(node *yaml.Node, name string) *yaml.Node {
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Kind == yaml.MappingNode && node.Content[i].Value == name {
			return node.Content[i+1]
		}
	}
	return node
}

// elementOf is an element of a sequence; the node itself where it can't be told.
func elementOf(node *yaml.Node, i int) *yaml.Node {
	if node.Kind == yaml.SequenceNode && i < len(node.Content) {
		return node.Content[i]
	}
	return node
}
