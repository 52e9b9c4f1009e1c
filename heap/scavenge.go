package heap

import "time"

// scavenger copies what lives in new space (Cheney's algorithm): from eden and the
// past survivor area to the future one, or to old space when it is old enough or the
// future area is nominally full. A copied object leaves a forwarder behind, in the
// form a become makes, so both are followed in one way.
type scavenger struct {
	h                  *Heap
	oldStart           uint64
	future, futureArea uint64 // start and address space of the future survivor area
	free, scanned      uint64
	nominalEnd         uint64 // beyond it objects are tenured
	end                uint64
	tenureBelow        uint64 // from-space objects below are tenured
	oldIsFull          bool

	tenured    []Oop // copied to old space, still to be scanned
	weaklings  []Oop // found on the way, strong fields scanned
	ephemerons []Oop // whose key nobody else has reached yet
	unsettled  []Oop // remembered weak objects and ephemerons
	spare      []Oop // storage of the other remembered set

	visit func(*Oop)
}

const (
	// rememberedRedZone is the size of the remembered set from which what it refers to is tenured.
	rememberedRedZone = 16 << 10
	// A survivor area filled to more than 9/10 has the older half of it tenured next time.
	fullSurvivor = 10
	tenureShare  = 2
)

// Scavenge collects new space. When even the copies of all that may live could not
// be housed, nothing happens except that a full collection is asked for.
func (h *Heap) Scavenge() { h.scavenge(false) }

// TenureAll empties new space into old space, as saving needs it. It is false, and
// nothing has happened, when there is not enough memory.
func (h *Heap) TenureAll() bool { return h.scavenge(true) }

func (h *Heap) scavenge(tenureAll bool) bool {
	began := time.Now()
	if !h.prepareScavenge(tenureAll) {
		h.needScavenge = false
		h.needFull = true
		return false
	}
	s := &h.scavenger
	s.run()
	h.needScavenge, h.stuck = false, false
	h.Stats.Scavenges++
	h.Stats.ScavengeNs += uint64(time.Since(began))
	h.mutator.Moved()
	h.considerFullGC()
	h.checkLowSpace()
	return true
}

// prepareScavenge sets the scavenger up. It is false unless all that may live is
// sure to find a place.
func (h *Heap) prepareScavenge(tenureAll bool) bool {
	y, s := &h.young, &h.scavenger
	bound := y.pastEnd - y.survivor[y.past] + h.EdenFree - y.edenStart
	if y.liveBound != 0 {
		bound = min(bound, y.liveBound+h.EdenFree-y.liveBoundFree)
	}
	future := y.survivor[1-y.past]
	*s = scavenger{
		h: h, oldStart: uint64(h.OldStart),
		future: future, futureArea: y.survivorArea,
		free: future, scanned: future,
		nominalEnd: future + y.nominal, end: future + y.capacity,
		tenureBelow: y.tenureBelow,
		tenured:     s.tenured[:0], weaklings: s.weaklings[:0], ephemerons: s.ephemerons[:0],
		unsettled: s.unsettled[:0], spare: s.spare, visit: s.visit,
	}
	if s.visit == nil {
		s.visit = func(p *Oop) {
			if v := uint64(*p); v&TagMask == 0 && v < s.oldStart && v != 0 {
				*p = Oop(s.survivor(v))
			}
		}
	}
	room := y.capacity
	if tenureAll {
		room = 0
		s.tenureBelow = s.oldStart
		s.nominalEnd = future
	} else if bound > room {
		// What is left at the end of the survivor area may be too small for an object.
		bound += (maxEdenSlots + 2) * Word
	}
	return bound <= room || h.old.reserve(bound-room)
}

// reserve makes the bump area hold at least so many bytes.
func (s *oldSpace) reserve(bytes uint64) bool {
	bytes += minChunk // what cannot be split off
	if s.bumpEnd-s.bump >= bytes {
		return true
	}
	s.retireBump()
	if s.refill() && s.bumpEnd-s.bump >= bytes {
		return true
	}
	s.retireBump()
	if !s.grow(bytes) {
		return false
	}
	return s.refill() && s.bumpEnd-s.bump >= bytes
}

func (s *scavenger) run() {
	h, y := s.h, &s.h.young
	before := h.EdenFree - y.edenStart
	s.scanRemembered()
	h.ownRoots(s.visit)
	h.mutator.VisitRoots(s.visit)
	s.scanCopies()
	s.settleEphemerons()
	s.clearWeaklings()
	s.settleRemembered()

	h.forwarders.young = false
	y.past = 1 - y.past
	y.pastEnd = s.free
	y.liveBound = 0
	y.tenureBelow = 0
	used := s.free - s.future
	if used > y.nominal-y.nominal/fullSurvivor {
		y.tenureBelow = s.future + used/tenureShare
	}
	h.EdenFree = y.edenStart
	h.Stats.allocatedBefore += before
	h.Stats.SurvivedBytes = used
}

// survivor answers where the object of new space at v is now, and copies it if
// it has not been copied yet. Forwarders are followed.
func (s *scavenger) survivor(v uint64) uint64 {
	hd := Load(v)
	for hd&ClassIndexMask == ClassForwarder {
		v = Load(v + Word)
		if v&TagMask != 0 || v >= s.oldStart {
			return v
		}
		hd = Load(v)
	}
	if v-s.future < s.futureArea {
		return v
	}
	return s.copy(v, hd)
}

// copy moves an object out of from-space.
func (s *scavenger) copy(v, hd uint64) uint64 {
	slots := hd >> SlotsShift
	if slots == OverflowSlots {
		return s.copyLarge(v, hd)
	}
	if slots == 0 {
		slots = 1
	}
	size := (slots + 1) * Word
	to := s.free
	if to+size <= s.nominalEnd && v >= s.tenureBelow {
		s.free = to + size
	} else {
		to = s.place(v, size)
	}
	StoreWord(to, hd)
	for i := uint64(Word); i < size; i += Word {
		StoreWord(to+i, Load(v+i))
	}
	StoreWord(v, ClassForwarder|uint64(FmtForwarder)<<FormatShift|slots<<SlotsShift)
	StoreWord(v+Word, to)
	return to
}

func (s *scavenger) copyLarge(v, hd uint64) uint64 {
	words := Load(v-Word)&(1<<56-1) + 2
	size := words * Word
	to := s.free
	if to+size <= s.nominalEnd && v >= s.tenureBelow {
		s.free = to + size
	} else {
		to = s.place(v, size)
		if to >= s.oldStart {
			// place noted the start, not the header.
			s.tenured[len(s.tenured)-1] = Oop(to + Word)
		}
	}
	copy(wordsAt(to, words), wordsAt(v-Word, words))
	to += Word
	StoreWord(v, ClassForwarder|uint64(FmtForwarder)<<FormatShift|OverflowSlots<<SlotsShift)
	StoreWord(v+Word, to)
	return to
}

// place finds room in old space, and else in the future survivor area beyond its
// nominal size, where prepareScavenge has seen to it that there is some.
func (s *scavenger) place(v, size uint64) uint64 {
	if !s.oldIsFull {
		if to := s.h.old.allocate(size); to != 0 {
			s.h.Stats.Tenured++
			s.tenured = append(s.tenured, Oop(to))
			return to
		}
		s.oldIsFull = true
		s.h.needFull = true
	}
	to := s.free
	if to+size > s.end {
		// Small chunks may still be free in old space.
		if to = s.h.old.take(size); to == 0 {
			panic(damage{v}) // the object is larger than all there was
		}
		s.tenured = append(s.tenured, Oop(to))
		return to
	}
	s.free = to + size
	return to
}

// scanCopies scans copied objects until there are none left to scan.
func (s *scavenger) scanCopies() {
	for {
		for s.scanned < s.free {
			at := s.scanned
			hd := Load(at)
			slots := hd >> SlotsShift
			if slots == OverflowSlots {
				slots = hd & (1<<56 - 1)
				at += Word
				hd = Load(at)
			} else if slots == 0 {
				s.scanned = at + 2*Word
				continue
			}
			s.scanned = at + (slots+1)*Word
			switch f := Format(hd>>FormatShift) & FormatMask; {
			case f <= FmtArray:
				s.scan(at+Word, s.scanned)
			case f < FmtWords64 || f >= FmtMethod:
				s.scanObject(Oop(at))
			}
		}
		n := len(s.tenured)
		if n == 0 {
			return
		}
		o := s.tenured[n-1]
		s.tenured = s.tenured[:n-1]
		if s.scanObject(o) {
			s.h.Remember(o)
		}
	}
}

// scan updates a range of slots and tells whether it refers to young objects then.
func (s *scavenger) scan(from, to uint64) (young bool) {
	for a := from; a < to; a += Word {
		v := Load(a)
		if v&TagMask != 0 || v >= s.oldStart {
			continue
		}
		v = s.survivor(v)
		StoreWord(a, v)
		if v&TagMask == 0 && v < s.oldStart {
			young = true
		}
	}
	return young
}

// scanObject updates the slots of an object of any format and tells whether it
// refers, or may come to refer, to young objects.
func (s *scavenger) scanObject(o Oop) (young bool) {
	from := uint64(o) + Word
	switch f := o.Format(); {
	case f <= FmtVariable || f == FmtForwarder || f >= FmtMethod:
		return s.scan(from, from+uint64(o.strongSlots())*Word)
	case f == FmtWeak:
		s.weaklings = append(s.weaklings, o)
		s.scan(from, from+uint64(s.h.FixedFieldsOf(o))*Word)
		return true
	case f == FmtEphemeron:
		if _, lives := s.fate(o.Slot(0)); lives {
			return s.scan(from, from+uint64(o.NumSlots())*Word)
		}
		s.ephemerons = append(s.ephemerons, o)
		return true
	}
	return false
}
