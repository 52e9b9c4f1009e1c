package bytecode

// The SistaV1 set. A and B are the extensions 224 and 225; lengths follow from
// the byte value: below 224 one byte, below 248 two, else three.
var sistaV1Rows = []row{
	{0, 15, 1, PushReceiverVariable, indexInCode},
	{16, 31, 1, PushLiteralVariable, indexInCode},
	{32, 63, 1, PushLiteral, indexInCode},
	{64, 75, 1, PushTemp, indexInCode},
	{76, 76, 1, PushReceiver, nil},
	{77, 77, 1, PushTrue, nil},
	{78, 78, 1, PushFalse, nil},
	{79, 79, 1, PushNil, nil},
	{80, 81, 1, PushInteger, valueInCode},
	{82, 82, 1, PushThisContext, contextOrProcess},
	{83, 83, 1, Dup, nil},
	{84, 87, 1, Unassigned, nil},
	{88, 88, 1, ReturnReceiver, nil},
	{89, 89, 1, ReturnTrue, nil},
	{90, 90, 1, ReturnFalse, nil},
	{91, 91, 1, ReturnNil, nil},
	{92, 92, 1, ReturnTop, nil},
	{93, 93, 1, BlockReturnNil, nil},
	{94, 94, 1, BlockReturnTop, levelsInA},
	{95, 95, 1, Nop, nil},
	{96, 127, 1, SendSpecial, specialInCode},
	{128, 143, 1, Send, sendArgs(0)},
	{144, 159, 1, Send, sendArgs(1)},
	{160, 175, 1, Send, sendArgs(2)},
	{176, 183, 1, Jump, shortJump},
	{184, 191, 1, JumpIfTrue, shortJump},
	{192, 199, 1, JumpIfFalse, shortJump},
	{200, 207, 1, PopIntoReceiverVariable, indexInCode},
	{208, 215, 1, PopIntoTemp, indexInCode},
	{216, 216, 1, Pop, nil},
	{217, 217, 1, Trap, nil},
	{218, 223, 1, Unassigned, nil},
	{224, 224, 2, ExtendA, nil},
	{225, 225, 2, ExtendB, nil},
	{226, 226, 2, PushReceiverVariable, longReceiverVariable},
	{227, 227, 2, PushLiteralVariable, indexInByteAndA},
	{228, 228, 2, PushLiteral, indexInByteAndA},
	{229, 229, 2, PushTemp, indexInByte},
	{230, 230, 2, Unassigned, nil},
	{231, 231, 2, PushNewArray, newArray},
	{232, 232, 2, PushInteger, valueInByteAndB},
	{233, 233, 2, PushCharacter, valueInByteAndB},
	{234, 234, 2, Send, longSend},
	{235, 235, 2, SendSuper, longSuperSend},
	{236, 236, 2, CallMapped, indexInByte},
	{237, 237, 2, Jump, longJump},
	{238, 238, 2, JumpIfTrue, longBranch},
	{239, 239, 2, JumpIfFalse, longBranch},
	{240, 240, 2, PopIntoReceiverVariable, longReceiverVariable},
	{241, 241, 2, PopIntoLiteralVariable, indexInByteAndA},
	{242, 242, 2, PopIntoTemp, indexInByte},
	{243, 243, 2, StoreReceiverVariable, longReceiverVariable},
	{244, 244, 2, StoreLiteralVariable, indexInByteAndA},
	{245, 245, 2, StoreTemp, indexInByte},
	{246, 247, 2, Unassigned, nil},
	{248, 248, 3, CallPrimitive, primitive},
	{249, 249, 3, PushFullClosure, fullClosure},
	{250, 250, 3, PushClosure, extendedClosure},
	{251, 251, 3, PushRemoteTemp, remoteTemp},
	{252, 252, 3, StoreRemoteTemp, remoteTemp},
	{253, 253, 3, PopIntoRemoteTemp, remoteTemp},
	{254, 255, 3, Unassigned, nil},
}

func indexInCode(in *Instruction, o *operands)     { in.Index = o.n }
func indexInByte(in *Instruction, o *operands)     { in.Index = o.b1 }
func indexInByteAndA(in *Instruction, o *operands) { in.Index = o.b1 + o.a<<8 }
func valueInCode(in *Instruction, o *operands)     { in.Value = o.n }
func levelsInA(in *Instruction, o *operands)       { in.Index = o.a }

func valueInByteAndB(in *Instruction, o *operands) {
	in.Value = o.b1 + o.b<<8
	if in.Op == PushCharacter && (in.Value < 0 || in.Value > MaxCharacter) {
		in.Op = Unassigned
	}
}

// longReceiverVariable is the form that works on the slots of a Context too.
// B carries hints for stores that an optimiser promises.
func longReceiverVariable(in *Instruction, o *operands) {
	in.Index = o.b1 + o.a<<8
	in.ContextAware = true
	if in.Op != PushReceiverVariable {
		in.StoreFlags = storeFlags(o.b)
	}
}

func storeFlags(b int) StoreFlags {
	return StoreFlags(b) & (NoStoreCheck | MaybeContext | NoReadOnlyCheck)
}

// contextOrProcess: B chooses between the active context and process.
func contextOrProcess(in *Instruction, o *operands) {
	switch o.b {
	case 0:
	case 1:
		in.Op = PushThisProcess
	default:
		in.Op = Unassigned
	}
}

func specialInCode(in *Instruction, o *operands) {
	in.Index = o.n
	in.NumArgs = SpecialSelectors[o.n].NumArgs
}

func sendArgs(n int) func(*Instruction, *operands) {
	return func(in *Instruction, o *operands) {
		in.Index = o.n
		in.NumArgs = n
	}
}

// longSend:  iiiii aaa  with A above the literal index and B above the count.
func longSend(in *Instruction, o *operands) {
	in.Index = o.b1>>3 + o.a<<5
	in.NumArgs = o.b1&7 + o.b<<3
	if o.b < 0 {
		in.Op = Unassigned
	}
}

// longSuperSend is longSend; B of 64 and more means that the class whose
// superclass begins the lookup is on the stack.
func longSuperSend(in *Instruction, o *operands) {
	if o.b >= directed {
		in.Op = SendDirectedSuper
		in.Index = o.b1>>3 + o.a<<5
		in.NumArgs = o.b1&7 + (o.b-directed)<<3
		return
	}
	longSend(in, o)
}

// directed in extension B makes a super send a directed one.
const directed = 64

func shortJump(in *Instruction, o *operands) { in.Target = o.next + o.n + 1 }
func longJump(in *Instruction, o *operands)  { in.Target = o.next + o.b1 + o.b<<8 }

func longBranch(in *Instruction, o *operands) {
	longJump(in, o)
	if o.b < 0 {
		in.Op = Unassigned
	}
}

// newArray:  p nnnnnnn  p: take the elements from the stack.
func newArray(in *Instruction, o *operands) {
	in.Index = o.b1 & 127
	in.FromStack = o.b1 > 127
}

// primitive:  iiiiiiii mssjjjjj  m: an inlined primitive of operation set ss.
func primitive(in *Instruction, o *operands) {
	in.Index = o.b1 + o.b2<<8
	if o.b2 > 127 {
		in.Op = CallInlined
		in.Index = o.b1 + (o.b2&31)<<8
		in.OperationSet = o.b2 >> 5 & 3
	}
}

// fullClosure:  iiiiiiii riccccccc  r: receiver on the stack, i: no outer context.
func fullClosure(in *Instruction, o *operands) {
	in.Index = o.b1 + o.a<<8
	in.NumCopied = o.b2 & 63
	in.IgnoreOuter = o.b2&64 != 0
	in.ReceiverOnStack = o.b2&128 != 0
}

// extendedClosure:  eeiiikkk  iii copied values, kkk arguments, each with a
// part of A above it; ee repeats the number of extensions.
func extendedClosure(in *Instruction, o *operands) {
	in.NumCopied = o.b1>>3&7 + o.a>>4<<3
	in.NumArgs = o.b1&7 + o.a&15<<3
	in.Target = o.next + o.b2 + o.b<<8
	if o.b < 0 {
		in.Op = Unassigned
	}
}

func remoteTemp(in *Instruction, o *operands) {
	in.Index = o.b1
	in.Vector = o.b2
	if in.Op != PushRemoteTemp {
		in.StoreFlags = storeFlags(o.b)
	}
}
