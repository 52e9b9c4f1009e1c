package stcompiler

import (
	"math"
	"math/big"
	"unicode/utf8"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
	"github.com/sista-vm/sista/smalltalk/ast"
	"github.com/sista-vm/sista/smalltalk/compiler"
	"github.com/sista-vm/sista/smalltalk/source"
)

// textOf answers the characters of a String: bytes are code points, as are
// 32-bit elements.
func textOf(o heap.Oop) (string, bool) {
	switch {
	case plugin.IsBytes(o):
		raw := plugin.RawBytes(o)
		b := make([]byte, 0, len(raw))
		for _, c := range raw {
			b = utf8.AppendRune(b, rune(c))
		}
		return string(b), true
	case plugin.IsWords32(o):
		var b []byte
		for _, c := range plugin.Raw32(o) {
			b = utf8.AppendRune(b, rune(c))
		}
		return string(b), true
	}
	return "", false
}

func namesOf(c *plugin.Call, o heap.Oop) ([]string, bool) {
	if !plugin.IsPointers(o) {
		return nil, false
	}
	names := make([]string, o.NumSlots())
	for i := range names {
		s, ok := textOf(c.Field(o, i))
		if !ok {
			return nil, false
		}
		names[i] = s
	}
	return names, true
}

// piecesIn reads triples of offset, line and column: where the parts of a text stand in
// its file.
func piecesIn(h *heap.Heap, o heap.Oop, text string) ([]ast.Piece, bool) {
	if !isPointers(o) || o.NumSlots()%3 != 0 {
		return nil, false
	}
	var numbers [3]int
	pieces := make([]ast.Piece, 0, o.NumSlots()/3)
	at, before := 0, 0 // bytes and characters of the text before the piece
	for i := range o.NumSlots() {
		n := h.Follow(o.Slot(i))
		if !n.IsInt() || n.Int() < 0 || n.Int() > math.MaxInt32 {
			return nil, false
		}
		if numbers[i%3] = int(n.Int()); i%3 != 2 {
			continue
		}
		for ; before < numbers[0] && at < len(text); before++ {
			_, size := utf8.DecodeRuneInString(text[at:])
			at += size
		}
		pieces = append(pieces, ast.Piece{Offset: at, Line: numbers[1], Column: numbers[2]})
	}
	return pieces, true
}

// builder makes objects. Once memory was short it makes nothing more and all its
// answers are Invalid.
type builder struct {
	heap   *heap.Heap
	failed bool
}

func (b *builder) check(o heap.Oop) heap.Oop {
	if b.failed = b.failed || o == heap.Invalid; b.failed {
		return heap.Invalid
	}
	return o
}

func (b *builder) array(elements ...heap.Oop) heap.Oop {
	for _, e := range elements {
		if b.check(e) == heap.Invalid {
			return heap.Invalid
		}
	}
	a := b.check(b.heap.NewArray(len(elements)))
	if a != heap.Invalid {
		for i, e := range elements {
			b.heap.Store(a, i, e)
		}
	}
	return a
}

// tagged makes a descriptor.
func (b *builder) tagged(tag byte, rest ...heap.Oop) heap.Oop {
	return b.array(append([]heap.Oop{heap.FromChar(uint32(tag))}, rest...)...)
}

func (b *builder) int(i int) heap.Oop      { return b.check(b.heap.NewInt64(int64(i))) }
func (b *builder) big(i *big.Int) heap.Oop { return b.check(b.heap.NewBig(i)) }
func (b *builder) bytes(s []byte) heap.Oop { return b.check(b.heap.NewBytes(s)) }

// name makes a String, or an Array of code points where bytes do not do.
func (b *builder) name(s string) heap.Oop {
	points, wide := make([]byte, 0, len(s)), false
	for _, r := range s {
		wide = wide || r > 255
		points = append(points, byte(r))
	}
	if !wide {
		return b.check(b.heap.NewString(string(points)))
	}
	return b.codePoints(s)
}

func (b *builder) codePoints(s string) heap.Oop {
	var list []heap.Oop
	for _, r := range s {
		list = append(list, heap.FromInt(int64(r)))
	}
	return b.array(list...)
}

// text makes a string literal.
func (b *builder) text(s string) heap.Oop {
	for _, r := range s {
		if r > 255 {
			return b.tagged('w', b.codePoints(s))
		}
	}
	return b.name(s)
}

func (b *builder) names(list []string) heap.Oop {
	out := make([]heap.Oop, len(list))
	for i, s := range list {
		out[i] = b.name(s)
	}
	return b.array(out...)
}

func (b *builder) method(m *compiler.Method) heap.Oop {
	return b.array(b.name(m.Selector), b.int(m.Header.NumArgs), b.header(&m.Code), b.code(&m.Code), b.literals(m.Literals), b.int(m.Primitive))
}

func (b *builder) header(c *compiler.Code) heap.Oop {
	h, err := c.Header.Encode()
	if err != nil {
		// The compiler checked the limits.
		return b.check(heap.Invalid)
	}
	return b.check(b.heap.NewInt64(h))
}

func (b *builder) code(c *compiler.Code) heap.Oop {
	return b.bytes(append(append([]byte(nil), c.Bytecodes...), c.Trailer...))
}

func (b *builder) literals(list []compiler.Literal) heap.Oop {
	out := make([]heap.Oop, len(list))
	for i, l := range list {
		out[i] = b.literal(l)
	}
	return b.array(out...)
}

func (b *builder) literal(l compiler.Literal) heap.Oop {
	switch l := l.(type) {
	case compiler.Integer:
		return b.big(l.Value)
	case compiler.Float:
		return b.check(b.heap.NewFloat(float64(l)))
	case compiler.Fraction:
		return b.tagged('f', b.big(l.Value.Num()), b.big(l.Value.Denom()))
	case compiler.ScaledDecimal:
		return b.tagged('d', b.big(l.Value.Num()), b.big(l.Value.Denom()), b.int(l.Scale))
	case compiler.Character:
		return heap.FromChar(uint32(l))
	case compiler.String:
		return b.text(string(l))
	case compiler.Symbol:
		return b.tagged('s', b.name(string(l)))
	case compiler.ByteArray:
		return b.bytes(l)
	case compiler.Array:
		out := make([]heap.Oop, len(l))
		for i, e := range l {
			out[i] = b.literal(e)
		}
		return b.tagged('a', out...)
	case compiler.Constant:
		switch ast.ConstantKind(l) {
		case ast.True:
			return b.heap.True
		case ast.False:
			return b.heap.False
		}
		return b.heap.Nil
	case compiler.Binding:
		if l.Owner == methodClass {
			return b.tagged('c')
		}
		return b.tagged('g', b.name(l.Name))
	case *compiler.Block:
		return b.tagged('b', b.header(&l.Code), b.code(&l.Code), b.literals(l.Literals))
	case compiler.OuterCode:
		return b.tagged('o')
	case *compiler.MethodState:
		pragmas := make([]heap.Oop, len(l.Pragmas))
		for i, p := range l.Pragmas {
			pragmas[i] = b.array(b.name(p.Selector), b.literals(p.Args))
		}
		return b.tagged('m', b.name(l.Selector), b.array(pragmas...))
	}
	return b.heap.Nil // NoBinding
}

func (b *builder) errors(err error) []heap.Oop {
	var out []heap.Oop
	for _, e := range errorsOf(err) {
		out = append(out, b.tagged('e', b.name(e.Message), b.int(e.Position.Line), b.int(e.Position.Column),
			b.int(chars(e.Source.Text, e.Offset)+1), b.name(e.Format())))
	}
	return out
}

// orNil makes a name, nil of an empty one.
func (b *builder) orNil(s string) heap.Oop {
	if s == "" {
		return b.heap.Nil
	}
	return b.name(s)
}

// pieces makes triples of where the parts of a source stand in its file.
func (b *builder) pieces(s *ast.Source) heap.Oop {
	pieces := s.Pieces
	if len(pieces) == 0 {
		pieces = []ast.Piece{{Offset: 0, Line: 1, Column: 1}}
	}
	var list []heap.Oop
	for _, p := range pieces {
		list = append(list, b.int(chars(s.Text, p.Offset)), b.int(p.Line), b.int(p.Column))
	}
	return b.array(list...)
}

// unit makes what the image is told of a part of a script; packages are not.
func (b *builder) unit(u source.Unit) (heap.Oop, bool) {
	line := b.int(u.Where().Line)
	switch u := u.(type) {
	case *source.ClassDefinition:
		return b.tagged('k', b.name(u.Name), b.orNil(u.Superclass), b.name(u.Kind.String()), b.names(u.InstVars), b.names(u.ClassVars),
			b.names(u.ClassInstVars), b.names(u.Pools), b.name(u.Category), b.name(u.Comment), line), true
	case *source.ClassExtension:
		return b.tagged('x', b.name(u.Name), b.names(u.InstVars), b.names(u.ClassVars), b.names(u.ClassInstVars), b.orNil(u.Comment), line), true
	case *source.MethodDefinition:
		return b.tagged('m', b.name(u.Class), b.heap.Bool(u.IsMeta), b.name(u.Category), b.name(u.Text().Text), b.pieces(u.Text())), true
	case *source.Statements:
		var temps []string
		for _, v := range u.Sequence.Temps {
			temps = append(temps, v.Name)
		}
		return b.tagged('s', b.name(u.Text().Text), b.orNil(u.Class), b.heap.Bool(u.TopLevel), b.names(temps),
			b.heap.Bool(u.Definition != nil || u.Class != ""), b.pieces(u.Text())), true
	}
	return heap.Invalid, false
}
