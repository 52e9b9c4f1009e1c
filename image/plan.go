package image

import (
	"github.com/sista-vm/sista/heap"
)

// plan is what a file will hold, and where. Segments of the heap that follow each
// other without a gap become one segment of the file, unless there is much free at
// the end of one; what is free at the end is left out, but for what fills a page:
//
//	+--------+-----+--------+-----------------+--------+
//	| objects, chunks, ...  | filling: chunks | bridge |
//	+--------+-----+--------+-----------------+--------+
//	^ a page of the file    ^ end of the last          ^ end of a page
//	                          object
//
// The mourn queue, which the heap keeps for itself, is written as pages of its own
// behind the last object of the last segment.
type plan struct {
	heap     *heap.Heap
	segments []outSegment
	mourners []heap.Oop
	free     uint64 // bytes of chunks
}

type outSegment struct {
	parts []heap.Segment // of the heap
	end   uint64         // of the last object, or of the mourn queue, at heap addresses
	last  uint64         // end of the last object
	free  uint64         // bytes of chunks before it
	size  uint64         // in the file
}

func (s *outSegment) start() uint64 { return s.parts[0].Start }

// joinFree is how much free memory may end a segment that another one continues.
const joinFree = 64 << 10

// joins tells whether a segment of the heap continues this one.
func (s *outSegment) joins(next heap.Segment) bool {
	end := s.parts[len(s.parts)-1].End()
	return next.Start == end && end-s.last <= joinFree
}

// home answers the address in window 0 of an address in the heap.
func (p *plan) home(addr uint64) uint64 { return homeOf(p.heap, addr) }

// newPlan looks over old space: it finds the ends of the segments, forgets what is
// noted about external primitives, and makes sure that the heap can be saved.
func newPlan(h *heap.Heap) (*plan, error) {
	p := &plan{heap: h, mourners: h.Mourners()}
	chunks := uint64(0) // bytes of them since the last object
	h.FirstObject()     // writes the header of the free memory that is being allocated from
	for _, s := range h.Segments() {
		n := len(p.segments)
		if n == 0 || !p.segments[n-1].joins(s) {
			p.segments = append(p.segments, outSegment{})
			n++
		}
		out := &p.segments[n-1]
		out.parts = append(out.parts, s)
		if len(out.parts) > 1 {
			chunks += heap.BridgeSize // a chunk takes the place of the bridge before
		} else {
			chunks = 0
		}
		for at := s.Start; at < s.End()-heap.BridgeSize; {
			o := objectStarting(at)
			end := endOf(o)
			if o.Header().ClassIndex() == heap.ClassFree {
				chunks += end - at
			} else {
				out.last = end
				out.free, chunks = out.free+chunks, 0
				forgetExternalIndex(o)
			}
			at = end
		}
	}
	if err := p.checkStart(); err != nil {
		return nil, err
	}
	p.layOut()
	return p, nil
}

// checkStart checks that the heap begins as every image has to.
func (p *plan) checkStart() error {
	h := p.heap
	if h.Nil == heap.Invalid || len(p.segments) == 0 {
		return problem(-1, "the heap is empty")
	}
	at := p.segments[0].start()
	for _, want := range []struct {
		o    heap.Oop
		name string
	}{{h.Nil, "nil"}, {h.False, "false"}, {h.True, "true"}, {h.FreeLists, "the array of free lists"}, {h.HiddenRoots, "the array of hidden roots"}} {
		o := objectStarting(at)
		if o != want.o {
			return problem(-1, "%s is not at %#x, where it belongs in an image", want.name, at)
		}
		at = endOf(o)
	}
	if h.Specials < h.OldStart {
		return problem(-1, "the heap has no special objects in old space")
	}
	return nil
}

// layOut leaves out segments without objects and fixes the sizes of the others.
func (p *plan) layOut() {
	kept := p.segments[:0]
	for _, s := range p.segments {
		if s.last != 0 {
			s.end = s.last
			kept = append(kept, s)
		}
	}
	p.segments = kept
	last := &p.segments[len(p.segments)-1]
	last.end += uint64(p.stackPages()) * stackPageBytes
	for i := range p.segments {
		s := &p.segments[i]
		fill := pageSize - (s.end-s.start()+heap.BridgeSize)%pageSize
		if fill == pageSize {
			fill = 0
		}
		if fill == wordSize { // no chunk is so small
			fill += pageSize
		}
		s.size = s.end - s.start() + fill + heap.BridgeSize
		p.free += s.free + fill
	}
}

// stackPageBytes is what a page of the mourn queue takes, its overflow word included.
const stackPageBytes = (stackSlots + 2) * wordSize

func (p *plan) stackPages() int { return (len(p.mourners) + stackRoom - 1) / stackRoom }

// dataSize answers the bytes of all segments in the file.
func (p *plan) dataSize() (n uint64) {
	for _, s := range p.segments {
		n += s.size
	}
	return n
}

// header completes a header for the plan, of whose data the sum is known.
func (p *plan) header(hd Header, dataSum uint64) Header {
	if hd.Format != FormatMultiple {
		hd.Format = Format
	}
	hd.Start = 0
	hd.Size = pageSize // so that data begins on a page of its own
	hd.DataSize = p.dataSize()
	hd.Base = p.home(p.segments[0].start())
	hd.SpecialObjects = p.home(uint64(p.heap.Specials))
	hd.LastHash = p.heap.LastHash
	hd.Flags |= FlagLittleEndianFloats
	hd.FirstSegment = p.segments[0].size
	hd.FreeBytes = p.free
	hd.setMark(len(p.segments), dataSum)
	return hd
}

// objectStarting answers the object, or chunk, whose first word is at an address.
func objectStarting(at uint64) heap.Oop {
	if heap.Load(at)>>heap.SlotsShift == heap.OverflowSlots {
		return heap.Oop(at + wordSize)
	}
	return heap.Oop(at)
}

// endOf answers the address behind an object.
func endOf(o heap.Oop) uint64 {
	return uint64(o) + wordSize + uint64(max(o.NumSlots(), 1))*wordSize
}
