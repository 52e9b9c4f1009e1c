package heap

import (
	"fmt"
	"testing"
)

// makers make the two objects of a become, of sizes that do and do not agree.
var becomeShapes = []struct {
	name string
	a, b int
}{{"same size", 4, 4}, {"growing", 2, 9}, {"shrinking", 9, 2}, {"empty", 0, 3}, {"to empty", 3, 0}, {"large", 300, 3}, {"both large", 400, 400}}

func TestBecomeMatrix(t *testing.T) {
	for _, s := range becomeShapes {
		for bits := range 16 {
			twoWay, copyHash, oldA, oldB := bits&1 != 0, bits&2 != 0, bits&4 != 0, bits&8 != 0
			t.Run(fmt.Sprintf("%s,twoWay=%v,copyHash=%v,old=%v,%v", s.name, twoWay, copyHash, oldA, oldB), func(t *testing.T) {
				h := newTestHeap(t, Config{})
				m := &recorder{}
				h.SetMutator(m)
				make := func(old bool, n int) Oop {
					var o Oop
					if old {
						o = h.AllocateOld(ClassArray, FmtArray, n)
					} else {
						o = h.NewArray(n)
					}
					for i := range n {
						h.Store(o, i, FromInt(int64(n*1000+i)))
					}
					return o
				}
				a, b := make(oldA, s.a), make(oldB, s.b)
				hashA, hashB := h.IdentityHash(a), h.IdentityHash(b)
				holder := keep(h, h.AllocateOld(ClassArray, FmtArray, 2))
				h.Store(*holder, 0, a)
				h.Store(*holder, 1, b)
				special := 40
				h.SetSpecial(special, a)
				root := keep(h, a)
				if err := h.Become([]Oop{a}, []Oop{b}, twoWay, copyHash); err != BecomeOK {
					t.Fatal(err)
				}
				if err := h.Verify(); err != nil {
					t.Fatal(err)
				}
				check := func(when string) {
					t.Helper()
					x, y := h.Follow(holder.Slot(0)), h.Follow(holder.Slot(1))
					wantHash := hashB
					if copyHash != twoWay {
						wantHash = hashA // of the object now reached as a
					}
					if x.NumSlots() != s.b || x.Header().Hash() != wantHash {
						t.Errorf("%s: a has %d slots and hash %d, want %d and %d", when, x.NumSlots(), x.Header().Hash(), s.b, wantHash)
					}
					for i := range x.NumSlots() {
						if x.Slot(i) != FromInt(int64(s.b*1000+i)) {
							t.Fatalf("%s: slot %d of a is %#x", when, i, uint64(x.Slot(i)))
						}
					}
					if *root != x || h.Special(special) != x {
						t.Errorf("%s: a root refers to a forwarder", when)
					}
					if twoWay {
						wantHash = hashB
						if copyHash {
							wantHash = hashA
						}
						if y.NumSlots() != s.a || y.Header().Hash() != wantHash {
							t.Errorf("%s: b has %d slots and hash %d, want %d and %d", when, y.NumSlots(), y.Header().Hash(), s.a, wantHash)
						}
						for i := range y.NumSlots() {
							if y.Slot(i) != FromInt(int64(s.a*1000+i)) {
								t.Fatalf("%s: slot %d of b is %#x", when, i, uint64(y.Slot(i)))
							}
						}
					} else if x != y {
						t.Errorf("%s: a and b differ", when)
					}
				}
				check("at once")
				h.Scavenge()
				check("after a scavenge")
				h.FullGC()
				check("after a full collection")
				if holder.Slot(0).IsForwarder() || holder.Slot(1).IsForwarder() {
					t.Error("a full collection left a forwarder")
				}
				if err := h.Verify(); err != nil {
					t.Fatal(err)
				}
			})
		}
	}
}

// Several pairs that share objects are exchanged one after the other.
func TestBecomePermutation(t *testing.T) {
	for _, sizes := range [][3]int{{1, 1, 1}, {1, 2, 3}, {2, 2, 5}} {
		h := newTestHeap(t, Config{})
		var o [3]Oop
		for i, n := range sizes {
			o[i] = h.NewArray(n)
			o[i].SetSlotRaw(0, FromInt(int64(i)))
		}
		holder := keep(h, h.NewArray(3))
		for i := range o {
			holder.SetSlotRaw(i, o[i])
		}
		// (0 1)(1 2): what 0 refers to is 1, 1 gets 2, and 2 gets 0.
		if err := h.Become([]Oop{o[0], o[1]}, []Oop{o[1], o[2]}, true, false); err != BecomeOK {
			t.Fatal(err)
		}
		for range 2 {
			for i, want := range []int64{1, 2, 0} {
				if x := h.Follow(holder.Slot(i)); x.Slot(0).Int() != want || x.NumSlots() != sizes[want] {
					t.Errorf("%v: reference %d leads to %d, want %d", sizes, i, x.Slot(0).Int(), want)
				}
			}
			h.FullGC()
		}
	}
}

func TestBecomeForwardChain(t *testing.T) {
	h := newTestHeap(t, Config{})
	o := [4]Oop{h.NewArray(1), h.NewArray(1), h.NewArray(1), h.NewArray(1)}
	holder := keep(h, h.NewArray(4))
	for i := range o {
		holder.SetSlotRaw(i, o[i])
	}
	if err := h.Become(o[:3], o[1:], false, false); err != BecomeOK {
		t.Fatal(err)
	}
	// Back to the first, which leads to the last: nothing is left to do.
	if err := h.Become(o[3:], o[:1], false, false); err != BecomeOK {
		t.Fatal(err)
	}
	h.Scavenge()
	for i := range 4 {
		if holder.Slot(i) != holder.Slot(3) || holder.Slot(i).IsForwarder() {
			t.Errorf("reference %d leads to %#x", i, uint64(holder.Slot(i)))
		}
	}
	// An object may become an immediate, in one direction.
	if err := h.Become([]Oop{holder.Slot(0)}, []Oop{FromInt(7)}, false, false); err != BecomeOK {
		t.Fatal(err)
	}
	h.FullGC()
	if holder.Slot(0) != FromInt(7) {
		t.Errorf("became %#x", uint64(holder.Slot(0)))
	}
}

// A source that is named twice goes to its last target, and the first stays what it is.
func TestBecomeForwardTwice(t *testing.T) {
	h := newTestHeap(t, Config{})
	x, y, z := h.NewArray(1), h.NewArray(2), h.NewArray(3)
	holder := keep(h, h.NewArray(3))
	for i, o := range []Oop{x, y, z} {
		holder.SetSlotRaw(i, o)
	}
	if err := h.Become([]Oop{x, x}, []Oop{y, z}, false, false); err != BecomeOK {
		t.Fatal(err)
	}
	h.Scavenge()
	for i, want := range []int{3, 2, 3} {
		if got := holder.Slot(i).NumSlots(); got != want {
			t.Errorf("reference %d leads to %d slots, want %d", i, got, want)
		}
	}
}

func TestBecomeErrors(t *testing.T) {
	h := newTestHeap(t, Config{})
	plain, pinned, frozen := h.NewArray(1), h.AllocatePinned(ClassArray, FmtArray, 1), h.NewArray(1)
	h.SetImmutable(frozen, true)
	for _, c := range []struct {
		name             string
		from, to         []Oop
		twoWay, copyHash bool
		want             BecomeError
	}{
		{"sizes", []Oop{plain}, nil, false, false, BecomeBadSize},
		{"immediate", []Oop{FromInt(1)}, []Oop{plain}, false, false, BecomeBadElement},
		{"to immediate both ways", []Oop{plain}, []Oop{FromInt(1)}, true, false, BecomeBadElement},
		{"to immediate with hash", []Oop{plain}, []Oop{FromInt(1)}, false, true, BecomeBadElement},
		{"nil", []Oop{h.Nil}, []Oop{plain}, false, false, BecomeBadElement},
		{"exchange with true", []Oop{plain}, []Oop{h.True}, true, false, BecomeBadElement},
		{"pinned", []Oop{pinned}, []Oop{plain}, false, false, BecomePinned},
		{"exchange with pinned", []Oop{plain}, []Oop{pinned}, true, false, BecomePinned},
		{"read-only", []Oop{frozen}, []Oop{plain}, false, false, BecomeImmutable},
		{"exchange with read-only", []Oop{plain}, []Oop{frozen}, true, false, BecomeImmutable},
		{"hash into read-only", []Oop{plain}, []Oop{frozen}, false, true, BecomeBadElement},
		{"later pair", []Oop{plain, pinned}, []Oop{h.NewArray(2), plain}, false, false, BecomePinned},
		{"class to immediate", []Oop{h.ClassAt(testPoint)}, []Oop{FromInt(1)}, false, false, BecomeBadElement},
		{"hidden object", []Oop{h.HiddenRoots}, []Oop{plain}, false, false, BecomeBadElement},
	} {
		if got := h.Become(c.from, c.to, c.twoWay, c.copyHash); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		if plain.IsForwarder() {
			t.Fatalf("%s: something was changed", c.name)
		}
	}
	// To a pinned or read-only object is all right when only references change.
	if err := h.Become([]Oop{h.NewArray(1), h.NewArray(1)}, []Oop{pinned, frozen}, false, false); err != BecomeOK {
		t.Error(err)
	}
}

// A class that becomes another takes its instances along.
func TestBecomeOfClasses(t *testing.T) {
	for bits := range 8 {
		twoWay, copyHash, inTable := bits&1 != 0, bits&2 != 0, bits&4 != 0
		t.Run(fmt.Sprintf("twoWay=%v,copyHash=%v,inTable=%v", twoWay, copyHash, inTable), func(t *testing.T) {
			h := newTestHeap(t, Config{})
			m := &recorder{}
			h.SetMutator(m)
			a := keep(h, h.Clone(h.ClassAt(testPoint)))
			b := keep(h, h.Clone(h.ClassAt(testPoint)))
			h.Store(*a, 6, FromInt(111))
			h.Store(*b, 6, FromInt(222))
			ofA, err := h.NewFixed(*a)
			if err != OK {
				t.Fatal(err)
			}
			x := keep(h, ofA)
			y := keep(h, h.Nil)
			if inTable {
				*y, _ = h.NewFixed(*b)
			}
			if err := h.Become([]Oop{*a}, []Oop{*b}, twoWay, copyHash); err != BecomeOK {
				t.Fatal(err)
			}
			if len(m.became) == 0 {
				t.Error("the caches were not told")
			}
			for _, when := range []string{"at once", "after a scavenge", "after a full collection", "after another"} {
				if err := h.Verify(); err != nil {
					t.Fatalf("%s: %v", when, err)
				}
				if c := h.ClassOf(*x); c != *a || c.Slot(6) != FromInt(222) {
					t.Errorf("%s: the class of an instance of a is %#x, named %d", when, uint64(c), c.Slot(6).Int())
				}
				if inTable {
					want := int64(222)
					if twoWay {
						want = 111
					}
					if c := h.ClassOf(*y); c != *b || c.Slot(6) != FromInt(want) {
						t.Errorf("%s: the class of an instance of b is named %d, want %d", when, c.Slot(6).Int(), want)
					}
				}
				index, ok := h.ClassIndexOf(*a)
				if !ok || h.ClassAt(index) != *a {
					t.Errorf("%s: class a has index %d, %v", when, index, ok)
				}
				if when == "after a full collection" && x.ClassIndex() != index {
					t.Errorf("%s: instance has index %d, its class %d", when, x.ClassIndex(), index)
				}
				switch when {
				case "at once":
					h.Scavenge()
				case "after a scavenge", "after a full collection":
					h.FullGC()
				}
			}
		})
	}
}

func TestBecomeFiresWatches(t *testing.T) {
	for _, sizes := range [][2]int{{2, 2}, {2, 3}} {
		for _, twoWay := range []bool{false, true} {
			h := newTestHeap(t, Config{})
			a, b := h.NewArray(sizes[0]), h.NewArray(sizes[1])
			h.Watch(a)
			var fired []Oop
			h.OnWatchedStore = func(o Oop, _ int) { fired = append(fired, o) }
			if err := h.Become([]Oop{a}, []Oop{b}, twoWay, false); err != BecomeOK {
				t.Fatal(err)
			}
			if len(fired) != 1 || fired[0] != a {
				t.Errorf("sizes %v, two-way %v: fired for %v", sizes, twoWay, fired)
			}
		}
	}
}
