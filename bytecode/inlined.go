package bytecode

// An InlinedPrimitive is an operation of the Sista extension: it never fails
// and is never a send; an optimiser has promised what its operands are.
type InlinedPrimitive struct {
	Number int
	Name   string
	Pops   int
	Pushes int
	Jumps  bool // the last operand is a distance from the next instruction
	Always bool // jumps unconditionally
	Mapped bool // may send, collect or be interrupted
}

// unmapped are the primitives of bytecode 248, by number. The thousands of the
// number say how many operands there are: one to five for 1000 to 5000, and
// for 6000 to 8000 one to three of which the last is a jump distance.
var unmapped = map[int]string{
	1000: "rawClass", 1001: "numSlots", 1002: "numBytes", 1003: "numShorts",
	1004: "numWords", 1005: "numDoubleWords",
	1011: "rawNew", 1012: "rawNewNoInit",
	1020: "objectIdentityHash", 1021: "smiIdentityHash", 1022: "charIdentityHash",
	1023: "smallFloatIdentityHash", 1024: "behaviorIdentityHash",
	1030: "characterAsInteger", 1031: "smallFloatAsInteger", 1032: "smiAsFloat",
	1039: "unforwardNonImmediate", 1040: "unforward", 1041: "possibleRoot",

	2000: "smiAdd", 2001: "smiSubtract", 2002: "smiMultiply", 2003: "smiDivide",
	2004: "smiDiv", 2005: "smiMod", 2006: "smiQuo",
	2016: "smiBitAnd", 2017: "smiBitOr", 2018: "smiBitXor",
	2019: "smiShiftLeft", 2020: "smiShiftRight",
	2032: "smiGreater", 2033: "smiLess", 2034: "smiGreaterOrEqual", 2035: "smiLessOrEqual",
	2036: "smiEqual", 2037: "smiNotEqual",
	2038: "rawEqualsEquals", 2039: "rawNotEqualsEquals",
	2048: "rawNew:", 2049: "rawNewNoInit:",
	2064: "pointerAt:", 2065: "maybeContextPointerAt:",
	2066: "byteAt:", 2067: "shortAt:", 2068: "wordAt:", 2069: "doubleWordAt:",

	3000: "pointerAt:put:", 3001: "storeCheckPointerAt:put:",
	3002: "maybeContextPointerAt:put:", 3003: "maybeContextStoreCheckPointerAt:put:",
	3004: "byteAt:put:", 3005: "shortAt:put:", 3006: "wordAt:put:", 3007: "doubleWordAt:put:",
	3021: "bytesEqual:length:",
	5000: "arrayCopy",

	6000: "backjumpNoInterrupt",
	7016: "jumpIfWritable", 7017: "jumpIfReadOnly", 7018: "jumpIfYoung", 7019: "jumpIfOld",
	8000: "jumpIfInstanceOf", 8001: "jumpIfNotInstanceOf",
	8002: "jumpIfInstanceOfOneOf", 8003: "jumpIfInstanceOfNoneOf",
}

// The mapped primitives that need more than their row below.
const (
	MappedDirectCall              = 200
	MappedBackjumpAlwaysInterrupt = 250
)

// mapped are the primitives of bytecode 236, by number.
var mapped = map[int]InlinedPrimitive{
	50:  {Name: "ensureEnoughSlots", Pops: 1, Pushes: 1},
	150: {Name: "checkedPointerAt:put:", Pops: 3, Pushes: 1},
	151: {Name: "checkedStoreCheckPointerAt:put:", Pops: 3, Pushes: 1},
	152: {Name: "checkedMaybeContextPointerAt:put:", Pops: 3, Pushes: 1},
	153: {Name: "checkedMaybeContextStoreCheckPointerAt:put:", Pops: 3, Pushes: 1},
	154: {Name: "checkedByteAt:put:", Pops: 3, Pushes: 1},
	155: {Name: "checkedShortAt:put:", Pops: 3, Pushes: 1},
	156: {Name: "checkedWordAt:put:", Pops: 3, Pushes: 1},
	157: {Name: "checkedDoubleWordAt:put:", Pops: 3, Pushes: 1},
	// The literal index and the receiver; arguments come on top of that.
	MappedDirectCall:              {Name: "directCall", Pops: 2, Pushes: 1},
	MappedBackjumpAlwaysInterrupt: {Name: "backjumpAlwaysInterrupt", Pops: 1, Jumps: true, Always: true},
}

// Inlined answers the primitive that a CallInlined or CallMapped names; false
// for other instructions and for numbers without a meaning.
func (in *Instruction) Inlined() (InlinedPrimitive, bool) {
	switch in.Op {
	case CallInlined:
		name, ok := unmapped[in.Index]
		if !ok || in.OperationSet != 0 {
			return InlinedPrimitive{}, false
		}
		p := InlinedPrimitive{Number: in.Index, Name: name}
		if thousands := in.Index / 1000; thousands < 6 {
			p.Pops, p.Pushes = thousands, 1
		} else {
			p.Pops, p.Jumps, p.Always = thousands-5, true, in.Index == 6000
		}
		return p, true
	case CallMapped:
		p, ok := mapped[in.Index]
		p.Number, p.Mapped = in.Index, true
		return p, ok
	}
	return InlinedPrimitive{}, false
}
