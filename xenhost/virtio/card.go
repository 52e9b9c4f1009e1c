package virtio

import (
	"fmt"
	"io"
	"sync"
)

// Memory is what the driver needs of the machine.
type Memory interface {
	// Allocate answers zeroed memory that is contiguous and begins a page, and its physical address.
	Allocate(size uint64) (addr, physical uint64, err error)
	// Registers answers where physical memory of a device appears.
	Registers(physical uint64) uint64
	// Interrupts answers a stream from which eight bytes can be read after each interrupt of a line.
	Interrupts(line uint8) (io.Reader, error)
}

// Queues of a network card, and how long they are at most.
const (
	receiveQueue  = 0
	transmitQueue = 1

	queueMost = 64
)

// Card is a network card. It implements netstack.Card.
type Card struct {
	regs       registers
	interrupts io.Reader
	address    [6]byte
	mtu        int
	header     int // bytes before each frame

	in *queue // of the goroutine that waits for interrupts

	mu  sync.Mutex
	out *queue
	err error
}

// Find starts the first network card among the devices. Nil: there is none.
func Find(m Memory, devices []Device) (*Card, error) {
	for _, d := range devices {
		r := registers(m.Registers(d.Address))
		if r.is(networkCard) {
			return open(m, r, d.Line)
		}
	}
	return nil, nil
}

// Sizes of the header before a frame, of which nothing is used here.
const (
	legacyHeader = 10
	header       = 12
)

const defaultMTU = 1500

func open(m Memory, r registers, line uint8) (*Card, error) {
	c := &Card{regs: r, mtu: defaultMTU, header: header}
	if r.read(regVersion) == legacy {
		c.header = legacyHeader
	}
	features, err := r.negotiate(featureMAC | featureMTU | featureVersion)
	if err != nil {
		return nil, err
	}
	for i := range c.address {
		c.address[i] = r.config8(uint64(i))
	}
	if features&featureMAC == 0 {
		c.address = [6]byte{2, 'S', 'i', 's', 't', 'a'} // locally administered
	}
	if features&featureMTU != 0 {
		const place = 10
		if n := int(r.config8(place)) | int(r.config8(place+1))<<8; n >= 68 {
			c.mtu = min(n, bufferSize-header-ethernetHeader)
		}
	}
	for number, q := range []**queue{receiveQueue: &c.in, transmitQueue: &c.out} {
		n, err := r.queueSize(uint32(number), queueMost)
		if err != nil {
			return nil, err
		}
		if *q, err = newQueue(m, n, number == receiveQueue); err != nil {
			return nil, fmt.Errorf("virtio: %w", err)
		}
		r.setQueue(uint32(number), *q)
	}
	if c.interrupts, err = m.Interrupts(line); err != nil {
		return nil, fmt.Errorf("virtio: line %d: %w", line, err)
	}
	c.out.quiet()
	status := r.read(regStatus)
	r.write(regStatus, status|statusReady)
	return c, nil
}

const ethernetHeader = 14

// Address answers the hardware address.
func (c *Card) Address() [6]byte { return c.address }

// MTU answers the most that a frame carries.
func (c *Card) MTU() int { return c.mtu }

// Err answers why the card is used no more; nil while it is.
func (c *Card) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// fail ends the use of the device.
func (c *Card) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
		c.regs.write(regStatus, 0)
	}
}

// Send sends a frame, if there is room.
func (c *Card) Send(frame []byte) bool {
	if c.header+len(frame) > bufferSize {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return false
	}
	for {
		i, _, ok, err := c.out.reclaim()
		if err != nil {
			c.err = err
			c.regs.write(regStatus, 0)
			return false
		}
		if !ok {
			break
		}
		c.out.free = append(c.out.free, i)
	}
	i, ok := c.out.take()
	if !ok {
		return false
	}
	b := c.out.buffer(i)
	clear(b[:c.header])
	n := c.header + copy(b[c.header:], frame)
	c.out.offer(i, n)
	c.regs.write(regNotify, transmitQueue)
	return true
}

// Receive begins to take frames in; it is called once.
func (c *Card) Receive(f func(frame []byte)) {
	for {
		i, ok := c.in.take()
		if !ok {
			break
		}
		c.in.offer(i, bufferSize)
	}
	c.regs.write(regNotify, receiveQueue)
	go func() {
		var count [8]byte
		for {
			if _, err := c.interrupts.Read(count[:]); err != nil {
				c.fail(fmt.Errorf("virtio: waiting for interrupts: %w", err))
				return
			}
			// The line stays up until all that it told of is acknowledged: only then can it tell again.
			for what := c.regs.read(regInterrupts); what != 0; what = c.regs.read(regInterrupts) {
				c.regs.write(regAcknowledge, what)
				if err := c.drain(f); err != nil {
					c.fail(err)
					return
				}
			}
		}
	}()
}

// drain hands on what has come in.
func (c *Card) drain(f func(frame []byte)) error {
	again := false
	for {
		i, n, ok, err := c.in.reclaim()
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		if n > c.header {
			f(c.in.buffer(i)[c.header:n])
		}
		c.in.offer(i, bufferSize)
		again = true
	}
	if again {
		c.regs.write(regNotify, receiveQueue)
	}
	return nil
}
