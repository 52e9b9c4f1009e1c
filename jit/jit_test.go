package jit_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sista-vm/sista/counters"
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/optimizer/front"
	"github.com/sista-vm/sista/vm"
)

var cacheDir string // keeps the kernel image for all tests

func TestMain(m *testing.M) { os.Exit(testMain(m)) }

func testMain(m *testing.M) int {
	var err error
	if cacheDir, err = os.MkdirTemp("", "sista"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(cacheDir)
	return m.Run()
}

// A fixture is a virtual machine with the program of its interpreter.
type fixture struct {
	t       *testing.T
	vm      *vm.VM
	program *jit.Program
	world   *jit.World
	dead    []string // why compilations were thrown away
}

func newFixture(t *testing.T, c vm.Config) *fixture {
	t.Helper()
	c.CacheDir, c.Clock, c.Feedback = cacheDir, host.NewVirtualClock(), new(counters.DefaultPolicy())
	m, err := vm.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	f := &fixture{t: t, vm: m}
	f.eval("Object subclass: #Animal instanceVariableNames: 'name age' classVariableNames: 'Count' package: 'T'. " +
		"Animal subclass: #Dog instanceVariableNames: 'tail' classVariableNames: '' package: 'T'. " +
		"Animal compile: 'legs ^ 4'. Animal compile: 'sum: list | s | s := age. list do: [ :x | s := s + x + name ]. ^ s'. " +
		"Dog compile: 'legs ^ super legs'. Smalltalk at: #Limit put: 7")
	f.program = jit.NewProgram(m.Interp())
	f.program.Invalidate = func(_ *jit.Compilation, why string) { f.dead = append(f.dead, why) }
	f.world = f.program.Begin()
	return f
}

// eval runs code and answers the printString of its value.
func (f *fixture) eval(code string) string {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), time.Minute)
	defer cancel()
	v, err := f.vm.Eval(ctx, code)
	if err != nil {
		f.t.Fatal(err)
	}
	defer v.Release()
	s, err := v.Print(ctx)
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

// oop answers the object that an expression answers; nothing may run until it is used.
func (f *fixture) handle(code string) front.Handle {
	f.t.Helper()
	f.eval("Smalltalk at: #TestResult put: (" + code + ")")
	return f.world.Handle(f.global("TestResult").Slot(1))
}

// global answers an association of Smalltalk.
func (f *fixture) global(name string) heap.Oop {
	in := f.vm.Interp()
	var found heap.Oop
	h := in.Heap()
	symbol := in.FindSymbol(name)
	h.EachObject(func(o heap.Oop) bool {
		if o.Format().IsPointers() && o.NumSlots() == 2 && h.Follow(o.Slot(0)) == symbol && strings.HasSuffix(in.ClassName(o), "Association") {
			found = o
		}
		return true
	})
	if found == heap.Invalid {
		f.t.Fatalf("no global %s", name)
	}
	return found
}

func (f *fixture) index(class string) front.ClassIndex {
	c, ok := f.world.InstanceClass(f.handle(class))
	if !ok {
		f.t.Fatalf("%s is no class", class)
	}
	return c.Index
}

// The modes in which everything has to hold.
var modes = []struct {
	name   string
	config vm.Config
}{{"plain", vm.Config{}}, {"collecting at every allocation", vm.Config{StressGC: true}}}

func TestWorld(t *testing.T) {
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) { testWorld(newFixture(t, mode.config)) })
	}
}

func testWorld(f *fixture) {
	t, w := f.t, f.world
	equal := func(what string, got, want any) {
		t.Helper()
		if got != want {
			t.Errorf("%s is %v, want %v", what, got, want)
		}
	}
	dog := f.index("Dog")
	legs := w.Selector("legs")
	h, ok := w.Lookup(dog, legs)
	equal("found", ok, true)
	m := w.Method(h)
	equal("name", m.Name, "Dog>>legs")
	equal("handle", m.Handle, h)
	equal("Sista", m.Sista, true)
	equal("bytes", fmt.Sprint(m.Bytes[:3]), "[76 235 0]")
	equal("selector of literal 0", w.Literal(m.Literals[0]).Text, "legs")
	above, ok := w.LookupSuper(m.Owner, legs)
	equal("above", ok, true)
	equal("name above", w.Method(above).Name, "Animal>>legs")
	if _, ok := w.Lookup(dog, w.Selector("printString")); !ok {
		t.Error("nothing inherited")
	}
	if _, ok := w.Lookup(dog, w.Selector("value:")); ok {
		t.Error("Dog understands value:")
	}
	equal("no symbol", w.Selector("noSuchSymbolIsThere"), front.Handle(0))
	facts, ok := w.ClassFacts(dog)
	equal("facts", ok, true)
	equal("Dog", fmt.Sprintf("%s %d %d", facts.Name, facts.Format, facts.Fixed), "Dog 1 3")
	equal("class", w.ClassHandle(dog), f.handle("Dog"))
	if _, ok := w.InstanceClass(front.True); ok {
		t.Error("true is a class")
	}

	sum := f.handle("Animal >> #sum:")
	m = w.Method(sum)
	equal("args, temps", fmt.Sprint(m.Args, m.Temps, m.Block), "1 2 false")
	var block *front.Method
	for _, l := range m.Literals {
		if b := w.Method(l); b != nil {
			block = b
		}
	}
	if block == nil {
		t.Fatal("no block among the literals")
	}
	equal("block", block.Name, "[] in Animal>>sum:")
	equal("its args, copied", fmt.Sprint(block.Args, block.Copied, block.Block), "1 1 true")
	equal("owner", w.Literal(block.Owner).Text, "Animal")

	limit := w.Handle(f.global("Limit"))
	v, ok := w.Binding(limit)
	equal("binding", ok, true)
	equal("Limit", w.Literal(v).Int, int64(7))
	equal("its class", w.Literal(v).Class, front.SmallIntegerClass)
	equal("a float", w.Literal(f.handle("1.5")).Float, 1.5)
	equal("a boxed float", w.Literal(f.handle("1.0e300")).Float, 1.0e300)
	equal("a string", w.Literal(f.handle("'abc'")).Text, "abc")
	plus, args := w.SpecialSelector(0)
	equal("special 0", fmt.Sprint(w.Literal(plus).Text, args), "+1")
	if w.Method(limit) != nil || w.Method(0) != nil {
		t.Error("that is no method")
	}

	// Handles name the same objects after everything moved.
	f.eval("Smalltalk garbageCollect. (1 to: 100) collect: [ :i | Dog new ]. Smalltalk garbageCollect")
	again, _ := w.Lookup(dog, legs)
	equal("method after a collection", again, h)
	equal("name", w.Method(h).Name, "Dog>>legs")
	equal("nothing thrown away", strings.Join(f.dead, ", "), "")
}

// Each case asks something, changes the program, and tells what that revokes.
var changes = []struct {
	name   string
	ask    func(w *jit.World, f *fixture)
	change string
	want   string
}{
	{"a method is replaced", askLegs, "Dog compile: 'legs ^ 3'", "another method for #legs in Dog"},
	{"a method is removed", askLegs, "Dog removeSelector: #legs", "another method for #legs in Dog"},
	{"a method comes between", askName, "Dog compile: 'sum: x ^ 0'", "another method for #sum: in Dog"},
	{"another method comes", askLegs, "Dog compile: 'wag ^ 1'. Animal compile: 'wag ^ 2'. Object compile: 'wags ^ 3'", ""},
	{"another class comes", askLegs, "Dog subclass: #Poodle instanceVariableNames: '' classVariableNames: '' package: 'T'", ""},
	{"a super send's method changes", askSuper, "Animal compile: 'legs ^ 5'", "another method for #legs above Dog"},
	{"a method nobody had", askUnknown, "Object compile: 'unheard ^ 1'", "another method for #unheard in Dog"},
	{"a global is stored", askLimit, "Limit := 8", "the value of Limit"},
	{"a global is stored by a message", askLimit, "Smalltalk at: #Limit put: 9", "the value of Limit"},
	{"the same value is stored", askLimit, "Limit := 7", ""},
	{"another global is stored", askLimit, "Smalltalk at: #Limits put: 9", ""},
	{"a shape changes", askShape, "Animal subclass: #Dog instanceVariableNames: 'tail fur' classVariableNames: '' package: 'T'", "the shape of Dog"},
	{"the superclass' shape changes", askShape, "Object subclass: #Animal instanceVariableNames: 'name age fur' classVariableNames: 'Count' package: 'T'", "the shape of Dog"},
	{"another shape changes", askShape, "Object subclass: #Cat instanceVariableNames: 'claws' classVariableNames: '' package: 'T'", ""},
}

func askLegs(w *jit.World, f *fixture)    { w.Lookup(f.index("Dog"), w.Selector("legs")) }
func askName(w *jit.World, f *fixture)    { w.Lookup(f.index("Dog"), w.Selector("sum:")) }
func askSuper(w *jit.World, f *fixture)   { w.LookupSuper(f.handle("Dog"), w.Selector("legs")) }
func askUnknown(w *jit.World, f *fixture) { w.Lookup(f.index("Dog"), f.handle("#unheard")) }
func askLimit(w *jit.World, f *fixture)   { w.Binding(w.Handle(f.global("Limit"))) }
func askShape(w *jit.World, f *fixture)   { w.InstanceClass(f.handle("Dog")) }

func TestDependencies(t *testing.T) {
	for _, mode := range modes {
		for _, c := range changes {
			t.Run(mode.name+"/"+c.name, func(t *testing.T) {
				f := newFixture(t, mode.config)
				c.ask(f.world, f)
				f.world.End()
				f.eval("Smalltalk garbageCollect")
				f.eval(c.change)
				f.program.Renew()
				got := ""
				if len(f.dead) > 0 {
					got = f.dead[0]
				}
				if got != c.want || f.world.Dead() != (c.want != "") {
					t.Errorf("thrown away for %q, want %q", f.dead, c.want)
				}
			})
		}
	}
}

// A global that keeps changing is not believed any more.
func TestRestlessGlobal(t *testing.T) {
	f := newFixture(t, vm.Config{})
	for i := range 4 {
		w := f.program.Begin()
		_, ok := w.Binding(w.Handle(f.global("Limit")))
		w.End()
		if want := i < 3; ok != want {
			t.Errorf("after %d changes: %v", i, ok)
		}
		f.eval(fmt.Sprintf("Limit := %d", 100+i))
		f.program.Renew()
	}
}
