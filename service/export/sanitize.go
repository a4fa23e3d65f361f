package export

import (
	"net/url"
	"strings"

	"github.com/yuin/goldmark/ast"
	extensionast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/util"
)

// How deep things may stand in one another; what is deeper is shown as plain text.
const (
	maxBlockDepth  = 12
	maxInlineDepth = 6
)

// sanitize leaves in the tree only what may be shown, and loses no text by it: raw HTML becomes the text that it was
// written as, an image a link to it, a link to anywhere but http, https and mailto its text with the address behind it.
func sanitize(document ast.Node, source []byte) {
	s := &sanitizer{source: source}
	s.blocks(document, 0)
}

type sanitizer struct{ source []byte }

func (s *sanitizer) blocks(parent ast.Node, depth int) {
	for child := parent.FirstChild(); child != nil; {
		next := child.NextSibling()
		switch n := child.(type) {
		case *ast.HTMLBlock:
			parent.ReplaceChild(parent, n, s.html(n))
		case *ast.Blockquote, *ast.List, *ast.ListItem:
			if depth == maxBlockDepth {
				parent.ReplaceChild(parent, child, s.paragraph(plainText(child, s.source)))
			} else {
				s.blocks(child, depth+1)
			}
		case *extensionast.Table, *extensionast.TableHeader, *extensionast.TableRow:
			s.blocks(child, depth)
		case *ast.Paragraph, *ast.TextBlock, *ast.Heading, *extensionast.TableCell:
			s.inlines(child, 0, false)
		}
		child = next
	}
}

func (s *sanitizer) inlines(parent ast.Node, depth int, inLink bool) {
	for child := parent.FirstChild(); child != nil; {
		next := child.NextSibling()
		switch n := child.(type) {
		case *ast.RawHTML:
			parent.ReplaceChild(parent, n, literal(string(n.Segments.Value(s.source))))
		case *ast.Image:
			parent.ReplaceChild(parent, n, s.image(n, inLink))
		case *ast.Link:
			s.link(parent, n, depth)
		case *ast.AutoLink:
			s.autoLink(parent, n)
		case *extensionast.TaskCheckBox:
			parent.ReplaceChild(parent, n, literal(map[bool]string{true: "☑ ", false: "☐ "}[n.IsChecked]))
		case *ast.Emphasis, *extensionast.Strikethrough:
			s.inlines(n, depth+1, inLink)
			if depth == maxInlineDepth {
				unwrap(parent, n)
			}
		}
		child = next
	}
}

// image is a link to the image, as nothing is loaded; within a link it is its text alone.
func (s *sanitizer) image(n *ast.Image, inLink bool) ast.Node {
	label := plainText(n, s.source)
	destination, safe := safeURL(destinationText(n.Destination))
	switch {
	case inLink || !safe:
		return literal(withAddress(label, n.Destination, inLink))
	case label == "":
		label = destination
	}
	link := ast.NewLink()
	link.Destination = []byte(destination)
	link.AppendChild(link, literal(label))
	return guarded(link)
}

func (s *sanitizer) link(parent ast.Node, n *ast.Link, depth int) {
	s.inlines(n, depth, true)
	destination, safe := safeURL(destinationText(n.Destination))
	if !safe {
		address := literal(withAddress("", n.Destination, false))
		n.AppendChild(n, address)
		unwrap(parent, n)
		return
	}
	if plainText(n, s.source) == "" {
		n.AppendChild(n, literal(destination))
	}
	n.Destination, n.Title = []byte(destination), nil
	guarded(n)
}

func (s *sanitizer) autoLink(parent ast.Node, n *ast.AutoLink) {
	if _, safe := safeURL(autoLinkAddress(n, s.source)); safe {
		guarded(n)
		return
	}
	parent.ReplaceChild(parent, n, literal(string(n.Label(s.source))))
}

// autoLinkAddress is where an address that stands in the text leads.
func autoLinkAddress(n *ast.AutoLink, source []byte) string {
	address := string(n.URL(source))
	if n.AutoLinkType == ast.AutoLinkEmail && !strings.HasPrefix(strings.ToLower(address), "mailto:") {
		return "mailto:" + address
	}
	return address
}

// guarded tells the reader's browser that the page which is linked to gets to know nothing.
func guarded(link ast.Node) ast.Node {
	link.SetAttributeString("rel", "noopener noreferrer nofollow")
	return link
}

// unwrap puts a node's children in its place.
func unwrap(parent, n ast.Node) {
	for child := n.FirstChild(); child != nil; {
		next := child.NextSibling()
		parent.InsertBefore(parent, n, child)
		child = next
	}
	parent.RemoveChild(parent, n)
}

// html is a block of HTML as the text that it was written as: code where it has several lines.
func (s *sanitizer) html(n *ast.HTMLBlock) ast.Node {
	code := ast.NewCodeBlock()
	code.SetLines(n.Lines())
	if n.HasClosure() {
		code.Lines().Append(n.ClosureLine)
	}
	if code.Lines().Len() == 1 {
		return s.paragraph(blockText(code, s.source))
	}
	return code
}

func (s *sanitizer) paragraph(text string) ast.Node {
	paragraph := ast.NewParagraph()
	paragraph.AppendChild(paragraph, literal(text))
	return paragraph
}

// literal is text that means nothing but itself, on one line.
func literal(text string) *ast.String {
	node := ast.NewString([]byte(strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", " ")))
	node.SetRaw(true)
	return node
}

func withAddress(label string, destination []byte, inLink bool) string {
	address := destinationText(destination)
	if inLink || address == "" {
		return label
	}
	if label == "" {
		return " (" + address + ")"
	}
	return label + " (" + address + ")"
}

// destinationText is a link's address as it is meant: backslashes and character references are resolved.
func destinationText(destination []byte) string {
	return meaning(string(destination))
}

// safeURL is an address that a document may link to, percent-encoded so that it can stand in Markdown and in HTML.
func safeURL(address string) (string, bool) {
	encoded := percentEncode(string(util.URLEscape([]byte(strings.TrimSpace(address)), false)))
	parsed, err := url.Parse(encoded)
	if err != nil || strings.ContainsAny(address, "\n\t") {
		return "", false
	}
	switch strings.ToLower(parsed.Scheme) {
	case "http", "https":
		return encoded, parsed.Hostname() != ""
	case "mailto":
		return encoded, parsed.Opaque != ""
	default:
		return "", false
	}
}

// percentEncode hides from Markdown what would mean something to it within an address.
var percentEncode = strings.NewReplacer(
	`\`, "%5C", "(", "%28", ")", "%29", "<", "%3C", ">", "%3E", "|", "%7C", "`", "%60", " ", "%20",
).Replace
