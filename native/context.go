package native

import "sync/atomic"

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

	goSP, goBP uint64

	Stubs [NumExits]uint64 // addresses of the stubs, by Exit

	Regs  [16]uint64 // at a deoptimization, by machine number (AX 0, CX 1, DX 2, BX 3, SP 4, ...)
	XRegs [16]uint64
}

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
	// ExitContext: make the context of inline level Args[1] of this frame; its state's
	// level says method, receiver and closure. Goes on with the context in AX.
	ExitContext
	// ExitCall: as ExitSend for a method that is known: Args[1] is the cell, whose selector is the method.
	ExitCall
	// ExitNonLocal: return Args[1] from the home of the closure Args[0]. Never goes on.
	ExitNonLocal
	// ExitFloat: make a boxed float of the bits in Args[0], for which eden has no room; AX is the object.
	ExitFloat

	NumExits
)

// ICWords is the size of a send site's cell, in words.
const ICWords = 4
