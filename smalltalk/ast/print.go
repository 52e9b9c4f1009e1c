package ast

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// Print answers the canonical source form of a tree. Parsed again it gives an
// equal tree. Comments and the writer's own layout are not kept.
func Print(n Node) string {
	p := &printer{}
	p.print(n)
	return p.out.String()
}

type printer struct {
	out    strings.Builder
	indent int
}

func (p *printer) write(parts ...string) {
	for _, s := range parts {
		p.out.WriteString(s)
	}
}

func (p *printer) newline() {
	p.out.WriteByte('\n')
	for range p.indent {
		p.out.WriteByte('\t')
	}
}

// Binding strengths: an expression printed where a stronger one is wanted gets
// parentheses.
type strength int

const (
	primary strength = iota
	unary
	binary
	keyword
	cascade // and assignments
)

func messageStrength(selector string) strength {
	switch {
	case SelectorArgs(selector) == 0:
		return unary
	case strings.HasSuffix(selector, ":"):
		return keyword
	default:
		return binary
	}
}

func exprStrength(e Expr) strength {
	switch e := e.(type) {
	case *Send:
		return messageStrength(e.Message.Selector)
	case *Cascade, *Assign:
		return cascade
	default:
		return primary
	}
}

// expr prints e so that it reads as one operand at least as strong as want.
func (p *printer) expr(e Expr, want strength) {
	if exprStrength(e) > want {
		p.write("(")
		p.print(e)
		p.write(")")
		return
	}
	p.print(e)
}

func (p *printer) print(n Node) {
	switch n := n.(type) {
	case *Method:
		p.method(n)
	case *Pragma:
		if raw, ok := n.foreignCall(); ok {
			p.write("<", n.Selector, " ", raw, ">")
			return
		}
		p.write("<")
		p.parts(n.Selector, len(n.Args), func(i int) { p.print(n.Args[i]) })
		if k := len(n.Args); k > 0 {
			if _, ok := n.Args[k-1].(*Symbol); ok {
				p.write(" ") // #+> would be one symbol
			}
		}
		p.write(">")
	case *Sequence:
		p.sequence(n)
	case *Return:
		p.write("^ ")
		p.print(n.Value)
	case *Variable:
		if n.Namespace != "" {
			p.write(n.Namespace, ".")
		}
		p.write(n.Name)
	case *Assign:
		p.print(n.Target)
		p.write(" := ")
		p.print(n.Value)
	case *Send:
		p.receiver(n.Receiver, &n.Message)
		p.print(&n.Message)
	case *Cascade:
		p.receiver(n.Receiver, n.Messages[0])
		for i, m := range n.Messages {
			if i > 0 {
				p.write("; ")
			}
			p.print(m)
		}
	case *Message:
		want := unary
		if messageStrength(n.Selector) == keyword {
			want = binary
		}
		p.parts(n.Selector, len(n.Args), func(i int) { p.expr(n.Args[i], want) })
	case *Block:
		p.block(n)
	case *Brace:
		p.write("{ ")
		for i, e := range n.Elements {
			if i > 0 {
				p.write(". ")
			}
			p.print(e)
		}
		p.write(" }")
	case Literal:
		p.literal(n)
	default:
		panic(fmt.Sprintf("ast.Print: node of type %T", n))
	}
}

// receiver prints the receiver of a message and the space after it. The
// receiver of a unary message must be a primary or unary expression, that of
// any other message may be a binary expression too.
func (p *printer) receiver(r Expr, m *Message) {
	p.expr(r, min(messageStrength(m.Selector), binary))
	p.write(" ")
}

// parts prints a selector with its arguments in their places.
func (p *printer) parts(selector string, args int, arg func(int)) {
	if args == 0 || !strings.HasSuffix(selector, ":") {
		p.write(selector)
		if args > 0 {
			p.write(" ")
			arg(0)
		}
		return
	}
	for i, part := range strings.SplitAfter(selector, ":")[:args] {
		if i > 0 {
			p.write(" ")
		}
		p.write(part, " ")
		arg(i)
	}
}

func (p *printer) method(m *Method) {
	p.parts(m.Selector, len(m.Params), func(i int) { p.print(m.Params[i]) })
	p.indent++
	for _, pragma := range m.Pragmas {
		p.newline()
		p.print(pragma)
	}
	if len(m.Body.Temps)+len(m.Body.Statements) > 0 {
		p.newline()
		p.sequence(m.Body)
	}
	p.indent--
}

func (p *printer) temps(temps []*Variable) {
	p.write("|")
	for _, t := range temps {
		p.write(" ", t.Name)
	}
	p.write(" |")
}

func (p *printer) sequence(s *Sequence) {
	if len(s.Temps) > 0 {
		p.temps(s.Temps)
		if len(s.Statements) > 0 {
			p.newline()
		}
	}
	for i, st := range s.Statements {
		if i > 0 {
			p.write(".")
			p.newline()
		}
		p.print(st)
	}
}

// block prints a block of at most one statement on its line, others indented.
func (p *printer) block(b *Block) {
	p.write("[")
	for _, v := range b.Params {
		p.write(" :", v.Name)
	}
	if len(b.Params) > 0 {
		p.write(" |")
	}
	switch {
	case len(b.Body.Temps) > 0 || len(b.Body.Statements) > 1:
		p.indent++
		p.newline()
		p.sequence(b.Body)
		p.indent--
	case len(b.Body.Statements) == 1:
		p.write(" ")
		p.print(b.Body.Statements[0])
	}
	p.write(" ]")
}

func (p *printer) literal(l Literal) {
	switch l := l.(type) {
	case *Integer:
		p.write(l.Value.String())
	case *Fraction:
		p.write(exponentForm(l.Value))
	case *Float:
		p.write(floatForm(l.Value))
	case *ScaledDecimal:
		digits, _ := l.Value.FloatPrec()
		p.write(l.Value.FloatString(digits), "s", strconv.Itoa(l.Scale))
	case *Character:
		p.write("$", string(l.Value))
	case *String:
		p.write(Quote(l.Value))
	case *Symbol:
		p.write(SymbolForm(l.Value))
	case *LiteralArray:
		p.write("#(")
		for i, e := range l.Elements {
			if i > 0 {
				p.write(" ")
			}
			p.literal(e)
		}
		p.write(")")
	case *ByteArray:
		p.write("#[")
		for i, b := range l.Value {
			if i > 0 {
				p.write(" ")
			}
			p.write(strconv.Itoa(int(b)))
		}
		p.write("]")
	case *Constant:
		p.write(l.Kind.String())
	case *Binding:
		p.write("#{")
		p.print(l.Variable)
		p.write("}")
	}
}

// exponentForm writes a fraction as an integer with a negative exponent, in
// radix ten if its denominator divides a power of ten, else in the first radix
// that does. The letter e is a digit from radix 15 on, which therefore writes no
// fractions.
func exponentForm(f *big.Rat) string {
	if digits, exact := f.FloatPrec(); exact {
		return exponentIn(f, 10, digits)
	}
	for _, radix := range []int{3, 6, 7, 11, 12, 13, 14} {
		r := big.NewInt(int64(radix))
		rest, exponent := new(big.Int).Set(f.Denom()), 0
		for common := new(big.Int); common.GCD(nil, nil, rest, r).Cmp(big.NewInt(1)) > 0; exponent++ {
			rest.Quo(rest, common)
		}
		if rest.Cmp(big.NewInt(1)) == 0 {
			return strconv.Itoa(radix) + "r" + exponentIn(f, radix, exponent)
		}
	}
	return f.String() // no literal has this value
}

// exponentIn writes f as an integer in the radix and -exponent.
func exponentIn(f *big.Rat, radix, exponent int) string {
	n := new(big.Int).Exp(big.NewInt(int64(radix)), big.NewInt(int64(exponent)), nil)
	n.Mul(n, f.Num()).Quo(n, f.Denom())
	return strings.ToUpper(n.Text(radix)) + "e-" + strconv.Itoa(exponent)
}

// floatForm writes the shortest decimal that reads as v again. Infinity, which
// has no literal of its own, is written as a number too large.
func floatForm(v float64) string {
	switch {
	case math.IsInf(v, 1):
		return "1.0e999"
	case math.IsInf(v, -1):
		return "-1.0e999"
	}
	mantissa, exponent, scientific := strings.Cut(strconv.FormatFloat(v, 'g', -1, 64), "e")
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	if !scientific {
		return mantissa
	}
	n, _ := strconv.Atoi(exponent)
	return mantissa + "e" + strconv.Itoa(n)
}

// Quote answers the string literal for text.
func Quote(text string) string {
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}

// SymbolForm answers the symbol literal for text, with quotes where the bare
// form would read as something else.
func SymbolForm(text string) string {
	if isSelector(text) {
		return "#" + text
	}
	return "#" + Quote(text)
}

// isSelector says that text is an ASCII identifier, a run of keywords or a run
// of binary selector characters.
func isSelector(text string) bool {
	if text == "" {
		return false
	}
	if strings.Trim(text, "%&*+,-/<=>?@\\~|") == "" {
		return true
	}
	for i, part := range strings.Split(text, ":") {
		if part == "" {
			return i > 0 && strings.HasSuffix(text, ":") && !strings.Contains(text, "::")
		}
		for j := range len(part) {
			c := part[j]
			if c != '_' && (c|0x20 < 'a' || c|0x20 > 'z') && (j == 0 || c < '0' || c > '9') {
				return false
			}
		}
		if i > 0 && !strings.HasSuffix(text, ":") {
			return false
		}
	}
	return true
}
