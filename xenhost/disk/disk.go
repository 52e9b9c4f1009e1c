// Package disk is what drivers of block devices have in common: reads and writes of any length become
// requests of limited length, several of which are under way at once.
//
//	Disk         reads, writes and flushes, by any number of goroutines
//	Transport    of a driver: it hands one request to the device, and tells Disk of its end
//
// What it promises:
//   - The device only ever sees the transport's own buffers: contents are copied.
//   - A request ends once: an end that is told of a slot which is not under way is an error of the device.
//   - When the transport fails, everything that is under way and all that comes fails with its error, until
//     it is connected again.
package disk

import (
	"errors"
	"fmt"
	"sync"
)

// Op is what a request asks for.
type Op uint8

// Kinds of requests.
const (
	Read Op = iota
	Write
	Flush
)

func (o Op) String() string { return [...]string{"read", "write", "flush"}[o] }

// SectorSize is the unit of places.
const SectorSize = 512

// Geometry is what a device says of itself.
type Geometry struct {
	Size         int64 // in bytes
	ReadOnly     bool
	Sector       int  // bytes that are read and written as a whole; 0: SectorSize
	WriteThrough bool // what is written lasts at once: there is nothing to flush
}

// Transport hands requests to a device. No two calls are made at once.
type Transport interface {
	// Buffer answers the memory of a slot; what is written is there when the request is made, what is read
	// when it has ended.
	Buffer(slot int) []byte
	// Submit makes a request in a slot, of the first n bytes of its buffer. The transport calls Done with the
	// slot later, not from within.
	Submit(slot int, op Op, sector uint64, n int)
}

// Disk is a block device.
type Disk struct {
	transport Transport

	mu       sync.Mutex
	changed  sync.Cond
	geometry Geometry
	err      error // why nothing can be done
	free     []int // slots
	pending  []*request
}

// request is what is under way in a slot.
type request struct {
	op   Op
	p    []byte
	call *call
}

// call is what somebody waits for: some requests.
type call struct {
	open int
	err  error
}

// ErrBroken says that a device does what it must not do.
var ErrBroken = errors.New("disk: the device does what it must not do")

var (
	errReadOnly  = errors.New("disk: it is read only")
	errUnaligned = errors.New("disk: not whole sectors of the disk")
)

// New answers a disk with a number of slots, which is not connected yet.
func New(t Transport, slots int) *Disk {
	d := &Disk{transport: t, pending: make([]*request, slots), err: errors.New("disk: not connected")}
	d.changed.L = &d.mu
	return d
}

// Connect says that requests can be made from now on.
func (d *Disk) Connect(g Geometry) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if g.Sector == 0 {
		g.Sector = SectorSize
	}
	d.geometry, d.err = g, nil
	d.free = d.free[:0]
	for i := range d.pending {
		d.free = append(d.free, i)
	}
	d.changed.Broadcast()
}

// Fail ends all requests with an error, and those to come; it tells whether the disk was connected.
func (d *Disk) Fail(err error) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	was := d.err == nil
	d.err = err
	for slot, r := range d.pending {
		if r != nil {
			d.end(slot, err)
		}
	}
	d.free = d.free[:0]
	d.changed.Broadcast()
	return was
}

// Err answers why nothing can be done; nil: it can.
func (d *Disk) Err() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err
}

// Size answers the bytes of the disk.
func (d *Disk) Size() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.geometry.Size
}

// ReadOnly tells whether the disk cannot be written.
func (d *Disk) ReadOnly() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.geometry.ReadOnly
}

// Done says that the request in a slot has ended, with an error of the device or none.
func (d *Disk) Done(slot int, failed bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if slot < 0 || slot >= len(d.pending) || d.pending[slot] == nil {
		return ErrBroken
	}
	var err error
	if failed {
		err = fmt.Errorf("disk: the device could not %s", d.pending[slot].op)
	}
	d.end(slot, err)
	d.free = append(d.free, slot)
	return nil
}

// end ends the request in a slot.
func (d *Disk) end(slot int, err error) {
	r := d.pending[slot]
	d.pending[slot] = nil
	if err == nil && r.op == Read {
		copy(r.p, d.transport.Buffer(slot))
	}
	if r.call.err == nil {
		r.call.err = err
	}
	r.call.open--
	d.changed.Broadcast()
}

// ReadAt reads whole sectors.
func (d *Disk) ReadAt(p []byte, at int64) (int, error) { return d.do(Read, p, at) }

// WriteAt writes whole sectors.
func (d *Disk) WriteAt(p []byte, at int64) (int, error) { return d.do(Write, p, at) }

// Flush makes all writes last that have ended.
func (d *Disk) Flush() error {
	_, err := d.do(Flush, nil, 0)
	return err
}

func (d *Disk) do(op Op, p []byte, at int64) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	g := d.geometry
	switch {
	case d.err != nil:
		return 0, d.err
	case at < 0 || at%int64(g.Sector) != 0 || len(p)%g.Sector != 0 || at > g.Size || int64(len(p)) > g.Size-at:
		return 0, fmt.Errorf("%w: %d bytes at %d of %d, in sectors of %d", errUnaligned, len(p), at, g.Size, g.Sector)
	case op != Read && g.ReadOnly:
		return 0, errReadOnly
	case op == Flush && g.WriteThrough:
		return 0, nil
	}
	c := &call{}
	for rest := p; len(rest) > 0 || op == Flush; {
		for len(d.free) == 0 && d.err == nil {
			d.changed.Wait()
		}
		if d.err != nil {
			if c.err == nil {
				c.err = d.err
			}
			break
		}
		slot := d.free[len(d.free)-1]
		d.free = d.free[:len(d.free)-1]
		b := d.transport.Buffer(slot)
		n := min(len(b), len(rest))
		if op == Write {
			copy(b, rest[:n])
		}
		d.pending[slot] = &request{op, rest[:n], c}
		c.open++
		d.transport.Submit(slot, op, uint64(at)/SectorSize, n)
		at, rest = at+int64(n), rest[n:]
		if op == Flush {
			break
		}
	}
	for c.open > 0 {
		d.changed.Wait()
	}
	if c.err != nil {
		return 0, c.err
	}
	return len(p), nil
}
