// Package hosttest has worlds that fail, for tests of what must survive failures.
package hosttest

import (
	"io/fs"
	"sync"
	"syscall"

	"github.com/sista-vm/sista/host"
)

// Faulty is a tree of files in which one operation fails: the one with the number Fail
// among those that change something or bring it to the disk, counted from 1. With 0 all
// succeed, and Count tells how many there were.
type Faulty struct {
	host.Files
	Fail int
	Err  error // nil: ENOSPC

	mu    sync.Mutex
	count int
	// Failed is the operation that failed.
	Failed string
}

// Count answers how many operations there were.
func (f *Faulty) Count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.count
}

func (f *Faulty) step(op string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.count++; f.count != f.Fail {
		return nil
	}
	f.Failed = op
	if f.Err != nil {
		return f.Err
	}
	return syscall.ENOSPC
}

// Open opens a file whose operations count too.
func (f *Faulty) Open(name string, flag int, perm fs.FileMode) (host.File, error) {
	if err := f.step("open"); err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	h, err := f.Files.Open(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return &faultyFile{h, f}, nil
}

// Rename renames.
func (f *Faulty) Rename(from, to string) error {
	if err := f.step("rename"); err != nil {
		return err
	}
	return f.Files.Rename(from, to)
}

// Chmod sets permissions.
func (f *Faulty) Chmod(name string, mode uint32) error {
	if err := f.step("chmod"); err != nil {
		return err
	}
	return f.Files.Chmod(name, mode)
}

type faultyFile struct {
	host.File
	files *Faulty
}

// Write writes half of the bytes when it fails.
func (f *faultyFile) Write(b []byte) (int, error) {
	if err := f.files.step("write"); err != nil {
		n, e := f.File.Write(b[:len(b)/2])
		if e != nil {
			err = e
		}
		return n, err
	}
	return f.File.Write(b)
}

func (f *faultyFile) Seek(offset int64, whence int) (int64, error) {
	if err := f.files.step("seek"); err != nil {
		return 0, err
	}
	return f.File.Seek(offset, whence)
}

func (f *faultyFile) Sync() error {
	if err := f.files.step("sync"); err != nil {
		return err
	}
	return f.File.Sync()
}

func (f *faultyFile) Close() error {
	err := f.files.step("close")
	if e := f.File.Close(); err == nil {
		err = e
	}
	return err
}
