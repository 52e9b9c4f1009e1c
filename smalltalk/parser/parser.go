// Package parser reads Smalltalk source into syntax trees.
//
// It takes the syntax that Squeak, Cuis, Pharo and GNU Smalltalk have in
// common, with the extensions of each that do not contradict the others: brace
// arrays, byte array literals, scaled decimals, pragmas, temporaries declared
// at any statement. What does contradict them is asked for through Options.
// The package promises:
//
//   - a text gives a tree or an *Error, never a panic; the error names its
//     place, what was expected and what was found;
//   - nesting is limited (MaxNesting and MaxHeight), so that neither the parser
//     nor anyone who walks the tree runs out of stack;
//   - time is linear in the length of the text, except for the conversion of
//     very long numbers;
//   - numbers are exact: integers of any size, and floats are the nearest double.
//
// Names are not resolved: that a variable is undeclared, or declared twice, is
// for the compiler to say.
package parser

import (
	"fmt"
	"strings"

	"github.com/sista-vm/sista/smalltalk/ast"
)

// Limits of what is accepted.
const (
	// MaxNesting is how deep parentheses, blocks, braces, assignments and literal
	// arrays may nest.
	MaxNesting = 1000
	// MaxHeight is how many nodes a path from the root of a tree to a leaf may
	// have: a chain of unary messages is as high as it is long.
	MaxHeight = 10_000
)

// Options select what the dialects disagree about. The zero value is right for
// Squeak, Cuis and Pharo.
type Options struct {
	// UnderscoreAssignment lets a lone underscore after a variable (and a left
	// arrow) assign, as old Squeak code has it: x _ 3.
	UnderscoreAssignment bool
	// DottedNames accepts GNU Smalltalk's Smalltalk.Foo as one variable, and
	// its $<65> as a character. Both parts must begin with a capital letter and
	// the dot must have no space beside it.
	DottedNames bool
}

// ParseMethod parses a whole method: selector pattern and body.
func ParseMethod(src *ast.Source, opt Options) (m *ast.Method, err error) {
	defer catch(&err)
	p := newParser(src, opt)
	p.lex.keep = true
	m = p.method()
	return m, nil
}

// ParseDoIt parses statements up to the end of the text. ast.DoIt makes a
// method of them.
func ParseDoIt(src *ast.Source, opt Options) (s *ast.Sequence, err error) {
	defer catch(&err)
	p := newParser(src, opt)
	s = p.sequence(EOF, nil)
	s.Span = ast.Span{Start: 0, End: len(src.Text)}
	return s, nil
}

// Pattern is a method's selector and parameters.
type Pattern struct {
	ast.Span
	Selector      string
	SelectorParts []ast.Span
	Params        []*ast.Variable
}

// ParsePattern parses a text that is a method's selector pattern and no more.
func ParsePattern(src *ast.Source, opt Options) (pattern *Pattern, err error) {
	defer catch(&err)
	p := newParser(src, opt)
	pt := p.pattern()
	p.expect(EOF, "the end of the selector pattern")
	return &pt, nil
}

// ParseLiteral parses a text that is one literal.
func ParseLiteral(src *ast.Source, opt Options) (lit ast.Literal, err error) {
	defer catch(&err)
	p := newParser(src, opt)
	lit = p.literal("a literal")
	p.expect(EOF, "the end")
	return lit, nil
}

// Scan cuts the text from offset on into tokens and calls each with them until
// it answers false or the text ends (the end is a token too). An error stops
// the scan: nothing after it can be relied on.
func Scan(src *ast.Source, offset int, opt Options, each func(Token) bool) (err error) {
	defer catch(&err)
	l := Lexer{src: src, text: src.Text, pos: offset, opt: opt}
	for {
		if t := l.Next(); !each(t) || t.Kind == EOF {
			return nil
		}
	}
}

// catch turns the *Error that a parser panicked with into the error answered.
func catch(err *error) {
	switch e := recover().(type) {
	case nil:
	case *Error:
		*err = e
	default:
		panic(e)
	}
}

// parser is recursive descent with one token of lookahead.
type parser struct {
	lex Lexer
	tok Token
	// prevEnd is the end of the token before tok.
	prevEnd int
	nesting int
	// height is the height of the expression parsed last.
	height int
}

func newParser(src *ast.Source, opt Options) *parser {
	p := &parser{lex: Lexer{src: src, text: src.Text, opt: opt}}
	p.tok = p.lex.Next()
	return p
}

// next takes the current token and moves to the one after it.
func (p *parser) next() Token {
	t := p.tok
	p.prevEnd = t.End
	p.tok = p.lex.Next()
	return t
}

// fail reports that something else was expected at the current token.
func (p *parser) fail(expected string) {
	panic(p.expectedAt(p.tok, expected))
}

func (p *parser) expectedAt(t Token, expected string) *Error {
	found := t.describe(p.lex.text)
	e := NewError(p.lex.src, t.Start, "expected %s, found %s", expected, found)
	e.Expected, e.Found = expected, found
	return e
}

func (p *parser) expect(kind Kind, expected string) Token {
	if p.tok.Kind != kind {
		p.fail(expected)
	}
	return p.next()
}

// expectClose takes the bracket that closes the one at open.
func (p *parser) expectClose(kind Kind, open Token, bracket, others string) {
	if p.tok.Kind == kind {
		p.next()
		return
	}
	at := p.lex.src.Position(open.Start)
	p.fail(fmt.Sprintf("%s'%s' for the '%s' of line %d, column %d", others, bracket,
		p.lex.text[open.Start:open.End], at.Line, at.Column))
}

// isOperator says that the current token is a binary operator that begins with c.
func (p *parser) isOperator(c byte) bool {
	return p.tok.Kind == BinaryOp && p.lex.text[p.tok.Start] == c
}

// takeOperator takes one character of the operator that is the current token:
// in [:a || t | ] and <foo><bar> an operator is read where two tokens are meant.
func (p *parser) takeOperator(c byte, expected string) {
	if !p.isOperator(c) {
		p.fail(expected)
	}
	p.prevEnd = p.tok.Start + 1
	p.lex.pos = p.prevEnd
	p.tok = p.lex.Next()
}

// enter counts a level of nesting, an expression within an expression, that
// leave ends.
func (p *parser) enter() {
	if p.nesting++; p.nesting > MaxNesting {
		panic(NewError(p.lex.src, p.tok.Start, "too deeply nested: at most %d levels", MaxNesting))
	}
}

func (p *parser) leave() { p.nesting-- }

// grow sets the height of an expression made of one of the height below.
func (p *parser) grow(below int) {
	if p.height = below + 1; p.height > MaxHeight {
		panic(NewError(p.lex.src, p.tok.Start, "expression is too long: at most %d messages in a row", MaxHeight))
	}
}

// from answers the span from start to the end of the token taken last.
func (p *parser) from(start int) ast.Span { return ast.Span{Start: start, End: p.prevEnd} }

func (p *parser) method() *ast.Method {
	pt := p.pattern()
	m := &ast.Method{Selector: pt.Selector, SelectorParts: pt.SelectorParts, Params: pt.Params}
	m.Body = p.sequence(EOF, m)
	m.Span = ast.Span{Start: 0, End: len(p.lex.text)}
	m.Comments = p.lex.comments
	return m
}

func (p *parser) pattern() Pattern {
	var pt Pattern
	start := p.tok.Start
	switch p.tok.Kind {
	case Identifier:
		p.undot()
		t := p.next()
		pt.Selector, pt.SelectorParts = t.Text, []ast.Span{t.Span}
	case BinaryOp:
		t := p.next()
		pt.Selector, pt.SelectorParts = t.Text, []ast.Span{t.Span}
		pt.Params = []*ast.Variable{p.declaration("the parameter of " + t.Text)}
	case Keyword:
		var parts []string
		for p.tok.Kind == Keyword {
			t := p.next()
			parts = append(parts, t.Text)
			pt.SelectorParts = append(pt.SelectorParts, t.Span)
			pt.Params = append(pt.Params, p.declaration("the parameter of "+t.Text))
		}
		pt.Selector = strings.Join(parts, "")
	default:
		p.fail("a method's selector")
	}
	pt.Span = p.from(start)
	return pt
}

// declaration reads the name of a parameter or temporary.
func (p *parser) declaration(what string) *ast.Variable {
	if p.tok.Kind != Identifier {
		p.fail(what)
	}
	p.undot()
	if isReserved(p.tok.Text) {
		panic(NewError(p.lex.src, p.tok.Start, "'%s' cannot be declared: it is a reserved name", p.tok.Text))
	}
	return p.variable(p.next())
}

// undot cuts a dotted name, the current token, back to its first part where
// only a simple name has a meaning: the dot ends a statement then.
func (p *parser) undot() {
	if i := strings.IndexByte(p.tok.Text, '.'); i >= 0 {
		p.tok.Text = p.tok.Text[:i]
		p.tok.End = p.tok.Start + i
		p.lex.pos = p.tok.End
	}
}

// isReserved says that a name is a pseudo variable's.
func isReserved(name string) bool {
	switch name {
	case "self", "super", "thisContext", "nil", "true", "false":
		return true
	}
	return false
}

func (p *parser) variable(t Token) *ast.Variable {
	v := &ast.Variable{Span: t.Span, Name: t.Text}
	if p.lex.opt.DottedNames {
		if i := strings.LastIndexByte(t.Text, '.'); i >= 0 {
			v.Namespace, v.Name = t.Text[:i], t.Text[i+1:]
		}
	}
	return v
}

// sequence reads declarations and statements up to a token of the kind end,
// which is not taken. m is the method whose pragmas may stand before the first
// statement, or nil.
func (p *parser) sequence(end Kind, m *ast.Method) *ast.Sequence {
	s := &ast.Sequence{}
	start := p.tok.Start
	height := 0
	for {
		switch {
		case p.tok.Kind == end || p.tok.Kind == EOF:
			s.Span = p.from(start)
			if s.End < start {
				s.End = start
			}
			p.height = height
			return s
		case p.tok.Kind == Period:
			p.next()
			continue
		case p.isOperator('|'):
			s.Temps = p.temps(s.Temps)
			continue
		case m != nil && len(s.Statements) == 0 && p.isOperator('<'):
			p.pragma(m)
			continue
		}
		s.Statements = append(s.Statements, p.statement())
		height = max(height, p.height)
		if p.tok.Kind == end || p.tok.Kind == EOF {
			continue
		}
		if p.tok.Kind != Period {
			p.fail("a message, '.' or " + endNames[end])
		}
		p.next()
	}
}

var endNames = map[Kind]string{EOF: "the end", CloseBracket: "']'", CloseParen: "')'", Backquote: "'`'"}

// temps reads | a b |.
func (p *parser) temps(temps []*ast.Variable) []*ast.Variable {
	p.takeOperator('|', "'|'")
	for !p.isOperator('|') {
		temps = append(temps, p.declaration("a temporary's name or '|'"))
	}
	p.takeOperator('|', "'|'")
	return temps
}

func (p *parser) statement() ast.Statement {
	if p.tok.Kind != Caret {
		return p.expression()
	}
	start := p.next().Start
	value := p.expression()
	p.grow(p.height)
	return &ast.Return{Span: p.from(start), Value: value}
}
