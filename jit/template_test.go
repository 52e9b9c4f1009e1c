package jit_test

import (
	"math"
	"strings"
	"testing"

	"github.com/sista-vm/sista/counters"
	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/native"
	"github.com/sista-vm/sista/vm"
)

// templates are thresholds by which everything runs in code of the template tier from the
// first call on, and in no other.
func templates() *counters.Policy {
	p := counters.DefaultPolicy()
	p.SampleEvery, p.TemplateAfter = 1, 1
	p.GatherAfter, p.CompileAfter, p.OSRAfter = math.MaxInt64, math.MaxInt64, math.MaxInt64
	return &p
}

// mixed opens windows for feedback and has the optimizer come by soon, too.
func mixed() *counters.Policy {
	p := counters.DefaultPolicy()
	p.SampleEvery, p.TemplateAfter, p.Window, p.WindowDuty, p.GatherAfter = 3, 1, 20, 1, 0
	p.CompileAfter, p.OSRAfter, p.MinSamples = 20, 20, 1
	return &p
}

// Programs that go where template code is rarely.
var templatePrograms = []string{
	// Integers at their ends.
	`| r big | big := SmallInteger maxVal. r := OrderedCollection new.
	 {0. 1. -1. 7. -7. big. big negated - 1. 1 bitShift: 40} do: [ :a | {0. 1. -1. 3. -3. 8. 62. big. big negated - 1} do: [ :b |
		r add: a + b; add: a - b; add: a * b; add: (a bitAnd: b); add: (a bitOr: b); add: a < b; add: a >= b; add: a = b; add: a ~= b; add: a == b.
		b = 0 ifFalse: [ r add: a // b; add: a \\ b; add: a / b ].
		b abs < 70 ifTrue: [ r add: (a bitShift: b) ] ] ]. r asArray`,
	`| r | r := OrderedCollection new. -20 to: 20 do: [ :i | r add: i // 8; add: i \\ 8; add: i // 1; add: i \\ 1; add: i // 7; add: i \\ 7; add: (i bitShift: -2); add: (i bitShift: 3); add: (i bitAnd: 5); add: (i bitOr: 5); add: i + 3; add: i - 3 ]. r asArray`,
	// Floats: immediate and boxed, mixed with integers, in no order.
	`| r nan | nan := 0.0 / 1.0e-320 * 0.0. nan := (1.0e300 * 1.0e300) - (1.0e300 * 1.0e300). r := OrderedCollection new.
	 {0.0. -0.0. 1.5. -2.25. 1.0e300. 1.0e-300. 1.0e-40. 3. (1 bitShift: 53). (1 bitShift: 53) + 1. (1 bitShift: 58). nan} do: [ :a |
		{0.0. 2.0. -1.5. 1.0e300. 1.0e-300. 7. nan} do: [ :b |
			r add: (a + b) printString; add: (a - b) printString; add: (a * b) printString; add: a < b; add: a > b; add: a <= b; add: a >= b; add: a = b; add: a ~= b.
			b = 0.0 ifFalse: [ r add: (a / b) printString ] ] ]. r asArray`,
	`{[ 1.0 / 0 ] on: ZeroDivide do: [ :e | #zero ]. [ 1.0 / 0.0 ] on: ZeroDivide do: [ :e | #zero ]. [ 1 // 0 ] on: ZeroDivide do: [ :e | #zero ]. [ 1 \\ 0 ] on: ZeroDivide do: [ :e | #zero ]}`,
	// Elements.
	`| a s b r | a := {1. nil. 'x'}. s := 'abc' copy. b := ByteArray new: 5. r := OrderedCollection new.
	 {0. 1. 3. 4. -1. 6. 1.0. nil} do: [ :i | {a. s. b} do: [ :c |
		r add: ([ c at: i ] on: Error do: [ :e | e class name ]).
		{65. 255. 256. -1. $a. (Character value: 300). nil. 'y'} do: [ :v | r add: ([ c copy at: i put: v; yourself ] on: Error do: [ :e | e class name ]) ] ] ].
	 r add: a size; add: s size; add: b size; add: #(1 2) asOrderedCollection size. r asArray`,
	`| a | a := Array new: 300. 1 to: 300 do: [ :i | a at: i put: i printString ]. Smalltalk garbageCollect. 1 to: 300 do: [ :i | a at: i put: (a at: 301 - i) copy ]. Smalltalk garbageCollect. a inject: 0 into: [ :s :e | s + e size ]`,
	`| a | a := #(1 2 3) copy beReadOnlyObject. [ a at: 1 put: 2 ] on: Error do: [ :e | e class name ]`,
	// Conditions that are none.
	`{[ 3 ifTrue: [ 4 ] ] on: Error do: [ :e | e class name ]. [ nil ifTrue: [ 4 ] ifFalse: [ 5 ] ] on: Error do: [ :e | e return: 6 ]. [ | i | i := 0. [ i < 'x' ] whileTrue: [ i := i + 1 ] ] on: Error do: [ :e | e class name ]}`,
	// Ways out.
	`#(1 2 3 4) detect: [ :x | x > 2 ]`,
	`| log | log := OrderedCollection new. [ [ [ log add: 1. #(5 6) do: [ :x | x = 6 ifTrue: [ Error signal: 'six' ] ] ] ensure: [ log add: 2 ] ] on: Error do: [ :e | log add: e messageText. e return: 7 ] ] ensure: [ log add: 3 ]. log asArray`,
	`[ :x :y | x foo: y bar: 3 ] on: Error do: [ :e | 1 ]`,
	`[ 3 foo: 4 bar: 5 ] on: MessageNotUnderstood do: [ :e | e message arguments , {e receiver} ]`,
	`{[ #() first ] on: Error do: [ :e | e class name ]. [ Object new asdf ] on: Error do: [ :e | e return: 1 ]. [ 1 / 0 ] on: ZeroDivide do: [ :e | e retryUsing: [ 9 ] ]. [ Warning signal. 5 ] on: Warning do: [ :e | e resume ]}`,
	// The stack as the program sees it.
	`| c n | c := thisContext. n := 0. [ c notNil ] whileTrue: [ n := n + 1. c := c sender ]. n > 0`,
	`| names | names := OrderedCollection new. #(1 2) do: [ :x | | c | c := thisContext. 4 timesRepeat: [ c == nil ifFalse: [ names add: c printString; add: c pc printString. c := c sender ] ] ]. names asArray`,
	`[ #(3 1 2) asSortedCollection: [ :a :b | a foo: b ] ] on: MessageNotUnderstood do: [ :e | | c t | t := OrderedCollection new. c := e signalerContext. 6 timesRepeat: [ t add: c printString. c := c sender ]. t asArray ]`,
	`| d | d := [ :n | n = 0 ifTrue: [ 0 ] ifFalse: [ 1 + (d value: n - 1) ] ]. d value: 10000`,
	// Closures with variables of others.
	`| blocks sum | sum := 0. blocks := (1 to: 10) collect: [ :i | | t | t := i. [ :x | t := t + x. sum := sum + t. t ] ]. blocks collect: [ :b | b value: 3 ]. (blocks collect: [ :b | b value: 4 ]) asArray , {sum}`,
	`| p q r | r := OrderedCollection new. p := [ 1 to: 5 do: [ :i | r add: i. Processor yield ] ] fork. q := [ 1 to: 5 do: [ :i | r add: i * 10. Processor yield ] ] fork. 20 timesRepeat: [ Processor yield ]. r asArray`,
	// What changes under running code.
	`Object subclass: #Wobbly instanceVariableNames: 'a' classVariableNames: '' package: 'T'. (Smalltalk at: #Wobbly) compile: 'step ^ 1'; compile: 'run: n | s | s := 0. 1 to: n do: [ :i | i = 50 ifTrue: [ self class compile: ''step ^ 2'' ]. s := s + self step ]. ^ s'. (Smalltalk at: #Wobbly) new run: 100`,
	`| w | Object subclass: #Wobbly instanceVariableNames: 'a' classVariableNames: '' package: 'T'. (Smalltalk at: #Wobbly) compile: 'a: x a := x'; compile: 'a ^ a'. w := (Smalltalk at: #Wobbly) new. w a: 5.
	 Object subclass: #Wobbly instanceVariableNames: 'b a' classVariableNames: '' package: 'T'. w a: w a + 1. w a`,
	`| a b r | a := OrderedCollection with: 1. b := Array with: 2 with: 3. r := OrderedCollection new. 1 to: 10 do: [ :i | i = 5 ifTrue: [ a becomeForward: b ]. r add: a size; add: (a collect: [ :x | x * 2 ]) asArray ]. r asArray`,
	`| m o | Object subclass: #Wobbly instanceVariableNames: '' classVariableNames: '' package: 'T'. (Smalltalk at: #Wobbly) compile: 'lit ^ #(1 2 3)'. o := (Smalltalk at: #Wobbly) new. 5 timesRepeat: [ o lit ]. m := (Smalltalk at: #Wobbly) compiledMethodAt: #lit. {o lit. o lit == o lit}`,
	`| s | s := WriteStream on: String new. 1 to: 200 do: [ :i | s print: i; space ]. Smalltalk garbageCollect. s contents size`,
}

// Template code does what the interpreter does, in every mode.
func TestTemplates(t *testing.T) {
	if err := native.Supported(); err != nil {
		t.Skip(err)
	}
	run := func(t *testing.T, c vm.Config) []string {
		c.CacheDir, c.Clock = cacheDir, host.NewVirtualClock()
		m, err := vm.Open(c)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := m.Close(); err != nil {
				t.Error(err)
			}
		}()
		f := &fixture{t: t, vm: m}
		var out []string
		for _, p := range templatePrograms {
			for range 3 {
				out = append(out, f.eval("["+p+"] on: Error do: [ :anError | anError printString ]"))
			}
		}
		if c.Compile != jit.Off && m.Broker().Stats().Templates < 50 {
			t.Errorf("only %d templates", m.Broker().Stats().Templates)
		}
		return out
	}
	want := run(t, vm.Config{})
	for i, w := range want {
		if strings.Contains(w, "Undeclared") || strings.Contains(w, "SyntaxError") {
			t.Errorf("%s\nis %s", templatePrograms[i/3], w)
		}
	}
	for _, mode := range []struct {
		name   string
		config vm.Config
	}{
		{"first call", vm.Config{Feedback: templates()}},
		{"two stack pages", vm.Config{Feedback: templates(), StackPages: 2, EdenBytes: 64 << 10}},
		{"collecting at every allocation", vm.Config{Feedback: templates(), StressGC: true}},
		{"with windows and the optimizer", vm.Config{Feedback: mixed()}},
	} {
		t.Run(mode.name, func(t *testing.T) {
			mode.config.Compile = jit.Sync
			for i, got := range run(t, mode.config) {
				if got != want[i] {
					t.Errorf("%s\nis %s\nwant %s", templatePrograms[i/3], got, want[i])
				}
			}
		})
	}
}
