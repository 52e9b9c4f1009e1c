package image

import (
	"testing"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host/hostos"
)

// tiny is a heap with just what an image must have, for tests: a few classes, the
// special objects, and whatever a test adds.
type tiny struct {
	testing.TB
	*heap.Heap
}

func newTiny(t testing.TB) *tiny {
	t.Helper()
	h, err := heap.New(heap.Config{Memory: hostos.Memory(), Window: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	if err := h.Bootstrap(); err != nil {
		t.Fatal(err)
	}
	x := &tiny{t, h}
	for _, c := range []struct {
		index  uint32
		name   string
		format int64
	}{
		{heap.ClassSmallInteger, "SmallInteger", 7 << 16}, {heap.ClassCharacter, "Character", 7 << 16},
		{heap.ClassSmallFloat, "SmallFloat64", 7 << 16}, {heap.ClassLargeNeg, "LargeNegativeInteger", 16 << 16},
		{heap.ClassLargePos, "LargePositiveInteger", 16 << 16}, {heap.ClassFloat, "BoxedFloat64", 10 << 16},
		{heap.ClassMessage, "Message", 1<<16 | 3}, {heap.ClassContext, "Context", 3<<16 | 6},
		{heap.ClassFullBlock, "FullBlockClosure", 3<<16 | 4}, {heap.ClassByteArray, "ByteArray", 16 << 16},
		{heap.ClassArray, "Array", 2 << 16}, {heap.ClassByteString, "ByteString", 16 << 16},
		{classMethod, "CompiledMethod", 24 << 16}, {classNil, "UndefinedObject", 0},
		{classFalse, "False", 0}, {classTrue, "True", 0}, {classClass, "Class", 1<<16 | classSlots},
	} {
		o := x.old(classClass, heap.FmtFixed, classSlots)
		x.Store(o, heap.ClassFormat, heap.FromInt(c.format))
		x.Store(o, classSlots-1, x.text(c.name))
		if !h.SetClassAt(c.index, o) {
			t.Fatal("no room in the class table")
		}
	}
	h.SetClassAt(3, h.ClassAt(1))
	h.SetHash(h.ClassAt(1), 1)
	h.Nil.SetClassIndex(classNil)
	h.False.SetClassIndex(classFalse)
	h.True.SetClassIndex(classTrue)
	s := x.array(60)
	for i, v := range map[int]heap.Oop{0: h.Nil, 1: h.False, 2: h.True, 7: h.ClassAt(heap.ClassArray), 9: h.ClassAt(heap.ClassFloat),
		10: h.ClassAt(heap.ClassContext), 13: h.ClassAt(heap.ClassLargePos), 42: h.ClassAt(heap.ClassLargeNeg)} {
		x.Store(s, i, v)
	}
	h.Specials = s
	return x
}

const (
	classMethod = 1024 + iota
	classNil
	classFalse
	classTrue
	classClass
)

// classSlots is the size of the classes of a tiny heap; the last slot is the name.
const classSlots = 7

// free is a slot of the special objects where tests hang their objects.
const free = 52

func (x *tiny) old(class uint32, f heap.Format, slots int) heap.Oop {
	o := x.AllocateOld(class, f, slots)
	if o == heap.Invalid {
		x.Fatalf("no memory for %d slots", slots)
	}
	return o
}

func (x *tiny) array(n int) heap.Oop { return x.old(heap.ClassArray, heap.FmtArray, n) }

func (x *tiny) text(s string) heap.Oop {
	o := x.old(heap.ClassByteString, heap.FmtBytes+heap.Format(-len(s)&7), (len(s)+7)/8)
	copy(o.Bytes(), s)
	return o
}

// method makes compiled code with literals and a primitive.
func (x *tiny) method(primitive int, literals ...heap.Oop) heap.Oop {
	o := x.old(classMethod, heap.FmtMethod+3, 2+len(literals))
	header := int64(len(literals)) | 1<<16
	o.SetSlotRaw(0, heap.FromInt(header))
	for i, l := range literals {
		x.Store(o, i+1, l)
	}
	copy(o.Bytes()[8+8*len(literals):], []byte{248, byte(primitive), byte(primitive >> 8), 0x58, 0})
	return o
}

// populate hangs one object of every kind into the special objects.
func (x *tiny) populate() {
	a := x.array(12)
	x.Store(x.Specials, free, a)
	x.Store(a, 0, heap.FromInt(-5))
	x.Store(a, 1, heap.FromChar('x'))
	f, _ := heap.FromSmallFloat(1.5)
	x.Store(a, 2, f)
	boxed := x.old(heap.ClassFloat, heap.FmtWords32, 1)
	boxed.SetWord(0, 0x7FF0_0000_0000_0001)
	x.Store(a, 3, boxed)
	x.Store(a, 4, x.text("thirteen byte"))
	x.Store(a, 5, x.array(0))
	x.Store(a, 6, x.array(300)) // has an overflow header
	x.Store(a, 7, a)
	ctx := x.old(heap.ClassContext, heap.FmtVariable, 22)
	ctx.SetSlotRaw(1, heap.FromInt(17))
	ctx.SetSlotRaw(2, heap.FromInt(2))
	x.Store(ctx, 6, a)
	x.Store(a, 8, ctx)
	ext := x.array(4)
	x.Store(ext, 0, x.text("FilePlugin"))
	x.Store(ext, 1, x.text("primitiveFileOpen"))
	x.Store(ext, 3, heap.FromInt(42))
	x.Store(a, 9, x.method(117, ext, x.text("open")))
	x.Store(a, 10, x.method(75))
	x.IdentityHash(a)
	a.SetHeader(a.Header() | heap.WatchedBit)
}
