package disk

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
)

// memory is a transport whose device is memory: requests end later, in any order.
type memory struct {
	disk    *Disk
	data    []byte
	buffers [][]byte
	work    chan func()
	bad     uint64 // a sector that fails
	most    int    // requests that were under way at once
	now     int
	mu      sync.Mutex
}

func newMemory(slots, buffer, size int) *memory {
	m := &memory{data: make([]byte, size), work: make(chan func(), 100), bad: ^uint64(0)}
	for range slots {
		m.buffers = append(m.buffers, make([]byte, buffer))
	}
	m.disk = New(m, slots)
	go func() {
		var list []func()
		for f := range m.work {
			list = append(list, f)
			for len(m.work) > 0 {
				list = append(list, <-m.work)
			}
			rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
			for _, f := range list {
				f()
			}
			list = nil
		}
	}()
	m.disk.Connect(Geometry{Size: int64(size)})
	return m
}

func (m *memory) Buffer(slot int) []byte { return m.buffers[slot] }

func (m *memory) Submit(slot int, op Op, sector uint64, n int) {
	m.mu.Lock()
	m.now++
	m.most = max(m.most, m.now)
	m.mu.Unlock()
	m.work <- func() {
		m.mu.Lock()
		m.now--
		m.mu.Unlock()
		at := sector * SectorSize
		switch op {
		case Read:
			copy(m.buffers[slot][:n], m.data[at:])
		case Write:
			copy(m.data[at:], m.buffers[slot][:n])
		}
		failed := m.bad >= sector && m.bad < sector+uint64(n)/SectorSize
		if err := m.disk.Done(slot, failed); err != nil {
			panic(err)
		}
	}
}

func TestDisk(t *testing.T) {
	const size = 1 << 20
	m := newMemory(4, 4096, size)
	want := make([]byte, size)
	r := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		at := r.IntN(size/SectorSize) * SectorSize
		p := make([]byte, r.IntN(min(1<<16, size-at)/SectorSize+1)*SectorSize)
		if r.IntN(2) == 0 {
			for i := range p {
				p[i] = byte(r.Uint32())
			}
			if n, err := m.disk.WriteAt(p, int64(at)); n != len(p) || err != nil {
				t.Fatal(n, err)
			}
			copy(want[at:], p)
		} else {
			if n, err := m.disk.ReadAt(p, int64(at)); n != len(p) || err != nil {
				t.Fatal(n, err)
			}
			if !bytes.Equal(p, want[at:at+len(p)]) {
				t.Fatal("read something else than was written")
			}
		}
	}
	if err := m.disk.Flush(); err != nil {
		t.Error(err)
	}
	if m.most != 4 {
		t.Errorf("%d requests were under way at once", m.most)
	}
	for _, c := range []struct {
		n  int
		at int64
	}{{512, -512}, {512, 1}, {511, 0}, {1024, size - 512}, {0, size + 512}} {
		if _, err := m.disk.ReadAt(make([]byte, c.n), c.at); !errors.Is(err, errUnaligned) {
			t.Errorf("%d bytes at %d: %v", c.n, c.at, err)
		}
	}
	m.bad = 9
	if _, err := m.disk.WriteAt(make([]byte, 1<<16), 0); err == nil || err.Error() != "disk: the device could not write" {
		t.Error(err)
	}
	m.bad = ^uint64(0)
	if _, err := m.disk.WriteAt(make([]byte, 1<<16), 0); err != nil {
		t.Error(err)
	}
	if err := m.disk.Done(9, false); err != ErrBroken {
		t.Error(err)
	}
	if err := m.disk.Done(1, false); err != ErrBroken {
		t.Error(err)
	}
	m.disk.Connect(Geometry{Size: size, Sector: 4096, WriteThrough: true})
	if _, err := m.disk.WriteAt(make([]byte, 512), 4096); !errors.Is(err, errUnaligned) {
		t.Error(err)
	}
	if _, err := m.disk.WriteAt(make([]byte, 8192), 4096); err != nil {
		t.Error(err)
	}
	if err := m.disk.Flush(); err != nil {
		t.Error(err)
	}
	m.disk.Connect(Geometry{Size: size, ReadOnly: true})
	if _, err := m.disk.WriteAt(make([]byte, 512), 0); err != errReadOnly {
		t.Error(err)
	}
}

// silent is a transport that never ends a request.
type silent struct{ submitted chan int }

func (s silent) Buffer(int) []byte                      { return make([]byte, 512) }
func (s silent) Submit(slot int, _ Op, _ uint64, _ int) { s.submitted <- slot }

// What is under way, and what waits for a slot, ends when the transport fails.
func TestFail(t *testing.T) {
	s := silent{make(chan int, 2)}
	d := New(s, 2)
	if _, err := d.ReadAt(make([]byte, 512), 0); err == nil {
		t.Error("read before it was connected")
	}
	d.Connect(Geometry{Size: 1 << 20})
	gone := errors.New("gone")
	ends := make(chan error)
	for range 3 {
		go func() {
			_, err := d.ReadAt(make([]byte, 4096), 0)
			ends <- err
		}()
	}
	<-s.submitted
	<-s.submitted
	if !d.Fail(gone) || d.Fail(gone) {
		t.Error("it fails once")
	}
	for range 3 {
		if err := <-ends; err != gone {
			t.Error(err)
		}
	}
	if err := d.Done(0, false); err != ErrBroken {
		t.Error(err)
	}
	d.Connect(Geometry{Size: 1 << 20})
	go func() { ends <- d.Flush() }()
	if err := d.Done(<-s.submitted, false); err != nil {
		t.Error(err)
	}
	if err := <-ends; err != nil {
		t.Error(err)
	}
}
