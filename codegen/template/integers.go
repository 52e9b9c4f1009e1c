package template

import (
	"github.com/sista-vm/sista/codegen/asm"
	"github.com/sista-vm/sista/native"
)

// Arithmetic takes its receiver in RAX and its argument in RCX or, in the forms named RI, as
// operand 0, and leaves the result in RAX. Jump 0 is taken, with both as they were, if the operands
// are no SmallIntegers or the result is none.

func (l *library) writeIntegers(w *author) {
	both := func() {
		w.Mov(asm.W32, asm.RDX, asm.RAX)
		w.RR(asm.And, asm.W32, asm.RDX, asm.RCX)
		w.RI(asm.Test, asm.W8, asm.RDX, tagInt)
		w.out(asm.Equal, 0)
	}
	one := func() {
		w.RI(asm.Test, asm.W8, asm.RAX, tagInt)
		w.out(asm.Equal, 0)
	}
	w.write(&l.addRR, func() {
		both()
		w.Lea(asm.RDX, asm.At(asm.RAX, -tagInt))
		w.RR(asm.Add, asm.W64, asm.RDX, asm.RCX)
		w.out(asm.Overflow, 0)
		w.Mov(asm.W64, asm.RAX, asm.RDX)
	})
	// Operand 0 is the oop less its tag.
	w.write(&l.addRI, func() {
		one()
		w.Mov(asm.W64, asm.RDX, asm.RAX)
		w.RI(asm.Add, asm.W64, asm.RDX, operand(0))
		w.out(asm.Overflow, 0)
		w.Mov(asm.W64, asm.RAX, asm.RDX)
	})
	w.write(&l.subRR, func() {
		both()
		w.Mov(asm.W64, asm.RDX, asm.RAX)
		w.RR(asm.Sub, asm.W64, asm.RDX, asm.RCX)
		w.out(asm.Overflow, 0)
		w.Lea(asm.RAX, asm.At(asm.RDX, tagInt))
	})
	w.write(&l.subRI, func() {
		one()
		w.Mov(asm.W64, asm.RDX, asm.RAX)
		w.RI(asm.Sub, asm.W64, asm.RDX, operand(0))
		w.out(asm.Overflow, 0)
		w.Mov(asm.W64, asm.RAX, asm.RDX)
	})
	w.write(&l.mulRR, func() {
		both()
		w.Mov(asm.W64, asm.RDX, asm.RAX)
		w.Shift(asm.Sar, asm.W64, asm.RDX, 3)
		w.Lea(asm.RSI, asm.At(asm.RCX, -tagInt))
		w.RR(asm.IMul, asm.W64, asm.RDX, asm.RSI)
		w.out(asm.Overflow, 0)
		w.Lea(asm.RAX, asm.At(asm.RDX, tagInt))
	})
	w.write(&l.andRR, func() {
		both()
		w.RR(asm.And, asm.W64, asm.RAX, asm.RCX)
	})
	w.write(&l.andRI, func() {
		one()
		w.RI(asm.And, asm.W64, asm.RAX, operand(0))
	})
	w.write(&l.orRR, func() {
		both()
		w.RR(asm.Or, asm.W64, asm.RAX, asm.RCX)
	})
	w.write(&l.orRI, func() {
		one()
		w.RI(asm.Or, asm.W64, asm.RAX, operand(0))
	})
	// Rounding down, by what is positive.
	divide := func() {
		both()
		w.RI(asm.Cmp, asm.W64, asm.RCX, tagInt)
		w.out(asm.LessEqual, 0)
		w.Mov(asm.W64, asm.RDI, asm.RCX)
		w.Shift(asm.Sar, asm.W64, asm.RDI, 3)
		w.Shift(asm.Sar, asm.W64, asm.RAX, 3)
		w.SignRDX(asm.W64)
		w.Unary(asm.IDiv, asm.W64, asm.RDI)
		w.RR(asm.Test, asm.W64, asm.RDX, asm.RDX)
	}
	w.write(&l.div, func() {
		divide()
		exact := w.NewLabel()
		w.Jcc(asm.NotNegative, exact)
		w.Unary(asm.Dec, asm.W64, asm.RAX)
		w.Bind(exact)
		w.Lea(asm.RAX, asm.Mem{Base: asm.NoBase, Index: asm.RAX, Scale: 8, Disp: tagInt})
	})
	w.write(&l.mod, func() {
		divide()
		exact := w.NewLabel()
		w.Jcc(asm.NotNegative, exact)
		w.RR(asm.Add, asm.W64, asm.RDX, asm.RDI)
		w.Bind(exact)
		w.Lea(asm.RAX, asm.Mem{Base: asm.NoBase, Index: asm.RDX, Scale: 8, Disp: tagInt})
	})
	w.write(&l.shift, func() {
		left, done := w.NewLabel(), w.NewLabel()
		both()
		w.Mov(asm.W64, asm.RDX, asm.RCX)
		w.Shift(asm.Sar, asm.W64, asm.RDX, 3)
		w.RR(asm.Test, asm.W64, asm.RDX, asm.RDX)
		w.Jcc(asm.Greater, left)
		w.RI(asm.Cmp, asm.W64, asm.RDX, -61)
		w.out(asm.LessEqual, 0)
		w.Mov(asm.W64, asm.RCX, asm.RDX)
		w.Unary(asm.Neg, asm.W64, asm.RCX)
		w.ShiftCL(asm.Sar, asm.W64, asm.RAX)
		w.RI(asm.And, asm.W64, asm.RAX, ^tagMask)
		w.RI(asm.Or, asm.W64, asm.RAX, tagInt)
		w.Jmp(done)
		w.Bind(left)
		w.RI(asm.Cmp, asm.W64, asm.RDX, 60)
		w.out(asm.GreaterEqual, 0)
		w.Mov(asm.W64, asm.RDI, asm.RCX)
		w.Mov(asm.W64, asm.RCX, asm.RDX)
		w.Lea(asm.RSI, asm.At(asm.RAX, -tagInt))
		w.Mov(asm.W64, asm.R8, asm.RSI)
		w.ShiftCL(asm.Shl, asm.W64, asm.R8)
		w.Mov(asm.W64, asm.R9, asm.R8)
		w.ShiftCL(asm.Sar, asm.W64, asm.R9)
		w.RR(asm.Cmp, asm.W64, asm.R9, asm.RSI)
		w.Mov(asm.W64, asm.RCX, asm.RDI) // as it was
		w.out(asm.NotEqual, 0)
		w.Lea(asm.RAX, asm.At(asm.R8, tagInt))
		w.Bind(done)
	})
	// By operand 0 bits to the right.
	w.write(&l.shiftRight, func() {
		one()
		w.MovImm(asm.RCX, int64(operand(0)))
		w.ShiftCL(asm.Sar, asm.W64, asm.RAX)
		w.RI(asm.And, asm.W64, asm.RAX, ^tagMask)
		w.RI(asm.Or, asm.W64, asm.RAX, tagInt)
	})
	w.write(&l.compareRR, func() {
		both()
		w.RR(asm.Cmp, asm.W64, asm.RAX, asm.RCX)
	})
	w.write(&l.compareRI, func() {
		one()
		w.RI(asm.Cmp, asm.W64, asm.RAX, operand(0))
	})
	w.write(&l.sameRR, func() { w.RR(asm.Cmp, asm.W64, asm.RAX, asm.RCX) })
	w.write(&l.sameRI, func() { w.RI(asm.Cmp, asm.W64, asm.RAX, operand(0)) })
	w.write(&l.sameContext, func() { w.RM(asm.Cmp, asm.W64, asm.RAX, ctx(operand(0))) })
}

// writeObjects writes what reads and writes elements of Arrays, ByteStrings and ByteArrays.
func (l *library) writeObjects(w *author) {
	// The length of the object in RAX, whose header is in RDX, goes to RSI: slots.
	slots := func(object asm.Reg) {
		few := w.NewLabel()
		w.Mov(asm.W64, asm.RSI, asm.RDX)
		w.Shift(asm.Shr, asm.W64, asm.RSI, slotsShift)
		w.RI(asm.Cmp, asm.W32, asm.RSI, overflowSlots)
		w.Jcc(asm.NotEqual, few)
		w.Load(asm.W64, asm.RSI, asm.At(object, -8))
		w.Shift(asm.Shl, asm.W64, asm.RSI, 64-slotsShift)
		w.Shift(asm.Shr, asm.W64, asm.RSI, 64-slotsShift)
		w.Bind(few)
	}
	// From slots to bytes.
	bytes := func() {
		w.Shift(asm.Shl, asm.W64, asm.RSI, 3)
		w.Shift(asm.Shr, asm.W32, asm.RDX, formatShift)
		w.RI(asm.And, asm.W32, asm.RDX, 7)
		w.RR(asm.Sub, asm.W64, asm.RSI, asm.RDX)
	}
	// Jump 0 unless the shortcut is there.
	may := func(flag uintptr) {
		w.MI(asm.Cmp, asm.W8, ctx(native.OffAt+int32(flag)), 0)
		w.out(asm.Equal, 0)
	}
	// Index in RCX, from 1: to RDI, from 0. Header of the object in register o to RDX, class index to R8.
	indexed := func(o asm.Reg) {
		w.RI(asm.Test, asm.W8, o, tagMask)
		w.out(asm.NotEqual, 0)
		w.Mov(asm.W32, asm.RDX, asm.RCX)
		w.RI(asm.And, asm.W32, asm.RDX, tagMask)
		w.RI(asm.Cmp, asm.W32, asm.RDX, tagInt)
		w.out(asm.NotEqual, 0)
		w.Load(asm.W64, asm.RDX, asm.At(o, 0))
		w.Mov(asm.W64, asm.RDI, asm.RCX)
		w.Shift(asm.Shr, asm.W64, asm.RDI, 3)
		w.Unary(asm.Dec, asm.W64, asm.RDI)
		w.Mov(asm.W32, asm.R8, asm.RDX)
		slots(o)
	}
	bound := func() {
		w.RR(asm.Cmp, asm.W64, asm.RDI, asm.RSI)
		w.out(asm.AboveEqual, 0)
	}
	// at: as arithmetic is.
	w.write(&l.at, func() {
		notArray, notString, done := w.NewLabel(), w.NewLabel(), w.NewLabel()
		indexed(asm.RAX)
		w.RI(asm.And, asm.W32, asm.R8, classMask)
		w.RI(asm.Cmp, asm.W32, asm.R8, classArray)
		w.Jcc(asm.NotEqual, notArray)
		may(offArray)
		bound()
		w.Load(asm.W64, asm.RAX, asm.Indexed(asm.RAX, asm.RDI, 8, firstSlot))
		w.Jmp(done)
		w.Bind(notArray)
		w.RI(asm.Cmp, asm.W32, asm.R8, classByteString)
		w.Jcc(asm.NotEqual, notString)
		may(offString)
		bytes()
		bound()
		w.Load(asm.W8, asm.RAX, asm.Indexed(asm.RAX, asm.RDI, 1, firstSlot))
		w.Lea(asm.RAX, asm.Mem{Base: asm.NoBase, Index: asm.RAX, Scale: 8, Disp: tagChar})
		w.Jmp(done)
		w.Bind(notString)
		w.RI(asm.Cmp, asm.W32, asm.R8, classByteArray)
		w.out(asm.NotEqual, 0)
		may(offBytes)
		bytes()
		bound()
		w.Load(asm.W8, asm.RAX, asm.Indexed(asm.RAX, asm.RDI, 1, firstSlot))
		w.Lea(asm.RAX, asm.Mem{Base: asm.NoBase, Index: asm.RAX, Scale: 8, Disp: tagInt})
		w.Bind(done)
	})
	// at:put: has its operands on the stack, and leaves them there if it takes jump 0.
	w.write(&l.atPut, func() {
		notArray, notString, bytesAt, store, done := w.NewLabel(), w.NewLabel(), w.NewLabel(), w.NewLabel(), w.NewLabel()
		object := asm.R9
		w.Load(asm.W64, object, asm.At(asm.RSP, 16))
		w.Load(asm.W64, asm.RCX, asm.At(asm.RSP, 8))
		w.Load(asm.W64, asm.RAX, asm.At(asm.RSP, 0))
		indexed(object)
		w.RI(asm.And, asm.W32, asm.R8, classMask|storeCheckMask)
		w.RI(asm.Cmp, asm.W32, asm.R8, classArray)
		w.Jcc(asm.NotEqual, notArray)
		may(offArrayPut)
		bound()
		w.RM(asm.Cmp, asm.W64, object, ctx(native.OffOldStart))
		w.Jcc(asm.Below, store)
		w.RM(asm.Cmp, asm.W64, asm.RAX, ctx(native.OffOldStart))
		w.Jcc(asm.AboveEqual, store)
		w.RI(asm.Test, asm.W8, asm.RAX, tagMask)
		w.Jcc(asm.NotEqual, store)
		w.RI(asm.Test, asm.W32, asm.RDX, 1<<rememberedBit)
		w.out(asm.Equal, 0)
		w.Bind(store)
		w.Store(asm.W64, asm.Indexed(object, asm.RDI, 8, firstSlot), asm.RAX)
		w.Jmp(done)
		w.Bind(notArray)
		w.Mov(asm.W32, asm.RCX, asm.RAX) // a Character or SmallInteger of one byte
		w.RI(asm.And, asm.W32, asm.RCX, tagMask)
		w.RI(asm.Cmp, asm.W32, asm.R8, classByteString)
		w.Jcc(asm.NotEqual, notString)
		may(offStringPut)
		w.RI(asm.Cmp, asm.W32, asm.RCX, tagChar)
		w.out(asm.NotEqual, 0)
		w.Jmp(bytesAt)
		w.Bind(notString)
		w.RI(asm.Cmp, asm.W32, asm.R8, classByteArray)
		w.out(asm.NotEqual, 0)
		may(offBytesPut)
		w.RI(asm.Cmp, asm.W32, asm.RCX, tagInt)
		w.out(asm.NotEqual, 0)
		w.Bind(bytesAt)
		w.Mov(asm.W64, asm.RCX, asm.RAX)
		w.Shift(asm.Shr, asm.W64, asm.RCX, 3)
		w.RI(asm.Cmp, asm.W64, asm.RCX, 255)
		w.out(asm.Above, 0)
		bytes()
		bound()
		w.Store(asm.W8, asm.Indexed(object, asm.RDI, 1, firstSlot), asm.RCX)
		w.Bind(done)
		w.Lea(asm.RSP, asm.At(asm.RSP, 24))
	})
	// size of RAX.
	w.write(&l.size, func() {
		notArray, notString, inBytes, done := w.NewLabel(), w.NewLabel(), w.NewLabel(), w.NewLabel()
		w.RI(asm.Test, asm.W8, asm.RAX, tagMask)
		w.out(asm.NotEqual, 0)
		w.Load(asm.W64, asm.RDX, asm.At(asm.RAX, 0))
		w.Mov(asm.W32, asm.R8, asm.RDX)
		w.RI(asm.And, asm.W32, asm.R8, classMask)
		slots(asm.RAX)
		w.RI(asm.Cmp, asm.W32, asm.R8, classArray)
		w.Jcc(asm.NotEqual, notArray)
		may(offArraySize)
		w.Jmp(done)
		w.Bind(notArray)
		w.RI(asm.Cmp, asm.W32, asm.R8, classByteString)
		w.Jcc(asm.NotEqual, notString)
		may(offStringSize)
		w.Jmp(inBytes)
		w.Bind(notString)
		w.RI(asm.Cmp, asm.W32, asm.R8, classByteArray)
		w.out(asm.NotEqual, 0)
		may(offBytesSize)
		w.Bind(inBytes)
		bytes()
		w.Bind(done)
		w.Lea(asm.RAX, asm.Mem{Base: asm.NoBase, Index: asm.RSI, Scale: 8, Disp: tagInt})
	})
	// Jump 0 if self is a Context, whose variables may be elsewhere.
	w.write(&l.notContext, func() {
		immediate := w.NewLabel()
		w.Load(asm.W64, asm.RCX, asm.At(asm.RBP, frameReceiver))
		w.RI(asm.Test, asm.W8, asm.RCX, tagMask)
		w.Jcc(asm.NotEqual, immediate)
		w.Load(asm.W32, asm.RDX, asm.At(asm.RCX, 0))
		w.RI(asm.And, asm.W32, asm.RDX, classMask)
		w.RI(asm.Cmp, asm.W32, asm.RDX, classContext)
		w.out(asm.Equal, 0)
		w.Bind(immediate)
	})
}
