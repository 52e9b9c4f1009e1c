package front

import "github.com/sista-vm/sista/optimizer/ir"

// functions are the primitives with a name that are operations, by module and function.
var functions = map[string]intrinsic{
	"MiscPrimitivePlugin:primitiveCompareString": {args: 3, build: buildCompareBytes},
	"MiscPrimitivePlugin:primitiveStringHash":    {args: 2, build: buildHashBytes},
	"FloatArrayPlugin:primitiveAt":               {args: 1, build: buildFloatAt(4)},
	"FloatArrayPlugin:primitiveAtPut":            {args: 2, build: buildFloatAtPut(4)},
	"Float64ArrayPlugin:primitiveAt":             {args: 1, build: buildFloatAt(8)},
	"Float64ArrayPlugin:primitiveAtPut":          {args: 2, build: buildFloatAtPut(8)},
}

// intrinsicOf answers what is done in place of a method's primitive.
func intrinsicOf(m *Method) (intrinsic, bool) {
	if m.Primitive == primNamed {
		i, ok := functions[m.Function]
		return i, ok
	}
	i, ok := intrinsics[m.Primitive]
	return i, ok
}

// buildReplace copies from another object of the kind. What does not work is sent: it may be a
// copy from another kind.
func buildReplace(s *scope, o *operands) (emitter, string) {
	e, why := elementsFor(o)
	bytes := !e.pointers && e.unit == 1
	if why == "" && !bytes && o.facts.Format != formatArray {
		why = "format"
	}
	if why != "" {
		return nil, why
	}
	return func(self *ir.Value) *ir.Value {
		start, stop, first := s.integer(o.args[0], o.again), s.integer(o.args[1], o.again), s.integer(o.args[3], o.again)
		b := s.cur
		var done *ir.Value
		if bytes {
			done = b.ReplaceBytes(self, start, stop, o.args[2], first)
		} else {
			done = b.ReplaceOops(self, start, stop, o.args[2], first)
		}
		sends, end := s.fn.NewBlock(), s.fn.NewBlock()
		result := end.AddParam(ir.TypeOop)
		b.Branch(b.INe(done, b.ConstInt(0)), ir.To(end, self), ir.To(sends))
		b.Succs[0].Count = 1
		s.cur = sends
		s.cur.Jump(ir.To(end, s.sent(o.call)))
		s.cur = end
		return result
	}, ""
}

func buildCompareBytes(s *scope, o *operands) (emitter, string) {
	return func(*ir.Value) *ir.Value {
		b := s.cur
		r := b.CompareBytes(o.args[0], o.args[1], o.args[2])
		b.GuardTrue(b.INe(r, b.ConstInt(0)), ir.ReasonPrimitiveFailed, o.again)
		return b.Tag(r)
	}, ""
}

func buildHashBytes(s *scope, o *operands) (emitter, string) {
	return func(*ir.Value) *ir.Value {
		from := s.integer(o.args[1], o.again)
		b := s.cur
		r := b.HashBytes(o.args[0], from)
		b.GuardTrue(b.ILe(b.ConstInt(0), r), ir.ReasonPrimitiveFailed, o.again)
		return b.Tag(r)
	}, ""
}

// floatElements answers the elements of a receiver that are floats of so many bytes.
func floatElements(o *operands, unit int64) (elements, string) {
	e, why := elementsFor(o)
	if why == "" && (e.pointers || e.unit != unit) {
		why = "format"
	}
	return e, why
}

func buildFloatAt(unit int64) func(*scope, *operands) (emitter, string) {
	return func(s *scope, o *operands) (emitter, string) {
		e, why := floatElements(o, unit)
		if why != "" {
			return nil, why
		}
		return func(self *ir.Value) *ir.Value {
			self = s.object(self, o.again)
			i := s.index(e, self, o.args[0], o.again)
			return s.cur.BoxFloat(s.cur.LoadFloat(self, i, unit), ir.ReasonNoMemory, o.again)
		}, ""
	}
}

func buildFloatAtPut(unit int64) func(*scope, *operands) (emitter, string) {
	return func(s *scope, o *operands) (emitter, string) {
		e, why := floatElements(o, unit)
		v := o.args[1]
		if why == "" && !s.maybeNumber(v) {
			why = "operands"
		}
		if why != "" {
			return nil, why
		}
		return func(self *ir.Value) *ir.Value {
			self = s.object(self, o.again)
			i := s.index(e, self, o.args[0], o.again)
			x := s.number(v, o.again)
			s.cur.GuardWritable(self, ir.ReasonReadOnly, o.again)
			s.cur.StoreFloat(self, i, x, unit)
			return v
		}, ""
	}
}
