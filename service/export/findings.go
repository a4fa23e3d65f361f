package export

import (
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// beliefs lays what was believed beside what was true: in a table where both are a line, one below the other where they
// are more.
func (w *writer) beliefs(title string, beliefs []Belief) {
	if len(beliefs) == 0 {
		return
	}
	w.section(title)
	room := w.room()
	var table strings.Builder
	var rest []Belief
	omitted := 0
	for _, belief := range beliefs {
		cells, fits := belief.cells()
		switch {
		case !fits:
			rest = append(rest, belief)
		case w.Len()+table.Len() > room.end:
			omitted++
		default:
			writeRow(&table, cells)
		}
	}
	if table.Len() > 0 {
		w.block("| Held by | What we believed | What was true | Shown by |\n| --- | --- | --- | --- |\n%s", strings.TrimSuffix(table.String(), "\n"))
	}
	omitted += w.blocks(len(rest), room, func(i int) string { return rest[i].markdown() })
	w.leftOut(omitted, "belief", "beliefs")
}

// cells are a belief in one row, if it fits in one.
func (b Belief) cells() ([]string, bool) {
	believed, ok := cell(b.Believed)
	actual, alsoOK := cell(b.Actual)
	if !ok || !alsoOK {
		return nil, false
	}
	var links []string
	for _, e := range b.Evidence {
		if e.Excerpt != "" {
			return nil, false
		}
		links = append(links, strings.ReplaceAll(e.markdown(), ", ", `\, `))
	}
	return []string{holder(b.HeldBy, "We"), believed, actual, strings.Join(links, ", ")}, true
}

// cell is Markdown that fits in a table, which is one paragraph.
func cell(markdown string) (string, bool) {
	source := []byte(clean(markdown))
	tree, ok := parse(source)
	if !ok || tree.ChildCount() != 1 || tree.FirstChild().Kind() != ast.KindParagraph || hasPipeInCode(tree, source) {
		return "", false
	}
	w := &blockWriter{source: source}
	return w.oneLine(tree.FirstChild()), true
}

// hasPipeInCode is true of code that would have to be written otherwise in a table.
func hasPipeInCode(n ast.Node, source []byte) bool {
	if n.Kind() == ast.KindCodeSpan {
		return strings.Contains(plainText(n, source), "|")
	}
	for child := n.FirstChild(); child != nil; child = child.NextSibling() {
		if hasPipeInCode(child, source) {
			return true
		}
	}
	return false
}

func (b Belief) markdown() string {
	parts := []string{
		"**" + holder(b.HeldBy, "We") + " believed:**", prefixed(embed(b.Believed, subsectionLevel), "> ", "> "),
		"**What was true:**", prefixed(embed(b.Actual, subsectionLevel), "> ", "> "),
	}
	if shown := evidence(b.Evidence); shown != "" {
		parts = append(parts, shown)
	}
	return strings.Join(parts, "\n\n")
}

func holder(heldBy, otherwise string) string {
	if heldBy = line(heldBy); heldBy != "" {
		return heldBy
	}
	return otherwise
}

// categories are the API's, in its order.
var categories = []string{
	"ARCHITECTURE", "TOOLING", "DOCUMENTATION", "PROCESS", "TRAINING", "ACCESS_AND_SAFEGUARDS", "OBSERVABILITY",
	"COMMUNICATION", "WORKLOAD", "EXTERNAL_DEPENDENCY", "UNKNOWN",
}

// factors shows contributing factors under their categories, those without one last.
func (w *writer) factors(title string, factors []Factor) {
	w.section(title)
	if len(factors) == 0 {
		w.block("None recorded.")
		return
	}
	sorted := slices.Clone(factors)
	slices.SortStableFunc(sorted, func(a, b Factor) int { return categoryRank(a.Category) - categoryRank(b.Category) })
	category := -1
	omitted := w.blocks(len(sorted), w.room(), func(i int) string {
		text := sorted[i].markdown()
		if rank := categoryRank(sorted[i].Category); rank != category {
			category = rank
			text = "### " + categoryTitle(rank) + "\n\n" + text
		}
		return text
	})
	w.leftOut(omitted, "contributing factor", "contributing factors")
}

// categoryRank is a category's place in the document. One that is not the API's counts as none.
func categoryRank(category string) int {
	if rank := slices.Index(categories, category); rank >= 0 {
		return rank
	}
	return len(categories)
}

func categoryTitle(rank int) string {
	if rank == len(categories) {
		return "Without a category"
	}
	return words(categories[rank])
}

func (f Factor) markdown() string {
	var parts []string
	if text := embed(f.Description, subsectionLevel); text != "" {
		parts = append(parts, text)
	}
	if shown := evidence(f.Evidence); shown != "" {
		parts = append(parts, shown)
	}
	return prefixed(strings.Join(parts, "\n\n"), "- ", "  ")
}
