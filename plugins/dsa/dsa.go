// Package dsa is DSAPrims: the block function of SHA-1, and multiplication and
// division of LargePositiveIntegers into objects that the image provides.
package dsa

import (
	"encoding/binary"
	"math/big"
	"math/bits"
	"slices"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// Module is the plugin.
var Module = plugin.Module{Name: "DSAPrims", New: func(plugin.VM) (plugin.Instance, error) {
	return plugin.Instance{Primitives: map[string]plugin.Func{
		"primitiveHasSecureHashPrimitive":   func(c *plugin.Call) (heap.Oop, plugin.Failure) { return c.ReturnBool(true) },
		"primitiveExpandBlock":              expandBlock,
		"primitiveHashBlock":                hashBlock,
		"primitiveBigDivide":                divide,
		"primitiveBigMultiply":              multiply,
		"primitiveHighestNonZeroDigitIndex": highestDigit,
	}}, nil
}}

const (
	blockBytes    = 64
	expandedWords = 80
	stateWords    = 5
)

// expandBlock: block of bytes, room for the 80 words of its schedule.
func expandBlock(c *plugin.Call) (heap.Oop, plugin.Failure) {
	block, ok := c.Bytes(0)
	w := plugin.Raw32(c.Arg(1))
	if !ok || len(block) != blockBytes || len(w) != expandedWords {
		return c.Fail(plugin.BadArgument)
	}
	if !c.Writable(c.Arg(1)) {
		return c.Fail(plugin.NoModification)
	}
	for i := range 16 {
		w[i] = binary.BigEndian.Uint32(block[4*i:])
	}
	for i := 16; i < expandedWords; i++ {
		w[i] = bits.RotateLeft32(w[i-3]^w[i-8]^w[i-14]^w[i-16], 1)
	}
	return c.ReturnReceiver()
}

// hashBlock: schedule of 80 words, state of 5 words, which is changed.
func hashBlock(c *plugin.Call) (heap.Oop, plugin.Failure) {
	w, state := plugin.Raw32(c.Arg(0)), plugin.Raw32(c.Arg(1))
	if len(w) != expandedWords || len(state) != stateWords {
		return c.Fail(plugin.BadArgument)
	}
	if !c.Writable(c.Arg(1)) {
		return c.Fail(plugin.NoModification)
	}
	s := [stateWords]uint32(state)
	for i, v := range w {
		var f, k uint32
		switch i / 20 {
		case 0:
			f, k = s[1]&s[2]|^s[1]&s[3], 0x5A827999
		case 1:
			f, k = s[1]^s[2]^s[3], 0x6ED9EBA1
		case 2:
			f, k = s[1]&s[2]|s[1]&s[3]|s[2]&s[3], 0x8F1BBCDC
		case 3:
			f, k = s[1]^s[2]^s[3], 0xCA62C1D6
		}
		next := bits.RotateLeft32(s[0], 5) + f + s[4] + k + v
		s = [stateWords]uint32{next, s[0], bits.RotateLeft32(s[1], 30), s[2], s[3]}
	}
	for i := range state {
		state[i] += s[i]
	}
	return c.ReturnReceiver()
}

// positive answers the bytes of the LargePositiveInteger in argument i, lowest first.
func positive(c *plugin.Call, i int) ([]byte, bool) {
	o := c.Arg(i)
	if !plugin.IsBytes(o) || o.ClassIndex() != heap.ClassLargePos {
		return nil, false
	}
	return plugin.RawBytes(o), true
}

func toBig(b []byte) *big.Int {
	b = slices.Clone(b)
	slices.Reverse(b)
	return new(big.Int).SetBytes(b)
}

// set writes a number that fits into bytes, lowest first.
func set(b []byte, x *big.Int) {
	x.FillBytes(b)
	slices.Reverse(b)
}

// writable tells whether all of some arguments may be changed.
func writable(c *plugin.Call, args ...int) bool {
	for _, i := range args {
		if !c.Writable(c.Arg(i)) {
			return false
		}
	}
	return true
}

// divide: dividend, which becomes the remainder; divisor; room for the quotient.
func divide(c *plugin.Call) (heap.Oop, plugin.Failure) {
	rem, ok1 := positive(c, 0)
	div, ok2 := positive(c, 1)
	quo, ok3 := positive(c, 2)
	if !ok1 || !ok2 || !ok3 || c.Arg(0) == c.Arg(2) {
		return c.Fail(plugin.BadArgument)
	}
	d := toBig(div)
	if d.Sign() == 0 {
		return c.Fail(plugin.BadArgument)
	}
	q, r := new(big.Int).QuoRem(toBig(rem), d, new(big.Int))
	if q.BitLen() > 8*len(quo) {
		return c.Fail(plugin.BadArgument)
	}
	if !writable(c, 0, 2) {
		return c.Fail(plugin.NoModification)
	}
	set(rem, r)
	set(quo, q)
	return c.ReturnReceiver()
}

// multiply: two factors, room for the product of just as many bytes as both have.
func multiply(c *plugin.Call) (heap.Oop, plugin.Failure) {
	a, ok1 := positive(c, 0)
	b, ok2 := positive(c, 1)
	product, ok3 := positive(c, 2)
	if !ok1 || !ok2 || !ok3 || len(product) != len(a)+len(b) {
		return c.Fail(plugin.BadArgument)
	}
	if !writable(c, 2) {
		return c.Fail(plugin.NoModification)
	}
	set(product, new(big.Int).Mul(toBig(a), toBig(b)))
	return c.ReturnReceiver()
}

// highestDigit: LargePositiveInteger. It answers the index of its highest byte
// that is not zero, 1 if there is none.
func highestDigit(c *plugin.Call) (heap.Oop, plugin.Failure) {
	b, ok := positive(c, 0)
	if !ok {
		return c.Fail(plugin.BadArgument)
	}
	i := len(b)
	for i > 1 && b[i-1] == 0 {
		i--
	}
	return c.ReturnInt(int64(max(i, 1)))
}
