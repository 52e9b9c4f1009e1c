package compiler

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sista-vm/sista/bytecode"
	"github.com/sista-vm/sista/smalltalk/ast"
)

// generate emits the method.
func (c *compilation) generate(fn *function) *Method {
	g := newGenerator(c, fn)
	m := c.node
	method := &Method{Selector: m.Selector, Primitive: c.primitive()}
	if p := m.Primitive; p != nil && p.Name != "" {
		// The VM finds what the primitive calls in the first literal, and keeps
		// what it found in the last two elements.
		g.literal(namedPrimitive(p))
	}
	if method.Primitive > 0 {
		g.emit(m.Span, bytecode.Instruction{Op: bytecode.CallPrimitive, Index: method.Primitive})
	}
	if c.errorSlot != nil && method.Primitive > 0 {
		// This very bytecode tells the VM to leave the failure code on the stack.
		at := m.Primitive.ErrorCode.Span
		g.emit(at, bytecode.Instruction{Op: bytecode.StoreTemp, Index: fn.slots[c.errorSlot]})
	}
	g.enterScope(fn.scope)
	if v := c.errorCode; v != nil && v.remote {
		at := m.Primitive.ErrorCode.Span
		g.emit(at, bytecode.Instruction{Op: bytecode.PushTemp, Index: fn.slots[c.errorSlot]})
		g.emit(at, bytecode.Instruction{Op: bytecode.PopIntoRemoteTemp, Index: v.index, Vector: fn.slots[v.holder()]})
	}
	g.statements(m.Body, effect)
	g.op(ast.Span{Start: m.End, End: m.End}, bytecode.ReturnReceiver)
	g.leaveScope(fn.scope)

	state := &MethodState{Selector: m.Selector}
	for _, p := range m.Pragmas {
		if !isPrimitivePragma(p) {
			state.Pragmas = append(state.Pragmas, c.pragma(p))
		}
	}
	if len(state.Pragmas) > 0 {
		g.literals = append(g.literals, state)
	} else {
		g.literals = append(g.literals, Symbol(m.Selector))
	}
	if class, ok := c.env.MethodClass(); ok {
		g.literals = append(g.literals, class)
	} else {
		g.literals = append(g.literals, NoBinding{})
	}
	method.Code = g.code(method.Primitive > 0)
	method.Trailer = trailer(c.src.Text, !c.opt.NoSource)
	return method
}

// generateBlock emits the code of a block.
func (c *compilation) generateBlock(fn *function) *Block {
	g := newGenerator(c, fn)
	b := fn.node.(*ast.Block)
	g.enterScope(fn.scope)
	g.statements(b.Body, blockReturn)
	g.leaveScope(fn.scope)
	g.literals = append(g.literals, OuterCode{})
	block := &Block{Span: b.Span}
	block.Code = g.code(false)
	block.Trailer = trailer("", false)
	return block
}

// code puts together what has been emitted.
func (g *generator) code(hasPrimitive bool) Code {
	c, fn := g.c, g.fn
	g.asm.ThreadJumps()
	bytes, pcs, err := g.asm.Assemble()
	if err != nil {
		c.errorf(fn.nameSpan(), "%s is too long: %v", fn, err)
		return Code{}
	}
	if n := len(g.literals); n > bytecode.MaxLiterals {
		c.errorf(fn.nameSpan(), "%s has %d literals; the limit is %d", fn, n, bytecode.MaxLiterals)
		return Code{}
	}
	code := Code{
		Header: bytecode.MethodHeader{
			NumLiterals:  len(g.literals),
			NumTemps:     fn.numTemps,
			NumArgs:      len(fn.params),
			HasPrimitive: hasPrimitive,
			SistaV1:      true,
		},
		Literals:  g.literals,
		Bytecodes: bytes,
	}
	code.Positions = positions(g.spans, pcs)
	pc := func(index int) int {
		if index < len(pcs) {
			return pcs[index]
		}
		return len(bytes)
	}
	for _, s := range fn.scopes {
		for _, v := range s.vars {
			if v.kind != hidden {
				code.Temps = append(code.Temps, g.temp(v, pc(s.from), pc(s.to)))
			}
		}
	}
	for _, v := range fn.free {
		code.Temps = append(code.Temps, g.temp(v, 0, len(bytes)))
	}
	use, err := bytecode.FrameUse(code.describe(fn.outer != nil))
	var broken *bytecode.VerifyError
	switch {
	case errors.As(err, &broken):
		c.errorf(fn.nameSpan(), "the compiler made invalid code: %v", broken)
	case use > bytecode.LargeFrame:
		c.errorf(fn.nameSpan(), "%s needs %d slots for temporaries and stack; the limit is %d", fn, use, bytecode.LargeFrame)
	}
	code.Header.LargeFrame = use > bytecode.SmallFrame
	return code
}

func (g *generator) temp(v *variable, from, to int) Temp {
	t := Temp{Name: v.name, From: from, To: to}
	if v.remote {
		t.InVector, t.Index, t.Vector = true, v.index, g.fn.slots[v.holder()]
	} else {
		t.Index = g.fn.slots[v]
	}
	return t
}

// positions joins the places of instructions into runs.
func positions(spans []ast.Span, pcs []int) []Position {
	var list []Position
	for i, s := range spans {
		if n := len(list); n == 0 || list[n-1].Span != s {
			list = append(list, Position{pcs[i], s})
		}
	}
	return list
}

// Numbers of the primitives that only answer something of the receiver.
const (
	quickSelf           = 256
	quickTrue           = 257
	quickFalse          = 258
	quickNil            = 259
	quickMinusOne       = 260 // and 0, 1, 2 behind it
	quickReceiverVar    = 264 // and 255 more
	maxQuickReceiverVar = 255
	maxPrimitive        = 1<<15 - 1
)

// primitive answers the number of the method's primitive, 0 if it has none.
func (c *compilation) primitive() int {
	p := c.node.Primitive
	if p == nil {
		return c.quick()
	}
	if p.Number < 0 || p.Number > maxPrimitive {
		c.errorf(c.primitiveSpan(), "there is no primitive %d; the limit is %d", p.Number, maxPrimitive)
		return 0
	}
	return p.Number
}

func (c *compilation) primitiveSpan() ast.Span {
	for _, p := range c.node.Pragmas {
		if isPrimitivePragma(p) {
			return p.Span
		}
	}
	return c.node.Span
}

// isPrimitivePragma tells the pragma that the header and the first bytecode
// say all about.
func isPrimitivePragma(p *ast.Pragma) bool { return strings.HasPrefix(p.Selector, "primitive:") }

// quick answers the primitive of a method that only returns self, a constant
// or an instance variable.
func (c *compilation) quick() int {
	m := c.node
	if len(m.Params) > 0 || len(m.Body.Temps) > 0 || len(m.Body.Statements) > 1 {
		return 0
	}
	if len(m.Body.Statements) == 0 {
		return quickSelf
	}
	r, ok := m.Body.Statements[0].(*ast.Return)
	if !ok {
		return 0
	}
	switch e := r.Value.(type) {
	case *ast.Constant:
		return [...]int{quickNil, quickTrue, quickFalse}[e.Kind]
	case *ast.Integer:
		if e.Value.IsInt64() {
			if v := e.Value.Int64(); v >= -1 && v <= 2 {
				return quickMinusOne + int(v) + 1
			}
		}
	case *ast.Variable:
		if e.Namespace != "" {
			return 0
		}
		if e.Name == "self" {
			return quickSelf
		}
		i, ok := c.names.instVars[e.Name]
		if ok && i <= maxQuickReceiverVar && !isReserved(e.Name) && !c.env.MayBeContext() {
			return quickReceiverVar + i
		}
	}
	return 0
}

// namedPrimitive answers the literal of a primitive that is called by name.
func namedPrimitive(p *ast.Primitive) Literal {
	var module Literal = Constant(ast.Nil)
	if p.Module != "" {
		module = Symbol(p.Module)
	}
	return Array{module, Symbol(p.Name), smallInteger(0), smallInteger(0)}
}

func (c *compilation) pragma(p *ast.Pragma) Pragma {
	pragma := Pragma{Selector: p.Selector}
	for _, a := range p.Args {
		switch a := a.(type) {
		case *ast.Variable:
			pragma.Args = append(pragma.Args, Symbol(a.Name))
		case ast.Literal:
			pragma.Args = append(pragma.Args, c.literal(a))
		}
	}
	return pragma
}

// summary answers the line that heads a listing.
func (c *Code) summary() string {
	h := c.Header
	parts := []string{count(h.NumArgs, "argument"), count(h.NumTemps, "temp"), count(h.NumLiterals, "literal"),
		fmt.Sprintf("frame %d", h.FrameSize())}
	return strings.Join(parts, ", ") + "\n"
}
