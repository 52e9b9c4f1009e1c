package heap

import "testing"

// Both collectors treat weak objects and ephemerons alike but where a test says so.
var collectors = map[string]func(h *Heap){
	"scavenge": func(h *Heap) { h.Scavenge() },
	"full":     func(h *Heap) { h.FullGC() },
	"compact":  func(h *Heap) { h.Compact(false) },
}

// eachCollector runs a test with every collector, on objects of new space.
func eachCollector(t *testing.T, f func(t *testing.T, h *Heap, collect func())) {
	for name, c := range collectors {
		t.Run(name, func(t *testing.T) {
			h := newTestHeap(t, Config{})
			f(t, h, func() {
				t.Helper()
				c(h)
				if err := h.Verify(); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

// keep makes a variable a root.
func keep(h *Heap, o Oop) *Oop {
	p := &o
	h.AddHandle(p)
	return p
}

func mourners(h *Heap) map[Oop]bool {
	m := map[Oop]bool{}
	for o := h.NextMourner(); o != Invalid; o = h.NextMourner() {
		m[o] = true
	}
	return m
}

func ephemeron(h *Heap, key, value Oop) Oop {
	e := h.Allocate(testEphemeron, FmtEphemeron, 3)
	e.SetSlotRaw(0, key)
	e.SetSlotRaw(1, value)
	return e
}

func TestWeakSlots(t *testing.T) {
	for _, queue := range []bool{false, true} {
		eachCollector(t, func(t *testing.T, h *Heap, collect func()) {
			h.QueueBereavedWeaklings = queue
			w := keep(h, h.Allocate(testWeak, FmtWeak, 5))
			live := keep(h, h.NewArray(1))
			w.SetSlotRaw(0, h.NewString("strong")) // named fields are strong
			w.SetSlotRaw(1, h.NewArray(2))
			w.SetSlotRaw(2, *live)
			w.SetSlotRaw(3, FromInt(7))
			w.SetSlotRaw(4, h.Nil)
			other := keep(h, h.Allocate(testWeak, FmtWeak, 2))
			other.SetSlotRaw(1, *live)
			collect()
			if h.StringValue(w.Slot(0)) != "strong" || w.Slot(1) != h.Nil || w.Slot(2) != *live || w.Slot(3) != FromInt(7) || w.Slot(4) != h.Nil {
				t.Errorf("slots %#x", w.slotWords())
			}
			if other.Slot(1) != *live || !h.PendingFinalization {
				t.Error("other weak object, or finalization")
			}
			if m := mourners(h); m[*w] != queue || m[*other] {
				t.Errorf("queued: %v", m)
			}
			h.PendingFinalization = false
			collect()
			if h.PendingFinalization {
				t.Error("nothing died, but finalization is pending")
			}
		})
	}
}

// An old weak object with a young referent that dies.
func TestOldWeakObject(t *testing.T) {
	eachCollector(t, func(t *testing.T, h *Heap, collect func()) {
		w := keep(h, h.AllocateOld(testWeak, FmtWeak, 3))
		live := keep(h, h.NewArray(1))
		h.Store(*w, 1, h.NewArray(2))
		h.Store(*w, 2, *live)
		collect()
		if w.Slot(1) != h.Nil || w.Slot(2) != *live {
			t.Errorf("slots %#x", w.slotWords())
		}
	})
}

func TestEphemeronWithLiveKey(t *testing.T) {
	eachCollector(t, func(t *testing.T, h *Heap, collect func()) {
		key := keep(h, h.NewString("key"))
		e := keep(h, ephemeron(h, *key, h.NewString("value")))
		immediate := keep(h, ephemeron(h, FromInt(3), h.NewString("value 2")))
		collect()
		if e.Format() != FmtEphemeron || e.Slot(0) != *key || h.StringValue(e.Slot(1)) != "value" {
			t.Errorf("format %d, slots %#x", e.Format(), e.slotWords())
		}
		if immediate.Format() != FmtEphemeron || h.StringValue(immediate.Slot(1)) != "value 2" {
			t.Error("ephemeron on an immediate")
		}
		if h.PendingFinalization || len(mourners(h)) != 0 {
			t.Error("something fired")
		}
	})
}

func TestEphemeronWithDeadKey(t *testing.T) {
	eachCollector(t, func(t *testing.T, h *Heap, collect func()) {
		e := keep(h, ephemeron(h, h.NewString("key"), h.NewString("value")))
		w := keep(h, h.Allocate(testWeak, FmtWeak, 2))
		w.SetSlotRaw(1, e.Slot(0)) // the fired ephemeron keeps the key for this time
		collect()
		if e.Format() != FmtFixed || h.StringValue(e.Slot(0)) != "key" || h.StringValue(e.Slot(1)) != "value" || w.Slot(1) != e.Slot(0) {
			t.Errorf("format %d, slots %#x", e.Format(), e.slotWords())
		}
		if !h.PendingFinalization || !mourners(h)[*e] {
			t.Error("did not fire")
		}
		h.PendingFinalization = false
		collect()
		if h.PendingFinalization || len(mourners(h)) != 0 {
			t.Error("fired twice")
		}
	})
}

// The value of an ephemeron refers to its key, and only the ephemeron to both.
func TestEphemeronCycle(t *testing.T) {
	eachCollector(t, func(t *testing.T, h *Heap, collect func()) {
		key := h.NewString("key")
		value := h.NewArray(1)
		value.SetSlotRaw(0, key)
		e := keep(h, ephemeron(h, key, value))
		collect()
		if !mourners(h)[*e] {
			t.Error("did not fire")
		}
		if e.Slot(1).Slot(0) != e.Slot(0) {
			t.Error("key and value lost each other")
		}
	})
}

// The key of b is alive only through the value of a, whose key lives: b is seen before a.
func TestEphemeronChain(t *testing.T) {
	for _, swap := range []bool{false, true} {
		eachCollector(t, func(t *testing.T, h *Heap, collect func()) {
			keyA, keyB := keep(h, h.NewString("a")), h.NewString("b")
			a, b := ephemeron(h, *keyA, keyB), ephemeron(h, keyB, h.NewString("value"))
			if swap {
				a, b = b, a
			}
			keep(h, a)
			keep(h, b)
			collect()
			if h.PendingFinalization || len(mourners(h)) != 0 {
				t.Error("fired")
			}
		})
	}
}

// Two ephemerons on one dead key: a full collection fires both at once, a scavenge the
// first, and the second in a later one.
func TestEphemeronsOnOneKey(t *testing.T) {
	for name, collect := range collectors {
		h := newTestHeap(t, Config{})
		key := h.NewString("key")
		a, b := keep(h, ephemeron(h, key, h.Nil)), keep(h, ephemeron(h, key, h.Nil))
		collect(h)
		first := mourners(h)
		if name == "scavenge" {
			if len(first) != 1 || a.Slot(0) != b.Slot(0) {
				t.Errorf("%s: %d fired", name, len(first))
			}
			// Who fired holds the key strongly; when it lets go the other fires.
			for o := range first {
				h.Store(o, 0, h.Nil)
			}
			collect(h)
			second := mourners(h)
			if len(second) != 1 || second[*a] == first[*a] && second[*b] == first[*b] {
				t.Errorf("%s: then %d fired", name, len(second))
			}
			continue
		}
		if !first[*a] || !first[*b] {
			t.Errorf("%s: %d fired", name, len(first))
		}
	}
}

// An ephemeron that is garbage together with its key does not fire.
func TestDeadEphemeron(t *testing.T) {
	eachCollector(t, func(t *testing.T, h *Heap, collect func()) {
		ephemeron(h, h.NewString("key"), h.Nil)
		collect()
		if h.PendingFinalization || len(mourners(h)) != 0 {
			t.Error("fired")
		}
	})
}

// The mourn queue is a root.
func TestMournQueueIsStrong(t *testing.T) {
	eachCollector(t, func(t *testing.T, h *Heap, collect func()) {
		e := keep(h, ephemeron(h, h.NewString("key"), h.NewString("value")))
		collect()
		h.RemoveHandle(e)
		*e = Invalid
		collect()
		collect()
		o := h.NextMourner()
		if o == Invalid || h.StringValue(o.Slot(1)) != "value" || h.NextMourner() != Invalid {
			t.Error("the queue lost its object")
		}
	})
}

// An old ephemeron with a young key.
func TestOldEphemeron(t *testing.T) {
	eachCollector(t, func(t *testing.T, h *Heap, collect func()) {
		e := keep(h, h.AllocateOld(testEphemeron, FmtEphemeron, 3))
		live := keep(h, h.NewString("live"))
		h.Store(*e, 0, *live)
		h.Store(*e, 1, h.NewString("value"))
		collect()
		if len(mourners(h)) != 0 || h.StringValue(e.Slot(1)) != "value" || e.Slot(0) != *live {
			t.Error("fired, or lost its value")
		}
		h.Store(*e, 0, h.NewString("dead"))
		collect()
		if !mourners(h)[*e] || h.StringValue(e.Slot(0)) != "dead" {
			t.Error("did not fire")
		}
	})
}

// Contexts are traced to the top of their stack only.
func TestContextIsTracedToStackp(t *testing.T) {
	eachCollector(t, func(t *testing.T, h *Heap, collect func()) {
		c := keep(h, h.Allocate(ClassContext, FmtVariable, 22))
		c.SetSlotRaw(ContextStackp, FromInt(2))
		w := keep(h, h.Allocate(testWeak, FmtWeak, 4))
		for i := range 3 {
			o := h.NewArray(i)
			c.SetSlotRaw(ContextTemps+i, o)
			w.SetSlotRaw(1+i, o)
		}
		collect()
		if w.Slot(1) != c.Slot(6) || w.Slot(2) != c.Slot(7) || w.Slot(3) != h.Nil || w.Slot(2).NumSlots() != 1 {
			t.Errorf("weak slots %#x", w.slotWords())
		}
	})
}

// Of compiled code the literals are traced, and the bytes are not.
func TestMethodIsTracedToLiterals(t *testing.T) {
	eachCollector(t, func(t *testing.T, h *Heap, collect func()) {
		m0, err := h.NewMethod(h.ClassAt(testMethod), FromInt(2), 16)
		if err != OK {
			t.Fatal(err)
		}
		m := keep(h, m0)
		m.SetSlotRaw(1, h.NewString("one"))
		m.SetSlotRaw(2, h.NewString("two"))
		m.SetWord(3, 0x12345678) // looks like an oop
		m.SetWord(4, 0x4000_2000_0000)
		collect()
		if h.StringValue(m.Slot(1)) != "one" || h.StringValue(m.Slot(2)) != "two" || m.Word(3) != 0x12345678 || m.Word(4) != 0x4000_2000_0000 {
			t.Errorf("slots %#x", m.slotWords())
		}
	})
}
