package native

// Code is a compiled method or block, position-independent and not yet placed.
type Code struct {
	Name  string
	Bytes []byte
	// Offsets in Bytes.
	Entry        int // receiver known to be what was assumed, or assumptions are checked inside
	CheckedEntry int // compares the receiver's class with the cell in R10 first; -1 if there is none
	FrameSlots   int // slots of a frame below its header
	Slow         int // what comes from here on is out of line: slow paths and exits
	// OSR code is entered at Entry with fp that of an interpreter frame, which it takes
	// over: OSRWords temporaries and stack words are in its first slots. The owner has
	// made sure that FrameSlots fit on the page. sp is of no account.
	OSR      bool
	OSRWords int
	// Features are what the instructions need of the processor.
	Features Features

	// Data words that the code refers to: literals first, then send cells.
	Literals []int64  // handles of the owner; word i of the data
	Cells    []Cell   // cell i is at word len(Literals) + i*ICWords
	Raw      []uint64 // constants that are no oops, after the cells
	Relocs   []Reloc

	Template *Template // not nil: it is code of the template tier, which has nothing of what follows

	Safepoints []Safepoint // by PC, ascending
	States     []State
	Lines      []Line // which value of the IR each piece of code is for, by offset, ascending
}

// How far below the frame pointer slot 0 lies.
const (
	SlotsAt    = 32
	OSRSlotsAt = 48 // in a frame that was the interpreter's
)

// SlotsAt answers how far below the frame pointer slot 0 lies.
func (c *Code) SlotsAt() uint64 {
	if c.OSR {
		return OSRSlotsAt
	}
	return SlotsAt
}

// A Cell is a send site's.
type Cell struct {
	Selector int64 // handle; of the method if Call
	Argc     int
	Call     bool
}

// A Reloc is a 32-bit displacement in Bytes at Offset. The distance from the end of those
// four bytes to data word Word is added to it. (It is not 0 before if the instruction does
// not end there.)
type Reloc struct {
	Offset int
	Word   int
}

// A Line maps the machine code from Offset on to a value of the IR.
type Line struct {
	Offset int
	Value  int32
}

// Safepoint is a return address at which Go code may see the frame.
type Safepoint struct {
	PC   int // offset of the return address
	Kind Exit
	// Oops has a bit for each slot that holds an oop there.
	Oops []uint64
	// State is what the interpreter needs to go on instead; -1: this point is always
	// gone on from. At a send or call the innermost level resumes with its result.
	State  int
	Reason uint8 // why it deoptimizes, a number of the optimizer's
	Value  int32 // of the IR
}

// State tells how interpreter frames are laid in place of this one: activations,
// innermost first.
type State struct {
	Levels   []Level
	Virtuals []Virtual
}

// Level is an activation.
type Level struct {
	Resume  bool // after the bytecode at PC with a result pushed; else execute it
	Method  int  // literal index of the method or block
	PC      int  // of the bytecode, from 0 at the first byte of bytecodes
	Self    Loc
	Closure Loc   // None in a method
	Context Loc   // None if none was made
	Temps   []Loc // with arguments
	Stack   []Loc
}

// Virtual is an object that does not exist and is made when the state is used.
type Virtual struct {
	Kind  VirtualKind
	Class int64
	Slots []Loc
}

// VirtualKind says how it is made, as in the IR.
type VirtualKind uint8

// The kinds.
const (
	VirtualObject VirtualKind = iota
	VirtualArray
	VirtualFloat
	VirtualContext // of the level whose Context it is
	VirtualEither  // its first slot, or if that is the word Absent a Float of the second
)

// Absent is a word in the place of an oop that stands for no object.
const Absent = 1<<64 - 6

// Loc is where a value is. What it says has Add added, of a SmallInteger in the word that
// it is: code need not compute what differs from another value by a constant only to
// describe it.
type Loc struct {
	Kind  LocKind
	Repr  Repr
	Index int64
	Add   int64 // of registers, slots and arguments
}

// LocKind is a kind of place.
type LocKind uint8

// Kinds of places.
const (
	None      LocKind = iota
	InReg             // general register Index, in Context.Regs; at a deoptimization only
	InXReg            // vector register Index
	InSlot            // slot Index of the frame
	InArg             // word at fp + 16 + 8*Index
	IsConst           // Index itself: an oop that is an immediate, an integer, the bits of a float, 0 or 1
	IsLiteral         // literal Index
	IsVirtual         // Virtuals[Index] of the state
	IsSpecial         // Index 0 nil, 1 false, 2 true
)

// Repr is how it is represented.
type Repr uint8

// Representations. All but oops are tagged or boxed when used.
const (
	ReprOop Repr = iota
	ReprInt
	ReprFloat
	ReprBool
)
