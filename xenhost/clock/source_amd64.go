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

// The interval timer of the PC: its first channel counts down at this rate. (The third one, which
// is made for measuring, is reached by a port that QEMU's microvm does not have.)
const (
	pitHz      = 1_193_182
	pitControl = 0x43
	pitCounter = 0x40
	pitStart   = 0x30 // to pitControl: channel 0, both bytes, once
	pitLatch   = 0x00 // to pitControl: hold the count of channel 0 for reading
	pitFirst   = 0xffff
)

func pitCount() uint64 {
	cpu.Out8(pitControl, pitLatch)
	low := cpu.In8(pitCounter)
	return uint64(low) | uint64(cpu.In8(pitCounter))<<8
}

// measureMS is how long Measure takes with an interval timer.
const measureMS = 2

// patience is how often a timer is asked that does not seem to count.
const patience = 10_000

// defaultKHz is taken for a machine that has neither an interval timer nor a clock.
const defaultKHz = 1_000_000

// Measure finds out the rate of the time-stamp counter by the interval timer, or, in some seconds, by
// the clock chip, and starts the clock. before and after are called around the wait, to measure
// something else by it. It answers the nanoseconds between them.
func Measure(before, after func()) (nanos uint64) {
	kHz, start, end := byTimer(before, after)
	if kHz == 0 {
		kHz, start, end = byChip(before, after)
	}
	if kHz == 0 {
		kHz = defaultKHz
	}
	Start(kHz, end)
	return own.Convert(end) - own.Convert(start)
}

// byTimer answers 0 if there is no timer.
func byTimer(before, after func()) (kHz, start, end uint64) {
	const span = pitHz * measureMS / 1000
	cpu.Out8(pitControl, pitStart)
	cpu.Out8(pitCounter, pitFirst&0xff)
	cpu.Out8(pitCounter, pitFirst>>8)
	first := pitCount()
	for i := 0; pitCount() == first; i++ {
		if i == patience {
			return 0, 0, 0
		}
	}
	before()
	from := pitCount()
	start = cpu.TSC()
	to := from
	for from-to < span && to <= from {
		to = pitCount()
	}
	end = cpu.TSC()
	after()
	if to > from { // it went by 0: we were held up
		return 0, 0, 0
	}
	return (end - start) * pitHz / (from - to) / 1000, start, end
}

// byChip measures between two changes of the chip's second; 0 if there is no chip.
func byChip(before, after func()) (kHz, start, end uint64) {
	const longest = 200_000_000 // readings
	edge := func(was uint8) bool {
		for range longest {
			if chip(0) != was {
				return true
			}
		}
		return false
	}
	if !edge(chip(0)) {
		return 0, 0, 0
	}
	before()
	start = cpu.TSC()
	if !edge(chip(0)) {
		return 0, 0, 0
	}
	end = cpu.TSC()
	after()
	return (end - start) / 1000, start, end
}

// Start starts the clock at a known rate.
func Start(kHz, tsc uint64) {
	own.SetRate(max(kHz, 1), tsc, 0)
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
