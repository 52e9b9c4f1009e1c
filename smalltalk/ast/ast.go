// Package ast defines the syntax trees of Smalltalk source.
//
// A tree is what the parser makes of one method, or of one sequence of
// statements (a doIt). The package promises:
//
//   - every node knows the bytes it was read from (Span, offsets into the
//     text that was parsed), and a Source turns an offset into line and column;
//   - a tree is plain data: nothing in it is resolved, looked up or shared, so
//     names are as written and a tree may be changed freely;
//   - Walk visits every node once, in source order;
//   - Print gives the canonical source form, which parses to an equal tree
//     (Equal compares trees without their spans).
//
// The shapes:
//
//	Method    selector, parameters, pragmas, primitive, Sequence
//	Sequence  temporaries and statements (body of a method, a block, a doIt)
//	Statement Return or any Expr
//	Expr      Variable, Assign, Send, Cascade, Block, Brace or a Literal
//	Literal   Integer, Fraction, Float, ScaledDecimal, Character, String,
//	          Symbol, LiteralArray, ByteArray, Constant (nil true false), Binding
package ast

import (
	"math/big"
	"unicode"
	"unicode/utf8"
)

// Span is a half-open range of byte offsets, [Start, End), into the parsed text.
type Span struct{ Start, End int }

// Range answers the span itself, which makes every struct that embeds a Span
// answer where it stands.
func (s Span) Range() Span { return s }

// Cover answers the smallest span that includes both.
func (s Span) Cover(t Span) Span {
	return Span{min(s.Start, t.Start), max(s.End, t.End)}
}

// Node is any part of a tree.
type Node interface {
	// Range is the node's place in the parsed text. Parentheses around an
	// expression are not part of it.
	Range() Span
	node()
}

// Statement is a Return or an expression.
type Statement interface {
	Node
	statement()
}

// Expr is a node that has a value.
type Expr interface {
	Statement
	expr()
}

// Literal is an expression whose value is known from its text alone. Literals
// are also the elements of literal arrays and the arguments of pragmas.
type Literal interface {
	Expr
	literal()
}

// Method is a method definition without its class.
//
//	at: index put: value          selector and parameters
//		"comment"
//		<primitive: 61 error: ec>   pragmas, and Primitive
//		| t |                       Body.Temps
//		^ t := value                Body.Statements
type Method struct {
	Span
	Selector string
	// SelectorParts are the places of the selector's parts in the pattern: one
	// for unary and binary selectors, one for each keyword otherwise.
	SelectorParts []Span
	Params        []*Variable
	// Pragmas has every pragma in order, the one that names a primitive included.
	Pragmas []*Pragma
	// Primitive is what the <primitive: ...> pragma says, or nil.
	Primitive *Primitive
	Body      *Sequence
	// Comments has every comment of the method in order.
	Comments []Comment
}

// Primitive is the decoded form of a primitive pragma.
//
//	<primitive: 60>                                  Number 60
//	<primitive: 60 error: ec>                        ErrorCode ec
//	<primitive: 'primitiveOpen' module: 'FilePlugin'> Number 117
//	<primitive: 'primitiveOpen' module: 'FilePlugin' error: ec>
type Primitive struct {
	// Number is the primitive's number; it is NamedPrimitive when Name is set.
	Number int
	// Name and Module are set for a named primitive. An empty Module means the
	// VM itself.
	Name, Module string
	// ErrorCode is the temporary that receives the failure code, or nil. The
	// pragma declares it: it is not among Body.Temps.
	ErrorCode *Variable
}

// NamedPrimitive is the number of the primitive that calls a function by module
// and name.
const NamedPrimitive = 117

// Pragma is an annotation <foo: 1 bar: #x>.
type Pragma struct {
	Span
	Selector string
	// Args are Literals, save in three places where a Variable stands for its
	// own name: the error code of a primitive, <foo: Name> and <foo: self>. The
	// C declaration in <cdecl: ...> and <apicall: ...> is one String.
	Args []Expr
}

// foreignCall answers the C declaration of <cdecl: ...> and <apicall: ...>, a
// pragma whose one argument is no literal but the text up to the >.
func (g *Pragma) foreignCall() (declaration string, ok bool) {
	if len(g.Args) != 1 || g.Selector != "cdecl:" && g.Selector != "apicall:" {
		return "", false
	}
	s, ok := g.Args[0].(*String)
	if !ok {
		return "", false
	}
	return s.Value, true
}

// Comment is a comment's text without its quotes, doubled quotes undone.
type Comment struct {
	Span
	Text string
}

// Sequence is the inside of a method, a block or a doIt: declarations, then
// statements. Declarations that were written later or repeatedly
// (| a | a := 1. | b | b := 2) are all in Temps, in order.
type Sequence struct {
	Span
	Temps      []*Variable
	Statements []Statement
}

// Return is ^ value.
type Return struct {
	Span
	Value Expr
}

// Variable is a variable's name, in a declaration or in an expression. The
// pseudo variables self, super and thisContext are Variables too; nil, true
// and false are Constants. super is found only as the receiver of a Send or a
// Cascade.
type Variable struct {
	Span
	// Name is the name as written, without the namespace.
	Name string
	// Namespace is what stands before the last dot of a dotted name
	// (Smalltalk.Foo: "Smalltalk"). When it is set the name means a global,
	// whatever is declared locally.
	Namespace string
}

// Assign is target := value.
type Assign struct {
	Span
	Target *Variable
	Value  Expr
}

// Message is a selector with its arguments, without a receiver.
type Message struct {
	Span
	Selector string
	// SelectorParts are the places of the selector's parts: one for unary and
	// binary messages, one for each keyword otherwise.
	SelectorParts []Span
	Args          []Expr
}

// Send is a message sent to a receiver.
type Send struct {
	Span
	Receiver Expr
	Message  Message
}

// IsSuper says that the send's lookup starts above the method's class.
func (s *Send) IsSuper() bool { return IsSuper(s.Receiver) }

// Cascade is several messages to one receiver, which is evaluated once. There
// are always two messages or more; the value is that of the last one.
//
//	Transcript show: 'a'; show: 'b'; cr
//	Receiver   Messages[0]  [1]      [2]
type Cascade struct {
	Span
	Receiver Expr
	Messages []*Message
}

// IsSuper says that the lookups of all messages start above the method's class.
func (c *Cascade) IsSuper() bool { return IsSuper(c.Receiver) }

// IsSuper says that e is the pseudo variable super.
func IsSuper(e Expr) bool {
	v, ok := e.(*Variable)
	return ok && v.Name == "super" && v.Namespace == ""
}

// Block is [ :params | body ].
type Block struct {
	Span
	Params []*Variable
	Body   *Sequence
}

// Brace is { a. b }: an Array made when it is evaluated.
type Brace struct {
	Span
	Elements []Expr
}

// Integer is an integer literal of any size, sign included.
type Integer struct {
	Span
	Value *big.Int
}

// Float is a float literal: the double nearest to what was written.
type Float struct {
	Span
	Value float64
}

// Fraction is an integer with a negative exponent that is no integer itself:
// 5e-2 is 1/20.
type Fraction struct {
	Span
	Value *big.Rat
}

// ScaledDecimal is 3.14s2: an exact fraction and the number of digits to print.
type ScaledDecimal struct {
	Span
	Value *big.Rat
	Scale int
}

// Character is $a, any Unicode code point.
type Character struct {
	Span
	Value rune
}

// String is 'text', doubled quotes undone. It is valid UTF-8.
type String struct {
	Span
	Value string
}

// Symbol is #foo, #at:put:, #+ or #'any text'.
type Symbol struct {
	Span
	Value string
}

// LiteralArray is #( ... ).
type LiteralArray struct {
	Span
	Elements []Literal
}

// ByteArray is #[ ... ].
type ByteArray struct {
	Span
	Value []byte
}

// ConstantKind tells the three constants apart.
type ConstantKind uint8

// The constants.
const (
	Nil ConstantKind = iota
	True
	False
)

func (k ConstantKind) String() string {
	return [...]string{"nil", "true", "false"}[k]
}

// Constant is nil, true or false.
type Constant struct {
	Span
	Kind ConstantKind
}

// Binding is #{Foo} or #{Smalltalk.Foo}: the association that holds the global.
type Binding struct {
	Span
	Variable *Variable
}

func (*Method) node()        {}
func (*Pragma) node()        {}
func (*Sequence) node()      {}
func (*Message) node()       {}
func (*Return) node()        {}
func (*Variable) node()      {}
func (*Assign) node()        {}
func (*Send) node()          {}
func (*Cascade) node()       {}
func (*Block) node()         {}
func (*Brace) node()         {}
func (*Integer) node()       {}
func (*Fraction) node()      {}
func (*Float) node()         {}
func (*ScaledDecimal) node() {}
func (*Character) node()     {}
func (*String) node()        {}
func (*Symbol) node()        {}
func (*LiteralArray) node()  {}
func (*ByteArray) node()     {}
func (*Constant) node()      {}
func (*Binding) node()       {}

func (*Return) statement()        {}
func (*Variable) statement()      {}
func (*Assign) statement()        {}
func (*Send) statement()          {}
func (*Cascade) statement()       {}
func (*Block) statement()         {}
func (*Brace) statement()         {}
func (*Integer) statement()       {}
func (*Fraction) statement()      {}
func (*Float) statement()         {}
func (*ScaledDecimal) statement() {}
func (*Character) statement()     {}
func (*String) statement()        {}
func (*Symbol) statement()        {}
func (*LiteralArray) statement()  {}
func (*ByteArray) statement()     {}
func (*Constant) statement()      {}
func (*Binding) statement()       {}

func (*Variable) expr()      {}
func (*Assign) expr()        {}
func (*Send) expr()          {}
func (*Cascade) expr()       {}
func (*Block) expr()         {}
func (*Brace) expr()         {}
func (*Integer) expr()       {}
func (*Fraction) expr()      {}
func (*Float) expr()         {}
func (*ScaledDecimal) expr() {}
func (*Character) expr()     {}
func (*String) expr()        {}
func (*Symbol) expr()        {}
func (*LiteralArray) expr()  {}
func (*ByteArray) expr()     {}
func (*Constant) expr()      {}
func (*Binding) expr()       {}

func (*Integer) literal()       {}
func (*Fraction) literal()      {}
func (*Float) literal()         {}
func (*ScaledDecimal) literal() {}
func (*Character) literal()     {}
func (*String) literal()        {}
func (*Symbol) literal()        {}
func (*LiteralArray) literal()  {}
func (*ByteArray) literal()     {}
func (*Constant) literal()      {}
func (*Binding) literal()       {}

// DoItSelector is the selector of the method that runs a sequence of statements.
const DoItSelector = "DoIt"

// DoIt makes the method that runs the statements and answers the value of the
// last one (nil when there is none). The sequence's nodes are shared, the
// sequence itself is not changed.
func DoIt(s *Sequence) *Method {
	body := &Sequence{Span: s.Span, Temps: s.Temps}
	body.Statements = append(body.Statements, s.Statements...)
	end := Span{s.End, s.End}
	if n := len(body.Statements); n == 0 {
		body.Statements = []Statement{&Return{end, &Constant{end, Nil}}}
	} else if e, ok := body.Statements[n-1].(Expr); ok {
		body.Statements[n-1] = &Return{e.Range(), e}
	}
	return &Method{Span: s.Span, Selector: DoItSelector, Body: body}
}

// SelectorArgs answers how many arguments a selector takes: none for a unary
// one, one for a binary one, one for each colon of a keyword one.
func SelectorArgs(selector string) int {
	colons := 0
	for i := 0; i < len(selector); i++ {
		if selector[i] == ':' {
			colons++
		}
	}
	if first, _ := utf8.DecodeRuneInString(selector); colons == 0 && selector != "" && first != '_' && !unicode.IsLetter(first) {
		return 1
	}
	return colons
}
