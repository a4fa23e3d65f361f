package export

import (
	"bytes"
	"strings"

	"github.com/yuin/goldmark/ast"
	extensionast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
)

// inlineWriter writes inline nodes of a sanitized tree as Markdown.
type inlineWriter struct {
	out    []byte
	source []byte
	// oneLine breaks no line, flat leaves out emphasis and code.
	oneLine, flat bool
	// codeEnd and emphasisEnd are where the last code span and the last emphasis end.
	codeEnd, emphasisEnd int
}

func (w *inlineWriter) write(text string) { w.out = append(w.out, text...) }

// inlines writes the text of a block as Markdown, its lines as they were broken unless it must be one line. Delimiters may
// not survive their new surroundings: the text is read again, and written without emphasis and code if it says something
// else then.
func inlines(block ast.Node, source []byte, oneLine bool) string {
	w := &inlineWriter{source: source, oneLine: oneLine}
	written := w.block(block)
	if !hasMarkup(block) || saysAgain(written, block, source) {
		return written
	}
	w = &inlineWriter{source: source, oneLine: oneLine, flat: true}
	return w.block(block)
}

func (w *inlineWriter) block(block ast.Node) string {
	w.children(block)
	return guardLines(string(w.out))
}

func guardLines(written string) string {
	lines := strings.Split(written, "\n")
	for i := range lines {
		lines[i] = guardLine(strings.TrimLeft(lines[i], " \t"))
	}
	return strings.Join(lines, "\n")
}

func hasMarkup(block ast.Node) bool {
	for child := block.FirstChild(); child != nil; child = child.NextSibling() {
		if child.Kind() != ast.KindText && child.Kind() != ast.KindString {
			return true
		}
	}
	return false
}

func isEmphasis(n ast.Node) bool {
	return n != nil && (n.Kind() == ast.KindEmphasis || n.Kind() == extensionast.KindStrikethrough)
}

func saysAgain(written string, block ast.Node, source []byte) bool {
	if block.Kind() == extensionast.KindTableCell { // where even code has its bars escaped
		written = strings.ReplaceAll(written, `\|`, "|")
	}
	again := dialect.Parser().Parse(text.NewReader([]byte(written)))
	return plainText(again, []byte(written)) == plainText(block, source)
}

func (w *inlineWriter) children(parent ast.Node) {
	for child := parent.FirstChild(); child != nil; child = child.NextSibling() {
		w.node(child)
	}
}

func (w *inlineWriter) node(node ast.Node) {
	switch n := node.(type) {
	case *ast.Text:
		w.text(n)
	case *ast.String:
		w.write(escape(string(n.Value), false))
	case *ast.CodeSpan:
		w.codeSpan(n)
	case *ast.Emphasis:
		w.wrapped(n, strings.Repeat("*", n.Level))
	case *extensionast.Strikethrough:
		w.wrapped(n, "~~")
	case *ast.Link:
		w.openLink()
		start := len(w.out)
		w.children(n)
		w.out = append(w.out[:start], noCheckbox(string(w.out[start:]))...)
		w.write("](" + escapeDestination(string(n.Destination)) + ")")
	case *ast.AutoLink:
		w.autoLink(n)
	}
}

func (w *inlineWriter) text(n *ast.Text) {
	w.write(escape(string(n.Value(w.source)), !n.IsRaw()))
	if !n.HardLineBreak() && !n.SoftLineBreak() {
		return
	}
	w.out = bytes.TrimRight(w.out, " \t")
	switch {
	case w.oneLine:
		w.write(" ")
	case n.SoftLineBreak():
		w.write("\n")
	case bytes.HasSuffix(w.out, []byte(`\`)):
		w.write("  \n")
	default:
		w.write("\\\n")
	}
}

// wrapped writes emphasis. Where its delimiters would touch those of another they could be read otherwise, and are left
// out; the one exception is strong text that is emphasized as a whole.
func (w *inlineWriter) wrapped(n ast.Node, delimiter string) {
	if w.flat || w.emphasisEnd > 0 && w.emphasisEnd == len(w.out) || touchesParent(n) {
		w.children(n)
		return
	}
	w.write(delimiter)
	w.children(n)
	w.write(delimiter)
	w.emphasisEnd = len(w.out)
}

func touchesParent(n ast.Node) bool {
	parent := n.Parent()
	if !isEmphasis(parent) || n.PreviousSibling() != nil && n.NextSibling() != nil {
		return false
	}
	outer, inEmphasis := parent.(*ast.Emphasis)
	inner, emphasis := n.(*ast.Emphasis)
	whole := n.PreviousSibling() == nil && n.NextSibling() == nil && !isEmphasis(parent.Parent())
	return !whole || !inEmphasis || !emphasis || outer.Level == inner.Level
}

func (w *inlineWriter) codeSpan(n *ast.CodeSpan) {
	var b strings.Builder
	for child := n.FirstChild(); child != nil; child = child.NextSibling() {
		if text, ok := child.(*ast.Text); ok {
			b.Write(text.Value(w.source))
		}
	}
	if w.flat || w.codeEnd == len(w.out) && w.codeEnd > 0 { // two in a row would be read as one
		w.write(escape(b.String(), false))
		return
	}
	w.write(codeSpan(b.String(), inTable(n)))
	w.codeEnd = len(w.out)
}

// codeSpan fences code with more backticks than it holds in a row.
func codeSpan(code string, inTable bool) string {
	code = strings.ReplaceAll(code, "\n", " ")
	if strings.HasPrefix(code, "`") || strings.HasSuffix(code, "`") ||
		strings.HasPrefix(code, " ") && strings.HasSuffix(code, " ") && strings.TrimSpace(code) != "" {
		code = " " + code + " "
	}
	fence := strings.Repeat("`", longestRun(code, '`')+1)
	if inTable {
		code = strings.ReplaceAll(code, "|", `\|`)
	}
	return fence + code + fence
}

func inTable(n ast.Node) bool {
	for parent := n.Parent(); parent != nil && parent.Type() != ast.TypeDocument; parent = parent.Parent() {
		if parent.Kind() == extensionast.KindTableCell {
			return true
		}
	}
	return false
}

func longestRun(text string, c byte) int {
	longest, run := 0, 0
	for i := range len(text) {
		if text[i] != c {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

func (w *inlineWriter) autoLink(n *ast.AutoLink) {
	label := string(n.Label(w.source))
	destination, _ := safeURL(autoLinkAddress(n, w.source))
	if !w.flat && (destination == label || destination == "mailto:"+label) {
		w.write("<" + label + ">")
		return
	}
	w.openLink()
	w.write(escape(label, false) + "](" + escapeDestination(destination) + ")")
}

// openLink begins a link, which an exclamation mark before it would make an image.
func (w *inlineWriter) openLink() {
	if before, found := bytes.CutSuffix(w.out, []byte("!")); found && (len(before)-len(bytes.TrimRight(before, `\`)))%2 == 0 {
		w.out = append(w.out[:len(w.out)-1], `\!`...)
	}
	w.write("[")
}
