package front

import "github.com/sista-vm/sista/optimizer/ir"

// A closure is what is known of a block closure that this code makes.
type closure struct {
	block  *Method
	self   *ir.Value
	copied []*ir.Value
	scope  *scope // that made it
}

// pushClosure makes a closure. Where its activation is inlined everywhere nothing but
// states refer to it, and escape analysis removes it and the context.
func (s *scope) pushClosure() {
	in := s.in
	h := s.method.Literals[in.Index]
	block := s.world.Method(h)
	if block == nil || !block.Block {
		panic(refuse("malformed code", "%s: pc %d makes a closure of what is no block", s.method.Name, in.PC))
	}
	c := &closure{block: block, self: s.self(), scope: s}
	for i := range in.NumCopied {
		c.copied = append(c.copied, s.top(in.NumCopied-1-i))
	}
	dropped := in.NumCopied
	if in.ReceiverOnStack {
		c.self = s.top(in.NumCopied)
		dropped++
	}
	var outer *ir.Value
	if in.IgnoreOuter {
		outer = s.literal(Nil)
	} else {
		outer = s.makeContext()
	}
	s.needs(FullBlockClosureClass)
	slots := []*ir.Value{outer, s.cur.Literal(ir.Handle(h)), s.cur.ConstSmi(int64(block.Args)), c.self}
	v := s.cur.New(FullBlockClosureClass, ir.ReasonNoMemory, s.reexecute(), append(slots, c.copied...)...)
	s.closures[v] = c
	s.drop(dropped)
	s.push(v)
}

// closureOf answers what is known of a closure.
func (t *translator) closureOf(v *ir.Value) *closure { return t.closures[v.Root()] }

// isRunning tells whether an activation is still there.
func (s *scope) isRunning(x *scope) bool {
	for c := s; c != nil; c = c.caller {
		if c == x {
			return true
		}
	}
	return false
}
