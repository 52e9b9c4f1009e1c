package hostos

import "golang.org/x/sys/unix"

// fixedNoReplace asks for an exact address and fails with EEXIST when it is in use.
const fixedNoReplace = unix.MAP_FIXED_NOREPLACE
