package interp

import (
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// The primitives about whole objects: identity, class, hashes, protection, and
// changing what an object is.

func (in *Interp) installObjects() {
	p := &in.prims
	p[75] = primIdentityHash
	p[110], p[169] = primIdentical, primNotIdentical
	p[111] = primClass
	p[115], p[160] = takes(1, 2, primChangeClass), takes(1, 2, primAdoptInstance)
	p[148] = primClone
	p[161] = takes(0, 2, primSetOrHasHash)
	p[163], p[164] = takes(0, 1, primIsReadOnly), takes(1, 2, primSetReadOnly)
	p[170], p[171] = primAsCharacter, primImmediateAsInteger
	p[172] = primNextMourner
	p[175], p[176] = primBehaviorHash, primMaxIdentityHash
	p[182] = takes(0, 1, primSizeInBytes)
	p[183], p[184] = takes(0, 1, primIsPinned), takes(1, 2, primSetPinned)
	in.installInstances()
	in.installBecome()
}

// primIdentityHash fails for immediates: they are their own hash. The image does
// not call it for classes, whose hash is their class index.
func primIdentityHash(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	o, _ := mirror(c, 0)
	if !o.IsObject() {
		return c.Fail(plugin.Generic)
	}
	return heap.FromInt(int64(in.heap.IdentityHash(o))), plugin.OK
}

func primIdentical(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	o, k := mirror(c, 1)
	if c.NumArgs() == 0 {
		return c.Fail(plugin.BadNumArgs)
	}
	return in.answerBool(o == c.Arg(k), plugin.OK)
}

func primNotIdentical(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	o, k := mirror(c, 1)
	if c.NumArgs() == 0 {
		return c.Fail(plugin.BadNumArgs)
	}
	return in.answerBool(o != c.Arg(k), plugin.OK)
}

func primClass(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	o, _ := mirror(c, 0)
	return in.heap.ClassOf(o), plugin.OK
}

func primClone(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	o, _ := mirror(c, 0)
	switch {
	case o.IsImmediate():
		return o, plugin.OK
	case in.isContext(o):
		return c.Return(in.cloneContext(o))
	}
	return c.Return(in.heap.Clone(o))
}

// primChangeClass gives the receiver the class of the argument.
func primChangeClass(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	o, k := mirror(c, 1)
	model := c.Arg(k)
	if !o.IsObject() {
		return c.Fail(plugin.BadReceiver)
	}
	if !model.IsObject() {
		return c.Fail(plugin.BadArgument)
	}
	if f := in.changeClass(o, in.heap.ClassOf(model)); f != plugin.OK {
		return c.Fail(f)
	}
	return o, plugin.OK
}

// primAdoptInstance gives the argument the class that the receiver is.
func primAdoptInstance(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	class, k := mirror(c, 1)
	o := c.Arg(k)
	if !o.IsObject() || k > 0 && !in.couldBeClass(class) {
		return c.Fail(plugin.BadArgument)
	}
	switch f := in.changeClass(o, class); f {
	case plugin.OK:
		return c.Receiver, plugin.OK
	case plugin.BadReceiver: // the object, which is the argument here
		return c.Fail(plugin.BadArgument)
	case plugin.BadArgument:
		return c.Fail(plugin.BadReceiver)
	default:
		return c.Fail(f)
	}
}

// changeClass makes o an instance of another class of like shape, and gives it the
// format of that class's instances. An ephemeron that has fired is armed so again.
func (in *Interp) changeClass(o, class heap.Oop) plugin.Failure {
	in.interpretAll()
	if isImmutable(o) {
		return plugin.NoModification
	}
	if !in.couldBeClass(class) {
		return plugin.BadArgument
	}
	index, f := in.classIndex(class)
	if f != plugin.OK {
		return f
	}
	if o.ClassIndex() <= heap.ClassLastPun || index == heap.ClassContext || o.ClassIndex() == heap.ClassContext {
		return plugin.Inappropriate
	}
	fixed, spec := in.heap.InstSpec(class)
	format, f := adoptedFormat(o, fixed, spec)
	if f != plugin.OK {
		return f
	}
	if index == heap.ClassFloat && (format != heap.FmtWords32 || o.NumSlots() != 1) {
		return plugin.BadReceiver
	}
	in.touch(o)
	o.SetHeader(o.Header()&^(heap.ClassIndexMask|heap.FormatMask<<heap.FormatShift) |
		heap.Header(format)<<heap.FormatShift | heap.Header(index))
	in.flushShortcuts()
	return plugin.OK
}

// adoptedFormat answers the format of o as an instance of a class of a given shape.
func adoptedFormat(o heap.Oop, fixed int, spec heap.Format) (heap.Format, plugin.Failure) {
	old := o.Format()
	if spec.IsPointers() {
		if !old.IsPointers() {
			return 0, plugin.Inappropriate
		}
		n := o.NumSlots()
		indexable := spec == heap.FmtArray || spec == heap.FmtVariable || spec == heap.FmtWeak
		if n < fixed || n > fixed && !indexable || spec == heap.FmtEphemeron && n == 0 {
			return 0, plugin.BadReceiver
		}
		return spec, plugin.OK
	}
	if spec == heap.FmtMethod || old.IsMethod() || !old.IsBits() {
		if spec == heap.FmtMethod && old.IsMethod() {
			return old, plugin.OK
		}
		return 0, plugin.Inappropriate
	}
	bytes := len(plugin.RawBytes(o))
	switch spec {
	case heap.FmtWords64, heap.FmtWords32, heap.FmtShorts, heap.FmtBytes:
	default:
		return 0, plugin.Inappropriate
	}
	unit := int(elementBits(spec) / 8)
	if bytes%unit != 0 {
		return 0, plugin.BadReceiver
	}
	// The low bits of a format count the elements unused in the last word.
	return spec + heap.Format((o.NumSlots()*heap.Word-bytes)/unit), plugin.OK
}

// primSetOrHasHash tells whether the receiver has an identity hash, or with an
// Integer gives it one and answers the old one. Classes keep theirs, which is
// their class index.
func primSetOrHasHash(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	o, hash := c.Receiver, c.Arg(0)
	if c.NumArgs() == 0 {
		return c.ReturnBool(o.IsObject() && o.Header().Hash() != 0)
	}
	isClass := false
	if c.NumArgs() == 2 {
		var ok bool
		if isClass, ok = c.Bool(1); !ok {
			return c.Fail(plugin.BadArgument)
		}
	}
	switch {
	case !o.IsObject():
		return c.Fail(plugin.BadReceiver)
	case !hash.IsInt() || hash.Int() < 1 || hash.Int() > heap.HashMask:
		return c.Fail(plugin.BadArgument)
	case isClass || in.heap.IsClassInTable(o):
		return c.Fail(plugin.Unsupported)
	}
	old := in.heap.IdentityHash(o)
	in.heap.SetHash(o, uint32(hash.Int()))
	return heap.FromInt(int64(old)), plugin.OK
}

func primIsReadOnly(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	o, _ := mirror(c, 0)
	return c.ReturnBool(o.IsImmediate() || isImmutable(o))
}

func primSetReadOnly(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	o, k := mirror(c, 1)
	on, ok := c.Bool(k)
	if !o.IsObject() {
		return c.Fail(plugin.BadReceiver)
	}
	if !ok {
		return c.Fail(plugin.BadArgument)
	}
	was := isImmutable(o)
	if on && !in.canBeReadOnly(o) {
		return c.Fail(plugin.Inappropriate)
	}
	in.touch(o)
	if !in.heap.SetImmutable(o, on) {
		return c.Fail(plugin.Inappropriate)
	}
	return c.ReturnBool(was)
}

// canBeReadOnly tells whether the VM never stores into an object on its own:
// not contexts, weak objects, ephemerons, semaphores, processes, the scheduler and its lists.
func (in *Interp) canBeReadOnly(o heap.Oop) bool {
	f := o.Format()
	if in.isContext(o) || f == heap.FmtWeak || f == heap.FmtEphemeron {
		return false
	}
	class := in.heap.ClassOf(o)
	if class == in.heap.Special(specialSemaphoreClass) {
		return false
	}
	c := &in.call
	scheduler := c.Field(in.heap.Special(specialScheduler), associationValue)
	lists := c.Field(scheduler, schedulerLists)
	process := c.Field(scheduler, schedulerActive)
	if o == scheduler || o == lists {
		return false
	}
	return class != in.heap.ClassOf(c.Field(lists, 0)) && class != in.heap.ClassOf(process) || f == heap.FmtEmpty
}

func primAsCharacter(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	o, k := mirror(c, 0)
	if !o.IsInt() || o.Int() < 0 || o.Int() > heap.MaxCharacter {
		if k > 0 {
			return c.Fail(plugin.BadArgument)
		}
		return c.Fail(plugin.BadReceiver)
	}
	return heap.FromChar(uint32(o.Int())), plugin.OK
}

func primImmediateAsInteger(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	o, _ := mirror(c, 0)
	i, ok := immediateAsInteger(o)
	if !ok {
		return c.Fail(plugin.BadReceiver)
	}
	return heap.FromInt(i), plugin.OK
}

// immediateAsInteger answers the value of an immediate as one number: of a float
// its rotated bits without the sign, which becomes the sign of the number.
func immediateAsInteger(o heap.Oop) (i int64, ok bool) {
	switch {
	case o.IsInt():
		return o.Int(), true
	case o.IsChar():
		return int64(o.Char()), true
	case o.IsSmallFloat():
		bits := uint64(o) >> 4
		if o&8 != 0 {
			bits |= 0xF << 60
		}
		return int64(bits), true
	}
	return 0, false
}

// primNextMourner answers an object whose finalization is due. That there is none
// must not look like a missing primitive.
func primNextMourner(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	if o := in.heap.NextMourner(); o != heap.Invalid {
		return o, plugin.OK
	}
	return c.Fail(plugin.NotFound)
}

func primBehaviorHash(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	class, _ := mirror(c, 0)
	index, f := in.classIndex(class)
	if f != plugin.OK {
		return c.Fail(f)
	}
	return heap.FromInt(int64(index)), plugin.OK
}

func primMaxIdentityHash(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	return heap.FromInt(heap.HashMask), plugin.OK
}

// primSizeInBytes answers the memory an object takes, headers included.
func primSizeInBytes(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	o, _ := mirror(c, 0)
	if o.IsImmediate() {
		return heap.FromInt(0), plugin.OK
	}
	return c.ReturnUint(o.Size())
}

func primIsPinned(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	o, _ := mirror(c, 0)
	if o.IsImmediate() {
		return c.Fail(plugin.BadReceiver)
	}
	return c.ReturnBool(o.Header()&heap.PinnedBit != 0)
}

// primSetPinned keeps an object at its address or releases it, and answers whether it was kept.
func primSetPinned(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	o, k := mirror(c, 1)
	on, ok := c.Bool(k)
	if !o.IsObject() || on && in.isContext(o) && isMarried(o) {
		return c.Fail(plugin.BadReceiver)
	}
	if !ok {
		return c.Fail(plugin.BadArgument)
	}
	was := o.Header()&heap.PinnedBit != 0
	switch {
	case on && !was:
		if _, ok := in.heap.Pin(o); !ok {
			return c.Fail(plugin.NoMemory)
		}
	case was && !on:
		in.heap.Unpin(o)
	}
	return c.ReturnBool(was)
}
