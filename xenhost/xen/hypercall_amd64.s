#include "textflag.h"

// Hypercalls take the number in AX and arguments in DI, SI, DX, R10, R8.

// func vmcall(number, a, b, c, d uint64) uint64
TEXT ·vmcall(SB), NOSPLIT, $0-48
	MOVQ number+0(FP), AX
	MOVQ a+8(FP), DI
	MOVQ b+16(FP), SI
	MOVQ c+24(FP), DX
	MOVQ d+32(FP), R10
	BYTE $0x0f; BYTE $0x01; BYTE $0xc1 // VMCALL: Intel
	MOVQ AX, ret+40(FP)
	RET

// func vmmcall(number, a, b, c, d uint64) uint64
TEXT ·vmmcall(SB), NOSPLIT, $0-48
	MOVQ number+0(FP), AX
	MOVQ a+8(FP), DI
	MOVQ b+16(FP), SI
	MOVQ c+24(FP), DX
	MOVQ d+32(FP), R10
	BYTE $0x0f; BYTE $0x01; BYTE $0xd9 // VMMCALL: AMD
	MOVQ AX, ret+40(FP)
	RET
