// Package native is the contract between machine code and the rest of the virtual
// machine: which register holds what, how a frame of machine code looks, how code
// is left and entered again, what a compiled method says about itself, and the
// memory it lies in. It compiles nothing and knows no objects.
//
// # Registers
//
//	R15  the [Context] of the virtual machine, always
//	RBP  the running frame (fp)
//	RSP  the top of the Smalltalk stack (sp)
//	R14  and all others are free; X0 to X15 too
//
// Nothing survives a call or an exit in a register: what lives on is in the frame.
//
// # Frames
//
// Machine code runs on the interpreter's stack pages, in frames that begin like the
// interpreter's and are walked by the same code:
//
//	fp + 16 + 8*argc   receiver, or the closure of a block \  pushed by the caller,
//	fp + 16 ...        arguments, the first one highest    /  popped by the return
//	fp +  8            return address
//	fp +  0            caller's fp
//	fp -  8            the owner's: while the frame is the head of its page and not running,
//	                   where it goes on; code does not set it
//	fp - 16            flags: SmallInteger of argc | block<<8 | native<<9 | context<<10
//	fp - 24            the owner's, too: context of the outermost level, if the flags say so
//	fp - 32 - 8*i      slot i of Code.FrameSlots
//	     ...           receiver and arguments being pushed for a send
//
// The pc of a frame that is not the head of its page is the return address in the
// frame above it, or, if that is the stub of [ExitReturnHooked], one that the owner of the stack keeps
// elsewhere. A return address or pc in the code zone names a [Safepoint], and that says
// what activations the frame stands for: of all that, code stores nothing.
//
// A frame that code took over from the interpreter ([Code.OSR]) has more in front of its slots:
//
//	fp - 24            context of the outermost level, or nil; the flags say so
//	fp - 32            receiver (self) of the outermost level
//	fp - 40            anything tagged
//	fp - 48 - 8*i      slot i of Code.FrameSlots
//
// Entry: the caller has pushed receiver and arguments and calls. The callee lays the
// frame, and answers with the result in RAX, receiver and arguments popped.
//
// # Sends
//
// A send site has a cell of data ([ICWords] words) and loads its address into R10:
//
//	+0   class index that the target is for (immediates: their tag)
//	+8   where to call: the target's checked entry, or the send stub
//	+16  selector literal (an oop, visited by the collector)
//	+24  argument count, and what the owner of the cell likes
//
// The site does CALL 8(R10). A checked entry compares the class index of the receiver
// with 0(R10) and jumps to the send stub if it is another. The stub leaves to Go, which
// finds the method, runs it in whatever tier, and fills the cell.
//
// # Leaving and entering
//
// Code is left by CALL of a stub through the context (Context.Stubs). The return
// address says where, and to the maps why: it is the pc of a [Safepoint]. The stub keeps AX, CX and DX in
// Context.Args, sp, fp and the return address in SP, FP and PC, and goes back to Go.
// The deoptimization stub keeps every register. [Enter] goes on at Context.PC with SP,
// FP, and AX from Args[0].
//
// # Interruption
//
// While code runs, Go cannot stop the goroutine, and so cannot collect garbage; code polls
// therefore in every loop. When Go wants the goroutine (SIGURG), Context.StackLimit becomes the
// largest number, and the next poll leaves. The owner sets the limit back before it enters
// code again; its next call of a Go function yields to the scheduler. The limit may be raised
// like that at any time, by any goroutine, and also without need.
//
// What code does that the processor refuses (an access to nowhere, a division by 0) leaves
// with [ExitFault]: a bug of a compiler, for the owner to report.
//
// # Memory
//
// Code lies in a [Zone], on pages that are never writable at the address where they are executed;
// its literals, cells and constants are on other pages, reached by displacements. Code has no
// absolute addresses. Where there is no support ([Supported], [NewZone]) there is no zone,
// and nothing else of this package is needed.
package native
