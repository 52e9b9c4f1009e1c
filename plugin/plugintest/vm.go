// Package plugintest runs the primitives of plugins without an interpreter: on a
// heap of its own with the few classes primitives need, with Go values for
// arguments and results, and with random arguments.
package plugintest

import (
	"crypto/rand"
	"math/big"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/host/hostos"
	"github.com/sista-vm/sista/plugin"
)

// VM is a virtual machine with no interpreter. Its heap is never collected.
type VM struct {
	T       testing.TB
	World   *host.Host
	Session uint64
	Signals chan int // indices of signalled semaphores
	Call    plugin.Call
	Point   heap.Oop // class Point

	heap  *heap.Heap
	table *plugin.Table
	stack heap.Oop

	mu     sync.Mutex
	posted []func()
}

// maxHeap is small, so that asking for too much memory fails quickly.
const maxHeap = 64 << 20

// stackSlots is how many receivers and arguments fit.
const stackSlots = 32

// New makes a VM with modules. Its world has a virtual clock, an empty console,
// no files and no network; tests set what they need in World before the first
// call.
func New(t testing.TB, modules ...plugin.Module) *VM {
	t.Helper()
	h, err := heap.New(heap.Config{Memory: hostos.Memory(), Window: -1, MaxHeap: maxHeap})
	if err != nil {
		t.Fatal(err)
	}
	v := &VM{T: t, heap: h, Session: 0x5e551, Signals: make(chan int, 1000)}
	t.Cleanup(v.Close)
	if err := h.Bootstrap(); err != nil {
		t.Fatal(err)
	}
	h.Specials = h.AllocateOld(heap.ClassArray, heap.FmtArray, 60)
	v.World = &host.Host{Clock: host.NewVirtualClock(), Console: host.Streams{}, Files: host.ReadOnly(fstest.MapFS{}), Entropy: rand.Reader}
	// The classes the VM knows by number, and one for all other objects.
	for index, shape := range map[uint32]heap.Format{
		heap.ClassSmallInteger: heap.FmtForwarder, heap.ClassCharacter: heap.FmtForwarder, heap.ClassSmallFloat: heap.FmtForwarder,
		heap.ClassLargeNeg: heap.FmtBytes, heap.ClassLargePos: heap.FmtBytes, heap.ClassFloat: heap.FmtWords32,
		heap.ClassByteArray: heap.FmtBytes, heap.ClassArray: heap.FmtArray, heap.ClassByteString: heap.FmtBytes,
		heap.ClassBitmap: heap.FmtWords32, classOther: heap.FmtFixed,
	} {
		h.SetClassAt(index, v.allocateClass(0, shape))
	}
	for _, o := range []heap.Oop{h.Nil, h.False, h.True} {
		o.SetClassIndex(classOther)
	}
	v.Point = v.NewClass(2, heap.FmtFixed)
	h.SetSpecial(12, v.Point)
	v.stack = h.AllocateOld(heap.ClassWordsPun, heap.FmtWords64, stackSlots)
	v.table = plugin.NewTable(v, plugin.NewRegistry(modules...))
	v.Call = plugin.Call{Heap: h, VM: v}
	return v
}

// Close unloads the modules and returns the heap's memory. Tests need not call it.
func (v *VM) Close() {
	if v.heap == nil {
		return
	}
	if v.table != nil {
		v.table.Close()
	}
	if err := v.heap.Close(); err != nil {
		v.T.Error(err)
	}
	v.heap = nil
}

// classOther is the class index of objects whose class does not matter.
const classOther = 60

// allocateClass makes a class that has no index yet.
func (v *VM) allocateClass(fixed int, f heap.Format) heap.Oop {
	class := v.heap.AllocateOld(classOther, heap.FmtFixed, 11)
	class.SetSlotRaw(heap.ClassFormat, heap.FromInt(int64(f)<<16|int64(fixed)))
	return class
}

// NewClass makes a class of a shape.
func (v *VM) NewClass(fixed int, f heap.Format) heap.Oop {
	class := v.allocateClass(fixed, f)
	if _, ok := v.heap.ClassIndexOf(class); !ok {
		v.T.Fatal("the class table is full")
	}
	return class
}

// Host answers World.
func (v *VM) Host() *host.Host { return v.World }

// Heap answers the heap.
func (v *VM) Heap() *heap.Heap { return v.heap }

// SignalSemaphore sends an index to Signals.
func (v *VM) SignalSemaphore(index int) {
	if index != 0 {
		v.Signals <- index
	}
}

// Post keeps f for the next RunPosted.
func (v *VM) Post(f func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.posted = append(v.posted, f)
}

// RunPosted runs what was posted.
func (v *VM) RunPosted() {
	v.mu.Lock()
	fs := v.posted
	v.posted = nil
	v.mu.Unlock()
	for _, f := range fs {
		f()
	}
}

// Interrupt does nothing: there is nothing to interrupt.
func (v *VM) Interrupt() {}

// Done is never closed.
func (v *VM) Done() <-chan struct{} { return nil }

// SessionID answers Session.
func (v *VM) SessionID() uint64 { return v.Session }

// ImagePath answers a name.
func (v *VM) ImagePath() string { return "/images/test.image" }

// Oop makes an object of a Go value: nil, bool, integers, *big.Int, float64,
// string (ByteString), []byte (ByteArray), []uint32 (Bitmap), []float32 and
// []float64 (their bits), []uint16, rune-typed Char, []any (Array), heap.Oop (itself).
func (v *VM) Oop(x any) heap.Oop {
	h := v.heap
	switch x := x.(type) {
	case nil:
		return h.Nil
	case heap.Oop:
		return x
	case bool:
		return h.Bool(x)
	case int:
		return h.NewInt64(int64(x))
	case int64:
		return h.NewInt64(x)
	case uint64:
		return h.NewUint64(x)
	case *big.Int:
		return h.NewBig(x)
	case float64:
		return h.NewFloat(x)
	case string:
		return h.NewString(x)
	case []byte:
		return h.NewBytes(x)
	case Char:
		return heap.FromChar(uint32(x))
	case []uint16:
		o := h.Allocate(classOther, heap.FmtShorts+heap.Format(-len(x)&3), (len(x)+3)/4)
		copy(o.Words16(), x)
		return o
	case []uint32:
		o := h.Allocate(heap.ClassBitmap, heap.FmtWords32+heap.Format(len(x)&1), (len(x)+1)/2)
		copy(plugin.Raw32(o), x)
		return o
	case []uint64:
		o := h.Allocate(classOther, heap.FmtWords64, len(x))
		copy(plugin.Raw64(o), x)
		return o
	case []any:
		o := h.NewArray(len(x))
		for i, e := range x {
			h.Store(o, i, v.Oop(e))
		}
		return o
	case Object:
		o := h.Allocate(classOther, heap.FmtFixed, len(x))
		for i, e := range x {
			h.Store(o, i, v.Oop(e))
		}
		return o
	}
	v.T.Fatalf("no object for a %T", x)
	return heap.Invalid
}

// Char is a Go value that becomes a Character.
type Char rune

// Object is a Go value that becomes an object with these fields.
type Object []any

// Go is the inverse of Oop; Points become [2]any.
func (v *VM) Go(o heap.Oop) any {
	h := v.heap
	switch {
	case o == h.Nil:
		return nil
	case o == h.True, o == h.False:
		return o == h.True
	case o.IsInt():
		return int(o.Int())
	case o.IsChar():
		return Char(o.Char())
	case o.ClassIndex() == heap.ClassByteString:
		return h.StringValue(o)
	case o.ClassIndex() == heap.ClassByteArray:
		return append([]byte{}, o.Bytes()...)
	case o.ClassIndex() == heap.ClassBitmap:
		return append([]uint32{}, plugin.Raw32(o)...)
	case o.ClassIndex() == heap.ClassArray:
		a := make([]any, o.NumSlots())
		for i := range a {
			a[i] = v.Go(o.Slot(i))
		}
		return a
	case h.ClassOf(o) == v.Point:
		return [2]any{v.Go(o.Slot(0)), v.Go(o.Slot(1))}
	}
	if f, ok := h.FloatValue(o); ok {
		return f
	}
	if b, ok := h.BigValue(o); ok {
		return b
	}
	return o
}

// Try calls a primitive with Go values and answers its raw result.
func (v *VM) Try(module, primitive string, receiver any, args ...any) (heap.Oop, plugin.Failure) {
	v.T.Helper()
	oops := make([]heap.Oop, len(args)+1)
	oops[0] = v.Oop(receiver)
	for i, a := range args {
		oops[i+1] = v.Oop(a)
	}
	f, err := v.table.Lookup(module, primitive)
	if err != nil {
		v.T.Fatal(err)
	}
	return v.Perform(f, oops...)
}

// Perform calls a primitive with a receiver and arguments.
func (v *VM) Perform(f plugin.Func, oops ...heap.Oop) (heap.Oop, plugin.Failure) {
	base := v.stack.SlotAddr(stackSlots - 1)
	for i, o := range oops {
		heap.StoreWord(base-uint64(i)*heap.Word, uint64(o))
	}
	v.Call.Begin(base, len(oops)-1)
	return f(&v.Call)
}

// Do calls a primitive that must succeed and answers its result as a Go value.
func (v *VM) Do(module, primitive string, receiver any, args ...any) any {
	v.T.Helper()
	o, f := v.Try(module, primitive, receiver, args...)
	if f != plugin.OK {
		v.T.Fatalf("%s %s%v fails: %v (%d) %s", module, primitive, args, f, v.Call.OSErr, v.Call.Reason)
	}
	return v.Go(o)
}

// Fails calls a primitive that must fail in a certain way.
func (v *VM) Fails(want plugin.Failure, module, primitive string, receiver any, args ...any) {
	v.T.Helper()
	if o, f := v.Try(module, primitive, receiver, args...); f != want {
		v.T.Errorf("%s %s%v fails with %q, want %q (result %v)", module, primitive, args, f, want, o)
	}
}
