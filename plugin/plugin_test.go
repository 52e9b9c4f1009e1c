package plugin_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"syscall"
	"testing"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
	"github.com/sista-vm/sista/plugin/plugintest"
)

// echo answers what it was given, read in many ways.
var echo = plugin.Module{Name: "Echo", New: func(plugin.VM) (plugin.Instance, error) {
	return plugin.Instance{Primitives: map[string]plugin.Func{
		"array": func(c *plugin.Call) (heap.Oop, plugin.Failure) {
			return c.ReturnArray(c.Receiver, c.Arg(-1), c.Arg(0), c.Arg(1), c.Arg(2))
		},
		"int": func(c *plugin.Call) (heap.Oop, plugin.Failure) {
			i, ok := c.Int(0)
			if !ok {
				return c.Fail(plugin.BadArgument)
			}
			return c.ReturnInt(i)
		},
		"uint": func(c *plugin.Call) (heap.Oop, plugin.Failure) {
			u, ok := c.Uint(0)
			if !ok {
				return c.Fail(plugin.BadArgument)
			}
			return c.ReturnUint(u)
		},
		"fill": func(c *plugin.Call) (heap.Oop, plugin.Failure) {
			b, f := c.MutableBytes(0)
			if f != plugin.OK {
				return c.Fail(f)
			}
			for i := range b {
				b[i] = 'x'
			}
			return c.ReturnReceiver()
		},
		"store": func(c *plugin.Call) (heap.Oop, plugin.Failure) {
			i, _ := c.SmallInt(1)
			return c.Arg(0), c.Store(c.Arg(0), i, c.Arg(2))
		},
		"error": func(c *plugin.Call) (heap.Oop, plugin.Failure) {
			return c.FailError(fmt.Errorf("wrapped: %w", &fs.PathError{Err: syscall.ENOENT}))
		},
		"point": func(c *plugin.Call) (heap.Oop, plugin.Failure) { return c.Return(c.NewPoint(c.Arg(0), c.Arg(1))) },
	}}, nil
}}

func TestCall(t *testing.T) {
	v := plugintest.New(t, echo)
	if got := v.Do("Echo", "array", "self", 1, true); !reflect.DeepEqual(got, []any{"self", "self", 1, true, nil}) {
		t.Errorf("arguments are %v", got)
	}
	for _, i := range []int64{0, -1, 1<<63 - 1, -1 << 63} {
		if o, f := v.Try("Echo", "int", nil, i); f != plugin.OK {
			t.Errorf("%d fails: %v", i, f)
		} else if got, ok := v.Heap().IntValue64(o); !ok || got != i {
			t.Errorf("%d comes back as %d", i, got)
		}
	}
	v.Fails(plugin.BadArgument, "Echo", "int", nil, uint64(1<<63))
	v.Fails(plugin.BadArgument, "Echo", "uint", nil, -1)
	if o, _ := v.Try("Echo", "uint", nil, ^uint64(0)); o != heap.Invalid {
		if u, ok := v.Heap().Uint64Value(o); !ok || u != ^uint64(0) {
			t.Errorf("2^64-1 comes back as %d", u)
		}
	}
	if got := v.Do("Echo", "point", nil, 3, 4); got != [2]any{3, 4} {
		t.Errorf("the point is %v", got)
	}
	v.Fails(plugin.OSError, "Echo", "error", nil)
	if v.Call.OSErr != int64(syscall.ENOENT) {
		t.Errorf("the error number is %d", v.Call.OSErr)
	}
}

func TestStores(t *testing.T) {
	v := plugintest.New(t, echo)
	b := v.Oop([]byte("abc"))
	v.Do("Echo", "fill", nil, b)
	if got := v.Go(b); !bytes.Equal(got.([]byte), []byte("xxx")) {
		t.Errorf("filled with %q", got)
	}
	v.Heap().SetImmutable(b, true)
	v.Fails(plugin.NoModification, "Echo", "fill", nil, b)
	v.Fails(plugin.BadArgument, "Echo", "fill", nil, 7)

	a := v.Oop([]any{1, 2})
	v.Do("Echo", "store", nil, a, 1, "new")
	if got := v.Go(a); !reflect.DeepEqual(got, []any{1, "new"}) {
		t.Errorf("stored %v", got)
	}
	v.Fails(plugin.BadIndex, "Echo", "store", nil, a, 2, "new")
	v.Fails(plugin.BadIndex, "Echo", "store", nil, a, -1, "new")
	v.Fails(plugin.BadArgument, "Echo", "store", nil, b, 0, "new")
	var watched []heap.Oop
	v.Heap().OnWatchedStore = func(o heap.Oop, _ int) { watched = append(watched, o) }
	v.Heap().Watch(a)
	v.Do("Echo", "store", nil, a, 0, 5)
	if len(watched) != 1 || watched[0] != a {
		t.Errorf("watched stores: %v", watched)
	}
	v.Heap().SetImmutable(a, true)
	v.Fails(plugin.NoModification, "Echo", "store", nil, a, 0, 6)
}

func TestForwardersAreFollowed(t *testing.T) {
	v := plugintest.New(t, echo)
	fwd := v.Heap().Allocate(heap.ClassForwarder, heap.FmtForwarder, 1)
	fwd.SetSlotRaw(0, v.Oop("target"))
	if got := v.Do("Echo", "array", fwd, fwd); !reflect.DeepEqual(got, []any{"target", "target", "target", nil, nil}) {
		t.Errorf("arguments are %v", got)
	}
}

func TestRawViews(t *testing.T) {
	v := plugintest.New(t)
	for _, x := range []any{[]byte{1, 2, 3}, []uint16{1, 2, 3}, []uint32{1, 2, 3}, []uint64{1, 2, 3}} {
		o := v.Oop(x)
		unit := int(reflect.TypeOf(x).Elem().Size())
		if plugin.UnitSize(o) != unit || len(plugin.RawBytes(o)) != 3*unit {
			t.Errorf("%T: units of %d bytes, %d bytes", x, plugin.UnitSize(o), len(plugin.RawBytes(o)))
		}
	}
	if plugin.RawBytes(v.Oop([]any{1})) != nil || plugin.RawBytes(v.Oop(3)) != nil || plugin.Raw32(v.Oop("abcd")) != nil {
		t.Error("a view of an object that is not raw data")
	}
}

func TestTable(t *testing.T) {
	v := plugintest.New(t)
	closed := ""
	mod := func(name string) plugin.Module {
		return plugin.Module{Name: name, New: func(plugin.VM) (plugin.Instance, error) {
			return plugin.Instance{
				Primitives: map[string]plugin.Func{"p": plugin.Refuse("no")},
				Close:      func() { closed += name },
			}, nil
		}}
	}
	bad := plugin.Module{Name: "Bad", New: func(plugin.VM) (plugin.Instance, error) {
		return plugin.Instance{}, errors.New("no luck")
	}}
	table := plugin.NewTable(v, plugin.NewRegistry(mod("A"), mod("B"), bad, plugin.Unavailable("FFI", "not here")))
	for _, name := range []string{"A", "B"} {
		if _, err := table.Lookup(name, "p"); err != nil {
			t.Error(err)
		}
	}
	for _, c := range [][2]string{{"A", "q"}, {"C", "p"}, {"Bad", "p"}} {
		if _, err := table.Lookup(c[0], c[1]); err == nil {
			t.Errorf("%v was found", c)
		}
	}
	f, err := table.Lookup("FFI", "anything")
	if err != nil {
		t.Fatal(err)
	}
	if _, failure := v.Perform(f, v.Oop(nil)); failure != plugin.Unsupported || v.Call.Reason != "FFI: not here" {
		t.Errorf("fails with %v, %q", failure, v.Call.Reason)
	}
	if got := table.Loaded(); !reflect.DeepEqual(got, []string{"A", "B", "FFI"}) {
		t.Errorf("loaded: %v", got)
	}
	if got := table.Available(); !reflect.DeepEqual(got, []string{"A", "B", "Bad", "FFI"}) {
		t.Errorf("available: %v", got)
	}
	if !table.Unload("A") || table.Unload("A") {
		t.Error("a loaded module is unloaded once")
	}
	table.Close()
	if closed != "AB" {
		t.Errorf("closed %q", closed)
	}
}

func TestHandles(t *testing.T) {
	h := plugin.NewHandles[string](7)
	a, b, c := make([]byte, 16), make([]byte, 16), make([]byte, 24)
	h.Add(a, "a")
	h.Add(b, "b")
	if got, ok := h.Get(a); !ok || got != "a" {
		t.Errorf("a is %q", got)
	}
	if got, ok := h.Remove(a); !ok || got != "a" {
		t.Errorf("removed %q", got)
	}
	if _, ok := h.Remove(a); ok {
		t.Error("removed twice")
	}
	h.Add(c, "c") // takes a's index
	if _, ok := h.Get(a); ok {
		t.Error("the closed handle came back to life")
	}
	if got, ok := h.Get(c); !ok || got != "c" {
		t.Errorf("c is %q", got)
	}
	other := plugin.NewHandles[string](8)
	other.Add(make([]byte, 16), "z")
	for _, stale := range [][]byte{b, b[:15], nil, bytes.Repeat([]byte{255}, 16)} {
		if _, ok := other.Get(stale); ok {
			t.Errorf("handle %x was accepted", stale)
		}
	}
}

func TestFuzzSelf(t *testing.T) { plugintest.Fuzz(t, echo, 300, nil) }
