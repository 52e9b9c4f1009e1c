package interp

import (
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// The primitives that make objects and enumerate them.

func (in *Interp) installInstances() {
	p := &in.prims
	p[70], p[71] = primNew, primNewIndexed
	p[77], p[78] = takes(0, 1, primSomeInstance), takes(0, 1, primNextInstance)
	p[79] = takes(2, 3, primNewMethod)
	p[138], p[139] = takes(0, 1, primSomeObject), takes(0, 1, primNextObject)
	p[177], p[178] = takes(0, 1, primAllInstances), takes(0, 1, primAllObjects)
	p[180] = takes(1, 1, primGrowMemory)
	p[181] = takes(0, 1, primInstanceSize)
	p[580], p[598] = takes(0, 1, newIn((*heap.Heap).AllocatePinned)), takes(0, 1, newIn((*heap.Heap).AllocatePinned))
	p[581], p[599] = takes(1, 2, newIndexedIn((*heap.Heap).AllocatePinned)), takes(1, 2, newIndexedIn((*heap.Heap).AllocatePinned))
	p[582], p[583] = takes(1, 2, newRaw((*heap.Heap).Allocate)), takes(1, 2, newRaw((*heap.Heap).AllocatePinned))
	p[596], p[597] = takes(0, 1, newIn((*heap.Heap).AllocateOld)), takes(1, 2, newIndexedIn((*heap.Heap).AllocateOld))
}

// fixedShape answers format and slots of instances of a class without indexable fields.
func (in *Interp) fixedShape(class heap.Oop) (f heap.Format, slots int, fail plugin.Failure) {
	slots, f = in.heap.InstSpec(class)
	if f != heap.FmtEmpty && f != heap.FmtFixed && f != heap.FmtEphemeron {
		return 0, 0, plugin.BadReceiver
	}
	return f, slots, plugin.OK
}

// indexedShape answers format and slots of an instance with n indexable elements.
// A class without any has instances of 0 elements.
func (in *Interp) indexedShape(class heap.Oop, n int) (f heap.Format, slots int, fail plugin.Failure) {
	fixed, f := in.heap.InstSpec(class)
	switch f {
	case heap.FmtArray, heap.FmtVariable, heap.FmtWeak:
		return f, fixed + n, plugin.OK
	case heap.FmtWords64:
		return f, n, plugin.OK
	case heap.FmtWords32:
		if n != 2 && in.heap.IsClassInTable(class) && class.Header().Hash() == heap.ClassFloat {
			return 0, 0, plugin.BadArgument
		}
		return f + heap.Format(n&1), (n + 1) / 2, plugin.OK
	case heap.FmtShorts:
		return f + heap.Format(-n&3), (n + 3) / 4, plugin.OK
	case heap.FmtBytes:
		return f + heap.Format(-n&7), (n + 7) / 8, plugin.OK
	}
	if n == 0 {
		return in.fixedShape(class)
	}
	return 0, 0, plugin.BadReceiver
}

// instantiate makes an instance with n indexable elements, or of a class that has none.
func (in *Interp) instantiate(class heap.Oop, n int) (heap.Oop, plugin.Failure) {
	format, slots, f := in.indexedShape(class, n)
	if f != plugin.OK {
		return heap.Invalid, f
	}
	return in.allocate((*heap.Heap).Allocate, class, format, slots)
}

// allocator is one of the heap's ways to make an object.
type allocator func(h *heap.Heap, classIndex uint32, f heap.Format, slots int) heap.Oop

func (in *Interp) allocate(alloc allocator, class heap.Oop, format heap.Format, slots int) (heap.Oop, plugin.Failure) {
	index, f := in.classIndex(class)
	if f != plugin.OK {
		return heap.Invalid, f
	}
	if o := alloc(in.heap, index, format, slots); o != heap.Invalid {
		return o, plugin.OK
	}
	return heap.Invalid, plugin.NoMemory
}

// primNew is the hot one of the allocators, so it calls nothing it need not.
func primNew(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	class, _ := mirror(c, 0)
	format, slots, f := in.fixedShape(class)
	if f != plugin.OK {
		return c.Fail(f)
	}
	index, f := in.classIndex(class)
	if f != plugin.OK {
		return c.Fail(f)
	}
	return c.Return(in.heap.Allocate(index, format, slots))
}

func primNewIndexed(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	class, k := mirror(c, 1)
	n, f := elementCount(c.Arg(k))
	if f != plugin.OK {
		return c.Fail(f)
	}
	format, slots, f := in.indexedShape(class, n)
	if f != plugin.OK {
		return c.Fail(f)
	}
	index, f := in.classIndex(class)
	if f != plugin.OK {
		return c.Fail(f)
	}
	return c.Return(in.heap.Allocate(index, format, slots))
}

// elementCount checks the size of an object to be made. There is no memory for
// as many elements as a large integer says.
func elementCount(o heap.Oop) (n int, f plugin.Failure) {
	switch i, ok := integerOf(o); {
	case o.IsInt() && o.Int() >= 0 && o.Int() <= 8*heap.MaxSlots:
		return int(o.Int()), plugin.OK
	case ok && !i.negative:
		return 0, plugin.NoMemory
	}
	return 0, plugin.BadArgument
}

func newIn(alloc allocator) primitive {
	return func(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
		class, _ := mirror(c, 0)
		format, slots, f := in.fixedShape(class)
		if f != plugin.OK {
			return c.Fail(f)
		}
		return in.allocate(alloc, class, format, slots)
	}
}

func newIndexedIn(alloc allocator) primitive {
	return func(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
		class, k := mirror(c, 1)
		n, f := elementCount(c.Arg(k))
		if f != plugin.OK {
			return c.Fail(f)
		}
		format, slots, f := in.indexedShape(class, n)
		if f != plugin.OK {
			return c.Fail(f)
		}
		return in.allocate(alloc, class, format, slots)
	}
}

// newRaw makes objects of bits whose contents the image promises to fill. They
// are zero all the same: what a program can read is the same in every run.
func newRaw(alloc allocator) primitive {
	indexed := newIndexedIn(alloc)
	return func(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
		class, _ := mirror(c, 1)
		if _, spec := in.heap.InstSpec(class); !spec.IsBits() {
			return c.Fail(plugin.BadReceiver)
		}
		return indexed(in, c)
	}
}

// primNewMethod makes compiled code: arguments are the bytes after the literals and the header.
func primNewMethod(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	class, k := mirror(c, 2)
	bytes, header := c.Arg(k), c.Arg(k+1)
	if !bytes.IsInt() || bytes.Int() < 0 || !header.IsInt() {
		return c.Fail(plugin.BadArgument)
	}
	if _, spec := in.heap.InstSpec(class); spec != heap.FmtMethod {
		return c.Fail(plugin.BadReceiver)
	}
	if _, f := in.classIndex(class); f != plugin.OK {
		return c.Fail(f)
	}
	if bytes.Int() > heap.MaxSlots {
		return c.Fail(plugin.NoMemory)
	}
	m, err := in.heap.NewMethod(class, header, int(bytes.Int()))
	if err != heap.OK {
		return c.Fail(plugin.NoMemory)
	}
	return m, plugin.OK
}

// instancesOf answers a test for instances of a class. A class that became another
// may stand at two indices until the next full collection.
func (in *Interp) instancesOf(class heap.Oop) func(o heap.Oop) bool {
	if !in.heap.IsClassInTable(class) {
		return func(heap.Oop) bool { return false }
	}
	index := class.Header().Hash()
	return func(o heap.Oop) bool {
		i := o.ClassIndex()
		return i == index || in.heap.ClassAt(i) == class
	}
}

func primSomeInstance(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	class, _ := mirror(c, 0)
	return in.firstInstance(c, in.heap.FirstObject(), class)
}

// firstInstance answers the first instance of a class from o on.
func (in *Interp) firstInstance(c *plugin.Call, o, class heap.Oop) (heap.Oop, plugin.Failure) {
	for isInstance := in.instancesOf(class); o != heap.Invalid; o = in.heap.NextObject(o) {
		if isInstance(o) {
			return o, plugin.OK
		}
	}
	return c.Fail(plugin.Generic)
}

func primNextInstance(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	o, _ := mirror(c, 0)
	if !o.IsObject() {
		return c.Fail(plugin.Generic)
	}
	return in.firstInstance(c, in.heap.NextObject(o), in.heap.ClassOf(o))
}

func primSomeObject(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	o := in.heap.FirstObject()
	if o == heap.Invalid {
		return c.Fail(plugin.Generic)
	}
	return o, plugin.OK
}

// primNextObject answers 0 after the last object.
func primNextObject(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	o, _ := mirror(c, 0)
	if !o.IsObject() {
		return c.Fail(plugin.BadReceiver)
	}
	if o = in.heap.NextObject(o); o == heap.Invalid {
		return heap.FromInt(0), plugin.OK
	}
	return o, plugin.OK
}

func primAllInstances(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	class, _ := mirror(c, 0)
	if !in.couldBeClass(class) {
		return c.Fail(plugin.BadReceiver)
	}
	return in.arrayOf(c, in.instancesOf(class))
}

func primAllObjects(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	return in.arrayOf(c, func(heap.Oop) bool { return true })
}

// arrayOf answers an Array, which is not itself among them, of all objects of a kind.
func (in *Interp) arrayOf(c *plugin.Call, wanted func(heap.Oop) bool) (heap.Oop, plugin.Failure) {
	n := 0
	in.heap.EachObject(func(o heap.Oop) bool {
		if wanted(o) {
			n++
		}
		return true
	})
	all := in.heap.NewArray(n)
	if all == heap.Invalid {
		return c.Fail(plugin.NoMemory)
	}
	i := 0
	in.heap.EachObject(func(o heap.Oop) bool {
		if o != all && wanted(o) {
			all.SetSlotRaw(i, o)
			i++
		}
		return i < n
	})
	return all, plugin.OK
}

// primGrowMemory answers the bytes by which old space grew.
func primGrowMemory(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	bytes := c.Arg(0)
	if !bytes.IsInt() || bytes.Int() < 0 {
		return c.Fail(plugin.BadArgument)
	}
	grown := in.heap.GrowBy(uint64(bytes.Int()))
	if grown == 0 {
		return c.Fail(plugin.NoMemory)
	}
	return c.ReturnUint(grown)
}

// primInstanceSize answers the bytes an instance of the receiver would take, with a
// number of indexable elements if it has any.
func primInstanceSize(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	if c.NumArgs() == 0 {
		_, slots, f := in.fixedShape(c.Receiver)
		if f != plugin.OK {
			return c.Fail(f)
		}
		return c.ReturnUint(uint64(objectSize(slots)))
	}
	n := c.Arg(0)
	if !n.IsInt() || n.Int() < 0 {
		return c.Fail(plugin.BadArgument)
	}
	if n.Int() > heap.MaxSlots {
		return c.Fail(plugin.LimitExceeded)
	}
	if _, spec := in.heap.InstSpec(c.Receiver); spec < heap.FmtArray || spec == heap.FmtEphemeron || spec == heap.FmtForwarder {
		return c.Fail(plugin.BadReceiver)
	}
	_, slots, f := in.indexedShape(c.Receiver, int(n.Int()))
	if f != plugin.OK {
		return c.Fail(f)
	}
	return c.ReturnUint(uint64(objectSize(slots)))
}

// objectSize answers the bytes of an object of some slots, headers included.
func objectSize(slots int) int {
	switch {
	case slots == 0:
		return 2 * heap.Word
	case slots >= heap.OverflowSlots:
		return (slots + 2) * heap.Word
	}
	return (slots + 1) * heap.Word
}
