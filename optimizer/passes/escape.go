package passes

import "github.com/sista-vm/sista/optimizer/ir"

// Escape replaces objects that nothing outside the function can see by values for
// their fields. States that refer to such an object describe it, to be made when
// they are used. An object that is only in the fields of another is found when that
// one is gone.
func Escape(f *ir.Func, p *Policy) {
	for range 4 {
		g := removeUnreachable(f)
		objects := candidates(g, p)
		if len(objects) == 0 {
			return
		}
		for _, o := range objects {
			replace(g, o)
		}
	}
}

// candidates answers the allocations whose objects do not escape.
func candidates(g *ir.Graph, p *Policy) []*ir.Value {
	escapes := map[*ir.Value]bool{}
	var fresh []*ir.Value
	for _, b := range g.Order {
		for _, v := range b.Values {
			if slots, ok := numFields(v); ok && slots <= p.MaxScalarSlots {
				fresh = append(fresh, v)
			}
			for i, a := range v.Args {
				if i > 0 || !isFieldAccess(v) {
					escapes[a] = true
				}
			}
		}
		for _, a := range b.End.Args {
			escapes[a] = true
		}
		for _, e := range b.Succs {
			for _, a := range e.Args {
				escapes[a] = true
			}
		}
	}
	var objects []*ir.Value
	for _, v := range fresh {
		if !escapes[v] {
			objects = append(objects, v)
		}
	}
	return objects
}

// numFields answers how many values replace an object; ok is false if that is not
// known.
func numFields(v *ir.Value) (n int, ok bool) {
	switch v.Op {
	case ir.OpNew:
		return len(v.Args), true
	case ir.OpBoxFloat:
		return 1, true
	case ir.OpNewArray:
		size := v.Args[0]
		if size.Op == ir.OpConstInt && size.Int >= 0 && size.Int < 1<<16 {
			return int(size.Int), true
		}
	}
	return 0, false
}

// isFieldAccess tells whether v only reads, writes or asks about fields of its
// first argument that can be told apart when compiling.
func isFieldAccess(v *ir.Value) bool {
	o := v.Args[0]
	n, ok := numFields(o)
	if !ok {
		return false
	}
	switch v.Op {
	case ir.OpLoadSlot, ir.OpStoreSlot:
		return o.Op == ir.OpNew && v.Int < int64(n)
	case ir.OpLoadElement, ir.OpStoreElement:
		i := v.Args[1]
		return o.Op == ir.OpNewArray && i.Op == ir.OpConstInt && i.Int >= 0 && i.Int < int64(n)
	case ir.OpGuardWritable:
		return true
	case ir.OpUnboxFloat:
		return o.Op == ir.OpBoxFloat
	}
	return false
}

// replacement walks the part of the dominator tree where an object lives.
type replacement struct {
	g        *ir.Graph
	object   *ir.Value
	children [][]*ir.Block
	params   map[*ir.Block][]*ir.Value // for fields, where control joins
	s        *ir.Substitution
	gone     map[*ir.Value]bool
}

func replace(g *ir.Graph, o *ir.Value) {
	r := &replacement{g: g, object: o, children: g.Children(), params: map[*ir.Block][]*ir.Value{},
		s: g.Fn.NewSubstitution(), gone: map[*ir.Value]bool{o: true}}
	n, _ := numFields(o)
	for _, b := range g.Order {
		if o.Op == ir.OpBoxFloat || b == o.Block || !g.Dominates(o.Block, b) || len(g.Preds[b.ID]) < 2 {
			continue
		}
		ps := make([]*ir.Value, n)
		for i := range ps {
			ps[i] = b.AddParam(ir.TypeOop)
		}
		r.params[b] = ps
	}
	r.walk(o.Block, nil)
	r.s.Apply()
	g.Fn.RemoveIf(func(v *ir.Value) bool { return r.gone[v] })
}

// initial answers the fields of the new object.
func (r *replacement) initial() []*ir.Value {
	o := r.object
	if o.Op != ir.OpNewArray {
		return append([]*ir.Value(nil), o.Args...)
	}
	n, _ := numFields(o)
	null := insertConst(o, ir.OpLiteral, int64(ir.HandleNil))
	fields := make([]*ir.Value, n)
	for i := range fields {
		fields[i] = null
	}
	return fields
}

// insertConst puts a value without arguments before v.
func insertConst(v *ir.Value, op ir.Op, n int64) *ir.Value {
	w := v.Block.Func().NewValue(op)
	w.Int = n
	v.Block.Insert(w, v)
	return w
}

// walk replaces accesses in a block and those it dominates; fields are what is in
// the object at its start, nil in the block of the allocation.
func (r *replacement) walk(b *ir.Block, fields []*ir.Value) {
	fields = append([]*ir.Value(nil), fields...)
	if ps := r.params[b]; ps != nil {
		copy(fields, ps)
	}
	live := b != r.object.Block
	for _, v := range append([]*ir.Value(nil), b.Values...) {
		if v == r.object {
			fields, live = r.initial(), true
			continue
		}
		if !live {
			continue
		}
		r.access(v, fields)
		r.describe(v, fields)
	}
	r.describe(b.End, fields)
	for i := range b.Succs {
		if ps := r.params[b.Succs[i].To]; ps != nil {
			b.Succs[i].Args = append(b.Succs[i].Args, fields...)
		}
	}
	for _, c := range r.children[b.ID] {
		r.walk(c, fields)
	}
}

func (r *replacement) access(v *ir.Value, fields []*ir.Value) {
	if len(v.Args) == 0 || v.Args[0] != r.object {
		return
	}
	field := int64(0)
	switch v.Op {
	case ir.OpLoadSlot, ir.OpStoreSlot:
		field = v.Int
	case ir.OpLoadElement, ir.OpStoreElement:
		field = v.Args[1].Int
	}
	switch {
	case v.Op == ir.OpGuardWritable:
	case v.Op.Info().Writes != 0:
		fields[field] = v.Stored()
	default:
		r.s.Replace(v, fields[field])
	}
	r.gone[v] = true
}

// describe gives a value whose state refers to the object a state that describes it.
func (r *replacement) describe(v *ir.Value, fields []*ir.Value) {
	if v.State == nil {
		return
	}
	uses := false
	v.State.Values(func(x *ir.Value) { uses = uses || x == r.object })
	if !uses {
		return
	}
	o := &ir.Virtual{Class: r.object.Int}
	switch r.object.Op {
	case ir.OpNewArray:
		o.Kind = ir.VirtualArray
	case ir.OpBoxFloat:
		o.Kind = ir.VirtualFloat
	}
	for _, x := range fields {
		o.Slots = append(o.Slots, ir.ValueRef(x))
	}
	v.State = v.State.Clone()
	v.State.Virtuals = append(v.State.Virtuals, o)
	v.State.Refs(func(x *ir.Ref) {
		if x.Value == r.object {
			*x = ir.Ref{Virtual: o}
		}
	})
}
