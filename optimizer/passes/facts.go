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
	if _, ok := n.facts[k]; ok {
		return
	}
	n.facts[k] = holds
	n.undo = append(n.undo, learned{fact: k})
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
	if _, ok := n.class[k.of]; ok {
		return
	}
	n.class[k.of] = class
	n.undo = append(n.undo, learned{class: k.of})
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
	if class, known := n.class[k.of]; known && k.op == ir.OpHasClass {
		return class == k.n, true
	}
	holds, ok = n.facts[k]
	return holds, ok
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

// classOf answers the class of the first argument of a value.
func (n *numbering) classOf(v *ir.Value) (class int64, ok bool) {
	if len(v.Args) == 0 {
		return 0, false
	}
	class, ok = n.class[v.Args[0].Root()]
	return class, ok
}

// superfluous tells whether a guard of a condition surely holds; of a guard of an oop
// that does the check goes, and the rest stays.
func (n *numbering) superfluous(v *ir.Value) bool {
	if v.Op == ir.OpGuardTrue || v.Op == ir.OpGuardFalse {
		holds, ok := n.isTrue(v.Args[0])
		return ok && holds == (v.Op == ir.OpGuardTrue)
	}
	if class, ok := n.classOf(v); v.Op == ir.OpGuardObj && ok && class > smallFloatClass {
		v.Op, v.Int, v.Reason, v.State = ir.OpKnownClass, class, ir.ReasonNone, nil
		return n.again(v)
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
