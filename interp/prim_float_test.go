package interp

import (
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

func TestFloatPrimitives(t *testing.T) {
	w := newWorld(t)
	inf, nan, negZero := math.Inf(1), math.NaN(), math.Copysign(0, -1)
	const beyond = 1<<53 + 1
	for _, b := range []int{41, 541} {
		w.check([]primCase{
			row(b, 1.5, 2.25)("3.75"), row(b, 1, 2.5)("3.5"), row(b, 1.5, 2)("3.5"), row(b, 1e308, 1e308)("+Inf"),
			row(b, beyond, 0.0)("9.007199254740992e+15"),
			row(b, 1.5, "x")(plugin.BadArgument), row(b, "x", 1.5)(plugin.BadReceiver), row(b, 1.5)(plugin.BadArgument),
			row(b, 1.5, w.big("0x1000000000000000"))(plugin.BadArgument),
			row(b+1, 1.5, 2.25)("-0.75"), row(b+1, inf, inf)("NaN"), row(b+1, 1.5, nil)(plugin.BadArgument),
			row(b+2, 1.5, 2)("true"), row(b+2, 2.5, 2)("false"), row(b+2, nan, 1.5)("false"), row(b+2, 1.5, beyond)(plugin.Generic),
			row(b+2, -beyond, 1.5)(plugin.Generic), row(b+2, 1.5, 1<<53)("true"), row(b+2, 1.5, 'x')(plugin.BadArgument),
			row(b+3, 1.5, 2)("false"), row(b+3, 2.5, 2)("true"), row(b+3, nan, nan)("false"), row(b+3, beyond, 1.5)(plugin.Generic),
			row(b+4, 2.0, 2)("true"), row(b+4, 2.5, 2)("false"), row(b+4, nan, 2)("false"), row(b+4, 2.5, beyond)(plugin.Generic),
			row(b+5, 2.0, 2)("true"), row(b+5, 1.5, 2)("false"), row(b+5, nan, 2)("false"), row(b+5, 2.5, beyond)(plugin.Generic),
			row(b+6, 2.0, 2)("true"), row(b+6, negZero, 0.0)("true"), row(b+6, nan, nan)("false"), row(b+6, 2.0, beyond)(plugin.Generic),
			row(b+6, 2.0, "2.0")(plugin.BadArgument),
			row(b+7, 2.0, 2)("false"), row(b+7, nan, nan)("true"), row(b+7, 2.0, beyond)(plugin.Generic),
			row(b+8, 1.5, 2.5)("3.75"), row(b+8, 1e-300, 1e-300)("0.0"), row(b+8, -1e-300, 1e-300)("-0.0"), row(b+8, 1.5, true)(plugin.BadArgument),
			row(b+9, 1.0, 4)("0.25"), row(b+9, 1.0, 0.0)(plugin.Generic), row(b+9, 1.0, negZero)(plugin.Generic), row(b+9, 1.0, 0)(plugin.Generic),
			row(b+9, 1.0, "x")(plugin.BadArgument),
			row(b+10, 2.75)("2"), row(b+10, -2.75)("-2"), row(b+10, 1e30)(plugin.Generic), row(b+10, nan)(plugin.Generic), row(b+10, inf)(plugin.Generic),
			row(b+10, -0x1p60)("-1152921504606846976"), row(b+10, 0x1p60)(plugin.Generic), row(b+10, math.Nextafter(0x1p60, 0))("1152921504606846848"),
			row(b+10, math.Nextafter(-0x1p60, -inf))(plugin.Generic), row(b+10, "x")(plugin.BadReceiver), row(b+10, negZero)("0"),
			row(b+11, 2.75)("0.75"), row(b+11, -2.75)("-0.75"), row(b+11, -3.0)("-0.0"), row(b+11, inf)("0.0"), row(b+11, -inf)("-0.0"),
			row(b+11, nan)("NaN"), row(b+11, nil)(plugin.BadReceiver),
			row(b+12, 1.0)("0"), row(b+12, 10.0)("3"), row(b+12, 0.1)("-4"), row(b+12, 5e-324)("-1074"), row(b+12, 0.0)("-1"), row(b+12, 'x')(plugin.BadReceiver),
			row(b+13, 1.5, 4)("24.0"), row(b+13, 1.0, -1074)("5e-324"), row(b+13, 1.0, -1075)("0.0"), row(b+13, 5e-324, 2000)("5.67251933470834e+278"),
			row(b+13, 1.0, heap.MaxSmallInt)("+Inf"), row(b+13, 1.0, heap.MinSmallInt)("0.0"), row(b+13, 1.0, 1.5)(plugin.BadArgument), row(b+13, "x", 1)(plugin.BadReceiver),
			row(b+14, 2.25)("1.5"), row(b+14, 2.0)("1.4142135623730951"), row(b+14, negZero)("-0.0"), row(b+14, -1.0)(plugin.Generic), row(b+14, -inf)(plugin.Generic),
			row(b+14, nan)("NaN"), row(b+14, "x")(plugin.BadReceiver),
			row(b+15, 0.0)("0.0"), row(b+15, 1.0)("0.8414709848078965"), row(b+15, inf)("NaN"), row(b+15, "x")(plugin.BadReceiver),
			row(b+16, 1.0)("0.7853981633974483"), row(b+16, inf)("1.5707963267948966"), row(b+16, "x")(plugin.BadReceiver),
			row(b+17, 1.0)("0.0"), row(b+17, 0.0)("-Inf"), row(b+17, -1.0)("NaN"), row(b+17, 10.0)("2.302585092994046"), row(b+17, "x")(plugin.BadReceiver),
			row(b+18, 0.0)("1.0"), row(b+18, 1.0)("2.718281828459045"), row(b+18, -1000.0)("0.0"), row(b+18, 1000.0)("+Inf"), row(b+18, "x")(plugin.BadReceiver),
		})
	}
	w.check([]primCase{
		row(150, 0.0)("1.0"), row(560, 1.0)("0.5403023058681398"), row(560, "x")(plugin.BadReceiver),

		row(38, 1.0, 1)("1072693248"), row(38, 1.0, 2)("0"), row(38, w.boxed(math.Float64frombits(0x123456789ABCDEF0)), 1)("305419896"),
		row(38, w.boxed(math.Float64frombits(0x123456789ABCDEF0)), 2)("2596069104"),
		row(38, 1.0, 3)(plugin.BadIndex), row(38, 1.0, 0)(plugin.BadIndex), row(38, 1.0, 1.0)(plugin.BadArgument), row(38, 3, 1)(plugin.BadReceiver),
		row(39, 1.5, 1, 0)(plugin.BadReceiver), row(39, w.boxed(1e300), 3, 0)(plugin.BadIndex), row(39, w.boxed(1e300), nil, 0)(plugin.BadArgument),
		row(39, w.boxed(1e300), 1, -1)(plugin.BadArgument), row(39, w.boxed(1e300), 1, 1<<32)(plugin.BadArgument), row(39, w.boxed(1e300), 1, 1.5)(plugin.BadArgument),
		row(39, w.frozen(w.boxed(1e300)), 1, 0)(plugin.NoModification), row(39, "x", 1, 0)(plugin.BadReceiver),
	})
	f := w.boxed(math.NaN())
	w.checkOne(row(39, f, 1, 0x7E37E43C)("2117592124"))
	w.checkOne(row(39, f, 2, 0x8800759C)("2281731484"))
	w.assert(w.show(f) == "1e+300", "float put together is %s", w.show(f))
}

// TestFloatsNormalized holds that a result is immediate exactly when it can be.
func TestFloatsNormalized(t *testing.T) {
	w := newWorld(t)
	r := rand.New(rand.NewPCG(3, 4))
	for range 20000 {
		a, b := math.Float64frombits(r.Uint64()), math.Float64frombits(r.Uint64())
		if r.IntN(2) == 0 { // near the limits of immediates
			a = math.Ldexp(1+r.Float64(), r.IntN(20)+[]int{-137, 118}[r.IntN(2)])
			b = float64(r.IntN(5)) - 2
		}
		for n, want := range map[int]float64{41: a + b, 42: a - b, 49: a * b} {
			x, y := w.oop(a), w.oop(b)
			if r.IntN(2) == 0 {
				x, y = w.boxed(a), w.boxed(b) // not normalized operands are right too
			}
			got, f := w.call(n, x, y)
			_, small := heap.FromSmallFloat(want)
			v, _ := w.heap.FloatValue(got)
			if f != plugin.OK || got.IsSmallFloat() != small || math.Float64bits(v) != math.Float64bits(want) && want == want {
				t.Fatalf("primitive %d of %v and %v: %s %v, want %v", n, a, b, w.show(got), f, want)
			}
		}
		if s, _ := w.heap.NeedsGC(); s {
			w.in.scavengeNow()
		}
	}
}

// TestFloatsExact compares rounding operations with arithmetic of any precision.
func TestFloatsExact(t *testing.T) {
	w := newWorld(t)
	r := rand.New(rand.NewPCG(5, 6))
	random := func() float64 { return math.Ldexp(r.Float64()-0.5, r.IntN(200)-100) }
	for range 5000 {
		a, b := random(), random()
		x, y := new(big.Float).SetFloat64(a), new(big.Float).SetFloat64(b)
		exact := func() *big.Float { return new(big.Float).SetPrec(2000) }
		for n, z := range map[int]*big.Float{
			41: exact().Add(x, y), 42: exact().Sub(x, y), 49: exact().Mul(x, y), 50: exact().Quo(x, y), 55: exact().Sqrt(exact().Abs(x)),
		} {
			rcvr := w.oop(a)
			if n == 55 {
				rcvr = w.oop(math.Abs(a))
			}
			want, _ := z.Float64()
			if want == 0 {
				continue
			}
			w.checkOne(row(n, rcvr, b)(w.show(w.oop(want))))
		}
		power := r.IntN(2400) - 1200
		want, _ := new(big.Float).SetMantExp(x, power).Float64()
		if want != 0 {
			w.checkOne(row(54, a, power)(w.show(w.oop(want))))
		}
		i := int64(r.Uint64()) >> (3 + r.UintN(60))
		want, _ = new(big.Float).SetInt64(i).Float64()
		w.checkOne(row(40, i)(w.show(w.oop(want))))
		w.checkOne(row(51, want/4)(strconv.FormatInt(int64(math.Trunc(want/4)), 10)))
		if s, _ := w.heap.NeedsGC(); s {
			w.in.scavengeNow()
		}
	}
}

// TestFloatFunctions compares the transcendental functions with their series
// computed to many digits: they must be within one unit in the last place.
func TestFloatFunctions(t *testing.T) {
	w := newWorld(t)
	r := rand.New(rand.NewPCG(7, 8))
	const prec = 400
	exp := func(v float64) *big.Float {
		x := new(big.Float).SetPrec(prec).SetFloat64(v)
		sum, term := big.NewFloat(1).SetPrec(prec), big.NewFloat(1).SetPrec(prec)
		for k := 1; k < 300; k++ {
			term.Mul(term, x)
			term.Quo(term, new(big.Float).SetPrec(prec).SetInt64(int64(k)))
			sum.Add(sum, term)
		}
		return sum
	}
	odd := func(v float64, start int, next func(k int) *big.Float) *big.Float { // alternating series in v squared
		x := new(big.Float).SetPrec(prec).SetFloat64(v)
		square := new(big.Float).SetPrec(prec).Mul(x, x)
		term, sum := big.NewFloat(1).SetPrec(prec), new(big.Float).SetPrec(prec)
		if start == 1 {
			term.Set(x)
		}
		for k := start; k < 200; k += 2 {
			sum.Add(sum, term)
			term.Mul(term, square)
			term.Quo(term, next(k))
			term.Neg(term)
		}
		return sum
	}
	factorial := func(k int) *big.Float { return new(big.Float).SetPrec(prec).SetInt64(int64((k + 1) * (k + 2))) }
	for range 300 {
		v := r.Float64()*6 - 3
		for n, want := range map[int]*big.Float{59: exp(v), 56: odd(v, 1, factorial), 150: odd(v, 0, factorial)} {
			got, f := w.call(n, w.oop(v))
			g, _ := w.heap.FloatValue(got)
			exact, _ := want.Float64()
			if ulp := math.Abs(math.Nextafter(exact, 10)-exact) + 1e-320; f != plugin.OK || math.Abs(g-exact) > ulp && math.Abs(exact) > 1e-10 {
				t.Errorf("primitive %d of %v: %v, exactly %v", n, v, g, exact)
			}
		}
		// ln and arcTan through their inverses.
		if got, _ := w.call(58, w.oop(math.Exp(v))); math.Abs(mustFloat(w, got)-v) > 1e-15 {
			t.Errorf("ln of exp %v: %s", v, w.show(got))
		}
		if got, _ := w.call(57, w.oop(math.Tan(v/2))); math.Abs(mustFloat(w, got)-v/2) > 1e-15 {
			t.Errorf("arcTan of tan %v: %s", v/2, w.show(got))
		}
	}
}

func mustFloat(w *world, o heap.Oop) float64 {
	w.t.Helper()
	f, ok := w.heap.FloatValue(o)
	if !ok {
		w.t.Errorf("%s is no float", w.show(o))
	}
	return f
}
