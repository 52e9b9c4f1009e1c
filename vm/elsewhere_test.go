package vm_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/vm"
)

// Code that has blocks of others inlined reads the variables of their receivers: it goes when there may be closures
// whose receivers became too small.
func TestBlocksElsewhereThatDoNotFit(t *testing.T) {
	for _, mode := range []jit.Mode{jit.Off, jit.Sync} {
		var gone []string
		m := openVM(t, vm.Config{Compile: mode, Trace: vm.Trace{Deopt: func(s string) { gone = append(gone, s) }}})
		evalString(t, m, "Object subclass: #Wide instanceVariableNames: 'a b c d' classVariableNames: '' package: 'T'. "+
			"Wide compile: 'start d := 0. ^ [:x | d := d + x]'. "+
			"Object subclass: #Runner instanceVariableNames: '' classVariableNames: '' package: 'T'. "+
			"Runner compile: 'run: b with: i ^ b value: i'. Smalltalk at: #W put: Wide new. Smalltalk at: #B put: (Smalltalk at: #W) start")
		run := "| r b | r := Runner new. b := Smalltalk at: #B. (1 to: %) do: [:i | [r run: b with: 1] on: Error do: [:e | ^ e messageText]]. ^ r run: b with: 0"
		if got := evalString(t, m, strings.Replace(run, "%", "20000", 1)); got != "20000" {
			t.Errorf("%v: %s", mode, got)
		}
		evalString(t, m, "(Smalltalk at: #W) become: Object new")
		if got := evalString(t, m, strings.Replace(run, "%", "9", 1)); !strings.Contains(got, "has not got") {
			t.Errorf("%v: %s", mode, got)
		}
		found := slices.ContainsFunc(gone, func(s string) bool { return strings.HasSuffix(s, ": closures do not fit their receivers") })
		if mode == jit.Sync && m.Broker() != nil && !found {
			t.Errorf("%q", gone)
		}
	}
}
