//go:build amd64

package cpu

// Features is what was found out about the processor.
type Features struct {
	XSave         bool   // extended state is saved by XSAVE, not FXSAVE
	Components    uint64 // the parts of extended state in use, as XCR0 has them
	StateSize     uint64 // bytes of extended state, of all parts that could be in use
	RDRand        bool
	RDSeed        bool
	X2APIC        bool
	TSCDeadline   bool // the local APIC's timer can be told a time instead of a span
	GiantPages    bool // 1 GiB pages
	Hypervisor    bool
	HypervisorMax uint32 // the last of the hypervisor's leaves at 0x40000000
	Vendor        [3]uint32
}

// The parts of extended state that the kernel knows how to keep: x87, SSE, AVX, and
// the three of AVX-512. What is not here stays off.
const (
	StateX87    = 1 << 0
	StateSSE    = 1 << 1
	StateAVX    = 1 << 2
	StateAVX512 = 7 << 5
)

// legacyState is the size of what FXSAVE writes.
const legacyState = 512

// Detect asks CPUID.
func Detect() Features {
	var f Features
	highest, _, _, _ := CPUID(0, 0)
	_, _, c, _ := CPUID(1, 0)
	f.XSave = c>>26&1 != 0 && highest >= 0xd
	f.RDRand = c>>30&1 != 0
	f.X2APIC = c>>21&1 != 0
	f.TSCDeadline = c>>24&1 != 0
	f.Hypervisor = c>>31 != 0
	if highest >= 7 {
		_, b, _, _ := CPUID(7, 0)
		f.RDSeed = b>>18&1 != 0
	}
	f.StateSize = legacyState
	if f.XSave {
		low, _, _, _ := CPUID(0xd, 0)
		f.Components = Usable(uint64(low))
		f.StateSize = stateSize(f.Components)
	}
	if most, _, _, _ := CPUID(0x80000000, 0); most >= 0x80000001 {
		_, _, _, d := CPUID(0x80000001, 0)
		f.GiantPages = d>>26&1 != 0
	}
	if f.Hypervisor {
		f.HypervisorMax, f.Vendor[0], f.Vendor[1], f.Vendor[2] = CPUID(0x40000000, 0)
	}
	return f
}

// Usable answers which parts of the offered extended state are kept. AVX-512 needs all of
// its parts and AVX; the processor refuses other mixtures.
func Usable(offered uint64) uint64 {
	use := offered & (StateX87 | StateSSE | StateAVX)
	if offered&StateAVX512 == StateAVX512 && use&StateAVX != 0 {
		use |= StateAVX512
	}
	return use
}

// stateSize is where the last part of the state ends in the standard format of XSAVE.
func stateSize(components uint64) uint64 {
	size := uint64(legacyState + 64) // and the header
	for i := uint32(2); i < 63; i++ {
		if components>>i&1 != 0 {
			bytes, offset, _, _ := CPUID(0xd, i)
			size = max(size, uint64(offset)+uint64(bytes))
		}
	}
	return size
}
