package passes

import "github.com/sista-vm/sista/optimizer/ir"

// rebase compares what a sum was made of, x - 3 < 2 as x < 5, where the sum is exact and needed by nobody who could not
// do with x: states say how it is computed, and code then does not.
func (r *ranges) rebase(v *ir.Value) {
	sum, c := v.Args[0], v.Args[1]
	at := 0
	if sum.Op == ir.OpConstInt {
		sum, c, at = c, sum, 1
	}
	if c.Op != ir.OpConstInt || sum.Op != ir.OpIAdd && sum.Op != ir.OpISub || r.isNeeded(sum) {
		return
	}
	l := r.linear(sum)
	if l.of == nil || l.of == sum || c.Int <= -farthest || c.Int >= farthest {
		return
	}
	n := v.Block.Func().NewValue(ir.OpConstInt)
	n.Int = c.Int - l.c
	v.Block.Insert(n, v)
	r.of[n] = interval{n.Int, n.Int}
	v.Args[at], v.Args[1-at] = l.of, n
}

// isNeeded tells whether there are users of a sum beside comparisons and sums with constants. Tags are not
// such users: they take the constant in where they are made.
func (r *ranges) isNeeded(sum *ir.Value) bool {
	if r.needed == nil {
		r.needed = map[*ir.Value]bool{}
		for _, b := range r.g.Order {
			for _, v := range b.Values {
				switch v.Op {
				case ir.OpTag:
					continue
				case ir.OpILt, ir.OpILe, ir.OpIAdd, ir.OpISub, ir.OpIAddO, ir.OpISubO:
					if v.Args[0].Op == ir.OpConstInt || v.Args[1].Op == ir.OpConstInt {
						continue
					}
				}
				for _, a := range v.Args {
					r.needed[a.Root()] = true
				}
			}
			for _, a := range b.End.Args {
				r.needed[a.Root()] = true
			}
			for _, e := range b.Succs {
				for _, a := range e.Args {
					r.needed[a.Root()] = true
				}
			}
		}
	}
	return r.needed[sum.Root()]
}
