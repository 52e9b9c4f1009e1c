package codegen

import (
	"fmt"
	"slices"
)

// Positions: instruction number i, counted over all blocks, is at 4*i. Operands are
// read at 4*i, registers are lost at 4*i+1, the answer is written at 4*i+2.
const (
	posLost   = 1
	posAnswer = 2
	posNext   = 4
)

// loc is a place: a register, a slot of the frame, or a word the caller pushed.
type loc int32

const (
	locNone  loc = -1
	slotBase loc = 64
	argBase  loc = 1 << 20

	receiverSlot = -2 // the receiver in the frame's header, as slots are counted
)

func locReg(r reg) loc     { return loc(r) }
func locSlot(i int) loc    { return slotBase + loc(i) }
func locArg(i int) loc     { return argBase + loc(i) }
func (l loc) isReg() bool  { return l >= 0 && l < numRegs }
func (l loc) isArg() bool  { return l >= argBase }
func (l loc) isSlot() bool { return l > numRegs && l < argBase }
func (l loc) slot() int    { return int(l - slotBase) }
func (l loc) arg() int     { return int(l - argBase) }
func (l loc) reg() reg     { return reg(l) }
func (l loc) String() string {
	switch {
	case l.isReg() && l < 16:
		return gprNames[l]
	case l.isReg():
		return fmt.Sprintf("x%d", l-16)
	case l.isArg():
		return fmt.Sprintf("arg%d", l.arg())
	case l.isSlot():
		return fmt.Sprintf("slot%d", l.slot())
	}
	return "nowhere"
}

// extent is a piece of time, from included, to not.
type extent struct{ from, to int32 }

// usePos is a use that must be in a register.
type usePos int32

// piece is a part of the lifetime of a virtual register, spent in one place.
type piece struct {
	v      vreg
	reg    reg // noReg: in memory
	ranges []extent
	uses   []usePos // in a register, ascending
	next   *piece   // the part after this
}

func (p *piece) start() int32 { return p.ranges[0].from }
func (p *piece) end() int32   { return p.ranges[len(p.ranges)-1].to }

func (p *piece) covers(pos int32) bool {
	for _, r := range p.ranges {
		if pos < r.from {
			return false
		}
		if pos < r.to {
			return true
		}
	}
	return false
}

// meets answers the first position where both live, or never.
func (p *piece) meets(q *piece) int32 {
	i, j := 0, 0
	for i < len(p.ranges) && j < len(q.ranges) {
		a, b := p.ranges[i], q.ranges[j]
		if at := max(a.from, b.from); at < a.to && at < b.to {
			return at
		}
		if a.to < b.to {
			i++
		} else {
			j++
		}
	}
	return never
}

const never = int32(1<<31 - 1)

// nextUse answers the first use in a register at pos or later, or never.
func (p *piece) nextUse(pos int32) int32 {
	i, _ := slices.BinarySearch(p.uses, usePos(pos))
	if i == len(p.uses) {
		return never
	}
	return int32(p.uses[i])
}

// split cuts a piece: what is from pos on becomes a piece of its own.
func (p *piece) split(pos int32) *piece {
	q := &piece{v: p.v, reg: noReg, next: p.next}
	i := 0
	for p.ranges[i].to <= pos {
		i++
	}
	if p.ranges[i].from < pos {
		q.ranges = append([]extent{{pos, p.ranges[i].to}}, p.ranges[i+1:]...)
		p.ranges = p.ranges[: i+1 : i+1]
		p.ranges[i].to = pos
	} else {
		q.ranges = append([]extent(nil), p.ranges[i:]...)
		p.ranges = p.ranges[:i:i]
	}
	u, _ := slices.BinarySearch(p.uses, usePos(pos))
	q.uses = p.uses[u:]
	p.uses = p.uses[:u:u]
	p.next = q
	return q
}

// intervals numbers the instructions and finds the lifetime of each virtual register.
func (c *code) intervals() []*piece {
	n := 0
	for _, b := range c.blocks {
		b.first = n
		n += len(b.insts)
		b.last = n - 1
	}
	pieces := make([]*piece, len(c.vregs))
	slab := make([]piece, len(c.vregs))
	get := func(v vreg) *piece {
		if pieces[v] == nil {
			pieces[v] = &slab[v]
			*pieces[v] = piece{v: v, reg: noReg}
		}
		return pieces[v]
	}
	add := func(v vreg, from, to int32) {
		p := get(v)
		if k := len(p.ranges) - 1; k >= 0 && p.ranges[k].from <= to {
			p.ranges[k].from = min(p.ranges[k].from, from)
			p.ranges[k].to = max(p.ranges[k].to, to)
			return
		}
		p.ranges = append(p.ranges, extent{from, to})
	}
	use := func(v vreg, pos int32) {
		p := get(v)
		if k := len(p.uses) - 1; k < 0 || p.uses[k] != usePos(pos) {
			p.uses = append(p.uses, usePos(pos))
		}
	}
	// Backwards, so ranges and uses come in the wrong order.
	for bi := len(c.blocks) - 1; bi >= 0; bi-- {
		b := c.blocks[bi]
		from, to := int32(4*b.first), int32(4*(b.last+1))
		b.out.each(func(v vreg) { add(v, from, to) })
		for _, e := range b.succs {
			for _, a := range e.args {
				if a.kind == oReg {
					add(a.v, from, to)
				}
			}
		}
		for i := len(b.insts) - 1; i >= 0; i-- {
			in := &b.insts[i]
			pos := int32(4 * (b.first + i))
			if in.d != 0 {
				p := get(in.d)
				if k := len(p.ranges) - 1; k >= 0 && p.ranges[k].from <= pos+posAnswer {
					p.ranges[k].from = pos + posAnswer
				} else {
					p.ranges = append(p.ranges, extent{pos + posAnswer, pos + posAnswer + 1})
				}
				use(in.d, pos+posAnswer)
			}
			for _, t := range in.t {
				if t != 0 {
					add(t, pos, pos+posAnswer+1)
					use(t, pos+posAnswer)
					use(t, pos)
				}
			}
			in.eachUse(func(v vreg, k useKind) {
				end := pos + posLost
				if k == useLate || k == useLateAny {
					end = pos + posAnswer + 1
				}
				add(v, from, end)
				if k == useLate {
					use(v, pos+posAnswer)
				}
				if k == useReg || k == useLate {
					use(v, pos)
				}
			})
		}
		for _, v := range b.params {
			p := get(v)
			if k := len(p.ranges) - 1; k < 0 || p.ranges[k].from > from {
				p.ranges = append(p.ranges, extent{from, from + 1})
			}
		}
	}
	for _, p := range pieces {
		if p != nil {
			slices.Reverse(p.ranges)
			slices.Sort(p.uses)
			p.uses = slices.Compact(p.uses)
		}
	}
	return pieces
}
