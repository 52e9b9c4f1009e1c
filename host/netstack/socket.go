package netstack

import (
	"bytes"
	"net/netip"
	"sync"
	"syscall"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
	"gvisor.dev/gvisor/pkg/waiter"

	"github.com/sista-vm/sista/host"
)

// socket is an endpoint of the stack. The stack tells its waiter queue what happens, with locks
// held: nothing may be asked of the endpoint there, and no lock held here while it is asked.
type socket struct {
	network *Network
	ep      tcpip.Endpoint
	queue   *waiter.Queue
	entry   waiter.Entry
	kind    host.SocketKind
	notify  func(host.SocketEvent)

	mu         sync.Mutex
	closed     bool
	bound      bool
	watched    host.SocketEvent // for which a notification is due
	connecting bool
	connectErr error
}

// NewSocket makes a socket. There is no IPv6.
func (n *Network) NewSocket(kind host.SocketKind, v6 bool, notify func(host.SocketEvent)) (host.Socket, error) {
	if v6 {
		return nil, syscall.EAFNOSUPPORT
	}
	transport := tcp.ProtocolNumber
	if kind == host.UDP {
		transport = udp.ProtocolNumber
	}
	queue := new(waiter.Queue)
	ep, err := n.stack.NewEndpoint(transport, ipv4.ProtocolNumber, queue)
	if err != nil {
		return nil, socketError(err)
	}
	return n.wrap(ep, queue, kind, notify), nil
}

func (n *Network) wrap(ep tcpip.Endpoint, queue *waiter.Queue, kind host.SocketKind, notify func(host.SocketEvent)) *socket {
	s := &socket{network: n, ep: ep, queue: queue, kind: kind, notify: notify}
	s.entry = waiter.NewFunctionEntry(waiter.AllEvents, s.happened)
	queue.EventRegister(&s.entry)
	return s
}

const failed = waiter.EventErr | waiter.EventHUp

// events says which of ours hold where those of the stack do.
func events(m waiter.EventMask) (e host.SocketEvent) {
	if m&(waiter.ReadableEvents|waiter.EventRdHUp|failed) != 0 {
		e |= host.Readable
	}
	if m&(waiter.WritableEvents|failed) != 0 {
		e |= host.Writable
	}
	return e
}

// happened is called by the stack.
func (s *socket) happened(m waiter.EventMask) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.connecting && m&(waiter.WritableEvents|failed) != 0 {
		s.connecting = false
		go s.connected()
	}
	s.fire(events(m))
}

// fire notifies of what is watched for, once. The lock is held.
func (s *socket) fire(e host.SocketEvent) {
	e &= s.watched
	s.watched &^= e
	if s.closed || e == 0 {
		return
	}
	go func() {
		for _, one := range []host.SocketEvent{host.Readable, host.Writable} {
			if e&one != 0 {
				s.notify(one)
			}
		}
	}()
}

func (s *socket) Watch(e host.SocketEvent) {
	s.mu.Lock()
	s.watched |= e & (host.Readable | host.Writable)
	s.mu.Unlock()
	now := s.Ready()
	s.mu.Lock()
	s.fire(now)
	s.mu.Unlock()
}

// blocked makes an error Go's, and arms the notification that ErrWouldBlock promises.
func (s *socket) blocked(err tcpip.Error, e host.SocketEvent) error {
	x := socketError(err)
	if x == host.ErrWouldBlock {
		s.Watch(e)
	}
	return x
}

func (s *socket) Ready() host.SocketEvent {
	return events(s.ep.Readiness(waiter.ReadableEvents | waiter.WritableEvents | waiter.EventRdHUp | failed))
}

// full makes an address the stack's; the invalid one is any.
func full(a netip.AddrPort) (tcpip.FullAddress, error) {
	f := tcpip.FullAddress{Port: a.Port()}
	ip := a.Addr().Unmap()
	if !ip.IsValid() || ip.Is4() && ip.IsUnspecified() {
		return f, nil
	}
	if !ip.Is4() {
		return f, syscall.EAFNOSUPPORT
	}
	f.Addr = address(ip)
	return f, nil
}

func addrPort(f tcpip.FullAddress) netip.AddrPort {
	ip := netip.AddrFrom4([4]byte{})
	if f.Addr.Len() == 4 {
		ip = netip.AddrFrom4(f.Addr.As4())
	}
	return netip.AddrPortFrom(ip, f.Port)
}

func (s *socket) Bind(a netip.AddrPort) error {
	f, err := full(a)
	if err != nil {
		return err
	}
	if err := s.ep.Bind(f); err != nil {
		return socketError(err)
	}
	s.mu.Lock()
	s.bound = true
	s.mu.Unlock()
	return nil
}

func (s *socket) Listen(backlog int) error {
	s.mu.Lock()
	bound := s.bound
	s.mu.Unlock()
	if !bound {
		if err := s.Bind(netip.AddrPort{}); err != nil {
			return err
		}
	}
	return socketError(s.ep.Listen(max(backlog, 1)))
}

func (s *socket) Accept(notify func(host.SocketEvent)) (host.Socket, error) {
	ep, queue, err := s.ep.Accept(nil)
	if err != nil {
		return nil, s.blocked(err, host.Readable)
	}
	return s.network.wrap(ep, queue, s.kind, notify), nil
}

func (s *socket) Connect(a netip.AddrPort) error {
	f, err := full(a)
	if err != nil {
		return err
	}
	if s.kind == host.UDP {
		return socketError(s.ep.Connect(f))
	}
	// It may be over before the call is.
	s.mu.Lock()
	s.connecting, s.connectErr = true, host.ErrWouldBlock
	s.mu.Unlock()
	x := socketError(s.ep.Connect(f))
	if x != host.ErrWouldBlock {
		s.mu.Lock()
		s.connecting, s.connectErr = false, x
		s.mu.Unlock()
	}
	return x
}

// connected fetches how a connect ended.
func (s *socket) connected() {
	err := socketError(s.ep.LastError())
	s.mu.Lock()
	s.connectErr = err
	closed := s.closed
	s.mu.Unlock()
	if !closed {
		s.notify(host.Connected)
	}
}

func (s *socket) ConnectError() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.connectErr
}

func (s *socket) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	w := tcpip.SliceWriter(p)
	r, err := s.ep.Read(&w, tcpip.ReadOptions{})
	if err != nil {
		return 0, s.blocked(err, host.Readable)
	}
	if s.kind == host.TCP {
		s.ep.ModerateRecvBuf(r.Count)
	}
	return r.Count, nil
}

func (s *socket) Write(p []byte) (int, error) { return s.write(p, tcpip.WriteOptions{}) }

func (s *socket) write(p []byte, o tcpip.WriteOptions) (int, error) {
	if len(p) == 0 && s.kind == host.TCP {
		return 0, nil
	}
	r := bytes.NewReader(p)
	n, err := s.ep.Write(r, o)
	if err != nil && n == 0 {
		return 0, s.blocked(err, host.Writable)
	}
	return int(n), nil
}

func (s *socket) ReadFrom(p []byte) (int, netip.AddrPort, bool, error) {
	w := tcpip.SliceWriter(p)
	r, err := s.ep.Read(&w, tcpip.ReadOptions{NeedRemoteAddr: true})
	if err != nil {
		return 0, netip.AddrPort{}, false, s.blocked(err, host.Readable)
	}
	return r.Count, addrPort(r.RemoteAddr), r.Total > r.Count, nil
}

func (s *socket) WriteTo(p []byte, to netip.AddrPort) (int, error) {
	f, err := full(to)
	if err != nil {
		return 0, err
	}
	return s.write(p, tcpip.WriteOptions{To: &f})
}

func (s *socket) LocalAddr() netip.AddrPort {
	f, err := s.ep.GetLocalAddress()
	if err != nil {
		return netip.AddrPort{}
	}
	return addrPort(f)
}

func (s *socket) RemoteAddr() netip.AddrPort {
	f, err := s.ep.GetRemoteAddress()
	if err != nil {
		return netip.AddrPort{}
	}
	return addrPort(f)
}

func (s *socket) CloseWrite() error { return socketError(s.ep.Shutdown(tcpip.ShutdownWrite)) }

func (s *socket) Close() error { return s.end(s.ep.Close) }

func (s *socket) Abort() error { return s.end(s.ep.Abort) }

// end closes the socket in either way.
func (s *socket) end(how func()) error {
	s.mu.Lock()
	was := s.closed
	s.closed = true
	s.mu.Unlock()
	if was {
		return syscall.EBADF
	}
	s.queue.EventUnregister(&s.entry)
	how()
	return nil
}
