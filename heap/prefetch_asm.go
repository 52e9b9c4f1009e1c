//go:build amd64 || arm64

package heap

// prefetch asks for the cache line at an address, which need not be mapped.
//
//go:noescape
func prefetch(addr uint64)
