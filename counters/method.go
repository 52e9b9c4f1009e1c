package counters

// InMethod answers the feedback of the sites of one method, whoever called it: a table
// with paths of length one.
func (t *Table) InMethod(m Method) *Table {
	in := New(t.policy)
	one := New(t.policy)
	each := func(p Path, put func(site Path)) {
		if p[0].Method == m {
			put(p.Prefix(1))
			in.Merge(one)
			one = New(t.policy)
		}
	}
	for _, p := range sorted(t.sends) {
		each(p, func(site Path) { one.sends[site] = t.sends[p] })
	}
	for _, p := range sorted(t.evaluations) {
		each(p, func(site Path) { one.evaluations[site] = t.evaluations[p] })
	}
	for _, p := range sorted(t.branches) {
		each(p, func(site Path) { one.branches[site] = t.branches[p] })
	}
	for _, p := range sorted(t.loops) {
		each(p, func(site Path) { one.loops[site] = t.loops[p] })
	}
	for _, p := range sorted(t.allocations) {
		each(p, func(site Path) { one.allocations[site] = t.allocations[p] })
	}
	for _, p := range sorted(t.failures) {
		each(p, func(site Path) { one.failures[site] = t.failures[p] })
	}
	return in
}
