package passes

import (
	"slices"

	"github.com/sista-vm/sista/optimizer/ir"
)

// LoopInvariants moves what a loop does not change before the loop, inner loops
// first. A value without effects moves from anywhere in it; a load only if nothing
// in the loop writes there; a guard only if it is executed in every round and the
// loop has an anchor that nothing follows but what may be done again.
func LoopInvariants(f *ir.Func, _ *Policy) {
	g := removeUnreachable(f)
	for _, l := range g.Loops() {
		if l.PreHeader != nil {
			hoist(g, l)
		}
	}
}

func hoist(g *ir.Graph, l *ir.Loop) {
	h := &hoister{g: g, l: l, anchor: anchorOf(l.PreHeader)}
	for b := range l.Blocks {
		for _, v := range b.Values {
			if v.Op.Info().Writes != 0 {
				h.writers = append(h.writers, v)
			}
		}
	}
	for _, b := range g.Order {
		if !l.Blocks[b] {
			continue
		}
		h.leading = b == l.Header
		b.Values = slices.DeleteFunc(b.Values, func(v *ir.Value) bool {
			if !h.movable(b, v) {
				h.leading = h.leading && !v.Op.Info().Deopts && !v.Op.HasEffect()
				return false
			}
			if v.State != nil {
				v.State = h.anchor.State
			}
			l.PreHeader.Append(v)
			return true
		})
	}
}

// anchorOf answers the anchor of a block that guards can be put behind, or nil.
func anchorOf(b *ir.Block) *ir.Value {
	for i := len(b.Values) - 1; i >= 0; i-- {
		v := b.Values[i]
		if v.Op == ir.OpAnchor {
			return v
		}
		if v.Op.Info().Writes != 0 || v.Op.HasEffect() {
			return nil
		}
	}
	return nil
}

type hoister struct {
	g       *ir.Graph
	l       *ir.Loop
	anchor  *ir.Value
	writers []*ir.Value
	leading bool // the first round comes here from before the loop, whatever happens
}

func (h *hoister) movable(b *ir.Block, v *ir.Value) bool {
	info := v.Op.Info()
	if info.Writes != 0 || info.Allocates || info.Pinned || info.Deopts && !info.Guard {
		return false
	}
	if changes(h.l, v) {
		return false
	}
	if info.Partial && !h.leading && !carriesProof(v) || info.Reads != 0 && h.written(v) {
		return false
	}
	return !info.Guard || h.anchor != nil && inEveryRound(h.g, h.l, b)
}

// written tells whether the loop may write what v reads.
func (h *hoister) written(v *ir.Value) bool {
	at, access := v.Location()
	for _, w := range h.writers {
		to, ok := w.Location()
		if ok && access {
			if at.MayAlias(to) {
				return true
			}
		} else if w.Op.Info().Writes&v.Op.Info().Reads != 0 {
			return true
		}
	}
	return false
}

// carriesProof tells whether an operation that is not always defined is so wherever
// its arguments are: they are guards that checked what it needs. Slots behind those that all
// instances of a class have are not implied by it.
func carriesProof(v *ir.Value) bool {
	shaped := func(v *ir.Value) bool { return v.Op == ir.OpGuardClass || v.Op.Info().Allocates }
	switch v.Op {
	case ir.OpUnboxFloat:
		return isFloat(v.Args[0])
	case ir.OpLoadSlot:
		o := v.Args[0]
		c, described := v.Block.Func().Classes[o.Int]
		return shaped(o) && !(o.Op == ir.OpGuardClass && described && v.Int >= int64(c.Fixed))
	case ir.OpLoadElement, ir.OpLoadRaw:
		i := v.Args[1]
		return i.Op == ir.OpGuardIndex && i.Args[1].Op == ir.OpSize && i.Args[1].Args[0].Root() == v.Args[0].Root()
	case ir.OpTag:
		return isSmallInt(v.Args[0])
	}
	return false
}
