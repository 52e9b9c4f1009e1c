package heap

import (
	"fmt"
	"math/bits"
)

// The mark bitmap lies at the end of the window, outside the objects, so that
// marking writes no page of a mapped image. It has a bit for every word of the
// window; marking an object sets the bits of all its words, headers included.
// Beside it is a table with a word for every 64 bits, a block of 512 bytes, which
// compaction uses to say where the live words of the block go:
//
//	new address = offset of the block + 8 * (set bits before it in the block)
//
// so that the new address of any object takes one table look-up and one
// population count. An offset of 0 stands for a block whose objects stay.

const (
	blockShift = 9 // log2 of the bytes of a block
	blockBytes = 1 << blockShift
)

// sideTables is where bitmap and offsets are.
type sideTables struct {
	origin  uint64 // address of the first word that has a bit
	marks   uint64 // address of the bitmap
	offsets uint64 // address of the table of offsets
}

func (h *Heap) layOutSide() {
	h.side = sideTables{
		origin:  h.base,
		marks:   h.base + h.lay.side,
		offsets: h.base + h.lay.side + h.lay.markBytes,
	}
}

// commitSide makes bitmap and offsets usable for a stretch of the window. Nothing there is marked.
func (h *Heap) commitSide(start, size uint64) error {
	page := h.mem.PageSize()
	for _, table := range [2]uint64{h.side.marks, h.side.offsets} {
		from := table + (start-h.side.origin)>>6
		to := table + (start+size-h.side.origin+63)>>6
		from = from / page * page
		if err := h.mem.Commit(from, roundUp(to, page)-from); err != nil {
			return fmt.Errorf("heap: mark bitmap: %w", err)
		}
	}
	return nil
}

// clearSide unmarks a stretch of the window.
func (t *sideTables) clearSide(table, start, end uint64) {
	if start == end {
		return
	}
	from := (start - t.origin) >> blockShift
	to := (end-1-t.origin)>>blockShift + 1
	clear(wordsAt(table+from*Word, to-from))
}

// clearMarks unmarks everything.
func (h *Heap) clearMarks() {
	for _, s := range h.old.segments {
		h.side.clearSide(h.side.marks, s.Start, s.End())
	}
	y := &h.young
	h.side.clearSide(h.side.marks, y.survivor[y.past], y.pastEnd)
	h.side.clearSide(h.side.marks, y.edenStart, h.EdenFree)
}

// isMarked tells whether the word at an address is part of a marked object.
func (t *sideTables) isMarked(addr uint64) bool {
	i := (addr - t.origin) / Word
	return Load(t.marks+i/64*Word)>>(i%64)&1 != 0
}

// mark sets the bits of n words from an address on.
func (t *sideTables) mark(addr, n uint64) {
	i := (addr - t.origin) / Word
	w := t.marks + i/64*Word
	i %= 64
	if i+n <= 64 {
		StoreWord(w, Load(w)|(1<<n-1)<<i) // n is 64 at most: the shift gives 0, less 1
		return
	}
	StoreWord(w, Load(w)|^uint64(0)<<i)
	for n -= 64 - i; n >= 64; n -= 64 {
		w += Word
		StoreWord(w, ^uint64(0))
	}
	if n > 0 {
		w += Word
		StoreWord(w, Load(w)|(1<<n-1))
	}
}

// nextMarked answers the address of the first marked word in a range, or its end.
func (t *sideTables) nextMarked(addr, end uint64) uint64 {
	if addr >= end {
		return end
	}
	i := (addr - t.origin) / Word
	w := t.marks + i/64*Word
	last := t.marks + (end-1-t.origin)/Word/64*Word
	m := Load(w) >> (i % 64) << (i % 64)
	for m == 0 {
		if w += Word; w > last {
			return end
		}
		m = Load(w)
	}
	return min(end, t.origin+(w-t.marks)/Word*blockBytes+uint64(bits.TrailingZeros64(m))*Word)
}

// moved answers the new address of a marked object.
func (t *sideTables) moved(addr uint64) uint64 {
	i := (addr - t.origin) / Word
	off := Load(t.offsets + i/64*Word)
	if off == 0 {
		return addr
	}
	return off + Word*uint64(bits.OnesCount64(Load(t.marks+i/64*Word)&(1<<(i%64)-1)))
}

// setMove says where the objects of the block around an object go, by where that one goes.
func (t *sideTables) setMove(addr, to uint64) {
	i := (addr - t.origin) / Word
	before := uint64(bits.OnesCount64(Load(t.marks+i/64*Word) & (1<<(i%64) - 1)))
	StoreWord(t.offsets+i/64*Word, to-before*Word)
}

// setStay says that the objects of the block around an address stay.
func (t *sideTables) setStay(addr uint64) {
	StoreWord(t.offsets+(addr-t.origin)/Word/64*Word, 0)
}
