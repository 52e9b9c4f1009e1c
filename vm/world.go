package vm

import (
	"crypto/rand"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/host/hostos"
)

// world puts together what the VM sees.
func world(c Config) *host.Host {
	w := &host.Host{Clock: c.Clock, Console: c.Console, Files: c.Files, Network: c.Network, Entropy: c.Entropy, Env: c.Env}
	if w.Clock == nil {
		w.Clock = hostos.NewClock()
	}
	if w.Console == nil {
		w.Console = newStreams(c)
	}
	switch {
	case w.Files != nil:
	case c.FS != nil:
		w.Files = host.ReadOnly(c.FS)
	default:
		w.Files = host.ReadOnly(noFiles{})
	}
	if w.Entropy == nil {
		w.Entropy = rand.Reader
	}
	return w
}

// newStreams makes a console of the three streams. Input is read ahead of what the image
// asks for, unless it is an *os.File or a host.Awaiter. A Read that is under way at Close is
// ended if the reader has a method SetReadDeadline, as connections have; others end with
// their next input.
func newStreams(c Config) host.Console {
	s := host.Streams{In: c.Stdin, Out: c.Stdout, Err: c.Stderr}
	if s.In == nil {
		s.In = strings.NewReader("")
	}
	if f, ok := s.In.(*os.File); ok {
		s.In = hostos.Input{File: f}
	}
	if s.Out == nil {
		s.Out = io.Discard
	}
	if s.Err == nil {
		s.Err = io.Discard
	}
	return s
}

// noFiles is an empty tree of files.
type noFiles struct{}

func (noFiles) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}
