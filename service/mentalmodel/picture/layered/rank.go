package layered

import "slices"

// rank gives each box a layer, so that arrows lead to the right. Arrows that would close a circle are turned for it.
func (p *part) rank() {
	next := make([][]int, len(p.members))
	for _, number := range p.numbers {
		from := p.local[p.arrows[number].From]
		next[from] = append(next[from], number)
	}
	order := p.turnCircles(next)
	p.ranks = make([]int, len(p.members))
	for _, i := range order {
		for _, j := range p.after(i, next) {
			p.ranks[j] = max(p.ranks[j], p.ranks[i]+1)
		}
	}
	p.tighten()
}

// ends are an arrow's ends in local numbers, as it is laid out.
func (p *part) ends(number int) (from, to int) {
	from, to = p.local[p.arrows[number].From], p.local[p.arrows[number].To]
	if p.reversed[number] {
		return to, from
	}
	return from, to
}

// turnCircles walks depth first, from boxes first to which nothing leads, and turns what leads back. It returns the boxes
// in topological order.
func (p *part) turnCircles(next [][]int) []int {
	const unseen, open, done = 0, 1, 2
	state := make([]int, len(p.members))
	var finished []int
	type visit struct{ box, arrow int }
	for _, start := range p.starts() {
		if state[start] != unseen {
			continue
		}
		stack := []visit{{start, 0}}
		state[start] = open
		for len(stack) > 0 {
			top := &stack[len(stack)-1]
			if top.arrow == len(next[top.box]) {
				state[top.box] = done
				finished = append(finished, top.box)
				stack = stack[:len(stack)-1]
				continue
			}
			number := next[top.box][top.arrow]
			top.arrow++
			switch to := p.local[p.arrows[number].To]; state[to] {
			case open:
				p.reversed[number] = true
			case unseen:
				state[to] = open
				stack = append(stack, visit{to, 0})
			}
		}
	}
	slices.Reverse(finished)
	return finished
}

// starts are the boxes, those with the fewest arrows that arrive and the most that leave first.
func (p *part) starts() []int {
	surplus := make([]int, len(p.members))
	arriving := make([]int, len(p.members))
	for _, number := range p.numbers {
		surplus[p.local[p.arrows[number].From]]++
		surplus[p.local[p.arrows[number].To]]--
		arriving[p.local[p.arrows[number].To]]++
	}
	order := make([]int, len(p.members))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		if sourceA, sourceB := arriving[a] == 0, arriving[b] == 0; sourceA != sourceB {
			if sourceA {
				return -1
			}
			return 1
		}
		return surplus[b] - surplus[a]
	})
	return order
}

// after are the boxes to which arrows lead, those of turned arrows too.
func (p *part) after(i int, next [][]int) []int {
	if p.before == nil {
		p.before = make([][]int, len(p.members))
		for _, number := range p.numbers {
			if p.reversed[number] {
				from, to := p.ends(number)
				p.before[from] = append(p.before[from], to)
			}
		}
	}
	var found []int
	for _, number := range next[i] {
		if !p.reversed[number] {
			found = append(found, p.local[p.arrows[number].To])
		}
	}
	return append(found, p.before[i]...)
}

// tightenRounds is how often boxes are moved towards where most of their arrows lead.
const tightenRounds = 8

// tighten moves each box within the layers that its arrows allow, to where they are shorter in sum.
func (p *part) tighten() {
	before, behind := make([][]int, len(p.members)), make([][]int, len(p.members))
	for _, number := range p.numbers {
		from, to := p.ends(number)
		behind[from], before[to] = append(behind[from], to), append(before[to], from)
	}
	for range tightenRounds {
		moved := false
		for i := range p.members {
			lowest, highest := 0, 1<<30
			for _, j := range before[i] {
				lowest = max(lowest, p.ranks[j]+1)
			}
			for _, j := range behind[i] {
				highest = min(highest, p.ranks[j]-1)
			}
			wanted := p.ranks[i]
			switch {
			case len(behind[i]) > len(before[i]):
				wanted = highest
			case len(before[i]) > len(behind[i]):
				wanted = lowest
			}
			moved = moved || wanted != p.ranks[i]
			p.ranks[i] = wanted
		}
		if !moved {
			return
		}
	}
}

// subdivide makes a chain of bends of each arrow, with its label in the midst. Boxes stand in even layers, labels in odd
// ones. It returns how many arrows were left out because there would be too many bends.
func (p *part) subdivide(bends *int) (leftOut int) {
	deepest := 0
	for i, member := range p.members {
		p.vertices = append(p.vertices, vertex{layer: 2 * p.ranks[i], size: p.boxes[member], isBox: true})
		deepest = max(deepest, 2*p.ranks[i])
	}
	for _, number := range p.numbers {
		from, to := p.ends(number)
		begin, end := 2*p.ranks[from], 2*p.ranks[to]
		if *bends += end - begin - 1; *bends > maxBends {
			*bends -= end - begin - 1
			leftOut++
			continue
		}
		label := (begin + end) / 2
		if label%2 == 0 {
			label--
		}
		chain := []int{from}
		for layer := begin + 1; layer < end; layer++ {
			bend := vertex{layer: layer}
			if layer == label {
				bend.size = p.arrows[number].Label
				p.labels[number] = len(p.vertices)
			}
			chain = append(chain, len(p.vertices))
			p.vertices = append(p.vertices, bend)
		}
		chain = append(chain, to)
		for i := range len(chain) - 1 {
			a, b := &p.vertices[chain[i]], &p.vertices[chain[i+1]]
			a.next, b.previous = append(a.next, chain[i+1]), append(b.previous, chain[i])
		}
		p.chains[number] = chain
	}
	p.layers = make([][]int, deepest+1)
	for i, v := range p.vertices {
		p.layers[v.layer] = append(p.layers[v.layer], i)
	}
	return leftOut
}
