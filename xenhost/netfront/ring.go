package netfront

import (
	"errors"
	"math/bits"
	"sync/atomic"
	"unsafe"
)

// A ring is a page (io/ring.h): requests and answers have the same places, one after the other.
//
//	0   requests put (4)   4  tell the back half from this one on (4)
//	8   answers put (4)   12  tell us from this one on (4)
//	64  entries, as many as a power of 2 allows
type ring struct {
	page      uint64
	entrySize uint64
	size      uint32
	put       uint32 // requests that we have put
	taken     uint32 // answers that we have taken
}

const (
	pageSize    = 4096
	ringEntries = 64

	requestsPut  = 0
	requestEvent = 4
	answersPut   = 8
	answerEvent  = 12
)

// errBroken says that the back half breaks the rules.
var errBroken = errors.New("netfront: the back half does what it must not do")

func newRing(page, entrySize uint64) *ring {
	n := (pageSize - ringEntries) / entrySize
	r := &ring{page: page, entrySize: entrySize, size: 1 << (bits.Len64(n) - 1)}
	r.store(requestEvent, 1)
	r.store(answerEvent, 1)
	return r
}

func word(addr uint64) *uint32 { return (*uint32)(unsafe.Add(nil, uintptr(addr))) }

func (r *ring) load(at uint64) uint32     { return atomic.LoadUint32(word(r.page + at)) }
func (r *ring) store(at uint64, v uint32) { atomic.StoreUint32(word(r.page+at), v) }

// room tells how many requests may be put.
func (r *ring) room() uint32 { return r.size - (r.put - r.taken) }

// entry answers the bytes of entry i, which runs on.
func (r *ring) entry(i uint32) []byte {
	at := r.page + ringEntries + uint64(i&(r.size-1))*r.entrySize
	return unsafe.Slice((*byte)(unsafe.Add(nil, uintptr(at))), r.entrySize)
}

// push shows the back half the requests up to put, and tells whether it wants to be notified.
func (r *ring) push() bool {
	was := r.load(requestsPut)
	r.store(requestsPut, r.put) // a full barrier: the other side's wish is read after that
	return r.put-r.load(requestEvent) < r.put-was
}

// answer answers the next one; nil if there is none.
func (r *ring) answer() ([]byte, error) {
	ahead := r.load(answersPut) - r.taken
	if ahead == 0 {
		return nil, nil
	}
	if ahead > r.put-r.taken {
		return nil, errBroken
	}
	e := r.entry(r.taken)
	r.taken++
	return e, nil
}

// sleep asks to be told of the next answer. False: it is there already.
func (r *ring) sleep() bool {
	r.store(answerEvent, r.taken+1)
	return r.load(answersPut) == r.taken
}
