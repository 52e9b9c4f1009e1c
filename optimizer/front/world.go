// Package front translates bytecode to the optimizer's intermediate representation,
// with the sends and blocks that feedback says are worth it inlined.
//
// It sees the program through a [World] only: it knows no heap, no interpreter and no
// machine. What it asks of the world while it translates is what the translation
// depends on; the world registers that.
//
// # What is promised
//
// [Translate] answers a function that the verifier of package ir accepts and that does
// what the bytecodes do, or a [Refusal] with a name. It is deterministic: the same
// method, answers and options give the same function. The [Report] has every decision
// with its reason.
//
// # Places in code
//
// A pc, in feedback and in states, is the offset of an instruction in the bytecodes: of
// its first byte, extension bytes included, counted from 0 at the first bytecode. A path
// of feedback begins with the innermost activation; each further site is where the one
// before was called, also from a block that do: or its like evaluates. A branch is taken
// if it jumps.
//
// # States
//
// A level of a state has all temporaries, arguments first, and in blocks the copied
// values after these. It executes the instruction at its pc again, or resumes behind it
// when it is a send. What fails in a primitive that is inlined executes the send again,
// and the interpreter finds it failing too. A jump back polls with a state at the jump.
// Before a loop stands an anchor, unless a bet was lost at its head: what is lost there
// has been moved there.
//
// # Closures and contexts
//
// A closure is made where the bytecode makes it, of the slots that FullBlockClosure has,
// with the context of its activation, which is made where that begins. If all its
// evaluations are inlined only states refer to either, and escape analysis removes both.
// An activation that has a context widows it where it returns.
//
// Code entered at a loop (Options.OSR) makes a context for its outermost level like any
// other. Whoever enters it with a frame that has one already must see to it that
// `newcontext` answers that.
//
// A return from a block whose home is inlined around it is a jump. Any other is left to
// the interpreter, with reason request: activations in between may want to be asked,
// and the home may have returned. Nothing was bet on that, nothing is lost.
//
// # Feedback that is asked for
//
// Classes of receivers at every send, special sends included (at:, value and
// arithmetic too, which the interpreter may do on its own; that of class may have none);
// blocks that were evaluated; conditional jumps; jumps back. Any other send without any was never executed, and a way never taken leads to the
// interpreter, until [World.Distrusted] says that it was.
package front

import "github.com/sista-vm/sista/counters"

// A Handle names an object of the program for its owner. 0 names none.
type Handle int64

// Handles of objects that every program has.
const (
	Nil   Handle = 1
	True  Handle = 2
	False Handle = 3
)

// ClassIndex is a Spur class index. Immediates have those of their tags.
type ClassIndex = int64

// Class indices of immediates.
const (
	SmallIntegerClass ClassIndex = 1
	CharacterClass    ClassIndex = 2
	SmallFloatClass   ClassIndex = 4
)

// A Class is what is known of a class. It stays true or the code is thrown away.
type Class struct {
	Index  ClassIndex
	Name   string
	Format uint8 // Spur instance format, 0 to 31
	Fixed  int   // named instance variables
}

// A Method is code to translate: a method or a full block.
type Method struct {
	Handle   Handle
	ID       counters.Method // under which feedback is kept
	Name     string          // unique: Class>>selector, [] in Class>>selector, ... made so by the world
	Bytes    []byte          // the bytecodes
	Literals []Handle        // SmallInteger and Character literals too
	Sista    bool            // the bytecode set; others are not translated
	Args     int
	Temps    int // with arguments
	Block    bool
	Copied   int // of a block: values the closure holds, the temps after the arguments
	// Primitive is the method's primitive number, 0 for none. Its callPrimitive
	// bytecode is in Bytes.
	Primitive int
	Function  string // of a primitive with a name (117): module, colon, function
	Owner     Handle // class whose method (or whose method's block) it is: super sends start above it
	Heat      uint64 // calls and back edges counted so far
}

// Literal says what kind of object a handle names.
type Literal struct {
	Class ClassIndex
	Int   int64   // value of a SmallInteger or Character; of a large integer, modulo 2^64
	Float float64 // value of a Float
	Text  string  // of a Symbol or String: its text; else printed for listings
}

// Evaluated is a block that a send evaluated, and how often.
type Evaluated struct {
	Block Handle
	Count uint64
}

// A World answers questions about the program. Every answer is a dependency: should
// it change, whatever was compiled while it was asked is thrown away by the world.
type World interface {
	// Method answers the code of a CompiledMethod or CompiledBlock, nil if the handle names something else.
	Method(h Handle) *Method
	// Literal describes an object.
	Literal(h Handle) Literal
	// Lookup answers the method for a selector in instances of a class; ok is false if there is none.
	Lookup(class ClassIndex, selector Handle) (m Handle, ok bool)
	// LookupSuper is Lookup from the superclass of the class a handle names.
	LookupSuper(class Handle, selector Handle) (m Handle, ok bool)
	// ClassFacts describes a class by index.
	ClassFacts(class ClassIndex) (Class, bool)
	// InstanceClass describes the class that a handle names: that of its instances to be.
	InstanceClass(class Handle) (Class, bool)
	// ClassHandle names the class of an index.
	ClassHandle(class ClassIndex) Handle
	// Binding answers the value of a global's or class variable's association while
	// nothing else is stored there; ok is false if it changes too often to bet on.
	Binding(association Handle) (value Handle, ok bool)
	// SpecialSelector answers the selector of special send i, 0 to 31 (+ is 0).
	SpecialSelector(i int) (selector Handle, args int)
	// Selector names a selector by its text, 0 if the program has no such symbol.
	Selector(text string) Handle

	// Feedback, by call path (innermost first).
	Send(p counters.Path) (*counters.Send, int)
	// Blocks answers which blocks a send evaluates, 0 for those that are gone, and how many of its evaluations
	// were of none of them; nothing if closures may be of receivers that their blocks do not fit.
	Blocks(p counters.Path) (blocks []Evaluated, others uint64)
	Branch(p counters.Path) (*counters.Branch, int)
	Loop(p counters.Path) (*counters.Loop, int)
	Failure(p counters.Path) (*counters.Failure, int)
	// Distrusted tells whether a bet at a bytecode was lost before, so it is not to be made again.
	Distrusted(method Handle, pc int, reason uint8) bool
}
