// Package largeint is the LargeIntegers plugin: exact arithmetic on integers of
// any size, by sign and magnitude.
//
// What it promises:
//   - Operands are SmallIntegers and LargeIntegers, normalized or not; results are
//     normalized: a SmallInteger where one fits, else no leading zero byte.
//   - Sums, differences, comparisons and shifts work on 64-bit digits in place;
//     products and quotients of many digits go to math/big.
package largeint

import (
	"math/bits"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// Module is the plugin.
var Module = plugin.Module{Name: "LargeIntegers", New: func(plugin.VM) (plugin.Instance, error) {
	a := new(arithmetic)
	return plugin.Instance{Primitives: map[string]plugin.Func{
		"primDigitAdd":               a.add,
		"primDigitSubtract":          a.subtract,
		"primDigitMultiplyNegative":  a.multiply,
		"primDigitDivNegative":       a.divide,
		"primDigitCompare":           a.compare,
		"primDigitBitAnd":            a.bitAnd,
		"primDigitBitOr":             a.bitOr,
		"primDigitBitXor":            a.bitXor,
		"primDigitBitShiftMagnitude": a.shift,
		"primNormalizePositive":      a.normalizePositive,
		"primNormalizeNegative":      a.normalizeNegative,
		"primAnyBitFromTo":           a.anyBit,
		"primMontgomeryTimesModulo":  a.montgomery,
		"primMontgomeryDigitLength":  montgomeryDigitLength,
		"primGetModuleName":          moduleName,
	}}, nil
}}

// arithmetic holds what is used again from call to call.
type arithmetic struct {
	buf        []uint64 // results before they are normalized
	one, other [1]uint64
}

// keptDigits bounds the result buffer that is kept between calls.
const keptDigits = 1 << 14

// buffer answers n zero digits, to be used until the next call of buffer.
func (a *arithmetic) buffer(n int) []uint64 {
	if n <= cap(a.buf) {
		b := a.buf[:n]
		clear(b)
		return b
	}
	b := make([]uint64, n)
	if n <= keptDigits {
		a.buf = b
	}
	return b
}

// magnitude answers the digits of an Integer, lowest first and without leading
// zeros, and its sign. A SmallInteger's digit goes to room.
func magnitude(o heap.Oop, room *[1]uint64) (digits []uint64, negative, ok bool) {
	if o.IsInt() {
		v := o.Int()
		if room[0] = uint64(v); v < 0 {
			room[0] = uint64(-v)
		}
		return trim(room[:]), v < 0, true
	}
	if !isLarge(o) {
		return nil, false, false
	}
	return trim(heapDigits(o)), o.ClassIndex() == heap.ClassLargeNeg, true
}

func isLarge(o heap.Oop) bool {
	c := o.ClassIndex()
	return (c == heap.ClassLargePos || c == heap.ClassLargeNeg) && plugin.IsBytes(o)
}

// operands answers the magnitudes of the receiver and the first argument.
func (a *arithmetic) operands(c *plugin.Call) (x, y []uint64, xNeg, yNeg bool, f plugin.Failure) {
	var ok bool
	if x, xNeg, ok = magnitude(c.Receiver, &a.one); !ok {
		return nil, nil, false, false, plugin.BadReceiver
	}
	if y, yNeg, ok = magnitude(c.Arg(0), &a.other); !ok {
		return nil, nil, false, false, plugin.BadArgument
	}
	return x, y, xNeg, yNeg, plugin.OK
}

func trim(d []uint64) []uint64 {
	for len(d) > 0 && d[len(d)-1] == 0 {
		d = d[:len(d)-1]
	}
	return d
}

// integer makes a normalized Integer; Invalid if there is no memory.
func integer(h *heap.Heap, d []uint64, negative bool) heap.Oop {
	d = trim(d)
	if small, ok := smallInteger(d, negative); ok {
		return small
	}
	o := newLarge(h, bitLen(d), negative)
	if o != heap.Invalid {
		copy(heapDigits(o), d)
	}
	return o
}

func smallInteger(d []uint64, negative bool) (heap.Oop, bool) {
	switch {
	case len(d) == 0:
		return heap.FromInt(0), true
	case len(d) > 1:
		return 0, false
	case !negative && d[0] <= heap.MaxSmallInt:
		return heap.FromInt(int64(d[0])), true
	case negative && d[0] <= -heap.MinSmallInt:
		return heap.FromInt(-int64(d[0])), true
	}
	return 0, false
}

// newLarge makes a LargeInteger of zeros with just the bytes for a number of bits.
func newLarge(h *heap.Heap, bitCount int, negative bool) heap.Oop {
	class := uint32(heap.ClassLargePos)
	if negative {
		class = heap.ClassLargeNeg
	}
	size := (bitCount + 7) / 8
	slots := (size + heap.Word - 1) / heap.Word
	return h.Allocate(class, heap.FmtBytes+heap.Format(slots*heap.Word-size), slots)
}

// bitLen answers the number of bits of trimmed digits.
func bitLen(d []uint64) int {
	if len(d) == 0 {
		return 0
	}
	return len(d)*64 - bits.LeadingZeros64(d[len(d)-1])
}

func compareDigits(x, y []uint64) int {
	if len(x) != len(y) {
		if len(x) < len(y) {
			return -1
		}
		return 1
	}
	for i := len(x) - 1; i >= 0; i-- {
		if x[i] != y[i] {
			if x[i] < y[i] {
				return -1
			}
			return 1
		}
	}
	return 0
}

// add answers the sum of the magnitudes under the receiver's sign: the caller has
// seen that both signs are the same.
func (a *arithmetic) add(c *plugin.Call) (heap.Oop, plugin.Failure) {
	x, y, negative, _, f := a.operands(c)
	if f != plugin.OK {
		return c.Fail(f)
	}
	if len(x) < len(y) {
		x, y = y, x
	}
	sum := a.buffer(len(x) + 1)
	var carry uint64
	for i := range y {
		sum[i], carry = bits.Add64(x[i], y[i], carry)
	}
	for i := len(y); i < len(x); i++ {
		sum[i], carry = bits.Add64(x[i], 0, carry)
	}
	sum[len(x)] = carry
	return c.Return(integer(c.Heap, sum, negative))
}

// subtract answers the difference of the magnitudes, negated if the receiver is negative.
func (a *arithmetic) subtract(c *plugin.Call) (heap.Oop, plugin.Failure) {
	x, y, negative, _, f := a.operands(c)
	if f != plugin.OK {
		return c.Fail(f)
	}
	if compareDigits(x, y) < 0 {
		x, y, negative = y, x, !negative
	}
	diff := a.buffer(len(x))
	var borrow uint64
	for i := range y {
		diff[i], borrow = bits.Sub64(x[i], y[i], borrow)
	}
	for i := len(y); i < len(x); i++ {
		diff[i], borrow = bits.Sub64(x[i], 0, borrow)
	}
	return c.Return(integer(c.Heap, diff, negative))
}

// compare answers -1, 0 or 1 for the magnitudes.
func (a *arithmetic) compare(c *plugin.Call) (heap.Oop, plugin.Failure) {
	x, y, _, _, f := a.operands(c)
	if f != plugin.OK {
		return c.Fail(f)
	}
	return c.ReturnInt(int64(compareDigits(x, y)))
}

// bitwise applies f to the digits of two integers that are not negative; the
// digits the shorter one lacks are zeros.
func (a *arithmetic) bitwise(c *plugin.Call, f func(x, y uint64) uint64) (heap.Oop, plugin.Failure) {
	x, y, xNeg, yNeg, fail := a.operands(c)
	switch {
	case fail != plugin.OK:
		return c.Fail(fail)
	case xNeg:
		return c.Fail(plugin.BadReceiver)
	case yNeg:
		return c.Fail(plugin.BadArgument)
	}
	if len(x) < len(y) {
		x, y = y, x
	}
	r := a.buffer(len(x))
	for i := range y {
		r[i] = f(x[i], y[i])
	}
	for i := len(y); i < len(x); i++ {
		r[i] = f(x[i], 0)
	}
	return c.Return(integer(c.Heap, r, false))
}

func (a *arithmetic) bitAnd(c *plugin.Call) (heap.Oop, plugin.Failure) {
	return a.bitwise(c, func(x, y uint64) uint64 { return x & y })
}

func (a *arithmetic) bitOr(c *plugin.Call) (heap.Oop, plugin.Failure) {
	return a.bitwise(c, func(x, y uint64) uint64 { return x | y })
}

func (a *arithmetic) bitXor(c *plugin.Call) (heap.Oop, plugin.Failure) {
	return a.bitwise(c, func(x, y uint64) uint64 { return x ^ y })
}

// shift moves the magnitude left by the argument, right if it is negative.
func (a *arithmetic) shift(c *plugin.Call) (heap.Oop, plugin.Failure) {
	x, negative, ok := magnitude(c.Receiver, &a.one)
	if !ok {
		return c.Fail(plugin.BadReceiver)
	}
	n, ok := c.SmallInt(0)
	if !ok {
		return c.Fail(plugin.BadArgument)
	}
	length := bitLen(x)
	if length == 0 || n <= -length {
		return c.ReturnInt(0)
	}
	if n < 0 {
		r := a.buffer(len(x) - -n/64)
		shiftRight(r, x, -n)
		return c.Return(integer(c.Heap, r, negative))
	}
	if n > 8*heap.MaxSlots {
		return c.Fail(plugin.NoMemory)
	}
	if length+n <= 64 {
		r := a.buffer(1)
		r[0] = x[0] << n
		return c.Return(integer(c.Heap, r, negative))
	}
	// The size is known: write straight into the object, which may be huge.
	o := newLarge(c.Heap, length+n, negative)
	if o == heap.Invalid {
		return c.Fail(plugin.NoMemory)
	}
	shiftLeft(heapDigits(o), x, n)
	return o, plugin.OK
}

// shiftLeft sets r, which is zero and just long enough, to x shifted left.
func shiftLeft(r, x []uint64, n int) {
	r = r[n/64:]
	s := uint(n % 64)
	var carry uint64
	for i, d := range x {
		r[i] = d<<s | carry
		carry = d >> (64 - s) // 0 for s = 0
	}
	if carry != 0 {
		r[len(x)] = carry
	}
}

// shiftRight sets r to x shifted right; r has len(x) - n/64 digits.
func shiftRight(r, x []uint64, n int) {
	x = x[n/64:]
	s := uint(n % 64)
	for i := range x {
		r[i] = x[i] >> s
		if i+1 < len(x) {
			r[i] |= x[i+1] << (64 - s) // 0 for s = 0
		}
	}
}

// anyBit tells whether the magnitude has a one between two bit positions, counted from 1.
func (a *arithmetic) anyBit(c *plugin.Call) (heap.Oop, plugin.Failure) {
	x, _, ok := magnitude(c.Receiver, &a.one)
	if !ok {
		return c.Fail(plugin.BadReceiver)
	}
	from, ok1 := c.SmallInt(0)
	to, ok2 := c.SmallInt(1)
	if !ok1 || !ok2 {
		return c.Fail(plugin.BadArgument)
	}
	if from < 1 || to < 1 {
		return c.Fail(plugin.BadIndex)
	}
	to = min(to, bitLen(x))
	if from > to {
		return c.ReturnBool(false)
	}
	first, last := (from-1)/64, (to-1)/64
	for i := first; i <= last; i++ {
		d := x[i]
		if i == first {
			d = d >> ((from - 1) % 64) << ((from - 1) % 64)
		}
		if i == last {
			d <<= 63 - (to-1)%64
		}
		if d != 0 {
			return c.ReturnBool(true)
		}
	}
	return c.ReturnBool(false)
}

func (a *arithmetic) normalizePositive(c *plugin.Call) (heap.Oop, plugin.Failure) {
	return a.normalize(c, false)
}

func (a *arithmetic) normalizeNegative(c *plugin.Call) (heap.Oop, plugin.Failure) {
	return a.normalize(c, true)
}

// normalize answers the LargeInteger itself where it is normalized already.
func (a *arithmetic) normalize(c *plugin.Call, negative bool) (heap.Oop, plugin.Failure) {
	d, neg, ok := magnitude(c.Receiver, &a.one)
	if !ok || c.Receiver.IsInt() || neg != negative {
		return c.Fail(plugin.BadReceiver)
	}
	if small, ok := smallInteger(d, negative); ok {
		return small, plugin.OK
	}
	if (bitLen(d)+7)/8 == c.Receiver.NumBytes() {
		return c.ReturnReceiver()
	}
	r := a.buffer(len(d))
	copy(r, d)
	return c.Return(integer(c.Heap, r, negative))
}

func moduleName(c *plugin.Call) (heap.Oop, plugin.Failure) {
	return c.ReturnString("LargeIntegers v2.0")
}
