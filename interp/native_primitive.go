package interp

import "github.com/sista-vm/sista/heap"

// Sends of optimized code that come to a primitive are done at once, and the code goes on: most
// primitives change nothing but their result.

// sentPrimitive does the send of a cell if it comes to a primitive. over tells that nothing else is
// to be done; then, goes tells that the running code goes on and its result is on the stack.
func (in *Interp) sentPrimitive(cell uint64) (over, goes bool) {
	argc := int(ld(cell+cellArgc) >> 3)
	selector, rcvr := ld(cell+cellSelector), in.stackAt(argc)
	if rcvr.IsForwarder() {
		return false, false
	}
	tag := rcvr.ClassIndex()
	e := in.cache.probe(selector, uint64(tag))
	if e.selector != selector || e.tag != tag || !in.atOnce(e, argc) {
		return false, false
	}
	in.linkSwitch(cell, e)
	return true, in.primitiveGoes(e, argc)
}

// calledPrimitive is sentPrimitive for a cell that names the method.
func (in *Interp) calledPrimitive(cell uint64) (over, goes bool) {
	argc := int(ld(cell+cellArgc) >> 3)
	e := cacheEntry{selector: uint64(in.nilOop), method: heap.Oop(ld(cell + cellSelector))}
	if methodPrimitive(e.method) == 0 {
		return false, false
	}
	if in.describe(&e); !in.atOnce(&e, argc) {
		return false, false
	}
	if s, ok := switchOf(&e); ok {
		st(cell+cellEntry, s.Entries().Called)
		in.linked(LinkedCall, cell, noClassIndex)
	}
	return true, in.primitiveGoes(&e, argc)
}

// atOnce tells whether an entry is for a primitive that is not better linked to.
func (in *Interp) atOnce(e *cacheEntry, argc int) bool {
	return e.kind == kindPrimitive && int(e.argc) == argc && !in.activates(e.prim) && !isQuick(e.prim, e.argc)
}

// primitiveGoes calls a primitive from machine code, and activates its method if it fails. It tells
// whether the running frame goes on with the result.
func (in *Interp) primitiveGoes(e *cacheEntry, argc int) bool {
	fp := in.fp
	in.activatePrimitive(e, argc)
	return in.dead == nil && !in.stopped && in.pc == 0 && in.nativeEntry == 0 && in.fp == fp && !in.needsRenewal() && in.frozen(fp) == nil
}
