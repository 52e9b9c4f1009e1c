package front

import (
	"github.com/sista-vm/sista/bytecode"
	"github.com/sista-vm/sista/optimizer/ir"
)

// Sums and products of which only the lowest bits are asked for: generators of random
// numbers, hash functions.
//
//	x * 2862933555777941757 + 3037000493 bitAnd: 16rFFFFFFFFFFFFFFF
//
// What is between the first operation and the bitAnd:, or the \\ by a power of two, may be a large
// integer, but nobody sees it: the lowest bits are those of arithmetic modulo 2^64. So all of it is
// one step, of which nothing overflows. Should an operand be no SmallInteger,
// it is left at its start: all that happens until its end is pushes of temporaries and literals.

// wrapping translates such a step if the running instruction begins one, and answers how many instructions
// it is; 0 if there is none.
func (s *scope) wrapping(instrs []bytecode.Instruction) int {
	if !isSum(&instrs[0]) || s.early != nil {
		return 0
	}
	end, mask := s.wrappingEnd(instrs)
	if end == 0 || !s.trusts(ir.ReasonNotSmallInteger) || !s.largeIsUsual(instrs[:end]) {
		return 0
	}
	if _, floats, others := s.seen(); floats || others {
		return 0
	}
	again := s.reexecute()
	stack := []*ir.Value{s.lowBits(s.top(1), again), s.lowBits(s.top(0), again)}
	s.drop(2)
	for i := range instrs[:end] {
		in := &instrs[i]
		if v := s.simplePush(in); v != nil {
			stack = append(stack, s.lowBits(v, again))
			continue
		}
		n := len(stack) - 2
		x, y := stack[n], stack[n+1]
		switch in.Index {
		case opAdd:
			x = s.cur.IAdd(x, y)
		case opSubtract:
			x = s.cur.ISub(x, y)
		case opMultiply:
			x = s.cur.IMul(x, y)
		default:
			x = s.cur.IAnd(x, s.cur.ConstInt(mask))
		}
		stack = append(stack[:n], x)
	}
	s.push(s.cur.Tag(stack[0]))
	return end
}

// largePrimitives are the primitives of large integers for the operations of a step.
var largePrimitives = map[int]int{opAdd: 21, opSubtract: 22, opMultiply: 29, opModulo: 31, opBitAnd: 34}

// largeIsUsual tells whether large integers do the operations by their primitives.
func (s *scope) largeIsUsual(instrs []bytecode.Instruction) bool {
	for i := range instrs {
		in := &instrs[i]
		if in.Op != bytecode.SendSpecial {
			continue
		}
		selector, _ := s.world.SpecialSelector(in.Index)
		for _, class := range []ClassIndex{largePositiveClass, largeNegativeClass} {
			h, ok := s.world.Lookup(class, selector)
			if !ok {
				return false
			}
			if m := s.world.Method(h); m == nil || m.Primitive != largePrimitives[in.Index] {
				return false
			}
		}
	}
	return true
}

// isSum tells the operations of which the lowest bits depend on those of the operands only.
func isSum(in *bytecode.Instruction) bool {
	return in.Op == bytecode.SendSpecial && (in.Index == opAdd || in.Index == opSubtract || in.Index == opMultiply)
}

// wrappingEnd answers how many instructions lead from two operands on the stack to some of their lowest bits, and
// the mask of these; 0 if none do. There is a product among them: sums alone seldom overflow.
func (s *scope) wrappingEnd(instrs []bytecode.Instruction) (end int, mask int64) {
	depth, product := 2, false
	for i := range instrs {
		in := &instrs[i]
		switch {
		case isSum(in) && depth >= 2:
			depth--
			product = product || in.Index == opMultiply
		case isSimplePush(in):
			depth++
		case in.Op == bytecode.SendSpecial && (in.Index == opBitAnd || in.Index == opModulo) && depth == 2 && i > 0 && product:
			m, ok := s.literalInteger(&instrs[i-1])
			switch {
			case !ok || m < 0:
				return 0, 0
			case in.Index == opBitAnd:
				return i + 1, m
			case m > 0 && m&(m-1) == 0:
				return i + 1, m - 1
			}
			return 0, 0
		default:
			return 0, 0
		}
	}
	return 0, 0
}

func isSimplePush(in *bytecode.Instruction) bool {
	return in.Op == bytecode.PushTemp || in.Op == bytecode.PushInteger || in.Op == bytecode.PushLiteral
}

// simplePush answers what a push of a temporary or literal pushes, nil for other instructions.
func (s *scope) simplePush(in *bytecode.Instruction) *ir.Value {
	switch in.Op {
	case bytecode.PushTemp:
		return s.temp(in.Index)
	case bytecode.PushInteger:
		return s.cur.ConstSmi(int64(in.Value))
	case bytecode.PushLiteral:
		return s.literal(s.method.Literals[in.Index])
	}
	return nil
}

// literalInteger answers the SmallInteger that an instruction pushes.
func (s *scope) literalInteger(in *bytecode.Instruction) (int64, bool) {
	switch in.Op {
	case bytecode.PushInteger:
		return int64(in.Value), true
	case bytecode.PushLiteral:
		l := s.world.Literal(s.method.Literals[in.Index])
		return l.Int, l.Class == SmallIntegerClass
	}
	return 0, false
}

// lowBits answers an Integer modulo 2^64: a literal, or a SmallInteger.
func (s *scope) lowBits(v *ir.Value, again *ir.State) *ir.Value {
	if h, ok := constant(v); ok {
		if l := s.world.Literal(h); l.Class == largePositiveClass || l.Class == largeNegativeClass {
			return s.cur.ConstInt(l.Int)
		}
	}
	return s.integer(v, again)
}
