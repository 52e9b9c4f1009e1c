package mem

// Errno is an error of Linux's numbering; 0 is none.
type Errno uint64

// Errors.
const (
	EAGAIN Errno = 11
	ENOMEM Errno = 12
	EACCES Errno = 13
	EEXIST Errno = 17
	EINVAL Errno = 22
)

// The addresses that mmap hands out by itself lie below top, far from the windows of
// heaps (0x4000_0000_0000 to 0x5000_0000_0000) and from where Go asks for its own.
const (
	bottom = 0x0000_0001_0000
	top    = 0x7f00_0000_0000
	limit  = 0x8000_0000_0000
)

// Space is the address space of the guest; there is one. Its memory is zero at first.
type Space struct {
	Frames
	areas areas
	root  uint64
	// live is set while the processor uses the tables: changes must then be told to it.
	live bool

	charged, most uint64 // committed frames, and how many there may be

	// Faults counts the pages that were supplied; Copies those that were copied.
	Faults, Copies, HugePages uint64
}

// SetRoot tells where the tables start.
func (s *Space) SetRoot(root uint64) { s.root = root }

// Root answers where the tables start.
func (s *Space) Root() uint64 { return s.root }

// SetLive says that the processor uses the tables from now on.
func (s *Space) SetLive() { s.live = true }

// SetCommitLimit says how many bytes may be committed.
func (s *Space) SetCommitLimit(bytes uint64) { s.most = bytes / PageSize }

// Committed answers the bytes that are committed, and how many may be.
func (s *Space) Committed() (now, most uint64) { return s.charged * PageSize, s.most * PageSize }

// Map enters one page of the program itself, or of the direct map, into the tables: of the
// size that level says. It belongs to no area and is never freed.
func (s *Space) Map(va, physical uint64, p Prot, level int) bool {
	entry, got := s.walk(va, level, true)
	if entry == 0 || got != level {
		return false
	}
	bits := p.access() | borrowed
	if level > 1 {
		bits |= huge
	}
	store(entry, physical|bits)
	s.forget(va)
	return true
}

// MapPages enters the pages of the program itself between va and end, one behind the other in physical
// memory too.
func (s *Space) MapPages(va, end, physical uint64, p Prot) bool {
	bits := p.access() | borrowed
	for va < end {
		entry, got := s.walk(va, 1, true)
		if entry == 0 || got != 1 {
			return false
		}
		for n := min((end-va)/PageSize, 512-va/PageSize&511); n > 0; n-- { // the rest of a table
			store(entry, physical|bits)
			s.forget(va)
			entry, va, physical = entry+8, va+PageSize, physical+PageSize
		}
	}
	return true
}

// Unmap removes what Map entered; it is no error if there is nothing.
func (s *Space) Unmap(va uint64) {
	if entry, _ := s.walk(va, 1, false); entry != 0 {
		store(entry, 0)
		s.forget(va)
	}
}

// AddStatic records a part of the program that Map has mapped, AddZeros one that is
// zero and supplied as it is touched.
func (s *Space) AddStatic(r Range, p Prot) { s.addProgram(r, p, static) }
func (s *Space) AddZeros(r Range, p Prot)  { s.addProgram(r, p, anonymous) }

func (s *Space) addProgram(r Range, p Prot, k kind) {
	if r.Lo < r.Hi && s.areas.room(1) {
		s.areas.add(area{lo: r.Lo, hi: r.Hi, prot: p, kind: k})
	}
}

// Placement is how strictly an address is meant.
type Placement int

// Placements: a hint, exactly there whatever is there, exactly there if nothing is.
const (
	Anywhere Placement = iota
	Replace
	NoReplace
)

// Reserve makes an area of zeros with the rights.
func (s *Space) Reserve(addr, size uint64, p Prot, place Placement) (uint64, Errno) {
	return s.enter(area{lo: addr, prot: p, kind: anonymous}, size, place)
}

// MapPhysical makes an area that shows memory at a physical address; writing makes copies of its pages.
func (s *Space) MapPhysical(addr, size, physical uint64, p Prot, place Placement) (uint64, Errno) {
	if physical%PageSize != 0 {
		return 0, EINVAL
	}
	return s.enter(area{lo: addr, offset: physical, prot: p, kind: fixed}, size, place)
}

// View makes an area somewhere that shows the same frames as the one at addr, which
// must stay as long.
func (s *Space) View(addr, size uint64, p Prot) (uint64, Errno) {
	if a := s.areas.at(addr); a == nil || a.kind > committed || a.hi < addr+size {
		return 0, EINVAL
	}
	return s.enter(area{offset: addr, prot: p, kind: view}, size, Anywhere)
}

// enter finds a place for an area whose offset is told as that of its start.
func (s *Space) enter(v area, size uint64, place Placement) (uint64, Errno) {
	size = roundUp(size, PageSize)
	if size == 0 || size > limit || v.lo%PageSize != 0 && place != Anywhere {
		return 0, EINVAL
	}
	v.lo &^= PageSize - 1
	inside := v.lo >= bottom && v.lo <= limit-size
	if !inside && place != Anywhere {
		return 0, ENOMEM
	}
	if !s.areas.room(1 + s.areas.cuts(v.lo) + s.areas.cuts(v.lo+size)) {
		return 0, ENOMEM
	}
	switch vacant := inside && s.areas.vacant(v.lo, v.lo+size); {
	case vacant:
	case place == NoReplace:
		return 0, EEXIST
	case place == Replace:
		if e := s.Release(v.lo, size); e != 0 {
			return 0, e
		}
	default:
		align := uint64(PageSize)
		if size >= HugeSize {
			align = HugeSize
		}
		at, ok := s.areas.gap(size, align, bottom, top)
		if !ok {
			return 0, ENOMEM
		}
		v.lo = at
	}
	v.hi = v.lo + size
	if v.kind == fixed || v.kind == view {
		v.offset -= v.lo
	}
	s.areas.add(v)
	return v.lo, 0
}

// Release ends all areas in a range.
func (s *Space) Release(addr, size uint64) Errno {
	lo, hi, e := s.cutOut(addr, size)
	if e != 0 {
		return e
	}
	s.drop(lo, hi)
	i := s.areas.find(lo)
	for i < s.areas.count && s.areas.list[i].lo < hi {
		s.uncharge(&s.areas.list[i])
		s.areas.delete(i)
	}
	return 0
}

// cutOut makes the ends of a range boundaries of areas, and of pages. Nothing of the
// program itself may be in it.
func (s *Space) cutOut(addr, size uint64) (lo, hi uint64, e Errno) {
	lo, hi = addr, addr+roundUp(size, PageSize)
	if lo%PageSize != 0 || size == 0 || hi < lo || hi > limit {
		return 0, 0, EINVAL
	}
	for i := s.areas.find(lo); i < s.areas.count && s.areas.list[i].lo < hi; i++ {
		if s.areas.list[i].kind == static {
			return 0, 0, EINVAL
		}
	}
	if !s.areas.room(s.areas.cuts(lo)+s.areas.cuts(hi)) || !s.splitEnds(lo, hi) {
		return 0, 0, ENOMEM
	}
	s.areas.cut(lo)
	s.areas.cut(hi)
	return lo, hi, 0
}

func (s *Space) uncharge(a *area) {
	if a.kind == committed {
		s.charged -= (a.hi - a.lo) / PageSize
	}
}

// joinAll joins what cutOut has separated and what became alike.
func (s *Space) joinAll(lo, hi uint64) {
	s.areas.join(hi)
	for i := s.areas.find(lo); i < s.areas.count && s.areas.list[i].lo < hi; {
		before := s.areas.count
		s.areas.join(s.areas.list[i].lo)
		if s.areas.count == before {
			i++
		}
	}
}

// Protect sets the rights of a range that must be covered by areas.
func (s *Space) Protect(addr, size uint64, p Prot) Errno {
	if size == 0 {
		return 0
	}
	if !s.areas.covered(addr, addr+roundUp(size, PageSize)) {
		return ENOMEM
	}
	lo, hi, e := s.cutOut(addr, size)
	if e != 0 {
		return e
	}
	for i := s.areas.find(lo); i < s.areas.count && s.areas.list[i].lo < hi; i++ {
		s.areas.list[i].prot = p
	}
	s.pages(lo, hi, protectPage, p.access())
	s.joinAll(lo, hi)
	return 0
}

// Commit makes reserved memory readable and writable, and counts it. It reads as zeros unless
// it was committed before.
func (s *Space) Commit(addr, size uint64) Errno {
	if !s.areas.covered(addr, addr+roundUp(size, PageSize)) {
		return ENOMEM
	}
	lo, hi, e := s.cutOut(addr, size)
	if e != 0 {
		return e
	}
	more := uint64(0)
	for i := s.areas.find(lo); i < s.areas.count && s.areas.list[i].lo < hi; i++ {
		if a := &s.areas.list[i]; a.kind == anonymous {
			more += (a.hi - a.lo) / PageSize
		}
	}
	if s.charged+more > s.most {
		s.joinAll(lo, hi)
		return ENOMEM
	}
	s.charged += more
	for i := s.areas.find(lo); i < s.areas.count && s.areas.list[i].lo < hi; i++ {
		a := &s.areas.list[i]
		a.prot = Read | Write
		if a.kind == anonymous {
			a.kind = committed
		}
	}
	s.pages(lo, hi, protectPage, (Read | Write).access())
	s.joinAll(lo, hi)
	return 0
}

// Decommit gives the memory of a range back; it stays reserved.
func (s *Space) Decommit(addr, size uint64) Errno {
	_, e := s.Reserve(addr, size, 0, Replace)
	return e
}

// Discard gives the contents of a range back: what was written is zero, or the module's, again.
func (s *Space) Discard(addr, size uint64) Errno {
	lo, hi := addr, addr+roundUp(size, PageSize)
	if lo%PageSize != 0 || hi < lo || hi > limit {
		return EINVAL
	}
	if !s.splitEnds(lo, hi) {
		return ENOMEM
	}
	for i := s.areas.find(lo); i < s.areas.count && s.areas.list[i].lo < hi; i++ {
		if a := &s.areas.list[i]; a.kind != static {
			s.drop(max(lo, a.lo), min(hi, a.hi))
		}
	}
	return 0
}

// Readable tells whether all of a range may be read.
func (s *Space) Readable(addr, size uint64) bool { return s.allowed(addr, size, Read) }

// Writable tells whether all of a range may be written.
func (s *Space) Writable(addr, size uint64) bool { return s.allowed(addr, size, Write) }

func (s *Space) allowed(addr, size uint64, p Prot) bool {
	hi := addr + size
	if hi < addr || hi > limit || !s.areas.covered(addr, hi) {
		return size == 0
	}
	for i := s.areas.find(addr); i < s.areas.count && s.areas.list[i].lo < hi; i++ {
		if s.areas.list[i].prot&p == 0 {
			return false
		}
	}
	return true
}
