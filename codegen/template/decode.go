package template

// The codes that are treated one by one.
const (
	opPushVariable     = 0
	opPushBinding      = 16
	opPushLiteral      = 32
	opPushTemp         = 64
	opPushSelf         = 76
	opPushTrue         = 77
	opPushFalse        = 78
	opPushNil          = 79
	opPushZero         = 80
	opPushOne          = 81
	opThisContext      = 82
	opDup              = 83
	opReturnSelf       = 88
	opReturnTrue       = 89
	opReturnFalse      = 90
	opReturnNil        = 91
	opReturnTop        = 92
	opBlockReturnNil   = 93
	opBlockReturnTop   = 94
	opNop              = 95
	opAdd              = 96
	opSubtract         = 97
	opLess             = 98
	opGreater          = 99
	opLessEqual        = 100
	opGreaterEqual     = 101
	opEqual            = 102
	opNotEqual         = 103
	opMultiply         = 104
	opDivide           = 105
	opModulo           = 106
	opPoint            = 107
	opBitShift         = 108
	opIntDivide        = 109
	opBitAnd           = 110
	opBitOr            = 111
	opAt               = 112
	opAtPut            = 113
	opSize             = 114
	opSame             = 118
	opClass            = 119
	opNotSame          = 120
	opSend0            = 128
	opSend1            = 144
	opSend2            = 160
	opJump             = 176
	opJumpTrue         = 184
	opJumpFalse        = 192
	opPopVariable      = 200
	opPopTemp          = 208
	opPop              = 216
	opExtendA          = 224
	opExtendB          = 225
	opPushVariableLong = 226
	opPushBindingLong  = 227
	opPushLiteralLong  = 228
	opPushTempLong     = 229
	opNewArray         = 231
	opPushInteger      = 232
	opPushCharacter    = 233
	opSend             = 234
	opSuperSend        = 235
	opJumpLong         = 237
	opJumpTrueLong     = 238
	opJumpFalseLong    = 239
	opPopVariableLong  = 240
	opPopBinding       = 241
	opPopTempLong      = 242
	opStoreVariable    = 243
	opStoreBinding     = 244
	opStoreTemp        = 245
	opCallPrimitive    = 248
	opPushFullClosure  = 249
	opPushClosure      = 250
	opPushRemote       = 251
	opStoreRemote      = 252
	opPopRemote        = 253
)

// specialArgs is the number of arguments of the sends from opAdd on.
var specialArgs = [32]int{
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 2, 0, 0, 1, 0, 1, 0, 1, 0, 1, 1, 0, 1, 0, 0,
}

// instruction is a bytecode, taken apart as the interpreter's loop does.
type instruction struct {
	op         byte
	at, next   int // of the first extension, and after it all
	extA, extB int
	b1, b2     int // operand bytes
}

// sizes are the lengths of bytecodes from 224 on.
var sizes = [32]int{2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3}

// decode reads a bytecode; false if it is not all there.
func decode(code []byte, pc int) (in instruction, ok bool) {
	in.at = pc
	extensions := 0
	for pc+1 < len(code) && (code[pc] == opExtendA || code[pc] == opExtendB) {
		b := int(code[pc+1])
		switch {
		case code[pc] == opExtendA:
			in.extA = in.extA<<8 | b
		case extensions == 0:
			in.extB = int(int8(b))
			extensions++
		default:
			in.extB = in.extB<<8 | b
		}
		pc += 2
	}
	if pc >= len(code) {
		return in, false
	}
	in.op = code[pc]
	size := 1
	if in.op >= opExtendA {
		size = sizes[in.op-opExtendA]
	}
	in.next = pc + size
	if in.next > len(code) {
		return in, false
	}
	if size > 1 {
		in.b1 = int(code[pc+1])
	}
	if size > 2 {
		in.b2 = int(code[pc+2])
	}
	return in, true
}

// operandA is the first operand byte, extended without sign.
func (in *instruction) operandA() int { return in.b1 + in.extA<<8 }

// operandB is the first operand byte, extended with sign.
func (in *instruction) operandB() int { return in.b1 + in.extB<<8 }

// target answers where a jump goes.
func (in *instruction) target() (int, bool) {
	switch op := in.op; {
	case op >= opJump && op < opPopVariable:
		return in.next + int(op)&7 + 1, true
	case op >= opJumpLong && op <= opJumpFalseLong && !in.malformed():
		return in.next + in.operandB(), true
	}
	return 0, false
}

// malformed tells a conditional jump back, which the interpreter does not know.
func (in *instruction) malformed() bool {
	return (in.op == opJumpTrueLong || in.op == opJumpFalseLong) && in.extB < 0
}

// unknown are the codes that mean nothing.
var unknown = func() (u [256]bool) {
	for _, op := range []int{84, 85, 86, 87, 218, 219, 220, 221, 222, 223, 230, 246, 247, 254, 255} {
		u[op] = true
	}
	return u
}()

// endsFlow tells whether what follows is reached by jumps alone.
func (in *instruction) endsFlow() bool {
	op := in.op
	return op >= opReturnSelf && op <= opBlockReturnTop || op >= opJump && op < opJumpTrue || op == opJumpLong || unknown[op]
}
