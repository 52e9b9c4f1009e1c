package interp

import (
	"strconv"

	"github.com/sista-vm/sista/heap"
)

// What embedders and inspectors want to know of objects.

// ClassName answers the name of an object's class.
func (in *Interp) ClassName(o heap.Oop) string { return in.className(in.heap.ClassOf(in.follow(o))) }

// NameOfClass answers the name of a class or metaclass.
func (in *Interp) NameOfClass(class heap.Oop) string { return in.className(class) }

// Global answers the value of a global variable of a Squeak-like image: an
// association with this key in the dictionary at special object 8. ok is false if
// there is none. It walks the dictionary.
func (in *Interp) Global(name string) (value heap.Oop, ok bool) {
	o, ok := in.GlobalBinding(name)
	if !ok {
		return 0, false
	}
	return in.follow(o.Slot(associationValue)), true
}

// GlobalBinding answers the association of a global variable, as Global finds it.
func (in *Interp) GlobalBinding(name string) (association heap.Oop, ok bool) {
	const specialSmalltalk = 8
	return in.searchDictionary(in.follow(in.heap.Special(specialSmalltalk)), name, 2)
}

// searchDictionary looks for an association with a key in an object, the arrays
// it refers to, and so on for some levels.
func (in *Interp) searchDictionary(o heap.Oop, name string, levels int) (heap.Oop, bool) {
	if !o.IsObject() || o == in.nilOop || !o.Format().IsPointers() || in.isContext(o) {
		return 0, false
	}
	for i := range o.NumSlots() {
		a := in.follow(o.Slot(i))
		if !a.IsObject() || a == in.nilOop || !a.Format().IsPointers() || a.NumSlots() < 2 {
			continue
		}
		if a.Format() == heap.FmtFixed && in.stringOf(in.follow(a.Slot(0))) == name {
			return a, true
		}
	}
	if levels > 0 {
		for i := range o.NumSlots() {
			if v, ok := in.searchDictionary(in.follow(o.Slot(i)), name, levels-1); ok {
				return v, true
			}
		}
	}
	return 0, false
}

// FindClass answers the class of this name by looking through the class table.
func (in *Interp) FindClass(name string) heap.Oop {
	found := heap.Invalid
	in.heap.EachClass(func(_ uint32, class heap.Oop) {
		if found == heap.Invalid && in.isNamed(class, name) {
			found = class
		}
	})
	return found
}

// isNamed tells whether a class, not a metaclass, has a name.
func (in *Interp) isNamed(c heap.Oop, name string) bool {
	const nameSlot = 6
	if !c.IsObject() || c == in.nilOop || !c.Format().IsPointers() || c.NumSlots() <= nameSlot {
		return false
	}
	o := in.follow(c.Slot(nameSlot))
	return o.IsObject() && o != heap.Invalid && o.Format().IsBytes() && string(o.Bytes()) == name
}

// Stacks answers a printout of every Smalltalk process's stack.
func (in *Interp) Stacks() string {
	s := "active process, priority " + strconv.Itoa(in.priorityOf(in.activeProcess())) + "\n" + in.Stack(60)
	class := in.activeProcess().ClassIndex()
	in.heap.EachObject(func(o heap.Oop) bool {
		if o.ClassIndex() == class && in.isProcess(o) {
			if ctx := in.follow(o.Slot(processContext)); in.isLive(ctx) {
				s += "process, priority " + strconv.Itoa(in.priorityOf(o)) + "\n" + in.stackOf(in.activationOf(ctx), 60)
			}
		}
		return true
	})
	return s
}

// HasPrimitive tells whether the VM has a numbered primitive. Quick methods count;
// numbers that only mark a method do too.
func (in *Interp) HasPrimitive(number int) bool {
	switch {
	case number == primEnsure || number == primHandler || number == primNoOp:
		return true
	case number >= 256 && number < 520:
		return true
	}
	return number > 0 && number < len(in.prims) && in.prims[number] != nil
}

// HasNamedPrimitive tells whether the VM has a named primitive.
func (in *Interp) HasNamedPrimitive(module, function string) bool {
	if module == "" && in.moduleless[function] != nil {
		return true
	}
	_, err := in.plugins.Lookup(module, function)
	return err == nil
}
