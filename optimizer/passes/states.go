package passes

import (
	"slices"

	"github.com/sista-vm/sista/optimizer/ir"
)

// shareStates lets values have one state where theirs are equal: what is made for
// leaving the code then exists once.
func shareStates(f *ir.Func) {
	byHash := map[uint64][]*ir.State{}
	shared := map[*ir.State]*ir.State{}
	for _, b := range f.Blocks {
		b.Each(func(v *ir.Value) {
			if v.State == nil {
				return
			}
			s := shared[v.State]
			if s == nil {
				h := hashState(v.State)
				i := slices.IndexFunc(byHash[h], func(s *ir.State) bool { return equalStates(s, v.State) })
				if i >= 0 {
					s = byHash[h][i]
				} else {
					s = v.State
					byHash[h] = append(byHash[h], s)
				}
				shared[v.State] = s
			}
			v.State = s
		})
	}
}

func hashState(s *ir.State) uint64 {
	h := uint64(len(s.Virtuals))
	add := func(n uint64) { h = (h ^ n) * 1099511628211 }
	for _, l := range s.Levels {
		add(uint64(l.PC)<<1 | uint64(l.Mode))
	}
	s.Values(func(v *ir.Value) { add(uint64(v.ID)) })
	return h
}

func equalStates(a, b *ir.State) bool {
	if len(a.Levels) != len(b.Levels) || len(a.Virtuals) != len(b.Virtuals) {
		return false
	}
	var numbers map[*ir.Virtual]int
	if len(a.Virtuals) > 0 {
		numbers = make(map[*ir.Virtual]int, len(a.Virtuals))
	}
	for i, o := range a.Virtuals {
		numbers[o] = i
	}
	ref := func(x, y ir.Ref) bool {
		if x.Virtual != nil {
			return y.Virtual != nil && b.Virtuals[numbers[x.Virtual]] == y.Virtual
		}
		return x == y
	}
	refs := func(xs, ys []ir.Ref) bool { return slices.EqualFunc(xs, ys, ref) }
	for i, l := range a.Levels {
		m := b.Levels[i]
		if l == m {
			continue
		}
		if l.Mode != m.Mode || l.Method != m.Method || l.PC != m.PC || !ref(l.Self, m.Self) || !ref(l.Closure, m.Closure) ||
			!ref(l.Context, m.Context) || !refs(l.Temps, m.Temps) || !refs(l.Stack, m.Stack) {
			return false
		}
	}
	for i, o := range a.Virtuals {
		p := b.Virtuals[i]
		if o.Kind != p.Kind || o.Class != p.Class || !refs(o.Slots, p.Slots) {
			return false
		}
	}
	return true
}
