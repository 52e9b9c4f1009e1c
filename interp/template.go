package interp

import (
	"maps"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/native"
)

// Frames of template code are frames of the interpreter, whose flags name the code they may go
// on in:
//
//	fp - 16   flags: SmallInteger of argc | block<<8 | number of the code<<16
//
// The code leaves with the frame as the loops leave it, for a handler, and is entered again where
// the loop would be: at the bytecode of the pc slot, if the code has an entry for it. So to
// everybody else there is no difference. Frames that such a frame calls return to its code, not to the
// loop: the loop is left then too, and finds the frame below. While feedback is gathered everything
// is interpreted.
//
// Code that is killed loses its frames at the next chance (bury): their flags and what returns to
// them become those of the interpreter.

const templateShift = 16 // of the number in the flags

// frameTemplate answers the number of the code that a frame of the interpreter may go on in; 0 is none.
func frameTemplate(fp uint64) uint64 { return ld(fp+frameFlagsOff) >> (3 + templateShift) }

// setFrameTemplate gives a frame's flags a number.
func setFrameTemplate(fp, number uint64) {
	st(fp+frameFlagsOff, ld(fp+frameFlagsOff)&(1<<(3+templateShift)-1)|number<<(3+templateShift))
}

// SetRoutines tells where the routines of template code are, if they are not 0.
func (in *Interp) SetRoutines(addresses []uint64) { copy(in.nat.Routines[:], addresses) }

// isTemplate tells template code from that of the optimizer.
func (c *compiled) isTemplate() bool { return c.code.Template != nil }

// template answers what template code says about itself.
func (c *compiled) template() *native.Template { return c.placed.Code().Template }

// setNumber gives template code a number, and its data what its frames begin with.
func (m *machineCode) setNumber(c *compiled, method heap.Oop) {
	i := m.unnumbered
	for i < len(m.numbered) && m.numbered[i] != nil {
		i++
	}
	if i == len(m.numbered) {
		m.numbered = append(m.numbered, nil)
	}
	m.numbered[i], m.unnumbered = c, i+1
	c.number = uint64(i + 1)
	st(c.literal(0), uint64(method))
	st(c.literal(native.FlagsLiteral), uint64(heap.FromInt(int64(c.code.Template.Flags)|int64(c.number)<<templateShift)))
}

// codeOf answers the live template code that a frame may go on in; nil if there is none.
func (m *machineCode) codeOf(fp uint64) *compiled {
	n := frameTemplate(fp)
	if n == 0 || n > uint64(len(m.numbered)) {
		return nil
	}
	if c := m.numbered[n-1]; c != nil && !c.dead {
		return c
	}
	return nil
}

// templatePlace answers the address that a table of template code has for a bytecode; 0 for none.
func (c *compiled) templatePlace(table []int32, method heap.Oop, pc uint64) uint64 {
	at := pc - uint64(method) - methodStart(methodHeader(method))
	if at >= uint64(len(table)) || table[at] == 0 {
		return 0
	}
	return c.placed.Text() + uint64(table[at])
}

// templateReturn answers where frames return to that the running frame of the interpreter calls, if
// that is template code; else 0.
func (in *Interp) templateReturn() uint64 {
	if frameTemplate(in.fp) == 0 || in.code == nil {
		return 0
	}
	c := in.code.codeOf(in.fp)
	if c == nil {
		return 0
	}
	return c.templatePlace(c.template().Returns, in.method, in.pc)
}

// templateEntry answers where the running frame, one of the interpreter's, goes on in template
// code; 0 if it is to be interpreted.
func (in *Interp) templateEntry() uint64 {
	if in.interpretNext {
		in.interpretNext = false
		return 0
	}
	if frameTemplate(in.fp) == 0 || in.code == nil || in.gathers() {
		return 0
	}
	if in.shuns() {
		return 0
	}
	if in.needsRenewal() {
		if in.renewNative(); in.dead != nil || in.pc == 0 {
			return 0
		}
	}
	c := in.code.codeOf(in.fp)
	if c == nil {
		return 0
	}
	return c.templatePlace(c.template().Entries, in.method, in.pc)
}

// leftTemplate does what template code was left for; the frame is the interpreter's. It tells whether
// other machine code is to run next.
func (in *Interp) leftTemplate() bool {
	n := &in.nat
	switch n.Exit {
	case native.ExitSend, native.ExitValue:
		in.nativeSend(n.Args[1])
		return in.goesOn()
	case native.ExitInterpret:
		in.templateNeeds(native.Need(n.Args[2]), n.Args[0], n.Args[1])
		return false
	}
	in.fatal("internal error: template code was left for no reason (%d)", n.Exit)
	return false
}

func (in *Interp) templateNeeds(n native.Need, a, b uint64) {
	switch n {
	case native.NeedPoll:
		in.poll()
	case native.NeedTrip:
		in.tripped(a == 1)
	case native.NeedReturn:
		in.xResult = heap.Oop(a)
		in.returnFrom()
	case native.NeedNonLocalReturn:
		in.xResult = heap.Oop(a)
		in.nonLocalReturn()
	case native.NeedMustBeBoolean:
		in.send(in.heap.Special(specialMustBeBoolean), 0)
	case native.NeedFullClosure:
		in.pushFullClosure(int(a), int(b))
	case native.NeedNewArray:
		in.newArray(int(a), b != 0)
	case native.NeedClass:
		in.stackPut(0, in.heap.ClassOf(in.follow(in.stackAt(0))))
	case native.NeedStoreVariable:
		in.storeRecvVar(int(a), int(b))
	case native.NeedStoreRemote:
		in.storeInto(heap.Oop(a), int(b>>1), int(b&1))
	case native.NeedStoreBinding:
		in.storeInto(in.follow(methodLiteral(in.method, int(a))), associationValue, int(b))
	default:
		in.interpretNext = true
	}
}

// warm has template code made of a method that is worth it, and tells whether there is some. It is
// called at a safepoint.
func (in *Interp) warm(method heap.Oop) bool {
	m := in.code
	if m == nil || m.hooks.Template == nil || in.feedback.policy.TemplateAfter == 0 || !isMethod(method) || !methodIsSista(method) {
		return false
	}
	if m.templates[method] != nil {
		return true
	}
	r := in.feedback.methods.record(method)
	if r.unsuited {
		return false
	}
	r.unsuited = !m.hooks.Template(method)
	return !r.unsuited
}

// adopt lets the running frame, one of the interpreter's, go on in template code.
func (in *Interp) adopt() {
	c := in.code.templates[in.method]
	if c == nil || frameIsNative(in.fp) || in.gathers() || in.code.killed {
		return
	}
	// Its return: to machine code or a loop of SistaV1 methods, or with a context.
	if r := in.frameRet(in.fp); r == in.retV3 || r == in.retBase && in.frameWord(in.fp, frameContext) == in.nilOop {
		return
	}
	if frameIsBlock(in.fp) == (c.code.Template.Flags&flagBlock != 0) {
		setFrameTemplate(in.fp, c.number)
	}
}

// buryTemplates takes the frames of a page from template code that was killed.
func (in *Interp) buryTemplates(p *stackPage) {
	in.eachFrame(p, func(fp, _ uint64) {
		if !frameIsNative(fp) && frameTemplate(fp) != 0 && in.code.codeOf(fp) == nil {
			setFrameTemplate(fp, 0)
		}
		if caller := callerFrame(fp); caller != 0 && !frameIsNative(caller) {
			if r := in.frameRet(fp); r != in.retSista && r != in.retV3 {
				if c := in.compiledAt(r); c == nil || c.dead {
					in.setFrameRet(fp, in.retSista)
				}
			}
		}
	})
}

// keepCode kills the code that names objects which nothing else keeps.
func (in *Interp) keepCode(lives func(heap.Oop) bool) {
	if in.code == nil {
		return
	}
	maps.DeleteFunc(in.code.wanted, func(m heap.Oop, _ bool) bool { return !lives(m) })
	for _, c := range in.code.all {
		gone := false
		c.visit(func(o *heap.Oop) { gone = gone || o.IsObject() && !lives(*o) })
		if gone {
			in.Kill(Compiled{c})
			in.forgetCode(c)
		}
	}
}

// forgetCode makes code that is dead name no objects.
func (in *Interp) forgetCode(c *compiled) {
	c.method = in.nilOop
	for i := range c.code.Literals {
		st(c.literal(i), uint64(in.nilOop))
	}
	c.cells(func(a uint64) { st(a+cellSelector, uint64(in.nilOop)) })
}
