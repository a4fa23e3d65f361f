package importer

import (
	"html"
	"regexp"
	"strings"
)

// Mermaid reads a flowchart (graph, flowchart): nodes with their shapes and labels, chains, edges with labels, groups with
// &, subgraphs. Looks (style, class, click, directives) mean nothing to a graph and are passed over. Its grammar is
// Mermaid's own for what it reads; there is no parser for it in Go that is kept well.
func Mermaid(text []byte) (Result, error) {
	if err := checkText(text); err != nil {
		return Result{}, err
	}
	m := &mermaid{builder: newBuilder()}
	for number, line := range strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n") {
		if err := m.line(number+1, strings.TrimSpace(line)); err != nil {
			return Result{}, err
		}
	}
	if !m.begun {
		return Result{}, &SyntaxError{Line: 1, Message: `the text is no flowchart: it begins with "flowchart LR", "graph TD" or the like`}
	}
	if len(m.open) > 0 {
		m.note(m.open[len(m.open)-1], `the subgraph is not closed by "end"`)
	}
	return m.result(), nil
}

type mermaid struct {
	*builder
	begun       bool
	frontMatter bool
	directive   bool
	// description is true within accDescr { … }.
	description bool
	// open are the lines of the subgraphs that are not closed.
	open []int
}

var (
	header   = regexp.MustCompile(`^(?:graph|flowchart|flowchart-elk)(?:[ \t]+(?:TB|TD|BT|RL|LR|<|>|v|\^))?[ \t]*(?:;|$)`)
	looks    = regexp.MustCompile(`^(?:classDef|class|style|linkStyle|click|direction|accTitle|accDescr|title)(?:[ \t:{]|$)`)
	subgraph = regexp.MustCompile(`^subgraph(?:[ \t]+(.*))?$`)
	titled   = regexp.MustCompile(`^([^\[\]" \t]+)[ \t]*\[(.*)\]$`)
)

func (m *mermaid) line(number int, line string) error {
	switch {
	case line == "" || m.passOver(line):
		return nil
	case !m.begun:
		found := header.FindString(line)
		if found == "" {
			return &SyntaxError{Line: number, Message: `the text is no flowchart: it begins with "flowchart LR", "graph TD" or the like`}
		}
		m.begun = true
		line = line[len(found):]
	}
	for statement := range splitStatements(line) {
		m.statement(number, statement)
	}
	return nil
}

// passOver is true of lines that are no statements: comments, directives, front matter, the fence of a Markdown block.
func (m *mermaid) passOver(line string) bool {
	switch {
	case m.frontMatter:
		m.frontMatter = line != "---"
	case m.directive:
		m.directive = !strings.Contains(line, "}%%")
	case m.description:
		m.description = !strings.Contains(line, "}")
	case line == "---" && !m.begun:
		m.frontMatter = true
	case strings.HasPrefix(line, "%%{"):
		m.directive = !strings.Contains(line, "}%%")
	case strings.HasPrefix(line, "accDescr") && strings.Contains(line, "{"):
		m.description = !strings.Contains(line, "}")
	case strings.HasPrefix(line, "%%"), strings.HasPrefix(line, "```"):
	default:
		return false
	}
	return true
}

// splitStatements yields what semicolons part, those in quotes and in character references aside.
func splitStatements(line string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		begin, quoted, reference := 0, false, false
		for i := range len(line) {
			switch c := line[i]; {
			case c == '"':
				quoted = !quoted
			case c == '#' || c == '&':
				reference = true
			case c == ';' && !quoted && !reference:
				if !yield(strings.TrimSpace(line[begin:i])) {
					return
				}
				begin = i + 1
			case !isAlphanumeric(c):
				reference = false
			}
		}
		yield(strings.TrimSpace(line[begin:]))
	}
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func (m *mermaid) statement(line int, statement string) {
	switch {
	case statement == "" || looks.MatchString(statement):
	case statement == "end":
		if len(m.open) == 0 {
			m.note(line, `"end" closes no subgraph`)
			return
		}
		m.open = m.open[:len(m.open)-1]
	case subgraph.MatchString(statement):
		m.open = append(m.open, line)
		m.subgraph(line, strings.TrimSpace(subgraph.FindStringSubmatch(statement)[1]))
	default:
		s := mermaidScanner{mermaid: m, line: line, rest: statement}
		s.chain()
	}
}

// subgraph keeps the title for links that lead to the subgraph as a whole.
func (m *mermaid) subgraph(line int, title string) {
	if title == "" {
		return
	}
	if found := titled.FindStringSubmatch(title); found != nil {
		title = found[2]
	}
	m.note(line, "the subgraph %s groups components; groups are no part of a graph", quoted(labelText(title)))
}

var (
	breaks  = regexp.MustCompile(`(?i)<br[ \t]*/?>`)
	tags    = regexp.MustCompile(`</?[a-zA-Z][^<>]*>`)
	numeric = regexp.MustCompile(`#(\d+|[a-zA-Z]+);`)
)

// labelText is what a label says: without quotes, markup and character references.
func labelText(label string) string {
	label = strings.TrimSpace(label)
	if len(label) >= 2 && label[0] == '"' && label[len(label)-1] == '"' {
		label = label[1 : len(label)-1]
	}
	if len(label) >= 2 && label[0] == '`' && label[len(label)-1] == '`' {
		label = strings.ReplaceAll(label[1:len(label)-1], "**", "")
	}
	label = tags.ReplaceAllString(breaks.ReplaceAllString(label, " "), "")
	label = numeric.ReplaceAllStringFunc(label, func(reference string) string {
		if name := reference[1:]; name[0] >= '0' && name[0] <= '9' {
			return "&#" + name
		}
		return "&" + reference[1:]
	})
	return visible(html.UnescapeString(label))
}
