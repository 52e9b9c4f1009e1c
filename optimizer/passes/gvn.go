package passes

import (
	"slices"

	"github.com/sista-vm/sista/optimizer/ir"
)

// number is what makes two values the same.
type number struct {
	op   ir.Op
	n    int64
	sym  string
	x, y *ir.Value
}

// ValueNumbers replaces a value by one that dominates it and computes the same. A
// guard passed is not asked again.
func ValueNumbers(f *ir.Func, _ *Policy) {
	g := removeUnreachable(f)
	children := g.Children()
	s := ir.Substitution{}
	gone := map[*ir.Value]bool{}
	known := map[number]*ir.Value{}
	var walk func(*ir.Block)
	walk = func(b *ir.Block) {
		var mine []number
		for _, v := range b.Values {
			k, ok := numberOf(v, s)
			if !ok {
				continue
			}
			if w := known[k]; w != nil {
				s[v] = w
				gone[v] = true
				continue
			}
			known[k] = v
			mine = append(mine, k)
		}
		for _, c := range children[b.ID] {
			walk(c)
		}
		for _, k := range mine {
			delete(known, k)
		}
	}
	for _, b := range g.Order {
		if g.Idom(b) == nil {
			walk(b)
		}
	}
	f.Apply(s)
	f.RemoveIf(func(v *ir.Value) bool { return gone[v] })
}

// numberOf answers the number of a value; ok is false if it depends on more than
// its arguments.
func numberOf(v *ir.Value, s ir.Substitution) (k number, ok bool) {
	i := v.Op.Info()
	if !v.Op.Pure() && !(i.Guard && i.Reads == 0) || len(v.Args) > 2 {
		return k, false
	}
	k = number{op: v.Op, n: v.Int, sym: v.Sym}
	args := slices.Clone(v.Args)
	for i, a := range args {
		args[i] = s.Find(a)
	}
	if i.Commutes && args[0].ID > args[1].ID {
		args[0], args[1] = args[1], args[0]
	}
	if len(args) > 0 {
		k.x = args[0]
	}
	if len(args) > 1 {
		k.y = args[1]
	}
	return k, true
}
