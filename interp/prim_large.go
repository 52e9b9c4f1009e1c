package interp

import (
	"math/bits"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// The primitives of large integers, 20 to 37: operands and results are signs with
// magnitudes of 64 bits.

// namedArithmetic are the exported names of the 64-bit large integer primitives.
func namedArithmetic(named map[string]primitive) {
	for name, p := range map[string]primitive{
		"Add": primAddLarge, "Subtract": primSubtractLarge, "Multiply": primMultiplyLarge,
		"Divide": primDivideLarge, "Div": primDivLarge, "Mod": primModLarge, "Quo": primQuoLarge, "Rem": primRemLarge,
		"LessThan": primLess, "GreaterThan": primGreater, "LessOrEqual": primLessOrEqual,
		"GreaterOrEqual": primGreaterOrEqual, "Equal": primEqual, "NotEqual": primNotEqual,
		"BitAnd": primBitAndLarge, "BitOr": primBitOrLarge, "BitXor": primBitXorLarge, "BitShift": primBitShiftLarge,
	} {
		named["primitive"+name+"LargeIntegers"] = p
	}
}

// plus answers the sum; false if its magnitude has more than 64 bits.
func (n integer) plus(m integer) (integer, bool) {
	if n.negative == m.negative {
		sum, carry := bits.Add64(n.magnitude, m.magnitude, 0)
		return integer{sum, n.negative}, carry == 0
	}
	if n.magnitude >= m.magnitude {
		return integer{n.magnitude - m.magnitude, n.negative}, true
	}
	return integer{m.magnitude - n.magnitude, m.negative}, true
}

func primAddLarge(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	a, b, f := integers(c)
	if f != plugin.OK {
		return c.Fail(f)
	}
	sum, ok := a.plus(b)
	if !ok {
		return c.Fail(plugin.Generic)
	}
	return sum.answer(c)
}

func primSubtractLarge(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	a, b, f := integers(c)
	if f != plugin.OK {
		return c.Fail(f)
	}
	b.negative = !b.negative
	difference, ok := a.plus(b)
	if !ok {
		return c.Fail(plugin.Generic)
	}
	return difference.answer(c)
}

func primMultiplyLarge(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	a, b, f := integers(c)
	if f != plugin.OK {
		return c.Fail(f)
	}
	hi, lo := bits.Mul64(a.magnitude, b.magnitude)
	if hi != 0 {
		return c.Fail(plugin.Generic)
	}
	return integer{lo, a.negative != b.negative}.answer(c)
}

// largeDividends answers two integers to divide.
func largeDividends(c *plugin.Call) (a, b integer, f plugin.Failure) {
	a, b, f = integers(c)
	if f == plugin.OK && b.magnitude == 0 {
		f = plugin.Generic
	}
	return a, b, f
}

func primDivideLarge(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	a, b, f := largeDividends(c)
	if f != plugin.OK {
		return c.Fail(f)
	}
	if a.magnitude%b.magnitude != 0 {
		return c.Fail(plugin.Generic)
	}
	return integer{a.magnitude / b.magnitude, a.negative != b.negative}.answer(c)
}

func primModLarge(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	a, b, f := largeDividends(c)
	if f != plugin.OK {
		return c.Fail(f)
	}
	r := a.magnitude % b.magnitude
	if r != 0 && a.negative != b.negative {
		r = b.magnitude - r
	}
	return integer{r, b.negative}.answer(c)
}

func primDivLarge(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	a, b, f := largeDividends(c)
	if f != plugin.OK {
		return c.Fail(f)
	}
	q := a.magnitude / b.magnitude
	if a.negative != b.negative && a.magnitude%b.magnitude != 0 {
		q++ // cannot overflow: the divisor is at least 2
	}
	return integer{q, a.negative != b.negative}.answer(c)
}

func primQuoLarge(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	a, b, f := largeDividends(c)
	if f != plugin.OK {
		return c.Fail(f)
	}
	return integer{a.magnitude / b.magnitude, a.negative != b.negative}.answer(c)
}

func primRemLarge(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	a, b, f := largeDividends(c)
	if f != plugin.OK {
		return c.Fail(f)
	}
	return integer{a.magnitude % b.magnitude, a.negative}.answer(c)
}

// unsignedOperands answers non-negative operands of 64 bits.
func unsignedOperands(c *plugin.Call) (a, b uint64, f plugin.Failure) {
	x, y, f := integers(c)
	switch {
	case f != plugin.OK:
		return 0, 0, f
	case x.negative:
		return 0, 0, plugin.BadReceiver
	case y.negative:
		return 0, 0, plugin.BadArgument
	}
	return x.magnitude, y.magnitude, plugin.OK
}

func primBitAndLarge(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	a, b, f := unsignedOperands(c)
	return answerBits(c, a&b, false, f)
}

func primBitOrLarge(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	a, b, f := unsignedOperands(c)
	return answerBits(c, a|b, false, f)
}

func primBitXorLarge(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	a, b, f := unsignedOperands(c)
	return answerBits(c, a^b, false, f)
}

func primBitShiftLarge(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	s := c.Arg(0)
	if !s.IsInt() {
		return c.Fail(plugin.BadArgument)
	}
	n, ok := integerOf(c.Receiver)
	if !ok {
		return c.Fail(plugin.BadReceiver)
	}
	return n.shift(c, s.Int())
}

// shift answers the number shifted left, or right by rounding down, and fails where
// a left shift would lose bits of a 64-bit magnitude.
func (n integer) shift(c *plugin.Call, by int64) (heap.Oop, plugin.Failure) {
	m := n.magnitude
	switch {
	case by >= 0:
		if m != 0 && by >= int64(bits.LeadingZeros64(m))+1 {
			return c.Fail(plugin.Generic)
		}
		m <<= uint(by)
	case n.negative && m != 0:
		m = (m-1)>>uint(-by) + 1
	default:
		m >>= uint(-by)
	}
	return integer{m, n.negative}.answer(c)
}
