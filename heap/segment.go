package heap

import (
	"fmt"
	"slices"

	"github.com/sista-vm/sista/host"
)

// Segment is a stretch of old space: objects and free chunks without gaps, and
// a bridge in its last 16 bytes, so that a walk needs nothing but its start.
type Segment struct {
	Start, Size uint64
	// Mapped tells a segment that is a private mapping of a file. It is swept but
	// not compacted, so that its pages stay those of the file.
	Mapped bool
}

// BridgeSize is the size of the bridge that ends a segment.
const BridgeSize = 16

// Bridge is the header of a bridge without extent: pinned, 64-bit units, no slots.
const Bridge = Header(PinnedBit | uint64(FmtWords64)<<FormatShift | ClassBridge)

// End answers the address after the segment.
func (s Segment) End() uint64 { return s.Start + s.Size }

// limit answers the address of the bridge.
func (s Segment) limit() uint64 { return s.Start + s.Size - BridgeSize }

func writeBridge(s Segment) {
	StoreWord(s.limit(), uint64(Bridge))
	StoreWord(s.limit()+Word, 0)
}

// Segments answers the segments of old space in address order, in a state that can be walked.
func (h *Heap) Segments() []Segment {
	h.old.seal()
	return slices.Clone(h.old.segments)
}

// OldEnd answers the end of the address space for old space.
func (h *Heap) OldEnd() uint64 { return h.base + h.lay.side }

// AddSegment commits memory for a segment whose contents the caller then
// provides: objects without gaps up to the last 16 bytes, where a bridge stands
// already. At addr 0 the heap chooses the place. Free chunks among the
// contents are found by the next full collection.
func (h *Heap) AddSegment(addr, size uint64) (Segment, error) {
	s, err := h.placeSegment(addr, size)
	if err != nil {
		return Segment{}, err
	}
	if err := h.mem.Commit(s.Start, roundUp(s.Size, h.mem.PageSize())); err != nil {
		return Segment{}, fmt.Errorf("heap: segment: %w", err)
	}
	writeBridge(s)
	return s, h.old.insert(s)
}

// MapSegment maps a part of a file as a segment, which must end in a bridge.
func (h *Heap) MapSegment(f host.MappableFile, offset int64, addr, size uint64) (Segment, error) {
	s, err := h.placeSegment(addr, size)
	if err != nil {
		return Segment{}, err
	}
	s.Mapped = true
	if err := h.mem.MapFile(f, offset, s.Start, roundUp(size, h.mem.PageSize())); err != nil {
		return Segment{}, fmt.Errorf("heap: segment: %w", err)
	}
	return s, h.old.insert(s)
}

// placeSegment checks or chooses the place of a segment.
func (h *Heap) placeSegment(addr, size uint64) (Segment, error) {
	page := h.mem.PageSize()
	if size < BridgeSize+2*Word || size%Word != 0 || addr%page != 0 {
		return Segment{}, fmt.Errorf("heap: a segment of %#x bytes at %#x cannot be", size, addr)
	}
	if addr == 0 {
		if addr = h.old.findRoom(size); addr == 0 {
			return Segment{}, fmt.Errorf("heap: no room for a segment of %d bytes", size)
		}
	}
	if addr < uint64(h.OldStart) || addr+size > h.OldEnd() || addr+size < addr || !h.old.isFree(addr, size) {
		return Segment{}, fmt.Errorf("heap: a segment of %#x bytes at %#x is outside old space or in the way of another", size, addr)
	}
	return Segment{Start: addr, Size: size}, nil
}
