package layered

import (
	"cmp"
	"slices"
)

// Sweeps over the layers: few where there is much to sweep over.
const (
	sweeps      = 24
	manySweeps  = 4_000
	sweepsOfBig = 8
)

// order puts the vertices of each layer in an order in which arrows cross seldom: each towards the mean of its neighbours
// in the layer beside it, to and fro. The best order that was seen is kept.
func (p *part) order() {
	p.depthFirst()
	best, fewest := p.snapshot(), p.crossings()
	rounds := sweeps
	if len(p.vertices) > manySweeps {
		rounds = sweepsOfBig
	}
	for round := range rounds {
		if fewest == 0 {
			break
		}
		p.sweep(round%2 == 0)
		p.exchange()
		if crossings := p.crossings(); crossings < fewest {
			best, fewest = p.snapshot(), crossings
		}
	}
	for layer, order := range best {
		p.layers[layer] = order
		p.number(layer)
	}
}

func (p *part) number(layer int) {
	for i, id := range p.layers[layer] {
		p.vertices[id].position = i
	}
}

func (p *part) snapshot() [][]int {
	copied := make([][]int, len(p.layers))
	for i, layer := range p.layers {
		copied[i] = slices.Clone(layer)
	}
	return copied
}

// depthFirst is the first order: what hangs together stands together.
func (p *part) depthFirst() {
	seen := make([]bool, len(p.vertices))
	layers := make([][]int, len(p.layers))
	for start := range p.vertices {
		stack := []int{start}
		for len(stack) > 0 {
			id := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if seen[id] {
				continue
			}
			seen[id] = true
			layers[p.vertices[id].layer] = append(layers[p.vertices[id].layer], id)
			for _, other := range slices.Backward(p.vertices[id].previous) {
				stack = append(stack, other)
			}
			for _, other := range slices.Backward(p.vertices[id].next) {
				stack = append(stack, other)
			}
		}
	}
	p.layers = layers
	for layer := range p.layers {
		p.number(layer)
	}
}

func (p *part) sweep(rightward bool) {
	for step := range p.layers {
		layer := step
		if !rightward {
			layer = len(p.layers) - 1 - step
		}
		means := make(map[int]float64, len(p.layers[layer]))
		for _, id := range p.layers[layer] {
			neighbours := p.vertices[id].previous
			if !rightward {
				neighbours = p.vertices[id].next
			}
			means[id] = float64(p.vertices[id].position)
			if len(neighbours) > 0 {
				sum := 0.0
				for _, other := range neighbours {
					sum += float64(p.vertices[other].position)
				}
				means[id] = sum / float64(len(neighbours))
			}
		}
		slices.SortStableFunc(p.layers[layer], func(a, b int) int { return cmp.Compare(means[a], means[b]) })
		p.number(layer)
	}
}

// maxExchange is how large a layer may be for its neighbours to be exchanged.
const maxExchange = 120

// exchange swaps neighbours wherever that leads to fewer crossings.
func (p *part) exchange() {
	for layer, order := range p.layers {
		if len(order) > maxExchange {
			continue
		}
		for i := range len(order) - 1 {
			a, b := order[i], order[i+1]
			if p.crossingsOf(b, a) < p.crossingsOf(a, b) {
				order[i], order[i+1] = b, a
			}
		}
		p.number(layer)
	}
}

// crossingsOf counts how often the arrows of two neighbours cross, if the first stands above the second.
func (p *part) crossingsOf(upper, lower int) int {
	count := 0
	for _, sides := range [2][2][]int{
		{p.vertices[upper].previous, p.vertices[lower].previous}, {p.vertices[upper].next, p.vertices[lower].next},
	} {
		if len(sides[0])*len(sides[1]) > maxExchange*maxExchange {
			continue
		}
		for _, a := range sides[0] {
			for _, b := range sides[1] {
				if p.vertices[a].position > p.vertices[b].position {
					count++
				}
			}
		}
	}
	return count
}

// crossings counts all crossings, after W. Barth, M. Jünger and P. Mutzel, "Simple and Efficient Bilayer Cross Counting"
// (2002): pairs of arrows that stand in one order on the left and in the other on the right.
func (p *part) crossings() int {
	total := 0
	for layer := range len(p.layers) - 1 {
		var ends []int
		for _, id := range p.layers[layer] {
			begin := len(ends)
			for _, other := range p.vertices[id].next {
				ends = append(ends, p.vertices[other].position)
			}
			slices.Sort(ends[begin:])
		}
		total += inversions(ends, len(p.layers[layer+1]))
	}
	return total
}

// inversions counts pairs of which the earlier is the greater, with a Fenwick tree.
func inversions(values []int, limit int) int {
	tree := make([]int, limit+1)
	count := 0
	for seen, value := range values {
		notGreater := 0
		for i := value + 1; i > 0; i -= i & -i {
			notGreater += tree[i]
		}
		count += seen - notGreater
		for i := value + 1; i <= limit; i += i & -i {
			tree[i]++
		}
	}
	return count
}
