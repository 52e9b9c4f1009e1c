package front

import (
	"fmt"

	"github.com/sista-vm/sista/bytecode"
	"github.com/sista-vm/sista/counters"
	"github.com/sista-vm/sista/optimizer/ir"
)

// Common special sends, by number.
const (
	specialIdentical    = 22
	specialClass        = 23
	specialNotIdentical = 24
)

// A call is a send that is being translated.
type call struct {
	selector Handle
	text     string
	rcvr     *ir.Value
	args     []*ir.Value
	operands int // on the stack, that the result replaces
	again    *ir.State
}

func (s *scope) newCall(selector Handle, argc int) *call {
	c := &call{selector: selector, text: s.world.Literal(selector).Text, rcvr: s.top(argc), operands: argc + 1, again: s.reexecute()}
	if c.text == "" {
		panic(refuse("malformed code", "%s: pc %d sends what is no selector", s.method.Name, s.in.PC))
	}
	for i := range argc {
		c.args = append(c.args, s.top(argc-1-i))
	}
	return c
}

// decide adds a decision to the report.
func (s *scope) decide(what, reason string) *Report {
	r := &Report{Method: s.method.Name, PC: s.in.PC, What: what, Reason: reason}
	s.report.Decisions = append(s.report.Decisions, r)
	return r
}

// sending translates a send.
func (s *scope) sending(b *basicBlock) {
	in := s.in
	switch in.Op {
	case bytecode.SendSpecial:
		s.special(b)
	case bytecode.Send:
		s.send(b, s.method.Literals[in.Index], in.NumArgs)
	case bytecode.SendSuper:
		s.superSend(b, s.method.Owner, s.newCall(s.method.Literals[in.Index], in.NumArgs))
	default: // directed: the class is on top
		class, ok := constant(s.top(0))
		if !ok {
			panic(refuse("super send of a computed class", "%s: pc %d", s.method.Name, in.PC))
		}
		again := s.reexecute()
		s.drop(1)
		c := s.newCall(s.method.Literals[in.Index], in.NumArgs)
		c.again = again
		s.superSend(b, class, c)
	}
}

func (s *scope) special(b *basicBlock) {
	switch n := s.in.Index; {
	case n < 16:
		s.arithmetic(b, n)
	case n == specialIdentical || n == specialNotIdentical:
		if x, y := s.top(1), s.top(0); s.identifies(x, y, n == specialIdentical) {
			return
		}
		same := s.cur.OopEq(s.top(1), s.top(0))
		if n == specialNotIdentical {
			same = s.cur.BNot(same)
		}
		s.drop(2)
		s.push(s.cur.FromBool(same))
	case n == specialClass:
		s.classSend(b)
	default:
		selector, argc := s.world.SpecialSelector(n)
		s.send(b, selector, argc)
	}
}

// identifies answers the comparison of two objects of the program, for which it is known; false if they are not.
func (s *scope) identifies(x, y *ir.Value, equal bool) bool {
	a, isObject := constant(x)
	b, isToo := constant(y)
	if !isObject || !isToo {
		return false
	}
	h := False
	if (a == b) == equal {
		h = True
	}
	s.drop(2)
	s.push(s.literal(h))
	return true
}

// classSend translates the special send of class, which no method answers.
func (s *scope) classSend(b *basicBlock) {
	selector, _ := s.world.SpecialSelector(specialClass)
	c := s.newCall(selector, 0)
	if class := s.classOf(c.rcvr); class != 0 {
		s.drop(1)
		s.push(s.literal(s.world.ClassHandle(class)))
		return
	}
	fb, _ := s.world.Send(s.path())
	switch {
	case fb == nil || len(fb.Cases) == 0 || fb.Megamorphic() || !s.trusts(ir.ReasonWrongClass):
		s.drop(1)
		s.push(s.cur.ClassOf(c.rcvr))
		return
	}
	var cases []*inlineCase
	for i := range fb.Cases {
		class := ClassIndex(fb.Cases[i].Class)
		cases = append(cases, &inlineCase{class: class, count: fb.Cases[i].Count, plan: plan{
			emit: func(*ir.Value) *ir.Value { return s.literal(s.world.ClassHandle(class)) }}})
	}
	var results join
	s.dispatch(c, cases, false, &results)
	s.collect(b, 1, &results)
}

// superSend translates a send whose lookup starts above a class.
func (s *scope) superSend(b *basicBlock, above Handle, c *call) {
	h, ok := s.world.LookupSuper(above, c.selector)
	if !ok {
		s.cold(ir.ReasonColdSend, "super send that finds no method", "super "+c.text)
		return
	}
	var results join
	count := uint64(s.policy.MinCount)
	if fb, _ := s.world.Send(s.path()); fb != nil {
		count = max(count, fb.Samples())
	}
	s.known(c, "super "+c.text, h, s.classOf(c.rcvr), count, &results)
	s.collect(b, c.operands, &results)
}

// send translates an ordinary send.
func (s *scope) send(b *basicBlock, selector Handle, argc int) {
	c := s.newCall(selector, argc)
	var results join
	s.sendTo(c, &results)
	s.collect(b, c.operands, &results)
}

// sendTo translates a send up to its results.
func (s *scope) sendTo(c *call, results *join) {
	if s.evaluateBlock(c, results) {
		return
	}
	fb, _ := s.world.Send(s.path())
	if class := s.classOf(c.rcvr); class != 0 {
		count := uint64(0)
		if fb != nil {
			count = fb.Samples()
		}
		if h, ok := s.world.Lookup(class, c.selector); ok {
			s.known(c, c.text, h, class, count, results)
		} else {
			s.decide(c.text, "not understood")
			s.yield(results, s.sent(c))
		}
		return
	}
	switch {
	case fb != nil && fb.Samples() > 0:
		s.byFeedback(c, fb, results)
	case s.trusts(ir.ReasonColdSend):
		s.decide(c.text, "never executed")
		s.deopt(ir.ReasonColdSend, c.again)
	default:
		s.decide(c.text, "sent: receivers unknown")
		s.yield(results, s.sent(c))
	}
}

// sent emits a send that looks the method up when it is executed.
func (s *scope) sent(c *call) *ir.Value {
	return s.cur.Send(c.rcvr, c.text, ir.Handle(c.selector), ir.ReasonInvalidated, s.resume(c.operands), c.args...)
}

// called emits a send that finds a method that is known.
func (s *scope) called(c *call, rcvr *ir.Value, m *Method) *ir.Value {
	return s.cur.Call(rcvr, m.Name, ir.Handle(m.Handle), ir.ReasonInvalidated, s.resume(c.operands), c.args...)
}

// known translates a send whose method is known.
func (s *scope) known(c *call, what string, h Handle, class ClassIndex, count uint64, results *join) {
	p := s.plan(c, h, class, count)
	r := s.decide(what, p.why)
	switch {
	case p.inlines():
		s.execute(c, &p, c.rcvr, r, results)
	case p.method == nil: // an object in the place of a method
		s.yield(results, s.sent(c))
	default:
		s.yield(results, s.called(c, c.rcvr, p.method))
	}
}

// An inlineCase is a class of receivers and what is done for them.
type inlineCase struct {
	class ClassIndex
	count uint64
	plan
}

// byFeedback translates a send by the receivers it has met.
func (s *scope) byFeedback(c *call, fb *counters.Send, results *join) {
	total := fb.Samples()
	var cases []*inlineCase
	rest := fb.Megamorphic() || !s.trusts(ir.ReasonWrongClass)
	why := "megamorphic"
	for _, seen := range fb.Cases {
		k := &inlineCase{class: ClassIndex(seen.Class), count: seen.Count}
		if fb.Megamorphic() && seen.Count*1000 < uint64(s.policy.MegamorphicPermille)*total || len(cases) == s.policy.MaxCases {
			rest = true
			continue
		}
		h, ok := s.world.Lookup(k.class, c.selector)
		if !ok {
			rest, why = true, "not understood"
			continue
		}
		k.plan = s.plan(c, h, k.class, k.count)
		if !k.inlines() {
			rest, why = true, k.why
			continue
		}
		cases = append(cases, k)
	}
	if len(cases) == 0 {
		s.decide(c.text, "sent: "+why)
		s.yield(results, s.sent(c))
		return
	}
	s.dispatch(c, s.joinFloats(cases), rest, results)
}

// joinFloats makes one case of the two kinds of Floats where primitives do the same.
func (s *scope) joinFloats(cases []*inlineCase) []*inlineCase {
	var joined []*inlineCase
	seen := false
	for _, k := range cases {
		if k.floats {
			if seen {
				continue
			}
			seen = true
		}
		joined = append(joined, k)
	}
	return joined
}

// dispatch tells cases apart by the receiver's class and executes each; the last is a
// bet unless rest says that others are to be sent.
func (s *scope) dispatch(c *call, cases []*inlineCase, rest bool, results *join) {
	slots := s.slots
	single := len(cases) == 1 && !rest
	var remaining uint64
	for _, k := range cases {
		remaining += k.count
	}
	for i, k := range cases {
		r := s.decide(fmt.Sprintf("%s of %s", c.text, s.className(k)), k.why)
		var no *ir.Block
		if rest || i < len(cases)-1 {
			yes := s.fn.NewBlock()
			no = s.fn.NewBlock()
			s.cur.Branch(s.test(c.rcvr, k), ir.To(yes), ir.To(no))
			remaining -= k.count
			s.cur.Succs[0].Count, s.cur.Succs[1].Count = k.count, remaining
			s.cur = yes
		}
		if !single {
			// What is found out here is not known behind the send.
			s.slots = append([]*ir.Value(nil), slots...)
		}
		// What is true or false and is not the one is the other.
		sure := i == 1 && s.factOf(c.rcvr).truth && s.isTruth(k.class) && s.isTruth(cases[0].class)
		s.execute(c, &k.plan, s.receiverOf(c, k, no != nil || sure), r, results)
		s.cur = no
	}
	if !single {
		s.slots = append([]*ir.Value(nil), slots...)
	}
	if rest {
		s.decide(c.text, "others are sent")
		s.yield(results, s.sent(c))
	}
}

func (s *scope) isTruth(c ClassIndex) bool { return s.only(c) == True || s.only(c) == False }

// receiverOf answers the receiver as one of a case, which was tested or is a bet.
func (s *scope) receiverOf(c *call, k *inlineCase, tested bool) *ir.Value {
	var self *ir.Value
	switch {
	case k.floats && s.isFloat(c.rcvr):
		return c.rcvr
	case k.floats && tested:
		self = s.cur.KnownFloat(c.rcvr)
	case k.floats:
		self = s.cur.GuardFloat(c.rcvr, ir.ReasonWrongClass, c.again)
	case s.only(k.class) != 0:
		if !tested {
			s.cur.GuardTrue(s.isObject(c.rcvr, s.only(k.class)), ir.ReasonWrongClass, c.again)
		}
		self = s.literal(s.only(k.class))
	case tested:
		return s.knownAs(c.rcvr, k.class)
	default:
		return s.ofClass(c.rcvr, k.class, c.again)
	}
	s.refine(c.rcvr, self)
	return self
}

func (s *scope) className(k *inlineCase) string {
	if k.floats {
		return "Float"
	}
	if facts, ok := s.world.ClassFacts(k.class); ok {
		return facts.Name
	}
	return fmt.Sprintf("class %d", k.class)
}

// test answers a condition that holds for receivers of a case.
func (s *scope) test(v *ir.Value, k *inlineCase) *ir.Value {
	switch {
	case k.floats:
		return s.cur.IsFloat(v)
	case s.only(k.class) != 0:
		return s.isObject(v, s.only(k.class))
	case k.class == SmallIntegerClass:
		return s.cur.IsSmi(v)
	case k.class == CharacterClass:
		return s.cur.IsChar(v)
	}
	return s.cur.HasClass(v, k.class)
}
