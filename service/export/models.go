package export

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// mermaidLanguage is what the code blocks of flowcharts are marked with.
const mermaidLanguage = "mermaid"

// Picture is a drawing of what a code block of a document says.
type Picture struct {
	// Source is the digest of the flowchart that it shows; see [PictureSource].
	Source string
	// SVG is the drawing: one svg element that runs nothing, loads nothing, and has no style but attributes. It is not
	// sanitized, and so must not come from elsewhere.
	SVG []byte
}

// PictureSource names a flowchart of Mermaid, so that the place of its picture is found again: by its SHA-256.
func PictureSource(mermaid string) string {
	sum := sha256.Sum256([]byte(flowchart(mermaid)))
	return hex.EncodeToString(sum[:])
}

// flowchart is a flowchart as it stands in a document.
func flowchart(mermaid string) string { return strings.TrimSpace(clean(mermaid)) }

// hangPictures puts pictures in the place of the flowcharts that they show.
func hangPictures(parent ast.Node, source []byte, pictures []Picture) {
	if len(pictures) == 0 {
		return
	}
	for child := parent.FirstChild(); child != nil; {
		next := child.NextSibling()
		if code, ok := child.(*ast.FencedCodeBlock); !ok {
			hangPictures(child, source, pictures)
		} else if string(code.Language(source)) == mermaidLanguage {
			if picture, ok := pictureOf(string(code.Lines().Value(source)), pictures); ok {
				parent.ReplaceChild(parent, child, framed(picture))
			}
		}
		child = next
	}
}

func pictureOf(mermaid string, pictures []Picture) (Picture, bool) {
	wanted := PictureSource(mermaid)
	for _, picture := range pictures {
		if picture.Source == wanted {
			return picture, true
		}
	}
	return Picture{}, false
}

// framed is a picture that scrolls by itself where it is wider than the page, also by keyboard.
func framed(picture Picture) ast.Node {
	frame := newContainer("div", "class", "picture", "tabindex", "0")
	drawing := ast.NewString(bytes.TrimSpace(picture.SVG))
	drawing.SetCode(true) // which is written as it is
	block := ast.NewTextBlock()
	block.AppendChild(block, drawing)
	frame.AppendChild(frame, block)
	return frame
}

// models shows what roles and teams believed of systems: their gaps in a table, and the picture.
func (w *writer) models(document Document) {
	if len(document.Models)+document.FurtherModels == 0 {
		return
	}
	w.section("Mental models")
	omitted := w.blocks(len(document.Models), w.room(), func(i int) string { return document.Models[i].markdown() })
	w.leftOut(omitted+document.FurtherModels, "mental model", "mental models")
}

func (m Model) markdown() string {
	w := &writer{}
	w.block("### %s of %s", holder(m.HeldBy, "Somebody"), line(m.System))
	if m.SystemRevision > 0 {
		w.block("Compared with revision %d of the system.", m.SystemRevision)
	}
	if text := embed(m.Description, subsectionLevel); text != "" {
		w.block("%s", text)
	}
	if len(m.Gaps)+m.FurtherGaps == 0 {
		w.block("What was believed and what is so do not differ.")
		return strings.TrimSuffix(w.String(), "\n")
	}
	var table strings.Builder
	writeRow(&table, []string{"Gap", "Of", "Believed", "Actual", "Surprise", "What changed it"})
	writeRow(&table, []string{"---", "---", "---", "---", "---", "---"})
	for _, gap := range m.Gaps {
		writeRow(&table, gap.cells())
	}
	w.block("%s", strings.TrimSuffix(table.String(), "\n"))
	w.leftOut(m.FurtherGaps, "gap", "gaps")
	if text := flowchart(m.Mermaid); text != "" {
		fence := "```"
		for strings.Contains(text, fence) {
			fence += "`"
		}
		w.block("%s%s\n%s\n%s", fence, mermaidLanguage, text, fence)
	}
	return strings.TrimSuffix(w.String(), "\n")
}

func (g Gap) cells() []string {
	kind := words(g.Kind)
	if g.Resolved {
		kind += " (not any more)"
	}
	about := cmp.Or(strings.Join(g.Components, " → "), "the whole system")
	if g.FactKey != "" {
		about = fmt.Sprintf("%s: %s", about, g.FactKey)
	}
	updates := make([]string, len(g.Updates))
	for i, update := range g.Updates {
		updates[i] = line(update)
	}
	return []string{kind, line(about), line(g.Believed), line(g.Actual), words(g.Surprise), strings.Join(updates, "; ")}
}
