package front

import (
	"slices"

	"github.com/sista-vm/sista/bytecode"
	"github.com/sista-vm/sista/optimizer/ir"
)

// run translates the blocks of the activation, of which s.slots and t.cur are the state
// at the entry. What it answers is in s.result.
func (s *scope) run(entry *basicBlock) {
	s.at(&entry.instrs[0])
	s.start, s.startPC = s.markHere(), entry.pc
	s.startSlots = append([]*ir.Value(nil), s.slots...)
	s.jumpTo(entry, s.in.PC)
	stage, before := 0, s.bytes
	spent := map[int]int{} // by the other stages of a nest: each has all of the budget
	for _, b := range s.order.blocks {
		if b.stage != stage {
			spent[stage] = s.bytes - before
			stage = b.stage
			s.bytes = before + spent[stage]
		}
		if !s.skips(b) && !s.split(b) && s.enter(b) {
			s.block(b)
		}
	}
	for _, b := range s.order.blocks {
		if j := &s.blocks[b.index]; len(j.edges) > 0 && !j.done {
			panic(refuse("irreducible loop", "%s: pc %d", s.method.Name, b.pc))
		}
	}
}

// at makes an instruction the running one.
func (s *scope) at(in *bytecode.Instruction) {
	s.in = in
	s.fn.Origin = &ir.Origin{Method: s.method.Name, PC: in.PC}
}

// split translates a block that does nothing but jump or return by the top of the
// stack for each way to it on its own, if that is a Boolean that is known on some: what
// and: and or: come to. It answers false if this is no such block.
func (s *scope) split(b *basicBlock) bool {
	j := &s.blocks[b.index]
	if len(b.instrs) > 1 || len(j.edges) < 2 || s.order.loops[b] != nil {
		return false
	}
	switch b.instrs[0].Op {
	case bytecode.JumpIfTrue, bytecode.JumpIfFalse, bytecode.ReturnTop, bytecode.BlockReturnTop:
	default:
		return false
	}
	tops := make([]edge, len(j.edges))
	for i, e := range j.edges {
		tops[i].slots = e.slots[len(e.slots)-1:]
	}
	if !anyBoolean(tops) {
		return false
	}
	j.done = true
	s.in = &b.instrs[0]
	for _, e := range j.edges {
		s.newBlock()
		e.from.Succs[e.succ].To = s.cur
		s.slots = append([]*ir.Value(nil), e.slots...)
		s.instruction(b)
	}
	s.remove(j.block)
	return true
}

// remove takes a block out that nothing leads to any more.
func (t *translator) remove(b *ir.Block) {
	t.fn.Blocks = slices.DeleteFunc(t.fn.Blocks, func(x *ir.Block) bool { return x == b })
}

// movable are the reasons of guards that passes move before loops. One that failed at
// a loop's head is one that was moved there.
var movable = []ir.Reason{ir.ReasonNotSmallInteger, ir.ReasonNotFloat, ir.ReasonWrongClass, ir.ReasonNotIdentical, ir.ReasonNotBoolean,
	ir.ReasonOverflow, ir.ReasonDivisionByZero, ir.ReasonIndexOutOfBounds, ir.ReasonReadOnly, ir.ReasonColdBranch, ir.ReasonPrimitiveFailed}

// enter makes the block current; it answers false if nothing leads there.
func (s *scope) enter(b *basicBlock) bool {
	j := &s.blocks[b.index]
	if len(j.edges) == 0 {
		return false
	}
	s.cur, j.done = j.block, true
	s.slots = s.merge(j)
	l := s.order.loops[b]
	if l == nil {
		return true
	}
	s.at(&b.instrs[0])
	if s.trusts(movable...) {
		s.cur.Anchor(ir.ReasonAnchor, s.reexecute())
	}
	j.head, j.loop = s.fn.NewBlock(), l
	var args []*ir.Value
	for i, v := range s.slots {
		if l.changes[i] {
			args = append(args, v)
			s.slots[i] = j.head.AddParam(ir.TypeOop)
		}
	}
	s.cur.Jump(ir.To(j.head, args...))
	s.cur = j.head
	return true
}

// block translates the instructions of a basic block.
func (s *scope) block(b *basicBlock) {
	for i := 0; i < len(b.instrs); i++ {
		s.at(&b.instrs[i])
		if s.leavesEarly() {
			return
		}
		if n := s.wrapping(b.instrs[i:]); n > 0 {
			i += n - 1
			continue
		}
		s.instruction(b)
		if s.cur == nil {
			return
		}
	}
	if c := b.last().Op.Class(); c != bytecode.ClassReturn && c != bytecode.ClassJump && c != bytecode.ClassBranch {
		s.jumpTo(b.succs[0], b.last().Next())
	}
}

// jumpTo ends the current block by a jump. pollPC is the bytecode from which the
// interpreter would go on: the jump itself, or its target.
func (s *scope) jumpTo(to *basicBlock, pollPC int) {
	j := &s.blocks[to.index]
	if j.head != nil {
		s.cur.Poll(ir.ReasonRequest, s.state(ir.Reexecute, pollPC, 0))
		s.cur.Jump(ir.To(j.head, s.changed(j)...))
		if l, _ := s.world.Loop(s.path()); l != nil {
			s.cur.Succs[0].Count = l.BackEdges
		}
		s.cur = nil
		return
	}
	if j.block == nil {
		j.block = s.fn.NewBlock()
	}
	s.cur.Jump(ir.To(j.block))
	j.edges = append(j.edges, edge{s.cur, 0, s.slots})
	s.slots = append([]*ir.Value(nil), s.slots...)
	s.cur = nil
}

// changed answers what a loop's head is given by a jump back.
func (s *scope) changed(j *join) []*ir.Value {
	var args []*ir.Value
	for i, v := range s.slots {
		if j.loop.changes[i] {
			args = append(args, v)
		}
	}
	return args
}

// target answers the block for one of two ways; a way back gets a block of its own,
// which polls.
func (s *scope) target(to *basicBlock) (b *ir.Block, finish func(from *ir.Block, succ int)) {
	j := &s.blocks[to.index]
	if j.head != nil {
		b := s.fn.NewBlock()
		slots := append([]*ir.Value(nil), s.slots...)
		return b, func(*ir.Block, int) {
			s.cur, s.slots = b, slots
			s.jumpTo(to, to.pc)
		}
	}
	if j.block == nil {
		j.block = s.fn.NewBlock()
	}
	slots := append([]*ir.Value(nil), s.slots...)
	return j.block, func(from *ir.Block, succ int) { j.edges = append(j.edges, edge{from, succ, slots}) }
}

// branchTo ends the current block: to the blocks by a condition.
func (s *scope) branchTo(c *ir.Value, yes, no *basicBlock, countYes, countNo uint64) {
	from := s.cur
	yesBlock, yesDone := s.target(yes)
	noBlock, noDone := s.target(no)
	from.Branch(c, ir.To(yesBlock), ir.To(noBlock))
	from.Succs[0].Count, from.Succs[1].Count = countYes, countNo
	yesDone(from, 0)
	noDone(from, 1)
	s.cur = nil
}

// merge answers what holds behind edges to a block: where they differ the block gets
// a parameter.
func (t *translator) merge(j *join) []*ir.Value {
	first := j.edges[0]
	merged := append([]*ir.Value(nil), first.slots...)
	for i, v := range merged {
		merged[i] = t.mergeSlot(j, i, v)
	}
	return merged
}

func (t *translator) mergeSlot(j *join, i int, v *ir.Value) *ir.Value {
	same, sameRoot := true, true
	typ, f := v.Type, t.factOf(v)
	for _, e := range j.edges[1:] {
		w := e.slots[i]
		same = same && w == v
		sameRoot = sameRoot && w.Root() == v.Root()
		if w.Type != typ {
			typ = ir.TypeOop
		}
		f = f.common(t.factOf(w))
	}
	switch {
	case same:
		return v
	case sameRoot:
		return v.Root()
	}
	p := j.block.AddParam(typ)
	for _, e := range j.edges {
		e.pass(e.slots[i])
	}
	if f != (fact{}) {
		t.facts[p] = f
	}
	return p
}

// deopt ends the current block by leaving the code.
func (s *scope) deopt(r ir.Reason, state *ir.State) {
	s.cur.Deopt(r, state)
	s.cur = nil
}

// jump translates an unconditional jump.
func (s *scope) jump(b *basicBlock) { s.jumpTo(b.succs[0], s.in.PC) }
