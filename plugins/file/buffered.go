package file

import (
	"errors"
	"io"
	"syscall"

	"github.com/sista-vm/sista/host"
)

// bufferSize is how much is read ahead and how much written data is held back.
const bufferSize = 8192

// buffered is a file with either bytes read ahead or bytes not yet written,
// never both.
//
//	file offset of the host     at
//	position seen by the image  at - len(ahead) + len(behind)
type buffered struct {
	f        host.File
	writable bool
	at       int64
	ahead    []byte // read but not yet asked for
	behind   []byte // written but not yet in the file
	room     []byte // backs ahead
}

func newBuffered(f host.File, writable bool) *buffered {
	return &buffered{f: f, writable: writable}
}

func (b *buffered) read(p []byte) (n int, err error) {
	if err := b.flush(); err != nil {
		return 0, err
	}
	for n < len(p) {
		if len(b.ahead) == 0 {
			if len(p)-n >= bufferSize {
				m, err := b.readHost(p[n:])
				if m == 0 || err != nil {
					return n, err
				}
				n += m
				continue
			}
			if err := b.fill(); err != nil || len(b.ahead) == 0 {
				return n, err
			}
		}
		m := copy(p[n:], b.ahead)
		b.ahead = b.ahead[m:]
		n += m
	}
	return n, nil
}

// fill reads ahead; at the end of the file nothing is there afterwards.
func (b *buffered) fill() error {
	if b.room == nil {
		b.room = make([]byte, bufferSize)
	}
	n, err := b.readHost(b.room)
	b.ahead = b.room[:n]
	return err
}

func (b *buffered) readHost(p []byte) (int, error) {
	n, err := b.f.Read(p)
	b.at += int64(n)
	if n > 0 || err == io.EOF {
		err = nil
	}
	return n, err
}

func (b *buffered) write(p []byte) (int, error) {
	if !b.writable {
		return 0, syscall.EBADF
	}
	if err := b.dropAhead(); err != nil {
		return 0, err
	}
	if len(b.behind)+len(p) > bufferSize {
		if err := b.flush(); err != nil {
			return 0, err
		}
	}
	if len(p) >= bufferSize {
		n, err := b.f.Write(p)
		b.at += int64(n)
		return n, err
	}
	b.behind = append(b.behind, p...)
	return len(p), nil
}

// dropAhead moves the host's offset back to the image's position.
func (b *buffered) dropAhead() error {
	if len(b.ahead) == 0 {
		return nil
	}
	return b.seek(b.at - int64(len(b.ahead)))
}

func (b *buffered) seek(to int64) error {
	at, err := b.f.Seek(to, io.SeekStart)
	if err != nil {
		return err
	}
	b.at, b.ahead = at, nil
	return nil
}

func (b *buffered) flush() error {
	if len(b.behind) == 0 {
		return nil
	}
	n, err := b.f.Write(b.behind)
	b.at += int64(n)
	b.behind = b.behind[:copy(b.behind, b.behind[n:])]
	return err
}

func (b *buffered) position() (int64, error) {
	return b.at - int64(len(b.ahead)) + int64(len(b.behind)), nil
}

func (b *buffered) setPosition(to int64) error {
	if err := b.flush(); err != nil {
		return err
	}
	if back := b.at - to; back >= 0 && back <= int64(len(b.ahead)) {
		b.ahead = b.ahead[int64(len(b.ahead))-back:]
		return nil
	}
	return b.seek(to)
}

func (b *buffered) size() (int64, error) {
	if err := b.flush(); err != nil {
		return 0, err
	}
	info, err := b.f.Stat()
	return info.Size, err
}

func (b *buffered) atEnd() (bool, error) {
	if err := b.flush(); err != nil {
		return false, err
	}
	if len(b.ahead) > 0 {
		return false, nil
	}
	if err := b.fill(); err != nil {
		// A file that can't be read has no end.
		return false, nil
	}
	return len(b.ahead) == 0, nil
}

func (b *buffered) sync() error { return errors.Join(b.flush(), b.f.Sync()) }

func (b *buffered) truncate(size int64) error {
	if !b.writable {
		return syscall.EBADF
	}
	if err := errors.Join(b.flush(), b.dropAhead()); err != nil {
		return err
	}
	return b.f.Truncate(size)
}

func (b *buffered) close() error { return errors.Join(b.flush(), b.f.Close()) }
