#include "go_asm.h"
#include "textflag.h"

// Switches run on the stack of machine code, as the stubs do. R10 is the cell of the send and R11 the
// exit of such a send; the return address is at 0(SP), the receiver at 8(SP).
//
// Whatever could be in the way is looked at before anything is written.

// Slots of objects, in bytes: those of package interp. Those of a semaphore begin as those of a list.
#define firstLink    8
#define lastLink     16
#define excess       24
#define nextLink     8
#define suspended    16
#define priority     24
#define myList       32
#define queues       8
#define active       16

// FIXED checks that an object has named slots only, and so many. It uses R8.
#define FIXED(object, slots, fail) \
	TESTL $7, object; \
	JNE  fail; \
	MOVL (object), R8; \
	ANDL $0x1f000000, R8; \
	CMPL R8, $0x01000000; \
	JNE  fail; \
	CMPB 7(object), $slots; \
	JCS  fail

// STORE stores into a slot, and has the object remembered if need be. It uses R8.
#define STORE(object, offset, value, done) \
	MOVQ value, offset(object); \
	CMPQ object, Context_OldStart(R15); \
	JCS  done; \
	TESTL $7, value; \
	JNE  done; \
	CMPQ value, Context_OldStart(R15); \
	JCC  done; \
	TESTL $0x20000000, (object); \
	JNE  done; \
	MOVQ (Context_Scheduling+Scheduling_Written)(R15), R8; \
	MOVQ object, (Context_Scheduling+Scheduling_Objects)(R15)(R8*8); \
	INCQ (Context_Scheduling+Scheduling_Written)(R15); \
done:

// ROOM checks that there is room for all objects that a switch writes.
#define ROOM(fail) \
	CMPQ (Context_Scheduling+Scheduling_Written)(R15), $(const_MostWritten-16); \
	JCC  fail

// SCHEDULER sets BX to the scheduler and DX to the active process.
#define SCHEDULER(fail) \
	MOVQ (Context_Scheduling+Scheduling_Specials)(R15), BX; \
	MOVQ (3*8+8)(BX), BX; \
	FIXED(BX, 2, fail); \
	MOVQ 16(BX), BX; \
	FIXED(BX, 2, fail); \
	MOVQ active(BX), DX; \
	FIXED(DX, 4, fail)

// QUEUES sets list to the run queues and n to their number. It uses R8.
#define QUEUES(list, n, fail) \
	MOVQ queues(BX), list; \
	TESTL $7, list; \
	JNE  fail; \
	MOVQ (list), n; \
	MOVQ n, R8; \
	SHRL $24, R8; \
	ANDL $31, R8; \
	CMPL R8, $2; \
	JNE  fail; \
	SHRQ $56, n; \
	CMPL n, $255; \
	JEQ  fail

// QUEUE sets list to the run queue of a priority, a SmallInteger. It uses AX and R8.
#define QUEUE(number, list, fail) \
	MOVL number, AX; \
	ANDL $7, AX; \
	CMPL AX, $1; \
	JNE  fail; \
	QUEUES(list, AX, fail); \
	MOVQ number, R8; \
	SARQ $3, R8; \
	JLE  fail; \
	CMPQ R8, AX; \
	JGT  fail; \
	MOVQ (list)(R8*8), list; \
	FIXED(list, 2, fail)

// LAST sets last to the last link of a list, which may be empty. It uses R8.
#define LAST(list, last, fail, empty) \
	CMPQ R14, firstLink(list); \
	JEQ  empty; \
	MOVQ lastLink(list), last; \
	FIXED(last, 4, fail); \
empty:

// ADDLAST puts a process at the end of a list. It uses CX and R8.
#define ADDLAST(list, process, empty, s1, s2, s3, s4, over) \
	CMPQ R14, firstLink(list); \
	JEQ  empty; \
	MOVQ lastLink(list), CX; \
	STORE(CX, nextLink, process, s1); \
	JMP  over; \
empty: \
	STORE(list, firstLink, process, s2); \
over: \
	STORE(list, lastLink, process, s3); \
	STORE(process, myList, list, s4)

// REMOVEFIRST takes the first process, which is known, off a list. It uses CX and R8.
#define REMOVEFIRST(list, process, single, s1, over) \
	CMPQ process, lastLink(list); \
	JEQ  single; \
	MOVQ nextLink(process), CX; \
	STORE(list, firstLink, CX, s1); \
	JMP  over; \
single: \
	MOVQ R14, firstLink(list); \
	MOVQ R14, lastLink(list); \
over: \
	MOVQ R14, nextLink(process)

// LEAVE goes to Go for the send.
#define LEAVE \
	MOVQ R10, CX; \
	MOVQ (Context_Scheduling+Scheduling_leave)(R15), DX; \
	JMP  DX

// ANSWER returns the receiver.
#define ANSWER \
	MOVQ 8(SP), AX; \
	BYTE $0xC2; BYTE $0x08; BYTE $0x00

// CLASS checks the class of the receiver.
#define CLASS(other) \
	MOVQ 8(SP), AX; \
	MOVL AX, CX; \
	ANDL $7, CX; \
	JNE  immediate; \
	MOVL (AX), CX; \
	ANDL $0x3fffff, CX; \
immediate: \
	CMPQ CX, 0(R10); \
	JNE  other

// leavable sees to it that the running frame has a context and may be left, and answers the context
// in CX; else 0. It is called with the return address of the send at 8(SP), and uses AX, CX, R8, R9 and R12.
TEXT leavable<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0-0
	MOVQ -16(BP), AX
	TESTL $(1<<12), AX     // of machine code?
	JEQ  no
	MOVQ 8(SP), R8
	MOVQ R8, R9
	MOVQ R8, CX
	SHRQ $1, R9
	SHRQ $8, CX
	XORQ CX, R9
	ANDL $63, R9           // SwitchPlace
	SHLQ $6, R9            // the size of a SwitchPoint
	ADDQ (Context_Scheduling+Scheduling_Points)(R15), R9
	CMPQ SwitchPoint_PC(R9), R8
	JNE  no
	TESTL $(1<<13), AX     // does it have a word for a context?
	JEQ  make
	MOVQ -24(BP), CX
	CMPQ CX, R14
	JEQ  make
	RET
make:
	MOVQ SwitchPoint_Header(R9), R8
	TESTQ R8, R8
	JEQ  no
	MOVQ R8, AX
	SHRQ $56, AX           // slots, an even number
	LEAQ 8(AX*8), AX
	MOVQ Context_Free(R15), CX
	ADDQ CX, AX
	CMPQ AX, Context_FreeLimit(R15)
	JHI  no
	CMPQ SwitchPoint_Hooks(R9), $0
	JEQ  hooked
	MOVQ 8(BP), R12
	CMPQ R12, (Context_Stubs+const_ExitReturnHooked*8)(R15)
	JEQ  hooked
	MOVQ BP, R12
	SUBQ (Context_Scheduling+Scheduling_PagesAt)(R15), R12
	SHRQ $const_PageShift, R12
	SHLQ $6, R12           // the size of a Page
	ADDQ (Context_Scheduling+Scheduling_Pages)(R15), R12
	CMPQ Page_HookFP(R12), $0
	JNE  no
	MOVQ BP, Page_HookFP(R12)
	MOVQ 8(BP), R8
	MOVQ R8, Page_HookRet(R12)
	MOVQ (Context_Stubs+const_ExitReturnHooked*8)(R15), R8
	MOVQ R8, 8(BP)
	MOVQ SwitchPoint_Header(R9), R8
hooked:
	MOVQ AX, Context_Free(R15)
	MOVQ R8, (CX)
	LEAQ 1(BP), R8         // the frame, for a sender
	MOVQ R8, 8(CX)
	MOVQ $1, 16(CX)        // pc and depth are 0
	MOVQ $1, 24(CX)
	MOVQ SwitchPoint_Method(R9), R8
	MOVQ (R8), R8
	MOVQ R8, 32(CX)
	MOVQ R14, 40(CX)
	MOVQ SwitchPoint_Closure(R9), R8
	TESTQ R8, R8
	JEQ  method
	MOVQ (BP)(R8*1), R8
	MOVQ R8, 40(CX)
method:
	MOVQ SwitchPoint_Self(R9), R8
	MOVQ (BP)(R8*1), R8
	MOVQ R8, 48(CX)
	LEAQ 56(CX), R8
empty:
	MOVQ R14, (R8)
	ADDQ $8, R8
	CMPQ R8, AX
	JCS  empty
	MOVQ CX, -24(BP)
	ORQ  $(1<<13), -16(BP)
	RET
no:
	XORL CX, CX
	RET

// ready finds out whether the process in DI goes on in machine code: then R8 is its fp and R12 its page, else
// R12 is 0. It uses AX.
TEXT ready<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0-0
	MOVQ suspended(DI), AX
	TESTL $7, AX
	JNE  no
	MOVL (AX), R8
	ANDL $0x3fffff, R8
	CMPL R8, $36           // Context
	JNE  no
	MOVQ 8(AX), R8
	MOVL R8, R12
	ANDL $7, R12
	CMPL R12, $1           // married
	JNE  no
	DECQ R8
	MOVQ R8, R12
	SUBQ (Context_Scheduling+Scheduling_PagesAt)(R15), R12
	SHRQ $const_PageShift, R12
	SHLQ $6, R12
	ADDQ (Context_Scheduling+Scheduling_Pages)(R15), R12
	CMPQ Page_Ready(R12), R8
	JNE  no
	CMPQ Page_FP(R12), R8
	JNE  no
	CMPQ -24(R8), AX
	JNE  no
	RET
no:
	XORL R12, R12
	RET

// first sets DI to the first process that can run, and R9 to its queue; DI is 0 if there is none. It
// uses AX, CX and R8.
TEXT first<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0-0
	QUEUES(AX, CX, none)
	TESTL CX, CX
	JEQ  none
next:
	MOVQ (AX)(CX*8), R9
	TESTL $7, R9
	JNE  none
	CMPQ firstLink(R9), R14 // of nil that is another object
	JNE  found
lower:
	DECL CX
	JNE  next
none:
	XORL DI, DI
	RET
found:
	CMPQ R9, R14
	JEQ  lower
	MOVQ firstLink(R9), DI
	FIXED(R9, 2, none)
	FIXED(DI, 4, none)
	RET

// transfer goes on in the process DI, which is on no list, where ready has said. The active process DX, whose
// context is SI, will find the receiver for the result of its send.
TEXT transfer<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0-0
	MOVQ R8, R13
	STORE(DX, suspended, SI, s1)
	MOVQ BP, R9
	SUBQ (Context_Scheduling+Scheduling_PagesAt)(R15), R9
	SHRQ $const_PageShift, R9
	MOVQ R9, AX
	SHLQ $const_PageShift, AX
	ADDQ (Context_Scheduling+Scheduling_PagesAt)(R15), AX
	ADDQ (Context_Scheduling+Scheduling_Headroom)(R15), AX // the stack limit there
	SHLQ $6, R9
	ADDQ (Context_Scheduling+Scheduling_Pages)(R15), R9
	MOVQ 0(SP), CX
	LEAQ 8(SP), SP
	LEAQ 1(CX)(CX*1), CX
	MOVQ CX, -8(BP)
	MOVQ BP, Page_FP(R9)
	MOVQ SP, Page_SP(R9)
	MOVQ BP, Page_Ready(R9)

	STORE(BX, active, DI, s2)
	MOVQ R14, myList(DI)
	MOVQ R14, nextLink(DI)
	MOVQ R14, suspended(DI)
	INCQ (Context_Scheduling+Scheduling_Switches)(R15)

	MOVQ R13, BP
	MOVQ Page_SP(R12), SP
	MOVQ $0, Page_Ready(R12)
	MOVQ (Context_Scheduling+Scheduling_Clock)(R15), CX
	INCQ CX
	MOVQ CX, (Context_Scheduling+Scheduling_Clock)(R15)
	MOVQ CX, Page_LastUse(R12)
	// The limit stays raised if it is.
	MOVQ BP, CX
	SUBQ (Context_Scheduling+Scheduling_PagesAt)(R15), CX
	SHRQ $const_PageShift, CX
	SHLQ $const_PageShift, CX
	ADDQ (Context_Scheduling+Scheduling_PagesAt)(R15), CX
	ADDQ (Context_Scheduling+Scheduling_Headroom)(R15), CX
	LOCK
	CMPXCHGQ CX, Context_StackLimit(R15)
	MOVQ -8(BP), CX
	SHRQ $1, CX
	MOVQ 0(SP), AX
	MOVQ CX, 0(SP)
	RET

TEXT checkedSignal<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0-0
	CLASS(other)
	MOVL $const_ExitSend, R11
	JMP  signal<>(SB)
other:
	MOVQ (Context_Stubs+const_ExitSend*8)(R15), AX
	JMP  AX

TEXT foundSignal<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0-0
	MOVL $const_ExitSend, R11
	JMP  signal<>(SB)

TEXT calledSignal<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0-0
	MOVL $const_ExitCall, R11
	JMP  signal<>(SB)

TEXT signal<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0-0
	MOVQ 8(SP), SI
	FIXED(SI, 3, leave)
	MOVQ Context_Nil(R15), R14
	MOVQ firstLink(SI), DI
	CMPQ DI, R14
	JNE  waiting
	MOVQ excess(SI), AX
	MOVL AX, CX
	ANDL $7, CX
	CMPL CX, $1
	JNE  leave
	ADDQ $8, AX
	JOS  leave
	MOVQ AX, excess(SI)
	ANSWER
waiting:
	FIXED(DI, 4, leave)
	ROOM(leave)
	SCHEDULER(leave)
	// Can it go on at all?
	MOVQ suspended(DI), AX
	TESTL $7, AX
	JNE  leave
	MOVL (AX), CX
	ANDL $0x3fffff, CX
	CMPL CX, $36           // Context
	JNE  leave
	MOVQ 8(AX), CX         // married, or with a pc
	ANDL $7, CX
	CMPL CX, $1
	JNE  leave
	MOVQ priority(DI), R12
	MOVQ priority(DX), R13
	MOVL R13, CX
	ANDL $7, CX
	CMPL CX, $1
	JNE  leave
	CMPQ R12, R13
	JGT  preempt
	QUEUE(R12, R13, leave)
	LAST(R13, CX, leave, first)
	REMOVEFIRST(SI, DI, single, s1, removed)
	ADDLAST(R13, DI, empty, s2, s3, s4, s5, added)
	ANSWER
preempt:
	MOVL R12, AX
	ANDL $7, AX
	CMPL AX, $1
	JNE  leave
	MOVQ R13, CX
	QUEUE(CX, R13, leave)
	LAST(R13, CX, leave, first2)
	CALL leavable<>(SB)
	TESTQ CX, CX
	JEQ  leave
	CALL ready<>(SB)
	TESTQ R12, R12
	JEQ  leave
	MOVQ R8, AX
	MOVQ CX, R9
	REMOVEFIRST(SI, DI, single2, s11, removed2)
	CMPQ (Context_Scheduling+Scheduling_PreemptFront)(R15), $0
	JNE  front
	ADDLAST(R13, DX, empty2, s12, s13, s14, s15, added2)
	JMP  go
front:
	MOVQ firstLink(R13), CX
	CMPQ CX, R14
	JNE  others
	STORE(R13, lastLink, DX, s16)
others:
	STORE(DX, nextLink, CX, s17)
	STORE(R13, firstLink, DX, s18)
	STORE(DX, myList, R13, s19)
go:
	MOVQ AX, R8
	MOVQ R9, SI
	JMP  transfer<>(SB)
leave:
	LEAVE

TEXT checkedWait<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0-0
	CLASS(other)
	MOVL $const_ExitSend, R11
	JMP  wait<>(SB)
other:
	MOVQ (Context_Stubs+const_ExitSend*8)(R15), AX
	JMP  AX

TEXT foundWait<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0-0
	MOVL $const_ExitSend, R11
	JMP  wait<>(SB)

TEXT calledWait<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0-0
	MOVL $const_ExitCall, R11
	JMP  wait<>(SB)

TEXT wait<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0-0
	MOVQ 8(SP), SI
	FIXED(SI, 3, leave)
	MOVQ excess(SI), AX
	MOVL AX, CX
	ANDL $7, CX
	CMPL CX, $1
	JNE  leave
	CMPQ AX, $1            // 0
	JLE  switch
	SUBQ $8, AX
	MOVQ AX, excess(SI)
	ANSWER
switch:
	MOVQ Context_Nil(R15), R14
	ROOM(leave)
	SCHEDULER(leave)
	LAST(SI, CX, leave, first)
	CALL first<>(SB)
	TESTQ DI, DI
	JEQ  leave
	// A semaphore that is a run queue would have the active process itself.
	MOVL (R9), AX
	MOVL (SI), CX
	XORL AX, CX
	TESTL $0x3fffff, CX
	JEQ  leave
	MOVQ R9, R13
	CALL leavable<>(SB)
	TESTQ CX, CX
	JEQ  leave
	CALL ready<>(SB)
	TESTQ R12, R12
	JEQ  leave
	MOVQ R8, AX
	MOVQ CX, R9
	ADDLAST(SI, DX, empty, s1, s2, s3, s4, added)
	REMOVEFIRST(R13, DI, single, s5, removed)
	MOVQ AX, R8
	MOVQ R9, SI
	JMP  transfer<>(SB)
leave:
	LEAVE

TEXT checkedYield<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0-0
	CLASS(other)
	MOVL $const_ExitSend, R11
	JMP  yield<>(SB)
other:
	MOVQ (Context_Stubs+const_ExitSend*8)(R15), AX
	JMP  AX

TEXT foundYield<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0-0
	MOVL $const_ExitSend, R11
	JMP  yield<>(SB)

TEXT calledYield<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0-0
	MOVL $const_ExitCall, R11
	JMP  yield<>(SB)

TEXT yield<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0-0
	MOVQ Context_Nil(R15), R14
	ROOM(leave)
	SCHEDULER(leave)
	MOVQ priority(DX), CX
	QUEUE(CX, SI, leave)
	CMPQ R14, firstLink(SI)
	JNE  switch
	ANSWER
switch:
	LAST(SI, CX, leave, first)
	CALL first<>(SB)
	TESTQ DI, DI
	JEQ  leave
	MOVQ R9, R13
	CALL leavable<>(SB)
	TESTQ CX, CX
	JEQ  leave
	CALL ready<>(SB)
	TESTQ R12, R12
	JEQ  leave
	MOVQ R8, AX
	MOVQ CX, R9
	ADDLAST(SI, DX, empty, s1, s2, s3, s4, added)
	REMOVEFIRST(R13, DI, single, s5, removed)
	MOVQ AX, R8
	MOVQ R9, SI
	JMP  transfer<>(SB)
leave:
	LEAVE

DATA ·switches+(const_SwitchSignal*24+0)(SB)/8, $checkedSignal<>(SB)
DATA ·switches+(const_SwitchSignal*24+8)(SB)/8, $foundSignal<>(SB)
DATA ·switches+(const_SwitchSignal*24+16)(SB)/8, $calledSignal<>(SB)
DATA ·switches+(const_SwitchWait*24+0)(SB)/8, $checkedWait<>(SB)
DATA ·switches+(const_SwitchWait*24+8)(SB)/8, $foundWait<>(SB)
DATA ·switches+(const_SwitchWait*24+16)(SB)/8, $calledWait<>(SB)
DATA ·switches+(const_SwitchYield*24+0)(SB)/8, $checkedYield<>(SB)
DATA ·switches+(const_SwitchYield*24+8)(SB)/8, $foundYield<>(SB)
DATA ·switches+(const_SwitchYield*24+16)(SB)/8, $calledYield<>(SB)
GLOBL ·switches(SB), NOPTR, $(const_NumSwitches*24)
