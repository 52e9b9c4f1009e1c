package host

import "errors"

// Memory hands out address space outside Go's heap. Sizes and addresses are
// multiples of PageSize. What is reserved but not committed takes no memory and
// must not be touched.
type Memory interface {
	PageSize() uint64
	// Reserve takes address space: exactly at addr, or anywhere when addr is 0.
	// The error is ErrAddressTaken when only the address was the problem.
	Reserve(addr, size uint64) (uint64, error)
	// Commit makes a part of a reservation readable and writable; it reads as zeros
	// unless it was committed before. The world below may supply pages as they are touched.
	Commit(addr, size uint64) error
	// Decommit gives the memory of a part of a reservation back; the contents are lost.
	Decommit(addr, size uint64) error
	// MapFile puts a part of a file into a reservation, private and copy-on-write.
	// The offset is a multiple of the page size; the file may be closed afterwards.
	MapFile(f MappableFile, offset int64, addr, size uint64) error
	// Release ends a reservation, or part of one.
	Release(addr, size uint64) error
}

// Supplier is offered by a Memory that can supply pages before they are touched.
type Supplier interface {
	// Supply has memory behind a committed range, of larger pages where there are some. It may be called beside everything
	// else, and is of no consequence where the range is not, or no longer, committed.
	Supply(addr, size uint64)
}

// MappableFile is a file known to the world below by a descriptor, such as *os.File.
type MappableFile interface {
	Fd() uintptr
}

// ErrAddressTaken says that an address range is in use already.
var ErrAddressTaken = errors.New("address range in use")
