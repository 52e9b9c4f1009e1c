package compiler

import (
	"github.com/sista-vm/sista/bytecode"
	"github.com/sista-vm/sista/smalltalk/ast"
)

// A context says what becomes of the value of an expression.
type context uint8

const (
	effect       context = iota // nothing
	value                       // it is left on the stack
	methodReturn                // it is returned from the method
	blockReturn                 // it is the value of the block
)

// A generator emits the code of one function. What cannot be reached is not
// emitted: after a return or jump emit does nothing until a label that was
// jumped to is placed.
type generator struct {
	c   *compilation
	fn  *function
	asm bytecode.Assembler

	literals []Literal
	indices  map[any]int // by key
	spans    []ast.Span  // of the instructions

	reachable bool
	depth     int // values on the stack above the temps
}

// A label is a place to jump to.
type label struct {
	at    bytecode.Label
	used  bool
	depth int
}

func newGenerator(c *compilation, fn *function) *generator {
	return &generator{c: c, fn: fn, indices: map[any]int{}, reachable: true}
}

func (g *generator) emit(at ast.Span, in bytecode.Instruction) {
	if !g.reachable {
		return
	}
	g.asm.Emit(in)
	g.spans = append(g.spans, at)
	pops, pushes := in.Effect()
	g.depth += pushes - pops
	if in.EndsFlow() {
		g.reachable = false
	}
}

func (g *generator) op(at ast.Span, op bytecode.Op) { g.emit(at, bytecode.Instruction{Op: op}) }

func (g *generator) newLabel() *label { return &label{at: g.asm.NewLabel()} }

func (g *generator) jump(at ast.Span, op bytecode.Op, to *label) {
	if !g.reachable {
		return
	}
	g.asm.Jump(op, to.at)
	g.spans = append(g.spans, at)
	if op == bytecode.Jump {
		g.reachable = false
	} else {
		g.depth--
	}
	if !to.used {
		to.used, to.depth = true, g.depth
	}
}

// place puts a label here. Only if something jumps to it, or control comes
// from above, is what follows reachable.
func (g *generator) place(l *label) {
	g.asm.Place(l.at)
	g.spans = g.spans[:g.asm.Len()] // a jump to here is gone
	if l.used {
		g.reachable, g.depth = true, l.depth
	}
}

// literal answers the index of a literal.
func (g *generator) literal(l Literal) int {
	if !g.reachable {
		return 0
	}
	k := key(l)
	if i, ok := g.indices[k]; ok && k != nil {
		return i
	}
	g.literals = append(g.literals, l)
	if k != nil {
		g.indices[k] = len(g.literals) - 1
	}
	return len(g.literals) - 1
}

// finish does with the value on the stack what the context wants.
func (g *generator) finish(at ast.Span, ctx context) {
	switch ctx {
	case effect:
		g.op(at, bytecode.Pop)
	case methodReturn:
		g.op(at, bytecode.ReturnTop)
	case blockReturn:
		g.op(at, bytecode.BlockReturnTop)
	}
}

// constant emits nil, true or false.
func (g *generator) constant(at ast.Span, k ast.ConstantKind, ctx context) {
	switch {
	case ctx == effect:
	case ctx == methodReturn:
		g.op(at, [...]bytecode.Op{bytecode.ReturnNil, bytecode.ReturnTrue, bytecode.ReturnFalse}[k])
	case ctx == blockReturn && k == ast.Nil:
		g.op(at, bytecode.BlockReturnNil)
	default:
		g.op(at, [...]bytecode.Op{bytecode.PushNil, bytecode.PushTrue, bytecode.PushFalse}[k])
		g.finish(at, ctx)
	}
}

// statements emits a sequence whose value goes to ctx.
func (g *generator) statements(s *ast.Sequence, ctx context) {
	for i, st := range s.Statements {
		switch st := st.(type) {
		case *ast.Return:
			g.expr(st.Value, methodReturn)
		case ast.Expr:
			if i < len(s.Statements)-1 {
				g.expr(st, effect)
			} else {
				g.expr(st, ctx)
			}
		}
	}
	if len(s.Statements) == 0 {
		g.constant(s.Span, ast.Nil, ctx)
	}
}

// expr emits an expression whose value goes to ctx.
func (g *generator) expr(e ast.Expr, ctx context) {
	if !g.reachable {
		return
	}
	at := e.Range()
	switch e := e.(type) {
	case *ast.Variable:
		if ctx == effect {
			return
		}
		if ctx == methodReturn && e.Name == "self" && e.Namespace == "" {
			g.op(at, bytecode.ReturnReceiver)
			return
		}
		g.push(e)
		g.finish(at, ctx)
	case *ast.Constant:
		g.constant(at, e.Kind, ctx)
	case *ast.Assign:
		g.expr(e.Value, value)
		g.store(e, ctx == effect)
		if ctx != effect {
			g.finish(at, ctx)
		}
	case *ast.Send:
		if ctl := g.c.controls[e]; ctl != nil {
			g.control(ctl, messageSpan(&e.Message), ctx)
			return
		}
		g.expr(e.Receiver, value)
		g.message(&e.Message, e.IsSuper())
		g.finish(at, ctx)
	case *ast.Cascade:
		g.expr(e.Receiver, value)
		for i, m := range e.Messages {
			last := i == len(e.Messages)-1
			if !last {
				g.op(m.Span, bytecode.Dup)
			}
			g.message(m, e.IsSuper())
			if !last {
				g.op(m.Span, bytecode.Pop)
			}
		}
		g.finish(at, ctx)
	case *ast.Block:
		if ctx == effect {
			return
		}
		g.closure(e)
		g.finish(at, ctx)
	case *ast.Brace:
		g.brace(e)
		g.finish(at, ctx)
	case ast.Literal:
		if ctx == effect {
			return
		}
		g.pushLiteral(e)
		g.finish(at, ctx)
	}
}

// The integers and characters that bytecodes carry in themselves.
const (
	minInteger   = -1 << 15
	maxInteger   = 1<<15 - 1
	maxCharacter = 1<<16 - 1
)

func (g *generator) pushLiteral(n ast.Literal) {
	at := n.Range()
	switch n := n.(type) {
	case *ast.Integer:
		if n.Value.IsInt64() {
			if v := n.Value.Int64(); v >= minInteger && v <= maxInteger {
				g.pushInteger(at, int(v))
				return
			}
		}
	case *ast.Character:
		if n.Value <= maxCharacter {
			g.emit(at, bytecode.Instruction{Op: bytecode.PushCharacter, Value: int(n.Value)})
			return
		}
	}
	g.emit(at, bytecode.Instruction{Op: bytecode.PushLiteral, Index: g.literal(g.c.literal(n))})
}

func (g *generator) pushInteger(at ast.Span, v int) {
	g.emit(at, bytecode.Instruction{Op: bytecode.PushInteger, Value: v})
}

// push emits the value of a name.
func (g *generator) push(n *ast.Variable) {
	at := n.Span
	if v := g.c.variables[n]; v != nil {
		g.pushVariable(at, v)
		return
	}
	if n.Namespace == "" {
		switch n.Name {
		case "self", "super":
			g.op(at, bytecode.PushReceiver)
			return
		case "thisContext":
			g.op(at, bytecode.PushThisContext)
			return
		}
		if i, ok := g.c.names.instVars[n.Name]; ok {
			g.emit(at, bytecode.Instruction{Op: bytecode.PushReceiverVariable, Index: i, ContextAware: g.c.env.MayBeContext()})
			return
		}
	}
	g.emit(at, bytecode.Instruction{Op: bytecode.PushLiteralVariable, Index: g.literal(g.c.global(n))})
}

func (g *generator) pushVariable(at ast.Span, v *variable) {
	if v.remote {
		g.emit(at, bytecode.Instruction{Op: bytecode.PushRemoteTemp, Index: v.index, Vector: g.fn.slots[v.holder()]})
		return
	}
	g.emit(at, bytecode.Instruction{Op: bytecode.PushTemp, Index: g.fn.slots[v]})
}

// store emits the store of an assignment. pop: the value is not wanted.
func (g *generator) store(a *ast.Assign, pop bool) {
	n := a.Target
	choose := func(store, popInto bytecode.Op) bytecode.Op {
		if pop {
			return popInto
		}
		return store
	}
	in := bytecode.Instruction{}
	if v := g.c.variables[n]; v != nil {
		if v.remote {
			in.Op = choose(bytecode.StoreRemoteTemp, bytecode.PopIntoRemoteTemp)
			in.Index, in.Vector = v.index, g.fn.slots[v.holder()]
		} else {
			in.Op = choose(bytecode.StoreTemp, bytecode.PopIntoTemp)
			in.Index = g.fn.slots[v]
		}
		g.emit(a.Span, in)
		return
	}
	if i, ok := g.c.names.instVars[n.Name]; ok && n.Namespace == "" {
		in.Op = choose(bytecode.StoreReceiverVariable, bytecode.PopIntoReceiverVariable)
		in.Index, in.ContextAware = i, g.c.env.MayBeContext()
	} else {
		in.Op = choose(bytecode.StoreLiteralVariable, bytecode.PopIntoLiteralVariable)
		in.Index = g.literal(g.c.global(n))
	}
	g.emit(a.Span, in)
}

// popInto stores the top of the stack in a variable of the frame.
func (g *generator) popInto(at ast.Span, v *variable) {
	g.emit(at, bytecode.Instruction{Op: bytecode.PopIntoTemp, Index: g.fn.slots[v]})
}

// messageSpan is the place of a message from its first keyword on.
func messageSpan(m *ast.Message) ast.Span {
	if len(m.SelectorParts) > 0 {
		return ast.Span{Start: m.SelectorParts[0].Start, End: m.End}
	}
	return m.Span
}

// message emits arguments and send; the receiver is on the stack.
func (g *generator) message(m *ast.Message, super bool) {
	for _, a := range m.Args {
		g.expr(a, value)
	}
	at := messageSpan(m)
	if !super {
		g.send(at, m.Selector, len(m.Args))
		return
	}
	in := bytecode.Instruction{Op: bytecode.SendSuper, NumArgs: len(m.Args)}
	class, ok := g.c.env.MethodClass()
	if !ok {
		g.c.errorf(at, "a message to super where there is no class")
		return
	}
	if g.fn.outer != nil {
		// The code of a block does not know the class: it is pushed.
		in.Op = bytecode.SendDirectedSuper
		g.emit(at, bytecode.Instruction{Op: bytecode.PushLiteralVariable, Index: g.literal(class)})
	}
	in.Index = g.literal(Symbol(m.Selector))
	g.emit(at, in)
}

var specialIndex = func() map[string]int {
	m := map[string]int{}
	for i, s := range bytecode.SpecialSelectors {
		m[s.Name] = i
	}
	return m
}()

func (g *generator) send(at ast.Span, selector string, numArgs int) {
	if i, ok := specialIndex[selector]; ok {
		g.emit(at, bytecode.Instruction{Op: bytecode.SendSpecial, Index: i, NumArgs: numArgs})
		return
	}
	g.emit(at, bytecode.Instruction{Op: bytecode.Send, Index: g.literal(Symbol(selector)), NumArgs: numArgs})
}

// Elements of an Array that are pushed before it is made: up to fewElements
// always, more where the frame has room for them.
const (
	fewElements = 8
	roomForMore = bytecode.LargeFrame - 12
)

// brace emits the making of an Array from its elements: from the stack or,
// for many elements, one by one.
func (g *generator) brace(e *ast.Brace) {
	n := len(e.Elements)
	if n <= fewElements || g.fn.numTemps+g.depth+n <= roomForMore {
		for _, x := range e.Elements {
			g.expr(x, value)
		}
		g.emit(e.Span, bytecode.Instruction{Op: bytecode.PushNewArray, Index: n, FromStack: n > 0})
		return
	}
	if n <= maxVector {
		g.emit(e.Span, bytecode.Instruction{Op: bytecode.PushNewArray, Index: n})
	} else {
		array := g.c.global(&ast.Variable{Span: e.Span, Name: "Array"})
		g.emit(e.Span, bytecode.Instruction{Op: bytecode.PushLiteralVariable, Index: g.literal(array)})
		g.pushNumber(e.Span, n)
		g.send(e.Span, "new:", 1)
	}
	for i, x := range e.Elements {
		g.op(x.Range(), bytecode.Dup)
		g.pushNumber(x.Range(), i+1)
		g.expr(x, value)
		g.send(x.Range(), "at:put:", 2)
		g.op(x.Range(), bytecode.Pop)
	}
}

// closure emits the making of a block closure.
func (g *generator) closure(b *ast.Block) {
	if !g.reachable {
		return
	}
	fn := g.c.functions[b]
	for _, v := range fn.copied {
		g.emit(b.Span, bytecode.Instruction{Op: bytecode.PushTemp, Index: g.fn.slots[v]})
	}
	index := g.literal(g.c.generateBlock(fn))
	g.emit(b.Span, bytecode.Instruction{
		Op:          bytecode.PushFullClosure,
		Index:       index,
		NumCopied:   len(fn.copied),
		IgnoreOuter: g.c.opt.CleanBlocks && !fn.usesSelf && !fn.returns && !fn.usesContext,
	})
}

// enterScope emits what the beginning of a scope needs: its vector, and nil in
// the temporaries that the last round of a loop may have left a value in.
func (g *generator) enterScope(s *scope) {
	s.from, s.to = g.asm.Len(), g.asm.Len()
	if !g.reachable {
		return
	}
	at := ast.Span{}
	if len(s.vars) > 0 {
		at = s.vars[0].span
	}
	if s.vector != nil {
		g.emit(at, bytecode.Instruction{Op: bytecode.PushNewArray, Index: len(s.remote)})
		g.popInto(at, s.vector)
	}
	if !s.inLoop {
		return
	}
	for _, v := range s.vars {
		if v.kind == temporary && !v.remote && v.mentioned && v.readFirst {
			g.op(v.span, bytecode.PushNil)
			g.popInto(v.span, v)
		}
	}
}

func (g *generator) leaveScope(s *scope) { s.to = g.asm.Len() }
