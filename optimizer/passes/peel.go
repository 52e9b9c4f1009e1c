package passes

import (
	"math"
	"slices"

	"github.com/sista-vm/sista/optimizer/ir"
)

// PeelLoops copies the first round of a loop before it where only the first round
// differs: a variable starts as something else, nil say, than the new objects or boxes
// that every round gives it. Escape then finds the variable to be of one shape.
//
// It does so with innermost loops that are short.
func PeelLoops(f *ir.Func, p *Policy) {
	g := removeUnreachable(f)
	gives := givenConditions(g)
	r := newRepair(f)
	heads := map[*ir.Block]bool{}
	for _, l := range g.Loops() { // inner ones first
		inner := true
		for b := range l.Blocks {
			inner = inner && !heads[b]
		}
		heads[l.Header] = true
		if inner && l.PreHeader != nil && p.canPeel(l) && !gives.outside(l.Blocks) {
			peel(g, l, r)
		}
	}
	r.run()
}

func (p *Policy) canPeel(l *ir.Loop) bool {
	n := 0
	for b := range l.Blocks {
		n += len(b.Values)
	}
	if n > p.MaxPeeled {
		return false
	}
	for i, v := range l.Header.Params {
		if v.Type == ir.TypeOop && p.firstDiffers(l, i) {
			return true
		}
	}
	return false
}

// firstDiffers tells whether parameter i of the head is given new objects of one shape
// by every round, but something else at first.
func (p *Policy) firstDiffers(l *ir.Loop, i int) bool {
	var s shape
	for _, latch := range l.Latches {
		for _, e := range latch.Succs {
			if e.To != l.Header {
				continue
			}
			t, ok := shapeOf(e.Args[i].Root(), p)
			if !ok || s.op != 0 && t != s {
				return false
			}
			s = t
		}
	}
	first := l.PreHeader.Succs[0].Args[i].Root()
	if _, ok := first.Block.Func().FloatLiteral(first); ok {
		return s.op != ir.OpBoxFloat
	}
	t, _ := shapeOf(first, p)
	return t != s
}

// peel copies the blocks of a loop before it, and leaves uses of what they compute to
// the repair.
func peel(g *ir.Graph, l *ir.Loop, r *repair) {
	f, pre, head := g.Fn, l.PreHeader, l.Header
	var blocks []*ir.Block // in order, so that copies of arguments are there before their uses
	rounds := pre.Succs[0].Count
	for _, b := range g.Order {
		if l.Blocks[b] {
			blocks = append(blocks, b)
		}
	}
	for _, latch := range l.Latches {
		for _, e := range latch.Succs {
			if e.To == head {
				rounds += e.Count
			}
		}
	}
	find := r.copying()
	copies := map[*ir.Block]*ir.Block{}
	for _, b := range blocks {
		c := f.NewBlock()
		copies[b] = c
		r.copy(b, c)
		for _, p := range b.Params {
			r.copies[p] = c.AddParam(p.Type)
		}
	}
	// Latches enter the loop that stays, over a block of its own if there are several.
	into := head
	if len(l.Latches) > 1 {
		into = f.NewBlock()
		var args []*ir.Value
		for _, p := range head.Params {
			args = append(args, into.AddParam(p.Type))
		}
		into.Jump(ir.To(head, args...))
	}
	for _, b := range blocks {
		c := copies[b]
		for _, v := range b.Values {
			r.copies[v] = copyTo(c, v, find)
		}
		c.Succs = slices.Clone(b.Succs)
		for i := range c.Succs {
			e := &c.Succs[i]
			*e = mapEdge(*e, find)
			if e.To == head {
				e.To = into
			} else if l.Blocks[e.To] {
				e.To = copies[e.To]
			}
			if rounds > 0 {
				e.Count = uint64(math.Round(float64(e.Count) * float64(pre.Succs[0].Count) / float64(rounds)))
				b.Succs[i].Count -= min(e.Count, b.Succs[i].Count)
			}
		}
		c.End = copyEnd(c, b.End, find)
		if into == head && slices.Contains(l.Latches, b) && b.End.Op == ir.OpJump {
			anchorAfterPoll(c)
		}
	}
	pre.Succs[0].To = copies[head]
}

// anchorAfterPoll gives a block that ends in a poll the state of that as an anchor.
func anchorAfterPoll(b *ir.Block) {
	if n := len(b.Values); n > 0 && b.Values[n-1].Op == ir.OpPoll {
		b.Anchor(ir.ReasonAnchor, b.Values[n-1].State)
	}
}

// copyEnd answers a copy of a terminator for a block that has the successors.
func copyEnd(b *ir.Block, end *ir.Value, find func(*ir.Value) *ir.Value) *ir.Value {
	v := copyTo(b, end, find)
	b.Values = b.Values[:len(b.Values)-1]
	return v
}
