package interp

import (
	"math/bits"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// The Integer primitives. 1 to 17 are installed on SmallInteger and 20 to 37 on
// the large integers; all compute with operands of at most 64 bits, as a sign and
// a magnitude or in two's complement, and fail to the image for more. A result
// of one is exactly what the image's own code would answer.

func (in *Interp) installArithmetic() {
	p := &in.prims
	p[1], p[2], p[9] = primAdd, primSubtract, primMultiply
	p[3], p[4], p[5], p[6], p[7], p[8] = primLess, primGreater, primLessOrEqual, primGreaterOrEqual, primEqual, primNotEqual
	p[10], p[11], p[12], p[13] = primDivide, primMod, primDiv, primQuo
	p[14], p[15], p[16], p[17] = primBitAnd, primBitOr, primBitXor, primBitShift
	p[18] = primMakePoint
	p[20], p[21], p[22] = primRemLarge, primAddLarge, primSubtractLarge
	p[23], p[24], p[25], p[26], p[27], p[28] = primLess, primGreater, primLessOrEqual, primGreaterOrEqual, primEqual, primNotEqual
	p[29], p[30], p[31], p[32], p[33] = primMultiplyLarge, primDivideLarge, primModLarge, primDivLarge, primQuoLarge
	p[34], p[35], p[36], p[37] = primBitAndLarge, primBitOrLarge, primBitXorLarge, primBitShiftLarge
	p[40] = primAsFloat
	p[159] = primHashMultiply
	p[575] = primHighBit
	// 19, the simulation guard, always fails.
}

// integer is an operand of at most 64 bits: a magnitude and its sign.
type integer struct {
	magnitude uint64
	negative  bool
}

func integerOf(o heap.Oop) (n integer, ok bool) {
	if o.IsInt() {
		if i := o.Int(); i < 0 {
			return integer{uint64(-i), true}, true
		}
		return integer{uint64(o.Int()), false}, true
	}
	if !o.IsObject() {
		return n, false
	}
	h := o.Header()
	if h.ClassIndex()&^1 != heap.ClassLargeNeg || !h.Format().IsBytes() || h.SlotsByte() > 1 {
		return n, false
	}
	if h.SlotsByte() == 1 {
		// Bytes past the end of the object are not of the number.
		n.magnitude = o.Word(0) & (^uint64(0) >> (8 * (h.Format() & 7)))
	}
	n.negative = h.ClassIndex() == heap.ClassLargeNeg
	return n, true
}

// int64 answers the value where it fits.
func (n integer) int64() (i int64, ok bool) {
	if n.negative {
		return -int64(n.magnitude), n.magnitude <= 1<<63
	}
	return int64(n.magnitude), n.magnitude < 1<<63
}

// answer ends a primitive with an integer. One that is not small has more than
// 60 bits, so its large integer has eight bytes, and its unused count is 0.
func (n integer) answer(c *plugin.Call) (heap.Oop, plugin.Failure) {
	class := uint32(heap.ClassLargePos)
	if n.negative {
		if n.magnitude <= -heap.MinSmallInt {
			return heap.FromInt(-int64(n.magnitude)), plugin.OK
		}
		class = heap.ClassLargeNeg
	} else if n.magnitude <= heap.MaxSmallInt {
		return heap.FromInt(int64(n.magnitude)), plugin.OK
	}
	o := c.Heap.Allocate(class, heap.FmtBytes, 1)
	if o == heap.Invalid {
		return c.Fail(plugin.NoMemory)
	}
	o.SetWord(0, n.magnitude)
	return o, plugin.OK
}

// integers answers receiver and argument.
func integers(c *plugin.Call) (a, b integer, f plugin.Failure) {
	a, ok := integerOf(c.Receiver)
	if !ok {
		return a, b, plugin.BadReceiver
	}
	if b, ok = integerOf(c.Arg(0)); !ok {
		return a, b, plugin.BadArgument
	}
	return a, b, plugin.OK
}

// signedIntegers answers receiver and argument of signed 64 bits.
func signedIntegers(c *plugin.Call) (a, b int64, f plugin.Failure) {
	if r, s := c.Receiver, c.Arg(0); r.IsInt() && s.IsInt() {
		return r.Int(), s.Int(), plugin.OK
	}
	x, y, f := integers(c)
	if f != plugin.OK {
		return 0, 0, f
	}
	a, ok := x.int64()
	if !ok {
		return 0, 0, plugin.BadReceiver
	}
	if b, ok = y.int64(); !ok {
		return 0, 0, plugin.BadArgument
	}
	return a, b, plugin.OK
}

// smallIntegers answers receiver and argument, both SmallIntegers.
func smallIntegers(c *plugin.Call) (a, b int64, f plugin.Failure) {
	r, s := c.Receiver, c.Arg(0)
	if !r.IsInt() {
		return 0, 0, plugin.BadReceiver
	}
	if !s.IsInt() {
		return 0, 0, plugin.BadArgument
	}
	return r.Int(), s.Int(), plugin.OK
}

// small answers i, failing where it is not a SmallInteger.
func small(c *plugin.Call, i int64) (heap.Oop, plugin.Failure) {
	if !heap.FitsInt(i) {
		return c.Fail(plugin.Generic)
	}
	return heap.FromInt(i), plugin.OK
}

func primAdd(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	a, b, f := smallIntegers(c)
	if f != plugin.OK {
		return c.Fail(f)
	}
	return small(c, a+b)
}

func primSubtract(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	a, b, f := smallIntegers(c)
	if f != plugin.OK {
		return c.Fail(f)
	}
	return small(c, a-b)
}

func primMultiply(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	a, b, f := smallIntegers(c)
	if f != plugin.OK {
		return c.Fail(f)
	}
	hi, lo := bits.Mul64(uint64(max(a, -a)), uint64(max(b, -b)))
	if hi != 0 || lo > -heap.MinSmallInt {
		return c.Fail(plugin.Generic)
	}
	return small(c, a*b)
}

func primLess(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	a, b, f := signedIntegers(c)
	return in.answerBool(a < b, f)
}

func primGreater(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	a, b, f := signedIntegers(c)
	return in.answerBool(a > b, f)
}

func primLessOrEqual(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	a, b, f := signedIntegers(c)
	return in.answerBool(a <= b, f)
}

func primGreaterOrEqual(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	a, b, f := signedIntegers(c)
	return in.answerBool(a >= b, f)
}

func primEqual(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	a, b, f := signedIntegers(c)
	return in.answerBool(a == b, f)
}

func primNotEqual(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	a, b, f := signedIntegers(c)
	return in.answerBool(a != b, f)
}

// answerBool ends a comparison whose operands were found with f.
func (in *Interp) answerBool(b bool, f plugin.Failure) (heap.Oop, plugin.Failure) {
	if b {
		return in.trueOop, f
	}
	return in.falseOop, f
}

// dividends answers two SmallIntegers to divide. No quotient of theirs overflows
// 64 bits, not even that of the smallest one by -1.
func dividends(c *plugin.Call) (a, b int64, f plugin.Failure) {
	a, b, f = smallIntegers(c)
	if f == plugin.OK && b == 0 {
		f = plugin.Generic
	}
	return a, b, f
}

func primDivide(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	a, b, f := dividends(c)
	if f != plugin.OK {
		return c.Fail(f)
	}
	if a%b != 0 {
		return c.Fail(plugin.Generic)
	}
	return small(c, a/b)
}

func primMod(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	a, b, f := dividends(c)
	if f != plugin.OK {
		return c.Fail(f)
	}
	r := a % b
	if r != 0 && r^b < 0 {
		r += b
	}
	return heap.FromInt(r), plugin.OK
}

func primDiv(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	a, b, f := dividends(c)
	if f != plugin.OK {
		return c.Fail(f)
	}
	q := a / b
	if r := a % b; r != 0 && r^b < 0 {
		q--
	}
	return small(c, q)
}

func primQuo(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	a, b, f := dividends(c)
	if f != plugin.OK {
		return c.Fail(f)
	}
	return small(c, a/b)
}

// bitOperands answers receiver and argument in two's complement, both signed or
// both unsigned numbers of 64 bits.
func bitOperands(c *plugin.Call) (a, b uint64, signed bool, f plugin.Failure) {
	x, y, f := integers(c)
	if f != plugin.OK {
		return 0, 0, false, f
	}
	if !x.negative && !y.negative {
		return x.magnitude, y.magnitude, false, plugin.OK
	}
	i, ok := x.int64()
	if !ok {
		return 0, 0, false, plugin.BadReceiver
	}
	j, ok := y.int64()
	if !ok {
		return 0, 0, false, plugin.BadArgument
	}
	return uint64(i), uint64(j), true, plugin.OK
}

func answerBits(c *plugin.Call, v uint64, signed bool, f plugin.Failure) (heap.Oop, plugin.Failure) {
	switch {
	case f != plugin.OK:
		return c.Fail(f)
	case signed && int64(v) < 0:
		return integer{-v, true}.answer(c)
	}
	return integer{v, false}.answer(c)
}

func primBitAnd(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	if r, s := c.Receiver, c.Arg(0); r.IsInt() && s.IsInt() {
		return r & s, plugin.OK
	}
	a, b, signed, f := bitOperands(c)
	return answerBits(c, a&b, signed, f)
}

func primBitOr(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	if r, s := c.Receiver, c.Arg(0); r.IsInt() && s.IsInt() {
		return r | s, plugin.OK
	}
	a, b, signed, f := bitOperands(c)
	return answerBits(c, a|b, signed, f)
}

func primBitXor(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	if r, s := c.Receiver, c.Arg(0); r.IsInt() && s.IsInt() {
		return r ^ s | heap.TagInt, plugin.OK
	}
	a, b, signed, f := bitOperands(c)
	return answerBits(c, a^b, signed, f)
}

// maxShift is the largest distance primBitShift takes.
const maxShift = 61

func primBitShift(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	s := c.Arg(0)
	if !s.IsInt() || s.Int() > maxShift || s.Int() < -maxShift {
		return c.Fail(plugin.BadArgument)
	}
	shift := s.Int()
	if r := c.Receiver; r.IsInt() {
		i := r.Int()
		if shift <= 0 {
			return heap.FromInt(i >> uint(-shift)), plugin.OK
		}
		if v := i << uint(shift); v>>uint(shift) == i && heap.FitsInt(v) {
			return heap.FromInt(v), plugin.OK
		}
	}
	n, ok := integerOf(c.Receiver)
	if !ok {
		return c.Fail(plugin.BadReceiver)
	}
	if _, ok := n.int64(); !ok {
		return c.Fail(plugin.BadReceiver)
	}
	return n.shift(c, shift)
}

// primMakePoint makes a Point of any receiver and a number.
func primMakePoint(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	y := c.Arg(0)
	if !y.IsInt() && !isFloat(y) {
		return c.Fail(plugin.BadArgument)
	}
	return in.makePoint(c, c.Receiver, y)
}

func (in *Interp) makePoint(c *plugin.Call, x, y heap.Oop) (heap.Oop, plugin.Failure) {
	p, f := in.instantiate(in.heap.Special(specialPoint), 0)
	if f != plugin.OK {
		return c.Fail(f)
	}
	if p.NumSlots() < 2 {
		return c.Fail(plugin.Unsupported)
	}
	p.SetSlotRaw(0, x)
	p.SetSlotRaw(1, y)
	return p, plugin.OK
}

// primHashMultiply is the step of the multiplicative hash, modulo 2^28. Of a
// large receiver only the low 32 bits count.
func primHashMultiply(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	o, _ := mirror(c, 0)
	v := uint64(o.Int())
	if !o.IsInt() {
		if !o.IsObject() || o.ClassIndex() != heap.ClassLargePos || !o.Format().IsBytes() {
			return c.Fail(plugin.BadReceiver)
		}
		v = o.Word(0)
	}
	return heap.FromInt(int64(v * 1664525 & 0x0FFFFFFF)), plugin.OK
}

// primHighBit answers the 1-based position of the highest bit set, 0 for 0.
func primHighBit(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	if r := c.Receiver; !r.IsInt() || r.Int() < 0 {
		return c.Fail(plugin.BadReceiver)
	}
	return heap.FromInt(int64(bits.Len64(uint64(c.Receiver.Int())))), plugin.OK
}

func primAsFloat(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	if !c.Receiver.IsInt() {
		return c.Fail(plugin.BadReceiver)
	}
	return answerFloat(c, float64(c.Receiver.Int()), plugin.OK)
}
