package codegen

import (
	"slices"

	"github.com/sista-vm/sista/optimizer/ir"
)

// isConst tells whether a state or instruction can name a value without a register.
func (c *code) isConst(v *ir.Value) bool {
	if _, ok := konst(v); ok {
		return true
	}
	if _, ok := constWord(v); ok {
		return true
	}
	switch v.Root().Op {
	case ir.OpLiteral, ir.OpConstFloat, ir.OpConstBool:
		return true
	}
	return false
}

// constant answers the operand of a constant in its natural form, integers tagged if asked.
func (l *lowerer) constant(v *ir.Value, asTagged bool) (operand, bool) {
	if n, ok := konst(v); ok {
		if asTagged {
			n = tagged(n)
		}
		return imm(n), true
	}
	if n, ok := constWord(v); ok {
		return imm(n), true
	}
	switch v = v.Root(); v.Op {
	case ir.OpConstBool:
		return imm(v.Int), true
	case ir.OpConstFloat:
		return operand{kind: oRaw, disp: l.rawWord(uint64(v.Int))}, true
	case ir.OpLiteral:
		switch ir.Handle(v.Int) {
		case ir.HandleNil:
			return ctx(offNil), true
		case ir.HandleTrue:
			return ctx(offTrue), true
		case ir.HandleFalse:
			return ctx(offFalse), true
		}
		return operand{kind: oLit, disp: l.literals.add(v.Int)}, true
	}
	return operand{}, false
}

// operand answers any value that is no integer as an operand.
func (l *lowerer) operand(v *ir.Value) operand {
	if o, ok := l.constant(v, false); ok {
		return o
	}
	return reg1(l.vregOf[v.ID])
}

// reg answers a value that is no integer in a register.
func (l *lowerer) reg(v *ir.Value) vreg { return l.inReg(l.operand(v), v.Type == ir.TypeFloat) }

func (l *lowerer) inReg(o operand, float bool) vreg {
	if o.kind == oReg {
		return o.v
	}
	if float {
		d := l.temp(xmm)
		l.emit(inst{op: mFMov, d: d, y: o})
		return d
	}
	return l.load(o)
}

// source answers an operand that an instruction takes: constants that are too long are in a register.
func (l *lowerer) source(o operand) operand {
	if o.kind == oImm && !fits32(o.disp) {
		return reg1(l.load(o))
	}
	return o
}

// plain answers an integer untagged.
func (l *lowerer) plain(v *ir.Value) vreg { return l.inReg(l.plainOperand(v), false) }

// tag answers an integer tagged.
func (l *lowerer) tag(v *ir.Value) vreg { return l.inReg(l.tagOperand(v), false) }

func (l *lowerer) plainOperand(v *ir.Value) operand {
	if o, ok := l.constant(v, false); ok {
		return l.source(o)
	}
	if !l.tagged[v.ID] {
		return reg1(l.vregOf[v.ID])
	}
	return reg1(l.converted(v, func(r vreg) vreg { return l.op2(mSar, r, imm(3)) }))
}

func (l *lowerer) tagOperand(v *ir.Value) operand {
	if o, ok := l.constant(v, true); ok {
		return l.source(o)
	}
	if l.tagged[v.ID] {
		return reg1(l.vregOf[v.ID])
	}
	return reg1(l.converted(v, func(r vreg) vreg { return l.lea(memx(0, r, 8, 1)) }))
}

// converted answers the other form of an integer, which is made once a block; if it was
// defined outside of a loop, there.
func (l *lowerer) converted(v *ir.Value, make func(vreg) vreg) vreg {
	if r, ok := l.conv[v.ID]; ok {
		return r
	}
	if r, ok := l.hoisted[v.ID]; ok && v.Block != l.b.ir {
		return r
	}
	from := l.blocks[v.Block]
	if from == nil || from == l.b || from.depth >= l.b.depth || from.cold {
		r := make(l.vregOf[v.ID])
		l.conv[v.ID] = r
		return r
	}
	// Before the jump that ends the block, and the comparison that this takes.
	here := l.b
	tail := slices.Clone(from.insts[from.tail:])
	from.insts = from.insts[:from.tail]
	l.b = from
	r := make(l.vregOf[v.ID])
	l.b = here
	from.tail = len(from.insts)
	from.insts = append(from.insts, tail...)
	l.hoisted[v.ID] = r
	return r
}

// rawWord answers the number of a constant in memory.
func (c *code) rawWord(w uint64) int64 {
	for i, x := range c.raw {
		if x == w {
			return int64(i)
		}
	}
	c.raw = append(c.raw, w)
	return int64(len(c.raw) - 1)
}
