package interp

import (
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// Primitives that change the flow of control: sends, blocks, processes, unwinding.

func (in *Interp) installControl() {
	p := &in.prims
	p[76] = primStackp
	p[83] = primPerform
	p[84] = primPerformWithArguments
	p[85] = primSignal
	p[86] = primWait
	p[87] = primResume
	p[88] = primSuspend
	p[89] = primFlushAll
	p[97] = primSnapshot
	p[100] = primPerformInSuperclass
	p[116] = primFlushMethod
	p[117] = primNamed
	p[118] = primTryPrimitive
	p[119] = primFlushSelector
	p[136] = primSignalAtMilliseconds
	p[167] = primYield
	p[185] = primExitCriticalSection
	p[186] = primEnterCriticalSection
	p[187] = primTestAndSetOwnership
	p[188] = primExecuteMethodArgs
	p[189] = primExecuteMethod
	p[195] = primFindNextUnwind
	p[196] = primTerminateTo
	p[197] = primFindHandler
	for i := 200; i <= 209; i++ {
		p[i] = primClosureValue
	}
	p[200] = primClosureCopy
	p[206] = primClosureWithArguments
	p[208] = primClosureWithArguments
	p[209] = primClosureValueNoSwitch
	p[210] = primContextAt
	p[211] = primContextAtPut
	p[212] = primContextSize
	p[213] = primContextXray
	p[214] = primVoidState
	p[215] = primVoidState
	p[218] = primTryNamedPrimitive
	p[221] = primClosureValueNoSwitch
	p[222] = primClosureValueNoSwitch
	p[230] = primRelinquish
	p[242] = primSignalAtMicroseconds
	p[567] = primSetPriority
	p[568] = primSuspendBackingUpV1
	p[570] = primFlushNamed
	p[571] = primUnloadModule
	p[572] = primListBuiltin
	p[573] = primListLoaded
	p[578] = primSuspendBackingUpV2
}

// Sends.

func primPerform(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	n := c.NumArgs()
	if n < 1 {
		return 0, plugin.BadNumArgs
	}
	selector := c.Arg(0)
	m, _ := in.lookup(in.heap.ClassOf(c.Receiver), selector)
	if m != heap.Invalid && isMethod(m) && headerNumArgs(methodHeader(m)) != n-1 {
		return 0, plugin.BadNumArgs
	}
	for i := n - 1; i > 0; i-- {
		in.stackPut(i, in.stackAt(i-1))
	}
	in.drop(1)
	in.stackPut(n-1, c.Receiver)
	in.send(selector, n-1)
	return 0, frameChanged
}

func primPerformWithArguments(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	if c.NumArgs() != 2 {
		return 0, plugin.BadNumArgs
	}
	return in.performWith(c.Receiver, c.Arg(0), c.Arg(1), in.heap.ClassOf(c.Receiver), 3)
}

func primPerformInSuperclass(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	if c.NumArgs() != 3 {
		// The mirror form has the receiver as first argument.
		if c.NumArgs() == 4 {
			return in.performInClass(c.Arg(0), c.Arg(1), c.Arg(2), c.Arg(3), 5)
		}
		return 0, plugin.BadNumArgs
	}
	return in.performInClass(c.Receiver, c.Arg(0), c.Arg(1), c.Arg(2), 4)
}

func (in *Interp) performInClass(rcvr, selector, args, class heap.Oop, words int) (heap.Oop, plugin.Failure) {
	for k, n := in.heap.ClassOf(rcvr), 0; k != class; k, n = in.follow(k.Slot(classSuperclass)), n+1 {
		if !k.IsObject() || k == in.nilOop || !k.Format().IsPointers() || k.NumSlots() < 3 || n == mostSuperclasses {
			return 0, plugin.BadArgument
		}
	}
	return in.performWith(rcvr, selector, args, class, words)
}

// performWith replaces the top words of the stack by rcvr and the elements of
// args, and sends selector with the lookup starting at class.
func (in *Interp) performWith(rcvr, selector, args, class heap.Oop, words int) (heap.Oop, plugin.Failure) {
	if !args.IsObject() || args.ClassIndex() != heap.ClassArray {
		return 0, plugin.BadArgument
	}
	n := args.NumSlots()
	if n > largeContextSlots {
		return 0, plugin.BadNumArgs
	}
	m, _ := in.lookup(class, selector)
	if m != heap.Invalid && isMethod(m) && headerNumArgs(methodHeader(m)) != n {
		return 0, plugin.BadNumArgs
	}
	in.drop(words)
	in.push(rcvr)
	for i := range n {
		in.push(args.Slot(i))
	}
	in.sendVia(class, selector, n, nil, 0)
	return 0, frameChanged
}

// primExecuteMethodArgs: receiver withArgs: anArray executeMethod: m, and mirror forms.
func primExecuteMethodArgs(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	n := c.NumArgs()
	if n < 2 || n > 4 {
		return 0, plugin.BadNumArgs
	}
	rcvr, args, m := c.Receiver, c.Arg(n-2), c.Arg(n-1)
	if n > 2 {
		rcvr = c.Arg(0)
		args, m = c.Arg(1), c.Arg(2)
		if n == 4 {
			args, m = c.Arg(2), c.Arg(3)
		}
	}
	if !args.IsObject() || args.ClassIndex() != heap.ClassArray || !isMethod(m) {
		return 0, plugin.BadArgument
	}
	if headerNumArgs(methodHeader(m)) != args.NumSlots() {
		return 0, plugin.BadNumArgs
	}
	if in.fieldsNeeded(m) > fieldsOf(rcvr) {
		return 0, plugin.Inappropriate // compiled for others
	}
	in.drop(n + 1)
	in.push(rcvr)
	for i := range args.NumSlots() {
		in.push(args.Slot(i))
	}
	in.activateMethod(in.nilOop, m, args.NumSlots())
	return 0, frameChanged
}

// primExecuteMethod: receiver with: a with: b executeMethod: m.
func primExecuteMethod(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	n := c.NumArgs()
	if n < 1 {
		return 0, plugin.BadNumArgs
	}
	m := c.Arg(n - 1)
	if !isMethod(m) {
		return 0, plugin.BadArgument
	}
	if headerNumArgs(methodHeader(m)) != n-1 {
		return 0, plugin.BadNumArgs
	}
	if in.fieldsNeeded(m) > fieldsOf(c.Receiver) {
		return 0, plugin.Inappropriate
	}
	in.drop(1)
	in.activateMethod(in.nilOop, m, n-1)
	return 0, frameChanged
}

func primTryPrimitive(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	if c.NumArgs() != 2 || !c.Arg(0).IsInt() {
		return 0, plugin.BadArgument
	}
	n := c.Arg(0).Int()
	if n < 1 || n > maxPrimitive {
		return 0, plugin.BadArgument
	}
	return in.tryPrimitive(uint16(n), in.nilOop, c.Receiver, c.Arg(1), c.NumArgs())
}

// primTryNamedPrimitive: aContext tryNamedPrimitiveIn: aMethod for: receiver withArgs: args.
func primTryNamedPrimitive(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	if c.NumArgs() != 3 || !isMethod(c.Arg(0)) || methodPrimitive(c.Arg(0)) != 117 {
		return 0, plugin.BadArgument
	}
	return in.tryPrimitive(117, c.Arg(0), c.Arg(1), c.Arg(2), c.NumArgs())
}

// tryPrimitive runs a primitive for a debugger that simulates its caller. It gets
// its receiver and arguments in the place of ours, so that its result, or the
// process it switches to, is ours too; a failure puts ours back.
func (in *Interp) tryPrimitive(n uint16, m, rcvr, args heap.Oop, argc int) (heap.Oop, plugin.Failure) {
	if !args.IsObject() || args.ClassIndex() != heap.ClassArray || args.NumSlots() > largeContextSlots {
		return 0, plugin.BadArgument
	}
	switch n {
	case 83, 84, 100, 118, 188, 189, 195, 196, 197, 198, 199, 200, 201, 202, 203, 204, 205, 206, 207, 208, 209, 218, 221, 222:
		return 0, simulatorsOwn
	}
	ours := in.tried[:argc+1]
	for i := range ours {
		ours[i] = in.stackAt(argc - i)
	}
	method := in.primMethod
	in.triedMethod = method
	k := args.NumSlots()
	in.drop(argc + 1)
	in.push(rcvr)
	for i := range k {
		in.push(args.Slot(i))
	}
	f := in.callPrimitive(n, m, k)
	if f != plugin.OK && f != frameChanged {
		in.drop(k + 1)
		for _, o := range ours {
			in.push(o)
		}
		in.primMethod = in.triedMethod
		f = plugin.Failure(-int16(f))
	} else {
		f = frameChanged
	}
	in.tried, in.triedMethod = triedOperands{}, heap.Invalid
	return 0, f
}

// simulatorsOwn is what a debugger is answered for primitives it does itself.
const simulatorsOwn = plugin.Failure(0xffff - 1) // -2

// triedOperands keeps the receiver and arguments of a primitive that tries another.
type triedOperands [4]heap.Oop

// Cache flushes.

func primFlushAll(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	in.flushMethodCache()
	in.unlinkSends()
	in.observer.Flushed(heap.Invalid)
	return c.Receiver, plugin.OK
}

func primFlushMethod(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	in.flushMethod(c.Receiver)
	in.unlinkSends()
	in.observer.Flushed(heap.Invalid)
	return c.Receiver, plugin.OK
}

func primFlushSelector(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	in.flushSelector(c.Receiver)
	in.unlinkSends()
	in.observer.Flushed(c.Receiver)
	return c.Receiver, plugin.OK
}

func primVoidState(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	in.flushMethodCache()
	in.unlinkSends()
	in.observer.Flushed(heap.Invalid)
	return c.Receiver, plugin.OK
}

// Blocks.

func primClosureValue(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	if in.callNativeBlock(c.Receiver, c.NumArgs()) {
		return 0, frameChanged
	}
	if !in.activateClosure(c.NumArgs()) {
		return 0, in.whyNot(c.Receiver)
	}
	in.checkLimit()
	return 0, frameChanged
}

// whyNot answers why a closure was not activated.
func (in *Interp) whyNot(c heap.Oop) plugin.Failure {
	if isClosure(c) && in.unfit && !in.closureFits(c) {
		return plugin.Inappropriate
	}
	return plugin.BadNumArgs
}

// primClosureValueNoSwitch is value without the interrupt check, so that an
// unwind block starts before anyone can interfere.
func primClosureValueNoSwitch(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	if !in.activateClosure(c.NumArgs()) {
		return 0, in.whyNot(c.Receiver)
	}
	if in.sp < in.pageLimit {
		in.stackOverflow()
	}
	return 0, frameChanged
}

func primClosureWithArguments(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	args := c.Arg(0)
	if c.NumArgs() != 1 || !args.IsObject() || args.ClassIndex() != heap.ClassArray {
		return 0, plugin.BadArgument
	}
	n := args.NumSlots()
	if closureArgs(c.Receiver) != n {
		return 0, plugin.BadNumArgs
	}
	in.drop(1)
	for i := range n {
		in.push(args.Slot(i))
	}
	if !in.activateClosure(n) {
		in.drop(n)
		in.push(args)
		return 0, in.whyNot(c.Receiver)
	}
	in.checkLimit()
	return 0, frameChanged
}

// primClosureCopy: outerContext closureCopy: numArgs copiedValues: anArray.
func primClosureCopy(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	copied := c.Arg(1)
	if c.NumArgs() != 2 || !in.isContext(c.Receiver) || !c.Arg(0).IsInt() || !copied.IsObject() || copied.ClassIndex() != heap.ClassArray {
		return 0, plugin.BadArgument
	}
	n := copied.NumSlots()
	b := in.heap.Allocate(heap.ClassBlock, heap.FmtVariable, closureCopied+n)
	if b == heap.Invalid {
		return 0, plugin.NoMemory
	}
	// The body starts after the jump over it, which is the next instruction.
	pc := in.contextSlot(c.Receiver, contextPC)
	if !pc.IsInt() {
		return 0, plugin.BadReceiver
	}
	in.heap.Store(b, closureOuter, c.Receiver)
	in.heap.Store(b, closureStartPC, heap.FromInt(pc.Int()+2))
	in.heap.Store(b, closureNumArgs, c.Arg(0))
	for i := range n {
		in.heap.Store(b, closureCopied+i, copied.Slot(i))
	}
	return b, plugin.OK
}

// Unwinding.

// chainArgs answers the activations of a context receiver and of a context or nil argument.
func (in *Interp) chainArgs(c *plugin.Call) (from activation, upTo activation, f plugin.Failure) {
	if !in.isContext(c.Receiver) {
		return activation{}, activation{}, plugin.BadReceiver
	}
	from = in.activationOf(c.Receiver)
	if c.NumArgs() == 1 {
		arg := c.Arg(0)
		if in.isContext(arg) {
			upTo = in.activationOf(arg)
		} else if arg != in.nilOop {
			return from, upTo, plugin.BadArgument
		}
	}
	return from, upTo, plugin.OK
}

// primFindNextUnwind: aContext findNextUnwindContextUpTo: stop.
func primFindNextUnwind(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	from, upTo, f := in.chainArgs(c)
	if f != plugin.OK {
		return 0, f
	}
	w := walkFrom(from)
	for w.up(in); !w.isNone() && w.activation != upTo; w.up(in) {
		if in.isMarked(w.activation, primEnsure) {
			return in.contextOf(w.activation), plugin.OK
		}
	}
	return in.nilOop, plugin.OK
}

// primTerminateTo: aContext terminateTo: previous cuts everything between.
func primTerminateTo(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	from, upTo, f := in.chainArgs(c)
	if f != plugin.OK {
		return 0, f
	}
	w, asker := walkFrom(from), false
	for w.up(in); !w.isNone() && w.activation != upTo; w.up(in) {
		asker = asker || w.activation == in.running()
	}
	found := w.activation == upTo && !w.circular
	if found && asker {
		return 0, plugin.Inappropriate // it would cut off the activation that asks
	}
	rcvr, arg := c.Receiver, c.Arg(0)
	if found && in.cutBetween(from, upTo) {
		in.drop(c.NumArgs())
		in.stackPut(0, rcvr)
		return 0, frameChanged
	}
	if found && in.sender(from) != upTo {
		// Contexts stand for all of them while the chain is cut.
		running := in.contextOf(in.running())
		in.savePC()
		result := in.sp + 8*uint64(c.NumArgs())
		in.sp = result
		for a := in.sender(from); !a.isNone() && a != upTo; {
			ctx := in.contextOf(a)
			if in.dead != nil {
				return 0, frameChanged
			}
			if isMarried(ctx) {
				in.spillFor(marriedFrame(ctx))
			}
			next := activation{}
			if s := in.follow(ctx.Slot(contextSender)); in.isContext(s) {
				next = in.activationOf(s)
			}
			ctx.SetSlotRaw(contextSender, in.nilOop)
			ctx.SetSlotRaw(contextPC, in.nilOop)
			if in.isHostCall(ctx) {
				defer in.halt(ErrCallCut)
			}
			a = next
			if in.isContext(arg) {
				upTo = in.activationOf(arg)
			}
		}
		if isMarried(rcvr) {
			in.spillFor(marriedFrame(rcvr))
		}
		in.heap.Store(rcvr, contextSender, arg)
		if in.pages.active == nil {
			in.activateContext(running)
		}
		if in.dead == nil {
			in.stackPut(0, rcvr)
		}
		return 0, frameChanged
	}
	if found {
		return rcvr, plugin.OK
	}
	in.setContextSlot(rcvr, contextSender, arg)
	in.drop(c.NumArgs())
	in.stackPut(0, rcvr)
	return 0, frameChanged
}

// spillFor spills the page of a frame.
func (in *Interp) spillFor(fp uint64) { in.spill(in.pageOf(fp)) }

func primFindHandler(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	from, _, f := in.chainArgs(c)
	if f != plugin.OK {
		return 0, f
	}
	for w := walkFrom(from); !w.isNone(); w.up(in) {
		if in.isMarked(w.activation, primHandler) {
			return in.contextOf(w.activation), plugin.OK
		}
	}
	return in.nilOop, plugin.OK
}

// Contexts.

func primStackp(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	if c.NumArgs() != 1 || !in.isContext(c.Receiver) || !c.Arg(0).IsInt() {
		return 0, plugin.Generic
	}
	rcvr := c.Receiver
	if isMarried(rcvr) && in.pageOf(marriedFrame(rcvr)) == in.pages.active && marriedFrame(rcvr) == in.fp {
		return 0, plugin.Generic
	}
	n := c.Arg(0).Int()
	if n < 0 || n > int64(rcvr.NumSlots()-contextFixed) {
		return 0, plugin.Generic
	}
	in.drop(1)
	in.stackPut(0, rcvr)
	in.setStackp(rcvr, int(n))
	return 0, frameChanged
}

func (in *Interp) contextIndex(c *plugin.Call) (ctx heap.Oop, i int, f plugin.Failure) {
	if !in.isContext(c.Receiver) {
		return 0, 0, plugin.BadReceiver
	}
	idx := c.Arg(0)
	if !idx.IsInt() {
		return 0, 0, plugin.BadArgument
	}
	if idx.Int() < 1 || idx.Int() > int64(in.contextStackp(c.Receiver)) {
		return 0, 0, plugin.BadIndex
	}
	return c.Receiver, contextFixed + int(idx.Int()) - 1, plugin.OK
}

func primContextAt(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	ctx, i, f := in.contextIndex(c)
	if f != plugin.OK {
		return 0, f
	}
	return in.contextSlot(ctx, i), plugin.OK
}

func primContextAtPut(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	ctx, i, f := in.contextIndex(c)
	if f != plugin.OK || c.NumArgs() != 2 {
		return 0, max(f, plugin.BadArgument)
	}
	v := c.Arg(1)
	in.drop(2)
	in.stackPut(0, v)
	in.setContextSlot(ctx, i, v)
	return 0, frameChanged
}

func primContextSize(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	o := c.Receiver
	if c.NumArgs() == 1 {
		o = c.Arg(0)
	}
	if !in.isContext(o) {
		return primSize(in, c)
	}
	return heap.FromInt(int64(in.contextStackp(o))), plugin.OK
}

// primContextXray answers 0: seen from Smalltalk every context is a plain one.
func primContextXray(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	if !in.isContext(c.Receiver) {
		return 0, plugin.BadReceiver
	}
	return heap.FromInt(0), plugin.OK
}
