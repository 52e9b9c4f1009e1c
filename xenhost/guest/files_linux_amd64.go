package guest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"unsafe"

	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/xenhost/bundle"
	"github.com/sista-vm/sista/xenhost/kernel"
)

// ImagePath is where the packed image seems to be.
const ImagePath = "/image"

// Store is what was packed with the guest, or given to it as a boot module.
type Store struct {
	*bundle.Bundle
	host.Files // the packed files
	module     int
	data       []byte
}

// ErrNothingPacked says that the guest has neither a packed image nor a boot module.
var ErrNothingPacked = errors.New("no image: the guest has none packed with it, and no boot module was given")

// OpenStore finds what was packed, if anything was.
func OpenStore() (*Store, error) {
	const module = 0
	size, err := kernel.ModuleSize(module)
	if err != nil || size == 0 {
		return &Store{Bundle: &bundle.Bundle{}, Files: host.ReadOnly(nothing{})}, nil
	}
	addr, err := kernel.MapModule(module, 0, roundUp(size), 0)
	if err != nil {
		return nil, fmt.Errorf("boot module: %w", err)
	}
	s := &Store{module: module, data: unsafe.Slice((*byte)(unsafe.Add(nil, uintptr(addr))), size)}
	if s.Bundle, err = bundle.Read(bytes.NewReader(s.data), int64(size)); err != nil {
		return nil, fmt.Errorf("boot module: %w", err)
	}
	tree := s.Bundle.Files
	if tree == nil {
		tree = nothing{}
	}
	s.Files = host.ReadOnly(tree)
	return s, nil
}

func roundUp(n uint64) uint64 { return (n + pageSize - 1) &^ (pageSize - 1) }

// nothing is an empty tree of files.
type nothing struct{}

func (nothing) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// ImageAs is a tree of one file with a name: the image, which can be mapped. Nil: none was packed.
func (s *Store) ImageAs(name string) host.Files {
	if s.data == nil {
		return nil
	}
	return imageFiles{s.Files, s, name}
}

type imageFiles struct {
	host.Files
	store *Store
	name  string
}

// Open opens the image.
func (i imageFiles) Open(name string, flag int, _ fs.FileMode) (host.File, error) {
	if name != i.name || flag != os.O_RDONLY {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	b := i.store.Bundle
	data := i.store.data[b.ImageOffset : b.ImageOffset+b.ImageSize]
	return &moduleFile{Reader: bytes.NewReader(data), name: name, module: i.store.module, start: b.ImageOffset}, nil
}

// moduleFile is a file in a boot module.
type moduleFile struct {
	*bytes.Reader
	name   string
	module int
	start  int64
}

// Fd answers no descriptor: Memory knows what to map by the file itself.
func (m *moduleFile) Fd() uintptr { return ^uintptr(0) }

func (m *moduleFile) Close() error              { return nil }
func (m *moduleFile) Sync() error               { return nil }
func (m *moduleFile) Write([]byte) (int, error) { return 0, fs.ErrPermission }
func (m *moduleFile) Truncate(int64) error      { return fs.ErrPermission }

// Stat tells that it is a file that nobody can write.
func (m *moduleFile) Stat() (host.FileInfo, error) {
	return host.FileInfo{Name: m.name, Mode: host.ModeRegular | 0o444, Size: m.Size(), Links: 1}, nil
}
