package interp

import (
	"math"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// The elements of objects of bits, and the primitives that see them in other
// ways than at: does: signed, as 16-bit units, as floats, or all at once.

// rawLength answers the number of elements of an object of bits.
func rawLength(o heap.Oop, f heap.Format) uint64 {
	n := uint64(o.NumSlots())
	switch {
	case f >= heap.FmtBytes:
		return n*8 - uint64(f&7)
	case f >= heap.FmtShorts:
		return n*4 - uint64(f&3)
	case f >= heap.FmtWords32:
		return n*2 - uint64(f&1)
	}
	return n
}

// rawAt answers element i of an object of bits, unsigned.
func rawAt(o heap.Oop, f heap.Format, i uint64) uint64 {
	switch {
	case f >= heap.FmtBytes:
		return uint64(byteAt(o, i))
	case f >= heap.FmtShorts:
		return uint64(shortAt(o, i))
	case f >= heap.FmtWords32:
		return uint64(wordAt(o, i))
	}
	return o.Word(int(i))
}

// setRawAt writes the low bits of v into element i of an object of bits.
func setRawAt(o heap.Oop, f heap.Format, i, v uint64) {
	switch {
	case f >= heap.FmtBytes:
		setByteAt(o, i, uint8(v))
	case f >= heap.FmtShorts:
		setShortAt(o, i, uint16(v))
	case f >= heap.FmtWords32:
		setWordAt(o, i, uint32(v))
	default:
		o.SetWord(int(i), v)
	}
}

// elementBits answers the bits of an element of an object of bits.
func elementBits(f heap.Format) uint {
	switch {
	case f >= heap.FmtBytes:
		return 8
	case f >= heap.FmtShorts:
		return 16
	case f >= heap.FmtWords32:
		return 32
	}
	return 64
}

// storable answers the bits of an unsigned Integer that fits an element.
func storable(f heap.Format, v heap.Oop) (bits uint64, ok bool) {
	n, ok := integerOf(v)
	if !ok || n.negative || n.magnitude>>1>>(elementBits(f)-1) != 0 {
		return 0, false
	}
	return n.magnitude, true
}

// answerUnsigned ends a primitive with an element.
func answerUnsigned(c *plugin.Call, v uint64) (heap.Oop, plugin.Failure) {
	if v <= heap.MaxSmallInt {
		return heap.FromInt(int64(v)), plugin.OK
	}
	return integer{v, false}.answer(c)
}

// putRaw stores an Integer into an object of bits. Of a wrong value and a wrong
// index together the value is what it fails for.
func (in *Interp) putRaw(c *plugin.Call, o heap.Oop, f heap.Format, i uint64, v heap.Oop, encode func(heap.Format, heap.Oop) (uint64, bool)) (heap.Oop, plugin.Failure) {
	bits, ok := encode(f, v)
	if !ok {
		return c.Fail(plugin.BadArgument)
	}
	if i >= rawLength(o, f) {
		return c.Fail(plugin.BadIndex)
	}
	in.touch(o)
	setRawAt(o, f, i, bits)
	return v, plugin.OK
}

// storableSigned answers the bits of a signed Integer that fits an element.
func storableSigned(f heap.Format, v heap.Oop) (bits uint64, ok bool) {
	n, ok := integerOf(v)
	if !ok {
		return 0, false
	}
	i, ok := n.int64()
	if shift := 64 - elementBits(f); !ok || i<<shift>>shift != i {
		return 0, false
	}
	return uint64(i), true
}

func primIntegerAt(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	o, k := mirror(c, 1)
	index := c.Arg(k)
	if !index.IsInt() {
		return c.Fail(plugin.BadArgument)
	}
	if !o.IsObject() {
		return c.Fail(plugin.BadReceiver)
	}
	i := position(index)
	switch f := o.Format(); {
	case f.IsBits():
		if i < rawLength(o, f) {
			shift := 64 - elementBits(f)
			return c.ReturnInt(int64(rawAt(o, f, i)<<shift) >> shift)
		}
		return c.Fail(plugin.BadIndex)
	case f.IsPointers():
		return primAt(in, c)
	case f.IsMethod():
		return c.Fail(plugin.Unsupported)
	}
	return c.Fail(plugin.BadReceiver)
}

func primIntegerAtPut(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	o, k := mirror(c, 2)
	index, v := c.Arg(k), c.Arg(k+1)
	if _, ok := storableSigned(heap.FmtWords64, v); !ok || !index.IsInt() {
		return c.Fail(plugin.BadArgument)
	}
	if !o.IsObject() {
		return c.Fail(plugin.BadReceiver)
	}
	if isImmutable(o) {
		return c.Fail(plugin.NoModification)
	}
	switch f := o.Format(); {
	case f.IsBits():
		return in.putRaw(c, o, f, position(index), v, storableSigned)
	case f.IsPointers():
		return primAtPut(in, c)
	case f.IsMethod():
		return c.Fail(plugin.Unsupported)
	}
	return c.Fail(plugin.BadReceiver)
}

// shortIndex checks an index into a raw object seen as 16-bit units.
func shortIndex(c *plugin.Call) (i uint64, f plugin.Failure) {
	if !c.Arg(0).IsInt() {
		return 0, plugin.BadArgument
	}
	if !plugin.IsBits(c.Receiver) {
		return 0, plugin.Inappropriate
	}
	if i = position(c.Arg(0)); i >= uint64(len(plugin.RawBytes(c.Receiver))/2) {
		return 0, plugin.BadIndex
	}
	return i, plugin.OK
}

func primShortAt(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	i, f := shortIndex(c)
	if f != plugin.OK {
		return c.Fail(f)
	}
	return heap.FromInt(int64(int16(shortAt(c.Receiver, i)))), plugin.OK
}

func primShortAtPut(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	i, f := shortIndex(c)
	v := c.Arg(1)
	switch {
	case f != plugin.OK:
		return c.Fail(f)
	case !v.IsInt() || v.Int() != int64(int16(v.Int())):
		return c.Fail(plugin.BadArgument)
	case !c.Writable(c.Receiver):
		return c.Fail(plugin.NoModification)
	}
	setShortAt(c.Receiver, i, uint16(v.Int()))
	return v, plugin.OK
}

// primFill stores one value into every element of a raw object.
func primFill(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	o := c.Receiver
	if !plugin.IsBits(o) {
		return c.Fail(plugin.Generic)
	}
	f := o.Format()
	v, ok := storable(f, c.Arg(0))
	if !ok {
		return c.Fail(plugin.Generic)
	}
	if !c.Writable(o) {
		return c.Fail(plugin.NoModification)
	}
	for w := elementBits(f); w < 64; w *= 2 {
		v |= v << w
	}
	words := o.Words()
	for i := range words {
		words[i] = v
	}
	// Bytes past the end stay zero, as allocation leaves them.
	if n := len(words); n > 0 {
		words[n-1] &= ^uint64(0) >> (8 * uint(n*heap.Word-len(plugin.RawBytes(o))))
	}
	return o, plugin.OK
}

// primBytesEqual compares two raw objects of one format.
func primBytesEqual(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	a, b := c.Receiver, c.Arg(0)
	if !plugin.IsBits(a) || !plugin.IsBits(b) || elementBits(a.Format()) != elementBits(b.Format()) {
		return c.Fail(plugin.Generic)
	}
	return c.ReturnBool(a == b || string(plugin.RawBytes(a)) == string(plugin.RawBytes(b)))
}

// primCompareWith answers less, equal or greater than 0 as one string of bytes
// comes before, with or after another, by an order of the 256 bytes if there is one.
func primCompareWith(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	b, ok := c.Bytes(0)
	if !ok || !plugin.IsBytes(c.Receiver) {
		return c.Fail(plugin.BadArgument)
	}
	a := plugin.RawBytes(c.Receiver)
	n := min(len(a), len(b))
	if c.NumArgs() == 1 {
		for i, x := range a[:n] {
			if y := b[i]; x != y {
				return heap.FromInt(int64(x) - int64(y)), plugin.OK
			}
		}
	} else {
		order, ok := c.Bytes(1)
		if !ok || len(order) != 256 {
			return c.Fail(plugin.BadArgument)
		}
		for i, x := range a[:n] {
			if x, y := order[x], order[b[i]]; x != y {
				return heap.FromInt(int64(x) - int64(y)), plugin.OK
			}
		}
	}
	return heap.FromInt(int64(len(a) - len(b))), plugin.OK
}

// floatArray checks receiver and index of an array of floats.
func floatArray(o, index heap.Oop) (i uint64, f plugin.Failure) {
	if !index.IsInt() {
		return 0, plugin.BadArgument
	}
	if !plugin.IsWords32(o) && !plugin.IsWords64(o) {
		return 0, plugin.BadReceiver
	}
	if i = position(index); i >= rawLength(o, o.Format()) {
		return 0, plugin.BadIndex
	}
	return i, plugin.OK
}

func primFloatArrayAt(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	o, k := mirror(c, 1)
	i, f := floatArray(o, c.Arg(k))
	if f != plugin.OK {
		return c.Fail(f)
	}
	if plugin.IsWords64(o) {
		return answerFloat(c, math.Float64frombits(o.Word(int(i))), plugin.OK)
	}
	return answerFloat(c, float64(math.Float32frombits(wordAt(o, i))), plugin.OK)
}

func primFloatArrayAtPut(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	o, k := mirror(c, 2)
	v := c.Arg(k + 1)
	i, f := floatArray(o, c.Arg(k))
	switch {
	case f != plugin.OK:
		return c.Fail(f)
	case !isFloat(v):
		return c.Fail(plugin.BadArgument)
	case !c.Writable(o):
		return c.Fail(plugin.NoModification)
	}
	x, _ := number(v)
	if plugin.IsWords64(o) {
		o.SetWord(int(i), math.Float64bits(x))
	} else {
		setWordAt(o, i, math.Float32bits(float32(x)))
	}
	return v, plugin.OK
}
