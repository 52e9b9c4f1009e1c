package heap

import "slices"

// marker finds what lives in the whole heap. It marks in the side bitmap and
// writes objects only to replace references to forwarders, and class indices that a
// become made stale. Its stack is a slice of limited size: when it is full, objects
// are marked but not scanned, and a pass over the marked objects makes up for it.
type marker struct {
	h     *Heap
	side  sideTables
	old   uint64
	stack []uint64
	limit int
	// waiting is the references whose objects were asked from memory and are not looked
	// at yet: a ring from oldest to newest.
	waiting        [16]reference
	oldest, newest int
	// overflowed is set when something marked still waits to be scanned.
	overflowed bool

	// classNow maps the class indices met to the hash of their class, which is
	// another index when a become moved the identity of the class; 0: not met yet.
	classNow []uint32

	weaklings  []Oop
	ephemerons []Oop
	marked     uint64 // objects
	oldBytes   uint64
	youngBytes uint64
	pinned     bool
	visit      func(*Oop)
}

// reference is a slot that holds an object which was not marked.
type reference struct {
	slot, to uint64
	from     Oop
}

const (
	markStackLimit = 1 << 20
	// scanChunk is how many slots of a large object are scanned before its children.
	scanChunk = 512
	// partly tags a stack entry whose scan goes on at the slot in the entry below.
	partly = 1
)

// mark finds everything that is reachable.
func (h *Heap) mark() *marker {
	m := &h.marker
	*m = marker{h: h, side: h.side, old: uint64(h.OldStart), stack: m.stack[:0], limit: m.limit,
		classNow: m.classNow, weaklings: m.weaklings[:0], ephemerons: m.ephemerons[:0], visit: m.visit}
	if m.limit == 0 {
		m.limit = markStackLimit
	}
	if n := len(h.classPages) * classPageSlots; n != len(m.classNow) {
		m.classNow = make([]uint32, n)
	}
	clear(m.classNow)
	if m.visit == nil {
		m.visit = func(p *Oop) {
			if v := *p; v != Invalid && v&TagMask == 0 {
				*p = Oop(m.reach(uint64(v)))
			}
		}
	}
	h.clearMarks()
	m.markClassTable()
	h.ownRoots(m.visit)
	h.mutator.MarkRoots(m.visit)
	m.drain()
	m.settleEphemerons()
	return m
}

// markClassTable marks the table without tracing it: classes live by their
// instances and by other references. Only those of page 0 always live.
func (m *marker) markClassTable() {
	h := m.h
	if h.HiddenRoots == Invalid {
		return
	}
	m.markAlone(h.HiddenRoots)
	for _, page := range h.classPages {
		m.markAlone(page)
	}
	m.scanSlots(h.classPages[0], 0, classPageSlots)
	m.scanSlots(h.HiddenRoots, maxClassPages, h.HiddenRoots.NumSlots())
}

// markAlone marks an object and not what it refers to.
func (m *marker) markAlone(o Oop) {
	size := o.Size()
	m.side.mark(o.start(), size/Word)
	m.oldBytes += size
	m.marked++
}

// reach marks the object at v, or the one a forwarder there leads to, queues it for
// scanning, and answers it.
func (m *marker) reach(v uint64) uint64 {
	if m.side.isMarked(v) {
		return v
	}
	hd := Header(Load(v))
	for n := 0; hd.ClassIndex() == ClassForwarder; n++ {
		if n == maxChain {
			panic(damage{v})
		}
		v = Load(v + Word)
		if v&TagMask != 0 || m.side.isMarked(v) {
			return v
		}
		hd = Header(Load(v))
	}
	// The class lives too, and the index is brought up to date.
	if index := hd.ClassIndex(); int(index) < len(m.classNow) && m.classNow[index] == index {
		// The common case.
	} else if now := m.class(index); now != index {
		hd = hd&^ClassIndexMask | Header(now)
		StoreWord(v, uint64(hd))
	}
	slots := hd.SlotsByte()
	start, words := v, slots+1
	switch slots {
	case 0:
		words = 2
	case OverflowSlots:
		start -= Word
		if words = Load(start)&(1<<56-1) + 2; words > m.h.lay.size/Word {
			panic(damage{v})
		}
	}
	m.side.mark(start, words)
	m.marked++
	if v >= m.old {
		m.oldBytes += words * Word
		m.pinned = m.pinned || hd&PinnedBit != 0
	} else {
		m.youngBytes += words * Word
	}
	if f := hd.Format(); slots != 0 && (f < FmtWords64 || f >= FmtMethod) {
		m.push(v)
	}
	return v
}

func (m *marker) push(v uint64) {
	if len(m.stack) >= m.limit {
		m.overflowed = true
		return
	}
	m.stack = append(m.stack, v)
}

// class marks the class with an index and answers the index it should have.
func (m *marker) class(index uint32) uint32 {
	if index <= ClassLastPun {
		return index
	}
	if int(index) < len(m.classNow) {
		if now := m.classNow[index]; now != 0 {
			return now
		}
	}
	c := m.h.ClassAt(index)
	if c == m.h.Nil || !c.IsObject() {
		return index // a builder's, or damage that the verifier tells of
	}
	now := c.Header().Hash()
	if m.h.ClassAt(now) != c {
		now = index
	}
	m.classNow[index] = now
	m.reach(uint64(c))
	return now
}

// drain scans until everything marked is scanned.
func (m *marker) drain() {
	m.empty()
	for m.overflowed {
		m.overflowed = false
		m.h.eachMarked(func(o Oop) {
			if f := o.Format(); f < FmtWords64 || f >= FmtMethod {
				m.scan(o)
				m.empty()
			}
		})
	}
}

// empty scans what is on the stack, and what that leads to.
func (m *marker) empty() {
	for {
		n := len(m.stack)
		if n == 0 {
			if m.oldest == m.newest {
				return
			}
			m.follow()
			continue
		}
		v := m.stack[n-1]
		m.stack = m.stack[:n-1]
		if v&TagMask == partly {
			i := m.stack[n-2]
			m.stack = m.stack[:n-2]
			m.scanFrom(Oop(v&^TagMask), int(i))
			continue
		}
		m.scan(Oop(v))
	}
}

// scan traces the slots of a marked object.
func (m *marker) scan(o Oop) {
	hd := o.Header()
	switch f := hd.Format(); {
	case f == FmtWeak:
		m.weaklings = append(m.weaklings, o)
		m.scanSlots(o, 0, m.h.FixedFieldsOf(o))
	case f == FmtEphemeron:
		if _, lives := m.fate(o.Slot(0)); !lives {
			m.ephemerons = append(m.ephemerons, o)
			return
		}
		m.scanSlots(o, 0, o.NumSlots())
	case f == FmtVariable && hd.ClassIndex() == ClassContext:
		if o.Slot(ContextSender).IsInt() {
			m.h.mutator.MarkMarried(o, m.visit)
		}
		m.scanSlots(o, 0, o.contextSlots())
	case hd.ClassIndex() == ClassArrayPun && m.isClassTable(o):
	default:
		m.scanFrom(o, 0)
	}
}

// isClassTable tells the objects that are marked alone.
func (m *marker) isClassTable(o Oop) bool {
	return o == m.h.HiddenRoots || slices.Contains(m.h.classPages, o)
}

// scanFrom traces the strong slots from i on, a chunk of them at a time.
func (m *marker) scanFrom(o Oop, i int) {
	n := o.strongSlots()
	if n-i > scanChunk && len(m.stack)+2 <= m.limit {
		m.stack = append(m.stack, uint64(i+scanChunk), uint64(o)|partly)
		n = i + scanChunk
	}
	m.scanSlots(o, i, n)
}

// scanSlots traces the slots from i to before n.
func (m *marker) scanSlots(o Oop, i, n int) {
	for a, end := o.SlotAddr(i), o.SlotAddr(n); a < end; a += Word {
		v := Load(a)
		if v&TagMask != 0 || m.side.isMarked(v) {
			continue
		}
		prefetch(v)
		w := &m.waiting[m.newest%len(m.waiting)]
		if m.newest-m.oldest == len(m.waiting) {
			m.follow()
		}
		*w = reference{a, v, o}
		m.newest++
	}
}

// follow takes the reference that has waited longest.
func (m *marker) follow() {
	r := m.waiting[m.oldest%len(m.waiting)]
	m.oldest++
	if now := m.reach(r.to); now != r.to {
		StoreWord(r.slot, now)
		if m.h.IsYoung(Oop(now)) {
			m.h.Remember(r.from)
		}
	}
}

// eachMarked calls f for every marked object, of old and then new space, in address order.
func (h *Heap) eachMarked(f func(Oop)) {
	for _, s := range h.old.segments {
		h.eachMarkedIn(s.Start, s.limit(), f)
	}
	y := &h.young
	h.eachMarkedIn(y.survivor[y.past], y.pastEnd, f)
	h.eachMarkedIn(y.edenStart, h.EdenFree, f)
}

func (h *Heap) eachMarkedIn(at, end uint64, f func(Oop)) {
	for at = h.side.nextMarked(at, end); at < end; at = h.side.nextMarked(at, end) {
		o := objectAt(at)
		at = o.end()
		f(o)
	}
}
