package ir

import "slices"

// A place is where execution is: a bytecode, and those that the activations around
// it are about to resume after.
type place struct {
	around *place
	method string
	pc     int
}

// effects checks that what executes a bytecode again finds it not begun: on no way
// from a value whose state is of a place to another of the same place lies an effect,
// unless the way leads through another place, or round a loop. A place includes what
// was inlined in its send.
//
// The check sees a bytecode begin where the first value with a state for it is, so
// what has an effect before that goes unnoticed.
type effects struct {
	v      *verifier
	places map[place]*place
	states map[*State]*place
	out    []progress // by ID of block
}

// progress is, for every place that execution may be in, whether an effect of it has
// happened. There are few.
type progress []step

type step struct {
	place *place
	done  bool
}

func (p progress) of(k *place) bool {
	for _, s := range p {
		if s.place == k {
			return s.done
		}
	}
	return false
}

func (v *verifier) effects() {
	e := &effects{v: v, places: map[place]*place{}, states: map[*State]*place{}, out: make([]progress, len(v.blocks))}
	for _, b := range v.g.Order {
		e.out[b.ID] = e.block(b, e.enter(b))
	}
}

// enter joins what is so at the ends of predecessors. Nothing is known at the head of
// a loop: all its bytecodes may begin anew.
func (e *effects) enter(b *Block) progress {
	var at progress
	for _, p := range e.v.g.Preds[b.ID] {
		if e.v.g.pos[p.ID] >= e.v.g.pos[b.ID] {
			return nil
		}
		for _, s := range e.out[p.ID] {
			if i := slices.IndexFunc(at, func(x step) bool { return x.place == s.place }); i < 0 {
				at = append(at, s)
			} else {
				at[i].done = at[i].done || s.done
			}
		}
	}
	return at
}

func (e *effects) block(b *Block, at progress) progress {
	var spare progress // memory that nothing is in
	visit := func(x *Value) {
		if x.State != nil && len(x.State.Levels) > 0 {
			here := e.placeOf(x.State)
			if at.of(here) && x.State.Levels[0].Mode == Reexecute && x.Op != OpAnchor {
				e.v.fail(x, "would execute %q @%d again, of which there was an effect", here.method, here.pc)
			}
			now := spare[:0]
			for k := here; k != nil; k = k.around {
				now = append(now, step{k, at.of(k)})
			}
			at, spare = now, at
		}
		if x.Op.HasEffect() {
			made := e.madeAt(x)
			for i := range at {
				at[i].done = at[i].done || at[i].place != made
			}
		}
	}
	for _, x := range b.Values {
		visit(x)
	}
	visit(b.End)
	return at
}

// madeAt answers the place at which the object was made that x stores into: executing
// that again makes another.
func (e *effects) madeAt(x *Value) *place {
	if _, ok := x.Location(); ok {
		if o := x.Args[0].Root(); o.Op.Info().Allocates && o.State != nil && len(o.State.Levels) > 0 {
			return e.placeOf(o.State)
		}
	}
	return nil
}

func (e *effects) placeOf(s *State) *place {
	if p := e.states[s]; p != nil {
		return p
	}
	var p *place
	for i := len(s.Levels) - 1; i >= 0; i-- {
		k := place{p, s.Levels[i].Method, s.Levels[i].PC}
		if p = e.places[k]; p == nil {
			p = &k
			e.places[k] = p
		}
	}
	e.states[s] = p
	return p
}
