package xen

import (
	"unsafe"

	"github.com/sista-vm/sista/xenhost/cpu"
)

func vmcall(number, a, b, c, d uint64) uint64
func vmmcall(number, a, b, c, d uint64) uint64

// Hypercalls, and their operations.
const (
	callMemory   = 12
	callTimer    = 15
	callConsole  = 18
	callGrants   = 20
	callSchedule = 29
	callEvents   = 32
	callHVM      = 34

	memoryAddToPhysmap = 7
	memoryMap          = 9
	scheduleYield      = 0
	scheduleShutdown   = 2
	eventsBindVIRQ     = 1
	eventsClose        = 3
	eventsSend         = 4
	eventsAllocUnbound = 6
	eventsUnmask       = 9
	hvmSetParam        = 0
	hvmGetParam        = 1

	self = 0x7ff0 // the domain that asks
)

// Parameters of an HVM guest.
const (
	paramCallback     = 0
	paramStoreFrame   = 1
	paramStorePort    = 2
	paramConsoleFrame = 17
	paramConsolePort  = 18
)

// The vendors whose processors have VMMCALL: the second word of CPUID's leaf 0.
const (
	vendorAMD   = 0x68747541 // "Auth"enticAMD
	vendorHygon = 0x6f677948 // "Hygo"nGenuine
)

var (
	present bool
	amd     bool
)

// Detect finds out whether there is Xen below. Its CPUID leaves may have been moved up by those
// of another interface.
func Detect() bool {
	for leaf := uint32(0x40000000); leaf < 0x40010000; leaf += 0x100 {
		_, b, c, d := cpu.CPUID(leaf, 0)
		if b == 0x566e6558 && c == 0x65584d4d && d == 0x4d4d566e { // "XenVMMXenVMM"
			_, vendor, _, _ := cpu.CPUID(0, 0)
			amd = vendor == vendorAMD || vendor == vendorHygon
			present = true
			return true
		}
	}
	return false
}

// Present tells what Detect has found.
func Present() bool { return present }

// call makes a hypercall. Results from -4095 on are errors.
func call(number, a, b, c, d uint64) uint64 {
	if amd {
		return vmmcall(number, a, b, c, d)
	}
	return vmcall(number, a, b, c, d)
}

func failed(result uint64) bool { return int64(result) < 0 }

// argument is where the structures for hypercalls are made.
var argument [8]uint64

func argumentAt() uint64 { return addressOf(unsafe.Pointer(&argument)) }

func addressOf(p unsafe.Pointer) uint64 { return uint64(uintptr(p)) }

// param reads a parameter: xen_hvm_param is 0 domain (2)  4 index  8 value.
func param(index uint32) (uint64, bool) {
	argument[0], argument[1] = self|uint64(index)<<32, 0
	if failed(call(callHVM, hvmGetParam, argumentAt(), 0, 0)) {
		return 0, false
	}
	return argument[1], true
}

func setParam(index uint32, v uint64) bool {
	argument[0], argument[1] = self|uint64(index)<<32, v
	return !failed(call(callHVM, hvmSetParam, argumentAt(), 0, 0))
}

// MemoryEntry is a part of the memory map, as the firmware of a PC has it (20 bytes).
type MemoryEntry struct {
	Address, Size uint64
	Type          uint32
}

const memoryEntrySize = 20

var memoryEntries [64 * memoryEntrySize]byte

// Memory asks for the memory map, and answers the number of its entries. Xen's own first domain is
// given no other.
func Memory() int {
	const room = len(memoryEntries) / memoryEntrySize
	// xen_memory_map: 0 number of entries  8 address
	argument[0], argument[1] = uint64(room), addressOf(unsafe.Pointer(&memoryEntries))
	if failed(call(callMemory, memoryMap, argumentAt(), 0, 0)) {
		return 0
	}
	return min(int(uint32(argument[0])), room)
}

// MemoryEntryAt answers an entry of the map.
func MemoryEntryAt(i int) MemoryEntry {
	at := addressOf(unsafe.Pointer(&memoryEntries)) + uint64(i)*memoryEntrySize
	return MemoryEntry{load(at), load(at + 8), load32(at + 16)}
}

func load(addr uint64) uint64       { return *(*uint64)(unsafe.Add(nil, uintptr(addr))) }
func load32(addr uint64) uint32     { return *(*uint32)(unsafe.Add(nil, uintptr(addr))) }
func store32(addr uint64, v uint32) { *(*uint32)(unsafe.Add(nil, uintptr(addr))) = v }

// Why a domain ends.
const (
	PowerOff = 0
	Reboot   = 1
	Suspend  = 2
	Crash    = 3
)

// Shutdown ends the domain.
func Shutdown(reason uint32) {
	argument[0] = uint64(reason)
	call(callSchedule, scheduleShutdown, argumentAt(), 0, 0)
}

// Yield lets others run.
func Yield() { call(callSchedule, scheduleYield, 0, 0, 0) }

// SetTimer lets the timer's event come at a time of the system, in nanoseconds; 0: not at all.
func SetTimer(nanos uint64) { call(callTimer, nanos, 0, 0, 0) }

// WriteEmergency writes to the hypervisor's own console, which only its first domain may.
func WriteEmergency(p []byte) {
	if len(p) > 0 {
		call(callConsole, 0, uint64(len(p)), addressOf(unsafe.Pointer(&p[0])), 0)
	}
}
