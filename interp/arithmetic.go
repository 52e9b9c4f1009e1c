package interp

import (
	"math"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// Selectors of the arithmetic special sends, in the order of the special selectors array.
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
)

// exactInt bounds the SmallIntegers that convert to Float without rounding.
const exactInt = 1 << 53

// arithmetic does an arithmetic special send that the loop's short cut did not:
// Floats, boxed or mixed with exact SmallIntegers, are done here, the rest is sent.
func (in *Interp) arithmetic(op int) {
	a, aok := in.floatOperand(in.stackAt(1))
	b, bok := in.floatOperand(in.stackAt(0))
	if aok && bok && !(in.stackAt(1).IsInt() && in.stackAt(0).IsInt()) && in.floatArithmetic(op, a, b) {
		return
	}
	if !(in.stackAt(1).IsInt() && in.stackAt(0).IsInt()) {
		in.noteFailure(plugin.BadArgument)
	}
	in.send(in.special[op], 1)
}

func (in *Interp) floatOperand(o heap.Oop) (float64, bool) {
	switch {
	case o.IsSmallFloat():
		return o.SmallFloat(), true
	case o.IsInt():
		i := o.Int()
		return float64(i), i >= -exactInt && i <= exactInt
	case o.IsObject() && o.Header().ClassIndex() == heap.ClassFloat:
		return math.Float64frombits(o.Word(0)), true
	}
	return 0, false
}

func (in *Interp) floatArithmetic(op int, a, b float64) bool {
	var r float64
	var t bool
	switch op {
	case opAdd:
		r = a + b
	case opSubtract:
		r = a - b
	case opMultiply:
		r = a * b
	case opDivide:
		if b == 0 {
			return false
		}
		r = a / b
	case opLess:
		t = a < b
	case opGreater:
		t = a > b
	case opLessEqual:
		t = a <= b
	case opGreaterEqual:
		t = a >= b
	case opEqual:
		t = a == b
	case opNotEqual:
		t = a != b
	default:
		return false
	}
	var o heap.Oop
	switch op {
	case opAdd, opSubtract, opMultiply, opDivide:
		if o = in.heap.NewFloat(r); o == heap.Invalid {
			return false // the method will fail to allocate too, and say so
		}
	default:
		o = in.heap.Bool(t)
	}
	in.drop(1)
	in.stackPut(0, o)
	return true
}
