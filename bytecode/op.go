package bytecode

// An Op is what an instruction does, whichever set encodes it.
type Op uint8

// The operations. The comment names the operands an Instruction carries for
// it; the stack picture shows the top at the right.
const (
	Unassigned Op = iota // no meaning in this set: the VM sends #unusedBytecode

	// Extensions never come out of Decode: they are folded into what follows.
	ExtendA
	ExtendB

	PushReceiverVariable // Index, ContextAware        ... -> ... v
	PushLiteralVariable  // Index (value of a binding) ... -> ... v
	PushLiteral          // Index                      ... -> ... literal
	PushTemp             // Index                      ... -> ... v
	PushRemoteTemp       // Index in vector temp Vector ... -> ... v
	PushReceiver
	PushTrue
	PushFalse
	PushNil
	PushInteger   // Value
	PushCharacter // Value (code point)
	PushThisContext
	PushThisProcess
	PushNewArray    // Index (size), FromStack  ... [e1..en] -> ... array
	PushFullClosure // Index (block literal), NumCopied, IgnoreOuter, ReceiverOnStack
	PushClosure     // NumArgs, NumCopied, Target (end of the body that follows)
	Dup

	Pop
	StoreReceiverVariable // Index, ContextAware, StoreFlags  ... v -> ... v
	StoreLiteralVariable  // Index
	StoreTemp             // Index
	StoreRemoteTemp       // Index, Vector, StoreFlags
	PopIntoReceiverVariable
	PopIntoLiteralVariable
	PopIntoTemp
	PopIntoRemoteTemp

	SendSpecial       // Index (in SpecialSelectors), NumArgs
	Send              // Index (selector literal), NumArgs    ... rcvr a1..an -> ... result
	SendSuper         // Index, NumArgs
	SendDirectedSuper // Index, NumArgs            ... rcvr a1..an class -> ... result

	Jump        // Target
	JumpIfTrue  // Target    ... boolean -> ...
	JumpIfFalse // Target

	ReturnReceiver // from the method; in a block a non-local return
	ReturnTrue
	ReturnFalse
	ReturnNil
	ReturnTop
	BlockReturnNil // to the caller of the block
	BlockReturnTop // Index (number of enclosing blocks to leave, 0 in all known code)

	Nop
	CallPrimitive // Index (primitive number): the method's own primitive
	CallInlined   // Index (inlined primitive), OperationSet
	CallMapped    // Index (mapped inlined primitive)
	Trap          // sends #trapTripped to the context

	numOps
)

// A Class groups operations by what they are for.
type Class uint8

// The classes of operation.
const (
	ClassNone      Class = iota // unassigned, extensions, nop
	ClassPush                   // puts one value on the stack
	ClassPop                    // takes the top off
	ClassStore                  // writes a variable and keeps the top
	ClassPopInto                // writes a variable and takes the top off
	ClassSend                   // looks a selector up
	ClassJump                   // always goes to Target
	ClassBranch                 // goes to Target or on
	ClassReturn                 // leaves the activation
	ClassClosure                // makes a block closure
	ClassPrimitive              // the method's primitive
	ClassInlined                // an inlined primitive of the Sista extension
	ClassTrap                   // leaves optimised code
)

var classNames = [...]string{"none", "push", "pop", "store", "popInto", "send", "jump", "branch",
	"return", "closure", "primitive", "inlined", "trap"}

func (c Class) String() string { return classNames[c] }

// variable marks a count that depends on the operands.
const variable = -1

// opInfo is a row of the operation table.
type opInfo struct {
	name   string // as listings print it, without operands
	class  Class
	pops   int // operands taken off the stack, or variable
	pushes int // results put on it, or variable
}

var opTable = [numOps]opInfo{
	Unassigned: {"unassigned", ClassNone, 0, 0},
	ExtendA:    {"extendA", ClassNone, 0, 0},
	ExtendB:    {"extendB", ClassNone, 0, 0},

	PushReceiverVariable: {"pushRcvr", ClassPush, 0, 1},
	PushLiteralVariable:  {"pushLit", ClassPush, 0, 1},
	PushLiteral:          {"pushConstant", ClassPush, 0, 1},
	PushTemp:             {"pushTemp", ClassPush, 0, 1},
	PushRemoteTemp:       {"pushTemp", ClassPush, 0, 1},
	PushReceiver:         {"self", ClassPush, 0, 1},
	PushTrue:             {"pushConstant: true", ClassPush, 0, 1},
	PushFalse:            {"pushConstant: false", ClassPush, 0, 1},
	PushNil:              {"pushConstant: nil", ClassPush, 0, 1},
	PushInteger:          {"pushConstant", ClassPush, 0, 1},
	PushCharacter:        {"pushConstant", ClassPush, 0, 1},
	PushThisContext:      {"pushThisContext", ClassPush, 0, 1},
	PushThisProcess:      {"pushThisProcess", ClassPush, 0, 1},
	PushNewArray:         {"push", ClassPush, variable, 1},
	PushFullClosure:      {"pushFullClosure", ClassClosure, variable, 1},
	PushClosure:          {"closureNumCopied", ClassClosure, variable, 1},
	Dup:                  {"dup", ClassPush, 1, 2},

	Pop:                     {"pop", ClassPop, 1, 0},
	StoreReceiverVariable:   {"storeIntoRcvr", ClassStore, 1, 1},
	StoreLiteralVariable:    {"storeIntoLit", ClassStore, 1, 1},
	StoreTemp:               {"storeIntoTemp", ClassStore, 1, 1},
	StoreRemoteTemp:         {"storeIntoTemp", ClassStore, 1, 1},
	PopIntoReceiverVariable: {"popIntoRcvr", ClassPopInto, 1, 0},
	PopIntoLiteralVariable:  {"popIntoLit", ClassPopInto, 1, 0},
	PopIntoTemp:             {"popIntoTemp", ClassPopInto, 1, 0},
	PopIntoRemoteTemp:       {"popIntoTemp", ClassPopInto, 1, 0},

	SendSpecial:       {"send", ClassSend, variable, 1},
	Send:              {"send", ClassSend, variable, 1},
	SendSuper:         {"superSend", ClassSend, variable, 1},
	SendDirectedSuper: {"directedSuperSend", ClassSend, variable, 1},

	Jump:        {"jumpTo", ClassJump, 0, 0},
	JumpIfTrue:  {"jumpTrue", ClassBranch, 1, 0},
	JumpIfFalse: {"jumpFalse", ClassBranch, 1, 0},

	ReturnReceiver: {"returnSelf", ClassReturn, 0, 0},
	ReturnTrue:     {"return: true", ClassReturn, 0, 0},
	ReturnFalse:    {"return: false", ClassReturn, 0, 0},
	ReturnNil:      {"return: nil", ClassReturn, 0, 0},
	ReturnTop:      {"returnTop", ClassReturn, 1, 0},
	BlockReturnNil: {"blockReturn: nil", ClassReturn, 0, 0},
	BlockReturnTop: {"blockReturn", ClassReturn, 1, 0},

	Nop:           {"nop", ClassNone, 0, 0},
	CallPrimitive: {"callPrimitive", ClassPrimitive, 0, 0},
	CallInlined:   {"callInlinedPrimitive", ClassInlined, variable, variable},
	CallMapped:    {"callMappedInlinedPrimitive", ClassInlined, variable, variable},
	Trap:          {"trap", ClassTrap, 0, 0},
}

// String answers the operation's name as listings print it.
func (o Op) String() string {
	if o >= numOps {
		return "unknown"
	}
	return opTable[o].name
}

// Class answers what kind of operation o is.
func (o Op) Class() Class {
	if o >= numOps {
		return ClassNone
	}
	return opTable[o].class
}

// UsesLiteral reports whether the Index of an instruction with this operation
// is an index into the literals.
func (o Op) UsesLiteral() bool {
	switch o {
	case PushLiteral, PushLiteralVariable, StoreLiteralVariable, PopIntoLiteralVariable,
		Send, SendSuper, SendDirectedSuper, PushFullClosure:
		return true
	}
	return false
}

// A SpecialSelector is a selector with bytecodes of its own.
type SpecialSelector struct {
	Name    string
	NumArgs int
}

// SpecialSelectors are the selectors of the special-send bytecodes: sixteen
// arithmetic ones, then sixteen common ones. The array of them in the special
// objects of an image has this order.
var SpecialSelectors = [32]SpecialSelector{
	{"+", 1}, {"-", 1}, {"<", 1}, {">", 1}, {"<=", 1}, {">=", 1}, {"=", 1}, {"~=", 1},
	{"*", 1}, {"/", 1}, {`\\`, 1}, {"@", 1}, {"bitShift:", 1}, {"//", 1}, {"bitAnd:", 1}, {"bitOr:", 1},
	{"at:", 1}, {"at:put:", 2}, {"size", 0}, {"next", 0}, {"nextPut:", 1}, {"atEnd", 0}, {"==", 1}, {"class", 0},
	{"~~", 1}, {"value", 0}, {"value:", 1}, {"do:", 1}, {"new", 0}, {"new:", 1}, {"x", 0}, {"y", 0},
}
