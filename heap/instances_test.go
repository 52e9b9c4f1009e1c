package heap

import (
	"bytes"
	"math"
	"math/big"
	"testing"
)

func TestNewFixedAndIndexed(t *testing.T) {
	h := newTestHeap(t, Config{})
	fixedOnly := map[Format]bool{FmtEmpty: true, FmtFixed: true, FmtEphemeron: true}
	indexed := map[Format]int{FmtArray: 8, FmtVariable: 8, FmtWeak: 8, FmtWords64: 8, FmtWords32: 4, FmtShorts: 2, FmtBytes: 1}
	for f := range Format(32) {
		class := h.AllocateOld(testClassClass, FmtFixed, 11)
		class.SetSlotRaw(ClassFormat, FromInt(int64(f)<<16|3))
		o, err := h.NewFixed(class)
		if fixedOnly[f] != (err == OK) {
			t.Errorf("new, format %d: %v", f, err)
		}
		if err == OK && (o.NumSlots() != 3 || o.Format() != f || h.ClassOf(o) != class) {
			t.Errorf("new, format %d: %d slots, format %d", f, o.NumSlots(), o.Format())
		}
		unit, ok := indexed[f]
		for n := range 20 {
			o, err := h.NewIndexed(class, n)
			if fixedOnly[f] && n == 0 && err == OK {
				continue
			}
			if ok != (err == OK) {
				t.Errorf("new: %d, format %d: %v", n, f, err)
				continue
			}
			if !ok {
				continue
			}
			fixed := 0
			if f <= FmtWeak {
				fixed = 3
			}
			if f == FmtArray {
				// No named fields by definition: all slots count.
				if h.IndexableSize(o) != n+3 {
					t.Errorf("new: %d, format %d: size %d", n, f, h.IndexableSize(o))
				}
				continue
			}
			if h.IndexableSize(o) != n || h.FixedFieldsOf(o) != fixed || o.NumSlots() != fixed+(n*unit+7)/8 {
				t.Errorf("new: %d, format %d: size %d, fixed %d, %d slots", n, f, h.IndexableSize(o), h.FixedFieldsOf(o), o.NumSlots())
			}
			if f >= FmtWords64 && len(o.Bytes()) != n*unit {
				t.Errorf("new: %d, format %d: a view of %d bytes", n, f, len(o.Bytes()))
			}
			if f == FmtWords32 && len(o.Words32()) != n || f == FmtShorts && len(o.Words16()) != n || f == FmtWords64 && len(o.Words()) != n {
				t.Errorf("new: %d, format %d: wrong view", n, f)
			}
		}
		if _, err := h.NewIndexed(class, -1); err != BadSize {
			t.Errorf("new: -1: %v", err)
		}
	}
	for _, o := range []Oop{h.Nil, FromInt(3), h.NewString("x")} {
		if _, err := h.NewFixed(o); err != BadClass {
			t.Errorf("new of no class: %v", err)
		}
	}
}

func TestNewMethod(t *testing.T) {
	h := newTestHeap(t, Config{})
	for n := range 20 {
		m, err := h.NewMethod(h.ClassAt(testMethod), FromInt(3), n)
		if err != OK {
			t.Fatal(err)
		}
		if m.NumBytes() != 4*8+n || !m.Format().IsMethod() || m.Slot(0) != FromInt(3) || m.Slot(3) != h.Nil {
			t.Errorf("%d bytes: %d bytes, format %d", n, m.NumBytes(), m.Format())
		}
		if !bytes.Equal(m.Bytes()[32:], make([]byte, n)) {
			t.Error("bytecodes are not zero")
		}
	}
	if _, err := h.NewMethod(h.ClassAt(ClassArray), FromInt(0), 4); err != BadClass {
		t.Error(err)
	}
}

func TestIntegers(t *testing.T) {
	h := newTestHeap(t, Config{})
	one := big.NewInt(1)
	var values []*big.Int
	for _, shift := range []uint{0, 8, 59, 60, 61, 62, 63, 64, 65, 127, 128, 1000} {
		v := new(big.Int).Lsh(one, shift)
		for _, d := range []int64{-1, 0, 1} {
			w := new(big.Int).Add(v, big.NewInt(d))
			values = append(values, w, new(big.Int).Neg(w))
		}
	}
	for _, v := range values {
		o := h.NewBig(v)
		if v.IsInt64() {
			if p := h.NewInt64(v.Int64()); p != o && (p.IsInt() || !bytes.Equal(p.Bytes(), o.Bytes()) || p.ClassIndex() != o.ClassIndex()) {
				t.Errorf("%d: NewInt64 and NewBig differ", v)
			}
		}
		if v.IsUint64() {
			if p := h.NewUint64(v.Uint64()); p != o && (p.IsInt() || !bytes.Equal(p.Bytes(), o.Bytes()) || p.ClassIndex() != o.ClassIndex()) {
				t.Errorf("%d: NewUint64 and NewBig differ", v)
			}
		}
		if back, ok := h.BigValue(o); !ok || back.Cmp(v) != 0 {
			t.Errorf("%d came back as %d", v, back)
		}
		if i, ok := h.IntValue64(o); ok != v.IsInt64() || ok && i != v.Int64() {
			t.Errorf("%d as int64: %d, %v", v, i, ok)
		}
		if u, ok := h.Uint64Value(o); ok != v.IsUint64() || ok && u != v.Uint64() {
			t.Errorf("%d as uint64: %d, %v", v, u, ok)
		}
		if small := FitsInt(v.Int64()) && v.IsInt64(); small != o.IsInt() {
			t.Errorf("%d: SmallInteger %v", v, o.IsInt())
		}
		if !o.IsInt() {
			if b := o.Bytes(); b[len(b)-1] == 0 {
				t.Errorf("%d is not normalized", v)
			}
		}
	}
	for _, o := range []Oop{FromChar(3), h.Nil, h.NewString("x"), h.NewFloat(math.MaxFloat64)} {
		if _, ok := h.BigValue(o); ok {
			t.Errorf("%#x is an integer", uint64(o))
		}
		if _, ok := h.IntValue64(o); ok {
			t.Errorf("%#x is an integer", uint64(o))
		}
	}
}

func TestStringsAndClone(t *testing.T) {
	h := newTestHeap(t, Config{})
	for n := range 30 {
		s := string(bytes.Repeat([]byte("x"), n))
		o := h.NewString(s)
		if h.StringValue(o) != s || o.NumBytes() != n || o.ClassIndex() != ClassByteString {
			t.Errorf("%q became %q", s, h.StringValue(o))
		}
	}
	o := h.NewString("hello")
	h.IdentityHash(o)
	h.SetImmutable(o, true)
	h.Watch(o)
	if p, ok := h.Pin(o); !ok {
		t.Fatal("cannot pin")
	} else {
		o = p
	}
	if hd := o.Header(); hd&ImmutableBit == 0 || hd&WatchedBit == 0 || hd&PinnedBit == 0 || hd.Hash() == 0 {
		t.Errorf("pinning lost flags: %#x", uint64(hd))
	}
	c := h.Clone(o)
	if hd := c.Header(); h.StringValue(c) != "hello" || hd.Hash() != 0 || hd&(ImmutableBit|WatchedBit|PinnedBit|RememberedBit) != 0 {
		t.Errorf("clone %q has header %#x", h.StringValue(c), uint64(hd))
	}
}

func TestIdentityHash(t *testing.T) {
	h := newTestHeap(t, Config{})
	h.LastHash = 13
	o, p := h.NewArray(0), h.NewArray(0)
	last := uint64(13 * 16807)
	if got := h.IdentityHash(o); got != uint32(last+last>>4)&HashMask {
		t.Errorf("first hash %d", got)
	}
	last *= 16807
	if got := h.IdentityHash(p); got != uint32(last+last>>4)&HashMask || got != h.IdentityHash(p) {
		t.Errorf("second hash %d", got)
	}
}

func TestClassTable(t *testing.T) {
	h := newTestHeap(t, Config{})
	seen := map[uint32]bool{}
	var keep Oop = h.NewArray(3000)
	h.AddHandle(&keep)
	for i := range 3000 {
		c, err := h.NewFixed(h.ClassAt(testClassClass))
		if err != OK {
			t.Fatal(err)
		}
		c.SetSlotRaw(ClassFormat, FromInt(int64(FmtFixed)<<16|1))
		h.Store(keep, i, c)
		index, ok := h.ClassIndexOf(c)
		if !ok || seen[index] || index < FirstFreeClass || h.ClassAt(index) != c || c.Header().Hash() != index {
			t.Fatalf("class %d has index %d", i, index)
		}
		seen[index] = true
		if again, _ := h.ClassIndexOf(c); again != index {
			t.Fatal("the index changed")
		}
	}
	h.Scavenge()
	h.FullGC()
	if err := h.Verify(); err != nil {
		t.Fatal(err)
	}
	for i := range 3000 {
		if c := keep.Slot(i); h.ClassAt(c.Header().Hash()) != c {
			t.Fatalf("class %d lost its index", i)
		}
	}
	// Half of the classes die, and their indices are used again.
	m := &recorder{}
	h.SetMutator(m)
	for i := range 3000 {
		if i%2 == 0 {
			h.Store(keep, i, h.Nil)
		}
	}
	inst, _ := h.NewFixed(keep.Slot(1))
	h.AddHandle(&inst)
	h.FullGC()
	if len(m.expunged) != 1500 {
		t.Errorf("%d classes were expunged", len(m.expunged))
	}
	lowest := m.expunged[0]
	c := h.Clone(h.ClassAt(testPoint))
	if index, _ := h.ClassIndexOf(c); index != lowest {
		t.Errorf("new class has index %d, want %d", index, lowest)
	}
	if h.ClassOf(inst) != keep.Slot(1) {
		t.Error("class of an instance")
	}
}

// recorder is a mutator that notes what it is told.
type recorder struct {
	noMutator
	expunged, became []uint32
	moved            int
}

func (r *recorder) ClassesExpunged(indices []uint32) { r.expunged = append(r.expunged, indices...) }
func (r *recorder) BecameClasses(indices []uint32)   { r.became = append(r.became, indices...) }
func (r *recorder) Moved()                           { r.moved++ }

func TestEnumeration(t *testing.T) {
	h := newTestHeap(t, Config{})
	want := map[Oop]bool{}
	h.EachObject(func(o Oop) bool { want[o] = true; return true })
	for i := range 500 {
		want[h.NewArray(i)] = true
		want[h.AllocateOld(ClassArray, FmtArray, i)] = true
	}
	big := h.NewArray(70000)
	want[big] = true
	a, b := h.NewArray(1), h.NewArray(2)
	h.Become([]Oop{a}, []Oop{b}, false, false)
	want[b] = true
	got := map[Oop]bool{}
	last := Oop(0)
	wrapped := false
	for o := h.FirstObject(); o != Invalid; o = h.NextObject(o) {
		got[o] = true
		if o < last {
			if wrapped {
				t.Fatal("not in address order")
			}
			wrapped = true
		}
		last = o
	}
	n := 0
	h.EachObject(func(o Oop) bool { n++; return want[o] && got[o] })
	if n != len(want) || len(got) != len(want) {
		t.Errorf("saw %d and %d objects, want %d", n, len(got), len(want))
	}
	if got[a] || got[h.HiddenRoots] || !got[h.Nil] {
		t.Error("forwarder or hidden object seen, or nil not")
	}
}
