package passes

import "github.com/sista-vm/sista/optimizer/ir"

// A loop that surely ends soon needs no poll: the loop around it, or the caller, polls soon enough. Without
// one nothing else happens in it, and what others could change at a poll is checked once before the loop.

// shortLoops finds the innermost loops that have one latch, which could do without its poll.
func (r *ranges) shortLoops() {
	r.latches = map[*ir.Block]*ir.Loop{}
	inside := map[*ir.Block]bool{}  // heads of loops found
	for _, l := range r.g.Loops() { // inner ones first
		innermost := true
		for b := range l.Blocks {
			innermost = innermost && !inside[b]
		}
		inside[l.Header] = true
		if innermost && len(l.Latches) == 1 {
			r.latches[l.Latches[0]] = l
		}
	}
}

// needless tells whether a poll is that of a loop which ends within Policy.MaxUnpolled operations. A variable of it
// says so whose bounds are known at the end of a round, and which every round brings nearer to one of them.
func (r *ranges) needless(poll *ir.Value) bool {
	l := r.latches[poll.Block]
	if l == nil {
		return false
	}
	operations := len(l.Blocks) // their ends
	for b := range l.Blocks {
		operations += len(b.Values)
		for _, v := range b.Values {
			if v.Op == ir.OpTouch {
				return false // the poll may be the one that asks whether this code is still right
			}
		}
	}
	for _, e := range poll.Block.Succs {
		if e.To != l.Header {
			continue
		}
		for i, p := range l.Header.Params {
			if p.Type != ir.TypeInt {
				continue
			}
			bounds := r.lookup(p)
			step := r.step(p, e.Args[i])
			if step == 0 || bounds.lo < smallInteger.lo || bounds.hi > smallInteger.hi {
				continue
			}
			if (bounds.hi-bounds.lo)/step < int64(r.p.MaxUnpolled/operations) {
				return true
			}
		}
	}
	return false
}

// step answers by how much a round moves p at least, always in the same direction, if it is given next then; else 0.
func (r *ranges) step(p, next *ir.Value) int64 {
	next = next.Root()
	var by interval
	switch {
	case len(next.Args) != 2:
		return 0
	case next.Op != ir.OpIAdd && next.Op != ir.OpIAddO && next.Op != ir.OpISub && next.Op != ir.OpISubO:
		return 0
	case next.Args[0].Root() == p:
		by = r.lookup(next.Args[1])
	case next.Args[1].Root() == p && (next.Op == ir.OpIAdd || next.Op == ir.OpIAddO):
		by = r.lookup(next.Args[0])
	default:
		return 0
	}
	switch {
	case by.lo > 0:
		return by.lo
	case by.hi < 0 && by.hi >= smallInteger.lo:
		return -by.hi
	}
	return 0
}
