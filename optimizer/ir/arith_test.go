package ir_test

import (
	"math/big"

	"github.com/sista-vm/sista/optimizer/ir"
)

// exactly computes with integers of any size.
func exactly(op ir.Op, x, y int64) (r int64, fits bool) {
	a, b := big.NewInt(x), big.NewInt(y)
	switch op {
	case ir.OpIAddO:
		a.Add(a, b)
	case ir.OpISubO:
		a.Sub(a, b)
	case ir.OpIMulO:
		a.Mul(a, b)
	}
	return a.Int64(), a.IsInt64()
}
