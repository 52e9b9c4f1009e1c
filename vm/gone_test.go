package vm_test

import (
	"testing"

	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/vm"
)

// Machine code keeps nothing alive but what its frames need: classes that are gone take the code of their methods along,
// and a method that is gone its literals.
func TestCodeKeepsNothing(t *testing.T) {
	m, err := vm.Open(vm.Config{CacheDir: t.TempDir(), Compile: jit.Sync, Stress: jit.Stress{Eager: true}})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	eval := func(code string) string {
		t.Helper()
		v, err := m.Eval(t.Context(), "["+code+"] value printString")
		if err != nil {
			t.Fatalf("%s: %v", code, err)
		}
		s, err := v.Text()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	eval("Smalltalk at: #Gone put: (WeakArray new: 3)")
	eval(`Object subclass: #Kept instanceVariableNames: '' classVariableNames: '' package: 'T'.
		Kept subclass: #Going instanceVariableNames: 'x' classVariableNames: '' package: 'T'.
		Going compile: 'next x isNil ifTrue: [x := 0]. ^x := x + 1'.
		Kept compile: 'list ^#(1 $a (2 3))'.
		Kept compile: 'sum: n of: o | s | s := 0. 1 to: n do: [:i | s := s + o next + self list size]. ^s'.
		(Smalltalk at: #Gone) at: 1 put: (Smalltalk at: #Going); at: 2 put: (Smalltalk at: #Kept) new list; at: 3 put: (Smalltalk at: #Going) >> #next`)
	for range 20 {
		if got := eval("| k g | k := Smalltalk at: #Kept. g := Smalltalk at: #Gone. k new sum: 50 of: (g at: 1) new"); got != "1425" {
			t.Fatalf("the sum is %s", got)
		}
	}
	compiled := m.Broker().Stats().Compiled
	if compiled == 0 {
		t.Fatal("nothing was compiled")
	}
	if got := eval("Smalltalk garbageCollect. (Smalltalk at: #Gone) asArray includes: nil"); got != "false" {
		t.Error("what is used is gone")
	}
	eval("(Smalltalk at: #Going) removeFromSystem. (Smalltalk at: #Kept) removeSelector: #list")
	eval("1 to: 3 do: [:i | Smalltalk garbageCollect]")
	if got := eval("(Smalltalk at: #Gone) asArray"); got != "#(nil nil nil)" && got != "{nil. nil. nil}" {
		t.Errorf("machine code keeps %s", got)
	}
}
