package template

import (
	"github.com/sista-vm/sista/codegen/asm"
	"github.com/sista-vm/sista/native"
)

// What makes objects in eden, where machine code may: instances of classes, closures, and the
// contexts that closures refer to.

const (
	contextSender   = 8
	contextPC       = 16
	contextStackp   = 24
	contextMethod   = 32
	contextClosure  = 40
	contextReceiver = 48
	contextSlots    = 6 + 16
	largeContext    = 6 + 56
	largeFrameBit   = 20 // of a method's header

	closureOuter           = 8
	closureBlock           = 16
	closureArgs            = 24
	closureReceiverOnStack = 1 << 7
	closureIgnoresOuter    = 1 << 6
	closureCopiedMask      = 63
	blockArgsShift         = 27 // in a method's header
	classFullBlock         = 38

	classFormat     = 24
	hashShift       = 32
	classPageShift  = 10
	formatMask      = 31
	formatFixed     = 1
	formatArray     = 2
	formatVariable  = 3
	formatPointers  = 5 // the last one
	formatBytes     = 16
	formatMethod    = 24 // the first one
	instFormatShift = 16 // in a class's format
	most            = 200
	closureRoutine  = 10
)

func (l *library) writeMakers(w *author) {
	// The class of RAX. Jump 0 if that is not known.
	w.write(&l.class, func() {
		immediate := w.NewLabel()
		w.Mov(asm.W32, asm.RCX, asm.RAX)
		w.RI(asm.And, asm.W32, asm.RCX, tagMask)
		w.Jcc(asm.NotEqual, immediate)
		w.Load(asm.W32, asm.RCX, asm.At(asm.RAX, 0))
		w.RI(asm.And, asm.W32, asm.RCX, classMask)
		w.Bind(immediate)
		classPage(w.Assembler, asm.RDX, asm.RCX, func() { w.out(asm.AboveEqual, 0) })
		w.Load(asm.W64, asm.RAX, asm.Indexed(asm.RDX, asm.RCX, 8, firstSlot))
	})
	// The closure of the block that is word 0 of the method, with a number of copied values that are on
	// the stack, and an outer context unless operand 2 is something. Jump 0 if there is no room.
	w.write(&l.closure, func() {
		w.Load(asm.W64, asm.RDX, asm.At(asm.RBP, frameMethod))
		w.Load(asm.W64, asm.RDX, asm.At(asm.RDX, operand(0)))
		w.MovImm(asm.RCX, int64(operand(1)))
		w.MovImm(asm.RAX, int64(operand(2)))
		w.CallMem(ctx(native.OffRoutine(closureRoutine)))
		w.out(asm.NotEqual, 0)
		w.Lea(asm.RSP, asm.At(asm.RSP, operand(3)))
	})
	for args := range l.makes {
		w.write(&l.makes[args], func() { writeMaker(w.Assembler, args) })
	}
}

// classPage finds the page of the class table for an index, which becomes that in the page.
func classPage(a *asm.Assembler, page, index asm.Reg, fail func()) {
	a.Mov(asm.W32, page, index)
	a.Shift(asm.Shr, asm.W32, page, classPageShift)
	a.RM(asm.Cmp, asm.W64, page, ctx(native.OffNumClassPages))
	fail()
	a.Load(asm.W64, asm.RSI, ctx(native.OffClassPages))
	a.Load(asm.W64, page, asm.Indexed(asm.RSI, page, 8, 0))
	a.RI(asm.And, asm.W32, index, 1<<classPageShift-1)
}

// writeMaker writes what a method with primitive 70 or 71 is: it makes an instance of the class that is
// the receiver, or leaves to the primitive.
func writeMaker(a *asm.Assembler, args int) {
	fail, raw, fill := a.NewLabel(), a.NewLabel(), a.NewLabel()
	a.Load(asm.W64, asm.RAX, asm.At(asm.RSP, int32(8+8*args)))
	a.RI(asm.Test, asm.W8, asm.RAX, tagMask)
	a.Jcc(asm.NotEqual, fail)
	// It has the slots of a class, and is at its hash in the class table.
	a.Load(asm.W64, asm.RDX, asm.At(asm.RAX, 0))
	a.Mov(asm.W64, asm.RCX, asm.RDX)
	a.Shift(asm.Shr, asm.W64, asm.RCX, slotsShift)
	a.RI(asm.Cmp, asm.W32, asm.RCX, 3)
	a.Jcc(asm.Below, fail)
	a.Mov(asm.W32, asm.RCX, asm.RDX)
	a.Shift(asm.Shr, asm.W32, asm.RCX, formatShift)
	a.RI(asm.And, asm.W32, asm.RCX, formatMask)
	a.RI(asm.Cmp, asm.W32, asm.RCX, formatPointers)
	a.Jcc(asm.Above, fail)
	a.Shift(asm.Shr, asm.W64, asm.RDX, hashShift)
	a.RI(asm.And, asm.W32, asm.RDX, classMask)
	a.Jcc(asm.Equal, fail)
	a.Mov(asm.W32, asm.RCX, asm.RDX)
	classPage(a, asm.RDI, asm.RCX, func() { a.Jcc(asm.AboveEqual, fail) })
	a.MR(asm.Cmp, asm.W64, asm.Indexed(asm.RDI, asm.RCX, 8, firstSlot), asm.RAX)
	a.Jcc(asm.NotEqual, fail)
	// Its format: slots to RCX, those of the instance's header to R8 and its format to RSI.
	a.Load(asm.W64, asm.RSI, asm.At(asm.RAX, classFormat))
	a.Mov(asm.W32, asm.RCX, asm.RSI)
	a.RI(asm.And, asm.W32, asm.RCX, tagMask)
	a.RI(asm.Cmp, asm.W32, asm.RCX, tagInt)
	a.Jcc(asm.NotEqual, fail)
	a.Shift(asm.Shr, asm.W64, asm.RSI, 3)
	a.ZeroExtend(asm.W16, asm.RCX, asm.RSI)
	a.Shift(asm.Shr, asm.W64, asm.RSI, instFormatShift)
	a.RI(asm.And, asm.W32, asm.RSI, formatMask)
	a.Load(asm.W64, asm.R9, ctx(native.OffNil))
	if args == 0 {
		a.RI(asm.Cmp, asm.W32, asm.RSI, formatFixed)
		a.Jcc(asm.Above, fail)
	} else {
		ready := a.NewLabel()
		a.Load(asm.W64, asm.RDI, asm.At(asm.RSP, 8))
		a.Mov(asm.W32, asm.R8, asm.RDI)
		a.RI(asm.And, asm.W32, asm.R8, tagMask)
		a.RI(asm.Cmp, asm.W32, asm.R8, tagInt)
		a.Jcc(asm.NotEqual, fail)
		a.Shift(asm.Shr, asm.W64, asm.RDI, 3)
		a.RI(asm.Cmp, asm.W64, asm.RDI, most)
		a.Jcc(asm.Above, fail)
		a.RI(asm.Cmp, asm.W32, asm.RSI, formatBytes)
		a.Jcc(asm.Equal, raw)
		a.Lea32(asm.R8, asm.At(asm.RSI, -formatArray))
		a.RI(asm.Cmp, asm.W32, asm.R8, formatVariable-formatArray)
		a.Jcc(asm.Above, fail)
		a.RR(asm.Add, asm.W32, asm.RCX, asm.RDI)
		a.Jmp(ready)
		a.Bind(raw)
		a.Lea32(asm.RCX, asm.At(asm.RDI, 7))
		a.Shift(asm.Shr, asm.W32, asm.RCX, 3)
		a.Unary(asm.Neg, asm.W32, asm.RDI)
		a.RI(asm.And, asm.W32, asm.RDI, 7)
		a.RR(asm.Add, asm.W32, asm.RSI, asm.RDI)
		a.Zero(asm.R9)
		a.Bind(ready)
	}
	a.RI(asm.Cmp, asm.W32, asm.RCX, most)
	a.Jcc(asm.Above, fail)
	a.Mov(asm.W64, asm.R8, asm.RCX)
	a.Shift(asm.Shl, asm.W64, asm.R8, slotsShift)
	a.Shift(asm.Shl, asm.W64, asm.RSI, formatShift)
	a.RR(asm.Or, asm.W64, asm.R8, asm.RSI)
	a.RR(asm.Or, asm.W64, asm.R8, asm.RDX)
	// An object has room for one slot at least.
	a.MovImm(asm.RSI, 1)
	a.RR(asm.Test, asm.W32, asm.RCX, asm.RCX)
	a.Cmov(asm.Equal, asm.W64, asm.RCX, asm.RSI)
	a.Load(asm.W64, asm.RAX, ctx(native.OffFree))
	a.Lea(asm.RSI, asm.Indexed(asm.RAX, asm.RCX, 8, 8))
	a.RM(asm.Cmp, asm.W64, asm.RSI, ctx(native.OffFreeLimit))
	a.Jcc(asm.Above, fail)
	a.Store(asm.W64, ctx(native.OffFree), asm.RSI)
	a.Store(asm.W64, asm.At(asm.RAX, 0), asm.R8)
	a.Bind(fill)
	a.Store(asm.W64, asm.Indexed(asm.RAX, asm.RCX, 8, 0), asm.R9)
	a.Unary(asm.Dec, asm.W64, asm.RCX)
	a.Jcc(asm.NotEqual, fill)
	a.Ret(uint16(8 + 8*args))
	if args == 0 {
		a.Bind(raw)
	}
	// This stub knows no target for a class, so the primitive is run.
	a.Bind(fail)
	a.JmpMem(stub(native.ExitValue))
}

// writeClosureRoutine takes the block in RDX, the number of copied values in RCX, and in RAX
// whether the closure does without its outer context. The values are on the stack.
func writeClosureRoutine(a *asm.Assembler) {
	fail, outer, copied, done := a.NewLabel(), a.NewLabel(), a.NewLabel(), a.NewLabel()
	a.Mov(asm.W64, asm.R8, asm.RDX)
	a.RI(asm.Test, asm.W8, asm.RDX, tagMask)
	a.Jcc(asm.NotEqual, fail)
	a.Load(asm.W32, asm.RSI, asm.At(asm.R8, 0))
	a.Shift(asm.Shr, asm.W32, asm.RSI, formatShift)
	a.RI(asm.And, asm.W32, asm.RSI, formatMask)
	a.RI(asm.Cmp, asm.W32, asm.RSI, formatMethod)
	a.Jcc(asm.Below, fail)
	a.Load(asm.W64, asm.R9, ctx(native.OffNil))
	a.RR(asm.Test, asm.W32, asm.RAX, asm.RAX)
	a.Jcc(asm.NotEqual, outer)
	a.Load(asm.W64, asm.R9, asm.At(asm.RBP, frameContext))
	a.RM(asm.Cmp, asm.W64, asm.R9, ctx(native.OffNil))
	a.Jcc(asm.NotEqual, outer)
	marry(a, fail)
	a.Bind(outer)
	a.Load(asm.W64, asm.RDI, ctx(native.OffFree))
	a.Lea(asm.RSI, asm.Indexed(asm.RDI, asm.RCX, 8, closureCopied))
	a.RM(asm.Cmp, asm.W64, asm.RSI, ctx(native.OffFreeLimit))
	a.Jcc(asm.Above, fail)
	a.Store(asm.W64, ctx(native.OffFree), asm.RSI)
	a.Lea(asm.RSI, asm.At(asm.RCX, closureFixed))
	a.Shift(asm.Shl, asm.W64, asm.RSI, slotsShift)
	a.MovImm(asm.R10, formatVariable<<formatShift|classFullBlock)
	a.RR(asm.Or, asm.W64, asm.RSI, asm.R10)
	a.Store(asm.W64, asm.At(asm.RDI, 0), asm.RSI)
	a.Store(asm.W64, asm.At(asm.RDI, closureOuter), asm.R9)
	a.Store(asm.W64, asm.At(asm.RDI, closureBlock), asm.R8)
	a.Load(asm.W64, asm.RSI, asm.At(asm.R8, firstSlot))
	a.Shift(asm.Shr, asm.W64, asm.RSI, blockArgsShift)
	a.RI(asm.And, asm.W32, asm.RSI, 15)
	a.Lea(asm.RSI, asm.Mem{Base: asm.NoBase, Index: asm.RSI, Scale: 8, Disp: tagInt})
	a.Store(asm.W64, asm.At(asm.RDI, closureArgs), asm.RSI)
	a.Load(asm.W64, asm.RSI, asm.At(asm.RBP, frameReceiver))
	a.Store(asm.W64, asm.At(asm.RDI, closureReceiver), asm.RSI)
	a.Lea(asm.R10, asm.At(asm.RDI, closureCopied))
	a.Bind(copied)
	a.RR(asm.Test, asm.W64, asm.RCX, asm.RCX)
	a.Jcc(asm.Equal, done)
	a.Load(asm.W64, asm.RSI, asm.Indexed(asm.RSP, asm.RCX, 8, 0)) // above the return address
	a.Store(asm.W64, asm.At(asm.R10, 0), asm.RSI)
	a.RI(asm.Add, asm.W64, asm.R10, 8)
	a.Unary(asm.Dec, asm.W64, asm.RCX)
	a.Jmp(copied)
	a.Bind(done)
	a.Mov(asm.W64, asm.RAX, asm.RDI)
	answer(a)
	failure(a, fail)
}

// marry makes the context of the frame, to R9. It changes RSI, RDI, R10 and R11.
func marry(a *asm.Assembler, fail asm.Label) {
	small, method, fill := a.NewLabel(), a.NewLabel(), a.NewLabel()
	a.Load(asm.W64, asm.RSI, asm.At(asm.RBP, frameMethod))
	a.MovImm(asm.RDI, contextSlots)
	a.MI(asm.Test, asm.W32, asm.At(asm.RSI, firstSlot), 1<<largeFrameBit)
	a.Jcc(asm.Equal, small)
	a.MovImm(asm.RDI, largeContext)
	a.Bind(small)
	a.Load(asm.W64, asm.R9, ctx(native.OffFree))
	a.Lea(asm.R10, asm.Indexed(asm.R9, asm.RDI, 8, 8))
	a.RM(asm.Cmp, asm.W64, asm.R10, ctx(native.OffFreeLimit))
	a.Jcc(asm.Above, fail)
	a.Store(asm.W64, ctx(native.OffFree), asm.R10)
	a.Mov(asm.W64, asm.R10, asm.RDI)
	a.Shift(asm.Shl, asm.W64, asm.R10, slotsShift)
	a.MovImm(asm.R11, formatVariable<<formatShift|classContext)
	a.RR(asm.Or, asm.W64, asm.R10, asm.R11)
	a.Store(asm.W64, asm.At(asm.R9, 0), asm.R10)
	a.Store(asm.W64, asm.At(asm.R9, contextMethod), asm.RSI)
	a.Lea(asm.RSI, asm.At(asm.RBP, tagInt)) // how a married context names its frame
	a.Store(asm.W64, asm.At(asm.R9, contextSender), asm.RSI)
	a.StoreImm(asm.W64, asm.At(asm.R9, contextPC), tagInt)
	a.StoreImm(asm.W64, asm.At(asm.R9, contextStackp), tagInt)
	a.Load(asm.W64, asm.R11, ctx(native.OffNil))
	a.Mov(asm.W64, asm.RSI, asm.R11)
	a.Load(asm.W64, asm.R10, asm.At(asm.RBP, frameFlags))
	a.RI(asm.Test, asm.W32, asm.R10, flagBlock<<3)
	a.Jcc(asm.Equal, method)
	a.Shift(asm.Shr, asm.W64, asm.R10, 3)
	a.RI(asm.And, asm.W32, asm.R10, 0xff)
	a.Load(asm.W64, asm.RSI, asm.Indexed(asm.RBP, asm.R10, 8, 16))
	a.Bind(method)
	a.Store(asm.W64, asm.At(asm.R9, contextClosure), asm.RSI)
	a.Load(asm.W64, asm.RSI, asm.At(asm.RBP, frameReceiver))
	a.Store(asm.W64, asm.At(asm.R9, contextReceiver), asm.RSI)
	a.Bind(fill)
	a.Store(asm.W64, asm.Indexed(asm.R9, asm.RDI, 8, 0), asm.R11)
	a.Unary(asm.Dec, asm.W64, asm.RDI)
	a.RI(asm.Cmp, asm.W64, asm.RDI, contextReceiver/8)
	a.Jcc(asm.Above, fill)
	a.Store(asm.W64, asm.At(asm.RBP, frameContext), asm.R9)
}
