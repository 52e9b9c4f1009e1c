package mem

// Prot is a set of rights, numbered as mmap has them.
type Prot uint8

// Rights.
const (
	Read  Prot = 1
	Write Prot = 2
	Exec  Prot = 4
)

// access is the bits of a page's entry for the rights. A page without rights is
// not mapped: the processor cannot say it otherwise.
func (p Prot) access() uint64 {
	if p == 0 {
		return 0
	}
	bits := uint64(present)
	if p&Write != 0 {
		bits |= writable
	}
	if p&Exec == 0 {
		bits |= noExec
	}
	return bits
}

// kind is what an area is made of.
type kind uint8

const (
	anonymous kind = iota // zeros, supplied as touched
	committed             // the same, counted
	fixed                 // a private view of physical memory at va+offset, copied when written
	view                  // the same frames as the area at va+offset has
	static                // the program itself, mapped at boot for ever
)

// area is an address range of one kind and with the same rights everywhere. They are kept
// sorted, do not overlap, and neighbours that are alike are joined.
type area struct {
	lo, hi uint64
	offset uint64 // of fixed and view; it wraps around
	prot   Prot
	kind   kind
}

const maxAreas = 2048

type areas struct {
	list  [maxAreas]area
	count int
}

// find answers the first area that ends after va.
func (a *areas) find(va uint64) int {
	lo, hi := 0, a.count
	for lo < hi {
		m := int(uint(lo+hi) / 2)
		if a.list[m].hi > va {
			hi = m
		} else {
			lo = m + 1
		}
	}
	return lo
}

// at answers the area that va is in, or nil.
func (a *areas) at(va uint64) *area {
	if i := a.find(va); i < a.count && a.list[i].lo <= va {
		return &a.list[i]
	}
	return nil
}

// vacant tells whether no area overlaps the range.
func (a *areas) vacant(lo, hi uint64) bool {
	i := a.find(lo)
	return i == a.count || a.list[i].lo >= hi
}

// covered tells whether areas cover the range without a gap.
func (a *areas) covered(lo, hi uint64) bool {
	for i := a.find(lo); i < a.count && a.list[i].lo <= lo; i++ {
		if lo = a.list[i].hi; lo >= hi {
			return true
		}
	}
	return false
}

// room tells whether n more areas fit.
func (a *areas) room(n int) bool { return a.count+n <= maxAreas }

func (a *areas) insert(i int, v area) {
	for j := a.count; j > i; j-- {
		a.list[j] = a.list[j-1]
	}
	a.list[i] = v
	a.count++
}

func (a *areas) delete(i int) {
	a.count--
	for j := i; j < a.count; j++ {
		a.list[j] = a.list[j+1]
	}
}

// cuts answers how many more areas there will be if va is made a boundary.
func (a *areas) cuts(va uint64) int {
	if r := a.at(va); r != nil && r.lo < va {
		return 1
	}
	return 0
}

// cut makes va a boundary between areas.
func (a *areas) cut(va uint64) {
	i := a.find(va)
	if i == a.count || a.list[i].lo >= va {
		return
	}
	tail := a.list[i]
	tail.lo = va
	a.list[i].hi = va
	a.insert(i+1, tail)
}

// join joins areas that are alike around the boundary va.
func (a *areas) join(va uint64) {
	i := a.find(va)
	if i == 0 || i == a.count {
		return
	}
	l, r := &a.list[i-1], &a.list[i]
	if l.hi == va && r.lo == va && l.prot == r.prot && l.kind == r.kind && l.offset == r.offset {
		l.hi = r.hi
		a.delete(i)
	}
}

// add enters an area into a vacant range.
func (a *areas) add(v area) {
	a.insert(a.find(v.lo), v)
	a.join(v.hi)
	a.join(v.lo)
}

// gap finds n vacant bytes below the address top, as high as there are.
func (a *areas) gap(n, align, bottom, top uint64) (uint64, bool) {
	for i := a.find(top); ; i-- {
		end := top
		if i < a.count {
			end = min(end, a.list[i].lo)
		}
		begin := bottom
		if i > 0 {
			begin = max(begin, a.list[i-1].hi)
		}
		if end >= n {
			if at := (end - n) &^ (align - 1); at >= begin && at+n <= end {
				return at, true
			}
		}
		if i == 0 {
			return 0, false
		}
	}
}
