package socket

import (
	"encoding/binary"
	"net/netip"
	"syscall"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// errClosed is what calls on a closed socket answer.
var errClosed error = syscall.EBADF

// A socket address is opaque bytes to the image, valid for one session:
//
//	0  session (32 bits)   4  size of the rest (32 bits)
//	8  family (16 bits: 2 IPv4, 10 IPv6)   10 port (big-endian)
//	12 IPv4 address, 8 bytes of zeros
//	   or 4 bytes of zeros, IPv6 address, 4 bytes of zeros
const (
	sockaddrHeader = 8
	sockaddrIPv4   = sockaddrHeader + 16
	sockaddrIPv6   = sockaddrHeader + 28
	inet4, inet6   = 2, 10
)

// sockaddrSize answers the size of the socket address for an address, -1 where there is none.
func sockaddrSize(a netip.AddrPort) int {
	switch {
	case !a.Addr().IsValid():
		return -1
	case a.Addr().Is4():
		return sockaddrIPv4
	}
	return sockaddrIPv6
}

// session answers the mark of this session's addresses.
func (p *sockets) session() uint32 {
	id := p.vm.SessionID()
	return uint32(id) ^ uint32(id>>32)
}

// putSockaddr writes a socket address, for which b has just the room.
func (p *sockets) putSockaddr(b []byte, a netip.AddrPort) bool {
	if len(b) != sockaddrSize(a) {
		return false
	}
	clear(b)
	binary.LittleEndian.PutUint32(b, p.session())
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-sockaddrHeader))
	binary.BigEndian.PutUint16(b[10:], a.Port())
	if a.Addr().Is4() {
		binary.LittleEndian.PutUint16(b[8:], inet4)
		copy(b[12:], a.Addr().AsSlice())
	} else {
		binary.LittleEndian.PutUint16(b[8:], inet6)
		copy(b[16:], a.Addr().AsSlice())
	}
	return true
}

// getSockaddr reads a socket address of this session.
func (p *sockets) getSockaddr(b []byte) (netip.AddrPort, bool) {
	if len(b) < sockaddrIPv4 || binary.LittleEndian.Uint32(b) != p.session() || int(binary.LittleEndian.Uint32(b[4:])) != len(b)-sockaddrHeader {
		return netip.AddrPort{}, false
	}
	port := binary.BigEndian.Uint16(b[10:])
	switch family := binary.LittleEndian.Uint16(b[8:]); {
	case family == inet4 && len(b) == sockaddrIPv4:
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[12:16])), port), true
	case family == inet6 && len(b) == sockaddrIPv6:
		return netip.AddrPortFrom(netip.AddrFrom16([16]byte(b[16:32])), port), true
	}
	return netip.AddrPort{}, false
}

// ipv4 answers the four bytes of an address, zeros where it has none.
func ipv4(a netip.Addr) []byte {
	if a = a.Unmap(); a.Is4() {
		return a.AsSlice()
	}
	return make([]byte, 4)
}

// addrPort joins an address and a port.
func addrPort(a netip.Addr, port uint16) netip.AddrPort { return netip.AddrPortFrom(a, port) }

// portArg answers argument i, which must be a port.
func portArg(c *plugin.Call, i int) (uint16, bool) {
	v, ok := c.SmallInt(i)
	return uint16(v), ok && v >= 0 && v <= 65535
}

// addrArg answers argument i, which must be the 4 or 16 bytes of an address or a
// socket address.
func (p *sockets) addrArg(c *plugin.Call, i int) (netip.Addr, bool) {
	b, ok := c.Bytes(i)
	if !ok {
		return netip.Addr{}, false
	}
	if a, ok := netip.AddrFromSlice(b); ok {
		return a, true
	}
	a, ok := p.getSockaddr(b)
	return a.Addr(), ok
}

// addrPortArg answers argument i, a socket address, or an address with a port after it.
func (p *sockets) addrPortArg(c *plugin.Call, i int) (netip.AddrPort, bool) {
	if c.NumArgs() == i+1 {
		b, ok := c.Bytes(i)
		if !ok {
			return netip.AddrPort{}, false
		}
		return p.getSockaddr(b)
	}
	a, ok1 := p.addrArg(c, i)
	port, ok2 := portArg(c, i+1)
	return addrPort(a, port), ok1 && ok2
}

// address makes a primitive that answers the four bytes of an address.
func (p *sockets) address(f func(*conn) netip.AddrPort) plugin.Func {
	return func(c *plugin.Call) (heap.Oop, plugin.Failure) {
		n, ok := p.conn(c)
		if !ok {
			return c.Fail(plugin.BadArgument)
		}
		return c.ReturnBytes(ipv4(f(n).Addr()))
	}
}

// sockaddr makes a primitive that writes a socket address: socket, room of just its size.
func (p *sockets) sockaddr(f func(*conn) netip.AddrPort) plugin.Func {
	return func(c *plugin.Call) (heap.Oop, plugin.Failure) {
		n, ok := p.conn(c)
		if !ok {
			return c.Fail(plugin.BadArgument)
		}
		b, fail := c.MutableBytes(1)
		if fail != plugin.OK {
			return c.Fail(fail)
		}
		if !p.putSockaddr(b, f(n)) {
			return c.Fail(plugin.BadArgument)
		}
		return c.ReturnReceiver()
	}
}

// getPort: the receiver is a socket address.
func (p *sockets) getPort(c *plugin.Call) (heap.Oop, plugin.Failure) {
	b, ok := c.Bytes(c.NumArgs() - 1)
	if !ok {
		return c.Fail(plugin.BadReceiver)
	}
	a, ok := p.getSockaddr(b)
	if !ok {
		return c.Fail(plugin.BadReceiver)
	}
	return c.ReturnInt(int64(a.Port()))
}

// setPort: port; the receiver is a socket address.
func (p *sockets) setPort(c *plugin.Call) (heap.Oop, plugin.Failure) {
	last := c.NumArgs() - 1
	port, ok := portArg(c, last)
	if !ok || last < 0 {
		return c.Fail(plugin.BadArgument)
	}
	b, fail := c.MutableBytes(last - 1)
	if fail != plugin.OK {
		return c.Fail(fail)
	}
	if _, ok := p.getSockaddr(b); !ok {
		return c.Fail(plugin.BadReceiver)
	}
	binary.BigEndian.PutUint16(b[10:], port)
	return c.ReturnReceiver()
}
