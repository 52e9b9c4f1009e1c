package interp

import (
	"math"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// The Float primitives. Those of boxed floats (41 and up) and of immediate ones
// (541 and up) are the same: receiver and argument may be of either kind, or
// SmallIntegers. Every result is immediate when it can be.
//
// A SmallInteger operand of arithmetic is rounded to a float, as the image does
// it. Comparing it that way would not be exact beyond 2^53, where images differ
// in what they expect, so such a comparison is left to them.

func (in *Interp) installFloats() {
	in.prims[38], in.prims[39] = primFloatAt, primFloatAtPut
	for _, base := range []int{41, 541} {
		p := in.prims[base:]
		p[0], p[1], p[8], p[9] = primFloatAdd, primFloatSubtract, primFloatMultiply, primFloatDivide
		p[2], p[3], p[4], p[5] = primFloatLess, primFloatGreater, primFloatLessOrEqual, primFloatGreaterOrEqual
		p[6], p[7] = primFloatEqual, primFloatNotEqual
		p[10], p[11], p[12], p[13] = primTruncated, floatFunction(fractionPart), primExponent, primTimesTwoPower
		p[14], p[15], p[16] = primSquareRoot, floatFunction(math.Sin), floatFunction(math.Atan)
		p[17], p[18] = floatFunction(math.Log), floatFunction(math.Exp)
	}
	in.prims[150], in.prims[560] = floatFunction(math.Cos), floatFunction(math.Cos)
}

// isFloat tells whether o is a Float of either kind.
func isFloat(o heap.Oop) bool {
	return o.IsSmallFloat() || o.IsObject() && o.Header().ClassIndex() == heap.ClassFloat
}

// number answers the value of a Float or SmallInteger.
func number(o heap.Oop) (v float64, ok bool) {
	switch {
	case o.IsSmallFloat():
		return o.SmallFloat(), true
	case o.IsInt():
		return float64(o.Int()), true
	case o.IsObject() && o.Header().ClassIndex() == heap.ClassFloat:
		return math.Float64frombits(o.Word(0)), true
	}
	return 0, false
}

// numbers answers receiver and argument.
func numbers(c *plugin.Call) (a, b float64, f plugin.Failure) {
	a, ok := number(c.Receiver)
	if !ok {
		return a, b, plugin.BadReceiver
	}
	if b, ok = number(c.Arg(0)); !ok {
		return a, b, plugin.BadArgument
	}
	return a, b, plugin.OK
}

// comparands answers receiver and argument of a comparison.
func comparands(c *plugin.Call) (a, b float64, f plugin.Failure) {
	a, b, f = numbers(c)
	if f == plugin.OK && (inexact(c.Receiver) || inexact(c.Arg(0))) {
		f = plugin.Generic
	}
	return a, b, f
}

func inexact(o heap.Oop) bool {
	return o.IsInt() && (o.Int() > exactInt || o.Int() < -exactInt)
}

// answerFloat ends a primitive whose operands were found with f.
func answerFloat(c *plugin.Call, v float64, f plugin.Failure) (heap.Oop, plugin.Failure) {
	if f != plugin.OK {
		return c.Fail(f)
	}
	if o, ok := heap.FromSmallFloat(v); ok {
		return o, plugin.OK
	}
	return c.ReturnFloat(v)
}

func primFloatAdd(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	a, b, f := numbers(c)
	return answerFloat(c, a+b, f)
}

func primFloatSubtract(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	a, b, f := numbers(c)
	return answerFloat(c, a-b, f)
}

func primFloatMultiply(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	a, b, f := numbers(c)
	return answerFloat(c, a*b, f)
}

func primFloatDivide(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	a, b, f := numbers(c)
	if f == plugin.OK && b == 0 {
		f = plugin.Generic
	}
	return answerFloat(c, a/b, f)
}

func primFloatLess(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	a, b, f := comparands(c)
	return in.answerBool(a < b, f)
}

func primFloatGreater(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	a, b, f := comparands(c)
	return in.answerBool(a > b, f)
}

func primFloatLessOrEqual(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	a, b, f := comparands(c)
	return in.answerBool(a <= b, f)
}

func primFloatGreaterOrEqual(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	a, b, f := comparands(c)
	return in.answerBool(a >= b, f)
}

func primFloatEqual(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	a, b, f := comparands(c)
	return in.answerBool(a == b, f)
}

func primFloatNotEqual(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	a, b, f := comparands(c)
	return in.answerBool(a != b, f)
}

// floatFunction makes a primitive of a function of the receiver.
func floatFunction(function func(float64) float64) primitive {
	return func(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
		v, ok := number(c.Receiver)
		if !ok {
			return c.Fail(plugin.BadReceiver)
		}
		return answerFloat(c, function(v), plugin.OK)
	}
}

// fractionPart has the sign of its argument, also where it is zero.
func fractionPart(v float64) float64 {
	if math.IsInf(v, 0) {
		return math.Copysign(0, v)
	}
	return math.Copysign(v-math.Trunc(v), v)
}

// primTruncated fails for what is not in SmallInteger range.
func primTruncated(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	v, ok := number(c.Receiver)
	if !ok {
		return c.Fail(plugin.BadReceiver)
	}
	if !(v >= heap.MinSmallInt && v < -heap.MinSmallInt) { // also NaN
		return c.Fail(plugin.Generic)
	}
	return heap.FromInt(int64(v)), plugin.OK
}

// primExponent answers the power of two of a receiver written as 1.xxx times that power.
func primExponent(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	v, ok := number(c.Receiver)
	if !ok {
		return c.Fail(plugin.BadReceiver)
	}
	_, exponent := math.Frexp(v)
	return heap.FromInt(int64(exponent) - 1), plugin.OK
}

func primTimesTwoPower(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	v, ok := number(c.Receiver)
	if !ok {
		return c.Fail(plugin.BadReceiver)
	}
	power := c.Arg(0)
	if !power.IsInt() {
		return c.Fail(plugin.BadArgument)
	}
	// No float lies more than 4096 powers from another, so the limit changes nothing.
	return answerFloat(c, math.Ldexp(v, int(max(-4096, min(4096, power.Int())))), plugin.OK)
}

func primSquareRoot(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	v, ok := number(c.Receiver)
	if !ok {
		return c.Fail(plugin.BadReceiver)
	}
	if v < 0 {
		return c.Fail(plugin.Generic)
	}
	return answerFloat(c, math.Sqrt(v), plugin.OK)
}

// primFloatAt answers a 32-bit half of a Float; the first is the most significant.
func primFloatAt(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	if !isFloat(c.Receiver) {
		return c.Fail(plugin.BadReceiver)
	}
	v, _ := number(c.Receiver)
	switch c.Arg(0) {
	case heap.FromInt(1):
		return heap.FromInt(int64(math.Float64bits(v) >> 32)), plugin.OK
	case heap.FromInt(2):
		return heap.FromInt(int64(uint32(math.Float64bits(v)))), plugin.OK
	}
	return c.Fail(badIndex(c.Arg(0)))
}

func primFloatAtPut(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	r, index, half := c.Receiver, c.Arg(0), c.Arg(1)
	if !r.IsObject() || r.ClassIndex() != heap.ClassFloat {
		return c.Fail(plugin.BadReceiver)
	}
	if !half.IsInt() || half.Int() != int64(uint32(half.Int())) {
		return c.Fail(plugin.BadArgument)
	}
	if index != heap.FromInt(1) && index != heap.FromInt(2) {
		return c.Fail(badIndex(index))
	}
	if !c.Writable(r) {
		return c.Fail(plugin.NoModification)
	}
	w := r.Word(0)
	if index == heap.FromInt(1) {
		w = w&0xFFFFFFFF | uint64(half.Int())<<32
	} else {
		w = w&^0xFFFFFFFF | uint64(half.Int())
	}
	r.SetWord(0, w)
	return half, plugin.OK
}

// badIndex says what is wrong with an index.
func badIndex(index heap.Oop) plugin.Failure {
	if index.IsInt() {
		return plugin.BadIndex
	}
	return plugin.BadArgument
}
