// Package socket is the SocketPlugin: TCP and UDP sockets and name lookup.
//
// What it promises:
//   - Nothing waits, except the lookups of GetAddressInfo and GetNameInfo, whose
//     results images take at once; these give up when the VM is told to stop.
//   - A semaphore is signalled when what a primitive was refused has become
//     possible: a connection, data or the end of the stream, room to send.
//   - Works on any host.Network; with none, initializing the network fails.
package socket

import (
	"errors"
	"io"
	"net/netip"
	"sync"
	"syscall"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/plugin"
)

// Module is the plugin.
var Module = plugin.Module{Name: "SocketPlugin", New: func(vm plugin.VM) (plugin.Instance, error) {
	p := &sockets{vm: vm, handles: plugin.NewHandles[*conn](vm.SessionID())}
	p.resolver.p = p
	r := &p.resolver
	return plugin.Instance{Close: p.close, Primitives: map[string]plugin.Func{
		"primitiveInitializeNetwork":       p.initialize,
		"primitiveHasSocketAccess":         func(c *plugin.Call) (heap.Oop, plugin.Failure) { return c.ReturnBool(!p.disabled) },
		"primitiveDisableSocketAccess":     p.disable,
		"primitiveSocketCreate":            p.create,
		"primitiveSocketCreate3Semaphores": p.create,
		"primitiveSocketCreateRAW":         plugin.Refuse("SocketPlugin: there are no raw sockets"),
		"primitiveSocketDestroy":           p.destroy,
		"primitiveSocketCloseConnection":   p.on((*conn).closeConnection),
		"primitiveSocketAbortConnection":   p.on((*conn).abortConnection),
		"primitiveSocketConnectionStatus":  p.number((*conn).status),
		"primitiveSocketError":             p.number((*conn).errorNumber),

		"primitiveSocketListenOnPort":                 p.listenOnPort,
		"primitiveSocketListenOnPortBacklog":          p.listenOnPort,
		"primitiveSocketListenOnPortBacklogInterface": p.listenOnPort,
		"primitiveSocketListenWithOrWithoutBacklog":   p.listenOnPort,
		"primitiveSocketListenWithBacklog":            p.listen,
		"primitiveSocketAccept":                       p.accept,
		"primitiveSocketAccept3Semaphores":            p.accept,
		"primitiveSocketConnectToPort":                p.connect,
		"primitiveSocketConnectTo":                    p.connect,
		"primitiveSocketBindToPort":                   p.bind,
		"primitiveSocketBindTo":                       p.bind,

		"primitiveSocketReceiveDataAvailable":   p.boolean((*conn).dataAvailable),
		"primitiveSocketSendDone":               p.boolean((*conn).sendDone),
		"primitiveSocketReceiveDataBufCount":    p.receive,
		"primitiveSocketSendDataBufCount":       p.send,
		"primitiveSocketReceiveUDPDataBufCount": p.receiveUDP,
		"primitiveSocketSendUDPDataBufCount":    p.sendUDP,
		"primitiveSocketGetOptions":             p.getOption,
		"primitiveSocketSetOptions":             p.setOption,

		"primitiveSocketLocalAddress":        p.address((*conn).local),
		"primitiveSocketRemoteAddress":       p.address((*conn).remote),
		"primitiveSocketLocalPort":           p.number(func(c *conn) int { return int(c.local().Port()) }),
		"primitiveSocketRemotePort":          p.number(func(c *conn) int { return int(c.remote().Port()) }),
		"primitiveSocketLocalAddressSize":    p.number(func(c *conn) int { return sockaddrSize(c.local()) }),
		"primitiveSocketRemoteAddressSize":   p.number(func(c *conn) int { return sockaddrSize(c.remote()) }),
		"primitiveSocketLocalAddressResult":  p.sockaddr((*conn).local),
		"primitiveSocketRemoteAddressResult": p.sockaddr((*conn).remote),
		"primitiveSocketAddressGetPort":      p.getPort,
		"primitiveSocketAddressSetPort":      p.setPort,

		"primitiveResolverStatus":                   r.statusNow,
		"primitiveResolverError":                    r.errorNow,
		"primitiveResolverAbortLookup":              r.abort,
		"primitiveResolverStartNameLookup":          r.startName,
		"primitiveResolverNameLookupResult":         r.nameResult,
		"primitiveResolverStartAddressLookup":       r.startAddress,
		"primitiveResolverAddressLookupResult":      r.addressResult,
		"primitiveResolverLocalAddress":             r.localAddress,
		"primitiveResolverHostNameSize":             r.hostNameSize,
		"primitiveResolverHostNameResult":           r.hostNameResult,
		"primitiveResolverGetAddressInfo":           r.getAddressInfo,
		"primitiveResolverGetAddressInfoSize":       r.infoSize,
		"primitiveResolverGetAddressInfoResult":     r.infoResult,
		"primitiveResolverGetAddressInfoFamily":     r.infoPart(func(i info) int { return i.family() }),
		"primitiveResolverGetAddressInfoType":       r.infoPart(func(i info) int { return i.kind }),
		"primitiveResolverGetAddressInfoProtocol":   r.infoPart(func(i info) int { return i.kind }),
		"primitiveResolverGetAddressInfoNext":       r.infoNext,
		"primitiveResolverGetNameInfo":              r.getNameInfo,
		"primitiveResolverGetNameInfoHostSize":      r.nameInfoSize(func(n *nameInfo) string { return n.host }),
		"primitiveResolverGetNameInfoHostResult":    r.nameInfoResult(func(n *nameInfo) string { return n.host }),
		"primitiveResolverGetNameInfoServiceSize":   r.nameInfoSize(func(n *nameInfo) string { return n.service }),
		"primitiveResolverGetNameInfoServiceResult": r.nameInfoResult(func(n *nameInfo) string { return n.service }),
	}}, nil
}}

// sockets is the plugin's state in one VM.
type sockets struct {
	vm       plugin.VM
	handles  *plugin.Handles[*conn]
	disabled bool
	resolver resolver
}

// initialize: index of the resolver's semaphore.
func (p *sockets) initialize(c *plugin.Call) (heap.Oop, plugin.Failure) {
	index, ok := c.Index(0)
	if !ok {
		return c.Fail(plugin.BadArgument)
	}
	if f := p.usable(c); f != plugin.OK {
		return c.Fail(f)
	}
	p.resolver.initialize(index)
	return c.ReturnReceiver()
}

func (p *sockets) network() host.Network { return p.vm.Host().Network }

// usable tells whether sockets may be made.
func (p *sockets) usable(c *plugin.Call) plugin.Failure {
	if p.network() == nil {
		c.Reason = "SocketPlugin: the network is off"
		return plugin.Unsupported
	}
	if p.disabled {
		return plugin.Inappropriate
	}
	return plugin.OK
}

func (p *sockets) disable(c *plugin.Call) (heap.Oop, plugin.Failure) {
	p.disabled = true
	return c.ReturnReceiver()
}

// Families and kinds of sockets as images number them. Protocols have the numbers
// of the kinds.
const (
	familyAny  = 0
	familyIPv4 = 2
	familyIPv6 = 3
	kindStream = 1
	kindPacket = 2
)

// semaphores are the indices to signal at a connection's end or beginning, at
// data, and at room.
type semaphores struct{ conn, read, write int }

// semaphoreArgs reads one index for all, or three, from argument i on.
func semaphoreArgs(c *plugin.Call, i int) (s semaphores, ok bool) {
	a, ok1 := c.Index(i)
	if c.NumArgs() == i+1 {
		return semaphores{a, a, a}, ok1
	}
	b, ok2 := c.Index(i + 1)
	w, ok3 := c.Index(i + 2)
	return semaphores{a, b, w}, ok1 && ok2 && ok3
}

// create: family, kind (0 TCP, 1 UDP), sizes of buffers, one semaphore index or three.
func (p *sockets) create(c *plugin.Call) (heap.Oop, plugin.Failure) {
	family, ok1 := c.SmallInt(0)
	kind, ok2 := c.SmallInt(1)
	_, ok3 := c.SmallInt(2)
	_, ok4 := c.SmallInt(3)
	semas, ok5 := semaphoreArgs(c, 4)
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 {
		return c.Fail(plugin.BadArgument)
	}
	if f := p.usable(c); f != plugin.OK {
		return c.Fail(f)
	}
	if family != familyAny && family != familyIPv4 && family != familyIPv6 || kind != int(host.TCP) && kind != int(host.UDP) {
		return c.Fail(plugin.Unsupported)
	}
	o := c.Heap.NewBytes(make([]byte, plugin.HandleSize))
	if o == heap.Invalid {
		return c.Fail(plugin.NoMemory)
	}
	n := &conn{vm: p.vm, kind: host.SocketKind(kind), semas: semas}
	s, err := p.network().NewSocket(n.kind, family == familyIPv6, n.notify)
	if err != nil {
		return c.FailError(err)
	}
	s.SetOption("SO_REUSEADDR", 1) // not every host has it
	n.mu.Lock()
	n.socket = s
	if n.kind == host.UDP {
		n.state = connected
	}
	n.mu.Unlock()
	p.handles.Add(plugin.RawBytes(o), n)
	return o, plugin.OK
}

// conn answers the socket whose handle is argument 0.
func (p *sockets) conn(c *plugin.Call) (*conn, bool) {
	b, ok := c.Bytes(0)
	if !ok {
		return nil, false
	}
	return p.handles.Get(b)
}

func (p *sockets) destroy(c *plugin.Call) (heap.Oop, plugin.Failure) {
	b, _ := c.Bytes(0)
	n, ok := p.handles.Remove(b)
	if !ok {
		return c.Fail(plugin.BadArgument)
	}
	n.abortConnection()
	return c.ReturnReceiver()
}

// on makes a primitive of something done to a socket.
func (p *sockets) on(f func(*conn)) plugin.Func {
	return func(c *plugin.Call) (heap.Oop, plugin.Failure) {
		n, ok := p.conn(c)
		if !ok {
			return c.Fail(plugin.BadArgument)
		}
		f(n)
		return c.ReturnReceiver()
	}
}

func (p *sockets) number(f func(*conn) int) plugin.Func {
	return func(c *plugin.Call) (heap.Oop, plugin.Failure) {
		n, ok := p.conn(c)
		if !ok {
			return c.Fail(plugin.BadArgument)
		}
		return c.ReturnInt(int64(f(n)))
	}
}

func (p *sockets) boolean(f func(*conn) bool) plugin.Func {
	return func(c *plugin.Call) (heap.Oop, plugin.Failure) {
		n, ok := p.conn(c)
		if !ok {
			return c.Fail(plugin.BadArgument)
		}
		return c.ReturnBool(f(n))
	}
}

// close aborts all connections at the end of the VM.
func (p *sockets) close() {
	p.handles.Each((*conn).abortConnection)
	p.handles = plugin.NewHandles[*conn](p.vm.SessionID())
	p.resolver.close()
}

// States of a socket as images number them.
const (
	unconnected    = 0
	waiting        = 1
	connected      = 2
	otherEndClosed = 3
)

// conn is a socket as the image sees it. Notifications come from other goroutines.
type conn struct {
	vm   plugin.VM
	kind host.SocketKind

	mu        sync.Mutex
	socket    host.Socket // nil when closed
	state     int
	err       int // number of the last error
	semas     semaphores
	listening bool
	multi     bool           // goes on listening after it was connected to
	accepted  *conn          // of a multi listener: came in, not yet taken
	pending   []byte         // read, not yet asked for
	room      []byte         // backs pending
	peer      netip.AddrPort // partner of a UDP socket
}

// errno answers the number in an error, some number if there is none.
func errno(err error) int {
	var n syscall.Errno
	if errors.As(err, &n) {
		return int(n)
	}
	if err == nil {
		return 0
	}
	return int(syscall.EIO)
}

func (n *conn) status() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.state
}

func (n *conn) errorNumber() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.err
}

func (n *conn) closeConnection() { n.end(host.Socket.Close) }

func (n *conn) abortConnection() { n.end(host.Socket.Abort) }

func (n *conn) end(f func(host.Socket) error) {
	n.mu.Lock()
	s, accepted := n.socket, n.accepted
	n.socket, n.accepted = nil, nil
	n.state = unconnected
	n.pending = nil
	n.mu.Unlock()
	if s != nil {
		if err := f(s); err != nil {
			n.mu.Lock()
			n.err = errno(err)
			n.mu.Unlock()
		}
	}
	if accepted != nil {
		accepted.abortConnection()
	}
}

// notify is told by the host what happened.
func (n *conn) notify(e host.SocketEvent) {
	n.mu.Lock()
	s := n.socket
	signal := semaphores{}
	switch {
	case s == nil: // closed meanwhile
	case e == host.Connected:
		err := s.ConnectError()
		n.state, n.err = connected, 0
		if err != nil {
			n.state, n.err = unconnected, errno(err)
		}
		signal.conn = n.semas.conn
	case e == host.Readable && n.listening:
		if n.take(s) {
			signal.conn = n.semas.conn
		}
	case e == host.Readable:
		signal.read = n.semas.read
		if n.kind == host.TCP && len(n.pending) == 0 && n.fill() {
			signal.conn = n.semas.conn // the other end closed
		}
	case e == host.Writable:
		signal.write = n.semas.write
	}
	n.mu.Unlock()
	n.vm.SignalSemaphore(signal.conn)
	if signal.read != signal.conn {
		n.vm.SignalSemaphore(signal.read)
	}
	n.vm.SignalSemaphore(signal.write)
}

// take accepts a connection that came in to s; n is locked.
func (n *conn) take(s host.Socket) bool {
	in := &conn{vm: n.vm, kind: host.TCP, state: connected}
	target := in
	if !n.multi {
		target = n // the listener becomes the connection
	}
	accepted, err := s.Accept(target.notify)
	if err != nil {
		if err != host.ErrWouldBlock {
			n.err = errno(err)
			s.Watch(host.Readable)
		}
		return false
	}
	n.state = connected
	if n.multi {
		in.socket = accepted
		n.accepted = in
		return true
	}
	n.listening = false
	n.socket = accepted
	s.Close()
	return true
}

// readAhead is how much is read to see whether there is anything.
const readAhead = 4096

// fill reads ahead; it is true when the other end has closed. n is locked.
func (n *conn) fill() (ended bool) {
	if n.room == nil {
		n.room = make([]byte, readAhead)
	}
	count, err := n.socket.Read(n.room)
	n.pending = n.room[:count]
	return n.failed(err)
}

// failed notes how a read or write ended; it is true when the connection has. n is locked.
func (n *conn) failed(err error) bool {
	if err == nil || err == host.ErrWouldBlock {
		return false
	}
	ended := n.state == connected
	n.state = otherEndClosed
	if !errors.Is(err, io.EOF) {
		n.err = errno(err)
	}
	return ended
}
