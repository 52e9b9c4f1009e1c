package passes

import "github.com/sista-vm/sista/optimizer/ir"

// eithers answers the parameters without a shape that may be eithers: only states use them,
// and a Float, or another of them, is given to them.
func (e *escape) eithers() []*ir.Value {
	idle := map[*ir.Value]bool{} // nobody but states uses them
	for _, b := range e.g.Order {
		if b.IsRoot() {
			continue
		}
		for _, p := range b.Params {
			if p.Type == ir.TypeOop && e.of[p.ID] == nil {
				idle[p] = true
			}
		}
	}
	if len(idle) == 0 {
		return nil
	}
	for _, b := range e.g.Order {
		b.Each(func(v *ir.Value) {
			for _, a := range v.Args {
				delete(idle, a.Root())
			}
		})
	}
	for changed := true; changed; {
		changed = false
		e.flows(func(a, p *ir.Value) {
			if a = a.Root(); idle[a] && !idle[p] {
				delete(idle, a)
				changed = true
			}
		})
	}
	floats := map[*ir.Value]bool{}
	for changed := true; changed; {
		changed = false
		e.flows(func(a, p *ir.Value) {
			a = a.Root()
			c := e.of[a.ID]
			if idle[p] && !floats[p] && (floats[a] || c != nil && c.floats()) {
				floats[p] = true
				changed = true
			}
		})
	}
	var found []*ir.Value
	for _, b := range e.g.Order {
		for _, p := range b.Params {
			if floats[p] {
				found = append(found, p)
			}
		}
	}
	return found
}

// flows calls f with every argument of an edge and the parameter it is given to.
func (e *escape) flows(f func(a, p *ir.Value)) {
	for _, b := range e.g.Order {
		for _, s := range b.Succs {
			for i, a := range s.Args {
				f(a, s.To.Params[i])
			}
		}
	}
}

// dropIdle drops the eithers that no Float is given to any more.
func (e *escape) dropIdle() {
	used := map[*candidate]bool{}
	for changed := true; changed; {
		changed = false
		for _, c := range e.all {
			if c.dropped || !c.floats() || c.either() && !used[c] {
				continue
			}
			for _, w := range c.flows {
				if to := e.candidate(w.param); to != nil && to.either() && !used[to] {
					used[to] = true
					changed = true
				}
			}
		}
	}
	for _, c := range e.all {
		if c.either() && !used[c] {
			c.dropped = true
		}
	}
}

// eitherArgs answers the arguments for an either that is given a value at the end of a block.
func (r *rewriting) eitherArgs(at *ir.Block, a *ir.Value) []*ir.Value {
	_, c := r.find(a)
	if c == nil {
		return []*ir.Value{a, at.ConstFloat(0)}
	}
	view := r.views[c.index]
	switch {
	case view.made != nil:
		return []*ir.Value{view.made, at.ConstFloat(0)}
	case c.either():
		return view.fields
	}
	return []*ir.Value{at.Absent(), view.fields[0]}
}
