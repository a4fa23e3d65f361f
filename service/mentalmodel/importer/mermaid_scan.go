package importer

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// mermaidScanner reads one statement: nodes, and the links between them.
type mermaidScanner struct {
	*mermaid
	line int
	rest string
}

// chain reads A & B -->|calls| C --> D. What it does not understand ends it.
func (s *mermaidScanner) chain() {
	from, ok := s.group()
	for ok {
		s.space()
		if s.rest == "" {
			return
		}
		var link edge
		if link, ok = s.edge(); !ok {
			break
		}
		s.space()
		var to []int
		if to, ok = s.group(); ok {
			s.connect(s.line, from, to, link)
			from = to
		}
	}
	s.note(s.line, "not understood: %s", quoted(s.rest))
}

func (s *mermaidScanner) space() { s.rest = strings.TrimLeft(s.rest, " \t") }

// group reads nodes that are joined by &.
func (s *mermaidScanner) group() (nodes []int, ok bool) {
	for {
		s.space()
		node, ok := s.node()
		if !ok {
			return nodes, false
		}
		nodes = append(nodes, node)
		s.space()
		if !strings.HasPrefix(s.rest, "&") {
			return nodes, true
		}
		s.rest = s.rest[1:]
	}
}

// edgeID is the name that an edge may have: e1@-->.
var edgeID = regexp.MustCompile(`^[\pL\pN_]+@[-=<xo.~]`)

// shapes are the brackets of nodes, the longer ones first, with the kind of component that the shape stands for.
var shapes = []struct {
	open, kind string
	closers    []string
}{
	{"(((", "", []string{")))"}},
	{"([", "", []string{"])"}},
	{"((", "", []string{"))"}},
	{"[[", "", []string{"]]"}},
	{"[(", "database", []string{")]"}},
	{"[/", "", []string{"/]", `\]`}},
	{`[\`, "", []string{`\]`, "/]"}},
	{"{{", "", []string{"}}"}},
	{"(", "", []string{")"}},
	{"[", "", []string{"]"}},
	{"{", "", []string{"}"}},
	{">", "", []string{"]"}},
}

var (
	classOf    = regexp.MustCompile(`^:::[\pL\pN_-]+`)
	attributes = regexp.MustCompile(`^@\{([^}]*)\}`)
	labelAttr  = regexp.MustCompile(`(?:^|[,\s])label:\s*(?:"([^"]*)"|([^,"]+))`)
	shapeAttr  = regexp.MustCompile(`(?:^|[,\s])shape:\s*(\w+)`)
)

func (s *mermaidScanner) node() (number int, ok bool) {
	id := s.id()
	if id == "" {
		return 0, false
	}
	label, kind := "", ""
	if found := s.attributes(); found != nil {
		s.rest = s.rest[len(found[0]):]
		if text := labelAttr.FindStringSubmatch(found[1]); text != nil {
			label = text[1] + text[2]
		}
		if shape := shapeAttr.FindStringSubmatch(found[1]); shape != nil && (shape[1] == "cyl" || shape[1] == "db" || shape[1] == "database") {
			kind = "database"
		}
	} else if label, kind, ok = s.shape(); !ok {
		return 0, false
	}
	if strings.HasPrefix(s.rest, ":::") {
		s.rest = s.rest[len(classOf.FindString(s.rest)):]
	}
	number = s.builder.node(s.line, id)
	if number >= 0 && label != "" {
		s.nodes[number].label = labelText(label)
	}
	if number >= 0 && kind != "" {
		s.nodes[number].kind = kind
	}
	return number, true
}

// attributes finds @{ shape: cyl, label: "…" }.
func (s *mermaidScanner) attributes() []string {
	if !strings.HasPrefix(s.rest, "@{") {
		return nil
	}
	return attributes.FindStringSubmatch(s.rest)
}

// id reads letters, digits and underscores, and dots and hyphens between them: in a-b it is part of the id, in a-->b not.
func (s *mermaidScanner) id() string {
	end := 0
	for end < len(s.rest) {
		r, size := utf8.DecodeRuneInString(s.rest[end:])
		if !isWord(r) {
			next, _ := utf8.DecodeRuneInString(s.rest[end+size:])
			if end == 0 || r != '-' && r != '.' && r != '/' || !isWord(next) {
				break
			}
		}
		end += size
	}
	id := s.rest[:end]
	s.rest = s.rest[end:]
	return id
}

func isWord(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || r == '_')
}

// shape reads the brackets behind an id, if there are any. It fails where one is not closed.
func (s *mermaidScanner) shape() (label, kind string, ok bool) {
	for _, shape := range shapes {
		if !strings.HasPrefix(s.rest, shape.open) {
			continue
		}
		inside := s.rest[len(shape.open):]
		from := 0
		if trimmed := strings.TrimLeft(inside, " \t"); strings.HasPrefix(trimmed, `"`) {
			from = len(inside) - len(trimmed) + 1
			end := strings.IndexByte(inside[from:], '"')
			if end < 0 {
				return "", "", false
			}
			from += end + 1
		}
		for _, closer := range shape.closers {
			if end := strings.Index(inside[from:], closer); end >= 0 {
				s.rest = inside[from+end+len(closer):]
				return inside[:from+end], shape.kind, true
			}
		}
	}
	return "", "", !strings.HasPrefix(s.rest, "[") && !strings.HasPrefix(s.rest, "(") && !strings.HasPrefix(s.rest, "{") && !strings.HasPrefix(s.rest, ">")
}

// The arrows of Mermaid's lexer: a whole one, the beginning of one that text follows, and what ends such a text.
var (
	wholeArrow = regexp.MustCompile(`^(?:[xo<]?--+[-xo>]|[xo<]?==+[=xo>]|[xo<]?-?\.+-[xo>]?|~~[~]+)`)
	arrowBegin = regexp.MustCompile(`^[xo<]?(?:--|==|-\.)`)
	arrowEnds  = map[byte]*regexp.Regexp{
		'-': regexp.MustCompile(`--+[-xo>]`), '=': regexp.MustCompile(`==+[=xo>]`), '.': regexp.MustCompile(`\.+-[xo>]?`),
	}
)

// edge reads what stands between two nodes.
func (s *mermaidScanner) edge() (link edge, ok bool) {
	if s.rest[0] != '-' {
		if found := edgeID.FindString(s.rest); found != "" {
			s.rest = s.rest[len(found)-1:]
		}
	}
	arrow := wholeArrow.FindString(s.rest)
	if arrow == "" {
		return s.textEdge()
	}
	s.rest = s.rest[len(arrow):]
	link = edge{forward: isHead(arrow[len(arrow)-1]), back: isHead(arrow[0])}
	if arrow[0] != '~' { // Those only arrange nodes.
		s.direct(&link)
	}
	if trimmed := strings.TrimLeft(s.rest, " \t"); strings.HasPrefix(trimmed, "|") {
		end := strings.IndexByte(trimmed[1:], '|')
		if end < 0 {
			return link, false
		}
		link.label = labelText(trimmed[1 : end+1])
		s.rest = trimmed[end+2:]
	}
	return link, true
}

// textEdge reads -- text -->.
func (s *mermaidScanner) textEdge() (link edge, ok bool) {
	begin := arrowBegin.FindString(s.rest)
	if begin == "" {
		return link, false
	}
	inside := s.rest[len(begin):]
	end := arrowEnds[begin[len(begin)-1]].FindStringIndex(inside)
	if end == nil {
		return link, false
	}
	s.rest = inside[end[1]:]
	link = edge{label: labelText(inside[:end[0]]), forward: isHead(inside[end[1]-1]), back: isHead(begin[0])}
	s.direct(&link)
	return link, true
}

// direct gives a line without heads the one that it would have in most drawings.
func (s *mermaidScanner) direct(link *edge) {
	if !link.forward && !link.back {
		s.note(s.line, "a line without an arrowhead: taken to lead the way it is written")
		link.forward = true
	}
}

func isHead(c byte) bool { return c == '>' || c == '<' || c == 'x' || c == 'o' }
