package asynchfile

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/host/hostos"
	"github.com/sista-vm/sista/plugin"
	"github.com/sista-vm/sista/plugin/plugintest"
)

const module = "AsynchFilePlugin"

func TestTransfers(t *testing.T) {
	v := plugintest.New(t, Module)
	v.World.Files = hostos.NewFiles()
	p := filepath.Join(t.TempDir(), "x")
	h, f := v.Try(module, "primitiveAsyncFileOpen", nil, p, true, 9)
	if f != plugin.OK {
		t.Fatal(f)
	}
	v.Do(module, "primitiveAsyncFileWriteStart", nil, h, 0, "hello world", 1, 11)
	if i := <-v.Signals; i != 9 {
		t.Errorf("semaphore %d was signalled", i)
	}
	if n := v.Do(module, "primitiveAsyncFileWriteResult", nil, h); n != 11 {
		t.Errorf("wrote %v", n)
	}
	v.Do(module, "primitiveAsyncFileReadStart", nil, h, 6, 100)
	<-v.Signals
	buf := v.Oop("..........")
	if n := v.Do(module, "primitiveAsyncFileReadResult", nil, h, buf, 3, 8); n != 5 || v.Go(buf) != "..world..." {
		t.Errorf("read %v: %q", n, v.Go(buf))
	}
	v.Fails(plugin.BadIndex, module, "primitiveAsyncFileReadResult", nil, h, buf, 3, 9)
	v.Fails(plugin.LimitExceeded, module, "primitiveAsyncFileReadStart", nil, h, 0, 1<<40)
	v.Do(module, "primitiveAsyncFileClose", nil, h)
	v.Fails(plugin.BadArgument, module, "primitiveAsyncFileClose", nil, h)
	if b, _ := os.ReadFile(p); string(b) != "hello world" {
		t.Errorf("the file holds %q", b)
	}
}

// slowFile is a file whose Read waits.
type slowFile struct {
	host.File
	gate chan struct{}
}

func (s slowFile) Read(p []byte) (int, error) {
	<-s.gate
	return s.File.Read(p)
}

func TestBusy(t *testing.T) {
	v := plugintest.New(t, Module)
	p := &files{vm: v, handles: plugin.NewHandles[*file](v.Session)}
	inner, err := host.ReadOnly(fstest.MapFS{"a": {Data: []byte("abc")}}).Open("a", os.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	gate := make(chan struct{})
	handle := v.Oop(make([]byte, 16))
	p.handles.Add(plugin.RawBytes(handle), &file{vm: v, f: slowFile{inner, gate}, semaphore: 3})
	start := func() plugin.Failure {
		_, f := v.Perform(p.readStart, v.Oop(nil), handle, v.Oop(0), v.Oop(3))
		return f
	}
	result := func() any {
		o, f := v.Perform(p.readResult, v.Oop(nil), handle, v.Oop("..."), v.Oop(1), v.Oop(3))
		if f != plugin.OK {
			t.Fatal(f)
		}
		return v.Go(o)
	}
	if f := start(); f != plugin.OK {
		t.Fatal(f)
	}
	if got := result(); got != Busy {
		t.Errorf("the result is %v while reading", got)
	}
	if f := start(); f != plugin.Inappropriate {
		t.Errorf("a second operation: %v", f)
	}
	close(gate)
	<-v.Signals
	if got := result(); got != 3 {
		t.Errorf("the result is %v", got)
	}
}

func TestFuzzArguments(t *testing.T) {
	plugintest.Fuzz(t, Module, 800, func(v *plugintest.VM) []heap.Oop {
		v.World.Files = host.ReadOnly(fstest.MapFS{"abc": {Data: []byte("hello")}})
		extra := []heap.Oop{v.Oop("abc"), v.Heap().False}
		if h, f := v.Try(module, "primitiveAsyncFileOpen", nil, "abc", false, 0); f == plugin.OK {
			extra = append(extra, h)
		}
		return extra
	})
}
