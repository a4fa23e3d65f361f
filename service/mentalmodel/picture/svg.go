package picture

import (
	"encoding/xml"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/debriefhq/debrief/service/mentalmodel"
	"github.com/debriefhq/debrief/service/mentalmodel/picture/layered"
)

// Sizes of the picture, in SVG's user units: pixels, unless it is scaled.
const (
	margin      = 24
	padding     = 12
	nameSize    = 13
	textSize    = 11
	titleSize   = 17
	nameHeight  = 17
	textHeight  = 15
	nameLimit   = 190
	remarkLimit = 230
	labelLimit  = 150
	leastWidth  = 90
	loopHeight  = 14
)

// SVG draws the comparison. The picture has its own background, so that it can be read on light and dark pages; it has no
// script, no link, and refers to nothing outside. Its description lists the gaps for those who hear it.
func SVG(comparison mentalmodel.Comparison, options Options) []byte {
	s := show(comparison, options)
	d := drawing{shown: s}
	d.arrange()
	d.head()
	for i := range d.lines {
		d.arrow(i)
	}
	for i := range d.boxes {
		d.box(i)
	}
	for i := range d.lines {
		d.label(i)
	}
	d.legend()
	d.WriteString("</svg>\n")
	return []byte(d.String())
}

// drawing is a picture on its way.
type drawing struct {
	shown
	strings.Builder
	layout layered.Layout
	sizes  []boxSize
	labels [][]string
	// loops are the arrows from a box to itself, by the number of the box.
	loops map[int][]int
	// header are the lines below the title; top is where the graph begins.
	header        []note
	top           float64
	width, height float64
}

// boxSize is a box with its text in lines.
type boxSize struct {
	name          []string
	kind          []string
	remarks       []note
	width, height float64
	// above is what loops need over the box.
	above float64
}

func (d *drawing) arrange() {
	d.loops = make(map[int][]int)
	arrows := make([]layered.Arrow, len(d.lines))
	d.labels = make([][]string, len(d.lines))
	for i, l := range d.lines {
		d.labels[i] = wrap(l.label, textSize, labelLimit, true)
		arrows[i] = layered.Arrow{From: l.from, To: l.to, Label: labelSize(d.labels[i])}
		if l.from == l.to {
			d.loops[l.from] = append(d.loops[l.from], i)
		}
	}
	boxes := make([]layered.Box, len(d.boxes))
	d.sizes = make([]boxSize, len(d.boxes))
	for i, b := range d.boxes {
		d.sizes[i] = d.sizeOf(i, b)
		boxes[i] = layered.Box{Width: d.sizes[i].width, Height: d.sizes[i].height + d.sizes[i].above, Top: d.sizes[i].above}
	}
	d.layout = layered.Arrange(boxes, arrows)
	if d.layout.LeftOut > 0 {
		d.notes = append(d.notes, fmt.Sprintf("%d links are not drawn: they would fill the picture.", d.layout.LeftOut))
	}
	for _, n := range d.system {
		for _, line := range wrap(n.text, textSize, 600, false) {
			d.header = append(d.header, note{n.status, line})
		}
	}
	for _, text := range d.notes {
		d.header = append(d.header, note{mentalmodel.Agreed, text})
	}
	d.width = math.Ceil(max(d.layout.Width, d.legendWidth(), min(widthOf(d.title, titleSize, true), 900)) + 2*margin)
	d.top = float64(margin + titleSize + 14 + textHeight*(1+len(d.header)) + 14 + (len(d.titleLines())-1)*(titleSize+5))
	d.height = math.Ceil(d.top + d.layout.Height + margin + legendHeight)
}

func (d *drawing) titleLines() []string {
	return wrap(d.title, titleSize, max(d.layout.Width, d.legendWidth(), 300), true)
}

func labelSize(lines []string) layered.Box {
	width := 0.0
	for _, line := range lines {
		width = max(width, widthOf(line, textSize, true))
	}
	return layered.Box{Width: math.Ceil(width) + 10, Height: float64(textHeight*len(lines)) + 4}
}

func (d *drawing) sizeOf(number int, b box) boxSize {
	s := boxSize{name: wrap(b.name, nameSize, nameLimit, true)}
	text := b.kind
	if b.status != mentalmodel.Agreed {
		style := styleOf(b.status)
		text = style.symbol + " " + style.word
		if b.kind != "" {
			text += " " + b.kind
		}
	}
	if text != "" {
		s.kind = wrap(text, textSize, remarkLimit, true)
	}
	for _, remark := range b.remarks {
		text := styleOf(remark.status).symbol + " " + remark.text
		for _, line := range wrap(text, textSize, remarkLimit, false) {
			s.remarks = append(s.remarks, note{remark.status, line})
		}
	}
	width := float64(leastWidth - 2*padding)
	for _, line := range s.name {
		width = max(width, widthOf(line, nameSize, true))
	}
	for _, line := range s.kind {
		width = max(width, widthOf(line, textSize, true))
	}
	for _, remark := range s.remarks {
		width = max(width, widthOf(remark.text, textSize, false))
	}
	for _, loop := range d.loops[number] {
		width = max(width, labelSize(d.labels[loop]).Width)
		s.above += loopHeight + labelSize(d.labels[loop]).Height
	}
	s.width = math.Ceil(width) + 2*padding
	s.height = float64(nameHeight*len(s.name)+textHeight*(len(s.kind)+len(s.remarks))) + 2*padding - 4
	return s
}

// place is the upper left corner of a box, without its loops.
func (d *drawing) place(number int) layered.Point {
	at := d.layout.Boxes[number]
	return layered.Point{X: at.X + margin, Y: at.Y + d.top + d.sizes[number].above}
}

// text is text in XML.
func text(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // A strings.Builder never fails.
	return b.String()
}

// number is a coordinate, with a decimal at most.
func number(x float64) string {
	return strconv.FormatFloat(math.Round(x*10)/10, 'f', -1, 64)
}

// maxTold is how many gaps the description lists.
const maxTold = 200

func (d *drawing) head() {
	fmt.Fprintf(d, `<svg xmlns="http://www.w3.org/2000/svg" width="%[1]s" height="%[2]s" viewBox="0 0 %[1]s %[2]s" role="img" aria-labelledby="%[3]s-title %[3]s-desc" font-family="Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif" font-size="%[4]d">`+"\n",
		number(d.width), number(d.height), d.id, textSize)
	fmt.Fprintf(d, "<title id=\"%s-title\">%s</title>\n<desc id=\"%s-desc\">%s\n", d.id, text(d.title), d.id, text("A mental model laid over reality. "+d.summary()+"."))
	for i, gap := range d.gaps {
		if i == maxTold {
			fmt.Fprintf(d, "And %d more gaps.\n", len(d.gaps)-maxTold)
			break
		}
		fmt.Fprintf(d, "%d. %s\n", i+1, text(oneLine(gap.Summary)))
	}
	for _, n := range d.notes {
		fmt.Fprintf(d, "%s\n", text(n))
	}
	d.WriteString("</desc>\n")
	fmt.Fprintf(d, `<rect width="%s" height="%s" rx="8" fill="#ffffff" stroke="#c9ced6"/>`+"\n", number(d.width), number(d.height))
	y := float64(margin + titleSize - 3)
	for i, line := range d.titleLines() {
		d.write(line, margin, y+float64(i*(titleSize+5)), `font-size="17" font-weight="bold" fill="#1b1f26"`)
	}
	y += float64((len(d.titleLines()) - 1) * (titleSize + 5))
	d.write(d.summary(), margin, y+20, `fill="#4a5260"`)
	for i, n := range d.header {
		style := styleOf(n.status)
		said := n.text
		if n.status != mentalmodel.Agreed {
			said = style.symbol + " " + said
		}
		d.write(said, margin, y+20+float64(textHeight*(i+1)), fmt.Sprintf(`fill=%q`, style.stroke))
	}
}

func (d *drawing) write(said string, x, y float64, attributes string) {
	fmt.Fprintf(d, `<text x="%s" y="%s" %s>%s</text>`+"\n", number(x), number(y), attributes, text(said))
}

// stroke are the attributes of a line of a status.
func (s style) strokeAttributes() string {
	attributes := fmt.Sprintf(`stroke=%q stroke-width="%s"`, s.stroke, number(s.width))
	if s.dash != "" {
		attributes += fmt.Sprintf(` stroke-dasharray=%q`, s.dash)
	}
	if s.word == "phantom" {
		attributes += ` stroke-linecap="round"`
	}
	return attributes
}

func (d *drawing) box(i int) {
	b, size, at := d.boxes[i], d.sizes[i], d.place(i)
	style := styleOf(b.status)
	fmt.Fprintf(d, "<g><title>%s</title>\n", text(fmt.Sprintf("%s %s: %s", style.symbol, style.word, b.name)))
	fmt.Fprintf(d, `<rect x="%s" y="%s" width="%s" height="%s" rx="5" fill="%s" %s/>`+"\n",
		number(at.X), number(at.Y), number(size.width), number(size.height), style.fill, style.strokeAttributes())
	x, y := at.X+padding, at.Y+padding-4
	for _, line := range size.name {
		y += nameHeight
		d.write(line, x, y-3, `font-size="13" font-weight="bold" fill="#1b1f26"`)
	}
	for _, line := range size.kind {
		y += textHeight
		weight := ""
		if b.status != mentalmodel.Agreed {
			weight = ` font-weight="bold"`
		}
		d.write(line, x, y-3, fmt.Sprintf(`fill=%q%s`, style.stroke, weight))
	}
	for _, remark := range size.remarks {
		y += textHeight
		d.write(remark.text, x, y-3, fmt.Sprintf(`fill=%q`, styleOf(remark.status).stroke))
	}
	d.WriteString("</g>\n")
}
