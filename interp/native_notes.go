package interp

import (
	"slices"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/native"
)

// Contexts of activations in machine code are made without disturbing the code that runs them, as far as
// possible:
//
//   - The context of the outermost level of a frame is in the frame's word for it. Code that did not make
//     it does not know that it is to be widowed, so the frame's return address is *hooked*: the hook takes
//     its place, which leaves for Go, and the page's notes have the address itself.
//   - An inlined activation has no place for a context. The frame is *frozen* then: its levels are read out
//     into the notes, and are the truth from then on. Nobody goes on in its code any more: the return address of the
//     frame above is hooked too, and the interpreter gets frames of the levels when control returns. The same
//     is done when somebody writes into an activation, or reads an object that the code does without.
//
// So code goes on in frames that were only looked at, and those that are cut off cost nothing more.

// A note is what is known of a frame beside what lies on the stack.
type note struct {
	fp     uint64
	ret    uint64  // the return address of the frame, if it is hooked; else 0
	frozen []level // the levels of the frame, innermost first, if it is frozen; what it has pushed is on the stack
	floor  uint64  // of a frozen frame, see nativeFloor
	code   *compiled
}

// note answers the note of a frame, nil if there is none. Notes are sorted, the newest frame last.
func (p *stackPage) note(fp uint64) *note {
	p.takeHook()
	for i := len(p.notes) - 1; i >= 0 && p.notes[i].fp <= fp; i-- {
		if p.notes[i].fp == fp {
			return &p.notes[i]
		}
	}
	return nil
}

// takeHook makes a note of the frame that a switch has hooked.
func (p *stackPage) takeHook() {
	if fp := p.HookFP; fp != 0 {
		p.HookFP = 0
		p.makeNote(fp).ret = p.HookRet
	}
}

// makeNote answers the note of a frame. It is valid until the next one is made.
func (p *stackPage) makeNote(fp uint64) *note {
	if n := p.note(fp); n != nil {
		return n
	}
	i := len(p.notes)
	for i > 0 && p.notes[i-1].fp < fp {
		i--
	}
	p.notes = slices.Insert(p.notes, i, note{fp: fp})
	return &p.notes[i]
}

// forget drops the notes of the frames above one: they are gone.
func (p *stackPage) forget(fp uint64) {
	p.takeHook()
	i := len(p.notes)
	for i > 0 && p.notes[i-1].fp < fp {
		i--
	}
	for _, n := range p.notes[i:] {
		if n.frozen != nil {
			p.frozen--
		}
	}
	clear(p.notes[i:])
	p.notes = p.notes[:i]
}

// release makes a page one that nobody uses.
func (p *stackPage) release() {
	p.used, p.Ready = false, 0
	p.forget(p.hi)
}

// frameRet answers the return address of a frame, hooked or not.
func (in *Interp) frameRet(fp uint64) uint64 {
	ret := ld(fp + frameRet)
	if ret == in.retHook {
		ret = in.pageOf(fp).note(fp).ret
	}
	return ret
}

// setFrameRet gives a frame another return address, hooked if that was.
func (in *Interp) setFrameRet(fp, ret uint64) {
	if ld(fp+frameRet) == in.retHook {
		in.pageOf(fp).note(fp).ret = ret
	} else {
		st(fp+frameRet, ret)
	}
}

// unhook takes the hook from a frame.
func (in *Interp) unhook(fp uint64) {
	if ld(fp+frameRet) == in.retHook {
		n := in.pageOf(fp).note(fp)
		st(fp+frameRet, n.ret)
		n.ret = 0
	}
}

// hook has the return of a frame come to returnedHooked.
func (in *Interp) hook(fp uint64) {
	if ret := ld(fp + frameRet); ret != in.retHook {
		in.pageOf(fp).makeNote(fp).ret = ret
		st(fp+frameRet, in.retHook)
	}
}

// returnedHooked goes on after a frame whose return address was hooked has returned to where
// fp and sp are. It tells whether machine code is to run next.
func (in *Interp) returnedHooked(result heap.Oop) bool {
	p := in.pages.active
	p.takeHook()
	i := len(p.notes) - 1
	for i >= 0 && (p.notes[i].ret == 0 || frameTop(p.notes[i].fp)+8 != in.sp) {
		i--
	}
	if i < 0 {
		in.fatal("internal error: a frame of machine code returned to nowhere")
		return false
	}
	fp, ret := p.notes[i].fp, p.notes[i].ret
	p.forget(fp + 8)
	// The frame's words are still there.
	if frameIsNative(fp) {
		in.widow(fp)
	}
	if ret == in.retBase {
		in.returnFromBase(result)
		return false
	}
	in.push(result)
	if frameIsNative(in.fp) {
		setHeadPC(in.fp, ret)
	}
	in.loadPC()
	return in.pc == 0
}

// frozen answers the note of a frame if it is frozen, else nil.
func (in *Interp) frozen(fp uint64) *note {
	p := in.pageOf(fp)
	if p.frozen == 0 {
		return nil
	}
	if n := p.note(fp); n != nil && n.frozen != nil {
		return n
	}
	return nil
}

// freeze reads the levels of a frame of machine code out. The note is valid until the next one is made; it is nil
// if memory ran out, which is fatal.
func (in *Interp) freeze(fp, npc uint64) *note {
	if n := in.frozen(fp); n != nil {
		return n
	}
	c, _ := in.safepoint(npc)
	if c == nil {
		in.fatal("internal error: no machine code at %#x", npc)
		return nil
	}
	floor := nativeFloor(fp, c)
	all := in.levels(fp, floor, npc, false)
	if in.dead != nil {
		return nil
	}
	p := in.pageOf(fp)
	n := p.makeNote(fp)
	n.frozen, n.floor, n.code = all, floor, c
	if p.Ready == fp {
		p.Ready = 0
	}
	p.frozen++
	for i := range all {
		in.marryLevel(fp, &all[i], len(all)-1-i)
	}
	setFrameContext(fp, all[len(all)-1].context)
	if above := in.frameAbove(p, fp); above != 0 {
		in.hook(above)
	}
	in.Stats.Frozen++
	return p.note(fp)
}

// thaw forgets what was read out of a frame, whose levels become frames of the interpreter.
func (in *Interp) thaw(fp uint64) {
	if n := in.frozen(fp); n != nil {
		n.frozen, n.code = nil, nil
		in.pageOf(fp).frozen--
	}
}

// marryLevel makes the context of a level of a frozen frame, if it has one, name the frame.
func (in *Interp) marryLevel(fp uint64, l *level, fromOutermost int) {
	if l.context != in.nilOop {
		l.context.SetSlotRaw(contextSender, frameTag(fp))
		l.context.SetSlotRaw(contextPC, heap.FromInt(int64(fromOutermost)))
	}
}

// frameAbove answers the frame that a frame of a page has called, 0 if it is the head.
func (in *Interp) frameAbove(p *stackPage, fp uint64) uint64 {
	f := p.FP
	if p == in.pages.active {
		f = in.fp
	}
	above := uint64(0)
	for f != fp && f != 0 {
		above, f = f, callerFrame(f)
	}
	return above
}

// numLevels answers how many activations a frame of machine code stands for.
func (in *Interp) numLevels(fp, npc uint64) int {
	if n := in.frozen(fp); n != nil {
		return len(n.frozen)
	}
	_, s := in.levelsAt(npc)
	return len(s.Levels)
}

// levelOf answers the method of an activation of machine code, and whether it is that of a block.
func (in *Interp) levelOf(a activation) (method heap.Oop, block bool) {
	if n := in.frozen(a.fp); n != nil {
		l := &n.frozen[a.level]
		return l.method, l.closure != in.nilOop
	}
	c, s := in.levelsAt(a.npc)
	l := &s.Levels[a.level]
	return heap.Oop(ld(c.literal(l.Method))), l.Closure.Kind != native.None
}

// nativeContextOf answers the context of an activation of machine code.
func (in *Interp) nativeContextOf(a activation) heap.Oop {
	fromOutermost := in.numLevels(a.fp, a.npc) - 1 - a.level
	if in.dead != nil {
		return in.nilOop
	}
	if fromOutermost == 0 {
		return in.marryNative(a)
	}
	n := in.frozen(a.fp)
	if n == nil {
		c, s := in.levelsAt(a.npc)
		if l := s.Levels[a.level].Context; l.Kind != native.None && l.Kind != native.IsVirtual {
			r := reader{in: in, c: c, state: s, fp: a.fp}
			return r.oop(l)
		}
		if n = in.freeze(a.fp, a.npc); n == nil {
			return in.nilOop
		}
	}
	l := &n.frozen[a.level]
	if l.context == in.nilOop {
		in.asked(a)
		l.context = in.contextOfLevel(l)
		in.marryLevel(a.fp, l, fromOutermost)
	}
	return l.context
}

// marryNative answers the context of the outermost level of a frame.
func (in *Interp) marryNative(a activation) heap.Oop {
	if ctx := in.frameContextOf(a.fp); ctx != in.nilOop {
		return ctx
	}
	var outer level
	if n := in.frozen(a.fp); n != nil {
		outer = n.frozen[a.level]
	} else {
		c, s := in.levelsAt(a.npc)
		if s.Levels[a.level].Context.Kind == native.IsVirtual {
			// Objects that the code does without refer to it.
			if in.freeze(a.fp, a.npc) == nil {
				return in.nilOop
			}
			return in.frameContextOf(a.fp)
		}
		if !c.code.OSR { // such code widows itself
			in.hook(a.fp)
		}
		outer = in.activationIn(&reader{in: in, c: c, state: s, fp: a.fp}, &s.Levels[a.level])
	}
	ctx := in.contextOfLevel(&outer)
	if in.dead != nil {
		return in.nilOop
	}
	in.marryLevel(a.fp, &level{context: ctx}, 0)
	setFrameContext(a.fp, ctx)
	return ctx
}

// contextOfLevel makes the context of a level that was read out, without its state.
func (in *Interp) contextOfLevel(l *level) heap.Oop {
	ctx := in.heap.Allocate(heap.ClassContext, heap.FmtVariable, contextFixed+contextSlots(l.method))
	if ctx == heap.Invalid {
		in.fatal("out of memory: no context can be made for a frame")
		return in.nilOop
	}
	ctx.SetSlotRaw(contextStackp, heap.FromInt(0))
	in.heap.Store(ctx, contextMethod, l.method)
	in.heap.Store(ctx, contextClosure, l.closure)
	in.heap.Store(ctx, contextReceiver, l.self)
	return ctx
}

// nativeSlot reads a slot of a context through its frame of machine code.
func (in *Interp) nativeSlot(ctx heap.Oop, i int) heap.Oop {
	a := in.marriedActivation(ctx)
	if in.dead != nil {
		return in.nilOop
	}
	switch {
	case i == contextSender && in.isOutermost(a) && callerFrame(a.fp) == 0:
		return in.follow(baseSender(a.fp))
	case i == contextSender:
		return in.contextOf(in.sender(a))
	case i == contextStackp:
		return heap.FromInt(int64(in.nativeStackp(a)))
	}
	if n := in.frozen(a.fp); n != nil {
		l := &n.frozen[a.level]
		switch {
		case i == contextPC:
			return l.pc
		case i-contextFixed < len(l.words):
			return l.words[i-contextFixed]
		}
	} else {
		c, s := in.levelsAt(a.npc)
		l := &s.Levels[a.level]
		if i == contextPC {
			return in.levelPC(heap.Oop(ld(c.literal(l.Method))), l)
		}
		j := i - contextFixed
		var at native.Loc
		switch {
		case j < len(l.Temps):
			at = l.Temps[j]
		case j < len(l.Temps)+len(l.Stack):
			at = l.Stack[j-len(l.Temps)]
		}
		if at.Kind != native.None || j < len(l.Temps)+len(l.Stack) {
			r := reader{in: in, c: c, state: s, fp: a.fp}
			if at.Kind != native.IsVirtual {
				// What has no identity may be made each time it is asked for.
				if o := r.oop(at); at.Repr == native.ReprOop || o.IsImmediate() || !o.IsObject() || at.Repr == native.ReprBool {
					return o
				}
			}
			n := in.freeze(a.fp, a.npc)
			if n == nil {
				return in.nilOop
			}
			return n.frozen[a.level].words[j]
		}
	}
	if addr := in.pushedWord(a, i-contextFixed); addr != 0 {
		return heap.Oop(ld(addr))
	}
	return in.nilOop
}

// ownWords answers how many words of an activation of machine code are not pushed on the stack.
func (in *Interp) ownWords(a activation) (words int, floor uint64) {
	if n := in.frozen(a.fp); n != nil {
		return len(n.frozen[a.level].words), n.floor
	}
	c, s := in.levelsAt(a.npc)
	l := &s.Levels[a.level]
	return len(l.Temps) + len(l.Stack), nativeFloor(a.fp, c)
}

// nativeStackp answers the number of live slots that the context of an activation of machine code has.
func (in *Interp) nativeStackp(a activation) int {
	words, floor := in.ownWords(a)
	if a.level == 0 {
		words += int(floor-in.frameLow(in.pageOf(a.fp), a.fp)) / heap.Word
	}
	return words
}

// pushedWord answers where a word of an activation is on the stack, 0 if it has none with that index.
func (in *Interp) pushedWord(a activation, i int) uint64 {
	words, floor := in.ownWords(a)
	if i -= words; i < 0 || a.level != 0 {
		return 0
	}
	if addr := floor - 8*uint64(i+1); addr >= in.frameLow(in.pageOf(a.fp), a.fp) {
		return addr
	}
	return 0
}

// setNativeSlot writes a temporary or the pc of an activation of machine code; false if that is for others to do.
func (in *Interp) setNativeSlot(ctx heap.Oop, i int, v heap.Oop) bool {
	a := in.marriedActivation(ctx)
	if in.dead != nil {
		return true
	}
	if i >= contextFixed {
		if i-contextFixed >= in.nativeStackp(a) {
			return false
		}
		if addr := in.pushedWord(a, i-contextFixed); addr != 0 {
			st(addr, uint64(v))
			return true
		}
	} else if method, _ := in.levelOf(a); i != contextPC || a.fp == in.fp || !isPC(method, v) {
		return false
	}
	n := in.freeze(a.fp, a.npc)
	switch {
	case n == nil:
	case i == contextPC:
		n.frozen[a.level].pc = v
	default:
		n.frozen[a.level].words[i-contextFixed] = v
	}
	return true
}

// asked tells the compiler that somebody asked for an activation that was inlined.
func (in *Interp) asked(a activation) {
	c := in.compiledAt(a.npc)
	if n := in.frozen(a.fp); n != nil {
		c = n.code
	}
	if c == nil || c.dead || in.code.hooks.Asked == nil {
		return
	}
	if s := c.placed.Safepoint(a.npc); s != nil && s.State >= 0 {
		in.code.hooks.Asked(Compiled{c}, s, a.level)
	}
}
