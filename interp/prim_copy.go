package interp

import (
	"unsafe"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// The primitives that copy between objects in bulk.

// replaceFormat is the kind of elements of an object for primReplace: formats
// without odd units, weak arrays counting as Arrays.
func replaceFormat(f heap.Format) heap.Format {
	switch {
	case f == heap.FmtWeak:
		return heap.FmtArray
	case f >= heap.FmtMethod:
		return heap.FmtMethod
	case f >= heap.FmtBytes:
		return heap.FmtBytes
	case f >= heap.FmtShorts:
		return heap.FmtShorts
	case f >= heap.FmtWords32:
		return heap.FmtWords32
	}
	return f
}

// primReplace is replaceFrom: start to: stop with: source startingAt: from.
// Elements are copied in ascending order, so a copy within one object to higher
// indices repeats what lies between. An empty range is always allowed.
func primReplace(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	o, k := mirror(c, 4)
	start, stop, source, from := c.Arg(k), c.Arg(k+1), c.Arg(k+2), c.Arg(k+3)
	if !start.IsInt() || !stop.IsInt() || !from.IsInt() || !source.IsObject() {
		return c.Fail(plugin.BadArgument)
	}
	if !o.IsObject() {
		return c.Fail(plugin.Inappropriate)
	}
	empty := stop.Int() < start.Int()
	if !empty && isImmutable(o) {
		return c.Fail(plugin.NoModification)
	}
	f := o.Format()
	kind := replaceFormat(f)
	if kind != replaceFormat(source.Format()) || kind == heap.FmtMethod || kind == heap.FmtForwarder ||
		in.isContext(o) || in.isContext(source) {
		return c.Fail(plugin.Inappropriate)
	}
	if empty {
		return o, plugin.OK
	}
	skip, size := in.elements(o, f)
	sourceSkip, sourceSize := in.elements(source, source.Format())
	if i, n := start.Int(), stop.Int()-start.Int()+1; i < 1 || stop.Int() > size ||
		from.Int() < 1 || from.Int() > sourceSize-n+1 {
		return c.Fail(plugin.BadIndex)
	}
	in.touch(o)
	n := uint64(stop.Int() - start.Int() + 1)
	if kind.IsPointers() {
		to := o.SlotAddr(int(skip + start.Int() - 1))
		copyAscending(to, source.SlotAddr(int(sourceSkip+from.Int()-1)), n*heap.Word)
		in.rememberRange(o, to, n)
	} else {
		unit := uint64(elementBits(f) / 8)
		copyAscending(elementAddr(o, position(start), unit), elementAddr(source, position(from), unit), n*unit)
	}
	return o, plugin.OK
}

// elements answers how many slots lie in front of the indexable elements, and how many of those there are.
func (in *Interp) elements(o heap.Oop, f heap.Format) (skip, n int64) {
	if f.IsPointers() {
		fixed := in.heap.FixedFieldsOf(o)
		return int64(fixed), int64(o.NumSlots() - fixed)
	}
	return 0, int64(rawLength(o, f))
}

// copyAscending copies n bytes outside Go's heap as if one after the other. Where
// the target begins inside the source, the distance between them is the largest
// piece that can be moved at once.
func copyAscending(to, from, n uint64) {
	piece := n
	if from < to {
		piece = min(n, to-from)
	}
	for ; n > 0; n -= piece {
		piece = min(n, piece)
		copy(unsafe.Slice((*byte)(heap.Pointer(to)), piece), unsafe.Slice((*byte)(heap.Pointer(from)), piece))
		to, from = to+piece, from+piece
	}
}

// rememberRange is the write barrier for n slots at an address in o.
func (in *Interp) rememberRange(o heap.Oop, addr, n uint64) {
	if in.heap.IsYoung(o) || o.Header()&heap.RememberedBit != 0 {
		return
	}
	for end := addr + n*heap.Word; addr < end; addr += heap.Word {
		if v := heap.Oop(heap.Load(addr)); v.IsObject() && in.heap.IsYoung(v) {
			in.heap.Remember(o)
			return
		}
	}
}

// primCopyFrom makes the receiver's state that of another object of its class and size.
func primCopyFrom(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	o, k := mirror(c, 1)
	source := c.Arg(k)
	if !o.IsObject() || !o.Format().IsPointers() && !o.Format().IsBits() || in.isContext(o) {
		return c.Fail(plugin.BadReceiver)
	}
	if !source.IsObject() || source.ClassIndex() != o.ClassIndex() ||
		source.Format() != o.Format() || source.NumSlots() != o.NumSlots() {
		return c.Fail(plugin.BadArgument)
	}
	if !c.Writable(o) {
		return c.Fail(plugin.NoModification)
	}
	n := uint64(o.NumSlots())
	copy(o.Words(), source.Words())
	if o.Format().IsPointers() {
		in.rememberRange(o, o.SlotAddr(0), n)
	}
	return o, plugin.OK
}
