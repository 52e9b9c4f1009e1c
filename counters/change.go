package counters

import (
	"maps"
	"slices"
)

// Merge adds the feedback of another table. Sites are as deeply split as in the one
// that split them more. A class that finds different methods in the two is believed
// to find that of the other table.
func (t *Table) Merge(o *Table) {
	t.changes++
	for p, s := range o.sends {
		get(t.sends, p).merge(s, t.policy.MaxCases)
	}
	for p, e := range o.evaluations {
		get(t.evaluations, p).merge(e, t.policy.MaxCases)
	}
	for p, b := range o.branches {
		r := get(t.branches, p)
		add(&r.Reached, b.Reached)
		add(&r.Taken, b.Taken)
	}
	for p, l := range o.loops {
		add(&get(t.loops, p).BackEdges, l.BackEdges)
	}
	for p, a := range o.allocations {
		r := get(t.allocations, p)
		for _, c := range a.Cases {
			r.add(c, t.policy.MaxCases)
		}
		add(&r.Other, a.Other)
	}
	for p, f := range o.failures {
		for _, c := range f.Cases {
			get(t.failures, p).add(c)
		}
	}
	for s, d := range o.depth {
		t.depth[s] = min(max(t.depth[s], d), t.policy.MaxDepth)
	}
}

// Clone answers a copy that shares nothing.
func (t *Table) Clone() *Table {
	c := New(t.policy)
	c.Merge(t)
	maps.Copy(c.depth, t.depth) // nothing has been counted in it yet
	return c
}

// Decay divides all counts by the policy's power of two and forgets what becomes 0.
func (t *Table) Decay() {
	t.changes++
	n := t.policy.DecayShift
	for p, s := range t.sends {
		for i := range s.Cases {
			s.Cases[i].Count >>= n
		}
		s.Other >>= n
		s.Cases = slices.DeleteFunc(s.Cases, func(c Case) bool { return c.Count == 0 })
		slices.SortFunc(s.Cases, compareCases)
		drop(t.sends, p)
	}
	for p, e := range t.evaluations {
		for i := range e.Cases {
			e.Cases[i].Count >>= n
		}
		e.Other >>= n
		e.Cases = slices.DeleteFunc(e.Cases, func(c BlockCase) bool { return c.Count == 0 })
		slices.SortFunc(e.Cases, compareBlocks)
		drop(t.evaluations, p)
	}
	for p, b := range t.branches {
		b.Reached, b.Taken = b.Reached>>n, b.Taken>>n
		drop(t.branches, p)
	}
	for p, l := range t.loops {
		l.BackEdges >>= n
		drop(t.loops, p)
	}
	for p, a := range t.allocations {
		for i := range a.Cases {
			a.Cases[i].Count >>= n
			a.Cases[i].Elements >>= n
		}
		a.Other >>= n
		a.Cases = slices.DeleteFunc(a.Cases, func(c AllocationCase) bool { return c.Count == 0 })
		drop(t.allocations, p)
	}
	for p, f := range t.failures {
		for i := range f.Cases {
			f.Cases[i].Count >>= n
		}
		f.Cases = slices.DeleteFunc(f.Cases, func(c FailureCase) bool { return c.Count == 0 })
		drop(t.failures, p)
	}
}

// drop removes a record without samples.
func drop[T any, R interface {
	*T
	Samples() uint64
}](m map[Path]R, p Path) {
	if m[p].Samples() == 0 {
		delete(m, p)
	}
}

// ForgetClass removes what names a class, before its number means another.
func (t *Table) ForgetClass(c Class) {
	t.changes++
	for p, s := range t.sends {
		s.Cases = slices.DeleteFunc(s.Cases, func(x Case) bool { return x.Class == c })
		drop(t.sends, p)
	}
	for p, a := range t.allocations {
		a.Cases = slices.DeleteFunc(a.Cases, func(x AllocationCase) bool { return x.Class == c })
		drop(t.allocations, p)
	}
}

// ForgetMethod removes what names a method: feedback in it, paths through it, and
// sends that found or evaluated it.
func (t *Table) ForgetMethod(m Method) { t.ForgetMethods(func(x Method) bool { return x == m }) }

// ForgetMethods is ForgetMethod for all methods of which gone is true.
func (t *Table) ForgetMethods(gone func(Method) bool) {
	t.changes++
	through := func(p Path) bool {
		return slices.ContainsFunc(p[:p.Len()], func(s Site) bool { return gone(s.Method) })
	}
	maps.DeleteFunc(t.sends, func(p Path, _ *Send) bool { return through(p) })
	maps.DeleteFunc(t.evaluations, func(p Path, _ *Evaluation) bool { return through(p) })
	maps.DeleteFunc(t.branches, func(p Path, _ *Branch) bool { return through(p) })
	maps.DeleteFunc(t.loops, func(p Path, _ *Loop) bool { return through(p) })
	maps.DeleteFunc(t.allocations, func(p Path, _ *Allocation) bool { return through(p) })
	maps.DeleteFunc(t.failures, func(p Path, _ *Failure) bool { return through(p) })
	maps.DeleteFunc(t.depth, func(s Site, _ int) bool { return gone(s.Method) })
	for p, s := range t.sends {
		s.Cases = slices.DeleteFunc(s.Cases, func(x Case) bool { return gone(x.Target) })
		drop(t.sends, p)
	}
	for p, e := range t.evaluations {
		e.Cases = slices.DeleteFunc(e.Cases, func(x BlockCase) bool { return gone(x.Block) })
		drop(t.evaluations, p)
	}
}

// Renamed answers a copy in which methods have other names. What is of a method that name has none for, or leads
// through one, is left out; 0 stays.
func (t *Table) Renamed(name func(Method) (Method, bool)) *Table {
	c := New(t.policy)
	rename := func(m Method) (Method, bool) {
		if m == 0 {
			return 0, true
		}
		return name(m)
	}
	path := func(p Path) (Path, bool) {
		for i := range p.Len() {
			m, ok := rename(p[i].Method)
			if !ok {
				return p, false
			}
			p[i].Method = m
		}
		return p, true
	}
	for p, s := range t.sends {
		q, ok := path(p)
		if !ok {
			continue
		}
		r := &Send{Other: s.Other}
		for _, x := range s.Cases {
			if x.Target, ok = rename(x.Target); ok {
				r.Cases = append(r.Cases, x)
			}
		}
		if r.Samples() > 0 {
			c.sends[q] = r
		}
	}
	for p, e := range t.evaluations {
		q, ok := path(p)
		if !ok {
			continue
		}
		r := &Evaluation{Other: e.Other}
		for _, x := range e.Cases {
			if x.Block, ok = rename(x.Block); ok {
				r.Cases = append(r.Cases, x)
			}
		}
		if r.Samples() > 0 {
			c.evaluations[q] = r
		}
	}
	renameKeys(c.branches, t.branches, path, func(b Branch) Branch { return b })
	renameKeys(c.loops, t.loops, path, func(l Loop) Loop { return l })
	renameKeys(c.allocations, t.allocations, path, func(a Allocation) Allocation {
		return Allocation{slices.Clone(a.Cases), a.Other}
	})
	renameKeys(c.failures, t.failures, path, func(f Failure) Failure { return Failure{slices.Clone(f.Cases)} })
	for s, d := range t.depth {
		if m, ok := rename(s.Method); ok {
			c.depth[Site{m, s.PC}] = d
		}
	}
	return c
}

func renameKeys[T any](to, from map[Path]*T, path func(Path) (Path, bool), clone func(T) T) {
	for p, r := range from {
		if q, ok := path(p); ok {
			x := clone(*r)
			to[q] = &x
		}
	}
}
