package socket

import (
	"bytes"
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/host/hostnet"
	"github.com/sista-vm/sista/plugin"
	"github.com/sista-vm/sista/plugin/plugintest"
)

const module = "SocketPlugin"

var local = []byte{127, 0, 0, 1}

// patience bounds every wait of the tests.
const patience = 20 * time.Second

// resolverSema is the resolver's semaphore.
const resolverSema = 90

func newVM(t *testing.T) *vm {
	v := &vm{plugintest.New(t, Module), t, map[int]int{}}
	v.World.Network = loopbackOnly{hostnet.New()}
	v.Do(module, "primitiveInitializeNetwork", nil, resolverSema)
	return v
}

type vm struct {
	*plugintest.VM
	t       *testing.T
	signals map[int]int
}

// await waits until a semaphore was signalled.
func (v *vm) await(semaphore int) {
	v.t.Helper()
	timeout := time.After(patience)
	for v.signals[semaphore] == 0 {
		select {
		case i := <-v.Signals:
			v.signals[i]++
		case <-timeout:
			v.t.Fatalf("semaphore %d is not signalled", semaphore)
		}
	}
	v.signals[semaphore]--
}

// until waits for a condition, looking again at each signal of a semaphore.
func (v *vm) until(semaphore int, f func() bool) {
	v.t.Helper()
	for !f() {
		v.await(semaphore)
	}
}

func (v *vm) oop(primitive string, args ...any) heap.Oop {
	v.t.Helper()
	o, f := v.Try(module, primitive, nil, args...)
	if f != plugin.OK {
		v.t.Fatalf("%s fails: %v %s", primitive, f, v.Call.Reason)
	}
	return o
}

func (v *vm) create(kind, sema int) heap.Oop {
	v.t.Helper()
	return v.oop("primitiveSocketCreate3Semaphores", 0, kind, 0, 0, sema, sema+1, sema+2)
}

func (v *vm) status(s heap.Oop) int {
	v.t.Helper()
	return v.Do(module, "primitiveSocketConnectionStatus", nil, s).(int)
}

// connect makes a connection; semaphores are 10.. for the listener, 20.. and 30.. for its ends.
func (v *vm) connect() (listener, a, b heap.Oop) {
	v.t.Helper()
	listener = v.create(0, 10)
	v.Do(module, "primitiveSocketListenOnPortBacklogInterface", nil, listener, 0, 5, local)
	port := v.Do(module, "primitiveSocketLocalPort", nil, listener)
	if v.status(listener) != waiting {
		v.t.Errorf("the listener has status %d", v.status(listener))
	}
	a = v.create(0, 20)
	v.Do(module, "primitiveSocketConnectToPort", nil, a, local, port)
	v.until(20, func() bool { return v.status(a) == connected })
	v.until(10, func() bool { return v.status(listener) == connected })
	b = v.oop("primitiveSocketAccept3Semaphores", listener, 0, 0, 30, 31, 32)
	if v.status(b) != connected || v.status(listener) != waiting {
		v.t.Errorf("after accept the status is %d, the listener's %d", v.status(b), v.status(listener))
	}
	return listener, a, b
}

func TestStreams(t *testing.T) {
	v := newVM(t)
	_, a, b := v.connect()
	if v.Do(module, "primitiveSocketReceiveDataAvailable", nil, b) != false {
		t.Error("data before any was sent")
	}
	if n := v.Do(module, "primitiveSocketSendDataBufCount", nil, a, "say hello", 5, 5); n != 5 {
		t.Errorf("sent %v", n)
	}
	v.until(31, func() bool { return v.Do(module, "primitiveSocketReceiveDataAvailable", nil, b) == true })
	buf := v.Oop("..........")
	if n := v.Do(module, "primitiveSocketReceiveDataBufCount", nil, b, buf, 2, 9); n != 5 || v.Go(buf) != ".hello...." {
		t.Errorf("received %v: %q", n, v.Go(buf))
	}
	if n := v.Do(module, "primitiveSocketReceiveDataBufCount", nil, b, buf, 1, 10); n != 0 {
		t.Errorf("received %v of nothing", n)
	}
	if v.Do(module, "primitiveSocketSendDone", nil, a) != true {
		t.Error("sending is not done")
	}
	// Until the buffers are full, and back out of them.
	chunk := v.Oop(bytes.Repeat([]byte("0123456789"), 6000))
	sent := 0
	for {
		n := v.Do(module, "primitiveSocketSendDataBufCount", nil, a, chunk, 1, 60000).(int)
		sent += n
		if n == 0 {
			break
		}
	}
	big := v.Oop(make([]byte, 1<<16))
	for received := 0; received < sent; {
		n := v.Do(module, "primitiveSocketReceiveDataBufCount", nil, b, big, 1, 1<<16).(int)
		received += n
		if n == 0 {
			v.await(31)
		}
	}
	v.until(22, func() bool { return v.Do(module, "primitiveSocketSendDone", nil, a) == true })
	// One end goes.
	v.Do(module, "primitiveSocketCloseConnection", nil, a)
	v.until(30, func() bool {
		v.Do(module, "primitiveSocketReceiveDataAvailable", nil, b)
		return v.status(b) == otherEndClosed
	})
	if v.status(a) != unconnected {
		t.Errorf("the closed socket has status %d", v.status(a))
	}
	if v.Do(module, "primitiveSocketReceiveDataAvailable", nil, a) != false || v.Do(module, "primitiveSocketSendDone", nil, a) != false {
		t.Error("a closed socket can be used")
	}
	v.Fails(plugin.OSError, module, "primitiveSocketSendDataBufCount", nil, a, "x", 1, 1)
	v.Do(module, "primitiveSocketDestroy", nil, a)
	v.Fails(plugin.BadArgument, module, "primitiveSocketConnectionStatus", nil, a)
	v.Fails(plugin.BadArgument, module, "primitiveSocketDestroy", nil, a)
}

func TestAddresses(t *testing.T) {
	v := newVM(t)
	listener, a, b := v.connect()
	port := v.Do(module, "primitiveSocketLocalPort", nil, listener)
	if got := v.Do(module, "primitiveSocketRemotePort", nil, a); got != port {
		t.Errorf("the remote port is %v, want %v", got, port)
	}
	if got := v.Do(module, "primitiveSocketRemoteAddress", nil, a).([]byte); !bytes.Equal(got, local) {
		t.Errorf("the remote address is %v", got)
	}
	size := v.Do(module, "primitiveSocketRemoteAddressSize", nil, b).(int)
	addr := v.Oop(make([]byte, size))
	v.Do(module, "primitiveSocketRemoteAddressResult", nil, b, addr)
	if got := v.Do(module, "primitiveSocketAddressGetPort", addr); got != v.Do(module, "primitiveSocketLocalPort", nil, a) {
		t.Errorf("the socket address has port %v", got)
	}
	v.Do(module, "primitiveSocketAddressSetPort", addr, 4711)
	if got := v.Do(module, "primitiveSocketAddressGetPort", addr); got != 4711 {
		t.Errorf("the socket address has port %v", got)
	}
	plugin.RawBytes(addr)[0]++
	v.Fails(plugin.BadReceiver, module, "primitiveSocketAddressGetPort", addr)
	v.Fails(plugin.BadArgument, module, "primitiveSocketLocalAddressResult", nil, b, make([]byte, size-1))
}

// TestSingleListener: with a backlog of 1 the listener becomes the connection.
func TestSingleListener(t *testing.T) {
	v := newVM(t)
	l := v.create(0, 10)
	v.Do(module, "primitiveSocketBindToPort", nil, l, local, 0)
	v.Do(module, "primitiveSocketListenWithBacklog", nil, l, 1)
	size := v.Do(module, "primitiveSocketLocalAddressSize", nil, l).(int)
	addr := v.Oop(make([]byte, size))
	v.Do(module, "primitiveSocketLocalAddressResult", nil, l, addr)
	a := v.create(0, 20)
	v.Do(module, "primitiveSocketConnectTo", nil, a, addr)
	v.until(10, func() bool { return v.status(l) == connected })
	v.until(20, func() bool { return v.status(a) == connected })
	v.Do(module, "primitiveSocketSendDataBufCount", nil, l, "hi", 1, 2)
	buf := v.Oop("..")
	for v.Do(module, "primitiveSocketReceiveDataBufCount", nil, a, buf, 1, 2) == 0 {
		v.await(21)
	}
	if v.Go(buf) != "hi" {
		t.Errorf("received %q", v.Go(buf))
	}
	v.Fails(plugin.Inappropriate, module, "primitiveSocketAccept", nil, l, 0, 0, 40)
}

func TestRefused(t *testing.T) {
	v := newVM(t)
	bound := v.create(0, 10)
	v.Do(module, "primitiveSocketBindToPort", nil, bound, local, 0)
	a := v.create(0, 20)
	v.Do(module, "primitiveSocketConnectToPort", nil, a, local, v.Do(module, "primitiveSocketLocalPort", nil, bound))
	v.until(20, func() bool { return v.status(a) == unconnected })
	if v.Do(module, "primitiveSocketError", nil, a) == 0 {
		t.Error("no error number")
	}
}

func TestPackets(t *testing.T) {
	v := newVM(t)
	a, b := v.create(1, 20), v.create(1, 30)
	v.Do(module, "primitiveSocketBindToPort", nil, b, local, 0)
	port := v.Do(module, "primitiveSocketLocalPort", nil, b)
	buf := v.Oop("......")
	receive := func() []any { return v.Do(module, "primitiveSocketReceiveUDPDataBufCount", nil, b, buf, 1, 4).([]any) }
	if r := receive(); r[0] != 0 {
		t.Errorf("received %v of nothing", r)
	}
	if n := v.Do(module, "primitiveSocketSendUDPDataBufCount", nil, a, "abcdef", local, port, 1, 6); n != 6 {
		t.Errorf("sent %v", n)
	}
	v.await(31)
	r := receive()
	if r[0] != 4 || !bytes.Equal(r[1].([]byte), local) || r[2] != v.Do(module, "primitiveSocketLocalPort", nil, a) || r[3] != true || v.Go(buf) != "abcd.." {
		t.Errorf("received %v, %q", r, v.Go(buf))
	}
	// With a partner.
	v.Do(module, "primitiveSocketConnectToPort", nil, a, local, port)
	v.Do(module, "primitiveSocketSendDataBufCount", nil, a, "xyz", 1, 3)
	v.until(31, func() bool { return v.Do(module, "primitiveSocketReceiveDataAvailable", nil, b) == true })
	if n := v.Do(module, "primitiveSocketReceiveDataBufCount", nil, b, buf, 1, 6); n != 3 || v.Go(buf) != "xyzd.." {
		t.Errorf("received %v: %q", n, v.Go(buf))
	}
	if got := v.Do(module, "primitiveSocketRemotePort", nil, b); got != r[2] {
		t.Errorf("the sender's port is %v", got)
	}
}

func TestOptions(t *testing.T) {
	v := newVM(t)
	s := v.create(0, 10)
	for _, value := range []any{"1", []byte{1, 0, 0, 0}} {
		v.Do(module, "primitiveSocketSetOptions", nil, s, "TCP_NODELAY", value)
		if r := v.Do(module, "primitiveSocketGetOptions", nil, s, "TCP_NODELAY").([]any); r[0] != 0 || r[1] == 0 {
			t.Errorf("TCP_NODELAY is %v", r)
		}
	}
	v.Do(module, "primitiveSocketSetOptions", nil, s, "SO_LINGER", []byte{1, 0, 0, 0, 7, 0, 0, 0})
	if r := v.Do(module, "primitiveSocketGetOptions", nil, s, "SO_LINGER").([]any); r[1] != 7 {
		t.Errorf("SO_LINGER is %v", r)
	}
	v.Fails(plugin.Generic, module, "primitiveSocketGetOptions", nil, s, "SO_NONSENSE")
}

func TestResolver(t *testing.T) {
	v := newVM(t)
	v.World.Network = fakeNames{v.World.Network}
	status := func() any { return v.Do(module, "primitiveResolverStatus", nil) }
	v.Do(module, "primitiveResolverStartNameLookup", nil, "sista.example")
	v.await(resolverSema)
	if got := v.Do(module, "primitiveResolverNameLookupResult", nil).([]byte); status() != resolverReady || !bytes.Equal(got, []byte{10, 1, 2, 3}) {
		t.Errorf("status %v, address %v", status(), got)
	}
	v.Do(module, "primitiveResolverStartNameLookup", nil, "nowhere.example")
	v.await(resolverSema)
	if status() != resolverError || v.Do(module, "primitiveResolverError", nil) == 0 {
		t.Errorf("status %v", status())
	}
	v.Do(module, "primitiveResolverStartNameLookup", nil, "never.example")
	if status() != resolverBusy {
		t.Errorf("status %v during the lookup", status())
	}
	v.Do(module, "primitiveResolverAbortLookup", nil)
	if status() != resolverReady {
		t.Errorf("status %v after the lookup was aborted", status())
	}
	v.Do(module, "primitiveResolverStartAddressLookup", nil, []byte{10, 1, 2, 3})
	v.await(resolverSema)
	if got := v.Do(module, "primitiveResolverAddressLookupResult", nil); got != "sista.example" {
		t.Errorf("the name is %v", got)
	}
	n := v.Do(module, "primitiveResolverHostNameSize", nil).(int)
	name := v.Oop(string(make([]byte, n)))
	v.Do(module, "primitiveResolverHostNameResult", nil, name)
	if v.Go(name) != v.World.Network.Hostname() {
		t.Errorf("this machine is %q", v.Go(name))
	}
	v.Fails(plugin.BadArgument, module, "primitiveResolverHostNameResult", nil, "")
}

func TestAddressInfo(t *testing.T) {
	v := newVM(t)
	v.World.Network = fakeNames{v.World.Network}
	v.Do(module, "primitiveResolverGetAddressInfo", nil, "sista.example", "80", 0, familyAny, 0, 0)
	var got [][3]int
	for more := true; more; more = v.Do(module, "primitiveResolverGetAddressInfoNext", nil).(bool) {
		addr := v.Oop(make([]byte, v.Do(module, "primitiveResolverGetAddressInfoSize", nil).(int)))
		v.Do(module, "primitiveResolverGetAddressInfoResult", nil, addr)
		got = append(got, [3]int{v.Do(module, "primitiveResolverGetAddressInfoFamily", nil).(int),
			v.Do(module, "primitiveResolverGetAddressInfoType", nil).(int), v.Do(module, "primitiveSocketAddressGetPort", addr).(int)})
	}
	if len(got) != 4 || got[0] != [3]int{2, 1, 80} || got[1] != [3]int{2, 2, 80} || got[3] != [3]int{3, 2, 80} {
		t.Errorf("found %v", got)
	}
	if v.Do(module, "primitiveResolverGetAddressInfoSize", nil) != -1 {
		t.Error("there is more")
	}
	v.Do(module, "primitiveResolverGetAddressInfo", nil, "sista.example", "", 0, familyIPv4, kindStream, 0)
	addr := v.Oop(make([]byte, sockaddrIPv4))
	v.Do(module, "primitiveResolverGetAddressInfoResult", nil, addr)
	for flags, want := range map[int]string{0: "sista.example", flagNumeric: "10.1.2.3"} {
		v.Do(module, "primitiveResolverGetNameInfo", nil, addr, flags)
		b := v.Oop(string(make([]byte, v.Do(module, "primitiveResolverGetNameInfoHostSize", nil).(int))))
		v.Do(module, "primitiveResolverGetNameInfoHostResult", nil, b)
		if v.Go(b) != want {
			t.Errorf("the name is %q, want %q", v.Go(b), want)
		}
	}
	v.Fails(plugin.BadArgument, module, "primitiveResolverGetNameInfo", nil, make([]byte, sockaddrIPv4), 0)
	v.Do(module, "primitiveResolverGetAddressInfo", nil, "sista.example", "", flagNumeric, 0, 0, 0)
	v.Fails(plugin.Inappropriate, module, "primitiveResolverGetAddressInfoFamily", nil)
}

func TestNoNetwork(t *testing.T) {
	v := plugintest.New(t, Module)
	v.Fails(plugin.Unsupported, module, "primitiveInitializeNetwork", nil, 1)
	v.Fails(plugin.Unsupported, module, "primitiveSocketCreate", nil, 0, 0, 0, 0, 1)
	v.Fails(plugin.Inappropriate, module, "primitiveResolverStartNameLookup", nil, "x")
	if v.Do(module, "primitiveResolverStatus", nil) != resolverUninitialized {
		t.Error("the resolver is initialized")
	}
	w := newVM(t)
	w.Do(module, "primitiveDisableSocketAccess", nil)
	w.Fails(plugin.Inappropriate, module, "primitiveSocketCreate", nil, 0, 0, 0, 0, 1)
	if w.Do(module, "primitiveHasSocketAccess", nil) != false {
		t.Error("sockets may be made")
	}
}

// fakeNames answers lookups without asking anybody.
type fakeNames struct{ host.Network }

func (fakeNames) LookupHost(name string, done func([]netip.Addr, error)) func() {
	switch name {
	case "sista.example":
		go done([]netip.Addr{netip.MustParseAddr("10.1.2.3"), netip.MustParseAddr("fd00::1")}, nil)
	case "never.example":
	default:
		go done(nil, errors.New("no such host"))
	}
	return func() {}
}

func (fakeNames) LookupAddr(_ netip.Addr, done func(string, error)) func() {
	go done("sista.example", nil)
	return func() {}
}

// loopbackOnly is a network whose sockets reach this machine only, and whose resolver knows nobody.
type loopbackOnly struct{ host.Network }

func (n loopbackOnly) NewSocket(kind host.SocketKind, v6 bool, notify func(host.SocketEvent)) (host.Socket, error) {
	s, err := n.Network.NewSocket(kind, v6, notify)
	return kept{s}, err
}

func (loopbackOnly) LookupHost(_ string, done func([]netip.Addr, error)) func() {
	go done(nil, errors.New("no such host"))
	return func() {}
}

func (loopbackOnly) LookupAddr(_ netip.Addr, done func(string, error)) func() {
	go done("", errors.New("no such host"))
	return func() {}
}

type kept struct{ host.Socket }

var errOutside = errors.New("outside this machine")

func (k kept) Bind(a netip.AddrPort) error {
	if a.Addr().IsValid() && !a.Addr().IsLoopback() {
		return errOutside
	}
	return k.Socket.Bind(netip.AddrPortFrom(netip.AddrFrom4([4]byte(local)), a.Port()))
}

func (k kept) Connect(a netip.AddrPort) error {
	if !a.Addr().IsLoopback() {
		return errOutside
	}
	return k.Socket.Connect(a)
}

func (k kept) WriteTo(p []byte, a netip.AddrPort) (int, error) {
	if !a.Addr().IsLoopback() {
		return 0, errOutside
	}
	return k.Socket.WriteTo(p, a)
}

func TestFuzzArguments(t *testing.T) {
	plugintest.Fuzz(t, Module, 300, func(pv *plugintest.VM) []heap.Oop {
		pv.World.Network = loopbackOnly{hostnet.New()}
		go func() {
			for range pv.Signals {
			}
		}()
		if _, f := pv.Try(module, "primitiveInitializeNetwork", nil, 0); f != plugin.OK {
			return nil
		}
		extra := []heap.Oop{pv.Oop(local), pv.Oop("localhost"), pv.Oop("abc"), pv.Oop(0), pv.Oop(1)}
		for _, kind := range []int{0, 1} {
			if o, f := pv.Try(module, "primitiveSocketCreate", nil, 0, kind, 0, 0, 0); f == plugin.OK {
				extra = append(extra, o)
			}
		}
		return extra
	})
}
