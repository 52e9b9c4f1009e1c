package interp

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/sista-vm/sista/heap"
)

// ErrStopped is what Run answers after Stop.
var ErrStopped = errors.New("the virtual machine was stopped")

// Quit is what Run answers when the image quits.
type Quit struct{ Code int }

func (q *Quit) Error() string { return fmt.Sprintf("the image quit with exit code %d", q.Code) }

// halt makes Run return err once the current handler is done.
func (in *Interp) halt(err error) {
	if !in.stopped {
		in.stopped, in.err = true, err
	}
	in.nat.StackLimit.Store(limitRaised)
}

// quit ends the image (primitive 113).
func (in *Interp) quit(code int) { in.halt(&Quit{code}) }

// Run executes the active process until the image quits (*Quit), Stop is called
// (ErrStopped) or something is wrong that Smalltalk cannot be told of (*Fatal).
// After that nothing runs any more: Run and Call answer the same error again.
func (in *Interp) Run() error {
	if err := in.begin(); err != nil {
		return err
	}
	return in.run()
}

var errRuns = errors.New("interp: a call into Smalltalk from within one")

// begin forgets how the run before ended, unless that was the end. What runs on
// the interpreter's goroutine, primitives and posted functions, cannot begin.
func (in *Interp) begin() error {
	if in.dead != nil {
		return in.dead
	}
	if in.runs {
		return errRuns
	}
	in.stopped, in.err = false, nil
	return nil
}

// Guard calls f, which looks at objects while nothing runs, and makes an error of a
// memory fault: only a damaged image leads there.
func Guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			what, ok := faultMessage(r)
			if !ok {
				panic(r)
			}
			err = &Fatal{Message: what}
		}
	}()
	return f()
}

func (in *Interp) run() (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	in.runs = true
	defer func() {
		in.runs = false
		if r := recover(); r != nil {
			err = in.fault(r)
		}
		// A stopped interpreter keeps its registers in its frame, as any process that waits.
		if in.pages.active != nil {
			in.leavePage()
		}
	}()
	in.resetLimit()
	for !in.stopped || in.nativeEntry != 0 {
		switch {
		case in.pc == 0 || in.nativeEntry != 0:
			in.runNative()
		case methodIsSista(in.method):
			if entry := in.templateEntry(); entry != 0 {
				in.enterNative(entry)
			} else if in.pc != 0 {
				in.handle(in.sistaLoop(in))
			}
		default:
			in.handle(in.runV3())
		}
	}
	return in.err
}

// fault turns a memory fault into a fatal error: only a damaged image leads there.
// Anything else is a mistake of ours and goes on as a panic.
func (in *Interp) fault(r any) error {
	what, ok := faultMessage(r)
	if !ok {
		panic(r)
	}
	in.fatal("%s", what)
	return in.err
}

// faultMessage tells what a recovered panic says if it is a memory fault.
func faultMessage(r any) (string, bool) {
	e, ok := r.(runtime.Error)
	if !ok {
		return "", false
	}
	if a, ok := r.(interface{ Addr() uintptr }); ok {
		return fmt.Sprintf("corrupt image: access to address %#x", a.Addr()), true
	}
	return "corrupt image: access to address 0", e.Error() == "runtime error: invalid memory address or nil pointer dereference"
}

// handle does what a loop was left for.
func (in *Interp) handle(x exit) {
	switch x {
	case exitSend:
		in.send(in.xSelector, in.xArgc)
	case exitForwardedTemp:
		in.followFrame()
	case exitPoll:
		in.poll()
	case exitReturn:
		in.returnFrom()
	case exitArithmetic:
		in.arithmetic(in.xA)
	case exitPushFullClosure:
		in.pushFullClosure(in.xA, in.xB)
	case exitPushClosure:
		in.pushClosure(in.xA&0xff, in.xA>>8, in.xB)
	case exitNewArray:
		in.newArray(in.xA&127, in.xA >= 128)
	case exitStoreRecvVar:
		in.storeRecvVar(in.xA, in.xB)
	case exitStoreRemote:
		in.storeInto(in.xSelector, in.xA, in.xB)
	case exitNonLocalReturn:
		in.nonLocalReturn()
	case exitClass:
		in.stackPut(0, in.heap.ClassOf(in.follow(in.stackAt(0))))
	case exitIdentical:
		in.identical()
	case exitMustBeBoolean:
		in.send(in.heap.Special(specialMustBeBoolean), 0)
	case exitPushLitVar:
		in.pushLitVar(in.xA)
	case exitStoreLitVar:
		in.storeInto(in.follow(methodLiteral(in.method, in.xA)), associationValue, in.xB)
	case exitPushContextVar:
		in.pushContextVar(in.xA)
	case exitPushContext:
		in.push(in.contextOf(in.running()))
	case exitPushContextOrProcess:
		switch in.xB {
		case 0:
			in.push(in.contextOf(in.running()))
		case 1:
			in.push(in.activeProcess())
		default:
			in.pc--
			in.unknownBytecode()
		}
	case exitSuperSend:
		in.superSend(in.xA, in.xArgc, in.xB)
	case exitInlinedMapped:
		in.inlinedMapped(in.xA)
	case exitCallPrimitive:
		in.inlinedUnmapped(in.xA, in.xB)
	case exitTrap:
		in.push(in.contextOf(in.running()))
		in.send(in.heap.Special(specialTrap), 0)
	case exitTrip:
		in.tripped(in.xA == 1)
	default:
		in.unknownBytecode()
	}
}

// unknownBytecode tells the running context of a byte that means nothing; pc is at it.
func (in *Interp) unknownBytecode() {
	selector := in.heap.Special(specialUnusedBytecode)
	if selector == in.nilOop {
		in.fatal("corrupt image: unknown bytecode %d", ldb(in.pc))
		return
	}
	in.push(in.contextOf(in.running()))
	in.send(selector, 0)
}

// identical pushes the result of == (or ~~, told by the byte before pc) after following forwarders.
func (in *Interp) identical() {
	a, b := in.follow(in.stackAt(1)), in.follow(in.stackAt(0))
	op := ldb(in.pc - 1)
	same := a == b
	if op == 120 && methodIsSista(in.method) || op == 200 && !methodIsSista(in.method) {
		same = !same
	}
	in.drop(1)
	in.stackPut(0, in.heap.Bool(same))
}

func (in *Interp) pushLitVar(literal int) {
	in.push(in.follow(methodLiteral(in.method, literal)).Slot(associationValue))
}

func (in *Interp) pushContextVar(i int) {
	ctx := in.frameWord(in.fp, frameReceiver)
	if i < contextFixed {
		in.push(in.contextSlot(ctx, i))
		return
	}
	in.push(in.contextSlot(ctx, i))
}

// storeRecvVar stores the top of stack into an instance variable of the receiver.
func (in *Interp) storeRecvVar(i, pop int) {
	rcvr := in.frameWord(in.fp, frameReceiver)
	if in.isContext(rcvr) {
		in.setContextSlot(rcvr, i, in.stackAt(0))
		in.drop(pop)
		return
	}
	in.storeInto(rcvr, i, pop)
}

// storeInto stores the top of stack into slot i of o, which may be read-only or watched.
func (in *Interp) storeInto(o heap.Oop, i, pop int) {
	v := in.stackAt(0)
	in.drop(pop)
	switch flags := o.Header() & heap.StoreCheckMask; {
	case flags&heap.ImmutableBit != 0:
		in.push(o)
		in.push(v)
		in.push(heap.FromInt(int64(i + 1)))
		in.attemptToAssign()
		return
	case flags&heap.WatchedBit != 0:
		in.heap.FireWatchAt(o, i)
	}
	in.heap.Store(o, i, v)
}

// attemptToAssign sends attemptToAssign:withIndex: for the object, value and index
// on the stack. The method answers nothing: it resumes the sender after the store.
func (in *Interp) attemptToAssign() {
	in.send(in.heap.Special(specialAttemptToAssign), 2)
}

// newArray pushes an Array of n elements, from the stack or nil.
func (in *Interp) newArray(n int, filled bool) {
	a := in.heap.NewArray(n)
	for try := 0; a == heap.Invalid; try++ {
		if !in.makeRoom(try) {
			return
		}
		a = in.heap.NewArray(n)
	}
	if filled {
		for i := n - 1; i >= 0; i-- {
			in.heap.Store(a, i, in.pop())
		}
	}
	in.push(a)
}

// Halt makes Run answer err when the running primitive is done. Only primitives call it.
func (in *Interp) Halt(err error) { in.halt(err) }

// SetArgs replaces the image's arguments.
func (in *Interp) SetArgs(args []string) { in.opts.Args = args }
