package passes

import "github.com/sista-vm/sista/optimizer/ir"

// A repair makes uses of the values of blocks that have been copied refer to what
// reaches them: the value or its copy. Where both reach, blocks get parameters. Blocks
// copied together are a region; uses within it are right, as are those in its copy.
type repair struct {
	f       *ir.Func
	g       *ir.Graph // after copying
	regions int
	region  map[*ir.Block]int // of blocks that have been copied, numbered from 1
	copied  map[*ir.Block]int // of blocks that hold copies
	copies  map[*ir.Value]*ir.Value
	at      map[place]*ir.Value
	states  map[*ir.State]*ir.State // of the block that is rewritten
}

// A place is the start of a block, for a value.
type place struct {
	v *ir.Value
	b *ir.Block
}

func newRepair(f *ir.Func) *repair {
	return &repair{f: f, region: map[*ir.Block]int{}, copied: map[*ir.Block]int{}, copies: map[*ir.Value]*ir.Value{},
		at: map[place]*ir.Value{}, states: map[*ir.State]*ir.State{}}
}

// copying starts a region, and answers what maps its values to their copies.
func (r *repair) copying() (copyOf func(*ir.Value) *ir.Value) {
	r.regions++
	n := r.regions
	return func(v *ir.Value) *ir.Value {
		if r.region[v.Block] == n {
			return r.copies[v]
		}
		return v
	}
}

// copy says that a block of the current region is copied to another.
func (r *repair) copy(from, to *ir.Block) {
	r.region[from], r.copied[to] = r.regions, r.regions
}

func (r *repair) run() {
	if r.regions == 0 {
		return
	}
	r.g = ir.NewGraph(r.f)
	for _, b := range r.g.Order {
		clear(r.states)
		find := func(v *ir.Value) *ir.Value {
			if n := r.region[v.Block]; n != 0 && r.region[b] != n && r.copied[b] != n {
				return r.start(v, b)
			}
			return v
		}
		b.Each(func(v *ir.Value) {
			for i, a := range v.Args {
				v.Args[i] = find(a)
			}
			if v.State != nil {
				v.State = r.state(v.State, find)
			}
		})
		for i := range b.Succs {
			e := &b.Succs[i]
			for j := range len(e.Args) {
				w := find(e.Args[j]) // which may append to the arguments
				e.Args[j] = w
			}
		}
	}
}

// state answers a state with other values; states are shared by blocks.
func (r *repair) state(s *ir.State, find func(*ir.Value) *ir.Value) *ir.State {
	w := r.states[s]
	if w == nil {
		w = s
		s.Values(func(v *ir.Value) {
			if w == s && find(v) != v {
				w = s.Map(find)
			}
		})
		r.states[s] = w
	}
	return w
}

// end answers what v is at the end of a block.
func (r *repair) end(v *ir.Value, b *ir.Block) *ir.Value {
	switch r.region[v.Block] {
	case r.region[b]:
		return v
	case r.copied[b]:
		// A parameter's copy is an argument, maybe of another region.
		if v = r.copies[v]; r.region[v.Block] == 0 {
			return v
		}
		return r.end(v, b)
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
