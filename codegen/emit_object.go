package codegen

import (
	"github.com/sista-vm/sista/codegen/asm"
	"github.com/sista-vm/sista/native"
)

// object emits instructions on objects.
func (e *emitter) object() {
	a, in := e.a, e.in
	switch in.op {
	case mHasClass:
		x := e.r(in.x)
		done := a.NewLabel()
		if in.y.disp == 0 {
			a.RI(asm.Test, asm.W8, x, 7)
			a.Jcc(asm.NotEqual, done) // not equal here is not equal there
		}
		e.compareClass(x, in.imm)
		a.Bind(done)
	case mGuardClass:
		x, out := e.r(in.x), e.leaveAt()
		e.count(out)
		if in.y.disp == 0 {
			a.RI(asm.Test, asm.W8, x, 7)
			a.Jcc(asm.NotEqual, out)
		}
		e.compareClass(x, in.imm)
		a.Jcc(asm.NotEqual, out)
	case mClassIndex:
		e.classIndex()
	case mClassOf:
		e.classIndex()
		d, t := e.d(), e.t(0)
		a.Mov(asm.W32, tmp, d)
		a.Shift(asm.Shr, asm.W32, tmp, classPageShift)
		a.Load(asm.W64, t, context(offClassPages))
		a.Load(asm.W64, tmp, asm.Indexed(t, tmp, 8, 0))
		a.RI(asm.And, asm.W32, d, 1<<classPageShift-1)
		a.Load(asm.W64, d, asm.Indexed(tmp, d, 8, firstSlot))
	case mSize:
		e.size()
	case mHash:
		x, d := e.r(in.x), e.d()
		done := a.NewLabel()
		a.Load(asm.W32, d, asm.At(x, hashShift/8))
		a.RI(asm.And, asm.W32, d, classMask)
		slow := e.slowPath(native.ExitHash, done, func() { e.give(asm.RAX, x) }, func() { e.take(d) })
		a.Jcc(asm.Equal, slow)
		a.Bind(done)
	case mTouch:
		x, field := e.r(in.x), in.imm
		done := a.NewLabel()
		slow := e.slowPath(native.ExitTouch, done, func() {
			e.give(asm.RAX, x)
			a.MovImm(asm.RCX, field)
		}, nil)
		a.MI(asm.Test, asm.W32, asm.At(x, 0), watchedBit|immutableBit)
		a.Jcc(asm.NotEqual, slow)
		a.Bind(done)
	case mBarrier:
		e.barrier()
	case mNew:
		e.newObject()
	case mNewArr:
		e.newArray()
	case mNewRaw:
		e.newRaw()
	case mHelper:
		e.helper()
	case mRemember:
		done := a.NewLabel()
		x := e.r(in.x)
		slow := e.slowPath(native.ExitRemember, done, func() { e.give(asm.RAX, x) }, nil)
		a.RI(asm.Cmp, asm.W32, e.r(in.z), 2)
		a.Jcc(asm.Equal, slow)
		a.Bind(done)
	case mContext:
		a.MovImm(asm.RCX, in.imm)
		e.exit(native.ExitContext)
		e.answer()
	default:
		e.fail("%s is not emitted", mopNames[in.op])
	}
}

// classIndex reads that of any oop.
func (e *emitter) classIndex() {
	a, x, d := e.a, e.r(e.in.x), e.d()
	done := a.NewLabel()
	a.Mov(asm.W64, tmp, x)
	if e.in.imm == 0 {
		a.Mov(asm.W32, d, tmp)
		a.RI(asm.And, asm.W32, d, 7)
		a.Jcc(asm.NotEqual, done)
	}
	a.Load(asm.W32, d, asm.At(tmp, 0))
	a.RI(asm.And, asm.W32, d, classMask)
	a.Bind(done)
}

// compareClass compares the class index of an object.
func (e *emitter) compareClass(x asm.Reg, index int64) {
	e.a.Load(asm.W32, tmp, asm.At(x, 0))
	e.a.RI(asm.And, asm.W32, tmp, classMask)
	e.a.RI(asm.Cmp, asm.W32, tmp, int32(index))
}

// size reads how many units of w bytes an object has: of slots the header, or the
// word before it, knows the number; formats count the units of the last slot that
// are unused.
func (e *emitter) size() {
	a, x, t, d := e.a, e.r(e.in.x), e.t(0), e.d()
	many, done := a.NewLabel(), a.NewLabel()
	a.Load(asm.W8, d, asm.At(x, slotsShift/8))
	a.RI(asm.Cmp, asm.W32, d, overflowSlots)
	a.Jcc(asm.Equal, many)
	a.Bind(done)
	unit := e.in.imm
	if unit != 0 && unit != 8 {
		per := int32(8 / unit)
		a.Shift(asm.Shl, asm.W64, d, log2(int64(per)))
		a.Load(asm.W8, t, asm.At(x, formatShift/8))
		a.RI(asm.And, asm.W32, t, per-1)
		a.RR(asm.Sub, asm.W64, d, t)
	}
	e.later = append(e.later, func() {
		a.Bind(many)
		a.Load(asm.W64, d, asm.At(x, -8))
		a.Shift(asm.Shl, asm.W64, d, 8)
		a.Shift(asm.Shr, asm.W64, d, 8)
		a.Jmp(done)
	})
}

func log2(n int64) uint8 {
	k := uint8(0)
	for 1<<k < n {
		k++
	}
	return k
}

// barrier remembers an old object that now refers to a young one.
func (e *emitter) barrier() {
	a, x, z := e.a, e.r(e.in.x), e.r(e.in.z)
	old, done := a.NewLabel(), a.NewLabel()
	known := e.in.imm == barrierObject
	if e.in.imm == barrierImmediate {
		a.RI(asm.Test, asm.W8, z, 7)
		a.Jcc(asm.Equal, old)
	} else {
		a.RM(asm.Cmp, asm.W64, x, context(offOldStart))
		a.Jcc(asm.AboveEqual, old)
	}
	a.Bind(done)
	slow := e.slowPath(native.ExitRemember, done, func() { e.give(asm.RAX, x) }, nil)
	immediate := e.in.imm == barrierImmediate
	e.later = append(e.later, func() {
		a.Bind(old)
		switch {
		case immediate:
			a.RM(asm.Cmp, asm.W64, x, context(offOldStart))
			a.Jcc(asm.Below, done)
		case !known:
			a.RI(asm.Test, asm.W8, z, 7)
			a.Jcc(asm.NotEqual, done)
		}
		a.RM(asm.Cmp, asm.W64, z, context(offOldStart))
		a.Jcc(asm.AboveEqual, done)
		a.MI(asm.Test, asm.W32, asm.At(x, 0), rememberedBit)
		a.Jcc(asm.Equal, slow)
		a.Jmp(done)
	})
}

// bump takes bytes of eden, or goes to slow. It leaves the address in d.
func (e *emitter) bump(d asm.Reg, bytes int64, slow asm.Label) {
	a := e.a
	a.Load(asm.W64, d, context(offFree))
	a.Lea(tmp, asm.At(d, int32(bytes)))
	a.RM(asm.Cmp, asm.W64, tmp, context(offFreeLimit))
	a.Jcc(asm.Above, slow)
	a.Store(asm.W64, context(offFree), tmp)
}

// newObject makes an object of known size.
func (e *emitter) newObject() {
	a, in, d := e.a, e.in, e.d()
	n := int64(len(in.args))
	header := in.imm | min(n, overflowSlots)<<slotsShift
	size := 8 * (max(n, 1) + 1)
	if n >= overflowSlots {
		size += 8
	}
	fill := a.NewLabel()
	slow := e.slowPath(native.ExitNew, fill, func() {
		a.MovImm(asm.RAX, header)
		a.MovImm(asm.RCX, n)
	}, func() { e.take(d) })
	e.bump(d, size, slow)
	if n >= overflowSlots {
		a.MovImm(tmp, -1<<slotsShift|n)
		a.Store(asm.W64, asm.At(d, 0), tmp)
		a.RI(asm.Add, asm.W64, d, 8)
	}
	a.MovImm(tmp, header)
	a.Store(asm.W64, asm.At(d, 0), tmp)
	a.Bind(fill)
	args := in.args
	if n == 0 {
		args = []operand{ctx(offNil)}
	}
	var held operand
	for i, x := range args {
		at := asm.At(d, int32(firstSlot+8*i))
		switch {
		case x.kind == oReg && e.where(x.v, e.pos+posAnswer).isReg():
			a.Store(asm.W64, at, gr(e.regAt(x.v, posAnswer)))
			continue
		case x.kind == oImm && fits32(x.disp):
			a.StoreImm(asm.W64, at, int32(x.disp))
			continue
		case x.kind == oImm:
			a.MovImm(tmp, x.disp)
		case x.kind == oReg:
			a.Load(asm.W64, tmp, e.frame(e.where(x.v, e.pos+posAnswer)))
		case x != held:
			a.Load(asm.W64, tmp, e.mem(x))
		}
		held = x
		a.Store(asm.W64, at, tmp)
	}
}

// exitHeader lays the arguments of ExitNew: a header with the slots in CX added, of
// which it has 255 at most.
func (e *emitter) exitHeader(header int64) {
	a := e.a
	few := a.NewLabel()
	a.Mov(asm.W64, asm.RDX, asm.RCX)
	a.RI(asm.Cmp, asm.W64, asm.RDX, overflowSlots)
	a.Jcc(asm.Below, few)
	a.MovImm(asm.RDX, overflowSlots)
	a.Bind(few)
	a.Shift(asm.Shl, asm.W64, asm.RDX, slotsShift)
	a.MovImm(asm.RAX, header)
	a.RR(asm.Or, asm.W64, asm.RAX, asm.RDX)
}

// fill stores the temporary register from the first slot of d to end; one word at least.
func (e *emitter) fill(d, cursor, end asm.Reg) {
	a := e.a
	a.Lea(cursor, asm.At(d, firstSlot))
	loop := a.Here()
	a.Store(asm.W64, asm.At(cursor, 0), tmp)
	a.RI(asm.Add, asm.W64, cursor, 8)
	a.RR(asm.Cmp, asm.W64, cursor, end)
	a.Jcc(asm.Below, loop)
}

// newArray makes an object of x oops, nil.
func (e *emitter) newArray() {
	a, in, d := e.a, e.in, e.d()
	n, end, t := e.r(in.x), e.t(0), e.t(1)
	join, some := a.NewLabel(), a.NewLabel()
	slow := e.slowPath(native.ExitNew, join, func() {
		e.give(asm.RCX, n)
		e.exitHeader(in.imm)
	}, func() { e.take(d) }, func() { a.Lea(end, asm.Indexed(d, n, 8, firstSlot)) })
	a.RI(asm.Cmp, asm.W64, n, overflowSlots)
	a.Jcc(asm.AboveEqual, slow)
	a.Load(asm.W64, d, context(offFree))
	a.Lea(end, asm.Indexed(d, n, 8, firstSlot))
	a.RR(asm.Test, asm.W64, n, n)
	a.Jcc(asm.NotEqual, some)
	a.RI(asm.Add, asm.W64, end, 8)
	a.Bind(some)
	a.RM(asm.Cmp, asm.W64, end, context(offFreeLimit))
	a.Jcc(asm.Above, slow)
	a.Store(asm.W64, context(offFree), end)
	a.Mov(asm.W64, t, n)
	a.Shift(asm.Shl, asm.W64, t, slotsShift)
	a.MovImm(tmp, in.imm)
	a.RR(asm.Or, asm.W64, t, tmp)
	a.Store(asm.W64, asm.At(d, 0), t)
	a.Bind(join)
	a.Load(asm.W64, tmp, context(offNil))
	e.fill(d, t, end)
}

// newRaw makes an object of x units, zero.
func (e *emitter) newRaw() {
	a, in, d := e.a, e.in, e.d()
	n, t, end := e.r(in.x), e.t(0), e.t(1)
	per := int64(8 / in.w)
	shift := log2(per)
	slots := func(r, n asm.Reg) {
		a.Lea(r, asm.At(n, int32(per-1)))
		if shift > 0 {
			a.Shift(asm.Shr, asm.W64, r, shift)
		}
	}
	// unused adds the number of unused units of the last slot to the format in a header.
	unused := func(r, n asm.Reg) {
		if per == 1 {
			return
		}
		a.Mov(asm.W64, tmp, n)
		a.Unary(asm.Neg, asm.W64, tmp)
		a.RI(asm.And, asm.W32, tmp, int32(per-1))
		a.Shift(asm.Shl, asm.W64, tmp, formatShift)
		a.RR(asm.Or, asm.W64, r, tmp)
	}
	join, some := a.NewLabel(), a.NewLabel()
	slow := e.slowPath(native.ExitNew, join, func() {
		e.give(tmp, n)
		slots(asm.RCX, tmp)
		a.Push(tmp)
		e.exitHeader(in.imm)
		a.Pop(asm.RDX)
		unused(asm.RAX, asm.RDX)
	}, func() { e.take(d) }, func() {
		slots(end, n)
		a.Lea(end, asm.Indexed(d, end, 8, firstSlot))
	})
	a.RI(asm.Cmp, asm.W64, n, int32((overflowSlots-1)*per))
	a.Jcc(asm.Above, slow)
	slots(t, n)
	a.Load(asm.W64, d, context(offFree))
	a.Lea(end, asm.Indexed(d, t, 8, firstSlot))
	a.RR(asm.Test, asm.W64, n, n)
	a.Jcc(asm.NotEqual, some)
	a.RI(asm.Add, asm.W64, end, 8)
	a.Bind(some)
	a.RM(asm.Cmp, asm.W64, end, context(offFreeLimit))
	a.Jcc(asm.Above, slow)
	a.Store(asm.W64, context(offFree), end)
	a.Shift(asm.Shl, asm.W64, t, slotsShift)
	unused(t, n)
	a.MovImm(tmp, in.imm)
	a.RR(asm.Or, asm.W64, t, tmp)
	a.Store(asm.W64, asm.At(d, 0), t)
	a.Bind(join)
	a.Zero(tmp)
	e.fill(d, t, end)
}
