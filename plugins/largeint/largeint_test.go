package largeint

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
	"github.com/sista-vm/sista/plugin/plugintest"
)

const name = "LargeIntegers"

// value answers a result as a big.Int after it has checked that it is normalized.
func value(t *testing.T, v *plugintest.VM, o heap.Oop) *big.Int {
	t.Helper()
	b, ok := v.Heap().BigValue(o)
	if !ok {
		t.Fatalf("result %v is no integer", o)
	}
	if !o.IsInt() {
		if b.IsInt64() && heap.FitsInt(b.Int64()) {
			t.Fatalf("%v is not a SmallInteger", b)
		}
		if bytes := o.Bytes(); bytes[len(bytes)-1] == 0 {
			t.Fatalf("%v has leading zeros", b)
		}
	}
	return b
}

func random(r *rand.Rand, maxBits int) *big.Int {
	n := new(big.Int)
	for range r.IntN(maxBits)/64 + 1 {
		w := r.Uint64()
		if r.IntN(4) == 0 {
			w = []uint64{0, ^uint64(0), 1, 1 << 63}[r.IntN(4)]
		}
		n.Lsh(n, 64).Or(n, new(big.Int).SetUint64(w))
	}
	n.Rsh(n, uint(r.IntN(64)))
	if r.IntN(2) == 0 {
		n.Neg(n)
	}
	return n
}

func abs(x *big.Int) *big.Int { return new(big.Int).Abs(x) }

func signed(x *big.Int, negative bool) *big.Int {
	if negative {
		return x.Neg(x)
	}
	return x
}

// unnormalized makes a LargeInteger with zeros in front.
func unnormalized(v *plugintest.VM, x *big.Int) heap.Oop {
	size := (x.BitLen()+7)/8 + 3
	o := newLarge(v.Heap(), size*8, x.Sign() < 0)
	b := o.Bytes()
	abs(x).FillBytes(b)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return o
}

// check compares every primitive with math/big on a pair of integers.
func check(t *testing.T, v *plugintest.VM, x, y *big.Int, xo, yo heap.Oop) {
	t.Helper()
	xNeg, yNeg := x.Sign() < 0, y.Sign() < 0
	want := func(primitive string, want *big.Int, args ...any) {
		t.Helper()
		o, f := v.Try(name, primitive, xo, args...)
		if f != plugin.OK {
			t.Fatalf("%s of %v and %v fails: %v", primitive, x, y, f)
		}
		if got := value(t, v, o); got.Cmp(want) != 0 {
			t.Fatalf("%s of %v and %v is %v, want %v", primitive, x, y, got, want)
		}
	}
	want("primDigitAdd", signed(new(big.Int).Add(abs(x), abs(y)), xNeg), yo)
	want("primDigitSubtract", signed(new(big.Int).Sub(abs(x), abs(y)), xNeg), yo)
	want("primDigitCompare", big.NewInt(int64(x.CmpAbs(y))), yo)
	product := new(big.Int).Mul(abs(x), abs(y))
	want("primDigitMultiplyNegative", product, yo, false)
	want("primDigitMultiplyNegative", new(big.Int).Neg(product), yo, true)
	if xNeg || yNeg {
		v.Fails(map[bool]plugin.Failure{true: plugin.BadReceiver, false: plugin.BadArgument}[xNeg], name, "primDigitBitAnd", xo, yo)
	} else {
		want("primDigitBitAnd", new(big.Int).And(x, y), yo)
		want("primDigitBitOr", new(big.Int).Or(x, y), yo)
		want("primDigitBitXor", new(big.Int).Xor(x, y), yo)
	}
	for _, n := range []int{0, 1, 7, 63, 64, 65, 200} {
		want("primDigitBitShiftMagnitude", signed(new(big.Int).Lsh(abs(x), uint(n)), xNeg), n)
		want("primDigitBitShiftMagnitude", signed(new(big.Int).Rsh(abs(x), uint(n)), xNeg), -n)
	}
	for _, negative := range []bool{false, true} {
		o, f := v.Try(name, "primDigitDivNegative", xo, yo, negative)
		if y.Sign() == 0 {
			if f != plugin.BadArgument {
				t.Fatalf("division of %v by zero: %v", x, f)
			}
			continue
		}
		if f != plugin.OK {
			t.Fatalf("%v divided by %v fails: %v", x, y, f)
		}
		q, r := new(big.Int).QuoRem(abs(x), abs(y), new(big.Int))
		signed(q, negative)
		signed(r, xNeg)
		gotQ := value(t, v, o.Slot(0))
		gotR, _ := v.Heap().BigValue(o.Slot(1)) // the receiver itself when it is the smaller one
		if gotQ.Cmp(q) != 0 || gotR.Cmp(r) != 0 {
			t.Fatalf("%v divided by %v gives %v and %v, want %v and %v", x, y, gotQ, gotR, q, r)
		}
	}
	if !xo.IsInt() {
		normalize := "primNormalizePositive"
		if xNeg {
			normalize = "primNormalizeNegative"
		}
		want(normalize, x)
	}
	for _, span := range [][2]int{{1, 1}, {1, 64}, {64, 65}, {3, 130}, {70, 90}, {90, 70}, {1, 1 << 20}} {
		any := false
		for i := span[0]; i <= min(span[1], x.BitLen()); i++ {
			any = any || abs(x).Bit(i-1) != 0
		}
		if got := v.Do(name, "primAnyBitFromTo", xo, span[0], span[1]); got != any {
			t.Fatalf("any bit of %x in %v is %v", x, span, got)
		}
	}
}

func TestAgainstBig(t *testing.T) {
	edges := []*big.Int{}
	for _, shift := range []uint{0, 30, 31, 32, 59, 60, 61, 62, 63, 64, 65, 127, 128} {
		for d := int64(-1); d <= 1; d++ {
			e := new(big.Int).Lsh(big.NewInt(1), shift)
			edges = append(edges, e.Add(e, big.NewInt(d)), new(big.Int).Neg(e))
		}
	}
	for _, x := range edges {
		v := plugintest.New(t, Module)
		for _, y := range edges {
			check(t, v, x, y, v.Oop(x), v.Oop(y))
		}
		check(t, v, x, edges[1], unnormalized(v, x), unnormalized(v, edges[1]))
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		v := plugintest.New(t, Module)
		for range 20 {
			x, y := random(r, 4000), random(r, 4000)
			check(t, v, x, y, v.Oop(x), v.Oop(y))
			check(t, v, x, y, unnormalized(v, x), unnormalized(v, y))
		}
	}
}

func FuzzArithmetic(f *testing.F) {
	f.Add([]byte{1}, []byte{255, 255, 255, 255, 255, 255, 255, 255}, false, true)
	f.Fuzz(func(t *testing.T, a, b []byte, aNeg, bNeg bool) {
		v := plugintest.New(t, Module)
		x, y := signed(new(big.Int).SetBytes(a), aNeg), signed(new(big.Int).SetBytes(b), bNeg)
		check(t, v, x, y, v.Oop(x), v.Oop(y))
	})
}

func TestMontgomery(t *testing.T) {
	v := plugintest.New(t, Module)
	if got := v.Do(name, "primMontgomeryDigitLength", 1); got != 32 {
		t.Fatalf("digits have %v bits", got)
	}
	r := rand.New(rand.NewPCG(3, 4))
	word := new(big.Int).Lsh(big.NewInt(1), 32)
	for range 200 {
		m := abs(random(r, 700))
		m.Or(m, big.NewInt(1))
		if m.Cmp(big.NewInt(3)) < 0 {
			continue
		}
		x, y := new(big.Int).Mod(abs(random(r, 700)), m), new(big.Int).Mod(abs(random(r, 700)), m)
		mInv := new(big.Int).ModInverse(m, word)
		mInv.Sub(word, mInv)
		mo := v.Oop(m)
		d, _ := digits32(mo)
		R := new(big.Int).Lsh(big.NewInt(1), uint(32*len(d)))
		want := new(big.Int).Mul(x, y)
		want.Mul(want, new(big.Int).ModInverse(R, m)).Mod(want, m)
		o, f := v.Try(name, "primMontgomeryTimesModulo", x, y, mo, mInv)
		if f != plugin.OK {
			t.Fatalf("%v * %v mod %v fails: %v", x, y, m, f)
		}
		if got := value(t, v, o); got.Cmp(want) != 0 {
			t.Fatalf("%v * %v / R mod %v is %v, want %v", x, y, m, got, want)
		}
	}
	v.Fails(plugin.BadArgument, name, "primMontgomeryTimesModulo", 5, 5, 0, 1)
	v.Fails(plugin.BadArgument, name, "primMontgomeryTimesModulo", 1<<40, 5, 7, 1)
}

func TestFailures(t *testing.T) {
	v := plugintest.New(t, Module)
	v.Fails(plugin.BadArgument, name, "primDigitAdd", 1, "x")
	v.Fails(plugin.BadReceiver, name, "primDigitAdd", "x", 1)
	v.Fails(plugin.BadArgument, name, "primDigitAdd", 1, 1.5)
	v.Fails(plugin.BadArgument, name, "primDigitMultiplyNegative", 1, 1, nil)
	v.Fails(plugin.BadReceiver, name, "primNormalizePositive", 5)
	v.Fails(plugin.BadReceiver, name, "primNormalizeNegative", uint64(1<<63))
	v.Fails(plugin.BadIndex, name, "primAnyBitFromTo", 5, 0, 3)
	v.Fails(plugin.NoMemory, name, "primDigitBitShiftMagnitude", 1, int(heap.MaxSmallInt))
	v.Fails(plugin.NoMemory, name, "primDigitBitShiftMagnitude", 1, 1<<45)
	if got := v.Do(name, "primDigitBitShiftMagnitude", 0, int(heap.MaxSmallInt)); got != 0 {
		t.Errorf("0 shifted is %v", got)
	}
	if got := v.Do(name, "primDigitBitShiftMagnitude", -5, int(heap.MinSmallInt)); got != 0 {
		t.Errorf("-5 shifted is %v", got)
	}
}

func TestFuzzArguments(t *testing.T) { plugintest.Fuzz(t, Module, 2000, nil) }

func BenchmarkAdd(b *testing.B)      { benchmark(b, "primDigitAdd", 128) }
func BenchmarkMultiply(b *testing.B) { benchmark(b, "primDigitMultiplyNegative", 128, false) }
func BenchmarkDivide(b *testing.B)   { benchmark(b, "primDigitDivNegative", 64, false) }

func benchmark(b *testing.B, primitive string, bits uint, more ...any) {
	v := plugintest.New(b, Module)
	x, y := new(big.Int).Lsh(big.NewInt(12345678901), bits), new(big.Int).Lsh(big.NewInt(98765), bits/2)
	args := []any{v.Oop(y)}
	receiver := v.Oop(x)
	eden := v.Heap().EdenFree
	for b.Loop() {
		v.Heap().EdenFree = eden // nothing is kept
		if _, f := v.Try(name, primitive, receiver, append(args, more...)...); f != plugin.OK {
			b.Fatal(f)
		}
	}
}
