package socket

import (
	"errors"
	"net/netip"
	"strconv"
	"sync"
	"syscall"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// States of the resolver as images number them.
const (
	resolverUninitialized = 0
	resolverReady         = 1
	resolverBusy          = 2
	resolverError         = 3
)

// resolver looks up names. Lookups end on other goroutines.
type resolver struct {
	p *sockets

	mu        sync.Mutex
	semaphore int
	status    int
	err       int
	lookup    int // number of the lookup under way: what an aborted one finds does not count
	cancel    func()
	addr      netip.Addr
	name      string

	infos []info // what GetAddressInfo found, the current one first
	names *nameInfo
}

// hostNotFound is the error number of lookups that found nothing.
const hostNotFound = 1

// Flags of GetAddressInfo and GetNameInfo.
const (
	flagNumeric = 1 // no lookup
	flagPassive = 2 // no host means all local addresses
)

func (r *resolver) initialize(semaphore int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.semaphore, r.status, r.err = semaphore, resolverReady, 0
}

func (r *resolver) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stop()
	r.status = resolverUninitialized
}

// stop ends the lookup under way; r is locked.
func (r *resolver) stop() {
	if r.cancel != nil {
		r.cancel()
		r.cancel = nil
	}
	r.lookup++
}

// start begins a lookup by begin, which is given what to call at its end.
func (r *resolver) start(begin func(finish func(set func(), err error)) (cancel func())) {
	r.mu.Lock()
	r.stop()
	number := r.lookup
	r.status, r.err = resolverBusy, 0
	r.mu.Unlock()
	cancel := begin(func(set func(), err error) {
		r.mu.Lock()
		if r.lookup != number {
			r.mu.Unlock()
			return
		}
		r.status = resolverReady
		if err != nil {
			r.status, r.err = resolverError, hostNotFound
		}
		set()
		semaphore := r.semaphore
		r.mu.Unlock()
		r.p.vm.SignalSemaphore(semaphore)
	})
	r.mu.Lock()
	if r.lookup == number && r.status == resolverBusy {
		r.cancel = cancel
	}
	r.mu.Unlock()
}

func (r *resolver) statusNow(c *plugin.Call) (heap.Oop, plugin.Failure) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return c.ReturnInt(int64(r.status))
}

func (r *resolver) errorNow(c *plugin.Call) (heap.Oop, plugin.Failure) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return c.ReturnInt(int64(r.err))
}

func (r *resolver) abort(c *plugin.Call) (heap.Oop, plugin.Failure) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stop()
	if r.status == resolverBusy {
		r.status = resolverReady
	}
	return c.ReturnReceiver()
}

// ready tells whether the network was initialized and is on.
func (r *resolver) ready(c *plugin.Call) plugin.Failure {
	r.mu.Lock()
	initialized := r.status != resolverUninitialized
	r.mu.Unlock()
	if !initialized {
		return plugin.Inappropriate
	}
	return r.p.usable(c)
}

// first answers the first IPv4 address.
func first(addrs []netip.Addr) netip.Addr {
	for _, a := range addrs {
		if a.Unmap().Is4() {
			return a.Unmap()
		}
	}
	return netip.Addr{}
}

// startName: name of a host.
func (r *resolver) startName(c *plugin.Call) (heap.Oop, plugin.Failure) {
	name, ok := c.String(0)
	if !ok {
		return c.Fail(plugin.BadArgument)
	}
	if f := r.ready(c); f != plugin.OK {
		return c.Fail(f)
	}
	r.start(func(finish func(func(), error)) func() {
		return r.lookupHost(name, func(addrs []netip.Addr, err error) {
			a := first(addrs)
			if !a.IsValid() && err == nil {
				err = errNoAddress
			}
			finish(func() { r.addr = a }, err)
		})
	})
	return c.ReturnReceiver()
}

var errNoAddress = errors.New("no address")

// lookupHost answers numeric addresses without a lookup.
func (r *resolver) lookupHost(name string, done func([]netip.Addr, error)) (cancel func()) {
	if a, err := netip.ParseAddr(name); err == nil {
		done([]netip.Addr{a}, nil)
		return func() {}
	}
	return r.p.network().LookupHost(name, done)
}

func (r *resolver) nameResult(c *plugin.Call) (heap.Oop, plugin.Failure) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return c.ReturnBytes(ipv4(r.addr))
}

// startAddress: address.
func (r *resolver) startAddress(c *plugin.Call) (heap.Oop, plugin.Failure) {
	addr, ok := r.p.addrArg(c, 0)
	if !ok {
		return c.Fail(plugin.BadArgument)
	}
	if f := r.ready(c); f != plugin.OK {
		return c.Fail(f)
	}
	r.start(func(finish func(func(), error)) func() {
		return r.p.network().LookupAddr(addr, func(name string, err error) {
			finish(func() { r.name = name }, err)
		})
	})
	return c.ReturnReceiver()
}

func (r *resolver) addressResult(c *plugin.Call) (heap.Oop, plugin.Failure) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return c.ReturnString(r.name)
}

func (r *resolver) localAddress(c *plugin.Call) (heap.Oop, plugin.Failure) {
	if f := r.p.usable(c); f != plugin.OK {
		return c.Fail(f)
	}
	return c.ReturnBytes(ipv4(r.p.network().LocalAddr()))
}

func (r *resolver) hostNameSize(c *plugin.Call) (heap.Oop, plugin.Failure) {
	if f := r.p.usable(c); f != plugin.OK {
		return c.Fail(f)
	}
	return c.ReturnInt(int64(len(r.p.network().Hostname())))
}

// hostNameResult: room for the name.
func (r *resolver) hostNameResult(c *plugin.Call) (heap.Oop, plugin.Failure) {
	if f := r.p.usable(c); f != plugin.OK {
		return c.Fail(f)
	}
	return putName(c, r.p.network().Hostname())
}

// putName writes a name into argument 0.
func putName(c *plugin.Call, name string) (heap.Oop, plugin.Failure) {
	b, fail := c.MutableBytes(0)
	if fail != plugin.OK {
		return c.Fail(fail)
	}
	if len(b) < len(name) {
		return c.Fail(plugin.BadArgument)
	}
	copy(b, name)
	return c.ReturnReceiver()
}

// wait runs a lookup to its end, or to that of the VM.
func (r *resolver) wait(begin func(done func()) (cancel func())) bool {
	finished := make(chan struct{})
	cancel := begin(sync.OnceFunc(func() { close(finished) }))
	select {
	case <-finished:
		return true
	case <-r.p.vm.Done():
		cancel()
		return false
	}
}

// info is one way to reach a service.
type info struct {
	addr netip.AddrPort
	kind int // of socket, and its protocol
}

func (i info) family() int {
	if i.addr.Addr().Is4() {
		return familyIPv4
	}
	return familyIPv6
}

// kinds are the networks of the kinds of sockets.
var kinds = [...]string{kindStream: "tcp", kindPacket: "udp"}

// getAddressInfo: host, service, flags, family, kind, protocol, of which host or
// service may be empty and the others 0 for any. What is found is answered by
// the primitives that follow.
func (r *resolver) getAddressInfo(c *plugin.Call) (heap.Oop, plugin.Failure) {
	name, ok1 := c.String(0)
	service, ok2 := c.String(1)
	var n [4]int
	ok := ok1 && ok2
	for i := range n {
		v, good := c.SmallInt(2 + i)
		n[i] = v
		ok = ok && good
	}
	flags, family, kind, protocol := n[0], n[1], n[2], n[3]
	if !ok || family < 0 || family > familyIPv6 || kind < 0 || kind > kindPacket || protocol < 0 || protocol > kindPacket {
		return c.Fail(plugin.BadArgument)
	}
	if f := r.ready(c); f != plugin.OK {
		return c.Fail(f)
	}
	infos := r.find(name, service, flags, family, kind, protocol)
	r.mu.Lock()
	r.infos = infos
	r.status, r.err = resolverReady, 0
	semaphore := r.semaphore
	r.mu.Unlock()
	r.p.vm.SignalSemaphore(semaphore)
	return c.ReturnReceiver()
}

func (r *resolver) find(name, service string, flags, family, kind, protocol int) (infos []info) {
	var addrs []netip.Addr
	switch {
	case name != "" && flags&flagNumeric != 0:
		if a, err := netip.ParseAddr(name); err == nil {
			addrs = []netip.Addr{a}
		}
	case name != "":
		r.wait(func(done func()) func() {
			return r.lookupHost(name, func(found []netip.Addr, _ error) {
				r.mu.Lock()
				addrs = found
				r.mu.Unlock()
				done()
			})
		})
	case flags&flagPassive != 0:
		addrs = []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()}
	default:
		addrs = []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}
	}
	r.mu.Lock()
	addrs = append([]netip.Addr(nil), addrs...)
	r.mu.Unlock()
	for _, a := range addrs {
		for k, network := range kinds {
			if network == "" || kind != 0 && kind != k || protocol != 0 && protocol != k {
				continue
			}
			port, ok := r.port(network, service)
			i := info{netip.AddrPortFrom(a.Unmap(), port), k}
			if ok && (family == familyAny || family == i.family()) {
				infos = append(infos, i)
			}
		}
	}
	return infos
}

// port answers the port of a service, 0 for none.
func (r *resolver) port(network, service string) (uint16, bool) {
	if service == "" {
		return 0, true
	}
	if p, err := strconv.ParseUint(service, 10, 16); err == nil {
		return uint16(p), true
	}
	p, err := r.p.network().LookupPort(network, service)
	return p, err == nil
}

// infoSize answers the size of the socket address of the current result, -1 if there is none.
func (r *resolver) infoSize(c *plugin.Call) (heap.Oop, plugin.Failure) {
	if len(r.infos) == 0 {
		return c.ReturnInt(-1)
	}
	return c.ReturnInt(int64(sockaddrSize(r.infos[0].addr)))
}

// infoResult: room for the socket address.
func (r *resolver) infoResult(c *plugin.Call) (heap.Oop, plugin.Failure) {
	if len(r.infos) == 0 {
		return c.Fail(plugin.Inappropriate)
	}
	b, fail := c.MutableBytes(0)
	if fail != plugin.OK {
		return c.Fail(fail)
	}
	if !r.p.putSockaddr(b, r.infos[0].addr) {
		return c.Fail(plugin.BadArgument)
	}
	return c.ReturnReceiver()
}

func (r *resolver) infoPart(f func(info) int) plugin.Func {
	return func(c *plugin.Call) (heap.Oop, plugin.Failure) {
		if len(r.infos) == 0 {
			return c.Fail(plugin.Inappropriate)
		}
		return c.ReturnInt(int64(f(r.infos[0])))
	}
}

// infoNext goes on to the next result; it tells whether there is one.
func (r *resolver) infoNext(c *plugin.Call) (heap.Oop, plugin.Failure) {
	if len(r.infos) > 0 {
		r.infos = r.infos[1:]
	}
	return c.ReturnBool(len(r.infos) > 0)
}

// nameInfo is what GetNameInfo found.
type nameInfo struct{ host, service string }

// getNameInfo: socket address, flags.
func (r *resolver) getNameInfo(c *plugin.Call) (heap.Oop, plugin.Failure) {
	b, ok1 := c.Bytes(0)
	flags, ok2 := c.SmallInt(1)
	if !ok1 || !ok2 {
		return c.Fail(plugin.BadArgument)
	}
	a, ok := r.p.getSockaddr(b)
	if !ok {
		return c.Fail(plugin.BadArgument)
	}
	if f := r.ready(c); f != plugin.OK {
		return c.Fail(f)
	}
	n := &nameInfo{host: a.Addr().String(), service: strconv.Itoa(int(a.Port()))}
	if flags&flagNumeric == 0 {
		found := make(chan string, 1)
		if !r.wait(func(done func()) func() {
			return r.p.network().LookupAddr(a.Addr(), func(name string, _ error) {
				found <- name
				done()
			})
		}) {
			return c.FailOS(int64(syscall.EINTR))
		}
		if name := <-found; name != "" {
			n.host = name
		}
	}
	r.names = n
	r.mu.Lock()
	semaphore := r.semaphore
	r.mu.Unlock()
	r.p.vm.SignalSemaphore(semaphore)
	return c.ReturnReceiver()
}

func (r *resolver) nameInfoSize(f func(*nameInfo) string) plugin.Func {
	return func(c *plugin.Call) (heap.Oop, plugin.Failure) {
		if r.names == nil {
			return c.Fail(plugin.Inappropriate)
		}
		return c.ReturnInt(int64(len(f(r.names))))
	}
}

func (r *resolver) nameInfoResult(f func(*nameInfo) string) plugin.Func {
	return func(c *plugin.Call) (heap.Oop, plugin.Failure) {
		if r.names == nil {
			return c.Fail(plugin.Inappropriate)
		}
		return putName(c, f(r.names))
	}
}
