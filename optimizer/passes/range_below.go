package passes

import "github.com/sista-vm/sista/optimizer/ir"

// A linear form is a value plus a constant, without overflow.
type linear struct {
	of *ir.Value // a root, or nil for 0
	c  int64
}

// An order says that x <= y + c.
type order struct {
	x, y *ir.Value
	c    int64
}

// farthest bounds the constants of linear forms, so that sums of a few are exact.
const farthest = 1 << 60

// linear answers a value as another and a constant as far as sums in it do not overflow.
func (r *ranges) linear(v *ir.Value) linear {
	l := linear{v.Root(), 0}
	for {
		v := l.of
		if v.Op == ir.OpConstInt {
			l = linear{nil, l.c + v.Int}
			break
		}
		if len(v.Args) != 2 || v.Args[1].Op != ir.OpConstInt {
			break
		}
		c := v.Args[1].Int
		switch v.Op {
		case ir.OpIAdd, ir.OpIAddO:
		case ir.OpISub, ir.OpISubO:
			c = -c
		default:
			return l
		}
		if c <= -farthest || c >= farthest || l.c+c <= -farthest || l.c+c >= farthest {
			break
		}
		if _, exact := arithmetic(v.Op, r.lookup(v.Args[0]), r.lookup(v.Args[1])); !exact && !v.Op.Info().Guard {
			break
		}
		l = linear{v.Args[0].Root(), l.c + c}
	}
	return l
}

// ordered learns that x + gap <= y.
func (r *ranges) ordered(x, y *ir.Value, gap int64) {
	a, b := r.linear(x), r.linear(y)
	if a.of != b.of {
		r.orders = append(r.orders, order{a.of, b.of, b.c - a.c - gap})
	}
}

// isBelow tells whether x + gap <= y wherever the walk is.
func (r *ranges) isBelow(x, y *ir.Value, gap int64) bool {
	if hi, lo := r.lookup(x).hi, r.lookup(y).lo; hi+gap >= hi && hi+gap <= lo {
		return true
	}
	a, b := r.linear(x), r.linear(y)
	c := b.c - a.c - gap // a.of <= b.of + c is asked
	if a.of == b.of {
		return c >= 0
	}
	for _, o := range r.orders {
		if o.x != a.of {
			continue
		}
		if o.y == b.of && o.c <= c {
			return true
		}
		// By way of a third value.
		for _, p := range r.orders {
			if p.x == o.y && p.y == b.of && o.c+p.c <= c {
				return true
			}
		}
	}
	return false
}
