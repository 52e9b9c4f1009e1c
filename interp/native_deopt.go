package interp

import (
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/native"
)

// Frames of machine code become what the interpreter runs in two ways: the running one is
// replaced by interpreter frames where it lies (layLevels); a page with such frames anywhere
// becomes contexts, as any page that is spilled. Neither collects.

// bytecodeLength answers the bytes of the instruction of a SistaV1 method at an address, extensions included.
func bytecodeLength(at uint64) int {
	n := uint64(0)
	for op := ldb(at); op == extendA || op == extendB; op = ldb(at + n) {
		n += 2
	}
	switch op := ldb(at + n); {
	case op >= firstOfThree:
		n += 3
	case op >= firstOfTwo:
		n += 2
	default:
		n++
	}
	return int(n)
}

// Sizes of SistaV1 instructions go by their first byte.
const (
	firstOfTwo   = 224
	extendA      = 224
	extendB      = 225
	firstOfThree = 248
)

// deoptHead replaces the running frame, one of machine code, by interpreter frames. With regs,
// values may be in the registers that the deoptimization stub saved.
func (in *Interp) deoptHead(regs bool) {
	fp := in.fp
	levels := in.levels(fp, in.sp, headPC(fp), regs)
	if in.dead != nil {
		return
	}
	in.deoptLevels(fp, levels)
}

// deoptLevels goes on in interpreter frames of some levels of the running frame.
func (in *Interp) deoptLevels(fp uint64, levels []level) {
	if !in.roomFor(fp, levels, 0) {
		in.divorceLevels(fp, levels)
		return
	}
	in.thaw(fp)
	in.layLevels(fp, levels)
	in.loadPC()
}

// layLevels lays interpreter frames of levels in place of a frame; the innermost is the running one after it.
func (in *Interp) layLevels(fp uint64, levels []level) {
	top := frameTop(fp)
	for i := len(levels) - 1; i >= 0; i-- {
		in.sp = in.layLevel(top, &levels[i], i == len(levels)-1)
		top = in.sp - 8
	}
}

// layLevel lays the interpreter frame of a level with its receiver at top, and answers its sp. The
// outermost takes the place of a frame, whose return address and caller it keeps.
func (in *Interp) layLevel(top uint64, l *level, outermost bool) uint64 {
	first, flags := l.self, uint64(l.argc)
	if l.closure != in.nilOop {
		first, flags = l.closure, flags|flagBlock
	}
	st(top, uint64(first))
	a := top
	for _, w := range l.words[:l.argc] {
		a -= 8
		st(a, uint64(w))
	}
	fp := a - 16
	if !outermost {
		st(fp+frameRet, in.retSista)
		st(fp, in.fp)
	}
	setFrameWord(fp, frameMethod, l.method)
	setFrameWord(fp, frameFlags, heap.FromInt(int64(flags)))
	setFrameWord(fp, frameContext, l.context)
	setFrameWord(fp, frameReceiver, l.self)
	setFrameWord(fp, framePC, l.pc)
	if l.context != in.nilOop {
		l.context.SetSlotRaw(contextSender, frameTag(fp))
		l.context.SetSlotRaw(contextPC, heap.FromInt(0))
	}
	a = fp - 40
	for _, w := range l.words[l.argc:] {
		a -= 8
		st(a, uint64(w))
	}
	in.fp = fp
	return a
}

// divorceLevels runs on from contexts of the levels of the running frame.
func (in *Interp) divorceLevels(fp uint64, levels []level) {
	p := in.pages.active
	in.leavePage()
	in.spillFrom(p, levels)
	if in.dead == nil {
		in.activateContext(in.frameContextOf(fp))
	}
}

// marryLevels gives the levels of a frame contexts, filled but for the sender of the outermost, and
// leaves the innermost in the frame.
func (in *Interp) marryLevels(fp uint64, levels []level) {
	for i := range levels {
		l := &levels[i]
		if l.context == in.nilOop {
			if l.context = in.contextOfLevel(l); in.dead != nil {
				return
			}
		}
		if len(l.words) > l.context.NumSlots()-contextFixed {
			in.fatal("internal error: the stack of an inlined activation is larger than its method says")
			return
		}
		l.context.SetSlotRaw(contextPC, l.pc)
		l.context.SetSlotRaw(contextStackp, heap.FromInt(int64(len(l.words))))
		for j, w := range l.words {
			in.heap.Store(l.context, contextFixed+j, w)
		}
		if i > 0 {
			in.heap.Store(levels[i-1].context, contextSender, l.context)
		}
	}
	setFrameContext(fp, levels[0].context)
	in.spilled = append(in.spilled, spilledFrame{fp, levels})
}

// spilledFrame says which contexts the levels of a frame became.
type spilledFrame struct {
	fp     uint64
	levels []level
}

// hasNative tells whether a page has frames of machine code.
func (in *Interp) hasNative(p *stackPage) bool {
	found := false
	in.eachFrame(p, func(fp, _ uint64) { found = found || frameIsNative(fp) })
	return found
}

// interpretAll turns all frames of machine code into what the interpreter runs: objects are about to change
// in ways that machine code relies on not to happen.
func (in *Interp) interpretAll() {
	if in.code == nil {
		return
	}
	for i := range in.pages.pages {
		if p := &in.pages.pages[i]; p.used && in.dead == nil && in.hasNative(p) {
			in.respill(p)
		}
	}
}

// respill spills a page; if it is the running one, its head runs on.
func (in *Interp) respill(p *stackPage) {
	head := in.fp
	active := p == in.pages.active
	in.spill(p)
	if active && in.dead == nil {
		in.activateContext(in.frameContextOf(head))
	}
}

// newNativeContext makes the context of a level of the running frame, counted from the outermost.
func (in *Interp) newNativeContext(fp, npc uint64, fromOutermost int) heap.Oop {
	c, s := in.levelsAt(npc)
	if in.dead != nil {
		return heap.Invalid
	}
	if fromOutermost == 0 {
		if ctx := in.frameContextOf(fp); ctx != in.nilOop {
			return ctx
		}
	}
	l := &s.Levels[len(s.Levels)-1-fromOutermost]
	method := heap.Oop(ld(c.literal(l.Method)))
	r := reader{in: in, c: c, state: s, fp: fp}
	closure := in.nilOop
	if l.Closure.Kind != native.None {
		closure = r.oop(l.Closure)
	}
	self := r.oop(l.Self)
	ctx := in.heap.Allocate(heap.ClassContext, heap.FmtVariable, contextFixed+contextSlots(method))
	if ctx == heap.Invalid {
		return heap.Invalid
	}
	ctx.SetSlotRaw(contextSender, frameTag(fp))
	ctx.SetSlotRaw(contextPC, heap.FromInt(int64(fromOutermost)))
	ctx.SetSlotRaw(contextStackp, heap.FromInt(0))
	in.heap.Store(ctx, contextMethod, method)
	in.heap.Store(ctx, contextClosure, closure)
	in.heap.Store(ctx, contextReceiver, self)
	if fromOutermost == 0 {
		setFrameContext(fp, ctx)
	}
	return ctx
}
