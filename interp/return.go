package interp

import "github.com/sista-vm/sista/heap"

// An activation is a frame, or a context without one. Walkers go from activation
// to sender and do not care which it is.
type activation struct {
	fp    uint64   // of a frame, else 0
	ctx   heap.Oop // of a single context
	npc   uint64   // of a frame of machine code: where it is
	level int      // of such a frame: which of its activations, 0 the innermost
}

// activationOf answers the activation a context stands for.
func (in *Interp) activationOf(ctx heap.Oop) activation {
	if isMarried(ctx) {
		return in.marriedActivation(ctx)
	}
	return activation{ctx: ctx}
}

func (a activation) isNone() bool { return a.fp == 0 && a.ctx == heap.Invalid }

func (in *Interp) running() activation { return headActivation(in.fp) }

// sender answers the caller; none at the end of the chain.
func (in *Interp) sender(a activation) activation {
	s := heap.Invalid
	if a.fp != 0 {
		if a.npc != 0 {
			if s, ok := in.nativeSender(a); ok {
				return s
			}
		}
		if c := callerFrame(a.fp); c != 0 {
			return frameActivation(c, in.frameRet(a.fp))
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

// A walk goes up a chain of senders. An image can make a circle of one: the walk then
// ends where it finds out, all activations passed.
type walk struct {
	activation
	mark     activation // one that was passed; met again, the chain is a circle
	left     int        // steps until the mark is moved on
	stride   int
	circular bool
}

func walkFrom(a activation) walk { return walk{activation: a, left: firstStride, stride: firstStride} }

const (
	firstStride = 64
	mostOuters  = 1 << 16 // of a block; more are a circle
)

// up goes to the sender.
func (w *walk) up(in *Interp) {
	w.activation = in.sender(w.activation)
	if w.isNone() {
		return
	}
	if w.activation == w.mark {
		w.activation, w.circular = activation{}, true
		return
	}
	if w.left--; w.left == 0 {
		w.mark = w.activation
		w.stride *= 2
		w.left = w.stride
	}
}

func (in *Interp) methodOf(a activation) heap.Oop {
	if a.npc != 0 {
		m, _ := in.levelOf(a)
		return m
	}
	if a.fp != 0 {
		return in.frameWord(a.fp, frameMethod)
	}
	return in.follow(a.ctx.Slot(contextMethod))
}

// isBlockActivation tells block activations from those of methods.
func (in *Interp) isBlockActivation(a activation) bool {
	if a.npc != 0 {
		_, block := in.levelOf(a)
		return block
	}
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
	if a.npc != 0 {
		return in.nativeContextOf(a)
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
		in.becomeHead(caller, in.fp)
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
	in.freePage(in.pages.active)
	in.activateContext(sender)
	if in.dead == nil {
		in.push(result)
	}
}

// becomeHead is called when the frame above another goes away: that becomes the head of the page.
func (in *Interp) becomeHead(fp, above uint64) {
	if frameIsNative(fp) {
		setHeadPC(fp, in.frameRet(above))
	}
	in.pageOf(fp).forget(fp)
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
	for n := 0; ; n++ {
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
		if !isClosure(c) || n == mostOuters {
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
	for w := walkFrom(in.running()); w.activation != target; {
		if w.up(in); w.isNone() {
			in.cannotReturn(result)
			return
		}
		if unwind.isNone() && in.isMarked(w.activation, primEnsure) {
			unwind = w.activation
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
		if !in.isOutermost(target) {
			in.returnFromInlined(target, result)
			return
		}
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
	for a := in.running(); ; {
		t := in.activationOf(target)
		if a == t {
			break
		}
		if a.npc != 0 {
			if a.fp == t.fp {
				in.widowInner(a.fp, a.npc, t.level)
				break
			}
			a = in.outermost(a)
			in.widowInner(a.fp, a.npc, a.level)
		}
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
	t := in.activationOf(target)
	p := in.pageOf(t.fp)
	low := in.frameLow(p, t.fp)
	if p != in.pages.active {
		in.usePage(p)
	}
	in.fp, in.sp = t.fp, low
	if t.npc != 0 {
		setHeadPC(t.fp, t.npc)
	}
	p.forget(t.fp)
	in.loadPC()
}

// returnFromInlined returns from an activation that was inlined in the running frame, and those inside
// it: machine code cannot go on with the answer.
func (in *Interp) returnFromInlined(a activation, result heap.Oop) {
	in.asked(a)
	levels := in.levels(a.fp, in.sp, a.npc, false)
	if in.dead != nil {
		return
	}
	in.widowInner(a.fp, a.npc, a.level+1)
	if in.deoptLevels(a.fp, levels[a.level+1:]); in.dead == nil {
		in.push(result)
	}
}

// enter answers an activation that a stack comes to from another page or from a
// context. Frames that somebody else has above it on its page must outlive it, so
// the page is spilled then.
func (in *Interp) enter(a activation) activation {
	if a.fp == 0 {
		return a
	}
	p := in.pageOf(a.fp)
	if p == in.pages.active || p.FP == a.fp && a.level == 0 {
		return a
	}
	ctx := in.contextOf(a)
	if in.dead == nil && p.used {
		in.spill(p)
	}
	return activation{ctx: ctx}
}

func (in *Interp) freePage(p *stackPage) {
	p.release()
	in.pages.next = int((p.lo - in.pages.pages[0].lo) / pageBytes)
	if p == in.pages.active {
		in.pages.active = nil
	}
}
