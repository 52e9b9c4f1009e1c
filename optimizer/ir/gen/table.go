package main

// row describes one operation. Everything that printer, parser, verifier and
// passes need to know about it is here.
type row struct {
	name   string // in text; the Go name is goName, or name with a capital
	goName string
	args   string // types of arguments; the last may end in "..."
	result string
	aux    string // what Value.Int or Value.Sym holds: "", Int, Float, Bool, Handle, Class, Slot, Width, Unit, Symbol
	reads  string // alias classes
	writes string
	flags  string
	doc    string
}

// The flags of a row.
//
//	deopts      has a reason and a state
//	commutes    arguments may be swapped
//	refines     answers its first argument, of which more is known
//	guard       leaves the code if a condition does not hold, and has no other effect
//	allocates   answers a new object
//	partial     undefined outside a condition that must have been checked before:
//	            never executed earlier than the program would
//	barrier     a store that may have to remember its object
//	ends        ends a block
//	call        other code may run: all memory is read and written
//	pinned      stays where it is although it has no effect
var table = []row{
	{"param", "Param", "", "", "", "", "", "pinned", "a parameter of a block"},

	{"constint", "ConstInt", "", "int", "Int", "", "", "", "an untagged integer"},
	{"constfloat", "ConstFloat", "", "float", "Float", "", "", "", "an unboxed float"},
	{"constbool", "ConstBool", "", "bool", "Bool", "", "", "", "a condition that is known"},
	{"constsmi", "ConstSmi", "", "smi", "Int", "", "", "", "a SmallInteger"},
	{"absent", "Absent", "", "oop", "", "", "", "", "no object: one argument of an either has it where the other counts"},
	{"literal", "Literal", "", "oop", "Handle", "", "", "", "an object the code names"},

	{"iadd", "IAdd", "int int", "int", "", "", "", "commutes", "sum modulo 2^64"},
	{"isub", "ISub", "int int", "int", "", "", "", "", "difference modulo 2^64"},
	{"imul", "IMul", "int int", "int", "", "", "", "commutes", "product modulo 2^64"},
	{"idiv", "IDiv", "int int", "int", "", "", "", "partial", "quotient rounded down; divisor not 0"},
	{"imod", "IMod", "int int", "int", "", "", "", "partial", "remainder with the divisor's sign; divisor not 0"},
	{"iquo", "IQuo", "int int", "int", "", "", "", "partial", "quotient rounded to zero; divisor not 0"},
	{"irem", "IRem", "int int", "int", "", "", "", "partial", "remainder with the dividend's sign; divisor not 0"},
	{"iand", "IAnd", "int int", "int", "", "", "", "commutes", "bitwise and"},
	{"ior", "IOr", "int int", "int", "", "", "", "commutes", "bitwise or"},
	{"ixor", "IXor", "int int", "int", "", "", "", "commutes", "bitwise exclusive or"},
	{"ishl", "IShl", "int int", "int", "", "", "", "partial", "shift left; distance 0 to 63"},
	{"isar", "ISar", "int int", "int", "", "", "", "partial", "arithmetic shift right; distance 0 to 63"},
	{"ieq", "IEq", "int int", "bool", "", "", "", "commutes", "equal"},
	{"ine", "INe", "int int", "bool", "", "", "", "commutes", "not equal"},
	{"ilt", "ILt", "int int", "bool", "", "", "", "", "less"},
	{"ile", "ILe", "int int", "bool", "", "", "", "", "less or equal"},
	{"iaddo", "IAddO", "int int", "int", "", "", "", "commutes guard deopts", "sum, a SmallInteger or leave"},
	{"isubo", "ISubO", "int int", "int", "", "", "", "guard deopts", "difference, a SmallInteger or leave"},
	{"imulo", "IMulO", "int int", "int", "", "", "", "commutes guard deopts", "product, a SmallInteger or leave"},
	{"ishlo", "IShlO", "int int", "int", "", "", "", "guard deopts", "shift left by 0 to 62, a SmallInteger or leave"},

	{"fadd", "FAdd", "float float", "float", "", "", "", "commutes", "sum"},
	{"fsub", "FSub", "float float", "float", "", "", "", "", "difference"},
	{"fmul", "FMul", "float float", "float", "", "", "", "commutes", "product"},
	{"fdiv", "FDiv", "float float", "float", "", "", "", "", "quotient"},
	{"fneg", "FNeg", "float", "float", "", "", "", "", "sign changed"},
	{"fsqrt", "FSqrt", "float", "float", "", "", "", "", "square root"},
	{"feq", "FEq", "float float", "bool", "", "", "", "commutes", "equal; no NaN is"},
	{"fne", "FNe", "float float", "bool", "", "", "", "commutes", "not equal; every NaN is"},
	{"flt", "FLt", "float float", "bool", "", "", "", "", "less"},
	{"fle", "FLe", "float float", "bool", "", "", "", "", "less or equal"},
	{"itof", "IToF", "int", "float", "", "", "", "", "nearest float"},
	{"ftoi", "FToI", "float", "int", "", "", "", "guard deopts", "truncated, a SmallInteger or leave"},

	{"bnot", "BNot", "bool", "bool", "", "", "", "", "the other condition"},
	{"oopeq", "OopEq", "oop oop", "bool", "", "", "", "commutes", "the same object"},
	{"issmi", "IsSmi", "oop", "bool", "", "", "", "", "is it a SmallInteger"},
	{"ischar", "IsChar", "oop", "bool", "", "", "", "", "is it a Character"},
	{"isfloat", "IsFloat", "oop", "bool", "", "", "", "", "is it a Float of either kind"},
	{"hasclass", "HasClass", "oop", "bool", "Class", "", "", "", "has it that class index"},
	{"classindex", "ClassIndex", "oop", "int", "", "", "", "", "its class index"},
	{"classof", "ClassOf", "oop", "oop", "", "", "", "", "its class"},
	{"size", "Size", "obj", "int", "Unit", "", "", "", "number of its oops, named ones included, or of its raw units of a width"},

	{"tag", "Tag", "int", "smi", "", "", "", "partial", "SmallInteger of an integer in range"},
	{"untag", "Untag", "smi", "int", "", "", "", "", "value of a SmallInteger"},
	{"charvalue", "CharValue", "oop", "int", "", "", "", "partial", "code of a Character"},
	{"makechar", "MakeChar", "int", "oop", "", "", "", "partial", "Character of a code, 0 to below 2^30"},
	{"frombool", "FromBool", "bool", "oop", "", "", "", "", "true or false"},
	{"boxfloat", "BoxFloat", "float", "oop", "", "", "", "allocates deopts", "a Float, immediate if it can be"},
	{"unboxfloat", "UnboxFloat", "oop", "float", "", "", "", "partial", "value of a Float"},

	{"guardsmi", "GuardSmi", "oop", "smi", "", "", "", "refines guard deopts", "a SmallInteger or leave"},
	{"guardfloat", "GuardFloat", "oop", "oop", "", "", "", "refines guard deopts", "a Float of either kind or leave"},
	{"guardobj", "GuardObj", "oop", "obj", "", "", "", "refines guard deopts", "a heap object or leave"},
	{"guardchar", "GuardChar", "oop", "oop", "", "", "", "refines guard deopts", "a Character or leave"},
	{"guardclass", "GuardClass", "oop", "obj", "Class", "", "", "refines guard deopts", "an object of that class index or leave"},
	{"knownsmi", "KnownSmi", "oop", "smi", "", "", "", "refines partial", "a SmallInteger, as the branch taken says"},
	{"knownfloat", "KnownFloat", "oop", "oop", "", "", "", "refines partial", "a Float of either kind, as the branch taken says"},
	{"knownclass", "KnownClass", "oop", "obj", "Class", "", "", "refines partial", "an object of that class index, as the branch taken says"},
	{"guardindex", "GuardIndex", "int int", "int", "", "", "", "refines guard deopts", "first, from 0 to below second, or leave"},
	{"guardtrue", "GuardTrue", "bool", "none", "", "", "", "guard deopts", "leave unless it holds"},
	{"guardfalse", "GuardFalse", "bool", "none", "", "", "", "guard deopts", "leave if it holds"},
	{"guardwritable", "GuardWritable", "obj", "none", "", "header", "", "guard deopts", "leave if read-only or watched"},

	{"loadslot", "LoadSlot", "obj", "oop", "Slot", "slots", "", "partial", "a named field"},
	{"storeslot", "StoreSlot", "obj oop", "none", "Slot", "", "slots", "barrier", "set a named field of a writable object"},
	{"loadelement", "LoadElement", "obj int", "oop", "", "elements", "", "partial", "an indexable oop, counted from the object's first oop"},
	{"storeelement", "StoreElement", "obj int oop", "none", "", "", "elements", "barrier", "set an indexable oop of a writable object"},
	{"loadraw", "LoadRaw", "obj int", "int", "Width", "raw", "", "partial", "an unsigned unit of 1, 2, 4 or 8 bytes, from 0"},
	{"storeraw", "StoreRaw", "obj int int", "none", "Width", "", "raw", "", "set the low bytes of a unit of a writable object"},

	{"loadfloat", "LoadFloat", "obj int", "float", "Width", "raw", "", "partial", "a float of 4 or 8 bytes in raw units, from 0"},
	{"storefloat", "StoreFloat", "obj int float", "none", "Width", "", "raw", "", "set a float of 4 or 8 bytes, rounded, in a writable object"},

	{"new", "New", "oop...", "obj", "Class", "", "", "allocates deopts", "an object with these oops"},
	{"newarray", "NewArray", "int", "obj", "Class", "", "", "allocates deopts", "an object of so many oops, all nil"},
	{"newraw", "NewRaw", "int", "obj", "Class", "", "", "allocates deopts", "an object of so many units of its format, all 0"},
	{"newcontext", "NewContext", "", "obj", "Int", "", "", "allocates deopts", "the context of an activation: its level, counted from the outermost, 0"},
	{"widow", "Widow", "obj", "none", "", "", "", "pinned", "the activation of the context returns"},
	{"replacebytes", "ReplaceBytes", "oop int int oop int", "int", "", "raw header", "raw", "", "copy bytes from an index of the fourth to those from an index to another: 1, or 0 if that cannot be done"},
	{"replaceoops", "ReplaceOops", "oop int int oop int", "int", "", "elements header", "elements", "", "the same for Arrays: not 0 if it is done"},
	{"comparebytes", "CompareBytes", "oop oop oop", "int", "", "raw", "", "", "1 less, 2 equal, 3 greater in the order of the third, 0 if one has no bytes"},
	{"hashbytes", "HashBytes", "oop int", "int", "", "raw", "", "", "hash of bytes, from a hash on; -1 if it has none"},
	{"identityhash", "IdentityHash", "obj", "int", "", "hash", "hash", "", "its identity hash, drawn if it has none"},

	{"send", "Send", "oop oop...", "oop", "Symbol", "all", "all", "call deopts", "look a selector up and run what is found"},
	{"call", "Call", "oop oop...", "oop", "Symbol", "all", "all", "call deopts", "run a method that is known"},
	{"touch", "Touch", "obj", "none", "Slot", "header", "header", "pinned deopts", "tell who watches the object that a field is about to be written; leave if it is read-only"},
	{"poll", "Poll", "", "none", "", "all", "header", "pinned deopts", "let the collector in, or leave if a request is for Smalltalk code"},
	{"anchor", "Anchor", "", "none", "", "", "", "pinned deopts", "a state for guards that move here"},

	{"jump", "Jump", "", "none", "", "", "", "ends", "to the only successor"},
	{"branch", "Branch", "bool", "none", "", "", "", "ends", "to the first successor if it holds, else to the second"},
	{"return", "Return", "oop", "none", "", "", "", "ends", "to the caller"},
	{"nonlocal", "NonLocal", "oop oop", "none", "", "", "", "ends", "second, from the home of the closure that is first"},
	{"deopt", "Deopt", "", "none", "", "", "", "ends deopts", "leave"},
	{"unreachable", "Unreachable", "", "none", "", "", "", "ends", "never executed"},
}
