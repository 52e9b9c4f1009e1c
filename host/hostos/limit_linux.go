package hostos

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// MemoryLimit answers how much memory the process can have at most: that of the
// machine, or of the container it is in. 0 means that nothing is known.
func MemoryLimit() uint64 {
	var limit uint64
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) == nil {
		limit = uint64(info.Totalram) * uint64(info.Unit)
	}
	for _, file := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		// "max" and numbers beyond the machine's memory stand for no limit.
		if n, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64); err == nil && (limit == 0 || n < limit) {
			limit = n
		}
	}
	return limit
}
