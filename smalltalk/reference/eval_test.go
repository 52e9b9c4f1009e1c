package reference

import (
	"strings"
	"testing"
)

// point is a class for tests.
var point = []Class{
	{Name: "P", Superclass: "Object", InstVars: []string{"x", "y"}, Methods: []string{
		"x ^x", "x: a y: b x := a. y := b", "sum ^x + y", "who ^1",
		"find: n in: list list do: [:e | e = n ifTrue: [^#found]]. ^#missing",
		"block ^[:v | x := x + v. x]",
		"escape ^[:v | ^v]",
		"call: aBlock ^{1. aBlock value. 2}",
		"deep: n ^n = 0 ifTrue: [0] ifFalse: [1 + (self deep: n - 1)]",
		"order: log self note: 1 in: log; note: 2 in: log. ^log",
		"note: n in: log log add: n",
	}},
	{Name: "Q", Superclass: "P", InstVars: []string{"z"}, Methods: []string{
		"sum ^super sum * 10", "who ^super who + 1", "superInBlock ^[:k | super who + k] value: 5",
	}},
}

var evaluateTests = []struct{ expression, want string }{
	{"3 + 4", "7"},
	{"", "nil"},
	{"| x | x := 5. x := x * x. x", "25"},
	{"| a | [:b | a := b] value: 3. ^a", "3"},
	{"1073741823 * 1073741823 * 1073741823 * 16", "19807040573225852228796940272"},
	{"-7 // 2", "-4"},
	{`-7 \\ 2`, "1"},
	{`7 \\ -2`, "-1"},
	{"-7 quo: 2", "-3"},
	{"-7 rem: 2", "-1"},
	{"6 / 2", "3"},
	{"7 / 2", "unspecified: a fraction"},
	{"1 / 0", "error ZeroDivide"},
	{"1.0 / 0", "error ZeroDivide"},
	{"1.5 + 1", "2.5"},
	{"1.0e200 * 1.0e200", "Infinity"},
	{"2 = 2.0", "true"},
	{"2 < 1.5", "false"},
	{"-1 bitAnd: 255", "255"},
	{"-1 bitShift: -70", "-1"},
	{"1 bitShift: 64", "18446744073709551616"},
	{"100 gcd: 75", "25"},
	{"3.7 truncated", "3"},
	{"-3.7 truncated", "-3"},
	{"3 max: 4", "4"},
	{"3 between: 1 and: 3", "true"},
	{"9007199254740993 + 0.5", "unspecified: a large integer mixed with floats"},
	{"1152921504606846976 == 1152921504606846976", "unspecified: the identity of equal large integers"},
	{"1152921504606846975 == 1152921504606846975", "true"},
	{"true & (3 < 4) | false", "true"},
	{"(nil ifNil: [1]) + (2 ifNotNil: [:q | q + 1])", "4"},
	{"nil isNil and: [3 notNil]", "true"},
	{"3 ifTrue: [1] ifFalse: [2]", "error NonBooleanReceiver"},
	{"[3] whileTrue: [4]", "error NonBooleanReceiver"},
	{"nil zork: 3", "error MessageNotUnderstood"},
	{"3 sum", "error MessageNotUnderstood"},
	{"3 frobnicate", "unspecified: frobnicate sent to an instance of Integer"},
	{"{1. 2. 3} , #(a $b 'c' nil 2.5)", "(1 2 3 #a $b 'c' nil 2.5)"},
	{"(Array new: 3) at: 2 put: 5; yourself", "(nil 5 nil)"},
	{"(Array new: 3) at: 4", "error SubscriptOutOfBounds"},
	{"'abc' at: 0", "error SubscriptOutOfBounds"},
	{"#(1) at: 1 put: 2", "unspecified: a store into a literal or a string"},
	{"#(1 2 3) inject: 0 into: [:a :b | a + b]", "6"},
	{"#(1 2 3) collect: [:a :b | a]", "error WrongArgumentCount"},
	{"(#(1 2 3 4) select: [:e | e even]) reversed", "(4 2)"},
	{"#(1 2 3) detect: [:e | e > 5] ifNone: [#none]", "#none"},
	{"| s | s := 0. #(5 6) withIndexDo: [:e :i | s := s + (e * i)]. s", "17"},
	{"| s | s := 0. 10 to: 1 by: -3 do: [:i | s := s * 100 + i]. s", "10070401"},
	{"3 to: 1 do: [:i | i zork]", "3"},
	{"| n | n := 0. 4 timesRepeat: [n := n + 2]. n", "8"},
	{"| n | n := 0. [n < 10] whileTrue: [n := n + 3]. n", "12"},
	{"| n | n := 0. [(n := n + 1) > 6] whileFalse. n", "7"},
	{"| c | c := OrderedCollection new. c add: 3; add: 4; addFirst: 2. c removeLast. c", "(2 3)"},
	{"OrderedCollection new removeFirst", "unspecified: an end of an empty collection"},
	{"| c | c := OrderedCollection new. c add: 1. c do: [:e | c add: e]", "unspecified: a collection changed while it is visited"},
	{"'it''s' , ' ok'", "'it''s ok'"},
	{"[:a :b | a - b] valueWithArguments: #(5 3)", "2"},
	{"[:a | a] value", "error WrongArgumentCount"},
	{"P new x: 3 y: 4; sum", "7"},
	{"Q new x: 3 y: 4; sum", "70"},
	{"{P new who. Q new who. Q new superInBlock}", "(1 2 6)"},
	{"P new find: 3 in: #(1 2 3 4)", "#found"},
	{"P new find: 9 in: #(1 2 3 4)", "#missing"},
	{"| b | b := (P new x: 1 y: 1) block. b value: 2. b value: 3", "6"},
	{"(P new escape) value: 3", "error BlockCannotReturn"},
	{"[P new escape value: 3] on: Error do: [:e | e class]", "BlockCannotReturn"},
	{"P new call: [^5]", "5"},
	{"P new deep: 100", "100"},
	{"P new deep: 100000", "unspecified: more than 300 activations deep"},
	{"[true] whileTrue", "unspecified: more than 400000 steps"},
	{"| x | x := 3. [x := x squared] repeat", "unspecified: an integer of more than 20000 bits"},
	{"P new order: OrderedCollection new", "(1 2)"},
	{"P new perform: #find:in: with: 1 with: #(1)", "#found"},
	{"(P new) instVarAt: 2 put: 9; instVarAt: 2", "9"},
	{"Q new isKindOf: P", "true"},
	{"P new", "a P"},
	{"P new class == P", "true"},
	{"[3]", "a BlockClosure"},
	{"[1 / 0] on: ZeroDivide do: [:e | e return: 7]", "7"},
	{"[1 / 0] on: Error do: [:e | 8]", "8"},
	{"[1 / 0] on: MessageNotUnderstood do: [:e | 8]", "error ZeroDivide"},
	{"[[1 / 0] on: MessageNotUnderstood do: [:e | 8]] on: ArithmeticError do: [9]", "9"},
	{"[[1 / 0] on: ZeroDivide do: [:e | nil zork]] on: MessageNotUnderstood do: [:e | 4]", "4"},
	{"| log | log := OrderedCollection new. [[1 / 0. log add: 9] ensure: [log add: 1]] on: ZeroDivide do: [:e | log add: 2]. log", "(2 1)"},
	{"| log | log := OrderedCollection new. [log add: 1] ensure: [log add: 2]. [log add: 3] ifCurtailed: [log add: 4]. log", "(1 2 3)"},
	{"| log | log := OrderedCollection new. P new call: [[[^log] ensure: [log add: 1]] ifCurtailed: [log add: 2]]", "(1 2)"},
	{"| bs | bs := (1 to: 3 do: [:i | i]) yourself. bs", "1"},
	{"| bs | bs := OrderedCollection new. 1 to: 3 do: [:i | | j | j := i * 2. bs add: [j := j + i]]. bs first value. (bs collect: [:b | b value])", "(4 6 9)"},
	{"| bs | bs := OrderedCollection new. #(1 2) do: [:i | | j | bs add: j. j := i]. bs", "(nil nil)"},
	{"thisContext", "unspecified: thisContext"},
	{"#(1 2) = {1. 2}", "true"},
	{"'a' = #a", "unspecified: a string compared with a symbol"},
	{"3 printString , 'x'", "'3x'"},
}

func TestEvaluate(t *testing.T) {
	for _, test := range evaluateTests {
		got, err := Evaluate(&Program{Classes: point, Expression: test.expression})
		if err != nil {
			t.Errorf("%s: %v", test.expression, err)
		} else if got.String() != test.want {
			t.Errorf("%s: %v, want %s", test.expression, got, test.want)
		}
	}
}

func TestPrograms(t *testing.T) {
	for _, test := range []struct {
		program Program
		want    string
	}{
		{Program{Expression: "x + 1"}, "no variable x"},
		{Program{Expression: "x := 1"}, "no variable x"},
		{Program{Expression: "1 +"}, "expected"},
		{Program{Classes: []Class{{Name: "A", Superclass: "B"}}}, "no class B"},
		{Program{Classes: []Class{{Name: "A", Superclass: "Object"}, {Name: "A", Superclass: "Object"}}}, "twice"},
		{Program{Classes: []Class{{Name: "A", Superclass: "Object", Methods: []string{"foo ^"}}}}, "expected"},
	} {
		_, err := Evaluate(&test.program)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.program.String(), err, test.want)
		}
	}
}
