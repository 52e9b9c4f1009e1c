package socket

import (
	"net/netip"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/plugin"
)

// open calls f with the host's socket under the lock; a closed one answers the
// error of a bad descriptor.
func (n *conn) open(f func(s host.Socket) error) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.socket == nil {
		return errClosed
	}
	err := f(n.socket)
	if err != nil && err != host.ErrWouldBlock {
		n.err = errno(err)
	}
	return err
}

// listenOnPort: socket, port, perhaps backlog, perhaps local address. With a backlog
// above 1 the socket goes on listening when it was connected to.
func (p *sockets) listenOnPort(c *plugin.Call) (heap.Oop, plugin.Failure) {
	n, ok1 := p.conn(c)
	port, ok2 := portArg(c, 1)
	backlog := 1
	local := netip.Addr{}
	ok := ok1 && ok2
	if c.NumArgs() > 2 {
		var good bool
		backlog, good = c.Index(2)
		ok = ok && good
	}
	if c.NumArgs() > 3 {
		var good bool
		local, good = p.addrArg(c, 3)
		ok = ok && good
	}
	if !ok {
		return c.Fail(plugin.BadArgument)
	}
	if backlog > 1 && n.kind != host.TCP {
		return c.Fail(plugin.Inappropriate)
	}
	err := n.open(func(s host.Socket) error { return s.Bind(netip.AddrPortFrom(local, port)) })
	if err == nil && n.kind == host.TCP {
		err = n.startListening(backlog)
	}
	return done(c, err)
}

// listen: bound socket, backlog.
func (p *sockets) listen(c *plugin.Call) (heap.Oop, plugin.Failure) {
	n, ok1 := p.conn(c)
	backlog, ok2 := c.Index(1)
	if !ok1 || !ok2 {
		return c.Fail(plugin.BadArgument)
	}
	if n.kind != host.TCP {
		return c.Fail(plugin.Inappropriate)
	}
	return done(c, n.startListening(backlog))
}

func (n *conn) startListening(backlog int) error {
	return n.open(func(s host.Socket) error {
		if err := s.Listen(max(backlog, 1)); err != nil {
			return err
		}
		n.listening, n.multi, n.state = true, backlog > 1, waiting
		s.Watch(host.Readable)
		return nil
	})
}

// accept: listening socket, sizes of buffers, one semaphore index or three. It
// answers the socket of the connection that came in.
func (p *sockets) accept(c *plugin.Call) (heap.Oop, plugin.Failure) {
	n, ok1 := p.conn(c)
	semas, ok2 := semaphoreArgs(c, 3)
	if !ok1 || !ok2 {
		return c.Fail(plugin.BadArgument)
	}
	o := c.Heap.NewBytes(make([]byte, plugin.HandleSize))
	if o == heap.Invalid {
		return c.Fail(plugin.NoMemory)
	}
	n.mu.Lock()
	in := n.accepted
	if in == nil || n.socket == nil {
		n.mu.Unlock()
		return c.Fail(plugin.Inappropriate)
	}
	n.accepted = nil
	n.state = waiting
	n.socket.Watch(host.Readable)
	n.mu.Unlock()
	in.mu.Lock()
	in.semas = semas
	in.mu.Unlock()
	p.handles.Add(plugin.RawBytes(o), in)
	return o, plugin.OK
}

// connect: socket, address and port, or socket and socket address.
func (p *sockets) connect(c *plugin.Call) (heap.Oop, plugin.Failure) {
	n, ok1 := p.conn(c)
	to, ok2 := p.addrPortArg(c, 1)
	if !ok1 || !ok2 {
		return c.Fail(plugin.BadArgument)
	}
	signal := 0
	err := n.open(func(s host.Socket) error {
		err := s.Connect(to)
		switch {
		case n.kind == host.UDP:
			n.peer = to
		case err == host.ErrWouldBlock:
			n.state = waiting
			return nil
		case err == nil:
			n.state = connected
			signal = n.semas.conn
		default:
			// The image looks at the status, as if it had taken some time.
			n.state, n.err = unconnected, errno(err)
			signal = n.semas.conn
			return nil
		}
		return err
	})
	p.vm.SignalSemaphore(signal)
	return done(c, err)
}

// bind: socket, address and port, or socket and socket address.
func (p *sockets) bind(c *plugin.Call) (heap.Oop, plugin.Failure) {
	n, ok1 := p.conn(c)
	to, ok2 := p.addrPortArg(c, 1)
	if !ok1 || !ok2 {
		return c.Fail(plugin.BadArgument)
	}
	return done(c, n.open(func(s host.Socket) error { return s.Bind(to) }))
}

func done(c *plugin.Call, err error) (heap.Oop, plugin.Failure) {
	if err != nil {
		return c.FailError(err)
	}
	return c.ReturnReceiver()
}

func (n *conn) local() (a netip.AddrPort) {
	n.open(func(s host.Socket) error {
		a = s.LocalAddr()
		return nil
	})
	return a
}

func (n *conn) remote() (a netip.AddrPort) {
	n.open(func(s host.Socket) error {
		if a = n.peer; n.kind == host.TCP {
			a = s.RemoteAddr()
		}
		return nil
	})
	return a
}
