package interp

import (
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/native"
)

// Frames of machine code among those of the interpreter. Such a frame has
// flagNative, and stands for one activation or, where sends were inlined, several:
// its levels, 0 the innermost. Where it is, its native pc, is the return address in
// the frame above it on its page, or in its pc slot if it is the head.

func frameIsNative(fp uint64) bool { return heap.Load(fp+frameFlagsOff)>>3&flagNative != 0 }

// headPC answers the native pc of a frame of machine code that is the head of its page.
func headPC(fp uint64) uint64 { return ld(fp-8) >> 1 }

// setHeadPC is called when such a frame becomes the head. Addresses of code are below 2^62.
func setHeadPC(fp, pc uint64) { st(fp-8, pc<<1|1) }

// safepoint answers where a frame of machine code is.
func (in *Interp) safepoint(npc uint64) (*compiled, *native.Safepoint) {
	p := &in.code.points[pointPlace(npc)]
	if p.pc == npc {
		return p.code, p.safepoint
	}
	c := in.compiledAt(npc)
	if c == nil {
		return nil, nil
	}
	*p = point{pc: npc, code: c, safepoint: c.placed.Safepoint(npc)}
	return c, p.safepoint
}

// A point is a safepoint that was found.
type point struct {
	pc        uint64
	code      *compiled
	safepoint *native.Safepoint
	state     *native.State // its state, once somebody has asked for that
}

// numPoints is how many safepoints are remembered.
const numPoints = 64

func pointPlace(npc uint64) uint64 { return (npc>>1 ^ npc>>8) % numPoints }

// levelsAt answers the levels of a frame of machine code, innermost first.
func (in *Interp) levelsAt(npc uint64) (*compiled, *native.State) {
	p := &in.code.points[pointPlace(npc)]
	if p.pc == npc && p.state != nil {
		return p.code, p.state
	}
	c, sp := in.safepoint(npc)
	if sp == nil || sp.State < 0 {
		in.fatal("internal error: no state at a return address of machine code (%#x)", npc)
		return nil, &native.State{Levels: make([]native.Level, 1)}
	}
	s := c.placed.State(sp.State)
	if s == nil {
		in.fatal("%v", c.placed.Damaged())
		return nil, &native.State{Levels: make([]native.Level, 1)}
	}
	p.state = s
	return c, s
}

// nativePCOf answers the native pc of a frame on a page, by walking there from the head.
func (in *Interp) nativePCOf(fp uint64) uint64 {
	p := in.pageOf(fp)
	f := p.FP
	if p == in.pages.active {
		f = in.fp
	}
	if f == fp {
		return headPC(fp)
	}
	for f != 0 {
		next := callerFrame(f)
		if next == fp {
			return in.frameRet(f)
		}
		f = next
	}
	in.fatal("internal error: a context names frame %#x, which is not on its page", fp)
	return 0
}

// frameActivation answers the innermost activation of a frame. npc is used for machine code only.
func frameActivation(fp, npc uint64) activation {
	if frameIsNative(fp) {
		return activation{fp: fp, npc: npc}
	}
	return activation{fp: fp}
}

// headActivation is frameActivation of the head of a page.
func headActivation(fp uint64) activation {
	if frameIsNative(fp) {
		return activation{fp: fp, npc: headPC(fp)}
	}
	return activation{fp: fp}
}

// marriedActivation answers the activation that a married context stands for.
func (in *Interp) marriedActivation(ctx heap.Oop) activation {
	fp := marriedFrame(ctx)
	if !frameIsNative(fp) {
		return activation{fp: fp}
	}
	npc := in.nativePCOf(fp)
	// The context counts levels from the outermost.
	return activation{fp: fp, npc: npc, level: in.numLevels(fp, npc) - 1 - int(ctx.Slot(contextPC).Int())}
}

// outermost answers the outermost activation of a frame.
func (in *Interp) outermost(a activation) activation {
	if a.npc != 0 {
		a.level = in.numLevels(a.fp, a.npc) - 1
	}
	return a
}

// isOutermost tells whether the end of an activation is the end of its frame.
func (in *Interp) isOutermost(a activation) bool { return a == in.outermost(a) }

// nativeSender answers the sender of an activation of machine code within its frame, if that is there.
func (in *Interp) nativeSender(a activation) (activation, bool) {
	if a.level+1 < in.numLevels(a.fp, a.npc) {
		a.level++
		return a, true
	}
	return a, false
}

// nativeReceiverClass answers the class of an activation's receiver, which need not exist.
func (in *Interp) nativeReceiverClass(a activation) heap.Oop {
	if n := in.frozen(a.fp); n != nil {
		return in.heap.ClassOf(n.frozen[a.level].self)
	}
	c, s := in.levelsAt(a.npc)
	switch self := s.Levels[a.level].Self; {
	case self.Kind == native.IsVirtual && (s.Virtuals[self.Index].Kind == native.VirtualObject || s.Virtuals[self.Index].Kind == native.VirtualArray):
		return in.heap.ClassAt(uint32(s.Virtuals[self.Index].Class))
	default:
		r := reader{in: in, c: c, state: s, fp: a.fp}
		return in.heap.ClassOf(r.oop(self))
	}
}

// visitNative visits the oops of a frame of machine code: its context, the slots that
// hold oops where it is, and what is pushed below them from low on.
func (in *Interp) visitNative(fp, low, npc uint64, visit func(*heap.Oop)) {
	if hasContextWord(fp) {
		visit((*heap.Oop)(heap.Pointer(fp - 24)))
	}
	if n := in.frozen(fp); n != nil {
		for i := range n.frozen {
			n.frozen[i].visit(visit)
		}
		for a := low; a < n.floor; a += 8 {
			visit((*heap.Oop)(heap.Pointer(a)))
		}
		return
	}
	c, sp := in.safepoint(npc)
	if sp == nil {
		in.fatal("internal error: no stack map at %#x", npc)
		return
	}
	if c.code.OSR {
		visit((*heap.Oop)(heap.Pointer(fp - 32))) // its receiver
	}
	slots := fp - c.code.SlotsAt()
	for i, word := range sp.Oops {
		for b := 0; word != 0; b, word = b+1, word>>1 {
			if word&1 != 0 {
				visit((*heap.Oop)(heap.Pointer(slots - 8*uint64(64*i+b))))
			}
		}
	}
	for a := low; a < nativeFloor(fp, c); a += 8 {
		visit((*heap.Oop)(heap.Pointer(a)))
	}
}

// followNative follows forwarders in the frames of machine code of a page.
func (in *Interp) followNative(p *stackPage, follow func(heap.Oop) heap.Oop) {
	npc := uint64(0)
	in.eachFrame(p, func(fp, low uint64) {
		if frameIsNative(fp) {
			if fp == p.FP {
				npc = headPC(fp)
			}
			in.visitNative(fp, low, npc, func(o *heap.Oop) { *o = follow(*o) })
		}
		npc = in.frameRet(fp)
	})
}

// nativeFloor answers the lowest word that is a frame's own when nothing is pushed.
func nativeFloor(fp uint64, c *compiled) uint64 {
	return fp + 8 - c.code.SlotsAt() - 8*uint64(c.code.FrameSlots)
}

// widowInner tells the contexts that were made of the inlined activations of a frame of machine
// code that they end: of those inside the level upTo.
func (in *Interp) widowInner(fp, npc uint64, upTo int) {
	if n := in.frozen(fp); n != nil {
		for i := range upTo {
			in.widowContext(fp, n.frozen[i].context)
		}
		return
	}
	c, s := in.levelsAt(npc)
	if in.dead != nil {
		return
	}
	r := reader{in: in, c: c, state: s, fp: fp}
	for i := range upTo {
		if l := &s.Levels[i]; l.Context.Kind != native.None && l.Context.Kind != native.IsVirtual {
			in.widowContext(fp, r.oop(l.Context))
		}
	}
}

func (in *Interp) widowContext(fp uint64, ctx heap.Oop) {
	if in.isContext(ctx) && isMarried(ctx) && marriedFrame(ctx) == fp {
		ctx.SetSlotRaw(contextSender, in.nilOop)
		ctx.SetSlotRaw(contextPC, in.nilOop)
	}
}
