package heap

// Compaction slides the live objects of the segments that are not mapped
// together, in address order and across segments, without touching pinned
// objects. Objects move in groups: those whose headers lie in one block of the
// mark bitmap. A group with a pinned object stays where it is, and other groups are
// laid around it. Every object moves down or stays, so one pass in address
// order can update and move it.

// A stretch is a range of addresses.
type stretch struct{ start, end uint64 }

// compactor plans where groups go.
type compactor struct {
	h     *Heap
	into  []int     // numbers of the segments still to be filled
	at    uint64    // where the next group goes, in the first of them
	fixed []stretch // stretches above at that stay
	gaps  []stretch // free stretches below at
	tails []uint64  // free bytes at the end of every segment
	moves bool      // some object goes elsewhere
}

// compact slides old space together and updates every reference. It is false when
// nothing had to move; then nothing was done. Mapped segments take part when asked to.
// All that is free goes on the lists except the ends of the segments, whose sizes are
// put into tails.
func (h *Heap) compact(mapped bool, tails []uint64) bool {
	c := compactor{h: h, tails: tails}
	for i, s := range h.old.segments {
		if mapped || !s.Mapped {
			c.into = append(c.into, i)
		}
	}
	if len(c.into) == 0 {
		return false
	}
	c.at = c.segment().Start
	for _, i := range c.into {
		c.plan(h.old.segments[i])
	}
	c.finish()
	if !c.moves {
		return false
	}
	h.updateRoots()
	for i := range h.old.segments {
		s := &h.old.segments[i]
		if mapped || !s.Mapped {
			h.eachMarkedIn(s.Start, s.limit(), h.slide)
			s.Mapped = false
		} else {
			h.eachMarkedIn(s.Start, s.limit(), h.update)
		}
	}
	y := &h.young
	h.eachMarkedIn(y.survivor[y.past], y.pastEnd, h.update)
	h.eachMarkedIn(y.edenStart, h.EdenFree, h.update)

	h.old.forget()
	for i, s := range h.old.segments {
		if s.Mapped {
			tails[i] = h.sweep(s)
		}
	}
	for _, g := range c.gaps {
		h.old.release(g.start, g.end-g.start)
	}
	return true
}

// segment answers the segment being filled.
func (c *compactor) segment() Segment { return c.h.old.segments[c.into[0]] }

// plan places the groups of a segment.
func (c *compactor) plan(s Segment) {
	var first Oop // of the group
	var bytes, end uint64
	pinned := false
	c.h.eachMarkedIn(s.Start, s.limit(), func(o Oop) {
		if o>>blockShift != first>>blockShift {
			c.place(first, bytes, end, pinned)
			first, bytes, pinned = o, 0, false
		}
		pinned = pinned || o.Header()&PinnedBit != 0
		bytes += o.Size()
		end = o.end()
	})
	c.place(first, bytes, end, pinned)
}

// place decides where a group goes that begins with an object, has so many
// bytes in live objects, and ends at an address.
func (c *compactor) place(first Oop, bytes, end uint64, pinned bool) {
	if first == Invalid {
		return
	}
	side := &c.h.side
	if pinned {
		side.setStay(uint64(first))
		c.h.eachMarkedIn(first.start(), end, func(o Oop) {
			if n := len(c.fixed); n > 0 && c.fixed[n-1].end == o.start() {
				c.fixed[n-1].end = o.end()
				return
			}
			c.fixed = append(c.fixed, stretch{o.start(), o.end()})
		})
		return
	}
	for {
		limit, _ := c.limit()
		if c.at+bytes == limit || c.at+bytes+minChunk <= limit {
			break
		}
		c.skip()
	}
	if c.at != first.start() || bytes != end-first.start() {
		c.moves = true
	}
	side.setMove(uint64(first), c.at+uint64(first)-first.start())
	c.at += bytes
}

// limit answers how far objects can be laid from at on, and whether something
// that stays is there.
func (c *compactor) limit() (limit uint64, fixed bool) {
	s := c.segment()
	if len(c.fixed) > 0 && c.fixed[0].start < s.End() {
		return c.fixed[0].start, true
	}
	return s.limit(), false
}

// skip leaves what is free before the limit, and goes on behind it.
func (c *compactor) skip() {
	limit, fixed := c.limit()
	if fixed {
		if c.at < limit {
			c.gaps = append(c.gaps, stretch{c.at, limit})
		}
		c.at = c.fixed[0].end
		c.fixed = c.fixed[1:]
		return
	}
	c.tails[c.into[0]] = limit - c.at
	if c.into = c.into[1:]; len(c.into) > 0 {
		c.at = c.segment().Start
	}
}

// finish leaves everything from at on as gaps between what stays.
func (c *compactor) finish() {
	for len(c.into) > 0 {
		c.skip()
	}
}

// slide updates a live object and moves it to its new place.
func (h *Heap) slide(o Oop) {
	h.update(o)
	to := h.side.moved(uint64(o))
	if to == uint64(o) {
		return
	}
	from, size := o.start(), o.Size()
	to -= uint64(o) - from
	copy(wordsAt(to, size/Word), wordsAt(from, size/Word))
	h.Stats.Moved++
}

// update makes the slots of a live object refer to where other objects go.
func (h *Heap) update(o Oop) {
	old := uint64(h.OldStart)
	for a, end := o.SlotAddr(0), o.SlotAddr(o.strongSlots()); a < end; a += Word {
		v := Load(a)
		if v&TagMask != 0 || v < old {
			continue
		}
		if to := h.side.moved(v); to != v {
			StoreWord(a, to)
		}
	}
}

// updateRoots makes everything outside old space refer to where objects go.
func (h *Heap) updateRoots() {
	update := func(p *Oop) {
		if v := *p; v&TagMask == 0 && v >= h.OldStart {
			*p = Oop(h.side.moved(uint64(v)))
		}
	}
	h.ownRoots(update)
	for i := range h.classPages {
		update(&h.classPages[i])
	}
	for i := range h.remembered {
		update(&h.remembered[i])
	}
	h.mutator.VisitRoots(update)
}

// sweep puts everything between the live objects of a segment on the free lists,
// and answers how much is free at its end.
func (h *Heap) sweep(s Segment) (tail uint64) {
	at := s.Start
	h.eachMarkedIn(s.Start, s.limit(), func(o Oop) {
		if o.start() > at {
			h.old.release(at, o.start()-at)
		}
		at = o.end()
	})
	return s.limit() - at
}

// freeDeadYoung turns the dead objects of new space into free chunks, so that nobody
// meets what they refer to.
func (h *Heap) freeDeadYoung() {
	y := &h.young
	for _, r := range [2]stretch{{y.survivor[y.past], y.pastEnd}, {y.edenStart, h.EdenFree}} {
		at := r.start
		h.eachMarkedIn(r.start, r.end, func(o Oop) {
			if o.start() > at {
				writeChunk(at, o.start()-at)
			}
			at = o.end()
		})
		if at < r.end {
			writeChunk(at, r.end-at)
		}
	}
}
