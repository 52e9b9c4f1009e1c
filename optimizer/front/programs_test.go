package front_test

import (
	"testing"

	"github.com/sista-vm/sista/smalltalk/reference"
)

// shapes are classes for the programs below.
var shapes = []reference.Class{
	{Name: "Shape", Superclass: "Object", InstVars: []string{"x", "y"}, Methods: []string{
		"x ^x", "x: a x := a", "y ^y", "y: a y := a",
		"area ^0", "name ^#shape", "isRound ^false",
		"twice ^self area * 2",
		"with: a do: b ^b value: a value: self",
		"leave: n do: b n to: 1 by: -1 do: [:i | b value: i]. ^#all",
		"counter | n | n := 0. ^[n := n + 1]",
		"returner ^[:v | ^v]",
		"nested: coll ^coll inject: 0 into: [:a :each | each > 3 ifTrue: [^a] ifFalse: [a + each]]",
		"first: coll ^coll detect: [:e | e > 2] ifNone: [^#none]",
		"fib: n ^n < 2 ifTrue: [n] ifFalse: [(self fib: n - 1) + (self fib: n - 2)]",
		"sum: coll | s | s := 0. coll do: [:e | s := s + e]. ^s",
		"kinds: v ^v class == Array ifTrue: [1] ifFalse: [v class == Shape ifTrue: [2] ifFalse: [3]]",
		"fill: coll with: v 1 to: coll size do: [:i | coll at: i put: v]. ^coll",
		"makers | bs | bs := OrderedCollection new. 1 to: 4 do: [:i | | j | j := i * i. bs add: [:k | j := j + k]]. ^bs",
		"maybe: v ^v isNil ifTrue: [0] ifFalse: [v + 1]",
		"quick ^true", "five ^5", "same ^self",
		"poly: n | o | o := n odd ifTrue: [3] ifFalse: [2.5]. ^o + o",
		"many: n ^n + 0.5 + n",
		"safely: b ^[b value] ensure: [x := 0]",
		"guarded: n ^[n // x] on: ZeroDivide do: [:e | e return: -1]",
		"mixed: n | s | s := 0. 1 to: n do: [:i | s := s + (i * 0.5)]. ^s",
		"swap: coll | t | 1 to: coll size // 2 do: [:i | t := coll at: i. coll at: i put: (coll at: coll size - i + 1). coll at: coll size - i + 1 put: t]. ^coll",
		"outer: n | s | s := 0. 1 to: n do: [:i | 1 to: i do: [:j | s := s + j]. i timesRepeat: [s := s - 1]]. ^s",
		"cascade: n ^OrderedCollection new add: n; add: n + 1; yourself",
		"string: s | n | n := 0. s do: [:c | n := n + c value]. ^n",
		"ask: o ^o isRound ifTrue: [o area] ifFalse: [o area + 1]",
		"go: n n > 5 ifTrue: [^#big]. n > 3 ifTrue: [n zork]. ^#small",
		"leak: coll y := [:v | ^v]. coll do: [:e | e > 1 ifTrue: [^e]]. ^0",
		"nestedLeave: coll | b | coll do: [:e | b := [:k | e > 2 ifTrue: [^k + e]. k]]. ^(OrderedCollection new add: b; yourself) inject: 0 into: [:a :x | a + (x value: 5)]",
		"escaping: coll ^coll collect: [:e | [:k | ^k + e]]",
	}},
	{Name: "Circle", Superclass: "Shape", Methods: []string{
		"area ^x * x * 3", "name ^#circle", "isRound ^true", "twice ^super twice + 1",
		"superInBlock: n ^(1 to: n) , n",
		"each: coll coll do: [:e | super y: e]. ^y",
	}},
	{Name: "Square", Superclass: "Shape", Methods: []string{"area ^x * x", "name ^#square"}},
	{Name: "Blob", Superclass: "Shape", Methods: []string{"area ^x + 0.5"}},
	{Name: "Dot", Superclass: "Shape", Methods: []string{"area ^nil isNil ifTrue: [7] ifFalse: [8]"}},
}

// programs are expressions, each of which is evaluated again and again by a loop
// around it; s is a Shape, c a Circle, q a Square, i the number of the round.
var programs = []string{
	"s fib: 7",
	"s sum: #(1 2 3 4 5)",
	"s nested: #(1 2 3 4 5)", "s nested: #(1 2)",
	"s first: #(1 2 3)", "s first: #(1 2)",
	"c twice", "{c twice. q twice}",
	"{c. q. s} inject: 0 into: [:a :e | a + e area]",
	"{c. q. Blob new x: 2; yourself} inject: 0 into: [:a :e | a + e area]",
	"{c. q. s. Blob new x: 2; yourself. Dot new} inject: 0 into: [:a :e | a + e area]",
	"{c. q. s} collect: [:e | e name]",
	"{s ask: c. s ask: q. s ask: s}",
	"s with: i do: [:a :b | a + b area]",
	"s leave: 5 do: [:k | k]",
	"[:k | s leave: 5 do: [:j | j = k ifTrue: [j]]] value: i",
	"| b | b := s counter. b value. b value + b value",
	"s makers inject: 0 into: [:a :b | (b value: 2) + (b value: 1) + a]",
	"{s maybe: nil. s maybe: i}",
	"{s quick. s five. s same == s}",
	"s poly: i", "{s many: i. s mixed: i}",
	"s safely: [i + 1]", "{s x: 0; guarded: 6. s x: 2; guarded: 6}",
	"s swap: {1. 2. i. 4}", "s outer: 6", "s cascade: i",
	"s string: 'hello'", "s string: #world",
	"{s kinds: #(1). s kinds: s. s kinds: 3}",
	"{s fill: (Array new: 4) with: i. (s fill: (ByteArray new: 3) with: 200) size}",
	"(s fill: (String new: 3) with: $a) size",
	"i > 25 ifTrue: [s fill: (ByteArray new: 2) with: 256. 1] ifFalse: [(s fill: (ByteArray new: 2) with: i) at: 2]",
	"s go: i \\\\ 8 // 2", "s go: (i > 28 ifTrue: [5] ifFalse: [2])",
	"s perform: #fib: with: 5", "c perform: #area",
	"c each: #(1 2 3)",
	"s returner",
	"i > 27 ifTrue: [s returner value: 3] ifFalse: [i]",
	"((s escaping: #(1 2)) at: 1) == nil",
	"i > 28 ifTrue: [((s escaping: #(1 2)) at: 1) value: 3] ifFalse: [s]",
	"{s nestedLeave: #(1 2). s nestedLeave: #(1 2 3)}",
	"i > 28 ifTrue: [s leak: #(1 2). s y value: 3] ifFalse: [s leak: #(1 2)]",
	"{i bitShift: i - 15. 1 bitShift: 59 + (i // 30). i bitAnd: 7. (i bitXor: 5) bitOr: 2}",
	"{i // (i - 40). i \\\\ 7. (0 - i) // 7. (0 - i) \\\\ 7. i quo: 3. i * i / i}",
	"{-1152921504606846976 // (0 - (i // i)). -1152921504606846976 / (0 - (i // i)). -1152921504606846976 quo: (0 - (i // i))}",
	"| a | a := Tagged new: 3. a tag: i. a at: 1 put: 5; at: 2 put: 7; at: 3 put: i. {a tag. a at: 1. a at: 2. a at: 3. a size. a + 2. a sum}",
	"{2 + (i odd ifTrue: [i] ifFalse: [i + 0.5]). (i odd ifTrue: [i] ifFalse: [i + 0.5]) * 3. (i even ifTrue: [2] ifFalse: [2.5]) < 2.25}",
	"{1152921504606846970 + i. -1152921504606846970 - i. i * 100000000000000000}",
	"{i + 0.5. 0.5 + i. i * 2.5. i / 0.25. 1.0e300 * i. i asFloat sqrt. (i + 0.5) truncated}",
	"{i < 3.5. 3.5 >= i. 2.0 = i. i = nil. i ~= 3. (i = 2) not}",
	"(i > 20) not", "(i > 20 or: [i = 50]) not ifTrue: [1] ifFalse: [2]", "(i > 20 ifTrue: [nil] ifFalse: [i]) isNil",
	"i > 20 ifTrue: [s ask: q] ifFalse: [s ask: c]", "(i > 20 ifTrue: [3.5] ifFalse: [i]) + 1", "(i > 25 ifTrue: ['ab'] ifFalse: [#(1 2)]) size",
	"| a | a := Array new: 3. 1 to: i // 8 do: [:k | a at: k put: k]. a",
	"| v | v := i odd ifTrue: [true] ifFalse: [false]. i > 28 ifTrue: [v := 3]. v ifTrue: [1] ifFalse: [2]",
	"{i == 3. i ~~ 3. s == s. nil isNil. i notNil}",
	"{$a value. 97 asCharacter. 'abc' at: 2. $a = $b}",
	"#(1 2 3) at: (i > 28 ifTrue: [4] ifFalse: [2])",
	"[:a :b | a + b] value: i value: 3", "[:a | a] value",
	"[[:a | a + i] value: 3] value",
	"#(3 4) with: #(5 6) do: [:a :b | s x: a * b]. s x",
	"s identityHash = s identityHash",
	"{i even. i odd. i max: 10. i min: 10. i abs. i negated abs. i between: 3 and: 12}",
	"| a | a := Array new: 3. a at: 1 put: i; at: 2 put: a size. {a at: 1. a at: 2. a at: 3}",
	"{3. 4. i} asOrderedCollection collect: [:e | e + i]",
	"#(1 2) at: i ifAbsent: [^#absent]",
	"i > 20 ifTrue: [s zork] ifFalse: [[s zork] on: MessageNotUnderstood do: [:e | i]]",
	"i ifTrue: [1]", "(i > 25 ifTrue: [i] ifFalse: [true]) ifTrue: [1] ifFalse: [2]",
	"(#(1 2 3) includes: 2) & (#(1) isEmpty not)",
	"| r | r := 0. 1 to: i do: [:k | r := r + (k odd ifTrue: [k] ifFalse: [0 - k])]. r",
	"| p | p := Point new setX: i y: 2. (p + p) x + (p + p) y",
	"{i printString. (i + 0.25) printString}",
	"{i * 2862933555777941757 + 3037000493 bitAnd: 16rFFFFFFFFFFFFFFF. (0 - i) * 1152921504606846975 * i - 12345678901234567890 bitAnd: 65535}",
	"{i * -1152921504606846976 * -9223372036854775809 \\\\ 4096. (i > 28 ifTrue: [i * 100000000000000000000] ifFalse: [i]) * 3 bitAnd: 255}",
	"| x | x := i. 1 to: 5 do: [:k | x := x * 6364136223846793005 + (k * i) bitAnd: 1152921504606846975]. x",
	"{(i > 20 ifTrue: [1152921504606846975] ifFalse: [i]) * i. (i > 24 ifTrue: [1073741824] ifFalse: [1073741823]) * 1073741824}",
	"(s makers at: i \\\\ 4 + 1) value: i", "s makers collect: [:b | b value: i]",
	"| b | b := s makers at: i \\\\ 2 + 1. {b value: 1. b value: i}",
	"i > 28 ifTrue: [(s makers at: 1) value] ifFalse: [(s makers at: 1) value: 2]",
	"(i > 28 ifTrue: [s makers at: 1] ifFalse: [s makers at: 3]) value: 2",
	"| a | a := i > 20 ifTrue: [s returner] ifFalse: [s makers at: 2]. i > 28 ifTrue: [a value: 2] ifFalse: [(s makers at: 2) value: 2]",
}

// TestPrograms compares each expression with the interpreter.
func TestPrograms(t *testing.T) {
	for n, e := range programs {
		p := &reference.Program{Classes: append([]reference.Class{{Name: "Test", Superclass: "Object", Methods: []string{
			"run: i with: s with: c with: q ^[" + e + "] value",
			"direct: i with: s with: c with: q " + returning(e),
		}}}, shapes...), Expression: `| t s c q r |
			t := Test new. s := Shape new x: 1; y: 2; yourself. c := Circle new x: 2; yourself. q := Square new x: 3; yourself.
			r := OrderedCollection new.
			1 to: 30 do: [:i | r add: (t run: i with: s with: c with: q). r add: (t direct: i with: s with: c with: q)].
			r`}
		m, err := newMachine()
		if err != nil {
			t.Fatal(err)
		}
		doIt, err := m.load(p)
		if err != nil {
			t.Errorf("%s: %v", e, err)
			continue
		}
		want, err := m.outcome(doIt)
		if err != nil {
			t.Errorf("%s: %v", e, err)
			continue
		}
		if want.Kind == reference.Unspecified {
			t.Errorf("%s: %v", e, want)
		}
		// A few ways for each, so that all of them come up.
		some := []setting{settings[n%len(settings)], settings[(n+3)%len(settings)], settings[(n*5+7)%len(settings)], settings[9], settings[10], settings[11]}
		compareProgram(t, p, want, some)
	}
}

// returning puts ^ before the last statement of an expression.
func returning(e string) string {
	for i := len(e) - 1; i > 1; i-- {
		if e[i] == ' ' && e[i-1] == '.' && balanced(e[i:]) {
			return e[:i+1] + "^" + e[i+1:]
		}
	}
	if len(e) > 2 && e[:2] == "| " {
		for i := 2; i < len(e); i++ {
			if e[i] == '|' {
				return e[:i+1] + " ^" + e[i+1:]
			}
		}
	}
	return "^" + e
}

// balanced tells whether brackets match.
func balanced(e string) bool {
	depth := 0
	for i := range len(e) {
		switch e[i] {
		case '[', '{', '(':
			depth++
		case ']', '}', ')':
			if depth--; depth < 0 {
				return false
			}
		}
	}
	return depth == 0
}
