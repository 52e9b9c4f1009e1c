package virtio

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"reflect"
	"testing"
	"unsafe"
)

// plain is ordinary memory; physical addresses are others, to tell mistakes.
type plain struct{ keep [][]byte }

const shift = 1 << 40

func (m *plain) Allocate(size uint64) (addr, physical uint64, err error) {
	b := make([]byte, size+pageSize)
	m.keep = append(m.keep, b)
	addr = roundUp(uint64(uintptr(unsafe.Pointer(&b[0]))), pageSize)
	return addr, addr + shift, nil
}
func (m *plain) Registers(p uint64) uint64 { return p }
func (m *plain) Interrupts(line uint8) (io.Reader, error) {
	return nil, errors.New("no interrupts here")
}

// device is the other side of a queue, as the specification has it.
type device struct {
	q          *queue
	seen, used uint16
}

func (d *device) word(at uint64) uint16 { return *(*uint16)(unsafe.Add(nil, uintptr(at))) }

// next answers the descriptor and the buffer that were offered.
func (d *device) next() (id uint16, buf []byte, flags uint16, ok bool) {
	a := d.q.memory + 16*uint64(d.q.size)
	if d.word(a+2) == d.seen {
		return 0, nil, 0, false
	}
	id = d.word(a + 4 + 2*uint64(d.seen%d.q.size))
	d.seen++
	desc := d.q.memory + 16*uint64(id)
	addr := *(*uint64)(unsafe.Add(nil, uintptr(desc))) - shift
	return id, unsafe.Slice((*byte)(unsafe.Add(nil, uintptr(addr))), load32(desc+8)), d.word(desc + 12), true
}

func (d *device) done(id uint16, n int) {
	u := d.q.memory + d.q.used
	e := u + 4 + 8*uint64(d.used%d.q.size)
	store32(e, uint32(id))
	store32(e+4, uint32(n))
	d.used++
	store32(u, uint32(d.used)<<16)
}

func TestQueue(t *testing.T) {
	m := &plain{}
	q, err := newQueue(m, 8, true)
	if err != nil {
		t.Fatal(err)
	}
	d := &device{q: q}
	if _, _, ok, err := q.reclaim(); ok || err != nil {
		t.Errorf("before anything was offered: %v, %v", ok, err)
	}
	// Often enough for all indices to wrap around.
	for round := range 70000 {
		i, ok := q.take()
		if !ok {
			t.Fatal("no buffer")
		}
		q.offer(i, 100)
		id, buf, flags, ok := d.next()
		if !ok || id != i || len(buf) != 100 || flags != flagWrite {
			t.Fatalf("round %d: the device sees buffer %d of %d bytes, flags %d, %v", round, id, len(buf), flags, ok)
		}
		copy(buf, "in")
		d.done(id, 2)
		j, n, ok, err := q.reclaim()
		if j != i || n != 2 || !ok || err != nil || !bytes.Equal(q.buffer(j)[:n], []byte("in")) {
			t.Fatalf("round %d: came back: %d, %d bytes, %v, %v", round, j, n, ok, err)
		}
		q.free = append(q.free, j)
	}
	for range 8 {
		i, ok := q.take()
		if !ok {
			t.Fatal("fewer than 8 buffers")
		}
		q.offer(i, bufferSize)
	}
	if _, ok := q.take(); ok {
		t.Error("a ninth buffer")
	}
}

func TestLayout(t *testing.T) {
	for _, c := range []struct {
		size      uint16
		used, all uint64
	}{{8, 4096, 8192}, {64, 4096, 8192}, {256, 8192, 12288}} {
		if used, all := queueBytes(c.size); used != c.used || all != c.all {
			t.Errorf("a queue of %d: %d, %d", c.size, used, all)
		}
	}
}

// A device may write anything.
func TestBrokenDevice(t *testing.T) {
	q, err := newQueue(&plain{}, 8, true)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	broken := 0
	for range 10000 {
		u := q.memory + q.used
		for at := u; at < u+4+8*8; at += 4 {
			store32(at, r.Uint32()>>(r.Uint32()%32))
		}
		i, n, ok, err := q.reclaim()
		if ok && (int(i) >= int(q.size) || n > bufferSize) {
			t.Fatalf("buffer %d with %d bytes", i, n)
		}
		if err != nil {
			broken++
		}
	}
	if broken == 0 {
		t.Error("nothing was found to be wrong")
	}
}

func TestDevices(t *testing.T) {
	list, rest, err := Devices([]string{"a", "virtio_mmio.device=512@0xfeb00e00:12", "b", "virtio_mmio.device=4K@0xd0000000:5:1"})
	if err != nil || !reflect.DeepEqual(list, []Device{{0xfeb00e00, 12}, {0xd0000000, 5}}) || !reflect.DeepEqual(rest, []string{"a", "b"}) {
		t.Errorf("found %v, left %v, %v", list, rest, err)
	}
	for _, bad := range []string{"", "512", "512@x:1", "512@0x10", "512@0x10:300"} {
		if _, _, err := Devices([]string{devicePrefix + bad}); err == nil {
			t.Errorf("%q is understood", bad)
		}
	}
}
