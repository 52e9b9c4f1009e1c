package native

import (
	"fmt"
	"sync/atomic"
	"unsafe"
)

// Context is what machine code sees of its virtual machine, at R15. It is part of
// a Go object, which does not move.
type Context struct {
	StackLimit atomic.Uint64 // code polls: sp below it leaves; raised by any goroutine
	Free       uint64        // where the next object in eden goes (its header; 8-aligned)
	FreeLimit  uint64        // end of what may be taken
	Nil        uint64
	False      uint64
	True       uint64
	OldStart   uint64 // objects from here on are old

	SP, FP, PC uint64 // of the code, while Go runs
	Exit       Exit
	Args       [3]uint64 // AX, CX, DX when code was left; Args[0] goes to AX when it is entered

	goSP, goBP uint64 // Go's stack, while code runs
	serialize  uint64 // not 0: code was written where other code was, see Enter

	Stubs [NumExits]uint64 // addresses of the stubs, by Exit

	Regs  [16]uint64 // at a deoptimization or fault, by machine number (AX 0, CX 1, DX 2, BX 3, SP 4, ...)
	XRegs [16]uint64

	FaultSignal, FaultAddr uint64 // of ExitFault

	Sends uint64 // address of a SendCache, or 0

	// Trip counts down activations and back edges, of the interpreter and of template
	// code, to the next sample.
	Trip int64
	// At are the sends that need no lookup.
	At Shortcuts
	// ClassPages is where the addresses of the class table's pages are, of 1024 classes each.
	ClassPages, NumClassPages uint64
	// Routines are addresses of code that template code shares.
	Routines [NumRoutines]uint64

	// Guards counts down the guards and polls that code made for stress tests passes: such
	// code is left where it gets to 0.
	Guards int64

	Helpers [NumHelpers]uint64 // addresses, by Helper

	sends *SendCache // at Sends, as Go knows it

	Scheduling
}

// SetSends makes a cache the one where the stubs of sends look; nil: there is none.
func (c *Context) SetSends(s *SendCache) {
	c.sends, c.Sends = s, uint64(uintptr(unsafe.Pointer(s)))
}

// NumRoutines is how many routines there may be.
const NumRoutines = 16

// Shortcuts tells what may be done to Arrays, ByteStrings and ByteArrays without a
// send, since a send found that the method is the primitive for it. An object of these
// classes has the format that goes with the class.
type Shortcuts struct {
	Array, ArrayPut, ArraySize    bool
	String, StringPut, StringSize bool
	Bytes, BytesPut, BytesSize    bool
}

// Offsets of what machine code uses, from R15.
const (
	OffStackLimit    = int32(unsafe.Offsetof(Context{}.StackLimit))
	OffFree          = int32(unsafe.Offsetof(Context{}.Free))
	OffFreeLimit     = int32(unsafe.Offsetof(Context{}.FreeLimit))
	OffNil           = int32(unsafe.Offsetof(Context{}.Nil))
	OffFalse         = int32(unsafe.Offsetof(Context{}.False))
	OffTrue          = int32(unsafe.Offsetof(Context{}.True))
	OffOldStart      = int32(unsafe.Offsetof(Context{}.OldStart))
	OffTrip          = int32(unsafe.Offsetof(Context{}.Trip))
	OffAt            = int32(unsafe.Offsetof(Context{}.At)) // of Shortcuts
	OffGuards        = int32(unsafe.Offsetof(Context{}.Guards))
	OffClassPages    = int32(unsafe.Offsetof(Context{}.ClassPages))
	OffNumClassPages = int32(unsafe.Offsetof(Context{}.NumClassPages))
	offRoutines      = int32(unsafe.Offsetof(Context{}.Routines))
	offHelpers       = int32(unsafe.Offsetof(Context{}.Helpers))
	offStubs         = int32(unsafe.Offsetof(Context{}.Stubs))
)

// OffStub is the offset of a stub's address: code does CALL OffStub(x)(R15).
func OffStub(x Exit) int32 { return offStubs + 8*int32(x) }

// OffRoutine is the offset of the address of routine i.
func OffRoutine(i int) int32 { return offRoutines + 8*int32(i) }

// Exit says why machine code was left.
type Exit uint64

// The exits, which are also the stubs.
const (
	// ExitReturn: a frame returned to the interpreter. Its result is Args[0]; fp is the
	// caller's, sp above receiver and arguments. Never called by code: the stub's address
	// is the return address of frames that an interpreted frame calls.
	ExitReturn Exit = iota
	// ExitReturnBase: the same of the base frame of a page.
	ExitReturnBase
	// ExitReturnHooked: the same of a frame whose return address its owner keeps elsewhere.
	ExitReturnHooked
	// ExitSend: R10 (in Args[1]) is the cell; receiver and arguments are on the stack.
	ExitSend
	// ExitDeopt: leave this code for good, by the state of the safepoint.
	ExitDeopt
	// ExitPoll: the stack limit was met. Goes on, or leaves by the state.
	ExitPoll
	// ExitNew: Args[0] is the header word of an object (with slots or, from 255 on, the number in
	// Args[1] and 255 in the header), for which eden has no room. Goes on with the object in AX, its
	// contents undefined except that oop slots hold valid oops; or leaves by the state.
	ExitNew
	// ExitRemember: Args[0] is an old object that refers to a young one and is not remembered.
	ExitRemember
	// ExitHash: Args[0] is an object without identity hash; answers the hash untagged in AX.
	ExitHash
	// ExitTouch: field Args[1] of the object Args[0], which is watched or read-only, is about
	// to be written. Goes on, or leaves by the state.
	ExitTouch
	// ExitContext: make the context of inline level Args[1] of this frame; its state's
	// level says method, receiver and closure. Goes on with the context in AX.
	ExitContext
	// ExitValue: as ExitSend for a cell that calls closures, see SendCache.
	ExitValue
	// ExitCall: as ExitSend for a method that is known: Args[1] is the cell, whose selector is the method.
	ExitCall
	// ExitNonLocal: return Args[1] from the home of the closure Args[0]. Never goes on.
	ExitNonLocal
	// ExitFloat: make a boxed float of the bits in Args[0], for which eden has no room; AX is the object.
	ExitFloat
	// ExitInterpret: template code needs the interpreter, see [Need]: Args[2] says for
	// what, Args[0] and Args[1] are its operands.
	ExitInterpret
	// ExitFault: code did what the processor refused, at PC; Regs, XRegs, FaultSignal and
	// FaultAddr tell more. It cannot go on. Never called by code.
	ExitFault

	NumExits
)

// ICWords is the size of a send site's cell, in words.
const ICWords = 4

// A SendCache is where the stubs of sends look before they leave: code that the cells' own
// target is not for. An entry says what a selector finds in objects of a class index, or, with
// ValueClass, the code of the block Selector. Its place is [SendPlace] of the two.
type SendCache [1 << sendCacheBits]SendTarget

// SendTarget is an entry of a SendCache.
type SendTarget struct{ Selector, Class, Entry, _ uint64 }

const sendCacheBits = 10

// ValueClass stands in for a class index where the key is a block.
const ValueClass = 1 << 22

// SendPlace answers where an entry is, if it is there.
func SendPlace(selector, class uint64) int {
	return int((selector>>3 ^ selector>>13 ^ class*5) & (1<<sendCacheBits - 1))
}

// NoClass is in a cell that was not linked: it is no class index.
const NoClass = 1<<64 - 1

// Fault describes what led to ExitFault.
func (c *Context) Fault() string {
	return fmt.Sprintf("signal %d at pc %#x, address %#x, sp %#x, fp %#x", c.FaultSignal, c.PC, c.FaultAddr, c.SP, c.FP)
}
