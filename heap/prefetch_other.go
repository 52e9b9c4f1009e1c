//go:build !amd64 && !arm64

package heap

// prefetch does nothing where there is no way to ask for a cache line.
func prefetch(addr uint64) {}
