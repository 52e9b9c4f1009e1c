package passes

import "github.com/sista-vm/sista/optimizer/ir"

// A fact is a question about an oop, the root that guards say more about, or about
// a condition.
type fact struct {
	op ir.Op // issmi, ischar, isfloat or hasclass; constbool for a condition
	n  int64 // class index
	of *ir.Value
}

// Class indices that the object format gives immediates.
const (
	smallIntegerClass = 1
	characterClass    = 2
	smallFloatClass   = 4
)

func (n *numbering) fact(k fact, holds bool) {
	old := n.learned(k)
	switch {
	case old == nil:
		r := n.about(k.of)
		n.facts = append(n.facts, learned{k.op, k.n, holds, n.b, r.facts})
		r.facts = int32(len(n.facts))
	case !n.g.Dominates(old.at, n.b):
		old.holds, old.at = holds, n.b
	}
}

// learned answers what was learned of a fact, nil if nothing was.
func (n *numbering) learned(k fact) *learned {
	for i := n.about(k.of).facts; i != 0; i = n.facts[i-1].next {
		if l := &n.facts[i-1]; l.op == k.op && l.n == k.n {
			return l
		}
	}
	return nil
}

// questionOf answers the fact that a value asks for.
func questionOf(v *ir.Value) (k fact, ok bool) {
	switch v.Op {
	case ir.OpIsSmi, ir.OpIsChar, ir.OpIsFloat, ir.OpHasClass:
		return fact{v.Op, v.Int, v.Args[0].Root()}, true
	}
	return k, false
}

// checked answers the fact that a guard of an oop checks.
func checked(v *ir.Value) (k fact, ok bool) {
	switch v.Op {
	case ir.OpGuardSmi, ir.OpKnownSmi:
		return fact{op: ir.OpIsSmi, of: v.Args[0].Root()}, true
	case ir.OpGuardChar:
		return fact{op: ir.OpIsChar, of: v.Args[0].Root()}, true
	case ir.OpGuardFloat, ir.OpKnownFloat:
		return fact{op: ir.OpIsFloat, of: v.Args[0].Root()}, true
	case ir.OpGuardClass, ir.OpKnownClass:
		return fact{ir.OpHasClass, v.Int, v.Args[0].Root()}, true
	}
	return k, false
}

// learn adds that a condition holds, or not, and what follows.
func (n *numbering) learn(c *ir.Value, holds bool) {
	n.fact(fact{op: ir.OpConstBool, of: c}, holds)
	if c.Op == ir.OpBNot {
		n.learn(c.Args[0], !holds)
	}
	if k, ok := questionOf(c); ok {
		n.is(k, holds)
	}
}

// is adds a fact about an oop and those that follow from it.
func (n *numbering) is(k fact, holds bool) {
	n.fact(k, holds)
	if !holds {
		return
	}
	class := k.n
	switch k.op {
	case ir.OpIsSmi:
		class = smallIntegerClass
	case ir.OpIsChar:
		class = characterClass
	case ir.OpIsFloat:
		n.fact(fact{op: ir.OpIsSmi, of: k.of}, false)
		n.fact(fact{op: ir.OpIsChar, of: k.of}, false)
		return
	}
	if _, ok := n.classOf(k.of); ok {
		return
	}
	n.about(k.of).classAt = classAt{class, n.b}
	n.fact(fact{op: ir.OpIsSmi, of: k.of}, class == smallIntegerClass)
	n.fact(fact{op: ir.OpIsChar, of: k.of}, class == characterClass)
	if class <= smallFloatClass {
		n.fact(fact{op: ir.OpIsFloat, of: k.of}, class == smallFloatClass)
	}
}

// passed learns from a value that was executed.
func (n *numbering) passed(v *ir.Value) {
	switch v.Op {
	case ir.OpGuardTrue, ir.OpGuardFalse:
		n.learn(v.Args[0], v.Op == ir.OpGuardTrue)
	case ir.OpGuardObj:
		n.fact(fact{op: ir.OpIsSmi, of: v.Args[0].Root()}, false)
		n.fact(fact{op: ir.OpIsChar, of: v.Args[0].Root()}, false)
	default:
		if k, ok := checked(v); ok {
			n.is(k, true)
		}
	}
}

// holds answers what is known of a question.
func (n *numbering) holds(k fact) (holds, ok bool) {
	if class, known := n.classOf(k.of); known && k.op == ir.OpHasClass {
		return class == k.n, true
	}
	l := n.learned(k)
	return l != nil && l.holds, l != nil && n.g.Dominates(l.at, n.b)
}

// isTrue answers what is known of a condition.
func (n *numbering) isTrue(c *ir.Value) (holds, ok bool) {
	if c.Type != ir.TypeBool || c.Op == ir.OpConstBool {
		return false, false
	}
	return n.holds(fact{op: ir.OpConstBool, of: c})
}

// answer answers a value that asks what is known.
func (n *numbering) answer(v *ir.Value) (holds, ok bool) {
	if k, ok := questionOf(v); ok {
		return n.holds(k)
	}
	return n.isTrue(v)
}

// classOf answers the class of a root.
func (n *numbering) classOf(root *ir.Value) (class int64, ok bool) {
	c := n.about(root).classAt
	return c.class, c.at != nil && n.g.Dominates(c.at, n.b)
}

// superfluous tells whether a guard of a condition surely holds; of a guard of an oop
// that does the check goes, and the rest stays.
func (n *numbering) superfluous(v *ir.Value) bool {
	if v.Op == ir.OpGuardTrue || v.Op == ir.OpGuardFalse {
		holds, ok := n.isTrue(v.Args[0])
		return ok && holds == (v.Op == ir.OpGuardTrue)
	}
	if v.Op == ir.OpGuardObj {
		if class, ok := n.classOf(v.Args[0].Root()); ok && class > smallFloatClass {
			v.Op, v.Int, v.Reason, v.State = ir.OpKnownClass, class, ir.ReasonNone, nil
			return n.again(v)
		}
		return false
	}
	k, ok := checked(v)
	if !ok || !v.Op.Info().Guard {
		return false
	}
	if holds, ok := n.holds(k); !ok || !holds {
		return false
	}
	known, ok := map[ir.Op]ir.Op{ir.OpGuardSmi: ir.OpKnownSmi, ir.OpGuardFloat: ir.OpKnownFloat, ir.OpGuardClass: ir.OpKnownClass}[v.Op]
	if !ok || v.Op == ir.OpGuardClass && v.Int <= smallFloatClass {
		return false
	}
	v.Op, v.Reason, v.State = known, ir.ReasonNone, nil
	return n.again(v)
}
