package front

import (
	"github.com/sista-vm/sista/bytecode"
	"github.com/sista-vm/sista/optimizer/ir"
)

// branch translates a conditional jump. A way that was never taken is left to the
// interpreter, which also does what is to be done if the condition is no Boolean.
func (s *scope) branch(b *basicBlock) {
	onTrue, onFalse := b.succs[0], b.succs[1]
	jumpsOn := True
	if s.in.Op == bytecode.JumpIfFalse {
		onTrue, onFalse = onFalse, onTrue
		jumpsOn = False
	}
	v := s.top(0)
	if h, ok := constant(v); ok && (h == True || h == False) {
		s.drop(1)
		if h == True {
			s.jumpTo(onTrue, b.succs[0].pc)
		} else {
			s.jumpTo(onFalse, b.succs[0].pc)
		}
		return
	}
	var countTrue, countFalse uint64
	coldTrue, coldFalse := false, false
	if fb, _ := s.world.Branch(s.path()); fb != nil && fb.Reached > 0 {
		jumped, fell := fb.Taken, fb.Reached-min(fb.Taken, fb.Reached)
		countTrue, countFalse = jumped, fell
		if jumpsOn == False {
			countTrue, countFalse = fell, jumped
		}
		if fb.Reached >= uint64(s.policy.MinBranches) && s.trusts(ir.ReasonColdBranch) {
			coldTrue, coldFalse = countTrue == 0, countFalse == 0
		}
	}
	again := s.reexecute()
	condition, isBoolean := s.condition(v)
	switch {
	case coldTrue && isBoolean:
		s.cur.GuardFalse(condition, ir.ReasonColdBranch, again)
		s.drop(1)
		s.jumpTo(onFalse, onFalse.pc)
		return
	case coldTrue:
		s.cur.GuardTrue(s.cur.OopEq(v, s.literal(False)), ir.ReasonColdBranch, again)
		s.drop(1)
		s.jumpTo(onFalse, onFalse.pc)
		return
	case coldFalse:
		s.cur.GuardTrue(condition, ir.ReasonColdBranch, again)
		s.drop(1)
		s.jumpTo(onTrue, onTrue.pc)
		return
	}
	if !isBoolean {
		// It is true, or false, or the interpreter's.
		from := s.cur
		no := s.newBlock()
		s.cur.GuardTrue(s.cur.OopEq(v, s.literal(False)), ir.ReasonNotBoolean, again)
		s.drop(1)
		yes, done := s.target(onTrue)
		from.Branch(condition, ir.To(yes), ir.To(no))
		from.Succs[0].Count, from.Succs[1].Count = countTrue, countFalse
		slots := append([]*ir.Value(nil), s.slots...)
		done(from, 0)
		s.cur, s.slots = no, slots
		s.jumpTo(onFalse, onFalse.pc)
		return
	}
	s.drop(1)
	s.branchTo(condition, onTrue, onFalse, countTrue, countFalse)
}

// condition answers a machine condition that holds if the value is true; isBoolean is
// false if it may be neither true nor false.
func (s *scope) condition(v *ir.Value) (c *ir.Value, isBoolean bool) {
	if v.Op == ir.OpFromBool {
		return v.Args[0], true
	}
	return s.cur.OopEq(v, s.literal(True)), s.factOf(v).truth
}

// returning translates a return.
func (s *scope) returning() {
	var v *ir.Value
	switch s.in.Op {
	case bytecode.BlockReturnNil:
		s.answer(s.literal(Nil))
		return
	case bytecode.BlockReturnTop:
		s.answer(s.top(0))
		return
	case bytecode.ReturnReceiver:
		v = s.self()
	case bytecode.ReturnTrue:
		v = s.literal(True)
	case bytecode.ReturnFalse:
		v = s.literal(False)
	case bytecode.ReturnNil:
		v = s.literal(Nil)
	default:
		v = s.top(0)
	}
	switch {
	case !s.method.Block:
		s.answer(v)
	case s.home != nil && s.isRunning(s.home) && !s.unwinds(s.home):
		s.answerFrom(s.home, v)
	default:
		// The activations that the return goes past may want to be asked, and the home
		// may have returned: that is for the interpreter, of which this asks nothing new.
		s.deopt(ir.ReasonRequest, s.reexecute())
	}
}

// unwinds tells whether an activation between here and home has something to do when it is
// returned past.
func (s *scope) unwinds(home *scope) bool {
	for c := s; c != home; c = c.caller {
		if c.method.Primitive == primEnsure {
			return true
		}
	}
	return false
}

// answer returns from the activation.
func (s *scope) answer(v *ir.Value) { s.answerFrom(s, v) }

// answerFrom returns from an activation and those inside it.
func (s *scope) answerFrom(x *scope, v *ir.Value) {
	for c := s; ; c = c.caller {
		if c.code.closures || c.code.contexts {
			s.endings[s.cur] = append(s.endings[s.cur], c)
		}
		if c == x {
			break
		}
	}
	if x.caller == nil {
		s.cur.Return(v)
		s.cur = nil
	} else {
		s.yield(&x.result, v)
	}
}

// yield ends the current block by a jump to a place that is not made yet, with a value.
func (t *translator) yield(to *join, v *ir.Value) {
	if t.cur == nil {
		return
	}
	t.cur.Jump(ir.To(nil))
	to.edges = append(to.edges, edge{t.cur, 0, []*ir.Value{v}})
	t.cur = nil
}

// collect goes on behind a send, whose results come from several places: they
// replace its operands.
func (s *scope) collect(b *basicBlock, operands int, results *join) {
	s.drop(operands)
	edges := results.edges
	switch {
	case len(edges) == 0:
		s.cur = nil
		return
	case len(edges) == 1 && s.endings[edges[0].from] == nil:
		// Nothing happens between: the jump is not needed.
		s.cur = edges[0].from
		s.cur.End, s.cur.Succs = nil, nil
		s.push(edges[0].slots[0])
		return
	}
	if next := b.last(); len(edges) > 1 && next.PC == s.in.Next() && next.Op.Class() == bytecode.ClassBranch && anyBoolean(edges) {
		// Each result jumps on its own: where it is known so is the way.
		base := s.slots
		s.at(next)
		for _, e := range edges {
			s.newBlock()
			e.from.Succs[e.succ].To = s.cur
			s.slots = append(append([]*ir.Value(nil), base...), e.slots[0])
			s.branch(b)
		}
		return
	}
	results.block = s.newBlock()
	for _, e := range edges {
		e.from.Succs[e.succ].To = s.cur
	}
	s.push(s.mergeSlot(results, 0, edges[0].slots[0]))
}

// anyBoolean tells whether a result is known to be a Boolean.
func anyBoolean(edges []edge) bool {
	for _, e := range edges {
		v := e.slots[0]
		if h, ok := constant(v); ok && (h == True || h == False) || v.Op == ir.OpFromBool {
			return true
		}
	}
	return false
}
