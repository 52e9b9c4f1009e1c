package main

// spacer puts an odd number of 32-byte units between the second and the third copy
// of a loop, so that not all copies can have the same place in a cache line.
const spacer = `
//go:noinline
func (in *Interp) loopSpacer() {}
`

// loopPrologue opens a dispatch loop. FUNC, KIND and RET are the set's.
const loopPrologue = `
// FUNC executes bytecodes from the registers in in until something rare is to be
// done, leaves the registers in in, and says what.
func (in *Interp) FUNC() exit {
	pc, sp, fp, method := in.pc, in.sp, in.fp, uint64(in.method)
	// What the loop needs at every turn stays in these and no others: more of them
	// would be spilled and reloaded around each bytecode.
	recv := ld(fp - 32)
	args := fp + 8 + 8*(ld(fp-16)>>3&flagArgcMask)
	var (
		sel, rcvr, tag, result, a, b, n, v, home uint64
		e                                        *cacheEntry
		ex                                       exit
		cond                                     bool
		DECLARE
	)
	for {
		MARK
		op := ldb(pc)
		pc++
		switch op {
`

// loopEpilogue holds what operations share; they get there by leaving the switch
// (a send of sel with n arguments) or by goto.
const loopEpilogue = `
		}
		// A send of sel with n arguments.
	send:
		rcvr = ld(sp + n<<3)
		if tag = rcvr & 7; tag == 0 {
			tag = ld(rcvr) & heap.ClassIndexMask
		}
		e = in.cache.probe(sel, tag)
		if e.selector != sel || uint64(e.tag) != tag {
			in.xSelector, in.xArgc = heap.Oop(sel), int(n)
			ex = exitSend
			goto leave
		}
		if e.kind != KIND {
			if e.kind == kindReturnVar {
				st(sp, ld(rcvr+8+uint64(e.prim)<<3))
				continue
			}
			if e.kind == kindReturnSelf {
				continue
			}
			in.xSelector, in.xArgc = heap.Oop(sel), int(n)
			ex = exitSend
			goto leave
		}
		// Lay a frame for the method in e.
		st(fp-40, (pc-method-7)<<3|1)
		st(sp-8, RET)
		st(sp-16, fp)
		fp = sp - 16
		method = uint64(e.method)
		recv = rcvr
		args = fp + 8 + 8*n
		st(fp-8, method)
		st(fp-16, n<<3|1)
		st(fp-24, uint64(in.nilOop))
		st(fp-32, rcvr)
		sp = fp - 40
		for v = uint64(e.temps); v > 0; v-- {
			sp -= 8
			st(sp, uint64(in.nilOop))
		}
		pc = method + uint64(e.start)
		@entry()
		if sp < in.nat.StackLimit.Load() {
			ex = exitPoll
			goto leave
		}
		continue

		// A block activation: closure in rcvr, n arguments.
	block:
		home = ld(rcvr + 16)
		v = ld(rcvr) >> 56 // slots; a closure with an overflow header goes the slow way
		if ld(rcvr+24) != n<<3|1 || v == 255 || home&7 != 0 || ld(home)>>24&31 < 24 {
			goto send
		}
		a = ld(home + 8) // method header
		// Its receiver may be a forwarder, or too small; its values must have room in the frame.
		if a>>63 != SIGN || in.careful || v-4+n > a>>21&63 {
			goto send
		}
		st(fp-40, (pc-method-7)<<3|1)
		st(sp-8, RET)
		st(sp-16, fp)
		fp = sp - 16
		method = home
		recv = ld(rcvr + 32)
		args = fp + 8 + 8*n
		st(fp-8, method)
		st(fp-16, (n|flagBlock)<<3|1)
		st(fp-24, uint64(in.nilOop))
		st(fp-32, recv)
		sp = fp - 40
		for b = 4; b < v; b++ {
			sp -= 8
			st(sp, ld(rcvr+8+b<<3))
		}
		for v = v - 4 + n; v < a>>21&63; v++ {
			sp -= 8
			st(sp, uint64(in.nilOop))
		}
		pc = method + 16 + (a>>3&0x7fff)<<3
		@entry()
		if sp < in.nat.StackLimit.Load() {
			ex = exitPoll
			goto leave
		}
		continue

		// Return result to the caller of this frame.
	ret:
		if ld(fp+8) != RET {
			in.xResult = heap.Oop(result)
			ex = exitReturn
			goto leave
		}
		if a = ld(fp - 24); a != uint64(in.nilOop) {
			st(a+8, uint64(in.nilOop)) // the context outlives its frame: widowed
			st(a+16, uint64(in.nilOop))
		}
		sp = args + 8
		st(sp, result)
		fp = ld(fp)
		method = ld(fp - 8)
		recv = ld(fp - 32)
		args = fp + 8 + ld(fp-16)&(flagArgcMask<<3)
		pc = method + 7 + ld(fp-40)>>3
		continue

		// A comparison found cond: take a conditional jump that follows at once, else push the Boolean.
	boolean:
		sp += 8
		@FUSE()
		v = uint64(in.falseOop)
		if cond {
			v = uint64(in.trueOop)
		}
		st(sp, v)
	}
leave:
	in.pc, in.sp, in.fp, in.method = pc, sp, fp, heap.Oop(method)
	return ex
}
`

// ops are the operations; $ is the argument of the row.
var ops = map[string]string{
	"push":     "v = $\nsp -= 8\nst(sp, v)\ncontinue",
	"exit":     "ex = $\ngoto leave",
	"byteA":    "n = uint64(ldb(pc)) + EXTA<<8\npc++",
	"byteB":    "b = uint64(int64(ldb(pc)) + EXTB<<8)\npc++",
	"tempAddr": "v = args - 8*$\nif v < fp+16 {\nv -= frameGap\n}",

	// A small constant is often added or subtracted.
	"pushInt": `
		op = ldb(pc)
		a = ld(sp)
		if op == PLUS && a&1 != 0 {
			if v = a + uint64(heap.FromInt($)) - 1; int64(v) >= int64(a) == ($ >= 0) {
				pc++
				sp -= 8
				@result(v)
			}
		} else if op == PLUS+1 && a&1 != 0 {
			if v = a - uint64(heap.FromInt($)) + 1; int64(v) <= int64(a) == ($ >= 0) {
				pc++
				sp -= 8
				@result(v)
			}
		}
		sp -= 8
		st(sp, uint64(heap.FromInt($)))
		continue`,
	"pushRecvVar": "sp -= 8\nst(sp, ld(recv+8+8*$))\ncontinue",
	"pushLit":     "sp -= 8\nst(sp, ld(method+16+8*$))\ncontinue",
	"pushLitVar": `
		v = ld(method + 16 + 8*$)
		if in.forwarders && ld(v)&heap.ClassIndexMask == heap.ClassForwarder {
			in.xA = int($)
			@exit(exitPushLitVar)
		}
		sp -= 8
		st(sp, ld(v+16))
		continue`,
	"pushTemp":     "@tempAddr($)\nsp -= 8\nst(sp, ld(v))\ncontinue",
	"popTemp":      "@tempAddr($)\nst(v, ld(sp))\nsp += 8\ncontinue",
	"dup":          "v = ld(sp)\nsp -= 8\nst(sp, v)\ncontinue",
	"pop":          "sp += 8\ncontinue",
	"nop":          "continue",
	"pushContext":  "ex = exitPushContext\ngoto leave",
	"trap":         "ex = exitTrap\ngoto leave",
	"unknown":      "pc--\nex = exitUnknown\ngoto leave",
	"jump":         "pc += $\ncontinue",
	"jumpTrue":     "v = ld(sp)\nif v == uint64(in.trueOop) {\nsp += 8\npc += $\ncontinue\n}\nif v == uint64(in.falseOop) {\nsp += 8\ncontinue\n}\nex = exitMustBeBoolean\ngoto leave",
	"jumpFalse":    "v = ld(sp)\nif v == uint64(in.falseOop) {\nsp += 8\npc += $\ncontinue\n}\nif v == uint64(in.trueOop) {\nsp += 8\ncontinue\n}\nex = exitMustBeBoolean\ngoto leave",
	"returnMethod": "result = $\nif ld(fp-16)>>3&flagBlock != 0 {\nin.xResult = heap.Oop(result)\nex = exitNonLocalReturn\ngoto leave\n}\ngoto ret",
	"returnBlock":  "result = $\ngoto ret",
	"returnBlockTop": `
		if EXTA != 0 {
				pc--
			ex = exitUnknown
			goto leave
		}
		result = ld(sp)
		goto ret`,
	"pushContextOrProcess": "in.xB = int(EXTB)\nex = exitPushContextOrProcess\ngoto leave",

	"send0":        "sel, n = ld(method+16+8*$), 0",
	"send1":        "sel, n = ld(method+16+8*$), 1",
	"send2":        "sel, n = ld(method+16+8*$), 2",
	"specialSend0": "sel, n = uint64(in.special[$]), 0",
	"specialSend1": "sel, n = uint64(in.special[$]), 1",

	"storeChecked": `
		a = ld(recv)
		if a&heap.StoreCheckMask != 0 || v < in.oldStart && v&7 == 0 && recv >= in.oldStart && a&heap.RememberedBit == 0 {
			in.xA = int($)
			@exit(exitStoreRecvVar)
		}
		st(recv+8+8*$, v)`,
	"popRecvVar": `
		v = ld(sp)
		in.xB = 1
		@storeChecked($)
		sp += 8
		continue`,

	// Arithmetic. The receiver is under the argument.
	"operands": "b = ld(sp)\na = ld(sp + 8)",
	"arithmeticSend": `
		in.xA = $
		ex = exitArithmetic
		goto leave`,
	// floats decodes two SmallFloats; calls are not inlined into functions as big as these.
	"floats": `
		if v = a >> 3; v > 1 {
			v += 896 << 53
		}
		x := math.Float64frombits(bits.RotateLeft64(v, -1))
		if v = b >> 3; v > 1 {
			v += 896 << 53
		}
		y := math.Float64frombits(bits.RotateLeft64(v, -1))`,
	"float": `
		@floats()
		x = x $ y
		v = bits.RotateLeft64(math.Float64bits(x), 1)
		if v > 1 {
			v -= 896 << 53
		}
		if v <= 1 && x == 0 || v > 1 && v < 1<<61 {
			@result(v<<3|4)
		}`,
	"add": `
		@operands()
		if a&b&1 != 0 {
			if v = a + b - 1; int64((a^v)&(b^v)) >= 0 {
				@result(v)
			}
		} else if a&7 == 4 && b&7 == 4 {
			@float(+)
		}
		@arithmeticSend(0)`,
	"subtract": `
		@operands()
		if a&b&1 != 0 {
			if v = a - b; int64((a^b)&(a^v)) >= 0 {
				@result(v+1)
			}
		} else if a&7 == 4 && b&7 == 4 {
			@float(-)
		}
		@arithmeticSend(1)`,
	// Multiplication and division of any operands want fixed machine registers,
	// for which the loop's own would be spilled at every turn. Factors of 32 bits
	// and divisors that are powers of two do without; the rest is done outside.
	"multiply": `
		@operands()
		if a&b&1 != 0 {
			v = uint64(int64(b) >> 3)
			n = uint64(int64(a) >> 3)
			if int64(int32(v)) == int64(v) && int64(int32(n)) == int64(n) {
				v *= n
				if int64(v<<3)>>3 == int64(v) {
					@result(v<<3|1)
				}
			}
		} else if a&7 == 4 && b&7 == 4 {
			@float(*)
		}
		@arithmeticSend(8)`,
	"divide": "in.xA = 9\nex = exitArithmetic\ngoto leave",
	"modulo": `
		@operands()
		if a&b&1 != 0 && int64(b) > 1 {
			if v = b>>3 - 1; v&(b>>3) == 0 {
				@result(a&(v<<3)|1)
			}
		}
		@arithmeticSend(10)`,
	"intDivide": `
		@operands()
		if a&b&1 != 0 && int64(b) > 1 {
			if v = b >> 3; v&(v-1) == 0 {
				@result(uint64(int64(a)>>3>>bits.TrailingZeros64(v))<<3|1)
			}
		}
		@arithmeticSend(13)`,
	// result leaves the value of a binary operation; a store into a temporary that
	// follows is done at once.
	"result": `
		result = $
		if op = ldb(pc); op-POPTEMP < 8 {
			pc++
			a = args - uint64(op-POPTEMP)<<3
			if a < fp+16 {
				a -= frameGap
			}
			sp += 16
			st(a, result)
			continue
		}
		sp += 8
		st(sp, result)
		continue`,
	"bitAnd": "@operands()\nif a&b&1 != 0 {\n@result(a&b)\n}\n@arithmeticSend(14)",
	"bitOr":  "@operands()\nif a&b&1 != 0 {\n@result(a|b)\n}\n@arithmeticSend(15)",
	"bitShift": `
		@operands()
		if a&b&1 != 0 {
			x, y := int64(a)>>3, int64(b)>>3
			if y <= 0 && y > -61 {
				sp += 8
				st(sp, uint64(x>>uint64(-y)&^0)<<3|1)
				continue
			}
			if y > 0 && y < 60 && x<<uint64(y+3)>>uint64(y+3) == x {
				sp += 8
				st(sp, uint64(x)<<uint64(y+3)|1)
				continue
			}
		}
		@arithmeticSend(12)`,

	// fuse takes a short or two-byte jump-if-false that follows a comparison.
	"fuseSista": `
		op = ldb(pc)
		if op >= 192 && op <= 199 {
			sp += 8
			pc++
			if !cond {
				pc += uint64(op) - 191
			}
			continue
		}
		if op == 239 {
			sp += 8
			pc += 2
			if !cond {
				pc += uint64(ldb(pc - 1))
			}
			continue
		}
		if op >= 184 && op <= 191 {
			sp += 8
			pc++
			if cond {
				pc += uint64(op) - 183
			}
			continue
		}`,
	"fuseV3": `
		op = ldb(pc)
		if op >= 152 && op <= 159 {
			sp += 8
			pc++
			if !cond {
				pc += uint64(op) - 151
			}
			continue
		}
		if op >= 172 && op <= 175 {
			sp += 8
			pc += 2
			if !cond {
				pc += uint64(op&3)<<8 + uint64(ldb(pc-1))
			}
			continue
		}`,
	"less":         "@operands()\nif a&b&1 != 0 {\ncond = int64(a) < int64(b)\ngoto boolean\n}\nif a&7 == 4 && b&7 == 4 {\n@floats()\ncond = x < y\ngoto boolean\n}\n@arithmeticSend(2)",
	"greater":      "@operands()\nif a&b&1 != 0 {\ncond = int64(a) > int64(b)\ngoto boolean\n}\nif a&7 == 4 && b&7 == 4 {\n@floats()\ncond = x > y\ngoto boolean\n}\n@arithmeticSend(3)",
	"lessEqual":    "@operands()\nif a&b&1 != 0 {\ncond = int64(a) <= int64(b)\ngoto boolean\n}\nif a&7 == 4 && b&7 == 4 {\n@floats()\ncond = x <= y\ngoto boolean\n}\n@arithmeticSend(4)",
	"greaterEqual": "@operands()\nif a&b&1 != 0 {\ncond = int64(a) >= int64(b)\ngoto boolean\n}\nif a&7 == 4 && b&7 == 4 {\n@floats()\ncond = x >= y\ngoto boolean\n}\n@arithmeticSend(5)",
	"equal":        "@operands()\nif a&b&1 != 0 {\ncond = a == b\ngoto boolean\n}\nif a&7 == 4 && b&7 == 4 {\n@floats()\ncond = x == y\ngoto boolean\n}\n@arithmeticSend(6)",
	"notEqual":     "@operands()\nif a&b&1 != 0 {\ncond = a != b\ngoto boolean\n}\nif a&7 == 4 && b&7 == 4 {\n@floats()\ncond = x != y\ngoto boolean\n}\n@arithmeticSend(7)",
	"identical": `
		@operands()
		if a != b && in.forwarders {
			in.xA = 0
			ex = exitIdentical
			goto leave
		}
		cond = a $ b
		goto boolean`,

	"class": "ex = exitClass\ngoto leave",
	// indexed takes an Array, ByteString or ByteArray in a and a SmallInteger in b
	// apart: v header, n slots, b index from 0 (huge when it was below 1).
	"indexed": `
		v = ld(a)
		if n = v >> 56; n == 255 {
			n = ld(a-8) & (1<<56 - 1)
		}
		b = b>>3 - 1`,
	"at": `
		b = ld(sp)
		a = ld(sp + 8)
		if a&7 == 0 && b&7 == 1 {
			@indexed()
			switch v & heap.ClassIndexMask {
			case heap.ClassArray:
				if b < n && in.nat.At.Array {
					@result(ld(a+8+b<<3))
				}
			case heap.ClassByteString:
				if b < n<<3-v>>24&7 && in.nat.At.String {
					sp += 8
					st(sp, uint64(ldb(a+8+b))<<3|heap.TagChar)
					continue
				}
			case heap.ClassByteArray:
				if b < n<<3-v>>24&7 && in.nat.At.Bytes {
					sp += 8
					st(sp, uint64(ldb(a+8+b))<<3|heap.TagInt)
					continue
				}
			}
		}
		sel, n = uint64(in.special[16]), 1`,
	"atPut": `
		b = ld(sp + 8)
		a = ld(sp + 16)
		if a&7 == 0 && b&7 == 1 {
			@indexed()
			tag = ld(sp)
			switch v & (heap.ClassIndexMask | heap.StoreCheckMask) {
			case heap.ClassArray:
				if b < n && in.nat.At.ArrayPut && (tag >= in.oldStart || tag&7 != 0 || a < in.oldStart || v&heap.RememberedBit != 0) {
					st(a+8+b<<3, tag)
					@putResult()
				}
			case heap.ClassByteString:
				if b < n<<3-v>>24&7 && tag&7 == heap.TagChar && tag>>3 < 256 && in.nat.At.StringPut {
					stb(a+8+b, byte(tag>>3))
					@putResult()
				}
			case heap.ClassByteArray:
				if b < n<<3-v>>24&7 && tag&7 == heap.TagInt && tag>>3 < 256 && in.nat.At.BytesPut {
					stb(a+8+b, byte(tag>>3))
					@putResult()
				}
			}
		}
		sel, n = uint64(in.special[17]), 2`,
	// putResult leaves the value of at:put:, which is popped as a rule.
	"putResult": `
		if ldb(pc) == POP {
			pc++
			sp += 24
			continue
		}
		sp += 16
		st(sp, tag)
		continue`,
	"size": `
		a = ld(sp)
		if a&7 == 0 {
			v = ld(a)
			if n = v >> 56; n == 255 {
				n = ld(a-8) & (1<<56 - 1)
			}
			switch v & heap.ClassIndexMask {
			case heap.ClassArray:
				if in.nat.At.ArraySize {
					st(sp, n<<3|1)
					continue
				}
			case heap.ClassByteString:
				if in.nat.At.StringSize {
					st(sp, (n<<3-v>>24&7)<<3|1)
					continue
				}
			case heap.ClassByteArray:
				if in.nat.At.BytesSize {
					st(sp, (n<<3-v>>24&7)<<3|1)
					continue
				}
			}
		}
		sel, n = uint64(in.special[18]), 0`,
	"value": `
		sel, n = uint64(in.special[25+$]), $
		rcvr = ld(sp + 8*$)
		if rcvr&7 == 0 && ld(rcvr)&heap.ClassIndexMask == heap.ClassFullBlock {
			goto block
		}
		goto send`,

	// extended decodes extension bytes and the operation they belong to, in a
	// switch of its own, so that no loop variable carries extensions around.
	"extended": `
		var extA uint64
		var extB, numExtB int64
		for {
			b = uint64(ldb(pc))
			if op == 224 {
				extA = extA<<8 | b
			} else {
				if numExtB == 0 {
					extB = int64(int8(b))
				} else {
					extB = extB<<8 | int64(b)
				}
				numExtB++
			}
			op = ldb(pc + 1)
			if op != 224 && op != 225 {
				break
			}
			pc += 2
		}
		switch op {
		default:
			pc++ // the operation takes no extension
			continue
		EXTENDED_CASES
		}`,

	"pushRecvVarAt": `
		if recv&7 == 0 && ld(recv)&heap.ClassIndexMask == heap.ClassContext {
			in.xA = int(n)
			@exit(exitPushContextVar)
		}
		sp -= 8
		st(sp, ld(recv+8+n<<3))
		continue`,
	"storeRecvVarAt": `
		v = ld(sp)
		in.xB = $
		if recv&7 == 0 && ld(recv)&heap.ClassIndexMask == heap.ClassContext {
			in.xA = int(n)
			@exit(exitStoreRecvVar)
		}
		@storeChecked(n)
		sp += 8 * $
		continue`,
	"pushLitVarAt":  "@pushLitVar(n)",
	"storeLitVarAt": "in.xA, in.xB = int(n), $\nex = exitStoreLitVar\ngoto leave",

	"pushRecvVarLong":  "@byteA()\n@pushRecvVarAt()",
	"pushLitVarLong":   "@byteA()\n@pushLitVarAt()",
	"pushLitLong":      "@byteA()\n@pushLit(n)",
	"pushTempLong":     "@byteA()\nn &= 255\n@pushTemp(n)",
	"popRecvVarLong":   "@byteA()\n@storeRecvVarAt(1)",
	"storeRecvVarLong": "@byteA()\n@storeRecvVarAt(0)",
	"popLitVarLong":    "@byteA()\n@storeLitVarAt(1)",
	"storeLitVarLong":  "@byteA()\n@storeLitVarAt(0)",
	"popTempLong":      "@byteA()\nn &= 255\n@popTemp(n)",
	"storeTempLong":    "@byteA()\nn &= 255\n@storeTemp(n)",
	"storeTemp":        "@tempAddr($)\nst(v, ld(sp))\ncontinue",
	"newArray":         "in.xA = int(ldb(pc))\npc++\nex = exitNewArray\ngoto leave",
	"pushIntLong":      "@byteB()\nsp -= 8\nst(sp, b<<3|1)\ncontinue",
	"pushCharLong":     "@byteB()\nsp -= 8\nst(sp, b<<3|2)\ncontinue",
	"sendLong": `
		b = uint64(ldb(pc))
		pc++
		sel, n = ld(method+16+8*(b>>3+EXTA<<5)), b&7+uint64(EXTB)<<3
		`,
	"superSendLong": `
		b = uint64(ldb(pc))
		pc++
		in.xA, in.xArgc, in.xB = int(b>>3+EXTA<<5), int(b&7), int(EXTB)
		@exit(exitSuperSend)`,
	"inlinedMapped": "in.xA = int(ldb(pc))\npc++\nex = exitInlinedMapped\ngoto leave",
	"jumpBack": `
		if int64(b) < 0 {
			@count(1)
			if sp < in.nat.StackLimit.Load() {
				@exit(exitPoll)
			}
		}
		continue`,
	"entry": "@count(0)",
	// count counts an activation (0) or a back edge (1) towards the next sample.
	"count": `
		if in.nat.Trip--; in.nat.Trip <= 0 {
			in.xA = $
			@exit(exitTrip)
		}`,
	"jumpLong": "@byteB()\npc += b\n@jumpBack()",
	// Conditional jumps go forward only: a loop they closed could not be stopped.
	"jumpTrueLong":  "if EXTB < 0 {\n@unknown()\n}\n@byteB()\n@jumpTrue(b)",
	"jumpFalseLong": "if EXTB < 0 {\n@unknown()\n}\n@byteB()\n@jumpFalse(b)",
	"callPrimitive": `
		in.xA, in.xB = int(ldb(pc)), int(ldb(pc+1))
		pc += 2
		if in.xB < 128 && pc-3 == method+16+(ld(method+8)>>3&0x7fff)<<3 {
			continue
		}
		@exit(exitCallPrimitive)`,
	"callPrimitiveV3": `
		pc += 2
		if pc-3 == method+16+(ld(method+8)>>3&0x7fff)<<3 {
			continue
		}
		pc -= 3
		@exit(exitUnknown)`,
	"pushFullClosure": `
		in.xA, in.xB = int(uint64(ldb(pc))+EXTA<<8), int(ldb(pc+1))
		pc += 2
		@exit(exitPushFullClosure)`,
	// xA = numArgs | numCopied<<8, xB = size of the block body.
	"pushClosureSista": `
		b = uint64(ldb(pc))
		in.xA = int(b&7+EXTA&15<<3) | int(b>>3&7+EXTA>>4<<3)<<8
		in.xB = int(int64(ldb(pc+1)) + EXTB<<8)
		pc += 2
		@exit(exitPushClosure)`,
	"pushClosureV3": `
		b = uint64(ldb(pc))
		in.xA = int(b&15) | int(b>>4)<<8
		in.xB = int(ldb(pc+1))<<8 + int(ldb(pc+2))
		pc += 3
		@exit(exitPushClosure)`,
	"remote": `
		a = uint64(ldb(pc))
		n = uint64(ldb(pc + 1))
		pc += 2
		@tempAddr(n)
		rcvr = ld(v)
		if in.forwarders && ld(rcvr)&heap.ClassIndexMask == heap.ClassForwarder {
			pc -= 3
			@exit(exitForwardedTemp)
		}`,
	"pushRemoteTemp": "@remote()\nv = ld(rcvr + 8 + a<<3)\nsp -= 8\nst(sp, v)\ncontinue",
	"storeRemote": `
		@remote()
		v = ld(sp)
		b = ld(rcvr)
		if b&heap.StoreCheckMask != 0 || v < in.oldStart && v&7 == 0 && rcvr >= in.oldStart && b&heap.RememberedBit == 0 {
			in.xSelector, in.xA, in.xB = heap.Oop(rcvr), int(a), $
			@exit(exitStoreRemote)
		}
		st(rcvr+8+a<<3, v)
		sp += 8 * $
		continue`,
	"storeRemoteTemp": "@storeRemote(0)",
	"popRemoteTemp":   "@storeRemote(1)",

	// V3PlusClosures forms.
	"jjkkkkkk": "b = uint64(ldb(pc))\npc++\nn = b & 63",
	"extendedPush": `
		@jjkkkkkk()
		switch b >> 6 {
		case 0:
			@pushRecvVarAt()
		case 1:
			@pushTemp(n)
		case 2:
			@pushLit(n)
		}
		@pushLitVar(n)`,
	"extendedStoreOrPop": `
		@jjkkkkkk()
		switch b >> 6 {
		case 0:
			@storeRecvVarAt($)
		case 1:
			@tempAddr(n)
			st(v, ld(sp))
			sp += 8 * $
			continue
		case 2:
			pc -= 2
			@exit(exitUnknown)
		}
		@storeLitVarAt($)`,
	"extendedStore": "@extendedStoreOrPop(0)",
	"extendedPop":   "@extendedStoreOrPop(1)",
	"sendExtended":  "b = uint64(ldb(pc))\npc++\nsel, n = ld(method+16+8*(b&31)), b>>5",
	"sendExtended2": "b = uint64(ldb(pc))\npc++\nsel, n = ld(method+16+8*(b&63)), b>>6",
	"superSendExtended": `
		b = uint64(ldb(pc))
		pc++
		in.xA, in.xArgc, in.xB = int(b&31), int(b>>5), 0
		@exit(exitSuperSend)`,
	"doubleExtended": `
		b = uint64(ldb(pc))
		n = uint64(ldb(pc + 1))
		pc += 2
		switch b >> 5 {
		case 0:
			sel, n = ld(method+16+8*n), b&31
			goto send
		case 1:
			in.xA, in.xArgc, in.xB = int(n), int(b&31), 0
			@exit(exitSuperSend)
		case 2:
			@pushRecvVarAt()
		case 3:
			@pushLit(n)
		case 4:
			@pushLitVar(n)
		case 5:
			@storeRecvVarAt(0)
		case 6:
			@storeRecvVarAt(1)
		}
		@storeLitVarAt(0)`,
	"jumpLongV3":  "b = uint64($*256 + int64(ldb(pc)))\npc++\npc += b\n@jumpBack()",
	"jumpTrueV3":  "b = $*256 + uint64(ldb(pc))\npc++\n@jumpTrue(b)",
	"jumpFalseV3": "b = $*256 + uint64(ldb(pc))\npc++\n@jumpFalse(b)",
}
