package netstack

import (
	"sync"

	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
)

// A Card is a network card.
type Card interface {
	// Address is its hardware address.
	Address() [6]byte
	// MTU is the most that a frame carries beside its header of 14 bytes.
	MTU() int
	// Send sends a frame, of which it keeps nothing. False: there is no room, the frame is lost.
	// It is called from any goroutine, and from several at a time.
	Send(frame []byte) bool
	// Receive has f called with every frame that comes in. f keeps nothing of it.
	Receive(f func(frame []byte))
}

// link is a card as the stack sees it. What it gives to the stack begins with an Ethernet
// header, which the layer above reads and writes.
type link struct {
	card Card
	// filter sees frames before the stack does, and tells whether it took one; may be nil.
	filter func(frame []byte) bool

	mu         sync.RWMutex
	dispatcher stack.NetworkDispatcher
}

func newLink(c Card) *link { return &link{card: c} }

var _ stack.LinkEndpoint = (*link)(nil)

// receive takes a frame from the card.
func (l *link) receive(frame []byte) {
	if len(frame) < header.EthernetMinimumSize || l.filter != nil && l.filter(frame) {
		return
	}
	l.mu.RLock()
	d := l.dispatcher
	l.mu.RUnlock()
	if d == nil {
		return
	}
	pkt := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(frame)})
	d.DeliverNetworkPacket(0, pkt)
	pkt.DecRef()
}

// WritePackets implements stack.LinkWriter. A frame without room is lost, as any may be.
func (l *link) WritePackets(list stack.PacketBufferList) (int, tcpip.Error) {
	n := 0
	for _, pkt := range list.AsSlice() {
		view := pkt.ToView()
		sent := l.card.Send(view.AsSlice())
		view.Release()
		if !sent {
			return n, &tcpip.ErrNoBufferSpace{}
		}
		n++
	}
	return n, nil
}

// Attach implements stack.NetworkLinkEndpoint.
func (l *link) Attach(d stack.NetworkDispatcher) {
	l.mu.Lock()
	l.dispatcher = d
	l.mu.Unlock()
}

// IsAttached implements stack.NetworkLinkEndpoint.
func (l *link) IsAttached() bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.dispatcher != nil
}

// MTU implements stack.NetworkLinkEndpoint; the layer above takes its header off.
func (l *link) MTU() uint32 { return uint32(l.card.MTU()) + header.EthernetMinimumSize }

// LinkAddress implements stack.NetworkLinkEndpoint.
func (l *link) LinkAddress() tcpip.LinkAddress {
	a := l.card.Address()
	return tcpip.LinkAddress(a[:])
}

// A card keeps its address and size, needs no header and is closed by its owner.

func (*link) SetMTU(uint32)                                {}
func (*link) SetLinkAddress(tcpip.LinkAddress)             {}
func (*link) MaxHeaderLength() uint16                      { return 0 }
func (*link) Capabilities() stack.LinkEndpointCapabilities { return 0 }
func (*link) Wait()                                        {}
func (*link) ARPHardwareType() header.ARPHardwareType      { return header.ARPHardwareNone }
func (*link) AddHeader(*stack.PacketBuffer)                {}
func (*link) ParseHeader(*stack.PacketBuffer) bool         { return true }
func (*link) Close()                                       {}
func (*link) SetOnCloseAction(func())                      {}
