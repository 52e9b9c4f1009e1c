package apic

import (
	"unsafe"

	"github.com/sista-vm/sista/xenhost/cpu"
)

// The registers of the local APIC, as offsets; an x2APIC has them as MSRs from 0x800 on.
const (
	regEOI      = 0x0b0
	regSpurious = 0x0f0
	regTimer    = 0x320
	regInitial  = 0x380
	regCurrent  = 0x390
	regDivide   = 0x3e0

	baseMSR  = 0x1b
	enabled  = 1 << 11
	extended = 1 << 10

	masked     = 1 << 16
	softEnable = 0x100
	divideBy1  = 0xb
)

var (
	x2   bool
	base uint64 // where the registers appear, if they are in memory
	// perNano is ticks of the timer per nanosecond, as a fraction of 2^32.
	perNano uint64
)

// Physical answers where the registers are in memory, for Enable; 0 if they are in MSRs.
func Physical() uint64 {
	v := cpu.ReadMSR(baseMSR)
	if v&enabled != 0 && v&extended != 0 {
		return 0
	}
	return v & 0x000f_ffff_ffff_f000
}

// MaskOld masks the 8259 controllers.
func MaskOld() {
	cpu.Out8(0x21, 0xff)
	cpu.Out8(0xa1, 0xff)
}

// Enable switches the local APIC on. at is where Physical appears in memory; spurious is the
// vector for interrupts that are none.
func Enable(at uint64, spurious uint8) {
	v := cpu.ReadMSR(baseMSR)
	x2 = v&enabled != 0 && v&extended != 0
	base = at
	if v&enabled == 0 {
		cpu.WriteMSR(baseMSR, v|enabled)
	}
	write(regSpurious, softEnable|uint32(spurious))
	write(regTimer, masked)
	write(regDivide, divideBy1)
}

func write(reg uint64, v uint32) {
	if x2 {
		cpu.WriteMSR(uint32(0x800+reg>>4), uint64(v))
		return
	}
	*(*uint32)(unsafe.Add(nil, uintptr(base+reg))) = v
}

func read(reg uint64) uint32 {
	if x2 {
		return uint32(cpu.ReadMSR(uint32(0x800 + reg>>4)))
	}
	return *(*uint32)(unsafe.Add(nil, uintptr(base+reg)))
}

// Done tells the controller that an interrupt was served.
func Done() { write(regEOI, 0) }

// counted is what the timer counted between StartCount and StopCount.
var counted uint64

// StartCount and StopCount let the timer count, to find out its rate.
func StartCount() { write(regInitial, 0xffff_ffff) }
func StopCount() {
	counted = 0xffff_ffff - uint64(read(regCurrent))
	write(regInitial, 0)
}

// SetRate takes the rate from what was counted in a number of nanoseconds.
func SetRate(nanos uint64) {
	if nanos != 0 {
		perNano = counted << 32 / nanos
	}
	if perNano == 0 {
		perNano = 1 << 32
	}
}

// OneShot lets the timer interrupt once, by a vector, in at least so many nanoseconds. A span beyond
// maxSpan is cut: an early interrupt does no harm.
func OneShot(vector uint8, nanos uint64) {
	const maxSpan = 1_000_000_000
	ticks := min(nanos, maxSpan) * (perNano >> 8) >> 24
	write(regTimer, uint32(vector))
	write(regInitial, uint32(min(max(ticks, 1), 0xffff_fff0)))
}

// The I/O APIC is reached by a window: the number of a register here, its value there.
const (
	ioSelect = 0x00
	ioWindow = 0x10
	ioTable  = 0x10 // register of the first line; each has two

	// IOPhysical is where the PC has its first I/O APIC.
	IOPhysical = 0xfec00000
)

// Route lets a line of the I/O APIC, whose registers appear at an address, interrupt by a vector.
func Route(at uint64, line, vector uint8) {
	select_ := (*uint32)(unsafe.Add(nil, uintptr(at+ioSelect)))
	window := (*uint32)(unsafe.Add(nil, uintptr(at+ioWindow)))
	*select_ = ioTable + 2*uint32(line) + 1
	*window = 0 // to processor 0
	*select_ = ioTable + 2*uint32(line)
	*window = uint32(vector) // edge, active high, not masked
}
