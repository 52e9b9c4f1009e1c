#include "go_asm.h"
#include "textflag.h"

// Helpers run on the stack of machine code, as the stubs do.

// SAVE pushes what helpers use; arguments are then ARG from the top.
#define SAVE \
	LEAQ -64(SP), SP; \
	MOVQ AX, 0(SP); \
	MOVQ BX, 8(SP); \
	MOVQ CX, 16(SP); \
	MOVQ DX, 24(SP); \
	MOVQ SI, 32(SP); \
	MOVQ DI, 40(SP); \
	MOVQ R8, 48(SP); \
	MOVQ R9, 56(SP)

#define RESTORE \
	MOVQ 0(SP), AX; \
	MOVQ 8(SP), BX; \
	MOVQ 16(SP), CX; \
	MOVQ 24(SP), DX; \
	MOVQ 32(SP), SI; \
	MOVQ 40(SP), DI; \
	MOVQ 48(SP), R8; \
	MOVQ 56(SP), R9; \
	LEAQ 64(SP), SP

// ARG is where the argument is that was pushed n words before the last one.
#define ARG(n) (72+8*(n))(SP)

// SLOTS sets n to the number of slots of an object whose header is in h.
#define SLOTS(object, h, n, few); \
	MOVQ h, n; \
	SHRQ $56, n; \
	CMPQ n, $255; \
	JNE  few; \
	MOVQ -8(object), n; \
	SHLQ $8, n; \
	SHRQ $8, n; \
few:

// BYTES sets n to the number of bytes of an object, and uses h.
#define BYTES(object, h, n, few, fail); \
	TESTL $7, object; \
	JNE  fail; \
	MOVQ (object), h; \
	SLOTS(object, h, n, few); \
	SHRQ $24, h; \
	ANDL $31, h; \
	SUBL $16, h; \
	CMPL h, $8; \
	JCC  fail; \
	SHLQ $3, n; \
	SUBQ h, n

// OOPS sets n to the number of slots of an Array, and uses h.
#define OOPS(object, h, n, few, fail); \
	TESTL $7, object; \
	JNE  fail; \
	MOVQ (object), h; \
	SLOTS(object, h, n, few); \
	SHRQ $24, h; \
	ANDL $31, h; \
	CMPL h, $2; \
	JNE  fail

// RANGE checks indices: of DI, which has AX units, and of SI, which has BX. R8 becomes the
// index before the first in DI, R9 that in SI, CX the number of units.
#define RANGE(fail, empty); \
	MOVQ ARG(3), R8; \
	MOVQ ARG(2), CX; \
	MOVQ ARG(0), R9; \
	CMPQ CX, R8; \
	JLT  empty; \
	TESTL $0xc00000, (DI); \
	JNE  fail; \
	CMPQ CX, AX; \
	JGT  fail; \
	DECQ R8; \
	JLT  fail; \
	SUBQ R8, CX; \
	DECQ R9; \
	JLT  fail; \
	SUBQ CX, BX; \
	CMPQ R9, BX; \
	JGT  fail

TEXT helperReplaceBytes<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0-0
	SAVE
	MOVQ ARG(4), DI
	MOVQ ARG(1), SI
	BYTES(DI, DX, AX, few1, fail)
	BYTES(SI, DX, BX, few2, fail)
	RANGE(fail, empty)
	LEAQ 8(DI)(R8*1), DI
	LEAQ 8(SI)(R9*1), SI
	MOVQ DI, AX
	SUBQ SI, AX
	CMPQ AX, CX
	JCS  bytes             // what is copied is copied again
	CMPQ CX, $256
	JCC  many
	SUBQ $8, CX
	JLT  rest
words:
	MOVQ (SI), AX
	MOVQ AX, (DI)
	ADDQ $8, SI
	ADDQ $8, DI
	SUBQ $8, CX
	JGE  words
rest:
	ADDQ $8, CX
	JEQ  empty
bytes:
	MOVB (SI), AX
	MOVB AX, (DI)
	INCQ SI
	INCQ DI
	DECQ CX
	JNE  bytes
empty:
	MOVL $1, R11
	RESTORE
	RET
many:
	REP; MOVSB
	JMP  empty
fail:
	XORL R11, R11
	RESTORE
	RET

TEXT helperReplaceOops<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0-0
	SAVE
	MOVQ ARG(4), DI
	MOVQ ARG(1), SI
	OOPS(DI, DX, AX, few1, fail)
	OOPS(SI, DX, BX, few2, fail)
	RANGE(fail, empty)
	MOVQ DI, DX
	LEAQ 8(DI)(R8*8), DI
	LEAQ 8(SI)(R9*8), SI
	MOVQ CX, BX
	CMPQ CX, $64
	JCS  words
	MOVQ DI, AX
	SUBQ SI, AX
	SHRQ $3, AX
	CMPQ AX, CX
	JCS  words             // what is copied is copied again
	REP; MOVSQ
	JMP  copied
words:
	MOVQ (SI), AX
	MOVQ AX, (DI)
	ADDQ $8, SI
	ADDQ $8, DI
	DECQ CX
	JNE  words
copied:
	// An old object that is not remembered and got a young one is to be.
	MOVQ Context_OldStart(R15), R9
	CMPQ DX, R9
	JCS  empty
	TESTL $0x20000000, (DX)
	JNE  empty
young:
	SUBQ $8, DI
	MOVQ (DI), AX
	TESTL $7, AX
	JNE  next
	CMPQ AX, R9
	JCS  remember
next:
	DECQ BX
	JNE  young
empty:
	MOVL $1, R11
	RESTORE
	RET
remember:
	MOVL $2, R11
	RESTORE
	RET
fail:
	XORL R11, R11
	RESTORE
	RET

TEXT helperCompareBytes<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0-0
	SAVE
	MOVQ ARG(0), BX
	BYTES(BX, DX, AX, few0, fail)
	CMPQ AX, $256
	JLT  fail
	MOVQ ARG(2), SI
	MOVQ ARG(1), DI
	BYTES(SI, DX, CX, few1, fail)
	BYTES(DI, DX, R8, few2, fail)
	// CX and R8 bytes, of which CX are compared in DX; the first at 8(SI) and 8(DI).
	MOVQ CX, DX
	CMPQ R8, DX
	CMOVQLT R8, DX
	XORL AX, AX
	LEAQ -8(DX), R9
	JMP  more
words:
	MOVQ 8(SI)(AX*1), R11
	CMPQ R11, 8(DI)(AX*1)
	JNE  bytes
	ADDQ $8, AX
more:
	CMPQ AX, R9
	JLE  words
bytes:
	CMPQ AX, DX
	JGE  equal
	MOVBLZX 8(SI)(AX*1), R9
	MOVBLZX 8(DI)(AX*1), R11
	INCQ AX
	CMPL R9, R11
	JEQ  bytes
	MOVBLZX 8(BX)(R9*1), R9
	MOVBLZX 8(BX)(R11*1), R11
	CMPL R9, R11
	JEQ  bytes
	JCS  less
greater:
	MOVL $3, R11
	RESTORE
	RET
equal:
	CMPQ CX, R8
	JGT  greater
	JLT  less
	MOVL $2, R11
	RESTORE
	RET
less:
	MOVL $1, R11
	RESTORE
	RET
fail:
	XORL R11, R11
	RESTORE
	RET

TEXT helperHashBytes<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0-0
	SAVE
	MOVQ ARG(1), SI
	MOVQ ARG(0), R11
	BYTES(SI, DX, CX, few, fail)
	TESTQ CX, CX
	JEQ  done
bytes:
	MOVBLZX 8(SI), AX
	ADDL AX, R11
	IMUL3L $1664525, R11, R11
	INCQ SI
	DECQ CX
	JNE  bytes
done:
	ANDL $0xfffffff, R11
	RESTORE
	RET
fail:
	MOVQ $-1, R11
	RESTORE
	RET

DATA ·helpers+(const_HelperReplaceBytes*8)(SB)/8, $helperReplaceBytes<>(SB)
DATA ·helpers+(const_HelperReplaceOops*8)(SB)/8, $helperReplaceOops<>(SB)
DATA ·helpers+(const_HelperCompareBytes*8)(SB)/8, $helperCompareBytes<>(SB)
DATA ·helpers+(const_HelperHashBytes*8)(SB)/8, $helperHashBytes<>(SB)
GLOBL ·helpers(SB), NOPTR, $(const_NumHelpers*8)
