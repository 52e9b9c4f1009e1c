package codegen

import (
	"github.com/sista-vm/sista/native"
	"github.com/sista-vm/sista/optimizer/ir"
)

// float translates operations on floats.
func (l *lowerer) float(v *ir.Value) {
	switch v.Op {
	case ir.OpFAdd, ir.OpFSub, ir.OpFMul, ir.OpFDiv:
		op := map[ir.Op]mop{ir.OpFAdd: mFAdd, ir.OpFSub: mFSub, ir.OpFMul: mFMul, ir.OpFDiv: mFDiv}[v.Op]
		x, y := v.Args[0], v.Args[1]
		if v.Op.Info().Commutes && x.Root().Op == ir.OpConstFloat {
			x, y = y, x
		}
		l.is(v, l.floatOp(op, l.reg(x), l.operand(y)))
	case ir.OpFNeg:
		l.is(v, l.floatOp(mFNeg, l.reg(v.Args[0]), operand{}))
	case ir.OpFSqrt:
		d := l.temp(xmm)
		l.emit(inst{op: mFSqrt, d: d, y: reg1(l.reg(v.Args[0]))})
		l.is(v, d)
	case ir.OpIToF:
		d := l.temp(xmm)
		l.emit(inst{op: mIToF, d: d, y: reg1(l.plain(v.Args[0]))})
		l.is(v, d)
	case ir.OpFToI:
		// What does not fit becomes the smallest integer, and that overflows.
		t := l.temp(gpr)
		l.emit(inst{op: mFToI, d: t, y: reg1(l.reg(v.Args[0]))})
		d := l.op2(mIMul, t, imm(8))
		l.deopt(v, ccO)
		l.is(v, l.lea(mem(d, 1)))
	case ir.OpLoadFloat:
		op := mFMov
		if v.Int == 4 {
			op = mFLoad4
		}
		y := l.unit(l.reg(v.Args[0]), v.Args[1], v.Int)
		l.emit(inst{op: op, d: l.define(v), y: y})
	case ir.OpStoreFloat:
		op := mFStore
		if v.Int == 4 {
			op = mFStore4
		}
		y := l.unit(l.reg(v.Args[0]), v.Args[1], v.Int)
		l.emit(inst{op: op, y: y, z: l.reg(v.Args[2])})
	default:
		l.fail(v, "no translation")
	}
}

// floatOp leaves its operand alone where there are instructions that do.
func (l *lowerer) floatOp(op mop, x vreg, y operand) vreg {
	if l.opts.Features&native.AVX != 0 {
		return l.op3(op, x, y)
	}
	return l.op2(op, x, y)
}

// guardFloat leaves unless x is a Float, and reads it if that is what comes next.
func (l *lowerer) guardFloat(v *ir.Value, x vreg) {
	if l.opts.Fail != nil && l.opts.Fail(v) {
		l.emit(inst{op: mDeoptIf, cc: ccAlways, st: l.state(v)})
		return
	}
	for _, u := range v.Block.Values {
		if u.Op == ir.OpUnboxFloat && u.Args[0] == v {
			d := l.temp(xmm)
			l.emit(inst{op: mUnboxG, d: d, x: x, t: [3]vreg{l.temp(gpr)}, st: l.state(v)})
			l.unboxed[u.ID] = d
			return
		}
	}
	l.emit(inst{op: mGuardFloat, x: x, st: l.state(v)})
}
