//go:build unix

package hostnet

import (
	"errors"
	"io"
	"net/netip"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sista-vm/sista/host"
)

// socket is a non-blocking socket of the kernel, known to Go's poller as a file.
type socket struct {
	file   *os.File
	conn   syscall.RawConn
	kind   host.SocketKind
	v6     bool
	notify func(host.SocketEvent)

	mu         sync.Mutex
	watched    host.SocketEvent // directions for which a goroutine waits
	connecting bool
	connectErr error
	partner    netip.AddrPort // of a UDP socket
}

// NewSocket makes a socket.
func (*Network) NewSocket(kind host.SocketKind, v6 bool, notify func(host.SocketEvent)) (host.Socket, error) {
	domain, typ := unix.AF_INET, unix.SOCK_STREAM
	if v6 {
		domain = unix.AF_INET6
	}
	if kind == host.UDP {
		typ = unix.SOCK_DGRAM
	}
	syscall.ForkLock.RLock()
	fd, err := unix.Socket(domain, typ, 0)
	if err == nil {
		unix.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	return wrap(fd, kind, v6, notify)
}

// wrap makes a socket of a descriptor.
func wrap(fd int, kind host.SocketKind, v6 bool, notify func(host.SocketEvent)) (*socket, error) {
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("fcntl", err)
	}
	file := os.NewFile(uintptr(fd), "socket")
	conn, err := file.SyscallConn()
	if err != nil {
		file.Close()
		return nil, err
	}
	return &socket{file: file, conn: conn, kind: kind, v6: v6, notify: notify}, nil
}

// do calls f with the descriptor, which is not closed meanwhile.
func (s *socket) do(call string, f func(fd int) error) error {
	var err error
	if closed := s.conn.Control(func(fd uintptr) {
		for {
			if err = f(int(fd)); err != unix.EINTR {
				return
			}
		}
	}); closed != nil {
		return closed
	}
	if err == unix.EAGAIN || err == unix.EINPROGRESS {
		return host.ErrWouldBlock
	}
	return os.NewSyscallError(call, err)
}

// address turns an address into that of the socket's family.
func (s *socket) address(a netip.AddrPort) (unix.Sockaddr, error) {
	ip := a.Addr().Unmap()
	switch {
	case !a.Addr().IsValid() && s.v6:
		return &unix.SockaddrInet6{Port: int(a.Port())}, nil
	case !a.Addr().IsValid():
		return &unix.SockaddrInet4{Port: int(a.Port())}, nil
	case s.v6:
		return &unix.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16()}, nil
	case ip.Is4():
		return &unix.SockaddrInet4{Port: int(a.Port()), Addr: ip.As4()}, nil
	}
	return nil, syscall.EAFNOSUPPORT
}

func addrPort(sa unix.Sockaddr) netip.AddrPort {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port))
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(sa.Addr), uint16(sa.Port))
	}
	return netip.AddrPort{}
}

func (s *socket) Bind(a netip.AddrPort) error {
	sa, err := s.address(a)
	if err != nil {
		return err
	}
	return s.do("bind", func(fd int) error { return unix.Bind(fd, sa) })
}

func (s *socket) Listen(backlog int) error {
	return s.do("listen", func(fd int) error { return unix.Listen(fd, backlog) })
}

func (s *socket) Accept(notify func(host.SocketEvent)) (host.Socket, error) {
	accepted := -1
	err := s.do("accept", func(fd int) error {
		syscall.ForkLock.RLock()
		defer syscall.ForkLock.RUnlock()
		n, _, err := unix.Accept(fd)
		if err == nil {
			unix.CloseOnExec(n)
			accepted = n
		}
		return err
	})
	if err != nil {
		return nil, s.blocked(err, host.Readable)
	}
	return wrap(accepted, s.kind, s.v6, notify)
}

func (s *socket) Connect(a netip.AddrPort) error {
	sa, err := s.address(a)
	if err != nil {
		return err
	}
	err = s.do("connect", func(fd int) error {
		err := unix.Connect(fd, sa)
		if err == unix.EINTR {
			return unix.EINPROGRESS // it goes on all the same
		}
		return err
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == host.ErrWouldBlock {
		s.connecting = true
		s.connectErr = nil
		go s.awaitConnect()
	} else if err == nil && s.kind == host.UDP {
		s.partner = a
	}
	return err
}

// awaitConnect waits until a connect has ended, and fetches how.
func (s *socket) awaitConnect() {
	err := s.await(host.Writable)
	if err == nil {
		err = s.do("connect", func(fd int) error {
			n, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
			if err == nil && n != 0 {
				err = unix.Errno(n)
			}
			return err
		})
	}
	s.mu.Lock()
	s.connecting, s.connectErr = false, err
	s.mu.Unlock()
	if !errors.Is(err, os.ErrClosed) {
		s.notify(host.Connected)
	}
}

func (s *socket) ConnectError() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.connecting {
		return host.ErrWouldBlock
	}
	return s.connectErr
}

// blocked arms the notification that ErrWouldBlock promises.
func (s *socket) blocked(err error, event host.SocketEvent) error {
	if err == host.ErrWouldBlock {
		s.Watch(event)
	}
	return err
}

func (s *socket) Read(p []byte) (n int, err error) {
	err = s.do("read", func(fd int) (err error) {
		n, err = unix.Read(fd, p)
		return err
	})
	if err != nil {
		return 0, s.blocked(err, host.Readable)
	}
	if n == 0 && len(p) > 0 && s.kind == host.TCP {
		return 0, io.EOF
	}
	return n, nil
}

func (s *socket) Write(p []byte) (n int, err error) {
	err = s.do("write", func(fd int) (err error) {
		n, err = unix.Write(fd, p)
		return err
	})
	if err != nil {
		return 0, s.blocked(err, host.Writable)
	}
	return n, nil
}

func (s *socket) ReadFrom(p []byte) (n int, from netip.AddrPort, truncated bool, err error) {
	var sa unix.Sockaddr
	var flags int
	err = s.do("recvmsg", func(fd int) (err error) {
		n, _, flags, sa, err = unix.Recvmsg(fd, p, nil, 0)
		return err
	})
	if err != nil {
		return 0, netip.AddrPort{}, false, s.blocked(err, host.Readable)
	}
	return n, addrPort(sa), flags&unix.MSG_TRUNC != 0, nil
}

func (s *socket) WriteTo(p []byte, to netip.AddrPort) (int, error) {
	sa, err := s.address(to)
	if err != nil {
		return 0, err
	}
	if err := s.do("sendto", func(fd int) error { return unix.Sendto(fd, p, 0, sa) }); err != nil {
		return 0, s.blocked(err, host.Writable)
	}
	return len(p), nil
}

// ready asks the kernel which events hold.
func ready(fd int) host.SocketEvent {
	p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN | unix.POLLOUT}}
	for {
		_, err := unix.Poll(p, 0)
		if err == nil {
			break
		}
		if err != unix.EINTR {
			return 0
		}
	}
	var e host.SocketEvent
	if p[0].Revents&(unix.POLLIN|unix.POLLHUP|unix.POLLERR) != 0 {
		e |= host.Readable
	}
	if p[0].Revents&(unix.POLLOUT|unix.POLLERR) != 0 {
		e |= host.Writable
	}
	return e
}

func (s *socket) Ready() (e host.SocketEvent) {
	s.do("poll", func(fd int) error {
		e = ready(fd)
		return nil
	})
	return e
}

func (s *socket) Watch(events host.SocketEvent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range []host.SocketEvent{host.Readable, host.Writable} {
		if events&e != 0 && s.watched&e == 0 {
			s.watched |= e
			go s.watch(e)
		}
	}
}

func (s *socket) watch(e host.SocketEvent) {
	err := s.await(e)
	s.mu.Lock()
	s.watched &^= e
	s.mu.Unlock()
	if err == nil {
		s.notify(e)
	}
}

// await waits until an event holds; the error says that the socket was closed.
func (s *socket) await(e host.SocketEvent) error {
	holds := func(fd uintptr) bool { return ready(int(fd))&e != 0 }
	if e == host.Readable {
		return s.conn.Read(holds)
	}
	return s.conn.Write(holds)
}

func (s *socket) LocalAddr() (a netip.AddrPort) {
	s.do("getsockname", func(fd int) error {
		sa, err := unix.Getsockname(fd)
		if err == nil {
			a = addrPort(sa)
		}
		return err
	})
	return a
}

func (s *socket) RemoteAddr() (a netip.AddrPort) {
	s.do("getpeername", func(fd int) error {
		sa, err := unix.Getpeername(fd)
		if err == nil {
			a = addrPort(sa)
		}
		return err
	})
	return a
}

func (s *socket) CloseWrite() error {
	return s.do("shutdown", func(fd int) error { return unix.Shutdown(fd, unix.SHUT_WR) })
}

func (s *socket) Close() error { return s.file.Close() }

func (s *socket) Abort() error {
	if s.kind == host.TCP {
		s.do("setsockopt", func(fd int) error {
			return unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
		})
	}
	return s.file.Close()
}
