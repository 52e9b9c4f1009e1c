// Package bustest is the other domain for tests of front halves: memory with its grants, a store, events, and the back
// half's side of a ring. Nothing in it waits.
package bustest

import (
	"errors"
	"io"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"github.com/sista-vm/sista/xenhost/xenbus"
	"github.com/sista-vm/sista/xenhost/xenstore"
)

// World is a machine with a store. It implements xenbus.Machine and xenbus.Store.
type World struct {
	Notified chan struct{} // has something when the guest has notified a back half
	// Written is told what the guest writes to the store; nil: nobody is.
	Written func(path, value string)
	// Refuse answers an error for a path of the store, or nil; nil: nothing is refused.
	Refuse func(path string) error

	t       testing.TB
	mu      sync.Mutex
	keep    [][]byte
	granted map[uint32]grant
	values  map[string]string
	watches map[int]watch
	last    int
	events  []chan struct{}
}

type grant struct {
	addr   uint64
	domain uint16
}

type watch struct {
	path string
	f    func(path string)
}

// shift is why physical addresses are others, to tell mistakes.
const shift = 1 << 40

const firstGrant = 100

// New answers a world whose store has values.
func New(t testing.TB, values map[string]string) *World {
	return &World{t: t, Notified: make(chan struct{}, 1), granted: map[uint32]grant{}, values: values, watches: map[int]watch{}}
}

// Allocate implements xenbus.Machine.
func (w *World) Allocate(size uint64) (addr, physical uint64, err error) {
	b := make([]byte, size+xenbus.PageSize)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.keep = append(w.keep, b)
	addr = (uint64(uintptr(unsafe.Pointer(&b[0]))) + xenbus.PageSize - 1) &^ (xenbus.PageSize - 1)
	return addr, addr + shift, nil
}

// Allocated tells how often memory was asked for.
func (w *World) Allocated() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.keep)
}

// Grant implements xenbus.Machine.
func (w *World) Grant(domain uint16, physical uint64, readOnly bool) (uint32, error) {
	if physical%xenbus.PageSize != 0 || physical < shift {
		return 0, errors.New("granted is no page")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	ref := uint32(firstGrant + len(w.granted))
	w.granted[ref] = grant{physical - shift, domain}
	return ref, nil
}

// Events implements xenbus.Machine: ports are 1, 2, 3...
func (w *World) Events(uint16) (uint32, io.Reader, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	e := make(chan struct{}, 1)
	w.events = append(w.events, e)
	return uint32(len(w.events)), stream(e), nil
}

type stream chan struct{}

func (s stream) Read(p []byte) (int, error) {
	if _, ok := <-s; !ok {
		return 0, io.EOF
	}
	return len(p), nil
}

// Event sends an event to the last port that the guest has made.
func (w *World) Event() {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case w.events[len(w.events)-1] <- struct{}{}:
	default: // there is one that has not been seen yet
	}
}

// EndEvents ends the events of the last port; none is sent after that.
func (w *World) EndEvents() {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.events[len(w.events)-1])
}

// Notify implements xenbus.Machine.
func (w *World) Notify(uint32) {
	select {
	case w.Notified <- struct{}{}:
	default:
	}
}

func (w *World) refused(path string) error {
	if w.Refuse == nil {
		return nil
	}
	return w.Refuse(path)
}

// Read implements xenbus.Store.
func (w *World) Read(path string) (string, error) {
	if err := w.refused(path); err != nil {
		return "", err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	v, ok := w.values[path]
	if !ok {
		return "", &xenstore.Error{Op: "read", Path: path, Name: "ENOENT"}
	}
	return v, nil
}

// List answers the names below a path.
func (w *World) List(path string) ([]string, error) {
	if err := w.refused(path); err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := map[string]bool{}
	var names []string
	for p := range w.values {
		if rest, ok := strings.CutPrefix(p, path+"/"); ok {
			name, _, _ := strings.Cut(rest, "/")
			if !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
	}
	if names == nil {
		return nil, &xenstore.Error{Op: "list", Path: path, Name: "ENOENT"}
	}
	return names, nil
}

// Write implements xenbus.Store. What the guest writes has to be there already in part: it cannot make a device.
func (w *World) Write(path, value string) error {
	if err := w.refused(path); err != nil {
		return err
	}
	folder := path[:strings.LastIndexByte(path, '/')]
	if _, err := w.List(folder); err != nil {
		return &xenstore.Error{Op: "write", Path: path, Name: "EACCES"}
	}
	w.Set(path, value)
	if w.Written != nil {
		w.Written(path, value)
	}
	return nil
}

// Set is what the other domain writes.
func (w *World) Set(path, value string) {
	w.mu.Lock()
	w.values[path] = value
	w.mu.Unlock()
	w.tell(path)
}

// Remove is what the other domain removes.
func (w *World) Remove(path string) {
	w.mu.Lock()
	for p := range w.values {
		if p == path || strings.HasPrefix(p, path+"/") {
			delete(w.values, p)
		}
	}
	w.mu.Unlock()
	w.tell(path)
}

// tell calls who watches a path, or one above it.
func (w *World) tell(path string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, x := range w.watches {
		if path == x.path || strings.HasPrefix(path, x.path+"/") {
			go x.f(path)
		}
	}
}

// Watch implements xenbus.Store.
func (w *World) Watch(path string, f func(string)) (cancel func() error, err error) {
	if err := w.refused(path); err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last++
	n := w.last
	w.watches[n] = watch{path, f}
	go f(path)
	return func() error {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.watches, n)
		return nil
	}, nil
}

// Page answers the page whose grant the store has at a path.
func (w *World) Page(path string) uint64 {
	v, err := w.Read(path)
	if err != nil {
		w.t.Error(err)
		return 0
	}
	ref, err := strconv.ParseUint(v, 10, 32)
	if err != nil {
		w.t.Error(err)
		return 0
	}
	return w.BytesOf(uint32(ref))
}

// BytesOf answers the page with a grant; 0 if there is none.
func (w *World) BytesOf(ref uint32) uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	g, ok := w.granted[ref]
	if !ok {
		w.t.Errorf("page %d is not granted", ref)
	}
	return g.addr
}

// At answers bytes in memory.
func At(addr, n uint64) []byte { return unsafe.Slice((*byte)(unsafe.Add(nil, uintptr(addr))), n) }
