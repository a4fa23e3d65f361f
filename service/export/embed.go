package export

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	extensionast "github.com/yuin/goldmark/extension/ast"
)

// embed writes somebody's Markdown anew so that it can stand within a document: nothing that is opened in it stays open,
// its links need no definition elsewhere, its highest heading is one below the level given, and what it holds is what
// sanitize leaves. A text that is too costly to read is shown as it was written.
func embed(markdown string, level int) string {
	source := []byte(clean(markdown))
	tree, ok := parse(source)
	if !ok {
		return fenced(string(source), "")
	}
	demote(tree, level)
	w := &blockWriter{source: source, markers: map[ast.Node]string{}}
	return w.children(tree)
}

// demote moves all headings by the same number of levels.
func demote(tree ast.Node, level int) {
	highest := 6
	headings(tree, func(h *ast.Heading) { highest = min(highest, h.Level) })
	headings(tree, func(h *ast.Heading) { h.Level = min(6, h.Level-highest+level+1) })
}

func headings(parent ast.Node, visit func(*ast.Heading)) {
	for child := parent.FirstChild(); child != nil; child = child.NextSibling() {
		if heading, ok := child.(*ast.Heading); ok {
			visit(heading)
		} else if child.Type() == ast.TypeBlock {
			headings(child, visit)
		}
	}
}

// blockWriter writes the blocks of a sanitized tree as Markdown.
type blockWriter struct {
	source []byte
	// markers are those of the lists written so far.
	markers map[ast.Node]string
}

// children writes the blocks in a block, with a blank line between them.
func (w *blockWriter) children(parent ast.Node) string {
	var blocks []string
	for child := parent.FirstChild(); child != nil; child = child.NextSibling() {
		if block := w.block(child); block != "" {
			blocks = append(blocks, block)
		}
	}
	return strings.Join(blocks, "\n\n")
}

func (w *blockWriter) block(node ast.Node) string {
	switch n := node.(type) {
	case *ast.Paragraph, *ast.TextBlock:
		return inlines(n, w.source, false)
	case *ast.Heading:
		return strings.Repeat("#", n.Level) + " " + w.oneLine(n)
	case *ast.Blockquote:
		return prefixed(w.children(n), "> ", "> ")
	case *ast.List:
		return w.list(n)
	case *ast.FencedCodeBlock:
		return fenced(blockText(n, w.source), string(n.Language(w.source)))
	case *ast.CodeBlock:
		return fenced(blockText(n, w.source), "")
	case *ast.ThematicBreak:
		return "___"
	case *extensionast.Table:
		return w.table(n)
	default:
		return ""
	}
}

// oneLine is a block's text where a line break would end it.
func (w *blockWriter) oneLine(n ast.Node) string { return endHeading(inlines(n, w.source, true)) }

func (w *blockWriter) list(n *ast.List) string {
	var items []string
	mark, number := w.marker(n), n.Start
	for item := n.FirstChild(); item != nil; item = item.NextSibling() {
		marker := mark + " "
		if n.IsOrdered() {
			marker = strconv.Itoa(number) + marker
		}
		items = append(items, prefixed(w.item(item, n.IsTight), marker, strings.Repeat(" ", len(marker))))
		number = min(number+1, maxListNumber)
	}
	if n.IsTight {
		return strings.Join(items, "\n")
	}
	return strings.Join(items, "\n\n")
}

const maxListNumber = 999_999_999

// marker chooses between the two ways to mark a list: a list right before would go on with the same one, and a list that
// begins in the first line of another would make a rule of three.
func (w *blockWriter) marker(n *ast.List) string {
	first, second := "-", "*"
	if n.IsOrdered() {
		first, second = ".", ")"
	}
	marker := first
	before, ok := n.PreviousSibling().(*ast.List)
	if !ok && n.PreviousSibling() == nil {
		before, ok = n.Parent().Parent().(*ast.List)
	}
	if ok && w.markers[before] == first {
		marker = second
	}
	w.markers[n] = marker
	return marker
}

// item writes what is in an item of a list. A list directly below a line of text is the only block that needs no blank
// line before it.
func (w *blockWriter) item(item ast.Node, tight bool) string {
	var b strings.Builder
	var last ast.Node
	for child := item.FirstChild(); child != nil; child = child.NextSibling() {
		block := w.block(child)
		if block == "" {
			continue
		}
		switch {
		case last == nil:
		case tight && last.Kind() == ast.KindTextBlock && interrupts(child):
			b.WriteString("\n")
		default:
			b.WriteString("\n\n")
		}
		b.WriteString(block)
		last = child
	}
	return b.String()
}

func interrupts(node ast.Node) bool {
	list, ok := node.(*ast.List)
	return ok && !list.IsOrdered() && list.FirstChild() != nil && list.FirstChild().HasChildren()
}

func (w *blockWriter) table(n *extensionast.Table) string {
	var b strings.Builder
	for row := n.FirstChild(); row != nil; row = row.NextSibling() {
		var cells []string
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			cells = append(cells, w.oneLine(cell))
		}
		writeRow(&b, cells)
		if row.Kind() == extensionast.KindTableHeader {
			var rules []string
			for _, alignment := range n.Alignments {
				rules = append(rules, rule(alignment))
			}
			writeRow(&b, rules)
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func rule(alignment extensionast.Alignment) string {
	switch alignment {
	case extensionast.AlignLeft:
		return ":---"
	case extensionast.AlignRight:
		return "---:"
	case extensionast.AlignCenter:
		return ":---:"
	default:
		return "---"
	}
}

func writeRow(b *strings.Builder, cells []string) {
	fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | "))
}

// fenced is a code block that no line in it can close.
func fenced(code, language string) string {
	fence := strings.Repeat("`", max(3, longestRun(code, '`')+1))
	if !plainLanguage.MatchString(language) {
		language = ""
	}
	if code != "" && !strings.HasSuffix(code, "\n") {
		code += "\n"
	}
	return fence + language + "\n" + code + fence
}

var plainLanguage = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_+.#-]{0,31}$`)

// prefixed puts first before the first line and rest before the others, and leaves no space at the end of an empty one.
func prefixed(block, first, rest string) string {
	lines := strings.Split(block, "\n")
	for i, line := range lines {
		prefix := rest
		if i == 0 {
			prefix = first
		}
		lines[i] = strings.TrimRight(prefix, " ")
		if line != "" {
			lines[i] = prefix + line
		}
	}
	return strings.Join(lines, "\n")
}
