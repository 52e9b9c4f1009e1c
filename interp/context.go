package interp

import "github.com/sista-vm/sista/heap"

// Slots of a Context.
const (
	contextSender     = 0
	contextPC         = 1
	contextStackp     = 2
	contextMethod     = 3
	contextClosure    = 4
	contextReceiver   = 5
	contextFixed      = 6
	smallContextSlots = 16
	largeContextSlots = 56
)

// A context is in one of three states:
//
//	single   its slots are its state
//	married  its sender slot is a SmallInteger naming its frame, pc is 0, stackp
//	         0, and all slots from 6 on are nil; the state is in the frame
//	widowed  its frame has returned: sender and pc are nil
//
// A frame that returns or is cut off widows its context at once, so a
// SmallInteger sender always names a live frame.

// frameTag is how a married context names its frame: fp is word aligned, so the
// address with the tag bit is a SmallInteger.
func frameTag(fp uint64) heap.Oop { return heap.Oop(fp | heap.TagInt) }

func isMarried(ctx heap.Oop) bool { return ctx.Slot(contextSender).IsInt() }

func marriedFrame(ctx heap.Oop) uint64 { return uint64(ctx.Slot(contextSender)) &^ heap.TagInt }

func (in *Interp) isContext(o heap.Oop) bool {
	return o.IsObject() && o.ClassIndex() == heap.ClassContext
}

func contextSlots(method heap.Oop) int {
	if headerLargeFrame(methodHeader(method)) {
		return largeContextSlots
	}
	return smallContextSlots
}

// marry answers the context of a frame, making one if it has none.
func (in *Interp) marry(fp uint64) heap.Oop {
	if ctx := in.frameWord(fp, frameContext); ctx != in.nilOop {
		return ctx
	}
	method := in.frameWord(fp, frameMethod)
	ctx := in.heap.Allocate(heap.ClassContext, heap.FmtVariable, contextFixed+contextSlots(method))
	if ctx == heap.Invalid {
		return heap.Invalid
	}
	closure := in.nilOop
	if frameIsBlock(fp) {
		closure = heap.Oop(ld(frameTop(fp)))
	}
	ctx.SetSlotRaw(contextSender, frameTag(fp))
	ctx.SetSlotRaw(contextPC, heap.FromInt(0))
	ctx.SetSlotRaw(contextStackp, heap.FromInt(0))
	in.heap.Store(ctx, contextMethod, method)
	in.heap.Store(ctx, contextClosure, closure)
	in.heap.Store(ctx, contextReceiver, in.frameWord(fp, frameReceiver))
	setFrameWord(fp, frameContext, ctx)
	return ctx
}

// widow tells the context of a frame that goes away, if it has one.
func (in *Interp) widow(fp uint64) {
	if ctx := in.frameContextOf(fp); ctx != in.nilOop {
		ctx.SetSlotRaw(contextSender, in.nilOop)
		ctx.SetSlotRaw(contextPC, in.nilOop)
	}
}

// contextSlot reads a slot of a context through its frame, if it is married.
func (in *Interp) contextSlot(ctx heap.Oop, i int) heap.Oop {
	if !isMarried(ctx) || i >= contextMethod && i < contextFixed {
		return ctx.Slot(i)
	}
	fp := marriedFrame(ctx)
	if frameIsNative(fp) {
		return in.nativeSlot(ctx, i)
	}
	switch i {
	case contextSender:
		if c := callerFrame(fp); c != 0 {
			return in.contextOf(frameActivation(c, in.frameRet(fp)))
		}
		return in.follow(baseSender(fp))
	case contextPC:
		if fp == in.fp {
			in.savePC()
		}
		return in.frameWord(fp, framePC)
	case contextStackp:
		return heap.FromInt(int64(in.contextStackp(ctx)))
	}
	if i-contextFixed >= in.contextStackp(ctx) {
		return in.nilOop
	}
	return heap.Oop(ld(tempAddr(fp, i-contextFixed)))
}

// contextStackp answers the number of live slots after the fixed ones.
func (in *Interp) contextStackp(ctx heap.Oop) int {
	if isMarried(ctx) {
		fp := marriedFrame(ctx)
		if frameIsNative(fp) {
			return in.nativeStackp(in.marriedActivation(ctx))
		}
		return in.frameDepth(fp, in.frameLow(in.pageOf(fp), fp))
	}
	if n := ctx.Slot(contextStackp); n.IsInt() {
		return max(0, min(int(n.Int()), ctx.NumSlots()-contextFixed))
	}
	return 0
}

// setContextSlot writes a slot of a context. Temporaries and the pc of a married
// context are written in its frame; for anything else its page is spilled first.
// A pc outside the method is not put in a frame, which would run there: it is
// found when the context gets a frame again.
func (in *Interp) setContextSlot(ctx heap.Oop, i int, v heap.Oop) {
	if i == contextSender && v.IsInt() {
		v = in.nilOop // would name a frame
	}
	if isMarried(ctx) {
		fp := marriedFrame(ctx)
		switch {
		case frameIsNative(fp):
			if in.setNativeSlot(ctx, i, v) {
				return
			}
		case i >= contextFixed && i-contextFixed < in.contextStackp(ctx):
			st(tempAddr(fp, i-contextFixed), uint64(v))
			return
		case i == contextPC && fp != in.fp && frameTemplate(fp) == 0 && isPC(in.frameWord(fp, frameMethod), v):
			setFrameWord(fp, framePC, v)
			return
		}
		in.divorcePage(fp)
	}
	if (i == contextMethod || i == contextReceiver) && ctx.Slot(i) != in.nilOop {
		in.suspectClosures() // old closures have both from their outer context
	}
	in.heap.Store(ctx, i, v)
	in.resumeDivorced()
}

// divorcePage spills the page of a frame. If it is the running one, in.divorced
// remembers the running context until resumeDivorced.
func (in *Interp) divorcePage(fp uint64) {
	p, head := in.pageOf(fp), in.fp
	active := p == in.pages.active
	if in.spill(p); active && in.dead == nil {
		in.divorced = in.frameContextOf(head)
	}
}

// resumeDivorced gives the running context a frame again.
func (in *Interp) resumeDivorced() {
	if ctx := in.divorced; ctx != heap.Invalid {
		in.divorced = heap.Invalid
		in.activateContext(ctx)
	}
}

// setStackp changes the depth of a context (primitive 76). Slots that come in or
// go out are nil.
func (in *Interp) setStackp(ctx heap.Oop, n int) bool {
	if n < 0 || n > ctx.NumSlots()-contextFixed {
		return false
	}
	if isMarried(ctx) {
		fp := marriedFrame(ctx)
		if fp == in.fp {
			return false
		}
		in.divorcePage(fp)
	}
	for i, old := n, in.contextStackp(ctx); i < old; i++ {
		ctx.SetSlotRaw(contextFixed+i, in.nilOop)
	}
	for i := in.contextStackp(ctx); i < n; i++ {
		ctx.SetSlotRaw(contextFixed+i, in.nilOop)
	}
	ctx.SetSlotRaw(contextStackp, heap.FromInt(int64(n)))
	in.resumeDivorced()
	return true
}

// cloneContext answers a single context with the state of ctx, Invalid without memory.
func (in *Interp) cloneContext(ctx heap.Oop) heap.Oop {
	if !isMarried(ctx) {
		return in.heap.Clone(ctx)
	}
	sender := in.contextSlot(ctx, contextSender)
	c := in.heap.Allocate(heap.ClassContext, heap.FmtVariable, ctx.NumSlots())
	if c == heap.Invalid {
		return c
	}
	in.heap.Store(c, contextSender, sender)
	for i := contextPC; i < contextFixed; i++ {
		in.heap.Store(c, i, in.contextSlot(ctx, i))
	}
	for i, n := 0, min(in.contextStackp(ctx), c.NumSlots()-contextFixed); i < n; i++ {
		in.heap.Store(c, contextFixed+i, in.contextSlot(ctx, contextFixed+i))
	}
	return c
}

// isPC tells whether a context with a method may have pc, which is that of the
// end when the method ended with a return that could not be done.
func isPC(method, pc heap.Oop) bool {
	return isMethod(method) && pc.IsInt() &&
		pc.Int() >= int64(methodStart(methodHeader(method)))-7 && pc.Int() <= int64(method.NumBytes())+1
}

// isLive tells whether a context can be resumed: its pc is a SmallInteger.
func (in *Interp) isLive(ctx heap.Oop) bool {
	return in.isContext(ctx) && (isMarried(ctx) || ctx.Slot(contextPC).IsInt())
}

// activateContext makes a live context the running activation. The running page
// has been left or spilled.
func (in *Interp) activateContext(ctx heap.Oop) {
	if isMarried(ctx) {
		a := in.marriedActivation(ctx)
		p := in.pageOf(a.fp)
		if p.FP == a.fp && a.level == 0 && p != in.pages.active {
			in.fp, in.sp = p.FP, p.SP
			in.usePage(p)
			in.loadPC()
			return
		}
		if p == in.pages.active && a.fp == in.fp && a.level == 0 {
			return
		}
		// Frames above it stay alive as contexts.
		in.spill(p)
	}
	if p := in.freshPage(nil); p != nil {
		in.baseFrame(p, ctx)
	}
}

// baseFrame lays the frame of a single context at the base of an unused page and runs it.
func (in *Interp) baseFrame(p *stackPage, ctx heap.Oop) {
	method := in.follow(ctx.Slot(contextMethod))
	pc, closure, rcvr := ctx.Slot(contextPC), in.follow(ctx.Slot(contextClosure)), in.follow(ctx.Slot(contextReceiver))
	depth := in.contextStackp(ctx)
	if !isPC(method, pc) {
		in.fatal("corrupt image: a context has no method or no valid pc")
		return
	}
	argc, flags, top := headerNumArgs(methodHeader(method)), uint64(0), rcvr
	if closure != in.nilOop {
		if argc = closureArgs(closure); argc < 0 || argc > 15 {
			in.fatal("corrupt image: a context's closure is none")
			return
		}
		flags, top = flagBlock, closure
	}
	if depth < argc {
		in.fatal("corrupt image: a context's stack is shorter than its arguments")
		return
	}
	if !in.fits(method, rcvr, int(pc.Int())) {
		in.fatal("corrupt image: a context of %s goes on with variables that its receiver has not got",
			in.MethodName(method, in.heap.ClassOf(rcvr)))
		return
	}
	in.usePage(p)
	in.sp = p.hi - 8
	st(in.sp, uint64(ctx.Slot(contextSender)))
	in.push(top)
	for i := 0; i < argc; i++ {
		in.push(ctx.Slot(contextFixed + i))
	}
	in.push(heap.Oop(in.retBase))
	in.push(0)
	in.fp = in.sp
	in.fillFrame(method, rcvr, argc, flags)
	for i := argc; i < depth; i++ {
		in.push(ctx.Slot(contextFixed + i))
	}
	setFrameWord(in.fp, framePC, pc)
	setFrameWord(in.fp, frameContext, ctx)
	in.loadPC()
	ctx.SetSlotRaw(contextSender, frameTag(in.fp))
	ctx.SetSlotRaw(contextPC, heap.FromInt(0))
	ctx.SetSlotRaw(contextStackp, heap.FromInt(0))
	for i := contextFixed; i < ctx.NumSlots(); i++ {
		ctx.SetSlotRaw(i, in.nilOop)
	}
}
