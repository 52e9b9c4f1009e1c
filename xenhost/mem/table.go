package mem

// Entries of page tables, as the processor wants them:
//
//	63  62..52  51..12         11..9      8..0
//	NX    0     frame address  software   G PS D A PCD PWT U W P
//
// An entry that is not 0 and not present is a page without rights that has a frame.
//
// All pages are the supervisor's: the guest has one privilege level.
const (
	present  = 1 << 0
	writable = 1 << 1
	huge     = 1 << 7 // in an entry of the second level: a page of 2 MiB
	noExec   = 1 << 63
	// borrowed is ours: the frame belongs to another mapping, or to nobody.
	borrowed = 1 << 9

	frameMask = 0x000f_ffff_ffff_f000
	tableBits = present | writable
)

// The levels of the tables are 4 to 1; an entry of level n spans 1 << span(n) bytes.
func span(level int) uint { return uint(12 + 9*(level-1)) }

// newTable answers an empty table's frame.
func (s *Space) newTable() (uint64, bool) {
	p, ok := s.Frames.Alloc(0)
	if ok {
		zero(s.Base+p, PageSize)
	}
	return p, ok
}

// walk answers the address of the entry that maps va, of the wanted level or, where a
// bigger page is mapped, above. Missing tables are made if grow is set; else, or if there
// is no frame for one, the answer is 0.
func (s *Space) walk(va uint64, wanted int, grow bool) (entry uint64, level int) {
	table := s.root
	for level = 4; ; level-- {
		entry = s.Base + table + va>>span(level)&511*8
		e := load(entry)
		if level == wanted || e&huge != 0 {
			return entry, level
		}
		if e&present == 0 {
			if !grow {
				return 0, level
			}
			p, ok := s.newTable()
			if !ok {
				return 0, level
			}
			e = p | tableBits
			store(entry, e)
		}
		table = e & frameMask
	}
}

// split replaces a huge page by a table of pages that map the same.
func (s *Space) split(entry uint64) bool {
	e := load(entry)
	p, ok := s.Frames.Alloc(0)
	if !ok {
		return false
	}
	for i := uint64(0); i < 512; i++ {
		store(s.Base+p+8*i, e&^huge+i*PageSize)
	}
	store(entry, p|tableBits)
	return true
}

// splitEnds splits huge pages that are only in part between lo and hi.
func (s *Space) splitEnds(lo, hi uint64) bool {
	for _, va := range [2]uint64{lo, hi} {
		if va%HugeSize == 0 {
			continue
		}
		if e, level := s.walk(va, 1, false); e != 0 && level == 2 {
			if !s.split(e) {
				return false
			}
			s.forget(va)
		}
	}
	return true
}

// pages calls f for each entry between lo and hi that has a frame. Huge pages that are
// only partly in it must have been split.
func (s *Space) pages(lo, hi uint64, f func(s *Space, va, entry uint64, level int, arg uint64), arg uint64) {
	for va := lo; va < hi; {
		entry, level := s.walk(va, 1, false)
		if entry != 0 && load(entry) != 0 {
			f(s, va, entry, level, arg)
		}
		va = va&^(1<<span(level)-1) + 1<<span(level)
	}
}

// drop unmaps what is between lo and hi, and frees frames and tables that are not needed any more.
func (s *Space) drop(lo, hi uint64) {
	s.pages(lo, hi, dropPage, 0)
	for va := roundUp(lo, HugeSize); va+HugeSize <= hi; va += HugeSize {
		entry, level := s.walk(va, 2, false)
		if entry == 0 {
			va = va&^(1<<span(level)-1) + 1<<span(level) - HugeSize
			continue
		}
		if e := load(entry); level == 2 && e != 0 && e&huge == 0 {
			store(entry, 0)
			s.forget(va)
			s.Frames.Release(e&frameMask, 0)
		}
	}
}

func dropPage(s *Space, va, entry uint64, level int, _ uint64) {
	e := load(entry)
	store(entry, 0)
	s.forget(va)
	if e&borrowed != 0 {
		return
	}
	order := 0
	if level == 2 {
		order = hugeOrder
	}
	s.Frames.Release(e&frameMask, order)
}

// protectPage changes the rights of a page. Without any its frame stays in the entry, out of the
// processor's sight.
func protectPage(s *Space, va, entry uint64, _ int, access uint64) {
	e := load(entry)
	if access&writable != 0 && e&borrowed != 0 {
		access &^= writable // a write makes a copy, or finds that there are two views
	}
	store(entry, e&^(present|writable|noExec)|access)
	s.forget(va)
}
