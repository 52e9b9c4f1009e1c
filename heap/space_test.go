package heap

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/host/hostos"
)

func TestManyWindows(t *testing.T) {
	bases := map[uint64]bool{}
	var heaps []*Heap
	for range 20 {
		h := newTestHeap(t, Config{})
		if bases[h.Base()] {
			t.Fatalf("two heaps at %#x", h.Base())
		}
		bases[h.Base()] = true
		heaps = append(heaps, h)
		a := h.NewArray(100)
		if !h.IsYoung(a) || h.IsYoung(h.Nil) || h.IsYoung(FromInt(3)) {
			t.Error("young or old?")
		}
	}
	for _, h := range heaps {
		if err := h.Verify(); err != nil {
			t.Error(err)
		}
	}
}

// A window that is taken does no harm to who wants it.
func TestWindowTaken(t *testing.T) {
	h := newTestHeap(t, Config{Window: 77})
	if !h.AtHome(77) {
		t.Skip("window 77 is taken by something else")
	}
	other := newTestHeap(t, Config{Window: 77})
	if other.AtHome(77) || other.Base() == h.Base() {
		t.Error("two heaps in one window")
	}
	if err := other.Verify(); err != nil {
		t.Error(err)
	}
}

// scarce is a world with little address space, or none at fixed addresses.
type scarce struct {
	host.Memory
	most uint64
}

func (s scarce) Reserve(addr, size uint64) (uint64, error) {
	if size > s.most {
		return 0, errors.New("too much")
	}
	return s.Memory.Reserve(addr, size)
}

func TestLittleAddressSpace(t *testing.T) {
	for _, most := range []uint64{1 << 35, 1 << 33, 1 << 32, 1 << 31, 1 << 30} {
		h := newTestHeap(t, Config{Memory: scarce{Memory: hostos.Memory(), most: most}})
		if h.lay.size != most {
			t.Errorf("with %#x bytes the window has %#x", most, h.lay.size)
		}
		list := keep(h, h.Nil)
		for i := range 300000 {
			o := h.NewArray(2)
			o.SetSlotRaw(0, *list)
			o.SetSlotRaw(1, FromInt(int64(i)))
			*list = o
			if h.needScavenge {
				h.Scavenge()
			}
		}
		h.FullGC()
		if err := h.Verify(); err != nil {
			t.Error(err)
		}
	}
	if _, err := New(Config{Memory: scarce{Memory: hostos.Memory(), most: 1 << 20}, Window: -1}); err == nil || !strings.Contains(err.Error(), "address space") {
		t.Errorf("without address space: %v", err)
	}
}

// resident answers the memory this process has, in bytes.
func resident(t *testing.T) int64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip("no /proc/self/statm")
	}
	var size, pages int64
	if _, err := fmt.Sscan(string(b), &size, &pages); err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

func TestCloseGivesMemoryBack(t *testing.T) {
	h, err := New(Config{Memory: hostos.Memory(), Window: -1})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Bootstrap(); err != nil {
		t.Fatal(err)
	}
	before := resident(t)
	if h.AllocateOld(ClassArray, FmtArray, 32<<20) == Invalid {
		t.Fatal("out of memory")
	}
	if got := resident(t) - before; got < 200<<20 {
		t.Fatalf("an object of 256 MiB took %d bytes", got)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if got := resident(t) - before; got > 50<<20 {
		t.Errorf("Close left %d bytes", got)
	}
	if err := h.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
}

func TestFullGCGivesMemoryBack(t *testing.T) {
	h := newTestHeap(t, Config{})
	small := h.OldBytes()
	before := resident(t)
	root := keep(h, h.AllocateOld(ClassArray, FmtArray, 32<<20))
	if h.OldBytes() < 256<<20 {
		t.Fatal("did not grow")
	}
	*root = h.Nil
	h.FullGC()
	if h.OldBytes() > small+DefaultShrinkThreshold {
		t.Errorf("old space keeps %d bytes, had %d", h.OldBytes(), small)
	}
	if got := resident(t) - before; got > 64<<20 {
		t.Errorf("the process keeps %d bytes", got)
	}
	if h.Stats.Shrinks == 0 {
		t.Error("no shrink counted")
	}
	if err := h.Verify(); err != nil {
		t.Error(err)
	}
	// And it grows again.
	if h.AllocateOld(ClassArray, FmtArray, 32<<20) == Invalid {
		t.Error("cannot grow again")
	}
}

// Running out of memory ends in Invalid, whatever is asked for, and collections
// still work; what was reachable stays so.
func TestOutOfMemory(t *testing.T) {
	for name, next := range map[string]func(h *Heap) Oop{
		"small":  func(h *Heap) Oop { return h.NewArray(2) },
		"medium": func(h *Heap) Oop { return h.NewArray(3000) },
		"large":  func(h *Heap) Oop { return h.NewArray(100000) },
		"old":    func(h *Heap) Oop { return h.AllocateOld(ClassArray, FmtArray, 5) },
		"mixed": func(h *Heap) Oop {
			n := 2 + int(h.Stats.Scavenges*7919%60000)
			return h.NewArray(n)
		},
	} {
		t.Run(name, func(t *testing.T) {
			polls := 0
			h := newTestHeap(t, Config{EdenBytes: 512 << 10, GrowHeadroom: 1 << 20, MaxHeap: 24 << 20, RaisePoll: func() { polls++ }})
			h.LowSpaceThreshold = 2 << 20
			list := keep(h, h.Nil)
			count, refused, idle := 0, 0, 0
			lowAt := uint64(0)
			for idle < 5 {
				o := next(h)
				if o != Invalid {
					h.Store(o, 0, *list)
					h.Store(o, 1, FromInt(int64(count)))
					*list = o
					count++
					idle = 0
				} else {
					refused++
					idle++
				}
				if h.LowSpacePending {
					h.LowSpacePending = false
					lowAt = h.BytesLeft()
					if lowAt == 0 {
						lowAt = 1
					}
				}
				scavenge, full := h.NeedsGC()
				if (scavenge || full) && polls == 0 {
					t.Fatal("a collection is due and no poll was raised")
				}
				if scavenge {
					h.Scavenge()
				}
				if _, full = h.NeedsGC(); full {
					h.FullGC()
				}
				if scavenge || full {
					if err := h.Verify(); err != nil {
						t.Fatal(err)
					}
				}
				if h.OldBytes()+h.NewSpaceBytes() > 24<<20 {
					t.Fatalf("the heap has %d bytes", h.OldBytes()+h.NewSpaceBytes())
				}
			}
			if lowAt == 0 || lowAt > 2<<20 {
				t.Errorf("low space was signalled with %d bytes left", lowAt)
			}
			if err := h.Verify(); err != nil {
				t.Fatal(err)
			}
			t.Logf("%+v", h.Stats)
			n := count
			for o := *list; o != h.Nil; o = o.Slot(0) {
				if n--; o.Slot(1) != FromInt(int64(n)) {
					t.Fatalf("element %d is %#x", n, uint64(o.Slot(1)))
				}
			}
			if n != 0 {
				t.Errorf("%d of %d elements lost", n, count)
			}
			// Letting go makes room again.
			*list = h.Nil
			h.FullGC()
			h.Scavenge()
			if o := next(h); o == Invalid {
				t.Error("nothing can be made after everything was let go")
			}
			if err := h.Verify(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// A become that runs out of memory changes nothing.
func TestBecomeOutOfMemory(t *testing.T) {
	h := newTestHeap(t, Config{EdenBytes: 256 << 10, GrowHeadroom: 256 << 10, MaxHeap: 8 << 20})
	a, b := keep(h, h.NewArray(5)), keep(h, h.NewArray(60000))
	a.SetSlotRaw(0, FromInt(5))
	list := keep(h, h.Nil)
	for {
		o := h.NewArray(20000)
		if o == Invalid {
			break
		}
		o.SetSlotRaw(0, *list)
		*list = o
	}
	if err := h.Become([]Oop{*a}, []Oop{*b}, true, false); err != BecomeNoMemory {
		t.Fatal(err)
	}
	if a.IsForwarder() || b.IsForwarder() || a.Slot(0) != FromInt(5) || b.NumSlots() != 60000 {
		t.Error("something changed")
	}
}

// Pinned objects stay while others slide around them.
func TestCompactionAroundPins(t *testing.T) {
	h := newTestHeap(t, Config{})
	type object struct {
		p      *Oop
		n      int
		pinned bool
		was    Oop
	}
	var all []object
	for i := range 3000 {
		n := i * 7 % 40
		if i%500 == 0 {
			n = 1000
		}
		o := object{n: n, pinned: i%37 == 0}
		var x Oop
		if o.pinned {
			x = h.AllocatePinned(ClassArray, FmtArray, n)
		} else {
			x = h.AllocateOld(ClassArray, FmtArray, n)
		}
		if n > 0 {
			x.SetSlotRaw(0, FromInt(int64(i)))
		}
		if i%3 == 0 || o.pinned {
			o.p, o.was = keep(h, x), x
			all = append(all, o)
		}
	}
	h.Compact(false)
	if err := h.Verify(); err != nil {
		t.Fatal(err)
	}
	moved := 0
	for _, o := range all {
		if o.p.NumSlots() != o.n {
			t.Fatalf("an object of %d slots has %d", o.n, o.p.NumSlots())
		}
		if o.pinned && *o.p != o.was {
			t.Errorf("a pinned object moved from %#x to %#x", uint64(o.was), uint64(*o.p))
		}
		if *o.p != o.was {
			moved++
		}
		if *o.p > o.was {
			t.Errorf("an object moved up from %#x to %#x", uint64(o.was), uint64(*o.p))
		}
	}
	if moved < len(all)/2 {
		t.Errorf("%d of %d objects moved", moved, len(all))
	}
	free := h.FreeOldBytes()
	for _, o := range all {
		*o.p = h.Nil
	}
	h.Compact(false)
	if h.FreeOldBytes() <= free {
		t.Error("pinned garbage is not freed")
	}
	if err := h.Verify(); err != nil {
		t.Fatal(err)
	}
}

// A segment that maps a file is swept in place; the file stays as it was, and asking
// for it compacts the segment too.
func TestMappedSegment(t *testing.T) {
	donor := newTestHeap(t, Config{Window: 100})
	if !donor.AtHome(100) {
		t.Skip("window 100 is taken")
	}
	array := donor.AllocateOld(ClassArray, FmtArray, 1000)
	for i := range 1000 {
		donor.Store(array, i, donor.AllocateOld(testPoint, FmtFixed, 2))
		donor.Store(array.Slot(i), 0, FromInt(int64(i)))
	}
	donor.SetSpecial(50, array)
	donor.old.seal()
	seg := donor.Segments()[0]
	image := append([]byte(nil), bytesOf(seg)...)
	roots := Roots{Nil: donor.Nil, False: donor.False, True: donor.True, FreeLists: donor.FreeLists, HiddenRoots: donor.HiddenRoots, Specials: donor.Specials}
	if err := donor.Close(); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "segment")
	if err := os.WriteFile(name, image, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h, err := New(Config{Memory: hostos.Memory(), Window: 100})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if !h.AtHome(100) {
		t.Skip("window 100 is taken")
	}
	if _, err := h.MapSegment(f, 0, seg.Start, seg.Size); err != nil {
		t.Fatal(err)
	}
	h.AdoptImage(roots)
	if err := h.Verify(); err != nil {
		t.Fatal(err)
	}
	check := func() {
		t.Helper()
		if err := h.Verify(); err != nil {
			t.Fatal(err)
		}
		a := h.Special(50)
		for i := range 1000 {
			if p := a.Slot(i); i%2 == 0 && p.Slot(0) != FromInt(int64(i)) || i%2 == 1 && !h.IsYoung(p) && p.NumSlots() != 3 {
				t.Fatalf("element %d is %#x", i, uint64(p))
			}
		}
	}
	for i := range 1000 {
		if i%2 == 1 {
			h.Store(h.Special(50), i, h.NewArray(3))
		}
	}
	where := h.Special(50)
	h.Scavenge()
	h.FullGC()
	check()
	if h.Special(50) != where || !h.Segments()[0].Mapped {
		t.Error("an object of the mapped segment moved")
	}
	if h.FreeOldBytes() == 0 {
		t.Error("nothing was swept")
	}
	h.Compact(true)
	check()
	if h.Segments()[0].Mapped {
		t.Error("the compacted segment still counts as mapped")
	}
	after, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if string(after) != string(image) {
		t.Error("the file changed")
	}
}

func bytesOf(s Segment) []byte {
	b := make([]byte, 0, s.Size)
	for _, w := range wordsAt(s.Start, s.Size/Word) {
		for i := range 8 {
			b = append(b, byte(w>>(8*i)))
		}
	}
	return b
}

func TestSegmentPlaces(t *testing.T) {
	h := newTestHeap(t, Config{})
	page := hostos.Memory().PageSize()
	first := h.Segments()[0]
	for _, c := range []struct{ addr, size uint64 }{
		{first.Start, 1 << 16}, {first.Start + page, page}, {first.End() - page, 1 << 16},
		{uint64(h.OldStart) - page, page}, {h.OldEnd(), page}, {h.OldEnd() - page, 2 * page},
		{first.End() + 8, page}, {0, 8}, {0, 1 << 60}, {first.End(), ^uint64(0) &^ 7},
	} {
		if s, err := h.AddSegment(c.addr, c.size); err == nil {
			t.Errorf("segment of %#x bytes at %#x: got %+v", c.size, c.addr, s)
		}
	}
	far, err := h.AddSegment(first.End()+1<<30, 1<<20+8)
	if err != nil {
		t.Fatal(err)
	}
	near, err := h.AddSegment(0, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if near.Start < first.End() || near.End() > far.Start {
		t.Errorf("segments %+v", h.Segments())
	}
}

func TestStressGC(t *testing.T) {
	polls := 0
	h := newTestHeap(t, Config{RaisePoll: func() { polls++ }})
	h.SetStressGC(true)
	for i := range 100 {
		h.NewArray(i)
		if s, _ := h.NeedsGC(); !s || polls != i+1 {
			t.Fatalf("allocation %d: %d polls", i, polls)
		}
		h.Scavenge()
		if s, _ := h.NeedsGC(); s {
			t.Fatal("a scavenge asks for a scavenge")
		}
	}
	h.SetStressGC(false)
	h.NewArray(3)
	if s, _ := h.NeedsGC(); s {
		t.Error("stress goes on")
	}
}

func TestReserve(t *testing.T) {
	polls := 0
	h := newTestHeap(t, Config{EdenBytes: 256 << 10, RaisePoll: func() { polls++ }, MaxHeap: 1 << 20})
	if err := h.SetReserve(1 << 20); err != nil {
		t.Fatal(err)
	}
	for polls == 0 {
		h.NewArray(10)
	}
	// From now on a mebibyte must be there without a collection.
	for n := uint64(0); n < 1<<20-88; n += 88 {
		if o := h.NewArray(10); o == Invalid || !h.IsYoung(o) {
			t.Fatalf("%d bytes into the reserve: %#x", n, uint64(o))
		}
	}
	if err := h.SetReserve(1 << 50); err == nil {
		t.Error("a reserve larger than new space")
	}
	h.Scavenge()
	if err := h.Verify(); err != nil {
		t.Error(err)
	}
}

// A program that makes nothing but large objects has its garbage collected, too.
func TestLargeGarbageIsCollected(t *testing.T) {
	h := newTestHeap(t, Config{})
	for range 1000 {
		if h.Allocate(ClassByteArray, FmtBytes, 1<<17) == Invalid {
			t.Fatal("out of memory")
		}
		if _, full := h.NeedsGC(); full {
			h.FullGC()
		}
		if h.OldBytes() > 128<<20 {
			t.Fatalf("old space has %d bytes", h.OldBytes())
		}
	}
	if h.Stats.FullGCs < 10 {
		t.Errorf("%d full collections for a gibibyte of garbage", h.Stats.FullGCs)
	}
}

// Enumeration goes on while its caller makes objects.
func TestEnumerationWhileAllocating(t *testing.T) {
	h := newTestHeap(t, Config{})
	seen, made := 0, 0
	h.EachObject(func(o Oop) bool {
		if seen++; made < 3000 {
			made++
			if h.AllocateOld(ClassArray, FmtArray, seen%300) == Invalid {
				t.Fatal("out of memory")
			}
		}
		return true
	})
	if seen < made {
		t.Errorf("saw %d objects", seen)
	}
	if err := h.Verify(); err != nil {
		t.Error(err)
	}
}
