package kernel

import (
	"unsafe"

	"github.com/sista-vm/sista/xenhost/cpu"
	"github.com/sista-vm/sista/xenhost/mem"
	"github.com/sista-vm/sista/xenhost/sig"
)

// Traps, and the vectors that we give to interrupts.
const (
	trapDivide     = 0
	trapDebug      = 1
	trapNMI        = 2
	trapBreakpoint = 3
	trapOpcode     = 6
	trapDouble     = 8
	trapProtection = 13
	trapPage       = 14
	trapFloat      = 16
	trapAlignment  = 17
	trapMachine    = 18
	trapSIMD       = 19

	firstInterrupt = 32
	vectorTimer    = 32
	vectorConsole  = 33
	vectorEvents   = 34
	vectorSpurious = 47
	vectors        = 48
	vectorStubSize = 7
	codeSelector   = 8
	taskSelector   = 24
	pageFaultWrite = 2 // in the error code
	pageFaultFetch = 16
)

// gate is an entry of the table of interrupts:
//
//	0  target 15..0   2 selector   4 stack   5 type   6 target 31..16   8 target 63..32
type gate struct {
	Low      uint16
	Selector uint16
	Stack    uint8
	Type     uint8
	Middle   uint16
	High     uint32
	_        uint32
}

// task is the task state, of which only the stacks for traps are used:
//
//	4  stacks of rings 0 to 2   36  stacks for traps 1 to 7   102 end of the I/O map
type task struct {
	_      [36]byte
	Stacks [14]uint32 // addresses, low and high halves
	_      [10]byte
	IOMap  uint16
}

// descriptor is how the processor is told of a table.
type descriptor struct {
	_       [6]byte
	Limit   uint16
	Address uint64
}

const descriptorSkip = 6

var (
	segments    [5]uint64
	gates       [vectors]gate
	taskState   task
	descriptors [2]descriptor
)

// The stacks for traps, numbered from 1. A fault in the kernel while it serves a trap
// may use the first again, as it has been left then.
const (
	stackTraps = 1
	stackLast  = 2 // for what must work when all else fails
)

func makeGate(target uint64, stack uint8) gate {
	const interruptGate = 0x8e // present, interrupts masked
	return gate{uint16(target), codeSelector, stack, interruptGate, uint16(target >> 16), uint32(target >> 32), 0}
}

// taskSegment answers the two words that describe the task state in the table of segments.
func taskSegment(addr, limit uint64) (low, high uint64) {
	const availableTask = 0x89
	return limit | addr&0xffffff<<16 | availableTask<<40 | addr>>24&0xff<<56, addr >> 32
}

func startTraps() {
	nested.Extended = newExtendedState()
	if nested.Extended == 0 {
		fatal("no memory for traps", 0)
	}
	for i, end := range [2]uint64{where.trapStackEnd, where.lastStackEnd} {
		end &^= 63
		taskState.Stacks[2*i], taskState.Stacks[2*i+1] = uint32(end), uint32(end>>32)
	}
	taskState.IOMap = uint16(unsafe.Sizeof(taskState))
	segments[1] = 0x00af9b000000ffff // code of 64 bits
	segments[2] = 0x00cf93000000ffff // data
	segments[3], segments[4] = taskSegment(addressOf(unsafe.Pointer(&taskState)), uint64(unsafe.Sizeof(taskState))-1)
	for i := range gates {
		stack := uint8(stackTraps)
		if i == trapDouble || i == trapMachine {
			stack = stackLast
		}
		gates[i] = makeGate(where.vectors+uint64(i)*vectorStubSize, stack)
	}
	gates[trapNMI] = makeGate(where.ignoreDoor, stackLast)
	describe(&descriptors[0], addressOf(unsafe.Pointer(&segments)), uint64(unsafe.Sizeof(segments)))
	describe(&descriptors[1], addressOf(unsafe.Pointer(&gates)), uint64(unsafe.Sizeof(gates)))
	cpu.LoadGDT(uintptr(unsafe.Pointer(&descriptors[0])) + descriptorSkip)
	cpu.LoadIDT(uintptr(unsafe.Pointer(&descriptors[1])) + descriptorSkip)
	cpu.LoadTask(taskSelector)

	const star, lstar, fmask = 0xc0000081, 0xc0000082, 0xc0000084
	const direction, interrupts, step = 0x400, 0x200, 0x100
	cpu.WriteMSR(star, codeSelector<<32)
	cpu.WriteMSR(lstar, where.syscallDoor)
	cpu.WriteMSR(fmask, direction|interrupts|step)
}

func describe(d *descriptor, addr, size uint64) {
	d.Limit, d.Address = uint16(size-1), addr
}

// serveTrap serves a trap or interrupt out of the program.
func serveTrap(stub, code uint64) {
	vector := stub/vectorStubSize - 1
	x := running()
	switch vector {
	case trapPage:
		addr := cpu.FaultAddress()
		if !supply(addr, code) {
			send(sig.Info{Signal: sig.SIGSEGV, Code: 1, Address: addr, Error: code, Trap: vector})
		}
		return
	case trapDivide, trapFloat, trapSIMD:
		send(sig.Info{Signal: sig.SIGFPE, Code: 1, Address: x.IP, Error: code, Trap: vector})
	case trapOpcode:
		send(sig.Info{Signal: sig.SIGILL, Code: 1, Address: x.IP, Error: code, Trap: vector})
	case trapBreakpoint, trapDebug:
		send(sig.Info{Signal: sig.SIGTRAP, Code: 0x80, Trap: vector})
	case trapProtection, trapAlignment:
		send(sig.Info{Signal: sig.SIGSEGV, Code: 0x80, Error: code, Trap: vector})
	default:
		if vector < firstInterrupt {
			fatalTrap(vector, code, x.IP, x.SP, x.BP)
		}
		serveInterrupt(vector)
		schedule()
	}
	deliver()
}

// serveNested serves a trap out of the kernel.
func serveNested(stub, code uint64) {
	vector := stub/vectorStubSize - 1
	switch {
	case depth > 2:
	case vector >= firstInterrupt:
		serveInterrupt(vector)
		return
	case vector == trapPage && supply(cpu.FaultAddress(), code):
		return
	}
	fatalTrap(vector, code, nested.IP, nested.SP, nested.BP)
}

// supply answers a page fault; false if it is the program's mistake.
func supply(addr, code uint64) bool {
	switch space.Supply(addr, mem.Access{Write: code&pageFaultWrite != 0, Fetch: code&pageFaultFetch != 0}) {
	case mem.Supplied:
		return true
	case mem.OutOfMemory:
		fatal("out of memory: all of the guest's memory is in use; KiB", space.Frames.Total()*mem.PageSize>>10)
	}
	return false
}

// send gives the running thread a signal for what it has just done.
func send(i sig.Info) {
	if !signals.Push(running(), i, features.StateSize) {
		x := running()
		fatalTrap(i.Trap, i.Error, x.IP, x.SP, x.BP)
	}
}

// deliver gives the running thread the signals that others have sent it.
func deliver() {
	x := running()
	for {
		n := sig.Take(x)
		if n == 0 {
			return
		}
		if !signals.Push(x, sig.Info{Signal: n, Code: -6}, features.StateSize) {
			endProgram(128 + uint64(n))
		}
	}
}
