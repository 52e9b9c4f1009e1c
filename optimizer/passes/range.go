package passes

import (
	"math"

	"github.com/sista-vm/sista/optimizer/ir"
)

// Ranges finds between which bounds integers lie, and removes checks that these
// decide: arithmetic that cannot overflow loses its check, an index within bounds
// too, a comparison with one possible answer becomes it, a loop that ends soon loses its poll.
//
// First every value gets a range from its op, and parameters the join of what they
// are given, widened so that this ends. Then a walk down the dominator tree narrows
// ranges by the conditions that lead to a block, and decides.
func Ranges(f *ir.Func, p *Policy) {
	newRanges(removeUnreachable(f), p).run()
}

// An interval holds the integers from lo to hi; there is always one.
type interval struct{ lo, hi int64 }

var (
	anyInt       = interval{math.MinInt64, math.MaxInt64}
	smallInteger = interval{ir.MinSmallInteger, ir.MaxSmallInteger}
	// sizes bounds sizes of objects, far below what could overflow.
	sizes = interval{0, 1 << 56}
)

func (x interval) join(y interval) interval { return interval{min(x.lo, y.lo), max(x.hi, y.hi)} }

// meet answers what is in both; ok is false if nothing is.
func (x interval) meet(y interval) (r interval, ok bool) {
	r = interval{max(x.lo, y.lo), min(x.hi, y.hi)}
	return r, r.lo <= r.hi
}

func (x interval) within(y interval) bool { return x.lo >= y.lo && x.hi <= y.hi }

type ranges struct {
	g        *ir.Graph
	p        *Policy
	of       map[*ir.Value]interval
	orders   []order
	latches  map[*ir.Block]*ir.Loop
	needed   map[*ir.Value]bool
	children [][]*ir.Block
	s        *ir.Substitution
	gone     map[*ir.Value]bool
	atEnd    func(*ir.Block, []undo) // called at the end of each block with what is known there; may be nil
	onWay    bool                    // see base
}

// run finds the ranges and decides.
func (r *ranges) run() {
	r.global()
	r.shortLoops()
	r.children = r.g.Children()
	for _, b := range r.g.Order {
		if r.g.Idom(b) == nil {
			r.walk(b, nil)
		}
	}
	r.s.Apply()
	r.g.Fn.RemoveIf(func(v *ir.Value) bool { return r.gone[v] })
}

func newRanges(g *ir.Graph, p *Policy) *ranges {
	return &ranges{g: g, p: p, of: map[*ir.Value]interval{}, s: g.Fn.NewSubstitution(), gone: map[*ir.Value]bool{}}
}

// lookup answers the range of a value; one that has none yet can be any.
func (r *ranges) lookup(v *ir.Value) interval {
	if i, ok := r.of[v]; ok {
		return i
	}
	if v.Op == ir.OpConstInt {
		return interval{v.Int, v.Int}
	}
	return anyInt
}

// global computes ranges until they are stable. A value without range has not been
// executed so far as is known, and does not count in a join.
func (r *ranges) global() {
	visits := map[*ir.Value]int{}
	var edges []*ir.Edge
	for changed := true; changed; {
		changed = false
		for _, b := range r.g.Order {
			if edges = edges[:0]; len(b.Params) > 0 {
				edges = incoming(edges, r.g, b)
			}
			for i, p := range b.Params {
				if p.Type == ir.TypeInt {
					changed = r.joinParam(p, i, edges, visits) || changed
				}
			}
			for _, v := range b.Values {
				if v.Type == ir.TypeInt && r.known(v) {
					if n := r.transfer(v); n != r.lookup(v) || !r.has(v) {
						r.of[v] = n
						changed = true
					}
				}
			}
		}
	}
}

func (r *ranges) has(v *ir.Value) bool {
	_, ok := r.of[v]
	return ok
}

// known tells whether all integer arguments have a range.
func (r *ranges) known(v *ir.Value) bool {
	for _, a := range v.Args {
		if a.Type == ir.TypeInt && !r.has(a) {
			return false
		}
	}
	return true
}

func (r *ranges) joinParam(p *ir.Value, i int, edges []*ir.Edge, visits map[*ir.Value]int) bool {
	old, had := r.of[p]
	n, have := old, had
	for k, e := range edges {
		a := e.Args[i]
		if !r.has(a) {
			continue
		}
		given := r.given(a, r.g.Preds[p.Block.ID][k], p.Block)
		if have {
			n = n.join(given)
		} else {
			n, have = given, true
		}
	}
	if !have || had && n == old {
		return false
	}
	if visits[p]++; visits[p] > r.p.WidenAfter && had {
		n = widen(old, n)
	}
	r.of[p] = n
	return true
}

// given answers the range of a value on the edge between two blocks, as far as the branch there says more:
// a loop with its test at the end goes on with what it tested.
func (r *ranges) given(v *ir.Value, from, to *ir.Block) interval {
	n := r.of[v]
	x, y, gap, ok := compared(from, to) // x + gap <= y
	switch {
	case !ok:
		return n
	case x == v && r.has(y) && r.of[y].hi > math.MinInt64:
		ok = ok && n.lo <= r.of[y].hi-gap
		n.hi = min(n.hi, r.of[y].hi-gap)
	case y == v && r.has(x) && r.of[x].lo < math.MaxInt64:
		ok = ok && n.hi >= r.of[x].lo+gap
		n.lo = max(n.lo, r.of[x].lo+gap)
	}
	if !ok {
		return r.of[v] // nothing comes this way, as far as is known
	}
	return n
}

// widen moves a bound that grew as far as the bounds of SmallInteger, then to the
// end, so that each moves twice at most.
func widen(old, n interval) interval {
	if n.lo < old.lo {
		if n.lo >= smallInteger.lo {
			n.lo = smallInteger.lo
		} else {
			n.lo = anyInt.lo
		}
	}
	if n.hi > old.hi {
		if n.hi <= smallInteger.hi {
			n.hi = smallInteger.hi
		} else {
			n.hi = anyInt.hi
		}
	}
	return n
}

// transfer answers the range of what an op answers.
func (r *ranges) transfer(v *ir.Value) interval {
	var x, y interval
	if len(v.Args) > 0 {
		x, y = r.lookup(v.Args[0]), r.lookup(v.Args[len(v.Args)-1])
	}
	switch v.Op {
	case ir.OpConstInt:
		return interval{v.Int, v.Int}
	case ir.OpUntag, ir.OpFToI:
		return smallInteger
	case ir.OpSize:
		return sizes
	case ir.OpIdentityHash, ir.OpClassIndex:
		return interval{0, 1<<22 - 1}
	case ir.OpReplaceBytes, ir.OpReplaceOops, ir.OpCompareBytes:
		return interval{0, 3}
	case ir.OpHashBytes:
		return interval{-1, 1<<28 - 1}
	case ir.OpLoadRaw:
		if v.Int < 8 {
			return interval{0, 1<<(8*v.Int) - 1}
		}
	case ir.OpIAnd:
		// The sign bit is off if it is off in one of them.
		if x.lo >= 0 && y.lo >= 0 {
			return interval{0, min(x.hi, y.hi)}
		} else if x.lo >= 0 {
			return interval{0, x.hi}
		} else if y.lo >= 0 {
			return interval{0, y.hi}
		}
	case ir.OpIMod:
		if y.lo > 0 {
			return interval{0, y.hi - 1}
		}
	case ir.OpIRem:
		if y.lo > 0 {
			return interval{max(min(x.lo, 0), 1-y.hi), min(max(x.hi, 0), y.hi-1)}
		}
	case ir.OpIDiv, ir.OpIQuo:
		if y.lo > 0 {
			return interval{min(x.lo, 0), max(x.hi, 0)}
		}
	case ir.OpISar:
		if y.lo >= 0 && y.hi < 64 {
			// The farther, the nearer to 0, or -1.
			return interval{min(x.lo>>uint(y.lo), x.lo>>uint(y.hi)), max(x.hi>>uint(y.lo), x.hi>>uint(y.hi))}
		}
	case ir.OpIShlO:
		return smallInteger
	case ir.OpCharValue:
		return interval{0, ir.NumCharacters - 1}
	case ir.OpGuardIndex:
		n, ok := x.meet(interval{0, max(y.hi, 1) - 1})
		if ok {
			return n
		}
		return interval{0, 0}
	case ir.OpIAdd, ir.OpISub, ir.OpIMul, ir.OpIAddO, ir.OpISubO, ir.OpIMulO:
		n, exact := arithmetic(v.Op, x, y)
		if !v.Op.Info().Guard {
			if exact {
				return n
			}
			return anyInt
		}
		if !exact {
			return smallInteger
		}
		if n, ok := n.meet(smallInteger); ok {
			return n
		}
		return smallInteger
	}
	return anyInt
}

// arithmetic answers the range of sums, differences and products; exact is false if
// a bound is no 64-bit integer.
func arithmetic(op ir.Op, x, y interval) (n interval, exact bool) {
	// Bounds are far enough from overflow in floats with their error, or given up.
	corners := [][2]int64{{x.lo, y.lo}, {x.lo, y.hi}, {x.hi, y.lo}, {x.hi, y.hi}}
	for i, c := range corners {
		var v int64
		var f float64
		a, b := float64(c[0]), float64(c[1])
		switch op {
		case ir.OpIAdd, ir.OpIAddO:
			v, f = c[0]+c[1], a+b
		case ir.OpISub, ir.OpISubO:
			v, f = c[0]-c[1], a-b
		default:
			v, f = c[0]*c[1], a*b
		}
		if math.Abs(f) > 1<<62 {
			return anyInt, false
		}
		if i == 0 {
			n = interval{v, v}
		}
		n = n.join(interval{v, v})
	}
	return n, true
}
