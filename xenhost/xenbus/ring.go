package xenbus

import (
	"math/bits"
	"sync/atomic"
	"unsafe"
)

// Ring is our side of a page (io/ring.h): requests and answers have the same places, one after the other.
//
//	0   requests put (4)   4  tell the back half from this one on (4)
//	8   answers put (4)   12  tell us from this one on (4)
//	64  entries, as many as a power of 2 allows
type Ring struct {
	page      uint64
	entrySize uint64
	size      uint32
	put       uint32 // requests that we have put
	shown     uint32 // requests that the back half knows of
	taken     uint32 // answers that we have taken
}

const (
	ringEntries = 64

	requestsPut  = 0
	requestEvent = 4
	answersPut   = 8
	answerEvent  = 12
)

// NewRing answers the ring in a page that is zeroed. An entry has the size of the larger of requests and answers.
func NewRing(page, entrySize uint64) *Ring {
	n := (PageSize - ringEntries) / entrySize
	r := &Ring{page: page, entrySize: entrySize, size: 1 << (bits.Len64(n) - 1)}
	r.store(requestEvent, 1)
	r.store(answerEvent, 1)
	return r
}

func word(addr uint64) *uint32 { return (*uint32)(unsafe.Add(nil, uintptr(addr))) }

func (r *Ring) load(at uint64) uint32     { return atomic.LoadUint32(word(r.page + at)) }
func (r *Ring) store(at uint64, v uint32) { atomic.StoreUint32(word(r.page+at), v) }

// Room tells how many requests may be put.
func (r *Ring) Room() uint32 { return r.size - (r.put - r.taken) }

// Next answers the bytes of the next request to put, which is there after it, and Push.
func (r *Ring) Next() []byte {
	r.put++
	return r.entry(r.put - 1)
}

// entry answers the bytes of entry i, which runs on.
func (r *Ring) entry(i uint32) []byte {
	at := r.page + ringEntries + uint64(i&(r.size-1))*r.entrySize
	return unsafe.Slice((*byte)(unsafe.Add(nil, uintptr(at))), r.entrySize)
}

// Push shows the back half the requests up to put, and tells whether it wants to be notified.
func (r *Ring) Push() bool {
	was := r.shown
	r.shown = r.put
	r.store(requestsPut, r.put) // a full barrier: the other side's wish is read after that
	return r.put-r.load(requestEvent) < r.put-was
}

// Answer answers the next one; nil if there is none.
func (r *Ring) Answer() ([]byte, error) {
	ahead := r.load(answersPut) - r.taken
	if ahead == 0 {
		return nil, nil
	}
	if ahead > r.put-r.taken {
		return nil, ErrBroken
	}
	e := r.entry(r.taken)
	r.taken++
	return e, nil
}

// Sleep asks to be told of the next answer. False: it is there already.
func (r *Ring) Sleep() bool {
	r.store(answerEvent, r.taken+1)
	return r.load(answersPut) == r.taken
}
