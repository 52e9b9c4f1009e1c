package interp

import (
	"math"
	"strconv"
	"testing"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

func TestNew(t *testing.T) {
	w := newWorld(t)
	array, bytes := w.class("Array"), w.class("ByteArray")
	method := w.class("CompiledMethod")
	header := w.selfs.Slot(0)
	w.check([]primCase{
		row(70, w.class("Point"))("(Point nil nil)"), row(70, w.class("Object"))("(Object)"), row(70, w.class("Ephemeron"))("(Ephemeron nil nil nil)"),
		row(70, array)(plugin.BadReceiver), row(70, bytes)(plugin.BadReceiver), row(70, w.class("WeakArray"))(plugin.BadReceiver), row(70, w.class("SmallInteger"))(plugin.BadReceiver),
		row(70, method)(plugin.BadReceiver), row(70, 3)(plugin.BadReceiver), row(70, "abc")(plugin.BadReceiver), row(70, nil)(plugin.BadReceiver),
		row(70, []any{1, 2, 3})(plugin.BadReceiver), row(70, []any{1, 2, 1 << 16})(plugin.BadReceiver), // no classes
		row(70, nil, w.class("Point"))("(Point nil nil)"),

		row(71, array, 2)("(Array nil nil)"), row(71, array, 0)("(Array)"), row(71, w.class("Variable"), 1)("(Variable nil nil)"), row(71, w.class("WeakNamed"), 1)("(WeakNamed nil nil)"),
		row(71, bytes, 5)("(ByteArray 0 0 0 0 0)"), row(71, w.class("Bitmap"), 3)("(Bitmap 0 0 0)"), row(71, w.class("DoubleByteArray"), 3)("(DoubleByteArray 0 0 0)"),
		row(71, w.class("DoubleWordArray"), 2)("(DoubleWordArray 0 0)"), row(71, w.class("Point"), 0)("(Point nil nil)"), row(71, w.class("Point"), 1)(plugin.BadReceiver),
		row(71, array, -1)(plugin.BadArgument), row(71, array, nil)(plugin.BadArgument), row(71, array, 1.5)(plugin.BadArgument), row(71, array)(plugin.BadArgument),
		row(71, array, w.big("0xFFFFFFFFFFFFFFFF"))(plugin.NoMemory), row(71, array, w.big("0x10000000000000000"))(plugin.BadArgument), row(71, array, w.big("-0x10000000000000000"))(plugin.BadArgument),
		row(71, array, heap.MaxSmallInt)(plugin.NoMemory), row(71, bytes, heap.MaxSmallInt)(plugin.NoMemory), row(71, array, 1<<40)(plugin.NoMemory), row(71, array, 1<<39)(plugin.NoMemory),
		row(71, method, 10)(plugin.BadReceiver), row(71, w.class("Character"), 1)(plugin.BadReceiver), row(71, "abc", 1)(plugin.BadReceiver),
		row(71, w.class("BoxedFloat64"), 2)("0.0 not normalized"), row(71, w.class("BoxedFloat64"), 1)(plugin.BadArgument), row(71, nil, array, 1)("(Array nil)"),

		row(79, method, 5, header)("a CompiledMethod"), row(79, method, -1, header)(plugin.BadArgument), row(79, method, nil, header)(plugin.BadArgument),
		row(79, method, 5, nil)(plugin.BadArgument), row(79, array, 5, header)(plugin.BadReceiver), row(79, 3, 5, header)(plugin.BadReceiver), row(79, method, 5)(plugin.BadNumArgs),
		row(79, method, heap.MaxSmallInt, header)(plugin.NoMemory), row(79, method, 1<<39, header)(plugin.NoMemory), row(79, nil, method, 5, header)("a CompiledMethod"),

		row(580, w.class("Point"))("(Point nil nil)"), row(580, array)(plugin.BadReceiver), row(581, bytes, 3)("(ByteArray 0 0 0)"), row(581, bytes, -3)(plugin.BadArgument),
		row(581, bytes, heap.MaxSmallInt)(plugin.NoMemory), row(581, bytes)(plugin.BadNumArgs),
		row(582, bytes, 3)("(ByteArray 0 0 0)"), row(582, array, 3)(plugin.BadReceiver), row(582, bytes, nil)(plugin.BadArgument), row(582, 3, 3)(plugin.BadReceiver),
		row(583, bytes, 3)("(ByteArray 0 0 0)"), row(583, w.class("Point"), 0)(plugin.BadReceiver), row(583, bytes, heap.MaxSmallInt)(plugin.NoMemory),
		row(596, w.class("Point"))("(Point nil nil)"), row(596, bytes)(plugin.BadReceiver), row(597, array, 2)("(Array nil nil)"), row(597, array, nil)(plugin.BadArgument),
		row(598, w.class("Point"))("(Point nil nil)"), row(598, array)(plugin.BadReceiver), row(599, array, 2)("(Array nil nil)"), row(599, array, 1<<41)(plugin.NoMemory),

		row(181, w.class("Point"))("24"), row(181, w.class("Object"))("16"), row(181, array)(plugin.BadReceiver), row(181, array, 3)("32"), row(181, array, 300)("2416"), row(181, array, 0)("16"),
		row(181, bytes, 9)("24"), row(181, w.class("Variable"), 2)("32"), row(181, w.class("Point"), 0)(plugin.BadReceiver), row(181, array, -1)(plugin.BadArgument),
		row(181, array, nil)(plugin.BadArgument), row(181, array, heap.MaxSmallInt)(plugin.LimitExceeded),
		row(182, []any{1, 2, 3})("32"), row(182, w.new("Object"))("16"), row(182, 3)("0"), row(182, w.new("Array", 300))("2416"), row(182, nil, "abc")("16"),
	})
	for n, where := range map[int]string{580: "pinned", 598: "pinned", 596: "old"} {
		o, _ := w.call(n, w.class("Point"))
		w.assert(o >= w.heap.OldStart && (o.Header()&heap.PinnedBit != 0) == (where == "pinned"), "primitive %d made no %s object", n, where)
	}
	m, _ := w.call(79, method, w.oop(5), w.oop(header.Int()+2))
	w.assert(m.NumBytes() == 29 && m.Slot(1) == w.heap.Nil && m.Slot(2) == w.heap.Nil && m.Word(3) == 0, "new method has %d bytes", m.NumBytes())
}

func TestNewClassesGetAnIndex(t *testing.T) {
	w := newWorld(t)
	c := w.new("Class")
	w.heap.Store(c, heap.ClassFormat, heap.FromInt(int64(heap.FmtFixed)<<16|1))
	o, f := w.call(70, c)
	w.assert(f == plugin.OK && w.heap.ClassOf(o) == c && w.heap.IsClassInTable(c), "instance of a new class: %v", f)
	h, _ := w.call(175, c)
	w.assert(h.Int() == int64(o.ClassIndex()), "behavior hash %s, class index %d", w.show(h), o.ClassIndex())
	d := w.new("Class")
	w.heap.Store(d, heap.ClassFormat, heap.FromInt(0))
	h, f = w.call(175, d)
	w.assert(f == plugin.OK && w.heap.ClassAt(uint32(h.Int())) == d, "behavior hash of a class with no instances: %s %v", w.show(h), f)
	w.check([]primCase{
		row(175, w.class("Array"))("51"), row(175, 3)(plugin.BadReceiver), row(175, "abc")(plugin.BadReceiver), row(175, nil)(plugin.BadReceiver), row(175, nil, w.class("Array"))("51"),
		row(175, []any{1, 2, 3})(plugin.BadReceiver), row(176, nil)("4194303"),
	})
}

func TestIdentity(t *testing.T) {
	w := newWorld(t)
	a, b := w.oop("a"), w.oop("a")
	w.check([]primCase{
		row(110, a, a)("true"), row(110, a, b)("false"), row(110, 3, 3)("true"), row(110, nil, a, a)("true"), row(110, nil, a, b)("false"), row(110, a)(plugin.BadNumArgs),
		row(169, a, a)("false"), row(169, a, b)("true"), row(169, nil, a, a)("false"), row(169, a)(plugin.BadNumArgs),
		row(111, 3)("SmallInteger"), row(111, 'a')("Character"), row(111, 1.5)("SmallFloat64"), row(111, 1e300)("BoxedFloat64"), row(111, a)("ByteString"),
		row(111, []any{})("Array"), row(111, nil)("UndefinedObject"), row(111, nil, a)("ByteString"), row(111, w.class("Array"))("Class"),
		row(75, 3)(plugin.Generic), row(75, 'a')(plugin.Generic), row(75, 1.5)(plugin.Generic), row(75, nil, 4)(plugin.Generic),
		row(170, 97)("$97"), row(170, heap.MaxCharacter)("$1073741823"), row(170, heap.MaxCharacter+1)(plugin.BadReceiver), row(170, -1)(plugin.BadReceiver), row(170, a)(plugin.BadReceiver),
		row(170, nil, 97)("$97"), row(170, nil, -1)(plugin.BadArgument), row(170, nil, a)(plugin.BadArgument),
		row(171, -5)("-5"), row(171, 'a')("97"), row(171, 0.0)("0"), row(171, math.Copysign(0, -1))("-1152921504606846976"), row(171, 1.0)("571957152676052992"), row(171, a)(plugin.BadReceiver),
		row(171, nil, 'b')("98"), row(171, 1e300)(plugin.BadReceiver),
	})
	// The rotated bits of a float, by their definition.
	for _, f := range []float64{1, -2.5, 100, 0.1, -1e-38} {
		o := w.oop(f)
		want := int64(uint64(o) >> 4)
		if f < 0 {
			want = int64(uint64(o)>>4 | 0xF000_0000_0000_0000)
		}
		w.checkOne(row(171, f)(strconv.FormatInt(want, 10)))
	}
	h1, _ := w.call(75, a)
	h2, _ := w.call(75, w.heap.Nil, a)
	h3, _ := w.call(75, b)
	w.assert(h1 == h2 && h1 != h3 && h1.Int() > 0, "hashes %s %s %s", w.show(h1), w.show(h2), w.show(h3))

	w.check([]primCase{
		row(161, w.oop("fresh"))("false"), row(161, a)("true"), row(161, 3)("false"), row(161, a, 77)(w.show(h1)), row(75, a)("77"),
		row(161, a, 0)(plugin.BadArgument), row(161, a, 1<<22)(plugin.BadArgument), row(161, a, nil)(plugin.BadArgument), row(161, 3, 5)(plugin.BadReceiver),
		row(161, a, 78, false)("77"), row(161, a, 78, nil)(plugin.BadArgument), row(161, a, 78, true)(plugin.Unsupported), row(161, w.class("Array"), 78)(plugin.Unsupported),
	})
	w.check([]primCase{
		row(148, 3)("3"), row(148, 'a')("$97"), row(148, 1.5)("1.5"), row(148, "abc")("'abc'"), row(148, []any{1, "x"})("(Array 1 'x')"), row(148, nil, "abc")("'abc'"),
	})
	frozen := w.frozen(w.oop("abc"))
	w.heap.IdentityHash(frozen)
	c, _ := w.call(148, frozen)
	w.assert(c != frozen && !isImmutable(c) && c.Header().Hash() == 0, "a copy has header %#x", c.Header())
}

func TestChangeClass(t *testing.T) {
	w := newWorld(t)
	w.check([]primCase{
		row(115, w.new("Point"), w.new("Association"))("(Association nil nil)"), row(115, w.new("Point"), w.new("Semaphore"))(plugin.BadReceiver),
		row(115, w.new("Semaphore"), w.new("Point"))(plugin.BadReceiver), row(115, w.oop([]any{1, 2}), w.new("Variable", 0))("(Variable 1 2)"),
		row(115, w.oop([]any{}), w.new("Variable", 0))(plugin.BadReceiver), row(115, w.oop([]any{1}), w.new("WeakArray", 0))("(WeakArray 1)"),
		row(115, "abc", []byte{})("(ByteArray 97 98 99)"), row(115, "abc", w.new("Bitmap", 0))(plugin.BadReceiver), row(115, "abcd", w.new("Bitmap", 0))("(Bitmap 1684234849)"),
		row(115, "abcdabcd", w.new("Bitmap", 0))("(Bitmap 1684234849 1684234849)"), row(115, w.raw("Bitmap", 1, 2, 3), w.new("DoubleByteArray", 0))("(DoubleByteArray 1 0 2 0 3 0)"),
		row(115, "abcdef", w.new("DoubleByteArray", 0))("(DoubleByteArray 25185 25699 26213)"), row(115, "abcdefgh", w.new("DoubleWordArray", 0))("(DoubleWordArray 7523094288207667809)"),
		row(115, "abcd", w.new("DoubleWordArray", 0))(plugin.BadReceiver), row(115, "abc", w.new("DoubleByteArray", 0))(plugin.BadReceiver),
		row(115, "abc", []any{})(plugin.Inappropriate), row(115, []any{}, "abc")(plugin.Inappropriate), row(115, w.method(0), "abc")(plugin.Inappropriate), row(115, "abc", w.method(0))(plugin.Inappropriate),
		row(115, w.method(0), w.method(0))("a CompiledMethod"), row(115, []any{1, 2}, w.method(0))(plugin.Inappropriate),
		row(115, 3, "abc")(plugin.BadReceiver), row(115, "abc", 3)(plugin.BadArgument), row(115, w.frozen(w.oop("abc")), []byte{})(plugin.NoModification),
		row(115, "abc")(plugin.BadNumArgs), row(115, w.in.marry(w.in.fp), w.new("Variable", 0))(plugin.Inappropriate), row(115, w.new("Variable", 60), w.in.marry(w.in.fp))(plugin.Inappropriate),
		row(115, "abcdefgh", w.boxed(1))("8.540883223036124e+194"), row(115, "abcd", w.boxed(1))(plugin.BadReceiver),

		row(160, w.class("Association"), w.new("Point"))("Association"), row(160, w.class("Semaphore"), w.new("Point"))(plugin.BadArgument), row(160, w.class("Point"), 3)(plugin.BadArgument),
		row(160, w.class("SmallInteger"), w.new("Object"))(plugin.Inappropriate), row(160, "abc", w.new("Point"))(plugin.BadReceiver), row(160, w.class("Array"), "abc")(plugin.Inappropriate),
		row(160, w.class("ByteArray"), w.frozen(w.oop("abc")))(plugin.NoModification), row(160, nil, w.class("Association"), w.new("Point"))("nil"), row(160, nil, "abc", w.new("Point"))(plugin.BadArgument),
	})
	// An ephemeron that fired has the fixed format, and is armed again by its class.
	e := w.new("Ephemeron")
	e.SetHeader(e.Header()&^(heap.FormatMask<<heap.FormatShift) | heap.Header(heap.FmtFixed)<<heap.FormatShift)
	w.checkOne(row(160, w.class("Ephemeron"), e)("Ephemeron"))
	w.assert(e.Format() == heap.FmtEphemeron, "format %d", e.Format())
	if err := w.heap.Verify(); err != nil {
		t.Error(err)
	}
}

func TestProtection(t *testing.T) {
	w := newWorld(t)
	s := w.oop("abc")
	scheduler := w.in.scheduler()
	w.check([]primCase{
		row(163, s)("false"), row(163, 3)("true"), row(164, s, true)("false"), row(163, s)("true"), row(163, nil, s)("true"), row(164, s, true)("true"), row(164, nil, s, false)("true"), row(163, s)("false"),
		row(164, s, nil)(plugin.BadArgument), row(164, 3, true)(plugin.BadReceiver), row(164, s)(plugin.BadNumArgs),
		row(164, w.in.marry(w.in.fp), true)(plugin.Inappropriate), row(164, w.new("WeakArray", 1), true)(plugin.Inappropriate), row(164, w.new("Ephemeron"), true)(plugin.Inappropriate),
		row(164, w.new("Semaphore"), true)(plugin.Inappropriate), row(164, scheduler, true)(plugin.Inappropriate), row(164, scheduler.Slot(0), true)(plugin.Inappropriate),
		row(164, w.new("Process"), true)(plugin.Inappropriate), row(164, w.new("LinkedList"), true)(plugin.Inappropriate), row(164, w.new("Point"), true)("false"), row(164, w.new("Semaphore"), false)("false"),
		row(183, s)("false"), row(183, 3)(plugin.BadReceiver), row(184, 3, true)(plugin.BadReceiver), row(184, s, nil)(plugin.BadArgument), row(184, w.in.marry(w.in.fp), true)(plugin.BadReceiver),
		row(184, s)(plugin.BadNumArgs), row(183, nil, 3)(plugin.BadReceiver),
	})
	w.in.push(s)
	r, f := w.call(184, s, w.heap.True)
	w.assert(f == plugin.OK && r == w.heap.False, "setPinned: %s %v", w.show(r), f)
	s = w.heap.Follow(w.in.pop())
	w.check([]primCase{row(183, s)("true"), row(184, s, true)("true"), row(184, s, false)("true"), row(183, s)("false"), row(184, nil, s, true)("false"), row(183, s)("true")})
	w.assert(w.show(s) == "'abc'" && s >= w.heap.OldStart, "pinned is %s", w.show(s))
}

func TestBecome(t *testing.T) {
	w := newWorld(t)
	in := w.in
	pair := func() (a, b, holder heap.Oop) {
		a, b = w.oop("one"), w.oop([]any{1, 2})
		holder = w.oop([]any{a, b})
		w.heap.IdentityHash(a)
		w.heap.IdentityHash(b)
		return a, b, holder
	}
	array := func(elements ...heap.Oop) heap.Oop {
		o := w.heap.NewArray(len(elements))
		for i, e := range elements {
			w.heap.Store(o, i, e)
		}
		return o
	}
	followed := func(holder heap.Oop) string {
		return w.show(array(w.heap.Follow(holder.Slot(0)), w.heap.Follow(holder.Slot(1))))
	}
	hash := func(o heap.Oop) uint32 { return w.heap.Follow(o).Header().Hash() }

	a, b, holder := pair()
	ha, hb := hash(a), hash(b)
	_, f := w.call(128, array(a), array(b))
	w.assert(f == plugin.OK && followed(holder) == "(Array (Array 1 2) 'one')", "exchanged: %v %s", f, followed(holder))
	w.assert(hash(holder.Slot(0)) == ha && hash(holder.Slot(1)) == hb, "an exchange moved the hashes")

	a, b, holder = pair()
	ha = hash(a)
	_, f = w.call(72, array(a), array(b))
	w.assert(f == plugin.OK && followed(holder) == "(Array (Array 1 2) (Array 1 2))" && hash(b) == ha, "forwarded with hash: %v %s %d %d", f, followed(holder), hash(b), ha)

	a, b, holder = pair()
	hb = hash(b)
	_, f = w.call(248, array(a), array(b))
	w.assert(f == plugin.OK && followed(holder) == "(Array (Array 1 2) (Array 1 2))" && hash(b) == hb, "forwarded: %v %s", f, followed(holder))

	for _, copyHash := range []bool{true, false} {
		a, b, holder = pair()
		want := hash(b)
		if copyHash {
			want = hash(a)
		}
		_, f = w.call(249, array(a), array(b), w.oop(copyHash))
		w.assert(f == plugin.OK && followed(holder) == "(Array (Array 1 2) (Array 1 2))" && hash(b) == want, "249 %v: %v", copyHash, f)
	}

	// To an immediate.
	a, _, holder = pair()
	_, f = w.call(248, array(a), w.oop([]any{42}))
	w.assert(f == plugin.OK && w.show(w.heap.Follow(holder.Slot(0))) == "42", "to an immediate: %v", f)

	fresh := func() heap.Oop { return array(w.oop("x")) }
	pinned := w.heap.AllocatePinned(heap.ClassByteString, heap.FmtBytes, 1)
	for _, n := range []int{128, 72, 248} {
		w.check([]primCase{
			row(n, "abc", fresh())(plugin.BadReceiver), row(n, 3, fresh())(plugin.BadReceiver), row(n, fresh(), "abc")(plugin.BadArgument), row(n, fresh(), 3)(plugin.BadArgument),
			row(n, fresh(), []any{})(plugin.BadArgument), row(n, w.new("Variable", 1), w.new("Variable", 1))(plugin.BadReceiver), row(n, fresh())(plugin.BadNumArgs),
			row(n, []any{3}, fresh())(plugin.Inappropriate), row(n, []any{'c'}, fresh())(plugin.Inappropriate), row(n, []any{nil}, fresh())(plugin.Inappropriate),
			row(n, array(w.frozen(w.oop("x"))), fresh())(plugin.NoModification), row(n, array(pinned), fresh())(plugin.Pinned), row(n, []any{}, []any{})("(Array)"),
		})
	}
	w.check([]primCase{
		row(128, fresh(), []any{3})(plugin.Inappropriate), row(72, fresh(), []any{3})(plugin.Inappropriate), row(72, fresh(), array(w.frozen(w.oop("y"))))(plugin.Inappropriate),
		row(128, fresh(), array(w.frozen(w.oop("y"))))(plugin.NoModification), row(249, fresh(), fresh(), nil)(plugin.BadArgument), row(249, fresh(), fresh())(plugin.BadNumArgs),
	})

	// The array itself may be among the objects, and so may what lies on the stack.
	self := w.heap.NewArray(1)
	w.heap.Store(self, 0, self)
	r, f := w.call(248, self, array(w.oop("new")))
	w.assert(f == plugin.OK && w.show(r) == "'new'", "an array that forwards itself: %s %v", w.show(r), f)

	// A selector or class that becomes another is out of the method cache.
	e := in.cache.probe(8, 1)
	*e = cacheEntry{selector: 8, method: w.selfs, tag: 1}
	w.call(128, fresh(), fresh())
	w.assert(e.selector == 0, "the method cache was not flushed")

	in.fullGCNow()
	if err := w.heap.Verify(); err != nil {
		t.Error(err)
	}
}

func TestBecomeOfContexts(t *testing.T) {
	w := newWorld(t)
	in := w.in
	in.push(heap.FromInt(55))
	caller := in.marry(in.fp)
	in.push(heap.FromInt(7))
	in.activateMethod(in.nilOop, w.selfs, 0)
	in.push(heap.FromInt(66))
	running := in.marry(in.fp)
	spare, _ := w.call(148, caller)
	array := func(o heap.Oop) heap.Oop { a := w.heap.NewArray(1); w.heap.Store(a, 0, o); return a }
	for _, n := range []int{128, 72, 248} {
		w.checkOne(row(n, array(running), array(spare))(plugin.Inappropriate))
		w.checkOne(row(n, array(spare), array(running))(plugin.Inappropriate))
	}
	// The sender of the running activation turns into another context.
	w.checkOne(row(248, array(caller), array(spare))("(Array a Context)"))
	running = in.marry(in.fp)
	w.assert(in.contextSlot(running, contextSender) == spare, "the sender was not replaced")
	w.assert(in.stackAt(0) == heap.FromInt(66), "the stack holds %s", w.show(in.stackAt(0)))
	w.checkOne(row(60, spare, 1)("55"))
	in.fullGCNow()
	if err := w.heap.Verify(); err != nil {
		t.Error(err)
	}
	w.assert(in.stackAt(0) == heap.FromInt(66), "after a collection the stack holds %s", w.show(in.stackAt(0)))
}

func TestEnumeration(t *testing.T) {
	w := newWorld(t)
	first, second := w.new("Semaphore"), w.new("Semaphore")
	keep := w.oop([]any{first, second})
	w.heap.AddHandle(&keep)
	w.check([]primCase{
		row(77, w.class("WeakNamed"))(plugin.Generic), row(77, w.class("SmallInteger"))(plugin.Generic), row(77, "abc")(plugin.Generic), row(77, 3)(plugin.Generic),
		row(78, 3)(plugin.Generic), row(177, w.class("WeakNamed"))("(Array)"), row(177, "abc")(plugin.BadReceiver), row(177, 3)(plugin.BadReceiver),
		row(139, 3)(plugin.BadReceiver),
	})
	count := 0
	o, f := w.call(77, w.class("Semaphore"))
	for ; f == plugin.OK; o, f = w.call(78, o) {
		w.assert(w.heap.ClassOf(o) == w.class("Semaphore"), "an instance is %s", w.show(o))
		count++
	}
	w.assert(count == 2, "%d semaphores", count)
	all, _ := w.call(177, w.class("Semaphore"))
	w.assert(w.show(all) == w.show(keep), "all instances: %s", w.show(all))
	named, f := w.callNamed("primitiveAllInstances", w.class("Semaphore"))
	w.assert(f == plugin.OK && w.show(named) == w.show(keep), "by name: %s", w.show(named))

	// Arrays: the answer itself is not among them.
	arrays, _ := w.call(177, w.class("Array"))
	n := arrays.NumSlots()
	for i := range n {
		w.assert(isArray(arrays.Slot(i)) && arrays.Slot(i) != arrays, "an array is %s", w.show(arrays.Slot(i)))
	}
	again, _ := w.call(177, w.class("Array"))
	w.assert(again.NumSlots() == n+1, "%d arrays, then %d", n, again.NumSlots())

	objects, _ := w.call(178, w.heap.Nil)
	walked := 0
	for o, _ := w.call(138, w.heap.Nil); o.IsObject(); o, _ = w.call(139, o) {
		if o != objects {
			w.assert(walked < objects.NumSlots() && o == objects.Slot(walked), "object %d differs", walked)
			walked++
		}
	}
	w.assert(walked == objects.NumSlots(), "walked over %d of %d objects", walked, objects.NumSlots())
	last := objects.Slot(objects.NumSlots() - 1)
	for f := plugin.OK; f == plugin.OK; {
		var next heap.Oop
		if next, f = w.call(139, last); next.IsInt() {
			w.assert(next == heap.FromInt(0), "after the last object: %s", w.show(next))
			break
		}
		last = next
	}
	// An object the mourn queue holds, and none.
	w.checkOne(row(172, nil)(plugin.NotFound))
	w.heap.AddMourner(first)
	r, f := w.call(172, w.heap.Nil)
	w.assert(f == plugin.OK && r == first, "mourner %s %v", w.show(r), f)
	w.checkOne(row(172, nil)(plugin.NotFound))
}
