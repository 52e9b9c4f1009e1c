package front

import "github.com/sista-vm/sista/optimizer/ir"

// Access to indexable fields, by the format of the receiver's class.

// elements says what kind of indexable fields a class has.
type elements struct {
	pointers bool
	fixed    int64 // named fields before them
	unit     int64 // bytes of a raw one
}

// elementsOf answers the indexable fields of a class, false if instances have none that
// code may access. Those of contexts are no fields.
func elementsOf(c Class) (e elements, ok bool) {
	switch c.Format {
	case formatArray, formatVariable, formatWeak:
		e = elements{pointers: true, fixed: int64(c.Fixed)}
		return e, c.Index != contextClass && c.Index != oldBlockClass && c.Index != FullBlockClosureClass
	}
	e.unit = ir.Class{Format: c.Format}.Unit()
	return e, e.unit != 0
}

// size answers the number of elements, untagged.
func (e elements) size(b *ir.Block, o *ir.Value) *ir.Value {
	n := b.Size(o, e.unit)
	if e.fixed > 0 {
		n = b.ISub(n, b.ConstInt(e.fixed))
	}
	return n
}

// index answers the position of an element, from 0, for an index from 1.
func (s *scope) index(e elements, o, index *ir.Value, again *ir.State) *ir.Value {
	i := s.integer(index, again)
	b := s.cur
	if i.Op == ir.OpConstInt {
		i = b.ConstInt(i.Int - 1)
	} else {
		i = b.ISub(i, b.ConstInt(1))
	}
	i = b.GuardIndex(i, e.size(b, o), ir.ReasonIndexOutOfBounds, again)
	if e.fixed > 0 {
		i = b.IAdd(i, b.ConstInt(e.fixed))
	}
	return i
}

// elementsFor answers the elements of the receiver's class for a primitive.
func elementsFor(o *operands) (elements, string) {
	e, ok := elementsOf(o.facts)
	if o.class <= SmallFloatClass || !ok {
		return e, "format"
	}
	return e, ""
}

func buildSize(s *scope, o *operands) (emitter, string) {
	e, why := elementsFor(o)
	if why != "" {
		return nil, why
	}
	return func(self *ir.Value) *ir.Value { return s.cur.Tag(e.size(s.cur, s.object(self, o.again))) }, ""
}

func buildAt(s *scope, o *operands) (emitter, string) {
	e, why := elementsFor(o)
	if why != "" {
		return nil, why
	}
	return func(self *ir.Value) *ir.Value {
		self = s.object(self, o.again)
		i := s.index(e, self, o.args[0], o.again)
		if e.pointers {
			return s.cur.LoadElement(self, i)
		}
		n := s.cur.LoadRaw(self, i, e.unit)
		if e.unit == 8 {
			n = s.cur.GuardIndex(n, s.cur.ConstInt(ir.MaxSmallInteger+1), ir.ReasonOverflow, o.again)
		}
		return s.cur.Tag(n)
	}, ""
}

func buildAtPut(s *scope, o *operands) (emitter, string) {
	e, why := elementsFor(o)
	if why != "" {
		return nil, why
	}
	v := o.args[1]
	return func(self *ir.Value) *ir.Value {
		self = s.object(self, o.again)
		i := s.index(e, self, o.args[0], o.again)
		s.cur.GuardWritable(self, ir.ReasonReadOnly, o.again)
		if e.pointers {
			s.cur.StoreElement(self, i, v)
			return v
		}
		limit := int64(ir.MaxSmallInteger + 1)
		if e.unit < 8 {
			limit = 1 << (8 * e.unit)
		}
		n := s.integer(v, o.again)
		n = s.cur.GuardIndex(n, s.cur.ConstInt(limit), ir.ReasonPrimitiveFailed, o.again)
		s.cur.StoreRaw(self, i, n, e.unit)
		return v
	}, ""
}

// stringElements answers the elements of a receiver that are Characters.
func stringElements(o *operands) (elements, string) {
	e, why := elementsFor(o)
	if why == "" && (e.pointers || e.unit == 8) {
		why = "format"
	}
	return e, why
}

func buildStringAt(s *scope, o *operands) (emitter, string) {
	e, why := stringElements(o)
	if why != "" {
		return nil, why
	}
	return func(self *ir.Value) *ir.Value {
		self = s.object(self, o.again)
		i := s.index(e, self, o.args[0], o.again)
		n := s.cur.LoadRaw(self, i, e.unit)
		if e.unit == 4 {
			n = s.cur.GuardIndex(n, s.cur.ConstInt(ir.NumCharacters), ir.ReasonPrimitiveFailed, o.again)
		}
		return s.cur.MakeChar(n)
	}, ""
}

func buildStringAtPut(s *scope, o *operands) (emitter, string) {
	e, why := stringElements(o)
	if why != "" {
		return nil, why
	}
	v := o.args[1]
	if c := s.classOf(v); c != 0 && c != CharacterClass {
		return nil, "operands"
	}
	return func(self *ir.Value) *ir.Value {
		self = s.object(self, o.again)
		i := s.index(e, self, o.args[0], o.again)
		s.cur.GuardWritable(self, ir.ReasonReadOnly, o.again)
		n := s.cur.CharValue(s.ofClass(v, CharacterClass, o.again))
		if e.unit < 4 {
			n = s.cur.GuardIndex(n, s.cur.ConstInt(1<<(8*e.unit)), ir.ReasonPrimitiveFailed, o.again)
		}
		s.cur.StoreRaw(self, i, n, e.unit)
		return v
	}, ""
}
