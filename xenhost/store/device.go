package store

import "io"

// Device is a block device. Offsets and lengths are multiples of SectorSize. Writes last
// when a Flush after them has ended; until then they may be lost, one sector without the other.
type Device interface {
	io.ReaderAt
	io.WriterAt
	Flush() error
	Size() int64 // in bytes
}

// SectorSize is the smallest part of a device that is read or written.
const SectorSize = 512

// blockSize is the smallest part that a store uses.
const blockSize = 4096

// Memory is a device in memory, for a store that is to be gone at the end.
type Memory []byte

// ReadAt reads.
func (m Memory) ReadAt(p []byte, at int64) (int, error) {
	if at < 0 || at > int64(len(m)) {
		return 0, io.EOF
	}
	n := copy(p, m[at:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// WriteAt writes.
func (m Memory) WriteAt(p []byte, at int64) (int, error) {
	if at < 0 || at > int64(len(m)) || int64(len(p)) > int64(len(m))-at {
		return 0, io.ErrShortWrite
	}
	return copy(m[at:], p), nil
}

// Flush has nothing to do.
func (m Memory) Flush() error { return nil }

// Size answers how many bytes there are.
func (m Memory) Size() int64 { return int64(len(m)) }
