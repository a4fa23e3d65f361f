package picture

import (
	"fmt"

	"github.com/debriefhq/debrief/service/mentalmodel"
	"github.com/debriefhq/debrief/service/mentalmodel/picture/layered"
)

// headLength is how long an arrowhead is.
const headLength = 9

func (d *drawing) arrow(i int) {
	l, route := d.lines[i], d.layout.Routes[i]
	style := styleOf(l.status)
	if l.from == l.to {
		d.loop(i)
		return
	}
	if len(route.Steps) == 0 {
		return
	}
	steps := make([][2]layered.Point, len(route.Steps))
	for j, step := range route.Steps {
		for k, point := range step {
			steps[j][k] = layered.Point{X: point.X + margin, Y: point.Y + d.top}
		}
	}
	tip, direction := steps[len(steps)-1][1], 1.0
	if route.Leftward {
		tip, direction = steps[0][0], -1
		steps[0][0].X += headLength
	} else {
		steps[len(steps)-1][1].X -= headLength
	}
	fmt.Fprintf(d, `<path d="M%s %s`, number(steps[0][0].X), number(steps[0][0].Y))
	for j, step := range steps {
		if j > 0 {
			before := steps[j-1][1]
			bend := (step[0].X - before.X) / 2
			fmt.Fprintf(d, "C%s %s %s %s %s %s", number(before.X+bend), number(before.Y), number(step[0].X-bend), number(step[0].Y), number(step[0].X), number(step[0].Y))
		}
		fmt.Fprintf(d, "H%s", number(step[1].X))
	}
	fmt.Fprintf(d, `" fill="none" %s/>`+"\n", style.strokeAttributes())
	d.arrowhead(tip, direction*headLength, 0, style)
}

// arrowhead draws a head whose tip is at a point, and that comes from the given distance.
func (d *drawing) arrowhead(tip layered.Point, dx, dy float64, style style) {
	half := 4.5
	a := layered.Point{X: tip.X - dx, Y: tip.Y - dy}
	sideX, sideY := 0.0, half
	if dx == 0 {
		sideX, sideY = half, 0
	}
	fmt.Fprintf(d, `<path d="M%s %sL%s %sL%s %sZ" fill="%s"/>`+"\n", number(tip.X), number(tip.Y),
		number(a.X-sideX), number(a.Y-sideY), number(a.X+sideX), number(a.Y+sideY), style.stroke)
}

// loop draws an arrow from a box to itself above it.
func (d *drawing) loop(i int) {
	box := d.lines[i].from
	at, size, style := d.place(box), d.sizes[box], styleOf(d.lines[i].status)
	y, nesting := d.loopTop(i)
	inset := max(10, 40-8*float64(nesting))
	left, right := at.X+min(inset, size.width/3), at.X+size.width-min(inset, size.width/3)
	fmt.Fprintf(d, `<path d="M%s %sV%sH%sV%s" fill="none" stroke-linejoin="round" %s/>`+"\n",
		number(left), number(at.Y), number(y), number(right), number(at.Y-headLength), style.strokeAttributes())
	d.arrowhead(layered.Point{X: right, Y: at.Y}, 0, headLength, style)
}

// loopTop is the height of a loop, and how many loops lie within it.
func (d *drawing) loopTop(i int) (y float64, nesting int) {
	y = d.place(d.lines[i].from).Y
	for nesting, other := range d.loops[d.lines[i].from] {
		room := loopHeight + labelSize(d.labels[other]).Height
		if other == i {
			return y - room/2 - loopHeight/2, nesting
		}
		y -= room
	}
	return y, 0
}

// labelPlace is the middle of an arrow's label; ok is false where the arrow is not drawn.
func (d *drawing) labelPlace(i int) (middle layered.Point, ok bool) {
	l := d.lines[i]
	if l.from == l.to {
		y, _ := d.loopTop(i)
		return layered.Point{X: d.place(l.from).X + d.sizes[l.from].width/2, Y: y}, true
	}
	at := d.layout.Routes[i].Label
	return layered.Point{X: at.X + margin, Y: at.Y + d.top}, len(d.layout.Routes[i].Steps) > 0
}

func (d *drawing) label(i int) {
	at, ok := d.labelPlace(i)
	if !ok {
		return
	}
	l, size := d.lines[i], labelSize(d.labels[i])
	style := styleOf(l.status)
	weight := ""
	if l.status != mentalmodel.Agreed {
		weight = ` font-weight="bold"`
	}
	fmt.Fprintf(d, `<g><title>%s</title><rect x="%s" y="%s" width="%s" height="%s" rx="3" fill="#ffffff"/>`+"\n",
		text(fmt.Sprintf("%s %s: %s %s %s", style.symbol, style.word, d.boxes[l.from].name, l.label, d.boxes[l.to].name)),
		number(at.X-size.Width/2), number(at.Y-size.Height/2), number(size.Width), number(size.Height))
	for j, line := range d.labels[i] {
		y := at.Y - size.Height/2 + float64(textHeight*(j+1)) - 2
		d.write(line, at.X, y, fmt.Sprintf(`text-anchor="middle" fill=%q%s`, style.stroke, weight))
	}
	d.WriteString("</g>\n")
}
