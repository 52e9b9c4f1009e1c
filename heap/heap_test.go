package heap

import (
	"testing"

	"github.com/sista-vm/sista/host/hostos"
)

// Class indices of the test image.
const (
	testClassClass = FirstFreeClass + iota
	testPoint
	testWeak
	testEphemeron
	testVariable
	testUndefined
	testMethod
)

// newTestHeap makes a heap with the classes above and special objects.
func newTestHeap(t testing.TB, c Config) *Heap {
	t.Helper()
	if c.Memory == nil {
		c.Memory = hostos.Memory()
	}
	if c.Window == 0 {
		c.Window = -1
	}
	h, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := h.Bootstrap(); err != nil {
		t.Fatal(err)
	}
	class := func(index uint32, fixed int, f Format) {
		c := h.AllocateOld(testClassClass, FmtFixed, 11)
		if c == Invalid || !h.SetClassAt(index, c) {
			t.Fatal("no memory for classes")
		}
		c.SetSlotRaw(ClassFormat, FromInt(int64(f)<<16|int64(fixed)))
		c.SetSlotRaw(6, FromInt(int64(index))) // for a name
	}
	class(testClassClass, 11, FmtFixed)
	class(testUndefined, 0, FmtEmpty)
	class(testPoint, 2, FmtFixed)
	class(testWeak, 1, FmtWeak)
	class(testEphemeron, 3, FmtEphemeron)
	class(testVariable, 1, FmtVariable)
	class(testMethod, 0, FmtMethod)
	class(ClassArray, 0, FmtArray)
	class(ClassByteString, 0, FmtBytes)
	class(ClassByteArray, 0, FmtBytes)
	class(ClassLargePos, 0, FmtBytes)
	class(ClassLargeNeg, 0, FmtBytes)
	class(ClassFloat, 0, FmtWords32)
	class(ClassBitmap, 0, FmtWords32)
	class(ClassContext, 6, FmtVariable)
	class(ClassSmallInteger, 0, FmtForwarder)
	class(ClassCharacter, 0, FmtForwarder)
	class(ClassSmallFloat, 0, FmtForwarder)
	h.setClassAt(ClassArrayPun, h.ClassAt(ClassArray))
	for _, o := range []Oop{h.Nil, h.True, h.False} {
		o.SetClassIndex(testUndefined)
	}
	h.Specials = h.AllocateOld(ClassArray, FmtArray, 60)
	// Classes without instances live because something else refers to them.
	for i := testClassClass; i <= testMethod; i++ {
		h.SetSpecial(i-testClassClass, h.ClassAt(uint32(i)))
	}
	return h
}

func TestScavengeSmoke(t *testing.T) {
	h := newTestHeap(t, Config{})
	var list Oop = h.Nil
	h.AddHandle(&list)
	for i := range 100000 {
		o := h.Allocate(testPoint, FmtFixed, 2)
		o.SetSlotRaw(0, FromInt(int64(i)))
		o.SetSlotRaw(1, list)
		list = o
		if s, _ := h.NeedsGC(); s || i%5000 == 0 {
			h.Scavenge()
		}
	}
	n := 100000
	for o := list; o != h.Nil; o = o.Slot(1) {
		n--
		if o.Slot(0).Int() != int64(n) {
			t.Fatalf("element %d is %d", n, o.Slot(0).Int())
		}
	}
	if n != 0 {
		t.Fatal("lost", n)
	}
	t.Logf("%+v", h.Stats)
}

func TestFullSmoke(t *testing.T) {
	h := newTestHeap(t, Config{})
	var list Oop = h.Nil
	h.AddHandle(&list)
	for i := range 400000 {
		o := h.Allocate(testPoint, FmtFixed, 2)
		o.SetSlotRaw(0, FromInt(int64(i)))
		o.SetSlotRaw(1, list)
		if i%3 != 0 {
			list = o
		}
		if i%7 == 0 {
			if h.AllocateOld(testPoint, FmtFixed, 3+i%5) == Invalid {
				t.Fatal("full")
			}
		}
		if s, _ := h.NeedsGC(); s {
			h.Scavenge()
		}
	}
	for range 3 {
		if err := h.Verify(); err != nil {
			t.Fatal(err)
		}
		h.FullGC()
		if err := h.Verify(); err != nil {
			t.Fatal(err)
		}
		n := 0
		last := int64(400000)
		for o := list; o != h.Nil; o = o.Slot(1) {
			n++
			if v := o.Slot(0).Int(); v >= last || v%3 == 0 {
				t.Fatalf("after element %d comes %d", last, v)
			} else {
				last = v
			}
		}
		if n != 266666 {
			t.Fatal("has", n)
		}
		t.Logf("%+v", h.Stats)
		t.Log(h.FreeOldBytes(), h.OldBytes(), h.Segments())
	}
}
