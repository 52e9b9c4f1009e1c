package heap

import (
	"math/rand/v2"
	"testing"
)

func BenchmarkAllocate(b *testing.B) {
	h := newTestHeap(b, Config{})
	b.SetBytes(24)
	for b.Loop() {
		h.Allocate(testPoint, FmtFixed, 2)
		if h.needScavenge {
			h.Scavenge()
		}
	}
}

func BenchmarkAllocateArray20(b *testing.B) {
	h := newTestHeap(b, Config{})
	b.SetBytes(21 * Word)
	for b.Loop() {
		h.NewArray(20)
		if h.needScavenge {
			h.Scavenge()
		}
	}
}

func BenchmarkAllocateOld(b *testing.B) {
	h := newTestHeap(b, Config{MaxHeap: 1 << 30})
	b.SetBytes(24)
	for b.Loop() {
		if h.AllocateOld(testPoint, FmtFixed, 2) == Invalid {
			b.StopTimer()
			h.FullGC()
			b.StartTimer()
		}
	}
}

// liveObjects makes n objects that live: nodes of three slots in a tree. The parent
// of each is one of so many before it: of all for a shape that is met out of
// order, of a few for one that lies as it was made.
func liveObjects(b *testing.B, h *Heap, n int, old bool, reach int) []Oop {
	r := rand.New(rand.NewPCG(1, 2))
	nodes := make([]Oop, n)
	for i := range nodes {
		if old {
			nodes[i] = h.AllocateOld(ClassArray, FmtArray, 3)
		} else {
			nodes[i] = h.NewArray(3)
		}
		if nodes[i] == Invalid {
			b.Fatal("out of memory")
		}
		h.Store(nodes[i], 2, FromInt(int64(i)))
		for i > 0 {
			p := nodes[max(0, i-reach)+r.IntN(min(i, reach))]
			if k := r.IntN(2); p.Slot(k) == h.Nil {
				h.Store(p, k, nodes[i])
				break
			}
		}
	}
	return nodes
}

// BenchmarkScavenge reports the time for each object that lives, when a part of eden does.
func BenchmarkScavenge(b *testing.B) {
	for _, c := range []struct {
		name string
		live int
	}{{"live=1000", 1000}, {"live=20000", 20000}, {"live=100000", 100000}} {
		b.Run(c.name, func(b *testing.B) {
			h := newTestHeap(b, Config{})
			root := h.Nil
			h.AddHandle(&root)
			n := 0
			for b.Loop() {
				b.StopTimer()
				root = liveObjects(b, h, c.live, false, c.live)[0]
				b.StartTimer()
				h.Scavenge()
				n += c.live
				b.StopTimer()
				root = h.Nil
				h.Scavenge()
				if h.OldBytes() > 256<<20 {
					h.FullGC()
				}
				b.StartTimer()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/object")
		})
	}
}

// BenchmarkFullGC reports the time for each object that lives.
func BenchmarkFullGC(b *testing.B) {
	const live = 1 << 20
	for _, c := range []struct {
		name    string
		compact bool
		reach   int
	}{{"sweep/ordered", false, 16}, {"sweep/random", false, live}, {"compact/ordered", true, 16}, {"compact/random", true, live}} {
		b.Run(c.name, func(b *testing.B) {
			n := 0
			var h *Heap
			root := Invalid
			for b.Loop() {
				if h == nil || c.compact {
					b.StopTimer()
					h = newTestHeap(b, Config{})
					h.AllocateOld(ClassArray, FmtArray, 100) // to slide over
					root = liveObjects(b, h, live, true, c.reach)[0]
					h.AddHandle(&root)
					b.StartTimer()
				}
				if c.compact {
					h.Compact(false)
				} else {
					h.FullGC()
				}
				n += live
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/object")
		})
	}
}

func BenchmarkBecome(b *testing.B) {
	for _, twoWay := range []bool{false, true} {
		name := "forward"
		if twoWay {
			name = "exchange"
		}
		b.Run(name, func(b *testing.B) {
			h := newTestHeap(b, Config{})
			for b.Loop() {
				p, q := h.NewArray(4), h.NewArray(6)
				if h.Become([]Oop{p}, []Oop{q}, twoWay, false) != BecomeOK {
					b.Fatal("become failed")
				}
				if h.needScavenge {
					h.Scavenge()
				}
			}
		})
	}
}

func BenchmarkStore(b *testing.B) {
	h := newTestHeap(b, Config{})
	o, p := h.NewArray(4), h.NewArray(4)
	for b.Loop() {
		h.Store(o, 2, p)
	}
}
