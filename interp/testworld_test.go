package interp

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/host/hostos"
	"github.com/sista-vm/sista/plugin"
)

// world is an interpreter on a heap built by hand: the classes the VM knows, a few
// more of every shape, a scheduler, and one process about to run a method that
// returns its receiver. It has no Smalltalk code.
type world struct {
	t       testing.TB
	in      *Interp
	heap    *heap.Heap
	clock   *host.VirtualClock
	classes map[string]heap.Oop // updated by the collector
	selfs   heap.Oop            // a method that returns its receiver
}

// Names of the classes of a world; those without a number get the next free one.
var worldClasses = []struct {
	name  string
	index uint32
	fixed int
	spec  heap.Format
}{
	{"Class", 0, 11, heap.FmtFixed},
	{"Object", 0, 0, heap.FmtEmpty},
	{"UndefinedObject", 0, 0, heap.FmtEmpty},
	{"False", 0, 0, heap.FmtEmpty},
	{"True", 0, 0, heap.FmtEmpty},
	{"SmallInteger", heap.ClassSmallInteger, 0, heap.FmtForwarder},
	{"Character", heap.ClassCharacter, 0, heap.FmtForwarder},
	{"SmallFloat64", heap.ClassSmallFloat, 0, heap.FmtForwarder},
	{"LargeNegativeInteger", heap.ClassLargeNeg, 0, heap.FmtBytes},
	{"LargePositiveInteger", heap.ClassLargePos, 0, heap.FmtBytes},
	{"BoxedFloat64", heap.ClassFloat, 0, heap.FmtWords32},
	{"Message", heap.ClassMessage, 3, heap.FmtFixed},
	{"Context", heap.ClassContext, 6, heap.FmtVariable},
	{"BlockClosure", heap.ClassBlock, 3, heap.FmtVariable},
	{"FullBlockClosure", heap.ClassFullBlock, 4, heap.FmtVariable},
	{"ByteArray", heap.ClassByteArray, 0, heap.FmtBytes},
	{"Array", heap.ClassArray, 0, heap.FmtArray},
	{"ByteString", heap.ClassByteString, 0, heap.FmtBytes},
	{"Bitmap", heap.ClassBitmap, 0, heap.FmtWords32},
	{"ByteSymbol", 0, 0, heap.FmtBytes},
	{"WideString", 0, 0, heap.FmtWords32},
	{"DoubleByteArray", 0, 0, heap.FmtShorts},
	{"DoubleWordArray", 0, 0, heap.FmtWords64},
	{"CompiledMethod", 0, 0, heap.FmtMethod},
	{"MethodDictionary", 0, 2, heap.FmtVariable},
	{"Point", 0, 2, heap.FmtFixed},
	{"Association", 0, 2, heap.FmtFixed},
	{"Variable", 0, 1, heap.FmtVariable},
	{"WeakArray", 0, 0, heap.FmtWeak},
	{"WeakNamed", 0, 1, heap.FmtWeak},
	{"Ephemeron", 0, 3, heap.FmtEphemeron},
	{"LinkedList", 0, 2, heap.FmtFixed},
	{"Semaphore", 0, 3, heap.FmtFixed},
	{"Process", 0, 4, heap.FmtFixed},
	{"ProcessorScheduler", 0, 2, heap.FmtFixed},
	{"ExternalAddress", 0, 0, heap.FmtBytes},
}

// newWorld makes a world; the functions may change its options.
func newWorld(t testing.TB, change ...func(*Options)) *world {
	t.Helper()
	h, err := heap.New(heap.Config{Memory: hostos.Memory(), Window: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := h.Bootstrap(); err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, heap: h, classes: map[string]heap.Oop{}, clock: host.NewVirtualClock()}
	w.makeClasses()
	w.makeSpecials()
	opts := Options{
		ImagePath: "/home/me/test.image", VMPath: "/usr/lib/sista/sista", VMVersion: "Sista 1",
		Args: []string{"one", "two"}, VMArgs: []string{"--headless"}, StackPages: 4,
		Header: ImageHeader{Format: imageFormat, Flags: 2, ScreenSize: 640<<16 | 480},
	}
	for _, f := range change {
		f(&opts)
	}
	env := host.Environment{Lookup: func(name string) (string, bool) { return "value of " + name, name == "HOME" }}
	w.in, err = New(h, &host.Host{Clock: w.clock, Console: hostos.Console{}, Files: hostos.NewFiles(), Env: env}, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.in.Close)
	return w
}

func (w *world) makeClasses() {
	h, next := w.heap, uint32(heap.FirstFreeClass)
	classClass := next // the first one
	for _, d := range worldClasses {
		index := d.index
		if index == 0 {
			index = next
			next++
		}
		c := h.AllocateOld(classClass, heap.FmtFixed, 11)
		if c == heap.Invalid || !h.SetClassAt(index, c) {
			w.t.Fatal("no memory for classes")
		}
		h.Store(c, heap.ClassFormat, heap.FromInt(int64(d.spec)<<16|int64(d.fixed)))
		name := h.NewString(d.name)
		h.Store(c, 6, name)
		p := c
		h.AddHandle(&p)
		w.classes[d.name] = c
	}
	h.SetClassAt(heap.ClassArrayPun, w.class("Array"))
	w.class("Array").SetHeader(w.class("Array").Header()) // keeps index 51 as its hash below
	h.SetHash(w.class("Array"), heap.ClassArray)
	for name, o := range map[string]heap.Oop{"UndefinedObject": h.Nil, "False": h.False, "True": h.True} {
		o.SetClassIndex(w.class(name).Header().Hash())
	}
}

// class answers a class; classes are old and stay where they are until a full collection.
func (w *world) class(name string) heap.Oop {
	c, ok := w.classes[name]
	if !ok {
		w.t.Fatalf("no class %s", name)
	}
	return c
}

func (w *world) symbol(s string) heap.Oop {
	o := w.heap.NewString(s)
	o.SetClassIndex(w.class("ByteSymbol").Header().Hash())
	w.heap.IdentityHash(o)
	return o
}

func (w *world) makeSpecials() {
	h := w.heap
	h.Specials = h.AllocateOld(heap.ClassArray, heap.FmtArray, 60)
	for i, name := range map[int]string{4: "Bitmap", 5: "SmallInteger", 6: "ByteString", 7: "Array", 9: "BoxedFloat64",
		10: "Context", 12: "Point", 13: "LargePositiveInteger", 15: "Message", 18: "Semaphore", 19: "Character",
		26: "ByteArray", 36: "BlockClosure", 37: "FullBlockClosure", 42: "LargeNegativeInteger", 43: "ExternalAddress"} {
		h.SetSpecial(i, w.class(name))
	}
	h.SetSpecial(1, h.False)
	h.SetSpecial(2, h.True)
	for i, s := range map[int]string{20: "doesNotUnderstand:", 21: "cannotReturn:", 25: "mustBeBoolean", 34: "cannotInterpret:",
		48: "aboutToReturn:through:", 49: "run:with:in:", 50: "attemptToAssign:withIndex:", 57: "unusedBytecode"} {
		h.SetSpecial(i, w.symbol(s))
	}
	selectors := h.NewArray(64)
	for i := range 32 {
		h.Store(selectors, 2*i, w.symbol("special"+strconv.Itoa(i)))
		h.Store(selectors, 2*i+1, heap.FromInt(1))
	}
	h.SetSpecial(23, selectors)
	h.SetSpecial(38, h.NewArray(4))
	w.selfs = w.method(0, 0x58)
	h.AddHandle(&w.selfs)
	w.makeScheduler()
}

// method makes SistaV1 code with nil literals, room for a deep stack, and bytecodes.
func (w *world) method(literals int, code ...byte) heap.Oop {
	header := int64(heap.MinSmallInt) + 1<<17 + int64(literals)
	m, err := w.heap.NewMethod(w.class("CompiledMethod"), heap.FromInt(header), len(code)+8)
	if err != heap.OK {
		w.t.Fatal(err)
	}
	copy(m.Bytes()[8*(literals+1):], code)
	return m
}

func (w *world) makeScheduler() {
	h := w.heap
	ctx := h.Allocate(heap.ClassContext, heap.FmtVariable, contextFixed+largeContextSlots)
	h.Store(ctx, contextPC, heap.FromInt(9))
	h.Store(ctx, contextStackp, heap.FromInt(0))
	h.Store(ctx, contextMethod, w.selfs)
	process := w.new("Process")
	h.Store(process, processContext, ctx)
	h.Store(process, processPriority, heap.FromInt(2))
	lists := h.NewArray(4)
	for i := range 4 {
		h.Store(lists, i, w.new("LinkedList"))
	}
	scheduler := w.new("ProcessorScheduler")
	h.Store(scheduler, schedulerLists, lists)
	h.Store(scheduler, schedulerActive, process)
	assoc := w.new("Association")
	h.Store(assoc, associationValue, scheduler)
	h.SetSpecial(specialScheduler, assoc)
}

// new makes an instance, with elements for a class that has them.
func (w *world) new(class string, n ...int) heap.Oop {
	var o heap.Oop
	var err heap.AllocError
	if len(n) == 0 {
		o, err = w.heap.NewFixed(w.class(class))
	} else {
		o, err = w.heap.NewIndexed(w.class(class), n[0])
	}
	if err != heap.OK {
		w.t.Fatalf("%s new: %v", class, err)
	}
	return o
}

// words makes a raw object of a class with elements of any size.
func (w *world) raw(class string, elements ...uint64) heap.Oop {
	o := w.new(class, len(elements))
	for i, e := range elements {
		setRawAt(o, o.Format(), uint64(i), e)
	}
	return o
}

// boxed makes a boxed float of any value.
func (w *world) boxed(f float64) heap.Oop {
	o := w.heap.Allocate(heap.ClassFloat, heap.FmtWords32, 1)
	o.SetWord(0, math.Float64bits(f))
	return o
}

// big parses an integer of any size.
func (w *world) big(s string) heap.Oop {
	b, ok := new(big.Int).SetString(strings.ReplaceAll(s, "_", ""), 0)
	if !ok {
		w.t.Fatalf("no number: %s", s)
	}
	return w.heap.NewBig(b)
}

// frozen makes an object read-only.
func (w *world) frozen(o heap.Oop) heap.Oop {
	o.SetHeader(o.Header() | heap.ImmutableBit)
	return o
}

// oop makes an object of a Go value.
func (w *world) oop(v any) heap.Oop {
	switch v := v.(type) {
	case heap.Oop:
		return v
	case nil:
		return w.heap.Nil
	case bool:
		return w.heap.Bool(v)
	case int:
		return w.heap.NewInt64(int64(v))
	case int64:
		return w.heap.NewInt64(v)
	case uint64:
		return w.heap.NewUint64(v)
	case *big.Int:
		return w.heap.NewBig(v)
	case float64:
		return w.heap.NewFloat(v)
	case rune:
		return heap.FromChar(uint32(v))
	case string:
		return w.heap.NewString(v)
	case []byte:
		return w.heap.NewBytes(v)
	case []any:
		a := w.heap.NewArray(len(v))
		for i, e := range v {
			w.heap.Store(a, i, w.oop(e))
		}
		return a
	}
	w.t.Fatalf("no object for a %T", v)
	return heap.Invalid
}

// show describes an object so that equal ones look equal and others do not.
func (w *world) show(o heap.Oop) string {
	if o != heap.Invalid {
		o = w.heap.Follow(o)
	}
	switch {
	case o == heap.Invalid:
		return "INVALID"
	case o == w.heap.Nil:
		return "nil"
	case o == w.heap.True:
		return "true"
	case o == w.heap.False:
		return "false"
	case o.IsChar():
		return fmt.Sprintf("$%d", o.Char())
	case o.IsInt():
		return strconv.FormatInt(o.Int(), 10)
	}
	if f, ok := w.heap.FloatValue(o); ok {
		s := strconv.FormatFloat(f, 'g', -1, 64)
		if !strings.ContainsAny(s, ".eIN") {
			s += ".0"
		}
		if _, small := heap.FromSmallFloat(f); small != o.IsSmallFloat() {
			s += " not normalized"
		}
		return s
	}
	if b, ok := w.heap.BigValue(o); ok {
		if b.IsInt64() && heap.FitsInt(b.Int64()) || o.Bytes()[o.NumBytes()-1] == 0 {
			return b.String() + " not normalized"
		}
		return b.String()
	}
	name := w.heap.StringValue(w.heap.ClassOf(o).Slot(6))
	switch f := o.Format(); {
	case f.IsBytes() && o.ClassIndex() == heap.ClassByteString:
		return "'" + string(o.Bytes()) + "'"
	case f.IsBits():
		parts := []string{name}
		for i := range rawLength(o, f) {
			parts = append(parts, strconv.FormatUint(rawAt(o, f, i), 10))
		}
		return "(" + strings.Join(parts, " ") + ")"
	case f.IsPointers() && o.ClassIndex() != heap.ClassContext && name != "Class":
		parts := []string{name}
		for i := range o.NumSlots() {
			parts = append(parts, w.show(o.Slot(i)))
		}
		return "(" + strings.Join(parts, " ") + ")"
	}
	if name == "Class" {
		return w.heap.StringValue(o.Slot(6))
	}
	return "a " + name
}

// call calls a numbered primitive the way a send does. A failure must leave the
// stack as it was.
func (w *world) call(n int, rcvr heap.Oop, args ...heap.Oop) (heap.Oop, plugin.Failure) {
	w.t.Helper()
	return w.perform(func(argc int) plugin.Failure { return w.in.callPrimitive(uint16(n), w.selfs, argc) }, rcvr, args...)
}

// callNamed calls a primitive of the VM by name.
func (w *world) callNamed(name string, rcvr heap.Oop, args ...heap.Oop) (heap.Oop, plugin.Failure) {
	w.t.Helper()
	p := w.in.moduleless[name]
	if p == nil {
		return heap.Invalid, plugin.NotFound
	}
	return w.perform(func(argc int) plugin.Failure {
		c := &w.in.call
		c.Begin(w.in.sp+8*uint64(argc), argc)
		r, f := p(w.in, c)
		if f == plugin.OK {
			w.in.drop(argc)
			w.in.stackPut(0, r)
		}
		return f
	}, rcvr, args...)
}

func (w *world) perform(call func(argc int) plugin.Failure, rcvr heap.Oop, args ...heap.Oop) (heap.Oop, plugin.Failure) {
	w.t.Helper()
	in := w.in
	in.push(rcvr)
	for _, a := range args {
		in.push(a)
	}
	before := in.sp
	f := call(len(args))
	if f != plugin.OK {
		if in.sp != before || in.stackAt(len(args)) != rcvr {
			w.t.Errorf("a failing primitive changed the stack")
		}
		for i, a := range args {
			if in.stackAt(len(args)-1-i) != a {
				w.t.Errorf("a failing primitive changed argument %d", i)
			}
		}
		in.drop(len(args) + 1)
		return heap.Invalid, f
	}
	return in.pop(), f
}

// primCase is a row of a table of calls. Want is the shown result, or a plugin.Failure.
type primCase struct {
	n    int
	rcvr any
	args []any
	want any
}

func (w *world) check(cases []primCase) {
	w.t.Helper()
	for _, c := range cases {
		w.checkOne(c)
	}
}

func (w *world) checkOne(c primCase) {
	w.t.Helper()
	rcvr := w.oop(c.rcvr)
	args := make([]heap.Oop, len(c.args))
	shown := ""
	for i, a := range c.args {
		args[i] = w.oop(a)
		shown += " " + w.show(args[i])
	}
	shown = fmt.Sprintf("primitive %d of %s with%s", c.n, w.show(rcvr), shown)
	r, f := w.call(c.n, rcvr, args...)
	switch want := c.want.(type) {
	case plugin.Failure:
		if f != want {
			w.t.Errorf("%s: %s (%v), want failure %v", shown, w.show(r), f, want)
		}
	case string:
		if f != plugin.OK {
			w.t.Errorf("%s: failure %v, want %s", shown, f, want)
		} else if got := w.show(r); got != want {
			w.t.Errorf("%s: %s, want %s", shown, got, want)
		}
	default:
		w.t.Fatalf("bad want %T", c.want)
	}
}

func row(n int, rcvr any, args ...any) func(want any) primCase {
	return func(want any) primCase { return primCase{n, rcvr, args, want} }
}

// same fails the test unless a condition of the world holds.
func (w *world) assert(ok bool, format string, args ...any) {
	w.t.Helper()
	if !ok {
		w.t.Errorf(format, args...)
	}
}
