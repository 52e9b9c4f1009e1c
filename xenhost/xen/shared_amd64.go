package xen

import (
	"math/bits"
	"sync/atomic"
	"unsafe"
)

// The page of shared information (shared_info of a 64-bit guest):
//
//	   0  of processor 0: 0 an event has come (1)  8 selector of words with events
//	      32 time (clock.Record)
//	2048  pending events, 64 words
//	2560  masked events, 64 words
//	3072  time of day: version (4), seconds (4), nanoseconds (4), high half of seconds (4)
const (
	sharedUpcall   = 0
	sharedSelector = 8
	sharedTime     = 32
	sharedPending  = 2048
	sharedMasked   = 2560
	sharedDay      = 3072
	eventWords     = 64
)

// shared is where the page appears.
var shared uint64

// MapShared puts the page of shared information in the place of a frame at a physical address,
// which appears at base.
func MapShared(base, physical uint64) bool {
	const sharedInfo = 0 // of the things that can be put there
	// xen_add_to_physmap: 0 domain (2)  2 size (2)  4 what (4)  8 index  16 frame
	argument[0], argument[1], argument[2] = self|sharedInfo<<32, 0, physical>>12
	if failed(call(callMemory, memoryAddToPhysmap, argumentAt(), 0, 0)) {
		return false
	}
	shared = base + physical
	for i := uint64(0); i < eventWords; i++ {
		*word(sharedMasked + 8*i) = ^uint64(0)
	}
	return true
}

func word(offset uint64) *uint64 { return (*uint64)(unsafe.Add(nil, uintptr(shared+offset))) }

// TimeRecord answers the address of the clock's record.
func TimeRecord() uint64 { return shared + sharedTime }

// Wall answers the time of day at system time 0, in nanoseconds since 1970.
func Wall() uint64 {
	version := (*uint32)(unsafe.Add(nil, uintptr(shared+sharedDay)))
	for {
		v := atomic.LoadUint32(version)
		seconds := uint64(load32(shared+sharedDay+4)) | uint64(load32(shared+sharedDay+12))<<32
		nanos := uint64(load32(shared + sharedDay + 8))
		if v&1 == 0 && v == atomic.LoadUint32(version) {
			return seconds*1e9 + nanos
		}
	}
}

// Receive lets all events interrupt by a vector of the processor.
func Receive(vector uint8) bool {
	const byVector = 2 << 56
	return setParam(paramCallback, byVector|uint64(vector))
}

// BindTimer answers the port of the timer's events.
func BindTimer() (port uint32, ok bool) {
	const timer = 0
	// evtchn_bind_virq: 0 virq  4 processor  8 port
	argument[0], argument[1] = timer, 0
	if failed(call(callEvents, eventsBindVIRQ, argumentAt(), 0, 0)) {
		return 0, false
	}
	return uint32(argument[1]), true
}

// Unmask lets the events of a port come.
func Unmask(port uint32) {
	argument[0] = uint64(port)
	call(callEvents, eventsUnmask, argumentAt(), 0, 0)
}

// Notify sends an event to the other end of a port.
func Notify(port uint32) {
	argument[0] = uint64(port)
	call(callEvents, eventsSend, argumentAt(), 0, 0)
}

// Pending calls f with each port that has an event, and takes the events.
func Pending(f func(port uint32)) {
	atomic.StoreUint32((*uint32)(unsafe.Add(nil, uintptr(shared+sharedUpcall))), 0)
	selector := atomic.SwapUint64(word(sharedSelector), 0)
	for selector != 0 {
		i := uint64(bits.TrailingZeros64(selector))
		selector &= selector - 1
		for {
			ready := atomic.LoadUint64(word(sharedPending+8*i)) &^ atomic.LoadUint64(word(sharedMasked+8*i))
			if ready == 0 {
				break
			}
			bit := uint64(bits.TrailingZeros64(ready))
			atomic.AndUint64(word(sharedPending+8*i), ^(uint64(1) << bit))
			f(uint32(64*i + bit))
		}
	}
}
