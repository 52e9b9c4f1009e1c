package compiler

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/sista-vm/sista/smalltalk/ast"
)

// A Literal is an object in the literal frame of compiled code:
//
//	Integer, Float, Fraction, ScaledDecimal, Character, String, Symbol, Array,
//	ByteArray, Constant   what literals of the source stand for
//	Binding               a class variable, pool variable or global
//	*Block                the code of a block
//	OuterCode             of a block: the code around it
//	*MethodState          selector and pragmas of a method that has pragmas
//	NoBinding             in place of a class binding where there is no class
type Literal interface{ literal() }

// Integer is a SmallInteger or large integer.
type Integer struct{ Value *big.Int }

// Float is a double.
type Float float64

// Fraction is an exact number that is no integer.
type Fraction struct{ Value *big.Rat }

// ScaledDecimal is an exact number and how many digits to print.
type ScaledDecimal struct {
	Value *big.Rat
	Scale int
}

// Character is a code point.
type Character rune

// String is a string literal, in UTF-8.
type String string

// Symbol is a symbol literal or a selector, in UTF-8.
type Symbol string

// Array is a literal array.
type Array []Literal

// ByteArray is a literal byte array.
type ByteArray []byte

// Constant is nil, true or false.
type Constant ast.ConstantKind

// A Binding is a variable outside of methods. Two that are equal are the same
// association.
type Binding struct {
	// Name is the variable's name.
	Name string
	// Owner is the class or pool that has it, "" for a global; for the binding
	// of a metaclass Name is the class's name and Meta is true.
	Owner string
	Meta  bool
	// Undeclared is set for globals that the environment did not know.
	Undeclared bool
	// ReadOnly forbids assignments.
	ReadOnly bool
	// Ref is whatever the environment wants to find again. It must be comparable.
	Ref any
}

// OuterCode is the last literal of a block: the method or block around it.
type OuterCode struct{}

// NoBinding is the last literal of a method without class.
type NoBinding struct{}

// A MethodState takes the place of the selector in a method with pragmas.
type MethodState struct {
	Selector string
	Pragmas  []Pragma
}

// A Pragma is an annotation; arguments that were bare names are Symbols.
type Pragma struct {
	Selector string
	Args     []Literal
}

func (Integer) literal()       {}
func (Float) literal()         {}
func (Fraction) literal()      {}
func (ScaledDecimal) literal() {}
func (Character) literal()     {}
func (String) literal()        {}
func (Symbol) literal()        {}
func (Array) literal()         {}
func (ByteArray) literal()     {}
func (Constant) literal()      {}
func (Binding) literal()       {}
func (*Block) literal()        {}
func (OuterCode) literal()     {}
func (NoBinding) literal()     {}
func (*MethodState) literal()  {}

// key answers a comparable value that is equal for literals that may share a
// slot, nil for literals that may not: strings and arrays keep an identity of
// their own for every place they are written.
func key(l Literal) any {
	switch l := l.(type) {
	case Integer:
		return "i" + l.Value.String()
	case Float:
		return math.Float64bits(float64(l))
	case Fraction:
		return "f" + l.Value.String()
	case ScaledDecimal:
		return fmt.Sprintf("s%d %v", l.Scale, l.Value)
	case Character, Symbol, Binding, Constant:
		return l
	}
	return nil
}

// literal answers the literal that a literal of the source stands for. Bindings
// in it are resolved.
func (c *compilation) literal(n ast.Literal) Literal {
	switch n := n.(type) {
	case *ast.Integer:
		return Integer{n.Value}
	case *ast.Float:
		return Float(n.Value)
	case *ast.Fraction:
		return Fraction{n.Value}
	case *ast.ScaledDecimal:
		return ScaledDecimal{n.Value, n.Scale}
	case *ast.Character:
		return Character(n.Value)
	case *ast.String:
		return String(n.Value)
	case *ast.Symbol:
		return Symbol(n.Value)
	case *ast.ByteArray:
		return ByteArray(n.Value)
	case *ast.LiteralArray:
		a := make(Array, len(n.Elements))
		for i, e := range n.Elements {
			a[i] = c.literal(e)
		}
		return a
	case *ast.Constant:
		return Constant(n.Kind)
	case *ast.Binding:
		return c.global(n.Variable)
	}
	c.errorf(n.Range(), "a literal of kind %T has no object", n)
	return Constant(ast.Nil)
}

// LiteralText answers a literal as Smalltalk writes it.
func LiteralText(l Literal) string {
	switch l := l.(type) {
	case Integer:
		return l.Value.String()
	case Float:
		return ast.Print(&ast.Float{Value: float64(l)})
	case Fraction:
		return l.Value.String()
	case ScaledDecimal:
		return ast.Print(&ast.ScaledDecimal{Value: l.Value, Scale: l.Scale})
	case Character:
		return "$" + string(rune(l))
	case String:
		return ast.Quote(string(l))
	case Symbol:
		return ast.SymbolForm(string(l))
	case Constant:
		return ast.ConstantKind(l).String()
	case Binding:
		if l.Meta {
			return l.Name + " class"
		}
		return l.Name
	case Array:
		parts := make([]string, len(l))
		for i, e := range l {
			parts[i] = LiteralText(e)
		}
		return "#(" + strings.Join(parts, " ") + ")"
	case ByteArray:
		parts := make([]string, len(l))
		for i, b := range l {
			parts[i] = strconv.Itoa(int(b))
		}
		return "#[" + strings.Join(parts, " ") + "]"
	case *Block:
		return "a CompiledBlock"
	case OuterCode:
		return "(outer code)"
	case NoBinding:
		return "(no class)"
	case *MethodState:
		text := "an AdditionalMethodState " + ast.SymbolForm(l.Selector)
		for _, p := range l.Pragmas {
			text += " <" + p.Selector
			for _, a := range p.Args {
				text += " " + LiteralText(a)
			}
			text += ">"
		}
		return text
	}
	return fmt.Sprintf("%T", l)
}

func smallInteger(n int64) Integer { return Integer{big.NewInt(n)} }
