package netfront

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/sista-vm/sista/xenhost/xenbus"
	"github.com/sista-vm/sista/xenhost/xenbus/bustest"
)

const patience = 20 * time.Second

// world is a machine with a store, and the other domain in it.
type world struct{ *bustest.World }

func newWorld(t *testing.T) *world {
	w := &world{bustest.New(t, map[string]string{
		"device/vif/0/backend": "back", "device/vif/0/backend-id": "3", "device/vif/0/mac": "00:16:3e:01:02:03", "back/state": "2",
	})}
	w.Written = func(path, value string) {
		if path == "device/vif/0/state" && value == "4" {
			w.Set("back/state", "4")
		}
	}
	return w
}

func (w *world) page(path string) uint64 { return w.Page("device/vif/0/" + path) }

// echo is a back half that sends all frames back, with their first byte changed.
func (w *world) echo(end chan struct{}) {
	out, in := w.page("tx-ring-ref"), w.page("rx-ring-ref")
	outRing, inRing := bustest.NewBack(out, sendSize), bustest.NewBack(in, receiveSize)
	for {
		select {
		case <-w.Notified:
		case <-end:
			return
		}
		for {
			e := outRing.Request()
			if e == nil {
				break
			}
			n := uint64(binary.LittleEndian.Uint16(e[10:]))
			frame := bytes.Clone(bustest.At(w.BytesOf(binary.LittleEndian.Uint32(e)), n))
			outRing.Answer(func(answer []byte) { copy(answer, e[8:10]) })
			if e = inRing.Request(); e == nil {
				continue // no buffer: the frame is lost
			}
			frame[0]++
			copy(bustest.At(w.BytesOf(binary.LittleEndian.Uint32(e[4:]))+10, n), frame)
			if inRing.Answer(func(answer []byte) {
				copy(answer, e[:2])
				binary.LittleEndian.PutUint16(answer[2:], 10)
				binary.LittleEndian.PutUint16(answer[6:], uint16(n))
			}) {
				w.Event()
			}
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
	if c.Send(make([]byte, xenbus.PageSize+1)) {
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
	w.Set("back/state", "5")
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
	w.Set("back/state", "1")
	if _, err := Open(w, w, 0, 50*time.Millisecond); err == nil {
		t.Error("opened without a back half")
	}
	w = newWorld(t)
	w.Set("device/vif/0/mac", "x")
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
			if len(frame) > xenbus.PageSize {
				t.Errorf("a frame of %d bytes", len(frame))
			}
		})
		for _, path := range []string{"tx-ring-ref", "rx-ring-ref"} {
			p := w.page(path)
			for range 20 {
				binary.LittleEndian.PutUint32(bustest.At(p+4*uint64(r.IntN(xenbus.PageSize/4)), 4), r.Uint32()>>r.IntN(32))
			}
			binary.LittleEndian.PutUint32(bustest.At(p+8, 4), uint32(r.IntN(100))) // answers put
		}
		w.Event()
		for range 10 {
			c.Send(make([]byte, 60))
		}
		w.EndEvents()
		<-c.Failed()
	}
}
