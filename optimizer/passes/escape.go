package passes

import "github.com/sista-vm/sista/optimizer/ir"

// Escape replaces objects by values for their fields as long as nothing outside the
// function can see them. States that refer to such an object describe it, to be made
// when they are used. Where an object gets out, in a send say, it is made just before,
// so paths on which it does not are without it.
//
// Parameters that are given such objects of one shape only are replaced like them:
// loops carry the fields. What was one object must not become two, for that can be
// seen (by ==, by stores): so an object that is given to such a parameter must not be
// used any more under its own name, nor have been made by then. This is how a Float
// that a loop carries is unboxed, whether it is an immediate or not.
//
// A parameter that only states use, and that is given a Float on one way and something
// else on another, becomes two: an oop and the Float's value. States have both ([ir.VirtualEither]).
//
// An object that is only in the fields of another is found when that one is gone.
func Escape(f *ir.Func, p *Policy) {
	for range p.MaxScalarRounds {
		e := newEscape(f, p)
		if !e.decide(true) && !(e.held && e.decide(false)) {
			return
		}
		e.rewrite()
	}
}

// A shape is what objects must share to be replaced by the same fields.
type shape struct {
	op     ir.Op // new, newarray, boxfloat; absent: an oop or a Float
	class  int64
	fields int
}

// eitherShape is that of parameters which only states use, and that are given Floats and others.
var eitherShape = shape{op: ir.OpAbsent, fields: 2}

func (c *candidate) either() bool { return c.shape == eitherShape }

// floats tells whether a candidate is, or may be, a Float.
func (c *candidate) floats() bool { return c.either() || c.shape.op == ir.OpBoxFloat }

// shapeOf answers the shape of a new object whose fields are known.
func shapeOf(v *ir.Value, p *Policy) (s shape, ok bool) {
	switch v.Op {
	case ir.OpNew:
		s = shape{v.Op, v.Int, len(v.Args)}
	case ir.OpBoxFloat:
		s = shape{v.Op, 0, 1}
	case ir.OpNewArray:
		size := v.Args[0]
		if size.Op != ir.OpConstInt || size.Int < 0 || size.Int > int64(p.MaxScalarSlots) {
			return s, false
		}
		s = shape{v.Op, v.Int, int(size.Int)}
	default:
		return s, false
	}
	return s, s.fields <= p.MaxScalarSlots
}

// A candidate is an allocation or a parameter that may be replaced by fields.
type candidate struct {
	v       *ir.Value
	shape   shape
	index   int
	dropped bool
	stored  bool // its fields change
	within  bool // is put into a field of another candidate
	named   bool // a context that will be there names it
	uses    []*ir.Block
	escapes []*ir.Block // where it gets out, but by edges
	flows   []flow      // edges it is given to
	joins   []*ir.Block // where its fields need parameters, found by check
	from    []*candidate

	fields []*ir.Value // parameters in place of a parameter
}

// A flow is the use of a candidate as argument of an edge.
type flow struct {
	from  *ir.Block
	succ  int
	param *ir.Value
}

type escape struct {
	f    *ir.Func
	p    *Policy
	g    *ir.Graph
	of   []*candidate // by ID of value
	all  []*candidate
	held bool // a candidate waits for another to go

	// What check knows of one candidate: blocks at whose start it is live, and has been
	// made, have the current stamp.
	stamp int
	live  []int // by ID of block
	made  []int
	lives []*ir.Block
}

func newEscape(f *ir.Func, p *Policy) *escape {
	g := removeUnreachable(f)
	return &escape{f: f, p: p, g: g, live: make([]int, f.NumBlocks()), made: make([]int, f.NumBlocks())}
}

// candidate answers that of which a value is another name, or nil.
func (e *escape) candidate(v *ir.Value) *candidate {
	if r := v.Root(); int(r.ID) < len(e.of) {
		if c := e.of[r.ID]; c != nil && !c.dropped {
			return c
		}
	}
	return nil
}

// taker answers the candidate that a parameter is if it takes the fields of c, or nil.
func (e *escape) taker(c *candidate, param *ir.Value) *candidate {
	to := e.candidate(param)
	if to != nil && to.either() && !c.floats() {
		return nil
	}
	return to
}

// decide finds what is replaced, and answers whether there is anything. If hold, what
// is put into a field of another candidate waits for that one to go.
func (e *escape) decide(hold bool) bool {
	e.of, e.all = make([]*candidate, e.f.NumValues()), nil
	e.shapes()
	for _, b := range e.g.Order {
		e.collect(b)
	}
	var work []*candidate
	drop := func(c *candidate) {
		if c.dropped {
			return
		}
		c.dropped = true
		work = append(append(work, c), c.from...)
	}
	for _, c := range e.all {
		if hold && c.within || c.named {
			e.held = e.held || c.within
			drop(c)
		}
	}
	work = append(work, e.all...)
	for len(work) > 0 {
		c := work[len(work)-1]
		work = work[:len(work)-1]
		if !c.dropped && !e.check(c, drop) {
			drop(c)
		}
		if c.dropped {
			for _, w := range c.flows {
				if to := e.candidate(w.param); to != nil && !to.either() {
					drop(to)
				}
			}
		}
	}
	e.dropIdle()
	any := false
	for _, c := range e.all {
		any = any || !c.dropped
	}
	return any
}

// shapes finds the candidates: all allocations of a shape, and parameters that are
// given nothing else, which is assumed of all and then proved wrong.
func (e *escape) shapes() {
	add := func(v *ir.Value, s shape) {
		c := &candidate{v: v, shape: s, index: len(e.all)}
		e.of[v.ID] = c
		e.all = append(e.all, c)
	}
	for _, b := range e.g.Order {
		for _, v := range b.Values {
			if s, ok := shapeOf(v, e.p); ok {
				add(v, s)
			}
		}
	}
	if len(e.all) == 0 {
		return
	}
	shapes := map[*ir.Value]shape{} // of parameters, as far as is known; op 0 if there are several
	get := func(v *ir.Value) (shape, bool) {
		v = v.Root()
		if c := e.of[v.ID]; c != nil {
			return c.shape, true
		}
		if _, ok := e.f.FloatLiteral(v); ok {
			return shape{op: ir.OpBoxFloat, fields: 1}, true
		}
		if v.Op != ir.OpParam || v.Block.IsRoot() {
			return shape{}, true
		}
		s, ok := shapes[v]
		return s, ok
	}
	var edges []*ir.Edge
	for changed := true; changed; {
		changed = false
		for _, b := range e.g.Order {
			if b.IsRoot() || len(b.Params) == 0 {
				continue
			}
			edges = incoming(edges, e.g, b)
			for _, in := range edges {
				for i, p := range b.Params {
					old, had := shapes[p]
					if s, ok := get(in.Args[i]); ok && (!had || old.op != 0 && s != old) {
						if had {
							s = shape{}
						}
						shapes[p] = s
						changed = true
					}
				}
			}
		}
	}
	for _, b := range e.g.Order {
		for _, p := range b.Params {
			if s := shapes[p]; s.op != 0 {
				add(p, s)
			}
		}
	}
	for _, p := range e.eithers() {
		add(p, eitherShape)
	}
}

// collect finds the uses of candidates in a block.
func (e *escape) collect(b *ir.Block) {
	use := func(v *ir.Value) *candidate {
		c := e.candidate(v)
		if c != nil && (len(c.uses) == 0 || c.uses[len(c.uses)-1] != b) {
			c.uses = append(c.uses, b)
		}
		return c
	}
	var last *ir.State
	b.Each(func(v *ir.Value) {
		for i, a := range v.Args {
			c := use(a)
			if c == nil {
				continue
			}
			if i == 0 && v.Op.Info().Writes&^ir.AliasHeader != 0 {
				c.stored = true
			}
			if isAccess(v, i, c.shape) {
				continue
			}
			c.escapes = append(c.escapes, b)
			if o := e.candidate(v); v.Op == ir.OpNew && o != nil {
				c.within = true
			} else if _, ok := v.Location(); ok && i > 0 {
				if o := e.candidate(v.Args[0]); o != nil && o != c {
					c.within = true
				}
			}
		}
		if v.State != nil && v.State != last {
			last = v.State // often that of several values
			last.Values(func(a *ir.Value) { use(a) })
		}
		if v.Op == ir.OpNewContext {
			// Receiver and closure are in the context, whoever else knows them.
			l := v.State.Levels[len(v.State.Levels)-1-int(v.Int)]
			for _, r := range []ir.Ref{l.Self, l.Closure} {
				if r.Value == nil {
					continue
				}
				if c := e.candidate(r.Value); c != nil && e.getsOut(v, map[*ir.Value]bool{}) {
					c.named = true
				}
			}
		}
	})
	for i, s := range b.Succs {
		for j, a := range s.Args {
			c := use(a)
			if c == nil {
				continue
			}
			c.flows = append(c.flows, flow{b, i, s.To.Params[j]})
			if to := e.taker(c, s.To.Params[j]); to != nil {
				to.from = append(to.from, c)
			}
		}
	}
}

// getsOut tells whether more than states, and objects of which that is so too, may refer
// to an object.
func (e *escape) getsOut(o *ir.Value, seen map[*ir.Value]bool) bool {
	if seen[o] {
		return false
	}
	seen[o] = true
	for _, b := range e.g.Order {
		out := false
		b.Each(func(v *ir.Value) {
			for i, a := range v.Args {
				if out || a.Root() != o || v.Op == ir.OpWidow || v.Op.Info().Refines {
					continue
				}
				s, isObject := shapeOf(o, e.p)
				_, isField := v.Location()
				switch {
				case isObject && isAccess(v, i, s):
				case v.Op == ir.OpNew:
					out = e.getsOut(v, seen)
				case isField && i > 0:
					out = e.getsOut(v.Args[0].Root(), seen)
				default:
					out = true
				}
			}
		})
		for _, s := range b.Succs {
			for _, a := range s.Args {
				out = out || a.Root() == o
			}
		}
		if out {
			return true
		}
	}
	return false
}

// isAccess tells whether v, of which an object of the shape is argument i, only asks
// about what is known of the object, or reads or writes fields that can be told apart.
func isAccess(v *ir.Value, i int, s shape) bool {
	if s.op == ir.OpAbsent {
		return false
	}
	if v.Op == ir.OpOopEq {
		return s.op != ir.OpBoxFloat || v.Args[0].Root() == v.Args[1].Root()
	}
	if i > 0 {
		return false
	}
	switch v.Op {
	case ir.OpIsSmi, ir.OpIsFloat, ir.OpIsChar:
		return true
	case ir.OpUnboxFloat, ir.OpGuardFloat, ir.OpKnownFloat:
		return s.op == ir.OpBoxFloat
	case ir.OpGuardClass, ir.OpKnownClass:
		return s.op != ir.OpBoxFloat && v.Int == s.class
	case ir.OpGuardWritable, ir.OpTouch, ir.OpGuardObj, ir.OpHasClass, ir.OpClassIndex:
		return s.op != ir.OpBoxFloat
	case ir.OpSize:
		return s.op != ir.OpBoxFloat && v.Int == 0
	}
	n, ok := fieldOf(v)
	return ok && s.op != ir.OpBoxFloat && n >= 0 && n < int64(s.fields)
}

// fieldOf answers the number of the field that a load or store of an oop goes to.
func fieldOf(v *ir.Value) (n int64, ok bool) {
	switch v.Op {
	case ir.OpLoadSlot, ir.OpStoreSlot:
		return v.Int, true
	case ir.OpLoadElement, ir.OpStoreElement:
		i := v.Args[1]
		return i.Int, i.Op == ir.OpConstInt
	}
	return 0, false
}

// check tells whether a candidate can be replaced. It drops parameters that cannot be
// given its fields.
func (e *escape) check(c *candidate, drop func(*candidate)) bool {
	if c.either() && len(c.escapes) > 0 {
		return false
	}
	e.liveness(c)
	out := map[*ir.Block]bool{} // made somewhere in the block
	for _, b := range c.escapes {
		if b == c.v.Block && c.v.Op != ir.OpParam || !e.spread(b) {
			return false
		}
		out[b] = true
	}
	ends := 0 // edges from the block of an allocation that would only have it made there
	for _, w := range c.flows {
		to := w.from.Succs[w.succ].To
		if e.taker(c, w.param) != nil {
			continue
		}
		if c.either() {
			return false
		}
		if w.from == c.v.Block && c.v.Op != ir.OpParam {
			ends++
		}
		// It is made at the end of the block, and used later.
		if ends == len(w.from.Succs) || e.isLive(to) && (len(w.from.Succs) > 1 || !e.spread(w.from)) {
			return false
		}
	}
	for i, w := range c.flows {
		p := e.taker(c, w.param)
		if p == nil {
			continue
		}
		for j, v := range c.flows {
			if i != j && v.from == w.from && v.succ == w.succ {
				drop(p)
			}
		}
		if e.isLive(w.from.Succs[w.succ].To) || out[w.from] || e.isMade(w.from) {
			drop(p)
		}
	}
	c.joins = c.joins[:0]
	if c.stored {
		for _, b := range e.lives {
			if !e.isMade(b) && len(e.g.Preds[b.ID]) > 1 {
				c.joins = append(c.joins, b)
			}
		}
	}
	return true
}

func (e *escape) isLive(b *ir.Block) bool { return e.live[b.ID] == e.stamp }
func (e *escape) isMade(b *ir.Block) bool { return e.made[b.ID] == e.stamp }

// liveness marks the blocks at whose start a candidate will still be used.
func (e *escape) liveness(c *candidate) {
	e.stamp++
	e.lives = e.lives[:0]
	at := func(b *ir.Block) {
		if b != c.v.Block && !e.isLive(b) {
			e.live[b.ID] = e.stamp
			e.lives = append(e.lives, b)
		}
	}
	for _, b := range c.uses {
		at(b)
	}
	for i := 0; i < len(e.lives); i++ {
		for _, p := range e.g.Preds[e.lives[i].ID] {
			at(p)
		}
	}
}

// spread marks the blocks where an object made in a block is used later. They must be
// dominated by it: then the object made is the one they use.
func (e *escape) spread(from *ir.Block) bool {
	work := []*ir.Block{from}
	seen := map[*ir.Block]bool{}
	for len(work) > 0 {
		b := work[len(work)-1]
		work = work[:len(work)-1]
		for _, s := range b.Succs {
			if !e.isLive(s.To) || seen[s.To] {
				continue
			}
			if s.To == from || !e.g.Dominates(from, s.To) {
				return false
			}
			seen[s.To] = true
			e.made[s.To.ID] = e.stamp
			work = append(work, s.To)
		}
	}
	return true
}
