package front

import (
	"math"

	"github.com/sista-vm/sista/optimizer/ir"
)

// The arithmetic special sends, by number.
const (
	opAdd = iota
	opSubtract
	opLess
	opGreater
	opLessEqual
	opGreaterEqual
	opEqual
	opNotEqual
	opMultiply
	opDivide
	opModulo
	opPoint
	opBitShift
	opIntDivide
	opBitAnd
	opBitOr
	// These have no special send.
	opBitXor
	opQuo
)

// exactInt bounds the SmallIntegers that convert to Float without rounding.
const exactInt = 1 << 53

// maxFactor bounds the factors of products that are SmallIntegers whatever they are.
const maxFactor = 1<<30 - 1

// A shape is how arithmetic is done.
type shape uint8

const (
	asSend     shape = iota // like any other send
	asIntegers              // betting on SmallIntegers
	asFloats                // betting on Floats, or SmallIntegers known to be
	asEither                // SmallIntegers, or a send for anything else
)

// arithmetic translates an arithmetic special send.
func (s *scope) arithmetic(b *basicBlock, op int) {
	x, y := s.top(1), s.top(0)
	again := s.reexecute()
	selector, _ := s.world.SpecialSelector(op)
	switch s.arithmeticShape(op, x, y) {
	case asIntegers:
		v := s.integers(op, s.integer(x, again), s.integer(y, again), again)
		s.drop(2)
		s.push(v)
	case asFloats:
		v := s.floats(op, s.number(x, again), s.number(y, again), again)
		s.drop(2)
		s.push(v)
	case asEither:
		s.either(b, op, selector)
	default:
		s.send(b, selector, 1)
	}
}

// hasFloats tells operations that Floats have too.
func hasFloats(op int) bool { return op <= opDivide }

// isComparison tells operations that answer Booleans.
func isComparison(op int) bool { return op >= opLess && op <= opNotEqual }

// arithmeticShape decides by what is known, what was seen, and which bets were lost.
func (s *scope) arithmeticShape(op int, x, y *ir.Value) shape {
	if op == opPoint {
		return asSend
	}
	integersWork := s.trusts(ir.ReasonNotSmallInteger, ir.ReasonOverflow, ir.ReasonDivisionByZero, ir.ReasonIndexOutOfBounds)
	floatsWork := hasFloats(op) && s.trusts(ir.ReasonNotFloat, ir.ReasonDivisionByZero)
	// Without integers the bet may be on the operands alone.
	either := asSend
	if op == opAdd || op == opSubtract || isComparison(op) || op == opMultiply || op == opBitAnd || op == opBitOr {
		either = asEither
	}
	switch {
	case s.isInteger(x) && s.isInteger(y):
		if integersWork {
			return asIntegers
		}
		return either
	case s.isFloat(x) || s.isFloat(y):
		if floatsWork && s.maybeNumber(x) && s.maybeNumber(y) {
			return asFloats
		}
		return asSend
	case !s.maybeNumber(x):
		return asSend
	}
	integers, floats, others := s.seen()
	switch {
	case others:
		return asSend
	case floats && integers:
		if either == asSend && op <= opDivide && integersWork {
			return asEither
		}
		return either
	case floats:
		if floatsWork {
			return asFloats
		}
		return asSend
	case integersWork:
		return asIntegers
	case !integers && floatsWork && !s.trusts(ir.ReasonNotSmallInteger):
		return asFloats
	}
	return either
}

// maybeNumber tells whether a value may be a SmallInteger or Float.
func (s *scope) maybeNumber(v *ir.Value) bool {
	f := s.factOf(v)
	return f.class == 0 && v.Type == ir.TypeOop && v.Op != ir.OpFromBool || f.class == SmallIntegerClass || f.float
}

// seen tells which receivers the running send has met.
func (s *scope) seen() (integers, floats, others bool) {
	fb, _ := s.world.Send(s.path())
	if fb == nil {
		return false, false, false
	}
	for _, c := range fb.Cases {
		switch ClassIndex(c.Class) {
		case SmallIntegerClass:
			integers = true
		case SmallFloatClass, boxedFloatClass:
			floats = true
		default:
			others = true
		}
	}
	return integers, floats, others || fb.Megamorphic()
}

// integers answers an operation on two SmallIntegers, leaving the code if the result
// is none.
func (s *scope) integers(op int, x, y *ir.Value, again *ir.State) *ir.Value {
	b := s.cur
	switch op {
	case opAdd:
		return b.Tag(b.IAddO(x, y, ir.ReasonOverflow, again))
	case opSubtract:
		return b.Tag(b.ISubO(x, y, ir.ReasonOverflow, again))
	case opMultiply:
		return b.Tag(b.IMulO(x, y, ir.ReasonOverflow, again))
	case opBitAnd:
		return b.Tag(b.IAnd(x, y))
	case opBitOr:
		return b.Tag(b.IOr(x, y))
	case opBitXor:
		return b.Tag(b.IXor(x, y))
	case opBitShift:
		return s.shift(x, y, again)
	case opDivide, opModulo, opIntDivide, opQuo:
		return s.divide(op, x, y, again)
	}
	return b.FromBool(s.compareIntegers(op, x, y))
}

func (s *scope) compareIntegers(op int, x, y *ir.Value) *ir.Value {
	b := s.cur
	switch op {
	case opLess:
		return b.ILt(x, y)
	case opGreater:
		return b.ILt(y, x)
	case opLessEqual:
		return b.ILe(x, y)
	case opGreaterEqual:
		return b.ILe(y, x)
	case opEqual:
		return b.IEq(x, y)
	}
	return b.INe(x, y)
}

// divide checks the divisor, and that the quotient is a SmallInteger: that of the
// smallest by -1 is not.
func (s *scope) divide(op int, x, y *ir.Value, again *ir.State) *ir.Value {
	b := s.cur
	if y.Op != ir.OpConstInt || y.Int == 0 {
		b.GuardTrue(b.INe(y, b.ConstInt(0)), ir.ReasonDivisionByZero, again)
	}
	if op != opModulo && (y.Op != ir.OpConstInt || y.Int == -1) {
		b.GuardTrue(b.INe(y, b.ConstInt(-1)), ir.ReasonOverflow, again)
	}
	switch op {
	case opModulo:
		return b.Tag(b.IMod(x, y))
	case opIntDivide:
		return b.Tag(b.IDiv(x, y))
	case opDivide:
		b.GuardTrue(b.IEq(b.IRem(x, y), b.ConstInt(0)), ir.ReasonOverflow, again)
	}
	return b.Tag(b.IQuo(x, y))
}

// The distances that are shifted here.
const (
	maxShiftLeft  = 61
	maxShiftRight = 61
)

func (s *scope) shift(x, y *ir.Value, again *ir.State) *ir.Value {
	left := func(y *ir.Value) *ir.Value { return s.cur.IShlO(x, y, ir.ReasonOverflow, again) }
	right := func(y *ir.Value) *ir.Value { return s.cur.ISar(x, y) }
	if y.Op == ir.OpConstInt && y.Int >= -maxShiftRight && y.Int <= maxShiftLeft {
		if y.Int >= 0 {
			return s.cur.Tag(left(y))
		}
		return s.cur.Tag(right(s.cur.ConstInt(-y.Int)))
	}
	from := s.cur
	yes, no, end := s.fn.NewBlock(), s.fn.NewBlock(), s.fn.NewBlock()
	from.Branch(from.ILt(y, from.ConstInt(0)), ir.To(yes), ir.To(no))
	result := end.AddParam(ir.TypeInt)
	s.cur = yes
	n := yes.GuardIndex(yes.ISub(yes.ConstInt(0), y), yes.ConstInt(maxShiftRight+1), ir.ReasonIndexOutOfBounds, again)
	yes.Jump(ir.To(end, right(n)))
	s.cur = no
	n = no.GuardIndex(y, no.ConstInt(maxShiftLeft+1), ir.ReasonIndexOutOfBounds, again)
	no.Jump(ir.To(end, left(n)))
	s.cur = end
	return end.Tag(result)
}

// number answers the value of an operand of float arithmetic. A SmallInteger that a
// Float cannot be equal to is left to the interpreter.
func (s *scope) number(v *ir.Value, again *ir.State) *ir.Value {
	if !s.isInteger(v) {
		return s.float(v, again)
	}
	n := s.integer(v, again)
	b := s.cur
	if n.Op == ir.OpConstInt && n.Int >= -exactInt && n.Int <= exactInt {
		return b.ConstFloat(float64(n.Int))
	}
	b.GuardIndex(b.IAdd(n, b.ConstInt(exactInt)), b.ConstInt(2*exactInt+1), ir.ReasonNotFloat, again)
	return b.IToF(n)
}

// floats answers an operation on two Floats.
func (s *scope) floats(op int, x, y *ir.Value, again *ir.State) *ir.Value {
	b := s.cur
	var r *ir.Value
	switch op {
	case opAdd:
		r = b.FAdd(x, y)
	case opSubtract:
		r = b.FSub(x, y)
	case opMultiply:
		r = b.FMul(x, y)
	case opDivide:
		if y.Op != ir.OpConstFloat || math.Float64frombits(uint64(y.Int)) == 0 {
			b.GuardFalse(b.FEq(y, b.ConstFloat(0)), ir.ReasonDivisionByZero, again)
		}
		r = b.FDiv(x, y)
	case opLess:
		return b.FromBool(b.FLt(x, y))
	case opGreater:
		return b.FromBool(b.FLt(y, x))
	case opLessEqual:
		return b.FromBool(b.FLe(x, y))
	case opGreaterEqual:
		return b.FromBool(b.FLe(y, x))
	case opEqual:
		return b.FromBool(b.FEq(x, y))
	default:
		return b.FromBool(b.FNe(x, y))
	}
	return b.BoxFloat(r, ir.ReasonNoMemory, again)
}

// either computes with SmallIntegers, with Floats where there were some, and sends to
// anything else and for what is no SmallInteger.
func (s *scope) either(b *basicBlock, op int, selector Handle) {
	x, y := s.top(1), s.top(0)
	c := s.newCall(selector, 1)
	_, floats, _ := s.seen()
	floats = floats && hasFloats(op) && s.trusts(ir.ReasonDivisionByZero)
	s.decide(c.text, map[bool]string{false: "SmallIntegers, or sent", true: "SmallIntegers, Floats, or sent"}[floats])
	slots := append([]*ir.Value(nil), s.slots...)
	sends := s.fn.NewBlock()
	notIntegers := sends
	if floats {
		notIntegers = s.fn.NewBlock()
	}
	var results join
	again := s.reexecute()
	for _, v := range []*ir.Value{x, y} {
		if !s.isInteger(v) {
			s.unless(s.cur.IsSmi(v), notIntegers)
		}
	}
	i, j := s.integer(s.knownAs(x, SmallIntegerClass), again), s.integer(s.knownAs(y, SmallIntegerClass), again)
	switch op {
	case opAdd, opSubtract:
		r := s.cur.IAdd(i, j)
		if op == opSubtract {
			r = s.cur.ISub(i, j)
		}
		s.unless(s.cur.ILe(r, s.cur.ConstInt(ir.MaxSmallInteger)), sends)
		s.unless(s.cur.ILe(s.cur.ConstInt(ir.MinSmallInteger), r), sends)
		s.yield(&results, s.cur.Tag(r))
	case opMultiply:
		// Of what is that small the product is a SmallInteger.
		for _, n := range []*ir.Value{i, j} {
			s.unless(s.cur.ILe(n, s.cur.ConstInt(maxFactor)), sends)
			s.unless(s.cur.ILe(s.cur.ConstInt(-maxFactor), n), sends)
		}
		s.yield(&results, s.cur.Tag(s.cur.IMul(i, j)))
	default:
		s.yield(&results, s.integers(op, i, j, again))
	}
	// What is known of the operands on one way is not known on another.
	s.slots = append([]*ir.Value(nil), slots...)
	if floats {
		s.cur = notIntegers
		var values []*ir.Value
		for _, v := range []*ir.Value{x, y} {
			if s.isInteger(v) {
				values = append(values, s.number(v, again))
			} else {
				s.unless(s.cur.IsFloat(v), sends)
				values = append(values, s.cur.UnboxFloat(s.cur.KnownFloat(v)))
			}
		}
		s.yield(&results, s.floats(op, values[0], values[1], again))
		s.slots = append([]*ir.Value(nil), slots...)
	}
	s.cur = sends
	s.yield(&results, s.sent(c))
	s.collect(b, c.operands, &results)
}

// unless goes on where a condition holds, and elsewhere where it does not.
func (s *scope) unless(c *ir.Value, otherwise *ir.Block) {
	next := s.fn.NewBlock()
	s.cur.Branch(c, ir.To(next), ir.To(otherwise))
	s.cur = next
}
