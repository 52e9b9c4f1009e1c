package heap

// Enumeration goes through old space and then new space, each in address order.
// It skips free chunks, bridges, forwarders and the VM's own objects.

// objectAt answers the object that starts at an address, a pseudo object perhaps.
func objectAt(at uint64) Oop {
	if Load(at)>>SlotsShift == OverflowSlots {
		return Oop(at + Word)
	}
	return Oop(at)
}

// end answers the address after an object.
func (o Oop) end() uint64 { return o.start() + o.Size() }

// FirstObject answers the object that enumeration begins with.
func (h *Heap) FirstObject() Oop {
	h.old.seal()
	if len(h.old.segments) == 0 {
		return h.enumerable(h.firstYoung())
	}
	return h.enumerable(objectAt(h.old.segments[0].Start))
}

// NextObject answers the object after o, or Invalid. Objects made since are seen
// if they lie further on.
func (h *Heap) NextObject(o Oop) Oop {
	h.old.seal()
	return h.enumerable(h.following(o))
}

// enumerable answers o or the first object after it that enumeration shows.
func (h *Heap) enumerable(o Oop) Oop {
	for o != Invalid && o.Header().ClassIndex() <= ClassLastPun {
		o = h.following(o)
	}
	return o
}

// following answers the object or pseudo object after o, Invalid at the end.
func (h *Heap) following(o Oop) Oop {
	at := o.end()
	if o >= h.OldStart {
		i := h.old.segmentOf(uint64(o))
		if at < h.old.segments[i].End() {
			return objectAt(at)
		}
		if i+1 < len(h.old.segments) {
			return objectAt(h.old.segments[i+1].Start)
		}
		return h.firstYoung()
	}
	y := &h.young
	if at == y.pastEnd {
		at = y.edenStart
	}
	if at == h.EdenFree {
		return Invalid
	}
	return objectAt(at)
}

func (h *Heap) firstYoung() Oop {
	y := &h.young
	switch {
	case y.pastEnd > y.survivor[y.past]:
		return objectAt(y.survivor[y.past])
	case h.EdenFree > y.edenStart:
		return objectAt(y.edenStart)
	}
	return Invalid
}

// EachObject calls f for every object until it answers false.
func (h *Heap) EachObject(f func(Oop) bool) {
	h.eachInOld(func(o Oop) bool {
		return o.Header().ClassIndex() <= ClassLastPun || f(o)
	})
	h.eachYoung(func(o Oop) bool {
		return o.Header().ClassIndex() <= ClassLastPun || f(o)
	})
}

// eachInOld calls f for everything in old space, pseudo objects included, until
// it answers false. It may make objects.
func (h *Heap) eachInOld(f func(Oop) bool) {
	for _, s := range h.old.segments {
		for at := s.Start; at < s.limit(); {
			if at == h.old.bump {
				h.old.seal()
			}
			o := objectAt(at)
			at = o.end()
			if !f(o) {
				return
			}
		}
	}
}

// eachYoung calls f for everything in new space, pseudo objects included, until
// it answers false.
func (h *Heap) eachYoung(f func(Oop) bool) {
	y := &h.young
	for _, r := range [2][2]uint64{{y.survivor[y.past], y.pastEnd}, {y.edenStart, h.EdenFree}} {
		for at := r[0]; at < r[1]; {
			o := objectAt(at)
			at = o.end()
			if !f(o) {
				return
			}
		}
	}
}

// segmentOf answers the number of the segment with an address in it.
func (s *oldSpace) segmentOf(addr uint64) int {
	lo, hi := 0, len(s.segments)
	for hi-lo > 1 {
		mid := (lo + hi) / 2
		if s.segments[mid].Start <= addr {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}
