#include "go_asm.h"
#include "textflag.h"

// Signal handlers as the kernel calls them: DI signal, SI siginfo, DX ucontext. They use
// no register that a caller in C keeps, and no stack.

// Offsets in ucontext and siginfo.
#define UC_R15 96(DX)
#define UC_RIP 168(DX)
#define SI_CODE 8(SI)
#define SI_ADDR 16(SI)

// FIND goes on if the signal met machine code, the context in CX and the pc in AX;
// else it jumps to Go's handler.
#define FIND \
	MOVQ UC_RIP, AX; \
	MOVQ UC_R15, CX; \
	LEAQ ·zones(SB), R8; \
	MOVQ ·zonesUsed(SB), R9; \
search: \
	SUBQ $1, R9; \
	JCS  chain; \
	CMPQ AX, zoneRange_hi(R8); \
	JAE  next; \
	CMPQ AX, zoneRange_lo(R8); \
	JB   next; \
	CMPQ CX, zoneRange_c(R8); \
	JEQ  found; \
next: \
	ADDQ $zoneRange__size, R8; \
	JMP  search; \
chain: \
	LEAQ ·goHandlers(SB), R8; \
	MOVLQZX DI, R9; \
	MOVQ (R8)(R9*8), AX; \
	JMP  AX; \
found:

// onInterruption raises the stack limit and lets Go's handler do its part.
TEXT onInterruption<>(SB), NOSPLIT|NOFRAME, $0-0
	FIND
	MOVQ $-1, R8
	MOVQ R8, Context_StackLimit(CX)
	JMP  chain

// onFault lets machine code go on at the stub of ExitFault. Signals that were sent
// by a process are Go's.
TEXT onFault<>(SB), NOSPLIT|NOFRAME, $0-0
	MOVL SI_CODE, R8
	CMPL R8, $0
	JLE  chain
	FIND
	MOVQ AX, Context_PC(CX)
	MOVLQZX DI, DI
	MOVQ DI, Context_FaultSignal(CX)
	MOVQ SI_ADDR, R8
	MOVQ R8, Context_FaultAddr(CX)
	MOVQ ·stubs+(const_ExitFault*8)(SB), R8
	MOVQ R8, UC_RIP
	RET

DATA ·handlers+0(SB)/8, $onInterruption<>(SB)
DATA ·handlers+8(SB)/8, $onFault<>(SB)
GLOBL ·handlers(SB), NOPTR, $16
