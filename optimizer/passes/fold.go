package passes

import (
	"math"
	"math/bits"

	"github.com/sista-vm/sista/optimizer/ir"
)

// Fold computes what is known when compiling, and simplifies by the laws of
// arithmetic and of conversions. Every rule makes the function smaller, or turns
// an operation into a cheaper one in the order of the table of ops, so folding ends.
func Fold(f *ir.Func, _ *Policy) {
	g := removeUnreachable(f)
	fo := &folder{f: f, s: f.NewSubstitution()}
	for _, b := range g.Order {
		values := b.Values
		fo.b, b.Values = b, make([]*ir.Value, 0, len(values))
		for _, v := range values {
			fo.visit(v)
		}
		for i, a := range b.End.Args {
			b.End.Args[i] = fo.s.Find(a)
		}
	}
	fo.s.Apply()
}

// A folder goes over the values of a block and puts those that stay, and new ones,
// in its new list.
type folder struct {
	f *ir.Func
	s *ir.Substitution
	b *ir.Block
}

func (fo *folder) visit(v *ir.Value) {
	for i, a := range v.Args {
		v.Args[i] = fo.s.Find(a)
	}
	switch w := fo.simplify(v); {
	case w != nil:
		fo.s.Replace(v, w)
	case !holds(v):
		fo.b.Append(v)
	}
}

// make answers a new value before the one visited, or what it simplifies to.
func (fo *folder) make(op ir.Op, n int64, args ...*ir.Value) *ir.Value {
	w := fo.f.NewValue(op, args...)
	w.Int = n
	if x := fo.simplify(w); x != nil {
		return x
	}
	fo.b.Append(w)
	return w
}

func (fo *folder) integer(n int64) *ir.Value { return fo.make(ir.OpConstInt, n) }

func (fo *folder) boolean(b bool) *ir.Value {
	n := int64(0)
	if b {
		n = 1
	}
	return fo.make(ir.OpConstBool, n)
}

// holds tells whether a guard without an answer always holds.
func holds(v *ir.Value) bool {
	switch v.Op {
	case ir.OpGuardTrue:
		return v.Args[0].Op == ir.OpConstBool && v.Args[0].Int != 0
	case ir.OpGuardFalse:
		return v.Args[0].Op == ir.OpConstBool && v.Args[0].Int == 0
	}
	return false
}

// simplify answers what can be used in place of v, or nil.
func (fo *folder) simplify(v *ir.Value) *ir.Value {
	if w := fo.constant(v); w != nil {
		return w
	}
	if w := fo.integers(v); w != nil {
		return w
	}
	if w := fo.conversion(v); w != nil {
		return w
	}
	return fo.object(v)
}

func isInt(v *ir.Value) bool { return v.Op == ir.OpConstInt }

func float(v *ir.Value) float64 { return math.Float64frombits(uint64(v.Int)) }

// constant computes operations on constants.
func (fo *folder) constant(v *ir.Value) *ir.Value {
	if len(v.Args) == 0 || len(v.Args) > 2 {
		return nil
	}
	x := v.Args[0]
	y := v.Args[len(v.Args)-1]
	switch {
	case x.Op == ir.OpConstFloat && y.Op == ir.OpConstFloat:
		if r, ok := ir.FloatOp(v.Op, float(x), float(y)); ok && !math.IsNaN(r) {
			return fo.make(ir.OpConstFloat, int64(math.Float64bits(r)))
		}
		if r, ok := ir.CompareFloats(v.Op, float(x), float(y)); ok {
			return fo.boolean(r)
		}
		if n, ok := ir.Truncate(float(x)); ok && v.Op == ir.OpFToI {
			return fo.integer(n)
		}
	case isInt(x) && isInt(y) && len(v.Args) == 2:
		if r, ok := ir.IntOp(v.Op, x.Int, y.Int); ok {
			return fo.integer(r)
		}
		if r, fits, ok := ir.CheckedOp(v.Op, x.Int, y.Int); ok && fits {
			return fo.integer(r)
		}
		if r, ok := ir.CompareInts(v.Op, x.Int, y.Int); ok {
			return fo.boolean(r)
		}
		if v.Op == ir.OpGuardIndex && x.Int >= 0 && x.Int < y.Int {
			return x
		}
	case isInt(x) && v.Op == ir.OpIToF:
		return fo.make(ir.OpConstFloat, int64(math.Float64bits(float64(x.Int))))
	case x.Op == ir.OpConstBool && v.Op == ir.OpBNot:
		return fo.boolean(x.Int == 0)
	case x.Op == ir.OpConstBool && v.Op == ir.OpFromBool:
		h := ir.HandleFalse
		if x.Int != 0 {
			h = ir.HandleTrue
		}
		return fo.make(ir.OpLiteral, int64(h))
	}
	return nil
}

// isSmallInt tells whether an untagged integer surely has the range of a SmallInteger.
func isSmallInt(v *ir.Value) bool {
	switch v = v.Root(); v.Op {
	case ir.OpUntag, ir.OpIAddO, ir.OpISubO, ir.OpIMulO, ir.OpIShlO, ir.OpFToI, ir.OpSize, ir.OpCharValue, ir.OpIdentityHash, ir.OpClassIndex,
		ir.OpReplaceBytes, ir.OpReplaceOops, ir.OpCompareBytes, ir.OpHashBytes:
		return true
	case ir.OpConstInt:
		return ir.FitsSmallInteger(v.Int)
	case ir.OpLoadRaw:
		return v.Int < 8
	}
	return false
}

// integers applies laws of integer arithmetic.
func (fo *folder) integers(v *ir.Value) *ir.Value {
	if len(v.Args) != 2 {
		return nil
	}
	x, y := v.Args[0], v.Args[1]
	if v.Op.Info().Commutes && x.Type == ir.TypeInt && isInt(x) && !isInt(y) {
		x, y = y, x
		v.Args[0], v.Args[1] = x, y
	}
	is := func(n int64) bool { return isInt(y) && y.Int == n }
	switch v.Op {
	case ir.OpIAdd, ir.OpISub, ir.OpIOr, ir.OpIXor, ir.OpIShl, ir.OpISar:
		if is(0) {
			return x
		}
	case ir.OpIShlO:
		if is(0) && isSmallInt(x) {
			return x
		}
	case ir.OpIMul, ir.OpIDiv, ir.OpIQuo:
		if is(1) {
			return x
		}
	case ir.OpIAddO, ir.OpISubO:
		if is(0) && isSmallInt(x) {
			return x
		}
	case ir.OpIMulO:
		if is(1) && isSmallInt(x) {
			return x
		}
	}
	if w := fo.sum(v, x, y); w != nil {
		return w
	}
	if w := fo.division(v, x, y); w != nil {
		return w
	}
	if is(0) && (v.Op == ir.OpIMul || v.Op == ir.OpIMulO || v.Op == ir.OpIAnd) {
		return y
	}
	if x == y {
		switch v.Op {
		case ir.OpISub, ir.OpISubO, ir.OpIXor:
			return fo.integer(0)
		case ir.OpIAnd, ir.OpIOr:
			return x
		case ir.OpIEq, ir.OpILe:
			return fo.boolean(true)
		case ir.OpINe, ir.OpILt:
			return fo.boolean(false)
		}
	}
	return nil
}

// sum adds constants: x + c + d is x + (c + d), as sums wrap.
func (fo *folder) sum(v, x, y *ir.Value) *ir.Value {
	if v.Op != ir.OpIAdd && v.Op != ir.OpISub || !isInt(y) || len(x.Args) != 2 || !isInt(x.Args[1]) {
		return nil
	}
	c := x.Args[1].Int
	switch x.Op {
	case ir.OpISub, ir.OpISubO:
		c = -c
	case ir.OpIAdd, ir.OpIAddO:
	default:
		return nil
	}
	if c += y.Int; v.Op == ir.OpISub {
		c -= 2 * y.Int
	}
	if c < 0 {
		return fo.make(ir.OpISub, 0, x.Args[0], fo.integer(-c))
	}
	return fo.make(ir.OpIAdd, 0, x.Args[0], fo.integer(c))
}

// division divides by powers of two: rounding down is what shifts and masks do.
func (fo *folder) division(v, x, y *ir.Value) *ir.Value {
	if !isInt(y) || y.Int <= 0 || y.Int&(y.Int-1) != 0 {
		return nil
	}
	switch v.Op {
	case ir.OpIDiv:
		return fo.make(ir.OpISar, 0, x, fo.integer(int64(bits.TrailingZeros64(uint64(y.Int)))))
	case ir.OpIMod:
		return fo.make(ir.OpIAnd, 0, x, fo.integer(y.Int-1))
	}
	return nil
}

// conversion removes changes of type that undo each other, and conditions of
// conditions.
func (fo *folder) conversion(v *ir.Value) *ir.Value {
	if len(v.Args) == 0 {
		return nil
	}
	x := v.Args[0]
	switch v.Op {
	case ir.OpTag:
		switch x.Op {
		case ir.OpUntag:
			return x.Args[0]
		case ir.OpConstInt:
			if ir.FitsSmallInteger(x.Int) {
				return fo.make(ir.OpConstSmi, x.Int)
			}
		}
	case ir.OpUntag:
		switch x.Op {
		case ir.OpTag:
			return x.Args[0]
		case ir.OpConstSmi:
			return fo.integer(x.Int)
		}
	case ir.OpUnboxFloat:
		r := x.Root()
		if r.Op == ir.OpBoxFloat {
			return r.Args[0]
		}
		if f, ok := fo.f.FloatLiteral(r); ok {
			return fo.make(ir.OpConstFloat, int64(math.Float64bits(f)))
		}
	case ir.OpBNot:
		switch x.Op {
		case ir.OpBNot:
			return x.Args[0]
		case ir.OpILt:
			return fo.make(ir.OpILe, 0, x.Args[1], x.Args[0])
		case ir.OpILe:
			return fo.make(ir.OpILt, 0, x.Args[1], x.Args[0])
		case ir.OpIEq:
			return fo.make(ir.OpINe, 0, x.Args[0], x.Args[1])
		case ir.OpINe:
			return fo.make(ir.OpIEq, 0, x.Args[0], x.Args[1])
		}
	}
	return nil
}
