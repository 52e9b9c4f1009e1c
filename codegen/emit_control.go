package codegen

import (
	"slices"

	"github.com/sista-vm/sista/codegen/asm"
	"github.com/sista-vm/sista/native"
)

// The frame, from its pointer: see package native.
const (
	frameFlags    = -16
	frameContext  = -24 // those of a frame that was the interpreter's
	frameReceiver = -32
	flagBlock     = 1 << 8
	flagNative    = 1 << 9
	flagContext   = 1 << 10
)

// control emits what goes elsewhere.
func (e *emitter) control(next *block) {
	a, in := e.a, e.in
	switch in.op {
	case mEntry:
		e.prologue()
	case mSend:
		e.send()
	case mPoll:
		done := a.NewLabel()
		slow := e.slowPath(native.ExitPoll, done, nil, nil)
		e.count(slow)
		a.RM(asm.Cmp, asm.W64, asm.RSP, context(offStackLimit))
		a.Jcc(asm.Below, slow)
		a.Bind(done)
	case mDeoptIf:
		e.deoptIf()
	case mDeopt:
		e.leave()
	case mJmp:
		if to := e.target(e.b.succs[0].to); to != next {
			a.Jmp(e.labels[to.id])
		}
	case mJcc:
		e.branch(next)
	case mRet:
		e.load(asm.RAX, in.args[0])
		if e.osr {
			e.widowFrame()
		}
		a.Mov(asm.W64, asm.RSP, asm.RBP)
		a.Pop(asm.RBP)
		a.Ret(uint16(8 * (e.argc + 1)))
	case mNonLocal:
		e.push(in.args[0])
		e.load(asm.RCX, in.args[1])
		a.Pop(asm.RAX)
		e.exit(native.ExitNonLocal)
		a.Trap()
	case mUnreachable:
		a.Trap()
	default:
		e.fail("%s is not emitted", mopNames[in.op])
	}
}

// load puts an operand that may be anywhere into a register.
func (e *emitter) load(r asm.Reg, o operand) {
	switch o.kind {
	case oImm:
		e.a.MovImm(r, o.disp)
	case oReg:
		e.copyLoc(locReg(reg(r)), e.where(o.v, e.pos))
	default:
		e.a.Load(asm.W64, r, e.mem(o))
	}
}

// push pushes an operand that may be anywhere.
func (e *emitter) push(o operand) {
	switch {
	case o.kind == oReg:
		l := e.where(o.v, e.pos)
		switch {
		case l == locNone:
			e.fail("v%d is pushed and is nowhere", o.v)
		case l.isReg():
			e.a.Push(gr(l.reg()))
		default:
			e.a.PushMem(e.frame(l))
		}
	case o.kind != oImm:
		e.a.PushMem(e.mem(o))
	case fits32(o.disp):
		e.a.PushImm(int32(o.disp))
	default:
		e.a.MovImm(tmp, o.disp)
		e.a.Push(tmp)
	}
}

// answer moves RAX to the register of the answer.
func (e *emitter) answer() { e.take(e.d()) }

func (e *emitter) branch(next *block) {
	a := e.a
	yes, no := e.target(e.b.succs[0].to), e.target(e.b.succs[1].to)
	cc := e.in.cc
	switch cc {
	case ccFEq, ccFNe:
		if cc == ccFNe {
			yes, no = no, yes
		}
		a.Jcc(asm.Parity, e.labels[no.id])
		a.Jcc(asm.NotEqual, e.labels[no.id])
		if yes != next {
			a.Jmp(e.labels[yes.id])
		}
	default:
		if yes == next {
			a.Jcc(asm.Cond(cc).Not(), e.labels[no.id])
			return
		}
		a.Jcc(asm.Cond(cc), e.labels[yes.id])
		if no != next {
			a.Jmp(e.labels[no.id])
		}
	}
}

// deoptIf jumps to a call of the deoptimization stub, out of line, if cc.
func (e *emitter) deoptIf() {
	a, in := e.a, e.in
	out := e.leaveAt()
	switch in.cc {
	case ccAlways:
		a.Jmp(out)
	case ccFEq:
		skip := a.NewLabel()
		a.Jcc(asm.Parity, skip)
		a.Jcc(asm.Equal, out)
		a.Bind(skip)
	case ccFNe:
		a.Jcc(asm.Parity, out)
		a.Jcc(asm.NotEqual, out)
	default:
		a.Jcc(asm.Cond(in.cc), out)
	}
	e.count(out)
}

// count jumps to a label when as many guards were passed as a test wants to pass. It
// changes the flags.
func (e *emitter) count(out asm.Label) {
	if e.opts.Count {
		e.a.UnaryM(asm.Dec, asm.W64, context(int64(native.OffGuards)))
		e.a.Jcc(asm.Equal, out)
	}
}

// send pushes receiver and arguments and calls through the cell.
func (e *emitter) send() {
	a, in := e.a, e.in
	for _, o := range in.args {
		e.push(o)
	}
	a.Lea(asm.R10, asm.Data(cellWords+int(in.imm)*native.ICWords))
	a.CallMem(asm.At(asm.R10, 8))
	x := native.ExitSend
	if e.cells[in.imm].call {
		x = native.ExitCall
	}
	e.safepoint(x)
	e.answer()
}

// finish assembles, and fills in what is known then.
func (e *emitter) finish() error {
	if e.err != nil {
		return e.err
	}
	out, err := e.a.Assemble()
	if err != nil {
		return err
	}
	c := e.out
	c.Bytes = slices.Clone(out.Bytes)
	if !e.osr {
		c.Entry = e.a.Offset(e.entry)
	}
	if e.hasChecked {
		c.CheckedEntry = e.a.Offset(e.checked)
	}
	c.FrameSlots = e.plan.slots
	c.Slow = e.a.Offset(e.slow)
	c.Literals = e.literals.handles
	for _, u := range e.cells {
		c.Cells = append(c.Cells, native.Cell{Selector: u.selector, Argc: u.argc, Call: u.call})
	}
	c.Raw = e.raw
	cells := len(c.Literals)
	raw := cells + native.ICWords*len(c.Cells)
	for _, r := range out.Refs {
		switch {
		case r.Word >= rawWords:
			r.Word += raw - rawWords
		case r.Word >= cellWords:
			r.Word += cells - cellWords
		}
		c.Relocs = append(c.Relocs, native.Reloc(r))
	}
	for _, s := range e.sites {
		s.point.PC = e.a.Offset(s.at)
		c.Safepoints = append(c.Safepoints, s.point)
	}
	slices.SortFunc(c.Safepoints, func(x, y native.Safepoint) int { return x.PC - y.PC })
	for _, l := range out.Lines {
		c.Lines = append(c.Lines, native.Line(l))
	}
	return nil
}

// widowFrame tells the context that the interpreter may have made of the frame that it ends.
func (e *emitter) widowFrame() {
	a, none := e.a, e.a.NewLabel()
	a.Load(asm.W64, asm.RCX, asm.At(asm.RBP, frameContext))
	a.Load(asm.W64, asm.RDX, context(offNil))
	a.RR(asm.Cmp, asm.W64, asm.RCX, asm.RDX)
	a.Jcc(asm.Equal, none)
	a.Store(asm.W64, asm.At(asm.RCX, firstSlot+8*contextSender), asm.RDX)
	a.Store(asm.W64, asm.At(asm.RCX, firstSlot+8*contextPC), asm.RDX)
	a.Bind(none)
}

// Slots of a context.
const (
	contextSender = 0
	contextPC     = 1
)
