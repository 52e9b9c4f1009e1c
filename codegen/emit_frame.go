package codegen

import (
	"github.com/sista-vm/sista/codegen/asm"
	"github.com/sista-vm/sista/native"
)

// prologue lays the frame, or takes over the interpreter's.
func (e *emitter) prologue() {
	a := e.a
	e.out.CheckedEntry = -1
	end := e.slotsAt() - 8 + int32(8*e.plan.slots)
	if e.osr {
		a.MI(asm.Or, asm.W64, asm.At(asm.RBP, frameFlags), (flagNative|flagContext)<<3)
		a.Lea(asm.RSP, asm.At(asm.RBP, -end))
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
	a.RI(asm.Sub, asm.W64, asm.RSP, end)
	a.StoreImm(asm.W64, asm.At(asm.RBP, frameFlags), int32(flags<<3|1))
	if e.polls() {
		return
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
