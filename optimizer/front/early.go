package front

import (
	"github.com/sista-vm/sista/bytecode"
	"github.com/sista-vm/sista/counters"
	"github.com/sista-vm/sista/optimizer/ir"
)

// Early returns. A method that is not inlined, since it is recursive or large, may still
// begin with a test and a return: that part is put in the place of the send, and where the
// method would go on it is called, from its start. The part only computes, so nothing
// is done twice.

// An early is the part of a method that returns early.
type early struct {
	blocks map[*basicBlock]bool
	size   int // bytes of it
	branch *bytecode.Instruction
	ways   [2]bool // which ways of the first branch lead to a return: jumping, falling through
}

// earlyPart answers the part of a method that returns early, nil if there is none.
func (k *code) earlyPart(limit int) *early {
	if k.method.Block || k.wantsError {
		return nil
	}
	e := &early{blocks: map[*basicBlock]bool{}}
	entry := k.blockAt(k.start)
	if len(entry.succs) != 2 || !e.returns(entry, limit) {
		return nil
	}
	e.branch = entry.last()
	for i, b := range entry.succs {
		e.ways[i] = e.blocks[b]
	}
	return e
}

// returns adds a block, and those behind it, if a return can be reached by computing alone.
func (e *early) returns(b *basicBlock, limit int) bool {
	size := 0
	for i := range b.instrs {
		in := &b.instrs[i]
		if !onlyComputes(in) {
			return false
		}
		size += in.Size
	}
	if e.size+size > limit || b.last().Op == bytecode.Jump && b.succs[0].pc <= b.pc {
		return false
	}
	e.size += size
	found := b.last().Op.Class() == bytecode.ClassReturn
	for _, next := range b.succs {
		if next.pc > b.pc && (e.blocks[next] || e.returns(next, limit)) {
			found = true
		}
	}
	if !found {
		e.size -= size
		return false
	}
	e.blocks[b] = true
	return true
}

// onlyComputes tells bytecodes that change nothing but the activation, provided that those of
// arithmetic find numbers.
func onlyComputes(in *bytecode.Instruction) bool {
	switch in.Op {
	case bytecode.PushReceiverVariable, bytecode.PushLiteralVariable, bytecode.PushLiteral, bytecode.PushTemp,
		bytecode.PushReceiver, bytecode.PushTrue, bytecode.PushFalse, bytecode.PushNil, bytecode.PushInteger,
		bytecode.PushCharacter, bytecode.Dup, bytecode.Pop, bytecode.Nop, bytecode.StoreTemp, bytecode.PopIntoTemp,
		bytecode.Jump, bytecode.JumpIfTrue, bytecode.JumpIfFalse,
		bytecode.ReturnReceiver, bytecode.ReturnTrue, bytecode.ReturnFalse, bytecode.ReturnNil, bytecode.ReturnTop:
		return true
	case bytecode.SendSpecial:
		return in.Index < 16 || in.Index == specialIdentical || in.Index == specialNotIdentical
	}
	return false
}

// returnsEarly answers the part of a method that is put in the place of a send, nil if there is none,
// or if it seldom returns there.
func (s *scope) returnsEarly(k *code, count uint64) *early {
	p := s.policy
	if k.contexts || s.avoid[k.method.Handle] != "" || count < uint64(p.MinCount) {
		return nil
	}
	e := k.earlyPart(p.MaxEarly)
	if e == nil || s.bytes+e.size > p.MaxBytecodes {
		return nil
	}
	sites := append([]counters.Site{{Method: k.method.ID, PC: uint32(e.branch.PC)}, s.site()}, s.sites...)
	fb, _ := s.world.Branch(counters.MakePath(sites[:min(len(sites), counters.LimitDepth)]...))
	if fb == nil || fb.Reached < uint64(p.MinBranches) {
		return nil
	}
	returns := uint64(0)
	if e.ways[0] {
		returns += fb.Taken
	}
	if e.ways[1] {
		returns += fb.Reached - min(fb.Taken, fb.Reached)
	}
	if returns*1000 < fb.Reached*uint64(p.EarlyPermille) {
		return nil
	}
	return e
}

// leavesEarly ends an activation of which only the early part is here, at the running bytecode or
// before a block, and has its method called; false if the activation goes on.
func (s *scope) leavesEarly() bool {
	if s.early == nil || s.in.Op != bytecode.SendSpecial || s.in.Index >= 16 {
		return false
	}
	switch shape := s.arithmeticShape(s.in.Index, s.top(1), s.top(0)); {
	case shape == asIntegers, shape == asFloats && isComparison(s.in.Index):
		return false
	}
	s.cur.Jump(ir.To(s.restBlock()))
	s.cur = nil
	return true
}

// skips leads the ways to a block that is not in the early part to the call; false if it is.
func (s *scope) skips(b *basicBlock) bool {
	if s.early == nil || s.early.blocks[b] && s.order.loops[b] == nil {
		return false
	}
	j := &s.blocks[b.index]
	if j.done = true; j.block == nil {
		return true
	}
	rest := s.restBlock()
	for _, e := range j.edges {
		e.from.Succs[e.succ].To = rest
	}
	s.remove(j.block)
	return true
}

// restBlock answers the block that calls the method.
func (s *scope) restBlock() *ir.Block {
	if s.rest == nil {
		s.rest = s.fn.NewBlock()
	}
	return s.rest
}
