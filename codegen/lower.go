package codegen

import (
	"fmt"

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
	l := &lowerer{code: &code{opts: opts, fn: f, vregs: make([]vinfo, 1, 2*f.NumValues()+16), literals: newPool()},
		g: ir.NewGraph(f), blocks: map[*ir.Block]*block{}, states: map[*ir.State]*stateUse{},
		conv: map[ir.ID]vreg{}, hoisted: map[ir.ID]vreg{}, unboxed: map[ir.ID]vreg{}}
	l.ranges = analyzeRanges(l.g)
	var depth []int
	var cold []bool
	l.order, depth, cold = layOut(l.g, entry)
	l.vregOf = make([]vreg, f.NumValues())
	l.count()
	l.chooseForms()
	l.homed = make([]bool, f.NumValues())
	for _, p := range entry.Params {
		l.homed[p.ID] = true
	}
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

// op3 is op2 where x need not be in the register of the answer.
func (l *lowerer) op3(op mop, x vreg, y operand) vreg {
	d := l.temp(l.vregs[x].class)
	l.vregs[d].hint = x
	l.emit(inst{op: op, d: d, x: x, y: y, three: true})
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
