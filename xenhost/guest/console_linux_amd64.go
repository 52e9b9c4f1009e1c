package guest

import (
	"io"
	"os"
	"sync"

	"github.com/sista-vm/sista/host"
)

// Console is the kernel's console.
type Console struct{ in *input }

// Keys with a meaning: Ctrl-C asks for an end in order, Ctrl-D is the end of the input.
const (
	interruptKey = 3
	endKey       = 4
)

// NewConsole answers the console. interrupted is called for each Ctrl-C that comes in.
func NewConsole(interrupted func()) *Console {
	in := &input{interrupted: interrupted}
	in.changed.L = &in.mu
	return &Console{in}
}

// Stdin answers the input; it is a host.Awaiter.
func (c *Console) Stdin() io.Reader { return c.in }

// Stdout answers the output.
func (c *Console) Stdout() io.Writer { return os.Stdout }

// Stderr answers the same.
func (c *Console) Stderr() io.Writer { return os.Stderr }

// Kind tells that the streams are no terminal that could be asked for its size, and no file.
func (c *Console) Kind(fd int) host.StreamKind {
	if fd < 0 || fd > 2 {
		return host.StreamInvalid
	}
	return host.StreamPipe
}

// Size answers zeros.
func (c *Console) Size() (columns, rows int) { return 0, 0 }

// Watch begins to look for Ctrl-C, even while nobody reads.
func (c *Console) Watch() { c.in.start() }

// input reads ahead of what is asked for.
type input struct {
	interrupted func()

	mu      sync.Mutex
	changed sync.Cond
	once    sync.Once
	buffer  []byte
	err     error
	waiting []chan struct{}
}

// most is how much is read ahead.
const most = 64 << 10

func (in *input) start() { in.once.Do(func() { go in.fill() }) }

func (in *input) fill() {
	var p [512]byte
	for {
		n, err := os.Stdin.Read(p[:])
		in.mu.Lock()
		for len(in.buffer) > most && in.err == nil {
			in.changed.Wait()
		}
		for _, b := range p[:n] {
			switch {
			case b == interruptKey:
				go in.interrupted()
			case in.err != nil:
			case b == endKey:
				in.err = io.EOF
			case b == '\r': // as a terminal sends the end of a line
				in.buffer = append(in.buffer, '\n')
			default:
				in.buffer = append(in.buffer, b)
			}
		}
		if err != nil {
			in.err = err
		}
		for _, c := range in.waiting {
			close(c)
		}
		in.waiting = nil
		in.changed.Broadcast()
		in.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (in *input) Read(p []byte) (int, error) {
	in.start()
	in.mu.Lock()
	defer in.mu.Unlock()
	for len(in.buffer) == 0 && in.err == nil && len(p) > 0 {
		in.changed.Wait()
	}
	n := copy(p, in.buffer)
	in.buffer = in.buffer[n:]
	in.changed.Broadcast()
	if n == 0 && len(p) > 0 {
		return 0, in.err
	}
	return n, nil
}

// Await implements host.Awaiter.
func (in *input) Await(done <-chan struct{}) {
	in.start()
	in.mu.Lock()
	if len(in.buffer) > 0 || in.err != nil {
		in.mu.Unlock()
		return
	}
	c := make(chan struct{})
	in.waiting = append(in.waiting, c)
	in.mu.Unlock()
	select {
	case <-c:
	case <-done:
	}
}
