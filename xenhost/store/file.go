package store

import (
	"errors"
	"os"
)

// File is a device that is a file: the disk of a guest, seen from outside.
type File struct{ f *os.File }

// OpenFile opens the file of a disk.
func OpenFile(name string, readOnly bool) (*File, error) {
	flag := os.O_RDWR
	if readOnly {
		flag = os.O_RDONLY
	}
	f, err := os.OpenFile(name, flag, 0)
	if err != nil {
		return nil, err
	}
	if err := lock(f, readOnly); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &File{f}, nil
}

// ReadAt reads.
func (d *File) ReadAt(p []byte, at int64) (int, error) { return d.f.ReadAt(p, at) }

// WriteAt writes.
func (d *File) WriteAt(p []byte, at int64) (int, error) { return d.f.WriteAt(p, at) }

// Flush brings to the disk what was written.
func (d *File) Flush() error { return d.f.Sync() }

// Size answers the length of the file, or 0 if that cannot be told. A block device tells it by its end.
func (d *File) Size() int64 {
	n, err := d.f.Seek(0, 2)
	if err != nil {
		return 0
	}
	return n
}

// Close closes it.
func (d *File) Close() error { return d.f.Close() }
