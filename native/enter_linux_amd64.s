#include "go_asm.h"
#include "textflag.h"

// Here the stack pointer changes between Go's stack and the virtual machine's. Signals
// may come at any instruction; Go's handlers run on a stack of their own, take no
// assembly function for a place to preempt at, and do not walk the stack beyond one that
// writes to SP (as Enter does) or is a TOPFRAME (as the stubs are).

// func Enter(c *Context)
//
// All registers are the caller's to save (ABI0); the wrapper that Go code calls
// makes R14 and X15 right again.
TEXT ·Enter(SB), NOSPLIT|NOFRAME, $0-8
	MOVQ c+0(FP), R15
	CMPQ Context_serialize(R15), $0
	JNE  serialize
enter:
	MOVQ SP, Context_goSP(R15)
	MOVQ BP, Context_goBP(R15)
	MOVQ Context_FP(R15), BP
	MOVQ Context_Args(R15), AX
	MOVQ Context_PC(R15), CX
	MOVQ Context_SP(R15), SP
	JMP  CX

serialize:
	// The processor may have fetched what was there before.
	MOVQ $0, Context_serialize(R15)
	XORL AX, AX
	XORL CX, CX
	CPUID
	JMP  enter

// The stubs put the number of the exit in R11. Those that are called leave AX, CX and DX as
// they were, but that the cell of a send goes to CX.

// The processor predicts returns from a stack of the calls it has seen. It is kept in step,
// or all returns of Go code after this would be mispredicted.

// leave is the end of the stubs that are called. It returns, to itself, for the call.
TEXT leave<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0-0
	MOVQ R11, Context_Exit(R15)
	MOVQ AX, (Context_Args+0)(R15)
	MOVQ CX, (Context_Args+8)(R15)
	MOVQ DX, (Context_Args+16)(R15)
	MOVQ 0(SP), R11
	MOVQ R11, Context_PC(R15)
	LEAQ leaveReturned<>(SB), R11
	MOVQ R11, 0(SP)
	RET

TEXT leaveReturned<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0-0
	MOVQ SP, Context_SP(R15)
	MOVQ BP, Context_FP(R15)
	MOVQ Context_goSP(R15), SP
	MOVQ Context_goBP(R15), BP
	RET

// leaveByReturn is the end of those that are returned to: that was the return for Enter.
TEXT leaveByReturn<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0-0
	MOVQ R11, Context_Exit(R15)
	MOVQ AX, Context_Args(R15)
	MOVQ SP, Context_SP(R15)
	MOVQ BP, Context_FP(R15)
	MOVQ Context_goSP(R15), SP
	MOVQ Context_goBP(R15), BP
	MOVQ 0(SP), R11
	LEAQ 8(SP), SP
	JMP  R11

// leaveWithRegisters is the end of those that keep all registers; R11 is kept already.
TEXT leaveWithRegisters<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0-0
	MOVQ AX, (Context_Regs+0*8)(R15)
	MOVQ CX, (Context_Regs+1*8)(R15)
	MOVQ DX, (Context_Regs+2*8)(R15)
	MOVQ BX, (Context_Regs+3*8)(R15)
	MOVQ SP, (Context_Regs+4*8)(R15)
	MOVQ BP, (Context_Regs+5*8)(R15)
	MOVQ SI, (Context_Regs+6*8)(R15)
	MOVQ DI, (Context_Regs+7*8)(R15)
	MOVQ R8, (Context_Regs+8*8)(R15)
	MOVQ R9, (Context_Regs+9*8)(R15)
	MOVQ R10, (Context_Regs+10*8)(R15)
	MOVQ R12, (Context_Regs+12*8)(R15)
	MOVQ R13, (Context_Regs+13*8)(R15)
	MOVQ R14, (Context_Regs+14*8)(R15)
	MOVQ R15, (Context_Regs+15*8)(R15)
	MOVSD X0, (Context_XRegs+0*8)(R15)
	MOVSD X1, (Context_XRegs+1*8)(R15)
	MOVSD X2, (Context_XRegs+2*8)(R15)
	MOVSD X3, (Context_XRegs+3*8)(R15)
	MOVSD X4, (Context_XRegs+4*8)(R15)
	MOVSD X5, (Context_XRegs+5*8)(R15)
	MOVSD X6, (Context_XRegs+6*8)(R15)
	MOVSD X7, (Context_XRegs+7*8)(R15)
	MOVSD X8, (Context_XRegs+8*8)(R15)
	MOVSD X9, (Context_XRegs+9*8)(R15)
	MOVSD X10, (Context_XRegs+10*8)(R15)
	MOVSD X11, (Context_XRegs+11*8)(R15)
	MOVSD X12, (Context_XRegs+12*8)(R15)
	MOVSD X13, (Context_XRegs+13*8)(R15)
	MOVSD X14, (Context_XRegs+14*8)(R15)
	MOVSD X15, (Context_XRegs+15*8)(R15)
	MOVQ SP, Context_SP(R15)
	MOVQ BP, Context_FP(R15)
	MOVQ AX, (Context_Args+0)(R15)
	MOVQ CX, (Context_Args+8)(R15)
	MOVQ DX, (Context_Args+16)(R15)
	MOVQ Context_goSP(R15), SP
	MOVQ Context_goBP(R15), BP
	RET

TEXT exitReturn<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0-0
	MOVL $const_ExitReturn, R11
	JMP  leaveByReturn<>(SB)

TEXT exitReturnBase<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0-0
	MOVL $const_ExitReturnBase, R11
	JMP  leaveByReturn<>(SB)

// A frame that a switch has hooked widows its context, and returns to where it should. The frame's
// words are still there, below sp.
TEXT exitReturnHooked<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0-0
	CMPQ (Context_Scheduling+Scheduling_Points)(R15), $0
	JEQ  owner
	LEAQ -8(SP), CX
	SUBQ (Context_Scheduling+Scheduling_PagesAt)(R15), CX
	SHRQ $const_PageShift, CX
	SHLQ $6, CX           // the size of a Page
	ADDQ (Context_Scheduling+Scheduling_Pages)(R15), CX
	MOVQ Page_HookFP(CX), DX
	TESTQ DX, DX
	JEQ  owner
	MOVQ -16(DX), SI      // flags
	SHRQ $3, SI
	ANDL $0xff, SI        // argument count
	LEAQ 24(DX)(SI*8), SI
	CMPQ SI, SP
	JNE  owner
	MOVQ -24(DX), SI      // context
	MOVQ Context_Nil(R15), DI
	CMPQ SI, DI
	JEQ  widowed
	MOVQ DI, 8(SI)
	MOVQ DI, 16(SI)
widowed:
	MOVQ $0, Page_HookFP(CX)
	MOVQ Page_HookRet(CX), CX
	JMP  CX
owner:
	MOVL $const_ExitReturnHooked, R11
	JMP  leaveByReturn<>(SB)

// A send to an object that the cell in R10 has no code for looks in the cache.
TEXT exitSend<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0-0
	MOVQ Context_Sends(R15), R11
	TESTQ R11, R11
	JEQ  miss
	MOVQ 24(R10), CX      // argument count, tagged: n<<3|1
	MOVQ 7(SP)(CX*1), AX  // receiver
	MOVL AX, CX
	ANDL $7, CX
	JNE  immediate
	MOVL (AX), CX
	ANDL $0x3fffff, CX    // class index
immediate:
	MOVQ 16(R10), DX      // selector
	MOVQ DX, AX
	MOVQ DX, SI
	SHRQ $3, AX
	SHRQ $13, SI
	XORQ SI, AX
	LEAQ (CX)(CX*4), SI
	XORQ SI, AX
	ANDL $1023, AX        // SendPlace
	SHLQ $5, AX
	CMPQ (R11)(AX*1), DX
	JNE  miss
	CMPQ 8(R11)(AX*1), CX
	JNE  miss
	JMP  16(R11)(AX*1)
miss:
	MOVQ R10, CX
	MOVL $const_ExitSend, R11
	JMP  leave<>(SB)

// The same where the receiver is a closure to be activated.
TEXT exitValue<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0-0
	MOVQ Context_Sends(R15), R11
	TESTQ R11, R11
	JEQ  miss
	MOVQ 24(R10), CX
	MOVQ 7(SP)(CX*1), AX
	TESTL $7, AX
	JNE  miss
	MOVL (AX), DX
	ANDL $0x3fffff, DX
	CMPL DX, $38          // FullBlockClosure
	JNE  miss
	CMPQ 24(AX), CX       // its number of arguments
	JNE  miss
	MOVQ 16(AX), DX       // its block
	MOVQ DX, AX
	MOVQ DX, SI
	SHRQ $3, AX
	SHRQ $13, SI
	XORQ SI, AX           // ValueClass*5 has no bits here
	ANDL $1023, AX
	SHLQ $5, AX
	CMPQ (R11)(AX*1), DX
	JNE  miss
	CMPQ 8(R11)(AX*1), $(1<<22)
	JNE  miss
	JMP  16(R11)(AX*1)
miss:
	MOVQ R10, CX
	MOVL $const_ExitValue, R11
	JMP  leave<>(SB)

TEXT exitDeopt<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0-0
	MOVQ R11, (Context_Regs+11*8)(R15)
	MOVQ $const_ExitDeopt, Context_Exit(R15)
	MOVQ 0(SP), R11
	LEAQ 8(SP), SP
	MOVQ R11, Context_PC(R15)
	JMP  leaveWithRegisters<>(SB)

TEXT exitPoll<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0-0
	MOVL $const_ExitPoll, R11
	JMP  leave<>(SB)

TEXT exitNew<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0-0
	MOVL $const_ExitNew, R11
	JMP  leave<>(SB)

TEXT exitRemember<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0-0
	MOVL $const_ExitRemember, R11
	JMP  leave<>(SB)

TEXT exitHash<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0-0
	MOVL $const_ExitHash, R11
	JMP  leave<>(SB)

TEXT exitTouch<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0-0
	MOVL $const_ExitTouch, R11
	JMP  leave<>(SB)

TEXT exitContext<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0-0
	MOVL $const_ExitContext, R11
	JMP  leave<>(SB)

TEXT exitCall<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0-0
	MOVQ R10, CX
	MOVL $const_ExitCall, R11
	JMP  leave<>(SB)

TEXT exitNonLocal<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0-0
	MOVL $const_ExitNonLocal, R11
	JMP  leave<>(SB)

TEXT exitFloat<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0-0
	MOVL $const_ExitFloat, R11
	JMP  leave<>(SB)

TEXT exitInterpret<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0-0
	MOVL $const_ExitInterpret, R11
	JMP  leave<>(SB)

// exitFault is where the fault handler lets code go on; it has set PC.
TEXT exitFault<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0-0
	MOVQ R11, (Context_Regs+11*8)(R15)
	MOVQ $const_ExitFault, Context_Exit(R15)
	JMP  leaveWithRegisters<>(SB)

DATA ·stubs+(const_ExitReturn*8)(SB)/8, $exitReturn<>(SB)
DATA ·stubs+(const_ExitReturnBase*8)(SB)/8, $exitReturnBase<>(SB)
DATA ·stubs+(const_ExitReturnHooked*8)(SB)/8, $exitReturnHooked<>(SB)
DATA ·stubs+(const_ExitSend*8)(SB)/8, $exitSend<>(SB)
DATA ·stubs+(const_ExitDeopt*8)(SB)/8, $exitDeopt<>(SB)
DATA ·stubs+(const_ExitPoll*8)(SB)/8, $exitPoll<>(SB)
DATA ·stubs+(const_ExitNew*8)(SB)/8, $exitNew<>(SB)
DATA ·stubs+(const_ExitRemember*8)(SB)/8, $exitRemember<>(SB)
DATA ·stubs+(const_ExitHash*8)(SB)/8, $exitHash<>(SB)
DATA ·stubs+(const_ExitTouch*8)(SB)/8, $exitTouch<>(SB)
DATA ·stubs+(const_ExitContext*8)(SB)/8, $exitContext<>(SB)
DATA ·stubs+(const_ExitValue*8)(SB)/8, $exitValue<>(SB)
DATA ·stubs+(const_ExitCall*8)(SB)/8, $exitCall<>(SB)
DATA ·stubs+(const_ExitNonLocal*8)(SB)/8, $exitNonLocal<>(SB)
DATA ·stubs+(const_ExitFloat*8)(SB)/8, $exitFloat<>(SB)
DATA ·stubs+(const_ExitInterpret*8)(SB)/8, $exitInterpret<>(SB)
DATA ·stubs+(const_ExitFault*8)(SB)/8, $exitFault<>(SB)
DATA ·leaveStub(SB)/8, $leave<>(SB)
GLOBL ·leaveStub(SB), NOPTR, $8
GLOBL ·stubs(SB), NOPTR, $(const_NumExits*8)
