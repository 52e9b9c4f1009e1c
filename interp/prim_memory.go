package interp

import (
	"encoding/binary"
	"math"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// The typed memory accessors of Pharo, by which structures of the C world are
// read and written: 600 and up read from the raw bytes of an object, 615 and up write
// to them. An offset is counted in bytes from 0 and need not be aligned.
//
// 630 and 645 would read and write through an ExternalAddress. No memory but
// objects is within reach of an image, so they fail as unsupported.

const (
	firstLoad         = 600
	firstStore        = 615
	firstLoadAddress  = 630
	firstStoreAddress = 645
	memoryTypes       = 15
)

// memoryType is how a value of the C world and an object correspond.
type memoryType struct {
	size  int
	load  func(in *Interp, b []byte) heap.Oop                         // Invalid: no memory
	store func(in *Interp, c *plugin.Call, b []byte, v heap.Oop) bool // false: v is no such value
}

var littleEndian = binary.LittleEndian

func (in *Interp) installMemoryAccess() {
	types := [memoryTypes]memoryType{
		{1, func(in *Interp, b []byte) heap.Oop { return in.heap.Bool(b[0] != 0) }, storeBoolean},
		{1, func(in *Interp, b []byte) heap.Oop { return heap.FromInt(int64(b[0])) }, storeUnsigned},
		{1, func(in *Interp, b []byte) heap.Oop { return heap.FromInt(int64(int8(b[0]))) }, storeSigned},
		{2, func(in *Interp, b []byte) heap.Oop { return heap.FromInt(int64(littleEndian.Uint16(b))) }, storeUnsigned},
		{2, func(in *Interp, b []byte) heap.Oop { return heap.FromInt(int64(int16(littleEndian.Uint16(b)))) }, storeSigned},
		{4, func(in *Interp, b []byte) heap.Oop { return heap.FromInt(int64(littleEndian.Uint32(b))) }, storeUnsigned},
		{4, func(in *Interp, b []byte) heap.Oop { return heap.FromInt(int64(int32(littleEndian.Uint32(b)))) }, storeSigned},
		{8, func(in *Interp, b []byte) heap.Oop { return in.heap.NewUint64(littleEndian.Uint64(b)) }, storeUnsigned},
		{8, func(in *Interp, b []byte) heap.Oop { return in.heap.NewInt64(int64(littleEndian.Uint64(b))) }, storeSigned},
		{8, loadPointer, storePointer},
		{1, func(in *Interp, b []byte) heap.Oop { return heap.FromChar(uint32(b[0])) }, storeCharacter},
		{2, func(in *Interp, b []byte) heap.Oop { return heap.FromChar(uint32(littleEndian.Uint16(b))) }, storeCharacter},
		{4, func(in *Interp, b []byte) heap.Oop { return heap.FromChar(littleEndian.Uint32(b) & heap.MaxCharacter) }, storeCharacter},
		{4, func(in *Interp, b []byte) heap.Oop {
			return in.heap.NewFloat(float64(math.Float32frombits(littleEndian.Uint32(b))))
		}, storeFloat},
		{8, func(in *Interp, b []byte) heap.Oop {
			return in.heap.NewFloat(math.Float64frombits(littleEndian.Uint64(b)))
		}, storeFloat},
	}
	for i, t := range types {
		in.prims[firstLoad+i] = takes(1, 2, loadBytes(t))
		in.prims[firstStore+i] = takes(2, 3, storeBytes(t))
		in.prims[firstLoadAddress+i] = refuse("memory outside of objects cannot be read")
		in.prims[firstStoreAddress+i] = refuse("memory outside of objects cannot be written")
	}
}

// refuse makes a primitive fail as unsupported for a reason.
func refuse(reason string) primitive {
	return func(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
		c.Reason = reason
		return c.Fail(plugin.Unsupported)
	}
}

// memoryAt answers size bytes of an object from a byte offset on.
func memoryAt(o, offset heap.Oop, size int) ([]byte, plugin.Failure) {
	if !plugin.IsBits(o) {
		return nil, plugin.BadReceiver
	}
	if !offset.IsInt() {
		return nil, plugin.BadArgument
	}
	b := plugin.RawBytes(o)
	if i := offset.Int(); i >= 0 && i <= int64(len(b)-size) {
		return b[i : int(i)+size], plugin.OK
	}
	return nil, plugin.BadIndex
}

func loadBytes(t memoryType) primitive {
	return func(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
		o, k := mirror(c, 1)
		b, f := memoryAt(o, c.Arg(k), t.size)
		if f != plugin.OK {
			return c.Fail(f)
		}
		return c.Return(t.load(in, b))
	}
}

func storeBytes(t memoryType) primitive {
	return func(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
		o, k := mirror(c, 2)
		v := c.Arg(k + 1)
		b, f := memoryAt(o, c.Arg(k), t.size)
		if f != plugin.OK {
			return c.Fail(f)
		}
		if isImmutable(o) {
			return c.Fail(plugin.NoModification)
		}
		var value [8]byte
		if !t.store(in, c, value[:t.size], v) {
			return c.Fail(plugin.BadArgument)
		}
		in.touch(o)
		copy(b, value[:])
		return v, plugin.OK
	}
}

func putUint(b []byte, v uint64) {
	for i := range b {
		b[i] = byte(v >> (8 * i))
	}
}

func storeBoolean(in *Interp, c *plugin.Call, b []byte, v heap.Oop) bool {
	if v == in.trueOop {
		b[0] = 1
	}
	return v == in.trueOop || v == in.falseOop
}

func storeUnsigned(in *Interp, c *plugin.Call, b []byte, v heap.Oop) bool {
	n, ok := integerOf(v)
	putUint(b, n.magnitude)
	return ok && !n.negative && n.magnitude>>1>>(8*len(b)-1) == 0
}

func storeSigned(in *Interp, c *plugin.Call, b []byte, v heap.Oop) bool {
	n, ok := integerOf(v)
	if !ok {
		return false
	}
	i, ok := n.int64()
	putUint(b, uint64(i))
	shift := 64 - 8*len(b)
	return ok && i<<shift>>shift == i
}

func storeCharacter(in *Interp, c *plugin.Call, b []byte, v heap.Oop) bool {
	if !v.IsChar() || uint64(v.Char())>>(8*len(b)) != 0 {
		return false
	}
	putUint(b, uint64(v.Char()))
	return true
}

func storeFloat(in *Interp, c *plugin.Call, b []byte, v heap.Oop) bool {
	x, ok := number(v)
	if len(b) == 4 {
		putUint(b, uint64(math.Float32bits(float32(x))))
	} else {
		putUint(b, math.Float64bits(x))
	}
	return ok
}

// loadPointer answers an ExternalAddress.
func loadPointer(in *Interp, b []byte) heap.Oop {
	o, f := in.instantiate(in.heap.Special(specialExternalAddress), heap.Word)
	if f != plugin.OK {
		return heap.Invalid
	}
	copy(plugin.RawBytes(o), b)
	return o
}

func storePointer(in *Interp, c *plugin.Call, b []byte, v heap.Oop) bool {
	if !plugin.IsBytes(v) || in.heap.ClassOf(v) != in.heap.Special(specialExternalAddress) {
		return false
	}
	return copy(b, plugin.RawBytes(v)) == len(b)
}
