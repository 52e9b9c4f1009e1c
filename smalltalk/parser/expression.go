package parser

import (
	"strings"

	"github.com/sista-vm/sista/smalltalk/ast"
)

// expression reads an assignment, a cascade, or less.
func (p *parser) expression() ast.Expr {
	p.enter()
	defer p.leave()
	if p.tok.Kind == Identifier {
		t := p.next()
		if p.tok.Kind == Assignment || p.lex.opt.UnderscoreAssignment && p.tok.Kind == Identifier && p.tok.Text == "_" {
			return p.assignment(t)
		}
		return p.messages(p.named(t), t.Start)
	}
	start := p.tok.Start
	return p.messages(p.operand("an expression"), start)
}

func (p *parser) assignment(target Token) ast.Expr {
	if isReserved(target.Text) {
		panic(NewError(p.lex.src, target.Start, "'%s' cannot be assigned to", target.Text))
	}
	p.next()
	value := p.expression()
	p.grow(p.height)
	return &ast.Assign{Span: p.from(target.Start), Target: p.variable(target), Value: value}
}

// messages reads the messages sent to a receiver that begins at start, with
// its parenthesis if it has one, the cascade that may follow, and what Cuis
// goes on with after that: a foo: b; bar :: baz is (a foo: b; bar) baz.
func (p *parser) messages(receiver ast.Expr, start int) ast.Expr {
	e := p.messageChain(receiver, start)
	for p.tok.Kind == Colon && p.lex.byteAt(p.tok.End) == ':' {
		p.next()
		p.next()
		if p.tok.Kind != Identifier && p.tok.Kind != BinaryOp && p.tok.Kind != Keyword {
			p.fail("a message after '::'")
		}
		e = p.messageChain(e, start)
	}
	return e
}

func (p *parser) messageChain(receiver ast.Expr, start int) ast.Expr {
	e := p.unaryMessages(receiver, start)
	e = p.binaryMessages(e, start)
	if p.tok.Kind == Keyword {
		below := p.height
		message := p.keywordMessage()
		p.grow(max(below, p.height))
		e = &ast.Send{Span: p.from(start), Receiver: e, Message: message}
	}
	p.requireMessage(e)
	if p.tok.Kind != Semicolon {
		return e
	}
	send, ok := e.(*ast.Send)
	if !ok || e == receiver {
		p.fail("a message before the cascade")
	}
	return p.cascade(send, start)
}

func (p *parser) cascade(first *ast.Send, start int) ast.Expr {
	c := &ast.Cascade{Receiver: first.Receiver, Messages: []*ast.Message{&first.Message}}
	height := p.height
	for p.tok.Kind == Semicolon {
		p.next()
		var m ast.Message
		p.height = 0
		switch p.tok.Kind {
		case Identifier:
			m = p.unaryMessage()
		case BinaryOp:
			m = p.binaryMessage()
		case Keyword:
			m = p.keywordMessage()
		default:
			p.fail("a message after ';'")
		}
		height = max(height, p.height+1)
		c.Messages = append(c.Messages, &m)
	}
	p.grow(height)
	c.Span = p.from(start)
	return c
}

// requireMessage refuses a super that is not the receiver of a message.
func (p *parser) requireMessage(e ast.Expr) {
	if ast.IsSuper(e) {
		p.fail("a message to super")
	}
}

func (p *parser) unaryMessages(e ast.Expr, start int) ast.Expr {
	for p.tok.Kind == Identifier {
		below := p.height
		message := p.unaryMessage()
		p.grow(below)
		e = &ast.Send{Span: p.from(start), Receiver: e, Message: message}
	}
	return e
}

func (p *parser) binaryMessages(e ast.Expr, start int) ast.Expr {
	for p.tok.Kind == BinaryOp {
		below := p.height
		message := p.binaryMessage()
		p.grow(max(below, p.height))
		e = &ast.Send{Span: p.from(start), Receiver: e, Message: message}
	}
	return e
}

func (p *parser) unaryMessage() ast.Message {
	p.undot()
	t := p.next()
	return ast.Message{Span: t.Span, Selector: t.Text, SelectorParts: []ast.Span{t.Span}}
}

func (p *parser) binaryMessage() ast.Message {
	op := p.next()
	start := p.tok.Start
	arg := p.unaryMessages(p.operand("the argument of "+op.Text), start)
	p.requireMessage(arg)
	return ast.Message{Span: p.from(op.Start), Selector: op.Text,
		SelectorParts: []ast.Span{op.Span}, Args: []ast.Expr{arg}}
}

func (p *parser) keywordMessage() ast.Message {
	m := ast.Message{Selector: p.tok.Text}
	var more []string // keywords beyond the first
	start := p.tok.Start
	height := 0
	for p.tok.Kind == Keyword {
		keyword := p.next()
		argStart := p.tok.Start
		arg := p.unaryMessages(p.operand("the argument of "+keyword.Text), argStart)
		arg = p.binaryMessages(arg, argStart)
		p.requireMessage(arg)
		height = max(height, p.height)
		if len(m.Args) > 0 {
			more = append(more, keyword.Text)
		}
		m.SelectorParts = append(m.SelectorParts, keyword.Span)
		m.Args = append(m.Args, arg)
	}
	if more != nil {
		m.Selector += strings.Join(more, "")
	}
	m.Span = p.from(start)
	p.height = height
	return m
}

// operand reads a variable, a literal, a block, a brace array or an expression
// in parentheses.
func (p *parser) operand(expected string) ast.Expr {
	switch p.tok.Kind {
	case Identifier:
		return p.named(p.next())
	case OpenParen:
		open := p.next()
		e := p.expression()
		p.expectClose(CloseParen, open, ")", "a message or ")
		return e
	case OpenBracket:
		return p.block()
	case OpenBrace:
		return p.brace()
	case HashBrace:
		return p.binding()
	case Backquote:
		return p.constantExpression(Backquote, "`")
	case HashHashParen:
		return p.constantExpression(CloseParen, ")")
	}
	return p.literal(expected)
}

// named answers what an identifier in an expression stands for.
func (p *parser) named(t Token) ast.Expr {
	p.height = 1
	if k, ok := constant(t.Text); ok {
		return &ast.Constant{Span: t.Span, Kind: k}
	}
	return p.variable(t)
}

func constant(name string) (ast.ConstantKind, bool) {
	switch name {
	case "nil":
		return ast.Nil, true
	case "true":
		return ast.True, true
	case "false":
		return ast.False, true
	}
	return 0, false
}

func (p *parser) block() ast.Expr {
	open := p.next()
	b := &ast.Block{}
	for p.tok.Kind == Colon {
		p.next()
		b.Params = append(b.Params, p.declaration("a block parameter's name"))
	}
	if len(b.Params) > 0 && p.tok.Kind != CloseBracket {
		p.takeOperator('|', "another parameter, '|' or ']'")
	}
	b.Body = p.sequence(CloseBracket, nil)
	p.grow(p.height)
	p.expectClose(CloseBracket, open, "]", "")
	b.Span = p.from(open.Start)
	return b
}

func (p *parser) brace() ast.Expr {
	open := p.next()
	b := &ast.Brace{}
	height := 0
	for p.tok.Kind != CloseBrace {
		if p.tok.Kind == Period {
			p.next()
			continue
		}
		b.Elements = append(b.Elements, p.expression())
		height = max(height, p.height)
		if p.tok.Kind != Period {
			break
		}
	}
	p.grow(height)
	p.expectClose(CloseBrace, open, "}", "a message, '.' or ")
	b.Span = p.from(open.Start)
	return b
}

// constantExpression reads `statements` and ##(statements), which Cuis and GNU
// Smalltalk evaluate when they compile. Here they are evaluated where they
// stand: in parentheses, or as [statements] value.
func (p *parser) constantExpression(end Kind, bracket string) ast.Expr {
	p.enter()
	defer p.leave()
	open := p.next()
	body := p.sequence(end, nil)
	p.expectClose(end, open, bracket, "")
	if len(body.Statements) == 1 && len(body.Temps) == 0 {
		if e, ok := body.Statements[0].(ast.Expr); ok {
			return e
		}
	}
	p.grow(p.height + 1)
	span := p.from(open.Start)
	return &ast.Send{Span: span, Receiver: &ast.Block{Span: span, Body: body},
		Message: ast.Message{Span: span, Selector: "value", SelectorParts: []ast.Span{open.Span}}}
}

// binding reads #{Name} and #{Namespace.Name}.
func (p *parser) binding() ast.Literal {
	open := p.next()
	name := []string{p.expect(Identifier, "a global's name").Text}
	start := p.prevEnd - len(name[0])
	for p.tok.Kind == Period {
		p.next()
		name = append(name, p.expect(Identifier, "a global's name").Text)
	}
	full := strings.Join(name, ".")
	v := &ast.Variable{Span: p.from(start), Name: full}
	if i := strings.LastIndexByte(full, '.'); i >= 0 {
		v.Namespace, v.Name = full[:i], full[i+1:]
	}
	p.expectClose(CloseBrace, open, "}", "")
	p.height = 2
	return &ast.Binding{Span: p.from(open.Start), Variable: v}
}
