package template

import (
	"sync"

	"github.com/sista-vm/sista/codegen/asm"
	"github.com/sista-vm/sista/native"
)

// The interpreter's frame (interp/frame.go), and objects.
const (
	frameReturn   = 8
	frameMethod   = -8
	frameFlags    = -16
	frameContext  = -24
	frameReceiver = -32
	framePC       = -40
	flagBlock     = 1 << 8

	tagMask  = 7
	tagInt   = 1
	tagChar  = 2
	tagFloat = 4

	headerSlotsByte = 7 // the byte of the header with the number of slots
	firstSlot       = 8
	methodLiterals  = 16 // the word of the first one
	bindingValue    = 16
	closureReceiver = 32
	closureCopied   = 40
	closureFixed    = 4 // slots

	classMask       = 1<<22 - 1
	storeCheckMask  = 3 << 22 // read-only and watched objects
	rememberedBit   = 29
	formatShift     = 24
	slotsShift      = 56
	overflowSlots   = 255
	classContext    = 36
	classByteArray  = 50
	classArray      = 51
	classByteString = 52
)

// Cells have the class at 0 and the target at 8.
const cellTarget = 8

func ctx(off int32) asm.Mem { return asm.At(asm.R15, off) }

func stub(x native.Exit) asm.Mem { return ctx(native.OffStub(x)) }

// loads bring a value into a register.
type loads struct{ frame, context, constant, object, binding, pop, other *snippet }

// library is all snippets.
type library struct {
	push struct{ rax, rcx, frame, context, constant, object, binding *snippet }
	rax  loads
	rcx  loads

	storeFrame, storeFrameConstant *snippet
	// store is of RAX into slot 1 of the object that is word 0 of the frame, or, for storeBinding, of the
	// method. Its second part is where both may be such that the object must be remembered.
	store                    [2]*snippet
	drop, topToRAX, popToRAX *snippet

	jump, poll                      *snippet
	branch                          [2]*snippet // on false, on true
	jcc, boolean                    [16]*snippet
	send, returns                   *snippet
	need2, needRAX, needRemote      *snippet
	notContext                      *snippet
	checkedMethod, loadReceiver     *snippet
	header, entryBlock, headerBlock *snippet
	copied, pushNil                 *snippet

	quickSelf, quickVariable, quickContext, quickConstant *snippet

	addRR, addRI, subRR, subRI, mulRR, andRR, andRI, orRR, orRI *snippet
	div, mod, shift, shiftRight                                 *snippet
	compareRR, compareRI, sameRR, sameRI, sameContext           *snippet
	at, atPut, size                                             *snippet
	always, floats, storeBinding                                *snippet
	widows, closure, class                                      *snippet
	makes                                                       [2]*snippet // instances, by number of arguments
}

var theLibrary = sync.OnceValues(writeLibrary)

func writeLibrary() (*library, error) {
	l := &library{}
	w := newAuthor()
	l.writeMoves(w)
	l.writeStores(w)
	l.writeControl(w)
	l.writeIntegers(w)
	l.writeObjects(w)
	l.writeMakers(w)
	if err := w.finish(); err != nil {
		return nil, err
	}
	return l, nil
}

func (l *library) writeMoves(w *author) {
	p := &l.push
	w.write(&p.rax, func() { w.Push(asm.RAX) })
	w.write(&p.rcx, func() { w.Push(asm.RCX) })
	w.write(&p.frame, func() { w.PushMem(asm.At(asm.RBP, operand(0))) })
	w.write(&p.context, func() { w.PushMem(ctx(operand(0))) })
	w.write(&p.constant, func() { w.PushImm(operand(0)) })
	w.write(&p.object, func() {
		w.Load(asm.W64, asm.RDX, asm.At(asm.RBP, operand(0)))
		w.PushMem(asm.At(asm.RDX, operand(1)))
	})
	w.write(&p.binding, func() {
		w.Load(asm.W64, asm.RDX, asm.At(asm.RBP, frameMethod))
		w.Load(asm.W64, asm.RDX, asm.At(asm.RDX, operand(0)))
		w.PushMem(asm.At(asm.RDX, bindingValue))
	})
	for reg, r := range map[asm.Reg]*loads{asm.RAX: &l.rax, asm.RCX: &l.rcx} {
		w.write(&r.frame, func() { w.Load(asm.W64, reg, asm.At(asm.RBP, operand(0))) })
		w.write(&r.context, func() { w.Load(asm.W64, reg, ctx(operand(0))) })
		w.write(&r.constant, func() { w.MovImm(reg, signedOperand(0)) })
		w.write(&r.object, func() {
			w.Load(asm.W64, reg, asm.At(asm.RBP, operand(0)))
			w.Load(asm.W64, reg, asm.At(reg, operand(1)))
		})
		w.write(&r.binding, func() {
			w.Load(asm.W64, reg, asm.At(asm.RBP, frameMethod))
			w.Load(asm.W64, reg, asm.At(reg, operand(0)))
			w.Load(asm.W64, reg, asm.At(reg, bindingValue))
		})
		w.write(&r.pop, func() { w.Pop(reg) })
		w.write(&r.other, func() { w.Mov(asm.W64, reg, asm.RAX) })
	}
	w.write(&l.drop, func() { w.Lea(asm.RSP, asm.At(asm.RSP, 8)) })
	w.write(&l.topToRAX, func() { w.Load(asm.W64, asm.RAX, asm.At(asm.RSP, 0)) })
	// Back from code that is not likely, with the result on the stack.
	w.write(&l.popToRAX, func() {
		w.Pop(asm.RAX)
		w.outAlways(0)
	})
}

func (l *library) writeStores(w *author) {
	w.write(&l.storeFrame, func() { w.Store(asm.W64, asm.At(asm.RBP, operand(0)), asm.RAX) })
	w.write(&l.storeFrameConstant, func() { w.StoreImm(asm.W64, asm.At(asm.RBP, operand(0)), operand(1)) })
	// Jump 0 of all leaves, jump 1 is to the second part, or back from it.
	first := func() {
		w.MI(asm.Test, asm.W32, asm.At(asm.RCX, 0), storeCheckMask)
		w.out(asm.NotEqual, 0)
		w.RM(asm.Cmp, asm.W64, asm.RCX, ctx(native.OffOldStart))
		w.out(asm.AboveEqual, 1)
		w.Store(asm.W64, asm.At(asm.RCX, operand(1)), asm.RAX)
	}
	w.write(&l.storeBinding, func() {
		w.Load(asm.W64, asm.RCX, asm.At(asm.RBP, frameMethod))
		w.Load(asm.W64, asm.RCX, asm.At(asm.RCX, operand(0)))
		first()
	})
	w.write(&l.store[0], func() {
		w.Load(asm.W64, asm.RCX, asm.At(asm.RBP, operand(0)))
		first()
	})
	w.write(&l.store[1], func() {
		store := w.NewLabel()
		w.RI(asm.Test, asm.W8, asm.RAX, tagMask)
		w.Jcc(asm.NotEqual, store)
		w.RM(asm.Cmp, asm.W64, asm.RAX, ctx(native.OffOldStart))
		w.Jcc(asm.AboveEqual, store)
		w.MI(asm.Test, asm.W32, asm.At(asm.RCX, 0), 1<<rememberedBit)
		w.out(asm.Equal, 0)
		w.Bind(store)
		w.Store(asm.W64, asm.At(asm.RCX, operand(1)), asm.RAX)
		w.outAlways(1)
	})
}

func (l *library) writeControl(w *author) {
	w.write(&l.jump, func() { w.outAlways(0) })
	w.write(&l.always, func() { w.outAlways(0) })
	// Routine 0, and jump 0 if it has done it.
	w.write(&l.floats, func() {
		w.CallMem(ctx(operand(0)))
		w.out(asm.Equal, 0)
	})
	w.write(&l.poll, func() {
		w.UnaryM(asm.Dec, asm.W64, ctx(native.OffTrip))
		w.out(asm.LessEqual, 0)
		w.RM(asm.Cmp, asm.W64, asm.RSP, ctx(native.OffStackLimit))
		w.out(asm.Below, 1)
	})
	// Jump 0 if RAX is false, or true; jump 1 if it is no Boolean.
	for i, order := range [2][2]int32{{native.OffFalse, native.OffTrue}, {native.OffTrue, native.OffFalse}} {
		w.write(&l.branch[i], func() {
			w.RM(asm.Cmp, asm.W64, asm.RAX, ctx(order[0]))
			w.out(asm.Equal, 0)
			w.RM(asm.Cmp, asm.W64, asm.RAX, ctx(order[1]))
			w.out(asm.NotEqual, 1)
		})
	}
	for c := range asm.Cond(16) {
		w.write(&l.jcc[c], func() { w.out(c, 0) })
		w.write(&l.boolean[c], func() {
			w.Load(asm.W64, asm.RAX, ctx(native.OffFalse))
			w.CmovM(c, asm.W64, asm.RAX, ctx(native.OffTrue))
		})
	}

	w.write(&l.send, func() {
		w.StoreImm(asm.W64, asm.At(asm.RBP, framePC), operand(0))
		w.Lea(asm.R10, asm.Data(1))
		w.CallMem(asm.At(asm.R10, cellTarget))
	})
	// What the code needs, operand 0, and the pc.
	w.write(&l.needRAX, func() {
		w.MovImm(asm.RDX, int64(operand(0)))
		w.StoreImm(asm.W64, asm.At(asm.RBP, framePC), operand(1))
		w.CallMem(stub(native.ExitInterpret))
	})
	w.write(&l.need2, func() {
		w.MovImm(asm.RDX, int64(operand(0)))
		w.StoreImm(asm.W64, asm.At(asm.RBP, framePC), operand(1))
		w.MovImm(asm.RAX, int64(operand(2)))
		w.MovImm(asm.RCX, int64(operand(3)))
		w.CallMem(stub(native.ExitInterpret))
	})
	w.write(&l.needRemote, func() {
		w.MovImm(asm.RDX, int64(operand(0)))
		w.StoreImm(asm.W64, asm.At(asm.RBP, framePC), operand(1))
		w.Mov(asm.W64, asm.RAX, asm.RCX)
		w.MovImm(asm.RCX, int64(operand(2)))
		w.CallMem(stub(native.ExitInterpret))
	})
	w.write(&l.returns, func() {
		w.Load(asm.W64, asm.RCX, ctx(native.OffNil))
		w.MR(asm.Cmp, asm.W64, asm.At(asm.RBP, frameContext), asm.RCX)
		w.out(asm.NotEqual, 0)
		w.Mov(asm.W64, asm.RSP, asm.RBP)
		w.Pop(asm.RBP)
		w.Ret(shortMark)
	})
	// The context of the frame outlives it. Jump 0 if the frame is the base of a page.
	w.write(&l.widows, func() {
		w.MI(asm.Cmp, asm.W64, asm.At(asm.RBP, 0), 0)
		w.out(asm.Equal, 0)
		w.Load(asm.W64, asm.RDX, asm.At(asm.RBP, frameContext))
		w.Store(asm.W64, asm.At(asm.RDX, contextSender), asm.RCX)
		w.Store(asm.W64, asm.At(asm.RDX, contextPC), asm.RCX)
		w.Mov(asm.W64, asm.RSP, asm.RBP)
		w.Pop(asm.RBP)
		w.Ret(shortMark)
	})
	l.writeEntries(w)
}

// writeEntries writes how activations begin.
func (l *library) writeEntries(w *author) {
	// Operand 0 is where the receiver is from sp. The checked entry is after the first jump, which is
	// short as all in the snippet is.
	checked := func() {
		immediate := w.NewLabel()
		w.Load(asm.W64, asm.RAX, asm.At(asm.RSP, operand(0)))
		w.Mov(asm.W32, asm.RCX, asm.RAX)
		w.RI(asm.And, asm.W32, asm.RCX, tagMask)
		w.Jcc(asm.NotEqual, immediate)
		w.Load(asm.W32, asm.RCX, asm.At(asm.RAX, 0))
		w.RI(asm.And, asm.W32, asm.RCX, classMask)
		w.Bind(immediate)
		w.RM(asm.Cmp, asm.W64, asm.RCX, asm.At(asm.R10, 0))
	}
	w.write(&l.checkedMethod, func() {
		checked()
		hit := w.NewLabel()
		w.Jcc(asm.Equal, hit)
		w.JmpMem(stub(native.ExitSend))
		w.Bind(hit)
	})
	w.write(&l.loadReceiver, func() { w.Load(asm.W64, asm.RAX, asm.At(asm.RSP, operand(0))) })
	frame := func(self func()) {
		w.Push(asm.RBP)
		w.Mov(asm.W64, asm.RBP, asm.RSP)
		w.PushMem(asm.Data(0))
		w.PushMem(asm.Data(1))
		w.PushMem(ctx(native.OffNil))
		self()
		w.PushImm(operand(2))
	}
	w.write(&l.header, func() { frame(func() { w.Push(asm.RAX) }) })
	w.write(&l.headerBlock, func() { frame(func() { w.PushMem(asm.At(asm.RAX, closureReceiver)) }) })
	// A closure with another number of copied values than operand 1 is the interpreter's.
	w.write(&l.entryBlock, func() {
		w.Load(asm.W64, asm.RAX, asm.At(asm.RSP, operand(0)))
		w.Load(asm.W8, asm.RCX, asm.At(asm.RAX, headerSlotsByte))
		w.RI(asm.Cmp, asm.W32, asm.RCX, operand(1))
		hit := w.NewLabel()
		w.Jcc(asm.Equal, hit)
		w.JmpMem(stub(native.ExitSend))
		w.Bind(hit)
	})
	w.write(&l.copied, func() { w.PushMem(asm.At(asm.RAX, operand(0))) })
	w.write(&l.pushNil, func() { w.PushMem(ctx(native.OffNil)) })
	w.write(&l.quickSelf, func() { w.Ret(8) })
	w.write(&l.quickVariable, func() {
		w.Load(asm.W64, asm.RAX, asm.At(asm.RAX, operand(0)))
		w.Ret(8)
	})
	w.write(&l.quickContext, func() {
		w.Load(asm.W64, asm.RAX, ctx(operand(0)))
		w.Ret(8)
	})
	w.write(&l.quickConstant, func() {
		w.MovImm(asm.RAX, signedOperand(0))
		w.Ret(8)
	})
}
