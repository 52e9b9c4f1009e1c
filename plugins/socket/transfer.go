package socket

import (
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/plugin"
)

// dataAvailable tells whether a read would give something. Where not, data or the
// end of the stream will signal the read semaphore.
func (n *conn) dataAvailable() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.pending) > 0 {
		return true
	}
	if n.state != connected || n.socket == nil || n.listening {
		return false
	}
	if n.kind == host.TCP {
		n.fill()
		return len(n.pending) > 0
	}
	if n.socket.Ready()&host.Readable != 0 {
		return true
	}
	n.socket.Watch(host.Readable)
	return false
}

// sendDone tells whether more can be sent. Where not, room will signal the write semaphore.
func (n *conn) sendDone() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.state != connected || n.socket == nil || n.listening {
		return false
	}
	if n.socket.Ready()&host.Writable != 0 {
		return true
	}
	n.socket.Watch(host.Writable)
	return false
}

// span answers the bytes of the buffer in argument 1 meant by start and count in
// elements, arguments i and i+1.
func span(c *plugin.Call, i int) (part []byte, unit int, f plugin.Failure) {
	o := c.Arg(1)
	all := plugin.RawBytes(o)
	start, ok1 := c.SmallInt(i)
	count, ok2 := c.SmallInt(i + 1)
	if !plugin.IsBits(o) || !ok1 || !ok2 {
		return nil, 0, plugin.BadArgument
	}
	unit = plugin.UnitSize(o)
	size := len(all) / unit
	if start < 1 || count < 0 || start-1 > size || count > size-(start-1) {
		return nil, 0, plugin.BadIndex
	}
	return all[(start-1)*unit : (start-1+count)*unit], unit, plugin.OK
}

// receive: socket, buffer, start, count. It answers the elements read, 0 if there
// was nothing.
func (p *sockets) receive(c *plugin.Call) (heap.Oop, plugin.Failure) {
	n, ok := p.conn(c)
	if !ok {
		return c.Fail(plugin.BadArgument)
	}
	part, unit, f := span(c, 2)
	if f != plugin.OK {
		return c.Fail(f)
	}
	if !c.Writable(c.Arg(1)) {
		return c.Fail(plugin.NoModification)
	}
	count, ended := n.read(part)
	if ended {
		p.vm.SignalSemaphore(n.semas.conn)
	}
	return c.ReturnInt(int64(count / unit))
}

func (n *conn) read(b []byte) (count int, ended bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if count = copy(b, n.pending); count > 0 {
		n.pending = n.pending[count:]
		return count, false
	}
	if n.socket == nil || n.listening || len(b) == 0 {
		return 0, false
	}
	if n.kind == host.UDP {
		count, from, _, err := n.socket.ReadFrom(b)
		switch {
		case err == nil:
			n.peer = from
		case err != host.ErrWouldBlock:
			n.err = errno(err)
		}
		return count, false
	}
	count, err := n.socket.Read(b)
	return count, n.failed(err)
}

// send: socket, buffer, start, count. It answers the elements taken, 0 if there is no room.
func (p *sockets) send(c *plugin.Call) (heap.Oop, plugin.Failure) {
	n, ok := p.conn(c)
	if !ok {
		return c.Fail(plugin.BadArgument)
	}
	part, unit, f := span(c, 2)
	if f != plugin.OK {
		return c.Fail(f)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.socket == nil || n.listening {
		return c.FailError(errClosed)
	}
	count, err := n.socket.Write(part)
	if n.kind == host.TCP {
		n.failed(err)
	} else if err != nil && err != host.ErrWouldBlock {
		n.err = errno(err)
	}
	return c.ReturnInt(int64(count / unit))
}

// receiveUDP: socket, buffer, start, count. It answers Array(count, address,
// port, whether the packet was longer).
func (p *sockets) receiveUDP(c *plugin.Call) (heap.Oop, plugin.Failure) {
	n, ok := p.conn(c)
	if !ok || n.kind != host.UDP {
		return c.Fail(plugin.BadArgument)
	}
	part, unit, f := span(c, 2)
	if f != plugin.OK {
		return c.Fail(f)
	}
	if !c.Writable(c.Arg(1)) {
		return c.Fail(plugin.NoModification)
	}
	address := c.Heap.NewBytes(make([]byte, 4))
	result := c.NewArray(heap.FromInt(0), address, heap.FromInt(0), c.Heap.False)
	if result == heap.Invalid {
		return c.Fail(plugin.NoMemory)
	}
	err := n.open(func(s host.Socket) error {
		count, from, truncated, err := s.ReadFrom(part)
		if err == host.ErrWouldBlock {
			return nil
		}
		if err != nil {
			return err
		}
		n.peer = from
		copy(plugin.RawBytes(address), ipv4(from.Addr()))
		c.Heap.Store(result, 0, heap.FromInt(int64(count/unit)))
		c.Heap.Store(result, 2, heap.FromInt(int64(from.Port())))
		c.Heap.Store(result, 3, c.Heap.Bool(truncated))
		return nil
	})
	if err != nil {
		return c.FailError(err)
	}
	return result, plugin.OK
}

// sendUDP: socket, buffer, address, port, start, count. It answers the elements sent.
func (p *sockets) sendUDP(c *plugin.Call) (heap.Oop, plugin.Failure) {
	n, ok1 := p.conn(c)
	addr, ok2 := p.addrArg(c, 2)
	port, ok3 := portArg(c, 3)
	if !ok1 || !ok2 || !ok3 || n.kind != host.UDP {
		return c.Fail(plugin.BadArgument)
	}
	part, unit, f := span(c, 4)
	if f != plugin.OK {
		return c.Fail(f)
	}
	count := 0
	err := n.open(func(s host.Socket) (err error) {
		count, err = s.WriteTo(part, addrPort(addr, port))
		if err == host.ErrWouldBlock {
			return nil
		}
		return err
	})
	if err != nil {
		return c.FailError(err)
	}
	return c.ReturnInt(int64(count / unit))
}

// getOption: socket, name. It answers Array(0, value).
func (p *sockets) getOption(c *plugin.Call) (heap.Oop, plugin.Failure) {
	n, ok1 := p.conn(c)
	name, ok2 := c.String(1)
	if !ok1 || !ok2 {
		return c.Fail(plugin.BadArgument)
	}
	value := 0
	err := n.open(func(s host.Socket) (err error) {
		value, err = s.Option(name)
		return err
	})
	if err != nil {
		return c.FailError(err)
	}
	return c.ReturnArray(heap.FromInt(0), heap.FromInt(int64(value)))
}

// setOption: socket, name, value as digits or as the bytes of an integer. It
// answers Array(0, value).
func (p *sockets) setOption(c *plugin.Call) (heap.Oop, plugin.Failure) {
	n, ok1 := p.conn(c)
	name, ok2 := c.String(1)
	b, ok3 := c.Bytes(2)
	value, ok4 := optionValue(b)
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return c.Fail(plugin.BadArgument)
	}
	if err := n.open(func(s host.Socket) error { return s.SetOption(name, value) }); err != nil {
		return c.FailError(err)
	}
	return c.ReturnArray(heap.FromInt(0), heap.FromInt(int64(value)))
}

// optionValue reads a value. A struct linger is its switch and its time.
func optionValue(b []byte) (int, bool) {
	if v, err := strconv.ParseInt(strings.TrimSpace(string(b)), 0, 32); err == nil {
		return int(v), true
	}
	switch len(b) {
	case 1:
		return int(b[0]), true
	case 2:
		return int(binary.LittleEndian.Uint16(b)), true
	case 4:
		return int(int32(binary.LittleEndian.Uint32(b))), true
	case 8:
		if binary.LittleEndian.Uint32(b) == 0 {
			return -1, true
		}
		return int(int32(binary.LittleEndian.Uint32(b[4:]))), true
	}
	return 0, false
}
