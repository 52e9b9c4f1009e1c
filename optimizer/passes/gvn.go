package passes

import "github.com/sista-vm/sista/optimizer/ir"

// number is what makes two values the same.
type number struct {
	op   ir.Op
	n    int64
	x, y *ir.Value
}

// ValueNumbers replaces a value by one that dominates it and computes the same. A
// guard passed is not asked again. Branches and guards are facts wherever they
// dominate: questions they answer become constants, guards they make superfluous
// check nothing any more.
func ValueNumbers(f *ir.Func, _ *Policy) {
	g := removeUnreachable(f)
	n := &numbering{g: g, s: f.NewSubstitution(), known: map[number]*ir.Value{}, facts: map[fact]bool{}, class: map[*ir.Value]int64{}}
	children := g.Children()
	var walk func(*ir.Block)
	walk = func(b *ir.Block) {
		mark := len(n.undo)
		n.enter(b)
		n.block(b)
		for _, c := range children[b.ID] {
			walk(c)
		}
		n.forget(mark)
	}
	for _, b := range g.Order {
		if g.Idom(b) == nil {
			walk(b)
		}
	}
	n.s.Apply()
	f.RemoveIf(n.s.Has)
}

// A numbering is what is known where the walk of the dominator tree is.
type numbering struct {
	g     *ir.Graph
	s     *ir.Substitution
	known map[number]*ir.Value
	facts map[fact]bool
	class map[*ir.Value]int64 // of roots
	undo  []learned
}

// learned is what is forgotten when the walk leaves a block: one of these.
type learned struct {
	number number
	fact   fact
	class  *ir.Value
}

func (n *numbering) forget(mark int) {
	for _, u := range n.undo[mark:] {
		switch {
		case u.class != nil:
			delete(n.class, u.class)
		case u.fact.of != nil:
			delete(n.facts, u.fact)
		default:
			delete(n.known, u.number)
		}
	}
	n.undo = n.undo[:mark]
}

// put and learn of facts.go add to what is known, until the walk leaves the block.
func (n *numbering) put(k number, v *ir.Value) {
	n.known[k] = v
	n.undo = append(n.undo, learned{number: k})
}

// enter learns from the branch of the only predecessor.
func (n *numbering) enter(b *ir.Block) {
	preds := n.g.Preds[b.ID]
	if len(preds) == 1 && preds[0].End.Op == ir.OpBranch && !b.IsRoot() {
		n.learn(preds[0].End.Args[0], preds[0].Succs[0].To == b)
	}
}

func (n *numbering) block(b *ir.Block) {
	values := b.Values
	b.Values = make([]*ir.Value, 0, len(values))
	for _, v := range values {
		for i, a := range v.Args {
			v.Args[i] = n.s.Find(a)
		}
		if holds, ok := n.answer(v); ok {
			n.s.Replace(v, n.constant(b, holds))
			continue
		}
		if n.again(v) || n.superfluous(v) {
			continue
		}
		b.Append(v)
		n.left(b, v)
		n.passed(v)
	}
	n.left(b, b.End)
	for i, a := range b.End.Args {
		b.End.Args[i] = n.s.Find(a)
		if holds, ok := n.isTrue(b.End.Args[i]); ok {
			b.End.Args[i] = n.constant(b, holds)
		}
	}
}

// left puts what a condition is where the code is left for its sake into the state.
func (n *numbering) left(b *ir.Block, v *ir.Value) {
	switch v.Op {
	case ir.OpGuardTrue, ir.OpGuardFalse, ir.OpDeopt:
	default:
		return
	}
	holds := func(x *ir.Value) (holds, ok bool) {
		if x.Op != ir.OpFromBool {
			return false, false
		}
		c := n.s.Find(x.Args[0])
		if v.Op != ir.OpDeopt && c == v.Args[0] {
			return v.Op == ir.OpGuardFalse, true
		}
		return n.isTrue(c)
	}
	any := false
	v.State.Values(func(x *ir.Value) {
		_, ok := holds(n.s.Find(x))
		any = any || ok
	})
	if !any {
		return
	}
	v.State = v.State.Map(func(x *ir.Value) *ir.Value {
		h, ok := holds(n.s.Find(x))
		if !ok {
			return x
		}
		w := b.Func().NewValue(ir.OpLiteral)
		w.Int = int64(ir.HandleFalse)
		if h {
			w.Int = int64(ir.HandleTrue)
		}
		w.Block = b
		b.Values = append(b.Values, w)
		if last := len(b.Values) - 2; v.Op != ir.OpDeopt {
			b.Values[last], b.Values[last+1] = w, v
		}
		return w
	})
}

// again replaces a value that was computed before, and remembers one that was not.
func (n *numbering) again(v *ir.Value) bool {
	k, ok := numberOf(v)
	if !ok {
		return false
	}
	w := n.known[k]
	switch {
	case w == nil:
		n.put(k, v)
		return false
	case v.Type != ir.TypeNone:
		n.s.Replace(v, w)
	}
	return true
}

// constant answers a condition that is known, at the end of the block so far.
func (n *numbering) constant(b *ir.Block, holds bool) *ir.Value {
	k := number{op: ir.OpConstBool}
	if holds {
		k.n = 1
	}
	if w := n.known[k]; w != nil {
		return w
	}
	w := b.ConstBool(holds)
	n.put(k, w)
	return w
}

// numberOf answers the number of a value; ok is false if it depends on more than
// its arguments.
func numberOf(v *ir.Value) (k number, ok bool) {
	i := v.Op.Info()
	if !v.Op.Pure() && !(i.Guard && i.Reads == 0) || len(v.Args) > 2 {
		return k, false
	}
	k = number{op: v.Op, n: v.Int}
	if len(v.Args) > 0 {
		k.x = v.Args[0]
	}
	if len(v.Args) > 1 {
		k.y = v.Args[1]
		if i.Commutes && k.x.ID > k.y.ID {
			k.x, k.y = k.y, k.x
		}
	}
	return k, true
}
