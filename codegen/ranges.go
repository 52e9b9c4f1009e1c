package codegen

import (
	"math"

	"github.com/sista-vm/sista/optimizer/ir"
)

// span is a range of integers, both ends included. The zero value is empty.
type span struct {
	lo, hi int64
	any    bool // not empty
}

var fullSpan = span{math.MinInt64, math.MaxInt64, true}
var smiSpan = span{ir.MinSmallInteger, ir.MaxSmallInteger, true}

func (s span) small() bool {
	return s.any && s.lo >= ir.MinSmallInteger && s.hi <= ir.MaxSmallInteger
}

func (s span) join(t span) span {
	switch {
	case !s.any:
		return t
	case !t.any:
		return s
	}
	return span{min(s.lo, t.lo), max(s.hi, t.hi), true}
}

func (s span) clip(t span) span {
	r := span{max(s.lo, t.lo), min(s.hi, t.hi), true}
	if r.lo > r.hi {
		return t // never executed: any answer will do
	}
	return r
}

// widen answers a larger range in one of few steps.
func (s span) widen(old span) span {
	if s.lo < old.lo {
		s.lo = pick(s.lo >= ir.MinSmallInteger, ir.MinSmallInteger, math.MinInt64)
	}
	if s.hi > old.hi {
		s.hi = pick(s.hi <= ir.MaxSmallInteger, ir.MaxSmallInteger, math.MaxInt64)
	}
	return s
}

func pick(c bool, a, b int64) int64 {
	if c {
		return a
	}
	return b
}

// ranges knows the range of every integer.
type ranges struct {
	g     *ir.Graph
	spans []span // by ID of value
	seen  []uint8
}

// maxVisits is how often a parameter may grow before it is widened.
const maxVisits = 3

func analyzeRanges(g *ir.Graph) *ranges {
	r := &ranges{g: g, spans: make([]span, g.Fn.NumValues()), seen: make([]uint8, g.Fn.NumValues())}
	for changed := true; changed; {
		changed = false
		for _, b := range g.Order {
			for _, v := range b.Values {
				if v.Type == ir.TypeInt && r.update(v, r.value(v)) {
					changed = true
				}
			}
			for _, e := range b.Succs {
				for i, a := range e.Args {
					if p := e.To.Params[i]; p.Type == ir.TypeInt && r.update(p, r.of(a)) {
						changed = true
					}
				}
			}
		}
	}
	return r
}

func (r *ranges) update(v *ir.Value, s span) bool {
	old := r.spans[v.ID]
	s = old.join(s)
	if s == old {
		return false
	}
	if r.seen[v.ID]++; r.seen[v.ID] > maxVisits {
		s = s.widen(old)
		r.seen[v.ID] = maxVisits
	}
	r.spans[v.ID] = s
	return true
}

func (r *ranges) of(v *ir.Value) span {
	if v.Op == ir.OpConstInt {
		return span{v.Int, v.Int, true}
	}
	return r.spans[v.ID]
}

func (r *ranges) value(v *ir.Value) span {
	var x, y span
	if len(v.Args) > 0 && v.Args[0].Type == ir.TypeInt {
		if x = r.of(v.Args[0]); !x.any {
			return span{}
		}
	}
	if len(v.Args) > 1 && v.Args[1].Type == ir.TypeInt {
		if y = r.of(v.Args[1]); !y.any {
			return span{}
		}
	}
	switch v.Op {
	case ir.OpConstInt:
		return span{v.Int, v.Int, true}
	case ir.OpUntag:
		if c := v.Args[0]; c.Op == ir.OpConstSmi {
			return span{c.Int, c.Int, true}
		}
		if c := v.Args[0]; c.Op == ir.OpTag {
			return r.of(c.Args[0])
		}
		return smiSpan
	case ir.OpIAdd:
		return r.bound(v, add(x, y))
	case ir.OpISub:
		return r.bound(v, sub(x, y))
	case ir.OpIAddO:
		return r.bound(v, add(x, y)).clip(smiSpan)
	case ir.OpISubO:
		return r.bound(v, sub(x, y)).clip(smiSpan)
	case ir.OpIMulO:
		return mul(x, y).clip(smiSpan)
	case ir.OpIMul:
		return mul(x, y)
	case ir.OpIShlO, ir.OpFToI:
		return smiSpan
	case ir.OpGuardIndex:
		return x.clip(span{0, max(y.hi-1, 0), true})
	case ir.OpIAnd:
		switch {
		case x.lo >= 0 && y.lo >= 0:
			return span{0, min(x.hi, y.hi), true}
		case x.lo >= 0:
			return span{0, x.hi, true}
		case y.lo >= 0:
			return span{0, y.hi, true}
		case x.small() && y.small():
			return smiSpan
		}
	case ir.OpIOr, ir.OpIXor:
		if x.small() && y.small() {
			return smiSpan
		}
	case ir.OpISar:
		if y.lo >= 0 && y.hi < 64 {
			return span{min(x.lo>>y.lo, x.lo>>y.hi), max(x.hi>>y.lo, x.hi>>y.hi), true}
		}
	case ir.OpIMod:
		switch {
		case y.lo > 0:
			return span{0, y.hi - 1, true}
		case y.small():
			return smiSpan
		}
	case ir.OpIRem:
		if x.small() || y.small() {
			return smiSpan
		}
	case ir.OpIDiv, ir.OpIQuo:
		if y.lo > 0 && x.any {
			return span{min(x.lo, 0), max(x.hi, 0), true}
		}
	case ir.OpClassIndex, ir.OpIdentityHash:
		return span{0, 1<<22 - 1, true}
	case ir.OpReplaceBytes, ir.OpReplaceOops, ir.OpCompareBytes:
		return span{0, 3, true}
	case ir.OpHashBytes:
		return span{-1, 1<<28 - 1, true}
	case ir.OpCharValue:
		return span{0, ir.NumCharacters - 1, true}
	case ir.OpSize:
		return span{0, 1 << 59, true}
	case ir.OpLoadRaw:
		if v.Int < 8 {
			return span{0, 1<<(8*uint(v.Int)) - 1, true}
		}
	}
	return fullSpan
}

func add(x, y span) span {
	lo, hi := x.lo+y.lo, x.hi+y.hi
	if overflows(x.lo, y.lo, lo) || overflows(x.hi, y.hi, hi) {
		return fullSpan
	}
	return span{lo, hi, true}
}

func sub(x, y span) span {
	if y.lo == math.MinInt64 {
		return fullSpan
	}
	return add(x, span{-y.hi, -y.lo, true})
}

func overflows(x, y, sum int64) bool { return (x >= 0) == (y >= 0) && (sum >= 0) != (x >= 0) }

func mul(x, y span) span {
	const limit = 1 << 31
	for _, n := range []int64{x.lo, x.hi, y.lo, y.hi} {
		if n > limit || n < -limit {
			return fullSpan
		}
	}
	a, b, c, d := x.lo*y.lo, x.lo*y.hi, x.hi*y.lo, x.hi*y.hi
	return span{min(a, b, c, d), max(a, b, c, d), true}
}

// maxClimb bounds how far up a condition is looked for.
const maxClimb = 12

// bound uses a comparison that holds where v is executed: after x < y, x+1 is at
// most y.
func (r *ranges) bound(v *ir.Value, s span) span {
	x, c := v.Args[0], v.Args[1]
	n := c.Int
	if c.Op != ir.OpConstInt || n == math.MinInt64 {
		return s
	}
	if v.Op == ir.OpISub || v.Op == ir.OpISubO {
		n = -n
	}
	if n == 0 || n > 1<<32 || n < -1<<32 {
		return s
	}
	root := x.Root()
	b := v.Block
	for range maxClimb {
		d := r.g.Idom(b)
		if d == nil {
			break
		}
		if preds := r.g.Preds[b.ID]; len(preds) == 1 && preds[0] == d && d.End.Op == ir.OpBranch {
			cmp := d.End.Args[0]
			yes := d.Succs[0].To == b
			if len(cmp.Args) == 2 && (cmp.Op == ir.OpILt || cmp.Op == ir.OpILe) {
				p, q, strict := cmp.Args[0], cmp.Args[1], cmp.Op == ir.OpILt
				if !yes { // not p < q is q <= p
					p, q, strict = q, p, !strict
				}
				one := int64(0)
				if strict {
					one = 1
				}
				if t := r.of(q); p.Root() == root && n > 0 && t.any && t.hi <= math.MaxInt64-n {
					s.hi = min(s.hi, t.hi-one+n)
					s.lo = max(s.lo, boundLow(r.of(x), n))
				}
				if t := r.of(p); q.Root() == root && n < 0 && t.any && t.lo >= math.MinInt64-n {
					s.lo = max(s.lo, t.lo+one+n)
					s.hi = min(s.hi, boundHigh(r.of(x), n))
				}
			}
		}
		b = d
	}
	if s.lo > s.hi {
		return fullSpan
	}
	return s
}

// boundLow answers the least sum with n of a value that is bounded above so that the sum is in range.
func boundLow(x span, n int64) int64 {
	if x.lo > math.MaxInt64-n {
		return math.MinInt64
	}
	return x.lo + n
}

func boundHigh(x span, n int64) int64 {
	if x.hi < math.MinInt64-n {
		return math.MaxInt64
	}
	return x.hi + n
}
