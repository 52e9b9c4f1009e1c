package codegen

import (
	"github.com/sista-vm/sista/native"
	"github.com/sista-vm/sista/optimizer/ir"
)

// integer translates operations on integers.
func (l *lowerer) integer(v *ir.Value) {
	if l.indexSum(v) && l.uses[v.ID] == l.index[v.ID] || l.folded[v.ID] > 0 && l.uses[v.ID] == l.folded[v.ID] {
		return // computed where it is an index
	}
	x := v.Args[0]
	var y *ir.Value
	if len(v.Args) > 1 {
		y = v.Args[1]
	}
	if v.Op.Info().Commutes {
		if _, c := konst(x); c {
			x, y = y, x
		}
	}
	switch v.Op {
	case ir.OpIAddO, ir.OpISubO, ir.OpIMulO, ir.OpIShlO:
		l.checked(v, x, y)
	case ir.OpIAdd, ir.OpISub:
		if l.tagged[v.ID] {
			l.is(v, l.taggedSum(v.Op == ir.OpISub, x, y))
		} else {
			l.is(v, l.plainSum(v.Op == ir.OpISub, x, y))
		}
	case ir.OpIMul:
		if l.tagged[v.ID] {
			n, _ := konst(y)
			d := l.op2(mIMul, l.shifted(x, 0), l.source(imm(n)))
			l.is(v, l.lea(mem(d, 1)))
		} else {
			l.is(v, l.op2(mIMul, l.plain(x), l.plainOperand(y)))
		}
	case ir.OpIAnd, ir.OpIOr, ir.OpIXor:
		l.bitwise(v, x, y)
	case ir.OpIShl:
		if n, c := konst(y); c {
			l.is(v, l.op2(mShl, l.plain(x), imm(n&63)))
		} else {
			l.is(v, l.shiftV(mShlV, l.plain(x), reg1(l.plain(y))))
		}
	case ir.OpISar:
		l.is(v, l.shiftRight(x, y))
	default:
		l.division(v, x, y)
	}
}

func (l *lowerer) plainSum(minus bool, x, y *ir.Value) vreg {
	if n, c := konst(y); c && fits32(n) && fits32(-n) {
		if minus {
			n = -n
		}
		return l.lea(mem(l.plain(x), n))
	}
	if minus {
		return l.op2(mSub, l.plain(x), l.plainOperand(y))
	}
	if o := l.plainOperand(y); o.kind == oReg {
		return l.lea(memx(l.plain(x), o.v, 1, 0))
	}
	return l.op2(mAdd, l.plain(x), l.plainOperand(y))
}

func (l *lowerer) taggedSum(minus bool, x, y *ir.Value) vreg {
	if n, c := konst(y); c && fits32(n<<3) && fits32(-n<<3) {
		if minus {
			n = -n
		}
		return l.lea(mem(l.tag(x), n<<3))
	}
	if minus {
		return l.lea(mem(l.op2(mSub, l.tag(x), l.tagOperand(y)), 1))
	}
	return l.lea(memx(l.tag(x), l.tag(y), 1, -1))
}

// checked translates an operation that leaves if its answer is no SmallInteger. With
// tagged operands that is when the machine's overflows.
func (l *lowerer) checked(v, x, y *ir.Value) {
	if !l.ranges.of(x).small() || !l.ranges.of(y).small() || v.Op == ir.OpIShlO && !l.constShift(y) {
		l.checkedPlain(v, x, y)
		return
	}
	n, c := konst(y)
	c = c && fits32(n<<3) && n<<3>>3 == n
	switch v.Op {
	case ir.OpIAddO:
		var d vreg
		if c {
			d = l.op2(mAdd, l.tag(x), imm(n<<3))
		} else {
			d = l.op2(mAdd, l.shifted(x, 0), l.tagOperand(y))
		}
		l.deopt(v, ccO)
		l.is(v, d)
	case ir.OpISubO:
		var d vreg
		if c {
			d = l.op2(mSub, l.tag(x), imm(n<<3))
		} else if m, cx := konst(x); cx {
			d = l.op2(mSub, l.load(imm(m<<3+2)), l.tagOperand(y))
		} else {
			d = l.op2(mSub, l.shifted(x, 2), l.tagOperand(y))
		}
		l.deopt(v, ccO)
		l.is(v, d)
	case ir.OpIMulO:
		o := l.plainOperand(y)
		d := l.op2(mIMul, l.shifted(x, 0), o)
		l.deopt(v, ccO)
		l.is(v, l.lea(mem(d, 1)))
	default:
		l.shiftLeftChecked(v, x, n)
	}
}

// shifted answers eight times an integer, and n.
func (l *lowerer) shifted(x *ir.Value, n int64) vreg {
	if _, c := konst(x); !c && !l.tagged[x.ID] {
		return l.lea(memx(0, l.vregOf[x.ID], 8, n))
	}
	return l.lea(mem(l.tag(x), n-1))
}

func (l *lowerer) constShift(y *ir.Value) bool {
	n, c := konst(y)
	return c && n >= 0 && n < 63
}

func (l *lowerer) shiftLeftChecked(v, x *ir.Value, n int64) {
	if n == 0 {
		l.is(v, l.lea(mem(l.tag(x), 0)))
		return
	}
	bits := l.shifted(x, 0)
	d := l.op2(mShl, bits, imm(n))
	l.emit(inst{op: mCmp, x: l.op2(mSar, d, imm(n)), y: reg1(bits)})
	l.deopt(v, ccNE)
	l.is(v, l.lea(mem(d, 1)))
}

// checkedPlain is for operands that may be beyond SmallIntegers.
func (l *lowerer) checkedPlain(v, x, y *ir.Value) {
	var d vreg
	if v.Op == ir.OpIShlO {
		px, py := l.plain(x), reg1(l.plain(y))
		d = l.shiftV(mShlV, px, py)
		l.emit(inst{op: mCmp, x: l.shiftV(mSarV, d, py), y: reg1(px)})
		l.deopt(v, ccNE)
	} else {
		op := map[ir.Op]mop{ir.OpIAddO: mAdd, ir.OpISubO: mSub, ir.OpIMulO: mIMul}[v.Op]
		d = l.op2(op, l.plain(x), l.plainOperand(y))
		l.deopt(v, ccO)
	}
	d = l.op2(mIMul, d, imm(8))
	l.deopt(v, ccO)
	l.is(v, l.lea(mem(d, 1)))
}

func (l *lowerer) bitwise(v, x, y *ir.Value) {
	op := map[ir.Op]mop{ir.OpIAnd: mAnd, ir.OpIOr: mOr, ir.OpIXor: mXor}[v.Op]
	if !l.tagged[v.ID] {
		l.is(v, l.op2(op, l.plain(x), l.plainOperand(y)))
		return
	}
	o := l.tagOperand(y)
	n, c := konst(y)
	switch {
	case op != mXor:
		l.is(v, l.op2(op, l.tag(x), o))
	case c:
		l.is(v, l.op2(op, l.tag(x), l.source(imm(n<<3))))
	default:
		l.is(v, l.lea(mem(l.op2(op, l.tag(x), o), 1)))
	}
}

// shiftV shifts by a register, in one instruction where there is one.
func (l *lowerer) shiftV(op mop, x vreg, n operand) vreg {
	if l.opts.Features&native.BMI2 != 0 {
		return l.op3(map[mop]mop{mShlV: mShlX, mSarV: mSarX}[op], x, n)
	}
	return l.op2(op, x, n)
}

func (l *lowerer) shiftRight(x, y *ir.Value) vreg {
	n, c := konst(y)
	_, cx := konst(x)
	switch {
	case !c:
		return l.shiftV(mSarV, l.plain(x), reg1(l.plain(y)))
	case !cx && l.tagged[x.ID]:
		return l.op2(mSar, l.vregOf[x.ID], imm(min(n&63+3, 63)))
	}
	return l.op2(mSar, l.plain(x), imm(n&63))
}

// Kinds of division, in inst.imm; divMinus is added where the operands may be the
// smallest integer and -1, which the machine refuses.
const (
	divFloor = iota
	modFloor
	divTrunc
	modTrunc
	divMinus = 4
)

func (l *lowerer) division(v, x, y *ir.Value) {
	n, c := konst(y)
	power := c && n > 0 && n&(n-1) == 0
	shift := int64(0)
	for power && 1<<shift != n {
		shift++
	}
	switch {
	case power && v.Op == ir.OpIDiv:
		l.is(v, l.shiftRight(x, l.constInt(shift)))
		return
	case power && v.Op == ir.OpIMod && l.tagged[v.ID]:
		l.is(v, l.op2(mAnd, l.tag(x), l.source(imm(tagged(n-1)))))
		return
	case power && v.Op == ir.OpIMod:
		l.is(v, l.op2(mAnd, l.plain(x), l.source(imm(n-1))))
		return
	}
	if c && n > 2 && n < 1<<40 && !power && l.ranges.of(x).small() && (v.Op == ir.OpIDiv || v.Op == ir.OpIMod) {
		px := l.plain(x)
		q := l.temp(gpr)
		l.emit(inst{op: mDivBy, d: q, x: px, imm: n})
		if v.Op == ir.OpIMod {
			q = l.op2(mSub, px, reg1(l.op2(mIMul, q, l.source(imm(n)))))
		}
		l.is(v, q)
		return
	}
	kind := map[ir.Op]int64{ir.OpIDiv: divFloor, ir.OpIMod: modFloor, ir.OpIQuo: divTrunc, ir.OpIRem: modTrunc}[v.Op]
	if sx, sy := l.ranges.of(x), l.ranges.of(y); sx.lo == fullSpan.lo && sy.lo <= -1 && sy.hi >= -1 {
		kind |= divMinus
	}
	d := l.temp(gpr)
	l.emit(inst{op: mDiv, d: d, x: l.plain(x), y: reg1(l.plain(y)), imm: kind, late: true})
	l.is(v, d)
}

// constInt makes a constant that is in no block, to pass it on.
func (l *lowerer) constInt(n int64) *ir.Value {
	return &ir.Value{Op: ir.OpConstInt, Type: ir.TypeInt, Int: n}
}
