package largeint

import (
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// montgomeryBits is the digit size images compute with: R is 2^montgomeryBits to
// the power of the number of digits of the modulus.
const montgomeryBits = 32

func montgomeryDigitLength(c *plugin.Call) (heap.Oop, plugin.Failure) {
	return c.ReturnInt(montgomeryBits)
}

// montgomery answers receiver * b / R modulo m, where mInv is the negated
// inverse of m modulo 2^32 and no factor has more digits than m.
func (a *arithmetic) montgomery(c *plugin.Call) (heap.Oop, plugin.Failure) {
	x, ok := digits32(c.Receiver)
	if !ok {
		return c.Fail(plugin.BadReceiver)
	}
	y, ok1 := digits32(c.Arg(0))
	m, ok2 := digits32(c.Arg(1))
	mInv, ok3 := c.Uint(2)
	if !ok1 || !ok2 || !ok3 || mInv > 1<<32-1 || len(m) == 0 || len(x) > len(m) || len(y) > len(m) {
		return c.Fail(plugin.BadArgument)
	}
	r := montgomeryProduct(x, y, m, uint32(mInv))
	d := a.buffer((len(r) + 1) / 2)
	for i, v := range r {
		d[i/2] |= uint64(v) << (32 * (i % 2))
	}
	return c.Return(integer(c.Heap, d, false))
}

// digits32 answers the 32-bit digits of an Integer, leading zeros of a
// LargeInteger included: they count for the size of R.
func digits32(o heap.Oop) ([]uint32, bool) {
	var room [1]uint64
	d, _, ok := magnitude(o, &room)
	if !ok {
		return nil, false
	}
	n := (bitLen(d) + 31) / 32
	if !o.IsInt() {
		n = (o.NumBytes() + 3) / 4
	}
	r := make([]uint32, n)
	for i := range r {
		if i/2 < len(d) {
			r[i] = uint32(d[i/2] >> (32 * (i % 2)))
		}
	}
	return r, true
}

// montgomeryProduct multiplies digit by digit, adding at each step the multiple
// of m that makes the lowest digit zero, and dropping that digit.
func montgomeryProduct(x, y, m []uint32, mInv uint32) []uint32 {
	n := len(m)
	r := make([]uint32, n)
	var top uint64 // the digit above r
	for i := range n {
		var xi uint64
		if i < len(x) {
			xi = uint64(x[i])
		}
		var y0 uint64
		if len(y) > 0 {
			y0 = uint64(y[0])
		}
		u := uint64(uint32(xi*y0+uint64(r[0])) * mInv)
		var carryX, carryM uint64
		for k := range n {
			var yk uint64
			if k < len(y) {
				yk = uint64(y[k])
			}
			p := xi*yk + uint64(r[k]) + carryX
			carryX = p >> 32
			q := u*uint64(m[k]) + uint64(uint32(p)) + carryM
			carryM = q >> 32
			if k > 0 {
				r[k-1] = uint32(q)
			}
		}
		sum := top + carryX + carryM
		r[n-1] = uint32(sum)
		top = sum >> 32
	}
	if top != 0 || !less(r, m) {
		var borrow uint64
		for i := range r {
			d := uint64(r[i]) - uint64(m[i]) - borrow
			r[i], borrow = uint32(d), d>>63
		}
	}
	return r
}

func less(x, y []uint32) bool {
	for i := len(x) - 1; i >= 0; i-- {
		if x[i] != y[i] {
			return x[i] < y[i]
		}
	}
	return false
}
