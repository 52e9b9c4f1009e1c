//go:build unix && !linux

package hostos

// fixedNoReplace is nothing where the address is only a hint; Reserve checks what it got.
const fixedNoReplace = 0
