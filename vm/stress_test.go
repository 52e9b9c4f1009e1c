package vm_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/vm"
)

// What machine code got wrong once, and what it must not get wrong: the truth about the stack, and
// changes of the program under code that runs. Each expression is evaluated in all machines
// of FuzzTiers after the setup, many times over in one evaluation.
const stressSetup = `Smalltalk at: #StressedGlobal put: nil.
Object subclass: #Stressed instanceVariableNames: 'x y array' classVariableNames: '' package: 'Generated'.
#('setUp x := 0. y := 0. array := #(1 2 3) copy'
'each: aBlock array do: [:each | aBlock value: each]. ^array size'
'inner: aBlock ^aBlock value'
'stackFrom: aContext | c s n | c := aContext. s := WriteStream on: String new. n := 0. [c notNil and: [n < 5]] whileTrue: [s nextPutAll: c printString; nextPut: $;. c := c sender. n := n + 1]. ^s contents'
'escape: p self each: [:e | self each: [:f | [array at: 22] on: SubscriptOutOfBounds do: [:ex | ^p]]]. ^0'
'middle: n | s | 1 to: n do: [:i | self inner: [i = n ifTrue: [s := self stackFrom: thisContext]]]. ^s'
'fail: n ^n = 40 ifTrue: [self error: ''at 40''] ifFalse: [n]'
'failing [1 to: 50 do: [:i | self fail: i]] on: Error do: [:e | ^self stackFrom: e signalerContext]'
'one ^1'
'redefined | s | s := 0. 1 to: 600 do: [:i | i = 400 ifTrue: [Stressed compile: ''one ^100'']. s := s + self one]. Stressed compile: ''one ^1''. ^s'
'shaped | s | s := 0. x := 5. 1 to: 600 do: [:i | i = 500 ifTrue: [Object subclass: #Stressed instanceVariableNames: ''x y array w'' classVariableNames: '''' package: ''Generated'']. s := s + x. x := s \\ 7 + y]. Object subclass: #Stressed instanceVariableNames: ''x y array'' classVariableNames: '''' package: ''Generated''. ^s'
'switched | n done | n := 0. done := Semaphore new. [1 to: 500 do: [:i | n := n + 1. i \\ 10 = 0 ifTrue: [Processor yield]]. done signal] fork. [1 to: 500 do: [:i | n := n + 2. i \\ 7 = 0 ifTrue: [Processor yield]]. done signal] fork. done wait; wait. ^n'
'terminated | p n ready | n := 0. ready := Semaphore new. p := [[[true] whileTrue: [n := n + 1. n = 500 ifTrue: [ready signal]. Processor yield]] ensure: [n := -1]] fork. ready wait. p terminate. ^n'
'returned: n | s | s := 0. 1 to: n do: [:i | s := s + (self through: i)]. ^s'
'through: i | c | c := thisContext. [:v | c return: v * 2] value: i. ^0'
'early: n [n \\ 3 = 0 ifTrue: [^#early]. self bump: n] ensure: [x := x + n]. ^#late'
'bump: n n \\ 7 = 0 ifTrue: [^Error signal: ''seven'']. ^n'
'handled: n ^[self early: n] on: Error do: [:e | n \\ 2 = 0 ifTrue: [e return: #returned] ifFalse: [e retryUsing: [#retried]]]'
'resumed: n ^[(Warning signal: ''w'') + n] on: Warning do: [:e | e resume: 5]'
'curtailed: n | z | z := 0. [[n \\ 2 = 0 ifTrue: [^z]. self bump: n] ifCurtailed: [z := 1. x := x - n]] on: Error do: [:e | ]. ^z'
'nested: n | r | r := 0. [[r := r + 1. n \\ 5 = 0 ifTrue: [Error signal]] ensure: [r := r + 10]] on: Error do: [:e | r := r + 100]. ^r'
'passed: n ^[[self bump: n] on: ZeroDivide do: [:e | #zero]] on: Error do: [:e | e messageText]'
'ensuring: aBlock [aBlock value] ensure: [x := x + 1]'
'past: n 1 to: 10 do: [:i | self ensuring: [i = n ifTrue: [^i]]]. ^0'
'unwound: n | s | s := WriteStream on: String new. 1 to: n do: [:i | s print: (i \\ 7 = 0 ifFalse: [self early: i]); print: (self handled: i); print: (self resumed: i); print: (self curtailed: i); print: (self nested: i); print: (self passed: i); print: (self past: i \\ 12)]. ^s contents hash + x'
'recur: n ^n = 0 ifTrue: [0] ifFalse: [1 + (self recur: n - 1)]'
'caller ^thisContext sender'
'set: i in: aContext to: v (aContext tempAt: i) = v ifTrue: [self zork]. aContext tempAt: i put: v. ^aContext sender'
'written: n | s t | s := 0. 1 to: n do: [:i | t := i. i = n ifTrue: [self set: 3 in: self caller to: 1000]. s := s + t]. ^s'
'kept: n | old p | p := OrderedCollection new. 1 to: n do: [:i | p add: (self keep: i)]. old := p inject: 0 into: [:sum :c | c isDead ifTrue: [sum] ifFalse: [sum + 1]]. ^old * 1000 + (p asSet size)'
'keep: i ^self caller'
'point: n | s p | s := 0. 1 to: n do: [:i | p := i @ (i + 1). s := s + (self x: self caller). p := p + 1. s := s + p y]. ^s'
'x: aContext | p | p := aContext tempAt: 3. p == (aContext tempAt: 3) ifFalse: [self zork]. ^p x'
'found: n | s | s := 0. 1 to: n do: [:i | s := s + (self find: i \\ 4)]. ^s'
'find: i self each: [:e | e = i ifTrue: [^e * 10]]. ^1'
'guarded: n | s | s := 0. 1 to: n do: [:i | s := s + ([self guard: i \\ 3] on: ZeroDivide do: [:e | e return: 7])]. ^s'
'guard: i | r | r := 0. [r := 6 / i] ensure: [x := x + 1]. ^r'
'resumed: n | s | s := 0. 1 to: n do: [:i | s := s + ([1 + (Warning signal: i printString)] on: Warning do: [:e | e resume: e messageText size])]. ^s'
'handed: n | a b s go | s := 0. a := Semaphore new. b := Semaphore new. go := [1 to: n do: [:i | self pass: a to: b]] fork. 1 to: n do: [:i | a signal. b wait. s := s + i]. go terminate. ^s'
'became | s | Smalltalk at: #StressedGlobal put: (Array new: 3). s := 0. 1 to: 600 do: [:i | i = 400 ifTrue: [StressedGlobal become: (ByteArray new: 5)]. i = 500 ifTrue: [StressedGlobal become: (ByteArray new: 5)]. s := s + StressedGlobal size]. ^s'
'pass: a to: b a wait. x := x + 1. b signal'
'watched: n | p c s | s := Semaphore new. p := [1 to: n do: [:i | self pass: s to: s. Processor yield]] fork. 1 to: n do: [:i | s signal. Processor yield. c := p suspendedContext. c isNil ifFalse: [y := y + (self stackFrom: c) size]]. p terminate. c := y. y := 0. ^c'
) do: [:each | Stressed compile: each].
nil`

func TestTruth(t *testing.T) {
	cache := t.TempDir()
	want := map[string]string{
		"(1 to: 60) inject: 0 into: [:sum :i | sum + (s escape: i)]": "1830",
		"s middle: 100":   "",
		"s failing":       "",
		"s redefined":     "20499",
		"s shaped":        "",
		"s unwound: 40":   "",
		"s switched":      "1500",
		"s terminated":    "-1",
		"s returned: 100": "10100",
		"s recur: 20000":  "20000",
		"s became":        "2202",
		"s written: 50":   "2225",
		"s kept: 60":      "60",
		"s point: 60":     "3780",
		"s found: 80":     "1220",
		"s guarded: 90":   "480",
		"s resumed: 120":  "",
		"s handed: 100":   "5050",
		"s watched: 60":   "",
	}
	for _, tier := range tiers {
		t.Run(tier.name, func(t *testing.T) {
			c := tier.config
			if testing.Short() && c.Compile != jit.Async {
				t.Skip("in short mode only what has two goroutines runs")
			}
			c.CacheDir = cache
			m, err := vm.Open(c)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			if _, err := m.Eval(t.Context(), stressSetup); err != nil {
				t.Fatal(err)
			}
			for _, code := range slices.Sorted(maps.Keys(want)) {
				for range 3 {
					v, err := m.Eval(t.Context(), "| s | s := Stressed new. s setUp. ("+code+") printString")
					if err != nil {
						t.Errorf("%s: %v", code, err)
						break
					}
					got, err := v.Text()
					if err != nil {
						t.Fatal(err)
					}
					if want[code] == "" { // the interpreter is the first machine
						want[code] = got
					}
					if got != want[code] {
						t.Errorf("%s: %s, want %s", code, got, want[code])
					}
				}
			}
		})
	}
}
