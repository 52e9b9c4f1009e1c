// Package asynchfile is the AsynchFilePlugin: reading and writing files beside
// the running program.
//
// A file has one operation under way at a time. When it ends its semaphore is
// signalled, and the result can be fetched once; until then the result is Busy.
package asynchfile

import (
	"io"
	"os"
	"sync"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/plugin"
)

// Module is the plugin.
var Module = plugin.Module{Name: "AsynchFilePlugin", New: func(vm plugin.VM) (plugin.Instance, error) {
	p := &files{vm: vm, handles: plugin.NewHandles[*file](vm.SessionID())}
	return plugin.Instance{Close: p.close, Primitives: map[string]plugin.Func{
		"primitiveAsyncFileOpen":        p.open,
		"primitiveAsyncFileClose":       p.closeFile,
		"primitiveAsyncFileReadStart":   p.readStart,
		"primitiveAsyncFileReadResult":  p.readResult,
		"primitiveAsyncFileWriteStart":  p.writeStart,
		"primitiveAsyncFileWriteResult": p.writeResult,
	}}, nil
}}

// Results that are no count.
const (
	Error = -1
	Busy  = -2
)

// maxTransfer bounds what one operation may read, so that a wrong count does not
// take all memory.
const maxTransfer = 1 << 30

type files struct {
	vm      plugin.VM
	handles *plugin.Handles[*file]
}

// file is an open file and its operation.
type file struct {
	vm        plugin.VM
	f         host.File
	writable  bool
	semaphore int

	mu     sync.Mutex
	busy   bool
	closed bool
	data   []byte // what was read
	result int
}

// start runs an operation on another goroutine; it is false while one is under way.
func (f *file) start(op func() (data []byte, n int, err error)) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.busy {
		return false
	}
	f.busy = true
	go func() {
		data, n, err := op()
		f.mu.Lock()
		f.data, f.result = data, n
		if err != nil {
			f.result = Error
		}
		f.busy = false
		if f.closed {
			f.f.Close()
		}
		f.mu.Unlock()
		f.vm.SignalSemaphore(f.semaphore)
	}()
	return true
}

// seek moves to a position; a negative one means to go on where the file is.
func (f *file) seek(position int64) error {
	if position < 0 {
		return nil
	}
	_, err := f.f.Seek(position, io.SeekStart)
	return err
}

// close closes the file once its operation has ended.
func (f *file) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	if !f.busy {
		f.f.Close()
	}
}

// open: name, write Boolean, semaphore index.
func (p *files) open(c *plugin.Call) (heap.Oop, plugin.Failure) {
	name, ok1 := c.String(0)
	writable, ok2 := c.Bool(1)
	semaphore, ok3 := c.Index(2)
	if !ok1 || !ok2 || !ok3 {
		return c.Fail(plugin.BadArgument)
	}
	o := c.Heap.NewBytes(make([]byte, plugin.HandleSize))
	if o == heap.Invalid {
		return c.Fail(plugin.NoMemory)
	}
	flag := os.O_RDONLY
	if writable {
		flag = os.O_RDWR | os.O_CREATE
	}
	f, err := p.vm.Host().Files.Open(name, flag, 0o666)
	if err != nil {
		return c.FailError(err)
	}
	p.handles.Add(plugin.RawBytes(o), &file{vm: p.vm, f: f, writable: writable, semaphore: semaphore})
	return o, plugin.OK
}

func (p *files) file(c *plugin.Call) (*file, bool) {
	b, ok := c.Bytes(0)
	if !ok {
		return nil, false
	}
	return p.handles.Get(b)
}

func (p *files) closeFile(c *plugin.Call) (heap.Oop, plugin.Failure) {
	b, _ := c.Bytes(0)
	f, ok := p.handles.Remove(b)
	if !ok {
		return c.Fail(plugin.BadArgument)
	}
	f.close()
	return c.ReturnReceiver()
}

// readStart: handle, position from 0, count of bytes.
func (p *files) readStart(c *plugin.Call) (heap.Oop, plugin.Failure) {
	f, ok1 := p.file(c)
	position, ok2 := c.Int(1)
	count, ok3 := c.SmallInt(2)
	if !ok1 || !ok2 || !ok3 || count < 0 {
		return c.Fail(plugin.BadArgument)
	}
	if count > maxTransfer {
		return c.Fail(plugin.LimitExceeded)
	}
	started := f.start(func() ([]byte, int, error) {
		if err := f.seek(position); err != nil {
			return nil, 0, err
		}
		data, err := io.ReadAll(io.LimitReader(f.f, int64(count)))
		return data, len(data), err
	})
	if !started {
		return c.Fail(plugin.Inappropriate)
	}
	return c.ReturnReceiver()
}

// part answers the bytes of the buffer in an argument that are meant by start and
// count in elements, the two arguments after it.
func part(c *plugin.Call, i int) ([]byte, plugin.Failure) {
	o := c.Arg(i)
	all := plugin.RawBytes(o)
	start, ok1 := c.SmallInt(i + 1)
	count, ok2 := c.SmallInt(i + 2)
	if !plugin.IsBits(o) || !ok1 || !ok2 {
		return nil, plugin.BadArgument
	}
	unit := plugin.UnitSize(o)
	n := len(all) / unit
	if start < 1 || count < 0 || start-1 > n || count > n-(start-1) {
		return nil, plugin.BadIndex
	}
	return all[(start-1)*unit : (start-1+count)*unit], plugin.OK
}

// readResult: handle, buffer, start, count. It answers the bytes read.
func (p *files) readResult(c *plugin.Call) (heap.Oop, plugin.Failure) {
	f, ok := p.file(c)
	if !ok {
		return c.Fail(plugin.BadArgument)
	}
	to, fail := part(c, 1)
	if fail != plugin.OK {
		return c.Fail(fail)
	}
	if !c.Writable(c.Arg(1)) {
		return c.Fail(plugin.NoModification)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.busy:
		return c.ReturnInt(Busy)
	case f.result < 0:
		return c.ReturnInt(int64(f.result))
	}
	n := copy(to, f.data)
	f.data = nil
	return c.ReturnInt(int64(n))
}

// writeStart: handle, position from 0, buffer, start, count.
func (p *files) writeStart(c *plugin.Call) (heap.Oop, plugin.Failure) {
	f, ok1 := p.file(c)
	position, ok2 := c.Int(1)
	if !ok1 || !ok2 {
		return c.Fail(plugin.BadArgument)
	}
	from, fail := part(c, 2)
	if fail != plugin.OK {
		return c.Fail(fail)
	}
	if !f.writable {
		return c.Fail(plugin.Inappropriate)
	}
	data := append([]byte(nil), from...) // objects move
	started := f.start(func() ([]byte, int, error) {
		if err := f.seek(position); err != nil {
			return nil, 0, err
		}
		n, err := f.f.Write(data)
		return nil, n, err
	})
	if !started {
		return c.Fail(plugin.Inappropriate)
	}
	return c.ReturnReceiver()
}

// writeResult: handle. It answers the bytes written.
func (p *files) writeResult(c *plugin.Call) (heap.Oop, plugin.Failure) {
	f, ok := p.file(c)
	if !ok {
		return c.Fail(plugin.BadArgument)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.busy {
		return c.ReturnInt(Busy)
	}
	return c.ReturnInt(int64(f.result))
}

func (p *files) close() {
	p.handles.Each(func(f *file) { f.close() })
	p.handles = plugin.NewHandles[*file](p.vm.SessionID())
}
