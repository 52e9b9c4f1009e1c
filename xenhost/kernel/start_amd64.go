package kernel

import (
	"unsafe"

	"github.com/sista-vm/sista/xenhost/clock"
	"github.com/sista-vm/sista/xenhost/console"
	"github.com/sista-vm/sista/xenhost/cpu"
	"github.com/sista-vm/sista/xenhost/mem"
	"github.com/sista-vm/sista/xenhost/pvh"
	"github.com/sista-vm/sista/xenhost/sig"
	"github.com/sista-vm/sista/xenhost/xen"
)

// Start makes a machine out of what the hypervisor has started, and answers the stack pointer
// with which Go's runtime begins. The first 4 GiB of physical memory must appear at DirectMap.
func Start(startInfo, tsc, tables uint64) uint64 {
	booted, startTSC = true, tsc
	depth = 1
	addresses(&where)
	store(where.local+24, where.fakeG)
	features = cpu.Detect()
	openConsole()
	if !info.Read(DirectMap, startInfo) {
		fatal("no PVH start info where EBX says", startInfo)
	}
	readOptions()
	startExtendedState()
	startMemory(tables)
	startTraps()
	startClock()
	x := threads.Start()
	x.FS = cpu.ReadMSR(msrFSBase)
	x.Extended = newExtendedState()
	current = addressOf(unsafe.Pointer(x))
	sp := programStack()
	startInterrupts()
	clock.Install()
	cpu.WriteMSR(msrFSBase, x.FS)
	depth = 0
	return sp
}

// onXen tells that there is Xen below.
var onXen bool

func openConsole() {
	if onXen = xen.Detect(); onXen {
		console.OpenXen(DirectMap)
	} else {
		console.OpenSerial()
	}
}

// Options of the command line that are the kernel's own; they are not passed on.
//
//	kernel.xcr0=N   the parts of extended state in use, where what CPUID offers does not work
//	kernel.trace    a line for each system call
//	kernel.ticks    a line at the end, and at moments that the program names with Mark: ticks of
//	                the time-stamp counter since the entry, and of these the ones in which nothing
//	                could run, the clock was measured, or such lines were printed. With QEMU's
//	                -icount shift=0 a tick is an instruction.
var (
	optionComponents uint64
	optionTrace      bool
	optionTicks      bool
)

const optionPrefix = "kernel."

func readOptions() {
	n := min(info.LineLength, len(info.CommandLine)-1)
	info.LineLength = pvh.Words(info.CommandLine[:], n)
	for i := 0; i < info.LineLength; {
		w := word(i)
		i += len(w) + 1
		if v, ok := after(w, "kernel.xcr0="); ok {
			for _, c := range v {
				optionComponents = optionComponents*10 + uint64(c-'0')
			}
		}
		if _, ok := after(w, "kernel.ticks"); ok {
			optionTicks = true
		}
		if _, ok := after(w, "kernel.trace"); ok {
			optionTrace = true
		}
	}
}

// word answers the word of the command line at i.
func word(i int) []byte {
	n := i
	for n < info.LineLength && info.CommandLine[n] != 0 {
		n++
	}
	return info.CommandLine[i:n]
}

// after answers what follows a prefix.
func after(w []byte, prefix string) ([]byte, bool) {
	if len(w) < len(prefix) {
		return nil, false
	}
	for i := range len(prefix) {
		if w[i] != prefix[i] {
			return nil, false
		}
	}
	return w[len(prefix):], true
}

const (
	msrFSBase  = 0xc0000100
	cr4OSXSave = 1 << 18
)

// startExtendedState lets the program use what of the processor's extended state can be saved.
func startExtendedState() {
	if !features.XSave {
		return
	}
	cpu.SetControl4(cpu.Control4() | cr4OSXSave)
	if optionComponents != 0 {
		features.Components = cpu.Usable(features.Components & optionComponents)
	}
	cpu.SetExtendedControl(features.Components)
	useXSave, components = true, uint32(features.Components)
}

// newExtendedState answers the place for the extended state of a thread, 0 if there is no memory.
func newExtendedState() uint64 {
	p, ok := space.Frames.Alloc(0)
	if !ok {
		return 0
	}
	sig.Fresh(DirectMap+p, mem.PageSize)
	return DirectMap + p
}

// startClock starts the clock at what the hypervisor or a measurement tells, and sets it.
func startClock() {
	if onXen {
		startXenClock()
		return
	}
	measure()
	clock.SetWall(clock.ReadChip()*1e9 - clock.Now())
}

// programStackSize is the stack of the program's first thread, which Go expects to be big.
const programStackSize = 256 << 10

// programStack lays out what Linux lays out for a program: the number of arguments, the arguments,
// the environment, and the auxiliary vector.
func programStack() uint64 {
	base, e := space.Reserve(0, programStackSize, mem.Read|mem.Write, mem.Anywhere)
	if e != 0 {
		fatal("no memory for the program's stack", programStackSize)
	}
	const room = 16 << 10 // for what is laid out
	sp := base + programStackSize - room
	at := sp
	put := func(v uint64) {
		if at < base+programStackSize {
			store(at, v)
			at += 8
		}
	}
	put(0)
	put(addressOf(unsafe.Pointer(unsafe.StringData("sista\x00"))))
	argc := uint64(1)
	for pass := range 2 { // arguments, environment
		for i := 0; i < info.LineLength; {
			w := word(i)
			if _, own := after(w, optionPrefix); !own && pvh.IsVariable(w) == (pass == 1) {
				put(addressOf(unsafe.Pointer(&info.CommandLine[i])))
				if pass == 0 {
					argc++
				}
			}
			i += len(w) + 1
		}
		put(0)
	}
	const atNull, atPageSize, atRandom = 0, 6, 25
	fillRandom(bytesAt(addressOf(unsafe.Pointer(&seed)), uint64(len(seed))))
	put(atPageSize)
	put(mem.PageSize)
	put(atRandom)
	put(addressOf(unsafe.Pointer(&seed)))
	put(atNull)
	put(0)
	store(sp, argc)
	return sp
}

// seed is random bytes for Go's runtime.
var seed [16]byte
