package interp

import (
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/native"
)

// Machine code is entered from run alone, so that tiers calling each other do not nest on
// Go's stack. It is entered where a frame of it goes on after a send, the result on the stack;
// or at nativeEntry, receiver, arguments and return address on the stack.

// callNative has code run for the receiver and arguments on the stack.
func (in *Interp) callNative(entry uint64) {
	if in.needsRenewal() {
		in.renewNative()
	}
	in.savePC()
	ret := in.returnAddress()
	in.sp -= 8
	st(in.sp, ret)
	in.nativeEntry = entry
}

// runNative runs machine code until the interpreter has something to do.
func (in *Interp) runNative() {
	for {
		pc := in.nativeEntry
		if pc == 0 {
			if in.shuns() {
				in.deoptHead(false)
				return
			}
			if in.needsRenewal() && !in.renewNative() {
				return
			}
			if in.frozen(in.fp) != nil {
				in.deoptHead(false)
				return
			}
			pc = headPC(in.fp)
			in.nat.Args[0] = uint64(in.pop())
		}
		in.nativeEntry = 0
		if !in.enterNative(pc) {
			return
		}
	}
}

// renewNative makes what machine code relies on true again; false if the running frame is one of
// the interpreter's then. Call it if needsRenewal says so. Without code it may be in vain: see shuns.
func (in *Interp) renewNative() bool {
	in.bury()
	if in.forwarders && in.dead == nil {
		if _, full := in.heap.Forwarders(); !full {
			in.scavengeNow()
		}
		if in.forwarders && in.dead == nil {
			in.fullGCNow()
		}
	}
	if in.dead == nil && in.pc == 0 && in.frozen(in.fp) != nil {
		in.deoptHead(false)
	}
	return in.dead == nil && in.pc == 0
}

// needsRenewal tells whether something changed that machine code relies on.
func (in *Interp) needsRenewal() bool { return in.code.killed || in.forwarders }

// shuns tells whether machine code is not to be entered for now: objects became others, and a collection
// that removes the forwarders would cost more than is gained. The more often such collections
// are asked for, the longer each waits.
func (in *Interp) shuns() bool {
	c := in.code
	if !in.forwarders {
		return false
	}
	if _, full := in.heap.Forwarders(); !full {
		return false // a scavenge costs little
	}
	if c.shunned++; c.shunned < c.patience {
		return true
	}
	c.shunned, c.patience = 0, min(4*c.patience+64, 1<<22)
	return false
}

// enterNative enters code at an address and serves it until it needs an interpreter frame, or a
// frame of it is to be gone on with after a send; false in the first case.
func (in *Interp) enterNative(pc uint64) bool {
	n := &in.nat
	n.SP, n.FP, n.PC = in.sp, in.fp, pc
	n.Nil, n.False, n.True, n.OldStart = uint64(in.nilOop), uint64(in.falseOop), uint64(in.trueOop), in.oldStart
	n.Specials, n.PreemptFront = uint64(in.heap.Specials), in.opts.Header.Flags&FlagPreemptFront
	for {
		pages, count := in.heap.ClassPages()
		n.ClassPages, n.NumClassPages = pages, uint64(count)
		n.Free, n.FreeLimit = in.heap.EdenFree, in.heap.EdenLimit
		native.Enter(n)
		in.heap.EdenFree = n.Free
		in.sp, in.fp = n.SP, n.FP
		if n.Switches|n.Written != 0 {
			in.switched()
		}
		switch n.Exit {
		case native.ExitReturn:
			in.push(heap.Oop(n.Args[0]))
			in.loadPC()
			return false
		case native.ExitReturnBase:
			in.returnFromBase(heap.Oop(n.Args[0]))
			return false
		case native.ExitReturnHooked:
			return in.returnedHooked(heap.Oop(n.Args[0]))
		case native.ExitFault:
			in.faulted()
			return false
		}
		if !frameIsNative(in.fp) {
			in.loadPC()
			return in.leftTemplate()
		}
		in.inCode()
		setHeadPC(in.fp, n.PC)
		switch n.Exit {
		case native.ExitSend, native.ExitValue:
			over, goes := in.sentPrimitive(n.Args[1])
			if !over {
				in.nativeSend(n.Args[1])
			}
			if !goes {
				return in.goesOn()
			}
			n.Args[0] = uint64(in.pop())
		case native.ExitCall:
			over, goes := in.calledPrimitive(n.Args[1])
			if !over {
				in.nativeCall(n.Args[1])
			}
			if !goes {
				return in.goesOn()
			}
			n.Args[0] = uint64(in.pop())
		case native.ExitDeopt:
			in.loseBet()
			return false
		case native.ExitPoll:
			if !in.nativePoll() {
				return false
			}
		case native.ExitNew:
			if !in.nativeNew() {
				return false
			}
		case native.ExitRemember:
			in.heap.Remember(heap.Oop(n.Args[0]))
		case native.ExitHash:
			n.Args[0] = uint64(in.heap.IdentityHash(heap.Oop(n.Args[0])))
		case native.ExitTouch:
			o := heap.Oop(n.Args[0])
			if isImmutable(o) {
				in.deoptHead(false)
				return false
			}
			in.heap.FireWatchAt(o, int(int64(n.Args[1])))
			if in.code.killed {
				in.raise() // the poll behind the store
			}
		case native.ExitContext:
			ctx := in.newNativeContext(in.fp, n.PC, int(n.Args[1]))
			for try := 0; ctx == heap.Invalid; try++ {
				if !in.makeRoom(try) {
					return false
				}
				ctx = in.newNativeContext(in.fp, n.PC, int(n.Args[1]))
			}
			n.Args[0] = uint64(ctx)
		case native.ExitFloat:
			if !in.nativeFloat() {
				return false
			}
		case native.ExitNonLocal:
			in.push(heap.Oop(n.Args[1]))
			in.loseBet()
			return false
		default:
			in.fatal("internal error: machine code was left for no reason (%d)", n.Exit)
			return false
		}
		n.PC = headPC(in.fp)
		n.SP, n.FP = in.sp, in.fp
	}
}

// callNativeBlock has the code of a closure's block run, if there is any.
func (in *Interp) callNativeBlock(closure heap.Oop, argc int) bool {
	if in.code == nil || in.unfit || in.shuns() || closureArgs(closure) != argc || closure.ClassIndex() != heap.ClassFullBlock || closure.NumSlots() < fullBlockCopied {
		return false
	}
	c := in.compiledFor(closure.Slot(closureBlock))
	if c == nil || !in.callsCode() || c.isTemplate() && closure.NumSlots() != fullBlockCopied+c.code.Template.Copied {
		return false
	}
	h := methodHeader(c.method)
	if headerNumArgs(h) != argc || argc+closure.NumSlots()-fullBlockCopied > headerNumTemps(h) || closure.Slot(closureReceiver).IsForwarder() {
		return false
	}
	in.callNative(c.placed.Text() + uint64(c.code.Entry))
	return true
}

// goesOn tells whether machine code is to run next.
func (in *Interp) goesOn() bool { return !in.stopped && (in.pc == 0 || in.nativeEntry != 0) }

// activates tells whether a primitive does nothing but activate a closure with the arguments of its send.
func (in *Interp) activates(primitive uint16) bool {
	return primitive >= 201 && primitive <= 205 || primitive == 207
}

// evaluates tells primitives that evaluate a block with the arguments of their send.
func evaluates(primitive int) bool {
	return primitive >= 201 && primitive <= 205 || primitive == 207 || primitive == 209 || primitive == 221 || primitive == 222
}

// nativeCall runs the method of a cell.
func (in *Interp) nativeCall(cell uint64) {
	argc := int(ld(cell+cellArgc) >> 3)
	in.activateMethod(in.nilOop, heap.Oop(ld(cell+cellSelector)), argc)
	if in.nativeEntry == 0 || in.dead != nil || in.pc != 0 {
		return
	}
	if c := in.compiledFor(heap.Oop(ld(cell + cellSelector))); c != nil && in.nativeEntry == c.placed.Entry() {
		st(cell+cellEntry, in.nativeEntry)
		in.linked(LinkedCall, cell, noClassIndex)
	}
}

// forgetSends empties the cache of sends: objects have moved, or code is gone.
func (in *Interp) forgetSends() {
	if in.code != nil {
		clear(in.sends[:])
	}
}

// keepSends has the entries of the cache of sends outlive collections, and answers what puts them back.
func (in *Interp) keepSends() (restore func()) {
	if in.code == nil {
		return func() {}
	}
	for _, e := range in.sends {
		if e.Selector != 0 {
			in.keptSends = append(in.keptSends, e)
		}
	}
	return func() {
		for _, e := range in.keptSends {
			in.sends[native.SendPlace(e.Selector, e.Class)] = e
		}
		in.keptSends = nil
	}
}

// unlinkSends makes all sends of machine code look their methods up: one may be another.
func (in *Interp) unlinkSends() {
	if in.code == nil {
		return
	}
	in.forgetSends()
	in.keptSends = nil
	in.linked(Unlinked, 0, noClassIndex)
	for _, c := range in.code.all {
		i := 0
		c.cells(func(a uint64) {
			in.unlink(a, c.code.Cells[i].Call)
			i++
		})
	}
}

// loseBet leaves code for good.
func (in *Interp) loseBet() {
	if in.countedOut() {
		in.deoptHead(true)
		return
	}
	if c, s := in.safepoint(in.nat.PC); s != nil && in.code.hooks.Deopt != nil {
		in.Stats.Deopts++
		in.code.hooks.Deopt(Compiled{c}, s)
	}
	in.deoptHead(true)
}

// nativePoll does what waits for a safepoint. Only collections are done under machine code; for
// all else the interpreter takes over, and it answers false.
func (in *Interp) nativePoll() bool {
	in.Stats.InterruptChecks++
	in.runQuiet()
	if in.dead == nil && in.pc == 0 && in.code.killed {
		in.bury()
	}
	if in.dead != nil || in.pc != 0 {
		return false // the frame is one of the interpreter's now
	}
	if in.frozen(in.fp) != nil {
		in.deoptHead(false)
		return false
	}
	if !in.countedOut() && in.sp >= in.pageLimit && !in.hasEvents() && !in.code.killed {
		in.nat.StackLimit.Store(in.pageLimit)
		in.collectIfNeeded()
		if !in.hasEvents() && !in.code.killed && !in.forwarders && in.dead == nil {
			in.resetLimit()
			return true
		}
	}
	if _, s := in.safepoint(in.nat.PC); s != nil && s.State < 0 {
		return in.dead == nil // there is a poll soon that can leave
	}
	if in.dead == nil {
		in.deoptHead(false)
	}
	if in.dead == nil {
		in.poll()
	}
	return false
}

// hasEvents tells whether a poll may run other Smalltalk code.
func (in *Interp) hasEvents() bool {
	t := &in.timer
	return in.request.pending.Load() || in.heap.LowSpacePending || in.heap.PendingFinalization ||
		t.wakeUp != 0 && (in.host.Clock.UTC() >= t.wakeUp || in.host.Clock.Monotonic() >= t.until)
}

// nativeNew makes an object for which eden has no room.
func (in *Interp) nativeNew() bool {
	h := heap.Header(in.nat.Args[0])
	slots := int(h.SlotsByte())
	if slots == heap.OverflowSlots {
		slots = int(in.nat.Args[1])
	}
	for try := 0; ; try++ {
		if o := in.heap.Allocate(h.ClassIndex(), h.Format(), slots); o != heap.Invalid {
			in.nat.Args[0] = uint64(o)
			return true
		}
		if !in.makeRoom(try) {
			return false
		}
	}
}

func (in *Interp) nativeFloat() bool {
	for try := 0; ; try++ {
		o := in.heap.Allocate(heap.ClassFloat, heap.FmtWords32, 1)
		if o != heap.Invalid {
			o.SetSlotRaw(0, heap.Oop(in.nat.Args[0]))
			in.nat.Args[0] = uint64(o)
			return true
		}
		if !in.makeRoom(try) {
			return false
		}
	}
}

// returnFromBase goes on after the base frame of a page, one of machine code, has returned. Its
// sender is on the stack.
func (in *Interp) returnFromBase(result heap.Oop) {
	sender := in.follow(in.stackAt(0))
	in.freePage(in.pages.active)
	in.activateContext(sender)
	if in.dead == nil {
		in.push(result)
	}
}

// enterLoop goes on in the code of the loop at whose head the running frame is, if there is
// any. The code takes the frame over.
func (in *Interp) enterLoop(pc int) bool {
	if in.code == nil || in.shuns() {
		return false
	}
	if in.needsRenewal() {
		in.renewNative()
	}
	c := in.code.osr[osrKey{in.method, pc}]
	if c == nil || in.dead != nil {
		return false
	}
	fp := in.fp
	if words := int(fp-40-in.sp) / 8; words != c.code.OSRWords || nativeFloor(fp, c) < in.pageLimit {
		return false
	}
	c.called = true
	switch caller := callerFrame(fp); {
	case caller != 0 && frameIsNative(caller):
	case caller != 0:
		in.unhook(fp)
		st(fp+frameRet, in.retSista)
	case !in.isLive(in.follow(baseSender(fp))):
		return false // its return is the interpreter's affair
	default:
		in.unhook(fp)
		st(fp+frameRet, in.retBase)
	}
	setFrameTemplate(fp, 0)
	in.feedback.methods.record(in.method).taken++
	in.nativeEntry = c.placed.Entry()
	if in.events.LoopEntered != nil {
		in.events.LoopEntered(in.method, pc)
	}
	return true
}
