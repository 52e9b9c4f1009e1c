package mem

import (
	"math/bits"
	"unsafe"
)

// Sizes of pages.
const (
	PageSize = 4096
	HugeSize = 2 << 20
	// hugeOrder is the order of a huge page: a block of order n is 2^n frames.
	hugeOrder = 9
	orders    = hugeOrder + 1
)

const maxRegions = 32

// Frames knows which frames of physical memory are free: a buddy system. A region of
// memory starts with one byte of state for each of its frames:
//
//	0        used, or not the first of its block
//	0x80|n   the first frame of a free block of order n
//
// Free blocks of an order are linked through their first words (next, previous). Memory is
// taken from the regions block by block, as it is needed: a big guest starts as quickly as a
// small one. State of frames beyond fresh means nothing yet.
type Frames struct {
	Base uint64 // where physical address 0 appears

	regions [maxRegions]region
	count   int
	first   int // regions before are used up
	lists   [orders]uint64
	total   uint64 // frames there are, and of these the free ones
	free    uint64
}

type region struct {
	lo, hi uint64 // physical addresses of the frames handed out
	fresh  uint64 // frames from here on were never handed out
	state  uint64 // address of the state of frame lo
}

const freeBlock = 0x80

func load(addr uint64) uint64        { return *(*uint64)(unsafe.Add(nil, uintptr(addr))) }
func store(addr, v uint64)           { *(*uint64)(unsafe.Add(nil, uintptr(addr))) = v }
func loadByte(addr uint64) uint8     { return *(*uint8)(unsafe.Add(nil, uintptr(addr))) }
func storeByte(addr uint64, v uint8) { *(*uint8)(unsafe.Add(nil, uintptr(addr))) = v }

// The compiler would make a known size one instruction that counts words; for a page Go's routines are faster.
//
//go:noinline
func zero(addr, n uint64) { clear(unsafe.Slice((*byte)(unsafe.Add(nil, uintptr(addr))), n)) }

//go:noinline
func copyBytes(to, from, n uint64) {
	copy(unsafe.Slice((*byte)(unsafe.Add(nil, uintptr(to))), n), unsafe.Slice((*byte)(unsafe.Add(nil, uintptr(from))), n))
}

func roundUp(n, unit uint64) uint64 { return (n + unit - 1) &^ (unit - 1) }

// Range is the bytes from Lo to before Hi.
type Range struct{ Lo, Hi uint64 }

// Add gives the memory of r to the allocator, without what overlaps one of the reserved
// ranges. Regions beyond a fixed number are left unused.
func (f *Frames) Add(r Range, reserved []Range) {
	lo, hi := roundUp(r.Lo, PageSize), r.Hi&^(PageSize-1)
	for lo < hi {
		// The reserved range that begins first at or after lo, or covers it, ends this piece.
		end, next := hi, hi
		for i := range reserved {
			rlo, rhi := reserved[i].Lo&^(PageSize-1), roundUp(reserved[i].Hi, PageSize)
			if rlo >= rhi || rhi <= lo || rlo >= end {
				continue
			}
			if rlo <= lo {
				end, next = lo, rhi
				break
			}
			end, next = rlo, rhi
		}
		f.addRegion(lo, end)
		lo = next
	}
}

func (f *Frames) addRegion(lo, hi uint64) {
	if hi < lo+2*PageSize || f.count == maxRegions {
		return
	}
	stateBytes := roundUp((hi-lo)/PageSize, PageSize)
	f.regions[f.count] = region{lo: lo + stateBytes, hi: hi, fresh: lo + stateBytes, state: f.Base + lo}
	f.count++
	n := (hi - lo - stateBytes) / PageSize
	f.total += n
	f.free += n
}

// Total and Free answer numbers of frames.
func (f *Frames) Total() uint64 { return f.total }
func (f *Frames) Free() uint64  { return f.free }

// Alloc answers the physical address of a block of 2^order frames, aligned to its size.
// Its contents are arbitrary.
func (f *Frames) Alloc(order int) (uint64, bool) {
	for {
		for o := order; o < orders; o++ {
			p := f.lists[o]
			if p == 0 {
				continue
			}
			r := f.regionOf(p)
			f.unlink(r, p, o)
			for o > order { // give the upper halves back
				o--
				f.link(r, p+PageSize<<o, o)
			}
			f.free -= 1 << order
			return p, true
		}
		if !f.refill() {
			return 0, false
		}
	}
}

// Release takes a block back.
func (f *Frames) Release(p uint64, order int) {
	r := f.regionOf(p)
	f.free += 1 << order
	for order < hugeOrder {
		buddy := p ^ PageSize<<order
		if buddy < r.lo || buddy+PageSize<<order > r.fresh || loadByte(r.stateOf(buddy)) != freeBlock|uint8(order) {
			break
		}
		f.unlink(r, buddy, order)
		p = min(p, buddy)
		order++
	}
	f.link(r, p, order)
}

// refill takes the next block that was never used.
func (f *Frames) refill() bool {
	for ; f.first < f.count; f.first++ {
		r := &f.regions[f.first]
		if r.fresh == r.hi {
			continue
		}
		order := min(hugeOrder, bits.TrailingZeros64(r.fresh/PageSize))
		for r.fresh+PageSize<<order > r.hi {
			order--
		}
		p := r.fresh
		r.fresh += PageSize << order
		for i := p; i < r.fresh; i += PageSize {
			storeByte(r.stateOf(i), 0)
		}
		f.link(r, p, order)
		return true
	}
	return false
}

func (f *Frames) regionOf(p uint64) *region {
	i := 0
	for i < f.count-1 && (p < f.regions[i].lo || p >= f.regions[i].hi) {
		i++
	}
	return &f.regions[i]
}

func (r *region) stateOf(p uint64) uint64 { return r.state + (p-r.lo)/PageSize }

func (f *Frames) link(r *region, p uint64, order int) {
	next := f.lists[order]
	store(f.Base+p, next)
	store(f.Base+p+8, 0)
	if next != 0 {
		store(f.Base+next+8, p)
	}
	f.lists[order] = p
	storeByte(r.stateOf(p), freeBlock|uint8(order))
}

func (f *Frames) unlink(r *region, p uint64, order int) {
	next, previous := load(f.Base+p), load(f.Base+p+8)
	if previous == 0 {
		f.lists[order] = next
	} else {
		store(f.Base+previous, next)
	}
	if next != 0 {
		store(f.Base+next+8, previous)
	}
	storeByte(r.stateOf(p), 0)
}
