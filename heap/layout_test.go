package heap

import (
	"math"
	"testing"
)

func TestSmallFloatVectors(t *testing.T) {
	for _, c := range []struct {
		f   float64
		oop Oop
	}{
		{0, 0x4}, {math.Copysign(0, -1), 0xC}, {1, 0x7F00000000000004}, {-1, 0x7F0000000000000C},
		{0.1, 0x7B999999999999A4}, {100, 0x8590000000000004}, {math.Pi, 0x80921FB54442D184},
		{-2.5, 0x804000000000000C}, {math.Ldexp(1, 128), 0xFF00000000000004},
		{6.805647338418768e38, 0xFFFFFFFFFFFFFFE4}, {5.877471754111439e-39, 0x14},
	} {
		o, ok := FromSmallFloat(c.f)
		if !ok || o != c.oop {
			t.Errorf("%g: oop %#x, %v, want %#x", c.f, uint64(o), ok, uint64(c.oop))
		}
		if f := c.oop.SmallFloat(); math.Float64bits(f) != math.Float64bits(c.f) {
			t.Errorf("%#x: value %g, want %g", uint64(c.oop), f, c.f)
		}
	}
	for _, f := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Ldexp(1, -127), -math.Ldexp(1, -127),
		math.Ldexp(1, -128), math.SmallestNonzeroFloat64, math.MaxFloat64, math.Ldexp(1, 129)} {
		if o, ok := FromSmallFloat(f); ok {
			t.Errorf("%g is immediate: %#x", f, uint64(o))
		}
	}
}

func TestFloatsRoundTrip(t *testing.T) {
	h := newTestHeap(t, Config{})
	for e := range uint64(2048) {
		for _, m := range []uint64{0, 1, 1 << 51, 1<<52 - 1} {
			for _, sign := range []uint64{0, 1 << 63} {
				bits := sign | e<<52 | m
				o := h.NewFloat(math.Float64frombits(bits))
				if f, ok := h.FloatValue(o); !ok || math.Float64bits(f) != bits {
					t.Fatalf("%#x came back as %#x", bits, math.Float64bits(f))
				}
				immediate := e > 896 && e <= 1151 || e == 896 && m != 0 || e == 0 && m == 0
				if o.IsSmallFloat() != immediate {
					t.Fatalf("%#x: immediate %v, want %v", bits, o.IsSmallFloat(), immediate)
				}
			}
		}
	}
}

func TestImmediates(t *testing.T) {
	for _, i := range []int64{0, 1, -1, MaxSmallInt, MinSmallInt} {
		if o := FromInt(i); !o.IsInt() || o.Int() != i || o.IsObject() || o.ClassIndex() != ClassSmallInteger {
			t.Errorf("%d became %#x and %d", i, uint64(o), o.Int())
		}
	}
	if FitsInt(MaxSmallInt+1) || FitsInt(MinSmallInt-1) || !FitsInt(MaxSmallInt) || !FitsInt(MinSmallInt) {
		t.Error("range of SmallInteger")
	}
	if o := FromChar(MaxCharacter); !o.IsChar() || o.Char() != MaxCharacter || o.ClassIndex() != ClassCharacter {
		t.Errorf("character became %#x", uint64(o))
	}
}

// TestHeaderLayout pins the fields of the header to the drawing beside it.
func TestHeaderLayout(t *testing.T) {
	hd := MakeHeader(3, FmtBytes+5, 0x2ABCDE)
	if want := Header(3<<56 | 21<<24 | 0x2ABCDE); hd != want {
		t.Errorf("header %#x, want %#x", uint64(hd), uint64(want))
	}
	for _, c := range []struct {
		name string
		mask uint64
		bit  uint
	}{{"watched", WatchedBit, 22}, {"immutable", ImmutableBit, 23}, {"remembered", RememberedBit, 29},
		{"pinned", PinnedBit, 30}, {"grey", GreyBit, 31}, {"marked", MarkedBit, 55}} {
		if c.mask != 1<<c.bit {
			t.Errorf("%s is %#x", c.name, c.mask)
		}
	}
	if Bridge != 0x0000000049000003 {
		t.Errorf("bridge %#x", uint64(Bridge))
	}
	hd |= 0x3ABCDE << HashShift
	if hd.Hash() != 0x3ABCDE || hd.ClassIndex() != 0x2ABCDE || hd.Format() != 21 || hd.SlotsByte() != 3 {
		t.Errorf("fields of %#x", uint64(hd))
	}
}

func TestSizes(t *testing.T) {
	h := newTestHeap(t, Config{})
	for _, c := range []struct{ slots, size int }{{0, 16}, {1, 16}, {2, 24}, {3, 32}, {253, 2032}, {254, 2040}, {255, 2056}, {256, 2064}, {65535, 65537 * 8}, {65536, 65538 * 8}, {200000, 200002 * 8}} {
		if got := SizeOf(uint64(c.slots)); got != uint64(c.size) {
			t.Errorf("%d slots take %d bytes, want %d", c.slots, got, c.size)
		}
		for _, o := range []Oop{h.NewArray(c.slots), h.AllocateOld(ClassArray, FmtArray, c.slots), h.AllocatePinned(ClassArray, FmtArray, c.slots)} {
			if o.NumSlots() != c.slots || o.Size() != uint64(c.size) || uint64(o)%8 != 0 {
				t.Fatalf("%d slots: %d slots, %d bytes at %#x", c.slots, o.NumSlots(), o.Size(), uint64(o))
			}
			for i := range c.slots {
				if o.Slot(i) != h.Nil {
					t.Fatalf("slot %d of %d is %#x", i, c.slots, uint64(o.Slot(i)))
				}
			}
			if c.slots > 254 {
				if w := Load(uint64(o) - Word); w != 255<<56|uint64(c.slots) {
					t.Errorf("overflow word %#x", w)
				}
			}
		}
		if young := h.IsYoung(h.NewArray(c.slots)); young != (c.slots <= 65535) {
			t.Errorf("%d slots: young %v", c.slots, young)
		}
	}
	if err := h.Verify(); err != nil {
		t.Error(err)
	}
}

// TestBootstrapOrder pins the first objects of an image.
func TestBootstrapOrder(t *testing.T) {
	h := newTestHeap(t, Config{})
	at := h.Segments()[0].Start
	if at != uint64(h.OldStart) {
		t.Errorf("first segment at %#x, old space at %#x", at, uint64(h.OldStart))
	}
	for i, o := range []Oop{h.Nil, h.False, h.True, h.FreeLists, h.HiddenRoots, h.HiddenRoots.Slot(0)} {
		if o.start() != at {
			t.Errorf("object %d is at %#x, want %#x", i, o.start(), at)
		}
		at = o.end()
	}
	if h.False != h.Nil+16 || h.True != h.False+16 {
		t.Error("nil, false and true are not adjacent")
	}
	if h.FreeLists.Header()&0xffffffff != 0x09000013 || h.FreeLists.NumSlots() != 64 {
		t.Errorf("free lists %#x", uint64(h.FreeLists.Header()))
	}
	if h.HiddenRoots.Header() != 0xff00000002000010 || h.HiddenRoots.NumSlots() != 4104 {
		t.Errorf("hidden roots %#x, %d slots", uint64(h.HiddenRoots.Header()), h.HiddenRoots.NumSlots())
	}
	if p := h.HiddenRoots.Slot(0); p.NumSlots() != 1024 || p.ClassIndex() != ClassArrayPun || h.HiddenRoots.Slot(2) != h.Nil {
		t.Errorf("class table page 0 has %d slots", p.NumSlots())
	}
}

func TestAddressMap(t *testing.T) {
	for _, l := range layouts() {
		areas := []struct {
			name        string
			start, size uint64
		}{
			{"control", 0, ControlSize}, {"stacks", l.stacks, l.stackBytes}, {"code", l.code, l.codeBytes},
			{"new space", l.new, l.newBytes}, {"old space", l.old, l.side - l.old}, {"side tables", l.side, l.markBytes + l.offsetsBytes},
		}
		at := uint64(0)
		for _, a := range areas {
			if a.start < at || a.size == 0 || a.start%(64<<10) != 0 {
				t.Errorf("window of %#x: %s at %#x, %#x bytes, after %#x", l.size, a.name, a.start, a.size, at)
			}
			at = a.start + a.size
		}
		if at != l.size {
			t.Errorf("window of %#x: areas end at %#x", l.size, at)
		}
	}
	if Windows != 128 {
		t.Error("windows:", Windows)
	}
}
