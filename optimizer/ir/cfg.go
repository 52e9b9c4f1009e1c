package ir

import "slices"

// A Graph is what is known about the control flow of a function until its blocks
// change. It is shared by all who ask for one, and changed by nobody.
type Graph struct {
	Fn    *Func
	Order []*Block   // blocks that can be reached, in reverse postorder
	Preds [][]*Block // by ID of block; a block is listed once for every edge
	pos   []int      // by ID: place in Order, or -1

	// Of dominators, found when they are first asked for.
	idom     []*Block // by ID: immediate dominator; nil of roots
	children [][]*Block
	pre      []int // by ID: entry and exit numbers of a walk of the dominator tree
	post     []int

	loops []*Loop
	found bool    // loops have been looked for
	edges []int32 // of the blocks that it is made of: see flow
}

// IsRoot tells whether execution may start at the block.
func (b *Block) IsRoot() bool { return b == b.fn.Entry() || b.OSR != nil }

// NewGraph analyses the control flow. Blocks that cannot be reached are not in Order.
// As long as the control flow is that of the last graph of the function it answers that.
func NewGraph(f *Func) *Graph {
	if g := f.graph; g != nil && g.current() {
		return g
	}
	g := analyse(f)
	f.graph = g
	return g
}

// flow calls put with numbers that say what the control flow is; it ends when put
// answers false.
func (f *Func) flow(put func(n int32) bool) bool {
	if !put(int32(f.NumBlocks())) || !put(int32(len(f.Blocks))) {
		return false
	}
	for _, b := range f.Blocks {
		// What a block is, how many successors it has and which.
		n := int32(len(b.Succs)) << 1
		if b.OSR != nil {
			n |= 1
		}
		if !put(int32(b.ID)) || !put(n) {
			return false
		}
		for i := range b.Succs {
			if !put(int32(b.Succs[i].To.ID)) {
				return false
			}
		}
	}
	return true
}

// current tells whether the control flow is as it was.
func (g *Graph) current() bool {
	i := 0
	same := g.Fn.flow(func(n int32) bool {
		i++
		return i <= len(g.edges) && g.edges[i-1] == n
	})
	return same && i == len(g.edges)
}

// seal remembers the control flow that the graph is of.
func (g *Graph) seal() {
	g.edges = g.edges[:0]
	g.Fn.flow(func(n int32) bool {
		g.edges = append(g.edges, n)
		return true
	})
}

// DropUnreachable removes blocks that cannot be reached from the function. The graph is
// that of the function as it is then.
func (g *Graph) DropUnreachable() {
	f := g.Fn
	if len(g.Order) == len(f.Blocks) {
		return
	}
	f.Blocks = slices.DeleteFunc(f.Blocks, func(b *Block) bool { return !g.Reachable(b) })
	g.seal()
}

func analyse(f *Func) *Graph {
	n := f.NumBlocks()
	g := &Graph{Fn: f, Order: make([]*Block, 0, len(f.Blocks)), Preds: make([][]*Block, n), pos: make([]int, n)}
	seen := make([]bool, n)
	var walk func(*Block)
	walk = func(b *Block) {
		seen[b.ID] = true
		for i := len(b.Succs) - 1; i >= 0; i-- {
			if to := b.Succs[i].To; !seen[to.ID] {
				walk(to)
			}
		}
		g.Order = append(g.Order, b)
	}
	for i := len(f.Blocks) - 1; i >= 0; i-- {
		if b := f.Blocks[i]; b.IsRoot() && !seen[b.ID] {
			walk(b)
		}
	}
	slices.Reverse(g.Order)
	for i := range g.pos {
		g.pos[i] = -1
	}
	counts := make([]int32, n)
	edges := 0
	for i, b := range g.Order {
		g.pos[b.ID] = i
		for _, e := range b.Succs {
			counts[e.To.ID]++
			edges++
		}
	}
	preds := make([]*Block, edges) // the memory of all lists
	for _, b := range g.Order {
		k := counts[b.ID]
		g.Preds[b.ID], preds = preds[:0:k], preds[k:]
	}
	for _, b := range g.Order {
		for _, e := range b.Succs {
			g.Preds[e.To.ID] = append(g.Preds[e.To.ID], b)
		}
	}
	g.edges = make([]int32, 0, 2+2*len(f.Blocks)+edges)
	g.seal()
	return g
}

// HasLoops tells whether any block can be come to from itself.
func (g *Graph) HasLoops() bool {
	for _, b := range g.Order {
		for _, e := range b.Succs {
			if g.pos[e.To.ID] <= g.pos[b.ID] {
				return true
			}
		}
	}
	return false
}

// Reachable tells whether execution can get to the block.
func (g *Graph) Reachable(b *Block) bool { return int(b.ID) < len(g.pos) && g.pos[b.ID] >= 0 }

// dominators is the algorithm of Cooper, Harvey and Kennedy. Several roots are
// joined above by a root that is no block, written nil here.
func (g *Graph) dominators() {
	if g.idom != nil {
		return
	}
	n := len(g.pos)
	numbers := make([]int, 2*n)
	g.idom, g.pre, g.post = make([]*Block, n), numbers[:n:n], numbers[n:]
	done := make([]bool, len(g.pos))
	meet := func(a, b *Block) *Block {
		for a != b {
			if a == nil || b == nil {
				return nil
			}
			if g.pos[a.ID] > g.pos[b.ID] {
				a = g.idom[a.ID]
			} else {
				b = g.idom[b.ID]
			}
		}
		return a
	}
	for changed := true; changed; {
		changed = false
		for _, b := range g.Order {
			var d *Block
			if !b.IsRoot() {
				first := true
				for _, p := range g.Preds[b.ID] {
					if !done[p.ID] {
						continue
					}
					if first {
						d, first = p, false
					} else {
						d = meet(d, p)
					}
				}
			}
			if !done[b.ID] || g.idom[b.ID] != d {
				done[b.ID], g.idom[b.ID], changed = true, d, true
			}
		}
	}
	g.children = make([][]*Block, n)
	counts := make([]int32, n)
	for _, b := range g.Order {
		if d := g.idom[b.ID]; d != nil {
			counts[d.ID]++
		}
	}
	slab := make([]*Block, len(g.Order)) // the memory of all lists
	for _, b := range g.Order {
		if d := g.idom[b.ID]; d != nil {
			if g.children[d.ID] == nil {
				k := counts[d.ID]
				g.children[d.ID], slab = slab[:0:k], slab[k:]
			}
			g.children[d.ID] = append(g.children[d.ID], b)
		}
	}
	number := 0
	var walk func(*Block)
	walk = func(b *Block) {
		number++
		g.pre[b.ID] = number
		for _, c := range g.children[b.ID] {
			walk(c)
		}
		number++
		g.post[b.ID] = number
	}
	for _, b := range g.Order {
		if g.idom[b.ID] == nil {
			walk(b)
		}
	}
}

// Position answers the place of a block that can be reached in the order.
func (g *Graph) Position(b *Block) int { return g.pos[b.ID] }

// Children answers the dominator tree: by ID, the blocks directly dominated.
func (g *Graph) Children() [][]*Block {
	g.dominators()
	return g.children
}

// Idom answers the immediate dominator, nil if there is none.
func (g *Graph) Idom(b *Block) *Block {
	g.dominators()
	return g.idom[b.ID]
}

// Dominates tells whether every way to b leads through a.
func (g *Graph) Dominates(a, b *Block) bool {
	g.dominators()
	return g.pre[a.ID] <= g.pre[b.ID] && g.post[b.ID] <= g.post[a.ID]
}

// A Loop is a natural loop: a header that dominates all its blocks.
type Loop struct {
	Header    *Block
	Blocks    map[*Block]bool
	Latches   []*Block // blocks with an edge back to the header
	PreHeader *Block   // the only block outside with an edge to the header, which is its only edge; or nil
}

// Loops answers the natural loops, inner ones before those around them.
func (g *Graph) Loops() []*Loop {
	if !g.found {
		g.found = true
		if g.HasLoops() {
			g.loops = g.findLoops()
		}
	}
	return g.loops
}

func (g *Graph) findLoops() []*Loop {
	var loops []*Loop
	for i := len(g.Order) - 1; i >= 0; i-- {
		h := g.Order[i]
		var latches, outside []*Block
		for _, p := range g.Preds[h.ID] {
			if g.pos[p.ID] >= g.pos[h.ID] && g.Dominates(h, p) {
				latches = append(latches, p)
			}
		}
		if len(latches) == 0 {
			continue
		}
		l := &Loop{Header: h, Blocks: map[*Block]bool{h: true}, Latches: latches}
		for _, p := range g.Preds[h.ID] {
			if !g.Dominates(h, p) {
				outside = append(outside, p)
			}
		}
		work := slices.Clone(l.Latches)
		for len(work) > 0 {
			b := work[len(work)-1]
			work = work[:len(work)-1]
			if !l.Blocks[b] {
				l.Blocks[b] = true
				work = append(work, g.Preds[b.ID]...)
			}
		}
		if len(outside) == 1 && len(outside[0].Succs) == 1 && !h.IsRoot() {
			l.PreHeader = outside[0]
		}
		loops = append(loops, l)
	}
	slices.SortStableFunc(loops, func(a, b *Loop) int { return len(a.Blocks) - len(b.Blocks) })
	return loops
}
