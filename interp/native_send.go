package interp

import (
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/native"
)

// Sends of machine code that its cells and the cache of sends have no target for. When one has been
// done, its cell is linked to what it found, if that is code or can be made code at once.

// activateNative runs a method that was compiled when its entry was made.
func (in *Interp) activateNative(e *cacheEntry, argc int) {
	if in.shuns() {
		in.pushFrame(e, argc)
		in.checkLimit()
		return
	}
	if in.needsRenewal() {
		in.primMethod = e.method // which a collection may move
		if in.renewNative(); in.dead == nil {
			in.activateMethod(in.nilOop, in.primMethod, argc)
		}
		return
	}
	c := in.compiledFor(e.method)
	if c == nil || !in.callsCode() {
		in.pushFrame(e, argc)
		in.checkLimit()
		return
	}
	in.callNative(c.placed.Entry())
}

// callsCode tells whether code may return to the running frame. Frames of the other bytecode set are not
// known to it.
func (in *Interp) callsCode() bool { return in.pc == 0 || methodIsSista(in.method) }

// site answers what kind of send a cell has, and its selector.
func (in *Interp) site(cell uint64) (kind native.Site, selector heap.Oop) {
	kind, selector = native.SiteSend, heap.Oop(ld(cell+cellSelector))
	if frameIsNative(in.fp) {
		return kind, selector
	}
	c := in.code.codeOf(in.fp)
	i := (cell - c.placed.Data() - 8*uint64(len(c.code.Literals))) / (8 * native.ICWords)
	switch kind = c.template().Sites[i]; {
	case kind == native.SiteSuper:
		selector = in.follow(methodLiteral(in.method, int(c.code.Cells[i].Selector)))
	case kind >= native.SiteSpecial:
		selector = in.special[kind-native.SiteSpecial]
		st(cell+cellSelector, uint64(selector))
	}
	return kind, selector
}

// nativeSend does the send of a cell, whose receiver and arguments are on the stack.
func (in *Interp) nativeSend(cell uint64) {
	argc := int(ld(cell+cellArgc) >> 3)
	kind, selector := in.site(cell)
	rcvr := in.stackAt(argc)
	if rcvr.IsForwarder() {
		rcvr = in.follow(rcvr)
		in.stackPut(argc, rcvr)
	}
	tag := rcvr.ClassIndex()
	switch op := int(kind) - int(native.SiteSpecial); {
	case kind == native.SiteSuper:
		in.nativeSuperSend(cell, selector, argc)
		return
	case op >= opAdd && op <= opBitOr:
		in.arithmetic(op)
	default:
		in.send(selector, argc)
	}
	if in.dead != nil {
		return
	}
	// There may have been a collection; then the cache is empty.
	selector = heap.Oop(ld(cell + cellSelector))
	if e := in.cache.probe(uint64(selector), uint64(tag)); e.selector == uint64(selector) && e.tag == tag {
		found := *e // what is compiled now is flushed from the cache
		in.link(cell, &found)
	}
}

// link links the cell of a send that was just done with what it found.
func (in *Interp) link(cell uint64, e *cacheEntry) {
	var c *compiled
	switch {
	case e.kind == kindNative && in.nativeEntry != 0:
		if c = in.compiledFor(e.method); c == nil || in.nativeEntry != c.placed.Entry() {
			return
		}
	case e.kind == kindSista && !in.gathers() && in.warm(e.method):
		c = in.code.templates[e.method]
		if in.method == e.method && in.pc != 0 {
			in.adopt()
		}
	case e.kind == kindReturnVar || e.kind == kindReturnSelf || e.kind == kindPrimitive && isQuick(e.prim, e.argc):
		if !in.warm(e.method) {
			return
		}
		c = in.code.templates[e.method]
	case e.kind == kindPrimitive && e.tag == heap.ClassFullBlock && in.activates(e.prim):
		in.linkValue(cell, int(e.argc))
		return
	default:
		return
	}
	selector, class := e.selector, uint64(e.tag)
	if c.code.CheckedEntry >= 0 && ld(cell+cellClass) == noClass {
		st(cell+cellClass, class)
		st(cell+cellEntry, c.placed.CheckedEntry())
		in.linked(LinkedCell, cell, e.tag)
		return
	}
	in.sends[native.SendPlace(selector, class)] = native.SendTarget{Selector: selector, Class: class, Entry: c.placed.Entry()}
	in.linked(LinkedCache, cell, e.tag)
}

// linkValue links a send that has activated a closure.
func (in *Interp) linkValue(cell uint64, argc int) {
	if in.nativeEntry == 0 {
		if in.pc != 0 && frameIsBlock(in.fp) && in.warm(in.method) {
			in.adopt()
		}
		return
	}
	closure := in.stackAt(argc + 1) // under the return address
	block := uint64(closure.Slot(closureBlock))
	if c := in.compiledFor(heap.Oop(block)); c == nil || in.nativeEntry != c.placed.Entry() {
		return
	}
	st(cell+cellEntry, in.nat.Stubs[native.ExitValue])
	in.sends[native.SendPlace(block, native.ValueClass)] = native.SendTarget{Selector: block, Class: native.ValueClass, Entry: in.nativeEntry}
	in.linked(LinkedValue, cell, heap.ClassFullBlock)
}

// isQuick tells primitives that template code is made for: they answer self or a constant, or make
// instances.
func isQuick(primitive uint16, argc uint8) bool {
	return primitive >= 256 && primitive < 264 && argc == 0 || primitive == primBasicNew && argc == 0 || primitive == primBasicNewColon && argc == 1
}

// nativeSuperSend does a send to super, whose cell can be linked for all receivers.
func (in *Interp) nativeSuperSend(cell uint64, selector heap.Oop, argc int) {
	above := in.superclassOf(in.method)
	if above == heap.Invalid {
		in.fatal("corrupt image: super send of #%s from a method without a class", in.stringOf(selector))
		return
	}
	at, tag := in.entryAbove(above, selector)
	if at == nil || at.selector != uint64(selector) || at.tag != tag {
		in.sendVia(above, selector, argc, at, tag) // the next send finds it, and links it
		return
	}
	e := *at
	if e.kind == kindSista && !in.gathers() && in.warm(e.method) {
		e.kind = kindNative
	}
	in.activate(&e, argc)
	if in.dead != nil || e.kind != kindNative || in.nativeEntry == 0 {
		return
	}
	if c := in.compiledAt(in.nativeEntry); c != nil {
		st(cell+cellEntry, c.placed.Entry())
		in.linked(LinkedCell, cell, noClassIndex)
	}
}

// faulted tells of a fault in machine code: of the image that template code runs, or of a compiler.
func (in *Interp) faulted() {
	n := &in.nat
	if c := in.compiledAt(n.PC); c != nil && c.isTemplate() && !frameIsNative(in.fp) {
		in.loadPC()
		in.fatal("corrupt image: access to address %#x", n.FaultAddr)
		return
	}
	in.inCode()
	in.fatal("internal error: %s", n.Fault())
}
