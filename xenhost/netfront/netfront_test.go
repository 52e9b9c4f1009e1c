package netfront

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"
	"unsafe"
)

const patience = 20 * time.Second

// world is a machine with a store, and the other domain in it.
type world struct {
	t *testing.T

	mu      sync.Mutex
	keep    [][]byte
	granted map[uint32]uint64 // by number: the address of the page
	values  map[string]string
	watches map[string][]func(string)
	toGuest *io.PipeWriter
	kicked  chan bool
}

const shift = 1 << 40 // physical addresses are others, to tell mistakes

func newWorld(t *testing.T) *world {
	return &world{t: t, granted: map[uint32]uint64{}, watches: map[string][]func(string){}, kicked: make(chan bool, 1000), values: map[string]string{
		"device/vif/0/backend": "back", "device/vif/0/backend-id": "3", "device/vif/0/mac": "00:16:3e:01:02:03", "back/state": "2",
	}}
}

func (w *world) Allocate(size uint64) (addr, physical uint64, err error) {
	b := make([]byte, size+pageSize)
	w.mu.Lock()
	w.keep = append(w.keep, b)
	w.mu.Unlock()
	addr = (uint64(uintptr(unsafe.Pointer(&b[0]))) + pageSize - 1) &^ (pageSize - 1)
	return addr, addr + shift, nil
}

func (w *world) Grant(domain uint16, physical uint64, readOnly bool) (uint32, error) {
	if domain != 3 || physical%pageSize != 0 {
		return 0, errors.New("granted to somebody else")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	ref := uint32(100 + len(w.granted))
	w.granted[ref] = physical - shift
	return ref, nil
}

func (w *world) Events(uint16) (uint32, io.Reader, error) {
	r, out := io.Pipe()
	w.toGuest = out
	return 7, r, nil
}

func (w *world) Notify(port uint32) {
	if port == 7 {
		w.kicked <- true
	}
}

func (w *world) Read(path string) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	v, ok := w.values[path]
	if !ok {
		return "", fmt.Errorf("ENOENT %s", path)
	}
	return v, nil
}

func (w *world) Write(path, value string) error {
	w.mu.Lock()
	w.values[path] = value
	list := w.watches[path]
	if path == "device/vif/0/state" && value == "4" {
		w.values["back/state"] = "4"
		list = w.watches["back/state"]
	}
	w.mu.Unlock()
	for _, f := range list {
		go f(path)
	}
	return nil
}

func (w *world) Watch(path string, f func(string)) (func() error, error) {
	w.mu.Lock()
	w.watches[path] = append(w.watches[path], f)
	w.mu.Unlock()
	go f(path)
	return func() error { return nil }, nil
}

func (w *world) page(path string) uint64 {
	w.t.Helper()
	v, err := w.Read("device/vif/0/" + path)
	if err != nil {
		w.t.Fatal(err)
	}
	ref, err := strconv.ParseUint(v, 10, 32)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.bytesOf(uint32(ref))
}

func (w *world) bytesOf(ref uint32) uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	p, ok := w.granted[ref]
	if !ok {
		w.t.Errorf("page %d is not granted", ref)
	}
	return p
}

func at(addr, n uint64) []byte { return unsafe.Slice((*byte)(unsafe.Add(nil, uintptr(addr))), n) }

// echo is a back half that sends all frames back, with their first byte changed.
func (w *world) echo(end chan struct{}) {
	out, in := w.page("tx-ring-ref"), w.page("rx-ring-ref")
	outRing, inRing := newRing(out, sendSize), newRing(in, receiveSize)
	sent, received := uint32(0), uint32(0)
	for {
		select {
		case <-w.kicked:
		case <-end:
			return
		}
		for {
			outRing.store(requestEvent, sent+1)
			if outRing.load(requestsPut) == sent {
				break
			}
			e := outRing.entry(sent)
			n := uint64(binary.LittleEndian.Uint16(e[10:]))
			frame := bytes.Clone(at(w.bytesOf(binary.LittleEndian.Uint32(e)), n))
			number := binary.LittleEndian.Uint16(e[8:])
			clear(e)
			binary.LittleEndian.PutUint16(e, number)
			sent++
			outRing.store(answersPut, sent)
			if inRing.load(requestsPut) == received {
				continue // no buffer: the frame is lost
			}
			frame[0]++
			e = inRing.entry(received)
			copy(at(w.bytesOf(binary.LittleEndian.Uint32(e[4:]))+10, n), frame)
			number = binary.LittleEndian.Uint16(e)
			binary.LittleEndian.PutUint16(e[2:], 10)
			binary.LittleEndian.PutUint16(e[4:], 0)
			binary.LittleEndian.PutUint16(e[6:], uint16(n))
			binary.LittleEndian.PutUint16(e, number)
			received++
			inRing.store(answersPut, received)
		}
		if inRing.load(answerEvent)-1 < received {
			w.toGuest.Write(make([]byte, 8))
		}
	}
}

func open(t *testing.T) (*Card, *world) {
	t.Helper()
	w := newWorld(t)
	c, err := Open(w, w, 0, patience)
	if err != nil {
		t.Fatal(err)
	}
	return c, w
}

func TestFrames(t *testing.T) {
	c, w := open(t)
	if c.Address() != [6]byte{0, 0x16, 0x3e, 1, 2, 3} || c.MTU() != 1500 {
		t.Errorf("the card is %x, %d", c.Address(), c.MTU())
	}
	end := make(chan struct{})
	defer close(end)
	go w.echo(end)
	got := make(chan []byte, 10)
	c.Receive(func(frame []byte) { got <- bytes.Clone(frame) })
	r := rand.New(rand.NewPCG(1, 1))
	// Often enough for the rings to go round some times.
	for i := range 2000 {
		frame := make([]byte, 60+r.IntN(1454))
		for j := range frame {
			frame[j] = byte(r.Uint32())
		}
		for !c.Send(frame) {
			if err := c.Err(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Millisecond)
		}
		select {
		case f := <-got:
			frame[0]++
			if !bytes.Equal(f, frame) {
				t.Fatalf("frame %d comes back changed", i)
			}
		case <-time.After(patience):
			t.Fatalf("frame %d does not come back: %v", i, c.Err())
		}
	}
	if c.Send(make([]byte, pageSize+1)) {
		t.Error("a frame larger than a page is sent")
	}
}

// Without answers there is an end of room, and no waiting.
func TestFull(t *testing.T) {
	c, _ := open(t)
	n := 0
	for c.Send(make([]byte, 60)) {
		if n++; n > 1000 {
			t.Fatal("no end of room")
		}
	}
	if n != buffers {
		t.Errorf("%d frames are on their way", n)
	}
}

func TestUnplugged(t *testing.T) {
	c, w := open(t)
	w.Write("back/state", "5")
	select {
	case <-c.Failed():
	case <-time.After(patience):
		t.Fatal("nobody noticed")
	}
	if c.Send(make([]byte, 60)) {
		t.Error("sent to nobody")
	}
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		if v, err := w.Read("device/vif/0/state"); err == nil && v == "6" {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the front half does not close")
		}
	}
}

func TestNotReady(t *testing.T) {
	w := newWorld(t)
	w.values["back/state"] = "1"
	if _, err := Open(w, w, 0, 50*time.Millisecond); err == nil {
		t.Error("opened without a back half")
	}
	w = newWorld(t)
	w.values["device/vif/0/mac"] = "x"
	if _, err := Open(w, w, 0, patience); err == nil {
		t.Error("opened without an address")
	}
	if _, err := Open(w, w, 1, patience); err == nil {
		t.Error("opened a card that is not there")
	}
}

// A back half may write anything into the rings.
func TestBroken(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		c, w := open(t)
		c.Receive(func(frame []byte) {
			if len(frame) > pageSize {
				t.Errorf("a frame of %d bytes", len(frame))
			}
		})
		for _, path := range []string{"tx-ring-ref", "rx-ring-ref"} {
			p := w.page(path)
			for range 20 {
				binary.LittleEndian.PutUint32(at(p+4*uint64(r.IntN(pageSize/4)), 4), r.Uint32()>>r.IntN(32))
			}
			newRing(p, sendSize).store(answersPut, uint32(r.IntN(100)))
		}
		go w.toGuest.Write(make([]byte, 8)) // perhaps nobody reads it any more
		for range 10 {
			c.Send(make([]byte, 60))
		}
		w.toGuest.Close()
		<-c.Failed()
	}
}
