package interp

import "github.com/sista-vm/sista/heap"

// cutBetween kills the activations between the running one, which is the interpreter's, and one further out on its
// page: the running frame moves to where the first of them was. If the one further out is
// inlined machine code, the interpreter gets what is left of its frame. It answers false, with nothing
// changed, if this cannot be done.
func (in *Interp) cutBetween(from, upTo activation) bool {
	if from != in.running() || upTo.fp == 0 || from.npc != 0 && !in.canMove(from) {
		return false
	}
	last := in.fp // what upTo's frame has called
	for f := callerFrame(in.fp); f != upTo.fp; f = callerFrame(f) {
		if f == 0 {
			return false
		}
		last = f
	}
	if upTo.level == 0 && last == in.fp {
		return false // there are none
	}
	var levels []level
	if upTo.level > 0 {
		if levels = in.levels(upTo.fp, frameTop(last)+8, upTo.npc, false); in.dead != nil {
			return false
		}
		if levels = levels[upTo.level:]; !in.roomFor(upTo.fp, levels, int(frameTop(in.fp)+8-in.sp)/heap.Word) {
			return false
		}
	}
	npc := in.frameRet(in.fp)
	for f := callerFrame(in.fp); f != upTo.fp; f = callerFrame(f) {
		if frameIsNative(f) {
			in.widowInner(f, npc, in.numLevels(f, npc)-1)
		}
		in.widow(f)
		npc = in.frameRet(f)
	}
	if upTo.level > 0 {
		in.asked(activation{fp: upTo.fp, npc: upTo.npc, level: upTo.level - 1})
		in.widowInner(upTo.fp, upTo.npc, upTo.level)
		in.layUnder(upTo.fp, upTo.npc, levels)
	} else {
		in.moveUp(last, upTo.fp)
	}
	if ctx := in.frameContextOf(in.fp); ctx != in.nilOop {
		ctx.SetSlotRaw(contextSender, frameTag(in.fp))
	}
	return true
}

// canMove tells whether nothing but the context of the outermost level knows where the running frame, one of machine
// code, is.
func (in *Interp) canMove(a activation) bool { return in.isOutermost(a) && in.frozen(a.fp) == nil }

// roomFor tells whether the frames of some levels fit on the page in place of a frame, and so many words after them.
func (in *Interp) roomFor(fp uint64, levels []level, words int) bool {
	for i := range levels {
		words += frameHeaderWords + 1 + len(levels[i].words)
	}
	return frameTop(fp)-8*uint64(words) >= in.pages.active.lo+pageHeadroom/2
}

// moveUp moves the running frame to the place of another one, which caller has called.
func (in *Interp) moveUp(to, caller uint64) {
	ret, top := in.frameRet(to), frameTop(in.fp)
	hooked := ld(in.fp+frameRet) == in.retHook
	shift := frameTop(to) - top
	for a := top; a >= in.sp; a -= heap.Word {
		st(a+shift, ld(a))
	}
	in.fp, in.sp = in.fp+shift, in.sp+shift
	st(in.fp+frameRet, ret)
	st(in.fp+frameCaller, caller)
	in.pages.active.forget(caller)
	if hooked || frameIsNative(caller) && in.frozen(caller) != nil {
		in.hook(in.fp)
	}
}

// layUnder puts frames of the interpreter in place of a frame of machine code, and the running frame under them.
func (in *Interp) layUnder(fp, npc uint64, levels []level) {
	var own []uint64
	for a := in.sp; a <= frameTop(in.fp); a += heap.Word {
		own = append(own, ld(a))
	}
	up, hooked := in.fp-in.sp, ld(in.fp+frameRet) == in.retHook
	in.pages.active.forget(fp)
	setHeadPC(fp, npc)
	in.thaw(fp)
	in.layLevels(fp, levels)
	caller := in.fp
	in.sp -= heap.Word * uint64(len(own))
	for i, w := range own {
		st(in.sp+heap.Word*uint64(i), w)
	}
	in.fp = in.sp + up
	st(in.fp+frameRet, in.retSista)
	st(in.fp+frameCaller, caller)
	if hooked {
		in.hook(in.fp)
	}
}
