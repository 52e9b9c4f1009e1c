package front

import "github.com/sista-vm/sista/optimizer/ir"

// Class indices that the language knows, with the slots of their instances.
const (
	largeNegativeClass ClassIndex = 32
	largePositiveClass ClassIndex = 33
	boxedFloatClass    ClassIndex = 34
	contextClass       ClassIndex = 36
	oldBlockClass      ClassIndex = 37
	// FullBlockClosureClass is the class of closures of full blocks.
	FullBlockClosureClass ClassIndex = 38
	// ArrayClass is the class of Arrays, which vectors of temporaries are too.
	ArrayClass ClassIndex = 51

	closureBlock    = 1
	closureNumArgs  = 2
	closureReceiver = 3
	closureCopied   = 4
	associationVal  = 1
)

// Instance formats.
const (
	formatEmpty    = 0
	formatFixed    = 1
	formatArray    = 2
	formatVariable = 3
	formatWeak     = 4
)

// A fact is what is known of a value beyond its type.
type fact struct {
	class ClassIndex // 0: unknown
	float bool       // a Float of either kind
	truth bool       // true or false
}

// factOf answers what is known of a value.
func (t *translator) factOf(v *ir.Value) fact {
	if f, ok := t.facts[v]; ok {
		return f
	}
	switch v.Type {
	case ir.TypeSmi:
		return fact{class: SmallIntegerClass}
	case ir.TypeOop, ir.TypeObj:
	default:
		return fact{}
	}
	switch v.Op {
	case ir.OpGuardClass, ir.OpKnownClass, ir.OpNew, ir.OpNewArray, ir.OpNewRaw:
		return fact{class: v.Int, float: v.Int == boxedFloatClass}
	case ir.OpNewContext:
		return fact{class: contextClass}
	case ir.OpMakeChar, ir.OpGuardChar:
		return fact{class: CharacterClass}
	case ir.OpBoxFloat:
		return fact{float: true}
	case ir.OpFromBool:
		return fact{truth: true}
	case ir.OpGuardFloat, ir.OpKnownFloat:
		f := t.factOf(v.Args[0])
		f.float = true
		return f
	case ir.OpGuardObj:
		return t.factOf(v.Args[0])
	case ir.OpLiteral:
		c := t.world.Literal(Handle(v.Int)).Class
		return fact{class: c, float: c == SmallFloatClass || c == boxedFloatClass, truth: v.Int == int64(True) || v.Int == int64(False)}
	}
	return fact{}
}

// common answers what is known of a value that is one or the other.
func (f fact) common(g fact) fact {
	if f.class != g.class {
		f.class = 0
	}
	return fact{class: f.class, float: f.float && g.float, truth: f.truth && g.truth}
}

func (t *translator) classOf(v *ir.Value) ClassIndex { return t.factOf(v).class }

// isInteger and isFloat tell what is known, not what is.
func (t *translator) isInteger(v *ir.Value) bool { return t.classOf(v) == SmallIntegerClass }
func (t *translator) isFloat(v *ir.Value) bool   { return t.factOf(v).float }

// literal answers an object of the program. SmallIntegers and Characters are values
// of their own.
func (t *translator) literal(h Handle) *ir.Value {
	if h > False {
		switch l := t.world.Literal(h); l.Class {
		case SmallIntegerClass:
			return t.cur.ConstSmi(l.Int)
		case CharacterClass:
			return t.cur.MakeChar(t.cur.ConstInt(l.Int))
		case SmallFloatClass:
			if t.fn.Floats == nil {
				t.fn.Floats = map[ir.Handle]float64{}
			}
			t.fn.Floats[ir.Handle(h)] = l.Float
		}
	}
	return t.cur.Literal(ir.Handle(h))
}

// constant answers the handle of a value that is always one object.
func constant(v *ir.Value) (h Handle, ok bool) {
	v = v.Root()
	return Handle(v.Int), v.Op == ir.OpLiteral
}

// only answers the object that is all there is of a class, as a rule: nil, true or
// false; 0 for other classes. To ask for the object is cheaper than for the class.
func (t *translator) only(c ClassIndex) Handle {
	for h := Nil; h <= False; h++ {
		if t.world.Literal(h).Class == c {
			return h
		}
	}
	return 0
}

// isObject answers a condition that holds if a value is nil, true or false.
func (s *scope) isObject(v *ir.Value, h Handle) *ir.Value {
	switch {
	case v.Op == ir.OpFromBool && h == True:
		return v.Args[0]
	case v.Op == ir.OpFromBool && h == False:
		return s.cur.BNot(v.Args[0])
	}
	return s.cur.OopEq(v, s.literal(h))
}

// object answers a value as a heap object, checking that it is one if that is not known.
func (s *scope) object(v *ir.Value, state *ir.State) *ir.Value {
	if v.Type == ir.TypeObj {
		return v
	}
	var o *ir.Value
	if c := s.classOf(v); c > SmallFloatClass {
		o = s.cur.KnownClass(v, c)
	} else {
		o = s.cur.GuardObj(v, ir.ReasonWrongClass, state)
	}
	s.refine(v, o)
	return o
}

// ofClass answers a value as an object of a class, checking that if it is not known.
func (s *scope) ofClass(v *ir.Value, c ClassIndex, state *ir.State) *ir.Value {
	known := s.classOf(v) == c
	var o *ir.Value
	switch {
	case v.Type == ir.TypeSmi && c == SmallIntegerClass || known && v.Type == ir.TypeObj:
		return v
	case known:
		return s.knownAs(v, c)
	case c == SmallIntegerClass:
		o = s.cur.GuardSmi(v, ir.ReasonWrongClass, state)
	case c == CharacterClass:
		o = s.cur.GuardChar(v, ir.ReasonWrongClass, state)
	case c == SmallFloatClass:
		s.cur.GuardTrue(s.cur.HasClass(v, c), ir.ReasonWrongClass, state)
		return v
	default:
		o = s.cur.GuardClass(v, c, ir.ReasonWrongClass, state)
	}
	s.refine(v, o)
	return o
}

// knownAs answers a value as one of a class that it is known to be of.
func (s *scope) knownAs(v *ir.Value, c ClassIndex) *ir.Value {
	o := v
	switch {
	case v.Type == ir.TypeSmi || v.Type == ir.TypeObj && s.classOf(v) == c:
	case c == SmallIntegerClass:
		o = s.cur.KnownSmi(v)
	case c > SmallFloatClass:
		o = s.cur.KnownClass(v, c)
	}
	if o != v {
		s.refine(v, o)
	}
	return o
}

// integer answers the untagged value of a SmallInteger, leaving the code if it is none.
func (s *scope) integer(v *ir.Value, state *ir.State) *ir.Value {
	if v.Type != ir.TypeSmi {
		g := s.cur.GuardSmi(v, ir.ReasonNotSmallInteger, state)
		s.refine(v, g)
		v = g
	}
	if v.Op == ir.OpConstSmi {
		return s.cur.ConstInt(v.Int)
	}
	if v.Op == ir.OpTag {
		return v.Args[0]
	}
	return s.cur.Untag(v)
}

// float answers the unboxed value of a Float, leaving the code if it is none.
func (s *scope) float(v *ir.Value, state *ir.State) *ir.Value {
	switch {
	case v.Op == ir.OpBoxFloat:
		return v.Args[0]
	case v.Op == ir.OpLiteral && s.isFloat(v):
		return s.cur.ConstFloat(s.world.Literal(Handle(v.Int)).Float)
	case !s.isFloat(v):
		g := s.cur.GuardFloat(v, ir.ReasonNotFloat, state)
		s.refine(v, g)
		v = g
	}
	return s.cur.UnboxFloat(v)
}
