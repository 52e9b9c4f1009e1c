package build

import (
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/smalltalk/compiler"
)

// makeClasses gives every class and metaclass an index and makes their objects,
// with superclass and format. Classes that have no index of their own come behind
// page 0 in order, each after its metaclass.
func (b *builder) makeClasses() {
	next := uint32(heap.FirstFreeClass)
	own := map[*class]uint32{}
	for _, k := range knownClasses {
		if c := b.known(k); c != nil {
			own[c] = k.index
		}
	}
	for _, c := range b.classes {
		index := [2]uint32{own[c], next}
		next++
		if index[instanceSide] == 0 {
			index[instanceSide] = next
			next++
		}
		b.indices[c] = index
	}
	metaclass, classClass := b.byName["Metaclass"], b.byName["Class"]
	inClass := len(classClass.instVars())
	for _, c := range b.classes {
		named := inClass + len(c.classInstVars())
		meta := b.instance(metaclass, 0)
		o := b.h.AllocateOld(b.indices[c][classSide], heap.FmtFixed, named)
		if o == heap.Invalid || !b.h.SetClassAt(b.indices[c][instanceSide], o) || !b.h.SetClassAt(b.indices[c][classSide], meta) {
			panic(heap.NoMemory)
		}
		b.objects[c] = [2]heap.Oop{o, meta}
		b.h.Store(o, heap.ClassFormat, formatWord(c.format(), len(c.instVars())))
		b.h.Store(meta, heap.ClassFormat, formatWord(heap.FmtFixed, named))
	}
	for _, c := range b.classes {
		o := b.objects[c]
		above := [2]heap.Oop{b.h.Nil, b.objects[classClass][instanceSide]}
		if c.super != nil {
			above = b.objects[c.super]
		}
		for side := range o {
			b.h.Store(o[side], heap.ClassSuperclass, above[side])
		}
	}
	for name, o := range map[string]heap.Oop{"UndefinedObject": b.h.Nil, "False": b.h.False, "True": b.h.True} {
		o.SetClassIndex(b.indices[b.byName[name]][instanceSide])
	}
	b.makePuns()
}

// makePuns fills the entries of the class table that are not a class's own: those of
// objects of the VM itself, and what stands for the missing class of immediate floats.
func (b *builder) makePuns() {
	page := b.h.HiddenRoots.Slot(0)
	for index, c := range map[int]*class{
		heap.ClassBridge:     b.knownAt(heap.ClassSmallInteger),
		heap.ClassSmallFloat: b.smallFloats(),
		heap.ClassArrayPun:   b.knownAt(heap.ClassArray),
		heap.ClassWeakPun:    b.byName["WeakArray"],
		heap.ClassLongsPun:   b.knownAt(heap.ClassBitmap),
		heap.ClassWordsPun:   b.byName["DoubleWordArray"],
	} {
		if c != nil {
			b.h.Store(page, index, b.objects[c][instanceSide])
		}
	}
}

// fillClasses gives classes their methods and whatever else they have variables for.
func (b *builder) fillClasses() {
	for _, c := range b.classes {
		for side, o := range b.objects[c] {
			selectors := make([]string, len(c.methods[side]))
			methods := make([]heap.Oop, len(c.methods[side]))
			for i, m := range c.methods[side] {
				selectors[i] = m.Method.Selector
				methods[i] = b.method(m.code)
				b.setPlace(methods[i], m)
			}
			b.h.Store(o, heap.ClassMethodDict, b.methodDictionary(selectors, methods))
		}
		b.describe(c)
	}
}

// describe sets the variables of a class and its metaclass that are known by name.
func (b *builder) describe(c *class) {
	o, meta := b.objects[c][instanceSide], b.objects[c][classSide]
	classClass, metaclass := b.byName["Class"], b.byName["Metaclass"]
	set := func(name string, v heap.Oop) { b.set(o, classClass, name, v) }
	set("name", b.symbol(c.Name))
	set("environment", b.environment)
	if c.Category != "" && classClass.has("category") {
		set("category", b.symbol(c.Category))
	}
	if c.Package != "" && classClass.has("package") {
		set("package", b.symbol(c.Package))
	}
	if c.Comment != "" && classClass.has("comment") {
		set("comment", b.string(c.Comment))
	}
	b.set(meta, metaclass, "thisClass", o)
	for _, side := range []struct {
		o       heap.Oop
		class   *class
		names   []string
		methods []*method
	}{{o, classClass, c.InstVars, c.methods[instanceSide]}, {meta, metaclass, c.ClassInstVars, c.methods[classSide]}} {
		b.setNames(side.o, side.class, side.names)
		b.organize(side.o, side.class, side.methods)
	}
	b.setClasses(o, classClass, "subclasses", c.subclasses, instanceSide)
	b.setClasses(meta, metaclass, "subclasses", c.subclasses, classSide)
	pools := make([]*class, len(c.Pools))
	for i, name := range c.Pools {
		pools[i] = b.byName[name]
	}
	b.setClasses(o, classClass, "sharedPools", pools, instanceSide)
	if b.symbolDictionary != nil && classClass.has("classPool") {
		variables := make([]heap.Oop, len(c.ClassVars))
		for i, name := range c.ClassVars {
			variables[i] = b.binding(compiler.Binding{Name: name, Owner: c.Name})
		}
		set("classPool", b.dictionary(b.symbolDictionary, variables))
	}
}

// setNames sets the list of a class's own instance variables: of strings in a variable
// named as Squeak names it, of symbols in one named as small kernels name it.
func (b *builder) setNames(o heap.Oop, c *class, names []string) {
	for _, v := range []struct {
		name string
		make func(string) heap.Oop
	}{{"instanceVariables", b.string}, {"instanceVariableNames", b.symbol}} {
		if len(names) == 0 || !c.has(v.name) {
			continue
		}
		list := make([]heap.Oop, len(names))
		for i, name := range names {
			list[i] = v.make(name)
		}
		b.set(o, c, v.name, b.array(list))
	}
}

// setClasses sets a variable to an array of classes or metaclasses, if there are any.
func (b *builder) setClasses(o heap.Oop, c *class, name string, classes []*class, side int) {
	if len(classes) == 0 || !c.has(name) {
		return
	}
	list := make([]heap.Oop, len(classes))
	for i, each := range classes {
		list[i] = b.objects[each][side]
	}
	b.set(o, c, name, b.array(list))
}

// organize sets the categories of methods: a dictionary from selectors to names of
// categories in a variable named organization. A tree that has organizers of its own
// has nil there, as it is before they are made.
func (b *builder) organize(o heap.Oop, c *class, methods []*method) {
	if b.symbolDictionary == nil || !c.has("organization") || b.class("ClassOrganizer", "BasicClassOrganizer") != nil {
		return
	}
	var list []heap.Oop
	for _, m := range methods {
		if m.Category != "" {
			list = append(list, b.association(b.symbol(m.Method.Selector), b.symbol(m.Category)))
		}
	}
	b.set(o, c, "organization", b.dictionary(b.symbolDictionary, list))
}
