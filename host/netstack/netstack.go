// Package netstack is a network without an operating system: TCP, UDP and IPv4 of
// gVisor's stack over a network card that takes and gives Ethernet frames.
//
// What it promises:
//   - No call on a socket blocks, and no notify function runs inside a call (host.Network).
//   - The machine has the address it was given, or one that it gets and keeps by DHCP
//     (RFC 2131); sockets may be made before there is one. 127.0.0.1 is there from the start.
//   - Names are looked up by Go's resolver, which asks the servers of the configuration.
//   - What a card cannot take at the moment is lost, as on a wire; so is what is no
//     well-formed frame. Memory is bounded by the buffers of the sockets.
package netstack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/ethernet"
	"gvisor.dev/gvisor/pkg/tcpip/link/loopback"
	"gvisor.dev/gvisor/pkg/tcpip/network/arp"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/icmp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"

	"github.com/sista-vm/sista/host"
)

// Config says who the machine is. Without an address it asks by DHCP.
type Config struct {
	Address  netip.Prefix // with the length of the network's prefix
	Gateway  netip.Addr   // may be invalid: only the own network can be reached
	DNS      []netip.Addr // name servers
	Hostname string       // "" is one made of the address
	// Log is told of addresses got and lost; may be nil. It is called from any goroutine.
	Log func(line string)
}

// Interfaces of the stack.
const (
	loopbackNIC tcpip.NICID = 1 + iota
	cardNIC
)

// Network implements host.Network.
type Network struct {
	stack *stack.Stack
	link  *link
	dhcp  *dhcpClient

	mu         sync.Mutex
	config     Config
	configured chan struct{} // closed when there is an address
}

var _ host.Network = (*Network)(nil)

// New makes the network of a machine with a card, or, with none, of one that only
// reaches itself.
func New(card Card, c Config) (*Network, error) {
	n := &Network{config: c, configured: make(chan struct{})}
	n.stack = stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol, arp.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol, udp.NewProtocol, icmp.NewProtocol4},
		HandleLocal:        true,
	})
	sack := tcpip.TCPSACKEnabled(true)
	if err := n.stack.SetTransportProtocolOption(tcp.ProtocolNumber, &sack); err != nil {
		return nil, problem("tcp", err)
	}
	if err := n.stack.CreateNICWithOptions(loopbackNIC, loopback.New(), stack.NICOptions{Name: "lo"}); err != nil {
		return nil, problem("loopback", err)
	}
	if err := n.addAddress(loopbackNIC, netip.MustParsePrefix("127.0.0.1/8")); err != nil {
		return nil, err
	}
	if card == nil {
		close(n.configured)
		n.route()
		return n, nil
	}
	n.link = newLink(card)
	if err := n.stack.CreateNICWithOptions(cardNIC, ethernet.New(n.link), stack.NICOptions{Name: "eth0"}); err != nil {
		return nil, problem("network card", err)
	}
	if c.Address.IsValid() {
		if err := n.configure(c); err != nil {
			return nil, err
		}
	} else {
		n.route()
		n.dhcp = newDHCP(n)
	}
	card.Receive(n.link.receive)
	if n.dhcp != nil {
		n.dhcp.start()
	}
	return n, nil
}

// Close ends all connections and gives the address back.
func (n *Network) Close() {
	if n.dhcp != nil {
		n.dhcp.stop()
	}
	n.stack.Destroy()
}

// Configured is closed when the machine has an address.
func (n *Network) Configured() <-chan struct{} { return n.configured }

// Config answers the configuration that is in use.
func (n *Network) Config() Config {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.config
}

func (n *Network) log(format string, args ...any) {
	if n.config.Log != nil {
		n.config.Log(fmt.Sprintf(format, args...))
	}
}

// configure gives the card the address of c, in the place of any that it has.
func (n *Network) configure(c Config) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !c.Address.Addr().Is4() {
		return fmt.Errorf("netstack: %v is no address of IPv4 with a prefix", c.Address)
	}
	if old := n.config.Address; old.IsValid() && old != c.Address {
		n.stack.RemoveAddress(cardNIC, address(old.Addr()))
	}
	if n.config.Address != c.Address || !n.isConfigured() {
		if err := n.addAddress(cardNIC, c.Address); err != nil {
			return err
		}
	}
	n.config.Address, n.config.Gateway, n.config.DNS = c.Address, c.Gateway, c.DNS
	n.route()
	if !n.isConfigured() {
		close(n.configured)
	}
	return nil
}

func (n *Network) isConfigured() bool {
	select {
	case <-n.configured:
		return true
	default:
		return false
	}
}

// unconfigure takes the address away.
func (n *Network) unconfigure() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.config.Address.IsValid() {
		n.stack.RemoveAddress(cardNIC, address(n.config.Address.Addr()))
	}
	n.config.Address, n.config.Gateway = netip.Prefix{}, netip.Addr{}
	n.configured = make(chan struct{})
	n.route()
}

func (n *Network) addAddress(nic tcpip.NICID, p netip.Prefix) error {
	a := tcpip.ProtocolAddress{
		Protocol:          ipv4.ProtocolNumber,
		AddressWithPrefix: tcpip.AddressWithPrefix{Address: address(p.Addr()), PrefixLen: p.Bits()},
	}
	if err := n.stack.AddProtocolAddress(nic, a, stack.AddressProperties{}); err != nil {
		return problem("address "+p.String(), err)
	}
	return nil
}

// route says what is reached how.
func (n *Network) route() {
	table := []tcpip.Route{{Destination: header.IPv4LoopbackSubnet, NIC: loopbackNIC}}
	if p := n.config.Address; p.IsValid() {
		local := tcpip.AddressWithPrefix{Address: address(p.Addr()), PrefixLen: p.Bits()}
		all := tcpip.AddressWithPrefix{Address: header.IPv4Broadcast, PrefixLen: 32}
		table = append(table, tcpip.Route{Destination: local.Subnet(), NIC: cardNIC}, tcpip.Route{Destination: all.Subnet(), NIC: cardNIC})
		if n.config.Gateway.Is4() {
			table = append(table, tcpip.Route{Destination: header.IPv4EmptySubnet, Gateway: address(n.config.Gateway), NIC: cardNIC})
		}
	}
	n.stack.SetRouteTable(table)
}

func address(a netip.Addr) tcpip.Address { return tcpip.AddrFrom4(a.Unmap().As4()) }

// LocalAddr answers the address that others reach the machine by.
func (n *Network) LocalAddr() netip.Addr {
	if a := n.Config().Address; a.IsValid() {
		return a.Addr()
	}
	return netip.AddrFrom4([4]byte{127, 0, 0, 1})
}

// Hostname answers the configured name, or one made of the address.
func (n *Network) Hostname() string {
	if h := n.Config().Hostname; h != "" {
		return h
	}
	return "sista-" + strings.ReplaceAll(n.LocalAddr().String(), ".", "-")
}

// LookupPort answers the port of a well-known service, of those that Go knows itself.
func (n *Network) LookupPort(network, service string) (uint16, error) {
	p, err := net.LookupPort(network, service)
	return uint16(p), err
}

// resolver asks the configured servers; the address that Go's resolver wants to dial is
// that of a file which is not there.
func (n *Network) resolver() *net.Resolver {
	next := 0
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		servers := n.Config().DNS
		if len(servers) == 0 {
			return nil, errors.New("there is no name server")
		}
		to := tcpip.FullAddress{NIC: 0, Addr: address(servers[next%len(servers)]), Port: 53}
		next++
		if strings.HasPrefix(network, "tcp") {
			return gonet.DialContextTCP(ctx, n.stack, to, ipv4.ProtocolNumber)
		}
		return gonet.DialUDP(n.stack, nil, &to, ipv4.ProtocolNumber)
	}}
}

// LookupHost finds the addresses of a name.
func (n *Network) LookupHost(name string, done func([]netip.Addr, error)) (cancel func()) {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer cancel()
		var addrs []netip.Addr
		var err error
		if name == "localhost" || name == n.Hostname() {
			addrs = []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1})}
		} else {
			addrs, err = n.resolver().LookupNetIP(ctx, "ip4", name)
		}
		if ctx.Err() == nil {
			for i, a := range addrs {
				addrs[i] = a.Unmap()
			}
			done(addrs, err)
		}
	}()
	return cancel
}

// LookupAddr finds the name of an address.
func (n *Network) LookupAddr(addr netip.Addr, done func(string, error)) (cancel func()) {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer cancel()
		names, err := n.resolver().LookupAddr(ctx, addr.String())
		if ctx.Err() == nil {
			name := ""
			if len(names) > 0 {
				name = strings.TrimSuffix(names[0], ".")
			}
			done(name, err)
		}
	}()
	return cancel
}
