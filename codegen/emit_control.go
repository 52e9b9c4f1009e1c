package codegen

import (
	"slices"

	"github.com/sista-vm/sista/codegen/asm"
	"github.com/sista-vm/sista/native"
)

// The frame, from its pointer: see package native.
const (
	frameFlags   = -16
	frameContext = -24
	frameHeader  = 40 // bytes below the frame pointer before the slots
	flagBlock    = 1 << 8
	flagNative   = 1 << 9
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
			e.a.PushMem(frame(l))
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

// give moves a register for a stub, take its answer.
func (e *emitter) give(to, from asm.Reg) {
	if to != from {
		e.a.Mov(asm.W64, to, from)
	}
}

func (e *emitter) take(d asm.Reg) {
	if d != asm.RAX {
		e.a.Mov(asm.W64, d, asm.RAX)
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
}

// leaveAt answers the label of a call of the deoptimization stub, out of line.
func (e *emitter) leaveAt() asm.Label {
	in, pos, out := e.in, e.pos, e.a.NewLabel()
	e.later = append(e.later, func() {
		e.in, e.pos = in, pos
		e.line()
		e.a.Bind(out)
		e.leave()
	})
	return out
}

func (e *emitter) line() {
	if e.in.val != nil {
		e.a.Line(int32(e.in.val.ID))
	}
}

// leave calls the deoptimization stub.
func (e *emitter) leave() { e.exit(native.ExitDeopt) }

// exit calls a stub, and notes the return address.
func (e *emitter) exit(x native.Exit) {
	e.a.CallMem(asm.At(asm.R15, native.OffStub(x)))
	e.safepoint(x)
}

func (e *emitter) safepoint(x native.Exit) {
	s := native.Safepoint{Kind: x, State: -1, Value: -1}
	if v := e.in.val; v != nil {
		s.Value, s.Reason = int32(v.ID), uint8(v.Reason)
	}
	pt := e.points[e.pos/4]
	if pt != nil {
		s.Oops = slotBits(pt.oops)
	}
	if e.in.st != nil {
		s.State = e.stateAt(e.in.st, pt)
	}
	e.sites = append(e.sites, site{e.a.Here(), s})
}

func slotBits(slots []int) []uint64 {
	if len(slots) == 0 {
		return nil
	}
	bits := make([]uint64, slots[len(slots)-1]/64+1)
	for _, s := range slots {
		bits[s/64] |= 1 << (s % 64)
	}
	return bits
}

// slowPath emits, out of line, a call of a stub that comes back: registers that live
// are stored; give lays the stub's arguments and may use AX, CX, DX and R11; take
// gets its answer; what lives on is loaded, and done jumps back after more. The label
// to jump to is the answer.
func (e *emitter) slowPath(x native.Exit, back asm.Label, give, take func(), more ...func()) asm.Label {
	a, in, pos := e.a, e.in, e.pos
	label := a.NewLabel()
	e.later = append(e.later, func() {
		e.in, e.pos = in, pos
		e.line()
		a.Bind(label)
		pt := e.points[pos/4]
		for _, s := range pt.saves {
			if s.store {
				e.copyLoc(s.to, locReg(s.reg))
			}
		}
		if give != nil {
			give()
		}
		e.exit(x)
		if take != nil {
			take()
		}
		for _, s := range pt.saves {
			if s.reload {
				e.copyLoc(locReg(s.reg), s.to)
			}
		}
		for _, f := range more {
			f()
		}
		a.Jmp(back)
	})
	return label
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

// prologue lays the frame, or takes over the interpreter's.
func (e *emitter) prologue() {
	a := e.a
	e.out.CheckedEntry = -1
	receiver := asm.At(asm.RBP, int32(16+8*e.argc))
	room := int32(8 * e.plan.slots)
	if e.osr {
		a.MI(asm.Or, asm.W64, asm.At(asm.RBP, frameFlags), flagNative<<3)
		a.Lea(asm.RSP, asm.At(asm.RBP, -frameHeader-room))
		return
	}
	e.checkedEntry()
	e.entry = a.Here()
	flags := e.argc | flagNative
	if e.opts.Block {
		flags |= flagBlock
	}
	a.Push(asm.RBP)
	a.Mov(asm.W64, asm.RBP, asm.RSP)
	a.PushMem(asm.Data(int(e.literals.add(int64(e.opts.Method)))))
	a.PushImm(int32(flags<<3 | 1))
	a.PushMem(context(offNil))
	if e.opts.Block {
		a.Load(asm.W64, asm.RAX, receiver)
		a.PushMem(asm.At(asm.RAX, firstSlot+8*closureReceiver))
	} else {
		a.PushMem(receiver)
	}
	if e.polls() {
		a.PushImm(1)
		if room > 0 {
			a.RI(asm.Sub, asm.W64, asm.RSP, room)
		}
		return
	}
	a.PushImm(1)
	if room > 0 {
		a.RI(asm.Sub, asm.W64, asm.RSP, room)
	}
	slow, done := a.NewLabel(), a.NewLabel()
	a.RM(asm.Cmp, asm.W64, asm.RSP, context(offStackLimit))
	a.Jcc(asm.Below, slow)
	a.Bind(done)
	in, pos := e.in, e.pos
	e.later = append(e.later, func() {
		e.in, e.pos = in, pos
		a.Bind(slow)
		a.CallMem(asm.At(asm.R15, native.OffStub(native.ExitPoll)))
		e.sites = append(e.sites, site{a.Here(), native.Safepoint{Kind: native.ExitPoll, State: e.entryState(), Value: -1}})
		a.Jmp(done)
	})
}

// closureReceiver is the slot of a closure that holds self.
const closureReceiver = 3

// polls tells whether the function begins with a poll of its own: what may lie before it
// reads at most.
func (e *emitter) polls() bool {
	for _, in := range e.blocks[0].insts {
		if in.op == mPoll {
			return true
		}
	}
	return false
}

// checkedEntry compares the class of the receiver with that in the cell.
func (e *emitter) checkedEntry() {
	a := e.a
	if e.opts.Block {
		return
	}
	immediate := a.NewLabel()
	miss := a.NewLabel()
	e.checked = a.Here()
	e.hasChecked = true
	a.Load(asm.W64, asm.RAX, asm.At(asm.RSP, int32(8+8*e.argc)))
	a.Mov(asm.W32, asm.RCX, asm.RAX)
	a.RI(asm.And, asm.W32, asm.RCX, 7)
	a.Jcc(asm.NotEqual, immediate)
	a.Load(asm.W32, asm.RCX, asm.At(asm.RAX, 0))
	a.RI(asm.And, asm.W32, asm.RCX, classMask)
	a.Bind(immediate)
	a.RM(asm.Cmp, asm.W64, asm.RCX, asm.At(asm.R10, 0))
	a.Jcc(asm.NotEqual, miss)
	e.later = append(e.later, func() {
		a.Bind(miss)
		a.JmpMem(asm.At(asm.R15, native.OffStub(native.ExitSend)))
	})
}

// entryState is that of a method that has executed nothing yet; -1 for a block, of
// which the front end has to say it with a poll.
func (e *emitter) entryState() int {
	if e.opts.Block || e.opts.Temps < 0 {
		return -1
	}
	l := native.Level{Method: int(e.literals.add(int64(e.opts.Method))), Self: native.Loc{Kind: native.InArg, Index: int64(e.argc)}}
	for i := range max(e.opts.Temps, e.argc) {
		if i < e.argc {
			l.Temps = append(l.Temps, native.Loc{Kind: native.InArg, Index: int64(e.argc - 1 - i)})
		} else {
			l.Temps = append(l.Temps, native.Loc{Kind: native.IsSpecial})
		}
	}
	e.out.States = append(e.out.States, native.State{Levels: []native.Level{l}})
	return len(e.out.States) - 1
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
