//go:build unix

package hostos

import (
	"io"
	"os"

	"golang.org/x/sys/unix"

	"github.com/sista-vm/sista/host"
)

// Console is the standard streams of the process.
type Console struct{}

// Stdin answers the process's standard input.
func (Console) Stdin() io.Reader { return Input{os.Stdin} }

// Stdout answers the process's standard output.
func (Console) Stdout() io.Writer { return os.Stdout }

// Stderr answers the process's standard error.
func (Console) Stderr() io.Writer { return os.Stderr }

// Kind tells what is behind a standard stream.
func (Console) Kind(fd int) host.StreamKind {
	if fd < 0 || fd > 2 {
		return host.StreamInvalid
	}
	return descriptorKind(fd)
}

// Size asks the terminal at standard output, then those at input and error.
func (Console) Size() (columns, rows int) {
	for _, fd := range []int{1, 0, 2} {
		if ws, err := unix.IoctlGetWinsize(fd, unix.TIOCGWINSZ); err == nil && ws.Col > 0 {
			return int(ws.Col), int(ws.Row)
		}
	}
	return 0, 0
}

// IsTerminal tells whether f is a terminal.
func IsTerminal(f *os.File) bool { return descriptorKind(int(f.Fd())) == host.StreamTerminal }

func descriptorKind(fd int) host.StreamKind {
	var st unix.Stat_t
	if fd < 0 {
		return host.StreamInvalid
	}
	if err := unix.Fstat(fd, &st); err != nil {
		return host.StreamInvalid
	}
	switch uint32(st.Mode) & unix.S_IFMT {
	case unix.S_IFCHR:
		if _, err := unix.IoctlGetWinsize(fd, unix.TIOCGWINSZ); err == nil {
			return host.StreamTerminal
		}
		return host.StreamFile
	case unix.S_IFIFO, unix.S_IFSOCK:
		return host.StreamPipe
	}
	return host.StreamFile
}
