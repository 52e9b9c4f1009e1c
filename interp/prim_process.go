package interp

import (
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// Primitives of processes, semaphores and the timer. What a process will find on
// its stack when it goes on is put there before the switch.

// answer leaves the primitive's result on the stack, before a switch.
func (in *Interp) answer(c *plugin.Call, result heap.Oop) {
	in.drop(c.NumArgs())
	in.stackPut(0, result)
}

func (in *Interp) isList(o heap.Oop, slots int) bool {
	return o.IsObject() && o != in.nilOop && o.Format().IsPointers() && o.NumSlots() >= slots
}

func primSignal(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	sem := c.Receiver
	if !in.isList(sem, semaphoreExcess+1) {
		return 0, plugin.BadReceiver
	}
	in.answer(c, sem)
	in.signal(sem)
	return 0, frameChanged
}

func primWait(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	sem := c.Receiver
	if !in.isList(sem, semaphoreExcess+1) {
		return 0, plugin.BadReceiver
	}
	n := sem.Slot(semaphoreExcess)
	if n.IsInt() && n.Int() > 0 {
		in.heap.Store(sem, semaphoreExcess, heap.FromInt(n.Int()-1))
		return sem, plugin.OK
	}
	in.answer(c, sem)
	in.addLast(sem, in.activeProcess())
	in.wakeHighest()
	return 0, frameChanged
}

func primResume(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	p := c.Receiver
	if !in.isProcess(p) || !in.isLive(in.follow(p.Slot(processContext))) {
		return 0, plugin.BadReceiver
	}
	if in.isListed(p) {
		return 0, plugin.Inappropriate
	}
	if in.runQueue(in.priorityOf(p)) == heap.Invalid {
		return 0, plugin.BadReceiver
	}
	in.answer(c, p)
	in.resume(p)
	return 0, frameChanged
}

// isListed tells whether a process stands in the list it says it does.
func (in *Interp) isListed(process heap.Oop) bool {
	list := in.follow(process.Slot(processList))
	if !in.isList(list, 2) {
		return false
	}
	p := in.follow(list.Slot(listFirst))
	for n := 0; in.isProcess(p) && n < mostListed; n++ {
		if p == process {
			return true
		}
		p = in.follow(p.Slot(linkNext))
	}
	return false
}

// primYield puts the active process behind others of its priority.
func primYield(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	active := in.activeProcess()
	list := in.runQueue(in.priorityOf(active))
	if list == heap.Invalid || in.isEmptyList(list) {
		return c.Receiver, plugin.OK
	}
	in.answer(c, c.Receiver)
	in.addLast(list, active)
	in.wakeHighest()
	return 0, frameChanged
}

func primSuspend(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	return in.suspend(c, false, true)
}

// primSuspendBackingUpV1 backs a blocked process up to its wait and answers its list.
func primSuspendBackingUpV1(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	return in.suspend(c, true, true)
}

// primSuspendBackingUpV2 does so and answers nil for a blocked process.
func primSuspendBackingUpV2(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	return in.suspend(c, true, false)
}

func (in *Interp) suspend(c *plugin.Call, backUp, answerList bool) (heap.Oop, plugin.Failure) {
	p := c.Receiver
	if p == in.activeProcess() {
		in.answer(c, in.nilOop)
		in.wakeHighest()
		return 0, frameChanged
	}
	if !in.isProcess(p) {
		return 0, plugin.BadReceiver
	}
	list, ctx := in.follow(p.Slot(processList)), in.follow(p.Slot(processContext))
	if !in.isList(list, 2) || !in.isLive(ctx) {
		return 0, plugin.BadReceiver
	}
	if !in.remove(list, p) {
		return 0, plugin.OperationFailed
	}
	in.heap.Store(p, processList, in.nilOop)
	runnable := in.heap.ClassOf(list) == in.heap.ClassOf(in.runQueue(1))
	if !backUp || runnable {
		return list, plugin.OK
	}
	in.backUpToSend(ctx, list)
	if answerList {
		return list, plugin.OK
	}
	return in.nilOop, plugin.OK
}

// backUpToSend makes a blocked context repeat the send that blocked it: its pc
// goes back to that send and the result waiting on its stack becomes the receiver.
func (in *Interp) backUpToSend(ctx, list heap.Oop) {
	pc := in.contextSlot(ctx, contextPC)
	m := in.follow(ctx.Slot(contextMethod))
	start := in.precedingInstruction(m, int(pc.Int()))
	if start < 0 {
		return
	}
	in.setContextSlot(ctx, contextFixed+in.contextStackp(ctx)-1, list)
	in.setContextSlot(ctx, contextPC, heap.FromInt(int64(start)))
}

// primSetPriority: aProcess priority: n, with a switch if that is due.
func primSetPriority(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	p, n := c.Receiver, c.Arg(0)
	if !in.isProcess(p) {
		return 0, plugin.BadReceiver
	}
	if c.NumArgs() != 1 || !n.IsInt() || in.runQueue(int(n.Int())) == heap.Invalid {
		return 0, plugin.BadArgument
	}
	old := in.priorityOf(p)
	list := in.follow(p.Slot(processList))
	runnable := in.isList(list, 2) && in.heap.ClassOf(list) == in.heap.ClassOf(in.runQueue(1))
	if runnable && in.remove(list, p) {
		in.heap.Store(p, processPriority, n)
		in.answer(c, p)
		in.resume(p)
		return 0, frameChanged
	}
	in.heap.Store(p, processPriority, n)
	if p == in.activeProcess() && int(n.Int()) < old {
		in.answer(c, p)
		in.queue(p, true)
		in.wakeHighest()
		return 0, frameChanged
	}
	return p, plugin.OK
}

// Mutexes: a list with an owner.

func (in *Interp) criticalSection(c *plugin.Call) (mutex, process heap.Oop, f plugin.Failure) {
	if !in.isList(c.Receiver, mutexOwner+1) {
		return 0, 0, plugin.BadReceiver
	}
	process = in.activeProcess()
	if c.NumArgs() > 0 {
		process = c.Arg(c.NumArgs() - 1)
	}
	return c.Receiver, process, plugin.OK
}

func primExitCriticalSection(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	m, _, f := in.criticalSection(c)
	if f != plugin.OK {
		return 0, f
	}
	if in.isEmptyList(m) {
		in.heap.Store(m, mutexOwner, in.nilOop)
		return m, plugin.OK
	}
	next := in.removeFirst(m)
	in.heap.Store(m, mutexOwner, next)
	in.answer(c, m)
	in.resume(next)
	return 0, frameChanged
}

// take makes process the owner of a mutex nobody owns. It answers what the
// image is told: false for taken, true for owned already, nil for owned by another.
func (in *Interp) take(mutex, process heap.Oop) heap.Oop {
	switch in.follow(mutex.Slot(mutexOwner)) {
	case in.nilOop:
		in.heap.Store(mutex, mutexOwner, process)
		return in.falseOop
	case process:
		return in.trueOop
	}
	return in.nilOop
}

func primEnterCriticalSection(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	m, process, f := in.criticalSection(c)
	if f != plugin.OK {
		return 0, f
	}
	if taken := in.take(m, process); taken != in.nilOop {
		return taken, plugin.OK
	}
	in.answer(c, in.falseOop)
	in.addLast(m, in.activeProcess())
	in.wakeHighest()
	return 0, frameChanged
}

func primTestAndSetOwnership(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	m, process, f := in.criticalSection(c)
	if f != plugin.OK {
		return 0, f
	}
	return in.take(m, process), plugin.OK
}

// The timer.

func (in *Interp) timerArgs(c *plugin.Call) (when int64, f plugin.Failure) {
	if c.NumArgs() != 2 {
		return 0, plugin.BadNumArgs
	}
	sem := c.Arg(0)
	when, ok := c.Int(1)
	switch {
	case !ok:
		return 0, plugin.BadArgument
	case sem == in.nilOop:
		return -1, plugin.OK
	case !in.isSemaphore(sem):
		return 0, plugin.BadArgument
	}
	return max(when, 0), plugin.OK
}

func primSignalAtMicroseconds(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	when, f := in.timerArgs(c)
	if f != plugin.OK {
		return 0, f
	}
	in.armSemaphore(c.Arg(0), when)
	return c.Receiver, plugin.OK
}

func primSignalAtMilliseconds(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	when, f := in.timerArgs(c)
	if f != plugin.OK {
		return 0, f
	}
	if when >= 0 {
		delta := (when - in.millisecondClock()) & millisecondMask
		if delta > millisecondMask/2 {
			delta = 0 // it is past already
		}
		when = in.host.Clock.UTC() + delta*1000
	}
	in.armSemaphore(c.Arg(0), when)
	return c.Receiver, plugin.OK
}

// armSemaphore makes sem the timer semaphore, due at a time; -1 disarms.
func (in *Interp) armSemaphore(sem heap.Oop, when int64) {
	if when < 0 {
		in.heap.SetSpecial(specialTimer, in.nilOop)
		in.setTimer(0)
		return
	}
	in.heap.SetSpecial(specialTimer, sem)
	in.setTimer(max(when, 1))
}

const millisecondMask = 1<<29 - 1

// millisecondClock answers milliseconds since the VM started, modulo 2^29.
func (in *Interp) millisecondClock() int64 {
	return (in.host.Clock.Monotonic() - in.startedAt) / 1e6 & millisecondMask
}

func primRelinquish(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	us, ok := c.Int(0)
	if c.NumArgs() != 1 || !ok {
		return 0, plugin.BadArgument
	}
	in.relinquish(us)
	in.nat.StackLimit.Store(limitRaised)
	return c.Receiver, plugin.OK
}
