//go:build unix

package hostos

import (
	"os"

	"golang.org/x/sys/unix"
)

// Input reads a file such as standard input. It is a host.Awaiter.
type Input struct{ *os.File }

// Await implements host.Awaiter.
func (in Input) Await(done <-chan struct{}) {
	fds := []unix.PollFd{{Fd: int32(in.Fd()), Events: unix.POLLIN}}
	if poll(fds, 0) {
		return
	}
	// The other end of a pipe is closed to end the wait.
	r, w, err := os.Pipe()
	if err != nil {
		return // a Read will do the waiting
	}
	defer r.Close()
	over := make(chan struct{})
	defer close(over)
	go func() {
		select {
		case <-done:
		case <-over:
		}
		w.Close()
	}()
	poll(append(fds, unix.PollFd{Fd: int32(r.Fd()), Events: unix.POLLIN}), -1)
}

// poll answers whether one of the descriptors is ready, or cannot be waited for.
func poll(fds []unix.PollFd, milliseconds int) bool {
	for {
		n, err := unix.Poll(fds, milliseconds)
		if err != unix.EINTR {
			return n > 0 || err != nil
		}
	}
}
