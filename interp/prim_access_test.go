package interp

import (
	"math"
	"strings"
	"testing"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// variable makes an instance with one named variable and some elements.
func (w *world) variable(named any, elements ...any) heap.Oop {
	o := w.new("Variable", len(elements))
	w.heap.Store(o, 0, w.oop(named))
	for i, e := range elements {
		w.heap.Store(o, i+1, w.oop(e))
	}
	return o
}

func TestAt(t *testing.T) {
	w := newWorld(t)
	array := func() heap.Oop { return w.oop([]any{10, "x", 3.5}) }
	variable := w.variable(99, 1, 2)
	code := w.method(2, 1, 2, 3)
	big := w.raw("DoubleWordArray", 7, math.MaxUint64)
	w.check([]primCase{
		row(60, array(), 1)("10"), row(60, array(), 3)("3.5"),
		row(60, array(), 4)(plugin.BadIndex), row(60, array(), 0)(plugin.BadIndex), row(60, array(), -1)(plugin.BadIndex),
		row(60, array(), heap.MinSmallInt)(plugin.BadIndex), row(60, array(), heap.MaxSmallInt)(plugin.BadIndex),
		row(60, array(), 1.0)(plugin.BadArgument), row(60, array(), nil)(plugin.BadArgument), row(60, array())(plugin.BadArgument),
		row(60, array(), w.big("0x1000000000000000"))(plugin.BadArgument),
		row(60, 3, 1)(plugin.Inappropriate), row(60, 'c', 1)(plugin.Inappropriate), row(60, 1.5, 1)(plugin.Inappropriate),
		row(60, w.new("Point"), 1)(plugin.BadReceiver), row(60, w.new("Object"), 1)(plugin.BadReceiver), row(60, w.new("Ephemeron"), 1)(plugin.BadReceiver),
		row(60, variable, 1)("1"), row(60, variable, 2)("2"), row(60, variable, 3)(plugin.BadIndex),
		row(60, w.new("WeakNamed", 2), 2)("nil"), row(60, w.new("WeakNamed", 2), 3)(plugin.BadIndex),
		row(60, "az", 2)("122"), row(60, "az", 3)(plugin.BadIndex), row(60, []byte{1, 255}, 2)("255"),
		row(60, w.raw("DoubleByteArray", 1, 65535, 3), 2)("65535"), row(60, w.raw("DoubleByteArray", 1, 65535, 3), 4)(plugin.BadIndex),
		row(60, w.raw("Bitmap", 5, 0xFFFFFFFF, 6), 2)("4294967295"), row(60, w.raw("Bitmap", 5, 6, 7), 4)(plugin.BadIndex),
		row(60, big, 1)("7"), row(60, big, 2)("18446744073709551615"), row(60, big, 3)(plugin.BadIndex),
		row(60, code, 25)("1"), row(60, code, 27)("3"), row(60, code, 24)(plugin.BadIndex), row(60, code, 1)(plugin.BadIndex),
		row(60, code, 35)("0"), row(60, code, 36)(plugin.BadIndex),
		// mirrors
		row(60, nil, array(), 1)("10"), row(60, nil, 3, 1)(plugin.Inappropriate), row(60, nil, nil, array(), 2)("'x'"),

		row(61, array(), 2, "y")("'y'"), row(61, array(), 4, 1)(plugin.BadIndex), row(61, array(), 'x', 1)(plugin.BadArgument),
		row(61, w.frozen(array()), 9, 1)(plugin.NoModification), row(61, 5, 1, 1)(plugin.Inappropriate), row(61, w.new("Point"), 1, 1)(plugin.BadReceiver),
		row(61, variable, 2, 5)("5"), row(61, variable, 3, 5)(plugin.BadIndex),
		row(61, []byte{1, 2}, 1, 255)("255"), row(61, []byte{1, 2}, 1, 256)(plugin.BadArgument), row(61, []byte{1, 2}, 1, -1)(plugin.BadArgument),
		row(61, []byte{1, 2}, 1, 'a')(plugin.BadArgument), row(61, []byte{1, 2}, 3, 1)(plugin.BadIndex), row(61, []byte{1, 2}, 3, 'a')(plugin.BadIndex),
		row(61, w.new("DoubleByteArray", 3), 3, 65535)("65535"), row(61, w.new("DoubleByteArray", 3), 3, 65536)(plugin.BadArgument),
		row(61, w.new("Bitmap", 3), 3, 0xFFFFFFFF)("4294967295"), row(61, w.new("Bitmap", 3), 3, 1<<32)(plugin.BadArgument),
		row(61, w.new("DoubleWordArray", 1), 1, uint64(math.MaxUint64))("18446744073709551615"), row(61, w.new("DoubleWordArray", 1), 1, -1)(plugin.BadArgument),
		row(61, w.new("DoubleWordArray", 1), 1, w.big("0x10000000000000000"))(plugin.BadArgument),
		row(61, code, 25, 200)("200"), row(61, code, 24, 200)(plugin.BadIndex), row(61, code, 25, 256)(plugin.BadArgument),
		row(61, nil, array(), 1, 11)("11"),

		row(62, array())("3"), row(62, variable)("2"), row(62, "abc")("3"), row(62, code)("35"), row(62, big)("2"), row(62, w.new("WeakNamed", 2))("2"),
		row(62, w.raw("DoubleByteArray", 1, 2, 3))("3"), row(62, w.raw("Bitmap", 1, 2, 3))("3"),
		row(62, 3)(plugin.BadReceiver), row(62, w.new("Point"))(plugin.BadReceiver), row(62, w.new("Object"))(plugin.BadReceiver),
		row(62, w.new("Ephemeron"))(plugin.BadReceiver), row(62, nil, "abcd")("4"), row(62, nil, 3)(plugin.BadReceiver),

		row(63, "az", 2)("$122"), row(63, "az", 3)(plugin.BadIndex), row(63, "az", nil)(plugin.BadArgument), row(63, 3, 1)(plugin.Inappropriate),
		row(63, array(), 1)(plugin.BadReceiver), row(63, w.raw("WideString", 0x1F600), 1)("$128512"), row(63, w.raw("WideString", 1<<30), 1)(plugin.BadReceiver),
		row(63, w.raw("DoubleByteArray", 0xFFFF), 1)("$65535"), row(63, big, 1)(plugin.BadReceiver), row(63, code, 25)(plugin.BadReceiver), row(63, nil, "ab", 1)("$97"),
		row(64, "az", 1, 'b')("$98"), row(64, "az", 1, 98)(plugin.BadArgument), row(64, "az", 1, rune(256))(plugin.BadArgument), row(64, "az", 3, 'b')(plugin.BadIndex),
		row(64, "az", nil, 'b')(plugin.BadArgument), row(64, w.frozen(w.oop("az")), 1, 'b')(plugin.NoModification), row(64, 3, 1, 'b')(plugin.Inappropriate),
		row(64, w.new("DoubleByteArray", 1), 1, rune(65535))("$65535"), row(64, w.new("DoubleByteArray", 1), 1, rune(65536))(plugin.BadArgument),
		row(64, w.new("WideString", 1), 1, rune(heap.MaxCharacter))("$1073741823"), row(64, array(), 1, 'b')(plugin.BadReceiver), row(64, big, 1, 'a')(plugin.BadReceiver),
		row(65, "az")(plugin.NotFound), row(66, "az", 'a')(plugin.NotFound), row(67, "az")(plugin.NotFound),
	})
	a := array()
	w.call(61, a, heap.FromInt(2), w.oop("stored"))
	s := w.oop("az")
	w.call(64, s, heap.FromInt(2), heap.FromChar('b'))
	w.assert(w.show(a) == "(Array 10 'stored' 3.5)" && w.show(s) == "'ab'", "stored %s %s", w.show(a), w.show(s))
}

// TestStoresTouch holds that every storing primitive tells who watches the object,
// before the store, and remembers an old object that refers to a young one.
func TestStoresTouch(t *testing.T) {
	w := newWorld(t)
	touched := heap.Invalid
	before := ""
	w.heap.OnWatchedStore = func(o heap.Oop, _ int) { touched, before = o, w.show(o) }
	young := w.oop("young")
	old := func(class string, slots int, f heap.Format) heap.Oop {
		return w.heap.AllocateOld(w.class(class).Header().Hash(), f, slots)
	}
	one := heap.FromInt(1)
	for name, c := range map[string]struct {
		n    int
		o    heap.Oop
		args []heap.Oop
	}{
		"at:put:":                 {61, old("Array", 1, heap.FmtArray), []heap.Oop{one, young}},
		"bytes at:put:":           {61, old("ByteArray", 1, heap.FmtBytes), []heap.Oop{one, one}},
		"string at:put:":          {64, old("ByteString", 1, heap.FmtBytes), []heap.Oop{one, heap.FromChar('a')}},
		"instVarAt:put:":          {74, old("Point", 2, heap.FmtFixed), []heap.Oop{one, young}},
		"slotAt:put:":             {174, old("Point", 2, heap.FmtFixed), []heap.Oop{one, young}},
		"raw slotAt:put:":         {174, old("Bitmap", 1, heap.FmtWords32), []heap.Oop{one, one}},
		"replaceFrom:":            {105, old("Array", 2, heap.FmtArray), []heap.Oop{one, one, w.oop([]any{young}), one}},
		"bytes replaceFrom:":      {105, old("ByteArray", 1, heap.FmtBytes), []heap.Oop{one, one, w.oop([]byte{9}), one}},
		"shortAt:put:":            {144, old("Bitmap", 1, heap.FmtWords32), []heap.Oop{one, one}},
		"integerAt:put:":          {166, old("Bitmap", 1, heap.FmtWords32), []heap.Oop{one, one}},
		"fill":                    {145, old("Bitmap", 1, heap.FmtWords32), []heap.Oop{one}},
		"copyFrom:":               {168, old("Array", 1, heap.FmtArray), []heap.Oop{w.oop([]any{young})}},
		"Float at:put:":           {39, old("BoxedFloat64", 1, heap.FmtWords32), []heap.Oop{one, one}},
		"float array at:put:":     {239, old("DoubleWordArray", 1, heap.FmtWords64), []heap.Oop{one, w.oop(1.5)}},
		"memory store":            {601 + 15, old("ByteArray", 1, heap.FmtBytes), []heap.Oop{heap.FromInt(0), one}},
		"getNextEvent:":           {94, w.heap.Nil, []heap.Oop{old("Array", 8, heap.FmtArray)}},
		"utc and offset":          {244, w.heap.Nil, []heap.Oop{old("Array", 2, heap.FmtArray)}},
		"objectAt:put:":           {69, w.method(1, 1), []heap.Oop{heap.FromInt(2), young}},
		"method at:put:":          {61, w.method(0, 1), []heap.Oop{heap.FromInt(9), one}},
		"setReadOnly:":            {164, old("Point", 2, heap.FmtFixed), []heap.Oop{w.heap.True}},
		"changeClass":             {115, old("Point", 2, heap.FmtFixed), []heap.Oop{w.new("Association")}},
		"elementsForwardIdentity": {72, w.oop([]any{w.watched(old("Point", 2, heap.FmtFixed))}), []heap.Oop{w.oop([]any{w.new("Association")})}},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			o := c.o
			if o == w.heap.Nil {
				o = c.args[0]
			}
			if c.n == 72 {
				o = o.Slot(0)
			}
			was := w.show(o)
			w.heap.Watch(o)
			touched = heap.Invalid
			if _, f := w.call(c.n, c.o, c.args...); f != plugin.OK {
				t.Fatalf("failed: %v", f)
			}
			if touched != o || before != was {
				t.Errorf("touched %v with %s, not %v with %s", touched, before, o, was)
			}
			if c.args[len(c.args)-1] == young && o >= w.heap.OldStart && o.Header()&heap.RememberedBit == 0 {
				t.Error("not remembered")
			}
			// A read-only object is not changed and nobody is told.
			if c.n == 164 || c.n == 72 {
				return
			}
			o.SetHeader(o.Header() | heap.ImmutableBit)
			touched = heap.Invalid
			now := w.show(o)
			if _, f := w.call(c.n, c.o, c.args...); f != plugin.NoModification || touched != heap.Invalid || w.show(o) != now {
				t.Errorf("read-only: %v, touched %v, %s became %s", f, touched, now, w.show(o))
			}
		})
	}
	if err := w.heap.Verify(); err != nil {
		t.Error(err)
	}
}

func (w *world) watched(o heap.Oop) heap.Oop {
	w.heap.Watch(o)
	return o
}

func TestContextAccess(t *testing.T) {
	w := newWorld(t)
	in := w.in
	// The running activation with two words on its stack, and one that has ended.
	in.push(heap.FromInt(77))
	in.push(heap.FromInt(88))
	ctx := in.marry(in.fp)
	w.assert(isMarried(ctx), "the running context is not married")
	r, f := w.call(62, ctx)
	// receiver of the call itself is on the stack too
	w.assert(f == plugin.OK && r == heap.FromInt(3), "size %s %v", w.show(r), f)
	w.check([]primCase{
		row(60, ctx, 1)("77"), row(60, ctx, 2)("88"), row(60, ctx, 9)(plugin.BadIndex), row(60, ctx, 0)(plugin.BadIndex),
		row(60, nil, ctx, 2)("88"),
		row(73, ctx, 2)("9"), row(73, ctx, 4)("a CompiledMethod"), row(73, ctx, 6)("nil"), row(73, ctx, 7)(plugin.BadIndex),
		row(73, ctx, 1)("nil"),
		row(173, ctx, 7)("77"), row(173, ctx, 8)("88"), row(173, ctx, 40)("nil"), row(173, ctx, 63)(plugin.BadIndex), row(173, ctx, 2)("9"),
		row(132, ctx, w.selfs)("true"), row(132, ctx, 88)("true"), row(132, ctx, 5555)("true"), // its own argument lies on the stack
		row(105, ctx, 1, 1, ctx, 1)(plugin.Inappropriate),
		row(168, ctx, ctx)(plugin.BadReceiver),
		row(164, ctx, true)(plugin.Inappropriate),
		row(61, ctx, 1, 78)("78"), row(60, ctx, 1)("78"),
		row(61, ctx, 20, 78)(plugin.BadIndex),
		row(174, ctx, 8, 89)("89"), row(60, ctx, 2)("89"), row(174, ctx, 60, 1)(plugin.BadIndex),
	})
	// A copy is a plain context with the state of that moment.
	c, f := w.call(148, ctx)
	w.assert(f == plugin.OK && !isMarried(c) && c.Slot(contextFixed) == heap.FromInt(78) && c.Slot(contextMethod) == w.selfs, "copy %s", w.show(c))
	w.check([]primCase{row(60, c, 1)("78"), row(61, c, 1, 5)("5"), row(60, c, 1)("5"), row(60, ctx, 1)("78"), row(173, c, 2)("9")})
	// Writing the sender divorces the frame, which the process goes on with all the same.
	w.checkOne(row(74, ctx, 1, c)("a Context"))
	w.checkOne(row(73, ctx, 1)("a Context"))
	w.checkOne(row(60, ctx, 1)("78"))
	w.assert(in.stackAt(0) == heap.FromInt(89) && in.stackAt(1) == heap.FromInt(78), "stack after a divorce")
}

func TestMethodAccess(t *testing.T) {
	w := newWorld(t)
	m := w.method(2, 9)
	header := w.show(m.Slot(0))
	more := heap.FromInt(m.Slot(0).Int() + 1)
	w.check([]primCase{
		row(68, m, 1)(header), row(68, m, 2)("nil"), row(68, m, 3)("nil"), row(68, m, 4)(plugin.BadIndex), row(68, m, 0)(plugin.BadIndex),
		row(68, m, nil)(plugin.BadArgument), row(68, "abc", 1)(plugin.BadReceiver), row(68, 3, 1)(plugin.BadReceiver), row(68, m)(plugin.BadNumArgs),
		row(68, nil, m, 2)("nil"),
		row(69, m, 2, "lit")("'lit'"), row(68, m, 2)("'lit'"), row(69, m, 4, 1)(plugin.BadIndex), row(69, m, nil, 1)(plugin.BadArgument),
		row(69, m, 1, "x")(plugin.BadArgument), row(69, m, 1, more)(plugin.BadArgument), row(69, m, 1, m.Slot(0))(header), row(69, "abc", 1, 1)(plugin.BadReceiver),
		row(69, w.frozen(w.method(1)), 2, 1)(plugin.NoModification), row(69, nil, m, 3, 7)("7"), row(68, m, 3)("7"),
		row(173, m, 1)(plugin.Unsupported), row(174, m, 1, 1)(plugin.Unsupported), row(165, m, 1)(plugin.Unsupported), row(166, m, 1, 1)(plugin.Unsupported),
		row(132, m, 7)("true"), row(132, m, "lit")("false"), row(132, m, more)("false"), row(132, m, m.Slot(0))("true"),
		row(73, m, 1)(plugin.BadIndex),
	})
	// A changed method is looked up and described anew.
	e := w.in.cache.probe(8, 1)
	*e = cacheEntry{selector: 8, method: m, tag: 1}
	w.call(69, m, heap.FromInt(2), heap.FromInt(5))
	w.assert(e.method != m, "the method is still in the cache")
}

func TestInstVarsAndSlots(t *testing.T) {
	w := newWorld(t)
	point := func() heap.Oop { p, _ := w.call(18, w.oop(3), w.oop(4)); return p }
	v := func() heap.Oop { return w.variable("named", 1, 2) }
	w.check([]primCase{
		row(73, point(), 2)("4"), row(73, point(), 3)(plugin.BadIndex), row(73, point(), 0)(plugin.BadIndex), row(73, point(), nil)(plugin.BadArgument),
		row(73, 3, 1)(plugin.Inappropriate), row(73, v(), 1)("'named'"), row(73, v(), 2)(plugin.BadIndex), row(73, "abc", 1)(plugin.BadIndex),
		row(73, []any{1}, 1)(plugin.BadIndex), row(73, nil, point(), 1)("3"), row(73, w.new("Ephemeron"), 3)("nil"), row(73, nil, 3, 1)(plugin.Inappropriate),
		row(74, point(), 1, 9)("9"), row(74, point(), 3, 9)(plugin.BadIndex), row(74, point(), nil, 9)(plugin.BadArgument), row(74, 3, 1, 9)(plugin.Inappropriate),
		row(74, w.frozen(point()), 1, 9)(plugin.NoModification), row(74, v(), 2, 9)(plugin.BadIndex), row(74, nil, point(), 1, 9)("9"),

		row(173, point(), 2)("4"), row(173, point(), 3)(plugin.BadIndex), row(173, point(), nil)(plugin.BadArgument), row(173, 3, 1)(plugin.BadReceiver),
		row(173, v(), 1)("'named'"), row(173, v(), 3)("2"), row(173, v(), 4)(plugin.BadIndex), row(173, "ab", 1)("97"), row(173, "ab", 3)(plugin.BadIndex),
		row(173, w.raw("DoubleWordArray", math.MaxUint64), 1)("18446744073709551615"), row(173, w.raw("DoubleByteArray", 65535), 1)("65535"),
		row(173, w.raw("Bitmap", 0xFFFFFFFF), 1)("4294967295"), row(173, nil, point(), 1)("3"),
		row(174, point(), 2, "x")("'x'"), row(174, point(), 3, 1)(plugin.BadIndex), row(174, point(), nil, 1)(plugin.BadArgument), row(174, 3, 1, 1)(plugin.BadReceiver),
		row(174, w.frozen(point()), 1, 1)(plugin.NoModification), row(174, "ab", 1, 98)("98"), row(174, "ab", 1, 256)(plugin.BadArgument),
		row(174, "ab", 3, 98)(plugin.BadIndex), row(174, "ab", 1, 'b')(plugin.BadArgument), row(174, nil, v(), 3, 8)("8"),

		row(132, point(), 4)("true"), row(132, point(), 5)("false"), row(132, 4, 4)("false"), row(132, "abc", 97)("false"), row(132, v(), 2)("true"),
		row(132, point())(plugin.BadNumArgs), row(132, nil, point(), 3)("true"),
	})
}

func TestRawAccess(t *testing.T) {
	w := newWorld(t)
	words := func() heap.Oop { return w.raw("Bitmap", 0x8000FFFF, 2, 3) }
	w.check([]primCase{
		row(143, words(), 1)("-1"), row(143, words(), 2)("-32768"), row(143, words(), 6)("0"), row(143, words(), 7)(plugin.BadIndex), row(143, words(), 0)(plugin.BadIndex),
		row(143, words(), nil)(plugin.BadArgument), row(143, []any{1}, 1)(plugin.Inappropriate), row(143, 3, 1)(plugin.Inappropriate), row(143, w.method(0), 1)(plugin.Inappropriate),
		row(143, "abc", 1)("25185"), row(143, "abc", 2)(plugin.BadIndex), row(143, words())(plugin.BadNumArgs),
		row(144, words(), 1, -32768)("-32768"), row(144, words(), 1, 32768)(plugin.BadArgument), row(144, words(), 1, nil)(plugin.BadArgument), row(144, words(), 7, 1)(plugin.BadIndex),
		row(144, words(), nil, 1)(plugin.BadArgument), row(144, nil, 1, 1)(plugin.Inappropriate), row(144, w.frozen(words()), 1, 1)(plugin.NoModification),

		row(145, words(), 7)("(Bitmap 7 7 7)"), row(145, []byte{1, 2, 3}, 9)("(ByteArray 9 9 9)"), row(145, []byte{1}, 256)(plugin.Generic),
		row(145, w.raw("DoubleByteArray", 1, 2, 3), 65535)("(DoubleByteArray 65535 65535 65535)"), row(145, w.new("DoubleByteArray", 1), 65536)(plugin.Generic),
		row(145, words(), 1<<32)(plugin.Generic), row(145, words(), -1)(plugin.Generic), row(145, words(), 1.5)(plugin.Generic), row(145, []any{1}, 1)(plugin.Generic),
		row(145, w.raw("DoubleWordArray", 1, 2), uint64(math.MaxUint64))("(DoubleWordArray 18446744073709551615 18446744073709551615)"),
		row(145, w.method(0), 1)(plugin.Generic), row(145, 3, 1)(plugin.Generic), row(145, w.frozen(words()), 1)(plugin.NoModification), row(145, []byte{}, 1)("(ByteArray)"),

		row(165, words(), 1)("-2147418113"), row(165, words(), 4)(plugin.BadIndex), row(165, words(), nil)(plugin.BadArgument), row(165, 3, 1)(plugin.BadReceiver),
		row(165, []byte{255}, 1)("-1"), row(165, w.raw("DoubleByteArray", 65535), 1)("-1"), row(165, w.raw("DoubleWordArray", 1<<63), 1)("-9223372036854775808"),
		row(165, []any{5}, 1)("5"), row(165, w.new("Point"), 1)(plugin.BadReceiver), row(165, nil, []byte{128}, 1)("-128"),
		row(166, []byte{1}, 1, -128)("-128"), row(166, []byte{1}, 1, 128)(plugin.BadArgument), row(166, []byte{1}, 1, -129)(plugin.BadArgument), row(166, []byte{1}, 2, 1)(plugin.BadIndex),
		row(166, []byte{1}, nil, 1)(plugin.BadArgument), row(166, []byte{1}, 1, 1.5)(plugin.BadArgument), row(166, 3, 1, 1)(plugin.BadReceiver),
		row(166, w.new("DoubleWordArray", 1), 1, w.big("-0x8000000000000000"))("-9223372036854775808"),
		row(166, w.new("DoubleWordArray", 1), 1, w.big("0x8000000000000000"))(plugin.BadArgument),
		row(166, w.new("Bitmap", 1), 1, -1)("-1"), row(166, w.new("DoubleByteArray", 1), 1, 32768)(plugin.BadArgument), row(166, w.frozen(words()), 1, 1)(plugin.NoModification),
		row(166, []any{5}, 1, 6)("6"), row(166, w.new("Point"), 1, 1)(plugin.BadReceiver),

		row(156, "abc", "abc")("true"), row(156, "abc", "abd")("false"), row(156, "abc", "abcd")("false"), row(156, "abc", []byte("abc"))("true"),
		row(156, "abcd", words())(plugin.Generic), row(156, "abc", 3)(plugin.Generic), row(156, []any{}, "abc")(plugin.Generic), row(156, words(), words())("true"),

		row(158, "abc", "abd")("-1"), row(158, "abd", "abc")("1"), row(158, "abc", "abc")("0"), row(158, "abcd", "ab")("2"), row(158, "", "ab")("-2"),
		row(158, "a", "z", order(func(b int) byte { return byte(255 - b) }))("25"), row(158, "A", "a", order(func(b int) byte { return byte(b | 32) }))("0"),
		row(158, "a", 3)(plugin.BadArgument), row(158, 3, "a")(plugin.BadArgument), row(158, "a", "b", []byte{1})(plugin.BadArgument), row(158, "a", "b", 3)(plugin.BadArgument),
		row(158, "a")(plugin.BadNumArgs), row(158, "a", "b", "c", "d")(plugin.BadNumArgs),

		row(238, w.raw("Bitmap", uint64(math.Float32bits(1.5))), 1)("1.5"), row(238, w.raw("DoubleWordArray", math.Float64bits(1e300)), 1)("1e+300"),
		row(238, w.raw("Bitmap", uint64(math.Float32bits(float32(math.Inf(-1))))), 1)("-Inf"),
		row(238, words(), 4)(plugin.BadIndex), row(238, words(), 0)(plugin.BadIndex), row(238, words(), 1.5)(plugin.BadArgument), row(238, "abcd", 1)(plugin.BadReceiver), row(238, 3, 1)(plugin.BadReceiver),
		row(239, w.new("Bitmap", 1), 1, 0.1)("0.1"), row(239, w.new("Bitmap", 1), 1, 1)(plugin.BadArgument), row(239, w.new("Bitmap", 1), 2, 0.1)(plugin.BadIndex),
		row(239, w.new("Bitmap", 1), nil, 0.1)(plugin.BadArgument), row(239, "abcd", 1, 0.1)(plugin.BadReceiver), row(239, w.frozen(words()), 1, 0.1)(plugin.NoModification),
	})
	o := w.new("Bitmap", 2)
	w.call(239, o, heap.FromInt(2), w.oop(0.1))
	w.checkOne(row(238, o, 2)("0.10000000149011612"))
	w.checkOne(row(238, o, 1)("0.0"))
	s := words()
	w.call(144, s, heap.FromInt(2), heap.FromInt(-2))
	w.assert(w.show(s) == "(Bitmap 4294901759 2 3)", "after shortAt:put: %s", w.show(s))
	// The bytes past the end stay zero.
	b := w.oop([]byte{1, 2, 3})
	w.call(145, b, heap.FromInt(255))
	w.assert(b.Word(0) == 0xFFFFFF, "filled %#x", b.Word(0))
}

func order(f func(b int) byte) []byte {
	table := make([]byte, 256)
	for i := range table {
		table[i] = f(i)
	}
	return table
}

func TestReplace(t *testing.T) {
	w := newWorld(t)
	const replace = 105
	letters := func() heap.Oop { return w.oop("abcdefghij") }
	numbers := func() heap.Oop { return w.oop([]any{1, 2, 3, 4, 5, 6}) }
	w.check([]primCase{
		row(replace, letters(), 2, 4, "xyzw", 2)("'ayzwefghij'"), row(replace, letters(), 1, 10, "0123456789", 1)("'0123456789'"),
		row(replace, letters(), 3, 2, "", 1)("'abcdefghij'"), row(replace, w.frozen(letters()), 3, 2, "", 1)("'abcdefghij'"),
		row(replace, letters(), 9, 2, "", 77)("'abcdefghij'"),
		row(replace, letters(), 0, 2, "xyz", 1)(plugin.BadIndex), row(replace, letters(), 10, 11, "xyz", 1)(plugin.BadIndex),
		row(replace, letters(), 1, 2, "xyz", 0)(plugin.BadIndex), row(replace, letters(), 1, 2, "xyz", 3)(plugin.BadIndex),
		row(replace, letters(), 1, heap.MaxSmallInt, "xyz", 1)(plugin.BadIndex), row(replace, letters(), heap.MinSmallInt, heap.MaxSmallInt, "xyz", 1)(plugin.BadIndex),
		row(replace, letters(), 1, 2, "xyz", heap.MaxSmallInt)(plugin.BadIndex), row(replace, letters(), 1, 1, "xyz", heap.MinSmallInt)(plugin.BadIndex),
		row(replace, letters(), 1, 2, w.raw("Bitmap", 1, 2, 3), 1)(plugin.Inappropriate), row(replace, letters(), 1, 2, []any{1, 2}, 1)(plugin.Inappropriate),
		row(replace, letters(), 1, 2, []byte{65, 66}, 1)("'ABcdefghij'"),
		row(replace, letters(), nil, 2, "xyz", 1)(plugin.BadArgument), row(replace, letters(), 1, nil, "xyz", 1)(plugin.BadArgument),
		row(replace, letters(), 1, 2, 3, 1)(plugin.BadArgument), row(replace, letters(), 1, 2, "xyz", nil)(plugin.BadArgument), row(replace, 3, 1, 2, "xyz", 1)(plugin.Inappropriate),
		row(replace, w.frozen(letters()), 1, 2, "xyz", 1)(plugin.NoModification), row(replace, w.method(0), 1, 1, w.method(0), 1)(plugin.Inappropriate),
		row(replace, letters(), 1, 2, "xyz")(plugin.BadArgument),
		row(replace, nil, letters(), 1, 2, "xyz", 1)("'xycdefghij'"),

		row(replace, w.raw("DoubleByteArray", 1, 2, 3), 2, 3, w.raw("DoubleByteArray", 7, 8, 9, 10, 11), 4)("(DoubleByteArray 1 10 11)"),
		row(replace, w.raw("Bitmap", 1, 2, 3), 1, 2, w.raw("WideString", 7, 8), 1)("(Bitmap 7 8 3)"),
		row(replace, w.raw("DoubleWordArray", 1, 2, 3), 3, 3, w.raw("DoubleWordArray", 7), 1)("(DoubleWordArray 1 2 7)"),

		row(replace, numbers(), 2, 3, []any{"a", "b"}, 1)("(Array 1 'a' 'b' 4 5 6)"), row(replace, numbers(), 6, 7, numbers(), 1)(plugin.BadIndex),
		row(replace, w.variable("n", 1, 2, 3), 2, 3, w.variable("m", 7, 8, 9), 1)("(Variable 'n' 1 7 8)"),
		row(replace, w.variable("n", 1, 2, 3), 2, 4, w.variable("m", 7, 8, 9), 1)(plugin.BadIndex), row(replace, w.variable("n", 1, 2, 3), 1, 3, w.variable("m", 7, 8, 9), 2)(plugin.BadIndex),
		row(replace, numbers(), 1, 1, w.variable("m", 7, 8, 9), 1)(plugin.Inappropriate), row(replace, w.new("Point"), 1, 1, w.new("Point"), 1)(plugin.BadIndex),
		row(replace, w.new("WeakArray", 2), 2, 2, numbers(), 5)("(WeakArray nil 5)"), row(replace, numbers(), 1, 2, w.new("WeakArray", 2), 1)("(Array nil nil 3 4 5 6)"),
		row(replace, w.new("WeakNamed", 2), 2, 2, numbers(), 5)("(WeakNamed nil nil 5)"),
	})
	// Copying within one object: to lower indices moves, to higher ones repeats.
	self := func(o heap.Oop, start, stop, from int) string {
		r, f := w.call(replace, o, w.oop(start), w.oop(stop), o, w.oop(from))
		if f != plugin.OK {
			t.Fatal(f)
		}
		return w.show(r)
	}
	for _, c := range []struct{ got, want string }{
		{self(letters(), 1, 5, 3), "'cdefgfghij'"},
		{self(letters(), 3, 10, 1), "'ababababab'"},
		{self(letters(), 2, 10, 1), "'aaaaaaaaaa'"},
		{self(letters(), 5, 9, 2), "'abcdbcdbcj'"},
		{self(letters(), 3, 6, 3), "'abcdefghij'"},
		{self(numbers(), 2, 6, 1), "(Array 1 1 1 1 1 1)"},
		{self(numbers(), 1, 5, 2), "(Array 2 3 4 5 6 6)"},
		{self(w.raw("DoubleByteArray", 1, 2, 3, 4, 5, 6, 7), 4, 7, 2), "(DoubleByteArray 1 2 3 2 3 2 3)"},
	} {
		if c.got != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
	w.check([]primCase{
		row(168, w.oop([]any{1, 2}), []any{"a", 3})("(Array 'a' 3)"), row(168, "abc", "xyz")("'xyz'"), row(168, []any{1}, []any{1, 2})(plugin.BadArgument),
		row(168, "abc", []byte("abc"))(plugin.BadArgument), row(168, 3, 4)(plugin.BadReceiver), row(168, []any{1}, 4)(plugin.BadArgument), row(168, w.method(0), w.method(0))(plugin.BadReceiver),
		row(168, w.frozen(w.oop("abc")), "xyz")(plugin.NoModification), row(168, "abc")(plugin.BadNumArgs), row(168, nil, "abc", "xyz")("'xyz'"),
	})
}
