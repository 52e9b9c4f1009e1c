package interp

import (
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// Indices of the special objects the interpreter uses.
const (
	specialScheduler        = 3
	specialPoint            = 12
	specialLowSpace         = 17
	specialSemaphoreClass   = 18
	specialDNU              = 20
	specialCannotReturn     = 21
	specialLowSpaceProcess  = 22
	specialSelectors        = 23
	specialMustBeBoolean    = 25
	specialTimer            = 29
	specialInterrupt        = 30
	specialCannotInterpret  = 34
	specialExternalObjects  = 38
	specialFinalization     = 41
	specialAboutToReturn    = 48
	specialRunWithIn        = 49
	specialAttemptToAssign  = 50
	specialPrimitiveErrors  = 51
	specialUnusedBytecode   = 57
	specialTrap             = 59
	numSpecialSelectors     = 32
	messageSelector         = 0
	messageArguments        = 1
	messageLookupClass      = 2
	classSuperclass         = 0
	classMethodDict         = 1
	methodDictArray         = 1
	methodDictSelectorStart = 2
	associationValue        = 1
)

// Words of the operand stack, counted from its top.

func (in *Interp) stackAt(i int) heap.Oop { return heap.Oop(ld(in.sp + 8*uint64(i))) }

func (in *Interp) stackPut(i int, v heap.Oop) { st(in.sp+8*uint64(i), uint64(v)) }

func (in *Interp) push(v heap.Oop) {
	in.sp -= 8
	st(in.sp, uint64(v))
}

func (in *Interp) pop() heap.Oop {
	v := heap.Oop(ld(in.sp))
	in.sp += 8
	return v
}

func (in *Interp) drop(n int) { in.sp += 8 * uint64(n) }

// lookupIn answers the value for a selector in a method dictionary.
func (in *Interp) lookupIn(dict, selector heap.Oop) heap.Oop {
	if !dict.IsObject() || !dict.Format().IsPointers() {
		return heap.Invalid
	}
	size := dict.NumSlots() - methodDictSelectorStart
	if size <= 0 {
		return heap.Invalid
	}
	hash := uint64(0)
	if selector.IsImmediate() {
		hash = uint64(selector) >> 3
	} else {
		hash = uint64(selector.Header().Hash())
	}
	mask := size - 1
	i := int(hash) & mask
	// Small dictionaries are searched whole, which forgives one that was not rehashed.
	for n := 0; n < size; n++ {
		s := in.follow(dict.Slot(methodDictSelectorStart + i))
		if s == in.nilOop { // free, even where nil is the selector
			if size > 8 {
				return heap.Invalid
			}
		} else if s == selector {
			methods := in.follow(dict.Slot(methodDictArray))
			if !methods.IsObject() || i >= methods.NumSlots() {
				return heap.Invalid
			}
			return in.follow(methods.Slot(i))
		}
		i = (i + 1) & mask
	}
	return heap.Invalid
}

const mostSuperclasses = 1 << 16 // of a class; more are a circle

func (in *Interp) follow(o heap.Oop) heap.Oop {
	if o.IsForwarder() {
		return in.heap.Follow(o)
	}
	return o
}

// lookup finds the method for selector from class up. noDict is the class
// without a method dictionary that ended the search, if one did.
func (in *Interp) lookup(class, selector heap.Oop) (method, noDict heap.Oop) {
	in.Stats.Lookups++
	first := class
	for n := 0; class != in.nilOop && class.IsObject() && class.Format().IsPointers() && class.NumSlots() >= 3; n++ {
		if n == mostSuperclasses {
			in.fatal("corrupt image: the superclasses of %s are a circle", in.className(first))
			break
		}
		dict := in.follow(class.Slot(classMethodDict))
		if dict == in.nilOop {
			return heap.Invalid, class
		}
		if m := in.lookupIn(dict, selector); m != heap.Invalid {
			return m, heap.Invalid
		}
		class = in.follow(class.Slot(classSuperclass))
	}
	return heap.Invalid, heap.Invalid
}

// send sends selector with argc arguments on the stack to the receiver under them.
func (in *Interp) send(selector heap.Oop, argc int) {
	rcvr := in.stackAt(argc)
	if rcvr.IsForwarder() {
		in.followFrame()
		rcvr = in.follow(rcvr)
		in.stackPut(argc, rcvr)
	}
	if selector.IsForwarder() {
		selector = in.follow(selector)
		in.refreshSpecials()
	}
	tag := rcvr.ClassIndex()
	e := in.cache.probe(uint64(selector), uint64(tag))
	if e.selector == uint64(selector) && e.tag == tag {
		in.activate(e, argc)
		return
	}
	in.sendVia(in.heap.ClassOf(rcvr), selector, argc, e, tag)
}

// sendVia sends selector with the lookup starting at class. The entry is filled when there is one.
func (in *Interp) sendVia(class, selector heap.Oop, argc int, e *cacheEntry, tag uint32) {
	in.Stats.CacheMisses++
	m, noDict := in.lookup(class, selector)
	if m == heap.Invalid {
		if noDict != heap.Invalid {
			in.sendMessage(noDict, in.follow(noDict.Slot(classSuperclass)), specialCannotInterpret, selector, argc)
		} else {
			in.sendMessage(class, class, specialDNU, selector, argc)
		}
		return
	}
	if e != nil {
		in.fill(e, selector, tag, m)
		if in.heap.IsYoung(m) || in.heap.IsYoung(selector) {
			in.cacheHasYoung = true
		}
		in.activate(e, argc)
		return
	}
	in.activateMethod(selector, m, argc)
}

// activateMethod activates a method found without the cache.
func (in *Interp) activateMethod(selector, m heap.Oop, argc int) {
	e := cacheEntry{selector: uint64(selector), method: m}
	in.describe(&e)
	in.activate(&e, argc)
}

// sendMessage replaces the arguments by a Message of them and sends one of the
// special selectors, with the lookup starting at class.
func (in *Interp) sendMessage(lookupClass, class heap.Oop, special int, selector heap.Oop, argc int) {
	// A collection may come before the Message: the stack holds what it moves.
	in.push(lookupClass)
	in.push(class)
	in.push(selector)
	args, msg := in.newMessage(argc)
	if msg == heap.Invalid {
		return
	}
	selector, class, lookupClass = in.pop(), in.pop(), in.pop()
	for i := 0; i < argc; i++ {
		in.heap.Store(args, i, in.stackAt(argc-1-i))
	}
	in.heap.Store(msg, messageSelector, selector)
	in.heap.Store(msg, messageArguments, args)
	if msg.NumSlots() > messageLookupClass {
		in.heap.Store(msg, messageLookupClass, lookupClass)
	}
	in.drop(argc)
	in.push(msg)
	s := in.heap.Special(special)
	m, _ := in.lookup(class, s)
	if m == heap.Invalid {
		in.fatal("%s does not understand #%s, nor #%s", in.className(in.heap.ClassOf(in.stackAt(1))), in.stringOf(selector), in.stringOf(s))
		return
	}
	in.activateMethod(s, m, 1)
}

// newMessage makes the objects of a Message, collecting if need be. When memory
// is short the error is fatal and Invalid is answered.
func (in *Interp) newMessage(argc int) (args, msg heap.Oop) {
	for try := 0; ; try++ {
		args = in.heap.NewArray(argc)
		msg = heap.Invalid
		if args != heap.Invalid {
			n := 3
			if c := in.heap.ClassAt(heap.ClassMessage); c != in.nilOop {
				n, _ = in.heap.InstSpec(c)
			}
			msg = in.heap.Allocate(heap.ClassMessage, heap.FmtFixed, max(2, n))
		}
		if msg != heap.Invalid || !in.makeRoom(try) {
			return args, msg
		}
	}
}

// activate does what a cache entry says with argc arguments on the stack.
func (in *Interp) activate(e *cacheEntry, argc int) {
	if int(e.argc) != argc && e.kind != kindObject {
		in.argumentMismatch(e, argc)
		return
	}
	switch e.kind {
	case kindSista, kindV3:
		in.pushFrame(e, argc)
		in.checkLimit()
	case kindNative:
		in.activateNative(e, argc)
	case kindReturnSelf:
	case kindReturnVar, kindContextVar:
		if r := in.stackAt(0); in.isContext(r) {
			in.stackPut(0, in.contextSlot(r, int(e.prim)))
		} else if int(e.prim) < r.NumSlots() {
			in.stackPut(0, r.Slot(int(e.prim)))
		} else {
			in.fatal("corrupt image: #%s answers instance variable %d of an object with %d", in.stringOf(heap.Oop(e.selector)), e.prim, r.NumSlots())
		}
	case kindPrimitive:
		in.activatePrimitive(e, argc)
	default:
		in.runObject(e, argc)
	}
}

// argumentMismatch is met only in images whose methods and selectors disagree.
func (in *Interp) argumentMismatch(e *cacheEntry, argc int) {
	in.fatal("corrupt image: #%s is sent with %d arguments, its method takes %d", in.stringOf(heap.Oop(e.selector)), argc, e.argc)
}

// activatePrimitive calls a method's primitive and, when it fails, its code.
func (in *Interp) activatePrimitive(e *cacheEntry, argc int) {
	ee := *e // a primitive may flush the cache
	var f plugin.Failure
	if ee.prim == primEnsure {
		f = plugin.Generic
	} else {
		f = in.callPrimitive(ee.prim, ee.method, argc)
		if f == plugin.OK || f == frameChanged {
			if f == plugin.OK && (ee.prim == primBasicNew || ee.prim == primBasicNewColon) {
				in.noteAllocation()
			}
			return
		}
		if in.dead != nil {
			return
		}
		in.noteFailure(f)
		// The primitive may have collected before it failed: m may have moved.
		ee.method = in.primMethod
	}
	in.pushFrame(&ee, argc)
	in.skipPrimitive(f)
	if ee.prim != primEnsure {
		in.checkLimit()
	} else if in.sp < in.pageLimit {
		in.stackOverflow()
	}
}

// callPrimitive calls primitive number n of method m on the receiver and
// arguments on the stack, which its result replaces.
func (in *Interp) callPrimitive(n uint16, m heap.Oop, argc int) plugin.Failure {
	in.primMethod = m
	if n > maxPrimitive || in.prims[n] == nil {
		if n >= 256 && n < 264 && argc == 0 {
			in.stackPut(0, in.quickConstant(n))
			return plugin.OK
		}
		return plugin.NotFound
	}
	c := &in.call
	c.Begin(in.sp+8*uint64(argc), argc)
	r, f := in.prims[n](in, c)
	if f == plugin.OK {
		in.sp += 8 * uint64(argc)
		st(in.sp, uint64(r))
	}
	return f
}

func (in *Interp) quickConstant(n uint16) heap.Oop {
	switch n {
	case 257:
		return in.trueOop
	case 258:
		return in.falseOop
	case 259:
		return in.nilOop
	case 260, 261, 262, 263:
		return heap.FromInt(int64(n) - 261)
	}
	return in.stackAt(0)
}

// skipPrimitive moves the pc of a fresh frame past callPrimitive and leaves the
// failure's error object in the temporary that a store right after it names.
func (in *Interp) skipPrimitive(f plugin.Failure) {
	in.pc += callPrimitiveSize
	if storesFailure(in.method, in.pc) {
		i := int(ldb(in.pc + 1))
		if !methodIsSista(in.method) {
			i &= 63
		}
		in.pc += 2
		if i < headerNumTemps(methodHeader(in.method)) {
			st(tempAddr(in.fp, i), uint64(in.errorObject(f)))
		}
	}
}

// storesFailure tells whether the instruction at pc, right after callPrimitive,
// stores into a temporary: that is how a method asks for the failure.
func storesFailure(method heap.Oop, pc uint64) bool {
	if methodIsSista(method) {
		return ldb(pc) == 245
	}
	return ldb(pc) == 129 && ldb(pc+1)>>6 == 1
}

// errorObject answers what the image knows a failure code as.
func (in *Interp) errorObject(f plugin.Failure) heap.Oop {
	table := in.heap.Special(specialPrimitiveErrors)
	i := int(f) - 1
	if int16(f) < 0 || i < 0 || !table.IsObject() || table.Format() != heap.FmtArray || i >= table.NumSlots() {
		return heap.FromInt(int64(int16(f)))
	}
	o := in.follow(table.Slot(i))
	if (f == plugin.OSError || f == plugin.FFIException) && o.IsObject() && o.Format().IsPointers() && o.NumSlots() >= 2 {
		if clone := in.heap.Clone(o); clone != heap.Invalid {
			if v := in.heap.NewInt64(in.call.OSErr); v != heap.Invalid {
				in.heap.Store(clone, 1, v)
			}
			return clone
		}
	}
	return o
}

// runObject activates an object that is not compiled code: it gets run:with:in:.
func (in *Interp) runObject(e *cacheEntry, argc int) {
	args, method, selector := heap.Invalid, e.method, heap.Oop(e.selector)
	for try := 0; ; try++ {
		if args = in.heap.NewArray(argc); args != heap.Invalid {
			break
		}
		in.push(method)
		in.push(selector)
		ok := in.makeRoom(try)
		selector = in.pop()
		method = in.pop()
		if !ok {
			return
		}
	}
	for i := 0; i < argc; i++ {
		in.heap.Store(args, i, in.stackAt(argc-1-i))
	}
	rcvr := in.stackAt(argc)
	in.drop(argc)
	in.stackPut(0, method)
	in.push(selector)
	in.push(args)
	in.push(rcvr)
	in.send(in.heap.Special(specialRunWithIn), 3)
}

// superSend starts the lookup above the class of the executing method, or, if
// directed, above the class on top of the stack.
func (in *Interp) superSend(literal, argc, extB int) {
	selector := in.follow(methodLiteral(in.method, literal))
	var class heap.Oop
	if extB >= 64 {
		argc += (extB - 64) << 3
		class = in.follow(in.pop())
	} else {
		argc += extB << 3
		class = in.methodClass(in.method)
	}
	if !class.IsObject() || !class.Format().IsPointers() || class.NumSlots() < 3 {
		in.fatal("corrupt image: super send of #%s from a method without a class", in.stringOf(selector))
		return
	}
	rcvr := in.stackAt(argc)
	if rcvr.IsForwarder() {
		in.stackPut(argc, in.follow(rcvr))
	}
	above := in.follow(class.Slot(classSuperclass))
	e, tag := in.entryAbove(above, selector)
	if e != nil && e.selector == uint64(selector) && e.tag == tag {
		in.activate(e, argc)
		return
	}
	in.sendVia(above, selector, argc, e, tag)
}

// aboveTag in the tag of a cache entry tells that the lookup starts at the class of that index, whatever
// the receiver.
const aboveTag = 1 << 22

// entryAbove answers where the cache has, or may have, what a lookup from a class up finds, and the
// tag of that; no entry if the class has no index.
func (in *Interp) entryAbove(class, selector heap.Oop) (e *cacheEntry, tag uint32) {
	if !in.heap.IsClassInTable(class) || selector.IsForwarder() {
		return nil, 0
	}
	tag = class.Header().Hash() | aboveTag
	return in.cache.probe(uint64(selector), uint64(tag)), tag
}

// superclassOf answers the class above that of a method, Invalid if it has none.
func (in *Interp) superclassOf(m heap.Oop) heap.Oop {
	class := in.methodClass(m)
	if !class.IsObject() || !class.Format().IsPointers() || class.NumSlots() < 3 {
		return heap.Invalid
	}
	return in.follow(class.Slot(classSuperclass))
}

// methodClass answers the class a method belongs to: the value of the binding
// that is its last literal. Blocks are followed to their home method.
func (in *Interp) methodClass(m heap.Oop) heap.Oop {
	for isMethod(m) {
		n := int(headerNumLiterals(methodHeader(m)))
		if n == 0 {
			return in.nilOop
		}
		last := in.follow(methodLiteral(m, n-1))
		if isMethod(last) {
			m = last
			continue
		}
		if last.IsObject() && last.Format().IsPointers() && last.NumSlots() > associationValue {
			return in.follow(last.Slot(associationValue))
		}
		return in.nilOop
	}
	return in.nilOop
}

// pushFrame lays the frame of a method activation and makes it the running one.
func (in *Interp) pushFrame(e *cacheEntry, argc int) {
	in.layFrame(e.method, in.stackAt(argc), argc, 0)
	for n := int(e.temps); n > 0; n-- {
		in.push(in.nilOop)
	}
	in.pc = uint64(in.method) + uint64(e.start)
}

// layFrame saves the running frame's pc and lays the fixed words of a frame over
// the receiver and arguments on the stack. flags are those beside the argument count.
func (in *Interp) layFrame(method, rcvr heap.Oop, argc int, flags uint64) {
	in.nat.Trip--
	in.noteEntry(method)
	in.savePC()
	st(in.sp-8, in.returnAddress())
	st(in.sp-16, in.fp)
	in.fp = in.sp - 16
	in.fillFrame(method, rcvr, argc, flags)
}

// returnAddress answers what a frame called by the running one has to return to.
func (in *Interp) returnAddress() uint64 {
	switch {
	case in.pc == 0:
		return headPC(in.fp)
	case !methodIsSista(in.method):
		return in.retV3
	}
	if ret := in.templateReturn(); ret != 0 {
		return ret
	}
	return in.retSista
}

func (in *Interp) fillFrame(method, rcvr heap.Oop, argc int, flags uint64) {
	fp := in.fp
	setFrameWord(fp, frameMethod, method)
	setFrameWord(fp, frameFlags, heap.FromInt(int64(uint64(argc)|flags)))
	setFrameWord(fp, frameContext, in.nilOop)
	setFrameWord(fp, frameReceiver, rcvr)
	setFrameWord(fp, framePC, heap.FromInt(0))
	in.method = method
	in.sp = in.fp - 40
}

// savePC stores the pc of the running frame where walkers find it.
func (in *Interp) savePC() {
	if in.pc == 0 {
		return // machine code: its pc is there
	}
	setFrameWord(in.fp, framePC, heap.FromInt(int64(in.pc-uint64(in.method)-7)))
}

// loadPC takes pc and method from the running frame.
func (in *Interp) loadPC() {
	if frameIsNative(in.fp) {
		in.inCode()
		return
	}
	in.method = in.frameWord(in.fp, frameMethod)
	in.pc = uint64(in.method) + 7 + uint64(in.frameWord(in.fp, framePC))>>3
}

// inCode says that the running frame is one of machine code: what it executes is for its maps to tell.
func (in *Interp) inCode() { in.pc, in.method = 0, in.nilOop }

// checkLimit polls after an activation.
func (in *Interp) checkLimit() {
	switch {
	case in.nativeEntry != 0:
	case in.nat.Trip <= 0:
		in.tripped(false)
	case in.sp < in.nat.StackLimit.Load():
		in.poll()
	}
}

// refreshSpecials takes up the special selectors again after they may have changed.
func (in *Interp) refreshSpecials() {
	a := in.heap.Special(specialSelectors)
	for i := range in.special {
		in.special[i] = in.nilOop
		if a.IsObject() && 2*i < a.NumSlots() {
			in.special[i] = in.follow(a.Slot(2 * i))
		}
	}
}

// followFrame replaces forwarders in the running frame, so that a fault does not repeat.
func (in *Interp) followFrame() {
	for a := in.sp; a <= in.fp-48; a += 8 {
		st(a, uint64(in.follow(heap.Oop(ld(a)))))
	}
	for a := in.fp + 16; a <= frameTop(in.fp); a += 8 {
		st(a, uint64(in.follow(heap.Oop(ld(a)))))
	}
	if r := in.frameWord(in.fp, frameReceiver); r.IsObject() && r.Format().IsPointers() && r.ClassIndex() != heap.ClassContext {
		for i := 0; i < r.NumSlots(); i++ {
			if v := r.Slot(i); v.IsForwarder() {
				in.heap.Store(r, i, in.follow(v))
			}
		}
	}
}
