package interp

import "github.com/sista-vm/sista/heap"

// An Observer follows what may change of the program under a compiler that relies on
// it. All but Renew may be called in the middle of a change: they only take note.
type Observer interface {
	// VisitStrong visits oops that are to live.
	VisitStrong(visit func(*heap.Oop))
	// VisitWeak visits those that are followed only while they live.
	VisitWeak(visit func(*heap.Oop))
	// Keep tells during a full collection what lives; weak oops that do not are to be dropped.
	Keep(lives func(heap.Oop) bool)
	// Moving tells that old objects are about to move or to become others. Moved tells
	// that objects may have other addresses.
	Moving()
	Moved()
	// Flushed tells that the program asked for the method cache to be flushed: for one
	// selector, or Invalid for all.
	Flushed(selector heap.Oop)
	// ClassesChanged tells that class indices have, or are about to have, another meaning.
	ClassesChanged(indices []uint32)
	// ClosuresSuspected tells that there may be closures whose receivers became too small for
	// them, which are not to be activated; see [Interp.ClosuresFit].
	ClosuresSuspected()
	// Becoming tells that objects are about to become others.
	Becoming(objects map[heap.Oop]bool)
	// Renew is called before machine code runs on, after [Interp.Doubt].
	Renew()
}

// Observe sets the observer; nil for none.
func (in *Interp) Observe(o Observer) {
	in.observer = o
	if o == nil {
		in.observer = noObserver{}
	}
}

type noObserver struct{}

func (noObserver) VisitStrong(func(*heap.Oop)) {}
func (noObserver) VisitWeak(func(*heap.Oop))   {}
func (noObserver) Keep(func(heap.Oop) bool)    {}
func (noObserver) Moving()                     {}
func (noObserver) Moved()                      {}
func (noObserver) Flushed(heap.Oop)            {}
func (noObserver) ClassesChanged([]uint32)     {}
func (noObserver) ClosuresSuspected()          {}
func (noObserver) Becoming(map[heap.Oop]bool)  {}
func (noObserver) Renew()                      {}

// Doubt makes the observer be asked to Renew before machine code runs again.
func (in *Interp) Doubt() {
	if in.code != nil {
		in.code.killed = true
	}
}

// LookupVisiting answers the method for a selector from a class up, Invalid if there is
// none. It calls visit with every object on which the answer depends: of classes, on superclass and methods.
func (in *Interp) LookupVisiting(class, selector heap.Oop, visit func(o heap.Oop, isClass bool)) heap.Oop {
	for n := 0; class != in.nilOop && n < mostSuperclasses && class.IsObject() && class.Format().IsPointers() && class.NumSlots() >= 3; n++ {
		visit(class, true)
		dict := in.follow(class.Slot(classMethodDict))
		if dict == in.nilOop || !dict.IsObject() {
			return heap.Invalid
		}
		visit(dict, false)
		if dict.Format().IsPointers() && dict.NumSlots() > methodDictArray {
			if a := in.follow(dict.Slot(methodDictArray)); a.IsObject() && a != in.nilOop {
				visit(a, false)
			}
		}
		if m := in.lookupIn(dict, selector); m != heap.Invalid {
			return m
		}
		class = in.follow(class.Slot(classSuperclass))
	}
	return heap.Invalid
}

// SpecialSelector answers special selector i and its number of arguments, Invalid if there is none.
func (in *Interp) SpecialSelector(i int) (selector heap.Oop, args int) {
	a := in.heap.Special(specialSelectors)
	if i < 0 || i >= numSpecialSelectors || !a.IsObject() || 2*i+1 >= a.NumSlots() || !a.Slot(2*i+1).IsInt() {
		return heap.Invalid, 0
	}
	return in.special[i], int(a.Slot(2*i + 1).Int())
}

// SpecialSelectors answers the object that holds the special selectors.
func (in *Interp) SpecialSelectors() heap.Oop { return in.heap.Special(specialSelectors) }

// MethodClass answers the class that a method or block belongs to, nil if it says none.
func (in *Interp) MethodClass(m heap.Oop) heap.Oop { return in.methodClass(m) }

// Code describes a method or block.
type Code struct {
	Bytes     []byte // the bytecodes and what follows them; of the object itself
	Literals  int
	Args      int
	Temps     int // with arguments
	Primitive int
	Sista     bool
	Block     bool     // a CompiledBlock
	Outer     heap.Oop // of a block: the code it is in
}

// Code describes compiled code; ok is false if the object is none.
func (in *Interp) Code(m heap.Oop) (c Code, ok bool) {
	if !isMethod(m) {
		return c, false
	}
	h := methodHeader(m)
	start := int(methodStart(h)) - 8
	if start > m.NumBytes() {
		return c, false
	}
	c = Code{Bytes: m.Bytes()[start:], Literals: int(headerNumLiterals(h)), Args: headerNumArgs(h), Temps: headerNumTemps(h),
		Primitive: methodPrimitive(m), Sista: headerIsSista(h)}
	if c.Literals > 0 {
		if o := in.follow(methodLiteral(m, c.Literals-1)); isMethod(o) {
			c.Block, c.Outer = true, o
		}
	}
	return c, true
}

// Literal answers literal i of compiled code.
func (in *Interp) Literal(m heap.Oop, i int) heap.Oop { return in.follow(methodLiteral(m, i)) }
