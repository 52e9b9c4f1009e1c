package image

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/sista-vm/sista/heap"
)

// Every truncation of an image is an error, none a crash.
func TestTruncated(t *testing.T) {
	x := newTiny(t)
	b := write(t, x.Heap, Header{})
	for n := 0; n < len(b); n += 1 + n/3 {
		if _, _, err := read(t, b[:n]); err == nil {
			t.Errorf("%d bytes of %d are taken for an image", n, len(b))
		}
	}
}

// Single damages, each with the complaint it deserves.
func TestDamage(t *testing.T) {
	x := newTiny(t)
	x.populate()
	good := write(t, x.Heap, Header{})
	at := func(o heap.Oop) uint64 { return uint64(o) - uint64(x.OldStart) + pageSize }
	slot := func(o heap.Oop, i int) uint64 { return o.SlotAddr(i) - uint64(x.OldStart) + pageSize }
	a := x.Special(free)
	data := binary.LittleEndian.Uint64(good[8:])
	home := func(o heap.Oop) uint64 { return uint64(o) - uint64(x.OldStart) + heap.WindowBase + heap.OldStart }
	for _, c := range []struct {
		name string
		at   uint64
		word uint64
		want string
	}{
		{"header size", 4, 7, "header"},
		{"more data than file", 8, data + pageSize, "bytes of data announced"},
		{"huge data", 8, 1 << 62, "bytes of data announced"},
		{"base", 16, 3, "address"},
		{"no special objects", 24, 0x1000, "special objects"},
		{"special objects in an object", 24, home(a) + 8, "special objects"},
		{"huge segment", 72, 1 << 60, "segment"},
		{"odd segment", 72, data - 4, "segment"},
		{"short segment", 72, data - 8, "bridge"},
		{"tiny segment", 72, 8, "segment"},
		{"no bridge", uint64(len(good)) - 16, 0, "bridge"},
		{"endless bridge", uint64(len(good)) - 16, 0xFF<<56 | (1<<56 - 1), "bridge"},
		{"segment after the last", uint64(len(good)) - 8, 4096, "segment"},
		{"nil of bytes", pageSize, uint64(heap.MakeHeader(0, heap.FmtBytes, classNil)), "nil is expected"},
		{"hidden roots too short", at(x.HiddenRoots) - 8, 0xFF<<56 | 4000, "hidden roots"},
		{"object too long", at(a), uint64(heap.MakeHeader(254, heap.FmtArray, heap.ClassArray)), ""},
		{"endless object", at(a.Slot(6)) - 8, 0xFF<<56 | 1<<40, "longer than the rest"},
		{"overflow count without header", at(a.Slot(8)), 0xFF<<56 | 20, "followed by no header"},
		{"format 6", at(a), uint64(heap.MakeHeader(12, 6, heap.ClassArray)), "format 6"},
		{"forwarder", at(a), uint64(heap.MakeHeader(12, heap.FmtForwarder, heap.ClassForwarder)), "forwarder"},
		{"bridge inside", at(a), uint64(heap.MakeHeader(12, heap.FmtWords64, heap.ClassBridge)), "bridge inside"},
		{"instance of SmallInteger", at(a), uint64(heap.MakeHeader(12, heap.FmtArray, 1)), "class index 1"},
		{"class index unused", at(a), uint64(heap.MakeHeader(12, heap.FmtArray, 1500)), "class index 1500"},
		{"class index beyond the table", at(a), uint64(heap.MakeHeader(12, heap.FmtArray, 1<<22-1)), "class index 4194303"},
		{"pointer into an object", slot(a, 0), home(a) + 8, "no object starts"},
		{"pointer to nowhere", slot(a, 0), 0x5000, "no object starts"},
		{"pointer with a bad tag", slot(a, 0), 0x5003, "which is no object"},
		{"zero pointer", slot(a, 0), 0, "no object starts"},
		{"float with two words", at(a.Slot(3)), uint64(heap.MakeHeader(1, heap.FmtWords32+1, heap.ClassFloat)), "a float of format 11"},
		{"bytes without bytes", at(a.Slot(5)), uint64(heap.MakeHeader(0, heap.FmtBytes+1, heap.ClassByteArray)), "no slots"},
		{"context of bytes", at(a.Slot(8)), uint64(heap.MakeHeader(22, heap.FmtBytes, heap.ClassContext)), "a context of 22 slots and format 16"},
		{"stack pointer", slot(a.Slot(8), 2), uint64(heap.FromInt(17)), "stack pointer 17"},
		{"negative stack pointer", slot(a.Slot(8), 2), uint64(heap.FromInt(-1)), "stack pointer -1"},
		{"married context", slot(a.Slot(8), 0), uint64(heap.FromInt(3)), "sender"},
		{"method header", slot(a.Slot(9), 0), home(a), "without a header"},
		{"too many literals", slot(a.Slot(9), 0), uint64(heap.FromInt(100)), "100 literals"},
		{"class table page", slot(x.HiddenRoots, 1), home(a), "no page of the class table"},
		{"no class table", slot(x.HiddenRoots, 0), home(x.Nil), "no class table"},
		{"gap in the class table", slot(x.HiddenRoots, 5), home(x.HiddenRoots.Slot(0)), "follows a gap"},
		{"zero class", slot(x.HiddenRoots.Slot(0), heap.ClassArray), 0, "no object starts"},
		{"class of bytes", slot(x.HiddenRoots.Slot(0), heap.ClassArray), home(a.Slot(4)), "slots of a class"},
		{"class without format", slot(x.ClassAt(heap.ClassArray), heap.ClassFormat), home(x.True), "no format"},
		{"another Array", slot(x.HiddenRoots.Slot(0), heap.ClassArray), home(x.ClassAt(heap.ClassContext)), "special object 7"},
		{"special nil", slot(x.Specials, 0), home(x.True), "special object 0"},
		{"mourn queue", slot(x.HiddenRoots, heap.MournQueueRoot), home(a), "mourn queue"},
	} {
		bad := bytes.Clone(good)
		if c.name == "header size" {
			binary.LittleEndian.PutUint32(bad[c.at:], uint32(c.word))
		} else {
			binary.LittleEndian.PutUint64(bad[c.at:], c.word)
		}
		_, _, err := read(t, bad)
		if err == nil {
			t.Errorf("%s: no error", c.name)
			continue
		}
		t.Run(c.name, func(t *testing.T) { wantError(t, err, "test.image", c.want) })
	}
}

// A mourn queue that goes round in circles ends.
func TestCyclicMournQueue(t *testing.T) {
	x := newTiny(t)
	page := x.old(heap.ClassWordsPun, heap.FmtWords64, stackSlots)
	x.Store(x.Specials, free, page)
	page.SetWord(stackRoot, heap.MournQueueRoot)
	b := write(t, x.Heap, Header{})
	home := uint64(page) - uint64(x.OldStart) + heap.WindowBase + heap.OldStart
	binary.LittleEndian.PutUint64(b[page.SlotAddr(stackNext)-uint64(x.OldStart)+pageSize:], home)
	root := x.HiddenRoots.SlotAddr(heap.MournQueueRoot) - uint64(x.OldStart) + pageSize
	binary.LittleEndian.PutUint64(b[root:], home)
	_, _, err := read(t, b)
	wantError(t, err, "mourn queue")
}

// A file full of the smallest segments there are costs no more than its size.
func TestManySegments(t *testing.T) {
	x := newTiny(t)
	b := write(t, x.Heap, Header{})
	const size = 32
	var tail []byte
	for range maxSegments + 1 {
		seg := make([]byte, size)
		binary.LittleEndian.PutUint64(seg, uint64(heap.MakeHeader(1, heap.FmtWords64, heap.ClassFree)))
		binary.LittleEndian.PutUint64(seg[16:], uint64(heap.Bridge))
		binary.LittleEndian.PutUint64(seg[24:], size)
		tail = append(tail, seg...)
	}
	few := append(bytes.Clone(b), tail[:size*1000]...)
	binary.LittleEndian.PutUint64(few[len(b)-8:], size)
	binary.LittleEndian.PutUint64(few[len(few)-8:], 0)
	binary.LittleEndian.PutUint64(few[8:], uint64(len(few)-pageSize))
	mustRead(t, few)
	many := append(bytes.Clone(b), tail...)
	binary.LittleEndian.PutUint64(many[len(b)-8:], size)
	binary.LittleEndian.PutUint64(many[8:], uint64(len(many)-pageSize))
	_, _, err := read(t, many)
	wantError(t, err, "more than 65536 segments")
}

// Random single-bit damage never crashes the reader, and what it accepts can be saved.
func TestFlippedBits(t *testing.T) {
	x := newTiny(t)
	x.populate()
	good := write(t, x.Heap, Header{})
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		bad := bytes.Clone(good)
		i := r.IntN(len(bad))
		bad[i] ^= 1 << r.IntN(8)
		h, hd, err := read(t, bad)
		if err != nil {
			continue
		}
		var b bytes.Buffer
		if err := Write(&b, h, *hd); err != nil {
			t.Errorf("bit flipped at %#x: read, but %v", i, err)
		}
		_ = h.Close()
	}
}

func FuzzOpen(f *testing.F) {
	x := newTiny(f)
	f.Add(write(f, x.Heap, Header{}))
	x.populate()
	f.Add(write(f, x.Heap, Header{Format: FormatMultiple}))
	o := x.array(1)
	x.Store(x.Specials, free+1, o)
	x.AddMourner(o)
	f.Add(write(f, x.Heap, Header{}))
	_ = x.Close()
	f.Fuzz(func(t *testing.T, b []byte) {
		h, hd, err := read(t, b)
		if err != nil {
			return
		}
		defer h.Close()
		Gather(h)
		h.FullGC() // must find its way through whatever was taken for an image
		EachMethod(h, func(m Method) { Primitive(h, m.Code) })
		var out bytes.Buffer
		if err := Write(&out, h, *hd); err != nil {
			t.Errorf("read, but not written: %v", err)
		}
	})
}
