package heap

import "slices"

// oldSpace is the list of segments, in address order, and the free memory in them.
type oldSpace struct {
	freeLists
	h        *Heap
	segments []Segment

	totalBytes uint64 // of all segments
	usedAtGC   uint64 // bytes in use after the last full collection
}

func (s *oldSpace) init(h *Heap) { s.h = h }

// used answers the bytes of old space that hold objects, or garbage not yet found.
func (s *oldSpace) used() uint64 { return s.totalBytes - s.freeBytes }

// allocate takes size bytes, or answers 0.
func (s *oldSpace) allocate(size uint64) uint64 {
	if at := s.take(size); at != 0 {
		return at
	}
	if !s.grow(size) {
		return 0
	}
	return s.take(size)
}

// insert adds a segment in address order.
func (s *oldSpace) insert(seg Segment) error {
	i, _ := slices.BinarySearchFunc(s.segments, seg.Start, func(t Segment, a uint64) int {
		if t.Start < a {
			return -1
		}
		return 1
	})
	if err := s.h.commitSide(seg.Start, seg.Size); err != nil {
		return err
	}
	s.segments = slices.Insert(s.segments, i, seg)
	s.totalBytes += seg.Size
	return nil
}

// isFree tells whether no segment, with its last page, is in a range.
func (s *oldSpace) isFree(addr, size uint64) bool {
	page := s.h.mem.PageSize()
	for _, t := range s.segments {
		if addr < roundUp(t.End(), page) && t.Start < addr+size {
			return false
		}
	}
	return true
}

// findRoom answers the lowest address where a segment of some size fits, or 0.
func (s *oldSpace) findRoom(size uint64) uint64 {
	page := s.h.mem.PageSize()
	at := roundUp(uint64(s.h.OldStart), page)
	for _, t := range s.segments {
		if t.Start >= at+roundUp(size, page) {
			return at
		}
		at = roundUp(t.End(), page)
	}
	if at+size <= s.h.OldEnd() {
		return at
	}
	return 0
}

// grow makes room for an object of size bytes if the limit of the heap allows.
func (s *oldSpace) grow(size uint64) bool {
	// The new memory holds the object, the rest of a chunk, and a bridge.
	need := roundUp(size+minChunk+BridgeSize, s.h.mem.PageSize())
	if need < size {
		return false
	}
	want := max(need, roundUp(s.h.GrowHeadroom, s.h.mem.PageSize()))
	if room := s.h.growthLeft(); want > room {
		if want = room / s.h.mem.PageSize() * s.h.mem.PageSize(); want < need {
			return false
		}
	}
	return s.growBy(want) || want > need && s.growBy(need)
}

// growBy adds bytes, whole pages of them, to the last segment or as a new one.
func (s *oldSpace) growBy(bytes uint64) bool {
	h := s.h
	if n := len(s.segments); n > 0 {
		t := &s.segments[n-1]
		end := t.End()
		if !t.Mapped && end%h.mem.PageSize() == 0 && end+bytes <= h.OldEnd() {
			if h.mem.Commit(end, bytes) != nil || h.commitSide(end, bytes) != nil {
				return false
			}
			at := t.limit()
			t.Size += bytes
			s.totalBytes += bytes
			writeBridge(*t)
			s.release(at, bytes)
			h.Stats.Grows++
			return true
		}
	}
	at := s.findRoom(bytes)
	if at == 0 {
		return false
	}
	seg, err := h.AddSegment(at, bytes)
	if err != nil {
		return false
	}
	s.release(seg.Start, seg.Size-BridgeSize)
	h.Stats.Grows++
	return true
}

// growthLeft answers how many bytes old space may still grow.
func (h *Heap) growthLeft() uint64 {
	limit := uint64(h.OldEnd()) - uint64(h.OldStart)
	if h.MaxHeap != 0 {
		limit = min(limit, h.MaxHeap-min(h.MaxHeap, h.NewSpaceBytes()))
	}
	return limit - min(limit, h.old.totalBytes)
}

// GrowBy adds at least so many bytes to old space and answers how many, 0 when that cannot be.
func (h *Heap) GrowBy(bytes uint64) uint64 {
	bytes = roundUp(max(bytes, 1)+BridgeSize, h.mem.PageSize())
	if bytes > h.growthLeft() || !h.old.growBy(bytes) {
		return 0
	}
	return bytes
}

// FreeOldBytes answers the free bytes in old space.
func (h *Heap) FreeOldBytes() uint64 { return h.old.freeBytes }

// OldBytes answers the size of old space.
func (h *Heap) OldBytes() uint64 { return h.old.totalBytes }

// BytesLeft answers how much can be allocated before the heap is full.
func (h *Heap) BytesLeft() uint64 { return h.old.freeBytes + h.growthLeft() }

// LargestFree answers the size of a largest free chunk in old space.
func (h *Heap) LargestFree() uint64 {
	s := &h.old
	best := s.bumpEnd - s.bump
	if c := s.lastLarge(); c >= 0 {
		for at := s.large[c]; at != 0; at = Load(link(at)) {
			best = max(best, chunkSize(at))
		}
	}
	return best
}

// settle takes in the free ends of the segments after a collection, that many
// bytes of each. When more is free than the shrink threshold, memory is given
// back: segments without objects, and ends of others by whole pages. The headroom stays.
func (s *oldSpace) settle(tails []uint64) {
	free := s.freeBytes
	for _, t := range tails {
		free += t
	}
	if free > s.h.ShrinkThreshold && free > s.h.GrowHeadroom {
		spare := free - s.h.GrowHeadroom
		for i := len(tails) - 1; i >= 0; i-- {
			gone := s.trim(i, min(tails[i], spare))
			spare -= gone
			tails[i] -= min(tails[i], gone)
		}
	}
	kept := s.segments[:0]
	for i, t := range s.segments {
		if t.Size == 0 {
			continue
		}
		kept = append(kept, t)
		if tails[i] > 0 {
			s.release(t.limit()-tails[i], tails[i])
		}
	}
	s.segments = kept
}

// trim gives back up to so many bytes at the end of a segment, and answers how
// many. A segment that is gone has size 0.
func (s *oldSpace) trim(i int, bytes uint64) uint64 {
	t := &s.segments[i]
	page := s.h.mem.PageSize()
	end := roundUp(t.limit()-bytes+minChunk+BridgeSize, page)
	if bytes == t.limit()-t.Start {
		end = t.Start
	}
	if t.Mapped || bytes == 0 || end >= t.End() {
		return 0
	}
	gone := t.End() - end
	if s.h.mem.Decommit(end, roundUp(gone, page)) != nil {
		return 0
	}
	s.h.side.clearSide(s.h.side.offsets, end, t.End())
	s.h.side.clearSide(s.h.side.marks, end, t.End())
	t.Size -= gone
	s.totalBytes -= gone
	if t.Size != 0 {
		writeBridge(*t)
	}
	s.h.Stats.Shrinks++
	return gone
}
