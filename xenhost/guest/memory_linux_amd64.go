package guest

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/xenhost/kernel"
)

// Memory is the guest's memory.
type Memory struct{}

const pageSize = 4096

// PageSize answers the size of a page.
func (Memory) PageSize() uint64 { return pageSize }

// Reserve takes address space.
func (Memory) Reserve(addr, size uint64) (uint64, error) {
	flags := unix.MAP_PRIVATE | unix.MAP_ANON
	if addr != 0 {
		flags |= unix.MAP_FIXED_NOREPLACE
	}
	p, err := unix.MmapPtr(-1, 0, unsafe.Add(nil, uintptr(addr)), uintptr(size), unix.PROT_NONE, flags)
	if err == unix.EEXIST {
		err = host.ErrAddressTaken
	}
	return uint64(uintptr(p)), wrap("reserve", addr, size, err)
}

// Commit makes a part of a reservation usable.
func (Memory) Commit(addr, size uint64) error {
	return wrap("commit", addr, size, kernel.Commit(addr, size))
}

// Decommit gives memory back.
func (Memory) Decommit(addr, size uint64) error {
	return wrap("decommit", addr, size, kernel.Decommit(addr, size))
}

// MapFile maps a part of a packed file.
func (Memory) MapFile(f host.MappableFile, offset int64, addr, size uint64) error {
	m, ok := f.(*moduleFile)
	if !ok {
		return wrap("map file", addr, size, fs.ErrInvalid)
	}
	_, err := kernel.MapModule(m.module, uint64(m.start+offset), size, addr)
	return wrap("map file", addr, size, err)
}

// Release ends a reservation.
func (Memory) Release(addr, size uint64) error {
	return wrap("release", addr, size, unix.MunmapPtr(unsafe.Add(nil, uintptr(addr)), uintptr(size)))
}

// CommitCode makes memory for machine code.
func (Memory) CommitCode(addr, size uint64) (writable uint64, err error) {
	writable, err = kernel.ViewCode(addr, size)
	return writable, wrap("code memory", addr, size, err)
}

// InterruptsCode answers that the kernel's signals interrupt machine code; the rig tests it. Go
// sends none if it was told so.
func (Memory) InterruptsCode() bool {
	return !strings.Contains(os.Getenv("GODEBUG"), "asyncpreemptoff=1")
}

// DecommitCode undoes CommitCode.
func (m Memory) DecommitCode(addr, writable, size uint64) error {
	if err := m.Release(writable, size); err != nil {
		return err
	}
	return m.Decommit(addr, size)
}

func wrap(what string, addr, size uint64, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s, %#x bytes at %#x: %w", what, size, addr, err)
}
