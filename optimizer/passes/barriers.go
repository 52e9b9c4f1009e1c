package passes

import "github.com/sista-vm/sista/optimizer/ir"

// Barriers marks stores that need not remember their object, because what they
// store is no young object: an immediate, or nil, true or false. That the object is
// fresh proves nothing: with eden full it is in old space.
func Barriers(f *ir.Func, _ *Policy) {
	for _, b := range f.Blocks {
		for _, v := range b.Values {
			if v.Op.Info().Barrier && neverYoung(v.Stored()) {
				v.NoMark = true
			}
		}
	}
}

func neverYoung(v *ir.Value) bool {
	switch r := v.Root(); {
	case v.Type == ir.TypeSmi, r.Type == ir.TypeSmi, r.Op == ir.OpFromBool:
		return true
	default:
		return r.Op == ir.OpLiteral && r.Int < int64(ir.FirstFreeHandle)
	}
}
