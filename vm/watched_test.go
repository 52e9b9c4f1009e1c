package vm_test

import (
	"testing"

	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/vm"
)

// Machine code relies on what variables of a class hold, and on what a class is. A program that writes the same value
// again, another one, or a variable of the class as an object, is neither answered wrongly nor left behind in a
// circle of code that is left and made again.
func TestWatchedStores(t *testing.T) {
	for name, c := range map[string]vm.Config{
		"at once":   {Compile: jit.Sync, Stress: jit.Stress{Eager: true}},
		"when hot":  {Compile: jit.Sync},
		"collected": {Compile: jit.Sync, StressGC: true},
	} {
		t.Run(name, func(t *testing.T) {
			m := openVM(t, c)
			evalString(t, m, `Object subclass: #Watched instanceVariableNames: '' classVariableNames: 'V W' package: 'T'.
				Watched class instanceVariableNames: 'count'.
				Watched class compile: 'v ^V'.
				Watched class compile: 'next count := (count ifNil: [0]) + 1. ^count'.
				Watched class compile: 'put: x V := x'.
				Watched class compile: 'set V := 5. W := 3. ^self v'.
				Watched class compile: 'set: n | s | s := 0. n timesRepeat: [s := s + self set]. ^s'.
				Watched class compile: 'run: n | s |
					s := 0.
					1 to: n do: [:i |
						V := 5. "what it is already"
						W := i \\ 500 = 0 ifTrue: [nil] ifFalse: [3].
						s := s + V + self v + (W ifNil: [100]).
						self next \\ 7 = 0 ifTrue: [s := s + 1]].
					^s'`)
			if got := evalString(t, m, "(Smalltalk at: #Watched) run: 2000"); got != "26673" {
				t.Errorf("the first sum is %s", got)
			}
			for range 5 {
				evalString(t, m, "(Smalltalk at: #Watched) run: 2000")
			}
			evalString(t, m, "(Smalltalk at: #Watched) set: 3000")
			before := m.Broker().Stats().Deopts["readOnly"]
			evalString(t, m, "(Smalltalk at: #Watched) run: 2000")
			evalString(t, m, "(Smalltalk at: #Watched) set: 3000")
			evalString(t, m, "(Smalltalk at: #Watched) run: 2000")
			if n := m.Broker().Stats().Deopts["readOnly"] - before; n > 100 {
				t.Errorf("code was left %d times in 7000 rounds", n)
			}
			if got := evalString(t, m, "(Smalltalk at: #Watched) put: 6; v"); got != "6" {
				t.Errorf("the variable has %s", got)
			}
			if got, want := evalString(t, m, "(Smalltalk at: #Watched) next"), "16001"; got != want {
				t.Errorf("the count is %s, not %s", got, want)
			}
		})
	}
}
