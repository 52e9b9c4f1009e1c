package ir

// An Oop is a tagged word of a machine. What its bits mean only the machine knows.
type Oop uint64

// Absent is the word that stands for no object. It looks like a Character, so that
// whoever visits oops passes over it, of a code that none has.
const Absent Oop = 1<<64 - 6

// A Machine is the world that the evaluator runs in: objects, calls, polls. An error
// means that the program did what well-formed code never does (a field the object
// has not, a Float that is none); it ends the evaluation.
type Machine interface {
	// Literal answers the object of a handle: nil, true and false among them.
	Literal(Handle) (Oop, error)
	// Integer answers the SmallInteger of a value in range.
	Integer(int64) Oop
	// IntegerValue answers the value of a SmallInteger; ok is false for other oops.
	IntegerValue(Oop) (n int64, ok bool)
	// LargeInteger answers the integer object of any value.
	LargeInteger(int64) (Oop, error)
	// Float answers a Float, immediate if it can be.
	Float(float64) (Oop, error)
	// FloatValue answers the value of a Float of either kind; ok is false for other oops.
	FloatValue(Oop) (f float64, ok bool)
	// Character answers the Character of a code.
	Character(int64) Oop
	// CharacterValue answers the code of a Character; ok is false for other oops.
	CharacterValue(Oop) (n int64, ok bool)
	// IsObject tells heap objects from immediates.
	IsObject(Oop) bool
	// ClassIndex answers the class index of any oop.
	ClassIndex(Oop) int64
	// ClassOf answers the class of any oop.
	ClassOf(Oop) Oop
	// Size answers the number of oops if width is 0, else of raw units of that width.
	Size(o Oop, width int64) (int64, error)
	// HasBytes tells whether an oop is an object of bytes that is no method, IsArray whether it is
	// one of oops that has no named ones.
	HasBytes(Oop) bool
	IsArray(Oop) bool
	// Writable tells whether stores need not ask the interpreter.
	Writable(Oop) bool

	Slot(o Oop, slot int64) (Oop, error)
	SetSlot(o Oop, slot int64, v Oop) error
	Element(o Oop, i int64) (Oop, error)
	SetElement(o Oop, i int64, v Oop) error
	Raw(o Oop, i, width int64) (int64, error)
	SetRaw(o Oop, i, width, v int64) error

	// New makes an object with named fields, NewArray one of oops, NewRaw one of bits.
	New(class int64, slots []Oop) (Oop, error)
	NewArray(class, size int64) (Oop, error)
	NewRaw(class, size int64) (Oop, error)
	// NewContext makes the context of an activation, of which variables and stack may
	// be missing; Widow says that it returned.
	NewContext(Frame) (Oop, error)
	Widow(context Oop) error
	// IdentityHash answers the hash, drawing one if there is none.
	IdentityHash(Oop) (int64, error)

	// Send and Call run other code, first argument the receiver.
	Send(selector string, args []Oop) (Oop, error)
	Call(method string, args []Oop) (Oop, error)
	// Poll answers whether the code must be left.
	Poll() (leave bool, err error)
}

// A Leaver is an error of Send or Call that does not end the evaluation: the code is
// left while what it called is running or has just answered. The outcome is that of a
// deoptimization, with the frames of the call, the answer as Value and the error as Cause.
type Leaver interface {
	error
	Leaves() bool
}

// An Outcome is how an evaluation ended.
type Outcome struct {
	Kind    OutcomeKind
	Cause   error  // of leaving at a call; nil otherwise
	Value   Oop    // of a return; of a call that the code is left at
	Closure Oop    // whose home returns, of a non-local return
	Reason  Reason // of a deoptimization
	Frames  []Frame
}

// An OutcomeKind is a way to end.
type OutcomeKind uint8

// The ways.
const (
	Returned OutcomeKind = iota
	ReturnedNonLocally
	Deoptimized
)

// A Frame is a level of a state when it is used: all values are oops, and objects
// that were removed have been made.
type Frame struct {
	Mode          Mode
	Method        string
	PC            int
	Self, Closure Oop // Closure is nil, the object, if none is activated
	Context       Oop // nil if none was made
	Temps, Stack  []Oop
}

// An Evaluator runs functions on a machine, checking all that the types promise.
type Evaluator struct {
	Machine Machine
	// Fuel bounds the number of values executed; 0 means DefaultFuel.
	Fuel int
	// Leave is asked at every guard that would hold: if it answers true the guard
	// fails, with ReasonStress. May be nil.
	Leave func(*Value) bool
}

// DefaultFuel is enough for tests and stops what runs away.
const DefaultFuel = 1 << 20
