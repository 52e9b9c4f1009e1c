package passes

import (
	"slices"

	"github.com/sista-vm/sista/optimizer/ir"
)

// Narrow finds parameters that are always given SmallIntegers, and passes those
// that are untagged somewhere without their tag. In loops the assumption that all
// such parameters are SmallIntegers proves itself.
//
// Where only what a loop starts with is not known to be one, and every round asks, the
// question is asked before the loop instead. Floats are treated so too: only those
// that are immediates are taken, for they have no identity, so that a box of the same
// value is the same. The values of Floats are carried beside their boxes; where nobody
// needs those Escape removes them.
func Narrow(f *ir.Func, _ *Policy) {
	g := removeUnreachable(f)
	n := &narrowing{f: f, g: g, loops: map[*ir.Block]*ir.Loop{}, asked: map[question]bool{}}
	for _, l := range g.Loops() {
		n.ask(l)
	}
	smis, floats := n.find(aSmi), n.find(aFloat)
	for _, b := range g.Order {
		for i, p := range b.Params {
			if smis[p] {
				n.before(b, i, aSmi, smis)
				p.Type = ir.TypeSmi
			} else if floats[p] {
				n.before(b, i, aFloat, floats)
			}
		}
	}
	untagParams(f, g, smis)
	n.carry(floats)
}

// A kind of object that parameters are narrowed to.
type kind uint8

const (
	aSmi   kind = iota
	aFloat      // a box made here, or an immediate
)

// has tells whether a value is surely of the kind.
func (k kind) has(v *ir.Value) bool {
	if k == aSmi {
		return v.Type == ir.TypeSmi
	}
	v = v.Root()
	_, ok := v.Block.Func().FloatLiteral(v)
	return ok || v.Op == ir.OpBoxFloat
}

type question struct {
	param *ir.Value
	kind  kind
}

type narrowing struct {
	f     *ir.Func
	g     *ir.Graph
	loops map[*ir.Block]*ir.Loop // by head, those with an anchor before them
	asked map[question]bool      // every round asks whether a parameter of the head is of the kind
}

// ask finds what every round of a loop asks about the parameters of its head.
func (n *narrowing) ask(l *ir.Loop) {
	if l.PreHeader == nil || anchorOf(l.PreHeader) == nil {
		return
	}
	n.loops[l.Header] = l
	for b := range l.Blocks {
		if !inEveryRound(n.g, l, b) {
			continue
		}
		for _, v := range b.Values {
			if v.Op == ir.OpGuardSmi || v.Op == ir.OpGuardFloat {
				k := aSmi
				if v.Op == ir.OpGuardFloat {
					k = aFloat
				}
				if p := v.Args[0].Root(); p.Op == ir.OpParam && p.Block == l.Header {
					n.asked[question{p, k}] = true
				}
			}
		}
	}
}

// inEveryRound tells whether a block of a loop is executed in every round that goes on.
func inEveryRound(g *ir.Graph, l *ir.Loop, b *ir.Block) bool {
	for _, latch := range l.Latches {
		if !g.Dominates(b, latch) {
			return false
		}
	}
	return true
}

// find answers the parameters that are given objects of a kind only, but for what can be
// asked before a loop. This is assumed of all and then proved wrong.
func (n *narrowing) find(k kind) map[*ir.Value]bool {
	found := map[*ir.Value]bool{}
	for _, b := range n.g.Order {
		if b.IsRoot() {
			continue
		}
		for _, p := range b.Params {
			if p.Type == ir.TypeOop || p.Type == ir.TypeSmi && k == aSmi {
				found[p] = true
			}
		}
	}
	for changed := true; changed; {
		changed = false
		for _, b := range n.g.Order {
			if len(b.Params) == 0 || b.IsRoot() {
				continue
			}
			for _, pred := range n.g.Preds[b.ID] {
				for _, e := range pred.Succs {
					if e.To != b {
						continue
					}
					for i, p := range b.Params {
						if a := e.Args[i]; found[p] && !k.has(a) && !found[a] && !n.canAsk(k, pred, p, a) {
							delete(found, p)
							changed = true
						}
					}
				}
			}
		}
	}
	return found
}

// canAsk tells whether it can be asked at the end of a block whether a is of the kind,
// which is given to a parameter of a loop behind it.
func (n *narrowing) canAsk(k kind, from *ir.Block, p, a *ir.Value) bool {
	l := n.loops[p.Block]
	return l != nil && l.PreHeader == from && a.Type == ir.TypeOop && n.asked[question{p, k}]
}

// before asks before a loop what it asks about parameter i of its head.
func (n *narrowing) before(b *ir.Block, i int, k kind, found map[*ir.Value]bool) {
	l := n.loops[b]
	if l == nil {
		return
	}
	pre := l.PreHeader
	a := pre.Succs[0].Args[i]
	if k.has(a) || found[a] {
		return
	}
	state := anchorOf(pre).State
	if k == aSmi {
		a = pre.GuardSmi(a, ir.ReasonNotSmallInteger, state)
	} else {
		pre.GuardTrue(pre.HasClass(a, smallFloatClass), ir.ReasonNotFloat, state)
		a = pre.BoxFloat(pre.UnboxFloat(a), ir.ReasonNone, nil)
	}
	pre.Succs[0].Args[i] = a
}

// carry gives blocks parameters for the values of Floats that someone unboxes.
func (n *narrowing) carry(floats map[*ir.Value]bool) {
	value := map[*ir.Value]*ir.Value{}
	var work []*ir.Value
	need := func(p *ir.Value) {
		if floats[p] && value[p] == nil {
			value[p] = p.Block.AddParam(ir.TypeFloat)
			work = append(work, p)
		}
	}
	for _, b := range n.g.Order {
		for _, v := range b.Values {
			if v.Op == ir.OpUnboxFloat {
				need(v.Args[0].Root())
			}
		}
	}
	for ; len(work) > 0; work = work[1:] {
		p := work[0]
		i := slices.Index(p.Block.Params, p)
		for _, pred := range n.g.Preds[p.Block.ID] {
			for j := range pred.Succs {
				e := &pred.Succs[j]
				if e.To != p.Block || len(e.Args) > slices.Index(e.To.Params, value[p]) {
					continue // done: a block is listed once for every edge
				}
				a := e.Args[i].Root()
				need(a)
				switch x, literal := n.f.FloatLiteral(a); {
				case literal:
					a = pred.ConstFloat(x)
				case a.Op == ir.OpBoxFloat:
					a = a.Args[0]
				default:
					a = value[a]
				}
				e.Args = append(e.Args, a)
			}
		}
	}
	if len(value) == 0 {
		return
	}
	s := n.f.NewSubstitution()
	for _, b := range n.g.Order {
		for _, v := range b.Values {
			if len(v.Args) == 0 {
				continue
			}
			p := v.Args[0].Root()
			switch {
			case value[p] == nil:
			case v.Op == ir.OpUnboxFloat:
				s.Replace(v, value[p])
			case v.Op == ir.OpGuardFloat || v.Op == ir.OpKnownFloat:
				s.Replace(v, p)
			}
		}
	}
	s.Apply()
	n.f.RemoveIf(s.Has)
}

// untagParams makes integers of those candidates that someone untags, or that are given
// what had to be tagged for it.
func untagParams(f *ir.Func, g *ir.Graph, candidates map[*ir.Value]bool) {
	untagged := map[*ir.Value]bool{}
	var edges []*ir.Edge
	tagged := func(a *ir.Value) bool { return a.Op == ir.OpTag || a.Op == ir.OpConstSmi }
	for p := range candidates {
		any, all := false, true
		i := slices.Index(p.Block.Params, p)
		edges = incoming(edges, g, p.Block)
		for _, e := range edges {
			a := e.Args[i]
			any = any || a.Op == ir.OpTag
			all = all && (tagged(a) || a == p)
		}
		if any && all {
			untagged[p] = true
		}
	}
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
			edges = incoming(edges, g, b)
			for _, e := range edges {
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
