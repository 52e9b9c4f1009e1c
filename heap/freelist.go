package heap

import "math/bits"

// freeLists is the free memory of old space, of two kinds. Chunks on the lists are
// pseudo objects of class index 0, linked by their first slot: those up to maxSmall
// bytes in a list for their exact size, larger ones in a list for their size
// class, an eighth of a power of two wide. The bump area is one large chunk taken
// off the lists, whose header is written only when somebody wants to walk the heap.
type freeLists struct {
	bump, bumpEnd uint64

	small [maxSmall/Word + 1]uint64
	large [largeClasses]uint64
	// largeUsed has a bit for every size class with a chunk in it.
	largeUsed [(largeClasses + 63) / 64]uint64

	freeBytes uint64 // on lists and in the bump area
}

const (
	minChunk     = 2 * Word
	maxSmall     = 512
	largeClasses = 8 * 33
	// refillMin is the least size of a chunk worth becoming the bump area.
	refillMin = 64 << 10
)

// largeClass answers the size class of a chunk above maxSmall bytes.
func largeClass(size uint64) int {
	p := bits.Len64(size) - 1
	c := (p-9)*8 + int(size>>(p-3)&7)
	return min(c, largeClasses-1)
}

// take finds size bytes without growing.
func (s *freeLists) take(size uint64) uint64 {
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

func (s *freeLists) takeBump(size uint64) uint64 {
	at := s.bump
	if rest := s.bumpEnd - at; size == rest || size+minChunk <= rest {
		s.bump += size
		s.freeBytes -= size
		return at
	}
	return 0
}

// split gives the rest of a chunk back that is no longer counted as free.
func (s *freeLists) split(at, got, size uint64) uint64 {
	if got > size {
		s.release(at+size, got-size)
	}
	return at
}

// refill puts the largest free chunk into the bump area, if it is worth it.
func (s *freeLists) refill() bool {
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
func (s *freeLists) retireBump() {
	if rest := s.bumpEnd - s.bump; rest != 0 {
		s.freeBytes -= rest
		s.release(s.bump, rest)
	}
	s.bump, s.bumpEnd = 0, 0
}

// seal makes old space walkable: the bump area gets the header of a free chunk.
func (s *freeLists) seal() {
	if rest := s.bumpEnd - s.bump; rest != 0 {
		writeChunk(s.bump, rest)
	}
}

// takeLarge takes a chunk that holds size bytes exactly or leaves a chunk over.
// Its bytes no longer count as free.
func (s *freeLists) takeLarge(size uint64) (at, got uint64) {
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

func (s *freeLists) popLarge(c int) uint64 {
	at := s.large[c]
	s.unlink(c, 0, at)
	return at
}

func (s *freeLists) unlink(c int, prev, at uint64) {
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
func (s *freeLists) nextLarge(c int) int {
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

func (s *freeLists) lastLarge() int {
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
func (s *freeLists) release(at, size uint64) {
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
func (s *freeLists) forget() {
	clear(s.small[:])
	clear(s.large[:])
	clear(s.largeUsed[:])
	s.bump, s.bumpEnd, s.freeBytes = 0, 0, 0
}
