package passes

import "github.com/sista-vm/sista/optimizer/ir"

// classOf answers the class index of what an oop surely is. Classes of literals are
// not known here.
func classOf(v *ir.Value) (int64, bool) {
	if v.Type == ir.TypeSmi {
		return smallIntegerClass, true
	}
	for ; ; v = v.Args[0] {
		switch v.Op {
		case ir.OpGuardClass, ir.OpKnownClass, ir.OpNew, ir.OpNewArray, ir.OpNewRaw:
			return v.Int, true
		}
		if !v.Op.Info().Refines {
			return 0, false
		}
	}
}

// isFloat tells whether an oop is surely a Float.
func isFloat(v *ir.Value) bool {
	for ; ; v = v.Args[0] {
		switch v.Op {
		case ir.OpGuardFloat, ir.OpKnownFloat, ir.OpBoxFloat:
			return true
		case ir.OpLiteral:
			_, ok := v.Block.Func().FloatLiteral(v)
			return ok
		}
		if !v.Op.Info().Refines {
			return false
		}
	}
}

// object folds guards and questions whose answer is known of an object.
func (fo *folder) object(v *ir.Value) *ir.Value {
	if len(v.Args) == 0 {
		return nil
	}
	x := v.Args[0]
	class, known := int64(0), false
	if x.Type.IsTagged() {
		class, known = classOf(x)
	}
	switch v.Op {
	case ir.OpGuardSmi, ir.OpKnownSmi:
		if x.Type == ir.TypeSmi {
			return x
		}
	case ir.OpGuardFloat, ir.OpKnownFloat:
		if isFloat(x) {
			return x
		}
	case ir.OpGuardObj:
		if x.Type == ir.TypeObj {
			return x
		}
	case ir.OpGuardClass, ir.OpKnownClass:
		if known && class == v.Int && x.Type == ir.TypeObj {
			return x
		}
	case ir.OpHasClass:
		if known {
			return fo.boolean(class == v.Int)
		}
	case ir.OpClassIndex:
		if known {
			return fo.integer(class)
		}
	case ir.OpIsSmi:
		if x.Type != ir.TypeOop {
			return fo.boolean(x.Type == ir.TypeSmi)
		}
	case ir.OpSize:
		switch r := x.Root(); r.Op {
		case ir.OpNewArray:
			if v.Int == 0 {
				return r.Args[0]
			}
		case ir.OpNew:
			if v.Int == 0 {
				return fo.integer(int64(len(r.Args)))
			}
		case ir.OpNewRaw:
			if v.Int != 0 && fo.f.Classes[r.Int].Unit() == v.Int {
				return r.Args[0]
			}
		}
	case ir.OpIsFloat:
		if isFloat(x) || known {
			return fo.boolean(isFloat(x) || class == smallFloatClass)
		}
	case ir.OpIsChar:
		if x.Root().Op == ir.OpMakeChar || known || isFloat(x) {
			return fo.boolean(x.Root().Op == ir.OpMakeChar)
		}
	case ir.OpGuardChar:
		if x.Root().Op == ir.OpMakeChar {
			return x
		}
	case ir.OpCharValue:
		if r := x.Root(); r.Op == ir.OpMakeChar {
			return r.Args[0]
		}
	case ir.OpMakeChar:
		if x.Op == ir.OpCharValue && x.Args[0].Root().Type == ir.TypeOop {
			return x.Args[0]
		}
	case ir.OpOopEq:
		return fo.identity(v, x.Root(), v.Args[1].Root())
	}
	return nil
}

// identity folds a comparison of two oops, given their roots.
func (fo *folder) identity(v, x, y *ir.Value) *ir.Value {
	if x.Op == ir.OpLiteral || x.Op == ir.OpConstSmi {
		x, y = y, x
	}
	nameable := func(v *ir.Value) bool { return v.Op == ir.OpLiteral && v.Int < int64(ir.FirstFreeHandle) }
	switch {
	case x == y:
		return fo.boolean(true)
	case ir.Distinct(x, y), nameable(x) && nameable(y) && x.Int != y.Int:
		return fo.boolean(false)
	case nameable(y) && (x.Type != ir.TypeOop || x.Op == ir.OpBoxFloat):
		return fo.boolean(false)
	case x.Type == ir.TypeSmi && y.Type == ir.TypeObj, x.Type == ir.TypeObj && y.Type == ir.TypeSmi:
		return fo.boolean(false)
	case x.Op == ir.OpConstSmi && y.Op == ir.OpConstSmi:
		return fo.boolean(x.Int == y.Int)
	case x.Op == ir.OpFromBool && nameable(y) && y.Int == int64(ir.HandleTrue):
		return x.Args[0]
	case x.Op == ir.OpFromBool && nameable(y) && y.Int == int64(ir.HandleFalse):
		return fo.make(ir.OpBNot, 0, x.Args[0])
	case x.Op == ir.OpFromBool && nameable(y):
		return fo.boolean(false)
	case x.Op == ir.OpTag && y.Op == ir.OpTag:
		return fo.make(ir.OpIEq, 0, x.Args[0], y.Args[0])
	}
	return nil
}
