package codegen

import (
	"errors"
	"slices"
	"sort"
)

// allocation says where every virtual register is at any time.
type allocation struct {
	*code
	pieces []*piece // by virtual register, the first of each
	cache  []*piece // by virtual register: where the last look-up ended
	stored []bool   // by virtual register: in memory from its definition on
	memory []loc    // by virtual register: the memory it has, or locNone
	starts []int32  // of blocks, ascending
	calls  []int32  // positions where all registers are lost
	lost   [numRegs][]int32
}

// scan is the state of the linear scan (Wimmer and Moessenboeck): pieces in the order
// in which they start.
type scan struct {
	*allocation
	queue    queue
	active   [2][]*piece // by class: live in a register here
	inactive [2][]*piece // with a gap here
	moved    []*piece
}

// queue is a heap of pieces by their start.
type queue []*piece

func (q *queue) push(p *piece) {
	s := append(*q, p)
	i := len(s) - 1
	for i > 0 {
		up := (i - 1) / 2
		if s[up].start() <= s[i].start() {
			break
		}
		s[up], s[i] = s[i], s[up]
		i = up
	}
	*q = s
}

func (q *queue) pop() *piece {
	s := *q
	p := s[0]
	n := len(s) - 1
	s[0] = s[n]
	s = s[:n]
	i := 0
	for {
		c := 2*i + 1
		if c >= n {
			break
		}
		if c+1 < n && s[c+1].start() < s[c].start() {
			c++
		}
		if s[i].start() <= s[c].start() {
			break
		}
		s[i], s[c] = s[c], s[i]
		i = c
	}
	*q = s
	return p
}

var errRegisters = errors.New("codegen: an instruction needs more registers than there are")

// allocate gives every piece of a lifetime a register or memory.
func (c *code) allocate() (*allocation, error) {
	c.liveness()
	a := &allocation{code: c, pieces: c.intervals(), stored: make([]bool, len(c.vregs)), memory: make([]loc, len(c.vregs))}
	a.cache = make([]*piece, len(c.vregs))
	for _, b := range c.blocks {
		a.starts = append(a.starts, int32(4*b.first))
		for i := range b.insts {
			pos := int32(4*(b.first+i)) + posLost
			if in := &b.insts[i]; in.call {
				a.calls = append(a.calls, pos)
			} else if lost := in.clobbers(); lost != 0 {
				for r := range reg(numRegs) {
					if lost>>r&1 != 0 {
						a.lost[r] = append(a.lost[r], pos)
					}
				}
			}
		}
	}
	s := &scan{allocation: a}
	for v := range a.memory {
		a.memory[v] = c.vregs[v].home
		a.stored[v] = c.vregs[v].home != locNone
	}
	for _, p := range a.pieces {
		if p != nil {
			s.queue.push(p)
		}
	}
	for len(s.queue) > 0 {
		if err := s.place(s.queue.pop()); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// place finds a register or memory for a piece.
func (s *scan) place(p *piece) error {
	k := s.vregs[p.v].class
	s.advance(k, p.start())
	if s.vregs[p.v].home != locNone && s.pieces[p.v] == p {
		s.spill(p) // parameters of the function are in memory
		return nil
	}
	if s.tryFree(p, k) {
		s.active[k] = append(s.active[k], p)
		return nil
	}
	return s.evict(p, k)
}

// advance moves pieces between the lists as time goes on.
func (s *scan) advance(k class, pos int32) {
	old := s.active[k]
	active := old[:0]
	gap := s.inactive[k]
	inactive := gap[:0]
	s.moved = s.moved[:0] // active now, and had a gap
	for _, p := range gap {
		switch {
		case p.end() <= pos:
		case p.covers(pos):
			s.moved = append(s.moved, p)
		default:
			inactive = append(inactive, p)
		}
	}
	for _, p := range old {
		switch {
		case p.end() <= pos:
		case p.covers(pos):
			active = append(active, p)
		default:
			inactive = append(inactive, p)
		}
	}
	s.active[k], s.inactive[k] = append(active, s.moved...), inactive
}

// lostIn answers the first of some positions at which a piece lives.
func lostIn(p *piece, positions []int32) int32 {
	for _, r := range p.ranges {
		i := sort.Search(len(positions), func(i int) bool { return positions[i] >= r.from })
		if i < len(positions) && positions[i] < r.to {
			return positions[i]
		}
	}
	return never
}

// free answers for each register until when it is free for a piece.
func (s *scan) free(p *piece, k class) (until [numRegs]int32) {
	call := lostIn(p, s.calls)
	for _, r := range allocatable[k] {
		until[r] = call
		if len(s.lost[r]) > 0 {
			until[r] = min(call, lostIn(p, s.lost[r]))
		}
	}
	for _, q := range s.active[k] {
		until[q.reg] = 0
	}
	for _, q := range s.inactive[k] {
		if at := p.meets(q); at < until[q.reg] {
			until[q.reg] = at
		}
	}
	return until
}

// hinted answers the register that a piece would like.
func (s *scan) hinted(p *piece) reg {
	i := s.vregs[p.v]
	if f := s.pieces[p.v]; f != p && f.reg != noReg {
		return f.reg
	}
	hint := noReg
	if i.hint != 0 {
		for q := s.pieces[i.hint]; q != nil && q.start() < p.start(); q = q.next {
			if q.reg != noReg {
				hint = q.reg
			}
		}
	}
	if hint == noReg {
		return i.fixed
	}
	return hint
}

// tryFree gives a piece a register that is free at its start, for as long as it is.
func (s *scan) tryFree(p *piece, k class) bool {
	until := s.free(p, k)
	best := noReg
	for _, r := range allocatable[k] {
		if best == noReg || until[r] > until[best] {
			best = r
		}
	}
	if h := s.hinted(p); h != noReg && (until[h] >= p.end() || until[h] == until[best]) {
		best = h
	} else if until[best] >= p.end() {
		// Of the registers that are free long enough, the first.
		for _, r := range allocatable[k] {
			if until[r] >= p.end() {
				best = r
				break
			}
		}
	}
	if until[best] < p.end() {
		if until[best] <= p.start()+posLost {
			return false
		}
		// In memory it is already, so the split costs nothing.
		at := until[best] &^ 3
		if at <= p.start() {
			return false
		}
		// It is of no use if nothing needs it before it is lost.
		if p.nextUse(p.start()) > at {
			return false
		}
		s.queue.push(p.split(at))
	}
	p.reg = best
	return true
}

// evict frees the register that is needed last, or puts the piece in memory.
func (s *scan) evict(p *piece, k class) error {
	var use, blocked [numRegs]int32
	call := lostIn(p, s.calls)
	for _, r := range allocatable[k] {
		use[r] = never
		blocked[r] = min(call, lostIn(p, s.lost[r]))
	}
	start := p.start()
	for _, q := range s.active[k] {
		use[q.reg] = q.nextUse(start)
	}
	for _, q := range s.inactive[k] {
		if p.meets(q) != never {
			use[q.reg] = min(use[q.reg], q.nextUse(start))
		}
	}
	best := noReg
	for _, r := range allocatable[k] {
		if blocked[r] > start+posLost && (best == noReg || min(use[r], blocked[r]) > min(use[best], blocked[best])) {
			best = r
		}
	}
	first := p.nextUse(start)
	if best == noReg || use[best] <= first || blocked[best] <= first {
		if first <= start+posLost {
			return errRegisters
		}
		s.spill(p)
		return nil
	}
	if blocked[best] < p.end() {
		at := blocked[best] &^ 3
		if at <= start {
			if first <= start+posLost {
				return errRegisters
			}
			s.spill(p)
			return nil
		}
		s.queue.push(p.split(at))
	}
	p.reg = best
	for _, list := range []*[]*piece{&s.active[k], &s.inactive[k]} {
		*list = slices.DeleteFunc(*list, func(q *piece) bool {
			if q.reg != best || list == &s.inactive[k] && p.meets(q) == never {
				return false
			}
			if list == &s.active[k] {
				// Up to here it stays, from here on it is in memory.
				if q.start() == start {
					// It has just begun, and nothing needs it yet.
					q.reg = noReg
					s.spill(q)
					return true
				}
				s.spill(q.split(start))
			} else {
				s.queue.push(q.split(s.gapEnd(q, start)))
			}
			return true
		})
	}
	s.active[k] = append(s.active[k], p)
	return nil
}

// gapEnd answers where a piece with a gap at pos lives again.
func (s *scan) gapEnd(q *piece, pos int32) int32 {
	for _, r := range q.ranges {
		if r.from > pos {
			return r.from
		}
	}
	return q.end()
}

// spill puts a piece in memory until it is next needed in a register.
func (s *scan) spill(p *piece) {
	p.reg = noReg
	s.stored[p.v] = true
	next := p.nextUse(p.start())
	if next == never {
		return
	}
	at := s.cut(p.start(), next)
	if at <= p.start() {
		at = next &^ 3
	}
	if at <= p.start() {
		return // cannot be: the caller has checked
	}
	s.queue.push(p.split(at))
}

// cut answers the best place to split after from, at latest at to: where it costs
// least, between blocks that loops enclose least; and of those the last. The
// answer is from if there is no place.
func (s *scan) cut(from, to int32) int32 {
	first := from&^3 + posNext // the next instruction
	if from&3 == 0 {
		first = from + posNext
	}
	last := to &^ 3
	if last < first {
		// At the start of an instruction itself there is nothing to move.
		return from
	}
	i, _ := slices.BinarySearch(s.starts, first)
	j, found := slices.BinarySearch(s.starts, last)
	if !found {
		j--
	}
	if j < i || j < 0 {
		return last
	}
	best, depth := last, s.blocks[j].depth
	for b := j; b >= i; b-- {
		// A move there is on the edges into the block.
		d := s.blocks[b].depth
		if b > 0 {
			d = min(d, s.blocks[b-1].depth)
		}
		if d < depth {
			best, depth = s.starts[b], d
		}
	}
	return best
}

// at answers the piece of a virtual register at a position, or nil.
func (a *allocation) at(v vreg, pos int32) *piece {
	p := a.cache[v]
	if p == nil || p.start() > pos {
		p = a.pieces[v]
	}
	var last *piece
	for ; p != nil && p.start() <= pos; p = p.next {
		last = p
	}
	a.cache[v] = last
	if last == nil || !last.covers(pos) {
		return nil
	}
	return last
}

// where answers the place of a virtual register at a position.
func (a *allocation) where(v vreg, pos int32) loc {
	p := a.at(v, pos)
	if p == nil {
		return locNone
	}
	return a.place(p)
}

func (a *allocation) place(p *piece) loc {
	if p.reg != noReg {
		return locReg(p.reg)
	}
	return a.memory[p.v]
}
