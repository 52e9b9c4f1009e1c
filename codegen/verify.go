package codegen

import (
	"fmt"
	"slices"
)

// verifier executes allocated code with virtual registers in place of values: at every
// place it knows whose value is there. It checks that
//
//  1. an operand's place holds its value, on every way that leads there,
//  2. the same of all values of states,
//  3. what a map says holds an object does, and objects that are in no map are not
//     used afterwards,
//  4. what a slow path does not load again is not used afterwards,
//  5. moves that happen at once do what they should, one after the other.
type verifier struct {
	*plan
	in   [][]vreg // by block: contents of places where it begins; nil if nobody got there
	work []*block
	err  error
}

// places are numbered: registers, slots, words of the caller.
func (v *verifier) index(l loc) int {
	switch {
	case l.isReg():
		return int(l)
	case l.isArg():
		return numRegs + 2 + v.plan.slots + l.arg()
	}
	return numRegs + 2 + l.slot()
}

func (p *plan) verify() error {
	v := &verifier{plan: p, in: make([][]vreg, len(p.blocks))}
	n := numRegs + 2 + p.slots + p.argc + 2
	start := make([]vreg, n)
	for _, b := range p.blocks {
		for _, q := range b.params {
			if h := p.vregs[q].home; h != locNone {
				start[v.index(h)] = q
			}
		}
	}
	v.flow(p.blocks[0], start)
	for len(v.work) > 0 && v.err == nil {
		b := v.work[0]
		v.work = v.work[1:]
		v.block(b, slices.Clone(v.in[b.id]))
	}
	return v.err
}

func (v *verifier) fail(format string, args ...any) {
	if v.err == nil {
		v.err = fmt.Errorf("codegen: %s: allocation: %s", v.fn.Name, fmt.Sprintf(format, args...))
	}
}

// flow joins contents with those that are known of a block's start.
func (v *verifier) flow(b *block, at []vreg) {
	if v.in[b.id] == nil {
		v.in[b.id] = at
		v.work = append(v.work, b)
		return
	}
	changed := false
	for i, x := range v.in[b.id] {
		if x != 0 && x != at[i] {
			v.in[b.id][i], changed = 0, true
		}
	}
	if changed && !slices.Contains(v.work, b) {
		v.work = append(v.work, b)
	}
}

func (v *verifier) holds(at []vreg, l loc, x vreg, what string, pos int32) {
	if l == locNone || at[v.index(l)] != x {
		found := vreg(0)
		if l != locNone {
			found = at[v.index(l)]
		}
		v.fail("%s of v%d at %d: %v holds v%d", what, x, pos, l, found)
	}
}

// moves executes moves that happen at once, in the order in which they are emitted.
func (v *verifier) moves(at []vreg, list []move, pos int32) {
	want := map[int]vreg{}
	for _, m := range list {
		if m.from.kind != oNone {
			want[v.index(m.to)] = m.v
			continue
		}
		v.holds(at, m.src, m.of, "move", pos)
		want[v.index(m.to)] = m.of
	}
	for _, m := range sequence(list) {
		x := m.v
		if m.from.kind == oNone {
			x = at[v.index(m.src)]
		}
		at[v.index(m.to)] = x
	}
	for i, x := range want {
		if at[i] != x {
			v.fail("moves at %d leave v%d where v%d should be", pos, at[i], x)
		}
	}
}

func (v *verifier) block(b *block, at []vreg) {
	v.moves(at, v.store[b.id], int32(4*b.first))
	for i := range b.insts {
		in := &b.insts[i]
		n := int32(b.first + i)
		if i == len(b.insts)-1 {
			v.moves(at, v.out[b.id], 4*n)
		}
		v.moves(at, v.before[n], 4*n)
		if i == len(b.insts)-1 {
			v.moves(at, v.early[b.id], 4*n)
		}
		v.inst(in, 4*n, at)
		v.moves(at, v.after[n], 4*n+2)
	}
	for _, e := range b.succs {
		v.edge(b, e, slices.Clone(at))
	}
}

func (v *verifier) inst(in *inst, pos int32, at []vreg) {
	in.eachUse(func(x vreg, k useKind) {
		l := v.where(x, pos)
		if (k == useReg || k == useLate) && !l.isReg() {
			v.fail("%s at %d: v%d is in %v", mopNames[in.op], pos, x, l)
			return
		}
		v.holds(at, l, x, mopNames[in.op], pos)
	})
	pt := v.points[pos/4]
	if in.slow || in.call {
		v.leave(in, pos, at, pt)
	} else if pt != nil {
		v.mapped(at, pt, pos)
	}
	lost := in.clobbers()
	for r := range numRegs {
		if lost>>r&1 != 0 {
			at[r] = 0
		}
	}
	if in.op == mSend || in.op == mNew {
		// Operands that are read when the object is there.
		for _, a := range in.args {
			if a.kind == oReg && in.op == mNew {
				if l := v.where(a.v, pos+posAnswer); l != locNone && l.isReg() {
					v.holds(at, l, a.v, "field", pos)
				}
			}
		}
	}
	if in.d != 0 {
		for i, x := range at {
			if x == in.d {
				at[i] = 0
			}
		}
		if l := v.where(in.d, pos+posAnswer); !l.isReg() {
			v.fail("answer of %s at %d is in %v", mopNames[in.op], pos, l)
		} else {
			at[v.index(l)] = in.d
		}
	}
}

// mapped checks that the slots of a map hold objects.
func (v *verifier) mapped(at []vreg, pt *point, pos int32) {
	for _, s := range pt.oops {
		if x := at[v.index(locSlot(s))]; x == 0 || !v.vregs[x].oop {
			v.fail("the map at %d has slot %d, which holds v%d", pos, s, x)
		}
	}
}

// leave is a call of code that may move objects.
func (v *verifier) leave(in *inst, pos int32, at []vreg, pt *point) {
	out := slices.Clone(at) // on the slow path
	for _, s := range pt.saves {
		v.holds(out, locReg(s.reg), s.v, "save", pos)
		if s.store {
			out[v.index(s.to)] = s.v
		}
	}
	v.mapped(out, pt, pos)
	if in.st != nil {
		for _, x := range in.st.vals {
			l := v.where(x, pos+posLost)
			if l.isReg() {
				l = v.memory[x]
			}
			v.holds(out, l, x, "state", pos)
		}
	}
	for i := range numRegs {
		out[i] = 0
	}
	for i := range v.plan.slots {
		if x := out[v.index(locSlot(i))]; x != 0 && v.vregs[x].oop && !slices.Contains(pt.oops, i) {
			out[v.index(locSlot(i))] = 0
		}
	}
	for _, s := range pt.saves {
		if s.reload {
			out[s.reg] = out[v.index(s.to)]
		}
	}
	for i := range at {
		if in.call || at[i] != out[i] {
			at[i] = pickVreg(in.call, out[i], 0)
		}
	}
}

func pickVreg(c bool, a, b vreg) vreg {
	if c {
		return a
	}
	return b
}

// edge executes the moves of an edge and gives parameters their new values.
func (v *verifier) edge(b *block, e edge, at []vreg) {
	if len(b.succs) > 1 {
		v.moves(at, v.into[e.to.id], int32(4*e.to.first))
	}
	end := int32(4*(b.last+1) - 1)
	gone := map[vreg]bool{}
	for i, a := range e.args {
		p := e.to.params[i]
		l := v.place(v.pieces[p])
		if l == locNone {
			continue
		}
		if a.kind == oReg {
			v.holds(at, l, a.v, "argument", end)
		} else {
			v.holds(at, l, p, "constant argument", end)
		}
		if a.kind != oReg || a.v != p {
			gone[p] = true
		}
	}
	for i, x := range at {
		if gone[x] {
			at[i] = 0
		}
	}
	for i := range e.args {
		p := e.to.params[i]
		if l := v.place(v.pieces[p]); l != locNone {
			at[v.index(l)] = p
		}
	}
	v.flow(e.to, at)
}
