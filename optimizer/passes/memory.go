package passes

import (
	"slices"

	"github.com/sista-vm/sista/optimizer/ir"
)

// Memory replaces loads by what is known to be there, and removes stores of what
// is there, stores that are overwritten unseen, and checks that an object is
// writable which it was already found to be. Fields that a loop changes and reads are
// carried by it, and stored only.
func Memory(f *ir.Func, p *Policy) {
	g := removeUnreachable(f)
	m := &memory{g: g, p: p, s: f.NewSubstitution(), gone: map[*ir.Value]bool{}, out: map[*ir.Block]*contents{}}
	m.loops = map[*ir.Block]*ir.Loop{}
	loops := g.Loops()
	for _, l := range loops {
		m.loops[l.Header] = l
	}
	m.private = privates(g)
	for _, b := range g.Order {
		m.block(b)
	}
	m.promote(loops)
	m.s.Apply()
	f.RemoveIf(func(v *ir.Value) bool { return m.gone[v] })
	overwritten(f)
}

// content says what is at a location.
type content struct {
	at    ir.Location
	value *ir.Value
}

// contents is what is known of memory at one place.
type contents struct {
	facts    []content
	writable []*ir.Value // roots
}

type memory struct {
	g     *ir.Graph
	p     *Policy
	s     *ir.Substitution
	gone  map[*ir.Value]bool
	out   map[*ir.Block]*contents
	loops map[*ir.Block]*ir.Loop
	// private has the objects made here that nothing else gets to see while the code
	// runs: nobody makes them read-only or watches them.
	private map[*ir.Value]bool
}

// privates answers the objects that are made here and only accessed, compared,
// returned, and described in states.
func privates(g *ir.Graph) map[*ir.Value]bool {
	private := map[*ir.Value]bool{}
	for _, b := range g.Order {
		for _, v := range b.Values {
			if v.Op.Info().Allocates && v.Op != ir.OpBoxFloat && v.Op != ir.OpNewContext {
				private[v] = true
			}
		}
	}
	if len(private) == 0 {
		return private
	}
	for _, b := range g.Order {
		b.Each(func(v *ir.Value) {
			_, access := v.Location()
			for i, a := range v.Args {
				if r := a.Root(); private[r] && !(access && i == 0) && !v.Op.Pure() && !v.Op.Info().Guard && v.Op != ir.OpTouch && v.Op != ir.OpReturn {
					delete(private, r)
				}
			}
		})
		for _, e := range b.Succs {
			for _, a := range e.Args {
				delete(private, a.Root())
			}
		}
	}
	return private
}

// enter answers what is known at the start of a block: what all predecessors agree
// on. Of those behind a loop's back edges only what the loop writes is asked.
func (m *memory) enter(b *ir.Block) *contents {
	var c *contents
	if b.IsRoot() {
		return &contents{}
	}
	for _, p := range m.g.Preds[b.ID] {
		o := m.out[p]
		switch {
		case o == nil && m.loops[b] == nil:
			return &contents{} // not a natural loop
		case o == nil:
		case c == nil:
			c = &contents{slices.Clone(o.facts), slices.Clone(o.writable)}
		default:
			c.facts = slices.DeleteFunc(c.facts, func(x content) bool {
				return !slices.ContainsFunc(o.facts, func(y content) bool { return x.at.Same(y.at) && x.value == y.value })
			})
			c.writable = slices.DeleteFunc(c.writable, func(x *ir.Value) bool { return !slices.Contains(o.writable, x) })
		}
	}
	if c == nil {
		return &contents{}
	}
	if l := m.loops[b]; l != nil {
		for x := range l.Blocks {
			for _, v := range x.Values {
				m.kill(c, v)
			}
		}
	}
	return c
}

// kill forgets what executing v may change.
func (m *memory) kill(c *contents, v *ir.Value) {
	i := v.Op.Info()
	if i.Writes == 0 {
		return
	}
	if i.Writes&ir.AliasHeader != 0 {
		c.writable = nil
	}
	if l, ok := locate(v, m.s); ok {
		c.facts = slices.DeleteFunc(c.facts, func(x content) bool { return m.mayAlias(x.at, l) })
		return
	}
	c.facts = slices.DeleteFunc(c.facts, func(x content) bool { return x.at.Class&i.Writes != 0 && !m.private[x.at.Obj] })
}

// mayAlias tells whether two locations may share memory. A private object has one name.
func (m *memory) mayAlias(x, y ir.Location) bool {
	return x.MayAlias(y) && (x.Obj == y.Obj || !m.private[x.Obj] && !m.private[y.Obj])
}

// locate answers the location of an access with what values are replaced by.
func locate(v *ir.Value, s *ir.Substitution) (ir.Location, bool) {
	l, ok := v.Location()
	if ok {
		l.Obj = s.Find(l.Obj).Root()
		if l.Index != nil {
			l.Index = s.Find(l.Index).Root()
		}
	}
	return l, ok
}

func (c *contents) find(l ir.Location) *ir.Value {
	for _, x := range c.facts {
		if x.at.Same(l) {
			return x.value
		}
	}
	return nil
}

func (m *memory) learn(c *contents, l ir.Location, v *ir.Value) {
	if len(c.facts) < m.p.MaxFacts {
		c.facts = append(c.facts, content{l, v})
	}
}

func (m *memory) block(b *ir.Block) {
	c := m.enter(b)
	for _, v := range b.Values {
		l, access := locate(v, m.s)
		switch {
		case v.Op == ir.OpGuardWritable:
			r := m.s.Find(v.Args[0]).Root()
			if m.private[r] || slices.Contains(c.writable, r) {
				m.gone[v] = true
			} else {
				c.writable = append(c.writable, r)
			}
		case v.Op == ir.OpTouch:
			if r := m.s.Find(v.Args[0]).Root(); m.private[r] || slices.Contains(c.writable, r) {
				m.gone[v] = true
			} // else it stays watched
		case v.Op.Info().Allocates:
			if v.Op == ir.OpBoxFloat {
				continue
			}
			c.writable = append(c.writable, v)
			if v.Op == ir.OpNew {
				for i, a := range v.Args {
					m.learn(c, ir.Location{Class: ir.AliasSlots, Obj: v, Slot: int64(i)}, m.s.Find(a))
				}
			}
		case access && v.Op.Info().Writes == 0:
			if w := c.find(l); w != nil && v.Op != ir.OpLoadRaw {
				m.s.Replace(v, w)
				m.gone[v] = true
			} else {
				m.learn(c, l, v)
			}
		case access:
			stored := m.s.Find(v.Stored())
			if c.find(l) == stored {
				m.gone[v] = true
				continue
			}
			m.kill(c, v)
			m.learn(c, l, stored)
		default:
			m.kill(c, v)
		}
	}
	m.out[b] = c
}

// overwritten removes stores that are followed by one to the same location, with
// nothing between that could see the difference: no load, and no way out.
func overwritten(f *ir.Func) {
	gone := map[*ir.Value]bool{}
	for _, b := range f.Blocks {
		var later []ir.Location
		for i := len(b.Values) - 1; i >= 0; i-- {
			v := b.Values[i]
			l, access := v.Location()
			info := v.Op.Info()
			switch {
			case access && info.Writes != 0:
				if slices.ContainsFunc(later, l.Same) {
					gone[v] = true
				}
				later = append(later, l)
			case access:
				later = slices.DeleteFunc(later, l.MayAlias)
			case info.Deopts || info.Reads|info.Writes != 0:
				later = nil
			}
		}
	}
	f.RemoveIf(func(v *ir.Value) bool { return gone[v] })
}
