package squeakssl

import (
	"io"
	"net"
	"sync"
	"time"

	"github.com/sista-vm/sista/host"
)

// pipe is the connection that crypto/tls sees: buffers that primitives fill and empty.
//
// While the handshake goes on, a Read with nothing to read waits, and settle tells
// a primitive that it does. Afterwards such a Read answers errNoInput, which
// crypto/tls takes for passing.
type pipe struct {
	mu      sync.Mutex
	changed sync.Cond
	in, out []byte
	waiting bool // the handshake waits for input
	ended   bool // the handshake
	closed  bool
}

func newPipe() *pipe {
	p := &pipe{}
	p.changed.L = &p.mu
	return p
}

// noInput is a passing error.
type noInput struct{}

func (noInput) Error() string   { return "no input yet" }
func (noInput) Timeout() bool   { return true }
func (noInput) Temporary() bool { return true }

var errNoInput net.Error = noInput{}

// Read takes input.
func (p *pipe) Read(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.in) == 0 {
		if p.closed {
			return 0, io.ErrClosedPipe
		}
		if p.ended {
			return 0, errNoInput
		}
		p.waiting = true
		p.changed.Broadcast()
		p.changed.Wait()
	}
	n := copy(b, p.in)
	p.in = p.in[n:]
	return n, nil
}

// Write keeps output.
func (p *pipe) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return 0, io.ErrClosedPipe
	}
	p.out = append(p.out, b...)
	return len(b), nil
}

// Close ends the pipe, and a handshake that waits for it.
func (p *pipe) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.changed.Broadcast()
	return nil
}

// feed adds input.
func (p *pipe) feed(b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.in = append(p.in, b...)
	if len(p.in) > 0 {
		p.waiting = false
	}
	p.changed.Broadcast()
}

// finish says that the handshake has ended.
func (p *pipe) finish(note func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	note()
	p.ended = true
	p.changed.Broadcast()
}

// settle waits until the handshake waits for input or has ended, which it answers.
func (p *pipe) settle() (ended bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for !p.ended && !p.waiting {
		p.changed.Wait()
	}
	return p.ended
}

// take moves all output to b; where that has too little room it answers BufferTooSmall.
func (p *pipe) take(b []byte) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.out) > len(b) {
		return BufferTooSmall
	}
	n := copy(b, p.out)
	p.out = p.out[:0]
	return n
}

// The rest of net.Conn: there are no addresses and no time limits.

type nowhere struct{}

func (nowhere) Network() string { return "image" }
func (nowhere) String() string  { return "image" }

func (p *pipe) LocalAddr() net.Addr              { return nowhere{} }
func (p *pipe) RemoteAddr() net.Addr             { return nowhere{} }
func (p *pipe) SetDeadline(time.Time) error      { return nil }
func (p *pipe) SetReadDeadline(time.Time) error  { return nil }
func (p *pipe) SetWriteDeadline(time.Time) error { return nil }

// now answers the host's time of day.
func (s *session) now() time.Time { return host.GoTime(s.host.Clock.UTC()) }
