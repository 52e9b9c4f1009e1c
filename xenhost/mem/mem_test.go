package mem

import (
	"math/rand/v2"
	"testing"
	"unsafe"
)

// memory answers frames as an ordinary process has them: physical address 0 appears at a multiple
// of 2 MiB, and everything below first is left out.
func memory(t testing.TB, bytes uint64) (base uint64) {
	t.Helper()
	b := make([]byte, bytes+HugeSize)
	t.Cleanup(func() { b[0] = 0 }) // it lives as long as the test
	return roundUp(uint64(uintptr(unsafe.Pointer(&b[0]))), HugeSize)
}

const (
	mib   = 1 << 20
	first = mib
)

func newFrames(t testing.TB, size uint64) *Frames {
	f := &Frames{Base: memory(t, size)}
	f.Add(Range{first, size}, nil)
	return f
}

// TestFrames takes and gives back blocks at random, and compares with a list of them.
func TestFrames(t *testing.T) {
	const size = 32 * mib
	f := newFrames(t, size)
	if f.Free() != f.Total() || f.Total() < 31*mib/PageSize-8 {
		t.Fatalf("%d frames, %d free", f.Total(), f.Free())
	}
	r := rand.New(rand.NewPCG(1, 2))
	type block struct {
		p     uint64
		order int
	}
	var blocks []block
	taken := map[uint64]bool{}
	for range 20_000 {
		if r.IntN(2) == 0 {
			order := r.IntN(orders)
			if r.IntN(4) > 0 {
				order = 0
			}
			p, ok := f.Alloc(order)
			if !ok {
				continue
			}
			if p%(PageSize<<order) != 0 || p < first || p+PageSize<<order > size {
				t.Fatalf("order %d at %#x", order, p)
			}
			for i := range uint64(1) << order {
				if taken[p+i*PageSize] {
					t.Fatalf("%#x is given twice", p+i*PageSize)
				}
				taken[p+i*PageSize] = true
				store(f.Base+p+i*PageSize, ^uint64(0)) // what is written there is nobody else's affair
				store(f.Base+p+i*PageSize+8, ^uint64(0))
			}
			blocks = append(blocks, block{p, order})
		} else if len(blocks) > 0 {
			i := r.IntN(len(blocks))
			b := blocks[i]
			blocks[i] = blocks[len(blocks)-1]
			blocks = blocks[:len(blocks)-1]
			for i := range uint64(1) << b.order {
				delete(taken, b.p+i*PageSize)
			}
			f.Release(b.p, b.order)
		}
		if f.Free()+uint64(len(taken)) != f.Total() {
			t.Fatalf("%d free and %d taken of %d", f.Free(), len(taken), f.Total())
		}
	}
	for _, b := range blocks {
		f.Release(b.p, b.order)
	}
	// All is joined again: as many blocks of 2 MiB as there ever were.
	n := 0
	for {
		if _, ok := f.Alloc(hugeOrder); !ok {
			break
		}
		n++
	}
	if want := int(size/HugeSize) - 1; n < want-1 || n > want {
		t.Errorf("%d blocks of 2 MiB after all was given back, want about %d", n, want)
	}
}

func TestReserved(t *testing.T) {
	const size = 8 * mib
	f := &Frames{Base: memory(t, size)}
	reserved := []Range{{3*mib + 5, 4*mib - 5}, {0, first}, {5 * mib, 5 * mib}, {7 * mib, 9 * mib}, {2 * mib, 3*mib + 9}}
	f.Add(Range{0, size}, reserved)
	n := uint64(0)
	for {
		p, ok := f.Alloc(0)
		if !ok {
			break
		}
		n++
		if p < first || p >= 2*mib && p < 4*mib || p >= 7*mib {
			t.Fatalf("%#x is reserved", p)
		}
	}
	if n != f.Total() || n < 4*mib/PageSize-8 {
		t.Errorf("%d frames of %d", n, f.Total())
	}
}

func newSpace(t testing.TB, size uint64) *Space {
	s := &Space{}
	s.Base = memory(t, size)
	s.Frames.Add(Range{first, size}, nil)
	root, _ := s.newTable()
	s.SetRoot(root)
	s.SetCommitLimit(size / 2)
	return s
}

// touch does what the processor does: it looks an address up, and faults.
func touch(t testing.TB, s *Space, va uint64, write bool) (at uint64, o Outcome) {
	t.Helper()
	for range 3 {
		e, level := s.walk(va, 1, false)
		if e != 0 && load(e)&present != 0 && (!write || load(e)&writable != 0) {
			return s.Base + load(e)&frameMask&^(1<<span(level)-1) + va&(1<<span(level)-1), Supplied
		}
		if o = s.Supply(va, Access{Write: write}); o != Supplied {
			return 0, o
		}
	}
	t.Fatalf("%#x faults for ever", va)
	return 0, Forbidden
}

const window = 0x4000_0000_0000

func TestSpace(t *testing.T) {
	s := newSpace(t, 16*mib)
	free := s.Free()
	if at, e := s.Reserve(window, 1<<40, 0, NoReplace); at != window || e != 0 {
		t.Fatalf("%#x, %d", at, e)
	}
	if _, e := s.Reserve(window+PageSize, PageSize, 0, NoReplace); e != EEXIST {
		t.Errorf("reserved twice: %d", e)
	}
	if _, o := touch(t, s, window, false); o != Forbidden {
		t.Error("what is reserved can be read")
	}
	if e := s.Commit(window+PageSize, 4*PageSize); e != 0 {
		t.Fatal(e)
	}
	at, o := touch(t, s, window+PageSize+16, true)
	if o != Supplied || load(at) != 0 {
		t.Fatalf("outcome %d", o)
	}
	store(at, 77)
	if e := s.Protect(window+PageSize, PageSize, 0); e != 0 {
		t.Fatal(e)
	}
	if _, o := touch(t, s, window+PageSize+16, false); o != Forbidden {
		t.Error("memory without rights can be read")
	}
	if e := s.Protect(window+PageSize, PageSize, Read); e != 0 {
		t.Fatal(e)
	}
	if at, _ := touch(t, s, window+PageSize+16, false); load(at) != 77 {
		t.Error("the contents are lost")
	}
	if _, o := touch(t, s, window+PageSize+16, true); o != Forbidden {
		t.Error("read-only memory can be written")
	}
	if e := s.Decommit(window+PageSize, 4*PageSize); e != 0 {
		t.Fatal(e)
	}
	if now, _ := s.Committed(); now != 0 {
		t.Errorf("%d bytes are still committed", now)
	}
	if e := s.Release(window, 1<<40); e != 0 || s.areas.count != 0 {
		t.Errorf("%d, %d areas are left", e, s.areas.count)
	}
	if s.Free()+3 < free { // the upper tables stay
		t.Errorf("%d of %d frames are free", s.Free(), free)
	}
}

func TestCommitLimit(t *testing.T) {
	s := newSpace(t, 16*mib)
	s.Reserve(window, 64*mib, 0, NoReplace)
	if e := s.Commit(window, 9*mib); e != ENOMEM {
		t.Errorf("more than the limit: %d", e)
	}
	if now, _ := s.Committed(); now != 0 {
		t.Errorf("a refused commit counts: %d", now)
	}
	if e := s.Commit(window, 8*mib); e != 0 {
		t.Error(e)
	}
	if e := s.Commit(window+4*mib, 4*mib); e != 0 {
		t.Errorf("what is committed cannot be committed again: %d", e)
	}
	if e := s.Commit(window+60*mib, 8*mib); e != ENOMEM {
		t.Errorf("beyond what is reserved: %d", e)
	}
}

// TestOutOfMemory touches more than there is: an outcome, and no harm.
func TestOutOfMemory(t *testing.T) {
	s := newSpace(t, 4*mib)
	p, _ := s.Reserve(0, 64*mib, Read|Write, Anywhere)
	for va := p; ; va += PageSize {
		if _, o := touch(t, s, va, true); o == OutOfMemory {
			break
		} else if o != Supplied {
			t.Fatalf("outcome %d at %#x", o, va)
		}
	}
	if e := s.Discard(p, 64*mib); e != 0 {
		t.Fatal(e)
	}
	if _, o := touch(t, s, p, true); o != Supplied {
		t.Errorf("outcome %d after memory was given back", o)
	}
}

func TestViews(t *testing.T) {
	s := newSpace(t, 16*mib)
	s.Reserve(window, 4*mib, Read|Exec, NoReplace)
	view, e := s.View(window, 2*mib, Read|Write)
	if e != 0 {
		t.Fatal(e)
	}
	w, _ := touch(t, s, view+PageSize, true)
	x, _ := touch(t, s, window+PageSize, false)
	y, _ := touch(t, s, window, false)
	z, _ := touch(t, s, view, true)
	if w != x || y != z {
		t.Errorf("%#x %#x, %#x %#x", w, x, y, z)
	}
	if _, o := touch(t, s, window, true); o != Forbidden {
		t.Error("code can be written where it is executed")
	}
	free := s.Free()
	s.Release(view, 2*mib)
	if s.Free() > free+1 { // a table at most: the frames are the other's
		t.Errorf("%d frames came back", s.Free()-free)
	}
	if again, _ := touch(t, s, window+PageSize, false); again != x {
		t.Error("the code is gone")
	}
	if _, e := s.View(0x1000_0000, PageSize, Read); e != EINVAL {
		t.Errorf("a view of nothing: %d", e)
	}
}

func TestPhysical(t *testing.T) {
	s := newSpace(t, 16*mib)
	module, _ := s.Frames.Alloc(2)
	for i := range uint64(4) {
		store(s.Base+module+i*PageSize, 100+i)
	}
	p, e := s.MapPhysical(window, 4*PageSize, module, Read|Write, NoReplace)
	if e != 0 {
		t.Fatal(e)
	}
	at, _ := touch(t, s, p+PageSize, false)
	if at != s.Base+module+PageSize {
		t.Error("what is read is copied")
	}
	at, _ = touch(t, s, p+PageSize, true)
	if at == s.Base+module+PageSize || load(at) != 101 {
		t.Error("what is written is not copied")
	}
	store(at, 55)
	if load(s.Base+module+PageSize) != 101 {
		t.Error("the module was written")
	}
	s.Discard(p+PageSize, PageSize)
	if at, _ = touch(t, s, p+PageSize, false); load(at) != 101 {
		t.Error("what is discarded is the module's again")
	}
	if _, e := s.MapPhysical(0, PageSize, 17, Read, Anywhere); e != EINVAL {
		t.Errorf("an odd address: %d", e)
	}
}

func TestHugePages(t *testing.T) {
	s := newSpace(t, 300*mib)
	s.Reserve(window, 64*mib, 0, NoReplace)
	s.Commit(window, 32*mib)
	if touch(t, s, window+5*mib, true); s.HugePages != 1 {
		t.Fatalf("%d huge pages", s.HugePages)
	}
	at, _ := touch(t, s, window+4*mib+8, true)
	store(at, 1234)
	// A part of it changes its rights: it is split, and nothing is lost.
	if e := s.Protect(window+5*mib, PageSize, Read); e != 0 {
		t.Fatal(e)
	}
	if again, _ := touch(t, s, window+4*mib+8, true); again != at || load(again) != 1234 {
		t.Error("the contents of a split page are lost")
	}
	if _, o := touch(t, s, window+5*mib, true); o != Forbidden {
		t.Error("the split page has the old rights")
	}
	free := s.Free()
	s.Decommit(window+4*mib, 2*mib)
	if got := s.Free() - free; got < 512 {
		t.Errorf("%d frames came back", got)
	}
}

func TestGaps(t *testing.T) {
	s := newSpace(t, 16*mib)
	a, _ := s.Reserve(0, 4*mib, Read, Anywhere)
	b, _ := s.Reserve(0, 4*mib, Write, Anywhere)
	if a%HugeSize != 0 || b+4*mib != a {
		t.Errorf("%#x, %#x", a, b)
	}
	s.Release(a, 4*mib)
	if c, _ := s.Reserve(0, 2*mib, Read, Anywhere); c < a || c >= a+4*mib {
		t.Errorf("%#x does not use the gap at %#x", c, a)
	}
	if hint, _ := s.Reserve(0x5555_0000_0000, mib, Read, Anywhere); hint != 0x5555_0000_0000 {
		t.Errorf("a hint is not heard: %#x", hint)
	}
	if other, e := s.Reserve(0x5555_0000_0000, mib, Read, Anywhere); e != 0 || other == 0x5555_0000_0000 {
		t.Errorf("a hint is taken for more: %#x, %d", other, e)
	}
	if _, e := s.Reserve(0, limit, Read, Anywhere); e != ENOMEM {
		t.Errorf("all of the address space: %d", e)
	}
}

// TestTooManyAreas runs out of areas: an error, and the areas are as they were.
func TestTooManyAreas(t *testing.T) {
	s := newSpace(t, 16*mib)
	s.Reserve(window, 64*mib, Read, NoReplace)
	n := uint64(0)
	for ; ; n++ {
		if e := s.Protect(window+2*n*PageSize, PageSize, Write); e == ENOMEM {
			break
		} else if e != 0 {
			t.Fatal(e)
		}
		if n > maxAreas {
			t.Fatal("there is no end")
		}
	}
	count := s.areas.count
	if e := s.Protect(window+2*n*PageSize, PageSize, Write); e != ENOMEM || s.areas.count != count {
		t.Errorf("%d, %d areas, were %d", e, s.areas.count, count)
	}
	if e := s.Release(window, 64*mib); e != 0 || s.areas.count != 0 {
		t.Errorf("%d, %d areas are left", e, s.areas.count)
	}
}

// TestRandom does random things to a small window, and compares with what each page should be.
func TestRandom(t *testing.T) {
	const pages = 64
	s := newSpace(t, 16*mib)
	type page struct {
		mapped bool
		prot   Prot
		value  uint64
	}
	var model [pages]page
	r := rand.New(rand.NewPCG(3, 4))
	for step := range 30_000 {
		from := r.Uint64N(pages)
		n := 1 + r.Uint64N(min(8, pages-from))
		va, size := window+from*PageSize, n*PageSize
		part := model[from : from+n]
		prot := []Prot{0, Read, Read | Write, Read | Exec}[r.IntN(4)]
		switch r.IntN(6) {
		case 0:
			if _, e := s.Reserve(va, size, prot, Replace); e != 0 {
				t.Fatal(e)
			}
			for i := range part {
				part[i] = page{true, prot, 0}
			}
		case 1:
			if e := s.Release(va, size); e != 0 {
				t.Fatal(e)
			}
			clear(part)
		case 2:
			all := true
			for _, p := range part {
				all = all && p.mapped
			}
			if e := s.Protect(va, size, prot); (e == 0) != all {
				t.Fatalf("step %d: %d", step, e)
			}
			for i := range part {
				if all {
					part[i].prot = prot
				}
			}
		case 3:
			s.Discard(va, size)
			for i := range part {
				part[i].value = 0
			}
		default:
			for i := range part {
				write := r.IntN(2) == 0
				at, o := touch(t, s, va+uint64(i)*PageSize, write)
				p := &part[i]
				allowed := p.mapped && p.prot != 0 && (!write || p.prot&Write != 0)
				if (o == Supplied) != allowed {
					t.Fatalf("step %d: outcome %d, write %v of %+v", step, o, write, *p)
				}
				if !allowed {
					continue
				}
				if load(at) != p.value {
					t.Fatalf("step %d: %d, want %d", step, load(at), p.value)
				}
				if write {
					p.value = r.Uint64()
					store(at, p.value)
				}
			}
		}
		for i := 1; i < s.areas.count; i++ {
			if a, b := s.areas.list[i-1], s.areas.list[i]; a.hi > b.lo || a.lo >= a.hi {
				t.Fatalf("step %d: areas %+v, %+v", step, a, b)
			}
		}
	}
}
