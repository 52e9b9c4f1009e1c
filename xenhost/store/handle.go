package store

import (
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/sista-vm/sista/host"
)

// handle is an open file or folder. A file lives on without a name while it has handles.
type handle struct {
	s      *Store
	n      *node
	flag   int
	at     int64
	closed bool
}

// on does something with the store locked.
func (h *handle) on(op string, do func() error) error {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	err := os.ErrClosed
	if !h.closed {
		err = do()
	}
	if err == nil || err == io.EOF {
		return err
	}
	return &fs.PathError{Op: op, Path: h.n.path(), Err: err}
}

func (h *handle) file() error {
	if h.n.entries != nil {
		return syscall.EISDIR
	}
	return nil
}

func (h *handle) writable() error {
	if h.flag&(os.O_WRONLY|os.O_RDWR) == 0 {
		return syscall.EBADF
	}
	return h.s.writable()
}

func (h *handle) Read(p []byte) (n int, err error) {
	err = h.on("read", func() error {
		if err := h.file(); err != nil {
			return err
		}
		if h.flag&os.O_WRONLY != 0 {
			return syscall.EBADF
		}
		if len(p) == 0 {
			return nil
		}
		var err error
		n, err = h.s.readAt(h.n, p, h.at)
		h.at += int64(n)
		if n > 0 && err == io.EOF {
			err = nil
		}
		return err
	})
	return n, err
}

// ReadAt reads from a place.
func (h *handle) ReadAt(p []byte, at int64) (n int, err error) {
	err = h.on("read", func() error {
		if err := h.file(); err != nil {
			return err
		}
		if at < 0 {
			return syscall.EINVAL
		}
		var err error
		n, err = h.s.readAt(h.n, p, at)
		return err
	})
	return n, err
}

func (h *handle) Write(p []byte) (n int, err error) {
	err = h.on("write", func() error {
		if err := h.writable(); err != nil {
			return err
		}
		if h.flag&os.O_APPEND != 0 {
			h.at = h.n.size
		}
		var err error
		n, err = h.s.writeAt(h.n, p, h.at)
		h.at += int64(n)
		return err
	})
	return n, err
}

func (h *handle) Seek(offset int64, whence int) (at int64, err error) {
	err = h.on("seek", func() error {
		switch whence {
		case io.SeekCurrent:
			offset += h.at
		case io.SeekEnd:
			offset += h.n.size
		case io.SeekStart:
		default:
			return syscall.EINVAL
		}
		if offset < 0 {
			return syscall.EINVAL
		}
		h.at, at = offset, offset
		return nil
	})
	return at, err
}

func (h *handle) Truncate(size int64) error {
	return h.on("truncate", func() error {
		if err := h.writable(); err != nil {
			return err
		}
		return h.s.truncate(h.n, size)
	})
}

// Sync makes all changes in the store last, not only those of the file.
func (h *handle) Sync() error { return h.on("sync", h.s.sync) }

func (h *handle) Stat() (info host.FileInfo, err error) {
	err = h.on("stat", func() error {
		info = h.n.info()
		return nil
	})
	return info, err
}

func (h *handle) Close() error {
	return h.on("close", func() error {
		h.closed = true
		h.n.open--
		h.s.forget(h.n)
		return nil
	})
}
