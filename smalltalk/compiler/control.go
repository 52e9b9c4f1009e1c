package compiler

import (
	"math/big"

	"github.com/sista-vm/sista/smalltalk/ast"
)

// A control is a control message that is compiled as jumps, because its
// blocks are literal and have the right number of parameters:
//
//	branch  ifTrue: ifFalse: ifTrue:ifFalse: ifFalse:ifTrue:
//	logic   and: or:
//	nilTest ifNil: ifNotNil: ifNil:ifNotNil: ifNotNil:ifNil:
//	while   whileTrue: whileFalse: whileTrue whileFalse
//	repeat  repeat
//	count   to:do: to:by:do: with a literal step, and timesRepeat: sent to a
//	        literal integer
//
// Sent with anything else they are messages like others.
type control struct {
	kind controlKind
	// receiver is evaluated first; while and repeat have a block instead.
	receiver  ast.Expr
	condition *ast.Block

	// when: logic and: (false: or:); while loops as long as the condition is this.
	when bool
	// body is the block of loops and logic, and the branch for true or nil.
	body *ast.Block
	// other is the branch for false or not nil.
	other *ast.Block

	// Counting: from the receiver to limit by step, in the variable counter.
	// bound is the hidden variable that keeps a limit that is no constant.
	limit   ast.Expr
	step    ast.Literal
	down    bool
	counter *variable
	bound   *variable

	// value is the variable that the block for not nil calls the receiver.
	value *variable
}

type controlKind uint8

const (
	branch controlKind = iota
	logic
	nilTest
	while
	repeat
	counting
)

// blockOf answers e as a block with n parameters, nil if it is no such block.
func blockOf(e ast.Expr, n int) *ast.Block {
	if b, ok := e.(*ast.Block); ok && len(b.Params) == n {
		return b
	}
	return nil
}

// inline answers the control that a send is compiled as, nil if it is sent.
func (c *compilation) inline(s *ast.Send) *control {
	if s.IsSuper() {
		return nil
	}
	args := s.Message.Args
	// Blocks without parameters; nil where there is another argument.
	var first, second *ast.Block
	if len(args) > 0 {
		first = blockOf(args[0], 0)
	}
	if len(args) > 1 {
		second = blockOf(args[1], 0)
	}
	switch s.Message.Selector {
	case "ifTrue:":
		if first != nil {
			return &control{kind: branch, receiver: s.Receiver, body: first}
		}
	case "ifFalse:":
		if first != nil {
			return &control{kind: branch, receiver: s.Receiver, other: first}
		}
	case "ifTrue:ifFalse:":
		if first != nil && second != nil {
			return &control{kind: branch, receiver: s.Receiver, body: first, other: second}
		}
	case "ifFalse:ifTrue:":
		if first != nil && second != nil {
			return &control{kind: branch, receiver: s.Receiver, body: second, other: first}
		}
	case "and:":
		if first != nil {
			return &control{kind: logic, receiver: s.Receiver, when: true, body: first}
		}
	case "or:":
		if first != nil {
			return &control{kind: logic, receiver: s.Receiver, body: first}
		}
	case "ifNil:":
		if first != nil {
			return &control{kind: nilTest, receiver: s.Receiver, body: first}
		}
	case "ifNotNil:":
		if other := notNilBlock(args[0]); other != nil {
			return &control{kind: nilTest, receiver: s.Receiver, other: other}
		}
	case "ifNil:ifNotNil:":
		if other := notNilBlock(args[1]); first != nil && other != nil {
			return &control{kind: nilTest, receiver: s.Receiver, body: first, other: other}
		}
	case "ifNotNil:ifNil:":
		if other := notNilBlock(args[0]); second != nil && other != nil {
			return &control{kind: nilTest, receiver: s.Receiver, body: second, other: other}
		}
	case "whileTrue:", "whileFalse:":
		if condition := blockOf(s.Receiver, 0); condition != nil && first != nil {
			return &control{kind: while, condition: condition, when: s.Message.Selector == "whileTrue:", body: first}
		}
	case "whileTrue", "whileFalse":
		if condition := blockOf(s.Receiver, 0); condition != nil {
			return &control{kind: while, condition: condition, when: s.Message.Selector == "whileTrue"}
		}
	case "repeat":
		if body := blockOf(s.Receiver, 0); body != nil {
			return &control{kind: repeat, body: body}
		}
	case "to:do:":
		if body := blockOf(args[1], 1); body != nil {
			return &control{kind: counting, receiver: s.Receiver, limit: args[0], step: one(s), body: body}
		}
	case "to:by:do:":
		step, ok := args[1].(ast.Literal)
		sign := 0
		if ok {
			sign = signOf(step)
		}
		if body := blockOf(args[2], 1); body != nil && sign != 0 {
			return &control{kind: counting, receiver: s.Receiver, limit: args[0], step: step, down: sign < 0, body: body}
		}
	case "timesRepeat:":
		if _, ok := s.Receiver.(*ast.Integer); ok && first != nil {
			return &control{kind: counting, receiver: one(s), limit: s.Receiver, step: one(s), body: first}
		}
	}
	return nil
}

// notNilBlock answers a block that may take the receiver as its argument.
func notNilBlock(e ast.Expr) *ast.Block {
	if b := blockOf(e, 0); b != nil {
		return b
	}
	return blockOf(e, 1)
}

func one(s *ast.Send) *ast.Integer {
	return &ast.Integer{Span: s.Message.Span, Value: big.NewInt(1)}
}

// signOf answers the sign of a number, 0 for anything else.
func signOf(l ast.Literal) int {
	switch l := l.(type) {
	case *ast.Integer:
		return l.Value.Sign()
	case *ast.Fraction:
		return l.Value.Sign()
	case *ast.ScaledDecimal:
		return l.Value.Sign()
	case *ast.Float:
		if l.Value > 0 {
			return 1
		}
		if l.Value < 0 {
			return -1
		}
	}
	return 0
}

// isTimes says that a counting loop is a timesRepeat:.
func (ctl *control) isTimes() bool { return len(ctl.body.Params) == 0 }

// analyse visits the parts of the control in the order of evaluation.
func (ctl *control) analyse(c *compilation) {
	if ctl.receiver != nil {
		c.expr(ctl.receiver)
	}
	switch ctl.kind {
	case branch, logic:
		c.conditionally(func() { c.inlinedBlock(ctl.body, false, argument, nil) })
		c.conditionally(func() { c.inlinedBlock(ctl.other, false, argument, nil) })
	case nilTest:
		c.conditionally(func() { c.inlinedBlock(ctl.body, false, argument, nil) })
		c.conditionally(func() {
			c.inlinedBlock(ctl.other, false, argument, func(s *scope) {
				if len(s.vars) > 0 {
					ctl.value = s.vars[0]
				}
			})
		})
	case while:
		c.looping(func() {
			c.inlinedBlock(ctl.condition, true, argument, nil)
			c.conditionally(func() { c.inlinedBlock(ctl.body, true, argument, nil) })
		})
	case repeat:
		c.looping(func() { c.inlinedBlock(ctl.body, true, argument, nil) })
	case counting:
		c.expr(ctl.limit)
		// The bound lives as long as the loop, so it belongs to the scope around it.
		if !c.isFixed(ctl.limit) {
			ctl.bound = c.hide()
		}
		c.looping(func() {
			c.conditionally(func() {
				c.inlinedBlock(ctl.body, true, argument, func(s *scope) {
					if ctl.isTimes() {
						ctl.counter = c.hide()
					} else {
						ctl.counter = s.vars[0]
					}
				})
			})
		})
	}
}

// isFixed says that evaluating e again gives the same value at no cost.
func (c *compilation) isFixed(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Integer, *ast.Float, *ast.Fraction:
		return true
	case *ast.Variable:
		v := c.variables[e]
		return v != nil && v.kind == argument
	}
	return false
}
