package plugintest

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"sort"
	"testing"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// Fuzz calls every primitive of a module with random receivers and arguments of
// all kinds. Each must come back, with a result or a failure code, without a
// panic, without writing past an object's end or into a read-only one.
//
// Setup, if not nil, prepares the VM; extra objects it answers are used as
// arguments often.
func Fuzz(t *testing.T, module plugin.Module, calls int, setup func(v *VM) []heap.Oop) {
	t.Helper()
	names := primitiveNames(t, module, setup)
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			f := &fuzzer{t: t, r: rand.New(rand.NewPCG(fuzzSeed, 1))}
			f.renew(module, setup)
			for i := range calls {
				p, err := f.vm.table.Lookup(module.Name, name)
				if err != nil {
					t.Fatal(err)
				}
				if !f.call(p, i) {
					f.verify()
					f.renew(module, setup)
				}
			}
			f.verify()
		})
	}
}

func primitiveNames(t *testing.T, module plugin.Module, setup func(v *VM) []heap.Oop) []string {
	v := New(t, module)
	defer v.Close()
	if setup != nil {
		setup(v)
	}
	inst, err := module.New(v)
	if err != nil {
		t.Fatal(err)
	}
	if inst.Close != nil {
		defer inst.Close()
	}
	var names []string
	for name := range inst.Primitives {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

type fuzzer struct {
	t     *testing.T
	vm    *VM
	r     *rand.Rand
	extra []heap.Oop
}

// fuzzSeed is fixed, so that a failure can be found again.
const fuzzSeed = 20260

// renew makes a VM with an empty heap.
func (f *fuzzer) renew(module plugin.Module, setup func(v *VM) []heap.Oop) {
	if f.vm != nil {
		f.vm.Close()
	}
	f.vm, f.extra = New(f.t, module), nil
	if setup != nil {
		f.extra = setup(f.vm)
	}
}

func (f *fuzzer) verify() {
	if err := f.vm.heap.Verify(); err != nil {
		f.t.Fatal(err)
	}
}

// guard is what lies behind every object: a primitive that writes too far changes it.
const guard = 0x0ddba115ca1ab1e5

// call calls a primitive; it is false when there is no memory left for arguments.
func (f *fuzzer) call(p plugin.Func, round int) bool {
	n := f.r.IntN(8)
	var objects, guards []heap.Oop
	describe := ""
	for range n + 1 {
		o := f.random(2)
		g := f.vm.heap.Allocate(heap.ClassWordsPun, heap.FmtWords64, 1)
		if o == heap.Invalid || g == heap.Invalid {
			return false
		}
		objects = append(objects, o)
		describe += " " + f.describe(o)
		g.SetWord(0, guard)
		guards = append(guards, g)
	}
	frozen := f.freeze(objects)
	defer func() {
		if r := recover(); r != nil {
			f.t.Fatalf("round %d: panic %v for%s", round, r, describe)
		}
	}()
	result, failure := f.vm.Perform(p, objects...)
	if failure == plugin.OK && (result == heap.Invalid || result.IsObject() && uint64(result) < f.vm.heap.Base()) {
		f.t.Fatalf("round %d: result %#x for%s", round, uint64(result), describe)
	}
	for _, g := range guards {
		if g.Word(0) != guard || g.Header() != heap.MakeHeader(1, heap.FmtWords64, heap.ClassWordsPun) {
			f.t.Fatalf("round %d: wrote past the end of an object, for%s", round, describe)
		}
	}
	for o, before := range frozen {
		if f.contents(o) != before {
			f.t.Fatalf("round %d: wrote into the read-only %s, for%s", round, f.describe(o), describe)
		}
	}
	f.vm.RunPosted()
	return true
}

// freeze makes some of the objects read-only and remembers what is in them.
func (f *fuzzer) freeze(objects []heap.Oop) map[heap.Oop]string {
	frozen := map[heap.Oop]string{}
	for _, o := range objects {
		if o.IsObject() && f.r.IntN(8) == 0 && f.vm.heap.SetImmutable(o, true) {
			frozen[o] = f.contents(o)
		}
	}
	return frozen
}

func (f *fuzzer) contents(o heap.Oop) string {
	return fmt.Sprint(o.Header(), o.Words())
}

func (f *fuzzer) describe(o heap.Oop) string {
	if o.IsInt() {
		return fmt.Sprint(o.Int())
	}
	if o.IsImmediate() {
		return fmt.Sprintf("%#x", uint64(o))
	}
	return fmt.Sprintf("(class %d format %d slots %d)", o.ClassIndex(), o.Format(), o.NumSlots())
}

var integers = []int64{0, 1, -1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 33, 63, 64, 127, 128, 255, 256, 257, 1000,
	65535, 65536, math.MaxInt32, math.MinInt32, math.MaxInt32 + 1, math.MaxUint32, 1 << 40,
	heap.MaxSmallInt, heap.MinSmallInt, math.MaxInt64, math.MinInt64}

var floats = []float64{0, math.Copysign(0, -1), 1, -1, 0.5, 1.5, 100, -7.25, 1e10, 1e300, -1e300, 1e-300,
	math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, math.SmallestNonzeroFloat64}

var strings = []string{"", "a", "abc", "hello world", ".", "..", "a/b", "no/such/file", "x\x00y", "\xff\xfe", "127.0.0.1",
	"localhost", "TCP_NODELAY", "SO_REUSEADDR"}

// random makes any kind of object; depth bounds the nesting of pointer objects. It
// is Invalid when there is no memory.
func (f *fuzzer) random(depth int) heap.Oop {
	h, r := f.vm.heap, f.r
	if len(f.extra) > 0 && r.IntN(3) == 0 {
		return f.extra[r.IntN(len(f.extra))]
	}
	kinds := 17
	if depth == 0 {
		kinds = 13
	}
	switch r.IntN(kinds) {
	case 0:
		return []heap.Oop{h.Nil, h.True, h.False}[r.IntN(3)]
	case 1, 2:
		return heap.FromInt(int64(r.IntN(40) - 5))
	case 3:
		return h.NewInt64(integers[r.IntN(len(integers))])
	case 4:
		return h.NewFloat(floats[r.IntN(len(floats))])
	case 5:
		return heap.FromChar(r.Uint32N(300))
	case 6:
		return h.NewString(strings[r.IntN(len(strings))])
	case 7:
		b := make([]byte, r.IntN(300))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return h.NewBytes(b)
	case 8:
		return f.bits(heap.ClassBitmap, heap.FmtWords32+heap.Format(r.IntN(2)), 1+r.IntN(60))
	case 9:
		return f.bits(classOther, heap.FmtWords64, r.IntN(40))
	case 10:
		return f.bits(classOther, heap.FmtShorts+heap.Format(r.IntN(4)), 1+r.IntN(20))
	case 11:
		n := new(big.Int).Lsh(big.NewInt(int64(r.Uint32())|1), uint(r.IntN(300)))
		if r.IntN(2) == 0 {
			n.Neg(n)
		}
		return h.NewBig(n)
	case 12:
		// A method: header of no literals, then bytes.
		m := f.bits(classOther, heap.FmtMethod, 2)
		if m != heap.Invalid {
			m.SetSlotRaw(0, heap.FromInt(0))
		}
		return m
	case 13, 14:
		return f.pointers(heap.ClassArray, heap.FmtArray, r.IntN(6), depth)
	case 15:
		format := []heap.Format{heap.FmtFixed, heap.FmtVariable, heap.FmtWeak}[r.IntN(3)]
		return f.pointers(classOther, format, r.IntN(20), depth)
	default:
		target := f.random(0)
		o := h.Allocate(heap.ClassForwarder, heap.FmtForwarder, 1)
		if target == heap.Invalid || o == heap.Invalid {
			return heap.Invalid
		}
		o.SetSlotRaw(0, target)
		return o
	}
}

func (f *fuzzer) bits(class uint32, format heap.Format, slots int) heap.Oop {
	o := f.vm.heap.Allocate(class, format, slots)
	for i := 0; i < slots && o != heap.Invalid; i++ {
		if f.r.IntN(3) == 0 {
			o.SetWord(i, f.r.Uint64())
		}
	}
	return o
}

func (f *fuzzer) pointers(class uint32, format heap.Format, slots, depth int) heap.Oop {
	o := f.vm.heap.Allocate(class, format, slots)
	for i := 0; i < slots && o != heap.Invalid; i++ {
		v := f.random(depth - 1)
		if v == heap.Invalid {
			return heap.Invalid
		}
		f.vm.heap.Store(o, i, v)
	}
	return o
}
