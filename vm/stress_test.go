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
const stressSetup = `Object subclass: #Stressed instanceVariableNames: 'x y array' classVariableNames: '' package: 'Generated'.
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
'recur: n ^n = 0 ifTrue: [0] ifFalse: [1 + (self recur: n - 1)]'
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
		"s switched":      "1500",
		"s terminated":    "-1",
		"s returned: 100": "10100",
		"s recur: 20000":  "20000",
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
