package passes

import "github.com/sista-vm/sista/optimizer/ir"

// Narrow finds parameters that are always given SmallIntegers, and passes those
// that are untagged somewhere without their tag. In loops the assumption that all
// such parameters are SmallIntegers proves itself.
func Narrow(f *ir.Func, _ *Policy) {
	g := removeUnreachable(f)
	candidates := map[*ir.Value]bool{}
	for _, b := range g.Order {
		if b.IsRoot() {
			continue
		}
		for _, p := range b.Params {
			if p.Type == ir.TypeOop || p.Type == ir.TypeSmi {
				candidates[p] = true
			}
		}
	}
	for changed := true; changed; {
		changed = false
		for _, b := range g.Order {
			edges := incoming(g, b)
			for i, p := range b.Params {
				if !candidates[p] {
					continue
				}
				for _, e := range edges {
					if a := e.Args[i]; a.Type != ir.TypeSmi && !candidates[a] {
						delete(candidates, p)
						changed = true
						break
					}
				}
			}
		}
	}
	for p := range candidates {
		p.Type = ir.TypeSmi
	}
	untagParams(f, g, candidates)
}

// untagParams makes integers of those candidates that someone untags.
func untagParams(f *ir.Func, g *ir.Graph, candidates map[*ir.Value]bool) {
	untagged := map[*ir.Value]bool{}
	for _, b := range g.Order {
		for _, v := range b.Values {
			if v.Op == ir.OpUntag || v.Op == ir.OpGuardSmi {
				untagged[v.Args[0].Root()] = true
			}
		}
	}
	s := f.NewSubstitution()
	for _, b := range g.Order {
		for i, p := range b.Params {
			if !candidates[p] || !untagged[p] {
				continue
			}
			n := f.NewValue(ir.OpParam)
			n.Type, n.Block = ir.TypeInt, b
			b.Params[i] = n
			tag := f.NewValue(ir.OpTag, n)
			insertFirst(b, tag)
			s.Replace(p, tag)
			for _, e := range incoming(g, b) {
				e.Args[i] = f.NewValue(ir.OpUntag, e.Args[i])
			}
			// The edges' blocks get the new values when all parameters are done.
		}
	}
	for _, b := range g.Order {
		for _, e := range b.Succs {
			for _, a := range e.Args {
				if a.Op == ir.OpUntag && a.Block == nil {
					b.Append(a)
				}
			}
		}
	}
	s.Apply()
}

func insertFirst(b *ir.Block, v *ir.Value) {
	if len(b.Values) == 0 {
		b.Append(v)
		return
	}
	b.Insert(v, b.Values[0])
}
