package codegen

import (
	"github.com/sista-vm/sista/native"
	"github.com/sista-vm/sista/optimizer/ir"
)

// Offsets in the context.
const (
	offStackLimit = int64(native.OffStackLimit)
	offFree       = int64(native.OffFree)
	offFreeLimit  = int64(native.OffFreeLimit)
	offNil        = int64(native.OffNil)
	offFalse      = int64(native.OffFalse)
	offTrue       = int64(native.OffTrue)
	offOldStart   = int64(native.OffOldStart)
	offClassPages = int64(native.OffClassPages)
)

// Objects, as machine code knows them:
//
//	63      56 55 54 53                32 31 30 29 28    24 23 22 21           0
//	+---------+--+--+--------------------+--+--+--+--------+--+--+--------------+
//	|numSlots |  |  |   identityHash     |  |  |R | format |I |W |  classIndex  |  at the oop
//	+---------+--+--+--------------------+--+--+--+--------+--+--+--------------+
//	| slots, 8 bytes each, one at least                                         |  at the oop + 8
//
// If numSlots is 255 the number is in the word before, under a byte of 255.
const (
	classMask      = 1<<22 - 1
	classPageShift = 10 // of a class index: the page of the class table
	watchedBit     = 1 << 22
	immutableBit   = 1 << 23
	formatShift    = 24
	rememberedBit  = 1 << 29
	hashShift      = 32
	slotsShift     = 56
	overflowSlots  = 255
	firstSlot      = 8
	classFloat     = 34
	formatFloat    = 10
	maxInlineNils  = 8
	smallFloatBias = 896 << 53
)

// value translates a value that does not end a block.
func (l *lowerer) value(v *ir.Value) {
	switch op := v.Op; {
	case l.sunk[v.ID]:
	case op >= ir.OpConstInt && op <= ir.OpLiteral, op == ir.OpAnchor:
	case op >= ir.OpIAdd && op <= ir.OpISar, op >= ir.OpIAddO && op <= ir.OpIShlO:
		l.integer(v)
	case v.Type == ir.TypeBool:
		l.condition(v)
	case op >= ir.OpFAdd && op <= ir.OpFToI, op == ir.OpLoadFloat, op == ir.OpStoreFloat:
		l.float(v)
	case op.Info().Refines || op.Info().Guard:
		l.guard(v)
	case op.Info().Reads|op.Info().Writes != 0 || op.Info().Allocates || op == ir.OpWidow:
		l.memory(v)
	default:
		l.convert(v)
	}
}

// convert translates changes of type.
func (l *lowerer) convert(v *ir.Value) {
	if _, ok := konst(v); ok {
		return
	}
	if _, ok := constWord(v); ok {
		return
	}
	x := v.Args[0]
	switch v.Op {
	case ir.OpUntag:
		r := l.reg(x)
		l.is(v, r)
		if !l.tagged[v.ID] {
			l.is(v, l.op2(mSar, r, imm(3)))
		}
	case ir.OpTag:
		l.is(v, l.tag(x))
	case ir.OpCharValue:
		l.is(v, l.op2(mShr, l.reg(x), imm(3)))
	case ir.OpMakeChar:
		if n, c := konst(x); c {
			l.is(v, l.load(imm(n<<3|2)))
		} else if l.tagged[x.ID] {
			l.is(v, l.lea(mem(l.tag(x), 1)))
		} else {
			l.is(v, l.lea(memx(0, l.plain(x), 8, 2)))
		}
	case ir.OpFromBool:
		l.fromBool(v)
	case ir.OpUnboxFloat:
		if r, ok := l.unboxed[v.ID]; ok {
			l.is(v, r)
			return
		}
		d := l.temp(xmm)
		l.emit(inst{op: mUnbox, d: d, x: l.reg(x), t: [3]vreg{l.temp(gpr)}})
		l.is(v, d)
	case ir.OpClassIndex:
		d := l.temp(gpr)
		known := int64(0)
		if x.Type == ir.TypeObj {
			known = 1
		}
		l.emit(inst{op: mClassIndex, d: d, x: l.reg(x), imm: known, late: true})
		l.is(v, d)
	case ir.OpClassOf:
		known := int64(0)
		if x.Type == ir.TypeObj {
			known = 1
		}
		l.emit(inst{op: mClassOf, d: l.define(v), x: l.reg(x), imm: known, t: [3]vreg{l.temp(gpr)}})
	case ir.OpSize:
		d := l.temp(gpr)
		l.emit(inst{op: mSize, d: d, x: l.reg(x), imm: v.Int, t: [3]vreg{l.temp(gpr)}})
		l.is(v, d)
		if l.tagged[v.ID] {
			l.is(v, l.lea(memx(0, d, 8, 1)))
		}
	default:
		l.fail(v, "no translation")
	}
}

// guard translates a check; its answer is its first argument.
func (l *lowerer) guard(v *ir.Value) {
	switch v.Op {
	case ir.OpGuardTrue, ir.OpGuardFalse:
		l.guardBool(v, v.Op == ir.OpGuardTrue)
		return
	case ir.OpGuardIndex:
		l.guardIndex(v)
		return
	case ir.OpGuardWritable:
		l.emit(inst{op: mTestM, y: mem(l.reg(v.Args[0]), 0), imm: watchedBit | immutableBit, w: 4})
		l.deopt(v, ccNE)
		return
	}
	x := v.Args[0]
	r := l.reg(x)
	switch v.Op {
	case ir.OpGuardSmi:
		if x.Type != ir.TypeSmi {
			l.deopt(v, l.tagBit(x, 1).not())
		}
	case ir.OpGuardChar:
		l.deopt(v, l.tagBit(x, 2).not())
	case ir.OpGuardObj:
		if x.Type != ir.TypeObj {
			l.emit(inst{op: mTest, x: r, y: imm(7), w: 1})
			l.deopt(v, ccNE)
		}
	case ir.OpKnownSmi, ir.OpKnownFloat, ir.OpKnownClass:
	case ir.OpGuardFloat:
		l.guardFloat(v, r)
	case ir.OpGuardClass:
		known := int64(0)
		if x.Type == ir.TypeObj {
			known = 1
		}
		if l.opts.Fail != nil && l.opts.Fail(v) {
			l.emit(inst{op: mDeoptIf, cc: ccAlways, st: l.state(v)})
			break
		}
		l.emit(inst{op: mGuardClass, x: r, imm: v.Int, y: imm(known), st: l.state(v)})
	default:
		l.fail(v, "no translation")
	}
	l.is(v, r)
}

// element answers the address of an oop of an object.
func (l *lowerer) element(o vreg, i *ir.Value) operand { return l.unit(o, i, 8) }

// indexes tells whether an op's second argument is an index.
func indexes(op ir.Op) bool {
	switch op {
	case ir.OpLoadElement, ir.OpStoreElement, ir.OpLoadRaw, ir.OpStoreRaw, ir.OpLoadFloat, ir.OpStoreFloat:
		return true
	}
	return false
}

// offsetIndex tells whether an index is a sum of which one part is a small constant: it
// is added to the address.
func offsetIndex(v *ir.Value) bool {
	if v.Op != ir.OpIAdd && v.Op != ir.OpISub {
		return false
	}
	n, c := konst(v.Args[1])
	_, both := konst(v.Args[0])
	return c && !both && n < 1<<20 && n > -1<<20
}

// unit answers the address of a unit of w bytes.
func (l *lowerer) unit(o vreg, i *ir.Value, w int64) operand {
	at := int64(firstSlot)
	if offsetIndex(i) {
		n, _ := konst(i.Args[1])
		if i.Op == ir.OpISub {
			n = -n
		}
		at, i = at+w*n, i.Args[0]
	}
	if n, c := konst(i); c && n >= 0 && n < 1<<24 {
		return mem(o, at+w*n)
	}
	if _, c := konst(i); !c && w == 8 && l.tagged[i.ID] {
		return memx(o, l.vregOf[i.ID], 1, at-1) // the tag is 1, and eight times the index is there
	}
	return memx(o, l.plain(i), uint8(w), at)
}

// memory translates what reads and writes objects, makes them, or runs other code.
func (l *lowerer) memory(v *ir.Value) {
	switch v.Op {
	case ir.OpLoadSlot:
		y := mem(l.reg(v.Args[0]), firstSlot+8*v.Int)
		l.emit(inst{op: mMov, d: l.define(v), y: y})
	case ir.OpLoadElement:
		y := l.element(l.reg(v.Args[0]), v.Args[1])
		l.emit(inst{op: mMov, d: l.define(v), y: y})
	case ir.OpLoadRaw:
		y := l.unit(l.reg(v.Args[0]), v.Args[1], v.Int)
		l.emit(inst{op: mMovzx, d: l.define(v), y: y, w: uint8(v.Int)})
	case ir.OpStoreSlot:
		o := l.reg(v.Args[0])
		l.store(v, o, mem(o, firstSlot+8*v.Int))
	case ir.OpStoreElement:
		o := l.reg(v.Args[0])
		l.store(v, o, l.element(o, v.Args[1]))
	case ir.OpStoreRaw:
		y := l.unit(l.reg(v.Args[0]), v.Args[1], v.Int)
		if n, c := konst(v.Args[2]); c && fits32(n) && v.Int >= 4 {
			l.emit(inst{op: mStoreI, y: y, imm: n, w: uint8(v.Int)})
		} else {
			l.emit(inst{op: mStore, y: y, z: l.plain(v.Args[2]), w: uint8(v.Int)})
		}
	case ir.OpTouch:
		l.emit(inst{op: mTouch, x: l.reg(v.Args[0]), imm: v.Int, slow: true, st: l.state(v)})
	case ir.OpIdentityHash:
		l.emit(inst{op: mHash, d: l.define(v), x: l.reg(v.Args[0]), slow: true})
	case ir.OpReplaceBytes, ir.OpReplaceOops, ir.OpCompareBytes, ir.OpHashBytes:
		l.helped(v)
	case ir.OpSend, ir.OpCall:
		l.send(v)
	case ir.OpPoll:
		l.emit(inst{op: mPoll, slow: true, st: l.state(v)})
	case ir.OpNewContext:
		d := l.define(v)
		l.vregs[d].fixed = rAX
		l.emit(inst{op: mContext, d: d, imm: v.Int, call: true, st: l.state(v)})
	case ir.OpWidow:
		o, null := l.reg(v.Args[0]), l.load(ctx(offNil))
		l.emit(inst{op: mStore, y: mem(o, firstSlot), z: null})   // sender
		l.emit(inst{op: mStore, y: mem(o, firstSlot+8), z: null}) // pc
	default:
		l.allocate(v)
	}
}

// store translates a store of an oop, with the barrier it needs.
func (l *lowerer) store(v *ir.Value, o vreg, y operand) {
	s := v.Stored()
	x := l.operand(s)
	if x.kind == oImm && fits32(x.disp) {
		l.emit(inst{op: mStoreI, y: y, imm: x.disp})
		return
	}
	z := l.inReg(x, false)
	l.emit(inst{op: mStore, y: y, z: z})
	if v.NoMark || s.Type == ir.TypeSmi || x.kind == oImm || x.kind == oCtx {
		return
	}
	kind := int64(barrierOop)
	switch {
	case s.Type == ir.TypeObj:
		kind = barrierObject
	case s.Root().Op == ir.OpBoxFloat:
		kind = barrierImmediate
	}
	l.emit(inst{op: mBarrier, x: o, z: z, imm: kind, slow: true})
}

// What is known of an oop whose store has a barrier.
const (
	barrierOop       = iota
	barrierObject    // it is none but a heap object
	barrierImmediate // most are immediates
)

func (l *lowerer) send(v *ir.Value) {
	i := inst{op: mSend, call: true, imm: int64(len(l.cells)), st: l.state(v)}
	l.cells = append(l.cells, cellUse{selector: v.Int, argc: len(v.Args) - 1, call: v.Op == ir.OpCall})
	for _, a := range v.Args {
		i.args = append(i.args, l.operand(a))
	}
	i.d = l.define(v)
	l.vregs[i.d].fixed = rAX
	l.emit(i)
}

// allocate translates what makes objects.
func (l *lowerer) allocate(v *ir.Value) {
	if v.Op == ir.OpBoxFloat {
		l.emit(inst{op: mBox, d: l.define(v), x: l.reg(v.Args[0]), t: [3]vreg{l.temp(gpr)}, slow: true, st: l.state(v)})
		return
	}
	class, ok := l.fn.Classes[v.Int]
	if !ok {
		l.fail(v, "nothing is known of class %d", v.Int)
		return
	}
	header := v.Int | int64(class.Format)<<formatShift
	i := inst{op: mNew, imm: header, slow: true, st: l.state(v)}
	switch v.Op {
	case ir.OpNew:
		for _, a := range v.Args {
			i.args = append(i.args, l.operand(a))
		}
	case ir.OpNewArray:
		if n, c := konst(v.Args[0]); c && n >= 0 && n <= maxInlineNils {
			for range n {
				i.args = append(i.args, ctx(offNil))
			}
			break
		}
		i.op = mNewArr
		i.x = l.plain(v.Args[0])
		i.t = [3]vreg{l.temp(gpr), l.temp(gpr)}
	case ir.OpNewRaw:
		unit := class.Unit()
		if unit == 0 {
			l.fail(v, "class %d has no raw units", v.Int)
			return
		}
		i.op, i.w = mNewRaw, uint8(unit)
		i.x = l.plain(v.Args[0])
		i.t = [3]vreg{l.temp(gpr), l.temp(gpr)}
	default:
		l.fail(v, "no translation")
		return
	}
	i.d = l.define(v)
	l.emit(i)
}
