package front

import (
	"fmt"

	"github.com/sista-vm/sista/optimizer/ir"
)

// Blocks that were made elsewhere. Feedback says which blocks a send has evaluated. Closures of
// those are known by their block, and by what an activation asks of them: the number of
// arguments, and that of values they hold. Receiver and copied values are in the closure.
// A block that returns from its home is called: the home is not in this code.

// A blockCase is a block that is inlined for the closures made of it.
type blockCase struct {
	block *Method
	code  *code
	count uint64
}

// seenBlocks plans the evaluation of closures by the blocks that it has met.
func (s *scope) seenBlocks(c *call, p *plan) {
	if !s.trusts(ir.ReasonPrimitiveFailed) {
		return
	}
	blocks, others := s.world.Blocks(s.path())
	p.others = others > 0 || !s.trusts(ir.ReasonNotIdentical)
	for _, x := range blocks {
		k, why := s.inlinesBlock(c, x)
		if why == "" && len(p.blocks) == s.policy.MaxCases {
			why = "too many blocks"
		}
		if why != "" {
			p.others = true
			p.why = "block is not inlined: " + why
			continue
		}
		p.blocks = append(p.blocks, blockCase{k.method, k, x.Count})
	}
	if p.blocks != nil {
		p.why = fmt.Sprintf("%d blocks seen", len(p.blocks))
	}
}

// inlinesBlock answers the code of a block that is to be inlined for closures made elsewhere, or why it is not.
func (s *scope) inlinesBlock(c *call, x Evaluated) (k *code, why string) {
	m := s.world.Method(x.Block)
	switch {
	case m == nil || !m.Block:
		return nil, "it is gone"
	case m.Args != len(c.args) || m.Args+m.Copied > m.Temps:
		return nil, "malformed code"
	}
	k, err := s.codeOf(m)
	switch {
	case err != nil:
		return nil, err.(*Refusal).Reason
	case k.leaves:
		return nil, "returns from its home"
	}
	return k, s.fits(k, c, x.Count)
}

// evaluateSeen evaluates a closure by the block that it is of; the last is a bet unless there are others.
func (s *scope) evaluateSeen(c *call, p *plan, closure *ir.Value, r *Report, results *join) {
	s.needs(FullBlockClosureClass)
	closure = s.object(closure, c.again)
	slots := s.slots
	rest := s.fn.NewBlock()
	block := s.cur.LoadSlot(closure, closureBlock)
	for i, k := range p.blocks {
		s.slots = append([]*ir.Value(nil), slots...)
		is := s.cur.OopEq(block, s.cur.Literal(ir.Handle(k.block.Handle)))
		next := rest
		if i < len(p.blocks)-1 {
			next = s.fn.NewBlock()
		}
		if p.others || i < len(p.blocks)-1 {
			yes := s.fn.NewBlock()
			s.cur.Branch(is, ir.To(yes), ir.To(next))
			s.cur.Succs[0].Count = k.count
			s.cur = yes
		} else {
			s.cur.GuardTrue(is, ir.ReasonNotIdentical, c.again)
		}
		s.evaluateCase(c, k, closure, r, results)
		s.cur = next
	}
	s.slots = append([]*ir.Value(nil), slots...)
	if !p.others {
		s.remove(rest)
		s.cur = nil
		return
	}
	s.cur = rest
	s.decide(c.text, "other blocks are called")
	s.yield(results, s.sent(c))
}

// evaluateCase inlines the block of a closure that is known to be of it.
func (s *scope) evaluateCase(c *call, k blockCase, closure *ir.Value, r *Report, results *join) {
	b, m := s.cur, k.block
	arguments := b.OopEq(b.LoadSlot(closure, closureNumArgs), b.ConstSmi(int64(m.Args)))
	b.GuardTrue(arguments, ir.ReasonPrimitiveFailed, c.again)
	b.GuardTrue(b.IEq(b.Size(closure, 0), b.ConstInt(closureCopied+int64(m.Copied))), ir.ReasonPrimitiveFailed, c.again)
	self := b.LoadSlot(closure, closureReceiver)
	var copied []*ir.Value
	for i := range m.Copied {
		copied = append(copied, b.LoadSlot(closure, closureCopied+int64(i)))
	}
	d := &Report{Method: s.method.Name, PC: s.in.PC, What: c.text, Inlined: m.Name, Reason: fmt.Sprintf("%d bytes, %d calls", k.code.size, k.count)}
	r.Decisions = append(r.Decisions, d)
	callee := s.callee(k.code, c.operands, d)
	callee.closure = closure
	callee.activate(self, c.args, copied, results)
}
