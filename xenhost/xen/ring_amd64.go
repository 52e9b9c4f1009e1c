package xen

import (
	"sync/atomic"
	"unsafe"
)

// Ring is a page with two streams of bytes and their indices, which run on and are masked:
//
//	console    0 in [1024]  1024 out [2048]  3072 in: taken, put   3080 out: taken, put
//	xenstore   0 out [1024] 1024 in [1024]   2048 out: taken, put  2056 in: taken, put
type Ring struct {
	page            uint64
	Port            uint32
	in, out         uint64 // offsets of the bytes
	inSize, outSize uint32
	inIndex         uint64 // offsets of the indices: taken, and put 4 bytes on
	outIndex        uint64
}

// OpenConsole answers the console's ring; ok is false if there is none. Physical memory appears at base.
func OpenConsole(base uint64) (r Ring, ok bool) {
	return open(base, paramConsoleFrame, paramConsolePort, Ring{in: 0, inSize: 1024, out: 1024, outSize: 2048, inIndex: 3072, outIndex: 3080})
}

// OpenStore answers xenstore's ring.
func OpenStore(base uint64) (r Ring, ok bool) {
	return open(base, paramStoreFrame, paramStorePort, Ring{out: 0, outSize: 1024, in: 1024, inSize: 1024, outIndex: 2048, inIndex: 2056})
}

func open(base uint64, frame, port uint32, r Ring) (Ring, bool) {
	f, ok := param(frame)
	if !ok || f == 0 {
		return Ring{}, false
	}
	p, ok := param(port)
	if !ok || p == 0 {
		return Ring{}, false
	}
	r.page, r.Port = base+f<<12, uint32(p)
	return r, true
}

func (r *Ring) index(offset uint64) *uint32 {
	return (*uint32)(unsafe.Add(nil, uintptr(r.page+offset)))
}

// Open tells whether there is a ring.
func (r *Ring) Open() bool { return r.page != 0 }

// Put puts what fits into the ring and answers how much. The other side has to be notified.
func (r *Ring) Put(p []byte) int {
	taken, put := atomic.LoadUint32(r.index(r.outIndex)), *r.index(r.outIndex + 4)
	used := put - taken
	if used > r.outSize {
		used = r.outSize // the other side has made a mistake
	}
	n := min(len(p), int(r.outSize-used))
	for i := range n {
		*(*byte)(unsafe.Add(nil, uintptr(r.page+r.out+uint64((put+uint32(i))%r.outSize)))) = p[i]
	}
	atomic.StoreUint32(r.index(r.outIndex+4), put+uint32(n))
	return n
}

// Take takes what is there, and fits, and answers how much. The other side has to be notified if it
// was more than 0.
func (r *Ring) Take(p []byte) int {
	taken := *r.index(r.inIndex)
	n := min(len(p), r.Ready())
	for i := range n {
		p[i] = *(*byte)(unsafe.Add(nil, uintptr(r.page+r.in+uint64((taken+uint32(i))%r.inSize))))
	}
	atomic.StoreUint32(r.index(r.inIndex), taken+uint32(n))
	return n
}

// Ready answers how many bytes there are to take.
func (r *Ring) Ready() int {
	return int(min(atomic.LoadUint32(r.index(r.inIndex+4))-*r.index(r.inIndex), r.inSize))
}

// Drained tells whether the other side has taken everything.
func (r *Ring) Drained() bool {
	return atomic.LoadUint32(r.index(r.outIndex)) == *r.index(r.outIndex + 4)
}
