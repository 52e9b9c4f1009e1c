package interp

import (
	"errors"

	"github.com/sista-vm/sista/heap"
)

// HostCall is a call from Go into Smalltalk, run as a process of its own.
type HostCall struct {
	context heap.Oop // the bottom context
	process heap.Oop
	result  heap.Oop
	done    bool
}

// Call runs a method on a receiver with arguments in a new process, and answers
// what it returns, which is valid until the next safepoint. Other processes may
// run meanwhile; the process that was active continues at the next Run or Call.
// When it is stopped it answers its process, suspended where it was, beside ErrStopped.
func (in *Interp) Call(method, rcvr heap.Oop, args ...heap.Oop) (heap.Oop, error) {
	if err := in.begin(); err != nil {
		return heap.Invalid, err
	}
	c, err := in.startCall(method, rcvr, args)
	if err != nil {
		return heap.Invalid, err
	}
	in.hostCalls = append(in.hostCalls, c)
	err = in.run()
	in.hostCalls = in.hostCalls[:len(in.hostCalls)-1]
	switch err {
	case errCallDone:
		return c.result, nil
	case ErrStopped, ErrCallCut:
		in.Abandon(c.process)
		if in.err != err {
			err = in.err
		}
		return c.process, err
	}
	return heap.Invalid, err
}

// Abandon takes a process out of the schedule while nothing runs: it is active,
// runnable, waits in some list, or is suspended already.
func (in *Interp) Abandon(process heap.Oop) {
	if process == in.activeProcess() {
		in.stopped = false
		in.wakeHighest()
		if in.pages.active != nil {
			in.leavePage()
		}
		return
	}
	if list := in.follow(process.Slot(processList)); in.isList(list, 2) && in.remove(list, process) {
		in.heap.Store(process, processList, in.nilOop)
	}
}

// KeepCallPriority gives the processes of all later calls from Go the priority
// that the active process has now.
func (in *Interp) KeepCallPriority() { in.callPriority = in.priorityOf(in.activeProcess()) }

// Collect does a full collection while nothing runs.
func (in *Interp) Collect() { in.fullGCNow() }

var errCallDone = errors.New("call done")

// ErrCallCut is what Call answers when its process cut off what was to return to
// it, as a process does that terminates itself. Others go on at the next Run or Call.
var ErrCallCut = errors.New("the process of the call was terminated")

func (in *Interp) startCall(method, rcvr heap.Oop, args []heap.Oop) (*HostCall, error) {
	old := in.activeProcess()
	priority := in.callPriority
	if priority == 0 {
		priority = in.priorityOf(old)
	}
	process, ctx, err := in.newProcess(method, rcvr, args, priority)
	if err != nil {
		return nil, err
	}
	// The process that was active goes on before others of its priority.
	in.queue(old, true)
	in.transferTo(process)
	return &HostCall{context: ctx, process: process}, in.err
}

// newProcess makes a process, on no list, that is to run a method.
func (in *Interp) newProcess(method, rcvr heap.Oop, args []heap.Oop, priority int) (process, ctx heap.Oop, err error) {
	h := methodHeader(method)
	if headerNumArgs(h) != len(args) {
		return 0, 0, errors.New("interp: wrong number of arguments for " + in.MethodName(method, in.heap.ClassOf(rcvr)))
	}
	ctx = in.heap.Allocate(heap.ClassContext, heap.FmtVariable, contextFixed+contextSlots(method))
	process, aerr := in.heap.NewFixed(in.heap.ClassOf(in.activeProcess()))
	if ctx == heap.Invalid || aerr != 0 {
		return 0, 0, errors.New("interp: out of memory for a call from Go")
	}
	store := in.heap.Store
	start := int64(methodStart(h)) - 7
	if headerHasPrimitive(h) {
		start += callPrimitiveSize
	}
	store(ctx, contextPC, heap.FromInt(start))
	store(ctx, contextStackp, heap.FromInt(int64(headerNumTemps(h))))
	store(ctx, contextMethod, method)
	store(ctx, contextReceiver, rcvr)
	for i, a := range args {
		store(ctx, contextFixed+i, a)
	}
	store(process, processContext, ctx)
	store(process, processPriority, heap.FromInt(int64(priority)))
	return process, ctx, nil
}

// Spawn makes a process of a given priority that sends a message without
// arguments; it runs when its turn comes. Call it from a function given to Post.
func (in *Interp) Spawn(priority int, rcvr, selector heap.Oop) error {
	m, err := in.senderMethod(selector, 0)
	if err != nil {
		return err
	}
	process, _, err := in.newProcess(m, in.nilOop, []heap.Oop{rcvr}, priority)
	if err != nil {
		return err
	}
	in.resume(process)
	return nil
}

// finishHostCall ends the innermost call from Go if the running frame is its
// bottom; another process takes over.
func (in *Interp) finishHostCall(result heap.Oop) bool {
	if !in.isHostCall(in.frameContextOf(in.fp)) {
		return false
	}
	c := in.hostCalls[len(in.hostCalls)-1]
	c.result, c.done = result, true
	in.widow(in.fp)
	in.freePage(in.pages.active)
	in.wakeHighest()
	in.halt(errCallDone)
	return true
}

// isHostCall tells whether a context is the bottom of the innermost call from Go.
func (in *Interp) isHostCall(ctx heap.Oop) bool {
	n := len(in.hostCalls)
	return n > 0 && in.hostCalls[n-1].context == ctx
}
