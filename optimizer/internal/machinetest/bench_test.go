//go:build linux && amd64

package machinetest

import (
	"math/rand/v2"
	"os"
	"runtime"
	"testing"
	"unsafe"

	"github.com/sista-vm/sista/codegen"
	"github.com/sista-vm/sista/codegen/asm"
	"github.com/sista-vm/sista/native"
	"github.com/sista-vm/sista/optimizer/internal/toy"
	"github.com/sista-vm/sista/optimizer/ir"
)

// Loops as the front end and the passes leave them. Parameters are self and a number
// of turns.
var loops = []struct {
	name, text string
	want       func(n int64) int64
}{
	{"sum", `
func "m0" {
	method "m0" $100
b0(v0:oop, v1:oop):
	v2:smi = guardsmi v1 !notSmallInteger {reexecute "m0" @0 self v0 temps [v1] stack []}
	v3:int = untag v2
	v4:int = constint 1
	v5:int = constint 0
	jump b1(v4, v5)
b1(v10:int, v11:int):
	v12:bool = ile v10, v3
	branch v12, b2(), b3()
b2():
	v13:int = iaddo v11, v10 !overflow {reexecute "m0" @8 self v0 temps [v1 v10 v11] stack []}
	v14:int = iaddo v10, v4 !overflow {reexecute "m0" @6 self v0 temps [v1 v10 v11] stack []}
	poll !request {reexecute "m0" @9 self v0 temps [v1 v14 v13] stack []}
	jump b1(v14, v13)
b3():
	v15:smi = tag v11
	return v15
}`, func(n int64) int64 { return n * (n + 1) / 2 }},
	{"floats", `
func "m0" {
	method "m0" $100
b0(v0:oop, v1:oop):
	v2:smi = guardsmi v1 !notSmallInteger {reexecute "m0" @0 self v0 temps [v1] stack []}
	v3:int = untag v2
	v4:int = constint 1
	v5:float = constfloat 0
	v6:float = constfloat 0.5
	jump b1(v4, v5)
b1(v10:int, v11:float):
	v12:bool = ile v10, v3
	branch v12, b2(), b3()
b2():
	v13:float = itof v10
	v20:float = fmul v13, v6
	v21:float = fadd v11, v20
	v14:int = iaddo v10, v4 !overflow {reexecute "m0" @6 self v0 temps [v1 v10 v11] stack []}
	poll !request {reexecute "m0" @9 self v0 temps [v1 v14 v21] stack []}
	jump b1(v14, v21)
b3():
	v15:int = ftoi v11 !overflow {reexecute "m0" @19 self v0 temps [v1 v10 v11] stack []}
	v16:smi = tag v15
	return v16
}`, func(n int64) int64 { return n * (n + 1) / 4 }},
	{"boxed", `
func "m0" {
	method "m0" $100
b0(v0:oop, v1:oop):
	v2:smi = guardsmi v1 !notSmallInteger {reexecute "m0" @0 self v0 temps [v1] stack []}
	v3:int = untag v2
	v4:int = constint 1
	v5:float = constfloat 0
	v6:float = constfloat 0.5
	v7:oop = boxfloat v5 !noMemory {reexecute "m0" @0 self v0 temps [v1] stack []}
	jump b1(v4, v7)
b1(v10:int, v11:oop):
	v12:bool = ile v10, v3
	branch v12, b2(), b3()
b2():
	v13:oop = guardfloat v11 !notFloat {reexecute "m0" @9 self v0 temps [v1 v10 v11] stack []}
	v20:float = unboxfloat v13
	v21:float = fadd v20, v6
	v22:oop = boxfloat v21 !noMemory {reexecute "m0" @9 self v0 temps [v1 v10 v11] stack []}
	v14:int = iaddo v10, v4 !overflow {reexecute "m0" @6 self v0 temps [v1 v10 v11] stack []}
	poll !request {reexecute "m0" @9 self v0 temps [v1 v14 v22] stack []}
	jump b1(v14, v22)
b3():
	v23:float = unboxfloat v11
	v15:int = ftoi v23 !overflow {reexecute "m0" @19 self v0 temps [v1 v10 v11] stack []}
	v16:smi = tag v15
	return v16
}`, func(n int64) int64 { return n / 2 }},
	{"sieve", `
func "m0" {
	class #51 "Array" format 2 fixed 0
	method "m0" $100
b0(v0:oop, v1:oop):
	v2:smi = guardsmi v1 !notSmallInteger {reexecute "m0" @0 self v0 temps [v1] stack []}
	v3:int = untag v2
	v4:int = constint 1
	v5:int = constint 2
	v6:int = iadd v3, v4
	v7:oop = literal $true
	v8:oop = literal $false
	v9:oop = literal $nil
	v30:int = constint 0
	v31:obj = newarray #51 v6 !noMemory {reexecute "m0" @0 self v0 temps [v1] stack []}
	jump b1(v5, v30)
b1(v10:int, v11:int):
	v12:bool = ile v10, v3
	branch v12, b2(), b3()
b2():
	v13:int = size #0 v31
	v14:int = guardindex v10, v13 !indexOutOfBounds {reexecute "m0" @9 self v0 temps [v1 v10 v11 v31] stack []}
	v15:oop = loadelement v31, v14
	v16:bool = oopeq v15, v9
	branch v16, b4(), b7(v11)
b4():
	v17:int = iaddo v11, v4 !overflow {reexecute "m0" @19 self v0 temps [v1 v10 v11 v31] stack []}
	v18:int = iaddo v10, v10 !overflow {reexecute "m0" @29 self v0 temps [v1 v10 v11 v31] stack []}
	jump b5(v18)
b5(v20:int):
	v21:bool = ile v20, v3
	branch v21, b6(), b7(v17)
b6():
	v22:int = guardindex v20, v13 !indexOutOfBounds {reexecute "m0" @39 self v0 temps [v1 v10 v11 v31 v20] stack []}
	guardwritable v31 !readOnly {reexecute "m0" @39 self v0 temps [v1 v10 v11 v31 v20] stack []}
	storeelement v31, v22, v7
	v23:int = iaddo v20, v10 !overflow {reexecute "m0" @49 self v0 temps [v1 v10 v11 v31 v20] stack []}
	poll !request {reexecute "m0" @59 self v0 temps [v1 v10 v11 v31 v23] stack []}
	jump b5(v23)
b7(v24:int):
	v25:int = iaddo v10, v4 !overflow {reexecute "m0" @6 self v0 temps [v1 v10 v11 v31] stack []}
	poll !request {reexecute "m0" @69 self v0 temps [v1 v25 v24 v31] stack []}
	jump b1(v25, v24)
b3():
	v26:smi = tag v11
	return v26
}`, primes},
}

func primes(n int64) int64 {
	sieve := make([]bool, n+1)
	count := int64(0)
	for i := int64(2); i <= n; i++ {
		if !sieve[i] {
			count++
			for j := i + i; j <= n; j += i {
				sieve[j] = true
			}
		}
	}
	return count
}

func compileLoop(t testing.TB, w *world, text string) *native.Placed {
	f, err := ir.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Verify(); err != nil {
		t.Fatal(err)
	}
	code, err := codegen.Compile(f, codegen.Options{Method: firstMethod, Temps: -1})
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("LIST") != "" {
		codegen.List(os.Stdout, code, f)
	}
	placed, err := w.zone.Place(code)
	if err != nil {
		t.Fatal(err)
	}
	return placed
}

// runLoop runs without any pressure.
func (w *world) runLoop(placed *native.Placed, n int64) int64 {
	w.placed = placed
	w.Free = w.young[0]
	w.FreeLimit = w.young[0] + 2*youngBytes
	w.StackLimit.Store(0)
	sp := uint64(uintptr(unsafe.Pointer(&w.stack[len(w.stack)-16])))
	for _, a := range []uint64{w.Nil, uint64(w.Integer(n))} {
		sp -= 8
		st(sp, a)
	}
	sp -= 8
	st(sp, w.Stubs[native.ExitReturn])
	w.SP, w.FP, w.PC = sp, 0, placed.Entry()
	for native.Enter(&w.Context); w.Exit != native.ExitReturn; native.Enter(&w.Context) {
		switch w.Exit {
		case native.ExitNew: // a large array
			w.Args[0] = w.bigArray(w.Args[0], w.Args[1])
			continue
		case native.ExitPoll: // Go wants to run
			w.StackLimit.Store(0)
			runtime.Gosched()
			continue
		}
		break
	}
	if w.Exit != native.ExitReturn {
		w.t.Fatalf("exit %d at %#x", w.Exit, w.PC-placed.Text())
	}
	return int64(w.Args[0]) >> 3
}

func (w *world) bigArray(header, n uint64) uint64 {
	o := w.old + 1<<20
	st(o-8, 255<<56|n)
	st(o, header|rememberedBit)
	return o
}

func TestLoops(t *testing.T) {
	w := newWorld(t)
	for _, l := range loops {
		p := compileLoop(t, w, l.text)
		for _, n := range []int64{0, 2, 10, 1000} {
			w.reset(newRand(1))
			if got, want := w.runLoop(p, n), l.want(n); got != want {
				t.Errorf("%s of %d is %d, not %d", l.name, n, got, want)
			}
		}
	}
}

func BenchmarkLoops(b *testing.B) {
	for _, l := range loops {
		b.Run(l.name, func(b *testing.B) {
			w := newWorld(b)
			w.reset(newRand(1))
			p := compileLoop(b, w, l.text)
			b.ResetTimer()
			const turns = 10000
			for range b.N {
				w.runLoop(p, turns)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/turns, "ns/turn")
		})
	}
}

// BenchmarkCompile compiles random programs.
func BenchmarkCompile(b *testing.B) {
	var fs []*ir.Func
	values := 0
	for seed := range uint64(50) {
		f := toy.Translate(toy.Random(seed), toy.Shape{})
		describe(f)
		fs = append(fs, f)
		for _, x := range f.Blocks {
			values += len(x.Values) + len(x.Params)
		}
	}
	a := asm.New()
	b.ResetTimer()
	for range b.N {
		for _, f := range fs {
			if _, err := codegen.Compile(f, codegen.Options{Method: firstMethod, Temps: -1, Assembler: a}); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(values), "ns/value")
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }
