package source

import (
	"strings"

	"github.com/sista-vm/sista/smalltalk/ast"
	"github.com/sista-vm/sista/smalltalk/parser"
)

// The bodies of GNU Smalltalk's class definitions and extensions:
//
//	Object subclass: Account [
//		| balance |                          instance variables
//		<comment: 'Money in the bank'>       attributes
//		<shape: #pointer>
//		Account class [ | count | ]          variables (and methods) of the metaclass
//		Rate := 3/100.                       a class variable and its initializer
//		Account class >> new [ ... ]         methods
//		balance [ <category: 'x'> ^ balance ]
//	]

// classBody is what a body has said about its class so far.
type classBody struct {
	name                               string
	isMeta                             bool
	instVars, classVars, classInstVars []string
	pools                              []string
	comment, category                  string
	kind                               Kind
	hasKind                            bool
}

// class reads Super subclass: Foo [ ... ]; the current token is Super.
func (s *scriptReader) class(super string) {
	if super == "nil" {
		super = ""
	}
	d := &ClassDefinition{
		origin:     origin{s.cut(ast.Span{Start: s.at(0).Start, End: s.at(2).End})},
		Name:       simple(s.at(2).Text),
		Superclass: super,
	}
	s.add(d) // before its methods
	s.i += 3
	b := &classBody{name: d.Name}
	s.definitionBody(b)
	d.Kind, d.InheritsKind = b.kind, !b.hasKind
	d.InstVars, d.ClassVars, d.ClassInstVars, d.Pools = b.instVars, b.classVars, b.classInstVars, b.pools
	d.Category, d.Package, d.Comment = b.category, b.category, b.comment
}

// extension reads Foo extend [ ... ], Foo class extend [ ... ] and, at the top
// level, Foo class [ ... ]; the bracket is n tokens after the current one.
func (s *scriptReader) extension(name string, isMeta bool, n int) {
	e := &ClassExtension{
		origin: origin{s.cut(ast.Span{Start: s.at(0).Start, End: s.at(n - 1).End})},
		Name:   name,
	}
	s.add(e)
	s.i += n
	b := &classBody{name: name, isMeta: isMeta}
	s.definitionBody(b)
	e.InstVars, e.ClassVars, e.ClassInstVars, e.Comment = b.instVars, b.classVars, b.classInstVars, b.comment
}

// definitionBody reads the body whose bracket is the current token. When it is
// not closed, its members are read all the same: one of them is to blame, and
// its own error says more.
func (s *scriptReader) definitionBody(b *classBody) {
	end := s.close(s.i)
	if end < 0 {
		s.fail(s.at(0).Start, "expected ']' for the '[' of %s before the end", b.name)
		end = s.likelyEnd()
	}
	s.i++
	s.body(b, end)
}

// likelyEnd answers the index of the first closing bracket that begins a line,
// or of the end.
func (s *scriptReader) likelyEnd() int {
	for i, t := range s.tokens[s.i:] {
		if t.Kind == parser.CloseBracket && strings.IndexByte("\r\n", s.text[t.Start-1]) >= 0 {
			return s.i + i
		}
	}
	return len(s.tokens) - 1
}

// body reads up to the token end, and moves past it.
func (s *scriptReader) body(b *classBody, end int) {
	for s.i < end && !s.tooMany() {
		t := s.at(0)
		switch {
		case t.Kind == parser.Period || isOperator(t, "!"):
			s.i++
		case s.bodyMethod(b):
		case t.Kind == parser.BinaryOp && t.Text[0] == '|':
			s.variables(b, end)
		case t.Kind == parser.BinaryOp && t.Text[0] == '<':
			s.attribute(b, end)
		case t.Kind == parser.Identifier && isNamed(s.at(1), "class") && s.at(2).Kind == parser.OpenBracket:
			s.metaclassBody(b, end)
		case t.Kind == parser.Identifier && (s.at(1).Kind == parser.Assignment || s.at(1).Kind == parser.Period || s.i+1 == end):
			s.classVariable(b, end)
		default:
			s.fail(t.Start, "expected a variable, attribute or method of %s, found '%s'", b.name, s.text[t.Start:t.End])
			s.skipMember(end)
		}
	}
	s.i = min(end+1, len(s.tokens)-1)
}

// skipMember moves past the next period or definition in brackets.
func (s *scriptReader) skipMember(end int) {
	for ; s.i < end; s.i++ {
		switch s.at(0).Kind {
		case parser.Period:
			return
		case parser.OpenBracket, parser.HashBracket:
			if close := s.close(s.i); close >= 0 && close < end {
				s.i = close + 1
			} else {
				s.i = end
			}
			return
		}
	}
}

// skipPast moves past the operator that closes a bad declaration, or like
// skipMember when that comes first.
func (s *scriptReader) skipPast(operator byte, end int) {
	for ; s.i < end; s.i++ {
		switch t := s.at(0); t.Kind {
		case parser.BinaryOp:
			if t.Text[0] == operator {
				s.splitOperator()
				return
			}
		case parser.Period, parser.OpenBracket, parser.HashBracket:
			s.skipMember(end)
			return
		}
	}
}

// bodyMethod reads the method that begins here; false when none does.
func (s *scriptReader) bodyMethod(b *classBody) bool {
	m := MethodDefinition{Class: b.name, IsMeta: b.isMeta}
	n := 0
	if s.at(0).Kind == parser.Identifier {
		if isOperator(s.at(1), ">>") {
			m.Class = simple(s.at(0).Text)
			m.IsMeta = b.isMeta && m.Class == b.name
			n = 2
		} else if isNamed(s.at(1), "class") && isOperator(s.at(2), ">>") {
			m.Class, m.IsMeta = simple(s.at(0).Text), true
			n = 3
		}
	}
	length := s.patternLength(n)
	if length == 0 {
		return false
	}
	s.i += n
	s.bracketMethod(m, length)
	return true
}

// variables reads | a b |.
func (s *scriptReader) variables(b *classBody, end int) {
	open := s.at(0)
	s.i++
	if open.Text == "||" {
		return
	}
	for ; s.i < end; s.i++ {
		t := s.at(0)
		switch {
		case t.Kind == parser.Identifier && b.isMeta:
			b.classInstVars = append(b.classInstVars, t.Text)
		case t.Kind == parser.Identifier:
			b.instVars = append(b.instVars, t.Text)
		case isOperator(t, "|"):
			s.i++
			return
		case t.Kind == parser.BinaryOp && t.Text[0] == '|':
			s.splitOperator()
			return
		default:
			s.fail(t.Start, "expected a variable's name or '|', found '%s'", s.text[t.Start:t.End])
			s.skipPast('|', end)
			return
		}
	}
	s.fail(open.Start, "declaration is not closed: expected '|' before the end of %s", b.name)
}

// splitOperator takes the first character off the operator that is the current
// token: the closing bar of | a |<comment: 'x'>.
func (s *scriptReader) splitOperator() {
	t := &s.tokens[s.i]
	if len(t.Text) == 1 {
		s.i++
		return
	}
	t.Text = t.Text[1:]
	t.Start++
}

// attribute reads <keyword: value>.
func (s *scriptReader) attribute(b *classBody, end int) {
	open := s.at(0).Start
	s.splitOperator()
	keyword := s.at(0)
	if keyword.Kind != parser.Keyword {
		s.fail(open, "expected an attribute such as <comment: 'text'>")
		s.skipPast('>', end)
		return
	}
	s.i++
	value := ast.Span{Start: s.at(0).Start, End: s.at(0).Start}
	for s.i < end && (s.at(0).Kind != parser.BinaryOp || s.at(0).Text[0] != '>') {
		value.End = s.at(0).End
		s.i++
	}
	if s.i == end {
		s.fail(open, "attribute is not closed: expected '>' before the end of %s", b.name)
		return
	}
	s.splitOperator()
	s.setAttribute(b, keyword, value)
}

// setAttribute stores an attribute. Unknown ones are for other systems.
func (s *scriptReader) setAttribute(b *classBody, keyword parser.Token, span ast.Span) {
	src := s.cut(span)
	value := ""
	if isName(src.Text) { // nil, or the name of a pool
		value = src.Text
	} else {
		literal, err := parser.ParseLiteral(src, s.opt)
		if err != nil {
			s.report(err)
			return
		}
		value, _ = textOf(literal)
	}
	switch keyword.Text {
	case "comment:":
		if value != "nil" {
			b.comment = value
		}
	case "category:":
		b.category = value
	case "import:":
		b.pools = append(b.pools, simple(value))
	case "shape:":
		if value == "nil" || value == "inherit" {
			return
		}
		kind, ok := shapes[value]
		if !ok {
			s.fail(span.Start, "unknown shape of class %s: %s", b.name, src.Text)
			return
		}
		b.kind, b.hasKind = kind, true
	}
}

// metaclassBody reads Foo class [ ... ] within the body of Foo.
func (s *scriptReader) metaclassBody(b *classBody, end int) {
	if name := simple(s.at(0).Text); name != b.name || b.isMeta {
		s.fail(s.at(0).Start, "%s class cannot be defined here, within %s", name, b.name)
		s.skipMember(end)
		return
	}
	s.i += 2
	close := s.close(s.i)
	if close < 0 || close > end { // only when the class is not closed either
		close = end
	}
	meta := &classBody{name: b.name, isMeta: true}
	s.i++
	s.body(meta, close)
	b.classInstVars = append(b.classInstVars, meta.classInstVars...)
	b.classVars = append(b.classVars, meta.classVars...)
	if meta.comment != "" {
		b.comment = meta.comment
	}
}

// classVariable reads Name := expression, or Name alone.
func (s *scriptReader) classVariable(b *classBody, end int) {
	name := s.at(0)
	b.classVars = append(b.classVars, name.Text)
	if s.at(1).Kind != parser.Assignment {
		s.i++
		return
	}
	s.skipStatement(end, func() bool { return false })
	span := ast.Span{Start: name.Start, End: s.tokens[s.i-1].End}
	s.statements(Statements{origin: origin{s.cut(span)}, Class: b.name})
}
