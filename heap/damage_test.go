package heap

import (
	"runtime"
	"runtime/debug"
	"testing"
)

// Damaged objects end a collection with what looks like a memory fault, not with a
// hang or another panic.
func TestDamage(t *testing.T) {
	for name, harm := range map[string]func(h *Heap, o Oop){
		"circle of forwarders": func(h *Heap, o Oop) {
			h.forward(o.Slot(0), o.Slot(1))
			h.forward(o.Slot(1), o.Slot(0))
		},
		"huge object":     func(h *Heap, o Oop) { StoreWord(uint64(o.Slot(2))-Word, 255<<56|1<<50) },
		"far address":     func(h *Heap, o Oop) { o.SetWord(3, 0x1234_5678_9ab0) },
		"no address":      func(h *Heap, o Oop) { o.SetWord(3, 0xfedc_ba98_7654_3210) },
		"beyond segments": func(h *Heap, o Oop) { o.SetWord(3, h.OldEnd()-64) },
	} {
		for phase, collect := range map[string]func(h *Heap){"full": (*Heap).FullGC, "compact": func(h *Heap) { h.Compact(true) }} {
			h := newTestHeap(t, Config{})
			o := h.AllocateOld(ClassArray, FmtArray, 4)
			h.SetSpecial(50, o)
			for i := range 3 {
				h.Store(o, i, h.AllocateOld(ClassArray, FmtArray, 200*(i+1)))
			}
			harm(h, o)
			func() {
				defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
				defer func() {
					e, ok := recover().(runtime.Error)
					if _, addr := e.(interface{ Addr() uintptr }); !ok || !addr {
						t.Errorf("%s, %s: ended with %v", name, phase, e)
					}
				}()
				collect(h)
			}()
		}
	}
}
