//go:build unix && !linux

package hostos

import "golang.org/x/sys/unix"

// MemoryLimit answers how much memory the process can have at most: that of the
// machine. 0 means that nothing is known.
func MemoryLimit() uint64 {
	n, err := unix.SysctlUint64("hw.memsize")
	if err != nil {
		return 0
	}
	return n
}
