package front

import (
	"fmt"

	"github.com/sista-vm/sista/optimizer/ir"
)

// Numbers of primitives that are more than a row of a table.
const (
	primPerform = 83
	primClass   = 111
	primNamed   = 117
	primEnsure  = 198
	primHandler = 199
	quickFirst  = 256
	quickLast   = 519
	quickVar    = 264
)

func isQuick(n int) bool { return n >= quickFirst && n <= quickLast }

// alwaysFails tells primitives that mark methods only, those whoever unwinds the stack looks for and
// the guard of simulators, and what no virtual machine does any more: next, nextPut: and atEnd of old streams.
func alwaysFails(n int) bool {
	return n == primEnsure || n == primHandler || n == 19 || n >= 65 && n <= 67
}

// isValue tells primitives that evaluate a block with the arguments they get.
func isValue(n int) bool {
	return n >= 201 && n <= 205 || n == 207 || n == 209 || n == 221 || n == 222
}

// An intrinsic is a primitive as operations: what it needs, and how to emit it. build
// answers nil if it cannot be done for these operands, for a reason.
type intrinsic struct {
	args  int // -1: any number
	build func(s *scope, o *operands) (emit func(self *ir.Value) *ir.Value, why string)
	// floats says that the receiver may be a Float of either kind.
	floats bool
}

// operands are what a primitive is called on.
type operands struct {
	*call
	class ClassIndex // of the receiver, 0 if unknown
	facts Class      // of that class
}

// primitive plans what is done for a method with a primitive.
func (s *scope) primitive(c *call, class ClassIndex, count uint64, p *plan) {
	n := p.method.Primitive
	if isQuick(n) {
		s.quick(c, p)
		return
	}
	if alwaysFails(n) {
		p.why = ""
		return
	}
	if n == primPerform {
		s.performed(c, class, p)
		return
	}
	p.why = fmt.Sprintf("primitive %d is called", n)
	if isValue(n) && class == FullBlockClosureClass {
		s.seenBlocks(c, p)
		return
	}
	i, ok := intrinsicOf(p.method)
	if !ok || i.args >= 0 && i.args != len(c.args) {
		return
	}
	if s.failsOften(count) {
		p.why = fmt.Sprintf("primitive %d fails", n)
		return
	}
	o := &operands{call: c, class: class}
	if class != 0 {
		facts, ok := s.world.ClassFacts(class)
		if !ok {
			return
		}
		o.facts = facts
	}
	emit, why := i.build(s, o)
	if why != "" {
		p.why = fmt.Sprintf("primitive %d: %s", n, why)
	}
	if emit == nil {
		return
	}
	p.emit, p.why = emit, fmt.Sprintf("%d calls", count)
	p.floats = i.floats && s.bothFloats(c.selector, class, n)
}

// bothFloats tells whether Floats of the other kind have a primitive that does the same.
func (s *scope) bothFloats(selector Handle, class ClassIndex, n int) bool {
	other, same := ClassIndex(0), 0
	switch class {
	case SmallFloatClass:
		other, same = boxedFloatClass, n-smallFloats
	case boxedFloatClass:
		other, same = SmallFloatClass, n+smallFloats
	default:
		return false
	}
	h, ok := s.world.Lookup(other, selector)
	if !ok {
		return false
	}
	m := s.world.Method(h)
	return m != nil && m.Primitive == same
}

// failsOften tells whether a bet that the primitive succeeds was lost, or is not worth
// it.
func (s *scope) failsOften(count uint64) bool {
	if !s.trusts(ir.ReasonPrimitiveFailed, ir.ReasonIndexOutOfBounds, ir.ReasonOverflow, ir.ReasonNotSmallInteger,
		ir.ReasonNotFloat, ir.ReasonReadOnly, ir.ReasonDivisionByZero) {
		return true
	}
	f, _ := s.world.Failure(s.path())
	return f != nil && f.Samples()*1000 > count*uint64(s.policy.FailurePermille)
}

// quick plans a method that answers a constant or a field.
func (s *scope) quick(c *call, p *plan) {
	n := p.method.Primitive
	p.why = "quick method"
	switch {
	case len(c.args) != 0:
		return
	case n >= quickVar:
		p.emit = func(self *ir.Value) *ir.Value { return s.cur.LoadSlot(s.object(self, c.again), int64(n-quickVar)) }
	case n == quickFirst:
		p.emit = func(self *ir.Value) *ir.Value { return self }
	case n <= 259:
		h := []Handle{True, False, Nil}[n-257]
		p.emit = func(*ir.Value) *ir.Value { return s.literal(h) }
	default:
		p.emit = func(*ir.Value) *ir.Value { return s.cur.ConstSmi(int64(n - 261)) }
	}
}

// performed plans a perform: of a constant selector, which is that send.
func (s *scope) performed(c *call, class ClassIndex, p *plan) {
	p.why = "selector is not known"
	if len(c.args) == 0 || class == 0 {
		return
	}
	selector, ok := constant(c.args[0])
	if !ok {
		return
	}
	h, ok := s.world.Lookup(class, selector)
	if !ok {
		p.why = "not understood"
		return
	}
	if m := s.world.Method(h); m == nil || m.Args != len(c.args)-1 {
		p.why = "wrong number of arguments"
		return
	}
	p.perform = &call{selector: selector, text: s.world.Literal(selector).Text, args: c.args[1:], operands: c.operands, again: c.again}
	p.why = "constant selector"
}
