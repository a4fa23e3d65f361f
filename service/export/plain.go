package export

import (
	"strings"

	"github.com/yuin/goldmark/ast"

	"github.com/debriefhq/debrief/service/plaintext"
)

// plainText is what a reader of the node reads, in one line.
func plainText(node ast.Node, source []byte) string {
	var b strings.Builder
	writePlain(&b, node, source)
	return plaintext.Line(b.String())
}

func writePlain(b *strings.Builder, node ast.Node, source []byte) {
	switch n := node.(type) {
	case *ast.Text:
		b.WriteString(textValue(n, source))
		if n.SoftLineBreak() || n.HardLineBreak() {
			b.WriteByte(' ')
		}
		return
	case *ast.String:
		b.Write(n.Value)
		return
	case *ast.AutoLink:
		b.Write(n.Label(source))
		return
	case *ast.RawHTML:
		b.Write(n.Segments.Value(source))
		return
	case *ast.CodeBlock, *ast.FencedCodeBlock:
		b.WriteString(blockText(n, source))
	case *ast.HTMLBlock:
		b.WriteString(blockText(n, source))
		if n.HasClosure() {
			b.Write(n.ClosureLine.Value(source))
		}
	}
	for child := node.FirstChild(); child != nil; child = child.NextSibling() {
		writePlain(b, child, source)
	}
	if node.Type() == ast.TypeBlock {
		b.WriteByte(' ')
	}
}

// textValue is what a text says: backslashes and character references are resolved, except in code.
func textValue(n *ast.Text, source []byte) string {
	value := n.Value(source)
	if n.IsRaw() || n.Parent() != nil && n.Parent().Kind() == ast.KindCodeSpan {
		return string(value)
	}
	return meaning(string(value))
}

// blockText is what a block of code or HTML holds.
func blockText(node ast.Node, source []byte) string {
	var b strings.Builder
	lines := node.Lines()
	for i := range lines.Len() {
		segment := lines.At(i)
		b.Write(segment.Value(source))
	}
	return b.String()
}
