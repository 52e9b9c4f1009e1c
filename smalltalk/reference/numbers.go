package reference

import (
	"math"
	"math/big"
)

// maxExact bounds the integers that every implementation makes the same float of.
const maxExact = 1 << 53

// toFloat answers a number as a float, if that is exact.
func toFloat(v object) (float64, error) {
	switch v := v.(type) {
	case float64:
		return v, nil
	case *big.Int:
		if !v.IsInt64() || v.Int64() > maxExact || v.Int64() < -maxExact {
			return 0, openf("a large integer mixed with floats")
		}
		return float64(v.Int64()), nil
	}
	return 0, openf("arithmetic with something other than a number")
}

// bounded answers an integer unless it has become too large.
func bounded(i *big.Int) (object, error) {
	if i.BitLen() > maxBits {
		return nil, openf("an integer of more than %d bits", maxBits)
	}
	return i, nil
}

// arithmetic makes an operation on two numbers of which one may be an integer
// and the other a float.
func arithmetic(ints func(ev *evaluator, a, b *big.Int) (object, error),
	floats func(ev *evaluator, a, b float64) (object, error)) native {
	return func(ev *evaluator, r object, args []object) (object, error) {
		a, aInt := r.(*big.Int)
		b, bInt := args[0].(*big.Int)
		if aInt && bInt {
			return ints(ev, a, b)
		}
		if floats == nil {
			return nil, openf("an integer operation on a float")
		}
		x, err := toFloat(r)
		if err != nil {
			return nil, err
		}
		y, err := toFloat(args[0])
		if err != nil {
			return nil, err
		}
		return floats(ev, x, y)
	}
}

func exact(f func(z, a, b *big.Int) *big.Int) func(*evaluator, *big.Int, *big.Int) (object, error) {
	return func(_ *evaluator, a, b *big.Int) (object, error) {
		if a.BitLen()+b.BitLen() > 2*maxBits {
			return nil, openf("integers too large")
		}
		return bounded(f(new(big.Int), a, b))
	}
}

func rounded(f func(a, b float64) float64) func(*evaluator, float64, float64) (object, error) {
	return func(_ *evaluator, a, b float64) (object, error) { return f(a, b), nil }
}

// division makes an integer division; zero divisors are an error.
func division(f func(z, a, b *big.Int) *big.Int) native {
	return arithmetic(func(ev *evaluator, a, b *big.Int) (object, error) {
		if b.Sign() == 0 {
			return ev.signal("ZeroDivide")
		}
		return f(new(big.Int), a, b), nil
	}, nil)
}

// floorDiv is the quotient rounded towards negative infinity, floorMod what
// that leaves: of the divisor's sign.
func floorDiv(z, a, b *big.Int) *big.Int {
	m := new(big.Int)
	z.QuoRem(a, b, m)
	if m.Sign() != 0 && m.Sign() != b.Sign() {
		z.Sub(z, big.NewInt(1))
	}
	return z
}

func floorMod(z, a, b *big.Int) *big.Int {
	z.Rem(a, b)
	if z.Sign() != 0 && z.Sign() != b.Sign() {
		z.Add(z, b)
	}
	return z
}

// compare compares two numbers, exactly.
func compare(a, b object, holds func(int) bool) (bool, error) {
	x, xInt := a.(*big.Int)
	y, yInt := b.(*big.Int)
	if xInt && yInt {
		return holds(x.Cmp(y)), nil
	}
	f, err := toFloat(a)
	if err != nil {
		return false, err
	}
	g, err := toFloat(b)
	if err != nil {
		return false, err
	}
	switch {
	case f < g:
		return holds(-1), nil
	case f > g:
		return holds(1), nil
	case f == g:
		return holds(0), nil
	}
	return false, nil // not a number
}

func comparison(holds func(int) bool) native {
	return boolean(func(_ *evaluator, a, b object) (bool, error) { return compare(a, b, holds) })
}

var numberNatives = natives{
	"+": arithmetic(exact((*big.Int).Add), rounded(func(a, b float64) float64 { return a + b })),
	"-": arithmetic(exact((*big.Int).Sub), rounded(func(a, b float64) float64 { return a - b })),
	"*": arithmetic(exact((*big.Int).Mul), rounded(func(a, b float64) float64 { return a * b })),
	"/": arithmetic(
		func(ev *evaluator, a, b *big.Int) (object, error) {
			if b.Sign() == 0 {
				return ev.signal("ZeroDivide")
			}
			q, m := new(big.Int).QuoRem(a, b, new(big.Int))
			if m.Sign() != 0 {
				return nil, openf("a fraction")
			}
			return q, nil
		},
		func(ev *evaluator, a, b float64) (object, error) {
			if b == 0 {
				return ev.signal("ZeroDivide")
			}
			return a / b, nil
		}),
	"//":   division(floorDiv),
	`\\`:   division(floorMod),
	"quo:": division((*big.Int).Quo),
	"rem:": division((*big.Int).Rem),
	"<":    comparison(func(c int) bool { return c < 0 }),
	">":    comparison(func(c int) bool { return c > 0 }),
	"<=":   comparison(func(c int) bool { return c <= 0 }),
	">=":   comparison(func(c int) bool { return c >= 0 }),
	"max:": extreme(1),
	"min:": extreme(-1),
	"between:and:": func(ev *evaluator, r object, a []object) (object, error) {
		low, err := compare(r, a[0], func(c int) bool { return c >= 0 })
		if err != nil || !low {
			return false, err
		}
		high, err := compare(r, a[1], func(c int) bool { return c <= 0 })
		return high, err
	},
	"to:do:":    func(ev *evaluator, r object, a []object) (object, error) { return ev.count(r, a[0], integer(1), a[1]) },
	"to:by:do:": func(ev *evaluator, r object, a []object) (object, error) { return ev.count(r, a[0], a[1], a[2]) },
}

// extreme makes max: (sign 1) and min: (sign -1).
func extreme(sign int) native {
	return func(_ *evaluator, r object, a []object) (object, error) {
		_, x := r.(*big.Int)
		_, y := a[0].(*big.Int)
		if !x || !y {
			return nil, openf("which of two floats is larger")
		}
		more, err := compare(r, a[0], func(c int) bool { return c == sign })
		if more {
			return r, err
		}
		return a[0], err
	}
}

// count evaluates a block for the numbers from start to stop.
func (ev *evaluator) count(start, stop, step, block object) (object, error) {
	ahead, err := compare(step, integer(0), func(c int) bool { return c > 0 })
	if err != nil {
		return nil, err
	}
	if zero, _ := compare(step, integer(0), func(c int) bool { return c == 0 }); zero {
		return nil, openf("a step of zero")
	}
	for i := start; ; {
		inside, err := compare(i, stop, func(c int) bool { return c == 0 || (c < 0) == ahead })
		if err != nil {
			return nil, err
		}
		if !inside {
			return start, nil
		}
		if _, err := ev.call(block, i); err != nil {
			return nil, err
		}
		if i, err = ev.send(i, "+", step); err != nil {
			return nil, err
		}
	}
}

func ofInteger(f func(i *big.Int) (object, error)) native {
	return func(_ *evaluator, r object, _ []object) (object, error) { return f(r.(*big.Int)) }
}

var integerNatives = natives{
	"negated": ofInteger(func(i *big.Int) (object, error) { return new(big.Int).Neg(i), nil }),
	"abs":     ofInteger(func(i *big.Int) (object, error) { return new(big.Int).Abs(i), nil }),
	"sign":    ofInteger(func(i *big.Int) (object, error) { return integer(i.Sign()), nil }),
	"even":    ofInteger(func(i *big.Int) (object, error) { return i.Bit(0) == 0, nil }),
	"odd":     ofInteger(func(i *big.Int) (object, error) { return i.Bit(0) == 1, nil }),
	"isZero":  ofInteger(func(i *big.Int) (object, error) { return i.Sign() == 0, nil }),
	"squared": ofInteger(func(i *big.Int) (object, error) { return bounded(new(big.Int).Mul(i, i)) }),
	"bitInvert": ofInteger(func(i *big.Int) (object, error) {
		return new(big.Int).Not(i), nil
	}),
	"asInteger":   self,
	"truncated":   self,
	"printString": ofInteger(func(i *big.Int) (object, error) { return newText(i.String()), nil }),
	"asFloat": ofInteger(func(i *big.Int) (object, error) {
		f, err := toFloat(i)
		return f, err
	}),
	"bitAnd:": arithmetic(exact((*big.Int).And), nil),
	"bitOr:":  arithmetic(exact((*big.Int).Or), nil),
	"bitXor:": arithmetic(exact((*big.Int).Xor), nil),
	"gcd:": arithmetic(exact(func(z, a, b *big.Int) *big.Int {
		return z.GCD(nil, nil, new(big.Int).Abs(a), new(big.Int).Abs(b))
	}), nil),
	"bitShift:": func(_ *evaluator, r object, a []object) (object, error) {
		n, ok := small(a[0])
		if !ok || n > 1000 || n < -10000 {
			return nil, openf("a far shift")
		}
		if n < 0 {
			return new(big.Int).Rsh(r.(*big.Int), uint(-n)), nil
		}
		return bounded(new(big.Int).Lsh(r.(*big.Int), uint(n)))
	},
	"timesRepeat:": func(ev *evaluator, r object, a []object) (object, error) {
		if _, err := ev.count(integer(1), r, integer(1), ignoringArgument{a[0]}); err != nil {
			return nil, err
		}
		return r, nil
	},
}

// ignoringArgument stands for a block that is evaluated without the argument.
type ignoringArgument struct{ block object }

func ofFloat(f func(x float64) (object, error)) native {
	return func(_ *evaluator, r object, _ []object) (object, error) { return f(r.(float64)) }
}

var floatNatives = natives{
	"negated": ofFloat(func(x float64) (object, error) { return -x, nil }),
	"abs":     ofFloat(func(x float64) (object, error) { return math.Abs(x), nil }),
	"asFloat": self,
	"squared": ofFloat(func(x float64) (object, error) { return x * x, nil }),
	"truncated": ofFloat(func(x float64) (object, error) {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return nil, openf("the integer part of something infinite")
		}
		i, _ := big.NewFloat(math.Trunc(x)).Int(nil)
		return i, nil
	}),
	"sqrt": ofFloat(func(x float64) (object, error) {
		if !(x >= 0) {
			return nil, openf("a strange root")
		}
		return math.Sqrt(x), nil
	}),
}

var characterNatives = natives{
	"asInteger": func(_ *evaluator, r object, _ []object) (object, error) { return integer(int(r.(character))), nil },
	"value":     func(_ *evaluator, r object, _ []object) (object, error) { return integer(int(r.(character))), nil },
}
