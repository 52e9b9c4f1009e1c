package passes

import (
	"slices"

	"github.com/sista-vm/sista/optimizer/ir"
)

// A view is what is known of a candidate at one place: its fields, or the object once
// it has been made. It is never changed.
type view struct {
	fields []*ir.Value
	made   *ir.Value
}

// A rewriting walks the dominator tree and replaces candidates.
type rewriting struct {
	*escape
	s        *ir.Substitution
	children [][]*ir.Block
	views    []*view // by index of candidate
	undo     []func()
	joins    [][]*candidate              // by ID of block: whose fields are parameters there
	params   map[*ir.Block][][]*ir.Value // those parameters
	out      []*ir.Value                 // the block's new list of values

	// The last state that was described, while views stay as they are.
	states map[*ir.State]*ir.State
}

func (e *escape) rewrite() {
	r := &rewriting{escape: e, s: e.f.NewSubstitution(), children: e.g.Children(), views: make([]*view, len(e.all)),
		joins: make([][]*candidate, e.f.NumBlocks()), params: map[*ir.Block][][]*ir.Value{}}
	for _, c := range e.all {
		if c.dropped {
			continue
		}
		if c.v.Op == ir.OpParam {
			r.join(c.v.Block, c)
			c.fields = r.params[c.v.Block][len(r.joins[c.v.Block.ID])-1]
		}
		for _, b := range c.joins {
			r.join(b, c)
		}
	}
	for _, b := range e.g.Order {
		if e.g.Idom(b) == nil {
			r.walk(b)
		}
	}
	r.s.Apply()
	removeParams(e.f, func(p *ir.Value) bool { return int(p.ID) < len(e.of) && e.of[p.ID] != nil && !e.of[p.ID].dropped })
}

// join gives a block parameters for the fields of a candidate.
func (r *rewriting) join(b *ir.Block, c *candidate) {
	t := ir.TypeOop
	if c.shape.op == ir.OpBoxFloat {
		t = ir.TypeFloat
	}
	ps := make([]*ir.Value, c.shape.fields)
	for i := range ps {
		ps[i] = b.AddParam(t)
	}
	if c.either() {
		ps[1].Type = ir.TypeFloat
	}
	r.joins[b.ID] = append(r.joins[b.ID], c)
	r.params[b] = append(r.params[b], ps)
}

// set changes the view of a candidate until the walk leaves the block.
func (r *rewriting) set(c *candidate, v *view) {
	old := r.views[c.index]
	r.views[c.index] = v
	r.undo = append(r.undo, func() { r.views[c.index] = old })
	r.states = nil
}

// find answers what is used in place of a value, and the candidate that it is or nil.
func (r *rewriting) find(v *ir.Value) (*ir.Value, *candidate) {
	v = r.s.Find(v)
	return v, r.candidate(v)
}

func (r *rewriting) walk(b *ir.Block) {
	mark := len(r.undo)
	r.states = nil
	for i, c := range r.joins[b.ID] {
		r.set(c, &view{fields: r.params[b][i]})
	}
	values := b.Values
	r.out = make([]*ir.Value, 0, len(values))
	for _, v := range values {
		r.value(b, v)
	}
	r.value(b, b.End)
	b.Values = r.out
	for i := range b.Succs {
		r.edge(b, i)
	}
	for _, c := range r.children[b.ID] {
		r.walk(c)
	}
	for len(r.undo) > mark {
		r.undo[len(r.undo)-1]()
		r.undo = r.undo[:len(r.undo)-1]
	}
}

func (r *rewriting) put(b *ir.Block, v *ir.Value) *ir.Value {
	v.Block = b
	if n := len(r.out); v.Origin == nil && n > 0 {
		v.Origin = r.out[n-1].Origin
	}
	r.out = append(r.out, v)
	return v
}

// value rewrites a value, and puts it in the new list if it stays.
func (r *rewriting) value(b *ir.Block, v *ir.Value) {
	if c := r.candidate(v); c != nil && c.v == v {
		r.allocate(b, c)
		return
	}
	// The last argument first: what is stored is made before the store is looked at.
	for i := len(v.Args) - 1; i >= 0; i-- {
		a, c := r.find(v.Args[i])
		v.Args[i] = a
		if c == nil {
			continue
		}
		at := r.views[c.index]
		if at.made == nil && isAccess(v, i, c.shape) {
			r.access(b, v, c, at)
			return
		}
		if at.made == nil {
			at = r.make(b, c, at)
		}
		if a == c.v {
			v.Args[i] = at.made
		}
	}
	r.describe(v)
	if v != b.End {
		r.put(b, v)
	}
}

// allocate starts the life of a candidate with its first fields.
func (r *rewriting) allocate(b *ir.Block, c *candidate) {
	fields := make([]*ir.Value, c.shape.fields)
	for i := range fields {
		if c.shape.op != ir.OpNewArray {
			fields[i] = c.v.Args[i]
			continue
		}
		if i == 0 {
			fields[0] = r.put(b, r.f.NewValue(ir.OpLiteral))
			fields[0].Int = int64(ir.HandleNil)
		}
		fields[i] = fields[0]
	}
	// An argument may be a candidate that is made for it, or was.
	for i, a := range fields {
		a, o := r.find(a)
		if fields[i] = a; o == nil {
			continue
		}
		at := r.views[o.index]
		if at.made == nil {
			at = r.make(b, o, at)
		}
		if a == o.v {
			fields[i] = at.made
		}
	}
	r.set(c, &view{fields: fields})
}

// make makes the object at the end of the new list.
func (r *rewriting) make(b *ir.Block, c *candidate, at *view) *view {
	v := r.put(b, r.object(c, at))
	at = &view{made: v}
	r.set(c, at)
	return at
}

// object answers an allocation of what a candidate stands for.
func (r *rewriting) object(c *candidate, at *view) *ir.Value {
	op := c.shape.op
	if op == ir.OpNewArray {
		op = ir.OpNew
	}
	v := r.f.NewValue(op, slices.Clone(at.fields)...)
	v.Int = c.shape.class
	return v
}

// access replaces what asks about an object, or reads or writes its fields.
func (r *rewriting) access(b *ir.Block, v *ir.Value, c *candidate, at *view) {
	constant := func(op ir.Op, n int64) {
		k := r.f.NewValue(op)
		k.Int = n
		r.s.Replace(v, r.put(b, k))
	}
	answer := func(holds bool) {
		if holds {
			constant(ir.OpConstBool, 1)
		} else {
			constant(ir.OpConstBool, 0)
		}
	}
	switch v.Op {
	case ir.OpOopEq:
		answer(r.s.Find(v.Args[0]).Root() == r.s.Find(v.Args[1]).Root())
	case ir.OpIsSmi, ir.OpIsChar:
		answer(false)
	case ir.OpIsFloat:
		answer(c.shape.op == ir.OpBoxFloat)
	case ir.OpHasClass:
		answer(v.Int == c.shape.class)
	case ir.OpClassIndex:
		constant(ir.OpConstInt, c.shape.class)
	case ir.OpSize:
		constant(ir.OpConstInt, int64(c.shape.fields))
	case ir.OpGuardWritable, ir.OpTouch:
	case ir.OpGuardFloat, ir.OpKnownFloat, ir.OpGuardObj, ir.OpGuardClass, ir.OpKnownClass:
		r.s.Replace(v, c.v)
	case ir.OpUnboxFloat:
		r.s.Replace(v, at.fields[0])
	default:
		n, _ := fieldOf(v)
		if v.Op.Info().Writes == 0 {
			r.s.Replace(v, at.fields[n])
			return
		}
		fields := slices.Clone(at.fields)
		fields[n] = r.s.Find(v.Stored())
		r.set(c, &view{fields: fields})
	}
}

// describe gives a value whose state refers to candidates a state that describes them,
// or refers to what was made.
func (r *rewriting) describe(v *ir.Value) {
	if v.State == nil {
		return
	}
	if d := r.states[v.State]; d != nil {
		v.State = d
		return
	}
	uses := false
	v.State.Values(func(x *ir.Value) {
		_, c := r.find(x)
		uses = uses || c != nil
	})
	old := v.State
	if uses {
		v.State = r.described(old)
	}
	if r.states == nil {
		r.states = map[*ir.State]*ir.State{}
	}
	r.states[old] = v.State
}

func (r *rewriting) described(s *ir.State) *ir.State {
	objects := map[*candidate]*ir.Virtual{}
	var made []*ir.Virtual
	ref := func(x ir.Ref) ir.Ref {
		if x.Value == nil {
			return x
		}
		_, c := r.find(x.Value)
		if c == nil {
			return x
		}
		at := r.views[c.index]
		if at.made != nil {
			return ir.ValueRef(at.made)
		}
		o := objects[c]
		if o == nil {
			o = &ir.Virtual{Class: c.shape.class}
			switch c.shape.op {
			case ir.OpNewArray:
				o.Kind = ir.VirtualArray
			case ir.OpBoxFloat:
				o.Kind = ir.VirtualFloat
			case ir.OpAbsent:
				o.Kind = ir.VirtualEither
			}
			for _, f := range at.fields {
				o.Slots = append(o.Slots, ir.ValueRef(f))
			}
			objects[c] = o
			made = append(made, o)
		}
		return ir.Ref{Virtual: o}
	}
	s = s.MapRefs(ref)
	for i := 0; i < len(made); i++ { // which grows
		for j, x := range made[i].Slots {
			made[i].Slots[j] = ref(x)
		}
	}
	s.Virtuals = append(s.Virtuals, made...)
	return s
}

// edge adds arguments for the fields of candidates, and makes those that the target
// takes as objects: in the block if it has one successor, else on the way.
func (r *rewriting) edge(b *ir.Block, i int) {
	e := &b.Succs[i]
	to, at := e.To, b
	made := map[*candidate]*ir.Value{}
	for j, a := range e.Args {
		a, c := r.find(a)
		e.Args[j] = a
		if c == nil || r.taker(c, to.Params[j]) != nil {
			continue
		}
		v := r.views[c.index].made
		if v == nil {
			v = made[c]
		}
		if v == nil {
			if at == b && len(b.Succs) > 1 {
				at = r.f.NewBlock()
			}
			v = r.object(c, r.views[c.index])
			at.Append(v)
			made[c] = v
		}
		if a == c.v {
			e.Args[j] = v
		}
	}
	for _, c := range r.joins[to.ID] {
		from := c
		if c.v.Op == ir.OpParam && c.v.Block == to {
			a := e.Args[slices.Index(to.Params, c.v)]
			if c.either() {
				e.Args = append(e.Args, r.eitherArgs(at, a)...)
				continue
			}
			if f, ok := r.f.FloatLiteral(a.Root()); ok {
				e.Args = append(e.Args, at.ConstFloat(f))
				continue
			}
			_, from = r.find(a)
		}
		e.Args = append(e.Args, r.views[from.index].fields...)
	}
	if at != b {
		at.Jump(ir.Edge{To: to, Args: e.Args, Count: e.Count})
		e.To, e.Args = at, nil
		return
	}
	for c, v := range made {
		r.set(c, &view{made: v})
	}
}
