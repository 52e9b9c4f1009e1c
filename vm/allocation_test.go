package vm_test

import (
	"testing"

	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/native"
	"github.com/sista-vm/sista/vm"
)

// loops compute as many rounds as they are told and allocate nothing in a round.
// Their numbers are too large, or too small, for Floats that are immediate.
var loops = []struct{ name, source string }{
	{"to:do:", "| x | x := 1.0e200. 1 to: n do: [:i | x := x * 0.5 + (i * 1.0e200) - 1.0e190]. ^x"},
	{"whileTrue:", "| x i | x := 1.0e60. i := 0. [i < n] whileTrue: [i := i + 1. x := (x * x + 3) sqrt / 1.00001]. ^x"},
	{"Mandelbrot", "| zr zi k | zr := zi := 1.0e-150. k := 0. [k < n] whileTrue: [| t | t := (zr * zr - (zi * zi)) * 1.0e150 + 1.0e-151. zi := 2.0 * zr * zi * 1.0e150 + 1.0e-151. zr := t. k := k + 1]. ^zr + zi"},
}

// TestFloatLoops: numeric loops over Floats allocate nothing, however long they are.
func TestFloatLoops(t *testing.T) {
	if err := native.Supported(); err != nil {
		t.Skip(err)
	}
	m, err := vm.Open(vm.Config{Compile: jit.Sync})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	ctx := t.Context()
	object, err := m.Eval(ctx, "Object subclass: #Numeric instanceVariableNames: '' classVariableNames: '' package: 'Generated'. (Smalltalk at: #Numeric) new")
	if err != nil {
		t.Fatal(err)
	}
	numeric, err := object.Send(ctx, "class")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range loops {
		if _, err := numeric.Send(ctx, "compile:", "loop: n "+l.source); err != nil {
			t.Fatal(err)
		}
		allocated := func(n int) uint64 {
			before, err := m.Stats()
			if err != nil {
				t.Fatal(err)
			}
			v, err := object.Send(ctx, "loop:", n)
			if err != nil {
				t.Fatal(err)
			}
			v.Release()
			after, err := m.Stats()
			if err != nil {
				t.Fatal(err)
			}
			return after.Allocated - before.Allocated
		}
		interpreted := allocated(1000)
		for range 200 {
			allocated(20000)
		}
		short, long := allocated(1000), allocated(100000)
		if long > short || interpreted < short+500*16 {
			t.Errorf("%s: 1000 rounds allocate %d bytes interpreted, and compiled %d, 100000 rounds %d", l.name, interpreted, short, long)
		}
	}
}
