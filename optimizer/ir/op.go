package ir

// A Type is what a value may be. The package comment lists them.
type Type uint8

// The types.
const (
	TypeNone Type = iota
	TypeOop
	TypeSmi
	TypeObj
	TypeInt
	TypeFloat
	TypeBool

	numTypes
)

var typeNames = [numTypes]string{"none", "oop", "smi", "obj", "int", "float", "bool"}

func (t Type) String() string { return typeNames[t] }

// IsTagged tells whether values of the type are oops.
func (t Type) IsTagged() bool { return t == TypeOop || t == TypeSmi || t == TypeObj }

// Fits tells whether a value of type t may stand where want is asked for.
func (t Type) Fits(want Type) bool { return t == want || want == TypeOop && t.IsTagged() }

// Range of a SmallInteger, and width of its value.
const (
	SmallIntegerBits = 61
	MaxSmallInteger  = 1<<(SmallIntegerBits-1) - 1
	MinSmallInteger  = -1 << (SmallIntegerBits - 1)
)

// NumCharacters bounds the codes of Characters.
const NumCharacters = 1 << 30

// FitsSmallInteger tells whether n is in the range of SmallInteger.
func FitsSmallInteger(n int64) bool { return n >= MinSmallInteger && n <= MaxSmallInteger }

// An AliasSet is a set of alias classes: parts of memory that no access can
// mistake for one another.
type AliasSet uint8

// The alias classes.
const (
	AliasSlots AliasSet = 1 << iota
	AliasElements
	AliasRaw
	AliasHeader
	AliasHash

	AliasAll = AliasSlots | AliasElements | AliasRaw | AliasHeader | AliasHash
)

// An Aux says what a value holds besides arguments, and how text shows it.
type Aux uint8

// What a value may hold.
const (
	AuxNone   Aux = iota
	AuxInt        // Int
	AuxFloat      // the bits of a float in Int
	AuxBool       // 0 or 1 in Int
	AuxHandle     // a Handle in Int
	AuxClass      // a class index in Int
	AuxSlot       // the number of a named field, from 0, in Int
	AuxWidth      // bytes of a unit in Int
	AuxUnit       // bytes of a raw unit in Int, or 0 for oops
	AuxSymbol     // Sym, and the Handle of what it names in Int if the owner has one
)

// A Handle names an object for the owner of the function. The first few are the
// same everywhere.
type Handle int64

// Handles of the objects every program has.
const (
	HandleNone Handle = iota // names nothing
	HandleNil
	HandleTrue
	HandleFalse

	FirstFreeHandle
)

var handleNames = [FirstFreeHandle]string{"none", "nil", "true", "false"}

// An Op is an operation; see gen/table.go.
type Op uint8

// OpInfo is a row of the op table.
type OpInfo struct {
	Name, Doc string
	Args      []Type
	Variadic  bool // the last of Args any number of times
	Result    Type
	Aux       Aux

	Reads, Writes AliasSet
	Commutes      bool // arguments may be swapped
	Guard         bool // leaves the code if a condition does not hold; else it is pure
	Refines       bool // answers its first argument, with more known of it
	Deopts        bool // has a Reason and a State
	Allocates     bool // answers a new object
	Partial       bool // must not be executed before the program would
	Barrier       bool // a store that may have to remember its object
	Call          bool // other code may run
	Pinned        bool // stays where it is
	Ends          bool // is a terminator
}

// Info answers the row of the op.
func (o Op) Info() *OpInfo { return &opTable[o] }

func (o Op) String() string { return opTable[o].Name }

// Pure tells whether the op's answer depends on its arguments and aux only, and
// executing it once more or less is not noticed.
func (o Op) Pure() bool {
	i := &opTable[o]
	return i.Reads|i.Writes == 0 && !i.Deopts && !i.Allocates && !i.Pinned && !i.Ends
}

// Removable tells whether the op can go if nobody uses its answer. A guard
// cannot: what it is there for is that the code after it is not executed.
func (o Op) Removable() bool {
	i := &opTable[o]
	return i.Writes == 0 && !i.Guard && !i.Pinned && !i.Ends
}

// HasEffect tells whether executing the op once more is noticed. Drawing an identity
// hash again answers the same, a poll has none of its own, and who watches an object may be told twice.
func (o Op) HasEffect() bool {
	return o == OpWidow || opTable[o].Writes&^AliasHash != 0 && o != OpPoll && o != OpTouch
}

// MayLackState tells whether the value can do without a state though its op has one: an
// allocation then always goes on.
func (v *Value) MayLackState() bool { return v.Op.Info().Allocates && v.Op != OpNewContext }

// numSuccs answers the number of successors of a block that the op ends.
func (o Op) numSuccs() int {
	switch o {
	case OpJump:
		return 1
	case OpBranch:
		return 2
	}
	return 0
}

var opByName = func() map[string]Op {
	m := make(map[string]Op, numOps)
	for o := OpInvalid + 1; o < numOps; o++ {
		m[opTable[o].Name] = o
	}
	return m
}()
