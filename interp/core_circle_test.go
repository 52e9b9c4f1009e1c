package interp_test

import (
	"testing"
	"time"

	"github.com/sista-vm/sista/vm"
)

// Chains that an image made circles of: whoever follows them comes to an end.

const circleSetUp = `
Object subclass: #Ring instanceVariableNames: '' classVariableNames: '' package: 'Probes'.
Ring class compile: 'do: aBlock
	"Evaluate the block where I am my own sender; leave by the top."
	| here top r |
	here := thisContext. top := here sender.
	here privateSender: here.
	r := aBlock value.
	here privateSender: top.
	^ r'.
Ring class compile: 'home: aBlock ^ [ :x | aBlock value. ^ x ]'.
Ring class compile: 'leave: n ^ Ring do: [ n = 0 ifTrue: [ ^ 5 ]. n ]'.
Ring`

var circleSnippets = []snippet{
	{"it works at all", `Ring do: [ 3 ]`, "3"},
	{"no handler", `Ring do: [ thisContext findNextHandlerOrSignalingContext ]`, "nil"},
	{"no unwind block", `Ring do: [ thisContext findNextUnwindContextUpTo: nil ]`, "nil"},
	{"an unwind block above", `Ring do: [ (thisContext findNextUnwindContextUpTo: [ ] asContext) ]`, "nil"},
	{"a handler within", `Ring do: [ [ 1 / 0 ] on: ZeroDivide do: [ :ex | 7 ] ]`, "7"},
	{"an ensure within", `Ring do: [ [ 3 ] ensure: [ 4 ] ]`, "3"},
	{"a stack printed", `(Ring do: [ thisContext shortStack size < 20000 ])`, "true"},
}

func TestCircles(t *testing.T) { runSnippets(t, circleSetUp, circleSnippets) }

// Where a circle leaves nothing to return to, the machine at least can be stopped.
func TestEndlessCircles(t *testing.T) {
	for _, code := range []string{
		`Ring do: [ 1 / 0 ]`,
		`Ring do: [ Error signal: 'lost' ]`,
		`Ring leave: 0`,
		`| k | k := Ring home: [ ]. Ring do: [ k value: 3 ]`,
		`Ring do: [ Processor activeProcess terminate ]`,
		`thisContext privateSender: thisContext. 1 / 0`,
		`thisContext privateSender: thisContext. 3`,
		`Ring do: [ [ 1 / 0 ] ensure: [ 3 ] ]`,
		`| a | a := Object subclass: #RingA instanceVariableNames: '' classVariableNames: '' package: 'Probes'. a instVarAt: 1 put: a. a new foo`,
		`| p | p := [ ] newProcess. p priority: 10. p resume. p instVarAt: 1 put: p. [ ] newProcess resume; primitiveSuspend. p suspend. 3`,
	} {
		m := open(t, vm.Config{StackPages: 4})
		if s := print(t, m, circleSetUp, 5*time.Second); s != "Ring" {
			t.Fatal(s)
		}
		if got := print(t, m, code, 300*time.Millisecond); got == "" {
			t.Errorf("%s: nothing", code)
		}
	}
}
