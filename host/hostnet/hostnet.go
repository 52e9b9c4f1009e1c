//go:build unix

// Package hostnet is the network of an operating system: sockets of the kernel
// and Go's resolver.
//
// What it promises:
//   - No call on a socket blocks. Waiting is done by Go's network poller, with one
//     goroutine for each direction that is being waited for.
//   - A socket's notify function is called from such a goroutine, never from
//     inside a call; after Close it is called no more once the calls under way are over.
package hostnet

import (
	"context"
	"net"
	"net/netip"
	"os"
	"strings"

	"github.com/sista-vm/sista/host"
)

// Network implements host.Network.
type Network struct{}

// New answers the network of the operating system.
func New() *Network { return &Network{} }

// LookupHost asks the resolver for addresses.
func (*Network) LookupHost(name string, done func([]netip.Addr, error)) (cancel func()) {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", name)
		if ctx.Err() == nil {
			for i, a := range addrs {
				addrs[i] = a.Unmap()
			}
			done(addrs, err)
		}
		cancel()
	}()
	return cancel
}

// LookupAddr asks the resolver for a name.
func (*Network) LookupAddr(addr netip.Addr, done func(string, error)) (cancel func()) {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		names, err := net.DefaultResolver.LookupAddr(ctx, addr.String())
		if ctx.Err() == nil {
			name := ""
			if len(names) > 0 {
				name = strings.TrimSuffix(names[0], ".")
			}
			done(name, err)
		}
		cancel()
	}()
	return cancel
}

// LookupPort answers the port of a well-known service.
func (*Network) LookupPort(network, service string) (uint16, error) {
	p, err := net.LookupPort(network, service)
	return uint16(p), err
}

// LocalAddr answers the first address of this machine that others can reach, else that
// of the loopback.
func (*Network) LocalAddr() netip.Addr {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return netip.Addr{}
	}
	for _, a := range addrs {
		n, ok := a.(*net.IPNet)
		if !ok || n.IP.To4() == nil || !n.IP.IsGlobalUnicast() {
			continue
		}
		if ip, ok := netip.AddrFromSlice(n.IP.To4()); ok {
			return ip
		}
	}
	return netip.AddrFrom4([4]byte{127, 0, 0, 1})
}

// Hostname answers the name of this machine.
func (*Network) Hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return "localhost"
	}
	return name
}

var _ host.Network = (*Network)(nil)
