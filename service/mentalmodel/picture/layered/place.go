package layered

import "math"

// placeRounds is how often each layer is drawn towards its neighbours.
const placeRounds = 40

// place gives each vertex its y, and each layer its x.
func (p *part) place() {
	for layer := range p.layers {
		y := 0.0
		for i, id := range p.layers[layer] {
			if i > 0 {
				y += p.distance(p.layers[layer][i-1], id)
			}
			p.vertices[id].y = y
		}
	}
	for round := range placeRounds {
		for step := range p.layers {
			layer := step
			if round%2 == 1 {
				layer = len(p.layers) - 1 - step
			}
			p.settle(layer)
		}
	}
	p.toOrigin()
	p.columns()
}

// distance is how far the middles of two neighbours of a layer are apart at least.
func (p *part) distance(a, b int) float64 {
	gap := gapBetweenArrows
	if p.vertices[a].isBox || p.vertices[b].isBox {
		gap = gapBetweenBoxes
	}
	return (p.vertices[a].size.Height+p.vertices[b].size.Height)/2 + float64(gap)
}

// Arrows are pulled straight the more the longer they are.
const (
	pullOfBends = 8
	pullOfBend  = 2
	pullOfBoxes = 1
)

func (p *part) pull(a, b int) float64 {
	switch {
	case !p.vertices[a].isBox && !p.vertices[b].isBox:
		return pullOfBends
	case !p.vertices[a].isBox || !p.vertices[b].isBox:
		return pullOfBend
	default:
		return pullOfBoxes
	}
}

// settle moves the vertices of a layer as near to their neighbours in other layers as their order and distances allow: the
// least squares under that constraint, by pooling adjacent violators.
func (p *part) settle(layer int) {
	type block struct {
		sum, weight float64
		count       int
	}
	order := p.layers[layer]
	offsets := make([]float64, len(order))
	var blocks []block
	for i, id := range order {
		if i > 0 {
			offsets[i] = offsets[i-1] + p.distance(order[i-1], id)
		}
		wanted, weight := p.wanted(id)
		blocks = append(blocks, block{(wanted - offsets[i]) * weight, weight, 1})
		for n := len(blocks); n > 1 && blocks[n-2].sum/blocks[n-2].weight > blocks[n-1].sum/blocks[n-1].weight; n = len(blocks) {
			last := blocks[n-1]
			blocks = blocks[:n-1]
			blocks[n-2].sum += last.sum
			blocks[n-2].weight += last.weight
			blocks[n-2].count += last.count
		}
	}
	i := 0
	for _, b := range blocks {
		for range b.count {
			p.vertices[order[i]].y = offsets[i] + b.sum/b.weight
			i++
		}
	}
}

// wanted is the mean of a vertex's neighbours, and how much it is pulled there.
func (p *part) wanted(id int) (y, weight float64) {
	for _, neighbours := range [2][]int{p.vertices[id].previous, p.vertices[id].next} {
		for _, other := range neighbours {
			pull := p.pull(id, other)
			y, weight = y+pull*p.vertices[other].y, weight+pull
		}
	}
	if weight == 0 {
		return p.vertices[id].y, 0.1
	}
	return y / weight, weight
}

// toOrigin moves all so that the uppermost begins at zero, and rounds, which keeps texts of pictures short.
func (p *part) toOrigin() {
	top, bottom := math.Inf(1), math.Inf(-1)
	for _, v := range p.vertices {
		top, bottom = min(top, v.y-v.size.Height/2), max(bottom, v.y+v.size.Height/2)
	}
	for i := range p.vertices {
		p.vertices[i].y = math.Round(p.vertices[i].y - top)
	}
	p.height = math.Ceil(bottom-top) + 1
}

// columns gives each layer its place: as wide as its widest vertex, and farther from the next the steeper arrows are
// between them.
func (p *part) columns() {
	p.left, p.right = make([]float64, len(p.layers)), make([]float64, len(p.layers))
	x := 0.0
	for layer, order := range p.layers {
		width, steepest := 0.0, 0.0
		for _, id := range order {
			width = max(width, p.vertices[id].size.Width)
			for _, other := range p.vertices[id].next {
				steepest = max(steepest, math.Abs(p.vertices[other].y-p.vertices[id].y))
			}
		}
		p.left[layer], p.right[layer] = x, x+width
		x += width
		if layer < len(p.layers)-1 {
			x += math.Round(min(widestGap, gapBetweenLayers+steepest*0.15))
		}
	}
	p.width = x
}
