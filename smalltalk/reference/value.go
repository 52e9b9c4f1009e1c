package reference

import (
	"errors"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sista-vm/sista/smalltalk/ast"
)

// An object is a Smalltalk value:
//
//	nil          nil
//	bool         true and false
//	*big.Int     integers; never changed
//	float64      floats
//	character    characters
//	*text        strings and symbols
//	*array       arrays and ordered collections
//	block        blocks
//	*instance    instances of the program's classes, exceptions
//	*class       classes
type object any

type character rune

// A text is a String or, if symbol is set, a Symbol. Symbols are interned.
type text struct {
	chars  []rune
	symbol bool
}

// An array is an Array or, if growing is set, an OrderedCollection.
type array struct {
	elements []object
	growing  bool
	literal  bool // written in the source: storing into it is unspecified
	visits   int  // iterations under way: growing and shrinking is unspecified
}

// A block is something that can be evaluated with arguments.
type block interface {
	numArgs() int
	value(ev *evaluator, args []object) (object, error)
}

// A closure is a block with the variables around it.
type closure struct {
	node  *ast.Block
	outer *scope
}

type instance struct {
	class *class
	slots []object
	// handler is set in exceptions: where return: goes.
	handler *handler
}

// A scope holds the variables of one evaluation of a method or block.
type scope struct {
	vars  map[string]*object
	outer *scope
	home  *activation
}

// An activation is one activation of a method.
type activation struct {
	receiver object
	method   *method
	returned bool
}

type class struct {
	name     string
	super    *class
	instVars []string // inherited ones first
	methods  map[string]*method
	kernel   bool // not the program's own
}

// A method is written in Smalltalk or, of the kernel's classes, in Go.
type method struct {
	selector string
	class    *class
	node     *ast.Method
	source   string
	native   func(ev *evaluator, receiver object, args []object) (object, error)
}

func (c *class) inheritsFrom(other *class) bool {
	for ; c != nil; c = c.super {
		if c == other {
			return true
		}
	}
	return false
}

func (c *class) lookup(selector string) *method {
	for ; c != nil; c = c.super {
		if m := c.methods[selector]; m != nil {
			return m
		}
	}
	return nil
}

// isSmall says that an integer is a SmallInteger of a 64-bit image.
func isSmall(i *big.Int) bool {
	return i.IsInt64() && i.Int64() >= -1<<60 && i.Int64() < 1<<60
}

// Limits of the canonical form.
const (
	maxDepth = 20
	maxText  = 1 << 16
)

// Canonical answers the text by which values are compared:
//
//	nil true false  42  -3  1.5  1e+100  Infinity  NaN  $a  'text'  #symbol
//	(1 2 3)         Arrays and OrderedCollections
//	Foo             classes
//	a Foo           instances of other classes; "a BlockClosure" for blocks
//
// Floats are written with strconv's format 'g' and the fewest digits that read
// as the same double; characters inside strings are not escaped, but for
// quotes, which are doubled.
func Canonical(v object) (string, error) {
	var b strings.Builder
	if !canonical(&b, v, 0) {
		return "", errors.New("the value is too deep or too long to print")
	}
	return b.String(), nil
}

func canonical(b *strings.Builder, v object, depth int) bool {
	if depth > maxDepth || b.Len() > maxText {
		return false
	}
	switch v := v.(type) {
	case nil:
		b.WriteString("nil")
	case bool:
		b.WriteString(strconv.FormatBool(v))
	case *big.Int:
		b.WriteString(v.String())
	case float64:
		b.WriteString(FormatFloat(v))
	case character:
		b.WriteByte('$')
		b.WriteRune(rune(v))
	case *text:
		if v.symbol {
			b.WriteString("#" + string(v.chars))
		} else {
			b.WriteString(ast.Quote(string(v.chars)))
		}
	case *array:
		b.WriteByte('(')
		for i, e := range v.elements {
			if i > 0 {
				b.WriteByte(' ')
			}
			if !canonical(b, e, depth+1) {
				return false
			}
		}
		b.WriteByte(')')
	case block:
		b.WriteString("a BlockClosure")
	case *instance:
		b.WriteString("a " + v.class.name)
	case *class:
		b.WriteString(v.name)
	}
	return true
}

// FormatFloat answers the canonical form of a float.
func FormatFloat(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

func newText(s string) *text {
	t := &text{chars: make([]rune, 0, utf8.RuneCountInString(s))}
	for _, r := range s {
		t.chars = append(t.chars, r)
	}
	return t
}
