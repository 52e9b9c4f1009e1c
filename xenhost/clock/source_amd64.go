package clock

import (
	"sync/atomic"
	"unsafe"

	"github.com/sista-vm/sista/xenhost/cpu"
)

// own is the record where no hypervisor keeps one.
var own Record

// source is the address of the record in use, wall what is added for the time since 1970.
var (
	source uint64
	wall   uint64
)

// UseRecord makes Now read the record at an address.
func UseRecord(addr uint64) { source = addr }

// SetWall says what time it is: the nanoseconds since the start of 1970 at time 0.
func SetWall(nanos uint64) { wall = nanos }

// Wall is the inverse of SetWall.
func Wall() uint64 { return wall }

// Now answers the nanoseconds since an arbitrary moment.
func Now() uint64 {
	r := (*Record)(unsafe.Add(nil, uintptr(source)))
	for {
		version := atomic.LoadUint32(&r.Version)
		now := r.Convert(cpu.TSC())
		if version&1 == 0 && version == atomic.LoadUint32(&r.Version) {
			return now
		}
	}
}

// KHz answers the rate of the time-stamp counter.
func KHz() uint64 { return (*Record)(unsafe.Add(nil, uintptr(source))).KHz() }

// Install makes Go's runtime read the clock by ReadForRuntime.
func Install()

// The interval timer of the PC: its second channel counts down at this rate, and shows
// when it is at 0.
const (
	pitHz       = 1_193_182
	pitControl  = 0x43
	pitChannel2 = 0x42
	pitGate     = 0x61
	pitOut      = 0x20 // in pitGate: the count is over
)

// measureMS is how long Measure takes.
const measureMS = 2

// defaultKHz is taken for a machine that has no interval timer.
const defaultKHz = 1_000_000

// Measure finds out the rate of the time-stamp counter by the interval timer, and starts the clock.
// before and after are called around the wait, to measure something else by it. It answers the
// nanoseconds between them.
func Measure(before, after func()) (nanos uint64) {
	const count = pitHz * measureMS / 1000
	cpu.Out8(pitGate, cpu.In8(pitGate)&^2|1) // no sound, gate open
	cpu.Out8(pitControl, 0xb0)               // channel 2, both bytes, one shot
	cpu.Out8(pitChannel2, count&0xff)
	cpu.Out8(pitChannel2, count>>8)
	cpu.Out8(pitGate, cpu.In8(pitGate)&^1)
	cpu.Out8(pitGate, cpu.In8(pitGate)|1) // it starts with the gate's edge
	before()
	start := cpu.TSC()
	kHz, most := uint64(0), 10_000_000
	for i := 0; cpu.In8(pitGate)&pitOut == 0 && i < most; i++ {
	}
	end := cpu.TSC()
	after()
	if kHz = (end - start) / measureMS; kHz < 1000 {
		kHz = defaultKHz
	}
	Start(kHz, end)
	return own.Convert(end) - own.Convert(start)
}

// Start starts the clock at a known rate.
func Start(kHz, tsc uint64) {
	own.SetRate(kHz, tsc, 0)
	UseRecord(uint64(uintptr(unsafe.Pointer(&own))))
}

// ReadChip answers the time of day by the PC's clock chip, in seconds since 1970.
func ReadChip() uint64 {
	const updating = 0x80
	for i := 0; i < 1000; i++ {
		if chip(10)&updating != 0 {
			continue
		}
		s := chip(0)
		d := Decode(s, chip(2), chip(4), chip(7), chip(8), chip(9), chip(11))
		if chip(0) == s && d.Month >= 1 && d.Month <= 12 {
			return d.Unix()
		}
	}
	return 0
}

func chip(register uint8) uint8 {
	cpu.Out8(0x70, register)
	return cpu.In8(0x71)
}
