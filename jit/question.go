package jit

import (
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/optimizer/front"
)

// kind is a kind of question.
type kind uint8

const (
	lookup      kind = iota // class, selector: the method found
	lookupAbove             // object (a class), selector: the method found above it
	classFacts              // class: what instances look like
	instances               // object (a class): what instances look like
	binding                 // object (an association): its value
	special                 // class (a number): the special selector
	code                    // object (a method or block): that it stays as it is
	closures                // 1 if all closures can be activated on their receivers
)

// key tells questions apart.
type key struct {
	kind             kind
	class            uint32
	object, selector heap.Oop
}

// A question is asked by compilations. Its oops are weak.
type question struct {
	key
	answer
	askers  []*Compilation
	changes int  // how often the answer changed so far
	doubted bool // to be asked again
}

// answer is compared as a whole.
type answer struct {
	oop   heap.Oop // Invalid: none
	args  int
	facts front.Class
}

// ask finds the answer, and watches what it is read from.
func (p *Program) ask(q *question) answer {
	h, in := p.heap, p.in
	watch := func(o heap.Oop) { p.watch(o, allSlots, q) }
	visit := func(o heap.Oop, isClass bool) {
		if isClass {
			p.watch(o, classSlots, q)
		} else {
			watch(o)
		}
	}
	switch q.kind {
	case lookup:
		class := h.ClassAt(q.class)
		return answer{oop: in.LookupVisiting(class, q.selector, visit)}
	case lookupAbove:
		if !isClass(q.object) {
			return answer{}
		}
		visit(q.object, true)
		return answer{oop: in.LookupVisiting(h.Follow(q.object.Slot(heap.ClassSuperclass)), q.selector, visit)}
	case classFacts:
		return p.facts(h.ClassAt(q.class), q.class, visit)
	case instances:
		if !isClass(q.object) {
			return answer{}
		}
		index, ok := h.ClassIndexOf(q.object)
		if !ok {
			return answer{}
		}
		return p.facts(q.object, index, visit)
	case binding:
		if !isPointers(q.object) || q.object.NumSlots() < 2 {
			return answer{}
		}
		watch(q.object)
		return answer{oop: h.Follow(q.object.Slot(1))}
	case special:
		if o := in.SpecialSelectors(); o.IsObject() {
			watch(o)
		}
		s, args := in.SpecialSelector(int(q.class))
		return answer{oop: s, args: args}
	case code:
		watch(q.object)
		return answer{oop: q.object}
	case closures:
		if in.ClosuresFit() {
			return answer{args: 1}
		}
	}
	return answer{}
}

// facts describes a class; its oop is the class.
func (p *Program) facts(class heap.Oop, index uint32, visit func(o heap.Oop, isClass bool)) answer {
	if !isClass(class) {
		return answer{}
	}
	visit(class, true)
	fixed, format := p.heap.InstSpec(class)
	return answer{oop: class, facts: front.Class{Index: front.ClassIndex(index), Name: p.in.NameOfClass(class), Format: uint8(format), Fixed: fixed}}
}

func isPointers(o heap.Oop) bool { return o.IsObject() && o.Format().IsPointers() }

func isClass(o heap.Oop) bool { return isPointers(o) && o.NumSlots() > heap.ClassFormat }
