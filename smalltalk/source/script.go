package source

import (
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/sista-vm/sista/smalltalk/ast"
	"github.com/sista-vm/sista/smalltalk/parser"
)

// ReadScript reads a script: statements that end with periods, and among them
// definitions in brackets.
//
//	#!/usr/bin/env sista run
//	| n |                                 a variable of the whole script
//	n := 3.
//	Object subclass: #Foo ... .           a statement, recognized as a definition
//	Foo >> bar: x [ ^ x ]                 methods
//	Foo class >> new [ ^ super new ]
//	Object subclass: Foo [                GNU Smalltalk's definitions (bracket.go)
//		| a b | bar [ ^ a ] ]
//	Foo extend [ baz [ ^ 1 ] ]
//	Foo class extend [ zork [ ^ 2 ] ]
//	Eval [ | t | t := 4. t printNl ]      statements with variables of their own
func ReadScript(src *ast.Source) ([]Unit, error) {
	s := scriptReader{reader: newReader(src, scriptOptions)}
	start := 0
	if strings.HasPrefix(s.text, "#!") {
		if start = strings.IndexAny(s.text, "\r\n"); start < 0 {
			start = len(s.text)
		}
	}
	s.read(start)
	return s.units, s.errors.Err()
}

var scriptOptions = parser.Options{UnderscoreAssignment: true, DottedNames: true}

// read reads the text from an offset on.
func (s *scriptReader) read(start int) {
	s.scan(start)
	s.matchBrackets()
	s.items(len(s.tokens) - 1)
	sort.SliceStable(s.errors, func(i, j int) bool {
		a, b := s.errors[i].Position, s.errors[j].Position
		return a.Line < b.Line || a.Line == b.Line && a.Column < b.Column
	})
}

// scriptReader works on the tokens of the file: they tell the form of a
// definition before any of it is parsed. tokens ends with an EOF.
type scriptReader struct {
	*reader
	tokens []parser.Token
	i      int
	// closers has for the index of every opening bracket that of the bracket
	// which closes it.
	closers map[int]int
	// depth is the nesting of namespaces.
	depth int
}

// maxNamespaces bounds the nesting of Namespace current: X [ ... ].
const maxNamespaces = 100

// scan cuts the text from an offset on into tokens. After a character that is no token it goes
// on; a string or comment that is not closed ends the script.
func (s *scriptReader) scan(pos int) {
	for {
		err := parser.Scan(s.src, pos, s.opt, func(t parser.Token) bool {
			s.tokens = append(s.tokens, t)
			return true
		})
		if err == nil {
			return
		}
		s.report(err)
		pos = err.(*parser.Error).Offset
		if pos >= len(s.text) || s.text[pos] == '\'' || s.text[pos] == '"' || s.tooMany() {
			end := ast.Span{Start: len(s.text), End: len(s.text)}
			s.tokens = append(s.tokens, parser.Token{Kind: parser.EOF, Span: end})
			return
		}
		_, size := utf8.DecodeRuneInString(s.text[pos:])
		pos += size
	}
}

// at answers the token n after the current one; EOF past the end.
func (s *scriptReader) at(n int) parser.Token {
	return s.tokens[min(s.i+n, len(s.tokens)-1)]
}

func isNamed(t parser.Token, name string) bool {
	return t.Kind == parser.Identifier && t.Text == name
}

func isOperator(t parser.Token, op string) bool {
	return t.Kind == parser.BinaryOp && t.Text == op
}

// simple answers a class's name without its namespace.
func simple(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

// items reads what stands before the token end, at the top level or within
// Namespace current: X [ ... ].
func (s *scriptReader) items(end int) {
	for s.i < end && !s.tooMany() {
		t := s.at(0)
		switch {
		case t.Kind == parser.Period || isOperator(t, "!"):
			s.i++
		case s.definition():
		default:
			s.statement(end)
		}
	}
}

// definition reads the definition in brackets that begins here; false when it
// is a statement that does.
func (s *scriptReader) definition() bool {
	t := s.at(0)
	if t.Kind != parser.Identifier {
		return false
	}
	name := simple(t.Text)
	switch {
	case t.Text == "Eval" && s.at(1).Kind == parser.OpenBracket:
		s.i++
		s.eval()
	case isNamed(s.at(1), "extend") && s.at(2).Kind == parser.OpenBracket:
		s.extension(name, false, 2)
	case isNamed(s.at(1), "class") && isNamed(s.at(2), "extend") && s.at(3).Kind == parser.OpenBracket:
		s.extension(name, true, 3)
	case isNamed(s.at(1), "class") && s.at(2).Kind == parser.OpenBracket:
		s.extension(name, true, 2)
	case s.at(1).Kind == parser.Keyword && s.at(1).Text == "subclass:" && s.at(3).Kind == parser.OpenBracket &&
		(s.at(2).Kind == parser.Identifier || s.at(2).Kind == parser.SymbolLiteral):
		s.class(name)
	case t.Text == "Namespace" && s.at(1).Text == "current:" && s.at(3).Kind == parser.OpenBracket:
		s.i += 3
		if open, end, ok := s.brackets(); ok {
			if s.depth++; s.depth > maxNamespaces {
				s.fail(t.Start, "too deeply nested: at most %d namespaces", maxNamespaces)
			} else {
				s.i = open + 1
				s.items(end)
			}
			s.depth--
			s.i = end + 1
		}
	default:
		return s.qualifiedMethod(name)
	}
	return true
}

// qualifiedMethod reads Foo >> bar [ ... ] and Foo class >> bar [ ... ].
func (s *scriptReader) qualifiedMethod(class string) bool {
	n := 1
	isMeta := isNamed(s.at(1), "class")
	if isMeta {
		n++
	}
	if !isOperator(s.at(n), ">>") {
		return false
	}
	length := s.patternLength(n + 1)
	if length == 0 {
		return false
	}
	s.i += n + 1
	s.bracketMethod(MethodDefinition{Class: class, IsMeta: isMeta}, length)
	return true
}

// patternLength answers how many tokens the selector pattern has that begins
// n tokens after the current one, if a bracket opens after it; else 0.
func (s *scriptReader) patternLength(n int) int {
	length := 0
	switch s.at(n).Kind {
	case parser.Identifier:
		length = 1
	case parser.BinaryOp:
		if s.at(n+1).Kind == parser.Identifier {
			length = 2
		}
	case parser.Keyword:
		for s.at(n+length).Kind == parser.Keyword && s.at(n+length+1).Kind == parser.Identifier {
			length += 2
		}
	}
	if s.at(n+length).Kind != parser.OpenBracket {
		return 0
	}
	return length
}

// bracketMethod reads the method whose pattern begins with the current token
// and has length tokens.
func (s *scriptReader) bracketMethod(m MethodDefinition, length int) {
	pattern := ast.Span{Start: s.at(0).Start, End: s.at(length - 1).End}
	s.i += length
	if open, end, ok := s.brackets(); ok {
		s.method(m, pattern, ast.Span{Start: s.tokens[open].End, End: s.tokens[end].Start})
		s.i = end + 1
	}
}

// brackets finds the bracket that closes the one at the current token, and
// answers the indices of both. Where there is none it reports that and moves
// past what is likely the end of the definition.
func (s *scriptReader) brackets() (open, end int, ok bool) {
	open = s.i
	if end = s.close(open); end >= 0 {
		return open, end, true
	}
	at := s.tokens[open]
	s.fail(at.Start, "expected ']' for this '[' before the end")
	s.i = open + 1
	s.resume()
	return 0, 0, false
}

// close answers the index of the bracket that closes the one at open, or -1.
func (s *scriptReader) close(open int) int {
	if end, ok := s.closers[open]; ok {
		return end
	}
	return -1
}

func (s *scriptReader) matchBrackets() {
	s.closers = map[int]int{}
	var open []int
	for i, t := range s.tokens {
		switch t.Kind {
		case parser.OpenBracket, parser.HashBracket:
			open = append(open, i)
		case parser.CloseBracket:
			if n := len(open); n > 0 {
				s.closers[open[n-1]] = i
				open = open[:n-1]
			}
		}
	}
}

// resume moves to the next token that begins a line at its very beginning and
// follows a period, a closing bracket or an exclamation mark.
func (s *scriptReader) resume() {
	for ; s.i < len(s.tokens)-1; s.i++ {
		before, t := s.tokens[max(s.i-1, 0)], s.tokens[s.i]
		ends := before.Kind == parser.Period || before.Kind == parser.CloseBracket || isOperator(before, "!")
		if ends && t.Kind != parser.CloseBracket && t.Start > 0 && strings.IndexByte("\r\n", s.text[t.Start-1]) >= 0 {
			return
		}
	}
}

// eval reads Eval [ statements ].
func (s *scriptReader) eval() {
	if open, end, ok := s.brackets(); ok {
		span := s.trim(ast.Span{Start: s.tokens[open].End, End: s.tokens[end].Start})
		s.statements(Statements{origin: origin{s.cut(span)}})
		s.i = end + 1
	}
}

// statement reads up to the period that ends it, which it takes.
func (s *scriptReader) statement(end int) {
	start := s.i
	balanced := s.skipStatement(end, func() bool { return s.declarationEnds(start) })
	if s.i == start {
		s.i++
	}
	span := ast.Span{Start: s.tokens[start].Start, End: s.tokens[s.i-1].End}
	if !s.statements(Statements{origin: origin{s.cut(span)}, TopLevel: true}) && !balanced {
		// The end was looked for in the wrong place.
		s.i = start + 1
		s.resume()
	}
}

// skipStatement moves to the period outside of all brackets that ends the
// statement, or past the token where ends answers true. It answers false when
// it comes to a bracket that closes none, or to the end with one still open.
func (s *scriptReader) skipStatement(end int, ends func() bool) (balanced bool) {
	var open []parser.Kind
	for ; s.i < end; s.i++ {
		switch t := s.at(0); t.Kind {
		case parser.OpenParen, parser.HashParen, parser.HashHashParen:
			open = append(open, parser.CloseParen)
		case parser.OpenBracket, parser.HashBracket:
			open = append(open, parser.CloseBracket)
		case parser.OpenBrace, parser.HashBrace:
			open = append(open, parser.CloseBrace)
		case parser.CloseParen, parser.CloseBracket, parser.CloseBrace:
			if len(open) == 0 || open[len(open)-1] != t.Kind {
				s.i++ // it belongs to the statement, to be reported with it
				return false
			}
			open = open[:len(open)-1]
		case parser.Period:
			if len(open) == 0 {
				return true
			}
		case parser.BinaryOp:
			if len(open) == 0 && t.Text == "!" && s.at(1).Kind == parser.EOF {
				return true
			}
			if ends() {
				s.i++
				return true
			}
		}
	}
	return len(open) == 0
}

// declarationEnds says that the current token is the bar that closes a
// declaration of variables which the token at start opens, so that a
// definition may follow.
func (s *scriptReader) declarationEnds(start int) bool {
	if s.i == start || !isOperator(s.tokens[start], "|") || !isOperator(s.at(0), "|") {
		return false
	}
	for _, t := range s.tokens[start+1 : s.i] {
		if t.Kind != parser.Identifier {
			return false
		}
	}
	return true
}
