package image

import (
	"github.com/sista-vm/sista/heap"
)

// What the hidden roots hold, by slot.
const (
	classPages    = 4096
	classPageSize = 1024
	hiddenRoots   = 4096 + 8
	freeLists     = 64
)

// findRoots names the objects that every image begins with, nil, false, true,
// free lists and hidden roots, and the special objects array. Only the headers
// of these are read.
func (l *loader) findRoots() error {
	first := &l.segments[0]
	at := first.addr
	for _, want := range []struct {
		p     *heap.Oop
		name  string
		slots int // at least
		fits  func(heap.Format) bool
	}{
		{&l.roots.Nil, "nil", 0, heap.Format.IsPointers},
		{&l.roots.False, "false", 0, heap.Format.IsPointers},
		{&l.roots.True, "true", 0, heap.Format.IsPointers},
		{&l.roots.FreeLists, "the array of free lists", freeLists, isWords},
		{&l.roots.HiddenRoots, "the array of hidden roots", hiddenRoots, isArray},
	} {
		o, err := l.objectAt(first, at)
		if err != nil {
			return err
		}
		if n := o.NumSlots(); n < want.slots || !want.fits(o.Format()) {
			return problem(l.offset(at), "%s is expected here, not an %s, with %d slots", want.name, l.where(o), n)
		}
		*want.p = o
		at = uint64(o) + wordSize + uint64(max(o.NumSlots(), 1))*wordSize
	}
	o, ok := l.translate(l.header.SpecialObjects)
	if !ok || !l.isWhole(o) || o.Format() != heap.FmtArray || o.NumSlots() < minSpecials {
		return problem(l.header.Start+24, "there is no array of special objects at %#x", l.header.SpecialObjects)
	}
	l.roots.Specials = o
	return nil
}

func isWords(f heap.Format) bool { return f == heap.FmtWords64 }
func isArray(f heap.Format) bool { return f == heap.FmtArray }

// objectAt answers the object that begins at an address of a segment, when its
// headers make sense and it ends within the segment.
func (l *loader) objectAt(s *segment, at uint64) (heap.Oop, error) {
	if at+2*wordSize > s.end() {
		return heap.Invalid, problem(l.offset(at), "the segment ends where an object is expected")
	}
	w := heap.Load(at)
	slots := w >> heap.SlotsShift
	o := at
	if slots == heap.OverflowSlots {
		slots = w & (1<<56 - 1)
		o += wordSize
		if o+2*wordSize > s.end() || heap.Load(o)>>heap.SlotsShift != heap.OverflowSlots {
			return heap.Invalid, problem(l.offset(at), "a count of %d slots is followed by no header", slots)
		}
	}
	if room := (s.end() - o) / wordSize; max(slots, 1)+1 > room {
		return heap.Invalid, problem(l.offset(at), "an object of %d slots is longer than the rest of the segment", slots)
	}
	return heap.Oop(o), nil
}

// isWhole tells whether a header that o points at, in a segment, makes an object
// within the segment. Where the starts of objects are known that is certain already.
func (l *loader) isWhole(o heap.Oop) bool {
	s := l.at(uint64(o))
	if s == nil {
		return false
	}
	at := uint64(o)
	if heap.Load(at)>>heap.SlotsShift == heap.OverflowSlots {
		if at -= wordSize; at < s.addr {
			return false
		}
	}
	got, err := l.objectAt(s, at)
	return err == nil && got == o
}

// Special objects that are compared with the class table, by slot and class index.
var specialClasses = []struct {
	slot, index int
	name        string
}{
	{7, heap.ClassArray, "Array"}, {9, heap.ClassFloat, "Float"}, {10, heap.ClassContext, "Context"},
	{13, heap.ClassLargePos, "LargePositiveInteger"}, {42, heap.ClassLargeNeg, "LargeNegativeInteger"},
}

// minSpecials is the least number of special objects a VM can do with.
const minSpecials = 52

// checkClassTable checks the pages of the class table and every class in them,
// whose pointers are those of this memory, and compares the special objects.
func (l *loader) checkClassTable() error {
	roots, null := l.roots.HiddenRoots, l.roots.Nil
	if roots.Slot(0) == null {
		return problem(l.offset(roots.SlotAddr(0)), "there is no class table")
	}
	pages := 0
	for ; pages < classPages; pages++ {
		p := roots.Slot(pages)
		if p == null {
			break
		}
		if !l.isObject(p) || p.Format() != heap.FmtArray || p.NumSlots() != classPageSize {
			return problem(l.offset(roots.SlotAddr(pages)), "%#x is no page of the class table", uint64(p))
		}
	}
	for i := pages; i < classPages; i++ {
		if roots.Slot(i) != null {
			return problem(l.offset(roots.SlotAddr(i)), "page %d of the class table follows a gap", i)
		}
	}
	l.classes = make([]bool, pages*classPageSize)
	for i := range l.classes {
		page := roots.Slot(i / classPageSize)
		c := page.Slot(i % classPageSize)
		if c == null {
			continue
		}
		if err := l.checkClass(c); err != "" {
			return problem(l.offset(page.SlotAddr(i%classPageSize)), "the class with index %d %s", i, err)
		}
		l.classes[i] = true
	}
	return l.checkSpecials()
}

// checkClass answers what is wrong with a class, or nothing.
func (l *loader) checkClass(c heap.Oop) string {
	switch {
	case !l.isObject(c):
		return "is no object"
	case !c.Format().IsPointers() || c.NumSlots() <= heap.ClassFormat:
		return "has not the slots of a class"
	case !c.Slot(heap.ClassFormat).IsInt():
		return "has no format"
	}
	return ""
}

func (l *loader) checkSpecials() error {
	s, null := l.roots.Specials, l.roots.Nil
	for i, want := range []heap.Oop{l.roots.Nil, l.roots.False, l.roots.True} {
		if s.Slot(i) != want {
			return problem(l.offset(s.SlotAddr(i)), "special object %d is not %s", i, []string{"nil", "false", "true"}[i])
		}
	}
	page := l.roots.HiddenRoots.Slot(0)
	for _, c := range specialClasses {
		if got := s.Slot(c.slot); got != null && got != page.Slot(c.index) {
			return problem(l.offset(s.SlotAddr(c.slot)), "special object %d and the class with index %d, %s, are not the same", c.slot, c.index, c.name)
		}
	}
	return nil
}

// isObject tells whether o, a word of this memory, is an object in it.
func (l *loader) isObject(o heap.Oop) bool {
	if !o.IsObject() {
		return false
	}
	s := l.at(uint64(o))
	if s == nil {
		return false
	}
	if l.starts == nil {
		return l.isWhole(o)
	}
	bit := s.bit + (uint64(o)-s.addr)/wordSize
	return l.starts[bit/64]>>(bit%64)&1 != 0
}

// checkMapped checks what of a mapped image is read at all: what it begins with,
// the class table and the classes.
func (l *loader) checkMapped() error {
	if err := l.findRoots(); err != nil {
		return err
	}
	return l.checkClassTable()
}
