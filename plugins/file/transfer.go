package file

import (
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// span answers the part of the buffer in argument 1 that is meant by start and
// count in elements, arguments 2 and 3.
func span(c *plugin.Call) (o heap.Oop, part []byte, unit int, f plugin.Failure) {
	o = c.Arg(1)
	all := plugin.RawBytes(o)
	start, ok1 := c.SmallInt(2)
	count, ok2 := c.SmallInt(3)
	if !plugin.IsBits(o) || !ok1 || !ok2 {
		return o, nil, 0, plugin.BadArgument
	}
	unit = plugin.UnitSize(o)
	n := len(all) / unit
	if start < 1 || count < 0 || start-1 > n || count > n-(start-1) {
		return o, nil, 0, plugin.BadIndex
	}
	return o, all[(start-1)*unit : (start-1+count)*unit], unit, plugin.OK
}

// read: handle, buffer, start, count. It answers the number of elements read, 0 at the end.
func (p *files) read(c *plugin.Call) (heap.Oop, plugin.Failure) {
	s, ok := p.stream(c, 0)
	if !ok {
		return c.Fail(plugin.BadArgument)
	}
	o, part, unit, f := span(c)
	if f != plugin.OK {
		return c.Fail(f)
	}
	if !c.Writable(o) {
		return c.Fail(plugin.NoModification)
	}
	n, err := s.read(part)
	if err != nil {
		return fail(c, err)
	}
	return c.ReturnInt(int64(n / unit))
}

// write: handle, buffer, start, count. It answers the number of elements written.
func (p *files) write(c *plugin.Call) (heap.Oop, plugin.Failure) {
	s, ok := p.stream(c, 0)
	if !ok {
		return c.Fail(plugin.BadArgument)
	}
	_, part, unit, f := span(c)
	if f != plugin.OK {
		return c.Fail(f)
	}
	n, err := s.write(part)
	if err != nil {
		return fail(c, err)
	}
	return c.ReturnInt(int64(n / unit))
}

func (p *files) getPosition(c *plugin.Call) (heap.Oop, plugin.Failure) {
	return p.number(c, stream.position)
}

func (p *files) size(c *plugin.Call) (heap.Oop, plugin.Failure) {
	return p.number(c, stream.size)
}

func (p *files) number(c *plugin.Call, f func(stream) (int64, error)) (heap.Oop, plugin.Failure) {
	s, ok := p.stream(c, 0)
	if !ok {
		return c.Fail(plugin.BadArgument)
	}
	n, err := f(s)
	if err != nil {
		return fail(c, err)
	}
	return c.ReturnInt(n)
}

func (p *files) setPosition(c *plugin.Call) (heap.Oop, plugin.Failure) {
	return p.move(c, stream.setPosition)
}

func (p *files) truncate(c *plugin.Call) (heap.Oop, plugin.Failure) {
	return p.move(c, stream.truncate)
}

func (p *files) move(c *plugin.Call, f func(stream, int64) error) (heap.Oop, plugin.Failure) {
	s, ok1 := p.stream(c, 0)
	n, ok2 := c.Int(1)
	if !ok1 || !ok2 || n < 0 {
		return c.Fail(plugin.BadArgument)
	}
	return done(c, f(s, n))
}

func (p *files) atEnd(c *plugin.Call) (heap.Oop, plugin.Failure) {
	s, ok := p.stream(c, 0)
	if !ok {
		return c.Fail(plugin.BadArgument)
	}
	end, err := s.atEnd()
	if err != nil {
		return fail(c, err)
	}
	return c.ReturnBool(end)
}

func (p *files) flush(c *plugin.Call) (heap.Oop, plugin.Failure) { return p.command(c, stream.flush) }

func (p *files) sync(c *plugin.Call) (heap.Oop, plugin.Failure) { return p.command(c, stream.sync) }

func (p *files) command(c *plugin.Call, f func(stream) error) (heap.Oop, plugin.Failure) {
	s, ok := p.stream(c, 0)
	if !ok {
		return c.Fail(plugin.BadArgument)
	}
	return done(c, f(s))
}

// awaitData: handle, semaphore index. The semaphore is signalled when a read would
// not wait: for a file at once, for standard input when there is input or its end.
func (p *files) awaitData(c *plugin.Call) (heap.Oop, plugin.Failure) {
	s, ok1 := p.stream(c, 0)
	index, ok2 := c.Index(1)
	if !ok1 || !ok2 {
		return c.Fail(plugin.BadArgument)
	}
	if in, ok := s.(*input); ok {
		in.notify(index)
	} else {
		p.vm.SignalSemaphore(index)
	}
	return c.ReturnReceiver()
}
