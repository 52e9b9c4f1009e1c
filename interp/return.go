package interp

import "github.com/sista-vm/sista/heap"

// An activation is a frame, or a context without one. Walkers go from activation
// to sender and do not care which it is.
type activation struct {
	fp  uint64   // of a frame, else 0
	ctx heap.Oop // of a single context
}

// activationOf answers the activation a context stands for.
func (in *Interp) activationOf(ctx heap.Oop) activation {
	if isMarried(ctx) {
		return activation{fp: marriedFrame(ctx)}
	}
	return activation{ctx: ctx}
}

func (a activation) isNone() bool { return a.fp == 0 && a.ctx == heap.Invalid }

func (in *Interp) running() activation { return activation{fp: in.fp} }

// sender answers the caller; none at the end of the chain.
func (in *Interp) sender(a activation) activation {
	s := heap.Invalid
	if a.fp != 0 {
		if c := callerFrame(a.fp); c != 0 {
			return activation{fp: c}
		}
		s = in.follow(baseSender(a.fp))
	} else {
		s = in.follow(a.ctx.Slot(contextSender))
	}
	if !in.isContext(s) {
		return activation{}
	}
	return in.activationOf(s)
}

func (in *Interp) methodOf(a activation) heap.Oop {
	if a.fp != 0 {
		return in.frameWord(a.fp, frameMethod)
	}
	return in.follow(a.ctx.Slot(contextMethod))
}

// isBlockActivation tells block activations from those of methods.
func (in *Interp) isBlockActivation(a activation) bool {
	if a.fp != 0 {
		return frameIsBlock(a.fp)
	}
	return a.ctx.Slot(contextClosure) != in.nilOop
}

// contextOf answers the context of an activation, marrying a frame.
func (in *Interp) contextOf(a activation) heap.Oop {
	if a.fp == 0 {
		return a.ctx
	}
	ctx := in.marry(a.fp)
	if ctx == heap.Invalid {
		in.fatal("out of memory: no context can be made for a frame")
		return in.nilOop
	}
	return ctx
}

// isMarked tells activations of methods that a primitive number marks.
func (in *Interp) isMarked(a activation, primitive int) bool {
	m := in.methodOf(a)
	return isMethod(m) && !in.isBlockActivation(a) && methodPrimitive(m) == primitive
}

// takeResult answers in.xResult, which keeps it no longer from the collector.
func (in *Interp) takeResult() heap.Oop {
	r := in.xResult
	in.xResult = heap.Invalid
	return r
}

// returnFrom returns in.xResult from the running frame, whose caller is not a frame
// of the loop that ran it.
func (in *Interp) returnFrom() {
	result := in.takeResult()
	if caller := callerFrame(in.fp); caller != 0 {
		in.widow(in.fp)
		in.sp = frameTop(in.fp)
		in.stackPut(0, result)
		in.fp = caller
		in.loadPC()
		return
	}
	sender := in.follow(baseSender(in.fp))
	if !in.isLive(sender) {
		if in.finishHostCall(result) {
			return
		}
		in.cannotReturn(result)
		return
	}
	in.widow(in.fp)
	in.pages.active.used = false
	in.pages.active = nil
	in.activateContext(sender)
	if in.dead == nil {
		in.push(result)
	}
}

// cannotReturn tells the running context that its return has nowhere to go.
func (in *Interp) cannotReturn(result heap.Oop) {
	ctx := in.contextOf(in.running())
	in.push(ctx)
	in.push(result)
	in.send(in.heap.Special(specialCannotReturn), 1)
}

// nonLocalReturn returns in.xResult from the home of the running block's method,
// by way of the unwind blocks between.
func (in *Interp) nonLocalReturn() {
	result := in.takeResult()
	closure := heap.Oop(ld(frameTop(in.fp)))
	var home heap.Oop
	for {
		ctx := in.follow(closure.Slot(closureOuter))
		if !in.isContext(ctx) {
			in.cannotReturn(result)
			return
		}
		c := in.follow(ctx.Slot(contextClosure))
		if c == in.nilOop {
			home = ctx
			break
		}
		if !isClosure(c) {
			in.cannotReturn(result)
			return
		}
		closure = c
	}
	if !in.isLive(home) {
		in.cannotReturn(result)
		return
	}
	if !in.canReturnFrom(home) {
		in.cannotReturn(result)
		return
	}
	target := in.activationOf(home)
	unwind := activation{}
	a := in.running()
	for a != target {
		if a = in.sender(a); a.isNone() {
			in.cannotReturn(result)
			return
		}
		if unwind.isNone() && in.isMarked(a, primEnsure) {
			unwind = a
		}
	}
	if !unwind.isNone() {
		in.push(in.contextOf(in.running()))
		in.push(result)
		in.push(in.contextOf(unwind))
		in.send(in.heap.Special(specialAboutToReturn), 2)
		return
	}
	if in.cutBackTo(home); in.dead != nil {
		return
	}
	if isMarried(home) {
		in.xResult = result
		in.returnFrom()
		return
	}
	// The home is a single context: its sender resumes with the result.
	sender := in.follow(home.Slot(contextSender))
	home.SetSlotRaw(contextSender, in.nilOop)
	home.SetSlotRaw(contextPC, in.nilOop)
	in.activateContext(sender)
	if in.dead == nil {
		in.push(result)
	}
}

// canReturnFrom tells whether a live context has somewhere to return to.
func (in *Interp) canReturnFrom(ctx heap.Oop) bool {
	if !isMarried(ctx) {
		return in.isLive(in.follow(ctx.Slot(contextSender)))
	}
	fp := marriedFrame(ctx)
	return callerFrame(fp) != 0 || in.isLive(in.follow(baseSender(fp))) || in.isHostCall(ctx)
}

// cutBackTo kills every activation from the running one up to target's, and makes
// target's frame, if it has one, the running frame.
func (in *Interp) cutBackTo(target heap.Oop) {
	for a := in.running(); a != in.activationOf(target); {
		next := in.sender(a)
		switch {
		case a.fp == 0:
			a.ctx.SetSlotRaw(contextSender, in.nilOop)
			a.ctx.SetSlotRaw(contextPC, in.nilOop)
		case callerFrame(a.fp) != 0:
			in.widow(a.fp)
		default:
			in.widow(a.fp)
			in.freePage(in.pageOf(a.fp))
		}
		if a.fp == 0 || callerFrame(a.fp) == 0 {
			if next = in.enter(next); in.dead != nil {
				return
			}
		}
		a = next
	}
	if !isMarried(target) {
		return
	}
	fp := marriedFrame(target)
	p := in.pageOf(fp)
	low := in.frameLow(p, fp)
	if p != in.pages.active {
		in.usePage(p)
	}
	in.fp, in.sp = fp, low
	in.loadPC()
}

// enter answers an activation that a stack comes to from another page or from a
// context. Frames that somebody else has above it on its page must outlive it, so
// the page is spilled then.
func (in *Interp) enter(a activation) activation {
	if a.fp == 0 {
		return a
	}
	p := in.pageOf(a.fp)
	if p == in.pages.active || p.fp == a.fp {
		return a
	}
	ctx := in.contextOf(a)
	if in.dead == nil {
		in.spill(p)
	}
	return activation{ctx: ctx}
}

func (in *Interp) freePage(p *stackPage) {
	p.used = false
	if p == in.pages.active {
		in.pages.active = nil
	}
}
