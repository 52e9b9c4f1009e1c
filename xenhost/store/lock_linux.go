package store

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// lock takes the bytes of a file by which QEMU says that it uses it as a disk, so that nobody
// writes while a guest does, and no guest starts meanwhile.
func lock(f *os.File, readOnly bool) error {
	if readOnly {
		return nil
	}
	const first, bytes = 100, 200
	l := unix.Flock_t{Type: unix.F_WRLCK, Start: first, Len: bytes}
	err := unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &l)
	switch {
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EACCES):
		return &os.PathError{Op: "open", Path: f.Name(), Err: errors.New("a guest uses this disk")}
	case errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENOTSUP), errors.Is(err, unix.ENOLCK):
		return nil // a file system without locks
	}
	return err
}
