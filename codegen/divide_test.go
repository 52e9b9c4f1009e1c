package codegen

import (
	"math/bits"
	"math/rand/v2"
	"testing"

	"github.com/sista-vm/sista/optimizer/ir"
)

// TestDivisor does with the constants of a division what the code does.
func TestDivisor(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200000 {
		d := uint64(3 + r.IntN(1<<r.IntN(40)))
		x := int64(r.Uint64()) >> (3 + r.IntN(61))
		switch r.IntN(6) {
		case 0:
			x = ir.MinSmallInteger + int64(r.IntN(3))
		case 1:
			x = ir.MaxSmallInteger - int64(r.IntN(3))
		case 2:
			x = x/int64(d)*int64(d) - int64(r.IntN(3)) + 1
		}
		if d&(d-1) == 0 || !ir.FitsSmallInteger(x) {
			continue
		}
		shift, up, magic := divisor(d)
		hi, _ := bits.Mul64(uint64(x)+up*d, magic)
		got := int64(hi>>shift - up)
		if want, _ := ir.IntOp(ir.OpIDiv, x, int64(d)); got != want {
			t.Fatalf("%d // %d is %d, not %d", x, d, want, got)
		}
	}
}
