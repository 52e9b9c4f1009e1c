package interp

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/plugin"
)

func TestSystemPrimitives(t *testing.T) {
	w := newWorld(t)
	semaphore := w.new("Semaphore")
	point := w.new("Point")
	w.check([]primCase{
		row(112, nil, 3)(plugin.Generic), row(112, nil, true, true)(plugin.BadNumArgs),
		row(113, nil, "x")(plugin.BadArgument),
		row(121, nil)("'/home/me/test.image'"), row(121, 7, "/tmp/other.image")("7"), row(121, nil)("'/tmp/other.image'"), row(121, nil, 3)(plugin.Generic),
		row(124, 7, semaphore)("7"), row(124, 7, nil)("7"), row(124, 7, point)(plugin.BadArgument), row(124, 7, 3)(plugin.BadArgument), row(124, 7)(plugin.BadNumArgs),
		row(134, 7, semaphore)("7"), row(134, 7, point)(plugin.BadArgument),
		row(125, 7, 100000)("7"), row(125, 7, -1)(plugin.BadArgument), row(125, 7, nil)(plugin.BadArgument), row(125, 7, 1.5)(plugin.BadArgument),
		row(133, 7, 2094)("7"), row(133, 7, nil)(plugin.BadArgument),
		row(142, nil)("'/usr/lib/sista/'"),
		row(250, 7)("7"), row(251, 7, true, 10)(plugin.Unsupported), row(252, 7)("false"), row(252, 7, "x")(plugin.Unsupported), row(253, 7)(plugin.NotFound),
	})
	w.assert(w.heap.Special(specialInterrupt) == semaphore && w.heap.Special(specialLowSpace) == w.heap.Nil, "semaphores %s", w.show(w.heap.Special(specialLowSpace)))
	w.assert(w.heap.LowSpaceThreshold == 100000, "threshold %d", w.heap.LowSpaceThreshold)
	r, f := w.call(129, w.heap.Nil)
	w.assert(f == plugin.OK && r == w.heap.Specials, "special objects %v", f)
	for _, args := range [][]heap.Oop{nil, {w.heap.Nil}, {w.heap.True}, {w.heap.False}} {
		r, f = w.call(112, w.heap.Nil, args...)
		w.assert(f == plugin.OK && r.IsInt() && r.Int() > 0, "bytes left: %s %v", w.show(r), f)
	}
	free, _ := w.call(112, w.heap.Nil)
	all, _ := w.call(112, w.heap.Nil, w.heap.True)
	w.assert(free.Int() == int64(w.heap.FreeOldBytes()) && all.Int() > free.Int(), "free %s of %s", w.show(free), w.show(all))
	grown, f := w.call(180, w.heap.Nil, w.oop(1<<20))
	more, _ := w.call(112, w.heap.Nil)
	w.assert(f == plugin.OK && grown.Int() >= 1<<20 && more.Int()-free.Int() >= 1<<20, "grown by %s, free %s then %s", w.show(grown), w.show(free), w.show(more))
	w.check([]primCase{row(180, nil, -1)(plugin.BadArgument), row(180, nil, nil)(plugin.BadArgument), row(180, nil, heap.MaxSmallInt)(plugin.NoMemory)})
}

func TestQuit(t *testing.T) {
	for args, code := range map[int]int{-1: 0, 0: 0, 3: 3} {
		w := newWorld(t)
		var list []heap.Oop
		if args >= 0 {
			list = append(list, w.oop(args))
		}
		if _, f := w.call(113, w.heap.Nil, list...); f != plugin.OK {
			t.Error(f)
		}
		var quit *Quit
		w.assert(w.in.stopped && errors.As(w.in.err, &quit) && quit.Code == code, "quit with %v, want %d", w.in.err, code)
	}
}

func TestCollectingPrimitives(t *testing.T) {
	w := newWorld(t)
	kept := w.oop("kept")
	w.in.push(kept)
	for i, n := range []int{131, 130, 131} {
		scavenges, full := w.heap.Stats.Scavenges, w.heap.Stats.FullGCs
		r, f := w.call(n, w.heap.Nil)
		w.assert(f == plugin.OK && r.IsInt() && r.Int() > 0, "call %d answers %s %v", i, w.show(r), f)
		w.assert(n == 130 && w.heap.Stats.FullGCs == full+1 || n == 131 && w.heap.Stats.Scavenges > scavenges, "call %d did not collect", i)
		w.assert(w.show(w.in.stackAt(0)) == "'kept'", "the stack holds %s", w.show(w.in.stackAt(0)))
	}
	w.assert(w.in.stackAt(0) != kept, "nothing moved")
	// Collections signal the semaphore the image named.
	w.check([]primCase{row(130, nil, 1)(plugin.BadNumArgs), row(131, nil, 1)(plugin.BadNumArgs)})
	semaphore := w.new("Semaphore")
	semaphore.SetSlotRaw(semaphoreExcess, heap.FromInt(0))
	w.heap.Store(w.heap.Special(specialExternalObjects), 1, semaphore)
	if r, f := w.callNamed("primitiveSetGCSemaphore", w.oop(7), w.oop(2)); f != plugin.OK || w.show(r) != "7" {
		t.Errorf("%s %v", w.show(r), f)
	}
	w.call(131, w.heap.Nil)
	w.in.checkEvents()
	excess := w.heap.Special(specialExternalObjects).Slot(1).Slot(semaphoreExcess)
	w.assert(excess == heap.FromInt(1), "excess signals %s", w.show(excess))
}

func TestClocks(t *testing.T) {
	w := newWorld(t)
	w.clock.Step, w.clock.Offset = 0, 7200
	now := w.clock.UTC()
	array := w.new("Array", 3)
	w.check([]primCase{
		row(240, nil)(fmt.Sprint(now)), row(245, nil)(fmt.Sprint(now)), row(241, nil)(fmt.Sprint(now + 7200*1000000)), row(246, nil)(fmt.Sprint(now + 7200*1000000)),
		row(137, nil)(fmt.Sprint(now/1000000 + 7200)), row(243, 7)("7"),
		row(244, nil)(fmt.Sprintf("(Array %d 7200)", now)), row(244, nil, array)(fmt.Sprintf("(Array %d 7200 nil)", now)), row(244, nil, w.new("Point"))(fmt.Sprintf("(Point %d 7200)", now)),
		row(244, nil, w.new("Array", 1))(plugin.BadArgument), row(244, nil, "abc")(plugin.BadArgument), row(244, nil, 3)(plugin.BadArgument), row(244, nil, 1, 2)(plugin.BadNumArgs),
		row(244, nil, w.in.marry(w.in.fp))(plugin.BadArgument), row(244, nil, w.frozen(w.new("Array", 2)))(plugin.NoModification),
	})
	before, _ := w.call(135, w.heap.Nil)
	w.clock.Advance(5_000_000)
	w.checkOne(row(135, nil)(fmt.Sprint(before.Int() + 5)))
	w.clock.Advance((1<<29 - 5) * 1_000_000)
	w.checkOne(row(135, nil)(fmt.Sprint(before.Int())))
	unix := w.clock.UTC() - host.EpochSeconds*1000000
	w.checkNamed("UtcWithOffset", nil, fmt.Sprintf("(Array %d 7200)", unix))
	w.checkNamed("UtcWithOffset", []any{array}, fmt.Sprintf("(Array %d 7200 nil)", unix))
	w.checkNamed("UtcWithOffset", []any{3}, plugin.BadArgument)
	w.checkNamed("HighResClock", nil, fmt.Sprint(w.clock.Monotonic()))
	w.checkNamed("MillisecondClockMask", nil, "536870911")
}

// checkNamed calls a primitive of the VM by name on nil.
func (w *world) checkNamed(name string, args []any, want any) {
	w.t.Helper()
	var oops []heap.Oop
	for _, a := range args {
		oops = append(oops, w.oop(a))
	}
	r, f := w.callNamed("primitive"+name, w.heap.Nil, oops...)
	switch want := want.(type) {
	case plugin.Failure:
		if f != want {
			w.t.Errorf("%s: %v, want failure %v", name, f, want)
		}
	case string:
		if f != plugin.OK || w.show(r) != want {
			w.t.Errorf("%s: %s %v, want %s", name, w.show(r), f, want)
		}
	}
}

func TestDisplayPrimitives(t *testing.T) {
	w := newWorld(t)
	event := func() heap.Oop { return w.new("Array", 8) }
	form := func(elements ...any) heap.Oop { return w.oop(elements) }
	display := form(w.new("Bitmap", 4), 32, 4, 1)
	w.check([]primCase{
		row(90, nil)("(Point 0 0)"), row(91, nil, 32)("true"), row(91, nil, -8)("true"), row(91, nil, 7)("false"), row(91, nil, heap.MinSmallInt)("false"), row(91, nil, nil)(plugin.Generic),
		row(92, nil, 8, 640, 480, false)(plugin.NotFound), row(93, 7, 5)("7"), row(93, 7, nil)(plugin.BadArgument),
		row(94, 7, event())("7"), row(94, nil, w.new("Array", 7))(plugin.BadArgument), row(94, nil, "12345678")(plugin.BadArgument), row(94, nil, 3)(plugin.BadArgument), row(94, nil, w.frozen(event()))(plugin.NoModification),
		row(95, nil)("0"), row(101, 7)("7"), row(101, 7, nil)("7"), row(103, nil)(plugin.NotFound),
		row(102, display)("(Array (Bitmap 0 0 0 0) 32 4 1)"), row(102, form(1, 32, 4, 1))("(Array 1 32 4 1)"), row(102, form(nil, 32, 4, 1))(plugin.BadReceiver), row(102, form(1, 2, 3))(plugin.BadReceiver),
		row(102, form(1, nil, 4, 1))(plugin.BadReceiver), row(102, form(1, 2, 4, 1.5))(plugin.BadReceiver), row(102, 3)(plugin.BadReceiver), row(102, "abcd")(plugin.BadReceiver),
		row(106, nil)("(Point 640 480)"), row(107, nil)("0"), row(108, nil)("nil"), row(109, nil)("nil"),
		row(126, 7, true)("7"), row(126, 7, nil)(plugin.BadArgument), row(127, 7, 1, 2, 3, 4)("7"), row(127, 7, 1, 2, 3, nil)(plugin.BadArgument), row(127, 7, 1)(plugin.BadNumArgs),
		row(140, 7)("7"), row(141, nil)("''"), row(141, 7, "text")("7"), row(141, nil)("'text'"), row(141, nil, 3)(plugin.BadArgument),
		row(231, 7)("7"), row(232, nil)(plugin.Unsupported), row(233, 7, false)("7"), row(233, 7, 3)(plugin.BadArgument),
	})
	w.call(102, display)
	w.assert(w.heap.Special(specialDisplay) == display, "the display is %s", w.show(w.heap.Special(specialDisplay)))
	e := event()
	w.call(94, w.heap.Nil, e)
	w.assert(w.show(e) == "(Array 0 0 0 0 0 0 0 0)", "event %s", w.show(e))
	w.checkNamed("SetWindowSize", []any{320, 200}, "nil")
	w.checkOne(row(106, nil)("(Point 320 200)"))
	w.checkNamed("SetWindowSize", []any{-1, 200}, plugin.BadArgument)
	w.checkNamed("GetWindowSize", nil, "(Point 320 200)")
	none := newWorld(t, func(o *Options) { o.Header.ScreenSize = 0 })
	none.checkOne(row(106, nil)("(Point 800 600)"))
}

func TestAttributes(t *testing.T) {
	w := newWorld(t)
	w.check([]primCase{
		row(149, nil, 0)("'/usr/lib/sista/sista'"), row(149, nil, 1)("'/home/me/test.image'"), row(149, nil, 2)("'one'"), row(149, nil, 3)("'two'"), row(149, nil, 4)(plugin.Generic),
		row(149, nil, -1)("'--headless'"), row(149, nil, -2)(plugin.Generic), row(149, nil, heap.MinSmallInt)(plugin.Generic), row(149, nil, heap.MaxSmallInt)(plugin.Generic),
		row(149, nil, 1004)("'Sista 1'"), row(149, nil, 1005)("'null'"), row(149, nil, 1006)("'Sista 1'"), row(149, nil, 1007)("'Sista interpreter Sista 1'"), row(149, nil, 1008)(plugin.Generic),
		row(149, nil, 1009)("'Sista 1'"), row(149, nil, 1201)(plugin.Generic), row(149, nil, 10001)(plugin.Generic), row(149, nil, nil)(plugin.Generic), row(149, nil, 1.5)(plugin.Generic), row(149, nil)(plugin.BadNumArgs),
	})
	for _, id := range []int{1001, 1002, 1003} {
		r, f := w.call(149, w.heap.Nil, w.oop(id))
		w.assert(f == plugin.OK && len(w.heap.StringValue(r)) > 2, "attribute %d: %s %v", id, w.show(r), f)
	}
}

func TestParameters(t *testing.T) {
	w := newWorld(t)
	all, f := w.call(254, w.heap.Nil)
	w.assert(f == plugin.OK && isArray(all) && all.NumSlots() == 86, "all parameters: %v", f)
	want := map[int]string{4: "nil", 5: "nil", 40: "8", 41: "68021", 46: "nil", 48: "0", 50: "nil", 55: "0.3333333333333333", 65: "35", 66: fmt.Sprint(pageBytes), 75: "true", 76: "-1", 77: "false", 86: "false"}
	for i := 1; i <= 86; i++ {
		one, f := w.call(254, w.heap.Nil, w.oop(i))
		w.assert(f == plugin.OK, "parameter %d: %v", i, f)
		if s, ok := want[i]; ok {
			w.assert(w.show(one) == s, "parameter %d is %s, want %s", i, w.show(one), s)
			w.assert(w.show(all.Slot(i-1)) == s, "parameter %d among all is %s, want %s", i, w.show(all.Slot(i-1)), s)
		}
		w.assert(one == w.heap.Nil || one.IsInt() || isFloat(one) || one == w.heap.True || one == w.heap.False, "parameter %d is %s", i, w.show(one))
	}
	w.check([]primCase{
		row(254, nil, 0)(plugin.BadIndex), row(254, nil, 87)(plugin.BadIndex), row(254, nil, nil)(plugin.BadArgument), row(254, nil, 1.5)(plugin.BadArgument), row(254, nil, -1)(plugin.BadIndex),
		row(254, nil, heap.MaxSmallInt)(plugin.BadIndex), row(254, nil, 0, 1)(plugin.BadIndex), row(254, nil, 1, 2, 3)(plugin.BadNumArgs),
		row(254, nil, 1, 5)(plugin.Inappropriate), row(254, nil, 4, 5)(plugin.Inappropriate), row(254, nil, 40, 5)(plugin.Inappropriate), row(254, nil, 65, 0)(plugin.Inappropriate),
	})
	// Each that can be set answers the old value, keeps the new one, and refuses others.
	type setting struct{ i, value, kind, beyond any }
	for _, s := range []setting{
		{6, 100, "x", -1}, {11, 50, 1.5, -1}, {12, 3, nil, -1}, {23, 4096, nil, 1 << 32}, {24, 1 << 20, nil, -1}, {25, 1 << 20, nil, -1}, {26, 20, nil, -1},
		{43, 30, nil, 65536}, {45, 1 << 22, nil, 1 << 32}, {47, 2048 * 1024, nil, 1 << 40}, {48, 0x3FF, nil, 0x400}, {49, 512, nil, 65536}, {55, 0.5, nil, -1.0}, {67, 1 << 32, nil, -1},
		{74, 5, nil, -1}, {75, false, 3, nil}, {77, true, 3, nil}, {79, 130, nil, 65536}, {86, true, nil, nil},
	} {
		old, _ := w.call(254, w.heap.Nil, w.oop(s.i))
		w.checkOne(row(254, nil, s.i, s.value)(w.show(old)))
		w.checkOne(row(254, nil, s.i)(w.show(w.oop(s.value))))
		w.checkOne(row(254, nil, s.i, s.kind)(plugin.BadArgument))
		if s.beyond != nil {
			w.checkOne(row(254, nil, s.i, s.beyond)(plugin.Inappropriate))
		}
		w.checkOne(row(254, nil, s.i)(w.show(w.oop(s.value))))
	}
	h := w.in.opts.Header
	w.assert(h.Flags == 0x3FF<<2|2 && w.heap.QueueBereavedWeaklings && h.MaxExtSemTabSize == 512 && h.EdenBytes == 1<<22 && h.CodeSizeKiB == 2048 &&
		h.StackPages == 30 && h.ExtraVMMemory == 4096 && h.ImageVersion == 130, "header %+v", h)
	w.assert(w.heap.GrowthRatio == 0.5 && w.heap.MaxHeap == 1<<32 && w.heap.GrowHeadroom == 1<<20 && w.heap.ShrinkThreshold == 1<<20, "heap settings")
	w.in.fullGCNow()
	w.in.scavengeNow()
	w.check([]primCase{row(254, nil, 7)("1"), row(254, nil, 9)(fmt.Sprint(w.heap.Stats.Scavenges)), row(254, nil, 54)(fmt.Sprint(w.heap.FreeOldBytes()))})
}

func TestModulelessPrimitives(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		name string
		args []any
		want any
	}{
		{"BytecodeSetsAvailable", nil, "(Array 'EncoderForV3PlusClosures' 'EncoderForSistaV1')"}, {"BytecodeSetsAvailable", []any{1}, plugin.BadNumArgs},
		{"MultipleBytecodeSetsActive", nil, "false"}, {"ImageFormatVersion", nil, "68021"},
		{"MultipleBytecodeSetsActive", []any{true}, "true"}, {"MultipleBytecodeSetsActive", nil, "true"}, {"ImageFormatVersion", nil, "68533"},
		{"MultipleBytecodeSetsActive", []any{3}, plugin.BadArgument}, {"MultipleBytecodeSetsActive", []any{false}, "false"}, {"ImageFormatVersion", nil, "68021"},
		{"CompareBytes", []any{"a"}, plugin.Generic}, {"CompareWith", []any{"a"}, plugin.BadArgument},
		{"DisablePowerManager", nil, "nil"}, {"EventProcessingControl", nil, "false"}, {"EventProcessingControl", []any{true}, "false"}, {"EventProcessingControl", []any{1}, plugin.BadArgument},
		{"ExternalCallNoOp", nil, "nil"}, {"FastCNoOp", nil, "nil"}, {"FastCNoOpAlignedForFloats", nil, "nil"}, {"VoidReceiver", nil, "nil"},
		{"GetWindowLabel", nil, "'/home/me/test.image'"}, {"SetWindowLabel", []any{"x"}, "nil"}, {"SetWindowLabel", []any{3}, plugin.BadArgument},
		{"Getenv", []any{"HOME"}, "'value of HOME'"}, {"Getenv", []any{"NOTHING"}, "nil"}, {"Getenv", []any{3}, plugin.BadArgument}, {"Getenv", nil, plugin.BadNumArgs},
		{"InterpreterSourceVersion", nil, "'Sista 1'"}, {"PlatformSourceVersion", nil, "'Sista 1'"}, {"VMVersion", nil, "'Sista 1'"},
		{"IsBigEnder", nil, "false"}, {"IsWindowObscured", nil, "false"}, {"ScreenDepth", nil, "32"}, {"ScreenScaleFactor", nil, "1.0"},
		{"SetGCBiasToGrow", []any{1}, "nil"}, {"SetGCBiasToGrow", []any{"x"}, plugin.BadArgument}, {"SetGCBiasToGrowGCLimit", []any{1}, "nil"},
		{"SetGCSemaphore", []any{nil}, plugin.BadArgument}, {"LongRunningPrimitive", nil, "nil"}, {"ResetCountersInMethod", nil, "nil"},
		{"ProfileStart", nil, plugin.Unsupported}, {"ClockLogAddresses", []any{true}, plugin.Unsupported}, {"LongRunningPrimitiveSemaphore", []any{nil}, plugin.Unsupported},
		{"AllObjects", []any{1, 2}, plugin.BadNumArgs}, {"AllInstances", nil, plugin.BadReceiver},
		{"SameThreadCallout", []any{1, 2}, plugin.Unsupported}, {"FFIAllocate", []any{1}, plugin.Unsupported},
	} {
		w.checkNamed(c.name, c.args, c.want)
	}
	w.assert(strings.Contains(w.in.call.Reason, "primitiveFFIAllocate"), "reason %q", w.in.call.Reason)
	r, f := w.callNamed("primitiveGetCurrentWorkingDirectory", w.heap.Nil)
	w.assert(f == plugin.OK && strings.HasPrefix(w.heap.StringValue(r), "/"), "working directory %s %v", w.show(r), f)
	r, f = w.callNamed("primitiveCompareWith", w.oop("a"), w.oop("b"))
	w.assert(f == plugin.OK && w.show(r) == "-1", "CompareWith %s %v", w.show(r), f)
}

// TestNoMemory holds that a primitive that finds no memory fails for that reason.
func TestNoMemory(t *testing.T) {
	w := newWorld(t)
	full := w.oop("full")
	big := w.raw("DoubleWordArray", 1<<63)
	ctx := w.in.marry(w.in.fp)
	array := w.new("Array", 2)
	bytes := w.oop([]byte{1, 2, 3, 4, 5, 6, 7, 0xF0})
	floats := []heap.Oop{w.boxed(1e300), w.boxed(1e-5)}
	maxHeap := w.heap.OldBytes() + w.heap.NewSpaceBytes()
	w.heap.MaxHeap = maxHeap
	for _, slots := range []int{60000, 1000, 1} {
		for w.heap.Allocate(heap.ClassArray, heap.FmtArray, slots) != heap.Invalid {
		}
	}
	point, header := w.class("Point"), w.selfs.Slot(0)
	w.check([]primCase{
		row(70, point)(plugin.NoMemory), row(71, w.class("Array"), 5)(plugin.NoMemory), row(79, w.class("CompiledMethod"), 5, header)(plugin.NoMemory), row(148, full)(plugin.NoMemory),
		row(148, ctx)(plugin.NoMemory), row(18, 1, 2)(plugin.NoMemory), row(60, big, 1)(plugin.NoMemory), row(173, big, 1)(plugin.NoMemory), row(165, big, 1)(plugin.NoMemory),
		row(21, heap.MaxSmallInt, heap.MaxSmallInt)(plugin.NoMemory), row(17, 1, 61)(plugin.NoMemory), row(41, floats[0], 1)(plugin.NoMemory), row(41, floats[1], 1)("1.00001"),
		row(121, nil)(plugin.NoMemory), row(149, nil, 1)(plugin.NoMemory), row(177, point)(plugin.NoMemory), row(178, nil)(plugin.NoMemory), row(244, nil)(plugin.NoMemory),
		row(254, nil)(plugin.NoMemory), row(106, nil)(plugin.NoMemory), row(141, nil)(plugin.NoMemory), row(607, bytes, 0)(plugin.NoMemory), row(609, bytes, 0)(plugin.NoMemory),
		row(596, point)(plugin.NoMemory), row(598, point)(plugin.NoMemory), row(180, nil, 1<<30)(plugin.NoMemory), row(184, array, true)(plugin.NoMemory),
		row(238, w.heap.Specials, 1)(plugin.BadReceiver),
	})
	w.assert(w.show(array) == "(Array nil nil)", "the array is %s", w.show(array))
}
