package jit_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sista-vm/sista/codegen"
	"github.com/sista-vm/sista/counters"
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/native"
	"github.com/sista-vm/sista/optimizer/front"
	"github.com/sista-vm/sista/optimizer/ir"
	"github.com/sista-vm/sista/optimizer/passes"
	"github.com/sista-vm/sista/vm"
)

// noMachine stands for a generator on a machine there is none for.
func noMachine(f *ir.Func, _ codegen.Options) (*native.Code, error) {
	return nil, &front.Refusal{Reason: "no machine", Detail: f.Name}
}

func openMachine(t *testing.T) *vm.VM {
	t.Helper()
	m, err := vm.Open(vm.Config{CacheDir: cacheDir, Clock: host.NewVirtualClock(), Feedback: new(counters.DefaultPolicy())})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// What is hot is compiled, in the same order each time.
func TestHot(t *testing.T) {
	run := func() []string {
		m := openMachine(t)
		f := &fixture{t: t, vm: m}
		var lines []string
		b := jit.NewBroker(m.Interp(), nil, jit.Options{Mode: jit.Sync, Generate: noMachine, Passes: passes.Options{Verify: true},
			Log: func(line string) { lines = append(lines, line) }})
		defer b.Close()
		f.eval("24 benchFib")
		f.eval("1 to: 100000 do: [ :i | i printString ]")
		f.eval("10 benchmark")
		return lines
	}
	first := run()
	for _, want := range []string{"bailout Integer>>benchFib: no machine: Integer>>benchFib", "bailout Integer>>benchmark loop@"} {
		if !slices.ContainsFunc(first, func(line string) bool { return strings.HasPrefix(line, want) }) {
			t.Errorf("nothing says %q in\n%s", want, strings.Join(first, "\n"))
		}
	}
	if again := run(); !slices.Equal(first, again) {
		t.Errorf("a second run differs:\n%s\nfirst\n%s", strings.Join(again, "\n"), strings.Join(first, "\n"))
	}
}

// Who gives a block to a loop is hot with it, and what loops for long is known after a few activations.
func TestHotCallers(t *testing.T) {
	m := openMachine(t)
	f := &fixture{t: t, vm: m}
	var lines []string
	b := jit.NewBroker(m.Interp(), nil, jit.Options{Mode: jit.Sync, Generate: noMachine, Log: func(line string) { lines = append(lines, line) }})
	defer b.Close()
	f.eval("Object subclass: #Adder instanceVariableNames: '' classVariableNames: '' package: 'T'")
	f.eval("Adder compile: 'addAll: all | sum | sum := 0. all do: [ :x | sum := sum + x ]. ^ sum'")
	f.eval("Adder compile: 'count | n | n := 0. [ n < 5000 ] whileTrue: [ n := n + 1 ]. ^ n'")
	f.eval("| a all | a := Adder new. all := (1 to: 1000) asArray. 1000 timesRepeat: [ a addAll: all ]")
	f.eval("| a | a := Adder new. 3000 timesRepeat: [ a count ]")
	for _, want := range []string{"bailout Adder>>addAll:: no machine", "bailout Adder>>count: no machine"} {
		if !slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(line, want) }) {
			t.Errorf("nothing says %q in\n%s", want, strings.Join(lines, "\n"))
		}
	}
}

// A compilation beside the program finds what a synchronous one does, sooner or later.
func TestAsync(t *testing.T) {
	m := openMachine(t)
	f := &fixture{t: t, vm: m}
	seen := make(chan string, 1000)
	b := jit.NewBroker(m.Interp(), nil, jit.Options{Mode: jit.Async, Generate: noMachine, Log: func(line string) { seen <- line }})
	for start := time.Now(); time.Since(start) < time.Minute && b.Stats().Bailouts["no machine"] == 0; {
		f.eval("20 benchFib")
	}
	b.Close()
	if n := b.Stats().Bailouts["no machine"]; n == 0 {
		t.Errorf("nothing was compiled: %v", b.Stats())
	}
}

// Every method of the kernel goes through the front end, the passes and the generator, or
// is refused by name.
func TestKernel(t *testing.T) {
	m := openMachine(t)
	f := &fixture{t: t, vm: m}
	f.eval("24 benchFib")
	in := m.Interp()
	generate := func(f *ir.Func, o codegen.Options) (*native.Code, error) {
		if _, err := codegen.Compile(f, o); err != nil {
			t.Error(err)
		}
		return noMachine(f, o)
	}
	b := jit.NewBroker(in, nil, jit.Options{Mode: jit.Off, Generate: generate, Passes: passes.Options{Verify: true}})
	var methods []heap.Oop
	in.Heap().EachObject(func(o heap.Oop) bool {
		if o.Format().IsMethod() {
			methods = append(methods, o)
		}
		return true
	})
	for _, o := range methods {
		_ = b.Compile(o)
	}
	stats := b.Stats()
	t.Logf("%d methods: %v", len(methods), stats.Bailouts)
	if stats.Bailouts["no machine"] < len(methods)/2 {
		t.Errorf("of %d methods only %d were translated: %v", len(methods), stats.Bailouts["no machine"], stats.Bailouts)
	}
	if n := stats.Bailouts["the optimizer failed"]; n > 0 {
		t.Errorf("%d methods broke the optimizer", n)
	}
}
