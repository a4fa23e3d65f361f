package importer

import (
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
	extensionast "github.com/yuin/goldmark/extension/ast"
)

// beliefColumns are what people call the columns of beliefs.
var beliefColumns = map[string]string{
	"what we believed": "believed", "believed": "believed", "belief": "believed", "assumption": "believed", "assumptions": "believed", "expected": "believed",
	"expectation": "believed", "what we thought": "believed", "we believed": "believed", "what we assumed": "believed", "we thought": "believed",
	"what was true": "actual", "actual": "actual", "reality": "actual", "truth": "actual", "what happened": "actual", "in reality": "actual",
	"actually": "actual", "what we learned": "actual", "was true": "actual",
	"held by": "held_by", "who": "held_by", "team": "held_by", "role": "held_by", "whose": "held_by",
	"shown by": "evidence", "evidence": "evidence", "source": "evidence",
}

// beliefs reads what was believed and what was true: from a table, or as Debrief writes what does not fit in one.
func (r *reader) beliefs(p *part) {
	p.goTo(string(beliefs))
	for i := 0; i < len(p.blocks); {
		b := p.blocks[i]
		if node, ok := b.node.(*extensionast.Table); ok && r.beliefTable(p, node) {
			i++
			continue
		}
		if belief, used := r.ownBelief(p, p.blocks[i:]); used > 0 {
			r.document.Beliefs = append(r.document.Beliefs, belief)
			i += used
			continue
		}
		r.keep(p, b)
		i++
	}
}

func (r *reader) beliefTable(p *part, node *extensionast.Table) bool {
	t := r.table(node)
	seen := map[string]bool{}
	for _, cell := range t.heading {
		seen[beliefColumns[key(cell.plain)]] = true
	}
	if !seen["believed"] || !seen["actual"] || seen[""] {
		return false
	}
	for _, cell := range t.heading {
		p.name(cell.plain)
	}
	for i, row := range t.rows {
		belief := Belief{Line: r.line(t.at[i])}
		for i, cell := range row {
			switch beliefColumns[key(t.heading[i].plain)] {
			case "believed":
				belief.Believed = cell.text
			case "actual":
				belief.Actual = cell.text
			case "held_by":
				belief.HeldBy = cell.plain
			default:
				belief.Evidence = evidenceIn(cell.text)
			}
		}
		if r.own && belief.HeldBy == "We" {
			p.name(belief.HeldBy)
			belief.HeldBy = ""
		}
		r.document.Beliefs = append(r.document.Beliefs, belief)
	}
	return true
}

// unescapedCommas separate evidence in a cell: those that are followed by a space and not escaped.
var unescapedCommas = regexp.MustCompile(`(?:\\.|[^\\,]|,[^ ])+`)

// evidenceIn reads links, or what is no link as a title.
func evidenceIn(text string) []Evidence {
	if text == "" {
		return nil
	}
	var shown []Evidence
	for _, piece := range unescapedCommas.FindAllString(text, -1) {
		piece = strings.TrimSpace(piece)
		in := readInline(piece)
		if len(in.links) == 1 && strings.HasPrefix(piece, "[") {
			shown = append(shown, in.links[0])
			continue
		}
		shown = append(shown, Evidence{Title: in.plain})
	}
	return shown
}

// ownBelief reads a belief as Debrief writes one that does not fit in a table: a line of who believed, a quote, a line,
// and a quote, with evidence below or without. It is how many blocks that takes, 0 for anything else.
func (r *reader) ownBelief(p *part, blocks []block) (belief Belief, used int) {
	if len(blocks) < 4 || blocks[1].node.Kind() != ast.KindBlockquote || blocks[3].node.Kind() != ast.KindBlockquote {
		return Belief{}, 0
	}
	believed, actual := r.markdown(blocks[0].start, blocks[0].end), r.markdown(blocks[2].start, blocks[2].end)
	holder, isBelief := strings.CutSuffix(believed, " believed:**")
	if !isBelief || !strings.HasPrefix(holder, "**") || actual != "**What was true:**" {
		return Belief{}, 0
	}
	belief.Line = r.line(blocks[0].start)
	p.name("believed")
	p.name("What was true")
	belief.HeldBy = plainOf(holder[2:])
	if belief.HeldBy == "We" {
		p.name(belief.HeldBy)
		belief.HeldBy = ""
	}
	belief.Believed, belief.Actual = r.quote(blocks[1]), r.quote(blocks[3])
	if len(blocks) < 6 || r.markdown(blocks[4].start, blocks[4].end) != "Evidence:" || blocks[5].node.Kind() != ast.KindList {
		return belief, 4
	}
	shown, ok := readEvidence(r.markdown(blocks[5].start, blocks[5].end))
	if !ok {
		return belief, 4
	}
	p.nameEvidence(shown)
	belief.Evidence = shown
	return belief, 6
}
