package heap

import (
	"fmt"

	"github.com/sista-vm/sista/host"
)

// youngSpace is new space: two survivor areas and eden above them.
//
//	+----------------+----------------+------------------------+---------+
//	| survivor       | survivor       | eden                   | reserve |
//	+----------------+----------------+------------------------+---------+
//	                                  ^ edenStart   soft limit ^         ^ edenEnd
//
// A survivor area has a nominal size, beyond which survivors are tenured, and
// address space for all of eden: when old space has no room, a scavenge keeps
// everything young and still cannot fail.
type youngSpace struct {
	start              uint64
	survivor           [2]uint64 // starts of the survivor areas
	past               int       // which of them holds objects
	pastEnd            uint64    // end of the objects in it
	nominal            uint64    // bytes after which survivors are tenured
	capacity           uint64    // bytes committed in each survivor area
	edenStart, edenEnd uint64
	edenBytes, reserve uint64
	tenureBelow        uint64 // objects of the past survivor area below are old enough
	survivorArea       uint64 // address space of a survivor area
	liveBound          uint64 // bytes that live at most, known after a full collection
	liveBoundFree      uint64 // EdenFree at that time
}

const defaultReserve = 64 << 10

// layOutNewSpace commits an eden of the given size with its survivors.
func (h *Heap) layOutNewSpace(eden uint64) error {
	y := &h.young
	page := h.mem.PageSize()
	y.start = h.base + h.lay.new
	y.survivorArea = h.lay.newBytes / 4
	eden = min(roundUp(eden, page), y.survivorArea/2)
	y.survivor = [2]uint64{y.start, y.start + y.survivorArea}
	y.edenStart = y.start + 2*y.survivorArea
	y.edenBytes = eden
	y.nominal = roundUp(eden/5, page)
	y.tenureBelow = 0
	y.past, y.pastEnd = 0, y.survivor[0]
	return h.sizeReserve(defaultReserve)
}

// sizeReserve commits eden with a reserve of the given size, and survivor areas
// that can take all of both. New space has to be empty, or the reserve to grow.
func (h *Heap) sizeReserve(reserve uint64) error {
	y := &h.young
	page := h.mem.PageSize()
	reserve = roundUp(reserve, page)
	capacity := y.edenBytes + reserve + y.nominal
	if capacity > y.survivorArea {
		return fmt.Errorf("heap: a reserve of %d bytes does not fit new space", reserve)
	}
	if capacity > y.capacity {
		for _, a := range [][2]uint64{
			{y.survivor[0], capacity}, {y.survivor[1], capacity}, {y.edenStart, y.edenBytes + reserve},
		} {
			if err := h.mem.Commit(a[0], a[1]); err != nil {
				return fmt.Errorf("heap: new space: %w", err)
			}
			if err := h.commitSide(a[0], a[1]); err != nil {
				return err
			}
		}
		y.capacity = capacity
	}
	y.reserve = reserve
	y.edenEnd = y.edenStart + y.edenBytes + reserve
	if h.EdenFree == 0 {
		h.EdenFree = y.edenStart
	}
	h.setEdenLimit()
	return nil
}

// SetReserve sizes the part of eden that allocation may use while a collection
// is due: room for a context for every activation, and for whatever else must
// not fail between two safepoints. It never shrinks.
func (h *Heap) SetReserve(bytes uint64) error {
	if bytes <= h.young.reserve {
		return nil
	}
	return h.sizeReserve(bytes)
}

// Supply answers what has memory supplied for eden, and for the survivors of the first scavenges, before they are
// touched: the first iteration of a program is then as fast as the later ones. It may be called on another goroutine,
// and ends before the heap is closed.
func (h *Heap) Supply() func() {
	s, ok := h.mem.(host.Supplier)
	if !ok {
		return func() {}
	}
	y := &h.young
	areas, eden, bytes, survivors := y.survivor, y.edenStart, y.edenBytes, y.nominal/4&^(h.mem.PageSize()-1)
	return func() {
		for _, area := range areas {
			if survivors > 0 {
				s.Supply(area, survivors)
			}
		}
		s.Supply(eden, bytes)
	}
}

// setEdenLimit puts the limit of inline allocation where it belongs.
func (h *Heap) setEdenLimit() {
	if h.stress {
		h.EdenLimit = h.young.edenStart
		return
	}
	h.EdenLimit = h.young.edenStart + h.young.edenBytes
}

// SetStressGC makes every allocation ask for a collection at the next safepoint.
func (h *Heap) SetStressGC(on bool) {
	h.stress = on
	h.setEdenLimit()
}

// StressGC tells whether every allocation asks for a collection.
func (h *Heap) StressGC() bool { return h.stress }

// IsYoung tells whether o is an object in new space.
func (h *Heap) IsYoung(o Oop) bool { return o.IsObject() && o < h.OldStart }

// EdenLeft answers how much can be allocated in eden before a collection is due.
func (h *Heap) EdenLeft() uint64 { return h.EdenLimit - min(h.EdenFree, h.EdenLimit) }

// EdenBytes answers the size of eden.
func (h *Heap) EdenBytes() uint64 { return h.young.edenBytes }

// NewSpaceBytes answers the nominal size of new space.
func (h *Heap) NewSpaceBytes() uint64 {
	return h.young.edenBytes + h.young.reserve + 2*h.young.nominal
}

func roundUp(n, to uint64) uint64 { return (n + to - 1) / to * to }
