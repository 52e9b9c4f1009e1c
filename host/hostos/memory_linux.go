package hostos

import "golang.org/x/sys/unix"

// fixedNoReplace asks for an exact address and fails with EEXIST when it is in use.
const fixedNoReplace = unix.MAP_FIXED_NOREPLACE

// Supply asks for large pages, and then for all pages. Kernels before 5.14 do not know the latter.
func (m memory) Supply(addr, size uint64) {
	b := bytesAt(addr, size)
	_ = unix.Madvise(b, unix.MADV_HUGEPAGE)
	// In parts: nothing else can change the address space meanwhile.
	const part = 2 << 20
	for len(b) > 0 {
		n := min(part, len(b))
		if unix.Madvise(b[:n], unix.MADV_POPULATE_WRITE) != nil {
			return
		}
		b = b[n:]
	}
}
