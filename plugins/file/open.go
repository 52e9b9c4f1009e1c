package file

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/plugin"
)

// created is the permissions of new files, less the user's mask.
const created = 0o666

// open: name, write Boolean. To write means to read and write, from the start of
// the file, which is made if it is missing.
func (p *files) open(c *plugin.Call) (heap.Oop, plugin.Failure) {
	n, ok1 := name(c, 0)
	writable, ok2 := c.Bool(1)
	if !ok1 || !ok2 {
		return c.Fail(plugin.BadArgument)
	}
	flag := os.O_RDONLY
	if writable {
		flag = os.O_RDWR | os.O_CREATE
	}
	return p.openFile(c, n, flag)
}

// openNew: name. It fails as inappropriate where there is such a file.
func (p *files) openNew(c *plugin.Call) (heap.Oop, plugin.Failure) {
	n, ok := name(c, 0)
	if !ok {
		return c.Fail(plugin.BadArgument)
	}
	return p.openFile(c, n, os.O_RDWR|os.O_CREATE|os.O_EXCL)
}

func (p *files) openFile(c *plugin.Call, n string, flag int) (heap.Oop, plugin.Failure) {
	o := newHandle(c)
	if o == heap.Invalid {
		return c.Fail(plugin.NoMemory)
	}
	writable := flag&os.O_RDWR != 0
	f, err := p.tree().Open(n, flag, created)
	if writable && errors.Is(err, fs.ErrPermission) {
		// A file that may be written but not read.
		f, err = p.tree().Open(n, flag&^os.O_RDWR|os.O_WRONLY, created)
	}
	if err != nil {
		if flag&os.O_EXCL != 0 && errors.Is(err, fs.ErrExist) {
			return c.Fail(plugin.Inappropriate)
		}
		return fail(c, err)
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		f.Close()
		return c.FailOS(int64(syscall.EISDIR))
	}
	p.setHandle(o, newBuffered(f, writable), writable, false)
	return o, plugin.OK
}

// connectToDescriptor: descriptor number, write Boolean.
func (p *files) connectToDescriptor(c *plugin.Call) (heap.Oop, plugin.Failure) {
	fd, ok1 := c.Index(0)
	writable, ok2 := c.Bool(1)
	if !ok1 || !ok2 {
		return c.Fail(plugin.BadArgument)
	}
	o := newHandle(c)
	if o == heap.Invalid {
		return c.Fail(plugin.NoMemory)
	}
	if fd >= 0 && fd <= 2 {
		s := p.stdio(fd)
		if s == nil || writable == (fd == 0) {
			return c.FailOS(int64(syscall.EBADF))
		}
		p.setHandle(o, s, writable, true)
		return o, plugin.OK
	}
	d, ok := p.tree().(host.Descriptors)
	if !ok {
		return c.Fail(plugin.Unsupported)
	}
	f, err := d.OpenDescriptor(fd, writable)
	if err != nil {
		return fail(c, err)
	}
	p.setHandle(o, newBuffered(f, writable), writable, false)
	return o, plugin.OK
}

// descriptorType: descriptor number. It answers -1 for one that is not there,
// 1 for a terminal, 2 for a pipe, 3 for a file.
func (p *files) descriptorType(c *plugin.Call) (heap.Oop, plugin.Failure) {
	fd, ok := c.Index(0)
	if !ok {
		return c.Fail(plugin.BadArgument)
	}
	kind := host.StreamInvalid
	if fd >= 0 && fd <= 2 {
		if kind = p.vm.Host().Console.Kind(fd); kind == host.StreamNone {
			kind = host.StreamInvalid
		}
	} else if d, ok := p.tree().(host.Descriptors); ok {
		kind = d.DescriptorKind(fd)
	}
	return c.ReturnInt(int64(kind))
}

// stdioHandles answers the handles of the three standard streams, nil for those that are absent.
func (p *files) stdioHandles(c *plugin.Call) (heap.Oop, plugin.Failure) {
	var handles [3]heap.Oop
	for fd := range handles {
		if handles[fd] = newHandle(c); handles[fd] == heap.Invalid {
			return c.Fail(plugin.NoMemory)
		}
	}
	a := c.NewArray(handles[:]...)
	if a == heap.Invalid {
		return c.Fail(plugin.NoMemory)
	}
	for fd, o := range handles {
		if s := p.stdio(fd); s != nil {
			p.setHandle(o, s, fd != 0, true)
		} else {
			c.Heap.Store(a, fd, c.Heap.Nil)
		}
	}
	return a, plugin.OK
}

func (p *files) closeFile(c *plugin.Call) (heap.Oop, plugin.Failure) {
	b, ok := c.Bytes(0)
	if !ok {
		return c.Fail(plugin.BadArgument)
	}
	s, ok := p.handles.Remove(b)
	if !ok {
		return c.Fail(plugin.Generic)
	}
	return done(c, s.close())
}
