package heap

import (
	"math/bits"
	"slices"
)

// oldSpace is the list of segments and the free memory in them.
//
// Free memory is of two kinds. Chunks on the free lists are pseudo objects of
// class index 0, linked by their first slot: those up to maxSmall bytes in a
// list for their exact size, larger ones in a list for their size class, an
// eighth of a power of two wide. The bump area is one large chunk taken off the
// lists, whose header is written only when somebody wants to walk the heap.
type oldSpace struct {
	h        *Heap
	segments []Segment

	bump, bumpEnd uint64

	small [maxSmall/Word + 1]uint64
	large [largeClasses]uint64
	// largeUsed has a bit for every size class with a chunk in it.
	largeUsed [(largeClasses + 63) / 64]uint64

	freeBytes  uint64 // on lists and in the bump area
	totalBytes uint64 // of all segments
	usedAtGC   uint64 // bytes in use after the last full collection
}

const (
	minChunk     = 2 * Word
	maxSmall     = 512
	largeClasses = 8 * 33
	// refillMin is the least size of a chunk worth becoming the bump area.
	refillMin = 64 << 10
)

func (s *oldSpace) init(h *Heap) { s.h = h }

// used answers the bytes of old space that hold objects, or garbage not yet found.
func (s *oldSpace) used() uint64 { return s.totalBytes - s.freeBytes }

// largeClass answers the size class of a chunk above maxSmall bytes.
func largeClass(size uint64) int {
	p := bits.Len64(size) - 1
	c := (p-9)*8 + int(size>>(p-3)&7)
	return min(c, largeClasses-1)
}

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

// take finds size bytes without growing.
func (s *oldSpace) take(size uint64) uint64 {
	if size <= maxSmall {
		if at := s.small[size/Word]; at != 0 {
			s.small[size/Word] = Load(link(at))
			s.freeBytes -= size
			return at
		}
	}
	if at := s.takeBump(size); at != 0 {
		return at
	}
	if size < refillMin/4 && s.refill() {
		if at := s.takeBump(size); at != 0 {
			return at
		}
	}
	if at, got := s.takeLarge(size); at != 0 {
		return s.split(at, got, size)
	}
	if size+minChunk <= maxSmall {
		for i := (size + minChunk) / Word; i <= maxSmall/Word; i++ {
			if at := s.small[i]; at != 0 {
				s.small[i] = Load(link(at))
				s.freeBytes -= i * Word
				return s.split(at, i*Word, size)
			}
		}
	}
	return 0
}

func (s *oldSpace) takeBump(size uint64) uint64 {
	at := s.bump
	if rest := s.bumpEnd - at; size == rest || size+minChunk <= rest {
		s.bump += size
		s.freeBytes -= size
		return at
	}
	return 0
}

// split gives the rest of a chunk back that is no longer counted as free.
func (s *oldSpace) split(at, got, size uint64) uint64 {
	if got > size {
		s.release(at+size, got-size)
	}
	return at
}

// refill puts the largest free chunk into the bump area, if it is worth it.
func (s *oldSpace) refill() bool {
	c := s.lastLarge()
	if c < 0 || c < largeClass(refillMin) {
		return false
	}
	at := s.popLarge(c)
	size := chunkSize(at)
	s.freeBytes -= size
	s.retireBump()
	s.bump, s.bumpEnd = at, at+size
	s.freeBytes += size
	return true
}

// retireBump puts what is left of the bump area on the lists.
func (s *oldSpace) retireBump() {
	if rest := s.bumpEnd - s.bump; rest != 0 {
		s.freeBytes -= rest
		s.release(s.bump, rest)
	}
	s.bump, s.bumpEnd = 0, 0
}

// seal makes old space walkable: the bump area gets the header of a free chunk.
func (s *oldSpace) seal() {
	if rest := s.bumpEnd - s.bump; rest != 0 {
		writeChunk(s.bump, rest)
	}
}

// takeLarge takes a chunk that holds size bytes exactly or leaves a chunk over.
// Its bytes no longer count as free.
func (s *oldSpace) takeLarge(size uint64) (at, got uint64) {
	c := 0
	if size > maxSmall {
		c = largeClass(size)
		// In its own class some chunks are too small: look at the first few.
		prev, tries := uint64(0), 16
		if c == largeClasses-1 {
			tries = 1 << 30
		}
		for at = s.large[c]; at != 0 && tries > 0; tries-- {
			got = chunkSize(at)
			if got == size || got >= size+minChunk {
				s.unlink(c, prev, at)
				s.freeBytes -= got
				return at, got
			}
			prev, at = at, Load(link(at))
		}
		c++
	}
	// Every chunk of a higher class is larger by more than a minimal chunk, or
	// the next one is.
	for c = s.nextLarge(c); c >= 0; c = s.nextLarge(c + 1) {
		at = s.large[c]
		if got = chunkSize(at); got >= size+minChunk || got == size {
			s.unlink(c, 0, at)
			s.freeBytes -= got
			return at, got
		}
	}
	return 0, 0
}

func (s *oldSpace) popLarge(c int) uint64 {
	at := s.large[c]
	s.unlink(c, 0, at)
	return at
}

func (s *oldSpace) unlink(c int, prev, at uint64) {
	next := Load(link(at))
	if prev != 0 {
		StoreWord(link(prev), next)
		return
	}
	if s.large[c] = next; next == 0 {
		s.largeUsed[c/64] &^= 1 << (c % 64)
	}
}

// nextLarge answers the first size class from c up that has chunks, or -1.
func (s *oldSpace) nextLarge(c int) int {
	for i := c / 64; i < len(s.largeUsed); i++ {
		w := s.largeUsed[i]
		if i == c/64 {
			w &^= 1<<(c%64) - 1
		}
		if w != 0 {
			return i*64 + bits.TrailingZeros64(w)
		}
	}
	return -1
}

func (s *oldSpace) lastLarge() int {
	for i := len(s.largeUsed) - 1; i >= 0; i-- {
		if w := s.largeUsed[i]; w != 0 {
			return i*64 + bits.Len64(w) - 1
		}
	}
	return -1
}

// writeChunk makes a stretch of memory a free chunk. The address answered is its start again.
func writeChunk(at, size uint64) {
	slots := size/Word - 1
	if slots >= OverflowSlots {
		// The overflow word, then the header, which points at it even for 254 slots.
		StoreWord(at, OverflowSlots<<SlotsShift|(slots-1))
		StoreWord(at+Word, uint64(MakeHeader(OverflowSlots, FmtWords64, ClassFree)))
		return
	}
	StoreWord(at, uint64(MakeHeader(slots, FmtWords64, ClassFree)))
}

// chunkSize answers the bytes of the free chunk at an address.
func chunkSize(at uint64) uint64 {
	w := Load(at)
	n := w >> SlotsShift
	if n == OverflowSlots {
		return (w&(1<<56-1) + 2) * Word
	}
	return (max(n, 1) + 1) * Word
}

// link answers where the free chunk at an address holds the next one of its list.
func link(at uint64) uint64 {
	if Load(at)>>SlotsShift == OverflowSlots {
		return at + 2*Word
	}
	return at + Word
}

// release makes a stretch of memory free.
func (s *oldSpace) release(at, size uint64) {
	writeChunk(at, size)
	s.freeBytes += size
	if size <= maxSmall {
		StoreWord(link(at), s.small[size/Word])
		s.small[size/Word] = at
		return
	}
	c := largeClass(size)
	StoreWord(link(at), s.large[c])
	s.large[c] = at
	s.largeUsed[c/64] |= 1 << (c % 64)
}

// forget empties the lists and the bump area.
func (s *oldSpace) forget() {
	clear(s.small[:])
	clear(s.large[:])
	clear(s.largeUsed[:])
	s.bump, s.bumpEnd, s.freeBytes = 0, 0, 0
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
