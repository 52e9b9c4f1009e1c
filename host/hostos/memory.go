//go:build unix

package hostos

import (
	"fmt"
	"os"
	"unsafe"

	"github.com/sista-vm/sista/host"
	"golang.org/x/sys/unix"
)

// memory is the operating system's virtual memory.
type memory struct{ page uint64 }

// Memory answers the operating system's virtual memory.
func Memory() host.Memory { return memory{uint64(os.Getpagesize())} }

func (m memory) PageSize() uint64 { return m.page }

// Reserve maps address space without access, which counts against no limit of memory.
func (m memory) Reserve(addr, size uint64) (uint64, error) {
	flags := unix.MAP_PRIVATE | unix.MAP_ANON | unix.MAP_NORESERVE
	if addr != 0 {
		flags |= fixedNoReplace
	}
	p, err := unix.MmapPtr(-1, 0, unsafe.Add(nil, uintptr(addr)), uintptr(size), unix.PROT_NONE, flags)
	if err == unix.EEXIST {
		return 0, fmt.Errorf("reserve %#x bytes at %#x: %w", size, addr, host.ErrAddressTaken)
	}
	if err != nil {
		return 0, fmt.Errorf("reserve %#x bytes at %#x: %w", size, addr, err)
	}
	got := uint64(uintptr(p))
	if addr != 0 && got != addr {
		// A kernel that takes the address as a hint put it elsewhere.
		_ = unix.MunmapPtr(p, uintptr(size))
		return 0, fmt.Errorf("reserve %#x bytes at %#x: %w", size, addr, host.ErrAddressTaken)
	}
	return got, nil
}

func (m memory) Commit(addr, size uint64) error {
	if err := unix.Mprotect(bytesAt(addr, size), unix.PROT_READ|unix.PROT_WRITE); err != nil {
		return fmt.Errorf("commit %#x bytes at %#x: %w", size, addr, err)
	}
	return nil
}

// Decommit maps the range anew: whatever was there, file or memory, is gone at once.
func (m memory) Decommit(addr, size uint64) error {
	return m.mapFixed(-1, 0, addr, size, unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_NORESERVE, "decommit")
}

func (m memory) MapFile(f host.MappableFile, offset int64, addr, size uint64) error {
	return m.mapFixed(int(f.Fd()), offset, addr, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_NORESERVE, "map file")
}

func (m memory) Release(addr, size uint64) error {
	if err := unix.MunmapPtr(unsafe.Add(nil, uintptr(addr)), uintptr(size)); err != nil {
		return fmt.Errorf("release %#x bytes at %#x: %w", size, addr, err)
	}
	return nil
}

func (m memory) mapFixed(fd int, offset int64, addr, size uint64, prot, flags int, what string) error {
	_, err := unix.MmapPtr(fd, offset, unsafe.Add(nil, uintptr(addr)), uintptr(size), prot, flags|unix.MAP_FIXED)
	if err != nil {
		return fmt.Errorf("%s, %#x bytes at %#x: %w", what, size, addr, err)
	}
	return nil
}

func bytesAt(addr, size uint64) []byte {
	return unsafe.Slice((*byte)(unsafe.Add(nil, uintptr(addr))), size)
}
