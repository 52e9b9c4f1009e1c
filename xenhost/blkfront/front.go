package blkfront

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"unsafe"

	"github.com/sista-vm/sista/xenhost/disk"
	"github.com/sista-vm/sista/xenhost/xenbus"
)

// slots is how many requests may be under way: with the ring they fill 122 of 128 pages, which is what is allocated
// for them. The ring has room for 32.
const (
	slots     = 11
	slotBytes = mostSegments * xenbus.PageSize
	dataBytes = slots * slotBytes
)

// link is what a domain with a back half is given: memory and an event channel. It is for good, so it is used again
// whenever the same domain has the back half.
type link struct {
	page    uint64 // of the ring
	pageRef uint32
	data    uint64 // address of the buffers
	refs    []uint32
	port    uint32
	ended   bool // there are no events any more; guarded by the session
}

// front is the transport of a disk.
type front struct {
	machine xenbus.Machine
	store   Store
	path    string // of our half in the store
	device  uint16
	disk    *disk.Disk
	changed chan struct{} // something may have changed in the store
	links   map[uint16]*link

	// Of the goroutine that answers the states.
	said    int    // the state of our half, as we have left it
	backend string // the other half's path
	unwatch func() error
	broken  error // how the back half has broken the rules

	// session lets answers be taken by one goroutine at a time, and not while the link changes.
	session sync.Mutex
	link    *link // nil: none
	fault   error // what the back half has done

	// mu guards what Submit shares with the taking of answers.
	mu        sync.Mutex
	ring      *xenbus.Ring
	barrier   bool         // flushes are barriers
	operation [slots]uint8 // of the request in a slot
}

// newLink makes memory and an event channel for a domain.
func (f *front) newLink(domain uint16) (*link, error) {
	addr, physical, err := f.machine.Allocate(dataBytes + xenbus.PageSize)
	if err != nil {
		return nil, err
	}
	l := &link{page: addr + dataBytes, data: addr}
	for at := uint64(0); at <= dataBytes; at += xenbus.PageSize {
		ref, err := f.machine.Grant(domain, physical+at, false)
		if err != nil {
			return nil, err
		}
		l.refs = append(l.refs, ref)
	}
	l.pageRef = l.refs[slots*mostSegments]
	var events io.Reader
	if l.port, events, err = f.machine.Events(domain); err != nil {
		return nil, err
	}
	go f.receive(l, events)
	return l, nil
}

func bytesAt(addr, n uint64) []byte {
	return unsafe.Slice((*byte)(unsafe.Add(nil, uintptr(addr))), n)
}

// Buffer implements disk.Transport.
func (f *front) Buffer(slot int) []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	return bytesAt(f.link.data+uint64(slot)*slotBytes, slotBytes)
}

// Submit implements disk.Transport.
func (f *front) Submit(slot int, op disk.Op, sector uint64, n int) {
	r := request{operation: [...]uint8{disk.Read: opRead, disk.Write: opWrite, disk.Flush: opFlush}[op], device: f.device,
		number: uint64(slot), sector: sector, length: n}
	f.mu.Lock()
	if op == disk.Flush && f.barrier {
		r.operation = opBarrier
	}
	f.operation[slot] = r.operation
	port := f.link.port
	r.put(f.ring.Next(), f.link.refs[slot*mostSegments:])
	notify := f.ring.Push()
	f.mu.Unlock()
	if notify {
		f.machine.Notify(port)
	}
}

// receive waits for events of a link.
func (f *front) receive(l *link, events io.Reader) {
	var count [8]byte
	for {
		_, ended := events.Read(count[:])
		f.session.Lock()
		l.ended = ended != nil
		if f.link == l && f.fault == nil {
			var err error
			if ended != nil {
				err = fmt.Errorf("blkfront: waiting for events: %w", ended)
			} else {
				err = f.drain()
			}
			if err != nil {
				f.fault = err
				f.disk.Fail(err)
				f.poke()
			}
		}
		f.session.Unlock()
		if ended != nil {
			return
		}
	}
}

// drain ends the requests that have been answered. The session is locked.
func (f *front) drain() error {
	for {
		a, ok, err := f.answer()
		if err != nil {
			return err
		}
		if ok {
			failed := a.status != 0 && !(a.status == unsupported && (a.operation == opFlush || a.operation == opBarrier))
			if err := f.disk.Done(int(a.number), failed); err != nil {
				return fmt.Errorf("blkfront: %w", err)
			}
			continue
		}
		if f.sleep() {
			return nil
		}
	}
}

func (f *front) sleep() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ring.Sleep()
}

// answer takes the next answer, which is one to a request.
func (f *front) answer() (a answer, ok bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e, err := f.ring.Answer()
	if err != nil {
		return a, false, fmt.Errorf("blkfront: %w", err)
	}
	if e == nil {
		return a, false, nil
	}
	a = readAnswer(e)
	if a.number >= slots || f.operation[a.number] != a.operation {
		return a, false, fmt.Errorf("blkfront: %w", xenbus.ErrBroken)
	}
	f.operation[a.number] = operationNone
	return a, true, nil
}

// poke lets the states be looked at.
func (f *front) poke() {
	select {
	case f.changed <- struct{}{}:
	default: // they will be
	}
}

var errUnplugged = errors.New("blkfront: the disk is unplugged")

// drop ends the connection.
func (f *front) drop(err error) {
	f.session.Lock()
	defer f.session.Unlock()
	f.disk.Fail(err)
	f.link, f.fault = nil, nil
}
