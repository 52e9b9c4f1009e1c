#include "textflag.h"

// Offsets in thread.Context.
#define R8_ 0
#define R9_ 8
#define R10_ 16
#define R11_ 24
#define R12_ 32
#define R13_ 40
#define R14_ 48
#define R15_ 56
#define DI_ 64
#define SI_ 72
#define BP_ 80
#define BX_ 88
#define DX_ 96
#define AX_ 104
#define CX_ 112
#define SP_ 120
#define IP_ 128
#define FLAGS_ 136
#define FS_ 144
#define EXTENDED_ 152
#define FULL_ 160

#define CODE 8
#define DATA_ 16

#define STACK_SIZE 32768
#define TRAP_STACK_SIZE 8192

GLOBL ·stack(SB), NOPTR, $STACK_SIZE
GLOBL ·trapStack(SB), NOPTR, $TRAP_STACK_SIZE
GLOBL ·lastStack(SB), NOPTR, $TRAP_STACK_SIZE

// The kernel's own thread memory: what Go code finds at -8(FS) is its g.
GLOBL ·fakeG(SB), NOPTR, $512
GLOBL ·local(SB), NOPTR, $64

#define FS_BASE 0xc0000100

// SET_FS loads FS with DX:AX.
#define SET_FS \
	MOVQ AX, DX; \
	SHRQ $32, DX; \
	MOVL $FS_BASE, CX; \
	WRMSR

// SAVE_MOST stores the registers that both doors keep into the context at AX.
#define SAVE_MOST \
	MOVQ BX, BX_(AX); \
	MOVQ DX, DX_(AX); \
	MOVQ SI, SI_(AX); \
	MOVQ DI, DI_(AX); \
	MOVQ BP, BP_(AX); \
	MOVQ R8, R8_(AX); \
	MOVQ R9, R9_(AX); \
	MOVQ R10, R10_(AX); \
	MOVQ R12, R12_(AX); \
	MOVQ R13, R13_(AX); \
	MOVQ R14, R14_(AX); \
	MOVQ R15, R15_(AX)

// LOAD_MOST is the inverse; AX stays for the last.
#define LOAD_MOST \
	MOVQ BX_(AX), BX; \
	MOVQ DX_(AX), DX; \
	MOVQ SI_(AX), SI; \
	MOVQ DI_(AX), DI; \
	MOVQ BP_(AX), BP; \
	MOVQ R8_(AX), R8; \
	MOVQ R9_(AX), R9; \
	MOVQ R10_(AX), R10; \
	MOVQ R12_(AX), R12; \
	MOVQ R13_(AX), R13; \
	MOVQ R14_(AX), R14; \
	MOVQ R15_(AX), R15

// syscallDoor is where SYSCALL leads: CX is the address after it, R11 the flags, SP still
// the program's. Interrupts are masked. The program expects CX, R11 and extended state to be lost.
TEXT ·syscallDoor(SB), NOSPLIT|NOFRAME, $0
	MOVQ AX, ·scratch(SB)
	MOVQ ·current(SB), AX
	SAVE_MOST
	MOVQ SP, SP_(AX)
	MOVQ CX, IP_(AX)
	MOVQ R11, FLAGS_(AX)
	MOVQ ·scratch(SB), BX
	MOVQ BX, AX_(AX)
	MOVQ $0, FULL_(AX)
	MOVQ $1, ·depth(SB)
	MOVQ $·local+32(SB), AX
	SET_FS
	MOVQ $·stack+STACK_SIZE-64(SB), SP
	PUSHQ $0
	POPQ BP
	CALL ·serveSyscall(SB)
	JMP  ·resume(SB)

// resume lets the current thread go on.
TEXT ·resume(SB), NOSPLIT|NOFRAME, $0
	MOVQ ·current(SB), R8
	MOVQ FS_(R8), AX
	SET_FS
	MOVQ $0, ·depth(SB)
	CMPQ FULL_(R8), $0
	JNE  full
	MOVQ R8, AX
	LOAD_MOST
	MOVQ SP_(AX), SP
	MOVQ IP_(AX), CX
	MOVQ AX_(AX), AX
	XORPS X15, X15 // Go code expects it to be zero, and some system calls are made straight from it
	STI            // takes effect after the next instruction
	JMP  CX

full:
	MOVQ $·stack+STACK_SIZE-64(SB), SP
	MOVQ EXTENDED_(R8), BX
	CMPB ·useXSave(SB), $0
	JEQ  legacy
	MOVL ·components(SB), AX
	XORL DX, DX
	XRSTOR64 (BX)
	JMP  restored

legacy:
	FXRSTOR64 (BX)

restored:
	MOVQ R8, AX
	MOVQ IP_(AX), BX
	MOVQ BX, 0(SP)
	MOVQ $CODE, 8(SP)
	MOVQ FLAGS_(AX), BX
	MOVQ BX, 16(SP)
	MOVQ SP_(AX), BX
	MOVQ BX, 24(SP)
	MOVQ $DATA_, 32(SP)
	LOAD_MOST
	MOVQ CX_(AX), CX
	MOVQ R11_(AX), R11
	MOVQ AX_(AX), AX
	IRETQ

// trapDoor is where all exceptions and interrupts lead, on a stack of their own:
//
//	 0  return address of the vector's stub
//	 8  error code, or 0
//	16  ip   24 cs   32 flags   40 sp   48 ss
//
// A trap out of the program is served on the kernel's stack, like a system call, with
// everything saved in the thread's context. A trap out of the kernel itself (it touched memory of
// the program that was not there, or it waits for interrupts) is served here, and everything saved
// in a context for this purpose.
TEXT ·trapDoor(SB), NOSPLIT|NOFRAME, $0
	SUBQ $16, SP
	MOVQ AX, 0(SP)
	MOVQ ·current(SB), AX
	CMPQ ·depth(SB), $0
	JEQ  outside
	MOVQ $·nested(SB), AX

outside:
	SAVE_MOST
	MOVQ CX, CX_(AX)
	MOVQ R11, R11_(AX)
	MOVQ 0(SP), BX
	MOVQ BX, AX_(AX)
	MOVQ 32(SP), BX
	MOVQ BX, IP_(AX)
	MOVQ 48(SP), BX
	MOVQ BX, FLAGS_(AX)
	MOVQ 56(SP), BX
	MOVQ BX, SP_(AX)
	MOVQ $1, FULL_(AX)
	MOVQ 24(SP), R12      // error
	MOVQ 16(SP), R13
	MOVQ $·vectors(SB), BX
	SUBQ BX, R13          // 7 bytes a stub, up to its end
	CLD
	MOVQ AX, R8
	MOVQ EXTENDED_(R8), BX
	CMPB ·useXSave(SB), $0
	JEQ  legacy
	MOVL ·components(SB), AX
	XORL DX, DX
	XSAVE64 (BX)
	JMP  saved

legacy:
	FXSAVE64 (BX)

saved:
	CMPQ ·depth(SB), $0
	JNE  inside
	MOVQ $1, ·depth(SB)
	MOVQ $·local+32(SB), AX
	SET_FS
	MOVQ $·stack+STACK_SIZE-64(SB), SP
	MOVQ R13, 0(SP)
	MOVQ R12, 8(SP)
	PUSHQ $0
	POPQ BP
	CALL ·serveTrap(SB)
	JMP  ·resume(SB)

inside:
	INCQ ·depth(SB)
	MOVQ SP, R14
	SUBQ $64, SP
	ANDQ $~15, SP
	MOVQ R13, 0(SP)
	MOVQ R12, 8(SP)
	MOVQ R14, 24(SP)
	PUSHQ $0
	POPQ BP
	CALL ·serveNested(SB)
	MOVQ 24(SP), SP
	DECQ ·depth(SB)
	MOVQ $·nested(SB), R8
	MOVQ EXTENDED_(R8), BX
	CMPB ·useXSave(SB), $0
	JEQ  legacyNested
	MOVL ·components(SB), AX
	XORL DX, DX
	XRSTOR64 (BX)
	JMP  restoredNested

legacyNested:
	FXRSTOR64 (BX)

restoredNested:
	MOVQ R8, AX
	LOAD_MOST
	MOVQ CX_(AX), CX
	MOVQ R11_(AX), R11
	MOVQ AX_(AX), AX
	ADDQ $32, SP
	IRETQ

// The stubs are 7 bytes each: traps without an error code push 0 for one.
#define PLAIN BYTE $0x6a; BYTE $0x00; CALL ·trapDoor(SB)
#define CODED BYTE $0x90; BYTE $0x90; CALL ·trapDoor(SB)

TEXT ·vectors(SB), NOSPLIT|NOFRAME, $0
	// 0: #DE #DB NMI #BP #OF #BR #UD #NM
	PLAIN; PLAIN; PLAIN; PLAIN; PLAIN; PLAIN; PLAIN; PLAIN
	// 8: #DF - #TS #NP #SS #GP #PF -
	CODED; PLAIN; CODED; CODED; CODED; CODED; CODED; PLAIN
	// 16: #MF #AC #MC #XM #VE #CP - -
	PLAIN; CODED; PLAIN; PLAIN; PLAIN; CODED; PLAIN; PLAIN
	// 24: - - - - #HV #VC #SX -
	PLAIN; PLAIN; PLAIN; PLAIN; PLAIN; CODED; CODED; PLAIN
	// 32: interrupts
	PLAIN; PLAIN; PLAIN; PLAIN; PLAIN; PLAIN; PLAIN; PLAIN
	PLAIN; PLAIN; PLAIN; PLAIN; PLAIN; PLAIN; PLAIN; PLAIN

// ignoreDoor is for an interrupt that cannot be masked and means nothing to us.
TEXT ·ignoreDoor(SB), NOSPLIT|NOFRAME, $0
	IRETQ

// addresses fills in where things are that only assembly can name.
TEXT ·addresses(SB), NOSPLIT, $0-8
	MOVQ to+0(FP), BX
	LEAQ ·syscallDoor(SB), AX
	MOVQ AX, 0(BX)
	LEAQ ·vectors(SB), AX
	MOVQ AX, 8(BX)
	LEAQ ·ignoreDoor(SB), AX
	MOVQ AX, 16(BX)
	LEAQ ·trapStack+TRAP_STACK_SIZE(SB), AX
	MOVQ AX, 24(BX)
	LEAQ ·lastStack+TRAP_STACK_SIZE(SB), AX
	MOVQ AX, 32(BX)
	LEAQ ·fakeG(SB), AX
	MOVQ AX, 40(BX)
	LEAQ ·local(SB), AX
	MOVQ AX, 48(BX)
	LEAQ runtime·end(SB), AX
	MOVQ AX, 56(BX)
	RET

