package front

import (
	"github.com/sista-vm/sista/bytecode"
	"github.com/sista-vm/sista/optimizer/ir"
)

// instruction translates the running bytecode.
func (s *scope) instruction(b *basicBlock) {
	in := s.in
	switch in.Op.Class() {
	case bytecode.ClassJump:
		s.jump(b)
		return
	case bytecode.ClassBranch:
		s.branch(b)
		return
	case bytecode.ClassReturn:
		s.returning()
		return
	case bytecode.ClassSend:
		s.sending(b)
		return
	case bytecode.ClassPush, bytecode.ClassClosure:
		s.pushing()
		return
	}
	polls := false
	switch in.Op {
	case bytecode.Nop:
	case bytecode.Pop:
		s.drop(1)
	case bytecode.StoreTemp, bytecode.PopIntoTemp:
		s.setTemp(in.Index, s.top(0))
	case bytecode.StoreReceiverVariable, bytecode.PopIntoReceiverVariable:
		self := s.receiver()
		polls = s.writes(self, int64(in.Index))
		s.cur.StoreSlot(self, s.top(0), int64(in.Index))
	case bytecode.StoreLiteralVariable, bytecode.PopIntoLiteralVariable:
		binding := s.binding()
		polls = s.writes(binding, associationVal)
		s.cur.StoreSlot(binding, s.top(0), associationVal)
	case bytecode.StoreRemoteTemp, bytecode.PopIntoRemoteTemp:
		vector := s.vector()
		polls = s.writes(vector, int64(in.Index))
		s.cur.StoreElement(vector, s.cur.ConstInt(int64(in.Index)), s.top(0))
	default:
		panic(refuse("unassigned bytecode", "%s: pc %d: %v", s.method.Name, in.PC, in.Op))
	}
	if in.Op.Class() == bytecode.ClassPopInto {
		s.drop(1)
	}
	if polls {
		s.cur.Poll(ir.ReasonRequest, s.state(ir.Reexecute, in.Next(), 0))
	}
}

// writes comes before a store of the running bytecode into a slot of an object. The bet is that nobody watches the
// object. Where it was lost, who does is told, and asked behind the store, by a poll, whether this code is still
// right; read-only objects are left to the interpreter, which sends a message.
func (s *scope) writes(o *ir.Value, slot int64) (polls bool) {
	if s.trusts(ir.ReasonReadOnly) {
		s.cur.GuardWritable(o, ir.ReasonReadOnly, s.reexecute())
		return false
	}
	s.cur.Touch(o, slot, ir.ReasonRequest, s.reexecute())
	return true
}

func (s *scope) pushing() {
	in := s.in
	switch in.Op {
	case bytecode.PushReceiverVariable:
		s.push(s.cur.LoadSlot(s.receiver(), int64(in.Index)))
	case bytecode.PushLiteralVariable:
		if v, ok := s.world.Binding(s.method.Literals[in.Index]); ok {
			s.push(s.literal(v))
		} else {
			s.push(s.cur.LoadSlot(s.binding(), associationVal))
		}
	case bytecode.PushLiteral:
		s.push(s.literal(s.method.Literals[in.Index]))
	case bytecode.PushTemp:
		s.push(s.temp(in.Index))
	case bytecode.PushRemoteTemp:
		s.push(s.cur.LoadElement(s.vector(), s.cur.ConstInt(int64(in.Index))))
	case bytecode.PushReceiver:
		s.push(s.self())
	case bytecode.PushTrue:
		s.push(s.literal(True))
	case bytecode.PushFalse:
		s.push(s.literal(False))
	case bytecode.PushNil:
		s.push(s.literal(Nil))
	case bytecode.PushInteger:
		s.push(s.cur.ConstSmi(int64(in.Value)))
	case bytecode.PushCharacter:
		s.push(s.cur.MakeChar(s.cur.ConstInt(int64(in.Value))))
	case bytecode.PushThisContext:
		s.push(s.makeContext())
	case bytecode.PushThisProcess:
		s.cold(ir.ReasonColdSend, "thisProcess", in.Op.String())
	case bytecode.PushNewArray:
		s.pushArray()
	case bytecode.PushFullClosure:
		s.pushClosure()
	case bytecode.Dup:
		s.push(s.top(0))
	default:
		panic(refuse("unassigned bytecode", "%s: pc %d: %v", s.method.Name, in.PC, in.Op))
	}
}

// cold leaves what is hoped never to be executed to the interpreter. If it is, the
// method is refused.
func (s *scope) cold(r ir.Reason, refusal, what string) {
	if !s.trusts(r) {
		panic(refuse(refusal, "%s: pc %d", s.method.Name, s.in.PC))
	}
	s.decide(what, "left to the interpreter")
	s.deopt(r, s.reexecute())
}

// receiver answers the receiver for access to its fields. Those of contexts are not in
// the object; the bytecodes that may be executed on one say so.
func (s *scope) receiver() *ir.Value {
	self := s.object(s.self(), s.reexecute())
	c := s.classOf(self)
	if c == contextClass {
		panic(refuse("field of a context", "%s: pc %d", s.method.Name, s.in.PC))
	}
	if s.in.ContextAware && c == 0 {
		if !s.trusts(ir.ReasonWrongClass) {
			panic(refuse("field of a context", "%s: pc %d", s.method.Name, s.in.PC))
		}
		s.cur.GuardFalse(s.cur.HasClass(self, contextClass), ir.ReasonWrongClass, s.reexecute())
	}
	return self
}

// binding answers the association of a literal variable.
func (s *scope) binding() *ir.Value {
	return s.object(s.literal(s.method.Literals[s.in.Index]), s.reexecute())
}

// vector answers the vector that a remote temporary is in.
func (s *scope) vector() *ir.Value {
	v := s.temp(s.in.Vector)
	if s.classOf(v) == ArrayClass && v.Type == ir.TypeObj {
		return v
	}
	return s.ofClass(v, ArrayClass, s.reexecute())
}

func (s *scope) pushArray() {
	n := s.in.Index
	s.needs(ArrayClass)
	a := s.cur.NewArray(s.cur.ConstInt(int64(n)), ArrayClass, ir.ReasonNoMemory, s.reexecute())
	if s.in.FromStack {
		for i := range n {
			s.cur.StoreElement(a, s.cur.ConstInt(int64(i)), s.top(n-1-i))
		}
		s.drop(n)
	}
	s.push(a)
}

// needs has the function describe a class whose instances it makes.
func (t *translator) needs(c ClassIndex) {
	if facts, ok := t.world.ClassFacts(c); ok {
		t.needsClass(facts)
		return
	}
	panic(refuse("unknown class", "class %d", c))
}

func (t *translator) needsClass(c Class) {
	if t.fn.Classes == nil {
		t.fn.Classes = map[int64]ir.Class{}
	}
	t.fn.Classes[c.Index] = ir.Class{Name: c.Name, Format: c.Format, Fixed: c.Fixed}
}
