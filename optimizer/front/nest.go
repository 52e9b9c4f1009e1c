package front

import (
	"cmp"
	"slices"
)

// Loops entered in the middle. Code that is entered at the head of an inner loop comes back to it by
// way of the loops around: as one graph all of them had that head, and what is done with loops that have a
// head of their own were not done with them. So the graph is laid out anew: first the inner loop alone, with what follows it
// until the head of the next one around; then that one whole, with what follows; and so on.
//
//	entry -> (inner) -> rest of middle -> (middle (inner)) -> rest of outer -> (outer (middle (inner))) -> ...
//	         stage 0                       stage 1                              stage 2

// A nest is the control flow of a method as it is entered at a loop.
type nest struct {
	*controls
	heads  []*basicBlock          // of the loops around the entered one, the innermost first
	inside []map[*basicBlock]bool // what is in them
	copies map[stageBlock]*basicBlock
}

// A stageBlock is a block in one of the stages.
type stageBlock struct {
	stage int
	block *basicBlock
}

// entered answers the control flow for code that is entered at a loop, and the block of its entry: the same if no
// loop is around, or if there would be more than so many bytes.
func (c *controls) entered(entry *basicBlock, limit int) (*controls, *basicBlock) {
	n := &nest{controls: &controls{}, copies: map[stageBlock]*basicBlock{}}
	*n.controls = *c
	n.blocks, n.orders = nil, nil
	if !n.around(c, entry) || len(n.heads) == 0 {
		return c, entry
	}
	first := n.copy(stageBlock{0, entry})
	size := 0
	for _, b := range n.blocks {
		for i := range b.instrs {
			size += b.instrs[i].Size
		}
	}
	if size > limit {
		return c, entry
	}
	return n.controls, first
}

// around finds the loops around an entry; false if they are not inside each other.
func (n *nest) around(c *controls, entry *basicBlock) bool {
	o := c.from(c.blockAt(c.start))
	for head := range o.loops {
		if in := o.body(head); head != entry && in[entry] {
			n.heads = append(n.heads, head)
			n.inside = append(n.inside, in)
		}
	}
	slices.SortFunc(n.inside, func(x, y map[*basicBlock]bool) int { return cmp.Compare(len(x), len(y)) })
	slices.SortFunc(n.heads, func(x, y *basicBlock) int { return cmp.Compare(o.place[y], o.place[x]) })
	for i, head := range n.heads {
		if !n.inside[i][head] {
			return false
		}
		if i == 0 {
			continue
		}
		for b := range n.inside[i-1] {
			if !n.inside[i][b] {
				return false
			}
		}
	}
	return true
}

// copy answers a block of a stage, with all that it leads to.
func (n *nest) copy(k stageBlock) *basicBlock {
	if b := n.copies[k]; b != nil {
		return b
	}
	b := &basicBlock{}
	*b = *k.block
	b.stage, b.index, b.succs, b.preds = k.stage, len(n.blocks), nil, nil
	n.copies[k] = b
	n.blocks = append(n.blocks, b)
	for _, to := range k.block.succs {
		next := n.copy(stageBlock{n.stage(k.stage, to), to})
		b.succs = append(b.succs, next)
		next.preds = append(next.preds, b)
	}
	return b
}

// stage answers the one in which a block is that is reached from another stage: the head of a loop around begins
// its stage, and what is in none of the loops of a stage follows it.
func (n *nest) stage(from int, to *basicBlock) int {
	for i, in := range n.inside {
		switch {
		case to == n.heads[i]:
			return max(from, i+1)
		case in[to]:
			return max(from, i)
		}
	}
	return max(from, len(n.heads))
}
