package ir

import (
	"math"
	"math/bits"
)

// IntOp answers an operation on two integers; ok is false where it is undefined,
// or the op is none of integers. The evaluator and constant folding share it.
func IntOp(op Op, x, y int64) (r int64, ok bool) {
	switch op {
	case OpIAdd:
		return x + y, true
	case OpISub:
		return x - y, true
	case OpIMul:
		return x * y, true
	case OpIAnd:
		return x & y, true
	case OpIOr:
		return x | y, true
	case OpIXor:
		return x ^ y, true
	case OpIShl:
		return x << uint64(y&63), y >= 0 && y < 64
	case OpISar:
		return x >> uint64(y&63), y >= 0 && y < 64
	case OpIQuo, OpIRem, OpIDiv, OpIMod:
		return divide(op, x, y)
	}
	return 0, false
}

func divide(op Op, x, y int64) (int64, bool) {
	if y == 0 {
		return 0, false
	}
	q, r := x/y, x%y
	if r != 0 && (r < 0) != (y < 0) && (op == OpIDiv || op == OpIMod) {
		q, r = q-1, r+y
	}
	if op == OpIQuo || op == OpIDiv {
		return q, true
	}
	return r, true
}

// CheckedOp answers an operation whose answer must be a SmallInteger; fits is false
// if it is not, ok if the op is none of these.
func CheckedOp(op Op, x, y int64) (r int64, fits, ok bool) {
	switch op {
	case OpIAddO:
		r, fits = x+y, (x >= 0) != (y >= 0) || (x+y >= 0) == (x >= 0)
	case OpISubO:
		r, fits = x-y, (x >= 0) == (y >= 0) || (x-y >= 0) == (x >= 0)
	case OpIMulO:
		hi, lo := bits.Mul64(uint64(x), uint64(y))
		// The high word of the signed product.
		h := int64(hi) - x>>63&y - y>>63&x
		r, fits = int64(lo), h == int64(lo)>>63
	case OpIShlO:
		if y >= 0 && y <= 62 {
			r = x << uint64(y)
			fits = r>>uint64(y) == x
		}
	default:
		return 0, false, false
	}
	return r, fits && FitsSmallInteger(r), true
}

// CompareInts answers a comparison of two integers.
func CompareInts(op Op, x, y int64) (r, ok bool) {
	switch op {
	case OpIEq:
		return x == y, true
	case OpINe:
		return x != y, true
	case OpILt:
		return x < y, true
	case OpILe:
		return x <= y, true
	}
	return false, false
}

// FloatOp answers an operation on floats; y is not looked at if there is one.
func FloatOp(op Op, x, y float64) (r float64, ok bool) {
	switch op {
	case OpFAdd:
		return x + y, true
	case OpFSub:
		return x - y, true
	case OpFMul:
		return x * y, true
	case OpFDiv:
		return x / y, true
	case OpFNeg:
		return math.Float64frombits(math.Float64bits(x) ^ 1<<63), true
	case OpFSqrt:
		return math.Sqrt(x), true
	}
	return 0, false
}

// CompareFloats answers a comparison of two floats.
func CompareFloats(op Op, x, y float64) (r, ok bool) {
	switch op {
	case OpFEq:
		return x == y, true
	case OpFNe:
		return x != y, true
	case OpFLt:
		return x < y, true
	case OpFLe:
		return x <= y, true
	}
	return false, false
}

// Truncate answers a float without its fraction; ok is false if that is no SmallInteger.
func Truncate(f float64) (n int64, ok bool) {
	if !(f >= MinSmallInteger && f < MaxSmallInteger+1) {
		return 0, false
	}
	return int64(f), true
}
