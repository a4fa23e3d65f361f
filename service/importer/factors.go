package importer

import (
	"github.com/yuin/goldmark/ast"
	extensionast "github.com/yuin/goldmark/extension/ast"
)

// factors reads contributing factors: the items of a list, what stands below headings that name categories or factors, or
// the whole section as one.
func (r *reader) factors(p *part) {
	p.goTo(string(factors))
	if len(p.blocks) == 0 {
		return
	}
	if !hasAny(p.blocks, ast.KindList, ast.KindHeading, extensionast.KindTable) {
		text := r.markdown(p.blocks[0].start, p.blocks[len(p.blocks)-1].end)
		if r.own && text == "None recorded." {
			p.name(text)
			return
		}
		r.addFactor(Factor{Description: text, Line: r.line(p.blocks[0].start)})
		return
	}
	category := ""
	for i := 0; i < len(p.blocks); i++ {
		b := p.blocks[i]
		switch n := b.node.(type) {
		case *ast.Heading:
			name := plainText(n, r.body)
			category = enum(name, categories)
			if category != "" || r.own {
				p.name(name)
				continue
			}
			end := i + 1
			for end < len(p.blocks) && p.blocks[end].node.Kind() != ast.KindHeading {
				end++
			}
			r.headedFactor(name, p.blocks[i:end])
			i = end - 1
		case *ast.List:
			for _, item := range r.items(p, b) {
				text, shown := p.splitEvidence(item.text)
				r.addFactor(Factor{Category: category, Description: text, Evidence: shown, Line: item.line})
			}
		case *extensionast.Table:
			r.factorTable(p, b, n)
		default:
			r.keep(p, b)
		}
	}
}

// headedFactor is a factor that is told below a heading of its own.
func (r *reader) headedFactor(name string, blocks []block) {
	if len(blocks) == 1 {
		r.addFactor(Factor{Description: name, Line: r.line(blocks[0].start)})
		return
	}
	r.addFactor(Factor{Description: "**" + name + "**\n\n" + r.markdown(blocks[1].start, blocks[len(blocks)-1].end), Line: r.line(blocks[0].start)})
}

func (r *reader) addFactor(factor Factor) {
	if factor.Category == "" && !r.own {
		factor.Category = guessCategory(factor.Description[:min(len(factor.Description), guessed)])
		factor.CategoryGuessed = factor.Category != ""
	}
	r.document.Factors = append(r.document.Factors, factor)
}

// factorTable reads a table with a column of factors, and one of categories if there is one.
func (r *reader) factorTable(p *part, b block, node *extensionast.Table) {
	t := r.table(node)
	text, category := -1, -1
	for i, cell := range t.heading {
		switch key(cell.plain) {
		case "factor", "contributing factor", "cause", "root cause", "description", "what", "factors":
			text = i
		case "category", "type", "kind", "area":
			category = i
		}
	}
	if text < 0 {
		r.keep(p, b)
		return
	}
	for i, row := range t.rows {
		factor := Factor{Description: row[text].text, Line: r.line(t.at[i])}
		for i, cell := range row {
			switch {
			case i == text || cell.text == "":
			case i == category && enum(cell.plain, categories) != "":
				factor.Category = enum(cell.plain, categories)
			default:
				factor.Description += "\n\n**" + t.heading[i].plain + ":** " + cell.text
			}
		}
		r.addFactor(factor)
	}
	for _, cell := range t.heading {
		p.name(cell.plain)
	}
}

func hasAny(blocks []block, kinds ...ast.NodeKind) bool {
	for _, b := range blocks {
		for _, kind := range kinds {
			if b.node.Kind() == kind {
				return true
			}
		}
	}
	return false
}
