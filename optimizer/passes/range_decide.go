package passes

import (
	"math"

	"github.com/sista-vm/sista/optimizer/ir"
)

// undo remembers a range that was narrowed for a part of the dominator tree.
type undo struct {
	v   *ir.Value
	old interval
	had bool
}

// walk decides the checks of a block, with what the branch to it says, and then
// those of the blocks it dominates.
func (r *ranges) walk(b *ir.Block, log []undo) {
	mark, orders := len(log), len(r.orders)
	log = r.entered(b, log)
	for _, v := range append([]*ir.Value(nil), b.Values...) {
		if v.Type == ir.TypeInt {
			if n, ok := r.lookup(v).meet(r.transfer(v)); ok {
				log = r.narrow(v, n, log)
			}
		}
		log = r.decide(v, log)
	}
	if r.atEnd != nil {
		r.atEnd(b, log)
	}
	for _, c := range r.children[b.ID] {
		r.walk(c, log)
	}
	r.forget(log, mark, orders)
}

// forget takes back what has been learned since there were so many ranges narrowed and orders.
func (r *ranges) forget(log []undo, mark, orders int) []undo {
	for i := len(log) - 1; i >= mark; i-- {
		if u := log[i]; u.had {
			r.of[u.v] = u.old
		} else {
			delete(r.of, u.v)
		}
	}
	r.orders = r.orders[:orders]
	return log[:mark]
}

func (r *ranges) narrow(v *ir.Value, n interval, log []undo) []undo {
	old, had := r.of[v]
	r.of[v] = n
	return append(log, undo{v, old, had})
}

// entered learns from the branch of the only predecessor of a block.
func (r *ranges) entered(b *ir.Block, log []undo) []undo {
	preds := r.g.Preds[b.ID]
	if len(preds) != 1 || preds[0].End.Op != ir.OpBranch || b.IsRoot() {
		return log
	}
	return r.learn(preds[0].End.Args[0], preds[0].Succs[0].To == b, log)
}

// learn narrows ranges by a condition that holds, or does not.
func (r *ranges) learn(c *ir.Value, holds bool, log []undo) []undo {
	if c.Op == ir.OpBNot {
		return r.learn(c.Args[0], !holds, log)
	}
	switch {
	case c.Op == ir.OpILt && holds:
		return r.isLess(c.Args[0], c.Args[1], 1, log)
	case c.Op == ir.OpILt:
		return r.isLess(c.Args[1], c.Args[0], 0, log)
	case c.Op == ir.OpILe && holds:
		return r.isLess(c.Args[0], c.Args[1], 0, log)
	case c.Op == ir.OpILe:
		return r.isLess(c.Args[1], c.Args[0], 1, log)
	case c.Op == ir.OpIEq && holds, c.Op == ir.OpINe && !holds:
		r.ordered(c.Args[0], c.Args[1], 0)
		r.ordered(c.Args[1], c.Args[0], 0)
		if n, ok := r.lookup(c.Args[0]).meet(r.lookup(c.Args[1])); ok {
			return r.narrow(c.Args[1], n, r.narrow(c.Args[0], n, log))
		}
	}
	return log
}

// isLess learns that x + gap <= y; gap is 0 or 1.
func (r *ranges) isLess(x, y *ir.Value, gap int64, log []undo) []undo {
	r.ordered(x, y, gap)
	a, b := r.lookup(x), r.lookup(y)
	if b.hi-gap < b.hi || gap == 0 {
		if n, ok := a.meet(interval{a.lo, b.hi - gap}); ok {
			log = r.narrow(x, n, log)
			log = r.base(x, n, log)
		}
	}
	if a.lo+gap > a.lo || gap == 0 {
		if n, ok := b.meet(interval{a.lo + gap, b.hi}); ok {
			log = r.narrow(y, n, log)
			log = r.base(y, n, log)
		}
	}
	return log
}

// base learns of the value that x is a sum with a constant of, from the range of x. That is for the
// tests of a way: checks of sums cost nothing, and tell the code generator what fits a SmallInteger.
func (r *ranges) base(x *ir.Value, n interval, log []undo) []undo {
	l := r.linear(x)
	if !r.onWay || l.of == nil || l.of == x || l.of.Type != ir.TypeInt {
		return log
	}
	at := interval{math.MinInt64, math.MaxInt64}
	if n.lo > -farthest && n.lo < farthest {
		at.lo = n.lo - l.c
	}
	if n.hi > -farthest && n.hi < farthest {
		at.hi = n.hi - l.c
	}
	if m, ok := r.lookup(l.of).meet(at); ok {
		log = r.narrow(l.of, m, log)
	}
	return log
}

// decide removes a check whose outcome is known, and learns from one that stays.
func (r *ranges) decide(v *ir.Value, log []undo) []undo {
	switch v.Op {
	case ir.OpIAddO, ir.OpISubO, ir.OpIMulO:
		n, exact := arithmetic(v.Op, r.lookup(v.Args[0]), r.lookup(v.Args[1]))
		if exact && n.within(smallInteger) {
			v.Op = map[ir.Op]ir.Op{ir.OpIAddO: ir.OpIAdd, ir.OpISubO: ir.OpISub, ir.OpIMulO: ir.OpIMul}[v.Op]
			v.Reason, v.State = ir.ReasonNone, nil
		}
	case ir.OpGuardIndex:
		x, y := v.Args[0], v.Args[1]
		if r.lookup(x).lo >= 0 && r.isBelow(x, y, 1) {
			r.s.Replace(v, x)
			r.gone[v] = true
			return log
		}
		log = r.isLess(x, y, 1, log)
		if n, ok := r.lookup(x).meet(interval{0, r.lookup(x).hi}); ok {
			log = r.narrow(x, n, log)
		}
	case ir.OpPoll:
		if r.needless(v) {
			r.gone[v] = true
		}
	case ir.OpILt, ir.OpILe:
		yes, no := r.outcome(v)
		r.compare(v, yes, no)
		r.rebase(v)
	case ir.OpIEq, ir.OpINe:
		if _, ok := r.lookup(v.Args[0]).meet(r.lookup(v.Args[1])); !ok {
			r.compare(v, v.Op == ir.OpINe, v.Op == ir.OpIEq)
		}
	case ir.OpGuardTrue, ir.OpGuardFalse:
		log = r.learn(v.Args[0], v.Op == ir.OpGuardTrue, log)
	}
	return log
}

// compare replaces a comparison that is surely true or surely false.
func (r *ranges) compare(v *ir.Value, yes, no bool) {
	if yes == no {
		return
	}
	c := v.Block.Func().NewValue(ir.OpConstBool)
	if yes {
		c.Int = 1
	}
	v.Block.Insert(c, v)
	r.s.Replace(v, c)
	r.gone[v] = true
}
