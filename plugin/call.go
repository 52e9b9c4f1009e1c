package plugin

import (
	"math/big"
	"unsafe"

	"github.com/sista-vm/sista/heap"
)

// Call is one call of a primitive. The VM makes one and uses it again for every
// call; a primitive must not keep it.
//
// Receiver and arguments lie on the VM stack, which grows down:
//
//	Base       receiver
//	Base - 8   argument 0
//	Base - 16  argument 1
//	...
type Call struct {
	Heap     *heap.Heap
	VM       VM
	Receiver heap.Oop // never a forwarder

	OSErr  int64  // goes with OSError
	Reason string // for the user's eyes, when a primitive knows more than its failure code

	base uint64
	n    int
}

// Begin prepares for a call with the receiver at address base and n arguments below it.
func (c *Call) Begin(base uint64, n int) {
	c.base, c.n, c.OSErr, c.Reason = base, n, 0, ""
	c.Receiver = c.follow(heap.Oop(heap.Load(base)))
}

func (c *Call) follow(o heap.Oop) heap.Oop {
	if o.IsForwarder() {
		return c.Heap.Follow(o)
	}
	return o
}

// NumArgs answers the number of arguments.
func (c *Call) NumArgs() int { return c.n }

// Arg answers argument i, counted from 0, the receiver for -1, and nil for what
// was not passed. Primitives that images also define with the first operand as
// the receiver count from the last argument.
func (c *Call) Arg(i int) heap.Oop {
	if i < -1 || i >= c.n {
		return c.Heap.Nil
	}
	return c.follow(heap.Oop(heap.Load(c.base - uint64(i+1)*heap.Word)))
}

// Field answers slot i of a pointer object, counted from 0, and nil past its end
// or where o has no pointer slots.
func (c *Call) Field(o heap.Oop, i int) heap.Oop {
	if !IsPointers(o) || uint(i) >= uint(o.NumSlots()) {
		return c.Heap.Nil
	}
	return c.follow(o.Slot(i))
}

// IsPointers tells whether o is an object whose slots are oops. Contexts, whose
// slots may be married to a frame, are not counted among them.
func IsPointers(o heap.Oop) bool {
	return o.IsObject() && o.Format().IsPointers() && o.ClassIndex() != heap.ClassContext
}

// IsBytes tells whether o is an object of bytes, such as a String or ByteArray.
func IsBytes(o heap.Oop) bool { return o.IsObject() && o.Format().IsBytes() }

// IsBits tells whether o is an object of raw data of any unit, compiled code excepted.
func IsBits(o heap.Oop) bool { return o.IsObject() && o.Format().IsBits() }

// IsWords32 tells whether o is an object of 32-bit units.
func IsWords32(o heap.Oop) bool { return o.IsObject() && o.Format()&^1 == heap.FmtWords32 }

// IsWords64 tells whether o is an object of 64-bit units.
func IsWords64(o heap.Oop) bool { return o.IsObject() && o.Format() == heap.FmtWords64 }

// UnitSize answers the bytes of one element of a bits object.
func UnitSize(o heap.Oop) int {
	switch f := o.Format(); {
	case f >= heap.FmtBytes:
		return 1
	case f >= heap.FmtShorts:
		return 2
	case f >= heap.FmtWords32:
		return 4
	}
	return 8
}

// RawBytes is a view of all bytes of a bits object, whatever its units; nil for
// other objects. It is valid until the primitive returns.
func RawBytes(o heap.Oop) []byte {
	if !IsBits(o) {
		return nil
	}
	unit := UnitSize(o)
	unused := int(o.Format()) & (heap.Word/unit - 1)
	if unit == heap.Word {
		unused = 0
	}
	return unsafe.Slice((*byte)(heap.Pointer(uint64(o)+heap.Word)), o.NumSlots()*heap.Word-unused*unit)
}

// Raw32 is a view of an object of 32-bit units, nil for others. It is valid until the primitive returns.
func Raw32(o heap.Oop) []uint32 {
	if !IsWords32(o) {
		return nil
	}
	return unsafe.Slice((*uint32)(heap.Pointer(uint64(o)+heap.Word)), o.NumSlots()*2-int(o.Format()&1))
}

// Raw64 is a view of an object of 64-bit units, nil for others. It is valid until the primitive returns.
func Raw64(o heap.Oop) []uint64 {
	if !IsWords64(o) {
		return nil
	}
	return unsafe.Slice((*uint64)(heap.Pointer(uint64(o)+heap.Word)), o.NumSlots())
}

// Writable tells whether o may be changed now: it is an object and not
// read-only. Dependencies on a watched object are fired.
func (c *Call) Writable(o heap.Oop) bool {
	if o.IsImmediate() {
		return false
	}
	if flags := o.Header() & heap.StoreCheckMask; flags != 0 {
		if flags&heap.ImmutableBit != 0 {
			return false
		}
		c.Heap.FireWatch(o)
	}
	return true
}

// Store stores v into slot i of a pointer object, counted from 0.
func (c *Call) Store(o heap.Oop, i int, v heap.Oop) Failure {
	if !IsPointers(o) {
		return BadArgument
	}
	if uint(i) >= uint(o.NumSlots()) {
		return BadIndex
	}
	if !c.Writable(o) {
		return NoModification
	}
	c.Heap.Store(o, i, v)
	return OK
}

// Bytes is a view for reading of argument i, which must be a byte object.
func (c *Call) Bytes(i int) ([]byte, bool) {
	o := c.Arg(i)
	if !IsBytes(o) {
		return nil, false
	}
	return RawBytes(o), true
}

// MutableBytes is a view for writing of argument i, which must be a byte object.
func (c *Call) MutableBytes(i int) ([]byte, Failure) {
	o := c.Arg(i)
	if !IsBytes(o) {
		return nil, BadArgument
	}
	if !c.Writable(o) {
		return nil, NoModification
	}
	return RawBytes(o), OK
}

// String answers a copy of argument i, which must be a byte object.
func (c *Call) String(i int) (string, bool) {
	b, ok := c.Bytes(i)
	return string(b), ok
}

// Int answers argument i, which must be an Integer of 64 bits.
func (c *Call) Int(i int) (int64, bool) { return c.IntOf(c.Arg(i)) }

// IntOf answers the value of an Integer of 64 bits.
func (c *Call) IntOf(o heap.Oop) (int64, bool) {
	if o.IsInt() {
		return o.Int(), true
	}
	return c.Heap.IntValue64(o)
}

// Uint answers argument i, which must be an unsigned Integer of 64 bits.
func (c *Call) Uint(i int) (uint64, bool) { return c.UintOf(c.Arg(i)) }

// UintOf answers the value of an unsigned Integer of 64 bits.
func (c *Call) UintOf(o heap.Oop) (uint64, bool) { return c.Heap.Uint64Value(o) }

// BigOf answers the value of any Integer.
func (c *Call) BigOf(o heap.Oop) (*big.Int, bool) {
	if o.IsInt() {
		return big.NewInt(o.Int()), true
	}
	return c.Heap.BigValue(o)
}

// SmallInt answers argument i, which must be a SmallInteger.
func (c *Call) SmallInt(i int) (int, bool) {
	o := c.Arg(i)
	return int(o.Int()), o.IsInt()
}

// Index answers argument i, which must be a SmallInteger that fits 32 bits: a
// position or count on which arithmetic cannot overflow.
func (c *Call) Index(i int) (int, bool) {
	v, ok := c.SmallInt(i)
	return v, ok && int(int32(v)) == v
}

// Float answers argument i, which must be a Float or a SmallInteger.
func (c *Call) Float(i int) (float64, bool) { return c.FloatOf(c.Arg(i)) }

// FloatOf answers the value of a Float or a SmallInteger.
func (c *Call) FloatOf(o heap.Oop) (float64, bool) {
	if o.IsInt() {
		return float64(o.Int()), true
	}
	return c.Heap.FloatValue(o)
}

// Bool answers argument i, which must be a Boolean.
func (c *Call) Bool(i int) (value, ok bool) {
	switch o := c.Arg(i); o {
	case c.Heap.True:
		return true, true
	case c.Heap.False:
		return false, true
	}
	return false, false
}

// IsNil tells whether argument i is nil.
func (c *Call) IsNil(i int) bool { return c.Arg(i) == c.Heap.Nil }
