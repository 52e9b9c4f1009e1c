package virtio

import (
	"errors"
	"sync/atomic"
	"unsafe"
)

// A queue is a split virtqueue. That of a network card has a buffer of bufferSize bytes for each of its
// descriptors, which stay joined. In memory (section 2.7; one block, in the layout that the legacy form fixes):
//
//	0            descriptors, 16 bytes each:  0 address  8 length  12 flags  14 next
//	16*n         available:  0 flags  2 index  4 ring of n numbers  ...
//	next page    used:       0 flags  2 index  4 ring of n pairs: number, length
type queue struct {
	size      uint16
	memory    uint64 // address
	physical  uint64 // the same as the device sees it
	used      uint64 // offset in memory
	buffers   uint64 // address of the first buffer
	most      uint32 // bytes that the device may say it wrote
	available uint16 // index of the next entry to be offered
	seen      uint16 // index of the next entry to be taken back
	free      []uint16
}

const (
	pageSize   = 4096
	bufferSize = 2048

	flagNext        = 1 // of a descriptor: another one follows
	flagWrite       = 2 // of a descriptor: the device writes it
	flagNoInterrupt = 1 // of the available ring
)

// errBroken says that a device breaks the rules.
var errBroken = errors.New("virtio: the device does what it must not do")

func roundUp(n, unit uint64) uint64 { return (n + unit - 1) &^ (unit - 1) }

// queueBytes answers how much memory a queue needs, and where its used ring begins.
func queueBytes(size uint16) (used, all uint64) {
	n := uint64(size)
	used = roundUp(16*n+6+2*n, pageSize)
	return used, used + roundUp(6+8*n, pageSize)
}

// newRings lays a queue without buffers out in memory, which is zeroed. An answer tells of most bytes, if not of fewer.
func newRings(m Memory, size uint16, most uint32) (*queue, error) {
	used, all := queueBytes(size)
	q := &queue{size: size, used: used, most: most}
	var err error
	q.memory, q.physical, err = m.Allocate(all)
	return q, err
}

// newQueue makes a queue with buffers. The device reads them, or writes them.
func newQueue(m Memory, size uint16, deviceWrites bool) (*queue, error) {
	q, err := newRings(m, size, bufferSize)
	if err != nil {
		return nil, err
	}
	buffers, physical, err := m.Allocate(uint64(size) * bufferSize)
	if err != nil {
		return nil, err
	}
	q.buffers = buffers
	for i := range uint64(size) {
		d := q.memory + 16*i
		store64(d, physical+i*bufferSize)
		store32(d+8, bufferSize)
		if deviceWrites {
			store32(d+12, flagWrite)
		}
		q.free = append(q.free, uint16(i))
	}
	return q, nil
}

func at32(addr uint64) *uint32 { return (*uint32)(unsafe.Add(nil, uintptr(addr))) }

// The rings are read and written in words, so that the compiler neither joins nor splits accesses; the
// processor keeps the order of stores, and of loads.

func load32(addr uint64) uint32     { return atomic.LoadUint32(at32(addr)) }
func store32(addr uint64, v uint32) { atomic.StoreUint32(at32(addr), v) }
func store64(addr, v uint64)        { *(*uint64)(unsafe.Add(nil, uintptr(addr))) = v }

func (q *queue) availableAt() uint64 { return q.memory + 16*uint64(q.size) }

// quiet asks the device not to interrupt for this queue.
func (q *queue) quiet() { store32(q.availableAt(), flagNoInterrupt|uint32(q.available)<<16) }

// buffer answers a buffer's bytes.
func (q *queue) buffer(i uint16) []byte {
	return unsafe.Slice((*byte)(unsafe.Add(nil, uintptr(q.buffers+uint64(i)*bufferSize))), bufferSize)
}

// take answers a buffer that the device does not have.
func (q *queue) take() (i uint16, ok bool) {
	if len(q.free) == 0 {
		return 0, false
	}
	i = q.free[len(q.free)-1]
	q.free = q.free[:len(q.free)-1]
	return i, true
}

// describe fills in a descriptor.
func (q *queue) describe(i uint16, physical uint64, n int, flags, next uint16) {
	d := q.memory + 16*uint64(i)
	store64(d, physical)
	store32(d+8, uint32(n))
	store32(d+12, uint32(flags)|uint32(next)<<16)
}

// offer gives the first n bytes of a buffer to the device.
func (q *queue) offer(i uint16, n int) {
	store32(q.memory+16*uint64(i)+8, uint32(n))
	q.show(i)
}

// show gives a descriptor, and those that follow it, to the device.
func (q *queue) show(i uint16) {
	a := q.availableAt()
	entry := (*uint16)(unsafe.Add(nil, uintptr(a+4+2*uint64(q.available&(q.size-1)))))
	*entry = i
	q.available++
	store32(a, load32(a)&0xffff|uint32(q.available)<<16)
}

// reclaim answers a buffer that the device is done with, and how much it wrote; ok is false if there is none.
func (q *queue) reclaim() (i uint16, n int, ok bool, err error) {
	u := q.memory + q.used
	ahead := uint16(load32(u)>>16) - q.seen
	if ahead == 0 {
		return 0, 0, false, nil
	}
	e := u + 4 + 8*uint64(q.seen&(q.size-1))
	id, length := load32(e), load32(e+4)
	if ahead > q.size || id >= uint32(q.size) || length > q.most {
		return 0, 0, false, errBroken
	}
	q.seen++
	return uint16(id), int(length), true, nil
}
