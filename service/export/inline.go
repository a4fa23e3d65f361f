package export

import (
	"strings"

	"github.com/yuin/goldmark/ast"
	extensionast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
)

// inlineWriter writes inline nodes of a sanitized tree as Markdown. Flat leaves out emphasis.
type inlineWriter struct {
	strings.Builder
	source []byte
	flat   bool
}

// inlines writes the text of a block as Markdown, its lines as they were broken. Emphasis may not survive the new
// surroundings of its delimiters: the text is read again, and left without emphasis if it says something else then.
func inlines(block ast.Node, source []byte) string {
	w := &inlineWriter{source: source}
	w.children(block)
	written := guardLines(w.String())
	if !hasEmphasis(block) || saysAgain(written, block, source) {
		return written
	}
	flat := &inlineWriter{source: source, flat: true}
	flat.children(block)
	return guardLines(flat.String())
}

func guardLines(written string) string {
	lines := strings.Split(written, "\n")
	for i := range lines {
		lines[i] = guardLine(strings.Trim(lines[i], " \t"))
	}
	return strings.Join(lines, "\n")
}

func hasEmphasis(block ast.Node) bool {
	for child := block.FirstChild(); child != nil; child = child.NextSibling() {
		if isEmphasis(child) || hasEmphasis(child) {
			return true
		}
	}
	return false
}

func isEmphasis(n ast.Node) bool {
	return n != nil && (n.Kind() == ast.KindEmphasis || n.Kind() == extensionast.KindStrikethrough)
}

func saysAgain(written string, block ast.Node, source []byte) bool {
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
		w.WriteString(escape(string(n.Value), false))
	case *ast.CodeSpan:
		w.codeSpan(n)
	case *ast.Emphasis:
		w.wrapped(n, strings.Repeat("*", n.Level))
	case *extensionast.Strikethrough:
		w.wrapped(n, "~~")
	case *ast.Link:
		w.openLink()
		w.children(n)
		w.WriteString("](" + escapeDestination(string(n.Destination)) + ")")
	case *ast.AutoLink:
		w.autoLink(n)
	}
}

func (w *inlineWriter) text(n *ast.Text) {
	w.WriteString(escape(string(n.Value(w.source)), !n.IsRaw()))
	switch {
	case n.HardLineBreak():
		w.WriteString("\\\n")
	case n.SoftLineBreak():
		w.WriteByte('\n')
	}
}

// wrapped writes emphasis. Where its delimiters would touch those of another they could be read otherwise, and are left
// out; the one exception is strong text that is emphasized as a whole.
func (w *inlineWriter) wrapped(n ast.Node, delimiter string) {
	if w.flat || isEmphasis(n.PreviousSibling()) || touchesParent(n) {
		w.children(n)
		return
	}
	w.WriteString(delimiter)
	w.children(n)
	w.WriteString(delimiter)
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
	w.WriteString(codeSpan(b.String(), inTable(n)))
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
	if n.Protocol == nil {
		w.WriteString("<" + label + ">")
		return
	}
	destination, _ := safeURL(string(n.URL(w.source)))
	w.openLink()
	w.WriteString(escape(label, false) + "](" + escapeDestination(destination) + ")")
}

// openLink begins a link, which an exclamation mark before it would make an image.
func (w *inlineWriter) openLink() {
	if written := w.String(); strings.HasSuffix(written, "!") {
		w.Reset()
		w.WriteString(written[:len(written)-1] + `\!`)
	}
	w.WriteByte('[')
}
