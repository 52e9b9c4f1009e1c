package passes

import "github.com/sista-vm/sista/optimizer/ir"

// A repair makes the uses of the values of some blocks in others refer to what reaches
// them, after these blocks have been copied. Where both reach, blocks get parameters.
type repair struct {
	g      *ir.Graph
	from   map[*ir.Block]bool // the blocks
	copied map[*ir.Block]bool // where the copies are
	copies map[*ir.Value]*ir.Value
	at     map[place]*ir.Value
	states map[*ir.State]*ir.State // of the block that is rewritten
}

// A place is the start of a block, for a value.
type place struct {
	v *ir.Value
	b *ir.Block
}

func (r *repair) run() {
	r.at = map[place]*ir.Value{}
	for _, b := range r.g.Order {
		if r.from[b] || r.copied[b] {
			continue
		}
		r.states = map[*ir.State]*ir.State{}
		find := func(v *ir.Value) *ir.Value {
			if r.from[v.Block] {
				return r.start(v, b)
			}
			return v
		}
		b.Each(func(v *ir.Value) {
			for i, a := range v.Args {
				v.Args[i] = find(a)
			}
			v.State = r.state(v.State, find)
		})
		for _, e := range b.Succs {
			for i, a := range e.Args {
				e.Args[i] = find(a)
			}
		}
	}
}

// state answers a state with other values; states are shared by blocks.
func (r *repair) state(s *ir.State, find func(*ir.Value) *ir.Value) *ir.State {
	if s == nil {
		return nil
	}
	if w := r.states[s]; w != nil {
		return w
	}
	w := s
	s.Values(func(v *ir.Value) {
		if r.from[v.Block] {
			w = nil
		}
	})
	if w == nil {
		w = s.Map(find)
	}
	r.states[s] = w
	return w
}

// end answers what v is at the end of a block.
func (r *repair) end(v *ir.Value, b *ir.Block) *ir.Value {
	switch {
	case r.from[b]:
		return v
	case r.copied[b]:
		return r.copies[v]
	}
	return r.start(v, b)
}

// start answers what v is at the start of a block.
func (r *repair) start(v *ir.Value, b *ir.Block) *ir.Value {
	at := place{v, b}
	if w := r.at[at]; w != nil {
		return w
	}
	preds := r.g.Preds[b.ID]
	if len(preds) == 1 {
		w := r.end(v, preds[0])
		r.at[at] = w
		return w
	}
	r.at[at] = b.AddParam(v.Type)
	for i, p := range preds {
		if i > 0 && p == preds[i-1] {
			continue // listed once for every edge
		}
		w := r.end(v, p)
		for j := range p.Succs {
			if e := &p.Succs[j]; e.To == b {
				e.Args = append(e.Args, w)
			}
		}
	}
	return r.at[at]
}
