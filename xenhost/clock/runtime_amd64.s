#include "textflag.h"

// ReadForRuntime is clock_gettime as Go's runtime calls it in a Linux process: DI is the
// clock, SI the place of a timespec; by C's conventions, with no use of the stack.
TEXT ·ReadForRuntime(SB), NOSPLIT|NOFRAME, $0
	MOVQ ·source(SB), R8

again:
	MOVL  0(R8), R9
	TESTL $1, R9
	JNE   again
	RDTSC
	SHLQ  $32, DX
	ORQ   DX, AX
	SUBQ  8(R8), AX
	MOVBLSX 28(R8), CX
	TESTL CX, CX
	JLT   right
	SHLQ  CX, AX
	JMP   shifted

right:
	NEGL CX
	SHRQ CX, AX

shifted:
	MOVL 24(R8), CX
	MULQ CX
	SHRQ $32, DX, AX
	ADDQ 16(R8), AX
	CMPL R9, 0(R8)
	JNE  again

	// 0 is the time of day, 5 its coarse variant.
	TESTL DI, DI
	JEQ   day
	CMPL  DI, $5
	JNE   split

day:
	ADDQ ·wall(SB), AX

split:
	XORL DX, DX
	MOVQ $1000000000, CX
	DIVQ CX
	MOVQ AX, 0(SI)
	MOVQ DX, 8(SI)
	XORL AX, AX
	RET

TEXT ·Install(SB), NOSPLIT, $0-0
	LEAQ ·ReadForRuntime(SB), AX
	MOVQ AX, runtime·vdsoClockgettimeSym(SB)
	RET
