package codegen

import "github.com/sista-vm/sista/optimizer/ir"

// layOut answers the blocks that can be reached from the entry, in the order of the
// code: reverse postorder, each loop in one piece, what is seldom executed at the
// end. depth and cold are told by ID of block.
func layOut(g *ir.Graph, entry *ir.Block) (order []*ir.Block, depth []int, cold []bool) {
	n := g.Fn.NumBlocks()
	depth, cold = make([]int, n), make([]bool, n)
	reached := make([]bool, n)
	work := []*ir.Block{entry}
	reached[entry.ID] = true
	for len(work) > 0 {
		b := work[len(work)-1]
		work = work[:len(work)-1]
		for _, e := range b.Succs {
			if !reached[e.To.ID] {
				reached[e.To.ID] = true
				work = append(work, e.To)
			}
		}
	}
	loops := map[*ir.Block]*ir.Loop{}
	for _, l := range g.Loops() {
		loops[l.Header] = l
		for b := range l.Blocks {
			depth[b.ID]++
		}
	}
	placed := make([]bool, n)
	var place func(blocks []*ir.Block, within *ir.Loop)
	place = func(blocks []*ir.Block, within *ir.Loop) {
		for _, b := range blocks {
			if placed[b.ID] || !reached[b.ID] || within != nil && !within.Blocks[b] {
				continue
			}
			placed[b.ID] = true
			order = append(order, b)
			if l := loops[b]; l != nil {
				place(blocks, l)
			}
		}
	}
	place(g.Order, nil)
	chill(g, order, cold, entry)
	var warm, rest []*ir.Block
	for _, b := range order {
		if cold[b.ID] {
			rest = append(rest, b)
			depth[b.ID] = 0
		} else {
			warm = append(warm, b)
		}
	}
	return append(warm, rest...), depth, cold
}

// chill finds the blocks that are seldom executed: those that counters never saw,
// those that leave, and those that only such lead to or that lead to only such.
func chill(g *ir.Graph, order []*ir.Block, cold []bool, entry *ir.Block) {
	counted := false
	count := make([]uint64, g.Fn.NumBlocks())
	for _, b := range order {
		for _, e := range b.Succs {
			count[e.To.ID] += e.Count
			counted = counted || e.Count > 0
		}
	}
	for _, b := range order {
		if b != entry {
			cold[b.ID] = counted && count[b.ID] == 0 || b.End.Op == ir.OpDeopt || b.End.Op == ir.OpUnreachable
		}
	}
	// What leads only to cold blocks is cold, from the end on.
	for i := len(order) - 1; i > 0; i-- {
		b := order[i]
		all := len(b.Succs) > 0
		for _, e := range b.Succs {
			all = all && cold[e.To.ID]
		}
		if all {
			cold[b.ID] = true
		}
	}
	// And what only cold blocks lead to, or one of them always.
	for _, b := range order[1:] {
		all := true
		if d := g.Idom(b); d != nil && cold[d.ID] {
			cold[b.ID] = true
			continue
		}
		for _, p := range g.Preds[b.ID] {
			all = all && cold[p.ID]
		}
		if all {
			cold[b.ID] = true
		}
	}
}
