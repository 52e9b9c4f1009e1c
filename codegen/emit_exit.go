package codegen

import (
	"github.com/sista-vm/sista/codegen/asm"
	"github.com/sista-vm/sista/native"
)

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
