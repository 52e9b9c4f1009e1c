package parser

import (
	"strings"

	"github.com/sista-vm/sista/smalltalk/ast"
)

// literal reads a literal that begins with the current token. expected names
// what the caller is looking for.
func (p *parser) literal(expected string) ast.Literal {
	p.height = 1
	switch p.tok.Kind {
	case Number, CharLiteral:
		return p.next().Literal
	case StringLiteral:
		t := p.next()
		return &ast.String{Span: t.Span, Value: t.Text}
	case SymbolLiteral:
		t := p.next()
		return &ast.Symbol{Span: t.Span, Value: t.Text}
	case HashParen:
		return p.literalArray()
	case HashBracket:
		return p.byteArray()
	case HashBrace:
		return p.binding()
	case Identifier:
		if k, ok := constant(p.tok.Text); ok {
			return &ast.Constant{Span: p.next().Span, Kind: k}
		}
	case BinaryOp:
		if p.negativeNumber() {
			return p.next().Literal
		}
	}
	p.fail(expected)
	panic("unreachable")
}

// negativeNumber turns a minus sign right before a digit, the current token,
// into the number it begins.
func (p *parser) negativeNumber() bool {
	if p.tok.Kind != BinaryOp || p.tok.Text != "-" || !p.lex.digitAt(p.tok.End) {
		return false
	}
	p.tok = p.lex.number(p.tok.Start)
	return true
}

// literalArray reads #( ... ), or ( ... ) inside of one.
func (p *parser) literalArray() ast.Literal {
	p.enter()
	defer p.leave()
	open := p.next()
	a := &ast.LiteralArray{}
	height := 0
	for p.tok.Kind != CloseParen {
		if p.tok.Kind == EOF {
			p.expectClose(CloseParen, open, ")", "")
		}
		a.Elements = append(a.Elements, p.element())
		height = max(height, p.height)
	}
	p.next()
	p.grow(height)
	a.Span = p.from(open.Start)
	return a
}

// element reads an element of a literal array. Names, keywords and operators
// stand for symbols there, and arrays need no #.
func (p *parser) element() ast.Literal {
	p.height = 1
	switch p.tok.Kind {
	case OpenParen:
		return p.literalArray()
	case OpenBracket:
		return p.byteArray()
	case Identifier:
		if k, ok := constant(p.tok.Text); ok {
			return &ast.Constant{Span: p.next().Span, Kind: k}
		}
		return p.bareSymbol()
	case Keyword:
		return p.bareSymbol()
	case BinaryOp:
		if p.negativeNumber() {
			return p.next().Literal
		}
		t := p.next()
		return &ast.Symbol{Span: t.Span, Value: t.Text}
	case Assignment, Caret, Semicolon, Period:
		t := p.next()
		return &ast.Symbol{Span: t.Span, Value: t.Text}
	}
	return p.literal("an element of the array or ')'")
}

// bareSymbol reads a symbol without its #: foo, foo: or foo:bar:.
func (p *parser) bareSymbol() ast.Literal {
	start := p.tok.Start
	end := p.lex.symbol(start)
	p.lex.pos, p.prevEnd = end, end
	p.tok = p.lex.Next()
	return &ast.Symbol{Span: p.from(start), Value: p.lex.text[start:end]}
}

// byteArray reads #[ ... ], or [ ... ] inside of a literal array.
func (p *parser) byteArray() ast.Literal {
	open := p.next()
	b := &ast.ByteArray{Value: []byte{}}
	for p.tok.Kind == Number {
		t := p.next()
		n, ok := t.Literal.(*ast.Integer)
		if !ok || !n.Value.IsUint64() || n.Value.Uint64() > 255 {
			panic(p.expectedAt(t, "a byte (0 to 255)"))
		}
		b.Value = append(b.Value, byte(n.Value.Uint64()))
	}
	p.expectClose(CloseBracket, open, "]", "a byte (0 to 255) or ")
	b.Span = p.from(open.Start)
	p.height = 1
	return b
}

// pragma reads <selector args> into m.
func (p *parser) pragma(m *ast.Method) {
	start := p.tok.Start
	p.takeOperator('<', "'<'")
	g := &ast.Pragma{}
	switch p.tok.Kind {
	case Identifier:
		g.Selector = p.next().Text
	case Keyword:
		if p.tok.Text == "apicall:" || p.tok.Text == "cdecl:" {
			p.foreignCall(g)
			break
		}
		var parts []string
		for p.tok.Kind == Keyword {
			parts = append(parts, p.next().Text)
			g.Args = append(g.Args, p.pragmaArgument())
		}
		g.Selector = strings.Join(parts, "")
	default:
		p.fail("a pragma's selector")
	}
	p.takeOperator('>', "'>' at the end of the pragma")
	g.Span = p.from(start)
	m.Pragmas = append(m.Pragmas, g)
	p.primitive(m, g)
}

func (p *parser) pragmaArgument() ast.Expr {
	if p.tok.Kind == Identifier {
		return p.named(p.next())
	}
	return p.literal("a literal")
}

// foreignCall reads the declaration of a C function. It is C, not Smalltalk:
// the text up to the > is kept as one string.
//
//	<cdecl: void 'sin' (double) module: 'libm'>
func (p *parser) foreignCall(g *ast.Pragma) {
	keyword := p.tok
	end := strings.IndexByte(p.lex.text[keyword.End:], '>')
	if end < 0 {
		p.fail("'>' at the end of the pragma")
	}
	span := ast.Span{Start: keyword.End, End: keyword.End + end}
	g.Selector = keyword.Text
	g.Args = []ast.Expr{&ast.String{Span: span, Value: strings.TrimSpace(p.lex.text[span.Start:span.End])}}
	p.lex.pos = span.End
	p.tok = p.lex.Next()
}

// primitive decodes the pragma if it names a primitive.
func (p *parser) primitive(m *ast.Method, g *ast.Pragma) {
	if !strings.HasPrefix(g.Selector, "primitive:") {
		return
	}
	bad := func(at ast.Node, format string, args ...any) {
		panic(NewError(p.lex.src, at.Range().Start, format, args...))
	}
	if m.Primitive != nil {
		bad(g, "a method can have one primitive only")
	}
	prim := &ast.Primitive{}
	switch a := g.Args[0].(type) {
	case *ast.Integer:
		if !a.Value.IsInt64() || a.Value.Int64() < 0 || a.Value.Int64() > 0xFFFF {
			bad(a, "a primitive's number must be between 0 and 65535")
		}
		prim.Number = int(a.Value.Int64())
	case *ast.String:
		prim.Number, prim.Name = ast.NamedPrimitive, a.Value
	case *ast.Symbol:
		prim.Number, prim.Name = ast.NamedPrimitive, a.Value
	default:
		bad(a, "expected a primitive's number, or its name as a string")
	}
	rest := strings.Split(strings.TrimSuffix(g.Selector, ":"), ":")[1:]
	for i, keyword := range rest {
		arg := g.Args[i+1]
		switch {
		case keyword == "module":
			switch a := arg.(type) {
			case *ast.String:
				prim.Module = a.Value
			case *ast.Symbol:
				prim.Module = a.Value
			case *ast.Constant:
				if a.Kind != ast.Nil {
					bad(a, "expected a module's name as a string")
				}
			default:
				bad(a, "expected a module's name as a string")
			}
			if prim.Name == "" {
				bad(g, "a primitive of a module needs a name, not a number")
			}
		case keyword == "error":
			switch a := arg.(type) {
			case *ast.Variable:
				if isReserved(a.Name) {
					bad(a, "'%s' cannot be declared: it is a reserved name", a.Name)
				}
				prim.ErrorCode = a
			case *ast.String:
				prim.ErrorCode = &ast.Variable{Span: a.Span, Name: a.Value}
			case *ast.Symbol:
				prim.ErrorCode = &ast.Variable{Span: a.Span, Name: a.Value}
			default:
				bad(a, "expected the name of a temporary for the error code")
			}
		default:
			bad(g, "unknown primitive pragma <%s>: expected module: or error:", g.Selector)
		}
	}
	m.Primitive = prim
}
