package image

import (
	"cmp"
	"slices"

	"github.com/sista-vm/sista/heap"
)

// Stats says what a heap is made of.
type Stats struct {
	Segments []heap.Segment
	Objects  uint64 // objects the image can see
	Bytes    uint64 // that they take, headers included
	Internal uint64 // bytes of objects that belong to the VM
	Free     uint64 // bytes of free chunks
	Classes  []ClassStats
}

// ClassStats says how many instances a class has and how much they take.
type ClassStats struct {
	Index     uint32
	Name      string
	Instances uint64
	Bytes     uint64
}

// Gather goes over the old objects of a heap. The classes come in order of the
// bytes of their instances, most first, and of their names.
func Gather(h *heap.Heap) Stats {
	s := Stats{Segments: h.Segments()}
	names := NewNames(h)
	byIndex := make(map[uint32]*ClassStats)
	h.FirstObject() // writes the header of the free memory that is being allocated from
	for _, seg := range s.Segments {
		for at := seg.Start; at < seg.End()-heap.BridgeSize; {
			o := objectStarting(at)
			size := endOf(o) - at
			at += size
			switch index := o.ClassIndex(); {
			case index == heap.ClassFree:
				s.Free += size
			case index <= heap.ClassLastPun:
				s.Internal += size
			default:
				c := byIndex[index]
				if c == nil {
					c = &ClassStats{Index: index, Name: names.Class(h.ClassAt(index))}
					byIndex[index] = c
				}
				c.Instances++
				c.Bytes += size
				s.Objects++
				s.Bytes += size
			}
		}
	}
	for _, c := range byIndex {
		s.Classes = append(s.Classes, *c)
	}
	slices.SortFunc(s.Classes, func(a, b ClassStats) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Index, b.Index))
	})
	return s
}

// Names finds the names of classes without knowing the layout of classes: that
// class Array is named "Array" tells which slot has the name (where it is named
// otherwise, that all classes the VM knows have bytes there), and that class Array is
// the instance of its metaclass tells where that is.
type Names struct {
	h               *heap.Heap
	name, thisClass int
}

// specialArray is the slot of class Array in the special objects array.
const specialArray = 7

// NewNames makes names for the classes of a heap.
func NewNames(h *heap.Heap) *Names {
	n := &Names{h: h, name: -1, thisClass: -1}
	array := h.Special(specialArray)
	if !isClassLike(array) {
		return n
	}
	for i := array.NumSlots() - 1; i > heap.ClassFormat; i-- {
		if h.StringValue(h.Follow(array.Slot(i))) == "Array" {
			n.name = i
			break
		}
		if n.allHaveBytes(i) {
			n.name = i
		}
	}
	meta := h.Follow(h.ClassOf(array))
	for i := heap.ClassFormat + 1; isClassLike(meta) && i < meta.NumSlots() && n.thisClass < 0; i++ {
		if h.Follow(meta.Slot(i)) == array {
			n.thisClass = i
		}
	}
	return n
}

// allHaveBytes tells whether the classes the VM knows have bytes in a slot.
func (n *Names) allHaveBytes(slot int) bool {
	for _, s := range []int{specialArray, 6, 10, 13, 15, 18} { // ByteString, Context, LargePositiveInteger, Message, Semaphore
		c := n.h.Special(s)
		if !isClassLike(c) {
			continue
		}
		if slot >= c.NumSlots() || n.h.StringValue(n.h.Follow(c.Slot(slot))) == "" {
			return false
		}
	}
	return true
}

func isClassLike(o heap.Oop) bool {
	return o != heap.Invalid && o.IsObject() && o.Format().IsPointers() && o.NumSlots() > heap.ClassFormat
}

// Class answers the name of a class or, as "Foo class", of a metaclass.
func (n *Names) Class(class heap.Oop) string {
	h := n.h
	if !isClassLike(class) {
		return "(no class)"
	}
	if n.name >= 0 && n.name < class.NumSlots() {
		if s := h.StringValue(h.Follow(class.Slot(n.name))); s != "" {
			return s
		}
	}
	if n.thisClass >= 0 && n.thisClass < class.NumSlots() {
		if c := h.Follow(class.Slot(n.thisClass)); c != class && isClassLike(c) && n.name >= 0 && n.name < c.NumSlots() {
			if s := h.StringValue(h.Follow(c.Slot(n.name))); s != "" {
				return s + " class"
			}
		}
	}
	return "(class without a name)"
}

// Find answers the class of a name ("Foo" or "Foo class") among those in the class
// table, Invalid when there is none.
func (n *Names) Find(name string) heap.Oop {
	found := heap.Invalid
	n.h.EachClass(func(_ uint32, class heap.Oop) {
		if found == heap.Invalid && n.Class(class) == name {
			found = class
		}
	})
	return found
}

// Method is a method of a class.
type Method struct {
	Class    heap.Oop
	Selector string
	Code     heap.Oop // what the method dictionary has, compiled code as a rule
}

// Methods answers the methods of a class in the order of their selectors.
func Methods(h *heap.Heap, class heap.Oop) []Method {
	var all []Method
	if !isClassLike(class) {
		return nil
	}
	dict := h.Follow(class.Slot(heap.ClassMethodDict))
	if dict == h.Nil || !dict.IsObject() || !dict.Format().IsPointers() || dict.NumSlots() < 2 {
		return nil
	}
	code := h.Follow(dict.Slot(1))
	if !code.IsObject() || !code.Format().IsPointers() {
		return nil
	}
	for i := 2; i < dict.NumSlots() && i-2 < code.NumSlots(); i++ {
		if key := h.Follow(dict.Slot(i)); key != h.Nil && key.IsObject() {
			all = append(all, Method{class, h.StringValue(key), h.Follow(code.Slot(i - 2))})
		}
	}
	slices.SortFunc(all, func(a, b Method) int { return cmp.Compare(a.Selector, b.Selector) })
	return all
}

// EachMethod calls f for the methods of every class in the class table, each
// class once.
func EachMethod(h *heap.Heap, f func(Method)) {
	seen := make(map[heap.Oop]bool)
	h.EachClass(func(_ uint32, class heap.Oop) {
		if !seen[class] {
			seen[class] = true
			for _, m := range Methods(h, class) {
				f(m)
			}
		}
	})
}

// Primitive answers the number of the primitive of compiled code, 0 for none,
// and of a named one the module and function.
func Primitive(h *heap.Heap, code heap.Oop) (number int, module, function string) {
	if !code.IsObject() || !code.Format().IsMethod() {
		return 0, "", ""
	}
	number = primitiveNumber(code)
	if number == externalPrimitive && numLiterals(code) > 0 {
		a := h.Follow(code.Slot(1))
		if a.IsObject() && a.Format() == heap.FmtArray && a.NumSlots() == externalSlots {
			module, function = h.StringValue(h.Follow(a.Slot(0))), h.StringValue(h.Follow(a.Slot(1)))
		}
	}
	return number, module, function
}
