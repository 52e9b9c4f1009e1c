package passes

import "github.com/sista-vm/sista/optimizer/ir"

// Tails copies ways from a join to a return on which the edge into the join decides every
// test: what was known of the edge, by the test that led to it say, is forgotten where it
// joins others, and is not where it has a way of its own. On that, constants fold. What still
// comes to the join knows more, too, so that the next ways are found in another round.
//
// A recursion inlined in itself is full of such: the test that ends one activation says
// which others it ends.
func Tails(f *ir.Func, p *Policy) {
	left := p.MaxTails
	for left > 0 && hasJoinBeforeTest(f) {
		g := removeUnreachable(f)
		t := &tails{ranges: newRanges(g, p), left: left}
		t.ranges.atEnd = t.find
		t.ranges.run()
		if len(t.found) == 0 {
			return
		}
		t.copy()
		ControlFlow(f, p)
		left = t.left
	}
}

// A tail is a way from an edge to a return.
type tail struct {
	from  *ir.Block
	succ  int // of from's successors
	way   []*ir.Block
	to    []int               // by place in the way, which successor is next; the last has none
	known map[*ir.Value]int64 // values that are constant on the way
}

type tails struct {
	ranges *ranges
	left   int // values that may be copied
	found  []tail
}

// hasJoinBeforeTest tells whether there is a place where ways join that are told apart by a
// comparison of integers later.
func hasJoinBeforeTest(f *ir.Func) bool {
	g := removeUnreachable(f)
	for _, b := range g.Order {
		if len(g.Preds[b.ID]) < 2 {
			continue
		}
		for n := 0; b.End.Op == ir.OpJump && n < len(g.Order); n++ {
			b = b.Succs[0].To
		}
		if b.End.Op == ir.OpBranch && isOrder(b.End.Args[0]) {
			return true
		}
	}
	return false
}

// isOrder tells whether a condition compares integers by order.
func isOrder(c *ir.Value) bool {
	if c.Op == ir.OpBNot {
		c = c.Args[0]
	}
	return c.Op == ir.OpILt || c.Op == ir.OpILe
}

// find looks for tails from the successors of a block, where the walk is.
func (t *tails) find(b *ir.Block, log []undo) {
	r := t.ranges
	counted := false
	r.onWay = true
	for _, e := range b.Succs {
		counted = counted || e.Count > 0
	}
	for i, e := range b.Succs {
		if len(r.g.Preds[e.To.ID]) < 2 || counted && e.Count == 0 || r.g.Position(e.To) <= r.g.Position(b) {
			continue // what is known here of a loop's values is not of its next round
		}
		mark, orders := len(log), len(r.orders)
		if len(b.Succs) == 2 {
			log = r.learn(b.End.Args[0], i == 0, log)
		}
		var w tail
		if w, log = t.follow(e, log); w.way != nil {
			w.from, w.succ = b, i
			t.found = append(t.found, w)
		}
		log = r.forget(log, mark, orders)
	}
	r.onWay = false
}

// follow answers the way that an edge leads to a return, or none: where a test is open, where
// it goes back, or gets too long.
func (t *tails) follow(e ir.Edge, log []undo) (tail, []undo) {
	r, w := t.ranges, tail{known: map[*ir.Value]int64{}}
	size, tests := 0, 0
	for {
		b := e.To
		for i, p := range b.Params {
			if p.Type == ir.TypeInt {
				r.ordered(p, e.Args[i], 0)
				r.ordered(e.Args[i], p, 0)
				log = r.narrow(p, r.lookup(e.Args[i]), log)
			}
		}
		for _, v := range b.Values {
			if v.Type == ir.TypeInt {
				if n, ok := r.lookup(v).meet(r.transfer(v)); ok {
					log = r.narrow(v, n, log)
				}
			}
			if n, ok := r.constant(v); ok {
				w.known[v] = n
			} else if !r.folds(v) {
				size++
			}
		}
		if size > min(r.p.MaxTail, t.left) {
			return tail{}, log
		}
		w.way = append(w.way, b)
		next := 0
		switch b.End.Op {
		case ir.OpReturn:
			if tests == 0 {
				return tail{}, log
			}
			t.left -= size
			return w, log
		case ir.OpJump:
		case ir.OpBranch:
			yes, no := r.outcome(b.End.Args[0])
			if yes == no {
				return tail{}, log
			}
			if no {
				next = 1
			}
			tests++
		default:
			return tail{}, log
		}
		w.to = append(w.to, next)
		if e = b.Succs[next]; r.g.Position(e.To) <= r.g.Position(b) {
			return tail{}, log
		}
	}
}

// folds tells whether nothing is to be computed for a value where the walk is: constants, and
// conditions, for those on a way are decided.
func (r *ranges) folds(v *ir.Value) bool {
	switch {
	case v.Op == ir.OpLiteral, v.Type == ir.TypeBool && !v.Op.HasEffect():
		return true
	case v.Op == ir.OpTag:
		n := r.lookup(v.Args[0])
		return n.lo == n.hi
	}
	return false
}

// constant answers an integer that has one value where the walk is, and needs no check.
func (r *ranges) constant(v *ir.Value) (n int64, ok bool) {
	if v.Type != ir.TypeInt || v.Op.HasEffect() {
		return 0, false
	}
	if v.Op.Info().Guard {
		switch v.Op {
		case ir.OpIAddO, ir.OpISubO, ir.OpIMulO:
			if x, exact := arithmetic(v.Op, r.lookup(v.Args[0]), r.lookup(v.Args[1])); !exact || !x.within(smallInteger) {
				return 0, false
			}
		default:
			return 0, false
		}
	}
	x := r.lookup(v)
	return x.lo, x.lo == x.hi
}

// outcome tells whether a condition surely holds or surely does not.
func (r *ranges) outcome(c *ir.Value) (yes, no bool) {
	switch c.Op {
	case ir.OpConstBool:
		return c.Int != 0, c.Int == 0
	case ir.OpBNot:
		yes, no = r.outcome(c.Args[0])
		return no, yes
	case ir.OpILt:
		return r.isBelow(c.Args[0], c.Args[1], 1), r.isBelow(c.Args[1], c.Args[0], 0)
	case ir.OpILe:
		return r.isBelow(c.Args[0], c.Args[1], 0), r.isBelow(c.Args[1], c.Args[0], 1)
	}
	return false, false
}

// copy lays every way out as one block, and has its edge lead there. All are copied before
// any edge changes, for ways have edges of each other.
func (t *tails) copy() {
	f := t.ranges.g.Fn
	copies := make([]*ir.Block, len(t.found))
	for i, w := range t.found {
		c := f.NewBlock()
		copies[i] = c
		of, constants := map[*ir.Value]*ir.Value{}, map[int64]*ir.Value{}
		find := func(v *ir.Value) *ir.Value {
			if x := of[v]; x != nil {
				return x
			}
			return v
		}
		e := w.from.Succs[w.succ]
		for k, b := range w.way {
			for j, p := range b.Params {
				of[p] = find(e.Args[j]) // a way comes to a block once
			}
			for _, v := range b.Values {
				if n, ok := w.known[v]; ok {
					if constants[n] == nil {
						constants[n] = f.NewValue(ir.OpConstInt)
						constants[n].Int = n
						c.Append(constants[n])
					}
					of[v] = constants[n]
				} else {
					of[v] = copyTo(c, v, find)
				}
			}
			if k < len(w.to) {
				e = b.Succs[w.to[k]]
			} else {
				c.End = copyEnd(c, b.End, find)
			}
		}
	}
	for i, w := range t.found {
		e := &w.from.Succs[w.succ]
		for k, to := range w.to {
			s := &w.way[k].Succs[to]
			s.Count -= min(s.Count, e.Count)
		}
		e.To, e.Args = copies[i], nil
	}
}
