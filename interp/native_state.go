package interp

import (
	"math"
	"slices"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/native"
)

// reader reads the values that a state of machine code names, and makes the objects that do
// not exist. Nothing is collected meanwhile, but making an object may fail: dead is set then.
type reader struct {
	in       *Interp
	c        *compiled
	state    *native.State
	fp       uint64
	regs     bool // registers are in the context block
	virtuals []heap.Oop
}

// oop answers a value as an object.
func (r *reader) oop(l native.Loc) heap.Oop {
	if l.Kind == native.IsVirtual {
		return r.virtual(int(l.Index))
	}
	w := r.word(l)
	switch l.Repr {
	case native.ReprInt:
		return r.made(r.in.heap.NewInt64(int64(w)))
	case native.ReprFloat:
		return r.made(r.in.heap.NewFloat(math.Float64frombits(w)))
	case native.ReprBool:
		return r.in.heap.Bool(w&1 != 0)
	}
	return heap.Oop(w)
}

// word answers a value as it is represented.
func (r *reader) word(l native.Loc) uint64 {
	switch l.Kind {
	case native.InReg:
		return r.in.nat.Regs[l.Index] + uint64(l.Add)
	case native.InXReg:
		return r.in.nat.XRegs[l.Index]
	case native.InSlot:
		return ld(r.fp-r.c.code.SlotsAt()-8*uint64(l.Index)) + uint64(l.Add)
	case native.InArg:
		return ld(r.fp+16+8*uint64(l.Index)) + uint64(l.Add)
	case native.IsConst:
		return uint64(l.Index)
	case native.IsLiteral:
		return ld(r.c.literal(int(l.Index)))
	case native.IsSpecial:
		return [3]uint64{uint64(r.in.nilOop), uint64(r.in.falseOop), uint64(r.in.trueOop)}[l.Index]
	}
	return uint64(r.in.nilOop)
}

func (r *reader) made(o heap.Oop) heap.Oop {
	if o == heap.Invalid {
		r.in.fatal("out of memory: an object that machine code did without can not be made")
		return r.in.nilOop
	}
	return o
}

// virtual answers the object of a description, making it at its first use. Objects may refer to
// each other in circles.
func (r *reader) virtual(i int) heap.Oop {
	if r.virtuals == nil {
		r.virtuals = make([]heap.Oop, len(r.state.Virtuals))
	}
	if r.virtuals[i] != heap.Invalid {
		return r.virtuals[i]
	}
	v := &r.state.Virtuals[i]
	if v.Kind == native.VirtualFloat {
		r.virtuals[i] = r.oop(native.Loc{Kind: v.Slots[0].Kind, Index: v.Slots[0].Index, Repr: native.ReprFloat})
		return r.virtuals[i]
	}
	if v.Kind == native.VirtualEither {
		l := v.Slots[0]
		if l.Kind != native.IsVirtual && l.Repr == native.ReprOop && r.word(l) == native.Absent {
			l = v.Slots[1]
		}
		r.virtuals[i] = r.oop(l)
		return r.virtuals[i]
	}
	if v.Kind == native.VirtualContext {
		return r.context(i)
	}
	h := r.in.heap
	_, format := h.InstSpec(h.ClassAt(uint32(v.Class)))
	o := r.made(h.Allocate(uint32(v.Class), format, len(v.Slots)))
	r.virtuals[i] = o
	if r.in.dead != nil {
		return o
	}
	for j, l := range v.Slots {
		h.Store(o, j, r.oop(l))
	}
	return o
}

// context makes the context that object i is: that of the level which says so. Whoever uses the
// state gives it the rest.
func (r *reader) context(i int) heap.Oop {
	h, in := r.in.heap, r.in
	at := slices.IndexFunc(r.state.Levels, func(l native.Level) bool {
		return l.Context.Kind == native.IsVirtual && int(l.Context.Index) == i
	})
	if at < 0 {
		in.fatal("internal error: a context that machine code did without is that of no activation")
		return in.nilOop
	}
	if ctx := in.frameContextOf(r.fp); at == len(r.state.Levels)-1 && ctx != in.nilOop {
		r.virtuals[i] = ctx // somebody asked for it
		return ctx
	}
	l := &r.state.Levels[at]
	method := heap.Oop(ld(r.c.literal(l.Method)))
	ctx := r.made(h.Allocate(heap.ClassContext, heap.FmtVariable, contextFixed+contextSlots(method)))
	r.virtuals[i] = ctx
	if in.dead != nil {
		return ctx
	}
	ctx.SetSlotRaw(contextStackp, heap.FromInt(0))
	h.Store(ctx, contextMethod, method)
	h.Store(ctx, contextReceiver, r.oop(l.Self))
	if l.Closure.Kind != native.None {
		h.Store(ctx, contextClosure, r.oop(l.Closure))
	}
	return ctx
}

// A level read out: what an interpreter frame or a context is made of.
type level struct {
	method, self heap.Oop
	closure      heap.Oop // nil in a method
	context      heap.Oop // nil if none was made
	pc           heap.Oop // as a context has it
	argc         int
	words        []heap.Oop // temporaries with arguments, then the stack
}

// visit visits the oops of a level.
func (l *level) visit(visit func(*heap.Oop)) {
	visit(&l.method)
	visit(&l.self)
	visit(&l.closure)
	visit(&l.context)
	for i := range l.words {
		visit(&l.words[i])
	}
}

// levels reads all levels of a frame, innermost first. What was pushed in a send that is under way,
// or the result of one that is over, is given to the innermost.
func (in *Interp) levels(fp, low, npc uint64, regs bool) []level {
	var all []level
	floor := uint64(0)
	if n := in.frozen(fp); n != nil {
		all, floor = slices.Clone(n.frozen), n.floor
		all[0].words = slices.Clone(all[0].words)
	} else {
		c, s := in.levelsAt(npc)
		if in.dead != nil {
			return nil
		}
		all, floor = in.readLevels(c, s, fp, regs), nativeFloor(fp, c)
	}
	if outer := &all[len(all)-1]; outer.context == in.nilOop {
		outer.context = in.frameContextOf(fp) // somebody asked for it
	}
	inner := &all[0]
	for a := floor - 8; a >= low; a -= 8 {
		inner.words = append(inner.words, heap.Oop(ld(a)))
	}
	return all
}

// readLevels reads the levels of a state.
func (in *Interp) readLevels(c *compiled, s *native.State, fp uint64, regs bool) []level {
	r := reader{in: in, c: c, state: s, fp: fp, regs: regs}
	all := make([]level, len(s.Levels))
	for i := range s.Levels {
		l := &s.Levels[i]
		x := &all[i]
		*x = in.activationIn(&r, l)
		x.argc = headerNumArgs(methodHeader(x.method))
		if l.Context.Kind != native.None {
			x.context = r.oop(l.Context)
		}
		x.pc = in.levelPC(x.method, l)
		x.words = make([]heap.Oop, 0, len(l.Temps)+len(l.Stack)+4)
		for _, t := range l.Temps {
			x.words = append(x.words, r.oop(t))
		}
		for _, t := range l.Stack {
			x.words = append(x.words, r.oop(t))
		}
	}
	return all
}

// activationIn reads what stays the same while an activation runs.
func (in *Interp) activationIn(r *reader, l *native.Level) level {
	x := level{method: heap.Oop(ld(r.c.literal(l.Method))), self: r.oop(l.Self), closure: in.nilOop, context: in.nilOop}
	if l.Closure.Kind != native.None {
		x.closure = r.oop(l.Closure)
	}
	return x
}

// levelPC answers the pc of a level as a context has it: one-based from the start of the method object,
// less one as the pc of a context names the byte before the next.
func (in *Interp) levelPC(method heap.Oop, l *native.Level) heap.Oop {
	pc := int64(methodStart(methodHeader(method))) - 7 + int64(l.PC)
	if l.Resume {
		pc += int64(bytecodeLength(uint64(method) + uint64(pc) + 7))
	}
	return heap.FromInt(pc)
}
