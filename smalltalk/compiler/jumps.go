package compiler

import (
	"math/big"

	"github.com/sista-vm/sista/bytecode"
	"github.com/sista-vm/sista/smalltalk/ast"
)

// control emits a control message whose value goes to ctx.
func (g *generator) control(ctl *control, at ast.Span, ctx context) {
	switch ctl.kind {
	case branch:
		g.branch(ctl, at, ctx)
	case logic:
		g.logic(ctl, at, ctx)
	case nilTest:
		g.nilTest(ctl, at, ctx)
	case while:
		g.while(ctl, at, ctx)
	case repeat:
		top := g.loopTop()
		g.block(ctl.body, effect)
		g.jump(at, bytecode.Jump, top)
	case counting:
		g.counting(ctl, at, ctx)
	}
}

// block emits an inlined block.
func (g *generator) block(b *ast.Block, ctx context) {
	s := g.c.scopes[b]
	g.enterScope(s)
	g.statements(b.Body, ctx)
	g.leaveScope(s)
}

// arms emits the two sides of a branch: a block, and behind the label that the
// test jumped to the other side.
//
//	      test, jump to otherwise
//	      first
//	      jump to end
//	otherwise:
//	      second
//	end:
func (g *generator) arms(first *ast.Block, otherwise *label, at ast.Span, ctx context, second func()) {
	end := g.newLabel()
	g.block(first, ctx)
	if second != nil {
		g.jump(at, bytecode.Jump, end)
	}
	g.place(otherwise)
	if second != nil {
		second()
		g.place(end)
	}
}

// otherArm answers what emits the second side of a branch: a block or, where
// there is none, nil if its value is wanted.
func (g *generator) otherArm(b *ast.Block, at ast.Span, ctx context) func() {
	switch {
	case b != nil:
		return func() { g.block(b, ctx) }
	case ctx != effect:
		return func() { g.constant(at, ast.Nil, ctx) }
	}
	return nil
}

func (g *generator) branch(ctl *control, at ast.Span, ctx context) {
	first, second, sense := ctl.body, ctl.other, false
	if first == nil {
		first, second, sense = ctl.other, nil, true
	}
	otherwise := g.newLabel()
	g.test(ctl.receiver, sense, otherwise, at)
	g.arms(first, otherwise, at, ctx, g.otherArm(second, at, ctx))
}

// logic emits and: and or:, whose value is a constant if the block is not
// evaluated.
func (g *generator) logic(ctl *control, at ast.Span, ctx context) {
	short := g.newLabel()
	g.test(ctl.receiver, !ctl.when, short, at)
	var second func()
	if ctx != effect {
		otherwise := ast.False
		if !ctl.when {
			otherwise = ast.True
		}
		second = func() { g.constant(at, otherwise, ctx) }
	}
	g.arms(ctl.body, short, at, ctx, second)
}

// test evaluates a condition: it jumps if its value is sense and goes on if it
// is the other Boolean.
func (g *generator) test(e ast.Expr, sense bool, to *label, at ast.Span) {
	switch e := e.(type) {
	case *ast.Constant:
		if e.Kind != ast.Nil {
			if (e.Kind == ast.True) == sense {
				g.jump(at, bytecode.Jump, to)
			}
			return
		}
	case *ast.Send:
		ctl := g.c.controls[e]
		if ctl == nil || ctl.kind != logic {
			break
		}
		span := messageSpan(&e.Message)
		if sense != ctl.when {
			g.test(ctl.receiver, sense, to, span)
			g.testBlock(ctl.body, sense, to, at)
			return
		}
		skip := g.newLabel()
		g.test(ctl.receiver, !sense, skip, span)
		g.testBlock(ctl.body, sense, to, at)
		g.place(skip)
		return
	}
	g.expr(e, value)
	g.jumpIf(at, sense, to)
}

func (g *generator) jumpIf(at ast.Span, sense bool, to *label) {
	if sense {
		g.jump(at, bytecode.JumpIfTrue, to)
	} else {
		g.jump(at, bytecode.JumpIfFalse, to)
	}
}

// testBlock emits an inlined block and tests its value.
func (g *generator) testBlock(b *ast.Block, sense bool, to *label, at ast.Span) {
	s := g.c.scopes[b]
	g.enterScope(s)
	list := b.Body.Statements
	if n := len(list); n == 0 {
		g.op(at, bytecode.PushNil)
		g.jumpIf(at, sense, to)
	} else {
		g.statements(&ast.Sequence{Span: b.Body.Span, Statements: list[:n-1]}, effect)
		switch last := list[n-1].(type) {
		case *ast.Return:
			g.expr(last.Value, methodReturn)
		case ast.Expr:
			if g.reachable {
				g.test(last, sense, to, at)
			}
		}
	}
	g.leaveScope(s)
}

// nilTest emits the ifNil: family. What is tested is compared with nil itself,
// no message is sent to it.
func (g *generator) nilTest(ctl *control, at ast.Span, ctx context) {
	g.expr(ctl.receiver, value)
	if ctl.other == nil && ctx != effect {
		// The value is that of the receiver, or of the block in its place.
		notNil := g.newLabel()
		g.op(at, bytecode.Dup)
		g.isNil(at)
		g.jump(at, bytecode.JumpIfFalse, notNil)
		g.op(at, bytecode.Pop)
		g.block(ctl.body, ctx)
		g.place(notNil)
		g.finish(at, ctx)
		return
	}
	if v := ctl.value; v != nil {
		g.emit(at, bytecode.Instruction{Op: bytecode.StoreTemp, Index: g.fn.slots[v]})
	}
	g.isNil(at)
	first, second, sense := ctl.body, ctl.other, false
	if first == nil {
		first, second, sense = ctl.other, nil, true
	}
	otherwise := g.newLabel()
	g.jumpIf(at, sense, otherwise)
	g.arms(first, otherwise, at, ctx, g.otherArm(second, at, ctx))
}

func (g *generator) isNil(at ast.Span) {
	g.op(at, bytecode.PushNil)
	g.send(at, "==", 1)
}

// loopTop places the label that a loop goes back to.
func (g *generator) loopTop() *label {
	top := g.newLabel()
	g.place(top)
	return top
}

// while emits
//
//	top:  condition, jump to exit unless it is as it should
//	      body
//	      jump to top
//	exit:
func (g *generator) while(ctl *control, at ast.Span, ctx context) {
	exit := g.newLabel()
	top := g.loopTop()
	g.testBlock(ctl.condition, !ctl.when, exit, at)
	if ctl.body != nil {
		g.block(ctl.body, effect)
	}
	g.jump(at, bytecode.Jump, top)
	g.place(exit)
	g.constant(at, ast.Nil, ctx)
}

// counting emits
//
//	      counter := start, bound := limit
//	top:  counter <= bound, jump to exit if false
//	      body
//	      counter := counter + step
//	      jump to top
//	exit:
//
// The value, if it is wanted, is the receiver: the start, or the number of
// times.
func (g *generator) counting(ctl *control, at ast.Span, ctx context) {
	g.expr(ctl.receiver, value)
	keepsStart := ctx != effect && !ctl.isTimes()
	if keepsStart {
		g.op(at, bytecode.Dup)
	}
	g.popInto(at, ctl.counter)
	if ctl.bound != nil {
		g.expr(ctl.limit, value)
		g.popInto(at, ctl.bound)
	}
	exit := g.newLabel()
	top := g.loopTop()
	g.pushVariable(at, ctl.counter)
	if ctl.bound != nil {
		g.pushVariable(at, ctl.bound)
	} else {
		g.expr(ctl.limit, value)
	}
	if ctl.down {
		g.send(at, ">=", 1)
	} else {
		g.send(at, "<=", 1)
	}
	g.jump(at, bytecode.JumpIfFalse, exit)
	g.block(ctl.body, effect)
	g.pushVariable(at, ctl.counter)
	g.pushLiteral(ctl.step)
	g.send(at, "+", 1)
	g.popInto(at, ctl.counter)
	g.jump(at, bytecode.Jump, top)
	g.place(exit)
	switch {
	case keepsStart:
		g.finish(at, ctx)
	case ctx != effect:
		g.expr(ctl.limit, ctx)
	}
}

// pushNumber emits an integer of any size.
func (g *generator) pushNumber(at ast.Span, n int) {
	g.pushLiteral(&ast.Integer{Span: at, Value: big.NewInt(int64(n))})
}
