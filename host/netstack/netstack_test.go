package netstack

import (
	"bytes"
	"errors"
	"io"
	"net/netip"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sista-vm/sista/host"
)

// patience bounds every wait of the tests.
const patience = 20 * time.Second

// wire is two cards with a cable between them, that may lose frames.
type wire struct {
	address byte
	peer    *wire
	queue   chan []byte
	lose    func(frame []byte) bool

	mu      sync.Mutex
	receive func([]byte)
}

func (w *wire) Address() [6]byte { return [6]byte{2, 0, 0, 0, 0, w.address} }
func (w *wire) MTU() int         { return 1500 }
func (w *wire) Receive(f func([]byte)) {
	w.mu.Lock()
	w.receive = f
	w.mu.Unlock()
}

func (w *wire) Send(frame []byte) bool {
	if w.lose != nil && w.lose(frame) {
		return true
	}
	select {
	case w.peer.queue <- bytes.Clone(frame):
		return true
	default:
		return false
	}
}

func (w *wire) run(end chan struct{}) {
	for {
		select {
		case f := <-w.queue:
			w.mu.Lock()
			receive := w.receive
			w.mu.Unlock()
			if receive != nil {
				receive(f)
			}
		case <-end:
			return
		}
	}
}

func cable(t *testing.T) (a, b *wire) {
	a, b = &wire{address: 1, queue: make(chan []byte, 256)}, &wire{address: 2, queue: make(chan []byte, 256)}
	a.peer, b.peer = b, a
	end := make(chan struct{})
	go a.run(end)
	go b.run(end)
	t.Cleanup(func() { close(end) })
	return a, b
}

func network(t *testing.T, c Card, config Config) *Network {
	t.Helper()
	n, err := New(c, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	return n
}

// neighbours are two machines on a cable.
func neighbours(t *testing.T) (a, b *Network) {
	wa, wb := cable(t)
	a = network(t, wa, Config{Address: netip.MustParsePrefix("10.0.0.1/24")})
	b = network(t, wb, Config{Address: netip.MustParsePrefix("10.0.0.2/24")})
	return a, b
}

type eventQueue chan host.SocketEvent

func (c eventQueue) notify(e host.SocketEvent) { c <- e }

func (c eventQueue) await(t *testing.T, want host.SocketEvent) {
	t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case e := <-c:
			if e == want {
				return
			}
		case <-timeout:
			t.Fatalf("no event %d", want)
		}
	}
}

func socketOf(t *testing.T, n *Network, kind host.SocketKind) (host.Socket, eventQueue) {
	t.Helper()
	c := make(eventQueue, 100)
	s, err := n.NewSocket(kind, false, c.notify)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, c
}

// connected makes two TCP sockets that talk to each other, from one machine to another.
func connected(t *testing.T, from, to *Network, server netip.Addr) (a, b host.Socket, ae, be eventQueue) {
	t.Helper()
	l, le := socketOf(t, to, host.TCP)
	if err := errors.Join(l.Bind(netip.AddrPortFrom(netip.Addr{}, 0)), l.Listen(5)); err != nil {
		t.Fatal(err)
	}
	be = make(eventQueue, 100)
	if _, err := l.Accept(be.notify); err != host.ErrWouldBlock {
		t.Fatalf("nobody is there: %v", err)
	}
	a, ae = socketOf(t, from, host.TCP)
	if err := a.Connect(netip.AddrPortFrom(server, l.LocalAddr().Port())); err != host.ErrWouldBlock {
		t.Fatalf("connecting: %v", err)
	}
	ae.await(t, host.Connected)
	if err := a.ConnectError(); err != nil {
		t.Fatal(err)
	}
	le.await(t, host.Readable)
	b, err := l.Accept(be.notify)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return a, b, ae, be
}

// transfer sends more than all buffers take, and the end.
func transfer(t *testing.T, a, b host.Socket, ae, be eventQueue) {
	t.Helper()
	const total = 3 << 20
	sent := make([]byte, total)
	for i := range sent {
		sent[i] = byte(i * 7 >> 3)
	}
	done := make(chan error, 1)
	go func() {
		for rest := sent; len(rest) > 0; {
			n, err := a.Write(rest)
			rest = rest[n:]
			if err == host.ErrWouldBlock {
				ae.await(t, host.Writable)
			} else if err != nil {
				done <- err
				return
			}
		}
		done <- a.CloseWrite()
	}()
	var got []byte
	buf := make([]byte, 1<<16)
	for {
		n, err := b.Read(buf)
		got = append(got, buf[:n]...)
		if err == io.EOF {
			break
		}
		if err == host.ErrWouldBlock {
			be.await(t, host.Readable)
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(sent, got) {
		t.Errorf("%d bytes came out, not those that were sent", len(got))
	}
}

func TestTCP(t *testing.T) {
	m, n := neighbours(t)
	a, b, ae, be := connected(t, m, n, n.LocalAddr())
	if a.LocalAddr() != b.RemoteAddr() || a.RemoteAddr() != b.LocalAddr() {
		t.Errorf("addresses are %v %v and %v %v", a.LocalAddr(), a.RemoteAddr(), b.LocalAddr(), b.RemoteAddr())
	}
	if b.Ready()&host.Readable != 0 || a.Ready()&host.Writable == 0 {
		t.Error("wrong readiness")
	}
	transfer(t, a, b, ae, be)
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	if err := b.Close(); err == nil {
		t.Error("closed twice")
	}
}

func TestLoopback(t *testing.T) {
	n := network(t, nil, Config{})
	a, b, ae, be := connected(t, n, n, netip.MustParseAddr("127.0.0.1"))
	transfer(t, a, b, ae, be)
}

// A wire that loses frames costs time, not data.
func TestLoss(t *testing.T) {
	wa, wb := cable(t)
	count := 0
	wa.lose = func([]byte) bool { count++; return count%50 == 49 }
	m := network(t, wa, Config{Address: netip.MustParsePrefix("10.0.0.1/24")})
	n := network(t, wb, Config{Address: netip.MustParsePrefix("10.0.0.2/24")})
	a, b, ae, be := connected(t, m, n, n.LocalAddr())
	transfer(t, a, b, ae, be)
}

func TestRefused(t *testing.T) {
	m, n := neighbours(t)
	a, ae := socketOf(t, m, host.TCP)
	err := a.Connect(netip.AddrPortFrom(n.LocalAddr(), 9))
	if err == host.ErrWouldBlock {
		ae.await(t, host.Connected)
		err = a.ConnectError()
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("connecting ends with %v", err)
	}
	far, _ := socketOf(t, m, host.TCP)
	if err := far.Connect(netip.MustParseAddrPort("192.0.2.1:80")); !errors.Is(err, syscall.ENETUNREACH) && !errors.Is(err, syscall.EHOSTUNREACH) {
		t.Errorf("without a route: %v", err)
	}
}

func TestAbort(t *testing.T) {
	m, n := neighbours(t)
	a, b, _, be := connected(t, m, n, n.LocalAddr())
	b.Watch(host.Readable)
	if err := a.Abort(); err != nil {
		t.Fatal(err)
	}
	be.await(t, host.Readable)
	if _, err := b.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("after the abort: %v", err)
	}
}

func TestUDP(t *testing.T) {
	m, n := neighbours(t)
	a, _ := socketOf(t, m, host.UDP)
	b, be := socketOf(t, n, host.UDP)
	if err := b.Bind(netip.AddrPortFrom(netip.Addr{}, 5000)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 4)
	if _, _, _, err := b.ReadFrom(buf); err != host.ErrWouldBlock {
		t.Fatalf("reading nothing: %v", err)
	}
	if n, err := a.WriteTo([]byte("abcdef"), netip.AddrPortFrom(n.LocalAddr(), 5000)); n != 6 || err != nil {
		t.Fatalf("sent %d, %v", n, err)
	}
	be.await(t, host.Readable)
	k, from, truncated, err := b.ReadFrom(buf)
	if string(buf[:k]) != "abcd" || !truncated || err != nil || from.Addr() != m.LocalAddr() {
		t.Errorf("got %q from %v, truncated %v, %v", buf[:k], from, truncated, err)
	}
	other, _ := socketOf(t, n, host.UDP)
	if err := other.Bind(netip.AddrPortFrom(netip.Addr{}, 5000)); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("a port that is taken: %v", err)
	}
}

func TestOptions(t *testing.T) {
	s, _ := socketOf(t, network(t, nil, Config{}), host.TCP)
	for _, c := range []struct {
		name string
		v    int
	}{{"TCP_NODELAY", 1}, {"TCP_NODELAY", 0}, {"SO_REUSEADDR", 1}, {"SO_KEEPALIVE", 1}, {"SO_LINGER", 3}, {"SO_LINGER", -1}, {"IP_TTL", 9}} {
		if err := s.SetOption(c.name, c.v); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if v, err := s.Option(c.name); err != nil || v != c.v {
			t.Errorf("%s is %d, want %d, %v", c.name, v, c.v, err)
		}
	}
	if _, err := s.Option("SO_NONSENSE"); err != host.ErrNoOption {
		t.Errorf("an unknown option: %v", err)
	}
	if v, err := s.Option("SO_TYPE"); v != 1 || err != nil {
		t.Errorf("the type of a stream socket is %d, %v", v, err)
	}
	if _, err := network(t, nil, Config{}).NewSocket(host.TCP, true, nil); !errors.Is(err, syscall.EAFNOSUPPORT) {
		t.Errorf("a socket of IPv6: %v", err)
	}
}

// Frames of any kind do no harm.
func FuzzReceive(f *testing.F) {
	f.Add([]byte{})
	f.Add(make([]byte, 14))
	m, err := New(&wire{address: 1, peer: &wire{}}, Config{Hostname: "x"}) // asks by DHCP, so that its filter is there too
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(m.Close)
	c := m.dhcp
	f.Add(c.frame([]byte("no message")))
	f.Fuzz(func(t *testing.T, frame []byte) { m.link.receive(frame) })
}
