package blameless

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"

	"github.com/debriefhq/debrief/service/plaintext"
)

// Allowance is a comment with which an author lets a rule's findings be:
//
//	<!-- debrief:allow RULE reason -->
//
// Within a paragraph, a heading, the text of a list's item or a row of a table, it covers that. On lines of its own it
// covers the block that it touches (the next one before the last one), else the next one; and at the top of a document,
// where a heading or an empty line follows, all of the document.
type Allowance struct {
	// Rule is the id of the rule.
	Rule string
	// Reason says why its findings are let be.
	Reason string
	// Start and End are the place of the comment, in bytes of the text.
	Start, End int
	// Line and Column count from 1; the column in characters.
	Line, Column int
	// Problem says why the comment is not heeded; empty if it is.
	Problem string
	// Used is how many findings it covered.
	Used int

	covers stretch
}

// stretch is a part of a text, in bytes.
type stretch struct{ from, to int }

// CheckAllowed is CheckAll without the findings that the author allowed, and the comments by which that was done. Of the
// further findings it is not known whether they are allowed.
func (c *Checker) CheckAllowed(markdown string) (findings []Finding, further int, allowances []Allowance) {
	allowances = c.allowances(markdown)
	findings, further = c.CheckAll(markdown)
	findings = slices.DeleteFunc(findings, func(f Finding) bool { return allowed(allowances, f) })
	return findings, further, allowances
}

// allowed says whether a finding is covered, and notes by what.
func allowed(allowances []Allowance, f Finding) bool {
	covered := false
	for i := range allowances {
		a := &allowances[i]
		if a.Problem == "" && a.Rule == f.Rule && a.covers.from <= f.Start && f.Start < a.covers.to {
			a.Used++
			covered = true
		}
	}
	return covered
}

const allowWord = "debrief:allow"

// MaxAllowances is how many comments of a text are heeded at most: the first ones.
const MaxAllowances = 1_000

// allowances are the comments of a text, in their order.
func (c *Checker) allowances(markdown string) []Allowance {
	if !strings.Contains(markdown, allowWord) {
		return nil
	}
	bounded := bound(blankFrontMatter([]byte(markdown)))
	r := allowanceReader{source: markdown}
	r.blocks(c.markdown.Parse(text.NewReader(bounded)), true)
	slices.SortStableFunc(r.found, func(a, b Allowance) int { return a.Start - b.Start })
	r.found = r.found[:min(len(r.found), MaxAllowances)]
	places := make([]Finding, len(r.found))
	for i := range r.found {
		places[i].Start = r.found[i].Start
	}
	locate(markdown, places)
	for i := range r.found {
		a := &r.found[i]
		a.Line, a.Column = places[i].Line, places[i].Column
		a.Problem = c.problem(a)
	}
	return r.found
}

// problem says why a comment is not heeded.
func (c *Checker) problem(a *Allowance) string {
	switch {
	case a.Rule == "":
		return "names no rule: write <!-- debrief:allow RULE reason -->"
	case !c.knows(a.Rule):
		return fmt.Sprintf("there is no rule %q", a.Rule)
	case a.Reason == "":
		return "gives no reason: write <!-- debrief:allow " + a.Rule + " reason -->"
	default:
		return ""
	}
}

// knows says whether there is a rule, be it applied or switched off.
func (c *Checker) knows(id string) bool {
	return slices.ContainsFunc(c.rules, func(r *compiledRule) bool { return r.ID == id }) ||
		slices.ContainsFunc(Rules(), func(r RuleDescription) bool { return r.ID == id })
}

// allowanceReader collects the comments of a document.
type allowanceReader struct {
	source string
	found  []Allowance
}

// blocks reads the blocks in a block. The top is the document itself.
func (r *allowanceReader) blocks(parent ast.Node, top bool) {
	for node := parent.FirstChild(); node != nil; node = node.NextSibling() {
		switch node.Kind() {
		case ast.KindHTMLBlock:
			run := []ast.Node{node}
			for r.alone(node) && node.NextSibling() != nil && r.alone(node.NextSibling()) {
				node = node.NextSibling()
				run = append(run, node)
			}
			if r.alone(node) {
				r.run(run, top)
			} else {
				r.comments(node, extent(node))
			}
		case ast.KindParagraph, ast.KindTextBlock, ast.KindHeading:
			r.inline(node, node, isTable(node, r.source))
		default:
			r.blocks(node, false)
		}
	}
}

// alone says whether a block of HTML consists of comments for Debrief only.
func (r *allowanceReader) alone(node ast.Node) bool {
	if node.Kind() != ast.KindHTMLBlock {
		return false
	}
	text, _ := r.html(node)
	return strings.Contains(text, allowWord) && strings.TrimSpace(comment.ReplaceAllString(text, "")) == ""
}

// run reads blocks of comments alone that follow each other.
func (r *allowanceReader) run(nodes []ast.Node, top bool) {
	before, after := nodes[0].PreviousSibling(), nodes[len(nodes)-1].NextSibling()
	top = top && before == nil
	title := after != nil && after.Kind() == ast.KindHeading
	last, next := extent(before), extent(after)
	// Those from touching on have no empty line between them and what follows.
	touching := len(nodes)
	if after != nil && !after.HasBlankPreviousLines() {
		touching--
		for touching > 0 && !nodes[touching].HasBlankPreviousLines() {
			touching--
		}
	}
	behind := before != nil
	for i, node := range nodes {
		behind = behind && !node.HasBlankPreviousLines()
		switch {
		case top && (title || i < touching):
			r.comments(node, stretch{0, len(r.source)})
		case after == nil, behind && i < touching:
			r.comments(node, last)
		default:
			r.comments(node, next)
		}
	}
}

// inline reads the comments in a block of text. They cover the block, or their line if the block is a table.
func (r *allowanceReader) inline(block, parent ast.Node, table bool) {
	for node := parent.FirstChild(); node != nil; node = node.NextSibling() {
		raw, ok := node.(*ast.RawHTML)
		if !ok {
			r.inline(block, node, table)
			continue
		}
		text, joints := join(raw.Segments, r.source)
		covers := extent(block)
		if table && len(joints) > 0 {
			covers = lineOf(block, joints[0].start)
		}
		r.read(text, joints, covers)
	}
}

// comments reads those in a block of HTML.
func (r *allowanceReader) comments(node ast.Node, covers stretch) {
	text, joints := r.html(node)
	r.read(text, joints, covers)
}

// html is a block of HTML to its end, and where it stands.
func (r *allowanceReader) html(node ast.Node) (string, []joint) {
	segments := text.NewSegments()
	segments.AppendAll(node.Lines().Sliced(0, node.Lines().Len()))
	if block, ok := node.(*ast.HTMLBlock); ok && block.HasClosure() {
		segments.Append(block.ClosureLine)
	}
	return join(segments, r.source)
}

var (
	comment = regexp.MustCompile(`(?s)<!--(.*?)-->`)
	command = regexp.MustCompile(`^\s*` + allowWord + `(?:\s+(\S+)(?:\s+(.*\S))?)?\s*$`)
)

// read takes the comments out of a text.
func (r *allowanceReader) read(text string, joints []joint, covers stretch) {
	for _, at := range comment.FindAllStringSubmatchIndex(text, -1) {
		said := command.FindStringSubmatch(plaintext.Line(text[at[2]:at[3]]))
		if said == nil {
			continue
		}
		r.found = append(r.found, Allowance{
			Rule: said[1], Reason: said[2], Start: origin(joints, at[0]), End: origin(joints, at[1]-1) + 1, covers: covers,
		})
	}
}

// joint says that a joined text, from at on, stands in the source from start on.
type joint struct{ at, start int }

// join puts segments together.
func join(segments *text.Segments, source string) (string, []joint) {
	var joined strings.Builder
	joints := make([]joint, 0, segments.Len())
	for i := range segments.Len() {
		segment := segments.At(i)
		joints = append(joints, joint{joined.Len(), segment.Start})
		joined.WriteString(source[segment.Start:segment.Stop])
	}
	return joined.String(), joints
}

// origin is where a byte of a joined text stands in the source.
func origin(joints []joint, at int) int {
	i, exact := slices.BinarySearchFunc(joints, at, func(j joint, at int) int { return j.at - at })
	if !exact {
		i--
	}
	return joints[i].start + at - joints[i].at
}

// extent is where a block stands, from its first line to its last one. What has no lines of its own is nowhere.
func extent(node ast.Node) stretch {
	if node == nil {
		return stretch{}
	}
	if lines := node.Lines(); lines != nil && lines.Len() > 0 {
		whole := stretch{lines.At(0).Start, lines.At(lines.Len() - 1).Stop}
		if block, ok := node.(*ast.HTMLBlock); ok && block.HasClosure() {
			whole.to = block.ClosureLine.Stop
		}
		return whole
	}
	var whole stretch
	for child := node.FirstChild(); child != nil && child.Type() == ast.TypeBlock; child = child.NextSibling() {
		inner := extent(child)
		if whole.to == 0 {
			whole.from = inner.from
		}
		whole.to = max(whole.to, inner.to)
	}
	return whole
}

var delimiterRow = regexp.MustCompile(`^[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t\r\n]*$`)

// isTable says whether a paragraph is a table: its second line parts the head from the rows.
func isTable(node ast.Node, source string) bool {
	if node.Lines().Len() < 2 {
		return false
	}
	second := node.Lines().At(1)
	row := []byte(source[second.Start:second.Stop])
	return bytes.IndexByte(row, '|') >= 0 && delimiterRow.Match(row)
}

// lineOf is the line of a block in which a byte stands.
func lineOf(block ast.Node, at int) stretch {
	lines := block.Lines().Sliced(0, block.Lines().Len())
	i, exact := slices.BinarySearchFunc(lines, at, func(s text.Segment, at int) int { return s.Start - at })
	if !exact {
		i--
	}
	return stretch{lines[i].Start, lines[i].Stop}
}
