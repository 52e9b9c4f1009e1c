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
func ValueNumbers(f *ir.Func, p *Policy) {
	g := removeUnreachable(f)
	n := &numbering{g: g, anyway: p.LeaveAnyway, s: f.NewSubstitution()}
	n.known.start(f.NumValues())
	n.roots = make([]aboutRoot, f.NumValues()+f.NumValues()/4)
	children := g.Children()
	var walk func(*ir.Block)
	walk = func(b *ir.Block) {
		n.b = b
		n.enter(b)
		n.block(b)
		for _, c := range children[b.ID] {
			walk(c)
		}
	}
	for _, b := range g.Order {
		if g.Idom(b) == nil {
			walk(b)
		}
	}
	n.s.Apply()
	f.RemoveIf(n.s.Has)
}

// A numbering is what is known where the walk of the dominator tree is. Entries of
// blocks that do not dominate that one are void: the walk does not come back to where
// they hold, so they can be written over.
type numbering struct {
	g      *ir.Graph
	s      *ir.Substitution
	b      *ir.Block // where the walk is
	known  numbers
	roots  []aboutRoot // by ID of value
	facts  []learned
	anyway bool // [Policy.LeaveAnyway]
}

// aboutRoot is what is known of a value: its class, and facts.
type aboutRoot struct {
	classAt
	facts int32 // the last one in the list of all, from 1; 0: none
}

// learned is a fact, or that it is none, from a block on.
type learned struct {
	op    ir.Op
	n     int64
	holds bool
	at    *ir.Block
	next  int32 // about the same value
}

// numbers has values by what makes them the same. A value takes the place of an older one.
type numbers struct {
	heads   []int32 // by hash; places in entries, from 1
	entries []numbered
}

type numbered struct {
	number
	value *ir.Value
	next  int32
}

func (t *numbers) start(values int) {
	size := 16
	for size < values {
		size *= 2
	}
	t.heads = make([]int32, size)
	t.entries = make([]numbered, 0, values/2)
}

func (k *number) hash() uint64 {
	h := (uint64(k.op)<<32 ^ uint64(k.n)) * 0x9E3779B97F4A7C15
	if k.x != nil {
		h = (h ^ uint64(k.x.ID) + 1) * 0x9E3779B97F4A7C15
	}
	if k.y != nil {
		h = (h ^ uint64(k.y.ID) + 1) * 0x9E3779B97F4A7C15
	}
	return h >> 32
}

// at answers the place of a number's value, and makes one if there is none and it is asked for.
func (t *numbers) at(k *number, make bool) **ir.Value {
	head := &t.heads[k.hash()&uint64(len(t.heads)-1)]
	for i := *head; i != 0; i = t.entries[i-1].next {
		if e := &t.entries[i-1]; e.number == *k {
			return &e.value
		}
	}
	if !make {
		return nil
	}
	t.entries = append(t.entries, numbered{*k, nil, *head})
	*head = int32(len(t.entries))
	return &t.entries[len(t.entries)-1].value
}

// about answers what is known of a value.
func (n *numbering) about(v *ir.Value) *aboutRoot {
	if int(v.ID) >= len(n.roots) {
		n.roots = append(n.roots, make([]aboutRoot, n.g.Fn.NumValues()-len(n.roots)+16)...)
	}
	return &n.roots[v.ID]
}

// classAt is a class index that is known from a block on.
type classAt struct {
	class int64
	at    *ir.Block
}

// find answers the value of a number if there is one that dominates.
func (n *numbering) find(k number) *ir.Value {
	if w := n.known.at(&k, false); w != nil && n.g.Dominates((*w).Block, n.b) {
		return *w
	}
	return nil
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

// left puts what a condition is where the code is left for its sake into the state,
// unless the code may be left for the sake of nothing.
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
		if v.Op != ir.OpDeopt && c == v.Args[0] && !n.anyway {
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
	w := n.find(k)
	switch {
	case w == nil:
		*n.known.at(&k, true) = v
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
	if w := n.find(k); w != nil {
		return w
	}
	w := b.ConstBool(holds)
	*n.known.at(&k, true) = w
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
