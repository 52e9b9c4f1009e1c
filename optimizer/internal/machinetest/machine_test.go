//go:build linux && amd64

package machinetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/sista-vm/sista/codegen"
	"github.com/sista-vm/sista/codegen/asm"
	"github.com/sista-vm/sista/native"
	"github.com/sista-vm/sista/optimizer/internal/toy"
	"github.com/sista-vm/sista/optimizer/ir"
	"github.com/sista-vm/sista/optimizer/passes"
)

const firstMethod = 100

func describe(f *ir.Func) {
	f.Methods = map[string]ir.Handle{}
	for i := range 8 {
		f.Methods[fmt.Sprintf("m%d", i)] = firstMethod + ir.Handle(i)
	}
	f.Classes = map[int64]ir.Class{toy.ClassPoint: {Name: "Point", Format: 1, Fixed: 2}, toy.ClassArray: {Name: "Array", Format: 2}}
}

func summary(h *toy.Heap, v ir.Oop) string {
	s := ""
	for _, e := range h.Log {
		s += e + "\n"
	}
	return s + "answer " + h.Describe(v)
}

func newToyHeap() *toy.Heap {
	h := toy.NewHeap()
	h.SmallFloats = true
	return h
}

// modes are which guards fail.
var modes = []struct {
	name string
	fail func(r *rand.Rand) func(*ir.Value) bool
}{
	{"guards as they are", func(*rand.Rand) func(*ir.Value) bool { return nil }},
	{"every guard fails", func(*rand.Rand) func(*ir.Value) bool { return func(*ir.Value) bool { return true } }},
	{"one guard of eight fails", func(r *rand.Rand) func(*ir.Value) bool { return func(*ir.Value) bool { return r.IntN(8) == 0 } }},
	{"one guard of 32 fails", func(r *rand.Rand) func(*ir.Value) bool { return func(*ir.Value) bool { return r.IntN(32) == 0 } }},
}

// features answers those of the first level of processors, or of this one.
func features(n int) native.Features {
	if n%2 == 0 {
		return 0
	}
	return native.Present()
}

// compare runs a program in the interpreter and as machine code.
func compare(w *world, a *asm.Assembler, p *toy.Program, f *ir.Func, seed uint64) error {
	r := rand.New(rand.NewPCG(seed, 3))
	main := f.Methods[p.Main().Name]
	for i, m := range modes {
		code, err := codegen.Compile(f, codegen.Options{Method: main, Features: features(i + int(seed)), Temps: -1, Fail: m.fail(r), Assembler: a, Verify: true})
		if err != nil {
			return err
		}
		placed, err := w.zone.Place(code)
		if err != nil {
			return err
		}
		for _, args := range [][2]int64{{0, 0}, {1, 3}, {7, -2}, {ir.MaxSmallInteger, 1}} {
			if err := compareRun(w, placed, p, r, args); err != nil {
				return fmt.Errorf("%s, arguments %v: %w", m.name, args, err)
			}
		}
		w.placed = nil
		w.zone.Free(placed)
	}
	return nil
}

func compareRun(w *world, placed *native.Placed, p *toy.Program, r *rand.Rand, args [2]int64) error {
	h := newToyHeap()
	v, err := p.Call(h, p.Main().Name, []ir.Oop{h.Integer(args[0]), h.Integer(args[1])})
	if err != nil {
		return nil // runs too long
	}
	want := summary(h, v)
	w.reset(r)
	for i := range placed.Code().Literals {
		st(placed.Data()+8*uint64(i), w.Nil)
	}
	w.p = p
	e := w.run(placed, []uint64{uint64(h.Integer(args[0])), uint64(h.Integer(args[1]))})
	x := newExporter(w)
	v = x.oop(e.value)
	if e.kind == ir.Deoptimized {
		for _, f := range e.frames {
			for i, o := range f.Temps {
				f.Temps[i] = x.oop(uint64(o))
			}
		}
		if v, err = p.Resume(x.heap, e.frames); err != nil {
			if errors.Is(err, toy.ErrSteps) {
				return nil
			}
			return err
		}
	}
	if got := summary(x.heap, v); got != want {
		return fmt.Errorf("got\n%s\nwant\n%s", got, want)
	}
	return nil
}

// TestOSR enters programs in the middle, with the interpreter's frame.
func TestOSR(t *testing.T) {
	w := newWorld(t)
	a := asm.New()
	first, last := seeds(150)
	entered := 0
	for seed := first; seed < last; seed++ {
		p := toy.Random(seed)
		f := toy.Translate(p, toy.Shape{OSR: true, Entries: seed%2 == 0})
		describe(f)
		for _, optimized := range []bool{false, true} {
			if optimized {
				if err := passes.Run(f, passes.Options{Verify: true}); err != nil {
					t.Errorf("seed %d: %v", seed, err)
					break
				}
			}
			for _, args := range [][2]float64{{0, 0}, {1, 3}, {7, -2}} {
				for i := range modes {
					n, err := compareOSR(w, a, p, f, args, i, seed)
					if err != nil {
						show(t, f)
						t.Fatalf("seed %d, optimized %v, arguments %v, %s: %v", seed, optimized, args, modes[i].name, err)
					}
					entered += n
				}
			}
		}
	}
	t.Logf("entered %d times, exits %v", entered, w.exits)
	if entered == 0 && last > first+1 {
		t.Error("nothing was entered")
	}
}

func compareOSR(w *world, a *asm.Assembler, p *toy.Program, f *ir.Func, args [2]float64, mode int, seed uint64) (entered int, err error) {
	h := newToyHeap()
	entry, regs, err := p.EnterAt(h, f, args[0], args[1])
	if err != nil || entry.OSR == nil {
		return 0, nil
	}
	ref := newToyHeap()
	v, err := p.Call(ref, p.Main().Name, []ir.Oop{ref.Integer(int64(args[0])), ref.Integer(int64(args[1]))})
	if err != nil {
		return 0, nil
	}
	want := summary(ref, v)
	r := rand.New(rand.NewPCG(seed, uint64(mode)))
	code, err := codegen.Compile(f, codegen.Options{Method: firstMethod, Entry: entry, Temps: len(regs), Args: 1, Assembler: a, Verify: true, Fail: modes[mode].fail(r)})
	if err != nil {
		return 0, err
	}
	placed, err := w.zone.Place(code)
	if err != nil {
		return 0, err
	}
	w.reset(r)
	for i := range code.Literals {
		st(placed.Data()+8*uint64(i), w.Nil)
	}
	w.p, w.log = p, h.Log
	e := w.runOSR(placed, h, regs)
	x := newExporter(w)
	v = x.oop(e.value)
	if e.kind == ir.Deoptimized {
		for _, f := range e.frames {
			for i, o := range f.Temps {
				f.Temps[i] = x.oop(uint64(o))
			}
		}
		if v, err = p.Resume(x.heap, e.frames); err != nil {
			if errors.Is(err, toy.ErrSteps) {
				err = nil
			}
			return 0, err
		}
	}
	w.placed = nil
	w.zone.Free(placed)
	if got := summary(x.heap, v); got != want {
		return 0, fmt.Errorf("got\n%s\nwant\n%s", got, want)
	}
	return 1, nil
}

func seeds(n int) (first, last uint64) {
	if s, err := strconv.Atoi(os.Getenv("SEEDS")); err == nil {
		return 0, uint64(s)
	}
	if s, err := strconv.Atoi(os.Getenv("SEED")); err == nil {
		return uint64(s), uint64(s) + 1
	}
	if testing.Short() {
		n /= 10
	}
	return 0, uint64(n)
}

// TestPrograms compares random programs, before any pass and after all.
func TestPrograms(t *testing.T) {
	w := newWorld(t)
	a := asm.New()
	first, last := seeds(150)
	for seed := first; seed < last; seed++ {
		p := toy.Random(seed)
		shape := toy.RandomShape(seed)
		shape.OSR = false
		f := toy.Translate(p, shape)
		describe(f)
		if err := compare(w, a, p, f, seed); err != nil {
			show(t, f)
			t.Fatalf("seed %d, before passes: %v", seed, err)
		}
		if err := passes.Run(f, passes.Options{}); err != nil {
			t.Fatal(err)
		}
		if err := compare(w, a, p, f, seed); err != nil {
			show(t, f)
			t.Fatalf("seed %d, after passes: %v", seed, err)
		}
	}
	t.Logf("exits %v", w.exits)
}

func show(t testing.TB, f *ir.Func) {
	if os.Getenv("LIST") == "" {
		return
	}
	os.Stdout.WriteString(f.String())
	if c, err := codegen.Compile(f, codegen.Options{Method: firstMethod, Temps: -1}); err == nil {
		codegen.List(os.Stdout, c, f)
	}
}
