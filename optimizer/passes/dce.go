package passes

import (
	"slices"

	"github.com/sista-vm/sista/optimizer/ir"
)

// DeadCode removes blocks that cannot be reached, values nobody uses whose
// execution nobody notices, and parameters nobody uses. States use what they
// refer to, and are shared where they are equal.
func DeadCode(f *ir.Func, _ *Policy) {
	g := removeUnreachable(f)
	untagStates(f)
	live := make([]bool, f.NumValues())
	var work []*ir.Value
	var edges []*ir.Edge
	mark := func(v *ir.Value) {
		if !live[v.ID] {
			live[v.ID] = true
			work = append(work, v)
		}
	}
	for _, b := range g.Order {
		for _, v := range b.Values {
			if !v.Op.Removable() {
				mark(v)
			}
		}
		mark(b.End)
	}
	for len(work) > 0 {
		v := work[len(work)-1]
		work = work[:len(work)-1]
		for _, a := range v.Args {
			mark(a)
		}
		if v.State != nil {
			v.State.Values(mark)
		}
		if v.Op == ir.OpParam {
			i := slices.Index(v.Block.Params, v)
			edges = incoming(edges, g, v.Block)
			for _, e := range edges {
				mark(e.Args[i])
			}
		}
	}
	f.RemoveIf(func(v *ir.Value) bool { return !live[v.ID] })
	removeParams(f, func(p *ir.Value) bool { return !live[p.ID] && !p.Block.IsRoot() })
	shareStates(f)
}

// untagStates lets states refer to integers untagged, for they are boxed when the
// state is used.
func untagStates(f *ir.Func) {
	for _, b := range f.Blocks {
		b.Each(func(v *ir.Value) {
			if v.State == nil {
				return
			}
			v.State.Refs(func(r *ir.Ref) {
				if r.Value != nil && r.Value.Op == ir.OpTag {
					r.Value = r.Value.Args[0]
				}
			})
		})
	}
}

// incoming answers the edges to a block, each once.
func incoming(edges []*ir.Edge, g *ir.Graph, b *ir.Block) []*ir.Edge {
	edges = edges[:0]
	var last *ir.Block
	for _, p := range g.Preds[b.ID] {
		if p == last {
			continue // listed once for every edge
		}
		last = p
		for i := range p.Succs {
			if p.Succs[i].To == b {
				edges = append(edges, &p.Succs[i])
			}
		}
	}
	return edges
}

// removeUnreachable removes blocks that cannot be reached and answers the graph of
// the others.
func removeUnreachable(f *ir.Func) *ir.Graph {
	g := ir.NewGraph(f)
	g.DropUnreachable()
	return g
}

// removeParams removes parameters, and the arguments for them from all edges.
func removeParams(f *ir.Func, gone func(*ir.Value) bool) {
	drop := map[*ir.Block][]bool{}
	for _, b := range f.Blocks {
		var d []bool
		for i, p := range b.Params {
			if gone(p) {
				if d == nil {
					d = make([]bool, len(b.Params))
				}
				d[i] = true
			}
		}
		if d != nil {
			drop[b] = d
		}
	}
	if len(drop) == 0 {
		return
	}
	keep := func(vs []*ir.Value, d []bool) []*ir.Value {
		var kept []*ir.Value
		for i, v := range vs {
			if !d[i] {
				kept = append(kept, v)
			}
		}
		return kept
	}
	for _, b := range f.Blocks {
		for i := range b.Succs {
			if d := drop[b.Succs[i].To]; d != nil {
				b.Succs[i].Args = keep(b.Succs[i].Args, d)
			}
		}
	}
	for b, d := range drop {
		b.Params = keep(b.Params, d)
	}
}

// Anchors removes the states that only passes before this one use.
func Anchors(f *ir.Func, _ *Policy) {
	f.RemoveIf(func(v *ir.Value) bool { return v.Op == ir.OpAnchor })
}
