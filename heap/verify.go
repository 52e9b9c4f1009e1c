package heap

import (
	"errors"
	"fmt"
)

// maxProblems is how many problems Verify lists.
const maxProblems = 10

// verifier collects problems. It sets the mark bit of every object's header, so
// that a reference can be told from an address that is no object.
type verifier struct {
	h        *Heap
	problems []error
	more     int
}

func (v *verifier) problem(format string, args ...any) {
	if len(v.problems) == maxProblems {
		v.more++
		return
	}
	v.problems = append(v.problems, fmt.Errorf(format, args...))
}

// Verify checks the whole heap: that spaces are walkable, every reference leads to
// an object, headers are possible, old objects with young referents are remembered,
// and the class table holds classes. The error names the first problems with
// their addresses.
func (h *Heap) Verify() error {
	v := verifier{h: h}
	h.old.seal()
	h.clearMarks()
	if v.walk(); len(v.problems) == 0 {
		v.checkObjects()
		v.checkRemembered()
		v.checkRoots()
		v.checkClassTable()
	}
	h.clearMarks()
	if v.more > 0 {
		v.problems = append(v.problems, fmt.Errorf("and %d more problems", v.more))
	}
	if len(v.problems) == 0 {
		return nil
	}
	return fmt.Errorf("heap: %w", errors.Join(v.problems...))
}

// walk goes through all spaces and marks where objects are.
func (v *verifier) walk() {
	free := uint64(0)
	for _, s := range v.h.old.segments {
		free += v.walkStretch("segment", s.Start, s.limit())
		if b := Header(Load(s.limit())); b.ClassIndex() != ClassBridge {
			v.problem("no bridge at the end of the segment at %#x: header %#x", s.Start, uint64(b))
		}
	}
	v.checkFreeLists(free)
	y := &v.h.young
	v.walkStretch("survivor area", y.survivor[y.past], y.pastEnd)
	v.walkStretch("eden", y.edenStart, v.h.EdenFree)
}

// checkFreeLists checks that lists hold free chunks of their sizes. Free chunks of a
// loaded image are on no list before the first full collection.
func (v *verifier) checkFreeLists(free uint64) {
	s := &v.h.old
	listed := s.bumpEnd - s.bump
	check := func(at uint64, fits func(size uint64) bool) {
		for ; at != 0; at = Load(link(at)) {
			if !v.inSegment(at) || objectAt(at).Header().ClassIndex() != ClassFree || !fits(chunkSize(at)) {
				v.problem("what a free list holds at %#x is no free chunk, or one of another size", at)
				return
			}
			if listed += chunkSize(at); listed > free {
				break
			}
		}
	}
	for i, at := range s.small {
		check(at, func(size uint64) bool { return size == uint64(i)*Word })
	}
	for c, at := range s.large {
		check(at, func(size uint64) bool { return size > maxSmall && largeClass(size) == c })
		if (at != 0) != (s.largeUsed[c/64]>>(c%64)&1 != 0) {
			v.problem("size class %d is not marked as it is", c)
		}
	}
	if listed != s.freeBytes || listed > free {
		v.problem("%d bytes are counted as free, the lists hold %d, and %d are", s.freeBytes, listed, free)
	}
}

// inSegment tells whether an address is in a segment.
func (v *verifier) inSegment(a uint64) bool {
	if len(v.h.old.segments) == 0 {
		return false
	}
	s := v.h.old.segments[v.h.old.segmentOf(a)]
	return a%Word == 0 && a >= s.Start && a < s.limit()
}

// walkStretch marks the objects in a stretch and answers how much of it is free.
func (v *verifier) walkStretch(what string, at, end uint64) (free uint64) {
	for at < end {
		o := objectAt(at)
		if uint64(o) >= end {
			v.problem("the object at %#x runs over the end of the %s, %#x", at, what, end)
			return free
		}
		size := o.Size()
		next := at + size
		if o.start() != at || next < at || next > end {
			v.problem("the object at %#x, %d bytes, runs over the end of the %s, %#x", uint64(o), size, what, end)
			return free
		}
		if hd := o.Header(); hd.ClassIndex() == ClassFree {
			free += size
		} else {
			v.h.side.mark(uint64(o), 1)
		}
		at = next
	}
	return free
}

// isObject tells whether o is the oop of an object.
func (v *verifier) isObject(o Oop) bool {
	a := uint64(o)
	y := &v.h.young
	if o >= v.h.OldStart {
		return v.inSegment(a) && v.h.side.isMarked(a)
	}
	return (a >= y.survivor[y.past] && a < y.pastEnd || a >= y.edenStart && a < v.h.EdenFree) && v.h.side.isMarked(a)
}

// badOop tells what is wrong with an oop, or "".
func (v *verifier) badOop(o Oop) string {
	if o.IsImmediate() {
		if t := o & TagMask; t != TagInt && t != TagChar && t != TagFloat {
			return "has no tag that means anything"
		}
	} else if !v.isObject(o) {
		return "is no object"
	}
	return ""
}

// checkOop checks a root.
func (v *verifier) checkOop(o Oop, where string, i int) {
	if bad := v.badOop(o); bad != "" {
		v.problem("%s %d: %#x %s", where, i, uint64(o), bad)
	}
}

func (v *verifier) checkObjects() {
	v.h.eachInOld(func(o Oop) bool { v.checkObject(o); return true })
	v.h.eachYoung(func(o Oop) bool { v.checkObject(o); return true })
}

func (v *verifier) checkObject(o Oop) {
	hd := o.Header()
	if hd.ClassIndex() == ClassFree {
		return
	}
	f := hd.Format()
	if f == 6 || f == 8 || f == FmtForwarder != (hd.ClassIndex() == ClassForwarder) {
		v.problem("object %#x: class index %d cannot have format %d", uint64(o), hd.ClassIndex(), f)
		return
	}
	if hd&MarkedBit != 0 {
		v.problem("object %#x: the mark bit is set", uint64(o))
	}
	if !v.possibleClass(hd.ClassIndex()) {
		v.problem("object %#x: class index %d is not in the class table", uint64(o), hd.ClassIndex())
	}
	if f == FmtEmpty && hd.SlotsByte() != 0 {
		v.problem("object %#x: format 0 with %d slots", uint64(o), o.NumSlots())
	}
	if f >= FmtMethod && !o.Slot(0).IsInt() {
		v.problem("compiled code %#x: header %#x is no SmallInteger", uint64(o), uint64(o.Slot(0)))
		return
	}
	young := false
	n := o.strongSlots()
	if hd.ClassIndex() == ClassContext && f == FmtVariable {
		if sp := o.Slot(ContextStackp); sp.IsInt() && (sp.Int() < 0 || int(sp.Int()) > o.NumSlots()-ContextTemps) {
			v.problem("context %#x: stackp %d is outside its %d slots", uint64(o), sp.Int(), o.NumSlots())
		}
	}
	for i := 0; i < n; i++ {
		s := o.Slot(i)
		if bad := v.badOop(s); bad != "" {
			v.problem("object %#x, slot %d: %#x %s", uint64(o), i, uint64(s), bad)
		}
		young = young || v.h.IsYoung(s)
	}
	if young && o >= v.h.OldStart && hd&RememberedBit == 0 {
		v.problem("object %#x is old, refers to young objects and is not remembered", uint64(o))
	}
	if hd&RememberedBit != 0 && o < v.h.OldStart {
		v.problem("object %#x is young and remembered", uint64(o))
	}
}

// possibleClass tells whether headers may have a class index.
func (v *verifier) possibleClass(index uint32) bool {
	switch {
	case index == ClassForwarder || index == ClassBridge:
		return true
	case index >= ClassArrayPun && index <= ClassWordsPun:
		return true
	case index <= ClassLastPun:
		return false
	}
	return v.h.ClassAt(index) != v.h.Nil
}

func (v *verifier) checkRemembered() {
	set := make(map[Oop]bool, len(v.h.remembered))
	for _, o := range v.h.remembered {
		if set[o] {
			v.problem("object %#x is in the remembered set twice", uint64(o))
		}
		set[o] = true
		if !v.isObject(o) || o < v.h.OldStart {
			v.problem("%#x is in the remembered set and no old object", uint64(o))
		} else if o.Header()&RememberedBit == 0 {
			v.problem("object %#x is in the remembered set and its header does not say so", uint64(o))
		}
	}
	v.h.eachInOld(func(o Oop) bool {
		if o.Header()&RememberedBit != 0 && o.Header().ClassIndex() != ClassFree && !set[o] {
			v.problem("object %#x says it is in the remembered set and is not", uint64(o))
		}
		return true
	})
}

func (v *verifier) checkRoots() {
	for i, o := range []Oop{v.h.Nil, v.h.False, v.h.True, v.h.Specials, v.h.HiddenRoots, v.h.FreeLists} {
		if o != Invalid {
			v.checkOop(o, "nil, false, true, special objects, hidden roots, free lists: number", i)
		}
	}
	for i, o := range v.h.mourners {
		v.checkOop(o, "mourn queue, entry", i)
	}
	for i, p := range v.h.handles.slots {
		if *p != Invalid {
			v.checkOop(*p, "handle", i)
		}
	}
	i := 0
	v.h.mutator.VisitRoots(func(p *Oop) {
		if *p != Invalid {
			v.checkOop(*p, "root outside the heap, number", i)
		}
		i++
	})
}

func (v *verifier) checkClassTable() {
	for i, page := range v.h.classPages {
		if page.NumSlots() != classPageSlots || v.h.HiddenRoots.Slot(i) != page {
			v.problem("class table page %d at %#x is damaged", i, uint64(page))
			return
		}
	}
	v.h.EachClass(func(index uint32, c Oop) {
		switch {
		case !c.IsObject() || !c.Format().IsPointers() || c.NumSlots() <= ClassFormat:
			v.problem("class table, index %d: %#x is no class", index, uint64(c))
		case index >= FirstFreeClass && v.h.ClassAt(c.Header().Hash()) != c:
			v.problem("class table, index %d: the class at %#x has hash %d, which is another class's", index, uint64(c), c.Header().Hash())
		}
	})
}
