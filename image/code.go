package image

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sista-vm/sista/bytecode"
	"github.com/sista-vm/sista/heap"
)

// maxCodeNesting bounds how deep blocks within blocks are described.
const maxCodeNesting = 100

// Describe answers compiled code of a heap as package bytecode sees it, with its
// literals named, to list or verify it.
func (n *Names) Describe(code heap.Oop) (*bytecode.Method, error) {
	return n.describe(code, false, 0)
}

func (n *Names) describe(code heap.Oop, isBlock bool, depth int) (*bytecode.Method, error) {
	if !code.IsObject() || !code.Format().IsMethod() || !code.Slot(0).IsInt() {
		return nil, fmt.Errorf("the object at %#x is no compiled code", uint64(code))
	}
	hd := bytecode.DecodeHeader(code.Slot(0).Int())
	bytes := code.Bytes()
	start := (hd.NumLiterals + 1) * heap.Word
	if start > len(bytes) {
		return nil, fmt.Errorf("the code at %#x has %d literals and room for %d", uint64(code), hd.NumLiterals, len(bytes)/heap.Word-1)
	}
	m := &bytecode.Method{Header: hd, Code: bytes[start:], IsBlock: isBlock, NumInstVars: bytecode.UnknownInstVars}
	literals := make(bytecode.LiteralList, hd.NumLiterals)
	for i := range literals {
		literals[i] = n.literal(n.h.Follow(code.Slot(i+1)), code, depth)
	}
	m.Literals = literals
	return m, nil
}

func (n *Names) literal(o, owner heap.Oop, depth int) bytecode.Literal {
	l := bytecode.Literal{Kind: bytecode.ConstantLiteral, Text: n.Print(o), NumArgs: bytecode.UnknownArgs}
	switch {
	case !o.IsObject():
	case o.Format().IsMethod():
		// The last literal of a block is the code around it; other code is a block's.
		hd := bytecode.DecodeHeader(o.Slot(0).Int())
		last := numLiterals(owner)
		if last > 0 && n.h.Follow(owner.Slot(last)) == o || depth > maxCodeNesting {
			l.Kind = bytecode.MethodLiteral
			break
		}
		l.Kind, l.NumArgs = bytecode.BlockLiteral, hd.NumArgs
		l.Block, _ = n.describe(o, true, depth+1)
	case n.isSymbol(o):
		l.Kind = bytecode.SymbolLiteral
		l.NumArgs = selectorArgs(n.h.StringValue(o))
	case o.Format() == heap.FmtFixed && o.NumSlots() == 2:
		if key := n.h.Follow(o.Slot(0)); key.IsObject() && key.Format().IsBytes() {
			l.Kind, l.Text = bytecode.BindingLiteral, n.h.StringValue(key)
		}
	}
	return l
}

// isSymbol tells whether o is of the class of the special selectors.
func (n *Names) isSymbol(o heap.Oop) bool {
	const specialSelectors = 23
	a := n.h.Special(specialSelectors)
	return o.IsObject() && o.Format().IsBytes() && a.IsObject() && a.Format() == heap.FmtArray && a.NumSlots() > 0 &&
		n.h.Follow(a.Slot(0)).ClassIndex() == o.ClassIndex()
}

func selectorArgs(s string) int {
	if s == "" {
		return 0
	}
	if c := s[0]; c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80 {
		return strings.Count(s, ":")
	}
	return 1
}

// Print answers a short text for an object, as a listing shows literals.
func (n *Names) Print(o heap.Oop) string {
	h := n.h
	switch {
	case o.IsInt():
		return strconv.FormatInt(o.Int(), 10)
	case o.IsChar():
		if c := rune(o.Char()); c > ' ' && utf8.ValidRune(c) {
			return "$" + string(c)
		}
		return "Character value: " + strconv.Itoa(int(o.Char()))
	case o.IsSmallFloat():
		return strconv.FormatFloat(o.SmallFloat(), 'g', -1, 64)
	case o == h.Nil:
		return "nil"
	case o == h.True:
		return "true"
	case o == h.False:
		return "false"
	case !o.IsObject():
		return "?"
	case n.isSymbol(o):
		return "#" + h.StringValue(o)
	case o.ClassIndex() == heap.ClassByteString:
		return "'" + strings.ReplaceAll(h.StringValue(o), "'", "''") + "'"
	case o.ClassIndex() == heap.ClassFloat:
		if f, ok := h.FloatValue(o); ok {
			return strconv.FormatFloat(f, 'g', -1, 64)
		}
	case o.ClassIndex() == heap.ClassLargePos || o.ClassIndex() == heap.ClassLargeNeg:
		if i, ok := h.BigValue(o); ok {
			return i.String()
		}
	case o.ClassIndex() == heap.ClassArray:
		return n.printArray(o)
	case isClassLike(o) && h.IsClassInTable(o):
		return n.Class(o)
	}
	name := n.Class(h.ClassOf(o))
	if strings.IndexByte("AEIOU", name[0]) >= 0 {
		return "an " + name
	}
	return "a " + name
}

func (n *Names) printArray(o heap.Oop) string {
	const most = 10
	var parts []string
	for i := range min(o.NumSlots(), most) {
		e := n.h.Follow(o.Slot(i))
		if e.IsObject() && e.ClassIndex() == heap.ClassArray {
			parts = append(parts, "#(...)")
			continue
		}
		parts = append(parts, n.Print(e))
	}
	if o.NumSlots() > most {
		parts = append(parts, "...")
	}
	return "#(" + strings.Join(parts, " ") + ")"
}
