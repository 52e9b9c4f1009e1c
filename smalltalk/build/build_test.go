package build

import (
	"bytes"
	"strings"
	"testing"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host/hostos"
	"github.com/sista-vm/sista/image"
	"github.com/sista-vm/sista/smalltalk/source"
)

func units(t testing.TB, texts ...string) []source.Unit {
	t.Helper()
	var all []source.Unit
	for _, text := range texts {
		u, err := source.Read("test.st", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, u...)
	}
	return all
}

func tryBuild(t testing.TB, o Options, texts ...string) (*Image, error) {
	t.Helper()
	o.Heap = heap.Config{Memory: hostos.Memory(), Window: -1}
	m, err := Build(units(t, texts...), o)
	if err == nil {
		t.Cleanup(func() { _ = m.Close() })
		if err := m.Heap.Verify(); err != nil {
			t.Errorf("the heap is damaged: %v", err)
		}
	}
	return m, err
}

// built is an image with ways to look into it.
type built struct {
	*Image
	testing.TB
	names *image.Names
}

func build(t testing.TB, o Options, texts ...string) built {
	t.Helper()
	m, err := tryBuild(t, o, append([]string{testKernel}, texts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return built{m, t, image.NewNames(m.Heap)}
}

func (b built) class(name string) heap.Oop {
	b.Helper()
	c := b.names.Find(name)
	if c == heap.Invalid {
		b.Fatalf("no class %s", name)
	}
	return c
}

// method looks a method up as the virtual machine does.
func (b built) method(class, selector string) heap.Oop {
	b.Helper()
	h := b.Heap
	dict := b.class(class).Slot(heap.ClassMethodDict)
	size := dict.NumSlots() - 2
	for _, m := range image.Methods(h, b.class(class)) {
		if m.Selector != selector {
			continue
		}
		for i := range size {
			if key := dict.Slot(2 + i); key != h.Nil && h.StringValue(key) == selector {
				for j := int(key.Header().Hash()) & (size - 1); ; j = (j + 1) & (size - 1) {
					if dict.Slot(2+j) == key {
						return dict.Slot(1).Slot(j)
					}
					if dict.Slot(2+j) == h.Nil {
						b.Fatalf("%s >> %s is not where its hash says", class, selector)
					}
				}
			}
		}
	}
	b.Fatalf("no method %s >> %s", class, selector)
	return heap.Invalid
}

func (b built) literals(class, selector string) []heap.Oop {
	b.Helper()
	m := b.method(class, selector)
	all := make([]heap.Oop, m.Slot(0).Int()&0x7fff)
	for i := range all {
		all[i] = m.Slot(i + 1)
	}
	return all
}

// global looks a global up as a dictionary does, with a hash of the header's.
func (b built) global(name string) heap.Oop {
	b.Helper()
	return b.lookup(b.Heap.Special(specialSmalltalk), name, 0)
}

func (b built) lookup(dict heap.Oop, name string, shift int) heap.Oop {
	b.Helper()
	h := b.Heap
	array := dict.Slot(1)
	size := array.NumSlots()
	for i := range size {
		a := array.Slot(i)
		if a == h.Nil || h.StringValue(a.Slot(0)) != name {
			continue
		}
		for j := int(a.Slot(0).Header().Hash()) << shift % size; ; j = (j + 1) % size {
			if array.Slot(j) == a {
				return a
			}
			if array.Slot(j) == h.Nil {
				b.Fatalf("%s is not where its hash says", name)
			}
		}
	}
	b.Fatalf("no %s", name)
	return heap.Invalid
}

func TestClasses(t *testing.T) {
	b := build(t, Options{})
	h := b.Heap
	object, class := b.class("Object"), b.class("Class")
	if object.Slot(heap.ClassSuperclass) != h.Nil {
		t.Error("Object has a superclass")
	}
	if b.class("Object class").Slot(heap.ClassSuperclass) != class {
		t.Error("the superclass of Object class is not Class")
	}
	if b.class("Array class").Slot(heap.ClassSuperclass) != b.class("Object class") {
		t.Error("metaclasses do not inherit as their classes do")
	}
	if m := b.class("Metaclass class"); h.ClassOf(m) != b.class("Metaclass") || h.ClassOf(b.class("Metaclass")) != m {
		t.Error("Metaclass and its class are not instances of each other")
	}
	for index, name := range map[uint32]string{1: "SmallInteger", 2: "Character", 36: "Context", 37: "BlockClosure", 38: "FullBlockClosure",
		50: "ByteArray", 51: "Array", 52: "ByteString", 35: "Message", 3: "SmallInteger", 16: "Array"} {
		if h.ClassAt(index) != b.class(name) {
			t.Errorf("the class with index %d is not %s", index, name)
		}
	}
	for _, index := range []uint32{4, 32, 33, 34, 53} {
		if h.ClassAt(index) != h.Nil {
			t.Errorf("there is a class with index %d", index)
		}
	}
	h.EachClass(func(index uint32, c heap.Oop) {
		if index != 3 && (index < 16 || index > 19) && c.Header().Hash() != index {
			t.Errorf("%s at %d has the hash %d", b.names.Class(c), index, c.Header().Hash())
		}
	})
	for name, word := range map[string]int64{"Object": 0, "SmallInteger": 7 << 16, "Character": 7 << 16, "Array": 2 << 16, "Context": 3<<16 | 6,
		"ByteArray": 16 << 16, "CompiledMethod": 24 << 16, "CompiledBlock": 24 << 16, "FullBlockClosure": 3<<16 | 4, "Semaphore": 1<<16 | 3,
		"MethodDictionary": 3<<16 | 2, "Object class": 1<<16 | 11, "Metaclass class": 1<<16 | 11} {
		if got := b.class(name).Slot(heap.ClassFormat); got != heap.FromInt(word) {
			t.Errorf("format of %s: %#x, want %#x", name, got.Int(), word)
		}
	}
	if h.ClassOf(h.Nil) != b.class("UndefinedObject") || h.ClassOf(h.True) != b.class("True") || h.ClassOf(h.False) != b.class("False") {
		t.Error("nil, true and false have other classes")
	}
	field := func(class heap.Oop, i int) string { return h.StringValue(class.Slot(i)) }
	if field(object, 6) != "Object" || field(object, 10) != "Kernel" || object.Slot(9) != h.Special(specialSmalltalk) {
		t.Error("name, category or environment of Object")
	}
	if v := b.class("Association").Slot(3); v.NumSlots() != 2 || h.StringValue(v.Slot(1)) != "value" || h.ClassOf(v.Slot(1)) != b.class("ByteString") {
		t.Error("instance variables of Association")
	}
	if s := b.class("LinkedList").Slot(5); s.NumSlots() != 1 || s.Slot(0) != b.class("Semaphore") {
		t.Error("subclasses of LinkedList")
	}
	if b.class("Object class").Slot(5) != object {
		t.Error("thisClass of Object class")
	}
	if o := b.lookup(b.class("Console class").Slot(4), "show:", 0); h.StringValue(o.Slot(1)) != "printing" {
		t.Errorf("category %q", h.StringValue(o.Slot(1)))
	}
	if b.Classes != 29 || b.Methods != 21 {
		t.Errorf("%d classes, %d methods", b.Classes, b.Methods)
	}
}

func TestSpecialObjects(t *testing.T) {
	b := build(t, Options{Globals: []string{"Transcript"}})
	h := b.Heap
	if h.Specials.NumSlots() != 60 || h.Special(0) != h.Nil || h.Special(1) != h.False || h.Special(2) != h.True {
		t.Error("the special objects do not begin with nil, false, true")
	}
	for i, name := range map[int]string{5: "SmallInteger", 6: "ByteString", 7: "Array", 10: "Context", 15: "Message", 18: "Semaphore",
		19: "Character", 26: "ByteArray", 27: "Process", 36: "BlockClosure", 37: "FullBlockClosure", 40: "LinkedList"} {
		if h.Special(i) != b.class(name) {
			t.Errorf("special object %d is not %s", i, name)
		}
	}
	for _, i := range []int{4, 9, 12, 13, 14, 22, 24, 28, 29, 39, 42, 58} {
		if h.Special(i) != h.Nil {
			t.Errorf("special object %d is not nil", i)
		}
	}
	for i, selector := range map[int]string{20: "doesNotUnderstand:", 21: "cannotReturn:", 25: "mustBeBoolean", 34: "cannotInterpret:",
		48: "aboutToReturn:through:", 49: "run:with:in:", 50: "attemptToAssign:withIndex:", 57: "unusedBytecode"} {
		if s := h.Special(i); h.StringValue(s) != selector || h.ClassOf(s) != b.class("Symbol") || s.Header().Hash() == 0 {
			t.Errorf("special object %d is %q", i, h.StringValue(s))
		}
	}
	selectors := h.Special(23)
	if selectors.NumSlots() != 64 {
		t.Fatalf("%d slots of special selectors", selectors.NumSlots())
	}
	for i, want := range map[int]string{0: "+ 1", 10: "\\\\ 1", 12: "bitShift: 1", 17: "at:put: 2", 22: "== 1", 23: "class 0", 24: "~~ 1", 27: "do: 1", 28: "new 0", 31: "y 0"} {
		if got := h.StringValue(selectors.Slot(2*i)) + " " + string(rune('0'+selectors.Slot(2*i+1).Int())); got != want {
			t.Errorf("special selector %d is %q, want %q", i, got, want)
		}
	}
	errors := h.Special(51)
	if errors.NumSlots() != 24 || errors.Slot(0) != h.Nil || h.StringValue(errors.Slot(7)) != "no modification" || h.StringValue(errors.Slot(23)) != "operation failed" {
		t.Error("the table of primitive errors")
	}
	if e := errors.Slot(20); h.ClassOf(e) != b.class("PrimitiveError") || h.StringValue(e.Slot(0)) != "operating system error" {
		t.Error("the error of the operating system")
	}
	if s := h.Special(17); h.ClassOf(s) != b.class("Semaphore") || s.Slot(2) != heap.FromInt(0) {
		t.Error("the low-space semaphore")
	}
	if b.global("Smalltalk").Slot(1) != h.Special(8) || b.global("Processor") != h.Special(3) || b.global("Array").Slot(1) != b.class("Array") {
		t.Error("globals")
	}
	if b.global("Transcript").Slot(1) != h.Nil {
		t.Error("a global that was asked for is not nil")
	}
}

func TestStartProcess(t *testing.T) {
	b := build(t, Options{Startup: "| a b | a := 3. b := a. Console show: 'x'", InitializeClasses: true, KeepSource: true})
	h := b.Heap
	scheduler := h.Special(specialProcessor).Slot(1)
	if lists := scheduler.Slot(0); lists.NumSlots() != 80 || h.ClassOf(lists.Slot(79)) != b.class("LinkedList") {
		t.Error("run queues")
	}
	p := scheduler.Slot(1)
	ctx := p.Slot(1)
	m := ctx.Slot(3)
	header := m.Slot(0).Int()
	if p.Slot(2) != heap.FromInt(40) || ctx.Slot(0) != h.Nil || ctx.Slot(2) != heap.FromInt(2) || ctx.Slot(5) != h.Nil || ctx.NumSlots() != 22 {
		t.Error("process or context")
	}
	if ctx.Slot(1).Int() != (header&0x7fff+1)*8+1 {
		t.Errorf("pc %d", ctx.Slot(1).Int())
	}
	const want = "Console initialize.\n| a b | a := 3. b := a. Console show: 'x'.\nSmalltalk quit: 0"
	if !bytes.Contains(m.Bytes(), []byte(want)) {
		t.Errorf("the startup source is not %q", want)
	}
	last := m.Slot(int(header & 0x7fff))
	if last != b.global("UndefinedObject") {
		t.Error("the class of the startup method")
	}
}

// All kinds of literals, and the identity of what must be identical.
func TestLiterals(t *testing.T) {
	b := build(t, Options{Startup: "nil"}, `
Object variableByteSubclass: #LargePositiveInteger instanceVariableNames: '' classVariableNames: '' package: 'K'.
Object variableByteSubclass: #LargeNegativeInteger instanceVariableNames: '' classVariableNames: '' package: 'K'.
Object variableWordSubclass: #Float instanceVariableNames: '' classVariableNames: '' package: 'K'.
Object variableWordSubclass: #WideString instanceVariableNames: '' classVariableNames: '' package: 'K'.
Object variableWordSubclass: #WideSymbol instanceVariableNames: '' classVariableNames: '' package: 'K'.
Object subclass: #Fraction instanceVariableNames: 'numerator denominator' classVariableNames: '' package: 'K'.
Object subclass: #ScaledDecimal instanceVariableNames: 'fraction scale' classVariableNames: '' package: 'K'.
Object variableSubclass: #AdditionalMethodState instanceVariableNames: 'method selector' classVariableNames: '' package: 'K'.
Object subclass: #Pragma instanceVariableNames: 'method selector arguments' classVariableNames: '' package: 'K'.
Object subclass: #A instanceVariableNames: 'x' classVariableNames: 'V' package: 'K'.
A subclass: #B instanceVariableNames: '' classVariableNames: '' package: 'K'.
A >> literals [
	<a: 3 b: #c>
	^ { 100000000000000000000. -100000000000000000000. 0.1. 1.0e300. 5e-2. 3.25s2. 'narrow'. 'wide ∀'. #(1 $a #b (true nil)). #[1 2 255]. #'wide ∀'. #foo }
]
A >> v [ ^ V ]
B >> v [ ^ V -> Array ]
B class >> v [ ^ super new -> V ]
A >> block [ ^ [ :a | [ a ] value ] ]
`)
	h := b.Heap
	lits := b.literals("A", "literals")
	find := func(what string, ok func(heap.Oop) bool) {
		for _, l := range lits {
			if ok(l) {
				return
			}
		}
		t.Errorf("no literal %s", what)
	}
	isA := func(o heap.Oop, class string) bool { return h.ClassOf(o) == b.class(class) }
	find("large", func(o heap.Oop) bool {
		v, ok := h.BigValue(o)
		return ok && v.String() == "100000000000000000000" && isA(o, "LargePositiveInteger")
	})
	find("negative", func(o heap.Oop) bool { v, ok := h.BigValue(o); return ok && v.String() == "-100000000000000000000" })
	find("small float", func(o heap.Oop) bool { return o.IsSmallFloat() && o.SmallFloat() == 0.1 && isA(o, "Float") })
	find("boxed float", func(o heap.Oop) bool { v, ok := h.FloatValue(o); return ok && v == 1e300 && isA(o, "Float") })
	find("fraction", func(o heap.Oop) bool {
		return isA(o, "Fraction") && o.Slot(0) == heap.FromInt(1) && o.Slot(1) == heap.FromInt(20)
	})
	find("decimal", func(o heap.Oop) bool {
		return isA(o, "ScaledDecimal") && o.Slot(0).Slot(0) == heap.FromInt(13) && o.Slot(1) == heap.FromInt(2)
	})
	find("string", func(o heap.Oop) bool { return isA(o, "ByteString") && h.StringValue(o) == "narrow" })
	wide := func(o heap.Oop, class string) bool {
		return o.IsObject() && isA(o, class) && h.IndexableSize(o) == 6 && o.Words32()[5] == '∀'
	}
	find("wide string", func(o heap.Oop) bool { return wide(o, "WideString") })
	find("wide symbol", func(o heap.Oop) bool { return wide(o, "WideSymbol") })
	find("array", func(o heap.Oop) bool {
		return o.IsObject() && isA(o, "Array") && o.NumSlots() == 4 && o.Slot(0) == heap.FromInt(1) && o.Slot(1) == heap.FromChar('a') && h.StringValue(o.Slot(2)) == "b" && o.Slot(3).Slot(0) == h.True
	})
	find("bytes", func(o heap.Oop) bool { return isA(o, "ByteArray") && h.StringValue(o) == "\x01\x02\xff" })
	state := lits[len(lits)-2]
	if !isA(state, "AdditionalMethodState") || state.Slot(0) != b.method("A", "literals") || h.StringValue(state.Slot(1)) != "literals" {
		t.Fatal("no method state")
	}
	pragma := state.Slot(2)
	if !isA(pragma, "Pragma") || h.StringValue(pragma.Slot(1)) != "a:b:" || pragma.Slot(2).Slot(0) != heap.FromInt(3) || pragma.Slot(0) != state.Slot(0) {
		t.Error("the pragma")
	}

	v := b.literals("A", "v")[0]
	if b.literals("B", "v")[0] != v || h.StringValue(v.Slot(0)) != "V" || b.lookup(b.class("A").Slot(7), "V", 0) != v {
		t.Error("a class variable has several bindings")
	}
	if lits := b.literals("B", "v"); lits[1] != b.global("Array") && lits[2] != b.global("Array") {
		t.Error("a global has several bindings")
	}
	meta := b.literals("B class", "v")
	if a := meta[len(meta)-1]; a.Slot(0) != h.Nil || a.Slot(1) != b.class("B class") {
		t.Error("the class binding of a metaclass")
	}
	if s, u := b.literals("A", "v"), b.literals("B", "v"); s[len(s)-2] != u[len(u)-2] || h.StringValue(s[len(s)-2]) != "v" {
		t.Error("selectors are not unique")
	}
	m := b.method("A", "block")
	block := m.Slot(1)
	if !isA(block, "CompiledBlock") || block.Slot(int(block.Slot(0).Int()&0x7fff)) != m {
		t.Error("the last literal of a block is not the code around it")
	}
	inner := block.Slot(1)
	if !isA(inner, "CompiledBlock") || inner.Slot(int(inner.Slot(0).Int()&0x7fff)) != block {
		t.Error("the last literal of an inner block is not the block around it")
	}
	if h.ClassAt(heap.ClassSmallFloat) != b.class("Float") || h.ClassAt(heap.ClassFloat) != b.class("Float") || b.class("Float").Header().Hash() != heap.ClassFloat {
		t.Error("the only class of floats is not that of both kinds")
	}
}

// Symbols are unique over the whole heap.
func TestSymbolsAreUnique(t *testing.T) {
	b := build(t, Options{Startup: "Console show: #show:"})
	seen := map[string]bool{}
	b.Heap.EachObject(func(o heap.Oop) bool {
		if b.Heap.ClassOf(o) == b.class("Symbol") {
			s := b.Heap.StringValue(o)
			if seen[s] {
				t.Errorf("#%s is there twice", s)
			}
			seen[s] = true
		}
		return true
	})
	if !seen["show:"] {
		t.Error("no #show:")
	}
}

func TestDeterminism(t *testing.T) {
	var images [2]bytes.Buffer
	for i := range images {
		b := build(t, Options{Startup: "Undefined foo", InitializeClasses: true, KeepSource: true})
		if err := b.Write(&images[i]); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(images[0].Bytes(), images[1].Bytes()) {
		t.Error("the same sources give different images")
	}
	h, hd, err := image.Load(bytes.NewReader(images[0].Bytes()), int64(images[0].Len()), "x.image",
		heap.Config{Memory: hostos.Memory(), Window: -1}, image.Options{Verify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if hd.Format != 68021 {
		t.Errorf("format %d", hd.Format)
	}
}

// Dictionaries are laid out by the hash that the tree computes.
func TestShiftedHash(t *testing.T) {
	text := strings.Replace(testKernel, "Symbol >> identityHash [\n\t^ super identityHash\n]", "Symbol >> hash [ ^ 1 ]", 1)
	text = strings.Replace(text, "Object >> identityHash [\n\t<primitive: 75>\n]", "Object >> identityHash [ ^ self basicHash bitShift: 8 ]\nObject >> basicHash [ <primitive: 75> ]", 1)
	m, err := tryBuild(t, Options{}, text)
	if err != nil {
		t.Fatal(err)
	}
	b := built{m, t, image.NewNames(m.Heap)}
	for _, name := range []string{"Object", "Array", "Processor", "Console"} {
		b.lookup(m.Heap.Special(specialSmalltalk), name, 8)
	}
}

func TestArithmetic(t *testing.T) {
	for _, c := range []struct {
		selector string
		x, y     int64
		want     int64
		ok       bool
	}{{"bitShift:", 5, 8, 1280, true}, {"bitShift:", 1280, -8, 5, true}, {"<<", 5, 2, 20, true}, {">>", 20, 2, 5, true}, {"+", 2, 3, 5, true},
		{"*", 4, 5, 20, true}, {"bitAnd:", 12, 10, 8, true}, {"bitOr:", 12, 10, 14, true}, {"bitXor:", 12, 10, 6, true},
		{"bitShift:", 1 << 31, 8, 0, false}, {"-", 1, 2, 0, false}, {"bitShift:", 1, 99, 0, false}} {
		if got, ok := arithmetic(c.selector, c.x, c.y); ok != c.ok || ok && got != c.want {
			t.Errorf("%d %s %d: %d %v", c.x, c.selector, c.y, got, ok)
		}
	}
}

// A kernel whose Smalltalk is no dictionary but has one.
func TestSmalltalkImage(t *testing.T) {
	b := build(t, Options{Startup: "nil"}, `
Object subclass: #SmalltalkImage instanceVariableNames: 'globals specialObjectsArray' classVariableNames: '' package: 'K'.
SmalltalkImage >> leave [ <primitive: 113> ]
`)
	h := b.Heap
	s := h.Special(specialSmalltalk)
	if h.ClassOf(s) != b.class("SmalltalkImage") || s.Slot(1) != h.Specials || h.ClassOf(s.Slot(0)) != b.class("SystemDictionary") {
		t.Fatal("Smalltalk is something else")
	}
	if b.lookup(s.Slot(0), "Smalltalk", 0).Slot(1) != s {
		t.Error("the global is something else")
	}
}

func TestExtensionsAndPools(t *testing.T) {
	b := build(t, Options{}, `
Object subclass: #Constants instanceVariableNames: '' classVariableNames: 'Ten' package: 'K'.
Object subclass: #User instanceVariableNames: 'a' classVariableNames: '' poolDictionaries: 'Constants' package: 'K'.
User class instanceVariableNames: 'count'.
User subclass: #SubUser instanceVariableNames: 'b' classVariableNames: '' package: 'K'.
User >> ten [ ^ Ten ]
SubUser >> ten [ b := Ten. ^ a ]
SubUser class >> count [ ^ count ]
`)
	ten := b.lookup(b.class("Constants").Slot(7), "Ten", 0)
	if b.literals("User", "ten")[0] != ten || b.literals("SubUser", "ten")[0] != ten {
		t.Error("the pool variable has another binding")
	}
	if f := b.class("SubUser class").Slot(heap.ClassFormat); f != heap.FromInt(1<<16|12) {
		t.Errorf("format of SubUser class: %#x", f.Int())
	}
	if pools := b.class("User").Slot(8); pools.NumSlots() != 1 || pools.Slot(0) != b.class("Constants") {
		t.Error("the pools of the class")
	}
	if n, _, _ := image.Primitive(b.Heap, b.method("SubUser class", "count")); n != 264+11 {
		t.Errorf("count is quick method %d", n)
	}
}

// Methods of files that have a name to remember know their place, pragmas or not.
func TestPlaces(t *testing.T) {
	named := func(file string) string { return "lib/" + file }
	const states = "Object variableSubclass: #AdditionalMethodState instanceVariableNames: 'method selector' classVariableNames: '' package: 'K'.\n" +
		"Object subclass: #Pragma instanceVariableNames: 'method selector arguments' classVariableNames: '' package: 'K'.\n"
	b := build(t, Options{FileName: named}, states, "Object >> plain\n\n[ ^ 1 ]\nObject >> marked [\n\t<mark: 3> ^ 2 ]")
	h := b.Heap
	place := func(selector string, pragmas int) heap.Oop {
		t.Helper()
		lits := b.literals("Object", selector)
		state := lits[len(lits)-2]
		if h.ClassOf(state) != b.class("AdditionalMethodState") || state.NumSlots() != 2+pragmas+1 || h.StringValue(state.Slot(1)) != selector {
			t.Fatalf("%s has no state with a place", selector)
		}
		property := state.Slot(2 + pragmas)
		if h.ClassOf(property) != b.class("Association") || h.StringValue(property.Slot(0)) != "source" {
			t.Fatalf("%s has no property", selector)
		}
		return property.Slot(1)
	}
	plain := place("plain", 0)
	if got := h.StringValue(plain.Slot(0)); got != "lib/test.st" {
		t.Errorf("the file is %q", got)
	}
	want := []int64{0, 1, 11, 5, 3, 2} // the selector, then the body after its bracket
	pieces := plain.Slot(1)
	if pieces.NumSlots() != len(want) {
		t.Fatalf("%d numbers for the pieces", pieces.NumSlots())
	}
	for i, w := range want {
		if got := pieces.Slot(i).Int(); got != w {
			t.Errorf("number %d of the pieces is %d, not %d", i, got, w)
		}
	}
	if plain.Slot(2) != heap.FromInt(optionDialect) {
		t.Error("a script is in a dialect")
	}
	if got := place("marked", 1).Slot(1).Slot(1).Int(); got != 4 {
		t.Errorf("the second method begins in line %d", got)
	}
	lits := build(t, Options{FileName: func(string) string { return "" }}, states, "Object >> plain [ ^ 1 ]").literals("Object", "plain")
	if sel := lits[len(lits)-2]; h.StringValue(sel) != "plain" {
		t.Error("a method without a place has a state")
	}
}
