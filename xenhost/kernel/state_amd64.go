package kernel

import (
	"unsafe"

	"github.com/sista-vm/sista/xenhost/cpu"
	"github.com/sista-vm/sista/xenhost/mem"
	"github.com/sista-vm/sista/xenhost/pvh"
	"github.com/sista-vm/sista/xenhost/sig"
	"github.com/sista-vm/sista/xenhost/thread"
)

// DirectMap is where all physical memory appears, writable and not executable.
const DirectMap = 0xffff_8000_0000_0000

// What the doors and the Go code share. Addresses are kept as numbers: the program's garbage
// collector is not to see them.
var (
	current    uint64 // address of the context of the thread that runs
	depth      uint64 // 0 in the program, 1 in the kernel, 2 in a trap out of it
	scratch    uint64
	useXSave   bool
	components uint32 // of extended state
	nested     thread.Context
)

// places is filled in by addresses; the assembly knows the order.
type places struct {
	syscallDoor, vectors, ignoreDoor, trapStackEnd, lastStackEnd, fakeG, local, programEnd uint64
}

func addresses(to *places)

var (
	booted   bool
	features cpu.Features
	info     pvh.Info
	where    places
	space    mem.Space
	threads  thread.Table
	signals  sig.Table

	// modules are the boot modules, and what is packed into the guest's own ELF file.
	modules     [pvh.MaxModules + 1]pvh.Module
	moduleCount int

	startTSC uint64
)

// Booted tells whether the program runs on the bare machine.
func Booted() bool { return booted }

func running() *thread.Thread { return (*thread.Thread)(pointer(current)) }

func pointer(addr uint64) unsafe.Pointer { return unsafe.Add(nil, uintptr(addr)) }

func addressOf(p unsafe.Pointer) uint64 { return uint64(uintptr(p)) }

func load(addr uint64) uint64       { return *(*uint64)(pointer(addr)) }
func store(addr, v uint64)          { *(*uint64)(pointer(addr)) = v }
func load32(addr uint64) uint32     { return *(*uint32)(pointer(addr)) }
func store32(addr uint64, v uint32) { *(*uint32)(pointer(addr)) = v }
func bytesAt(addr, n uint64) []byte { return unsafe.Slice((*byte)(pointer(addr)), n) }
