package blkfront

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sista-vm/sista/xenhost/disk"
	"github.com/sista-vm/sista/xenhost/xenbus"
	"github.com/sista-vm/sista/xenhost/xenbus/bustest"
	"github.com/sista-vm/sista/xenhost/xenstore"
)

const (
	patience = 20 * time.Second
	number   = 51712 // xvda
	path     = "device/vbd/51712"
)

// world has the back half of a disk, which is memory.
type world struct {
	*bustest.World
	t       *testing.T
	end     chan struct{}
	data    []byte
	flushes atomic.Int32
	serve   bool               // answer requests
	spoil   func(entry []byte) // changes an answer; nil: none is changed

	mu       sync.Mutex
	back     *bustest.Back
	requests [][]byte // that were not answered
}

func newWorld(t *testing.T, more map[string]string) *world {
	w := &world{t: t, data: make([]byte, 1000*disk.SectorSize), serve: true, end: make(chan struct{})}
	w.World = bustest.New(t, map[string]string{})
	w.plug(more)
	w.Written = w.written
	stopped := make(chan struct{})
	go w.run(stopped)
	t.Cleanup(func() {
		close(w.end)
		<-stopped
	})
	return w
}

// plug is what the toolstack and the back half write when there is a disk.
func (w *world) plug(more map[string]string) {
	values := map[string]string{"back/sectors": "1000", "back/sector-size": "512", "back/info": "0", "back/mode": "w",
		"back/feature-flush-cache": "1", "back/state": "2",
		path + "/backend": "back", path + "/backend-id": "3", path + "/device-type": "disk"}
	for k, v := range more {
		values[k] = v
	}
	for k, v := range values {
		w.Set(k, v)
	}
	w.Set(path+"/state", "1")
}

// unplug is what the toolstack does, which waits for the front half.
func (w *world) unplug() {
	w.Set("back/state", "5")
	w.await("the front half closes", func() bool {
		v, err := w.Read(path + "/state")
		return err == nil && v == "6"
	})
	w.Set("back/state", "6")
	w.Remove("back")
	w.Remove(path)
}

func (w *world) await(what string, ok func() bool) {
	w.t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatal("waited in vain: " + what)
		}
	}
}

// written is the back half's side of the handshake.
func (w *world) written(p, value string) {
	if p != path+"/state" || value != "3" {
		return
	}
	for name, want := range map[string]string{"protocol": "x86_64-abi", "feature-persistent": "1"} {
		if v, err := w.Read(path + "/" + name); err != nil || v != want {
			w.t.Errorf("%s is %q, %v", name, v, err)
		}
	}
	w.mu.Lock()
	w.back = bustest.NewBack(w.Page(path+"/ring-ref"), requestSize)
	w.mu.Unlock()
	w.Set("back/state", "4")
}

func (w *world) run(stopped chan struct{}) {
	defer close(stopped)
	for {
		select {
		case <-w.Notified:
		case <-w.end:
			return
		}
		w.work()
	}
}

// work does what is asked for, in any order.
func (w *world) work() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.back == nil {
		return
	}
	for r := w.back.Request(); r != nil; r = w.back.Request() {
		w.requests = append(w.requests, r)
	}
	if !w.serve {
		return
	}
	rand.Shuffle(len(w.requests), func(i, j int) { w.requests[i], w.requests[j] = w.requests[j], w.requests[i] })
	for _, r := range w.requests {
		status := w.request(r)
		if w.back.Answer(func(e []byte) {
			copy(e[:8], r[8:16])
			e[8] = r[0]
			binary.LittleEndian.PutUint16(e[10:], uint16(status))
			if w.spoil != nil {
				w.spoil(e)
			}
		}) {
			w.Event()
		}
	}
	w.requests = nil
}

func (w *world) request(r []byte) (status int16) {
	if device := binary.LittleEndian.Uint16(r[2:]); device != number {
		w.t.Errorf("a request for disk %d", device)
	}
	at := int(binary.LittleEndian.Uint64(r[16:])) * disk.SectorSize
	switch {
	case r[0] == 3 && r[1] == 0:
		w.flushes.Add(1)
		return 0
	case r[0] == 2 && r[1] == 0:
		w.flushes.Add(1)
		return unsupported
	case r[0] > 1 || r[1] == 0 || r[1] > 11:
		w.t.Errorf("a request %d with %d segments", r[0], r[1])
		return -1
	}
	for i := range int(r[1]) {
		s := r[24+8*i:]
		if s[4] > s[5] || s[5] > 7 {
			w.t.Errorf("sectors %d to %d of a page", s[4], s[5])
			return -1
		}
		n := (int(s[5]-s[4]) + 1) * disk.SectorSize
		page := bustest.At(w.BytesOf(binary.LittleEndian.Uint32(s))+uint64(s[4])*disk.SectorSize, uint64(n))
		if r[0] == 0 {
			copy(page, w.data[at:])
		} else {
			copy(w.data[at:], page)
			if bytes.HasPrefix(page, []byte("bad")) {
				status = -1
			}
		}
		at += n
	}
	return status
}

func open(t *testing.T, w *world) *disk.Disk {
	t.Helper()
	n, ok, err := First(w)
	if err != nil || !ok || n != number {
		t.Fatal(n, ok, err)
	}
	d, err := Open(w, w, n, patience)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// The layouts of io/blkif.h.
func TestLayout(t *testing.T) {
	e := bytes.Repeat([]byte{0xee}, requestSize)
	pages := []uint32{0x101, 0x102, 0x103}
	request{opWrite, 0xca00, 7, 0x1122334455, 8192 + 512}.put(e, pages)
	want := make([]byte, 112)
	copy(want, []byte{1, 3, 0, 0xca, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0x55, 0x44, 0x33, 0x22, 0x11, 0, 0, 0,
		1, 1, 0, 0, 0, 7, 0, 0, 2, 1, 0, 0, 0, 7, 0, 0, 3, 1, 0, 0, 0, 0})
	if !bytes.Equal(e, want) {
		t.Errorf("a request is\n% x, not\n% x", e, want)
	}
	if a := readAnswer([]byte{7, 0, 0, 0, 0, 0, 0, 1, 3, 0, 0xfe, 0xff, 0, 0, 0, 0}); a != (answer{1<<56 | 7, 3, -2}) {
		t.Errorf("an answer is %v", a)
	}
}

func TestDisk(t *testing.T) {
	w := newWorld(t, nil)
	d := open(t, w)
	if d.Size() != 512000 || d.ReadOnly() {
		t.Error(d.Size(), d.ReadOnly())
	}
	want := make([]byte, len(w.data))
	r := rand.New(rand.NewPCG(1, 1))
	for range 300 { // the ring goes round some times
		at := r.IntN(1000)
		p := make([]byte, (1+r.IntN(1000-at))*disk.SectorSize)
		for i := range p {
			p[i] = byte(r.Uint32())
		}
		copy(want[at*disk.SectorSize:], p)
		if _, err := d.WriteAt(p, int64(at*disk.SectorSize)); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(want))
		if _, err := d.ReadAt(got, 0); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("read something else than was written: %v", err)
		}
	}
	if err := d.Flush(); err != nil || w.flushes.Load() != 1 {
		t.Errorf("%v, %d flushes", err, w.flushes.Load())
	}
	bad := make([]byte, 512)
	copy(bad, "bad")
	if _, err := d.WriteAt(bad, 0); err == nil || !strings.Contains(err.Error(), "could not write") {
		t.Error(err)
	}
}

// Many ask at once.
func TestParallel(t *testing.T) {
	w := newWorld(t, nil)
	d := open(t, w)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			p, got := bytes.Repeat([]byte{byte(i + 1)}, 50*disk.SectorSize), make([]byte, 50*disk.SectorSize)
			for range 20 {
				_, e1 := d.WriteAt(p, int64(i*len(p)))
				_, e2 := d.ReadAt(got, int64(i*len(p)))
				if e1 != nil || e2 != nil || !bytes.Equal(p, got) {
					t.Errorf("goroutine %d: %v, %v", i, e1, e2)
				}
			}
		})
	}
	all.Wait()
}

// What the back half says of the disk.
func TestKinds(t *testing.T) {
	for name, x := range map[string]struct {
		values   map[string]string
		readOnly bool
		flushes  int32
		unit     int
	}{
		"barrier":      {map[string]string{"back/feature-flush-cache": "0", "back/feature-barrier": "1"}, false, 1, 512},
		"neither":      {map[string]string{"back/feature-flush-cache": "0"}, false, 0, 512},
		"large":        {map[string]string{"back/sector-size": "4096"}, false, 1, 4096},
		"read only":    {map[string]string{"back/info": "4"}, true, 0, 512},
		"in mode read": {map[string]string{"back/mode": "r"}, true, 0, 512},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, x.values)
			d := open(t, w)
			if d.ReadOnly() != x.readOnly {
				t.Error("read only:", d.ReadOnly())
			}
			if err := d.Flush(); (err != nil) != x.readOnly || w.flushes.Load() != x.flushes {
				t.Errorf("%v, %d flushes", err, w.flushes.Load())
			}
			if _, err := d.ReadAt(make([]byte, 512), 512); (err == nil) != (x.unit == 512) {
				t.Error(err)
			}
			if _, err := d.ReadAt(make([]byte, 4096), 4096); err != nil {
				t.Error(err)
			}
		})
	}
}

// A disk that cannot be had is an error, with its reason, and no end of waiting.
func TestNotReady(t *testing.T) {
	for text, values := range map[string]map[string]string{
		"not ready":              {"back/state": "1"},
		"sector-size is 8192":    {"back/sector-size": "8192"},
		"sector-size is 1536":    {"back/sector-size": "1536"},
		`sectors: strconv`:       {"back/sectors": "many"},
		"sectors is 18446744073": {"back/sectors": "18446744073709551615"},
		"backend-id: strconv":    {path + "/backend-id": "-1"},
		"back/state: strconv":    {"back/state": "x"},
	} {
		w := newWorld(t, values)
		if _, err := Open(w, w, number, 100*time.Millisecond); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%s: %v", text, err)
		}
	}
	w := newWorld(t, nil)
	w.Remove(path)
	if _, ok, err := First(w); ok || err != nil {
		t.Error(ok, err)
	}
	w.plug(map[string]string{path + "/device-type": "cdrom"})
	if _, ok, err := First(w); ok || err != nil {
		t.Error(ok, err)
	}
	refused := &xenstore.Error{Op: "list", Path: devices, Name: "EACCES"}
	w.Refuse = func(string) error { return refused }
	if _, _, err := First(w); !errors.Is(err, refused) {
		t.Error(err)
	}
}

// What is under way when the disk is unplugged fails; when it is plugged in again the disk goes on, in the same memory.
func TestUnplugged(t *testing.T) {
	w := newWorld(t, nil)
	d := open(t, w)
	for round := range 3 {
		w.mu.Lock()
		w.serve = false
		w.mu.Unlock()
		end := make(chan error, 1)
		go func() {
			_, err := d.ReadAt(make([]byte, d.Size()), 0)
			end <- err
		}()
		w.await("requests", func() bool {
			w.mu.Lock()
			defer w.mu.Unlock()
			return len(w.requests) == slots
		})
		w.unplug()
		if err := <-end; !errors.Is(err, errUnplugged) {
			t.Error(err)
		}
		if err := d.Flush(); !errors.Is(err, errUnplugged) {
			t.Error(err)
		}
		w.mu.Lock()
		w.serve, w.requests, w.back = true, nil, nil
		w.mu.Unlock()
		more := map[string]string{"back/sectors": "900"}
		if round == 2 {
			more[path+"/backend-id"] = "4" // another domain has it now
		}
		w.plug(more)
		w.await("the disk is back", func() bool { return d.Err() == nil })
		p, got := bytes.Repeat([]byte{byte(round + 1)}, 1<<16), make([]byte, 1<<16)
		if _, err := d.WriteAt(p, 0); err != nil {
			t.Error(err)
		}
		if _, err := d.ReadAt(got, 0); err != nil || !bytes.Equal(p, got) || d.Size() != 900*512 {
			t.Error(err, d.Size())
		}
	}
	if n := w.Allocated(); n != 2 {
		t.Errorf("memory was allocated %d times", n)
	}
}

// The toolstack may make the device anew before the guest has seen that it was removed; a back half may end without it.
func TestMadeAnew(t *testing.T) {
	w := newWorld(t, nil)
	d := open(t, w)
	w.Remove(path)
	w.Remove("back")
	w.plug(map[string]string{"back/sectors": "800"})
	w.await("the disk is new", func() bool { return d.Size() == 800*512 && d.Err() == nil })
	w.Set("back/state", "6")
	w.await("the disk has gone", func() bool { return d.Err() != nil })
	w.Set("back/sectors", "700")
	w.Set("back/state", "2")
	w.await("the back half has started anew", func() bool { return d.Size() == 700*512 && d.Err() == nil })
	if err := d.Flush(); err != nil {
		t.Error(err)
	}
}

// A store that is slow or refuses takes nothing away from a disk that is connected, and delays one that is not.
func TestStoreRefuses(t *testing.T) {
	w := newWorld(t, nil)
	var refusing atomic.Bool
	w.Refuse = func(string) error {
		if refusing.Load() {
			return xenstore.ErrSlow
		}
		return nil
	}
	d := open(t, w)
	refusing.Store(true)
	w.Set("back/state", "5") // is seen later
	for range 10 {
		if err := d.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	refusing.Store(false)
	w.unplug()
	refusing.Store(true)
	w.plug(nil)
	refusing.Store(false)
	w.await("the disk is back", func() bool { return d.Err() == nil })
}

// A back half may answer anything: the disk fails, with a reason, until it is unplugged.
func TestBroken(t *testing.T) {
	for name, spoil := range map[string]func(e []byte){
		"number of no slot":    func(e []byte) { e[0] = slots },
		"huge number":          func(e []byte) { e[7] = 1 },
		"number of no request": func(e []byte) { e[0] = 9 },
		"another operation":    func(e []byte) { e[8] = 1 },
		"no operation":         func(e []byte) { e[0], e[8] = 9, operationNone },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			w.mu.Lock()
			w.spoil = spoil
			w.mu.Unlock()
			d := open(t, w)
			if _, err := d.ReadAt(make([]byte, 512), 0); !errors.Is(err, xenbus.ErrBroken) && !errors.Is(err, disk.ErrBroken) {
				t.Fatal(err)
			}
			w.await("the front half closes", func() bool {
				v, err := w.Read(path + "/state")
				return err == nil && v == "6"
			})
			w.Set("back/state", "2")
			if err := d.Flush(); err == nil || errors.Is(err, errUnplugged) {
				t.Errorf("it goes on: %v", err)
			}
			w.mu.Lock()
			w.spoil = nil
			w.mu.Unlock()
			w.unplug()
			w.plug(nil)
			w.await("the disk is back", func() bool { return d.Err() == nil })
			if err := d.Flush(); err != nil {
				t.Error(err)
			}
		})
	}
}

// It may write anything into the ring.
func TestGarbage(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		w := newWorld(t, nil)
		w.serve = false
		d := open(t, w)
		end := make(chan error, 1)
		go func() {
			_, err := d.ReadAt(make([]byte, len(w.data)), 0)
			end <- err
		}()
		w.await("requests", func() bool {
			w.mu.Lock()
			defer w.mu.Unlock()
			return len(w.requests) == slots
		})
		page := w.Page(path + "/ring-ref")
		for range 40 {
			binary.LittleEndian.PutUint32(bustest.At(page+4*uint64(r.IntN(xenbus.PageSize/4)), 4), r.Uint32()>>r.IntN(32))
		}
		binary.LittleEndian.PutUint32(bustest.At(page+8, 4), uint32(1+r.IntN(100))) // answers put
		w.Event()
		w.EndEvents()
		if err := <-end; err == nil {
			t.Fatal("it was all read")
		}
	}
}
