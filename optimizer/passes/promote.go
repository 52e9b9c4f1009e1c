package passes

import "github.com/sista-vm/sista/optimizer/ir"

// A promotion is a field that a loop reads first and always knows at the end of a round:
// the head gets a parameter for what is in it.
type promotion struct {
	l     *ir.Loop
	load  *ir.Value
	given map[*ir.Block]*ir.Value // by latches
}

// promote gives the heads of loops parameters for fields whose content is known at the
// end of every round, and loads them once before the loop.
//
// Only loads in the head itself count: they are executed whenever the loop is entered,
// unless a guard leaves before.
func (m *memory) promote(loops []*ir.Loop) {
	var found []promotion
	for _, l := range loops {
		if l.PreHeader == nil {
			continue
		}
		guarded := false
		for _, v := range l.Header.Values {
			if v.Op.Info().Writes != 0 {
				break
			}
			guarded = guarded || v.Op.Info().Guard
			at, access := locate(v, m.s)
			if !access || at.Class == ir.AliasRaw || m.gone[v] || guarded && !carriesProof(v) || changes(l, v) {
				continue
			}
			if given := m.atLatches(l, at); given != nil {
				found = append(found, promotion{l, v, given})
			}
		}
	}
	for _, p := range found {
		pre, head := p.l.PreHeader, p.l.Header
		first := copyTo(pre, p.load, func(v *ir.Value) *ir.Value { return v })
		param := head.AddParam(ir.TypeOop)
		pre.Succs[0].Args = append(pre.Succs[0].Args, first)
		for latch, w := range p.given {
			for i := range latch.Succs {
				if e := &latch.Succs[i]; e.To == head {
					e.Args = append(e.Args, w)
				}
			}
		}
		m.s.Replace(p.load, param)
		m.gone[p.load] = true
	}
}

// changes tells whether an argument of v is computed in the loop.
func changes(l *ir.Loop, v *ir.Value) bool {
	for _, a := range v.Args {
		if l.Blocks[a.Block] {
			return true
		}
	}
	return false
}

// atLatches answers what is at a location at the end of every round, nil if that is
// not known.
func (m *memory) atLatches(l *ir.Loop, at ir.Location) map[*ir.Block]*ir.Value {
	given := map[*ir.Block]*ir.Value{}
	for _, latch := range l.Latches {
		c := m.out[latch]
		if c == nil {
			return nil
		}
		w := c.find(at)
		if w == nil {
			return nil
		}
		given[latch] = w
	}
	return given
}
