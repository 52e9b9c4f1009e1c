package interp

import (
	"testing"

	"github.com/sista-vm/sista/heap"
)

// What code needs of its receiver, from a pc counted from its first byte.
func TestFieldsNeeded(t *testing.T) {
	w := newWorld(t)
	v3 := func(code ...byte) heap.Oop {
		m := w.method(0, code...)
		m.SetSlotRaw(0, heap.FromInt(1<<17))
		return m
	}
	blockIn := func(block heap.Oop, code ...byte) heap.Oop {
		m := w.method(1, code...)
		w.heap.Store(m, 1, block)
		return m
	}
	seventh := w.method(0, 0x07, 0x5c)
	circle := w.method(1, 0xF9, 0, 0, 0x5c)
	w.heap.Store(circle, 1, circle)
	for _, c := range []struct {
		name   string
		method heap.Oop
		from   int
		want   int
	}{
		{"nothing", w.method(0, 0x58), 0, 0},
		{"push, return", w.method(0, 0x07, 0x5c), 0, 8},
		{"past the push", w.method(0, 0x07, 0x5c), 1, 0},
		{"pop into", w.method(0, 0x4c, 0xCF, 0x58), 0, 8},
		{"long push", w.method(0, 0xE2, 40, 0x5c), 0, 41},
		{"extended push", w.method(0, 0xE0, 1, 0xE2, 2, 0x5c), 0, 259},
		{"long store", w.method(0, 0x4c, 0xF3, 30, 0x5c), 0, 31},
		{"long pop into", w.method(0, 0x4c, 0xF0, 30, 0x58), 0, 31},
		{"what stands behind the code", w.method(0, 0x58, 0x0f, 0x0f), 0, 0},
		{"a jump over the end", w.method(0, 0x4d, 0xC0, 0x58, 0x0f, 0x5c), 0, 16},
		{"a jump back over it", w.method(0, 0x0f, 0xD8, 0xE1, 0xff, 0xED, 0xfa, 0x58), 2, 16},
		{"a jump back short of it", w.method(0, 0x0f, 0xD8, 0x4f, 0xE1, 0xff, 0xED, 0xfc, 0x58), 2, 0},
		{"a jump of an inlined primitive", w.method(0, 0x0f, 0xD8, 0xE8, 0xfa, 0xF8, 0x70, 0x97, 0x58), 2, 16},
		{"a block", blockIn(seventh, 0xF9, 0, 0, 0x5c), 0, 8},
		{"a block with a receiver of its own", blockIn(seventh, 0x4c, 0xF9, 0, 0x80, 0x5c), 0, 0},
		{"a block made before", blockIn(seventh, 0xF9, 0, 0, 0x5c), 3, 0},
		{"a block within itself", circle, 0, allFields},
		{"V3 push", v3(0x07, 0x7c), 0, 8},
		{"V3 pop into", v3(0x70, 0x67, 0x78), 0, 8},
		{"V3 extended push", v3(0x80, 20, 0x7c), 0, 21},
		{"V3 double extended store", v3(0x70, 0x84, 5<<5, 70, 0x7c), 0, 71},
		{"V3 block in the code", v3(0x8f, 0, 0, 2, 0x07, 0x7d, 0x7c), 0, 8},
		{"V3 block itself", v3(0x8f, 0, 0, 2, 0x07, 0x7d, 0x7c), 4, 8},
	} {
		start := int(methodStart(methodHeader(c.method))) - 7
		if got := w.in.fieldsNeededFrom(c.method, start+c.from, 0); got != c.want {
			t.Errorf("%s: %d fields, want %d", c.name, got, c.want)
		}
	}
}
