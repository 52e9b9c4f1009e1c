package file

import (
	"io"
	"sync"
	"syscall"
	"time"

	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/plugin"
)

// stdio answers a standard stream, nil when it is absent.
func (p *files) stdio(fd int) stream {
	console := p.vm.Host().Console
	switch fd {
	case 0:
		if p.input == nil && console.Stdin() != nil {
			p.input = newInput(p.vm, console.Stdin(), console.Kind(0) == host.StreamTerminal)
		}
		if p.input != nil {
			return p.input
		}
	case 1:
		if w := console.Stdout(); w != nil {
			return output{w}
		}
	case 2:
		if w := console.Stderr(); w != nil {
			return output{w}
		}
	}
	return nil
}

// output is standard output or standard error. It is not buffered: it is mixed
// with what others write there. Closing it leaves the host's stream open.
type output struct{ w io.Writer }

func (o output) write(p []byte) (int, error) { return o.w.Write(p) }
func (output) read([]byte) (int, error)      { return 0, syscall.EBADF }
func (output) position() (int64, error)      { return 0, nil }
func (output) setPosition(int64) error       { return syscall.ESPIPE }
func (output) size() (int64, error)          { return 0, syscall.ESPIPE }
func (output) atEnd() (bool, error)          { return false, nil }
func (output) flush() error                  { return nil }
func (output) sync() error                   { return nil }
func (output) truncate(int64) error          { return syscall.EINVAL }
func (output) close() error                  { return nil }

// input is standard input. A goroutine waits for it, so that the VM can wait for
// input and for its own end at once, and Smalltalk can wait with a semaphore. It
// takes a piece of what the host's reader has, unless that one can wait without
// taking anything.
type input struct {
	vm       plugin.VM
	r        io.Reader
	awaiter  host.Awaiter // r, or nil
	terminal bool
	ended    chan struct{} // closed with the VM

	last    byte // for stepping back by one byte
	hasLast bool

	mu      sync.Mutex
	ready   chan struct{} // closed when the goroutine under way is done; nil if none is
	pending []byte        // read from the host, not yet asked for
	err     error         // how the host's stream ended
	waiting []int         // semaphores to signal when it is done
}

// inputPiece is how much is read at once.
const inputPiece = 4096

func newInput(vm plugin.VM, r io.Reader, terminal bool) *input {
	in := &input{vm: vm, r: r, terminal: terminal, ended: make(chan struct{})}
	in.awaiter, _ = r.(host.Awaiter)
	return in
}

// start begins to wait unless that is under way, or there is input already; the
// channel is closed when there is.
func (in *input) start() <-chan struct{} {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.ready != nil {
		return in.ready
	}
	ready := make(chan struct{})
	if len(in.pending) > 0 || in.err != nil {
		close(ready)
		return ready
	}
	in.ready = ready
	go in.pump(ready)
	return ready
}

func (in *input) pump(ready chan struct{}) {
	if in.awaiter != nil {
		in.awaiter.Await(in.ended)
	} else {
		in.take()
	}
	in.mu.Lock()
	in.ready = nil
	waiting := in.waiting
	in.waiting = nil
	in.mu.Unlock()
	close(ready)
	for _, index := range waiting {
		in.vm.SignalSemaphore(index)
	}
}

// take reads a piece.
func (in *input) take() {
	p := make([]byte, inputPiece)
	n, err := in.r.Read(p)
	in.mu.Lock()
	defer in.mu.Unlock()
	if n > 0 {
		in.pending = append(in.pending, p[:n]...)
	} else if err != nil {
		in.err = err
	}
}

// notify signals a semaphore when there is input or its end.
func (in *input) notify(index int) {
	in.mu.Lock()
	if len(in.pending) > 0 || in.err != nil {
		in.mu.Unlock()
		in.vm.SignalSemaphore(index)
		return
	}
	in.waiting = append(in.waiting, index)
	in.mu.Unlock()
	in.start()
}

// await waits for input, its end, or the end of the VM.
func (in *input) await() error {
	for {
		select {
		case <-in.start():
		case <-in.vm.Done():
			return syscall.EINTR
		}
		if in.awaiter != nil && !in.hasInput() {
			in.take()
		}
		in.mu.Lock()
		pending, err := len(in.pending) > 0, in.err
		in.mu.Unlock()
		if pending || err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		// The host's stream gave neither data nor an error: ask again.
	}
}

func (in *input) hasInput() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return len(in.pending) > 0 || in.err != nil
}

// end ends the goroutine, as far as the host's reader lets it.
func (in *input) end() {
	close(in.ended)
	in.mu.Lock()
	ready := in.ready
	in.waiting = nil
	in.mu.Unlock()
	if ready == nil || in.awaiter != nil {
		return
	}
	r, ok := in.r.(interface{ SetReadDeadline(time.Time) error })
	if ok && r.SetReadDeadline(time.Now()) == nil {
		<-ready
		_ = r.SetReadDeadline(time.Time{}) // it did as much just before
	}
}

func (in *input) read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if err := in.await(); err != nil {
		return 0, err
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	n := copy(p, in.pending)
	in.pending = in.pending[n:]
	if n > 0 {
		in.last, in.hasLast = p[n-1], true
	} else if in.terminal {
		in.err = nil // a terminal can go on after Ctrl-D
	}
	return n, nil
}

// atEnd does not wait for a terminal: it has ended only when a read found so.
func (in *input) atEnd() (bool, error) {
	if in.terminal {
		in.mu.Lock()
		defer in.mu.Unlock()
		return len(in.pending) == 0 && in.err == io.EOF, nil
	}
	if err := in.await(); err != nil {
		return false, err
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	return len(in.pending) == 0, nil
}

// position is 1 after a byte was read that can be stepped back over, else 0.
func (in *input) position() (int64, error) {
	if in.hasLast {
		return 1, nil
	}
	return 0, nil
}

func (in *input) setPosition(to int64) error {
	at, _ := in.position()
	switch {
	case to == at:
		return nil
	case in.hasLast && to == 0:
		in.mu.Lock()
		in.pending = append([]byte{in.last}, in.pending...)
		in.mu.Unlock()
		in.hasLast = false
		return nil
	}
	return syscall.ESPIPE
}

func (in *input) write([]byte) (int, error) { return 0, syscall.EBADF }
func (in *input) size() (int64, error)      { return 0, syscall.ESPIPE }
func (in *input) flush() error              { return nil }
func (in *input) sync() error               { return nil }
func (in *input) truncate(int64) error      { return syscall.EINVAL }
func (in *input) close() error              { return nil }
