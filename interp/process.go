package interp

import "github.com/sista-vm/sista/heap"

// Slots of the scheduling objects.
const (
	schedulerLists  = 0
	schedulerActive = 1
	listFirst       = 0
	listLast        = 1
	semaphoreExcess = 2
	mutexOwner      = 2
	linkNext        = 0
	processContext  = 1
	processPriority = 2
	processList     = 3
	mostListed      = 1 << 22 // processes in a list; more are a circle
)

func (in *Interp) scheduler() heap.Oop {
	return in.follow(in.follow(in.heap.Special(specialScheduler)).Slot(associationValue))
}

func (in *Interp) activeProcess() heap.Oop {
	return in.follow(in.scheduler().Slot(schedulerActive))
}

func (in *Interp) isEmptyList(list heap.Oop) bool {
	return in.follow(list.Slot(listFirst)) == in.nilOop
}

// addLast puts a process at the end of a list.
func (in *Interp) addLast(list, process heap.Oop) {
	if in.isEmptyList(list) {
		in.heap.Store(list, listFirst, process)
	} else {
		in.heap.Store(in.follow(list.Slot(listLast)), linkNext, process)
	}
	in.heap.Store(list, listLast, process)
	in.heap.Store(process, processList, list)
}

// addFirst puts a process at the start of a list.
func (in *Interp) addFirst(list, process heap.Oop) {
	first := in.follow(list.Slot(listFirst))
	if first == in.nilOop {
		in.heap.Store(list, listLast, process)
	}
	in.heap.Store(process, linkNext, first)
	in.heap.Store(list, listFirst, process)
	in.heap.Store(process, processList, list)
}

// removeFirst takes the first process off a list that is not empty.
func (in *Interp) removeFirst(list heap.Oop) heap.Oop {
	first := in.follow(list.Slot(listFirst))
	last := in.follow(list.Slot(listLast))
	if first == last {
		in.heap.Store(list, listFirst, in.nilOop)
		in.heap.Store(list, listLast, in.nilOop)
	} else {
		in.heap.Store(list, listFirst, in.follow(first.Slot(linkNext)))
	}
	in.heap.Store(first, linkNext, in.nilOop)
	return first
}

// remove takes a process off a list; false if it is not there.
func (in *Interp) remove(list, process heap.Oop) bool {
	first := in.follow(list.Slot(listFirst))
	if first == process {
		in.removeFirst(list)
		return true
	}
	for p, n := first, 0; in.isProcess(p) && n < mostListed; n++ {
		next := in.follow(p.Slot(linkNext))
		if next == process {
			in.heap.Store(p, linkNext, in.follow(process.Slot(linkNext)))
			if in.follow(list.Slot(listLast)) == process {
				in.heap.Store(list, listLast, p)
			}
			in.heap.Store(process, linkNext, in.nilOop)
			return true
		}
		p = next
	}
	return false
}

func (in *Interp) priorityOf(process heap.Oop) int {
	if p := process.Slot(processPriority); p.IsInt() {
		return int(p.Int())
	}
	return 0
}

// runQueue answers the list of a priority, Invalid out of range.
func (in *Interp) runQueue(priority int) heap.Oop {
	lists := in.follow(in.scheduler().Slot(schedulerLists))
	if priority < 1 || priority > lists.NumSlots() {
		return heap.Invalid
	}
	return in.follow(lists.Slot(priority - 1))
}

// isProcess tells objects that have a Process's slots.
func (in *Interp) isProcess(o heap.Oop) bool {
	return o.IsObject() && o != in.nilOop && o.Format().IsPointers() && o.NumSlots() > processList
}

// queue puts the process at the back (or front) of its run queue.
func (in *Interp) queue(process heap.Oop, front bool) {
	list := in.runQueue(in.priorityOf(process))
	if list == heap.Invalid {
		in.fatal("corrupt image: process with priority %d", in.priorityOf(process))
		return
	}
	if front {
		in.addFirst(list, process)
	} else {
		in.addLast(list, process)
	}
}

// resume makes a process, which is on no list, runnable; it runs at once if its
// priority is higher than that of the active process. One that cannot go on stays
// off the lists.
func (in *Interp) resume(process heap.Oop) {
	active := in.activeProcess()
	switch {
	case !in.isProcess(process): // something else was put in a list
	case !in.isLive(in.follow(process.Slot(processContext))):
		in.heap.Store(process, processList, in.nilOop)
	case in.priorityOf(process) <= in.priorityOf(active):
		in.queue(process, false)
	default:
		in.queue(active, in.opts.Header.Flags&FlagPreemptFront != 0)
		in.transferTo(process)
	}
}

// transferTo switches from the active process to another, which is on no list.
func (in *Interp) transferTo(process heap.Oop) {
	in.saveActive(in.activeProcess())
	in.goOnIn(process)
}

// goOnIn makes a process, which is on no list, the active one when that before is saved.
func (in *Interp) goOnIn(process heap.Oop) {
	in.Stats.ProcessSwitches++
	sched := in.scheduler()
	in.heap.Store(sched, schedulerActive, process)
	in.heap.Store(process, processList, in.nilOop)
	in.heap.Store(process, linkNext, in.nilOop)
	ctx := in.follow(process.Slot(processContext))
	in.heap.Store(process, processContext, in.nilOop)
	in.pages.active = nil
	in.activateContext(ctx)
	if in.pc != 0 && in.code != nil && in.code.loops[in.method] {
		in.sampleSoon()
	}
}

// saveActive puts where the active process is into it, unless that was cut off.
func (in *Interp) saveActive(process heap.Oop) {
	if in.pages.active != nil {
		if a := in.running(); a.npc != 0 && !in.isOutermost(a) {
			// Its context would have to be found again when the code that was inlined ends.
			in.asked(a)
			in.deoptHead(false)
		}
		in.leavePage()
		in.heap.Store(process, processContext, in.contextOf(in.running()))
		if frameIsNative(in.fp) && in.dead == nil {
			in.leaveReady(in.fp)
		}
	}
}

// wakeHighest runs the highest runnable process, which may be the active one if it
// was put in a queue. Processes whose context is not live are dropped from theirs.
func (in *Interp) wakeHighest() {
	in.saveActive(in.activeProcess())
	lists := in.follow(in.scheduler().Slot(schedulerLists))
	for i := lists.NumSlots() - 1; i >= 0; i-- {
		list := lists.Slot(i)
		if list == in.nilOop || list.Slot(listFirst) == in.nilOop {
			continue // most are empty; a forwarder's slot is its target
		}
		list = in.follow(list)
		for list != in.nilOop && !in.isEmptyList(list) {
			p := in.removeFirst(list)
			if !in.isProcess(p) {
				continue
			}
			if in.isLive(in.follow(p.Slot(processContext))) {
				in.goOnIn(p)
				return
			}
			in.heap.Store(p, processList, in.nilOop)
		}
	}
	in.noProcess()
}

// signal gives a semaphore a signal.
func (in *Interp) signal(sem heap.Oop) {
	if !in.isEmptyList(sem) {
		in.resume(in.removeFirst(sem))
		return
	}
	if n := sem.Slot(semaphoreExcess); n.IsInt() && n.Int() < heap.MaxSmallInt {
		in.heap.Store(sem, semaphoreExcess, heap.FromInt(n.Int()+1))
	}
}

// signalSpecial signals the semaphore in a special object, if there is one.
func (in *Interp) signalSpecial(i int) {
	if sem := in.follow(in.heap.Special(i)); in.isSemaphore(sem) {
		in.signal(sem)
	}
}

func (in *Interp) isSemaphore(o heap.Oop) bool {
	return o.IsObject() && o != in.nilOop && in.heap.ClassOf(o) == in.follow(in.heap.Special(specialSemaphoreClass)) &&
		o.Format().IsPointers() && o.NumSlots() > semaphoreExcess
}
