package interp

import "github.com/sista-vm/sista/heap"

// The mutator's side of collections. They start here, at safepoints, with every
// register in its frame.

// collecting runs f, a collection, and takes the registers up again.
func (in *Interp) collecting(f func()) {
	in.drainTrace()
	in.leavePage()
	f()
	if in.pages.active != nil {
		in.loadPC()
	}
}

func (in *Interp) scavengeNow() {
	in.scavenging = true
	in.collected(false, func() { in.collecting(in.heap.Scavenge) })
	in.scavenging = false
}

func (in *Interp) fullGCNow() {
	in.observer.Moving()
	in.collected(true, func() { in.collecting(in.heap.FullGC) })
}

// makeRoom collects after an allocation failed for the try-th time (from 0). When
// there is nothing left to do the error is fatal and it answers false.
func (in *Interp) makeRoom(try int) bool {
	switch try {
	case 0:
		in.scavengeNow()
	case 1:
		in.fullGCNow()
	default:
		in.fatal("out of memory: the heap has reached its limit")
		return false
	}
	return true
}

// collectIfNeeded does what the heap asked for.
func (in *Interp) collectIfNeeded() {
	scavenge, full := in.heap.NeedsGC()
	switch {
	case full:
		in.fullGCNow()
	case scavenge:
		in.scavengeNow()
		if _, full = in.heap.NeedsGC(); full {
			in.fullGCNow()
		}
	}
}

// visitFrames visits the oops of all frames of a page and its base sender.
func (in *Interp) visitFrames(p *stackPage, visit func(*heap.Oop)) {
	fp, low, npc := p.FP, p.SP, uint64(0)
	for fp != 0 {
		if frameIsNative(fp) {
			if fp == p.FP {
				npc = headPC(fp)
			}
			in.visitNative(fp, low, npc, visit)
		} else {
			for a := low; a <= fp-8; a += 8 {
				visit((*heap.Oop)(heap.Pointer(a)))
			}
		}
		low, npc = fp+16, in.frameRet(fp)
		next := callerFrame(fp)
		if next == 0 {
			for ; low < p.hi; low += 8 {
				visit((*heap.Oop)(heap.Pointer(low)))
			}
		}
		fp = next
	}
}

// visitRegisters visits the oops in Go variables.
func (in *Interp) visitRegisters(visit func(*heap.Oop)) {
	for _, p := range []*heap.Oop{&in.divorced, &in.primMethod, &in.xResult, &in.profileSemaphore, &in.triedMethod} {
		if *p != heap.Invalid {
			visit(p)
		}
	}
	for i := range in.keptSends {
		visit((*heap.Oop)(&in.keptSends[i].Selector))
	}
	for i := range in.tried {
		if in.tried[i] != heap.Invalid {
			visit(&in.tried[i])
		}
	}
	for _, c := range in.hostCalls {
		visit(&c.context)
		visit(&c.process)
		if c.result != heap.Invalid {
			visit(&c.result)
		}
	}
}

// VisitRoots implements heap.Mutator.
func (in *Interp) VisitRoots(visit func(*heap.Oop)) {
	in.visitRegisters(visit)
	in.visitCode(!in.scavenging, visit)
	in.feedback.methods.visit(visit)
	in.observer.VisitStrong(visit)
	in.observer.VisitWeak(visit)
	for i := range in.pages.pages {
		if p := &in.pages.pages[i]; p.used {
			in.visitFrames(p, visit)
		}
	}
}

// MarkRoots implements heap.Mutator.
func (in *Interp) MarkRoots(visit func(*heap.Oop)) {
	in.visitRegisters(visit)
	in.observer.VisitStrong(visit)
	for i := range in.pages.pages {
		in.pages.pages[i].marked = false
	}
	if p := in.pages.active; p != nil {
		p.marked = true
		in.visitFrames(p, visit)
		in.markCode(p, visit)
	}
}

// MarkMarried implements heap.Mutator.
func (in *Interp) MarkMarried(ctx heap.Oop, visit func(*heap.Oop)) {
	if p := in.pageOf(marriedFrame(ctx)); p != nil && p.used && !p.marked {
		p.marked = true
		in.visitFrames(p, visit)
		in.markCode(p, visit)
	}
}

// AfterMark implements heap.Mutator: pages nobody can come back to are freed.
func (in *Interp) AfterMark() {
	for i := range in.pages.pages {
		if p := &in.pages.pages[i]; p.used && !p.marked {
			p.release()
		}
	}
	in.keepMethods(in.heap.Lives)
	in.keepCode(in.heap.Lives)
	in.observer.Keep(in.heap.Lives)
}

// Moved implements heap.Mutator.
func (in *Interp) Moved() {
	h := in.heap
	in.codeMoved()
	in.forgetSends()
	in.nilOop, in.falseOop, in.trueOop = h.Nil, h.False, h.True
	in.refreshSpecials()
	in.flushMethodCache()
	in.forgetTrace()
	in.observer.Moved()
	in.SignalSemaphore(in.system.gcSemaphore)
	if h.Stats.FullGCs != in.fullGCs {
		in.fullGCs = h.Stats.FullGCs
		in.clearClosures()
	}
	in.forwarders, _ = h.Forwarders()
	in.careful = in.forwarders || in.unfit
}

// ClassesExpunged implements heap.Mutator.
func (in *Interp) ClassesExpunged(indices []uint32) {
	in.flushMethodCache()
	in.forgetClasses(indices)
	in.unlinkSends()
	in.observer.ClassesChanged(indices)
}

// BecameClasses implements heap.Mutator.
func (in *Interp) BecameClasses(indices []uint32) {
	in.flushMethodCache()
	in.forgetClasses(indices)
	in.unlinkSends()
	in.observer.ClassesChanged(indices)
}

// UnforwardRoots implements heap.Mutator: after a become no frame has a forwarder
// as receiver, method, closure or context; operands are followed when used.
func (in *Interp) UnforwardRoots(follow func(heap.Oop) heap.Oop) {
	in.forwarders, _ = in.heap.Forwarders()
	in.careful = in.forwarders || in.unfit
	in.leavePage()
	fix := func(a uint64) {
		if o := heap.Oop(ld(a)); o.IsForwarder() {
			st(a, uint64(follow(o)))
		}
	}
	for i := range in.pages.pages {
		p := &in.pages.pages[i]
		if !p.used {
			continue
		}
		in.followNative(p, follow)
		for fp := p.FP; fp != 0; fp = callerFrame(fp) {
			if !frameIsNative(fp) {
				fix(fp - 8)
				fix(fp - 24)
				fix(fp - 32)
			}
			fix(frameTop(fp))
			if callerFrame(fp) == 0 {
				fix(frameTop(fp) + 8)
			}
		}
	}
	in.visitRegisters(func(p *heap.Oop) { *p = follow(*p) })
	in.forgetTrace()
	in.keepMethods(func(m heap.Oop) bool { return !m.IsForwarder() })
	for _, each := range []func(func(*heap.Oop)){in.observer.VisitStrong, in.observer.VisitWeak} {
		each(func(p *heap.Oop) { *p = follow(*p) })
	}
	in.observer.Moved()
	if in.pages.active != nil {
		in.loadPC()
	}
	in.flushMethodCache()
	in.refreshSpecials()
}
