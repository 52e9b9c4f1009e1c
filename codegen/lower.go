package codegen

import (
	"fmt"
	"slices"

	"github.com/sista-vm/sista/optimizer/ir"
)

// lowerer turns values into instructions over virtual registers.
type lowerer struct {
	*code
	g      *ir.Graph
	ranges *ranges
	order  []*ir.Block
	rounds int

	users  []*ir.Value // by ID: the value's user, if it has one only, in arguments
	uses   []int32     // by ID: number of uses of any kind
	others []int32     // by ID: uses that are not in states
	tests  []int32     // by ID: uses of a condition by what takes flags
	index  []int32     // by ID: uses as first argument of guardindex
	folded []int32     // by ID: uses of a sum as index, where the addend is part of the address
	blocks map[*ir.Block]*block
	states map[*ir.State]*stateUse
	mark   []int // by virtual register: the last state that has it, and one

	b       *block
	val     *ir.Value
	conv    map[ir.ID]vreg // the other form of integers, in this block
	hoisted map[ir.ID]vreg // the same, where they are defined, for inner loops
	unboxed map[ir.ID]vreg // values of Floats that were read with their guard
	err     error
}

// cellUse is a send site.
type cellUse struct {
	selector int64
	argc     int
	call     bool
}

// lower translates the function from its entry on.
func lower(f *ir.Func, opts Options) (*code, error) {
	entry := opts.Entry
	if entry == nil {
		entry = f.Entry()
	}
	l := &lowerer{code: &code{opts: opts, fn: f, vregs: make([]vinfo, 1), literals: newPool()},
		g: ir.NewGraph(f), blocks: map[*ir.Block]*block{}, states: map[*ir.State]*stateUse{},
		hoisted: map[ir.ID]vreg{}, unboxed: map[ir.ID]vreg{}}
	l.ranges = analyzeRanges(l.g)
	var depth []int
	var cold []bool
	l.order, depth, cold = layOut(l.g, entry)
	l.vregOf = make([]vreg, f.NumValues())
	l.count()
	l.chooseForms()
	l.sink()
	for i, b := range l.order {
		lb := &block{id: i, ir: b, depth: depth[b.ID], cold: cold[b.ID]}
		l.blocks[b] = lb
		for _, p := range b.Params {
			v := l.define(p)
			lb.params = append(lb.params, v)
		}
	}
	if err := l.homes(entry); err != nil {
		return nil, err
	}
	for _, b := range l.order {
		l.block(b, b == entry)
	}
	if l.err != nil {
		return nil, l.err
	}
	l.splitEdges()
	return l.code, nil
}

// homes says where the parameters of the entry are.
func (l *lowerer) homes(entry *ir.Block) error {
	p := l.blocks[entry].params
	if len(p) == 0 {
		return fmt.Errorf("codegen: %s: the entry has no receiver", l.fn.Name)
	}
	if entry.OSR == nil {
		l.argc = len(p) - 1
		for i, v := range p {
			l.vregs[v].home = locArg(l.argc - i)
		}
		return nil
	}
	l.osr = true
	l.argc = l.opts.Args
	l.vregs[p[0]].home = locSlot(receiverSlot)
	p = p[1:]
	if l.opts.Block {
		if len(p) == 0 {
			return fmt.Errorf("codegen: %s: no closure in the loop's parameters", l.fn.Name)
		}
		l.vregs[p[0]].home = locArg(l.argc)
		p = p[1:]
	}
	if len(p) < l.argc {
		return fmt.Errorf("codegen: %s: %d parameters for %d arguments", l.fn.Name, len(p), l.argc)
	}
	for i, v := range p {
		if i < l.argc {
			l.vregs[v].home = locArg(l.argc - 1 - i)
		} else {
			l.vregs[v].home = locSlot(i - l.argc)
			l.osrWords++
		}
	}
	return nil
}

// count finds out how often values are used, and by whom.
func (l *lowerer) count() {
	n := l.fn.NumValues()
	l.users, l.uses, l.others = make([]*ir.Value, n), make([]int32, n), make([]int32, n)
	l.index, l.folded, l.tests = make([]int32, n), make([]int32, n), make([]int32, n)
	states := map[*ir.State]bool{}
	for _, b := range l.order {
		b.Each(func(v *ir.Value) {
			for i, a := range v.Args {
				l.uses[a.ID]++
				l.others[a.ID]++
				l.users[a.ID] = v
				switch v.Op {
				case ir.OpBranch, ir.OpGuardTrue, ir.OpGuardFalse, ir.OpFromBool:
					l.tests[a.ID]++
				}
				if i == 0 && v.Op == ir.OpGuardIndex {
					l.index[a.ID]++
				}
				if i == 1 && indexes(v.Op) && offsetIndex(a) {
					l.folded[a.ID]++
				}
			}
			if v.State != nil && !states[v.State] {
				states[v.State] = true
				v.State.Values(func(a *ir.Value) { l.uses[a.ID] += 2 })
			}
		})
		for _, e := range b.Succs {
			for _, a := range e.Args {
				l.uses[a.ID] += 2
				l.others[a.ID]++
			}
		}
	}
}

// define makes the virtual register of a value.
func (l *lowerer) define(v *ir.Value) vreg {
	k := gpr
	if v.Type == ir.TypeFloat {
		k = xmm
	}
	r := l.newVreg(k, v)
	l.vregs[r].oop = v.Type == ir.TypeOop || v.Type == ir.TypeObj
	l.vregOf[v.ID] = r
	return r
}

func (l *lowerer) temp(k class) vreg { return l.newVreg(k, nil) }

func (l *lowerer) emit(i inst) {
	if i.w == 0 {
		i.w = 8
	}
	i.val = l.val
	l.b.insts = append(l.b.insts, i)
}

func (l *lowerer) fail(v *ir.Value, format string, args ...any) {
	if l.err == nil {
		l.err = fmt.Errorf("codegen: %s: %s: %s", l.fn.Name, v.LongString(), fmt.Sprintf(format, args...))
	}
}

// op2 emits d = x op y into a new register.
func (l *lowerer) op2(op mop, x vreg, y operand) vreg {
	d := l.temp(l.vregs[x].class)
	l.vregs[d].hint = x
	l.emit(inst{op: op, d: d, x: x, y: y})
	return d
}

func (l *lowerer) lea(y operand) vreg {
	d := l.temp(gpr)
	l.emit(inst{op: mLea, d: d, y: y})
	return d
}

func (l *lowerer) load(y operand) vreg {
	d := l.temp(gpr)
	l.vregs[d].oop = y.kind == oLit
	l.emit(inst{op: mMov, d: d, y: y})
	return d
}

// is makes v live in a register that exists.
func (l *lowerer) is(v *ir.Value, r vreg) {
	l.vregOf[v.ID] = r
	if l.vregs[r].val == nil {
		l.vregs[r].val = v
		l.vregs[r].oop = v.Type == ir.TypeOop || v.Type == ir.TypeObj
	}
}

// deopt emits a departure if cc.
func (l *lowerer) deopt(v *ir.Value, cc cond) {
	if l.opts.Fail != nil && l.opts.Fail(v) {
		cc = ccAlways
	}
	l.emit(inst{op: mDeoptIf, cc: cc, st: l.state(v)})
}

// state answers how a value's state is used.
func (l *lowerer) state(v *ir.Value) *stateUse {
	if v.State == nil {
		return nil
	}
	if s := l.states[v.State]; s != nil {
		return s
	}
	s := &stateUse{state: v.State, number: len(l.states)}
	if len(l.mark) < len(l.vregs) {
		l.mark = append(l.mark, make([]int, 2*len(l.vregs))...)
	}
	v.State.Values(func(a *ir.Value) {
		a, _ = l.described(a)
		if r := l.vregOf[a.ID]; r != 0 && l.mark[r] != s.number+1 && !l.isConst(a) {
			l.mark[r] = s.number + 1
			s.vals = append(s.vals, r)
		}
	})
	l.states[v.State] = s
	return s
}

// isConst tells whether a state or instruction can name a value without a register.
func (c *code) isConst(v *ir.Value) bool {
	if _, ok := konst(v); ok {
		return true
	}
	if _, ok := constOop(v); ok {
		return true
	}
	switch v.Root().Op {
	case ir.OpLiteral, ir.OpConstFloat, ir.OpConstBool:
		return true
	}
	return false
}

// constant answers the operand of a constant in its natural form, integers tagged if asked.
func (l *lowerer) constant(v *ir.Value, asTagged bool) (operand, bool) {
	if n, ok := konst(v); ok {
		if asTagged {
			n = tagged(n)
		}
		return imm(n), true
	}
	if n, ok := constOop(v); ok {
		return imm(tagged(n)), true
	}
	switch v = v.Root(); v.Op {
	case ir.OpConstBool:
		return imm(v.Int), true
	case ir.OpConstFloat:
		return operand{kind: oRaw, disp: l.rawWord(uint64(v.Int))}, true
	case ir.OpLiteral:
		switch ir.Handle(v.Int) {
		case ir.HandleNil:
			return ctx(offNil), true
		case ir.HandleTrue:
			return ctx(offTrue), true
		case ir.HandleFalse:
			return ctx(offFalse), true
		}
		return operand{kind: oLit, disp: l.literals.add(v.Int)}, true
	}
	return operand{}, false
}

// operand answers any value that is no integer as an operand.
func (l *lowerer) operand(v *ir.Value) operand {
	if o, ok := l.constant(v, false); ok {
		return o
	}
	return reg1(l.vregOf[v.ID])
}

// reg answers a value that is no integer in a register.
func (l *lowerer) reg(v *ir.Value) vreg { return l.inReg(l.operand(v), v.Type == ir.TypeFloat) }

func (l *lowerer) inReg(o operand, float bool) vreg {
	if o.kind == oReg {
		return o.v
	}
	if float {
		d := l.temp(xmm)
		l.emit(inst{op: mFMov, d: d, y: o})
		return d
	}
	return l.load(o)
}

// source answers an operand that an instruction takes: constants that are too long are in a register.
func (l *lowerer) source(o operand) operand {
	if o.kind == oImm && !fits32(o.disp) {
		return reg1(l.load(o))
	}
	return o
}

// plain answers an integer untagged.
func (l *lowerer) plain(v *ir.Value) vreg { return l.inReg(l.plainOperand(v), false) }

// tag answers an integer tagged.
func (l *lowerer) tag(v *ir.Value) vreg { return l.inReg(l.tagOperand(v), false) }

func (l *lowerer) plainOperand(v *ir.Value) operand {
	if o, ok := l.constant(v, false); ok {
		return l.source(o)
	}
	if !l.tagged[v.ID] {
		return reg1(l.vregOf[v.ID])
	}
	return reg1(l.converted(v, func(r vreg) vreg { return l.op2(mSar, r, imm(3)) }))
}

func (l *lowerer) tagOperand(v *ir.Value) operand {
	if o, ok := l.constant(v, true); ok {
		return l.source(o)
	}
	if l.tagged[v.ID] {
		return reg1(l.vregOf[v.ID])
	}
	return reg1(l.converted(v, func(r vreg) vreg { return l.lea(memx(0, r, 8, 1)) }))
}

// converted answers the other form of an integer, which is made once a block; if it was
// defined outside of a loop, there.
func (l *lowerer) converted(v *ir.Value, make func(vreg) vreg) vreg {
	if r, ok := l.conv[v.ID]; ok {
		return r
	}
	if r, ok := l.hoisted[v.ID]; ok && v.Block != l.b.ir {
		return r
	}
	from := l.blocks[v.Block]
	if from == nil || from == l.b || from.depth >= l.b.depth || from.cold {
		r := make(l.vregOf[v.ID])
		l.conv[v.ID] = r
		return r
	}
	// Before the jump that ends the block, and the comparison that this takes.
	here := l.b
	tail := slices.Clone(from.insts[from.tail:])
	from.insts = from.insts[:from.tail]
	l.b = from
	r := make(l.vregOf[v.ID])
	l.b = here
	from.tail = len(from.insts)
	from.insts = append(from.insts, tail...)
	l.hoisted[v.ID] = r
	return r
}

// rawWord answers the number of a constant in memory.
func (c *code) rawWord(w uint64) int64 {
	for i, x := range c.raw {
		if x == w {
			return int64(i)
		}
	}
	c.raw = append(c.raw, w)
	return int64(len(c.raw) - 1)
}

// block translates a block.
func (l *lowerer) block(b *ir.Block, entry bool) {
	l.b = l.blocks[b]
	l.conv = map[ir.ID]vreg{}
	if entry {
		l.val = nil
		l.emit(inst{op: mEntry})
	}
	for _, v := range b.Values {
		l.val = v
		l.value(v)
	}
	l.val = b.End
	for _, e := range b.Succs {
		le := edge{to: l.blocks[e.To]}
		for i, a := range e.Args {
			le.args = append(le.args, l.edgeArg(a, e.To.Params[i]))
		}
		l.b.succs = append(l.b.succs, le)
	}
	l.end(b)
}

// edgeArg answers what a parameter gets, in the form that it has.
func (l *lowerer) edgeArg(a, p *ir.Value) operand {
	if o, ok := l.constant(a, l.tagged[p.ID]); ok {
		return o
	}
	if a.Type == ir.TypeInt && l.tagged[a.ID] != l.tagged[p.ID] {
		if l.tagged[p.ID] {
			return l.tagOperand(a)
		}
		return l.plainOperand(a)
	}
	r := l.vregOf[a.ID]
	if pr := l.vregOf[p.ID]; l.vregs[pr].hint == 0 {
		l.vregs[pr].hint = r
	}
	if l.vregs[r].hint == 0 {
		l.vregs[r].hint = l.vregOf[p.ID]
	}
	return reg1(r)
}

func (l *lowerer) end(b *ir.Block) {
	v := b.End
	l.b.tail = len(l.b.insts)
	switch v.Op {
	case ir.OpJump:
		l.emit(inst{op: mJmp})
	case ir.OpBranch:
		if c := v.Args[0].Root(); c.Op == ir.OpConstBool {
			l.b.succs = l.b.succs[1-c.Int : 2-c.Int]
			l.emit(inst{op: mJmp})
			return
		}
		cc := l.flags(v.Args[0])
		l.emit(inst{op: mJcc, cc: cc})
	case ir.OpReturn:
		o := l.operand(v.Args[0])
		if o.kind == oReg && l.vregs[o.v].fixed == noReg {
			l.vregs[o.v].fixed = rAX
		}
		l.emit(inst{op: mRet, args: []operand{o}})
	case ir.OpNonLocal:
		l.emit(inst{op: mNonLocal, call: true, args: []operand{l.operand(v.Args[0]), l.operand(v.Args[1])}})
	case ir.OpDeopt:
		l.emit(inst{op: mDeopt, st: l.state(v)})
	default:
		l.emit(inst{op: mUnreachable})
	}
}

// splitEdges puts a block on each edge from a block with several successors to one
// with several predecessors, and numbers blocks and predecessors.
func (l *lowerer) splitEdges() {
	preds := map[*block]int{}
	var blocks []*block
	reached := map[*block]bool{}
	work := []*block{l.blocks[l.order[0]]}
	for len(work) > 0 {
		b := work[len(work)-1]
		work = work[:len(work)-1]
		if reached[b] {
			continue
		}
		reached[b] = true
		for _, e := range b.succs {
			preds[e.to]++
			work = append(work, e.to)
		}
	}
	for _, b := range l.order {
		if reached[l.blocks[b]] {
			blocks = append(blocks, l.blocks[b])
		}
	}
	var warm, cold []*block
	for _, b := range blocks {
		list := &warm
		if b.cold {
			list = &cold
		}
		*list = append(*list, b)
		if len(b.succs) < 2 {
			continue
		}
		for i := range b.succs {
			e := &b.succs[i]
			if preds[e.to] < 2 {
				continue
			}
			mid := &block{depth: min(b.depth, e.to.depth), cold: b.cold || e.to.cold, succs: []edge{*e}}
			mid.insts = []inst{{op: mJmp, w: 8, val: b.insts[len(b.insts)-1].val}}
			*e = edge{to: mid}
			if mid.cold {
				cold = append(cold, mid)
			} else {
				warm = append(warm, mid)
			}
		}
	}
	l.code.blocks = append(warm, cold...)
	for i, b := range l.code.blocks {
		b.id = i
		for _, e := range b.succs {
			e.to.preds = append(e.to.preds, b)
		}
	}
}
