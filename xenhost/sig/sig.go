// Package sig is the part of signals that Go's scheduler and its panics need: handlers,
// alternate stacks, and frames that a handler can look at and change, in the layout of Linux on x86-64.
//
// What it promises:
//   - A handler sees the registers of the interrupted thread, with all extended state, and what
//     it writes there holds when it returns.
//   - A signal without a handler is either ignored, as Linux ignores it, or Push says that it is fatal.
//   - It touches no hardware, only the memory of the thread's stack, which may fault.
package sig

import (
	"unsafe"

	"github.com/sista-vm/sista/xenhost/thread"
)

// Signals that the kernel sends, or that are ignored without a handler.
const (
	SIGILL   = 4
	SIGTRAP  = 5
	SIGBUS   = 7
	SIGFPE   = 8
	SIGSEGV  = 11
	SIGCHLD  = 17
	SIGCONT  = 18
	SIGURG   = 23
	SIGWINCH = 28

	Last = 64
)

// Action is what a program wants done, as rt_sigaction has it.
type Action struct{ Handler, Flags, Restorer, Mask uint64 }

const (
	onStack   = 0x0800_0000 // Action.Flags: on the alternate stack
	noDefer   = 0x4000_0000 // the signal itself is not held back meanwhile
	ignore    = 1
	disabled  = 2     // stack.flags: there is none
	redZone   = 128   // bytes below the stack pointer that functions of C may use
	entryFlag = 0x202 // flags at the start of a handler: interrupts only
	ours      = 0xcd5 // flags that a program may change
	needed    = 0x202 // flags that are always set
)

// The frame that a handler is given, from its stack pointer up:
//
//	  0  return address: Action.Restorer
//	  8  ucontext   0 flags  8 link  16 stack{sp, flags, size}
//	                40 registers (18 words, thread.Regs)  184 segments
//	                192 error  200 trap  208 old mask  216 fault address
//	                224 address of the extended state  232 reserved  296 mask
//	312  siginfo    0 number  4 errno  8 code  16 fault address        (128 bytes)
//	 ..  extended state, aligned to 64
const (
	ucontext     = 8
	ucStack      = 16
	ucRegs       = 40
	ucSegments   = 184
	ucError      = 192
	ucTrap       = 200
	ucOldMask    = 208
	ucAddress    = 216
	ucExtended   = 224
	ucMask       = 296
	ucontextSize = 304
	siginfoSize  = 128
	codeSelector = 8
)

// Info is why a signal is sent.
type Info struct {
	Signal  int
	Code    int32
	Address uint64
	Error   uint64 // of the trap, with its number
	Trap    uint64
}

// Table is the actions of all signals.
type Table struct{ actions [Last + 1]Action }

// Action answers the place of a signal's action, nil if there is no such signal.
func (s *Table) Action(signal uint64) *Action {
	if signal == 0 || signal > Last {
		return nil
	}
	return &s.actions[signal]
}

// Take answers the next signal that x can be given, and removes it from what is pending; 0: none.
func Take(x *thread.Thread) int {
	ready := x.Pending &^ x.Mask
	if ready == 0 {
		return 0
	}
	n := 1
	for ready>>(n-1)&1 == 0 {
		n++
	}
	x.Pending &^= 1 << (n - 1)
	return n
}

func load(addr uint64) uint64       { return *(*uint64)(unsafe.Add(nil, uintptr(addr))) }
func store(addr, v uint64)          { *(*uint64)(unsafe.Add(nil, uintptr(addr))) = v }
func store32(addr uint64, v uint32) { *(*uint32)(unsafe.Add(nil, uintptr(addr))) = v }
func bytes(addr, n uint64) []byte   { return unsafe.Slice((*byte)(unsafe.Add(nil, uintptr(addr))), n) }
func regs(addr uint64) *thread.Regs { return (*thread.Regs)(unsafe.Add(nil, uintptr(addr))) }

// Push lays a frame on the stack of x and makes it run the handler. extended is the size of
// extended state. ok is false when the signal has no handler and ends the program.
func (s *Table) Push(x *thread.Thread, i Info, extended uint64) (ok bool) {
	a := &s.actions[i.Signal]
	if a.Handler <= ignore {
		return a.Handler == ignore || i.Signal == SIGURG || i.Signal == SIGCHLD || i.Signal == SIGCONT || i.Signal == SIGWINCH
	}
	sp := x.SP - redZone
	if a.Flags&onStack != 0 && x.AltStack != 0 && !(x.SP > x.AltStack && x.SP <= x.AltStack+x.AltSize) {
		sp = x.AltStack + x.AltSize
	}
	state := (sp - extended) &^ 63
	// A handler is entered like a function: 8 bytes off a multiple of 16.
	frame := (state-ucontext-ucontextSize-siginfoSize)&^15 - 8
	uc, info := frame+ucontext, frame+ucontext+ucontextSize
	if x.Full == 0 {
		Fresh(x.Extended, extended)
		x.Full = 1
	}
	copy(bytes(state, extended), bytes(x.Extended, extended))
	clear(bytes(uc, ucontextSize+siginfoSize))
	store(frame, a.Restorer)
	putStack(x, uc+ucStack)
	*regs(uc + ucRegs) = x.Regs
	store(uc+ucSegments, codeSelector)
	store(uc+ucError, i.Error)
	store(uc+ucTrap, i.Trap)
	store(uc+ucOldMask, x.Mask)
	store(uc+ucAddress, i.Address)
	store(uc+ucExtended, state)
	store(uc+ucMask, x.Mask)
	store32(info, uint32(i.Signal))
	store32(info+8, uint32(i.Code))
	store(info+16, i.Address)
	x.Mask |= a.Mask
	if a.Flags&noDefer == 0 {
		x.Mask |= 1 << (i.Signal - 1)
	}
	x.SP, x.IP, x.Flags = frame, a.Handler, entryFlag
	x.DI, x.SI, x.DX, x.AX = uint64(i.Signal), info, uc, 0
	return true
}

// Return ends a handler: x is as the frame says. The handler has taken the return address from the stack.
func Return(x *thread.Thread, extended uint64) {
	uc := x.SP
	x.Regs = *regs(uc + ucRegs)
	x.Flags = x.Flags&ours | needed
	x.Mask = load(uc + ucMask)
	copy(bytes(x.Extended, extended), bytes(load(uc+ucExtended), extended))
	x.Full = 1
}

// Fresh makes extended state as it is when a processor starts.
func Fresh(addr, size uint64) {
	clear(bytes(addr, size))
	store32(addr, 0x37f)     // FCW
	store32(addr+24, 0x1f80) // MXCSR
}

// AltStack is sigaltstack: wanted and old are addresses of a stack{sp, flags, size}, or 0.
func AltStack(x *thread.Thread, wanted, old uint64) {
	if old != 0 {
		putStack(x, old)
	}
	if wanted == 0 {
		return
	}
	if load(wanted+8)&disabled != 0 {
		x.AltStack, x.AltSize = 0, 0
	} else {
		x.AltStack, x.AltSize = load(wanted), load(wanted+16)
	}
}

func putStack(x *thread.Thread, to uint64) {
	store(to, x.AltStack)
	store(to+8, 0)
	if x.AltStack == 0 {
		store(to+8, disabled)
	}
	store(to+16, x.AltSize)
}

// How Mask combines.
const (
	Block   = 0
	Unblock = 1
	Set     = 2
)

// SetMask changes which signals are held back; false if there is no such way.
func SetMask(x *thread.Thread, how, mask uint64) bool {
	switch how {
	case Block:
		x.Mask |= mask
	case Unblock:
		x.Mask &^= mask
	case Set:
		x.Mask = mask
	default:
		return false
	}
	return true
}
