package image

import "github.com/sista-vm/sista/heap"

// A Placement tells where the objects of a file lie in the heap that it was loaded into, as long
// as nothing was collected.
type Placement struct{ memory }

// AtHome tells whether all objects lie at the addresses that they have in the file.
func (p *Placement) AtHome() bool {
	for i := range p.segments {
		if p.segments[i].addr != p.segments[i].old {
			return false
		}
	}
	return true
}

// Object answers the object of an address in the file. An address is believed to be that of an
// object if it lies within the image.
func (p *Placement) Object(addr uint64) (heap.Oop, bool) { return p.translate(addr) }

// HomeOf answers the address that an object of a heap has in the file that Write would make of it,
// after the collection that has to come before; ok is false if it would be in none.
func HomeOf(h *heap.Heap, o heap.Oop) (addr uint64, ok bool) {
	if o < h.OldStart || uint64(o) >= h.OldEnd() {
		return 0, false
	}
	return homeOf(h, uint64(o)), true
}

func homeOf(h *heap.Heap, addr uint64) uint64 {
	return addr + heap.WindowBase + heap.OldStart - uint64(h.OldStart)
}
