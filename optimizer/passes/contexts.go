package passes

import "github.com/sista-vm/sista/optimizer/ir"

// Contexts removes contexts that only states refer to, with what says that their
// activation returned. A state in which a level has such a context and an object refers
// to it, a closure that was removed itself, has it made with the level; in other states
// the level just has none.
func Contexts(f *ir.Func, _ *Policy) {
	needed := map[*ir.Value]bool{} // and false for those that can go
	for _, b := range f.Blocks {
		for _, v := range b.Values {
			if v.Op == ir.OpNewContext {
				needed[v] = false
			}
		}
	}
	if len(needed) == 0 {
		return
	}
	use := func(v *ir.Value) {
		if _, ok := needed[v.Root()]; ok {
			needed[v.Root()] = true
		}
	}
	states := map[*ir.State]bool{}
	for _, b := range f.Blocks {
		b.Each(func(v *ir.Value) {
			for _, a := range v.Args {
				if v.Op != ir.OpWidow && !v.Op.Info().Refines {
					use(a)
				}
			}
			if v.State != nil && !states[v.State] {
				states[v.State] = true
				inState(v.State, use)
			}
		})
		for _, e := range b.Succs {
			for _, a := range e.Args {
				use(a)
			}
		}
	}
	// A context that is made is given the closure of its level, which may refer to others.
	for settled := map[*ir.Value]bool{}; ; {
		again := false
		for v, n := range needed {
			if n && !settled[v] {
				settled[v], again = true, true
				l := v.State.Levels[len(v.State.Levels)-1-int(v.Int)]
				eachMade(l.Closure, use)
				eachMade(l.Self, use)
			}
		}
		if !again {
			break
		}
	}
	gone := func(v *ir.Value) bool {
		n, ok := needed[v.Root()]
		return ok && !n
	}
	for s := range states {
		makeInState(s, gone)
	}
	for s := range states {
		for _, l := range s.Levels {
			if c := l.Context.Value; c != nil && gone(c) {
				l.Context = ir.Ref{}
			}
		}
	}
	f.RemoveIf(func(v *ir.Value) bool { return gone(v) || v.Op == ir.OpWidow && gone(v.Args[0]) })
}

// inState calls use with what a state refers to that it cannot make itself.
func inState(s *ir.State, use func(*ir.Value)) {
	made := map[*ir.Value]bool{}
	for _, l := range s.Levels {
		if c := l.Context.Value; c != nil {
			if c = c.Root(); made[c] {
				use(c)
			}
			made[c] = true
		}
	}
	for _, l := range s.Levels {
		other := *l
		other.Context = ir.Ref{}
		other.Values(use)
	}
	for _, o := range s.Virtuals {
		for _, r := range o.Slots {
			if r.Value != nil && !made[r.Value.Root()] {
				use(r.Value)
			}
		}
	}
}

// eachMade calls use with the values that an object of a state is made of, if r is one.
func eachMade(r ir.Ref, use func(*ir.Value)) {
	seen := map[*ir.Virtual]bool{}
	var each func(r ir.Ref)
	each = func(r ir.Ref) {
		switch {
		case r.Value != nil:
			use(r.Value)
		case r.Virtual != nil && !seen[r.Virtual]:
			seen[r.Virtual] = true
			for _, x := range r.Virtual.Slots {
				each(x)
			}
		}
	}
	each(r)
}

// makeInState makes the contexts for which gone holds part of the state, if its objects
// refer to them.
func makeInState(s *ir.State, gone func(*ir.Value) bool) {
	objects := map[*ir.Value]*ir.Virtual{}
	for _, o := range s.Virtuals {
		for i, r := range o.Slots {
			if r.Value == nil || !gone(r.Value) {
				continue
			}
			c := r.Value.Root()
			if objects[c] == nil {
				objects[c] = &ir.Virtual{Kind: ir.VirtualContext}
			}
			o.Slots[i] = ir.Ref{Virtual: objects[c]}
		}
	}
	for i, l := range s.Levels {
		if l.Context.Value == nil || !gone(l.Context.Value) {
			continue
		}
		if o := objects[l.Context.Value.Root()]; o != nil {
			l = l.Clone() // other states may have it without the object
			l.Context = ir.Ref{Virtual: o}
			s.Levels[i] = l
			s.Virtuals = append(s.Virtuals, o)
		}
	}
}
