package codegen

import "math/bits"

// bitset is a set of virtual registers.
type bitset []uint64

func (s bitset) has(v vreg) bool { return s[v>>6]&(1<<(v&63)) != 0 }
func (s bitset) add(v vreg)      { s[v>>6] |= 1 << (v & 63) }

func (s bitset) each(f func(vreg)) {
	for i, w := range s {
		for ; w != 0; w &= w - 1 {
			f(vreg(i<<6 + bits.TrailingZeros64(w)))
		}
	}
}

// liveness finds what is live where blocks begin (parameters not counted) and end.
func (c *code) liveness() {
	n := len(c.vregs)
	words := (n + 63) / 64
	slab := make(bitset, 4*words*len(c.blocks))
	cut := func() bitset {
		s := slab[:words:words]
		slab = slab[words:]
		return s
	}
	for _, b := range c.blocks {
		b.in, b.out, b.defs, b.uses = cut(), cut(), cut(), cut()
		use := func(v vreg, _ useKind) {
			if !b.defs.has(v) {
				b.uses.add(v)
			}
		}
		for _, p := range b.params {
			b.defs.add(p)
		}
		for i := range b.insts {
			in := &b.insts[i]
			in.eachUse(use)
			if in.d != 0 {
				b.defs.add(in.d)
			}
			for _, t := range in.t {
				if t != 0 {
					b.defs.add(t)
				}
			}
		}
		for _, e := range b.succs {
			for _, a := range e.args {
				if a.kind == oReg {
					use(a.v, useAny)
				}
			}
		}
	}
	for changed := true; changed; {
		changed = false
		for i := len(c.blocks) - 1; i >= 0; i-- {
			b := c.blocks[i]
			for _, e := range b.succs {
				for j, w := range e.to.in {
					b.out[j] |= w
				}
			}
			for j := range b.in {
				if w := b.uses[j] | b.out[j]&^b.defs[j]; w != b.in[j] {
					b.in[j], changed = w, true
				}
			}
		}
	}
}
