package image

import (
	"encoding/binary"
	"io"
	"sort"

	"github.com/sista-vm/sista/heap"
)

const (
	wordSize = heap.Word
	pageSize = 4096
	// maxSegments bounds what a file can make the reader keep in mind.
	maxSegments = 1 << 16
)

// segment is a stretch of heap in the file. Segments follow each other in the
// file without gaps, each with a bridge in its last 16 bytes:
//
//	+---------------------------------------+
//	| objects                               |
//	+-------------------+-------------------+
//	| bridge: bytes to  | size of the next  |
//	| the next segment  | segment, 0: none  |
//	+-------------------+-------------------+
//
// The distance to the next segment in the address space is what an overflow word
// in the bridge tells in slots; any other bridge means no distance.
type segment struct {
	old, size uint64 // as saved; the bridge is part of the size
	file      int64  // offset in the file
	addr      uint64 // where the objects are in memory
	bit       uint64 // number of the first word in the bitmap of object starts
}

// bodySize answers the bytes without the bridge.
func (s *segment) bodySize() uint64 { return s.size - heap.BridgeSize }

// end answers the address after the last object in memory.
func (s *segment) end() uint64 { return s.addr + s.bodySize() }

// readSegments follows the bridges from segment to segment.
func readSegments(r io.ReaderAt, h *Header) ([]segment, error) {
	at := h.Start + int64(h.Size)
	left := h.DataSize
	old, size := h.Base, h.FirstSegment
	where := h.Start + 72
	if size == 0 {
		size = left
	}
	var all []segment
	for size != 0 {
		if size%wordSize != 0 || size < heap.BridgeSize+2*wordSize || size > left {
			return nil, problem(where, "a segment of %d bytes, with %d bytes of data left", size, left)
		}
		if old+size < old {
			return nil, problem(where, "a segment of %d bytes at address %#x", size, old)
		}
		if len(all) == maxSegments {
			return nil, problem(where, "more than %d segments", maxSegments)
		}
		all = append(all, segment{old: old, size: size, file: at})
		var bridge [heap.BridgeSize]byte
		where = at + int64(size) - heap.BridgeSize
		if err := readAt(r, bridge[:], where); err != nil {
			return nil, err
		}
		span := uint64(0)
		if w := binary.LittleEndian.Uint64(bridge[:]); w>>heap.SlotsShift != 0 {
			if span = w & (1<<56 - 1); span >= 1<<52 {
				return nil, problem(where, "a bridge over %#x words", span)
			}
			span *= wordSize
		}
		if heap.Header(binary.LittleEndian.Uint64(bridge[:])).ClassIndex() != heap.ClassBridge && span == 0 {
			return nil, problem(where, "no bridge at the end of the segment")
		}
		at += int64(size)
		left -= size
		old += size + span
		size = binary.LittleEndian.Uint64(bridge[8:])
		where += 8
	}
	return all, nil
}

// memory is the segments of an image where they are in memory now.
type memory struct {
	segments []segment
	last     int      // the segment that was looked up last
	starts   []uint64 // a bit for each word of memory where an object starts; nil: not known
}

// at answers the segment that an address in memory is in, nil if there is none.
func (m *memory) at(addr uint64) *segment {
	i := sort.Search(len(m.segments), func(i int) bool { return m.segments[i].end() > addr })
	if i == len(m.segments) || addr < m.segments[i].addr {
		return nil
	}
	return &m.segments[i]
}

// offset answers the offset in the file of an address in memory.
func (m *memory) offset(addr uint64) int64 {
	if s := m.at(addr); s != nil {
		return s.file + int64(addr-s.addr)
	}
	return -1
}

// translate answers where the object with a saved address is now.
func (m *memory) translate(old uint64) (heap.Oop, bool) {
	s := &m.segments[m.last]
	if old < s.old || old >= s.old+s.bodySize() {
		i := sort.Search(len(m.segments), func(i int) bool { return m.segments[i].old+m.segments[i].bodySize() > old })
		if i == len(m.segments) || old < m.segments[i].old {
			return heap.Invalid, false
		}
		s, m.last = &m.segments[i], i
	}
	rel := old - s.old
	if rel%wordSize != 0 {
		return heap.Invalid, false
	}
	if m.starts != nil {
		if bit := s.bit + rel/wordSize; m.starts[bit/64]>>(bit%64)&1 == 0 {
			return heap.Invalid, false
		}
	}
	return heap.Oop(s.addr + rel), true
}

// prepareStarts makes the bitmap of object starts, empty.
func (m *memory) prepareStarts() {
	bits := uint64(0)
	for i := range m.segments {
		m.segments[i].bit = bits
		bits += m.segments[i].size / wordSize
	}
	m.starts = make([]uint64, (bits+63)/64)
}

func (m *memory) markStart(s *segment, o heap.Oop) {
	bit := s.bit + (uint64(o)-s.addr)/wordSize
	m.starts[bit/64] |= 1 << (bit % 64)
}
