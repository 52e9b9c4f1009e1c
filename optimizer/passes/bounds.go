package passes

import "github.com/sista-vm/sista/optimizer/ir"

// Bounds checks an index once before a loop where every round checks that a variable
// of the loop, or its sum with a constant, is within bounds, and the test at the end
// of the loop says how far the variable gets: that farthest index is checked. If it is
// out of bounds the loop is left to the interpreter, which may end it earlier.
func Bounds(f *ir.Func, p *Policy) {
	g := removeUnreachable(f)
	var r *ranges
	s := f.NewSubstitution()
	for _, l := range g.Loops() {
		if l.PreHeader == nil || len(l.Latches) != 1 || anchorOf(l.PreHeader) == nil {
			continue
		}
		if r == nil {
			r = newRanges(g, p)
			r.global()
		}
		b := &bounds{g: g, l: l, r: r, s: s, checked: map[farthestCheck]bool{}}
		if b.find() {
			b.before()
		}
	}
	s.Apply()
	f.RemoveIf(s.Has)
}

type bounds struct {
	g       *ir.Graph
	l       *ir.Loop
	r       *ranges
	s       *ir.Substitution
	limits  map[*ir.Value]limit // by parameters of the head
	checked map[farthestCheck]bool
}

// A limit says that a value + gap <= to in every round.
type limit struct {
	to  *ir.Value
	gap int64
}

// A farthestCheck is that of + c < size.
type farthestCheck struct {
	of   *ir.Value
	c    int64
	size *ir.Value
}

// compared answers what the branch at the end of a block says on the edge to another:
// that x + gap <= y.
func compared(from, to *ir.Block) (x, y *ir.Value, gap int64, ok bool) {
	if from.End.Op != ir.OpBranch || from.Succs[0].To == from.Succs[1].To {
		return nil, nil, 0, false
	}
	c, holds := from.End.Args[0], from.Succs[0].To == to
	switch {
	case c.Op == ir.OpILt && holds:
		return c.Args[0], c.Args[1], 1, true
	case c.Op == ir.OpILt:
		return c.Args[1], c.Args[0], 0, true
	case c.Op == ir.OpILe && holds:
		return c.Args[0], c.Args[1], 0, true
	case c.Op == ir.OpILe:
		return c.Args[1], c.Args[0], 1, true
	}
	return nil, nil, 0, false
}

// find finds the limits of the parameters of the head: by the test of the latch, and
// of the block before the loop or what is known of the first value.
func (b *bounds) find() bool {
	b.limits = map[*ir.Value]limit{}
	latch, pre := b.l.Latches[0], b.l.PreHeader
	x, to, gap, ok := compared(latch, b.l.Header)
	if !ok || b.l.Blocks[to.Block] {
		return false
	}
	var again, first []*ir.Value
	for _, e := range latch.Succs {
		if e.To == b.l.Header {
			again = e.Args
		}
	}
	first = pre.Succs[0].Args
	for i, p := range b.l.Header.Params {
		if again[i] == x && b.starts(first[i], to, gap) {
			b.limits[p] = limit{to, gap}
		}
	}
	return len(b.limits) > 0
}

// starts tells whether x + gap <= y before the loop.
func (b *bounds) starts(x, y *ir.Value, gap int64) bool {
	if b.r.isBelow(x, y, gap) {
		return true
	}
	preds := b.g.Preds[b.l.PreHeader.ID]
	if len(preds) != 1 {
		return false
	}
	v, w, g, ok := compared(preds[0], b.l.PreHeader)
	return ok && w == y && g >= gap && (v == x || v.Op == ir.OpConstInt && x.Op == ir.OpConstInt && v.Int == x.Int)
}

// before puts checks before the loop in place of those in it.
func (b *bounds) before() {
	pre := b.l.PreHeader
	for _, block := range b.g.Order {
		if !b.l.Blocks[block] || !inEveryRound(b.g, b.l, block) {
			continue
		}
		for _, v := range block.Values {
			if v.Op != ir.OpGuardIndex || b.l.Blocks[v.Args[1].Block] || b.r.lookup(v.Args[0]).lo < 0 {
				continue
			}
			x := b.r.linear(v.Args[0])
			if x.of == nil {
				continue
			}
			to, ok := b.limits[x.of]
			k := farthestCheck{to.to, x.c - to.gap, v.Args[1]}
			if !ok || k.c <= -farthest || k.c >= farthest || !b.r.lookup(k.of).within(smallInteger) {
				continue
			}
			if !b.checked[k] {
				b.checked[k] = true
				last := k.of
				if k.c != 0 {
					last = pre.IAdd(last, pre.ConstInt(k.c))
				}
				pre.GuardTrue(pre.ILt(last, k.size), ir.ReasonIndexOutOfBounds, anchorOf(pre).State)
			}
			b.s.Replace(v, v.Args[0])
		}
	}
}
