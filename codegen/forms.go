package codegen

import (
	"github.com/sista-vm/sista/native"
	"github.com/sista-vm/sista/optimizer/ir"
)

// konst answers the value of an integer that is known.
func konst(v *ir.Value) (int64, bool) {
	v = v.Root()
	switch v.Op {
	case ir.OpConstInt:
		return v.Int, true
	case ir.OpUntag:
		if s := v.Args[0].Root(); s.Op == ir.OpConstSmi {
			return s.Int, true
		}
	}
	return 0, false
}

// constOop answers the SmallInteger that a value surely is.
func constOop(v *ir.Value) (int64, bool) {
	v = v.Root()
	switch v.Op {
	case ir.OpConstSmi:
		return v.Int, true
	case ir.OpTag:
		return konst(v.Args[0])
	}
	return 0, false
}

// constWord answers the word of an immediate that is known.
func constWord(v *ir.Value) (int64, bool) {
	if v.Root().Op == ir.OpAbsent {
		return absent, true
	}
	n, ok := constOop(v)
	return tagged(n), ok
}

// absent is the word that stands for no object, signed.
const absent = native.Absent - 1<<64

func tagged(n int64) int64 { return n<<3 | 1 }

// chooseForms decides which integers stay tagged. All must surely be SmallIntegers.
// Answers are tagged if that is how they come about; parameters, if any argument is.
func (l *lowerer) chooseForms() {
	l.tagged = make([]bool, l.fn.NumValues())
	args := make([][]*ir.Value, l.fn.NumValues())
	for _, b := range l.order {
		for _, p := range b.Params {
			if p.Type == ir.TypeInt {
				l.tagged[p.ID] = l.ranges.of(p).small()
			}
		}
		for _, e := range b.Succs {
			for i, a := range e.Args {
				if p := e.To.Params[i]; p.Type == ir.TypeInt {
					args[p.ID] = append(args[p.ID], a)
				}
			}
		}
	}
	l.settleValues()
	for changed := true; changed; {
		changed = false
		for _, b := range l.order {
			for _, p := range b.Params {
				if !l.tagged[p.ID] || p.Type != ir.TypeInt {
					continue
				}
				keep := false
				for _, a := range args[p.ID] {
					_, c := konst(a)
					keep = keep || c && len(args[p.ID]) == 1 || l.tagged[a.ID] && a != p
				}
				if !keep {
					l.tagged[p.ID], changed = false, true
				}
			}
			for _, v := range b.Values {
				if v.Type == ir.TypeInt {
					if t := l.comesTagged(v); t != l.tagged[v.ID] {
						l.tagged[v.ID], changed = t, true
					}
				}
			}
		}
		l.rounds++
		if l.rounds > maxRounds {
			l.settle()
			return
		}
	}
}

// maxRounds bounds the search for forms, which nearly always takes two or three.
const maxRounds = 20

// settle makes all parameters plain, and what follows from that.
func (l *lowerer) settle() {
	for _, b := range l.order {
		for _, p := range b.Params {
			l.tagged[p.ID] = false
		}
	}
	l.settleValues()
}

// settleValues decides for all but parameters.
func (l *lowerer) settleValues() {
	for _, b := range l.order {
		for _, v := range b.Values {
			if v.Type == ir.TypeInt {
				l.tagged[v.ID] = l.comesTagged(v)
			}
		}
	}
}

// taggable tells whether a value is tagged or a constant that can be.
func (l *lowerer) taggable(v *ir.Value) bool {
	if n, ok := konst(v); ok {
		return ir.FitsSmallInteger(n)
	}
	return l.tagged[v.ID]
}

func (l *lowerer) comesTagged(v *ir.Value) bool {
	if _, ok := konst(v); ok || !l.ranges.of(v).small() {
		return false
	}
	switch v.Op {
	case ir.OpUntag, ir.OpIAddO, ir.OpISubO, ir.OpIMulO, ir.OpIShlO, ir.OpFToI, ir.OpSize:
		return true
	case ir.OpGuardIndex:
		return l.tagged[v.Args[0].ID] || l.indexSum(v.Args[0])
	case ir.OpIAdd, ir.OpISub, ir.OpIAnd, ir.OpIOr, ir.OpIXor:
		return l.taggable(v.Args[0]) && l.taggable(v.Args[1])
	case ir.OpIMul:
		_, c := konst(v.Args[1])
		return l.tagged[v.Args[0].ID] && c
	case ir.OpIMod:
		n, c := konst(v.Args[1])
		return l.tagged[v.Args[0].ID] && c && n > 0 && n&(n-1) == 0
	}
	return false
}

// indexSum tells whether a value is a tagged integer more or less a constant. As an
// index it may be computed tagged even if it is beyond the SmallIntegers: it wraps
// around to what is no index either.
func (l *lowerer) indexSum(v *ir.Value) bool {
	if v.Op != ir.OpIAdd && v.Op != ir.OpISub || l.tagged[v.ID] {
		return false
	}
	n, c := konst(v.Args[1])
	return c && fits32(n*8) && n < 1<<28 && n > -1<<28 && l.tagged[v.Args[0].ID]
}

// sink finds what only states need and can be told by the place of another value and a
// constant: sums with constants, and SmallIntegers of plain integers.
func (l *lowerer) sink() {
	l.sunk = make([]bool, l.fn.NumValues())
	for i := len(l.order) - 1; i >= 0; i-- {
		vs := l.order[i].Values
		for j := len(vs) - 1; j >= 0; j-- {
			v := vs[j]
			if l.uses[v.ID] == 0 || l.others[v.ID] > 0 || !l.derived(v) {
				continue
			}
			l.sunk[v.ID] = true
			base := v.Args[0]
			l.others[base.ID]--
			l.uses[base.ID]++ // it is in states now, which count for two
		}
	}
}

// derived tells whether a value is another one and a constant, in the same form.
func (l *lowerer) derived(v *ir.Value) bool {
	if len(v.Args) == 0 {
		return false
	}
	base := v.Args[0]
	if _, c := konst(base); c {
		return false
	}
	switch v.Op {
	case ir.OpIAdd, ir.OpISub:
		n, c := konst(v.Args[1])
		return c && fits32(n) && l.tagged[v.ID] == l.tagged[base.ID]
	case ir.OpTag:
		return !l.tagged[base.ID]
	}
	return false
}

// described answers the value whose place tells where v is, and what is to be added.
func (c *code) described(v *ir.Value) (base *ir.Value, add int64) {
	for c.sunk[v.ID] {
		n := int64(0)
		if v.Op != ir.OpTag {
			n, _ = konst(v.Args[1])
		}
		if v.Op == ir.OpISub {
			n = -n
		}
		if v.Op != ir.OpTag && c.tagged[v.ID] {
			n <<= 3
		}
		v, add = v.Args[0], add+n
	}
	if p, n, ok := c.fromParameter(v); ok {
		return p, add + n
	}
	return v, add
}

// fromParameter answers the parameter of the entry that a value differs from by a constant, in the same
// form. Parameters are in memory from the start: what is told by one needs no slot for its states.
func (c *code) fromParameter(v *ir.Value) (p *ir.Value, add int64, ok bool) {
	for {
		switch {
		case c.homed[v.ID]:
			return v, add, true
		case v.Op.Info().Refines, v.Op == ir.OpTag && c.tagged[v.Args[0].ID], v.Op == ir.OpUntag && c.tagged[v.ID]:
			v = v.Args[0]
			continue
		}
		sign := int64(1)
		switch v.Op {
		case ir.OpISub, ir.OpISubO:
			sign = -1
		case ir.OpIAdd, ir.OpIAddO:
		default:
			return nil, 0, false
		}
		n, constant := konst(v.Args[1])
		if !constant || !fits32(n) || !c.tagged[v.ID] || !c.tagged[v.Args[0].ID] {
			return nil, 0, false
		}
		v, add = v.Args[0], add+sign*n<<3
	}
}
