package vm

import (
	"time"

	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/native"
)

// Stats are figures of what a VM did so far.
type Stats struct {
	// Interpreter.
	Counted         uint64 `json:"counted"` // calls and back edges, while feedback is gathered
	Lookups         uint64 `json:"lookups"` // of methods, beyond what sends remember themselves
	CacheMisses     uint64 `json:"cacheMisses"`
	ProcessSwitches uint64 `json:"processSwitches"`
	NativeSwitches  uint64 `json:"nativeSwitches"` // of those, that machine code did itself
	StackOverflows  uint64 `json:"stackOverflows"` // of stack pages

	// Memory.
	Allocated  uint64        `json:"allocated"` // bytes in eden
	Scavenges  uint64        `json:"scavenges"`
	ScavengeNs time.Duration `json:"scavengeNs"`
	FullGCs    uint64        `json:"fullGCs"`
	FullNs     time.Duration `json:"fullNs"`
	Tenured    uint64        `json:"tenured"` // objects
	OldBytes   uint64        `json:"oldBytes"`
	OldFree    uint64        `json:"oldFree"`

	// Compiler is nil where nothing is compiled.
	Compiler *jit.Stats `json:"compiler,omitempty"`
	// Zone says how full the memory of machine code is; nil where there is none.
	Zone *native.Stats `json:"zone,omitempty"`
}

// Stats answers the figures.
func (v *VM) Stats() (s Stats, err error) {
	err = v.lock(func() error {
		i, h := &v.in.Stats, &v.heap.Stats
		s = Stats{
			Counted: v.in.Counted(), Lookups: i.Lookups, CacheMisses: i.CacheMisses, ProcessSwitches: i.ProcessSwitches, NativeSwitches: i.NativeSwitches, StackOverflows: i.StackOverflows,
			Allocated: v.heap.AllocatedBytes(), Scavenges: h.Scavenges, ScavengeNs: time.Duration(h.ScavengeNs), FullGCs: h.FullGCs,
			FullNs: time.Duration(h.FullNs), Tenured: h.Tenured, OldBytes: v.heap.OldBytes(), OldFree: v.heap.FreeOldBytes(),
		}
		if v.broker != nil {
			c, z := v.broker.Stats(), v.zone.Stats()
			s.Compiler, s.Zone = &c, &z
		}
		return nil
	})
	return s, err
}
