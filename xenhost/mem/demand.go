package mem

// Outcome is what became of a fault.
type Outcome int

// Outcomes.
const (
	Supplied  Outcome = iota // go on
	Forbidden                // no area, or none that allows it
	OutOfMemory
)

// Access is what was tried.
type Access struct{ Write, Fetch bool }

// right is what it takes.
func (a Access) right() Prot {
	switch {
	case a.Write:
		return Write
	case a.Fetch:
		return Exec
	}
	return Read
}

// Supply answers a page fault at va.
func (s *Space) Supply(va uint64, access Access) Outcome {
	a := s.areas.at(va)
	if a == nil || a.kind == static || a.prot == 0 {
		return Forbidden
	}
	// Memory that can be written or executed can be read: the processor knows no other.
	if right := access.right(); right != Read && a.prot&right == 0 {
		return Forbidden
	}
	va &^= PageSize - 1
	if s.supplyHuge(a, va) {
		return Supplied
	}
	entry, level := s.walk(va, 1, true)
	if entry == 0 {
		return OutOfMemory
	}
	if level != 1 {
		return Forbidden
	}
	s.Faults++
	e := load(entry)
	switch {
	case e&present != 0:
		if !access.Write || e&borrowed == 0 || a.kind != fixed {
			return Forbidden
		}
		return s.supplyCopy(a, va, entry, e&frameMask)
	case a.kind == fixed && access.Write:
		return s.supplyCopy(a, va, entry, va+a.offset)
	case a.kind == fixed:
		s.supplyAround(a, va, entry)
		return Supplied
	case a.kind == view:
		return s.supplyView(a, va, entry)
	}
	p, ok := s.Frames.Alloc(0)
	if !ok {
		return OutOfMemory
	}
	zero(s.Base+p, PageSize)
	store(entry, p|a.prot.access())
	return Supplied
}

// around is how many pages of physical memory, at a multiple of so many, are mapped at once.
const around = 16

// supplyAround maps what a fixed area shows at va, and the pages around that have nothing yet: it
// costs no memory.
func (s *Space) supplyAround(a *area, va, entry uint64) {
	lo := va &^ (around*PageSize - 1)
	hi := min(lo+around*PageSize, a.hi)
	lo = max(lo, a.lo)
	entry -= (va - lo) / PageSize * 8 // of the same table: a multiple of 16 pages does not leave one
	bits := a.prot.access()&^writable | borrowed
	for ; lo < hi; lo += PageSize {
		if load(entry) == 0 {
			store(entry, lo+a.offset|bits)
		}
		entry += 8
	}
}

func (s *Space) supplyCopy(a *area, va, entry, from uint64) Outcome {
	p, ok := s.Frames.Alloc(0)
	if !ok {
		return OutOfMemory
	}
	s.Copies++
	copyBytes(s.Base+p, s.Base+from, PageSize)
	store(entry, p|a.prot.access())
	s.forget(va)
	return Supplied
}

// supplyView maps the frame that the other area has at this place, and lets it have one first.
func (s *Space) supplyView(a *area, va, entry uint64) Outcome {
	origin := va + a.offset
	o := s.areas.at(origin)
	if o == nil || o.prot == 0 {
		return Forbidden
	}
	oe, level := s.walk(origin, 1, true)
	if oe == 0 {
		return OutOfMemory
	}
	if level == 2 { // two views are of single pages
		if !s.split(oe) {
			return OutOfMemory
		}
		s.forget(origin)
		oe, _ = s.walk(origin, 1, false)
	}
	if load(oe)&present == 0 {
		p, ok := s.Frames.Alloc(0)
		if !ok {
			return OutOfMemory
		}
		zero(s.Base+p, PageSize)
		store(oe, p|o.prot.access())
	}
	store(entry, load(oe)&frameMask|a.prot.access()|borrowed)
	return Supplied
}

// plenty is how much of memory must be free for a huge page to be a good idea: it is filled
// with zeros whole, of which the program may want little.
const plenty = 2 // one half

// minHugeFrames is the memory of a guest in which huge pages are used at all.
const minHugeFrames = 256 << 20 / PageSize

// supplyHuge maps a page of 2 MiB if an area of committed memory has room for it there, nothing is
// mapped there so far, and memory is plenty.
func (s *Space) supplyHuge(a *area, va uint64) bool {
	lo := va &^ (HugeSize - 1)
	if a.kind != committed || a.lo > lo || a.hi < lo+HugeSize ||
		s.total < minHugeFrames || s.free < s.total/plenty {
		return false
	}
	entry, level := s.walk(va, 2, true)
	if entry == 0 || level != 2 || load(entry) != 0 {
		return false
	}
	p, ok := s.Frames.Alloc(hugeOrder)
	if !ok {
		return false
	}
	s.HugePages++
	zero(s.Base+p, HugeSize)
	store(entry, p|a.prot.access()|huge)
	return true
}
