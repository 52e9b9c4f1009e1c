package codegen

import (
	"github.com/sista-vm/sista/codegen/asm"
	"github.com/sista-vm/sista/native"
)

var floatOps = map[mop]asm.FOp{mFAdd: asm.FAdd, mFSub: asm.FSub, mFMul: asm.FMul, mFDiv: asm.FDiv}

// float emits instructions on floats.
func (e *emitter) float() {
	a, in := e.a, e.in
	switch in.op {
	case mFMov:
		a.LoadX(asm.W64, e.dx(), e.mem(in.y))
	case mFAdd, mFSub, mFMul, mFDiv:
		e.floatOp(floatOps[in.op])
	case mFNeg:
		a.MovImm(tmp, -1<<63)
		a.BitsToX(asm.W64, tmpX, tmp)
		if d, x := e.dx(), e.x(in.x); in.three && d != x {
			e.uses(native.AVX)
			a.Float3(asm.FXor, d, x, tmpX)
		} else {
			a.XX(asm.FXor, e.copyX(), tmpX)
		}
	case mFSqrt:
		a.XX(asm.FSqrt, e.dx(), e.x(in.y.v))
	case mFCmp:
		if in.y.kind == oReg {
			a.XX(asm.Ucomisd, e.x(in.x), e.x(in.y.v))
		} else {
			a.XM(asm.Ucomisd, e.x(in.x), e.mem(in.y))
		}
	case mIToF:
		d := e.dx()
		a.XX(asm.FXor, d, d) // what was in it is not waited for
		a.IntToFloat(asm.W64, d, e.r(in.y.v))
	case mFToI:
		a.Truncate(asm.W64, e.d(), e.x(in.y.v))
	case mFLoad4:
		d := e.dx()
		a.LoadX(asm.W32, d, e.mem(in.y))
		a.XX(asm.FToFloat8, d, d)
	case mFStore:
		a.StoreX(asm.W64, e.mem(in.y), e.x(in.z))
	case mFStore4:
		a.XX(asm.FToFloat4, tmpX, e.x(in.z))
		a.StoreX(asm.W32, e.mem(in.y), tmpX)
	case mUnbox, mUnboxG:
		e.unbox()
	case mGuardFloat:
		done := a.NewLabel()
		e.guardFloat(nil, done)
		a.Bind(done)
	case mBox:
		e.box()
	case mFloatTag:
		e.floatTag()
	default:
		e.fail("%s is not emitted", mopNames[in.op])
	}
}

// floatOp emits an operation on floats. The form with three operands is used where it saves a copy.
func (e *emitter) floatOp(op asm.FOp) {
	a, in := e.a, e.in
	if d, x := e.dx(), e.x(in.x); in.three && d != x {
		e.uses(native.AVX)
		if in.y.kind == oReg {
			a.Float3(op, d, x, e.x(in.y.v))
		} else {
			a.Float3M(op, d, x, e.mem(in.y))
		}
		return
	}
	d := e.copyX()
	if in.y.kind == oReg {
		a.XX(op, d, e.x(in.y.v))
	} else {
		a.XM(op, d, e.mem(in.y))
	}
}

func (e *emitter) copyX() asm.XReg {
	d, x := e.dx(), e.x(e.in.x)
	if d != x {
		e.a.MovX(d, x)
	}
	return d
}

// floatTag sets the flags to equal if x is a Float: an immediate of its tag, or an object of its class.
func (e *emitter) floatTag() {
	a, x := e.a, e.r(e.in.x)
	done := e.a.NewLabel()
	a.Mov(asm.W32, tmp, x)
	a.RI(asm.And, asm.W32, tmp, 7)
	a.RI(asm.Cmp, asm.W32, tmp, tagFloat)
	a.Jcc(asm.Equal, done)
	a.RR(asm.Test, asm.W32, tmp, tmp)
	a.Jcc(asm.NotEqual, done)
	e.compareClass(x, classFloat)
	a.Bind(done)
}

// guardFloat leaves unless x is a Float. The label is where immediates are not sent: who
// binds it finds an object of the class there.
func (e *emitter) guardFloat(object func(), done asm.Label) {
	a, in, pos, x := e.a, e.in, e.pos, e.r(e.in.x)
	other, out := a.NewLabel(), a.NewLabel()
	e.count(out)
	a.RI(asm.Test, asm.W8, x, tagFloat)
	a.Jcc(asm.Equal, other)
	e.later = append(e.later, func() {
		e.in, e.pos = in, pos
		e.line()
		a.Bind(other)
		a.RI(asm.Test, asm.W8, x, 7)
		a.Jcc(asm.NotEqual, out)
		e.compareClass(x, classFloat)
		a.Jcc(asm.NotEqual, out)
		if object != nil {
			object()
		}
		a.Jmp(done)
		a.Bind(out)
		e.leave()
	})
}

// An immediate float is the bits rotated left by one, so that the sign is lowest, less
// 896 in the exponent unless that is zero, shifted by the tag:
//
//	[8 bits of exponent][52 bits of mantissa][sign][100]
//
// Rotated right by four it is a float already, if it is no zero: the tag is then 1024
// in the exponent, which is 128 too many.
const (
	tagFloat    = 4
	lastZero    = 1<<3 + tagFloat // the zeros are the immediates up to here
	rotatedBias = 128 << 52
)

// unbox reads a Float of either kind.
func (e *emitter) unbox() {
	a, x, d := e.a, e.r(e.in.x), e.dx()
	done := a.NewLabel()
	if e.in.op == mUnboxG {
		e.guardFloat(func() { a.LoadX(asm.W64, d, asm.At(x, firstSlot)) }, done)
	} else {
		boxed := a.NewLabel()
		a.RI(asm.Test, asm.W8, x, tagFloat)
		a.Jcc(asm.Equal, boxed)
		e.later = append(e.later, func() {
			a.Bind(boxed)
			a.LoadX(asm.W64, d, asm.At(x, firstSlot))
			a.Jmp(done)
		})
	}
	t, zero, bits := e.t(0), a.NewLabel(), a.NewLabel()
	a.RI(asm.Cmp, asm.W64, x, lastZero)
	a.Jcc(asm.BelowEqual, zero)
	if e.opts.Features&native.BMI2 != 0 {
		e.uses(native.BMI2)
		a.Rotate(t, x, 4)
	} else {
		a.Mov(asm.W64, t, x)
		a.Shift(asm.Ror, asm.W64, t, 4)
	}
	a.RM(asm.Sub, asm.W64, t, e.constant(rotatedBias))
	a.Bind(bits)
	a.BitsToX(asm.W64, d, t)
	a.Bind(done)
	e.later = append(e.later, func() {
		a.Bind(zero)
		a.Mov(asm.W64, t, x)
		a.Shift(asm.Shr, asm.W64, t, 3)
		a.Shift(asm.Shl, asm.W64, t, 63)
		a.Jmp(bits)
	})
}

// constant is a word of memory that holds one.
func (e *emitter) constant(w uint64) asm.Mem { return asm.Data(rawWords + int(e.rawWord(w))) }

// box makes a Float, immediate if it can be. Rotated and biased bits below 2 are not: they
// would be read as zeros. Zeros, whose bits are those without the bias, are.
func (e *emitter) box() {
	a, x, d, t := e.a, e.x(e.in.x), e.d(), e.t(0)
	done, big, large := a.NewLabel(), a.NewLabel(), a.NewLabel()
	a.XToBits(asm.W64, t, x)
	a.Shift(asm.Rol, asm.W64, t, 1)
	a.RM(asm.Sub, asm.W64, t, e.constant(smallFloatBias+2))
	a.RM(asm.Cmp, asm.W64, t, e.constant(1<<61-2))
	a.Jcc(asm.AboveEqual, big)
	a.Lea(d, asm.Mem{Base: asm.NoBase, Index: t, Scale: 8, Disp: 2<<3 + tagFloat})
	a.Bind(done)
	slow := e.slowPath(native.ExitFloat, done, func() { a.XToBits(asm.W64, asm.RAX, x) }, func() { e.take(d) })
	e.later = append(e.later, func() {
		a.Bind(big)
		a.RM(asm.Add, asm.W64, t, e.constant(smallFloatBias+2))
		a.RI(asm.Cmp, asm.W64, t, 1)
		a.Jcc(asm.Above, large)
		a.Lea(d, asm.Mem{Base: asm.NoBase, Index: t, Scale: 8, Disp: tagFloat})
		a.Jmp(done)
		a.Bind(large)
		e.bump(d, 2*8, slow)
		a.MovImm(tmp, 1<<slotsShift|formatFloat<<formatShift|classFloat)
		a.Store(asm.W64, asm.At(d, 0), tmp)
		a.StoreX(asm.W64, asm.At(d, firstSlot), x)
		a.Jmp(done)
	})
}
