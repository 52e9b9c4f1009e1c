package mem

import "github.com/sista-vm/sista/xenhost/cpu"

// forget tells the processor that the entry for va has changed.
func (s *Space) forget(va uint64) {
	if s.live {
		cpu.Forget(va)
	}
}
