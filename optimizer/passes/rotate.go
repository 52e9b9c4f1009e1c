package passes

import (
	"slices"

	"github.com/sista-vm/sista/optimizer/ir"
)

// RotateLoops copies the test at the head of a loop before it, so that the loop has
// its test at the end: a round is one jump less, and what the loop does in every round
// is executed whenever the loop is entered, so checks can move before it.
//
// It does so where the head is one short block without effects that branches out of
// the loop. The copy ends in a block of its own before the body, with the anchor of
// the loop: what moves there is executed if there is a first round.
func RotateLoops(f *ir.Func, p *Policy) {
	untagStates(f) // or loops would carry integers tagged for them
	g := removeUnreachable(f)
	gives := givenConditions(g)
	r := newRepair(f)
	for _, l := range g.Loops() {
		if p.canRotate(l) && !gives.outside(map[*ir.Block]bool{l.Header: true}) {
			rotate(f, l, r)
		}
	}
	r.run()
}

func (p *Policy) canRotate(l *ir.Loop) bool {
	h := l.Header
	if l.PreHeader == nil || h.End.Op != ir.OpBranch || len(h.Values) > p.MaxRotated ||
		l.Blocks[h.Succs[0].To] == l.Blocks[h.Succs[1].To] || h.Succs[0].To == h || h.Succs[1].To == h {
		return false
	}
	for _, v := range h.Values {
		if v.Op.HasEffect() || v.Op.Info().Pinned || v.Op.Info().Allocates {
			return false
		}
	}
	return true
}

// conditions has the uses of conditions in other blocks than their own: they cannot be
// parameters.
type conditions []struct{ def, use *ir.Block }

func givenConditions(g *ir.Graph) conditions {
	var cs conditions
	for _, b := range g.Order {
		b.Each(func(v *ir.Value) {
			for _, a := range v.Args {
				if a.Type == ir.TypeBool && a.Block != b {
					cs = append(cs, struct{ def, use *ir.Block }{a.Block, b})
				}
			}
		})
	}
	return cs
}

// outside tells whether a condition of some blocks is used in others.
func (cs conditions) outside(from map[*ir.Block]bool) bool {
	for _, c := range cs {
		if from[c.def] && !from[c.use] {
			return true
		}
	}
	return false
}

// rotate makes of
//
//	pre:  ...; jump head         pre:    ...; head'; branch before, out
//	head: branch body, out       before: jump body
//	body: ...; jump head         body:   ...; jump head
//	                             head:   branch body, out
//
// and leaves uses of what the head computes to the repair.
func rotate(f *ir.Func, l *ir.Loop, r *repair) {
	pre, h := l.PreHeader, l.Header
	into := 0
	if !l.Blocks[h.Succs[0].To] {
		into = 1
	}
	anchor, entry := anchorOf(pre), pre.Succs[0]
	find := r.copying()
	r.copy(h, pre)
	for i, p := range h.Params {
		r.copies[p] = entry.Args[i]
	}
	for _, v := range h.Values {
		r.copies[v] = copyTo(pre, v, find)
	}
	before := f.NewBlock()
	if anchor != nil {
		before.Anchor(anchor.Reason, anchor.State)
	}
	before.Jump(mapEdge(h.Succs[into], find))
	edges := [2]ir.Edge{}
	edges[into] = ir.To(before)
	edges[1-into] = mapEdge(h.Succs[1-into], find)
	pre.Branch(find(h.End.Args[0]), edges[0], edges[1])
	share(pre, h, into, entry.Count)
	before.Succs[0].Count = pre.Succs[into].Count
}

// copyTo appends a copy of a value to a block.
func copyTo(b *ir.Block, v *ir.Value, find func(*ir.Value) *ir.Value) *ir.Value {
	w := b.Func().NewValue(v.Op, slices.Clone(v.Args)...)
	w.Type, w.Int, w.Sym, w.NoMark, w.Reason = v.Type, v.Int, v.Sym, v.NoMark, v.Reason
	w.Origin = v.Origin
	for i, a := range w.Args {
		w.Args[i] = find(a)
	}
	if v.State != nil {
		w.State = v.State.Map(find)
	}
	b.Append(w)
	return w
}

func mapEdge(e ir.Edge, find func(*ir.Value) *ir.Value) ir.Edge {
	e.Args = slices.Clone(e.Args)
	for i, a := range e.Args {
		e.Args[i] = find(a)
	}
	return e
}

// share splits the counts of a branch that has been copied before its loop, which was
// entered so many times.
func share(pre, h *ir.Block, into int, entered uint64) {
	first := min(entered, h.Succs[into].Count)
	pre.Succs[into].Count = first
	h.Succs[into].Count -= first
	out := min(entered-first, h.Succs[1-into].Count)
	pre.Succs[1-into].Count = out
	h.Succs[1-into].Count -= out
}
