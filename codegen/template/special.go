package template

import (
	"math/bits"

	"github.com/sista-vm/sista/codegen/asm"
	"github.com/sista-vm/sista/native"
)

var comparisons = [8]asm.Cond{opLess - opAdd: asm.Less, opGreater - opAdd: asm.Greater, opLessEqual - opAdd: asm.LessEqual,
	opGreaterEqual - opAdd: asm.GreaterEqual, opEqual - opAdd: asm.Equal, opNotEqual - opAdd: asm.NotEqual}

// special compiles the sends that have bytecodes of their own.
func (c *compiler) special(in *instruction) {
	l, op := c.lib, in.op
	switch op {
	case opAdd:
		c.arithmetic(op, l.addRR, l.addRI, -tagInt)
	case opSubtract:
		c.arithmetic(op, l.subRR, l.subRI, -tagInt)
	case opMultiply:
		c.arithmetic(op, l.mulRR, nil, 0)
	case opDivide:
		c.arithmetic(op, l.always, nil, 0)
	case opBitAnd:
		c.arithmetic(op, l.andRR, l.andRI, 0)
	case opBitOr:
		c.arithmetic(op, l.orRR, l.orRI, 0)
	case opBitShift:
		c.arithmetic(op, l.shift, nil, 0)
	case opModulo:
		if k, ok := c.powerOnTop(); ok {
			c.values[c.pending-1].a = integer(1<<k - 1)
			c.arithmeticBy(op, l.andRI, 0, integer(1<<k))
			return
		}
		c.arithmetic(op, l.mod, nil, 0)
	case opIntDivide:
		if k, ok := c.powerOnTop(); ok {
			c.values[c.pending-1].a = int32(k)
			c.arithmeticBy(op, l.shiftRight, 0, integer(1<<k))
			return
		}
		c.arithmetic(op, l.div, nil, 0)
	case opLess, opGreater, opLessEqual, opGreaterEqual, opEqual, opNotEqual:
		c.compare(op)
	case opSame, opNotSame:
		c.same(op)
	case opAt:
		arg := c.popOperands()
		c.loadArgument(&arg)
		c.to[0] = c.coldHere()
		c.put(&c.main, l.at)
		c.pushOperands(arg)
		c.sendCold(int(op-opAdd), c.pc, c.here())
		c.pushRAX()
	case opAtPut:
		c.flush(0)
		c.to[0] = c.coldHere()
		c.put(&c.main, l.atPut)
		c.sendCold(int(op-opAdd), c.pc, c.here())
		c.pushRAX()
	case opSize:
		c.popRAX()
		c.to[0] = c.coldHere()
		c.put(&c.main, l.size)
		c.put(&c.cold, l.push.rax)
		c.sendCold(int(op-opAdd), c.pc, c.here())
		c.pushRAX()
	case opClass:
		c.popRAX()
		c.to[0] = c.coldHere()
		c.put(&c.cold, l.push.rax)
		c.put(&c.cold, l.need2, int32(native.NeedClass), c.slotPC(c.pc), 0, 0)
		c.put(&c.main, l.class)
		c.enterWithTop(c.pc, c.here())
		c.pushRAX()
	default:
		c.send(native.SiteSpecial+native.Site(op-opAdd), -1, specialArgs[op-opAdd])
	}
}

// powerOnTop answers the logarithm of the pending argument, if that is a power of two.
func (c *compiler) powerOnTop() (k int, ok bool) {
	if c.pending == 0 {
		return 0, false
	}
	v := c.values[c.pending-1]
	n := v.a >> 3
	if v.kind != constant || v.a&tagMask != tagInt || n <= 0 || n&(n-1) != 0 {
		return 0, false
	}
	return bits.TrailingZeros32(uint32(n)), true
}

// arithmetic compiles an operation: rr takes the argument in RCX; ri, if there is one, as an
// immediate, to which adjust is added.
func (c *compiler) arithmetic(op byte, rr, ri *snippet, adjust int32) {
	if c.pending > 0 && ri != nil {
		if v := c.values[c.pending-1]; v.kind == constant && v.a&tagMask == tagInt {
			c.arithmeticBy(op, ri, adjust, v.a)
			return
		}
	}
	arg := c.popOperands()
	c.loadArgument(&arg)
	c.to[0] = c.coldHere()
	c.put(&c.main, rr)
	c.sendSlow(int(op-opAdd), arg)
	c.pushRAX()
}

// arithmeticBy compiles one with the pending constant; argument is what is sent in its stead.
func (c *compiler) arithmeticBy(op byte, ri *snippet, adjust, argument int32) {
	arg := c.popOperands()
	c.to[0] = c.coldHere()
	c.put(&c.main, ri, arg.a+adjust)
	c.sendSlow(int(op-opAdd), value{constant, argument, 0})
	c.pushRAX()
}

// sendSlow is where an operation goes that could not be done. RAX has the receiver; the argument is a
// constant or in RCX. The result goes on here in RAX.
func (c *compiler) sendSlow(number int, arg value) {
	c.floats(number, arg)
	c.pushOperands(arg)
	c.sendCold(number, c.pc, c.here())
}

// floats does an operation of Floats in the cold part, if it is one. It goes on here then.
func (c *compiler) floats(number int, arg value) {
	if !floatOperators[number] {
		return
	}
	if arg.kind == constant {
		c.put(&c.cold, c.lib.rcx.constant, arg.a)
	}
	c.to[0] = c.here()
	c.put(&c.cold, c.lib.floats, native.OffRoutine(number))
}

// loadArgument brings an argument that popOperands left where it was to RCX.
func (c *compiler) loadArgument(arg *value) {
	if arg.kind == constant || arg.kind == inContext {
		c.load(&c.lib.rcx, *arg)
		arg.kind = notPending
	}
}

// pushOperands pushes receiver and argument for a send in the cold part: a constant, or RCX.
func (c *compiler) pushOperands(arg value) {
	c.put(&c.cold, c.lib.push.rax)
	if arg.kind == constant {
		c.put(&c.cold, c.lib.push.constant, arg.a)
	} else {
		c.put(&c.cold, c.lib.push.rcx)
	}
}

func (c *compiler) compare(op byte) {
	arg := c.popOperands()
	c.to[0] = c.coldHere()
	if arg.kind == constant && arg.a&tagMask == tagInt {
		c.put(&c.main, c.lib.compareRI, arg.a)
	} else {
		c.loadArgument(&arg)
		c.put(&c.main, c.lib.compareRR)
	}
	c.truth(comparisons[op-opAdd], int(op-opAdd), &arg)
}

func (c *compiler) same(op byte) {
	switch arg := c.popOperands(); arg.kind {
	case constant:
		c.put(&c.main, c.lib.sameRI, arg.a)
	case inContext:
		c.put(&c.main, c.lib.sameContext, arg.a)
	default:
		c.put(&c.main, c.lib.sameRR)
	}
	cond := asm.Equal
	if op == opNotSame {
		cond = asm.NotEqual
	}
	c.truth(cond, 0, nil)
}
