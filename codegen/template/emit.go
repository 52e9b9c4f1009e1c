package template

import (
	"math"

	"github.com/sista-vm/sista/codegen/asm"
	"github.com/sista-vm/sista/native"
)

// bytecode compiles the next one, and with it a jump on its result.
func (c *compiler) bytecode() {
	if c.targets[c.pc] {
		c.flush(0)
	}
	c.places[c.pc] = int32(len(c.main.bytes)) + 1
	if c.pending == 0 {
		c.entries[c.pc] = int32(len(c.main.bytes))
	}
	in, _ := decode(c.m.Bytes, c.pc)
	c.pc = in.next
	c.instruction(&in)
	if in.endsFlow() {
		c.pending = 0
	}
}

func (c *compiler) instruction(in *instruction) {
	op := int(in.op)
	switch {
	case op < opPushBinding:
		c.push(value{inObject, frameReceiver, int32(firstSlot + 8*op)})
	case op < opPushLiteral:
		c.pushBinding(op - opPushBinding)
	case op < opPushTemp:
		c.pushLiteral(op - opPushLiteral)
	case op < opPushSelf:
		c.push(value{inFrame, c.temp(op - opPushTemp), 0})
	case op >= opReturnSelf && op <= opBlockReturnTop:
		c.doReturn(in)
	case op >= opAdd && op < opSend0:
		c.special(in)
	case op >= opSend0 && op < opJump:
		c.send(native.SiteSend, (op-opSend0)&15, (op-opSend0)>>4)
	case op >= opJump && op < opPopVariable || op >= opJumpLong && op <= opJumpFalseLong && !in.malformed():
		c.jump(in)
	case op >= opPopVariable && op < opPopTemp:
		c.storeVariable(in, op-opPopVariable, 1)
	case op >= opPopTemp && op < opPop:
		c.popTemp(op - opPopTemp)
	default:
		c.other(in)
	}
}

func (c *compiler) other(in *instruction) {
	switch in.op {
	case opPushSelf:
		c.push(selfValue)
	case opPushTrue:
		c.push(trueValue)
	case opPushFalse:
		c.push(falseValue)
	case opPushNil:
		c.push(nilValue)
	case opPushZero, opPushOne:
		c.push(value{constant, integer(int64(in.op - opPushZero)), 0})
	case opDup:
		c.dup()
	case opNop:
	case opPop:
		if c.pending > 0 {
			c.pending--
		} else {
			c.put(&c.main, c.lib.drop)
		}
	case opPushVariableLong:
		c.unlessContext(in)
		c.push(value{inObject, frameReceiver, int32(firstSlot + 8*in.operandA())})
	case opPopVariableLong, opStoreVariable:
		c.unlessContext(in)
		pop := int32(0)
		if in.op == opPopVariableLong {
			pop = 1
		}
		c.storeVariable(in, in.operandA(), pop)
	case opPushBindingLong:
		c.pushBinding(in.operandA())
	case opPushLiteralLong:
		c.pushLiteral(in.operandA())
	case opPushTempLong:
		c.push(value{inFrame, c.temp(in.b1), 0})
	case opPopTempLong:
		c.popTemp(in.b1)
	case opStoreTemp:
		c.popRAX()
		c.put(&c.main, c.lib.storeFrame, c.temp(in.b1))
		c.pushRAX()
	case opPushInteger:
		c.pushSmall(in, tagInt)
	case opPushCharacter:
		c.pushSmall(in, tagChar)
	case opNewArray:
		c.need(native.NeedNewArray, int32(in.b1&127), int32(in.b1>>7))
	case opPushFullClosure:
		c.pushClosure(in)
	case opPopBinding:
		c.storeBinding(in, 1)
	case opStoreBinding:
		c.storeBinding(in, 0)
	case opSend:
		c.send(native.SiteSend, in.b1>>3+in.extA<<5, in.b1&7+in.extB<<3)
	case opSuperSend:
		if in.extB < 0 || in.extB >= 32 {
			c.interpret(in) // of a class on the stack
			return
		}
		c.send(native.SiteSuper, in.b1>>3+in.extA<<5, in.b1&7+in.extB<<3)
	case opPushRemote:
		c.push(value{inObject, c.temp(in.b2), int32(firstSlot + 8*in.b1)})
	case opStoreRemote:
		c.storeRemote(in, 0)
	case opPopRemote:
		c.storeRemote(in, 1)
	case opCallPrimitive:
		if in.at != 0 || in.b2 >= 128 || in.next-in.at != callPrimitiveSize {
			c.interpret(in)
		}
	default:
		c.interpret(in)
	}
}

// interpret leaves a bytecode to the interpreter.
func (c *compiler) interpret(in *instruction) {
	c.flush(0)
	c.put(&c.main, c.lib.need2, int32(native.NeedInterpret), c.slotPC(in.at), 0, 0)
}

// need has something done for the bytecode before c.pc, with all values on the stack.
func (c *compiler) need(n native.Need, a, b int32) {
	c.flush(0)
	c.put(&c.main, c.lib.need2, int32(n), c.slotPC(c.pc), a, b)
}

func (c *compiler) pushLiteral(i int) {
	c.push(value{inObject, frameMethod, int32(methodLiterals + 8*i)})
}

func (c *compiler) pushBinding(i int) {
	c.push(value{inBinding, int32(methodLiterals + 8*i), 0})
}

func (c *compiler) pushSmall(in *instruction, tag int64) {
	v := int64(in.operandB())<<3 | tag
	if v < math.MinInt32 || v > math.MaxInt32 {
		c.interpret(in)
		return
	}
	c.push(value{constant, int32(v), 0})
}

func (c *compiler) dup() {
	switch {
	case c.pending == 0:
		c.put(&c.main, c.lib.topToRAX)
		c.pushRAX()
	case c.values[c.pending-1].kind == inRAX:
		c.flush(0)
		c.pushRAX()
	default:
		v := c.values[c.pending-1]
		c.push(v)
	}
}

func (c *compiler) popTemp(i int) {
	c.flush(1)
	if c.pending == 1 && c.values[0].kind == constant {
		c.pending = 0
		c.put(&c.main, c.lib.storeFrameConstant, c.temp(i), c.values[0].a)
		return
	}
	c.popRAX()
	c.put(&c.main, c.lib.storeFrame, c.temp(i))
}

// unlessContext leaves the bytecode to the interpreter if self is a Context.
func (c *compiler) unlessContext(in *instruction) {
	c.flush(0)
	c.to[0] = c.coldHere()
	c.put(&c.cold, c.lib.need2, int32(native.NeedInterpret), c.slotPC(in.at), 0, 0)
	c.put(&c.main, c.lib.notContext)
}

// storeVariable stores into a variable of self; 1 to pop.
func (c *compiler) storeVariable(in *instruction, i int, pop int32) {
	c.popRAX()
	rare := c.coldHere()
	c.put(&c.cold, c.lib.push.rax)
	c.put(&c.cold, c.lib.need2, int32(native.NeedStoreVariable), c.slotPC(in.next), int32(i), pop)
	c.store(in, c.lib.store[0], frameReceiver, int32(firstSlot+8*i), rare, pop)
}

// storeRemote stores into a slot of a vector that is in a temporary.
func (c *compiler) storeRemote(in *instruction, pop int32) {
	c.popRAX()
	rare := c.coldHere()
	c.put(&c.cold, c.lib.push.rax)
	c.put(&c.cold, c.lib.needRemote, int32(native.NeedStoreRemote), c.slotPC(in.next), int32(in.b1)<<1|pop)
	c.store(in, c.lib.store[0], c.temp(in.b2), int32(firstSlot+8*in.b1), rare, pop)
}

// pushClosure makes a closure of a block.
func (c *compiler) pushClosure(in *instruction) {
	if in.b2&closureReceiverOnStack != 0 {
		c.need(native.NeedFullClosure, int32(in.operandA()), int32(in.b2))
		return
	}
	c.flush(0)
	copied := int32(in.b2 & closureCopiedMask)
	c.to[0] = c.coldHere()
	c.put(&c.cold, c.lib.need2, int32(native.NeedFullClosure), c.slotPC(in.next), int32(in.operandA()), int32(in.b2))
	c.put(&c.main, c.lib.closure, int32(methodLiterals+8*in.operandA()), copied, int32(in.b2&closureIgnoresOuter), 8*copied)
	c.enterWithTop(in.next, c.here())
	c.pushRAX()
}

// storeBinding stores into a literal variable.
func (c *compiler) storeBinding(in *instruction, pop int32) {
	c.popRAX()
	rare := c.coldHere()
	c.put(&c.cold, c.lib.push.rax)
	c.put(&c.cold, c.lib.need2, int32(native.NeedStoreBinding), c.slotPC(in.next), int32(in.operandA()), pop)
	c.store(in, c.lib.storeBinding, int32(methodLiterals+8*in.operandA()), bindingValue, rare, pop)
}

// store stores RAX into a slot of an object that is a word of the frame or of the method.
func (c *compiler) store(in *instruction, first *snippet, object, slot int32, rare target, pop int32) {
	c.to[0], c.to[1] = rare, c.coldHere()
	c.put(&c.main, first, object, slot)
	c.to[1] = c.here()
	c.put(&c.cold, c.lib.store[1], object, slot)
	if pop == 0 {
		c.enterWithTop(in.next, c.here())
		c.pushRAX()
	}
}

// enterWithTop lets the code be entered at a bytecode where RAX is the pending top of the stack.
func (c *compiler) enterWithTop(pc int, at target) {
	c.coldIn = append(c.coldIn, coldEntry{pc: pc, at: len(c.cold.bytes)})
	c.to[0] = at
	c.put(&c.cold, c.lib.popToRAX)
}

// cell makes the cell of a send, and answers its data word.
func (c *compiler) cell(site native.Site, selector, argc int) int32 {
	c.cells = append(c.cells, native.Cell{Selector: int64(selector), Argc: argc})
	c.sites = append(c.sites, site)
	return int32(2 + native.ICWords*(len(c.cells)-1))
}

// send sends with all operands on the stack.
func (c *compiler) send(site native.Site, selector, argc int) {
	c.flush(0)
	c.put(&c.main, c.lib.send, c.slotPC(c.pc), c.cell(site, selector, argc))
	c.returns[c.pc] = int32(len(c.main.bytes))
	c.enterWithTop(c.pc, c.here())
	c.pushRAX()
}

// sendCold is the same in the cold part; the value in RAX is gone on with at after.
func (c *compiler) sendCold(number int, pc int, after target) {
	c.put(&c.cold, c.lib.send, c.slotPC(pc), c.cell(native.SiteSpecial+native.Site(number), -1, specialArgs[number]))
	c.coldIn = append(c.coldIn, coldEntry{pc: pc, at: len(c.cold.bytes), isReturn: true})
	c.to[0] = after
	c.put(&c.cold, c.lib.jump)
	c.enterWithTop(pc, after)
}

// doReturn returns from the frame or, from a block's method, leaves to the interpreter.
func (c *compiler) doReturn(in *instruction) {
	top := false
	switch in.op {
	case opReturnSelf:
		c.push(selfValue)
	case opReturnTrue:
		c.push(trueValue)
	case opReturnFalse:
		c.push(falseValue)
	case opReturnNil, opBlockReturnNil:
		c.push(nilValue)
	default:
		top = true
	}
	if in.op == opBlockReturnTop && in.extA != 0 {
		c.interpret(in)
		return
	}
	c.popRAX()
	part, need := &c.cold, native.NeedReturn
	if c.m.Block && in.op < opBlockReturnNil {
		part, need = &c.main, native.NeedNonLocalReturn
	} else {
		c.to[0] = c.coldHere()
		c.put(&c.main, c.lib.returns, int32(8+8*c.m.Args))
		c.to[0] = target{toCold, len(c.cold.bytes) + len(c.lib.widows.code)}
		c.put(&c.cold, c.lib.widows, int32(8+8*c.m.Args))
	}
	if top {
		c.put(part, c.lib.push.rax)
	}
	c.put(part, c.lib.needRAX, int32(need), c.slotPC(in.next))
}

// jump jumps, or branches.
func (c *compiler) jump(in *instruction) {
	t, _ := in.target()
	to := target{toBytecode, t}
	switch sense, conditional := in.branch(); {
	case conditional:
		c.popRAX()
		c.to[0], c.to[1] = to, c.coldHere()
		c.put(&c.main, c.lib.branch[sense])
		c.noBoolean(in.next)
	case t <= in.at:
		c.flush(0)
		c.poll(t, 1)
		c.to[0] = to
		c.put(&c.main, c.lib.jump)
	default:
		c.flush(0)
		c.to[0] = to
		c.put(&c.main, c.lib.jump)
	}
}

// branch tells conditional jumps: 0 on false, 1 on true.
func (in *instruction) branch() (sense int, ok bool) {
	switch op := in.op; {
	case op >= opJumpFalse && op < opPopVariable, op == opJumpFalseLong:
		return 0, true
	case op >= opJumpTrue && op < opJumpFalse, op == opJumpTrueLong:
		return 1, true
	}
	return 0, false
}

// noBoolean is for what is jumped on and no Boolean, in RAX.
func (c *compiler) noBoolean(next int) {
	c.put(&c.cold, c.lib.push.rax)
	c.put(&c.cold, c.lib.need2, int32(native.NeedMustBeBoolean), c.slotPC(next), 0, 0)
}

// fused answers the conditional jump that comes next, if nothing else leads there.
func (c *compiler) fused() (in instruction, sense int, ok bool) {
	if c.pc >= c.end || c.targets[c.pc] || c.m.Bytes[c.pc] >= opExtendA && c.m.Bytes[c.pc] <= opExtendB {
		return in, 0, false
	}
	in, ok = decode(c.m.Bytes, c.pc)
	if ok {
		sense, ok = in.branch()
	}
	return in, sense, ok
}

// truth pushes what the flags say, or takes the jump on it that follows. With an argument, the
// comparison went to the cold part where it could not be done: special selector number is sent.
func (c *compiler) truth(cond asm.Cond, number int, arg *value) {
	in, sense, ok := c.fused()
	if !ok {
		c.put(&c.main, c.lib.boolean[cond])
		if arg != nil {
			c.sendSlow(number, *arg)
		}
		c.pushRAX()
		return
	}
	t, _ := in.target()
	to := target{toBytecode, t}
	if sense == 0 {
		cond = cond.Not()
	}
	c.to[0] = to
	c.put(&c.main, c.lib.jcc[cond])
	if arg != nil {
		c.floats(number, *arg)
		float := len(c.jumps) - 1
		c.pushOperands(*arg)
		c.put(&c.cold, c.lib.send, c.slotPC(c.pc), c.cell(native.SiteSpecial+native.Site(number), -1, 1))
		test, back := c.coldHere(), c.here()
		c.jumps[float].to = test
		c.coldIn = append(c.coldIn, coldEntry{pc: c.pc, at: test.at, isReturn: true})
		// What is no Boolean goes behind the jump back and the entry.
		size := len(c.lib.branch[sense].code) + len(c.lib.jump.code) + len(c.lib.popToRAX.code)
		c.to[0], c.to[1] = to, target{toCold, test.at + size}
		c.put(&c.cold, c.lib.branch[sense])
		c.to[0] = back
		c.put(&c.cold, c.lib.jump)
		c.enterWithTop(c.pc, test)
		c.noBoolean(in.next)
	}
	c.pc = in.next
}
