package parser

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/sista-vm/sista/smalltalk/ast"
)

// maxExponent bounds the exponents of integers, fractions and floats of
// another radix than ten, all of which are computed exactly.
const maxExponent = 10_000

// number reads a number literal. l.text[start] is a digit, or a minus sign
// before one.
//
//	12  -5  1_000  16rFF  16r-FF  1e10  2r1e4  5e-2     the exponent is of the radix
//	1.5  1.5e-3  2r1.1  1.5d0  1.5q0                    Float
//	3s  3s2  3.14s2  3.14s                              ScaledDecimal
func (l *Lexer) number(start int) Token {
	n := numeral{l: l, radix: 10}
	i := start
	if l.text[i] == '-' {
		n.negative = true
		i++
	}
	integer, i := n.digits(i)
	if l.byteAt(i) == 'r' {
		integer, i = n.readRadix(start, integer, i)
	}
	n.integer = integer
	if l.byteAt(i) == '.' && n.fractionStarts(i+1) {
		n.fraction, i = n.digits(i + 1)
	}
	i = n.readExponent(i)
	if !n.hasExponent {
		i = n.readScale(i)
	}
	t := l.token(Number, start, i)
	t.Literal = n.value(t.Span)
	return t
}

// numeral is a number's parts as written.
type numeral struct {
	l                 *Lexer
	negative          bool
	radix             int
	integer, fraction string
	hasExponent       bool
	exponent          int
	isScaled          bool
	scale             int
}

func digitValue(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'A' <= c && c <= 'Z':
		return int(c-'A') + 10
	case 'a' <= c && c <= 'z':
		return int(c-'a') + 10
	}
	return 99
}

// digits reads digits of the radix, and single underscores between them.
func (n *numeral) digits(i int) (digits string, end int) {
	start := i
	grouped := false
	for ; ; i++ {
		c := n.l.byteAt(i)
		if c == '_' && i > start && digitValue(n.l.byteAt(i+1)) < n.radix {
			grouped = true
			continue
		}
		if digitValue(c) >= n.radix {
			break
		}
	}
	digits = n.l.text[start:i]
	if grouped {
		digits = strings.ReplaceAll(digits, "_", "")
	}
	return digits, i
}

// readRadix reads what follows the digits before an r, when these are a radix.
func (n *numeral) readRadix(start int, digits string, i int) (string, int) {
	first := i + 1
	if n.l.byteAt(first) == '-' {
		first++
	}
	// An r with no digit after it begins a message: 10rounded.
	if digitValue(n.l.byteAt(first)) >= 36 {
		return digits, i
	}
	radix, err := strconv.Atoi(digits)
	if err != nil || radix < 2 || radix > 36 {
		n.l.fail(start, "the radix of a number must be between 2 and 36, not %s", digits)
	}
	if digitValue(n.l.byteAt(first)) >= radix {
		if n.l.digitAt(first) {
			n.l.fail(first, "%c is not a digit of radix %d", n.l.byteAt(first), radix)
		}
		return digits, i
	}
	if first > i+1 {
		n.negative = !n.negative
	}
	n.radix = radix
	return n.digits(first)
}

// fractionStarts says that the dot before i is a decimal point. In radix 11 and
// above only capital letters count as a first digit.
func (n *numeral) fractionStarts(i int) bool {
	c := n.l.byteAt(i)
	return digitValue(c) < n.radix && c < 'a'
}

// readExponent reads e10, e-3, d10 or q10. The letter is left alone when no
// number follows it.
func (n *numeral) readExponent(i int) int {
	switch n.l.byteAt(i) {
	case 'e', 'd', 'q':
	default:
		return i
	}
	first := i + 1
	negative := n.l.byteAt(first) == '-'
	if negative {
		first++
	}
	if !n.l.digitAt(first) {
		return i
	}
	end := first
	for n.l.digitAt(end) {
		// Past a billion it makes no difference any more.
		if n.exponent < 1e9 {
			n.exponent = n.exponent*10 + int(n.l.text[end]-'0')
		}
		end++
	}
	if negative {
		n.exponent = -n.exponent
	}
	n.hasExponent = true
	// Of all exponents only those of decimal floats need no exact power.
	if exact := n.fraction == "" || n.radix != 10; exact && max(n.exponent, -n.exponent) > maxExponent {
		n.l.fail(i, "exponent is too large: at most %d", maxExponent)
	}
	return end
}

// readScale reads s or s2, of radix ten only. The letter is left alone when it
// begins a word: 2sqrt.
func (n *numeral) readScale(i int) int {
	if n.radix != 10 || n.l.byteAt(i) != 's' {
		return i
	}
	end := i + 1
	for n.l.digitAt(end) {
		end++
	}
	if n.l.word(end) != end || n.l.byteAt(end) == ':' {
		return i
	}
	n.isScaled = true
	n.scale = len(n.fraction)
	if end > i+1 {
		scale, err := strconv.Atoi(n.l.text[i+1 : end])
		if err != nil || scale > maxExponent {
			n.l.fail(i+1, "scale is too large: at most %d", maxExponent)
		}
		n.scale = scale
	}
	return end
}

func (n *numeral) value(span ast.Span) ast.Literal {
	switch {
	case n.isScaled:
		return &ast.ScaledDecimal{Span: span, Value: n.rat(), Scale: n.scale}
	case n.fraction != "":
		return &ast.Float{Span: span, Value: n.float()}
	case n.exponent < 0:
		if r := n.rat(); !r.IsInt() {
			return &ast.Fraction{Span: span, Value: r}
		} else {
			return &ast.Integer{Span: span, Value: new(big.Int).Set(r.Num())}
		}
	}
	v := n.mantissa(n.integer)
	if n.exponent > 0 {
		v.Mul(v, n.power(n.exponent))
	}
	return &ast.Integer{Span: span, Value: v}
}

// mantissa answers the signed integer that digits write.
func (n *numeral) mantissa(digits string) *big.Int {
	v := new(big.Int)
	if small, err := strconv.ParseInt(digits, n.radix, 64); err == nil {
		v.SetInt64(small)
	} else {
		v.SetString(digits, n.radix)
	}
	if n.negative {
		v.Neg(v)
	}
	return v
}

func (n *numeral) power(exponent int) *big.Int {
	return new(big.Int).Exp(big.NewInt(int64(n.radix)), big.NewInt(int64(exponent)), nil)
}

// rat answers the exact value.
func (n *numeral) rat() *big.Rat {
	v := n.mantissa(n.integer + n.fraction)
	e := n.exponent - len(n.fraction)
	if e >= 0 {
		return new(big.Rat).SetInt(v.Mul(v, n.power(e)))
	}
	return new(big.Rat).SetFrac(v, n.power(-e))
}

// float answers the nearest double; Infinity when the number is too large.
func (n *numeral) float() float64 {
	if n.radix != 10 {
		f, _ := n.rat().Float64()
		if n.negative && f == 0 {
			f = math.Copysign(0, -1)
		}
		return f
	}
	text := n.integer + "." + n.fraction + "e" + strconv.Itoa(n.exponent)
	if n.negative {
		text = "-" + text
	}
	f, _ := strconv.ParseFloat(text, 64) // an error means Infinity, which it answers
	return f
}
