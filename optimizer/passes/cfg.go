package passes

import (
	"slices"

	"github.com/sista-vm/sista/optimizer/ir"
)

// ControlFlow removes what leaves no choice, until nothing changes: branches on a
// known condition or to one place, parameters that are always given the same
// value or given the same as others, blocks that only jump on, and joins of a block with its only successor if
// that has no other predecessor.
func ControlFlow(f *ir.Func, _ *Policy) {
	c := &controlFlow{f: f, s: f.NewSubstitution()}
	for changed := true; changed; {
		for _, b := range f.Blocks {
			c.decide(b)
		}
		c.g = removeUnreachable(f)
		changed = c.sameParams()
		changed = c.equalParams() || changed
		if c.skipEmpty() {
			changed = true
			c.g = removeUnreachable(f)
		}
		changed = c.mergeChains() || changed
	}
	c.s.Apply()
}

type controlFlow struct {
	f *ir.Func
	g *ir.Graph
	s *ir.Substitution // what has been replaced so far, applied at the end
}

// decide turns a branch that has no choice into a jump.
func (f *controlFlow) decide(b *ir.Block) {
	if b.End.Op != ir.OpBranch {
		return
	}
	c := f.s.Find(b.End.Args[0])
	if c.Op == ir.OpBNot {
		b.Succs[0], b.Succs[1] = b.Succs[1], b.Succs[0]
		c = f.s.Find(c.Args[0])
		b.End.Args[0] = c
	}
	yes, no := b.Succs[0], b.Succs[1]
	switch {
	case yes.To == no.To && slices.Equal(yes.Args, no.Args):
		yes.Count += no.Count
		b.Jump(yes)
	case c.Op == ir.OpConstBool && c.Int != 0:
		b.Jump(yes)
	case c.Op == ir.OpConstBool:
		b.Jump(no)
	}
}

// sameParams replaces parameters that are given one value only, but for themselves.
func (f *controlFlow) sameParams() bool {
	s, before := f.s, f.s.Len()
	var edges []*ir.Edge
	for _, b := range f.g.Order {
		if b.IsRoot() || len(b.Params) == 0 {
			continue
		}
		edges = incoming(edges, f.g, b)
		for i, p := range b.Params {
			var only *ir.Value
			one := true
			for _, e := range edges {
				a := s.Find(e.Args[i])
				if a == p {
					continue
				}
				one = one && (only == nil || only == a)
				only = a
			}
			if one && only != nil {
				s.Replace(p, only)
			}
		}
	}
	removeParams(f.f, s.Has)
	return s.Len() > before
}

// equalParams joins parameters of a block that are given the same values by every edge.
func (f *controlFlow) equalParams() bool {
	before := f.s.Len()
	n := newCongruence(f)
	for _, b := range n.blocks {
		first := map[int32]*ir.Value{}
		for _, p := range b.Params {
			if x := first[n.of[p.ID]]; x != nil {
				f.s.Replace(p, x)
			} else {
				first[n.of[p.ID]] = p
			}
		}
	}
	removeParams(f.f, f.s.Has)
	return f.s.Len() > before
}

// skipEmpty redirects edges past blocks that have neither parameters nor values and
// jump. A circle of such blocks is left alone: the program hangs there.
func (f *controlFlow) skipEmpty() bool {
	changed := false
	for _, b := range f.f.Blocks {
		for i := range b.Succs {
			e := &b.Succs[i]
			to, steps := e.To, 0
			var args []*ir.Value
			// A loop keeps a block before it for what moves out.
			for isEmpty(to) && to.Succs[0].To != b && steps < len(f.f.Blocks) {
				to, args = to.Succs[0].To, to.Succs[0].Args
				steps++
			}
			if steps > 0 && steps < len(f.f.Blocks) {
				e.To, e.Args = to, slices.Clone(args)
				changed = true
			}
		}
	}
	return changed
}

func isEmpty(b *ir.Block) bool {
	return len(b.Params) == 0 && len(b.Values) == 0 && b.End.Op == ir.OpJump
}

// mergeChains appends a block to its only predecessor if that only jumps to it.
func (f *controlFlow) mergeChains() bool {
	gone := map[*ir.Block]bool{}
	for _, b := range f.g.Order {
		for !gone[b] && b.End.Op == ir.OpJump {
			to := b.Succs[0].To
			if to == b || to.IsRoot() || len(f.g.Preds[to.ID]) != 1 {
				break
			}
			for i, p := range to.Params {
				f.s.Replace(p, b.Succs[0].Args[i])
			}
			for _, v := range to.Values {
				b.Append(v)
			}
			b.End, b.Succs = to.End, to.Succs
			b.End.Block = b
			gone[to] = true
		}
	}
	if len(gone) > 0 {
		f.f.Blocks = slices.DeleteFunc(f.f.Blocks, func(b *ir.Block) bool { return gone[b] })
	}
	return len(gone) > 0
}
