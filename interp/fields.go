package interp

import (
	"github.com/sista-vm/sista/bytecode"
	"github.com/sista-vm/sista/heap"
)

// Code reads and writes the variables of its receiver by index, unchecked: it was
// compiled for the shape of a class, and a send looks methods up in the receiver's
// class. What makes activations otherwise (a closure, a context, a method run by
// name) or changes the receiver under one (a become) asks here first.

// fieldsOf answers how many variables code may address in a receiver.
func fieldsOf(rcvr heap.Oop) int {
	if !rcvr.IsObject() || !rcvr.Format().IsPointers() {
		return 0
	}
	return rcvr.NumSlots()
}

// neededFields remembers what whole methods and blocks need; a flush of the method
// cache empties it.
type neededFields [64]struct {
	method heap.Oop
	fields int
}

// fieldsNeeded answers the number of variables a method or block expects its
// receiver to have, with the blocks it makes and the methods it sends to super.
func (in *Interp) fieldsNeeded(method heap.Oop) int {
	e := &in.needed[method>>4&heap.Oop(len(in.needed)-1)]
	if e.method != method {
		e.method, e.fields = method, in.fieldsNeededFrom(method, 0, 0)
	}
	return e.fields
}

// fits tells whether an activation may go on at a pc with a receiver.
func (in *Interp) fits(method, rcvr heap.Oop, pc int) bool {
	n := fieldsOf(rcvr)
	return in.fieldsNeeded(method) <= n || in.fieldsNeededFrom(method, pc, 0) <= n
}

const (
	allFields  = 1 << 30 // needed by code nobody understands
	mostBlocks = 100     // inside each other; more are a circle
)

// fieldsNeededFrom is fieldsNeeded for an activation that goes on at a pc in the
// context's convention. What cannot be reached from there any more does not count:
// code before pc that no jump back leads to.
func (in *Interp) fieldsNeededFrom(method heap.Oop, pc, depth int) int {
	h := methodHeader(method)
	set := bytecodeSet(h)
	code, start := method.Bytes(), int(methodStart(h))-heap.Word
	if start > len(code) || depth == mostBlocks {
		return allFields
	}
	code = code[:start+set.CodeEnd(code[start:])]
	needed, low := 0, max(start, pc-1)
	for at := low; at < len(code); {
		i, err := set.Decode(code, at)
		if err != nil {
			return allFields
		}
		target := i.Target
		if p, ok := i.Inlined(); ok && p.Jumps {
			target = start // its distance is on the stack
		}
		if target >= start && target < low {
			low, at = target, target
			continue
		}
		needed = max(needed, in.fieldsNeededBy(method, &i, depth))
		at = i.Next()
	}
	return needed
}

// fieldsNeededBy answers what one instruction of a method needs.
func (in *Interp) fieldsNeededBy(method heap.Oop, i *bytecode.Instruction, depth int) int {
	switch i.Op {
	case bytecode.PushReceiverVariable, bytecode.StoreReceiverVariable, bytecode.PopIntoReceiverVariable:
		return i.Index + 1
	case bytecode.SendSuper, bytecode.SendDirectedSuper:
		// The lookup takes no notice of the receiver's class. A directed send
		// names a class above that of the method.
		if class := in.methodClass(method); fieldsOf(class) > classSuperclass {
			fixed, _ := in.heap.InstSpec(in.follow(class.Slot(classSuperclass)))
			return fixed
		}
	case bytecode.PushFullClosure:
		if i.Index < int(headerNumLiterals(methodHeader(method))) && !i.ReceiverOnStack {
			if block := in.follow(methodLiteral(method, i.Index)); isMethod(block) {
				return in.fieldsNeededFrom(block, 0, depth+1)
			}
		}
	}
	return 0
}

// usesBinding tells whether a method gets at a variable through a binding.
func (in *Interp) usesBinding(method, binding heap.Oop) bool {
	h := methodHeader(method)
	set := bytecodeSet(h)
	code := method.Bytes()[methodStart(h)-heap.Word:]
	code = code[:set.CodeEnd(code)]
	for i, err := range set.All(code) {
		if err != nil {
			return true
		}
		switch i.Op {
		case bytecode.PushLiteralVariable, bytecode.StoreLiteralVariable, bytecode.PopIntoLiteralVariable:
			if i.Index < int(headerNumLiterals(h)) && in.follow(methodLiteral(method, i.Index)) == binding {
				return true
			}
		}
	}
	return false
}

func bytecodeSet(methodHeader uint64) *bytecode.Set {
	if headerIsSista(methodHeader) {
		return bytecode.SistaV1
	}
	return bytecode.V3PlusClosures
}

// Closures. One whose receiver became too small fails when it is activated.

// closureFits tells whether a closure can be activated on its receiver.
func (in *Interp) closureFits(c heap.Oop) bool {
	if c.ClassIndex() == heap.ClassFullBlock {
		if c.NumSlots() < fullBlockCopied {
			return true // no activation comes of it
		}
		block := in.follow(c.Slot(closureBlock))
		return !isMethod(block) || in.fits(block, in.follow(c.Slot(closureReceiver)), 0)
	}
	outer, start := in.follow(c.Slot(closureOuter)), c.Slot(closureStartPC)
	if !in.isContext(outer) || !start.IsInt() {
		return true
	}
	m := in.follow(outer.Slot(contextMethod))
	return !isPC(m, start) || in.fits(m, in.follow(outer.Slot(contextReceiver)), int(start.Int()))
}

// suspectClosures has activations of closures look whether they fit, until a full
// collection finds that all closures do.
func (in *Interp) suspectClosures() {
	in.unfit, in.careful = true, true
	in.unlinkSends()
	in.observer.ClosuresSuspected()
}

// ClosuresFit tells whether all closures can be activated on their receivers.
func (in *Interp) ClosuresFit() bool { return !in.unfit }

// clearClosures ends the suspicion if it can.
func (in *Interp) clearClosures() {
	if !in.unfit {
		return
	}
	in.unfit = false
	in.heap.EachObject(func(o heap.Oop) bool {
		in.unfit = isClosure(o) && !in.closureFits(o)
		return !in.unfit
	})
}
