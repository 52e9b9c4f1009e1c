package bustest

import (
	"bytes"
	"math/bits"
	"sync/atomic"
	"unsafe"
)

// Back is the back half's side of a ring; package xenbus draws its page.
type Back struct {
	page, entrySize uint64
	size            uint32
	taken, put      uint32 // requests, answers
}

// NewBack answers the other side of a ring in a page.
func NewBack(page, entrySize uint64) *Back {
	return &Back{page: page, entrySize: entrySize, size: 1 << (bits.Len64((4096-64)/entrySize) - 1)}
}

func (b *Back) word(at uint64) *uint32 {
	return (*uint32)(unsafe.Add(nil, uintptr(b.page+at)))
}

func (b *Back) entry(i uint32) []byte {
	return At(b.page+64+uint64(i%b.size)*b.entrySize, b.entrySize)
}

// Request answers a copy of the next request; nil if there is none: then the guest is asked to tell of the next one.
func (b *Back) Request() []byte {
	atomic.StoreUint32(b.word(4), b.taken+1)
	if atomic.LoadUint32(b.word(0)) == b.taken {
		return nil
	}
	b.taken++
	return bytes.Clone(b.entry(b.taken - 1))
}

// Answer puts an answer, which fill makes of zeros, and tells whether the guest wants an event.
func (b *Back) Answer(fill func(entry []byte)) (event bool) {
	e := b.entry(b.put)
	clear(e)
	fill(e)
	b.put++
	atomic.StoreUint32(b.word(8), b.put)
	return atomic.LoadUint32(b.word(12)) == b.put
}
