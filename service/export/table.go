package export

import (
	"fmt"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
	extensionast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/util"
)

// dressTables makes tables readable for everybody: header cells say what they head, a table wider than the page scrolls
// by itself, also by keyboard, and is announced by the heading above it.
func dressTables(tree ast.Node, source []byte) {
	d := &dresser{source: source, caption: "Table"}
	d.blocks(tree)
}

type dresser struct {
	source  []byte
	caption string
}

func (d *dresser) blocks(parent ast.Node) {
	for child := parent.FirstChild(); child != nil; {
		next := child.NextSibling()
		switch n := child.(type) {
		case *ast.Heading:
			if text := plainText(n, d.source); text != "" {
				d.caption = text
			}
		case *extensionast.Table:
			d.table(parent, n)
		default:
			if child.Type() == ast.TypeBlock {
				d.blocks(child)
			}
		}
		child = next
	}
}

func (d *dresser) table(parent ast.Node, table *extensionast.Table) {
	region := newContainer("div", "class", "table", "role", "region", "aria-label", d.caption, "tabindex", "0")
	parent.ReplaceChild(parent, table, region)
	region.AppendChild(region, table)
	for row := table.FirstChild(); row != nil; row = row.NextSibling() {
		for node := row.FirstChild(); node != nil; node = node.NextSibling() {
			cell, ok := node.(*extensionast.TableCell)
			if !ok {
				continue
			}
			if row.Kind() == extensionast.KindTableHeader {
				cell.SetAttributeString("scope", "col")
			}
			if cell.Alignment == extensionast.AlignRight || cell.Alignment == extensionast.AlignCenter {
				cell.SetAttributeString("class", cell.Alignment.String())
			}
			cell.Alignment = extensionast.AlignNone // which the page's policy would not let through as a style
		}
	}
}

// container is an HTML element around blocks, for which Markdown has no word.
type container struct {
	ast.BaseBlock
	start, end string
}

var kindContainer = ast.NewNodeKind("Container")

// newContainer takes the names of attributes and their values in turn.
func newContainer(element string, attributes ...string) *container {
	var start strings.Builder
	start.WriteString("<" + element)
	for pair := range slices.Chunk(attributes, 2) {
		start.WriteString(" " + pair[0] + `="` + string(util.EscapeHTML([]byte(pair[1]))) + `"`)
	}
	return &container{start: start.String() + ">\n", end: "</" + element + ">\n"}
}

// Kind implements [ast.Node].
func (c *container) Kind() ast.NodeKind { return kindContainer }

// Dump implements [ast.Node].
func (c *container) Dump(source []byte, level int) { ast.DumpHelper(c, source, level, nil, nil) }

// containerRenderer writes containers as the elements that they are.
type containerRenderer struct{}

// RegisterFuncs implements [renderer.NodeRenderer].
func (containerRenderer) RegisterFuncs(registerer renderer.NodeRendererFuncRegisterer) {
	registerer.Register(kindContainer, renderContainer)
}

func renderContainer(w util.BufWriter, _ []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	c, ok := node.(*container)
	if !ok {
		return ast.WalkStop, fmt.Errorf("a %s is no container", node.Kind())
	}
	tag := c.start
	if !entering {
		tag = c.end
	}
	_, err := w.WriteString(tag)
	return ast.WalkContinue, err
}
