package xen

import (
	"encoding/binary"
	"testing"
	"unsafe"

	"github.com/sista-vm/sista/xenhost/clock"
)

func page(t *testing.T) []byte {
	b := make([]byte, 4096)
	t.Cleanup(func() { b[0] = 0 })
	return b
}

func newRing(b []byte) *Ring {
	r := Ring{out: 0, outSize: 1024, in: 1024, inSize: 1024, outIndex: 2048, inIndex: 2056}
	r.page = addressOf(unsafe.Pointer(&b[0]))
	return &r
}

// TestRing is the other side of a ring.
func TestRing(t *testing.T) {
	b := page(t)
	r := newRing(b)
	le := binary.LittleEndian
	in, out := byte(0), byte(0)
	for round := range 100 {
		// They send, we take.
		put := le.Uint32(b[2060:])
		for i := range uint32(700) {
			b[1024+(put+i)%1024] = in
			in++
		}
		le.PutUint32(b[2060:], put+700)
		var p [1000]byte
		if n := r.Take(p[:]); n != 700 {
			t.Fatalf("round %d: took %d", round, n)
		}
		for i := range 700 {
			if p[i] != byte(int(in)-700+i) {
				t.Fatalf("round %d: byte %d is %d", round, i, p[i])
			}
		}
		// We send, they take.
		for i := range 900 {
			p[i] = out + byte(i)
		}
		if n := r.Put(p[:900]); n != 900 || r.Drained() {
			t.Fatalf("round %d: put %d", round, n)
		}
		if n := r.Put(p[:900]); n != 124 {
			t.Fatalf("round %d: put %d more", round, n)
		}
		taken := le.Uint32(b[2048:])
		for i := range uint32(900) {
			if b[(taken+i)%1024] != out+byte(i) {
				t.Fatalf("round %d: they see %d", round, b[(taken+i)%1024])
			}
		}
		le.PutUint32(b[2048:], taken+1024)
		if !r.Drained() {
			t.Fatal("they have taken all")
		}
	}
}

// TestMadRing has indices that cannot be: nothing outside of the ring is touched.
func TestMadRing(t *testing.T) {
	b := page(t)
	r := newRing(b)
	binary.LittleEndian.PutUint32(b[2048:], 5) // taken more than was put
	var p [4096]byte
	if n := r.Put(p[:]); n > 1024 {
		t.Errorf("put %d", n)
	}
	binary.LittleEndian.PutUint32(b[2060:], 1<<30)
	if n := r.Take(p[:]); n > 1024 {
		t.Errorf("took %d", n)
	}
}

func TestPending(t *testing.T) {
	b := page(t)
	shared = addressOf(unsafe.Pointer(&b[0]))
	defer func() { shared = 0 }()
	le := binary.LittleEndian
	b[0] = 1
	le.PutUint64(b[8:], 1<<0|1<<3)
	le.PutUint64(b[2048:], 1<<5|1<<7)
	le.PutUint64(b[2560:], 1<<7) // masked
	le.PutUint64(b[2048+24:], 1<<63)
	seen = nil
	Pending(func(port uint32) { seen = append(seen, port) })
	if len(seen) != 2 || seen[0] != 5 || seen[1] != 3*64+63 {
		t.Errorf("events %v", seen)
	}
	if b[0] != 0 || le.Uint64(b[8:]) != 0 || le.Uint64(b[2048:]) != 1<<7 {
		t.Error("what was seen is still pending, or what is masked is lost")
	}
}

var seen []uint32

func TestWall(t *testing.T) {
	b := page(t)
	shared = addressOf(unsafe.Pointer(&b[0]))
	defer func() { shared = 0 }()
	binary.LittleEndian.PutUint32(b[3072:], 2)
	binary.LittleEndian.PutUint32(b[3076:], 7)
	binary.LittleEndian.PutUint32(b[3080:], 9)
	binary.LittleEndian.PutUint32(b[3084:], 1)
	if w := Wall(); w != (1<<32+7)*1_000_000_000+9 {
		t.Errorf("%d", w)
	}
	if TimeRecord() != shared+32 || unsafe.Sizeof(clock.Record{}) != 32 {
		t.Error("the clock's record is at 32")
	}
}
