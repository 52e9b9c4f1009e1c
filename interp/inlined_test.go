package interp

import (
	"math"
	"testing"

	"github.com/sista-vm/sista/bytecode"
	"github.com/sista-vm/sista/heap"
)

// inlinedWorld runs a method that has room to jump about in.
func inlinedWorld(t *testing.T) *world {
	w := newWorld(t)
	m := w.method(2, make([]byte, 40)...)
	w.heap.Store(m, 2, w.selfs)
	w.in.push(w.heap.Nil)
	w.in.activateMethod(w.in.nilOop, m, 0)
	w.in.pc += 20
	return w
}

// inlined does an inlined primitive on operands, the last on top. It answers the
// shown words left in their place, and by how much pc moved.
func (w *world) inlined(f func(n int) bool, n int, operands ...any) (left string, jump int, ok bool) {
	w.t.Helper()
	in := w.in
	sp, pc := in.sp, in.pc
	for _, o := range operands {
		in.push(w.oop(o))
	}
	ok = f(n)
	jump = int(in.pc - pc)
	in.pc = pc
	if !ok && in.sp != sp-8*uint64(len(operands)) {
		w.t.Errorf("%d: refused, but the stack moved", n)
	}
	for ; in.sp < sp; in.sp += 8 {
		left += " " + w.show(in.stackAt(0))
	}
	if in.sp != sp {
		w.t.Errorf("%d: the stack is off by %d words", n, int64(sp-in.sp)/8)
		in.sp = sp
	}
	return left, jump, ok
}

const refused = "refused"

func TestInlinedPrimitives(t *testing.T) {
	w := inlinedWorld(t)
	point := w.heap.AllocateOld(w.class("Point").Header().Hash(), heap.FmtFixed, 2)
	forwarder := w.oop("gone")
	if err := w.heap.Become([]heap.Oop{forwarder}, []heap.Oop{point}, false, false); err != heap.BecomeOK {
		t.Fatal(err)
	}
	method := w.method(1, 7)
	const most, least = heap.MaxSmallInt, heap.MinSmallInt
	hash := heap.FromInt(int64(w.heap.IdentityHash(point)))
	for _, c := range []struct {
		n        int
		operands []any
		want     string
	}{
		{1000, []any{"a"}, "ByteString"}, {1000, []any{3}, "SmallInteger"},
		{1001, []any{w.variable(1, 2, 3)}, "3"}, {1001, []any{"abc"}, refused}, {1001, []any{3}, refused},
		{1002, []any{"abc"}, "3"}, {1002, []any{method}, "25"}, {1002, []any{[]any{}}, refused},
		{1003, []any{w.new("DoubleByteArray", 3)}, "3"}, {1003, []any{"abc"}, refused},
		{1004, []any{w.new("Bitmap", 3)}, "3"}, {1004, []any{"abcd"}, refused}, {1005, []any{w.new("DoubleWordArray", 3)}, "3"}, {1005, []any{w.new("Bitmap", 2)}, refused},
		{1011, []any{w.class("Point")}, "(Point nil nil)"}, {1012, []any{w.class("Object")}, "(Object)"}, {1011, []any{w.class("Array")}, refused}, {1011, []any{3}, refused}, {1011, []any{"x"}, refused},
		{1020, []any{point}, w.show(hash)}, {1020, []any{3}, refused}, {1021, []any{-7}, "-7"}, {1022, []any{'a'}, "97"}, {1023, []any{0.0}, "0"}, {1023, []any{"a"}, refused},
		{1024, []any{w.class("Array")}, "51"}, {1024, []any{"abc"}, refused}, {1030, []any{'b'}, "98"}, {1031, []any{1.0}, "571957152676052992"}, {1032, []any{-2}, "-2.0"}, {1032, []any{2.0}, refused},
		{1039, []any{forwarder}, "(Point nil nil)"}, {1039, []any{3}, refused}, {1040, []any{forwarder}, "(Point nil nil)"}, {1040, []any{3}, "3"},
		{1041, []any{point}, "(Point nil nil)"}, {1041, []any{3}, refused}, {1006, []any{point}, refused}, {1099, []any{3}, refused},

		{2000, []any{3, 4}, "7"}, {2000, []any{most, 1}, refused}, {2000, []any{1.5, 1}, refused}, {2001, []any{3, 4}, "-1"}, {2001, []any{least, 1}, refused},
		{2002, []any{-3, 4}, "-12"}, {2002, []any{most, most}, refused}, {2002, []any{1 << 40, 1 << 40}, refused}, {2002, []any{0, least}, "0"},
		{2003, []any{12, -4}, "-3"}, {2003, []any{13, 4}, refused}, {2003, []any{13, 0}, refused}, {2003, []any{least, -1}, refused},
		{2004, []any{-7, 3}, "-3"}, {2004, []any{7, 3}, "2"}, {2004, []any{7, 0}, refused}, {2005, []any{-7, 3}, "2"}, {2005, []any{7, -3}, "-2"}, {2005, []any{7, 0}, refused},
		{2006, []any{-7, 3}, "-2"}, {2006, []any{7, 0}, refused},
		{2016, []any{12, 10}, "8"}, {2017, []any{12, 10}, "14"}, {2018, []any{12, 10}, "6"}, {2019, []any{5, 2}, "20"}, {2019, []any{5, -1}, refused}, {2019, []any{5, 60}, refused}, {2019, []any{5, 100}, refused},
		{2020, []any{-5, 1}, "-3"}, {2020, []any{5, 100}, "0"}, {2020, []any{5, -1}, refused},
		{2032, []any{2, 1}, "true"}, {2033, []any{2, 1}, "false"}, {2034, []any{1, 1}, "true"}, {2035, []any{2, 1}, "false"}, {2036, []any{2, 2}, "true"}, {2037, []any{2, 2}, "false"}, {2036, []any{2, "a"}, refused},
		{2038, []any{point, point}, "true"}, {2038, []any{point, 3}, "false"}, {2039, []any{point, point}, "false"},
		{2048, []any{w.class("Array"), 2}, "(Array nil nil)"}, {2049, []any{w.class("ByteArray"), 2}, "(ByteArray 0 0)"}, {2048, []any{w.class("Array"), -1}, refused}, {2048, []any{w.class("Point"), 1}, refused}, {2048, []any{3, 1}, refused},
		{2064, []any{w.variable(1, 2), 2}, "2"}, {2064, []any{w.variable(1, 2), 3}, refused}, {2064, []any{w.variable(1, 2), 0}, refused}, {2064, []any{"abc", 1}, refused}, {2064, []any{3, 1}, refused},
		{2065, []any{w.in.marry(w.in.fp), 6}, "nil"}, {2065, []any{w.in.marry(w.in.fp), 4}, "a CompiledMethod"}, {2065, []any{w.variable(1, 2), 1}, "1"},
		{2066, []any{"abc", 3}, "99"}, {2066, []any{"abc", 4}, refused}, {2066, []any{method, 17}, "7"}, {2066, []any{method, 16}, refused}, {2066, []any{w.new("Bitmap", 1), 1}, refused},
		{2067, []any{w.raw("DoubleByteArray", 1, 65535), 2}, "65535"}, {2068, []any{w.raw("Bitmap", math.MaxUint32), 1}, "4294967295"}, {2069, []any{w.raw("DoubleWordArray", math.MaxUint64), 1}, "18446744073709551615"}, {2069, []any{"12345678", 1}, refused},
		{2099, []any{1, 1}, refused},

		{3000, []any{w.new("Point"), 1, "x"}, "'x'"}, {3001, []any{point, 2, "x"}, "'x'"}, {3000, []any{point, 3, "x"}, refused}, {3000, []any{3, 1, "x"}, refused}, {3000, []any{"abc", 1, 1}, refused},
		{3000, []any{w.frozen(w.new("Point")), 1, 1}, refused}, {3002, []any{w.new("Point"), 1, 2}, "2"}, {3003, []any{w.new("Point"), 1, 2}, "2"},
		{3004, []any{"abc", 1, 255}, "255"}, {3004, []any{"abc", 1, 256}, refused}, {3004, []any{"abc", 4, 1}, refused}, {3004, []any{method, 17, 1}, refused}, {3005, []any{w.new("DoubleByteArray", 1), 1, 65535}, "65535"},
		{3006, []any{w.new("Bitmap", 1), 1, math.MaxUint32}, "4294967295"}, {3007, []any{w.new("DoubleWordArray", 1), 1, uint64(math.MaxUint64)}, "18446744073709551615"}, {3008, []any{point, 1, 1}, refused},
		{3021, []any{"abcd", "abxy", 2}, "true"}, {3021, []any{"abcd", "abxy", 3}, "false"}, {3021, []any{"abcd", "abxy", 5}, refused}, {3021, []any{"abcd", 3, 1}, refused}, {3021, []any{"a", "b", -1}, refused},
		{5000, []any{1, 2, 3, 4, 5}, refused}, {0, nil, refused}, {4000, []any{1, 2, 3, 4}, refused}, {8191, []any{1, 2, 3}, refused},
	} {
		left, jump, ok := w.inlined(w.in.inlinedPrimitive, c.n, c.operands...)
		switch {
		case c.want == refused && ok:
			t.Errorf("%d was not refused: %s", c.n, left)
		case c.want != refused && (!ok || left != " "+c.want || jump != 0):
			t.Errorf("%d: %s %v moved %d, want %s", c.n, left, ok, jump, c.want)
		}
	}
	w.assert(w.show(point) == "(Point nil 'x')" && point.Header()&heap.RememberedBit != 0, "stored into %s", w.show(point))
}

func TestInlinedJumps(t *testing.T) {
	w := inlinedWorld(t)
	old := w.heap.AllocateOld(w.class("Point").Header().Hash(), heap.FmtFixed, 2)
	young, frozen := w.new("Point"), w.frozen(w.new("Point"))
	classes := w.oop([]any{w.class("Array"), w.class("Point")})
	for _, c := range []struct {
		n        int
		operands []any
		jump     int // 99: refused
	}{
		{6000, []any{-10}, -10}, {6000, []any{-21}, 99}, {6000, []any{28}, 99}, {6000, []any{27}, 27}, {6000, []any{"x"}, 99}, {6000, []any{heap.MinSmallInt}, 99},
		{7016, []any{young, 5}, 5}, {7016, []any{frozen, 5}, 0}, {7016, []any{3, 5}, 0}, {7017, []any{young, 5}, 0}, {7017, []any{frozen, 5}, 5}, {7017, []any{3, 5}, 5},
		{7018, []any{young, 5}, 5}, {7018, []any{old, 5}, 0}, {7018, []any{3, 5}, 0}, {7019, []any{young, 5}, 0}, {7019, []any{old, 5}, 5}, {7019, []any{3, 5}, 0}, {7018, []any{young, 500}, 99}, {7018, []any{old, 500}, 0},
		{8000, []any{young, w.class("Point"), 5}, 5}, {8000, []any{3, w.class("Point"), 5}, 0}, {8001, []any{young, w.class("Point"), 5}, 0}, {8001, []any{3, w.class("Point"), 5}, 5},
		{8002, []any{young, classes, 5}, 5}, {8002, []any{3, classes, 5}, 0}, {8003, []any{young, classes, 5}, 0}, {8003, []any{3, classes, 5}, 5}, {8002, []any{3, "x", 5}, 99}, {8004, []any{3, classes, 5}, 99}, {7000, []any{3, 5}, 99},
	} {
		left, jump, ok := w.inlined(w.in.inlinedPrimitive, c.n, c.operands...)
		if ok != (c.jump != 99) || ok && (jump != c.jump || left != "") {
			t.Errorf("%d of %v: jumped %d %v, left %q, want %d", c.n, c.operands, jump, ok, left, c.jump)
		}
	}
}

func TestMappedPrimitives(t *testing.T) {
	w := inlinedWorld(t)
	in := w.in
	for _, c := range []struct {
		n        int
		operands []any
		want     string
		jump     int
	}{
		{50, []any{10}, "10", 0}, {50, []any{-1}, refused, 0}, {50, []any{"x"}, refused, 0},
		{150, []any{w.new("Point"), 1, "v"}, "'v'", 0}, {151, []any{w.new("Point"), 3, "v"}, refused, 0}, {152, []any{w.new("Point"), 2, "v"}, "'v'", 0}, {153, []any{3, 2, "v"}, refused, 0},
		{154, []any{"abc", 1, 255}, "255", 0}, {155, []any{w.new("DoubleByteArray", 1), 1, 2}, "2", 0}, {156, []any{w.new("Bitmap", 1), 1, 2}, "2", 0}, {157, []any{w.new("DoubleWordArray", 1), 1, 2}, "2", 0},
		{154, []any{"abc", 1, -1}, refused, 0}, {200, []any{0}, refused, 0}, {200, []any{2}, refused, 0}, {200, []any{-1}, refused, 0}, {200, []any{"x"}, refused, 0},
		{250, []any{-8}, "", -8}, {250, []any{-80}, refused, 0}, {1, nil, refused, 0},
	} {
		left, jump, ok := w.inlined(in.mappedPrimitive, c.n, c.operands...)
		if c.want != refused && c.want != "" {
			c.want = " " + c.want
		}
		if ok != (c.want != refused) || ok && (left != c.want || jump != c.jump) {
			t.Errorf("%d of %v: %q %v jumped %d, want %q", c.n, c.operands, left, ok, jump, c.want)
		}
	}
	// Too little room is made by a collection.
	scavenges := w.heap.Stats.Scavenges
	w.inlined(in.mappedPrimitive, 50, 1<<30)
	w.assert(w.heap.Stats.Scavenges == scavenges+1, "no collection for ensureEnoughSlots")

	// A store into a read-only object asks it, with the value for an answer below.
	frozen := w.frozen(w.new("Point"))
	catcher := w.method(0, 0x58)
	catcher.SetSlotRaw(0, heap.FromInt(catcher.Slot(0).Int()+2<<24+2<<18)) // two arguments
	w.define("Point", w.heap.Special(specialAttemptToAssign), catcher)
	fp, sp := in.fp, in.sp
	in.push(frozen)
	in.push(heap.FromInt(2))
	in.push(w.oop("v"))
	w.assert(in.mappedPrimitive(150), "the checked store was refused")
	w.assert(in.fp != fp && in.method == catcher, "attemptToAssign:withIndex: was not sent")
	w.assert(in.frameWord(in.fp, frameReceiver) == frozen && w.show(heap.Oop(ld(tempAddr(in.fp, 0)))) == "'v'" && heap.Oop(ld(tempAddr(in.fp, 1))) == heap.FromInt(2), "wrong arguments")
	below := frameTop(in.fp) + 8
	w.assert(w.show(heap.Oop(ld(below))) == "'v'" && below == sp-8, "the value is not on the stack")

	// A direct call activates a literal method.
	m := w.method(1, 0x58)
	w.heap.Store(m, 1, w.selfs)
	in.push(w.heap.Nil)
	in.activateMethod(in.nilOop, m, 0)
	in.push(w.oop("receiver"))
	in.push(heap.FromInt(0))
	w.assert(in.mappedPrimitive(200) && in.method == w.selfs && w.show(in.frameWord(in.fp, frameReceiver)) == "'receiver'", "no direct call")
}

// define puts a method under a selector into a class's method dictionary.
func (w *world) define(class string, selector, method heap.Oop) {
	const size = 4
	dict := w.new("MethodDictionary", size)
	array := w.new("Array", size)
	i := int(w.heap.IdentityHash(selector)) & (size - 1)
	w.heap.Store(dict, 0, heap.FromInt(1))
	w.heap.Store(dict, 1, array)
	w.heap.Store(dict, 2+i, selector)
	w.heap.Store(array, i, method)
	w.heap.Store(w.class(class), heap.ClassMethodDict, dict)
	w.in.flushMethodCache()
}

// TestInlinedNamesAgree holds that what the decoder names exists, but for the
// one whose operands nobody has written down.
func TestInlinedNamesAgree(t *testing.T) {
	w := inlinedWorld(t)
	point := w.class("Point")
	names := 0
	for n := range 8192 {
		i, err := bytecode.SistaV1.Decode([]byte{248, byte(n), byte(0x80 | n>>8)}, 0)
		if err != nil {
			t.Fatal(err)
		}
		if p, ok := i.Inlined(); ok && p.Name != "arrayCopy" {
			names++
			found := false
			for _, operands := range [][]any{{w.new("Point"), 1, 2}, {"abcdefgh", "abcdefgh", 1}, {w.new("DoubleByteArray", 3), 1, 1}, {w.new("Bitmap", 3), 1, 1}, {w.new("DoubleWordArray", 3), 1, 1},
				{8, 4, 1}, {point, 0, 0}, {1.5, 1, 1}, {w.new("Point"), point, 1}, {w.new("Point"), w.oop([]any{}), 1}, {"abc", 1, 1}, {w.new("Point"), 1}} {
				if len(operands) < p.Pops {
					continue
				}
				operands = operands[:p.Pops]
				if p.Jumps {
					operands[p.Pops-1] = 1
				}
				if _, _, ok := w.inlined(w.in.inlinedPrimitive, n, operands...); ok {
					found = true
				}
			}
			if !found {
				t.Errorf("%d %s has no operands that it takes", n, p.Name)
			}
		}
	}
	w.assert(names > 60, "the decoder names %d primitives", names)
}
