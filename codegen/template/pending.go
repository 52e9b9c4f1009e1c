package template

import "github.com/sista-vm/sista/native"

// A value is one that was pushed but is not on the stack yet. All but inRAX are read where they are
// when they are used; nothing that could change them is executed before.
type value struct {
	kind valueKind
	a, b int32
}

type valueKind uint8

const (
	inRAX      valueKind = iota
	inFrame              // word at fp + a
	inContext            // word of native.Context at a
	constant             // the oop a
	inObject             // word at b of the object at fp + a
	inBinding            // value of the association that is the word at a of the method
	notPending           // on top of the stack
)

const maxPending = 6

// push makes a value pending.
func (c *compiler) push(v value) {
	if c.pending == maxPending {
		c.flush(0)
	}
	c.values[c.pending] = v
	c.pending++
}

// flush pushes all pending values but the uppermost few.
func (c *compiler) flush(keep int) {
	n := c.pending - keep
	if n <= 0 {
		return
	}
	for _, v := range c.values[:n] {
		c.pushNow(&c.main, v)
	}
	copy(c.values[:], c.values[n:c.pending])
	c.pending -= n
}

// pushNow pushes a value; RAX is as it was.
func (c *compiler) pushNow(p *part, v value) {
	s := &c.lib.push
	switch v.kind {
	case inRAX:
		c.put(p, s.rax)
	case inFrame:
		c.put(p, s.frame, v.a)
	case inContext:
		c.put(p, s.context, v.a)
	case constant:
		c.put(p, s.constant, v.a)
	case inObject:
		c.put(p, s.object, v.a, v.b)
	case inBinding:
		c.put(p, s.binding, v.a)
	}
}

// pop answers what is on top, which is pending no more.
func (c *compiler) pop() value {
	if c.pending == 0 {
		return value{kind: notPending}
	}
	c.pending--
	return c.values[c.pending]
}

// load loads a value that was popped into a register.
func (c *compiler) load(r *loads, v value) {
	switch v.kind {
	case inRAX:
		if r == &c.lib.rcx {
			c.put(&c.main, r.other)
		}
	case inFrame:
		c.put(&c.main, r.frame, v.a)
	case inContext:
		c.put(&c.main, r.context, v.a)
	case constant:
		c.put(&c.main, r.constant, v.a)
	case inObject:
		c.put(&c.main, r.object, v.a, v.b)
	case inBinding:
		c.put(&c.main, r.binding, v.a)
	case notPending:
		c.put(&c.main, r.pop)
	}
}

// popRAX loads what is on top into RAX; all below it is on the stack then.
func (c *compiler) popRAX() {
	c.flush(1)
	c.load(&c.lib.rax, c.pop())
}

// popOperands loads the two upper values, of which the last is answered: it is in RCX
// unless it is a constant or a word of the context.
func (c *compiler) popOperands() value {
	c.flush(2)
	arg := c.pop()
	if arg.kind != constant && arg.kind != inContext {
		c.load(&c.lib.rcx, arg)
	}
	c.load(&c.lib.rax, c.pop())
	return arg
}

// pushRAX makes RAX the pending top of the stack.
func (c *compiler) pushRAX() { c.push(value{kind: inRAX}) }

// Values that are always there.
var (
	nilValue   = value{inContext, native.OffNil, 0}
	falseValue = value{inContext, native.OffFalse, 0}
	trueValue  = value{inContext, native.OffTrue, 0}
	selfValue  = value{inFrame, frameReceiver, 0}
)
