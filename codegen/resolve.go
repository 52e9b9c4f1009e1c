package codegen

import "slices"

// move copies a value to a place from another, or a constant.
type move struct {
	to    loc
	from  operand // a constant, if it is not oNone
	src   loc
	v     vreg // whose value arrives
	of    vreg // whose value is copied; 0 of constants
	class class
}

// A plan is the allocated code: instructions, and what is copied between them.
type plan struct {
	*allocation
	before map[int32][]move // by number of instruction: at once, before it
	after  map[int32][]move // stores after the instruction that defines a value
	into   [][]move         // by block: at once, where it begins
	store  [][]move         // by block: parameters, after that
	out    [][]move         // by block: at once, before the jump that ends it
	early  [][]move         // by block: at once, before the branch that ends it, of one of its edges
	points map[int32]*point // by number of instruction
	slots  int              // of the frame
}

// point is what is known of an instruction where the frame is looked at.
type point struct {
	saves []save // live in registers over the slow path
	oops  []int  // slots
}

// save is a register that a slow path stores and perhaps loads again.
type save struct {
	v      vreg
	reg    reg
	to     loc
	store  bool // it is not in memory yet
	reload bool
}

// resolve finds the moves that the split lifetimes need, and the slots.
func (a *allocation) resolve() *plan {
	p := &plan{allocation: a, before: map[int32][]move{}, after: map[int32][]move{}, points: map[int32]*point{}}
	n := len(a.blocks)
	p.into, p.store, p.out, p.early = make([][]move, n), make([][]move, n), make([][]move, n), make([][]move, n)
	p.findPoints()
	p.assignSlots()
	p.fillPoints()
	p.stores()
	p.splits()
	for _, b := range a.blocks {
		for _, e := range b.succs {
			p.edge(b, e)
		}
	}
	for _, b := range a.blocks {
		if len(b.succs) == 2 {
			p.hurry(b)
		}
	}
	return p
}

// hurry makes the moves of an edge before the branch instead, where they do no harm on
// the other way: then the branch itself can close a loop. Moves leave flags alone.
func (p *plan) hurry(b *block) {
	yes, no, other := b.succs[0].to, b.succs[1].to, b.succs[1]
	if no.depth > yes.depth || yes.cold {
		yes, no, other = no, yes, b.succs[0]
	}
	if !p.onlyMoves(yes) || len(p.out[yes.id]) == 0 {
		return
	}
	needed := map[loc]bool{}
	end, start := int32(4*(b.last+1)-1), int32(4*no.first)
	no.in.each(func(v vreg) {
		needed[p.where(v, end)], needed[p.where(v, start)], needed[p.memory[v]] = true, true, true
	})
	for i, a := range other.args {
		if a.kind == oReg {
			needed[p.where(a.v, end)] = true
		}
		needed[p.place(p.pieces[no.params[i]])] = true
	}
	for _, m := range p.out[yes.id] {
		if needed[m.to] {
			return
		}
	}
	p.early[b.id], p.out[yes.id] = p.out[yes.id], nil
}

// onlyMoves tells whether a block does nothing but move values for its edge.
func (p *plan) onlyMoves(b *block) bool {
	return b.ir == nil && len(b.insts) == 1 && len(p.into[b.id])+len(p.store[b.id])+len(p.before[int32(b.first)]) == 0
}

// findPoints sweeps over the code for what lives in registers over slow paths: it
// needs memory too.
func (p *plan) findPoints() {
	p.sweep(func(pos int32, in *inst, live []*piece) {
		pt := &point{}
		p.points[pos/4] = pt
		if !in.slow {
			return
		}
		for _, q := range live {
			if q.reg == noReg || slices.Contains(in.t[:], q.v) || !q.covers(pos+posLost) {
				continue
			}
			pt.saves = append(pt.saves, save{v: q.v, reg: q.reg, store: !p.stored[q.v], reload: q.covers(pos + posAnswer)})
		}
	})
}

// fillPoints completes them when slots are known.
func (p *plan) fillPoints() {
	for _, pt := range p.points {
		for i := range pt.saves {
			pt.saves[i].to = p.memory[pt.saves[i].v]
		}
	}
	p.sweep(func(pos int32, in *inst, live []*piece) {
		pt := p.points[pos/4]
		at := pos + posLost
		if !in.slow && !in.call {
			at = pos
		}
		for _, q := range live {
			if m := p.memory[q.v]; p.vregs[q.v].oop && m.isSlot() && m.slot() >= 0 && q.covers(at) && (q.reg == noReg || in.slow || p.stored[q.v]) {
				pt.oops = append(pt.oops, m.slot())
			}
		}
		slices.Sort(pt.oops)
		pt.oops = slices.Compact(pt.oops)
	})
}

// sweep calls f for every instruction that may leave the code, with the pieces that live there.
func (p *plan) sweep(f func(pos int32, in *inst, live []*piece)) {
	var all []*piece
	for _, q := range p.pieces {
		for ; q != nil; q = q.next {
			all = append(all, q)
		}
	}
	slices.SortFunc(all, func(x, y *piece) int { return int(x.start() - y.start()) })
	var live []*piece
	next := 0
	for _, b := range p.blocks {
		for i := range b.insts {
			in := &b.insts[i]
			if !in.slow && !in.call && in.st == nil {
				continue
			}
			pos := int32(4 * (b.first + i))
			for next < len(all) && all[next].start() <= pos+posLost {
				live = append(live, all[next])
				next++
			}
			live = slices.DeleteFunc(live, func(q *piece) bool { return q.end() <= pos })
			f(pos, in, live)
		}
	}
}

// assignSlots gives memory to what needs it. Lifetimes that do not overlap share.
func (p *plan) assignSlots() {
	need := make([]bool, len(p.vregs))
	for _, pt := range p.points {
		for _, s := range pt.saves {
			need[s.v] = true
		}
	}
	type life struct {
		v        vreg
		from, to int32
	}
	var lives []life
	for v, q := range p.pieces {
		if q == nil || p.memory[v] != locNone || !need[v] && !p.inMemory(q) {
			continue
		}
		last := q
		for last.next != nil {
			last = last.next
		}
		lives = append(lives, life{vreg(v), q.start(), last.end()})
	}
	slices.SortFunc(lives, func(x, y life) int { return int(x.from - y.from) })
	p.slots = p.osrWords
	var busy, free []life // v is the slot
	for _, l := range lives {
		busy = slices.DeleteFunc(busy, func(b life) bool {
			if b.to > l.from {
				return false
			}
			free = append(free, b)
			return true
		})
		slot := p.slots
		if n := len(free); n > 0 {
			slot = int(free[n-1].v)
			free = free[:n-1]
		} else {
			p.slots++
		}
		p.memory[l.v] = locSlot(slot)
		busy = append(busy, life{vreg(slot), l.from, l.to})
	}
}

// inMemory tells whether any piece is, and must be stored.
func (p *plan) inMemory(q *piece) bool {
	v := q.v
	for ; q != nil; q = q.next {
		if q.reg == noReg {
			return true
		}
	}
	p.stored[v] = false
	return false
}

// stores puts values in memory where they are defined.
func (p *plan) stores() {
	for _, b := range p.blocks {
		for _, v := range b.params {
			if q := p.pieces[v]; q != nil && q.reg != noReg && p.stored[v] {
				p.store[b.id] = append(p.store[b.id], p.copy(v, locReg(q.reg), p.memory[v]))
			}
		}
		for i := range b.insts {
			if v := b.insts[i].d; v != 0 && p.stored[v] {
				n := int32(b.first + i)
				p.after[n] = append(p.after[n], p.copy(v, p.place(p.pieces[v]), p.memory[v]))
			}
		}
	}
}

func (p *plan) copy(v vreg, from, to loc) move {
	return move{to: to, src: from, v: v, of: v, class: p.vregs[v].class}
}

// splits connects pieces that meet within a block.
func (p *plan) splits() {
	for _, q := range p.pieces {
		for ; q != nil && q.next != nil; q = q.next {
			next := q.next
			if next.reg == noReg || q.end() != next.start() || next.start()&3 != 0 {
				continue
			}
			if _, atBlock := slices.BinarySearch(p.starts, next.start()); atBlock {
				continue
			}
			if from, to := p.place(q), p.place(next); from != to {
				n := next.start() / 4
				p.before[n] = append(p.before[n], p.copy(q.v, from, to))
			}
		}
	}
}

// edge connects the ends of two blocks.
func (p *plan) edge(b *block, e edge) {
	end, start := int32(4*(b.last+1)-1), int32(4*e.to.first)
	var moves []move
	e.to.in.each(func(v vreg) {
		if from, to := p.where(v, end), p.where(v, start); to.isReg() && from != to {
			moves = append(moves, p.copy(v, from, to))
		}
	})
	for i, a := range e.args {
		v := e.to.params[i]
		q := p.pieces[v]
		m := move{to: p.place(q), v: v, class: p.vregs[v].class}
		if a.kind == oReg {
			m.src, m.of = p.where(a.v, end), a.v
			if m.src == m.to {
				continue
			}
		} else {
			m.from = a
		}
		if m.to == locNone {
			continue // nobody looks at it
		}
		moves = append(moves, m)
	}
	if len(moves) == 0 {
		return
	}
	if len(b.succs) == 1 {
		p.out[b.id] = append(p.out[b.id], moves...)
	} else {
		p.into[e.to.id] = append(p.into[e.to.id], moves...)
	}
}
