package hostos

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mfdExec says that the memory is to be executed. Kernels before 6.3 do not know it.
const mfdExec = 0x10

// CommitCode maps an unnamed file twice.
func (m memory) CommitCode(addr, size uint64) (writable uint64, err error) {
	fail := func(what string, err error) (uint64, error) {
		return 0, fmt.Errorf("code memory, %#x bytes at %#x: %s: %w", size, addr, what, err)
	}
	// Beyond this limit the kernel does not only refuse, it sends a signal.
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &limit); err == nil && limit.Cur < size {
		return fail("limit of the size of files (ulimit -f)", unix.EFBIG)
	}
	fd, err := unix.MemfdCreate("sista code", unix.MFD_CLOEXEC|mfdExec)
	if err == unix.EINVAL {
		fd, err = unix.MemfdCreate("sista code", unix.MFD_CLOEXEC)
	}
	if err != nil {
		return fail("memfd_create", err)
	}
	defer func() { _ = unix.Close(fd) }() // the mappings keep the memory
	if err := unix.Ftruncate(fd, int64(size)); err != nil {
		return fail("ftruncate", err)
	}
	p, err := unix.MmapPtr(fd, 0, nil, uintptr(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return fail("map writable", err)
	}
	if err := m.mapFixed(fd, 0, addr, size, unix.PROT_READ|unix.PROT_EXEC, unix.MAP_SHARED, "map code"); err != nil {
		_ = unix.MunmapPtr(p, uintptr(size))
		return 0, err
	}
	return uint64(uintptr(p)), nil
}

// DecommitCode undoes CommitCode.
func (m memory) DecommitCode(addr, writable, size uint64) error {
	if err := unix.MunmapPtr(unsafe.Add(nil, uintptr(writable)), uintptr(size)); err != nil {
		return fmt.Errorf("code memory, %#x bytes at %#x: %w", size, writable, err)
	}
	return m.Decommit(addr, size)
}
