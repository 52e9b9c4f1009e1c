package bytecode

// The V3PlusClosures set. It has no extensions; blocks lie inside the code of
// their method, jumped over by the bytecode that makes the closure.
var v3Rows = []row{
	{0, 15, 1, PushReceiverVariable, indexInCode},
	{16, 31, 1, PushTemp, indexInCode},
	{32, 63, 1, PushLiteral, indexInCode},
	{64, 95, 1, PushLiteralVariable, indexInCode},
	{96, 103, 1, PopIntoReceiverVariable, indexInCode},
	{104, 111, 1, PopIntoTemp, indexInCode},
	{112, 112, 1, PushReceiver, nil},
	{113, 113, 1, PushTrue, nil},
	{114, 114, 1, PushFalse, nil},
	{115, 115, 1, PushNil, nil},
	{116, 119, 1, PushInteger, func(in *Instruction, o *operands) { in.Value = o.n - 1 }},
	{120, 120, 1, ReturnReceiver, nil},
	{121, 121, 1, ReturnTrue, nil},
	{122, 122, 1, ReturnFalse, nil},
	{123, 123, 1, ReturnNil, nil},
	{124, 124, 1, ReturnTop, nil},
	{125, 125, 1, BlockReturnTop, nil},
	{126, 127, 1, Unassigned, nil},
	{128, 128, 2, PushReceiverVariable, v3Extended(PushReceiverVariable, PushTemp, PushLiteral, PushLiteralVariable)},
	{129, 129, 2, StoreReceiverVariable, v3Extended(StoreReceiverVariable, StoreTemp, Unassigned, StoreLiteralVariable)},
	{130, 130, 2, PopIntoReceiverVariable, v3Extended(PopIntoReceiverVariable, PopIntoTemp, Unassigned, PopIntoLiteralVariable)},
	{131, 131, 2, Send, v3Send(5)},
	{132, 132, 3, Send, v3DoubleExtended},
	{133, 133, 2, SendSuper, v3Send(5)},
	{134, 134, 2, Send, v3Send(6)},
	{135, 135, 1, Pop, nil},
	{136, 136, 1, Dup, nil},
	{137, 137, 1, PushThisContext, nil},
	{138, 138, 2, PushNewArray, newArray},
	{139, 139, 3, CallPrimitive, func(in *Instruction, o *operands) { in.Index = o.b1 + o.b2<<8 }},
	{140, 140, 3, PushRemoteTemp, remoteTemp},
	{141, 141, 3, StoreRemoteTemp, remoteTemp},
	{142, 142, 3, PopIntoRemoteTemp, remoteTemp},
	{143, 143, 4, PushClosure, v3Closure},
	{144, 151, 1, Jump, shortJump},
	{152, 159, 1, JumpIfFalse, shortJump},
	{160, 167, 2, Jump, func(in *Instruction, o *operands) { in.Target = o.next + (o.n-4)<<8 + o.b1 }},
	{168, 171, 2, JumpIfTrue, v3LongBranch},
	{172, 175, 2, JumpIfFalse, v3LongBranch},
	{176, 207, 1, SendSpecial, specialInCode},
	{208, 223, 1, Send, sendArgs(0)},
	{224, 239, 1, Send, sendArgs(1)},
	{240, 255, 1, Send, sendArgs(2)},
}

// v3Extended:  jj kkkkkk  jj chooses the kind of variable, k is its index.
func v3Extended(kinds ...Op) func(*Instruction, *operands) {
	return func(in *Instruction, o *operands) {
		in.Op = kinds[o.b1>>6]
		in.Index = o.b1 & 63
		in.ContextAware = o.b1>>6 == 0
	}
}

// v3Send: the selector in the low bits, the argument count in the rest.
func v3Send(literalBits uint) func(*Instruction, *operands) {
	return func(in *Instruction, o *operands) {
		in.Index = o.b1 & (1<<literalBits - 1)
		in.NumArgs = o.b1 >> literalBits
	}
}

// v3DoubleExtended:  ooo nnnnn, k  ooo chooses the operation.
func v3DoubleExtended(in *Instruction, o *operands) {
	in.Op = [8]Op{Send, SendSuper, PushReceiverVariable, PushLiteral, PushLiteralVariable,
		StoreReceiverVariable, PopIntoReceiverVariable, StoreLiteralVariable}[o.b1>>5]
	in.Index = o.b2
	switch in.Op {
	case Send, SendSuper:
		in.NumArgs = o.b1 & 31
	case PushReceiverVariable, StoreReceiverVariable, PopIntoReceiverVariable:
		in.ContextAware = true
	}
}

// v3Closure:  cccc aaaa, size  c copied values, a arguments; size bytes of
// body follow.
func v3Closure(in *Instruction, o *operands) {
	in.NumCopied = o.b1 >> 4
	in.NumArgs = o.b1 & 15
	in.Target = o.next + o.b2<<8 + o.b3
}

func v3LongBranch(in *Instruction, o *operands) { in.Target = o.next + o.n<<8 + o.b1 }
