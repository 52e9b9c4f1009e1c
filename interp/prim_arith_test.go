package interp

import (
	"math/big"
	"math/bits"
	"math/rand/v2"
	"testing"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

func TestSmallIntegerPrimitives(t *testing.T) {
	w := newWorld(t)
	const most, least = heap.MaxSmallInt, heap.MinSmallInt
	large := w.big("1_152_921_504_606_846_976") // most + 1
	w.check([]primCase{
		row(1, 3, 4)("7"),
		row(1, most, 1)(plugin.Generic),
		row(1, least, -1)(plugin.Generic),
		row(1, 3, large)(plugin.BadArgument),
		row(1, large, 3)(plugin.BadReceiver),
		row(1, 3, 1.5)(plugin.BadArgument),
		row(1, 3)(plugin.BadArgument),
		row(2, 3, 4)("-1"),
		row(2, least, 1)(plugin.Generic),
		row(2, 0, least)(plugin.Generic),
		row(9, -3, 4)("-12"),
		row(9, 1<<30, 1<<30)(plugin.Generic),
		row(9, 1<<30, -(1 << 30))("-1152921504606846976"),
		row(9, most, most)(plugin.Generic),
		row(9, least, least)(plugin.Generic),
		row(9, least, -1)(plugin.Generic),
		row(9, most, 0)("0"),

		row(3, 1, 2)("true"), row(3, 2, 2)("false"), row(3, 3, large)("true"), row(3, large, 3)("false"),
		row(4, 1, 2)("false"), row(4, large, 2)("true"),
		row(5, 2, 2)("true"), row(5, 3, 2)("false"),
		row(6, 2, 2)("true"), row(6, 1, 2)("false"),
		row(7, 2, 2)("true"), row(7, large, large)("true"), row(7, 2, large)("false"),
		row(8, 2, 2)("false"), row(8, 2, large)("true"),
		row(3, 1, "x")(plugin.BadArgument), row(3, "x", 1)(plugin.BadReceiver),
		row(3, 1, w.big("0x8000000000000000"))(plugin.BadArgument),
		row(3, w.big("0x8000000000000000"), 1)(plugin.BadReceiver),
		row(3, w.big("-0x8000000000000000"), 1)("true"),
		row(3, w.big("-0x8000000000000001"), 1)(plugin.BadReceiver),
		row(7, 1, w.big("0x10000000000000000"))(plugin.BadArgument),

		row(10, 12, 4)("3"), row(10, 12, -4)("-3"), row(10, 12, 5)(plugin.Generic), row(10, 12, 0)(plugin.Generic),
		row(10, least, -1)(plugin.Generic),
		row(11, 7, 3)("1"), row(11, -7, 3)("2"), row(11, 7, -3)("-2"), row(11, -7, -3)("-1"),
		row(11, 7, 0)(plugin.Generic), row(11, least, -1)("0"),
		row(12, 7, 3)("2"), row(12, -7, 3)("-3"), row(12, 7, -3)("-3"), row(12, -7, -3)("2"),
		row(12, 7, 0)(plugin.Generic), row(12, least, -1)(plugin.Generic),
		row(13, 7, 3)("2"), row(13, -7, 3)("-2"), row(13, 7, -3)("-2"), row(13, -7, -3)("2"),
		row(13, 7, 0)(plugin.Generic), row(13, least, -1)(plugin.Generic),

		row(14, 12, 10)("8"), row(14, -1, 5)("5"), row(14, -4, -6)("-8"),
		row(14, large, -1)("1152921504606846976"), row(14, w.big("0xFFFFFFFFFFFFFFFF"), 15)("15"),
		row(14, w.big("0xFFFFFFFFFFFFFFFF"), -1)(plugin.BadReceiver), row(14, -1, w.big("0xFFFFFFFFFFFFFFFF"))(plugin.BadArgument),
		row(14, 1, 1.5)(plugin.BadArgument), row(14, "a", 1)(plugin.BadReceiver),
		row(15, 12, 10)("14"), row(15, large, 1)("1152921504606846977"), row(15, -8, 1)("-7"),
		row(16, 12, 10)("6"), row(16, -1, 5)("-6"), row(16, large, large)("0"), row(16, large, -1)("-1152921504606846977"),

		row(17, 5, 2)("20"), row(17, 5, -1)("2"), row(17, -5, -1)("-3"), row(17, -5, 2)("-20"), row(17, 1, 60)("1152921504606846976"),
		row(17, 1, 61)("2305843009213693952"), row(17, 1, 62)(plugin.BadArgument), row(17, 1, -62)(plugin.BadArgument),
		row(17, 5, -61)("0"), row(17, -5, -61)("-1"), row(17, 16, 61)(plugin.Generic), row(17, 0, 61)("0"),
		row(17, large, -3)("144115188075855872"), row(17, large, 3)("9223372036854775808"), row(17, large, 4)(plugin.Generic),
		row(17, w.big("0x10000000000000000"), -1)(plugin.BadReceiver), row(17, 1.5, 1)(plugin.BadReceiver),
		row(17, 1, 1.5)(plugin.BadArgument), row(17, 1, large)(plugin.BadArgument),
		row(17, w.big("-0x8000000000000000"), -3)("-1152921504606846976"),

		row(18, 1, 2)("(Point 1 2)"), row(18, 1.5, w.boxed(2.5e-300))("(Point 1.5 2.5e-300)"), row(18, "x", 2)("(Point 'x' 2)"),
		row(18, 1, "x")(plugin.BadArgument), row(18, 1, nil)(plugin.BadArgument),
		row(19, 1)(plugin.NotFound),
		row(40, 3)("3.0"), row(40, most)("1.152921504606847e+18"), row(40, 1.5)(plugin.BadReceiver),

		row(159, 1)("1664525"), row(159, -1)("266770931"), row(159, w.big("0x123456789ABCDEF012"))("213605610"),
		row(159, w.big("-0x123456789ABCDEF012"))(plugin.BadReceiver), row(159, "ab")(plugin.BadReceiver), row(159, nil, 1)("1664525"),
		row(575, 0)("0"), row(575, 1)("1"), row(575, 255)("8"), row(575, most)("60"), row(575, -1)(plugin.BadReceiver), row(575, large)(plugin.BadReceiver),
	})
}

// TestHashMultiply pins the values above by their definition.
func TestHashMultiply(t *testing.T) {
	w := newWorld(t)
	for _, v := range []string{"1", "12345678901234567", "-1", "-77777", "0x123456789ABCDEF012"} {
		b, _ := new(big.Int).SetString(v, 0)
		want := new(big.Int).Mod(new(big.Int).Mul(b, big.NewInt(1664525)), big.NewInt(1<<28))
		w.checkOne(row(159, w.oop(b))(want.String()))
	}
}

// interesting integers of up to 65 bits.
func interesting(r *rand.Rand) *big.Int {
	b := new(big.Int)
	switch r.IntN(4) {
	case 0:
		b.SetInt64(int64(r.IntN(40) - 20))
	case 1:
		b.Lsh(big.NewInt(1), uint(r.IntN(66)))
		b.Add(b, big.NewInt(int64(r.IntN(5)-2)))
	default:
		b.SetUint64(r.Uint64() >> r.UintN(64))
	}
	if r.IntN(2) == 0 {
		b.Neg(b)
	}
	return b
}

func fits64(b *big.Int) bool { return b.BitLen() <= 64 }

// TestLargeIntegerPrimitives compares primitives 20 to 37 with exact arithmetic:
// the right result where operands and result have 64 bits, failure elsewhere.
func TestLargeIntegerPrimitives(t *testing.T) {
	w := newWorld(t)
	r := rand.New(rand.NewPCG(1, 2))
	divided := func(b *big.Int) bool { return b.Sign() != 0 }
	signed := func(a, b *big.Int) bool { return a.IsInt64() && b.IsInt64() }
	unsigned := func(a, b *big.Int) bool { return a.Sign() >= 0 && b.Sign() >= 0 }
	floorDiv := func(a, b *big.Int) (*big.Int, *big.Int) {
		q, m := new(big.Int).QuoRem(a, b, new(big.Int))
		if m.Sign() != 0 && m.Sign() != b.Sign() {
			q.Sub(q, big.NewInt(1))
			m.Add(m, b)
		}
		return q, m
	}
	// Each answers nil where it fails.
	integer := map[int]func(a, b *big.Int) *big.Int{
		20: func(a, b *big.Int) *big.Int {
			if !divided(b) {
				return nil
			}
			return new(big.Int).Rem(a, b)
		},
		21: func(a, b *big.Int) *big.Int { return new(big.Int).Add(a, b) },
		22: func(a, b *big.Int) *big.Int { return new(big.Int).Sub(a, b) },
		29: func(a, b *big.Int) *big.Int { return new(big.Int).Mul(a, b) },
		30: func(a, b *big.Int) *big.Int {
			if !divided(b) || new(big.Int).Rem(a, b).Sign() != 0 {
				return nil
			}
			return new(big.Int).Quo(a, b)
		},
		31: func(a, b *big.Int) *big.Int {
			if !divided(b) {
				return nil
			}
			_, m := floorDiv(a, b)
			return m
		},
		32: func(a, b *big.Int) *big.Int {
			if !divided(b) {
				return nil
			}
			q, _ := floorDiv(a, b)
			return q
		},
		33: func(a, b *big.Int) *big.Int {
			if !divided(b) {
				return nil
			}
			return new(big.Int).Quo(a, b)
		},
		34: func(a, b *big.Int) *big.Int {
			if !unsigned(a, b) {
				return nil
			}
			return new(big.Int).And(a, b)
		},
		35: func(a, b *big.Int) *big.Int {
			if !unsigned(a, b) {
				return nil
			}
			return new(big.Int).Or(a, b)
		},
		36: func(a, b *big.Int) *big.Int {
			if !unsigned(a, b) {
				return nil
			}
			return new(big.Int).Xor(a, b)
		},
		37: func(a, b *big.Int) *big.Int {
			if !b.IsInt64() || !heap.FitsInt(b.Int64()) {
				return nil
			}
			switch s := b.Int64(); {
			case s > 70:
				if a.Sign() == 0 {
					return a
				}
				return nil
			case s >= 0:
				return new(big.Int).Lsh(a, uint(s))
			default:
				return new(big.Int).Rsh(a, uint(min(-s, 100)))
			}
		},
	}
	compare := map[int]func(order int) bool{
		23: func(o int) bool { return o < 0 }, 24: func(o int) bool { return o > 0 },
		25: func(o int) bool { return o <= 0 }, 26: func(o int) bool { return o >= 0 },
		27: func(o int) bool { return o == 0 }, 28: func(o int) bool { return o != 0 },
	}
	names := map[int]string{20: "Rem", 21: "Add", 22: "Subtract", 23: "LessThan", 24: "GreaterThan", 25: "LessOrEqual",
		26: "GreaterOrEqual", 27: "Equal", 28: "NotEqual", 29: "Multiply", 30: "Divide", 31: "Mod", 32: "Div", 33: "Quo",
		34: "BitAnd", 35: "BitOr", 36: "BitXor", 37: "BitShift"}
	succeeded := 0
	for i := range 60000 {
		n := 20 + i%18
		a, b := interesting(r), interesting(r)
		want := ""
		if f := integer[n]; f != nil {
			if c := f(a, b); c != nil && fits64(a) && fits64(b) && fits64(c) {
				want = c.String()
			}
		} else if signed(a, b) {
			want = "false"
			if compare[n](a.Cmp(b)) {
				want = "true"
			}
		}
		rcvr, arg := w.oop(a), w.oop(b)
		for k := range 2 {
			got, f := heap.Invalid, plugin.OK
			if k == 0 {
				got, f = w.call(n, rcvr, arg)
			} else {
				got, f = w.callNamed("primitive"+names[n]+"LargeIntegers", rcvr, arg)
			}
			if f == plugin.OK {
				succeeded++
			}
			if (f == plugin.OK) != (want != "") || f == plugin.OK && w.show(got) != want {
				t.Fatalf("primitive %d of %v and %v: %s %v, want %q", n, a, b, w.show(got), f, want)
			}
		}
		if i%1000 == 0 {
			w.in.scavengeNow()
		}
	}
	if succeeded < 40000 {
		t.Errorf("only %d calls succeeded", succeeded)
	}
}

func TestLargeIntegerFailures(t *testing.T) {
	w := newWorld(t)
	for n := 20; n <= 37; n++ {
		w.check([]primCase{
			row(n, 1.5, 1)(plugin.BadReceiver),
			row(n, 1, 1.5)(plugin.BadArgument),
			row(n, "abc", 1)(plugin.BadReceiver),
			row(n, 1, "abc")(plugin.BadArgument),
			row(n, w.big("0x10000000000000000"), 1)(plugin.BadReceiver),
		})
	}
}

// TestShiftMatchesBits holds the boundary of left shifts.
func TestShiftMatchesBits(t *testing.T) {
	w := newWorld(t)
	for s := range 64 {
		for _, v := range []uint64{1, 3, 0x8000_0000, 1<<63 - 1, 1 << 63} {
			want := any(plugin.Generic)
			if s <= bits.LeadingZeros64(v) {
				want = new(big.Int).SetUint64(v << s).String()
			}
			w.checkOne(row(37, v, s)(want))
			w.checkOne(row(37, v, -s)(new(big.Int).SetUint64(v >> s).String()))
		}
	}
}
