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
	for {
		for _, b := range f.Blocks {
			decide(b)
		}
		g := removeUnreachable(f)
		changed := sameParams(f, g)
		changed = equalParams(f, g) || changed
		changed = skipEmpty(f) || changed
		g = removeUnreachable(f)
		changed = mergeChains(f, g) || changed
		if !changed {
			return
		}
	}
}

// decide turns a branch that has no choice into a jump.
func decide(b *ir.Block) {
	if b.End.Op != ir.OpBranch {
		return
	}
	c := b.End.Args[0]
	if c.Op == ir.OpBNot {
		b.Succs[0], b.Succs[1] = b.Succs[1], b.Succs[0]
		b.End.Args[0] = c.Args[0]
		c = c.Args[0]
	}
	yes, no := b.Succs[0], b.Succs[1]
	switch {
	case c.Op == ir.OpConstBool && c.Int != 0, yes.To == no.To && slices.Equal(yes.Args, no.Args):
		b.Jump(yes)
	case c.Op == ir.OpConstBool:
		b.Jump(no)
	}
}

// sameParams replaces parameters that are given one value only, but for themselves.
func sameParams(f *ir.Func, g *ir.Graph) bool {
	s := f.NewSubstitution()
	for _, b := range g.Order {
		if b.IsRoot() {
			continue
		}
		edges := incoming(g, b)
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
	s.Apply()
	removeParams(f, func(p *ir.Value) bool { return s.Has(p) })
	return s.Len() > 0
}

// equalParams joins parameters of a block that are given the same values by every edge:
// that each is given itself counts as the same.
func equalParams(f *ir.Func, g *ir.Graph) bool {
	s := f.NewSubstitution()
	for _, b := range g.Order {
		if b.IsRoot() || len(b.Params) < 2 {
			continue
		}
		edges := incoming(g, b)
		given := func(e *ir.Edge, i int) *ir.Value {
			if a := e.Args[i]; a != b.Params[i] {
				return s.Find(a)
			}
			return nil
		}
		same := map[*ir.Value][]int{} // parameters by what the first edge gives
		for i, p := range b.Params {
			first := given(edges[0], i)
			for _, j := range same[first] {
				if p.Type != b.Params[j].Type {
					continue
				}
				equal := true
				for _, e := range edges[1:] {
					equal = equal && given(e, i) == given(e, j)
				}
				if equal {
					s.Replace(p, b.Params[j])
					break
				}
			}
			if !s.Has(p) {
				same[first] = append(same[first], i)
			}
		}
	}
	s.Apply()
	removeParams(f, s.Has)
	return s.Len() > 0
}

// skipEmpty redirects edges past blocks that have neither parameters nor values and
// jump. A circle of such blocks is left alone: the program hangs there.
func skipEmpty(f *ir.Func) bool {
	changed := false
	for _, b := range f.Blocks {
		for i := range b.Succs {
			e := &b.Succs[i]
			to, steps := e.To, 0
			var args []*ir.Value
			// A loop keeps a block before it for what moves out.
			for isEmpty(to) && to.Succs[0].To != b && steps < len(f.Blocks) {
				to, args = to.Succs[0].To, to.Succs[0].Args
				steps++
			}
			if steps > 0 && steps < len(f.Blocks) {
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
func mergeChains(f *ir.Func, g *ir.Graph) bool {
	s := f.NewSubstitution()
	gone := map[*ir.Block]bool{}
	for _, b := range g.Order {
		for !gone[b] && b.End.Op == ir.OpJump {
			to := b.Succs[0].To
			if to == b || to.IsRoot() || len(g.Preds[to.ID]) != 1 {
				break
			}
			for i, p := range to.Params {
				s.Replace(p, b.Succs[0].Args[i])
			}
			for _, v := range to.Values {
				b.Append(v)
			}
			b.End, b.Succs = to.End, to.Succs
			b.End.Block = b
			gone[to] = true
		}
	}
	s.Apply()
	f.Blocks = slices.DeleteFunc(f.Blocks, func(b *ir.Block) bool { return gone[b] })
	return len(gone) > 0
}
