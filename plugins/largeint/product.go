package largeint

import (
	"math/big"
	"math/bits"
	"unsafe"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// bigProduct is the number of digits of the shorter factor from which math/big,
// with its set-up and copying, is the faster way.
const bigProduct = 24

// heapDigits is a view of all slots of a LargeInteger. The bytes past the end of
// its size are zeros.
func heapDigits(o heap.Oop) []uint64 {
	return unsafe.Slice((*uint64)(heap.Pointer(uint64(o)+heap.Word)), o.NumSlots())
}

// bigOf makes a big.Int of digits, whose memory it shares where big's digits have 64 bits too.
func bigOf(d []uint64) *big.Int {
	if bits.UintSize == 64 && len(d) > 0 {
		return new(big.Int).SetBits(unsafe.Slice((*big.Word)(unsafe.Pointer(&d[0])), len(d)))
	}
	z := new(big.Int)
	for i := len(d) - 1; i >= 0; i-- {
		z.Lsh(z, 64).Or(z, new(big.Int).SetUint64(d[i]))
	}
	return z
}

// digitsOf is the inverse of bigOf.
func digitsOf(z *big.Int) []uint64 {
	w := z.Bits()
	if len(w) == 0 {
		return nil
	}
	if bits.UintSize == 64 {
		return unsafe.Slice((*uint64)(unsafe.Pointer(&w[0])), len(w))
	}
	d := make([]uint64, (len(w)+1)/2)
	for i, v := range w {
		d[i/2] |= uint64(v) << (32 * (i % 2))
	}
	return d
}

// multiply answers the product of the magnitudes under a given sign.
func (a *arithmetic) multiply(c *plugin.Call) (heap.Oop, plugin.Failure) {
	x, y, _, _, f := a.operands(c)
	if f != plugin.OK {
		return c.Fail(f)
	}
	negative, ok := c.Bool(1)
	if !ok {
		return c.Fail(plugin.BadArgument)
	}
	if len(x) < len(y) {
		x, y = y, x
	}
	if len(y) >= bigProduct {
		z := new(big.Int).Mul(bigOf(x), bigOf(y))
		return c.Return(integer(c.Heap, digitsOf(z), negative))
	}
	r := a.buffer(len(x) + len(y))
	for j, m := range y {
		var carry uint64
		for i, d := range x {
			hi, lo := bits.Mul64(d, m)
			var cc uint64
			lo, cc = bits.Add64(lo, r[i+j], 0)
			hi += cc
			lo, cc = bits.Add64(lo, carry, 0)
			r[i+j], carry = lo, hi+cc
		}
		r[j+len(x)] = carry
	}
	return c.Return(integer(c.Heap, r, negative))
}

// divide answers quotient and remainder of the magnitudes: the quotient under a
// given sign, the remainder under the receiver's.
func (a *arithmetic) divide(c *plugin.Call) (heap.Oop, plugin.Failure) {
	x, y, xNeg, _, f := a.operands(c)
	if f != plugin.OK {
		return c.Fail(f)
	}
	negative, ok := c.Bool(1)
	if !ok || len(y) == 0 {
		return c.Fail(plugin.BadArgument)
	}
	if compareDigits(x, y) < 0 {
		return c.ReturnArray(heap.FromInt(0), c.Receiver)
	}
	if len(y) == 1 {
		q := a.buffer(len(x))
		var r [1]uint64
		for i := len(x) - 1; i >= 0; i-- {
			q[i], r[0] = bits.Div64(r[0], x[i], y[0])
		}
		return c.ReturnArray(integer(c.Heap, q, negative), integer(c.Heap, r[:], xNeg))
	}
	q, r := new(big.Int).QuoRem(bigOf(x), bigOf(y), new(big.Int))
	return c.ReturnArray(integer(c.Heap, digitsOf(q), negative), integer(c.Heap, digitsOf(r), xNeg))
}
