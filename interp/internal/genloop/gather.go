package main

// The gathering loop is the loop of SistaV1 once more. It does the same, and notes
// what the optimizer wants to know in a buffer (interp/feedback_trace.go), which Go
// code empties after the loop was left. It fuses no bytecodes, or conditional jumps
// and short arithmetic would go unseen.
func init() {
	s := sets[0]
	s.name, s.fn, s.file, s.copies = "SistaV1, gathering", "runGather", "loop_gather.go", 1
	s.fuse, s.own, s.gathers = "unfused", gatherOps, true
	s.mark, s.declare = "at = pc", "at uint64 // of the bytecode that runs"
	sets = append(sets, s)
}

// specialArgs is the number of arguments of special sends; -1 of those that send nothing.
var specialArgs = []int{
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, // arithmetic
	1, 2, 0, 0, 1, 0, -1, -1, -1, // at: at:put: size next nextPut: atEnd == class ~~
	0, 1, 1, 0, 1, 0, 0, // value value: do: new new: x y
}

// gatherOps are the operations that the gathering loop does differently.
var gatherOps = map[string]string{
	"unfused": "",
	"pushInt": "sp -= 8\nst(sp, uint64(heap.FromInt($)))\ncontinue",

	// note adds an event of a kind with a value and an object.
	"note": `
		if in.trace.n < traceSize {
			t := &in.trace.events[in.trace.n&(traceSize-1)]
			if in.trace.n++; in.trace.n == traceAlmost {
				in.trace.left, in.nat.Trip = in.nat.Trip, 1
			}
			t.kind, t.value, t.selector = $
			t.method, t.pc = method, at-method
			t.caller, t.callerPC, t.caller2 = 0, 0, 0
			if up := ld(fp); up != 0 && ld(up-16)&(flagNative<<3) == 0 {
				t.caller, t.callerPC = ld(up-8), ld(up-40)
				if up = ld(up); up != 0 && ld(up-16)&(flagNative<<3) == 0 {
					t.caller2, t.caller2PC = ld(up-8), ld(up-40)
				}
			}
		}`,
	// noteSend takes a selector and a number of arguments.
	"noteSend": `
		{
			selector, argc := $
			receiver := ld(sp + uint64(argc)<<3)
			class := receiver & 7
			if class == 0 {
				class = ld(receiver) & heap.ClassIndexMask
			}
			kind := uint64(traceSend)
			if class == heap.ClassFullBlock {
				kind, class = traceBlock, receiver
			}
			@note(kind, class, selector)
		}
		`,
	"entry": "@note(traceEntry, 0, 0)\n@count(0)",
	"send0": "sel, n = ld(method+16+8*$), 0\n@noteSend(sel, n)",
	"send1": "sel, n = ld(method+16+8*$), 1\n@noteSend(sel, n)",
	"send2": "sel, n = ld(method+16+8*$), 2\n@noteSend(sel, n)",
	"sendLong": `
		b = uint64(ldb(pc))
		pc++
		sel, n = ld(method+16+8*(b>>3+EXTA<<5)), b&7+uint64(EXTB)<<3
		@noteSend(sel, n)
		`,
	"superSendLong": `
		b = uint64(ldb(pc))
		pc++
		in.xA, in.xArgc, in.xB = int(b>>3+EXTA<<5), int(b&7), int(EXTB)
		if in.xB < 64 {
			n = uint64(in.xArgc + in.xB<<3)
			a = ld(sp + n<<3)
			if v = a & 7; v == 0 {
				v = ld(a) & heap.ClassIndexMask
			}
			@note(traceSuper, v, ld(method+16+8*uint64(in.xA)))
		}
		@exit(exitSuperSend)`,
	"jumpTrue": `
		v = ld(sp)
		if v == uint64(in.trueOop) {
			@note(traceBranch, 1, 0)
			sp += 8
			pc += $
			continue
		}
		if v == uint64(in.falseOop) {
			@note(traceBranch, 0, 0)
			sp += 8
			continue
		}
		ex = exitMustBeBoolean
		goto leave`,
	"jumpFalse": `
		v = ld(sp)
		if v == uint64(in.falseOop) {
			@note(traceBranch, 1, 0)
			sp += 8
			pc += $
			continue
		}
		if v == uint64(in.trueOop) {
			@note(traceBranch, 0, 0)
			sp += 8
			continue
		}
		ex = exitMustBeBoolean
		goto leave`,
	"jumpBack": `
		if int64(b) < 0 {
			@note(traceLoop, 0, 0)
			@count(1)
			if sp < in.nat.StackLimit.Load() {
				@exit(exitPoll)
			}
		}
		continue`,
}
