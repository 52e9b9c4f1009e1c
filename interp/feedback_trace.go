package interp

import (
	"github.com/sista-vm/sista/counters"
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// trace is the buffer of a window. The gathering loop (internal/genloop/gather.go)
// appends events; Go code empties it at the end of the window, and before anything moves.
type trace struct {
	on     bool
	n      int
	left   int64 // of the window's count, when it was cut short to empty the buffer
	events *[traceSize]traceEvent
	*traceMemory
}

// traceMemory is what is known about where events happen.
type traceMemory struct {
	sites map[traceSite]counters.Site // until methods move
	// What sites and sends were asked for lately; the sends are those of one emptying.
	recent [traceRecent]struct {
		traceSite
		site counters.Site
	}
	found [traceRecent]struct {
		traceSelector
		emptying uint64
		id       counters.Method
	}
	emptying uint64 // number of the one under way
}

// traceRecent is a power of two.
const traceRecent = 1 << 10

func traceHash(x, y uint64) uint64 { return (x ^ y<<17) * 0x9E3779B97F4A7C15 >> (64 - 10) }

// The primitives that make instances.
const (
	primBasicNew      = 70
	primBasicNewColon = 71
)

// traceSize is a power of two. When traceAlmost events are in the buffer the loop is
// left at the next activation or back edge; what finds no room until then is lost.
const (
	traceSize   = 1 << 11
	traceAlmost = traceSize - 128
)

// traceEvent is something that happened at a bytecode of a method. The callers' pcs
// are as frames hold them; a caller that is not known is 0.
type traceEvent struct {
	kind, value, selector uint64
	method, pc            uint64 // offset of the bytecode in the method object; see traceAfter
	caller, callerPC      uint64
	caller2, caller2PC    uint64
}

// Kinds of events.
const (
	traceSend       = iota // value: the receiver's class; selector
	traceSuper             // the same of a super send
	traceBlock             // value: the receiver, a closure; selector
	traceBranch            // value: 1 if it jumped
	traceLoop              // a back edge
	traceFailure           // value: the code with which a primitive failed
	traceAllocation        // value: the class of the object
	traceEntry             // an activation of the method; it has no pc
	// traceAfter is added when pc is that of the bytecode after, as frames hold it.
	traceAfter = 1 << 8
)

// traceSite is a bytecode as an event has it: pc is shifted by one, and odd if it is that of the
// bytecode after.
type traceSite struct{ method, pc uint64 }

type traceSelector struct {
	selector, class uint64
	super           uint64 // the method that sends to super
}

// note adds an event at the bytecode that the running frame executed last.
func (in *Interp) note(kind, value, object uint64) {
	if !in.trace.on || in.pc == 0 || !methodIsSista(in.method) { // pc 0: machine code
		return
	}
	if in.trace.n == traceSize {
		return
	}
	t := &in.trace.events[in.trace.n]
	if in.trace.n++; in.trace.n == traceAlmost {
		in.trace.left, in.nat.Trip = in.nat.Trip, 1
	}
	*t = traceEvent{kind: kind | traceAfter, value: value, selector: object, method: uint64(in.method),
		pc: uint64(heap.FromInt(int64(in.pc - uint64(in.method) - 7)))}
	if up := callerFrame(in.fp); up != 0 && ld(up-16)&(flagNative<<3) == 0 {
		t.caller, t.callerPC = uint64(in.frameWord(up, frameMethod)), uint64(in.frameWord(up, framePC))
		if up = callerFrame(up); up != 0 && ld(up-16)&(flagNative<<3) == 0 {
			t.caller2, t.caller2PC = uint64(in.frameWord(up, frameMethod)), uint64(in.frameWord(up, framePC))
		}
	}
}

// noteEntry notes an activation that no loop made.
func (in *Interp) noteEntry(method heap.Oop) {
	if in.trace.on && methodIsSista(method) {
		in.feedback.methods.record(method).entered++
	}
}

// noteFailure notes that a primitive failed at a send.
func (in *Interp) noteFailure(f plugin.Failure) {
	if in.trace.on {
		in.note(traceFailure, uint64(uint8(f)), 0)
	}
}

// noteAllocation notes the object that a primitive made at a send, on top of the stack.
func (in *Interp) noteAllocation() {
	if in.trace.on {
		o := in.stackAt(0)
		in.note(traceAllocation, uint64(o.ClassIndex()), uint64(in.heap.IndexableSize(o)))
	}
}

// drainTrace takes what the buffer holds to the table.
func (in *Interp) drainTrace() {
	t, table := &in.trace, in.feedback.table
	if t.n == 0 || table == nil {
		t.n = 0
		return
	}
	if t.traceMemory == nil {
		t.traceMemory = &traceMemory{sites: map[traceSite]counters.Site{}}
	}
	t.emptying++
	for i := range t.events[:t.n] {
		e := &t.events[i]
		if e.kind == traceEntry {
			in.feedback.methods.record(heap.Oop(e.method)).entered++
			continue
		}
		p, ok := in.tracePath(e)
		if !ok {
			continue
		}
		switch e.kind &^ traceAfter {
		case traceSend, traceSuper:
			table.CountSend(p, counters.Class(e.value), in.traceTarget(e))
		case traceBlock:
			in.countBlock(p, e)
		case traceBranch:
			table.CountBranch(p, e.value != 0)
		case traceLoop:
			table.CountLoop(p, 1)
		case traceFailure:
			table.CountFailure(p, uint8(e.value))
		case traceAllocation:
			table.CountAllocation(p, counters.Class(e.value), e.selector)
		}
	}
	t.n = 0
}

// countBlock counts a send to a closure, and which block it evaluated if it did.
func (in *Interp) countBlock(p counters.Path, e *traceEvent) {
	c := heap.Oop(e.value)
	e.value = uint64(c.ClassIndex())
	target := in.traceTarget(e)
	in.feedback.table.CountSend(p, counters.Class(e.value), target)
	if m := in.MethodOf(target); m == heap.Invalid || !evaluates(methodPrimitive(m)) || c.NumSlots() < fullBlockCopied {
		return
	}
	if b := in.follow(c.Slot(closureBlock)); isMethod(b) {
		in.feedback.table.CountEvaluation(p, in.MethodID(b))
	}
}

// forgetTrace drops what names objects that moved. All methods of sites have numbers.
func (in *Interp) forgetTrace() {
	in.trace.n = 0
	if in.feedback.methods.moved && in.trace.traceMemory != nil {
		clear(in.trace.sites)
		clear(in.trace.recent[:])
	}
}

// tracePath answers where an event happened; false if that cannot be told.
func (in *Interp) tracePath(e *traceEvent) (counters.Path, bool) {
	var p counters.Path
	after := uint64(0)
	if e.kind&traceAfter != 0 {
		after = 1
	}
	p[0] = in.traceSite(traceSite{e.method, e.pc<<1 | after})
	if p[0].Method == 0 {
		return p, false
	}
	if e.caller != 0 {
		if p[1] = in.siteBefore(e.caller, e.callerPC); p[1].Method != 0 && e.caller2 != 0 {
			p[2] = in.siteBefore(e.caller2, e.caller2PC)
		}
	}
	return p, true
}

// siteBefore answers the site of the bytecode before a pc as frames hold it; the zero
// site if there is none.
func (in *Interp) siteBefore(method, pc uint64) counters.Site {
	return in.traceSite(traceSite{method, pc<<1 | 1})
}

// traceSite answers what is counted for a bytecode.
func (in *Interp) traceSite(k traceSite) counters.Site {
	r := &in.trace.recent[traceHash(k.method>>3, k.pc)]
	if r.traceSite != k {
		s, ok := in.trace.sites[k]
		if !ok {
			s = in.findSite(k)
			in.trace.sites[k] = s
		}
		r.traceSite, r.site = k, s
	}
	return r.site
}

func (in *Interp) findSite(k traceSite) (s counters.Site) {
	m, pc := heap.Oop(k.method), k.pc>>1
	if k.pc&1 == 0 {
		return counters.Site{Method: in.MethodID(m), PC: uint32(pc - methodStart(methodHeader(m)))}
	}
	if isMethod(m) {
		if at := in.precedingInstruction(m, int(heap.Oop(pc).Int())); at > 0 {
			// From 1 at the first byte after the header word, to 0 at the first bytecode.
			s = counters.Site{Method: in.MethodID(m), PC: uint32(at - 1 + 8 - int(methodStart(methodHeader(m))))}
		}
	}
	return s
}

// traceTarget answers the number of the method that a send found, 0 for none.
func (in *Interp) traceTarget(e *traceEvent) counters.Method {
	k := traceSelector{selector: e.selector, class: e.value}
	if e.kind == traceSuper {
		k.super = e.method
	}
	r := &in.trace.found[traceHash(k.selector>>3^k.super, k.class)]
	if r.emptying == in.trace.emptying && r.traceSelector == k {
		return r.id
	}
	selector, class := in.follow(heap.Oop(e.selector)), in.heap.ClassAt(uint32(e.value))
	if e.kind == traceSuper {
		class = in.methodClass(heap.Oop(e.method))
		if class.IsObject() && class.Format().IsPointers() && class.NumSlots() > classSuperclass {
			class = in.follow(class.Slot(classSuperclass))
		}
	}
	id := counters.Method(0)
	if m, _ := in.lookup(in.follow(class), selector); m != heap.Invalid && isMethod(m) {
		id = in.MethodID(m)
	}
	in.Stats.Lookups--
	r.traceSelector, r.emptying, r.id = k, in.trace.emptying, id
	return id
}
