package ir

import "slices"

// An ID names a value or block in text. It is unique in its function.
type ID int32

// A Func is one compilation: a method or block with all that is inlined in it.
type Func struct {
	Name   string
	Blocks []*Block // the first is the entry
	// Classes describes the classes of objects that the function makes, by class
	// index; Methods has the handle of every method that states name. Either may be
	// nil where nobody asks; if not, it is complete.
	Classes map[int64]Class
	Methods map[string]Handle
	// Floats has the values of literals that are immediate Floats.
	Floats map[Handle]float64
	// Origin is that of the values that are made next; nil if nobody says. A value
	// without one that is put among others gets that of its neighbour.
	Origin *Origin

	nextValue, nextBlock ID
	epoch                uint32 // of the last walk over states, which are shared
	graph                *Graph // the last one that was made
}

// A Class is what making an instance needs to know.
type Class struct {
	Name   string
	Format uint8 // of its instances, as the object format numbers them; raw ones of even length
	Fixed  int   // named fields
}

// Unit answers the bytes of a raw unit of instances, 0 if they have none.
func (c Class) Unit() int64 {
	switch {
	case c.Format == 9:
		return 8
	case c.Format == 10 || c.Format == 11:
		return 4
	case c.Format >= 12 && c.Format < 16:
		return 2
	case c.Format >= 16 && c.Format < 24:
		return 1
	}
	return 0
}

// A Block is executed from its first value to its terminator.
type Block struct {
	ID     ID
	Params []*Value
	Values []*Value
	End    *Value // the terminator, an op that ends a block
	Succs  []Edge
	OSR    *OSREntry // set if interpreter frames enter here

	fn *Func
}

// An OSREntry says which interpreter frames enter at a block: those of a method
// about to execute the bytecode at a pc.
type OSREntry struct {
	Method string
	PC     int
}

// An Edge is a way to a block, with arguments for its parameters. Count says how
// often it was taken while counters looked; 0 if nobody counted.
type Edge struct {
	To    *Block
	Args  []*Value
	Count uint64
}

// A Value is one execution of an op, and its answer.
type Value struct {
	ID     ID
	Op     Op
	Type   Type
	Args   []*Value
	Int    int64  // see Aux
	Sym    string // see Aux
	NoMark bool   // of a store with a barrier: proved that there is nothing to remember
	Reason Reason
	State  *State
	Block  *Block
	Origin *Origin // of what it was made for; nil if nobody knows
}

// An Origin is a bytecode of a method. It means nothing to passes, and is not in the
// text form: it is for those who look at what became of a method.
type Origin struct {
	Method string // as in states
	PC     int
}

// NewFunc answers a function without blocks.
func NewFunc(name string) *Func { return &Func{Name: name} }

// FloatLiteral answers the value of a literal that is an immediate Float: one without
// identity, so another of the same value is the same.
func (f *Func) FloatLiteral(v *Value) (x float64, ok bool) {
	if v.Op != OpLiteral {
		return 0, false
	}
	x, ok = f.Floats[Handle(v.Int)]
	return x, ok
}

// Entry answers the block where execution starts.
func (f *Func) Entry() *Block { return f.Blocks[0] }

// NewBlock appends an empty block.
func (f *Func) NewBlock() *Block {
	b := &Block{ID: f.nextBlock, fn: f}
	f.nextBlock++
	f.Blocks = append(f.Blocks, b)
	return b
}

// NewValue answers a value that is in no block's list yet.
func (f *Func) NewValue(op Op, args ...*Value) *Value {
	v := &Value{ID: f.nextValue, Op: op, Type: op.Info().Result, Args: args, Origin: f.Origin}
	f.nextValue++
	return v
}

// NumValues bounds the IDs of values.
func (f *Func) NumValues() int { return int(f.nextValue) }

// NumBlocks bounds the IDs of blocks.
func (f *Func) NumBlocks() int { return int(f.nextBlock) }

// Func answers the function of the block.
func (b *Block) Func() *Func { return b.fn }

// AddParam appends a parameter.
func (b *Block) AddParam(t Type) *Value {
	v := b.fn.NewValue(OpParam)
	v.Type, v.Block = t, b
	b.Params = append(b.Params, v)
	return v
}

func (b *Block) append(op Op, args []*Value) *Value {
	v := b.fn.NewValue(op, args...)
	b.Append(v)
	return v
}

// Append puts a value at the end of the block.
func (b *Block) Append(v *Value) {
	v.Block = b
	if n := len(b.Values); v.Origin == nil && n > 0 {
		v.Origin = b.Values[n-1].Origin
	}
	b.Values = append(b.Values, v)
}

// Insert puts a value before another, which is in the block.
func (b *Block) Insert(v, before *Value) {
	v.Block = b
	if v.Origin == nil {
		v.Origin = before.Origin
	}
	b.Values = slices.Insert(b.Values, slices.Index(b.Values, before), v)
}

func (b *Block) end(op Op, succs []Edge, args ...*Value) *Value {
	v := b.fn.NewValue(op, args...)
	v.Block = b
	b.End, b.Succs = v, succs
	return v
}

// To makes an edge. It keeps a copy of the arguments: often they are the parameters
// of a block, and rewriting the edge must not rewrite those.
func To(b *Block, args ...*Value) Edge { return Edge{To: b, Args: slices.Clone(args)} }

// Jump ends the block.
func (b *Block) Jump(to Edge) { b.end(OpJump, []Edge{to}) }

// Branch ends the block: to yes if c holds, else to no.
func (b *Block) Branch(c *Value, yes, no Edge) { b.end(OpBranch, []Edge{yes, no}, c) }

// Return ends the block.
func (b *Block) Return(v *Value) { b.end(OpReturn, nil, v) }

// NonLocal ends the block: v is answered from the home of the closure.
func (b *Block) NonLocal(closure, v *Value) { b.end(OpNonLocal, nil, closure, v) }

// Deopt ends the block.
func (b *Block) Deopt(reason Reason, state *State) {
	v := b.end(OpDeopt, nil)
	v.Reason, v.State = reason, state
}

// Unreachable ends the block.
func (b *Block) Unreachable() { b.end(OpUnreachable, nil) }

// Each calls f with every value of the block, parameters first, terminator last.
func (b *Block) Each(f func(*Value)) {
	for _, v := range b.Params {
		f(v)
	}
	for _, v := range b.Values {
		f(v)
	}
	if b.End != nil {
		f(b.End)
	}
}

// Uses calls f with every value that executing v needs: arguments, then what its
// state refers to. Those of a terminator include the arguments of its edges.
func (v *Value) Uses(f func(*Value)) {
	for _, a := range v.Args {
		f(a)
	}
	if v.State != nil {
		v.State.Values(f)
	}
	if v.Op.Info().Ends && v.Block != nil && v.Block.End == v {
		for _, e := range v.Block.Succs {
			for _, a := range e.Args {
				f(a)
			}
		}
	}
}

// Rewrite replaces the use of values: where v is used, f(v) is from now on.
func (f *Func) Rewrite(replace func(*Value) *Value) {
	f.epoch++
	list := func(vs []*Value) {
		for i, v := range vs {
			vs[i] = replace(v)
		}
	}
	ref := func(r *Ref) {
		if r.Value != nil {
			r.Value = replace(r.Value)
		}
	}
	for _, b := range f.Blocks {
		b.Each(func(v *Value) {
			list(v.Args)
			if s := v.State; s != nil && s.epoch != f.epoch {
				s.epoch = f.epoch
				for _, l := range s.Levels {
					if l.epoch != f.epoch {
						l.epoch = f.epoch
						l.Refs(ref)
					}
				}
				for _, o := range s.Virtuals {
					for i := range o.Slots {
						ref(&o.Slots[i])
					}
				}
			}
		})
		for _, e := range b.Succs {
			list(e.Args)
		}
	}
}

// A Substitution maps values to what is used in their place, in several steps.
type Substitution struct {
	f   *Func
	to  []*Value // by ID
	len int
}

// NewSubstitution answers one that replaces nothing.
func (f *Func) NewSubstitution() *Substitution {
	return &Substitution{f: f}
}

// Replace uses w in place of v.
func (s *Substitution) Replace(v, w *Value) {
	if n := int(v.ID) + 1; n > len(s.to) {
		s.to = append(s.to, make([]*Value, max(n, s.f.NumValues())-len(s.to))...)
	}
	s.to[v.ID] = w
	s.len++
}

// Has tells whether something is used in place of v.
func (s *Substitution) Has(v *Value) bool { return int(v.ID) < len(s.to) && s.to[v.ID] != nil }

// Len answers how many values are replaced.
func (s *Substitution) Len() int { return s.len }

// Find answers what is used in place of v in the end.
func (s *Substitution) Find(v *Value) *Value {
	end := v
	for s.Has(end) {
		end = s.to[end.ID]
	}
	for v != end { // the next time it is one step
		v, s.to[v.ID] = s.to[v.ID], end
	}
	return end
}

// Apply rewrites the function.
func (s *Substitution) Apply() {
	if s.len > 0 {
		s.f.Rewrite(s.Find)
	}
}

// RemoveIf takes values for which f holds out of the lists of their blocks.
func (f *Func) RemoveIf(gone func(*Value) bool) {
	for _, b := range f.Blocks {
		b.Values = slices.DeleteFunc(b.Values, gone)
	}
}
