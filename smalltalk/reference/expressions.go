package reference

import (
	"fmt"
	"strconv"
)

// The integers at which representations change, and some others.
var edges = []string{"0", "1", "2", "-1", "7", "100", "255", "256", "32767", "-32768", "32768", "65536",
	"1073741823", "1073741824", "4294967296", "1152921504606846975", "-1152921504606846976",
	"1152921504606846976", "-1152921504606846977", "9223372036854775807", "9223372036854775808",
	"18446744073709551616", "340282366920938463463374607431768211456"}

func (g *generator) integerLiteral() string {
	if g.chance(25) {
		return edges[g.IntN(len(edges))]
	}
	return strconv.Itoa(g.IntN(40) - 10)
}

// edgeFloats are where Floats are represented in another way, are rounded, or stop being numbers.
var edgeFloats = []string{"0.0 negated", "4.9e-324", "2.2250738585072014e-308", "1.7976931348623157e308", "5.877471754111439e-39",
	"5.8774717541114375e-39", "6.8056473384187693e38", "6.8056473384187701e38", "-1.0e-39", "9007199254740993.0",
	"1152921504606846976.0", "(1.0e300 * 1.0e300)", "(-1.0e300 * 1.0e300)", "((1.0e300 * 1.0e300) - (1.0e300 * 1.0e300))"}

func (g *generator) floatLiteral() string {
	if g.chance(20) {
		return "(" + edgeFloats[g.IntN(len(edgeFloats))] + ")"
	}
	return []string{"0.0", "1.0", "0.5", "-2.25", "3.1415926", "1.0e10", "-1.0e-5", "1.0e300", "123456.789"}[g.IntN(9)]
}

// tamed keeps numbers from growing without end in loops.
func (g *generator) tamed(e string) string {
	if g.chance(65) {
		return "(" + e + `) \\ 1000003`
	}
	return e
}

// index writes an index, in range nearly always.
func (g *generator) index() string {
	if g.IntN(300) == 0 {
		return g.integer(1)
	}
	return "(" + g.integer(1) + ` \\ ` + strconv.Itoa(arraySize) + " + 1)"
}

// divisor writes an integer that is nearly never zero.
func (g *generator) divisor() string {
	if g.IntN(300) == 0 {
		return g.integer(1)
	}
	return "((" + g.integer(1) + " bitAnd: 15) + 1)"
}

// callee answers a method that the one being written may call.
func (g *generator) callee() signature {
	if g.method+1 >= len(g.methods) {
		return signature{parts: []string{"recur:", "with:"}}
	}
	return g.methods[g.method+1+g.IntN(len(g.methods)-g.method-1)]
}

func (g *generator) binary(depth int, operators ...string) string {
	return "(" + g.integer(depth-1) + " " + operators[g.IntN(len(operators))] + " " + g.integer(depth-1) + ")"
}

// integer writes an expression whose value is an integer.
func (g *generator) integer(depth int) string {
	simple := func() string {
		if v, ok := g.pick(anInteger, false); ok && g.chance(65) {
			return v
		}
		return g.integerLiteral()
	}
	if depth <= 0 || g.chance(20) {
		return simple()
	}
	return g.oneOf(
		simple,
		func() string { return g.binary(depth, "+", "-", "+", "-", "*") },
		func() string { return g.binary(depth, "bitAnd:", "bitOr:", "bitXor:", "max:", "min:", "gcd:") },
		func() string {
			return "(" + g.integer(depth-1) + " " + []string{"//", `\\`, "quo:", "rem:"}[g.IntN(4)] + " " + g.divisor() + ")"
		},
		func() string { return fmt.Sprintf("(%s bitShift: %d)", g.integer(depth-1), g.IntN(80)-60) },
		func() string {
			return g.integer(depth-1) + " " + []string{"negated", "abs", "sign", "bitInvert", "yourself"}[g.IntN(5)]
		},
		func() string {
			return fmt.Sprintf("(%s ifTrue: [%s] ifFalse: [%s])", g.boolean(depth-1), g.integer(depth-1), g.integer(depth-1))
		},
		func() string {
			v, ok := g.pick(perhaps, false)
			if !ok {
				return ""
			}
			if g.chance(50) {
				return fmt.Sprintf("(%s ifNil: [%s])", v, g.integer(depth-1))
			}
			n := g.fresh("n")
			return fmt.Sprintf("(%s ifNotNil: [:%s | %s + 1] ifNil: [%s])", v, n, n, g.integer(depth-1))
		},
		func() string {
			v, ok := g.pick(anInteger, true)
			if !ok || g.isMeta {
				return ""
			}
			return fmt.Sprintf("(%s := %s)", v, g.tamed(g.integer(depth-1)))
		},
		func() string {
			if v, ok := g.pick(anArray, false); ok {
				return fmt.Sprintf("(%s at: %s)", v, g.index())
			}
			return ""
		},
		func() string {
			if v, ok := g.pick(aBlock, false); ok {
				return fmt.Sprintf("(%s value: %s)", v, g.integer(depth-1))
			}
			return ""
		},
		func() string {
			if g.isMeta || g.loops > 1 || g.chance(40) {
				return ""
			}
			return "(self " + g.call(g.callee(), func() string { return g.small(depth - 1) }) + ")"
		},
		func() string {
			if g.isMeta {
				return ""
			}
			switch g.IntN(4) {
			case 0:
				return fmt.Sprintf("(self recur: %d with: %s)", g.IntN(5), g.integer(depth-1))
			case 1:
				return fmt.Sprintf("(self apply: %s to: %s)", g.block(depth-1), g.integer(depth-1))
			case 2:
				return fmt.Sprintf("((self block: %s) value: %s)", g.integer(depth-1), g.integer(depth-1))
			}
			e := g.fresh("e")
			return fmt.Sprintf("(self find: [:%s | %s > %s])", e, e, g.integer(0))
		},
		func() string { return g.fold(depth) },
		func() string {
			return fmt.Sprintf("([%s] value)", g.integer(depth-1))
		},
		func() string {
			if g.isMeta {
				return ""
			}
			if g.chance(30) {
				x, y := g.fresh("x"), g.fresh("y")
				return fmt.Sprintf("(kin inject: %s into: [:%s :%s | (%s tell: %s) bitAnd: 65535])", g.integer(0), x, y, y, x)
			}
			return fmt.Sprintf("((kin at: (%s \\\\ %d + 1)) tell: %s)", g.integer(1), kinSize, g.integer(depth-1))
		},
		func() string { return fmt.Sprintf("((%s asFloat * 0.75) truncated)", g.small(depth-1)) },
		func() string { return g.oddity(depth) },
	)
}

// oddity writes an integer expression of a rarer form.
func (g *generator) oddity(depth int) string {
	x, y := g.fresh("x"), g.fresh("y")
	v, ok := g.pick(anInteger, true)
	own := !g.isMeta
	switch g.IntN(12) {
	case 0:
		return fmt.Sprintf("(%s printString , 'it''s') size", g.integer(depth-1))
	case 1: // an Array too long for the stack, elements in order
		s := "({"
		for i := range 30 + g.IntN(20) {
			if own && ok && i%9 == 0 {
				s += fmt.Sprintf("(%s := %s + 1). ", v, v)
			} else {
				s += fmt.Sprintf("%d. ", i)
			}
		}
		return s + g.integer(0) + fmt.Sprintf("} inject: 0 into: [:%s :%s | (%s * 3 + %s) bitAnd: 16383])", x, y, x, y)
	case 2: // the value of a loop is its receiver
		if own && ok {
			return fmt.Sprintf("(%d to: 2 do: [:%s | %s := %s])", g.IntN(4), x, v, x)
		}
	case 3: // that of another is nil
		return fmt.Sprintf("(([false] whileTrue: [%s]) isNil ifTrue: [1] ifFalse: [0])", g.integer(0))
	case 4: // variables shared over two levels
		if own && ok {
			return fmt.Sprintf("([:%s | [:%s | %s := (%s + %s) \\\\ 9973] value: %s + 1] value: %s)", x, y, v, x, y, x, g.integer(depth-1))
		}
	case 5:
		if own {
			return fmt.Sprintf("(self perform: #note: with: %s)", g.integer(depth-1))
		}
	case 6:
		if own {
			return fmt.Sprintf("(self countTo: %s)", g.small(depth-1))
		}
	case 7:
		return fmt.Sprintf("((#(3 $a 'bc' #d nil (4 5)) at: %d) isNil ifTrue: [1] ifFalse: [0])", 1+g.IntN(6))
	case 8: // a method of another class
		if own && g.loops == 0 {
			return fmt.Sprintf("(%s new start; yourself) state size", []string{"G0", "G1", "G2"}[g.IntN(3)])
		}
	case 9:
		return fmt.Sprintf("([:%s :%s | %s - %s] value: %s value: %s)", x, y, x, y, g.integer(depth-1), g.integer(0))
	case 10:
		return fmt.Sprintf("([:%s | | %s | %s isNil ifTrue: [%s := %s]. %s] value: %s)", x, y, y, y, x, y, g.integer(depth-1))
	case 11: // a conditional without the branch that is taken
		return fmt.Sprintf("((%s ifTrue: [%s]) ifNil: [%s])", g.boolean(depth-1), g.integer(0), g.integer(0))
	}
	return ""
}

// small writes an integer argument that stays small.
func (g *generator) small(depth int) string {
	return "(" + g.integer(depth) + ` \\ 9)`
}

// fold writes an expression that goes through a collection.
func (g *generator) fold(depth int) string {
	v, ok := g.pick([]kind{anArray, aList}[g.IntN(2)], false)
	if !ok {
		return ""
	}
	x, y := g.fresh("x"), g.fresh("y")
	switch g.IntN(5) {
	case 0:
		return fmt.Sprintf("(%s inject: %s into: [:%s :%s | (%s + %s) bitAnd: 65535])", v, g.integer(0), x, y, x, y)
	case 1:
		return fmt.Sprintf("(%s detect: [:%s | %s > %s] ifNone: [%s])", v, x, x, g.integer(0), g.integer(depth-1))
	case 2:
		return fmt.Sprintf("(%s select: [:%s | %s odd]) size", v, x, x)
	case 3:
		return fmt.Sprintf("((%s collect: [:%s | %s - %s]) inject: 0 into: [:%s :%s | %s max: %s])", v, x, x, g.integer(0), x, y, x, y)
	}
	return v + " size"
}

// float writes an expression whose value is a float.
func (g *generator) float(depth int) string {
	simple := func() string {
		if v, ok := g.pick(aFloat, false); ok && g.chance(60) {
			return v
		}
		return g.floatLiteral()
	}
	if depth <= 0 || g.chance(25) {
		return simple()
	}
	return g.oneOf(
		simple,
		func() string {
			return "(" + g.float(depth-1) + " " + []string{"+", "-", "*"}[g.IntN(3)] + " " + g.float(depth-1) + ")"
		},
		func() string { return "(" + g.float(depth-1) + " + " + g.small(depth-1) + ")" },
		func() string { return "(" + g.small(depth-1) + " * " + g.float(depth-1) + ")" },
		func() string { return "(" + g.float(depth-1) + " / (" + g.float(depth-1) + " abs + 1.0))" },
		func() string { return g.small(depth-1) + " asFloat" },
		func() string { return g.float(depth-1) + " negated" },
		func() string { return g.float(depth-1) + " abs sqrt" },
		func() string {
			return fmt.Sprintf("(%s ifTrue: [%s] ifFalse: [%s])", g.boolean(depth-1), g.float(depth-1), g.float(depth-1))
		},
	)
}

// boolean writes an expression whose value is a Boolean.
func (g *generator) boolean(depth int) string {
	compare := func() string { return g.binary(depth, "<", ">", "<=", ">=", "=", "~=") }
	if depth <= 0 {
		return compare()
	}
	return g.oneOf(
		compare, compare,
		func() string { return g.integer(depth-1) + " " + []string{"odd", "even", "isZero"}[g.IntN(3)] },
		func() string {
			return "(" + g.float(depth-1) + " " + []string{"<", ">", "<=", ">=", "=", "~="}[g.IntN(6)] + " " + g.float(depth-1) + ")"
		},
		func() string { return fmt.Sprintf("(%s and: [%s])", g.boolean(depth-1), g.boolean(depth-1)) },
		func() string { return fmt.Sprintf("(%s or: [%s])", g.boolean(depth-1), g.boolean(depth-1)) },
		func() string {
			return "(" + g.boolean(depth-1) + " " + []string{"&", "|", "xor:"}[g.IntN(3)] + " " + g.boolean(depth-1) + ")"
		},
		func() string { return g.boolean(depth-1) + " not" },
		func() string {
			if v, ok := g.pick(aBoolean, false); ok {
				return v
			}
			return []string{"true", "false"}[g.IntN(2)]
		},
		func() string {
			if v, ok := g.pick(perhaps, false); ok {
				return v + []string{" isNil", " notNil", " == nil"}[g.IntN(3)]
			}
			return ""
		},
		func() string {
			if v, ok := g.pick(anArray, false); ok {
				return fmt.Sprintf("(%s includes: %s)", v, g.integer(depth-1))
			}
			return ""
		},
		func() string {
			return fmt.Sprintf("(%s between: %s and: %s)", g.integer(depth-1), g.integer(0), g.integer(0))
		},
	)
}

// array writes an expression whose value is an Array of arraySize integers
// that may be changed.
func (g *generator) array(depth int) string {
	switch g.IntN(3) {
	case 0:
		if v, ok := g.pick(anArray, false); ok {
			return v + " copy"
		}
	case 1:
		if v, ok := g.pick(anArray, false); ok {
			x := g.fresh("x")
			return fmt.Sprintf("(%s collect: [:%s | %s + %s])", v, x, x, g.integer(depth-1))
		}
	}
	s := "{"
	for i := range arraySize {
		if i > 0 {
			s += ". "
		}
		s += g.integer(depth - 1)
	}
	return s + "}"
}

// list writes an expression whose value is a new OrderedCollection of integers.
func (g *generator) list(depth int) string {
	if v, ok := g.pick(anArray, false); ok && g.chance(50) {
		return v + " asOrderedCollection"
	}
	return fmt.Sprintf("(OrderedCollection new add: %s; add: %s; yourself)", g.integer(depth-1), g.integer(depth-1))
}

// block writes a block of one integer with an integer value. It may change
// variables around it.
func (g *generator) block(depth int) string {
	x := g.fresh("x")
	var s string
	g.scoped(func() {
		may := g.mayReturn
		g.mayReturn = false
		g.names = append(g.names, name{x, anInteger, true})
		s = "[:" + x + " | "
		if v, ok := g.pick(anInteger, true); ok && g.chance(50) {
			s += v + " := " + g.tamed(g.integer(depth-1)) + ". "
		}
		s += g.integer(depth-1) + "]"
		g.mayReturn = may
	})
	return s
}

// guarded writes an expression that handles its own errors.
func (g *generator) guarded() string {
	var risky, class string
	switch g.IntN(6) {
	case 0:
		risky, class = g.integer(2)+" // ("+g.integer(1)+" bitAnd: 1)", "ZeroDivide"
	case 1:
		risky, class = "self zork", "MessageNotUnderstood"
	case 2:
		risky, class = "array at: "+g.integer(1), "SubscriptOutOfBounds"
	case 3:
		risky, class = g.integer(2), "ZeroDivide"
	case 4:
		risky, class = "array at: "+g.integer(1)+" put: "+g.integer(1), "SubscriptOutOfBounds"
	case 5:
		risky, class = "("+g.float(1)+" / ("+g.float(1)+" - "+g.float(1)+")) > 0.5 ifTrue: [1] ifFalse: [2]", "ZeroDivide"
	}
	if g.chance(25) {
		return g.resumed(risky, class)
	}
	if g.chance(30) {
		class = "Error"
	} else if g.chance(3) {
		class = "NonBooleanReceiver"
	}
	if g.chance(30) {
		risky = "[" + risky + "] ensure: [self note: " + g.integer(0) + "]"
	}
	e := g.fresh("e")
	return g.oneOf(
		func() string { return fmt.Sprintf("[%s] on: %s do: [:%s | %s]", risky, class, e, g.integer(1)) },
		func() string {
			return fmt.Sprintf("[%s] on: %s do: [:%s | %s return: %s]", risky, class, e, e, g.integer(1))
		},
		func() string { return fmt.Sprintf("[%s] on: %s do: [%s]", risky, class, g.integer(1)) },
		func() string {
			if !g.mayReturn {
				return ""
			}
			return fmt.Sprintf("[%s] on: %s do: [:%s | ^%s]", risky, class, e, g.integer(1))
		},
	)
}

// resumed writes an expression whose handler passes, retries or resumes.
func (g *generator) resumed(risky, class string) string {
	e := g.fresh("e")
	switch g.IntN(4) {
	case 0:
		return fmt.Sprintf("[[%s] on: %s do: [:%s | self note: %s. %s pass]] on: Error do: [%s]", risky, class, e, g.integer(0), e, g.integer(1))
	case 1:
		if v, ok := g.pick(anInteger, true); ok {
			return fmt.Sprintf("[%s := %s + 1. %s \\\\ 3 = 0 ifTrue: [%s] ifFalse: [self zork]] on: MessageNotUnderstood do: [:%s | %s retry]",
				v, v, v, g.integer(1), e, e)
		}
	case 2:
		return fmt.Sprintf("[[%s] ifCurtailed: [self note: %s]] on: Error do: [:%s | %s return: %s]", risky, g.integer(0), e, e, g.integer(1))
	}
	return fmt.Sprintf("[%s + (Warning signal: 'resume') + ([%s + (Warning signal: 'both')] ensure: [self note: %s])] on: Warning do: [:%s | %s resume: %s]",
		g.integer(1), g.integer(0), g.integer(0), e, e, g.integer(1))
}
