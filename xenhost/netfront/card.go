package netfront

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"time"
	"unsafe"

	"github.com/sista-vm/sista/xenhost/xenbus"
)

// Requests and answers; each answer has the place of its request.
//
//	to send:     0 grant (4)  4 offset (2)  6 flags (2)  8 number (2)  10 length (2)
//	sent:        0 number (2)  2 status (2)
//	to receive:  0 number (2)  4 grant (4)
//	received:    0 number (2)  2 offset (2)  4 flags (2)  6 length, or an error if negative (2)
const (
	sendSize    = 12
	receiveSize = 8

	flagMore  = 4 // of received: the frame goes on in the next one
	flagExtra = 8 // of received: the next one is no frame

	// buffers is how many frames may be on their way in each direction.
	buffers = 64
)

// buffer is a page that the back half may use.
type buffer struct {
	addr uint64
	ref  uint32
}

func (b buffer) bytes() []byte {
	return unsafe.Slice((*byte)(unsafe.Add(nil, uintptr(b.addr))), xenbus.PageSize)
}

// Card is a network card. It implements netstack.Card.
type Card struct {
	machine xenbus.Machine
	store   xenbus.Store
	path    string // of our half in the store
	backend string // of the other one
	domain  uint16
	port    uint32
	events  io.Reader
	address [6]byte
	mtu     int

	// Of the goroutine that waits for events.
	in        *xenbus.Ring
	inBuffers []buffer

	mu         sync.Mutex
	out        *xenbus.Ring
	outBuffers []buffer
	free       []uint16 // of outBuffers
	err        error
	failed     chan struct{}
}

const defaultMTU = 1500

// Open connects to the back half of the card with a number, 0 for the first one. It waits for patience at most.
func Open(m xenbus.Machine, s xenbus.Store, number int, patience time.Duration) (*Card, error) {
	c := &Card{machine: m, store: s, path: fmt.Sprintf("device/vif/%d", number), mtu: defaultMTU, failed: make(chan struct{})}
	if err := c.open(patience); err != nil {
		return nil, fmt.Errorf("netfront: card %d: %w", number, err)
	}
	return c, nil
}

func (c *Card) open(patience time.Duration) error {
	var err error
	if c.backend, err = c.store.Read(c.path + "/backend"); err != nil {
		return err
	}
	if err := c.readConfig(); err != nil {
		return err
	}
	states := make(chan int, 16)
	if _, err := c.store.Watch(c.backend+"/state", func(string) {
		if s, err := c.number(c.backend + "/state"); err == nil {
			select {
			case states <- s:
			default:
			}
			if s >= xenbus.Closing && s <= xenbus.Closed {
				c.fail(errors.New("netfront: the back half has closed"))
			}
		}
	}); err != nil {
		return err
	}
	timeout := time.After(patience)
	wait := func(want int) error {
		for {
			select {
			case s := <-states:
				if s == want || want == xenbus.InitWait && s == xenbus.Connected {
					return nil
				}
			case <-c.failed:
				return c.Err()
			case <-timeout:
				return fmt.Errorf("the back half is not ready after %v", patience)
			}
		}
	}
	if err := wait(xenbus.InitWait); err != nil {
		return err
	}
	if err := c.share(); err != nil {
		return err
	}
	return wait(xenbus.Connected)
}

func (c *Card) number(path string) (int, error) {
	s, err := c.store.Read(path)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(s)
}

func (c *Card) readConfig() error {
	d, err := c.number(c.path + "/backend-id")
	if err != nil {
		return err
	}
	c.domain = uint16(d)
	mac, err := c.store.Read(c.path + "/mac")
	if err != nil {
		return err
	}
	hw, err := net.ParseMAC(mac)
	if err != nil || len(hw) != len(c.address) {
		return fmt.Errorf("its address is %q", mac)
	}
	copy(c.address[:], hw)
	if n, err := c.number(c.path + "/mtu"); err == nil && n >= 68 && n <= xenbus.PageSize-64 {
		c.mtu = n
	}
	return nil
}

// share makes the rings and buffers, and tells the back half of them.
func (c *Card) share() error {
	page := func() (uint64, uint32, error) {
		addr, physical, err := c.machine.Allocate(xenbus.PageSize)
		if err != nil {
			return 0, 0, err
		}
		ref, err := c.machine.Grant(c.domain, physical, false)
		return addr, ref, err
	}
	outPage, outRef, err := page()
	if err != nil {
		return err
	}
	inPage, inRef, err := page()
	if err != nil {
		return err
	}
	c.out, c.in = xenbus.NewRing(outPage, sendSize), xenbus.NewRing(inPage, receiveSize)
	for _, side := range []struct {
		list     *[]buffer
		readOnly bool
	}{{&c.inBuffers, false}, {&c.outBuffers, true}} {
		addr, physical, err := c.machine.Allocate(buffers * xenbus.PageSize)
		if err != nil {
			return err
		}
		for i := range uint64(buffers) {
			ref, err := c.machine.Grant(c.domain, physical+i*xenbus.PageSize, side.readOnly)
			if err != nil {
				return err
			}
			*side.list = append(*side.list, buffer{addr + i*xenbus.PageSize, ref})
		}
	}
	for i := range uint16(buffers) {
		c.free = append(c.free, i)
	}
	if c.port, c.events, err = c.machine.Events(c.domain); err != nil {
		return err
	}
	for _, kv := range [][2]string{
		{"tx-ring-ref", fmt.Sprint(outRef)},
		{"rx-ring-ref", fmt.Sprint(inRef)},
		{"event-channel", fmt.Sprint(c.port)},
		{"request-rx-copy", "1"},
		{"feature-rx-notify", "1"},
		{"feature-no-csum-offload", "1"}, // frames come with their checksums
		{"state", fmt.Sprint(xenbus.Connected)},
	} {
		if err := c.store.Write(c.path+"/"+kv[0], kv[1]); err != nil {
			return err
		}
	}
	return nil
}

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

// Failed is closed when the card is used no more.
func (c *Card) Failed() <-chan struct{} { return c.failed }

func (c *Card) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
		close(c.failed)
		go func() {
			// The toolstack waits for that when it takes the card away.
			_ = c.store.Write(c.path+"/state", fmt.Sprint(xenbus.Closing))
			_ = c.store.Write(c.path+"/state", fmt.Sprint(xenbus.Closed))
		}()
	}
}

// Send sends a frame, if there is room.
func (c *Card) Send(frame []byte) bool {
	if len(frame) > xenbus.PageSize {
		return false
	}
	c.mu.Lock()
	if c.err != nil {
		c.mu.Unlock()
		return false
	}
	if err := c.reclaim(); err != nil {
		c.mu.Unlock()
		c.fail(err)
		return false
	}
	if len(c.free) == 0 || c.out.Room() == 0 {
		c.mu.Unlock()
		return false
	}
	n := c.free[len(c.free)-1]
	c.free = c.free[:len(c.free)-1]
	copy(c.outBuffers[n].bytes(), frame)
	e := c.out.Next()
	binary.LittleEndian.PutUint32(e, c.outBuffers[n].ref)
	binary.LittleEndian.PutUint32(e[4:], 0)
	binary.LittleEndian.PutUint16(e[8:], n)
	binary.LittleEndian.PutUint16(e[10:], uint16(len(frame)))
	notify := c.out.Push()
	c.mu.Unlock()
	if notify {
		c.machine.Notify(c.port)
	}
	return true
}

// reclaim takes back what was sent. The lock is held.
func (c *Card) reclaim() error {
	for {
		e, err := c.out.Answer()
		if e == nil || err != nil {
			return err
		}
		n := binary.LittleEndian.Uint16(e)
		if int(n) >= len(c.outBuffers) || len(c.free) == len(c.outBuffers) {
			return xenbus.ErrBroken
		}
		c.free = append(c.free, n)
	}
}

// offer asks for a frame in a buffer.
func (c *Card) offer(n uint16) {
	e := c.in.Next()
	clear(e)
	binary.LittleEndian.PutUint16(e, n)
	binary.LittleEndian.PutUint32(e[4:], c.inBuffers[n].ref)
}

// Receive begins to take frames in; it is called once.
func (c *Card) Receive(f func(frame []byte)) {
	for i := range uint16(buffers) {
		c.offer(i)
	}
	c.in.Push()
	c.machine.Notify(c.port)
	go func() {
		var count [8]byte
		for {
			for {
				if err := c.drain(f); err != nil {
					c.fail(err)
					return
				}
				if c.in.Sleep() {
					break
				}
			}
			if _, err := c.events.Read(count[:]); err != nil {
				c.fail(fmt.Errorf("netfront: waiting for events: %w", err))
				return
			}
			if c.Err() != nil {
				return
			}
		}
	}()
}

// drain hands on what has come in.
func (c *Card) drain(f func(frame []byte)) error {
	again, rest := false, false // rest: of a frame or a note that was begun, which nobody has asked for
	for {
		e, err := c.in.Answer()
		if err != nil {
			return err
		}
		if e == nil {
			break
		}
		n, offset := binary.LittleEndian.Uint16(e), int(binary.LittleEndian.Uint16(e[2:]))
		flags, length := binary.LittleEndian.Uint16(e[4:]), int(int16(binary.LittleEndian.Uint16(e[6:])))
		if int(n) >= len(c.inBuffers) || length > 0 && offset+length > xenbus.PageSize {
			return xenbus.ErrBroken
		}
		partial := flags&(flagMore|flagExtra) != 0
		if length > 0 && !partial && !rest {
			f(c.inBuffers[n].bytes()[offset : offset+length])
		}
		rest = partial
		c.offer(n)
		again = true
	}
	if again && c.in.Push() {
		c.machine.Notify(c.port)
	}
	return nil
}
