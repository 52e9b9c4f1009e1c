package codegen

import "github.com/sista-vm/sista/optimizer/ir"

// maxTests is how often a comparison is made rather than its answer kept.
const maxTests = 3

// deferred tells whether a condition is computed where it is used, by something that
// takes flags: once and in the same block, or a few times if it takes one instruction.
func (l *lowerer) deferred(v *ir.Value) bool {
	switch v.Op {
	case ir.OpIEq, ir.OpINe, ir.OpILt, ir.OpILe, ir.OpOopEq, ir.OpIsSmi, ir.OpIsChar:
		if l.uses[v.ID] == l.tests[v.ID] && l.uses[v.ID] <= maxTests {
			return true
		}
	}
	u := l.users[v.ID]
	if l.uses[v.ID] != 1 || u == nil || u.Block != v.Block || v.Op == ir.OpParam {
		return false
	}
	switch u.Op {
	case ir.OpBranch, ir.OpGuardTrue, ir.OpGuardFalse, ir.OpFromBool:
		return true
	case ir.OpBNot:
		return l.deferred(u)
	}
	return false
}

// condition translates a test, unless that is done where it is used.
func (l *lowerer) condition(v *ir.Value) {
	if l.deferred(v) {
		return
	}
	cc := l.test(v)
	d := l.define(v)
	l.emit(inst{op: mSet, cc: cc, d: d})
}

// flags makes a condition one of the flags.
func (l *lowerer) flags(v *ir.Value) cond {
	if v.Op != ir.OpConstBool && l.deferred(v) {
		return l.test(v)
	}
	r := l.reg(v)
	l.emit(inst{op: mTest, x: r, y: reg1(r), w: 4})
	return ccNE
}

// test emits the comparison of a test.
func (l *lowerer) test(v *ir.Value) cond {
	switch v.Op {
	case ir.OpBNot:
		return l.flags(v.Args[0]).not()
	case ir.OpIEq, ir.OpINe, ir.OpILt, ir.OpILe:
		return l.compare(v)
	case ir.OpOopEq:
		x, y := l.operand(v.Args[0]), l.operand(v.Args[1])
		if x.kind != oReg {
			x, y = y, x
		}
		l.emit(inst{op: mCmp, x: l.inReg(x, false), y: l.source(y)})
		return ccE
	case ir.OpIsSmi:
		return l.tagBit(v.Args[0], 1)
	case ir.OpIsChar:
		return l.tagBit(v.Args[0], 2)
	case ir.OpIsFloat:
		l.emit(inst{op: mFloatTag, x: l.reg(v.Args[0])})
		return ccE
	case ir.OpHasClass:
		known := int64(0)
		if v.Args[0].Type == ir.TypeObj {
			known = 1
		}
		if v.Int <= 4 {
			if known == 0 {
				return l.tagBit(v.Args[0], v.Int)
			}
		}
		l.emit(inst{op: mHasClass, x: l.reg(v.Args[0]), imm: v.Int, y: imm(known)})
		return ccE
	case ir.OpFEq, ir.OpFNe:
		l.emit(inst{op: mFCmp, x: l.reg(v.Args[0]), y: l.operand(v.Args[1])})
		return map[ir.Op]cond{ir.OpFEq: ccFEq, ir.OpFNe: ccFNe}[v.Op]
	case ir.OpFLt, ir.OpFLe:
		// The other way round, so that unordered is false.
		l.emit(inst{op: mFCmp, x: l.reg(v.Args[1]), y: l.operand(v.Args[0])})
		if v.Op == ir.OpFLt {
			return ccA
		}
		return ccAE
	}
	l.fail(v, "no condition")
	return ccE
}

// tagBit tests one of the bits of the tag: of immediates exactly one is set.
func (l *lowerer) tagBit(v *ir.Value, bit int64) cond {
	l.emit(inst{op: mTest, x: l.reg(v), y: imm(bit), w: 1})
	return ccNE
}

func (l *lowerer) compare(v *ir.Value) cond {
	cc := map[ir.Op]cond{ir.OpIEq: ccE, ir.OpINe: ccNE, ir.OpILt: ccL, ir.OpILe: ccLE}[v.Op]
	x, y := v.Args[0], v.Args[1]
	if _, c := konst(x); c {
		x, y = y, x
		switch cc {
		case ccL:
			cc = ccG
		case ccLE:
			cc = ccGE
		}
	}
	if l.taggable(x) && l.taggable(y) {
		l.emit(inst{op: mCmp, x: l.tag(x), y: l.tagOperand(y)})
	} else {
		l.emit(inst{op: mCmp, x: l.plain(x), y: l.plainOperand(y)})
	}
	return cc
}

// guardBool leaves unless the condition is as wanted.
func (l *lowerer) guardBool(v *ir.Value, want bool) {
	c := v.Args[0]
	if r := c.Root(); r.Op == ir.OpConstBool {
		if (r.Int != 0) != want {
			l.deopt(v, ccAlways)
		}
		return
	}
	cc := l.flags(c)
	if want {
		cc = cc.not()
	}
	l.deopt(v, cc)
}

func (l *lowerer) fromBool(v *ir.Value) {
	d := l.define(v)
	if c := v.Args[0].Root(); c.Op == ir.OpConstBool {
		l.emit(inst{op: mMov, d: d, y: ctx([2]int64{offFalse, offTrue}[c.Int])})
		return
	}
	cc := l.flags(v.Args[0])
	if cc >= ccFEq {
		s := l.temp(gpr)
		l.emit(inst{op: mSet, cc: cc, d: s})
		l.emit(inst{op: mTest, x: s, y: reg1(s), w: 4})
		cc = ccNE
	}
	f := l.load(ctx(offFalse))
	l.emit(inst{op: mCmov, cc: cc, d: d, x: f, y: ctx(offTrue)})
}

// guardIndex leaves unless 0 <= index < limit, by one comparison of unsigned numbers
// where the limit is surely no negative one.
func (l *lowerer) guardIndex(v *ir.Value) {
	i, n := v.Args[0], v.Args[1]
	ci, constIndex := konst(i)
	if constIndex && (ci < 0 || !l.taggable(i)) {
		l.deopt(v, ccAlways)
		l.is(v, l.load(imm(ci)))
		return
	}
	tag := l.taggable(n) && (constIndex || l.tagged[i.ID] || l.indexSum(i))
	if l.ranges.of(n).lo < 0 {
		r := l.plain(n)
		l.emit(inst{op: mTest, x: r, y: reg1(r)})
		l.deopt(v, ccS)
	}
	switch {
	case constIndex && tag:
		l.emit(inst{op: mCmp, x: l.tag(n), y: l.tagOperand(i)})
		l.deopt(v, ccBE)
	case constIndex:
		l.emit(inst{op: mCmp, x: l.plain(n), y: l.plainOperand(i)})
		l.deopt(v, ccBE)
	default:
		if l.tagged[v.ID] && !tag {
			// The limit is plain and may be no SmallInteger: compare plain.
			l.emit(inst{op: mCmp, x: l.plainIndex(i), y: l.plainOperand(n)})
			l.deopt(v, ccAE)
			l.is(v, l.taggedIndex(i))
			return
		}
		if tag {
			r := l.taggedIndex(i)
			l.emit(inst{op: mCmp, x: r, y: l.tagOperand(n)})
			l.deopt(v, ccAE)
			l.indexAnswer(v, i, r)
			return
		}
		r := l.plainIndex(i)
		l.emit(inst{op: mCmp, x: r, y: l.plainOperand(n)})
		l.deopt(v, ccAE)
		l.is(v, r)
	}
}

// indexAnswer makes a tagged index the answer of its guard, in the form that this has.
func (l *lowerer) indexAnswer(v, i *ir.Value, r vreg) {
	if l.tagged[v.ID] {
		l.is(v, r)
		return
	}
	l.is(v, l.op2(mSar, r, imm(3)))
}

// taggedIndex answers an index tagged, computing sums that are not kept.
func (l *lowerer) taggedIndex(i *ir.Value) vreg {
	if !l.indexSum(i) {
		return l.tag(i)
	}
	n, _ := konst(i.Args[1])
	if i.Op == ir.OpISub {
		n = -n
	}
	return l.lea(mem(l.tag(i.Args[0]), n<<3))
}

func (l *lowerer) plainIndex(i *ir.Value) vreg {
	if !l.indexSum(i) {
		return l.plain(i)
	}
	n, _ := konst(i.Args[1])
	if i.Op == ir.OpISub {
		n = -n
	}
	return l.lea(mem(l.plain(i.Args[0]), n))
}
