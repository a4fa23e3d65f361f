package importer

import (
	"regexp"
	"sort"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extensionast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"github.com/debriefhq/debrief/service/export"
	"github.com/debriefhq/debrief/service/plaintext"
)

// dialect is CommonMark with the tables, strikethrough, bare links and task lists of GitHub.
var dialect = goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.Linkify, extension.TaskList))

// block is a block of a text, with the lines that it is written in and the blank lines after it.
type block struct {
	node       ast.Node
	start, end int
}

// source is a text of Markdown and its blocks, which together are all of it.
type source struct {
	body []byte
	// lines are where lines start. firstLine is the number of the first one in the file.
	lines     []int
	firstLine int
	blocks    []block
}

func parseSource(body []byte, firstLine int) *source {
	s := &source{body: body, lines: []int{0}, firstLine: firstLine}
	for i, c := range body {
		if c == '\n' {
			s.lines = append(s.lines, i+1)
		}
	}
	s.blocks = s.within(dialect.Parser().Parse(text.NewReader(body)), 0, len(body))
	return s
}

// within lists the blocks in a node that is written from start to end: each ends where the next begins.
func (s *source) within(parent ast.Node, start, end int) []block {
	var blocks []block
	for child := parent.FirstChild(); child != nil; child = child.NextSibling() {
		at := s.lineStart(min(max(child.Pos(), start), end))
		if len(blocks) > 0 {
			at = max(at, blocks[len(blocks)-1].start)
			blocks[len(blocks)-1].end = at
		}
		blocks = append(blocks, block{node: child, start: at, end: end})
	}
	if len(blocks) > 0 {
		blocks[0].start = start
	}
	return blocks
}

// lineIndex is the index in lines of the line that a position is in.
func (s *source) lineIndex(position int) int {
	return sort.SearchInts(s.lines, position+1) - 1
}

func (s *source) lineStart(position int) int { return s.lines[s.lineIndex(position)] }

// line is the number in the file of the line that a position is in.
func (s *source) line(position int) int { return s.firstLine + s.lineIndex(position) }

// markdown is what is written from start to end, without blank lines around it.
func (s *source) markdown(start, end int) string { return trimBlankLines(string(s.body[start:end])) }

func trimBlankLines(markdown string) string {
	markdown = strings.TrimRight(markdown, " \t\n")
	for {
		line, rest, found := strings.Cut(markdown, "\n")
		if !found || strings.TrimSpace(line) != "" {
			return markdown
		}
		markdown = rest
	}
}

// item is an item of a list: its text is Markdown of its own, without the marker and the indentation.
type item struct {
	block
	text string
	line int
}

var marker = regexp.MustCompile(`^[ \t]*(?:[-+*]|[0-9]{1,9}[.)])(?:[ \t]|$)?`)

func (s *source) items(p *part, list block) []item {
	var items []item
	for _, b := range s.within(list.node, list.start, list.end) {
		p.marks = append(p.marks, marker.FindString(string(s.body[b.start:b.end])))
		items = append(items, item{block: b, text: s.content(b), line: s.line(max(b.node.Pos(), b.start))})
	}
	return items
}

// content is what is written in an item or a quote, without what marks it.
func (s *source) content(b block) string {
	first := b.node.FirstChild()
	if first == nil || first.Pos() < b.start || first.Pos() >= b.end {
		return trimBlankLines(marker.ReplaceAllString(string(s.body[b.start:b.end]), ""))
	}
	column := first.Pos() - s.lineStart(first.Pos())
	lines := strings.Split(string(s.body[first.Pos():b.end]), "\n")
	for i, line := range lines[1:] {
		lines[i+1] = outdent(line, column)
	}
	return trimBlankLines(strings.Join(lines, "\n"))
}

// outdent takes away up to a number of columns of white space.
func outdent(line string, columns int) string {
	for columns > 0 && line != "" && (line[0] == ' ' || line[0] == '\t') {
		if line[0] == '\t' {
			columns -= 3
		}
		columns--
		line = line[1:]
	}
	return line
}

var quoteMark = regexp.MustCompile(`(?m)^ {0,3}> ?`)

// quote is what is written in a quote.
func (s *source) quote(b block) string {
	return quoteMark.ReplaceAllString(s.markdown(b.start, b.end), "")
}

// cell is a cell of a table.
type cell struct {
	// text is Markdown, plain what a reader reads.
	text, plain string
}

// table lists the heading and the rows of a table, each row as long as the heading.
type table struct {
	heading []cell
	rows    [][]cell
	// at are where the rows start.
	at []int
}

func (s *source) table(node *extensionast.Table) table {
	var t table
	for row := node.FirstChild(); row != nil; row = row.NextSibling() {
		var cells []cell
		for child := row.FirstChild(); child != nil; child = child.NextSibling() {
			cells = append(cells, s.cell(child))
		}
		if row.Kind() == extensionast.KindTableHeader {
			t.heading = cells
			continue
		}
		for len(cells) < len(t.heading) {
			cells = append(cells, cell{})
		}
		t.rows, t.at = append(t.rows, cells), append(t.at, max(row.Pos(), 0))
	}
	return t
}

func (s *source) cell(node ast.Node) cell {
	raw := linesOf(node, s.body)
	return cell{text: strings.TrimSpace(strings.ReplaceAll(raw, `\|`, "|")), plain: plainText(node, s.body)}
}

func linesOf(node ast.Node, source []byte) string {
	var b strings.Builder
	lines := node.Lines()
	for i := range lines.Len() {
		segment := lines.At(i)
		b.Write(segment.Value(source))
	}
	return b.String()
}

// plainText is what a reader of a node reads, in one line.
func plainText(node ast.Node, source []byte) string {
	var b strings.Builder
	writePlain(&b, node, source)
	return plaintext.Line(b.String())
}

func writePlain(b *strings.Builder, node ast.Node, source []byte) {
	switch n := node.(type) {
	case *ast.Text:
		b.Write(textValue(n, source))
		if n.SoftLineBreak() || n.HardLineBreak() {
			b.WriteByte(' ')
		}
	case *ast.String:
		b.Write(n.Value)
	case *ast.AutoLink:
		b.Write(n.Label(source))
	case *ast.RawHTML:
		b.Write(n.Segments.Value(source))
	case *ast.CodeBlock, *ast.FencedCodeBlock, *ast.HTMLBlock:
		b.WriteString(linesOf(n, source))
	}
	for child := node.FirstChild(); child != nil; child = child.NextSibling() {
		writePlain(b, child, source)
	}
	if node.Type() == ast.TypeBlock {
		b.WriteByte(' ')
	}
}

// textValue is what a text says: escapes and character references are resolved, except in code.
func textValue(n *ast.Text, source []byte) []byte {
	value := n.Value(source)
	if n.IsRaw() || n.Parent() != nil && n.Parent().Kind() == ast.KindCodeSpan {
		return value
	}
	return escapes.ReplaceAllFunc(value, func(token []byte) []byte {
		if token[0] == '\\' {
			return token[1:]
		}
		return util.ResolveEntityNames(util.ResolveNumericReferences(token))
	})
}

var escapes = regexp.MustCompile("\\\\[!-/:-@\\[-`{-~]|&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")

// inline is a text of one paragraph, read by itself.
type inline struct {
	plain string
	links []Evidence
}

// readInline reads a line of Markdown. The guard keeps its beginning from opening a block.
func readInline(markdown string) inline {
	const guard = "x "
	source := []byte(guard + plaintext.Line(markdown))
	if export.TooCostly(source) {
		return inline{plain: string(source[len(guard):])}
	}
	root := dialect.Parser().Parse(text.NewReader(source))
	var in inline
	in.plain = strings.TrimSpace(strings.TrimPrefix(plainText(root, source)+" ", guard))
	gatherLinks(root, source, &in.links)
	return in
}

// isPlain is true where the plain text holds the address of each link.
func (in inline) isPlain() bool {
	return len(in.links) == 0 || len(in.links) == 1 && in.links[0].URI == in.plain
}

// plainOf is what a reader of a line of Markdown reads.
func plainOf(markdown string) string { return readInline(markdown).plain }

func gatherLinks(parent ast.Node, source []byte, links *[]Evidence) {
	for child := parent.FirstChild(); child != nil; child = child.NextSibling() {
		switch n := child.(type) {
		case *ast.Link:
			*links = append(*links, Evidence{URI: string(n.Destination), Title: plainText(n, source)})
		case *ast.AutoLink:
			*links = append(*links, Evidence{URI: string(n.URL(source))})
		default:
			gatherLinks(child, source, links)
		}
	}
}
