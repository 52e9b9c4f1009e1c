package interp

import (
	"strconv"
	"testing"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// hotCalls are primitives that programs call all the time.
func hotCalls(w *world) []primCase {
	return []primCase{
		row(1, 3, 4)("7"), row(7, 3, 4)("false"), row(12, 7, 2)("3"), row(14, 7, 2)("2"), row(17, 7, 2)("28"), row(21, w.big("0x1000000000000000"), -1)("1152921504606846975"),
		row(41, 1.5, 2.5)("4.0"), row(43, 1.5, 2)("true"), row(55, 2.25)("1.5"),
		row(60, w.oop([]any{1, 2}), 2)("2"), row(60, "abc", 2)("98"), row(61, w.oop([]any{1, 2}), 2, 3)("3"), row(61, []byte{1}, 1, 9)("9"), row(62, "abc")("3"),
		row(63, "abc", 2)("$98"), row(64, w.oop("abc"), 2, 'x')("$120"),
		row(70, w.class("Point"))("(Point nil nil)"), row(71, w.class("Array"), 4)("(Array nil nil nil nil)"), row(71, w.class("ByteArray"), 4)("(ByteArray 0 0 0 0)"),
		row(73, w.new("Point"), 1)("nil"), row(75, w.oop("abc"))(""), row(105, w.oop("abcdefgh"), 1, 4, "xyz1", 1)("'xyz1efgh'"), row(110, "a", "b")("false"), row(111, "a")("ByteString"),
		row(148, w.new("Point"))("(Point nil nil)"), row(171, 'a')("97"), row(240, nil)(""),
	}
}

// TestHotPrimitivesDoNotAllocate holds that they leave Go's collector alone.
func TestHotPrimitivesDoNotAllocate(t *testing.T) {
	w := newWorld(t)
	for _, c := range hotCalls(w) {
		if c.want != "" {
			w.checkOne(c)
		}
		call := hotCall(w, c)
		if n := testing.AllocsPerRun(100, call); n != 0 {
			t.Errorf("primitive %d allocates %v times", c.n, n)
		}
	}
}

// hotCall answers a function that pushes the operands and calls the primitive.
func hotCall(w *world, c primCase) func() {
	operands := []heap.Oop{w.oop(c.rcvr)}
	for _, a := range c.args {
		operands = append(operands, w.oop(a))
	}
	in, argc := w.in, len(c.args)
	return func() {
		for _, o := range operands {
			in.push(o)
		}
		if f := in.callPrimitive(uint16(c.n), w.selfs, argc); f != plugin.OK {
			w.t.Fatal(c.n, f)
		}
		in.drop(1)
	}
}

func BenchmarkPrimitives(b *testing.B) {
	for i, c := range hotCalls(newWorld(b)) {
		b.Run(strconv.Itoa(c.n)+"-"+strconv.Itoa(i), func(b *testing.B) {
			w := newWorld(b)
			call := hotCall(w, hotCalls(w)[i])
			for b.Loop() {
				call()
				if scavenge, _ := w.heap.NeedsGC(); scavenge {
					b.StopTimer()
					w.in.scavengeNow()
					call = hotCall(w, hotCalls(w)[i]) // what it knew has moved
					b.StartTimer()
				}
			}
		})
	}
}
