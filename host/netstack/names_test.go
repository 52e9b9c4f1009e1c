package netstack

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/sista-vm/sista/host"
)

// serveDHCP answers on a machine's port 67 with an address for a time. It is told the messages.
func serveDHCP(t *testing.T, n *Network, lease time.Duration, tell func(dhcpv4.MessageType) (answer bool)) {
	t.Helper()
	s, e := socketOf(t, n, host.UDP)
	if err := s.SetOption("SO_BROADCAST", 1); err != nil {
		t.Fatal(err)
	}
	if err := s.Bind(netip.AddrPortFrom(netip.Addr{}, dhcpv4.ServerPort)); err != nil {
		t.Fatal(err)
	}
	go func() {
		buf := make([]byte, 2000)
		for {
			k, _, _, err := s.ReadFrom(buf)
			if err == host.ErrWouldBlock {
				<-e
				continue
			}
			if err != nil {
				return
			}
			m, err := dhcpv4.FromBytes(buf[:k])
			if err != nil || !tell(m.MessageType()) {
				continue
			}
			kind := dhcpv4.MessageTypeOffer
			if m.MessageType() == dhcpv4.MessageTypeRequest {
				kind = dhcpv4.MessageTypeAck
			}
			r, err := dhcpv4.NewReplyFromRequest(m, dhcpv4.WithMessageType(kind), dhcpv4.WithYourIP(net.IPv4(10, 0, 0, 77)),
				dhcpv4.WithNetmask(net.CIDRMask(24, 32)), dhcpv4.WithRouter(net.IPv4(10, 0, 0, 2)), dhcpv4.WithDNS(net.IPv4(10, 0, 0, 2)),
				dhcpv4.WithOption(dhcpv4.OptServerIdentifier(net.IPv4(10, 0, 0, 2))), dhcpv4.WithLeaseTime(uint32(lease/time.Second)))
			if err == nil {
				s.WriteTo(r.ToBytes(), netip.MustParseAddrPort("255.255.255.255:68"))
			}
		}
	}()
}

func TestDHCP(t *testing.T) {
	wa, wb := cable(t)
	server := network(t, wb, Config{Address: netip.MustParsePrefix("10.0.0.2/24")})
	var requests, discovers atomic.Int32
	renewed, again := make(chan bool, 1), make(chan bool, 1)
	silent := atomic.Bool{}
	serveDHCP(t, server, 2*time.Second, func(m dhcpv4.MessageType) bool {
		if m == dhcpv4.MessageTypeRequest && requests.Add(1) == 2 {
			renewed <- true
		}
		if m == dhcpv4.MessageTypeDiscover && discovers.Add(1) == 2 {
			again <- true
		}
		return !silent.Load()
	})
	n := network(t, wa, Config{Hostname: "guest", Log: func(line string) { t.Log(line) }})
	wait := func(c <-chan bool, what string) {
		t.Helper()
		select {
		case <-c:
		case <-time.After(patience):
			t.Fatal(what)
		}
	}
	select {
	case <-n.Configured():
	case <-time.After(patience):
		t.Fatal("no address")
	}
	c := n.Config()
	if c.Address != netip.MustParsePrefix("10.0.0.77/24") || c.Gateway != netip.MustParseAddr("10.0.0.2") || len(c.DNS) != 1 {
		t.Errorf("the configuration is %+v", c)
	}
	if n.LocalAddr() != c.Address.Addr() || n.Hostname() != "guest" {
		t.Errorf("this machine is %v %q", n.LocalAddr(), n.Hostname())
	}
	a, b, _, be := connected(t, n, server, server.LocalAddr())
	wait(renewed, "the lease was not renewed")
	// The connection goes on.
	if _, err := a.Write([]byte("x")); err != nil {
		t.Error(err)
	}
	b.Watch(host.Readable)
	be.await(t, host.Readable)
	if k, err := b.Read(make([]byte, 2)); k != 1 || err != nil {
		t.Errorf("read %d, %v", k, err)
	}
	// A server that is gone: the address is given up when its time is over, and asked for again.
	silent.Store(true)
	wait(again, "nothing was asked for after the lease was over")
	silent.Store(false)
	for end := time.Now().Add(patience); n.LocalAddr() != c.Address.Addr(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("no address again")
		}
	}
}

// serveDNS answers every question for an address with one.
func serveDNS(t *testing.T, n *Network) {
	t.Helper()
	s, e := socketOf(t, n, host.UDP)
	if err := s.Bind(netip.AddrPortFrom(netip.Addr{}, 53)); err != nil {
		t.Fatal(err)
	}
	go func() {
		buf := make([]byte, 2000)
		for {
			k, from, _, err := s.ReadFrom(buf)
			if err == host.ErrWouldBlock {
				<-e
				continue
			}
			if err != nil {
				return
			}
			// The header, with "response" and one answer; the question; its name once more.
			end := 12
			for buf[end] != 0 {
				end += int(buf[end]) + 1
			}
			end += 5
			if k < end {
				continue
			}
			r := append([]byte(nil), buf[:end]...)
			binary.BigEndian.PutUint16(r[2:], 0x8180)
			binary.BigEndian.PutUint16(r[6:], 1)
			binary.BigEndian.PutUint16(r[10:], 0)
			r = append(r, 0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7)
			s.WriteTo(r, from)
		}
	}()
}

func TestNames(t *testing.T) {
	wa, wb := cable(t)
	server := network(t, wb, Config{Address: netip.MustParsePrefix("10.0.0.2/24")})
	serveDNS(t, server)
	n := network(t, wa, Config{Address: netip.MustParsePrefix("10.0.0.1/24"), DNS: []netip.Addr{netip.MustParseAddr("10.0.0.2")}})
	type result struct {
		addrs []netip.Addr
		err   error
	}
	look := func(name string) result {
		t.Helper()
		c := make(chan result, 1)
		n.LookupHost(name, func(a []netip.Addr, err error) { c <- result{a, err} })
		select {
		case r := <-c:
			return r
		case <-time.After(patience):
			t.Fatalf("no answer for %s", name)
		}
		panic("unreachable")
	}
	if r := look("www.example.com"); r.err != nil || len(r.addrs) != 1 || r.addrs[0] != netip.MustParseAddr("192.0.2.7") {
		t.Errorf("www.example.com is %v, %v", r.addrs, r.err)
	}
	if r := look("127.0.0.1"); r.err != nil || len(r.addrs) != 1 || !r.addrs[0].IsLoopback() {
		t.Errorf("127.0.0.1 is %v, %v", r.addrs, r.err)
	}
	if r := look("localhost"); r.err != nil || len(r.addrs) != 1 || !r.addrs[0].IsLoopback() {
		t.Errorf("localhost is %v, %v", r.addrs, r.err)
	}
	if p, err := n.LookupPort("tcp", "http"); p != 80 || err != nil {
		t.Errorf("http is port %d, %v", p, err)
	}
	if h := n.Hostname(); h != "sista-10-0-0-1" {
		t.Errorf("the name is %q", h)
	}
}

func TestSet(t *testing.T) {
	var c Config
	for _, s := range []string{"address=10.0.0.7/24", "gateway=10.0.0.1", "dns=10.0.0.1,9.9.9.9", "hostname=web"} {
		if err := c.Set(s); err != nil {
			t.Error(err)
		}
	}
	want := Config{Address: netip.MustParsePrefix("10.0.0.7/24"), Gateway: netip.MustParseAddr("10.0.0.1"),
		DNS: []netip.Addr{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("9.9.9.9")}, Hostname: "web"}
	if fmt.Sprint(c) != fmt.Sprint(want) {
		t.Errorf("set %+v, want %+v", c, want)
	}
	for _, s := range []string{"address=10.0.0.7", "address=fe80::1/64", "gateway=x", "dns=1.2.3.4,", "hostname=", "color=red", ""} {
		if err := c.Set(s); err == nil {
			t.Errorf("%q is understood", s)
		}
	}
}
