package image

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host/hostos"
)

func write(t testing.TB, h *heap.Heap, hd Header) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, h, hd); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(t testing.TB, b []byte) (*heap.Heap, *Header, error) {
	t.Helper()
	h, hd, err := Load(bytes.NewReader(b), int64(len(b)), "test.image", heap.Config{Memory: hostos.Memory(), Window: -1}, Options{})
	if err == nil {
		t.Cleanup(func() { _ = h.Close() })
	}
	return h, hd, err
}

func mustRead(t testing.TB, b []byte) (*heap.Heap, *Header) {
	t.Helper()
	h, hd, err := read(t, b)
	if err != nil {
		t.Fatal(err)
	}
	return h, hd
}

// What is written is read back, and written again as the same bytes.
func TestRoundTrip(t *testing.T) {
	x := newTiny(t)
	x.populate()
	hd := Header{Format: FormatMultiple, Flags: 0x800 | 1<<40, ScreenSize: 7, ExtraVMMemory: 8, StackPages: 9,
		CodeSizeKiB: 10, EdenBytes: 11, MaxExtSemTabSize: 12, ImageVersion: 130}
	first := write(t, x.Heap, hd)
	if len(first)%pageSize != 0 {
		t.Errorf("%d bytes are no whole pages", len(first))
	}
	h, got := mustRead(t, first)
	if got.Format != FormatMultiple || got.Flags != hd.Flags|FlagLittleEndianFloats || got.ScreenSize != 7 || got.ExtraVMMemory != 8 ||
		got.StackPages != 9 || got.CodeSizeKiB != 10 || got.EdenBytes != 11 || got.MaxExtSemTabSize != 12 || got.ImageVersion != 130 {
		t.Errorf("header %+v", got)
	}
	if h.LastHash != x.LastHash {
		t.Errorf("hash state %#x, want %#x", h.LastHash, x.LastHash)
	}
	a := h.Special(free)
	if a.NumSlots() != 12 || a.Slot(7) != a || a.Header().Hash() != x.Special(free).Header().Hash() || a.Header()&heap.WatchedBit != 0 {
		t.Errorf("array %#x with header %#x", uint64(a), uint64(a.Header()))
	}
	if a.Slot(0) != heap.FromInt(-5) || a.Slot(1) != heap.FromChar('x') || a.Slot(2).SmallFloat() != 1.5 || a.Slot(11) != h.Nil {
		t.Error("immediates changed")
	}
	if a.Slot(3).Word(0) != 0x7FF0_0000_0000_0001 {
		t.Errorf("float %#x", a.Slot(3).Word(0))
	}
	if s := h.StringValue(a.Slot(4)); s != "thirteen byte" {
		t.Errorf("string %q", s)
	}
	if a.Slot(5).NumSlots() != 0 || a.Slot(6).NumSlots() != 300 {
		t.Error("sizes changed")
	}
	if c := a.Slot(8); c.Slot(1) != heap.FromInt(17) || c.Slot(6) != a {
		t.Error("the context changed")
	}
	m := a.Slot(9)
	if m.Slot(1).Slot(3) != heap.FromInt(0) {
		t.Errorf("external index %d", m.Slot(1).Slot(3).Int())
	}
	if n, module, function := Primitive(h, m); n != 117 || module != "FilePlugin" || function != "primitiveFileOpen" {
		t.Errorf("primitive %d %q %q", n, module, function)
	}
	if n, _, _ := Primitive(h, a.Slot(10)); n != 75 {
		t.Errorf("primitive %d", n)
	}
	if again := write(t, h, *got); !bytes.Equal(first, again) {
		t.Error("saved again, the image differs")
	}
}

// A file that was saved is mapped, and what is stored into the heap stays out of it.
func TestMapping(t *testing.T) {
	x := newTiny(t)
	x.populate()
	path := filepath.Join(t.TempDir(), "x.image")
	if err := Save(hostos.NewFiles(), path, x.Heap, Header{}); err != nil {
		t.Fatal(err)
	}
	if err := x.Close(); err != nil { // its window is wanted
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, verify := range []bool{false, true} {
		h, hd, err := Open(path, heap.Config{Memory: hostos.Memory(), Window: 0}, Options{Verify: verify})
		if err != nil {
			t.Fatal(err)
		}
		if !h.AtHome(0) {
			t.Skip("window 0 is taken")
		}
		if s := h.Segments(); len(s) != 1 || !s[0].Mapped {
			t.Errorf("segments %+v", s)
		}
		a := h.Special(free)
		h.Store(a, 0, heap.FromInt(99))
		if h.StringValue(a.Slot(4)) != "thirteen byte" {
			t.Error("contents differ")
		}
		h.Store(a, 0, heap.FromInt(-5))
		if again := write(t, h, *hd); !bytes.Equal(before, again) {
			t.Error("saved again, the image differs")
		}
		// Where the window is taken the image is read.
		h2, _, err := Open(path, heap.Config{Memory: hostos.Memory(), Window: -1}, Options{Verify: verify})
		if err != nil {
			t.Fatal(err)
		}
		if s := h2.Segments(); s[0].Mapped || h2.AtHome(0) {
			t.Errorf("segments %+v of a second heap", s)
		}
		if again := write(t, h2, *hd); !bytes.Equal(before, again) {
			t.Error("read elsewhere and saved, the image differs")
		}
		_, _ = h.Close(), h2.Close()
	}
	after, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(before, after) {
		t.Error("the file changed")
	}
	h, _, err := Open(path, heap.Config{Memory: hostos.Memory(), Window: -1}, Options{NoMap: true})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if h.Segments()[0].Mapped {
		t.Error("mapped although told not to")
	}
}

// A mapped image whose class table is damaged is refused; damage elsewhere is found by Verify.
func TestDamageToMappedImage(t *testing.T) {
	x := newTiny(t)
	x.populate()
	path := filepath.Join(t.TempDir(), "x.image")
	array := uint64(x.Special(free).SlotAddr(11)) - uint64(x.OldStart) + pageSize
	entry := x.HiddenRoots.Slot(0).SlotAddr(heap.ClassArray) - uint64(x.OldStart) + pageSize
	if err := Save(hostos.NewFiles(), path, x.Heap, Header{}); err != nil {
		t.Fatal(err)
	}
	_ = x.Close()
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damage := func(at uint64, word uint64) {
		bad := bytes.Clone(good)
		binary.LittleEndian.PutUint64(bad[at:], word)
		if err := os.WriteFile(path, bad, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	open := func(o Options) error {
		h, _, err := Open(path, heap.Config{Memory: hostos.Memory(), Window: 0}, o)
		if err == nil {
			if !h.Segments()[0].Mapped {
				t.Error("not mapped")
			}
			_ = h.Close()
		}
		return err
	}
	damage(entry, 0x1234_5678)
	wantError(t, open(Options{}), "x.image", "class with index 51")
	damage(array, 0x1234_5678)
	if err := open(Options{}); err != nil {
		t.Errorf("damage behind the class table: %v", err)
	}
	wantError(t, open(Options{Verify: true}), "x.image", "slot 11", "0x12345678", "no object starts")
	damage(array, uint64(heap.FromInt(7)))
	if err := open(Options{}); err != nil {
		t.Errorf("another SmallInteger: %v", err)
	}
	wantError(t, open(Options{Verify: true}), "x.image", "not those that were saved")
}

func wantError(t testing.TB, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want one with %q", parts)
		return
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("error %q lacks %q", err, p)
		}
	}
	var e *Error
	if !errors.As(err, &e) {
		t.Errorf("error %q is a %T", err, err)
	}
}

// Floats of images from big-endian machines have their halves swapped.
func TestSwappedFloats(t *testing.T) {
	x := newTiny(t)
	x.populate()
	x.Special(free).Slot(3).SetWord(0, 0x0000_0001_7FF0_0000)
	b := write(t, x.Heap, Header{})
	flags := binary.LittleEndian.Uint64(b[48:]) &^ FlagLittleEndianFloats
	binary.LittleEndian.PutUint64(b[48:], flags)
	h, hd := mustRead(t, b)
	if got := h.Special(free).Slot(3).Word(0); got != 0x7FF0_0000_0000_0001 {
		t.Errorf("float %#x", got)
	}
	if hd.Flags&FlagLittleEndianFloats == 0 {
		t.Error("the flag would swap floats again")
	}
}

// The mourn queue goes into the file and comes back in order, over several pages.
func TestMournQueue(t *testing.T) {
	x := newTiny(t)
	a := x.array(9000)
	x.Store(x.Specials, free, a)
	for i := range a.NumSlots() {
		o := x.array(1)
		o.SetSlotRaw(0, heap.FromInt(int64(i)))
		x.Store(a, i, o)
		x.AddMourner(o)
	}
	b := write(t, x.Heap, Header{})
	h, hd := mustRead(t, b)
	if again := write(t, h, *hd); !bytes.Equal(b, again) {
		t.Error("saved again, the image differs")
	}
	for i := range a.NumSlots() {
		if m := h.NextMourner(); m == heap.Invalid || m.Slot(0) != heap.FromInt(int64(i)) {
			t.Fatalf("mourner %d is %#x", i, uint64(m))
		}
	}
	if h.NextMourner() != heap.Invalid {
		t.Error("too many mourners")
	}
	if h.HiddenRoots.Slot(heap.MournQueueRoot) != h.Nil {
		t.Error("the queue is still among the hidden roots")
	}
}

// Segments with room between them, or in them, keep their addresses; others become one.
func TestSegments(t *testing.T) {
	x := newTiny(t)
	x.populate()
	first := x.Segments()[0]
	add := func(addr uint64, words int64) heap.Oop {
		s, err := x.AddSegment(addr, 2*pageSize)
		if err != nil {
			t.Fatal(err)
		}
		slots := (s.Size-heap.BridgeSize)/wordSize - 2
		heap.StoreWord(s.Start, heap.OverflowSlots<<heap.SlotsShift|slots)
		o := heap.Oop(s.Start + wordSize)
		o.SetHeader(heap.MakeHeader(slots, heap.FmtArray, heap.ClassArray))
		for i := range int(slots) {
			o.SetSlotRaw(i, heap.FromInt(words))
		}
		return o
	}
	near := add(first.End(), 1)
	x.Store(x.Specials, free+3, add(first.End()+2*pageSize, 3))
	far := add(first.End()+10*pageSize, 2)
	x.Store(x.Specials, free+1, near)
	x.Store(x.Specials, free+2, far)
	x.Store(far, 0, near)
	x.Store(near, 0, far)
	b := write(t, x.Heap, Header{})
	segments, err := func() ([]segment, error) {
		hd, err := ReadHeader(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return nil, err
		}
		return readSegments(bytes.NewReader(b), hd)
	}()
	if err != nil {
		t.Fatal(err)
	}
	if len(segments) != 3 || segments[1].size != 4*pageSize || segments[2].old-segments[0].old != uint64(far)-wordSize-first.Start {
		t.Errorf("segments %+v", segments)
	}
	h, hd := mustRead(t, b)
	n, f := h.Special(free+1), h.Special(free+2)
	if n.Slot(0) != f || f.Slot(0) != n || n.Slot(1) != heap.FromInt(1) || f.Slot(1) != heap.FromInt(2) || h.Special(free+3).Slot(0) != heap.FromInt(3) {
		t.Error("objects of other segments differ")
	}
	if len(h.Segments()) != 1 {
		t.Errorf("%d segments after reading", len(h.Segments()))
	}
	mustRead(t, write(t, h, *hd))

	path := filepath.Join(t.TempDir(), "x.image")
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	home := x.AtHome(0)
	_ = x.Close()
	h, hd, err = Open(path, heap.Config{Memory: hostos.Memory(), Window: 0}, Options{Verify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if home && len(h.Segments()) != 3 {
		t.Errorf("%d segments after mapping", len(h.Segments()))
	}
	if again := write(t, h, *hd); home && !bytes.Equal(b, again) {
		t.Error("saved again, the image differs")
	}
}

func TestHeapLimit(t *testing.T) {
	x := newTiny(t)
	b := write(t, x.Heap, Header{})
	_, _, err := Load(bytes.NewReader(b), int64(len(b)), "x.image", heap.Config{Memory: hostos.Memory(), Window: -1, MaxHeap: 1000}, Options{})
	wantError(t, err, "limit of the heap")
}

func TestStats(t *testing.T) {
	x := newTiny(t)
	x.populate()
	h, _ := mustRead(t, write(t, x.Heap, Header{}))
	s := Gather(h)
	counts := make(map[string]uint64)
	for _, c := range s.Classes {
		counts[c.Name] = c.Instances
	}
	if counts["Array"] != 5 || counts["CompiledMethod"] != 2 || counts["Context"] != 1 || counts["UndefinedObject"] != 1 {
		t.Errorf("counts %v", counts)
	}
	if s.Free == 0 || s.Internal < hiddenRoots*8 {
		t.Errorf("stats %+v", s)
	}
	total := s.Bytes + s.Internal + s.Free + heap.BridgeSize
	if size := h.Segments()[0].Size; total != size {
		t.Errorf("%d bytes accounted for of %d", total, size)
	}
	names := NewNames(h)
	if c := names.Find("Message"); c != h.ClassAt(heap.ClassMessage) {
		t.Errorf("found %#x", uint64(c))
	}
	if names.Find("Nothing") != heap.Invalid {
		t.Error("found a class that is not there")
	}
}
