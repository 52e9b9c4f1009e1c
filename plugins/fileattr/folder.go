package fileattr

import (
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// folder is a folder being read. Its names are read when it is opened or rewound.
type folder struct {
	path  string
	names []string
	next  int
}

func (a *attributes) open(p string) (*folder, error) {
	names, err := a.tree().ReadDir(p)
	return &folder{path: p, names: names}, err
}

// entry makes Array(name, stat Array or nil, last) of the next entry; ok is false
// when there is none.
func (a *attributes) entry(c *plugin.Call, f *folder, last heap.Oop) (o heap.Oop, ok bool) {
	if f.next >= len(f.names) {
		return heap.Invalid, false
	}
	n := f.names[f.next]
	stat, ok := a.stat(c, f.path+"/"+n, false)
	if !ok {
		stat = c.Heap.Nil // a link that leads nowhere
	}
	if o = c.NewArray(c.Heap.NewBytes([]byte(n)), stat, last); o != heap.Invalid {
		f.next++
	}
	return o, true
}

// openFolder: path. It answers Array(name, stat, handle) for the first entry, nil
// for an empty folder.
func (a *attributes) openFolder(c *plugin.Call) (heap.Oop, plugin.Failure) {
	p, fail := path(c, 0)
	if fail != plugin.OK {
		return c.Fail(fail)
	}
	f, err := a.open(p)
	if err != nil {
		return c.FailOS(int64(CannotOpenFolder))
	}
	handle := c.Heap.NewBytes(make([]byte, plugin.HandleSize))
	if handle == heap.Invalid {
		return c.Fail(plugin.NoMemory)
	}
	o, ok := a.entry(c, f, handle)
	if !ok {
		return c.ReturnNil()
	}
	if o != heap.Invalid {
		a.folders.Add(plugin.RawBytes(handle), f)
	}
	return c.Return(o)
}

// folder answers what the handle in argument 0 stands for.
func (a *attributes) folder(c *plugin.Call) (*folder, plugin.Failure) {
	b, ok := c.Bytes(0)
	if !ok || len(b) != plugin.HandleSize {
		return nil, plugin.BadArgument
	}
	f, ok := a.folders.Get(b)
	if !ok {
		c.OSErr = int64(BadSession)
		return nil, plugin.OSError
	}
	return f, plugin.OK
}

// readFolder: handle. It answers the next entry, nil at the end.
func (a *attributes) readFolder(c *plugin.Call) (heap.Oop, plugin.Failure) {
	f, fail := a.folder(c)
	if fail != plugin.OK {
		return c.Fail(fail)
	}
	o, ok := a.entry(c, f, c.Heap.Nil)
	if !ok {
		return c.ReturnNil()
	}
	return c.Return(o)
}

// rewindFolder: handle. It reads the folder anew and answers its first entry.
func (a *attributes) rewindFolder(c *plugin.Call) (heap.Oop, plugin.Failure) {
	f, fail := a.folder(c)
	if fail != plugin.OK {
		return c.Fail(fail)
	}
	again, err := a.open(f.path)
	if err != nil {
		return c.FailOS(int64(CannotReadFolder))
	}
	*f = *again
	return a.readFolder(c)
}

// closeFolder: handle. It answers the handle, which is stale from now on.
func (a *attributes) closeFolder(c *plugin.Call) (heap.Oop, plugin.Failure) {
	if _, fail := a.folder(c); fail != plugin.OK {
		return c.Fail(fail)
	}
	b, _ := c.Bytes(0)
	a.folders.Remove(b)
	return c.Arg(0), plugin.OK
}
