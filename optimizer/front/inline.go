package front

import (
	"fmt"

	"github.com/sista-vm/sista/counters"
	"github.com/sista-vm/sista/optimizer/ir"
)

// A plan is what is done in place of a send to receivers whose method is known.
type plan struct {
	method *Method
	// emit, if there is one, computes the result of a receiver that is of the class.
	emit func(self *ir.Value) *ir.Value
	// floats says that emit does for Floats of either kind.
	floats bool
	// code, if there is any, is inlined.
	code *code
	// early, if there is one, is the part of it that is.
	early *early
	// perform, if there is one, is the send that a perform: comes to.
	perform *call
	// blocks, if there are any, are those that an evaluation has met; others says that there are more.
	blocks []blockCase
	others bool
	why    string
}

func (p *plan) inlines() bool {
	return p.emit != nil || p.code != nil || p.perform != nil || p.blocks != nil
}

// plan decides what is done for receivers of a class, 0 if that is not known, whose
// method is known.
func (s *scope) plan(c *call, h Handle, class ClassIndex, count uint64) plan {
	m := s.world.Method(h)
	switch {
	case m == nil || m.Block:
		return plan{why: "no method"}
	case m.Args != len(c.args):
		return plan{method: m, why: "malformed code"}
	case class == contextClass:
		return plan{method: m, why: "receiver is a context"}
	}
	p := plan{method: m}
	if m.Primitive != 0 {
		s.primitive(c, class, count, &p)
		if p.inlines() || !isQuick(m.Primitive) && !alwaysFails(m.Primitive) {
			return p
		}
	}
	k, err := s.codeOf(m)
	if err != nil {
		p.why = err.(*Refusal).Reason
		return p
	}
	if k.wantsError {
		p.why = "wants its primitive's failure code"
		return p
	}
	if why := s.fits(k, c, count); why != "" {
		p.why = why
		if p.early = s.returnsEarly(k, count); p.early != nil {
			p.code, p.why = k, fmt.Sprintf("%d bytes that return early, %d calls; %s", p.early.size, count, why)
		}
		return p
	}
	p.code, p.why = k, fmt.Sprintf("%d bytes, %d calls", k.size, count)
	return p
}

// Reasons why something is not inlined that a larger budget does away with.
const (
	enoughCode  = "enough code"
	tooMuchCode = "too much code"
)

// fits answers why a method is not inlined, "" if it is.
func (s *scope) fits(k *code, c *call, count uint64) string {
	if why := s.fitsAnywhere(k); why != "" {
		return why
	}
	p := s.policy
	if k.size <= p.AlwaysInline {
		return ""
	}
	limit := p.MaxInlinedBytecodes
	if count >= uint64(p.HotCount) {
		limit *= p.HotFactor
	}
	blocks := false
	for _, a := range c.args {
		blocks = blocks || s.closureOf(a) != nil
	}
	if blocks {
		limit *= p.BlockFactor
	}
	switch {
	case s.bytes+k.size > p.EnoughBytecodes && !blocks:
		return enoughCode
	case count < uint64(p.MinCount) && !blocks:
		return fmt.Sprintf("called %d times only", count)
	case k.size > limit:
		return fmt.Sprintf("too large: %d bytes of %d", k.size, limit)
	}
	return ""
}

// fitsAnywhere checks what holds for methods and blocks alike.
func (s *scope) fitsAnywhere(k *code) string {
	depth, same := 0, 0
	for c := s; c != nil; c = c.caller {
		depth++
		if c.method.Handle == k.method.Handle {
			same++
		}
	}
	recursion := s.policy.MaxRecursion
	if k.size <= s.policy.SmallMethod {
		recursion = s.policy.MaxSmallRecursion
	}
	switch {
	case s.avoid[k.method.Handle] != "":
		return s.avoid[k.method.Handle]
	case k.contexts:
		return "thisContext"
	case !s.trusts(ir.ReasonContext):
		return "its activation is asked for"
	case depth >= s.policy.MaxDepth:
		return "too deep"
	case same > recursion:
		return "recursive"
	case s.bytes+k.size > s.policy.MaxBytecodes:
		return tooMuchCode
	}
	return ""
}

// execute puts a plan's code in the place of a send.
func (s *scope) execute(c *call, p *plan, self *ir.Value, r *Report, results *join) {
	switch {
	case p.perform != nil:
		p.perform.rcvr = self
		r.Inlined = "a send of " + p.perform.text
		s.sendTo(p.perform, results)
	case p.blocks != nil:
		r.Inlined = "blocks that were made elsewhere"
		s.evaluateSeen(c, p, self, r, results)
	case p.emit != nil:
		r.Inlined = fmt.Sprintf("primitive %d", p.primitiveNumber())
		s.yield(results, p.emit(self))
	default:
		r.Inlined = p.method.Name
		callee := s.callee(p.code, c.operands, r)
		callee.home = callee
		callee.early = p.early
		callee.activate(self, c.args, nil, results)
		if callee.rest != nil {
			s.cur = callee.rest
			s.yield(results, s.called(c, self, p.method))
		}
	}
}

func (p *plan) primitiveNumber() int {
	if p.method == nil {
		return primClass // the special send
	}
	return p.method.Primitive
}

// callee makes the activation of code that is inlined in the running send, of whose
// operands nothing is left when it is resumed.
func (s *scope) callee(k *code, operands int, r *Report) *scope {
	sites := append([]counters.Site{s.site()}, s.sites...)
	return &scope{
		translator: s.translator,
		method:     k.method,
		code:       k,
		level:      s.level + 1,
		caller:     s,
		sites:      sites[:min(len(sites), counters.LimitDepth-1)],
		report:     r,
		outer:      append([]*ir.Level{s.levelAt(ir.Resume, s.in.PC, s.slots[:len(s.slots)-operands])}, s.outer...),
		blocks:     make([]join, len(k.blocks)),
	}
}

// activate translates the activation's code; results get what it answers.
func (s *scope) activate(self *ir.Value, args, copied []*ir.Value, results *join) {
	s.push(self)
	s.slots = append(append(s.slots, args...), copied...)
	for i := len(args) + len(copied); i < s.method.Temps; i++ {
		s.push(s.literal(Nil))
	}
	if s.early != nil {
		s.bytes += s.early.size
	} else {
		s.bytes += s.code.size
	}
	s.scopes = append(s.scopes, s)
	entry := s.code.blockAt(s.code.start)
	s.order = s.code.from(entry)
	origin := s.fn.Origin
	s.run(entry)
	s.fn.Origin = origin
	s.scopes = s.scopes[:len(s.scopes)-1]
	results.edges = append(results.edges, s.result.edges...)
}

// evaluateBlock inlines the evaluation of a block that this code made. It answers false
// if that is not what the send is, or not to be done.
func (s *scope) evaluateBlock(c *call, results *join) bool {
	block := s.closureOf(c.rcvr)
	if block == nil || block.block.Args != len(c.args) || block.block.Args+len(block.copied) > block.block.Temps {
		return false
	}
	h, ok := s.world.Lookup(FullBlockClosureClass, c.selector)
	if !ok {
		return false
	}
	if m := s.world.Method(h); m == nil || !isValue(m.Primitive) || m.Args != len(c.args) {
		return false
	}
	k, err := s.codeOf(block.block)
	why := ""
	if err != nil {
		why = err.(*Refusal).Reason
	} else {
		why = s.fitsAnywhere(k)
	}
	if why != "" {
		s.decide(c.text, "block is not inlined: "+why)
		s.yield(results, s.sent(c))
		return true
	}
	r := s.decide(c.text, fmt.Sprintf("%d bytes, made by %s", k.size, block.scope.method.Name))
	r.Inlined = block.block.Name
	callee := s.callee(k, c.operands, r)
	callee.closure = c.rcvr
	callee.home = block.scope.home
	callee.activate(block.self, c.args, block.copied, results)
	return true
}
