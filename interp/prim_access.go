package interp

import (
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// The primitives that read and write elements of objects. Indices are from 1.
//
//	at:, at:put:, size     indexable elements; of contexts their stack
//	instVarAt:(put:)       named instance variables
//	slotAt:(put:)          both, named first
//	objectAt:(put:)        header and literals of compiled code
//	shortAt:, integerAt:   other views of raw objects, in prim_raw.go
//
// A store is refused for a read-only object before anything else but a receiver
// without memory is looked at, and touches a watched one.

func (in *Interp) installAccess() {
	p := &in.prims
	p[60], p[61], p[62] = primAt, primAtPut, primSize
	p[63], p[64] = primStringAt, primStringAtPut
	p[68], p[69] = takes(1, 2, primObjectAt), takes(2, 3, primObjectAtPut)
	p[73], p[74] = primInstVarAt, primInstVarAtPut
	p[105] = primReplace
	p[132] = takes(1, 2, primPointsTo)
	p[143], p[144] = takes(1, 1, primShortAt), takes(2, 2, primShortAtPut)
	p[145] = takes(1, 1, primFill)
	p[156] = takes(1, 1, primBytesEqual)
	p[158] = takes(1, 2, primCompareWith)
	p[165], p[166] = takes(1, 2, primIntegerAt), takes(2, 3, primIntegerAtPut)
	p[168] = takes(1, 2, primCopyFrom)
	p[173], p[174] = primSlotAt, primSlotAtPut
	p[238], p[239] = takes(1, 2, primFloatArrayAt), takes(2, 3, primFloatArrayAtPut)
	// 65 to 67, next, nextPut: and atEnd of old streams, always fail.
}

// indexables answers the slots in front of the indexable ones of an object of
// pointers, and how many of those there are; false where it is not indexable.
func (in *Interp) indexables(o heap.Oop, f heap.Format) (fixed, n uint64, ok bool) {
	switch f {
	case heap.FmtArray:
		return 0, uint64(o.NumSlots()), true
	case heap.FmtVariable, heap.FmtWeak:
		if in.isContext(o) {
			return contextFixed, uint64(in.contextStackp(o)), true
		}
		fixed = uint64(in.heap.FixedFieldsOf(o))
		return fixed, uint64(o.NumSlots()) - fixed, true
	}
	return 0, 0, false
}

// slot reads a slot of an object of pointers.
func (in *Interp) slot(o heap.Oop, i uint64) heap.Oop {
	if in.isContext(o) {
		return in.contextSlot(o, int(i))
	}
	return o.Slot(int(i))
}

// setSlot writes a slot of an object of pointers that may be written.
func (in *Interp) setSlot(o heap.Oop, i uint64, v heap.Oop) {
	in.touch(o)
	if in.isContext(o) {
		in.setContextSlot(o, int(i), v)
		return
	}
	in.heap.Store(o, int(i), v)
	if isClosure(o) {
		in.suspectClosures()
	}
}

// position answers where an index from 1 is, counted from 0. An index below 1
// is beyond every end.
func position(index heap.Oop) uint64 { return uint64(index.Int() - 1) }

func primAt(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	o, k := mirror(c, 1)
	index := c.Arg(k)
	if !o.IsObject() {
		return c.Fail(plugin.Inappropriate)
	}
	if !index.IsInt() {
		return c.Fail(plugin.BadArgument)
	}
	i, f := position(index), o.Format()
	switch {
	case f == heap.FmtArray:
		if i < uint64(o.NumSlots()) {
			return o.Slot(int(i)), plugin.OK
		}
	case f.IsPointers():
		fixed, n, ok := in.indexables(o, f)
		if !ok {
			return c.Fail(plugin.BadReceiver)
		}
		if i < n {
			return in.slot(o, fixed+i), plugin.OK
		}
	case f.IsBits():
		if i < rawLength(o, f) {
			return answerUnsigned(c, rawAt(o, f, i))
		}
	case f.IsMethod():
		if i < rawLength(o, f) && i >= codeStart(o) {
			return heap.FromInt(int64(byteAt(o, i))), plugin.OK
		}
	default:
		return c.Fail(plugin.BadReceiver)
	}
	return c.Fail(plugin.BadIndex)
}

// codeStart answers the position of a method's first bytecode.
func codeStart(method heap.Oop) uint64 { return methodStart(methodHeader(method)) - heap.Word }

func primAtPut(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	o, k := mirror(c, 2)
	index, v := c.Arg(k), c.Arg(k+1)
	if !o.IsObject() {
		return c.Fail(plugin.Inappropriate)
	}
	if isImmutable(o) {
		return c.Fail(plugin.NoModification)
	}
	if !index.IsInt() {
		return c.Fail(plugin.BadArgument)
	}
	i, f := position(index), o.Format()
	switch {
	case f.IsPointers():
		fixed, n, ok := in.indexables(o, f)
		if !ok {
			return c.Fail(plugin.BadReceiver)
		}
		if i >= n {
			return c.Fail(plugin.BadIndex)
		}
		in.setSlot(o, fixed+i, v)
	case f.IsBits(), f.IsMethod():
		if i >= rawLength(o, f) || f.IsMethod() && i < codeStart(o) {
			return c.Fail(plugin.BadIndex)
		}
		bits, ok := storable(f, v)
		if !ok {
			return c.Fail(plugin.BadArgument)
		}
		in.touch(o)
		setRawAt(o, f, i, bits)
		if f.IsMethod() {
			in.flushMethod(o)
		}
	default:
		return c.Fail(plugin.BadReceiver)
	}
	return v, plugin.OK
}

func primSize(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	o, _ := mirror(c, 0)
	if !o.IsObject() {
		return c.Fail(plugin.BadReceiver)
	}
	switch f := o.Format(); {
	case f.IsPointers():
		if _, n, ok := in.indexables(o, f); ok {
			return heap.FromInt(int64(n)), plugin.OK
		}
	case f.IsBits(), f.IsMethod():
		return heap.FromInt(int64(rawLength(o, f))), plugin.OK
	}
	return c.Fail(plugin.BadReceiver)
}

// isString tells formats whose elements can be seen as Characters.
func isString(f heap.Format) bool { return f.IsBits() && f >= heap.FmtWords32 }

func primStringAt(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	o, k := mirror(c, 1)
	index := c.Arg(k)
	if !o.IsObject() {
		return c.Fail(plugin.Inappropriate)
	}
	if !index.IsInt() {
		return c.Fail(plugin.BadArgument)
	}
	i, f := position(index), o.Format()
	if !isString(f) {
		return c.Fail(plugin.BadReceiver)
	}
	if i >= rawLength(o, f) {
		return c.Fail(plugin.BadIndex)
	}
	code := rawAt(o, f, i)
	if code > heap.MaxCharacter {
		return c.Fail(plugin.BadReceiver)
	}
	return heap.FromChar(uint32(code)), plugin.OK
}

func primStringAtPut(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	o, k := mirror(c, 2)
	index, v := c.Arg(k), c.Arg(k+1)
	if !o.IsObject() {
		return c.Fail(plugin.Inappropriate)
	}
	if isImmutable(o) {
		return c.Fail(plugin.NoModification)
	}
	if !index.IsInt() {
		return c.Fail(plugin.BadArgument)
	}
	i, f := position(index), o.Format()
	if !isString(f) {
		return c.Fail(plugin.BadReceiver)
	}
	if i >= rawLength(o, f) {
		return c.Fail(plugin.BadIndex)
	}
	if !v.IsChar() || uint64(v.Char())>>elementBits(f) != 0 {
		return c.Fail(plugin.BadArgument)
	}
	in.touch(o)
	setRawAt(o, f, i, uint64(v.Char()))
	return v, plugin.OK
}

// literalIndex checks an index into header and literals of a method.
func literalIndex(m, index heap.Oop) (i uint64, f plugin.Failure) {
	if !isMethod(m) {
		return 0, plugin.BadReceiver
	}
	if !index.IsInt() {
		return 0, plugin.BadArgument
	}
	if i = position(index); i > headerNumLiterals(methodHeader(m)) {
		return 0, plugin.BadIndex
	}
	return i, plugin.OK
}

func primObjectAt(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	m, k := mirror(c, 1)
	i, f := literalIndex(m, c.Arg(k))
	if f != plugin.OK {
		return c.Fail(f)
	}
	return m.Slot(int(i)), plugin.OK
}

// primObjectAtPut drops what the VM knows of the method. A header with more
// literals than the method has would make oops of bytecodes, and is refused.
func primObjectAtPut(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	m, k := mirror(c, 2)
	v := c.Arg(k + 1)
	i, f := literalIndex(m, c.Arg(k))
	switch {
	case f == plugin.BadReceiver, f == plugin.BadArgument:
		return c.Fail(f)
	case i == 0 && f == plugin.OK && (!v.IsInt() || headerNumLiterals(uint64(v)) > headerNumLiterals(methodHeader(m))):
		return c.Fail(plugin.BadArgument)
	case isImmutable(m):
		return c.Fail(plugin.NoModification)
	case f != plugin.OK:
		return c.Fail(f)
	}
	in.touch(m)
	in.heap.Store(m, int(i), v)
	in.flushMethod(m)
	return v, plugin.OK
}

// namedVar checks an index of a named instance variable.
func (in *Interp) namedVar(o, index heap.Oop) (i uint64, f plugin.Failure) {
	if !index.IsInt() {
		return 0, plugin.BadArgument
	}
	if !o.IsObject() {
		return 0, plugin.Inappropriate
	}
	if i = position(index); i >= uint64(in.heap.FixedFieldsOf(o)) {
		return 0, plugin.BadIndex
	}
	return i, plugin.OK
}

func primInstVarAt(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	o, k := mirror(c, 1)
	i, f := in.namedVar(o, c.Arg(k))
	if f != plugin.OK {
		return c.Fail(f)
	}
	return in.slot(o, i), plugin.OK
}

func primInstVarAtPut(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	o, k := mirror(c, 2)
	v := c.Arg(k + 1)
	i, f := in.namedVar(o, c.Arg(k))
	if o.IsObject() && isImmutable(o) && f != plugin.BadArgument {
		f = plugin.NoModification
	}
	if f != plugin.OK {
		return c.Fail(f)
	}
	in.setSlot(o, i, v)
	return v, plugin.OK
}

func primSlotAt(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
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
	case f.IsPointers():
		if i < uint64(o.NumSlots()) {
			if in.isContext(o) && i >= contextFixed+uint64(in.contextStackp(o)) {
				return in.nilOop, plugin.OK
			}
			return in.slot(o, i), plugin.OK
		}
	case f.IsBits():
		if i < rawLength(o, f) {
			return answerUnsigned(c, rawAt(o, f, i))
		}
	case f.IsMethod():
		return c.Fail(plugin.Unsupported)
	default:
		return c.Fail(plugin.BadReceiver)
	}
	return c.Fail(plugin.BadIndex)
}

func primSlotAtPut(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	o, k := mirror(c, 2)
	index, v := c.Arg(k), c.Arg(k+1)
	if !index.IsInt() {
		return c.Fail(plugin.BadArgument)
	}
	if !o.IsObject() {
		return c.Fail(plugin.BadReceiver)
	}
	if isImmutable(o) {
		return c.Fail(plugin.NoModification)
	}
	i := position(index)
	switch f := o.Format(); {
	case f.IsPointers():
		n := uint64(o.NumSlots())
		if in.isContext(o) {
			n = contextFixed + uint64(in.contextStackp(o))
		}
		if i >= n {
			return c.Fail(plugin.BadIndex)
		}
		in.setSlot(o, i, v)
	case f.IsBits():
		return in.putRaw(c, o, f, i, v, storable)
	case f.IsMethod():
		return c.Fail(plugin.Unsupported)
	default:
		return c.Fail(plugin.BadReceiver)
	}
	return v, plugin.OK
}

// primPointsTo tells whether an object has a reference to the argument, its class apart.
func primPointsTo(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	o, k := mirror(c, 1)
	thing := c.Arg(k)
	if !o.IsObject() {
		return c.ReturnBool(false)
	}
	n := 0
	switch f := o.Format(); {
	case f.IsPointers() && in.isContext(o):
		n = contextFixed + in.contextStackp(o)
	case f.IsPointers():
		n = o.NumSlots()
	case f.IsMethod():
		n = int(headerNumLiterals(methodHeader(o))) + 1
	}
	for i := range n {
		if in.follow(in.slot(o, uint64(i))) == thing {
			return c.ReturnBool(true)
		}
	}
	return c.ReturnBool(false)
}
