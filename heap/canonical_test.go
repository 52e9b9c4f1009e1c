package heap

import "testing"

// graph makes a small cyclic graph with some of everything, after skipping some memory.
func graph(t *testing.T, h *Heap, skip int) Oop {
	t.Helper()
	for range skip {
		h.NewArray(7)
	}
	a := h.NewArray(5)
	p, err := h.NewFixed(h.ClassAt(testPoint))
	if err != OK {
		t.Fatal(err)
	}
	h.Store(a, 0, p)
	h.Store(a, 1, h.NewString("hello, world"))
	h.Store(a, 2, a)
	h.Store(a, 3, h.NewFloat(1e300))
	h.Store(a, 4, h.NewInt64(-1<<62))
	h.Store(p, 0, a)
	h.Store(p, 1, FromInt(3))
	return a
}

func TestCanonicalHash(t *testing.T) {
	sum := func(skip int, change func(h *Heap, a Oop)) uint64 {
		h := newTestHeap(t, Config{})
		a := graph(t, h, skip)
		h.AddHandle(&a)
		change(h, a)
		return CanonicalHash(h, []Oop{a}, HashOptions{})
	}
	want := sum(0, func(h *Heap, a Oop) {})
	for name, change := range map[string]func(h *Heap, a Oop){
		"elsewhere": func(h *Heap, a Oop) {},
		"collected": func(h *Heap, a Oop) { h.Scavenge(); h.FullGC() },
		"pinned":    func(h *Heap, a Oop) { h.Pin(a.Slot(0)) },
		"forwarded": func(h *Heap, a Oop) { h.Become([]Oop{a.Slot(1)}, []Oop{h.Clone(a.Slot(1))}, false, false) },
	} {
		if got := sum(5, change); got != want {
			t.Errorf("%s: the hash of an equal graph differs", name)
		}
	}
	for name, change := range map[string]func(h *Heap, a Oop){
		"integer":   func(h *Heap, a Oop) { h.Store(a.Slot(0), 1, FromInt(4)) },
		"byte":      func(h *Heap, a Oop) { a.Slot(1).Bytes()[3]++ },
		"reference": func(h *Heap, a Oop) { h.Store(a, 2, a.Slot(0)) },
		"copy":      func(h *Heap, a Oop) { h.Store(a, 2, h.Clone(a)) },
		"class":     func(h *Heap, a Oop) { a.Slot(1).SetClassIndex(ClassByteArray) },
		"hash":      func(h *Heap, a Oop) { h.IdentityHash(a) },
		"read-only": func(h *Heap, a Oop) { h.SetImmutable(a, true) },
		"length": func(h *Heap, a Oop) {
			s := a.Slot(1)
			s.SetHeader(s.Header() + 1<<FormatShift)
		},
	} {
		if sum(0, change) == want {
			t.Errorf("%s: the hash does not see it", name)
		}
	}
}
