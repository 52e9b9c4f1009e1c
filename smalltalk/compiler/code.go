package compiler

import (
	"encoding/binary"
	"sort"
	"strings"

	"github.com/sista-vm/sista/bytecode"
	"github.com/sista-vm/sista/smalltalk/ast"
)

// Code is what methods and full blocks have in common: a unit of compiled code
// with an activation of its own.
//
//	slot 0     Header
//	slots 1..  Literals; of a method the last two are the selector (or
//	           MethodState) and the class binding, of a block the last one is
//	           the code around it
//	bytes      Bytecodes, then Trailer
type Code struct {
	Header    bytecode.MethodHeader
	Literals  []Literal
	Bytecodes []byte
	Trailer   []byte
	// Positions says where instructions come from, in rising order of PC.
	Positions []Position
	// Temps names the arguments and temporaries in the order of declaration.
	Temps []Temp
}

// A Position says which part of the source an instruction comes from. It holds
// for the instructions from PC (an offset into Bytecodes) up to the next
// Position. For a send the span is that of the message without its receiver.
type Position struct {
	PC   int
	Span ast.Span
}

// A Temp is where a variable lives while the code is active.
type Temp struct {
	Name string
	// Index is the temp that holds the value or, if InVector, the slot of the
	// vector that the temp Vector holds.
	Index    int
	InVector bool
	Vector   int
	// From and To bound the instructions for which the name means this
	// variable.
	From, To int
}

// A Method is a compiled method.
type Method struct {
	Code
	Selector  string
	Primitive int // 0: none
	Warnings  []Warning
}

// A Block is the compiled code of a full block.
type Block struct {
	Code
	Span ast.Span
}

// The kinds of trailer, the last byte of a method.
const (
	TrailerNoSource = 0xF0 // nothing before the kind byte
	TrailerSource   = 0xF4 // source in UTF-8, its length in 4 bytes, little endian
)

// trailer answers the bytes behind the bytecodes. keep false: no source.
func trailer(source string, keep bool) []byte {
	if !keep {
		return []byte{TrailerNoSource}
	}
	b := []byte(source)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(source)))
	return append(b, TrailerSource)
}

// TrailerSourceText answers the source that the bytes of compiled code end
// with; false if it was not kept.
func TrailerSourceText(code []byte) (string, bool) {
	n := len(code) - 5
	if n < 0 || code[n+4] != TrailerSource {
		return "", false
	}
	length := int(binary.LittleEndian.Uint32(code[n:]))
	if length > n {
		return "", false
	}
	return string(code[n-length : n]), true
}

// SpanAt answers the part of the source that the instruction at a pc (an
// offset into Bytecodes) comes from.
func (c *Code) SpanAt(pc int) (ast.Span, bool) {
	i := sort.Search(len(c.Positions), func(i int) bool { return c.Positions[i].PC > pc })
	if i == 0 {
		return ast.Span{}, false
	}
	return c.Positions[i-1].Span, true
}

// Blocks answers the blocks among the literals.
func (c *Code) Blocks() []*Block {
	var blocks []*Block
	for _, l := range c.Literals {
		if b, ok := l.(*Block); ok {
			blocks = append(blocks, b)
		}
	}
	return blocks
}

// Describe answers the method as package bytecode sees it, to list or verify it.
func (m *Method) Describe() *bytecode.Method { return m.Code.describe(false) }

// Describe answers the block as package bytecode sees it.
func (b *Block) Describe() *bytecode.Method { return b.Code.describe(true) }

func (c *Code) describe(isBlock bool) *bytecode.Method {
	d := &bytecode.Method{
		Header:      c.Header,
		Code:        c.Bytecodes,
		IsBlock:     isBlock,
		NumInstVars: bytecode.UnknownInstVars,
	}
	list := make(bytecode.LiteralList, len(c.Literals))
	for i, l := range c.Literals {
		list[i] = describeLiteral(l)
	}
	d.Literals = list
	return d
}

func describeLiteral(l Literal) bytecode.Literal {
	d := bytecode.Literal{Kind: bytecode.ConstantLiteral, Text: LiteralText(l), NumArgs: bytecode.UnknownArgs}
	switch l := l.(type) {
	case Symbol:
		d.Kind = bytecode.SymbolLiteral
		d.NumArgs = ast.SelectorArgs(string(l))
	case Binding:
		d.Kind = bytecode.BindingLiteral
	case *Block:
		d.Kind = bytecode.BlockLiteral
		d.NumArgs = l.Header.NumArgs
		d.Block = l.Describe()
	case OuterCode:
		d.Kind = bytecode.MethodLiteral
	}
	return d
}

// Listing answers the symbolic listing of the method with its blocks, headed
// by what the header says.
func (m *Method) Listing() string {
	var b strings.Builder
	b.WriteString(m.Code.summary())
	b.WriteString(bytecode.List(m.Describe()))
	return b.String()
}
