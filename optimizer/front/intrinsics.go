package front

import "github.com/sista-vm/sista/optimizer/ir"

// smallFloats is the distance between the primitives of boxed Floats and those of
// immediate ones.
const smallFloats = 500

// intrinsics are the primitives that are operations, by number. Where one would fail
// the code is left, and the interpreter sends.
var intrinsics = func() map[int]intrinsic {
	m := map[int]intrinsic{
		40:  {args: 0, build: buildAsFloat},
		60:  {args: 1, build: buildAt},
		61:  {args: 2, build: buildAtPut},
		62:  {args: 0, build: buildSize},
		63:  {args: 1, build: buildStringAt},
		64:  {args: 2, build: buildStringAtPut},
		70:  {args: 0, build: buildNew},
		71:  {args: 1, build: buildNewIndexed},
		75:  {args: 0, build: buildIdentityHash},
		105: {args: 4, build: buildReplace},
		110: {args: 1, build: buildIdentical},
		111: {args: 0, build: buildClass},
		169: {args: 1, build: buildNotIdentical},
		170: {args: -1, build: buildAsCharacter},
		171: {args: 0, build: buildAsInteger},
	}
	integers := []int{opAdd, opSubtract, opLess, opGreater, opLessEqual, opGreaterEqual, opEqual, opNotEqual, opMultiply,
		opDivide, opModulo, opIntDivide, opQuo, opBitAnd, opBitOr, opBitXor, opBitShift}
	for i, op := range integers {
		m[1+i] = intrinsic{args: 1, build: buildInteger(op)}
	}
	floats := []int{opAdd, opSubtract, opLess, opGreater, opLessEqual, opGreaterEqual, opEqual, opNotEqual, opMultiply, opDivide}
	for i, op := range floats {
		m[41+i] = intrinsic{args: 1, build: buildFloat(op), floats: true}
	}
	m[51] = intrinsic{args: 0, build: buildTruncated, floats: true}
	m[55] = intrinsic{args: 0, build: buildSquareRoot, floats: true}
	for n := 41; n <= 59; n++ {
		if i, ok := m[n]; ok {
			m[n+smallFloats] = i
		}
	}
	return m
}()

// An emitter computes a primitive's result for a receiver of the class planned for.
type emitter = func(self *ir.Value) *ir.Value

func buildInteger(op int) func(*scope, *operands) (emitter, string) {
	return func(s *scope, o *operands) (emitter, string) {
		arg := o.args[0]
		if f := s.factOf(arg); o.class != SmallIntegerClass || f.float || f.class > SmallIntegerClass {
			return nil, "operands"
		}
		return func(self *ir.Value) *ir.Value {
			return s.integers(op, s.integer(self, o.again), s.integer(arg, o.again), o.again)
		}, ""
	}
}

func isFloatClass(c ClassIndex) bool { return c == SmallFloatClass || c == boxedFloatClass }

func buildFloat(op int) func(*scope, *operands) (emitter, string) {
	return func(s *scope, o *operands) (emitter, string) {
		arg := o.args[0]
		if !isFloatClass(o.class) || !s.maybeNumber(arg) {
			return nil, "operands"
		}
		return func(self *ir.Value) *ir.Value {
			return s.floats(op, s.float(self, o.again), s.number(arg, o.again), o.again)
		}, ""
	}
}

func buildAsFloat(s *scope, o *operands) (emitter, string) {
	if o.class != SmallIntegerClass {
		return nil, "receiver"
	}
	return func(self *ir.Value) *ir.Value {
		return s.cur.BoxFloat(s.cur.IToF(s.integer(self, o.again)), ir.ReasonNoMemory, o.again)
	}, ""
}

func buildTruncated(s *scope, o *operands) (emitter, string) {
	if !isFloatClass(o.class) {
		return nil, "receiver"
	}
	return func(self *ir.Value) *ir.Value {
		return s.cur.Tag(s.cur.FToI(s.float(self, o.again), ir.ReasonOverflow, o.again))
	}, ""
}

func buildSquareRoot(s *scope, o *operands) (emitter, string) {
	if !isFloatClass(o.class) {
		return nil, "receiver"
	}
	return func(self *ir.Value) *ir.Value {
		x := s.float(self, o.again)
		s.cur.GuardFalse(s.cur.FLt(x, s.cur.ConstFloat(0)), ir.ReasonPrimitiveFailed, o.again)
		return s.cur.BoxFloat(s.cur.FSqrt(x), ir.ReasonNoMemory, o.again)
	}, ""
}

func buildIdentityHash(s *scope, o *operands) (emitter, string) {
	if o.class <= SmallFloatClass {
		return nil, "receiver"
	}
	return func(self *ir.Value) *ir.Value { return s.cur.Tag(s.cur.IdentityHash(s.object(self, o.again))) }, ""
}

func buildIdentical(s *scope, o *operands) (emitter, string) {
	return func(self *ir.Value) *ir.Value { return s.cur.FromBool(s.cur.OopEq(self, o.args[0])) }, ""
}

func buildNotIdentical(s *scope, o *operands) (emitter, string) {
	return func(self *ir.Value) *ir.Value { return s.cur.FromBool(s.cur.BNot(s.cur.OopEq(self, o.args[0]))) }, ""
}

func buildClass(s *scope, o *operands) (emitter, string) {
	if o.class == 0 {
		return func(self *ir.Value) *ir.Value { return s.cur.ClassOf(self) }, ""
	}
	return func(*ir.Value) *ir.Value { return s.literal(s.world.ClassHandle(o.class)) }, ""
}

func buildAsCharacter(s *scope, o *operands) (emitter, string) {
	if len(o.args) > 1 || len(o.args) == 0 && o.class != SmallIntegerClass {
		return nil, "operands"
	}
	return func(self *ir.Value) *ir.Value {
		if len(o.args) == 1 {
			self = o.args[0]
		}
		n := s.integer(self, o.again)
		return s.cur.MakeChar(s.cur.GuardIndex(n, s.cur.ConstInt(ir.NumCharacters), ir.ReasonPrimitiveFailed, o.again))
	}, ""
}

func buildAsInteger(s *scope, o *operands) (emitter, string) {
	switch o.class {
	case SmallIntegerClass:
		return func(self *ir.Value) *ir.Value { return self }, ""
	case CharacterClass:
		return func(self *ir.Value) *ir.Value { return s.cur.Tag(s.cur.CharValue(self)) }, ""
	}
	return nil, "receiver"
}

// buildNew makes an object without indexable fields of a class that is known.
func buildNew(s *scope, o *operands) (emitter, string) {
	h, ok := constant(o.rcvr)
	if !ok {
		return nil, "class is not known"
	}
	c, ok := s.world.InstanceClass(h)
	if !ok || c.Format != formatEmpty && c.Format != formatFixed {
		return nil, "format"
	}
	return func(*ir.Value) *ir.Value {
		s.needsClass(c)
		fields := make([]*ir.Value, c.Fixed)
		for i := range fields {
			fields[i] = s.literal(Nil)
		}
		return s.cur.New(c.Index, ir.ReasonNoMemory, o.again, fields...)
	}, ""
}

// buildNewIndexed makes an object of indexable fields only.
func buildNewIndexed(s *scope, o *operands) (emitter, string) {
	h, ok := constant(o.rcvr)
	if !ok {
		return nil, "class is not known"
	}
	c, ok := s.world.InstanceClass(h)
	unit := ir.Class{Format: c.Format}.Unit()
	pointers := c.Format == formatArray || c.Format == formatVariable && c.Fixed == 0
	if !ok || !pointers && unit == 0 || c.Index == boxedFloatClass {
		return nil, "format"
	}
	return func(*ir.Value) *ir.Value {
		s.needsClass(c)
		n := s.integer(o.args[0], o.again)
		n = s.cur.GuardIndex(n, s.cur.ConstInt(int64(s.policy.MaxElements)+1), ir.ReasonIndexOutOfBounds, o.again)
		if pointers {
			return s.cur.NewArray(n, c.Index, ir.ReasonNoMemory, o.again)
		}
		return s.cur.NewRaw(n, c.Index, ir.ReasonNoMemory, o.again)
	}, ""
}
