package build

import (
	"fmt"
	"math/big"
	"unicode/utf8"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/smalltalk/ast"
	"github.com/sista-vm/sista/smalltalk/compiler"
)

// method makes a method of what the compiler made.
func (b *builder) method(m *compiler.Method) heap.Oop {
	return b.code(&m.Code, b.byName["CompiledMethod"], heap.Invalid)
}

// code makes compiled code. The blocks in it, which refer to it, are made while it
// has no literals yet.
func (b *builder) code(c *compiler.Code, class *class, outer heap.Oop) heap.Oop {
	header, err := c.Header.Encode()
	if err != nil {
		panic(fmt.Sprintf("the compiler made a header that cannot be: %v", err))
	}
	literals := (len(c.Literals) + 1) * heap.Word
	size := literals + len(c.Bytecodes) + len(c.Trailer)
	o := b.allocate(class, heap.FmtMethod+heap.Format(-size&7), (size+7)/8)
	b.h.Store(o, 0, heap.FromInt(header))
	for i, l := range c.Literals {
		b.h.Store(o, i+1, b.literal(l, o, outer))
	}
	copy(o.Bytes()[literals:], c.Bytecodes)
	copy(o.Bytes()[literals+len(c.Bytecodes):], c.Trailer)
	return o
}

// literal makes a literal of code; outer is the code around that one.
func (b *builder) literal(l compiler.Literal, code, outer heap.Oop) heap.Oop {
	switch l := l.(type) {
	case compiler.Integer:
		return b.integer(l.Value)
	case compiler.Float:
		return b.float(float64(l))
	case compiler.Fraction:
		return b.fraction(b.byName["Fraction"], l.Value)
	case compiler.ScaledDecimal:
		c := b.byName["ScaledDecimal"]
		o := b.fraction(c, l.Value)
		b.set(o, c, "scale", b.integer(big.NewInt(int64(l.Scale))))
		return o
	case compiler.Character:
		return heap.FromChar(uint32(l))
	case compiler.String:
		return b.string(string(l))
	case compiler.Symbol:
		return b.symbol(string(l))
	case compiler.ByteArray:
		return b.bytes(b.byName["ByteArray"], l)
	case compiler.Array:
		elements := make([]heap.Oop, len(l))
		for i, e := range l {
			elements[i] = b.literal(e, code, outer)
		}
		return b.array(elements)
	case compiler.Constant:
		return b.constant(ast.ConstantKind(l))
	case compiler.Binding:
		return b.binding(l)
	case *compiler.Block:
		return b.code(&l.Code, b.byName["CompiledBlock"], code)
	case compiler.OuterCode:
		return outer
	case compiler.NoBinding:
		return b.h.Nil
	case *compiler.MethodState:
		return b.methodState(l, code)
	}
	panic(fmt.Sprintf("the compiler made a literal of an unknown kind, %T", l))
}

func (b *builder) constant(k ast.ConstantKind) heap.Oop {
	switch k {
	case ast.True:
		return b.h.True
	case ast.False:
		return b.h.False
	}
	return b.h.Nil
}

// methodState makes what has the pragmas of a method. Without classes for them the
// method has its selector only.
func (b *builder) methodState(s *compiler.MethodState, method heap.Oop) heap.Oop {
	return b.stateAndPlace(s, method, heap.Invalid)
}

// stateAndPlace is methodState with a property, unless place is Invalid.
func (b *builder) stateAndPlace(s *compiler.MethodState, method, place heap.Oop) heap.Oop {
	c, p := b.byName["AdditionalMethodState"], b.byName["Pragma"]
	if c == nil || p == nil || p.format() != heap.FmtFixed {
		return b.symbol(s.Selector)
	}
	size := len(s.Pragmas)
	if place != heap.Invalid {
		size++
	}
	o := b.instance(c, size)
	if place != heap.Invalid {
		b.h.Store(o, len(c.instVars())+size-1, place)
	}
	b.h.Store(o, 0, method)
	b.h.Store(o, 1, b.symbol(s.Selector))
	for i, pragma := range s.Pragmas {
		args := make([]heap.Oop, len(pragma.Args))
		for j, a := range pragma.Args {
			args[j] = b.literal(a, method, heap.Invalid)
		}
		po := b.instance(p, 0)
		b.set(po, p, "method", method)
		if !b.set(po, p, "selector", b.symbol(pragma.Selector)) {
			b.set(po, p, "keyword", b.symbol(pragma.Selector))
		}
		b.set(po, p, "arguments", b.array(args))
		b.h.Store(o, len(c.instVars())+i, po)
	}
	return o
}

// optionDialect is the option of the image's compiler for the syntax of scripts.
const optionDialect = 16

// setPlace gives a method the property that tells where its source stands:
//
//	source -> {file name. pieces. options of the image's compiler}
//
// Pieces are triples in one Array: how many characters of the source are before a part,
// and the line and column of the part in the file.
func (b *builder) setPlace(o heap.Oop, m *method) {
	src, name := m.Text(), ""
	if b.options.FileName != nil {
		name = b.options.FileName(src.File)
	}
	if name == "" || b.byName["Association"] == nil {
		return
	}
	last := len(m.code.Literals) - 1
	var state *compiler.MethodState
	switch l := m.code.Literals[last-1].(type) {
	case compiler.Symbol:
		state = &compiler.MethodState{Selector: string(l)}
	case *compiler.MethodState:
		state = l
	}
	pieces := make([]heap.Oop, 0, 3*len(src.Pieces))
	for _, p := range src.Pieces {
		chars := utf8.RuneCountInString(src.Text[:p.Offset])
		pieces = append(pieces, heap.FromInt(int64(chars)), heap.FromInt(int64(p.Line)), heap.FromInt(int64(p.Column)))
	}
	options := 0
	if m.Options.UnderscoreAssignment || m.Options.DottedNames {
		options = optionDialect
	}
	value := b.array([]heap.Oop{b.string(name), b.array(pieces), heap.FromInt(int64(options))})
	b.h.Store(o, last, b.stateAndPlace(state, o, b.association(b.symbol("source"), value)))
}

// binding answers the association of a variable outside of methods. That of a class
// that methods of its metaclass are compiled for has no key.
func (b *builder) binding(l compiler.Binding) heap.Oop {
	key := compiler.Binding{Name: l.Name, Owner: l.Owner, Meta: l.Meta}
	o, ok := b.bindings[key]
	if !ok {
		k, v := b.symbol(l.Name), b.h.Nil
		if l.Meta {
			k, v = b.h.Nil, b.objects[b.byName[l.Name]][classSide]
		}
		o = b.association(k, v)
		b.bindings[key] = o
	}
	return o
}

func (b *builder) association(key, value heap.Oop) heap.Oop {
	o := b.instance(b.byName["Association"], 0)
	b.h.Store(o, 0, key)
	b.h.Store(o, 1, value)
	return o
}
