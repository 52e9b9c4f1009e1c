package interp

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// TestRandomOperands calls every data primitive with operands of all kinds and
// counts. Each must answer or fail, leave the heap whole and read-only objects as
// they were, and never panic.
func TestRandomOperands(t *testing.T) {
	control := map[int]bool{}
	in := &Interp{}
	in.installControl()
	for n, p := range in.prims {
		control[n] = p != nil
	}
	control[113] = true // quit
	rounds := 400
	if testing.Short() {
		rounds = 50
	}
	probe := newWorld(t)
	for n := range probe.in.prims {
		if probe.in.prims[n] == nil || control[n] {
			continue
		}
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			f := &operandFuzzer{world: newWorld(t), r: rand.New(rand.NewPCG(uint64(n), 20260))}
			for _, c := range f.classes {
				f.frozen(c)
			}
			calls := rounds
			if n == 130 || n == 131 || n == 177 || n == 178 {
				calls = 20
			}
			for i := range calls {
				f.callOnce(n, i)
			}
			f.in.fullGCNow()
			if err := f.heap.Verify(); err != nil {
				t.Error(err)
			}
			if f.in.stopped {
				t.Errorf("stopped: %v", f.in.err)
			}
		})
	}
}

type operandFuzzer struct {
	*world
	r *rand.Rand
}

func (f *operandFuzzer) callOnce(n, round int) {
	in := f.in
	sp := in.sp
	argc := f.r.IntN(7)
	for range argc + 1 {
		in.push(f.operand(2))
	}
	shown := ""
	type frozen struct {
		at   uint64
		what string
	}
	var kept []frozen
	for a := sp - 8; a >= in.sp; a -= 8 {
		o := heap.Oop(ld(a))
		if o.IsObject() && !o.IsForwarder() && o.Format() != heap.FmtEphemeron && f.r.IntN(6) == 0 && o.ClassIndex() != heap.ClassContext {
			f.world.frozen(o)
			kept = append(kept, frozen{a, fmt.Sprint(o.Words())})
		}
		shown += fmt.Sprintf(" %#x", uint64(o))
		if o.IsObject() {
			shown += fmt.Sprintf("(class %d format %d slots %d)", o.ClassIndex(), o.Format(), o.NumSlots())
		}
	}
	defer func() {
		if r := recover(); r != nil {
			f.t.Fatalf("round %d: panic %v for%s", round, r, shown)
		}
	}()
	words := make([]heap.Oop, 0, len(kept))
	for _, k := range kept {
		words = append(words, heap.Oop(ld(k.at)))
	}
	failure := in.callPrimitive(uint16(n), f.selfs, argc)
	want := sp - 8*uint64(argc+1)
	if failure == plugin.OK {
		want = sp - 8
		if r := in.stackAt(0); r == heap.Invalid || r.IsObject() && uint64(r) < f.heap.Base() {
			f.t.Fatalf("round %d: result %#x for%s", round, uint64(r), shown)
		}
	}
	if in.sp != want {
		f.t.Fatalf("round %d: stack off by %d words for%s", round, (int64(in.sp)-int64(want))/8, shown)
	}
	for i, k := range kept {
		// Pinning may have moved it, leaving a forwarder.
		if n != 130 && n != 131 && fmt.Sprint(f.heap.Follow(words[i]).Words()) != k.what {
			f.t.Fatalf("round %d: wrote into a read-only object, for%s", round, shown)
		}
	}
	in.sp = sp
	if round%64 == 63 {
		in.scavengeNow()
	}
}

var fuzzIntegers = []int64{0, 1, -1, 2, 3, 4, 5, 7, 8, 16, 24, 25, 31, 32, 61, 62, 63, 64, 255, 256, 65535, 65536, math.MaxInt32, math.MaxUint32,
	1 << 40, 1 << 53, heap.MaxSmallInt, heap.MinSmallInt, math.MaxInt64, math.MinInt64}

// operand makes any kind of object; depth bounds the nesting.
func (f *operandFuzzer) operand(depth int) heap.Oop {
	r := f.r
	kinds := 17
	if depth == 0 {
		kinds = 9
	}
	switch r.IntN(kinds) {
	case 0:
		return []heap.Oop{f.heap.Nil, f.heap.True, f.heap.False}[r.IntN(3)]
	case 1, 2:
		return heap.FromInt(int64(r.IntN(12) - 2))
	case 3:
		return f.oop(fuzzIntegers[r.IntN(len(fuzzIntegers))])
	case 4:
		return f.oop([]float64{0, 1, -2.5, 1e300, math.NaN(), math.Inf(1), 0x1p60}[r.IntN(7)])
	case 5:
		return heap.FromChar(r.Uint32N(300))
	case 6:
		return f.oop("abcdefghijklm"[:r.IntN(12)])
	case 7:
		return f.raw([]string{"ByteArray", "Bitmap", "DoubleByteArray", "DoubleWordArray", "WideString"}[r.IntN(5)], 1, 2, 3, uint64(r.Uint32()))
	case 8:
		n := new(big.Int).Lsh(big.NewInt(int64(r.Uint32())|1), uint(r.IntN(80)))
		if r.IntN(2) == 0 {
			n.Neg(n)
		}
		return f.oop(n)
	case 9, 10, 11:
		array := f.new("Array", r.IntN(5))
		for i := range array.NumSlots() {
			f.heap.Store(array, i, f.operand(depth-1))
		}
		return array
	case 12:
		o := f.new([]string{"Point", "Association", "Ephemeron", "Semaphore", "Process", "Message"}[r.IntN(6)])
		f.heap.Store(o, 0, f.operand(depth-1))
		return o
	case 13:
		return f.new([]string{"Variable", "WeakNamed", "WeakArray"}[r.IntN(3)], r.IntN(4))
	case 14:
		if depth < 2 {
			return f.heap.Nil // classes lie in no array that a become could see
		}
		return f.class(worldClasses[r.IntN(len(worldClasses))].name)
	case 15:
		return f.method(r.IntN(3), 1, 2, 3)
	default:
		ctx, fail := f.call(148, f.in.marry(f.in.fp))
		if fail != plugin.OK {
			f.t.Fatal(fail)
		}
		return ctx
	}
}
