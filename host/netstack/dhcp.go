package netstack

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"gvisor.dev/gvisor/pkg/tcpip/checksum"
	"gvisor.dev/gvisor/pkg/tcpip/header"
)

// Times of the client, after RFC 2131 section 4.1.
const (
	firstRetry   = 500 * time.Millisecond // doubled after each message without an answer
	lastRetry    = 64 * time.Second
	defaultLease = time.Hour // of a server that names none
)

// dhcpClient gets an address and keeps it. It talks in frames of its own, since the stack
// has no address to send from: a machine that has none broadcasts, and so does it, to keep
// things simple, when it asks for its address once more.
type dhcpClient struct {
	network *Network
	replies chan *dhcpv4.DHCPv4
	end     chan struct{}
	once    sync.Once
	done    sync.WaitGroup
}

func newDHCP(n *Network) *dhcpClient {
	c := &dhcpClient{network: n, replies: make(chan *dhcpv4.DHCPv4, 4), end: make(chan struct{})}
	n.link.filter = c.take
	return c
}

func (c *dhcpClient) start() {
	c.done.Add(1)
	go func() {
		defer c.done.Done()
		for c.run() {
		}
	}()
}

func (c *dhcpClient) stop() {
	c.once.Do(func() { close(c.end) })
	c.done.Wait()
}

// take tells whether a frame is for the client, and passes the message on.
func (c *dhcpClient) take(frame []byte) bool {
	if header.Ethernet(frame).Type() != header.IPv4ProtocolNumber {
		return false
	}
	ip := header.IPv4(frame[header.EthernetMinimumSize:])
	if !ip.IsValid(len(ip)) || ip.Protocol() != uint8(header.UDPProtocolNumber) || ip.FragmentOffset() != 0 {
		return false
	}
	udp := header.UDP(ip.Payload())
	if len(udp) < header.UDPMinimumSize || udp.DestinationPort() != dhcpv4.ClientPort || udp.SourcePort() != dhcpv4.ServerPort {
		return false
	}
	m, err := dhcpv4.FromBytes(udp.Payload())
	if err != nil || m.OpCode != dhcpv4.OpcodeBootReply || [6]byte(append(m.ClientHWAddr, make([]byte, 6)...)) != c.network.link.card.Address() {
		return true
	}
	select {
	case c.replies <- m:
	default: // nobody asked for so many
	}
	return true
}

// lease is an address for a time.
type lease struct {
	config       Config
	ack          *dhcpv4.DHCPv4
	renew, until time.Time
}

// run gets an address and keeps it for as long as that goes. It answers false at the end.
func (c *dhcpClient) run() bool {
	l, ok := c.acquire()
	if !ok {
		return false
	}
	n := c.network
	if err := n.configure(l.config); err != nil {
		n.log("dhcp: %v", err)
		return c.sleep(lastRetry)
	}
	n.log("dhcp: address %v, gateway %v, name servers %v, for %v", l.config.Address, l.config.Gateway, l.config.DNS, time.Until(l.until).Round(time.Second))
	for {
		if !c.sleep(time.Until(l.renew)) {
			return false
		}
		next, ok := c.renew(l)
		if !ok {
			break
		}
		l = next
		if err := n.configure(l.config); err != nil {
			n.log("dhcp: %v", err)
		}
	}
	select {
	case <-c.end:
		return false
	default:
	}
	n.log("dhcp: address %v is lost", l.config.Address)
	n.unconfigure()
	return true
}

// acquire discovers servers and takes the first offer there is. False: the client was stopped.
func (c *dhcpClient) acquire() (*lease, bool) {
	hw := c.network.link.card.Address()
	for {
		discover, err := dhcpv4.NewDiscovery(hw[:], c.wants)
		if err != nil {
			c.network.log("dhcp: %v", err)
			return nil, false
		}
		offer, ok := c.ask(discover, dhcpv4.MessageTypeOffer, time.Time{})
		if !ok {
			return nil, false
		}
		request, err := dhcpv4.NewRequestFromOffer(offer, c.wants)
		if err != nil {
			continue
		}
		if ack, ok := c.ask(request, dhcpv4.MessageTypeAck, time.Now().Add(4*firstRetry)); ok {
			if l := c.leaseOf(ack); l != nil {
				return l, true
			}
		}
		if !c.sleep(firstRetry) { // refused, or useless
			return nil, false
		}
	}
}

// renew asks for the address once more. False: it is gone, or the client was stopped.
func (c *dhcpClient) renew(l *lease) (*lease, bool) {
	request, err := dhcpv4.NewRenewFromAck(l.ack, c.wants)
	if err != nil {
		return nil, false
	}
	ack, ok := c.ask(request, dhcpv4.MessageTypeAck, l.until)
	if !ok {
		return nil, false
	}
	next := c.leaseOf(ack)
	return next, next != nil
}

// wants says what is of interest.
func (c *dhcpClient) wants(m *dhcpv4.DHCPv4) {
	m.SetBroadcast()
	m.UpdateOption(dhcpv4.OptParameterRequestList(dhcpv4.OptionSubnetMask, dhcpv4.OptionRouter, dhcpv4.OptionDomainNameServer))
	if h := c.network.config.Hostname; h != "" {
		m.UpdateOption(dhcpv4.OptHostName(h))
	}
}

// ask sends a message until there is an answer of a kind, the other kind of it (no), or it
// is too late; with no time given it asks for ever.
func (c *dhcpClient) ask(m *dhcpv4.DHCPv4, want dhcpv4.MessageType, until time.Time) (*dhcpv4.DHCPv4, bool) {
	frame := c.frame(m.ToBytes())
	for wait := firstRetry; until.IsZero() || time.Now().Before(until); wait = min(2*wait, lastRetry) {
		c.network.link.card.Send(frame)
		timer := time.NewTimer(wait)
		for answered := true; answered; {
			select {
			case r := <-c.replies:
				switch {
				case r.TransactionID != m.TransactionID:
				case r.MessageType() == want:
					timer.Stop()
					return r, true
				case r.MessageType() == dhcpv4.MessageTypeNak:
					timer.Stop()
					return nil, false
				}
			case <-timer.C:
				answered = false
			case <-c.end:
				timer.Stop()
				return nil, false
			}
		}
	}
	return nil, false
}

// sleep answers false if the client was stopped meanwhile.
func (c *dhcpClient) sleep(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-c.end:
		return false
	}
}

// leaseOf answers what a server grants, nil if that is of no use.
func (c *dhcpClient) leaseOf(ack *dhcpv4.DHCPv4) *lease {
	addr, ok := netip.AddrFromSlice(ack.YourIPAddr.To4())
	bits, of := net.IPMask(ack.SubnetMask()).Size()
	if !ok || addr.IsUnspecified() || of != 32 {
		return nil
	}
	l := &lease{ack: ack}
	l.config.Address = netip.PrefixFrom(addr, bits)
	if r := ack.Router(); len(r) > 0 {
		l.config.Gateway, _ = netip.AddrFromSlice(r[0].To4())
	}
	for _, s := range ack.DNS() {
		if a, ok := netip.AddrFromSlice(s.To4()); ok {
			l.config.DNS = append(l.config.DNS, a)
		}
	}
	now := time.Now()
	granted := ack.IPAddressLeaseTime(defaultLease)
	l.until = now.Add(granted)
	l.renew = now.Add(min(ack.IPAddressRenewalTime(granted/2), granted))
	return l
}

// frame makes an Ethernet frame of a message: broadcast, from nowhere.
func (c *dhcpClient) frame(payload []byte) []byte {
	const headers = header.EthernetMinimumSize + header.IPv4MinimumSize + header.UDPMinimumSize
	b := make([]byte, headers+len(payload))
	copy(b[headers:], payload)
	header.Ethernet(b).Encode(&header.EthernetFields{
		SrcAddr: c.network.link.LinkAddress(), DstAddr: header.EthernetBroadcastAddress, Type: header.IPv4ProtocolNumber,
	})
	ip := header.IPv4(b[header.EthernetMinimumSize:])
	ip.Encode(&header.IPv4Fields{
		TotalLength: uint16(len(ip)), TTL: 64, Protocol: uint8(header.UDPProtocolNumber),
		SrcAddr: header.IPv4Any, DstAddr: header.IPv4Broadcast,
	})
	ip.SetChecksum(^ip.CalculateChecksum())
	udp := header.UDP(ip.Payload())
	length := uint16(len(udp))
	udp.Encode(&header.UDPFields{SrcPort: dhcpv4.ClientPort, DstPort: dhcpv4.ServerPort, Length: length})
	sum := header.PseudoHeaderChecksum(header.UDPProtocolNumber, header.IPv4Any, header.IPv4Broadcast, length)
	udp.SetChecksum(^udp.CalculateChecksum(checksum.Checksum(payload, sum)))
	return b
}
