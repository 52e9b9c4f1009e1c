package host

import (
	"errors"
	"net/netip"
)

// ErrWouldBlock is answered by a socket call that cannot go on at the moment;
// the socket's notify function is called when it can be tried again.
var ErrWouldBlock = errors.New("operation would block")

// SocketKind is the kind of a socket, numbered as SocketPlugin numbers it.
type SocketKind int

// Kinds of sockets.
const (
	TCP SocketKind = 0
	UDP SocketKind = 1
)

// SocketEvent is a set of things that happened to a socket.
type SocketEvent uint

// Events of sockets. A connection that comes in makes its listener Readable.
const (
	Readable  SocketEvent = 1 << iota // data, the end of the stream, or a connection to accept
	Writable                          // room to send
	Connected                         // a connect has ended, well or not: ask ConnectError
)

// Network makes sockets and looks up names. No call blocks: what takes time is
// started, and tells its end from another goroutine.
type Network interface {
	// NewSocket answers an unbound socket. notify is called from any goroutine, never
	// from inside a call on the socket; it must return quickly.
	NewSocket(kind SocketKind, v6 bool, notify func(SocketEvent)) (Socket, error)
	// LookupHost finds the addresses of a name. Done is called once, unless cancelled before.
	LookupHost(name string, done func([]netip.Addr, error)) (cancel func())
	// LookupAddr finds the name of an address.
	LookupAddr(addr netip.Addr, done func(string, error)) (cancel func())
	// LookupPort answers the port of a service of "tcp" or "udp".
	LookupPort(network, service string) (uint16, error)
	// LocalAddr answers the address of this machine, the invalid one when there is none.
	LocalAddr() netip.Addr
	// Hostname answers the name of this machine.
	Hostname() string
}

// Socket is a non-blocking socket. Calls that must wait answer ErrWouldBlock,
// and each such answer is followed by one notification when the wait is over.
type Socket interface {
	Bind(netip.AddrPort) error
	Listen(backlog int) error
	// Accept answers the next connection that came in.
	Accept(notify func(SocketEvent)) (Socket, error)
	// Connect starts to connect; of a UDP socket it sets the partner at once.
	// ErrWouldBlock: Connected will be notified.
	Connect(netip.AddrPort) error
	// ConnectError answers how the last Connect ended; ErrWouldBlock while it is under way.
	ConnectError() error
	// Read answers io.EOF at the end of the stream.
	Read([]byte) (int, error)
	Write([]byte) (int, error)
	// ReadFrom reads a datagram; truncated tells that it was longer than the buffer.
	ReadFrom([]byte) (n int, from netip.AddrPort, truncated bool, err error)
	WriteTo([]byte, netip.AddrPort) (int, error)
	// Ready tells which of Readable and Writable hold now; it starts no notification.
	Ready() SocketEvent
	// Watch asks for one notification when one of the events comes or already holds.
	Watch(SocketEvent)
	LocalAddr() netip.AddrPort
	RemoteAddr() netip.AddrPort
	CloseWrite() error
	Close() error
	// Abort closes at once and drops what was not yet sent.
	Abort() error
	// Option and SetOption use the names of setsockopt, such as "SO_REUSEADDR" or "TCP_NODELAY".
	Option(name string) (int, error)
	SetOption(name string, value int) error
}

// ErrNoOption is answered for a socket option that is not known.
var ErrNoOption = errors.New("unknown socket option")
