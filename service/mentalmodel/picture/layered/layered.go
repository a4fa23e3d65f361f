// Package layered arranges boxes and the arrows between them in layers from left to right, after K. Sugiyama, S. Tagawa
// and M. Toda, "Methods for Visual Understanding of Hierarchical System Structures" (1981). No box covers another, no
// arrow runs through a box, and each label has a place of its own. The same input leads to the same picture.
//
// The engines that exist for Go were measured and not taken: ports of dagre need seconds of an interpreter for sixty boxes
// and can't be stopped, Graphviz in WebAssembly compiles itself whenever a program starts and loads what it compiled from a
// folder that all users share, and force-directed layouts run arrows through boxes.
package layered

import (
	"cmp"
	"math"
	"slices"
)

// Box is what is placed, by its size. Any unit will do.
type Box struct {
	Width, Height float64
	// Top is the part of the height, from above, that arrows do not touch.
	Top float64
}

// Arrow leads from one box to another, by their numbers, and may have a label.
type Arrow struct {
	From, To int
	// Label is the size of the label; nothing where there is none.
	Label Box
}

// Point is a place; x grows to the right, y downwards.
type Point struct{ X, Y float64 }

// Route is where an arrow runs.
type Route struct {
	// Steps are the straight pieces of the way, all horizontal, two points each, from left to right; a curve leads from
	// the end of one to the begin of the next. It is empty for an arrow from a box to itself, and for one that was left out.
	Steps [][2]Point
	// Leftward is true if the arrow leads from the end of the way to its begin.
	Leftward bool
	// Label is the middle of the label.
	Label Point
}

// Layout is an arrangement.
type Layout struct {
	// Boxes are the upper left corners of the boxes.
	Boxes  []Point
	Routes []Route
	// Width and Height are of the whole.
	Width, Height float64
	// LeftOut counts arrows that found no room within the bounds. The last ones are left out first.
	LeftOut int
}

// Distances, in the unit of the sizes.
const (
	gapBetweenBoxes  = 26
	gapBetweenArrows = 12
	gapBetweenLayers = 20
	widestGap        = 80
	gapBetweenParts  = 40
)

// maxBends is how many bends all arrows together may have: an arrow has two for each layer that it passes. It bounds time
// and memory.
const maxBends = 12_000

// Arrange places boxes. Arrows whose ends are no boxes are left out.
func Arrange(boxes []Box, arrows []Arrow) Layout {
	layout := Layout{Boxes: make([]Point, len(boxes)), Routes: make([]Route, len(arrows))}
	bends := 0
	var parts []*part
	for _, p := range split(boxes, arrows) {
		p.rank()
		layout.LeftOut += p.subdivide(&bends)
		p.order()
		p.place()
		parts = append(parts, p)
	}
	pack(parts, &layout)
	for _, a := range arrows {
		if !inside(a.From, boxes) || !inside(a.To, boxes) {
			layout.LeftOut++
		}
	}
	return layout
}

func inside(number int, boxes []Box) bool { return number >= 0 && number < len(boxes) }

// part is a piece of the graph that no arrow connects with the rest.
type part struct {
	boxes  []Box
	arrows []Arrow
	// members are the numbers of the part's boxes, numbers those of its arrows.
	members, numbers []int
	// local are the numbers within the part, by the number of the box.
	local map[int]int
	// ranks are the boxes' layers, in local numbers.
	ranks []int
	// reversed are arrows that would close a circle: they are laid out the other way round.
	reversed map[int]bool
	// before are the boxes to which turned arrows lead.
	before [][]int

	vertices []vertex
	layers   [][]int
	// chains are the vertices that each arrow passes, from left to right, by the number of the arrow.
	chains map[int][]int
	// labels are the vertices that hold labels, by the number of the arrow.
	labels map[int]int
	// left and right are the bounds of each layer.
	left, right   []float64
	width, height float64
}

// vertex is a box, a label or a bend of an arrow.
type vertex struct {
	layer    int
	size     Box
	isBox    bool
	previous []int
	next     []int
	position int
	y        float64
}

// split finds the parts, in the order of their first boxes, by union-find.
func split(boxes []Box, arrows []Arrow) []*part {
	parent := make([]int, len(boxes))
	for i := range parent {
		parent[i] = i
	}
	find := func(i int) int {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	for _, a := range arrows {
		if inside(a.From, boxes) && inside(a.To, boxes) {
			parent[find(a.To)] = find(a.From)
		}
	}
	byRoot := make(map[int]*part)
	var parts []*part
	for i := range boxes {
		p := byRoot[find(i)]
		if p == nil {
			p = &part{boxes: boxes, arrows: arrows, local: map[int]int{}, reversed: map[int]bool{}, chains: map[int][]int{}, labels: map[int]int{}}
			byRoot[find(i)] = p
			parts = append(parts, p)
		}
		p.local[i] = len(p.members)
		p.members = append(p.members, i)
	}
	for number, a := range arrows {
		if inside(a.From, boxes) && inside(a.To, boxes) && a.From != a.To {
			p := byRoot[find(a.From)]
			p.numbers = append(p.numbers, number)
		}
	}
	return parts
}

// pack puts the parts in rows, the tallest first, so that the whole is about as wide as a screen is beside its height.
func pack(parts []*part, layout *Layout) {
	area, widest := 0.0, 0.0
	for _, p := range parts {
		area += (p.width + gapBetweenParts) * (p.height + gapBetweenParts)
		widest = max(widest, p.width)
	}
	limit := max(widest, math.Sqrt(area*1.6))
	slices.SortStableFunc(parts, func(a, b *part) int { return cmp.Compare(b.height, a.height) })
	x, y, tallest := 0.0, 0.0, 0.0
	for _, p := range parts {
		if x > 0 && x+p.width > limit {
			x, y, tallest = 0, y+tallest+gapBetweenParts, 0
		}
		p.write(layout, Point{x, y})
		layout.Width, layout.Height = max(layout.Width, x+p.width), max(layout.Height, y+p.height)
		x, tallest = x+p.width+gapBetweenParts, max(tallest, p.height)
	}
}

// write puts the part at a place of the whole.
func (p *part) write(layout *Layout, at Point) {
	for i, member := range p.members {
		v := p.vertices[i]
		middle := (p.left[v.layer] + p.right[v.layer]) / 2
		layout.Boxes[member] = Point{at.X + middle - v.size.Width/2, at.Y + v.y - v.size.Height/2}
	}
	ports := p.ports()
	for _, number := range p.numbers {
		if chain := p.chains[number]; len(chain) > 0 {
			layout.Routes[number] = p.route(number, chain, ports, at)
		}
	}
}

func (p *part) route(number int, chain []int, ports map[port]float64, at Point) Route {
	route := Route{Leftward: p.reversed[number]}
	for i, id := range chain {
		v := p.vertices[id]
		begin, end, y := p.left[v.layer], p.right[v.layer], v.y
		middle := (begin + end) / 2
		switch i {
		case 0:
			begin, y = middle+v.size.Width/2, ports[port{number, true}]
		case len(chain) - 1:
			end, y = middle-v.size.Width/2, ports[port{number, false}]
		}
		route.Steps = append(route.Steps, [2]Point{{at.X + begin, at.Y + y}, {at.X + end, at.Y + y}})
		if label, ok := p.labels[number]; ok && label == id {
			route.Label = Point{at.X + middle, at.Y + y}
		}
	}
	return route
}

// port is where an arrow leaves a box to the right, or enters it from the left.
type port struct {
	arrow int
	right bool
}

// gapBetweenPorts is how far apart ports are, if the box is tall enough.
const gapBetweenPorts = 14

// ports spreads the ends of arrows over the sides of their boxes, in the order in which the arrows arrive.
func (p *part) ports() map[port]float64 {
	type side struct {
		vertex int
		right  bool
	}
	type end struct {
		arrow   int
		towards float64
	}
	ends := make(map[side][]end)
	for _, number := range p.numbers {
		if chain := p.chains[number]; len(chain) > 0 {
			last := len(chain) - 1
			from, to := side{chain[0], true}, side{chain[last], false}
			ends[from] = append(ends[from], end{number, p.vertices[chain[1]].y})
			ends[to] = append(ends[to], end{number, p.vertices[chain[last-1]].y})
		}
	}
	ports := make(map[port]float64, 2*len(p.numbers))
	for at, list := range ends {
		slices.SortStableFunc(list, func(a, b end) int { return cmp.Or(cmp.Compare(a.towards, b.towards), cmp.Compare(a.arrow, b.arrow)) })
		v := p.vertices[at.vertex]
		step := min(gapBetweenPorts, (v.size.Height-v.size.Top)*0.8/float64(len(list)))
		for i, e := range list {
			ports[port{e.arrow, at.right}] = v.y + v.size.Top/2 + step*(float64(i)-float64(len(list)-1)/2)
		}
	}
	return ports
}
