package blameless

import (
	"bytes"
	"html"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// newMarkdown is a parser of CommonMark without what makes no difference to a reader of sentences: emphasis is left in
// the text, where it is passed over like a space, and so are tables, whose bars end a sentence.
func newMarkdown() parser.Parser {
	return parser.NewParser(
		parser.WithBlockParsers(parser.DefaultBlockParsers()...),
		parser.WithInlineParsers(
			util.Prioritized(parser.NewCodeSpanParser(), 100),
			util.Prioritized(parser.NewLinkParser(), 200),
			util.Prioritized(parser.NewAutoLinkParser(), 300),
			util.Prioritized(parser.NewRawHTMLParser(), 400),
		),
		parser.WithParagraphTransformers(parser.DefaultParagraphTransformers()...),
		parser.WithHeadingAttribute(),
	)
}

// readMarkdown takes from a document what its author wrote for people.
func readMarkdown(markdown parser.Parser, source string) *reading {
	r := &reading{source: source}
	bounded := bound(blankFrontMatter([]byte(source)))
	r.block(markdown.Parse(text.NewReader(bounded)))
	return r
}

// readPlain takes a text as it is.
func readPlain(source string) *reading {
	r := &reading{source: source}
	r.add(0, len(source))
	r.put(blockEnd, len(source), len(source))
	return r
}

func (r *reading) block(parent ast.Node) {
	for node := parent.FirstChild(); node != nil; node = node.NextSibling() {
		switch node.Kind() {
		case ast.KindBlockquote, ast.KindCodeBlock, ast.KindFencedCodeBlock, ast.KindThematicBreak:
		case ast.KindHTMLBlock:
			r.html(node)
		case ast.KindParagraph, ast.KindTextBlock, ast.KindHeading:
			r.inline(node)
		default:
			r.block(node)
			continue
		}
		end := 0
		if n := len(r.pieces); n > 0 {
			end = r.pieces[n-1].end
		}
		r.put(blockEnd, end, end)
	}
}

func (r *reading) inline(parent ast.Node) {
	for node := parent.FirstChild(); node != nil; node = node.NextSibling() {
		switch n := node.(type) {
		case *ast.Text:
			r.words(n.Segment.Start, n.Segment.Stop)
			if n.SoftLineBreak() || n.HardLineBreak() {
				r.put('\n', n.Segment.Stop, n.Segment.Stop)
			}
		case *ast.CodeSpan, *ast.Image:
			r.hide(n)
		case *ast.AutoLink:
			r.hideAt()
		case *ast.RawHTML:
		default:
			r.inline(n)
		}
	}
}

// hide puts a mark in the place of what is not read.
func (r *reading) hide(node ast.Node) {
	first, last := node.FirstChild(), node.LastChild()
	start, startOK := edge(first, true)
	end, endOK := edge(last, false)
	if !startOK || !endOK || start > end {
		r.hideAt()
		return
	}
	r.put(opaque, start, end)
}

// hideAt puts a mark where the last piece ended: an address knows its own place no better.
func (r *reading) hideAt() {
	end := 0
	if n := len(r.pieces); n > 0 {
		end = r.pieces[n-1].end
	}
	r.put(opaque, end, end)
}

func edge(node ast.Node, first bool) (int, bool) {
	for ; node != nil; node = next(node, first) {
		if t, ok := node.(*ast.Text); ok {
			if first {
				return t.Segment.Start, true
			}
			return t.Segment.Stop, true
		}
	}
	return 0, false
}

func next(node ast.Node, first bool) ast.Node {
	if first {
		return node.FirstChild()
	}
	return node.LastChild()
}

// words reads text in which backslashes and character references stand for other characters.
func (r *reading) words(start, end int) {
	from := start
	for at := start; at < end; at++ {
		switch r.source[at] {
		case '\\':
			if at+1 < end && isPunctuation(r.source[at+1]) {
				r.add(from, at)
				at++
				from = at
			}
		case '&':
			if meaning, width := reference(r.source[at:end]); width > 0 {
				r.add(from, at)
				r.put(meaning, at, at+width)
				from, at = at+width, at+width-1
			}
		}
	}
	r.add(from, end)
}

const longestReference = 12

// reference is the character that a reference at the start of a text means, and its width; 0 if there is none.
func reference(s string) (rune, int) {
	end := strings.IndexByte(s[:min(len(s), longestReference)], ';')
	if end < 2 {
		return 0, 0
	}
	meaning := html.UnescapeString(s[:end+1])
	r, width := utf8.DecodeRuneInString(meaning)
	if width != len(meaning) || r == utf8.RuneError {
		return 0, 0
	}
	return r, end + 1
}

func isPunctuation(b byte) bool {
	return b >= '!' && b <= '/' || b >= ':' && b <= '@' || b >= '[' && b <= '`' || b >= '{' && b <= '~'
}

var (
	tag    = regexp.MustCompile(`<[^>]*>`)
	unread = regexp.MustCompile(`(?i)^\s*<(?:!(?:[^-]|-[^-])|\?|script|style|pre|textarea|code|blockquote)`)
)

// html reads what stands between the tags and the comments of a block of HTML.
func (r *reading) html(node ast.Node) {
	lines := node.Lines().Sliced(0, node.Lines().Len())
	if len(lines) == 0 || unread.MatchString(r.source[lines[0].Start:lines[0].Stop]) {
		return
	}
	if block, ok := node.(*ast.HTMLBlock); ok && block.HasClosure() {
		lines = append(slices.Clone(lines), block.ClosureLine)
	}
	commented := false
	for _, line := range lines {
		for from := line.Start; from < line.Stop; {
			mark := "<!--"
			if commented {
				mark = "-->"
			}
			before, _, found := strings.Cut(r.source[from:line.Stop], mark)
			if !commented {
				r.tagged(from, from+len(before))
			}
			from += len(before)
			if found {
				from += len(mark)
				commented = !commented
				r.put(blockEnd, from, from)
			}
		}
	}
}

// tagged reads what stands between tags.
func (r *reading) tagged(from, to int) {
	start := from
	for _, found := range tag.FindAllStringIndex(r.source[start:to], -1) {
		r.words(from, start+found[0])
		from = start + found[1]
		r.put(blockEnd, from, from)
	}
	r.words(from, to)
}

// blankFrontMatter replaces the metadata before a document by spaces.
func blankFrontMatter(source []byte) []byte {
	first, rest, _ := bytes.Cut(source, []byte("\n"))
	if string(bytes.TrimRight(first, " \t\r")) != "---" {
		return source
	}
	for at := len(source) - len(rest); at < len(source); {
		line, _, _ := bytes.Cut(source[at:], []byte("\n"))
		at = min(len(source), at+len(line)+1)
		if fence := string(bytes.TrimRight(line, " \t\r")); fence == "---" || fence == "..." {
			for i := range source[:at] {
				if source[i] != '\n' {
					source[i] = ' '
				}
			}
			return source
		}
	}
	return source
}
