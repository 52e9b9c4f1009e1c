package codegen

import (
	"math/bits"

	"github.com/sista-vm/sista/codegen/asm"
	"github.com/sista-vm/sista/native"
)

var aluOps = map[mop]asm.Op{mAdd: asm.Add, mSub: asm.Sub, mAnd: asm.And, mOr: asm.Or, mXor: asm.Xor, mIMul: asm.IMul, mCmp: asm.Cmp, mTest: asm.Test}

var shiftOps = map[mop]asm.ShiftOp{mShl: asm.Shl, mSar: asm.Sar, mShr: asm.Shr, mShlV: asm.Shl, mSarV: asm.Sar, mShlX: asm.Shl, mSarX: asm.Sar}

// integer emits instructions on general registers.
func (e *emitter) integer() {
	a, in := e.a, e.in
	switch in.op {
	case mMov:
		switch in.y.kind {
		case oImm:
			a.MovImm(e.d(), in.y.disp)
		case oReg:
			a.Mov(asm.W64, e.d(), e.r(in.y.v))
		default:
			a.Load(asm.W64, e.d(), e.mem(in.y))
		}
	case mMovzx:
		a.Load(width(in.w), e.d(), e.mem(in.y))
	case mLea:
		e.lea()
	case mAdd, mSub, mAnd, mOr, mXor, mIMul:
		d, x := e.d(), e.r(in.x)
		if in.op == mIMul && in.y.kind == oImm {
			a.IMulImm(asm.W64, d, x, int32(in.y.disp))
			return
		}
		if d != x {
			a.Mov(asm.W64, d, x)
		}
		e.alu(aluOps[in.op], asm.W64, d, in.y)
	case mCmp, mTest:
		e.alu(aluOps[in.op], width(in.w), e.r(in.x), in.y)
	case mShl, mSar, mShr:
		d, x := e.d(), e.r(in.x)
		if d != x {
			a.Mov(asm.W64, d, x)
		}
		a.Shift(shiftOps[in.op], asm.W64, d, uint8(in.y.disp))
	case mShlV, mSarV:
		a.Mov(asm.W64, tmp, e.r(in.x))
		if n := e.r(in.y.v); n != asm.RCX {
			a.Mov(asm.W64, asm.RCX, n)
		}
		a.ShiftCL(shiftOps[in.op], asm.W64, tmp)
		a.Mov(asm.W64, e.d(), tmp)
	case mShlX, mSarX:
		e.uses(native.BMI2)
		a.ShiftBy(shiftOps[in.op], e.d(), e.r(in.x), e.r(in.y.v))
	case mTestM:
		a.MI(asm.Test, asm.W32, e.mem(in.y), int32(in.imm))
	case mStore:
		a.Store(width(in.w), e.mem(in.y), e.r(in.z))
	case mStoreI:
		a.StoreImm(width(in.w), e.mem(in.y), int32(in.imm))
	case mSet:
		e.set(in.cc, e.d())
	case mCmov:
		d, x := e.d(), e.r(in.x)
		if d != x {
			a.Mov(asm.W64, d, x)
		}
		a.CmovM(asm.Cond(in.cc), asm.W64, d, e.mem(in.y))
	case mDiv:
		e.divide()
	case mDivBy:
		e.divideBy()
	default:
		e.fail("%s is not emitted", mopNames[in.op])
	}
}

func (e *emitter) alu(op asm.Op, w asm.Width, x asm.Reg, y operand) {
	switch y.kind {
	case oReg:
		e.a.RR(op, w, x, e.r(y.v))
	case oImm:
		e.a.RI(op, w, x, int32(y.disp))
	default:
		e.a.RM(op, w, x, e.mem(y))
	}
}

// lea emits the shortest way to an address.
func (e *emitter) lea() {
	d, y := e.d(), e.in.y
	if y.idx == 0 {
		switch b := e.r(y.v); {
		case y.disp == 0 && b == d:
			return
		case y.disp == 0:
			e.a.Mov(asm.W64, d, b)
			return
		}
	}
	e.a.Lea(d, e.mem(y))
}

// set makes a condition 0 or 1.
func (e *emitter) set(cc cond, d asm.Reg) {
	a := e.a
	switch cc {
	case ccFEq:
		a.Set(asm.Equal, d)
		a.Set(asm.NoParity, tmp)
		a.RR(asm.And, asm.W8, d, tmp)
	case ccFNe:
		a.Set(asm.NotEqual, d)
		a.Set(asm.Parity, tmp)
		a.RR(asm.Or, asm.W8, d, tmp)
	default:
		a.Set(asm.Cond(cc), d)
	}
	a.ZeroExtend(asm.W8, d, d)
}

// divide emits a division. The machine's rounds to zero, and traps on the smallest
// integer by -1.
func (e *emitter) divide() {
	a, in := e.a, e.in
	x, y, d := e.r(in.x), e.r(in.y.v), e.d()
	if x != asm.RAX {
		a.Mov(asm.W64, asm.RAX, x)
	}
	done, minus := a.NewLabel(), a.NewLabel()
	kind := in.imm
	if kind&divMinus != 0 {
		kind &^= divMinus
		a.RI(asm.Cmp, asm.W64, y, -1)
		a.Jcc(asm.Equal, minus)
		e.later = append(e.later, func() {
			a.Bind(minus)
			a.Unary(asm.Neg, asm.W64, asm.RAX)
			a.Zero(asm.RDX)
			a.Jmp(done)
		})
	} else {
		a.Bind(minus)
	}
	a.SignRDX(asm.W64)
	a.Unary(asm.IDiv, asm.W64, y)
	answer := asm.RAX
	switch kind {
	case divFloor:
		a.RR(asm.Test, asm.W64, asm.RDX, asm.RDX)
		a.Jcc(asm.Equal, done)
		a.RR(asm.Xor, asm.W64, asm.RDX, y)
		a.Jcc(asm.NotNegative, done)
		a.Unary(asm.Dec, asm.W64, asm.RAX)
	case modFloor:
		answer = asm.RDX
		a.RR(asm.Test, asm.W64, asm.RDX, asm.RDX)
		a.Jcc(asm.Equal, done)
		a.Mov(asm.W64, tmp, asm.RDX)
		a.RR(asm.Xor, asm.W64, tmp, y)
		a.Jcc(asm.NotNegative, done)
		a.RR(asm.Add, asm.W64, asm.RDX, y)
	case modTrunc:
		answer = asm.RDX
	}
	a.Bind(done)
	if d != answer {
		a.Mov(asm.W64, d, answer)
	}
}

// divideBy emits a division by a constant as a multiplication.
func (e *emitter) divideBy() {
	a := e.a
	shift, up, magic := divisor(uint64(e.in.imm))
	a.Mov(asm.W64, asm.RAX, e.r(e.in.x))
	a.RM(asm.Add, asm.W64, asm.RAX, e.constant(up*uint64(e.in.imm)))
	a.UnaryM(asm.Mul, asm.W64, e.constant(magic))
	if shift > 0 {
		a.Shift(asm.Shr, asm.W64, asm.RDX, uint8(shift))
	}
	a.RM(asm.Sub, asm.W64, asm.RDX, e.constant(up))
	if d := e.d(); d != asm.RDX {
		a.Mov(asm.W64, d, asm.RDX)
	}
}

// divisor answers what divides the values of SmallIntegers by d, rounded down. They are
// made positive first, up times d being added: then they are below 2^62. With a
// shift s of 2^(s+2) >= d, the product with the next integer above 2^(64+s)/d has the
// quotient in its bits from 64+s on.
func divisor(d uint64) (shift uint, up, magic uint64) {
	shift = uint(bits.Len64(d - 1))
	shift -= min(shift, 2)
	magic, rest := bits.Div64(1<<shift, 0, d)
	if rest > 0 {
		magic++
	}
	return shift, (1<<60 + d - 1) / d, magic
}
