package interp

import (
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// mirror answers the object a primitive of n arguments works on and the number of
// its first argument. That object is the receiver, or in the mirror form, which
// has an extra argument in front of the others, that argument: so a mirror can look
// at an object without sending to it.
func mirror(c *plugin.Call, n int) (o heap.Oop, first int) {
	if extra := c.NumArgs() - n; extra > 0 {
		return c.Arg(extra - 1), extra
	}
	return c.Receiver, 0
}

// takes makes a primitive fail unless it is called with lo to hi arguments.
func takes(lo, hi int, p primitive) primitive {
	return func(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
		if n := c.NumArgs(); n < lo || n > hi {
			return c.Fail(plugin.BadNumArgs)
		}
		return p(in, c)
	}
}

// isImmutable tells whether an object is read-only.
func isImmutable(o heap.Oop) bool { return o.Header()&heap.ImmutableBit != 0 }

// touch tells who watches an object that it is about to change. Every store of a
// primitive into an object that existed before comes after it.
func (in *Interp) touch(o heap.Oop) {
	if o.Header()&heap.WatchedBit != 0 {
		in.heap.FireWatch(o)
	}
}

// couldBeClass tells whether an object has the shape of a class: a superclass, a
// method dictionary and a format word.
func (in *Interp) couldBeClass(o heap.Oop) bool {
	return plugin.IsPointers(o) && o.NumSlots() > heap.ClassFormat &&
		o.Slot(heap.ClassSuperclass).IsObject() && o.Slot(heap.ClassMethodDict).IsObject() &&
		in.follow(o.Slot(heap.ClassFormat)).IsInt()
}

// classIndex answers the class index of a class, entering it in the class table if need be.
func (in *Interp) classIndex(class heap.Oop) (uint32, plugin.Failure) {
	if in.heap.IsClassInTable(class) {
		return class.Header().Hash(), plugin.OK
	}
	if !in.couldBeClass(class) {
		return 0, plugin.BadReceiver
	}
	index, ok := in.heap.ClassIndexOf(class)
	if !ok {
		return 0, plugin.NoMemory
	}
	return index, plugin.OK
}

// Elements of raw objects, counted from 0 and unchecked.

func elementAddr(o heap.Oop, i, size uint64) uint64 { return uint64(o) + heap.Word + i*size }

func byteAt(o heap.Oop, i uint64) uint8 { return *(*uint8)(heap.Pointer(elementAddr(o, i, 1))) }

func shortAt(o heap.Oop, i uint64) uint16 { return *(*uint16)(heap.Pointer(elementAddr(o, i, 2))) }

func wordAt(o heap.Oop, i uint64) uint32 { return *(*uint32)(heap.Pointer(elementAddr(o, i, 4))) }

func setByteAt(o heap.Oop, i uint64, v uint8) { *(*uint8)(heap.Pointer(elementAddr(o, i, 1))) = v }

func setShortAt(o heap.Oop, i uint64, v uint16) { *(*uint16)(heap.Pointer(elementAddr(o, i, 2))) = v }

func setWordAt(o heap.Oop, i uint64, v uint32) { *(*uint32)(heap.Pointer(elementAddr(o, i, 4))) = v }
