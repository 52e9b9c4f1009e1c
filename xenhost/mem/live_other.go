//go:build !amd64

package mem

func (s *Space) forget(uint64) {}
