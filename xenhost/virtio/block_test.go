package virtio

import (
	"bytes"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/sista-vm/sista/xenhost/disk"
)

// machine is memory with the registers of a block device, which is memory too.
type machine struct {
	plain
	regs    registers
	events  chan struct{} // wakes the driver
	raised  chan struct{} // it is awake and sees the interrupt
	data    []byte
	flushes atomic.Int32
	end     chan struct{}
	stop    func() // closes end
}

func newMachine(t *testing.T, sectors int, features uint32) *machine {
	m := &machine{
		data:   make([]byte, sectors*disk.SectorSize),
		events: make(chan struct{}), raised: make(chan struct{}), end: make(chan struct{}),
	}
	addr, _, err := m.Allocate(pageSize)
	if err != nil {
		t.Fatal(err)
	}
	m.regs = registers(addr)
	for at, v := range map[uint64]uint32{
		regMagic: magic, regVersion: legacy, regDeviceID: blockDevice, regQueueMax: 64, regFeatures: features,
		regConfig: uint32(sectors),
	} {
		m.regs.write(at, v)
	}
	m.stop = sync.OnceFunc(func() { close(m.end) })
	t.Cleanup(m.stop)
	return m
}

func (m *machine) Registers(uint64) uint64             { return uint64(m.regs) }
func (m *machine) Interrupts(uint8) (io.Reader, error) { return m, nil }

// Read waits for an interrupt. The register is raised here, by the driver's own goroutine: its acknowledgement of an
// earlier interrupt, however late it came, then does not pass for one of this.
func (m *machine) Read(p []byte) (int, error) {
	select {
	case <-m.events:
		m.regs.write(regAcknowledge, 0)
		m.regs.write(regInterrupts, 1)
		m.raised <- struct{}{}
		return len(p), nil
	case <-m.end:
		return 0, io.EOF
	}
}

// interrupt interrupts the driver, and lowers the register once it has acknowledged.
func (m *machine) interrupt() {
	select {
	case m.events <- struct{}{}:
		<-m.raised
		for m.regs.read(regAcknowledge) == 0 {
			time.Sleep(time.Millisecond)
		}
		m.regs.write(regInterrupts, 0)
	case <-m.end:
	}
}

func (m *machine) at(physical uint64, n uint32) []byte {
	return unsafe.Slice((*byte)(unsafe.Add(nil, uintptr(physical-shift))), n)
}

// serve does what is asked, in any order.
func (m *machine) serve(t *testing.T) {
	for m.regs.read(regQueuePage) == 0 {
		time.Sleep(time.Millisecond)
	}
	size := uint16(m.regs.read(regQueueSize))
	used, _ := queueBytes(size)
	d := &device{q: &queue{size: size, used: used, memory: m.memoryOf(uint64(m.regs.read(regQueuePage)))}}
	for {
		select {
		case <-m.end:
			return
		case <-time.After(time.Millisecond):
		}
		var ids []uint16
		for {
			id, _, _, ok := d.next()
			if !ok {
				break
			}
			ids = append(ids, id)
		}
		rand.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
		for _, id := range ids {
			d.done(id, m.request(t, d.q, id))
		}
		if len(ids) > 0 {
			m.interrupt()
		}
	}
}

// memoryOf finds what was allocated at a page: the register has too few bits for the test's addresses.
func (m *machine) memoryOf(page uint64) uint64 {
	for _, b := range m.keep {
		addr := roundUp(uint64(uintptr(unsafe.Pointer(&b[0]))), pageSize)
		if uint32((addr+shift)/pageSize) == uint32(page) {
			return addr
		}
	}
	return 0
}

// request does what a chain of descriptors asks for.
func (m *machine) request(t *testing.T, q *queue, id uint16) (written int) {
	var parts [][]byte
	var flags []uint16
	for {
		d := q.memory + 16*uint64(id)
		addr := *(*uint64)(unsafe.Add(nil, uintptr(d)))
		parts = append(parts, m.at(addr, load32(d+8)))
		f := uint16(load32(d + 12))
		flags = append(flags, f&flagWrite)
		if f&flagNext == 0 {
			break
		}
		id = uint16(load32(d+12) >> 16)
	}
	header, status := parts[0], parts[len(parts)-1]
	at := int(header[8])<<9 | int(header[9])<<17 | int(header[10])<<25
	status[0] = 0
	switch kind := header[0]; {
	case kind == kindFlush && len(parts) == 2:
		m.flushes.Add(1)
	case kind == kindRead && len(parts) == 3 && flags[1] == flagWrite:
		written = copy(parts[1], m.data[at:])
	case kind == kindWrite && len(parts) == 3 && flags[1] == 0:
		copy(m.data[at:], parts[1])
		if bytes.HasPrefix(parts[1], []byte("bad")) {
			status[0] = 1
		}
	default:
		t.Errorf("a request of kind %d with %d parts", kind, len(parts))
	}
	return written + 1
}

func TestBlock(t *testing.T) {
	m := newMachine(t, 1000, featureFlush)
	go m.serve(t)
	d, err := FindDisk(m, []Device{{1, 2}})
	if err != nil || d == nil {
		t.Fatal(d, err)
	}
	if d.Size() != 512000 || d.ReadOnly() {
		t.Error(d.Size(), d.ReadOnly())
	}
	p := make([]byte, 300*512)
	for i := range p {
		p[i] = byte(i * 7)
	}
	if _, err := d.WriteAt(p, 10*512); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(p))
	if _, err := d.ReadAt(got, 10*512); err != nil || !bytes.Equal(got, p) || !bytes.Equal(m.data[5120:][:len(p)], p) {
		t.Errorf("read something else: %v", err)
	}
	if err := d.Flush(); err != nil || m.flushes.Load() != 1 {
		t.Errorf("%v, %d flushes", err, m.flushes.Load())
	}
	bad := make([]byte, 512)
	copy(bad, "bad")
	if _, err := d.WriteAt(bad, 0); err == nil || !strings.Contains(err.Error(), "could not write") {
		t.Error(err)
	}
}

func TestBlockWithoutCache(t *testing.T) {
	m := newMachine(t, 1000, featureReadOnly)
	d, err := FindDisk(m, []Device{{1, 2}})
	if err != nil || !d.ReadOnly() {
		t.Fatal(err)
	}
	m = newMachine(t, 1000, 0)
	if d, err = FindDisk(m, []Device{{1, 2}}); err != nil {
		t.Fatal(err)
	}
	if err := d.Flush(); err != nil { // nobody is asked
		t.Error(err)
	}
}

// A device may write anything.
func TestBrokenBlock(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		m := newMachine(t, 1000, featureFlush)
		d, err := FindDisk(m, []Device{{1, 2}})
		if err != nil {
			t.Fatal(err)
		}
		q := m.memoryOf(uint64(m.regs.read(regQueuePage)))
		size := uint16(m.regs.read(regQueueSize))
		used, _ := queueBytes(size)
		end := make(chan error)
		go func() {
			_, err := d.ReadAt(make([]byte, 300*512), 0)
			end <- err
		}()
		for at := q + used; at < q+used+4+8*uint64(size); at += 4 {
			store32(at, r.Uint32()>>r.IntN(32))
		}
		store32(q+used, uint32(1+r.IntN(9))<<16)
		m.interrupt()
		m.stop()
		if err := <-end; err == nil {
			t.Fatal("it was all read")
		}
	}
}
