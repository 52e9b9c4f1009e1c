package bytecode

import "fmt"

// Append encodes an instruction of SistaV1 behind dst, in its shortest form,
// as if it stood at in.PC: jumps are relative. It is the inverse of
// SistaV1.Decode; in.Size is not read.
func Append(dst []byte, in Instruction) ([]byte, error) {
	e := encoder{in: &in, dst: dst}
	e.encode()
	if e.err != nil {
		return dst, e.err
	}
	return e.dst, nil
}

type encoder struct {
	in  *Instruction
	dst []byte
	err error
}

func (e *encoder) fail(what string, value, limit int) {
	if e.err == nil {
		e.err = fmt.Errorf("bytecode: %v: %s %d, the limit is %d", e.in.Op, what, value, limit)
	}
}

// check reports an operand outside 0..limit.
func (e *encoder) check(what string, value, limit int) {
	if value < 0 || value > limit {
		e.fail(what, value, limit)
	}
}

func (e *encoder) bytes(b ...int) {
	for _, x := range b {
		e.dst = append(e.dst, byte(x))
	}
}

// extA emits the bytes of extension A, the most significant first.
func (e *encoder) extA(a int) {
	e.check("extension", a, MaxLiterals)
	if a > 255 {
		e.bytes(224, a>>8)
	}
	if a > 0 {
		e.bytes(224, a&255)
	}
}

// extB emits the bytes of extension B: the first carries the sign, so that a
// positive number whose first byte is above 127 is led by a zero.
func (e *encoder) extB(b int) {
	if b == 0 {
		return
	}
	n := 1
	for b < -1<<(8*n-1) || b >= 1<<(8*n-1) {
		n++
	}
	for ; n > 0; n-- {
		e.bytes(225, b>>(8*(n-1))&255)
	}
}

// indexed emits code+i for an index below short, else long with the index in
// its byte and, when there is room, the rest in A.
func (e *encoder) indexed(code, short, long, limit int) {
	i := e.in.Index
	e.check("index", i, limit)
	if i < short && !e.in.ContextAware {
		e.bytes(code + i)
		return
	}
	e.extA(i >> 8)
	if e.in.StoreFlags != 0 {
		e.extB(int(e.in.StoreFlags))
	}
	e.bytes(long, i&255)
}

const maxReceiverVariables = 1 << 16

func (e *encoder) encode() {
	in := e.in
	switch in.Op {
	case PushReceiverVariable:
		e.indexed(0, 16, 226, maxReceiverVariables)
	case PopIntoReceiverVariable:
		e.indexed(200, 8, 240, maxReceiverVariables)
	case StoreReceiverVariable:
		e.indexed(0, 0, 243, maxReceiverVariables)
	case PushLiteralVariable:
		e.indexed(16, 16, 227, MaxLiterals)
	case PushLiteral:
		e.indexed(32, 32, 228, MaxLiterals)
	case StoreLiteralVariable:
		e.indexed(0, 0, 244, MaxLiterals)
	case PopIntoLiteralVariable:
		e.indexed(0, 0, 241, MaxLiterals)
	case PushTemp:
		e.indexed(64, 12, 229, 255)
	case StoreTemp:
		e.indexed(0, 0, 245, 255)
	case PopIntoTemp:
		e.indexed(208, 8, 242, 255)
	case PushRemoteTemp, StoreRemoteTemp, PopIntoRemoteTemp:
		e.check("index", in.Index, 255)
		e.check("vector", in.Vector, 255)
		e.extB(int(in.StoreFlags))
		e.bytes(251+opOffset(in.Op, PushRemoteTemp, StoreRemoteTemp, PopIntoRemoteTemp), in.Index, in.Vector)
	case PushInteger:
		if in.Value == 0 || in.Value == 1 {
			e.bytes(80 + in.Value)
			return
		}
		e.value(232)
	case PushCharacter:
		e.check("code point", in.Value, MaxCharacter)
		e.value(233)
	case PushThisProcess:
		e.extB(1)
		e.bytes(82)
	case PushNewArray:
		e.check("size", in.Index, 127)
		if in.FromStack {
			e.bytes(231, in.Index|128)
		} else {
			e.bytes(231, in.Index)
		}
	case PushFullClosure:
		e.fullClosure()
	case PushClosure:
		e.closure()
	case SendSpecial:
		e.check("special selector", in.Index, len(SpecialSelectors)-1)
		e.bytes(96 + in.Index)
	case Send:
		if in.Index < 16 && in.NumArgs < 3 {
			e.check("selector", in.Index, 15)
			e.check("arguments", in.NumArgs, 2)
			e.bytes(128 + 16*in.NumArgs + in.Index)
			return
		}
		e.send(234, 0)
	case SendSuper:
		e.send(235, 0)
	case SendDirectedSuper:
		e.send(235, directed)
	case Jump, JumpIfTrue, JumpIfFalse:
		e.jump(0)
	case BlockReturnTop:
		e.extA(in.Index)
		e.bytes(94)
	case CallPrimitive:
		e.check("number", in.Index, 1<<15-1)
		e.bytes(248, in.Index&255, in.Index>>8)
	case CallInlined:
		e.check("number", in.Index, 1<<13-1)
		e.check("operation set", in.OperationSet, 3)
		e.bytes(248, in.Index&255, 128|in.OperationSet<<5|in.Index>>8)
	case CallMapped:
		e.check("number", in.Index, 255)
		e.bytes(236, in.Index)
	default:
		if code, ok := plainCodes[in.Op]; ok {
			e.bytes(code)
			return
		}
		e.err = fmt.Errorf("bytecode: SistaV1 has no encoding of %v", in.Op)
	}
}

// plainCodes are the one-byte instructions without operands.
var plainCodes = map[Op]int{
	PushReceiver: 76, PushTrue: 77, PushFalse: 78, PushNil: 79, PushThisContext: 82, Dup: 83,
	ReturnReceiver: 88, ReturnTrue: 89, ReturnFalse: 90, ReturnNil: 91, ReturnTop: 92,
	BlockReturnNil: 93, Nop: 95, Pop: 216, Trap: 217,
}

func opOffset(op Op, ops ...Op) int {
	for i, o := range ops {
		if o == op {
			return i
		}
	}
	return 0
}

// value emits a constant: its low byte, the rest in B.
func (e *encoder) value(code int) {
	e.extB(e.in.Value >> 8)
	e.bytes(code, e.in.Value&255)
}

func (e *encoder) send(code, b int) {
	e.check("selector", e.in.Index, MaxLiterals)
	e.check("arguments", e.in.NumArgs, 255)
	e.extA(e.in.Index >> 5)
	e.extB(e.in.NumArgs>>3 + b)
	e.bytes(code, e.in.Index&31<<3|e.in.NumArgs&7)
}

func (e *encoder) fullClosure() {
	in := e.in
	e.check("literal", in.Index, MaxLiterals)
	e.check("copied values", in.NumCopied, 63)
	y := in.NumCopied
	if in.IgnoreOuter {
		y |= 64
	}
	if in.ReceiverOnStack {
		y |= 128
	}
	e.extA(in.Index >> 8)
	e.bytes(249, in.Index&255, y)
}

// closure emits a closure whose body follows. How far the body reaches depends
// on how many extensions precede it.
func (e *encoder) closure() {
	in := e.in
	e.check("arguments", in.NumArgs, 127)
	e.check("copied values", in.NumCopied, 127)
	a := in.NumArgs>>3 | in.NumCopied>>3<<4
	start := len(e.dst)
	e.extA(a)
	extended := len(e.dst) - start
	size := in.Target - (in.PC + extended + 3)
	if size > 255 {
		size -= 2
		e.check("body size", size, MaxJump)
		e.bytes(225, size>>8) // also where that is 0 again
	}
	e.check("body size", size, MaxJump)
	n := (len(e.dst) - start) / 2
	e.bytes(250, n<<6|in.NumCopied&7<<3|in.NumArgs&7, size&255)
}

// The one-byte and the two-byte codes of jumps.
var (
	shortJumps = map[Op]int{Jump: 176, JumpIfTrue: 184, JumpIfFalse: 192}
	longJumps  = map[Op]int{Jump: 237, JumpIfTrue: 238, JumpIfFalse: 239}
)

// jumpSize answers the number of bytes that a jump over distance takes; the
// distance is counted from the instruction behind the jump.
func jumpSize(distance int) int {
	switch {
	case distance >= 1 && distance <= 8:
		return 1
	case distance >= 0 && distance <= 255:
		return 2
	default:
		return 4
	}
}

// MaxJump is the longest jump forward; backward jumps reach one byte farther.
const MaxJump = 1<<15 - 1

// jump emits a jump in at least atLeast bytes.
func (e *encoder) jump(atLeast int) {
	in := e.in
	for _, size := range [...]int{1, 2, 4} {
		distance := in.Target - (in.PC + size)
		if size < atLeast || jumpSize(distance) > size || size == 1 && jumpSize(distance) != 1 {
			continue
		}
		if distance > MaxJump {
			e.fail("distance", distance, MaxJump)
		}
		if in.Op == Jump && distance < -MaxJump-1 {
			e.fail("distance", distance, -MaxJump-1)
		} else if in.Op != Jump && distance < 0 {
			e.fail("distance", distance, 0)
		}
		if size == 1 {
			e.bytes(shortJumps[in.Op] + distance - 1)
			return
		}
		if size == 4 {
			// Also where B is 0 and extB would leave it out.
			e.bytes(225, distance>>8&255)
		}
		e.bytes(longJumps[in.Op], distance&255)
		return
	}
}
