//go:build unix

package hostnet

import (
	"bytes"
	"errors"
	"io"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/sista-vm/sista/host"
)

var loopback = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// patience bounds every wait of the tests.
const patience = 20 * time.Second

// events makes a notify function and the channel it feeds.
func events() (func(host.SocketEvent), chan host.SocketEvent) {
	c := make(chan host.SocketEvent, 100)
	return func(e host.SocketEvent) { c <- e }, c
}

func await(t *testing.T, c chan host.SocketEvent, want host.SocketEvent) {
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

func newSocket(t *testing.T, kind host.SocketKind) (host.Socket, chan host.SocketEvent) {
	t.Helper()
	notify, c := events()
	s, err := New().NewSocket(kind, false, notify)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, c
}

// connected makes two TCP sockets that talk to each other.
func connected(t *testing.T) (a, b host.Socket, ae, be chan host.SocketEvent) {
	t.Helper()
	l, le := newSocket(t, host.TCP)
	if err := errors.Join(l.Bind(netip.AddrPortFrom(loopback, 0)), l.Listen(5)); err != nil {
		t.Fatal(err)
	}
	bn, be := events()
	if _, err := l.Accept(bn); err != host.ErrWouldBlock {
		t.Fatalf("nobody is there: %v", err)
	}
	a, ae = newSocket(t, host.TCP)
	if err := a.Connect(l.LocalAddr()); err == host.ErrWouldBlock {
		await(t, ae, host.Connected)
		err = a.ConnectError()
		if err != nil {
			t.Fatal(err)
		}
	} else if err != nil {
		t.Fatal(err)
	}
	await(t, le, host.Readable)
	b, err := l.Accept(bn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return a, b, ae, be
}

func TestTCP(t *testing.T) {
	a, b, ae, be := connected(t)
	if a.LocalAddr() != b.RemoteAddr() || a.RemoteAddr() != b.LocalAddr() {
		t.Errorf("addresses are %v %v and %v %v", a.LocalAddr(), a.RemoteAddr(), b.LocalAddr(), b.RemoteAddr())
	}
	buf := make([]byte, 100)
	if _, err := b.Read(buf); err != host.ErrWouldBlock {
		t.Fatalf("reading nothing: %v", err)
	}
	if b.Ready()&host.Readable != 0 || a.Ready()&host.Writable == 0 {
		t.Error("wrong readiness")
	}
	if n, err := a.Write([]byte("hello")); n != 5 || err != nil {
		t.Fatalf("wrote %d, %v", n, err)
	}
	await(t, be, host.Readable)
	if n, err := b.Read(buf); string(buf[:n]) != "hello" || err != nil {
		t.Fatalf("read %q, %v", buf[:n], err)
	}
	// More than the buffers take.
	var sent, got bytes.Buffer
	chunk := bytes.Repeat([]byte("0123456789"), 10000)
	for {
		n, err := a.Write(chunk)
		sent.Write(chunk[:n])
		if err == host.ErrWouldBlock {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	big := make([]byte, 1<<20)
	for got.Len() < sent.Len() {
		n, err := b.Read(big)
		got.Write(big[:n])
		if err == host.ErrWouldBlock {
			await(t, be, host.Readable)
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(sent.Bytes(), got.Bytes()) {
		t.Error("the data came out changed")
	}
	await(t, ae, host.Writable)
	if err := a.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	b.Watch(host.Readable)
	await(t, be, host.Readable)
	if _, err := b.Read(buf); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	if _, err := b.Read(buf); err == nil {
		t.Error("reading a closed socket")
	}
}

func TestRefused(t *testing.T) {
	l, _ := newSocket(t, host.TCP)
	if err := l.Bind(netip.AddrPortFrom(loopback, 0)); err != nil {
		t.Fatal(err)
	}
	a, ae := newSocket(t, host.TCP)
	err := a.Connect(l.LocalAddr()) // bound, but nobody listens
	if err == host.ErrWouldBlock {
		await(t, ae, host.Connected)
		err = a.ConnectError()
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("connecting ends with %v", err)
	}
}

func TestAbort(t *testing.T) {
	a, b, _, be := connected(t)
	b.Watch(host.Readable)
	if err := a.Abort(); err != nil {
		t.Fatal(err)
	}
	await(t, be, host.Readable)
	if _, err := b.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("after the abort: %v", err)
	}
}

func TestUDP(t *testing.T) {
	a, _ := newSocket(t, host.UDP)
	b, be := newSocket(t, host.UDP)
	if err := b.Bind(netip.AddrPortFrom(loopback, 0)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 4)
	if _, _, _, err := b.ReadFrom(buf); err != host.ErrWouldBlock {
		t.Fatalf("reading nothing: %v", err)
	}
	if n, err := a.WriteTo([]byte("abcdef"), b.LocalAddr()); n != 6 || err != nil {
		t.Fatalf("sent %d, %v", n, err)
	}
	await(t, be, host.Readable)
	n, from, truncated, err := b.ReadFrom(buf)
	if string(buf[:n]) != "abcd" || !truncated || err != nil || from.Port() != a.LocalAddr().Port() {
		t.Errorf("got %q from %v, truncated %v, %v", buf[:n], from, truncated, err)
	}
}

func TestOptions(t *testing.T) {
	s, _ := newSocket(t, host.TCP)
	for _, c := range []struct {
		name string
		v    int
	}{{"TCP_NODELAY", 1}, {"SO_REUSEADDR", 1}, {"SO_KEEPALIVE", 1}, {"SO_LINGER", 3}, {"SO_LINGER", -1}} {
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
}

func TestLookup(t *testing.T) {
	n := New()
	type result struct {
		addrs []netip.Addr
		err   error
	}
	c := make(chan result, 1)
	n.LookupHost("127.0.0.1", func(a []netip.Addr, err error) { c <- result{a, err} })
	select {
	case r := <-c:
		if r.err != nil || len(r.addrs) != 1 || r.addrs[0] != loopback {
			t.Errorf("127.0.0.1 is %v, %v", r.addrs, r.err)
		}
	case <-time.After(patience):
		t.Fatal("no answer")
	}
	n.LookupHost("localhost", func([]netip.Addr, error) {})() // cancelled at once
	if p, err := n.LookupPort("tcp", "80"); p != 80 || err != nil {
		t.Errorf("port 80 is %d, %v", p, err)
	}
	if !n.LocalAddr().IsValid() || n.Hostname() == "" {
		t.Errorf("this machine is %v, %q", n.LocalAddr(), n.Hostname())
	}
}
