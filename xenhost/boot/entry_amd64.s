#include "textflag.h"

// The ELF note that Xen calls PHYS32_ENTRY: name size, size of what follows the name, type 18,
// name, address of the entry. pack.Link looks for it.
DATA ·note+0(SB)/4, $4
DATA ·note+4(SB)/4, $8
DATA ·note+8(SB)/4, $18
DATA ·note+12(SB)/4, $"Xen\x00"
DATA ·note+16(SB)/8, $·entry32(SB)
GLOBL ·note(SB), RODATA|NOPTR, $24

// The addresses that the 32-bit code needs, filled in by the linker:
//
//	 0  far address of start64: offset (4), selector (4, stored at run time)
//	 8  limit (at 14) and address (at 16) of the segment table
//	24  room for the page tables
//	32  parameters of start
DATA ·table+0(SB)/8, $·start64(SB)
DATA ·table+8(SB)/4, $0
DATA ·table+12(SB)/2, $0
DATA ·table+14(SB)/2, $23
DATA ·table+16(SB)/8, $·segments(SB)
DATA ·table+24(SB)/8, $·pageTables(SB)
DATA ·table+32(SB)/8, $·parameters(SB)
GLOBL ·table(SB), NOPTR, $40

// Null, code of 64 bits, data. The kernel makes its own.
DATA ·segments+0(SB)/8, $0
DATA ·segments+8(SB)/8, $0x00af9b000000ffff
DATA ·segments+16(SB)/8, $0x00cf93000000ffff
GLOBL ·segments(SB), NOPTR, $24

#define STACK_SIZE 16384

GLOBL ·pageTables(SB), NOPTR, $28672 // 6 pages, and room to align them
GLOBL ·stack(SB), NOPTR, $STACK_SIZE
GLOBL ·fakeG(SB), NOPTR, $512
GLOBL ·local(SB), NOPTR, $64

// entry32 is where the hypervisor jumps to. Every instruction here must be encoded the same for 32
// and 64 bits: no 64-bit operand, and no address relative to the instruction, but for one LEAL
// that is corrected by hand (32-bit mode takes its displacement as absolute).
TEXT ·entry32(SB), NOSPLIT|NOFRAME, $0
	CLI
	CLD
	MOVL $0x7000, SP          // a word of low memory, for one CALL
	BYTE $0xe8; LONG $0       // CALL the next instruction
	MOVL (SP), DI             // its address; 3 bytes
	LEAL ·table(SB), SI       // 6 bytes: SI = table - (DI+9)
	LEAL 9(DI)(SI*1), SI
	MOVL 32(SI), DI
	MOVL BX, 0(DI)            // start info
	MOVL SI, BX
	RDTSC
	MOVL AX, 8(DI)
	MOVL DX, 12(DI)

	// 4 GiB in pages of 2 MiB: PML4, PDPT and four PDs. Entry 256 of the PML4 is
	// where the direct map begins.
	MOVL 24(BX), SI
	ADDL $4095, SI
	ANDL $0xfffff000, SI
	MOVL SI, 16(DI)
	LEAL 0x1003(SI), AX
	MOVL AX, 0(SI)
	MOVL AX, 0x800(SI)
	LEAL 0x2003(SI), AX
	MOVL AX, 0x1000(SI)
	ADDL $0x1000, AX
	MOVL AX, 0x1008(SI)
	ADDL $0x1000, AX
	MOVL AX, 0x1010(SI)
	ADDL $0x1000, AX
	MOVL AX, 0x1018(SI)
	LEAL 0x2000(SI), DI
	MOVL $0x83, AX            // present, writable, 2 MiB
	MOVL $2048, CX

next:
	MOVL AX, (DI)
	ADDL $8, DI
	ADDL $0x200000, AX
	DECL CX
	JNE  next

	MOVL CR4, AX
	ORL  $0x620, AX           // PAE, OSFXSR, OSXMMEXCPT
	MOVL AX, CR4
	MOVL SI, AX
	MOVL AX, CR3
	MOVL $0xc0000080, CX      // EFER
	RDMSR
	ORL  $0x901, AX           // NXE, LME, SCE
	WRMSR
	MOVL CR0, AX
	ANDL $0xfffffff3, AX      // no EM, no TS
	ORL  $0x80010022, AX      // PG, WP, NE, MP
	MOVL AX, CR0
	LGDT 14(BX)
	MOVL $8, AX
	MOVL AX, 4(BX)
	MOVL BX, SP
	RETFL

TEXT ·start64(SB), NOSPLIT|NOFRAME, $0
	MOVL $16, AX
	MOVW AX, DS
	MOVW AX, ES
	MOVW AX, SS
	XORL AX, AX
	MOVW AX, FS
	MOVW AX, GS
	MOVQ $·stack+STACK_SIZE-64(SB), SP
	PUSHQ $0
	POPQ BP

	// Go code finds its g at -8(FS); this one is all zeros.
	LEAQ ·fakeG(SB), AX
	MOVQ AX, ·local+24(SB)
	MOVQ $·local+32(SB), AX
	MOVQ AX, DX
	SHRQ $32, DX
	MOVL $0xc0000100, CX
	WRMSR
	XORPS X15, X15
	CALL ·start(SB)
	MOVQ ·programStack(SB), SP
	PUSHQ $0
	POPQ BP
	XORL DX, DX
	STI
	JMP  _rt0_amd64_linux(SB)

// keep refers to the note, so that the linker keeps it.
TEXT ·keep(SB), NOSPLIT, $0-8
	LEAQ ·note(SB), AX
	MOVQ AX, ret+0(FP)
	RET
